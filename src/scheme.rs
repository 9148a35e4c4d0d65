//! Schemes of redundancy: which copies or shards of a group may be lost before its data are.
//!
//! A scheme is known by what it can recover, not by a count alone: four lost shards of LRC(12,2,2) are
//! recovered from one place and not from another.

/// The most positions of a code, and the most parity checks of one that is given by its checks.
pub const MOST_POSITIONS: usize = 512;
/// See [`MOST_POSITIONS`].
pub const MOST_CHECKS: usize = 64;

/// How the data of a group are spread over positions, each on one holder.
#[derive(Clone, Debug, PartialEq)]
pub enum Scheme {
    /// Any `tolerance` of `width` positions can be recovered: copies, and Reed-Solomon codes.
    Threshold {
        /// Positions.
        width: u32,
        /// How many of them may be lost.
        tolerance: u32,
    },
    /// A linear code, by the positions that each of its parity checks covers.
    Checks(Checks),
    /// A code over codes: an outer code whose positions are groups of an inner one.
    Nested {
        /// Positions of the outer code, and how many of them may be lost.
        outer: (u32, u32),
        /// Positions of each inner code, and how many of them may be lost.
        inner: (u32, u32),
    },
}

/// Parity checks of a linear code whose coefficients are as good as they can be.
#[derive(Clone, Debug, PartialEq)]
pub struct Checks {
    width: u32,
    checks: u32,
    /// For each position, the checks that cover it, as bits.
    covered_by: Vec<u64>,
    /// Any so many can be recovered.
    tolerance: u32,
    /// The fewest positions from which one comes back, over all positions the mean.
    reads: f64,
}

impl Checks {
    /// A code of so many positions with these parity checks, each the positions that it covers.
    ///
    /// # Panics
    ///
    /// If there are more positions or checks than [`MOST_POSITIONS`] and [`MOST_CHECKS`], or a check
    /// covers a position that is not there.
    pub fn new(width: u32, checks: &[Vec<u32>]) -> Checks {
        assert!(width as usize <= MOST_POSITIONS && checks.len() <= MOST_CHECKS);
        let mut covered_by = vec![0; width as usize];
        for (index, check) in checks.iter().enumerate() {
            for position in check {
                covered_by[*position as usize] |= 1 << index;
            }
        }
        let fewest = |covered: &u64| {
            let own = checks.iter().enumerate().filter(|(index, _)| covered >> index & 1 == 1);
            own.map(|(_, check)| check.len() - 1).min().unwrap_or(0)
        };
        let reads = covered_by.iter().map(fewest).sum::<usize>() as f64 / f64::from(width.max(1));
        let checks = checks.len() as u32;
        let mut code = Checks { width, checks, covered_by, tolerance: 0, reads };
        code.tolerance = code.guaranteed();
        code
    }

    /// The largest number for which every set of so many positions can be recovered.
    fn guaranteed(&self) -> u32 {
        // A set that cannot be recovered has a subset with one position more than checks that meet
        // it. Sets are tried in order of size; codes with wide checks give up late, and have few.
        const MOST_TRIED: u64 = 2_000_000;
        let mut tried = 0;
        for size in 1..=self.checks {
            let mut set: Vec<u32> = (0..size).collect();
            loop {
                if !self.can_recover(&set) {
                    return size - 1;
                }
                tried += 1;
                if tried > MOST_TRIED {
                    return size - 1;
                }
                if !next_combination(&mut set, self.width) {
                    break;
                }
            }
        }
        self.checks
    }

    /// Whether each erased position can be given a check of its own that covers it: with coefficients
    /// as good as they can be, the checks can then be solved for all of them.
    ///
    /// # Source
    ///
    /// Gopalan, Huang, Jenkins, Yekhanin, *Explicit maximally recoverable codes with locality*, IEEE
    /// Trans. Information Theory 60(9), 2014: recoverable in principle is recoverable. The rank of a
    /// generic matrix is the size of its largest matching.
    fn can_recover(&self, erased: &[u32]) -> bool {
        if erased.len() > self.checks as usize {
            return false;
        }
        let mut solves = [None; MOST_CHECKS];
        erased.iter().all(|&position| self.find_check(position, &mut solves, &mut 0))
    }

    /// Gives a position a check, moving others to other checks if it must.
    fn find_check(
        &self,
        position: u32,
        solves: &mut [Option<u32>; MOST_CHECKS],
        seen: &mut u64,
    ) -> bool {
        loop {
            let unseen = self.covered_by[position as usize] & !*seen;
            if unseen == 0 {
                return false;
            }
            let index = unseen.trailing_zeros() as usize;
            *seen |= 1 << index;
            let before = solves[index];
            if before.is_none_or(|other| self.find_check(other, solves, seen)) {
                solves[index] = Some(position);
                return true;
            }
        }
    }
}

/// Goes on to the next set of as many numbers below `end`, in lexicographic order; whether there is
/// one.
pub(crate) fn next_combination(set: &mut [u32], end: u32) -> bool {
    let size = set.len();
    let Some(place) = (0..size).rev().find(|&place| set[place] < end - (size - place) as u32)
    else {
        return false;
    };
    set[place] += 1;
    for later in place + 1..size {
        set[later] = set[later - 1] + 1;
    }
    true
}

/// Shards that a write needs: one more than a read with as many parity as data shards, of which half could write without
/// the other half.
pub fn shards_for_a_write(data: u64, parity: u64) -> u64 {
    data.saturating_add(u64::from(data == parity))
}

impl Scheme {
    /// So many copies, of which one is enough.
    pub fn copies(copies: u32) -> Scheme {
        Scheme::Threshold { width: copies, tolerance: copies.saturating_sub(1) }
    }

    /// A Reed-Solomon code: any `parity` of `data + parity` positions can be recovered.
    pub fn erasure(data: u32, parity: u32) -> Scheme {
        Scheme::Threshold { width: data + parity, tolerance: parity }
    }

    /// A local reconstruction code: `data` positions in `groups` groups of equal size, each with
    /// `local` parities of its own, and `global` parities over all of the data.
    ///
    /// # Source
    ///
    /// Huang et al., *Erasure coding in Windows Azure Storage*, USENIX ATC 2012: positions are the
    /// data, then the local parities group by group, then the global ones.
    pub fn local_reconstruction(data: u32, groups: u32, local: u32, global: u32) -> Scheme {
        let width = data + groups * local + global;
        let size = data.div_ceil(groups.max(1));
        let mut checks = Vec::new();
        for group in 0..groups {
            let own: Vec<u32> = (group * size..((group + 1) * size).min(data)).collect();
            for number in 0..local {
                let mut check = own.clone();
                check.push(data + group * local + number);
                checks.push(check);
            }
        }
        for number in 0..global {
            let mut check: Vec<u32> = (0..data).collect();
            check.push(data + groups * local + number);
            checks.push(check);
        }
        Scheme::Checks(Checks::new(width, &checks))
    }

    /// Positions of a group.
    pub fn width(&self) -> u32 {
        match self {
            Scheme::Threshold { width, .. } => *width,
            Scheme::Checks(code) => code.width,
            Scheme::Nested { outer, inner } => outer.0 * inner.0,
        }
    }

    /// Positions' worth of data in a group: the others are there to be lost.
    pub fn data(&self) -> u32 {
        match self {
            Scheme::Threshold { width, tolerance } => width - tolerance,
            Scheme::Checks(code) => code.width - code.checks,
            Scheme::Nested { outer, inner } => (outer.0 - outer.1) * (inner.0 - inner.1),
        }
    }

    /// How many positions may be away of a group that takes new data.
    pub fn spare_for_writes(&self) -> u32 {
        match self {
            Scheme::Threshold { width, tolerance } => {
                let (data, parity) = (u64::from(width - tolerance), u64::from(*tolerance));
                width - shards_for_a_write(data, parity) as u32
            }
            Scheme::Checks(_) | Scheme::Nested { .. } => self.tolerance(),
        }
    }

    /// From how many others one position comes back that alone is lost, on average over the positions: as many
    /// as there are data, or as the smallest check that covers it has left.
    pub fn reads(&self) -> f64 {
        match self {
            Scheme::Threshold { width, tolerance } => f64::from(width - tolerance),
            Scheme::Checks(code) => code.reads,
            Scheme::Nested { inner, .. } => f64::from(inner.0 - inner.1),
        }
    }

    /// How many positions may be lost whichever they are.
    pub fn tolerance(&self) -> u32 {
        match self {
            Scheme::Threshold { tolerance, .. } => *tolerance,
            Scheme::Checks(code) => code.tolerance,
            Scheme::Nested { outer, inner } => (outer.1 + 1) * (inner.1 + 1) - 1,
        }
    }

    /// Whether the data can be recovered when these positions are lost, each named once.
    pub fn can_recover(&self, erased: &[u32]) -> bool {
        match self {
            Scheme::Threshold { tolerance, .. } => erased.len() <= *tolerance as usize,
            Scheme::Checks(code) => code.can_recover(erased),
            Scheme::Nested { outer, inner } => {
                let mut lost = [0_u32; MOST_POSITIONS];
                for position in erased {
                    lost[(position / inner.0) as usize] += 1;
                }
                let gone = lost.iter().filter(|lost| **lost > inner.1).count();
                gone <= outer.1 as usize
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share of all sets of so many lost positions that can be recovered, as a fraction.
    fn recoverable(code: &Scheme, lost: u32) -> (u32, u32) {
        let mut set: Vec<u32> = (0..lost).collect();
        let (mut good, mut all) = (0, 0);
        loop {
            all += 1;
            good += u32::from(code.can_recover(&set));
            if !next_combination(&mut set, code.width()) {
                return (good, all);
            }
        }
    }

    /// Huang et al. 2012: of four lost fragments LRC(6,2,2) recovers 86 %, of any three all.
    #[test]
    fn local_reconstruction_recovers_what_its_authors_say() {
        let code = Scheme::local_reconstruction(6, 2, 1, 2);
        assert_eq!((code.width(), code.data(), code.tolerance()), (10, 6, 3));
        assert_eq!(recoverable(&code, 3), (120, 120));
        // By hand: lost are a whole group, three of a group and a parity of all, or two and both.
        assert_eq!(recoverable(&code, 4), (210 - 2 - 16 - 12, 210));
        let wide = Scheme::local_reconstruction(12, 2, 1, 2);
        assert_eq!((wide.width(), wide.data(), wide.tolerance()), (16, 12, 3));
        // A data shard or a local parity from the six others of its half, a global parity from all data.
        assert_eq!(wide.reads(), (14.0 * 6.0 + 2.0 * 12.0) / 16.0);
    }

    #[test]
    fn codes_of_full_checks_are_thresholds() {
        let all: Vec<u32> = (0..9).collect();
        let code = Scheme::Checks(Checks::new(9, &vec![all; 3]));
        assert_eq!((code.data(), code.tolerance()), (6, 3));
        assert_eq!(recoverable(&code, 4).0, 0);
    }

    #[test]
    fn nested_codes_lose_whole_groups() {
        // An outer 2+1 of inner 3+1: two lost in each of two groups is the least that is too much.
        let code = Scheme::Nested { outer: (3, 1), inner: (4, 1) };
        assert_eq!((code.width(), code.data(), code.tolerance()), (12, 6, 3));
        assert_eq!(recoverable(&code, 3), (220, 220));
        assert!(code.can_recover(&[0, 1, 2, 3]));
        assert!(!code.can_recover(&[0, 1, 4, 5]));
        assert_eq!(recoverable(&code, 4).1 - recoverable(&code, 4).0, 3 * 6 * 6);
    }

    #[test]
    fn copies_are_a_threshold() {
        assert_eq!(Scheme::copies(3), Scheme::Threshold { width: 3, tolerance: 2 });
        assert_eq!(Scheme::erasure(10, 4).tolerance(), 4);
        assert_eq!(Scheme::erasure(10, 4).data(), 10);
    }
}
