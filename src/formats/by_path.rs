//! The files of a report whose paths are the keys of an object.

use rustc_hash::FxHashMap;

use super::oddities::Oddities;
use super::text;
use crate::coverage::{FileCoverage, Totals};

/// Files in the order of the report, each path once.
#[derive(Default)]
pub(super) struct ByPath {
    files: Vec<FileCoverage>,
    places: FxHashMap<Box<str>, usize>,
}

impl ByPath {
    /// Adds a file. The same path again replaces the earlier one, as every tool's own reader does with a
    /// repeated key, and is noted.
    pub(super) fn add(&mut self, file: FileCoverage, oddities: &mut Oddities) {
        let path = file.reported();
        if let Some(&idx) = self.places.get(path) {
            oddities.note("repeated files", || {
                format!(
                    "{} is in the report twice; the later entry counts",
                    text::quote_name(path)
                )
            });
            if let Some(slot) = self.files.get_mut(idx) {
                *slot = file;
            }
        } else {
            self.places.insert(path.into(), self.files.len());
            self.files.push(file);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The sum of the files' figures.
    pub(super) fn totals(&self) -> Totals {
        self.files
            .iter()
            .fold(Totals::default(), |sum, file| sum.plus(file.totals()))
    }

    pub(super) fn into_vec(self) -> Vec<FileCoverage> {
        self.files
    }
}
