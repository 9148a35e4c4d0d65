//! Families of minimal sets, as zero-suppressed diagrams.
//!
//! A family is a diagram that asks one element after another whether it is in the set; elements that are not
//! asked are not in it. Minato, *Zero-suppressed BDDs for set manipulation in combinatorial problems*, 1993;
//! Rauzy, *Mathematical foundations of minimal cutsets*, IEEE Trans. Reliability 50(4), 2001. No set of a
//! family holds another one, and none has more elements than the builder allows: so what is large stays small.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::decision_diagram::TooLarge;
use super::table::{Key, Table};

/// A family: a node of a diagram, or one of its two ends.
pub(super) type FamilyId = u32;

/// No set at all.
pub(super) const NONE: FamilyId = 0;
/// The empty set.
pub(super) const EMPTY: FamilyId = 1;
/// The place of the ends in the order: after all elements.
const END: u32 = u32::MAX;
/// Inputs that it takes, times one more than there are others: beyond it counting takes too long.
const MOST_COUNTED: usize = 20_000_000;

/// The sets of a family without and with one element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Split {
    /// The element's place in the order.
    pub(super) element: u32,
    /// The sets without it.
    pub(super) without: FamilyId,
    /// The rest of the sets with it.
    pub(super) with: FamilyId,
}

/// Families that share their nodes.
pub(super) struct Families {
    nodes: Vec<Split>,
    unique: Table,
    known: Table,
    /// The most elements of a set.
    order: u32,
    most: usize,
}

/// What can be done with two families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// The sets of both.
    Union,
    /// Each set of one together with each of the other, of at most so many elements.
    Join(u32),
    /// The sets of the first that hold none of the second.
    Without,
}

/// Something to be worked out.
type Call = (Work, FamilyId, FamilyId);

/// What is being worked out, step by step.
struct Open {
    call: Call,
    element: u32,
    one: (FamilyId, FamilyId),
    other: (FamilyId, FamilyId),
    /// What the steps so far came to.
    found: [FamilyId; 6],
    /// How many there were.
    steps: usize,
}

/// What comes next.
enum Next {
    /// This has to be known first.
    Call(Call),
    /// The sets without the element, and the rest of those with it.
    Done(FamilyId, FamilyId),
}

impl Families {
    /// Room for families of sets of at most `order` elements.
    pub(super) fn new(order: u32, most: usize) -> Families {
        let end = Split { element: END, without: NONE, with: NONE };
        Families { nodes: vec![end; 2], unique: Table::new(), known: Table::new(), order, most }
    }

    /// A node of a family.
    pub(super) fn split(&self, family: FamilyId) -> Split {
        self.nodes[family as usize]
    }

    fn node(
        &mut self,
        element: u32,
        without: FamilyId,
        with: FamilyId,
    ) -> Result<FamilyId, TooLarge> {
        if with == NONE {
            return Ok(without);
        }
        if let Some(known) = self.unique.get([element, without, with]) {
            return Ok(known);
        }
        if self.nodes.len() >= self.most || self.known.len() >= 8 * self.most {
            return Err(TooLarge { nodes: self.most });
        }
        let id = self.nodes.len() as FamilyId;
        self.nodes.push(Split { element, without, with });
        self.unique.insert([element, without, with], id);
        Ok(id)
    }

    /// The set of one element.
    pub(super) fn single(&mut self, element: u32) -> Result<FamilyId, TooLarge> {
        self.node(element, NONE, EMPTY)
    }

    /// The minimal sets of both families.
    pub(super) fn union(&mut self, one: FamilyId, other: FamilyId) -> Result<FamilyId, TooLarge> {
        self.work(Work::Union, one, other)
    }

    /// The minimal sets that hold a set of at least `count` of these families.
    pub(super) fn at_least(
        &mut self,
        count: usize,
        inputs: &[FamilyId],
    ) -> Result<FamilyId, TooLarge> {
        if count > inputs.len() {
            return Ok(NONE);
        }
        if count.saturating_mul(inputs.len() + 1 - count) > MOST_COUNTED {
            return Err(TooLarge { nodes: self.most });
        }
        let mut inputs = inputs.to_vec();
        inputs.sort_by_key(|input| std::cmp::Reverse((self.split(*input).element, *input)));
        // By number: what takes down at least so many of those so far.
        let mut reached = vec![NONE; count + 1];
        reached[0] = EMPTY;
        let all = inputs.len();
        for (done, input) in inputs.into_iter().enumerate() {
            let fewest = count.saturating_sub(all - done - 1).max(1);
            for number in (fewest..=count.min(done + 1)).rev() {
                let joined = self.work(Work::Join(self.order), reached[number - 1], input)?;
                reached[number] = self.union(reached[number], joined)?;
            }
        }
        Ok(reached[count])
    }

    fn work(&mut self, work: Work, one: FamilyId, other: FamilyId) -> Result<FamilyId, TooLarge> {
        let mut open: Vec<Open> = Vec::new();
        let mut asked = Some((work, one, other));
        // What the last call came to.
        let mut answer = None;
        loop {
            if let Some(call) = asked.take() {
                let call = self.shortened(call);
                answer = self.at_once(call);
                if answer.is_none() {
                    open.push(self.opened(call));
                }
            }
            let Some(present) = open.last_mut() else { return Ok(answer.unwrap_or(NONE)) };
            if let Some(found) = answer.take() {
                present.found[present.steps] = found;
                present.steps += 1;
            }
            match present.next() {
                Next::Call(next) => asked = Some(next),
                Next::Done(without, with) => {
                    let (call, element) = (present.call, present.element);
                    open.pop();
                    let found = self.node(element, without, with)?;
                    self.known.insert(key(call), found);
                    answer = Some(found);
                }
            }
        }
    }

    /// The same, with less to do: no set without an element holds one that has it; and what can be done in
    /// two orders is done in one.
    fn shortened(&self, (work, one, mut other): Call) -> Call {
        match work {
            Work::Without if one > EMPTY => {
                while self.split(other).element < self.split(one).element {
                    other = self.split(other).without;
                }
                (work, one, other)
            }
            Work::Without => (work, one, other),
            Work::Union | Work::Join(_) => (work, one.min(other), one.max(other)),
        }
    }

    /// What a call comes to where that is plain, or known.
    fn at_once(&self, call: Call) -> Option<FamilyId> {
        match call {
            (Work::Union, NONE, other) => Some(other),
            (Work::Union, EMPTY, _) => Some(EMPTY),
            (Work::Join(_), NONE, _) => Some(NONE),
            (Work::Join(_), EMPTY, EMPTY) => Some(EMPTY),
            (Work::Join(0), ..) => Some(NONE),
            (Work::Join(most), EMPTY, other) if most == self.order => Some(other),
            (Work::Without, NONE, _) | (Work::Without, _, EMPTY) => Some(NONE),
            (Work::Without, one, NONE) => Some(one),
            (Work::Without, EMPTY, _) => Some(EMPTY),
            (Work::Without, one, other) if one == other => Some(NONE),
            (Work::Union, one, other) if one == other => Some(one),
            _ => self.known.get(key(call)),
        }
    }

    fn opened(&self, call: Call) -> Open {
        let (_, one, other) = call;
        let element = self.split(one).element.min(self.split(other).element);
        let halves = |family: FamilyId| match self.split(family) {
            split if split.element == element => (split.without, split.with),
            _ => (family, NONE),
        };
        let (one, other) = (halves(one), halves(other));
        Open { call, element, one, other, found: [NONE; 6], steps: 0 }
    }

    /// What leads on from a family, each node after those that it leads to.
    fn reachable(&self, family: FamilyId) -> Vec<FamilyId> {
        let mut is_reached = vec![false; self.nodes.len()];
        let mut frontier = vec![family];
        while let Some(id) = frontier.pop() {
            if !std::mem::replace(&mut is_reached[id as usize], true) && id > EMPTY {
                let Split { without, with, .. } = self.split(id);
                frontier.extend([without, with]);
            }
        }
        // A node is made after those that it leads to.
        (2..self.nodes.len() as FamilyId).filter(|id| is_reached[*id as usize]).collect()
    }

    /// By number of elements, up to the most: how many sets of a family have so many, as far as can be
    /// counted.
    pub(super) fn counts(&self, family: FamilyId) -> Vec<u64> {
        let numbers = 0..=self.order as usize;
        let mut counts = vec![vec![0_u64; numbers.end() + 1]; self.nodes.len()];
        counts[EMPTY as usize][0] = 1;
        for id in self.reachable(family) {
            let Split { without, with, .. } = self.split(id);
            for number in numbers.clone() {
                let with = number.checked_sub(1).map_or(0, |fewer| counts[with as usize][fewer]);
                counts[id as usize][number] = counts[without as usize][number].saturating_add(with);
            }
        }
        counts.swap_remove(family as usize)
    }

    /// The sets of so many elements with the highest products of `weights`, by element, and those: at
    /// most so many of them.
    pub(super) fn heaviest(
        &self,
        family: FamilyId,
        elements: usize,
        weights: &[f64],
        most: usize,
    ) -> Vec<(Vec<u32>, f64)> {
        // By node and number of elements: the highest product of what follows; negative if nothing does.
        let mut best = vec![vec![-1.0; elements + 1]; self.nodes.len()];
        best[EMPTY as usize][0] = 1.0;
        for id in self.reachable(family) {
            let Split { element, without, with } = self.split(id);
            for number in 0..=elements {
                let with = number.checked_sub(1).map_or(-1.0, |fewer| best[with as usize][fewer]);
                let with = if with < 0.0 { with } else { with * weights[element as usize] };
                best[id as usize][number] = best[without as usize][number].max(with);
            }
        }
        let begun = |set: Vec<u32>, product: f64, rest: FamilyId, number: u64| {
            let left = elements - set.len();
            let follows = best[rest as usize][left];
            (follows >= 0.0).then_some(Begun {
                bound: product * follows,
                number,
                set,
                product,
                rest,
            })
        };
        let mut heap = BinaryHeap::new();
        heap.extend(begun(Vec::new(), 1.0, family, 0));
        let mut found = Vec::new();
        let mut number = 0;
        while let Some(Begun { set, product, rest, .. }) = heap.pop() {
            if rest == EMPTY {
                found.push((set, product));
                if found.len() == most {
                    break;
                }
                continue;
            }
            let Split { element, without, with } = self.split(rest);
            number += 2;
            heap.extend(begun(set.clone(), product, without, number));
            if set.len() < elements {
                let (mut set, product) = (set, product * weights[element as usize]);
                set.push(element);
                heap.extend(begun(set, product, with, number + 1));
            }
        }
        found
    }
}

impl Open {
    fn next(&self) -> Next {
        let ((one_without, one_with), (other_without, other_with)) = (self.one, self.other);
        let (work, found) = (self.call.0, &self.found);
        Next::Call(match (work, self.steps) {
            (Work::Union | Work::Without, 0) => (work, one_without, other_without),
            (Work::Union | Work::Without, 1) => (work, one_with, other_with),
            // What holds a set without the element is not minimal with it.
            (Work::Union, 2) => (Work::Without, found[1], found[0]),
            (Work::Without, 2) => (Work::Without, found[1], other_without),
            (Work::Join(most), 0) => (Work::Join(most), one_without, other_without),
            (Work::Join(_), 1) => (Work::Union, other_without, other_with),
            (Work::Join(most), 2) => (Work::Join(most - 1), one_with, found[1]),
            (Work::Join(most), 3) => (Work::Join(most - 1), one_without, other_with),
            (Work::Join(_), 4) => (Work::Union, found[2], found[3]),
            (Work::Join(_), 5) => (Work::Without, found[4], found[0]),
            _ => return Next::Done(found[0], found[self.steps - 1]),
        })
    }
}

/// The key of a call among those that are known.
fn key((work, one, other): Call) -> Key {
    let work = match work {
        Work::Union => 0,
        Work::Without => 1,
        Work::Join(most) => 2 + most,
    };
    [work, one, other]
}

/// A set that has been begun, and what may follow.
struct Begun {
    /// No set that begins like this is heavier.
    bound: f64,
    /// Later ones come first among those that are as heavy, so that sets are finished before others are begun.
    number: u64,
    set: Vec<u32>,
    product: f64,
    rest: FamilyId,
}

impl Ord for Begun {
    fn cmp(&self, other: &Begun) -> Ordering {
        self.bound.total_cmp(&other.bound).then(self.number.cmp(&other.number))
    }
}

impl PartialOrd for Begun {
    fn partial_cmp(&self, other: &Begun) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Begun {
    fn eq(&self, other: &Begun) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Begun {}
