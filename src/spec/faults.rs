//! A scenario for each single fault of a topology, as a file that can be read.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::resolved::quoted;
use super::topology::Topology;
use crate::units::parse_duration;

/// Scenarios of a file of single faults.
pub const MOST_FAULTS: usize = 2_000;

/// A file of scenarios in each of which one unit crashes, after an hour, for so long as `lasts` says in
/// words, such as `1h`; `path` is that of the topology, from the folder where the file will be.
pub fn single_faults(topology: &Topology, path: &str, lasts: &str) -> String {
    let mut text = format!(
        "# What each single fault of {} does: every unit, one at a time.\ntopology: {}\nscenarios:\n",
        topology.name,
        quoted(path)
    );
    // A fault that a day does not hold has a life of its own length.
    let fits = parse_duration(lasts).is_ok_and(|seconds| seconds < 22.0 * 3600.0);
    let life = if fits { "    lasts: 1d\n" } else { "" };
    let mut seen = BTreeSet::new();
    for unit in &topology.units {
        let plain = unit.path.replace('/', "-");
        let numbered = (2..).map(|number| format!("{plain}-{number}"));
        let mut names = std::iter::once(plain.clone()).chain(numbered);
        let name = names.find(|name| seen.insert(name.clone())).unwrap_or(plain);
        let name = quoted(&format!("crash-{name}"));
        let _ = write!(
            text,
            "  - scenario: {name}\n{life}    steps: [{{at: 1h, crash: {}, for: {lasts}}}]\n",
            quoted(&unit.path)
        );
    }
    text
}
