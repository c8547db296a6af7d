//! Whether a test fails because the code looks wrong, and not the test.

use crate::coverage::FilePath;

/// A failure whose innermost frame lies in source and not in a test: the code raised something that the
/// test did not expect. Returns the line that says so. Reads the tracebacks of pytest (short and long),
/// Python, Node with its runners, and the JVM.
#[must_use]
pub fn suspected_bug(output: &str, source: &FilePath) -> Option<String> {
    let path = source.as_str();
    let name = source.name();
    let mut lines = output.lines().peekable();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        // pytest: `src/shop/cart.py:18: ZeroDivisionError`, the last line of a failure's report.
        if let Some(rest) = after(trimmed, path)
            && let Some((number, error)) = rest
                .strip_prefix(':')
                .and_then(|rest| rest.split_once(": "))
            && number.parse::<u32>().is_ok()
            && is_exception(error)
        {
            return Some(trimmed.chars().take(200).collect());
        }
        // Node: the error, then its frames, innermost first. JVM: the same with `at pkg.Class.m(File.java:3)`.
        if is_exception(trimmed)
            && let Some(frame) = lines.peek().map(|frame| frame.trim())
            && (frame.starts_with("at ") || frame.starts_with('❯'))
            && (frame.contains(path) || frame.contains(&format!("({name}:")))
        {
            let both = format!("{trimmed} {frame}");
            return Some(both.chars().take(200).collect());
        }
    }
    None
}

fn after<'a>(line: &'a str, path: &str) -> Option<&'a str> {
    let at = line.find(path)?;
    let starts = at == 0 || line.get(..at)?.ends_with(['/', ' ']);
    starts.then(|| line.get(at + path.len()..)).flatten()
}

/// The name of an error that is no failed assertion.
fn is_exception(text: &str) -> bool {
    let name = text.split([':', ' ']).next().unwrap_or(text);
    let last = name.rsplit('.').next().unwrap_or(name);
    (last.ends_with("Error") || last.ends_with("Exception"))
        && !last.starts_with("Assertion")
        && !matches!(
            last,
            "ModuleNotFoundError" | "ImportError" | "SyntaxError" | "ReferenceError"
        )
        && last.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::suspected_bug;
    use crate::coverage::FilePath;

    fn check(output: &str, path: &str, expected: Option<&str>) {
        assert_eq!(
            suspected_bug(output, &FilePath::new(path)).as_deref(),
            expected
        );
    }

    #[test]
    fn an_error_raised_in_the_code_is_suspected() {
        let pytest = "    def total(self):\n>       return 1 / self.n\nE       ZeroDivisionError: division by zero\n\nsrc/shop/cart.py:18: ZeroDivisionError\n==== 1 failed in 0.02s ====";
        check(
            pytest,
            "src/shop/cart.py",
            Some("src/shop/cart.py:18: ZeroDivisionError"),
        );
        let jest = "  ● total\n\n    TypeError: Cannot read properties of undefined (reading 'n')\n\n      at";
        check(jest, "src/cart.ts", None);
        let node = "TypeError: x is not a function\n    at total (/home/me/p/src/cart.ts:12:3)\n    at test (/home/me/p/src/cart.test.ts:4:1)";
        check(
            node,
            "src/cart.ts",
            Some("TypeError: x is not a function at total (/home/me/p/src/cart.ts:12:3)"),
        );
    }

    #[test]
    fn a_failed_assertion_or_an_error_in_the_test_is_the_tests_own() {
        check(
            "tests/test_cart.py:4: AssertionError",
            "src/shop/cart.py",
            None,
        );
        check(
            "tests/test_cart.py:4: ZeroDivisionError",
            "src/shop/cart.py",
            None,
        );
        check(
            "src/shop/cart.py:18: AssertionError",
            "src/shop/cart.py",
            None,
        );
        check(
            "src/shop/cart.py:1: ModuleNotFoundError",
            "src/shop/cart.py",
            None,
        );
        check(
            "see src/shop/cart.py:18: it is odd",
            "src/shop/cart.py",
            None,
        );
    }
}
