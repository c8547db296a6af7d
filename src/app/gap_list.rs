//! The gaps of the whole project in one list: by worth, grouped by function, or the functions alone.

use std::cmp::Reverse;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::coverage::{FilePath, Line};
use crate::gaps::{Gap, GapId, rank};

use super::tree::Order;

/// Which gaps of which files.
pub type Wants<'a> = dyn Fn(&FilePath, &Gap) -> bool + 'a;

/// A function (or the code outside of any) with its gaps, or one of these gaps.
#[derive(Clone, Debug)]
pub enum ListRow {
    Function(Arc<Group>),
    Gap {
        group: Arc<Group>,
        /// Its place among the gaps of the group.
        idx: usize,
    },
}

/// The gaps of one function of one file.
#[derive(Debug)]
pub struct Group {
    pub path: FilePath,
    /// `None` for code outside of functions.
    pub name: Option<String>,
    /// By worth, each with the reason for its place.
    pub gaps: Vec<(Gap, String)>,
    /// Untaken arms of all of them.
    pub arms: u32,
}

impl Group {
    fn put(&mut self, gap: Gap, reason: String) {
        self.arms = self.arms.saturating_add(gap.arms_untaken);
        self.gaps.push((gap, reason));
    }

    /// Those of its gaps that are wanted, if any is.
    fn only(&self, wants: &Wants<'_>) -> Option<Self> {
        let mut group = Self {
            path: self.path.clone(),
            name: self.name.clone(),
            gaps: Vec::new(),
            arms: 0,
        };
        for (gap, reason) in &self.gaps {
            if wants(&self.path, gap) {
                group.put(gap.clone(), reason.clone());
            }
        }
        (!group.gaps.is_empty()).then_some(group)
    }

    /// Lines that never ran because of its gaps.
    #[must_use]
    pub fn lines_behind(&self) -> u32 {
        self.gaps
            .iter()
            .fold(0, |sum, (gap, _)| sum.saturating_add(gap.lines_behind))
    }

    /// The line of its first gap in the text.
    #[must_use]
    pub fn line(&self) -> Line {
        self.gaps
            .iter()
            .map(|(gap, _)| gap.line)
            .min()
            .unwrap_or(Line::FIRST)
    }
}

/// The list with its cursor.
#[derive(Debug, Default)]
pub struct GapList {
    /// By worth.
    groups: Vec<Arc<Group>>,
    /// Of so many files.
    n_files: usize,
    rows: Vec<ListRow>,
    cursor: usize,
    scroll: usize,
    /// Files whose gaps are still being found.
    pub awaited: usize,
    /// Gaps came that are not in the groups.
    pub stale: bool,
}

impl GapList {
    #[must_use]
    pub fn rows(&self) -> &[ListRow] {
        &self.rows
    }

    #[must_use]
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    #[must_use]
    pub fn scroll(&self) -> usize {
        self.scroll
    }

    #[must_use]
    pub fn current(&self) -> Option<&ListRow> {
        self.rows.get(self.cursor)
    }

    /// Whether so many more files are known than are listed that it is worth ranking all of them anew: while
    /// gaps come, each gap is ranked a few times and not once for each piece that comes.
    #[must_use]
    pub fn has_grown(&self, n_files: usize) -> bool {
        self.stale && n_files >= self.n_files * 2
    }

    /// Takes the gaps of files.
    pub fn fill(&mut self, files: &[(&FilePath, &[Gap])]) {
        let mut groups: Vec<Group> = Vec::new();
        let mut places: FxHashMap<(&FilePath, Option<&str>), usize> = FxHashMap::default();
        for ranked in rank(files.iter().copied()) {
            let name = ranked.gap.function.as_deref();
            let place = *places.entry((ranked.path, name)).or_insert_with(|| {
                groups.push(Group {
                    path: ranked.path.clone(),
                    name: ranked.gap.function.clone(),
                    gaps: Vec::new(),
                    arms: 0,
                });
                groups.len() - 1
            });
            if let Some(group) = groups.get_mut(place) {
                group.put(ranked.gap.clone(), ranked.reason);
            }
        }
        self.groups = groups.into_iter().map(Arc::new).collect();
        self.n_files = files.len();
        self.stale = false;
    }

    /// Makes the rows anew; the cursor stays on what it is on. `wants` is asked about each gap, `fits` with
    /// the path and the function's name. `with_gaps` lists each gap below its function.
    pub fn choose(
        &mut self,
        order: Order,
        with_gaps: bool,
        wants: Option<&Wants<'_>>,
        mut fits: Option<&mut dyn FnMut(&str) -> bool>,
    ) {
        let at = self.current().and_then(ListRow::key);
        let mut chosen: Vec<Arc<Group>> = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            if let Some(fits) = &mut fits {
                let name = group.name.as_deref().unwrap_or("");
                if !fits(&format!("{} {name}", group.path.as_str())) {
                    continue;
                }
            }
            match wants {
                None => chosen.push(Arc::clone(group)),
                Some(wants) => chosen.extend(group.only(wants).map(Arc::new)),
            }
        }
        match order {
            // Worth is the order they are in.
            Order::Worst | Order::Change => {}
            Order::Untaken => chosen.sort_by_key(|group| Reverse(group.arms)),
            Order::Lines => chosen.sort_by_key(|group| Reverse(group.lines_behind())),
            Order::Name => {
                chosen.sort_by(|a, b| (&a.path, a.line()).cmp(&(&b.path, b.line())));
            }
        }
        self.rows.clear();
        for group in chosen {
            self.rows.push(ListRow::Function(Arc::clone(&group)));
            if with_gaps {
                self.rows
                    .extend((0..group.gaps.len()).map(|idx| ListRow::Gap {
                        group: Arc::clone(&group),
                        idx,
                    }));
            }
        }
        let found = at.and_then(|at| {
            self.rows
                .iter()
                .position(|row| row.key().as_ref() == Some(&at))
        });
        self.cursor = found
            .unwrap_or(self.cursor)
            .min(self.rows.len().saturating_sub(1));
    }

    pub fn move_by(&mut self, rows: isize) {
        self.cursor = self
            .cursor
            .saturating_add_signed(rows)
            .min(self.rows.len().saturating_sub(1));
    }

    pub fn move_to(&mut self, row: usize) {
        self.cursor = row.min(self.rows.len().saturating_sub(1));
    }

    pub fn scroll_by(&mut self, rows: isize, height: usize) {
        let most = self.rows.len().saturating_sub(height);
        self.scroll = self.scroll.saturating_add_signed(rows).min(most);
        let last = self.scroll + height.saturating_sub(1);
        self.move_to(self.cursor.clamp(self.scroll, last.max(self.scroll)));
    }

    pub fn settle(&mut self, height: usize) {
        self.scroll = super::window(self.scroll, self.cursor, self.rows.len(), height);
    }
}

impl ListRow {
    #[must_use]
    pub fn group(&self) -> &Arc<Group> {
        match self {
            Self::Function(group) | Self::Gap { group, .. } => group,
        }
    }

    /// The gap that is shown for the row: its own, or the function's first.
    #[must_use]
    pub fn gap(&self) -> Option<&Gap> {
        match self {
            Self::Function(group) => group
                .gaps
                .iter()
                .map(|(gap, _)| gap)
                .min_by_key(|gap| gap.line),
            Self::Gap { group, idx } => group.gaps.get(*idx).map(|(gap, _)| gap),
        }
    }

    /// What names the row over a new list.
    fn key(&self) -> Option<(FilePath, Option<String>, Option<GapId>)> {
        let group = self.group();
        let gap = match self {
            Self::Function(_) => None,
            Self::Gap { .. } => Some(self.gap()?.id),
        };
        Some((group.path.clone(), group.name.clone(), gap))
    }
}
