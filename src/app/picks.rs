//! What a person picked to be sent: single gaps, or all gaps of a file.

use std::collections::{BTreeMap, BTreeSet};

use crate::coverage::FilePath;
use crate::gaps::{Gap, GapId};

/// What is picked of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picked {
    /// All its gaps, whatever they turn out to be.
    Whole,
    /// These; never none.
    Gaps(BTreeSet<GapId>),
}

/// How much of a file or folder is picked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Share {
    #[default]
    Nothing,
    Some,
    All,
}

/// The picks, with what it takes to undo each step.
#[derive(Clone, Debug, Default)]
pub struct Picks {
    files: BTreeMap<FilePath, Picked>,
    undo: Vec<Vec<(FilePath, Option<Picked>)>>,
    /// Grows with each change.
    revision: u64,
}

/// Steps that can be undone.
const MOST_UNDO: usize = 100;

impl Picks {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// By path.
    pub fn files(&self) -> impl ExactSizeIterator<Item = (&FilePath, &Picked)> {
        self.files.iter()
    }

    #[must_use]
    pub fn of(&self, path: &FilePath) -> Option<&Picked> {
        self.files.get(path)
    }

    #[must_use]
    pub fn has(&self, path: &FilePath, gap: GapId) -> bool {
        match self.files.get(path) {
            None => false,
            Some(Picked::Whole) => true,
            Some(Picked::Gaps(gaps)) => gaps.contains(&gap),
        }
    }

    /// How much of a file is picked; `gaps` are its gaps where they are known.
    #[must_use]
    pub fn share(&self, path: &FilePath, gaps: Option<&[Gap]>) -> Share {
        match self.files.get(path) {
            None => Share::Nothing,
            Some(Picked::Whole) => Share::All,
            Some(Picked::Gaps(picked)) => match gaps {
                Some(gaps) if gaps.iter().all(|gap| picked.contains(&gap.id)) => Share::All,
                _ => Share::Some,
            },
        }
    }

    /// Picks a gap, or puts it back. `gaps` are all gaps of its file.
    pub fn toggle_gap(&mut self, path: &FilePath, gap: GapId, gaps: &[Gap]) {
        let mut picked = match self.files.get(path) {
            None => BTreeSet::new(),
            Some(Picked::Gaps(picked)) => picked.clone(),
            Some(Picked::Whole) => gaps.iter().map(|gap| gap.id).collect(),
        };
        if !picked.remove(&gap) {
            picked.insert(gap);
        }
        let picked = (!picked.is_empty()).then_some(Picked::Gaps(picked));
        self.change(vec![(path.clone(), picked)]);
    }

    /// Picks several gaps of a file, or, where all of them are picked already, puts them back.
    pub fn toggle_gaps(&mut self, path: &FilePath, some: &[GapId], gaps: &[Gap]) {
        let mut picked: BTreeSet<GapId> = match self.files.get(path) {
            None => BTreeSet::new(),
            Some(Picked::Gaps(picked)) => picked.clone(),
            Some(Picked::Whole) => gaps.iter().map(|gap| gap.id).collect(),
        };
        if some.iter().all(|gap| picked.contains(gap)) {
            picked.retain(|gap| !some.contains(gap));
        } else {
            picked.extend(some);
        }
        let picked = (!picked.is_empty()).then_some(Picked::Gaps(picked));
        self.change(vec![(path.clone(), picked)]);
    }

    /// Picks whole files, or, where all of them are picked already, puts them back.
    pub fn toggle_files(&mut self, paths: Vec<FilePath>) {
        let all = paths
            .iter()
            .all(|path| self.files.get(path) == Some(&Picked::Whole));
        self.change(
            paths
                .into_iter()
                .map(|path| (path, (!all).then_some(Picked::Whole)))
                .collect(),
        );
    }

    /// Puts everything back.
    pub fn clear(&mut self) {
        self.change(self.files.keys().map(|path| (path.clone(), None)).collect());
    }

    /// Takes the last step back. Whether there was one.
    pub fn undo(&mut self) -> bool {
        let Some(step) = self.undo.pop() else {
            return false;
        };
        for (path, picked) in step {
            self.put(path, picked);
        }
        true
    }

    /// The gaps of a file are known (again): what is none any more is no pick any more. This is no step
    /// that can be undone.
    pub fn keep_known(&mut self, path: &FilePath, gaps: &[Gap]) {
        let left = match self.files.get(path) {
            None => return,
            Some(Picked::Whole) => (!gaps.is_empty()).then_some(Picked::Whole),
            Some(Picked::Gaps(picked)) => {
                let left: BTreeSet<GapId> = gaps
                    .iter()
                    .map(|gap| gap.id)
                    .filter(|gap| picked.contains(gap))
                    .collect();
                (!left.is_empty()).then_some(Picked::Gaps(left))
            }
        };
        self.put(path.clone(), left);
    }

    fn change(&mut self, step: Vec<(FilePath, Option<Picked>)>) {
        let before: Vec<_> = step
            .into_iter()
            .map(|(path, picked)| {
                let old = self.files.get(&path).cloned();
                self.put(path.clone(), picked);
                (path, old)
            })
            .collect();
        if before.is_empty() {
            return;
        }
        if self.undo.len() == MOST_UNDO {
            self.undo.remove(0);
        }
        self.undo.push(before);
    }

    /// Another number than before means other picks.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Picks of an earlier day; no step that can be undone.
    pub fn restore(&mut self, picks: impl IntoIterator<Item = (FilePath, Vec<GapId>)>) {
        for (path, gaps) in picks {
            let picked = if gaps.is_empty() {
                Picked::Whole
            } else {
                Picked::Gaps(gaps.into_iter().collect())
            };
            self.put(path, Some(picked));
        }
    }

    fn put(&mut self, path: FilePath, picked: Option<Picked>) {
        self.revision += 1;
        match picked {
            Some(picked) => {
                self.files.insert(path, picked);
            }
            None => {
                self.files.remove(&path);
            }
        }
    }
}
