//! Numbers as people read them.

use crate::stats::Estimate;

/// A length of time in its two largest units: `4m 12s`, `3h 20m`, `2d 4h`; below ten seconds with
/// decimals.
pub(crate) fn duration(seconds: f64) -> String {
    const UNITS: [(f64, &str); 5] =
        [(365.0 * 86_400.0, "y"), (86_400.0, "d"), (3_600.0, "h"), (60.0, "m"), (1.0, "s")];
    if seconds == 0.0 {
        return "0s".to_owned();
    }
    if seconds < 0.001 {
        return format!("{}µs", significant(seconds * 1e6, 2));
    }
    if seconds < 1.0 {
        return format!("{}ms", significant(seconds * 1e3, 2).trim_end_matches(".0"));
    }
    if seconds < 9.95 {
        return format!("{}s", significant(seconds, 2).trim_end_matches(".0"));
    }
    // Rounded to the second of the two units first, or `59m 60s` would come out.
    let large = UNITS.iter().position(|(unit, _)| seconds >= *unit).unwrap_or(4);
    let resolution = UNITS.get(large + 1).map_or(1.0, |(unit, _)| *unit);
    let rounded = (seconds / resolution).round() * resolution;
    let large = UNITS.iter().position(|(unit, _)| rounded >= *unit).unwrap_or(4);
    let (unit, name) = UNITS[large];
    let whole = (rounded / unit).floor();
    let rest = rounded - whole * unit;
    match UNITS.get(large + 1) {
        Some((smaller, smaller_name)) if (rest / smaller).round() >= 1.0 => {
            format!("{whole}{name} {}{smaller_name}", (rest / smaller).round())
        }
        _ => format!("{whole}{name}"),
    }
}

/// A number with so many significant digits, and no exponent.
pub(crate) fn significant(number: f64, digits: i32) -> String {
    if number == 0.0 || !number.is_finite() {
        return number.to_string();
    }
    let magnitude = number.abs().log10().floor() as i32;
    let decimals = (digits - 1 - magnitude).max(0) as usize;
    format!("{number:.decimals$}")
}

/// A share in percent, with the digits that are known: two of the standard error.
pub(crate) fn percent_of(estimate: &Estimate) -> String {
    let unavailability = 1.0 - estimate.mean;
    let smallest = match estimate.std_error {
        Some(error) if error > 0.0 => error,
        _ => unavailability / 10.0,
    };
    percent(estimate.mean, decimals_for(smallest))
}

/// Decimals of a percentage that show two digits of this share.
pub(crate) fn decimals_for(share: f64) -> usize {
    if share <= 0.0 {
        return 2;
    }
    (1.0 - (100.0 * share).log10().floor()).clamp(1.0, 12.0) as usize
}

/// A share in percent with so many decimals.
pub(crate) fn percent(share: f64, decimals: usize) -> String {
    format!("{:.decimals$} %", 100.0 * share)
}

/// A share in percent as somebody wrote it: no digits but those that matter.
pub(crate) fn target_percent(share: f64) -> String {
    let text = format!("{:.9}", 100.0 * share);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// How many nines an availability has: `-log10` of the unavailability; none, and never less, of what
/// is never up.
pub(crate) fn nines(unavailability: f64) -> f64 {
    // What is subtracted from zero is no negative zero, which would be printed with its sign.
    (0.0 - unavailability.log10()).max(0.0)
}

/// A whole number with thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_show_two_units() {
        for (seconds, text) in [
            (0.0, "0s"),
            (0.000_25, "250µs"),
            (0.25, "250ms"),
            (1.0, "1s"),
            (1.5, "1.5s"),
            (9.97, "10s"),
            (15.0, "15s"),
            (59.6, "1m"),
            (252.0, "4m 12s"),
            (3_599.7, "1h"),
            (12_000.0, "3h 20m"),
            (187_200.0, "2d 4h"),
            (31_536_000.0 * 2.5, "2y 183d"),
        ] {
            assert_eq!(duration(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn what_is_never_up_has_no_nines_and_not_minus_none() {
        for (unavailability, text) in [(1.0, "0.0"), (1.2, "0.0"), (0.001, "3.0")] {
            assert_eq!(format!("{:.1}", nines(unavailability)), text);
        }
    }

    #[test]
    fn percentages_show_the_digits_that_are_known() {
        let estimate = |mean, error| Estimate { mean, std_error: Some(error), ci95: None };
        assert_eq!(percent_of(&estimate(0.999_327_4, 1.2e-5)), "99.9327 %");
        assert_eq!(percent_of(&estimate(0.9, 0.02)), "90.0 %");
        assert_eq!(target_percent(0.999), "99.9 %");
        assert_eq!(target_percent(1.0), "100 %");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(significant(0.012_345, 3), "0.0123");
        assert_eq!(significant(1_234.5, 2), "1234");
    }
}
