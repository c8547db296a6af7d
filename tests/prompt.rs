//! The prompt as the built program prints it, for a real report with its sources.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests stop at the first surprise"
)]

use assert_cmd::Command;

fn prompt(arguments: &[&str]) -> (String, String) {
    let project = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/reports/coveragepy"
    );
    let output = Command::cargo_bin("untaken")
        .unwrap()
        .args(["gaps", "--format", "prompt", "--root", project])
        .args(arguments)
        .arg(format!("{project}/reports/coverage.json"))
        .assert()
        .success()
        .get_output()
        .clone();
    (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn a_prompt_has_the_gaps_in_words_their_source_the_nearest_test_and_the_standards() {
    let (text, _) = prompt(&["--file", "src/shop/pricing.py"]);
    for words in [
        "`discount`: line 24: the condition was never true (would go on at line 25)",
        "24 >     elif quantity > 100:",
        "18   def discount(customer, quantity=1, coupon=None):",
        "The nearest existing test is `tests/test_shop.py`:",
        "def test_discount():",
        "Never change source code",
        "\"remaining_gaps\"",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    assert!(!text.contains("{{"), "a place was left open:\n{text}");
    assert!(!text.contains("# src/shop/io"), "only what was asked for");
}

#[test]
fn without_a_gap_there_is_no_prompt_and_that_is_said() {
    let (text, said) = prompt(&["--file", "no/such/file.py"]);
    assert_eq!(text, "");
    assert!(said.contains("no gap is open here"), "{said}");
}
