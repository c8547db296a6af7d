//! Decisions about what a run left: told to the record first, then done to the tree.
//!
//! A file is written only when it holds exactly what the run, or an earlier decision, left in it: what
//! somebody else wrote stays. What a decision takes away is in the record before it goes.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rustc_hash::FxHashMap;

use super::super::commit;
use super::super::live_run::OwnRecord;
use super::super::store::{RunRecord, Store, StoredRun, now_ms};
use super::disk;
use crate::app::review::{Diff, Left, Now, OnDisk};
use crate::coverage::FilePath;
use crate::settings::Settings;
use crate::triage::record::{Event, RunResult, Swap};
use crate::triage::review::{Decision, Piece, PieceId, Review, Side};

/// Runs that are looked at for something to decide, from the newest on.
const LOOKED_AT: usize = 30;

type Bytes = Option<Vec<u8>>;

/// Where decisions are taken, one after the other.
#[derive(Debug)]
pub struct Desk {
    settings: Arc<Settings>,
    root: PathBuf,
    /// The record that is being written, while anybody holds it.
    open: (String, Weak<Mutex<RunRecord>>),
    /// The one that a run of this very program writes.
    own: OwnRecord,
    diffs: FxHashMap<(Side, Side), Arc<Diff>>,
}

impl Desk {
    #[must_use]
    pub fn new(settings: Arc<Settings>) -> Self {
        Self::beside(settings, OwnRecord::default())
    }

    pub(super) fn beside(settings: Arc<Settings>, own: OwnRecord) -> Self {
        Self {
            own,
            root: settings.root.clone(),
            settings,
            open: Default::default(),
            diffs: FxHashMap::default(),
        }
    }

    fn store(&self) -> Option<Store> {
        Store::known(&self.settings)
    }

    /// The newest run with something to decide, else the newest that left anything at all.
    pub fn look(&mut self) -> Option<Left> {
        let store = self.store()?;
        let mut newest = None;
        for id in store.ids().iter().take(LOOKED_AT) {
            let Some(run) = store.find(id) else { continue };
            let review = Review::of(&run.events);
            if review.pieces.is_empty() {
                continue;
            }
            if review.n_open() > 0 {
                let left = self.left(&store, &run, review);
                if left.open().next().is_some() {
                    return Some(left);
                }
                newest.get_or_insert(left);
            } else if newest.is_none() {
                newest = Some(self.left(&store, &run, review));
            }
        }
        newest
    }

    /// What a run left, as it is now.
    pub fn look_at(&mut self, run: &str) -> Option<Left> {
        let store = self.store()?;
        let run = store.find(run)?;
        let review = Review::of(&run.events);
        Some(self.left(&store, &run, review))
    }

    fn left(&mut self, store: &Store, run: &StoredRun, review: Review) -> Left {
        let in_tree: Vec<String> = review
            .pieces
            .iter()
            .filter(|piece| piece.should_be_in_tree())
            .map(|piece| piece.id.path.clone())
            .collect();
        // Without git nothing is committed.
        let open = commit::uncommitted(&self.root, &in_tree).unwrap_or_else(|_| in_tree.clone());
        let files = review
            .pieces
            .iter()
            .map(|piece| {
                let side = |side: &Side| Self::bytes(store, &run.id, side).ok();
                let (with, without) = (side(&piece.with), side(&piece.without));
                let now = match disk::read(&self.root, &piece.id.path) {
                    Ok(bytes) if Some(&bytes) == with.as_ref() => Now::With,
                    Ok(bytes) if Some(&bytes) == without.as_ref() => Now::Without,
                    Ok(None) => Now::Without,
                    Ok(Some(_)) | Err(_) => Now::Other,
                };
                let path = &piece.id.path;
                OnDisk {
                    now,
                    is_committed: in_tree.contains(path)
                        && !open.contains(path)
                        && now == Now::With,
                    diff: self
                        .diffs
                        .entry((piece.without.clone(), piece.with.clone()))
                        .or_insert_with(|| {
                            let before = without.clone().flatten();
                            let after = with.clone().flatten();
                            let path = FilePath::new(path);
                            Arc::new(Diff::of(&path, before.as_deref(), after.as_deref()))
                        })
                        .clone(),
                }
            })
            .collect();
        let ours = self.held(&run.id).is_some();
        Left {
            run: run.id.clone(),
            clock: local(review.started),
            result: RunResult::of(&run.events),
            is_written: run.alive && !ours,
            folder: store.files(&run.id).display().to_string(),
            review,
            files,
        }
    }

    /// What a side holds.
    fn bytes(store: &Store, run: &str, side: &Side) -> Result<Bytes, String> {
        match side {
            Side::Absent => Ok(None),
            Side::Kept(name) => store
                .read_file(run, name)
                .map(Some)
                .ok_or_else(|| format!("the record of the run has lost {name}")),
            Side::Unknown => Err("the record does not hold what was there before".to_owned()),
        }
    }

    /// The record of a run, where this program writes it already.
    fn held(&self, run: &str) -> Option<Arc<Mutex<RunRecord>>> {
        if self.open.0 == run
            && let Some(record) = self.open.1.upgrade()
        {
            return Some(record);
        }
        let own = self
            .own
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .upgrade()?;
        let is_it = lock(&own).id() == run;
        is_it.then_some(own)
    }

    /// The record of a run, to be written. Whoever holds it keeps others out.
    ///
    /// # Errors
    /// When another program writes it, or the disk does not take it; in words.
    pub fn record(&mut self, run: &str) -> Result<Arc<Mutex<RunRecord>>, String> {
        if let Some(record) = self.held(run) {
            return Ok(record);
        }
        let store = self.store().ok_or("the record of the run is gone")?;
        let record = store.reopen(run).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => {
                "the run is being written by another untaken: decide there, or when it has ended"
                    .to_owned()
            }
            _ => format!("the record of the run cannot be written: {error}"),
        })?;
        let record = Arc::new(Mutex::new(record));
        self.open = (run.to_owned(), Arc::downgrade(&record));
        Ok(record)
    }

    /// Decides about files, each by itself: what can be done is done, the rest comes back in words.
    ///
    /// # Errors
    /// When the record cannot be written, and so nothing was done.
    pub fn decide(
        &mut self,
        run: &str,
        pieces: &[PieceId],
        wants_it: bool,
    ) -> Result<(Vec<Decision>, Vec<String>), String> {
        let record = self.record(run)?;
        let mut record = lock(&record);
        let (mut done, mut refused) = (Vec::new(), Vec::new());
        for id in pieces {
            match self.decide_one(&mut record, run, id, wants_it) {
                Ok(decision) => done.push(decision),
                Err(why) => refused.push(why),
            }
        }
        Ok((done, refused))
    }

    fn piece(&self, run: &str, id: &PieceId) -> Result<(Store, Piece), String> {
        let store = self.store().ok_or("the record of the run is gone")?;
        let found = store.find(run).ok_or("the record of the run is gone")?;
        let piece = Review::of(&found.events).piece(id).cloned();
        let piece = piece.ok_or_else(|| format!("{}: the run knows no such file", id.path))?;
        if let Some(commit) = &piece.commit {
            return Err(format!("{}: is committed as {commit}", id.path));
        }
        Ok((store, piece))
    }

    fn decide_one(
        &self,
        record: &mut RunRecord,
        run: &str,
        id: &PieceId,
        wants_it: bool,
    ) -> Result<Decision, String> {
        let (store, piece) = self.piece(run, id)?;
        let path = &id.path;
        let about = |why: String| format!("{path}: {why}");
        let now = disk::read(&self.root, path)?;
        let (target, other) = if wants_it {
            (&piece.with, &piece.without)
        } else {
            (&piece.without, &piece.with)
        };
        let decision = piece.wish(wants_it);
        let is_without = now.is_none()
            || Self::bytes(&store, run, &piece.without).is_ok_and(|without| without == now);
        // What stays may be edited by the person: it is theirs to accept just so.
        let stays = wants_it && piece.fate.is_in_tree() && !is_without;
        let target = if stays {
            now.clone()
        } else {
            Self::bytes(&store, run, target).map_err(about)?
        };
        let mut wrote = None;
        if now != target {
            if now.is_some() && Self::bytes(&store, run, other).ok().as_ref() != Some(&now) {
                return Err(about(if wants_it {
                    format!(
                        "was edited since the run, so the change is not applied; {} in {} holds it",
                        piece.patch,
                        store.files(run).display()
                    )
                } else {
                    "was edited since the run: your edits stay, so reject it by hand".to_owned()
                }));
            }
            wrote = Some(Swap {
                from: keep(record, now.as_deref())?,
                to: keep(record, target.as_deref())?,
            });
        }
        let event = Event::Reviewed {
            at: now_ms(),
            path: path.clone(),
            turn: id.turn,
            action: decision.name().to_owned(),
            wrote: wrote.clone(),
        };
        self.tell_and_write(record, &event, &undone(id), wrote.is_some(), path, &target)?;
        Ok(decision)
    }

    /// Takes the last decision about a file back.
    ///
    /// # Errors
    /// When there is none, or somebody wrote the file since; in words.
    pub fn undo(&mut self, run: &str, id: &PieceId) -> Result<Decision, String> {
        let record = self.record(run)?;
        let mut record = lock(&record);
        let (store, piece) = self.piece(run, id)?;
        let path = &id.path;
        let last = piece
            .decisions
            .last()
            .ok_or_else(|| format!("{path}: nothing was decided about it"))?;
        let (mut writes, mut target) = (false, None);
        if let Some(swap) = &last.wrote {
            let now = disk::read(&self.root, path)?;
            let bytes = |name: &Option<String>| match name {
                Some(name) => Self::bytes(&store, run, &Side::Kept(name.clone())),
                None => Ok(None),
            };
            target = bytes(&swap.from)?;
            writes = now != target;
            if writes && bytes(&swap.to)? != now {
                return Err(format!(
                    "{path}: was edited since the decision: your edits stay, so undo it by hand"
                ));
            }
        }
        let again = Event::Reviewed {
            at: now_ms(),
            path: path.clone(),
            turn: id.turn,
            action: last.decision.name().to_owned(),
            wrote: last.wrote.clone(),
        };
        self.tell_and_write(&mut record, &undone(id), &again, writes, path, &target)?;
        Ok(last.decision)
    }

    /// Tells the record, then writes the file; a file that cannot be written is told too.
    fn tell_and_write(
        &self,
        record: &mut RunRecord,
        event: &Event,
        back: &Event,
        writes: bool,
        path: &str,
        bytes: &Bytes,
    ) -> Result<(), String> {
        let trouble =
            |error: io::Error| format!("the record of the run cannot be written: {error}");
        record.append(event).map_err(trouble)?;
        if writes && let Err(why) = disk::write(&self.root, path, bytes.as_deref()) {
            record.append(back).map_err(trouble)?;
            return Err(why);
        }
        Ok(())
    }

    /// Commits files that were accepted, and returns the short id.
    ///
    /// # Errors
    /// In git's own words.
    pub fn commit(&mut self, run: &str, paths: &[String], message: &str) -> Result<String, String> {
        let record = self.record(run)?;
        let paths = commit::uncommitted(&self.root, paths)?;
        if paths.is_empty() {
            return Err("all of it is committed already".to_owned());
        }
        let id = commit::commit(&self.root, &paths, message)
            .map_err(|why| format!("not committed: {why}"))?;
        let told = lock(&record).append(&Event::Committed {
            at: now_ms(),
            commit: id.clone(),
            paths,
        });
        told.map_err(|error| {
            format!("committed as {id}, but the record does not take it: {error}")
        })?;
        Ok(id)
    }
}

fn undone(id: &PieceId) -> Event {
    Event::Reviewed {
        at: now_ms(),
        path: id.path.clone(),
        turn: id.turn,
        action: "undone".to_owned(),
        wrote: None,
    }
}

fn keep(record: &RunRecord, bytes: Option<&[u8]>) -> Result<Option<String>, String> {
    bytes
        .map(|bytes| record.keep(bytes, "txt"))
        .transpose()
        .map_err(|error| format!("the record of the run cannot be written: {error}"))
}

fn lock(record: &Mutex<RunRecord>) -> MutexGuard<'_, RunRecord> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `22 Nov 14:34`, where the machine stands.
fn local(at: u64) -> String {
    let at = i64::try_from(at).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(at)
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .to_zoned(jiff::tz::TimeZone::system())
        .strftime("%-d %b %H:%M")
        .to_string()
}
