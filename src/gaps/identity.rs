//! Names for life: an id for each gap, and for each decision taken or not.
//!
//! An id is made of what a thing is: its file, its function, its text, and its place among things that are
//! the same in all of these. No line number goes into it while there is a text to go by.

use rustc_hash::{FxHashMap, FxHashSet};
use sha2::{Digest, Sha256};

use super::{GapId, GapKind};
use crate::coverage::FilePath;

/// What makes a thing itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    pub(super) kind: GapKind,
    pub(super) function: String,
    /// What kind of decision it is, and which part of it.
    pub(super) construct: String,
    pub(super) text: String,
    /// How many same ones stand above it in the text.
    pub(super) ordinal: u32,
}

/// Gives out ids within one file. What is asked for in the same order gets the same ids.
#[derive(Debug)]
pub(super) struct Ids<'a> {
    path: &'a FilePath,
    /// How many branches of the report were the very same thing of the text so far.
    same: FxHashMap<Identity, u32>,
    given: FxHashSet<GapId>,
}

impl<'a> Ids<'a> {
    pub(super) fn new(path: &'a FilePath) -> Self {
        Self {
            path,
            same: FxHashMap::default(),
            given: FxHashSet::default(),
        }
    }

    pub(super) fn next(&mut self, identity: Identity) -> GapId {
        let mut nth = self.same.get(&identity).copied().unwrap_or(0);
        let id = loop {
            let id = digest(self.path, &identity, nth);
            nth += 1;
            // Two things of a file whose 48 bits agree by chance: the second one moves on.
            if self.given.insert(id) {
                break id;
            }
        };
        self.same.insert(identity, nth);
        id
    }
}

/// The first 48 bits of a SHA-256, so that every machine comes to the same.
fn digest(path: &FilePath, identity: &Identity, nth: u32) -> GapId {
    let mut hash = Sha256::new();
    for part in [
        path.as_str(),
        identity.kind.name(),
        &identity.function,
        &identity.construct,
        &identity.text,
    ] {
        // The length first: no two lists of texts run together into the same bytes.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.update(identity.ordinal.to_le_bytes());
    hash.update(nth.to_le_bytes());
    let number = hash
        .finalize()
        .iter()
        .take(6)
        .fold(0, |number, byte| number << 8 | u64::from(*byte));
    GapId(number)
}
