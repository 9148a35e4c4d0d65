//! Which holders make a group: placements as people build them, the same for the same seed.

use crate::rng::{Purpose, Stream, StreamKey, hash_text};
use crate::spec::{Holding, Placement};

/// The groups of a holding, one after another: numbers of holders, as many for each group as the
/// scheme has positions. The name of the data class is part of the luck.
pub(super) fn place(name: &str, holding: &Holding) -> Vec<u32> {
    let width = holding.scheme.width() as usize;
    let count = holding.groups as usize;
    let dealer = |seed: u64| Dealer {
        holding,
        luck: StreamKey::of_life(seed, 0).of(hash_text(name), Purpose::Placement).draw(0),
    };
    match &holding.placement {
        Placement::Random { seed } => dealer(*seed).random(count, width),
        Placement::Declustered { seed } => dealer(*seed).declustered(count, width),
        Placement::Partitioned => on_sets(count, width, &all(holding)),
        Placement::Copyset { scatter_width, seed } => {
            let shuffles = (*scatter_width as usize).div_ceil(width.max(2) - 1);
            on_sets(count, width, &dealer(*seed).sets(shuffles, width))
        }
        // One group of all holders, with the tolerance of the scheme, stands for all of them.
        Placement::EveryCombination => all(holding),
        Placement::Explicit(groups) => groups.concat(),
    }
}

fn all(holding: &Holding) -> Vec<u32> {
    (0..holding.holders.len() as u32).collect()
}

/// These holders, taking one of each place in turn, so that as many as there are places are all on
/// different ones; places and the holders of each in the order in which they come here.
fn in_turn(holding: &Holding, holders: &[u32]) -> Vec<u32> {
    let places = holding.places.iter().max().map_or(0, |last| *last as usize + 1);
    let mut turns = vec![None; places];
    let mut rounds = vec![0_u32; places];
    let mut order: Vec<(u32, usize, u32)> = Vec::with_capacity(holders.len());
    for (index, &holder) in holders.iter().enumerate() {
        let place = holding.places[holder as usize] as usize;
        let turn = *turns[place].get_or_insert(index);
        order.push((rounds[place], turn, holder));
        rounds[place] += 1;
    }
    order.sort_unstable();
    order.into_iter().map(|(_, _, holder)| holder).collect()
}

/// So many groups, dealt in turn on the sets that these holders are cut into.
fn on_sets(count: usize, width: usize, holders: &[u32]) -> Vec<u32> {
    let sets: Vec<&[u32]> = holders.chunks_exact(width).collect();
    (0..count).flat_map(|group| sets[group % sets.len()].iter().copied()).collect()
}

struct Dealer<'h> {
    holding: &'h Holding,
    luck: Stream,
}

impl Dealer<'_> {
    fn shuffle(&mut self, numbers: &mut [u32]) {
        for place in (1..numbers.len()).rev() {
            let other = self.luck.below(place + 1);
            numbers.swap(place, other);
        }
    }

    /// Each group on places of its own: first the places, then a holder of each.
    fn random(&mut self, count: usize, width: usize) -> Vec<u32> {
        let holding = self.holding;
        if holding.most_per_place > 1 || !holding.also.is_empty() {
            return self.random_holders(count, width);
        }
        let mut of_place: Vec<Vec<u32>> = Vec::new();
        for (holder, place) in holding.places.iter().enumerate() {
            of_place.resize(of_place.len().max(*place as usize + 1), Vec::new());
            of_place[*place as usize].push(holder as u32);
        }
        let mut places: Vec<u32> = (0..of_place.len() as u32).collect();
        let mut members = Vec::with_capacity(count * width);
        for _ in 0..count {
            for position in 0..width {
                let chosen = position + self.luck.below(places.len() - position);
                places.swap(position, chosen);
                let holders = &of_place[places[position] as usize];
                members.push(holders[self.luck.below(holders.len())]);
            }
        }
        members
    }

    /// Each group on holders of its own, of which no more are in one place than may be.
    fn random_holders(&mut self, count: usize, width: usize) -> Vec<u32> {
        let mut holders = all(self.holding);
        let mut members = Vec::with_capacity(count * width);
        for _ in 0..count {
            let first = members.len();
            let mut position = 0;
            // Whoever does not fit is passed over; those that fit are never too few, because taking
            // as many as fit of each place takes as many as there can be: levels are one within the other.
            while members.len() < first + width {
                let chosen = position + self.luck.below(holders.len() - position);
                holders.swap(position, chosen);
                if self.fits(&members[first..], holders[position]) {
                    members.push(holders[position]);
                }
                position += 1;
            }
        }
        members
    }

    /// Whether a holder may join these in a group.
    fn fits(&self, group: &[u32], holder: u32) -> bool {
        let has_room = |places: &[u32], most: u32| {
            let place = places[holder as usize];
            let there = group.iter().filter(|other| places[**other as usize] == place).count();
            there < most as usize
        };
        self.holding.levels().all(|(places, most)| has_room(places, most))
            && !group.contains(&holder)
    }

    /// Groups cut off shuffled decks of all holders, so that all have the same share of them.
    fn declustered(&mut self, count: usize, width: usize) -> Vec<u32> {
        let mut deck: Vec<u32> = Vec::new();
        let mut members = Vec::with_capacity(count * width);
        for _ in 0..count {
            let first = members.len();
            while members.len() < first + width {
                let group = &members[first..];
                match deck.iter().rposition(|&holder| self.fits(group, holder)) {
                    Some(place) => members.push(deck.remove(place)),
                    None => {
                        let mut fresh = all(self.holding);
                        self.shuffle(&mut fresh);
                        // What is left of the old deck is dealt first.
                        fresh.append(&mut deck);
                        deck = fresh;
                    }
                }
            }
        }
        members
    }

    /// The holders in so many orders, one after another, each cut to whole sets.
    fn sets(&mut self, shuffles: usize, width: usize) -> Vec<u32> {
        let mut sets = Vec::new();
        for _ in 0..shuffles {
            let mut holders = all(self.holding);
            self.shuffle(&mut holders);
            let mut ordered = in_turn(self.holding, &holders);
            ordered.truncate(ordered.len() / width * width);
            sets.append(&mut ordered);
        }
        sets
    }
}
