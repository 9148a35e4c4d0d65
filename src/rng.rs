//! Random numbers by key: the same key gives the same draw, whoever asks and whenever.
//!
//! A draw is a pure function of (seed, replication, unit path, failure mode, purpose, ordinal). No
//! generator is shared, so neither the order of events nor the number of threads nor another unit
//! can shift anybody's luck, and two designs are compared on common random numbers.
//!
//! The function is SplitMix64 (Steele, Lea, Flood, *Fast splittable pseudorandom number
//! generators*, OOPSLA 2014) used as a hash of a counter: word `k` of a key is the `k`-th output of
//! the generator seeded with that key, found without computing the ones before it.

use std::convert::Infallible;

use rand::TryRng;

/// The odd constant that SplitMix64 counts by: 2^64 divided by the golden ratio.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64: a bijection in which each input bit changes each output bit with a
/// probability near one half.
#[inline]
const fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// A stable hash of text, for names in keys and for the order of ties (FNV-1a, then mixed).
///
/// Part of the results: the hash of a name must never change.
pub fn hash_text(text: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    mix(hash)
}

/// What a draw decides. The numbers are part of the results: never change or reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Times to failure.
    Failure = 1,
    /// Times to restoration.
    Repair = 2,
    /// Lengths of starts.
    Start = 3,
    /// Lengths of failovers.
    Failover = 4,
    /// How long until somebody of a crew responds.
    Response = 5,
    /// How long until somebody turns to a line of jobs.
    Answer = 6,
    /// Whether a point of a clock that does not run at its top pace counts.
    Mark = 7,
    /// Whether a failover begins at all.
    Coverage = 8,
    /// Whom a common cause strikes.
    Hit = 9,
    /// Whether a failure drags others along.
    Burst = 10,
    /// Which others.
    Peer = 11,
    /// How long until a dragged failure follows.
    Drag = 12,
    /// What the inputs of a model may be.
    Input = 13,
    /// How long until somebody notices that a copy is lost.
    Detect = 14,
    /// How long the rebuild of a copy takes.
    Rebuild = 15,
    /// When a copy has a defect, and in which of its groups.
    Defect = 16,
    /// How long until scrubbing finds it.
    Scrub = 17,
    /// When all copies are deleted.
    Delete = 18,
    /// Whether a rebuild finds something unreadable, and where.
    Unreadable = 19,
    /// Which group of a copy, and which other copy of that.
    Group = 26,
    /// How long until a spare part is there that was ordered.
    Reorder = 27,
    /// How long a copy takes to get what it has missed.
    CatchUp = 28,
    /// How much of the newest data has not been written down.
    Unsynced = 23,
    /// How far a copy that stands by is behind.
    Lag = 24,
    /// Which holders make a group.
    Placement = 25,
    /// When a control plane notices that a node is lost.
    Notice = 29,
    /// Which of several nodes takes a replica.
    Place = 30,
    /// How long until a replica is bound to a node.
    Schedule = 31,
    /// How long a node takes to get an image.
    Pull = 32,
    /// How long a volume takes until it is attached.
    Attach = 33,
    /// How long a replica takes to end.
    End = 34,
    /// How long until somebody deletes a replica by force.
    Force = 35,
    /// How long the start of a successor takes.
    Successor = 36,
    /// How long the rebuild of a replica of a volume takes.
    Mirror = 37,
    /// Which of several nodes takes a replica of a volume.
    MirrorPlace = 38,
    /// How long until a copy that is only out of reach is given up.
    Absence = 45,
    /// Whether planned work comes to nothing.
    Work = 46,
    /// How long a job waits for an answer before others are called.
    Escalation = 47,
    /// How long until somebody responds who was called because nobody else did.
    Relief = 48,
    /// When a node looks at how much of its memory is used.
    Memory = 49,
    /// Whether an offload comes to nothing.
    Offload = 20,
    /// Whether a backup comes to nothing.
    Backup = 21,
    /// How long a restoration from a backup takes.
    Restore = 22,
    /// How long it is from an offload or a backup to the next.
    Cycle = 39,
    /// How long an offload or a backup takes until it can be used.
    Usable = 42,
    /// When it is looked how old what is elsewhere is.
    Look = 44,
    /// Whether what a failure takes with a probability is gone.
    Wiped = 43,
    /// When a failure is made to happen that is rare, and which.
    Forced = 40,
    /// When a life is made to see what it hardly ever would, and which of those alike.
    Beginning = 41,
}

/// Names a family of draws; each member of the family has an ordinal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamKey(u64);

impl StreamKey {
    /// The key of one life.
    pub const fn of_life(seed: u64, replication: u64) -> StreamKey {
        StreamKey(mix(mix(seed.wrapping_add(GAMMA)) ^ mix(replication.wrapping_mul(GAMMA))))
    }

    /// The key of one purpose of one thing in that life; `name` is its [`hash_text`].
    #[inline]
    pub const fn of(self, name: u64, purpose: Purpose) -> StreamKey {
        StreamKey(mix(self.0 ^ name.wrapping_add((purpose as u64).wrapping_mul(GAMMA))))
    }

    /// The key of another future of the same life, from an instant on: one for each number.
    pub const fn of_branch(self, number: u64) -> StreamKey {
        StreamKey(mix(mix(self.0 ^ 0x6272_616e_6368) ^ number.wrapping_add(1).wrapping_mul(GAMMA)))
    }

    /// Draw number `ordinal` of this key, as a generator: most draws take one word of it.
    #[inline]
    pub const fn draw(self, ordinal: u32) -> Stream {
        Stream { state: self.0.wrapping_add((ordinal as u64).wrapping_mul(GAMMA)) }
    }
}

/// The words of one draw.
///
/// The first is word `ordinal` of the key. Each further one is hashed from the one before it, so
/// that the words of one ordinal do not run into those of the next.
#[derive(Clone, Debug)]
pub struct Stream {
    state: u64,
}

impl Stream {
    /// A generator of its own, from a seed.
    pub const fn seeded(seed: u64) -> Stream {
        Stream { state: seed }
    }

    /// The next 64 random bits.
    #[inline]
    pub const fn word(&mut self) -> u64 {
        self.state = mix(self.state.wrapping_add(GAMMA));
        self.state
    }

    /// A number below `end`, each as likely: the bias is below `end` in 2^64.
    #[inline]
    pub const fn below(&mut self, end: usize) -> usize {
        ((self.word() as u128 * end as u128) >> 64) as usize
    }

    /// A uniform number strictly between 0 and 1: 53 bits, and never an end, so that every
    /// quantile function may be applied to it.
    #[inline]
    pub const fn open_unit(&mut self) -> f64 {
        ((self.word() >> 11) as f64 + 0.5) * (1.0 / (1u64 << 53) as f64)
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.word() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.word())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let word = self.word().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pins the stream: nothing may change published results in silence.
    #[test]
    fn the_first_draws_are_pinned() {
        let key = StreamKey::of_life(42, 0).of(hash_text("node-0"), Purpose::Failure);
        let words: Vec<u64> = (0..3).map(|k| key.draw(k).word()).collect();
        assert_eq!(words, PINNED);
    }

    const PINNED: [u64; 3] =
        [8_224_894_015_725_077_466, 14_257_541_990_977_319_804, 8_218_524_087_104_708_333];

    /// Chi-square with 255 degrees of freedom over the top byte, along each way in which keys
    /// differ: the ordinal, the words of one draw, the replication, the seed and the name.
    #[test]
    fn bytes_are_uniform_along_every_part_of_the_key() {
        let of = |seed, replication, name: u64, ordinal| {
            StreamKey::of_life(seed, replication).of(name, Purpose::Repair).draw(ordinal)
        };
        let mut chained = of(1, 1, 1, 0);
        type Family = (&'static str, Box<dyn FnMut(u64) -> u64>);
        let families: [Family; 5] = [
            ("ordinal", Box::new(move |i| of(1, 1, 1, i as u32).word())),
            ("words", Box::new(move |_| chained.word())),
            ("replication", Box::new(move |i| of(1, i, 1, 0).word())),
            ("seed", Box::new(move |i| of(i, 1, 1, 0).word())),
            ("name", Box::new(move |i| of(1, 1, i, 0).word())),
        ];
        const DRAWS: u64 = 256 * 400;
        for (family, mut word) in families {
            for shift in [0, 24, 56] {
                let mut counts = [0u32; 256];
                for i in 0..DRAWS {
                    counts[(word(i) >> shift & 0xff) as usize] += 1;
                }
                let expected = DRAWS as f64 / 256.0;
                let chi_square: f64 =
                    counts.iter().map(|&n| (f64::from(n) - expected).powi(2) / expected).sum();
                // Mean 255, standard deviation sqrt(510): 4 sigma.
                let sigmas = (chi_square - 255.0) / 510f64.sqrt();
                assert!(sigmas.abs() < 4.0, "{family}, bits from {shift}: {sigmas} sigma");
            }
        }
    }

    /// Words of neighbouring ordinals, replications and names are uncorrelated.
    #[test]
    fn neighbours_are_uncorrelated() {
        let unit = |replication, name, ordinal| {
            StreamKey::of_life(3, replication).of(name, Purpose::Start).draw(ordinal).open_unit()
        };
        const DRAWS: u64 = 100_000;
        for (what, step) in
            [("ordinal", (0, 0, 1)), ("replication", (1, 0, 0)), ("name", (0, 1, 0))]
        {
            let mut sum = 0.0;
            for i in 0..DRAWS {
                let (r, n, o) = (i * step.0, i * step.1, (i * step.2) as u32);
                let here = unit(r, n, o) - 0.5;
                let next = unit(r + step.0, n + step.1, o + step.2 as u32) - 0.5;
                sum += here * next;
            }
            // Each product has mean 0 and standard deviation 1/12.
            let sigmas = sum / (DRAWS as f64).sqrt() * 12.0;
            assert!(sigmas.abs() < 4.0, "{what}: {sigmas} sigma");
        }
    }
}
