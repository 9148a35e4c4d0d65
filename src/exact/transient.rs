//! How probable it is that a unit is down at an instant, where its time down has another law than the
//! exponential one.

use super::basic_event::Chance;
use super::quadrature::{POINTS, kronrod};
use crate::dist::Law;

/// Nodes of a panel: those of the rule of Kronrod.
const NODES: usize = 2 * POINTS.len() - 1;
/// How much shorter the first panel is than the shortest length of time that the law knows.
const FINENESS: f64 = 64.0;
/// Kinks of a law, at most.
const MOST_KINKS: usize = 16;

/// The law of a time down: with each probability, a fixed time and after it a time with a law.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Downtime {
    parts: Vec<(f64, f64, Law)>,
}

impl Downtime {
    /// With each of these probabilities, so many lengths of time one after another. `None` where there is no
    /// formula for their sum.
    pub(super) fn new(choices: &[(f64, Vec<Law>)]) -> Option<Downtime> {
        let mut parts = Vec::new();
        for (share, laws) in choices {
            let (mut fixed, mut other) = (0.0, None);
            let mut left: Vec<&Law> = laws.iter().collect();
            while let Some(law) = left.pop() {
                match law {
                    Law::Fixed { value } => fixed += value,
                    Law::Sum(stages) => left.extend(stages.iter()),
                    law if other.is_none() => other = Some(law.clone()),
                    _ => return None,
                }
            }
            parts.push((*share, fixed, other.unwrap_or(Law::Fixed { value: 0.0 })));
        }
        let downtime = Downtime { parts };
        (downtime.survival(0.0).is_some() && downtime.kinks().len() <= MOST_KINKS)
            .then_some(downtime)
    }

    /// The probability to last longer than so many seconds.
    fn survival(&self, seconds: f64) -> Option<f64> {
        let each = self.parts.iter().map(|(share, fixed, law)| {
            let beyond = seconds - fixed;
            if beyond < 0.0 { Some(*share) } else { Some(share * law.survival(beyond)?) }
        });
        each.sum()
    }

    /// Lengths of time at which the law is not smooth.
    fn kinks(&self) -> Vec<f64> {
        let mut kinks = Vec::new();
        for (_, fixed, law) in &self.parts {
            kinks.push(*fixed);
            kinks.extend(kinks_of(law).into_iter().map(|kink| fixed + kink));
        }
        kinks.retain(|kink| *kink > 0.0);
        kinks.sort_by(f64::total_cmp);
        kinks.dedup();
        kinks
    }

    /// The shortest length of time that it knows, seconds.
    fn shortest(&self) -> f64 {
        let means = self.parts.iter().flat_map(|(_, _, law)| shortest_of(law));
        means.chain(self.kinks()).filter(|length| *length > 0.0).fold(f64::INFINITY, f64::min)
    }
}

/// Lengths of time at which a law is not smooth.
fn kinks_of(law: &Law) -> Vec<f64> {
    match law {
        Law::Fixed { value } => vec![*value],
        Law::Uniform { low, high } => vec![*low, *high],
        Law::Triangular { low, peak, high } => vec![*low, *peak, *high],
        Law::Empirical(values) => values.to_vec(),
        Law::Mixture(branches) => branches.iter().flat_map(|b| kinks_of(&b.law)).collect(),
        Law::Exponential { .. }
        | Law::Weibull { .. }
        | Law::LogNormal { .. }
        | Law::Gamma { .. }
        | Law::Sum(_) => Vec::new(),
    }
}

/// Lengths of time that a law is made of, seconds.
fn shortest_of(law: &Law) -> Vec<f64> {
    match law {
        Law::Mixture(branches) => branches.iter().flat_map(|b| shortest_of(&b.law)).collect(),
        // Its bulk begins three deviations below the median.
        Law::LogNormal { mu, sigma } => vec![libm::exp(mu - 3.0 * sigma)],
        law => vec![law.mean()],
    }
}

/// How probable it is that something is down that goes down at a constant rate while it is up.
///
/// # Formula
///
/// With `l` that rate and `G(s)` the probability that a time down is longer than `s`, the probability to be
/// down at `t` meets
///
/// `q(t) = l * integral from 0 to t of (1 - q(t - s)) G(s) ds`
///
/// which is solved by collocation: `q` is a polynomial of degree 14 on each of some panels of time, which double
/// in length, and meets the equation at their nodes. How far it is from meeting it between them is the error
/// that is stated.
///
/// # Source
///
/// Ross, *Stochastic Processes*, 1996, 3.4.1; Brunner, *Collocation methods for Volterra integral and related
/// functional equations*, 2004, chapter 2.
#[derive(Clone, Debug)]
pub(super) struct Transient {
    rate: f64,
    down: Downtime,
    edges: Vec<f64>,
    /// By panel: what it is at its nodes.
    panels: Vec<[f64; NODES]>,
    relative_error: f64,
}

impl Transient {
    /// That of something with this rate of failures, in a second, for so many seconds.
    pub(super) fn new(rate: f64, down: Downtime, seconds: f64) -> Transient {
        let edges = edges(&down, rate, seconds);
        let panels = Vec::with_capacity(edges.len());
        let mut transient = Transient { rate, down, edges, panels, relative_error: 0.0 };
        for panel in 1..transient.edges.len() {
            let values = transient.solved(panel);
            transient.panels.push(values);
        }
        transient.relative_error = transient.residual();
        transient
    }

    /// Whether it is of this rate and law.
    pub(super) fn is_of(&self, rate: f64, down: &Downtime) -> bool {
        self.rate == rate && self.down == *down
    }

    /// How far it may be off, against its value.
    pub(super) fn relative_error(&self) -> f64 {
        self.relative_error
    }

    /// What it is after so many seconds.
    pub(super) fn at(&self, seconds: f64) -> Chance {
        let down = self.down_at(seconds);
        let up = 1.0 - down;
        Chance { down, up, rate: self.rate * up }
    }

    /// Instants at which that is not smooth.
    pub(super) fn kinks(&self) -> Vec<f64> {
        self.down.kinks()
    }

    /// The probability to be down after so many seconds.
    fn down_at(&self, seconds: f64) -> f64 {
        let panel = self.edges.partition_point(|edge| *edge < seconds).clamp(1, self.panels.len());
        let weights = interpolation(&self.edges[panel - 1..=panel], seconds);
        weights.iter().zip(&self.panels[panel - 1]).map(|(weight, value)| weight * value).sum()
    }

    fn survival(&self, seconds: f64) -> f64 {
        self.down.survival(seconds).unwrap_or(0.0)
    }

    /// What it is at the nodes of the panel that ends at this edge, from what it is before.
    fn solved(&self, panel: usize) -> [f64; NODES] {
        let (from, to) = (self.edges[panel - 1], self.edges[panel]);
        // Rows of a system of equations, with the right-hand sides at the end.
        let mut rows = [[0.0; NODES + 1]; NODES];
        for (node, row) in rows.iter_mut().enumerate() {
            let at = from + (to - from) * unit_node(node);
            row[node] += 1.0;
            self.over_past(at, 1, |weight, past| {
                row[NODES] += self.rate * weight;
                if past > from {
                    let weights = interpolation(&[from, to], past);
                    for (entry, share) in row.iter_mut().zip(weights) {
                        *entry += self.rate * weight * share;
                    }
                } else {
                    row[NODES] -= self.rate * weight * self.down_at(past);
                }
            });
        }
        solve(rows)
    }

    /// Calls with weights `G(s) ds` and instants `t - s` for the integral over everything before `t`, cut
    /// where either is not smooth, and each part in so many.
    fn over_past(&self, at: f64, times: u32, mut call: impl FnMut(f64, f64)) {
        let before = || self.edges.iter().copied().filter(|edge| *edge < at);
        let mut cuts: Vec<f64> = before().chain(before().map(|edge| at - edge)).collect();
        cuts.sort_by(f64::total_cmp);
        for cut in cuts.windows(2).filter(|cut| cut[1] - cut[0] > 1e-14 * at) {
            let length = (cut[1] - cut[0]) / f64::from(times);
            for part in 0..times {
                let start = cut[0] + length * f64::from(part);
                for (seconds, weight) in kronrod(start, start + length) {
                    let survival = self.survival(seconds);
                    if survival > 0.0 {
                        call(weight * survival, at - seconds);
                    }
                }
            }
        }
    }

    /// How far it is from meeting its equation between the nodes, against its value: at most.
    fn residual(&self) -> f64 {
        let mut most = 0.0_f64;
        for edge in self.edges.windows(2) {
            for node in [2, NODES / 2] {
                let between = 0.5 * (unit_node(node) + unit_node(node + 1));
                let at = edge[0] + (edge[1] - edge[0]) * between;
                let mut sum = 0.0;
                self.over_past(at, 2, |weight, past| sum += weight * (1.0 - self.down_at(past)));
                let found = self.down_at(at);
                most = most.max((found - self.rate * sum).abs() / found);
            }
        }
        most
    }
}

/// Where panels meet: the first is much shorter than what the law knows, then they double, and there is one
/// at each kink of the law and at the kinks that follow from it.
fn edges(down: &Downtime, rate: f64, seconds: f64) -> Vec<f64> {
    let first = (down.shortest().min(1.0 / rate) / FINENESS).min(seconds);
    let doublings = libm::log2(seconds / first).ceil().min(60.0) as i32;
    let mut edges: Vec<f64> = (0..=doublings).map(|k| libm::ldexp(seconds, -k)).collect();
    for kink in down.kinks() {
        edges.extend([1.0, 2.0, 3.0].map(|times| times * kink));
    }
    edges.push(0.0);
    edges.retain(|edge| *edge <= seconds);
    edges.sort_by(f64::total_cmp);
    edges.dedup_by(|later, earlier| *later - *earlier < 1e-9 * *later);
    // The end stays where it is.
    if let Some(last) = edges.last_mut() {
        *last = seconds;
    }
    edges
}

/// A node of a panel, on [0, 1].
fn unit_node(node: usize) -> f64 {
    let last = POINTS.len() - 1;
    let (point, ..) = POINTS[if node <= last { node } else { 2 * last - node }];
    0.5 * (1.0 + if node <= last { -point } else { point })
}

/// How much each node of a panel counts for the value at an instant.
///
/// # Source
///
/// Berrut and Trefethen, *Barycentric Lagrange interpolation*, SIAM Review 46(3), 2004.
fn interpolation(panel: &[f64], seconds: f64) -> [f64; NODES] {
    let place = (seconds - panel[0]) / (panel[1] - panel[0]);
    let mut weights = [0.0; NODES];
    for (node, weight) in weights.iter_mut().enumerate() {
        let distance = place - unit_node(node);
        if distance == 0.0 {
            let mut alone = [0.0; NODES];
            alone[node] = 1.0;
            return alone;
        }
        *weight = barycentric(node) / distance;
    }
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| weight / sum)
}

/// Weights of the nodes of a panel, from its edge to its middle: one over the product of the distances to all
/// others, against that of the middle.
const BARYCENTRIC: [f64; NODES.div_ceil(2)] = [
    0.110_013_657_742_513_6,
    -0.318_466_113_651_962_8,
    0.502_645_322_578_598_4,
    -0.666_990_139_763_524,
    0.810_663_488_606_082_7,
    -0.918_467_904_487_984_3,
    0.980_601_688_976_275_6,
    -1.0,
];

fn barycentric(node: usize) -> f64 {
    BARYCENTRIC[node.min(NODES - 1 - node)]
}

/// Solves linear equations, each with its right-hand side at the end, by elimination.
fn solve(mut rows: [[f64; NODES + 1]; NODES]) -> [f64; NODES] {
    for column in 0..NODES {
        let size = |row: &usize| rows[*row][column].abs();
        let pivot = (column..NODES).max_by(|one, other| size(one).total_cmp(&size(other)));
        rows.swap(column, pivot.unwrap_or(column));
        let above = rows[column];
        for row in &mut rows[column + 1..] {
            let factor = row[column] / above[column];
            for (entry, above) in row.iter_mut().zip(above).skip(column) {
                *entry -= factor * above;
            }
        }
    }
    let mut found = [0.0; NODES];
    for row in (0..NODES).rev() {
        let known: f64 = (row + 1..NODES).map(|column| rows[row][column] * found[column]).sum();
        found[row] = (rows[row][NODES] - known) / rows[row][row];
    }
    found
}
