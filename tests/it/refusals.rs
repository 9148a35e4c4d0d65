//! Bad topologies: each is refused with every finding, its place, and what would be right.

use ninefold::Topology;
use ninefold::spec::{Severity, SpecError};

/// What is said about a text, a line a finding: place, code, message, help.
fn findings(text: &str) -> String {
    let shown = |findings: &ninefold::spec::Findings| -> String {
        findings
            .iter()
            .map(|finding| {
                let place = findings.place(finding);
                let place = place.trim_start_matches("t.yaml:");
                let severity = match finding.severity {
                    Severity::Error => "",
                    Severity::Warning => "warning ",
                };
                let help = finding.help.as_deref().unwrap_or("-");
                format!("{place} {severity}{}: {}; {help}\n", finding.code.name(), finding.message)
            })
            .collect()
    };
    match Topology::from_str("t.yaml", text) {
        Ok(topology) => shown(&topology.warnings),
        Err(SpecError::Refused(findings)) => shown(&findings),
        Err(error) => error.to_string(),
    }
}

#[track_caller]
fn check(text: &str, want: &str) {
    let got = findings(text);
    assert_eq!(got, want, "\n{got}");
}

/// A small topology that is fine, so that a test need only say what is wrong.
const FINE: &str = "topology: t
failures:
  down: {every: 90d, repair: 2h}
domains:
  node: {count: 3, fails: [down]}
services:
  web: {replicas: 3, on: node, serves: majority}
journeys:
  browse: {needs: web, slo: {availability: 99.9%}}
";

/// The fine topology with one text in place of another.
#[track_caller]
fn with(old: &str, new: &str) -> String {
    assert!(FINE.contains(old), "{old} is not there");
    FINE.replace(old, new)
}

#[test]
fn what_is_fine_has_no_findings() {
    check(FINE, "");
}

#[test]
fn a_life_has_a_length() {
    let help = "the horizon must be above zero and at most 250000y";
    for (horizon, message) in [
        ("0s", "a life of no length"),
        ("0.1us", "a life of no length"),
        ("250001y", "a life cannot last that long"),
    ] {
        check(
            &with("topology: t", &format!("topology: t\nhorizon: {horizon}")),
            &format!("2:10 out-of-range: {message}; {help}\n"),
        );
    }
}

#[test]
fn keys_that_mean_nothing_are_named_with_the_nearest_that_does() {
    check(
        &with("replicas: 3", "replica: 3"),
        "7:9 unknown-key: a service has no key `replica`; did you mean `replicas`?\n",
    );
    check(
        &with("services:", "servcies:"),
        "6:1 unknown-key: a topology has no key `servcies`; did you mean `services`?\n\
         9:19 unknown-name: nothing is called `web`; there are `node`\n",
    );
    check(
        &with("repair: 2h", "repair: 2h, colour: red"),
        "3:34 unknown-key: a failure mode has no key `colour`; it may say `every`, `afr`, `repair`, \
         `clock`, `wipes`, `cuts_power`, `crew`, `people`, `spares`, `priority`, `shock`, `change`, `beta`, \
         `burst`, `preventive`, `grey`, `range`, `about`, `source` and `grade`\n",
    );
}

#[test]
fn the_same_key_twice_is_found_in_both_places() {
    check(
        &with("count: 3", "count: 3, count: 4"),
        "5:20 duplicate-key: `count` is here twice; keep one of the two\n",
    );
}

#[test]
fn keys_that_must_be_there_are_named() {
    check(
        &with("every: 90d, ", ""),
        "3:3 missing-key: a failure mode needs `every`; add `every`: the mean time up, such as `90d`\n",
    );
    check("about: x", "1:1 missing-key: a topology needs `topology`; add `topology`: its name\n");
    check(
        "topology: t",
        "1:11 missing-key: a topology without journeys or data has nothing to estimate; say what users do: \
         `journeys: {read: {needs: web}}`\n",
    );
    check(
        &with("needs: web, ", ""),
        "9:3 missing-key: a journey needs `needs`; add `needs`: what must be up for it\n",
    );
}

#[test]
fn quantities_need_units() {
    check(
        &with("90d", "90"),
        "3:17 bad-quantity: `90` has no unit; write `90s`, `90m`, `90h` or `90d` instead\n",
    );
    check(
        &with("2h", "5M"),
        "3:30 bad-quantity: `M` is not a unit of time; write `m` for minutes or `mo` for months\n",
    );
    check(
        &with("99.9%", "0.999"),
        "9:44 bad-quantity: `0.999` is not a percentage; write it in percent: `99.9%`\n",
    );
    check(
        &with("count: 3", "count: three"),
        "5:17 bad-quantity: `three` is not a whole number; `count` is a whole number of at least 1\n",
    );
    check(
        &with("count: 3", "count: 0"),
        "5:17 out-of-range: `count` cannot be 0; the least is 1\n",
    );
    check(
        &with("99.9%", "199%"),
        "9:44 bad-quantity: `199%` is not a percentage; it must be from 0% to 100%\n",
    );
}

#[test]
fn laws_that_do_not_exist_are_refused() {
    check(
        &with("2h", "{lognromal: {median: 2h, sigma: 1}}"),
        "3:31 bad-law: there is no law `lognromal`; did you mean `lognormal`?\n",
    );
    check(
        &with("2h", "{lognormal: {median: 2h}}"),
        "3:42 bad-law: a lognormal law with neither of `p95` or `sigma`; give `p95` or `sigma`, one of \
         them\n",
    );
    check(
        &with("2h", "{lognormal: {median: 2h, p95: 1h}}"),
        "3:42 bad-law: there is no such law; `p95` must be the median or more\n",
    );
    check(
        &with("2h", "{uniform: [2h]}"),
        "3:40 bad-law: a uniform law with 1 values; write its two ends, such as `[20s, 40s]`\n",
    );
    check(
        &with("2h", "{weibull: {shape: -1, mean: 2h}}"),
        "3:40 bad-law: there is no such law; `shape` must be above zero\n",
    );
    check(
        &with("2h", "{mixture: [{p: 50%, fixed: 1h}, {p: 20%, fixed: 2h}]}"),
        "3:40 bad-law: there is no such law; `p` must be 100 % over all branches\n",
    );
    check(
        &with("2h", "{triangular: [1h, 4h, 3h]}"),
        "3:43 bad-law: there is no such law; `peak` must be between the ends\n",
    );
    check(
        &with("2h", "{empirical: {file: nowhere.csv, column: length}}"),
        "3:49 unreadable: cannot read `nowhere.csv`: No such file or directory (os error 2); the path is \
         sought from the folder of the file that names it\n",
    );
    check(
        &with("2h", "[]"),
        "3:30 wrong-kind: the time to restoration has no stages; write a law, or stages such as \
         `[{detect: 30s}, {mend: {exponential: 2h}}]`\n",
    );
    check(
        &with("every: 90d", "every: 0s"),
        "3:17 bad-law: there is no such law; `mean` must be above zero\n",
    );
}

#[test]
fn names_that_nothing_has_are_named_with_the_nearest_that_something_has() {
    check(
        &with("fails: [down]", "fails: [dwon]"),
        "5:28 unknown-name: there is no failure mode `dwon`; did you mean `down`?\n",
    );
    check(
        &with("on: node", "on: [node-0, node-7]"),
        "7:35 unknown-name: nothing is called `node-7`; did you mean `node-0`?\n",
    );
    check(
        &with("needs: web", "needs: web.read"),
        "9:19 unknown-name: `web` has no operation `read`; it offers one thing: write `web`\n",
    );
    check(
        &with("repair: 2h", "repair: 2h, crew: ops"),
        "3:40 unknown-name: there is no crew `ops`; declare it under `crews`\n",
    );
    check(
        &with("serves: majority", "serves: most"),
        "7:40 unknown-name: how many are needed cannot be `most`; it must be one of `any`, `all` and \
         `majority`\n",
    );
}

#[test]
fn names_must_be_usable_and_used_once() {
    check(
        &with("  web: {", "  web.1: {").replace("needs: web", "needs: node-0"),
        "7:3 bad-name: `web.1` cannot be a name; use letters, digits, `-` and `_`\n",
    );
    check(
        &with("  web: {", "  node: {").replace("needs: web", "needs: node-0"),
        "7:3 duplicate-name: a domain and a service are both called `node`; give one of them another \
         name\n\
         7:27 wrong-reference: `node` is a service, not a place; name a domain; what a service depends on \
         goes under `needs`\n",
    );
}

#[test]
fn quorums_must_be_possible() {
    check(
        &with("serves: majority", "serves: 4"),
        "7:40 quorum: `web` needs 4 of 3 replicas; at most 3\n",
    );
    check(
        &with("needs: web", "needs: {at_least: 5, of: [node]}"),
        "9:30 quorum: at least 5 of 3; at most 3; a group stands for its members\n",
    );
    check(
        &with("serves: majority", "erasure: {data: 4, parity: 2}"),
        "7:19 quorum: 4 data and 2 parity shards on 3 replicas; each replica holds one shard: let \
         `replicas` be data + parity\n\
         9:19 wrong-reference: `web` offers several operations; name one of `web.read` and `web.write`\n",
    );
    check(
        &with("needs: web", "needs: {at_least: 2, of: [node, node-0]}"),
        "9:19 duplicate-name: `node-0` is counted twice; name each unit once; a group stands for its \
         members\n",
    );
}

#[test]
fn two_replicas_are_not_always_redundancy() {
    check(
        &with(", serves: majority", ""),
        "7:19 unclear-redundancy: `web` has 3 replicas: how many of them are needed?; say `serves: any` \
         (or `majority`, `all`, a number), `operations`, `erasure` or `leader`\n",
    );
}

#[test]
fn rings_are_refused() {
    check(
        &with("count: 3,", "count: 3, in: node,"),
        "5:3 cycle: `node` stands on itself; follow its `in` and `also_on`: they lead back to it\n",
    );
    check(
        &with("serves: majority}", "serves: majority, needs: db}\n  db: {needs: web}"),
        "7:3 cycle: these services need one another: `web` and `db` and again; one of them must be able \
         to work without the others\n",
    );
}

#[test]
fn a_required_spread_must_have_the_places() {
    check(
        &with("serves: majority", "serves: majority, spread: {by: node, rule: required}")
            .replace("count: 3", "count: 2"),
        "7:63 spread: `web-0` and `web-2` both stand on `node-0`, and their spread is required; have at \
         least 3 places of level `node`, or make the rule `preferred`\n",
    );
}

#[test]
fn shapes_are_checked() {
    check(
        &with("failures:\n  down: {every: 90d, repair: 2h}", "failures: [a, b]"),
        "2:11 wrong-kind: `failures` cannot be a list; it must be a map of keys and values\n\
         4:28 unknown-name: there is no failure mode `down`; declare it under `failures`\n",
    );
    check(
        &with("needs: web", "needs: {al: [web]}"),
        "9:20 unknown-key: this says not what is needed; did you mean `all`?\n",
    );
    check(
        &with("needs: web", "needs: {all: []}"),
        "9:25 wrong-kind: an empty list of what is needed; name at least one service, unit or domain\n",
    );
    check(
        &with("needs: web", "needs: node"),
        "9:19 wrong-reference: `node` is a group of 3; say how many are needed: `{any: [node]}`, `{all: \
         [node]}` or `{at_least: 2, of: [node]}`\n",
    );
    check(
        "- a\n- b",
        "1:1 wrong-kind: a topology cannot be a list; it must be a map of keys and values\n",
    );
    check(
        "topology: [",
        "1:12 syntax: this is not YAML: while parsing a node, did not find expected node content; check \
         the brackets, quotes and indentation on and above this line\n",
    );
}

#[test]
fn absurd_sizes_are_refused_before_they_are_built() {
    check(
        &with("count: 3", "count: 4000000000"),
        "5:3 too-large: `node` makes more than 150000 units; reduce `count` or `replicas`\n",
    );
    let mut text = FINE.to_owned();
    for journey in 1..=1_000 {
        text += &format!("  browse-{journey}: {{needs: web}}\n");
    }
    check(
        &text,
        "1009:3 too-large: more than 1000 journeys; name what users do, not every replica\n",
    );
    let names: Vec<String> = (0..10).map(|mode| format!("m{mode}")).collect();
    let modes: String =
        names.iter().map(|name| format!("  {name}: {{every: 1y, repair: 1h}}\n")).collect();
    let text = with("failures:\n", &format!("failures:\n{modes}")).replace(
        "count: 3, fails: [down]",
        &format!("count: 150000, fails: [{}]", names.join(", ")),
    );
    assert!(findings(&text).contains("the units fail in 1500000 ways"), "{}", findings(&text));
}

#[test]
fn a_mistake_made_many_times_is_shown_a_hundred_times() {
    let names: Vec<String> = (0..30_000).map(|index| format!("web-{index}")).collect();
    let text = with("needs: web", &format!("needs: {{all: [{}]}}", names.join(", ")));
    let Err(SpecError::Refused(findings)) = Topology::from_str("t.yaml", &text) else {
        panic!("it is refused");
    };
    let told = findings.render(false);
    assert_eq!(told.matches("error[unknown-name]").count(), 100);
    assert!(
        told.contains("... and 29897 more findings like these"),
        "{}",
        &told[told.len() - 200..]
    );
}

#[test]
fn endless_rows_are_refused() {
    let row = |services: usize| {
        let mut text = "topology: t\njourneys: {j: {needs: s0}}\nservices:\n".to_owned();
        for service in 0..services {
            text += &format!("  s{service}: {{needs: s{}}}\n", service + 1);
        }
        text += &format!("  s{services}: {{fails: [down]}}\n");
        text + "failures: {down: {every: 90d, repair: 2h}}\n"
    };
    check(&row(1_000), "");
    check(
        &row(2_000),
        "1003:3 too-deep: more than 1000 services need one another in a row; no system needs that \
         many\n",
    );
    let mut nested = "topology: t\njourneys: {j: {needs: d0}}\ndomains:\n".to_owned();
    for domain in 0..3_000 {
        nested += &format!("  d{domain}: {{in: d{}}}\n", domain + 1);
    }
    nested += "  d3000: {}\n";
    assert!(findings(&nested).contains("too-deep: more than 64 domains in one another"));
}

#[test]
fn what_is_known_for_later_says_so_and_does_not_stop_anything() {
    check(
        &format!("{FINE}claims: {{reads: {{held_by: web}}}}\n"),
        "10:1 warning not-evaluated: `claims` is known, not evaluated in this version; -\n",
    );
    check(
        &with("serves: majority", "serves: majority, placement: packed"),
        "7:50 warning not-evaluated: `placement` is known, not evaluated in this version; -\n",
    );
}

#[test]
fn what_can_have_no_effect_is_pointed_out() {
    check(
        &with("repair: 2h", "repair: restart"),
        "5:28 warning no-effect: `down` is repaired by a start, and this starts at once; give it a \
         `start`, such as `start: {uniform: [20s, 40s]}`\n",
    );
}

/// Each finding at once, as people see it: the line, a caret, and what would be right.
#[test]
fn every_finding_is_shown_at_once_with_its_line() {
    let text = with("replicas: 3", "replica: 3").replace("90d", "90").replace("99.9%", "0.999");
    let error = Topology::from_str("t.yaml", &text).unwrap_err().to_string();
    let want = "error[bad-quantity]: `90` has no unit
 --> t.yaml:3:17
  |
3 |   down: {every: 90, repair: 2h}
  |                 ^^
  |
  = help: write `90s`, `90m`, `90h` or `90d` instead

error[unknown-key]: a service has no key `replica`
 --> t.yaml:7:9
  |
7 |   web: {replica: 3, on: node, serves: majority}
  |         ^^^^^^^
  |
  = help: did you mean `replicas`?

error[bad-quantity]: `0.999` is not a percentage
 --> t.yaml:9:44
  |
9 |   browse: {needs: web, slo: {availability: 0.999}}
  |                                            ^^^^^
  |
  = help: write it in percent: `99.9%`

3 errors";
    assert_eq!(error, want, "\n{error}");
}

#[test]
fn redundancy_must_be_possible() {
    let service = |text: &str| with("web: {replicas: 3, on: node, serves: majority}", text);
    check(
        &service("web: {replicas: 3, on: node, standby: {active: 4}}"),
        "7:50 quorum: 4 active of 3 replicas; at most 3; those beyond stand by\n",
    );
    check(
        &service("web: {replicas: 3, on: node, standby: {active: 2, dormancy: 3}}"),
        "7:63 out-of-range: a dormancy below 0 or above 1; 0 is cold and does not age, 1 is hot and ages \
         as what serves\n",
    );
    check(
        &service("web: {replicas: 3, on: node, leader: {failover: 9s}, standby: {active: 1}}"),
        "7:65 wrong-kind: a leader and a standby; a leader has all others standing by: keep one of the \
         two\n",
    );
    check(
        &service("web: {replicas: 3, on: node, serves: any, failback: 9s}"),
        "7:45 no-effect: `failback` of `web`, where all replicas serve; say who stands by: `standby: \
         {active: 1}` or `leader`\n",
    );
    check(
        &service("web: {replicas: 3, on: node, replicated: {copies: 4, ack: 2}}"),
        "7:53 quorum: 4 copies on 3 replicas; at most 3\n",
    );
    check(
        &service("web: {replicas: 3, on: node, serves: majority, witness: 3}"),
        "7:59 quorum: 3 witnesses of 3 replicas; the last replicas are the witnesses; at least one must \
         be none\n",
    );
    check(
        &service("web: {replicas: 3, on: node, serves: any, load: {4: 2, none: 1}}"),
        "7:52 quorum: 4 up of the 3 replicas of `web`; at most 3\n\
         7:58 bad-quantity: `none` up; write how many are up and how many times faster they fail: \
         `{1: 3, 2: 1.5}`\n",
    );
}

#[test]
fn pools_name_services() {
    check(
        &with("services:\n", "services:\n  spare: {pool: {serves: [wbe, spare]}}\n"),
        "7:27 unknown-name: there is no service `wbe`; did you mean `web`?\n\
         7:32 cycle: `spare` is a spare for itself; name the services that it stands by for\n",
    );
}

#[test]
fn people_must_be_there() {
    let crews = |crew: &str| format!("{FINE}crews: {{ops: {crew}}}\n");
    check(
        &crews("{off_hours: 1h}"),
        "10:26 no-effect: `off_hours` of `ops` changes nothing; say when the `hours` are\n",
    );
    check(
        &crews("{hours: [Mon 9-17]}"),
        "10:22 bad-quantity: `Mon 9-17` says no hours of a week; write `business`, `always`, or a list such \
         as `[Mon-Fri 09:00-17:00]`\n",
    );
    check(
        &crews("{picks: random}"),
        "10:22 unknown-name: what a crew takes next cannot be `random`; it must be one of `fifo`, \
         `priority`, `preemptive` and `random-kind`\n",
    );
    let repair = |text: &str| format!("{}crews: {{ops: {{size: 2}}}}\n", with("repair: 2h", text));
    check(
        &repair("repair: 2h, crew: ops, people: 3"),
        "3:53 quorum: 3 of the 2 of `ops`; at most 2, or a crew of a larger `size`\n",
    );
    check(
        &repair("repair: [{detect: 1m}, {mend: 2h}], crew: ops"),
        "3:64 wrong-reference: a crew for a repair in stages; say at each stage who does it: `[{detect: \
         30s}, {mend: 2h, crew: ops}]`\n",
    );
    check(
        &repair("repair: [{detect: 1m, mend: 2h}]"),
        "3:31 wrong-kind: a stage with 2 laws; write its name and how long it takes, such as `{detect: \
         30s}`\n",
    );
}

#[test]
fn common_causes_and_plans_must_make_sense() {
    let mode = |more: &str| with("repair: 2h}", &format!("repair: 2h, {more}}}"));
    check(
        &mode("shock: 10%, beta: 5%"),
        "3:52 wrong-kind: a common cause in two ways; keep `shock`, `change` or `beta`, one of them\n",
    );
    check(
        &mode("burst: {p: 10%, within: 1m}"),
        "3:41 missing-key: a burst needs `peers`; add `peers`: how many others, such as `peers: 1`\n",
    );
    check(
        &mode("preventive: {age: 100d, takes: 1h}"),
        "3:3 warning no-effect: `down` does not age; what has no memory is never better for being \
         replaced before it fails\n",
    );
    check(
        &mode("range: {every: [1y, 1d]}"),
        "3:42 out-of-range: a range that goes down, or begins at nothing; write the lower end first; it \
         must be above zero\n",
    );
    let crews = |text: &str| format!("{FINE}crews: {{{text}}}\n");
    check(
        &crews("a: {escalates: {after: 5m, to: b}}, b: {escalates: {after: 5m, to: a}}"),
        "10:24 cycle: `a` escalates to itself in the end; let the last one who is called keep the \
         job\n\
         10:60 cycle: `b` escalates to itself in the end; let the last one who is called keep the \
         job\n",
    );
    check(
        &crews("a: {escalates: {after: 5m, to: bb}}, b: {escalates: {to: a}, picks: random-kind}"),
        "10:40 unknown-name: there is no crew `bb`; did you mean `b`?\n\
         10:61 missing-key: an escalation needs `after`; add `after`: how long a job waits for an \
         answer, such as `after: 30m`\n",
    );
    check(
        &with("repair: 2h}", "repair: 2h, crew: a, people: 2}").replace(
            "journeys:",
            "crews: {a: {size: 2, escalates: {after: 5m, to: b}}, b: {}}\njourneys:",
        ),
        "3:51 quorum: 2 of the 1 of `b`; at most 1: `b` is called when nobody answers\n",
    );
    let plan = |text: &str| format!("{FINE}calendar: {{patch: {text}}}\n");
    check(
        &plan("{order: [node], each: 5m}"),
        "10:12 missing-key: an entry of the calendar needs `every`; add `every`: how often it begins, \
         such as `every: 30d`\n",
    );
    check(
        &plan("{every: 0s, order: [node, node-1], each: 5m}"),
        "10:12 duplicate-name: `patch` takes a unit twice; name each unit once in `order`; a group stands \
         for its members\n\
         10:27 out-of-range: a plan that never ends; `every` is from beginning to beginning and must be \
         at least 1s\n",
    );
    check(
        &plan(
            "{every: 9d, order: [node], each: 5m, at_a_time: 9, hours: Sat, fails: {p: 2, rapair: 1h}}",
        ),
        "10:67 out-of-range: 9 at a time of 3 units; at most 3, as many as `order` names\n\
         10:77 bad-quantity: `Sat` says no hours of a week; write `business`, `always`, or a list such as \
         `[Mon-Fri 09:00-17:00]`\n\
         10:89 missing-key: work that fails needs `repair`; add `repair`: how long it takes to recover, \
         such as `repair: 2h`\n\
         10:93 bad-quantity: `2` is not a percentage; write a number from 0 to 100 and `%`, such as \
         `99.9%`\n\
         10:96 unknown-key: work that fails has no key `rapair`; did you mean `repair`?\n",
    );
    check(
        &with("topology: t", "topology: t\nimport: [server/transiet]"),
        "2:10 unknown-name: the catalog has no `server/transiet`; did you mean `server/transient`?\n",
    );
}

#[test]
fn needs_have_kinds_where_kinds_make_sense() {
    check(
        &with("{needs: web, slo", "{needs: [{need: web, kind: start}], slo"),
        "9:32 wrong-kind: a journey neither starts nor crashes; its needs are `hard` or `soft`\n",
    );
    check(
        &with("{needs: web, slo", "{needs: [{need: web, kind: soft}], slo"),
        "9:3 missing-key: `browse` needs nothing but what it can do without; at least one need must be \
         `hard`\n",
    );
    check(
        &with("{needs: web, slo", "{needs: {any: [{need: web, kind: soft}]}, slo"),
        "9:38 wrong-kind: a kind of need in here; kinds stand in the list under `needs`, not inside of \
         expressions\n",
    );
    check(
        &with("serves: majority", "serves: majority, needs: {need: web-0, kind: crashes_with}"),
        "7:3 cycle: these services need one another: `web` and again; one of them must be able to work \
         without the others\n",
    );
}

/// A topology in which only a data class can be wrong.
fn class(text: &str) -> String {
    format!(
        "topology: t
failures:
  crash: {{every: 90d, repair: 2h, wipes: true}}
domains:
  rack: {{count: 3}}
  disk: {{in: rack, count: 3, fails: [crash]}}
services:
  db: {{replicas: 3, on: disk, leader: {{failover: 9s}}}}
  web: {{replicas: 2, on: rack, serves: any}}
journeys:
  use: {{needs: {{any: [db, web]}}}}
data:
  d: {{{text}}}
"
    )
}

#[test]
fn data_need_holders_or_a_way_to_be_made() {
    check(
        &class("about: none"),
        "13:3 missing-key: nothing holds `d`, and nothing records it; say who holds it, `held_by: \
         db`, or what records it, `born: app`\n",
    );
    check(
        &class("copies: 3, born: web"),
        "13:7 missing-key: `copies` of `d`, and nothing holds it; say who holds it: `held_by: db`\n",
    );
    check(
        &class("sink: web, held_by: disk"),
        "13:7 missing-key: `sink` of `d`, and nothing records it; say what must be up for data to be \
         recorded: `born: app`\n",
    );
    check(
        &class("born: web, buffer: {horizon: 2h}"),
        "13:18 missing-key: a buffer of `d`, and nothing to empty it into; say what must be up for \
         data to be accepted: `sink: store.write`\n",
    );
    check(
        &class("held_by: []"),
        "13:16 wrong-kind: an empty list of holders; name a service, a domain or units\n",
    );
    check(
        &class("held_by: dsik"),
        "13:16 unknown-name: nothing is called `dsik`; did you mean `disk`?\n",
    );
    check(
        &class("held_by: [disk, rack-0/disk-1]"),
        "13:7 duplicate-name: `rack-0/disk-1` holds `d` twice; name each holder once; a group stands \
         for its members\n",
    );
}

#[test]
fn what_is_empty_or_another_quantity_is_refused() {
    check(
        &class("held_by: disk, copies: 3, groups: 9, size: 8TB, rebuild: {per: {}}"),
        "13:70 missing-key: `per` of no level; name levels and what all on one unit of each \
         share: `per: {rack: 1GB/s}`\n",
    );
    check(
        &class("held_by: disk, copies: 3, groups: 9, deleted: {every: }"),
        "13:53 missing-key: deletion by mistake needs `every`; add `every`: the mean time from \
         one to the next, such as `every: 50y`\n",
    );
    check(
        &class("held_by: disk, copies: 3, groups: 9, size: 8Gbps, rebuild: {bandwidth: 8MB}"),
        "13:50 bad-quantity: `8Gbps` is a bandwidth and not a size; write a number and a unit, \
         such as `500MB`, `8TB` or `32GiB`\n\
         13:78 bad-quantity: `MB` is not a unit of bandwidth; write `8MB/s`, or `8MiB/s` in \
         powers of 1024\n",
    );
}

#[test]
fn schemes_must_be_possible() {
    check(
        &class("held_by: db, copies: 4"),
        "13:7 quorum: 4 copies of `d` on 3 holders; each is on a holder of its own: have at least 4\n",
    );
    check(
        &class("held_by: disk, erasure: {data: 8, parity: 2}"),
        "13:7 quorum: 10 shards of `d` on 9 holders; each is on a holder of its own: have at least 10\n",
    );
    check(
        &class("held_by: disk, copies: 3, erasure: {data: 2, parity: 1}"),
        "13:33 wrong-kind: what a group can lose, in two ways; keep `copies` or a code, one of them\n",
    );
    check(
        &class("held_by: disk, copies: 600"),
        "13:22 too-large: 600 copies or shards in a group; at most 512: say how many `copies` a group \
         has\n",
    );
    check(
        &class("held_by: disk, erasure: {data: 2}"),
        "13:31 missing-key: an erasure code needs `parity`; add `parity`: a number of shards\n",
    );
    check(
        &class("held_by: disk, lrc: {data: 5, groups: 2, local: 1, global: 1}"),
        "13:22 out-of-range: 5 data shards in 2 groups of equal size; let `data` be 2 times as many \
         as a group has\n",
    );
    check(
        &class("held_by: disk, lrc: {data: 66, groups: 66, local: 1, global: 1}"),
        "13:22 too-large: a code of 67 parity checks; at most 64\n",
    );
    check(
        &class("held_by: disk, code: {positions: 3, checks: [[0], [1], [2]]}"),
        "13:22 out-of-range: 3 parity checks of 3 positions; each check takes one position: let one \
         at least be left for data\n",
    );
    check(
        &class("held_by: disk, groups: 9, code: {positions: 4, checks: [[0, 1, 4], [1, 1], []]}"),
        "13:63 out-of-range: there is no position 4; positions are numbered from 0 to 3\n\
         13:74 duplicate-name: position 1 is covered twice; name each position once\n\
         13:82 wrong-kind: a parity check of nothing; list the positions that it covers, from 0\n",
    );
    check(
        &class("held_by: disk, mlec: {outer: {data: 50, parity: 9}, inner: {data: 9, parity: 1}}"),
        "13:22 too-large: 590 copies or shards in a group; at most 512: say how many `copies` a group \
         has\n",
    );
    check(&class("held_by: db, ack: 4"), "13:25 quorum: 4 of 3 copies; at most 3\n");
    check(
        &class("held_by: disk, erasure: {data: 6, parity: 3}, ack: 2"),
        "13:58 wrong-kind: an `ack` of shards; `ack` counts copies; a write of shards counts when all \
         have it\n",
    );
}

#[test]
fn groups_must_be_counted_and_placed() {
    check(
        &class("held_by: disk, copies: 2"),
        "13:7 missing-key: 2 copies of `d` on 9 holders: in how many groups?; say `groups: 10000`, or \
         `placement: every-combination` if there are so many that any loss hits one\n",
    );
    check(
        &class("held_by: disk, copies: 3, groups: 0"),
        "13:41 out-of-range: `groups` cannot be 0; the least is 1\n",
    );
    check(
        &class("held_by: disk, copies: 3, groups: 3000000"),
        "13:41 too-large: 3000000 groups of 3; at most 2000000 of so many copies\n",
    );
    check(
        &class("held_by: disk, copies: 2, placement: partitioned"),
        "13:33 quorum: 9 holders cannot be cut into sets of 2; have 8 or 10 of them, or another \
         placement\n",
    );
    check(
        &class("held_by: disk, copies: 3, groups: 9, placement: rondom"),
        "13:55 unknown-name: a placement cannot be `rondom`; did you mean `random`?\n",
    );
    check(
        &class("held_by: disk, copies: 3, groups: 9, placement: {random: {seed: 1}, copyset: 2}"),
        "13:55 wrong-kind: 2 placements in one; write one, such as `{random: {seed: 7}}` or \
         `{copyset: 4}`\n",
    );
    check(
        &class("held_by: disk, copies: 3, groups: 9, placement: {copyset: 3}"),
        "13:65 out-of-range: a scatter width of 3 with 3 copies; each set adds 2 others: write 2 or 4\n",
    );
    check(
        &class("held_by: disk, copies: 3, groups: 9, placement: {copyset: 10}"),
        "13:65 out-of-range: a scatter width of 10 among 9 holders; there are 8 others: at most 8\n",
    );
    check(
        &class("held_by: disk, copies: 1, groups: 9, placement: {copyset: 1}"),
        "13:65 wrong-kind: copysets of one copy each; a copy that is alone shares its group with \
         nobody: remove it\n",
    );
    check(
        &class("held_by: disk, copies: 3, groups: 9, placement: every-combination"),
        "13:41 no-effect: a number of groups on every combination; there is one on each: remove \
         `groups`\n",
    );
    check(
        &class("held_by: web, copies: 2, groups: 3, placement: [[web-0, web-1]]"),
        "13:40 quorum: 3 groups, of which 1 are listed; remove `groups`, or list each of them\n",
    );
    check(
        &class(
            "held_by: web, copies: 2, placement: [[web-0], [web-0, db-0], [web-1, web-1], [web-0, wbe-1]]",
        ),
        "13:44 quorum: a group on 1 holders, with 2 copies; name 2 holders in each group\n\
         13:53 wrong-reference: `db-0` does not hold `d`; a group is of those that `held_by` names\n\
         13:68 duplicate-name: `web-1` twice in a group; each copy or shard is on a holder of its own\n\
         13:92 unknown-name: nothing is called `wbe-1`; did you mean `web-1`?\n",
    );
    check(
        &class("held_by: web, placement: []"),
        "13:21 wrong-kind: a placement of no groups; list the holders of each group, or write a word \
         such as `random`\n",
    );
}

#[test]
fn copies_are_spread_over_places_that_are_there() {
    check(
        &class("held_by: disk, copies: 3, groups: 9, spread: {by: rakc}"),
        "13:57 unknown-name: no domain has the level `rakc`; did you mean `rack`?\n",
    );
    check(
        &class("held_by: [disk, web], copies: 3, groups: 9, spread: {by: disk}"),
        "13:64 spread: `web-0` stands on no disk; name a level that every holder stands on, or is of\n",
    );
    check(
        &class("held_by: disk, copies: 7, groups: 9, spread: {by: rack, at_most: 2}"),
        "13:57 spread: 7 copies over 3 of level `rack`, at most 2 on each; they have room for 6: have \
         at least 4 of them, or raise `at_most`\n",
    );
    check(
        &class(
            "held_by: [rack-0/disk-0, rack-0/disk-1, rack-0/disk-2, rack-1/disk-0], copies: 2, spread: {by: rack}",
        ),
        "13:102 spread: 3 holders on one of level `rack`, for 2 sets of at most 1 each; put as many \
         holders on each, raise `at_most`, or use another placement\n",
    );
    check(
        &class(
            "held_by: [rack-0/disk-0, rack-0/disk-1, rack-0/disk-2, rack-1/disk-0], copies: 2, groups: 9, placement: declustered, spread: {by: rack}",
        ),
        "13:137 spread: 3 holders on one of level `rack` cannot have as many groups as others; put as \
         many holders on each, raise `at_most`, or use `random`\n",
    );
    check(
        &class("held_by: disk, copies: 2, spread: {by: rack}, placement: every-combination"),
        "13:46 spread: a spread of every combination; there is a group on any holders, wherever they \
         are: remove `spread`\n",
    );
    check(
        &class(
            "held_by: disk, copies: 2, spread: {by: rack}, placement: [[rack-0/disk-0, rack-1/disk-0], [rack-0/disk-0, rack-0/disk-1]]",
        ),
        "13:46 spread: group 1 has more than 1 on one of level `rack`; groups are counted from 0: \
         move a holder of it, or raise `at_most`\n",
    );
}

#[test]
fn several_spreads_go_together() {
    let spread =
        |spread: &str| class(&format!("held_by: disk, copies: 3, groups: 9, spread: {spread}"));
    check(
        &spread("[{by: rack, at_most: 9}, {by: rack}]"),
        "13:82 duplicate-name: a spread over level `rack`, twice; say each level once\n",
    );
    check(
        &class(
            "held_by: disk, erasure: {data: 1, parity: 1}, groups: 9, \
             spread: [{by: rack}, {by: disk}], placement: {copyset: 3}",
        ),
        "13:78 spread: copysets that are spread over several levels; keep one level, or use another \
         placement\n",
    );
    let system = |domains: &str, data: &str| {
        format!(
            "topology: t\nfailures: {{dead: {{every: 1y, repair: 1h, wipes: true}}}}\ndomains:\n{domains}\
             data:\n  d: {{{data}}}\njourneys: {{j: {{needs: rack-0}}}}\n"
        )
    };
    let disk = |name: &str, rack: u32, feed: u32| {
        format!("  {name}: {{in: rack-{rack}, also_on: [feed-{feed}], fails: [dead]}}\n")
    };
    let disks = disk("a", 0, 0) + &disk("b", 0, 1) + &disk("c", 1, 0) + &disk("d", 1, 1);
    check(
        &system(
            &format!("  rack: {{count: 2}}\n  feed: {{count: 2}}\n{disks}"),
            "held_by: [a, b, c, d], copies: 2, groups: 9, spread: [{by: rack}, {by: feed}]",
        ),
        "11:78 spread: a spread over `rack` and `feed`, of which none is within the other; keep one of \
         them, or list the holders of each group\n",
    );
    // Either level alone has room for six.
    check(
        &system(
            "  rack: {count: 2}\n  node: {in: rack, count: 5}\n  disk: {in: node, count: 3, fails: [dead]}\n",
            "held_by: [rack-0/node-0/disk-0, rack-0/node-0/disk-1, rack-0/node-0/disk-2, \
             rack-1/node-0/disk-0, rack-1/node-1/disk-0, rack-1/node-2/disk-0, rack-1/node-3/disk-0, \
             rack-1/node-4/disk-0], erasure: {data: 3, parity: 2}, groups: 9, \
             spread: [{by: rack, at_most: 3}, {by: node}]",
        ),
        "8:250 spread: 5 shards over all of these levels; together they leave room for 4: raise an \
         `at_most`, or have more units\n",
    );
}

#[test]
fn scrubbing_takes_some_time() {
    check(
        &class("held_by: disk, latent: {every: 1y, scrub: {cycle: 0s}, spoils: disk}"),
        "13:57 out-of-range: a cycle of scrubbing of no time at all; it must be longer than nothing, \
         such as `2h`\n\
         13:70 unknown-name: what a defect spoils cannot be `disk`; it must be one of `sector` and \
         `copy`\n",
    );
    check(
        &class("held_by: disk, latent: {every: 1y, scrub: {cycle: 1s}}"),
        "13:57 out-of-range: a cycle that is too short; it must be at least 1m\n",
    );
}

#[test]
fn rebuilds_take_some_time() {
    check(
        &class("held_by: disk, rebuild: {bandwidth: 50MB/s}"),
        "13:22 missing-key: a rebuild by bandwidth, and no word on how much there is; say how many \
         bytes a holder holds: `size: 8TB`\n",
    );
    check(
        &class("held_by: disk, size: 8T, rebuild: {bandwidth: 50MB}"),
        "13:28 bad-quantity: `T` is not a unit of size; write `8TB`, or `8TiB` in powers of 1024\n\
         13:53 bad-quantity: `MB` is not a unit of bandwidth; write `50MB/s`, or `50MiB/s` in powers \
         of 1024\n",
    );
    check(
        &class("held_by: disk, size: 8TB, rebuild: {takes: 2h, shared: 1GB/s}"),
        "13:54 bad-law: how long a rebuild takes, in two ways; keep `takes`, or `bandwidth`, `shared`, \
         `source` and `per`\n",
    );
    check(
        &class("held_by: disk, rebuild: {takes: 2h, gives_up_after: 15m}"),
        "13:43 no-effect: a copy that is given up, and made anew nowhere else; say where it is made \
         anew: `to: elsewhere`\n",
    );
    check(
        &class("held_by: disk, size: 8TB, rebuild: {per: {rack: 1GB/s}, to: elsewhere}"),
        "13:49 no-effect: bandwidth of each rack, and rebuilds elsewhere; what is made anew elsewhere \
         is written all over: say `shared`, or `source` for what each holder gives\n",
    );
    let never = class("held_by: disk, rebuild: {takes: 2h, to: elsewhere}");
    check(
        &never.replace("repair: 2h, wipes", "repair: never, wipes"),
        "13:22 warning wrong-reference: rebuilds elsewhere, and holders that are never back from `crash`; what \
         stands elsewhere is not taken again until its holder is back: give `crash` a `repair`, such as \
         how long it takes to swap a drive\n",
    );
    check(
        &class("held_by: disk, rebuild: {takes: 2h, to: somewhere}"),
        "13:47 unknown-name: where it is made anew cannot be `somewhere`; did you \
         mean `elsewhere`?\n",
    );
    check(
        &class("held_by: disk, size: 8TB, rebuild: {per: {rakc: 1GB/s}}"),
        "13:49 unknown-name: no domain has the level `rakc`; did you mean `rack`?\n",
    );
    check(
        &class("held_by: disk, rebuild: {detect: 2h}"),
        "13:31 missing-key: a rebuild needs `takes`; add `takes`: how long it takes, or say \
         `bandwidth`\n",
    );
    check(
        &class("held_by: disk, rebuild: {exponential: 2h, detect: 2h}"),
        "13:49 bad-law: `detect` beside a law; write the law under `takes`: `takes: {exponential: \
         ...}`\n",
    );
    check(
        &class("held_by: disk, rebuild: {takes: 2h, lazy: 9}"),
        "13:49 out-of-range: a rebuild that waits until data are lost; a group survives the loss of \
         8: wait for that at most\n",
    );
    check(
        &class("held_by: disk, rebuild: {takes: 2h, priority: margin}"),
        "13:43 warning no-effect: no rebuild waits for another one; say how many go on together: \
         `at_a_time: 2`\n",
    );
    check(
        &class("held_by: disk, rebuild: {takes: 2h, at_a_time: 0, priority: size}"),
        "13:54 out-of-range: `at_a_time` cannot be 0; the least is 1\n\
         13:67 unknown-name: what is rebuilt first cannot be `size`; it must be one of `fifo` and \
         `margin`\n",
    );
    check(
        &class("held_by: disk, size: 8TB, rebuild: {shared: 0B/s}"),
        "13:51 out-of-range: a bandwidth of nothing; it must be above zero\n",
    );
}

#[test]
fn what_loses_data_must_be_possible() {
    check(
        &class("held_by: disk, lag: 5s"),
        "13:22 no-effect: a lag of `d`, of which all copies serve; only copies that stand by are \
         behind: have it held by a service with a `leader` or a `standby`\n",
    );
    check(
        &class("held_by: disk, latent: {scrub: 7d}"),
        "13:30 missing-key: a latent defect needs `every`; add `every`: the mean time to one on a \
         copy, such as `every: 20000h`\n",
    );
    check(
        &class("held_by: disk, medium: paper"),
        "13:30 unknown-name: a medium cannot be `paper`; it must be one of `memory`, `ephemeral`, \
         `local` and `network`\n",
    );
    check(
        &class("held_by: disk, catch_up: sometimes"),
        "13:32 bad-quantity: `sometimes` is not a duration; write a number and a unit, such as `20s`, \
         `5m`, `1.5h`, `30d`, `6mo` or `1y`\n",
    );
    check(
        &class("held_by: disk, retention: 0s"),
        "13:33 out-of-range: a retention of no time at all; it must be longer than nothing, such as \
         `2h`\n",
    );
}

#[test]
fn the_way_of_data_must_lead_somewhere() {
    check(
        &class("born: web, sink: dbb"),
        "13:24 unknown-name: nothing is called `dbb`; did you mean `db`?\n",
    );
    check(
        &class("born: web, sink: db, buffer: {survives: [process, site]}"),
        "13:36 missing-key: a buffer needs `horizon`; add `horizon`: how much it holds, such as \
         `horizon: 2h`\n\
         13:57 unknown-name: what a buffer survives cannot be `site`; it must be one of `process` and \
         `node`\n",
    );
    check(
        &class("born: web, sink: db, buffer: {horizon: 0s, drain: 1}"),
        "13:46 out-of-range: a buffer of no time at all; it must be longer than nothing, such as `2h`\n\
         13:57 out-of-range: a buffer that is never empty again; `drain` is how many times faster \
         than data come it is emptied: above 1\n",
    );
    check(
        &class("held_by: disk, offload: {usable_after: 1h}"),
        "13:31 missing-key: an offload needs `every`; add `every`: from beginning to beginning, such \
         as `every: 6h`\n",
    );
    check(
        &class("held_by: disk, offload: {every: 0s, usable_after: -1h, fails: 1}"),
        "13:39 out-of-range: an offload that never ends; `every` is from beginning to beginning and \
         must be at least 1s\n\
         13:57 bad-quantity: `-1h` is negative; a duration is zero or more\n\
         13:69 bad-quantity: `1` is not a percentage; write it in percent: `100%`\n",
    );
    check(
        &class("held_by: disk, backup: {every: {exponential: 59s}, usable_after: {uniform: 2h}}"),
        "13:38 out-of-range: a backup that never ends; `every` is from beginning to beginning and its \
         mean must be at least 1m\n\
         13:82 wrong-kind: a uniform law cannot be `2h`; it must be its two ends, such as `[20s, 40s]`\n",
    );
    check(
        &class("held_by: disk, backup: {every: 1h, to: other}"),
        "13:46 unknown-name: there is no data class `other`; there are `d`\n",
    );
    check(
        &class("held_by: disk, backup: {every: 1h, to: d}"),
        "13:3 cycle: these data are copied to one another: `d` and again; leave out the `to` \
         of one of them\n",
    );
    let ring = "held_by: disk, deleted: 9y, offload: {every: 1h, to: e}}
  e: {held_by: disk, deleted: 9y, backup: {every: 1h, to: f}}
  f: {held_by: disk, deleted: 9y, offload: {every: 1h, to: g}, backup: {every: 1h, to: e}}
  g: {born: web";
    check(
        &class(ring),
        "14:3 cycle: these data are copied to one another: `e` and `f` and again; leave out the `to` \
         of one of them\n\
         15:60 missing-key: nothing holds `g`, to which data are copied; say who holds it, `held_by: \
         store`, or leave out `to`\n",
    );
    check(
        &class("held_by: disk, rate: 0B/s, deleted: 9y"),
        "13:28 out-of-range: a bandwidth of nothing; it must be above zero\n",
    );
    check(
        &class("held_by: disk, deleted: 1us, latent: {every: {fixed: 10ms}}"),
        "13:31 out-of-range: the time to a deletion is too short; its mean must be at least 1m\n\
         13:52 out-of-range: the time to a latent defect is too short; its mean must be at least 1m\n",
    );
    check(
        &class("held_by: disk, deleted: {every: 1us}"),
        "13:39 out-of-range: the time to a deletion is too short; its mean must be at least 1m\n",
    );
    check(
        &class("held_by: disk, deleted: {exponential: 59s}"),
        "13:31 out-of-range: the time to a deletion is too short; its mean must be at least 1m\n",
    );
    check(&class("held_by: disk, deleted: 1m, latent: {every: 1m}"), "");
    // Of x that come until one is found x / (1 + x) are left out of many groups, and of one group some that would keep
    // it bad for longer.
    let groups = |groups: u32, latent: &str| {
        class(&format!("held_by: disk, copies: 3, groups: {groups}, latent: {{{latent}}}"))
    };
    let left_out = |column: u32, percent: u32| {
        format!(
            "13:{column} warning out-of-range: about {percent} % of the defects of `d` are left out; a holder \
             has one at a time, and others come before it is found: scrub more often, or say what rebuilds cannot \
             read as `unreadable`\n"
        )
    };
    check(&groups(3_000, "every: 1000h, scrub: {exponential: 110h}"), "");
    check(&groups(3_000, "every: 1000h, scrub: {exponential: 250h}"), &left_out(55, 20));
    check(&groups(3_000, "every: 1000h, scrub: {cycle: 250h}"), "");
    check(&groups(3_000, "every: 1000h, scrub: {cycle: 1000h}"), &left_out(55, 26));
    check(&groups(3_000, "every: 1y"), &left_out(55, 26));
    check(&groups(3, "every: 1000h, scrub: {exponential: 250h}, spoils: copy"), "");
    check(&groups(3, "every: 1000h, scrub: {exponential: 400h}, spoils: copy"), &left_out(52, 13));
    check(
        &class("held_by: disk, backup: {every: 6h, clock: up, restore: soon}"),
        "13:49 unknown-name: the clock of a backup cannot be `up`; it must be one of `always`\n\
         13:62 bad-quantity: `soon` is not a duration; write a number and a unit, such as `20s`, \
         `5m`, `1.5h`, `30d`, `6mo` or `1y`\n",
    );
}

#[test]
fn what_can_lose_no_data_is_pointed_out() {
    check(
        &class("held_by: rack"),
        "3:35 warning no-effect: `crash` wipes data, and nothing that it strikes holds any; let a \
         data class be held by what fails by it, or remove this\n\
         13:3 warning no-effect: nothing can lose `d`; say of a failure mode that it `wipes`, or give \
         the class `latent`, `deleted`, `unsynced` or `lag`\n",
    );
    check(
        &class("held_by: disk").replace("[db, web]}", "[db, web]}, slo: {rpo: 5s}"),
        "11:45 warning no-effect: an RPO of `use`, and no word on which data; name data classes \
         beside `slo`: `data: [d]`\n",
    );
    // Nothing else says that it is not judged.
    check(
        &with("99.9%", "99.9%, rpo: 0s"),
        "9:56 warning no-effect: an RPO of `browse`, and no word on which data; it is not judged: say under `data` \
         what can be lost, such as `orders`, and beside `slo` whose RPO it is: `data: [orders]`\n",
    );
    check(
        &class("held_by: disk").replace("wipes", "cuts_power"),
        "3:35 warning no-effect: `crash` cuts the power, and nothing that it strikes has data that \
         are `unsynced`; let a data class be held by what fails by it, or remove this\n\
         13:3 warning no-effect: nothing can lose `d`; say of a failure mode that it `wipes`, or give \
         the class `latent`, `deleted`, `unsynced` or `lag`\n",
    );
}

#[test]
fn a_topology_in_which_nothing_can_fail_is_pointed_out() {
    let nothing = "1:11 warning nothing-fails: nothing of `t` can ever fail; declare failure modes under `failures`, \
                   and name them under `fails` of domains and services, such as `fails: [crash]`\n";
    let bare = "topology: t\nservices: {web: {replicas: 2, serves: any}}\njourneys: {browse: {needs: web}}\n";
    check(bare, nothing);
    let forgotten = with(", fails: [down]", "");
    let unused = "3:3 warning unused: nothing fails by `down`; name it under `fails` of a domain or a service, or \
                  remove it\n";
    check(&forgotten, &format!("{nothing}{unused}"));
    // What is planned takes down what fails by nothing.
    let planned = "calendar: {patches: {every: 30d, order: [web], each: 10m}}\n";
    check(&format!("{bare}{planned}"), "");
    // A node may run out of memory.
    let placed = "topology: t\nplatform: kubernetes\ndomains: {node: {capacity: {memory: 1GiB}}}\nservices: \
                  {web: {on: node, controller: deployment}}\njourneys: {browse: {needs: web}}\n";
    check(placed, nothing);
    check(&placed.replace("deployment}", "deployment, uses: {memory: 512MiB}}"), "");
}

#[test]
fn what_other_tools_make_of_yaml_is_recognised() {
    for key in ["true", "True"] {
        check(
            &with("on: node", &format!("{key}: node")),
            &format!(
                "7:22 unknown-key: a service has no key `{key}`; was it `on`? Tools that know YAML 1.1 take that \
                 for `{key}`: write it in quotes, `\"on\"`\n"
            ),
        );
    }
    // A domain is on nothing.
    assert!(!findings(&with("node: {", "node: {true: x, ")).contains("YAML 1.1"));
    assert!(!findings(&with("on: node", "false: node")).contains("YAML 1.1"));
    let tabs = findings("topology: t\njourneys:\n\tbrowse: {needs: web}\n");
    assert!(tabs.contains("write spaces and no tab"), "{tabs}");
    let brackets = findings("topology: [");
    assert!(!brackets.contains("tab"), "{brackets}");
}

#[test]
fn journeys_name_data_classes() {
    check(
        &class("held_by: disk").replace("[db, web]}", "[db, web]}, data: [e, d, d]"),
        "11:41 unknown-name: there is no data class `e`; did you mean `d`?\n\
         11:47 duplicate-name: `d` is listed twice; name each data class once\n",
    );
}

/// A cluster of four nodes, each in one of two racks, and a service that is scheduled on them.
const CLUSTER: &str = "topology: t
failures:
  down: {every: 90d, repair: 2h}
platform: kubernetes
domains:
  rack: {count: 2}
  node: {in: rack, count: 2, fails: [down], capacity: {cpu: 4, memory: 8GiB}}
services:
  web: {replicas: 3, on: node, serves: any, controller: deployment}
journeys:
  use: {needs: web}
";

/// What is said of that cluster with one text in place of another.
#[track_caller]
fn check_cluster(old: &str, new: &str, want: &str) {
    assert!(CLUSTER.contains(old), "{old} is not there");
    check(&CLUSTER.replace(old, new), want);
}

/// The same of its service, if more is said after its controller.
#[track_caller]
fn check_workload(more: &str, want: &str) {
    let controller = "controller: deployment";
    check_cluster(controller, &format!("{controller}, {more}"), want);
}

/// The same with an entry in the calendar.
#[track_caller]
fn check_entry(entry: &str, want: &str) {
    check_cluster("journeys:", &format!("calendar:\n  p: {entry}\njourneys:"), want);
}

#[test]
fn a_cluster_that_is_fine_has_no_findings() {
    check(CLUSTER, "");
    check_workload("tolerates: {unreachable: 0s}, volume: network, priority: -5", "");
    check_workload("budget: {max_unavailable: 30%}, rollout: {surge: 0}", "");
}

#[test]
fn what_nodes_keep_is_wiped_or_not() {
    check_cluster(
        "repair: 2h}",
        "repair: 2h, wipes: 5%}",
        "3:34 out-of-range: `down` strikes nodes, and wipes with a probability; a node loses its volumes or keeps them: \
         say `wipes: true`, or two failure modes\n",
    );
    check_cluster(
        "repair: 2h}",
        "repair: 2h, wipes: maybe}",
        "3:41 bad-quantity: `maybe` is not yes or no; write `true`, `false`, or how probable it is: `1%`\n",
    );
    check_cluster(
        "repair: 2h}",
        "repair: 2h, wipes: 500%}",
        "3:41 bad-quantity: `500%` is not a percentage; it must be from 0% to 100%\n",
    );
}

#[test]
fn volumes_are_replicated_over_nodes_of_the_cluster() {
    check_workload("volume: {network: {size: 50GiB}}", "");
    check_workload(
        "volume: {network: {replicas: 1, rebuild: {exponential: 1h}, on: [rack-0/node-0], catch_up: 1m}}",
        "",
    );
    check_workload(
        "volume: {}",
        "9:77 missing-key: a volume needs `network`; add `network`: how it is replicated, such \
         as `network: {size: 50GiB, replicas: 3}`\n",
    );
    check_workload(
        "volume: {netwrok: {size: 1GB}}",
        "9:77 missing-key: a volume needs `network`; add `network`: how it is replicated, such \
         as `network: {size: 50GiB, replicas: 3}`\n\
         9:78 unknown-key: a volume has no key `netwrok`; did you mean `network`?\n",
    );
    check_workload(
        "volume: {network: {replicas: 2}}",
        "9:87 missing-key: a network volume needs `size`; add `size`: how large it is, such as \
         `size: 50GiB`\n",
    );
    check_workload(
        "volume: {network: {size: 0GB, replicas: 0}}",
        "9:94 out-of-range: a size of nothing; it must be above zero\n\
         9:109 out-of-range: `replicas` of a volume cannot be 0; the least is 1\n",
    );
    check_workload(
        "volume: {network: {size: 50, replicas: 21, rebuild: {bandwidth: 50MB}}}",
        "9:94 bad-quantity: `50` has no unit; write `50GB` or `50GiB`, for instance\n\
         9:108 out-of-range: 21 replicas of a volume; at most 20\n\
         9:133 bad-quantity: `MB` is not a unit of bandwidth; write `50MB/s`, or `50MiB/s` in \
         powers of 1024\n",
    );
    check_workload(
        "volume: {network: {size: 1GB, rebuild: {bandwidth: 1MB/s, fixed: 1h}}}",
        "9:127 unknown-key: the rebuild of a volume has no key `fixed`; it may say `bandwidth`\n",
    );
    check_workload(
        "volume: {network: {size: 1GB, on: [web, nothing]}}",
        "9:104 wrong-reference: `web` is no node; nodes are domains, or units of domains\n\
         9:109 unknown-name: nothing is called `nothing`; there are `node`, `rack` and `web`\n",
    );
    check_workload(
        "volume: {network: {size: 1GB, on: [node, rack-0/node-0]}}",
        "9:99 duplicate-name: `rack-0/node-0` is named twice; name each node once; a domain \
         stands for all of its units\n",
    );
    check_workload(
        "volume: {network: {size: 1GB, on: rack}}",
        "9:99 wrong-reference: `rack-0` is no node of `kubernetes`; volumes are replicated \
         within the cluster of their service\n",
    );
    check_workload(
        "volume: {network: {size: 1GB, on: []}}",
        "9:99 missing-key: replicas of volumes on no nodes; name domains or units that are \
         nodes of the cluster\n",
    );
    check_workload(
        "volume: {network: {size: 1GB, replicas: 5}}",
        "9:109 warning spread: 5 replicas of each volume of `web` on 4 nodes; a node has one \
         of them at most, and a volume that lacks one stays degraded\n",
    );
    check_workload(
        "volume: networks",
        "9:77 unknown-name: a volume cannot be `networks`; did you mean `network`?\n",
    );
    check_cluster(
        "controller: deployment",
        "controller: static, volume: {network: {size: 1GB}}",
        "9:74 wrong-kind: a volume of `web` that would follow nobody; only replicas of \
         deployments and statefulsets move: say `volume: local`\n",
    );
    check_cluster(
        "serves: any, controller: deployment",
        "serves: any, volume: {network: {size: 1GB}}",
        "9:45 missing-key: `volume` of `web`, which has no controller; say which one it has, \
         such as `controller: deployment`\n",
    );
    let roomy = CLUSTER.replace("fails: [down],", "fails: [down], storage: 10GB,");
    let volume = |size: &str| {
        let volume = format!("controller: deployment, volume: {{network: {{size: {size}}}}}");
        roomy.replace("controller: deployment", &volume)
    };
    // Three volumes of three replicas each, on four nodes.
    check(&volume("4GB"), "");
    check(
        &volume("10GB"),
        "9:78 warning unplaceable: volumes of all services take 90GB of 40GB of `storage`; some stay \
         degraded, or are never made: let them be smaller, or have more `storage`\n",
    );
    check(
        &volume("11GB"),
        "9:94 unplaceable: no node has room for a volume of `web`; let it be smaller, or have \
         a node with so much `storage`\n",
    );
    check(
        &roomy.replace("10GB", "10"),
        "7:54 bad-quantity: `10` has no unit; write `10GB` or `10GiB`, for instance\n",
    );
    let tainted = volume("1GB").replace("storage:", "taints: [spot], storage:");
    let tolerant = tainted.replace("volume:", "tolerates: {taints: [spot]}, volume:");
    check(
        &tolerant,
        "9:107 unplaceable: no node has replicas of volumes of `web`; all nodes have taints: \
         name those that may have one, `on: [node]`\n",
    );
    check(&tolerant.replace("{size: 1GB}", "{size: 1GB, on: node}"), "");
}

#[test]
fn what_replicas_use_of_memory_must_be_possible() {
    check_workload("uses: {memory: 2GiB}, limits: {memory: 4GiB}", "");
    check_workload("requests: {memory: 1GiB}, uses: {memory: 2GiB}", "");
    check_workload(
        "uses: {memory: 2GiB, cpu: 1}",
        "9:90 wrong-kind: `cpu` under `uses` of `web`; only `memory` is taken back; what happens \
         with too little of anything else is a `demand`\n",
    );
    check_workload(
        "limits: {memory: 2GiB}",
        "9:78 missing-key: a limit of `web`, which does not say what it uses; say how much it \
         really uses: `uses: {memory: 1GiB}`\n",
    );
    check_workload(
        "uses: {memory: 2}",
        "9:84 bad-quantity: `2` has no unit; write `2GB` or `2GiB`, for instance\n",
    );
    check_workload(
        "uses: {memory: 3GiB}, limits: {memory: 2GiB}",
        "9:76 out-of-range: `web` uses 3GiB `memory`, and its limit is 2GiB; it would be killed \
         again and again: use at most that\n",
    );
    check_workload(
        "requests: {memory: 3GiB}, uses: {memory: 1GiB}, limits: {memory: 2GiB}",
        "9:126 out-of-range: `web` requests 3GiB `memory`, and its limit is 2GiB; nobody can \
         request more than its limit\n",
    );
    check_workload(
        "uses: {memory: 9GiB}",
        "9:76 unplaceable: `web` uses 9GiB `memory`, and no node has more than 8GiB; use less, \
         or have a node with so much `capacity` beside its `overhead`\n",
    );
    check_workload(
        "limits: {memory: 9GiB}, uses: {memory: 1GiB}",
        "9:78 unplaceable: `web` requests 9GiB `memory`, and no node has more than 8GiB; request \
         less, or have a node with so much `capacity` beside its `overhead`\n",
    );
    check_cluster(
        "replicas: 3, on: node, serves: any, controller: deployment",
        "on: node, serves: any, controller: daemonset, uses: {memory: 9GiB}",
        "9:3 unplaceable: what is bound to `rack-0/node-0` uses 9GiB of 8GiB `memory`; replicas \
         of daemonsets, and static ones, cannot go elsewhere: use less\n",
    );
    check_cluster(
        "replicas: 3, on: node, serves: any, controller: deployment",
        "replicas: 5, on: node, serves: any, controller: static, uses: {memory: 5GiB}",
        "9:3 unplaceable: what is bound to `rack-0/node-0` uses 10GiB of 8GiB `memory`; replicas \
         of daemonsets, and static ones, cannot go elsewhere: use less\n",
    );
    check_cluster(
        "replicas: 3, on: node, serves: any, controller: deployment",
        "replicas: 7, on: node, serves: any, controller: deployment, uses: {memory: 5GiB}",
        "9:3 warning unplaceable: replicas on `kubernetes` use 35GiB of 32GiB `memory`; some of \
         them are evicted again and again: use less, or have more\n",
    );
    check_cluster(
        "capacity: {cpu: 4, memory: 8GiB}}\nservices:\n  web: {",
        "capacity: {cpu: 4}}\nservices:\n  web: {uses: {memory: 1GiB}, ",
        "9:16 warning no-effect: `web` uses memory of nodes that never run out of it; say how \
         much they have: `capacity: {memory: 32GiB}`\n",
    );
    // A limit is one wherever it runs.
    check_cluster(
        "capacity: {cpu: 4, memory: 8GiB}}\nservices:\n  web: {",
        "capacity: {cpu: 4}}\nservices:\n  web: {uses: {memory: 1GiB}, limits: {memory: 2GiB}, ",
        "",
    );
    check_cluster(
        ", controller: deployment",
        ", uses: {memory: 1GiB}",
        "9:45 missing-key: `uses` of `web`, which has no controller; say which one it has, such \
         as `controller: deployment`\n",
    );
}

#[test]
fn a_platform_looks_at_memory_as_often_as_it_says() {
    let said = |pressure: &str, want: &str| {
        let platform = format!("platform: {{profile: kubernetes, memory_pressure: {pressure}}}");
        check_cluster("platform: kubernetes", &platform, want);
    };
    said("{every: 1s}", "");
    said(
        "{every: 0s}",
        "4:58 out-of-range: nodes that look at their memory without end; `every` must be at \
         least 1s\n",
    );
    said(
        "{lasts: 5, evrey: 10s}",
        "4:58 bad-quantity: `5` has no unit; write `5s`, `5m`, `5h` or `5d` instead\n\
         4:61 unknown-key: memory pressure has no key `evrey`; did you mean `every`?\n",
    );
    said(
        "5m",
        "4:50 wrong-kind: memory pressure cannot be `5m`; it must be a map of keys and values\n",
    );
}

#[test]
fn replicas_of_a_volume_keep_apart_where_they_can() {
    let said = |more: &str, want: &str| {
        check_workload(&format!("volume: {{network: {{size: 1GB, replicas: 2, {more}}}}}"), want);
    };
    said("spread: {by: rack, rule: required}, locality: best-effort", "");
    said("spread: [{by: rack}], locality: none", "");
    said(
        "spread: {by: rakc}",
        "9:125 unknown-name: no domain has the level `rakc`; did you mean `rack`?\n",
    );
    said(
        "spread: {by: rack, skew: 1}",
        "9:137 wrong-kind: a `skew` of replicas of a volume; they are few, and a domain has one \
         at most: remove it\n",
    );
    said(
        "spread: {rule: required}",
        "9:120 missing-key: a spread needs `by`; add `by`: a level, such as `by: node`\n",
    );
    check_workload(
        "volume: {network: {size: 1GB, spread: {by: rack, rule: required}}}",
        "9:112 spread: 3 replicas of each volume of `web` apart on 2 of level `rack`; have at \
         least 3 of them, or make the rule `preferred`\n",
    );
    said(
        "locality: strict",
        "9:122 unknown-name: `locality` cannot be `strict`; it must be one of `best-effort` and \
         `none`\n",
    );
    said("on: [rack-0/node-0, rack-1/node-0], locality: best-effort", "");
    let elsewhere = "on: [rack-0/node-0], volume: {network: {size: 1GB, replicas: 1, \
                     on: [rack-0/node-1], locality: best-effort}}";
    check(
        &CLUSTER
            .replace("platform: kubernetes", "platform: {profile: kubernetes, nodes: node}")
            .replace("on: node, serves", &format!("{elsewhere}, serves")),
        "9:107 warning no-effect: no node of `web` has replicas of its volumes; let volumes be \
         on nodes that the service runs on, or remove it\n",
    );
    let shared = |bandwidth: &str, want: &str| {
        let platform =
            format!("platform: {{profile: kubernetes, volumes: {{node_bandwidth: {bandwidth}}}}}");
        check_cluster("platform: kubernetes", &platform, want);
    };
    shared("120MB/s", "");
    shared("0MB/s", "4:59 out-of-range: a bandwidth of nothing; it must be above zero\n");
    shared(
        "120MB",
        "4:59 bad-quantity: `MB` is not a unit of bandwidth; write `120MB/s`, or `120MiB/s` in \
         powers of 1024\n",
    );
}

#[test]
fn what_a_platform_says_of_volumes_must_be_possible() {
    let said = |volumes: &str, want: &str| {
        let platform = format!("platform: {{profile: kubernetes, volumes: {volumes}}}");
        check_cluster("platform: kubernetes", &platform, want);
    };
    said("{replicas: 2, timeout: 0s, bandwidth: 1Gb/s}", "");
    said(
        "{replica: 2}",
        "4:43 unknown-key: the section `volumes` has no key `replica`; did you mean \
         `replicas`?\n",
    );
    said(
        "{replicas: 0, at_a_time: 0, bandwidth: 0B/s}",
        "4:53 out-of-range: `replicas` of a volume cannot be 0; the least is 1\n\
         4:67 out-of-range: `at_a_time` cannot be 0; the least is 1\n\
         4:81 out-of-range: a bandwidth of nothing; it must be above zero\n",
    );
    said(
        "{replenish: 600, catch_up: soon}",
        "4:54 bad-quantity: `600` has no unit; write `600s`, `600m`, `600h` or `600d` instead\n\
         4:69 bad-quantity: `soon` is not a duration; write a number and a unit, such as \
         `20s`, `5m`, `1.5h`, `30d`, `6mo` or `1y`\n",
    );
    said(
        "3",
        "4:42 wrong-kind: the section `volumes` cannot be `3`; it must be a map of keys and \
         values\n",
    );
}

#[test]
fn platforms_have_a_profile() {
    check_cluster(
        "platform: kubernetes",
        "platform: kubernets",
        "4:11 unknown-name: there is no platform `kubernets`; did you mean `kubernetes`?\n",
    );
    check_cluster(
        "platform: kubernetes",
        "platform: {toleration: 30s}",
        "4:1 missing-key: a platform needs `profile`; add `profile`: there is `kubernetes`\n",
    );
    check_cluster(
        "platform: kubernetes",
        "platform: [kubernetes]",
        "4:11 wrong-kind: a platform cannot be a list; it must be a map of keys and values\n",
    );
    check_cluster(
        "platform: kubernetes\n",
        "",
        "8:57 missing-key: `web` has a controller, and there is no platform; say whose \
         controllers they are: `platform: kubernetes`\n",
    );
    check_cluster(
        "controller: deployment",
        "about: x",
        "4:1 warning no-effect: a platform with nothing to run; give a service a controller, \
         such as `controller: deployment`\n\
         7:45 warning no-effect: `node` is no node of a platform; let a service with a \
         controller run on it, or name it under `nodes` of `platform`\n",
    );
}

#[test]
fn timers_must_be_possible() {
    check_cluster(
        "platform: kubernetes",
        "platform: {profile: kubernetes, tolerations: 30s}",
        "4:33 unknown-key: a platform has no key `tolerations`; did you mean `toleration`?\n",
    );
    check_cluster(
        "platform: kubernetes",
        "platform: {profile: kubernetes, toleration: 30, lease_renew: 0s}",
        "4:45 bad-quantity: `30` has no unit; write `30s`, `30m`, `30h` or `30d` instead\n",
    );
    check_cluster(
        "platform: kubernetes",
        "platform: {profile: kubernetes, lease_renew: 1m}",
        "4:1 out-of-range: nodes that are well would count as lost; `node_monitor_grace` must \
         not be shorter than `lease_renew`\n",
    );
    check_cluster(
        "platform: kubernetes",
        "platform: {profile: kubernetes, crash_loop: {base: 10m}}",
        "4:45 out-of-range: restarts that wait longer at first than at most; let `base` be at \
         most `max`\n",
    );
    check_cluster(
        "platform: kubernetes",
        "platform: {profile: kubernetes, force_delete: soon, unhealthy_zone: {threshold: 0.5}}",
        "4:47 bad-quantity: `soon` is not a duration; write a number and a unit, such as `20s`, \
         `5m`, `1.5h`, `30d`, `6mo` or `1y`\n\
         4:81 bad-quantity: `0.5` is not a percentage; write it in percent: `50%`\n",
    );
}

#[test]
fn a_node_is_of_one_cluster() {
    check_cluster(
        "platform: kubernetes",
        "platform: {profile: kubernetes, clusters: {a: {nodes: node}, b: {nodes: rack-0/node-1}}}",
        "4:66 duplicate-name: `rack-0/node-1` is a node of `a` and of `b`; a node belongs to \
         one cluster\n\
         9:26 wrong-reference: `web` runs in two clusters: `rack-0/node-0` is a node of `a`, \
         `rack-0/node-1` of `b`; a controller moves replicas within one cluster: make it two \
         services\n",
    );
    check_cluster(
        "platform: kubernetes",
        "platform: {profile: kubernetes, clusters: {a: {nodes: [rack-0/node-0, rack-0/node-1]}, b: {nodes: [rack-1/node-0, rack-1/node-1]}}}",
        "9:26 wrong-reference: `web` runs in two clusters: `rack-0/node-0` is a node of `a`, \
         `rack-1/node-0` of `b`; a controller moves replicas within one cluster: make it two \
         services\n",
    );
    check_cluster(
        "platform: kubernetes",
        "platform: {profile: kubernetes, nodes: rack-0/node-0}",
        "9:26 wrong-reference: `web` runs on `rack-0/node-1`, which is a node of no cluster; \
         name it under `nodes` of one\n",
    );
    check_cluster(
        "platform: kubernetes",
        "platform: {profile: kubernetes, nodes: node, clusters: {a: {}}}",
        "4:33 wrong-kind: `nodes` beside `clusters`; say it of each cluster\n\
         4:57 missing-key: a cluster needs `nodes`; add `nodes`: the domains or units that are \
         its nodes\n",
    );
    check_cluster(
        "platform: kubernetes",
        "platform: {profile: kubernetes, nodes: [node, rack-0/node-0, web]}",
        "4:33 duplicate-name: `rack-0/node-0` is named twice; name each node once; a domain \
         stands for all of its units\n\
         4:62 wrong-reference: `web` is no node; nodes are domains, or units of domains\n",
    );
    check_cluster(
        "platform: kubernetes",
        "platform: {profile: kubernetes, control_plane: apiserver}",
        "4:48 unknown-name: nothing is called `apiserver`; there are `node`, `rack` and `web`\n",
    );
    check_cluster(
        "on: node, ",
        "",
        "9:47 missing-key: `web` has a controller, and nowhere to run; name the nodes that it \
         may run on: `on: node`\n",
    );
}

#[test]
fn amounts_have_the_unit_of_their_resource() {
    check_workload(
        "requests: {cpu: 500M, memory: 2}",
        "9:85 bad-quantity: `M` is not a unit of processors; write `500m` for thousandths\n\
         9:99 bad-quantity: `2` has no unit; write `2GB` or `2GiB`, for instance\n",
    );
    check_workload(
        "requests: {cpu: -1, gpu: 1}",
        "9:85 bad-quantity: `-1` is negative; write a number of processors, such as `2` or \
         `0.5`, or thousandths, such as `500m`\n\
         9:89 unknown-name: no node has any `gpu`; did you mean `cpu`?\n",
    );
    check_cluster(
        "capacity: {cpu: 4, memory: 8GiB}",
        "capacity: {cpu: 4, gpu: 2GiB}",
        "7:69 bad-quantity: `2GiB` is not a number; so much `gpu` is a number without a unit, \
         such as `1.5`\n",
    );
    check_cluster(
        "capacity: {cpu: 4, memory: 8GiB}",
        "capacity: {cpu: 4}, overhead: {cpu: 5, memory: 1GiB}",
        "7:76 out-of-range: an overhead of 5 of 4 `cpu`; nothing is left for replicas; at most \
         the capacity\n\
         7:84 missing-key: an overhead of `memory`, and no capacity; say how much it has: \
         `capacity: {memory: ...}`\n",
    );
}

#[test]
fn what_no_node_can_take_is_refused() {
    check_workload(
        "requests: {cpu: 4500m}",
        "9:80 unplaceable: `web` requests 4.5 `cpu`, and no node has more than 4; request less, \
         or have a node with so much `capacity` beside its `overhead`\n",
    );
    check_workload(
        "requests: {memory: 9GB}",
        "9:80 unplaceable: `web` requests 9GB `memory`, and no node has more than 8GiB; request \
         less, or have a node with so much `capacity` beside its `overhead`\n",
    );
    check_cluster(
        "capacity: {cpu: 4, memory: 8GiB}",
        "capacity: {cpu: 4, memory: 8GiB}, taints: [spot]",
        "9:26 unplaceable: `rack-0/node-0` keeps `web` off by its taint `spot`; let it tolerate \
         that, `tolerates: {taints: [spot]}`, or run on others\n",
    );
    check_cluster(
        "controller: deployment",
        "controller: static, requests: {cpu: 5}",
        "9:3 unplaceable: what is bound to `rack-0/node-0` requests 5 of 4 `cpu`; replicas of \
         daemonsets, and static ones, cannot go elsewhere: request less\n",
    );
    check_cluster(
        "rack: {count: 2}",
        "rack: {count: 2, capacity: {cpu: 1}}",
        "6:20 warning no-effect: `rack` is no node of a platform; let a service with a \
         controller run on it, or name it under `nodes` of `platform`\n",
    );
}

#[test]
fn spreads_must_have_room() {
    check_workload(
        "spread: {by: rack, rule: required}",
        "9:82 spread: 3 replicas of `web` apart on 2 of level `rack`; have at least 3 of them, \
         or make the rule `preferred`\n",
    );
    check_workload(
        "spread: [{by: node, rule: required}, {by: rakc}]",
        "9:111 unknown-name: no domain has the level `rakc`; did you mean `rack`?\n",
    );
    check_cluster(
        "replicas: 3",
        "replicas: 4, spread: {by: node, rule: required}",
        "9:35 warning spread: a replica of `web` that loses its node stays pending; each of the \
         4 of level `node` has one already: have one more, or make the rule `preferred`\n",
    );
    check_cluster(
        "controller: deployment",
        "spread: [{by: node}, {by: rack}]",
        "9:71 spread: several spreads of `web`, which nobody schedules; only what has \
         `controller: deployment` or `statefulset` is scheduled; others have one spread, \
         without `skew`\n",
    );
    check_cluster(
        "controller: deployment",
        "spread: {by: node, skew: 1}",
        "9:70 spread: a skew of `web`, which nobody schedules; only what has `controller: \
         deployment` or `statefulset` is scheduled; others have one spread, without `skew`\n",
    );
    check_cluster(
        "controller: deployment",
        "controller: daemonset",
        "9:19 quorum: 3 replicas of `web` on 4 nodes; leave `replicas` out, or name as many \
         nodes under `on`\n",
    );
}

#[test]
fn budgets_and_rollouts_count_replicas() {
    check_workload(
        "budget: {min_available: 4}",
        "9:93 quorum: 4 of 3 replicas of `web`; at most 3\n",
    );
    check_workload(
        "budget: {min_available: 3}",
        "9:93 warning budget: the budget of `web` blocks every drain for ever; all of its \
         replicas must be up: let one be missing, `max_unavailable: 1`\n",
    );
    check_workload(
        "budget: {max_unavailable: 0%}",
        "9:95 warning budget: the budget of `web` blocks every drain for ever; all of its \
         replicas must be up: let one be missing, `max_unavailable: 1`\n",
    );
    check_workload(
        "budget: {min_available: 2, max_unavailable: 1}",
        "9:96 wrong-kind: a budget in two ways; keep `min_available` or `max_unavailable`, one \
         of them\n",
    );
    check_workload(
        "budget: 2",
        "9:77 wrong-kind: a budget cannot be `2`; it must be a map of keys and values\n",
    );
    check_workload(
        "rollout: {surge: 0, unavailable: 0%}",
        "9:69 out-of-range: a rollout of `web` that replaces nothing; let `surge` or \
         `unavailable` be 1\n",
    );
    check_workload(
        "rollout: {surge: 4}",
        "9:86 quorum: more than the 3 replicas of `web` at a time; each is replaced once: name \
         a part of them\n",
    );
    check_cluster(
        "controller: deployment",
        "controller: statefulset, rollout: {surge: 1}",
        "9:87 wrong-kind: a surge of `web`, which is no deployment; only a deployment adds \
         replicas in a rollout; say `unavailable`\n",
    );
    check_cluster(
        "controller: deployment",
        "controller: static, rollout: {unavailable: 1}, budget: {min_available: 1}, tolerates: {unreachable: 5s}",
        "9:65 wrong-kind: a rollout of `web`, whose replicas are static; nobody replaces them: \
         remove it\n\
         9:116 warning no-effect: a budget of `web`, which nobody evicts; replicas of a \
         daemonset, and static ones, stay on their nodes: remove it\n\
         9:132 warning no-effect: `unreachable` of `web`, which nobody evicts; replicas of a \
         daemonset, and static ones, stay on their nodes: remove it\n",
    );
}

#[test]
fn what_does_nothing_for_data_is_warned_of() {
    check(
        &class("held_by: disk, unsynced: 10s"),
        "13:3 warning no-effect: `unsynced` of `d`, and nothing cuts its power; say of a failure mode of its holders, or of \
         what they stand on, that it `cuts_power`\n",
    );
    let cut = class("held_by: disk, unsynced: 10s")
        .replace("wipes: true", "wipes: true, cuts_power: true");
    check(&cut, "");
    check(
        &class("held_by: rack-0/disk-0, copies: 1, catch_up: never"),
        "13:3 warning no-effect: `catch_up` of `d`, of which there is one copy; it is about what other copies have: say \
         how many `copies` there are, or remove it\n",
    );
    check(&class("held_by: disk, catch_up: never"), "");
}

#[test]
fn what_data_are_on_must_fit_the_volume() {
    let check_medium = |volume: &str, medium: &str, wanted: &str| {
        let text = format!(
            "topology: t
platform: kubernetes
failures: {{down: {{every: 90d, repair: 5h, wipes: true}}}}
domains: {{node: {{level: node, count: 3, fails: [down]}}}}
services:
  web: {{on: node, controller: deployment{volume}}}
data:
  rows: {{held_by: web, deleted: 50y, medium: {medium}}}
journeys: {{use: {{needs: web}}}}
"
        );
        check(&text, wanted);
    };
    check_medium(
        "",
        "local",
        "8:46 wrong-reference: `medium: local`, and replicas of `web` with no volume; say `volume: local` of `web`, or \
         `medium: ephemeral`, which is what data without the key are on there\n",
    );
    check_medium(
        ", volume: network",
        "local",
        "8:46 wrong-reference: `medium: local`, and replicas of `web` with a network volume; say `volume: local` of \
         `web`, or `medium: network`, which is what data without the key are on there\n",
    );
    check_medium(
        "",
        "network",
        "8:46 wrong-reference: `medium: network`, and replicas of `web` with no volume; say `volume: network` of `web`, \
         or `medium: ephemeral`, which is what data without the key are on there\n",
    );
    check_medium(", volume: network", "memory", "");
    check_medium("", "ephemeral", "");
}

#[test]
fn what_only_a_controller_evaluates_needs_one() {
    check_cluster(
        "controller: deployment",
        "requests: {cpu: 1}, budget: {min_available: 1}",
        "9:45 missing-key: `requests` of `web`, which has no controller; say which one it has, \
         such as `controller: deployment`\n\
         9:65 missing-key: `budget` of `web`, which has no controller; say which one it has, \
         such as `controller: deployment`\n",
    );
    check_cluster(
        "controller: deployment",
        "controller: external, priority: 1",
        "9:67 missing-key: `priority` of `web`, which has no controller; say which one it has, \
         such as `controller: deployment`\n",
    );
    check_cluster(
        "controller: deployment",
        "controller: deploymnt",
        "9:57 unknown-name: a controller cannot be `deploymnt`; did you mean `deployment`?\n",
    );
    check_workload(
        "priority: high, volume: disk, tolerates: {taints: [sport]}",
        "9:79 bad-quantity: `high` is not a priority; it is a whole number, at most 1000000000: \
         what has a higher one comes first\n\
         9:93 unknown-name: a volume cannot be `disk`; it must be one of `none`, `local` and \
         `network`\n\
         9:120 warning no-effect: no node has the taint `sport`; taints stand at domains: \
         `taints: [control-plane]`\n",
    );
}

#[test]
fn drains_and_rollouts_are_of_platforms() {
    check_entry(
        "{every: 30d, order: [rack], each: 5m, drain: true}",
        "11:44 wrong-reference: `rack-0` is drained and is no node; only nodes of the platform \
         can be drained: name it under its `nodes`\n",
    );
    check_entry(
        "{every: 30d, order: [node], each: 5m, drain: {gives_up: soon}}",
        "11:62 bad-quantity: `soon` is not a duration; write a number and a unit, such as \
         `20s`, `5m`, `1.5h`, `30d`, `6mo` or `1y`\n",
    );
    check_entry(
        "{rollout: [web, web, wbe], every: 14d, gap: 5m}",
        "11:22 duplicate-name: `web` is listed twice; name each service once\n\
         11:27 unknown-name: there is no service `wbe`; did you mean `web`?\n\
         11:45 wrong-kind: `gap` beside `rollout`; how many are replaced at a time stands under \
         `rollout` of each service\n",
    );
    check_entry(
        "{rollout: [node]}",
        "11:3 missing-key: a rollout of the calendar needs `every`; add `every`: how often it \
         begins, such as `every: 14d`\n\
         11:17 unknown-name: there is no service `node`; name services that have a controller\n",
    );
    check_entry(
        "{rollout: [], every: 0s}",
        "11:3 missing-key: a rollout of nothing; name services that have a controller: \
         `rollout: [web]`\n\
         11:27 out-of-range: a plan that never ends; `every` is from beginning to beginning and \
         must be at least 1s\n",
    );
}
