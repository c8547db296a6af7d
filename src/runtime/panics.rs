//! What a panic does to the terminal: nothing that stays.
//!
//! On the thread of the loop it is the end, and the terminal is given back before the words are
//! written. On any other thread it is a job's, which `tasks` turns into a message: nothing is written,
//! for the screen is still drawn on.

use std::panic;
use std::thread;

use super::terminal;

/// Hooks panics. To be called on the thread of the loop.
pub(super) fn hook() {
    let loop_thread = thread::current().id();
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        tracing::error!("panic: {info}");
        if thread::current().id() == loop_thread {
            // Nothing to be done about it here; the words matter more.
            let _ = terminal::restore();
            tell(info);
        }
    }));
}

/// Panics on the key that `UNTAKEN_PANIC_ON` names. Only a debug build does, and only for the test that
/// shows what is left of the terminal then: an honest panic of ours would be mended instead of kept.
#[cfg(debug_assertions)]
pub(super) fn on_key(message: &crate::app::message::Message) {
    use crate::app::message::{Key, KeyCode, Message};
    if let Message::Key(Key {
        code: KeyCode::Char(pressed),
        ..
    }) = message
        && let Ok(wanted) = std::env::var("UNTAKEN_PANIC_ON")
    {
        assert!(
            !wanted.contains(*pressed),
            "asked for by UNTAKEN_PANIC_ON={wanted}"
        );
    }
}
