//! A line in each whole file that we write, by which we know later whether somebody has changed it. Pure.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

const WORDS: &str = "untaken init: ";

/// How a kind of file says something that is not part of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `# …`, in the first line.
    Hash,
    /// `<!-- … -->`, in the last line, since front matter has to come first.
    Markup,
    /// A member called `$comment`, first of all.
    Json,
}

/// What a file that lies there is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// As we wrote it, this version or an earlier one.
    Ours,
    /// Without our line, or changed since.
    Theirs,
}

/// The text with its stamp.
pub(super) fn stamped(text: &str, style: Style) -> String {
    let words = format!("{WORDS}{}", digest(text));
    match style {
        Style::Hash => format!("# {words}\n{text}"),
        Style::Markup => format!("{text}<!-- {words} -->\n"),
        Style::Json => text.replacen("{\n", &format!("{{\n  \"$comment\": \"{words}\",\n"), 1),
    }
}

/// Whether a stamped text is still what was stamped. Line ends do not count: git may turn them.
pub(super) fn whose(text: &str) -> Whose {
    let text = text.replace("\r\n", "\n");
    let mut stamp = None;
    let mut rest = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match line.split_once(WORDS) {
            Some((_, after)) if stamp.is_none() => {
                stamp = Some(after.chars().take(16).collect::<String>());
            }
            _ => rest.push_str(line),
        }
    }
    if stamp == Some(digest(&rest)) {
        Whose::Ours
    } else {
        Whose::Theirs
    }
}

/// What a person fills in; it does not make the file theirs.
const FILLED_IN: [&str; 2] = ["  UNTAKEN_GIT: ", "  UNTAKEN_REV: "];

/// The text with what was filled in in another.
pub(super) fn filled_in(text: &str, now: &str) -> String {
    text.split_inclusive('\n')
        .map(|line| {
            FILLED_IN
                .iter()
                .find(|start| line.starts_with(**start))
                .and_then(|start| now.lines().find(|line| line.starts_with(start)))
                .map_or_else(|| line.to_owned(), |known| format!("{known}\n"))
        })
        .collect()
}

/// Sixteen hexadecimal digits.
fn digest(text: &str) -> String {
    let blank: String = text
        .split_inclusive('\n')
        .map(|line| {
            FILLED_IN
                .iter()
                .find(|start| line.starts_with(**start))
                .map_or(line, |start| *start)
        })
        .collect();
    let sum = Sha256::digest(blank.as_bytes());
    sum.iter().take(8).fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::{Style, Whose, filled_in, stamped, whose};

    const TEXTS: [(Style, &str); 3] = [
        (Style::Hash, "name: x\non: push\n"),
        (Style::Markup, "---\nname: x\n---\ntext\n"),
        (Style::Json, "{\n  \"type\": \"object\"\n}\n"),
    ];

    #[test]
    fn knows_its_own_text_again() {
        for (style, text) in TEXTS {
            let stamped = stamped(text, style);
            assert_eq!(whose(&stamped), Whose::Ours, "{stamped}");
            assert_eq!(whose(&stamped.replace('\n', "\r\n")), Whose::Ours);
        }
    }

    #[test]
    fn knows_a_changed_and_a_foreign_text() {
        for (style, text) in TEXTS {
            let changed = stamped(text, style)
                .replace('x', "y")
                .replace("object", "array");
            assert_eq!(whose(&changed), Whose::Theirs);
            assert_eq!(whose(text), Whose::Theirs);
        }
    }

    #[test]
    fn what_was_filled_in_is_kept_and_changes_no_owner() {
        let template = "env:\n  UNTAKEN_GIT: \"\"\n  UNTAKEN_REV: \"\"\non: push\n";
        let fresh = stamped(template, Style::Hash);
        let filled = fresh.replacen(
            "UNTAKEN_GIT: \"\"",
            "UNTAKEN_GIT: https://example.org/u.git",
            1,
        );
        assert_eq!(whose(&filled), Whose::Ours);
        assert_eq!(stamped(&filled_in(template, &filled), Style::Hash), filled);
        let next = filled_in(&template.replace("push", "pull_request"), &filled);
        assert!(next.contains("https://example.org/u.git") && next.contains("pull_request"));
        assert_eq!(
            whose(&filled.replace("on: push", "on: pull")),
            Whose::Theirs
        );
    }

    #[test]
    fn json_stays_json_and_front_matter_stays_in_front() {
        let json = stamped(TEXTS[2].1, Style::Json);
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert!(
            value["$comment"]
                .as_str()
                .unwrap()
                .starts_with("untaken init: ")
        );
        assert!(stamped(TEXTS[1].1, Style::Markup).starts_with("---\n"));
    }
}
