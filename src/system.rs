//! The facade: a topology, compiled, and what came of simulating it.

mod precision;
mod twin;

use std::ops::ControlFlow;

use crate::engine::{NotMarkov, Question, Rare, Replication, explore};
use crate::measure::{Entry, Life, MeasureSet, Recorder, Timeline};
use crate::model::{Chain, DataId, JourneyId, Model, compile};
use crate::part::{Merged, Part, Shard};
use crate::report::{Answers, InputBand, JourneyMeasures, Report, Stressed, exact_answers};
use crate::run::{
    Aim, ExactLoss, ExactOutages, LifeWatcher, NotEstimated, Plan, Progress, RareEstimate,
    RareMethod, RunError, Runner, Summary, Tally, Until, estimate_rare, exact_loss, exact_outages,
    live, run,
};
use crate::spec::{Assumption, Topology};
use crate::units::{SimSpan, SimTime};

/// Lives of a run where nobody says how many.
pub(crate) const DEFAULT_REPLICATIONS: u64 = 10_000;
/// Events of a life that has no end but its first outages.
const MOST_EVENTS_TO_FIRST_OUTAGE: f64 = 1e6;

/// A system that can be simulated: a topology with its compiled model.
///
/// # Examples
///
/// ```
/// use ninefold::{System, Topology};
///
/// let topology = Topology::from_str("pair", "
/// topology: pair
/// failures: {crash: {every: 30d, repair: {exponential: 2h}}}
/// services: {web: {replicas: 2, serves: any, fails: [crash]}}
/// journeys: {browse: {needs: web, slo: {availability: 99.99%}}}
/// ")?;
/// let system = System::compile(topology);
/// let plan = ninefold::Plan { replications: 2_000, ..system.plan(1) };
/// let report = system.simulate(&plan)?;
/// println!("{}", ninefold::report::to_text(&report));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct System {
    topology: Topology,
    model: Model,
}

impl System {
    /// Compiles a topology.
    pub fn compile(topology: Topology) -> System {
        let model = compile(&topology);
        System { topology, model }
    }

    /// The topology.
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// The model that it was compiled to.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The usual plan for this system: 10,000 lives of the topology's horizon with this seed.
    pub fn plan(&self, seed: u64) -> Plan {
        Plan {
            seed,
            first: 0,
            replications: DEFAULT_REPLICATIONS,
            precision: None,
            of: Vec::new(),
            is_exact_allowed: true,
            horizon: self.topology.horizon,
            warm_up: SimSpan::ZERO,
            until: Until::Horizon,
            threads: None,
            allow_slow: false,
        }
    }

    /// A horizon that hardly any life reaches before its first outages or losses, as far as that can be
    /// simulated: so many events that a life may have.
    pub fn horizon_to_first_outage(&self) -> SimSpan {
        let longest =
            SimSpan::from_seconds(MOST_EVENTS_TO_FIRST_OUTAGE / self.model.events_per_second());
        longest.min(SimSpan::from_seconds(2.5e5 * crate::units::SECONDS_PER_YEAR))
    }

    /// Runs a plan by plain lives alone; what hardly ever happens is for [`System::simulate_to_precision`].
    ///
    /// # Errors
    ///
    /// If the plan cannot be run.
    pub fn simulate(&self, plan: &Plan) -> Result<Report, RunError> {
        self.simulate_watched(plan, &mut |_| ControlFlow::Continue(()))
    }

    /// Runs a plan and says from time to time how far it is; breaking off ends the run with what was
    /// complete by then.
    ///
    /// # Errors
    ///
    /// If the plan cannot be run.
    pub fn simulate_watched(
        &self,
        plan: &Plan,
        progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Report, RunError> {
        let (summary, measures) = self.measure(plan, progress)?;
        Ok(Report::new(&self.topology, &self.model, plan, &summary, &measures))
    }

    /// Whether some data class is held by something, so that copies of it can be lost.
    pub fn holds_data(&self) -> bool {
        self.topology.data.iter().any(|class| class.holding.is_some())
    }

    fn measures(&self, plan: &Plan) -> MeasureSet {
        MeasureSet::new(&self.topology, plan)
    }

    fn measure(
        &self,
        plan: &Plan,
        progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<(Summary, MeasureSet), RunError> {
        self.check_plan(plan)?;
        let mut measures = self.measures(plan);
        let summary = run(&self.model, plan, self.recorder(plan), &mut measures, progress)?;
        Ok((summary, measures))
    }

    fn check_plan(&self, plan: &Plan) -> Result<(), RunError> {
        plan.check_precision_of(&self.topology)?;
        match plan.until {
            Until::FirstLoss if !self.holds_data() => Err(RunError::NothingHeld),
            Until::FirstOutage if self.topology.journeys.is_empty() => Err(RunError::NoJourneys),
            _ => Ok(()),
        }
    }

    /// Runs one part of a plan; `resolved` is the topology with nothing left to be looked up, which
    /// the part keeps. `None` if it was broken off.
    ///
    /// # Errors
    ///
    /// If the plan cannot be run, or has fewer lives than there are parts.
    pub fn simulate_part(
        &self,
        plan: &Plan,
        shard: Shard,
        resolved: String,
        progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Option<Part>, RunError> {
        let lives = shard.lives(plan.replications);
        let (first, replications) = (lives.start, lives.end - lives.start);
        let part = Plan { first, replications, precision: None, ..plan.clone() };
        let (summary, measures) = self.measure(&part, progress)?;
        if summary.is_partial {
            return Ok(None);
        }
        let sha256 = self.topology.sha256.clone();
        Ok(Some(Part::new(sha256, resolved, plan, shard, summary.events, measures)))
    }

    /// What a whole run of this system comes to that was run in parts.
    pub fn report_merged(&self, merged: &Merged) -> Report {
        let mut measures = self.measures(&merged.plan);
        measures.merge(&merged.measures);
        Report::new(&self.topology, &self.model, &merged.plan, &merged.summary, &measures)
    }

    /// How much the unavailability of each journey depends on inputs that are not well known: this
    /// many times, the inputs are drawn from their ranges and the plan is run with the same luck.
    ///
    /// `None` if no failure mode has a range.
    ///
    /// # Errors
    ///
    /// If the plan cannot be run.
    pub fn input_bands(
        &self,
        plan: &Plan,
        draws: u64,
        progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Option<Vec<InputBand>>, RunError> {
        if !self.topology.has_ranges() || draws == 0 {
            return Ok(None);
        }
        let mut by_journey = vec![Vec::new(); self.topology.journeys.len()];
        for draw in 0..draws {
            let system = System::compile(self.topology.with_drawn_inputs(plan.seed, draw));
            let report = system.simulate_watched(plan, progress)?;
            for (means, journey) in by_journey.iter_mut().zip(&report.journeys) {
                if let JourneyMeasures::Window(estimates, _) = &journey.measures {
                    means.push(estimates.unavailability.mean);
                }
            }
            if report.run.is_partial {
                break;
            }
        }
        Ok(Some(by_journey.into_iter().map(InputBand::of).collect()))
    }

    /// What outages of a journey come to, exactly: within the horizon of a plan, after its warm-up, and in the long
    /// run; by a chain of at most so many states.
    ///
    /// # Errors
    ///
    /// If what decides the journey is no Markov chain that can be explored.
    pub fn exact_outages(
        &self,
        plan: &Plan,
        journey: JourneyId,
        most_states: usize,
    ) -> Result<ExactOutages, NotMarkov> {
        exact_outages(&self.model, journey, (plan.warm_up, plan.horizon), most_states)
    }

    /// What the first loss of data of a class comes to, exactly, by chains of at most so many states.
    ///
    /// # Errors
    ///
    /// If what decides it is no Markov chain that can be explored.
    pub fn exact_loss(
        &self,
        plan: &Plan,
        class: DataId,
        most_states: usize,
    ) -> Result<ExactLoss, NotMarkov> {
        exact_loss(&self.model, class, plan.horizon, most_states)
    }

    /// What decides a journey as a Markov chain of at most so many states, in some of which the journey is down.
    ///
    /// # Errors
    ///
    /// If there is no such chain.
    pub fn chain(&self, journey: JourneyId, most_states: usize) -> Result<Chain, NotMarkov> {
        explore(&self.model, Question::Outages(journey), most_states)
    }

    /// Exact answers to what a plan asks, with chains of at most so many states; beside a simulation they are
    /// the second route.
    pub fn exact_answers(&self, plan: &Plan, most_states: usize) -> Answers {
        exact_answers(&self.topology, &self.model, plan, most_states)
    }

    /// Estimates something that hardly ever happens, until the relative half-width of its 95 % interval is no more than
    /// `precision` or the plan's lives are over, by the method that suits it unless one is asked for; `progress` is
    /// told of lives.
    ///
    /// # Errors
    ///
    /// If the plan cannot be run; the inner error if it cannot be estimated so.
    pub fn estimate_rare(
        &self,
        plan: &Plan,
        rare: Rare,
        method: Option<RareMethod>,
        precision: f64,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Result<RareEstimate, NotEstimated>, RunError> {
        estimate_rare(&self.model, plan, rare, Aim::estimate(method, precision), progress)
    }

    /// A report of exact answers alone.
    pub fn report_answers(&self, plan: &Plan, answers: Answers) -> Report {
        Report::of_answers(&self.topology, &self.model, plan, answers)
    }

    /// What this system comes to under other assumptions that the same numbers allow, as `run` tells it: by lives with
    /// the same luck, to a precision, or exactly. Those that change nothing are left out; a partial report ends it.
    ///
    /// # Errors
    ///
    /// Those of `run`.
    pub fn stress<E>(
        &self,
        mut run: impl FnMut(&System) -> Result<Report, E>,
    ) -> Result<Vec<Stressed>, E> {
        let mut all = Vec::new();
        for assumption in Assumption::ALL {
            let Some(topology) = self.topology.assuming(assumption) else { continue };
            let report = run(&System::compile(topology))?;
            if report.run.is_partial {
                break;
            }
            all.push(Stressed::of((assumption.words(), assumption.head()), &report));
        }
        Ok(all)
    }

    /// One life of a plan, change by change.
    ///
    /// # Errors
    ///
    /// If the life does not come to its end.
    pub fn explain(&self, plan: &Plan, replication: u64) -> Result<Vec<Entry>, RunError> {
        let mut timeline = Timeline::new(&self.model);
        let which = Replication { seed: plan.seed, number: replication };
        live(&self.model, plan, which, &mut timeline)?;
        if !self.topology.data.is_empty() {
            // What is lost for good is known when a life is over.
            let mut recorder = Recorder::of_plan(&self.topology, &self.model, plan);
            live(&self.model, plan, which, &mut recorder)?;
            let end = SimTime::ZERO + plan.warm_up + plan.horizon;
            timeline.add_incidents(&recorder.take(replication, 0, end).data);
        }
        Ok(timeline.entries)
    }

    /// Every outage of every life of a plan, in the order of lives, as `each` takes them.
    ///
    /// # Errors
    ///
    /// If the plan cannot be run.
    pub fn outages(
        &self,
        plan: &Plan,
        each: impl FnMut(&Life) + Send,
        progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Summary, RunError> {
        self.check_plan(plan)?;
        let plan = Plan { precision: None, ..plan.clone() };
        run(&self.model, &plan, self.recorder(&plan), &mut Each(each), progress)
    }

    /// Threads for a plan that is run piece by piece, each piece when it is asked for.
    pub(crate) fn runner<'a>(
        &'a self,
        plan: &'a Plan,
    ) -> Result<Runner<'a, Recorder, impl Fn() -> Recorder + Sync>, RunError> {
        Runner::new(&self.model, plan, self.recorder(plan))
    }

    /// What makes the watchers of the lives of a plan.
    fn recorder<'a>(&'a self, plan: &'a Plan) -> impl Fn() -> Recorder + Sync + 'a {
        move || Recorder::of_plan(&self.topology, &self.model, plan)
    }
}

/// Hands on lives.
pub(crate) struct Each<F>(pub(crate) F);

impl<F: FnMut(&Life)> Tally for Each<F> {
    type Life = Life;

    fn add(&mut self, life: Life) {
        (self.0)(&life);
    }

    fn relative_half_width(&self) -> Option<f64> {
        None
    }
}
