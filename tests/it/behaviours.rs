//! One small system for each behaviour, with fixed times, so that its life is known to the second.

use ninefold::Until;
use ninefold::measure::Recorder;
use ninefold::run::LifeWatcher;
use ninefold::units::{SimTime, parse_duration};

use crate::common::{compiled, live};

/// The outages of one life, as `journey: from-to mode@unit`, hours; `..` for one that the end cut
/// short, `planned` for one that somebody meant, `for` what prolonged it; and with `~` for `:` the
/// times in which a journey was not whole.
pub(crate) fn life(text: &str) -> Vec<String> {
    let text = format!("topology: behaviour\n{text}");
    let system = compiled(&text);
    let mut recorder = Recorder::new(
        system.model().journey_count(),
        system.topology().journeys.len(),
        Until::Horizon,
    );
    let lived = live(&system, 1, &mut recorder);
    let topology = system.topology();
    let hours = |time: SimTime| time.micros() as f64 / 3.6e9;
    recorder
        .take(0, lived.events, lived.end)
        .outages
        .iter()
        .map(|outage| {
            let (unit, mode) = system.model().origin(outage.cause.clock);
            let degradable = ninefold::model::degradable_journeys(topology);
            let index = outage.journey.index();
            let name = |index: usize| topology.journeys[index].name.as_str();
            let journey = match index.checked_sub(topology.journeys.len()) {
                None => format!("{}:", name(index)),
                Some(place) => format!("{}~", name(degradable[place])),
            };
            let prolonged = outage.prolonged_by().map_or_else(String::new, |root| {
                let (unit, mode) = system.model().origin(root.clock);
                let (unit, mode) = (&topology.units[unit.index()], &topology.modes[mode]);
                format!(" for {}@{}", mode.name, unit.path)
            });
            let planned = if outage.cause.is_planned { " planned" } else { "" };
            format!(
                "{journey} {}-{}{} {}@{}{planned}{prolonged}",
                hours(outage.start),
                hours(outage.end),
                if outage.is_censored() { ".." } else { "" },
                topology.modes[mode].name,
                topology.units[unit.index()].path
            )
        })
        .collect()
}

#[track_caller]
pub(crate) fn check(text: &str, outages: &[&str]) {
    assert_eq!(life(text), outages);
}

#[test]
fn a_clock_runs_while_its_unit_is_up_and_restoration_renews_it() {
    check(
        "horizon: 40h
failures: {down: {every: {fixed: 10h}, repair: 2h}}
domains: {node: {fails: [down]}}
journeys: {j: {needs: node}}",
        &["j: 10-12 down@node", "j: 22-24 down@node", "j: 34-36 down@node"],
    );
}

#[test]
fn two_modes_of_a_unit_keep_their_own_age_while_it_is_down() {
    // `b` has lived 10 of its 15 hours when `a` stops everything for 2: it strikes at 17, not at 15,
    // and `a` has lived 5 of its 10 by then.
    check(
        "horizon: 30h
failures: {a: {every: {fixed: 10h}, repair: 2h}, b: {every: {fixed: 15h}, repair: 1h}}
domains: {node: {fails: [a, b]}}
journeys: {j: {needs: node}}",
        &["j: 10-12 a@node", "j: 17-18 b@node", "j: 23-25 a@node"],
    );
}

#[test]
fn a_clock_that_always_runs_ignores_what_is_down() {
    // Points at 4, 8, 12, ...: the one at 12 finds the mode active since 8.
    check(
        "horizon: 15h
failures: {a: {every: {fixed: 4h}, repair: 5h, clock: always}}
domains: {node: {fails: [a]}}
journeys: {j: {needs: node}}",
        &["j: 4-9 a@node", "j: 12-15.. a@node"],
    );
}

#[test]
fn a_guest_is_down_with_its_host_and_then_starts() {
    check(
        "horizon: 30h
failures: {down: {every: {fixed: 10h}, repair: 2h}}
domains: {zone: {fails: [down]}, node: {in: zone, start: 1h}}
services: {web: {on: node, start: 30m}}
journeys: {node: {needs: node}, web: {needs: web}}",
        &[
            "node: 10-13 down@zone",
            "web: 10-13.5 down@zone",
            "node: 22-25 down@zone",
            "web: 22-25.5 down@zone",
        ],
    );
}

#[test]
fn a_machine_keeps_its_age_through_an_outage_of_its_host_and_a_process_begins_anew() {
    // The zone is down from 10 to 12. The machine has 2 hours left then; the process starts new.
    check(
        "horizon: 25h
failures:
  zone-down: {every: {fixed: 10h}, repair: {mixture: [{p: 100%, fixed: 2h}]}}
  wear: {every: {fixed: 12h}, repair: 1h}
domains: {zone: {fails: [zone-down]}, node: {in: zone, fails: [wear]}}
services: {web: {on: zone, fails: [wear]}}
journeys: {node: {needs: node}, web: {needs: web}}",
        &[
            "node: 10-12 zone-down@zone",
            "web: 10-12 zone-down@zone",
            "node: 14-15 wear@node",
            "node: 22-24 zone-down@zone",
            "web: 22-24 zone-down@zone",
        ],
    );
}

#[test]
fn an_interrupted_start_begins_anew() {
    // Up again at 11 the node starts for 3 hours; the zone goes down at 12 for 2 hours, so that the
    // start begins anew at 14.
    check(
        "horizon: 20h
failures: {zone-down: {every: {fixed: 12h}, repair: 2h}, node-down: {every: {fixed: 10h}, repair: 1h}}
domains: {zone: {fails: [zone-down]}, node: {in: zone, start: 3h, fails: [node-down]}}
journeys: {j: {needs: node}}",
        &["j: 10-17 node-down@node"],
    );
}

#[test]
fn repair_goes_on_while_the_host_is_down() {
    check(
        "horizon: 20h
failures: {zone-down: {every: {fixed: 11h}, repair: 5h}, node-down: {every: {fixed: 10h}, repair: 3h}}
domains: {zone: {fails: [zone-down]}, node: {in: zone, fails: [node-down]}}
journeys: {j: {needs: node}}",
        &["j: 10-16 node-down@node for zone-down@zone"],
    );
}

#[test]
fn a_restart_is_the_start_alone_and_never_is_for_good() {
    check(
        "horizon: 25h
failures: {crash: {every: {fixed: 10h}, repair: restart}, broken: {every: {fixed: 15h}, repair: never}}
services: {web: {fails: [crash], start: 1h}, disk: {fails: [broken]}}
journeys: {web: {needs: web}, disk: {needs: disk}}",
        &[
            "web: 10-11 crash@web-0",
            "web: 21-22 crash@web-0",
            "disk: 15-25.. broken@disk-0",
        ],
    );
}

#[test]
fn a_unit_may_hang_on_further_domains() {
    check(
        "horizon: 13h
failures: {feed-down: {every: {fixed: 10h}, repair: 2h}}
domains:
  feed: {count: 2, fails: []}
  bad-feed: {fails: [feed-down]}
  node: {in: [feed-0, feed-1], also_on: [bad-feed]}
journeys: {j: {needs: {any: [node]}}}",
        &["j: 10-12 feed-down@bad-feed"],
    );
}

#[test]
fn replicas_are_dealt_out_in_the_order_of_the_file() {
    // Replicas 0 and 2 stand on the bad one, so it takes the majority with it.
    check(
        "horizon: 15h
failures: {down: {every: {fixed: 10h}, repair: 1h}}
domains: {a: {count: 2}, bad: {in: a-0, fails: [down]}}
services: {q: {replicas: 3, on: [bad, a-1], serves: majority}}
journeys: {j: {needs: q}}",
        &["j: 10-11 down@a-0/bad"],
    );
}

#[test]
fn a_failover_takes_its_time_and_the_lowest_member_takes_over() {
    // Member 0 leads until 10; a failover of an hour; member 1 leads until 20 (it fails at 20 by its
    // own clock), when member 0 is back and takes over after another hour.
    check(
        "horizon: 26h
failures: {zero: {every: {fixed: 10h}, repair: 3h}, one: {every: {fixed: 20h}, repair: 3h}}
domains: {a: {fails: [zero]}, b: {fails: [one]}}
services: {vip: {replicas: 2, on: [a, b], leader: {failover: 1h}}}
journeys: {j: {needs: vip}}",
        &["j: 10-11 zero@a", "j: 20-21 one@b", "j: 23-24 zero@a"],
    );
}

#[test]
fn a_failover_with_nobody_left_is_called_off() {
    // Both are down from 10.5 to 13; the first one back goes through a failover, or serves at once.
    let system = |after: &str| {
        format!(
            "horizon: 20h
failures: {{zero: {{every: {{fixed: 10h}}, repair: 3h}}, one: {{every: {{fixed: 10.5h}}, repair: 8h}}}}
domains: {{a: {{fails: [zero]}}, b: {{fails: [one]}}}}
services: {{vip: {{replicas: 2, on: [a, b], leader: {{failover: 1h{after}}}}}}}
journeys: {{j: {{needs: vip}}}}"
        )
    };
    check(&system(""), &["j: 10-14 zero@a"]);
    check(&system(", after_total_loss: at-once"), &["j: 10-13 zero@a"]);
}

#[test]
fn only_the_operations_that_need_a_leader_wait_for_one() {
    check(
        "horizon: 12h
failures: {zero: {every: {fixed: 10h}, repair: 9h}}
domains: {a: {fails: [zero]}, b: {}}
services:
  db:
    replicas: 2
    on: [a, b]
    operations: {read: any, write: any}
    leader: {failover: 1h, needs_leader: [write]}
journeys: {read: {needs: db.read}, write: {needs: db.write}}",
        &["write: 10-11 zero@a"],
    );
}

#[test]
fn a_crew_takes_the_first_who_waits() {
    // One person: a is repaired from 10 to 14, c from 14 to 18 and b, which failed later, after it.
    check(
        "horizon: 23h
failures:
  a: {every: {fixed: 10h}, repair: 4h, crew: ops}
  b: {every: {fixed: 12h}, repair: 4h, crew: ops}
  c: {every: {fixed: 11h}, repair: 4h, crew: ops}
crews: {ops: {size: 1}}
domains: {a: {fails: [a]}, b: {fails: [b]}, c: {fails: [c]}}
journeys: {a: {needs: a}, b: {needs: b}, c: {needs: c}}",
        &["a: 10-14 a@a", "c: 11-18 c@c", "b: 12-22 b@b"],
    );
}

#[test]
fn somebody_of_a_crew_responds_first() {
    check(
        "horizon: 20h
failures: {a: {every: {fixed: 10h}, repair: 4h, crew: ops}}
crews: {ops: {size: 2, response: 30m}}
domains: {a: {count: 2, fails: [a]}}
journeys: {j: {needs: {any: [a]}}}",
        &["j: 10-14.5 a@a-0 for a@a-1"],
    );
}

#[test]
fn needs_take_a_service_down_and_leave_its_clocks_alone() {
    // The clock of `web` runs on while `db` is down: it strikes at 18 and not at 23.
    check(
        "horizon: 24h
failures: {db-down: {every: {fixed: 10h}, repair: 5h}, web-down: {every: {fixed: 18h}, repair: 1h}}
services: {db: {fails: [db-down]}, web: {fails: [web-down], needs: db}}
journeys: {db: {needs: db}, web: {needs: web}}",
        &["db: 10-15 db-down@db-0", "web: 10-15 db-down@db-0", "web: 18-19 web-down@web-0"],
    );
}

#[test]
fn what_lasts_no_time_is_no_outage() {
    check(
        "horizon: 25h
failures: {blink: {every: {fixed: 10h}, repair: 0s}}
domains: {node: {fails: [blink]}}
journeys: {j: {needs: node}}",
        &[],
    );
}

#[test]
fn at_one_instant_restorations_come_before_failures() {
    // At 20 the first is back just as the second goes: somebody is always there.
    check(
        "horizon: 25h
failures: {first: {every: {fixed: 10h}, repair: 10h}, second: {every: {fixed: 20h}, repair: 5h}}
domains: {a: {fails: [first]}, b: {fails: [second]}}
journeys: {j: {needs: {any: [a, b]}}}",
        &[],
    );
}

#[test]
fn erasure_coding_reads_with_the_data_shards_and_writes_with_one_more_if_half_are_parity() {
    let system = |data: u32, parity: u32, broken: u32| {
        let shards = data + parity;
        let places =
            (0..shards).map(|i| if i < broken { "bad".to_owned() } else { "good".to_owned() });
        format!(
            "horizon: 15h
failures: {{down: {{every: {{fixed: 10h}}, repair: 1h}}}}
domains: {{good: {{}}, bad: {{fails: [down]}}}}
services: {{store: {{on: [{}], erasure: {{data: {data}, parity: {parity}}}}}}}
journeys: {{read: {{needs: store.read}}, write: {{needs: store.write}}}}",
            places.collect::<Vec<_>>().join(", ")
        )
    };
    // Four drives, 2 + 2: reads survive two, writes one.
    check(&system(2, 2, 1), &[]);
    check(&system(2, 2, 2), &["write: 10-11 down@bad"]);
    check(&system(2, 2, 3), &["read: 10-11 down@bad", "write: 10-11 down@bad"]);
    // Six drives, 4 + 2: both survive two.
    check(&system(4, 2, 2), &[]);
    check(&system(4, 2, 3), &["read: 10-11 down@bad", "write: 10-11 down@bad"]);
}

#[test]
fn the_horizon_is_not_part_of_a_life() {
    let horizon = parse_duration("10h").unwrap();
    check(
        &format!(
            "horizon: {horizon}s
failures: {{down: {{every: {{fixed: 10h}}, repair: 2h}}}}
domains: {{node: {{fails: [down]}}}}
journeys: {{j: {{needs: node}}}}"
        ),
        &[],
    );
}

#[test]
fn those_that_are_left_crash_under_what_they_cannot_carry() {
    // Two carry it. From 11 h on one is left, which crashes at once, and again whenever it has started, until
    // the second is back at 11:40.
    check(
        "horizon: 20h
failures:
  down: {every: {fixed: 10h}, repair: 5h}
  short: {every: {fixed: 11h}, repair: 30m}
domains: {a: {fails: [down]}, b: {fails: [short]}, c: {}}
services:
  web:
    {replicas: 3, on: [a, b, c], serves: any, start: 10m, demand: {peak: 600, each: 300, beyond: crash}}
journeys: {browse: {needs: web}}",
        &[
            "browse: 11-11.666666666666666 short@b",
            "browse~ 11-11.666666666666666 short@b",
        ],
    );
}

#[test]
fn service_that_cannot_carry_all_is_degraded() {
    check(
        "horizon: 20h
failures: {down: {every: {fixed: 10h}, repair: 5h}}
domains: {a: {fails: [down]}, b: {}}
services: {web: {replicas: 2, on: [a, b], serves: any, demand: {peak: 600, each: 300, beyond: shed}}}
journeys: {browse: {needs: web}}",
        &["browse~ 10-15 down@a"],
    );
}
