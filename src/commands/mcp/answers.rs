//! What the tools answer: JSON in the shapes of `gaps --format json` and `diff --format json`, bounded, with
//! nothing in it that a terminal would obey once a client shows it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cli::{self, GapChoice};
use crate::commands::choice::Choice;
use crate::commands::diff::Entry;
use crate::commands::{json, shape};
use crate::coverage::{Coverage, CoveredFile, FilePath, Hits, Line};
use crate::gaps::{ArmRef, Delta, Gap, GapKind, Source};
use crate::runtime::serving::{Served, Serving};
use crate::settings::Settings;

/// As many gaps or files come at once, unless fewer are asked for.
const USUAL: usize = 50;
const MOST: usize = 500;
/// Lines of source on each side of a gap.
const USUAL_CONTEXT: u32 = 12;
const MOST_CONTEXT: u32 = 100;
/// An answer is never longer than this, in bytes: a client has a window of its own.
const LONGEST: usize = 256 * 1024;
/// Nor is a line of source, in characters.
const LONGEST_LINE: usize = 400;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct GapsWanted {
    /// Only files that match one of these, as in a .gitignore: `src/shop/cart.py`, `src/**`
    file: Vec<String>,
    /// Only files whose branch coverage is below this percentage
    below: Option<f64>,
    /// Only what lies on lines changed since the merge base with this revision
    diff: Option<String>,
    /// At most so many gaps, 1 to 500; 50 where nothing is said
    limit: Option<usize>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GapWanted {
    /// The id of a gap, as `gaps` gave it
    id: String,
    /// The file it is in: then only that is searched
    #[serde(default)]
    file: Option<String>,
    /// Lines of source on each side, 0 to 100; 12 where nothing is said
    #[serde(default)]
    context: Option<u32>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct DeltaWanted {
    /// At most so many arms in each list, 1 to 500; 50 where nothing is said
    limit: Option<usize>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FilesWanted {
    /// Only files that match one of these, as in a .gitignore
    file: Vec<String>,
    /// Only files whose branch coverage is below this percentage
    below: Option<f64>,
    /// Leave out so many files first, to go on where an earlier answer stopped
    skip: usize,
    /// At most so many files, 1 to 500; 50 where nothing is said
    limit: Option<usize>,
}

/// Why a question has no answer, with a name that a program can tell apart.
#[derive(Debug, Serialize)]
pub(super) struct Refusal {
    /// `no-report`, `no-such-gap`, `no-such-file`, `bad-argument`, `no-such-revision`.
    error: &'static str,
    /// What to do next is in it.
    message: String,
}

impl Refusal {
    fn new(error: &'static str, message: impl Into<String>) -> Self {
        Self {
            error,
            message: message.into(),
        }
    }

    pub(super) fn json(&self) -> String {
        json::encode(self)
    }
}

pub(super) struct Answers {
    settings: Settings,
    serving: Serving,
}

/// The list of gaps: the shape of the command, and whether it was cut.
#[derive(Serialize)]
struct GapsAnswer<'a> {
    #[serde(flatten)]
    gaps: shape::Gaps<'a>,
    truncated: bool,
}

#[derive(Serialize)]
struct GapAnswer<'a> {
    version: u32,
    path: &'a str,
    /// `found`, `changed`… as in the list.
    source_state: &'static str,
    gap: shape::GapShape<'a>,
    /// Where the function begins that the gap is in, where the source tells.
    function_line: Option<u32>,
    source: &'a [SourceLine],
    /// Why there is no source.
    source_missing: Option<String>,
    warnings: Vec<shape::Warning<'a>>,
}

#[derive(Serialize)]
struct SourceLine {
    line: u32,
    text: String,
    /// `null` where the report says nothing of the line.
    ran: Option<bool>,
    /// `null` where it does not count.
    hits: Option<u64>,
    /// The line belongs to the gap.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    gap: bool,
}

#[derive(Serialize)]
struct FilesAnswer<'a> {
    version: u32,
    reports: Vec<shape::Report<'a>>,
    totals: shape::Figures,
    n_files: usize,
    files: Vec<FileAnswer<'a>>,
    truncated: bool,
    warnings: Vec<shape::Warning<'a>>,
}

#[derive(Serialize)]
struct FileAnswer<'a> {
    path: &'a str,
    source: &'static str,
    #[serde(flatten)]
    figures: shape::Figures,
}

/// The lists in the shape of `diff --format json`, each cut to the limit, and how long they are.
#[derive(Serialize)]
struct DeltaAnswer<'a> {
    version: u32,
    before: shape::Figures,
    after: shape::Figures,
    n_taken: usize,
    n_lost: usize,
    n_vanished: usize,
    taken: Vec<Entry<'a>>,
    lost: Vec<Entry<'a>>,
    vanished: Vec<Entry<'a>>,
    warnings: Vec<shape::Warning<'a>>,
}

fn entries(arms: &[ArmRef], most: usize) -> Vec<Entry<'_>> {
    arms.iter()
        .take(most)
        .map(|arm| Entry::new(arm, None))
        .collect()
}

impl Answers {
    pub(super) fn new(settings: Settings, serving: Serving) -> Self {
        Self { settings, serving }
    }

    /// Reads the reports for the first time. Where there are none yet, the first that come are the first.
    pub(super) fn look(&mut self) {
        let _ = self.serving.coverage();
    }

    fn served(&mut self) -> Result<Served, Refusal> {
        self.serving.coverage().map_err(|failure| {
            Refusal::new(
                "no-report",
                format!("{}: {}", failure.path.as_str(), failure.message),
            )
        })
    }

    pub(super) fn gaps(&mut self, wanted: &GapsWanted) -> Result<String, Refusal> {
        let limit = limit(wanted.limit)?;
        let choice = self.choice(&wanted.file, wanted.below, wanted.diff.clone())?;
        let served = self.served()?;
        let mut listed: Vec<(CoveredFile, Vec<Gap>)> = Vec::new();
        let mut n_gaps = 0;
        let mut truncated = false;
        for file in served
            .coverage
            .files
            .iter()
            .filter(|file| choice.wants(file))
        {
            let mut gaps = self.serving.gaps(&file.path).unwrap_or_default();
            gaps.retain(|gap| choice.touches(&file.path, gap));
            if gaps.is_empty() {
                continue;
            }
            if n_gaps == limit {
                truncated = true;
                break;
            }
            truncated = gaps.len() > limit - n_gaps;
            gaps.truncate(limit - n_gaps);
            n_gaps += gaps.len();
            listed.push((file.clone(), gaps));
            if truncated {
                break;
            }
        }
        Ok(bounded(n_gaps, |most| {
            let mut left = most;
            let files = listed
                .iter()
                .map_while(|(file, gaps)| {
                    let gaps = gaps.get(..gaps.len().min(left)).unwrap_or_default();
                    left -= gaps.len();
                    (!gaps.is_empty()).then(|| shape::file(file, gaps))
                })
                .collect();
            json::encode(&GapsAnswer {
                gaps: shape::Gaps {
                    version: 1,
                    reports: reports(&served.coverage),
                    totals: served.coverage.totals.into(),
                    files,
                    warnings: warnings(&served),
                },
                truncated: truncated || most < n_gaps,
            })
        }))
    }

    pub(super) fn gap(&mut self, wanted: &GapWanted) -> Result<String, Refusal> {
        let context = wanted.context.unwrap_or(USUAL_CONTEXT);
        if context > MOST_CONTEXT {
            return Err(Refusal::new(
                "bad-argument",
                format!("context: from 0 to {MOST_CONTEXT} lines"),
            ));
        }
        let served = self.served()?;
        let (file, gap) = self.find(&served.coverage, wanted)?;
        let text = self.serving.source(&file.path);
        let (source, source_missing) = match &text {
            Ok(source) => (around(file, &gap, source, context), None),
            Err(why) => (Vec::new(), Some(why.clone())),
        };
        let function_line = text.as_ref().ok().and_then(|source| function(source, &gap));
        Ok(bounded(source.len(), |most| {
            json::encode(&GapAnswer {
                version: 1,
                path: file.path.as_str(),
                source_state: file.source.name(),
                gap: shape::GapShape::from(&gap),
                function_line,
                source: source.get(..most).unwrap_or(&source),
                source_missing: source_missing.clone(),
                warnings: warnings(&served),
            })
        }))
    }

    fn find<'a>(
        &self,
        coverage: &'a Coverage,
        wanted: &GapWanted,
    ) -> Result<(&'a CoveredFile, Gap), Refusal> {
        let id = wanted.id.trim();
        let is_id = id.len() <= 16 && !id.is_empty() && id.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_id {
            return Err(Refusal::new(
                "bad-argument",
                "id: hexadecimal digits, as `gaps` lists them",
            ));
        }
        let files: Vec<&CoveredFile> = match &wanted.file {
            None => coverage.files.iter().collect(),
            Some(path) => {
                let file = coverage.file(&FilePath::new(path)).ok_or_else(|| {
                    Refusal::new(
                        "no-such-file",
                        format!("{path}: not in the report; `files` lists those that are"),
                    )
                })?;
                vec![file]
            }
        };
        files
            .into_iter()
            .find_map(|file| {
                let gaps = self.serving.gaps(&file.path).ok()?;
                let gap = gaps.into_iter().find(|gap| gap.id.to_string() == id)?;
                Some((file, gap))
            })
            .ok_or_else(|| {
                Refusal::new(
                    "no-such-gap",
                    format!(
                        "{id}: no gap has this id now; it is closed or its code changed, `gaps` lists those that are open and `delta` what became of the rest"
                    ),
                )
            })
    }

    pub(super) fn delta(&mut self, wanted: &DeltaWanted) -> Result<String, Refusal> {
        let limit = limit(wanted.limit)?;
        let served = self.served()?;
        let delta = self.serving.delta().unwrap_or(Delta {
            before: served.coverage.totals,
            after: served.coverage.totals,
            ..Delta::default()
        });
        Ok(bounded(limit, |most| {
            json::encode(&DeltaAnswer {
                version: 1,
                before: delta.before.into(),
                after: delta.after.into(),
                n_taken: delta.taken.len(),
                n_lost: delta.lost.len(),
                n_vanished: delta.vanished.len(),
                taken: entries(&delta.taken, most),
                lost: entries(&delta.lost, most),
                vanished: delta
                    .vanished
                    .iter()
                    .take(most)
                    .map(|(arm, why)| Entry::new(arm, Some(why)))
                    .collect(),
                warnings: warnings(&served),
            })
        }))
    }

    pub(super) fn files(&mut self, wanted: &FilesWanted) -> Result<String, Refusal> {
        let limit = limit(wanted.limit)?;
        let choice = self.choice(&wanted.file, wanted.below, None)?;
        let served = self.served()?;
        let files: Vec<&CoveredFile> = served
            .coverage
            .files
            .iter()
            .filter(|file| choice.wants(file))
            .collect();
        let rest = files.get(wanted.skip..).unwrap_or_default();
        let n_shown = rest.len().min(limit);
        Ok(bounded(n_shown, |most| {
            json::encode(&FilesAnswer {
                version: 1,
                reports: reports(&served.coverage),
                totals: served.coverage.totals.into(),
                n_files: files.len(),
                files: rest
                    .iter()
                    .take(most)
                    .map(|file| FileAnswer {
                        path: file.path.as_str(),
                        source: file.source.name(),
                        figures: file.coverage.totals().into(),
                    })
                    .collect(),
                truncated: most < rest.len(),
                warnings: warnings(&served),
            })
        }))
    }

    fn choice(
        &self,
        files: &[String],
        below: Option<f64>,
        diff: Option<String>,
    ) -> Result<Choice, Refusal> {
        let below = below
            .map(|percent| cli::percent(&percent.to_string()))
            .transpose()
            .map_err(|wanted| Refusal::new("bad-argument", format!("below: {wanted}")))?;
        let choice = GapChoice {
            files: files.to_vec(),
            below,
            diff,
            limit: None,
        };
        Choice::new(&choice, &self.settings)
            .map_err(|failure| Refusal::new("no-such-revision", failure.to_string()))
    }
}

fn limit(wanted: Option<usize>) -> Result<usize, Refusal> {
    match wanted.unwrap_or(USUAL) {
        limit @ 1..=MOST => Ok(limit),
        _ => Err(Refusal::new(
            "bad-argument",
            format!("limit: from 1 to {MOST}"),
        )),
    }
}

/// Writes `most` things, or as many as fit.
fn bounded(most: usize, mut write: impl FnMut(usize) -> String) -> String {
    let mut most = most;
    loop {
        let text = write(most);
        if text.len() <= LONGEST || most == 0 {
            return text;
        }
        most /= 2;
    }
}

fn reports(coverage: &Coverage) -> Vec<shape::Report<'_>> {
    coverage.reports.iter().map(shape::Report::from).collect()
}

/// The oddities of the reports, and that they cannot be read now.
fn warnings(served: &Served) -> Vec<shape::Warning<'_>> {
    let mut warnings = Vec::new();
    if let Some(failure) = &served.stale {
        warnings.push(shape::Warning::new(failure.path.as_str(), &failure.message));
    }
    warnings.extend(shape::warnings(&served.coverage));
    warnings.truncate(20);
    warnings
}

/// The lines around a gap.
fn around(file: &CoveredFile, gap: &Gap, source: &Source, context: u32) -> Vec<SourceLine> {
    let last = u32::try_from(source.lines().len()).unwrap_or(u32::MAX);
    // A function that was never called is shown from its head; all of it may be long.
    let end = match gap.kind {
        GapKind::Function => gap.line.get().saturating_add(context),
        GapKind::Branch | GapKind::Line => gap.end_line.get(),
    };
    let from = gap.line.get().saturating_sub(context).max(1);
    let to = end.saturating_add(context).min(last);
    (from..=to)
        .filter_map(Line::new)
        .map(|line| {
            let hits = hits(file, source, line);
            SourceLine {
                line: line.get(),
                text: source.line(line).chars().take(LONGEST_LINE).collect(),
                ran: hits.map(Hits::is_taken),
                hits: hits.and_then(Hits::count),
                gap: (gap.line..=gap.end_line).contains(&line),
            }
        })
        .collect()
}

/// What the report says of a line of the text; it may speak of an older text.
fn hits(file: &CoveredFile, source: &Source, line: Line) -> Option<Hits> {
    let measured = match source.report_lines() {
        Some(lines) => (*lines.get(usize::try_from(line.get()).ok()? - 1)?)?,
        None => line,
    };
    file.coverage.line(measured)
}

fn function(source: &Source, gap: &Gap) -> Option<u32> {
    gap.function.as_ref()?;
    let outline = source.outline();
    outline
        .functions
        .iter()
        .filter(|function| (function.span.start.line..=function.span.end.line).contains(&gap.line))
        .map(|function| function.span.start.line.get())
        .max()
}
