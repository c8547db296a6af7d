//! Everything the program can ask of the world, as data.

use std::time::Duration;

use crate::coverage::{FilePath, Line};
use crate::gaps::GapId;

/// Names one asynchronous request; an answer to anything but the newest of its kind is ignored.
/// The default, 0, is nobody's request: what the watcher read by itself carries it, and is always taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RequestId(pub u64);

/// What a timer is for; a late one of another number is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timer(pub u64);

/// A wish. The runtime carries it out and answers with messages.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Read the reports again, now.
    LoadReports { request: RequestId },
    /// Read a source and find its gaps.
    LoadSource { request: RequestId, path: FilePath },
    /// Find the gaps of files whose sources are not on the screen, for picks and lists.
    FindGaps {
        request: RequestId,
        paths: Vec<FilePath>,
    },
    /// Find the files whose names fit what was typed, where they are too many for the loop.
    FindFiles { request: RequestId, query: String },
    /// Find the lines that the person changed, since `--diff` or the usual base.
    FindMine { request: RequestId },
    /// Colour the lines of a source from `first` on, `count` of them.
    Highlight {
        request: RequestId,
        path: FilePath,
        first: Line,
        count: u32,
    },
    /// Write the prompt for some gaps, with their source, the nearest test and the standards.
    BuildPrompt {
        request: RequestId,
        picks: Vec<(FilePath, GapId)>,
    },
    /// Start the agent, write to it, or end it.
    Agent(crate::agent::Outgoing),
    /// Something about the run: measure, examine, take down.
    Run(super::work::RunWish),
    /// Run the project's test command.
    RunTests,
    /// End the running tests, the whole process tree.
    StopTests,
    /// Find out what a run left, and do what the person decides about it.
    Review(super::review::ReviewWish),
    /// Hand the terminal to the person's editor.
    OpenEditor { path: FilePath, line: Line },
    /// Put text on the person's clipboard.
    Copy(String),
    /// Ring for attention, only while the terminal is not in focus.
    Notify(String),
    /// Send `Message::Timer` after a delay.
    After { timer: Timer, delay: Duration },
    /// Stop as ctrl-z does, and draw again when continued.
    Suspend,
    /// End every child, restore the terminal, leave with this exit status.
    Quit { status: i32 },
}
