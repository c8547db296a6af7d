//! `untaken diff`: what became of arms between two reports.

mod texts;
mod write;

use std::path::{Path, PathBuf};

pub(super) use self::write::Entry;
use super::paint::Style;
use super::{Answer, DONE, Failure, MISSED, warn};
use crate::cli::{DiffArgs, DiffFormat};
use crate::coverage::Coverage;
use crate::gaps;
use crate::runtime::reports::{Reader, Sources};
use crate::settings::Settings;

pub(super) fn run(args: &DiffArgs, settings: &Settings, style: Style) -> Result<Answer, Failure> {
    let read = |path: &Path, sources: Sources| -> Result<Coverage, Failure> {
        let path: PathBuf = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let coverage = Reader::new(settings).read(&[path], sources)?;
        warn(&coverage);
        Ok(coverage)
    };
    let before = read(&args.before, Sources::Found)?;
    let after = read(&args.after, Sources::Compared)?;
    if before.totals.branches.is_some() && after.totals.branches.is_none() {
        super::complain(
            "warning: the newer report has no branch data, so every arm left the report; measure branches again",
        );
    }
    let (old, new) = texts::facts(&before, &after, args.before_revision.as_deref(), settings)?;
    let mut delta = gaps::delta(&old, &new);
    delta.before = before.totals;
    delta.after = after.totals;
    let status = if delta.lost.is_empty() { DONE } else { MISSED };
    let stdout = match args.format {
        DiffFormat::Text => write::text(&before, &after, &delta, style),
        DiffFormat::Json => write::json(&before, &after, &delta),
        DiffFormat::Markdown => write::markdown(&delta),
    };
    Ok(Answer { stdout, status })
}
