//! The JSON Schemas of topologies and scenarios: for editors, which they tell keys, kinds and what they
//! mean. What is right is decided by `raw` and `check` alone.

use serde_json::{Map, Value};

/// A JSON Schema (draft 7) of topology files.
///
/// It knows keys, kinds and closed sets of words; a file that it accepts may still be refused, because
/// of a name that nothing has, for instance.
pub const TOPOLOGY_SCHEMA: &str = include_str!("topology.schema.json");

/// What is its own of the schema of scenarios.
const OF_SCENARIOS: &str = include_str!("scenario.schema.json");

/// Definitions that both schemas have.
const SHARED: &[&str] = &[
    "duration",
    "percentage",
    "names",
    "factor",
    "law",
    "laws",
    "branch",
    "weibull",
    "gamma",
    "lognormal",
];

/// A JSON Schema (draft 7) of files of scenarios.
pub fn scenario_schema() -> String {
    let read = |text: &str| -> Map<String, Value> {
        serde_json::from_str(text).expect("the schemas of the program are JSON")
    };
    let (mut schema, mut topology) = (read(OF_SCENARIOS), read(TOPOLOGY_SCHEMA));
    let shared = topology.get_mut("definitions").and_then(Value::as_object_mut);
    let own = schema.get_mut("definitions").and_then(Value::as_object_mut);
    if let (Some(own), Some(shared)) = (own, shared) {
        own.extend(SHARED.iter().filter_map(|name| shared.remove_entry(*name)));
    }
    format!("{:#}\n", Value::Object(schema))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::spec::raw::{SCENARIO_KEYS, all_keys};
    use crate::spec::read::LAWS;

    /// Every map that the schema describes: its title, and its keys.
    fn maps(value: &Value, found: &mut Vec<(String, BTreeSet<String>)>) {
        match value {
            Value::Object(entries) => {
                if let (Some(Value::String(title)), Some(Value::Object(keys))) =
                    (entries.get("title"), entries.get("properties"))
                {
                    found.push((title.clone(), keys.keys().cloned().collect()));
                }
                entries.values().for_each(|value| maps(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| maps(item, found)),
            _ => {}
        }
    }

    fn maps_of(schema: &str) -> Vec<(String, BTreeSet<String>)> {
        let mut found = Vec::new();
        maps(&serde_json::from_str(schema).unwrap(), &mut found);
        found
    }

    fn schema_maps() -> Vec<(String, BTreeSet<String>)> {
        maps_of(TOPOLOGY_SCHEMA)
    }

    fn check_keys<'k>(schema: &str, all: impl Iterator<Item = &'k crate::spec::read::Keys>) {
        let maps = maps_of(schema);
        for keys in all {
            let known: BTreeSet<String> =
                keys.read.iter().chain(keys.later).map(|key| (*key).to_owned()).collect();
            let described = maps.iter().find(|(title, _)| title == keys.of);
            let (_, described) = described.unwrap_or_else(|| panic!("no map is {}", keys.of));
            assert_eq!(*described, known, "keys of {}", keys.of);
        }
    }

    #[test]
    fn they_have_the_keys_that_readers_know() {
        check_keys(TOPOLOGY_SCHEMA, all_keys());
        check_keys(&scenario_schema(), SCENARIO_KEYS.iter());
    }

    #[test]
    fn it_has_the_laws() {
        let maps = schema_maps();
        let (_, laws) = maps.iter().find(|(title, _)| title == "a law").unwrap();
        assert_eq!(*laws, LAWS.iter().map(|law| (*law).to_owned()).collect());
        // Parameters of laws are named where they are read.
        let source = include_str!("read.rs");
        let mut checked = 0;
        for line in source.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let Some((_, list)) =
                line.split_once("read: &[").or_else(|| line.split_once("let read = &["))
            else {
                continue;
            };
            let (list, _) = list.split_once(']').unwrap();
            let parameters: BTreeSet<String> =
                list.split(", ").map(|key| key.trim_matches('"').to_owned()).collect();
            let is_described =
                maps.iter().any(|(title, keys)| title.ends_with(" law") && *keys == parameters);
            assert!(is_described, "no law has {parameters:?}");
            checked += 1;
        }
        assert_eq!(checked, 5, "laws whose parameters have names");
    }
}
