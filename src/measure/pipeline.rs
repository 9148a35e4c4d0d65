//! The way of new data: what is recorded, kept until it is accepted, delivered and lost.

use super::outage::Outage;
use crate::engine::Root;
use crate::spec::Buffer;
use crate::units::{SimSpan, SimTime};

/// Where the data of one life went, as lengths of time in which they were born.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conservation {
    /// How long data were born: the whole life.
    pub born: SimSpan,
    /// Born while nobody recorded them.
    pub never_recorded: SimSpan,
    /// Accepted.
    pub delivered: SimSpan,
    /// Recorded, and gone before they were accepted.
    pub lost: SimSpan,
    /// Still on their way at the end of the life.
    pub in_flight: SimSpan,
}

impl Conservation {
    /// Whether nothing has come from nowhere and nothing has gone nowhere, to the microsecond.
    pub fn holds(&self) -> bool {
        let gone = self.never_recorded + self.delivered + self.lost + self.in_flight;
        self.born == gone
    }
}

/// What a failure strikes of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Struck {
    /// The process.
    Process,
    /// Something below it.
    Below,
    /// The data themselves.
    Wiped,
}

/// Data that were lost on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LostOnTheWay {
    /// When the first of them were lost.
    pub(super) at: SimTime,
    /// How much, as the time in which it was born.
    pub(super) lost: SimSpan,
    /// Whether it had been recorded.
    pub(super) was_recorded: bool,
    /// What caused it.
    pub(super) cause: Root,
}

/// How much of the data of a life had been accepted by any instant, as the time in which it was born. Where there is no
/// way that could lose it or keep it back, that is all that was born till then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Accepted {
    /// Instants in order, and how much by each; evenly in between. Of several at one instant the last is what it came to.
    known: Vec<(SimTime, SimSpan)>,
}

impl Accepted {
    /// When the last of it would have been born, had it all been from the beginning on and without a break.
    pub(super) fn by(&self, at: SimTime) -> SimTime {
        let past = self.known.partition_point(|(known, _)| *known <= at);
        let Some(&(from, before)) = past.checked_sub(1).and_then(|last| self.known.get(last))
        else {
            return at;
        };
        // A life has ended with the last that is known.
        let (to, after) = *self.known.get(past).unwrap_or(&(at, before));
        let shares = [after - before, at - from].map(|span| u128::from(span.micros()));
        let whole = u128::from((to - from).micros()).max(1);
        SimTime::ZERO + before + SimSpan::from_micros((shares[0] * shares[1] / whole) as u64)
    }
}

/// What something on the way does at an instant.
#[derive(Clone, Copy)]
struct Edge {
    at: SimTime,
    /// Whether it goes down: what comes up does so first, as in the engine.
    goes_down: bool,
    is_source: bool,
    cause: Root,
}

/// Walks along one life.
struct Walk<'a> {
    buffer: Option<&'a Buffer>,
    now: SimTime,
    /// What the source and the sink are down from, if they are.
    source: Option<Root>,
    sink: Option<Root>,
    /// What is in the buffer.
    held: SimSpan,
    /// What has been lost since the buffer was full, and from when on.
    spilling: Option<(SimTime, SimSpan)>,
    sums: Conservation,
    losses: Vec<LostOnTheWay>,
    accepted: Accepted,
}

/// What a life that ends at `end` has lost on the way, in the order of time, where its data went, and when what was
/// accepted was;
/// by the outages of the source and of the sink, and by what it was that struck at an instant.
pub(super) fn walk<'a>(
    buffer: Option<&Buffer>,
    sources: impl Iterator<Item = &'a Outage>,
    sinks: impl Iterator<Item = &'a Outage>,
    end: SimTime,
    struck: &impl Fn(Root, SimTime) -> Struck,
) -> (Vec<LostOnTheWay>, Conservation, Accepted) {
    let mut walk = Walk {
        buffer,
        now: SimTime::ZERO,
        source: None,
        sink: None,
        held: SimSpan::ZERO,
        spilling: None,
        sums: Conservation { born: end - SimTime::ZERO, ..Conservation::default() },
        losses: Vec::new(),
        accepted: Accepted { known: vec![(SimTime::ZERO, SimSpan::ZERO)] },
    };
    let mut edges = Vec::new();
    let mut add = |outage: &Outage, is_source| {
        let edge = Edge { at: outage.start, goes_down: true, is_source, cause: outage.cause };
        edges.push(edge);
        // At the end of the life nothing comes back any more.
        if !outage.is_censored() {
            edges.push(Edge { at: outage.end, goes_down: false, ..edge });
        }
        if is_source {
            let lost = outage.end - outage.start;
            let (at, cause) = (outage.start, outage.cause);
            walk.losses.push(LostOnTheWay { at, lost, was_recorded: false, cause });
        }
    };
    sources.for_each(|outage| add(outage, true));
    sinks.for_each(|outage| add(outage, false));
    edges.sort_by_key(|edge| (edge.at, edge.goes_down, edge.is_source));
    for edge in edges {
        walk.go_to(edge.at);
        walk.turn(edge, struck);
    }
    walk.go_to(end);
    walk.end_of_spill();
    walk.sums.in_flight = walk.held;
    debug_assert!(walk.sums.holds(), "{:?}", walk.sums);
    walk.losses.retain(|loss| loss.lost > SimSpan::ZERO);
    walk.losses.sort_by_key(|loss| loss.at);
    (walk.losses, walk.sums, walk.accepted)
}

impl Walk<'_> {
    /// Time passes, in which nothing changes.
    fn go_to(&mut self, at: SimTime) {
        let passed = at - self.now;
        let from = std::mem::replace(&mut self.now, at);
        match (self.source, self.sink) {
            // What is held stays, for nobody is there to send it.
            (Some(_), _) => self.sums.never_recorded = self.sums.never_recorded + passed,
            (None, Some(_)) => {
                let horizon = self.buffer.map_or(SimSpan::ZERO, |buffer| buffer.horizon);
                let room = horizon - self.held;
                let kept = passed.min(room);
                self.held = self.held + kept;
                let over = passed - kept;
                if over > SimSpan::ZERO {
                    let (since, lost) = self.spilling.unwrap_or((from + kept, SimSpan::ZERO));
                    self.spilling = Some((since, lost + over));
                    self.sums.lost = self.sums.lost + over;
                }
            }
            (None, None) => {
                let sent = self.sent_within(passed);
                let before = self.sums.delivered;
                let until = self.sending_for();
                if SimSpan::ZERO < until && until < passed {
                    // From then on only what is new.
                    let accepted = before + until + self.held;
                    self.accepted.known.push((from + until, accepted));
                }
                self.held = self.held - sent;
                self.sums.delivered = before + passed + sent;
            }
        }
        self.accepted.known.push((at, self.sums.delivered));
    }

    /// How long it takes until all is sent that is held.
    fn sending_for(&self) -> SimSpan {
        let drain = self.buffer.map_or(f64::INFINITY, |buffer| buffer.drain);
        SimSpan::from_fractional_micros(self.held.micros() as f64 / (drain - 1.0).max(0.0))
    }

    /// How much of what is held is sent in so much time, beside what is new.
    fn sent_within(&self, passed: SimSpan) -> SimSpan {
        let drain = self.buffer.map_or(f64::INFINITY, |buffer| buffer.drain);
        if drain.is_infinite() {
            return self.held;
        }
        let beside = (drain - 1.0).max(0.0) * passed.micros() as f64;
        SimSpan::from_fractional_micros(beside).min(self.held)
    }

    /// The source or the sink comes up or goes down.
    fn turn(&mut self, edge: Edge, struck: &impl Fn(Root, SimTime) -> Struck) {
        self.end_of_spill();
        let place = if edge.is_source { &mut self.source } else { &mut self.sink };
        *place = edge.goes_down.then_some(edge.cause);
        if edge.is_source && edge.goes_down {
            self.strike_buffer(edge, struck(edge.cause, edge.at));
        }
        // What is sent at once is sent before anything else happens at this instant.
        if self.source.is_none() && self.sink.is_none() {
            self.go_to(self.now);
        }
    }

    /// The source goes down, and with it the buffer, unless that survives.
    fn strike_buffer(&mut self, edge: Edge, struck: Struck) {
        let survives = self.buffer.is_some_and(|buffer| match struck {
            Struck::Process => buffer.survives_process,
            Struck::Below => buffer.survives_node,
            Struck::Wiped => false,
        });
        if !survives {
            let lost = std::mem::take(&mut self.held);
            self.sums.lost = self.sums.lost + lost;
            let (at, cause) = (edge.at, edge.cause);
            self.losses.push(LostOnTheWay { at, lost, was_recorded: true, cause });
        }
    }

    /// The buffer is no longer full, or nothing new comes: what was lost till now is one loss, which the
    /// outage of the sink has caused.
    fn end_of_spill(&mut self) {
        if let (Some((at, lost)), Some(cause)) = (self.spilling.take(), self.sink) {
            self.losses.push(LostOnTheWay { at, lost, was_recorded: true, cause });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ClockId, JourneyId};
    use crate::rng::{Purpose, Stream, StreamKey};

    const PROCESS: usize = 0;
    const NODE: usize = 1;
    const SINK: usize = 2;
    const DISK: usize = 3;

    fn struck(root: Root, _: SimTime) -> Struck {
        match root.clock.index() {
            PROCESS => Struck::Process,
            DISK => Struck::Wiped,
            _ => Struck::Below,
        }
    }

    fn root(clock: usize) -> Root {
        Root { clock: ClockId::new(clock), branch: 0, is_planned: false }
    }

    fn seconds(seconds: u64) -> SimSpan {
        SimSpan::from_micros(seconds * 1_000_000)
    }

    fn at(time: u64) -> SimTime {
        SimTime::ZERO + seconds(time)
    }

    fn outage(cause: usize, start: u64, end: u64) -> Outage {
        let (journey, cause) = (JourneyId::new(0), root(cause));
        Outage { journey, cause, ended_by: Some(cause), start: at(start), end: at(end) }
    }

    fn buffer(horizon: u64, drain: f64) -> Buffer {
        Buffer { horizon: seconds(horizon), survives_process: true, survives_node: false, drain }
    }

    /// (when, how much, whether it was recorded, which cause), seconds; and what is in flight at
    /// second 1,000.
    fn walked(
        buffer: Option<Buffer>,
        sources: &[Outage],
        sinks: &[Outage],
    ) -> (Vec<(u64, u64, bool, usize)>, u64) {
        let (losses, sums, _) =
            walk(buffer.as_ref(), sources.iter(), sinks.iter(), at(1_000), &struck);
        assert!(sums.holds(), "{sums:?}");
        let whole = |micros: u64| {
            assert_eq!(micros % 1_000_000, 0);
            micros / 1_000_000
        };
        let shown = losses.iter().map(|loss| {
            let (time, lost) = (whole(loss.at.micros()), whole(loss.lost.micros()));
            (time, lost, loss.was_recorded, loss.cause.clock.index())
        });
        (shown.collect(), whole(sums.in_flight.micros()))
    }

    #[test]
    fn what_is_not_recorded_is_lost_from_the_beginning_of_the_outage() {
        let sources = [outage(NODE, 10, 40), outage(PROCESS, 90, 91)];
        let lost = vec![(10, 30, false, NODE), (90, 1, false, PROCESS)];
        assert_eq!(walked(None, &sources, &[]), (lost, 0));
    }

    #[test]
    fn without_a_buffer_all_is_lost_that_is_not_accepted() {
        let sinks = [outage(SINK, 100, 160)];
        assert_eq!(walked(None, &[], &sinks), (vec![(100, 60, true, SINK)], 0));
    }

    #[test]
    fn an_outage_as_long_as_the_buffer_loses_nothing() {
        let sinks = [outage(SINK, 100, 160)];
        assert_eq!(walked(Some(buffer(60, f64::INFINITY)), &[], &sinks), (vec![], 0));
        let lost = vec![(159, 1, true, SINK)];
        assert_eq!(walked(Some(buffer(59, f64::INFINITY)), &[], &sinks), (lost, 0));
    }

    #[test]
    fn what_is_sent_slowly_is_still_there_at_the_next_outage() {
        // 50 s held at 150; at a pace of 1.5 the backlog shrinks by 5 s in 10 s: 45 s at 160, full
        // at 175.
        let sinks = [outage(SINK, 100, 150), outage(SINK, 160, 200)];
        let lost = vec![(175, 25, true, SINK)];
        assert_eq!(walked(Some(buffer(60, 1.5)), &[], &sinks), (lost, 0));
        // As fast as new data come, nothing is ever sent of what is held.
        let lost = vec![(170, 30, true, SINK)];
        assert_eq!(walked(Some(buffer(60, 1.0)), &[], &sinks), (lost, 60));
    }

    /// 10 s of the 60 that are held are sent in 20 s beside what is new, and after the second outage, of which 25 s are
    /// lost, 60 s in 120.
    #[test]
    fn what_is_accepted_is_known_at_any_instant() {
        let by = |drain: f64, outages: &[Outage], times: &[u64]| -> Vec<f64> {
            let nothing = std::iter::empty();
            let (_, sums, accepted) =
                walk(Some(&buffer(60, drain)), nothing, outages.iter(), at(1_000), &struck);
            assert_eq!(accepted.by(at(1_000)), SimTime::ZERO + sums.delivered);
            let seconds = |time: &u64| (accepted.by(at(*time)) - SimTime::ZERO).seconds();
            times.iter().map(seconds).collect()
        };
        let sinks = [outage(SINK, 100, 150), outage(SINK, 160, 200)];
        let times = [0, 99, 100, 149, 150, 155, 160, 199, 200, 300, 320, 321];
        let slowly =
            [0.0, 99.0, 100.0, 100.0, 100.0, 107.5, 115.0, 115.0, 115.0, 265.0, 295.0, 296.0];
        assert_eq!(by(1.5, &sinks, &times), slowly);
        let at_once =
            [0.0, 99.0, 100.0, 100.0, 150.0, 155.0, 160.0, 160.0, 200.0, 300.0, 320.0, 321.0];
        assert_eq!(by(f64::INFINITY, &sinks, &times), at_once);
        assert_eq!(Accepted::default().by(at(7)), at(7));
    }

    #[test]
    fn what_strikes_the_process_and_what_strikes_below_it_differ() {
        let sinks = [outage(SINK, 100, 200)];
        let struck = |cause| [outage(cause, 130, 140)];
        // 30 s held survive; 50 s full at 150 + 10: 20 s of room are used up at 160.
        let lost = vec![(130, 10, false, PROCESS), (160, 40, true, SINK)];
        assert_eq!(walked(Some(buffer(50, f64::INFINITY)), &struck(PROCESS), &sinks), (lost, 0));
        // 30 s held are gone, and the buffer is empty when the source is back.
        let lost = vec![(130, 10, false, NODE), (130, 30, true, NODE), (190, 10, true, SINK)];
        assert_eq!(walked(Some(buffer(50, f64::INFINITY)), &struck(NODE), &sinks), (lost, 0));
    }

    #[test]
    fn what_is_wiped_survives_nothing() {
        let sinks = [outage(SINK, 100, 200)];
        let keeps = Buffer { survives_node: true, ..buffer(50, f64::INFINITY) };
        // As much is held at 130 either way: by the node it stays, by the disk it goes.
        let lost = vec![(130, 10, false, NODE), (160, 40, true, SINK)];
        assert_eq!(walked(Some(keeps), &[outage(NODE, 130, 140)], &sinks), (lost, 0));
        let lost = vec![(130, 10, false, DISK), (130, 30, true, DISK), (190, 10, true, SINK)];
        assert_eq!(walked(Some(keeps), &[outage(DISK, 130, 140)], &sinks), (lost, 0));
    }

    #[test]
    fn what_survives_stays_while_the_source_is_down() {
        // The sink is back at 150, but nobody is there to send what is held until 160.
        let sinks = [outage(SINK, 100, 150), outage(SINK, 160, 180)];
        let sources = [outage(PROCESS, 140, 160)];
        // At 160 the source comes back and the sink goes down: what comes up does so first, so that
        // all is sent.
        let lost = vec![(140, 20, false, PROCESS)];
        assert_eq!(walked(Some(buffer(40, f64::INFINITY)), &sources, &sinks), (lost, 0));
        // The same a second later: 40 s are held at 160, and no room is left.
        let sources = [outage(PROCESS, 140, 161)];
        let lost = vec![(140, 21, false, PROCESS), (161, 19, true, SINK)];
        assert_eq!(walked(Some(buffer(40, f64::INFINITY)), &sources, &sinks), (lost, 0));
    }

    #[test]
    fn a_spill_ends_with_the_source_and_begins_again_with_it() {
        let sinks = [outage(SINK, 100, 200)];
        let sources = [outage(PROCESS, 160, 170)];
        let lost = vec![(150, 10, true, SINK), (160, 10, false, PROCESS), (170, 30, true, SINK)];
        assert_eq!(walked(Some(buffer(50, f64::INFINITY)), &sources, &sinks), (lost, 0));
    }

    #[test]
    fn what_is_held_at_the_end_is_in_flight() {
        let open = Outage { ended_by: None, ..outage(SINK, 980, 1_000) };
        assert_eq!(walked(Some(buffer(50, 2.0)), &[], &[open]), (vec![], 20));
        let open = Outage { ended_by: None, ..outage(SINK, 900, 1_000) };
        assert_eq!(walked(Some(buffer(50, 2.0)), &[], &[open]), (vec![(950, 50, true, SINK)], 50));
        let open = Outage { ended_by: None, ..outage(NODE, 900, 1_000) };
        assert_eq!(walked(None, &[open], &[]), (vec![(900, 100, false, NODE)], 0));
    }

    /// Outages at random instants, in microseconds.
    fn at_random(dice: &mut Stream, cause: usize, end: u64, longest: u64) -> Vec<Outage> {
        let (mut outages, mut now) = (Vec::new(), 0);
        loop {
            let start = now + 1 + dice.word() % longest;
            if start >= end {
                return outages;
            }
            let over = start + 1 + dice.word() % longest;
            let (start_at, over_at) = (SimTime::from_micros(start), SimTime::from_micros(over));
            let whole =
                Outage { start: start_at, ..outage(cause + dice.word() as usize % 2, 0, 0) };
            outages.push(match over < end {
                true => Outage { end: over_at, ..whole },
                false => Outage { end: SimTime::from_micros(end), ended_by: None, ..whole },
            });
            now = over;
        }
    }

    /// Microsecond by microsecond, with what is down looked up each time.
    fn step_by_step(
        buffer: &Buffer,
        sources: &[Outage],
        sinks: &[Outage],
        end: u64,
    ) -> Conservation {
        let down = |outages: &[Outage], now: u64| {
            let now = SimTime::from_micros(now);
            outages.iter().find(|outage| outage.start <= now && now < outage.end).copied()
        };
        let mut sums = [0_u64; 4];
        let [never, delivered, lost, held] = &mut sums;
        for now in 0..end {
            let (source, sink) = (down(sources, now), down(sinks, now));
            let is_sent = source.is_none() && sink.is_none();
            if let Some(outage) = source {
                let is_process = outage.cause.clock.index() == PROCESS;
                let survives =
                    if is_process { buffer.survives_process } else { buffer.survives_node };
                if outage.start.micros() == now && !survives {
                    *lost += std::mem::take(held);
                }
                *never += 1;
            } else if is_sent {
                let sent = match buffer.drain.is_infinite() {
                    true => *held,
                    false => (buffer.drain as u64 - 1).min(*held),
                };
                *held -= sent;
                *delivered += 1 + sent;
            } else if *held < buffer.horizon.micros() {
                *held += 1;
            } else {
                *lost += 1;
            }
        }
        let [never_recorded, delivered, lost, in_flight] = sums.map(SimSpan::from_micros);
        Conservation { born: SimSpan::from_micros(end), never_recorded, delivered, lost, in_flight }
    }

    #[test]
    fn nothing_comes_from_nowhere_and_nothing_goes_nowhere() {
        const END: u64 = 3_000;
        let mut dice = StreamKey::of_life(5, 0).of(1, Purpose::Start).draw(0);
        for round in 0..400 {
            let buffer = Buffer {
                horizon: SimSpan::from_micros(dice.word() % 120),
                survives_process: dice.word().is_multiple_of(2),
                survives_node: dice.word().is_multiple_of(2),
                drain: [1.0, 2.0, 3.0, f64::INFINITY][round % 4],
            };
            let sources = at_random(&mut dice, PROCESS, END, 90 + 200 * (round as u64 % 3));
            let sinks = at_random(&mut dice, SINK, END, 150);
            let end = SimTime::from_micros(END);
            let (losses, sums, _) = walk(Some(&buffer), sources.iter(), sinks.iter(), end, &struck);
            assert!(sums.holds());
            let all = |was_recorded: bool| {
                let of_kind = losses.iter().filter(|loss| loss.was_recorded == was_recorded);
                of_kind.fold(SimSpan::ZERO, |sum, loss| sum + loss.lost)
            };
            assert_eq!((all(true), all(false)), (sums.lost, sums.never_recorded), "{round}");
            // With the sink and the source turning at one instant the step cannot see what is sent
            // between the two.
            let turns = |outages: &[Outage]| -> Vec<SimTime> {
                outages.iter().flat_map(|outage| [outage.start, outage.end]).collect()
            };
            let (of_source, of_sink) = (turns(&sources), turns(&sinks));
            if !of_source.iter().any(|turn| *turn != end && of_sink.contains(turn)) {
                let stepped = step_by_step(&buffer, &sources, &sinks, END);
                assert_eq!(sums, stepped, "{round}: {buffer:?}\n{sources:?}\n{sinks:?}");
            }
        }
    }
}
