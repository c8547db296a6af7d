//! The agent's closing answer: the object for machines, told to people as the claim that it is.

use crate::triage::Answer;

/// As many gaps that were left open are named; the rest is counted.
const NAMED: usize = 6;

/// What was said before the closing object, and the object in words; `None` where there is none. One that
/// is still being written is told as such, and never shown raw.
#[must_use]
pub fn split(text: &str) -> Option<(&str, Vec<String>)> {
    let at = begin(text)?;
    let (said, object) = text.split_at(at);
    let open = !object.contains('}');
    if open {
        return Some((said, vec!["claims …".to_owned()]));
    }
    let answer = Answer::read(object);
    let mut words = Vec::new();
    if let Some(n) = answer.tests_generated {
        words.push(super::doc::count(
            usize::try_from(n).unwrap_or(usize::MAX),
            "test",
        ));
    }
    if let Some(percent) = answer.coverage_after {
        words.push(format!("coverage {percent:.1} %"));
    }
    words.push(match answer.remaining.len() {
        0 => "no gap left".to_owned(),
        n => format!("{} left open", super::doc::count(n, "gap")),
    });
    let mut lines = vec![format!(
        "claims: {} \u{b7} nothing of it counts before it is measured",
        words.join(", ")
    )];
    for gap in answer.remaining.iter().take(NAMED) {
        let lines_of: Vec<String> = gap
            .uncovered_lines
            .iter()
            .map(ToString::to_string)
            .collect();
        lines.push(format!(
            "  {} {}: {}",
            gap.file,
            lines_of.join(", "),
            gap.reason
        ));
    }
    if answer.remaining.len() > NAMED {
        lines.push(format!("  and {} more", answer.remaining.len() - NAMED));
    }
    Some((said, lines))
}

/// Where the closing object begins, with the fence before it.
fn begin(text: &str) -> Option<usize> {
    let key = text.rfind("\"files_processed\"")?;
    let brace = text.get(..key)?.rfind('{')?;
    let before = text.get(..brace)?.trim_end();
    let fence = before
        .strip_suffix("```json")
        .or_else(|| before.strip_suffix("```"));
    Some(fence.map_or(brace, str::len))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn the_closing_object_is_told_as_a_claim() {
        let text = "I wrote three tests.\n\n```json\n{\"files_processed\": 1, \"tests_generated\": 3, \"coverage_before\": null, \"coverage_after\": 84.61, \"remaining_gaps\": [{\"file\": \"a.py\", \"uncovered_lines\": [31], \"reason\": \"only on Windows\"}]}\n```";
        let (said, claim) = split(text).unwrap();
        assert_eq!(said.trim_end(), "I wrote three tests.");
        assert_eq!(
            claim,
            [
                "claims: 3 tests, coverage 84.6 %, 1 gap left open \u{b7} nothing of it counts before it is measured",
                "  a.py 31: only on Windows",
            ]
        );
    }

    #[test]
    fn one_that_is_still_written_is_not_shown_raw_and_other_text_stays() {
        let (said, claim) = split("Done.\n```json\n{\"files_processed\": 1, \"tes").unwrap();
        assert_eq!((said, claim.len()), ("Done.\n", 1));
        assert_eq!(split("a {\"b\": 1} and nothing else"), None);
    }
}
