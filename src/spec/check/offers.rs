//! What services offer.

use super::all::Checker;
use super::failures::planned;
use super::platform::ROUNDING;
use crate::scheme::shards_for_a_write;
use crate::spec::diagnostic::Code;
use crate::spec::platform::Controller;
use crate::spec::raw::{Name, Need, RawLeader, RawReplicated, RawService};
use crate::spec::read::listed;
use crate::spec::source::Spanned;
use crate::spec::topology::{Demand, FailureMode, Needs, Operation, Quorum, Repair, Service};
use crate::units::SimSpan;

/// An operation while it is put together: its name where the file gives one, its name, its need.
struct Offer<'a> {
    named: Option<&'a Name>,
    name: &'a str,
    quorums: Vec<Quorum>,
}

/// How many replicas it takes to carry a demand, of which each can carry so much: one at least.
pub(super) fn replicas_for(peak: f64, each: f64) -> f64 {
    (peak / each - ROUNDING).ceil().max(1.0)
}

impl Checker<'_> {
    /// What services offer.
    pub(super) fn services(&mut self) {
        let raw = self.raw;
        for raw in &raw.services {
            self.check_pool(raw);
            let replicas =
                self.units.group(&raw.name.value).map_or(0..0, |group| group.units.clone());
            let roster = self.roster(raw, replicas.clone());
            let seats =
                roster.as_ref().map_or(self.replica_count(raw), |roster| roster.active as u64);
            let counts_seats = raw.leader.is_none() && roster.is_some();
            let operations = self.operations(raw, &replicas, counts_seats.then_some(seats));
            let load = self.load(raw, replicas.len());
            let demand = self.demand(raw, replicas.len());
            self.services.push(Service {
                name: raw.name.value.clone(),
                replicas,
                operations,
                needs: Needs::default(),
                roster,
                load,
                demand,
                is_suspended_while_down: raw.is_suspended_while_down,
                is_sharded: raw.sharded,
            });
        }
    }

    /// Factors for each number up, from none to all.
    fn load(&mut self, raw: &RawService, replicas: usize) -> Vec<f64> {
        if raw.load.is_empty() {
            return Vec::new();
        }
        let mut factors = vec![1.0; replicas + 1];
        for (up, factor) in &raw.load {
            match factors.get_mut(up.value as usize) {
                Some(known) => *known = *factor,
                None => {
                    let message = format!(
                        "{} up of the {replicas} replicas of `{}`",
                        up.value, raw.name.value
                    );
                    self.findings
                        .error(Code::Quorum, up.span, message)
                        .help(format!("at most {replicas}"));
                }
            }
        }
        factors
    }

    /// How many replicas can carry the demand, and what happens with fewer.
    fn demand(&mut self, raw: &RawService, replicas: usize) -> Option<Demand> {
        let demand = raw.demand.as_ref()?;
        let needed = replicas_for(demand.peak, demand.each);
        if needed > replicas as f64 {
            let message = format!(
                "{needed} replicas carry a demand of {}, and `{}` has {replicas}",
                demand.peak, raw.name.value
            );
            self.findings
                .error(Code::Quorum, demand.span, message)
                .help("have more replicas, or lower `peak`, or raise what `each` can carry");
            return None;
        }
        let crashes = demand.crashes.then(|| {
            let name = format!("overload-of-{}", raw.name.value);
            let mode = FailureMode {
                repair: Repair::Restart,
                always: false,
                is_planned: false,
                ..planned(name, Vec::new())
            };
            self.modes.push(mode);
            (self.modes.len() - 1, SimSpan::from_seconds(demand.within))
        });
        let (peak, each) = (demand.peak, demand.each);
        Some(Demand { peak, each, needed: needed as usize, crashes })
    }

    fn operations(
        &mut self,
        raw: &RawService,
        replicas: &std::ops::Range<usize>,
        seats: Option<u64>,
    ) -> Vec<Operation> {
        let count = self.replica_count(raw);
        let several = [!raw.operations.is_empty(), raw.erasure.is_some(), raw.replicated.is_some()];
        if let (Some(serves), true) = (raw.serves, several.contains(&true)) {
            self.findings
                .error(
                    Code::WrongKind,
                    serves.span,
                    format!("`{}` serves in two ways", raw.name.value),
                )
                .help("`serves` is for a service that offers one thing; keep it, or the others");
        }
        let witnesses = self.witnesses(raw, count);
        let of = |needed: u64, members: std::ops::Range<usize>| {
            vec![Quorum { needed: needed as usize, members: members.collect() }]
        };
        let mut offers: Vec<Offer<'_>> = Vec::new();
        if let Some(erasure) = &raw.erasure {
            let (data, parity) = (erasure.data.value, erasure.parity.value);
            if data.saturating_add(parity) != count {
                let message = format!("{data} data and {parity} parity shards on {count} replicas");
                let at = raw.replicas.map_or(erasure.span, |replicas| replicas.span);
                self.findings
                    .error(Code::Quorum, at, message)
                    .label(erasure.span, format!("{} shards", data.saturating_add(parity)))
                    .help("each replica holds one shard: let `replicas` be data + parity");
            }
            let write = shards_for_a_write(data, parity);
            for (name, needed) in [("read", data), ("write", write)] {
                offers.push(Offer { named: None, name, quorums: of(needed, replicas.clone()) });
            }
        }
        if let Some(replicated) = &raw.replicated {
            offers.extend(self.replicated(replicated, raw, replicas));
        }
        for (name, need) in &raw.operations {
            let quorums = self.quorum(*need, raw, replicas, witnesses, seats);
            offers.retain(|offer| offer.name != name.value);
            offers.push(Offer { named: Some(name), name: &name.value, quorums });
        }
        let counts_seats = seats.is_some();
        if offers.is_empty() {
            let quorums = match (raw.serves, seats) {
                (Some(need), _) => self.quorum(need, raw, replicas, witnesses, seats),
                // Those that are to serve are those that are needed.
                (None, Some(seats)) => of(seats, replicas.clone()),
                (None, None) if count == 1 || raw.says_need => {
                    of(1, replicas.start..replicas.end.saturating_sub(witnesses as usize))
                }
                (None, None) => {
                    self.unclear_redundancy(raw, count);
                    of(1, replicas.clone())
                }
            };
            let needs_leader = raw.leader.is_some();
            return vec![Operation { name: None, quorums, counts_seats, needs_leader }];
        }
        let names: Vec<&str> = offers.iter().map(|offer| offer.name).collect();
        if let Some(RawLeader { needs_leader: Some(listed_names), .. }) = &raw.leader {
            for name in listed_names.iter().filter(|name| !names.contains(&name.value.as_str())) {
                let help = format!("it offers {}", listed(&names));
                let message = format!("`{}` has no operation `{}`", raw.name.value, name.value);
                self.findings.error(Code::UnknownName, name.span, message).help(help);
            }
        }
        let is_led = |operation: &str| match &raw.leader {
            None => false,
            Some(RawLeader { needs_leader: None, .. }) => true,
            Some(RawLeader { needs_leader: Some(names), .. }) => {
                names.iter().any(|name| name.value == operation)
            }
        };
        offers
            .into_iter()
            .map(|offer| Operation {
                name: Some(offer.named.map_or(offer.name.to_owned(), |name| name.value.clone())),
                quorums: offer.quorums,
                counts_seats,
                needs_leader: is_led(offer.name),
            })
            .collect()
    }

    /// Replicas that vote and hold nothing: the last ones.
    fn witnesses(&mut self, raw: &RawService, replicas: u64) -> u64 {
        let Some(witnesses) = raw.witnesses else { return 0 };
        if witnesses.value >= replicas {
            let message = format!("{} witnesses of {replicas} replicas", witnesses.value);
            self.findings
                .error(Code::Quorum, witnesses.span, message)
                .help("the last replicas are the witnesses; at least one must be none");
            return 0;
        }
        if raw.erasure.is_some() || raw.replicated.is_some() {
            self.findings
                .error(Code::WrongKind, witnesses.span, "witnesses among what holds data")
                .help("count only the replicas that hold something");
        }
        witnesses.value
    }

    /// Items on rings of neighbours: each must have enough of its copies.
    fn replicated<'a>(
        &mut self,
        replicated: &RawReplicated,
        raw: &RawService,
        replicas: &std::ops::Range<usize>,
    ) -> Vec<Offer<'a>> {
        let count = self.replica_count(raw);
        let copies = replicated.copies.value;
        if copies > count {
            let message = format!("{copies} copies on {count} replicas");
            self.findings
                .error(Code::Quorum, replicated.copies.span, message)
                .help(format!("at most {count}"));
            return Vec::new();
        }
        let read = replicated.read.unwrap_or(Spanned::new(1, replicated.ack.span));
        let mut offers = Vec::new();
        for (name, needed) in [("read", read), ("write", replicated.ack)] {
            if needed.value > copies {
                let message = format!("{} of {copies} copies", needed.value);
                self.findings
                    .error(Code::Quorum, needed.span, message)
                    .help(format!("at most {copies}"));
            }
            // With as many copies as replicas all rings are the same.
            let rings = if copies == count { 1 } else { replicas.len() };
            let quorums = (0..rings).map(|first| Quorum {
                needed: needed.value as usize,
                members: (0..copies as usize)
                    .map(|step| replicas.start + (first + step) % replicas.len())
                    .collect(),
            });
            offers.push(Offer { named: None, name, quorums: quorums.collect() });
        }
        offers
    }

    fn unclear_redundancy(&mut self, raw: &RawService, replicas: u64) {
        let at = raw.replicas.map_or(raw.span, |replicas| replicas.span);
        let message =
            format!("`{}` has {replicas} replicas: how many of them are needed?", raw.name.value);
        self.findings.error(Code::UnclearRedundancy, at, message).help(
            "say `serves: any` (or `majority`, `all`, a number), `operations`, `erasure` or `leader`",
        );
    }

    /// How many of whom a need is.
    fn quorum(
        &mut self,
        need: Spanned<Need>,
        raw: &RawService,
        replicas: &std::ops::Range<usize>,
        witnesses: u64,
        seats: Option<u64>,
    ) -> Vec<Quorum> {
        let all = seats.unwrap_or(self.replica_count(raw));
        let serving = all.saturating_sub(witnesses);
        // Witnesses vote; whoever must hold something is one of the others.
        let (needed, members) = match need.value {
            Need::Majority => (all / 2 + 1, replicas.clone()),
            Need::Any => (1, replicas.start..replicas.end.saturating_sub(witnesses as usize)),
            Need::All => (serving, replicas.start..replicas.end.saturating_sub(witnesses as usize)),
            Need::AtLeast(needed) => {
                (needed, replicas.start..replicas.end.saturating_sub(witnesses as usize))
            }
        };
        if needed > all || (needed > serving && need.value != Need::Majority) {
            let of = if seats.is_some() { "active replicas" } else { "replicas" };
            let message = format!("`{}` needs {needed} of {serving} {of}", raw.name.value);
            let finding = self.findings.error(Code::Quorum, need.span, message);
            if let (Some(replicas), None) = (raw.replicas, seats) {
                finding.label(replicas.span, "this many there are");
            }
            finding.help(format!("at most {serving}"));
        }
        vec![Quorum { needed: needed as usize, members: members.collect() }]
    }
    /// How many replicas a service has: as said, as its erasure code needs, as there are nodes for a
    /// daemonset, or one.
    pub(super) fn replica_count(&self, service: &RawService) -> u64 {
        let controller = service.workload.as_ref().map(|workload| workload.controller.value);
        let group = self.units.group(&service.name.value);
        match (service.replicas, &service.erasure, controller, group) {
            (Some(replicas), ..) => replicas.value,
            (None, _, Some(Controller::Daemonset), Some(group)) => group.units.len() as u64,
            (None, Some(erasure), ..) => erasure.data.value.saturating_add(erasure.parity.value),
            (None, None, ..) => 1,
        }
    }
}
