//! What Codex's sandbox leaves behind in a project.
//!
//! To keep these folders from being written, bubblewrap mounts something over them, and makes them for
//! that where they are not there. A command that was cut off leaves them: empty, invisible to git, and an
//! empty `.codex` makes later runs warn of untrusted configuration (0.169).

use std::fs;
use std::path::{Path, PathBuf};

const NAMES: [&str; 4] = [".agents", ".aws", ".codex", ".git"];

/// The folders that were not there before.
#[derive(Clone, Debug, Default)]
pub(in crate::runtime) struct MountPoints {
    absent: Vec<PathBuf>,
}

impl MountPoints {
    pub(in crate::runtime) fn absent_from(root: &Path) -> Self {
        Self {
            absent: NAMES
                .iter()
                .map(|name| root.join(name))
                .filter(|path| fs::symlink_metadata(path).is_err())
                .collect(),
        }
    }

    /// Those of an earlier run, as [`Self::paths`] gave them. Any other path is left out.
    pub(in crate::runtime) fn known(paths: Vec<PathBuf>) -> Self {
        Self {
            absent: paths
                .into_iter()
                .filter(|path| NAMES.iter().any(|name| path.ends_with(name)))
                .collect(),
        }
    }

    pub(in crate::runtime) fn paths(&self) -> &[PathBuf] {
        &self.absent
    }

    /// Remove those that are there now and are empty; anything with a file in it stays.
    pub(in crate::runtime) fn remove(&self) {
        for path in &self.absent {
            // Fails where it is not there, is no folder or is not empty: all of that is fine.
            let _ = fs::remove_dir(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_new_and_empty_folders_go() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join(".aws")).unwrap();
        let points = MountPoints::absent_from(root);
        fs::create_dir(root.join(".agents")).unwrap();
        fs::create_dir(root.join(".codex")).unwrap();
        fs::write(root.join(".codex/config.toml"), "").unwrap();
        points.remove();
        assert!(root.join(".aws").is_dir(), "it was there before");
        assert!(!root.join(".agents").exists());
        assert!(root.join(".codex/config.toml").is_file());
    }
}
