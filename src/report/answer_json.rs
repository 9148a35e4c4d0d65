//! What other routes say, as JSON.

use serde::Serialize;

use super::answer::{Answer, Contradiction, LossAnswer, Method, Over, Route};
use super::json::Interval;
use crate::run::RareEstimate;
use crate::stats::Estimate;

/// What another route says; `null` where it does not.
#[derive(Serialize)]
pub(super) struct AnswerJson<'a> {
    route: &'static str,
    by: &'a str,
    over: Option<&'static str>,
    unavailability: Option<Interval>,
    outages_per_year: Option<Interval>,
    mean_outage_s: Option<Interval>,
    unavailability_at_end: Option<Interval>,
    p_no_outage: Option<Interval>,
    p_outage: Option<Interval>,
    time_to_first_outage_s: Option<Interval>,
    long_run: LongRunJson,
    estimated: Option<EstimatedJson>,
}

#[derive(Serialize)]
struct LongRunJson {
    unavailability: Option<Interval>,
    outages_per_year: Option<Interval>,
    mean_outage_s: Option<Interval>,
}

impl<'a> AnswerJson<'a> {
    pub(super) fn of(answer: &'a Answer) -> AnswerJson<'a> {
        AnswerJson {
            route: answer.route.name(),
            by: &answer.by,
            over: answer.over().map(Over::name),
            unavailability: answer.unavailability.map(Into::into),
            outages_per_year: answer.outages_per_year.map(Into::into),
            mean_outage_s: answer.mean_outage_s.map(Into::into),
            unavailability_at_end: answer.unavailability_at_end.map(Into::into),
            p_no_outage: answer.p_no_outage.map(Into::into),
            p_outage: answer.p_outage.map(Into::into),
            time_to_first_outage_s: answer.first_outage_s.map(Into::into),
            long_run: LongRunJson {
                unavailability: answer.long_run_unavailability.map(Into::into),
                outages_per_year: answer.long_run_outages_per_year.map(Into::into),
                mean_outage_s: answer.long_run_mean_outage_s.map(Into::into),
            },
            estimated: answer.estimated.as_deref().map(EstimatedJson::of),
        }
    }
}

/// What another route says of the first loss of data.
#[derive(Serialize)]
pub(super) struct LossAnswerJson<'a> {
    route: &'static str,
    by: &'a str,
    p_loss: Option<Interval>,
    time_to_first_loss_s: Option<Interval>,
    estimated: Option<EstimatedJson>,
}

impl<'a> LossAnswerJson<'a> {
    pub(super) fn of(answer: &'a LossAnswer) -> LossAnswerJson<'a> {
        LossAnswerJson {
            route: answer.route.name(),
            by: &answer.by,
            p_loss: answer.p_loss.map(Into::into),
            time_to_first_loss_s: answer.first_loss_s.map(Into::into),
            estimated: answer.estimated.as_deref().map(EstimatedJson::of),
        }
    }
}

/// How something rare was estimated, and what else says so.
#[derive(Serialize)]
struct EstimatedJson {
    lives: u64,
    excursions: u64,
    copies_seen: u64,
    effective_sample_size: f64,
    near_failures: u32,
    failures: u32,
    other: Option<OtherJson>,
    twin: Option<TwinJson>,
}

/// The other method.
#[derive(Serialize)]
struct OtherJson {
    route: &'static str,
    lives: u64,
    p: Interval,
    distance_std_errors: Option<f64>,
}

/// The same system with failures that come more often.
#[derive(Serialize)]
struct TwinJson {
    times: f64,
    estimated: Interval,
    plain: Interval,
    plain_lives: u64,
    distance_std_errors: f64,
}

impl EstimatedJson {
    fn of(found: &RareEstimate) -> EstimatedJson {
        EstimatedJson {
            lives: found.lives,
            excursions: found.excursions,
            copies_seen: found.seen,
            effective_sample_size: found.effective,
            near_failures: found.near,
            failures: found.far,
            other: found.other.map(|other| OtherJson {
                route: Route::from(other.method).name(),
                lives: other.lives,
                p: other.probability().into(),
                distance_std_errors: found.hits.sigmas_apart(other.hits).map(f64::abs),
            }),
            twin: found.twin.map(|twin| TwinJson {
                times: twin.times,
                estimated: twin.estimated.into(),
                plain: twin.plain.into(),
                plain_lives: twin.lives,
                distance_std_errors: twin.sigmas(),
            }),
        }
    }
}

/// Two routes to one number, or why there is no second.
#[derive(Serialize)]
pub(super) struct AgreementJson<'a> {
    method: String,
    second_route: Option<&'static str>,
    reason: Option<&'a str>,
    measure: Option<&'static str>,
    simulated: Option<Interval>,
    second: Option<Interval>,
    distance_std_errors: Option<f64>,
    warning: Option<String>,
}

impl<'a> AgreementJson<'a> {
    /// That of a route and what both say, if both say anything.
    pub(super) fn of(
        route: Result<Route, &'a str>,
        compared: Option<(&'static str, Estimate, Estimate)>,
    ) -> AgreementJson<'a> {
        AgreementJson {
            method: Method::PLAIN.name(),
            second_route: route.ok().map(Route::name),
            reason: route.err(),
            measure: compared.map(|(what, _, _)| what),
            simulated: compared.map(|(_, simulated, _)| simulated.into()),
            second: compared.map(|(_, _, second)| second.into()),
            distance_std_errors: compared.and_then(|(_, one, other)| one.sigmas_apart(other)),
            warning: route.ok().zip(compared).and_then(|(route, (_, one, other))| {
                Some(Contradiction::between(route, one, other)?.words())
            }),
        }
    }
}
