//! The incidents of one life in which data were lost: how much, at which stage of their way, and why.

use serde::{Deserialize, Serialize};

use super::elsewhere::{Cycles, CyclesOfLife, Elsewhere, Gone, Places, Refusals};
use super::outage::Outage;
use super::pipeline::{Accepted, Conservation, LostOnTheWay, Struck, walk};
use crate::engine::{HowLost, Loss, Root};
use crate::model::{ClockId, DataId, Model, ObservedWay, observed_ways};
use crate::rng::{Purpose, StreamKey, hash_text};
use crate::spec::{Cycle, DataClass, Topology, in_order_of_copying};
use crate::units::{SimSpan, SimTime};

/// Where on their way data were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stage {
    /// Nobody was there to record them.
    NeverRecorded,
    /// They were recorded, and gone before they were accepted.
    Buffer,
    /// They were accepted, and not yet safe from a power cut.
    Unsynced,
    /// They were accepted, and had not reached the copy that took over.
    Lagging,
    /// Copies that had them were lost, and the others had missed them.
    Missed,
    /// Too many copies were lost before the newest data had been offloaded.
    NotOffloaded,
    /// All copies were lost, and the newest data are in no backup.
    BackupAge,
    /// All copies were lost, and there is nothing else.
    AllCopies,
    /// Somebody has deleted all copies, and there is nothing else.
    Deleted,
}

impl Stage {
    /// All of them, in the order of the way.
    pub const ALL: [Stage; 9] = [
        Stage::NeverRecorded,
        Stage::Buffer,
        Stage::Unsynced,
        Stage::Lagging,
        Stage::Missed,
        Stage::NotOffloaded,
        Stage::BackupAge,
        Stage::AllCopies,
        Stage::Deleted,
    ];

    /// Its name, as JSON has it.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::NeverRecorded => "never-recorded",
            Stage::Buffer => "buffer",
            Stage::Unsynced => "unsynced",
            Stage::Lagging => "lagging",
            Stage::Missed => "missed",
            Stage::NotOffloaded => "not-offloaded",
            Stage::BackupAge => "backup-age",
            Stage::AllCopies => "all-copies",
            Stage::Deleted => "deleted",
        }
    }
}

/// Data of one class that are gone for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incident {
    /// When it began.
    pub at: SimTime,
    /// Where on their way they were lost.
    pub stage: Stage,
    /// How much: the length of the time in which they were born.
    pub lost: SimSpan,
    /// Of how many groups; zero where it is not whole groups that were lost.
    pub groups: u32,
    /// What started it.
    pub cause: Root,
    /// How long it took to restore the rest from a backup, if there was one to restore from.
    pub restored_in: Option<SimSpan>,
}

/// What a life came to for one data class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LifeOfData {
    /// All incidents of the life, in the order of time, those before measuring begins too.
    pub incidents: Vec<Incident>,
    /// Where all data of the life went that have a way; zeros if they have none.
    pub conservation: Conservation,
    /// What the copies came to while it was measured.
    pub copies: CopiesOfLife,
    /// What came of offloads, if there are any.
    pub offload: Option<CyclesOfLife>,
    /// What came of backups, if there are any.
    pub backup: Option<CyclesOfLife>,
}

/// What the copies of a data class came to in one life, while it was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CopiesOfLife {
    /// How long at least one of them was lost and not yet back.
    pub reduced: SimSpan,
    /// For how long groups could not be read, summed over groups, microseconds.
    pub unreadable_micros: u128,
    /// How many lost ones came back, or were made anew elsewhere because they were away for too long.
    pub rebuilt: u64,
    /// How often a group had lost one position, two, and so on, and was not gone with that.
    pub margins: Vec<u64>,
}

impl LifeOfData {
    /// Incidents that began while it was measured, from this instant on.
    pub fn incidents_from(&self, from: SimTime) -> impl Iterator<Item = &Incident> {
        self.incidents.iter().filter(move |incident| incident.at >= from)
    }
}

/// Finds the incidents of lives of one system.
#[derive(Clone, Debug)]
pub(super) struct LossFinder {
    seed: u64,
    /// When measuring begins.
    from: SimTime,
    classes: Vec<ClassWay>,
    /// The classes, each after those that it is copied to.
    order: Vec<usize>,
    /// What each clock strikes of what is born on its unit or above it, and with which probability it wipes that.
    struck: Vec<(Struck, f64)>,
}

#[derive(Clone, Debug)]
struct ClassWay {
    index: usize,
    class: DataClass,
    name: u64,
    way: ObservedWay,
    /// The classes whose offloads are all that ever comes to it; none, if it has data of its own.
    fed_by: Vec<usize>,
    /// In how many groups its data are; zero if nothing holds them.
    groups: usize,
}

/// What happened in one life, as far as data are concerned.
#[derive(Clone, Copy)]
struct Past<'a> {
    luck: StreamKey,
    /// When measuring begins.
    from: SimTime,
    end: SimTime,
    outages: &'a [Outage],
    losses: &'a [(SimTime, Loss)],
    /// Of each class.
    refusals: &'a [Vec<(SimTime, SimTime)>],
}

impl Past<'_> {
    /// The outages of what is observed as a journey with this number.
    fn outages_of(&self, observed: Option<usize>) -> impl Iterator<Item = &Outage> {
        self.outages.iter().filter(move |outage| Some(outage.journey.index()) == observed)
    }
}

impl LossFinder {
    /// For runs with this seed, in which lives are measured from an instant on.
    pub(super) fn new(topology: &Topology, model: &Model, seed: u64, from: SimTime) -> LossFinder {
        let classes = topology.data.iter().zip(observed_ways(topology));
        let struck = |clock| {
            let (unit, mode) = model.origin(ClockId::new(clock));
            let struck = match topology.units[unit.index()].level {
                None => Struck::Process,
                Some(_) => Struck::Below,
            };
            (struck, topology.modes[mode].wipes)
        };
        let clocks = if topology.data.is_empty() { 0 } else { model.clock_count() };
        let fed_by = |index: usize, class: &DataClass| {
            let others = topology.data.iter().enumerate().filter(|(_, other)| {
                class.pipeline.is_none()
                    && other.offload.as_ref().is_some_and(|offload| offload.to == Some(index))
            });
            others.map(|(other, _)| other).collect()
        };
        LossFinder {
            seed,
            from,
            classes: classes
                .enumerate()
                .map(|(index, (class, way))| ClassWay {
                    index,
                    class: DataClass { holding: None, ..class.clone() },
                    name: hash_text(&class.name),
                    way,
                    fed_by: fed_by(index, class),
                    groups: class
                        .holding
                        .as_ref()
                        .map_or(0, |_| model.holding(DataId::new(index)).group_count()),
                })
                .collect(),
            order: in_order_of_copying(&topology.data),
            struck: (0..clocks).map(struck).collect(),
        }
    }

    /// What a life that ends at `end` came to for each data class, without what copies did. The refusals are of
    /// each class.
    pub(super) fn find(
        &self,
        replication: u64,
        end: SimTime,
        outages: &[Outage],
        losses: &[(SimTime, Loss)],
        refusals: &[Vec<(SimTime, SimTime)>],
    ) -> Vec<LifeOfData> {
        let luck = StreamKey::of_life(self.seed, replication);
        let past = Past { luck, from: self.from, end, outages, losses, refusals };
        let struck = |class: u64, root: Root, at: SimTime| {
            let (struck, wipes) = self.struck[root.clock.index()];
            // Each class is struck once at an instant, which therefore tells one draw from another.
            let draws = luck.of(class, Purpose::Wiped).of(at.micros(), Purpose::Wiped);
            let is_wiped = wipes >= 1.0 || wipes > 0.0 && draws.draw(0).open_unit() < wipes;
            if is_wiped { Struck::Wiped } else { struck }
        };
        lives(&self.classes, &self.order, past, &struck)
    }
}

fn lives(
    classes: &[ClassWay],
    order: &[usize],
    past: Past<'_>,
    struck: &impl Fn(u64, Root, SimTime) -> Struck,
) -> Vec<LifeOfData> {
    let mut places = Places::new(classes.iter().map(|class| class.elsewhere(past)).collect());
    let ways: Vec<WayOfLife> = classes.iter().map(|class| class.way_of(past, struck)).collect();
    let mut lives = vec![LifeOfData::default(); classes.len()];
    for &class in order {
        let (life, gone) = classes[class].life(past, &places, &ways);
        places.are_gone(class, gone);
        let (offload, backup) = places.came_to(class, past.from);
        lives[class] = LifeOfData { offload, backup, ..life };
    }
    lives
}

/// What came of the way of the data of a class in one life, if they have one.
#[derive(Default)]
struct WayOfLife {
    lost: Vec<LostOnTheWay>,
    conservation: Conservation,
    accepted: Accepted,
}

impl ClassWay {
    /// Where else its data are.
    fn elsewhere<'a>(&'a self, past: Past<'a>) -> Elsewhere<'a> {
        let cycles = |cycle: &'a Option<Cycle>, purpose, observed| {
            let cycle = cycle.as_ref()?;
            let down = past.outages_of(observed).copied().collect();
            let refusals: &Refusals = cycle.to.map_or(&[], |to| &past.refusals[to]);
            Some(Cycles::new(cycle, down, refusals, past.luck.of(self.name, purpose), past.end))
        };
        Elsewhere {
            offload: cycles(&self.class.offload, Purpose::Offload, self.way.offload),
            backup: cycles(&self.class.backup, Purpose::Backup, self.way.backup),
        }
    }

    /// What came of the way of its data.
    fn way_of(&self, past: Past<'_>, struck: &impl Fn(u64, Root, SimTime) -> Struck) -> WayOfLife {
        let Some(pipeline) = &self.class.pipeline else { return WayOfLife::default() };
        let [source, sink] = [self.way.source, self.way.sink].map(|at| past.outages_of(at));
        let struck = |root, at| struck(self.name, root, at);
        let (lost, conservation, accepted) =
            walk(pipeline.buffer.as_ref(), source, sink, past.end, &struck);
        WayOfLife { lost, conservation, accepted }
    }

    /// What the life came to, and what of its data is gone from when on.
    fn life(
        &self,
        past: Past<'_>,
        places: &Places<'_>,
        ways: &[WayOfLife],
    ) -> (LifeOfData, Vec<Gone>) {
        let way = &ways[self.index];
        let mut life = LifeOfData { conservation: way.conservation, ..LifeOfData::default() };
        life.incidents.extend(way.lost.iter().map(|loss| Incident {
            at: loss.at,
            stage: if loss.was_recorded { Stage::Buffer } else { Stage::NeverRecorded },
            lost: loss.lost.min(self.reach()),
            groups: 0,
            cause: loss.cause,
            restored_in: None,
        }));
        let (restorations, mut restored) = (past.luck.of(self.name, Purpose::Restore), 0);
        let mut all_gone: Vec<Gone> = Vec::new();
        let first_of_copies = life.incidents.len();
        let of_class = past.losses.iter().filter(|(_, loss)| loss.data.index() == self.index);
        // Of several groups others may have been lost before.
        let is_all = |loss: &Loss| loss.newest.is_none() && loss.groups as usize == self.groups;
        let (mut gone_before, mut missed) = (Spans::default(), Vec::new());
        for (at, loss) in of_class {
            let (mut incident, gone, (oldest, newest)) = self.incident(places, ways, *at, loss);
            if is_all(loss) {
                let new = gone_before.fill(oldest, newest);
                // How old a backup is when it is needed is told whatever was lost before.
                if matches!(incident.stage, Stage::AllCopies | Stage::Deleted) {
                    incident.lost = new;
                }
            }
            if incident.lost == SimSpan::ZERO && loss.newest.is_some() {
                continue;
            }
            all_gone.push(gone);
            if let Some(law) = &self.class.restore
                && loss.newest.is_none()
                && places.backed_up(self.index, *at).is_some()
            {
                let seconds = law.draw(&mut restorations.draw(restored));
                incident.restored_in = Some(SimSpan::from_seconds(seconds));
                restored += 1;
            }
            // What is lost at one instant in one way is one incident, however it was told.
            let same = life.incidents[first_of_copies..]
                .iter_mut()
                .rev()
                .take_while(|other| other.at == *at)
                .find(|other| other.stage == incident.stage);
            if same.is_none() {
                missed.clear();
            }
            // Of each hole that copies had it is told by itself.
            missed.push((newest, incident.lost));
            match same {
                Some(other) => {
                    other.groups = other.groups.saturating_add(incident.groups);
                    other.lost = match incident.stage {
                        Stage::Missed => of_any(&mut missed),
                        _ => other.lost.max(incident.lost),
                    };
                }
                None => life.incidents.push(incident),
            }
        }
        life.incidents.sort_by_key(|incident| incident.at);
        (life, all_gone)
    }

    /// What a loss of copies comes to, what is gone with them, and between which two instants all that was lost would have
    /// been accepted, had all been from the beginning on and without a break.
    fn incident(
        &self,
        places: &Places<'_>,
        ways: &[WayOfLife],
        at: SimTime,
        loss: &Loss,
    ) -> (Incident, Gone, (SimTime, SimTime)) {
        let mut incident = Incident {
            at,
            stage: match loss.how {
                HowLost::Unsynced => Stage::Unsynced,
                HowLost::Lagging => Stage::Lagging,
                HowLost::Deleted => Stage::Deleted,
                HowLost::Missed => Stage::Missed,
                HowLost::Wiped | HowLost::Unreadable | HowLost::Latent => Stage::AllCopies,
            },
            lost: SimSpan::ZERO,
            groups: loss.groups,
            cause: loss.cause,
            restored_in: None,
        };
        let had = |at| self.had_by(places, ways, at);
        let (offloaded, backed_up) =
            (places.offloaded(self.index, at), places.backed_up(self.index, at));
        if let Some(newest) = loss.newest {
            // What is older may have been copied elsewhere since, or is not kept any more.
            let oldest = (loss.age + newest).min(self.reach());
            let since = offloaded.max(backed_up);
            let oldest = since.map_or(oldest, |since| oldest.min(at - since));
            let oldest = before(at, oldest.max(loss.age));
            let up_to = before(at, loss.age);
            let lost = match loss.how {
                // While nobody took over nothing was accepted: it is the last that was before.
                HowLost::Lagging => {
                    let (all, elsewhere) = (had(at), since.map_or(SimTime::ZERO, had));
                    (before(all, newest.min(self.reach())).max(elsewhere).min(all), all)
                }
                _ => (had(oldest), had(up_to)),
            };
            incident.lost = lost.1 - lost.0.min(lost.1);
            return (incident, Gone { at, after: Some(oldest), up_to }, lost);
        }
        let since = match (offloaded, backed_up) {
            (Some(offloaded), backed_up) if backed_up.is_none_or(|backup| backup <= offloaded) => {
                incident.stage = Stage::NotOffloaded;
                Some(offloaded)
            }
            (_, Some(backed_up)) => {
                incident.stage = Stage::BackupAge;
                Some(backed_up)
            }
            _ => None,
        };
        let newest = had(at);
        let oldest = since.map_or(SimTime::ZERO, had);
        // Nobody loses what was no longer kept.
        let kept = self.came_by(ways, before(at, self.reach()));
        let oldest = oldest.max(kept).min(newest);
        incident.lost = newest - oldest;
        (incident, Gone { at, after: since, up_to: at }, (oldest, newest))
    }

    /// How far back its data are kept.
    fn reach(&self) -> SimSpan {
        self.class.retention.unwrap_or(SimSpan::FOREVER)
    }

    /// How much it had been given by an instant: see [`Accepted::by`].
    fn had_by(&self, places: &Places<'_>, ways: &[WayOfLife], at: SimTime) -> SimTime {
        if self.fed_by.is_empty() {
            return ways[self.index].accepted.by(at);
        }
        let came = self.fed_by.iter().filter_map(|&other| {
            let offloaded = places.offloaded(other, at)?;
            Some(ways[other].accepted.by(offloaded))
        });
        came.max().unwrap_or(SimTime::ZERO)
    }

    /// How much of all that it was ever given had been accepted by an instant where it was born.
    fn came_by(&self, ways: &[WayOfLife], at: SimTime) -> SimTime {
        let own = std::slice::from_ref(&self.index);
        let born = if self.fed_by.is_empty() { own } else { &self.fed_by };
        born.iter().map(|&class| ways[class].accepted.by(at)).max().unwrap_or(at)
    }
}

/// Spans of time, in the order of time and apart from one another.
#[derive(Clone, Debug, Default)]
struct Spans(Vec<(SimTime, SimTime)>);

impl Spans {
    /// Takes in a span that ends last; how much of it was in none.
    fn fill(&mut self, mut from: SimTime, to: SimTime) -> SimSpan {
        let mut new = to - from;
        while let Some((first, last)) = self.0.pop_if(|(_, last)| *last >= from) {
            new = new - (last - first.max(from));
            from = from.min(first);
        }
        self.0.push((from, to));
        new
    }
}

/// How long spans are together, each of which ends at a time and is so long.
fn of_any(spans: &mut [(SimTime, SimSpan)]) -> SimSpan {
    spans.sort_unstable();
    let mut all = Spans::default();
    let lengths = spans.iter().map(|(to, length)| all.fill(before(*to, *length), *to));
    lengths.fold(SimSpan::ZERO, |sum, length| sum + length)
}

/// The instant so long before another one, or the beginning of a life.
fn before(at: SimTime, span: SimSpan) -> SimTime {
    SimTime::from_micros(at.micros().saturating_sub(span.micros()))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::dist::Law;
    use crate::model::{DataId, JourneyId};

    pub(in super::super) const HOUR: u64 = 3_600;

    pub(in super::super) fn root(clock: usize) -> Root {
        Root { clock: ClockId::new(clock), branch: 0, is_planned: false }
    }

    pub(in super::super) fn seconds(seconds: u64) -> SimSpan {
        SimSpan::from_micros(seconds * 1_000_000)
    }

    pub(in super::super) fn at(time: u64) -> SimTime {
        SimTime::ZERO + seconds(time)
    }

    pub(in super::super) fn outage(journey: usize, start: u64, end: u64) -> Outage {
        Outage {
            journey: JourneyId::new(journey),
            cause: root(0),
            ended_by: Some(root(0)),
            start: at(start),
            end: at(end),
        }
    }

    pub(in super::super) fn class() -> DataClass {
        DataClass {
            name: "samples".to_owned(),
            about: None,
            holding: None,
            pipeline: None,
            offload: None,
            backup: None,
            restore: None,
            rate: None,
            retention: None,
        }
    }

    fn cycle(every: u64, usable_after: u64) -> Cycle {
        Cycle {
            every: Law::fixed(every as f64).unwrap(),
            usable_after: Law::fixed(usable_after as f64).unwrap(),
            fails: 0.0,
            needs: None,
            to: None,
        }
    }

    fn loss(how: HowLost, newest: Option<u64>) -> Loss {
        let data = DataId::new(0);
        Loss {
            data,
            cause: root(3),
            how,
            groups: 2,
            newest: newest.map(seconds),
            age: SimSpan::ZERO,
        }
    }

    const OFFLOAD: usize = 7;
    const BACKUP: usize = 8;

    /// What a life of 1,000 hours comes to.
    fn life(class: &DataClass, outages: &[Outage], losses: &[(SimTime, Loss)]) -> LifeOfData {
        let (offload, backup) = (Some(OFFLOAD), Some(BACKUP));
        let way = ObservedWay { source: Some(5), sink: Some(6), offload, backup };
        let (class, name) = (class.clone(), hash_text("samples"));
        let one = ClassWay { index: 0, class, name, way, fed_by: Vec::new(), groups: 2 };
        let (luck, end) = (StreamKey::of_life(1, 0), at(1_000 * HOUR));
        let past = Past { luck, from: SimTime::ZERO, end, outages, losses, refusals: &[] };
        lives(&[one], &[0], past, &|_, _, _| Struck::Process).remove(0)
    }

    #[track_caller]
    fn check(class: &DataClass, outages: &[Outage], time: u64, stage: Stage, lost: u64) {
        let how = if stage == Stage::Deleted { HowLost::Deleted } else { HowLost::Wiped };
        let life = life(class, outages, &[(at(time), loss(how, None))]);
        let [incident] = life.incidents[..] else { panic!("{:?}", life.incidents) };
        assert_eq!((incident.stage, incident.lost), (stage, seconds(lost)), "{incident:?}");
        assert_eq!((incident.at, incident.groups, incident.cause), (at(time), 2, root(3)));
    }

    /// What copies missed from 50 h to 40 h ago, and what of it was neither offloaded since nor
    /// forgotten.
    #[test]
    fn of_what_copies_missed_only_what_was_kept_nowhere_else_is_lost() {
        let missed = Loss { age: seconds(40 * HOUR), ..loss(HowLost::Missed, Some(10 * HOUR)) };
        let lost = |class: &DataClass| {
            life(class, &[], &[(at(100 * HOUR), missed)]).incidents.first().map(|first| first.lost)
        };
        assert_eq!(lost(&class()), Some(seconds(10 * HOUR)));
        let kept = |hours| DataClass { retention: Some(seconds(hours * HOUR)), ..class() };
        assert_eq!(lost(&kept(45)), Some(seconds(5 * HOUR)));
        assert_eq!(lost(&kept(30)), None);
        let offloaded = |hours| DataClass { offload: Some(cycle(hours * HOUR, 0)), ..class() };
        let other = Loss { age: seconds(70 * HOUR), ..loss(HowLost::Missed, Some(5 * HOUR)) };
        let again = Loss { age: seconds(45 * HOUR), ..missed };
        let losses = [other, missed, again, other].map(|loss| (at(100 * HOUR), loss));
        let [incident] = life(&class(), &[], &losses).incidents[..] else { panic!() };
        assert_eq!(incident.lost, seconds(20 * HOUR));
        assert_eq!(lost(&offloaded(56)), Some(seconds(4 * HOUR)));
        assert_eq!(lost(&offloaded(10)), None);
    }

    #[test]
    fn without_anything_elsewhere_all_is_lost_that_was_kept() {
        check(&class(), &[], 100 * HOUR, Stage::AllCopies, 100 * HOUR);
        check(&class(), &[], 100 * HOUR, Stage::Deleted, 100 * HOUR);
        let kept = DataClass { retention: Some(seconds(24 * HOUR)), ..class() };
        check(&kept, &[], 100 * HOUR, Stage::AllCopies, 24 * HOUR);
        check(&kept, &[], 10 * HOUR, Stage::AllCopies, 10 * HOUR);
    }

    /// What is gone cannot be lost again; how old a backup is when it is needed is another question.
    #[test]
    fn what_is_gone_is_lost_once() {
        let lost = |class: &DataClass, losses: &[(u64, HowLost)]| -> Vec<u64> {
            let losses: Vec<_> =
                losses.iter().map(|(time, how)| (at(time * HOUR), loss(*how, None))).collect();
            let hours = |one: &Incident| one.lost.micros() / seconds(HOUR).micros();
            life(class, &[], &losses).incidents.iter().map(hours).collect()
        };
        let wiped = |time| (time, HowLost::Wiped);
        assert_eq!(
            lost(&class(), &[wiped(100), wiped(130), (250, HowLost::Deleted)]),
            [100, 30, 120]
        );
        let kept = DataClass { retention: Some(seconds(24 * HOUR)), ..class() };
        assert_eq!(lost(&kept, &[wiped(100), wiped(110), wiped(200)]), [24, 10, 24]);
        let backed_up = DataClass { backup: Some(cycle(24 * HOUR, 6 * HOUR)), ..class() };
        assert_eq!(lost(&backed_up, &[wiped(5), wiped(100), wiped(110)]), [5, 28, 14]);
        // Of several groups another one may be lost each time.
        let one = Loss { groups: 1, ..loss(HowLost::Wiped, None) };
        let life = life(&class(), &[], &[(at(10), one), (at(30), one)]);
        assert_eq!(life.incidents[1].lost, seconds(30));
    }

    #[test]
    fn of_the_newest_data_as_much_is_lost_as_the_engine_says() {
        for (how, stage) in [
            (HowLost::Unsynced, Stage::Unsynced),
            (HowLost::Lagging, Stage::Lagging),
            (HowLost::Missed, Stage::Missed),
        ] {
            let backed_up = DataClass { backup: Some(cycle(6 * HOUR, 0)), ..class() };
            let life = life(&backed_up, &[], &[(at(50), loss(how, Some(5)))]);
            assert_eq!((life.incidents[0].stage, life.incidents[0].lost), (stage, seconds(5)));
            assert_eq!(life.incidents[0].restored_in, None);
        }
    }

    #[test]
    fn what_is_lost_at_one_instant_in_one_way_is_one_incident() {
        let losses = [
            (at(50), loss(HowLost::Wiped, None)),
            (at(50), loss(HowLost::Unsynced, Some(5))),
            (at(50), loss(HowLost::Latent, None)),
            (at(60), loss(HowLost::Wiped, None)),
        ];
        let life = life(&class(), &[], &losses);
        let found: Vec<_> =
            life.incidents.iter().map(|one| (one.at, one.stage, one.groups)).collect();
        let of = |time, stage, groups| (at(time), stage, groups);
        let wanted =
            [of(50, Stage::AllCopies, 4), of(50, Stage::Unsynced, 2), of(60, Stage::AllCopies, 2)];
        assert_eq!(found, wanted);
    }

    #[test]
    fn the_newest_backup_counts_that_can_be_used() {
        let class = DataClass { backup: Some(cycle(6 * HOUR, 1_800)), ..class() };
        // Before the first can be used there is none.
        check(&class, &[], 1_799, Stage::AllCopies, 1_799);
        check(&class, &[], 1_800, Stage::BackupAge, 1_800);
        check(&class, &[], 6 * HOUR, Stage::BackupAge, 6 * HOUR);
        check(&class, &[], 6 * HOUR + 1_799, Stage::BackupAge, 6 * HOUR + 1_799);
        check(&class, &[], 6 * HOUR + 1_800, Stage::BackupAge, 1_800);
        check(&class, &[], 6 * HOUR + 1_801, Stage::BackupAge, 1_801);
        check(&class, &[], 13 * HOUR, Stage::BackupAge, HOUR);
    }

    #[test]
    fn a_cycle_needs_what_it_needs_at_its_beginning() {
        let class = DataClass { offload: Some(cycle(2 * HOUR, 0)), ..class() };
        check(&class, &[], 9 * HOUR, Stage::NotOffloaded, HOUR);
        // Down at 4, 6 and 8 hours, and up again at 10.
        let down = [outage(OFFLOAD, 4 * HOUR, 10 * HOUR)];
        check(&class, &down, 9 * HOUR, Stage::NotOffloaded, 7 * HOUR);
        check(&class, &down, 10 * HOUR, Stage::NotOffloaded, 0);
        let down = [outage(OFFLOAD, 4 * HOUR + 1, 8 * HOUR)];
        check(&class, &down, 7 * HOUR, Stage::NotOffloaded, 3 * HOUR);
        check(&class, &down, 9 * HOUR, Stage::NotOffloaded, HOUR);
        // Down from the beginning of the life on: nothing was ever offloaded.
        let down = [outage(OFFLOAD, 0, 10 * HOUR)];
        check(&class, &down, 9 * HOUR, Stage::AllCopies, 9 * HOUR);
        // Of another journey.
        check(&class, &[outage(BACKUP, 0, 10 * HOUR)], 9 * HOUR, Stage::NotOffloaded, HOUR);
    }

    #[test]
    fn the_newer_of_offload_and_backup_counts() {
        let offload = Some(cycle(2 * HOUR, 0));
        let class = DataClass { offload, backup: Some(cycle(6 * HOUR, 0)), ..class() };
        check(&class, &[], 13 * HOUR, Stage::NotOffloaded, HOUR);
        let down = [outage(OFFLOAD, 3 * HOUR, 20 * HOUR)];
        check(&class, &down, 15 * HOUR, Stage::BackupAge, 3 * HOUR);
        // A backup restores what somebody has deleted, and then something is restored.
        let restore = Some(Law::fixed(900.0).unwrap());
        let class = DataClass { restore, ..class };
        let life = life(&class, &down, &[(at(15 * HOUR), loss(HowLost::Deleted, None))]);
        assert_eq!(life.incidents[0].restored_in, Some(seconds(900)));
        assert_eq!(life.incidents[0].stage, Stage::BackupAge);
    }

    #[test]
    fn cycles_come_to_nothing_as_often_as_they_should() {
        let backup = Some(Cycle { fails: 0.25, ..cycle(HOUR, 0) });
        let class = DataClass { backup, ..class() };
        // The age in whole hours is geometric: its mean is 1/3.
        // Of one group of two, so that each is lost as if none had been before.
        let wiped = Loss { groups: 1, ..loss(HowLost::Wiped, None) };
        let losses: Vec<_> = (0..100_000).map(|k| (at((k + 100) * HOUR), wiped)).collect();
        let life = life(&class, &[], &losses);
        let hours: f64 =
            life.incidents.iter().map(|one| one.lost.seconds() / 3_600.0).sum::<f64>() / 1e5;
        // Neighbours are alike: about (1 + 2 p / (1 - p)) times the variance of 4/9.
        let error = (4.0 / 9.0 * (1.0 + 2.0 * 0.25 / 0.75) / 1e5_f64).sqrt();
        assert!(((hours - 1.0 / 3.0) / error).abs() < 4.0, "{hours}");
        let always = Some(Cycle { fails: 1.0, ..cycle(HOUR, 0) });
        check(&DataClass { backup: always, ..class }, &[], 50, Stage::AllCopies, 50);
    }

    /// A backup every 6 h that can be used after half an hour: its age is uniform on [0.5, 6.5] h.
    #[test]
    fn the_age_of_a_backup_is_uniform() {
        let class = DataClass { backup: Some(cycle(6 * HOUR, 1_800)), ..class() };
        let mut dice = StreamKey::of_life(9, 0).of(1, Purpose::Start).draw(0);
        const DRAWS: u64 = 40_000;
        let losses: Vec<_> = (0..DRAWS)
            .map(|_| {
                let seconds = 3_600.0 * (10.0 + 900.0 * dice.open_unit());
                let time = SimTime::ZERO + SimSpan::from_seconds(seconds);
                (time, Loss { groups: 1, ..loss(HowLost::Wiped, None) })
            })
            .collect();
        let life = life(&class, &[], &losses);
        let mut hours: Vec<f64> =
            life.incidents.iter().map(|one| one.lost.seconds() / 3_600.0).collect();
        hours.sort_by(f64::total_cmp);
        let n = hours.len() as f64;
        let mean = hours.iter().sum::<f64>() / n;
        let error = (36.0 / 12.0 / n).sqrt();
        assert!(((mean - 3.5) / error).abs() < 4.0, "{mean}");
        let p95 = hours[(0.95 * n) as usize];
        // The standard error of a quantile: the root of p (1 - p) / n by the density.
        assert!(((p95 - 6.2) / (6.0 * (0.95 * 0.05 / n).sqrt())).abs() < 4.0, "{p95}");
        let over = hours.iter().filter(|age| **age > 6.0).count() as f64 / n;
        let p = 1.0 / 12.0;
        assert!(((over - p) / (p * (1.0 - p) / n).sqrt()).abs() < 4.0, "{over}");
        assert!(hours[0] >= 0.5 && hours[hours.len() - 1] <= 6.5);
    }

    /// What a life of 1,000 hours comes to for several classes, which take nothing at these times.
    fn lives_of(
        all: &[DataClass],
        fed_by: &[&[usize]],
        losses: &[(SimTime, Loss)],
        refusals: &[Vec<(SimTime, SimTime)>],
    ) -> Vec<Vec<(u64, Stage, u64)>> {
        let way = ObservedWay { source: None, sink: None, offload: None, backup: None };
        let class = |(index, class): (usize, &DataClass)| {
            let (class, fed_by) = (class.clone(), fed_by[index].to_vec());
            ClassWay { index, class, name: index as u64, way, fed_by, groups: 0 }
        };
        let classes: Vec<ClassWay> = all.iter().enumerate().map(class).collect();
        let (luck, end) = (StreamKey::of_life(1, 0), at(1_000 * HOUR));
        let past = Past { luck, from: SimTime::ZERO, end, outages: &[], losses, refusals };
        let lives = lives(&classes, &in_order_of_copying(all), past, &|_, _, _| Struck::Process);
        let hours = |micros: u64| {
            assert_eq!(micros % (HOUR * 1_000_000), 0);
            micros / (HOUR * 1_000_000)
        };
        let shown = |one: &Incident| (hours(one.at.micros()), one.stage, hours(one.lost.micros()));
        lives.iter().map(|life| life.incidents.iter().map(shown).collect()).collect()
    }

    fn lost(class: usize, time: u64) -> (SimTime, Loss) {
        let data = DataId::new(class);
        (at(time * HOUR), Loss { data, ..loss(HowLost::Wiped, None) })
    }

    fn cycle_to(every: u64, usable_after: u64, to: usize) -> Option<Cycle> {
        Some(Cycle { to: Some(to), ..cycle(every * HOUR, usable_after * HOUR) })
    }

    const NEVER_REFUSING: [Vec<(SimTime, SimTime)>; 3] = [Vec::new(), Vec::new(), Vec::new()];

    #[test]
    fn what_was_offloaded_and_is_gone_is_lost_by_whom_it_was_offloaded_to() {
        let all = [DataClass { offload: cycle_to(10, 1, 1), ..class() }, class()];
        let found =
            |losses: &[(SimTime, Loss)]| lives_of(&all, &[&[], &[0]], losses, &NEVER_REFUSING);
        // At 105 what is born up to 100 is there: each loses its own, and together all 105 h are lost.
        let both = found(&[lost(0, 105), lost(1, 105)]);
        assert_eq!(both[0], [(105, Stage::NotOffloaded, 5)]);
        assert_eq!(both[1], [(105, Stage::AllCopies, 100)]);
        // At 100 the one that begins then has not come, and at 0 none has.
        let early = found(&[lost(1, 0), lost(1, 100), lost(0, 103)]);
        assert_eq!(early[1], [(0, Stage::AllCopies, 0), (100, Stage::AllCopies, 90)]);
        assert_eq!(early[0], [(103, Stage::NotOffloaded, 3)]);
    }

    #[test]
    fn a_backup_is_gone_with_the_class_that_it_is_in() {
        let all = [DataClass { backup: cycle_to(10, 2, 1), ..class() }, class()];
        let of_first = |losses: &[(SimTime, Loss)]| {
            lives_of(&all, &[&[], &[]], losses, &NEVER_REFUSING).remove(0)
        };
        assert_eq!(of_first(&[lost(0, 105)]), [(105, Stage::BackupAge, 5)]);
        // Lost with it, or before it; and the next one counts again, once it can be used.
        assert_eq!(of_first(&[lost(0, 105), lost(1, 105)]), [(105, Stage::AllCopies, 105)]);
        assert_eq!(of_first(&[lost(1, 103), lost(0, 105)]), [(105, Stage::AllCopies, 105)]);
        assert_eq!(of_first(&[lost(1, 101), lost(0, 105)]), [(105, Stage::BackupAge, 5)]);
        // Lost as it came.
        assert_eq!(of_first(&[lost(1, 102), lost(0, 105)]), [(105, Stage::AllCopies, 105)]);
        assert_eq!(of_first(&[lost(0, 105), lost(1, 106)]), [(105, Stage::BackupAge, 5)]);
    }

    #[test]
    fn a_backup_of_a_backup_brings_it_back() {
        let backed_up = DataClass { backup: cycle_to(30, 0, 2), ..class() };
        let all = [DataClass { backup: cycle_to(10, 0, 1), ..class() }, backed_up, class()];
        let of_first = |losses: &[(SimTime, Loss)]| {
            lives_of(&all, &[&[], &[], &[]], losses, &NEVER_REFUSING).remove(0)
        };
        // The second goes back to 90, and the first with it.
        assert_eq!(of_first(&[lost(1, 102), lost(0, 105)]), [(105, Stage::BackupAge, 15)]);
        assert_eq!(
            of_first(&[lost(2, 91), lost(1, 102), lost(0, 105)]),
            [(105, Stage::AllCopies, 105)]
        );
        assert_eq!(
            of_first(&[lost(1, 102), lost(2, 103), lost(0, 105)]),
            [(105, Stage::BackupAge, 15)],
            "it is back before the other goes"
        );
    }

    #[test]
    fn a_backup_that_was_offloaded_again_is_gone_with_where_it_is() {
        let offloads = DataClass { offload: cycle_to(30, 0, 2), ..class() };
        let all = [DataClass { backup: cycle_to(10, 0, 1), ..class() }, offloads, class()];
        let of_first = |losses: &[(SimTime, Loss)]| {
            lives_of(&all, &[&[], &[], &[1]], losses, &NEVER_REFUSING).remove(0)
        };
        // Those at 91 to 100 are in the second, all before in the third.
        assert_eq!(of_first(&[lost(2, 102), lost(0, 105)]), [(105, Stage::BackupAge, 5)]);
        assert_eq!(of_first(&[lost(1, 102), lost(0, 105)]), [(105, Stage::BackupAge, 15)]);
        assert_eq!(
            of_first(&[lost(1, 102), lost(2, 102), lost(0, 105)]),
            [(105, Stage::AllCopies, 105)]
        );
    }

    #[test]
    fn what_is_refused_as_it_comes_is_no_backup() {
        let all = [DataClass { backup: cycle_to(10, 2, 1), ..class() }, class()];
        let refusing = |from: u64, until: u64| {
            let refusals = [Vec::new(), vec![(at(from * HOUR), at(until * HOUR))]];
            lives_of(&all, &[&[], &[]], &[lost(0, 105)], &refusals).remove(0)
        };
        assert_eq!(refusing(98, 102), [(105, Stage::BackupAge, 5)], "back as it comes");
        assert_eq!(refusing(98, 103), [(105, Stage::BackupAge, 15)]);
        assert_eq!(refusing(102, 103), [(105, Stage::BackupAge, 15)]);
        assert_eq!(refusing(103, 104), [(105, Stage::BackupAge, 5)]);
        assert_eq!(refusing(2, 1_000), [(105, Stage::AllCopies, 105)]);
    }

    #[test]
    fn the_newest_data_of_a_store_are_gone_with_the_newest_backup() {
        let all = [DataClass { backup: cycle_to(10, 2, 1), ..class() }, class()];
        let unsynced = |newest: u64| {
            let data = DataId::new(1);
            let of = Loss { data, ..loss(HowLost::Unsynced, Some(newest * HOUR)) };
            let losses = [(at(104 * HOUR), of), lost(0, 105)];
            lives_of(&all, &[&[], &[]], &losses, &NEVER_REFUSING).remove(0)
        };
        assert_eq!(unsynced(1), [(105, Stage::BackupAge, 5)]);
        assert_eq!(unsynced(3), [(105, Stage::BackupAge, 15)]);
    }
}
