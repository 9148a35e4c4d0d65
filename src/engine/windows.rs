//! Windows of time: how a life is cut up so that what comes later need not be kept in order.

/// Fewest lists in the ring, which wraps, and how many times as far as timers wait in the mean it
/// reaches at most. The bounds cost time and not correctness.
const FEWEST_LISTS: usize = 64;
const FARTHEST: usize = 4;

/// The windows of a life, each `1 << shift` microseconds long, and a ring of lists for them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Windows {
    shift: u32,
    /// The window of the last instant before the horizon.
    last: u64,
    lists: usize,
}

impl Windows {
    /// Windows up to `horizon` microseconds for so many timers, of which about `rate` go off in a
    /// microsecond and about `each` in a window, or half of that.
    pub(super) fn new(timers: usize, rate: f64, each: f64, horizon: u64) -> Windows {
        // Not `each / rate` at once: a rate of nothing may be a negative zero.
        let length = (each / rate.max(f64::MIN_POSITIVE)).clamp(1.0, horizon.max(1) as f64);
        let shift = (length as u64).ilog2();
        let last = horizon.saturating_sub(1) >> shift;
        let most = (FARTHEST * timers / each as usize).next_power_of_two().max(FEWEST_LISTS);
        let lists = (last.min(most as u64) as usize + 1).next_power_of_two();
        Windows { shift, last, lists: lists.clamp(FEWEST_LISTS, most) }
    }

    /// The same, or shorter ones of which no instant takes more than so many bits to tell.
    pub(super) fn of_at_most(self, bits: u32) -> Windows {
        let shift = self.shift.min(bits);
        Windows { shift, last: ((self.last + 1) << (self.shift - shift)) - 1, ..self }
    }

    /// How many bits it takes to tell an instant of a window.
    pub(super) fn bits(self) -> u32 {
        self.shift
    }

    /// The window of an instant.
    #[inline]
    pub(super) fn of(self, at: u64) -> u64 {
        at >> self.shift
    }

    /// When a window begins.
    #[inline]
    pub(super) fn start(self, window: u64) -> u64 {
        window << self.shift
    }

    /// How long each is, microseconds.
    pub(super) fn length(self) -> u64 {
        1 << self.shift
    }

    /// The last window.
    #[inline]
    pub(super) fn last(self) -> u64 {
        self.last
    }

    /// How many lists there are.
    pub(super) fn lists(self) -> usize {
        self.lists
    }

    /// The list of a window.
    #[inline]
    pub(super) fn list(self, window: u64) -> usize {
        window as usize & (self.lists - 1)
    }
}
