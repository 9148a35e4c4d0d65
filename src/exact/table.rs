//! A table from three numbers to one, for diagrams, whose order never depends on chance.

/// A key of a table.
pub(super) type Key = [u32; 3];

/// What has been worked out already: found by its key, never forgotten.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// Where the entry of a hash is, or the next free place after it: one more than its index.
    slots: Vec<u32>,
    entries: Vec<(Key, u32)>,
}

/// Slots at the beginning; always a power of two.
const FEWEST_SLOTS: usize = 1 << 10;

impl Table {
    pub(super) fn new() -> Table {
        Table { slots: vec![0; FEWEST_SLOTS], entries: Vec::new() }
    }

    /// Entries.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// What is known of a key.
    pub(super) fn get(&self, key: Key) -> Option<u32> {
        let mut place = self.place(key);
        loop {
            let entry = self.slots[place].checked_sub(1)?;
            let (known, value) = self.entries[entry as usize];
            if known == key {
                return Some(value);
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
    }

    /// Keeps what is new of a key; what is known of it stays.
    pub(super) fn insert(&mut self, key: Key, value: u32) {
        if 2 * (self.entries.len() + 1) > self.slots.len() {
            self.grow();
        }
        self.entries.push((key, value));
        self.link(self.entries.len());
    }

    fn grow(&mut self) {
        self.slots = vec![0; 2 * self.slots.len()];
        for number in 1..=self.entries.len() {
            self.link(number);
        }
    }

    /// Puts the entry with this number, counted from one, into a slot.
    fn link(&mut self, number: usize) {
        let mut place = self.place(self.entries[number - 1].0);
        while self.slots[place] != 0 {
            place = (place + 1) & (self.slots.len() - 1);
        }
        self.slots[place] = number as u32;
    }

    fn place(&self, key: Key) -> usize {
        // A multiplication by an odd number spreads low bits into high ones, which are taken.
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        let mix =
            |hash: u64, part: u32| (hash ^ u64::from(part)).wrapping_mul(SPREAD).rotate_left(29);
        let hash = key.into_iter().fold(0, mix);
        hash as usize & (self.slots.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_found() {
        let mut table = Table::new();
        for number in 0..5_000 {
            table.insert([number, number / 7, 3], number + 1);
        }
        assert_eq!(table.len(), 5_000);
        assert!((0..5_000).all(|number| table.get([number, number / 7, 3]) == Some(number + 1)));
        assert_eq!(table.get([1, 0, 4]), None);
    }
}
