//! The prompt for the picks: written by the program, read and edited by a person, and only then sent.

use crate::coverage::FilePath;
use crate::gaps::{Gap, GapId};

use super::input::Input;

/// The prompt on its way to the agent.
#[derive(Debug, Default)]
pub struct PromptEditor {
    open: bool,
    state: PromptState,
    /// What it is about.
    about: Vec<(FilePath, Gap)>,
    input: Input,
    /// As the program wrote it.
    written: String,
    /// Into how many turns the gaps go, and what the first one is about; the text is for that one.
    n_turns: usize,
    first: Vec<GapId>,
    /// A person wants it sent as soon as it is written.
    wanted: bool,
}

/// What a person sent off.
#[derive(Debug)]
pub(super) struct Sent {
    /// For the first turn.
    pub(super) text: String,
    pub(super) about: Vec<(FilePath, Gap)>,
    pub(super) first: Vec<GapId>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PromptState {
    #[default]
    None,
    /// Gaps of picked files are being found, or the text is being written.
    Writing,
    Ready,
}

impl PromptEditor {
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open
    }

    #[must_use]
    pub fn state(&self) -> PromptState {
        self.state
    }

    #[must_use]
    pub fn about(&self) -> &[(FilePath, Gap)] {
        &self.about
    }

    #[must_use]
    pub fn input(&self) -> &Input {
        &self.input
    }

    /// Into how many turns the gaps go.
    #[must_use]
    pub fn n_turns(&self) -> usize {
        self.n_turns
    }

    /// The gaps of the first of the turns: the text is about these.
    #[must_use]
    pub fn first(&self) -> &[GapId] {
        &self.first
    }

    /// Whether a person wants it sent as soon as it is written.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.wanted
    }

    pub(super) fn want(&mut self) {
        self.wanted = true;
    }

    /// Whether a person changed it.
    #[must_use]
    pub fn is_edited(&self) -> bool {
        self.state == PromptState::Ready && self.input.text() != self.written
    }

    pub(super) fn input_mut(&mut self) -> &mut Input {
        &mut self.input
    }

    /// Opens on what there is.
    pub(super) fn open(&mut self) {
        self.open = true;
    }

    /// Leaves it; the text stays.
    pub(super) fn close(&mut self) {
        self.open = false;
        self.wanted = false;
    }

    /// Whether it was written for exactly these gaps.
    pub(super) fn is_about(&self, gaps: &[(FilePath, GapId)]) -> bool {
        self.state == PromptState::Ready
            && self.about.len() == gaps.len()
            && self
                .about
                .iter()
                .zip(gaps)
                .all(|((path, gap), (other, id))| path == other && gap.id == *id)
    }

    /// The text is being written, for the first of so many turns.
    pub(super) fn await_text(
        &mut self,
        about: Vec<(FilePath, Gap)>,
        first: Vec<GapId>,
        n_turns: usize,
    ) {
        self.state = PromptState::Writing;
        self.about = about;
        self.first = first;
        self.n_turns = n_turns;
        self.input.clear();
    }

    /// The text came.
    pub(super) fn take(&mut self, text: &str) {
        self.input = Input::new(text);
        self.written = self.input.text();
        self.state = PromptState::Ready;
    }

    /// Back to what the program wrote.
    pub(super) fn rewrite(&mut self) {
        if self.state == PromptState::Ready {
            self.input = Input::new(&self.written);
        }
    }

    /// It is sent: nothing of it stays.
    pub(super) fn send(&mut self) -> Option<Sent> {
        if self.state != PromptState::Ready || self.input.text().trim().is_empty() {
            return None;
        }
        let sent = std::mem::take(self);
        Some(Sent {
            text: sent.input.text(),
            about: sent.about,
            first: sent.first,
        })
    }
}
