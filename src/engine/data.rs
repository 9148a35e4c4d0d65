//! The present of data: which copies are lost or out of reach, and how near that is to a loss.
//!
//! How many positions each group has lost is kept at once: copies are seldom wiped. How many are out of
//! reach, because a unit is down, is not, as long as copies are away in so few places that no group
//! can be unreadable; once there are more, it is counted for all, and then kept until none is away.

use super::holes::Holes;
use super::observer::{HowLost, Loss, Observer};
use super::state::Root;
use crate::model::{CopyId, Data, DataId, Holding, UnitId};
use crate::spec::CatchUp;
use crate::units::{SimSpan, SimTime};

/// What a copy is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CopyPhase {
    /// Nothing: the data are there.
    Present,
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
    /// Whether it is there and has yet to get what it missed.
    pub(crate) is_catching_up: bool,
    /// Whether it cannot be read.
    is_away: bool,
    /// Number of the loss that took it, among all of its class.
    lost_in: u32,
    /// The group in which it has a defect that nobody has noticed.
    pub(crate) defect: Option<u32>,
    /// What took it.
    pub(crate) root: Root,
}

impl CopyState {
    const PRESENT: CopyState = CopyState {
        phase: CopyPhase::Present,
        is_catching_up: false,
        is_away: false,
        lost_in: 0,
        defect: None,
        root: Root::NOTHING,
    };
}

/// The present of the copies of one class.
#[derive(Clone, Debug)]
pub(crate) struct HoldingState {
    /// Copies that are lost and not yet back.
    lost: u32,
    /// Groups that cannot be read.
    unreadable: u32,
    /// The same as observers know them.
    told: (u32, u32),
    /// Losses of copies, and of groups, so far.
    losses: u32,
    /// Positions that each group has lost.
    pub(crate) lost_of: Vec<u32>,
    /// Number of the loss after which each group was new again: what was taken before does not count.
    new_since: Vec<u32>,
    /// Positions of each group that are away; kept while `is_counting`.
    away_of: Vec<u32>,
    is_unreadable: Vec<bool>,
    is_counting: bool,
    /// How many copies are away, in all and in each place, and in how many places.
    away: u32,
    away_in_place: Vec<u32>,
    away_places: u32,
    /// Numbers of the copies that are being rebuilt.
    pub(crate) rebuilding: Vec<u32>,
    /// Numbers of the copies that wait for others, the first come first.
    pub(crate) in_line: Vec<u32>,
    /// Who has served last, where others are behind.
    pub(crate) server: Option<UnitId>,
    /// What each copy has missed; empty where copies catch up at once.
    holes: Vec<Holes>,
}

impl HoldingState {
    fn new(holding: &Holding) -> HoldingState {
        let (groups, copies) = (holding.group_count(), holding.count as usize);
        HoldingState {
            lost: 0,
            unreadable: 0,
            told: (0, 0),
            losses: 0,
            lost_of: vec![0; groups],
            new_since: vec![0; groups],
            away_of: vec![0; groups],
            is_unreadable: vec![false; groups],
            is_counting: false,
            away: 0,
            away_in_place: vec![0; holding.place_count as usize],
            away_places: 0,
            rebuilding: Vec::with_capacity(copies),
            in_line: Vec::with_capacity(copies),
            server: None,
            holes: match holding.catch_up {
                CatchUp::AtOnce => Vec::new(),
                CatchUp::After(_) | CatchUp::Never => vec![Holes::NONE; copies],
            },
        }
    }

    fn begin(&mut self) {
        (self.lost, self.unreadable, self.told, self.losses) = (0, 0, (0, 0), 0);
        for counts in [&mut self.lost_of, &mut self.new_since, &mut self.away_of] {
            counts.fill(0);
        }
        self.is_unreadable.fill(false);
        self.is_counting = false;
        self.away = 0;
        self.away_in_place.fill(0);
        self.away_places = 0;
        self.rebuilding.clear();
        self.in_line.clear();
        self.server = None;
        self.holes.fill(Holes::NONE);
    }

    /// How many positions the group of these that has lost the most has lost.
    pub(crate) fn most_lost(&self, groups: &[u32]) -> u32 {
        groups.iter().map(|group| self.lost_of[*group as usize]).max().unwrap_or(0)
    }
}

/// The present of all data.
#[derive(Clone, Debug)]
pub(crate) struct DataState {
    /// Copies of all classes that are lost and not yet back.
    all_lost: u32,
    pub(crate) copies: Vec<CopyState>,
    pub(crate) holdings: Vec<HoldingState>,
    /// Classes of which observers may not know all.
    touched: Vec<DataId>,
    losses: Vec<Loss>,
    /// What groups have lost at this instant without being gone.
    margins: Vec<(DataId, u32)>,
    /// Room for the positions of a group.
    positions: Vec<u32>,
}

impl DataState {
    pub(crate) fn new(data: &Data) -> DataState {
        let widest = data.holdings.iter().map(|holding| holding.width as usize).max();
        DataState {
            all_lost: 0,
            copies: vec![CopyState::PRESENT; data.units.len()],
            holdings: data.holdings.iter().map(HoldingState::new).collect(),
            touched: Vec::new(),
            losses: Vec::new(),
            margins: Vec::new(),
            positions: Vec::with_capacity(widest.unwrap_or(0) + 1),
        }
    }

    /// Goes back to the beginning: every copy there.
    pub(crate) fn begin(&mut self) {
        self.all_lost = 0;
        self.copies.fill(CopyState::PRESENT);
        self.holdings.iter_mut().for_each(HoldingState::begin);
        self.touched.clear();
        self.losses.clear();
        self.margins.clear();
    }

    /// Whether observers have something to be told.
    #[inline]
    pub(super) fn is_touched(&self) -> bool {
        !self.touched.is_empty()
    }

    /// Tells an observer what has become of data at this instant.
    pub(super) fn settle(&mut self, at: SimTime, observer: &mut impl Observer) {
        self.touched.sort_unstable();
        self.touched.dedup();
        for loss in self.losses.drain(..) {
            observer.on_loss(at, loss);
        }
        for class in self.touched.drain(..) {
            let state = &mut self.holdings[class.index()];
            let (lost, unreadable) = state.told;
            state.told = (state.lost, state.unreadable);
            if lost != state.lost {
                observer.on_lost_copies(class, at, state.lost);
            }
            if unreadable != state.unreadable {
                observer.on_unreadable_groups(class, at, state.unreadable);
            }
        }
        for (class, lost) in self.margins.drain(..) {
            observer.on_margin(class, at, lost);
        }
    }

    /// A copy is lost.
    pub(crate) fn lose(&mut self, data: &Data, copy: CopyId, root: Root) {
        let (class, holding, number) = data.holding_of(copy);
        let state = &mut self.holdings[class.index()];
        state.losses += 1;
        let before = self.copies[copy.index()];
        let present = &mut self.copies[copy.index()];
        (present.phase, present.lost_in) = (CopyPhase::Lost, state.losses);
        (present.defect, present.root) = (None, root);
        let is_new = u32::from(before.phase == CopyPhase::Present);
        state.lost += is_new;
        self.all_lost += is_new;
        self.touched.push(class);
        for &group in holding.groups_of.of(number as usize) {
            let state = &mut self.holdings[class.index()];
            let did_count = before.phase != CopyPhase::Present
                && before.lost_in > state.new_since[group as usize];
            if !did_count {
                state.lost_of[group as usize] += 1;
                self.judge(data, class, group, root);
            }
        }
    }

    /// Whether the data of a group are gone, now that one position more of it is lost.
    fn judge(&mut self, data: &Data, class: DataId, group: u32, root: Root) {
        let holding = &data.holdings[class.index()];
        let lost = self.holdings[class.index()].lost_of[group as usize];
        if !self.can_lose(holding, class, group, None) {
            self.is_gone(holding, class, group, (HowLost::Wiped, root));
            return;
        }
        if holding.latent.is_some() && lost >= holding.tolerance {
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
        self.margins.push((class, lost));
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
        if lost <= holding.tolerance {
            return true;
        }
        self.positions.clear();
        for (position, number) in holding.group(group).iter().enumerate() {
            let copy = self.copies[holding.copy(*number).index()];
            let is_lost =
                copy.phase != CopyPhase::Present && copy.lost_in > state.new_since[group as usize];
            if is_lost || besides == Some(position as u32) {
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
        for number in holding.group(group) {
            let copy = &mut self.copies[holding.copy(*number).index()];
            copy.defect = copy.defect.filter(|defect| *defect != group);
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
        let is_there = |(_, number): &(usize, &u32)| {
            self.copies[holding.copy(**number).index()].phase == CopyPhase::Present
        };
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
        let is_there =
            |number: &&u32| self.copies[holding.copy(**number).index()].phase == CopyPhase::Present;
        holding.group(group).iter().filter(is_there).count()
    }

    /// A lost copy is back.
    pub(crate) fn is_back(&mut self, data: &Data, copy: CopyId) {
        let (class, holding, number) = data.holding_of(copy);
        let state = &mut self.holdings[class.index()];
        let present = &mut self.copies[copy.index()];
        present.phase = CopyPhase::Present;
        state.lost -= 1;
        self.all_lost -= 1;
        for &group in holding.groups_of.of(number as usize) {
            if present.lost_in > state.new_since[group as usize] {
                state.lost_of[group as usize] -= 1;
            }
        }
        self.touched.push(class);
    }

    /// A copy cannot be read any more; whether it is the first of its place.
    #[inline]
    pub(crate) fn leaves(&mut self, data: &Data, copy: CopyId) -> bool {
        if std::mem::replace(&mut self.copies[copy.index()].is_away, true) {
            return false;
        }
        let (class, holding, number) = data.holding_of(copy);
        let state = &mut self.holdings[class.index()];
        state.away += 1;
        let in_place = &mut state.away_in_place[holding.places[number as usize] as usize];
        *in_place += 1;
        let is_first = *in_place == 1;
        state.away_places += u32::from(is_first);
        if state.is_counting {
            self.counts(holding, class, number, true);
        } else if !holding.is_safe_without(state.away_places) {
            self.begin_to_count(holding, class);
        }
        is_first
    }

    /// A copy can be read again; whether it is the last of its place.
    #[inline]
    pub(crate) fn returns(&mut self, data: &Data, copy: CopyId) -> bool {
        if !std::mem::replace(&mut self.copies[copy.index()].is_away, false) {
            return false;
        }
        let (class, holding, number) = data.holding_of(copy);
        let state = &mut self.holdings[class.index()];
        state.away -= 1;
        let in_place = &mut state.away_in_place[holding.places[number as usize] as usize];
        *in_place -= 1;
        let is_last = *in_place == 0;
        state.away_places -= u32::from(is_last);
        if !state.is_counting {
            return is_last;
        }
        self.counts(holding, class, number, false);
        // Not as soon as it is safe again: as a rule it soon would not be.
        let state = &mut self.holdings[class.index()];
        state.is_counting = state.away > 0;
        is_last
    }

    /// Counts all copies that are away, from now on and until none is.
    #[cold]
    fn begin_to_count(&mut self, holding: &Holding, class: DataId) {
        self.holdings[class.index()].is_counting = true;
        for number in 0..holding.count {
            if self.copies[holding.copy(number).index()].is_away {
                self.counts(holding, class, number, true);
            }
        }
    }

    /// In how many places copies of a class are away.
    pub(super) fn away_places(&self, class: DataId) -> u32 {
        self.holdings[class.index()].away_places
    }

    /// Counts a copy in or out of the positions that are away of its groups.
    fn counts(&mut self, holding: &Holding, class: DataId, number: u32, is_away: bool) {
        for &group in holding.groups_of.of(number as usize) {
            let state = &mut self.holdings[class.index()];
            let away = &mut state.away_of[group as usize];
            if is_away {
                *away += 1
            } else {
                *away -= 1
            }
            let was_unreadable = state.is_unreadable[group as usize];
            if *away <= holding.tolerance && !was_unreadable {
                continue;
            }
            let is_unreadable = !self.can_read(holding, class, group);
            if is_unreadable != was_unreadable {
                let state = &mut self.holdings[class.index()];
                state.is_unreadable[group as usize] = is_unreadable;
                if is_unreadable {
                    state.unreadable += 1
                } else {
                    state.unreadable -= 1
                }
                self.touched.push(class);
            }
        }
    }

    /// Whether a group can be read from what is not away.
    fn can_read(&mut self, holding: &Holding, class: DataId, group: u32) -> bool {
        if self.holdings[class.index()].away_of[group as usize] <= holding.tolerance {
            return true;
        }
        self.positions.clear();
        for (position, number) in holding.group(group).iter().enumerate() {
            if self.copies[holding.copy(*number).index()].is_away {
                self.positions.push(position as u32);
            }
        }
        holding.scheme.can_recover(&self.positions)
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
        let is_there = |copy: &CopyId| self.copies[copy.index()].phase == CopyPhase::Present;
        self.all_lost == 0 || copies.iter().all(is_there)
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
        let (class, _, number) = data.holding_of(copy);
        let Some(holes) = self.holdings[class.index()].holes.get_mut(number as usize) else {
            return false;
        };
        if is_away {
            holes.opens(now)
        } else {
            holes.closes(now)
        }
        !holes.is_empty()
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
                if self.copies[holding.copy(other).index()].phase != CopyPhase::Present {
                    gone += 1;
                    continue;
                }
                let holes = state.holes[other as usize].until(now);
                missed = Some(missed.map_or(holes, |missed| missed.and(&holes)));
            }
            missed_by_all = missed.or(missed_by_all);
            // With fewer copies there nothing was accepted that could be lost.
            let Some(missed) = missed.filter(|_| gone >= holding.ack) else { continue };
            let own = self.holdings[class.index()].holes[number as usize].until(now);
            for (from, to) in missed.without(&own).iter() {
                let (how, newest) = (HowLost::Missed, Some(to - from));
                let loss = Loss { data: class, cause: root, how, groups: 0, newest, age: now - to };
                self.touched.push(class);
                self.losses.push(loss);
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
            let is_there = is_up(data.units[index]) && copy.phase == CopyPhase::Present;
            assert_eq!(copy.is_away, !is_there, "copy {index}");
            let is_waited_for = matches!(copy.phase, CopyPhase::Lost);
            assert!(!is_waited_for || !is_up(data.units[index]), "copy {index} is forgotten");
        }
        for (state, holding) in self.holdings.iter().zip(&data.holdings) {
            let copy = |number: u32| self.copies[holding.copy(number).index()];
            let is_lost = |number: &u32| copy(*number).phase != CopyPhase::Present;
            assert_eq!(state.lost as usize, (0..holding.count).filter(is_lost).count());
            let away = (0..holding.count).filter(|number| copy(*number).is_away);
            assert_eq!(state.away as usize, away.count());
            let mut unreadable = 0;
            for group in 0..holding.group_count() as u32 {
                let members = holding.group(group);
                let since = state.new_since[group as usize];
                let counts = |number: &&u32| is_lost(number) && copy(**number).lost_in > since;
                let lost = members.iter().filter(counts).count();
                assert_eq!(state.lost_of[group as usize] as usize, lost, "group {group}");
                let is_away = |(_, number): &(usize, &u32)| copy(**number).is_away;
                let away = members.iter().enumerate().filter(is_away);
                let positions: Vec<u32> = away.map(|(position, _)| position as u32).collect();
                unreadable += u32::from(!holding.scheme.can_recover(&positions));
                let counted = if state.is_counting { positions.len() } else { 0 };
                assert_eq!(state.away_of[group as usize] as usize, counted, "group {group}");
            }
            assert_eq!(state.unreadable, unreadable);
        }
    }
}
