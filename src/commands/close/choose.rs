//! What `close` works on: files furthest below first, within the caps, and what is left out with its reason.

use crate::cli::CloseArgs;
use crate::commands::Failure;
use crate::commands::choice;
use crate::coverage::{Coverage, CoveredFile, Percent, Ratio, SourceState};
use crate::gaps::{Gap, GapKind};
use crate::settings::Settings;
use crate::triage::record::RemainingGaps;
use crate::triage::{Pick, Shard};

/// The work, and what will not be tried.
#[derive(Clone, Debug, Default)]
pub(super) struct Chosen {
    pub(super) picks: Vec<Pick>,
    /// The files of the picks, in the order of the work.
    pub(super) n_files: usize,
    pub(super) left_out: Vec<RemainingGaps>,
}

pub(super) fn choose(
    args: &CloseArgs,
    settings: &Settings,
    coverage: &Coverage,
) -> Result<Chosen, Failure> {
    let changes = args
        .diff
        .as_deref()
        .map(|base| choice::changes(settings, base))
        .transpose()?;
    let mut files: Vec<CoveredFile> = coverage
        .files
        .iter()
        .filter(|file| {
            has_open(file)
                && changes
                    .as_ref()
                    .is_none_or(|changes| changes.has(&file.path))
        })
        .cloned()
        .collect();
    // Furthest below first; of equals those whose gaps are few come first, they are the cheapest to close.
    files.sort_by_key(|file| (figure(file), untaken(file)));
    let mut chosen = Chosen::default();
    if let Some(shard) = &args.shard {
        files = share(*shard, &files);
    }
    let max_files = args.max_files.unwrap_or(settings.agent.max_files) as usize;
    let max_gaps = args.max_gaps.map_or(usize::MAX, |max| max as usize);
    let found = choice::find_gaps(&files, settings);
    for (file, found) in files.iter().zip(found) {
        let gaps: Vec<Gap> = found
            .gaps
            .into_iter()
            .filter(|gap| {
                changes
                    .as_ref()
                    .is_none_or(|changes| changes.touches(&file.path, gap.line, gap.end_line))
            })
            .collect();
        // Where branches are measured they are the work; lines and functions come with them.
        let has_branches = gaps.iter().any(|gap| gap.kind == GapKind::Branch);
        let work: Vec<&Gap> = gaps
            .iter()
            .filter(|gap| !has_branches || gap.kind == GapKind::Branch)
            .collect();
        if work.is_empty() {
            continue;
        }
        let why = match &file.source {
            SourceState::Found | SourceState::Changed if chosen.n_files >= max_files => {
                Some("not attempted: --max-files".to_owned())
            }
            SourceState::Found | SourceState::Changed if chosen.picks.len() >= max_gaps => {
                Some("not attempted: --max-gaps".to_owned())
            }
            SourceState::Found | SourceState::Changed => None,
            other => Some(format!("not attempted: its source is {}", other.name())),
        };
        if let Some(why) = why {
            leave_out(&mut chosen, file, &work, why);
            continue;
        }
        chosen.n_files += 1;
        let room = max_gaps - chosen.picks.len();
        chosen
            .picks
            .extend(work.iter().take(room).map(|gap| Pick::new(&file.path, gap)));
        if work.len() > room {
            leave_out(
                &mut chosen,
                file,
                work.get(room..).unwrap_or_default(),
                "not attempted: --max-gaps".to_owned(),
            );
        }
    }
    Ok(chosen)
}

fn leave_out(chosen: &mut Chosen, file: &CoveredFile, gaps: &[&Gap], reason: String) {
    let mut lines: Vec<u32> = gaps.iter().map(|gap| gap.line.get()).collect();
    lines.sort_unstable();
    lines.dedup();
    chosen.left_out.push(RemainingGaps {
        file: file.path.as_str().to_owned(),
        uncovered_lines: lines,
        reason,
    });
}

fn has_open(file: &CoveredFile) -> bool {
    let totals = file.coverage.totals();
    [totals.branches, totals.lines, totals.statements]
        .into_iter()
        .flatten()
        .any(|ratio| ratio.missed() > 0)
}

fn figure(file: &CoveredFile) -> Option<Percent> {
    file.coverage.totals().leading()?.1.percent()
}

fn untaken(file: &CoveredFile) -> u64 {
    let totals = file.coverage.totals();
    totals.branches.or(totals.run()).map_or(0, Ratio::missed)
}

fn share(shard: Shard, files: &[CoveredFile]) -> Vec<CoveredFile> {
    let weights: Vec<_> = files
        .iter()
        .map(|file| (file.path.clone(), untaken(file)))
        .collect();
    let mine = shard.choose(&weights);
    files
        .iter()
        .filter(|file| mine.contains(&file.path))
        .cloned()
        .collect()
}
