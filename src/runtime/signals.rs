//! What the operating system tells the program: end, or go on after a stop.
//!
//! SIGTSTP keeps its default, so that the program can stop itself with it (`terminal::Tty::suspend`);
//! SIGWINCH belongs to the terminal library. Nothing here ends the program.

use std::io;

use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// A signal that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// Asked to end by the signal of this number: SIGHUP 1, SIGINT 2, SIGQUIT 3, SIGTERM 15.
    End(i32),
    /// Continued after a stop: whatever was on the terminal may be gone, and so may its modes.
    Continued,
}

/// The hooked signals. What comes between two calls of [`Signals::next`] is not lost.
#[derive(Debug)]
pub(super) struct Signals {
    hangup: Stream,
    interrupt: Stream,
    quit: Stream,
    terminate: Stream,
    continued: Stream,
}

impl Signals {
    /// Hooks them, for the rest of the process. Needs a tokio runtime.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn hook() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            terminate: signal(SignalKind::terminate())?,
            continued: signal(SignalKind::from_raw(
                nix::sys::signal::Signal::SIGCONT as i32,
            ))?,
        })
    }

    /// Waits for the next one. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Signal {
        // Ends first: a closed terminal sends SIGCONT along with SIGHUP.
        tokio::select! {
            biased;
            _ = self.terminate.recv() => Signal::End(15),
            _ = self.hangup.recv() => Signal::End(1),
            _ = self.interrupt.recv() => Signal::End(2),
            _ = self.quit.recv() => Signal::End(3),
            _ = self.continued.recv() => Signal::Continued,
        }
    }
}
