//! One settings file: its keys checked, its values read, and one file put over another.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer};
use toml::de::{DeTable, DeValue};

use super::keys::{OPEN_SECTION, known_under, nearest};
use super::{
    AgentSettings, Approval, ByPhase, ReportSettings, Sandbox, Settings, SettingsError,
    TestSettings, Theme, UiSettings,
};
use crate::coverage::Percent;
use crate::harmless;

/// What one file sets; `None` where it says nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Values {
    reports: Reports,
    tests: Tests,
    target: Target,
    agent: Agent,
    ui: Ui,
    keys: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reports {
    paths: Option<Vec<PathBuf>>,
    strip: Option<Vec<String>>,
    prefix: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tests {
    command: Option<String>,
    file_command: Option<String>,
    paths: Option<Vec<String>>,
    generated: Option<String>,
    #[serde(deserialize_with = "at_least_one")]
    repeat: Option<u32>,
    #[serde(deserialize_with = "at_least_one")]
    timeout: Option<u32>,
    sandbox: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Target {
    #[serde(deserialize_with = "percent")]
    branches: Option<Percent>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Agent {
    command: Option<String>,
    sandbox: Option<SandboxName>,
    approval: Option<ApprovalName>,
    #[serde(deserialize_with = "at_least_one")]
    rounds: Option<u32>,
    #[serde(deserialize_with = "at_least_one")]
    max_files: Option<u32>,
    max_tokens: Option<u64>,
    model: Option<String>,
    models: Phases,
    effort: Option<String>,
    efforts: Phases,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Phases {
    authoring: Option<String>,
    authoring_complex: Option<String>,
    verification: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Ui {
    theme: Option<ThemeName>,
    mouse: Option<bool>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SandboxName {
    ReadOnly,
    WorkspaceWrite,
    DangerFullAccess,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ApprovalName {
    OnRequest,
    Untrusted,
    Never,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ThemeName {
    Auto,
    Dark,
    Light,
    Ansi,
    ColourBlind,
}

/// Reads and checks one file.
pub(super) fn read(path: &Path) -> Result<Values, SettingsError> {
    let text = text_of(path)?;
    parse(&text).map_err(|wrong| invalid(path, &text, wrong))
}

fn text_of(path: &Path) -> Result<String, SettingsError> {
    std::fs::read_to_string(path).map_err(|error| SettingsError::Unreadable {
        path: path.to_owned(),
        why: error.to_string(),
    })
}

fn invalid(path: &Path, text: &str, Wrong { at, what }: Wrong) -> SettingsError {
    SettingsError::Invalid {
        path: path.to_owned(),
        line: line_of(text, at),
        what,
    }
}

/// The line of each key that a file sets, 1-based, by its full name such as `agent.model`.
pub(super) fn places(path: &Path) -> Result<BTreeMap<String, usize>, SettingsError> {
    fn collect(text: &str, inside: &str, table: &DeTable<'_>, into: &mut BTreeMap<String, usize>) {
        for (key, value) in table {
            let name = format!("{inside}{}", key.get_ref());
            match value.get_ref() {
                DeValue::Table(table) => collect(text, &format!("{name}."), table, into),
                _ => drop(into.insert(name, line_of(text, key.span().start))),
            }
        }
    }
    let text = text_of(path)?;
    let mut places = BTreeMap::new();
    let table = DeTable::parse(&text).map_err(|error| invalid(path, &text, error.into()))?;
    collect(&text, "", table.get_ref(), &mut places);
    Ok(places)
}

/// What is wrong, and at which byte.
#[derive(Debug)]
struct Wrong {
    at: usize,
    what: String,
}

impl From<toml::de::Error> for Wrong {
    fn from(error: toml::de::Error) -> Self {
        Self {
            at: error.span().map_or(0, |span| span.start),
            what: harmless::line(error.message()).into_owned(),
        }
    }
}

fn parse(text: &str) -> Result<Values, Wrong> {
    let table = DeTable::parse(text)?;
    check_keys("", table.get_ref())?;
    Ok(toml::from_str(text)?)
}

/// Refuses the first key that nothing reads, in the order of the text.
fn check_keys(section: &str, table: &DeTable<'_>) -> Result<(), Wrong> {
    let known = known_under(section);
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    for (key, value) in entries {
        let name = key.get_ref().as_ref();
        if !known.contains(&name) {
            let under = match section {
                "" => String::new(),
                section => format!(" in [{section}]"),
            };
            let meant = nearest(section, name)
                .map(|meant| format!("; the nearest known key is {meant}"))
                .unwrap_or_default();
            return Err(Wrong {
                at: key.span().start,
                what: format!("unknown key {}{under}{meant}", harmless::line(name)),
            });
        }
        let inner = match section {
            "" => name.to_owned(),
            section => format!("{section}.{name}"),
        };
        let has_keys_of_its_own = inner != OPEN_SECTION && !known_under(&inner).is_empty();
        if let (true, DeValue::Table(table)) = (has_keys_of_its_own, value.get_ref()) {
            check_keys(&inner, table)?;
        }
    }
    Ok(())
}

fn line_of(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    memchr::memchr_iter(b'\n', before).count() + 1
}

fn at_least_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let number = u32::deserialize(deserializer)?;
    if number == 0 {
        return Err(serde::de::Error::custom("must be at least 1"));
    }
    Ok(Some(number))
}

fn percent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Percent>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Whole(i64),
        Decimal(f64),
    }
    let text = match Number::deserialize(deserializer)
        .map_err(|_| serde::de::Error::custom("must be a number, such as 80 or 83.5"))?
    {
        Number::Whole(number) => number.to_string(),
        Number::Decimal(number) => number.to_string(),
    };
    crate::cli::percent(&text)
        .map(Some)
        .map_err(|wanted| serde::de::Error::custom(format!("must be {wanted}")))
}

impl Phases {
    fn over(self, below: Self) -> Self {
        Self {
            authoring: self.authoring.or(below.authoring),
            authoring_complex: self.authoring_complex.or(below.authoring_complex),
            verification: self.verification.or(below.verification),
        }
    }
}

impl From<Phases> for ByPhase {
    fn from(phases: Phases) -> Self {
        Self {
            authoring: phases.authoring,
            authoring_complex: phases.authoring_complex,
            verification: phases.verification,
        }
    }
}

impl Values {
    /// These values, and another file's where these say nothing.
    pub(super) fn over(self, below: Self) -> Self {
        let mut keys = below.keys;
        keys.extend(self.keys);
        Self {
            reports: Reports {
                paths: self.reports.paths.or(below.reports.paths),
                strip: self.reports.strip.or(below.reports.strip),
                prefix: self.reports.prefix.or(below.reports.prefix),
            },
            tests: Tests {
                command: self.tests.command.or(below.tests.command),
                file_command: self.tests.file_command.or(below.tests.file_command),
                paths: self.tests.paths.or(below.tests.paths),
                generated: self.tests.generated.or(below.tests.generated),
                repeat: self.tests.repeat.or(below.tests.repeat),
                timeout: self.tests.timeout.or(below.tests.timeout),
                sandbox: self.tests.sandbox.or(below.tests.sandbox),
            },
            target: Target {
                branches: self.target.branches.or(below.target.branches),
            },
            agent: Agent {
                command: self.agent.command.or(below.agent.command),
                sandbox: self.agent.sandbox.or(below.agent.sandbox),
                approval: self.agent.approval.or(below.agent.approval),
                rounds: self.agent.rounds.or(below.agent.rounds),
                max_files: self.agent.max_files.or(below.agent.max_files),
                max_tokens: self.agent.max_tokens.or(below.agent.max_tokens),
                model: self.agent.model.or(below.agent.model),
                models: self.agent.models.over(below.agent.models),
                effort: self.agent.effort.or(below.agent.effort),
                efforts: self.agent.efforts.over(below.agent.efforts),
            },
            ui: Ui {
                theme: self.ui.theme.or(below.ui.theme),
                mouse: self.ui.mouse.or(below.ui.mouse),
            },
            keys,
        }
    }

    /// The defaults where nothing was said; paths made absolute from the root.
    pub(super) fn fill(self, root: PathBuf) -> Settings {
        let tests = TestSettings::default();
        let agent = AgentSettings::default();
        let ui = UiSettings::default();
        Settings {
            diff: None,
            reports: ReportSettings {
                named: self
                    .reports
                    .paths
                    .unwrap_or_default()
                    .iter()
                    .map(|path| root.join(path))
                    .collect(),
                strip: self.reports.strip.unwrap_or_default(),
                prefix: self.reports.prefix.unwrap_or_default(),
            },
            tests: TestSettings {
                command: self.tests.command,
                file_command: self.tests.file_command,
                paths: self.tests.paths,
                generated: self.tests.generated,
                repeat: self.tests.repeat.unwrap_or(tests.repeat),
                timeout: self
                    .tests
                    .timeout
                    .map_or(tests.timeout, |seconds| Duration::from_secs(seconds.into())),
                sandbox: self.tests.sandbox.unwrap_or(tests.sandbox),
            },
            target: self.target.branches,
            agent: AgentSettings {
                command: self.agent.command.unwrap_or(agent.command),
                sandbox: self.agent.sandbox.map_or(agent.sandbox, |name| match name {
                    SandboxName::ReadOnly => Sandbox::ReadOnly,
                    SandboxName::WorkspaceWrite => Sandbox::WorkspaceWrite,
                    SandboxName::DangerFullAccess => Sandbox::DangerFullAccess,
                }),
                approval: self
                    .agent
                    .approval
                    .map_or(agent.approval, |name| match name {
                        ApprovalName::OnRequest => Approval::OnRequest,
                        ApprovalName::Untrusted => Approval::Untrusted,
                        ApprovalName::Never => Approval::Never,
                    }),
                rounds: self.agent.rounds.unwrap_or(agent.rounds),
                max_files: self.agent.max_files.unwrap_or(agent.max_files),
                max_tokens: self.agent.max_tokens.unwrap_or(agent.max_tokens),
                model: self.agent.model,
                models: self.agent.models.into(),
                effort: self.agent.effort,
                efforts: self.agent.efforts.into(),
            },
            ui: UiSettings {
                theme: self.ui.theme.map_or(ui.theme, |name| match name {
                    ThemeName::Auto => Theme::Auto,
                    ThemeName::Dark => Theme::Dark,
                    ThemeName::Light => Theme::Light,
                    ThemeName::Ansi => Theme::Ansi,
                    ThemeName::ColourBlind => Theme::ColourBlind,
                }),
                mouse: self.ui.mouse.unwrap_or(ui.mouse),
            },
            keys: self.keys,
            log: None,
            config: None,
            state: None,
            banner: None,
            root,
        }
    }
}
