//! Hours of the week: when people work.

use super::{SimSpan, SimTime};

const MINUTE: u64 = 60_000_000;
const DAY: u64 = 24 * 60 * MINUTE;
/// Microseconds in a week.
const WEEK: u64 = 7 * DAY;

/// Working hours that repeat every week; the week begins on Monday at 00:00, and so does a life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeekHours {
    /// From when to when, microseconds since Monday 00:00: ascending, apart, none of them empty.
    windows: Vec<(u64, u64)>,
    /// Sum of their lengths.
    open: u64,
}

/// Why text does not say when people work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeekHoursError {
    /// What is wrong.
    pub problem: String,
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl WeekHours {
    /// Monday to Friday, 09:00 to 17:00.
    pub fn business() -> WeekHours {
        WeekHours::from_windows((0..5).map(|d| (d * DAY + 540 * MINUTE, d * DAY + 1020 * MINUTE)))
    }

    /// From texts such as `Mon-Fri 09:00-17:00`, `Sat 10:00-14:00` or `Fri 22:00-06:00`.
    ///
    /// # Errors
    ///
    /// If one of them says something else, or if none says anything.
    pub fn parse<'a>(
        texts: impl IntoIterator<Item = &'a str>,
    ) -> Result<WeekHours, WeekHoursError> {
        let mut windows = Vec::new();
        for text in texts {
            let problem =
                || WeekHoursError { problem: format!("`{text}` says no hours of a week") };
            let mut words = text.split_whitespace();
            let (Some(days), Some(hours), None) = (words.next(), words.next(), words.next()) else {
                return Err(problem());
            };
            let (first, last) = days.split_once('-').unwrap_or((days, days));
            let day = |name: &str| {
                let name = name.to_lowercase();
                let is_it =
                    |day: &str| name.starts_with(day) && name.chars().all(char::is_alphabetic);
                DAYS.iter().position(|day| is_it(day)).map(|day| day as u64)
            };
            let (first, last) = (day(first).ok_or_else(problem)?, day(last).ok_or_else(problem)?);
            let (from, to) = hours.split_once('-').ok_or_else(problem)?;
            let (from, to) = (clock(from).ok_or_else(problem)?, clock(to).ok_or_else(problem)?);
            let length = if to > from { to - from } else { to + DAY - from };
            for step in 0..=(last + 7 - first) % 7 {
                let start = ((first + step) % 7) * DAY + from;
                windows.push((start, start + length));
            }
        }
        if windows.is_empty() {
            return Err(WeekHoursError { problem: "no hours of the week".to_owned() });
        }
        Ok(WeekHours::from_windows(windows.into_iter()))
    }

    /// The same hours as seen from a clock that is behind by `offset`.
    #[must_use]
    pub fn earlier_by(&self, offset: SimSpan) -> WeekHours {
        let shift = WEEK - offset.micros() % WEEK;
        WeekHours::from_windows(self.windows.iter().map(|&(s, e)| (s + shift, e + shift)))
    }

    fn from_windows(windows: impl Iterator<Item = (u64, u64)>) -> WeekHours {
        let mut pieces = Vec::new();
        for (start, end) in windows {
            let (start, length) = (start % WEEK, end - start);
            let end = start + length;
            pieces.push((start, end.min(WEEK)));
            if end > WEEK {
                pieces.push((0, end - WEEK));
            }
        }
        pieces.sort_unstable();
        let mut windows: Vec<(u64, u64)> = Vec::new();
        for (start, end) in pieces {
            match windows.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => windows.push((start, end)),
            }
        }
        let open = windows.iter().map(|(start, end)| end - start).sum();
        WeekHours { windows, open }
    }

    /// Which share of a week they are.
    pub fn open_share(&self) -> f64 {
        self.open as f64 / WEEK as f64
    }

    /// Whether an instant is within the hours; the end of a window is not.
    pub fn is_open(&self, at: SimTime) -> bool {
        let within = at.micros() % WEEK;
        self.windows.iter().any(|&(start, end)| (start..end).contains(&within))
    }

    /// The first instant from `at` on that is within the hours.
    pub fn next_open(&self, at: SimTime) -> SimTime {
        let (week, within) = (at.micros() / WEEK, at.micros() % WEEK);
        for &(start, end) in &self.windows {
            if within < end {
                return SimTime::from_micros(week * WEEK + start.max(within));
            }
        }
        SimTime::from_micros((week + 1) * WEEK + self.windows[0].0)
    }

    /// How much of the time from one instant to another is within the hours.
    pub fn open_between(&self, from: SimTime, to: SimTime) -> SimSpan {
        SimSpan::from_micros(
            self.open_until(to.micros()).saturating_sub(self.open_until(from.micros())),
        )
    }

    /// When work of this length is done that begins at `from` and goes on only within the hours.
    pub fn after_work(&self, from: SimTime, work: SimSpan) -> SimTime {
        if work == SimSpan::FOREVER {
            return SimTime::NEVER;
        }
        let done = self.open_until(from.micros()).saturating_add(work.micros());
        if work == SimSpan::ZERO {
            return from;
        }
        // The instant before which exactly `done` was open: the end of a window, not the beginning
        // of the one after it.
        let (weeks, mut rest) = ((done - 1) / self.open, (done - 1) % self.open + 1);
        for &(start, end) in &self.windows {
            if rest <= end - start {
                return SimTime::from_micros(
                    weeks.saturating_mul(WEEK).saturating_add(start + rest),
                );
            }
            rest -= end - start;
        }
        SimTime::NEVER
    }

    /// How much of the time before an instant is within the hours.
    fn open_until(&self, at: u64) -> u64 {
        let (weeks, within) = (at / WEEK, at % WEEK);
        let part: u64 =
            self.windows.iter().map(|&(start, end)| within.clamp(start, end) - start).sum();
        weeks * self.open + part
    }
}

/// Microseconds since midnight of a text such as `09:00`.
fn clock(text: &str) -> Option<u64> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str| {
        let is_number = text.len() <= 2 && text.chars().all(|c| c.is_ascii_digit());
        if is_number { text.parse::<u64>().ok() } else { None }
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (minutes < 60 && hours * 60 + minutes <= 24 * 60).then_some((hours * 60 + minutes) * MINUTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: u64, hour: u64) -> SimTime {
        SimTime::from_micros(day * DAY + hour * 60 * MINUTE)
    }

    fn hours(hours: u64) -> SimSpan {
        SimSpan::from_micros(hours * 60 * MINUTE)
    }

    #[test]
    fn business_is_monday_to_friday_from_nine_to_five() {
        let business = WeekHours::business();
        assert_eq!(WeekHours::parse(["Mon-Fri 09:00-17:00"]), Ok(business.clone()));
        assert_eq!(business.open, 40 * 60 * MINUTE);
        assert!(business.is_open(at(0, 9)) && !business.is_open(at(0, 17)));
        assert_eq!(business.next_open(at(4, 17)), at(7, 9));
        assert_eq!(business.next_open(at(1, 12)), at(1, 12));
        assert_eq!(business.open_between(at(0, 0), at(14, 0)), hours(80));
        assert_eq!(business.open_between(at(4, 16), at(7, 10)), hours(2));
    }

    #[test]
    fn work_goes_on_in_hours_only() {
        let business = WeekHours::business();
        assert_eq!(business.after_work(at(0, 0), hours(8)), at(0, 17));
        assert_eq!(business.after_work(at(4, 16), hours(3)), at(7, 11));
        assert_eq!(business.after_work(at(5, 3), hours(41)), at(14, 10));
        assert_eq!(business.after_work(at(5, 3), SimSpan::ZERO), at(5, 3));
        assert_eq!(business.after_work(at(5, 3), SimSpan::FOREVER), SimTime::NEVER);
    }

    #[test]
    fn hours_over_midnight_over_the_week_and_in_other_zones() {
        let night = WeekHours::parse(["Sun 22:00-06:00", "Mon 05:00-07:00"]).unwrap();
        assert!(night.is_open(at(6, 23)) && night.is_open(at(7, 6)) && !night.is_open(at(7, 7)));
        assert_eq!(night.open, 9 * 60 * MINUTE);
        let seoul = WeekHours::business().earlier_by(hours(9));
        assert!(seoul.is_open(at(0, 0)) && seoul.is_open(at(4, 7)) && !seoul.is_open(at(4, 8)));
    }

    #[test]
    fn what_says_no_hours_is_refused() {
        for text in ["", "Mon", "Mon 9-17", "Xyz 09:00-10:00", "Mon 09:00-25:00", "Mon 09:00-10:60"]
        {
            assert!(WeekHours::parse([text]).is_err(), "{text}");
        }
        assert!(WeekHours::parse([]).is_err());
    }
}
