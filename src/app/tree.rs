//! The tree of files: folders with the sums of their arms, sorted, folded, and flat for drawing.
//!
//! The rows that can be seen are kept as one flat list, spliced when a folder opens or closes, so that
//! moving and drawing cost what the window shows and never what the project has.

mod build;
mod order;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::coverage::{Coverage, FilePath, Ratio, Totals};

pub use order::{Measure, Order};

/// A row of the tree: its place among the nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIdx(u32);

impl NodeIdx {
    fn new(idx: usize) -> Self {
        Self(u32::try_from(idx).unwrap_or(u32::MAX))
    }

    fn at(self) -> usize {
        self.0 as usize
    }
}

/// A folder or a file.
#[derive(Debug)]
pub struct Node {
    /// What it is called below its parent: `berths.py`, or `src/harbour` for folders with a single child.
    pub label: Box<str>,
    /// The whole path.
    pub path: FilePath,
    pub parent: Option<NodeIdx>,
    /// How many folders it is in.
    pub depth: u16,
    /// For a folder the sums of its files.
    pub totals: Totals,
    pub kind: NodeKind,
    children: Vec<NodeIdx>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum NodeKind {
    Folder {
        open: bool,
    },
    /// Its place among [`Coverage::files`].
    File {
        idx: usize,
    },
}

/// How the files are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Shape {
    #[default]
    Folders,
    /// One list of files.
    Flat,
}

/// The tree with its cursor.
#[derive(Debug, Default)]
pub struct Tree {
    nodes: Vec<Node>,
    /// Top level, in order.
    roots: Vec<NodeIdx>,
    /// Nodes of files by their place among the coverage's files.
    by_file: Vec<NodeIdx>,
    /// Places among the coverage's files by path.
    by_path: FxHashMap<FilePath, usize>,
    /// What can be seen, from top to bottom.
    rows: Vec<NodeIdx>,
    /// Which nodes pass the filter; `None`: all do.
    shown: Option<Vec<bool>>,
    /// The folders that were open before the filter opened more of them.
    open_before_filter: Option<Vec<NodeIdx>>,
    cursor: usize,
    scroll: usize,
    order: Order,
    measure: Measure,
    shape: Shape,
}

impl Tree {
    /// The rows that can be seen, those outside the window included.
    #[must_use]
    pub fn rows(&self) -> &[NodeIdx] {
        &self.rows
    }

    #[must_use]
    pub fn node(&self, idx: NodeIdx) -> Option<&Node> {
        self.nodes.get(idx.at())
    }

    /// How many nodes there are, folders included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The row of the cursor.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The first row in the window.
    #[must_use]
    pub fn scroll(&self) -> usize {
        self.scroll
    }

    #[must_use]
    pub fn order(&self) -> Order {
        self.order
    }

    #[must_use]
    pub fn measure(&self) -> Measure {
        self.measure
    }

    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// What the cursor is on.
    #[must_use]
    pub fn current(&self) -> Option<(NodeIdx, &Node)> {
        let idx = *self.rows.get(self.cursor)?;
        Some((idx, self.node(idx)?))
    }

    /// The file under the cursor, by its place among the coverage's files.
    #[must_use]
    pub fn current_file(&self) -> Option<usize> {
        match self.current()?.1.kind {
            NodeKind::File { idx } => Some(idx),
            NodeKind::Folder { .. } => None,
        }
    }

    /// All files below a node, itself included; in no particular order.
    #[must_use]
    pub fn files_below(&self, idx: NodeIdx) -> Vec<usize> {
        let mut files = Vec::new();
        let mut open = vec![idx];
        while let Some(idx) = open.pop() {
            if !self.is_shown(idx) {
                continue;
            }
            let Some(node) = self.node(idx) else { continue };
            match node.kind {
                NodeKind::File { idx } => files.push(idx),
                NodeKind::Folder { .. } => open.extend(&node.children),
            }
        }
        files
    }

    /// The next file (or the one before) for which `wanted` holds, in the order of the tree, folders that are
    /// closed included; from the top again after the last, which the answer tells. It may be the one that it
    /// started from. `None` where there is none at all.
    #[must_use]
    pub fn next_file(
        &self,
        from: Option<NodeIdx>,
        forward: bool,
        wanted: &dyn Fn(usize) -> bool,
    ) -> Option<(usize, bool)> {
        let mut at = from;
        let mut wrapped = false;
        for _ in 0..=self.nodes.len() {
            let next = at.and_then(|at| self.neighbour(at, forward));
            wrapped |= next.is_none() && at.is_some();
            at = next.or_else(|| self.outermost(forward));
            if let Some(NodeKind::File { idx }) = self.node(at?).map(|node| &node.kind)
                && wanted(*idx)
            {
                return Some((*idx, wrapped));
            }
        }
        None
    }

    /// The first node of all, or the last.
    fn outermost(&self, forward: bool) -> Option<NodeIdx> {
        if self.shape == Shape::Flat {
            return if forward {
                self.rows.first()
            } else {
                self.rows.last()
            }
            .copied();
        }
        let mut roots = self.roots.iter().copied().filter(|&idx| self.is_shown(idx));
        if forward {
            roots.next()
        } else {
            roots.next_back().map(|root| self.deepest_last(root))
        }
    }

    /// The node after (or before) another in the order of the tree, whatever is folded.
    fn neighbour(&self, idx: NodeIdx, forward: bool) -> Option<NodeIdx> {
        if self.shape == Shape::Flat {
            let row = self.row_of(idx)?;
            let row = if forward {
                row + 1
            } else {
                row.checked_sub(1)?
            };
            return self.rows.get(row).copied();
        }
        if !forward {
            return match self.sibling(idx, false) {
                Some(before) => Some(self.deepest_last(before)),
                None => self.node(idx)?.parent,
            };
        }
        let children = self.node(idx)?.children.iter();
        if let Some(child) = children.copied().find(|&child| self.is_shown(child)) {
            return Some(child);
        }
        let mut at = idx;
        loop {
            if let Some(next) = self.sibling(at, true) {
                return Some(next);
            }
            at = self.node(at)?.parent?;
        }
    }

    fn sibling(&self, idx: NodeIdx, forward: bool) -> Option<NodeIdx> {
        let siblings = match self.node(idx)?.parent {
            Some(parent) => self.node(parent)?.children.as_slice(),
            None => self.roots.as_slice(),
        };
        let at = siblings.iter().position(|&own| own == idx)?;
        let shown = |&&idx: &&NodeIdx| self.is_shown(idx);
        if forward {
            siblings.get(at + 1..)?.iter().find(shown).copied()
        } else {
            siblings.get(..at)?.iter().rfind(shown).copied()
        }
    }

    /// The last node below another, itself where it has none.
    fn deepest_last(&self, idx: NodeIdx) -> NodeIdx {
        let mut at = idx;
        while let Some(last) = self.node(at).and_then(|node| {
            node.children
                .iter()
                .rfind(|&&child| self.is_shown(child))
                .copied()
        }) {
            at = last;
        }
        at
    }

    /// Folds the figures of all nodes up from the files: `value` of a file, then `join` into each folder
    /// above it. The answer has one entry for each node.
    pub fn sum_up<T: Clone + Default>(
        &self,
        value: impl Fn(usize) -> T,
        join: impl Fn(&mut T, &T),
    ) -> Vec<T> {
        let mut sums = vec![T::default(); self.nodes.len()];
        // Parents come before their children, so that one pass from the end is enough.
        for (at, node) in self.nodes.iter().enumerate().rev() {
            if let NodeKind::File { idx } = node.kind
                && let Some(sum) = sums.get_mut(at)
            {
                *sum = value(idx);
            }
            if let Some(parent) = node.parent {
                let (above, below) = sums.split_at_mut(at);
                if let (Some(above), Some(own)) = (above.get_mut(parent.at()), below.first()) {
                    join(above, own);
                }
            }
        }
        sums
    }

    /// An entry of what [`Self::sum_up`] made, to be changed.
    pub fn sum_mut<T>(sums: &mut [T], idx: NodeIdx) -> Option<&mut T> {
        sums.get_mut(idx.at())
    }

    /// An entry of what [`Self::sum_up`] made.
    #[must_use]
    pub fn sum_of<T>(sums: &[T], idx: NodeIdx) -> Option<&T> {
        sums.get(idx.at())
    }

    /// Takes a new coverage. Cursor, folds, order and the place on the screen stay where they were; on the
    /// first one the worst file is selected and its folders are open.
    pub fn reload(&mut self, coverage: &Coverage) {
        let first = self.nodes.is_empty();
        let folds = self.folds();
        let cursor = self.current().map(|(_, node)| node.path.clone());
        let above = self.cursor.saturating_sub(self.scroll);

        self.measure = Measure::of(coverage);
        let built = build::build(coverage, self.measure, self.order);
        self.nodes = built.nodes;
        self.roots = built.roots;
        self.by_file = built.by_file;
        self.by_path = coverage
            .files
            .iter()
            .enumerate()
            .map(|(idx, file)| (file.path.clone(), idx))
            .collect();
        self.shown = None;
        self.open_before_filter = None;
        folds.restore(&mut self.nodes);
        self.collect_rows();

        if first {
            self.select_worst();
        } else {
            let at = cursor.and_then(|path| self.row_of_path(&path));
            self.cursor = at.unwrap_or(self.cursor).min(self.last_row());
            self.scroll = self.cursor.saturating_sub(above);
        }
    }

    /// The first file in the contract's order that is not wholly covered, else the first file.
    fn select_worst(&mut self) {
        let worst = self
            .files_in_order_of(Order::Worst)
            .next()
            .and_then(|node| self.reveal(node));
        self.cursor = worst.unwrap_or(0);
        self.scroll = 0;
    }

    fn files_in_order_of(&self, order: Order) -> impl Iterator<Item = NodeIdx> + use<> {
        let best = self
            .by_file
            .iter()
            .copied()
            .filter(|&idx| self.is_shown(idx))
            .min_by(|&a, &b| match (self.node(a), self.node(b)) {
                (Some(a), Some(b)) => order.compare(self.measure, a, b, Shape::Flat),
                _ => std::cmp::Ordering::Equal,
            });
        best.into_iter()
    }

    /// The place of a path among the coverage's files.
    #[must_use]
    pub fn file_of_path(&self, path: &FilePath) -> Option<usize> {
        self.by_path.get(path).copied()
    }

    /// A node and every folder above it.
    pub fn upwards(&self, idx: NodeIdx) -> impl Iterator<Item = NodeIdx> + '_ {
        std::iter::successors(Some(idx), |&idx| self.node(idx)?.parent)
    }

    /// The node of a file.
    #[must_use]
    pub fn node_of_file(&self, file: usize) -> Option<NodeIdx> {
        self.by_file.get(file).copied()
    }

    /// Opens the folders around a file and puts the cursor on it.
    pub fn select_file(&mut self, file: usize) -> bool {
        let row = self
            .by_file
            .get(file)
            .copied()
            .and_then(|node| self.reveal(node));
        if let Some(row) = row {
            self.cursor = row;
        }
        row.is_some()
    }

    /// Opens what is above a node and tells its row.
    fn reveal(&mut self, idx: NodeIdx) -> Option<usize> {
        let mut above = Vec::new();
        let mut at = self.node(idx)?.parent;
        while let Some(parent) = at {
            above.push(parent);
            at = self.node(parent)?.parent;
        }
        if self.shape == Shape::Folders {
            for parent in above.into_iter().rev() {
                if let Some(row) = self.row_of(parent) {
                    self.open(row);
                }
            }
        }
        self.row_of(idx)
    }

    fn row_of(&self, idx: NodeIdx) -> Option<usize> {
        self.rows.iter().position(|&row| row == idx)
    }

    fn row_of_path(&self, path: &FilePath) -> Option<usize> {
        self.rows
            .iter()
            .position(|&row| self.node(row).is_some_and(|node| &node.path == path))
    }

    fn is_shown(&self, idx: NodeIdx) -> bool {
        self.shown
            .as_ref()
            .is_none_or(|shown| shown.get(idx.at()).copied().unwrap_or(false))
    }

    fn last_row(&self) -> usize {
        self.rows.len().saturating_sub(1)
    }

    /// Moves the cursor by so many rows.
    pub fn move_by(&mut self, rows: isize) {
        self.cursor = self.cursor.saturating_add_signed(rows).min(self.last_row());
    }

    /// Puts the cursor on a row.
    pub fn move_to(&mut self, row: usize) {
        self.cursor = row.min(self.last_row());
    }

    /// Moves the window without the cursor, as far as the cursor stays in it.
    pub fn scroll_by(&mut self, rows: isize, height: usize) {
        let most = self.rows.len().saturating_sub(height);
        self.scroll = self.scroll.saturating_add_signed(rows).min(most);
        let last = self.scroll + height.saturating_sub(1);
        self.cursor = self
            .cursor
            .clamp(self.scroll, last.max(self.scroll))
            .min(self.last_row());
    }

    /// Brings the cursor into a window of `height` rows, moving it as little as possible.
    pub fn settle(&mut self, height: usize) {
        self.scroll = super::window(self.scroll, self.cursor, self.rows.len(), height);
    }

    /// Opens a closed folder, or closes an open one. Not for files.
    pub fn toggle(&mut self) {
        match self.current().map(|(_, node)| &node.kind) {
            Some(NodeKind::Folder { open: true }) => self.close(self.cursor),
            Some(NodeKind::Folder { open: false }) => self.open(self.cursor),
            Some(NodeKind::File { .. }) | None => {}
        }
    }

    /// `l`: opens a closed folder; on an open one goes to its first child. Whether anything happened.
    pub fn step_in(&mut self) -> bool {
        match self.current().map(|(_, node)| &node.kind) {
            Some(NodeKind::Folder { open: false }) => self.open(self.cursor),
            Some(NodeKind::Folder { open: true }) => self.move_by(1),
            Some(NodeKind::File { .. }) | None => return false,
        }
        true
    }

    /// `h`: closes an open folder, else goes to the folder above.
    pub fn step_out(&mut self) {
        let Some((_, node)) = self.current() else {
            return;
        };
        if node.kind == (NodeKind::Folder { open: true }) {
            self.close(self.cursor);
        } else if self.shape == Shape::Folders
            && let Some(row) = node.parent.and_then(|parent| self.row_of(parent))
        {
            self.cursor = row;
        }
    }

    /// Opens every folder, or closes every one; the cursor stays on what it is on, or goes to its folder.
    pub fn fold_all(&mut self, open: bool) {
        let mut at = self.current().map(|(idx, _)| idx);
        for node in &mut self.nodes {
            if let NodeKind::Folder { open: is_open } = &mut node.kind {
                *is_open = open;
            }
        }
        self.collect_rows();
        while let Some(idx) = at {
            if let Some(row) = self.row_of(idx) {
                self.cursor = row;
                return;
            }
            at = self.node(idx).and_then(|node| node.parent);
        }
        self.cursor = self.cursor.min(self.last_row());
    }

    fn open(&mut self, row: usize) {
        let Some(&idx) = self.rows.get(row) else {
            return;
        };
        match self.nodes.get_mut(idx.at()).map(|node| &mut node.kind) {
            Some(NodeKind::Folder { open }) if !*open => *open = true,
            _ => return,
        }
        let mut below = Vec::new();
        self.collect_below(idx, &mut below);
        if self.cursor > row {
            self.cursor += below.len();
        }
        self.rows.splice(row + 1..=row, below);
    }

    fn close(&mut self, row: usize) {
        let Some(&idx) = self.rows.get(row) else {
            return;
        };
        let Some(node) = self.nodes.get_mut(idx.at()) else {
            return;
        };
        node.kind = NodeKind::Folder { open: false };
        let depth = node.depth;
        let below = self
            .rows
            .iter()
            .skip(row + 1)
            .take_while(|&&row| self.node(row).is_some_and(|node| node.depth > depth))
            .count();
        self.rows.drain(row + 1..row + 1 + below);
        if self.cursor > row {
            self.cursor = self.cursor.saturating_sub(below).max(row);
        }
    }

    /// The next order, the cursor staying on its file.
    pub fn set_order(&mut self, order: Order) {
        self.order = order;
        self.sort();
    }

    /// Folders or one list.
    pub fn set_shape(&mut self, shape: Shape) {
        if shape == self.shape {
            return;
        }
        self.shape = shape;
        let at = self.current().map(|(idx, _)| idx);
        self.collect_rows();
        let row = at.and_then(|idx| self.reveal(idx));
        self.cursor = row.unwrap_or(0);
    }

    fn sort(&mut self) {
        let at = self.current().map(|(idx, _)| idx);
        build::sort(&mut self.nodes, &mut self.roots, self.measure, self.order);
        self.collect_rows();
        if let Some(row) = at.and_then(|idx| self.row_of(idx)) {
            self.cursor = row;
        }
    }

    /// Shows only files for which `keep` holds, with all their folders open; `None` shows everything again,
    /// folded as before.
    pub fn set_shown(&mut self, keep: Option<&dyn Fn(usize) -> bool>) {
        let at = self.current().map(|(idx, _)| idx);
        if let Some(keep) = keep {
            let shown = self.sum_up(keep, |above, own| *above |= own);
            if self.open_before_filter.is_none() {
                self.open_before_filter = Some(self.open_folders());
            }
            for (node, shown) in self.nodes.iter_mut().zip(&shown) {
                if let NodeKind::Folder { open } = &mut node.kind {
                    *open |= *shown;
                }
            }
            self.shown = Some(shown);
        } else {
            self.shown = None;
            if let Some(before) = self.open_before_filter.take() {
                for (at, node) in self.nodes.iter_mut().enumerate() {
                    if let NodeKind::Folder { open } = &mut node.kind {
                        *open = before.binary_search(&NodeIdx::new(at)).is_ok();
                    }
                }
            }
        }
        self.collect_rows();
        let row = at
            .filter(|&idx| self.is_shown(idx))
            .and_then(|idx| self.reveal(idx));
        self.cursor = match row {
            Some(row) => row,
            // The first file, not the first folder: that is what the filter was typed for.
            None => self
                .rows
                .iter()
                .position(|&row| {
                    self.node(row)
                        .is_some_and(|node| matches!(node.kind, NodeKind::File { .. }))
                })
                .unwrap_or(0),
        };
    }

    fn open_folders(&self) -> Vec<NodeIdx> {
        self.nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.kind == NodeKind::Folder { open: true })
            .map(|(at, _)| NodeIdx::new(at))
            .collect()
    }

    fn collect_rows(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        rows.clear();
        match self.shape {
            Shape::Folders => {
                for &root in &self.roots {
                    if self.is_shown(root) {
                        rows.push(root);
                        self.collect_below(root, &mut rows);
                    }
                }
            }
            Shape::Flat => {
                rows.extend(self.by_file.iter().filter(|&&idx| self.is_shown(idx)));
                rows.sort_by(|&a, &b| match (self.node(a), self.node(b)) {
                    (Some(a), Some(b)) => self.order.compare(self.measure, a, b, Shape::Flat),
                    _ => a.cmp(&b),
                });
            }
        }
        self.rows = rows;
    }

    /// Everything visible below a node, if it is an open folder.
    fn collect_below(&self, idx: NodeIdx, rows: &mut Vec<NodeIdx>) {
        let mut open: Vec<NodeIdx> = self.visible_children(idx).rev().collect();
        while let Some(idx) = open.pop() {
            rows.push(idx);
            open.extend(self.visible_children(idx).rev());
        }
    }

    fn visible_children(&self, idx: NodeIdx) -> impl DoubleEndedIterator<Item = NodeIdx> + '_ {
        let children = match self.node(idx) {
            Some(node) if node.kind == (NodeKind::Folder { open: true }) => {
                node.children.as_slice()
            }
            _ => &[],
        };
        children
            .iter()
            .copied()
            .filter(|&child| self.is_shown(child))
    }

    fn folds(&self) -> Folds {
        let mut folds = Folds::default();
        for (at, node) in self.nodes.iter().enumerate() {
            if let NodeKind::Folder { open } = node.kind {
                let open = match &self.open_before_filter {
                    Some(before) => before.binary_search(&NodeIdx::new(at)).is_ok(),
                    None => open,
                };
                folds.known.insert(node.path.clone());
                if open {
                    folds.open.insert(node.path.clone());
                }
            }
        }
        folds
    }
}

/// Which folders were open, by name, over a reload.
#[derive(Debug, Default)]
struct Folds {
    known: FxHashSet<FilePath>,
    open: FxHashSet<FilePath>,
}

impl Folds {
    /// A folder that was not there before opens when an open one is below it: a new file can split
    /// `src/harbour` in two.
    fn restore(&self, nodes: &mut [Node]) {
        if self.open.is_empty() {
            return;
        }
        for at in (0..nodes.len()).rev() {
            let Some(node) = nodes.get(at) else { continue };
            if !matches!(node.kind, NodeKind::Folder { .. }) {
                continue;
            }
            let known = self.known.contains(&node.path);
            let open = self.open.contains(&node.path)
                || (!known
                    && node.children.iter().any(|child| {
                        nodes
                            .get(child.at())
                            .is_some_and(|child| child.kind == NodeKind::Folder { open: true })
                    }));
            if let Some(node) = nodes.get_mut(at) {
                node.kind = NodeKind::Folder { open };
            }
        }
    }
}

impl Node {
    /// The figure that the tree is about.
    #[must_use]
    pub fn figure(&self, measure: Measure) -> Option<Ratio> {
        measure.figure(&self.totals)
    }
}
