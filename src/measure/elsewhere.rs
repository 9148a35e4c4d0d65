//! Where else data of a class are in one life: what was offloaded and backed up, when, and what came of it.

use std::cell::{OnceCell, RefCell};
use std::ops::Range;

use super::outage::Outage;
use crate::dist::Law;
use crate::rng::{Purpose, StreamKey};
use crate::spec::{Cycle, SHORTEST_CYCLE_SECONDS};
use crate::units::{SimSpan, SimTime};

/// How often in a life it is looked how old the newest is that could be used. Over many lives a few times are enough:
/// looking is then the smaller part of the error.
pub(super) const LOOKS: u32 = 8;

/// What came, in one life, of the copies of a data class that are made elsewhere again and again, while it was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CyclesOfLife {
    /// How many began.
    pub begun: u64,
    /// How many came to nothing because what they need was down at their beginning.
    pub needs_down: u64,
    /// How many of the others came to nothing by chance.
    pub failed: u64,
    /// How many of the rest came to nothing because the class they went to did not take them.
    pub refused: u64,
    /// How often the newest that could be used was lost where it was.
    pub lost: u64,
    /// How often it was looked at instants drawn evenly over the time and there was none that could be used.
    pub without: u64,
    /// How often there was one,
    pub with: u64,
    /// and how long before each of these instants it had begun, in all.
    pub ages: SimSpan,
}

/// What came to a data class and is not there any more, nor can it be had again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gone {
    /// Since when.
    pub(super) at: SimTime,
    /// All that had come later than this; `None`: whenever it had come.
    pub(super) after: Option<SimTime>,
    /// And no later than this.
    pub(super) up_to: SimTime,
}

impl Gone {
    /// Whether what came at an instant is gone by `now`.
    fn takes(&self, came: SimTime, now: SimTime) -> bool {
        self.at <= now && came <= self.up_to && self.after.is_none_or(|after| came > after)
    }
}

/// When a data class took no new data: from each first instant until the second.
pub(super) type Refusals = [(SimTime, SimTime)];

/// Where else data of a class are in one life.
pub(super) struct Elsewhere<'a> {
    pub(super) offload: Option<Cycles<'a>>,
    pub(super) backup: Option<Cycles<'a>>,
}

/// Where else the data of all classes are in one life, and what of that is gone: known of each class once all
/// classes are through that it is copied to.
pub(super) struct Places<'a> {
    elsewhere: Vec<Elsewhere<'a>>,
    /// Of each class in the order of time.
    gone: Vec<Vec<Gone>>,
}

impl<'a> Places<'a> {
    /// Of all classes, in their order; nothing is gone yet.
    pub(super) fn new(elsewhere: Vec<Elsewhere<'a>>) -> Places<'a> {
        let gone = vec![Vec::new(); elsewhere.len()];
        Places { elsewhere, gone }
    }

    /// Up to when the data of a class had been offloaded at this instant. What is gone again of that has been lost
    /// by the class where it was.
    pub(super) fn offloaded(&self, class: usize, at: SimTime) -> Option<SimTime> {
        self.elsewhere[class].offload.as_ref()?.last_usable(at, &[])
    }

    /// Up to when the data of a class can be restored from a backup at this instant.
    pub(super) fn backed_up(&self, class: usize, at: SimTime) -> Option<SimTime> {
        let backup = self.elsewhere[class].backup.as_ref()?;
        backup.last_usable(at, self.gone_of(backup))
    }

    /// What came, from an instant on, of the copies of a class elsewhere: of its offloads and of its backups. What is
    /// gone of the classes that they go to must be known.
    pub(super) fn came_to(
        &self,
        class: usize,
        from: SimTime,
    ) -> (Option<CyclesOfLife>, Option<CyclesOfLife>) {
        let Elsewhere { offload, backup } = &self.elsewhere[class];
        let offloaded = offload.as_ref().map(|offload| offload.came_to(from, &[]));
        (offloaded, backup.as_ref().map(|backup| backup.came_to(from, self.gone_of(backup))))
    }

    /// What is gone where these copies go.
    fn gone_of(&self, cycles: &Cycles<'_>) -> &[Gone] {
        cycles.cycle.to.map_or(&[][..], |to| &self.gone[to])
    }

    /// Nothing more will be gone of a class than this, and what is gone of what it was offloaded to.
    pub(super) fn are_gone(&mut self, class: usize, mut gone: Vec<Gone>) {
        let offload = self.elsewhere[class].offload.as_ref();
        if let Some((offload, to)) = offload.and_then(|offload| Some((offload, offload.cycle.to?)))
        {
            let offloaded = |at| offload.last_usable(at, &[]);
            gone.extend(self.gone[to].iter().filter_map(|there| {
                let up_to = offloaded(there.up_to)?;
                Some(Gone { at: there.at, after: there.after.and_then(offloaded), up_to })
            }));
        }
        gone.sort_by_key(|gone| gone.at);
        self.gone[class] = gone;
    }
}

/// Copies of data of a class to elsewhere, again and again, in one life.
pub(super) struct Cycles<'a> {
    cycle: &'a Cycle,
    /// When what they need was down, in the order of time.
    down: Vec<Outage>,
    /// When where they go took nothing.
    refusals: &'a Refusals,
    draws: StreamKey,
    /// When the life ends.
    end: SimTime,
    /// When they begin, once somebody has asked, if that is not every so often exactly.
    begins: OnceCell<Begins<'a>>,
}

impl<'a> Cycles<'a> {
    /// Those of a life that ends at `end`, in which what they need was down so, and where they go took nothing then.
    pub(super) fn new(
        cycle: &'a Cycle,
        down: Vec<Outage>,
        refusals: &'a Refusals,
        draws: StreamKey,
        end: SimTime,
    ) -> Cycles<'a> {
        Cycles { cycle, down, refusals, draws, end, begins: OnceCell::new() }
    }

    /// When the newest began that could be used at this instant and was not gone.
    pub(super) fn last_usable(&self, now: SimTime, gone: &[Gone]) -> Option<SimTime> {
        if self.cycle.fails >= 1.0 {
            return None;
        }
        // What cannot have become usable by now need not be looked at.
        let soonest = match self.has_fixed_delay() {
            true => self.usable_after(0),
            false => SimSpan::ZERO,
        };
        let latest = now.micros().checked_sub(soonest.micros())?;
        let mut number = self.last_begun(SimTime::from_micros(latest))?;
        loop {
            let begin = self.begin(number);
            match self.outage_at(begin) {
                // All that would have begun in the outage are out of the question at once.
                Some(outage) => number = self.first_from(outage.start),
                None => {
                    let came = begin + self.usable_after(number);
                    let refused = self.refusal_at(came).map(|(from, _)| Some(*from));
                    let taken = gone.iter().find(|gone| gone.takes(came, now));
                    let is_out = came > now || self.came_to_nothing(number);
                    match refused.or_else(|| taken.map(|gone| gone.after)) {
                        None if !is_out => return Some(begin),
                        None => {}
                        // All was taken that had ever come.
                        Some(None) => return None,
                        // All that came since then are out of the question at once, if each takes as long.
                        Some(Some(since)) if self.has_fixed_delay() => {
                            let begun = since.micros().saturating_sub(soonest.micros());
                            number = number.min(self.first_from(SimTime::from_micros(begun)) + 1);
                        }
                        Some(Some(_)) => {}
                    }
                }
            }
            number = number.checked_sub(1)?;
        }
    }

    /// What came of those that began from an instant on, where this is gone, in the order of time.
    fn came_to(&self, from: SimTime, gone: &[Gone]) -> CyclesOfLife {
        let all = self.first_from(from)..self.first_from(self.end);
        let mut sum = CyclesOfLife { begun: all.end - all.start, ..CyclesOfLife::default() };
        let mut next = all.start;
        for outage in &self.down {
            let first = self.first_from(outage.start).clamp(next, all.end);
            let after = match outage.is_censored() {
                true => all.end,
                false => self.first_from(outage.end).clamp(first, all.end),
            };
            self.add_begun(next..first, &mut sum);
            sum.needs_down += after - first;
            next = after;
        }
        self.add_begun(next..all.end, &mut sum);
        let mut known = 0;
        while let Some(at) = gone.get(known).map(|gone| gone.at) {
            let here = gone.partition_point(|gone| gone.at <= at);
            let newest = self.last_usable(at, &gone[..known]);
            let is_counted = at >= from && newest.is_some();
            sum.lost += u64::from(is_counted && newest != self.last_usable(at, &gone[..here]));
            known = here;
        }
        self.look(from, gone, &mut sum);
        sum
    }

    /// Adds what came of those with these numbers, all of which found up what they need.
    fn add_begun(&self, numbers: Range<u64>, sum: &mut CyclesOfLife) {
        if self.cycle.fails > 0.0 || !self.has_fixed_delay() && !self.refusals.is_empty() {
            for number in numbers {
                let came = || self.begin(number) + self.usable_after(number);
                if self.came_to_nothing(number) {
                    sum.failed += 1;
                } else if !self.refusals.is_empty() {
                    let came = came();
                    let is_refused = came < self.end && self.refusal_at(came).is_some();
                    sum.refused += u64::from(is_refused);
                }
            }
            return;
        }
        // All that would have come while nothing was taken, at once: a life may have millions of them.
        let delay = self.usable_after(0).micros();
        let begun_by = |came: SimTime| {
            let begun = came.min(self.end).micros().saturating_sub(delay);
            self.first_from(SimTime::from_micros(begun)).clamp(numbers.start, numbers.end)
        };
        let over = self.refusals.partition_point(|(_, until)| begun_by(*until) == numbers.start);
        for (from, until) in &self.refusals[over..] {
            let first = begun_by(*from);
            if first == numbers.end {
                break;
            }
            sum.refused += begun_by(*until) - first;
        }
    }

    /// Looks now and then how old the newest is that can be used: once at random in each of equal parts of the time
    /// from an instant on.
    fn look(&self, from: SimTime, gone: &[Gone], sum: &mut CyclesOfLife) {
        let mut draw = self.draws.of(0, Purpose::Look).draw(0);
        let part = (self.end - from).micros() as f64 / f64::from(LOOKS);
        for number in 0..LOOKS {
            let passed = part * (f64::from(number) + draw.open_unit());
            let now = from + SimSpan::from_fractional_micros(passed);
            match self.last_usable(now, gone) {
                Some(begin) => {
                    sum.with += 1;
                    sum.ages = sum.ages + (now - begin);
                }
                None => sum.without += 1,
            }
        }
    }

    /// From beginning to beginning, if that is always the same.
    fn period(&self) -> Option<u64> {
        match self.cycle.every {
            Law::Fixed { value } => Some(at_least_shortest(value).micros()),
            _ => None,
        }
    }

    /// When they begin, as far as the life goes.
    fn begins(&self) -> &Begins<'a> {
        self.begins.get_or_init(|| {
            Begins::new(&self.cycle.every, self.draws.of(0, Purpose::Cycle), self.end)
        })
    }

    fn begin(&self, number: u64) -> SimTime {
        match self.period() {
            Some(period) => SimTime::from_micros(number * period),
            None => self.begins().at(number),
        }
    }

    /// The number of the last one that had begun at an instant of the life.
    fn last_begun(&self, at: SimTime) -> Option<u64> {
        match self.period() {
            Some(period) => Some(at.micros() / period),
            None => {
                let begun = self.begins().how_many(|begin| begin <= at);
                begun.checked_sub(1)
            }
        }
    }

    /// The number of the first one that begins then or later.
    fn first_from(&self, at: SimTime) -> u64 {
        match self.period() {
            Some(period) => at.micros().div_ceil(period),
            None => self.begins().how_many(|begin| begin < at),
        }
    }

    /// How long it takes until one can be used.
    fn usable_after(&self, number: u64) -> SimSpan {
        let mut draw = self.draws.of(0, Purpose::Usable).draw(number as u32);
        SimSpan::from_seconds(self.cycle.usable_after.draw(&mut draw))
    }

    /// The outage of what is needed at this instant, of which all consequences count.
    fn outage_at(&self, at: SimTime) -> Option<&Outage> {
        let begun = self.down.partition_point(|outage| outage.start <= at);
        let last = self.down.get(begun.checked_sub(1)?)?;
        (at < last.end || last.is_censored()).then_some(last)
    }

    /// Whether each can be used as long after its beginning as any other.
    fn has_fixed_delay(&self) -> bool {
        matches!(self.cycle.usable_after, Law::Fixed { .. })
    }

    /// The time in which where they go took nothing, at this instant.
    fn refusal_at(&self, at: SimTime) -> Option<&(SimTime, SimTime)> {
        let begun = self.refusals.partition_point(|(from, _)| *from <= at);
        self.refusals[..begun].last().filter(|(_, until)| at < *until)
    }

    fn came_to_nothing(&self, number: u64) -> bool {
        self.cycle.fails > 0.0 && self.draws.draw(number as u32).open_unit() < self.cycle.fails
    }
}

/// When cycles begin whose lengths are drawn. Of these there may be tens of millions in a life, and any may be asked for:
/// of each run of them the first is kept, and the others of the run that was asked for last, which are drawn again.
struct Begins<'a> {
    every: &'a Law,
    lengths: StreamKey,
    /// How many there are: those of the life, and the one after.
    count: u64,
    firsts: Vec<SimTime>,
    /// The number of the run that was asked for last, and the beginnings in it.
    run: RefCell<(usize, Vec<SimTime>)>,
}

impl<'a> Begins<'a> {
    /// How many are in a run.
    const RUN: u64 = 256;

    /// As far as a life goes.
    fn new(every: &'a Law, lengths: StreamKey, end: SimTime) -> Begins<'a> {
        let run = RefCell::new((usize::MAX, Vec::new()));
        let mut begins = Begins { every, lengths, count: 1, firsts: vec![SimTime::ZERO], run };
        let mut last = SimTime::ZERO;
        while last <= end {
            last = begins.after(last, begins.count);
            if begins.count.is_multiple_of(Begins::RUN) {
                begins.firsts.push(last);
            }
            begins.count += 1;
        }
        begins
    }

    /// When the one with this number begins, by when the one before it does.
    fn after(&self, last: SimTime, number: u64) -> SimTime {
        // As many cycles as `u32` can count are more than a life has that anybody waits for.
        last + at_least_shortest(self.every.draw(&mut self.lengths.draw(number as u32)))
    }

    /// What is asked of the beginnings in a run.
    fn of_run<A>(&self, run: usize, asked: impl Fn(&[SimTime]) -> A) -> A {
        let mut kept = self.run.borrow_mut();
        let (present, begins) = &mut *kept;
        if *present != run {
            *present = run;
            let mut last = self.firsts[run];
            begins.clear();
            begins.push(last);
            let first = run as u64 * Begins::RUN;
            for number in first + 1..self.count.min(first + Begins::RUN) {
                last = self.after(last, number);
                begins.push(last);
            }
        }
        asked(begins)
    }

    fn at(&self, number: u64) -> SimTime {
        let place = (number % Begins::RUN) as usize;
        self.of_run((number / Begins::RUN) as usize, |begins| begins[place])
    }

    /// For how many something holds that holds of the first so many.
    fn how_many(&self, holds: impl Fn(SimTime) -> bool) -> u64 {
        let runs = self.firsts.partition_point(|first| holds(*first));
        let Some(run) = runs.checked_sub(1) else { return 0 };
        let within = self.of_run(run, |begins| begins.partition_point(|begin| holds(*begin)));
        run as u64 * Begins::RUN + within as u64
    }
}

fn at_least_shortest(seconds: f64) -> SimSpan {
    SimSpan::from_seconds(seconds.max(SHORTEST_CYCLE_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::super::incident::tests::{HOUR, at, outage, seconds};
    use super::*;
    use crate::rng::Stream;

    fn cycle(every: Law, usable_after: Law) -> Cycle {
        Cycle { every, usable_after, fails: 0.0, needs: None, to: None }
    }

    fn hours(hours: f64) -> f64 {
        hours * 3_600.0
    }

    fn draws(life: u64) -> StreamKey {
        StreamKey::of_life(3, life).of(1, Purpose::Backup)
    }

    /// The mean age, in hours, after 1,000 hours of so many lives, and its standard error.
    fn mean_age(cycle: &Cycle, lives: u64) -> (f64, f64) {
        let now = at(1_000 * HOUR);
        let (mut sum, mut squares) = (0.0, 0.0);
        for life in 0..lives {
            let cycles = Cycles::new(cycle, Vec::new(), &[], draws(life), now);
            let age = (now - cycles.last_usable(now, &[]).unwrap()).seconds() / 3_600.0;
            (sum, squares) = (sum + age, squares + age * age);
        }
        let (n, mean) = (lives as f64, sum / lives as f64);
        (mean, ((squares / n - mean * mean) / n).sqrt())
    }

    #[track_caller]
    fn check_age(every: Law, usable_after: Law, exact: f64) {
        let (mean, error) = mean_age(&cycle(every, usable_after), 20_000);
        assert!(((mean - exact) / error).abs() < 4.0, "{mean} for {exact}");
    }

    #[test]
    fn the_newest_is_as_old_as_renewals_say() {
        let at_once = || Law::fixed(0.0).unwrap();
        // What an instant falls into is long rather than short: E(X^2) / 2 E(X).
        let uniform = Law::uniform(hours(2.0), hours(10.0)).unwrap();
        check_age(uniform, at_once(), (36.0 + 64.0 / 12.0) / 12.0);
        let exponential = |mean: f64| Law::exponential(hours(mean)).unwrap();
        check_age(exponential(6.0), at_once(), 6.0);
        check_age(exponential(6.0), Law::fixed(hours(1.5)).unwrap(), 7.5);
        // None of those that began up to `a` ago can be used yet: they are as many as a Poisson law
        // says, of the mean of what `1 - exp(-x / 5)` comes to up to `a`, over 6.
        let none_since = |a: f64| (-(a - 5.0 * (1.0 - (-a / 5.0).exp())) / 6.0).exp();
        let (step, steps) = (0.001, 200_000);
        let exact: f64 = (0..steps).map(|k| step * none_since((f64::from(k) + 0.5) * step)).sum();
        assert!((exact - 9.738_735).abs() < 1e-3, "{exact}");
        check_age(exponential(6.0), exponential(5.0), exact);
    }

    #[test]
    fn a_drawn_time_is_no_shorter_than_the_shortest() {
        let cycle = cycle(Law::exponential(0.2).unwrap(), Law::fixed(0.0).unwrap());
        let cycles = Cycles::new(&cycle, Vec::new(), &[], draws(0), at(50));
        let begins: Vec<SimTime> =
            (0..cycles.begins().count).map(|number| cycles.begin(number)).collect();
        assert!(begins.windows(2).all(|two| two[1] - two[0] >= seconds(1)), "{begins:?}");
        assert!(begins.len() <= 52 && begins.len() > 40, "{}", begins.len());
    }

    /// A backup every minute for four years: whatever is asked in whatever order, what is kept is a small part, and
    /// what is said is what a list of all says.
    #[test]
    fn millions_of_them_take_little_memory() {
        let cycle = cycle(Law::exponential(60.0).unwrap(), Law::fixed(0.0).unwrap());
        let end = at(4 * 8_760 * HOUR);
        let cycles = Cycles::new(&cycle, Vec::new(), &[], draws(0), end);
        let lengths = draws(0).of(0, Purpose::Cycle);
        let mut all = vec![SimTime::ZERO];
        while all[all.len() - 1] <= end {
            let length = cycle.every.draw(&mut lengths.draw(all.len() as u32)).max(1.0);
            all.push(all[all.len() - 1] + SimSpan::from_seconds(length));
        }
        assert!(all.len() > 2_000_000, "{}", all.len());
        assert_eq!(cycles.begins().count, all.len() as u64);
        let mut dice = StreamKey::of_life(4, 0).of(1, Purpose::Start).draw(0);
        for _ in 0..1_000 {
            let number = dice.word() % all.len() as u64;
            assert_eq!(cycles.begin(number), all[number as usize]);
            let now = SimTime::from_micros(dice.word() % end.micros());
            // At an instant between two, and at one of them.
            for now in [now, all[number as usize].min(end)] {
                let begun = all.partition_point(|begin| *begin <= now);
                assert_eq!(cycles.last_usable(now, &[]), Some(all[begun - 1]));
                assert_eq!(cycles.first_from(now), all.partition_point(|at| *at < now) as u64);
            }
        }
        let begins = cycles.begins();
        let kept = begins.firsts.len() + begins.run.borrow().1.len();
        assert!(kept * 100 < all.len(), "{kept} of {}", all.len());
    }

    /// The newest of all that meet the conditions, one looked at after the other.
    fn one_by_one(cycles: &Cycles<'_>, now: SimTime, end: u64) -> Option<SimTime> {
        let mut newest = None;
        for number in 0..end {
            let begin = cycles.begin(number);
            let is_down = |outage: &Outage| outage.start <= begin && begin < outage.end;
            if begin + cycles.usable_after(number) <= now
                && !cycles.down.iter().any(is_down)
                && !cycles.came_to_nothing(number)
            {
                newest = Some(begin);
            }
        }
        newest
    }

    fn at_random(dice: &mut Stream) -> Vec<Outage> {
        let (mut outages, mut now) = (Vec::new(), 0);
        while now < 150 * HOUR {
            let start = now + dice.word() % (20 * HOUR);
            now = start + 1 + dice.word() % (20 * HOUR);
            outages.push(outage(0, start, now));
        }
        outages
    }

    #[test]
    fn the_newest_is_found_as_if_all_were_looked_at() {
        let mut dice = StreamKey::of_life(8, 0).of(1, Purpose::Start).draw(0);
        let lasting = |mean: f64| Law::exponential(hours(mean)).unwrap();
        let always = |length: f64| Law::fixed(hours(length)).unwrap();
        for life in 0..40 {
            for (every, usable_after) in [
                (always(2.0), always(3.0)),
                (always(2.0), lasting(3.0)),
                (lasting(2.0), always(3.0)),
                (lasting(2.0), lasting(3.0)),
            ] {
                let cycle = Cycle { fails: 0.3, ..cycle(every, usable_after) };
                let end = at(150 * HOUR);
                let cycles = Cycles::new(&cycle, at_random(&mut dice), &[], draws(life), end);
                for _ in 0..20 {
                    let now = at(dice.word() % (150 * HOUR));
                    let begun = cycles.last_begun(now).unwrap() + 1;
                    assert_eq!(cycles.last_usable(now, &[]), one_by_one(&cycles, now, begun));
                }
            }
        }
    }

    #[test]
    fn what_came_of_them_is_counted_as_if_all_were_looked_at() {
        let mut dice = StreamKey::of_life(9, 0).of(1, Purpose::Start).draw(0);
        let lasting = |mean: f64| Law::exponential(hours(mean)).unwrap();
        let always = |length: f64| Law::fixed(hours(length)).unwrap();
        let (from, end) = (at(30 * HOUR + 1), at(150 * HOUR));
        let mut seen = CyclesOfLife::default();
        for life in 0..60 {
            for (every, usable_after) in [
                (always(2.0), always(3.0)),
                (always(2.0), lasting(3.0)),
                (lasting(2.0), always(3.0)),
                (lasting(2.0), lasting(3.0)),
            ] {
                let fails = f64::from(life as u32 % 2) * 0.3;
                let cycle = Cycle { fails, ..cycle(every, usable_after) };
                let refusals: Vec<_> =
                    at_random(&mut dice).iter().map(|outage| (outage.start, outage.end)).collect();
                let down = at_random(&mut dice);
                let cycles = Cycles::new(&cycle, down, &refusals, draws(life), end);
                let mut wanted = CyclesOfLife::default();
                for number in 0..cycles.first_from(end) {
                    let begin = cycles.begin(number);
                    if begin < from {
                        continue;
                    }
                    wanted.begun += 1;
                    let came = begin + cycles.usable_after(number);
                    let is_down = |outage: &Outage| outage.start <= begin && begin < outage.end;
                    let is_refused = |(from, until): &(SimTime, SimTime)| {
                        *from <= came && came < *until && came < end
                    };
                    if cycles.down.iter().any(is_down) {
                        wanted.needs_down += 1;
                    } else if cycles.came_to_nothing(number) {
                        wanted.failed += 1;
                    } else if refusals.iter().any(is_refused) {
                        wanted.refused += 1;
                    }
                }
                let found = cycles.came_to(from, &[]);
                assert_eq!(found.with + found.without, u64::from(LOOKS));
                let CyclesOfLife { with, without, ages, .. } = found;
                assert_eq!(found, CyclesOfLife { with, without, ages, ..wanted });
                seen.needs_down += found.needs_down;
                seen.failed += found.failed;
                seen.refused += found.refused;
            }
        }
        assert!(seen.needs_down.min(seen.failed).min(seen.refused) > 500, "{seen:?}");
    }
}
