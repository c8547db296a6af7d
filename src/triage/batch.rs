//! Picks to batches: what goes into one turn.
//!
//! A batch is the gaps of one file, small enough that a turn stays small. Gaps of one function stay
//! together, because the tests for them share their set-up; a function is cut only when it alone is too
//! much for a turn.

use crate::coverage::{FilePath, Line};
use crate::gaps::{Gap, GapId};

/// At most this many gaps in a batch …
const MOST_GAPS: usize = 12;
/// … and at most this many untaken arms, so that one switch of forty cases is a turn of its own.
const MOST_ARMS: u32 = 24;

/// One gap that was chosen to be worked on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pick {
    pub gap: GapId,
    pub file: FilePath,
    pub line: Line,
    pub function: Option<String>,
    /// Untaken arms of a decision; 1 for a run of lines or an uncalled function.
    pub arms: u32,
}

impl Pick {
    #[must_use]
    pub fn new(file: &FilePath, gap: &Gap) -> Self {
        Self {
            gap: gap.id,
            file: file.clone(),
            line: gap.line,
            function: gap.function.clone(),
            arms: gap.arms_untaken.max(1),
        }
    }
}

/// A batch with more untaken arms than this is complex …
const SIMPLE_ARMS: u32 = 12;
/// … and so is one with a decision of more.
const SIMPLE_DECISION: u32 = 4;

/// The gaps that one turn works on: all of one file, in the order of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub file: FilePath,
    pub picks: Vec<Pick>,
}

impl Batch {
    /// Whether it asks for more than a handful of inputs: many arms, or one decision with many.
    #[must_use]
    pub fn is_complex(&self) -> bool {
        self.arms() > SIMPLE_ARMS || self.picks.iter().any(|pick| pick.arms > SIMPLE_DECISION)
    }

    /// Untaken arms in the batch.
    #[must_use]
    pub fn arms(&self) -> u32 {
        self.picks
            .iter()
            .map(|pick| pick.arms)
            .fold(0, u32::saturating_add)
    }
}

/// Groups picks by file (files in the order of their first pick), then by function, then cuts what is
/// too large for a turn. Every pick is in exactly one batch; a gap picked twice counts once.
#[must_use]
pub fn batches(picks: &[Pick]) -> Vec<Batch> {
    let mut files: Vec<(&FilePath, Vec<&Pick>)> = Vec::new();
    let mut places = rustc_hash::FxHashMap::default();
    let mut seen = rustc_hash::FxHashSet::default();
    for pick in picks
        .iter()
        .filter(|pick| seen.insert((&pick.file, pick.gap)))
    {
        let place = *places.entry(&pick.file).or_insert_with(|| {
            files.push((&pick.file, Vec::new()));
            files.len() - 1
        });
        if let Some((_, of_file)) = files.get_mut(place) {
            of_file.push(pick);
        }
    }
    files
        .into_iter()
        .flat_map(|(file, picks)| of_one_file(file, picks))
        .collect()
}

fn of_one_file(file: &FilePath, mut picks: Vec<&Pick>) -> Vec<Batch> {
    picks.sort_by_key(|pick| (pick.line, pick.gap));
    let mut batches: Vec<Batch> = Vec::new();
    let mut open = Batch {
        file: file.clone(),
        picks: Vec::new(),
    };
    for function in functions(picks) {
        for part in parts(function) {
            let n_arms = part
                .iter()
                .map(|pick| pick.arms)
                .fold(0, u32::saturating_add);
            let full = open.picks.len() + part.len() > MOST_GAPS
                || open.arms().saturating_add(n_arms) > MOST_ARMS;
            if full && !open.picks.is_empty() {
                batches.push(std::mem::replace(
                    &mut open,
                    Batch {
                        file: file.clone(),
                        picks: Vec::new(),
                    },
                ));
            }
            open.picks.extend(part.into_iter().cloned());
        }
    }
    if !open.picks.is_empty() {
        batches.push(open);
    }
    batches
}

/// The picks of each function, functions in the order in which they first appear.
fn functions(picks: Vec<&Pick>) -> Vec<Vec<&Pick>> {
    let mut groups: Vec<Vec<&Pick>> = Vec::new();
    for pick in picks {
        let same = groups.iter_mut().find(|group| {
            group
                .first()
                .is_some_and(|first| first.function == pick.function)
        });
        match same {
            Some(group) => group.push(pick),
            None => groups.push(vec![pick]),
        }
    }
    groups
}

/// A function's picks cut where they would overfill a turn by themselves.
fn parts(function: Vec<&Pick>) -> Vec<Vec<&Pick>> {
    let mut parts: Vec<Vec<&Pick>> = Vec::new();
    let mut n_arms = 0_u32;
    for pick in function {
        n_arms = n_arms.saturating_add(pick.arms);
        match parts.last_mut() {
            Some(part) if part.len() < MOST_GAPS && n_arms <= MOST_ARMS => part.push(pick),
            _ => {
                n_arms = pick.arms;
                parts.push(vec![pick]);
            }
        }
    }
    parts
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Batch, Pick, batches};
    use crate::coverage::{FilePath, Line};
    use crate::gaps::GapId;

    pub(in crate::triage) fn pick(file: &str, line: u32, function: &str, arms: u32) -> Pick {
        Pick {
            gap: GapId(u64::from(line)),
            file: FilePath::new(file),
            line: Line::new(line).unwrap(),
            function: (!function.is_empty()).then(|| function.to_owned()),
            arms,
        }
    }

    fn shape(batches: &[Batch]) -> Vec<(String, Vec<u32>)> {
        batches
            .iter()
            .map(|b| {
                (
                    b.file.as_str().to_owned(),
                    b.picks.iter().map(|p| p.line.get()).collect(),
                )
            })
            .collect()
    }

    #[test]
    fn a_batch_is_of_one_file_and_files_keep_the_order_of_the_picks() {
        let picks = [
            pick("b.py", 9, "f", 1),
            pick("a.py", 3, "g", 1),
            pick("b.py", 2, "h", 1),
        ];
        assert_eq!(
            shape(&batches(&picks)),
            [
                ("b.py".to_owned(), vec![2, 9]),
                ("a.py".to_owned(), vec![3])
            ]
        );
    }

    #[test]
    fn a_function_is_not_torn_apart() {
        let picks: Vec<_> = (1..=8)
            .map(|n| pick("a.py", n, "f", 1))
            .chain((9..=16).map(|n| pick("a.py", n, "g", 1)))
            .collect();
        let made = shape(&batches(&picks));
        assert_eq!(made.len(), 2);
        assert_eq!(made[0].1, (1..=8).collect::<Vec<_>>());
        assert_eq!(made[1].1, (9..=16).collect::<Vec<_>>());
    }

    #[test]
    fn a_function_too_large_for_a_turn_is_cut() {
        let picks: Vec<_> = (1..=30).map(|n| pick("a.py", n, "f", 1)).collect();
        let made = shape(&batches(&picks));
        assert_eq!(
            made.iter()
                .map(|(_, lines)| lines.len())
                .collect::<Vec<_>>(),
            [12, 12, 6]
        );
    }

    #[test]
    fn one_decision_of_many_arms_is_a_batch_of_its_own_and_never_lost() {
        let picks = [
            pick("a.c", 1, "f", 2),
            pick("a.c", 5, "f", 40),
            pick("a.c", 9, "f", 2),
        ];
        let made = shape(&batches(&picks));
        assert_eq!(
            made.iter().map(|(_, l)| l.clone()).collect::<Vec<_>>(),
            [vec![1], vec![5], vec![9]]
        );
    }

    #[test]
    fn a_gap_picked_twice_is_sent_once() {
        let picks = [pick("a.py", 1, "", 1), pick("a.py", 1, "", 1)];
        assert_eq!(shape(&batches(&picks)), [("a.py".to_owned(), vec![1])]);
    }
}
