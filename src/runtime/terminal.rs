//! The terminal as a device: taken, drawn on, handed over, and always given back as it was.
//!
//! Whatever ends the program, [`restore`] runs: from the guard's drop, from the panic hook, at the
//! orderly end. It may run any number of times. Nothing else in the program writes to the terminal.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::os::fd::AsFd as _;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event::{Event, EventStream};
use futures_util::Stream;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal};

/// The device that the loop draws on and reads from. Tests script their own.
pub(super) trait Screen {
    type Events: Stream<Item = io::Result<Event>> + Send + Unpin + 'static;

    /// Begins to read its events. At most one stream lives at a time, and none while the screen is
    /// released: a parked one would steal the keys of whoever has the terminal then.
    fn events(&mut self) -> Self::Events;

    /// Columns and rows.
    fn size(&self) -> io::Result<(u16, u16)>;

    /// Draws one frame; only what changed since the last one is written.
    fn draw(&mut self, render: &mut dyn FnMut(&mut Frame<'_>)) -> io::Result<()>;

    /// Writes a control sequence that changes nothing visible on the screen.
    fn send(&mut self, sequence: &str) -> io::Result<()>;

    /// Gives the terminal back as it was found.
    fn release(&mut self) -> io::Result<()>;

    /// Takes it (again); the next frame is drawn in full.
    fn take(&mut self) -> io::Result<()>;

    /// Stops the program as ctrl-z does. Returns when it was continued, or at once where nobody could
    /// continue it (a process group without a shell). The screen must be released.
    fn suspend(&mut self) -> io::Result<()>;
}

/// Alternate screen, no cursor, bracketed paste, focus events.
const TAKE: &str = "\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?1004h";
/// Presses, drags and the wheel, with SGR coordinates. Not 1003: a pointer that only moves wakes nobody.
const TAKE_MOUSE: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";
/// All of it off, in reverse, with an open synchronized update ended and the colours reset first.
const GIVE_BACK: &str =
    "\x1b[?2026l\x1b[m\x1b[?1006l\x1b[?1002l\x1b[?1000l\x1b[?1004l\x1b[?2004l\x1b[?1049l\x1b[?25h";
const BEGIN_UPDATE: &str = "\x1b[?2026h";
const END_UPDATE: &str = "\x1b[?2026l";
/// What the terminal library writes for a frame in which nothing changed.
const NOTHING_CHANGED: &str = "\x1b[39m\x1b[49m\x1b[59m\x1b[0m\x1b[?25l";

/// Whether the terminal's modes are ours at the moment.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Gives the terminal back. Does nothing when it is not taken.
pub(super) fn restore() -> io::Result<()> {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    // Both, whatever becomes of the first.
    let written = device().and_then(|mut device| device.write_all(GIVE_BACK.as_bytes()));
    let cooked = crossterm::terminal::disable_raw_mode();
    written.and(cooked)
}

/// Standard output without the standard library's line buffer in between.
fn device() -> io::Result<File> {
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

/// Says why there is no screen to be had, and what to use instead; `None` when there is one.
#[must_use]
pub(super) fn why_none(term: Option<&str>) -> Option<String> {
    let why = if !io::stdout().is_terminal() {
        "standard output is no terminal"
    } else if !io::stdin().is_terminal() {
        "standard input is no terminal"
    } else if term == Some("dumb") {
        "the terminal cannot move its cursor (TERM=dumb)"
    } else {
        return None;
    };
    Some(format!(
        "{why}, and the explorer needs one; without a screen use untaken gaps, untaken check, untaken diff or untaken close"
    ))
}

/// The bytes of one frame, gathered so that they leave in one write.
#[derive(Clone, Debug, Default)]
struct Gathered(Rc<RefCell<Vec<u8>>>);

impl Write for Gathered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// Nothing: the library flushes several times a frame.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The real terminal, on standard input and output.
#[derive(Debug)]
pub(super) struct Tty {
    device: File,
    gathered: Gathered,
    terminal: Terminal<CrosstermBackend<Gathered>>,
    mouse: bool,
}

impl Tty {
    /// Takes the terminal. With `mouse` it asks for presses, drags and the wheel.
    ///
    /// # Errors
    /// When the terminal cannot be read or set; it is then as it was.
    pub(super) fn open(mouse: bool) -> io::Result<Self> {
        let gathered = Gathered::default();
        let mut tty = Self {
            device: device()?,
            terminal: Terminal::new(CrosstermBackend::new(gathered.clone()))?,
            gathered,
            mouse,
        };
        tty.take()?;
        Ok(tty)
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = restore();
    }
}

impl Screen for Tty {
    type Events = EventStream;

    fn events(&mut self) -> EventStream {
        EventStream::new()
    }

    fn size(&self) -> io::Result<(u16, u16)> {
        crossterm::terminal::size()
    }

    fn draw(&mut self, render: &mut dyn FnMut(&mut Frame<'_>)) -> io::Result<()> {
        let mut frame = BEGIN_UPDATE.as_bytes().to_vec();
        let drawn = self.terminal.draw(|frame| {
            if !frame.area().is_empty() {
                render(frame);
            }
        });
        // Taken out even on an error, so that half a frame is not written with the next one.
        let changes = std::mem::take(&mut *self.gathered.0.borrow_mut());
        drawn?;
        if changes == NOTHING_CHANGED.as_bytes() {
            return Ok(());
        }
        frame.extend_from_slice(&changes);
        frame.extend_from_slice(END_UPDATE.as_bytes());
        self.device.write_all(&frame)
    }

    fn send(&mut self, sequence: &str) -> io::Result<()> {
        self.device.write_all(sequence.as_bytes())
    }

    fn release(&mut self) -> io::Result<()> {
        restore()
    }

    fn take(&mut self) -> io::Result<()> {
        // Somebody else may have set other modes since: what is to be restored is what is there now.
        crossterm::terminal::disable_raw_mode()?;
        crossterm::terminal::enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        self.send(TAKE)?;
        if self.mouse {
            self.send(TAKE_MOUSE)?;
        }
        // Not `clear`, which asks the terminal where its cursor is and waits for the answer.
        let (columns, rows) = self.size()?;
        self.terminal.resize(Rect::new(0, 0, columns, rows))
    }

    fn suspend(&mut self) -> io::Result<()> {
        use nix::sys::signal::{Signal, kill};
        use nix::unistd::Pid;
        // The whole process group, as the terminal's own ctrl-z would: a wrapper that started us has to
        // stop as well, or the shell would never see that it can have the terminal.
        kill(Pid::from_raw(0), Signal::SIGTSTP)?;
        // Another thread may be the one that takes the signal, and until then this one goes on: it would take
        // the terminal back just before the stop, and the shell would have our screen. Time passes while we
        // are stopped, so nobody waits for this after fg.
        std::thread::sleep(std::time::Duration::from_millis(250));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_without_a_change_is_told_by_its_bytes() {
        // Pins what the library writes; if it changes, idle frames would be written again.
        let gathered = Gathered::default();
        let options = ratatui::TerminalOptions {
            viewport: ratatui::Viewport::Fixed(Rect::new(0, 0, 8, 2)),
        };
        let backend = CrosstermBackend::new(gathered.clone());
        let mut terminal = Terminal::with_options(backend, options).unwrap();
        let text = "hello";
        terminal
            .draw(|frame| frame.render_widget(text, frame.area()))
            .unwrap();
        assert!(String::from_utf8_lossy(&gathered.0.take()).contains(text));
        terminal
            .draw(|frame| frame.render_widget(text, frame.area()))
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&gathered.0.take()), NOTHING_CHANGED);
    }

    #[test]
    fn every_mode_that_is_taken_is_given_back() {
        let set = format!("{TAKE}{TAKE_MOUSE}{BEGIN_UPDATE}");
        for mode in set.split("\x1b[?").filter(|mode| mode.ends_with('h')) {
            let off = format!("\x1b[?{}l", mode.trim_end_matches('h'));
            assert!(GIVE_BACK.contains(&off), "{mode} stays on");
        }
        assert!(TAKE.contains("\x1b[?25l") && GIVE_BACK.ends_with("\x1b[?25h"));
    }
}
