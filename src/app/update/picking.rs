//! Picking, and the way from the picks to a prompt.

use crate::app::effect::Effect;
use crate::app::picks::{Picked, Share};
use crate::app::prompt::PromptState;
use crate::app::tree::{NodeIdx, NodeKind, Tree};
use crate::app::{App, Focus, PickCount, Step};
use crate::coverage::{CoveredFile, FilePath};
use crate::gaps::{Gap, GapId};
use crate::triage::{Pick, batches};

/// Whether a file has anything that could be picked and sent.
pub(super) fn is_pickable(file: &CoveredFile) -> bool {
    let totals = file.coverage.totals();
    file.source.is_readable()
        && [totals.branches, totals.lines, totals.functions]
            .into_iter()
            .flatten()
            .any(|ratio| ratio.missed() > 0)
}

impl App {
    /// `space`: what is under the cursor.
    pub(super) fn pick(&mut self, step: &mut Step) {
        match self.focus {
            Focus::Source => self.pick_gap(),
            Focus::Tree if self.view.is_list() => self.pick_in_list(),
            Focus::Tree => {
                if let Some((idx, _)) = self.tree.current() {
                    self.pick_node(idx, step);
                }
            }
            Focus::Run => self.pick_run_gap(),
            Focus::Tests | Focus::Session | Focus::Review | Focus::ReviewPage => {}
        }
        if self.show == crate::app::filter::Show::Picked {
            self.apply_filter();
            if self.view.is_list() {
                self.choose_list();
            }
        }
    }

    fn pick_gap(&mut self) {
        let Some(path) = self.source.path().cloned() else {
            return;
        };
        let Some(gap) = self.source.current_gap().map(|(_, gap)| gap.id) else {
            self.say("no gap on this line: n goes to the next one");
            return;
        };
        if let Some(gaps) = self.known.get(&path) {
            self.picks.toggle_gap(&path, gap, gaps);
            self.recount_picks(&[path]);
        }
    }

    fn pick_node(&mut self, idx: NodeIdx, step: &mut Step) {
        let Some(loaded) = self.loaded.clone() else {
            return;
        };
        let files: Vec<&CoveredFile> = self
            .tree
            .files_below(idx)
            .into_iter()
            .filter_map(|file| loaded.coverage.files.get(file))
            .collect();
        let mut paths: Vec<FilePath> = files
            .iter()
            .filter(|file| is_pickable(file))
            .map(|file| file.path.clone())
            .collect();
        if paths.is_empty() {
            let unreadable = files.iter().any(|file| !file.source.is_readable());
            self.say(if unreadable {
                "its source cannot be read, so that there is nothing to send"
            } else {
                "nothing is left untaken here"
            });
            return;
        }
        paths.sort();
        self.picks.toggle_files(paths.clone());
        self.recount_picks(&paths);
        if self
            .picks
            .of(paths.first().unwrap_or(&FilePath::new("")))
            .is_some()
        {
            self.find_gaps(paths, step);
        }
    }

    pub(super) fn undo_pick(&mut self, step: &mut Step) {
        if self.picks.undo() {
            self.recount_all_picks();
            let paths = self.picks.files().map(|(path, _)| path.clone()).collect();
            self.find_gaps(paths, step);
        } else {
            self.say("no picking to undo");
        }
    }

    pub(super) fn unpick_all(&mut self) {
        let n = self.n_picked();
        if n.files == 0 {
            return;
        }
        self.picks.clear();
        self.recount_all_picks();
        self.say("everything is put back · u undoes that");
    }

    /// How much of each row of the tree is picked: anew, for a new coverage.
    pub(super) fn count_picks(&mut self) {
        let Some(loaded) = self.loaded.clone() else {
            self.shares.clear();
            return;
        };
        self.counted.clear();
        self.shares = self.tree.sum_up(
            |idx| PickCount {
                pickable: u32::from(loaded.coverage.files.get(idx).is_some_and(is_pickable)),
                ..PickCount::default()
            },
            |above, own| above.pickable += own.pickable,
        );
        let paths: Vec<FilePath> = self.picks.files().map(|(path, _)| path.clone()).collect();
        self.recount_picks(&paths);
    }

    /// How much of some files is picked now: only they and the folders above them are looked at.
    pub(super) fn recount_picks(&mut self, paths: &[FilePath]) {
        for path in paths {
            let Some(node) = self
                .tree
                .file_of_path(path)
                .and_then(|idx| self.tree.node_of_file(idx))
            else {
                continue;
            };
            let gaps = self.known.get(path).map(AsRef::as_ref);
            let share = self.picks.share(path, gaps);
            let before = if share == Share::Nothing {
                self.counted.remove(path)
            } else {
                self.counted.insert(path.clone(), share)
            }
            .unwrap_or_default();
            if before == share {
                continue;
            }
            let count = |share: Share| {
                (
                    u32::from(share == Share::All),
                    u32::from(share != Share::Nothing),
                )
            };
            let ((whole_was, any_was), (whole, any)) = (count(before), count(share));
            for idx in self.tree.upwards(node) {
                if let Some(sum) = Tree::sum_mut(&mut self.shares, idx) {
                    sum.whole = (sum.whole + whole).saturating_sub(whole_was);
                    sum.any = (sum.any + any).saturating_sub(any_was);
                }
            }
        }
    }

    /// Every file of which something is or was picked.
    pub(super) fn recount_all_picks(&mut self) {
        let mut paths: Vec<FilePath> = self.counted.keys().cloned().collect();
        paths.extend(self.picks.files().map(|(path, _)| path.clone()));
        self.recount_picks(&paths);
    }

    /// `s`: the prompt for the picks.
    pub(super) fn write_prompt(&mut self, step: &mut Step) {
        if self.picks.is_empty() {
            if self.prompt.state() == PromptState::Ready {
                self.prompt.open();
            } else {
                self.say("nothing is picked: space picks the gap, the file or the folder under the cursor");
            }
            return;
        }
        self.prompt.open();
        match self.picked_gaps() {
            Err(unknown) => {
                self.prompt.await_text(Vec::new(), Vec::new(), 0);
                self.find_gaps(unknown, step);
            }
            Ok(gaps) => {
                let ids: Vec<(FilePath, GapId)> = gaps
                    .iter()
                    .map(|(path, gap)| (path.clone(), gap.id))
                    .collect();
                if self.prompt.is_about(&ids) {
                    return;
                }
                if self.prompt.is_edited() {
                    self.say(
                        "this is the prompt you edited, for other picks · ctrl-r writes it anew",
                    );
                    return;
                }
                self.build_prompt(gaps, ids, step);
            }
        }
    }

    /// `ctrl-r` in the prompt: for the picks as they are now.
    pub(super) fn rewrite_prompt(&mut self, step: &mut Step) {
        match self.picked_gaps() {
            Ok(gaps) if !gaps.is_empty() => {
                let ids = gaps
                    .iter()
                    .map(|(path, gap)| (path.clone(), gap.id))
                    .collect();
                self.build_prompt(gaps, ids, step);
            }
            _ => self.prompt.rewrite(),
        }
    }

    /// The gaps that were waited for came.
    pub(super) fn prompt_if_wanted(&mut self, step: &mut Step) {
        if self.prompt.state() != PromptState::Writing || !self.prompt.about().is_empty() {
            return;
        }
        if let Ok(gaps) = self.picked_gaps() {
            if gaps.is_empty() {
                self.prompt.close();
                self.say("nothing of what was picked is a gap any more");
                return;
            }
            let ids = gaps
                .iter()
                .map(|(path, gap)| (path.clone(), gap.id))
                .collect();
            self.build_prompt(gaps, ids, step);
        }
    }

    fn build_prompt(
        &mut self,
        gaps: Vec<(FilePath, Gap)>,
        mut picks: Vec<(FilePath, GapId)>,
        step: &mut Step,
    ) {
        let all: Vec<Pick> = gaps
            .iter()
            .map(|(path, gap)| Pick::new(path, gap))
            .collect();
        let turns = batches(&all);
        // The other turns get prompts of their own, from what was measured by then.
        let first: Vec<GapId> = turns
            .first()
            .map(|batch| batch.picks.iter().map(|pick| pick.gap).collect())
            .unwrap_or_default();
        picks.retain(|(_, gap)| first.contains(gap));
        self.prompt.await_text(gaps, first, turns.len());
        self.prompt_request = self.next_request();
        step.effects.push(Effect::BuildPrompt {
            request: self.prompt_request,
            picks,
        });
    }

    /// Every picked gap, by file and in the order of the text; else the files whose gaps are not known.
    fn picked_gaps(&self) -> Result<Vec<(FilePath, Gap)>, Vec<FilePath>> {
        let mut picked = Vec::new();
        let mut unknown = Vec::new();
        for (path, of_file) in self.picks.files() {
            let Some(gaps) = self.known.get(path) else {
                unknown.push(path.clone());
                continue;
            };
            picked.extend(
                gaps.iter()
                    .filter(|gap| match of_file {
                        Picked::Whole => !self.run.is_dismissed(gap.id),
                        Picked::Gaps(ids) => ids.contains(&gap.id),
                    })
                    .map(|gap| (path.clone(), gap.clone())),
            );
        }
        if unknown.is_empty() {
            Ok(picked)
        } else {
            Err(unknown)
        }
    }

    /// Whether a row of the tree is a file.
    pub(super) fn is_file(&self, idx: NodeIdx) -> bool {
        self.tree
            .node(idx)
            .is_some_and(|node| matches!(node.kind, NodeKind::File { .. }))
    }
}
