//! The one table of keys: what each does, where, and how it is explained.

/// Something a person can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Down,
    Up,
    Left,
    Right,
    Top,
    Bottom,
    HalfPageDown,
    HalfPageUp,
    PageDown,
    PageUp,
    Open,
    NextPane,
    PreviousPane,
    Back,
    NextGap,
    PreviousGap,
    Pick,
    UndoPick,
    UnpickAll,
    Send,
    FoldAll,
    UnfoldAll,
    View,
    ViewFolders,
    ViewFiles,
    ViewFunctions,
    ViewGaps,
    Order,
    Show,
    ShowMine,
    Filter,
    RunTests,
    ShowTests,
    ShowSession,
    ShowReview,
    AcceptFile,
    RejectFile,
    UndoDecision,
    AcceptAll,
    Commit,
    Edit,
    CopyPlace,
    CopySource,
    Changes,
    Warnings,
    Reload,
    Accept,
    AcceptForSession,
    Decline,
    Cancel,
    Say,
    InterruptTurn,
    Unqueue,
    Earlier,
    Later,
    Dismiss,
    GoOn,
    Submit,
    NewLine,
    Rewrite,
    CopyPrompt,
    Yes,
    No,
    Help,
    Quit,
    Interrupt,
    Suspend,
}

/// Where a key means something. The first place that knows a key decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The tree, or a list in its stead.
    Tree,
    Source,
    /// The output of the tests.
    Tests,
    /// The transcript.
    Session,
    /// The gaps of the run.
    Run,
    /// What a run left, file by file.
    Review,
    /// A question of the agent is in sight.
    Approval,
    /// The prompt is being edited.
    Prompt,
    /// A message to the agent is being written.
    Saying,
    /// The reason is being typed for which a gap needs no test.
    Reason,
    /// The filter is being typed.
    Filtering,
    /// A question of ours.
    Question,
    /// Help and warnings.
    Overlay,
    /// Everywhere but in a text input and before a question.
    Anywhere,
    /// In every text input and before a question too.
    Always,
}

/// Under which heading the help lists a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    Move,
    Gaps,
    Files,
    Session,
    Review,
    Program,
}

impl Group {
    pub const ALL: [Self; 6] = [
        Self::Move,
        Self::Gaps,
        Self::Files,
        Self::Session,
        Self::Review,
        Self::Program,
    ];

    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Move => "MOVE",
            Self::Gaps => "GAPS",
            Self::Files => "FILES",
            Self::Session => "SESSION",
            Self::Review => "REVIEW",
            Self::Program => "PROGRAM",
        }
    }
}

/// One line of the table.
#[derive(Debug)]
pub struct Entry {
    pub action: Action,
    /// The name in `[keys]`.
    pub name: &'static str,
    /// Sequences of keys, each with spaces between its keys; the first is the one that is shown.
    pub keys: &'static [&'static str],
    /// For the footer, in one or two words; empty: never in the footer.
    pub hint: &'static str,
    /// For the help.
    pub help: &'static str,
    pub group: Group,
    pub places: &'static [Place],
}

use Action as A;
use Group as G;
use Place as P;

const PANES: &[Place] = &[P::Tree, P::Source];
const ANY: &[Place] = &[P::Anywhere];

/// Every key. Within a place the order is that of the footer.
#[rustfmt::skip]
pub const TABLE: &[Entry] = &[
    // What waits for an answer, and text inputs.
    row(A::Yes, "yes", &["y"], "yes", "yes", G::Program, &[P::Question]),
    row(A::No, "no", &["n", "esc"], "no", "no", G::Program, &[P::Question]),
    row(A::Accept, "accept", &["y"], "allow once", "allow what the agent asks, this once", G::Session, &[P::Approval]),
    row(A::AcceptForSession, "accept-for-session", &["a"], "for the session", "allow it and its like until the session ends", G::Session, &[P::Approval]),
    row(A::Decline, "decline", &["n"], "no", "refuse it; the agent goes on without", G::Session, &[P::Approval]),
    row(A::Cancel, "cancel", &["c"], "no, and stop", "refuse it, and end the turn", G::Session, &[P::Approval]),
    row(A::Submit, "submit", &["enter"], "send", "in the prompt: send it", G::Session, &[P::Prompt, P::Saying, P::Reason]),
    row(A::NewLine, "new-line", &["alt-enter", "ctrl-j"], "new line", "in the prompt: a new line", G::Session, &[P::Prompt, P::Saying]),
    row(A::Rewrite, "rewrite", &["ctrl-r"], "write anew", "in the prompt: drop the changes, write it anew", G::Session, &[P::Prompt]),
    row(A::CopyPrompt, "copy-prompt", &["alt-y"], "copy", "in the prompt: copy all of it", G::Session, &[P::Prompt]),
    // Moving.
    row(A::Down, "down", &["j", "down"], "move", "down", G::Move, ANY),
    row(A::Up, "up", &["k", "up"], "", "up", G::Move, ANY),
    row(A::Left, "left", &["h", "left"], "", "close the folder, or go to the one above", G::Move, ANY),
    row(A::Right, "right", &["l", "right"], "", "open the folder, or go into the source", G::Move, ANY),
    row(A::Top, "top", &["g g", "home"], "", "first row; with a count, that line", G::Move, ANY),
    row(A::Bottom, "bottom", &["G", "end"], "", "last row; with a count, that line", G::Move, ANY),
    row(A::HalfPageDown, "half-page-down", &["ctrl-d"], "", "half a page down", G::Move, ANY),
    row(A::HalfPageUp, "half-page-up", &["ctrl-u"], "", "half a page up", G::Move, ANY),
    row(A::PageDown, "page-down", &["ctrl-f", "pagedown"], "", "a page down", G::Move, ANY),
    row(A::PageUp, "page-up", &["ctrl-b", "pageup"], "", "a page up", G::Move, ANY),
    // What a run left.
    row(A::AcceptFile, "accept-file", &["a"], "accept", "accept it; also what was rejected or put back", G::Review, &[P::Review]),
    row(A::RejectFile, "reject-file", &["x"], "reject", "reject it: removed, or restored to what it was", G::Review, &[P::Review]),
    row(A::UndoDecision, "undo-decision", &["u"], "undo", "undo the last decision about the file", G::Review, &[P::Review]),
    row(A::AcceptAll, "accept-all", &["A"], "accept all kept", "accept every kept file that closes something", G::Review, &[P::Review]),
    row(A::Commit, "commit", &["c"], "commit", "commit what was accepted; shows the message first", G::Review, &[P::Review]),
    // What the program is for.
    row(A::NextGap, "next-gap", &["n"], "next gap", "next gap, also in the next file", G::Gaps, PANES),
    row(A::PreviousGap, "previous-gap", &["N"], "", "previous gap, also in the file before", G::Gaps, PANES),
    row(A::Pick, "pick", &["space"], "pick", "pick the gap, the file or the folder, or put it back", G::Gaps, &[P::Tree, P::Source, P::Run]),
    row(A::UndoPick, "undo-pick", &["u"], "", "undo the last picking", G::Gaps, PANES),
    row(A::UnpickAll, "unpick-all", &["U"], "", "put everything back", G::Gaps, PANES),
    row(A::InterruptTurn, "interrupt-turn", &["i"], "interrupt", "interrupt the running turn, its command too", G::Session, &[P::Session, P::Run]),
    row(A::Say, "say", &["m"], "message", "say something to the agent, while it works too", G::Session, &[P::Session, P::Run]),
    row(A::GoOn, "go-on", &["C"], "go on", "let a run that waits go on, in the same thread", G::Session, &[P::Tree, P::Source, P::Tests, P::Session, P::Run]),
    row(A::Unqueue, "unqueue", &["x"], "take out", "take a gap out of the queue; one that does not wait: dismiss it", G::Session, &[P::Run]),
    row(A::Earlier, "earlier", &["K"], "", "move what waits one place up in the queue", G::Session, &[P::Run]),
    row(A::Later, "later", &["J"], "", "move what waits one place down in the queue", G::Session, &[P::Run]),
    row(A::Dismiss, "dismiss", &["x"], "", "say why the gap needs no test; again: take that back", G::Gaps, PANES),
    row(A::Send, "send", &["s"], "send", "the prompt for the picks, to be read over first", G::Gaps, &[P::Tree, P::Source, P::Session, P::Run]),
    row(A::Changes, "changes", &["d"], "", "arms taken, lost, vanished since the start, by name", G::Gaps, ANY),
    row(A::Filter, "filter", &["/"], "filter", "type a part of a name; esc shows all again", G::Files, &[P::Tree, P::Source]),
    row(A::RunTests, "run-tests", &["r"], "run tests", "run the project's tests; again: stop them", G::Program, &[P::Tree, P::Source, P::Tests, P::Session, P::Run, P::Review]),
    row(A::Order, "order", &["o"], "order", "next order: worst, most untaken, lines, name, changed", G::Files, PANES),
    row(A::View, "view", &["v"], "view", "next view: folders, files, functions, all gaps", G::Files, PANES),
    row(A::ViewFolders, "view-folders", &["T"], "", "folders with their files", G::Files, PANES),
    row(A::ViewFiles, "view-files", &["L"], "", "one list of files", G::Files, PANES),
    row(A::ViewFunctions, "view-functions", &["F"], "", "functions with gaps, by worth", G::Files, PANES),
    row(A::ViewGaps, "view-gaps", &["A"], "", "all gaps by worth, grouped by function", G::Files, PANES),
    row(A::Show, "show", &["p"], "", "show all, what is open, what is picked, my changes", G::Files, PANES),
    row(A::ShowMine, "show-mine", &["M"], "", "only what lies on lines I changed (--diff), and back", G::Files, PANES),
    row(A::FoldAll, "fold-all", &["z M"], "", "close all folders", G::Files, PANES),
    row(A::UnfoldAll, "unfold-all", &["z R"], "", "open all folders", G::Files, PANES),
    row(A::Edit, "edit", &["e"], "edit", "open the line in your editor", G::Files, &[P::Tree, P::Source, P::Review]),
    row(A::CopyPlace, "copy-place", &["y"], "", "copy the file's name and the line", G::Files, &[P::Tree, P::Source, P::Review]),
    row(A::CopySource, "copy-source", &["Y"], "", "copy the source of the gap, or of the line", G::Files, PANES),
    // Around it.
    row(A::NextPane, "next-pane", &["tab"], "pane", "next pane", G::Move, ANY),
    row(A::PreviousPane, "previous-pane", &["backtab"], "", "previous pane", G::Move, ANY),
    row(A::Open, "open", &["enter"], "open", "open the folder or the file; unfold the output", G::Move, &[P::Tree, P::Session, P::Run, P::Review]),
    row(A::Back, "back", &["esc"], "back", "leave whatever is open", G::Move, &[P::Anywhere, P::Prompt, P::Saying, P::Reason, P::Filtering]),
    row(A::ShowSession, "show-session", &["S"], "", "the session, and back", G::Session, ANY),
    row(A::ShowReview, "show-review", &["R"], "review", "what the last run left to decide, and back", G::Review, ANY),
    row(A::ShowTests, "show-tests", &["t"], "", "the output of the tests, and back", G::Program, ANY),
    row(A::Warnings, "warnings", &["W"], "", "what was odd about the reports", G::Program, ANY),
    row(A::Reload, "reload", &["ctrl-l"], "", "read the reports again and draw anew", G::Program, ANY),
    row(A::Help, "help", &["?"], "help", "these keys", G::Program, ANY),
    row(A::Quit, "quit", &["q"], "quit", "quit; asks first while an agent works", G::Program, ANY),
    row(A::Interrupt, "interrupt", &["ctrl-c"], "", "interrupt a running turn, else quit", G::Program, &[P::Always]),
    row(A::Suspend, "suspend", &["ctrl-z"], "", "stop, and come back with fg", G::Program, &[P::Always]),
];

const fn row(
    action: Action,
    name: &'static str,
    keys: &'static [&'static str],
    hint: &'static str,
    help: &'static str,
    group: Group,
    places: &'static [Place],
) -> Entry {
    Entry {
        action,
        name,
        keys,
        hint,
        help,
        group,
        places,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn in_one_place_a_key_means_one_thing() {
        let mut meant: HashMap<(Place, &str), &str> = HashMap::new();
        for entry in TABLE {
            for place in entry.places {
                for key in entry.keys {
                    let other = meant.insert((*place, key), entry.name);
                    assert_eq!(other, None, "{key} in {place:?}, and {}", entry.name);
                }
            }
        }
    }
}
