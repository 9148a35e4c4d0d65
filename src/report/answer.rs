//! What is known by another route than plain simulation, and how far the two are apart.

use std::collections::BTreeSet;

use super::names::{common_cause, mode_of_unit, path};
use super::not_static::not_static_text;
use super::number::{grouped, significant};
use super::precision::BeyondReach;
use crate::engine::{Event, NotMarkov, Source, Stuck, Unseen};
use crate::exact::{Exact, Unsolved, static_answer};
use crate::measure::Verdict;
use crate::model::{ClockId, DataId, JourneyId, Model};
use crate::run::{Chosen, NotEstimated, Plan, RareEstimate, RareMethod, exact_loss, exact_outages};
use crate::spec::Topology;
use crate::stats::Estimate;
use crate::units::{SECONDS_PER_YEAR, SimSpan};

/// Journeys on so few units are solved as a chain beside their decision diagram: it tells more, and takes no time.
const FEW_UNITS: usize = 10;

/// A route to a number other than plain simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Route {
    /// A decision diagram of what has to be down together.
    DecisionDiagram,
    /// A Markov chain, solved.
    Markov,
    /// Importance sampling of excursions.
    Importance,
    /// Multilevel splitting of excursions.
    Splitting,
}

impl Route {
    /// What JSON and the text call it.
    pub fn name(self) -> &'static str {
        match self {
            Route::DecisionDiagram => "decision-diagram",
            Route::Markov => "markov",
            Route::Importance => "importance",
            Route::Splitting => "splitting",
        }
    }

    /// It in words.
    pub fn words(self) -> &'static str {
        match self {
            Route::DecisionDiagram => "a decision diagram",
            Route::Markov => "a Markov chain",
            Route::Importance => RareMethod::ImportanceSampling.words(),
            Route::Splitting => RareMethod::Splitting.words(),
        }
    }

    /// Whether what it says is exact, and not an estimate.
    pub fn is_exact(self) -> bool {
        match self {
            Route::DecisionDiagram | Route::Markov => true,
            Route::Importance | Route::Splitting => false,
        }
    }
}

/// How the numbers of a report were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// By lives, and what they saw too little of by these routes, if by any.
    Lives(BTreeSet<Route>),
    /// By exact routes alone.
    Exact,
}

impl Method {
    /// By lives alone.
    pub const PLAIN: Method = Method::Lives(BTreeSet::new());

    /// What JSON calls it: all of its parts.
    pub fn name(&self) -> String {
        match self {
            Method::Lives(routes) => {
                let routes = routes.iter().map(|route| route.name());
                std::iter::once("plain").chain(routes).collect::<Vec<_>>().join("+")
            }
            Method::Exact => "exact".to_owned(),
        }
    }
}

/// Standard errors beyond which two routes to one number are not apart by luck.
const MOST_SIGMAS: f64 = 4.0;

/// Lives and another route that say too different things of the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contradiction {
    /// The other route.
    pub route: Route,
    /// How many standard errors the two are apart.
    pub sigmas: f64,
}

impl Contradiction {
    /// Between what lives say and what another route says of the same, if they are that far apart.
    pub(super) fn between(route: Route, lives: Estimate, other: Estimate) -> Option<Contradiction> {
        let sigmas = lives.sigmas_apart(other)?.abs();
        (sigmas > MOST_SIGMAS).then_some(Contradiction { route, sigmas })
    }

    /// Whether there is no doubt which of the two is wrong.
    pub(super) fn is_by_what_is_exact(self) -> bool {
        self.route.is_exact()
    }

    /// It as a warning.
    pub(super) fn words(self) -> String {
        let Contradiction { route, sigmas } = self;
        let of = if self.is_by_what_is_exact() { "the exact answer" } else { "the estimate" };
        format!(
            "lives are {sigmas:.1} standard errors from {of} by {}, so that the interval of lives does not hold what it \
             should: where few of them have an outage or a loss that is rare and large, intervals are too narrow",
            route.words()
        )
    }
}

/// Over what time a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// From the end of the warm-up until the horizon.
    Horizon,
    /// The long run.
    LongRun,
}

impl Over {
    /// What JSON calls it.
    pub fn name(self) -> &'static str {
        match self {
            Over::Horizon => "horizon",
            Over::LongRun => "long-run",
        }
    }

    /// It in words.
    pub fn words(self) -> &'static str {
        match self {
            Over::Horizon => "the horizon",
            Over::LongRun => "the long run",
        }
    }
}

/// What is known of a journey by one route; each number where that route has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Which route.
    pub route: Route,
    /// The route in words.
    pub by: String,
    /// Within the horizon, after the warm-up.
    pub unavailability: Option<Estimate>,
    /// The same.
    pub outages_per_year: Option<Estimate>,
    /// The mean length of an outage, seconds: downtime over outages that begin.
    pub mean_outage_s: Option<Estimate>,
    /// The probability of being down at the end of the horizon: at that instant, and not over a time.
    pub unavailability_at_end: Option<Estimate>,
    /// The probability of an outage before the horizon; only without a warm-up.
    pub p_outage: Option<Estimate>,
    /// The probability of none, with all its digits where it is tiny.
    pub p_no_outage: Option<Estimate>,
    /// The mean time to the first outage, seconds.
    pub first_outage_s: Option<Estimate>,
    /// In the long run.
    pub long_run_unavailability: Option<Estimate>,
    /// The same.
    pub long_run_outages_per_year: Option<Estimate>,
    /// The same.
    pub long_run_mean_outage_s: Option<Estimate>,
    /// How it was estimated and checked, if it is an estimate.
    pub estimated: Option<Box<RareEstimate>>,
}

/// What is known of the first loss of data of a class by one route.
#[derive(Clone, Debug, PartialEq)]
pub struct LossAnswer {
    /// Which route.
    pub route: Route,
    /// The route in words.
    pub by: String,
    /// The probability of a loss before the horizon.
    pub p_loss: Option<Estimate>,
    /// The mean time to the first loss (MTTDL), seconds.
    pub first_loss_s: Option<Estimate>,
    /// How it was estimated and checked, if it is an estimate.
    pub estimated: Option<Box<RareEstimate>>,
}

/// What another route says of what is asked of a plan.
pub(crate) trait ByRoute: Sized {
    /// Whether it says what comes to pass within the horizon.
    fn tells_of_horizon(&self) -> bool;

    /// What lives with excursions say.
    fn of_rare(found: &RareEstimate) -> Self;
}

/// Whether there is an answer that says what comes to pass within the horizon.
pub(crate) fn tells_of_horizon<A: ByRoute>(answer: &Result<A, String>) -> bool {
    answer.as_ref().is_ok_and(A::tells_of_horizon)
}

/// Answers to what a plan asks, by journey and by data class, or why there is none; `None` of a class that nothing
/// holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
    /// By journey of the topology.
    pub journeys: Vec<Result<Answer, String>>,
    /// By data class of the topology.
    pub data: Vec<Option<Result<LossAnswer, String>>>,
}

impl Answers {
    /// No answers, because none was asked for.
    pub(crate) fn none(topology: &Topology) -> Answers {
        let unasked = || "no exact answer was asked for".to_owned();
        let data = topology.data.iter().map(|class| class.holding.as_ref().map(|_| Err(unasked())));
        Answers {
            journeys: topology.journeys.iter().map(|_| Err(unasked())).collect(),
            data: data.collect(),
        }
    }

    /// Whether there are answers to all that was beyond the reach of a run.
    pub(crate) fn has_all_of(&self, beyond: &BeyondReach) -> bool {
        let is_known = |class: &usize| self.data[*class].as_ref().is_some_and(tells_of_horizon);
        beyond.journeys.iter().all(|journey| tells_of_horizon(&self.journeys[*journey]))
            && beyond.data.iter().all(is_known)
    }

    /// Whether there is any.
    pub fn are_any(&self) -> bool {
        self.journeys.iter().any(Result::is_ok)
            || self.data.iter().any(|answer| matches!(answer, Some(Ok(_))))
    }
}

/// An exact number as an estimate: without a standard error, and with an interval that is proof.
fn proven(exact: Exact, scale: f64) -> Estimate {
    let Exact { value, relative_error } = exact;
    let (mean, half) = (value * scale, value * scale * relative_error);
    Estimate { mean, std_error: Some(0.0), ci95: Some((mean - half, mean + half)) }
}

/// The mean length of an outage, seconds, by exact numbers: the ratio is off by what both are off together.
fn mean_outage(unavailability: Option<Estimate>, per_year: Option<Estimate>) -> Option<Estimate> {
    let (down, outages) = unavailability.zip(per_year)?;
    let width = |one: Estimate| one.relative_half_width().unwrap_or_default();
    let relative_error = width(down) + width(outages);
    let value = down.mean * SECONDS_PER_YEAR / outages.mean;
    (outages.mean > 0.0).then(|| proven(Exact { value, relative_error }, 1.0))
}

/// Exact answers to what a plan asks, with chains of at most so many states.
pub(crate) fn exact_answers(
    topology: &Topology,
    model: &Model,
    plan: &Plan,
    most_states: usize,
) -> Answers {
    let journeys = (0..topology.journeys.len())
        .map(|index| journey_answer(topology, model, plan, JourneyId::new(index), most_states));
    let data = topology.data.iter().enumerate().map(|(index, class)| {
        class.holding.as_ref()?;
        Some(match plan.warm_up {
            SimSpan::ZERO => loss_answer(topology, model, plan, DataId::new(index), most_states),
            _ => Err("first losses are asked about after a warm-up".to_owned()),
        })
    });
    Answers { journeys: journeys.collect(), data: data.collect() }
}

fn journey_answer(
    topology: &Topology,
    model: &Model,
    plan: &Plan,
    journey: JourneyId,
    most_states: usize,
) -> Result<Answer, String> {
    let span = (plan.warm_up, plan.horizon);
    let fixed = static_answer(model, journey, span);
    let by_diagram = fixed.as_ref().ok().map(|answer| {
        let exactly = |value, relative_error| proven(Exact { value, relative_error }, 1.0);
        let interval = answer.interval.as_ref().ok();
        let unavailability = interval.map(|i| exactly(i.unavailability, i.relative_error));
        let outages_per_year = interval.map(|i| exactly(i.outages_per_year, i.relative_error));
        let long_run_unavailability = exactly(answer.unavailability, 1e-12);
        let long_run_outages_per_year = exactly(answer.outages_per_year, 1e-12);
        Answer {
            route: Route::DecisionDiagram,
            by: format!(
                "a decision diagram of {} nodes over {} units",
                answer.nodes, answer.basic_events
            ),
            unavailability,
            outages_per_year,
            mean_outage_s: mean_outage(unavailability, outages_per_year),
            unavailability_at_end: interval
                .map(|i| exactly(i.unavailability_at_end, i.relative_error)),
            p_outage: None,
            p_no_outage: None,
            first_outage_s: None,
            long_run_unavailability: Some(long_run_unavailability),
            long_run_outages_per_year: Some(long_run_outages_per_year),
            long_run_mean_outage_s: mean_outage(
                Some(long_run_unavailability),
                Some(long_run_outages_per_year),
            ),
            estimated: None,
        }
    });
    let is_enough = by_diagram.as_ref().is_some_and(|answer| answer.unavailability.is_some())
        && fixed.as_ref().is_ok_and(|answer| answer.basic_events > FEW_UNITS);
    if let (true, Some(answer)) = (is_enough, &by_diagram) {
        return Ok(answer.clone());
    }
    match exact_outages(model, journey, span, most_states) {
        Ok(exact) => {
            let years = plan.horizon.seconds() / SECONDS_PER_YEAR;
            let known = |number: Option<Exact>, scale| number.map(|exact| proven(exact, scale));
            let unavailability = known(exact.within.ok().map(|within| within.share), 1.0);
            let outages_per_year = known(exact.within.ok().map(|within| within.count), 1.0 / years);
            let long_run_unavailability = known(exact.long_run.ok().map(|run| run.share), 1.0);
            let long_run_outages_per_year =
                known(exact.long_run.ok().map(|run| run.frequency), SECONDS_PER_YEAR);
            let chain = Answer {
                route: Route::Markov,
                by: chain_words(exact.states, exact.within.err()),
                unavailability,
                outages_per_year,
                mean_outage_s: mean_outage(unavailability, outages_per_year),
                unavailability_at_end: known(exact.within.ok().map(|within| within.at_end), 1.0)
                    .map(probability),
                p_outage: known(exact.p_outage.and_then(Result::ok), 1.0).map(probability),
                p_no_outage: known(exact.p_no_outage.and_then(Result::ok), 1.0).map(probability),
                first_outage_s: known(exact.first_outage.ok().flatten(), 1.0),
                long_run_unavailability,
                long_run_outages_per_year,
                long_run_mean_outage_s: mean_outage(
                    long_run_unavailability,
                    long_run_outages_per_year,
                ),
                estimated: None,
            };
            Ok(match by_diagram.filter(Answer::tells_of_horizon) {
                Some(diagram) if !chain.tells_of_horizon() => chain.with_horizon_of(diagram),
                _ => chain,
            })
        }
        Err(not_markov) => by_diagram.ok_or_else(|| {
            let chain = not_markov_text(topology, model, not_markov);
            match &fixed {
                Err(why) => {
                    let diagram = not_static_text(topology, model, why);
                    format!("no Markov chain: {chain}; no decision diagram: {diagram}")
                }
                Ok(_) => format!("no Markov chain: {chain}"),
            }
        }),
    }
}

fn chain_words(states: usize, unsolved: Option<Unsolved>) -> String {
    let kind = match unsolved {
        Some(Unsolved::SetTimes) => "regenerative process",
        _ => "chain",
    };
    format!("a Markov {kind} of {states} state{}", if states == 1 { "" } else { "s" })
}

/// What is proven of a probability goes no further than certainty.
fn probability(estimate: Estimate) -> Estimate {
    estimate.within(0.0, 1.0)
}

fn loss_answer(
    topology: &Topology,
    model: &Model,
    plan: &Plan,
    class: DataId,
    most_states: usize,
) -> Result<LossAnswer, String> {
    let exact = exact_loss(model, class, plan.horizon, most_states)
        .map_err(|why| format!("no Markov chain: {}", not_markov_text(topology, model, why)))?;
    let by = match exact.parts {
        1 => chain_words(exact.states, exact.p_loss.err()),
        parts => format!("{parts} independent Markov chains of {} states together", exact.states),
    };
    Ok(LossAnswer {
        route: Route::Markov,
        by,
        p_loss: exact.p_loss.ok().map(|exact| probability(proven(exact, 1.0))),
        first_loss_s: exact.first_loss.ok().flatten().map(|exact| proven(exact, 1.0)),
        estimated: None,
    })
}

/// Why there is no Markov chain, in words with names.
pub fn not_markov_text(topology: &Topology, model: &Model, why: NotMarkov) -> String {
    let mode = |clock: ClockId| mode_of_unit(topology, model, clock);
    let memory = "has a memory, which a Markov chain has not";
    match why {
        NotMarkov::Failure(clock) => format!("the time to failure {} {memory}", mode(clock)),
        NotMarkov::Repair(clock) => format!("the repair of {} {memory}", mode(clock)),
        NotMarkov::Start(unit) => {
            format!("the start of {} {memory}", path(topology, unit))
        }
        NotMarkov::Failover(_) => format!("a failover {memory}"),
        NotMarkov::Response(_) => format!("the response of a crew {memory}"),
        NotMarkov::Shock(_) => format!("the time to a common cause {memory}"),
        NotMarkov::Hours(_) => "a crew works by the hours of the week".to_owned(),
        NotMarkov::Escalation(_) => "jobs go to others when nobody answers".to_owned(),
        NotMarkov::SetTimes(one, other) => {
            let name = |event| set_time_text(topology, model, event);
            format!("{} and {} take set times and may be under way at once", name(one), name(other))
        }
        NotMarkov::Plan => "work is planned for set times".to_owned(),
        NotMarkov::Platform => "controllers place replicas".to_owned(),
        NotMarkov::Grey => "failures look like health until they are noticed".to_owned(),
        NotMarkov::Rebuild => format!("a rebuild {memory}"),
        NotMarkov::Defects => format!("the time to a defect, or until it is found, {memory}"),
        NotMarkov::Data => {
            "it depends on when data were written, or which copies can be read".to_owned()
        }
        NotMarkov::TooManyStates(most) => format!("there are more than {most} states"),
        NotMarkov::TooMuchWork => {
            "there are so many ways on from each state that it would take too long".to_owned()
        }
        NotMarkov::Endless => "what happens at one instant has no end".to_owned(),
    }
}

/// What takes a set time, in words with names.
fn set_time_text(topology: &Topology, model: &Model, event: Event) -> String {
    match event {
        Event::Restore(clock) => {
            format!("the repair of {}", mode_of_unit(topology, model, clock))
        }
        Event::Start(unit) => format!("the start of {}", path(topology, unit)),
        Event::Failover(_) => "a failover".to_owned(),
        Event::Expire(_) => "the first part of an outage, which is hidden,".to_owned(),
        Event::Answer(_) => "the response of a crew".to_owned(),
        Event::Arrive(_) => "the delivery of a spare part".to_owned(),
        Event::Shock(_) => "the time to a common cause".to_owned(),
        Event::Rebuild(_) => "a rebuild".to_owned(),
        Event::Defect(_) => "the time to a defect, or until it is found,".to_owned(),
        Event::Delete(_) => "the time to a deletion".to_owned(),
        _ => "something else".to_owned(),
    }
}

impl Answer {
    /// The unavailability within the horizon, or where that is not known in the long run: what its row and its verdict
    /// are about.
    pub(super) fn found(&self) -> Option<Estimate> {
        match self.over()? {
            Over::Horizon => self.unavailability,
            Over::LongRun => self.long_run_unavailability,
        }
    }

    /// Over what time that is; `None` if neither is known.
    pub fn over(&self) -> Option<Over> {
        let horizon = self.unavailability.map(|_| Over::Horizon);
        horizon.or(self.long_run_unavailability.map(|_| Over::LongRun))
    }

    /// With what another one says of the horizon, which this one does not.
    fn with_horizon_of(self, other: Answer) -> Answer {
        Answer {
            by: format!("{}, and over the horizon {}", self.by, other.by),
            unavailability: other.unavailability,
            outages_per_year: other.outages_per_year,
            mean_outage_s: other.mean_outage_s,
            unavailability_at_end: other.unavailability_at_end,
            ..self
        }
    }

    /// Whether that is an availability of at least `target`.
    pub(super) fn verdict(&self, target: f64) -> Option<Verdict> {
        self.found().map(|found| Verdict::at_least(target, &found.complement()))
    }
}

impl ByRoute for Answer {
    fn tells_of_horizon(&self) -> bool {
        self.unavailability.is_some()
    }

    fn of_rare(found: &RareEstimate) -> Answer {
        Answer {
            route: found.method.into(),
            by: rare_words(found, |found| found.share.sigmas_apart(found.other?.share)),
            unavailability: Some(found.share),
            outages_per_year: Some(found.per_year),
            mean_outage_s: found.mean_s,
            unavailability_at_end: None,
            p_outage: Some(found.probability()),
            p_no_outage: Some(found.probability().complement()),
            first_outage_s: None,
            long_run_unavailability: None,
            long_run_outages_per_year: None,
            long_run_mean_outage_s: None,
            estimated: Some(Box::new(*found)),
        }
    }
}

impl ByRoute for LossAnswer {
    fn tells_of_horizon(&self) -> bool {
        self.p_loss.is_some()
    }

    fn of_rare(found: &RareEstimate) -> LossAnswer {
        LossAnswer {
            route: found.method.into(),
            by: rare_words(found, |found| found.hits.sigmas_apart(found.other?.hits)),
            p_loss: Some(found.probability()),
            first_loss_s: None,
            estimated: Some(Box::new(*found)),
        }
    }
}

impl From<RareMethod> for Route {
    fn from(method: RareMethod) -> Route {
        match method {
            RareMethod::ImportanceSampling => Route::Importance,
            RareMethod::Splitting => Route::Splitting,
        }
    }
}

/// How something rare was estimated, why so, and what checks it.
fn rare_words(found: &RareEstimate, check: fn(&RareEstimate) -> Option<f64>) -> String {
    let other = found.method.other();
    let why = match found.chosen {
        Chosen::Asked => String::new(),
        Chosen::Fewer(times) => {
            format!(" ({other} would need {} times the events)", significant(times, 2))
        }
        Chosen::OtherSawNothing => format!(" ({other} saw nothing in a trial)"),
        Chosen::OtherUntrusted => format!(" ({other} cannot be trusted here)"),
        Chosen::Leaps => {
            format!(" ({other} would not see all ways in which it comes nearer)")
        }
        Chosen::OtherStuck(Stuck { level, tries }) => format!(
            " ({other} came no nearer than {level} of {} failures in {} tries)",
            found.far,
            grouped(tries)
        ),
    };
    let mut checks = vec!["both halves agree".to_owned()];
    if let Some(sigmas) = check(found) {
        checks.push(format!("{other} is {:.1} standard errors from it", sigmas.abs()));
    }
    if let Some(twin) = found.twin {
        checks.push(format!(
            "in a twin whose failures come {} times as often it says {} and {} plain lives {}, {:.1} standard errors \
             apart",
            significant(twin.times, 2),
            significant(twin.estimated.mean, 3),
            grouped(twin.lives),
            significant(twin.plain.mean, 3),
            twin.sigmas()
        ));
    }
    let agrees = checks.join("; ");
    format!(
        "{} of {} excursions from {} lives, in {} copies of which it happened, worth {} equal weights{why}; {agrees}",
        found.method,
        grouped(found.excursions),
        grouped(found.lives),
        grouped(found.seen),
        grouped(found.effective as u64)
    )
}

/// What lives hardly ever see and nothing can make them see, in words with names.
fn unseen_text(topology: &Topology, model: &Model, unseen: Unseen) -> String {
    let mode = |clock: ClockId| mode_of_unit(topology, model, clock);
    let class = |class: DataId| topology.data[class.index()].name.as_str();
    match unseen {
        Unseen::Failure(clock) => {
            format!("the hazard of {} is not known at every age", mode(clock))
        }
        Unseen::Shock(shock) => format!(
            "{} hardly ever strikes, or hardly ever those that it can",
            common_cause(topology, model, shock)
        ),
        Unseen::Deletion(data) => {
            format!(
                "a deletion of {} hardly ever happens, and not as likely at all times",
                class(data)
            )
        }
        Unseen::Repair(clock) => {
            format!("the repair of {} takes long in a way that it hardly ever goes", mode(clock))
        }
        Unseen::Wiping(clock) => {
            format!("{} wipes each copy with less than 25 %", mode(clock))
        }
        Unseen::Rot(data) => format!("copies of {} go bad while nothing has failed", class(data)),
        Unseen::Defect(data) => format!("a latent defect of {} is hardly ever there", class(data)),
        Unseen::Start(unit) => {
            format!(
                "the start of {} takes long in a way that it hardly ever goes",
                path(topology, unit)
            )
        }
        Unseen::Failover(unit) => format!(
            "a failover from {} takes long in a way that it hardly ever goes",
            path(topology, unit)
        ),
        Unseen::Work(clock) => {
            format!("planned {} hardly ever begins while something has failed", mode(clock))
        }
        Unseen::FailedWork(clock) => {
            format!("planned work hardly ever comes to nothing as {}", mode(clock))
        }
        Unseen::Masked(clock) => {
            format!("{} hardly ever lasts as long as it is masked", mode(clock))
        }
        Unseen::Burst(clock) => {
            format!("{} drags others along when it may be over itself", mode(clock))
        }
        Unseen::Overload(clock) => {
            format!("{} comes when what sets it off may be over", mode(clock))
        }
        Unseen::Placement(unit) => format!(
            "a controller places {} elsewhere when something has failed, and leaves it there",
            path(topology, unit)
        ),
        Unseen::Hours(crew) => format!(
            "{} works nearly always or nearly never, and the rest is hardly ever met",
            topology.crews[crew.index()].name
        ),
        Unseen::Roles(clock) => {
            format!("{} takes something else in each of too many units to try each", mode(clock))
        }
        Unseen::Beginning(source) => format!(
            "{} hardly ever happens where lives often are as near as it brings them",
            match source {
                Source::Clock(clock) => mode(clock),
                Source::Shock(shock) => common_cause(topology, model, shock),
                Source::Deletion(data) => format!("a deletion of {}", class(data)),
            }
        ),
    }
}

/// Why there is no estimate of something rare, in words with names.
pub(crate) fn rare_refusal(topology: &Topology, model: &Model, why: NotEstimated) -> String {
    match why {
        NotEstimated::OneFailureIsEnough(None) => {
            "a single failure is enough, so that there is nothing to come near to".to_owned()
        }
        NotEstimated::OneFailureIsEnough(Some(unit)) => format!(
            "a single failure of {} is enough where others take over from it, so that there is nothing to come near to",
            path(topology, unit)
        ),
        NotEstimated::Unseen(unseen) => format!(
            "{}, and what follows from that would be missing",
            unseen_text(topology, model, unseen)
        ),
        NotEstimated::Leaps => {
            "splitting does not see all ways in which it comes nearer: what hardly ever happens takes several at once, is enough alone or only makes others last, or ways take different numbers of failures"
                .to_owned()
        }
        NotEstimated::NeverNear => "no life came near it".to_owned(),
        NotEstimated::AlwaysNear => "lives are near it too often for it to be sought from there".to_owned(),
        NotEstimated::Stuck(Stuck { level, tries }) => {
            format!("it came no nearer than {level} failures in {} tries", grouped(tries))
        }
        NotEstimated::Uneven { effective } => format!(
            "what was seen of it is too uneven to be trusted: worth {effective:.0} equal weights"
        ),
        NotEstimated::WrongWeights { sigmas } => format!(
            "the weights of importance sampling are {sigmas:.1} standard errors from one in the mean"
        ),
        NotEstimated::Disagrees { sigmas } => {
            format!("the two halves of its lives are {sigmas:.1} standard errors apart")
        }
        NotEstimated::MethodsDisagree { sigmas } => format!(
            "importance sampling and multilevel splitting are {sigmas:.1} standard errors apart"
        ),
        NotEstimated::TwinDisagrees { times, sigmas } => format!(
            "in a twin whose failures come {} times as often it is {sigmas:.1} standard errors from plain lives",
            significant(times, 2)
        ),
    }
}
