//! How many are larger: a falling line with few points, level where nothing lies.

/// Steps on the way from the smallest amount to the largest: enough for a smooth line, few enough for
/// a small file.
const STEPS: usize = 300;

/// A line that falls at each positive amount: how many of `count` are larger, with the factors for
/// amounts and for counts. It begins with all that are larger than nothing, and ends at the largest
/// amount with those that are as large.
///
/// Between amounts that lie close together it slopes, and some of them are left out; over a gap it is
/// level, at the height that is left before it.
pub(super) fn stairs(exceedance: &[(f64, u64)], count: u64, scale: (f64, f64)) -> Vec<(f64, f64)> {
    let (along, up) = scale;
    let zeros = exceedance.partition_point(|(amount, _)| *amount <= 0.0);
    let (zeros, steps) = exceedance.split_at(zeros);
    let (Some((first, _)), Some((last, _))) = (steps.first(), steps.last()) else {
        return Vec::new();
    };
    let ratio = ((last / first).ln() / STEPS as f64).exp();
    // What is left before an amount.
    let mut left = zeros.last().map_or(count, |(_, larger)| *larger);
    let mut points = Vec::new();
    let mut next = 0.0;
    let mut is_after_gap = true;
    for (place, &(amount, larger)) in steps.iter().enumerate() {
        let is_before_gap = steps.get(place + 1).is_none_or(|(after, _)| *after >= amount * ratio);
        if is_after_gap {
            points.push((amount * along, left as f64 * up));
        }
        if amount >= next || is_before_gap {
            let end = if larger > 0 { larger } else { left };
            points.push((amount * along, end as f64 * up));
            next = amount * ratio;
        }
        left = larger;
        is_after_gap = is_before_gap;
    }
    points.dedup();
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The height of a line that is level between its falls.
    fn height(points: &[(f64, f64)], at: f64) -> f64 {
        points[points.partition_point(|point| point.0 <= at) - 1].1
    }

    #[test]
    fn lines_fall_at_each_amount_and_end_at_the_largest() {
        let points = stairs(&[(0.0, 4), (10.0, 1), (30.0, 0)], 6, (2.0, 0.5));
        assert_eq!(points, [(20.0, 2.0), (20.0, 0.5), (60.0, 0.5)]);
        assert_eq!(stairs(&[(7.0, 0)], 3, (1.0, 1.0)), [(7.0, 3.0)]);
        assert!(stairs(&[(0.0, 0)], 3, (1.0, 1.0)).is_empty());
    }

    #[test]
    fn many_steps_become_few() {
        let many: Vec<(f64, u64)> =
            (1..=50_000).map(|i| (f64::from(i), 50_000 - i as u64)).collect();
        let points = stairs(&many, 50_000, (1.0, 1.0));
        assert!(points.len() <= STEPS + 4, "{}", points.len());
        assert_eq!(points[points.len() - 1], (50_000.0, 1.0));
        assert!(points.windows(2).all(|pair| pair[0].1 >= pair[1].1));
    }

    /// Many amounts close together, and then none for long: what is left is as many as are larger.
    #[test]
    fn the_height_before_a_gap_is_right() {
        let mut clustered: Vec<(f64, u64)> =
            (0..1_000).map(|i| (30.0 + f64::from(i) / 10_000.0, 1_999 - i as u64)).collect();
        clustered.extend((0..1_000).map(|i| (80_000.0 + f64::from(i), 999 - i as u64)));
        let points = stairs(&clustered, 2_000, (1.0, 1.0));
        for at in [31.0, 600.0, 79_000.0] {
            assert_eq!(height(&points, at), 1_000.0, "at {at}");
        }
        assert_eq!(points[0], (30.0, 2_000.0));
        assert!(points.len() < 100, "{}", points.len());
    }
}
