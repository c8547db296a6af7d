//! Text to the person's clipboard by OSC 52, which works over ssh, and through tmux and screen.
//!
//! It only makes the bytes; the terminal writes them. There is no answer to OSC 52, so whether the
//! terminal took it cannot be told.

use crossterm::Command;
use crossterm::clipboard::CopyToClipboard;

/// More than this no terminal takes (tmux: 1 MiB of base64), and a lost copy is worse than a refused one.
pub(super) const MOST_BYTES: usize = 700_000;

/// What stands between us and the real terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Multiplexer {
    None,
    /// Reads OSC 52 itself if `set-clipboard` is on, passes it through if `allow-passthrough` is.
    Tmux,
    /// GNU screen, which hands on what lies in a device control string.
    Screen,
}

impl Multiplexer {
    /// From the values of `TMUX` and `TERM`.
    #[must_use]
    pub(super) fn of(tmux: Option<&str>, term: Option<&str>) -> Self {
        if tmux.is_some_and(|value| !value.is_empty()) {
            Self::Tmux
        } else if term.is_some_and(|value| value.starts_with("screen")) {
            Self::Screen
        } else {
            Self::None
        }
    }

    /// A sequence wrapped so that it reaches the outer terminal.
    #[must_use]
    pub(super) fn pass_through(self, sequence: &str) -> String {
        match self {
            Self::None => sequence.to_owned(),
            Self::Tmux => format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b")),
            Self::Screen => {
                // screen cuts device control strings that are longer than 768 bytes: send many.
                let mut wrapped = String::new();
                let mut rest = sequence;
                while !rest.is_empty() {
                    let (piece, after) = rest.split_at(rest.len().min(500));
                    wrapped.push_str("\x1bP");
                    wrapped.push_str(piece);
                    wrapped.push_str("\x1b\\");
                    rest = after;
                }
                wrapped
            }
        }
    }
}

/// The sequence that copies a text.
///
/// # Errors
/// When the text is too long for any terminal to take; in words for the person.
pub(super) fn copy(text: &str, multiplexer: Multiplexer) -> Result<String, String> {
    if text.len() > MOST_BYTES {
        return Err(format!(
            "{} bytes are too much for a terminal's clipboard ({MOST_BYTES} at most); copy less of it",
            text.len()
        ));
    }
    let mut osc = String::new();
    CopyToClipboard::to_clipboard_from(text)
        .write_ansi(&mut osc)
        .map_err(|error| error.to_string())?;
    // Ended by BEL, not by ESC \\: that would end screen's control string too early.
    let osc = format!("{}\x07", osc.trim_end_matches("\x1b\\"));
    Ok(match multiplexer {
        Multiplexer::None | Multiplexer::Screen => multiplexer.pass_through(&osc),
        // Both ways: each of the two settings may be off, and a second copy of the same does no harm.
        Multiplexer::Tmux => format!("{osc}{}", multiplexer.pass_through(&osc)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_terminal_gets_the_bare_sequence() {
        assert_eq!(
            copy("src/a.py:7", Multiplexer::None).unwrap(),
            "\x1b]52;c;c3JjL2EucHk6Nw==\x07"
        );
    }

    #[test]
    fn tmux_gets_it_bare_and_passed_through() {
        assert_eq!(
            copy("a", Multiplexer::Tmux).unwrap(),
            "\x1b]52;c;YQ==\x07\x1bPtmux;\x1b\x1b]52;c;YQ==\x07\x1b\\"
        );
    }

    #[test]
    fn screen_gets_pieces_that_join_to_the_sequence() {
        let sequence = copy(&"x".repeat(1000), Multiplexer::None).unwrap();
        let wrapped = copy(&"x".repeat(1000), Multiplexer::Screen).unwrap();
        let pieces: Vec<&str> = wrapped
            .split("\x1b\\")
            .filter(|piece| !piece.is_empty())
            .map(|piece| piece.strip_prefix("\x1bP").unwrap())
            .collect();
        assert!(pieces.iter().all(|piece| piece.len() <= 500));
        assert!(pieces.len() > 1);
        assert_eq!(pieces.concat(), sequence);
    }

    #[test]
    fn too_much_is_refused_in_words() {
        let error = copy(&"x".repeat(MOST_BYTES + 1), Multiplexer::None).unwrap_err();
        assert!(error.contains("700001 bytes"), "{error}");
    }

    #[test]
    fn the_multiplexer_is_told_from_the_environment() {
        let of = Multiplexer::of;
        assert_eq!(
            of(Some("/tmp/tmux-0/default,1,0"), Some("screen-256color")),
            Multiplexer::Tmux
        );
        assert_eq!(of(Some(""), Some("screen.xterm")), Multiplexer::Screen);
        assert_eq!(of(None, Some("xterm-256color")), Multiplexer::None);
    }
}
