//! What a person decided, kept beside the records of runs: picks, dismissals, the last known states.
//!
//! ```text
//! $XDG_STATE_HOME/untaken/<project>/picks.json      what is picked now; whoever writes last is believed
//! $XDG_STATE_HOME/untaken/<project>/settled.jsonl   dismissed, or open again: one event a line, appended
//! ```
//!
//! Two programs in one project append to one list and lose nothing. It never writes into the project.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};

use serde::{Deserialize, Serialize};

use super::store::{Store, now_ms, write_whole};
use crate::app::work::{GapNote, Kept, Remembered};
use crate::coverage::FilePath;
use crate::gaps::GapId;
use crate::settings::Settings;
use crate::triage::GapState;
use crate::triage::record::Event;

const PICKS: &str = "picks.json";
const SETTLED: &str = "settled.jsonl";
/// The states of gaps are looked for in as many of the newest records.
const MOST_RUNS: usize = 50;

#[derive(Debug, Serialize, Deserialize)]
struct PickRecord {
    file: String,
    /// None: the whole file.
    gaps: Vec<String>,
}

/// The event that a gap's state is.
pub(super) fn event(note: &GapNote) -> Event {
    let reason = match &note.state {
        GapState::Untestable { reason } | GapState::Dismissed { reason } => reason.clone(),
        _ => String::new(),
    };
    Event::Gap {
        at: now_ms(),
        id: note.gap.to_string(),
        file: note.file.as_str().to_owned(),
        line: note.line.get(),
        says: note.says.clone(),
        state: note.state.name().to_owned(),
        reason,
    }
}

/// Keeps what has to be there at the next start.
pub(super) fn keep(settings: &Settings, kept: &Kept) -> io::Result<()> {
    let store = Store::of(settings)?;
    let picks: Vec<PickRecord> = kept
        .picks
        .iter()
        .map(|(file, gaps)| PickRecord {
            file: file.as_str().to_owned(),
            gaps: gaps.iter().map(ToString::to_string).collect(),
        })
        .collect();
    write_whole(&store.folder().join(PICKS), &serde_json::to_vec(&picks)?)?;
    if kept.settled.is_empty() {
        return Ok(());
    }
    let mut lines = Vec::new();
    for note in &kept.settled {
        serde_json::to_writer(&mut lines, &event(note))?;
        lines.push(b'\n');
    }
    // One write: another program's lines come before or after, never between.
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(store.folder().join(SETTLED))?
        .write_all(&lines)
}

/// What is known of earlier runs. Makes nothing; what cannot be read is passed over.
pub(super) fn remember(settings: &Settings) -> Remembered {
    let Some(store) = Store::known(settings) else {
        return Remembered::default();
    };
    let picks: Vec<PickRecord> = fs::read(store.folder().join(PICKS))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    let picks = picks
        .into_iter()
        .map(|pick| {
            let gaps: Vec<GapId> = pick.gaps.iter().filter_map(|id| id.parse().ok()).collect();
            (FilePath::new(&pick.file), gaps)
        })
        .collect();
    let mut events: Vec<Event> = store
        .runs()
        .into_iter()
        .take(MOST_RUNS)
        .flat_map(|run| run.events)
        .filter(|event| matches!(event, Event::Gap { .. }))
        .collect();
    let settled = fs::read(store.folder().join(SETTLED)).unwrap_or_default();
    // A line that was cut off by a crash is dropped.
    events.extend(
        settled
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice(line).ok()),
    );
    events.sort_by_key(|event| match event {
        Event::Gap { at, .. } => *at,
        _ => 0,
    });
    let mut states: Vec<(GapId, GapState)> = Vec::new();
    let mut places = rustc_hash::FxHashMap::default();
    for event in events {
        let Event::Gap {
            id, state, reason, ..
        } = event
        else {
            continue;
        };
        let (Ok(gap), Some(state)) = (id.parse::<GapId>(), GapState::named(&state, &reason)) else {
            continue;
        };
        let place = *places.entry(gap).or_insert(states.len());
        match states.get_mut(place) {
            Some(known) => known.1 = state,
            None => states.push((gap, state)),
        }
    }
    Remembered { picks, states }
}
