//! Whether the terminal's background is light: the question, and the answer among the keys.
//!
//! The library reads an answer of the terminal as if somebody had typed it. It is taken out here, so
//! that it is neither waited for (a terminal may never answer) nor obeyed as keys.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

/// OSC 11: which colour is the background?
pub(super) const QUESTION: &str = "\x1b]11;?\x07";

/// How the answer begins, behind its introducer.
const BEGINNING: &str = "11;rgb";
/// An answer is `11;rgb:ffff/ffff/ffff`, with `rgba` one colour longer.
const LONGEST: usize = 40;

/// What an event turned out to be.
#[derive(Debug, PartialEq)]
pub(super) enum Heard {
    /// Somebody's keys (more than one where a beginning of an answer went on as none).
    Keys(Vec<Event>),
    /// Part of an answer.
    Nothing,
    Background {
        is_light: bool,
    },
}

/// Takes the answer out of the events; everything else passes.
#[derive(Debug, Default)]
pub(super) struct Replies {
    /// An answer may still come.
    expected: bool,
    /// What came of it so far, as text and as the events it came in.
    begun: Option<(String, Vec<Event>)>,
}

impl Replies {
    /// The question was asked.
    pub(super) fn expect(&mut self) {
        self.expected = true;
    }

    pub(super) fn hear(&mut self, event: Event) -> Heard {
        if !self.expected {
            return Heard::Keys(vec![event]);
        }
        let key = match &event {
            Event::Key(key) => Some(*key),
            _ => None,
        };
        let Some((text, events)) = &mut self.begun else {
            if key.is_some_and(|key| is(key, ']', KeyModifiers::ALT)) {
                self.begun = Some((String::new(), vec![event]));
                return Heard::Nothing;
            }
            return Heard::Keys(vec![event]);
        };
        events.push(event);
        if let Some(key) = key {
            let is_end = is(key, 'g', KeyModifiers::CONTROL) || is(key, '\\', KeyModifiers::ALT);
            if is_end && let Some(is_light) = is_light(text) {
                *self = Self::default();
                return Heard::Background { is_light };
            }
            if let KeyCode::Char(char) = key.code
                && (key.modifiers - KeyModifiers::SHIFT).is_empty()
            {
                text.push(char);
                if text.len() <= LONGEST && could_be(text) {
                    return Heard::Nothing;
                }
            }
        }
        let events = std::mem::take(events);
        self.begun = None;
        Heard::Keys(events)
    }
}

fn is(key: KeyEvent, char: char, modifiers: KeyModifiers) -> bool {
    key.code == KeyCode::Char(char) && key.modifiers == modifiers
}

/// Whether a text is the beginning of an answer.
fn could_be(text: &str) -> bool {
    if text.len() <= BEGINNING.len() {
        return BEGINNING.starts_with(text);
    }
    let is_colour = |c: char| c.is_ascii_hexdigit() || matches!(c, ':' | '/');
    text.strip_prefix(BEGINNING)
        .is_some_and(|colour| colour.chars().all(is_colour))
}

/// Whether the colour of an answer is nearer to white than to black; `None` where it is no answer.
fn is_light(answer: &str) -> Option<bool> {
    let colour = answer.strip_prefix(BEGINNING)?;
    let colour = colour
        .strip_prefix('a')
        .unwrap_or(colour)
        .strip_prefix(':')?;
    let mut parts = colour.split('/').map(|part| {
        // One to four digits, of which the first one or two say enough.
        let value = u32::from_str_radix(part, 16).ok()?;
        let most = 16_u32
            .checked_pow(u32::try_from(part.len()).ok()?)?
            .checked_sub(1)?;
        (value * 1000).checked_div(most)
    });
    let mut next = || parts.next().flatten();
    let (red, green, blue) = (next()?, next()?, next()?);
    // As bright as the eye finds them (ITU-R BT.601).
    Some(red * 299 + green * 587 + blue * 114 > 500_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: char, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(KeyCode::Char(code), modifiers))
    }

    /// What the library makes of bytes.
    fn events(bytes: &str) -> Vec<Event> {
        let mut events = Vec::new();
        let mut chars = bytes.chars();
        while let Some(char) = chars.next() {
            events.push(match char {
                '\x1b' => key(chars.next().unwrap(), KeyModifiers::ALT),
                '\x07' => key('g', KeyModifiers::CONTROL),
                char if char.is_uppercase() => key(char, KeyModifiers::SHIFT),
                char => key(char, KeyModifiers::NONE),
            });
        }
        events
    }

    fn check(bytes: &str, light: Option<bool>, keys: &str) {
        let mut replies = Replies::default();
        replies.expect();
        let (mut told, mut typed) = (None, Vec::new());
        for event in events(bytes) {
            match replies.hear(event) {
                Heard::Nothing => {}
                Heard::Keys(events) => typed.extend(events),
                Heard::Background { is_light } => told = Some(is_light),
            }
        }
        assert_eq!((told, typed), (light, events(keys)));
    }

    #[test]
    fn the_answer_is_taken_out_of_the_keys_around_it() {
        check("j\x1b]11;rgb:ffff/ffff/ffff\x1b\\k", Some(true), "jk");
        check("\x1b]11;rgb:1e1e/1e1e/2e2e\x07q", Some(false), "q");
        check("\x1b]11;rgba:ff/fd/d0/ff\x1b\\", Some(true), "");
        check("\x1b]11;rgb:0/0/f\x07", Some(false), "");
        check("\x1b]11;rgb:FFFF/FFFF/FFFF\x07", Some(true), "");
    }

    #[test]
    fn keys_that_only_look_like_its_beginning_are_not_lost() {
        check("\x1b]q", None, "\x1b]q");
        check("\x1b]11;x", None, "\x1b]11;x");
        check("\x1b]11;rgb:zz", None, "\x1b]11;rgb:zz");
    }

    #[test]
    fn an_answer_that_is_not_expected_any_more_is_not_looked_for() {
        let mut replies = Replies::default();
        for event in events("\x1b]11") {
            assert_eq!(replies.hear(event.clone()), Heard::Keys(vec![event]));
        }
    }
}
