//! Our section in somebody's `AGENTS.md`: between two markers, and nothing outside of them is touched. Pure.

const BEGIN: &str = "<!-- untaken: begin (this section is replaced by `untaken init`) -->";
const END: &str = "<!-- untaken: end -->";
/// Enough of each marker to know it again, should a person reword the rest.
const BEGINS: &str = "<!-- untaken: begin";
const ENDS: &str = "<!-- untaken: end";

/// The text with our section in it: replaced where it stands, else put behind a blank line at the end.
///
/// # Errors
/// When the markers are not one pair in order, so that it cannot be told whose text is whose.
pub(super) fn placed(text: &str, section: &str) -> Result<String, String> {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let section = format!("{BEGIN}\n{}\n{END}\n", section.trim_end()).replace('\n', newline);
    let begins: Vec<_> = text.match_indices(BEGINS).map(|(at, _)| at).collect();
    let ends: Vec<_> = text.match_indices(ENDS).map(|(at, _)| at).collect();
    match (begins.as_slice(), ends.as_slice()) {
        ([], []) => {
            let kept = text.trim_end_matches(['\n', '\r']);
            let gap = if kept.is_empty() {
                String::new()
            } else {
                newline.repeat(2)
            };
            Ok(format!("{kept}{gap}{section}"))
        }
        ([begin], [end]) if begin < end => {
            let before = text.get(..*begin).unwrap_or_default();
            let after = text.get(*end..).unwrap_or_default();
            let after = after.split_once('\n').map_or("", |(_, after)| after);
            Ok(format!("{before}{section}{after}"))
        }
        _ => Err(format!(
            "the markers `{BEGINS}…` and `{ENDS}…` are not one pair; mend or remove them by hand"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::placed;

    #[test]
    fn goes_to_the_end_of_what_is_there_and_stays_as_it_is() {
        let once = placed("# House rules\n\nBe kind.\n\n\n", "## Ours\n").unwrap();
        assert!(once.starts_with("# House rules\n\nBe kind.\n\n<!-- untaken: begin"));
        assert!(once.ends_with("-->\n## Ours\n<!-- untaken: end -->\n"));
        assert_eq!(placed(&once, "## Ours").unwrap(), once);
    }

    #[test]
    fn replaces_itself_and_nothing_else() {
        let once = placed("before\n", "old").unwrap() + "after\n";
        let twice = placed(&once, "new").unwrap();
        assert!(twice.starts_with("before\n\n<!--"));
        assert!(twice.ends_with("<!-- untaken: end -->\nafter\n"));
        assert!(!twice.contains("old"));
    }

    #[test]
    fn keeps_the_line_ends_of_the_file() {
        let text = placed("a\r\nb\r\n", "one\ntwo").unwrap();
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        assert_eq!(placed(&text, "one\ntwo").unwrap(), text);
    }

    #[test]
    fn an_empty_file_gets_the_section_alone() {
        assert!(placed("", "x").unwrap().starts_with("<!-- untaken: begin"));
    }

    #[test]
    fn refuses_markers_that_are_no_pair() {
        for text in [
            "<!-- untaken: begin -->\n",
            "<!-- untaken: end -->\n<!-- untaken: begin -->\n",
            "<!-- untaken: begin -->\n<!-- untaken: begin -->\n<!-- untaken: end -->\n",
        ] {
            assert!(placed(text, "x").is_err(), "{text}");
        }
    }
}
