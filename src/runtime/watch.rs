//! Watching the report files: what the system tells about them, and when they are read again.
//!
//! The decisions are [`Settle`]'s. Here is the thread that asks the system: it sleeps until something
//! happens to a report or a moment that `Settle` named has come, and costs nothing meanwhile.
//!
//! Folders are watched, not files: a report is deleted, moved away and made anew. For each report its
//! folder and the folder above are watched, or the nearest ones that are there; whenever a folder of
//! these appears or goes, the watches are set anew and every file is looked at, so that nothing that
//! happened meanwhile is missed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind, RenameMode};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use super::settle::{Nature, Outcome, Settle, Stamp, State, Touch, Wish};
use crate::app::message::WatchState;
use crate::coverage::{FilePath, Format};
use crate::formats;

/// A report, and when it was written as far as the reading that is shown knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    pub path: PathBuf,
    /// In milliseconds since 1970; `None` when it was not read, or could not be.
    pub read_ms: Option<u64>,
}

/// What the watcher has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// These reports are new and at rest: read them, and answer with [`Watcher::answer`].
    Ready(Vec<PathBuf>),
    State(WatchState),
}

/// Watches until it is dropped.
#[derive(Debug)]
pub struct Watcher {
    commands: mpsc::Sender<Command>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Command {
    /// The system told something; it is in [`Noticed`].
    Noticed,
    Watch(Vec<Watched>),
    Answer(Vec<(PathBuf, Outcome)>),
    Hold,
    Release,
    Forget(mpsc::Sender<()>),
    Stop,
}

/// The system tells in bursts (a reporter that writes a line at a time); so long is waited for the rest.
const BURST: Duration = Duration::from_millis(5);
/// File systems count the time of a write in steps of at most so long (ext4 and
/// tmpfs: 4 ms).
const STEP: Duration = Duration::from_millis(20);
/// A report this young when the watching begins may still be being written.
const YOUNG: Duration = Duration::from_secs(3);
/// A Go profile of this size at most can be a mode line alone.
const MODE_LINE: u64 = 64;

impl Watcher {
    /// Starts watching nothing. Paths are shown relative to `root`; `tell` must not wait.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(root: PathBuf, tell: impl FnMut(Told) + Send + 'static) -> io::Result<Self> {
        let (commands, inbox) = mpsc::channel();
        let waker = commands.clone();
        let thread = thread::Builder::new()
            .name("untaken-watch".to_owned())
            .spawn(move || Watching::new(root, waker, Box::new(tell)).run(&inbox))?;
        Ok(Self {
            commands,
            thread: Some(thread),
        })
    }

    /// From now on these reports are watched. One that was written since it was read, or was not read, is
    /// told as ready when it rests.
    pub fn watch(&self, reports: Vec<Watched>) {
        self.send(Command::Watch(reports));
    }

    /// What became of the reading of reports that were told as ready.
    pub fn answer(&self, outcomes: Vec<(PathBuf, Outcome)>) {
        self.send(Command::Answer(outcomes));
    }

    /// A run of our own begins: until [`Watcher::release`] nothing is told as ready.
    pub fn hold(&self) {
        self.send(Command::Hold);
    }

    /// The run has ended, every process of it: what it wrote is told as ready, once.
    pub fn release(&self) {
        self.send(Command::Release);
    }

    /// Instead of [`Watcher::release`], after the reports were put back as they had been: what lies there
    /// counts as read. Returns when that is so.
    pub fn forget(&self) {
        let (done, wait) = mpsc::channel();
        self.send(Command::Forget(done));
        // An error means that the thread is gone, and then there is nothing to forget.
        let _ = wait.recv();
    }

    fn send(&self, command: Command) {
        // Only a thread that panicked does not listen; the panic was told where it happened.
        let _ = self.commands.send(command);
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.send(Command::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Reads a file that others rewrite: `None` when it changed meanwhile.
///
/// # Errors
/// As reading does.
pub fn read_unmoved(path: &Path) -> io::Result<Option<Vec<u8>>> {
    unmoved(path, |mut file, size| {
        let size = usize::try_from(size).unwrap_or_default();
        if size >= WORTH_TWO_THREADS {
            return read_in_halves(file, size);
        }
        let mut bytes = Vec::with_capacity(size + 1);
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    })
}

/// Reads a file that others rewrite, in whatever way; it is told how many bytes there are. `None` when the
/// file changed meanwhile.
///
/// # Errors
/// As the reading does.
pub fn unmoved<T>(
    path: &Path,
    read: impl FnOnce(&File, u64) -> io::Result<T>,
) -> io::Result<Option<T>> {
    let file = File::open(path)?;
    let before = Stamp::of(&file.metadata()?);
    let read = match read(&file, before.size) {
        // It was shortened.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    };
    // The file that is read, and the one that the path means now.
    let after = [file.metadata()?, fs::metadata(path)?];
    let is_same = after
        .iter()
        .all(|after| Stamp::of(after).looks_same(before));
    Ok(is_same.then_some(read))
}

/// Files of so many bytes are read by two threads: most of the time goes into new memory, page by page.
const WORTH_TWO_THREADS: usize = 8 << 20;

fn read_in_halves(file: &File, size: usize) -> io::Result<Vec<u8>> {
    // Zeroes that the system gives are free.
    let mut bytes = vec![0; size];
    let (first, second) = bytes.split_at_mut(size / 2);
    thread::scope(|scope| {
        let at = first.len() as u64;
        let other = scope.spawn(move || file.read_exact_at(second, at));
        file.read_exact_at(first, 0)?;
        other
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    Ok(bytes)
}

/// What the system told since it was asked last. Bounded: an entry for each report at most.
#[derive(Debug, Default)]
struct Noticed {
    /// The reports that are watched, by every path they have.
    reports: BTreeMap<PathBuf, usize>,
    /// The folders above them.
    folders: BTreeSet<PathBuf>,
    touched: BTreeMap<usize, Touch>,
    /// A folder came or went.
    moved_folders: bool,
    /// The folders that went, for they are watched no more, whatever was made in their place.
    gone: BTreeSet<PathBuf>,
    /// More happened than could be told.
    lost: bool,
    broken: Option<String>,
}

impl Noticed {
    fn is_anything(&self) -> bool {
        !self.touched.is_empty() || self.moved_folders || self.lost || self.broken.is_some()
    }

    fn take_in(&mut self, event: notify::Result<notify::Event>) {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                self.broken = Some(plain(&error));
                return;
            }
        };
        if event.need_rescan() {
            self.lost = true;
        }
        let Some(touch) = touch(event.kind) else {
            return;
        };
        for path in &event.paths {
            if let Some(&report) = self.reports.get(path) {
                self.touched.insert(report, touch);
            } else if self.folders.contains(path)
                && !matches!(touch, Touch::Written | Touch::Closed)
            {
                self.moved_folders = true;
                if let EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)) = event.kind {
                    self.gone.insert(path.clone());
                }
            }
        }
    }
}

/// What an event means; `None` for reading and for what is no change of content.
fn touch(kind: EventKind) -> Option<Touch> {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write))
        | EventKind::Modify(ModifyKind::Name(RenameMode::To)) => Some(Touch::Closed),
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) => None,
        // Without word of the closing, nothing is known of the writer.
        EventKind::Modify(ModifyKind::Data(_)) if cfg!(target_os = "linux") => Some(Touch::Written),
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => Some(Touch::Other),
    }
}

type Shared = Arc<Mutex<Noticed>>;

fn lock(noticed: &Shared) -> MutexGuard<'_, Noticed> {
    noticed.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The state of the thread.
struct Watching {
    root: PathBuf,
    tell: Box<dyn FnMut(Told) + Send>,
    started: Instant,
    noticed: Shared,
    system: Option<RecommendedWatcher>,
    /// The folders that are watched. The system knows them by identity, whatever path they were named by.
    armed: BTreeMap<Identity, PathBuf>,
    paths: Vec<PathBuf>,
    settle: Settle,
    /// Why the system tells nothing.
    blind: Option<String>,
    told: WatchState,
}

/// Tells a folder from another one made in its place.
type Identity = (u64, u64);

impl Watching {
    fn new(root: PathBuf, waker: mpsc::Sender<Command>, tell: Box<dyn FnMut(Told) + Send>) -> Self {
        let noticed = Shared::default();
        let told = Arc::clone(&noticed);
        let system = notify::recommended_watcher(move |event| {
            let mut noticed = lock(&told);
            let was_anything = noticed.is_anything();
            noticed.take_in(event);
            if noticed.is_anything() && !was_anything {
                // The thread has ended: nobody wants to know.
                let _ = waker.send(Command::Noticed);
            }
        });
        let (system, blind) = match system {
            Ok(system) => (Some(system), None),
            Err(error) => (None, Some(plain(&error))),
        };
        Self {
            root,
            tell,
            started: Instant::now(),
            noticed,
            system,
            armed: BTreeMap::new(),
            paths: Vec::new(),
            settle: Settle::default(),
            blind,
            told: WatchState::Current,
        }
    }

    fn run(mut self, inbox: &mpsc::Receiver<Command>) {
        loop {
            let command = match self.settle.due(self.now()) {
                Some(due) => inbox.recv_timeout(due.saturating_sub(self.now())),
                None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match command {
                Ok(Command::Noticed) => {
                    thread::sleep(BURST);
                    self.take_notice();
                }
                Ok(Command::Watch(reports)) => self.watch(&reports),
                Ok(Command::Answer(outcomes)) => self.answer(outcomes),
                Ok(Command::Hold) => self.settle.hold(),
                Ok(Command::Release) => {
                    self.take_notice();
                    let stamps: Vec<_> = self.paths.iter().map(|path| stamp(path)).collect();
                    self.settle.release(stamps, self.now());
                }
                Ok(Command::Forget(done)) => {
                    self.forget();
                    let _ = done.send(());
                }
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Command::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
            self.act();
        }
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Does what is due, and tells what changed.
    fn act(&mut self) {
        loop {
            let wishes = self.settle.wake(self.now());
            if wishes.is_empty() {
                break;
            }
            for wish in wishes {
                match wish {
                    Wish::Look(report) => {
                        let Some(path) = self.paths.get(report) else {
                            continue;
                        };
                        let (nature, stamp) = look(path);
                        self.settle.seen(report, nature, stamp, self.now());
                    }
                    Wish::Read(reports) => {
                        let paths = reports.iter().filter_map(|&report| self.paths.get(report));
                        (self.tell)(Told::Ready(paths.cloned().collect()));
                    }
                }
            }
        }
        if self.settle.is_held() {
            return;
        }
        let state = self.state();
        if state != self.told {
            self.told = state.clone();
            (self.tell)(Told::State(state));
        }
    }

    fn state(&self) -> WatchState {
        if let Some(why) = &self.blind {
            return WatchState::Blind {
                why: format!("{why}; new reports are read only on demand"),
            };
        }
        match self.settle.state(self.now()) {
            State::Current => WatchState::Current,
            State::Rewriting { file, why } => WatchState::Rewriting {
                path: self.shown(file),
                why,
            },
            State::MayGrow { file } => WatchState::MayGrow {
                path: self.shown(file),
            },
        }
    }

    fn shown(&self, report: usize) -> FilePath {
        let path = self
            .paths
            .get(report)
            .map_or(Path::new(""), PathBuf::as_path);
        let below = path.strip_prefix(&self.root).unwrap_or(path);
        FilePath::new(&below.to_string_lossy().replace('\\', "/"))
    }

    fn take_notice(&mut self) {
        let (touched, moved_folders, gone, lost) = {
            let mut noticed = lock(&self.noticed);
            if let Some(why) = noticed.broken.take() {
                self.blind = Some(why);
            }
            (
                std::mem::take(&mut noticed.touched),
                std::mem::take(&mut noticed.moved_folders),
                std::mem::take(&mut noticed.gone),
                std::mem::take(&mut noticed.lost),
            )
        };
        // A new folder may have the number of the one that went (ext4 gives it away again at once): that it
        // looks the same proves nothing.
        self.armed.retain(|_, path| !gone.contains(path));
        if moved_folders || lost {
            self.arm();
            for (report, path) in self.paths.iter().enumerate() {
                if lost || !touched.contains_key(&report) {
                    self.settle
                        .touch(report, Touch::Other, stamp(path), self.now());
                }
            }
        }
        // What is lost may have been later than what was told.
        for (report, touch) in touched.into_iter().filter(|_| !lost) {
            if let Some(path) = self.paths.get(report) {
                self.settle.touch(report, touch, stamp(path), self.now());
            }
        }
    }

    fn watch(&mut self, reports: &[Watched]) {
        let is_new = !self
            .paths
            .iter()
            .eq(reports.iter().map(|report| &report.path));
        if is_new {
            self.paths = reports.iter().map(|report| report.path.clone()).collect();
            self.name_interests();
            self.arm();
        }
        // Looked at only now that the system tells what happens from now on.
        let now = self.now();
        let stamps: Vec<Option<Stamp>> = self.paths.iter().map(|path| stamp(path)).collect();
        let read = |report: &Watched, stamp: Option<Stamp>| {
            stamp.filter(|&stamp| report.read_ms == Some(milliseconds(stamp)) && !is_young(stamp))
        };
        if is_new {
            let folders: BTreeSet<&Path> = self.paths.iter().map(|path| folder(path)).collect();
            let files = reports.iter().zip(&stamps).map(|(report, stamp)| {
                let number = folders.range(..folder(&report.path)).count();
                (number, read(report, *stamp))
            });
            self.settle = Settle::new(files);
        }
        for (idx, (report, stamp)) in reports.iter().zip(stamps).enumerate() {
            match read(report, stamp) {
                Some(stamp) => self.settle.known(idx, stamp),
                None => self.settle.touch(idx, Touch::Other, stamp, now),
            }
        }
    }

    /// Tells the system's thread what is of interest.
    fn name_interests(&mut self) {
        let mut noticed = lock(&self.noticed);
        noticed.reports.clear();
        noticed.folders.clear();
        for (report, path) in self.paths.iter().enumerate() {
            for path in spellings(path) {
                noticed
                    .folders
                    .extend(path.ancestors().skip(1).map(Path::to_owned));
                noticed.reports.insert(path, report);
            }
        }
    }

    /// Watches the folders that must be watched now, and no others.
    fn arm(&mut self) {
        let Some(system) = &mut self.system else {
            return;
        };
        // A folder may come while another one is being armed: until nothing changes, but not for ever.
        for _ in 0..8 {
            let wanted = wanted(&self.paths, &self.root);
            if wanted == self.armed {
                return;
            }
            for (identity, path) in std::mem::take(&mut self.armed) {
                if wanted.get(&identity) == Some(&path) {
                    self.armed.insert(identity, path);
                } else {
                    // An error: it is gone, and the system has let go of it by itself.
                    let _ = system.unwatch(&path);
                }
            }
            for (identity, path) in wanted {
                if self.armed.contains_key(&identity) {
                    continue;
                }
                match system.watch(&path, RecursiveMode::NonRecursive) {
                    Ok(()) => {
                        self.blind = None;
                        self.armed.insert(identity, path);
                    }
                    // It went while we came: the next round knows.
                    Err(_) if identity_of(&path).is_none() => {}
                    Err(error) => {
                        self.blind = Some(plain(&error));
                        return;
                    }
                }
            }
        }
    }

    fn answer(&mut self, outcomes: Vec<(PathBuf, Outcome)>) {
        let now = self.now();
        for (path, outcome) in outcomes {
            if let Some(report) = self.paths.iter().position(|known| *known == path) {
                self.settle.answer(report, outcome, now);
            }
        }
    }

    fn forget(&mut self) {
        let is_fresh = |path: &PathBuf| stamp(path).is_some_and(|stamp| stamp.fresh);
        if self.paths.iter().any(is_fresh) {
            // A stamp is proof only when it has a little age.
            thread::sleep(STEP * 2);
        }
        self.take_notice();
        let stamps: Vec<_> = self.paths.iter().map(|path| stamp(path)).collect();
        self.settle.forget(stamps, self.now());
    }
}

/// The folders to watch, with what they are: for each report its own and the one above it, which tells
/// when it is made anew; where it is not there, the nearest that is. Above the project nothing is.
fn wanted(paths: &[PathBuf], root: &Path) -> BTreeMap<Identity, PathBuf> {
    let mut wanted = BTreeMap::new();
    for path in paths.iter().flat_map(|path| spellings(path)) {
        let mut there = path
            .ancestors()
            .skip(1)
            .filter_map(|folder| Some((identity_of(folder)?, folder)));
        let Some((identity, folder)) = there.next() else {
            continue;
        };
        wanted.entry(identity).or_insert_with(|| folder.to_owned());
        if !root.starts_with(folder)
            && let Some((identity, above)) = there.next()
        {
            wanted.entry(identity).or_insert_with(|| above.to_owned());
        }
    }
    wanted
}

/// A report's path, and the one behind symbolic links where that is another one.
fn spellings(path: &Path) -> Vec<PathBuf> {
    let mut spellings = vec![path.to_owned()];
    let plain = fs::canonicalize(path).or_else(|_| {
        let name = path.file_name().unwrap_or_default();
        fs::canonicalize(folder(path)).map(|folder| folder.join(name))
    });
    spellings.extend(plain.ok().filter(|plain| plain != path));
    spellings
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

fn identity_of(folder: &Path) -> Option<Identity> {
    let about = fs::metadata(folder).ok().filter(Metadata::is_dir)?;
    Some(identity(&about))
}

#[cfg(unix)]
fn identity(about: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt as _;
    (about.dev(), about.ino())
}

#[cfg(not(unix))]
fn identity(about: &Metadata) -> Identity {
    let created = about.created().unwrap_or(UNIX_EPOCH);
    let since = created.duration_since(UNIX_EPOCH).unwrap_or_default();
    (0, u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

fn stamp(path: &Path) -> Option<Stamp> {
    let about = fs::metadata(path).ok().filter(Metadata::is_file)?;
    Some(Stamp::of(&about))
}

impl Stamp {
    fn of(about: &Metadata) -> Self {
        let modified = about.modified().unwrap_or(UNIX_EPOCH);
        Self {
            size: about.len(),
            modified: modified.duration_since(UNIX_EPOCH).unwrap_or_default(),
            inode: identity(about).1,
            // A time to come (a clock that differs, over a network) proves nothing either.
            fresh: SystemTime::now()
                .duration_since(modified)
                .map_or(true, |age| age <= STEP),
        }
    }
}

fn milliseconds(stamp: Stamp) -> u64 {
    u64::try_from(stamp.modified.as_millis()).unwrap_or(u64::MAX)
}

fn is_young(stamp: Stamp) -> bool {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    now.saturating_sub(stamp.modified) < YOUNG
}

/// Looks at a file: what is in it, and how it is stamped.
fn look(path: &Path) -> (Nature, Option<Stamp>) {
    let Ok(file) = File::open(path) else {
        return (Nature::Missing, None);
    };
    let Ok(about) = file.metadata() else {
        return (Nature::Missing, None);
    };
    if !about.is_file() {
        return (Nature::Missing, None);
    }
    let stamp = Stamp::of(&about);
    let mut head = Vec::new();
    if file
        .take(formats::HEAD as u64)
        .read_to_end(&mut head)
        .is_err()
    {
        // Whoever reads it says why.
        return (Nature::Told, Some(stamp));
    }
    let nature = match formats::sniff(&head) {
        Err(formats::ParseError::Empty) => Nature::Hollow,
        Ok(Format::GoCover) if stamp.size <= MODE_LINE && is_mode_alone(&head) => Nature::Hollow,
        Ok(Format::GoCover | Format::Lcov) => Nature::Untold,
        _ => Nature::Told,
    };
    (nature, Some(stamp))
}

/// Whether a Go profile holds no block.
fn is_mode_alone(head: &[u8]) -> bool {
    head.split(|&byte| byte == b'\n')
        .all(|line| line.trim_ascii().is_empty() || line.starts_with(b"mode:"))
}

/// An error of the system's watching, and what to do about it.
fn plain(error: &notify::Error) -> String {
    match &error.kind {
        notify::ErrorKind::MaxFilesWatch => {
            "the system watches as many files as it may (raise fs.inotify.max_user_watches)"
                .to_owned()
        }
        notify::ErrorKind::Io(error) if error.raw_os_error() == Some(24) => {
            "the system has as many watchers as it may (raise fs.inotify.max_user_instances)"
                .to_owned()
        }
        _ => format!("watching does not work here: {error}"),
    }
}
