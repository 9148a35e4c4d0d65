//! What services offer.

use super::all::Checker;
use crate::spec::diagnostic::Code;
use crate::spec::raw::{Name, Need, RawLeader, RawService};
use crate::spec::read::listed;
use crate::spec::source::Spanned;
use crate::spec::topology::{Leader, Operation, Service};

impl Checker<'_> {
    /// What services offer.
    pub(super) fn services(&mut self) {
        for raw in &self.raw.services {
            let replicas =
                self.units.group(&raw.name.value).map_or(0..0, |group| group.units.clone());
            let operations = self.operations(raw, replica_count(raw));
            self.services.push(Service {
                name: raw.name.value.clone(),
                replicas,
                operations,
                needs: None,
                leader: raw.leader.as_ref().map(|leader| Leader {
                    failover: leader.failover.clone(),
                    failover_after_total_loss: leader.failover_after_total_loss,
                }),
            });
        }
    }

    fn operations(&mut self, raw: &RawService, replicas: u64) -> Vec<Operation> {
        if let (Some(serves), true) =
            (raw.serves, !raw.operations.is_empty() || raw.erasure.is_some())
        {
            self.findings
                .error(
                    Code::WrongKind,
                    serves.span,
                    format!("`{}` serves in two ways", raw.name.value),
                )
                .help("`serves` is for a service that offers one thing; keep it, or the others");
        }
        let mut needs: Vec<(Option<&Name>, &str, u64)> = Vec::new();
        if let Some(erasure) = &raw.erasure {
            let (data, parity) = (erasure.data.value, erasure.parity.value);
            if data.saturating_add(parity) != replicas {
                let message =
                    format!("{data} data and {parity} parity shards on {replicas} replicas");
                let at = raw.replicas.map_or(erasure.span, |replicas| replicas.span);
                self.findings
                    .error(Code::Quorum, at, message)
                    .label(erasure.span, format!("{} shards", data.saturating_add(parity)))
                    .help("each replica holds one shard: let `replicas` be data + parity");
            }
            // With as many parity as data shards, half of them could write without the other half.
            let write = data + u64::from(data == parity);
            needs.extend([(None, "read", data), (None, "write", write)]);
        }
        for (name, need) in &raw.operations {
            let needed = self.needed(*need, replicas, raw);
            needs.retain(|(_, known, _)| *known != name.value);
            needs.push((Some(name), &name.value, needed));
        }
        if needs.is_empty() {
            let needed = match raw.serves {
                Some(need) => self.needed(need, replicas, raw),
                None if replicas == 1 || raw.says_need => 1,
                None => {
                    self.unclear_redundancy(raw, replicas);
                    1
                }
            };
            let needs_leader = raw.leader.is_some();
            return vec![Operation { name: None, needed: needed as usize, needs_leader }];
        }
        let names: Vec<&str> = needs.iter().map(|(_, name, _)| *name).collect();
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
        needs
            .into_iter()
            .map(|(_, name, needed)| Operation {
                name: Some(name.to_owned()),
                needed: needed as usize,
                needs_leader: is_led(name),
            })
            .collect()
    }

    fn unclear_redundancy(&mut self, raw: &RawService, replicas: u64) {
        let at = raw.replicas.map_or(raw.span, |replicas| replicas.span);
        let message =
            format!("`{}` has {replicas} replicas: how many of them are needed?", raw.name.value);
        self.findings.error(Code::UnclearRedundancy, at, message).help(
            "say `serves: any` (or `majority`, `all`, a number), `operations`, `erasure` or `leader`",
        );
    }

    /// How many of so many replicas a need is.
    fn needed(&mut self, need: Spanned<Need>, replicas: u64, raw: &RawService) -> u64 {
        match need.value {
            Need::Any => 1,
            Need::All => replicas,
            Need::Majority => replicas / 2 + 1,
            Need::AtLeast(needed) => {
                if needed > replicas {
                    let message =
                        format!("`{}` needs {needed} of {replicas} replicas", raw.name.value);
                    let finding = self.findings.error(Code::Quorum, need.span, message);
                    if let Some(replicas) = raw.replicas {
                        finding.label(replicas.span, "this many there are");
                    }
                    finding.help(format!("at most {replicas}"));
                }
                needed
            }
        }
    }
}

/// How many replicas a service has: as said, or as its erasure code needs, or one.
pub(super) fn replica_count(service: &RawService) -> u64 {
    match (service.replicas, &service.erasure) {
        (Some(replicas), _) => replicas.value,
        (None, Some(erasure)) => erasure.data.value.saturating_add(erasure.parity.value),
        (None, None) => 1,
    }
}
