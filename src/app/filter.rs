//! Which files are shown: those whose name fits what was typed, and those that a person wants to see.

use std::sync::Arc;

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use rustc_hash::FxHashMap;

use crate::coverage::{Coverage, FilePath, Line};

use super::input::Input;

/// Which files and gaps, apart from their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    #[default]
    All,
    /// Files with gaps; gaps that are neither closed nor given up.
    Open,
    Picked,
    /// What lies on lines that the person changed.
    Mine,
}

impl Show {
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::All => Self::Open,
            Self::Open => Self::Picked,
            Self::Picked => Self::Mine,
            Self::Mine => Self::All,
        }
    }

    /// In words, for the pane's title; nothing to say where all is shown.
    #[must_use]
    pub fn title(self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::Open => Some("open"),
            Self::Picked => Some("picked"),
            Self::Mine => Some("my changes"),
        }
    }
}

/// First and last line of each change, in the order of the text; `None`: the whole file is new.
pub type Changes = Option<Vec<(u32, u32)>>;

/// The lines that are new or changed since a revision.
#[derive(Debug, Default)]
pub struct Mine {
    /// The revision, as a person calls it.
    pub base: String,
    pub files: FxHashMap<FilePath, Changes>,
}

impl Mine {
    #[must_use]
    pub fn has(&self, path: &FilePath) -> bool {
        self.files.contains_key(path)
    }

    /// Whether any line from the first to the last is new or changed.
    #[must_use]
    pub fn touches(&self, path: &FilePath, first: Line, last: Line) -> bool {
        match self.files.get(path) {
            None => false,
            Some(None) => true,
            Some(Some(changed)) => changed
                .iter()
                .any(|&(from, to)| from <= last.get() && first.get() <= to),
        }
    }
}

/// So many files are looked through while a key waits; more of them are looked through elsewhere.
pub const AT_ONCE: usize = 4000;

/// Which files fit what was typed.
#[derive(Debug)]
pub struct Found {
    /// For each file of the coverage.
    fits: Vec<bool>,
    n: usize,
    best: Option<usize>,
}

impl Found {
    /// Looks at the names of all files.
    #[must_use]
    pub fn of(query: &str, coverage: &Coverage) -> Self {
        let pattern = pattern(query);
        let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
        let mut letters = Vec::new();
        let (mut n, mut best, mut highest) = (0, None, None);
        let fits = coverage
            .files
            .iter()
            .enumerate()
            .map(|(idx, file)| {
                let name = Utf32Str::new(file.path.as_str(), &mut letters);
                let score = pattern.score(name, &mut matcher);
                if score > highest {
                    (highest, best) = (score, Some(idx));
                }
                n += usize::from(score.is_some());
                score.is_some()
            })
            .collect();
        Self { fits, n, best }
    }
}

fn pattern(query: &str) -> Pattern {
    Pattern::new(
        query,
        CaseMatching::Smart,
        Normalization::Smart,
        AtomKind::Fuzzy,
    )
}

/// What was typed, and which files fit it.
#[derive(Debug, Default)]
pub struct Filter {
    input: Input,
    query: String,
    /// `None` while nothing was typed, or its answer has not come.
    found: Option<Arc<Found>>,
}

impl Filter {
    #[must_use]
    pub fn input(&self) -> &Input {
        &self.input
    }

    pub fn input_mut(&mut self) -> &mut Input {
        &mut self.input
    }

    /// What is looked for; empty: everything fits.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.query
    }

    /// How many files fit, where something was typed.
    #[must_use]
    pub fn n_fitting(&self) -> Option<usize> {
        Some(self.found.as_ref()?.n)
    }

    /// The file that fits best, the first of equals.
    #[must_use]
    pub fn best(&self) -> Option<usize> {
        self.found.as_ref()?.best
    }

    #[must_use]
    pub fn fits(&self, file_idx: usize) -> bool {
        self.found
            .as_ref()
            .is_none_or(|found| found.fits.get(file_idx).copied().unwrap_or(false))
    }

    /// Asks whether other texts than the files' names fit what was typed.
    pub fn fitter(&self) -> impl FnMut(&str) -> bool + use<> {
        let pattern = pattern(&self.query);
        let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
        let mut letters = Vec::new();
        move |text| {
            pattern
                .score(Utf32Str::new(text, &mut letters), &mut matcher)
                .is_some()
        }
    }

    /// Something was typed. Whether other files may fit now; those that did stay until [`Self::take`].
    pub fn typed(&mut self) -> bool {
        let query = self.input.text();
        let query = query.trim();
        if query == self.query {
            return false;
        }
        query.clone_into(&mut self.query);
        true
    }

    /// Which files fit what was typed; `None` where nothing was, or nobody knows yet.
    pub fn take(&mut self, found: Option<Arc<Found>>) {
        self.found = found;
    }
}
