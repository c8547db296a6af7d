//! The terminal's events as the program's own messages.
//!
//! Nothing else knows the terminal library's key types; nothing here knows what a key means.

use crossterm::event::{
    Event, KeyCode as TermKey, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};

use crate::app::message::{Key, KeyCode, Message, Mouse, MouseKind};

/// What an event means to the program; `None` for what it has no use for (key releases, media keys,
/// a pointer that only moves).
#[must_use]
pub(super) fn message(event: Event) -> Option<Message> {
    match event {
        Event::Key(key) => self::key(key).map(Message::Key),
        Event::Mouse(mouse) => self::mouse(mouse).map(Message::Mouse),
        Event::Paste(text) => Some(Message::Paste(text)),
        Event::Resize(columns, rows) => Some(Message::Resize { columns, rows }),
        Event::FocusGained => Some(Message::Focus(true)),
        Event::FocusLost => Some(Message::Focus(false)),
    }
}

fn key(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let code = match event.code {
        TermKey::Char(char) => KeyCode::Char(char),
        TermKey::Enter => KeyCode::Enter,
        TermKey::Esc => KeyCode::Esc,
        TermKey::Tab => KeyCode::Tab,
        TermKey::BackTab => KeyCode::BackTab,
        TermKey::Backspace => KeyCode::Backspace,
        TermKey::Delete => KeyCode::Delete,
        TermKey::Up => KeyCode::Up,
        TermKey::Down => KeyCode::Down,
        TermKey::Left => KeyCode::Left,
        TermKey::Right => KeyCode::Right,
        TermKey::Home => KeyCode::Home,
        TermKey::End => KeyCode::End,
        TermKey::PageUp => KeyCode::PageUp,
        TermKey::PageDown => KeyCode::PageDown,
        TermKey::F(number) => KeyCode::F(number),
        TermKey::Insert
        | TermKey::Null
        | TermKey::CapsLock
        | TermKey::ScrollLock
        | TermKey::NumLock
        | TermKey::PrintScreen
        | TermKey::Pause
        | TermKey::Menu
        | TermKey::KeypadBegin
        | TermKey::Media(_)
        | TermKey::Modifier(_) => return None,
    };
    Some(Key {
        code,
        ctrl: event.modifiers.contains(KeyModifiers::CONTROL),
        alt: event.modifiers.contains(KeyModifiers::ALT),
        shift: event.modifiers.contains(KeyModifiers::SHIFT),
    })
}

fn mouse(event: MouseEvent) -> Option<Mouse> {
    let kind = match event.kind {
        MouseEventKind::Down(MouseButton::Left) => MouseKind::Press,
        MouseEventKind::Drag(MouseButton::Left) => MouseKind::Drag,
        MouseEventKind::Up(MouseButton::Left) => MouseKind::Release,
        MouseEventKind::ScrollUp => MouseKind::ScrollUp,
        MouseEventKind::ScrollDown => MouseKind::ScrollDown,
        MouseEventKind::Down(_)
        | MouseEventKind::Drag(_)
        | MouseEventKind::Up(_)
        | MouseEventKind::Moved
        | MouseEventKind::ScrollLeft
        | MouseEventKind::ScrollRight => return None,
    };
    Some(Mouse {
        kind,
        column: event.column,
        row: event.row,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: TermKey, modifiers: KeyModifiers) -> Option<Key> {
        key(KeyEvent::new(code, modifiers))
    }

    #[test]
    fn a_key_keeps_its_code_and_its_modifiers() {
        assert_eq!(
            pressed(
                TermKey::Char('J'),
                KeyModifiers::CONTROL | KeyModifiers::SHIFT
            ),
            Some(Key {
                code: KeyCode::Char('J'),
                ctrl: true,
                alt: false,
                shift: true
            })
        );
        assert_eq!(
            pressed(TermKey::Enter, KeyModifiers::ALT).map(|key| (key.code, key.alt)),
            Some((KeyCode::Enter, true))
        );
    }

    #[test]
    fn a_release_is_not_a_second_press() {
        let release = KeyEvent::new_with_kind(
            TermKey::Char('q'),
            KeyModifiers::NONE,
            KeyEventKind::Release,
        );
        assert_eq!(key(release), None);
    }

    #[test]
    fn only_the_left_button_and_the_wheel_arrive() {
        let at = |kind| {
            mouse(MouseEvent {
                kind,
                column: 3,
                row: 4,
                modifiers: KeyModifiers::NONE,
            })
            .map(|mouse| (mouse.kind, mouse.column, mouse.row))
        };
        assert_eq!(
            at(MouseEventKind::Down(MouseButton::Left)),
            Some((MouseKind::Press, 3, 4))
        );
        assert_eq!(at(MouseEventKind::Down(MouseButton::Right)), None);
        assert_eq!(at(MouseEventKind::Moved), None);
        assert_eq!(
            at(MouseEventKind::ScrollDown),
            Some((MouseKind::ScrollDown, 3, 4))
        );
    }
}
