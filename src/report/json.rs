//! JSON, version `ninefold/1`: what other programs rely on. Fields may be added, never renamed.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::answer::Answer;
use super::answer_json::{AgreementJson, AnswerJson};
use super::data::{JourneyMeasures, JourneyReport, Named, Report, Stressed};
use super::data_json::DataJson;
use crate::exact::Omission;
use crate::measure::{FirstOutage, JourneyEstimates, Objective, Verdict};
use crate::run::Until;
use crate::stats::Estimate;

/// The version of the format.
const SCHEMA: &str = "ninefold/1";

/// A JSON Schema (draft 7) of results, as this version writes them.
pub const RESULT_SCHEMA: &str = include_str!("result.schema.json");

/// One report as JSON, with a line break at its end.
pub fn to_json(report: &Report) -> String {
    rendered(&Root::of(report))
}

/// Several reports as a JSON array, with a line break at its end.
pub fn to_json_array(reports: &[Report]) -> String {
    rendered(&reports.iter().map(Root::of).collect::<Vec<_>>())
}

pub(super) fn rendered(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("a report has text for keys");
    text.push('\n');
    text
}

/// Pairs in their order, as a map.
pub(super) struct Ordered<T>(pub(super) Vec<(String, T)>);

impl<T: Serialize> Serialize for Ordered<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Root<'a> {
    schema: &'static str,
    topology: Topology<'a>,
    run: Run<'a>,
    journeys: Ordered<Journey<'a>>,
    blast_radius: Vec<Blast<'a>>,
    data: Ordered<DataJson<'a>>,
    stress: Option<Vec<StressedJson>>,
}

#[derive(Serialize)]
struct Blast<'a> {
    unit: &'a str,
    level: &'a str,
    units: usize,
    journeys: Vec<&'a str>,
    placement_shares: Vec<f64>,
}

#[derive(Serialize)]
struct Topology<'a> {
    name: &'a str,
    sha256: &'a str,
    not_evaluated: &'a [String],
}

#[derive(Serialize)]
struct Run<'a> {
    replications: u64,
    seed: u64,
    horizon_s: f64,
    events: u64,
    method: String,
    clocks: &'static str,
    warm_up_s: f64,
    until: &'static str,
    version: &'static str,
    is_partial: bool,
    precision: Option<Precision<'a>>,
}

#[derive(Serialize)]
struct Precision<'a> {
    target: f64,
    reached: Option<f64>,
    is_met: bool,
    not_reached: Vec<NotReachedJson<'a>>,
}

#[derive(Serialize)]
struct NotReachedJson<'a> {
    name: &'a str,
    reached: Option<f64>,
}

#[derive(Default, Serialize)]
struct Journey<'a> {
    unavailability: Option<Bounded>,
    availability: Option<Availability>,
    outages_per_year: Option<Bounded>,
    outage_s: Option<OutageLengths>,
    downtime_s_per_year: Option<Interval>,
    p_no_outage: Option<Interval>,
    time_to_first_outage_s: Option<TimeToFirst>,
    slo: Slo,
    planned: Option<Downtime>,
    unplanned: Option<Downtime>,
    degraded_s_per_year: Option<Interval>,
    availability_during: Option<Interval>,
    over_time: Option<Vec<PartOfLife>>,
    causes: Option<Vec<Cause<'a>>>,
    prolonged_by: Option<Vec<Prolonging<'a>>>,
    spreadsheet: Option<Spreadsheet<'a>>,
    input_uncertainty: Option<InputBand>,
    exact: Option<AnswerJson<'a>>,
    agreement: Option<AgreementJson<'a>>,
}

/// What it comes to under another assumption.
#[derive(Serialize)]
struct StressedJson {
    assumption: &'static str,
    unavailability: Ordered<Interval>,
    loss_incidents_per_year: Ordered<Interval>,
    p_any_group_lost: Ordered<Interval>,
}

impl StressedJson {
    fn of(stressed: &Stressed) -> StressedJson {
        let known = |estimates: &[Named]| {
            let known = estimates
                .iter()
                .filter_map(|(name, estimate)| Some((name.clone(), (*estimate)?.into())));
            Ordered(known.collect())
        };
        StressedJson {
            assumption: stressed.assumption,
            unavailability: known(&stressed.journeys),
            loss_incidents_per_year: known(&stressed.incidents),
            p_any_group_lost: known(&stressed.losses),
        }
    }
}

#[derive(Serialize)]
struct InputBand {
    draws: u64,
    unavailability_p5: f64,
    unavailability_p50: f64,
    unavailability_p95: f64,
}

#[derive(Serialize)]
struct Downtime {
    downtime_s_per_year: Interval,
    outages_per_year: Interval,
}

impl From<crate::measure::Downtime> for Downtime {
    fn from(downtime: crate::measure::Downtime) -> Downtime {
        Downtime {
            downtime_s_per_year: downtime.downtime_s_per_year.into(),
            outages_per_year: downtime.outages_per_year.into(),
        }
    }
}

#[derive(Serialize)]
struct PartOfLife {
    from_s: f64,
    to_s: f64,
    unavailability: Interval,
}

#[derive(Serialize)]
struct Prolonging<'a> {
    mode: &'a str,
    unit: &'a str,
    downtime_share: f64,
    outage_share: f64,
}

#[derive(Serialize)]
pub(super) struct Interval {
    mean: f64,
    std_error: Option<f64>,
    ci95: Option<(f64, f64)>,
}

impl From<Estimate> for Interval {
    fn from(estimate: Estimate) -> Interval {
        let Estimate { mean, std_error, ci95 } = estimate;
        Interval { mean, std_error, ci95 }
    }
}

#[derive(Serialize)]
struct Bounded {
    mean: f64,
    std_error: Option<f64>,
    ci95: Option<(f64, f64)>,
    upper95: Option<f64>,
}

impl Bounded {
    fn new(estimate: Estimate, upper95: Option<f64>) -> Bounded {
        let Estimate { mean, std_error, ci95 } = estimate;
        Bounded { mean, std_error, ci95, upper95 }
    }
}

#[derive(Serialize)]
struct Availability {
    mean: f64,
    std_error: Option<f64>,
    ci95: Option<(f64, f64)>,
    p5: Option<f64>,
    p50: Option<f64>,
    p95: Option<f64>,
}

#[derive(Serialize)]
struct OutageLengths {
    mean: Option<f64>,
    std_error: Option<f64>,
    ci95: Option<(f64, f64)>,
    p50: Option<f64>,
    p90: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
    count: u64,
    censored: u64,
}

#[derive(Serialize)]
pub(super) struct TimeToFirst {
    mean: Option<f64>,
    std_error: Option<f64>,
    ci95: Option<(f64, f64)>,
    p5: Option<f64>,
    p50: Option<f64>,
    p95: Option<f64>,
    censored: u64,
}

#[derive(Default, Serialize)]
struct Slo {
    availability: Option<Target>,
    rto_s: Option<Target>,
    rpo_s: Option<Target>,
}

#[derive(Serialize)]
struct Target {
    target: f64,
    p_met: Option<f64>,
    p_met_ci95: Option<(f64, f64)>,
    p_met_month: Option<f64>,
    p_met_rolling_30d: Option<f64>,
    verdict: &'static str,
}

#[derive(Serialize)]
struct Cause<'a> {
    mode: &'a str,
    unit: &'a str,
    branch: Option<&'a str>,
    is_planned: bool,
    downtime_share: f64,
    downtime_share_ci95: Option<(f64, f64)>,
    outage_share: f64,
    grade: Option<&'static str>,
}

#[derive(Serialize)]
struct Spreadsheet<'a> {
    unavailability: f64,
    availability: f64,
    units: usize,
    shared: &'a [String],
    shared_downtime_share: Option<f64>,
    leaves_out_failover: bool,
    leaves_out: Vec<&'static str>,
}

impl<'a> Root<'a> {
    fn of(report: &'a Report) -> Root<'a> {
        let run = &report.run;
        Root {
            schema: SCHEMA,
            topology: Topology {
                name: &report.topology.name,
                sha256: &report.topology.sha256,
                not_evaluated: &report.topology.not_evaluated,
            },
            run: Run {
                replications: run.replications,
                seed: run.seed,
                horizon_s: run.horizon.seconds(),
                events: run.events,
                method: run.method.name(),
                clocks: run.clocks,
                warm_up_s: run.warm_up.seconds(),
                until: match run.until {
                    Until::Horizon => "horizon",
                    Until::FirstOutage => "first-outage",
                    Until::FirstLoss => "loss",
                },
                version: run.version,
                is_partial: run.is_partial,
                precision: run.precision.as_ref().map(|precision| Precision {
                    target: precision.target,
                    reached: precision.reached,
                    is_met: precision.is_met(),
                    not_reached: precision
                        .not_reached
                        .iter()
                        .map(|one| NotReachedJson { name: &one.name, reached: one.reached })
                        .collect(),
                }),
            },
            journeys: Ordered(
                report.journeys.iter().map(|j| (j.name.clone(), Journey::of(j))).collect(),
            ),
            blast_radius: report
                .blast_radius
                .iter()
                .map(|blast| Blast {
                    unit: &blast.unit,
                    level: &blast.level,
                    units: blast.units,
                    journeys: blast.journeys.iter().map(|(name, _)| name.as_str()).collect(),
                    placement_shares: blast.journeys.iter().map(|(_, share)| *share).collect(),
                })
                .collect(),
            data: Ordered(
                report.data.iter().map(|class| (class.name.clone(), DataJson::of(class))).collect(),
            ),
            stress: report.stress.as_ref().map(|all| all.iter().map(StressedJson::of).collect()),
        }
    }
}

pub(super) fn omission_name(omission: Omission) -> &'static str {
    match omission {
        Omission::Failover => "failover",
        Omission::Masks => "masks",
        Omission::People => "people",
        Omission::Controllers => "controllers",
        Omission::Plans => "plans",
        Omission::Starts => "starts",
        Omission::CommonCauses => "common-causes",
        Omission::Paces => "paces",
    }
}

impl<'a> Journey<'a> {
    fn of(journey: &'a JourneyReport) -> Journey<'a> {
        Journey {
            exact: match (&journey.measures, &journey.second) {
                (JourneyMeasures::Answered(answer), _) => answer.as_ref().as_ref().ok(),
                (_, second) => second.as_ref().and_then(|answer| answer.as_ref().ok()),
            }
            .map(AnswerJson::of),
            agreement: journey.second.as_ref().map(|answer| match answer {
                Ok(answer) => AgreementJson::of(Ok(answer.route), journey.compared(answer)),
                Err(why) => AgreementJson::of(Err(why), None),
            }),
            ..Journey::measured(journey).with_told(journey)
        }
    }

    /// What is said by whatever stands for it, which may not be lives.
    fn with_told(self, journey: &JourneyReport) -> Journey<'a> {
        let Some(told) = journey.outages() else { return self };
        let availability = match journey.is_told_by_another() {
            true => told.unavailability.map(Availability::of_unavailability),
            false => self.availability,
        };
        let first = journey.nearer().and_then(|answer| answer.first_outage_s);
        let length = told.length_s;
        let outage_s = self.outage_s.map(|outages| OutageLengths {
            mean: length.map(|mean| mean.mean),
            std_error: length.and_then(|mean| mean.std_error),
            ci95: length.and_then(|mean| mean.ci95),
            ..outages
        });
        let bounded = |(estimate, upper95)| Bounded::new(estimate, upper95);
        Journey {
            unavailability: told
                .unavailability
                .map(|share| bounded((share, told.unavailability_upper95))),
            availability,
            outages_per_year: told.per_year.map(|rate| bounded((rate, told.per_year_upper95))),
            outage_s,
            downtime_s_per_year: told.downtime_s_per_year.map(Into::into),
            p_no_outage: told.p_no_outage.map(Into::into),
            time_to_first_outage_s: first.map(TimeToFirst::of_mean).or(self.time_to_first_outage_s),
            planned: told.by_intent.map(|by_intent| by_intent.planned.into()),
            unplanned: told.by_intent.map(|by_intent| by_intent.unplanned.into()),
            over_time: told.over_time.map(|parts| parts.iter().map(PartOfLife::of).collect()),
            ..self
        }
    }

    fn of_answer(journey: &JourneyReport, answer: &Answer) -> Journey<'a> {
        let judged = journey.slo.availability.zip(journey.availability_verdict());
        Journey {
            availability: answer.unavailability.map(Availability::of_unavailability),
            slo: Slo {
                availability: judged
                    .map(|(target, verdict)| Target::without_lives(target, verdict)),
                ..Slo::unjudged(journey)
            },
            ..Journey::default()
        }
    }

    fn measured(journey: &'a JourneyReport) -> Journey<'a> {
        let spreadsheet = journey.spreadsheet.as_ref().map(|sheet| Spreadsheet {
            unavailability: sheet.unavailability,
            availability: 1.0 - sheet.unavailability,
            units: sheet.units,
            shared: &sheet.shared,
            shared_downtime_share: sheet.shared_downtime_share,
            leaves_out_failover: sheet.leaves_out.contains(&Omission::Failover),
            leaves_out: sheet.leaves_out.iter().copied().map(omission_name).collect(),
        });
        match &journey.measures {
            JourneyMeasures::FirstOutage(first) => Journey {
                time_to_first_outage_s: Some(TimeToFirst::of(first)),
                spreadsheet,
                ..Journey::default()
            },
            JourneyMeasures::Answered(answer) => match answer.as_ref() {
                Ok(answer) => Journey { spreadsheet, ..Journey::of_answer(journey, answer) },
                Err(_) => {
                    Journey { spreadsheet, slo: Slo::unjudged(journey), ..Journey::default() }
                }
            },
            JourneyMeasures::Window(estimates, causes) => Journey {
                causes: Some(
                    causes
                        .by_unit
                        .iter()
                        .map(|cause| Cause {
                            mode: &cause.mode,
                            unit: &cause.unit,
                            branch: cause.branch.as_deref(),
                            is_planned: cause.is_planned,
                            downtime_share: cause.downtime_share,
                            downtime_share_ci95: cause.downtime_share_ci95,
                            outage_share: cause.outage_share,
                            grade: cause.grade,
                        })
                        .collect(),
                ),
                prolonged_by: Some(
                    causes
                        .prolonging
                        .iter()
                        .map(|cause| Prolonging {
                            mode: &cause.mode,
                            unit: &cause.unit,
                            downtime_share: cause.downtime_share,
                            outage_share: cause.outage_share,
                        })
                        .collect(),
                ),
                spreadsheet,
                input_uncertainty: journey.input_band.map(|band| InputBand {
                    draws: band.draws,
                    unavailability_p5: band.quantiles[0],
                    unavailability_p50: band.quantiles[1],
                    unavailability_p95: band.quantiles[2],
                }),
                ..Journey::of_estimates(journey, estimates)
            },
        }
    }

    fn of_estimates(journey: &JourneyReport, estimates: &JourneyEstimates) -> Journey<'a> {
        let availability = estimates.availability.mean;
        let [p5, p50, p95] = estimates.availability.quantiles;
        let objectives = &estimates.objectives;
        Journey {
            availability: Some(Availability {
                mean: availability.mean,
                std_error: availability.std_error,
                ci95: availability.ci95,
                p5: Some(p5),
                p50: Some(p50),
                p95: Some(p95),
            }),
            outage_s: Some(OutageLengths::of(estimates)),
            time_to_first_outage_s: Some(TimeToFirst::of(&estimates.first_outage)),
            degraded_s_per_year: estimates.degraded_s_per_year.map(Interval::from),
            availability_during: estimates.availability_during.map(Interval::from),
            slo: Slo {
                availability: objectives.availability.as_ref().map(|objective| {
                    let judged = journey.availability_verdict().unwrap_or(objective.verdict);
                    Target { verdict: verdict_name(judged), ..Target::of(objective) }
                }),
                rto_s: objectives.rto_s.as_ref().map(Target::of),
                rpo_s: objectives.rpo_s.as_ref().map(Target::of),
            },
            causes: None,
            prolonged_by: None,
            ..Journey::default()
        }
    }
}

impl PartOfLife {
    fn of(part: &crate::measure::PartOfLife) -> PartOfLife {
        PartOfLife {
            from_s: part.from_s,
            to_s: part.to_s,
            unavailability: part.unavailability.into(),
        }
    }
}

impl Availability {
    /// Of which it is not known how it is distributed over lives.
    fn of_unavailability(found: Estimate) -> Availability {
        let Estimate { mean, std_error, ci95 } = found.complement();
        Availability { mean, std_error, ci95, p5: None, p50: None, p95: None }
    }
}

impl OutageLengths {
    fn of(estimates: &JourneyEstimates) -> OutageLengths {
        let outages = estimates.outages.as_ref();
        let mean = outages.and_then(|outages| outages.mean);
        let quantile = |place: usize| outages.and_then(|outages| Some(outages.quantiles?[place]));
        OutageLengths {
            mean: mean.map(|mean| mean.mean),
            std_error: mean.and_then(|mean| mean.std_error),
            ci95: mean.and_then(|mean| mean.ci95),
            p50: quantile(0),
            p90: quantile(1),
            p95: quantile(2),
            p99: quantile(3),
            max: outages.map(|outages| outages.max),
            count: outages.map_or(0, |outages| outages.count),
            censored: outages.map_or(0, |outages| outages.censored),
        }
    }
}

impl TimeToFirst {
    /// Of which only the mean is known.
    pub(super) fn of_mean(mean: Estimate) -> TimeToFirst {
        TimeToFirst {
            mean: Some(mean.mean),
            std_error: mean.std_error,
            ci95: mean.ci95,
            p5: None,
            p50: None,
            p95: None,
            censored: 0,
        }
    }

    pub(super) fn of(first: &FirstOutage) -> TimeToFirst {
        let [p5, p50, p95] = first.quantiles;
        TimeToFirst {
            mean: first.mean.map(|mean| mean.mean),
            std_error: first.mean.and_then(|mean| mean.std_error),
            ci95: first.mean.and_then(|mean| mean.ci95),
            p5,
            p50,
            p95,
            censored: first.censored,
        }
    }
}

impl Slo {
    /// What only lives could judge, of which there were none.
    fn unjudged(journey: &JourneyReport) -> Slo {
        let of = |target| Target::without_lives(target, Verdict::NotJudged);
        let [rto_s, rpo_s] = journey.unjudged().map(|target| target.map(of));
        Slo { availability: None, rto_s, rpo_s }
    }
}

impl Target {
    fn without_lives(target: f64, verdict: Verdict) -> Target {
        Target {
            target,
            p_met: None,
            p_met_ci95: None,
            p_met_month: None,
            p_met_rolling_30d: None,
            verdict: verdict_name(verdict),
        }
    }

    fn of(objective: &Objective) -> Target {
        Target {
            target: objective.target,
            p_met: objective.p_met.map(|p_met| p_met.mean),
            p_met_ci95: objective.p_met.and_then(|p_met| p_met.ci95),
            p_met_month: objective.p_met_month.map(|p_met| p_met.mean),
            p_met_rolling_30d: objective.p_met_rolling_30d.map(|p_met| p_met.mean),
            verdict: verdict_name(objective.verdict),
        }
    }
}

fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "met",
        Verdict::MetUndecided => "met-undecided",
        Verdict::MissedUndecided => "missed-undecided",
        Verdict::Missed => "missed",
        Verdict::NotJudged => "not-judged",
    }
}
