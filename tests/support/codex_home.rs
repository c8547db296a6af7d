//! The real Codex with a home of its own, and a project for it to work in.
//!
//! Codex is reached through a script that sets `CODEX_HOME`, because the environment of a test process is
//! shared by all its tests. Everything that was started through it carries the folder's name in its
//! environment: so what is left of it can be found.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support: each test uses its part, and stops at the first surprise"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use untaken::runtime::codex::{Located, locate};

pub(crate) struct CodexHome {
    folder: TempDir,
}

impl CodexHome {
    /// A home with this `config.toml`, and an empty project beside it.
    ///
    /// Not in the system's folder for temporary files: there Codex refuses to make its helpers (0.169).
    pub(crate) fn new(config: &str) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("codex-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .unwrap();
        let home = Self { folder };
        fs::create_dir_all(home.home()).unwrap();
        fs::create_dir_all(home.project()).unwrap();
        fs::write(home.config(), config).unwrap();
        let Located::At(codex) = locate("codex", Path::new("/")) else {
            panic!("this test needs the Codex CLI, and there is no `codex` on PATH");
        };
        // Written by another process: were it open for writing here, a child that another test just forks
        // would hold it open, and it could not be run.
        let written = Command::new("/bin/sh")
            .args([
                "-c",
                "printf '%s\n' '#!/bin/sh' \"$1\" > \"$2\" && chmod +x \"$2\"",
                "sh",
            ])
            .arg(format!(
                "CODEX_HOME='{}' exec '{}' \"$@\"",
                home.home().display(),
                codex.display()
            ))
            .arg(home.command())
            .status();
        assert!(written.unwrap().success());
        home
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.home().join("config.toml")
    }

    pub(crate) fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// A folder that the sandbox does not let be written.
    pub(crate) fn outside(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// The program to name as `command`.
    pub(crate) fn command(&self) -> PathBuf {
        self.folder.path().join("codex")
    }

    /// The processes that were started through [`Self::command`], as `pid command`.
    pub(crate) fn processes(&self) -> Vec<(i32, String)> {
        let mark = self.home().display().to_string().into_bytes();
        fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
                let environment = fs::read(entry.path().join("environ")).ok()?;
                environment
                    .windows(mark.len())
                    .any(|window| window == mark)
                    .then(|| {
                        let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
                        let command = String::from_utf8_lossy(&command).replace('\0', " ");
                        (pid, command)
                    })
            })
            .collect()
    }

    /// Fail if anything still runs that was started through [`Self::command`]. A second is given, in which
    /// what was killed is reaped.
    pub(crate) fn assert_nothing_left(&self) {
        let start = Instant::now();
        loop {
            let left = self.processes();
            if left.is_empty() {
                return;
            }
            assert!(
                start.elapsed() < Duration::from_secs(1),
                "left behind: {left:#?}"
            );
            sleep(Duration::from_millis(20));
        }
    }
}
