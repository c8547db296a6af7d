//! The record of runs on disk, in the user's state folder and never in the project: an agent can write
//! the project.
//!
//! ```text
//! $XDG_STATE_HOME/untaken/<project>/            one folder for each root, named by its path's digest
//!   root                                        the root's path, for people
//!   runs/<id>/events.jsonl                      one event a line, only ever appended
//!   runs/<id>/files/<name>                      prompts, patches, test files: whole, named by content
//!   runs/<id>/lock                              locked while the run is alive
//!   runs/<id>/reports/<n>, reports.json         report bytes that must be put back
//!   runs/<id>/mount-points.json                 folders that the sandbox may leave behind
//! ```
//!
//! A crash at any moment leaves at most one line cut off, which is dropped when the events are read.
//! Two programs in one project write into two runs.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use nix::fcntl::{Flock, FlockArg};
use sha2::{Digest, Sha256};

use super::codex::MountPoints;
use crate::settings::Settings;
use crate::triage::record::{Event, RunResult, Summary};

/// The list of folders that the sandbox may leave behind, in a run's folder.
const MOUNT_POINTS: &str = "mount-points.json";

/// What Python compiled in this run's sandbox, in a run's folder.
pub(super) const COMPILED: &str = "compiled";

/// Where the records of one project lie.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

/// A run that is being recorded. Its lock is held until it is dropped.
#[derive(Debug)]
pub struct RunRecord {
    id: String,
    folder: PathBuf,
    events: File,
    _lock: Flock<File>,
}

/// A run as it was found on disk.
#[derive(Clone, Debug)]
pub struct StoredRun {
    pub id: String,
    /// Whether a program is writing it right now.
    pub alive: bool,
    pub events: Vec<Event>,
    /// Lines that could not be read: at most the last one, after a crash.
    pub damaged_lines: usize,
}

impl StoredRun {
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary::of(&self.events)
    }

    #[must_use]
    pub fn result(&self) -> RunResult {
        RunResult::of(&self.events)
    }
}

/// Milliseconds since 1970.
#[must_use]
pub fn now_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The user's state folder for untaken: `$XDG_STATE_HOME/untaken`, else `~/.local/state/untaken`.
fn state_folder() -> io::Result<PathBuf> {
    use etcetera::BaseStrategy;
    let strategy = etcetera::base_strategy::Xdg::new()
        .map_err(|error| io::Error::new(io::ErrorKind::NotFound, error.to_string()))?;
    strategy
        .state_dir()
        .map(|folder| folder.join("untaken"))
        .ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotFound,
                "no state folder; set XDG_STATE_HOME",
            )
        })
}

impl Store {
    /// The store of the project that the settings are about. Makes its folder.
    ///
    /// # Errors
    /// When the state folder cannot be found out or written.
    pub fn of(settings: &Settings) -> io::Result<Self> {
        match &settings.state {
            Some(state) => Self::open_in(state, &settings.root),
            None => Self::open(&settings.root),
        }
    }

    /// The store of the project at `root`, which must be absolute. Makes its folder.
    ///
    /// # Errors
    /// When the state folder cannot be found out or written.
    pub fn open(root: &Path) -> io::Result<Self> {
        Self::open_in(&state_folder()?, root)
    }

    /// The same below a state folder of the caller's choice.
    pub fn open_in(state: &Path, root: &Path) -> io::Result<Self> {
        let folder = state.join(Self::name(root));
        fs::create_dir_all(folder.join("runs"))?;
        write_whole(&folder.join("root"), root.as_os_str().as_encoded_bytes())?;
        Ok(Self { folder })
    }

    /// The same where the project has one already; makes nothing.
    #[must_use]
    pub fn known(settings: &Settings) -> Option<Self> {
        match &settings.state {
            Some(state) => {
                let folder = state.join(Self::name(&settings.root));
                folder.is_dir().then_some(Self { folder })
            }
            None => Self::existing(&settings.root),
        }
    }

    /// The store of a project that has one; makes nothing.
    #[must_use]
    pub fn existing(root: &Path) -> Option<Self> {
        let folder = state_folder().ok()?.join(Self::name(root));
        folder.is_dir().then_some(Self { folder })
    }

    /// The folder's name: a part for people, and one that is different for every root.
    fn name(root: &Path) -> String {
        let digest = digest_name(root.as_os_str().as_encoded_bytes());
        let label: String = root
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            .take(24)
            .collect();
        format!("{label}-{digest}")
    }

    /// The folder for things that outlive a run.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts the record of a new run.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn start(&self) -> io::Result<RunRecord> {
        // The id sorts by time; the process id tells two programs apart that start in one second.
        let stem = utc_stamp(now_ms());
        let runs = self.folder.join("runs");
        for attempt in 0..1000 {
            let id = match attempt {
                0 => format!("{stem}-{:x}", std::process::id()),
                n => format!("{stem}-{:x}-{n}", std::process::id()),
            };
            let folder = runs.join(&id);
            match fs::create_dir(&folder) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            }
            fs::create_dir(folder.join("files"))?;
            let lock = File::create(folder.join("lock"))?;
            let lock = Flock::lock(lock, FlockArg::LockExclusiveNonblock)
                .map_err(|(_, errno)| io::Error::from(errno))?;
            let events = OpenOptions::new()
                .create(true)
                .append(true)
                .open(folder.join("events.jsonl"))?;
            return Ok(RunRecord {
                id,
                folder,
                events,
                _lock: lock,
            });
        }
        Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "no free name for the record of this run",
        ))
    }

    /// The ids of all runs, newest first.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        let Ok(found) = fs::read_dir(self.folder.join("runs")) else {
            return Vec::new();
        };
        let mut ids: Vec<String> = found
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        ids.sort_unstable_by(|a, b| b.cmp(a));
        ids
    }

    /// Every run, newest first. A folder that is no run is passed over.
    #[must_use]
    pub fn runs(&self) -> Vec<StoredRun> {
        self.ids().iter().filter_map(|id| self.run(id)).collect()
    }

    /// One run by its id, or by the beginning of it when only one run begins so.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<StoredRun> {
        if let Some(run) = self.run(id) {
            return Some(run);
        }
        let mut fitting = self.runs().into_iter().filter(|run| run.id.starts_with(id));
        fitting.next().filter(|_| fitting.next().is_none())
    }

    /// The folder of the texts and patches that a run's events name.
    #[must_use]
    pub fn files(&self, id: &str) -> PathBuf {
        self.folder.join("runs").join(id).join("files")
    }

    /// A file that an event of a run names. `None` where there is none, or the name leads elsewhere.
    #[must_use]
    pub fn read_file(&self, id: &str, name: &str) -> Option<Vec<u8>> {
        let plain = |part: &str| !part.is_empty() && !part.contains(['/', '\\']) && part != "..";
        (plain(id) && plain(name))
            .then(|| fs::read(self.files(id).join(name)).ok())
            .flatten()
    }

    /// Opens the record of an earlier run to go on writing it. What a crash has cut off stays a line of
    /// its own.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] while another program writes it.
    pub fn reopen(&self, id: &str) -> io::Result<RunRecord> {
        let folder = self.folder.join("runs").join(id);
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join("lock"))?;
        let lock = Flock::lock(lock, FlockArg::LockExclusiveNonblock)
            .map_err(|(_, errno)| io::Error::from(errno))?;
        let path = folder.join("events.jsonl");
        let mut events = OpenOptions::new().append(true).open(&path)?;
        if fs::read(&path)?.last().is_some_and(|byte| *byte != b'\n') {
            events.write_all(b"\n")?;
        }
        Ok(RunRecord {
            id: id.to_owned(),
            folder,
            events,
            _lock: lock,
        })
    }

    fn run(&self, id: &str) -> Option<StoredRun> {
        if id.is_empty() || id.contains(['/', '\\']) || id.starts_with('.') {
            return None;
        }
        let folder = self.folder.join("runs").join(id);
        let text = fs::read(folder.join("events.jsonl")).ok()?;
        let mut run = StoredRun {
            id: id.to_owned(),
            alive: is_locked(&folder),
            events: Vec::new(),
            damaged_lines: 0,
        };
        for line in text
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            match serde_json::from_slice(line) {
                Ok(event) => run.events.push(event),
                Err(_) => run.damaged_lines += 1,
            }
        }
        Some(run)
    }

    /// Puts back every report that a run which is no longer alive had put aside. Returns their paths.
    ///
    /// # Errors
    /// When a report cannot be written; the copy then stays where it is for the next try.
    pub fn put_back_reports(&self) -> io::Result<Vec<PathBuf>> {
        let mut done = Vec::new();
        let Ok(found) = fs::read_dir(self.folder.join("runs")) else {
            return Ok(done);
        };
        for entry in found.filter_map(Result::ok) {
            let folder = entry.path();
            if folder.join("reports.json").exists() && !is_locked(&folder) {
                done.extend(put_back(&folder)?);
            }
        }
        Ok(done)
    }

    /// Removes what killed runs left: what they compiled, and the empty folders of their sandbox in the
    /// project, where those were not there when the run began. Not while another run is alive: its sandbox may just be using them.
    pub fn clear_leftovers(&self) {
        let Ok(found) = fs::read_dir(self.folder.join("runs")) else {
            return;
        };
        let runs: Vec<PathBuf> = found.flatten().map(|entry| entry.path()).collect();
        if runs.iter().any(|run| is_locked(run)) {
            return;
        }
        for run in runs {
            let _ = fs::remove_dir_all(run.join(COMPILED));
            let list = run.join(MOUNT_POINTS);
            let Ok(bytes) = fs::read(&list) else { continue };
            if let Ok(paths) = serde_json::from_slice::<Vec<PathBuf>>(&bytes) {
                MountPoints::known(paths).remove();
            }
            let _ = fs::remove_file(list);
        }
    }
}

impl RunRecord {
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The run's own folder, which the agent's sandbox does not let it write.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Appends one event. One write, so that a crash leaves whole lines and at most one cut off.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn append(&mut self, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        self.events.write_all(&line)
    }

    /// Keeps a text or a patch whole, and returns the name that events use for it. The same bytes are
    /// kept once.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn keep(&self, bytes: &[u8], extension: &str) -> io::Result<String> {
        let name = format!("{}.{extension}", digest_name(bytes));
        let path = self.folder.join("files").join(&name);
        if !path.exists() {
            write_whole(&path, bytes)?;
        }
        Ok(name)
    }

    /// Takes down which of the folders that the sandbox mounts something over are not there, so that what a
    /// killed run leaves of them can be told from the user's own.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn note_mount_points(&self, root: &Path) -> io::Result<()> {
        let points = MountPoints::absent_from(root);
        let paths = serde_json::to_vec(points.paths())?;
        write_whole(&self.folder.join(MOUNT_POINTS), &paths)
    }

    /// The run is over, and its sandboxes with it: removes what they left.
    pub fn clear_leftovers(&self) {
        let _ = fs::remove_dir_all(self.folder.join(COMPILED));
        let list = self.folder.join(MOUNT_POINTS);
        if let Ok(bytes) = fs::read(&list)
            && let Ok(paths) = serde_json::from_slice::<Vec<PathBuf>>(&bytes)
        {
            MountPoints::known(paths).remove();
            let _ = fs::remove_file(list);
        }
    }

    /// Puts the bytes of reports aside before a run that must not change them. What is absent now is
    /// removed again by [`Self::put_back_reports`].
    ///
    /// # Errors
    /// When a report cannot be read or its copy not be written.
    pub fn put_reports_aside(&self, reports: &[PathBuf]) -> io::Result<()> {
        let copies = self.folder.join("reports");
        fs::create_dir_all(&copies)?;
        let mut list = Vec::new();
        for (n, path) in reports.iter().enumerate() {
            let held = match fs::read(path) {
                Ok(bytes) => {
                    write_whole(&copies.join(n.to_string()), &bytes)?;
                    true
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => false,
                Err(error) => return Err(error),
            };
            list.push(AsideReport {
                path: path.clone(),
                held,
            });
        }
        // Written last: without this list nothing is put back, with it every copy is whole.
        write_whole(
            &self.folder.join("reports.json"),
            &serde_json::to_vec(&list)?,
        )
    }

    /// Forgets the copies: what lies there now is what is to stay.
    ///
    /// # Errors
    /// When the list cannot be removed.
    pub fn forget_reports(&self) -> io::Result<()> {
        match fs::remove_file(self.folder.join("reports.json")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Makes the reports what they were before, and forgets the copies.
    ///
    /// # Errors
    /// When a report cannot be written; the copies then stay for the next start.
    pub fn put_back_reports(&self) -> io::Result<Vec<PathBuf>> {
        put_back(&self.folder)
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
struct AsideReport {
    path: PathBuf,
    held: bool,
}

fn put_back(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let list_path = folder.join("reports.json");
    let list: Vec<AsideReport> = match fs::read(&list_path) {
        Ok(bytes) => serde_json::from_slice(&bytes)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut done = Vec::new();
    for (n, report) in list.iter().enumerate() {
        if report.held {
            let bytes = fs::read(folder.join("reports").join(n.to_string()))?;
            if fs::read(&report.path).is_ok_and(|now| now == bytes) {
                continue;
            }
            if let Some(parent) = report.path.parent() {
                fs::create_dir_all(parent)?;
            }
            write_whole(&report.path, &bytes)?;
        } else {
            match fs::remove_file(&report.path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                other => other?,
            }
        }
        done.push(report.path.clone());
    }
    fs::remove_file(&list_path)?;
    fs::remove_dir_all(folder.join("reports"))?;
    Ok(done)
}

/// Writes beside and renames: whoever reads sees the old bytes or the new ones, never a part.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    /// Two threads may write one file at once; each needs a name of its own.
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let nth = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{:x}-{nth:x}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let written = File::create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_data()
    });
    let done = written.and_then(|()| fs::rename(&beside, path));
    if done.is_err() {
        let _ = fs::remove_file(&beside);
    }
    done
}

fn is_locked(run: &Path) -> bool {
    let Ok(file) = File::open(run.join("lock")) else {
        return false;
    };
    Flock::lock(file, FlockArg::LockSharedNonblock).is_err()
}

/// `20261122-143400` in UTC, so that ids sort by time wherever the machine stands.
fn utc_stamp(ms: u64) -> String {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    let moment = jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    moment.strftime("%Y%m%d-%H%M%S").to_string()
}

/// The first 64 bits of a digest, as a name.
fn digest_name(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let first = digest
        .iter()
        .take(8)
        .fold(0_u64, |name, byte| name << 8 | u64::from(*byte));
    format!("{first:016x}")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::{Store, utc_stamp};
    use crate::triage::record::Event;

    fn ended(reason: &str) -> Event {
        Event::Ended {
            at: 1,
            reason: reason.into(),
            rounds: 1,
            files: 1,
        }
    }

    #[test]
    fn a_line_cut_off_by_a_crash_is_dropped_and_the_rest_is_kept() {
        let place = tempfile::tempdir().unwrap();
        let store = Store::open_in(&place.path().join("state"), place.path()).unwrap();
        let mut run = store.start().unwrap();
        run.append(&ended("one")).unwrap();
        run.append(&ended("two")).unwrap();
        assert!(store.find(run.id()).unwrap().alive);
        let (id, events) = (run.id().to_owned(), run.folder().join("events.jsonl"));
        drop(run);
        let mut file = fs::OpenOptions::new().append(true).open(&events).unwrap();
        file.write_all(b"{\"event\":\"ended\",\"at\":1,\"rea")
            .unwrap();
        let found = store.find(&id[..id.len() - 1]).unwrap();
        assert_eq!(
            (found.events.len(), found.damaged_lines, found.alive),
            (2, 1, false)
        );
        // Whoever goes on writing does not lose a line to it.
        let mut again = store.reopen(&id).unwrap();
        assert_eq!(
            store.reopen(&id).unwrap_err().kind(),
            std::io::ErrorKind::WouldBlock
        );
        again.append(&ended("three")).unwrap();
        drop(again);
        let found = store.find(&id).unwrap();
        assert_eq!((found.events.len(), found.damaged_lines), (3, 1));
    }

    #[test]
    fn two_programs_in_one_project_write_two_runs() {
        let place = tempfile::tempdir().unwrap();
        let store = Store::open_in(&place.path().join("state"), place.path()).unwrap();
        let (mut a, mut b) = (store.start().unwrap(), store.start().unwrap());
        assert_ne!(a.id(), b.id());
        a.append(&ended("a")).unwrap();
        b.append(&ended("b")).unwrap();
        assert_eq!(store.runs().len(), 2);
        assert!(store.find("../root").is_none());
    }

    #[test]
    fn reports_are_put_back_after_a_crash_but_not_under_a_living_run() {
        let place = tempfile::tempdir().unwrap();
        let store = Store::open_in(&place.path().join("state"), place.path()).unwrap();
        let (there, absent) = (
            place.path().join("coverage.json"),
            place.path().join("lcov.info"),
        );
        fs::write(&there, "whole suite").unwrap();
        let run = store.start().unwrap();
        run.put_reports_aside(&[there.clone(), absent.clone()])
            .unwrap();
        fs::write(&there, "one file alone").unwrap();
        fs::write(&absent, "one file alone").unwrap();
        assert_eq!(store.put_back_reports().unwrap().len(), 0);
        assert_eq!(fs::read_to_string(&there).unwrap(), "one file alone");
        drop(run);
        assert_eq!(
            store.put_back_reports().unwrap(),
            [there.clone(), absent.clone()]
        );
        assert_eq!(fs::read_to_string(&there).unwrap(), "whole suite");
        assert!(!absent.exists());
        assert_eq!(store.put_back_reports().unwrap().len(), 0);
    }

    #[test]
    fn folders_that_a_killed_sandbox_left_go_and_the_users_own_stay() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("project");
        fs::create_dir_all(root.join(".aws")).unwrap();
        let store = Store::open_in(&place.path().join("state"), &root).unwrap();
        let run = store.start().unwrap();
        run.note_mount_points(&root).unwrap();
        fs::create_dir(root.join(".agents")).unwrap();
        fs::create_dir(root.join(".codex")).unwrap();
        fs::write(root.join(".codex/config.toml"), "").unwrap();
        store.clear_leftovers();
        assert!(root.join(".agents").exists(), "the run is alive");
        drop(run);
        store.clear_leftovers();
        assert!(!root.join(".agents").exists());
        assert!(root.join(".aws").is_dir() && root.join(".codex/config.toml").is_file());
    }

    #[test]
    fn stamps_are_dates() {
        assert_eq!(utc_stamp(0), "19700101-000000");
        assert_eq!(utc_stamp(1_709_210_096_789), "20240229-123456");
        assert_eq!(utc_stamp(1_798_761_599_000), "20261231-235959");
    }
}
