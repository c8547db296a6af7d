//! What the program will do: flags over `untaken.toml` over the user's own settings.
//!
//! This room may read files and the environment, for settings only. It knows nothing of reports,
//! screens or agents beyond the values they are given, and it never guesses: what is not set stays
//! `None`, and whoever needs it finds it out (`runtime::project`).

mod file;
mod keys;
mod origin;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use self::origin::{InForce, Origin, in_force};
use crate::cli::Everywhere;
use crate::coverage::Percent;
use crate::harmless;

/// The name of the project's settings file, at the root.
pub const FILE_NAME: &str = "untaken.toml";

/// Everything that can be set, with the defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The project's folder, absolute and without symbolic links.
    pub root: PathBuf,
    pub reports: ReportSettings,
    pub tests: TestSettings,
    /// `[target] branches`.
    pub target: Option<Percent>,
    pub agent: AgentSettings,
    pub ui: UiSettings,
    /// `[keys]`: action to key, as written. The keymap knows which actions and keys there are.
    pub keys: BTreeMap<String, String>,
    /// Where `--log` wants the log.
    pub log: Option<PathBuf>,
    /// The project's settings file, if there is one.
    pub config: Option<PathBuf>,
    /// `--diff` of the explorer: only what lies on lines changed since the merge base with it.
    pub diff: Option<String>,
    /// Where the records of runs are kept; `None`: in the user's state folder. Only the demo sets it.
    pub state: Option<PathBuf>,
    /// What the person must know all the time, such as that this is a recording. Only the demo sets it.
    pub banner: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportSettings {
    /// The reports to read, absolute: those of the command line, else `[reports] paths`. Empty: they
    /// are looked for.
    pub named: Vec<PathBuf>,
    /// Beginnings that are cut off the paths in a report, the first that fits.
    pub strip: Vec<String>,
    /// Put before what is left.
    pub prefix: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TestSettings {
    pub command: Option<String>,
    /// Some test files only: `pytest {files}`.
    pub file_command: Option<String>,
    /// What counts as a test, relative to the root.
    pub paths: Option<Vec<String>>,
    /// Where new tests go.
    pub generated: Option<String>,
    /// How often new tests run before they are believed.
    pub repeat: u32,
    pub timeout: Duration,
    /// Whether tests that an agent wrote run only inside Codex's sandbox.
    pub sandbox: bool,
}

impl Default for TestSettings {
    fn default() -> Self {
        Self {
            command: None,
            file_command: None,
            paths: None,
            generated: None,
            repeat: 3,
            timeout: Duration::from_secs(900),
            sandbox: true,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSettings {
    /// A name looked up on PATH, or a path.
    pub command: String,
    pub sandbox: Sandbox,
    pub approval: Approval,
    /// Turns for each batch that still has open gaps.
    pub rounds: u32,
    pub max_files: u32,
    pub max_tokens: u64,
    /// `None`: as the person's own Codex configuration says.
    pub model: Option<String>,
    /// By phase of the work, before `model`.
    pub models: ByPhase,
    pub effort: Option<String>,
    /// By phase of the work, before `effort`.
    pub efforts: ByPhase,
}

impl Default for AgentSettings {
    fn default() -> Self {
        Self {
            command: "codex".to_owned(),
            sandbox: Sandbox::WorkspaceWrite,
            approval: Approval::OnRequest,
            rounds: 3,
            max_files: 10,
            max_tokens: 2_000_000,
            model: None,
            models: ByPhase::default(),
            effort: None,
            efforts: ByPhase::default(),
        }
    }
}

/// `[agent.models]` and `[agent.efforts]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByPhase {
    /// The first round on a simple batch.
    pub authoring: Option<String>,
    /// A batch with many arms, and every later round; else as for authoring.
    pub authoring_complex: Option<String>,
    /// A second look at what an agent calls untestable; without it, there is no second look.
    pub verification: Option<String>,
}

/// What the agent's commands may touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sandbox {
    ReadOnly,
    WorkspaceWrite,
    DangerFullAccess,
}

/// When the agent asks a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    OnRequest,
    Untrusted,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UiSettings {
    pub theme: Theme,
    pub mouse: bool,
}

impl Default for UiSettings {
    fn default() -> Self {
        Self {
            theme: Theme::Auto,
            mouse: true,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Auto,
    Dark,
    Light,
    Ansi,
    ColourBlind,
}

/// Why the settings cannot be used. Every message names the file or flag, the place and what to do.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("{}: {why}", harmless::line(&path.display().to_string()))]
    Unreadable { path: PathBuf, why: String },
    #[error("{}:{line}: {what}", harmless::line(&path.display().to_string()))]
    Invalid {
        path: PathBuf,
        /// 1-based.
        line: usize,
        what: String,
    },
    #[error("--root {}: {why}", harmless::line(&path.display().to_string()))]
    Root { path: PathBuf, why: String },
    #[error("the current folder cannot be found out: {0}")]
    NoCurrentFolder(std::io::Error),
}

/// What of the world the settings depend on, handed in so that tests need not change it.
#[derive(Clone, Debug)]
pub struct Surroundings {
    pub current_dir: PathBuf,
    /// The folder that holds `untaken/config.toml`.
    pub user_config: Option<PathBuf>,
}

impl Surroundings {
    /// Those of this process.
    ///
    /// # Errors
    /// When the current folder was removed or may not be read.
    pub fn of_process() -> Result<Self, SettingsError> {
        use etcetera::BaseStrategy as _;
        Ok(Self {
            current_dir: std::env::current_dir().map_err(SettingsError::NoCurrentFolder)?,
            user_config: etcetera::choose_base_strategy()
                .ok()
                .map(|strategy| strategy.config_dir()),
        })
    }
}

impl Settings {
    /// Reads the settings files and puts the flags over them.
    ///
    /// # Errors
    /// When the root is no folder, or a settings file cannot be read, holds an unknown key or a value
    /// of the wrong kind.
    pub fn load(
        flags: &Everywhere,
        reports: &[PathBuf],
        around: &Surroundings,
    ) -> Result<Self, SettingsError> {
        let root = root(flags.root.as_deref(), &around.current_dir)?;
        let config = match &flags.config {
            Some(path) => Some(around.current_dir.join(path)),
            None => Some(root.join(FILE_NAME)).filter(|path| path.is_file()),
        };
        let user = origin::user_file(around);
        let of_project = config
            .as_deref()
            .map(file::read)
            .transpose()?
            .unwrap_or_default();
        let of_user = user
            .as_deref()
            .map(file::read)
            .transpose()?
            .unwrap_or_default();
        let mut settings = of_project.over(of_user).fill(root);
        if !reports.is_empty() {
            settings.reports.named = reports
                .iter()
                .map(|path| around.current_dir.join(path))
                .collect();
        }
        settings.log = flags.log.as_ref().map(|path| around.current_dir.join(path));
        settings.config = config;
        Ok(settings)
    }

    /// The defaults with the flags over them, as if there were no settings file.
    ///
    /// # Errors
    /// When the root is no folder.
    pub fn without_files(flags: &Everywhere, around: &Surroundings) -> Result<Self, SettingsError> {
        let root = root(flags.root.as_deref(), &around.current_dir)?;
        let mut settings = Self::defaults(root);
        settings.log = flags.log.as_ref().map(|path| around.current_dir.join(path));
        Ok(settings)
    }

    /// The defaults for a project, as if there were no settings file.
    #[must_use]
    pub fn defaults(root: PathBuf) -> Self {
        file::Values::default().fill(root)
    }
}

/// Whether a folder is the top of a git work tree. An empty `.git` is not enough: sandboxes leave such
/// folders behind, and the root would silently become a folder of strangers.
fn is_work_tree(folder: &Path) -> bool {
    let git = folder.join(".git");
    // In a linked work tree and in a submodule it is a file that names the place.
    git.is_file() || git.join("HEAD").exists()
}

/// The project's folder: the flag's, else that of the git work tree around the current folder, else
/// the current folder.
fn root(flag: Option<&Path>, current_dir: &Path) -> Result<PathBuf, SettingsError> {
    let chosen = match flag {
        Some(path) => current_dir.join(path),
        None => current_dir
            .ancestors()
            .find(|folder| is_work_tree(folder))
            .unwrap_or(current_dir)
            .to_owned(),
    };
    let failed = |why: String| SettingsError::Root {
        path: chosen.clone(),
        why,
    };
    let root = chosen
        .canonicalize()
        .map_err(|error| failed(error.to_string()))?;
    if root.is_dir() {
        Ok(root)
    } else {
        Err(failed("not a folder".to_owned()))
    }
}

#[cfg(test)]
mod tests;
