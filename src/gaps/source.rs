//! A source text, made ready once and asked many times.

use std::sync::OnceLock;

use crate::coverage::{FilePath, Line};
use crate::syntax::{Language, Outline, outline};

/// The lines of a source and, read on first use, its outline.
#[derive(Debug)]
pub struct Source {
    lines: Vec<String>,
    language: Option<Language>,
    /// For each line of the text the report's line it was; `None` when the text is the one measured.
    report_lines: Option<Vec<Option<Line>>>,
    outline: OnceLock<Outline>,
}

impl Source {
    /// Lines without their ends, as `app::SourceView` has them. The path tells the language.
    #[must_use]
    pub fn new(path: &FilePath, lines: Vec<String>) -> Self {
        Self {
            lines,
            language: Language::of(path),
            report_lines: None,
            outline: OnceLock::new(),
        }
    }

    /// A text that changed since the measurement: for each of its lines the report's line it was, `None`
    /// for a line that is new.
    #[must_use]
    pub fn shifted(mut self, report_lines: Vec<Option<Line>>) -> Self {
        self.report_lines = Some(report_lines);
        self
    }

    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The text of a line; nothing past the end.
    #[must_use]
    pub fn line(&self, line: Line) -> &str {
        self.lines.get(line.index()).map_or("", String::as_str)
    }

    #[must_use]
    pub fn language(&self) -> Option<Language> {
        self.language
    }

    #[must_use]
    pub fn report_lines(&self) -> Option<&[Option<Line>]> {
        self.report_lines.as_deref()
    }

    /// Functions and decisions; empty for a language without a grammar here.
    #[must_use]
    pub fn outline(&self) -> &Outline {
        self.outline.get_or_init(|| {
            self.language
                .map(|language| outline(language, &self.lines.join("\n")))
                .unwrap_or_default()
        })
    }

    /// Whether the outline was asked for.
    #[cfg(test)]
    pub(super) fn is_outlined(&self) -> bool {
        self.outline.get().is_some()
    }
}
