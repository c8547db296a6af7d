//! What holds for any bytes: a report whose parts agree, or an error with a place inside the input.

#![allow(dead_code, reason = "each target uses what it needs of it")]

use libfuzzer_sys::Corpus;
use rooms::coverage::{Arms, Format, Ratio, Report};
use rooms::formats::{ParseError, parse, sniff};

/// For bytes that are taken for this format; others are no use to its corpus.
pub fn of(format: Format, bytes: &[u8]) -> Corpus {
    if sniff(bytes).is_ok_and(|found| found == format) {
        any(bytes);
        Corpus::Keep
    } else {
        Corpus::Reject
    }
}

/// For any bytes.
pub fn any(bytes: &[u8]) {
    match parse(bytes) {
        Ok(report) => hold(&report),
        Err(error) => {
            let text = error.to_string();
            assert!(!text.chars().any(char::is_control), "{text:?}");
            if let ParseError::Truncated { place, .. }
            | ParseError::Syntax { place, .. }
            | ParseError::Limit { place, .. } = error
            {
                // UTF-16 and Latin-1 are places in the decoded text, at most twice as long.
                assert!(place.byte <= 2 * bytes.len() as u64, "{place:?}");
                assert!(place.line >= 1 && place.column >= 1, "{place:?}");
            }
        }
    }
}

fn hold(report: &Report) {
    for file in &report.files {
        let lines: Vec<_> = file.lines().collect();
        assert!(lines.is_sorted_by(|a, b| a.0 < b.0), "each line once, in order");
        let mut counted = Ratio::default();
        for branch in file.branches() {
            let ratio = branch.ratio();
            assert!(ratio.covered <= ratio.total, "{ratio:?}");
            if let Arms::Listed(arms) = branch.arms() {
                assert_eq!(arms.len() as u64, ratio.total);
            }
            counted = counted.plus(ratio);
        }
        assert_eq!(file.counted().branches.unwrap_or_default(), counted);
        let _ = (file.functions().len(), file.totals());
    }
    for warning in &report.warnings {
        assert!(!warning.message.chars().any(char::is_control), "{:?}", warning.message);
    }
}
