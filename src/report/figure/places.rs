//! A topology as a picture: what stands where, and what users need of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Chip, Content, Figure, Inside, JourneyNeeds, Place, Places, ServiceKey};
use crate::engine::first_hosts;
use crate::exact::blast_radii;
use crate::model::{Model, UnitId};
use crate::report::data::MOST_PLACES;
use crate::report::number::{duration, grouped, target_percent};
use crate::spec::{Expression, Operation, Service, Topology};

/// Instances of one domain side by side.
const MOST_ALIKE: usize = 6;
/// Replicas of one service in one place that are named one by one.
const MOST_NAMED: usize = 3;
/// Names in a list of words.
const MOST_WORDS: usize = 6;

/// A topology as a picture: domains as nested boxes with the replicas that stand in them, and what the
/// journeys need.
pub fn topology_figure(topology: &Topology, model: &Model) -> Figure {
    let mut painter = Painter::new(topology, model);
    let outermost: Vec<usize> =
        painter.domains().filter(|unit| painter.hosts(*unit) == 0).collect();
    let outermost = painter.inside(&outermost);
    let nowhere: Vec<usize> = painter.replicas().filter(|unit| painter.hosts(*unit) == 0).collect();
    let nowhere = painter.chips(&nowhere);
    let (domains, replicas) = (painter.domains().count(), painter.replicas().count());
    let mut note = match topology.journeys.is_empty() {
        true => String::new(),
        false => "A heavy outline: if this alone fails, a journey goes down. ".to_owned(),
    };
    if painter.leaves_out {
        note += "Of domains that are alike, some are drawn. ";
    }
    if !model.platform.pods.is_empty() {
        note += "Replicas are as controllers have placed them in the first life; in others they stand elsewhere.";
    }
    Figure {
        name: "topology",
        title: painter.finding(),
        subtitle: format!(
            "{}: {} of {} on {} domains",
            topology.name,
            counted(replicas, "replica"),
            counted(topology.services.len(), "service"),
            grouped(domains as u64),
        ),
        note: Some(note.trim_end().to_owned()),
        content: Content::Places(Places {
            journeys: topology.journeys.iter().map(|journey| painter.journey(journey)).collect(),
            outermost,
            nowhere,
            services: topology.services.iter().map(|service| painter.service(service)).collect(),
        }),
    }
}

fn counted(number: usize, what: &str) -> String {
    format!("{} {what}{}", grouped(number as u64), if number == 1 { "" } else { "s" })
}

struct Painter<'a> {
    topology: &'a Topology,
    /// Units that stand on each unit first of all.
    guests: Vec<Vec<usize>>,
    /// On how many units each stands when a life begins.
    host_counts: Vec<usize>,
    /// How many journeys each unit takes down alone.
    takes_down: Vec<usize>,
    /// Index of the service of each replica.
    service_of: BTreeMap<usize, usize>,
    leaves_out: bool,
}

impl<'a> Painter<'a> {
    fn new(topology: &'a Topology, model: &Model) -> Painter<'a> {
        let hosts = first_hosts(model);
        let mut guests = vec![Vec::new(); topology.units.len()];
        for (index, unit) in topology.units.iter().enumerate() {
            // Where a controller has placed it when a life begins.
            let host = unit.hosts.first().copied();
            let placed = hosts[index].last().map(|host| host.index());
            if let Some(host) = host.or(placed) {
                guests[host].push(index);
            }
        }
        let mut takes_down = vec![0; topology.units.len()];
        if topology.units.len() <= MOST_PLACES {
            let all = (0..topology.units.len()).map(UnitId::new);
            for radius in blast_radii(model, &hosts, topology.journeys.len(), all) {
                takes_down[radius.unit.index()] = radius.journeys.len();
            }
        }
        let services = topology.services.iter().enumerate();
        let service_of = services
            .flat_map(|(index, service)| service.replicas.clone().map(move |unit| (unit, index)))
            .collect();
        let host_counts = hosts.iter().map(Vec::len).collect();
        Painter { topology, guests, host_counts, takes_down, service_of, leaves_out: false }
    }

    fn domains(&self) -> impl Iterator<Item = usize> {
        (0..self.topology.units.len()).filter(|unit| !self.service_of.contains_key(unit))
    }

    fn replicas(&self) -> impl Iterator<Item = usize> {
        self.service_of.keys().copied()
    }

    fn hosts(&self, unit: usize) -> usize {
        self.host_counts[unit]
    }

    /// The places that take down the most journeys, in a sentence.
    fn finding(&self) -> String {
        let journeys = self.topology.journeys.len();
        let most = self.domains().map(|unit| self.takes_down[unit]).max().unwrap_or(0);
        let single = self.replicas().filter(|unit| self.takes_down[*unit] > 0).count();
        if journeys == 0 {
            let classes = self.topology.data.iter().map(|class| class.name.as_str());
            let holders = |index: usize| self.topology.data[index].holding.as_ref();
            let held = (0..self.topology.data.len()).filter_map(holders);
            let held: usize = held.map(|holding| holding.holders.len()).sum();
            let names = classes.collect::<Vec<_>>().join(", ");
            return format!("{} holders of {names}, and no journeys", grouped(held as u64));
        }
        if most == 0 {
            return match single {
                0 => "No failure of one place or replica alone takes down a journey".to_owned(),
                _ => format!(
                    "No place alone takes down a journey; {} alone",
                    match single {
                        1 => "1 replica does so".to_owned(),
                        _ => format!("{single} replicas do so, each"),
                    }
                ),
            };
        }
        let worst: Vec<&str> = self
            .domains()
            .filter(|unit| self.takes_down[*unit] == most)
            .map(|unit| self.topology.units[unit].path.as_str())
            .collect();
        let what = match (most, journeys) {
            (1, 1) => format!("the journey {}", self.topology.journeys[0].name),
            (most, journeys) if most == journeys => format!("all {journeys} journeys"),
            (most, journeys) => format!("{most} of {journeys} journeys"),
        };
        match worst.as_slice() {
            [one] => format!("{one} alone takes down {what}"),
            several if several.len() <= 4 => {
                format!("{}: each of them alone takes down {what}", several.join(", "))
            }
            several => format!(
                "{} and {} more: each of them alone takes down {what}",
                several[..2].join(", "),
                several.len() - 2
            ),
        }
    }

    /// What is drawn of these domains: a few of each kind, different ones first, and how many more.
    fn inside(&mut self, domains: &[usize]) -> Vec<Inside> {
        let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
        for &unit in domains {
            let group = self.topology.units[unit].group;
            match groups.iter_mut().find(|(known, _)| *known == group) {
                Some((_, units)) => units.push(unit),
                None => groups.push((group, vec![unit])),
            }
        }
        let mut inside = Vec::new();
        for (group, units) in groups {
            let shown = self.shown(&units);
            inside.extend(shown.iter().map(|unit| Inside::Place(self.place(*unit))));
            let more = units.len() - shown.len();
            if more > 0 {
                self.leaves_out = true;
                inside.push(Inside::More(more, self.topology.groups[group].clone()));
            }
        }
        inside
    }

    /// Which of many instances of a domain are drawn.
    fn shown(&self, units: &[usize]) -> Vec<usize> {
        if units.len() <= MOST_ALIKE {
            return units.to_vec();
        }
        let mut seen = BTreeSet::new();
        let (different, alike): (Vec<usize>, Vec<usize>) =
            units.iter().partition(|unit| seen.insert(self.shape(**unit)));
        let mut shown: Vec<usize> = different.into_iter().chain(alike).take(MOST_ALIKE).collect();
        shown.sort_unstable();
        shown
    }

    /// What stands in a domain, without the names.
    fn shape(&self, unit: usize) -> String {
        let guest = |guest: &usize| match self.service_of.get(guest) {
            Some(service) => format!("s{service} "),
            None => format!("({} {}) ", self.topology.units[*guest].group, self.shape(*guest)),
        };
        let mut parts: Vec<String> = self.guests[unit].iter().map(guest).collect();
        parts.sort();
        parts.concat() + &self.takes_down[unit].to_string()
    }

    fn place(&mut self, unit: usize) -> Place {
        let (replicas, domains): (Vec<usize>, Vec<usize>) =
            self.guests[unit].iter().partition(|guest| self.service_of.contains_key(guest));
        let path = &self.topology.units[unit].path;
        let mut name = path.rsplit('/').next().unwrap_or(path).to_owned();
        // It is drawn where it stands first of all.
        let others = self.topology.units[unit].hosts.iter().skip(1);
        let others: Vec<&str> =
            others.map(|host| self.topology.units[*host].path.as_str()).collect();
        if !others.is_empty() {
            name += &format!(", also on {}", others.join(", "));
        }
        let journeys = self.topology.journeys.len();
        let warning = match self.takes_down[unit] {
            0 => None,
            _ if journeys == 1 => Some("alone takes down the journey".to_owned()),
            all if all == journeys => Some(format!("alone takes down all {journeys} journeys")),
            some => Some(format!("alone takes down {}", counted(some, "journey"))),
        };
        let chips = self.chips(&replicas);
        Place { name, warning, chips, inside: self.inside(&domains) }
    }

    /// Replicas, with many of one service as one.
    fn chips(&self, units: &[usize]) -> Vec<Chip> {
        let mut by_service: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for unit in units {
            by_service.entry(self.service_of[unit]).or_default().push(*unit);
        }
        let mut chips = Vec::new();
        for (service, units) in by_service {
            let is_single = |unit: &usize| self.takes_down[*unit] > 0;
            if units.len() > MOST_NAMED {
                let name = &self.topology.services[service].name;
                let name = format!("{name} × {}", units.len());
                chips.push(Chip { name, service, is_single: units.iter().any(is_single) });
                continue;
            }
            chips.extend(units.iter().map(|unit| Chip {
                name: self.topology.units[*unit].path.clone(),
                service,
                is_single: is_single(unit),
            }));
        }
        chips
    }

    fn journey(&self, journey: &crate::spec::Journey) -> JourneyNeeds {
        let mut needs = self.words(&journey.needs, false);
        if let Some(target) = journey.slo.availability {
            needs += &format!(" · {}", target_percent(target));
        }
        if let Some(rto) = journey.slo.rto {
            needs += &format!(" · RTO {}", duration(rto.target.seconds()));
        }
        JourneyNeeds { name: journey.name.clone(), needs }
    }

    fn service(&self, service: &Service) -> ServiceKey {
        let replicas = service.replicas.len();
        // Where so many are needed as serve at a time, the roster says all.
        let is_said = |operation: &&Operation| {
            let same = service.roster.as_ref().is_some_and(|roster| {
                operation.quorums.iter().all(|quorum| quorum.needed == roster.active)
            });
            operation.name.is_some() || !same
        };
        let mut parts: Vec<String> = service
            .operations
            .iter()
            .filter(is_said)
            .map(|operation| operation_words(operation, replicas))
            .collect();
        if let Some(roster) = &service.roster {
            parts.push(format!("{} of {} at a time", roster.active, roster.members.len()));
        }
        parts.retain(|part| !part.is_empty());
        let needs = &service.needs;
        for (need, verb) in [
            (&needs.hard, "needs"),
            (&needs.soft, "is worse without"),
            (&needs.start, "starts after"),
            (&needs.crashes_with, "stops with"),
        ] {
            if let Some(need) = need {
                parts.push(format!("{verb} {}", self.words(need, false)));
            }
        }
        ServiceKey { name: service.name.clone(), about: parts.join(", ") }
    }

    /// What must be up, in words.
    fn words(&self, expression: &Expression, is_nested: bool) -> String {
        match expression {
            Expression::Unit(unit) => self.topology.units[*unit].path.clone(),
            Expression::Operation(service, operation) => {
                let service = &self.topology.services[*service];
                match &service.operations[*operation].name {
                    Some(operation) => format!("{}.{operation}", service.name),
                    None => service.name.clone(),
                }
            }
            Expression::Masked(need, length) => {
                let need = self.words(need, true);
                format!("{need} (but for the first {})", duration(length.seconds()))
            }
            Expression::AtLeast(_, list) if list.len() == 1 => self.words(&list[0], is_nested),
            Expression::AtLeast(needed, list) => {
                let mut words: Vec<String> =
                    list.iter().take(MOST_WORDS).map(|need| self.words(need, true)).collect();
                if list.len() > MOST_WORDS {
                    words.push(format!("{} more", list.len() - MOST_WORDS));
                }
                let (text, is_list) = match *needed {
                    all if all == list.len() => (words.join(" and "), false),
                    1 => (words.join(" or "), false),
                    some => (format!("{some} of ({})", words.join(", ")), true),
                };
                if is_nested && !is_list { format!("({text})") } else { text }
            }
        }
    }
}

/// How many of how many an operation needs.
fn operation_words(operation: &Operation, replicas: usize) -> String {
    if operation.counts_seats {
        // The roster says it.
        return operation.name.clone().unwrap_or_default();
    }
    let quorums = operation.quorums.iter().map(|quorum| match quorum.members.len() {
        1 if replicas == 1 => String::new(),
        members => format!("{} of {members}", quorum.needed),
    });
    let quorums: Vec<String> = quorums.filter(|text| !text.is_empty()).collect();
    let quorums = quorums.join(" and ");
    match &operation.name {
        Some(name) => format!("{name} {quorums}").trim_end().to_owned(),
        None => quorums,
    }
}
