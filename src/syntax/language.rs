//! The languages whose decisions can be read.

use crate::coverage::FilePath;

/// A language with a grammar in this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    Python,
    JavaScript,
    TypeScript,
    Tsx,
    Java,
    Go,
    Rust,
    C,
    Cpp,
}

impl Language {
    /// By the name of the file alone, as compilers do it; `None` for every other language.
    ///
    /// `.h` is read as C++: it is a superset as far as decisions go, and many C++ headers end so.
    #[must_use]
    pub fn of(path: &FilePath) -> Option<Self> {
        let extension = path.extension();
        // `.C` is C++ where case tells; everything else is told apart without case.
        if extension == "C" {
            return Some(Self::Cpp);
        }
        Some(match extension.to_ascii_lowercase().as_str() {
            "py" | "pyw" | "pyi" => Self::Python,
            "js" | "jsx" | "mjs" | "cjs" => Self::JavaScript,
            "ts" | "mts" | "cts" => Self::TypeScript,
            "tsx" => Self::Tsx,
            "java" => Self::Java,
            "go" => Self::Go,
            "rs" => Self::Rust,
            "c" => Self::C,
            "cc" | "cpp" | "cxx" | "c++" | "h" | "hh" | "hpp" | "hxx" | "h++" | "ipp" | "tpp"
            | "inl" => Self::Cpp,
            _ => return None,
        })
    }

    /// JavaScript and its typed relatives.
    #[must_use]
    pub fn is_script(self) -> bool {
        matches!(self, Self::JavaScript | Self::TypeScript | Self::Tsx)
    }

    /// The compiled grammar.
    #[must_use]
    pub fn grammar(self) -> tree_sitter::Language {
        match self {
            Self::Python => tree_sitter_python::LANGUAGE,
            Self::JavaScript => tree_sitter_javascript::LANGUAGE,
            Self::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
            Self::Tsx => tree_sitter_typescript::LANGUAGE_TSX,
            Self::Java => tree_sitter_java::LANGUAGE,
            Self::Go => tree_sitter_go::LANGUAGE,
            Self::Rust => tree_sitter_rust::LANGUAGE,
            Self::C => tree_sitter_c::LANGUAGE,
            Self::Cpp => tree_sitter_cpp::LANGUAGE,
        }
        .into()
    }
}
