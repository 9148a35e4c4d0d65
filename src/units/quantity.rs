//! Durations, percentages, sizes and bandwidths as people write them: a number and its unit, always
//! both. Processors are counted, and their unit may be a thousandth.

use std::fmt;

/// Seconds in a minute, an hour, a day, a month and a year: a year has 365 days, a month is a twelfth
/// of it (730 hours).
const MINUTE: f64 = 60.0;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;
const YEAR: f64 = 365.0 * DAY;
const MONTH: f64 = YEAR / 12.0;

/// Seconds in a year of 365 days.
pub const SECONDS_PER_YEAR: f64 = YEAR;
/// Seconds in a month of 730 hours.
pub const SECONDS_PER_MONTH: f64 = MONTH;

/// Units of time: how each is written, and its seconds.
const TIME_UNITS: &[(&[&str], f64)] = &[
    (&["us", "µs", "microsecond", "microseconds"], 1e-6),
    (&["ms", "millisecond", "milliseconds"], 1e-3),
    (&["s", "sec", "second", "seconds"], 1.0),
    (&["m", "min", "minute", "minutes"], MINUTE),
    (&["h", "hour", "hours"], HOUR),
    (&["d", "day", "days"], DAY),
    (&["w", "week", "weeks"], 7.0 * DAY),
    (&["mo", "month", "months"], MONTH),
    (&["y", "year", "years"], YEAR),
];

/// What a byte or a bit may be multiplied by: how it is written, and by how much.
const PREFIXES: &[(&str, f64)] = &[
    ("", 1.0),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
];
const BITS_PER_BYTE: f64 = 8.0;

/// Why a text is not the quantity that it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuantityError {
    /// What is wrong with it.
    pub problem: String,
    /// What would be right.
    pub help: String,
}

impl fmt::Display for QuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.problem, self.help)
    }
}

impl std::error::Error for QuantityError {}

/// Reads a duration such as `20s`, `1h30m`, `1.5y` or `6mo`; returns seconds.
///
/// # Errors
///
/// Unless every number has a unit of time and none is negative.
///
/// # Examples
///
/// ```
/// use ninefold::units::parse_duration;
/// assert_eq!(parse_duration("1h 30m"), Ok(5400.0));
/// assert_eq!(parse_duration("1mo"), Ok(730.0 * 3600.0));
/// assert!(parse_duration("30").is_err());
/// ```
pub fn parse_duration(text: &str) -> Result<f64, QuantityError> {
    let error = |problem: String, help: &str| QuantityError { problem, help: help.to_owned() };
    let example = "write a number and a unit, such as `20s`, `5m`, `1.5h`, `30d`, `6mo` or `1y`";
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(error("nothing where a duration should be".to_owned(), example));
    }
    let (mut seconds, mut before) = (0.0, None);
    while !rest.is_empty() {
        let (number, after) = split_number(rest);
        if number.is_empty() {
            return Err(error(format!("`{text}` is not a duration"), example));
        }
        if number.starts_with('-') {
            return Err(error(format!("`{text}` is negative"), "a duration is zero or more"));
        }
        let number: f64 =
            number.parse().map_err(|_| error(format!("`{text}` is not a duration"), example))?;
        let after = after.trim_start();
        let end = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        rest = after.trim_start();
        let of_unit = seconds_per(unit).ok_or_else(|| unit_error(text, unit, before, rest))?;
        seconds += number * of_unit;
        before = Some(of_unit);
    }
    if seconds.is_finite() {
        Ok(seconds)
    } else {
        Err(error(format!("`{text}` is too long"), "the longest life is 250,000 years"))
    }
}

/// What is wrong with a unit of time in `text`, which came after a unit of so many seconds and before `after`.
fn unit_error(text: &str, unit: &str, before: Option<f64>, after: &str) -> QuantityError {
    let text = text.trim();
    if unit.is_empty() {
        let smaller = [("m", HOUR), ("s", MINUTE), ("h", DAY), ("d", 7.0 * DAY)];
        let next = before.and_then(|seconds| smaller.iter().find(|(_, of)| *of == seconds));
        let without: String = text.chars().filter(|c| !matches!(c, '_' | ',' | '\'')).collect();
        let help = if !after.is_empty() {
            match without != text && parse_duration(&without).is_ok() {
                true => format!("write `{without}`: digits and a point make a number"),
                false => "each number needs a unit right after it, such as `1h30m`".to_owned(),
            }
        } else if let Some((unit, _)) = next {
            format!("write `{text}{unit}` instead")
        } else if before.is_some() {
            "each number needs a unit, such as `1h30m`".to_owned()
        } else {
            format!("write `{text}s`, `{text}m`, `{text}h` or `{text}d` instead")
        };
        return QuantityError { problem: format!("`{text}` has no unit"), help };
    }
    let small = text.to_lowercase();
    let help = match unit {
        "M" => "write `m` for minutes or `mo` for months".to_owned(),
        _ if small != text && parse_duration(&small).is_ok() => format!("write `{small}`"),
        _ => "units are `ms`, `s`, `m`, `h`, `d`, `w`, `mo` (730 h) and `y` (365 d)".to_owned(),
    };
    QuantityError { problem: format!("`{unit}` is not a unit of time"), help }
}

fn seconds_per(unit: &str) -> Option<f64> {
    let known = TIME_UNITS.iter().find(|(spellings, _)| spellings.contains(&unit));
    known.map(|(_, seconds)| *seconds)
}

/// The number at the beginning of a text, and the rest.
fn split_number(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let digits_from = |from: usize| {
        from + bytes[from..].iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count()
    };
    let sign = |at: usize| usize::from(matches!(bytes.get(at), Some(b'-' | b'+')));
    let mut end = digits_from(sign(0));
    if end > sign(0) && matches!(bytes.get(end), Some(b'e' | b'E')) {
        let exponent = end + 1 + sign(end + 1);
        if bytes.get(exponent).is_some_and(u8::is_ascii_digit) {
            end = digits_from(exponent);
        }
    }
    text.split_at(end)
}

/// Reads a percentage such as `99.95%`; returns the fraction nearest to it.
///
/// # Errors
///
/// Unless it is a number followed by `%`, from 0 to 100.
///
/// # Examples
///
/// ```
/// use ninefold::units::parse_percentage;
/// assert_eq!(parse_percentage("99.9%"), Ok(0.999));
/// assert!(parse_percentage("0.999").unwrap_err().help.contains("99.9%"));
/// ```
pub fn parse_percentage(text: &str) -> Result<f64, QuantityError> {
    let trimmed = text.trim();
    let Some(number) = trimmed.strip_suffix('%') else {
        let help = match trimmed.parse::<f64>() {
            Ok(fraction) if (0.0..=1.0).contains(&fraction) => {
                format!("write it in percent: `{}%`", shift_to_percent(trimmed, fraction))
            }
            _ => "write a number from 0 to 100 and `%`, such as `99.9%`".to_owned(),
        };
        return Err(QuantityError { problem: format!("`{trimmed}` is not a percentage"), help });
    };
    // Through the exponent, so that `99.9%` is the number nearest to 0.999.
    let fraction = format!("{}e-2", number.trim()).parse::<f64>();
    match fraction {
        Ok(fraction) if (0.0..=1.0).contains(&fraction) => Ok(fraction),
        _ => Err(QuantityError {
            problem: format!("`{trimmed}` is not a percentage"),
            help: "it must be from 0% to 100%".to_owned(),
        }),
    }
}

/// The digits of a fraction in percent, without the noise of a multiplication.
fn shift_to_percent(text: &str, fraction: f64) -> String {
    format!("{text}e2").parse::<f64>().unwrap_or(fraction * 100.0).to_string()
}

/// Reads a size such as `8TB`, `32GiB` or `500 MB`; returns bytes.
///
/// # Errors
///
/// Unless it is a number, not negative, and a unit of bytes.
///
/// # Examples
///
/// ```
/// use ninefold::units::parse_size;
/// assert_eq!(parse_size("8TB"), Ok(8e12));
/// assert_eq!(parse_size("32 GiB"), Ok(34_359_738_368.0));
/// assert!(parse_size("8T").unwrap_err().help.contains("`8TB`"));
/// assert!(parse_size("8Gbps").unwrap_err().problem.contains("a bandwidth"));
/// ```
pub fn parse_size(text: &str) -> Result<f64, QuantityError> {
    let example = "write a number and a unit, such as `500MB`, `8TB` or `32GiB`";
    let (number, unit) = number_and_unit(text, "a size", example)?;
    let is_a_rate = unit.ends_with("/s") || unit.ends_with("bps") || unit.ends_with("Bps");
    if is_a_rate {
        let problem = format!("`{}` is a bandwidth and not a size", text.trim());
        return Err(QuantityError { problem, help: example.to_owned() });
    }
    let prefix = unit.strip_suffix('B').and_then(factor_of);
    let factor = prefix.ok_or_else(|| not_a_unit(text, unit, "size", "B", example))?;
    finite(number * factor, text)
}

/// Reads a bandwidth such as `50MB/s`, or in bits `1Gb/s` or `1Gbit/s`; returns bytes a second.
///
/// # Errors
///
/// Unless it is a number, not negative, and a unit of bytes or bits a second.
///
/// # Examples
///
/// ```
/// use ninefold::units::parse_bandwidth;
/// assert_eq!(parse_bandwidth("50MB/s"), Ok(50e6));
/// assert_eq!(parse_bandwidth("1Gbit/s"), Ok(125e6));
/// assert!(parse_bandwidth("50MB").unwrap_err().help.contains("`50MB/s`"));
/// ```
pub fn parse_bandwidth(text: &str) -> Result<f64, QuantityError> {
    let example = "write a number and a unit, such as `50MB/s`, `200MiB/s` or `10Gb/s` (bits)";
    let (number, unit) = number_and_unit(text, "a bandwidth", example)?;
    let factor = unit.strip_suffix("/s").and_then(|unit| {
        let of_bits = unit.strip_suffix("bit").or(unit.strip_suffix('b')).and_then(factor_of);
        let of_bytes = unit.strip_suffix('B').and_then(factor_of);
        of_bytes.or(of_bits.map(|bits| bits / BITS_PER_BYTE))
    });
    let factor = factor.ok_or_else(|| not_a_unit(text, unit, "bandwidth", "B/s", example))?;
    finite(number * factor, text)
}

/// Reads a number of processors such as `2`, `0.5` or, in thousandths, `500m`; returns processors.
///
/// # Errors
///
/// Unless it is a number, not negative, alone or followed by `m`.
///
/// # Examples
///
/// ```
/// use ninefold::units::parse_cpu;
/// assert_eq!(parse_cpu("2"), Ok(2.0));
/// assert_eq!(parse_cpu("500m"), Ok(0.5));
/// assert!(parse_cpu("500M").unwrap_err().help.contains("`500m`"));
/// ```
pub fn parse_cpu(text: &str) -> Result<f64, QuantityError> {
    let example =
        "write a number of processors, such as `2` or `0.5`, or thousandths, such as `500m`";
    let (number, unit) = number_and_unit(text, "a number of processors", example)?;
    match unit {
        "" => finite(number, text),
        "m" => finite(number / 1e3, text),
        _ => Err(QuantityError {
            problem: format!("`{unit}` is not a unit of processors"),
            help: match unit {
                "M" => format!("write `{}m` for thousandths", split_number(text.trim()).0),
                _ => example.to_owned(),
            },
        }),
    }
}

fn factor_of(prefix: &str) -> Option<f64> {
    let known = PREFIXES.iter().find(|(spelling, _)| *spelling == prefix);
    known.map(|(_, factor)| *factor)
}

/// A number that is not negative, and what stands after it.
fn number_and_unit<'a>(
    text: &'a str,
    what: &str,
    example: &str,
) -> Result<(f64, &'a str), QuantityError> {
    let error = |problem: String| QuantityError { problem, help: example.to_owned() };
    let (number, unit) = split_number(text.trim());
    if number.starts_with('-') {
        return Err(error(format!("`{text}` is negative")));
    }
    match number.parse::<f64>() {
        Ok(number) => Ok((number, unit.trim())),
        Err(_) => Err(error(format!("`{text}` is not {what}"))),
    }
}

/// What is wrong with a unit of bytes, and the units that may be meant.
fn not_a_unit(text: &str, unit: &str, of: &str, ending: &str, example: &str) -> QuantityError {
    let number = split_number(text.trim()).0;
    if unit.is_empty() {
        return QuantityError {
            problem: format!("`{text}` has no unit"),
            help: format!("write `{number}G{ending}` or `{number}Gi{ending}`, for instance"),
        };
    }
    if let Some(prefix) = unit.strip_suffix("bps") {
        let help = format!("write `{number}{prefix}b/s` for bits a second");
        return QuantityError { problem: format!("`{unit}` is not a unit of {of}"), help };
    }
    // `8T` and `8gb` say what is meant by their first letter.
    let first = unit.chars().next().map(|first| first.to_ascii_uppercase());
    let help = match first {
        Some('K') => {
            format!("write `{number}k{ending}` (1000 bytes) or `{number}Ki{ending}` (1024 bytes)")
        }
        Some(letter @ ('M' | 'G' | 'T' | 'P' | 'E')) => {
            format!(
                "write `{number}{letter}{ending}`, or `{number}{letter}i{ending}` in powers of 1024"
            )
        }
        _ => example.to_owned(),
    };
    QuantityError { problem: format!("`{unit}` is not a unit of {of}"), help }
}

fn finite(value: f64, text: &str) -> Result<f64, QuantityError> {
    if value.is_finite() {
        return Ok(value);
    }
    let help = "it must be a number that a machine can hold".to_owned();
    Err(QuantityError { problem: format!("`{text}` is too large"), help })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("20s", 20.0),
            ("1.5h", 5_400.0),
            ("1h30m", 5_400.0),
            ("1h 30m", 5_400.0),
            ("250ms", 0.25),
            ("2 weeks", 14.0 * DAY),
            ("6mo", 6.0 * 730.0 * HOUR),
            ("1y", 8_760.0 * HOUR),
            ("0s", 0.0),
            ("1e5h", 1e5 * HOUR),
        ] {
            assert_eq!(parse_duration(text), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_what_would_be_right() {
        for (text, help) in [
            ("30", "write `30s`"),
            ("5M", "`mo` for months"),
            ("120D", "write `120d`"),
            ("2H 5Min", "write `2h 5min`"),
            ("1_000s", "write `1000s`:"),
            ("1h30", "write `1h30m` instead"),
            ("2d 4", "write `2d 4h` instead"),
            ("1y 6", "such as `1h30m`"),
            ("1/2h", "right after it"),
            ("5 fortnights", "units are"),
            ("-5s", "zero or more"),
            ("soon", "such as `20s`"),
            ("", "such as"),
            ("1..2s", "such as"),
            ("1e999y", "longest"),
            ("inf", "such as"),
            (".inf", "such as"),
            (".nan", "such as"),
        ] {
            let error = parse_duration(text).unwrap_err();
            assert!(error.help.contains(help), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_no_number_is_quoted_whole() {
        for text in [".inf", ".nan", "1..2s"] {
            let error = parse_duration(text).unwrap_err();
            assert_eq!(error.problem, format!("`{text}` is not a duration"));
        }
    }

    #[test]
    fn percentages_are_the_nearest_fractions() {
        assert_eq!(parse_percentage("99.9%"), Ok(0.999));
        assert_eq!(parse_percentage(" 8 % "), Ok(0.08));
        assert_eq!(parse_percentage("100%"), Ok(1.0));
        for text in ["101%", "-1%", "nan%", "99.9", "%", "0.9995"] {
            assert!(parse_percentage(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("8TB", 8e12),
            ("500 MB", 5e8),
            (" 1.5kB ", 1_500.0),
            ("0B", 0.0),
            ("1e3GB", 1e12),
            ("2KiB", 2_048.0),
            ("32GiB", 32.0 * 1_073_741_824.0),
            ("1EB", 1e18),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn processors_are_counted_whole_or_in_thousandths() {
        for (text, processors) in
            [("2", 2.0), ("0.5", 0.5), (" 500m ", 0.5), ("500 m", 0.5), ("0", 0.0), ("1e1", 10.0)]
        {
            assert_eq!(parse_cpu(text), Ok(processors), "{text}");
        }
        for (text, help) in [
            ("500M", "write `500m`"),
            ("2s", "such as `2`"),
            ("-1", "such as"),
            ("two", "such as"),
            ("", "such as"),
            ("1e999", "a machine can hold"),
        ] {
            let error = parse_cpu(text).unwrap_err();
            assert!(error.help.contains(help), "{text}: {error}");
        }
    }

    #[test]
    fn bandwidths_are_in_bytes_or_bits() {
        for (text, bytes) in [
            ("50MB/s", 5e7),
            ("1Gb/s", 1.25e8),
            ("1Gbit/s", 1.25e8),
            ("10 MiB/s", 10_485_760.0),
            ("800bit/s", 100.0),
        ] {
            assert_eq!(parse_bandwidth(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused_with_what_would_be_right() {
        for (text, help) in [
            ("8", "write `8GB`"),
            ("8T", "write `8TB`, or `8TiB`"),
            ("8gb", "write `8GB`, or `8GiB`"),
            ("8KB", "`8kB` (1000 bytes) or `8KiB`"),
            ("8Gb", "write `8GB`"),
            ("8TB 3GB", "write `8TB`"),
            ("-8TB", "such as"),
            ("large", "such as"),
            ("", "such as"),
            ("3 drives", "such as"),
            ("1e999TB", "a machine can hold"),
        ] {
            let error = parse_size(text).unwrap_err();
            assert!(error.help.contains(help), "{text}: {error}");
        }
        for (text, help) in [
            ("50", "write `50GB/s`"),
            ("50MB", "write `50MB/s`"),
            ("50mb/s", "write `50MB/s`"),
            ("1Gbps", "write `1Gb/s`"),
            ("fast", "such as"),
        ] {
            let error = parse_bandwidth(text).unwrap_err();
            assert!(error.help.contains(help), "{text}: {error}");
        }
    }
}
