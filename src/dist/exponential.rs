//! The exponential law of mean 1, by the ziggurat method.
//!
//! Marsaglia and Tsang, *The ziggurat method for generating random variables*, Journal of
//! Statistical Software 5(8), 2000, with 256 layers. The tables are computed by the compiler, whose
//! arithmetic is the same everywhere. It is several times faster than a logarithm, and the clocks
//! of most topologies are exponential.

use crate::rng::Stream;

/// Layers, each of the same area.
const LAYERS: usize = 256;
/// Where the tail begins: the right edge of the lowest layer.
const TAIL: f64 = 7.697_117_470_131_05;
/// The area of each layer, the lowest one including the tail.
const AREA: f64 = 0.003_949_659_822_581_557;

/// Right edges of the layers, from the widest (virtual, with the tail folded in) to zero.
static EDGES: [f64; LAYERS + 1] = edges();
/// The density `exp(-x)` at each edge.
static DENSITIES: [f64; LAYERS + 1] = densities();

const fn edges() -> [f64; LAYERS + 1] {
    let mut edges = [0.0; LAYERS + 1];
    edges[0] = AREA / exp_minus(TAIL);
    edges[1] = TAIL;
    let mut layer = 2;
    while layer < LAYERS {
        let below = edges[layer - 1];
        edges[layer] = minus_ln(AREA / below + exp_minus(below));
        layer += 1;
    }
    edges
}

const fn densities() -> [f64; LAYERS + 1] {
    let edges = edges();
    let mut densities = [0.0; LAYERS + 1];
    let mut layer = 0;
    while layer <= LAYERS {
        densities[layer] = exp_minus(edges[layer]);
        layer += 1;
    }
    densities
}

/// `exp(-x)` for `0 <= x < 10`, by its series after halving the argument four times.
const fn exp_minus(x: f64) -> f64 {
    let reduced = x / 16.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut power = 1;
    while power < 24 {
        term *= reduced / power as f64;
        sum += term;
        power += 1;
    }
    let mut squarings = 0;
    while squarings < 4 {
        sum *= sum;
        squarings += 1;
    }
    1.0 / sum
}

/// `-ln(y)` for `0 < y <= 1`, by Newton's iteration on [`exp_minus`].
const fn minus_ln(y: f64) -> f64 {
    let mut x = 0.0;
    let mut step = 0;
    while step < 40 {
        x += 1.0 - y / exp_minus(x);
        step += 1;
    }
    x
}

/// One draw from the exponential law of mean 1.
#[inline]
pub fn unit_exponential(stream: &mut Stream) -> f64 {
    let word = stream.word();
    let layer = (word & 0xff) as usize;
    // 52 bits beside the 8 that chose the layer, as the middle of a cell: never zero, never one.
    let x = ((word >> 12) as f64 + 0.5) * (1.0 / (1u64 << 52) as f64) * EDGES[layer];
    if x < EDGES[layer + 1] { x } else { beyond_the_layer(stream, layer, x) }
}

/// The one draw in ninety that the fast test of its layer does not settle.
#[cold]
fn beyond_the_layer(stream: &mut Stream, layer: usize, x: f64) -> f64 {
    if layer == 0 {
        // The tail of an exponential is the exponential again.
        return TAIL - libm::log(stream.open_unit());
    }
    let height = DENSITIES[layer + 1] - DENSITIES[layer];
    if DENSITIES[layer] + height * stream.open_unit() < libm::exp(-x) {
        x
    } else {
        unit_exponential(stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, StreamKey};

    #[test]
    fn the_tables_close() {
        for (edge, density) in EDGES.iter().zip(&DENSITIES).skip(1) {
            assert!((density - libm::exp(-edge)).abs() < 1e-14, "{edge}");
        }
        // The layers must end where the density is 1, or the top one has another area.
        let top = EDGES[LAYERS - 1] * (1.0 - DENSITIES[LAYERS - 1]);
        assert!((top - AREA).abs() < 1e-12, "{top}");
    }

    /// Kolmogorov-Smirnov against the true law, and the tail counted by itself.
    #[test]
    fn draws_follow_the_law() {
        const DRAWS: u32 = 400_000;
        let key = StreamKey::of_life(9, 9).of(1, Purpose::Failure);
        let mut draws: Vec<f64> = (0..DRAWS).map(|k| unit_exponential(&mut key.draw(k))).collect();
        let n = f64::from(DRAWS);
        let beyond = draws.iter().filter(|&&x| x > TAIL).count() as f64;
        let expected = n * libm::exp(-TAIL);
        assert!((beyond - expected).abs() < 4.0 * expected.sqrt(), "{beyond} beyond the tail");
        draws.sort_by(f64::total_cmp);
        let distance = draws
            .iter()
            .enumerate()
            .map(|(i, x)| (-libm::expm1(-x) - (i as f64 + 0.5) / n).abs())
            .fold(0.0, f64::max);
        // P(sqrt(n) D > 1.95) is about 0.001.
        assert!(n.sqrt() * distance < 1.95, "distance {distance}");
    }
}
