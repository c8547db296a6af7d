//! Pictures of the real program in a real terminal, made by typing:
//!
//!     cargo run --example screenshots              all of them, into `screenshots/`
//!     cargo run --example screenshots NAME...      only these
//!
//! It builds the program, runs its demo in a pty and draws what the terminal shows as SVG.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a tool of the project: whatever surprises it ends it"
)]

#[path = "screenshots/frame.rs"]
mod frame;
#[path = "../support/pty.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "made for tests, which need more of it"
)]
mod pty;
#[path = "screenshots/scenes.rs"]
mod scenes;
#[path = "screenshots/svg.rs"]
mod svg;

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let program = build();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    for scene in scenes::ALL {
        if !wanted.is_empty() && !wanted.iter().any(|name| name == scene.name) {
            continue;
        }
        let picture = scene.shoot(&program);
        let path = folder.join(format!("{}.svg", scene.name));
        println!("{} ({} KB)", path.display(), picture.len() / 1024);
        std::fs::write(path, picture).unwrap();
    }
}

/// The program as it is now, beside this tool.
fn build() -> PathBuf {
    let done = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--bin", "untaken"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(done.unwrap().success());
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/debug/untaken")
}
