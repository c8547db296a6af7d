//! A report read block by block, as it comes from the disk, and never held as a whole.
//!
//! Only LCOV: its records show where they end, and one of them says nothing about another. What needs the
//! text around it (the place of an error, a file that comes twice) is given up, and whoever asked reads the
//! report as a whole, which tells what is wrong. What is read this way is what the whole gives.

use super::oddities::Oddities;
use super::{lcov, sniff, text};
use crate::coverage::{FileCoverage, Format, Report};

/// What was read of some blocks, one after the other.
#[derive(Debug, Default)]
pub struct Blocks {
    files: Vec<FileCoverage>,
    oddities: Oddities,
}

impl Blocks {
    /// Whether a file that begins so may be read in blocks.
    #[must_use]
    pub fn fit(head: &[u8]) -> bool {
        let is_plain = text::decode(head).len() == head.len();
        is_plain && sniff(head).is_ok_and(|format| format == Format::Lcov)
    }

    /// The place behind the first record that ends in a block.
    #[must_use]
    pub fn first_end(block: &[u8]) -> Option<usize> {
        lcov::cut(block, 0)
    }

    /// The place behind the last record that ends in a block.
    #[must_use]
    pub fn last_end(block: &[u8]) -> Option<usize> {
        lcov::last_cut(block)
    }

    /// Reads whole records. `None` when they need the text around them.
    #[must_use]
    pub fn read(&mut self, records: &[u8]) -> Option<()> {
        let (files, oddities) = lcov::records(records)?;
        self.files.extend(files);
        self.oddities.append(oddities);
        Some(())
    }

    /// The report that all blocks make, given in their order. `None` when a file comes twice.
    #[must_use]
    pub fn join(parts: Vec<Self>) -> Option<Report> {
        let mut all = Self::default();
        for part in parts {
            all.files.extend(part.files);
            all.oddities.append(part.oddities);
        }
        lcov::of_files(all.files, all.oddities)
    }
}
