//! Which keys do what: the table, and the person's own choices on top of it.
//!
//! Handling, footer and help all read it, so that no help can lie. It knows nothing of the state.

mod key;
mod table;

use super::message::Key;

pub use key::{Chord, normal, parse_key, spell};
pub use table::{Action, Entry, Group, Place, TABLE};

/// Which keys do what, the person's own choices included.
#[derive(Clone, Debug)]
pub struct KeyMap {
    bindings: Vec<Binding>,
}

#[derive(Clone, Debug)]
struct Binding {
    chord: Chord,
    action: Action,
    places: &'static [Place],
}

/// What some keys mean so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    Action(Action),
    /// The beginning of something.
    Prefix,
    Nothing,
}

/// Why a `[keys]` entry cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyMapError {
    #[error("`{action}` is no action; the nearest is `{nearest}`")]
    UnknownAction {
        action: String,
        nearest: &'static str,
    },
    #[error("`{key}` is no key; write it like `x`, `X`, `ctrl-x`, `alt-x`, `enter`, `f5` or `g g`")]
    UnknownKey { key: String },
}

impl Default for KeyMap {
    fn default() -> Self {
        let mut bindings = Vec::new();
        for entry in TABLE {
            for chord in entry.keys.iter().filter_map(|keys| Chord::parse(keys)) {
                bindings.push(Binding {
                    chord,
                    action: entry.action,
                    places: entry.places,
                });
            }
        }
        Self { bindings }
    }
}

impl KeyMap {
    /// The table with the person's own keys: each replaces every key of its action.
    ///
    /// # Errors
    /// When an action or a key is not known.
    pub fn with(choices: &[(String, String)]) -> Result<Self, KeyMapError> {
        let mut map = Self::default();
        for (name, keys) in choices {
            let entry = TABLE
                .iter()
                .find(|entry| entry.name == name)
                .ok_or_else(|| KeyMapError::UnknownAction {
                    action: name.clone(),
                    nearest: nearest(name),
                })?;
            let chord =
                Chord::parse(keys).ok_or_else(|| KeyMapError::UnknownKey { key: keys.clone() })?;
            map.bindings.retain(|binding| {
                binding.action != entry.action
                    // Whatever had the key in one of the same places gives it up.
                    && !(binding.chord == chord
                        && binding.places.iter().any(|place| entry.places.contains(place)))
            });
            map.bindings.push(Binding {
                chord,
                action: entry.action,
                places: entry.places,
            });
        }
        Ok(map)
    }

    /// What the keys pressed so far mean, in the first of these places that knows them.
    #[must_use]
    pub fn meaning(&self, places: &[Place], pressed: &[Key]) -> Meaning {
        for place in places {
            let mut prefix = false;
            for binding in self
                .bindings
                .iter()
                .filter(|binding| binding.places.contains(place))
            {
                if binding.chord.0 == pressed {
                    return Meaning::Action(binding.action);
                }
                prefix |= binding.chord.0.starts_with(pressed);
            }
            if prefix {
                return Meaning::Prefix;
            }
        }
        Meaning::Nothing
    }

    /// The keys of an action as people read them: `j`, `ctrl-d`, `gg`. Empty where it has none.
    #[must_use]
    pub fn keys(&self, action: Action) -> Vec<String> {
        self.bindings
            .iter()
            .filter(|binding| binding.action == action)
            .map(|binding| binding.chord.to_string())
            .collect()
    }
}

/// The action whose name shares most with a misspelt one.
fn nearest(name: &str) -> &'static str {
    TABLE
        .iter()
        .min_by_key(|entry| distance(entry.name, name))
        .map_or("", |entry| entry.name)
}

/// Edits between two short words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut above_left = i;
        let mut left = i + 1;
        for (slot, y) in row.iter_mut().skip(1).zip(&b) {
            let above = *slot;
            left = (above_left + usize::from(x != *y))
                .min(above + 1)
                .min(left + 1);
            above_left = above;
            *slot = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}
