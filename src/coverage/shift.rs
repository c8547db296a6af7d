//! Lines before and after a change: unified diffs read into hunks, and lines carried across them.

use super::{FilePath, Line};

/// One changed place: `old` lines gave way to `new` ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// The first line that gave way, or, for a pure insertion, the line after which it came; 0 at the
    /// beginning of the file.
    pub old_start: u32,
    pub old_len: u32,
    /// The same on the new side.
    pub new_start: u32,
    pub new_len: u32,
}

/// What a diff says of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// `None` for a new file.
    pub old: Option<FilePath>,
    /// `None` for a deleted file.
    pub new: Option<FilePath>,
    /// In the order of the text.
    pub hunks: Vec<Hunk>,
}

impl FileChange {
    /// Whether a line of the new text is new or changed.
    #[must_use]
    pub fn touches(&self, line: Line) -> bool {
        self.hunks.iter().any(|hunk| {
            (hunk.new_start..hunk.new_start.saturating_add(hunk.new_len)).contains(&line.get())
        })
    }
}

/// For each line of the new text (by index) the old line it was; `None` where it is new or changed.
#[must_use]
pub fn old_lines(hunks: &[Hunk], n_new: usize) -> Vec<Option<Line>> {
    let mut lines = Vec::with_capacity(n_new);
    let mut old = 1_u32;
    let mut hunks = hunks.iter().peekable();
    let mut new = 1_u32;
    while lines.len() < n_new {
        if let Some(hunk) = hunks.peek() {
            // A side without lines names the line before it.
            let new_first = hunk.new_start + u32::from(hunk.new_len == 0);
            if new >= new_first {
                for _ in 0..hunk.new_len {
                    lines.push(None);
                }
                new = new.saturating_add(hunk.new_len);
                old = hunk.old_start.saturating_add(hunk.old_len) + u32::from(hunk.old_len == 0);
                hunks.next();
                continue;
            }
        }
        lines.push(Line::new(old));
        old = old.saturating_add(1);
        new = new.saturating_add(1);
    }
    lines.truncate(n_new);
    lines
}

/// Reads a unified diff as git writes it with the prefixes `a/` and `b/`. What is no diff is passed over.
#[must_use]
pub fn parse_diff(diff: &[u8]) -> Vec<FileChange> {
    let mut files: Vec<FileChange> = Vec::new();
    let mut old = None;
    let (mut left, mut right) = (0_u32, 0_u32);
    for line in diff.split(|&byte| byte == b'\n') {
        if left > 0 || right > 0 {
            // Inside a hunk only counts tell a removed `-- x` from a header.
            match line.first() {
                Some(b'-') => left = left.saturating_sub(1),
                Some(b'+') => right = right.saturating_sub(1),
                Some(b'\\') => {}
                _ => {
                    left = left.saturating_sub(1);
                    right = right.saturating_sub(1);
                }
            }
        } else if let Some(name) = line.strip_prefix(b"--- ") {
            old = side(name, b"a/");
        } else if let Some(name) = line.strip_prefix(b"+++ ") {
            files.push(FileChange {
                old: old.take(),
                new: side(name, b"b/"),
                hunks: Vec::new(),
            });
        } else if let Some((hunk, file)) = hunk(line).zip(files.last_mut()) {
            (left, right) = (hunk.old_len, hunk.new_len);
            file.hunks.push(hunk);
        }
    }
    files
}

/// The path of a header, without its prefix and quotes; `None` for `/dev/null`.
fn side(name: &[u8], prefix: &[u8]) -> Option<FilePath> {
    // Git puts a tab behind names with spaces.
    let name = name.strip_suffix(b"\t").unwrap_or(name);
    if name == b"/dev/null" {
        return None;
    }
    let name = match name {
        [b'"', inner @ .., b'"'] => unquoted(inner),
        name => name.to_vec(),
    };
    let path = name.strip_prefix(prefix).unwrap_or(&name);
    Some(FilePath::new(&String::from_utf8_lossy(path)))
}

/// Undoes C quoting: `\t`, `\"`, `\303`.
fn unquoted(quoted: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(quoted.len());
    let mut rest = quoted;
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        match rest {
            [
                a @ b'0'..=b'3',
                b @ b'0'..=b'7',
                c @ b'0'..=b'7',
                after @ ..,
            ] => {
                bytes.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
                rest = after;
            }
            [escape, after @ ..] => {
                bytes.push(match escape {
                    b'a' => 7,
                    b'b' => 8,
                    b't' => b'\t',
                    b'n' => b'\n',
                    b'v' => 11,
                    b'f' => 12,
                    b'r' => b'\r',
                    other => *other,
                });
                rest = after;
            }
            [] => {}
        }
    }
    bytes
}

/// `@@ -12,3 +12,5 @@ …`
fn hunk(line: &[u8]) -> Option<Hunk> {
    let ranges = std::str::from_utf8(
        line.strip_prefix(b"@@ -")?
            .split(|&byte| byte == b'@')
            .next()?,
    )
    .ok()?;
    let (old, new) = ranges.trim_end().split_once(" +")?;
    let range = |text: &str| -> Option<(u32, u32)> {
        match text.split_once(',') {
            Some((start, len)) => Some((start.parse().ok()?, len.parse().ok()?)),
            None => Some((text.parse().ok()?, 1)),
        }
    };
    let ((old_start, old_len), (new_start, new_len)) = (range(old)?, range(new)?);
    Some(Hunk {
        old_start,
        old_len,
        new_start,
        new_len,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sides(file: &FileChange) -> (&str, &str) {
        (
            file.old.as_ref().map_or("-", FilePath::as_str),
            file.new.as_ref().map_or("-", FilePath::as_str),
        )
    }

    fn numbers(hunks: &[Hunk], n_new: usize) -> Vec<u32> {
        old_lines(hunks, n_new)
            .into_iter()
            .map(|line| line.map_or(0, Line::get))
            .collect()
    }

    fn change(old_start: u32, old_len: u32, new_start: u32, new_len: u32) -> Hunk {
        Hunk {
            old_start,
            old_len,
            new_start,
            new_len,
        }
    }

    #[test]
    fn lines_are_carried_over_what_was_put_in_taken_out_and_replaced() {
        assert_eq!(numbers(&[], 3), [1, 2, 3]);
        assert_eq!(numbers(&[change(0, 0, 1, 2)], 4), [0, 0, 1, 2]);
        assert_eq!(numbers(&[change(2, 0, 3, 1)], 4), [1, 2, 0, 3]);
        assert_eq!(numbers(&[change(2, 2, 1, 0)], 3), [1, 4, 5]);
        assert_eq!(numbers(&[change(1, 1, 0, 0)], 2), [2, 3]);
        assert_eq!(
            numbers(&[change(2, 1, 2, 1), change(4, 1, 3, 0)], 4),
            [1, 0, 3, 5]
        );
    }

    #[test]
    fn a_map_never_has_more_lines_than_the_text() {
        assert_eq!(numbers(&[change(1, 0, 2, 9)], 3), [1, 0, 0]);
    }

    #[test]
    fn a_diff_is_read_with_renames_new_and_deleted_files() {
        let diff = b"diff --git a/old name.c b/new name.c\nsimilarity index 90%\n--- a/old name.c\t\n+++ b/new name.c\t\n\
@@ -3 +3,2 @@ int f()\n-x\n+y\n+z\n@@ -9,0 +11 @@\n+++ b/not a header\n\
diff --git a/gone b/gone\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n--- a/not a header\n\\ No newline at end of file\n\
diff --git a/new b/new\n--- /dev/null\n+++ \"b/caf\\303\\251\\t.py\"\n@@ -0,0 +1,2 @@\n+a\n+b\n";
        let files = parse_diff(diff);
        assert_eq!(files.len(), 3);
        assert_eq!(sides(&files[0]), ("old name.c", "new name.c"));
        assert_eq!(files[0].hunks, [change(3, 1, 3, 2), change(9, 0, 11, 1)]);
        assert_eq!(sides(&files[1]), ("gone", "-"));
        assert_eq!(sides(&files[2]), ("-", "caf\u{e9}\t.py"));
        let touched: Vec<_> = (1..=12)
            .filter(|&n| files[0].touches(Line::new(n).unwrap()))
            .collect();
        assert_eq!(touched, [3, 4, 11]);
    }
}
