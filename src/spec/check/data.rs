//! Data classes: the way that data take, and what could lose them.

use std::collections::BTreeSet;

use super::all::{Checker, listed_keys};
use crate::spec::data::{
    Buffer, CatchUp, Cycle, DataClass, Holding, Medium, Pipeline, in_order_of_copying,
};
use crate::spec::diagnostic::Code;
use crate::spec::platform::{Platform, Workload};
use crate::spec::raw::{Name, RawCycle, RawData, RawExpr, RawMode, RawService};
use crate::spec::read::listed;
use crate::spec::source::{Span, Spanned};
use crate::spec::topology::{Expression, Repair};
use crate::units::SimSpan;

/// Data classes, for each of which a report has a table.
const MOST_CLASSES: usize = 1_000;
/// Copies and shards of all groups of all data classes.
const MOST_PLACED: u64 = 40_000_000;

impl Checker<'_> {
    /// Data classes, in the order of the file.
    pub(super) fn data(&mut self) -> Vec<DataClass> {
        let raw = self.raw;
        if let Some(class) = raw.data.get(MOST_CLASSES) {
            self.findings
                .error(
                    Code::TooLarge,
                    class.name.span,
                    format!("more than {MOST_CLASSES} data classes"),
                )
                .help("name what can be lost together, not every table");
            return Vec::new();
        }
        let mut classes = Vec::new();
        let mut placed = 0_u64;
        for raw in &raw.data {
            let Some(class) = self.data_class(raw) else { continue };
            let holding = class.holding.iter();
            placed += holding.map(placed_in).sum::<u64>();
            classes.push(class);
            if placed > MOST_PLACED {
                let message = format!("more than {MOST_PLACED} copies or shards in all groups");
                self.findings
                    .error(Code::TooLarge, raw.name.span, message)
                    .help("have fewer `groups`: a sample of them shows what can be lost");
                break;
            }
        }
        if classes.len() == raw.data.len() {
            self.check_where_copies_lead(&classes);
        }
        classes
    }

    /// Copies of copies must not come back to what they are copies of.
    fn check_where_copies_lead(&mut self, classes: &[DataClass]) {
        let order = in_order_of_copying(classes);
        let is_left = |class: &usize| !order.contains(class);
        let Some(first) = (0..classes.len()).find(is_left) else { return };
        let mut ring = vec![first];
        loop {
            let next = classes[ring[ring.len() - 1]].copied_to().find(is_left);
            let next = next.expect("what is left leads to something that is left");
            if let Some(start) = ring.iter().position(|&class| class == next) {
                ring.drain(..start);
                break;
            }
            ring.push(next);
        }
        let names: Vec<&str> = ring.iter().map(|&class| classes[class].name.as_str()).collect();
        let message = format!("these data are copied to one another: {} and again", listed(&names));
        self.findings
            .error(Code::Cycle, self.raw.data[ring[0]].name.span, message)
            .help("leave out the `to` of one of them");
    }

    fn data_class(&mut self, raw: &RawData) -> Option<DataClass> {
        let holding = raw.held.as_ref().map(|held| self.holding(&raw.name, held));
        let pipeline = self.pipeline(raw);
        let offload = raw.offload.as_ref().map(|cycle| self.cycle(cycle));
        let backup = raw.backup.as_ref().map(|cycle| self.cycle(cycle));
        Some(DataClass {
            name: raw.name.value.clone(),
            about: raw.about.clone(),
            // What is wrong about one part is a finding; what is left would be another class.
            holding: match holding {
                Some(holding) => Some(holding?),
                None => None,
            },
            pipeline,
            offload,
            backup,
            restore: raw.restore.clone(),
            rate: raw.rate,
            retention: raw.retention.map(SimSpan::from_seconds),
        })
    }

    fn pipeline(&mut self, raw: &RawData) -> Option<Pipeline> {
        let source = raw.source.as_ref().and_then(|source| self.expression(source));
        let sink = self.need_of(&raw.sink);
        Some(Pipeline {
            source: source?,
            sink,
            buffer: raw.buffer.map(|buffer| Buffer {
                horizon: SimSpan::from_seconds(buffer.horizon),
                survives_process: buffer.survives_process,
                survives_node: buffer.survives_node,
                drain: buffer.drain,
            }),
        })
    }

    fn cycle(&mut self, raw: &RawCycle) -> Cycle {
        Cycle {
            every: raw.every.clone(),
            usable_after: raw.usable_after.clone(),
            fails: raw.fails,
            needs: self.need_of(&raw.needs),
            to: raw.to.as_ref().and_then(|to| self.data_taking(to)),
        }
    }

    /// The data class with this name, which must be one that can take data.
    fn data_taking(&mut self, name: &Name) -> Option<usize> {
        let class = *self.data_named(std::slice::from_ref(name)).first()?;
        if self.raw.data[class].held.is_none() {
            let message = format!("nothing holds `{}`, to which data are copied", name.value);
            self.findings
                .error(Code::MissingKey, name.span, message)
                .help("say who holds it, `held_by: store`, or leave out `to`");
        }
        Some(class)
    }

    fn need_of(&mut self, raw: &Option<RawExpr>) -> Option<Expression> {
        raw.as_ref().and_then(|raw| self.expression(raw))
    }

    /// Indices of data classes by name.
    pub(super) fn data_named(&mut self, names: &[Name]) -> Vec<usize> {
        let mut classes = Vec::new();
        for name in names {
            let Some(&class) = self.data_index.get(&name.value) else {
                let index = &self.data_index;
                let known = index.keys().map(String::as_str);
                let help = self.findings.help_with(&name.value, known, || match index.is_empty() {
                    true => "declare it under `data`".to_owned(),
                    false => format!("there are {}", listed_keys(index)),
                });
                let message = format!("there is no data class `{}`", name.value);
                self.findings.error(Code::UnknownName, name.span, message).help(help);
                continue;
            };
            if classes.contains(&class) {
                self.findings
                    .error(
                        Code::DuplicateName,
                        name.span,
                        format!("`{}` is listed twice", name.value),
                    )
                    .help("name each data class once");
                continue;
            }
            classes.push(class);
        }
        classes
    }

    /// Warns of holders that are never back where copies are made anew elsewhere: nothing takes those, so that they are
    /// kept for ever.
    fn check_what_stands_elsewhere(
        &mut self,
        raw: &RawData,
        holding: &Holding,
        modes: &BTreeSet<usize>,
    ) {
        let rebuild = raw.held.as_ref().and_then(|held| held.rebuild.as_ref());
        let Some(rebuild) = rebuild.filter(|rebuild| rebuild.is_elsewhere) else { return };
        let stays_away = |mode: &&usize| {
            matches!(self.modes[**mode].repair, Repair::Never) && holding.rebuild.is_some()
        };
        if let Some(&mode) = modes.iter().find(stays_away) {
            let name = self.modes[mode].name.clone();
            let message =
                format!("rebuilds elsewhere, and holders that are never back from `{name}`");
            self.findings.warning(Code::WrongReference, rebuild.span, message).help(format!(
                "what stands elsewhere is not taken again until its holder is back: give `{name}` a \
                 `repair`, such as how long it takes to swap a drive"
            ));
        }
    }

    /// Refuses modes that wipe with a probability what a platform keeps on nodes: of a volume there is no part that
    /// stays.
    pub(super) fn check_what_nodes_keep(&mut self, platform: Option<&Platform>) {
        let Some(platform) = platform else { return };
        let mut units: Vec<usize> = platform.nodes.iter().map(|node| node.unit).collect();
        units.extend(self.stands_on(&units));
        for mode in self.modes_of(units) {
            let (raw, wipes) = (&self.raw.failures.get(mode), self.modes[mode].wipes);
            if let Some((name, wiping)) = raw.and_then(|raw| Some((&raw.name, raw.wipes?)))
                && wipes > 0.0
                && wipes < 1.0
            {
                let message =
                    format!("`{}` strikes nodes, and wipes with a probability", name.value);
                self.findings.error(Code::OutOfRange, wiping.span, message).help(
                    "a node loses its volumes or keeps them: say `wipes: true`, or two failure modes",
                );
            }
        }
    }

    /// Points out data that nothing can lose, and losses that nothing can suffer.
    pub(super) fn warn_of_what_nobody_can_lose(
        &mut self,
        classes: &[DataClass],
        platform: Option<&Platform>,
    ) {
        let raw = self.raw;
        for journey in raw.journeys.iter().filter(|journey| journey.data.is_empty()) {
            if let Some(rpo) = journey.rpo {
                let message =
                    format!("an RPO of `{}`, and no word on which data", journey.name.value);
                let help = match classes.first() {
                    Some(some) => format!("name data classes beside `slo`: `data: [{}]`", some.name),
                    None => "it is not judged: say under `data` what can be lost, such as `orders`, and beside `slo` \
                             whose RPO it is: `data: [orders]`"
                        .to_owned(),
                };
                self.findings.warning(Code::NoEffect, rpo.span, message).help(help);
            }
        }
        if classes.is_empty() {
            return;
        }
        let mut wiping = BTreeSet::new();
        let mut cutting = BTreeSet::new();
        for (class, raw) in classes.iter().zip(&raw.data) {
            let Some(holding) = &class.holding else { continue };
            let own = self.modes_of(holding.holders.iter().copied());
            let below = self.modes_of(self.stands_on(&holding.holders));
            let all = || own.union(&below).copied();
            let mut relevant: BTreeSet<usize> = match holding.medium {
                Medium::Network => own.clone(),
                _ => all().collect(),
            };
            relevant.extend(self.modes_under_volumes(&holding.holders, platform));
            self.check_what_stands_elsewhere(raw, holding, &relevant);
            let can_wipe = relevant.iter().any(|&mode| self.modes[mode].wipes > 0.0);
            wiping.extend(relevant);
            if holding.unsynced.is_some() {
                cutting.extend(all());
                if !all().any(|mode| self.modes[mode].cuts_power) {
                    let message =
                        format!("`unsynced` of `{}`, and nothing cuts its power", class.name);
                    self.findings.warning(Code::NoEffect, raw.name.span, message).help(
                        "say of a failure mode of its holders, or of what they stand on, that it `cuts_power`",
                    );
                }
            }
            if holding.catch_up != CatchUp::AtOnce && holding.scheme.width() == 1 {
                let message = format!("`catch_up` of `{}`, of which there is one copy", class.name);
                self.findings
                    .warning(Code::NoEffect, raw.name.span, message)
                    .help("it is about what other copies have: say how many `copies` there are, or remove it");
            }
            let has_way = class.pipeline.is_some();
            if !can_wipe && !has_way && !self.loses_otherwise(holding, &own, &below) {
                let message = format!("nothing can lose `{}`", class.name);
                self.findings.warning(Code::NoEffect, raw.name.span, message).help(
                    "say of a failure mode that it `wipes`, or give the class `latent`, `deleted`, \
                     `unsynced` or `lag`",
                );
            }
        }
        if classes.iter().all(|class| class.holding.is_none()) {
            return;
        }
        let is_above_zero = |wipes: Spanned<f64>| Spanned::new(wipes.value > 0.0, wipes.span);
        let wipes = |mode: &RawMode| mode.wipes.map(is_above_zero);
        let nowhere = "wipes data, and nothing that it strikes holds any";
        self.warn_of_modes(wipes, &wiping, nowhere);
        let cuts = |mode: &RawMode| mode.cuts_power;
        let nowhere = "cuts the power, and nothing that it strikes has data that are `unsynced`";
        self.warn_of_modes(cuts, &cutting, nowhere);
    }

    /// A warning for each failure mode of this file that says so and is none of these.
    fn warn_of_modes(
        &mut self,
        says: impl Fn(&RawMode) -> Option<Spanned<bool>>,
        modes: &BTreeSet<usize>,
        nowhere: &str,
    ) {
        for (index, mode) in self.raw.failures.iter().enumerate() {
            let Some(Spanned { value: true, span }) = says(mode) else { continue };
            // What is extended or imported may be meant for others.
            let is_own = |span: Span| span.file == 0;
            if is_own(span) && self.used_modes[index] && !modes.contains(&index) {
                let message = format!("`{}` {nowhere}", mode.name.value);
                self.findings
                    .warning(Code::NoEffect, span, message)
                    .help("let a data class be held by what fails by it, or remove this");
            }
        }
    }

    /// Whether copies are lost although no failure mode wipes them.
    fn loses_otherwise(
        &self,
        holding: &Holding,
        own: &BTreeSet<usize>,
        below: &BTreeSet<usize>,
    ) -> bool {
        let has_plans = !self.raw.calendar.is_empty();
        let crashes = |service: usize| self.services[service].needs.crashes_with.is_some();
        let ends = match holding.medium {
            Medium::Memory => has_plans || !own.is_empty() || holding.service.is_some_and(crashes),
            Medium::Ephemeral | Medium::Local | Medium::Network => false,
        };
        let restarts = match holding.medium {
            Medium::Memory | Medium::Ephemeral => has_plans || !below.is_empty(),
            Medium::Local | Medium::Network => false,
        };
        ends || restarts
            || holding.latent.is_some()
            || holding.deleted.is_some()
            || holding.unsynced.is_some()
            || holding.lag.is_some()
            || holding.catch_up == CatchUp::Never
    }

    /// The failure modes of nodes that have replicas of volumes of some of these, and of what those stand
    /// on.
    fn modes_under_volumes(
        &self,
        holders: &[usize],
        platform: Option<&Platform>,
    ) -> BTreeSet<usize> {
        let workloads = platform.iter().flat_map(|platform| &platform.workloads);
        let holds = |workload: &&Workload| {
            let replicas = &self.services[workload.service].replicas;
            holders.iter().any(|unit| replicas.contains(unit))
        };
        let volumes = workloads.filter(holds).filter_map(|workload| workload.replicated.as_ref());
        let mut units: Vec<usize> =
            volumes.flat_map(|volume| volume.nodes.iter().copied()).collect();
        units.extend(self.stands_on(&units));
        self.modes_of(units)
    }

    /// The failure modes of units.
    fn modes_of(&self, units: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
        units.into_iter().flat_map(|unit| self.units.list[unit].modes.iter().copied()).collect()
    }

    /// The nodes on which controllers may place some of these replicas.
    fn placed_on(&self, units: &[usize]) -> impl Iterator<Item = usize> {
        let is_placed = |service: &&RawService| {
            let workload = service.workload.as_ref();
            let group = self.units.group(&service.name.value);
            workload.is_some_and(|workload| workload.is_scheduled())
                && group.is_some_and(|group| units.iter().any(|unit| group.units.contains(unit)))
        };
        let on = self.raw.services.iter().filter(is_placed).flat_map(|service| &service.on);
        on.flat_map(|name| match self.units.group(&name.value) {
            Some(group) => group.units.clone(),
            None => self.units.unit(&name.value).map_or(0..0, |unit| unit..unit + 1),
        })
    }

    /// Everything that units stand on, however far below.
    fn stands_on(&self, units: &[usize]) -> BTreeSet<usize> {
        let mut below = BTreeSet::new();
        let mut frontier: Vec<usize> = units.to_vec();
        frontier.extend(self.placed_on(units).filter(|node| below.insert(*node)));
        while let Some(unit) = frontier.pop() {
            frontier.extend(self.units.list[unit].hosts.iter().filter(|&&host| below.insert(host)));
        }
        below
    }
}

/// Copies or shards in all groups.
fn placed_in(holding: &Holding) -> u64 {
    u64::from(holding.groups) * u64::from(holding.scheme.width())
}

impl DataClass {
    /// What must be up anywhere on the way of its data.
    pub(super) fn all_needs(&self) -> impl Iterator<Item = &Expression> {
        let way = self.pipeline.iter();
        let cycles = self.offload.iter().chain(&self.backup);
        way.flat_map(|way| std::iter::once(&way.source).chain(&way.sink))
            .chain(cycles.filter_map(|cycle| cycle.needs.as_ref()))
    }
}
