//! Where the program is.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The outcome of looking for a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Located {
    At(PathBuf),
    /// `looked` continues "no program": `on PATH`, `at /opt/codex`.
    Nowhere {
        looked: String,
    },
}

/// Find Codex: a name on PATH, or a path (relative to `root`). Where it is npm's wrapper, the native program
/// beside it is taken: the wrapper costs 43 MB, and killed it leaves the native program behind (0.169).
#[must_use]
pub fn locate(command: &str, root: &Path) -> Located {
    let found = if command.contains('/') {
        let path = root.join(command);
        if !is_program(&path) {
            return Located::Nowhere {
                looked: format!("at {}", path.display()),
            };
        }
        path
    } else {
        let on_path = env::var_os("PATH").and_then(|path| {
            env::split_paths(&path)
                .map(|folder| folder.join(command))
                .find(|path| is_program(path))
        });
        match on_path {
            Some(path) => path,
            None => {
                return Located::Nowhere {
                    looked: "on PATH".to_owned(),
                };
            }
        }
    };
    Located::At(native_of(&found).unwrap_or(found))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// The native program of npm's wrapper `…/@openai/codex/bin/codex.js`; `None` if it is not that.
fn native_of(found: &Path) -> Option<PathBuf> {
    let wrapper = fs::canonicalize(found).ok()?;
    if wrapper.extension() != Some(OsStr::new("js")) {
        return None;
    }
    let package = wrapper.parent()?.parent()?;
    let (system, machine) = match (env::consts::OS, env::consts::ARCH) {
        ("linux", "x86_64") => ("linux-x64", "x86_64-unknown-linux-musl"),
        ("linux", "aarch64") => ("linux-arm64", "aarch64-unknown-linux-musl"),
        ("macos", "x86_64") => ("darwin-x64", "x86_64-apple-darwin"),
        ("macos", "aarch64") => ("darwin-arm64", "aarch64-apple-darwin"),
        _ => return None,
    };
    let native = format!("codex-{system}");
    [
        // As npm nests it, as npm and pnpm hoist it, and as it once lay in the package itself.
        package.join("node_modules/@openai").join(&native),
        package.parent()?.join(&native),
        package.to_path_buf(),
    ]
    .into_iter()
    .map(|package| package.join("vendor").join(machine).join("bin/codex"))
    .find(|path| is_program(path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn program(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn a_path_is_taken_from_the_root_and_must_be_a_program() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        program(&root.join("tools/codex"));
        assert_eq!(
            locate("tools/codex", root),
            Located::At(root.join("tools/codex"))
        );
        fs::write(root.join("text"), "").unwrap();
        for missing in ["./text", "./nothing", "./tools"] {
            assert!(
                matches!(locate(missing, root), Located::Nowhere { looked } if looked.starts_with("at ")),
                "{missing}"
            );
        }
    }

    #[test]
    fn the_native_program_is_taken_where_the_wrapper_stands_before_it() {
        let machine = match env::consts::ARCH {
            "aarch64" => ("arm64", "aarch64"),
            _ => ("x64", "x86_64"),
        };
        let (system, triple) = match env::consts::OS {
            "macos" => (
                format!("darwin-{}", machine.0),
                format!("{}-apple-darwin", machine.1),
            ),
            _ => (
                format!("linux-{}", machine.0),
                format!("{}-unknown-linux-musl", machine.1),
            ),
        };
        for nested in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let root = fs::canonicalize(folder.path()).unwrap();
            let openai = root.join("lib/node_modules/@openai");
            program(&openai.join("codex/bin/codex.js"));
            fs::create_dir_all(root.join("bin")).unwrap();
            symlink(openai.join("codex/bin/codex.js"), root.join("bin/codex")).unwrap();
            assert_eq!(
                locate("bin/codex", &root),
                Located::At(root.join("bin/codex")),
                "the wrapper, as long as there is nothing else"
            );
            let package = if nested {
                openai.join("codex/node_modules/@openai")
            } else {
                openai.clone()
            };
            let native = package.join(format!("codex-{system}/vendor/{triple}/bin/codex"));
            program(&native);
            assert_eq!(locate("bin/codex", &root), Located::At(native));
        }
    }
}
