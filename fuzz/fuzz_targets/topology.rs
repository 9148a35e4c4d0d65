//! Any text is refused or compiles: no panic, no hang, no flood of memory.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ninefold::{System, Topology};

fuzz_target!(|text: &str| {
    if let Ok(topology) = Topology::from_str("fuzzed", text) {
        let _ = System::compile(topology);
    }
});
