//! What the agent says of its own work at the end of a turn. Nothing in it is believed: reasons are kept
//! for a person to judge, figures are only compared with the report's.

use serde::Deserialize;

use super::batch::Pick;
use crate::gaps::GapId;

/// The answer, as far as it has the shape that was asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The total percentage the agent claims.
    pub coverage_after: Option<f64>,
    /// How many tests it claims to have written.
    pub tests_generated: Option<u64>,
    pub remaining: Vec<Remaining>,
}

/// A gap that the agent left open, and why.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Remaining {
    /// The gap's id, where the agent names it.
    pub id: Option<String>,
    pub file: String,
    pub uncovered_lines: Vec<u32>,
    pub reason: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Shape {
    coverage_after: Option<f64>,
    tests_generated: Option<u64>,
    remaining_gaps: Vec<serde_json::Value>,
}

impl Answer {
    /// Reads the last JSON object in the text, with or without prose and a code fence around it. An answer
    /// of another shape is no error: it has nothing to say.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let Some(shape) = objects(text)
            .filter_map(|object| serde_json::from_str::<Shape>(object).ok())
            .last()
        else {
            return Self::default();
        };
        Self {
            coverage_after: shape.coverage_after.filter(|percent| percent.is_finite()),
            tests_generated: shape.tests_generated,
            remaining: shape
                .remaining_gaps
                .into_iter()
                .filter_map(|gap| serde_json::from_value(gap).ok())
                .collect(),
        }
    }

    /// The picks of a batch that the agent calls untestable, with its reason: by id, else by the gap's
    /// line in its file. Without a reason there is nothing to judge, so such an entry is passed over.
    #[must_use]
    pub fn untestable(&self, picks: &[Pick]) -> Vec<(GapId, String)> {
        picks
            .iter()
            .filter_map(|pick| {
                let named = self.remaining.iter().find(|gap| {
                    let by_id = gap.id.as_deref() == Some(pick.gap.to_string().as_str());
                    let by_line = same_file(&gap.file, pick.file.as_str())
                        && gap.uncovered_lines.contains(&pick.line.get());
                    by_id || (gap.id.is_none() && by_line)
                })?;
                let reason = named.reason.trim();
                (!reason.is_empty()).then(|| (pick.gap, reason.to_owned()))
            })
            .collect()
    }
}

/// The agent may name a file absolutely, or with `./` before it.
fn same_file(said: &str, path: &str) -> bool {
    let said = said.trim_start_matches("./");
    said == path || said.ends_with(&format!("/{path}"))
}

/// The outermost `{…}` pieces of a text, braces inside strings left alone. Linear.
fn objects(text: &str) -> impl Iterator<Item = &str> {
    let mut pieces = Vec::new();
    let (mut depth, mut start, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' if depth > 0 => in_string = !in_string,
            b'{' if !in_string => {
                if depth == 0 {
                    start = at;
                }
                depth += 1;
            }
            b'}' if !in_string && depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    pieces.extend(text.get(start..=at));
                }
            }
            _ => {}
        }
    }
    pieces.into_iter()
}

#[cfg(test)]
mod tests {
    use super::Answer;
    use crate::gaps::GapId;
    use crate::triage::batch::tests::pick;

    #[test]
    fn the_shape_is_found_in_prose_and_fences() {
        let text = "I wrote {nine} tests.\n```json\n{\"coverage_after\": 91.5, \"remaining_gaps\": [{\"file\": \"./src/a.py\", \"uncovered_lines\": [3], \"reason\": \"only on {Windows}\"}, 7]}\n```\nDone.";
        let answer = Answer::read(text);
        assert_eq!(answer.coverage_after, Some(91.5));
        let picks = [pick("src/a.py", 3, "f", 1), pick("src/a.py", 9, "f", 1)];
        assert_eq!(
            answer.untestable(&picks),
            [(GapId(3), "only on {Windows}".to_owned())]
        );
    }

    #[test]
    fn anything_else_says_nothing() {
        for text in [
            "",
            "done!",
            "{",
            "}{",
            "{\"coverage_after\": \"lots\"}",
            "[1,2]",
            "{\"a\": \"}",
        ] {
            assert_eq!(Answer::read(text), Answer::default(), "{text}");
        }
    }

    #[test]
    fn a_gap_named_by_its_id_is_that_gap_and_no_reason_is_no_answer() {
        let text = r#"{"remaining_gaps": [{"id": "000000000009", "file": "x", "uncovered_lines": [3], "reason": "why"},
                       {"file": "src/a.py", "uncovered_lines": [4], "reason": " "}]}"#;
        let picks = [
            pick("src/a.py", 3, "f", 1),
            pick("src/a.py", 4, "f", 1),
            pick("src/a.py", 9, "f", 1),
        ];
        assert_eq!(
            Answer::read(text).untestable(&picks),
            [(GapId(9), "why".to_owned())]
        );
    }
}
