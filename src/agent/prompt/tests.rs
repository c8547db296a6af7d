use super::*;
use crate::gaps::{GapArm, GapId, GapKind};

fn line_number(number: u32) -> Line {
    Line::new(number).unwrap()
}

fn branch(id: u64, line: u32, says: &str) -> PromptGap {
    PromptGap {
        gap: Gap {
            id: GapId(id),
            kind: GapKind::Branch,
            line: line_number(line),
            end_line: line_number(line),
            column: None,
            function: Some("Port.assign".into()),
            construct: Some("if".into()),
            arms_total: 2,
            arms_untaken: 1,
            arms: vec![GapArm {
                label: "false".into(),
                line: Some(line_number(line + 2)),
                hits: None,
                taken: false,
                mark: None,
            }],
            says: says.into(),
            brief: String::new(),
            lines_behind: 0,
            error_path: false,
        },
        function_line: Some(line_number(2)),
    }
}

fn source(n_lines: u32) -> Vec<String> {
    (1..=n_lines).map(|n| format!("\tstep({n})")).collect()
}

fn file(path: &str, gaps: Vec<PromptGap>) -> PromptFile {
    PromptFile {
        path: path.into(),
        source: source(100),
        gaps,
        pattern: Some(Pattern {
            path: "tests/test_port.py".into(),
            head: vec!["import port".into(), "def test_a(): ...".into()],
            n_lines: 90,
        }),
    }
}

#[test]
fn a_prompt_reads_well() {
    let input = PromptInput {
        files: vec![file(
            "src/port.py",
            vec![
                branch(
                    0x4f1c_9a0e_77d2,
                    20,
                    "line 20: the condition was never false",
                ),
                branch(2, 24, "line 24: the condition was never false"),
                branch(3, 70, "line 70: the condition was never false"),
            ],
        )],
        test_command: Some("pytest --cov".into()),
        new_tests: None,
        shard: None,
        earlier: Some(Earlier {
            round: 1,
            notes: vec!["tests/test_new.py passes, and takes none of them".into()],
            output: "E   assert 1 == 2\n".into(),
        }),
    };
    insta::assert_snapshot!(prompt(&input));
}

#[test]
fn a_shard_has_names_of_its_own_for_its_tests() {
    let alone = prompt(&PromptInput::default());
    assert!(!alone.contains("shard"), "{alone}");
    let shared = prompt(&PromptInput {
        shard: Some(3),
        new_tests: Some("tests/new".into()),
        ..PromptInput::default()
    });
    assert!(
        shared.contains("in `tests/new`") && shared.contains("`shard3` in its name"),
        "{shared}"
    );
}

#[test]
fn near_gaps_share_an_excerpt_and_far_ones_do_not() {
    let gaps = vec![branch(1, 20, ""), branch(2, 36, ""), branch(3, 90, "")];
    let spans: Vec<(u32, u32, Vec<u32>)> = excerpts(&source(92), &gaps)
        .into_iter()
        .map(|excerpt| {
            let marked = excerpt
                .iter()
                .filter(|(_, marked)| *marked)
                .map(|(line, _)| line.get())
                .collect();
            (
                excerpt.first().unwrap().0.get(),
                excerpt.last().unwrap().0.get(),
                marked,
            )
        })
        .collect();
    assert_eq!(
        spans,
        vec![(2, 2, vec![]), (14, 42, vec![20, 36]), (84, 92, vec![90])]
    );
}

#[test]
fn a_gap_beyond_the_end_of_the_source_is_named_and_not_shown() {
    let mut short = file("src/port.py", vec![branch(1, 20, "line 20: never false")]);
    short.source = source(3);
    let text = prompt(&PromptInput {
        files: vec![short],
        ..PromptInput::default()
    });
    assert!(text.contains("line 20: never false"));
    assert!(!text.contains("step("));
}

#[test]
fn nothing_from_outside_acts_on_a_terminal_or_breaks_out_of_its_fence() {
    let mut hostile = file("src/\u{1b}[2Jport.py", vec![branch(1, 20, "says\u{202e}")]);
    hostile.source[19] = "\u{1b}]0;title\u{7} ```` {{run}}".into();
    let text = prompt(&PromptInput {
        files: vec![hostile],
        test_command: Some("make\u{8} test".into()),
        ..PromptInput::default()
    });
    assert!(
        !text
            .chars()
            .any(|c| c != '\n' && c != '\t' && harmless::acts_on_terminal(c)),
        "{text}"
    );
    assert!(text.contains("`````py\n"), "{text}");
    assert!(text.contains("```` {{run}}"), "a source is not a template");
}

#[test]
fn whatever_is_picked_the_prompt_is_bounded_and_names_every_gap() {
    let files: Vec<_> = (0..40)
        .map(|n| {
            let mut big = file(
                &format!("src/file_{n}.py"),
                (1..40)
                    .map(|k| branch(n * 100 + k, u32::try_from(k).unwrap() * 50, "open"))
                    .collect(),
            );
            big.source = vec!["x".repeat(10_000); 2500];
            big
        })
        .collect();
    let text = prompt(&PromptInput {
        files,
        ..PromptInput::default()
    });
    assert!(text.len() < MOST_SOURCE * 2, "{}", text.len());
    for n in 0..40 {
        for k in 1..40 {
            assert!(text.contains(&format!("`{}`", GapId(n * 100 + k))));
        }
    }
    assert!(text.contains("More of it is not shown here"));
}

#[test]
fn a_test_that_several_files_share_is_shown_once() {
    let text = prompt(&PromptInput {
        files: vec![
            file("src/a.py", vec![branch(1, 20, "open")]),
            file("src/b.py", vec![branch(2, 20, "open")]),
        ],
        new_tests: Some("tests/generated/".into()),
        ..PromptInput::default()
    });
    assert_eq!(text.matches("def test_a(): ...").count(), 1);
    assert!(text.contains("`tests/test_port.py`, shown above"));
    assert!(text.contains("into new files in `tests/generated`"));
}

#[test]
fn the_schema_of_the_answer_is_json_and_names_what_the_prompt_asks_for() {
    let schema: serde_json::Value = serde_json::from_str(ANSWER_SCHEMA).unwrap();
    for member in schema["required"].as_array().unwrap() {
        assert!(TASK.contains(&format!("\"{}\"", member.as_str().unwrap())));
    }
}
