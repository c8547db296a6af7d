//! The demo's own folder: made anew for each demo, removed at its end.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use tempfile::TempDir;

use super::assets;
use super::pytest::{self, Asked};

const PREFIX: &str = "untaken-demo-";
/// Locked as long as its folder is in use.
const LOCK: &str = "in-use";
/// The project is called what its folder is called.
const PROJECT: &str = "pigeonpost";

/// Where the sample's commands name pytest.
pub const PYTEST: &str = ".venv/bin/pytest";

/// The test command, as the sample's settings and its recorded session have it.
pub const TEST_COMMAND: &str =
    ".venv/bin/pytest --cov --cov-branch --cov-report=json:coverage/coverage.json";

/// A copy of the sample project, with its report and the stand-ins. Removed when it is dropped.
#[derive(Debug)]
pub struct Folder {
    project: PathBuf,
    state: PathBuf,
    _lock: Flock<File>,
    /// Dropped last: the lock lies in it.
    _whole: TempDir,
}

impl Folder {
    /// Makes the folder under the system's temporary one. `program` is this program, for the stand-ins.
    ///
    /// # Errors
    /// When something cannot be written; the path is in the message.
    pub fn create(program: &Path) -> anyhow::Result<Self> {
        use anyhow::Context as _;
        let temporary = std::env::temp_dir();
        sweep(&temporary);
        let whole = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(&temporary)
            .with_context(|| format!("cannot make a folder in {}", temporary.display()))?;
        let written = || -> anyhow::Result<(Flock<File>, PathBuf, PathBuf)> {
            // Settled, so that every path in the demo begins alike.
            let root = whole.path().canonicalize()?;
            // Locked before it has its name, so that nobody finds it there and free.
            let unnamed = root.join("unnamed");
            let lock = Flock::lock(File::create(&unnamed)?, FlockArg::LockExclusiveNonblock)
                .map_err(|(_, errno)| io::Error::from(errno))?;
            fs::rename(&unnamed, root.join(LOCK))?;
            let (project, state) = (root.join(PROJECT), root.join("state"));
            fs::create_dir(&state)?;
            fill(&project, program)?;
            Ok((lock, project, state))
        };
        let (lock, project, state) =
            written().with_context(|| format!("cannot fill {}", whole.path().display()))?;
        Ok(Self {
            project,
            state,
            _lock: lock,
            _whole: whole,
        })
    }

    /// The sample project, absolute.
    #[must_use]
    pub fn project(&self) -> &Path {
        &self.project
    }

    /// Where the demo keeps the record of its runs.
    #[must_use]
    pub fn state(&self) -> &Path {
        &self.state
    }
}

fn fill(project: &Path, program: &Path) -> anyhow::Result<()> {
    for (path, text) in assets::PROJECT {
        let path = project.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)?;
    }
    let tools = project.join(".venv/bin");
    fs::create_dir_all(&tools)?;
    stand_in(&tools.join("pytest"), program, "pytest", project)?;
    stand_in(&tools.join("codex"), program, "codex", project)?;
    fs::write(project.join(".gitignore"), "/.venv/\n/coverage/\n")?;
    fs::write(
        project.join(crate::settings::FILE_NAME),
        settings(&tools.join("codex")),
    )?;
    let runs = assets::runs().map_err(anyhow::Error::msg)?;
    let words: Vec<String> = TEST_COMMAND.split(' ').skip(1).map(str::to_owned).collect();
    let asked = Asked::parse(&words).map_err(anyhow::Error::msg)?;
    pytest::play(project, &asked, &runs)
        .map_err(anyhow::Error::msg)?
        .write_report()?;
    Ok(())
}

/// The sample's settings, as somebody would write them. The sandbox is off because nothing runs in here.
fn settings(codex: &Path) -> String {
    let codex = toml::Value::from(codex.to_string_lossy().into_owned());
    format!(
        "[reports]\n\
         paths = [\"coverage/coverage.json\"]\n\
         \n\
         [tests]\n\
         command = \"{TEST_COMMAND}\"\n\
         file_command = \".venv/bin/pytest {{files}}\"\n\
         paths = [\"tests/\"]\n\
         sandbox = false\n\
         \n\
         [agent]\n\
         command = {codex}\n"
    )
}

/// A shell script that is this program, playing a part.
fn stand_in(path: &Path, program: &Path, name: &str, project: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o755)
        .open(path)?;
    let mut words = vec![quoted(program.as_os_str())];
    words.extend(super::part(name, project).iter().map(|word| quoted(word)));
    writeln!(
        file,
        "#!/bin/sh\n# What {name} did when this demo was recorded is played again; {name} itself is not run.\n\
         exec {} \"$@\"",
        words.join(" ")
    )
}

/// One word for a shell.
fn quoted(word: &OsStr) -> String {
    format!("'{}'", word.to_string_lossy().replace('\'', "'\\''"))
}

/// Removes the folders of demos that were killed before they could. Nothing else is touched: a folder of
/// ours, of this user, whose lock nobody holds.
fn sweep(temporary: &Path) {
    let Ok(entries) = fs::read_dir(temporary) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && fs::symlink_metadata(&path).is_ok_and(|about| {
                about.is_dir() && about.uid() == nix::unistd::geteuid().as_raw()
            });
        if !is_ours {
            continue;
        }
        if let Ok(lock) = File::open(path.join(LOCK))
            && let Ok(_lock) = Flock::lock(lock, FlockArg::LockExclusiveNonblock)
        {
            // A folder that cannot be removed now can be the next time.
            let _ = fs::remove_dir_all(&path);
        }
    }
}
