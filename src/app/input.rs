//! A text that a person types: the prompt, a message, a filter.
//!
//! The editing is ratatui-textarea's; drawing is ours, because what is pasted is outside text too.

use ratatui_textarea::{CursorMove, Input as AreaInput, Key as AreaKey, TextArea};

use super::message::{Key, KeyCode};

/// A text with a cursor.
#[derive(Clone, Debug, Default)]
pub struct Input {
    area: TextArea<'static>,
}

impl Input {
    /// A text with the cursor at its beginning.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut area = TextArea::new(clean(text).split('\n').map(str::to_owned).collect());
        area.set_tab_length(4);
        Self { area }
    }

    /// The lines without their ends; at least one.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        self.area.lines()
    }

    #[must_use]
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.area.is_empty()
    }

    /// Line and character, both 0-based.
    #[must_use]
    pub fn cursor(&self) -> (usize, usize) {
        let cursor = self.area.cursor();
        (cursor.0, cursor.1)
    }

    pub fn new_line(&mut self) {
        self.area.insert_newline();
    }

    /// What is pasted stays text: line ends of all kinds become ours, other control characters go.
    pub fn paste(&mut self, text: &str) {
        self.area.insert_str(clean(text));
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Moves to the last line's end.
    pub fn to_end(&mut self) {
        self.area.move_cursor(CursorMove::Bottom);
        self.area.move_cursor(CursorMove::End);
    }

    /// Moves by so many lines.
    pub fn move_lines(&mut self, lines: isize) {
        let step = if lines < 0 {
            CursorMove::Up
        } else {
            CursorMove::Down
        };
        for _ in 0..lines.unsigned_abs().min(self.area.lines().len()) {
            self.area.move_cursor(step);
        }
    }

    /// A key that means nothing else.
    pub fn key(&mut self, key: Key) {
        let code = match key.code {
            KeyCode::Char(letter) => AreaKey::Char(letter),
            KeyCode::Backspace => AreaKey::Backspace,
            KeyCode::Delete => AreaKey::Delete,
            KeyCode::Up => AreaKey::Up,
            KeyCode::Down => AreaKey::Down,
            KeyCode::Left => AreaKey::Left,
            KeyCode::Right => AreaKey::Right,
            KeyCode::Home => AreaKey::Home,
            KeyCode::End => AreaKey::End,
            KeyCode::Tab => AreaKey::Tab,
            KeyCode::PageUp => return self.move_lines(-10),
            KeyCode::PageDown => return self.move_lines(10),
            KeyCode::Enter | KeyCode::Esc | KeyCode::BackTab | KeyCode::F(_) => return,
        };
        self.area.input(AreaInput {
            key: code,
            ctrl: key.ctrl,
            alt: key.alt,
            shift: key.shift,
        });
    }
}

fn clean(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .chars()
        .filter(|&letter| letter == '\n' || letter == '\t' || !letter.is_control())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pasted_stays_text() {
        let mut input = Input::default();
        input.paste("one\r\ntwo\rthree\u{1b}[31m\u{9b}x\ty");
        assert_eq!(input.text(), "one\ntwo\nthree[31mx\ty");
        assert_eq!(input.cursor(), (2, 12));
    }

    #[test]
    fn the_cursor_starts_at_the_beginning_and_goes_to_the_end() {
        let mut input = Input::new("one\ntwo");
        assert_eq!(input.cursor(), (0, 0));
        input.to_end();
        assert_eq!(input.cursor(), (1, 3));
        input.new_line();
        assert_eq!(input.lines(), ["one", "two", ""]);
    }
}
