//! Records the demo anew: every run of pytest that the sample project can need, and a session with the real
//! Codex whose model is scripted. Needs codex, python with pytest and pytest-cov, and a minute or two:
//!
//!     cargo run --example record-demo            both recordings
//!     cargo run --example record-demo session    only the session, or only the `runs`
//!
//! It works in `target/demo-recording` and writes `assets/demo/runs.jsonl` and `assets/demo/session.jsonl`.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a tool of the project: whatever surprises it ends it"
)]

#[path = "../support/model_server.rs"]
mod model_server;
#[path = "record_demo/runs.rs"]
mod runs;
#[path = "record_demo/session.rs"]
mod session;

use std::path::{Path, PathBuf};

fn main() {
    let work = package().join("target/demo-recording");
    let _ = std::fs::remove_dir_all(&work);
    std::fs::create_dir_all(&work).unwrap();
    let part = std::env::args().nth(1);
    if part.as_deref() != Some("session") {
        runs::record(&work);
    }
    if part.as_deref() != Some("runs") {
        session::record(&work);
    }
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The sample project, copied to a folder, with the real tools where the demo has its stand-ins.
fn sample(into: &Path) {
    for (path, text) in project_files() {
        let to = into.join(path);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::write(to, text).unwrap();
    }
    std::fs::create_dir_all(into.join(".venv/bin")).unwrap();
    std::os::unix::fs::symlink(on_path("pytest"), into.join(".venv/bin/pytest")).unwrap();
}

/// The files of the sample project, sorted, paths relative to it.
fn project_files() -> Vec<(String, String)> {
    fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, into);
            } else {
                into.push(path);
            }
        }
    }
    let root = package().join("assets/demo/project");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
            (name.to_owned(), std::fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// Where a program is found.
fn on_path(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| panic!("{program} is not on PATH"))
}
