//! What a run left for a person to decide: a fold over the events of its record.
//!
//! Each piece is one file with two sides: what it holds with the agent's work, and without. To accept is to
//! want the first, to reject is to want the second; whether the tree has it already only the disk can say.
//! Pure: it names the files of the record, and never reads them.

use super::record::{ArmRecord, Event, Figures, FindingRecord, RungRecord, Swap};

/// One side of a piece.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// There is no such file.
    Absent,
    /// The bytes are this file of the record.
    Kept(String),
    /// The record does not tell: it was written by an earlier version.
    Unknown,
}

impl Side {
    fn of(name: Option<&String>, exists: bool) -> Self {
        match (name, exists) {
            (Some(name), _) => Self::Kept(name.clone()),
            (None, false) => Self::Absent,
            (None, true) => Self::Unknown,
        }
    }
}

/// What the run itself made of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// A test file that is in the tree, with every rung climbed.
    Kept,
    /// Something that kept tests use; it is in the tree with them.
    Alongside,
    /// A test file that is in the tree, and whose examination did not come to its end.
    Unexamined,
    /// A suspected bug: not in the tree, not lost.
    Aside,
    /// Not in the tree.
    Rejected,
    /// No test: put back.
    PutBack,
}

impl Fate {
    /// In words, as the record and the screen have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Alongside => "kept along",
            Self::Unexamined => "not examined",
            Self::Aside => "aside",
            Self::Rejected => "rejected",
            Self::PutBack => "put back",
        }
    }

    /// Whether the run left the agent's work in the tree.
    #[must_use]
    pub fn is_in_tree(self) -> bool {
        matches!(self, Self::Kept | Self::Alongside | Self::Unexamined)
    }
}

/// What a person wants of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// It stays.
    Accepted,
    /// It is taken out again.
    Rejected,
    /// The same, because it closes nothing.
    Removed,
    /// A rejected test file goes into the tree after all.
    TakenBack,
    /// What was put back is applied again.
    KeptChange,
}

impl Decision {
    /// As the record spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Removed => "removed",
            Self::TakenBack => "taken back",
            Self::KeptChange => "change kept",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [
            Self::Accepted,
            Self::Rejected,
            Self::Removed,
            Self::TakenBack,
            Self::KeptChange,
        ]
        .into_iter()
        .find(|decision| decision.name() == name)
    }

    /// Whether it wants the agent's work in the tree.
    #[must_use]
    pub fn wants_it(self) -> bool {
        !matches!(self, Self::Rejected | Self::Removed)
    }
}

/// Names a piece of a run.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PieceId {
    pub path: String,
    pub turn: u32,
}

/// A decision, and what it wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    pub decision: Decision,
    /// `None` where the tree had it already.
    pub wrote: Option<Swap>,
}

/// One file that a run made or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub id: PieceId,
    pub fate: Fate,
    /// `test`, `test support`, `source`, `configuration`.
    pub kind: String,
    pub with: Side,
    pub without: Side,
    /// The patch as the record has it; of its last turn alone.
    pub patch: String,
    pub rungs: Vec<RungRecord>,
    pub findings: Vec<FindingRecord>,
    /// The arms that are credited to it.
    pub closed: Vec<ArmRecord>,
    pub n_tests: u64,
    /// Oldest first; undone ones are gone.
    pub decisions: Vec<Decided>,
    pub commit: Option<String>,
}

impl Piece {
    #[must_use]
    pub fn decision(&self) -> Option<Decision> {
        self.decisions.last().map(|decided| decided.decision)
    }

    /// Whether the agent's work should be in the tree, after all that was decided.
    #[must_use]
    pub fn should_be_in_tree(&self) -> bool {
        self.decision()
            .map_or(self.fate.is_in_tree(), Decision::wants_it)
    }

    /// Whether a person still has to look at it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.fate.is_in_tree() && self.decisions.is_empty() && self.commit.is_none()
    }

    /// Whether the file is the agent's alone.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.without == Side::Absent
    }

    /// A test file that stays and to which nothing is credited.
    #[must_use]
    pub fn closes_nothing(&self) -> bool {
        self.fate == Fate::Kept && self.closed.is_empty() && !self.gains_lines()
    }

    /// It ran lines that never ran: where the batch held gaps that are no branches, no arm can show it.
    #[must_use]
    pub fn gains_lines(&self) -> bool {
        self.closed.is_empty()
            && self
                .rungs
                .iter()
                .any(|rung| rung.rung == "gains" && rung.ok && rung.evidence.contains("lines"))
    }

    /// The decision that a wish for its presence, or absence, is.
    #[must_use]
    pub fn wish(&self, wants_it: bool) -> Decision {
        match (self.fate, wants_it) {
            (Fate::PutBack, true) => Decision::KeptChange,
            (Fate::Rejected | Fate::Aside, true) => Decision::TakenBack,
            (_, true) => Decision::Accepted,
            (Fate::Kept, false) if self.closes_nothing() => Decision::Removed,
            (_, false) => Decision::Rejected,
        }
    }
}

/// Everything that a run left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Review {
    /// What stays first, then what does not; by path within.
    pub pieces: Vec<Piece>,
    /// Findings about no piece: of a turn as a whole.
    pub findings: Vec<FindingRecord>,
    pub before: Option<Figures>,
    /// The last measurement.
    pub after: Option<Figures>,
    /// `branches` or `lines`.
    pub measure: String,
    /// A decision was taken after the last measurement.
    pub is_stale: bool,
    /// Milliseconds since 1970.
    pub started: u64,
}

/// What a turn did to a file.
struct Change<'a> {
    /// Its place among the events.
    at: usize,
    turn: u32,
    path: &'a str,
    kind: &'a str,
    what: &'a str,
    patch: &'a str,
    put_back: bool,
    before: Side,
    after: Side,
    /// What the file held before anything that is still open.
    base: Side,
}

struct Judged<'a> {
    at: usize,
    turn: u32,
    path: &'a str,
    verdict: &'a str,
    n_tests: u64,
    text: &'a str,
}

impl Review {
    /// Folds the events of one run.
    #[must_use]
    pub fn of(events: &[Event]) -> Self {
        let mut review = Self::default();
        let changes = changes(events);
        let judged: Vec<Judged<'_>> = events.iter().enumerate().filter_map(judged).collect();
        for (idx, change) in changes.iter().enumerate() {
            let later = changes.get(idx + 1..).unwrap_or_default();
            if let Some(piece) = piece(change, later, &judged) {
                review.pieces.push(decide(piece, change.at, events));
            }
        }
        review
            .pieces
            .sort_by(|a, b| (a.fate, &a.id).cmp(&(b.fate, &b.id)));
        review.credit(events);
        review
    }

    /// Rungs, findings, arms and figures.
    fn credit(&mut self, events: &[Event]) {
        for event in events {
            match event {
                Event::Started {
                    at,
                    before,
                    measure,
                    ..
                } => {
                    self.started = *at;
                    self.before = *before;
                    self.after = *before;
                    self.measure.clone_from(measure);
                }
                Event::Rung {
                    turn,
                    path,
                    rung,
                    ok,
                    evidence,
                    ..
                } => {
                    if let Some(piece) = self.find(path, *turn) {
                        piece.rungs.push(RungRecord {
                            rung: rung.clone(),
                            ok: *ok,
                            evidence: evidence.clone(),
                        });
                    }
                }
                Event::Finding {
                    turn,
                    code,
                    path,
                    evidence,
                    blocking,
                    ..
                } => {
                    let finding = FindingRecord {
                        code: code.clone(),
                        path: path.clone(),
                        evidence: evidence.clone(),
                        blocking: *blocking,
                    };
                    match self.find(path, *turn) {
                        Some(piece) => piece.findings.push(finding),
                        None => self.findings.push(finding),
                    }
                }
                Event::Closed { arm, by, .. } => {
                    let kept =
                        |piece: &&mut Piece| piece.fate == Fate::Kept && &piece.id.path == by;
                    if let Some(piece) = self.pieces.iter_mut().find(kept)
                        && !piece.closed.contains(arm)
                    {
                        piece.closed.push(arm.clone());
                    }
                }
                Event::Measured { figures, .. } => {
                    self.after = Some(*figures);
                    self.is_stale = false;
                }
                Event::Reviewed { .. } => self.is_stale = true,
                _ => {}
            }
        }
    }

    fn find(&mut self, path: &str, turn: u32) -> Option<&mut Piece> {
        self.pieces
            .iter_mut()
            .find(|piece| piece.id.path == path && piece.id.turn == turn)
    }

    /// A piece by name.
    #[must_use]
    pub fn piece(&self, id: &PieceId) -> Option<&Piece> {
        self.pieces.iter().find(|piece| &piece.id == id)
    }

    /// Files in the tree that nobody has decided about.
    #[must_use]
    pub fn n_open(&self) -> usize {
        self.pieces.iter().filter(|piece| piece.is_open()).count()
    }
}

fn changes(events: &[Event]) -> Vec<Change<'_>> {
    let mut changes: Vec<Change<'_>> = Vec::new();
    // Paths of which all that came before is settled.
    let mut settled: Vec<&str> = Vec::new();
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Changed {
                turn,
                path,
                change,
                kind,
                patch,
                put_back,
                before,
                after,
                ..
            } => {
                let before = Side::of(before.as_ref(), change != "added");
                let open = changes
                    .iter()
                    .rev()
                    .find(|earlier| earlier.path == path && !settled.contains(&path.as_str()))
                    .map(|earlier| earlier.base.clone());
                settled.retain(|known| known != path);
                changes.push(Change {
                    at,
                    turn: *turn,
                    path,
                    kind,
                    what: change,
                    patch,
                    put_back: *put_back,
                    base: open.unwrap_or_else(|| before.clone()),
                    before,
                    after: Side::of(after.as_ref(), change != "deleted"),
                });
            }
            Event::Reviewed { path, .. } => settled.push(path),
            Event::Committed { paths, .. } => settled.extend(paths.iter().map(String::as_str)),
            _ => {}
        }
    }
    changes
}

fn judged((at, event): (usize, &Event)) -> Option<Judged<'_>> {
    let Event::Verdict {
        turn,
        path,
        verdict,
        tests,
        text,
        ..
    } = event
    else {
        return None;
    };
    Some(Judged {
        at,
        turn: *turn,
        path,
        verdict,
        n_tests: *tests,
        text,
    })
}

/// The piece that a change is; `None` where a later one stands for it.
fn piece(change: &Change<'_>, later: &[Change<'_>], judged: &[Judged<'_>]) -> Option<Piece> {
    let mut piece = Piece {
        id: PieceId {
            path: change.path.to_owned(),
            turn: change.turn,
        },
        fate: Fate::PutBack,
        kind: change.kind.to_owned(),
        with: change.after.clone(),
        without: change.before.clone(),
        patch: change.patch.to_owned(),
        rungs: Vec::new(),
        findings: Vec::new(),
        closed: Vec::new(),
        n_tests: 0,
        decisions: Vec::new(),
        commit: None,
    };
    if change.put_back {
        return Some(piece);
    }
    let kept_in = |turn: u32| {
        judged
            .iter()
            .any(|it| it.turn == turn && it.verdict == "kept")
    };
    let of = |turn: u32| {
        judged
            .iter()
            .rev()
            .find(|it| it.turn == turn && it.path == change.path)
    };
    let fate = |turn: u32| match (change.kind, of(turn).map(|it| it.verdict)) {
        ("test support", _) if kept_in(turn) => Fate::Alongside,
        ("test support", _) => Fate::Rejected,
        (_, Some("kept")) => Fate::Kept,
        (_, Some("aside")) => Fate::Aside,
        (_, Some(_)) => Fate::Rejected,
        (_, None) => Fate::Unexamined,
    };
    piece.fate = fate(change.turn);
    let mut after = later
        .iter()
        .filter(|it| it.path == change.path && !it.put_back);
    let is_replaced = if piece.fate.is_in_tree() {
        after.any(|it| fate(it.turn).is_in_tree())
    } else {
        // A later text of the same file is what anybody would want to see.
        after.next().is_some()
    };
    if is_replaced {
        return None;
    }
    if piece.fate.is_in_tree() {
        piece.without.clone_from(&change.base);
    }
    if let Some(judged) = of(change.turn) {
        piece.n_tests = judged.n_tests;
        if !judged.text.is_empty() && change.what != "deleted" && judged.at > change.at {
            piece.with = Side::Kept(judged.text.to_owned());
        }
    }
    Some(piece)
}

/// What people decided about a piece since it is what it is.
fn decide(mut piece: Piece, since: usize, events: &[Event]) -> Piece {
    for event in events.iter().skip(since) {
        match event {
            Event::Reviewed {
                path,
                turn,
                action,
                wrote,
                ..
            } if *path == piece.id.path && (*turn == piece.id.turn || *turn == 0) => {
                if action == "undone" {
                    piece.decisions.pop();
                } else if let Some(decision) = Decision::of(action) {
                    piece.decisions.push(Decided {
                        decision,
                        wrote: wrote.clone(),
                    });
                }
            }
            Event::Committed { commit, paths, .. }
                if paths.contains(&piece.id.path) && piece.should_be_in_tree() =>
            {
                piece.commit = Some(commit.clone());
            }
            _ => {}
        }
    }
    piece
}

#[cfg(test)]
mod tests {
    use super::{Decision, Fate, Review, Side};
    use crate::triage::record::{ArmRecord, Event, Swap};

    fn changed(turn: u32, path: &str, kind: &str, before: Option<&str>, after: &str) -> Event {
        Event::Changed {
            at: 0,
            turn,
            path: path.into(),
            change: if before.is_some() {
                "modified"
            } else {
                "added"
            }
            .into(),
            kind: kind.into(),
            patch: format!("{after}.patch"),
            put_back: !kind.starts_with("test"),
            before: before.map(Into::into),
            after: Some(after.into()),
        }
    }

    fn verdict(turn: u32, path: &str, verdict: &str, text: &str) -> Event {
        Event::Verdict {
            at: 0,
            turn,
            path: path.into(),
            verdict: verdict.into(),
            tests: 2,
            text: text.into(),
        }
    }

    fn reviewed(turn: u32, path: &str, action: &str) -> Event {
        Event::Reviewed {
            at: 0,
            path: path.into(),
            turn,
            action: action.into(),
            wrote: Some(Swap {
                from: Some("a".into()),
                to: None,
            }),
        }
    }

    fn told(review: &Review) -> Vec<(&str, u32, Fate)> {
        review
            .pieces
            .iter()
            .map(|piece| (piece.id.path.as_str(), piece.id.turn, piece.fate))
            .collect()
    }

    fn kept(name: &str) -> Side {
        Side::Kept(name.into())
    }

    #[test]
    fn a_file_of_two_turns_is_one_piece_against_what_was_there_at_first() {
        let review = Review::of(&[
            changed(1, "t.py", "test", Some("old"), "one"),
            verdict(1, "t.py", "kept", "one"),
            changed(2, "t.py", "test", Some("one"), "two"),
            verdict(2, "t.py", "kept", "two"),
        ]);
        assert_eq!(told(&review), [("t.py", 2, Fate::Kept)]);
        let piece = &review.pieces[0];
        assert_eq!((&piece.without, &piece.with), (&kept("old"), &kept("two")));
        assert!(piece.is_open() && !piece.is_new());
    }

    #[test]
    fn a_later_text_that_was_rejected_stands_beside_the_one_that_stayed() {
        let review = Review::of(&[
            changed(1, "t.py", "test", None, "one"),
            verdict(1, "t.py", "kept", "one"),
            changed(2, "t.py", "test", Some("one"), "two"),
            verdict(2, "t.py", "rejected", "two"),
        ]);
        assert_eq!(
            told(&review),
            [("t.py", 1, Fate::Kept), ("t.py", 2, Fate::Rejected)]
        );
        assert_eq!(review.pieces[1].without, kept("one"));
        assert_eq!(review.n_open(), 1);
        assert_eq!(review.pieces[1].wish(true), Decision::TakenBack);
    }

    #[test]
    fn an_attempt_that_a_later_round_made_good_is_not_shown() {
        let review = Review::of(&[
            changed(1, "t.py", "test", None, "one"),
            verdict(1, "t.py", "rejected", "one"),
            changed(2, "t.py", "test", None, "two"),
            verdict(2, "t.py", "kept", "two"),
        ]);
        assert_eq!(told(&review), [("t.py", 2, Fate::Kept)]);
        assert!(review.pieces[0].is_new());
    }

    #[test]
    fn what_was_accepted_is_what_a_later_turn_is_compared_with() {
        let review = Review::of(&[
            changed(1, "t.py", "test", None, "one"),
            verdict(1, "t.py", "kept", "one"),
            reviewed(1, "t.py", "accepted"),
            changed(2, "t.py", "test", Some("one"), "two"),
            verdict(2, "t.py", "kept", "two"),
        ]);
        assert_eq!(told(&review), [("t.py", 2, Fate::Kept)]);
        assert_eq!(review.pieces[0].without, kept("one"));
        assert!(review.pieces[0].is_open());
    }

    #[test]
    fn helpers_stay_with_the_tests_that_use_them() {
        let helper = changed(1, "tests/helper.py", "test support", None, "h");
        let one = changed(1, "t.py", "test", None, "one");
        let review = Review::of(&[
            helper.clone(),
            one.clone(),
            verdict(1, "t.py", "kept", "one"),
        ]);
        assert_eq!(
            told(&review),
            [
                ("t.py", 1, Fate::Kept),
                ("tests/helper.py", 1, Fate::Alongside)
            ]
        );
        let review = Review::of(&[helper, one, verdict(1, "t.py", "aside", "one")]);
        assert_eq!(
            told(&review),
            [
                ("t.py", 1, Fate::Aside),
                ("tests/helper.py", 1, Fate::Rejected)
            ]
        );
        assert_eq!(review.n_open(), 0);
    }

    #[test]
    fn decisions_are_a_pile_that_undo_takes_from() {
        let mut events = vec![
            changed(1, "t.py", "test", None, "one"),
            verdict(1, "t.py", "kept", "one"),
            changed(1, "src/a.py", "source", Some("s"), "s2"),
            reviewed(1, "t.py", "accepted"),
            reviewed(1, "t.py", "removed"),
        ];
        let review = Review::of(&events);
        assert_eq!(review.pieces[0].decision(), Some(Decision::Removed));
        assert!(!review.pieces[0].should_be_in_tree() && review.is_stale);
        assert_eq!(review.pieces[1].fate, Fate::PutBack);
        assert_eq!(review.pieces[1].wish(true), Decision::KeptChange);
        events.push(reviewed(1, "t.py", "undone"));
        events.push(Event::Committed {
            at: 0,
            commit: "abc".into(),
            paths: vec!["t.py".into()],
        });
        let review = Review::of(&events);
        assert_eq!(review.pieces[0].decision(), Some(Decision::Accepted));
        assert_eq!(review.pieces[0].commit.as_deref(), Some("abc"));
        events.push(reviewed(1, "t.py", "undone"));
        assert!(!Review::of(&events).pieces[0].is_open(), "it is committed");
    }

    #[test]
    fn a_run_that_was_killed_while_it_examined_leaves_something_to_look_at() {
        let review = Review::of(&[changed(1, "t.py", "test", None, "one")]);
        assert_eq!(told(&review), [("t.py", 1, Fate::Unexamined)]);
        assert_eq!(review.n_open(), 1);
    }

    #[test]
    fn credit_goes_to_the_file_that_stayed_and_findings_to_their_file() {
        let arm = ArmRecord {
            id: "aa".into(),
            file: "src/a.py".into(),
            line: 3,
            arm: "true".into(),
        };
        let finding = |path: &str| Event::Finding {
            at: 0,
            turn: 1,
            code: "sleep".into(),
            path: path.into(),
            evidence: "line 3".into(),
            blocking: false,
        };
        let review = Review::of(&[
            changed(1, "t.py", "test", None, "one"),
            verdict(1, "t.py", "kept", "one"),
            finding("t.py"),
            finding("src/a.py"),
            Event::Closed {
                at: 0,
                turn: 1,
                arm: arm.clone(),
                by: "t.py".into(),
            },
        ]);
        let piece = &review.pieces[0];
        assert_eq!(
            (piece.closed.as_slice(), piece.findings.len()),
            (&[arm][..], 1)
        );
        assert_eq!((review.findings.len(), piece.closes_nothing()), (1, false));
        assert_eq!(piece.wish(false), Decision::Rejected);
    }

    #[test]
    fn records_of_before_there_were_sides_do_not_pretend_to_know() {
        let text = r#"{"event":"changed","at":1,"turn":1,"path":"t.py","change":"modified","kind":"test","patch":"p.patch","put_back":false}"#;
        let review = Review::of(&[serde_json::from_str(text).unwrap()]);
        assert_eq!(review.pieces[0].without, Side::Unknown);
        let text = r#"{"event":"reviewed","at":1,"path":"t.py","action":"accepted"}"#;
        assert!(serde_json::from_str::<Event>(text).is_ok());
    }
}
