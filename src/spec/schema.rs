//! The JSON Schema of topologies: for editors, which it tells keys, kinds and what they mean. What is
//! right is decided by `raw` and `check` alone.

/// A JSON Schema (draft 7) of topology files.
///
/// It knows keys, kinds and closed sets of words; a file that it accepts may still be refused, because
/// of a name that nothing has, for instance.
pub const TOPOLOGY_SCHEMA: &str = include_str!("topology.schema.json");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::spec::raw::all_keys;
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

    fn schema_maps() -> Vec<(String, BTreeSet<String>)> {
        let mut found = Vec::new();
        maps(&serde_json::from_str(TOPOLOGY_SCHEMA).unwrap(), &mut found);
        found
    }

    #[test]
    fn it_has_the_keys_that_readers_know() {
        let maps = schema_maps();
        for keys in all_keys() {
            let known: BTreeSet<String> =
                keys.read.iter().chain(keys.later).map(|key| (*key).to_owned()).collect();
            let described = maps.iter().find(|(title, _)| title == keys.of);
            let (_, described) = described.unwrap_or_else(|| panic!("no map is {}", keys.of));
            assert_eq!(*described, known, "keys of {}", keys.of);
        }
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
