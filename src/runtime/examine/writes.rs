//! How often a report is written while the tests run. A runner writes its report once, at its end; code
//! under its roof that writes it again, or over it, is seen here.
//!
//! On Linux, by inotify: synchronous, so that what happened before the run's last process ended is known
//! when the run is over. Elsewhere nothing is counted, and nothing is concluded.

use std::path::PathBuf;

/// Watches the folders of some reports.
#[derive(Debug)]
pub(super) struct Writes {
    reports: Vec<PathBuf>,
    #[cfg(target_os = "linux")]
    watched: Vec<Option<nix::sys::inotify::Inotify>>,
}

#[cfg(target_os = "linux")]
impl Writes {
    pub(super) fn watch(reports: &[PathBuf]) -> Self {
        use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
        let watched = reports
            .iter()
            .map(|report| {
                let flags = InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC;
                let inotify = Inotify::init(flags).ok()?;
                // Equal events in a row are told once (inotify(7)): IN_MODIFY parts two writes.
                let wanted = AddWatchFlags::IN_CLOSE_WRITE
                    | AddWatchFlags::IN_MOVED_TO
                    | AddWatchFlags::IN_MODIFY;
                inotify.add_watch(report.parent()?, wanted).ok()?;
                Some(inotify)
            })
            .collect();
        Self {
            reports: reports.to_vec(),
            watched,
        }
    }

    /// How often each report was written, or moved into its place; `None` where that is not known.
    pub(super) fn counts(self) -> Vec<Option<u32>> {
        use nix::sys::inotify::AddWatchFlags;
        let written = AddWatchFlags::IN_CLOSE_WRITE | AddWatchFlags::IN_MOVED_TO;
        self.reports
            .iter()
            .zip(self.watched)
            .map(|(report, inotify)| {
                let inotify = inotify?;
                let mut n = 0;
                while let Ok(events) = inotify.read_events() {
                    for event in events {
                        if event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW) {
                            return None;
                        }
                        let is_report = event.name.as_deref() == report.file_name();
                        if is_report && event.mask.intersects(written) {
                            n += 1;
                        }
                    }
                }
                Some(n)
            })
            .collect()
    }
}

#[cfg(not(target_os = "linux"))]
impl Writes {
    pub(super) fn watch(reports: &[PathBuf]) -> Self {
        Self {
            reports: reports.to_vec(),
        }
    }

    pub(super) fn counts(self) -> Vec<Option<u32>> {
        self.reports.iter().map(|_| None).collect()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;

    use super::Writes;

    #[test]
    fn each_write_counts_also_one_that_is_moved_into_the_place() {
        let place = tempfile::tempdir().unwrap();
        let (report, other) = (place.path().join("r.json"), place.path().join("o.json"));
        let watched = Writes::watch(&[report.clone(), place.path().join("no/such/r.json")]);
        fs::write(&report, "true").unwrap();
        fs::write(&other, "other").unwrap();
        fs::write(&report, "forged").unwrap();
        fs::rename(&other, &report).unwrap();
        assert_eq!(watched.counts(), [Some(3), None]);
    }
}
