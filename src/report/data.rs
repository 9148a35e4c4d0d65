//! All that a report shows.

use std::collections::{BTreeMap, BTreeSet};

use super::answer::{Answer, Answers, Contradiction, Method, Route};
use super::at_once::levels_at_once;
use super::data_class::{
    DataCause, DataMeasures, DataReport, DataStageCause, Held, PromisedBy, Survival, WindowOfData,
};
use super::precision::PrecisionReport;
use crate::engine::{Root, first_hosts, hosts_of_life};
use crate::exact::{
    Omission, Product, blast_radii, product_of_availabilities, simultaneous_losses,
};
use crate::measure::{
    ByIntent, CauseShare, DataEstimates, Downtime, Estimates, FirstOutage, JourneyEstimates,
    MeasureSet, PartOfLife, Verdict,
};
use crate::model::{DataId, JourneyId, Model, UnitId, branch_names};
use crate::run::{Plan, PrecisionOf, Summary, Until};
use crate::spec::{DataClass, FailureMode, Journey, Slo, Topology};
use crate::stats::Estimate;
use crate::units::{SECONDS_PER_YEAR, SimSpan};

/// How many causes of each journey a report lists.
const MOST_CAUSES: usize = 20;
/// Units beyond which nobody reads what each of them takes down, and finding out takes long.
pub(super) const MOST_PLACES: usize = 5_000;
/// How many placements by controllers are asked what a place takes down alone.
const PLACEMENTS: u64 = 100;
/// Share of the downtime of a failure mode from which on a unit is named with it.
const LEAST_SHARE_OF_MODE: f64 = 0.02;

/// What came of a run, ready to be shown.
#[derive(Clone, Debug)]
pub struct Report {
    /// Of which topology.
    pub topology: TopologyInfo,
    /// By which run.
    pub run: RunInfo,
    /// Each journey, in the order of the topology; none where lives ended when data were lost.
    pub journeys: Vec<JourneyReport>,
    /// What the failure of a single place takes down, the places with the most journeys first.
    pub blast_radius: Vec<Blast>,
    /// Each data class, in the order of the topology; none where lives ended at first outages.
    pub data: Vec<DataReport>,
    /// What it would come to under other assumptions, if that was asked for.
    pub stress: Option<Vec<Stressed>>,
}

/// A name and what is known of it.
pub type Named = (String, Option<Estimate>);

/// What a run comes to under another assumption.
#[derive(Clone, Debug, PartialEq)]
pub struct Stressed {
    /// Which.
    pub assumption: &'static str,
    /// The same in a word or two.
    pub head: &'static str,
    /// The unavailability of each journey, by name; of one that was never down a bound, and `None` where no route
    /// tells it.
    pub journeys: Vec<Named>,
    /// Incidents of lost data a year of each data class in the same way.
    pub incidents: Vec<Named>,
    /// The probability that copies of a data class are lost, of each that something holds.
    pub losses: Vec<Named>,
}

impl Stressed {
    /// What a report says, which was made under an assumption.
    pub(crate) fn of(
        (assumption, head): (&'static str, &'static str),
        report: &Report,
    ) -> Stressed {
        let holds = |class: &&DataReport| class.survival.is_some();
        Stressed {
            assumption,
            head,
            journeys: (report.journeys.iter())
                .map(|journey| (journey.name.clone(), journey.told()))
                .collect(),
            incidents: (report.data.iter())
                .map(|class| (class.name.clone(), class.incidents()))
                .collect(),
            losses: (report.data.iter().filter(holds))
                .map(|class| (class.name.clone(), class.told()))
                .collect(),
        }
    }
}

/// What the failure of a single place takes down.
#[derive(Clone, Debug, PartialEq)]
pub struct Blast {
    /// The place.
    pub unit: String,
    /// The kind of place.
    pub level: String,
    /// How many other units go down with it.
    pub units: usize,
    /// Journeys that go down, if everything else is up, and in which share of placements: with controllers replicas
    /// stand elsewhere in each life, else it is one.
    pub journeys: Vec<(String, f64)>,
}

/// Which topology.
#[derive(Clone, Debug, PartialEq)]
pub struct TopologyInfo {
    /// Its name.
    pub name: String,
    /// What it says about itself.
    pub about: Option<String>,
    /// SHA-256 of its text.
    pub sha256: String,
    /// Parts of it that this version does not evaluate, by name.
    pub not_evaluated: Vec<String>,
}

impl TopologyInfo {
    fn of(topology: &Topology) -> TopologyInfo {
        TopologyInfo {
            name: topology.name.clone(),
            about: topology.about.clone(),
            sha256: topology.sha256.clone(),
            not_evaluated: topology.not_evaluated(),
        }
    }
}

/// Which run: enough to do it again.
#[derive(Clone, Debug, PartialEq)]
pub struct RunInfo {
    /// Lives completed.
    pub replications: u64,
    /// The seed.
    pub seed: u64,
    /// How long each life was measured.
    pub horizon: SimSpan,
    /// How long each life went on before.
    pub warm_up: SimSpan,
    /// Where lives ended.
    pub until: Until,
    /// Changes of state in all lives.
    pub events: u64,
    /// How the numbers were found.
    pub method: Method,
    /// How times to failure were drawn.
    pub clocks: &'static str,
    /// Of this program.
    pub version: &'static str,
    /// Whether the run was stopped from outside before it was done.
    pub is_partial: bool,
    /// What a precision is about.
    pub precision_of: PrecisionOf,
    /// What became of the precision that was asked for.
    pub precision: Option<PrecisionReport>,
}

impl RunInfo {
    /// That of a plan and what was lived of it, if anything was.
    fn of(topology: &Topology, plan: &Plan, method: Method, lived: Option<&Summary>) -> RunInfo {
        RunInfo {
            replications: lived.map_or(0, |summary| summary.replications),
            seed: plan.seed,
            horizon: plan.horizon,
            warm_up: plan.warm_up,
            until: plan.until,
            events: lived.map_or(0, |summary| summary.events),
            method,
            clocks: "per-unit",
            version: env!("CARGO_PKG_VERSION"),
            is_partial: lived.is_some_and(|summary| summary.is_partial),
            precision_of: plan.precision_of(topology),
            precision: None,
        }
    }
}

/// What came of one journey.
#[derive(Clone, Debug)]
pub struct JourneyReport {
    /// Its name.
    pub name: String,
    /// What the topology says about it.
    pub about: Option<String>,
    /// What the topology promises.
    pub slo: Slo,
    /// What was estimated.
    pub measures: JourneyMeasures,
    /// What a spreadsheet says; `None` where there is no such number.
    pub spreadsheet: Option<Comparison>,
    /// How much the unavailability depends on inputs, if that was asked for.
    pub input_band: Option<InputBand>,
    /// What another route says, or why there is none; `None` if nobody asked.
    pub second: Option<Result<Answer, String>>,
    /// Whether that is nearer than the simulation, which has seen too little.
    pub is_second_nearer: bool,
}

impl JourneyReport {
    /// The answer of another route that stands for the simulation: there was none, or it has seen too little.
    pub fn nearer(&self) -> Option<&Answer> {
        match (&self.measures, &self.second) {
            (JourneyMeasures::Answered(answer), _) => answer.as_ref().as_ref().ok(),
            (_, Some(Ok(answer))) if self.is_second_nearer => Some(answer),
            _ => None,
        }
    }

    /// The unavailability that lives say; of a journey that was never down a bound.
    pub(crate) fn simulated(&self) -> Option<Estimate> {
        match &self.measures {
            JourneyMeasures::Window(estimates, _) => {
                let bound = estimates.unavailability_upper95.map(Estimate::at_most);
                Some(bound.unwrap_or(estimates.unavailability))
            }
            JourneyMeasures::FirstOutage(_) | JourneyMeasures::Answered(_) => None,
        }
    }

    /// Whether it was simulated, and another route stands for how much it is down.
    pub(super) fn is_told_by_another(&self) -> bool {
        matches!(self.measures, JourneyMeasures::Window(..)) && self.nearer().is_some()
    }

    /// How much it is down, by what stands for it; `None` where lives ended at the first outage, and where nothing is
    /// known.
    pub(super) fn outages(&self) -> Option<Outages> {
        match (&self.measures, self.nearer()) {
            (JourneyMeasures::Window(estimates, _), None) => Some(Outages::of_lives(estimates)),
            (JourneyMeasures::Window(estimates, _), Some(answer)) => {
                Some(Outages::of_answer(answer, Some(estimates)))
            }
            (JourneyMeasures::Answered(_), Some(answer)) => Some(Outages::of_answer(answer, None)),
            (JourneyMeasures::FirstOutage(_) | JourneyMeasures::Answered(_), _) => None,
        }
    }

    /// The unavailability, by what stands for it.
    fn told(&self) -> Option<Estimate> {
        match self.nearer() {
            Some(answer) => answer.found(),
            None => self.simulated(),
        }
    }

    /// Whether the journey is as available as is promised, by what stands for it; `None` if nothing is promised, or
    /// nothing known.
    pub fn availability_verdict(&self) -> Option<Verdict> {
        let target = self.slo.availability?;
        match (&self.measures, self.nearer()) {
            // Other routes do not know which hours count.
            (JourneyMeasures::Answered(_), Some(_)) if self.slo.during.is_some() => {
                Some(Verdict::NotJudged)
            }
            (_, Some(answer)) if self.slo.during.is_none() => answer.verdict(target),
            (JourneyMeasures::Window(estimates, _), _) => {
                Some(estimates.objectives.availability?.verdict)
            }
            _ => None,
        }
    }

    /// What is promised of outages and of data and only lives could judge, where there were none: the RTO and the RPO,
    /// in seconds.
    pub(super) fn unjudged(&self) -> [Option<f64>; 2] {
        match self.measures {
            JourneyMeasures::Answered(_) => {
                [self.slo.rto.map(|rto| rto.target.seconds()), self.slo.rpo]
            }
            JourneyMeasures::Window(..) | JourneyMeasures::FirstOutage(_) => [None; 2],
        }
    }

    /// Whether anything is missed that is promised.
    fn misses(&self) -> bool {
        let others = match &self.measures {
            JourneyMeasures::Window(estimates, _) => estimates.objectives.other_verdicts(),
            JourneyMeasures::FirstOutage(_) | JourneyMeasures::Answered(_) => [None; 2],
        };
        let all = others.into_iter().chain([self.availability_verdict()]);
        all.flatten().any(Verdict::is_missed)
    }
}

/// How much a journey is down, whichever route says so: what every format shows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outages {
    /// Share of time down; a bound where none was seen.
    pub(super) unavailability: Option<Estimate>,
    /// What that is at most, where none was seen.
    pub(super) unavailability_upper95: Option<f64>,
    /// Outages that begin in a year; a bound where none was seen.
    pub(super) per_year: Option<Estimate>,
    /// What that is at most, where none was seen.
    pub(super) per_year_upper95: Option<f64>,
    /// How long they last, seconds.
    pub(super) length_s: Option<Estimate>,
    /// Seconds of downtime in a year.
    pub(super) downtime_s_per_year: Option<Estimate>,
    /// Probability of a life without any downtime.
    pub(super) p_no_outage: Option<Estimate>,
    /// Those that somebody meant, and those that nobody did.
    pub(super) by_intent: Option<ByIntent>,
    /// Unavailability over the time of a life.
    pub(super) over_time: Option<Vec<PartOfLife>>,
}

impl Outages {
    fn of_lives(estimates: &JourneyEstimates) -> Outages {
        Outages {
            unavailability: Some(estimates.unavailability),
            unavailability_upper95: estimates.unavailability_upper95,
            per_year: Some(estimates.outages_per_year),
            per_year_upper95: estimates.outages_per_year_upper95,
            length_s: estimates.outages.as_ref().and_then(|outages| outages.mean),
            downtime_s_per_year: Some(estimates.downtime_s_per_year),
            p_no_outage: Some(estimates.p_no_outage),
            by_intent: Some(estimates.by_intent),
            over_time: Some(estimates.over_time.clone()),
        }
    }

    /// Other routes know how much there is of all of it, and not when in a life, nor what of it was meant: of these
    /// parts each is at most the whole.
    fn of_answer(answer: &Answer, lives: Option<&JourneyEstimates>) -> Outages {
        let most = |whole: Estimate| whole.ci95.map_or(whole.mean, |(_, high)| high);
        let (share, per_year) = (answer.unavailability, answer.outages_per_year);
        let downtime = share.map(|share| share.times(SECONDS_PER_YEAR));
        let by_intent = lives.zip(downtime.zip(per_year)).map(|(lives, (downtime, per_year))| {
            let whole = Downtime { downtime_s_per_year: downtime, outages_per_year: per_year };
            let part = Downtime {
                downtime_s_per_year: Estimate::at_most(most(downtime)),
                outages_per_year: Estimate::at_most(most(per_year)),
            };
            match lives.may_be_planned {
                true => ByIntent { planned: part, unplanned: part },
                false => ByIntent { planned: lives.by_intent.planned, unplanned: whole },
            }
        });
        let over_time = lives.zip(share).map(|(lives, share)| {
            let length = lives.over_time.last().map_or(0.0, |part| part.to_s);
            let part = |part: &PartOfLife| {
                let times = length / (part.to_s - part.from_s).max(f64::MIN_POSITIVE);
                let bound = (times * most(share)).min(1.0);
                PartOfLife { unavailability: Estimate::at_most(bound), ..*part }
            };
            lives.over_time.iter().map(part).collect()
        });
        Outages {
            unavailability: share,
            unavailability_upper95: None,
            per_year,
            per_year_upper95: None,
            length_s: answer.mean_outage_s,
            downtime_s_per_year: downtime,
            p_no_outage: answer.p_no_outage,
            by_intent,
            over_time,
        }
    }
}

/// The unavailability of a journey when inputs are drawn from their ranges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InputBand {
    /// How often inputs were drawn.
    pub draws: u64,
    /// The 5th, 50th and 95th percentile of the unavailability over draws.
    pub quantiles: [f64; 3],
}

impl InputBand {
    /// From the unavailabilities of all draws.
    pub(crate) fn of(mut means: Vec<f64>) -> InputBand {
        means.sort_by(f64::total_cmp);
        let last = means.len().saturating_sub(1) as f64;
        let at = |q: f64| means.get((q * last).round() as usize).copied().unwrap_or(f64::NAN);
        InputBand { draws: means.len() as u64, quantiles: [0.05, 0.5, 0.95].map(at) }
    }
}

/// What was estimated of one journey.
#[derive(Clone, Debug)]
pub enum JourneyMeasures {
    /// Over equal lives, with where the outages start from.
    Window(Box<JourneyEstimates>, Causes),
    /// Over lives that ended at the first outages.
    FirstOutage(FirstOutage),
    /// By another route alone, or why not.
    Answered(Box<Result<Answer, String>>),
}

/// What prolonged outages that something else had started: a failure mode of a unit.
#[derive(Clone, Debug, PartialEq)]
pub struct ProlongingCause {
    /// The failure mode.
    pub mode: String,
    /// The unit that such outages waited for in the end.
    pub unit: String,
    /// The share of all downtime that such outages have, whole.
    pub downtime_share: f64,
    /// Their share of all outages.
    pub outage_share: f64,
}

/// Where outages start from, the cause of the most downtime first.
#[derive(Clone, Debug, PartialEq)]
pub struct Causes {
    /// By failure mode of one unit: the twenty with the most downtime.
    pub by_unit: Vec<Cause>,
    /// By failure mode, over all units.
    pub by_mode: Vec<ModeCause>,
    /// What prolonged outages that something else had started: the twenty with the most downtime.
    pub prolonging: Vec<ProlongingCause>,
}

/// The outages that start from one failure mode, whichever unit it struck.
#[derive(Clone, Debug, PartialEq)]
pub struct ModeCause {
    /// The failure mode.
    pub mode: String,
    /// Its share of all downtime.
    pub downtime_share: f64,
    /// Its share of all outages.
    pub outage_share: f64,
    /// Whether somebody meant it to happen.
    pub is_planned: bool,
    /// Branches of its repair that have names, with their shares of all downtime.
    pub branches: Vec<(String, f64)>,
    /// How well its numbers are known, if the topology says so.
    pub grade: Option<&'static str>,
    /// The units that it struck, in the order of the topology, without those that hardly matter.
    pub units: Vec<String>,
}

/// Where outages start from: a failure mode of a unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    /// The failure mode.
    pub mode: String,
    /// The unit that failed.
    pub unit: String,
    /// The branch that its repair took, where branches have names.
    pub branch: Option<String>,
    /// Whether somebody meant it to happen.
    pub is_planned: bool,
    /// Its share of all downtime.
    pub downtime_share: f64,
    /// The 95 % interval of that.
    pub downtime_share_ci95: Option<(f64, f64)>,
    /// Its share of all outages.
    pub outage_share: f64,
    /// How well its numbers are known, if the topology says so.
    pub grade: Option<&'static str>,
}

/// The spreadsheet's number beside ours.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Unavailability by the product of availabilities.
    pub unavailability: f64,
    /// How many units were multiplied.
    pub units: usize,
    /// Units that several of these stand on, the cause of the most downtime first.
    pub shared: Vec<String>,
    /// The share of simulated downtime that starts in one of the shared units; `None` where lives
    /// ended at the first outages.
    pub shared_downtime_share: Option<f64>,
    /// What the journey has that is not in it.
    pub leaves_out: Vec<Omission>,
}

impl Report {
    /// Puts the names back and keeps what is worth showing.
    pub(crate) fn new(
        topology: &Topology,
        model: &Model,
        plan: &Plan,
        summary: &Summary,
        measures: &MeasureSet,
    ) -> Report {
        let reporter = Reporter::new(topology, model, plan);
        let named = || topology.journeys.iter().enumerate();
        let (journeys, data) = match measures.estimates() {
            Estimates::Window(journeys, classes) => {
                let classes = topology.data.iter().enumerate().zip(classes);
                let data = classes
                    .map(|(class, estimates)| reporter.data_window(class, estimates, &journeys))
                    .collect();
                let journeys = named()
                    .zip(journeys)
                    .map(|((index, journey), estimates)| reporter.window(index, journey, estimates))
                    .collect();
                (journeys, data)
            }
            Estimates::FirstOutage(journeys) => (
                named()
                    .zip(journeys)
                    .map(|((index, journey), first)| reporter.first_outage(index, journey, first))
                    .collect(),
                Vec::new(),
            ),
            Estimates::FirstLoss(classes) => {
                let first = |index: usize| {
                    classes
                        .iter()
                        .find(|(class, _)| *class == index)
                        .map(|(_, first)| first.clone())
                };
                let classes = topology.data.iter().enumerate().map(|(index, class)| {
                    reporter.data((index, class), DataMeasures::FirstLoss(first(index)))
                });
                (Vec::new(), classes.collect())
            }
        };
        let mut report = Report {
            topology: TopologyInfo::of(topology),
            run: RunInfo::of(topology, plan, Method::PLAIN, Some(summary)),
            journeys,
            blast_radius: blast(topology, model),
            data,
            stress: None,
        };
        report.run.precision = plan.precision.map(|target| report.precision(target));
        report
    }

    /// What exact answers say, without lives.
    pub(crate) fn of_answers(
        topology: &Topology,
        model: &Model,
        plan: &Plan,
        answers: Answers,
    ) -> Report {
        let reporter = Reporter::new(topology, model, plan);
        let journeys = topology.journeys.iter().enumerate().zip(answers.journeys);
        let data = topology.data.iter().enumerate().zip(answers.data);
        Report {
            topology: TopologyInfo::of(topology),
            run: RunInfo::of(topology, plan, Method::Exact, None),
            journeys: journeys
                .map(|((index, journey), answer)| {
                    let spreadsheet = reporter.spreadsheet(index, None);
                    reporter.journey(
                        journey,
                        JourneyMeasures::Answered(Box::new(answer)),
                        spreadsheet,
                    )
                })
                .collect(),
            blast_radius: blast(topology, model),
            data: data
                .filter_map(|(class, answer)| {
                    Some(reporter.data(class, DataMeasures::Answered(answer?)))
                })
                .collect(),
            stress: None,
        }
    }

    /// Whether another route was asked.
    pub fn has_second_route(&self) -> bool {
        self.journeys.iter().any(|journey| journey.second.is_some())
            || self.data.iter().any(|class| class.second.is_some())
    }

    /// Says what another route says; what is exact stands for lives that contradict it.
    pub fn set_second_route(&mut self, answers: Answers) {
        for (journey, answer) in self.journeys.iter_mut().zip(answers.journeys) {
            journey.second = Some(answer);
            journey.is_second_nearer = matches!(journey.measures, JourneyMeasures::Window(..))
                && journey.contradiction().is_some_and(Contradiction::is_by_what_is_exact);
        }
        for (class, answer) in self.data.iter_mut().zip(answers.data) {
            class.second = answer;
            class.is_second_nearer = matches!(class.measures, DataMeasures::Window(_))
                && class.contradiction().is_some_and(Contradiction::is_by_what_is_exact);
        }
        self.follow_second_routes();
    }

    /// Says by which routes the numbers were found, and how near they are.
    pub(super) fn follow_second_routes(&mut self) {
        let journeys = self.journeys.iter().filter(|journey| journey.is_told_by_another());
        let journeys = journeys.filter_map(|journey| Some(journey.nearer()?.route));
        let is_told = |class: &&DataReport| class.is_second_nearer;
        let data = self.data.iter().filter(is_told);
        let data = data.filter_map(|class| Some(class.nearer()?.route));
        let routes: BTreeSet<Route> = journeys.chain(data).collect();
        if let Method::Lives(known) = &mut self.run.method {
            *known = routes;
        }
        if let Some(target) = self.run.precision.as_ref().map(|precision| precision.target) {
            self.run.precision = Some(self.precision(target));
        }
    }

    /// Says how much each journey depends on inputs.
    pub fn set_input_bands(&mut self, bands: Vec<InputBand>) {
        for (journey, band) in self.journeys.iter_mut().zip(bands) {
            journey.input_band = Some(band);
        }
    }

    /// Whether any objective of any journey is missed.
    pub fn any_objective_missed(&self) -> bool {
        self.journeys.iter().any(JourneyReport::misses)
    }
}

/// What the failure of each place takes down, if it takes down a journey; places that fail by nothing and are not worked
/// on are left out. Where controllers place replicas it is asked of the first lives.
fn blast(topology: &Topology, model: &Model) -> Vec<Blast> {
    if model.unit_count() > MOST_PLACES {
        return Vec::new();
    }
    let go_down = go_down(topology);
    let goes_down = |unit: &UnitId| go_down[unit.index()];
    let is_place = |unit: &UnitId| topology.units[unit.index()].level.is_some();
    let units = (0..model.unit_count()).map(UnitId::new).filter(is_place).filter(goes_down);
    let units: Vec<UnitId> = units.collect();
    let lives = if model.platform.pods.is_empty() { 1 } else { PLACEMENTS };
    // By unit: how many others it takes with it at most, and in how many placements each journey.
    let mut found = BTreeMap::new();
    for life in 0..lives {
        let hosts = hosts_of_life(model, life);
        let journeys = topology.journeys.len();
        for radius in blast_radii(model, &hosts, journeys, units.iter().copied()) {
            let (others, times) = found.entry(radius.unit).or_insert((0, vec![0; journeys]));
            *others = radius.units.max(*others);
            radius.journeys.iter().for_each(|journey| times[journey.index()] += 1);
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.retain(|(_, (_, times))| times.iter().any(|times| *times > 0));
    found.sort_by_key(|(_, (_, times))| std::cmp::Reverse(times.iter().sum::<u64>()));
    let blasts = found.into_iter().filter_map(|(unit, (units, times))| {
        let unit = &topology.units[unit.index()];
        let shares = topology.journeys.iter().zip(times).filter(|(_, times)| *times > 0);
        Some(Blast {
            unit: unit.path.clone(),
            level: unit.level.clone()?,
            units,
            journeys: shares
                .map(|(journey, times)| (journey.name.clone(), times as f64 / lives as f64))
                .collect(),
        })
    });
    blasts.collect()
}

/// By unit: whether something takes it down by itself, and not only what it stands on.
fn go_down(topology: &Topology) -> Vec<bool> {
    let mut go_down: Vec<bool> = topology.units.iter().map(|unit| !unit.modes.is_empty()).collect();
    topology.plans.iter().flat_map(|plan| &plan.order).for_each(|unit| go_down[*unit] = true);
    go_down
}

/// What a root is called.
struct Origin<'a> {
    mode: &'a FailureMode,
    unit: &'a String,
    branch: Option<String>,
}

struct Reporter<'a> {
    topology: &'a Topology,
    model: &'a Model,
    /// What each unit stands on when a life begins.
    hosts: Vec<Vec<UnitId>>,
    /// Whether each unit goes down by itself.
    go_down: Vec<bool>,
    /// How long lives are measured.
    years: f64,
}

impl<'a> Reporter<'a> {
    fn new(topology: &'a Topology, model: &'a Model, plan: &Plan) -> Reporter<'a> {
        let years = plan.horizon.seconds() / SECONDS_PER_YEAR;
        Reporter { topology, model, hosts: first_hosts(model), go_down: go_down(topology), years }
    }

    fn window(
        &self,
        index: usize,
        journey: &Journey,
        estimates: JourneyEstimates,
    ) -> JourneyReport {
        let by_unit = estimates.causes.iter().take(MOST_CAUSES).map(|cause| self.cause(cause));
        let prolonging = estimates.prolonging.iter().take(MOST_CAUSES).map(|cause| {
            let origin = self.origin(cause.root);
            ProlongingCause {
                mode: origin.mode.name.clone(),
                unit: origin.unit.clone(),
                downtime_share: cause.downtime_share,
                outage_share: cause.outage_share,
            }
        });
        let causes = Causes {
            by_unit: by_unit.collect(),
            by_mode: self.by_mode(&estimates.causes),
            prolonging: prolonging.collect(),
        };
        let spreadsheet = self.spreadsheet(index, Some(&estimates.causes));
        let measures = JourneyMeasures::Window(Box::new(estimates), causes);
        self.journey(journey, measures, spreadsheet)
    }

    fn first_outage(&self, index: usize, journey: &Journey, first: FirstOutage) -> JourneyReport {
        let spreadsheet = self.spreadsheet(index, None);
        self.journey(journey, JourneyMeasures::FirstOutage(first), spreadsheet)
    }

    fn journey(
        &self,
        journey: &Journey,
        measures: JourneyMeasures,
        spreadsheet: Option<Comparison>,
    ) -> JourneyReport {
        JourneyReport {
            name: journey.name.clone(),
            about: journey.about.clone(),
            slo: journey.slo.clone(),
            measures,
            spreadsheet,
            input_band: None,
            second: None,
            is_second_nearer: false,
        }
    }

    fn cause(&self, share: &CauseShare) -> Cause {
        let origin = self.origin(share.root);
        Cause {
            mode: origin.mode.name.clone(),
            unit: origin.unit.clone(),
            branch: origin.branch,
            is_planned: share.root.is_planned,
            downtime_share: share.downtime_share,
            downtime_share_ci95: share.downtime_share_ci95,
            outage_share: share.outage_share,
            grade: origin.mode.grade.map(crate::spec::Grade::name),
        }
    }

    fn data(&self, (index, class): (usize, &DataClass), measures: DataMeasures) -> DataReport {
        DataReport {
            name: class.name.clone(),
            about: class.about.clone(),
            measures,
            survival: class.holding.as_ref().map(|holding| Survival {
                medium: holding.medium,
                loses_newest_without_power: holding.unsynced.is_some(),
            }),
            held: class.holding.as_ref().map(|holding| Held::of(holding, self.years)),
            has_way: class.pipeline.is_some(),
            is_copied: class.backup.is_some() || class.offload.is_some(),
            second: None,
            is_second_nearer: false,
            simultaneous: match class.holding {
                Some(_) => simultaneous_losses(self.model.holding(DataId::new(index))),
                None => Vec::new(),
            },
            levels_at_once: class.holding.as_ref().map_or_else(Vec::new, |holding| {
                levels_at_once(self.topology, holding, self.model.holding(DataId::new(index)))
            }),
        }
    }

    fn data_window(
        &self,
        (index, class): (usize, &DataClass),
        estimates: DataEstimates,
        journeys: &[JourneyEstimates],
    ) -> DataReport {
        let named = |root: Root| match root {
            Root::DELETION => ("deletion".to_owned(), class.name.clone(), None),
            Root::DEFECT => ("defects".to_owned(), class.name.clone(), None),
            root => {
                let Origin { mode, unit, branch } = self.origin(root);
                (mode.name.clone(), unit.clone(), branch)
            }
        };
        let stage_causes = estimates.stages.iter().map(|stage| {
            let causes = stage.causes.iter().take(MOST_CAUSES).map(|estimates| {
                let (mode, unit, branch) = named(estimates.root);
                DataStageCause { mode, unit, branch, estimates: *estimates }
            });
            causes.collect()
        });
        let stage_causes = stage_causes.collect();
        let causes = estimates.causes.iter().take(MOST_CAUSES).map(|share| {
            let is_of_mode = share.root != Root::DELETION && share.root != Root::DEFECT;
            let origin = is_of_mode.then(|| self.origin(share.root));
            let (mode, unit, branch) = named(share.root);
            DataCause {
                mode,
                unit,
                branch,
                is_planned: share.root.is_planned,
                lost_share: share.downtime_share,
                lost_share_ci95: share.downtime_share_ci95,
                incident_share: share.outage_share,
                grade: origin.and_then(|origin| origin.mode.grade).map(crate::spec::Grade::name),
            }
        });
        let promised = estimates.promised.iter().map(|promised| PromisedBy {
            journey: self.topology.journeys[promised.journey].name.clone(),
            target_s: promised.target_s,
            share_exceeding: promised.share_exceeding,
            verdict: journeys[promised.journey]
                .objectives
                .rpo_s
                .map_or(Verdict::NotJudged, |objective| objective.verdict),
        });
        let (causes, promised) = (causes.collect(), promised.collect());
        let window = WindowOfData { estimates, causes, stage_causes, promised };
        self.data((index, class), DataMeasures::Window(Box::new(window)))
    }

    /// What a root is called.
    fn origin(&self, root: Root) -> Origin<'_> {
        let (unit, mode) = self.model.origin(root.clock);
        let mode = &self.topology.modes[mode];
        let branch = branch_names(mode).get(usize::from(root.branch)).copied().flatten();
        let branch = branch.map(str::to_owned);
        Origin { mode, unit: &self.topology.units[unit.index()].path, branch }
    }

    fn by_mode(&self, shares: &[CauseShare]) -> Vec<ModeCause> {
        let mut modes: Vec<Vec<&CauseShare>> = vec![Vec::new(); self.topology.modes.len()];
        for share in shares {
            let (_, mode) = self.model.origin(share.root.clock);
            modes[mode].push(share);
        }
        let with_outages = modes.iter_mut().enumerate().filter(|(_, shares)| !shares.is_empty());
        let mut modes: Vec<ModeCause> =
            with_outages.map(|(mode, shares)| self.mode_cause(mode, shares)).collect();
        modes.sort_by(|a, b| b.downtime_share.total_cmp(&a.downtime_share));
        modes
    }

    fn mode_cause(&self, mode: usize, shares: &mut [&CauseShare]) -> ModeCause {
        let spec = &self.topology.modes[mode];
        let downtime_share: f64 = shares.iter().map(|share| share.downtime_share).sum();
        shares.sort_by_key(|share| share.root);
        let matters =
            |share: &&&CauseShare| share.downtime_share >= LEAST_SHARE_OF_MODE * downtime_share;
        let path = |share: &&CauseShare| {
            let unit = &self.topology.units[self.model.origin(share.root.clock).0.index()];
            match spec.common {
                // It struck all of the group, whichever unit stands for it.
                Some(_) => self.topology.groups[unit.group].clone(),
                None => unit.path.clone(),
            }
        };
        let mut branches: Vec<(String, f64)> = Vec::new();
        for share in shares.iter() {
            let Some(name) = self.origin(share.root).branch else { continue };
            match branches.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum += share.downtime_share,
                None => branches.push((name, share.downtime_share)),
            }
        }
        let mut units: Vec<String> = shares.iter().filter(matters).map(path).collect();
        units.dedup();
        ModeCause {
            is_planned: spec.is_planned || shares.iter().all(|share| share.root.is_planned),
            branches,
            mode: spec.name.clone(),
            downtime_share,
            outage_share: shares.iter().map(|share| share.outage_share).sum(),
            grade: spec.grade.map(crate::spec::Grade::name),
            units,
        }
    }

    fn spreadsheet(&self, index: usize, causes: Option<&[CauseShare]>) -> Option<Comparison> {
        let product = product_of_availabilities(self.model, &self.hosts, JourneyId::new(index))?;
        let Product { unavailability, units, mut shared, leaves_out } = product;
        shared.retain(|unit| self.go_down[unit.index()]);
        let is_shared: BTreeSet<_> = shared.iter().copied().collect();
        let mut names = Vec::new();
        let mut share = 0.0;
        for cause in causes.into_iter().flatten() {
            let (unit, _) = self.model.origin(cause.root.clock);
            if is_shared.contains(&unit) {
                share += cause.downtime_share;
                names.push(unit);
            }
        }
        names.extend(shared);
        let mut seen = BTreeSet::new();
        names.retain(|unit| seen.insert(*unit));
        let path = |unit: UnitId| self.topology.units[unit.index()].path.clone();
        Some(Comparison {
            unavailability,
            units,
            shared: names.into_iter().map(path).collect(),
            shared_downtime_share: causes.map(|_| share),
            leaves_out,
        })
    }
}
