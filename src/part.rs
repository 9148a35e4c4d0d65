//! A run in parts: each is simulated somewhere, kept in a file, and merged with the others.
//!
//! The counts behind every estimate are whole numbers, and a life depends on its number alone, so that
//! the merged parts of a run are the run, digit for digit.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::error::Category;

use crate::measure::MeasureSet;
use crate::run::{Plan, Summary, Until};
use crate::units::SimSpan;

/// What the files are called in themselves; the number changes with their form.
const SCHEMA: &str = "ninefold-part/2";

/// Which of how many parts: the third of sixteen is `3/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shard {
    /// From one.
    number: u64,
    of: u64,
}

impl Shard {
    /// The numbers of its lives, of a run of so many: those of all shards are all lives, each once.
    pub fn lives(self, replications: u64) -> std::ops::Range<u64> {
        // At most the replications, since no shard is beyond the last.
        let edge = |shard: u64| {
            (u128::from(replications) * u128::from(shard) / u128::from(self.of)) as u64
        };
        edge(self.number - 1)..edge(self.number)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let parts = text.split_once('/');
        let numbers = parts.map(|(number, of)| (number.trim().parse(), of.trim().parse()));
        match numbers {
            Some((Ok(number), Ok(of))) if (1..=of).contains(&number) => Ok(Shard { number, of }),
            _ => Err("which of how many parts, such as 3/16, counted from one".to_owned()),
        }
    }
}

/// One part of a run, as it is kept in a file.
#[derive(Debug, Serialize, Deserialize)]
pub struct Part {
    schema: String,
    version: String,
    shard: Shard,
    run: Run,
    events: u64,
    topology: Source,
    measures: MeasureSet,
}

/// A file: the part, and its digest, so that no damage goes unnoticed.
#[derive(Debug, Serialize, Deserialize)]
struct Sealed<P> {
    sha256: String,
    part: P,
}

/// What all parts of a run have in common, beside the topology.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Run {
    seed: u64,
    replications: u64,
    horizon_us: u64,
    warm_up_us: u64,
    until: Until,
    is_exact_allowed: bool,
}

/// The topology, whole, so that parts can be merged where its files are not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Source {
    sha256: String,
    resolved: String,
}

/// Why parts cannot be read or merged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PartError {
    /// The file holds something else.
    #[error("{file}: not a part of a run as `simulate --shard` writes it: {problem}")]
    Unreadable {
        /// The file.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// Another version wrote it: its lives may be others.
    #[error("{file}: written by version {version}, this is version {}", env!("CARGO_PKG_VERSION"))]
    Version {
        /// The file.
        file: String,
        /// Of this version.
        version: String,
    },
    /// Two files are parts of different runs.
    #[error("{file}: a part of another run than {first}: {what} differ")]
    Different {
        /// The file.
        file: String,
        /// The first file.
        first: String,
        /// What is not the same.
        what: &'static str,
    },
    /// A part is there more than once.
    #[error("{file} and {first} are both shard {shard}")]
    Twice {
        /// The file.
        file: String,
        /// The file before it.
        first: String,
        /// Which part.
        shard: Shard,
    },
    /// Parts are not there.
    #[error("of {of} parts {} missing: {}", if missing.len() == 1 { "one is" } else { "some are" },
            list(missing))]
    Missing {
        /// How many parts there are.
        of: u64,
        /// Which are not there.
        missing: Vec<u64>,
    },
    /// There is nothing to merge.
    #[error("nothing to merge")]
    Nothing,
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("whole numbers and text can be written")
}

/// The first few of several numbers.
fn list(numbers: &[u64]) -> String {
    const SHOWN: usize = 10;
    let mut text: Vec<String> = numbers.iter().take(SHOWN).map(u64::to_string).collect();
    if numbers.len() > SHOWN {
        text.push(format!("and {} more", numbers.len() - SHOWN));
    }
    text.join(", ")
}

/// What merged parts come to, ready to be reported.
#[derive(Debug)]
pub struct Merged {
    /// The topology, with nothing left to be looked up.
    pub resolved: String,
    /// The digest of the files that it was read from.
    pub sha256: String,
    /// The plan of the whole.
    pub plan: Plan,
    pub(crate) summary: Summary,
    pub(crate) measures: MeasureSet,
}

impl Part {
    pub(crate) fn new(
        sha256: String,
        resolved: String,
        plan: &Plan,
        shard: Shard,
        events: u64,
        measures: MeasureSet,
    ) -> Part {
        Part {
            schema: SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            shard,
            run: Run {
                seed: plan.seed,
                replications: plan.replications,
                horizon_us: plan.horizon.micros(),
                warm_up_us: plan.warm_up.micros(),
                until: plan.until,
                is_exact_allowed: plan.is_exact_allowed,
            },
            events,
            topology: Source { sha256, resolved },
            measures,
        }
    }

    fn sha256(&self) -> String {
        crate::spec::digest_of(&text(self))
    }

    /// Changes of state in all of its lives.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The text of a file.
    pub fn to_json(&self) -> String {
        text(&Sealed { sha256: self.sha256(), part: self }) + "\n"
    }

    /// Reads the text of `file`.
    ///
    /// # Errors
    ///
    /// If it is anything but a part that this version has written.
    pub fn from_json(file: &str, text: &str) -> Result<Part, PartError> {
        let unreadable = |problem: String| PartError::Unreadable { file: file.to_owned(), problem };
        let Sealed { sha256, part }: Sealed<Part> =
            serde_json::from_str(text).map_err(|error| unreadable(not_json(&error)))?;
        if part.schema != SCHEMA {
            return Err(unreadable(format!("its `schema` is `{}`", part.schema)));
        }
        if part.version != env!("CARGO_PKG_VERSION") {
            return Err(PartError::Version { file: file.to_owned(), version: part.version });
        }
        if part.sha256() != sha256 {
            return Err(unreadable("it is not as it was written".to_owned()));
        }
        Ok(part)
    }

    /// Merges all parts of a run, each with the name of its file, in any order.
    ///
    /// # Errors
    ///
    /// If they are not parts of one run, or not each of them once.
    pub fn merge(mut parts: Vec<(String, Part)>) -> Result<Merged, PartError> {
        parts.sort_by_key(|(_, part)| part.shard.number);
        let Some(((first, one), others)) = parts.split_first() else {
            return Err(PartError::Nothing);
        };
        for pair in parts.windows(2) {
            if let [(first, one), (file, other)] = pair
                && one.shard == other.shard
            {
                let (file, first) = (file.clone(), first.clone());
                return Err(PartError::Twice { file, first, shard: one.shard });
            }
        }
        let different = |file: &String, what| {
            Err(PartError::Different { file: file.clone(), first: first.clone(), what })
        };
        let mut measures = one.measures.clone();
        let mut events = one.events;
        for (file, other) in others {
            if other.topology != one.topology {
                return different(file, "the topologies");
            }
            if other.run != one.run {
                return different(file, "the seeds, lives or horizons");
            }
            if other.shard.of != one.shard.of {
                return different(file, "the numbers of parts");
            }
            if !measures.merge(&other.measures) {
                return different(file, "the journeys");
            }
            events = events.saturating_add(other.events);
        }
        let of = one.shard.of;
        if (parts.len() as u64) < of {
            let is_there = |number: &u64| {
                parts.binary_search_by_key(number, |(_, part)| part.shard.number).is_ok()
            };
            let missing = (1..=of).filter(|number| !is_there(number)).take(1_000).collect();
            return Err(PartError::Missing { of, missing });
        }
        let run = &one.run;
        Ok(Merged {
            resolved: one.topology.resolved.clone(),
            sha256: one.topology.sha256.clone(),
            plan: Plan {
                seed: run.seed,
                first: 0,
                replications: run.replications,
                precision: None,
                of: Vec::new(),
                is_exact_allowed: run.is_exact_allowed,
                horizon: SimSpan::from_micros(run.horizon_us),
                warm_up: SimSpan::from_micros(run.warm_up_us),
                until: run.until,
                threads: None,
                allow_slow: false,
            },
            summary: Summary { replications: run.replications, events, is_partial: false },
            measures,
        })
    }
}

/// Why a text is not the JSON that it should be.
fn not_json(error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Data => format!("it is JSON of something else ({error})"),
        Category::Eof => format!("it is not whole ({error})"),
        Category::Syntax | Category::Io => format!("it is not JSON ({error})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_life_is_in_one_shard() {
        for (replications, of) in [(10_000, 16), (7, 3), (5, 8), (u64::MAX, 3)] {
            let mut next = 0;
            for number in 1..=of {
                let lives = Shard { number, of }.lives(replications);
                assert_eq!(lives.start, next);
                next = lives.end;
            }
            assert_eq!(next, replications);
        }
    }

    #[test]
    fn a_shard_is_one_of_so_many() {
        assert_eq!("3/16".parse(), Ok(Shard { number: 3, of: 16 }));
        for wrong in ["", "3", "0/4", "5/4", "a/b", "1/0", "-1/4", "1/4/2"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
