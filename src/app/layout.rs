//! Sizes to areas: where everything is, as a pure function of the terminal's size.
//!
//! Drawing, scrolling and the mouse all ask here, so they cannot disagree. No drawing, no text.

/// A rectangle of cells, 0-based from the top left. May be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Area {
    pub x: u16,
    pub y: u16,
    pub width: u16,
    pub height: u16,
}

impl Area {
    #[must_use]
    pub fn new(x: u16, y: u16, width: u16, height: u16) -> Self {
        Self {
            x,
            y,
            width,
            height,
        }
    }

    #[must_use]
    pub fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }

    #[must_use]
    pub fn contains(self, column: u16, row: u16) -> bool {
        column >= self.x
            && column - self.x < self.width
            && row >= self.y
            && row - self.y < self.height
    }

    /// The first row, and what is below it.
    #[must_use]
    pub fn split_top(self, rows: u16) -> (Self, Self) {
        let rows = rows.min(self.height);
        (
            Self {
                height: rows,
                ..self
            },
            Self {
                y: self.y + rows,
                height: self.height - rows,
                ..self
            },
        )
    }

    /// What is above the last rows, and they.
    #[must_use]
    pub fn split_bottom(self, rows: u16) -> (Self, Self) {
        let rows = rows.min(self.height);
        self.split_top(self.height - rows)
    }

    /// The first columns, and what is to their right.
    #[must_use]
    pub fn split_left(self, columns: u16) -> (Self, Self) {
        let columns = columns.min(self.width);
        (
            Self {
                width: columns,
                ..self
            },
            Self {
                x: self.x + columns,
                width: self.width - columns,
                ..self
            },
        )
    }

    /// What is left of the last columns, and they.
    #[must_use]
    pub fn split_right(self, columns: u16) -> (Self, Self) {
        let columns = columns.min(self.width);
        self.split_left(self.width - columns)
    }
}

/// The terminal's size in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub columns: u16,
    pub rows: u16,
}

/// The least size that holds the screen; below it one line says so.
pub const LEAST: Size = Size {
    columns: 40,
    rows: 10,
};

/// From this width on there are two panes side by side.
const TWO_PANES: u16 = 72;

/// From this width on there is a third pane.
pub const ASIDE_FROM: u16 = 180;

/// The columns of the third pane, with the line before it.
const ASIDE: u16 = 48;

/// Where the parts of the screen are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub header: Area,
    pub panes: Panes,
    /// Right of the panes, with the line before it; empty where there is no room for it.
    pub aside: Area,
    /// The line above the strip; empty where there is no room for it.
    pub rule: Area,
    /// Picks and session in short.
    pub strip: Area,
    /// The keys.
    pub footer: Area,
}

/// The heart of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Panes {
    /// Each with its title in the first row, and the column between them.
    Two {
        left: Area,
        divider: Area,
        right: Area,
    },
    /// Too narrow for two: the one in focus has it all.
    One(Area),
}

impl Panes {
    /// All of it.
    #[must_use]
    pub fn whole(self) -> Area {
        match self {
            Self::One(area) => area,
            Self::Two {
                left,
                divider,
                right,
            } => Area {
                width: left.width + divider.width + right.width,
                ..left
            },
        }
    }
}

/// How the panes' width is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Columns of the left pane as the person dragged it; `None` lets the layout decide.
    pub left: Option<u16>,
    /// What the left pane would like, in percent of the width, and at most so many columns.
    pub percent: u16,
    pub most: u16,
    /// Whether a third pane is wanted where there is room for it.
    pub aside: bool,
}

impl Layout {
    /// `None` where the terminal is smaller than [`LEAST`].
    #[must_use]
    pub fn of(size: Size, share: Share) -> Option<Self> {
        if size.columns < LEAST.columns || size.rows < LEAST.rows {
            return None;
        }
        let roomy = size.rows >= 30;
        let whole = Area::new(0, 0, size.columns, size.rows);
        let (header, rest) = whole.split_top(1);
        let (_, rest) = rest.split_top(u16::from(roomy));
        let (rest, footer) = rest.split_bottom(1);
        let (rest, _) = rest.split_bottom(u16::from(roomy));
        let (rest, strip) = rest.split_bottom(if roomy { 2 } else { 1 });
        let (main, rule) = rest.split_bottom(u16::from(size.rows >= 16));
        let (main, aside) = main.split_right(if share.aside && size.columns >= ASIDE_FROM {
            ASIDE
        } else {
            0
        });
        Some(Self {
            header: inset(header),
            panes: panes(main, share),
            aside,
            rule,
            strip: inset(strip),
            footer: inset(footer),
        })
    }
}

/// One cell of air at either side, where there is room for it.
fn inset(area: Area) -> Area {
    if area.width < 60 {
        return area;
    }
    Area {
        x: area.x + 1,
        width: area.width - 2,
        ..area
    }
}

fn panes(main: Area, share: Share) -> Panes {
    if main.width < TWO_PANES {
        return Panes::One(main);
    }
    let wished = share.left.unwrap_or_else(|| {
        let part = u32::from(main.width) * u32::from(share.percent) / 100;
        u16::try_from(part).unwrap_or(share.most).min(share.most)
    });
    let (left, rest) = main.split_left(wished.clamp(30.min(main.width - 42), main.width - 40));
    let (divider, right) = rest.split_left(1);
    Panes::Two {
        left,
        divider,
        right,
    }
}

/// The rows below the tree that tell all figures of what the cursor is on; none where the tree needs them.
#[must_use]
pub fn tree_details(body: Area) -> u16 {
    match body.height {
        0..26 => 0,
        26..44 => 5,
        _ => 8,
    }
}

/// The parts of the third pane, from top to bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsideParts {
    pub title: Area,
    /// The gaps of the shown file, one in a row.
    pub list: Area,
    /// The coverage over the time the program is open; empty where there is no room, or nothing to draw.
    pub chart: Area,
}

impl AsideParts {
    #[must_use]
    pub fn of(area: Area, n_points: usize) -> Self {
        let (title, rest) = area.split_top(1);
        let chart = if n_points > 1 && rest.height >= 24 {
            9
        } else {
            0
        };
        let (list, chart) = rest.split_bottom(chart);
        Self { title, list, chart }
    }
}

/// The parts of the session pane, from top to bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionParts {
    pub title: Area,
    pub transcript: Area,
    /// What the agent asks, with the keys that answer.
    pub question: Area,
    /// The message that is being written.
    pub saying: Area,
}

impl SessionParts {
    /// `question` and `saying` are the rows that they would like; the transcript keeps a third, where there is
    /// any room to share.
    #[must_use]
    pub fn of(area: Area, question: usize, saying: usize) -> Self {
        let wish = |rows: usize| u16::try_from(rows).unwrap_or(u16::MAX);
        let (title, rest) = area.split_top(1);
        let (_, rest) = rest.split_top(u16::from(area.height >= 26));
        // What is asked must be readable, also where that leaves nothing for the rest.
        let kept = if rest.height < 10 { 0 } else { rest.height / 3 };
        let room = rest.height - kept;
        let saying_rows = wish(saying).min(8).min(room);
        let question_rows = wish(question).min(room - saying_rows);
        let (rest, saying) = rest.split_bottom(saying_rows);
        let (transcript, question) = rest.split_bottom(question_rows);
        Self {
            title,
            transcript,
            question,
            saying,
        }
    }
}

/// The parts of the pane beside the session, from top to bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunParts {
    pub title: Area,
    /// The gaps and their states.
    pub list: Area,
    /// Test files with their rungs, and findings; empty where there is no room, or nothing was found yet.
    pub evidence: Area,
    /// The branch coverage over the time of the run; empty where there is no room, or nothing to draw.
    pub chart: Area,
    pub cost: Area,
}

impl RunParts {
    #[must_use]
    pub fn of(area: Area, n_points: usize, n_evidence: usize) -> Self {
        let (title, rest) = area.split_top(1);
        let (_, rest) = rest.split_top(u16::from(area.height >= 26));
        let cost_rows = if rest.height >= 12 { 3 } else { 0 };
        let chart_rows = if rest.height >= 24 && n_points > 1 {
            7
        } else {
            0
        };
        let (rest, cost) = rest.split_bottom(cost_rows);
        let (rest, chart) = rest.split_bottom(chart_rows);
        let evidence_rows = match u16::try_from(n_evidence) {
            Ok(0) => 0,
            // The gaps keep more than half.
            rows => rows
                .map_or(u16::MAX, |rows| rows + 2)
                .min(rest.height * 2 / 5),
        };
        let (list, evidence) = rest.split_bottom(if evidence_rows < 3 { 0 } else { evidence_rows });
        Self {
            title,
            list,
            evidence,
            chart,
            cost,
        }
    }
}

/// The parts of the list of a review, from top to bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReviewParts {
    pub title: Area,
    pub list: Area,
    /// The figures, and how old they are.
    pub status: Area,
}

impl ReviewParts {
    #[must_use]
    pub fn of(area: Area) -> Self {
        let (title, rest) = area.split_top(1);
        let (_, rest) = rest.split_top(u16::from(area.height >= 26));
        let (list, status) = rest.split_bottom(if rest.height >= 12 { 2 } else { 1 });
        Self {
            title,
            list,
            status,
        }
    }
}
