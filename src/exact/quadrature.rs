//! The rule by which integrals are computed.

/// Points of the rule of Kronrod with 15 points on [-1, 1], from the outermost to the middle, with its weights, and
/// those of the rule of Gauss with 7 of them. Piessens and others, *QUADPACK*, 1983 (`qk15`).
pub(super) const POINTS: [(f64, f64, f64); 8] = [
    (0.991_455_371_120_812_6, 0.022_935_322_010_529_224, 0.0),
    (0.949_107_912_342_758_5, 0.063_092_092_629_978_55, 0.129_484_966_168_869_7),
    (0.864_864_423_359_769_1, 0.104_790_010_322_250_18, 0.0),
    (0.741_531_185_599_394_4, 0.140_653_259_715_525_92, 0.279_705_391_489_276_7),
    (0.586_087_235_467_691_1, 0.169_004_726_639_267_9, 0.0),
    (0.405_845_151_377_397_2, 0.190_350_578_064_785_4, 0.381_830_050_505_118_9),
    (0.207_784_955_007_898_46, 0.204_432_940_075_298_9, 0.0),
    (0.0, 0.209_482_141_084_727_82, 0.417_959_183_673_469_4),
];

/// Points of the rule of Kronrod between two instants, with their weights.
pub(super) fn kronrod(from: f64, to: f64) -> impl Iterator<Item = (f64, f64)> {
    both(from, to).map(|(at, of_kronrod, _)| (at, of_kronrod))
}

/// The same, with the weights of the rule of Gauss beside those of Kronrod.
pub(super) fn both(from: f64, to: f64) -> impl Iterator<Item = (f64, f64, f64)> {
    let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
    let sides = POINTS.into_iter().flat_map(|(point, kronrod, gauss)| {
        let right = (point > 0.0).then_some((point, kronrod, gauss));
        [Some((-point, kronrod, gauss)), right].into_iter().flatten()
    });
    sides.map(move |(point, kronrod, gauss)| (middle + half * point, half * kronrod, half * gauss))
}
