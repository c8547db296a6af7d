//! The gaps of one file.

use super::{Gap, Source};
use crate::coverage::{FileCoverage, FilePath};

/// All gaps of a file, in the order of the text. `source` makes the words exact; without it nothing
/// is said that the report itself does not know.
#[must_use]
pub fn find(_path: &FilePath, _coverage: &FileCoverage, _source: Option<&Source>) -> Vec<Gap> {
    Vec::new()
}
