//! Go modules: which import path stands for which folder.

use std::fs;
use std::path::Path;

use rustc_hash::FxHashSet;

use crate::coverage::resolve::{Disk, Named};
use crate::runtime::sources::OnDisk;

/// The modules that a Go profile's paths need: those of `go.mod` files above the report, and, when a
/// path belongs to none of them, all in the project.
pub(super) fn modules(
    files: &[Named<'_>],
    report_dir: Option<&str>,
    root: &Path,
    disk: &mut OnDisk<'_>,
) -> Vec<(String, String)> {
    let mut folders: Vec<String> = vec![String::new()];
    let mut folder = String::new();
    for part in report_dir
        .unwrap_or_default()
        .split('/')
        .filter(|part| !part.is_empty())
    {
        if !folder.is_empty() {
            folder.push('/');
        }
        folder.push_str(part);
        folders.push(folder.clone());
    }
    let mut modules = read(root, folders);
    let is_covered = |file: &Named<'_>, modules: &[(String, String)]| {
        modules.iter().any(|(module, _)| {
            file.path
                .strip_prefix(module.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
        })
    };
    if !files.iter().all(|file| is_covered(file, &modules)) {
        let names = FxHashSet::from_iter(["go.mod".to_owned()]);
        let folders = disk.list(&names).into_paths().map(|path| {
            path.rsplit_once('/')
                .map_or(String::new(), |(folder, _)| folder.to_owned())
        });
        modules = read(root, folders);
    }
    modules
}

fn read(root: &Path, folders: impl IntoIterator<Item = String>) -> Vec<(String, String)> {
    folders
        .into_iter()
        .filter_map(|folder| {
            let text = fs::read_to_string(root.join(&folder).join("go.mod")).ok()?;
            Some((module(&text)?, folder))
        })
        .collect()
}

/// The import path that a `go.mod` declares.
fn module(text: &str) -> Option<String> {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default().trim())
        .find_map(|line| {
            line.strip_prefix("module")?
                .strip_prefix([' ', '\t', '"', '('])
        })
        .map(|name| {
            name.trim_matches([' ', '\t', '"', '`', '(', ')'])
                .to_owned()
        })
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_of_a_go_mod() {
        assert_eq!(
            module("// x\nmodule example.com/queue // y\n\ngo 1.19\n").as_deref(),
            Some("example.com/queue")
        );
        assert_eq!(module("module \"a/b\"\n").as_deref(), Some("a/b"));
        assert_eq!(module("go 1.19\n"), None);
        assert_eq!(module("modules x\n"), None);
    }
}
