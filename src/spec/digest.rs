//! The digest by which a result names its topology.

use sha2::{Digest, Sha256};

use super::source::Sources;

/// SHA-256 in hexadecimal: of the text, or of the digests of all texts where there are several.
pub(crate) fn digest(sources: &Sources) -> String {
    let digests: Vec<String> = sources.iter().map(|file| hex(file.text.as_bytes())).collect();
    match digests.as_slice() {
        [only] => only.clone(),
        digests => hex(digests.concat().as_bytes()),
    }
}

/// SHA-256 of a text in hexadecimal.
pub(crate) fn digest_of(text: &str) -> String {
    hex(text.as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
