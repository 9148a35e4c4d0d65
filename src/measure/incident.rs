//! The incidents of one life in which data were lost: how much, at which stage of their way, and why.

use serde::{Deserialize, Serialize};

use super::elsewhere::Cycles;
use super::outage::Outage;
use super::pipeline::{Conservation, Struck, walk};
use crate::engine::{HowLost, Loss, Root};
use crate::model::{ClockId, Model, ObservedWay, observed_ways};
use crate::rng::{Purpose, StreamKey, hash_text};
use crate::spec::{Cycle, DataClass, Topology};
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
}

/// What the copies of a data class came to in one life, while it was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CopiesOfLife {
    /// How long at least one of them was lost and not yet back.
    pub reduced: SimSpan,
    /// For how long groups could not be read, summed over groups, microseconds.
    pub unreadable_micros: u128,
    /// How many lost ones came back.
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
    classes: Vec<ClassWay>,
    /// What each clock strikes of what is born on its unit or above it.
    struck: Vec<Struck>,
}

#[derive(Clone, Debug)]
struct ClassWay {
    class: DataClass,
    name: u64,
    way: ObservedWay,
}

impl LossFinder {
    pub(super) fn new(topology: &Topology, model: &Model, seed: u64) -> LossFinder {
        let classes = topology.data.iter().zip(observed_ways(topology));
        let struck = |clock| {
            let (unit, mode) = model.origin(ClockId::new(clock));
            match topology.units[unit.index()].level {
                _ if topology.modes[mode].wipes => Struck::Wiped,
                None => Struck::Process,
                Some(_) => Struck::Below,
            }
        };
        let clocks = if topology.data.is_empty() { 0 } else { model.clock_count() };
        LossFinder {
            seed,
            classes: classes
                .map(|(class, way)| ClassWay {
                    class: DataClass { holding: None, ..class.clone() },
                    name: hash_text(&class.name),
                    way,
                })
                .collect(),
            struck: (0..clocks).map(struck).collect(),
        }
    }

    /// What a life that ends at `end` came to for each data class, without what copies did.
    pub(super) fn find(
        &self,
        replication: u64,
        end: SimTime,
        outages: &[Outage],
        losses: &[(SimTime, Loss)],
    ) -> Vec<LifeOfData> {
        let luck = StreamKey::of_life(self.seed, replication);
        let of_class = |(index, one): (usize, &ClassWay)| {
            let of_class = losses.iter().filter(|(_, loss)| loss.data.index() == index);
            let struck = |root: Root| self.struck[root.clock.index()];
            one.life(luck, end, outages, of_class, &struck)
        };
        self.classes.iter().enumerate().map(of_class).collect()
    }
}

impl ClassWay {
    fn life<'a, 'c>(
        &'c self,
        luck: StreamKey,
        end: SimTime,
        outages: &[Outage],
        losses: impl Iterator<Item = &'a (SimTime, Loss)>,
        struck: &impl Fn(Root) -> Struck,
    ) -> LifeOfData {
        let mut life = LifeOfData::default();
        let of = |observed: Option<usize>| {
            outages.iter().filter(move |outage| Some(outage.journey.index()) == observed)
        };
        if let Some(pipeline) = &self.class.pipeline {
            let (source, sink) = (of(self.way.source), of(self.way.sink));
            let (lost, conservation) = walk(pipeline.buffer.as_ref(), source, sink, end, struck);
            life.conservation = conservation;
            life.incidents.extend(lost.iter().map(|loss| Incident {
                at: loss.at,
                stage: if loss.was_recorded { Stage::Buffer } else { Stage::NeverRecorded },
                lost: loss.lost,
                groups: 0,
                cause: loss.cause,
                restored_in: None,
            }));
        }
        let cycles = |cycle: &'c Option<Cycle>, purpose, observed| {
            let down = of(observed).copied().collect();
            cycle.as_ref().map(|cycle| Cycles::new(cycle, down, luck.of(self.name, purpose), end))
        };
        let mut elsewhere = Elsewhere {
            offload: cycles(&self.class.offload, Purpose::Offload, self.way.offload),
            backup: cycles(&self.class.backup, Purpose::Backup, self.way.backup),
            restore: luck.of(self.name, Purpose::Restore),
            restored: 0,
        };
        let first_of_copies = life.incidents.len();
        for (at, loss) in losses {
            let incident = elsewhere.incident(&self.class, *at, loss);
            if incident.lost == SimSpan::ZERO && loss.newest.is_some() {
                continue;
            }
            // What is lost at one instant in one way is one incident, however it was told.
            let same = life.incidents[first_of_copies..]
                .iter_mut()
                .rev()
                .take_while(|other| other.at == *at)
                .find(|other| other.stage == incident.stage);
            match same {
                Some(other) => {
                    other.groups = other.groups.saturating_add(incident.groups);
                    other.lost = other.lost.max(incident.lost);
                }
                None => life.incidents.push(incident),
            }
        }
        life.incidents.sort_by_key(|incident| incident.at);
        life
    }
}

/// Where else data of a class are, in one life.
struct Elsewhere<'a> {
    offload: Option<Cycles<'a>>,
    backup: Option<Cycles<'a>>,
    /// How long restorations take, and how many there were.
    restore: StreamKey,
    restored: u32,
}

impl Elsewhere<'_> {
    fn incident(&mut self, class: &DataClass, at: SimTime, loss: &Loss) -> Incident {
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
        let reach = class.retention.unwrap_or(SimSpan::FOREVER);
        let of = |cycles: &Option<Cycles<'_>>| cycles.as_ref()?.last_usable(at);
        if let Some(newest) = loss.newest {
            // What was born long ago may have been offloaded since, or kept for long enough.
            let oldest = (loss.age + newest).min(reach);
            let oldest = of(&self.offload).map_or(oldest, |since| oldest.min(at - since));
            incident.lost = oldest - loss.age.min(oldest);
            return incident;
        }
        let (offloaded, backed_up) = (of(&self.offload), of(&self.backup));
        let since = match (offloaded, backed_up) {
            (Some(offloaded), backed_up) if backed_up.is_none_or(|backup| backup <= offloaded) => {
                incident.stage = Stage::NotOffloaded;
                offloaded
            }
            (_, Some(backed_up)) => {
                incident.stage = Stage::BackupAge;
                backed_up
            }
            _ => SimTime::ZERO,
        };
        // Nobody loses what was no longer kept.
        incident.lost = (at - since).min(reach);
        if let (Some(law), Some(_)) = (&class.restore, backed_up) {
            let seconds = law.draw(&mut self.restore.draw(self.restored));
            incident.restored_in = Some(SimSpan::from_seconds(seconds));
            self.restored += 1;
        }
        incident
    }
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
            retention: None,
        }
    }

    fn cycle(every: u64, usable_after: u64) -> Cycle {
        Cycle {
            every: Law::fixed(every as f64).unwrap(),
            usable_after: Law::fixed(usable_after as f64).unwrap(),
            fails: 0.0,
            needs: None,
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
        let one = ClassWay { class: class.clone(), name: hash_text("samples"), way };
        let luck = StreamKey::of_life(1, 0);
        one.life(luck, at(1_000 * HOUR), outages, losses.iter(), &|_| Struck::Process)
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
        let losses: Vec<_> =
            (0..100_000).map(|k| (at((k + 100) * HOUR), loss(HowLost::Wiped, None))).collect();
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
                (time, loss(HowLost::Wiped, None))
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
}
