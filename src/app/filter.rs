//! Which files are shown: those whose name fits what was typed, and those that a person wants to see.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::coverage::Coverage;

use super::input::Input;

/// Which files, apart from their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    #[default]
    All,
    WithGaps,
    Picked,
}

impl Show {
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::All => Self::WithGaps,
            Self::WithGaps => Self::Picked,
            Self::Picked => Self::All,
        }
    }

    /// In words, for the pane's title; nothing to say where all is shown.
    #[must_use]
    pub fn title(self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::WithGaps => Some("with gaps"),
            Self::Picked => Some("picked"),
        }
    }
}

/// What was typed, and which files fit it.
#[derive(Debug, Default)]
pub struct Filter {
    input: Input,
    query: String,
    /// For each file of the coverage; empty while nothing was typed.
    fits: Vec<bool>,
    /// The file that fits best.
    best: Option<usize>,
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
        (!self.query.is_empty()).then(|| self.fits.iter().filter(|fits| **fits).count())
    }

    /// The file that fits best, the first of equals.
    #[must_use]
    pub fn best(&self) -> Option<usize> {
        self.best
    }

    #[must_use]
    pub fn fits(&self, file_idx: usize) -> bool {
        self.query.is_empty() || self.fits.get(file_idx).copied().unwrap_or(false)
    }

    /// Asks whether other texts than the files' names fit what was typed.
    pub fn fitter(&self) -> impl FnMut(&str) -> bool + use<> {
        let pattern = self.pattern();
        let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
        let mut letters = Vec::new();
        move |text| {
            pattern
                .score(Utf32Str::new(text, &mut letters), &mut matcher)
                .is_some()
        }
    }

    fn pattern(&self) -> Pattern {
        Pattern::new(
            &self.query,
            CaseMatching::Smart,
            Normalization::Smart,
            AtomKind::Fuzzy,
        )
    }

    /// The coverage changed: look at all names again.
    pub fn renew(&mut self, coverage: &Coverage) {
        self.fits.clear();
        self.look(coverage, None);
    }

    /// Something was typed. Whether that changed anything.
    pub fn typed(&mut self, coverage: &Coverage) -> bool {
        let query = self.input.text();
        let query = query.trim();
        if query == self.query {
            return false;
        }
        // Each word must be found, its letters in order: what did not fit a shorter query cannot fit this.
        let before = (!self.query.is_empty() && query.starts_with(&self.query))
            .then(|| std::mem::take(&mut self.fits));
        query.clone_into(&mut self.query);
        self.look(coverage, before.as_deref());
        true
    }

    fn look(&mut self, coverage: &Coverage, only: Option<&[bool]>) {
        self.best = None;
        if self.query.is_empty() {
            self.fits.clear();
            return;
        }
        let pattern = self.pattern();
        let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
        let mut letters = Vec::new();
        let mut highest = None;
        self.fits = coverage
            .files
            .iter()
            .enumerate()
            .map(|(idx, file)| {
                if only.is_some_and(|only| !only.get(idx).copied().unwrap_or(true)) {
                    return false;
                }
                let name = Utf32Str::new(file.path.as_str(), &mut letters);
                let score = pattern.score(name, &mut matcher);
                if score > highest {
                    (highest, self.best) = (score, Some(idx));
                }
                score.is_some()
            })
            .collect();
    }
}
