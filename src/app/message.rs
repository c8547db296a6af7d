//! Everything that can happen to the program, as one closed list.

use std::sync::Arc;
use std::time::Duration;

use super::effect::{RequestId, Timer};
use super::filter::{Found, Mine};
use super::tree::Files;
use crate::coverage::{Coverage, FilePath, Line};
use crate::gaps::{Delta, Gap};

/// Something happened. The runtime makes these; `update` is the only reader.
#[derive(Clone, Debug)]
pub enum Message {
    Key(Key),
    Mouse(Mouse),
    /// Text from a bracketed paste. It is hostile until cleaned.
    Paste(String),
    Resize {
        columns: u16,
        rows: u16,
    },
    /// The terminal window gained or lost the focus.
    Focus(bool),
    /// The terminal said which background it has; asked only where the theme is to follow it.
    Background {
        is_light: bool,
    },
    /// The reports were read, or could not be.
    Reports {
        request: RequestId,
        outcome: Result<Arc<Loaded>, LoadFailure>,
    },
    /// The reports are still being read.
    Reading(Reading),
    /// What the watcher knows of the report files between two loads.
    Watch(WatchState),
    /// A source was read and its gaps were found.
    Source {
        request: RequestId,
        path: FilePath,
        outcome: Result<Arc<SourceView>, String>,
    },
    /// The gaps of files, as many as are found so far: several messages may answer one request.
    Gaps {
        request: RequestId,
        files: Vec<FileGaps>,
    },
    /// Which files fit what was typed.
    Files {
        request: RequestId,
        found: Arc<Found>,
    },
    /// The lines that the person changed.
    Mine {
        request: RequestId,
        outcome: Result<Arc<Mine>, String>,
    },
    /// Colour for some lines of a source.
    Highlighted {
        request: RequestId,
        path: FilePath,
        lines: Arc<crate::highlight::Highlighted>,
    },
    /// The prompt for some gaps, to be read and edited before it is sent.
    Prompt {
        request: RequestId,
        text: String,
    },
    /// Something from, or about, the agent's process.
    Agent(crate::agent::Incoming),
    /// Something from, or about, the run of a campaign.
    Run(super::work::RunNews),
    /// Something from, or about, a run of the project's tests.
    Tests(TestsEvent),
    /// Something about what a run left for the person to decide.
    Review(super::review::ReviewEvent),
    /// The editor came back; the text says what went wrong, if anything did.
    EditorClosed(Result<(), String>),
    /// Something the world could not do, in words for the person.
    Failed(String),
    /// A timer asked for with [`super::effect::Effect::After`] ran out.
    Timer {
        timer: Timer,
    },
    /// The operating system asks the program to end (SIGTERM, SIGHUP); the signal's number.
    Terminate(i32),
}

/// Coverage as it is now, and what changed since the first good read of this run.
#[derive(Debug)]
pub struct Loaded {
    pub coverage: Coverage,
    /// Its files as a tree, in every order.
    pub files: Arc<Files>,
    /// Against the coverage that this program showed first; `None` on the first read.
    pub since_start: Option<Delta>,
    /// Against the coverage shown just before.
    pub since_last: Option<Delta>,
    /// Local time of the newest report, `09:41:12`.
    pub clock: String,
}

/// How far the reading of the reports is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Bytes that were parsed, of all reports together.
    pub done: u64,
    pub total: u64,
    /// Files in the reports that were parsed to their end.
    pub files: usize,
}

/// Why there is no (new) coverage. One clear line, and where to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadFailure {
    /// The report, or the folder that was searched.
    pub path: FilePath,
    pub message: String,
}

/// What is going on with the report files on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchState {
    /// The shown coverage is what lies on the disk.
    Current,
    /// A tool is writing it: empty, cut off, gone, or not still for long enough. The last good one stays.
    Rewriting { path: FilePath, why: String },
    /// Read, but the format cannot tell a prefix from the whole and nobody told us the run has ended.
    MayGrow { path: FilePath },
    /// Watching does not work here; `why` says what to do (press the reload key).
    Blind { why: String },
}

/// A source text with the gaps found in it.
#[derive(Debug)]
pub struct SourceView {
    pub path: FilePath,
    /// Lines without their ends, decoded; any byte that is no UTF-8 became U+FFFD. Not yet terminal-safe.
    pub lines: Vec<String>,
    /// In the order of the text.
    pub gaps: Vec<Gap>,
    /// For each line of the text (by index) the report's line it corresponds to: differs only where the
    /// source changed since the measurement; `None` for a line that is new.
    pub report_lines: Option<Vec<Option<Line>>>,
}

/// The gaps of one file. `Err` says why there are none to be had.
#[derive(Clone, Debug)]
pub struct FileGaps {
    pub path: FilePath,
    pub outcome: Result<Arc<[Gap]>, String>,
}

/// A run of the project's test command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestsEvent {
    Started {
        command: String,
    },
    /// Some output, both streams in the order they came; bounded by the runtime.
    Output(String),
    /// `code` is `None` when a signal ended it.
    Ended {
        code: Option<i32>,
        took: Duration,
    },
    /// It could not be started, or ran out of time; in words.
    Failed(String),
}

/// A key press, independent of any terminal library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub code: KeyCode,
    pub ctrl: bool,
    pub alt: bool,
    pub shift: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyCode {
    Char(char),
    Enter,
    Esc,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    F(u8),
}

/// A mouse event; cells are 0-based from the top left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    pub kind: MouseKind,
    pub column: u16,
    pub row: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseKind {
    /// The left button went down.
    Press,
    /// The pointer moved with the left button down.
    Drag,
    Release,
    ScrollUp,
    ScrollDown,
}
