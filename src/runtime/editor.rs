//! The person's editor, opened at a line: which command that is for which editor.
//!
//! It builds the command and never runs one. No editor is guessed at when the person named one.

use std::ffi::OsString;
use std::path::Path;

use crate::coverage::Line;

/// A command that opens a file at a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EditorCommand {
    pub(super) program: OsString,
    pub(super) args: Vec<OsString>,
    /// It opens a window of its own: the terminal stays with us, and the editor outlives us.
    pub(super) own_window: bool,
}

/// How an editor is told the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// `+12 file`
    Plus,
    /// `file:12`
    Colon,
    /// `--goto file:12`
    Goto,
    /// `--line 12 file`
    LineOption,
    /// `file` alone: an unknown editor might take `+12` for a file to create.
    FileOnly,
}

/// The presets by the name of the program: how it takes the line, and whether it has a window of its own.
fn preset(name: &str) -> (Style, bool) {
    match name {
        "vi" | "vim" | "nvim" | "view" | "nano" | "pico" | "emacs" | "emacsclient" | "mg"
        | "micro" | "kak" | "ne" | "joe" | "jed" | "jmacs" | "e3" | "vis" | "elvis" | "nvi"
        | "lvim" | "ox" => (Style::Plus, false),
        "hx" | "helix" | "amp" | "flow" => (Style::Colon, false),
        "gvim" | "mvim" | "gedit" | "xemacs" => (Style::Plus, true),
        "zed" | "zeditor" | "subl" | "sublime_text" | "lapce" => (Style::Colon, true),
        "code" | "code-insiders" | "codium" | "vscodium" | "cursor" | "windsurf" | "positron" => {
            (Style::Goto, true)
        }
        "idea" | "pycharm" | "webstorm" | "goland" | "clion" | "rustrover" | "phpstorm"
        | "rubymine" | "fleet" | "kate" | "kwrite" | "mate" => (Style::LineOption, true),
        _ => (Style::FileOnly, false),
    }
}

/// Options that make an editor with a window of its own wait until it is closed. We do not wait: the
/// files are watched anyway.
const WAITING: [&str; 3] = ["--wait", "-w", "--block"];

/// The command for what `$VISUAL` or `$EDITOR` says.
///
/// # Errors
/// When neither is set; in words for the person.
pub(super) fn command(
    visual: Option<&str>,
    editor: Option<&str>,
    file: &Path,
    line: Line,
) -> Result<EditorCommand, String> {
    let wanted = [visual, editor]
        .into_iter()
        .flatten()
        .map(str::trim)
        .find(|text| !text.is_empty())
        .ok_or("neither VISUAL nor EDITOR is set; set one of them to your editor, for example EDITOR=vim")?;
    let Some(words) = words(wanted) else {
        // Variables, pipes, a tilde: a shell knows what they mean, as it does for git's editor.
        return Ok(EditorCommand {
            program: "sh".into(),
            args: vec![
                "-c".into(),
                format!("{wanted} \"$@\"").into(),
                "sh".into(),
                file.into(),
            ],
            own_window: false,
        });
    };
    let (program, given) = words
        .split_first()
        .ok_or_else(|| format!("cannot read the editor's command {wanted}"))?;
    let name = Path::new(program)
        .file_stem()
        .map(|stem| stem.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let (style, own_window) = preset(&name);
    let mut args: Vec<OsString> = given
        .iter()
        .filter(|arg| !(own_window && WAITING.contains(&arg.as_str())))
        .map(OsString::from)
        .collect();
    let at_line = || {
        let mut text = file.as_os_str().to_owned();
        text.push(format!(":{line}"));
        text
    };
    match style {
        Style::Plus => args.extend([format!("+{line}").into(), file.into()]),
        Style::Colon => args.push(at_line()),
        Style::Goto => args.extend(["--goto".into(), at_line()]),
        Style::LineOption => {
            args.extend(["--line".into(), line.to_string().into(), file.into()]);
        }
        Style::FileOnly => args.push(file.into()),
    }
    Ok(EditorCommand {
        program: program.into(),
        args,
        own_window,
    })
}

/// The words of a command line with quotes and backslashes; `None` where only a shell knows.
fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            ' ' | '\t' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        inner => word.push(inner),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '"' => break,
                        '\\' => word.push(chars.next()?),
                        '$' | '`' => return None,
                        inner => word.push(inner),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next()?),
            '$' | '`' | '|' | '&' | ';' | '<' | '>' | '(' | ')' | '*' | '?' | '[' | '#' | '~'
            | '\n' | '=' => return None,
            _ => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(editor: &str, expected: &[&str]) -> bool {
        let line = Line::new(12).unwrap();
        let command = command(Some(editor), None, Path::new("/p/a b.py"), line).unwrap();
        let mut words = vec![command.program];
        words.extend(command.args);
        assert_eq!(words, expected);
        command.own_window
    }

    #[test]
    fn each_editor_is_told_the_line_in_its_own_way() {
        assert!(!check("vim", &["vim", "+12", "/p/a b.py"]));
        assert!(!check(
            "/usr/bin/nano -l",
            &["/usr/bin/nano", "-l", "+12", "/p/a b.py"]
        ));
        assert!(!check("emacs -nw", &["emacs", "-nw", "+12", "/p/a b.py"]));
        assert!(!check("hx", &["hx", "/p/a b.py:12"]));
        assert!(check("subl", &["subl", "/p/a b.py:12"]));
        assert!(check("pycharm", &["pycharm", "--line", "12", "/p/a b.py"]));
    }

    #[test]
    fn an_editor_with_its_own_window_is_not_waited_for() {
        assert!(check(
            "code --wait -n",
            &["code", "-n", "--goto", "/p/a b.py:12"]
        ));
    }

    #[test]
    fn an_unknown_editor_gets_the_file_alone() {
        assert!(!check("my-editor", &["my-editor", "/p/a b.py"]));
    }

    #[test]
    fn quotes_are_read_and_what_only_a_shell_knows_goes_to_one() {
        assert!(!check(
            r#""/opt/my vim/vim" -c 'set nu'"#,
            &["/opt/my vim/vim", "-c", "set nu", "+12", "/p/a b.py"]
        ));
        assert!(!check(
            "~/bin/vim",
            &["sh", "-c", "~/bin/vim \"$@\"", "sh", "/p/a b.py"]
        ));
    }

    #[test]
    fn visual_comes_before_editor_and_an_empty_one_does_not_count() {
        let line = Line::FIRST;
        let file = Path::new("/a");
        let program = |visual, editor| command(visual, editor, file, line).map(|it| it.program);
        assert_eq!(program(Some("vi"), Some("nano")), Ok("vi".into()));
        assert_eq!(program(Some(" "), Some("nano")), Ok("nano".into()));
        assert!(program(None, None).unwrap_err().contains("EDITOR=vim"));
    }
}
