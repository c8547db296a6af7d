//! The house rules that a compiler does not know: who may import whom, which rooms touch the world, that every
//! module says what it is for, that the map in `src/lib.rs` names every room, and which words never appear.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use tree_sitter::{Node, Parser};

/// Each room and the rooms it may import, words apart. A room that is not listed may not exist.
/// `harmless` is everybody's guest.
const ROOMS: &[(&str, &str)] = &[
    ("harmless", ""),
    ("coverage", ""),
    ("formats", "coverage"),
    ("syntax", "coverage"),
    ("gaps", "coverage syntax"),
    ("agent", "coverage gaps"),
    ("evidence", "coverage gaps syntax"),
    ("triage", "coverage gaps evidence"),
    ("highlight", "coverage"),
    (
        "app",
        "coverage formats gaps agent triage evidence highlight",
    ),
    (
        "view",
        "coverage formats gaps agent triage evidence highlight app",
    ),
    ("cli", "coverage triage"),
    ("settings", "cli coverage"),
    (
        "runtime",
        "coverage formats syntax gaps agent triage evidence highlight app view cli settings",
    ),
    // Of the app only its key table, for the manual page: it is not to be written twice.
    (
        "commands",
        "coverage formats syntax gaps agent triage evidence app cli settings runtime",
    ),
];

/// What reaches the world (a path, or the beginning of one) and the rooms that may all the same. Every other
/// room is without a clock, a file, a process, an environment, a thread, a terminal.
const WORLD: &[(&str, &str)] = &[
    ("std::fs", "settings runtime commands"),
    ("std::env", "settings runtime commands"),
    ("std::process", "runtime commands"),
    ("std::net", "runtime commands"),
    ("std::thread", "runtime commands"),
    ("std::time::Instant", "runtime commands"),
    ("std::time::SystemTime", "settings runtime commands"),
    ("tokio", "runtime commands"),
    ("tokio_util", "runtime commands"),
    ("nix", "runtime commands"),
    ("ignore", "settings runtime commands"),
    ("notify", "runtime"),
    ("crossterm", "runtime"),
    ("ratatui", "view runtime"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn lists(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|it| it == word)
}

/// One Rust file of the program.
struct Source {
    /// Relative to the package, with `/`.
    path: String,
    /// `coverage`, or `main`/`lib` for the two files outside of the rooms.
    room: String,
    text: String,
}

impl Source {
    fn is_for_tests(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }
}

fn sources() -> Vec<Source> {
    fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, into);
            } else if path.extension().is_some_and(|it| it == "rs") {
                into.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    collect(&root().join("src"), &mut paths);
    paths.sort();
    assert!(paths.len() > 20, "the sources were not found");
    paths
        .into_iter()
        .map(|path| {
            let relative = path.strip_prefix(root()).unwrap();
            let first = relative.components().nth(1).unwrap();
            let room = first.as_os_str().to_str().unwrap().trim_end_matches(".rs");
            Source {
                room: room.to_owned(),
                path: relative.to_str().unwrap().replace('\\', "/"),
                text: fs::read_to_string(&path).unwrap(),
            }
        })
        .collect()
}

/// A path as it is written in code, such as `crate::gaps::Gap`, and its 1-based line.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mention {
    line: usize,
    path: String,
}

/// Every path in the code, `use` trees spelled out; comments, texts and what is compiled for tests alone left out.
fn mentions(source: &str) -> BTreeSet<Mention> {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_rust::LANGUAGE.into())
        .unwrap();
    let tree = parser.parse(source, None).unwrap();
    let mut tokens = Vec::new();
    leaves(tree.root_node(), source, &mut tokens);
    let mut found = BTreeSet::new();
    let mut at = 0;
    while at < tokens.len() {
        at = path_at(&tokens, at, "", &mut found).max(at + 1);
    }
    found
}

struct Token<'a> {
    line: usize,
    text: &'a str,
}

fn leaves<'a>(node: Node<'_>, source: &'a str, into: &mut Vec<Token<'a>>) {
    if node.kind().contains("comment") || node.kind().contains("string_literal") {
        return;
    }
    if node.child_count() == 0 {
        into.push(Token {
            line: node.start_position().row + 1,
            text: &source[node.byte_range()],
        });
        return;
    }
    let mut for_tests = false;
    let mut cursor = node.walk();
    for child in node.children(&mut cursor) {
        if child.kind() == "attribute_item" {
            for_tests |= source[child.byte_range()].replace(' ', "") == "#[cfg(test)]";
        } else if std::mem::take(&mut for_tests) {
            continue;
        }
        leaves(child, source, into);
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Reads the path that begins at a token, with the tree behind it if there is one; returns the token after it.
fn path_at(
    tokens: &[Token<'_>],
    mut at: usize,
    prefix: &str,
    found: &mut BTreeSet<Mention>,
) -> usize {
    let Some(first) = tokens.get(at).filter(|token| is_word(token.text)) else {
        return at;
    };
    let mut path = format!("{prefix}{}", first.text);
    at += 1;
    while tokens.get(at).is_some_and(|token| token.text == "::") {
        match tokens.get(at + 1).map(|token| token.text) {
            Some("{") => {
                at += 2;
                while tokens.get(at).is_some_and(|token| token.text != "}") {
                    at = path_at(tokens, at, &format!("{path}::"), found).max(at + 1);
                }
                return at + 1;
            }
            Some(word) if is_word(word) => {
                let _ = write!(path, "::{word}");
                at += 2;
            }
            _ => break,
        }
    }
    found.insert(Mention {
        line: first.line,
        path,
    });
    at
}

/// The room that a path leads into, seen from a file of the given room.
fn room_of<'a>(path: &'a str, room: &str) -> Option<&'a str> {
    let climbs = path.starts_with("super::");
    if !climbs && !path.starts_with("crate::") {
        return None;
    }
    let target = path
        .split("::")
        .find(|part| !matches!(*part, "crate" | "super"))?;
    // `super::agent` in app is app's own file of that name, where there is one.
    let own = root().join("src").join(room);
    if climbs && (own.join(target).exists() || own.join(format!("{target}.rs")).exists()) {
        return None;
    }
    ROOMS
        .iter()
        .any(|(name, _)| *name == target)
        .then_some(target)
}

#[test]
fn rooms_import_only_whom_they_may() {
    let mut breaches = String::new();
    for source in sources() {
        if matches!(source.room.as_str(), "main" | "lib") || source.is_for_tests() {
            continue;
        }
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == source.room) else {
            panic!("{}: a room that tests/tidy.rs does not know", source.path);
        };
        for mention in mentions(&source.text) {
            if let Some(target) = room_of(&mention.path, &source.room)
                && target != source.room
                && target != "harmless"
                && !lists(allowed, target)
            {
                let _ = writeln!(
                    breaches,
                    "{}:{}: {} must not import {target} ({})",
                    source.path, mention.line, source.room, mention.path
                );
            }
        }
    }
    assert!(breaches.is_empty(), "\n{breaches}");
}

#[test]
fn only_the_outer_rooms_touch_the_world() {
    let mut breaches = String::new();
    for source in sources() {
        if source.room == "main" || source.is_for_tests() {
            continue;
        }
        for mention in mentions(&source.text) {
            for (world, rooms) in WORLD {
                // A lone `ignore` or `notify` is somebody's variable; a crate is followed by `::`.
                let reaches = mention.path.contains("::")
                    && mention
                        .path
                        .strip_prefix(world)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
                if reaches && !lists(rooms, &source.room) {
                    let _ = writeln!(
                        breaches,
                        "{}:{}: {} must not reach for {world}",
                        source.path, mention.line, source.room
                    );
                }
            }
        }
    }
    assert!(breaches.is_empty(), "\n{breaches}");
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent: Vec<_> = sources()
        .into_iter()
        .filter(|source| !source.is_for_tests())
        .filter(|source| {
            let first = source.text.lines().next().unwrap_or_default();
            first
                .strip_prefix("//! ")
                .is_none_or(|words| words.trim().is_empty())
        })
        .map(|source| source.path)
        .collect();
    assert!(
        silent.is_empty(),
        "no `//!` in the first line of {silent:?}"
    );
}

#[test]
fn the_map_names_every_room() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let map: String = lib.lines().filter(|line| line.starts_with("//!")).collect();
    let rooms: BTreeSet<_> = sources().into_iter().map(|source| source.room).collect();
    for room in rooms {
        if !matches!(room.as_str(), "main" | "lib") {
            let named = map.contains(&format!("[`{room}`]"));
            assert!(named, "src/lib.rs does not tell about the room {room}");
        }
    }
}

/// Every text file that belongs to the project, with its path relative to the package.
fn project_files() -> Vec<(String, String)> {
    let walk = ignore::WalkBuilder::new(root())
        .hidden(false)
        .require_git(false)
        .filter_entry(|entry| entry.file_name() != ".git" && entry.file_name() != "target")
        .build();
    let mut files = Vec::new();
    for entry in walk {
        let entry = entry.unwrap();
        let path = entry.path().strip_prefix(root()).unwrap();
        if entry.file_type().is_some_and(|kind| kind.is_file())
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            files.push((path.to_str().unwrap().replace('\\', "/"), text));
        }
    }
    assert!(files.iter().any(|(path, _)| path == ".ci/run"));
    files
}

#[test]
fn some_words_never_appear() {
    // Spelled in halves, so that this file may be read like all others.
    let words = [
        concat!("registry.", "npmjs"),
        concat!("npmjs.", "org"),
        concat!("pypi.", "org"),
        concat!("files.python", "hosted"),
        concat!("deb.", "debian"),
        concat!("repo.maven", ".apache"),
        concat!("repo1.", "maven"),
        concat!("proxy.", "golang"),
        concat!("static.", "crates"),
        concat!("index.", "crates"),
        // Paths of the machine that a change was made on.
        concat!("/work", "/main"),
        concat!("/work", "/wt"),
        concat!("/work", "/shared"),
        concat!("../", "shared"),
        concat!("/ro", "ot/"),
        concat!("/tmp/bash", "_"),
    ];
    let mut breaches = String::new();
    for (path, text) in project_files() {
        for (at, line) in text.lines().enumerate() {
            for word in words.iter().filter(|word| line.contains(**word)) {
                let _ = writeln!(breaches, "{path}:{}: {word}", at + 1);
            }
        }
    }
    assert!(breaches.is_empty(), "\n{breaches}");
}

#[test]
fn nothing_is_left_for_later() {
    let words = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
        concat!("unimplemented", "!("),
    ];
    let mut breaches = String::new();
    for source in sources() {
        for (at, line) in source.text.lines().enumerate() {
            for word in words.iter().filter(|word| line.contains(**word)) {
                let _ = writeln!(breaches, "{}:{}: {word}", source.path, at + 1);
            }
            if let Some(name) = empty_name(line) {
                let _ = writeln!(breaches, "{}:{}: {name} says nothing", source.path, at + 1);
            }
        }
    }
    assert!(breaches.is_empty(), "\n{breaches}");
}

/// The name that a line declares, when it is one that could mean anything.
fn empty_name(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let rest = ["struct ", "enum ", "trait ", "mod ", "type "]
        .iter()
        .find_map(|keyword| line.strip_prefix(keyword))?;
    let name = rest.split(|it: char| !it.is_alphanumeric() && it != '_');
    let name = name.into_iter().next()?;
    let lower = name.to_lowercase();
    ["manager", "helper", "util"]
        .iter()
        .any(|empty| lower.contains(empty))
        .then_some(name)
}

/// The reader of the sources is held to examples itself: a rule that cannot see cannot be broken.
mod the_reader {
    use super::{empty_name, mentions, room_of};

    fn paths(source: &str) -> Vec<String> {
        mentions(source)
            .into_iter()
            .map(|mention| mention.path)
            .collect()
    }

    #[test]
    fn spells_use_trees_out() {
        let found = paths(
            "use crate::{agent::Session, gaps::{Gap, GapId as Id}};\nuse std::{fs, io::{self, Read}};",
        );
        for path in [
            "crate::agent::Session",
            "crate::gaps::Gap",
            "crate::gaps::GapId",
            "std::fs",
            "std::io::Read",
        ] {
            assert!(found.iter().any(|it| it == path), "{path} in {found:?}");
        }
    }

    #[test]
    fn sees_paths_in_bodies_and_macros() {
        let found = paths("fn f() { let x = vec![std::fs::read(p)]; tokio::spawn(x) }");
        assert!(found.contains(&"std::fs::read".to_owned()), "{found:?}");
        assert!(found.contains(&"tokio::spawn".to_owned()), "{found:?}");
    }

    #[test]
    fn skips_comments_texts_and_tests() {
        let found = paths(
            "//! std::fs\n/* tokio::x */ const A: &str = \"std::env::var\";\n\
             #[cfg(test)]\nmod tests { use std::fs; }\nfn after() { crate::gaps::x() }",
        );
        assert!(!found.iter().any(|it| it.contains("std")), "{found:?}");
        assert!(found.contains(&"crate::gaps::x".to_owned()), "{found:?}");
    }

    #[test]
    fn knows_the_room_behind_a_path() {
        assert_eq!(room_of("crate::gaps::Gap", "app"), Some("gaps"));
        assert_eq!(
            room_of("super::super::runtime::Run", "coverage"),
            Some("runtime")
        );
        assert_eq!(room_of("super::message::Key", "app"), None);
        assert_eq!(room_of("std::fs", "app"), None);
    }

    #[test]
    fn knows_an_empty_name() {
        assert_eq!(
            empty_name("pub struct ReportManager {"),
            Some("ReportManager")
        );
        assert_eq!(empty_name("mod utils;"), Some("utils"));
        assert_eq!(empty_name("pub struct Report;"), None);
    }
}
