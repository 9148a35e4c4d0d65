//! Data classes as JSON.

use serde::Serialize;

use super::answer_json::{AgreementJson, LossAnswerJson};
use super::at_once::LevelAtOnce;
use super::data_class::{DataMeasures, DataReport, DataStageCause, WindowOfData};
use super::json::{Interval, TimeToFirst};
use crate::exact::Simultaneous;
use crate::measure::{Bounded, CopyEstimates, CycleEstimates, SpanEstimates, TimeToLoss};

/// One data class; what a run does not measure is null.
#[derive(Default, Serialize)]
pub(super) struct DataJson<'a> {
    loss_incidents_per_year: Option<BoundedJson>,
    p_loss: Option<BoundedJson>,
    lost_s_per_year: Option<BoundedJson>,
    rpo_s: Option<SpansJson>,
    promised: Option<Vec<PromisedJson<'a>>>,
    stages: Option<Vec<StageJson<'a>>>,
    causes: Option<Vec<CauseJson<'a>>>,
    restore_s: Option<SpansJson>,
    offload: Option<CyclesJson>,
    backup: Option<CyclesJson>,
    time_to_first_loss_s: Option<TimeToFirst>,
    groups: Option<u32>,
    usable_bytes: Option<f64>,
    raw_bytes: Option<f64>,
    groups_lost_per_year: Option<BoundedJson>,
    p_group_lost_per_year: Option<BoundedJson>,
    durability_nines: Option<f64>,
    durability_nines_ci95: Option<(f64, Option<f64>)>,
    p_any_group_lost: Option<BoundedJson>,
    bytes_lost_per_year: Option<BoundedJson>,
    nomdl_per_year: Option<BoundedJson>,
    mttdl_s: Option<MttdlJson>,
    reduced_share: Option<Interval>,
    unreadable_group_s_per_year: Option<Interval>,
    rebuilt_copies_per_year: Option<Interval>,
    rebuilt_bytes_per_year: Option<Interval>,
    margins: Option<Vec<MarginJson>>,
    simultaneous_loss: Option<Vec<SimultaneousJson>>,
    simultaneous_loss_by_level: Option<Vec<LevelAtOnceJson<'a>>>,
    exact: Option<LossAnswerJson<'a>>,
    agreement: Option<AgreementJson<'a>>,
}

#[derive(Serialize)]
struct BoundedJson {
    mean: f64,
    std_error: Option<f64>,
    ci95: Option<(f64, f64)>,
    upper95: Option<f64>,
}

impl From<Bounded> for BoundedJson {
    fn from(bounded: Bounded) -> BoundedJson {
        let Bounded { estimate, upper95 } = bounded;
        let (mean, std_error, ci95) = (estimate.mean, estimate.std_error, estimate.ci95);
        BoundedJson { mean, std_error, ci95, upper95 }
    }
}

#[derive(Serialize)]
struct SpansJson {
    mean: Option<f64>,
    std_error: Option<f64>,
    ci95: Option<(f64, f64)>,
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
    count: u64,
}

impl SpansJson {
    fn of(spans: Option<&SpanEstimates>) -> SpansJson {
        let quantile = |place: usize| spans.map(|spans| spans.quantiles[place]);
        SpansJson {
            mean: spans.map(|spans| spans.mean.mean),
            std_error: spans.and_then(|spans| spans.mean.std_error),
            ci95: spans.and_then(|spans| spans.mean.ci95),
            p50: quantile(0),
            p95: quantile(1),
            p99: quantile(2),
            max: spans.map(|spans| spans.max),
            count: spans.map_or(0, |spans| spans.count),
        }
    }
}

/// What comes of offloads or backups; what cannot happen to them is null.
#[derive(Serialize)]
struct CyclesJson {
    begun_per_year: Interval,
    needs_down_per_year: Option<Interval>,
    failed_per_year: Option<Interval>,
    refused_per_year: Option<Interval>,
    lost_per_year: Option<Interval>,
    age_s: Option<Interval>,
    none_share: Interval,
}

impl From<CycleEstimates> for CyclesJson {
    fn from(cycles: CycleEstimates) -> CyclesJson {
        CyclesJson {
            begun_per_year: cycles.begun_per_year.into(),
            needs_down_per_year: cycles.needs_down_per_year.map(Interval::from),
            failed_per_year: cycles.failed_per_year.map(Interval::from),
            refused_per_year: cycles.refused_per_year.map(Interval::from),
            lost_per_year: cycles.lost_per_year.map(Interval::from),
            age_s: cycles.age_s.map(Interval::from),
            none_share: cycles.none_share.into(),
        }
    }
}

#[derive(Serialize)]
struct PromisedJson<'a> {
    journey: &'a str,
    target_s: f64,
    share_exceeding: Option<f64>,
}

#[derive(Serialize)]
struct StageJson<'a> {
    stage: &'static str,
    loss_incidents_per_year: Interval,
    lost_s_per_year: Interval,
    lost_bytes_per_year: Option<Interval>,
    share: f64,
    causes: Vec<StageCauseJson<'a>>,
}

#[derive(Serialize)]
struct StageCauseJson<'a> {
    mode: &'a str,
    unit: &'a str,
    branch: Option<&'a str>,
    is_planned: bool,
    loss_incidents_per_year: Interval,
    lost_s_per_year: Interval,
    lost_bytes_per_year: Option<Interval>,
}

impl<'a> From<&'a DataStageCause> for StageCauseJson<'a> {
    fn from(cause: &'a DataStageCause) -> StageCauseJson<'a> {
        let estimates = &cause.estimates;
        StageCauseJson {
            mode: &cause.mode,
            unit: &cause.unit,
            branch: cause.branch.as_deref(),
            is_planned: estimates.root.is_planned,
            loss_incidents_per_year: estimates.loss_incidents_per_year.into(),
            lost_s_per_year: estimates.lost_s_per_year.into(),
            lost_bytes_per_year: estimates.lost_bytes_per_year.map(Interval::from),
        }
    }
}

#[derive(Serialize)]
struct CauseJson<'a> {
    mode: &'a str,
    unit: &'a str,
    branch: Option<&'a str>,
    is_planned: bool,
    lost_share: f64,
    lost_share_ci95: Option<(f64, f64)>,
    incident_share: f64,
    grade: Option<&'static str>,
}

#[derive(Serialize)]
struct MttdlJson {
    mean: Option<f64>,
    std_error: Option<f64>,
    ci95: Option<(f64, f64)>,
    lower95: Option<f64>,
    losses: u64,
}

impl From<TimeToLoss> for MttdlJson {
    fn from(time: TimeToLoss) -> MttdlJson {
        MttdlJson {
            mean: time.mean.map(|mean| mean.mean),
            std_error: time.mean.and_then(|mean| mean.std_error),
            ci95: time.mean.and_then(|mean| mean.ci95),
            lower95: time.lower95,
            losses: time.losses,
        }
    }
}

#[derive(Serialize)]
struct MarginJson {
    lost: usize,
    times_per_year: f64,
}

/// Losing so many holders at once.
#[derive(Serialize)]
struct SimultaneousJson {
    holders: u32,
    p_loss: Interval,
    p_group: Option<f64>,
    tried: u64,
    exact: bool,
}

impl From<&Simultaneous> for SimultaneousJson {
    fn from(simultaneous: &Simultaneous) -> SimultaneousJson {
        let Simultaneous { lost: holders, p_loss, p_group, tried, is_exact: exact } = *simultaneous;
        SimultaneousJson { holders, p_loss: p_loss.into(), p_group, tried, exact }
    }
}

/// Losing several units of a level at once.
#[derive(Serialize)]
struct LevelAtOnceJson<'a> {
    level: &'a str,
    units: u32,
    losses: Vec<UnitsAtOnceJson>,
}

#[derive(Serialize)]
struct UnitsAtOnceJson {
    units: u32,
    p_loss: Interval,
    tried: u64,
    exact: bool,
}

impl<'a> From<&'a LevelAtOnce> for LevelAtOnceJson<'a> {
    fn from(level: &'a LevelAtOnce) -> LevelAtOnceJson<'a> {
        let losses = level.losses.iter().map(|loss| UnitsAtOnceJson {
            units: loss.lost,
            p_loss: loss.p_loss.into(),
            tried: loss.tried,
            exact: loss.is_exact,
        });
        LevelAtOnceJson { level: &level.level, units: level.units, losses: losses.collect() }
    }
}

impl<'a> DataJson<'a> {
    pub(super) fn of(class: &'a DataReport) -> DataJson<'a> {
        let simultaneous = class.survival.map(|_| class.simultaneous.iter().map(Into::into));
        DataJson {
            simultaneous_loss: simultaneous.map(Iterator::collect),
            simultaneous_loss_by_level: class
                .survival
                .map(|_| class.levels_at_once.iter().map(Into::into).collect()),
            exact: match (&class.measures, &class.second) {
                (DataMeasures::Answered(Ok(answer)), _) | (_, Some(Ok(answer))) => {
                    Some(LossAnswerJson::of(answer))
                }
                _ => None,
            },
            agreement: class.second.as_ref().map(|answer| match answer {
                Ok(answer) => AgreementJson::of(Ok(answer.route), class.compared(answer)),
                Err(why) => AgreementJson::of(Err(why), None),
            }),
            ..DataJson::measured(class).with_told(class)
        }
    }

    /// What is said by whatever stands for it, which may not be lives.
    fn with_told(self, class: &DataReport) -> DataJson<'a> {
        let json = match class.losses() {
            Some(losses) => DataJson {
                loss_incidents_per_year: losses.incidents_per_year.map(Into::into),
                p_loss: losses.p_loss.map(Into::into),
                lost_s_per_year: losses.lost_s_per_year.map(Into::into),
                ..self
            },
            None => self,
        };
        let Some(durability) = class.durability() else { return json };
        let nines = durability.nines();
        DataJson {
            groups: class.held.map(|held| held.groups),
            usable_bytes: class.held.and_then(|held| Some(held.bytes?.0)),
            raw_bytes: class.held.and_then(|held| Some(held.bytes?.1)),
            groups_lost_per_year: durability.groups_lost_per_year.map(Into::into),
            p_group_lost_per_year: durability.p_group_lost_per_year.map(Into::into),
            durability_nines: nines.map(|nines| nines.nines),
            durability_nines_ci95: nines.and_then(|nines| nines.ci95),
            p_any_group_lost: durability.p_any_group_lost.map(Into::into),
            bytes_lost_per_year: durability.bytes_lost_per_year.map(Into::into),
            nomdl_per_year: durability.nomdl_per_year.map(Into::into),
            mttdl_s: durability.time_to_loss.map(Into::into),
            ..json
        }
    }

    fn measured(class: &'a DataReport) -> DataJson<'a> {
        match &class.measures {
            DataMeasures::Window(window) => {
                let mut json = DataJson::of_window(window);
                if class.is_told_by_another() {
                    // Amounts a year by stage are what lives say, which is not what is said of all.
                    json.stages = None;
                    let first = class.nearer().and_then(|answer| answer.first_loss_s);
                    json.time_to_first_loss_s =
                        first.map(TimeToFirst::of_mean).or(json.time_to_first_loss_s);
                }
                match &window.estimates.copies {
                    Some(copies) => json.with_copies(copies),
                    None => json,
                }
            }
            DataMeasures::Answered(answer) => {
                let first = answer.as_ref().ok().and_then(|answer| answer.first_loss_s);
                DataJson {
                    time_to_first_loss_s: first.map(TimeToFirst::of_mean),
                    ..DataJson::default()
                }
            }
            DataMeasures::FirstLoss(first) => DataJson {
                time_to_first_loss_s: first.as_ref().map(TimeToFirst::of),
                ..DataJson::default()
            },
        }
    }

    fn of_window(window: &'a WindowOfData) -> DataJson<'a> {
        let estimates = &window.estimates;
        let promised = window.promised.iter().map(|by| PromisedJson {
            journey: &by.journey,
            target_s: by.target_s,
            share_exceeding: by.share_exceeding,
        });
        let stages = estimates.stages.iter().zip(&window.stage_causes);
        let stages = stages.map(|(stage, causes)| StageJson {
            stage: stage.stage.name(),
            loss_incidents_per_year: stage.loss_incidents_per_year.into(),
            lost_s_per_year: stage.lost_s_per_year.into(),
            lost_bytes_per_year: stage.lost_bytes_per_year.map(Interval::from),
            share: stage.share,
            causes: causes.iter().map(StageCauseJson::from).collect(),
        });
        let causes = window.causes.iter().map(|cause| CauseJson {
            mode: &cause.mode,
            unit: &cause.unit,
            branch: cause.branch.as_deref(),
            is_planned: cause.is_planned,
            lost_share: cause.lost_share,
            lost_share_ci95: cause.lost_share_ci95,
            incident_share: cause.incident_share,
            grade: cause.grade,
        });
        DataJson {
            rpo_s: Some(SpansJson::of(estimates.rpo.as_ref())),
            promised: Some(promised.collect()),
            stages: Some(stages.collect()),
            causes: Some(causes.collect()),
            restore_s: estimates.restorations.as_ref().map(|spans| SpansJson::of(Some(spans))),
            offload: estimates.offload.map(CyclesJson::from),
            backup: estimates.backup.map(CyclesJson::from),
            time_to_first_loss_s: Some(TimeToFirst::of(&estimates.first_loss)),
            ..DataJson::default()
        }
    }

    fn with_copies(self, copies: &CopyEstimates) -> DataJson<'a> {
        let margin = |(place, times_per_year): (usize, &f64)| MarginJson {
            lost: place + 1,
            times_per_year: *times_per_year,
        };
        DataJson {
            reduced_share: Some(copies.reduced_share.into()),
            unreadable_group_s_per_year: Some(copies.unreadable_group_s_per_year.into()),
            rebuilt_copies_per_year: Some(copies.rebuilt_per_year.into()),
            rebuilt_bytes_per_year: copies.rebuilt_bytes_per_year.map(Interval::from),
            margins: Some(copies.margins_per_year.iter().enumerate().map(margin).collect()),
            ..self
        }
    }
}
