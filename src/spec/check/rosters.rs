//! Who serves and who stands by.

use super::all::{Checker, listed_keys};
use crate::dist::Law;
use crate::spec::diagnostic::Code;
use crate::spec::raw::{RawPool, RawService};
use crate::spec::source::Span;
use crate::spec::topology::Roster;

impl<'r> Checker<'r> {
    /// Who of a service serves and who stands by, where not all serve.
    pub(super) fn roster(
        &mut self,
        raw: &RawService,
        replicas: std::ops::Range<usize>,
    ) -> Option<Roster> {
        let pools = self.pools_of(raw);
        let first_pool = pools.first().map(|(name, _, span)| (*name, *span));
        let members = replicas.len();
        let (active, dormancy, failover) = match (&raw.leader, &raw.standby) {
            (Some(leader), Some(standby)) => {
                self.findings
                    .error(Code::WrongKind, standby.span, "a leader and a standby")
                    .label(leader.span, "the leader")
                    .help("a leader has all others standing by: keep one of the two");
                return None;
            }
            (Some(leader), None) => (1, 1.0, Some(leader.failover.clone())),
            (None, Some(standby)) => {
                let active = standby.active;
                if active.value as usize > members {
                    let message = format!("{} active of {members} replicas", active.value);
                    self.findings
                        .error(Code::Quorum, active.span, message)
                        .help(format!("at most {members}; those beyond stand by"));
                    return None;
                }
                (active.value as usize, standby.dormancy, None)
            }
            (None, None) if pools.is_empty() => {
                self.refuse_what_needs_a_roster(raw);
                return None;
            }
            // All of its own serve; what stands by is in the pool.
            (None, None) => (members, 1.0, None),
        };
        if let (Some((name, span)), Some(_)) = (first_pool, &raw.leader) {
            let message = format!("`{name}` is a spare for a service with a leader");
            self.findings
                .error(Code::WrongKind, span, message)
                .help("a leader has members of its own to follow it");
        }
        let mut dormancies = vec![dormancy; members];
        let mut all: Vec<usize> = replicas.collect();
        for (name, pool, _) in pools {
            if let Some(group) = self.units.group(name) {
                dormancies.extend(group.units.clone().map(|_| pool.dormancy));
                all.extend(group.units.clone());
            }
        }
        let switch = raw.coverage.as_ref().and_then(|coverage| coverage.switch.clone());
        if let (Some(coverage), Some(_), Some(_)) = (&raw.coverage, &switch, &raw.leader) {
            self.findings
                .error(Code::BadLaw, coverage.span, "a failover in two ways")
                .help("`leader` says how long it takes: remove `switch`");
        }
        let switch_needs = raw.switch_needs.as_ref();
        let leader_needs = raw.leader.as_ref().and_then(|leader| leader.needs.as_ref());
        if let (Some((_, at)), Some(_)) = (switch_needs, leader_needs) {
            self.findings
                .error(Code::WrongKind, *at, "what a failover needs, in two places")
                .help("keep `switch_needs`, or `needs` of the leader");
        }
        Some(Roster {
            active,
            members: all,
            failover: failover.or(switch).filter(|law| *law != Law::Fixed { value: 0.0 }),
            coverage: raw
                .coverage
                .as_ref()
                .map(|coverage| (coverage.probability, coverage.otherwise.clone())),
            // Filled in once everything has a name.
            switch_needs: None,
            failover_after_total_loss: raw
                .leader
                .as_ref()
                .is_some_and(|leader| leader.failover_after_total_loss),
            failback: raw.failback.as_ref().map(|law| law.value.clone()),
            dormancy: dormancies,
        })
    }

    /// The services whose replicas are spares for this one.
    fn pools_of(&self, raw: &RawService) -> Vec<(&'r str, &'r RawPool, Span)> {
        let pools = self.raw.services.iter().filter_map(|spare| {
            let pool = spare.pool.as_ref()?;
            let serves = pool.serves.iter().any(|name| name.value == raw.name.value);
            let spare = pool.spare.as_ref().unwrap_or(&spare.name);
            serves.then_some((spare.value.as_str(), pool, spare.span))
        });
        pools.collect()
    }

    /// Whether a pool names services, and none that stands by for itself.
    pub(super) fn check_pool(&mut self, raw: &RawService) {
        let Some(pool) = &raw.pool else { return };
        let spare = pool.spare.as_ref().unwrap_or(&raw.name);
        for name in pool.serves.iter().chain(&pool.spare) {
            if !self.service_index.contains_key(&name.value) {
                let known = self.service_index.keys().map(String::as_str);
                let help = self.findings.help_with(&name.value, known, || {
                    format!("there are {}", listed_keys(&self.service_index))
                });
                let message = format!("there is no service `{}`", name.value);
                self.findings.error(Code::UnknownName, name.span, message).help(help);
            }
        }
        if let Some(itself) = pool.serves.iter().find(|name| name.value == spare.value) {
            let message = format!("`{}` is a spare for itself", itself.value);
            self.findings
                .error(Code::Cycle, itself.span, message)
                .help("name the services that it stands by for");
        }
    }

    fn refuse_what_needs_a_roster(&mut self, raw: &RawService) {
        let needs = [
            ("coverage", raw.coverage.as_ref().map(|coverage| coverage.span)),
            ("failback", raw.failback.as_ref().map(|failback| failback.span)),
            ("switch_needs", raw.switch_needs.as_ref().map(|(_, span)| *span)),
        ];
        for (key, span) in needs {
            if let Some(span) = span {
                let message = format!("`{key}` of `{}`, where all replicas serve", raw.name.value);
                self.findings
                    .error(Code::NoEffect, span, message)
                    .help("say who stands by: `standby: {active: 1}` or `leader`");
            }
        }
    }
}
