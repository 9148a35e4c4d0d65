//! What a placement is worth when many holders are lost at once, as after a power cut from which not
//! all come back.

use crate::model::Holding;
use crate::rng::Stream;
use crate::scheme::{Scheme, next_combination};
use crate::stats::{Estimate, proportion};

/// Sets of holders that are all tried, if there are no more.
const MOST_ENUMERATED: f64 = 200_000.0;
/// Sets of holders that are tried otherwise: at most, at least, and as many as there is time for.
const MOST_SAMPLES: u64 = 20_000;
const FEWEST_SAMPLES: u64 = 400;
const MOST_WORK: u64 = 40_000_000;
/// The same of places, of which there are several levels, and each of which takes many holders.
const FEWEST_SAMPLES_OF_PLACES: u64 = 60;
const MOST_WORK_OF_PLACES: u64 = 5_000_000;
/// So many times as much for trying all sets: what is destroyed is mostly seen long before the end.
const TIMES_FOR_ALL: f64 = 10.0;
/// Positions of a group of which all sets are looked at, for codes that may lose some sets of a size and not others.
const MOST_POSITIONS: u32 = 20;
/// One luck for all placements: they differ by what they are.
const SEED: u64 = 1;

/// Losing so many holders at once, or places with all the holders in them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Simultaneous {
    /// How many.
    pub lost: u32,
    /// The probability that this destroys a group, if any so many are as likely: with its error if
    /// sets were sampled, without if all were tried.
    pub p_loss: Estimate,
    /// The probability that this destroys one given group, exactly: the same for each of them. `None` of a code with too
    /// many positions, and of places, where it is not the same.
    pub p_group: Option<f64>,
    /// How many sets were tried.
    pub tried: u64,
    /// Whether that were all there are.
    pub is_exact: bool,
}

/// The probability that losing so many holders of a class at once destroys something, for a few
/// numbers of them: one and two more than any group can lose, and 1 %, 5 % and 10 % of all.
pub fn simultaneous_losses(holding: &Holding) -> Vec<Simultaneous> {
    let numbers = numbers(holding.tolerance + 1, holding.count);
    numbers.map(|lost| simultaneous_loss(holding, lost)).collect()
}

/// The same of places, each of which takes with it the holders of these numbers; they may share some. The first number is
/// the least of them in which any group can have more than it can lose, if there is one.
pub fn simultaneous_losses_of_places(holding: &Holding, inside: &[Vec<u32>]) -> Vec<Simultaneous> {
    let most = most_together(holding, inside);
    let Some(least) = holding.tolerance.checked_div(most).map(|spare| spare + 1) else {
        return Vec::new();
    };
    let numbers = numbers(least, inside.len() as u32);
    let (fewest, most_work) = (FEWEST_SAMPLES_OF_PLACES, MOST_WORK_OF_PLACES);
    let of = |lost| Losing { holding, inside, lost, fewest, most_work };
    numbers.map(|lost| of(lost).simultaneous()).collect()
}

/// The numbers for which it is told, of so many.
fn numbers(least: u32, count: u32) -> impl Iterator<Item = u32> {
    let share = |percent: u32| (u64::from(count) * u64::from(percent)).div_ceil(100) as u32;
    let mut numbers = vec![least, least + 1, share(1), share(5), share(10)];
    numbers.retain(|number| (least..=count).contains(number));
    numbers.sort_unstable();
    numbers.dedup();
    numbers.into_iter()
}

/// How many of one group are in one place, at most.
fn most_together(holding: &Holding, inside: &[Vec<u32>]) -> u32 {
    let mut together = vec![0_u32; holding.group_count()];
    let mut most = 0;
    for holders in inside {
        let groups = || holders.iter().flat_map(|holder| holding.groups_of.of(*holder as usize));
        for &group in groups() {
            together[group as usize] += 1;
            most = most.max(together[group as usize]);
        }
        groups().for_each(|group| together[*group as usize] = 0);
    }
    most
}

/// The probability that losing `lost` holders of a class at once destroys a group.
pub fn simultaneous_loss(holding: &Holding, lost: u32) -> Simultaneous {
    let inside: Vec<Vec<u32>> = (0..holding.count).map(|holder| vec![holder]).collect();
    let p_group = group_loss(holding, lost);
    let (fewest, most_work) = (FEWEST_SAMPLES, MOST_WORK);
    let losing = Losing { holding, inside: &inside, lost, fewest, most_work };
    let found = losing.simultaneous();
    let mut p_loss = found.p_loss;
    if let (false, true, Some((low, high)), Some(p_group)) =
        (found.is_exact, p_loss.mean == 0.0, p_loss.ci95, p_group)
    {
        // Nothing is destroyed more often than all groups together.
        p_loss.ci95 = Some((low, high.min(p_group * holding.group_count() as f64)));
    }
    Simultaneous { p_loss, p_group, ..found }
}

/// Losing so many places at once, of those in which these holders are.
struct Losing<'h> {
    holding: &'h Holding,
    inside: &'h [Vec<u32>],
    lost: u32,
    /// Sets that are tried at least.
    fewest: u64,
    /// Copies of groups that are counted at most, if not for these.
    most_work: u64,
}

impl Losing<'_> {
    /// The probability that it destroys a group.
    fn simultaneous(&self) -> Simultaneous {
        let &Losing { holding, inside, lost, fewest, most_work } = self;
        let count = inside.len() as u32;
        let mut trial = Trial::new(holding);
        let mut holders = Vec::new();
        let mut destroys = |places: &[u32]| {
            holders.clear();
            holders.extend(places.iter().flat_map(|place| &inside[*place as usize]));
            trial.destroys(&holders)
        };
        let groups_each = (holding.members.len() as u64).div_ceil(u64::from(holding.count.max(1)));
        let holders_each = inside.iter().map(Vec::len).sum::<usize>().div_ceil(inside.len().max(1));
        let work = u64::from(lost) * groups_each.max(1) * holders_each.max(1) as u64;
        let sets = binomial(count, lost);
        if sets <= MOST_ENUMERATED && sets * work as f64 <= TIMES_FOR_ALL * most_work as f64 {
            let mut set: Vec<u32> = (0..lost).collect();
            let (mut destroyed, mut tried) = (0_u64, 0_u64);
            loop {
                tried += 1;
                destroyed += u64::from(destroys(&set));
                if !next_combination(&mut set, count) {
                    break;
                }
            }
            let mean = destroyed as f64 / tried as f64;
            let p_loss = Estimate { mean, std_error: Some(0.0), ci95: Some((mean, mean)) };
            return Simultaneous { lost, p_loss, p_group: None, tried, is_exact: true };
        }
        let tried = (most_work / work).clamp(fewest, MOST_SAMPLES);
        let mut luck = Stream::seeded(SEED);
        let mut places: Vec<u32> = (0..count).collect();
        let mut destroyed = 0;
        for _ in 0..tried {
            for place in 0..lost as usize {
                let other = place + luck.below(places.len() - place);
                places.swap(place, other);
            }
            destroyed += u64::from(destroys(&places[..lost as usize]));
        }
        let nothing = Estimate { mean: 0.0, std_error: None, ci95: None };
        let p_loss = proportion(destroyed, tried).unwrap_or(nothing);
        Simultaneous { lost, p_loss, p_group: None, tried, is_exact: false }
    }
}

/// The probability that losing `lost` holders of a class at once destroys one given group; `None` of a code with too
/// many positions.
///
/// # Formula
///
/// `sum over j of F_j k_(j) (N - k)_(n - j) / N_(n)`: a group on `n` of `N` holders, of which `k` are lost, with `F_j` sets
/// of `j` positions that cannot be recovered and falling factorials `x_(j)`. It holds for any placement, so that the number
/// of groups times it is the mean number that is destroyed; where each group is drawn anew, none is with the probability
/// `(1 - p)^groups`.
fn group_loss(holding: &Holding, lost: u32) -> Option<f64> {
    let (all, width) = (holding.count, holding.scheme.width());
    let of_size = |size: u32| {
        let mut probability = fatal_sets(holding, size)?;
        if probability.is_infinite() {
            // More than there are numbers for: of a group this wide the factors are taken together.
            return Some(hypergeometric((all, lost), (width, size)));
        }
        for place in 0..width {
            let left = match place < size {
                true => f64::from(lost) - f64::from(place),
                false => f64::from(all - lost) - f64::from(place - size),
            };
            probability *= left.max(0.0) / f64::from(all - place);
        }
        Some(probability)
    };
    (holding.tolerance + 1..=width).map(of_size).sum()
}

/// The probability that of `width` out of `all` holders so many are among those that are lost, by logarithms.
fn hypergeometric((all, lost): (u32, u32), (width, size): (u32, u32)) -> f64 {
    if size > lost || width - size > all - lost {
        return 0.0;
    }
    let ln_factorial = |n: u32| libm::lgamma(f64::from(n) + 1.0);
    let ln_binomial = |n: u32, k: u32| ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k);
    let sets = ln_binomial(lost, size) + ln_binomial(all - lost, width - size);
    libm::exp(sets - ln_binomial(all, width)).min(1.0)
}

/// How many sets of so many positions of a group cannot be recovered.
fn fatal_sets(holding: &Holding, size: u32) -> Option<f64> {
    let width = holding.scheme.width();
    if matches!(holding.scheme, Scheme::Threshold { .. }) {
        return Some(binomial(width, size));
    }
    if width > MOST_POSITIONS {
        return None;
    }
    let mut set: Vec<u32> = (0..size).collect();
    let mut fatal = 0_u32;
    loop {
        fatal += u32::from(!holding.scheme.can_recover(&set));
        if !next_combination(&mut set, width) {
            return Some(f64::from(fatal));
        }
    }
}

/// How many sets of `lost` there are among `count`.
fn binomial(count: u32, lost: u32) -> f64 {
    (0..lost).map(|place| f64::from(count - place) / f64::from(place + 1)).product()
}

/// Tries sets of holders.
struct Trial<'h> {
    holding: &'h Holding,
    /// Positions that each group has lost; all zero between trials.
    lost_of: Vec<u16>,
    is_lost: Vec<bool>,
    positions: Vec<u32>,
}

impl<'h> Trial<'h> {
    fn new(holding: &'h Holding) -> Trial<'h> {
        Trial {
            holding,
            lost_of: vec![0; holding.group_count()],
            is_lost: vec![false; holding.count as usize],
            positions: Vec::new(),
        }
    }

    /// Whether losing these holders destroys a group. One that is there twice is only looked at twice: what is left
    /// decides.
    fn destroys(&mut self, holders: &[u32]) -> bool {
        let holding = self.holding;
        holders.iter().for_each(|holder| self.is_lost[*holder as usize] = true);
        let destroyed_by = holders.iter().position(|holder| {
            let groups = holding.groups_of.of(*holder as usize);
            groups.iter().any(|group| {
                // A group has at most some hundred positions, and each is counted once for every place that it is in.
                let lost = &mut self.lost_of[*group as usize];
                *lost = lost.saturating_add(1);
                u32::from(*lost) > holding.tolerance && !self.is_left(*group)
            })
        });
        holders.iter().for_each(|holder| self.is_lost[*holder as usize] = false);
        // Of groups of holders after that one nothing was counted.
        for &holder in &holders[..destroyed_by.map_or(holders.len(), |place| place + 1)] {
            let groups = holding.groups_of.of(holder as usize);
            groups.iter().for_each(|group| self.lost_of[*group as usize] = 0);
        }
        destroyed_by.is_some()
    }

    /// Whether a group can be recovered from what is left of it.
    fn is_left(&mut self, group: u32) -> bool {
        let members = self.holding.group(group).iter().enumerate();
        let lost = members.filter(|(_, holder)| self.is_lost[**holder as usize]);
        self.positions.clear();
        self.positions.extend(lost.map(|(position, _)| position as u32));
        self.holding.scheme.can_recover(&self.positions)
    }
}
