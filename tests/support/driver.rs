//! Drives the program without a world: keys in a small notation go in, effects are answered from files of
//! the fixtures, and what would be on the screen comes out.

#![allow(dead_code, reason = "each test uses its own part of it")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

use untaken::agent::SessionSettings;
use untaken::app::App;
use untaken::app::effect::{Effect, RequestId};
use untaken::app::keymap::{KeyMap, parse_key};
use untaken::app::layout::Size;
use untaken::app::message::{FileGaps, Key, KeyCode, Loaded, Message, SourceView};
use untaken::app::review::{Left, ReviewEvent, ReviewWish};
use untaken::app::settings::{AppSettings, Colours, Look, ThemeName};
use untaken::app::tree::Files;
use untaken::app::work::{Kept, RunNews, RunWish};
use untaken::coverage::{
    Coverage, CoveredFile, FileCoverage, FilePath, Percent, ReportInfo, SourceState, Totals,
    Warning,
};
use untaken::gaps::{Delta, Gap, Source};
use untaken::highlight::Highlighter;
use untaken::view;

/// A program with a project of texts instead of a world.
pub(crate) struct Driver {
    pub(crate) app: App,
    /// Sources by path.
    pub(crate) sources: BTreeMap<String, Vec<String>>,
    pub(crate) coverage: Arc<Coverage>,
    pub(crate) since_start: Option<Delta>,
    pub(crate) clock: String,
    /// Effects that nobody answers here, in the order they came.
    pub(crate) effects: Vec<Effect>,
    pub(crate) now: Duration,
    /// What a run left to be reviewed.
    pub(crate) left: Option<Arc<Left>>,
    /// Whether sources and colours are answered; else they wait.
    pub(crate) answers: bool,
    /// Whether the tests as they are, and the tree before a turn, are told at once; else they wait.
    pub(crate) measures: bool,
    /// What was to be kept for the next start.
    pub(crate) kept: Vec<Kept>,
}

pub(crate) fn look(theme: ThemeName, colours: Colours) -> Look {
    Look {
        theme,
        colours,
        ascii: false,
    }
}

pub(crate) fn settings(columns: u16, rows: u16) -> AppSettings {
    AppSettings {
        project: "harbour".to_owned(),
        size: Size { columns, rows },
        look: look(ThemeName::Dark, Colours::Full),
        mouse: true,
        target: None,
        banner: None,
        only_mine: false,
        session: SessionSettings::new("/work/harbour"),
        rounds: 3,
        max_tokens: 2_000_000,
    }
}

/// The folder of a sample of the fixtures.
pub(crate) fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/reports")
        .join(name)
}

/// A real report and its sources, as far as they lie below the folder.
pub(crate) fn project(root: &Path, report: &str) -> (Coverage, BTreeMap<String, Vec<String>>) {
    let bytes = std::fs::read(root.join(report)).unwrap();
    of_bytes(root, report, &bytes)
}

/// The same with a JSON report that was changed first.
pub(crate) fn project_where(
    root: &Path,
    report: &str,
    change: impl Fn(&mut serde_json::Value),
) -> (Coverage, BTreeMap<String, Vec<String>>) {
    let bytes = std::fs::read(root.join(report)).unwrap();
    let mut json = serde_json::from_slice(&bytes).unwrap();
    change(&mut json);
    of_bytes(root, report, &serde_json::to_vec(&json).unwrap())
}

fn of_bytes(root: &Path, report: &str, bytes: &[u8]) -> (Coverage, BTreeMap<String, Vec<String>>) {
    let parsed = untaken::formats::parse(bytes).unwrap();
    let mut sources = BTreeMap::new();
    let mut files: Vec<CoveredFile> = parsed
        .files
        .into_iter()
        .map(|file| {
            // The longest end of the path that is there.
            let reported = file.reported().to_owned();
            let found = reported
                .match_indices('/')
                .map(|(at, _)| at + 1)
                .chain([0])
                .filter_map(|at| reported.get(at..))
                .filter(|path| !path.is_empty() && root.join(path).is_file())
                .max_by_key(|path| path.len())
                .map(str::to_owned);
            let source = if found.is_some() {
                SourceState::Found
            } else {
                SourceState::Missing
            };
            let path = found.unwrap_or(reported);
            if let Ok(text) = std::fs::read_to_string(root.join(&path)) {
                sources.insert(path.clone(), text.lines().map(str::to_owned).collect());
            }
            CoveredFile {
                path: FilePath::new(&path),
                source,
                coverage: Arc::new(file),
                measured_ms: 0,
            }
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let coverage = Coverage {
        reports: vec![ReportInfo {
            path: FilePath::new(report),
            format: parsed.format,
            tool: parsed.tool,
            written_ms: 0,
        }],
        totals: parsed.totals,
        files,
        warnings: parsed
            .warnings
            .into_iter()
            .map(|warning: Warning| (FilePath::new(report), warning))
            .collect(),
    };
    (coverage, sources)
}

/// A coverage of made-up files, with totals that are the sums of them.
pub(crate) fn coverage_of(files: Vec<(&str, FileCoverage)>) -> Coverage {
    let mut totals = Totals::default();
    let files = files
        .into_iter()
        .map(|(path, file)| {
            totals = totals.plus(file.totals());
            CoveredFile {
                path: FilePath::new(path),
                source: SourceState::Found,
                coverage: Arc::new(file),
                measured_ms: 0,
            }
        })
        .collect();
    Coverage {
        reports: vec![ReportInfo {
            path: FilePath::new("coverage/coverage.json"),
            format: untaken::coverage::Format::CoveragePy,
            tool: Some("coverage.py 7.10.1".to_owned()),
            written_ms: 0,
        }],
        totals,
        files,
        warnings: Vec::new(),
    }
}

impl Driver {
    pub(crate) fn new(
        settings: AppSettings,
        coverage: Coverage,
        sources: BTreeMap<String, Vec<String>>,
    ) -> Self {
        let mut driver = Self::empty(settings);
        driver.coverage = Arc::new(coverage);
        driver.sources = sources;
        let effects = driver.app.start();
        driver.carry_out(effects);
        driver
    }

    /// A program that nothing was told yet.
    pub(crate) fn empty(settings: AppSettings) -> Self {
        Self {
            app: App::new(settings, KeyMap::default()),
            sources: BTreeMap::new(),
            coverage: Arc::new(Coverage::default()),
            since_start: None,
            clock: "09:41:12".to_owned(),
            effects: Vec::new(),
            now: Duration::from_secs(1),
            left: None,
            answers: true,
            measures: true,
            kept: Vec::new(),
        }
    }

    pub(crate) fn send(&mut self, message: Message) -> bool {
        let step = self.app.update(message, self.now);
        self.carry_out(step.effects);
        step.redraw
    }

    /// Something about the run.
    pub(crate) fn tell(&mut self, news: RunNews) {
        self.send(Message::Run(news));
    }

    /// Keys: letters as they are, others in angle brackets: `jj<enter><ctrl-c>`; `<lt>` is `<` itself.
    pub(crate) fn keys(&mut self, script: &str) -> &mut Self {
        for key in keys(script) {
            self.send(Message::Key(key));
        }
        self
    }

    pub(crate) fn resize(&mut self, columns: u16, rows: u16) -> &mut Self {
        self.send(Message::Resize { columns, rows });
        self
    }

    /// The reports are read again: whatever was put into `coverage` and `since_start` comes.
    pub(crate) fn reload(&mut self) {
        let loaded = self.loaded();
        self.send(Message::Reports {
            request: RequestId::default(),
            outcome: Ok(loaded),
        });
    }

    fn loaded(&self) -> Arc<Loaded> {
        let coverage = Coverage {
            reports: self.coverage.reports.clone(),
            totals: self.coverage.totals,
            files: self.coverage.files.clone(),
            warnings: self.coverage.warnings.clone(),
        };
        Arc::new(Loaded {
            files: Arc::new(Files::of(&coverage, self.since_start.as_ref())),
            coverage,
            since_start: self.since_start.clone(),
            since_last: None,
            clock: self.clock.clone(),
        })
    }

    fn gaps(&self, path: &FilePath) -> Option<Vec<Gap>> {
        let lines = self.sources.get(path.as_str())?;
        let file = self.coverage.file(path)?;
        let source = Source::new(path, lines.clone());
        Some(untaken::gaps::find(path, &file.coverage, Some(&source)))
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if !self.answers {
                self.effects.push(effect);
                continue;
            }
            match effect {
                Effect::LoadReports { request } => {
                    let outcome = Ok(self.loaded());
                    self.send(Message::Reports { request, outcome });
                }
                Effect::LoadSource { request, path } => {
                    let outcome = match (self.sources.get(path.as_str()), self.gaps(&path)) {
                        (Some(lines), Some(gaps)) => Ok(Arc::new(SourceView {
                            path: path.clone(),
                            lines: lines.clone(),
                            gaps,
                            report_lines: None,
                        })),
                        _ => Err("no such file".to_owned()),
                    };
                    self.send(Message::Source {
                        request,
                        path,
                        outcome,
                    });
                }
                Effect::FindGaps { request, paths } => {
                    let files = paths
                        .into_iter()
                        .map(|path| FileGaps {
                            outcome: self
                                .gaps(&path)
                                .map(Into::into)
                                .ok_or_else(|| "no such file".to_owned()),
                            path,
                        })
                        .collect();
                    self.send(Message::Gaps { request, files });
                }
                Effect::Highlight {
                    request,
                    path,
                    first,
                    count,
                } => {
                    let lines = self.sources.get(path.as_str()).cloned().unwrap_or_default();
                    if let Some(mut highlighter) = Highlighter::new(&path, &lines) {
                        let lines = Arc::new(highlighter.highlight(&lines, first, count));
                        self.send(Message::Highlighted {
                            request,
                            path,
                            lines,
                        });
                    }
                }
                Effect::Review(ReviewWish::Look) => {
                    let left = self.left.clone();
                    self.send(Message::Review(ReviewEvent::Left(left)));
                }
                Effect::BuildPrompt { request, picks } => {
                    let mut text = "# Close these gaps\n".to_owned();
                    for (path, gap) in &picks {
                        let gaps = self.gaps(path).unwrap_or_default();
                        let says = gaps.iter().find(|own| own.id == *gap).unwrap();
                        let _ = writeln!(text, "\n{}: {}", path.as_str(), says.says);
                    }
                    self.send(Message::Prompt { request, text });
                }
                Effect::Run(RunWish::Begin { .. }) if self.measures => {
                    self.tell(RunNews::Begun {
                        id: "20261122-094112-1".to_owned(),
                        totals: self.coverage.totals,
                    });
                }
                Effect::Run(RunWish::Prepare(plan)) if self.measures => {
                    self.tell(RunNews::Prepared {
                        turn: plan.number,
                        prompt: plan.prompt.clone().unwrap_or_else(|| {
                            format!("# Round {} of turn {}\n", plan.round, plan.number)
                        }),
                    });
                }
                Effect::Run(RunWish::PutBack(turn)) if self.measures => {
                    self.tell(RunNews::PutBack {
                        turn: turn.number,
                        paths: vec![FilePath::new("tests/test_half.py")],
                    });
                }
                // Kept for the next start, after each picking.
                Effect::Run(RunWish::Keep(kept)) => self.kept.push(*kept),
                other => self.effects.push(other),
            }
        }
    }

    /// The effects that nobody answered since this was asked last.
    pub(crate) fn asked(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    pub(crate) fn buffer(&self) -> Buffer {
        let size = self.app.size();
        let mut terminal = Terminal::new(TestBackend::new(size.columns, size.rows)).unwrap();
        terminal.draw(|frame| view::draw(&self.app, frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    /// What the screen shows, as text.
    pub(crate) fn screen(&self) -> String {
        text_of(&self.buffer())
    }
}

/// The rows of a screen, without the spaces at their ends.
pub(crate) fn text_of(buffer: &Buffer) -> String {
    let area = buffer.area;
    let mut text = String::new();
    for y in 0..area.height {
        let mut row = String::new();
        let mut x = 0;
        while x < area.width {
            let symbol = buffer[(x, y)].symbol();
            row.push_str(symbol);
            x += u16::try_from(untaken::app::text::width(symbol).max(1)).unwrap();
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

/// The screen with the bytes that a terminal would be sent, for looking at it.
pub(crate) fn ansi_of(buffer: &Buffer) -> String {
    fn colour(color: Color, base: u8) -> String {
        match color {
            Color::Rgb(r, g, b) => format!("{base};2;{r};{g};{b}"),
            Color::Indexed(n) => format!("{base};5;{n}"),
            Color::Reset => format!("{}", base + 1),
            other => {
                let names = [
                    Color::Black,
                    Color::Red,
                    Color::Green,
                    Color::Yellow,
                    Color::Blue,
                    Color::Magenta,
                    Color::Cyan,
                    Color::Gray,
                    Color::DarkGray,
                ];
                let n = names.iter().position(|name| *name == other).unwrap_or(7);
                format!("{base};5;{n}")
            }
        }
    }
    let mut text = "\u{1b}[2J".to_owned();
    for y in 0..buffer.area.height {
        let _ = write!(text, "\u{1b}[{};1H", y + 1);
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let mut style = format!("0;{};{}", colour(cell.fg, 38), colour(cell.bg, 48));
            for (modifier, code) in [
                (Modifier::BOLD, ";1"),
                (Modifier::DIM, ";2"),
                (Modifier::ITALIC, ";3"),
                (Modifier::UNDERLINED, ";4"),
                (Modifier::REVERSED, ";7"),
            ] {
                if cell.modifier.contains(modifier) {
                    style.push_str(code);
                }
            }
            let _ = write!(text, "\u{1b}[{style}m{}", cell.symbol());
        }
    }
    text
}

/// Keys in the notation of the tests.
pub(crate) fn keys(script: &str) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut letters = script.chars();
    while let Some(letter) = letters.next() {
        if letter != '<' {
            keys.push(Key {
                code: KeyCode::Char(letter),
                ctrl: false,
                alt: false,
                shift: false,
            });
            continue;
        }
        let name: String = letters.by_ref().take_while(|end| *end != '>').collect();
        let name = if name == "lt" { "<" } else { name.as_str() };
        keys.push(parse_key(name).unwrap_or_else(|| panic!("no key: {name}")));
    }
    keys
}

pub(crate) fn percent(hundredths: u16) -> Percent {
    Percent::from_hundredths(hundredths)
}
