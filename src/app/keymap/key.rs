//! Keys as people write and read them.

use std::fmt;

use crate::app::message::{Key, KeyCode};

/// One or more keys, one after another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chord(pub(super) Vec<Key>);

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

/// Keys as people read them.
#[must_use]
pub fn spell(keys: &[Key]) -> String {
    Chord(keys.to_vec()).to_string()
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
