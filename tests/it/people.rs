//! Who repairs and when, and what is planned: small systems with fixed times, as in `behaviours`.

use crate::behaviours::check;

#[test]
fn stages_follow_one_another_and_each_has_its_own_people() {
    // Both are detected by 11; one is mended by 14, the other waits for the same person. Which one
    // is first at one instant depends on the hash of its name.
    check(
        "horizon: 20h
failures: {down: {every: {fixed: 10h}, repair: [{detect: 1h}, {mend: 3h, crew: ops}, {settle: 1h}]}}
crews: {ops: {}}
domains: {a: {fails: [down]}, b: {fails: [down]}}
journeys: {a: {needs: a}, b: {needs: b}}",
        &["b: 10-15 down@b", "a: 10-18 down@a"],
    );
}

#[test]
fn a_start_that_is_sealed_takes_several_people() {
    // Three pods come back at 12 and need two of three key holders each, for an hour.
    check(
        "horizon: 20h
failures: {out: {every: {fixed: 10h}, repair: 2h}}
crews: {keys: {size: 3}}
domains: {node: {fails: [out]}}
services: {vault: {replicas: 3, on: node, serves: majority, start: 30m, replay: 30m,
  sealed: {crew: keys, people: 2, takes: 1h}}}
journeys: {zero: {needs: vault-0}, one: {needs: vault-1}, two: {needs: vault-2}, all: {needs: vault}}",
        &["two: 10-14 out@node", "zero: 10-15 out@node", "all: 10-15 out@node", "one: 10-16 out@node"],
    );
}

#[test]
fn work_begins_in_hours_or_goes_on_in_hours_only() {
    // Friday 16:00 is hour 112; the crew is back on Monday at 09:00, hour 177.
    let system = |crew: &str| {
        format!(
            "horizon: 300h
failures: {{down: {{every: {{fixed: 112h}}, repair: 3h, crew: ops}}}}
crews: {{ops: {{hours: business, {crew}}}}}
domains: {{a: {{fails: [down]}}}}
journeys: {{j: {{needs: a}}}}"
        )
    };
    // It may begin at 16:00, and then goes on into the evening.
    check(&system("response: 1h"), &["j: 112-116 down@a", "j: 228-232 down@a"]);
    // Two of four hours are left for Monday, and the second time (Thursday 04:00) all of them.
    check(&system("response: 1h, works: in-hours"), &["j: 112-180 down@a", "j: 292-300.. down@a"]);
    // By a clock that is ten hours ahead it is Saturday already.
    check(&system("zone: 10h"), &["j: 112-170 down@a", "j: 282-300.. down@a"]);
    let off_hours = system("zone: 10h, response: 1h, off_hours: 5h");
    check(&off_hours, &["j: 112-120 down@a", "j: 232-240 down@a"]);
}

#[test]
fn the_most_urgent_comes_first_or_interrupts() {
    let system = |picks: &str| {
        format!(
            "horizon: 40h
failures:
  long: {{every: {{fixed: 10h}}, repair: 6h, crew: ops}}
  minor: {{every: {{fixed: 11h}}, repair: 2h, crew: ops, priority: 5}}
  major: {{every: {{fixed: 12h}}, repair: 1h, crew: ops, priority: 1}}
crews: {{ops: {{picks: {picks}}}}}
domains: {{a: {{fails: [long]}}, b: {{fails: [minor]}}, c: {{fails: [major]}}}}
horizon: 20h
journeys: {{a: {{needs: a}}, b: {{needs: b}}, c: {{needs: c}}}}"
        )
        .replacen("horizon: 40h\n", "", 1)
    };
    check(&system("fifo"), &["a: 10-16 long@a", "b: 11-18 minor@b", "c: 12-19 major@c"]);
    check(&system("priority"), &["a: 10-16 long@a", "c: 12-17 major@c", "b: 11-19 minor@b"]);
    // `long` has had its first hour at 11 and goes on at 14 for five more.
    check(&system("preemptive"), &["c: 12-13 major@c", "b: 11-14 minor@b", "a: 10-19 long@a"]);
}

#[test]
fn a_plan_takes_one_after_another_and_waits_for_health() {
    let system = |more: &str| {
        format!(
            "horizon: 40h
failures: {{down: {{every: {{fixed: 11h}}, repair: 5h}}}}
domains: {{a: {{}}, b: {{}}, c: {{fails: [down]}}}}
calendar: {{reboots: {{every: 30h, at: 10h, order: [a, b], each: 2h, gap: 1h{more}}}}}
journeys: {{a: {{needs: a}}, b: {{needs: b}}}}"
        )
    };
    check(&system(""), &["a: 10-12 reboots@a planned", "b: 13-15 reboots@b planned"]);
    check(
        &system(", waits_for: {all: [a, c]}"),
        &["a: 10-12 reboots@a planned", "b: 16-18 reboots@b planned"],
    );
    check(
        &system(", regardless: true").replace("c: {", "b2: {").replace("[a, b]", "[a, b2, b]"),
        &["a: 10-12 reboots@a planned", "b: 16-18 reboots@b planned"],
    );
}

#[test]
fn what_is_planned_runs_through_its_start_and_comes_again() {
    check(
        "horizon: 60h
domains: {node: {}}
services: {app: {on: node, start: 1h}}
calendar: {patch: {every: 24h, order: [node], each: 2h}}
journeys: {app: {needs: app}}",
        &[
            "app: 0-3 patch@node planned",
            "app: 24-27 patch@node planned",
            "app: 48-51 patch@node planned",
        ],
    );
}

#[test]
fn what_is_replaced_in_time_does_not_fail() {
    check(
        "horizon: 40h
failures: {wear: {every: {fixed: 12h}, repair: 9h, preventive: {age: 10h, takes: 1h}}}
domains: {pump: {fails: [wear]}}
journeys: {j: {needs: pump}}",
        &[
            "j: 10-11 wear (preventive)@pump planned",
            "j: 21-22 wear (preventive)@pump planned",
            "j: 32-33 wear (preventive)@pump planned",
        ],
    );
}

#[test]
fn one_event_strikes_a_whole_group() {
    let system = |kind: &str| {
        format!(
            "horizon: 24h
failures: {{bug: {{every: {{fixed: 10h}}, repair: 3h, {kind}}}}}
domains: {{node: {{count: 2, fails: [bug]}}}}
journeys: {{zero: {{needs: node-0}}, one: {{needs: node-1}}}}"
        )
    };
    let both = [
        "zero: 10-13 bug@node-0",
        "one: 10-13 bug@node-0",
        "zero: 20-23 bug@node-0",
        "one: 20-23 bug@node-0",
    ];
    check(&system("shock: 100%"), &both);
    check(&system("change: 100%"), &both);
    check(&system("shock: 0%"), &[]);
    check(&system("change: 0%"), &[]);
}

#[test]
fn a_failure_can_drag_others_along() {
    // Of the two that stand on the same rack, and in no time: `within` is zero.
    check(
        "horizon: 14h
failures:
  down: {every: {fixed: 10h}, repair: 2h, burst: {p: 100%, within: 0s, peers: 3}}
  off: {every: {fixed: 9h}, repair: 3h}
domains:
  rack: {count: 2}
  node: {in: rack, count: 2, fails: [down]}
journeys: {other: {needs: rack-1/node-0}, one: {needs: rack-0/node-1}}
# The clocks of all strike at the same instant, so nothing more can be seen here.",
        &["other: 10-12 down@rack-1/node-0", "one: 10-12 down@rack-0/node-1"],
    );
}
