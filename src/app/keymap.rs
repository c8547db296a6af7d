//! The one table of keys: what each does, where, and how it is explained.
//!
//! Handling, footer and help all read it, so that no help can lie. It knows nothing of the state.

use std::fmt;

use super::message::{Key, KeyCode};

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
    NextGap,
    PreviousGap,
    FoldAll,
    UnfoldAll,
    Order,
    Reload,
    Help,
    Edit,
    Back,
    Quit,
    Interrupt,
    Suspend,
}

/// Where a key means something. The first place that knows a key decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    Tree,
    Source,
    Help,
    /// Everywhere but in a text input.
    Anywhere,
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
    pub places: &'static [Place],
}

use Action as A;
use Place as P;

const PANES: &[Place] = &[P::Tree, P::Source];

/// Every key.
pub const TABLE: &[Entry] = &[
    entry(A::Down, "down", &["j", "down"], "", "down", &[P::Anywhere]),
    entry(A::Up, "up", &["k", "up"], "", "up", &[P::Anywhere]),
    entry(
        A::Left,
        "left",
        &["h", "left"],
        "",
        "close the folder, or go to it; scroll left in the source",
        &[P::Anywhere],
    ),
    entry(
        A::Right,
        "right",
        &["l", "right"],
        "",
        "open the folder; go into the source",
        &[P::Anywhere],
    ),
    entry(
        A::Top,
        "top",
        &["g g", "home"],
        "",
        "first row, or with a count that line",
        &[P::Anywhere],
    ),
    entry(
        A::Bottom,
        "bottom",
        &["G", "end"],
        "",
        "last row, or with a count that line",
        &[P::Anywhere],
    ),
    entry(
        A::HalfPageDown,
        "half-page-down",
        &["ctrl-d"],
        "",
        "half a page down",
        &[P::Anywhere],
    ),
    entry(
        A::HalfPageUp,
        "half-page-up",
        &["ctrl-u"],
        "",
        "half a page up",
        &[P::Anywhere],
    ),
    entry(
        A::PageDown,
        "page-down",
        &["ctrl-f", "pagedown"],
        "",
        "a page down",
        &[P::Anywhere],
    ),
    entry(
        A::PageUp,
        "page-up",
        &["ctrl-b", "pageup"],
        "",
        "a page up",
        &[P::Anywhere],
    ),
    entry(
        A::Open,
        "open",
        &["enter"],
        "open",
        "open the folder; go into the source",
        PANES,
    ),
    entry(
        A::NextPane,
        "next-pane",
        &["tab"],
        "pane",
        "next pane",
        &[P::Anywhere],
    ),
    entry(
        A::PreviousPane,
        "previous-pane",
        &["backtab"],
        "",
        "previous pane",
        &[P::Anywhere],
    ),
    entry(
        A::NextGap,
        "next-gap",
        &["n"],
        "next gap",
        "next gap, across files",
        PANES,
    ),
    entry(
        A::PreviousGap,
        "previous-gap",
        &["N"],
        "",
        "previous gap, across files",
        PANES,
    ),
    entry(
        A::FoldAll,
        "fold-all",
        &["z M"],
        "",
        "close all folders",
        PANES,
    ),
    entry(
        A::UnfoldAll,
        "unfold-all",
        &["z R"],
        "",
        "open all folders",
        PANES,
    ),
    entry(
        A::Order,
        "order",
        &["o"],
        "order",
        "next order: worst, most untaken, lines, name",
        PANES,
    ),
    entry(
        A::Reload,
        "reload",
        &["ctrl-l"],
        "",
        "read the reports again and draw anew",
        &[P::Anywhere],
    ),
    entry(
        A::Edit,
        "edit",
        &["e"],
        "edit",
        "open the line in your editor",
        PANES,
    ),
    entry(
        A::Help,
        "help",
        &["?"],
        "help",
        "these keys",
        &[P::Anywhere],
    ),
    entry(
        A::Back,
        "back",
        &["esc"],
        "",
        "leave what is open",
        &[P::Anywhere],
    ),
    entry(
        A::Quit,
        "quit",
        &["q"],
        "quit",
        "quit; asks first while an agent works",
        &[P::Anywhere],
    ),
    entry(
        A::Interrupt,
        "interrupt",
        &["ctrl-c"],
        "",
        "interrupt a running turn, else quit",
        &[P::Anywhere],
    ),
    entry(
        A::Suspend,
        "suspend",
        &["ctrl-z"],
        "",
        "stop, and come back with fg",
        &[P::Anywhere],
    ),
];

const fn entry(
    action: Action,
    name: &'static str,
    keys: &'static [&'static str],
    hint: &'static str,
    help: &'static str,
    places: &'static [Place],
) -> Entry {
    Entry {
        action,
        name,
        keys,
        hint,
        help,
        places,
    }
}

/// One or more keys, one after another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chord(Vec<Key>);

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

impl Chord {
    /// `g g`, `ctrl-d`, `alt-enter`, `f5`, `space`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let keys: Option<Vec<Key>> = text.split_whitespace().map(parse_key).collect();
        keys.filter(|keys| !keys.is_empty()).map(Self)
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|key| write_key(f, *key))
    }
}

const NAMED: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("space", KeyCode::Char(' ')),
];

/// One key as settings and the table write it.
#[must_use]
pub fn parse_key(text: &str) -> Option<Key> {
    let mut key = Key {
        code: KeyCode::Esc,
        ctrl: false,
        alt: false,
        shift: false,
    };
    let mut rest = text;
    loop {
        if let Some(after) = rest.strip_prefix("ctrl-") {
            (key.ctrl, rest) = (true, after);
        } else if let Some(after) = rest.strip_prefix("alt-") {
            (key.alt, rest) = (true, after);
        } else if let Some(after) = rest.strip_prefix("shift-") {
            (key.shift, rest) = (true, after);
        } else {
            break;
        }
    }
    let mut letters = rest.chars();
    key.code = match (letters.next(), letters.next()) {
        (Some(letter), None) => KeyCode::Char(letter),
        (Some('f'), Some(_)) if rest.get(1..).is_some_and(|n| n.parse::<u8>().is_ok()) => {
            KeyCode::F(rest.get(1..)?.parse().ok()?)
        }
        _ => NAMED.iter().find(|(name, _)| *name == rest)?.1,
    };
    Some(key)
}

fn write_key(f: &mut fmt::Formatter<'_>, key: Key) -> fmt::Result {
    for (on, name) in [
        (key.ctrl, "ctrl-"),
        (key.alt, "alt-"),
        (key.shift, "shift-"),
    ] {
        if on {
            f.write_str(name)?;
        }
    }
    if let Some((name, _)) = NAMED.iter().find(|(_, code)| *code == key.code) {
        return f.write_str(name);
    }
    match key.code {
        KeyCode::Char(letter) => write!(f, "{letter}"),
        KeyCode::F(n) => write!(f, "f{n}"),
        _ => Ok(()),
    }
}

/// The key as the table knows it: a letter's case already says shift.
#[must_use]
pub fn normal(key: Key) -> Key {
    match key.code {
        KeyCode::Char(_) | KeyCode::BackTab => Key {
            shift: false,
            ..key
        },
        _ => key,
    }
}
