//! Warnings of one parse, kept few: a hostile report has a million oddities, a person reads ten.

use rustc_hash::FxHashMap;

use crate::coverage::Warning;

/// The most warnings of one kind that are spelled out.
const SPELLED: usize = 3;

/// Collects warnings; of each kind the first three are kept, the rest are counted.
#[derive(Debug, Default)]
pub(super) struct Oddities {
    warnings: Vec<(&'static str, Warning)>,
    seen: FxHashMap<&'static str, usize>,
}

impl Oddities {
    /// Notes one oddity. `kind` names what they have in common, in the plural, for the last line
    /// (`17 more like these: negative counts`); `message` is made only when it will be kept.
    pub(super) fn note(&mut self, kind: &'static str, message: impl FnOnce() -> String) {
        let n = self.seen.entry(kind).or_default();
        *n += 1;
        if *n <= SPELLED {
            self.warnings.push((kind, Warning::new(message())));
        }
    }

    /// Takes over what was noted in a later part of the same report.
    pub(super) fn append(&mut self, later: Self) {
        for (kind, warning) in later.warnings {
            if self.seen.get(kind).is_none_or(|&n| n < SPELLED) {
                self.warnings.push((kind, warning));
            }
            // What follows counts them; here they only must not be spelled out too often.
            *self.seen.entry(kind).or_default() += 1;
        }
        for (kind, n) in later.seen {
            *self.seen.entry(kind).or_default() += n.saturating_sub(SPELLED);
        }
    }

    /// The warnings, with a line for what was only counted.
    pub(super) fn finish(self) -> Vec<Warning> {
        let mut rest: Vec<_> = self
            .seen
            .into_iter()
            .filter(|&(_, n)| n > SPELLED)
            .collect();
        rest.sort_unstable();
        let counted = rest
            .into_iter()
            .map(|(kind, n)| Warning::new(format!("{} more like these: {kind}", n - SPELLED)));
        self.warnings
            .into_iter()
            .map(|(_, warning)| warning)
            .chain(counted)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However a report is cut into parts, its warnings are those of the whole.
    #[test]
    fn parts_say_what_the_whole_says() {
        let kinds = ["a", "b", "a", "a", "a", "b", "a", "c", "a"];
        let of = |kinds: &[&'static str]| {
            let mut oddities = Oddities::default();
            for (idx, kind) in kinds.iter().enumerate() {
                oddities.note(kind, || format!("{kind} {idx}"));
            }
            oddities
        };
        for cut in 0..kinds.len() {
            let mut whole = of(&kinds[..cut]);
            let later: Vec<_> = kinds.iter().enumerate().skip(cut).collect();
            let mut part = Oddities::default();
            for (idx, kind) in later {
                part.note(kind, || format!("{kind} {idx}"));
            }
            whole.append(part);
            assert_eq!(whole.finish(), of(&kinds).finish(), "cut at {cut}");
        }
    }
}
