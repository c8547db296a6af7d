//! The one place that waits: signals, the terminal, messages of jobs, the next frame.
//!
//! Each round takes one thing, drains what else is ready, carries out the effects, and draws at most
//! once in 16 ms, what a person did at once. It decides nothing about the program: `app::update` does.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use crossterm::event::Event;
use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::effects::{ForScreen, Jobs};
use super::frame::FrameLimiter;
#[cfg(debug_assertions)]
use super::panics;
use super::replies::{self, Heard, Replies};
use super::signals::{Signal, Signals};
use super::terminal::Screen;
use super::{attention, clipboard, input};
use crate::agent::{Incoming, join};
use crate::app::App;
use crate::app::effect::Effect;
use crate::app::message::Message;
use crate::view;

/// As many messages go into one round at most, so that keys and frames get their turn in a burst.
const DRAINED: usize = 256;

/// SIGHUP: what a terminal that went away means.
const HANGUP: i32 = 1;

/// Runs until the program is asked to end, and returns its exit status. The terminal is still taken then.
///
/// # Errors
/// When the terminal does not tell its size at the start.
pub(super) async fn run<S: Screen>(
    app: &mut App,
    screen: &mut S,
    jobs: &mut Jobs,
    inbox: &mut mpsc::Receiver<Message>,
    signals: &mut Signals,
) -> io::Result<i32> {
    let keyboard = Keyboard::read(screen.events());
    let (columns, rows) = screen.size()?;
    let mut round = Round {
        app,
        jobs,
        screen,
        keyboard: Some(keyboard),
        frames: FrameLimiter::default(),
        focused: true,
        asked: VecDeque::new(),
        started: Instant::now(),
        replies: Replies::default(),
        status: None,
    };
    if round.jobs.must_ask_for_background() {
        round.replies.expect();
        round.send(replies::QUESTION);
    }
    let effects = round.app.start();
    round.carry_out(effects);
    round.handle(Message::Resize { columns, rows }).await;
    loop {
        round.draw_if_due();
        if let Some(status) = round.status {
            if let Some(keyboard) = round.keyboard.take() {
                keyboard.stop().await;
            }
            return Ok(status);
        }
        let due = round.next_frame();
        let woken = tokio::select! {
            biased;
            signal = signals.next() => Woken::Signal(signal),
            event = next_event(&mut round.keyboard) => Woken::Terminal(event),
            Some(message) = inbox.recv() => Woken::Message(message),
            () = sleep_until(due), if due.is_some() => Woken::Frame,
        };
        match woken {
            Woken::Signal(Signal::End(number)) => round.end(number).await,
            Woken::Signal(Signal::Continued) => round.repaint(),
            Woken::Terminal(Some(event)) => round.hear(event).await,
            // The terminal was closed under us; the signal that says so may have gone to somebody else.
            Woken::Terminal(None) => round.end(HANGUP).await,
            Woken::Message(message) => {
                let mut burst = vec![message];
                while burst.len() < DRAINED
                    && let Ok(message) = inbox.try_recv()
                {
                    burst.push(message);
                }
                for message in joined(burst) {
                    round.handle(message).await;
                }
            }
            Woken::Frame => {}
        }
    }
}

enum Woken {
    Signal(Signal),
    /// `None`: there will be no more events.
    Terminal(Option<Event>),
    Message(Message),
    Frame,
}

/// What came in one burst, the pieces of one text of the agent's made one: a thousand of them cost one
/// update. The order of everything stays.
fn joined(burst: Vec<Message>) -> Vec<Message> {
    fn put(pieces: &mut Vec<Incoming>, messages: &mut Vec<Message>) {
        messages.extend(join(std::mem::take(pieces)).into_iter().map(Message::Agent));
    }
    let mut messages = Vec::with_capacity(burst.len());
    let mut pieces = Vec::new();
    for message in burst {
        if let Message::Agent(incoming) = message {
            pieces.push(incoming);
        } else {
            put(&mut pieces, &mut messages);
            messages.push(message);
        }
    }
    put(&mut pieces, &mut messages);
    messages
}

async fn next_event(keyboard: &mut Option<Keyboard>) -> Option<Event> {
    match keyboard {
        Some(keyboard) => keyboard.events.recv().await,
        // Somebody else has the terminal.
        None => std::future::pending().await,
    }
}

async fn sleep_until(due: Option<Instant>) {
    if let Some(due) = due {
        tokio::time::sleep_until(due.into()).await;
    }
}

/// The terminal's events, read by a task of their own: the library's reader never returns once the
/// terminal is gone, and must not take the loop with it. Dropped, it stops reading.
struct Keyboard {
    events: mpsc::Receiver<Event>,
    stop: DropGuard,
    reader: JoinHandle<()>,
}

impl Keyboard {
    fn read<E>(mut stream: E) -> Self
    where
        E: futures_util::Stream<Item = io::Result<Event>> + Send + Unpin + 'static,
    {
        let (sender, events) = mpsc::channel(256);
        let stopped = CancellationToken::new();
        let stop = stopped.clone().drop_guard();
        let reader = tokio::spawn(async move {
            loop {
                let event = tokio::select! {
                    biased;
                    () = stopped.cancelled() => break,
                    event = stream.next() => event,
                };
                match event {
                    Some(Ok(event)) => {
                        if sender.send(event).await.is_err() {
                            break;
                        }
                    }
                    Some(Err(error)) => {
                        tracing::error!(%error, "the terminal cannot be read");
                        break;
                    }
                    None => break,
                }
            }
        });
        Self {
            events,
            stop,
            reader,
        }
    }

    /// Ends the reading: afterwards the next reader gets every key.
    async fn stop(self) {
        drop(self.stop);
        // A reader that hangs on a closed terminal is left behind.
        let _ = tokio::time::timeout(Duration::from_millis(500), self.reader).await;
    }
}

struct Round<'a, S: Screen> {
    app: &'a mut App,
    jobs: &'a mut Jobs,
    screen: &'a mut S,
    /// `None` while the terminal is not ours.
    keyboard: Option<Keyboard>,
    frames: FrameLimiter,
    /// Whether the person looks at the terminal; believed until the terminal says otherwise.
    focused: bool,
    /// What the program asked of the terminal and was not done yet.
    asked: VecDeque<ForScreen>,
    started: Instant,
    replies: Replies,
    /// Set once the program is to end.
    status: Option<i32>,
}

impl<S: Screen> Round<'_, S> {
    async fn hear(&mut self, event: Event) {
        match self.replies.hear(event) {
            Heard::Nothing => {}
            Heard::Background { is_light } => {
                self.handle(Message::Background { is_light }).await;
            }
            Heard::Keys(events) => {
                for event in events {
                    self.event(event).await;
                }
            }
        }
    }

    async fn event(&mut self, event: Event) {
        match event {
            Event::FocusGained => self.focused = true,
            Event::FocusLost => self.focused = false,
            _ => {}
        }
        if let Some(message) = input::message(event) {
            #[cfg(debug_assertions)]
            panics::on_key(&message);
            self.handle(message).await;
            self.frames.hurry();
        }
    }

    async fn handle(&mut self, message: Message) {
        if matches!(message, Message::EditorClosed(_)) && self.keyboard.is_none() {
            self.take_back();
        }
        self.update(message);
        while let Some(asked) = self.asked.pop_front() {
            self.on_screen(asked).await;
        }
    }

    fn update(&mut self, message: Message) {
        let step = self.app.update(message, self.started.elapsed());
        if step.redraw {
            self.frames.wish();
        }
        self.carry_out(step.effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.asked.extend(self.jobs.carry_out(effect));
        }
    }

    /// What only the owner of the terminal can do.
    async fn on_screen(&mut self, asked: ForScreen) {
        match asked {
            ForScreen::Copy(text) => match clipboard::copy(&text, self.jobs.multiplexer()) {
                Ok(sequence) => self.send(&sequence),
                Err(why) => self.jobs.say(Message::Failed(why)),
            },
            ForScreen::Ring(note) => {
                if !self.focused && self.keyboard.is_some() {
                    self.send(&attention::ring(&note, self.jobs.multiplexer()));
                }
            }
            ForScreen::Editor(command) => {
                if command.own_window {
                    self.jobs.open_window(&command);
                } else if self.keyboard.is_some() {
                    self.give_away().await;
                    self.jobs.edit(&command);
                }
            }
            ForScreen::Suspend => {
                if self.keyboard.is_some() {
                    self.give_away().await;
                    if let Err(error) = self.screen.suspend() {
                        self.jobs
                            .say(Message::Failed(format!("cannot stop: {error}")));
                    }
                    self.take_back();
                }
            }
            ForScreen::Quit { status } => self.status = Some(status),
        }
    }

    /// Asks the program to end because of a signal; it ends even if it does not answer.
    async fn end(&mut self, number: i32) {
        // In an editor that was given the terminal, ctrl-c is the editor's.
        const INTERRUPT: i32 = 2;
        if number == INTERRUPT && self.keyboard.is_none() {
            return;
        }
        self.handle(Message::Terminate(number)).await;
        self.status.get_or_insert(128 + number);
    }

    async fn give_away(&mut self) {
        if let Some(keyboard) = self.keyboard.take() {
            keyboard.stop().await;
        }
        let released = self.screen.release();
        self.end_if_lost(released);
    }

    fn take_back(&mut self) {
        let taken = self.screen.take();
        self.end_if_lost(taken);
        self.keyboard = Some(Keyboard::read(self.screen.events()));
        // It may have been resized while nobody of us was looking.
        if let Ok((columns, rows)) = self.screen.size() {
            self.update(Message::Resize { columns, rows });
        }
        self.frames.wish();
    }

    /// Sets the terminal up once more and draws everything: somebody else wrote on it.
    fn repaint(&mut self) {
        if self.keyboard.is_some() {
            let taken = self.screen.take();
            self.end_if_lost(taken);
            self.frames.wish();
        }
    }

    fn send(&mut self, sequence: &str) {
        let sent = self.screen.send(sequence);
        self.end_if_lost(sent);
    }

    /// When the next frame is due; never while the terminal is not ours.
    fn next_frame(&self) -> Option<Instant> {
        self.keyboard.as_ref()?;
        self.frames.due(Instant::now())
    }

    fn draw_if_due(&mut self) {
        if self.keyboard.is_none() || !self.frames.is_due(Instant::now()) {
            return;
        }
        let app = &*self.app;
        let drawn = self.screen.draw(&mut |frame| view::draw(app, frame));
        self.frames.drawn(Instant::now());
        self.end_if_lost(drawn);
    }

    /// A terminal that cannot be written to or set is gone (EIO after a hang-up): that is an end, no failure.
    fn end_if_lost(&mut self, done: io::Result<()>) {
        if let Err(error) = done {
            tracing::error!(%error, "the terminal is gone");
            self.status.get_or_insert(128 + HANGUP);
        }
    }
}

#[cfg(test)]
mod tests;
