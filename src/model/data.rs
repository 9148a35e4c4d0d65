//! Data compiled: copies on units, groups of them, and what takes and restores them.

use super::meetings::Meetings;
use super::placement::place;
use super::{CopyId, DataId, GateId, Lists, UnitId};
use crate::dist::Law;
use crate::rng::hash_text;
use crate::scheme::Scheme;
use crate::spec::{CatchUp, DataClass, Latent, Medium, Placement, Rebuild};

/// All data of a model.
#[derive(Clone, Debug, Default)]
pub struct Data {
    /// By data class of the topology; nothing is held of those that only have a way.
    pub(crate) holdings: Vec<Holding>,
    /// The unit of each copy.
    pub(crate) units: Vec<UnitId>,
    /// The class of each copy.
    pub(crate) classes: Vec<DataId>,
    /// Names of copies in keys of draws.
    pub(crate) names: Vec<u64>,
    /// The copies on each unit.
    pub(crate) on_unit: Lists<CopyId>,
    /// The copies that every failure of each unit takes.
    pub(crate) taken_by_any: Lists<CopyId>,
    /// The copies that failures of each unit take that wipe it.
    pub(crate) taken_by_wiping: Lists<CopyId>,
    /// Whether each copy is gone when its process moves, or its node goes down.
    pub(crate) is_fleeting: Vec<bool>,
    /// The classes whose newest data a power cut at each unit may take.
    pub(crate) unsynced_on: Lists<DataId>,
    /// The classes whose newest data have yet to reach those that stand by, by roster.
    pub(crate) lagging: Lists<DataId>,
}

impl Data {
    /// Copies that have a timer for their return: all, if any class rebuilds or catches up.
    pub(crate) fn rebuild_timers(&self) -> usize {
        self.timers(|holding| {
            holding.rebuild.is_some() || matches!(holding.catch_up, CatchUp::After(_))
        })
    }

    /// Copies that have a timer for defects: all, if any class has them.
    pub(crate) fn defect_timers(&self) -> usize {
        self.timers(|holding| holding.latent.is_some())
    }

    fn timers(&self, needs: impl Fn(&Holding) -> bool) -> usize {
        if self.holdings.iter().any(needs) { self.units.len() } else { 0 }
    }

    /// The holding that a copy belongs to, and its number in there.
    #[inline]
    pub(crate) fn holding_of(&self, copy: CopyId) -> (DataId, &Holding, u32) {
        let class = self.classes[copy.index()];
        let holding = &self.holdings[class.index()];
        (class, holding, copy.index() as u32 - holding.first)
    }
}

/// The copies or shards of one data class.
#[derive(Clone, Debug)]
pub struct Holding {
    /// Hash of the name of the class.
    pub name: u64,
    /// What a group can lose.
    pub scheme: Scheme,
    /// The first of its copies, which follow one another.
    pub(crate) first: u32,
    /// How many copies there are.
    pub(crate) count: u32,
    /// How many positions a group has.
    pub(crate) width: u32,
    /// Of each group, one after another, the numbers of its copies.
    pub(crate) members: Vec<u32>,
    /// The groups of each copy.
    pub(crate) groups_of: Lists<u32>,
    /// Where else each group of each copy has copies.
    pub(crate) meetings: Meetings,
    /// The place of each copy, of which a group has at most `most_per_place` in one.
    pub(crate) places: Vec<u32>,
    pub(crate) place_count: u32,
    pub(crate) most_per_place: u32,
    /// Any so many positions of a group may be lost.
    pub(crate) tolerance: u32,
    /// A gate that reads no inputs, and is up while copies are away in so few places that no group
    /// can be unreadable: none where it matters when copies were away.
    pub(crate) gate: Option<GateId>,
    /// Copies that must be there for new data to be accepted.
    pub(crate) ack: u32,
    /// How many copies of a group may be away for new data to be accepted.
    spare_for_writes: u32,
    /// Whether other classes are copied to this one, so that it matters when it cannot take data.
    pub(crate) is_copied_to: bool,
    /// So many copies have everything that was acknowledged, where others are behind; zero, if only who serves has.
    pub(crate) synchronous: u32,
    pub(crate) catch_up: CatchUp,
    pub(crate) rebuild: Option<Rebuild>,
    pub(crate) unreadable: f64,
    pub(crate) latent: Option<Latent>,
    pub(crate) deleted: Option<Law>,
    pub(crate) lag: Option<Law>,
    pub(crate) unsynced: Option<Law>,
}

impl Holding {
    /// A class of which nothing is held.
    pub(crate) fn nothing(first: u32) -> Holding {
        Holding {
            name: 0,
            scheme: Scheme::copies(1),
            first,
            count: 0,
            width: 1,
            members: Vec::new(),
            groups_of: Lists::default(),
            meetings: Meetings::default(),
            places: Vec::new(),
            place_count: 0,
            most_per_place: 1,
            tolerance: 0,
            gate: None,
            ack: 1,
            spare_for_writes: 0,
            is_copied_to: false,
            synchronous: 0,
            catch_up: CatchUp::AtOnce,
            rebuild: None,
            unreadable: 0.0,
            latent: None,
            deleted: None,
            lag: None,
            unsynced: None,
        }
    }

    /// How many groups.
    pub fn group_count(&self) -> usize {
        self.members.len() / self.width as usize
    }

    /// The numbers of the copies of a group, one for each position.
    #[inline]
    pub fn group(&self, group: u32) -> &[u32] {
        let width = self.width as usize;
        &self.members[group as usize * width..][..width]
    }

    /// Tells of the other copies that the one with this number is made anew from, those that can be read of each of its
    /// groups, once for each group: how much is read from it for what comes back.
    pub(crate) fn read_for(
        &self,
        number: u32,
        is_read: impl Fn(u32) -> bool,
        mut tell: impl FnMut(u32, f64),
    ) {
        let groups = self.groups_of.of(number as usize);
        let reads = self.scheme.reads() / groups.len() as f64;
        for &group in groups {
            let members = self.group(group).iter().copied();
            let others = members.filter(|other| *other != number && is_read(*other));
            let share = reads / others.clone().count() as f64;
            others.for_each(|other| tell(other, share));
        }
    }

    /// The copy with this number.
    #[inline]
    pub(crate) fn copy(&self, number: u32) -> CopyId {
        CopyId::from_index(self.first + number)
    }

    /// Whether nobody need know when copies were away, as long as that was in few places.
    #[inline]
    pub(crate) fn can_spare_places(&self) -> bool {
        matches!(self.catch_up, CatchUp::AtOnce) && !self.is_given_up() && !self.is_copied_to
    }

    /// Whether a defect is as bad as a loss for as long as it is there, so that several add up.
    #[inline]
    pub(crate) fn defects_add_up(&self) -> bool {
        self.latent.as_ref().is_some_and(|latent| latent.spoils_all)
    }

    /// Whether copies are made anew on others, and need not wait for their units.
    #[inline]
    pub(crate) fn is_rebuilt_elsewhere(&self) -> bool {
        self.rebuild.as_ref().is_some_and(|rebuild| rebuild.is_elsewhere)
    }

    /// Whether a copy that has only been away for long is made anew as well.
    #[inline]
    pub(crate) fn is_given_up(&self) -> bool {
        self.rebuild.as_ref().is_some_and(|rebuild| rebuild.gives_up_after.is_some())
    }

    /// Whether a group takes new data while so many of its copies are away.
    #[inline]
    pub(crate) fn takes_data(&self, away: u32) -> bool {
        away <= self.spare_for_writes
    }

    /// In how many places copies may be away without any group being unreadable.
    #[inline]
    pub(crate) fn places_to_spare(&self) -> u32 {
        self.tolerance / self.most_per_place
    }
}

/// A copy, as it is added to a model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Copy {
    pub(crate) unit: UnitId,
    pub(crate) class: DataId,
    pub(crate) name: u64,
    pub(crate) medium: Medium,
}

impl Data {
    /// Indexes copies of these holdings on units that stand on `hosts`, and that may be placed on
    /// `nodes`, by unit.
    pub(super) fn new(
        holdings: Vec<Holding>,
        copies: &[Copy],
        hosts: &[Vec<UnitId>],
        nodes: &[Vec<UnitId>],
        lagging: Lists<DataId>,
    ) -> Data {
        let mut on_unit = vec![Vec::new(); hosts.len()];
        let mut taken_by_any = vec![Vec::new(); hosts.len()];
        let mut taken_by_wiping = vec![Vec::new(); hosts.len()];
        let mut unsynced_on = vec![Vec::new(); hosts.len()];
        for (index, copy) in copies.iter().enumerate() {
            let id = CopyId::new(index);
            on_unit[copy.unit.index()].push(id);
            for unit in with_hosts(copy.unit, hosts) {
                let is_below = unit != copy.unit;
                match copy.medium {
                    Medium::Memory => taken_by_any[unit.index()].push(id),
                    Medium::Ephemeral if is_below => taken_by_any[unit.index()].push(id),
                    Medium::Network if is_below => {}
                    Medium::Ephemeral | Medium::Local | Medium::Network => {
                        taken_by_wiping[unit.index()].push(id);
                    }
                }
            }
            if holdings[copy.class.index()].unsynced.is_some() {
                let placed = nodes[copy.unit.index()].iter();
                let below = placed.flat_map(|node| with_hosts(*node, hosts));
                for unit in with_hosts(copy.unit, hosts).into_iter().chain(below) {
                    let classes: &mut Vec<DataId> = &mut unsynced_on[unit.index()];
                    if !classes.contains(&copy.class) {
                        classes.push(copy.class);
                    }
                }
            }
        }
        let is_fleeting = |copy: &Copy| {
            matches!(copy.medium, Medium::Memory | Medium::Ephemeral)
                && !nodes[copy.unit.index()].is_empty()
        };
        Data {
            holdings,
            units: copies.iter().map(|copy| copy.unit).collect(),
            classes: copies.iter().map(|copy| copy.class).collect(),
            names: copies.iter().map(|copy| copy.name).collect(),
            on_unit: on_unit.into_iter().collect(),
            taken_by_any: taken_by_any.into_iter().collect(),
            taken_by_wiping: taken_by_wiping.into_iter().collect(),
            is_fleeting: copies.iter().map(is_fleeting).collect(),
            unsynced_on: unsynced_on.into_iter().collect(),
            lagging,
        }
    }

    /// Whether a failure of this unit can take data.
    pub(super) fn is_touched_by(&self, unit: UnitId, wipes: bool, cuts_power: bool) -> bool {
        let unit = unit.index();
        !self.taken_by_any.of(unit).is_empty()
            || wipes && !self.taken_by_wiping.of(unit).is_empty()
            || cuts_power && !self.unsynced_on.of(unit).is_empty()
    }
}

/// A unit and all that it stands on, directly or not, each once.
pub(super) fn with_hosts(unit: UnitId, hosts: &[Vec<UnitId>]) -> Vec<UnitId> {
    let mut units = vec![unit];
    let mut next = 0;
    while let Some(&unit) = units.get(next) {
        next += 1;
        for &host in &hosts[unit.index()] {
            if !units.contains(&host) {
                units.push(host);
            }
        }
    }
    units
}

impl Holding {
    /// The holding of a data class, whose copies begin with this number.
    pub(super) fn of(class: &DataClass, first: u32, is_copied_to: bool) -> Holding {
        let Some(spec) = &class.holding else { return Holding::nothing(first) };
        let members = place(&class.name, spec);
        let (scheme, count) = (&spec.scheme, spec.holders.len() as u32);
        let scheme = match spec.placement {
            Placement::EveryCombination => {
                Scheme::Threshold { width: count, tolerance: scheme.tolerance() }
            }
            _ => scheme.clone(),
        };
        let width = scheme.width();
        let mut groups_of = vec![Vec::new(); spec.holders.len()];
        for (place, member) in members.iter().enumerate() {
            groups_of[*member as usize].push(place as u32 / width);
        }
        let groups_of = groups_of.into_iter().collect();
        // Copies take data with as many as a write needs, shards with as many as the code says.
        let spare_for_writes = match (spec.scheme.data(), spec.ack) {
            (1, Some(ack)) => spec.scheme.width().saturating_sub(ack),
            (1, None) => 0,
            _ => spec.scheme.spare_for_writes(),
        };
        let sought = scheme.tolerance() / spec.most_per_place;
        let meetings = Meetings::new(&groups_of, &members, width as usize, &spec.places, sought);
        Holding {
            name: hash_text(&class.name),
            first,
            count,
            width,
            members,
            groups_of,
            meetings,
            place_count: spec.places.iter().max().map_or(0, |last| last + 1),
            places: spec.places.clone(),
            most_per_place: spec.most_per_place,
            tolerance: scheme.tolerance(),
            gate: None,
            ack: spec.ack.unwrap_or(width),
            spare_for_writes,
            is_copied_to,
            synchronous: spec.ack.filter(|ack| *ack > 1).unwrap_or(0),
            catch_up: spec.catch_up.clone(),
            scheme,
            rebuild: spec.rebuild.clone(),
            unreadable: spec.unreadable,
            latent: spec.latent.clone(),
            deleted: spec.deleted.clone(),
            lag: spec.lag.clone(),
            unsynced: spec.unsynced.clone(),
        }
    }
}
