//! A path as text, taken apart.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization as _, is_nfc};

/// A path without `.`, with `..` followed as far as it goes. Nothing is asked of the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) absolute: bool,
    /// It names a drive or a share, so no disk of this machine has it where it says.
    pub(super) of_windows: bool,
    /// How many folders above its beginning the path starts: 2 for `../../a`.
    pub(super) above: usize,
    pub(super) names: Vec<String>,
}

impl Parts {
    /// `\` separates like `/`; a drive or a share makes the path absolute and is dropped.
    pub(super) fn of(written: &str) -> Self {
        let path = slashed(written.strip_prefix(r"\\?\").unwrap_or(written));
        let has_drive =
            matches!(path.as_bytes(), [letter, b':', b'/', ..] if letter.is_ascii_alphabetic());
        let absolute = has_drive || path.starts_with('/');
        let of_windows = has_drive || (path.starts_with("//") && written.starts_with('\\'));
        let rest = if has_drive {
            path.get(2..).unwrap_or_default()
        } else {
            &path
        };
        let mut above = 0;
        let mut names: Vec<String> = Vec::new();
        for part in rest.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    if names.pop().is_none() && !absolute {
                        above += 1;
                    }
                }
                name => names.push(name.to_owned()),
            }
        }
        Self {
            absolute,
            of_windows,
            above,
            names,
        }
    }

    /// The path from the root when this one is relative to `base`; `None` when that leaves the root,
    /// or names nothing.
    pub(super) fn under(&self, base: &[String]) -> Option<String> {
        let kept = base.get(..base.len().checked_sub(self.above)?)?;
        let joined: Vec<&str> = kept.iter().chain(&self.names).map(String::as_str).collect();
        (!self.names.is_empty()).then(|| joined.join("/"))
    }
}

/// `\` as `/`.
pub(super) fn slashed(path: &str) -> Cow<'_, str> {
    if path.contains('\\') {
        Cow::Owned(path.replace('\\', "/"))
    } else {
        Cow::Borrowed(path)
    }
}

/// NFC, the form that names are compared in: file systems keep both.
pub(super) fn composed(text: &str) -> Cow<'_, str> {
    if is_nfc(text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}
