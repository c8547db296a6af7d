//! One file of a report, and the plain places where it may be.

use super::parts::{Parts, slashed};
use super::{AbsolutePresence, Clues, Disk, Named, Presence, Resolved};
use crate::coverage::SourceState;

/// A file that a report names, with the paths it may mean.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) file: Named<'a>,
    /// Where something other than the path itself says that it lies: one for each source root, or
    /// the folder of its Go module.
    pub(super) placed: Vec<Parts>,
    /// The path itself, after `strip` and `prefix`.
    pub(super) itself: Parts,
    /// `strip` or `prefix` made it relative to the root.
    from_root: bool,
}

/// What a look at one place gave.
enum Look {
    At(String),
    LeadsOut,
    Nothing,
}

impl<'a> Question<'a> {
    pub(super) fn new(file: Named<'a>, clues: &Clues) -> Self {
        let (written, from_root) = configured(file.path, clues);
        let itself = Parts::of(&written);
        let in_go_module = clues
            .go_modules
            .iter()
            .filter_map(|(module, folder)| {
                let rest = written.strip_prefix(module.as_str())?.strip_prefix('/')?;
                Some((module.len(), Parts::of(&format!("{folder}/{rest}"))))
            })
            .max_by_key(|(len, _)| *len);
        let mut placed = Vec::new();
        if let Some((_, mut parts)) = in_go_module {
            parts.absolute = false;
            placed.push(parts);
        } else if !itself.absolute && !itself.names.is_empty() && !from_root {
            for root in &clues.source_roots {
                let joined = Parts::of(&format!("{root}/{written}"));
                if joined != itself && !placed.contains(&joined) {
                    placed.push(joined);
                }
            }
        }
        Self {
            file,
            placed,
            itself,
            from_root,
        }
    }

    /// The last part, if the path names anything.
    pub(super) fn name(&self) -> Option<&str> {
        self.itself.names.last().map(String::as_str)
    }

    /// Every path it may mean, the likeliest first.
    pub(super) fn meanings(&self) -> impl Iterator<Item = &Parts> {
        self.placed.iter().chain([&self.itself])
    }

    /// Whether it is relative to the report or a folder above it, and nothing else is known of it.
    pub(super) fn is_relative(&self) -> bool {
        !self.itself.absolute && self.placed.is_empty() && !self.from_root
    }

    /// Looks where the path points as it stands, and relative to the report. `None`: not there.
    pub(super) fn plain(&self, bases: &Bases, disk: &mut dyn Disk) -> Option<Resolved> {
        if self.name().is_none() {
            return Some(Resolved::kept(self.file.path, SourceState::Missing));
        }
        let mut leads_out = false;
        let mut found = Vec::new();
        for meaning in &self.placed {
            match self.look(meaning, bases, disk) {
                Look::At(path) => found.push(path),
                Look::LeadsOut => leads_out = true,
                Look::Nothing => {}
            }
        }
        if found.is_empty() {
            match self.look(&self.itself, bases, disk) {
                Look::At(path) => found.push(path),
                Look::LeadsOut => leads_out = true,
                Look::Nothing => {}
            }
        }
        let found = found.iter().map(String::as_str).collect();
        Resolved::one_of(found, self.file.path)
            .or_else(|| leads_out.then(|| Resolved::kept(self.file.path, SourceState::Outside)))
    }

    fn look(&self, parts: &Parts, bases: &Bases, disk: &mut dyn Disk) -> Look {
        if parts.absolute {
            return match bases.below_root(parts) {
                Some(path) => match disk.presence(&path) {
                    Presence::File => Look::At(path),
                    Presence::Outside => Look::LeadsOut,
                    Presence::Absent => Look::Nothing,
                },
                None if parts.of_windows => Look::Nothing,
                None => match disk.absolute(&format!("/{}", parts.names.join("/"))) {
                    AbsolutePresence::Inside(path) => Look::At(path),
                    AbsolutePresence::Outside => Look::LeadsOut,
                    AbsolutePresence::Absent => Look::Nothing,
                },
            };
        }
        let root_alone = [Vec::new()];
        let order = if self.from_root {
            root_alone.as_slice()
        } else {
            &bases.order
        };
        let mut leads_out = false;
        for path in order.iter().filter_map(|base| parts.under(base)) {
            match disk.presence(&path) {
                Presence::File => return Look::At(path),
                Presence::Outside => leads_out = true,
                Presence::Absent => {}
            }
        }
        if leads_out {
            Look::LeadsOut
        } else {
            Look::Nothing
        }
    }
}

/// The path after the settings had their say, and whether they said anything.
fn configured(path: &str, clues: &Clues) -> (String, bool) {
    let slashes = slashed(path);
    let cut = clues
        .strip
        .iter()
        .find_map(|strip| slashes.strip_prefix(slashed(strip).as_ref()));
    // The prefix is a folder of the project: it stands before relative paths only.
    if cut.is_none() && (clues.prefix.is_empty() || Parts::of(path).absolute) {
        return (path.to_owned(), false);
    }
    let rest = cut.unwrap_or(&slashes).trim_start_matches('/');
    (format!("{}{rest}", slashed(&clues.prefix)), true)
}

/// The folders that relative paths of one report may start from.
#[derive(Debug)]
pub(super) struct Bases {
    root: Vec<String>,
    /// The report's folder and those above it up to the root, the one that most of the report's files
    /// agree on first: one run has one working folder.
    pub(super) order: Vec<Vec<String>>,
}

/// How many files are asked before the order is settled.
const SAMPLE: usize = 64;

impl Bases {
    pub(super) fn vote(questions: &[Question<'_>], clues: &Clues, disk: &mut dyn Disk) -> Self {
        let folder = clues
            .report_dir
            .as_deref()
            .map(|folder| Parts::of(folder).names)
            .unwrap_or_default();
        let mut bases: Vec<Vec<String>> = (0..=folder.len())
            .rev()
            .filter_map(|n| folder.get(..n).map(<[String]>::to_vec))
            .collect();
        if bases.len() > 1 {
            let relative: Vec<_> = questions
                .iter()
                .filter(|question| question.is_relative())
                .collect();
            let step = relative.len().div_ceil(SAMPLE).max(1);
            let mut votes: Vec<(usize, Vec<String>)> = Vec::with_capacity(bases.len());
            for base in bases {
                let n = relative
                    .iter()
                    .step_by(step)
                    .filter_map(|question| question.itself.under(&base))
                    .filter(|path| disk.presence(path) == Presence::File)
                    .count();
                votes.push((n, base));
            }
            // Stable: where nothing speaks against it, the nearest folder stays first.
            votes.sort_by_key(|(n, _)| std::cmp::Reverse(*n));
            bases = votes.into_iter().map(|(_, base)| base).collect();
        }
        Self {
            root: Parts::of(&clues.root).names,
            order: bases,
        }
    }

    /// An absolute path from the root, when it lies below it as a matter of text.
    pub(super) fn below_root(&self, path: &Parts) -> Option<String> {
        let rest = path.names.strip_prefix(self.root.as_slice())?;
        (!rest.is_empty()).then(|| rest.join("/"))
    }
}
