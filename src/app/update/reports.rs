//! What the world read: reports, sources, gaps, the output of the tests.

use std::sync::Arc;

use crate::app::effect::{Effect, RequestId};
use crate::app::filter::Show;
use crate::app::history::Point;
use crate::app::message::{FileGaps, LoadFailure, Loaded, SourceView, TestsEvent};
use crate::app::source_pane::Goal;
use crate::app::tests_pane::TestsState;
use crate::app::work::RunWish;
use crate::app::{App, Focus, Step};
use crate::coverage::{CoveredFile, FilePath};
use crate::gaps::Gap;

impl App {
    pub(super) fn reload(&mut self, step: &mut Step) {
        self.load_request = self.next_request();
        step.effects.push(Effect::LoadReports {
            request: self.load_request,
        });
    }

    pub(super) fn reports(
        &mut self,
        request: RequestId,
        outcome: Result<Arc<Loaded>, LoadFailure>,
        step: &mut Step,
    ) {
        // What the watcher read by itself is nobody's request, and as good as any.
        if request != RequestId::default() && request < self.load_request {
            step.redraw = false;
            return;
        }
        self.reading = None;
        match outcome {
            Ok(loaded) => self.show_reports(loaded, step),
            Err(failure) => self.failure = Some(failure),
        }
    }

    fn show_reports(&mut self, loaded: Arc<Loaded>, step: &mut Step) {
        let first = self.loaded.is_none();
        self.failure = None;
        self.history.add(Point {
            at: self.now,
            clock: loaded.clock.clone(),
            totals: loaded.coverage.totals,
        });
        self.known.clear();
        self.finding.clear();
        self.gaps_since = self.next_request();
        self.run.report_came();
        self.tree.reload(Arc::clone(&loaded.files));
        self.loaded = Some(loaded);
        self.restore_picks();
        self.filter.take(None);
        if self.filter.query().is_empty() {
            self.apply_filter();
        } else {
            self.find_files(step);
        }
        self.count_picks();

        let mut wanted: Vec<FilePath> = self.picks.files().map(|(path, _)| path.clone()).collect();
        wanted.extend(self.run.paths().cloned());
        wanted.sort();
        wanted.dedup();
        self.find_gaps(wanted, step);
        self.list.stale = true;
        self.fill_list(step);
        if self.show == Show::Mine {
            self.find_mine(step);
        }
        if first {
            self.follow_tree(step);
        } else {
            self.read_source_again(step);
        }
    }

    /// Reads the shown source anew: the reports changed, or an editor had it.
    pub(super) fn read_source_again(&mut self, step: &mut Step) {
        let file = self
            .source
            .path()
            .and_then(|path| self.tree.file_of_path(path))
            .and_then(|idx| self.loaded.as_ref()?.coverage.files.get(idx))
            .cloned();
        match file {
            Some(file) => self.show_source(file, Goal::Stay, step),
            None if self.source.path().is_some() => {
                self.source.clear();
                self.follow_tree(step);
            }
            None => self.follow_tree(step),
        }
    }

    pub(super) fn show_source(&mut self, file: CoveredFile, goal: Goal, step: &mut Step) {
        let request = self.next_request();
        let path = file.path.clone();
        if self.source.show(file, request, goal) {
            step.effects.push(Effect::LoadSource { request, path });
        }
    }

    pub(super) fn source_came(
        &mut self,
        request: RequestId,
        path: &FilePath,
        outcome: Result<Arc<SourceView>, String>,
        step: &mut Step,
    ) -> bool {
        let gaps: Option<Arc<[Gap]>> = outcome.as_ref().ok().map(|view| view.gaps.clone().into());
        let goal = self.source.goal();
        if !self.source.take(request, outcome) {
            return false;
        }
        if goal == Goal::FirstGap {
            self.seek_shown_gap();
        }
        if let Some(gaps) = gaps {
            self.gaps_known(path.clone(), gaps, step);
            self.recount_picks(std::slice::from_ref(path));
        }
        true
    }

    /// Asks for the gaps of files that are not known yet.
    pub(super) fn find_gaps(&mut self, mut paths: Vec<FilePath>, step: &mut Step) {
        paths.retain(|path| !self.known.contains_key(path) && self.finding.insert(path.clone()));
        if !paths.is_empty() {
            let request = self.next_request();
            step.effects.push(Effect::FindGaps { request, paths });
        }
    }

    pub(super) fn gaps_came(&mut self, request: RequestId, files: Vec<FileGaps>, step: &mut Step) {
        if request < self.gaps_since {
            step.redraw = false;
            return;
        }
        let paths: Vec<FilePath> = files.iter().map(|file| file.path.clone()).collect();
        for file in files {
            self.finding.remove(&file.path);
            match file.outcome {
                Ok(gaps) => self.gaps_known(file.path, gaps, step),
                Err(why) => {
                    // Its source cannot be read, so that there is nothing to send of it.
                    if self.picks.of(&file.path).is_some() {
                        self.complain(format!("{}: {why}", file.path.as_str()));
                    }
                    self.gaps_known(file.path, Arc::from([]), step);
                }
            }
        }
        self.recount_picks(&paths);
        if self.finding.is_empty() {
            self.fill_list(step);
        }
        self.prompt_if_wanted(step);
    }

    fn gaps_known(&mut self, path: FilePath, gaps: Arc<[Gap]>, step: &mut Step) {
        self.picks.keep_known(&path, &gaps);
        let since_start = self
            .loaded
            .as_ref()
            .and_then(|loaded| loaded.since_start.as_ref());
        let notes = self.run.report(&path, &gaps, since_start);
        if !notes.is_empty() {
            step.effects.push(Effect::Run(RunWish::Note(notes)));
        }
        self.list.stale = true;
        self.known.insert(path, gaps);
    }

    pub(super) fn run_tests(&mut self, step: &mut Step) {
        if self.run.stage().measuring().is_some() {
            self.say("untaken is running the tests itself: ctrl-c stops that");
        } else if self.tests.is_running() {
            step.effects.push(Effect::StopTests);
            self.say("stopping the tests");
        } else {
            self.tests.begin(self.now);
            step.effects.push(Effect::RunTests);
        }
    }

    pub(super) fn tests_event(&mut self, event: TestsEvent, step: &mut Step) {
        step.redraw = self.tests_shown || !matches!(event, TestsEvent::Output(_));
        self.tests.take(event, self.now);
        match self.tests.state() {
            TestsState::Failed(why) => {
                let why = why.clone();
                self.complain(why);
            }
            TestsState::Ended { code, .. } if *code != Some(0) && !self.in_focus => {
                step.effects
                    .push(Effect::Notify("the tests failed".to_owned()));
            }
            TestsState::Never
            | TestsState::Running { .. }
            | TestsState::Ended { .. }
            | TestsState::Measuring { .. }
            | TestsState::Measured { .. } => {}
        }
    }

    /// The tests' output in the place of the source, and back.
    pub(super) fn show_tests(&mut self) {
        self.tests_shown = !self.tests_shown;
        if self.tests_shown {
            self.focus_on(Focus::Tests);
        } else if self.focus == Focus::Tests {
            self.focus_on(Focus::Source);
        }
    }
}
