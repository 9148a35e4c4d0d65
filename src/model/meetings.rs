//! Where the groups of each copy have their other copies, as rows of bits: which groups could miss
//! enough of them is seen of 64 groups at a time.

use std::ops::Range;

use super::Lists;

/// So many rows at most: the more rows, the fewer groups must be looked at one by one.
const MOST_ROWS: usize = 128;
/// Where copies are away in more parts of places than this, looking at rows would not leave out much.
const MOST_AWAY: usize = 64;
/// Words of a row that stand side by side.
pub(crate) const TOGETHER: usize = 4;
/// Groups are sought that meet at least so many others, if not fewer are asked for.
const MOST_SOUGHT: usize = 7;

/// A bit for each of as many groups as are looked at together.
pub(crate) type Words = [u64; TOGETHER];

/// For each part of each place, which groups of which copies have a copy there as well.
///
/// Groups are numbered as they stand in the lists of all copies, one list after another. A part that
/// shares its row with others may seem to be met by more groups than meet it, and never by fewer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meetings {
    /// So many words of each row, one row after another, and then as many more of each: what is looked at
    /// together is near in memory. Empty if nobody will look.
    rows: Vec<u64>,
    row_count: u32,
    /// The part of each copy: its place, and in as many of the last bits as that takes which part of it.
    parts: Vec<u32>,
    bits: u32,
}

impl Meetings {
    /// What meets where: `groups_of` are the groups of each copy, of `width` `members` each, which are
    /// in these places. Groups are to be sought that meet at least `sought` parts besides their own.
    pub(super) fn new(
        groups_of: &Lists<u32>,
        members: &[u32],
        width: usize,
        places: &[u32],
        sought: u32,
    ) -> Meetings {
        let count = places.iter().max().map_or(0, |last| *last as usize + 1);
        // A place of few copies is not worth cutting up.
        let each = (MOST_ROWS / count.clamp(1, MOST_ROWS)).min(places.len() / count.max(1));
        let bits = each.max(1).ilog2();
        let parts = parts_of(places, count, bits);
        let row_count = (count << bits).min(MOST_ROWS);
        if sought == 0 || count <= sought as usize {
            return Meetings { row_count: 1, parts, bits, ..Meetings::default() };
        }
        let row_of = |member: &u32| parts[*member as usize] as usize % row_count;
        let meets =
            |members: &[u32]| members.iter().fold(0_u128, |rows, one| rows | 1 << row_of(one));
        let of_group: Vec<u128> = members.chunks_exact(width).map(meets).collect();
        let words = groups_of.items().len().div_ceil(64).next_multiple_of(TOGETHER);
        let mut rows = vec![0; row_count * words];
        for (word, groups) in groups_of.items().chunks(64).enumerate() {
            let start = start_of(word, row_count);
            for half in 0..row_count.div_ceil(64) {
                let mut square = [0; 64];
                for (rows, group) in square.iter_mut().zip(groups) {
                    *rows = (of_group[*group as usize] >> (64 * half)) as u64;
                }
                turn(&mut square);
                for (row, column) in (64 * half..row_count).zip(square) {
                    rows[start + TOGETHER * row] = column;
                }
            }
        }
        Meetings { rows, row_count: row_count as u32, parts, bits }
    }

    /// The part of a place that a copy is in.
    #[inline]
    pub(crate) fn part(&self, number: u32) -> u32 {
        self.parts[number as usize]
    }

    /// The place of a part.
    #[inline]
    pub(crate) fn place(&self, part: u32) -> u32 {
        part >> self.bits
    }

    /// How many parts so many places have.
    pub(crate) fn part_count(&self, places: u32) -> usize {
        (places as usize) << self.bits
    }

    /// Copies with these numbers, cut into those that follow one another in one part.
    #[inline]
    pub(crate) fn by_part(&self, numbers: Range<u32>) -> impl Iterator<Item = (u32, Range<u32>)> {
        let mut next = numbers.start;
        let parts = &self.parts[numbers.start as usize..numbers.end as usize];
        parts.chunk_by(|one, other| one == other).map(move |same| {
            let first = next;
            next += same.len() as u32;
            (same[0], first..next)
        })
    }

    /// Where the row of a part begins.
    #[inline]
    pub(crate) fn row(&self, part: u32) -> u32 {
        part % self.row_count * TOGETHER as u32
    }

    /// The groups of the words from this one on, a multiple of [`TOGETHER`], that meet at least `sought` of the
    /// parts of these rows; or some more.
    #[inline]
    pub(crate) fn seek(&self, word: usize, rows: [&[u32]; 2], sought: u32) -> Words {
        let sought = (sought as usize).min(MOST_SOUGHT);
        let count = rows[0].len() + rows[1].len();
        if self.rows.is_empty() || count > MOST_AWAY {
            return [!0; TOGETHER];
        }
        let words = &self.rows[start_of(word, self.row_count as usize)..];
        let rows = rows.into_iter().flatten().map(|row| {
            let (row, _) = words[*row as usize..].split_first_chunk().expect("rows are whole");
            *row
        });
        if count == sought {
            return rows.fold([!0; TOGETHER], both);
        }
        // With the number known in advance the counts stay in registers.
        match sought {
            1 => meet::<1>(rows),
            2 => meet::<2>(rows),
            3 => meet::<3>(rows),
            4 => meet::<4>(rows),
            5 => meet::<5>(rows),
            6 => meet::<6>(rows),
            _ => meet::<MOST_SOUGHT>(rows),
        }
    }
}

/// The bits that are in at least `SOUGHT` of these rows.
#[inline]
fn meet<const SOUGHT: usize>(rows: impl Iterator<Item = Words>) -> Words {
    // Those that are in at least one, two and so on.
    let mut meet = [[0; TOGETHER]; SOUGHT];
    for row in rows {
        for word in 0..TOGETHER {
            for count in (1..SOUGHT).rev() {
                meet[count][word] |= meet[count - 1][word] & row[word];
            }
            meet[0][word] |= row[word];
        }
    }
    meet[SOUGHT - 1]
}

/// The bits that are in both.
#[inline]
fn both(mut one: Words, other: Words) -> Words {
    one.iter_mut().zip(other).for_each(|(one, other)| *one &= other);
    one
}

/// Where a word of the first of so many rows is.
#[inline]
fn start_of(word: usize, rows: usize) -> usize {
    word / TOGETHER * TOGETHER * rows + word % TOGETHER
}

/// The part of each copy if each of so many places is cut into as many parts as these bits can tell apart, each of
/// copies that follow one another.
fn parts_of(places: &[u32], count: usize, bits: u32) -> Vec<u32> {
    let mut sizes = vec![0_u64; count];
    for place in places {
        sizes[*place as usize] += 1;
    }
    let mut known = vec![0_u64; count];
    let part = |&place: &u32| {
        let known = &mut known[place as usize];
        let part = (*known << bits) / sizes[place as usize];
        *known += 1;
        place << bits | part as u32
    };
    places.iter().map(part).collect()
}

/// Turns rows of a square of bits into columns.
///
/// # Source
///
/// Warren, *Hacker's Delight*, second edition, 2012, section 7-3: squares of half the size are swapped,
/// and the same is done in each of them.
fn turn(square: &mut [u64; 64]) {
    let (mut size, mut mask) = (32, u64::from(u32::MAX));
    while size > 0 {
        for first in (0..64).filter(|row| row & size == 0) {
            let swap = (square[first] >> size ^ square[first + size]) & mask;
            square[first] ^= swap << size;
            square[first + size] ^= swap;
        }
        size /= 2;
        mask ^= mask << size;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, StreamKey};

    #[test]
    fn rows_become_columns() {
        let mut dice = StreamKey::of_life(1, 0).of(1, Purpose::Start).draw(0);
        let square: [u64; 64] = std::array::from_fn(|_| dice.word());
        let mut turned = square;
        turn(&mut turned);
        for (row, column) in (0..64).flat_map(|row| (0..64).map(move |column| (row, column))) {
            assert_eq!(turned[row] >> column & 1, square[column] >> row & 1);
        }
    }

    /// No group is left out that meets enough places, and with a row for each place none is found that
    /// does not.
    #[test]
    fn all_are_found_that_meet_enough_places() {
        for (places, copies) in [(12, 60), (200, 600)] {
            let mut dice = StreamKey::of_life(places, 0).of(1, Purpose::Start).draw(0);
            let places_of: Vec<u32> = (0..copies).map(|copy| (copy % places) as u32).collect();
            let (width, groups) = (5, 200);
            let members: Vec<u32> =
                (0..width * groups).map(|_| dice.below(copies as usize) as u32).collect();
            let mut groups_of = vec![Vec::new(); copies as usize];
            for (index, member) in members.iter().enumerate() {
                groups_of[*member as usize].push((index / width) as u32);
            }
            let groups_of: Lists<u32> = groups_of.into_iter().collect();
            for sought in 1..=3 {
                let meetings = Meetings::new(&groups_of, &members, width, &places_of, sought);
                let parts = meetings.part_count(places as u32);
                let away: Vec<u32> = (0..6).map(|_| dice.below(parts) as u32).collect();
                let rows: Vec<u32> = away.iter().map(|part| meetings.row(*part)).collect();
                for (index, group) in groups_of.items().iter().enumerate() {
                    let members = &members[*group as usize * width..][..width];
                    let is_met =
                        |part: &&u32| members.iter().any(|member| meetings.part(*member) == **part);
                    let met = away.iter().filter(is_met).count();
                    let (word, bit) = (index / 64, index % 64);
                    let first = word / TOGETHER * TOGETHER;
                    let words = meetings.seek(first, rows.split_at(2).into(), sought);
                    let is_found = words[word - first] >> bit & 1 == 1;
                    assert!(is_found || met < sought as usize);
                    assert!(!is_found || met >= sought as usize || parts > MOST_ROWS);
                }
                let all = meetings
                    .by_part(0..copies as u32)
                    .flat_map(|(part, numbers)| numbers.map(move |number| (number, part)));
                assert!(all.eq((0..copies as u32).map(|number| (number, meetings.part(number)))));
                let place = |number: u32| meetings.place(meetings.part(number));
                assert!(
                    (0..copies as u32).all(|number| place(number) == places_of[number as usize])
                );
            }
        }
    }
}
