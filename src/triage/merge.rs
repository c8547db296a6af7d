//! One result of several shards.
//!
//! Shards begin with the same report and work on files of their own, so their lists are put together and
//! their costs added. What cannot be added is the coverage afterwards: each shard measured its own tests
//! alone. It is only known when somebody measured the tests of all of them together.

use super::record::RunResult;

/// Why results do not make one.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MergeError {
    #[error("there is no result to merge")]
    Nothing,
    #[error("{name}: version {version} of the result is not known here; use a newer untaken")]
    Version { name: String, version: u32 },
    #[error(
        "{first} and {second} do not belong together: coverage_before is {} in the one and {} in the other; shards of one run begin with the same report",
        figure(.before.0),
        figure(.before.1)
    )]
    OtherBeginning {
        first: String,
        second: String,
        before: (Option<f64>, Option<f64>),
    },
    #[error("{first} and {second} are of the same run: thread {thread} is in both; name each once")]
    SameRun {
        first: String,
        second: String,
        thread: String,
    },
    #[error(
        "{first} and {second} both keep {path}, and one would overwrite the other; run one of the shards again after the other's tests are in"
    )]
    SameTest {
        first: String,
        second: String,
        path: String,
    },
}

fn figure(percent: Option<f64>) -> String {
    percent.map_or_else(|| "not known".to_owned(), |percent| format!("{percent:.2}"))
}

/// A result and the name that errors call it by.
#[derive(Clone, Debug)]
pub struct Part {
    pub name: String,
    pub result: RunResult,
}

/// Puts results together. `after` is the percentage of a report that was measured with the tests of all of
/// them; without one, `coverage_after` is known only when no shard kept, lost or removed anything.
///
/// # Errors
/// When they are not results of shards of one run.
pub fn merge(parts: &[Part], after: Option<f64>) -> Result<RunResult, MergeError> {
    let Some((first, rest)) = parts.split_first() else {
        return Err(MergeError::Nothing);
    };
    for part in parts {
        if part.result.version != 1 {
            return Err(MergeError::Version {
                name: part.name.clone(),
                version: part.result.version,
            });
        }
    }
    let mut whole = first.result.clone();
    for (n_before, part) in rest.iter().enumerate() {
        let before = parts.get(..=n_before).unwrap_or_default();
        belongs(before, part)?;
        add(&mut whole, &part.result);
    }
    let unchanged = parts.iter().all(|part| is_without_effect(&part.result));
    whole.coverage_after = match after {
        Some(after) => Some(after),
        None if parts.len() == 1 => first.result.coverage_after,
        None if unchanged => whole.coverage_before,
        None => None,
    };
    Ok(whole)
}

fn is_without_effect(result: &RunResult) -> bool {
    result.closed.is_empty()
        && result.lost.is_empty()
        && result.vanished.is_empty()
        && kept(result).next().is_none()
}

fn kept(result: &RunResult) -> impl Iterator<Item = &str> {
    result
        .tests
        .iter()
        .filter(|test| test.verdict == "kept")
        .map(|test| test.path.as_str())
}

/// Whether a result is of another shard of the same run.
fn belongs(before: &[Part], part: &Part) -> Result<(), MergeError> {
    for other in before {
        let names = || (other.name.clone(), part.name.clone());
        // Bit for bit: both were read from a report's whole numbers and cut in the same way.
        if other.result.coverage_before.map(f64::to_bits)
            != part.result.coverage_before.map(f64::to_bits)
        {
            let (first, second) = names();
            return Err(MergeError::OtherBeginning {
                first,
                second,
                before: (other.result.coverage_before, part.result.coverage_before),
            });
        }
        if let Some(thread) = part
            .result
            .threads
            .iter()
            .find(|thread| other.result.threads.contains(thread))
        {
            let (first, second) = names();
            return Err(MergeError::SameRun {
                first,
                second,
                thread: thread.clone(),
            });
        }
        if let Some(path) =
            kept(&part.result).find(|path| kept(&other.result).any(|other| other == *path))
        {
            let (first, second) = names();
            return Err(MergeError::SameTest {
                first,
                second,
                path: path.to_owned(),
            });
        }
    }
    Ok(())
}

fn add(whole: &mut RunResult, part: &RunResult) {
    whole.files_processed = whole.files_processed.saturating_add(part.files_processed);
    whole.tests_generated = whole.tests_generated.saturating_add(part.tests_generated);
    whole.rounds = whole.rounds.max(part.rounds);
    whole.tokens = whole.tokens.plus(part.tokens);
    // An arm that the tests of two shards take is closed once, and by whoever comes first.
    for closed in &part.closed {
        if !whole.closed.iter().any(|known| known.arm == closed.arm) {
            whole.closed.push(closed.clone());
        }
    }
    add_new(&mut whole.lost, &part.lost);
    add_new(&mut whole.vanished, &part.vanished);
    add_new(&mut whole.tests, &part.tests);
    add_new(&mut whole.findings, &part.findings);
    add_new(&mut whole.remaining_gaps, &part.remaining_gaps);
    add_new(&mut whole.threads, &part.threads);
}

fn add_new<T: Clone + PartialEq>(whole: &mut Vec<T>, part: &[T]) {
    for one in part {
        if !whole.contains(one) {
            whole.push(one.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{ArmRecord, ClosedArm, RemainingGaps, TestRecord, TokenRecord};
    use super::*;

    fn arm(id: &str, line: u32) -> ClosedArm {
        ClosedArm {
            arm: ArmRecord {
                id: id.into(),
                file: "src/a.py".into(),
                line,
                arm: "true".into(),
            },
            by: format!("tests/test_{id}.py"),
        }
    }

    /// A shard that kept `tests/test_{name}.py`, and closed one arm of its own and one that all close.
    fn part(name: &str) -> Part {
        let mut result = RunResult::of(&[]);
        result.coverage_before = Some(50.0);
        result.coverage_after = Some(60.0);
        result.files_processed = 1;
        result.tests_generated = 2;
        result.rounds = 2;
        result.threads = vec![format!("thread-{name}")];
        result.tokens = TokenRecord {
            input: 10,
            cached: 4,
            output: 2,
            reasoning: 1,
        };
        result.closed = vec![arm(name, 7), arm("shared", 9)];
        result.tests = vec![TestRecord {
            path: format!("tests/test_{name}.py"),
            verdict: "kept".into(),
            rungs: Vec::new(),
        }];
        result.remaining_gaps = vec![RemainingGaps {
            file: format!("src/{name}.py"),
            uncovered_lines: vec![3],
            reason: "still open after 2 rounds".into(),
        }];
        Part {
            name: format!("{name}.json"),
            result,
        }
    }

    #[test]
    fn lists_are_put_together_costs_added_and_an_arm_counts_once() {
        let mut third = part("c");
        third.result.rounds = 3;
        let whole = merge(&[part("a"), part("b"), third], None).unwrap();
        assert_eq!(whole.files_processed, 3);
        assert_eq!(whole.tests_generated, 6);
        assert_eq!(whole.rounds, 3);
        assert_eq!(whole.tokens.input, 30);
        assert_eq!(whole.tokens.cached, 12);
        let ids: Vec<&str> = whole.closed.iter().map(|it| it.arm.id.as_str()).collect();
        assert_eq!(ids, ["a", "shared", "b", "c"]);
        assert_eq!(whole.remaining_gaps.len(), 3);
        assert_eq!(whole.threads.len(), 3);
        assert_eq!(whole.coverage_before, Some(50.0));
    }

    #[test]
    fn the_coverage_afterwards_is_known_only_when_it_was_measured_together() {
        let parts = [part("a"), part("b")];
        assert_eq!(merge(&parts, None).unwrap().coverage_after, None);
        assert_eq!(
            merge(&parts, Some(71.5)).unwrap().coverage_after,
            Some(71.5)
        );
        assert_eq!(merge(&parts[..1], None).unwrap().coverage_after, Some(60.0));
        let idle = |name: &str| {
            let mut part = part(name);
            part.result.closed.clear();
            part.result.tests.clear();
            part
        };
        let whole = merge(&[idle("a"), idle("b")], None).unwrap();
        assert_eq!(whole.coverage_after, Some(50.0));
    }

    #[test]
    fn what_does_not_belong_together_is_refused_by_name() {
        let mut other = part("b");
        other.result.coverage_before = Some(51.0);
        let error = merge(&[part("a"), other], None).unwrap_err();
        assert!(matches!(error, MergeError::OtherBeginning { .. }));
        let words = error.to_string();
        assert!(
            words.contains("a.json and b.json")
                && words.contains("50.00")
                && words.contains("51.00"),
            "{words}"
        );

        assert!(matches!(
            merge(&[part("a"), part("a")], None),
            Err(MergeError::SameRun { .. })
        ));
        let mut same = part("b");
        same.result.tests[0].path = "tests/test_a.py".into();
        let error = merge(&[part("a"), same], None).unwrap_err();
        assert!(error.to_string().contains("tests/test_a.py"), "{error}");
        let mut newer = part("b");
        newer.result.version = 2;
        assert!(matches!(
            merge(&[newer], None),
            Err(MergeError::Version { version: 2, .. })
        ));
        assert_eq!(merge(&[], None), Err(MergeError::Nothing));
    }
}
