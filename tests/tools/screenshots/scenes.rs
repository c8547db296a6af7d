//! What is typed for each picture, and when it is taken.

use std::path::Path;
use std::time::Duration;

use super::frame::{DARK, Frame, LIGHT, Palette};
use super::pty::{Pty, Start};
use super::svg::{self, Shown};

/// One picture.
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    columns: u16,
    rows: u16,
    look: Look,
    /// How many times faster than recorded the session is played.
    speed: &'static str,
    steps: &'static [Step],
}

#[derive(Clone, Copy)]
enum Look {
    Dark,
    Light,
}

#[derive(Clone, Copy)]
pub(crate) enum Step {
    /// Keys as the terminal sends them, and until nothing moves any more.
    Keys(&'static str),
    /// Keys that set something going.
    Start(&'static str),
    /// Until the screen shows this.
    Wait(&'static str),
    /// A frame of a moving picture, shown for so many milliseconds.
    Show(u64),
    /// Frames of a moving picture, until the screen shows this.
    Film(&'static str),
}

use Step::{Film, Keys, Show, Start as Go, Wait};

pub(crate) const ALL: &[Scene] = &[
    Scene {
        name: "demo",
        columns: 128,
        rows: 36,
        look: Look::Dark,
        speed: "1",
        steps: &[
            Show(1800),
            Keys("n"),
            Show(900),
            Keys("n"),
            Show(900),
            Keys("n"),
            Show(1200),
            Keys(" "),
            Show(1200),
            Keys("s"),
            Show(2200),
            Go("\r"),
            Film("10 arms taken"),
            Film("the run is done"),
            Show(2500),
            Keys("R"),
            Show(2800),
            Keys("\u{1b}"),
            Keys("\u{1b}"),
            Show(2500),
        ],
    },
    Scene {
        name: "explorer",
        columns: 140,
        rows: 40,
        look: Look::Dark,
        speed: "1",
        steps: &[Keys("nnn")],
    },
    Scene {
        name: "explorer-light",
        columns: 140,
        rows: 40,
        look: Look::Light,
        speed: "1",
        steps: &[Keys("nnn")],
    },
    Scene {
        name: "gap",
        columns: 100,
        rows: 22,
        look: Look::Dark,
        speed: "1",
        steps: &[Keys("nnnn")],
    },
    Scene {
        name: "prompt",
        columns: 120,
        rows: 36,
        look: Look::Dark,
        speed: "1",
        steps: &[Keys(" "), Keys("s")],
    },
    Scene {
        name: "session",
        columns: 140,
        rows: 40,
        look: Look::Dark,
        speed: "1",
        steps: &[Keys(" "), Keys("s"), Go("\r"), Wait("12 passed")],
    },
    Scene {
        name: "closed",
        columns: 140,
        rows: 40,
        look: Look::Dark,
        speed: "40",
        steps: &[
            Keys(" "),
            Keys("s"),
            Go("\r"),
            Wait("the run is done"),
            Keys(""),
        ],
    },
    Scene {
        name: "review",
        columns: 140,
        rows: 40,
        look: Look::Dark,
        speed: "40",
        steps: &[
            Keys(" "),
            Keys("s"),
            Go("\r"),
            Wait("the run is done"),
            Keys("R"),
        ],
    },
    Scene {
        name: "gaps",
        columns: 140,
        rows: 40,
        look: Look::Dark,
        speed: "1",
        steps: &[Keys("A"), Keys("gg"), Keys("nnn"), Keys(" ")],
    },
    Scene {
        name: "wide",
        columns: 200,
        rows: 60,
        look: Look::Dark,
        speed: "1",
        steps: &[Keys("nnn"), Keys(" ")],
    },
    Scene {
        name: "small",
        columns: 80,
        rows: 24,
        look: Look::Dark,
        speed: "1",
        steps: &[Keys("nnn")],
    },
];

/// How often a film looks at the screen, and how long its frames are shown.
const FILM: Duration = Duration::from_millis(320);

impl Scene {
    pub(crate) fn shoot(&self, program: &Path) -> String {
        let home = tempfile::tempdir().unwrap();
        let (theme, palette) = match self.look {
            Look::Dark => ("dark", &DARK),
            Look::Light => ("light", &LIGHT),
        };
        let config = home.path().join("config/untaken");
        std::fs::create_dir_all(&config).unwrap();
        std::fs::write(
            config.join("config.toml"),
            format!("[ui]\ntheme = \"{theme}\"\n"),
        )
        .unwrap();
        let mut pty = Start::new(program, home.path())
            .arg("demo")
            .env("XDG_CONFIG_HOME", home.path().join("config"))
            .env("COLORTERM", "truecolor")
            .env("TZ", "UTC")
            .env("UNTAKEN_DEMO_SPEED", self.speed)
            .size(self.columns, self.rows)
            .start();
        // The demo is there when its worst file is.
        pty.wait_for("tariff.py");
        settle(&pty);
        let mut film = Vec::new();
        for step in self.steps.iter().copied() {
            match step {
                Keys(keys) => {
                    pty.type_keys(keys);
                    settle(&pty);
                }
                Go(keys) => pty.type_keys(keys),
                Wait(text) => pty.wait_for(text),
                Show(ms) => film.push(Shown {
                    frame: frame(&pty, palette),
                    lasts: Duration::from_millis(ms),
                }),
                Film(text) => loop {
                    add(&mut film, frame(&pty, palette));
                    if pty.text().contains(text) {
                        break;
                    }
                    std::thread::sleep(FILM);
                },
            }
        }
        let title = "untaken demo";
        let picture = if film.is_empty() {
            svg::still(&frame(&pty, palette), title, palette)
        } else {
            svg::moving(&film, title, palette)
        };
        pty.type_keys("qy");
        picture
    }
}

/// A frame more, or the last one for longer.
fn add(film: &mut Vec<Shown>, frame: Frame) {
    match film.last_mut() {
        Some(last) if last.frame == frame => last.lasts += FILM,
        _ => film.push(Shown { frame, lasts: FILM }),
    }
}

fn settle(pty: &Pty) {
    pty.wait_quiet(Duration::from_millis(250));
}

fn frame(pty: &Pty, palette: &Palette) -> Frame {
    pty.look(|screen| Frame::of(screen, palette))
}
