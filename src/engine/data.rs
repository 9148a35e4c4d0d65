//! The present of data: which copies are lost or out of reach, and how near that is to a loss.
//!
//! How many positions each group has lost is kept: copies are seldom wiped. How many are out of reach,
//! because a unit is down, is not. While copies are away in so few places that no group can be
//! unreadable nobody asks; when there are more, those groups of a copy that leaves are looked at that
//! have copies in enough of the other places, which is seen of 64 groups at a time.

use std::hint::black_box;
use std::ops::Range;

use super::holes::Holes;
use super::observer::{HowLost, Loss, Observer};
use super::state::Root;
use crate::model::{CopyId, Data, DataId, Holding, TOGETHER, UnitId};
use crate::spec::{CatchUp, Sharing};
use crate::units::{SimSpan, SimTime};

/// So many parts of places are put in order to find those of the fewest groups, and no more.
const MOST_TO_SORT: usize = 16;

/// What a copy is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CopyPhase {
    /// Nothing: the data are there.
    Present,
    /// Its unit, for as long as that may take: the data are there, and out of reach.
    Absent,
    /// Its unit.
    Lost,
    /// That somebody notices.
    Unnoticed,
    /// That enough others of its groups are lost.
    Put,
    /// That others are back.
    InLine,
    /// The end of its rebuild.
    Rebuilding,
}

/// The present of one copy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CopyState {
    pub(crate) phase: CopyPhase,
    /// Whether its data are gone.
    pub(crate) is_lost: bool,
    /// Whether it was made anew elsewhere, and stands there until its unit is back.
    pub(crate) is_elsewhere: bool,
    /// Whether it is there and has yet to get what it missed.
    pub(crate) is_catching_up: bool,
    /// Whether its rebuild has begun and waits for what it reads from.
    pub(crate) is_put_aside: bool,
    /// Number of the loss that took it, among all of its class.
    lost_in: u32,
    /// The group in which it has a defect that nobody has noticed.
    pub(crate) defect: Option<u32>,
    /// What took it.
    pub(crate) root: Root,
}

impl CopyState {
    /// Whether another one is being made for it, or waits to be, though its data may not be gone.
    pub(crate) fn is_being_replaced(&self) -> bool {
        matches!(self.phase, CopyPhase::Put | CopyPhase::InLine | CopyPhase::Rebuilding)
    }

    const PRESENT: CopyState = CopyState {
        phase: CopyPhase::Present,
        is_lost: false,
        is_elsewhere: false,
        is_catching_up: false,
        is_put_aside: false,
        lost_in: 0,
        defect: None,
        root: Root::NOTHING,
    };
}

/// How a copy is, as far as somebody is told who watches a life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CopyView {
    /// Whether its data are gone, and not yet made anew.
    pub(crate) is_lost: bool,
    /// Whether it is being made anew.
    pub(crate) is_rebuilding: bool,
    /// Whether it was made anew elsewhere, and stands there.
    pub(crate) is_elsewhere: bool,
}

/// The present of the copies of one class.
#[derive(Clone, Debug)]
pub(crate) struct HoldingState {
    /// Copies that are lost and not yet back.
    lost: u32,
    /// Groups that cannot be read.
    unreadable: u32,
    /// Groups that take no new data, and how many copies of each are away; kept where other classes are copied to it.
    refusing: u32,
    away_of: Vec<u32>,
    /// Copies that were made anew at this instant without having been lost.
    moved: u32,
    /// Copies that are lost, groups that cannot be read and groups that take nothing, as observers know them.
    told: (u32, u32, u32),
    /// Instants at which copies were lost, so far, and whether this is one: whatever is lost at one instant is lost together, so
    /// that a group whose data are gone with some of its copies does not lose the new ones with the rest.
    losses: u32,
    is_struck: bool,
    /// Positions that each group has lost.
    pub(crate) lost_of: Vec<u32>,
    /// Number of the instant at which the data of each group were last lost: what was taken until then does not count.
    new_since: Vec<u32>,
    /// The last of these numbers: zero as long as no group has been lost.
    newest_since: u32,
    /// The groups that cannot be read.
    is_unreadable: Bits,
    /// Whether other groups can be read than at the last look at what is being rebuilt, or need not be any more.
    sources_turned: bool,
    /// How many copies are away, in all and in each part of a place; in how many parts of each place, and
    /// in how many places.
    away: u32,
    away_in: Vec<AwayIn>,
    away_parts: Vec<u32>,
    away_places: u32,
    /// The parts in which copies are away, in no order: which, and their rows.
    listed: Vec<u32>,
    away_rows: Vec<u32>,
    /// Numbers of the copies that are being rebuilt.
    pub(crate) rebuilding: Vec<u32>,
    /// For each of them, how many bytes are read from the copy that most is read from, of those that it needs, for each
    /// byte that every rebuild brings back; and room for what is read from each copy. Empty where that does not matter.
    pub(crate) read_most: Vec<f64>,
    reads_of: Vec<f64>,
    /// Numbers of the copies that wait for others, the first come first.
    pub(crate) in_line: Vec<u32>,
    /// Who has served last, where others are behind.
    pub(crate) server: Option<UnitId>,
    /// What each copy has missed; empty where copies catch up at once.
    holes: Vec<Holes>,
    /// When each group took nothing, because too few of its copies were there; empty where nothing is missed.
    untaken: Vec<Holes>,
    /// When each copy was last out of reach; empty where none is behind another.
    left_at: Vec<SimTime>,
}

/// The copies of one part of a place that are away.
#[derive(Clone, Copy, Debug, Default)]
struct AwayIn {
    copies: u32,
    /// Where the part is in the list of those in which copies are away, if any are.
    listed: u32,
    /// The numbers that they are among: those of all that have left since the first.
    from: u32,
    to: u32,
}

/// A set of small numbers.
#[derive(Clone, Debug, Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn new(count: usize) -> Bits {
        Bits(vec![0; count.div_ceil(64)])
    }

    fn clear(&mut self) {
        self.0.fill(0);
    }

    #[inline]
    fn has(&self, number: usize) -> bool {
        self.0[number / 64] >> (number % 64) & 1 == 1
    }

    /// Puts a number in or takes it out; whether it had been in.
    #[inline]
    fn put(&mut self, number: usize, is_in: bool) -> bool {
        let was_in = self.has(number);
        self.0[number / 64] ^= u64::from(was_in != is_in) << (number % 64);
        was_in
    }

    /// Whether none of these numbers is in.
    #[inline]
    fn has_none(&self, numbers: Range<usize>) -> bool {
        spans_of(numbers).all(|(word, bits)| self.0[word] & bits == 0)
    }

    /// Puts numbers in that are not, or takes out numbers that all are in.
    #[inline]
    fn turn(&mut self, numbers: Range<usize>) {
        spans_of(numbers).for_each(|(word, bits)| self.0[word] ^= bits);
    }
}

/// The words that hold the bits of these numbers, and which bits of each.
#[inline]
fn spans_of(numbers: Range<usize>) -> impl Iterator<Item = (usize, u64)> {
    (numbers.start / 64..numbers.end.div_ceil(64)).map(move |word| (word, bits_of(word, &numbers)))
}

/// The bits in a word of those of these numbers that it holds: one at least.
#[inline]
fn bits_of(word: usize, numbers: &Range<usize>) -> u64 {
    let before = numbers.start.saturating_sub(64 * word);
    let after = (64 * (word + 1)).saturating_sub(numbers.end);
    !0 << before & !0 >> after
}

impl HoldingState {
    fn new(holding: &Holding) -> HoldingState {
        let (groups, copies) = (holding.group_count(), holding.count as usize);
        let parts = holding.meetings.part_count(holding.place_count);
        let reads = holding.rebuild.as_ref().is_some_and(|rebuild| rebuild.source().is_some());
        HoldingState {
            lost: 0,
            unreadable: 0,
            refusing: 0,
            away_of: vec![0; if holding.is_copied_to { groups } else { 0 }],
            moved: 0,
            told: (0, 0, 0),
            losses: 0,
            is_struck: false,
            lost_of: vec![0; groups],
            new_since: vec![0; groups],
            newest_since: 0,
            is_unreadable: Bits::new(groups),
            sources_turned: false,
            away: 0,
            away_in: vec![AwayIn::default(); parts],
            away_parts: vec![0; holding.place_count as usize],
            away_places: 0,
            listed: Vec::with_capacity(parts),
            away_rows: Vec::with_capacity(parts),
            rebuilding: Vec::with_capacity(copies),
            read_most: Vec::with_capacity(if reads { copies } else { 0 }),
            reads_of: vec![0.0; if reads { copies } else { 0 }],
            in_line: Vec::with_capacity(copies),
            server: None,
            holes: match holding.catch_up {
                CatchUp::AtOnce => Vec::new(),
                CatchUp::After(_) | CatchUp::Never => vec![Holes::NONE; copies],
            },
            untaken: match holding.catch_up {
                CatchUp::After(_) | CatchUp::Never => vec![Holes::NONE; groups],
                CatchUp::AtOnce => Vec::new(),
            },
            left_at: vec![SimTime::ZERO; if holding.lag.is_some() { copies } else { 0 }],
        }
    }

    fn begin(&mut self) {
        (self.lost, self.unreadable, self.refusing, self.losses) = (0, 0, 0, 0);
        self.is_struck = false;
        self.moved = 0;
        self.told = (0, 0, 0);
        self.away_of.fill(0);
        self.lost_of.fill(0);
        if self.newest_since > 0 {
            self.new_since.fill(0);
            self.newest_since = 0;
        }
        self.is_unreadable.clear();
        self.sources_turned = false;
        self.away = 0;
        self.away_in.fill(AwayIn::default());
        self.away_parts.fill(0);
        self.away_places = 0;
        self.listed.clear();
        self.away_rows.clear();
        self.rebuilding.clear();
        self.in_line.clear();
        self.server = None;
        self.holes.fill(Holes::NONE);
        self.untaken.fill(Holes::NONE);
        self.left_at.fill(SimTime::ZERO);
    }

    /// Copies with these numbers leave, which are in one part of a place; whether they are the first in that place.
    #[inline]
    fn leave(&mut self, holding: &Holding, part: u32, numbers: Range<u32>) -> bool {
        let copies = numbers.len() as u32;
        self.away += copies;
        let away = &mut self.away_in[part as usize];
        away.copies += copies;
        if away.copies > copies {
            (away.from, away.to) = (away.from.min(numbers.start), away.to.max(numbers.end));
            return false;
        }
        (away.from, away.to) = (numbers.start, numbers.end);
        away.listed = self.listed.len() as u32;
        self.listed.push(part);
        self.away_rows.push(holding.meetings.row(part));
        let parts = &mut self.away_parts[holding.meetings.place(part) as usize];
        *parts += 1;
        let is_first = *parts == 1;
        self.away_places += u32::from(is_first);
        is_first
    }

    /// So many copies less are away in a part of a place; whether they were the last in that place.
    #[inline]
    fn return_to(&mut self, holding: &Holding, part: u32, copies: u32) -> bool {
        self.away -= copies;
        let away = &mut self.away_in[part as usize];
        away.copies -= copies;
        if away.copies > 0 {
            return false;
        }
        let listed = away.listed;
        self.listed.swap_remove(listed as usize);
        self.away_rows.swap_remove(listed as usize);
        if let Some(moved) = self.listed.get(listed as usize) {
            self.away_in[*moved as usize].listed = listed;
        }
        let parts = &mut self.away_parts[holding.meetings.place(part) as usize];
        *parts -= 1;
        let is_last = *parts == 0;
        self.away_places -= u32::from(is_last);
        is_last
    }

    /// A copy has left; whether a group takes no new data without it.
    fn takes_less(&mut self, holding: &Holding, number: u32) -> bool {
        let before = self.refusing;
        for &group in holding.groups_of.of(number as usize) {
            let away = &mut self.away_of[group as usize];
            self.refusing += u32::from(holding.takes_data(*away) && !holding.takes_data(*away + 1));
            *away += 1;
        }
        self.refusing != before
    }

    /// A copy has returned; whether a group takes new data with it, and did not without.
    fn takes_more(&mut self, holding: &Holding, number: u32) -> bool {
        let before = self.refusing;
        for &group in holding.groups_of.of(number as usize) {
            let away = &mut self.away_of[group as usize];
            *away -= 1;
            self.refusing -= u32::from(holding.takes_data(*away) && !holding.takes_data(*away + 1));
        }
        self.refusing != before
    }

    /// Number of the loss after which a group was new again.
    #[inline]
    fn new_since(&self, group: usize) -> u32 {
        // As a rule no group is ever lost, and what is known of each need not be fetched.
        if self.newest_since == 0 { 0 } else { self.new_since[group] }
    }

    /// Where among these the group is that has lost the most.
    pub(crate) fn worst_of(&self, groups: &[u32]) -> usize {
        let lost = |place: &usize| self.lost_of[groups[*place] as usize];
        (0..groups.len()).rev().max_by_key(lost).unwrap_or(0)
    }

    /// How many positions the group of these that has lost the most has lost.
    pub(crate) fn most_lost(&self, groups: &[u32]) -> u32 {
        groups.iter().map(|group| self.lost_of[*group as usize]).max().unwrap_or(0)
    }
}

/// The present of all data.
#[derive(Clone, Debug)]
pub(crate) struct DataState {
    /// Copies of all classes that are lost and not yet back, or back elsewhere.
    not_on_units: u32,
    pub(crate) copies: Vec<CopyState>,
    /// The copies that cannot be read.
    away: Bits,
    pub(crate) holdings: Vec<HoldingState>,
    /// Classes of which observers may not know all.
    touched: Vec<DataId>,
    /// Classes that rebuild, and whose rebuilds may have to be put aside or go on, each once.
    turned: Vec<DataId>,
    losses: Vec<Loss>,
    /// What only copies had that are lost at this instant, of which group.
    missed: Vec<(u32, Loss)>,
    /// Copies that have no defect any more, because the data that it was in are gone.
    mended: Vec<CopyId>,
    /// Groups that have lost something at this instant, and how much, without being gone with it.
    margins: Vec<(DataId, u32, u32)>,
    /// Room for the positions of a group.
    positions: Vec<u32>,
    /// Room for parts of places in order: of how many groups they are, which, and from which number to
    /// which copies of it are away.
    pivots: Vec<(usize, u32, u32, u32)>,
}

/// The class of copies that follow one another and are all of one, and their numbers in it.
#[inline]
fn of_one_class<'d>(data: &'d Data, copies: &Range<u32>) -> (DataId, &'d Holding, Range<u32>) {
    let (class, holding, first) = data.holding_of(CopyId::from_index(copies.start));
    (class, holding, first..first + copies.len() as u32)
}

impl DataState {
    pub(crate) fn new(data: &Data) -> DataState {
        let widest = data.holdings.iter().map(|holding| holding.width as usize).max();
        DataState {
            not_on_units: 0,
            copies: vec![CopyState::PRESENT; data.units.len()],
            away: Bits::new(data.units.len()),
            holdings: data.holdings.iter().map(HoldingState::new).collect(),
            touched: Vec::new(),
            turned: Vec::with_capacity(data.holdings.len()),
            losses: Vec::new(),
            missed: Vec::new(),
            mended: Vec::new(),
            margins: Vec::new(),
            positions: Vec::with_capacity(widest.unwrap_or(0) + 1),
            pivots: Vec::with_capacity(MOST_TO_SORT),
        }
    }

    /// How a copy is.
    pub(crate) fn copy(&self, copy: CopyId) -> CopyView {
        let CopyState { phase, is_lost, is_elsewhere, .. } = self.copies[copy.index()];
        CopyView { is_lost, is_rebuilding: phase == CopyPhase::Rebuilding, is_elsewhere }
    }

    /// Goes back to the beginning: every copy there.
    pub(crate) fn begin(&mut self) {
        self.not_on_units = 0;
        self.copies.fill(CopyState::PRESENT);
        self.away.clear();
        self.holdings.iter_mut().for_each(HoldingState::begin);
        self.touched.clear();
        self.turned.clear();
        self.losses.clear();
        self.missed.clear();
        self.mended.clear();
        self.margins.clear();
    }

    /// A copy that has no defect any more because the data that it was in are gone, each once.
    pub(super) fn next_mended(&mut self) -> Option<CopyId> {
        self.mended.pop()
    }

    /// Whether observers have something to be told.
    #[inline]
    pub(super) fn is_touched(&self) -> bool {
        !self.touched.is_empty()
    }

    /// Whether observers have yet to be told of a loss, with which a life may end.
    #[inline]
    pub(super) fn has_lost(&self) -> bool {
        !self.losses.is_empty() || !self.missed.is_empty()
    }

    /// Tells nobody what has become of data at this instant.
    pub(super) fn forget_losses(&mut self) {
        self.losses.clear();
        self.missed.clear();
        self.margins.clear();
        for class in self.touched.drain(..) {
            let state = &mut self.holdings[class.index()];
            state.told = (state.lost, state.unreadable, state.refusing);
            (state.moved, state.is_struck) = (0, false);
        }
    }

    /// How many positions the group of a class has lost that has lost the most.
    pub(super) fn most_lost_of(&self, data: &Data, class: DataId) -> u32 {
        let state = &self.holdings[class.index()];
        if state.lost == 0 {
            return 0;
        }
        let holding = &data.holdings[class.index()];
        let lost = (0..holding.count).filter(|number| self.is_lost_of(holding, *number));
        lost.map(|number| state.most_lost(holding.groups_of.of(number as usize))).max().unwrap_or(0)
    }

    /// Tells of the copies of a class that are lost, and what took each.
    pub(super) fn each_lost_of(
        &self,
        data: &Data,
        class: DataId,
        mut tell: impl FnMut(CopyId, Root),
    ) {
        let holding = &data.holdings[class.index()];
        if self.holdings[class.index()].lost == 0 {
            return;
        }
        for copy in (0..holding.count).map(|number| holding.copy(number)) {
            let CopyState { is_lost, root, .. } = self.copies[copy.index()];
            if is_lost {
                tell(copy, root);
            }
        }
    }

    /// Tells of the copies that are there of the groups of a class that have lost so many positions; of some more than
    /// once.
    pub(super) fn each_present_in_groups(
        &self,
        data: &Data,
        class: DataId,
        lost: u32,
        mut tell: impl FnMut(CopyId),
    ) {
        let (state, holding) = (&self.holdings[class.index()], &data.holdings[class.index()]);
        if lost == 0 {
            let are_there = (0..holding.count).filter(|number| !self.is_lost_of(holding, *number));
            return are_there.for_each(|number| tell(holding.copy(number)));
        }
        for number in (0..holding.count).filter(|number| self.is_lost_of(holding, *number)) {
            for &group in holding.groups_of.of(number as usize) {
                if state.lost_of[group as usize] == lost {
                    let members = holding.group(group).iter();
                    let others = members.filter(|number| !self.is_lost_of(holding, **number));
                    others.for_each(|number| tell(holding.copy(*number)));
                }
            }
        }
    }

    /// Finds out how much rebuilds read from the copy that each of them has to wait for: they read evenly from all copies
    /// of a group that are not lost, and all groups of a copy come back together.
    pub(super) fn read_for_rebuilds(&mut self, holding: &Holding, class: DataId, sharing: Sharing) {
        let DataState { copies, holdings, .. } = self;
        let is_read = |number: u32| !copies[holding.copy(number).index()].is_lost;
        let HoldingState { rebuilding, read_most, reads_of, .. } = &mut holdings[class.index()];
        let together = match sharing {
            Sharing::OfHolder => rebuilding.len(),
            Sharing::Nothing | Sharing::OfOne => 1,
        };
        let at_once = if sharing == Sharing::OfOne { rebuilding.len() } else { 1 };
        read_most.clear();
        for reading in rebuilding.chunks(together.max(1)) {
            for &number in reading {
                holding.read_for(number, is_read, |other, share| reads_of[other as usize] += share);
            }
            for &number in reading {
                let mut most: f64 = 0.0;
                holding.read_for(number, is_read, |other, _| {
                    most = most.max(reads_of[other as usize]);
                });
                // Where nothing is left to read from, nothing is left to read either: it is filled anew as from one.
                read_most.push(if most > 0.0 { most } else { 1.0 } * at_once as f64);
            }
            for &number in reading {
                holding.read_for(number, is_read, |other, _| reads_of[other as usize] = 0.0);
            }
        }
    }

    /// Whether the data of the copy with this number are gone.
    #[inline]
    fn is_lost_of(&self, holding: &Holding, number: u32) -> bool {
        self.copies[holding.copy(number).index()].is_lost
    }

    /// Whether data of a class are lost at this instant.
    pub(super) fn has_lost_of(&self, class: DataId) -> bool {
        let missed = self.missed.iter().map(|(_, loss)| loss);
        self.losses.iter().chain(missed).any(|loss| loss.data == class)
    }

    /// Works out everything that follows from how the copies of a class are, none of which has been
    /// lost before.
    pub(super) fn follow_from_copies(
        &mut self,
        data: &Data,
        class: DataId,
        is_up: impl Fn(UnitId) -> bool,
    ) {
        let holding = &data.holdings[class.index()];
        for number in 0..holding.count {
            let copy = holding.copy(number);
            let CopyState { phase, is_lost, is_elsewhere, .. } = self.copies[copy.index()];
            self.not_on_units += u32::from(is_lost || is_elsewhere);
            if phase == CopyPhase::Rebuilding {
                self.holdings[class.index()].rebuilding.push(number);
            }
            if is_lost {
                self.copies[copy.index()].lost_in = 1;
                let state = &mut self.holdings[class.index()];
                (state.losses, state.lost) = (1, state.lost + 1);
                for &group in holding.groups_of.of(number as usize) {
                    state.lost_of[group as usize] += 1;
                }
            }
            if is_lost || !is_elsewhere && !is_up(data.units[copy.index()]) {
                self.leaves(data, copy);
            }
        }
        self.touched.clear();
        self.turned.clear();
        self.holdings[class.index()].sources_turned = false;
    }

    /// Tells an observer what has become of data at this instant.
    pub(super) fn settle(&mut self, at: SimTime, observer: &mut impl Observer) {
        self.tell_margins(at, observer);
        self.touched.sort_unstable();
        self.touched.dedup();
        let missed = self.missed.drain(..).map(|(_, loss)| loss);
        for loss in self.losses.drain(..).chain(missed) {
            observer.on_loss(at, loss);
        }
        for class in self.touched.drain(..) {
            let state = &mut self.holdings[class.index()];
            let (lost, unreadable, refusing) = state.told;
            state.told = (state.lost, state.unreadable, state.refusing);
            state.is_struck = false;
            let moved = std::mem::take(&mut state.moved);
            if moved > 0 {
                observer.on_moved_copies(class, at, moved);
            }
            if lost != state.lost {
                observer.on_lost_copies(class, at, state.lost);
            }
            if unreadable != state.unreadable {
                observer.on_unreadable_groups(class, at, state.unreadable);
            }
            if refusing != state.refusing {
                observer.on_refusing_groups(class, at, state.refusing);
            }
        }
    }

    /// Tells how much groups have lost: once of each, however many copies it was at this instant, and nothing of those
    /// that are gone.
    fn tell_margins(&mut self, at: SimTime, observer: &mut impl Observer) {
        self.margins.sort_unstable();
        let margins = &self.margins;
        for (place, (class, group, lost)) in margins.iter().enumerate() {
            let next = margins.get(place + 1).map(|(class, group, _)| (class, group));
            let state = &self.holdings[class.index()];
            let is_gone = state.new_since(*group as usize) == state.losses && state.is_struck;
            if next != Some((class, group)) && !is_gone {
                observer.on_margin(*class, at, *lost);
            }
        }
        self.margins.clear();
    }

    /// A copy is lost.
    pub(crate) fn lose(&mut self, data: &Data, copy: CopyId, root: Root) {
        let (class, holding, number) = data.holding_of(copy);
        let state = &mut self.holdings[class.index()];
        state.losses += u32::from(!std::mem::replace(&mut state.is_struck, true));
        let before = self.copies[copy.index()];
        let present = &mut self.copies[copy.index()];
        (present.phase, present.is_lost) = (CopyPhase::Lost, true);
        (present.lost_in, present.defect, present.root) = (state.losses, None, root);
        let is_new = u32::from(!before.is_lost);
        state.lost += is_new;
        self.not_on_units += is_new;
        self.touched.push(class);
        let groups = holding.groups_of.of(number as usize);
        // What is known of groups is far apart in memory, and is fetched for all before any is judged.
        for &group in groups {
            black_box(self.holdings[class.index()].lost_of[group as usize]);
        }
        for &group in groups {
            let state = &mut self.holdings[class.index()];
            let since = state.new_since(group as usize);
            let did_count = before.is_lost && before.lost_in > since;
            if !did_count && state.losses > since {
                state.lost_of[group as usize] += 1;
                self.judge(data, class, group, root);
            }
        }
    }

    /// A copy has a defect in one of its groups.
    pub(crate) fn has_a_defect(&mut self, data: &Data, copy: CopyId, group: u32) {
        let (class, holding, _) = data.holding_of(copy);
        self.copies[copy.index()].defect = Some(group);
        if holding.defects_add_up() {
            self.judge(data, class, group, Root::DEFECT);
        }
    }

    /// Whether the data of a group are gone, now that one position more of it is lost or bad.
    fn judge(&mut self, data: &Data, class: DataId, group: u32, root: Root) {
        let holding = &data.holdings[class.index()];
        let lost = self.holdings[class.index()].lost_of[group as usize];
        let is_gone = !self.can_lose(holding, class, group, None);
        let bad = match holding.defects_add_up() {
            true => self.positions.len() as u32 - lost,
            false => 0,
        };
        if is_gone {
            let how = if bad > 0 { HowLost::Latent } else { HowLost::Wiped };
            self.is_gone(holding, class, group, (how, root));
            return;
        }
        if !holding.defects_add_up() && holding.latent.is_some() && lost >= holding.tolerance {
            // A defect takes a position more, and no two are of the same data.
            for (position, number) in holding.group(group).iter().enumerate() {
                if self.copies[holding.copy(*number).index()].defect == Some(group)
                    && !self.can_lose(holding, class, group, Some(position as u32))
                {
                    self.is_gone(holding, class, group, (HowLost::Latent, root));
                    return;
                }
            }
        }
        self.margins.push((class, group, lost + bad));
    }

    /// Whether a group can be recovered from what it has not lost, and also from that without one
    /// position more.
    fn can_lose(
        &mut self,
        holding: &Holding,
        class: DataId,
        group: u32,
        besides: Option<u32>,
    ) -> bool {
        let state = &self.holdings[class.index()];
        let lost = state.lost_of[group as usize] + u32::from(besides.is_some());
        let adds_up = holding.defects_add_up();
        if lost <= holding.tolerance && !adds_up {
            return true;
        }
        self.positions.clear();
        for (position, number) in holding.group(group).iter().enumerate() {
            let copy = self.copies[holding.copy(*number).index()];
            let is_lost = copy.is_lost && copy.lost_in > state.new_since(group as usize);
            let is_bad = adds_up && copy.defect == Some(group);
            if is_lost || is_bad || besides == Some(position as u32) {
                self.positions.push(position as u32);
            }
        }
        holding.scheme.can_recover(&self.positions)
    }

    /// The data of a group are gone; what comes after is full and new.
    fn is_gone(&mut self, holding: &Holding, class: DataId, group: u32, how: (HowLost, Root)) {
        let state = &mut self.holdings[class.index()];
        state.lost_of[group as usize] = 0;
        state.new_since[group as usize] = state.losses;
        state.newest_since = state.losses;
        // What only some of its copies had is part of all.
        self.missed.retain(|(of, loss)| (*of, loss.data) != (group, class));
        self.sources_turn(holding, class);
        for number in holding.group(group) {
            let copy = holding.copy(*number);
            if self.copies[copy.index()].defect == Some(group) {
                self.copies[copy.index()].defect = None;
                self.mended.push(copy);
            }
        }
        self.is_lost(Loss {
            data: class,
            cause: how.1,
            how: how.0,
            groups: 1,
            newest: None,
            age: SimSpan::ZERO,
        });
    }

    /// Data are lost: at one instant once for each way and cause.
    pub(crate) fn is_lost(&mut self, loss: Loss) {
        self.touched.push(loss.data);
        let same = self.losses.iter_mut().find(|other| {
            (other.data, other.how, other.cause) == (loss.data, loss.how, loss.cause)
        });
        match same {
            Some(other) if loss.newest.is_none() => other.groups += loss.groups,
            _ => self.losses.push(loss),
        }
    }

    /// All groups of a class are deleted.
    pub(crate) fn is_deleted(&mut self, data: &Data, class: DataId) {
        let holding = &data.holdings[class.index()];
        for group in 0..holding.group_count() as u32 {
            self.is_gone(holding, class, group, (HowLost::Deleted, Root::DELETION));
        }
    }

    /// A rebuild finds something of one of its groups unreadable, on the other copy at this place
    /// among those that are there.
    pub(crate) fn is_unreadable(&mut self, data: &Data, copy: CopyId, group: u32, other: usize) {
        let (class, holding, _) = data.holding_of(copy);
        let is_there = |(_, number): &(usize, &u32)| !self.is_lost_of(holding, **number);
        let mut others = holding.group(group).iter().enumerate().filter(is_there);
        let position = others.nth(other).map(|(position, _)| position as u32);
        // Without another there is nothing to read, and nothing that can be unreadable.
        let root = self.copies[copy.index()].root;
        if position.is_some() && !self.can_lose(holding, class, group, position) {
            self.is_gone(holding, class, group, (HowLost::Unreadable, root));
        }
    }

    /// How many copies of a group are there.
    pub(crate) fn present_of(&self, holding: &Holding, group: u32) -> usize {
        holding.group(group).iter().filter(|number| !self.is_lost_of(holding, **number)).count()
    }

    /// A copy stands elsewhere while its unit is down, or no longer.
    pub(crate) fn stands_elsewhere(&mut self, copy: CopyId, is_elsewhere: bool) {
        let present = &mut self.copies[copy.index()];
        self.not_on_units += u32::from(is_elsewhere);
        self.not_on_units -= u32::from(present.is_elsewhere);
        present.is_elsewhere = is_elsewhere;
    }

    /// A lost copy is back.
    pub(crate) fn is_back(&mut self, data: &Data, copy: CopyId) {
        let (class, holding, number) = data.holding_of(copy);
        let state = &mut self.holdings[class.index()];
        let present = &mut self.copies[copy.index()];
        present.phase = CopyPhase::Present;
        self.touched.push(class);
        if !std::mem::take(&mut present.is_lost) {
            state.moved += 1;
            return;
        }
        state.lost -= 1;
        self.not_on_units -= 1;
        for &group in holding.groups_of.of(number as usize) {
            if present.lost_in > state.new_since(group as usize) {
                state.lost_of[group as usize] -= 1;
            }
        }
    }

    /// A copy cannot be read any more; whether it is the first of its place.
    #[inline]
    pub(crate) fn leaves(&mut self, data: &Data, copy: CopyId) -> bool {
        if self.away.put(copy.index(), true) {
            return false;
        }
        let (class, holding, number) = data.holding_of(copy);
        let state = &mut self.holdings[class.index()];
        let part = holding.meetings.part(number);
        let is_first = state.leave(holding, part, number..number + 1);
        if holding.is_copied_to && state.takes_less(holding, number) {
            self.touched.push(class);
        }
        let state = &mut self.holdings[class.index()];
        if state.away_places > holding.places_to_spare() {
            self.look_at_groups_of(holding, class, part, number);
        }
        is_first
    }

    /// A copy can be read again; whether it is the last of its place.
    #[inline]
    pub(crate) fn returns(&mut self, data: &Data, copy: CopyId) -> bool {
        if !self.away.put(copy.index(), false) {
            return false;
        }
        let (class, holding, number) = data.holding_of(copy);
        let state = &mut self.holdings[class.index()];
        let is_last = state.return_to(holding, holding.meetings.part(number), 1);
        if holding.is_copied_to && state.takes_more(holding, number) {
            self.touched.push(class);
        }
        let state = &mut self.holdings[class.index()];
        if state.unreadable > 0 {
            self.look_at_unreadable_groups_of(holding, class, number);
        }
        is_last
    }

    /// Finds the groups that cannot be read without a copy that has just left.
    fn look_at_groups_of(&mut self, holding: &Holding, class: DataId, part: u32, number: u32) {
        let mut span = holding.groups_of.span(number as usize);
        while let Some(group) = self.next_unreadable(holding, class, part, &mut span) {
            let state = &mut self.holdings[class.index()];
            state.is_unreadable.put(group as usize, true);
            state.unreadable += 1;
            self.touched.push(class);
            self.sources_turn(holding, class);
        }
    }

    /// The next group in this span of those of all copies that cannot be read and is not yet known for it,
    /// of copies in one part that are away. It has copies in as many of the others in which copies are away
    /// as there are places that it can spare.
    fn next_unreadable(
        &mut self,
        holding: &Holding,
        class: DataId,
        part: u32,
        span: &mut Range<usize>,
    ) -> Option<u32> {
        while span.start < span.end {
            let first = span.start / 64 / TOGETHER * TOGETHER;
            let state = &self.holdings[class.index()];
            let own = state.away_in[part as usize].listed;
            let (before, after) = state.away_rows.split_at(own as usize);
            let rows = [before, &after[1..]];
            let words = holding.meetings.seek(first, rows, holding.places_to_spare());
            let end = span.end.min(64 * (first + TOGETHER));
            for (word, bits) in spans_of(span.start..end) {
                let mut found = bits & words[word - first];
                while found != 0 {
                    let place = 64 * word + found.trailing_zeros() as usize;
                    found &= found - 1;
                    let group = holding.groups_of.items()[place];
                    let is_known = self.holdings[class.index()].is_unreadable.has(group as usize);
                    if !is_known && !self.can_read(holding, group) {
                        span.start = place + 1;
                        return Some(group);
                    }
                }
            }
            span.start = end;
        }
        None
    }

    /// Finds the groups that can be read with a copy that has just returned, and could not without.
    #[cold]
    fn look_at_unreadable_groups_of(&mut self, holding: &Holding, class: DataId, number: u32) {
        for &group in holding.groups_of.of(number as usize) {
            if self.holdings[class.index()].is_unreadable.has(group as usize)
                && self.can_read(holding, group)
            {
                let state = &mut self.holdings[class.index()];
                state.is_unreadable.put(group as usize, false);
                state.unreadable -= 1;
                self.touched.push(class);
                self.sources_turn(holding, class);
            }
        }
    }

    /// Copies of one class that are all there leave, and no group is unreadable without them; in how many
    /// places they are the first.
    #[inline]
    pub(super) fn all_leave(&mut self, data: &Data, copies: &Range<u32>) -> u32 {
        let (class, holding, numbers) = of_one_class(data, copies);
        let state = &mut self.holdings[class.index()];
        let mut firsts = 0;
        for (part, numbers) in holding.meetings.by_part(numbers) {
            firsts += u32::from(state.leave(holding, part, numbers));
        }
        self.away.turn(copies.start as usize..copies.end as usize);
        firsts
    }

    /// Copies that have left together return together; in how many places they were the last.
    #[inline]
    pub(super) fn all_return(&mut self, data: &Data, copies: &Range<u32>) -> u32 {
        let (class, holding, numbers) = of_one_class(data, copies);
        let state = &mut self.holdings[class.index()];
        let mut lasts = 0;
        for (part, numbers) in holding.meetings.by_part(numbers) {
            lasts += u32::from(state.return_to(holding, part, numbers.len() as u32));
        }
        self.away.turn(copies.start as usize..copies.end as usize);
        lasts
    }

    /// Whether all groups that can be read could be without these copies of one class, all of which are
    /// there.
    pub(super) fn can_spare(&mut self, data: &Data, copies: &Range<u32>) -> bool {
        self.all_leave(data, copies);
        let (class, holding, numbers) = of_one_class(data, copies);
        let is_spared = self.holdings[class.index()].away_places <= holding.places_to_spare()
            || self.all_can_be_read(holding, class, numbers);
        self.all_return(data, copies);
        is_spared
    }

    /// Whether all groups can be read that could be before copies with these numbers left.
    fn all_can_be_read(&mut self, holding: &Holding, class: DataId, numbers: Range<u32>) -> bool {
        let spans = |numbers: Range<u32>| {
            holding.groups_of.spans(numbers.start as usize..numbers.end as usize)
        };
        // A group that misses one copy more than it can spare places has a copy in at least one of any
        // parts that are so many: those of the fewest groups are few as soon as a drive is among them.
        let state = &self.holdings[class.index()];
        let most = state.listed.len() - holding.places_to_spare() as usize;
        self.pivots.clear();
        if state.listed.len() <= MOST_TO_SORT {
            let sized = |&part: &u32| {
                let AwayIn { from, to, .. } = state.away_in[part as usize];
                (spans(from..to).len(), part, from, to)
            };
            self.pivots.extend(state.listed.iter().map(sized));
            self.pivots.sort_unstable();
        }
        let smallest: usize = self.pivots.iter().take(most).map(|pivot| pivot.0).sum();
        if self.pivots.is_empty() || smallest >= spans(numbers.clone()).len() {
            return holding.meetings.by_part(numbers).all(|(part, numbers)| {
                self.next_unreadable(holding, class, part, &mut spans(numbers)).is_none()
            });
        }
        (0..most).all(|index| {
            let (_, part, from, to) = self.pivots[index];
            self.next_unreadable(holding, class, part, &mut spans(from..to)).is_none()
        })
    }

    /// Whether none of these copies is away, or is made up for elsewhere.
    #[inline]
    pub(super) fn is_none_away(&self, copies: &Range<u32>) -> bool {
        let copies = copies.start as usize..copies.end as usize;
        self.away.has_none(copies.clone())
            && (self.not_on_units == 0 || self.copies[copies].iter().all(|copy| !copy.is_elsewhere))
    }

    /// Whether every group of a class can be read.
    #[inline]
    pub(super) fn is_readable(&self, class: DataId) -> bool {
        self.holdings[class.index()].unreadable == 0
    }

    /// In how many places copies of a class are away.
    pub(super) fn away_places(&self, class: DataId) -> u32 {
        self.holdings[class.index()].away_places
    }

    /// Whether a group can be read from what is not away.
    fn can_read(&mut self, holding: &Holding, group: u32) -> bool {
        self.positions.clear();
        for (position, number) in holding.group(group).iter().enumerate() {
            if self.away.has(holding.copy(*number).index()) {
                self.positions.push(position as u32);
            }
        }
        self.positions.len() <= holding.tolerance as usize
            || holding.scheme.can_recover(&self.positions)
    }

    /// Whether all groups of a copy can be read.
    pub(super) fn can_read_all_of(&self, data: &Data, copy: CopyId) -> bool {
        let (class, holding, number) = data.holding_of(copy);
        let unreadable = &self.holdings[class.index()].is_unreadable;
        holding.groups_of.of(number as usize).iter().all(|group| !unreadable.has(*group as usize))
    }

    /// There are other groups of a class that can be read, or some that are empty.
    fn sources_turn(&mut self, holding: &Holding, class: DataId) {
        let has_turned = &mut self.holdings[class.index()].sources_turned;
        if holding.rebuild.is_some() && !std::mem::replace(has_turned, true) {
            self.turned.push(class);
        }
    }

    /// Whether other groups can be read of some class that rebuilds.
    #[inline]
    pub(super) fn has_turned(&self) -> bool {
        !self.turned.is_empty()
    }

    /// A class that rebuilds and of which other groups can be read, each once.
    pub(super) fn next_turned(&mut self) -> Option<DataId> {
        let class = self.turned.pop()?;
        self.holdings[class.index()].sources_turned = false;
        Some(class)
    }

    /// Whether what a copy lacks can be read from the others of its groups. What is gone for good need not be.
    pub(super) fn has_sources(&self, holding: &Holding, class: DataId, number: u32) -> bool {
        let state = &self.holdings[class.index()];
        if state.unreadable == 0 {
            return true;
        }
        let copy = self.copies[holding.copy(number).index()];
        let is_empty = |group: usize| copy.is_lost && copy.lost_in <= state.new_since(group);
        let groups = holding.groups_of.of(number as usize).iter().map(|group| *group as usize);
        groups.into_iter().all(|group| !state.is_unreadable.has(group) || is_empty(group))
    }

    /// Whether a copy is there, and lacks nothing.
    #[inline]
    pub(crate) fn is_well(&self, copy: CopyId) -> bool {
        let copy = &self.copies[copy.index()];
        copy.phase == CopyPhase::Present && !copy.is_catching_up
    }

    /// Whether all of these copies are there.
    #[inline]
    pub(super) fn are_there(&self, copies: &[CopyId]) -> bool {
        let is_there = |copy: &CopyId| {
            let CopyState { is_lost, is_elsewhere, .. } = self.copies[copy.index()];
            !is_lost && !is_elsewhere
        };
        self.not_on_units == 0 || copies.iter().all(is_there)
    }

    /// Whether all copies of a class are away.
    pub(crate) fn are_all_away(&self, data: &Data, class: DataId) -> bool {
        self.holdings[class.index()].away == data.holdings[class.index()].count
    }

    /// A copy is away and misses what is born, or is back, at `now`: whether it then lacks something.
    #[inline]
    pub(crate) fn misses(
        &mut self,
        data: &Data,
        copy: CopyId,
        is_away: bool,
        now: SimTime,
    ) -> bool {
        let (class, holding, number) = data.holding_of(copy);
        let state = &mut self.holdings[class.index()];
        if is_away && let Some(left_at) = state.left_at.get_mut(number as usize) {
            *left_at = now;
        }
        let Some(holes) = state.holes.get_mut(number as usize) else {
            return false;
        };
        if is_away {
            holes.opens(now)
        } else {
            holes.closes(now)
        }
        let lacks = !holes.is_empty();
        if !state.untaken.is_empty() {
            for &group in holding.groups_of.of(number as usize) {
                let is_there = |number: &&u32| !self.away.has(holding.copy(**number).index());
                let there = holding.group(group).iter().filter(is_there).count() as u32;
                let untaken = &mut state.untaken[group as usize];
                if there < holding.ack { untaken.opens(now) } else { untaken.closes(now) }
            }
        }
        lacks
    }

    /// How many copies of a class are away that were there when the one on a unit left, and that one with them: those that
    /// have left since then.
    pub(super) fn left_since(&self, data: &Data, class: DataId, unit: UnitId) -> u32 {
        let (state, holding) = (&self.holdings[class.index()], &data.holdings[class.index()]);
        let of_unit = data.on_unit.of(unit.index()).iter().find_map(|copy| {
            let (of, _, number) = data.holding_of(*copy);
            (of == class).then(|| state.left_at[number as usize])
        });
        let since = of_unit.unwrap_or(SimTime::ZERO);
        let has_left = |number: &u32| {
            self.away.has(holding.copy(*number).index()) && state.left_at[*number as usize] >= since
        };
        (0..holding.count).filter(has_left).count() as u32
    }

    /// A copy has caught up with the others.
    pub(crate) fn has_caught_up(&mut self, data: &Data, copy: CopyId) {
        let (class, _, number) = data.holding_of(copy);
        self.holdings[class.index()].holes[number as usize] = Holes::NONE;
    }

    /// Before a copy is lost: what the others of its groups have missed and it had not is lost with it.
    /// What is restored to it is what they have.
    pub(crate) fn loses_what_others_missed(
        &mut self,
        data: &Data,
        copy: CopyId,
        root: Root,
        now: SimTime,
    ) {
        let (class, holding, number) = data.holding_of(copy);
        let state = &self.holdings[class.index()];
        if state.holes.is_empty() {
            return;
        }
        let mut missed_by_all = None;
        for &group in holding.groups_of.of(number as usize) {
            let mut missed: Option<Holes> = None;
            let mut gone = 1;
            for &other in holding.group(group).iter().filter(|other| **other != number) {
                if self.is_lost_of(holding, other) {
                    gone += 1;
                    continue;
                }
                let holes = state.holes[other as usize].until(now);
                missed = Some(missed.map_or(holes, |missed| missed.and(&holes)));
            }
            missed_by_all = missed.or(missed_by_all);
            // With fewer copies there nothing was accepted that could be lost.
            let Some(missed) = missed.filter(|_| gone >= holding.ack) else { continue };
            let state = &self.holdings[class.index()];
            let own = state.holes[number as usize].until(now);
            let mut lost = missed.without(&own);
            if let Some(untaken) = state.untaken.get(group as usize) {
                lost = lost.without(&untaken.until(now));
            }
            for (from, to) in lost.iter() {
                let (how, newest) = (HowLost::Missed, Some(to - from));
                let loss = Loss { data: class, cause: root, how, groups: 0, newest, age: now - to };
                self.touched.push(class);
                self.missed.push((group, loss));
            }
        }
        self.holdings[class.index()].holes[number as usize] = missed_by_all.unwrap_or(Holes::NONE);
    }

    /// Checks what is kept up to date against what is computed from scratch.
    ///
    /// # Panics
    ///
    /// If they differ: the engine has a bug.
    pub(super) fn check(&self, data: &Data, is_up: impl Fn(UnitId) -> bool) {
        for (index, copy) in self.copies.iter().enumerate() {
            let is_unit_up = is_up(data.units[index]);
            let is_there = !copy.is_lost && (is_unit_up || copy.is_elsewhere);
            let is_known_as_lost = match copy.phase {
                CopyPhase::Present | CopyPhase::Absent => false,
                CopyPhase::Lost | CopyPhase::Unnoticed => true,
                CopyPhase::Put | CopyPhase::InLine | CopyPhase::Rebuilding => copy.is_lost,
            };
            assert_eq!(copy.is_lost, is_known_as_lost, "copy {index}");
            assert!(!copy.is_elsewhere || !is_unit_up && copy.phase == CopyPhase::Present);
            assert_eq!(self.away.has(index), !is_there, "copy {index}");
            let is_waited_for = matches!(copy.phase, CopyPhase::Lost);
            assert!(!is_waited_for || !is_up(data.units[index]), "copy {index} is forgotten");
        }
        for (class, (state, holding)) in self.holdings.iter().zip(&data.holdings).enumerate() {
            for &number in &state.rebuilding {
                assert!(self.has_sources(holding, DataId::new(class), number), "copy {number}");
            }
            let copy = |number: u32| self.copies[holding.copy(number).index()];
            let is_lost = |number: &u32| self.is_lost_of(holding, *number);
            assert_eq!(state.lost as usize, (0..holding.count).filter(is_lost).count());
            let is_away = |number: u32| self.away.has(holding.copy(number).index());
            let mut away_in = vec![0; state.away_in.len()];
            for number in (0..holding.count).filter(|number| is_away(*number)) {
                away_in[holding.meetings.part(number) as usize] += 1;
            }
            assert_eq!(state.away, away_in.iter().sum::<u32>());
            for (part, away) in state.away_in.iter().enumerate() {
                assert_eq!(away.copies, away_in[part], "part {part}");
                let listed = state.listed.get(away.listed as usize);
                assert!(away.copies == 0 || listed == Some(&(part as u32)), "part {part}");
            }
            let rows: Vec<u32> =
                state.listed.iter().map(|part| holding.meetings.row(*part)).collect();
            assert_eq!(state.away_rows, rows);
            assert_eq!(rows.len(), away_in.iter().filter(|away| **away > 0).count());
            for (place, parts) in state.away_parts.iter().enumerate() {
                let is_here = |part: &&u32| holding.meetings.place(**part) as usize == place;
                let here = state.listed.iter().filter(is_here).count();
                assert_eq!(*parts as usize, here, "place {place}");
            }
            let places = state.away_parts.iter().filter(|parts| **parts > 0).count();
            assert_eq!(state.away_places as usize, places);
            let mut unreadable = 0;
            for group in 0..holding.group_count() as u32 {
                let members = holding.group(group);
                let since = state.new_since(group as usize);
                assert_eq!(since, state.new_since[group as usize], "group {group}");
                let counts = |number: &&u32| is_lost(number) && copy(**number).lost_in > since;
                let lost = members.iter().filter(counts).count();
                assert_eq!(state.lost_of[group as usize] as usize, lost, "group {group}");
                let away = members.iter().enumerate().filter(|(_, number)| is_away(**number));
                let positions: Vec<u32> = away.map(|(position, _)| position as u32).collect();
                let is_unreadable = !holding.scheme.can_recover(&positions);
                unreadable += u32::from(is_unreadable);
                let known = state.is_unreadable.has(group as usize);
                assert_eq!(known, is_unreadable, "group {group}");
            }
            assert_eq!(state.unreadable, unreadable);
            let away_in = |group: u32| {
                let members = holding.group(group).iter();
                members.filter(|number| is_away(**number)).count() as u32
            };
            let is_kept = |group: &u32| state.away_of.get(*group as usize).is_some();
            let groups = (0..holding.group_count() as u32).filter(is_kept);
            let counted = groups.inspect(|group| {
                assert_eq!(state.away_of[*group as usize], away_in(*group), "group {group}");
            });
            let refusing = counted.filter(|group| !holding.takes_data(away_in(*group))).count();
            assert_eq!(state.refusing as usize, refusing);
        }
    }
}
