//! A command as people read it.

/// The command inside `/bin/bash -lc '…'` or the like; the text as it is where it is not wrapped so.
pub(super) fn unwrapped(command: &str) -> String {
    let Some((shell, rest)) = command.split_once(' ') else {
        return command.to_owned();
    };
    let name = shell.rsplit('/').next().unwrap_or(shell);
    if !matches!(name, "bash" | "sh" | "zsh" | "dash" | "fish") {
        return command.to_owned();
    }
    let Some((flag, script)) = rest.trim_start().split_once(' ') else {
        return command.to_owned();
    };
    if !matches!(flag, "-c" | "-lc") {
        return command.to_owned();
    }
    one_word(script.trim()).unwrap_or_else(|| command.to_owned())
}

/// The text of exactly one shell word; `None` if it is not quite that.
fn one_word(text: &str) -> Option<String> {
    let mut word = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => loop {
                match chars.next()? {
                    '\'' => break,
                    c => word.push(c),
                }
            },
            '"' => loop {
                match chars.next()? {
                    '"' => break,
                    '\\' => match chars.next()? {
                        c @ ('"' | '\\' | '$' | '`') => word.push(c),
                        '\n' => {}
                        c => {
                            word.push('\\');
                            word.push(c);
                        }
                    },
                    c => word.push(c),
                }
            },
            '\\' => word.push(chars.next()?),
            c if c.is_whitespace() => return None,
            c => word.push(c),
        }
    }
    Some(word)
}

/// A path as seen from the root: `.` for the root itself, absolute where it lies outside.
pub(super) fn from_root(path: &str, root: &str) -> String {
    let root = root.trim_end_matches('/');
    match path.strip_prefix(root) {
        Some("" | "/") if !root.is_empty() => ".".to_owned(),
        Some(rest) if rest.starts_with('/') => rest.trim_start_matches('/').to_owned(),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_around_a_command_is_taken_off() {
        let check = |wrapped: &str, plain: &str| assert_eq!(unwrapped(wrapped), plain);
        check("/bin/bash -lc 'echo hi'", "echo hi");
        check(
            "/bin/bash -c \"echo \\\"hi\\\" $HOME\"",
            "echo \"hi\" $HOME",
        );
        check("bash -lc 'it'\\''s'", "it's");
        check("zsh -c ls", "ls");
        check("/usr/bin/env -c ls", "/usr/bin/env -c ls");
        check("/bin/bash -lc 'open", "/bin/bash -lc 'open");
        check("/bin/bash -c a b", "/bin/bash -c a b");
        check("ls", "ls");
        check("", "");
    }

    #[test]
    fn paths_are_shown_from_the_root() {
        assert_eq!(from_root("/p/tests/a.py", "/p"), "tests/a.py");
        assert_eq!(from_root("/p", "/p/"), ".");
        assert_eq!(from_root("/prefix/a.py", "/p"), "/prefix/a.py");
        assert_eq!(from_root("/etc/x", "/p"), "/etc/x");
        assert_eq!(from_root("rel.py", "/p"), "rel.py");
        assert_eq!(from_root("/a", "/"), "a");
    }
}
