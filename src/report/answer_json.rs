//! What other routes say, as JSON.

use serde::Serialize;

use super::answer::{Answer, Contradiction, LossAnswer, Method, Route};
use super::json::Interval;
use crate::stats::Estimate;

/// What another route says; `null` where it does not.
#[derive(Serialize)]
pub(super) struct AnswerJson<'a> {
    route: &'static str,
    by: &'a str,
    unavailability: Option<Interval>,
    outages_per_year: Option<Interval>,
    p_no_outage: Option<Interval>,
    p_outage: Option<Interval>,
    time_to_first_outage_s: Option<Interval>,
    long_run: LongRunJson,
}

#[derive(Serialize)]
struct LongRunJson {
    unavailability: Option<Interval>,
    outages_per_year: Option<Interval>,
}

impl<'a> AnswerJson<'a> {
    pub(super) fn of(answer: &'a Answer) -> AnswerJson<'a> {
        AnswerJson {
            route: answer.route.name(),
            by: &answer.by,
            unavailability: answer.unavailability.map(Into::into),
            outages_per_year: answer.outages_per_year.map(Into::into),
            p_no_outage: answer.p_no_outage.map(Into::into),
            p_outage: answer.p_outage.map(Into::into),
            time_to_first_outage_s: answer.first_outage_s.map(Into::into),
            long_run: LongRunJson {
                unavailability: answer.long_run_unavailability.map(Into::into),
                outages_per_year: answer.long_run_outages_per_year.map(Into::into),
            },
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
}

impl<'a> LossAnswerJson<'a> {
    pub(super) fn of(answer: &'a LossAnswer) -> LossAnswerJson<'a> {
        LossAnswerJson {
            route: answer.route.name(),
            by: &answer.by,
            p_loss: answer.p_loss.map(Into::into),
            time_to_first_loss_s: answer.first_loss_s.map(Into::into),
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
