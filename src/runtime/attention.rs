//! Ringing for a person who looks elsewhere: BEL and an OSC 9 note.
//!
//! It only makes the bytes. Whether the terminal is in focus is the caller's knowledge; nobody is rung
//! for who is looking.

use super::clipboard::Multiplexer;

/// The sequence that rings and shows a short note where the terminal can (iTerm2, `WezTerm`, kitty,
/// Ghostty, Windows Terminal); others ring or ignore it.
#[must_use]
pub(super) fn ring(note: &str, multiplexer: Multiplexer) -> String {
    // A control character would end the sequence and be a command of its own. The name in front also
    // keeps a note from beginning with a digit, which some terminals read as a progress bar.
    let note: String = note
        .chars()
        .filter(|char| !char.is_control())
        .take(200)
        .collect();
    let osc = format!("\x1b]9;untaken: {note}\x07");
    format!("\x07{}", multiplexer.pass_through(&osc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_cannot_leave_the_note() {
        assert_eq!(
            ring("done\x1b]52;c;AAAA\x07 \u{9b}2J\n", Multiplexer::None),
            "\x07\x1b]9;untaken: done]52;c;AAAA 2J\x07"
        );
    }

    #[test]
    fn tmux_rings_itself_and_passes_the_note_on() {
        assert_eq!(
            ring("codex asks", Multiplexer::Tmux),
            "\x07\x1bPtmux;\x1b\x1b]9;untaken: codex asks\x07\x1b\\"
        );
    }
}
