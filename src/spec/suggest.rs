//! "Did you mean": the nearest of the words that would be right.

/// The word nearest to what was written, if one is near enough to be a slip of the fingers.
pub fn closest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = written.chars().count();
    let limit = length.max(3) / 3;
    let written = written.to_lowercase();
    known
        .into_iter()
        .filter(|word| word.chars().count().abs_diff(length) <= limit)
        .map(|word| (strsim::damerau_levenshtein(&written, word), word))
        .filter(|&(distance, _)| distance <= limit)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let known = ["replicas", "repair", "erasure", "every"];
        assert_eq!(closest("replica", known), Some("replicas"));
        assert_eq!(closest("Repiar", known), Some("repair"));
        assert_eq!(closest("evrey", known), Some("every"));
        assert_eq!(closest("zones", known), None);
    }
}
