//! What a prompt is made of, fetched from the project: the nearest test, its first lines, the test command.
//!
//! The text itself is written by `agent::prompt`, which knows nothing of files. It reads files and may
//! take a moment in a large project: never call it on the loop.

use crate::agent::SessionSettings;
use crate::agent::prompt::{Earlier, Pattern, PromptFile, PromptGap, PromptInput, prompt};
use crate::agent::{ApprovalPolicy, Sandbox};
use crate::coverage::{Coverage, CoveredFile, FileCoverage, FilePath};
use crate::gaps::{self, Gap, GapId, Source};
use crate::runtime::project::{Tests, nearest_test};
use crate::runtime::sources::{self, Text};
use crate::settings::{self, Settings};
use crate::syntax::Place;
use crate::triage::{Batch, Learnt, Shard, Work};

/// How much of an existing test is read for the prompt, which cuts it again to what it has room for.
const HEAD: usize = 200;

/// A file with the gaps that are to be closed.
#[derive(Clone, Debug)]
pub struct Picked<'a> {
    pub path: FilePath,
    /// `None` where the source cannot be read, or is not the text that was measured.
    pub source: Option<&'a Source>,
    /// In the order of the text.
    pub gaps: Vec<Gap>,
}

/// The prompt for the picks of a person, files in the order in which they were picked first. A gap that is
/// not there any more is left out: the report was written again meanwhile, and it is closed.
#[must_use]
pub fn of_picks(settings: &Settings, coverage: &Coverage, picks: &[(FilePath, GapId)]) -> String {
    let mut paths: Vec<&FilePath> = Vec::new();
    for (path, _) in picks {
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    let files: Vec<(&CoveredFile, Option<Text>)> = paths
        .into_iter()
        .filter_map(|path| coverage.file(path))
        .map(|file| (file, sources::text(&settings.root, file).ok()))
        .collect();
    let picked = files
        .iter()
        .map(|(file, text)| Picked {
            path: file.path.clone(),
            source: text
                .as_ref()
                .filter(|text| text.fits)
                .map(|text| &text.source),
            gaps: sources::gaps_of(file, text.as_ref())
                .into_iter()
                .filter(|gap| {
                    picks
                        .iter()
                        .any(|(path, id)| *id == gap.id && *path == file.path)
                })
                .collect(),
        })
        .filter(|file| !file.gaps.is_empty())
        .collect();
    let tests = Tests::of(settings, &coverage.reports);
    build(settings, &tests, picked, None)
}

/// The prompt for one batch. `measured` is its file as it was measured last: a gap that is not in it any
/// more is left out.
#[must_use]
pub fn of_batch(
    settings: &Settings,
    tests: &Tests,
    batch: &Batch,
    measured: Option<&FileCoverage>,
    learnt: &[Learnt],
) -> String {
    of_batch_in_shard(settings, tests, batch, measured, learnt, None)
}

/// The same, where other machines work on other files at the same time.
#[must_use]
pub fn of_batch_in_shard(
    settings: &Settings,
    tests: &Tests,
    batch: &Batch,
    measured: Option<&FileCoverage>,
    learnt: &[Learnt],
    shard: Option<Shard>,
) -> String {
    let lines = sources::lines(&settings.root, &batch.file).ok();
    let source = lines.map(|lines| Source::new(&batch.file, lines));
    let gaps = measured
        .map(|coverage| gaps::find(&batch.file, coverage, source.as_ref()))
        .unwrap_or_default();
    let picked = Picked {
        path: batch.file.clone(),
        source: source.as_ref(),
        gaps: gaps
            .into_iter()
            .filter(|gap| batch.picks.iter().any(|pick| pick.gap == gap.id))
            .collect(),
    };
    let input = input(settings, tests, vec![picked], earlier(learnt));
    prompt(&PromptInput {
        shard: shard.map(Shard::number),
        ..input
    })
}

/// What earlier rounds taught, in the words of the next prompt.
#[must_use]
pub fn earlier(learnt: &[Learnt]) -> Option<Earlier> {
    let last = learnt.last()?;
    let mut notes: Vec<String> = last
        .tests
        .iter()
        .map(|(path, verdict, rung)| match rung {
            Some(rung) => format!(
                "{path} was {}: {} ({})",
                verdict.name(),
                rung.evidence,
                rung.rung.name()
            ),
            None => format!("{path} was {}", verdict.name()),
        })
        .collect();
    notes.extend(last.findings.iter().map(|finding| {
        format!(
            "{}: {}: {}",
            finding.code,
            finding.path.as_str(),
            finding.evidence
        )
    }));
    if last.tests.is_empty() && last.trouble.is_none() {
        notes.push("no test file was written".to_owned());
    }
    notes.push(
        "the gaps listed above are still open in a report that was measured afterwards".to_owned(),
    );
    notes.extend(last.trouble.clone());
    Some(Earlier {
        round: last.round,
        notes,
        output: last.output_tail.clone(),
    })
}

/// The prompt for some gaps, ready to be read and edited.
#[must_use]
pub fn build(
    settings: &Settings,
    tests: &Tests,
    picked: Vec<Picked<'_>>,
    earlier: Option<Earlier>,
) -> String {
    prompt(&input(settings, tests, picked, earlier))
}

fn input(
    settings: &Settings,
    tests: &Tests,
    picked: Vec<Picked<'_>>,
    earlier: Option<Earlier>,
) -> PromptInput {
    let files = picked
        .into_iter()
        .map(|file| PromptFile {
            pattern: pattern(settings, tests, &file.path),
            gaps: file
                .gaps
                .into_iter()
                .map(|gap| PromptGap {
                    function_line: file.source.and_then(|source| {
                        let outline = source.outline();
                        // The line's first byte may stand before a function of one line; its end never does.
                        let at_end = Place {
                            line: gap.line,
                            byte: u32::try_from(source.line(gap.line).trim_end().len())
                                .unwrap_or(u32::MAX)
                                .saturating_sub(1),
                        };
                        let idx = outline.function_at(at_end)?;
                        Some(outline.functions.get(idx)?.span.start.line)
                    }),
                    gap,
                })
                .collect(),
            source: file
                .source
                .map(|source| source.lines().to_vec())
                .unwrap_or_default(),
            path: file.path,
        })
        .collect();
    PromptInput {
        files,
        test_command: tests.command.clone(),
        new_tests: settings.tests.generated.clone(),
        shard: None,
        earlier,
    }
}

fn pattern(settings: &Settings, tests: &Tests, path: &FilePath) -> Option<Pattern> {
    let nearest = nearest_test(&settings.root, &tests.paths, path)?;
    let lines = sources::lines(&settings.root, &nearest).ok()?;
    Some(Pattern {
        path: nearest,
        n_lines: lines.len(),
        head: lines.into_iter().take(HEAD).collect(),
    })
}

/// Model and effort for a kind of work, where the settings tell kinds of work apart. `None` inside: as the
/// thread was opened.
#[must_use]
pub fn by_work(settings: &Settings, work: Work) -> Option<(Option<String>, Option<String>)> {
    let agent = &settings.agent;
    let plain = settings::ByPhase::default();
    if agent.models == plain && agent.efforts == plain {
        return None;
    }
    let of = |phases: &settings::ByPhase, usual: &Option<String>| {
        let authoring = phases.authoring.as_ref().or(usual.as_ref());
        match work {
            Work::Authoring => authoring,
            Work::AuthoringComplex => phases.authoring_complex.as_ref().or(authoring),
            Work::Verification => phases.verification.as_ref().or(authoring),
        }
        .cloned()
    };
    Some((
        of(&agent.models, &agent.model),
        of(&agent.efforts, &agent.effort),
    ))
}

/// Whether what an agent calls untestable is looked at once more: where the settings say with what.
#[must_use]
pub fn wants_second_look(settings: &Settings) -> bool {
    let agent = &settings.agent;
    agent.models.verification.is_some() || agent.efforts.verification.is_some()
}

/// What a session is told, out of the settings of the person.
#[must_use]
pub fn session_settings(settings: &Settings) -> SessionSettings {
    let agent = &settings.agent;
    SessionSettings {
        root: settings.root.display().to_string(),
        command: agent.command.clone(),
        sandbox: match agent.sandbox {
            settings::Sandbox::ReadOnly => Sandbox::ReadOnly,
            settings::Sandbox::WorkspaceWrite => Sandbox::WorkspaceWrite,
            settings::Sandbox::DangerFullAccess => Sandbox::DangerFullAccess,
        },
        approval: match agent.approval {
            settings::Approval::OnRequest => ApprovalPolicy::OnRequest,
            settings::Approval::Untrusted => ApprovalPolicy::Untrusted,
            settings::Approval::Never => ApprovalPolicy::Never,
        },
        model: agent
            .models
            .authoring
            .clone()
            .or_else(|| agent.model.clone()),
        effort: agent
            .efforts
            .authoring
            .clone()
            .or_else(|| agent.effort.clone()),
        resume: None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::coverage::Line;
    use crate::gaps::GapKind;
    use crate::settings::AgentSettings;

    fn gap(line: u32) -> Gap {
        let line = Line::new(line).unwrap();
        Gap {
            id: GapId(1),
            kind: GapKind::Branch,
            line,
            end_line: line,
            column: None,
            function: Some("Till.total".into()),
            construct: Some("if".into()),
            arms_total: 2,
            arms_untaken: 1,
            arms: Vec::new(),
            says: format!("line {line}: the condition was never true"),
            brief: String::new(),
            lines_behind: 0,
            error_path: false,
        }
    }

    fn settings(root: &std::path::Path) -> Settings {
        Settings::defaults(root.canonicalize().unwrap())
    }

    #[test]
    fn the_test_command_the_nearest_test_and_the_function_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("shop")).unwrap();
        fs::create_dir_all(root.join("tests")).unwrap();
        fs::write(
            root.join("pyproject.toml"),
            "[project]\nname = \"shop\"\ndependencies = [\"pytest\"]\n[tool.pytest.ini_options]\n",
        )
        .unwrap();
        fs::write(root.join("tests/test_tax.py"), "def test_tax(): ...\n").unwrap();
        fs::write(root.join("tests/test_till.py"), "def test_till(): ...\n").unwrap();
        let mut text = vec!["class Till:".to_owned(), "    def total(self):".to_owned()];
        text.extend((0..30).map(|n| format!("        n = {n}")));
        text.push("        if self.items: return 1".to_owned());
        let path = FilePath::new("shop/till.py");
        let source = Source::new(&path, text);
        let settings = settings(root);
        let tests = Tests::of(&settings, &[]);
        let text = build(
            &settings,
            &tests,
            vec![Picked {
                path,
                source: Some(&source),
                gaps: vec![gap(33)],
            }],
            None,
        );
        let command = tests.command.as_deref().expect("pytest is found");
        for words in [
            command,
            "`tests/test_till.py`:\n\n```py\ndef test_till(): ...\n```",
            " 2       def total(self):\n",
            "33 >         if self.items: return 1",
            "line 33: the condition was never true",
        ] {
            assert!(text.contains(words), "{words}\n{text}");
        }
    }

    #[test]
    fn a_model_for_writing_tests_comes_before_the_one_for_everything() {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = settings(folder.path());
        settings.agent = AgentSettings {
            model: Some("plain".into()),
            ..AgentSettings::default()
        };
        assert_eq!(session_settings(&settings).model.as_deref(), Some("plain"));
        assert_eq!(by_work(&settings, Work::AuthoringComplex), None);
        settings.agent.models.authoring = Some("writer".into());
        assert_eq!(session_settings(&settings).model.as_deref(), Some("writer"));
        let named = |text: &str| Some(text.to_owned());
        // What is not set for the harder work is as for the easier.
        assert_eq!(
            by_work(&settings, Work::AuthoringComplex),
            Some((named("writer"), None))
        );
        settings.agent.models.authoring_complex = Some("thinker".into());
        settings.agent.efforts.authoring_complex = Some("high".into());
        settings.agent.effort = Some("low".into());
        assert_eq!(
            by_work(&settings, Work::AuthoringComplex),
            Some((named("thinker"), named("high")))
        );
        assert_eq!(
            by_work(&settings, Work::Authoring),
            Some((named("writer"), named("low")))
        );
        assert!(!wants_second_look(&settings));
        settings.agent.models.verification = Some("doubter".into());
        assert!(wants_second_look(&settings));
        assert_eq!(
            by_work(&settings, Work::Verification),
            Some((named("doubter"), named("low")))
        );
    }
}
