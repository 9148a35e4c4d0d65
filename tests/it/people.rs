//! Who repairs and when, and what is planned: small systems with fixed times, as in `behaviours`.

use crate::behaviours::{check, life};
use crate::common::{compiled, first_journey};

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

#[test]
fn a_plan_works_on_several_units_at_a_time() {
    let system = |more: &str| {
        format!(
            "horizon: 40h
domains: {{a: {{start: 4h}}, b: {{}}, c: {{}}, d: {{}}}}
calendar: {{reboots: {{every: 100h, at: 10h, order: [a, b, c, d], each: 2h{more}}}}}
journeys: {{a: {{needs: a}}, b: {{needs: b}}, c: {{needs: c}}, d: {{needs: d}}}}"
        )
    };
    let planned = |times: &[&str]| -> Vec<String> {
        let planned = |time: &&str| format!("{time} reboots@{} planned", &time[..1]);
        times.iter().map(planned).collect()
    };
    // `a` is down until it has started, at 16, and until then there is room for one more.
    let times = planned(&["b: 10-12", "c: 12-14", "a: 10-16", "d: 14-16"]);
    assert_eq!(life(&system(", at_a_time: 2")), times);
    // With a gap of an hour after each. Whoever worked on `a` could go on since 13, and does at 15, when
    // `c` is up again; the gap after `c` is that of the other one.
    let times = planned(&["b: 10-12", "c: 13-15", "a: 10-16", "d: 15-17"]);
    assert_eq!(life(&system(", at_a_time: 2, gap: 1h")), times);
    // Nothing is waited for: two by two.
    let times = planned(&["b: 10-12", "c: 12-14", "d: 12-14", "a: 10-16"]);
    assert_eq!(life(&system(", at_a_time: 2, regardless: true")), times);
    // All at once.
    let times = planned(&["b: 10-12", "c: 10-12", "d: 10-12", "a: 10-16"]);
    assert_eq!(life(&system(", at_a_time: 4")), times);
}

#[test]
fn rounds_of_several_at_a_time_come_again() {
    // A round of three units, two at a time, takes 4 h; one that is due while it goes on is left out.
    let rounds = |every: &str| {
        life(&format!(
            "horizon: 24h
domains: {{n: {{count: 3}}}}
calendar: {{patch: {{every: {every}, order: [n], each: 2h, at_a_time: 2, gap: 30m}}}}
journeys: {{zero: {{needs: n-0}}, two: {{needs: n-2}}}}"
        ))
    };
    let both = |at: &[f64]| -> Vec<String> {
        let one = |at: &f64| {
            [
                format!("zero: {at}-{} patch@n-0 planned", at + 2.0),
                format!("two: {}-{} patch@n-2 planned", at + 2.5, at + 4.5),
            ]
        };
        at.iter().flat_map(one).collect()
    };
    let mut three = both(&[0.0, 10.0, 20.0]);
    three[5] = "two: 22.5-24.. patch@n-2 planned".to_owned();
    assert_eq!(rounds("10h"), three);
    assert_eq!(rounds("4h")[..4], both(&[0.0, 8.0])[..]);
}

#[test]
fn work_begins_in_its_hours_and_the_next_unit_waits_for_them() {
    // Saturday 02:00 is hour 122, and a week later it is hour 290.
    let system = |each: &str, more: &str| {
        format!(
            "horizon: 400h
domains: {{a: {{}}, b: {{}}, c: {{}}}}
calendar: {{patch: {{every: 100d, at: 9h, order: [a, b, c], each: {each}, hours: [Sat 02:00-06:00]{more}}}}}
journeys: {{a: {{needs: a}}, b: {{needs: b}}, c: {{needs: c}}}}"
        )
    };
    check(
        &system("2h", ""),
        &["a: 122-124 patch@a planned", "b: 124-126 patch@b planned", "c: 290-292 patch@c planned"],
    );
    // What has begun goes on.
    check(
        &system("3h", ""),
        &["a: 122-125 patch@a planned", "b: 125-128 patch@b planned", "c: 290-293 patch@c planned"],
    );
    check(
        &system("3h", ", at_a_time: 2, gap: 1h"),
        &["a: 122-125 patch@a planned", "b: 122-125 patch@b planned", "c: 290-293 patch@c planned"],
    );
    // Where clocks are ten hours ahead it is Saturday 02:00 at hour 112.
    check(
        &system("2h", ", zone: 10h"),
        &["a: 112-114 patch@a planned", "b: 114-116 patch@b planned", "c: 280-282 patch@c planned"],
    );
}

#[test]
fn work_that_comes_to_nothing_is_unplanned() {
    let system = |p: &str| {
        format!(
            "horizon: 60h
crews: {{ops: {{response: 1h}}}}
domains: {{a: {{}}, b: {{}}}}
calendar: {{patch: {{every: 1000h, at: 10h, order: [a, b], each: 2h, gap: 1h,
  fails: {{p: {p}, repair: [{{notice: 30m}}, {{mend: 4h, crew: ops}}]}}}}}}
journeys: {{a: {{needs: a}}, b: {{needs: b}}}}"
        )
    };
    check(&system("0%"), &["a: 10-12 patch@a planned", "b: 13-15 patch@b planned"]);
    // Two hours of work, half an hour until somebody notices, one until somebody comes, four of mending.
    check(&system("100%"), &["a: 10-17.5 patch (failed)@a", "b: 18.5-26 patch (failed)@b"]);
}

#[test]
fn planned_and_unplanned_downtime_of_work_that_may_fail_are_as_by_hand() {
    // Ten rounds a life; of each an hour is planned with probability 0.7, and five hours are unplanned with
    // probability 0.3.
    let system = compiled(
        "topology: work
horizon: 1000h
domains: {node: {}}
calendar: {patch: {every: 100h, at: 1h, order: [node], each: 1h, fails: {p: 30%, repair: 4h}}}
journeys: {use: {needs: node}}",
    );
    let found = first_journey(&system, 4_000);
    let found = found.by_intent;
    let a_year = 8_760.0 / 1_000.0 * 3_600.0;
    for (what, found, exact) in [
        ("planned", found.planned.downtime_s_per_year, 7.0 * a_year),
        ("unplanned", found.unplanned.downtime_s_per_year, 15.0 * a_year),
    ] {
        let sigmas = found.sigmas_from(exact).unwrap();
        assert!(sigmas.abs() < 4.0, "{what}: {found:?} against {exact}, {sigmas} standard errors");
    }
}

#[test]
fn a_certificate_that_nobody_renews_takes_down_what_needs_it() {
    let system = |p: &str| {
        format!(
            "horizon: 300d
domains: {{certificate: {{}}, node: {{count: 2}}}}
services: {{web: {{replicas: 2, on: node, serves: any, start: 1h, needs: certificate}}}}
calendar: {{renewal: {{every: 90d, at: 90d, order: [certificate], each: 0s,
  fails: {{p: {p}, repair: [{{notice: 2h}}, {{renew: 1h}}]}}}}}}
journeys: {{browse: {{needs: web}}, web: {{needs: web-0}}}}"
        )
    };
    // Whether it takes no time or three hours, replicas run on.
    check(&system("0%"), &[]);
    check(
        &system("100%"),
        &[
            "browse: 2160-2163 renewal (failed)@certificate",
            "browse: 4320-4323 renewal (failed)@certificate",
            "browse: 6480-6483 renewal (failed)@certificate",
        ],
    );
}

#[test]
fn a_job_that_nobody_answers_goes_to_others() {
    let system = |crews: &str| {
        format!(
            "horizon: 30h
failures:
  one: {{every: {{fixed: 10h}}, repair: 4h, crew: ops}}
  two: {{every: {{fixed: 11h}}, repair: 4h, crew: ops}}
crews: {{{crews}, manager: {{response: 1h}}}}
domains: {{a: {{fails: [one]}}, b: {{fails: [two]}}}}
journeys: {{a: {{needs: a}}, b: {{needs: b}}}}"
        )
    };
    // The manager is called at 12 and begins at 13; who is answered at 12 is answered in time.
    let to_manager = "escalates: {after: 2h, to: manager}";
    check(
        &system(&format!("ops: {{size: 2, response: 3h, {to_manager}}}"))
            .replace("manager: {", "manager: {size: 2, "),
        &["a: 10-17 one@a", "b: 11-18 two@b", "a: 27-30.. one@a", "b: 29-30.. two@b"],
    );
    check(
        &system(&format!("ops: {{size: 2, response: 2h, {to_manager}}}")),
        &["a: 10-16 one@a", "b: 11-17 two@b", "a: 26-30.. one@a", "b: 28-30.. two@b"],
    );
    // The only one is busy with `a`: `b` waits for two hours.
    check(
        &system(&format!("ops: {{response: 1h, {to_manager}}}")),
        &["a: 10-15 one@a", "b: 11-18 two@b", "a: 25-30 one@a", "b: 29-30.. two@b"]
            .map(|outage| outage.replace("25-30 ", "25-30.. "))
            .each_ref()
            .map(String::as_str),
    );
    // Whoever does not answer `a` until 12 is free then, and does not answer `b` until 13; the manager, who
    // has `a` until 17, is next.
    check(
        &system(&format!("ops: {{response: 5h, {to_manager}}}")),
        &["a: 10-17 one@a", "b: 11-22 two@b", "a: 27-30.. one@a"],
    );
    // One after another: an hour, two more, and the manager begins at 14.
    check(
        &system(
            "ops: {size: 2, response: 9h, escalates: {after: 1h, to: second}},
  second: {size: 2, response: 9h, escalates: {after: 2h, to: manager}}",
        )
        .replace("manager: {", "manager: {size: 2, "),
        &["a: 10-18 one@a", "b: 11-19 two@b", "a: 28-30.. one@a"],
    );
}

#[test]
fn a_job_of_a_crew_that_sleeps_goes_to_others() {
    // At 21:00 the crew is off until 08:00. The manager is called at 22:00. The second stage is the crew's
    // own again, and waits for it until the manager is called at 01:30. Whether jobs begin or go on in hours
    // only is the same to who waits.
    for works in ["any-time", "in-hours"] {
        let system = format!(
            "horizon: 40h
failures: {{down: {{every: {{fixed: 21h}}, repair: [{{find: 2h, crew: ops}}, {{mend: 3h, crew: ops}}]}}}}
crews:
  ops: {{hours: [Mon-Sun 08:00-20:00], works: {works}, escalates: {{after: 1h, to: manager}}}}
  manager: {{response: 30m}}
domains: {{a: {{fails: [down]}}}}
journeys: {{a: {{needs: a}}}}"
        );
        check(&system, &["a: 21-29 down@a"]);
    }
    // A start that waits for keys, and is cut short at 13:30 by its node: nobody is called for it any more,
    // until it begins anew at 15:00.
    check(
        "horizon: 20h
failures:
  out: {every: {fixed: 10h}, repair: 2h}
  again: {every: {fixed: 13.5h}, repair: 1h30m}
crews: {keys: {hours: [Tue 08:00-20:00], escalates: {after: 2h, to: manager}}, manager: {response: 30m}}
domains: {node: {fails: [out]}, rack: {fails: [again]}}
services: {vault: {on: node, also_on: [rack], sealed: {crew: keys, takes: 1h}}}
journeys: {vault: {needs: vault}}",
        &["vault: 10-18.5 out@node"],
    );
}

#[test]
fn calls_that_escalate_take_as_long_as_by_hand() {
    // Responses R of 40 m in the mean, and after 30 m those of others of 20 m in the mean:
    // E[min(R, 30 m)] + P(R > 30 m) 20 m, and an hour of work; ten times a life.
    let system = compiled(
        "topology: calls
horizon: 1000h
crews:
  ops: {response: {exponential: 40m}, escalates: {after: 30m, to: manager}}
  manager: {response: {exponential: 20m}}
domains: {node: {}}
calendar: {patch: {every: 100h, at: 1h, order: [node], each: [{work: 1h, crew: ops}]}}
journeys: {use: {needs: node}}",
    );
    let found = first_journey(&system, 4_000);
    let late = (-0.75_f64).exp();
    let minutes = 40.0 * (1.0 - late) + 20.0 * late + 60.0;
    let a_year = 10.0 * 8_760.0 / 1_000.0 * 60.0 * minutes;
    let sigmas = found.downtime_s_per_year.sigmas_from(a_year).unwrap();
    assert!(sigmas.abs() < 4.0, "{:?} against {a_year}: {sigmas}", found.downtime_s_per_year);
}
