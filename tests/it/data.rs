//! Copies of data: losses against exact answers and known lives.

use ninefold::dist::Law;
use ninefold::engine::{HowLost, Loss, Observer, Replication, Replicator, Root};
use ninefold::exact::simultaneous_loss;
use ninefold::model::{DataId, JourneyId, Model, compile};
use ninefold::scheme::Scheme;
use ninefold::spec::{
    CatchUp, Crew, DataClass, Discipline, Holding, Latent, Medium, Placement, Rebuild, Repair,
    Scrub, Speed, Topology,
};
use ninefold::units::{SimSpan, SimTime};

const HOUR: f64 = 3_600.0;
const YEAR_HOURS: f64 = 8_760.0;

/// Drives that fail after `mttf` hours in the mean and are back after `repair`, with one class of
/// data on them.
fn drives(count: u32, mttf: f64, repair: &str, scheme: Scheme) -> (Topology, Holding) {
    let text = format!(
        "topology: drives
failures: {{dead: {{every: {mttf}h, repair: {repair}, wipes: true}}}}
domains: {{drive: {{level: drive, count: {count}, fails: [dead]}}}}
journeys: {{any: {{needs: drive-0}}}}"
    );
    let mut topology = Topology::from_str("drives", &text).unwrap();
    topology.modes[0].wipes = 1.0;
    let holding = Holding {
        holders: (0..count as usize).collect(),
        places: (0..count).collect(),
        most_per_place: 1,
        also: Vec::new(),
        scheme,
        ack: None,
        groups: 1,
        placement: Placement::Partitioned,
        medium: Medium::Local,
        size: None,
        rebuild: None,
        unreadable: 0.0,
        latent: None,
        deleted: None,
        lag: None,
        service: None,
        unsynced: None,
        catch_up: CatchUp::AtOnce,
    };
    (topology, holding)
}

fn with_data(mut topology: Topology, holding: Holding) -> Model {
    topology.data.push(DataClass {
        name: "data".to_owned(),
        about: None,
        holding: Some(holding),
        pipeline: None,
        offload: None,
        backup: None,
        restore: None,
        rate: None,
        retention: None,
    });
    compile(&topology)
}

/// Keeps what it is told of data.
#[derive(Default)]
struct Watcher {
    losses: Vec<(SimTime, Loss)>,
    stops_at_loss: bool,
    lost: Vec<(SimTime, u32)>,
    unreadable: Vec<(SimTime, u32)>,
}

impl Observer for Watcher {
    fn on_down(&mut self, _: JourneyId, _: SimTime, _: Root) {}
    fn on_up(&mut self, _: JourneyId, _: SimTime, _: Root) {}
    fn on_loss(&mut self, at: SimTime, loss: Loss) {
        self.losses.push((at, loss));
    }
    fn on_lost_copies(&mut self, _: DataId, at: SimTime, lost: u32) {
        self.lost.push((at, lost));
    }
    fn on_unreadable_groups(&mut self, _: DataId, at: SimTime, groups: u32) {
        self.unreadable.push((at, groups));
    }
    fn has_seen_enough(&self) -> bool {
        self.stops_at_loss && !self.losses.is_empty()
    }
}

fn hours(hours: f64) -> SimTime {
    SimTime::ZERO + SimSpan::from_seconds(hours * HOUR)
}

/// What is seen of the first life of so many hours.
fn watched(model: &Model, horizon: f64) -> Watcher {
    let mut watcher = Watcher::default();
    let mut replicator = Replicator::new(model, hours(horizon), u64::MAX);
    replicator.replicate(Replication { seed: 1, number: 0 }, &mut watcher).unwrap();
    watcher
}

/// The share of lives of so many hours in which data are lost must be `exact`, and the mean time to
/// the first loss `mttdl` hours where that is short enough to wait for.
fn assert_loses(what: &str, model: &Model, horizon: f64, exact: f64, mttdl: Option<f64>) {
    const LIVES: u64 = 20_000;
    let mut replicator = Replicator::new(model, hours(horizon), u64::MAX);
    let mut lost = 0;
    for number in 0..LIVES {
        let mut watcher = Watcher { stops_at_loss: true, ..Watcher::default() };
        replicator.replicate(Replication { seed: 1, number }, &mut watcher).unwrap();
        lost += u64::from(!watcher.losses.is_empty());
    }
    let share = lost as f64 / LIVES as f64;
    let error = (exact * (1.0 - exact) / LIVES as f64).sqrt();
    let sigmas = (share - exact) / error;
    assert!(sigmas.abs() < 4.0, "{what}: {share} against {exact}, {sigmas:.1} standard errors");
    let Some(mttdl) = mttdl else { return };
    let mut replicator = Replicator::new(model, hours(1e3 * mttdl), u64::MAX);
    const FEWER: u64 = 4_000;
    let (mut sum, mut squares) = (0.0, 0.0);
    for number in 0..FEWER {
        let mut watcher = Watcher { stops_at_loss: true, ..Watcher::default() };
        replicator.replicate(Replication { seed: 1, number }, &mut watcher).unwrap();
        let at = (watcher.losses[0].0 - SimTime::ZERO).seconds() / HOUR;
        (sum, squares) = (sum + at, squares + at * at);
    }
    let mean = sum / FEWER as f64;
    let error = ((squares / FEWER as f64 - mean * mean) / FEWER as f64).sqrt();
    let sigmas = (mean - mttdl) / error;
    assert!(sigmas.abs() < 4.0, "{what}: MTTDL {mean} against {mttdl}, {sigmas:.1}");
}

#[test]
fn groups_of_drives_are_lost_as_often_as_they_must() {
    // Three copies, each rebuilt on its own: an absorbing chain of four states.
    let (topology, holding) = drives(3, 1_000.0, "{exponential: 24h}", Scheme::copies(3));
    let model = with_data(topology, holding);
    assert_loses("rf3", &model, YEAR_HOURS, 0.013_773_457_574_854_8, None);
    // Six data and three parity shards.
    let (topology, holding) = drives(9, 1_000.0, "{exponential: 48h}", Scheme::erasure(6, 3));
    let model = with_data(topology, holding);
    let mttdl = Some(30_480.921_149);
    assert_loses("rs-6-3", &model, YEAR_HOURS, 0.248_430_157_675_103_6, mttdl);
    // Two copies that take exactly as long to rebuild.
    let (topology, holding) = drives(2, 1_000.0, "36h", Scheme::copies(2));
    let model = with_data(topology, holding);
    assert_loses("rf2", &model, YEAR_HOURS, 0.439_047_327_968_705, Some(15_140.388_856));
}

#[test]
fn rebuilds_one_at_a_time_take_longer() {
    // Drives are replaced at once; what counts is the rebuild, one at a time.
    let (topology, holding) = drives(3, 1_000.0, "0s", Scheme::copies(3));
    let law = Law::exponential(24.0 * HOUR).unwrap();
    let rebuild = Rebuild { at_a_time: Some(1), ..Rebuild::new(Speed::Law(law)) };
    let parallel = Rebuild { at_a_time: None, ..rebuild.clone() };
    let serial = Holding { rebuild: Some(rebuild), ..holding.clone() };
    let model = with_data(topology.clone(), serial);
    assert_loses("serial", &model, 10.0 * YEAR_HOURS, 0.240_073_720_051_342_5, None);
    let model = with_data(topology, Holding { rebuild: Some(parallel), ..holding });
    assert_loses("parallel", &model, 10.0 * YEAR_HOURS, 0.129_935_908_888_472_6, None);
}

#[test]
fn what_is_unreadable_is_found_at_the_end_of_a_rebuild() {
    let (topology, holding) = drives(8, 5_000.0, "{exponential: 18h}", Scheme::erasure(7, 1));
    let model = with_data(topology, Holding { unreadable: 0.08, ..holding });
    assert_loses("unreadable", &model, YEAR_HOURS, 0.753_410_592_021_777_6, Some(6_261.882_129));
}

#[test]
fn placements_decide_how_much_is_lost() {
    let (topology, holding) = drives(9, 1_000.0, "{exponential: 24h}", Scheme::copies(3));
    let every = Holding { placement: Placement::EveryCombination, ..holding.clone() };
    let model = with_data(topology.clone(), every);
    assert_loses("any three", &model, YEAR_HOURS, 0.608_660_756_652_963_4, Some(9_335.097));
    let model = with_data(topology, Holding { groups: 3, ..holding });
    assert_loses("three sets", &model, YEAR_HOURS, 0.040_753_861_260_794_8, None);
}

#[test]
fn defects_show_when_the_other_copy_is_lost() {
    let (topology, holding) = drives(2, 3_000.0, "{exponential: 12h}", Scheme::copies(2));
    let latent = Latent {
        every: Law::exponential(2_000.0 * HOUR).unwrap(),
        scrub: Some(Scrub::After(Law::exponential(168.0 * HOUR).unwrap())),
        spoils_all: false,
    };
    let model = with_data(topology, Holding { latent: Some(latent), ..holding });
    assert_loses("latent", &model, YEAR_HOURS, 0.346_111_015_850_729_5, Some(20_437.466_21));
}

/// Whether one of so many blocks is lost in so many cycles, if a copy goes bad in one with this probability.
fn rots(goes_bad: f64, copies: u32, blocks_and_cycles: f64) -> f64 {
    -(blocks_and_cycles * (-goes_bad.powi(copies as i32)).ln_1p()).exp_m1()
}

/// Copies of blocks that go bad, and are read and mended together at the end of each cycle: a block is lost if all of its
/// copies go bad in one.
///
/// A published case (20 years in 41 cycles of 180 days, three copies of 16 TiB in blocks of 512 KiB, 4,932 faults to a
/// cycle) is the same formula with 33,554,432 blocks; here one block has as many cycles and goes bad far more often.
#[test]
fn blocks_that_rot_are_lost_if_all_copies_do_between_two_scrubs() {
    let blocks = 33_554_432.0;
    let published = rots(-(-4_932.0_f64 / blocks).exp_m1(), 3, 41.0 * blocks);
    assert!((published / 4.358_222_98e-3 - 1.0).abs() < 1e-7, "{published}");
    for (copies, spoils_all, every, cycle, cycles) in [
        (2, true, 8_000.0, 4_320.0, 5.0),
        (3, true, 20_000.0, 4_320.0, 41.0),
        (2, false, 8_000.0, 4_320.0, 5.0),
    ] {
        let (topology, holding) = drives(copies, 1e12, "1h", Scheme::copies(copies));
        let latent = Latent {
            every: Law::exponential(every * HOUR).unwrap(),
            scrub: Some(Scrub::Cycle(SimSpan::from_seconds(cycle * HOUR))),
            spoils_all,
        };
        let model = with_data(topology, Holding { latent: Some(latent), ..holding });
        let goes_bad = -(-cycle / every).exp_m1();
        let horizon = cycles * cycle;
        match spoils_all {
            true => assert_loses("rot", &model, horizon, rots(goes_bad, copies, cycles), None),
            false => assert!(watched(&model, 50.0 * horizon).losses.is_empty()),
        }
    }
}

/// The same without cycles, each mended by itself: of two copies each is bad for a time of its own.
#[test]
fn blocks_that_rot_are_lost_while_all_copies_are_bad() {
    let (every, lasts) = (2_000.0, 300.0);
    let (topology, holding) = drives(2, 1e12, "1h", Scheme::copies(2));
    let latent = Latent {
        every: Law::exponential(every * HOUR).unwrap(),
        scrub: Some(Scrub::After(Law::exponential(lasts * HOUR).unwrap())),
        spoils_all: true,
    };
    let model = with_data(topology, Holding { latent: Some(latent), ..holding });
    // Of a repairable pair: (3 l + m) / (2 l^2) until both are out at once.
    let (l, m) = (1.0 / every, 1.0 / lasts);
    let mttdl = (3.0 * l + m) / (2.0 * l * l);
    let root = ((l + m + 2.0 * l).powi(2) - 8.0 * l * l).sqrt();
    let (slow, fast) = (0.5 * (3.0 * l + m - root), 0.5 * (3.0 * l + m + root));
    let left = |t: f64| (fast * (-slow * t).exp() - slow * (-fast * t).exp()) / (fast - slow);
    assert_loses("rot", &model, YEAR_HOURS, 1.0 - left(YEAR_HOURS), Some(mttdl));
    let seen = watched(&model, 1e5 * YEAR_HOURS);
    assert!(seen.losses.len() > 100);
    assert!(seen.losses.iter().all(|(_, loss)| loss.how == HowLost::Latent));
    // What is new after a loss may go bad again: losses come as often as they do at first.
    let rate = seen.losses.len() as f64 / (1e5 * YEAR_HOURS / mttdl);
    assert!((rate - 1.0).abs() < 4.0 / (seen.losses.len() as f64).sqrt(), "{rate}");
}

#[test]
fn deletions_take_everything() {
    let (topology, holding) = drives(3, 1e9, "1h", Scheme::copies(3));
    let deleted = Some(Law::exponential(YEAR_HOURS * HOUR).unwrap());
    let model = with_data(topology, Holding { deleted, groups: 7, ..holding });
    let exact = 1.0 - (-1.0_f64).exp();
    assert_loses("deleted", &model, YEAR_HOURS, exact, Some(YEAR_HOURS));
    assert!(
        watched(&model, 10.0 * YEAR_HOURS)
            .losses
            .iter()
            .all(|(_, loss)| loss.how == HowLost::Deleted && loss.groups == 7)
    );
}

#[test]
fn spares_run_out() {
    let (mut topology, holding) = drives(10, 1_500.0, "{exponential: 12h}", Scheme::erasure(8, 2));
    topology.crews.push(Crew {
        name: "shelf".to_owned(),
        size: 2,
        response: None,
        off_hours: None,
        hours: None,
        works_in_hours: false,
        picks: Discipline::Fifo,
        reorder: Some(Law::exponential(168.0 * HOUR).unwrap()),
        escalates: None,
    });
    let Repair::After(stages) = &mut topology.modes[0].repair else { unreachable!() };
    stages[0].crew = Some(0);
    let model = with_data(topology, holding);
    assert_loses("spares", &model, YEAR_HOURS, 0.807_139_537_506_710_9, Some(5_437.207_384));
}

/// Drives that fail once, at these hours, are replaced at once, and are rebuilt at 100 MB/s, ten
/// hours' worth of it.
fn rebuilt_after(fails_at: &[f64], rebuild: Rebuild) -> Vec<(f64, u32)> {
    let mut calendar = String::new();
    for (number, at) in fails_at.iter().enumerate() {
        let order = format!("order: [drive-{number}], each: 0s, regardless: true");
        calendar += &format!("dead-{number}: {{every: 9000h, at: {at}h, {order}}}, ");
    }
    let text = format!(
        "topology: drives\ncalendar: {{{calendar}}}
domains: {{drive: {{level: drive, count: {}}}}}\njourneys: {{any: {{needs: drive-0}}}}",
        // One more, so that something is left.
        fails_at.len() + 1
    );
    let mut topology = Topology::from_str("drives", &text).unwrap();
    topology.modes.iter_mut().for_each(|mode| mode.wipes = 1.0);
    let (_, holding) = drives(fails_at.len() as u32 + 1, 1.0, "1h", Scheme::copies(3));
    let scheme = Scheme::erasure(1, fails_at.len() as u32);
    let model = with_data(topology, Holding { rebuild: Some(rebuild), scheme, ..holding });
    let watcher = watched(&model, 90.0);
    assert!(watcher.losses.is_empty());
    let in_hours = |at: SimTime| (at - SimTime::ZERO).seconds() / HOUR;
    watcher.lost.iter().map(|(at, lost)| (in_hours(*at), *lost)).collect()
}

/// Ten hours at a hundred megabytes a second.
const TEN_HOURS_OF_BYTES: f64 = 3.6e12;

fn by_bandwidth(each: Option<f64>, shared: Option<f64>) -> Rebuild {
    let per_level = Vec::new();
    let bytes = TEN_HOURS_OF_BYTES;
    Rebuild::new(Speed::Bandwidth { bytes, each, shared, source: None, per_level })
}

#[test]
fn rebuilds_share_bandwidth() {
    // Alone for 2 of its 10 hours; then both at half the speed until the first is through; the
    // second has 2 hours' worth left by then.
    let shared = by_bandwidth(None, Some(1e8));
    let told = rebuilt_after(&[10.0, 12.0], shared.clone());
    assert_eq!(told, [(10.0, 1), (12.0, 2), (28.0, 1), (30.0, 0)]);
    // Each with its own bandwidth: neither knows of the other.
    let each = by_bandwidth(Some(1e8), None);
    let told = rebuilt_after(&[10.0, 12.0], each.clone());
    assert_eq!(told, [(10.0, 1), (12.0, 2), (20.0, 1), (22.0, 0)]);
    // Enough for both: what each has is the limit.
    let told = rebuilt_after(&[10.0, 12.0], by_bandwidth(Some(1e8), Some(2e8)));
    assert_eq!(told, [(10.0, 1), (12.0, 2), (20.0, 1), (22.0, 0)]);
    // Of two that can be read each gives half: twice as fast. Then one is left to read from for both, until the first is
    // through.
    let source = match shared.speed.clone() {
        Speed::Bandwidth { bytes, per_level, .. } => Rebuild::new(Speed::Bandwidth {
            bytes,
            each: None,
            shared: None,
            source: Some(1e8),
            per_level,
        }),
        Speed::Law(_) => unreachable!(),
    };
    let told = rebuilt_after(&[10.0, 12.0], source);
    assert_eq!(told, [(10.0, 1), (12.0, 2), (24.0, 1), (26.0, 0)]);
    // One on each of two nodes shares with nobody, two on one node do.
    let per_node = |nodes: Vec<u32>| {
        let speed = Speed::Bandwidth {
            bytes: TEN_HOURS_OF_BYTES,
            each: None,
            shared: None,
            source: None,
            per_level: vec![(nodes, 1e8)],
        };
        Rebuild { speed, ..shared.clone() }
    };
    let told = rebuilt_after(&[10.0, 12.0], per_node(vec![0, 1, 2]));
    assert_eq!(told, [(10.0, 1), (12.0, 2), (20.0, 1), (22.0, 0)]);
    let told = rebuilt_after(&[10.0, 12.0], per_node(vec![0, 0, 2]));
    assert_eq!(told, [(10.0, 1), (12.0, 2), (28.0, 1), (30.0, 0)]);
}

#[test]
fn rebuilds_wait_as_they_are_told() {
    let each = by_bandwidth(Some(1e8), None);
    // An hour passes until somebody notices.
    let detect = Some(Law::fixed(HOUR).unwrap());
    let told = rebuilt_after(&[10.0, 80.0], Rebuild { detect, ..each.clone() });
    assert_eq!(told, [(10.0, 1), (21.0, 0), (80.0, 1)]);
    // One at a time, the first come first.
    let told = rebuilt_after(&[10.0, 12.0], Rebuild { at_a_time: Some(1), ..each.clone() });
    assert_eq!(told, [(10.0, 1), (12.0, 2), (20.0, 1), (30.0, 0)]);
    // The first waits for the second to be lost too.
    let told = rebuilt_after(&[10.0, 40.0], Rebuild { lazy: 2, ..each });
    assert_eq!(told, [(10.0, 1), (40.0, 2), (50.0, 0)]);
}

/// Cidon et al., *Copysets: reducing the frequency of data loss in cloud storage*, USENIX ATC 2013: of
/// 5,000 nodes 50 are lost at once, computed anew from their formulas.
#[test]
fn copysets_are_lost_as_often_as_their_authors_say() {
    let (topology, holding) = drives(5_000, 1e9, "1h", Scheme::copies(3));
    let random = Placement::Random { seed: 1 };
    let copyset = |scatter_width| Placement::Copyset { scatter_width, seed: 1 };
    let cases = [
        ("one permutation", Placement::Partitioned, Scheme::copies(3), 1_666, 0.001_567),
        ("five permutations", copyset(10), Scheme::copies(3), 8_330, 0.007_81),
        ("275,000 random sets", random.clone(), Scheme::copies(3), 275_000, 0.2281),
        ("RS(4,2), one permutation", Placement::Partitioned, Scheme::erasure(4, 2), 833, 0.015_237),
    ];
    for (name, placement, scheme, groups, exact) in cases {
        let holding = Holding { placement, scheme, groups, ..holding.clone() };
        let model = with_data(topology.clone(), holding);
        let found = simultaneous_loss(model.holding(DataId::new(0)), 50);
        let error = (exact * (1.0 - exact) / found.tried as f64).sqrt();
        let sigmas = (found.p_loss.mean - exact) / error;
        assert!(sigmas.abs() < 4.0, "{name}: {found:?} against {exact}");
    }
    // All 84 triples of nine: by hand, three sets are three of them, and four holders have four.
    let (topology, holding) = drives(9, 1e9, "1h", Scheme::copies(3));
    let model = with_data(topology, Holding { groups: 3, ..holding });
    for (lost, exact) in [(3, 3.0 / 84.0), (4, 3.0 * 6.0 / 126.0)] {
        let found = simultaneous_loss(model.holding(DataId::new(0)), lost);
        assert!(found.is_exact && (found.p_loss.mean - exact).abs() < 1e-12, "{found:?}");
        // Each triple is all of three or four, which are three apart.
        assert!((found.p_group.unwrap() - exact / 3.0).abs() < 1e-12, "{found:?}");
    }
}

/// One given group of any code, against all sets of holders one by one; and where too few sets are drawn to see any
/// loss, all groups together are a bound.
#[test]
fn one_group_is_lost_as_often_as_an_enumeration_says() {
    for scheme in [
        Scheme::copies(2),
        Scheme::erasure(4, 2),
        Scheme::local_reconstruction(4, 2, 1, 1),
        Scheme::Nested { outer: (3, 1), inner: (2, 1) },
    ] {
        let width = scheme.width();
        let (topology, holding) = drives(11, 1e9, "1h", scheme.clone());
        let model = with_data(topology, Holding { groups: 1, ..holding });
        for lost in scheme.tolerance() + 1..=11 {
            let (mut fatal, mut all) = (0, 0);
            for set in 0..1_u32 << 11 {
                if set.count_ones() == lost {
                    let positions: Vec<u32> =
                        (0..width).filter(|position| set >> position & 1 == 1).collect();
                    fatal += u32::from(!scheme.can_recover(&positions));
                    all += 1;
                }
            }
            let exact = f64::from(fatal) / f64::from(all);
            let found = simultaneous_loss(model.holding(DataId::new(0)), lost).p_group.unwrap();
            assert!((found - exact).abs() < 1e-12, "{scheme:?}, {lost}: {found} is not {exact}");
        }
    }
    // One group on all of so many that their sets have no number.
    let (topology, holding) = drives(3_000, 1e9, "1h", Scheme::copies(2));
    let wide = Holding { placement: Placement::EveryCombination, ..holding };
    let model = with_data(topology, wide);
    for (lost, exact) in [(1, 0.0), (2, 1.0), (1_500, 1.0)] {
        let found = simultaneous_loss(model.holding(DataId::new(0)), lost).p_group.unwrap();
        assert!((found - exact).abs() < 1e-9, "{lost}: {found}");
    }
    let (topology, holding) = drives(5_000, 1e9, "1h", Scheme::erasure(6, 3));
    let model = with_data(topology, Holding { groups: 100, ..holding });
    let found = simultaneous_loss(model.holding(DataId::new(0)), 4);
    // 126 sets of four of nine, of 5,000 x 4,999 x 4,998 x 4,997 / 24.
    let exact = 126.0 * 24.0 / (5_000.0 * 4_999.0 * 4_998.0 * 4_997.0);
    assert!((found.p_group.unwrap() / exact - 1.0).abs() < 1e-12, "{found:?}");
    assert_eq!((found.p_loss.mean, found.is_exact), (0.0, false));
    let (_, most) = found.p_loss.ci95.unwrap();
    assert!((most / (100.0 * exact) - 1.0).abs() < 1e-12, "{found:?}");
}

/// Three copies of which two must have new data. The first is away from 10 h to 11 h and never gets
/// what it missed; the other two have it, until both are wiped before either is back.
#[test]
fn what_a_copy_missed_is_lost_with_those_that_had_it() {
    let lives = |second_at: f64, catch_up: CatchUp| {
        let each = |copy: u32, at: f64, takes: f64| {
            let order = format!("order: [drive-{copy}], each: {takes}h, regardless: true");
            format!("p{copy}: {{every: 9000h, at: {at}h, {order}}}, ")
        };
        let calendar = each(0, 10.0, 1.0) + &each(1, 20.0, 5.0) + &each(2, second_at, 5.0);
        let text = format!(
            "topology: drives\ncalendar: {{{calendar}}}
domains: {{drive: {{level: drive, count: 3}}}}\njourneys: {{any: {{needs: drive-0}}}}"
        );
        let mut topology = Topology::from_str("drives", &text).unwrap();
        topology.modes[1].wipes = 1.0;
        topology.modes[2].wipes = 1.0;
        let (_, holding) = drives(3, 1.0, "1h", Scheme::copies(3));
        let model = with_data(topology, Holding { ack: Some(2), catch_up, ..holding });
        watched(&model, 90.0).losses
    };
    let losses = lives(22.0, CatchUp::Never);
    let [(at, loss)] = losses.as_slice() else { panic!("{losses:?}") };
    assert_eq!((*at, loss.how, loss.groups), (hours(22.0), HowLost::Missed, 0));
    assert_eq!(loss.newest, Some(SimSpan::from_seconds(HOUR)));
    assert_eq!(loss.age, SimSpan::from_seconds(11.0 * HOUR));
    // The second is back before the third is lost, and has got it from there.
    assert!(lives(30.0, CatchUp::Never).is_empty());
    // The first has caught up in the meantime, or has not yet.
    let after = |hours: f64| CatchUp::After(Law::fixed(hours * HOUR).unwrap());
    assert!(lives(22.0, after(2.0)).is_empty());
    assert_eq!(lives(22.0, after(20.0)).len(), 1);
    assert!(lives(22.0, CatchUp::AtOnce).is_empty());
}

#[test]
fn what_two_copies_have_acknowledged_is_lost_with_two_of_them() {
    // `x` goes at 100 and `y` takes over; with two copies of an acknowledgement `y` has all, unless `z`, which the third is
    // on, goes with `x`. If `z` has gone before, the two that were left have had everything since.
    let losses = |ack: u32, z: &str| {
        let text = format!(
            "topology: lag
failures: {{down: {{every: {{fixed: 100h}}, repair: 10h}}, early: {{every: {{fixed: {z}h}}, repair: 50h}}}}
domains: {{x: {{fails: [down]}}, y: {{}}, z: {{fails: [early]}}}}
services: {{db: {{replicas: 3, on: [x, y, z], leader: {{failover: 30s}}}}}}
data: {{orders: {{held_by: db, copies: 3, ack: {ack}, lag: 7s}}}}
journeys: {{j: {{needs: db}}}}"
        );
        let model = compile(&Topology::from_str("lag", &text).unwrap());
        watched(&model, 120.0).losses.len()
    };
    assert_eq!(
        [losses(1, "500"), losses(2, "500"), losses(2, "100"), losses(2, "90"), losses(3, "90")],
        [1, 0, 1, 0, 0]
    );
}
