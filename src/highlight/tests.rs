use std::fmt::Write as _;

use super::{Highlighter, SyntaxClass};
use crate::coverage::{FilePath, Line};

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// Each line with its pieces marked: `K[if] x`.
fn marked(path: &str, text: &str) -> String {
    let lines = lines(text);
    let Some(mut highlighter) = Highlighter::new(&FilePath::new(path), &lines) else {
        return "plain".to_owned();
    };
    let coloured = highlighter.highlight(&lines, Line::FIRST, u32::MAX);
    let mut out = String::new();
    for (line, spans) in lines.iter().zip(&coloured.lines) {
        let mut at = 0;
        for span in spans {
            let piece = &line[at..at + span.len];
            at += span.len;
            let sign = match span.class {
                SyntaxClass::Plain | SyntaxClass::Variable | SyntaxClass::Punctuation => "",
                SyntaxClass::Comment => "C",
                SyntaxClass::Keyword => "K",
                SyntaxClass::Operator => "O",
                SyntaxClass::String => "S",
                SyntaxClass::Number => "N",
                SyntaxClass::Constant => "V",
                SyntaxClass::Function => "F",
                SyntaxClass::Type => "T",
                SyntaxClass::Invalid => "X",
            };
            if sign.is_empty() {
                out.push_str(piece);
            } else {
                let _ = write!(out, "{sign}[{piece}]");
            }
        }
        assert_eq!(at, line.len(), "the spans are the whole line: {line}");
        out.push('\n');
    }
    out
}

#[test]
fn python() {
    insta::assert_snapshot!(marked(
        "a.py",
        "# longest wait first\nclass Port(Base):\n    def assign(self, now=0):\n        if ship is None and not x > 3:\n            return f\"{ship} x\" + 'y'\n        raise NoBerth(1.5)\n"
    ));
}

#[test]
fn typescript_and_tsx() {
    insta::assert_snapshot!(marked(
        "a.ts",
        "// hm\nexport function tax(price: number, rate?: Rate): number {\n  const n = rate ?? 0.2;\n  return price > 10 && n ? price * n : `${price} x`.length;\n}\n"
    ));
    insta::assert_snapshot!(marked(
        "a.tsx",
        "const Row = ({ item }: Props) => item ? <b className=\"x\">{item.name}</b> : null;\n"
    ));
}

#[test]
fn languages_that_only_the_larger_set_knows() {
    insta::assert_snapshot!(marked(
        "a.kt",
        "fun main(x: Int?) = if (x == null) \"no\" else x.toString() // k\n"
    ));
    insta::assert_snapshot!(marked(
        "a.swift",
        "guard let x = y else { return nil } // s\n"
    ));
    insta::assert_snapshot!(marked("untaken.toml", "[target]\nbranches = 80 # t\n"));
}

#[test]
fn compiled_languages() {
    insta::assert_snapshot!(marked(
        "a.rs",
        "fn f(x: u32) -> Option<u32> { if x > 1 { Some(x) } else { None } }\n"
    ));
    insta::assert_snapshot!(marked(
        "a.go",
        "func f(x int) error { if x > 1 { return nil }; return errors.New(\"x\") }\n"
    ));
    insta::assert_snapshot!(marked(
        "A.java",
        "public int f(int x) { return x > 1 ? 2 : 0; } // j\n"
    ));
    insta::assert_snapshot!(marked(
        "a.cpp",
        "int f(int x) { return x > 1 ? 2 : 0; } // c\n"
    ));
}

#[test]
fn aliases_have_the_colours_of_their_language() {
    for path in ["a.jsx", "a.mjs", "a.cjs", "a.js"] {
        let text = marked(path, "if (x) { return 'y'; }\n");
        assert!(text.starts_with("K[if]"), "{path}: {text}");
        assert!(text.contains("S['y']"), "{path}: {text}");
    }
}

#[test]
fn an_unknown_language_stays_plain() {
    assert_eq!(marked("a.unheard-of", "if x then y"), "plain");
}

#[test]
fn a_window_in_the_middle_looks_like_the_whole() {
    // A string over several lines makes the state matter.
    let mut text = String::new();
    for n in 0..300 {
        let _ = write!(text, "x{n} = '''one\nif two\n'''\n");
    }
    let path = FilePath::new("a.py");
    let lines = lines(&text);
    let whole = Highlighter::new(&path, &lines)
        .unwrap()
        .highlight(&lines, Line::FIRST, u32::MAX);
    let mut jumping = Highlighter::new(&path, &lines).unwrap();
    for first in [700_usize, 3, 130, 699, 64, 0, 895] {
        let window = jumping.highlight(&lines, Line::from_index(first), 10);
        let end = (first + 10).min(lines.len());
        assert_eq!(window.lines, whole.lines[first..end], "from {first}");
    }
}

#[test]
fn a_far_jump_parses_only_what_is_near() {
    let text = "if x: pass\n".repeat(60_000);
    let lines = lines(&text);
    let mut highlighter = Highlighter::new(&FilePath::new("a.py"), &lines).unwrap();
    let end = highlighter.highlight(&lines, Line::from_index(59_990), 100);
    assert_eq!(end.lines.len(), 10);
    assert_eq!(end.lines[0][0].class, SyntaxClass::Keyword);
    assert_eq!(highlighter.states.len(), 1, "nothing inexact is kept");
}

#[test]
fn what_would_be_slow_stays_plain() {
    let long = format!("x = '{}'", "a".repeat(5000));
    assert_eq!(marked("a.py", &long), format!("{long}\n"));
    let lines = lines(&"y = 1\n".repeat(200_000));
    assert!(Highlighter::new(&FilePath::new("a.py"), &lines).is_none());
}

#[test]
fn a_window_beyond_the_end_is_empty() {
    let lines = lines("x = 1\n");
    let mut highlighter = Highlighter::new(&FilePath::new("a.py"), &lines).unwrap();
    assert!(
        highlighter
            .highlight(&lines, Line::from_index(9), 5)
            .lines
            .is_empty()
    );
}
