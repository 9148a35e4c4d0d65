//! Binary decision diagrams of what takes a journey down.
//!
//! A diagram asks one unit after another, always in the same order, whether it is down by itself, and ends
//! at *down* or *up*; equal parts of it are there only once. Bryant, *Graph-based algorithms for Boolean
//! function manipulation*, IEEE Trans. Computers 35(8), 1986; for reliability: Rauzy, *New algorithms for fault
//! trees analysis*, Reliability Engineering and System Safety 40(3), 1993.
//!
//! Everything is in terms of *down*, and the functions only rise with it: so every probability is a sum of
//! positive terms, and a small one keeps all of its digits.
//!
//! Deliberately absent: recursion, which a model of thousands of units would take too deep; and a way to throw
//! away what is not needed any more, since a diagram that needs it is given up.

use super::skeleton::Skeleton;
use super::table::Table;
use crate::model::UnitId;

/// A node of a diagram, or one of its two ends.
type NodeId = u32;

/// Nothing that is down takes the journey down.
const UP: NodeId = 0;
/// The journey is down whatever else is.
const DOWN: NodeId = 1;
/// The place of the ends in the order: after all units.
const END: u32 = u32::MAX;

/// Nodes of the diagrams that are tried, in both orders, before a journey is given up.
const NODES_TRIED: [usize; 3] = [5_000, 50_000, 200_000];
/// Inputs of a gate that are fatal, times one more than there are others: beyond it counting takes too long.
const MOST_COUNTED: usize = 20_000_000;

/// There are too many nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLarge {
    /// More than so many.
    pub(super) nodes: usize,
}

/// A question: is this unit down by itself?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Node {
    /// Its place in the order.
    level: u32,
    /// Where to go on if it is not.
    if_up: NodeId,
    /// Where to go on if it is.
    if_down: NodeId,
}

/// Diagrams that share their nodes.
struct Builder {
    nodes: Vec<Node>,
    /// The node of a level and two ways on.
    unique: Table,
    /// What was worked out before.
    known: Table,
    most: usize,
}

/// A choice that is being worked out: of two functions by a third.
struct Choice {
    of: [NodeId; 3],
    level: u32,
    /// What it is where the unit of that level is up, once that is known.
    if_up: Option<NodeId>,
}

impl Builder {
    fn new(most: usize) -> Builder {
        let end = Node { level: END, if_up: UP, if_down: DOWN };
        Builder { nodes: vec![end; 2], unique: Table::new(), known: Table::new(), most }
    }

    fn level(&self, node: NodeId) -> u32 {
        self.nodes[node as usize].level
    }

    fn node(&mut self, level: u32, if_up: NodeId, if_down: NodeId) -> Result<NodeId, TooLarge> {
        if if_up == if_down {
            return Ok(if_up);
        }
        if let Some(known) = self.unique.get([level, if_up, if_down]) {
            return Ok(known);
        }
        if self.nodes.len() >= self.most || self.known.len() >= 8 * self.most {
            return Err(TooLarge { nodes: self.most });
        }
        let id = self.nodes.len() as NodeId;
        self.nodes.push(Node { level, if_up, if_down });
        self.unique.insert([level, if_up, if_down], id);
        Ok(id)
    }

    /// The unit at this place of the order.
    fn unit(&mut self, level: u32) -> Result<NodeId, TooLarge> {
        self.node(level, UP, DOWN)
    }

    /// `then` where `if_` is down, else `otherwise`.
    fn choose(&mut self, if_: NodeId, then: NodeId, otherwise: NodeId) -> Result<NodeId, TooLarge> {
        let mut open: Vec<Choice> = Vec::new();
        let mut asked = [if_, then, otherwise];
        loop {
            let Some(mut found) = self.at_once(asked) else {
                let levels = asked.map(|node| self.level(node));
                let level = levels.into_iter().min().unwrap_or(END);
                open.push(Choice { of: asked, level, if_up: None });
                asked = self.restricted(asked, level, false);
                continue;
            };
            loop {
                let Some(choice) = open.last_mut() else { return Ok(found) };
                match choice.if_up {
                    None => {
                        choice.if_up = Some(found);
                        let (of, level) = (choice.of, choice.level);
                        asked = self.restricted(of, level, true);
                        break;
                    }
                    Some(if_up) => {
                        let (of, level) = (choice.of, choice.level);
                        open.pop();
                        found = self.node(level, if_up, found)?;
                        self.known.insert(of, found);
                    }
                }
            }
        }
    }

    /// What a choice comes to where that is plain, or known.
    fn at_once(&self, [if_, then, otherwise]: [NodeId; 3]) -> Option<NodeId> {
        match (if_, then, otherwise) {
            (DOWN, _, _) => Some(then),
            (UP, _, _) => Some(otherwise),
            (_, DOWN, UP) => Some(if_),
            _ if then == otherwise => Some(then),
            _ => self.known.get([if_, then, otherwise]),
        }
    }

    /// These functions where the unit of a level is up, or down.
    fn restricted(&self, of: [NodeId; 3], level: u32, is_down: bool) -> [NodeId; 3] {
        of.map(|id| match &self.nodes[id as usize] {
            node if node.level == level && is_down => node.if_down,
            node if node.level == level => node.if_up,
            _ => id,
        })
    }

    /// Where at least so many of these are down.
    ///
    /// By counting: one after another, from the last in the order, each shifts the count where it is down.
    fn at_least(&mut self, fatal: usize, inputs: &[NodeId]) -> Result<NodeId, TooLarge> {
        if fatal > inputs.len() {
            return Ok(UP);
        }
        if fatal.saturating_mul(inputs.len() + 1 - fatal) > MOST_COUNTED {
            return Err(TooLarge { nodes: self.most });
        }
        let mut inputs = inputs.to_vec();
        inputs.sort_by_key(|input| std::cmp::Reverse((self.level(*input), *input)));
        // By number: where at least so many of those so far are down.
        let mut reached = vec![UP; fatal + 1];
        reached[0] = DOWN;
        let count = inputs.len();
        for (done, input) in inputs.into_iter().enumerate() {
            // Fewer than that cannot become enough, and more than there were cannot be.
            let fewest = fatal.saturating_sub(count - done - 1).max(1);
            for number in (fewest..=fatal.min(done + 1)).rev() {
                reached[number] = self.choose(input, reached[number - 1], reached[number])?;
            }
        }
        Ok(reached[fatal])
    }
}

/// What takes a journey down, as a diagram of its own.
#[derive(Clone, Debug)]
pub(super) struct Diagram {
    /// By level: the unit that is asked.
    units: Vec<UnitId>,
    /// Ends first, and then each node after those that it leads to; the last is the whole.
    nodes: Vec<Node>,
    top: NodeId,
}

impl Diagram {
    /// That of a skeleton without rings, of units that can go down by themselves.
    ///
    /// # Errors
    ///
    /// If it has too many nodes in every order that is tried.
    pub(super) fn new(
        skeleton: &Skeleton,
        can_fail: impl Fn(UnitId) -> bool,
    ) -> Result<Diagram, TooLarge> {
        let by_gate: Vec<UnitId> = skeleton.units().filter(|unit| can_fail(*unit)).collect();
        let by_host: Vec<UnitId> =
            by_host(skeleton).into_iter().filter(|unit| can_fail(*unit)).collect();
        let mut given_up = TooLarge { nodes: 0 };
        for most in NODES_TRIED {
            for order in [&by_gate, &by_host] {
                match Diagram::in_order(skeleton, order, most) {
                    Ok(diagram) => return Ok(diagram),
                    Err(too_large) => given_up = too_large,
                }
            }
        }
        Err(given_up)
    }

    fn in_order(skeleton: &Skeleton, order: &[UnitId], most: usize) -> Result<Diagram, TooLarge> {
        let most_units = skeleton.units().map(|unit| unit.index() + 1).max().unwrap_or(0);
        let mut level_of = vec![None; most_units];
        for (level, unit) in order.iter().enumerate() {
            level_of[unit.index()] = Some(level as u32);
        }
        let mut builder = Builder::new(most.max(2 * order.len()));
        let mut parts: Vec<NodeId> = Vec::with_capacity(skeleton.parts.len());
        for part in &skeleton.parts {
            let inputs: Vec<NodeId> = part.inputs.iter().map(|input| parts[*input]).collect();
            let mut down = builder.at_least(part.fatal(), &inputs)?;
            if let Some(level) = part.unit.and_then(|unit| level_of[unit.index()]) {
                let alone = builder.unit(level)?;
                down = builder.choose(alone, DOWN, down)?;
            }
            parts.push(down);
        }
        let top = parts.last().copied().unwrap_or(UP);
        Ok(Diagram::reachable(&builder, order.to_vec(), top))
    }

    /// Only what leads on from the top, renumbered.
    fn reachable(builder: &Builder, units: Vec<UnitId>, top: NodeId) -> Diagram {
        let mut is_reached = vec![false; builder.nodes.len()];
        let mut frontier = vec![top];
        while let Some(id) = frontier.pop() {
            if !std::mem::replace(&mut is_reached[id as usize], true) && id > DOWN {
                let Node { if_up, if_down, .. } = builder.nodes[id as usize];
                frontier.extend([if_up, if_down]);
            }
        }
        // A node is made after those that it leads to.
        let mut numbers = vec![UP; builder.nodes.len()];
        numbers[DOWN as usize] = DOWN;
        let mut nodes = builder.nodes[..2].to_vec();
        for (id, node) in builder.nodes.iter().enumerate().skip(2) {
            if is_reached[id] {
                numbers[id] = nodes.len() as NodeId;
                let [if_up, if_down] =
                    [node.if_up, node.if_down].map(|next| numbers[next as usize]);
                nodes.push(Node { level: node.level, if_up, if_down });
            }
        }
        Diagram { units, nodes, top: numbers[top as usize] }
    }

    /// By level: the unit that is asked.
    pub(super) fn units(&self) -> &[UnitId] {
        &self.units
    }

    /// Questions.
    pub(super) fn node_count(&self) -> usize {
        self.nodes.len() - 2
    }

    /// The probability that the journey is down, given by level how probable it is that each unit is down
    /// and up by itself.
    pub(super) fn down(&self, chances: &[(f64, f64)]) -> f64 {
        self.values(chances)[self.top as usize]
    }

    /// By node: the probability of going on to *down* from there.
    fn values(&self, chances: &[(f64, f64)]) -> Vec<f64> {
        let mut values = vec![0.0, 1.0];
        for node in &self.nodes[2..] {
            let (down, up) = chances[node.level as usize];
            let [if_up, if_down] = [node.if_up, node.if_down].map(|next| values[next as usize]);
            values.push(down * if_down + up * if_up);
        }
        values
    }

    /// The probability that the journey is down, and by level how much more probable that is if the unit is
    /// down than if it is up: Birnbaum's importance, which is the probability that it makes the difference.
    ///
    /// # Source
    ///
    /// Birnbaum, *On the importance of different components in a multicomponent system*, 1969.
    pub(super) fn importances(&self, chances: &[(f64, f64)]) -> (f64, Vec<f64>) {
        let values = self.values(chances);
        // By node: the probability of coming there.
        let mut reached = vec![0.0; self.nodes.len()];
        reached[self.top as usize] = 1.0;
        let mut importances = vec![0.0; self.units.len()];
        for (id, node) in self.nodes.iter().enumerate().skip(2).rev() {
            let (down, up) = chances[node.level as usize];
            let (if_up, if_down) = (node.if_up as usize, node.if_down as usize);
            // More that is down makes nothing better; what rounding makes of it is left out.
            let difference = (values[if_down] - values[if_up]).max(0.0);
            importances[node.level as usize] += reached[id] * difference;
            reached[if_down] += reached[id] * down;
            reached[if_up] += reached[id] * up;
        }
        (values[self.top as usize], importances)
    }
}

/// Nodes times units of diagrams in which minimal cut sets are looked for.
const MOST_SEARCHED: usize = 1_000_000;
/// How many times as many nodes as a diagram has that may take, for each unit.
const GROWTH: usize = 16;

impl Diagram {
    /// Whether it is small enough to look for minimal cut sets in.
    pub(super) fn can_be_searched(&self) -> bool {
        self.nodes.len() * self.units.len() <= MOST_SEARCHED
    }

    /// The probability that a minimal cut set is down as a whole to which a failure mode of a group belongs; by level,
    /// what the group takes down of the unit. `None` if that would take too long.
    ///
    /// # Formula
    ///
    /// A minimal cut set that holds some of a group is down if with fewer down the journey would be down, and up without
    /// the group: so the states in which that is so are found, and all with more down are added to them. A unit of which
    /// only some failure modes belong to the group is two questions: whether it is down by one of these, and if it is
    /// not, by another one.
    pub(super) fn involved(
        &self,
        chances: &[(f64, f64)],
        by_level: &[Option<Taken>],
    ) -> Option<f64> {
        // Anew for each, so that no more nodes are kept than one of them takes.
        let mut builder = Builder::new(GROWTH * self.nodes.len());
        let found = self.makes_the_difference(&mut builder, by_level);
        let and_more = found.and_then(|found| builder.and_more(found)).ok()?;
        let mut questions = Vec::with_capacity(2 * chances.len());
        for (chance, taken) in chances.iter().zip(by_level) {
            let by = taken.map_or(Taken::NOTHING, |taken| taken.by);
            questions.extend([by, taken.and_then(|taken| taken.otherwise).unwrap_or(*chance)]);
        }
        Some(Diagram::reachable(&builder, Vec::new(), and_more).down(&questions))
    }

    /// Where it is down, and would be up without a group.
    fn makes_the_difference(
        &self,
        builder: &mut Builder,
        by_level: &[Option<Taken>],
    ) -> Result<NodeId, TooLarge> {
        let all = self.in_questions(builder, by_level, true)?;
        let without = self.in_questions(builder, by_level, false)?;
        builder.choose(without, UP, all)
    }

    /// The whole in up to two questions for each unit, or where a group takes nothing down.
    fn in_questions(
        &self,
        builder: &mut Builder,
        by_level: &[Option<Taken>],
        with_group: bool,
    ) -> Result<NodeId, TooLarge> {
        let mut copies = vec![UP, DOWN];
        for node in &self.nodes[2..] {
            let [if_up, if_down] = [node.if_up, node.if_down].map(|next| copies[next as usize]);
            let (first, second) = (2 * node.level, 2 * node.level + 1);
            copies.push(match by_level[node.level as usize] {
                None => builder.node(second, if_up, if_down)?,
                Some(taken) => {
                    let not_by_group = match taken.otherwise {
                        Some(_) => builder.node(second, if_up, if_down)?,
                        None => if_up,
                    };
                    match with_group {
                        true => builder.node(first, not_by_group, if_down)?,
                        false => not_by_group,
                    }
                }
            });
        }
        Ok(copies[self.top as usize])
    }

    /// The probability that the journey is down, and would be up if nothing were down by a group of failure modes; by
    /// level, what the group takes down of the unit.
    ///
    /// # Formula
    ///
    /// By node `D = q' D_down + p' D_up + a (Q_down - Q_up)`, with `Q` the probability of going on to *down*, `q'` and
    /// `p'` those of the unit being down and up without the group, and `a` that it would be up without it and is down:
    /// all of it positive, so that no digits are lost.
    pub(super) fn goes_away(&self, chances: &[(f64, f64)], by_level: &[Option<Taken>]) -> f64 {
        let values = self.values(chances);
        let mut differences = vec![0.0, 0.0];
        for node in &self.nodes[2..] {
            let (if_up, if_down) = (node.if_up as usize, node.if_down as usize);
            let (alone, (down, up)) = match by_level[node.level as usize] {
                Some(taken) => (taken.alone(), taken.without),
                None => (0.0, chances[node.level as usize]),
            };
            let here = (values[if_down] - values[if_up]).max(0.0);
            differences.push(down * differences[if_down] + up * differences[if_up] + alone * here);
        }
        differences[self.top as usize]
    }
}

/// What a group of failure modes takes down of a unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    /// The probability that the unit is down by the group, and that it is not.
    pub(super) by: (f64, f64),
    /// If it is not: the probability that it is down by another failure mode, and that it is up; `None` if there is no
    /// other one.
    pub(super) otherwise: Option<(f64, f64)>,
    /// The probability that no other failure mode takes it down while the group does.
    pub(super) decides: f64,
    /// The probability that it would be down without the group, and that it would be up.
    pub(super) without: (f64, f64),
}

impl Taken {
    /// Nothing.
    pub(super) const NOTHING: (f64, f64) = (0.0, 1.0);

    /// The probability that it is down by the group alone.
    pub(super) fn alone(&self) -> f64 {
        self.by.0 * self.decides
    }
}

impl Builder {
    /// Where this is so, or would be with some of what is down up.
    fn and_more(&mut self, top: NodeId) -> Result<NodeId, TooLarge> {
        let parts = Diagram::reachable(self, Vec::new(), top);
        let mut closed = vec![UP, DOWN];
        for node in &parts.nodes[2..] {
            let [if_up, if_down] = [node.if_up, node.if_down].map(|next| closed[next as usize]);
            let if_down = self.choose(if_up, DOWN, if_down)?;
            closed.push(self.node(node.level, if_up, if_down)?);
        }
        Ok(closed[parts.top as usize])
    }
}

/// The units of a skeleton with all that stand on a unit after it, so that what goes down together is asked
/// together.
fn by_host(skeleton: &Skeleton) -> Vec<UnitId> {
    // By part: the units that stand on it.
    let mut guests = vec![Vec::new(); skeleton.parts.len()];
    for (index, part) in skeleton.parts.iter().enumerate() {
        if part.unit.is_some() {
            part.inputs.iter().for_each(|host| guests[*host].push(index));
        }
    }
    let mut is_listed = vec![false; skeleton.parts.len()];
    let mut units = Vec::new();
    for first in 0..skeleton.parts.len() {
        let mut frontier = vec![first];
        while let Some(index) = frontier.pop() {
            let Some(unit) = skeleton.parts[index].unit else { continue };
            if !std::mem::replace(&mut is_listed[index], true) {
                units.push(unit);
                frontier.extend(guests[index].iter().rev());
            }
        }
    }
    units
}
