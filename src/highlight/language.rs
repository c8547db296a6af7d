//! Which grammar a file is read with.

use std::sync::OnceLock;

use syntect::parsing::{SyntaxReference, SyntaxSet};

use crate::coverage::FilePath;

/// Extensions that the grammars do not name themselves.
const ALIASES: &[(&str, &str)] = &[
    ("jsx", "tsx"),
    ("mjs", "js"),
    ("cjs", "js"),
    ("mts", "ts"),
    ("cts", "ts"),
    ("pyw", "py"),
    ("pyi", "py"),
    ("kts", "kt"),
    ("vue", "html"),
    ("svelte", "html"),
    ("ipp", "cpp"),
    ("tpp", "cpp"),
    ("cu", "cpp"),
];

/// Every grammar; decoded on first use.
pub(super) fn grammars() -> &'static SyntaxSet {
    static GRAMMARS: OnceLock<SyntaxSet> = OnceLock::new();
    GRAMMARS.get_or_init(two_face::syntax::extra_newlines)
}

/// The grammar for a file, by its name, its extension, or its first line; `None` for plain text.
pub(super) fn grammar_of(path: &FilePath, first_line: &str) -> Option<&'static SyntaxReference> {
    let set = grammars();
    let extension = path.extension().to_ascii_lowercase();
    let by_extension = |extension: &str| set.find_syntax_by_extension(extension);
    by_extension(path.name())
        .or_else(|| {
            let (_, alias) = ALIASES.iter().find(|(name, _)| *name == extension)?;
            by_extension(alias)
        })
        .or_else(|| by_extension(&extension))
        .or_else(|| {
            let short = first_line.len() < 512;
            set.find_syntax_by_first_line(first_line).filter(|_| short)
        })
        .filter(|grammar| grammar.name != "Plain Text")
}
