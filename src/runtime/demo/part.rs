//! One recorded turn, made ready to be played here: names, folder and prompt are those of now, and each
//! line knows what it does to the folder. Pure.

use std::collections::BTreeSet;

use serde_json::Value;

use super::PYTEST;
use super::pytest::Asked;
use super::recording::{Turn, Written, method_of};

/// What happens to the folder when a line is sent.
pub(super) enum Deed {
    Nothing,
    /// The patch is through.
    Write(Written),
    /// A command that runs pytest prints this, and then is done.
    Test(Asked),
}

/// One recorded turn's share of a turn that is played.
pub(super) struct Part<'a> {
    pub(super) is_first: bool,
    pub(super) is_last: bool,
    pub(super) ids: Ids,
    pub(super) thread: &'a Value,
    pub(super) input: &'a Value,
}

impl Part<'_> {
    /// A recorded line as it is sent here, with its deed; `None` for what a joined turn says only once.
    pub(super) fn line(&self, recorded: &Value, writes: Option<&Written>) -> Option<(Value, Deed)> {
        let method = method_of(recorded)?;
        let kind = text_at(recorded, "/params/item/type");
        match method {
            "turn/completed" if !self.is_last => return None,
            "turn/started" if !self.is_first => return None,
            "thread/status/changed" if !(self.is_first && self.is_last) => return None,
            "item/started" | "item/completed" if kind == "userMessage" && !self.is_first => {
                return None;
            }
            _ => {}
        }
        let mut line = self.ids.rename(recorded);
        set(&mut line, "/params/threadId", self.thread.clone());
        if kind == "userMessage" {
            set(&mut line, "/params/item/content", self.input.clone());
        }
        let is_done = method == "item/completed";
        let deed = match kind {
            "fileChange" if is_done => writes.cloned().map_or(Deed::Nothing, Deed::Write),
            "commandExecution" if is_done => asked_in(text_at(recorded, "/params/item/command"))
                .map_or(Deed::Nothing, Deed::Test),
            _ => Deed::Nothing,
        };
        Some((line, deed))
    }
}

/// The names in a recorded turn, and what they become: one recorded turn may be played twice.
pub(super) struct Ids {
    turn_then: String,
    turn_now: String,
    items: BTreeSet<String>,
    suffix: String,
}

impl Ids {
    pub(super) fn of(recorded: &Turn, turn: &str, suffix: &str) -> Self {
        let mut ids = Self {
            turn_then: text_at(&recorded.accepted, "/turn/id").to_owned(),
            turn_now: turn.to_owned(),
            items: BTreeSet::new(),
            suffix: suffix.to_owned(),
        };
        ids.items.extend(
            recorded
                .lines
                .iter()
                .map(|came| text_at(&came.line, "/params/item/id").to_owned()),
        );
        ids
    }

    pub(super) fn rename(&self, value: &Value) -> Value {
        texts(value, &|text| {
            if text == self.turn_then {
                self.turn_now.clone()
            } else if !text.is_empty() && self.items.contains(text) {
                format!("{text}-{}", self.suffix)
            } else {
                text.to_owned()
            }
        })
    }
}

/// What a command asks of pytest, when it is one that runs it.
fn asked_in(command: &str) -> Option<Asked> {
    let (_, words) = command.split_once(PYTEST)?;
    let words: Vec<String> = words
        .split_whitespace()
        .map(|word| word.trim_matches(['\'', '"']).to_owned())
        .filter(|word| !word.is_empty())
        .collect();
    Asked::parse(&words).ok()
}

/// The text at a place, or nothing.
fn text_at<'v>(value: &'v Value, place: &str) -> &'v str {
    value
        .pointer(place)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

pub(super) fn set(value: &mut Value, place: &str, to: Value) {
    if let Some(member) = value.pointer_mut(place) {
        *member = to;
    }
}

/// A value with each text in it, names of members excepted, put through a function.
pub(super) fn texts(value: &Value, change: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(change(text)),
        Value::Array(all) => all.iter().map(|it| texts(it, change)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, it)| (name.clone(), texts(it, change)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}
