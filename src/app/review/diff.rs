//! Two texts to the rows of a diff, coloured. Line ends are shown as they are: what a person accepts is
//! bytes.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

use crate::coverage::{FilePath, Line};
use crate::highlight::{Highlighter, StyledSpan};

/// Texts longer than this, together, are not compared: a person could not review them either.
const LARGEST: usize = 4 << 20;
/// Lines of each side that are coloured; the rest is plain.
const COLOURED: u32 = 4000;
/// Lines around a change.
const CONTEXT: usize = 3;
/// Lines of one side times lines of the other, beyond which all of one gives way to all of the other: the
/// comparison would take longer than anybody waits.
const MOST_PAIRS: usize = 40_000_000;

/// What a row of a diff is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Added,
    Removed,
    Same,
    /// Lines are left out here.
    Gap,
}

/// A line of either text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub sign: Sign,
    /// In the text that has it: the new one, but for what is removed.
    pub line: u32,
    pub text: String,
    /// Empty where it is not coloured.
    pub spans: Vec<StyledSpan>,
}

/// The difference of two texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    pub rows: Vec<Row>,
    pub added: usize,
    pub removed: usize,
    /// Why there are no rows, in words.
    pub note: Option<&'static str>,
}

impl Diff {
    /// `None` where there is no such file. Bytes that are no UTF-8 become U+FFFD, and a file with a NUL is
    /// not shown.
    #[must_use]
    pub fn of(path: &FilePath, before: Option<&[u8]>, after: Option<&[u8]>) -> Self {
        let (old, new) = (before.unwrap_or_default(), after.unwrap_or_default());
        let no_rows = |note| Self {
            note: Some(note),
            ..Self::default()
        };
        if old.contains(&0) || new.contains(&0) {
            return no_rows("no text: its bytes are not shown");
        }
        if old.len() + new.len() > LARGEST {
            return no_rows("too large to be compared here; the record has both sides");
        }
        let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
        let mut diff = if old.is_empty() {
            Self::whole(&new, Sign::Added)
        } else if new.is_empty() {
            Self::whole(&old, Sign::Removed)
        } else {
            Self::compare(&old, &new)
        };
        diff.colour(path, &old, &[Sign::Removed]);
        diff.colour(path, &new, &[Sign::Added, Sign::Same]);
        diff
    }

    fn whole(text: &str, sign: Sign) -> Self {
        let mut diff = Self::default();
        for (line, text) in (1..).zip(lines(text)) {
            diff.push(sign, line, text);
        }
        diff
    }

    fn compare(old: &str, new: &str) -> Self {
        let old: Vec<&str> = lines(old);
        let new: Vec<&str> = lines(new);
        let ops = if old.len().saturating_mul(new.len()) > MOST_PAIRS {
            vec![DiffOp::Replace {
                old_index: 0,
                old_len: old.len(),
                new_index: 0,
                new_len: new.len(),
            }]
        } else {
            capture_diff_slices(Algorithm::Myers, &old, &new)
        };
        let mut diff = Self::default();
        for (nth, group) in group_diff_ops(ops, CONTEXT).iter().enumerate() {
            if nth > 0 {
                diff.push(Sign::Gap, 0, "");
            }
            for op in group {
                let (was, is) = (op.old_range(), op.new_range());
                let is_same = matches!(op, DiffOp::Equal { .. });
                if !is_same {
                    diff.extend(Sign::Removed, &old, was);
                }
                diff.extend(if is_same { Sign::Same } else { Sign::Added }, &new, is);
            }
        }
        diff
    }

    fn extend(&mut self, sign: Sign, lines: &[&str], range: Range<usize>) {
        for idx in range {
            if let Some(text) = lines.get(idx) {
                self.push(sign, Line::from_index(idx).get(), text);
            }
        }
    }

    fn push(&mut self, sign: Sign, line: u32, text: &str) {
        match sign {
            Sign::Added => self.added += 1,
            Sign::Removed => self.removed += 1,
            Sign::Same | Sign::Gap => {}
        }
        self.rows.push(Row {
            sign,
            line,
            text: text.to_owned(),
            spans: Vec::new(),
        });
    }

    /// Colours the rows of one side.
    fn colour(&mut self, path: &FilePath, text: &str, signs: &[Sign]) {
        let mut wanted = self
            .rows
            .iter_mut()
            .filter(|row| signs.contains(&row.sign) && row.line <= COLOURED)
            .peekable();
        if wanted.peek().is_none() {
            return;
        }
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let Some(mut highlighter) = Highlighter::new(path, &lines) else {
            return;
        };
        let coloured = highlighter
            .highlight(&lines, Line::from_index(0), COLOURED)
            .lines;
        for row in wanted {
            let spans = (row.line as usize)
                .checked_sub(1)
                .and_then(|idx| coloured.get(idx));
            if let Some(spans) = spans {
                row.spans.clone_from(spans);
            }
        }
    }
}

/// Lines without their line feeds; a carriage return is part of the line, as it is a difference.
fn lines(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.split('\n').collect();
    if lines.last() == Some(&"") {
        lines.pop();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{Diff, Sign};
    use crate::coverage::FilePath;

    fn diff(before: Option<&str>, after: Option<&str>) -> Diff {
        Diff::of(
            &FilePath::new("tests/test_a.py"),
            before.map(str::as_bytes),
            after.map(str::as_bytes),
        )
    }

    fn signs(diff: &Diff) -> String {
        diff.rows
            .iter()
            .map(|row| match row.sign {
                Sign::Added => '+',
                Sign::Removed => '-',
                Sign::Same => ' ',
                Sign::Gap => '@',
            })
            .collect()
    }

    #[test]
    fn a_new_file_is_all_added_and_a_deleted_one_all_removed() {
        let new = diff(None, Some("import a\n\ndef test():\n    assert 1\n"));
        assert_eq!(
            (signs(&new).as_str(), new.added, new.removed),
            ("++++", 4, 0)
        );
        assert_eq!(new.rows[2].line, 3);
        assert!(new.rows[0].spans.len() > 1, "it is coloured");
        assert_eq!(signs(&diff(Some("a\nb\n"), None)), "--");
        assert_eq!(signs(&diff(None, Some(""))), "");
    }

    #[test]
    fn a_change_has_some_context_and_far_ones_a_gap_between_them() {
        let old: Vec<String> = (1..=30).map(|n| format!("line {n}")).collect();
        let old = old.join("\n") + "\n";
        let new = old.replace("line 5\n", "five\n").replace("line 25\n", "");
        let diff = diff(Some(&old), Some(&new));
        assert_eq!(signs(&diff), "   -+   @   -   ");
        assert_eq!((diff.added, diff.removed), (1, 2));
        assert_eq!(diff.rows[4].line, 5);
        assert_eq!(diff.rows[12].line, 25, "a removed line has its old number");
    }

    #[test]
    fn what_cannot_be_shown_says_so() {
        assert!(diff(None, Some("a\0b")).note.is_some());
        let large = "x\n".repeat(3 << 20);
        assert!(diff(None, Some(&large)).note.is_some());
    }
}
