//! Each way of rewriting a report as a list of what happens when, in milliseconds; the answer is the list
//! of readings and of states, each with its time. No clock and no file is involved.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::time::Duration;

use super::{Nature, Outcome, Settle, Stamp, State, Touch, Wish};

/// What happens to a file.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// Bytes are written, so that the file is this long; the writer keeps it open.
    Write(u64, Nature),
    Close,
    Delete,
    /// It grows and nobody tells.
    Silently(u64, Nature),
    /// The system tells something that is no change.
    Rumour(Touch),
    Hold,
    Release,
    Forget,
    /// The next reading of the file fails.
    Spoil,
}

struct World {
    settle: Settle,
    now: u64,
    files: Vec<(Nature, Option<Stamp>)>,
    spoilt: bool,
    told: String,
    state: State,
}

const TOLD: Nature = Nature::Told;
const UNTOLD: Nature = Nature::Untold;
const HOLLOW: Nature = Nature::Hollow;
const ALL_READ: &str = "";

impl World {
    /// Files in the folders, each 100 bytes long, read and written long ago.
    fn new(folders: &[usize]) -> Self {
        let stamp = Stamp {
            size: 100,
            modified: Duration::from_secs(1),
            inode: 1,
            fresh: false,
        };
        Self {
            settle: Settle::new(folders.iter().map(|folder| (*folder, Some(stamp)))),
            now: 0,
            files: vec![(TOLD, Some(stamp)); folders.len()],
            spoilt: false,
            told: String::new(),
            state: State::Current,
        }
    }

    fn clock(&self) -> Duration {
        // Far from the stamps of the beginning.
        Duration::from_secs(1000) + Duration::from_millis(self.now)
    }

    fn stamp(&self, file: usize) -> Option<Stamp> {
        let stamp = self.files[file].1?;
        Some(Stamp {
            fresh: self.clock() < stamp.modified + Duration::from_millis(20),
            ..stamp
        })
    }

    fn act(&mut self, file: usize, act: Act) {
        let written = |size| {
            Some(Stamp {
                size,
                modified: self.clock(),
                inode: 1,
                fresh: true,
            })
        };
        let touch = match act {
            Act::Write(size, nature) => {
                self.files[file] = (nature, written(size));
                Touch::Written
            }
            Act::Silently(size, nature) => {
                self.files[file] = (nature, written(size));
                return;
            }
            Act::Close => Touch::Closed,
            Act::Delete => {
                self.files[file] = (Nature::Missing, None);
                Touch::Other
            }
            Act::Rumour(touch) => touch,
            Act::Hold => return self.settle.hold(),
            Act::Release => {
                let stamps: Vec<_> = (0..self.files.len()).map(|file| self.stamp(file)).collect();
                return self.settle.release(stamps, self.clock());
            }
            Act::Forget => {
                let stamps: Vec<_> = (0..self.files.len()).map(|file| self.stamp(file)).collect();
                return self.settle.forget(stamps, self.clock());
            }
            Act::Spoil => {
                self.spoilt = true;
                return;
            }
        };
        let (stamp, clock) = (self.stamp(file), self.clock());
        self.settle.touch(file, touch, stamp, clock);
    }

    fn wake(&mut self) {
        for round in 0.. {
            assert!(round < 100, "it never comes to rest at {} ms", self.now);
            let wishes = self.settle.wake(self.clock());
            if wishes.is_empty() {
                break;
            }
            for wish in wishes {
                match wish {
                    Wish::Look(file) => {
                        let (stamp, clock) = (self.stamp(file), self.clock());
                        self.settle.seen(file, self.files[file].0, stamp, clock);
                    }
                    Wish::Read(files) => {
                        write!(self.told, "{}:read{files:?} ", self.now).unwrap();
                        for file in files {
                            let outcome = if std::mem::take(&mut self.spoilt) {
                                Outcome::Refused("cut off".to_owned())
                            } else {
                                Outcome::Read
                            };
                            self.settle.answer(file, outcome, self.clock());
                        }
                    }
                }
            }
        }
        let state = self.settle.state(self.clock());
        if state != self.state && !self.settle.is_held() {
            let told = match &state {
                State::Current => "current".to_owned(),
                State::Rewriting { file, why } => {
                    let why = ["deleted", "empty", "writing", "cut off"]
                        .into_iter()
                        .find(|word| why.contains(word))
                        .unwrap();
                    format!("rewriting[{file}]({why})")
                }
                State::MayGrow { file } => format!("may-grow[{file}]"),
            };
            write!(self.told, "{}:{told} ", self.now).unwrap();
            self.state = state;
        }
    }

    /// Lets everything happen, and ten minutes more.
    fn run(mut self, script: impl IntoIterator<Item = (u64, usize, Act)>) -> String {
        let mut script: VecDeque<_> = script.into_iter().collect();
        let mut n_wakes = 0;
        loop {
            let due = self
                .settle
                .due(self.clock())
                .map(|due| u64::try_from(due.as_millis()).unwrap() - 1_000_000);
            let next = script.front().map(|(at, ..)| *at);
            match (due, next) {
                (None, None) => break,
                (Some(due), next) if next.is_none_or(|next| due <= next) => {
                    self.now = self.now.max(due);
                    n_wakes += 1;
                    assert!(n_wakes < 10_000, "it wakes all the time: {}", self.told);
                }
                (_, next) => {
                    self.now = next.unwrap();
                    let (_, file, act) = script.pop_front().unwrap();
                    self.act(file, act);
                }
            }
            self.wake();
        }
        assert_eq!(
            self.settle.due(self.clock()),
            None,
            "idle must cost nothing"
        );
        self.told.trim_end().to_owned()
    }
}

fn one(script: impl IntoIterator<Item = (u64, Act)>) -> String {
    World::new(&[0]).run(script.into_iter().map(|(at, act)| (at, 0, act)))
}

/// A write every `step` milliseconds up to `end`, then the closing.
fn writing(start: u64, end: u64, step: u64, nature: Nature) -> Vec<(u64, Act)> {
    let mut script: Vec<_> = (start..=end)
        .step_by(usize::try_from(step).unwrap())
        .map(|at| (at, Act::Write(at + 7, nature)))
        .collect();
    script.push((end, Act::Close));
    script
}

#[test]
fn a_report_that_is_closed_is_read_a_tenth_of_a_second_later() {
    assert_eq!(one(writing(10, 44, 1, TOLD)), "144:read[0]");
}

#[test]
fn without_word_of_the_closing_stillness_decides() {
    let script = [
        (0, Act::Silently(5, TOLD)),
        (0, Act::Rumour(Touch::Other)),
        (150, Act::Silently(9, TOLD)),
        (150, Act::Rumour(Touch::Other)),
    ];
    assert_eq!(one(script), "370:read[0]");
}

#[test]
fn an_empty_file_is_waited_for_however_long_it_takes() {
    // coverage.py truncates, analyses for a minute, then writes.
    let mut script = vec![(0, Act::Write(0, HOLLOW))];
    script.extend(writing(60_000, 60_005, 1, TOLD));
    assert_eq!(
        one(script),
        "400:rewriting[0](empty) 60000:rewriting[0](writing) 60105:read[0] 60105:current"
    );
}

#[test]
fn a_folder_that_is_deleted_first_is_waited_for() {
    // Vitest: gone for the whole run, then made anew.
    let mut script = vec![(0, Act::Delete), (5000, Act::Write(0, HOLLOW))];
    script.extend(writing(5001, 5020, 1, TOLD));
    let told = one(script);
    assert!(told.starts_with("400:rewriting[0](deleted) "), "{told}");
    assert!(told.ends_with("5120:read[0] 5120:current"), "{told}");
}

#[test]
fn a_writer_that_pauses_is_waited_for() {
    // JaCoCo analyses between two buffers. It has the file open all the time.
    let mut script = writing(0, 1500, 500, TOLD);
    script.extend(writing(1900, 1900, 1, TOLD));
    assert_eq!(
        one(script),
        "400:rewriting[0](writing) 1600:read[0] 1600:current 2000:read[0]"
    );
}

#[test]
fn what_cannot_be_read_keeps_the_last_and_is_not_read_again_before_it_changes() {
    let mut script = vec![(0, Act::Spoil)];
    script.extend(writing(0, 10, 1, TOLD));
    script.extend(writing(9000, 9010, 1, TOLD));
    assert_eq!(
        one(script),
        "110:read[0] 110:rewriting[0](cut off) 9000:rewriting[0](writing) 9110:read[0] 9110:current"
    );
}

#[test]
fn a_profile_is_not_read_while_go_test_has_it_open() {
    // One line at the start; blocks as the packages end; closed at the end.
    let script = [
        (0, Act::Write(10, HOLLOW)),
        (8_000, Act::Write(500, UNTOLD)),
        (30_000, Act::Write(900, UNTOLD)),
        (30_001, Act::Close),
    ];
    let told = one(script);
    assert!(told.starts_with("400:rewriting[0](empty) "), "{told}");
    assert!(
        told.ends_with("30101:read[0] 30101:may-grow[0] 33001:current"),
        "{told}"
    );
    assert_eq!(told.matches("read[").count(), 1, "{told}");
}

#[test]
fn a_writer_that_never_closes_is_not_waited_for_for_ever() {
    let told = one([(0, Act::Write(500, UNTOLD))]);
    assert_eq!(
        told,
        "400:rewriting[0](writing) 60100:read[0] 60100:may-grow[0] 63000:current"
    );
}

#[test]
fn records_that_are_appended_file_by_file_may_grow() {
    // lcov 1.16 opens, appends and closes for each source file.
    let mut script = Vec::new();
    for start in [0, 40, 80, 900, 5_000] {
        script.extend(writing(start, start + 2, 1, UNTOLD));
    }
    assert_eq!(
        one(script),
        "182:read[0] 182:may-grow[0] 900:current 1002:read[0] 1002:may-grow[0] 3902:current \
         5102:read[0] 5102:may-grow[0] 8002:current"
    );
}

#[test]
fn where_nobody_tells_of_the_closing_records_rest_longer() {
    let script = [
        (0, Act::Silently(5, UNTOLD)),
        (0, Act::Rumour(Touch::Other)),
        (1000, Act::Silently(900, UNTOLD)),
        (1000, Act::Rumour(Touch::Other)),
    ];
    let told = one(script);
    assert!(
        told.ends_with("2500:read[0] 2500:may-grow[0] 4000:current"),
        "{told}"
    );
}

#[test]
fn a_file_made_anew_is_not_closed_because_the_old_one_was() {
    let mut script = writing(0, 10, 1, UNTOLD);
    script.extend([
        (5000, Act::Delete),
        // Made anew by somebody of whom the system tells nothing: only stillness says that he is done.
        (5010, Act::Silently(5, UNTOLD)),
        (5010, Act::Rumour(Touch::Other)),
        (5800, Act::Silently(900, UNTOLD)),
        (5800, Act::Rumour(Touch::Other)),
    ]);
    let told = one(script);
    assert!(told.starts_with("110:read[0] "), "{told}");
    assert!(
        told.ends_with("7300:read[0] 7300:may-grow[0] 8800:current"),
        "{told}"
    );
    assert_eq!(told.matches("read[").count(), 2, "{told}");
}

#[test]
fn a_change_that_nobody_told_is_found_at_the_look() {
    let mut script = writing(0, 10, 1, TOLD);
    script.push((60, Act::Silently(90_000, TOLD)));
    assert_eq!(one(script), "210:read[0]");
}

#[test]
fn rumours_about_what_was_read_are_no_change() {
    let mut script = writing(0, 10, 1, TOLD);
    script.extend([
        (300, Act::Rumour(Touch::Other)),
        (310, Act::Rumour(Touch::Closed)),
        (320, Act::Rumour(Touch::Written)),
    ]);
    assert_eq!(one(script), "110:read[0]");
    assert_eq!(one([(5, Act::Rumour(Touch::Written))]), ALL_READ);
}

#[test]
fn a_large_report_rests_longer() {
    let script = [
        (0, Act::Silently(200 << 20, TOLD)),
        (0, Act::Rumour(Touch::Other)),
    ];
    assert_eq!(
        one(script),
        "400:rewriting[0](writing) 620:read[0] 620:current"
    );
}

#[test]
fn a_summary_is_read_with_its_detail() {
    // Istanbul writes one after the other.
    let mut script: Vec<_> = writing(0, 34, 1, TOLD)
        .into_iter()
        .map(|(at, act)| (at, 0, act))
        .collect();
    script.extend(
        writing(90, 95, 1, TOLD)
            .into_iter()
            .map(|(at, act)| (at, 1, act)),
    );
    script.sort_by_key(|(at, ..)| *at);
    assert_eq!(World::new(&[0, 0]).run(script.clone()), "195:read[0, 1]");
    // Other folders wait for nobody.
    assert_eq!(World::new(&[0, 1]).run(script), "134:read[0] 195:read[1]");
}

#[test]
fn a_sibling_that_does_not_follow_is_not_waited_for() {
    let script = writing(0, 10, 1, TOLD)
        .into_iter()
        .map(|(at, act)| (at, 0, act));
    assert_eq!(World::new(&[0, 0]).run(script), "260:read[0]");
    // But one that is being written is.
    let mut script = vec![(0, 1, Act::Write(0, HOLLOW))];
    script.extend(
        writing(0, 10, 1, TOLD)
            .into_iter()
            .map(|(at, act)| (at, 0, act)),
    );
    script.extend(
        writing(7000, 7001, 1, TOLD)
            .into_iter()
            .map(|(at, act)| (at, 1, act)),
    );
    let told = World::new(&[0, 0]).run(script);
    assert!(told.ends_with("7101:read[0, 1] 7101:current"), "{told}");
    assert_eq!(told.matches("read[").count(), 1, "{told}");
}

#[test]
fn a_run_of_our_own_is_one_reading() {
    // Three reports of two folders, at different times, one of them an unfinished-looking profile.
    let mut script = vec![(0, 0, Act::Hold)];
    script.extend(
        writing(100, 110, 1, TOLD)
            .into_iter()
            .map(|(at, act)| (at, 0, act)),
    );
    script.extend(
        writing(2000, 2010, 1, TOLD)
            .into_iter()
            .map(|(at, act)| (at, 1, act)),
    );
    script.push((2500, 2, Act::Write(900, UNTOLD)));
    script.push((9000, 0, Act::Release));
    // Word of it that comes late.
    script.push((9003, 2, Act::Rumour(Touch::Written)));
    script.push((9040, 2, Act::Rumour(Touch::Closed)));
    let told = World::new(&[0, 0, 1]).run(script);
    assert!(told.contains("9030:read[0, 1, 2]"), "{told}");
    assert_eq!(told.matches("read[").count(), 1, "{told}");
    assert!(!told.contains("may-grow"), "the end was known: {told}");
}

#[test]
fn a_run_that_wrote_nothing_is_no_reading() {
    let script = [(0, 0, Act::Hold), (9000, 0, Act::Release)];
    assert_eq!(World::new(&[0, 0, 1]).run(script), ALL_READ);
}

#[test]
fn a_run_that_left_nothing_is_told() {
    let script = [
        (0, 0, Act::Hold),
        (5, 0, Act::Delete),
        (9000, 0, Act::Release),
    ];
    let told = World::new(&[0]).run(script);
    assert!(told.ends_with("9400:rewriting[0](deleted)"), "{told}");
}

#[test]
fn a_file_that_never_rests_does_not_hold_up_a_run_for_ever() {
    let mut script = vec![(0, 0, Act::Hold)];
    script.extend(
        writing(100, 110, 1, TOLD)
            .into_iter()
            .map(|(at, act)| (at, 0, act)),
    );
    script.push((200, 0, Act::Release));
    for at in (201..5000).step_by(20) {
        script.push((at, 1, Act::Write(at, TOLD)));
    }
    let told = World::new(&[0, 1]).run(script);
    assert!(
        told.contains(" 1200:read[0]") || told.starts_with("1200:read[0]"),
        "{told}"
    );
}

#[test]
fn what_was_put_back_counts_as_read() {
    let mut script = vec![(0, Act::Hold)];
    script.extend(writing(100, 110, 1, TOLD));
    script.push((500, Act::Write(100, TOLD)));
    script.push((500, Act::Close));
    script.push((600, Act::Forget));
    // Word of it that comes late.
    script.push((601, Act::Rumour(Touch::Written)));
    script.push((602, Act::Rumour(Touch::Closed)));
    assert_eq!(one(script), ALL_READ);
}

#[test]
fn of_two_runs_at_once_the_last_end_counts() {
    let mut script = vec![(0, Act::Hold), (5, Act::Hold)];
    script.extend(writing(100, 110, 1, TOLD));
    script.push((200, Act::Release));
    script.extend(writing(500, 510, 1, TOLD));
    script.push((600, Act::Forget));
    assert_eq!(one(script), "630:read[0]");
}

#[test]
fn a_change_during_a_reading_is_read_again() {
    let mut settle = World::new(&[0]).settle;
    let at = |ms| Duration::from_millis(ms);
    let stamp = |size, ms| Stamp {
        size,
        modified: at(ms),
        inode: 1,
        fresh: false,
    };
    settle.touch(0, Touch::Closed, Some(stamp(7, 1000)), at(1000));
    assert_eq!(settle.wake(at(1100)), [Wish::Look(0)]);
    settle.seen(0, TOLD, Some(stamp(7, 1000)), at(1100));
    assert_eq!(settle.wake(at(1100)), [Wish::Read(vec![0])]);
    settle.touch(0, Touch::Written, Some(stamp(0, 1150)), at(1150));
    settle.touch(0, Touch::Closed, Some(stamp(9, 1160)), at(1160));
    settle.answer(0, Outcome::Read, at(1200));
    assert_eq!(settle.wake(at(1260)), [Wish::Look(0)]);
    settle.seen(0, TOLD, Some(stamp(9, 1160)), at(1260));
    assert_eq!(settle.wake(at(1260)), [Wish::Read(vec![0])]);
    // The reader itself saw it move.
    settle.answer(0, Outcome::Moved, at(1270));
    settle.touch(0, Touch::Closed, Some(stamp(11, 1280)), at(1280));
    assert_eq!(settle.wake(at(1380)), [Wish::Look(0)]);
}
