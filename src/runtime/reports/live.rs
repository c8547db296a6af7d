//! Reading again what the watcher says is ready: only that is parsed, and a report that cannot be read
//! keeps what was read of it last.

use std::path::{Path, PathBuf};

use super::{Reader, Sources, Unread, read_one};
use crate::app::message::LoadFailure;
use crate::coverage::{Coverage, ReportInfo};
use crate::runtime::settle::Outcome;
use crate::runtime::watch::Watched;

/// What came of reading again.
#[derive(Debug)]
pub struct Reloaded {
    /// `None` when nothing new was read: what was read before stays.
    pub coverage: Option<Coverage>,
    /// For each report that was said to be ready, for the watcher.
    pub outcomes: Vec<(PathBuf, Outcome)>,
}

impl Reader {
    /// What the watcher has to watch after a reading that used these reports.
    #[must_use]
    pub fn to_watch(&self, reports: &[ReportInfo]) -> Vec<Watched> {
        reports
            .iter()
            .map(|report| Watched {
                path: self.root.join(report.path.as_str()),
                read_ms: Some(report.written_ms),
            })
            .collect()
    }

    /// What the watcher has to watch after a reading that failed: the report that could not be read, or
    /// all the usual places of one.
    #[must_use]
    pub fn to_watch_for(&self, failure: &LoadFailure) -> Vec<Watched> {
        let path = self.root.join(failure.path.as_str());
        let paths = if path.is_dir() {
            super::find::usual(&path)
        } else {
            vec![path]
        };
        let unread = |path| Watched {
            path,
            read_ms: None,
        };
        paths.into_iter().map(unread).collect()
    }

    /// Reads the reports again that the watcher says are ready, under the paths that it was given.
    pub fn reload(&mut self, ready: &[PathBuf], sources: Sources) -> Reloaded {
        if self.last.is_empty() {
            return self.first(ready, sources);
        }
        let mut outcomes: Vec<(PathBuf, Outcome)> = ready
            .iter()
            .map(|path| (path.clone(), Outcome::Read))
            .collect();
        let mut last = std::mem::take(&mut self.last);
        let mut is_anything_new = ready.iter().any(|path| {
            // What stands beside a summary is read with it.
            !last
                .iter()
                .any(|report| self.as_watched(&report.path) == *path)
        });
        for report in &mut last {
            let path = self.as_watched(&report.path);
            let Some((_, outcome)) = outcomes.iter_mut().find(|(ready, _)| *ready == path) else {
                continue;
            };
            match read_one(&report.path, None, &self.progress) {
                Ok(read) => {
                    *report = read;
                    is_anything_new = true;
                }
                Err(Unread::Moved) => *outcome = Outcome::Moved,
                Err(Unread::Refused(why)) => *outcome = Outcome::Refused(why),
            }
        }
        self.last = last;
        Reloaded {
            coverage: is_anything_new.then(|| self.assemble(sources)),
            outcomes,
        }
    }

    /// Nothing has been read before.
    fn first(&mut self, ready: &[PathBuf], sources: Sources) -> Reloaded {
        let outcome = |outcome: Outcome| {
            let all = ready.iter().map(|path| (path.clone(), outcome.clone()));
            all.collect()
        };
        match self.load(sources) {
            Ok(coverage) => Reloaded {
                coverage: Some(coverage),
                outcomes: outcome(Outcome::Read),
            },
            Err(failure) => Reloaded {
                coverage: None,
                outcomes: outcome(Outcome::Refused(failure.message)),
            },
        }
    }

    /// A report's path as the watcher knows it.
    fn as_watched(&self, path: &Path) -> PathBuf {
        self.root.join(self.shown(path).as_str())
    }
}
