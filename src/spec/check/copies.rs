//! Copies and shards: who holds them, what a group can lose, and how they come back.

use std::collections::{BTreeMap, BTreeSet};

use super::all::{Checker, DEFAULT_HORIZON_SECONDS};
use crate::scheme::{Checks, MOST_CHECKS, MOST_POSITIONS, Scheme};
use crate::spec::data::{Holding, Latent, Medium, Rebuild, Scrub, Sharing, Speed};
use crate::spec::diagnostic::Code;
use crate::spec::platform::Volume;
use crate::spec::raw::{
    Name, RawHeld, RawLatent, RawRebuild, RawScheme, RawService, RawSpeed, RawWorkload,
};
use crate::spec::source::{Span, Spanned};

/// Share of defects from which on it is worth a word that they are left out.
const MOST_LEFT_OUT: f64 = 0.1;

impl<'r> Checker<'r> {
    /// Who holds what; `None` if that is not right.
    pub(super) fn holding(&mut self, name: &Name, raw: &RawHeld) -> Option<Holding> {
        let holders = self.holders(name, raw)?;
        let service = self.service_of(&holders);
        let whole = self.whole_service(raw);
        let scheme = match &raw.scheme {
            Some(scheme) => self.scheme(scheme),
            None => self.default_scheme(raw, whole, holders.len()),
        };
        self.check_lag(name, raw, service);
        let ack = scheme.as_ref().and_then(|scheme| self.ack(raw, scheme, whole));
        let cut = scheme
            .as_ref()
            .and_then(|scheme| self.placement(name, raw, whole, holders.clone(), scheme));
        let holders = cut.as_ref().map_or(&holders, |cut| &cut.holders);
        let (rebuild, unreadable) = match &raw.rebuild {
            None => (None, 0.0),
            Some(rebuild) => {
                self.check_waiting(rebuild, scheme.as_ref());
                (self.rebuild(raw, rebuild, holders), rebuild.unreadable)
            }
        };
        let medium = self.medium(raw, holders);
        let (cut, scheme) = (cut?, scheme?);
        if let Some(latent) = &raw.latent {
            let all = f64::from(cut.groups) * f64::from(scheme.width());
            self.check_defects(name, latent, all / cut.holders.len() as f64);
        }
        Some(Holding {
            holders: cut.holders,
            places: cut.places,
            most_per_place: cut.most_per_place,
            also: cut.also,
            scheme,
            ack,
            groups: cut.groups,
            placement: cut.placement,
            medium,
            size: raw.size,
            rebuild,
            unreadable,
            latent: raw.latent.as_ref().map(|latent| Latent {
                every: latent.every.clone(),
                scrub: latent.scrub.clone(),
                spoils_all: latent.spoils_all,
            }),
            deleted: raw.deleted.clone(),
            lag: raw.lag.as_ref().map(|lag| lag.value.clone()),
            service,
            unsynced: raw.unsynced.clone(),
            catch_up: raw.catch_up.clone(),
        })
    }

    /// What copies are on: what the file says, or what follows from the volumes that controllers give their holders.
    fn medium(&mut self, raw: &RawHeld, holders: &[usize]) -> Medium {
        let volumes =
            self.raw.services.iter().zip(&self.services).filter_map(|(service, compiled)| {
                let workload =
                    service.workload.as_ref().filter(|workload| workload.is_scheduled())?;
                let is_on = holders.iter().any(|holder| compiled.replicas.contains(holder));
                is_on.then_some((&service.name.value, workload.volume))
            });
        let of_volume = |volume| match volume {
            Volume::Nothing => Medium::Ephemeral,
            Volume::Local => Medium::Local,
            Volume::Network => Medium::Network,
        };
        let mut said = raw.medium.unwrap_or(Spanned::new(Medium::Local, raw.span));
        for (place, (service, volume)) in volumes.enumerate() {
            let of_volume = of_volume(volume);
            if raw.medium.is_none() && place == 0 {
                said.value = of_volume;
            }
            // A replica with a volume may as well keep things in memory, or beside it.
            let medium = said.value;
            if medium != of_volume && matches!(medium, Medium::Local | Medium::Network) {
                let volume = match volume {
                    Volume::Nothing => "no volume",
                    Volume::Local => "a local volume",
                    Volume::Network => "a network volume",
                };
                let (medium, fit) = (medium.name(), of_volume.name());
                let message =
                    format!("`medium: {medium}`, and replicas of `{service}` with {volume}");
                self.findings.error(Code::WrongReference, said.span, message).help(format!(
                    "say `volume: {medium}` of `{service}`, or `medium: {fit}`, which is what data without \
                     the key are on there"
                ));
            }
        }
        said.value
    }

    /// Warns where a holder of so many groups would often have a second defect before the first is found, which is left out.
    fn check_defects(&mut self, name: &Name, latent: &RawLatent, groups: f64) {
        let stays = match &latent.scrub {
            Some(Scrub::After(law)) => law.mean(),
            Some(Scrub::Cycle(cycle)) => cycle.seconds(),
            None => self.raw.horizon.map_or(DEFAULT_HORIZON_SECONDS, |horizon| horizon.value),
        };
        // As many as come until one is found; how many there are at a time in the mean if all count, and if one does.
        let come = stays / latent.every.mean();
        let (all, one) = match latent.scrub {
            Some(Scrub::After(_)) => (come, come / (1.0 + come)),
            Some(Scrub::Cycle(_)) | None => (come / 2.0, 1.0 + libm::expm1(-come) / come),
        };
        let left_out = match groups > 1.0 {
            // In the same group a second one changes nothing.
            true => (1.0 - one / all) * (1.0 - 1.0 / groups),
            false if matches!(latent.scrub, Some(Scrub::After(_))) => {
                1.0 + one / libm::expm1(-come)
            }
            false => 0.0,
        };
        if left_out > MOST_LEFT_OUT {
            let percent = (100.0 * left_out).round();
            let message =
                format!("about {percent} % of the defects of `{}` are left out", name.value);
            self.findings.warning(Code::OutOfRange, latent.span, message).help(
                "a holder has one at a time, and others come before it is found: scrub more often, or say what \
                 rebuilds cannot read as `unreadable`",
            );
        }
    }

    /// Units by the names of services, domains and units; witnesses hold nothing.
    fn holders(&mut self, name: &Name, raw: &RawHeld) -> Option<Vec<usize>> {
        let units = &self.units;
        let is_known =
            |name: &Name| units.group(&name.value).is_some() || units.unit(&name.value).is_some();
        let all_known = raw.by.iter().all(is_known);
        let mut holders = units.resolve(&raw.by, self.findings);
        let mut witnesses = BTreeSet::new();
        for service in raw.by.iter().filter_map(|name| self.service_index.get(&name.value)) {
            let replicas = self.services[*service].replicas.clone();
            let count = self.raw.services[*service].witnesses.map_or(0, |count| count.value);
            witnesses.extend(replicas.rev().take(count as usize));
        }
        holders.retain(|unit| !witnesses.contains(unit));
        let mut known = BTreeSet::new();
        if let Some(&twice) = holders.iter().find(|holder| !known.insert(**holder)) {
            let path = &self.units.list[twice].path;
            self.findings
                .error(
                    Code::DuplicateName,
                    raw.span,
                    format!("`{path}` holds `{}` twice", name.value),
                )
                .help("name each holder once; a group stands for its members");
            return None;
        }
        (all_known && !holders.is_empty()).then_some(holders)
    }

    /// The service whose replicas these are, if they are of one.
    fn service_of(&self, holders: &[usize]) -> Option<usize> {
        let is_of = |replicas: &std::ops::Range<usize>| {
            holders.iter().all(|holder| replicas.contains(holder))
        };
        self.services.iter().position(|service| is_of(&service.replicas))
    }

    /// The service that is named as the only holder.
    fn whole_service(&self, raw: &RawHeld) -> Option<&'r RawService> {
        let [name] = raw.by.as_slice() else { return None };
        Some(&self.raw.services[*self.service_index.get(&name.value)?])
    }

    /// What the holders say of themselves, or else a copy on each of them.
    fn default_scheme(
        &mut self,
        raw: &RawHeld,
        whole: Option<&RawService>,
        count: usize,
    ) -> Option<Scheme> {
        if let Some(erasure) = whole.and_then(|service| service.erasure.as_ref()) {
            let (data, parity) = (erasure.data.value, erasure.parity.value);
            self.positions(data.saturating_add(parity), raw.span)?;
            return Some(Scheme::erasure(data as u32, parity as u32));
        }
        let copies = match whole {
            Some(RawService { replicated: Some(replicated), .. }) => replicated.copies.value,
            Some(RawService { sharded: true, .. }) => 1,
            _ => count as u64,
        };
        Some(Scheme::copies(self.positions(copies, raw.span)?))
    }

    fn scheme(&mut self, raw: &Spanned<RawScheme>) -> Option<Scheme> {
        let span = raw.span;
        match &raw.value {
            RawScheme::Copies(copies) => Some(Scheme::copies(self.positions(*copies, span)?)),
            RawScheme::Erasure(code) => {
                let (data, parity) = (code.data.value, code.parity.value);
                self.positions(data.saturating_add(parity), span)?;
                Some(Scheme::erasure(data as u32, parity as u32))
            }
            RawScheme::LocalReconstruction { data, groups, local, global } => {
                let checks = groups.saturating_mul(*local).saturating_add(*global);
                self.positions(data.saturating_add(checks), span)?;
                self.check_count(checks, span)?;
                if data % groups != 0 {
                    let message = format!("{data} data shards in {groups} groups of equal size");
                    self.findings
                        .error(Code::OutOfRange, span, message)
                        .help(format!("let `data` be {groups} times as many as a group has"));
                    return None;
                }
                let [data, groups, local, global] =
                    [*data, *groups, *local, *global].map(|count| count as u32);
                Some(Scheme::local_reconstruction(data, groups, local, global))
            }
            RawScheme::Code { positions, checks } => self.code(*positions, checks, span),
            RawScheme::Nested { outer, inner } => {
                let width = |data: u64, parity: u64| data.saturating_add(parity);
                let outer_width = width(outer.data.value, outer.parity.value);
                let inner_width = width(inner.data.value, inner.parity.value);
                self.positions(outer_width.saturating_mul(inner_width), span)?;
                Some(Scheme::Nested {
                    outer: (outer_width as u32, outer.parity.value as u32),
                    inner: (inner_width as u32, inner.parity.value as u32),
                })
            }
        }
    }

    /// How many positions a group has, if it may have so many.
    fn positions(&mut self, positions: u64, span: Span) -> Option<u32> {
        if positions > MOST_POSITIONS as u64 {
            self.findings
                .error(Code::TooLarge, span, format!("{positions} copies or shards in a group"))
                .help(format!("at most {MOST_POSITIONS}: say how many `copies` a group has"));
            return None;
        }
        Some(positions as u32)
    }

    fn check_count(&mut self, checks: u64, span: Span) -> Option<()> {
        if checks > MOST_CHECKS as u64 {
            self.findings
                .error(Code::TooLarge, span, format!("a code of {checks} parity checks"))
                .help(format!("at most {MOST_CHECKS}"));
            return None;
        }
        Some(())
    }

    fn code(&mut self, positions: u64, raw: &[Spanned<Vec<u64>>], span: Span) -> Option<Scheme> {
        self.check_count(raw.len() as u64, span)?;
        let width = self.positions(positions, span)?;
        if raw.len() as u64 >= positions {
            let message = format!("{} parity checks of {positions} positions", raw.len());
            self.findings
                .error(Code::OutOfRange, span, message)
                .help("each check takes one position: let one at least be left for data");
            return None;
        }
        let mut checks = Vec::new();
        for check in raw {
            let mut known = BTreeSet::new();
            if check.value.is_empty() {
                self.findings
                    .error(Code::WrongKind, check.span, "a parity check of nothing")
                    .help("list the positions that it covers, from 0");
            }
            for &position in &check.value {
                if position >= positions {
                    let message = format!("there is no position {position}");
                    self.findings
                        .error(Code::OutOfRange, check.span, message)
                        .help(format!("positions are numbered from 0 to {}", positions - 1));
                } else if !known.insert(position) {
                    let message = format!("position {position} is covered twice");
                    self.findings
                        .error(Code::DuplicateName, check.span, message)
                        .help("name each position once");
                }
            }
            checks.push(known.into_iter().map(|position| position as u32).collect());
        }
        Some(Scheme::Checks(Checks::new(width, &checks)))
    }

    fn check_lag(&mut self, name: &Name, raw: &RawHeld, service: Option<usize>) {
        let Some(lag) = &raw.lag else { return };
        if service.is_none_or(|service| self.services[service].roster.is_none()) {
            let message = format!("a lag of `{}`, of which all copies serve", name.value);
            self.findings.error(Code::NoEffect, lag.span, message).help(
                "only copies that stand by are behind: have it held by a service with a `leader` \
                 or a `standby`",
            );
        }
    }

    /// Copies that a write needs.
    fn ack(&mut self, raw: &RawHeld, scheme: &Scheme, whole: Option<&RawService>) -> Option<u32> {
        let width = u64::from(scheme.width());
        let Some(ack) = raw.ack else {
            let replicated = whole.and_then(|service| service.replicated.as_ref());
            let of_service = replicated.filter(|_| raw.scheme.is_none())?;
            return Some(of_service.ack.value.min(width) as u32);
        };
        if !matches!(scheme, Scheme::Threshold { .. }) || scheme.data() != 1 {
            self.findings
                .error(Code::WrongKind, ack.span, "an `ack` of shards")
                .help("`ack` counts copies; a write of shards counts when all have it");
        } else if ack.value > width {
            self.findings
                .error(Code::Quorum, ack.span, format!("{} of {width} copies", ack.value))
                .help(format!("at most {width}"));
        }
        Some(ack.value.min(width) as u32)
    }

    /// Whether what waits for others to be lost, or for its turn, ever has to.
    fn check_waiting(&mut self, raw: &RawRebuild, scheme: Option<&Scheme>) {
        if let (Some(lazy), Some(scheme)) = (raw.lazy, scheme) {
            let tolerance = scheme.tolerance();
            if lazy.value > u64::from(tolerance.max(1)) {
                self.findings
                    .error(Code::OutOfRange, lazy.span, "a rebuild that waits until data are lost")
                    .help(format!(
                        "a group survives the loss of {tolerance}: wait for that at most"
                    ));
            }
        }
        if let (Some(order), None) = (raw.by_margin, raw.at_a_time) {
            self.findings
                .warning(Code::NoEffect, order.span, "no rebuild waits for another one")
                .help("say how many go on together: `at_a_time: 2`");
        }
    }

    fn rebuild(&mut self, held: &RawHeld, raw: &RawRebuild, holders: &[usize]) -> Option<Rebuild> {
        if let (Some(law), false) = (&raw.gives_up_after, raw.is_elsewhere) {
            self.findings
                .error(
                    Code::NoEffect,
                    law.span,
                    "a copy that is given up, and made anew nowhere else",
                )
                .help("say where it is made anew: `to: elsewhere`");
        }
        let speed = match raw.speed.as_ref()? {
            RawSpeed::Law(law) => Speed::Law(law.clone()),
            RawSpeed::Bandwidth { each, shared, source, per } => {
                if held.size.is_none() {
                    self.findings
                        .error(
                            Code::MissingKey,
                            raw.span,
                            "a rebuild by bandwidth, and no word on how much there is",
                        )
                        .help("say how many bytes a holder holds: `size: 8TB`");
                }
                if let (Some((level, _)), true) = (per.first(), raw.is_elsewhere) {
                    let message =
                        format!("bandwidth of each {}, and rebuilds elsewhere", level.value);
                    self.findings.error(Code::NoEffect, level.span, message).help(
                        "what is made anew elsewhere is written all over: say `shared`, or `source` for what \
                         each holder gives",
                    );
                }
                let mut per_level = Vec::new();
                for (level, bandwidth) in per {
                    per_level.push((self.places_at(holders, level)?, *bandwidth));
                }
                let (each, shared, source) = (*each, *shared, *source);
                Speed::Bandwidth { bytes: held.size?, each, shared, source, per_level }
            }
        };
        let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        Some(Rebuild {
            detect: raw.detect.clone(),
            is_elsewhere: raw.is_elsewhere,
            gives_up_after: raw.gives_up_after.as_ref().map(|law| law.value.clone()),
            at_a_time: raw.at_a_time.map(small),
            lazy: raw.lazy.map_or(1, |lazy| small(lazy.value)),
            by_margin: raw.by_margin.is_some_and(|order| order.value),
            sharing: Sharing::OfHolder,
            speed,
        })
    }

    /// For each holder the number of the unit of a level that it stands on, from zero without gaps.
    pub(super) fn places_at(&mut self, holders: &[usize], level: &Name) -> Option<Vec<u32>> {
        if !self.is_level(level) {
            return None;
        }
        let mut numbers = BTreeMap::new();
        let mut places = Vec::new();
        for &holder in holders {
            let Some(place) = self.units.ancestor(holder, &level.value) else {
                let path = &self.units.list[holder].path;
                let message = format!("`{path}` stands on no {}", level.value);
                let group = &self.units.group_names[self.units.list[holder].group];
                let service = self.service_index.get(group).map(|index| &self.raw.services[*index]);
                let workload = service.and_then(|service| service.workload.as_ref());
                let help = match workload.is_some_and(RawWorkload::is_scheduled) {
                    true => {
                        "where it stands is known only while it runs: let the service say `spread`"
                    }
                    false => "name a level that every holder stands on, or is of",
                };
                self.findings.error(Code::Spread, level.span, message).help(help);
                return None;
            };
            let next = numbers.len() as u32;
            places.push(*numbers.entry(place).or_insert(next));
        }
        Some(places)
    }
}
