//! Warnings of one parse, kept few: a hostile report has a million oddities, a person reads ten.

use rustc_hash::FxHashMap;

use crate::coverage::Warning;

/// The most warnings of one kind that are spelled out.
const SPELLED: usize = 3;

/// Collects warnings; of each kind the first three are kept, the rest are counted.
#[derive(Debug, Default)]
pub(super) struct Oddities {
    warnings: Vec<Warning>,
    seen: FxHashMap<&'static str, usize>,
}

impl Oddities {
    /// Notes one oddity. `kind` names what they have in common, in the plural, for the last line
    /// (`17 more like these: negative counts`); `message` is made only when it will be kept.
    pub(super) fn note(&mut self, kind: &'static str, message: impl FnOnce() -> String) {
        let n = self.seen.entry(kind).or_default();
        *n += 1;
        if *n <= SPELLED {
            self.warnings.push(Warning::new(message()));
        }
    }

    /// The warnings, with a line for what was only counted.
    pub(super) fn finish(mut self) -> Vec<Warning> {
        let mut rest: Vec<_> = self
            .seen
            .into_iter()
            .filter(|&(_, n)| n > SPELLED)
            .collect();
        rest.sort_unstable();
        self.warnings.extend(
            rest.into_iter()
                .map(|(kind, n)| Warning::new(format!("{} more like these: {kind}", n - SPELLED))),
        );
        self.warnings
    }
}
