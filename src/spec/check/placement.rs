//! Placements: which holders make a group.

use std::collections::BTreeMap;

use super::all::Checker;
use crate::scheme::Scheme;
use crate::spec::data::{CopySpread, Placement, levels_of_spread};
use crate::spec::diagnostic::Code;
use crate::spec::raw::{Name, RawHeld, RawPlacement, RawService};
use crate::spec::source::{Span, Spanned};

/// Groups of a data class.
const MOST_GROUPS: u64 = 2_000_000;
/// Copies and shards of all groups of a data class.
const MOST_PLACED: u64 = 40_000_000;

/// Holders, and how groups are laid on them.
pub(super) struct Cut {
    pub(super) holders: Vec<usize>,
    pub(super) places: Vec<u32>,
    pub(super) most_per_place: u32,
    pub(super) also: Vec<CopySpread>,
    pub(super) placement: Placement,
    pub(super) groups: u32,
}

impl Cut {
    /// Each level that groups are spread over, as the file has them.
    fn levels(&self) -> impl Iterator<Item = (&[u32], u32)> {
        levels_of_spread(&self.places, self.most_per_place, &self.also)
    }
}

/// What a placement is about, for its checks.
#[derive(Clone, Copy)]
struct Laid<'a> {
    /// Name of the data class.
    name: &'a Name,
    raw: &'a RawHeld,
    /// Positions of a group.
    width: usize,
    /// `copies` or `shards`.
    word: &'static str,
}

impl Laid<'_> {
    /// Where the placement is said, or else who holds the data.
    fn span(&self) -> Span {
        self.raw.placement.as_ref().map_or(self.raw.span, |placement| placement.span)
    }
}

impl Checker<'_> {
    pub(super) fn placement(
        &mut self,
        name: &Name,
        raw: &RawHeld,
        whole: Option<&RawService>,
        holders: Vec<usize>,
        scheme: &Scheme,
    ) -> Option<Cut> {
        let width = scheme.width() as usize;
        let is_copies = matches!(scheme, Scheme::Threshold { .. }) && scheme.data() == 1;
        let laid = Laid { name, raw, width, word: if is_copies { "copies" } else { "shards" } };
        if width > holders.len() {
            self.too_few_holders(laid, holders.len());
            return None;
        }
        let mut spreads = Vec::new();
        for spread in &raw.spread {
            let places = self.places_at(&holders, &spread.by)?;
            spreads.push(CopySpread {
                places,
                most: u32::try_from(spread.at_most).unwrap_or(u32::MAX),
            });
        }
        self.check_nested(laid, &spreads)?;
        let (places, most_per_place) = match spreads.is_empty() {
            true => ((0..holders.len() as u32).collect(), 1),
            false => {
                let CopySpread { places, most } = spreads.remove(0);
                (places, most)
            }
        };
        let placement = match &raw.placement {
            Some(placement) => self.said(laid, &placement.value, &holders)?,
            None => self.unsaid(laid, whole, holders.len()),
        };
        let groups = self.groups(laid, &placement, holders.len());
        let mut cut = Cut { holders, places, most_per_place, also: spreads, placement, groups: 1 };
        for (spread, (places, most)) in raw.spread.iter().zip(cut.levels()) {
            self.within_spread(laid, &cut, (&spread.by, places, most as usize), groups)?;
        }
        self.check_room(laid, &cut)?;
        if let (Placement::Partitioned, false) = (&cut.placement, raw.spread.is_empty()) {
            let sets = cut_into(laid, &cut);
            cut = dealt(cut, sets);
        }
        Some(Cut { groups: groups?, ..cut })
    }

    /// Whether of any two levels one is within the other.
    fn check_nested(&mut self, laid: Laid<'_>, spreads: &[CopySpread]) -> Option<()> {
        let is_within = |inner: &CopySpread, outer: &CopySpread| {
            let mut above = BTreeMap::new();
            let mut pairs = inner.places.iter().zip(&outer.places);
            pairs
                .all(|(inner, outer)| above.insert(inner, outer).is_none_or(|known| known == outer))
        };
        for (index, spread) in spreads.iter().enumerate() {
            let apart = |other: &CopySpread| !is_within(spread, other) && !is_within(other, spread);
            if let Some(other) = spreads[..index].iter().position(apart) {
                let level = |index: usize| &laid.raw.spread[index].by;
                let message = format!(
                    "a spread over `{}` and `{}`, of which none is within the other",
                    level(other).value,
                    level(index).value
                );
                self.findings
                    .error(Code::Spread, level(index).span, message)
                    .help("keep one of them, or list the holders of each group");
                return None;
            }
        }
        Some(())
    }

    /// Whether all levels together leave room for a group.
    fn check_room(&mut self, laid: Laid<'_>, cut: &Cut) -> Option<()> {
        let Some(spread) = laid.raw.spread.first().filter(|_| !cut.also.is_empty()) else {
            return Some(());
        };
        // Whoever fits is taken: levels are one within the other, so that none is taken in vain.
        let mut taken: Vec<Vec<u32>> = cut.levels().map(|_| vec![0; cut.holders.len()]).collect();
        let mut room = 0;
        for holder in 0..cut.holders.len() {
            let fits = cut
                .levels()
                .zip(&taken)
                .all(|((places, most), taken)| taken[places[holder] as usize] < most);
            if fits {
                cut.levels()
                    .zip(&mut taken)
                    .for_each(|((places, _), taken)| taken[places[holder] as usize] += 1);
                room += 1;
            }
        }
        if room >= laid.width {
            return Some(());
        }
        let message = format!("{} {} over all of these levels", laid.width, laid.word);
        self.findings.error(Code::Spread, spread.by.span, message).help(format!(
            "together they leave room for {room}: raise an `at_most`, or have more units"
        ));
        None
    }

    fn too_few_holders(&mut self, laid: Laid<'_>, holders: usize) {
        let Laid { name, raw, width, word } = laid;
        let message = format!("{width} {word} of `{}` on {holders} holders", name.value);
        let finding = self.findings.error(Code::Quorum, raw.span, message);
        if let Some(scheme) = &raw.scheme {
            finding.label(scheme.span, format!("{width} {word}"));
        }
        finding.help(format!("each is on a holder of its own: have at least {width}"));
    }

    /// The placement that the file says.
    fn said(&mut self, laid: Laid<'_>, raw: &RawPlacement, holders: &[usize]) -> Option<Placement> {
        match raw {
            RawPlacement::Random { seed } => Some(Placement::Random { seed: *seed }),
            RawPlacement::Declustered { seed } => Some(Placement::Declustered { seed: *seed }),
            RawPlacement::EveryCombination => Some(Placement::EveryCombination),
            RawPlacement::Partitioned => {
                let (width, count) = (laid.width, holders.len());
                if !count.is_multiple_of(width) {
                    let message = format!("{count} holders cannot be cut into sets of {width}");
                    let (less, more) = (count / width * width, (count / width + 1) * width);
                    self.findings
                        .error(Code::Quorum, laid.span(), message)
                        .help(format!("have {less} or {more} of them, or another placement"));
                    return None;
                }
                Some(Placement::Partitioned)
            }
            RawPlacement::Copyset { scatter_width, seed } => {
                let scatter_width = self.scatter_width(laid, *scatter_width, holders.len())?;
                Some(Placement::Copyset { scatter_width, seed: *seed })
            }
            RawPlacement::Explicit(groups) => self.explicit(laid, groups, holders),
        }
    }

    /// The placement where the file says none.
    fn unsaid(&mut self, laid: Laid<'_>, whole: Option<&RawService>, count: usize) -> Placement {
        let Laid { raw, width, .. } = laid;
        let has_rings = whole.is_some_and(|service| service.replicated.is_some());
        if has_rings && raw.scheme.is_none() && raw.groups.is_none() && count > width {
            // As its items are: each on so many neighbours on a ring of replicas.
            let ring = |first| (0..width).map(|step| ((first + step) % count) as u32).collect();
            return Placement::Explicit((0..count).map(ring).collect());
        }
        if count == width || raw.groups.is_none() && count.is_multiple_of(width) {
            return Placement::Partitioned;
        }
        Placement::Random { seed: 0 }
    }

    /// With how many others a holder shares groups: those of whole sets.
    fn scatter_width(&mut self, laid: Laid<'_>, said: Spanned<u64>, count: usize) -> Option<u32> {
        let (width, word) = (laid.width as u64, laid.word);
        let others = count as u64 - 1;
        let step = width - 1;
        if step == 0 {
            self.findings
                .error(Code::WrongKind, said.span, "copysets of one copy each")
                .help("a copy that is alone shares its group with nobody: remove it");
            return None;
        }
        if !said.value.is_multiple_of(step) {
            let less = said.value / step * step;
            let more = (said.value / step).saturating_add(1).saturating_mul(step);
            let nearest = match less {
                0 => format!("write {more}"),
                less if more > others => format!("write {less}"),
                less => format!("write {less} or {more}"),
            };
            let message = format!("a scatter width of {} with {width} {word}", said.value);
            self.findings
                .error(Code::OutOfRange, said.span, message)
                .help(format!("each set adds {step} others: {nearest}"));
            return None;
        }
        if said.value > others {
            let message = format!("a scatter width of {} among {count} holders", said.value);
            self.findings
                .error(Code::OutOfRange, said.span, message)
                .help(format!("there are {others} others: at most {}", others / step * step));
            return None;
        }
        Some(said.value as u32)
    }

    fn explicit(
        &mut self,
        laid: Laid<'_>,
        groups: &[Spanned<Vec<Name>>],
        holders: &[usize],
    ) -> Option<Placement> {
        let Laid { name, width, word, .. } = laid;
        let place: BTreeMap<usize, u32> = holders.iter().copied().zip(0..).collect();
        let mut sets = Vec::new();
        let mut are_right = !groups.is_empty();
        if groups.is_empty() {
            self.findings
                .error(Code::WrongKind, laid.span(), "a placement of no groups")
                .help("list the holders of each group, or write a word such as `random`");
        }
        for group in groups {
            let units = self.units.resolve(&group.value, self.findings);
            let mut set = Vec::new();
            for unit in &units {
                let path = &self.units.list[*unit].path;
                match place.get(unit) {
                    None => {
                        let message = format!("`{path}` does not hold `{}`", name.value);
                        self.findings
                            .error(Code::WrongReference, group.span, message)
                            .help("a group is of those that `held_by` names");
                    }
                    Some(place) if set.contains(place) => {
                        let message = format!("`{path}` twice in a group");
                        self.findings
                            .error(Code::DuplicateName, group.span, message)
                            .help("each copy or shard is on a holder of its own");
                    }
                    Some(place) => set.push(*place),
                }
            }
            if units.len() != width && units.len() >= group.value.len() {
                let message = format!("a group on {} holders, with {width} {word}", units.len());
                self.findings
                    .error(Code::Quorum, group.span, message)
                    .help(format!("name {width} holders in each group"));
            }
            are_right &= set.len() == width;
            sets.push(set);
        }
        are_right.then_some(Placement::Explicit(sets))
    }

    /// How many groups there are.
    fn groups(&mut self, laid: Laid<'_>, placement: &Placement, count: usize) -> Option<u32> {
        let Laid { name, raw, width, word } = laid;
        let otherwise = match placement {
            Placement::EveryCombination => Some(1),
            Placement::Explicit(sets) => Some(sets.len()),
            Placement::Partitioned => Some(count / width),
            _ => (count == width).then_some(1),
        };
        let Some(said) = raw.groups else {
            if otherwise.is_none() {
                let message = format!(
                    "{width} {word} of `{}` on {count} holders: in how many groups?",
                    name.value
                );
                self.findings.error(Code::MissingKey, laid.span(), message).help(
                    "say `groups: 10000`, or `placement: every-combination` if there are so many \
                     that any loss hits one",
                );
            }
            return otherwise.and_then(|groups| u32::try_from(groups).ok());
        };
        match placement {
            Placement::EveryCombination => {
                self.findings
                    .error(Code::NoEffect, said.span, "a number of groups on every combination")
                    .help("there is one on each: remove `groups`");
                return None;
            }
            Placement::Explicit(sets) if said.value != sets.len() as u64 => {
                let message = format!("{} groups, of which {} are listed", said.value, sets.len());
                self.findings
                    .error(Code::Quorum, said.span, message)
                    .help("remove `groups`, or list each of them");
                return None;
            }
            _ => {}
        }
        let all = said.value.saturating_mul(width as u64);
        if said.value > MOST_GROUPS || all > MOST_PLACED {
            let most = MOST_GROUPS.min(MOST_PLACED / width as u64);
            self.findings
                .error(Code::TooLarge, said.span, format!("{} groups of {width}", said.value))
                .help(format!("at most {most} of so many {word}"));
            return None;
        }
        Some(said.value as u32)
    }

    /// Whether groups can keep one of the spreads.
    fn within_spread(
        &mut self,
        laid: Laid<'_>,
        cut: &Cut,
        (by, places, most): (&Name, &[u32], usize),
        groups: Option<u32>,
    ) -> Option<()> {
        let Laid { width, word, .. } = laid;
        let level = &by.value;
        let mut sizes = vec![0_usize; places.iter().max().map_or(0, |last| *last as usize + 1)];
        for place in places {
            sizes[*place as usize] += 1;
        }
        let room: usize = sizes.iter().map(|size| (*size).min(most)).sum();
        let mut refuse = |message: String, help: String| {
            self.findings.error(Code::Spread, by.span, message).help(help);
            None
        };
        if room < width {
            return refuse(
                format!(
                    "{width} {word} over {} of level `{level}`, at most {most} on each",
                    sizes.len()
                ),
                format!(
                    "they have room for {room}: have at least {} of them, or raise `at_most`",
                    width.div_ceil(most)
                ),
            );
        }
        match &cut.placement {
            Placement::EveryCombination => refuse(
                "a spread of every combination".to_owned(),
                "there is a group on any holders, wherever they are: remove `spread`".to_owned(),
            ),
            Placement::Partitioned => {
                let sets = cut_into(laid, cut);
                // A place whose holders are dealt out to all sets in turn gives each so many.
                match sizes.iter().find(|size| size.div_ceil(sets) > most) {
                    None => Some(()),
                    Some(size) => refuse(
                        format!(
                            "{size} holders on one of level `{level}`, for {sets} sets of at most \
                             {most} each"
                        ),
                        "put as many holders on each, raise `at_most`, or use another placement"
                            .to_owned(),
                    ),
                }
            }
            Placement::Declustered { .. } => {
                // Each holder has so many groups at least, and a place in so many at most.
                let groups = groups? as usize;
                let each = groups * width / cut.holders.len();
                match sizes.iter().find(|size| **size * each > groups * most) {
                    None => Some(()),
                    Some(size) => refuse(
                        format!(
                            "{size} holders on one of level `{level}` cannot have as many groups \
                             as others"
                        ),
                        "put as many holders on each, raise `at_most`, or use `random`".to_owned(),
                    ),
                }
            }
            Placement::Explicit(sets) => {
                let crowded = sets.iter().position(|set| {
                    let on = |place: u32| {
                        set.iter().filter(|holder| places[**holder as usize] == place).count()
                    };
                    set.iter().any(|holder| on(places[*holder as usize]) > most)
                });
                match crowded {
                    None => Some(()),
                    Some(set) => refuse(
                        format!("group {set} has more than {most} on one of level `{level}`"),
                        "groups are counted from 0: move a holder of it, or raise `at_most`"
                            .to_owned(),
                    ),
                }
            }
            Placement::Copyset { .. } if !cut.also.is_empty() => refuse(
                "copysets that are spread over several levels".to_owned(),
                "keep one level, or use another placement".to_owned(),
            ),
            Placement::Random { .. } | Placement::Copyset { .. } => Some(()),
        }
    }
}

/// How many sets holders are cut into.
fn cut_into(laid: Laid<'_>, cut: &Cut) -> usize {
    cut.holders.len() / laid.width
}

/// Holders in the order of the sets that they are cut into: those of each place, of every level, are dealt out to all
/// sets in turn.
fn dealt(cut: Cut, sets: usize) -> Cut {
    let mut by_place: Vec<usize> = (0..cut.holders.len()).collect();
    // What is within stands together within what it is in.
    let mut levels: Vec<&[u32]> = cut.levels().map(|(places, _)| places).collect();
    levels.sort_by_key(|places| places.iter().max());
    by_place.sort_by_key(|holder| levels.iter().map(|places| places[*holder]).collect::<Vec<_>>());
    let order: Vec<usize> =
        (0..sets).flat_map(|set| by_place[set..].iter().step_by(sets).copied()).collect();
    let in_order = |places: &[u32]| order.iter().map(|holder| places[*holder]).collect();
    let spread =
        |other: &CopySpread| CopySpread { places: in_order(&other.places), most: other.most };
    Cut {
        holders: order.iter().map(|holder| cut.holders[*holder]).collect(),
        places: in_order(&cut.places),
        also: cut.also.iter().map(spread).collect(),
        ..cut
    }
}
