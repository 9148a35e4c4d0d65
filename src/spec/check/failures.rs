//! Failure modes, and the people who repair.

use std::collections::BTreeMap;

use super::all::{Checker, index_of, listed_keys};
use crate::dist::Law;
use crate::spec::diagnostic::{Code, Findings};
use crate::spec::raw::{Name, RawCrew, RawMode, RawRepair, RawSpares, RawStage, RawTopology};
use crate::spec::source::Spanned;
use crate::spec::topology::{
    Burst, Common, Crew, Discipline, FailureMode, ModeRange, Preventive, Repair, Stage,
};

/// The shortest mean time to failure: anything below is a slip of the unit.
const SHORTEST_MEAN_SECONDS: f64 = 1e-3;

/// The people who repair.
pub(super) fn crews(raw: &RawTopology, findings: &mut Findings) -> Vec<Crew> {
    let mut crews: Vec<Crew> = raw.crews.iter().map(|crew| checked_crew(crew, findings)).collect();
    escalations(raw, &mut crews, findings);
    crews
}

/// Who is called when nobody of a crew answers: somebody else in the end.
fn escalations(raw: &RawTopology, crews: &mut [Crew], findings: &mut Findings) {
    let index = index_of(raw.crews.iter().map(|crew| &crew.name));
    for (place, crew) in raw.crews.iter().enumerate() {
        let Some(escalates) = &crew.escalates else { continue };
        let Some(to) = known_crew(&index, &escalates.to, findings) else { continue };
        if crews[to].picks == Discipline::RandomKind {
            let message = format!("`{}` picks a random kind of its own jobs", escalates.to.value);
            findings
                .error(Code::WrongReference, escalates.to.span, message)
                .help("let the crew that is called pick in another way");
        }
        crews[place].escalates = Some((escalates.after.clone(), to));
    }
    for (place, crew) in raw.crews.iter().enumerate() {
        let mut next = crews[place].escalates.as_ref().map(|(_, to)| *to);
        // A chain that has not come to its end after all crews goes round, here or further on.
        for _ in 0..crews.len() {
            if next == Some(place) {
                let span = crew.escalates.as_ref().map(|escalates| escalates.span);
                let message = format!("`{}` escalates to itself in the end", crew.name.value);
                findings
                    .error(Code::Cycle, span, message)
                    .help("let the last one who is called keep the job");
                break;
            }
            next = next.and_then(|crew| Some(crews[crew].escalates.as_ref()?.1));
        }
    }
}

/// The index of the crew with a name, or a finding.
fn known_crew(
    index: &BTreeMap<String, usize>,
    name: &Name,
    findings: &mut Findings,
) -> Option<usize> {
    if let Some(&found) = index.get(&name.value) {
        return Some(found);
    }
    let known = index.keys().map(String::as_str);
    let help = findings.help_with(&name.value, known, || match index.is_empty() {
        true => "declare it under `crews`".to_owned(),
        false => format!("there are {}", listed_keys(index)),
    });
    findings
        .error(Code::UnknownName, name.span, format!("there is no crew `{}`", name.value))
        .help(help);
    None
}

fn checked_crew(raw: &RawCrew, findings: &mut Findings) -> Crew {
    let name = &raw.name.value;
    let mut no_effect = |span, key: &str, help: &str| {
        findings
            .error(Code::NoEffect, span, format!("`{key}` of `{name}` changes nothing"))
            .help(help);
    };
    if let Some(off_hours) = &raw.off_hours {
        if raw.hours.is_none() {
            no_effect(off_hours.span, "off_hours", "say when the `hours` are");
        } else if raw.works_in_hours {
            let help = "a crew that works in hours only has no response outside of them";
            no_effect(off_hours.span, "off_hours", help);
        }
    }
    if raw.works_in_hours && raw.hours.is_none() {
        no_effect(raw.name.span, "works", "say when the `hours` are");
    }
    let picks = raw.picks.map_or(Discipline::Fifo, |picks| picks.value);
    if let (Discipline::RandomKind, Some(at), Some(_)) = (picks, raw.picks, &raw.hours) {
        let message = format!("`{name}` has hours and picks at random");
        findings
            .error(Code::NoEffect, at.span, message)
            .help("a crew that picks a random kind of job works always: remove `hours`");
    }
    Crew {
        name: name.clone(),
        size: u32::try_from(raw.size).unwrap_or(u32::MAX),
        response: raw.response.clone(),
        off_hours: raw.off_hours.as_ref().map(|law| law.value.clone()),
        hours: raw.hours.clone(),
        works_in_hours: raw.works_in_hours,
        picks,
        reorder: None,
        // Once all crews are known.
        escalates: None,
    }
}

/// Spares in a stock, each of which has a timer.
const MOST_SPARES: u64 = 100_000;

/// All failure modes, and after them those that stand for preventive replacement.
pub(super) fn modes(
    raw: &RawTopology,
    crews: &mut Vec<Crew>,
    findings: &mut Findings,
) -> Vec<FailureMode> {
    let index = index_of(raw.crews.iter().map(|crew| &crew.name));
    let stocks = Vec::new();
    let mut people = People { crews, stocks, index: &index, findings };
    let mut modes: Vec<FailureMode> =
        raw.failures.iter().filter_map(|mode| people.mode(mode)).collect();
    let stocks = people.stocks;
    crews.extend(stocks);
    if modes.len() < raw.failures.len() {
        return modes;
    }
    for (place, raw) in raw.failures.iter().enumerate() {
        let Some(preventive) = &raw.preventive else { continue };
        let mode = modes.len();
        modes.push(planned(
            format!("{} (preventive)", raw.name.value),
            vec![Stage { law: preventive.takes.clone(), crew: None, people: 1 }],
        ));
        let (age, takes) = (preventive.age.clone(), preventive.takes.clone());
        modes[place].preventive = Some(Preventive { age, takes, mode });
    }
    modes
}

/// The mode that stands for planned work.
pub(super) fn planned(name: String, stages: Vec<Stage>) -> FailureMode {
    FailureMode {
        name,
        every: None,
        repair: Repair::After(stages),
        always: true,
        priority: u32::MAX,
        common: None,
        burst: None,
        preventive: None,
        is_grey: false,
        is_planned: true,
        wipes: 0.0,
        cuts_power: false,
        range: ModeRange::default(),
        about: None,
        source: None,
        grade: None,
    }
}

/// Who can be asked.
struct People<'a> {
    crews: &'a [Crew],
    /// Stocks of spares, which come after the crews.
    stocks: Vec<Crew>,
    index: &'a BTreeMap<String, usize>,
    findings: &'a mut Findings,
}

impl People<'_> {
    fn mode(&mut self, raw: &RawMode) -> Option<FailureMode> {
        let name = &raw.name;
        if raw.every.as_ref().is_some_and(|law| law.mean() < SHORTEST_MEAN_SECONDS) {
            let message = format!("`{}` strikes without a pause", name.value);
            self.findings
                .error(Code::OutOfRange, name.span, message)
                .help("`every` is the time up until it strikes; its mean must be at least 1ms");
        }
        let mut repair = self.repair(raw);
        if let Some(spares) = &raw.spares {
            repair = repair.and_then(|repair| self.with_spares(raw, spares, repair));
        }
        let common = self.common(raw);
        if let (Some(_), Some(Law::Exponential { .. })) = (&raw.preventive, &raw.every) {
            let message = format!("`{}` does not age", name.value);
            self.findings
                .warning(Code::NoEffect, name.span, message)
                .help("what has no memory is never better for being replaced before it fails");
        }
        if let (Some(_), true) = (&raw.preventive, raw.always || common.is_some()) {
            self.findings
                .error(
                    Code::NoEffect,
                    name.span,
                    format!("nobody knows the age of `{}`", name.value),
                )
                .help("what strikes many at once or whatever is down cannot be prevented by age");
        }
        Some(FailureMode {
            name: name.value.clone(),
            every: Some(raw.every.clone()?),
            repair: repair?,
            always: raw.always,
            priority: raw.priority.map_or(u32::MAX, |p| u32::try_from(p).unwrap_or(u32::MAX)),
            common,
            burst: raw.burst.as_ref().map(|burst| Burst {
                probability: burst.probability,
                within: burst.within,
                peers: u32::try_from(burst.peers).unwrap_or(u32::MAX),
            }),
            preventive: None,
            is_grey: raw.grey.is_some(),
            is_planned: false,
            wipes: raw.wipes.map_or(0.0, |wipes| wipes.value),
            cuts_power: raw.cuts_power.is_some_and(|cuts| cuts.value),
            range: raw.range,
            about: raw.about.clone(),
            source: raw.source.clone(),
            grade: raw.grade,
        })
    }

    fn repair(&mut self, raw: &RawMode) -> Option<Repair> {
        let stages = match raw.repair.as_ref()? {
            RawRepair::After(stages) => stages,
            RawRepair::Restart | RawRepair::Never => {
                if let Some(grey) = &raw.grey {
                    self.findings
                        .error(
                            Code::NoEffect,
                            grey.span,
                            "a fault that nobody repairs, noticed or not",
                        )
                        .help("remove `grey`, or give `repair` a law");
                }
                if let Some(crew) = &raw.crew {
                    self.findings
                        .error(Code::NoEffect, crew.span, "a crew for a repair that nobody does")
                        .help("remove `crew`, or give `repair` a law");
                }
                return Some(match raw.repair {
                    Some(RawRepair::Restart) => Repair::Restart,
                    _ => Repair::Never,
                });
            }
        };
        if let Some(crew) = raw.crew.as_ref().filter(|_| stages.len() > 1) {
            self.findings
                .error(Code::WrongReference, crew.span, "a crew for a repair in stages")
                .help("say at each stage who does it: `[{detect: 30s}, {mend: 2h, crew: ops}]`");
        }
        let mut stages = stages.clone();
        if let [only] = stages.as_mut_slice() {
            only.crew = only.crew.take().or(raw.crew.clone());
            only.people = only.people.or(raw.people);
        } else if let Some(people) = raw.people {
            self.people_without_crew(people);
        }
        // Until it is noticed nobody begins to repair it.
        let noticed = raw.grey.iter().map(|law| RawStage::of(law.value.clone()));
        let stages: Vec<RawStage> = noticed.chain(stages).collect();
        Some(Repair::After(stages.iter().map(|stage| self.stage(stage)).collect()))
    }

    /// A repair that begins when there is a spare part for it.
    fn with_spares(&mut self, raw: &RawMode, spares: &RawSpares, repair: Repair) -> Option<Repair> {
        let Repair::After(mut stages) = repair else {
            self.findings
                .error(Code::NoEffect, spares.span, "spares for a repair that takes none")
                .help("remove `spares`, or give `repair` a law");
            return None;
        };
        if spares.stock.value > MOST_SPARES {
            self.findings
                .error(Code::TooLarge, spares.stock.span, "more spares than can be counted")
                .help(format!("at most {MOST_SPARES}; leave `spares` out if they never run out"));
            return None;
        }
        let stock = self.crews.len() + self.stocks.len();
        self.stocks.push(Crew {
            name: format!("spares of {}", raw.name.value),
            size: spares.stock.value as u32,
            response: None,
            off_hours: None,
            hours: None,
            works_in_hours: false,
            picks: Discipline::Fifo,
            reorder: Some(spares.reorder.clone()),
            escalates: None,
        });
        // What looks up is noticed before anything is taken from a shelf.
        let first = usize::from(raw.grey.is_some());
        match stages.get_mut(first) {
            Some(stage) if stage.crew.is_none() => stage.crew = Some(stock),
            _ => {
                let law = Law::fixed(0.0).ok()?;
                stages.insert(first, Stage { law, crew: Some(stock), people: 1 });
            }
        }
        Some(Repair::After(stages))
    }

    fn people_without_crew(&mut self, people: Spanned<u64>) {
        self.findings
            .error(Code::NoEffect, people.span, "`people` of no crew")
            .help("name the crew beside it");
    }

    fn stage(&mut self, raw: &RawStage) -> Stage {
        let crew = raw.crew.as_ref().and_then(|name| known_crew(self.index, name, self.findings));
        let people = raw.people.map_or(1, |people| people.value);
        if let (None, Some(people)) = (&raw.crew, raw.people) {
            self.people_without_crew(people);
        }
        if let (Some(crew), Some(at)) = (crew, raw.people) {
            let Crew { name, size, picks, .. } = &self.crews[crew];
            if people > u64::from(*size) {
                self.findings
                    .error(Code::Quorum, at.span, format!("{people} of the {size} of `{name}`"))
                    .help(format!("at most {size}, or a crew of a larger `size`"));
            } else if *picks == Discipline::RandomKind && people > 1 {
                let message = format!("`{name}` picks at random, one by one");
                self.findings
                    .error(Code::NoEffect, at.span, message)
                    .help("remove `people`, or let the crew pick in another way");
            }
            self.check_who_is_called(crew, at);
        }
        let people = u32::try_from(people).unwrap_or(u32::MAX);
        Stage { law: raw.law.clone(), crew, people }
    }

    /// Whoever is called when nobody of a crew answers must be as many as a job takes.
    fn check_who_is_called(&mut self, crew: usize, people: Spanned<u64>) {
        let mut next = &self.crews[crew].escalates;
        // Chains that go round have been refused.
        for _ in 0..self.crews.len() {
            let Some((_, to)) = next else { return };
            let Crew { name, size, escalates, .. } = &self.crews[*to];
            if people.value > u64::from(*size) {
                let message = format!("{} of the {size} of `{name}`", people.value);
                self.findings
                    .error(Code::Quorum, people.span, message)
                    .help(format!("at most {size}: `{name}` is called when nobody answers"));
                return;
            }
            next = escalates;
        }
    }

    /// How a mode strikes many at once: in one way at most.
    fn common(&mut self, raw: &RawMode) -> Option<Common> {
        let ways = [
            raw.shock.map(|p| (Common::Shock(p.value), p.span)),
            raw.change.map(|p| (Common::Change(p.value), p.span)),
            raw.beta.map(|p| (Common::Beta(p.value), p.span)),
        ];
        let mut ways = ways.into_iter().flatten();
        let (common, span) = ways.next()?;
        if let Some((_, other)) = ways.next() {
            self.findings
                .error(Code::WrongKind, other, "a common cause in two ways")
                .label(span, "the other one")
                .help("keep `shock`, `change` or `beta`, one of them");
        }
        if let (Common::Beta(_), Some(every)) = (common, &raw.every)
            && !matches!(every, Law::Exponential { .. })
        {
            self.findings
                .error(Code::BadLaw, span, "a beta factor of a law that ages")
                .help("only an exponential `every` can be divided; use a `shock` beside the mode");
        }
        Some(common)
    }
}

impl Checker<'_> {
    /// The stages of a start.
    pub(super) fn stages(&mut self, raw: &[RawStage]) -> Vec<Stage> {
        let index = index_of(self.raw.crews.iter().map(|crew| &crew.name));
        let (crews, stocks, findings) = (self.crews, Vec::new(), &mut *self.findings);
        let mut people = People { crews, stocks, index: &index, findings };
        raw.iter().map(|stage| people.stage(stage)).collect()
    }
}
