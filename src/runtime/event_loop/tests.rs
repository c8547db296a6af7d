//! The real loop with a scripted screen.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossterm::event::{KeyCode, KeyModifiers};
use futures_util::Stream;
use futures_util::stream::unfold;
use ratatui::backend::TestBackend;
use ratatui::{Frame, Terminal};

use super::*;
use crate::app::keymap::KeyMap;
use crate::app::layout::Size;
use crate::app::settings::{AppSettings, Colours, Look, ThemeName};
use crate::runtime::surroundings::Surroundings;
use crate::settings::Settings;

/// What happened to the screen, in order.
#[derive(Clone, Debug, PartialEq)]
enum Happened {
    Drawn(Instant),
    Sent(String),
    Taken,
    Released,
    Suspended,
}

/// A screen whose events are typed by the test.
struct Scripted {
    terminal: Terminal<TestBackend>,
    keys: Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<Event>>>,
    /// How many streams of events live.
    readers: Arc<AtomicUsize>,
    happened: Rc<RefCell<Vec<Happened>>>,
}

struct Reading(Arc<AtomicUsize>);

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Scripted {
    fn note(&self, happened: Happened) {
        self.happened.borrow_mut().push(happened);
    }
}

impl Screen for Scripted {
    type Events = std::pin::Pin<Box<dyn Stream<Item = io::Result<Event>> + Send>>;

    fn events(&mut self) -> Self::Events {
        self.readers.fetch_add(1, Ordering::SeqCst);
        let state = (Arc::clone(&self.keys), Reading(Arc::clone(&self.readers)));
        Box::pin(unfold(state, |(keys, reading)| async move {
            let event = keys.lock().await.recv().await?;
            Some((Ok(event), (keys, reading)))
        }))
    }

    fn size(&self) -> io::Result<(u16, u16)> {
        Ok((80, 24))
    }

    fn draw(&mut self, render: &mut dyn FnMut(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(|frame| render(frame)).unwrap();
        self.note(Happened::Drawn(Instant::now()));
        Ok(())
    }

    fn send(&mut self, sequence: &str) -> io::Result<()> {
        self.note(Happened::Sent(sequence.to_owned()));
        Ok(())
    }

    fn release(&mut self) -> io::Result<()> {
        self.note(Happened::Released);
        Ok(())
    }

    fn take(&mut self) -> io::Result<()> {
        self.note(Happened::Taken);
        Ok(())
    }

    fn suspend(&mut self) -> io::Result<()> {
        assert_eq!(self.readers.load(Ordering::SeqCst), 0, "keys are stolen");
        self.note(Happened::Suspended);
        Ok(())
    }
}

/// The loop with all that it needs, in an empty project.
struct Bench {
    app: App,
    screen: Scripted,
    jobs: Jobs,
    sender: mpsc::Sender<Message>,
    inbox: mpsc::Receiver<Message>,
    signals: Signals,
    keys: mpsc::UnboundedSender<Event>,
    happened: Rc<RefCell<Vec<Happened>>>,
    _folder: tempfile::TempDir,
}

fn bench() -> Bench {
    // Without colours the terminal is not asked for its background.
    let around = Surroundings {
        no_color: Some("1".to_owned()),
        ..Surroundings::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let (sender, inbox) = mpsc::channel(1024);
    let (keys, typed) = mpsc::unbounded_channel();
    let happened = Rc::new(RefCell::new(Vec::new()));
    Bench {
        app: App::new(
            AppSettings {
                project: "harbour".to_owned(),
                size: Size {
                    columns: 80,
                    rows: 24,
                },
                look: Look {
                    theme: ThemeName::Dark,
                    colours: Colours::None,
                    ascii: false,
                },
                mouse: false,
                target: None,
                banner: None,
                only_mine: false,
                session: crate::agent::SessionSettings::new("/work/harbour"),
                rounds: 3,
                max_tokens: 2_000_000,
            },
            KeyMap::default(),
        ),
        screen: Scripted {
            terminal: Terminal::new(TestBackend::new(80, 24)).unwrap(),
            keys: Arc::new(tokio::sync::Mutex::new(typed)),
            readers: Arc::default(),
            happened: Rc::clone(&happened),
        },
        jobs: Jobs::new(
            Arc::new(Settings::defaults(folder.path().to_owned())),
            around,
            sender.clone(),
        ),
        sender,
        inbox,
        signals: Signals::hook().unwrap(),
        keys,
        happened,
        _folder: folder,
    }
}

impl Bench {
    async fn run(&mut self) -> i32 {
        let ended = run(
            &mut self.app,
            &mut self.screen,
            &mut self.jobs,
            &mut self.inbox,
            &mut self.signals,
        );
        tokio::time::timeout(Duration::from_secs(20), ended)
            .await
            .unwrap()
            .unwrap()
    }

    fn frames(&self) -> Vec<Instant> {
        let happened = self.happened.borrow();
        let drawn = happened.iter().filter_map(|happened| match happened {
            Happened::Drawn(at) => Some(*at),
            _ => None,
        });
        drawn.collect()
    }

    fn text(&self) -> String {
        self.screen.terminal.backend().to_string()
    }
}

fn key(char: char, modifiers: KeyModifiers) -> Event {
    Event::Key(crossterm::event::KeyEvent::new(
        KeyCode::Char(char),
        modifiers,
    ))
}

fn quit() -> Event {
    key('c', KeyModifiers::CONTROL)
}

#[tokio::test]
async fn a_burst_of_messages_is_drawn_in_few_frames_and_the_last_is_on_the_screen() {
    let mut bench = bench();
    let sender = bench.sender.clone();
    tokio::spawn(async move {
        for number in 0..10_000 {
            let said = Message::Failed(format!("number {number}"));
            sender.send(said).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        sender.send(Message::Terminate(15)).await.unwrap();
    });
    assert_eq!(bench.run().await, 143);
    assert!(bench.text().contains("number 9999"), "{}", bench.text());
    for pair in bench.frames().windows(2) {
        assert!(pair[1] - pair[0] >= Duration::from_millis(15), "{pair:?}");
    }
}

#[tokio::test]
async fn nothing_is_drawn_while_nothing_happens() {
    let mut bench = bench();
    let keys = bench.keys.clone();
    let happened = Rc::clone(&bench.happened);
    let typing = async {
        // What the start asked for may be answered late on a busy machine; whoever draws again and again
        // has no half second without a frame at all.
        let mut was_still = false;
        for _ in 0..20 {
            let before = happened.borrow().len();
            tokio::time::sleep(Duration::from_millis(500)).await;
            was_still = happened.borrow().len() == before && before > 0;
            if was_still {
                break;
            }
        }
        assert!(was_still, "{:?}", happened.borrow());
        keys.send(quit()).unwrap();
    };
    let (status, ()) = tokio::join!(bench.run(), typing);
    assert_eq!(status, 0);
}

#[tokio::test]
async fn nobody_reads_keys_while_the_program_is_stopped_and_it_is_drawn_again_afterwards() {
    let mut bench = bench();
    let keys = bench.keys.clone();
    let typing = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        keys.send(key('z', KeyModifiers::CONTROL)).unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        keys.send(quit()).unwrap();
    };
    let (status, ()) = tokio::join!(bench.run(), typing);
    assert_eq!(status, 0);
    let happened = bench.happened.borrow();
    let turn: Vec<&Happened> = happened
        .iter()
        .filter(|happened| !matches!(happened, Happened::Drawn(_)))
        .collect();
    assert_eq!(
        turn,
        [&Happened::Released, &Happened::Suspended, &Happened::Taken]
    );
    let taken = happened.iter().position(|it| *it == Happened::Taken);
    let last_frame = happened
        .iter()
        .rposition(|it| matches!(it, Happened::Drawn(_)));
    assert!(last_frame > taken);
}

#[tokio::test]
async fn a_message_to_end_ends_it_with_the_signals_status() {
    let mut bench = bench();
    bench.sender.send(Message::Terminate(15)).await.unwrap();
    assert_eq!(bench.run().await, 143);
}

#[test]
fn the_pieces_of_one_text_that_come_together_are_one_message() {
    use crate::agent::{Event, ThreadId};
    let piece = |item: &str, text: &str| {
        Message::Agent(Incoming::Event {
            thread: Some(ThreadId("t1".to_owned())),
            event: Event::MessageDelta {
                item: item.to_owned(),
                text: text.to_owned(),
            },
        })
    };
    let burst = vec![
        piece("a", "one "),
        piece("a", "two "),
        Message::Failed("between".to_owned()),
        piece("a", "three"),
        piece("b", "four"),
        piece("b", " five"),
    ];
    let texts: Vec<String> = joined(burst)
        .into_iter()
        .map(|message| match message {
            Message::Agent(Incoming::Event {
                event: Event::MessageDelta { item, text },
                ..
            }) => format!("{item}: {text}"),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(
        texts,
        [
            "a: one two ",
            "Failed(\"between\")",
            "a: three",
            "b: four five"
        ]
    );
}
