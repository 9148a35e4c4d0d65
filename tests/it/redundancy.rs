//! Who serves, who stands by, what needs what: small systems with fixed times, as in `behaviours`.

use crate::behaviours::check;

#[test]
fn what_stands_by_cold_does_not_age_until_it_serves() {
    // unit-0 serves for 10 h and is mended by 14; unit-1 is new at 10, strikes at 20, mended by 24;
    // then unit-0, which has stood by since 14.
    check(
        "horizon: 40h
failures: {down: {every: {fixed: 10h}, repair: 4h}}
services: {pair: {replicas: 2, standby: {active: 1, dormancy: 0}, fails: [down]}}
journeys: {j: {needs: pair}, zero: {needs: pair-0}, one: {needs: pair-1}}",
        &["zero: 10-14 down@pair-0", "one: 20-24 down@pair-1", "zero: 30-34 down@pair-0"],
    );
}

#[test]
fn what_stands_by_warm_ages_at_its_own_pace() {
    // unit-1 has aged 10 h at a quarter when it takes over at 10: of its 10 h 7.5 h are left. unit-0
    // stands by from 11 to 17.5 and has aged 1.625 h: 8.375 h later it strikes.
    check(
        "horizon: 26h
failures: {down: {every: {fixed: 10h}, repair: 1h}}
domains: {spare: {}}
services: {pair: {replicas: 2, standby: {active: 1, dormancy: 25%}, fails: [down]}}
journeys: {zero: {needs: pair-0}, one: {needs: pair-1}, spare: {needs: spare}}",
        &["zero: 10-11 down@pair-0", "one: 17.5-18.5 down@pair-1", "zero: 25.875-26.. down@pair-0"],
    );
}

#[test]
fn a_restored_replica_serves_only_into_a_vacancy() {
    check(
        "horizon: 30h
failures: {first: {every: {fixed: 10h}, repair: 2h}, second: {every: {fixed: 20h}, repair: 3h}}
domains: {a: {fails: [first]}, b: {fails: [second]}}
services: {pair: {replicas: 2, on: [a, b], standby: {active: 1}, coverage: {p: 100%, switch: 1h}}}
journeys: {j: {needs: pair}}",
        // At 20 `b`, which has served since 11, goes, and `a`, back since 12, follows; when `a` goes
        // too at 22 nobody is left until `b` is back.
        &["j: 10-11 first@a", "j: 20-21 second@b", "j: 22-23 first@a for second@b"],
    );
}

#[test]
fn a_failover_that_is_not_noticed_lasts_until_the_lost_one_is_back() {
    let system = |coverage: &str| {
        format!(
            "horizon: 20h
failures: {{down: {{every: {{fixed: 10h}}, repair: 6h}}}}
domains: {{a: {{fails: [down]}}, b: {{}}}}
services: {{pair: {{replicas: 2, on: [a, b], standby: {{active: 1}}, coverage: {coverage}}}}}
journeys: {{j: {{needs: pair}}}}"
        )
    };
    check(&system("{p: 0%}"), &["j: 10-16 down@a"]);
    check(&system("{p: 0%, else: 4h}"), &["j: 10-14 down@a"]);
    check(&system("{p: 100%, switch: 1h, else: 4h}"), &["j: 10-11 down@a"]);
    check(&system("{p: 100%}"), &[]);
}

#[test]
fn a_preferred_replica_that_is_back_takes_over_again_and_that_is_planned() {
    check(
        "horizon: 20h
failures: {down: {every: {fixed: 10h}, repair: 3h}}
domains: {a: {fails: [down]}, b: {}}
services: {pair: {replicas: 2, on: [a, b], leader: {failover: 1h}, failback: 0.5h}}
journeys: {j: {needs: pair}}",
        &["j: 10-11 down@a", "j: 13-13.5 down@a planned"],
    );
}

#[test]
fn a_switch_waits_for_what_it_needs() {
    check(
        "horizon: 20h
failures: {down: {every: {fixed: 10h}, repair: 9h}, out: {every: {fixed: 9h}, repair: 3h}}
domains: {a: {fails: [down]}, b: {}, switch: {fails: [out]}}
services:
  pair: {replicas: 2, on: [a, b], standby: {active: 1}, switch_needs: switch}
  led: {replicas: 2, on: [a, b], leader: {failover: 1h, needs: switch}}
journeys: {j: {needs: pair}, led: {needs: led}}",
        &["j: 10-12 down@a for out@switch", "led: 10-13 down@a"],
    );
}

#[test]
fn a_spare_of_several_goes_to_whoever_loses_one_first() {
    check(
        "horizon: 30h
failures:
  one: {every: {fixed: 10h}, repair: never}
  two: {every: {fixed: 12h}, repair: 5h}
services:
  a: {fails: [one]}
  b: {fails: [two]}
  spare: {}
  # Whoever says so.
  c: {pool: {spare: spare, serves: [a, b], dormancy: 0}, fails: [one]}
journeys: {c: {needs: c}, a: {needs: a}, b: {needs: b}}",
        // From 10 on the spare serves for `a`; `b` has nobody from 12 to 17 and from 29 on.
        &["b: 12-17 two@b-0", "c: 10-30.. one@c-0", "b: 29-30.. two@b-0"],
    );
}

#[test]
fn load_makes_the_others_age_faster() {
    // From 4 on two are up and age twice as fast: of their 10 h 6 are left, which last 3 h.
    check(
        "horizon: 8h
failures: {early: {every: {fixed: 4h}, repair: never}, wear: {every: {fixed: 10h}, repair: never}}
domains: {a: {fails: [early]}, b: {}, c: {}}
services: {web: {replicas: 3, on: [a, b, c], serves: 2, load: {2: 2}, fails: [wear]}}
journeys: {j: {needs: web}}",
        &["j: 7-8.. wear@web-1"],
    );
}

#[test]
fn nothing_ages_in_a_service_that_is_suspended_while_down() {
    // Down from 5 to 8: the replica on `b` strikes at 13, not at 10.
    check(
        "horizon: 14h
failures: {out: {every: {fixed: 5h}, repair: 3h}, wear: {every: {fixed: 10h}, repair: never}}
domains: {a: {fails: [out]}, b: {}}
services:
  web: {replicas: 2, on: [a, b], serves: all, while_down: suspended}
  other: {replicas: 2, on: [a, b], serves: all}
defaults: {services: {fails: [wear]}}
journeys: {b: {needs: web-1}, other: {needs: other-1}}",
        &["b: 13-14.. wear@web-1", "other: 10-14.. wear@other-1"],
    );
}

#[test]
fn a_start_goes_on_only_while_its_needs_are_up() {
    // The start of `app` begins at 6, is cut off at 7, and begins anew at 9.
    check(
        "horizon: 20h
failures:
  crash: {every: {fixed: 5h}, repair: 1h}
  out: {every: {fixed: 7h}, repair: 2h}
services:
  db: {fails: [out]}
  app: {fails: [crash], start: 3h, needs: [{need: db, kind: start}]}
journeys: {app: {needs: app}}",
        &["app: 5-12 crash@app-0", "app: 17-20.. crash@app-0"],
    );
}

#[test]
fn what_crashes_with_another_starts_again_after_it() {
    let system = |kind: &str| {
        format!(
            "horizon: 10h
failures: {{out: {{every: {{fixed: 4h}}, repair: 1h}}}}
services:
  db: {{fails: [out]}}
  app: {{start: 2h, needs: [{{need: db, kind: {kind}}}]}}
journeys: {{app: {{needs: app}}}}"
        )
    };
    check(&system("hard"), &["app: 4-5 out@db-0", "app: 9-10.. out@db-0"]);
    check(&system("crashes_with"), &["app: 4-7 out@db-0", "app: 9-10.. out@db-0"]);
    check(&system("start"), &["app: 0-0 out@db-0"; 0]);
}

#[test]
fn a_mask_hides_the_beginning_of_every_outage() {
    // An outage that is as long as what is hidden is none.
    let system = |hidden: &str| {
        format!(
            "horizon: 20h
failures: {{out: {{every: {{fixed: 6h}}, repair: 3h}}}}
services: {{db: {{fails: [out]}}, app: {{needs: [{{need: db, masked_by: {{cache: {hidden}}}}}]}}}}
journeys: {{app: {{needs: app}}, all: {{needs: db, masked_by: {{buffer: {hidden}}}}}}}"
        )
    };
    check(
        &system("2h"),
        &["app: 8-9 out@db-0", "all: 8-9 out@db-0", "app: 17-18 out@db-0", "all: 17-18 out@db-0"],
    );
    check(&system("3h"), &[]);
}

#[test]
fn service_can_be_up_and_not_whole() {
    check(
        "horizon: 10h
failures: {out: {every: {fixed: 4h}, repair: 2h}, slow: {every: {fixed: 7h}, repair: 1h}}
domains: {a: {fails: [out]}, b: {}, c: {fails: [slow]}}
services:
  shards: {replicas: 2, on: [a, b], sharded: true}
  cache: {on: c}
  app: {needs: [shards, {need: cache, kind: soft}]}
journeys:
  use: {needs: app}
  count: {needs: b, degraded_when: {fewer_than: 2, of: [a, b]}}
  plain: {needs: b}",
        &["use~ 4-6 out@a", "count~ 4-6 out@a", "use~ 7-8 slow@c"],
    );
}

#[test]
fn rings_of_copies_and_witnesses() {
    // Items on three neighbours of five: with 0 and 1 down some items have one copy of three.
    check(
        "horizon: 10h
failures: {one: {every: {fixed: 2h}, repair: never}, two: {every: {fixed: 4h}, repair: never},
  three: {every: {fixed: 6h}, repair: never}}
domains: {a: {fails: [one]}, b: {fails: [two]}, c: {fails: [three]}, d: {}, e: {}}
services:
  ring: {replicas: 5, on: [a, b, c, d, e], replicated: {copies: 3, ack: 2}}
  quorum: {replicas: 3, on: [a, d, e], witness: 1, operations: {elect: majority, read: any}}
  votes: {replicas: 3, on: [a, b, e], witness: 1, operations: {elect: majority, read: any}}
journeys:
  write: {needs: ring.write}
  read: {needs: ring.read}
  elect: {needs: quorum.elect}
  serve: {needs: votes.read}
  vote: {needs: votes.elect}",
        &[
            "write: 4-10.. two@b",
            "read: 6-10.. three@c",
            "serve: 4-10.. two@b",
            "vote: 4-10.. two@b",
        ],
    );
}

#[test]
fn nobody_takes_over_from_what_looks_well() {
    let system = |grey: &str| {
        format!(
            "horizon: 20h
failures: {{hang: {{every: {{fixed: 10h}}, repair: 5h{grey}}}}}
domains: {{a: {{fails: [hang]}}, b: {{}}}}
services: {{pair: {{replicas: 2, on: [a, b], leader: {{failover: 1h}}}}}}
journeys: {{j: {{needs: pair}}, a: {{needs: a}}}}"
        )
    };
    check(&system(""), &["j: 10-11 hang@a", "a: 10-15 hang@a"]);
    // Noticed at 13: then the failover begins, and the repair.
    check(&system(", grey: 3h"), &["j: 10-14 hang@a", "a: 10-18 hang@a"]);
}

#[test]
fn what_nobody_noticed_is_still_unnoticed_when_the_switch_can_begin() {
    // `ms` is down from 9 to 11; then somebody has to notice first, which takes 4 h.
    check(
        "horizon: 18h
failures: {down: {every: {fixed: 10h}, repair: 7h}, away: {every: {fixed: 9h}, repair: 2h}}
domains: {ms: {fails: [away]}}
services:
  a: {fails: [down], standby: {active: 1}, coverage: {p: 0%, switch: 0s, else: 4h}, switch_needs: ms}
  spare: {pool: {serves: [a]}}
journeys: {j: {needs: a}}",
        &["j: 10-15 down@a-0"],
    );
}

#[test]
fn a_failback_waits_for_what_it_needs_while_the_substitute_serves() {
    // `a` is back at 15, and `ms` is down from 14 to 17.
    check(
        "horizon: 20h
failures: {down: {every: {fixed: 10h}, repair: 5h}, away: {every: {fixed: 14h}, repair: 3h}}
domains: {ms: {fails: [away]}}
services:
  a: {fails: [down], standby: {active: 1}, failback: 1h, switch_needs: ms}
  spare: {pool: {serves: [a]}}
journeys: {j: {needs: a}}",
        &["j: 17-18 down@a-0 planned"],
    );
}
