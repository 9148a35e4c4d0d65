//! An indexed 4-ary heap on `f64` times, for a number of units known when it is made.

/// Where a unit that waits for nothing is in the heap.
const IDLE: u8 = u8::MAX;

/// One pending event per unit, earliest first.
#[derive(Clone, Debug)]
pub(crate) struct Heap<const UNITS: usize> {
    heap: [(f64, u8); UNITS],
    len: usize,
    places: [u8; UNITS],
}

impl<const UNITS: usize> Heap<UNITS> {
    /// Nothing pending.
    pub(crate) fn new() -> Self {
        Heap { heap: [(f64::INFINITY, 0); UNITS], len: 0, places: [IDLE; UNITS] }
    }

    /// The earliest event.
    #[inline]
    pub(crate) fn first(&self) -> (f64, u8) {
        self.heap[0]
    }

    /// Sets the event of a unit, whether or not it had one.
    #[inline]
    pub(crate) fn set(&mut self, unit: u8, at: f64) {
        let place = self.places[unit as usize];
        if place == IDLE {
            self.len += 1;
            self.rise(self.len - 1, (at, unit));
        } else if at < self.heap[place as usize].0 {
            self.rise(place as usize, (at, unit));
        } else {
            self.sink(place as usize, (at, unit));
        }
    }

    /// Takes the event of a unit off, if it has one.
    #[inline]
    pub(crate) fn cancel(&mut self, unit: u8) {
        let place = self.places[unit as usize];
        if place == IDLE {
            return;
        }
        self.places[unit as usize] = IDLE;
        self.len -= 1;
        let last = self.heap[self.len];
        let place = place as usize;
        if place < self.len {
            if place > 0 && last.0 < self.heap[(place - 1) / 4].0 {
                self.rise(place, last);
            } else {
                self.sink(place, last);
            }
        }
    }

    #[inline]
    fn put(&mut self, place: usize, event: (f64, u8)) {
        self.heap[place] = event;
        self.places[event.1 as usize] = place as u8;
    }

    #[inline]
    fn rise(&mut self, mut place: usize, event: (f64, u8)) {
        while place > 0 {
            let parent = (place - 1) / 4;
            if self.heap[parent].0 <= event.0 {
                break;
            }
            self.put(place, self.heap[parent]);
            place = parent;
        }
        self.put(place, event);
    }

    #[inline]
    fn sink(&mut self, mut place: usize, event: (f64, u8)) {
        loop {
            let first = 4 * place + 1;
            if first >= self.len {
                break;
            }
            let mut least = first;
            for child in first + 1..(first + 4).min(self.len) {
                if self.heap[child].0 < self.heap[least].0 {
                    least = child;
                }
            }
            if event.0 <= self.heap[least].0 {
                break;
            }
            self.put(place, self.heap[least]);
            place = least;
        }
        self.put(place, event);
    }
}
