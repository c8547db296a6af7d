//! The whole program as a value: state, what can happen to it, what it asks of the world.
//!
//! Pure: no clock, no file, no terminal, no thread. [`App::update`] is the only way in, its
//! [`Step`] the only way out; `view` reads the rest.

pub mod claim;
pub mod doc;
pub mod effect;
pub mod filter;
pub mod gap_list;
pub mod history;
pub mod input;
pub mod keymap;
pub mod layout;
pub mod marks;
pub mod message;
pub mod picks;
pub mod prompt;
pub mod review;
pub mod run;
pub mod session_pane;
pub mod settings;
pub mod source_pane;
pub mod tests_pane;
pub mod text;
pub mod tree;
pub mod words;
pub mod work;

mod update;

use std::sync::Arc;
use std::time::Duration;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::agent::{Phase, Session};
use crate::coverage::FilePath;
use crate::gaps::Gap;

use effect::{Effect, RequestId};
use filter::{Filter, Mine, Show};
use gap_list::GapList;
use history::History;
use input::Input;
use keymap::{KeyMap, Place};
use layout::{Layout, Panes, Share, Size};
use message::{Key, LoadFailure, Loaded, Reading, WatchState};
use picks::Picks;
use prompt::PromptEditor;
use review::ReviewPane;
use run::Run;
use session_pane::SessionPane;
use settings::AppSettings;
use source_pane::SourcePane;
use tests_pane::TestsPane;
use tree::Tree;

/// The program.
#[derive(Debug)]
pub struct App {
    settings: AppSettings,
    keys: KeyMap,
    size: Size,
    focus: Focus,
    /// The pane that `esc` and the keys of a screen lead back to.
    focus_before: Focus,
    overlay: Option<Overlay>,
    question: Option<Question>,
    notice: Option<Notice>,

    loaded: Option<Arc<Loaded>>,
    failure: Option<LoadFailure>,
    /// How far the first reading is, where it takes long.
    reading: Option<Reading>,
    watch: WatchState,
    history: History,

    tree: Tree,
    filter: Filter,
    /// The filter is being typed.
    filtering: bool,
    show: Show,
    /// What the person changed, once it was asked for.
    mine: Option<Arc<Mine>>,
    mine_request: RequestId,
    view: View,
    list: GapList,
    source: SourcePane,
    /// The gaps of files, as far as they were found in the coverage that is shown.
    known: FxHashMap<FilePath, Arc<[Gap]>>,
    /// Files whose gaps are being found.
    finding: FxHashSet<FilePath>,
    /// Gaps asked for before this are those of an older coverage.
    gaps_since: RequestId,
    picks: Picks,
    /// For each node of the tree, how much of it is picked.
    shares: Vec<PickCount>,
    /// What of each file is in `shares`; files of which nothing is picked are not in it.
    counted: FxHashMap<FilePath, picks::Share>,
    prompt: PromptEditor,
    run: Run,
    run_cursor: usize,
    run_scroll: usize,
    session: SessionPane,
    review: ReviewPane,
    /// Counts decisions, so that only the last one starts a measurement.
    review_timer: u64,
    /// An agent worked in the tree when the last message was over.
    worked: bool,
    /// The last word of the agent's last turn, until it is examined.
    last_answer: String,
    /// A gap that is being dismissed.
    dismissing: Option<Dismissing>,
    /// Picks of an earlier day, until the reports are read.
    remembered: Vec<(FilePath, Vec<crate::gaps::GapId>)>,
    /// The picks as they were kept last.
    kept_picks: u64,
    /// What a person settled and was not kept yet.
    settled: Vec<work::GapNote>,
    tests: TestsPane,
    /// The tests' output stands where the source else stands.
    tests_shown: bool,

    /// Keys of an unfinished sequence.
    pressed: Vec<Key>,
    /// A count typed before a key.
    count: Option<usize>,
    /// Columns of the left pane, once a person dragged the divider.
    divider: Option<u16>,
    dragging: bool,
    last_request: RequestId,
    load_request: RequestId,
    filter_request: RequestId,
    prompt_request: RequestId,
    /// A timer that redraws figures of time is under way.
    ticking: bool,
    /// The terminal window is in focus.
    in_focus: bool,
    /// Since the program started.
    now: Duration,
}

/// Which pane has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Focus {
    #[default]
    Tree,
    Source,
    /// The output of the tests, in the place of the source.
    Tests,
    /// The transcript.
    Session,
    /// The gaps that were sent.
    Run,
    /// The files that a run left.
    Review,
    /// One of them.
    ReviewPage,
}

impl Focus {
    /// Whether it is a pane of the session's screen.
    #[must_use]
    pub fn is_session(self) -> bool {
        matches!(self, Self::Session | Self::Run)
    }

    /// Whether it is a pane of the review.
    #[must_use]
    pub fn is_review(self) -> bool {
        matches!(self, Self::Review | Self::ReviewPage)
    }
}

/// What the left pane of the explorer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum View {
    /// Folders with their files.
    #[default]
    Folders,
    /// One list of files.
    Files,
    /// Functions with gaps, by worth.
    Functions,
    /// All gaps by worth, grouped by function.
    Gaps,
}

impl View {
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Folders => Self::Files,
            Self::Files => Self::Functions,
            Self::Functions => Self::Gaps,
            Self::Gaps => Self::Folders,
        }
    }

    /// Whether it is a list of gaps and not a tree of files.
    #[must_use]
    pub fn is_list(self) -> bool {
        matches!(self, Self::Functions | Self::Gaps)
    }
}

/// What lies over the panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// The keys; the first row that is shown.
    Help { scroll: usize },
    /// What was odd about the reports.
    Warnings { scroll: usize },
    /// Arms taken, lost and vanished since the start, by name.
    Changes { scroll: usize },
    /// A commit, before it is made.
    Commit { scroll: usize },
}

/// Something that is asked before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// An agent works.
    Quit,
    /// The sandbox is not to be had: run the tests without it, this once?
    Unsandboxed,
}

/// A gap that a person says needs no test, and the reason that is being typed.
#[derive(Clone, Debug)]
pub struct Dismissing {
    pub path: FilePath,
    pub gap: Gap,
    pub reason: Input,
}

/// A line for the person, until the next key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub text: String,
    /// Something went wrong.
    pub bad: bool,
}

/// How many files below a node are picked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PickCount {
    /// Files with anything to pick.
    pub pickable: u32,
    /// Picked wholly.
    pub whole: u32,
    /// Picked at all.
    pub any: u32,
}

/// A row of the list of the run's gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunRow {
    File(FilePath),
    /// Its place among the run's gaps.
    Gap(usize),
    Blank,
}

/// What an update asks for.
#[derive(Debug, Default)]
pub struct Step {
    pub effects: Vec<Effect>,
    /// Whether the screen changed.
    pub redraw: bool,
}

impl App {
    #[must_use]
    pub fn new(settings: AppSettings, keys: KeyMap) -> Self {
        let show = if settings.only_mine {
            Show::Mine
        } else {
            Show::All
        };
        Self {
            size: settings.size,
            session: SessionPane::new(Session::new(settings.session.clone())),
            settings,
            keys,
            focus: Focus::default(),
            focus_before: Focus::default(),
            overlay: None,
            question: None,
            notice: None,
            loaded: None,
            failure: None,
            reading: None,
            watch: WatchState::Current,
            history: History::default(),
            tree: Tree::default(),
            filter: Filter::default(),
            filtering: false,
            show,
            mine: None,
            mine_request: RequestId::default(),
            view: View::default(),
            list: GapList::default(),
            source: SourcePane::default(),
            known: FxHashMap::default(),
            finding: FxHashSet::default(),
            gaps_since: RequestId::default(),
            picks: Picks::default(),
            shares: Vec::new(),
            counted: FxHashMap::default(),
            prompt: PromptEditor::default(),
            run: Run::default(),
            run_cursor: 0,
            run_scroll: 0,
            review: ReviewPane::default(),
            review_timer: 0,
            worked: false,
            last_answer: String::new(),
            dismissing: None,
            remembered: Vec::new(),
            kept_picks: 0,
            settled: Vec::new(),
            tests: TestsPane::default(),
            tests_shown: false,
            pressed: Vec::new(),
            count: None,
            divider: None,
            dragging: false,
            last_request: RequestId::default(),
            load_request: RequestId::default(),
            filter_request: RequestId::default(),
            prompt_request: RequestId::default(),
            ticking: false,
            in_focus: true,
            now: Duration::ZERO,
        }
    }

    #[must_use]
    pub fn settings(&self) -> &AppSettings {
        &self.settings
    }

    #[must_use]
    pub fn keys(&self) -> &KeyMap {
        &self.keys
    }

    #[must_use]
    pub fn size(&self) -> Size {
        self.size
    }

    #[must_use]
    pub fn focus(&self) -> Focus {
        self.focus
    }

    #[must_use]
    pub fn overlay(&self) -> Option<Overlay> {
        self.overlay
    }

    #[must_use]
    pub fn question(&self) -> Option<Question> {
        self.question
    }

    /// The gap that is being dismissed.
    #[must_use]
    pub fn dismissing(&self) -> Option<&Dismissing> {
        self.dismissing.as_ref()
    }

    #[must_use]
    pub fn notice(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }

    #[must_use]
    pub fn loaded(&self) -> Option<&Loaded> {
        self.loaded.as_deref()
    }

    /// What the newest report changed against the first one; `None` while there was only one.
    #[must_use]
    pub fn since_start(&self) -> Option<&crate::gaps::Delta> {
        self.loaded.as_ref()?.since_start.as_ref()
    }

    /// Why there is no coverage, or why the newest could not be read.
    #[must_use]
    pub fn failure(&self) -> Option<&LoadFailure> {
        self.failure.as_ref()
    }

    /// How far the first reading is, where it takes long enough to say so.
    #[must_use]
    pub fn reading(&self) -> Option<Reading> {
        self.reading
    }

    #[must_use]
    pub fn watch(&self) -> &WatchState {
        &self.watch
    }

    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    #[must_use]
    pub fn view(&self) -> View {
        self.view
    }

    /// The functions or gaps, where the view is a list of them.
    #[must_use]
    pub fn list(&self) -> &GapList {
        &self.list
    }

    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Whether the filter is being typed.
    #[must_use]
    pub fn is_filtering(&self) -> bool {
        self.filtering
    }

    #[must_use]
    pub fn show(&self) -> Show {
        self.show
    }

    /// What the person changed, where it was asked for and is known.
    #[must_use]
    pub fn mine(&self) -> Option<&Mine> {
        self.mine.as_deref()
    }

    #[must_use]
    pub fn source(&self) -> &SourcePane {
        &self.source
    }

    #[must_use]
    pub fn picks(&self) -> &Picks {
        &self.picks
    }

    /// How many gaps are picked, in how many files; the first figure is a lower bound where the second says
    /// that some files' gaps are not known yet.
    #[must_use]
    pub fn n_picked(&self) -> Picked {
        let mut picked = Picked::default();
        for (path, of_file) in self.picks.files() {
            picked.files += 1;
            match (of_file, self.known.get(path)) {
                (picks::Picked::Gaps(gaps), _) => picked.gaps += gaps.len(),
                (picks::Picked::Whole, Some(gaps)) => picked.gaps += gaps.len(),
                (picks::Picked::Whole, None) => picked.unknown += 1,
            }
        }
        picked
    }

    /// The gaps of a file, where they were found.
    #[must_use]
    pub fn gaps_of(&self, path: &FilePath) -> Option<&[Gap]> {
        self.known.get(path).map(AsRef::as_ref)
    }

    /// How much of a row of the tree is picked.
    #[must_use]
    pub fn pick_count(&self, node: tree::NodeIdx) -> PickCount {
        Tree::sum_of(&self.shares, node)
            .copied()
            .unwrap_or_default()
    }

    #[must_use]
    pub fn prompt(&self) -> &PromptEditor {
        &self.prompt
    }

    #[must_use]
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// The cursor among the gaps of the run, and the first of them in the window.
    #[must_use]
    pub fn run_window(&self) -> (usize, usize) {
        (self.run_cursor, self.run_scroll)
    }

    #[must_use]
    pub fn session(&self) -> &SessionPane {
        &self.session
    }

    /// Whether an agent works in the tree, or what it left is being examined: what a run left may be looked at
    /// then, but not decided about.
    #[must_use]
    pub fn is_worked_on(&self) -> bool {
        self.phase().is_busy() || !self.run.stage().is_at_rest()
    }

    #[must_use]
    pub fn review(&self) -> &ReviewPane {
        &self.review
    }

    #[must_use]
    pub fn tests(&self) -> &TestsPane {
        &self.tests
    }

    /// Whether the tests' output stands where the source else stands.
    #[must_use]
    pub fn tests_shown(&self) -> bool {
        self.tests_shown
    }

    /// What the agent does.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.session.session.phase()
    }

    /// The keys of an unfinished sequence, and the count before them.
    #[must_use]
    pub fn pending(&self) -> (Option<usize>, &[Key]) {
        (self.count, &self.pressed)
    }

    /// The time since the program started.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.now
    }

    /// Where everything is; `None` where the terminal is too small.
    #[must_use]
    pub fn layout(&self) -> Option<Layout> {
        let share = if self.focus.is_session() || self.focus.is_review() {
            Share {
                left: self.divider,
                percent: 45,
                most: 72,
                aside: false,
            }
        } else {
            Share {
                left: self.divider,
                percent: if self.size.columns >= layout::ASIDE_FROM {
                    40
                } else {
                    36
                },
                most: 64,
                aside: true,
            }
        };
        Layout::of(self.size, share)
    }

    /// The places whose keys count now, the nearest first.
    #[must_use]
    pub fn places(&self) -> &'static [Place] {
        if self.question.is_some() {
            return &[Place::Question, Place::Always];
        }
        if matches!(self.overlay, Some(Overlay::Commit { .. })) {
            return &[
                Place::Question,
                Place::Overlay,
                Place::Anywhere,
                Place::Always,
            ];
        }
        if self.overlay.is_some() {
            return &[Place::Overlay, Place::Anywhere, Place::Always];
        }
        if self.dismissing.is_some() {
            return &[Place::Reason, Place::Always];
        }
        if self.prompt.is_open() {
            return &[Place::Prompt, Place::Always];
        }
        if self.filtering {
            return &[Place::Filtering, Place::Always];
        }
        match self.focus {
            Focus::Tree => &[Place::Tree, Place::Anywhere, Place::Always],
            Focus::Source => &[Place::Source, Place::Anywhere, Place::Always],
            Focus::Tests => &[Place::Tests, Place::Anywhere, Place::Always],
            Focus::Session if self.session.saying.is_some() => &[Place::Saying, Place::Always],
            Focus::Session if !self.session.session.approvals().is_empty() => &[
                Place::Approval,
                Place::Session,
                Place::Anywhere,
                Place::Always,
            ],
            Focus::Session => &[Place::Session, Place::Anywhere, Place::Always],
            Focus::Run => &[Place::Run, Place::Anywhere, Place::Always],
            Focus::Review | Focus::ReviewPage => &[Place::Review, Place::Anywhere, Place::Always],
        }
    }

    /// The panes' areas: left and right where there are two.
    #[must_use]
    pub fn panes(&self) -> Option<Panes> {
        self.layout().map(|layout| layout.panes)
    }

    /// The gaps of the shown file that the third pane has room for: the first of them, and how many.
    #[must_use]
    pub fn aside_window(&self) -> (usize, usize) {
        let Some(layout) = self.layout() else {
            return (0, 0);
        };
        let area = layout.aside.split_left(1).1;
        let list = layout::AsideParts::of(area, self.history.points().len()).list;
        let height = usize::from(list.height);
        let n = self.source.view().map_or(0, |view| view.gaps.len());
        // The current one in the middle, as far as that leaves no room empty.
        let at = self.source.current_gap().map_or(0, |(idx, _)| idx);
        let first = at.saturating_sub(height / 2);
        (first.min(n.saturating_sub(height)), height)
    }

    /// What must be known of the shown source before its marks are believed; it stands above the text.
    #[must_use]
    pub fn source_note(&self) -> Option<&'static str> {
        let file = self.source.file()?;
        let view = self.source.view()?;
        let totals = file.coverage.totals();
        if file.source == crate::coverage::SourceState::Changed {
            return Some(if view.report_lines.is_some() {
                "changed since the report: its marks moved along"
            } else {
                "changed since the report: its marks may be wrong"
            });
        }
        let has_figures = totals
            .lines
            .or(totals.branches)
            .is_some_and(|ratio| ratio.total > 0);
        (has_figures && file.coverage.lines().len() == 0)
            .then_some("figures only: this report names no lines (W says more)")
    }

    /// Rows that the tree has.
    fn tree_height(&self) -> usize {
        let area = match self.panes() {
            None => return 0,
            Some(Panes::One(area) | Panes::Two { left: area, .. }) => area,
        };
        let (_, body) = area.split_top(1);
        usize::from(body.height - layout::tree_details(body))
    }

    /// Rows that the text of the source has.
    fn source_height(&self) -> usize {
        let area = match self.panes() {
            None => return 0,
            Some(Panes::One(area) | Panes::Two { right: area, .. }) => area,
        };
        let above = 1 + u16::from(self.source_note().is_some());
        usize::from(area.height.saturating_sub(above))
    }

    /// What is written under the line of the current gap.
    #[must_use]
    pub fn words(&self) -> words::Words {
        let none = words::Words::default();
        let Some((_, gap)) = self.source.current_gap() else {
            return none;
        };
        let Some(path) = self.source.path() else {
            return none;
        };
        let area = match self.panes() {
            None => return none,
            Some(Panes::One(area) | Panes::Two { right: area, .. }) => area,
        };
        let state = self.run.state(path, gap.id);
        let picked = self.picks.has(path, gap.id);
        let text = self.source.text_column(area);
        let code = text + self.source.indent();
        words::words(gap, picked, state, text, code, usize::from(area.width) - 1)
    }

    /// Where the transcript, a question and a message are in a pane.
    #[must_use]
    pub fn session_parts(&self, area: layout::Area) -> layout::SessionParts {
        let width = usize::from(area.width.saturating_sub(session_pane::LABEL + 2));
        let question = self
            .session
            .session
            .approvals()
            .first()
            .map_or(0, |approval| {
                doc::question(&approval.ask, approval.sub_agent.as_deref(), width).len() + 2
            });
        let saying = self
            .session
            .saying
            .as_ref()
            .map_or(0, |saying| saying.lines().len() + 1);
        layout::SessionParts::of(area, question, saying)
    }

    /// Where the parts of the pane beside the session are.
    #[must_use]
    pub fn run_parts(&self, area: layout::Area) -> layout::RunParts {
        let found = self.run.found();
        let n_evidence = found.tests.len() + found.all_findings().count();
        layout::RunParts::of(area, self.history.points().len(), n_evidence)
    }

    /// The rows of the list of the run's gaps: its files with their gaps.
    #[must_use]
    pub fn run_list(&self) -> Vec<RunRow> {
        let mut rows = Vec::new();
        for (idx, own) in self.run.gaps().iter().enumerate() {
            let before = idx.checked_sub(1).and_then(|idx| self.run.gaps().get(idx));
            if before.is_none_or(|before| before.path != own.path) {
                if idx > 0 {
                    rows.push(RunRow::Blank);
                }
                rows.push(RunRow::File(own.path.clone()));
            }
            rows.push(RunRow::Gap(idx));
        }
        rows
    }

    /// The width of the pane that has the keys, and its rows below its title.
    fn pane_size(&self) -> (usize, usize) {
        let area = match self.panes() {
            None => return (0, 0),
            Some(Panes::One(area)) => area,
            Some(Panes::Two { left, right, .. }) => match self.focus {
                Focus::Tree | Focus::Run | Focus::Review => left,
                Focus::Source | Focus::Tests | Focus::Session | Focus::ReviewPage => right,
            },
        };
        (
            usize::from(area.width),
            usize::from(area.height.saturating_sub(1)),
        )
    }

    /// Rows of a pane below its title.
    fn pane_height(&self) -> usize {
        self.pane_size().1
    }

    fn next_request(&mut self) -> RequestId {
        self.last_request.0 += 1;
        self.last_request
    }

    fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice {
            text: text.into(),
            bad: false,
        });
    }

    fn complain(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice {
            text: text.into(),
            bad: true,
        });
    }
}

/// How much is picked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Picked {
    pub gaps: usize,
    pub files: usize,
    /// Files that are picked wholly and whose gaps are not known yet.
    pub unknown: usize,
}

/// The first row of a window of `height` rows that holds `cursor`, as near to `scroll` as can be, with a
/// little context around the cursor and nothing below the last of `len` rows.
fn window(scroll: usize, cursor: usize, len: usize, height: usize) -> usize {
    if height == 0 {
        return cursor;
    }
    let margin = (height / 5).min(3);
    let least = (cursor + margin + 1).min(len).saturating_sub(height);
    let most = cursor.saturating_sub(margin);
    scroll
        .max(least)
        .min(most.max(least))
        .min(len.saturating_sub(height))
}
