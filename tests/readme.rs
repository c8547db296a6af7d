//! The README tells the truth: its key table is the program's, its pictures are there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use untaken::app::keymap::{Group, KeyMap, TABLE};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The keys by group, each action once, as the help shows them.
fn key_table() -> String {
    let keys = KeyMap::with(&[]).unwrap();
    let mut table = String::from("| | keys | |\n|---|---|---|\n");
    for group in Group::ALL {
        for entry in TABLE.iter().filter(|entry| entry.group == group) {
            let pressed: Vec<String> = keys
                .keys(entry.action)
                .iter()
                .map(|key| format!("`{key}`"))
                .collect();
            let title = group.title().to_lowercase();
            writeln!(
                table,
                "| {title} | {} | {} |",
                pressed.join(" "),
                entry.help
            )
            .unwrap();
        }
    }
    table
}

#[test]
fn the_man_page_names_every_key() {
    let page = assert_cmd::Command::cargo_bin("untaken")
        .unwrap()
        .arg("man")
        .output()
        .unwrap();
    let page = String::from_utf8(page.stdout).unwrap().replace('\\', "");
    let (_, section) = page.split_once(".SH KEYS").unwrap();
    for entry in TABLE {
        assert!(section.contains(entry.help), "{}", entry.name);
        assert!(section.contains(&format!("[{}]", entry.name)));
    }
}

#[test]
fn the_key_table_is_the_programs() {
    let readme = read("README.md");
    let between = readme
        .split_once("<!-- keys -->\n")
        .and_then(|(_, rest)| rest.split_once("<!-- /keys -->"));
    let (written, _) = between.expect("the README has a place for the keys");
    if std::env::var_os("UPDATE_README").is_some() {
        let anew = readme.replacen(
            &format!("<!-- keys -->\n{written}<!-- /keys -->"),
            &format!("<!-- keys -->\n{}<!-- /keys -->", key_table()),
            1,
        );
        fs::write(
            Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"),
            anew,
        )
        .unwrap();
        return;
    }
    assert!(
        written == key_table(),
        "README.md is behind the keys: UPDATE_README=1 cargo test --test readme"
    );
}

#[test]
fn every_picture_is_there() {
    let readme = read("README.md");
    let pictures: Vec<&str> = readme
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| target.starts_with("screenshots/"))
        .collect();
    assert!(!pictures.is_empty());
    for picture in pictures {
        assert!(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join(picture)
                .is_file(),
            "{picture} is missing"
        );
    }
}
