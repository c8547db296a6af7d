//! The whole program as a value: state, what can happen to it, what it asks of the world.
//!
//! Pure: no clock, no file, no terminal, no thread. [`App::update`] is the only way in, its
//! [`Step`] the only way out; `view` reads the rest.

pub mod effect;
pub mod keymap;
pub mod layout;
pub mod message;
pub mod settings;
pub mod source_pane;
pub mod tree;

mod update;

use std::sync::Arc;
use std::time::Duration;

use effect::{Effect, RequestId};
use keymap::{KeyMap, Place};
use layout::{Layout, Panes, Share, Size};
use message::{Key, LoadFailure, Loaded, WatchState};
use settings::AppSettings;
use source_pane::SourcePane;
use tree::Tree;

/// The program.
#[derive(Debug)]
pub struct App {
    settings: AppSettings,
    keys: KeyMap,
    size: Size,
    focus: Focus,
    loaded: Option<Arc<Loaded>>,
    failure: Option<LoadFailure>,
    watch: WatchState,
    tree: Tree,
    source: SourcePane,
    help: bool,
    notice: Option<String>,
    /// Keys of an unfinished sequence.
    pressed: Vec<Key>,
    /// A count typed before a key.
    count: Option<usize>,
    last_request: RequestId,
    load_request: RequestId,
    divider: Option<u16>,
    /// Since the program started.
    now: Duration,
}

/// Which pane has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Focus {
    #[default]
    Tree,
    Source,
}

/// What an update asks for.
#[derive(Debug, Default)]
pub struct Step {
    pub effects: Vec<Effect>,
    /// Whether the screen changed.
    pub redraw: bool,
}

impl App {
    #[must_use]
    pub fn new(settings: AppSettings, keys: KeyMap) -> Self {
        Self {
            size: settings.size,
            settings,
            keys,
            focus: Focus::default(),
            loaded: None,
            failure: None,
            watch: WatchState::Current,
            tree: Tree::default(),
            source: SourcePane::default(),
            help: false,
            notice: None,
            pressed: Vec::new(),
            count: None,
            last_request: RequestId::default(),
            load_request: RequestId::default(),
            divider: None,
            now: Duration::ZERO,
        }
    }

    #[must_use]
    pub fn settings(&self) -> &AppSettings {
        &self.settings
    }

    #[must_use]
    pub fn keys(&self) -> &KeyMap {
        &self.keys
    }

    #[must_use]
    pub fn size(&self) -> Size {
        self.size
    }

    #[must_use]
    pub fn focus(&self) -> Focus {
        self.focus
    }

    #[must_use]
    pub fn loaded(&self) -> Option<&Loaded> {
        self.loaded.as_deref()
    }

    /// Why there is no coverage, or why the newest could not be read.
    #[must_use]
    pub fn failure(&self) -> Option<&LoadFailure> {
        self.failure.as_ref()
    }

    #[must_use]
    pub fn watch(&self) -> &WatchState {
        &self.watch
    }

    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    #[must_use]
    pub fn source(&self) -> &SourcePane {
        &self.source
    }

    /// Whether the help is open.
    #[must_use]
    pub fn help(&self) -> bool {
        self.help
    }

    #[must_use]
    pub fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// Where everything is; `None` where the terminal is too small.
    #[must_use]
    pub fn layout(&self) -> Option<Layout> {
        Layout::of(
            self.size,
            Share {
                left: self.divider,
                percent: 33,
                most: 64,
            },
        )
    }

    /// The places whose keys count now, the nearest first.
    #[must_use]
    pub fn places(&self) -> &'static [Place] {
        if self.help {
            return &[Place::Help, Place::Anywhere];
        }
        match self.focus {
            Focus::Tree => &[Place::Tree, Place::Anywhere],
            Focus::Source => &[Place::Source, Place::Anywhere],
        }
    }

    /// Rows of a pane below its title.
    fn pane_height(&self) -> usize {
        self.layout().map_or(0, |layout| {
            let height = match layout.panes {
                Panes::Two { left, .. } => left.height,
                Panes::One(area) => area.height,
            };
            usize::from(height.saturating_sub(1))
        })
    }

    /// The time since the program started.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.now
    }

    fn next_request(&mut self) -> RequestId {
        self.last_request.0 += 1;
        self.last_request
    }
}

/// The first row of a window of `height` rows that holds `cursor`, as near to `scroll` as can be, with a
/// little context around the cursor and nothing below the last of `len` rows.
fn window(scroll: usize, cursor: usize, len: usize, height: usize) -> usize {
    if height == 0 {
        return cursor;
    }
    let margin = (height / 5).min(3);
    let least = (cursor + margin + 1).min(len).saturating_sub(height);
    let most = cursor.saturating_sub(margin);
    scroll
        .max(least)
        .min(most.max(least))
        .min(len.saturating_sub(height))
}
