//! Single files of the tree, read and written for a decision. Never through a symbolic link, never outside
//! of the root, never a part of a file.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::super::store::write_whole;

/// A file's bytes, `None` where there is none.
///
/// # Errors
/// When it is no ordinary file, or cannot be read; in words.
pub(super) fn read(root: &Path, path: &str) -> Result<Option<Vec<u8>>, String> {
    let file = place(root, path)?;
    match fs::symlink_metadata(&file) {
        Ok(found) if found.is_file() => fs::read(&file)
            .map(Some)
            .map_err(|error| format!("{path}: cannot be read: {error}")),
        Ok(_) => Err(format!("{path}: is no ordinary file, and is left alone")),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(format!("{path}: cannot be read: {error}")),
    }
}

/// Gives a file other bytes, or takes it away. Its permissions stay; folders that stand empty because of it
/// are removed.
///
/// # Errors
/// When the disk does not take it; in words.
pub(super) fn write(root: &Path, path: &str, bytes: Option<&[u8]>) -> Result<(), String> {
    let file = place(root, path)?;
    let failed = |error: io::Error| format!("{path}: cannot be written: {error}");
    let Some(bytes) = bytes else {
        match fs::remove_file(&file) {
            Ok(()) => {}
            Err(error) if is_absence(&error) => return Ok(()),
            Err(error) => return Err(failed(error)),
        }
        let mut folder = file.parent();
        while let Some(parent) = folder.filter(|parent| *parent != root) {
            if fs::remove_dir(parent).is_err() {
                break;
            }
            folder = parent.parent();
        }
        return Ok(());
    };
    let permissions = fs::metadata(&file).map(|found| found.permissions());
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    write_whole(&file, bytes).map_err(failed)?;
    if let Ok(permissions) = permissions {
        fs::set_permissions(&file, permissions).map_err(failed)?;
    }
    Ok(())
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Where a path of the record lies. A folder on the way that is a link leads somewhere that no snapshot saw.
fn place(root: &Path, path: &str) -> Result<PathBuf, String> {
    let mut file = root.to_owned();
    let mut parts = Path::new(path).components().peekable();
    let refused = || format!("{path}: leads out of the project, and is left alone");
    while let Some(part) = parts.next() {
        match part {
            Component::Normal(name) if name != ".git" => file.push(name),
            _ => return Err(refused()),
        }
        if parts.peek().is_some() && file.is_symlink() {
            return Err(refused());
        }
    }
    if file == root {
        return Err(refused());
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::{read, write};

    #[test]
    fn nothing_is_touched_outside_of_the_root_or_through_a_link() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("project");
        fs::create_dir_all(root.join("tests")).unwrap();
        fs::write(place.path().join("mine.txt"), "mine").unwrap();
        symlink(place.path(), root.join("out")).unwrap();
        symlink(place.path().join("mine.txt"), root.join("tests/link.py")).unwrap();
        for path in [
            "../mine.txt",
            "/etc/hosts",
            "out/mine.txt",
            ".git/config",
            "sub/.git/config",
            "",
            ".",
        ] {
            assert!(read(&root, path).is_err(), "{path}");
            assert!(write(&root, path, Some(b"x")).is_err(), "{path}");
            assert!(write(&root, path, None).is_err(), "{path}");
        }
        assert!(read(&root, "tests/link.py").is_err());
        assert_eq!(fs::read(place.path().join("mine.txt")).unwrap(), b"mine");
    }

    #[test]
    fn permissions_stay_and_empty_folders_go() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path();
        fs::write(root.join("run.sh"), "one").unwrap();
        fs::set_permissions(root.join("run.sh"), fs::Permissions::from_mode(0o750)).unwrap();
        write(root, "run.sh", Some(b"two")).unwrap();
        let mode = fs::metadata(root.join("run.sh"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o750);
        write(root, "tests/deep/a.py", Some(b"x")).unwrap();
        assert_eq!(read(root, "tests/deep/a.py").unwrap().unwrap(), b"x");
        write(root, "tests/deep/a.py", None).unwrap();
        assert!(!root.join("tests").exists() && root.exists());
        assert_eq!(read(root, "tests/deep/a.py").unwrap(), None);
        assert_eq!(read(root, "run.sh/a.py").unwrap(), None);
        write(root, "tests/deep/a.py", None).unwrap();
    }
}
