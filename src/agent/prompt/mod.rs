//! Gaps to the text that is sent: what is open, where, how to close it, and what to answer.
//!
//! The text is made to be read and edited by a person before it goes out. It is bounded, whatever was
//! picked; what does not fit is named, and the agent can read it in the file. Pure: sources, tests and
//! commands come in as data.

mod excerpt;

use std::fmt::Write as _;

use self::excerpt::{excerpts, number_width};
use crate::coverage::{FilePath, Line};
use crate::gaps::Gap;
use crate::harmless;

/// The task, with places for what changes.
const TASK: &str = include_str!("../../../assets/prompt/task.md");

/// The shape of the answer as a JSON schema, for where Codex can be held to it.
pub const ANSWER_SCHEMA: &str = include_str!("../../../assets/prompt/answer.schema.json");

/// The most bytes of sources in one prompt. Beyond it only the gaps are named.
const MOST_SOURCE: usize = 120 << 10;
/// The most lines of an existing test.
const MOST_PATTERN_LINES: usize = 80;
/// The longest line of a source, in characters; more is cut with an ellipsis.
const MOST_COLUMNS: usize = 300;
/// The longest output of an earlier round, in bytes: its end.
const MOST_OUTPUT: usize = 6 << 10;

/// All that a prompt is made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PromptInput {
    pub files: Vec<PromptFile>,
    /// The project's own test command, as a shell reads it.
    pub test_command: Option<String>,
    /// Where new tests go, if the person said so: a folder.
    pub new_tests: Option<String>,
    /// Other machines work on other files at the same time; this is the number of ours.
    pub shard: Option<u32>,
    /// What an earlier round with the same gaps came to.
    pub earlier: Option<Earlier>,
}

/// One file with gaps to close.
#[derive(Clone, Debug, PartialEq)]
pub struct PromptFile {
    pub path: FilePath,
    /// The source's lines; empty where it cannot be read, or is not the text that was measured.
    pub source: Vec<String>,
    /// In the order of the text.
    pub gaps: Vec<PromptGap>,
    /// The nearest existing test.
    pub pattern: Option<Pattern>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PromptGap {
    pub gap: Gap,
    /// Where the function around it begins.
    pub function_line: Option<Line>,
}

/// A test to follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    pub path: FilePath,
    /// Its first lines.
    pub head: Vec<String>,
    /// How many lines it has in all.
    pub n_lines: usize,
}

/// What an earlier round taught.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Which round it was, 1-based.
    pub round: u32,
    /// One sentence each: what the tests did instead, what was found wrong with them.
    pub notes: Vec<String>,
    /// The end of the output of the run that failed; empty if none did.
    pub output: String,
}

/// The prompt's text.
#[must_use]
pub fn prompt(input: &PromptInput) -> String {
    let mut gaps = String::new();
    let mut room = MOST_SOURCE;
    let mut shown_patterns: Vec<&FilePath> = Vec::new();
    for file in &input.files {
        write_file(&mut gaps, file, &mut room, &mut shown_patterns);
    }
    let parts = [
        ("{{gaps}}", gaps.trim_end().to_owned()),
        ("{{where}}", whereto(input)),
        ("{{run}}", run(input)),
        ("{{earlier}}", earlier(input.earlier.as_ref())),
    ];
    fill(TASK, &parts)
}

/// Put texts into the places of a template. What is put in is not looked into again: a source that
/// happens to contain the name of a place stays as it is.
fn fill(template: &str, parts: &[(&str, String)]) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((at, place, text)) = parts
        .iter()
        .filter_map(|(place, text)| rest.find(place).map(|at| (at, *place, text)))
        .min_by_key(|(at, ..)| *at)
    {
        let (before, after) = rest.split_at(at);
        filled.push_str(before);
        filled.push_str(text);
        rest = after.get(place.len()..).unwrap_or_default();
    }
    filled.push_str(rest);
    filled
}

fn write_file<'a>(
    out: &mut String,
    file: &'a PromptFile,
    room: &mut usize,
    shown_patterns: &mut Vec<&'a FilePath>,
) {
    line(out, &format!("# {}", clean(file.path.as_str())));
    line(out, "");
    for PromptGap { gap, .. } in &file.gaps {
        let function = match &gap.function {
            Some(function) => format!(", in `{}`", clean(function)),
            None => String::new(),
        };
        line(
            out,
            &format!("- `{}`{function}: {}", gap.id, clean(&gap.says)),
        );
    }
    line(out, "");
    write_source(out, file, room);
    write_pattern(out, file, room, shown_patterns);
}

fn write_source(out: &mut String, file: &PromptFile, room: &mut usize) {
    if file.source.is_empty() {
        line(
            out,
            "The source is not shown here: it cannot be read, or it is not the text that the report is about.",
        );
        line(out, "");
        return;
    }
    let mut block = String::new();
    let width = number_width(&file.source);
    let mut left_out = false;
    for (idx, excerpt) in excerpts(&file.source, &file.gaps).into_iter().enumerate() {
        let mut text = String::new();
        if idx > 0 {
            line(&mut text, &format!("{:>width$} …", ""));
        }
        for (number, marked) in excerpt {
            let source = file.source.get(number.index()).map_or("", String::as_str);
            let mark = if marked { '>' } else { ' ' };
            line(
                &mut text,
                format!("{number:>width$} {mark} {}", cut(&clean(source))).trim_end(),
            );
        }
        if text.len() > *room {
            left_out = true;
            break;
        }
        *room -= text.len();
        block.push_str(&text);
    }
    if !block.is_empty() {
        fenced(out, &block, language_of(&file.path));
    }
    if left_out {
        line(
            out,
            "More of it is not shown here: read the file around the lines named above.",
        );
        line(out, "");
    }
}

fn write_pattern<'a>(
    out: &mut String,
    file: &'a PromptFile,
    room: &mut usize,
    shown: &mut Vec<&'a FilePath>,
) {
    let Some(pattern) = &file.pattern else {
        line(
            out,
            "No existing test was found near this file: follow the tests of the project, or else the usual layout of its test framework.",
        );
        line(out, "");
        return;
    };
    let path = clean(pattern.path.as_str());
    if shown.contains(&&pattern.path) {
        line(
            out,
            &format!("The nearest existing test is `{path}`, shown above."),
        );
        line(out, "");
        return;
    }
    let n_shown = pattern.head.len().min(MOST_PATTERN_LINES);
    let block: String = pattern
        .head
        .iter()
        .take(n_shown)
        .flat_map(|text| [cut(&clean(text)), "\n".to_owned()])
        .collect();
    if block.len() > *room {
        line(
            out,
            &format!("The nearest existing test is `{path}`: read it first."),
        );
        line(out, "");
        return;
    }
    *room -= block.len();
    shown.push(&pattern.path);
    let extent = if n_shown < pattern.n_lines {
        format!(
            ", of which these are the first {n_shown} of {} lines",
            pattern.n_lines
        )
    } else {
        String::new()
    };
    line(
        out,
        &format!("The nearest existing test is `{path}`{extent}:"),
    );
    line(out, "");
    fenced(out, &block, language_of(&pattern.path));
}

fn whereto(input: &PromptInput) -> String {
    let mut text = match &input.new_tests {
        Some(folder) => format!(
            "New tests go into new files in `{}`.",
            clean(folder.trim_end_matches('/'))
        ),
        None => "New tests go into new files beside the nearest existing test.".to_owned(),
    };
    if let Some(shard) = input.shard {
        let _ = write!(
            text,
            " Other machines write tests for other files of this project at the same time: each new file has `shard{shard}` in its name, and no existing file is changed."
        );
    }
    text
}

fn run(input: &PromptInput) -> String {
    match &input.test_command {
        Some(command) => {
            let mut text = String::new();
            line(&mut text, "The project's own command is:");
            line(&mut text, "");
            fenced(&mut text, &format!("{}\n", clean(command)), "sh");
            text.trim_end().to_owned()
        }
        None => "The project's test command is not known: find it in the project's configuration."
            .to_owned(),
    }
}

fn earlier(earlier: Option<&Earlier>) -> String {
    let Some(earlier) = earlier else {
        return String::new();
    };
    let mut text = String::new();
    line(
        &mut text,
        &format!(
            "# What round {} came to\n\nThe gaps above are still open after it.",
            earlier.round
        ),
    );
    line(&mut text, "");
    for note in &earlier.notes {
        line(&mut text, &format!("- {}", cut(&clean(note))));
    }
    if !earlier.notes.is_empty() {
        line(&mut text, "");
    }
    let mut output = earlier.output.as_str();
    if !output.trim().is_empty() {
        let mut from = output.len().saturating_sub(MOST_OUTPUT);
        while !output.is_char_boundary(from) {
            from += 1;
        }
        output = output.get(from..).unwrap_or_default();
        line(&mut text, "The end of the output of the run:");
        line(&mut text, "");
        let cleaned: String = output
            .lines()
            .flat_map(|text| [cut(&clean(text)), "\n".to_owned()])
            .collect();
        fenced(&mut text, &cleaned, "text");
    }
    text
}

fn line(out: &mut String, text: &str) {
    // Writing into a String cannot fail.
    let _ = writeln!(out, "{text}");
}

/// A block in a fence longer than any run of backticks in it.
fn fenced(out: &mut String, block: &str, language: &str) {
    let longest = block
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(3.max(longest + 1));
    line(out, &format!("{fence}{language}"));
    out.push_str(block);
    line(out, &fence);
    line(out, "");
}

/// One line from outside: characters that act on a terminal are spelled out, tabs stay.
fn clean(text: &str) -> String {
    text.split('\t')
        .map(harmless::line)
        .collect::<Vec<_>>()
        .join("\t")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_COLUMNS) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The word behind a fence. An extension is a name that every reader of such text understands.
fn language_of(path: &FilePath) -> &str {
    let extension = path.extension();
    if extension.chars().all(|c| c.is_ascii_alphanumeric()) {
        extension
    } else {
        ""
    }
}

#[cfg(test)]
mod tests;
