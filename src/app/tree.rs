//! The tree of files: folders with the sums of their arms, sorted, folded, and flat for drawing.
//!
//! The rows that can be seen are kept as one flat list, spliced when a folder opens or closes, so that
//! moving and drawing cost what the window shows and never what the project has.

mod build;
mod files;
mod order;

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::coverage::FilePath;

pub use files::{Change, Files, Node, NodeIdx, NodeKind};
pub use order::{Measure, Order};

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
    files: Arc<Files>,
    /// Which folders are open, by node; nothing for files.
    open: Vec<bool>,
    /// What can be seen, from top to bottom.
    rows: Vec<NodeIdx>,
    /// Which nodes pass the filter; `None`: all do.
    shown: Option<Vec<bool>>,
    /// The folders that were open before the filter opened more of them.
    open_before_filter: Option<Vec<bool>>,
    cursor: usize,
    scroll: usize,
    order: Order,
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
        self.files.node(idx)
    }

    /// Whether it is a folder that shows what is in it.
    #[must_use]
    pub fn is_open(&self, idx: NodeIdx) -> bool {
        self.open.get(idx.at()).copied().unwrap_or(false)
    }

    fn children(&self, idx: NodeIdx) -> &[NodeIdx] {
        self.files.children(idx, self.order)
    }

    fn roots(&self) -> &[NodeIdx] {
        self.files.roots(self.order)
    }

    /// How many nodes there are, folders included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.nodes.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.nodes.is_empty()
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
        self.files.measure
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
            NodeKind::Folder => None,
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
                NodeKind::Folder => open.extend(self.children(idx)),
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
        for _ in 0..=self.files.nodes.len() {
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
        let mut roots = self
            .roots()
            .iter()
            .copied()
            .filter(|&idx| self.is_shown(idx));
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
        let mut children = self.children(idx).iter().copied();
        if let Some(child) = children.find(|&child| self.is_shown(child)) {
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
            Some(parent) => self.children(parent),
            None => self.roots(),
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
        while let Some(last) = self
            .children(at)
            .iter()
            .rfind(|&&child| self.is_shown(child))
        {
            at = *last;
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
        self.files.sum_up(value, join)
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

    /// Takes the files of a new coverage. Cursor, folds, order and the place on the screen stay where they
    /// were; on the first one the worst file is selected and its folders are open.
    pub fn reload(&mut self, files: Arc<Files>) {
        let first = self.files.nodes.is_empty();
        let folds = self.folds();
        let cursor = self.current().map(|(_, node)| node.path.clone());
        let above = self.cursor.saturating_sub(self.scroll);

        self.files = files;
        self.shown = None;
        self.open_before_filter = None;
        self.open = folds.restore(&self.files, self.order);
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
        let worst = self.files.flat(Order::Worst).first().copied();
        self.cursor = worst.and_then(|node| self.reveal(node)).unwrap_or(0);
        self.scroll = 0;
    }

    /// The place of a path among the coverage's files.
    #[must_use]
    pub fn file_of_path(&self, path: &FilePath) -> Option<usize> {
        self.files.by_path.get(path).copied()
    }

    /// A node and every folder above it.
    pub fn upwards(&self, idx: NodeIdx) -> impl Iterator<Item = NodeIdx> + '_ {
        std::iter::successors(Some(idx), |&idx| self.node(idx)?.parent)
    }

    /// The node of a file.
    #[must_use]
    pub fn node_of_file(&self, file: usize) -> Option<NodeIdx> {
        self.files.by_file.get(file).copied()
    }

    /// Opens the folders around a file and puts the cursor on it.
    pub fn select_file(&mut self, file: usize) -> bool {
        let row = self
            .files
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

    /// The folder under the cursor, and whether it is open.
    fn current_folder(&self) -> Option<bool> {
        let (idx, node) = self.current()?;
        (node.kind == NodeKind::Folder).then(|| self.is_open(idx))
    }

    /// Opens a closed folder, or closes an open one. Not for files.
    pub fn toggle(&mut self) {
        match self.current_folder() {
            Some(true) => self.close(self.cursor),
            Some(false) => self.open(self.cursor),
            None => {}
        }
    }

    /// `l`: opens a closed folder; on an open one goes to its first child. Whether anything happened.
    pub fn step_in(&mut self) -> bool {
        match self.current_folder() {
            Some(false) => self.open(self.cursor),
            Some(true) => self.move_by(1),
            None => return false,
        }
        true
    }

    /// `h`: closes an open folder, else goes to the folder above.
    pub fn step_out(&mut self) {
        if self.current_folder() == Some(true) {
            self.close(self.cursor);
        } else if self.shape == Shape::Folders
            && let Some((_, node)) = self.current()
            && let Some(row) = node.parent.and_then(|parent| self.row_of(parent))
        {
            self.cursor = row;
        }
    }

    /// Opens every folder, or closes every one; the cursor stays on what it is on, or goes to its folder.
    pub fn fold_all(&mut self, open: bool) {
        let mut at = self.current().map(|(idx, _)| idx);
        for (node, is_open) in self.files.nodes.iter().zip(&mut self.open) {
            *is_open = open && node.kind == NodeKind::Folder;
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
        let is_folder = self.node(idx).map(|node| node.kind) == Some(NodeKind::Folder);
        match self.open.get_mut(idx.at()) {
            Some(open) if is_folder && !*open => *open = true,
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
        let (Some(open), Some(depth)) = (
            self.open.get_mut(idx.at()),
            self.files.node(idx).map(|node| node.depth),
        ) else {
            return;
        };
        *open = false;
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
        let at = self.current().map(|(idx, _)| idx);
        self.collect_rows();
        if let Some(row) = at.and_then(|idx| self.row_of(idx)) {
            self.cursor = row;
        }
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

    /// Shows only files for which `keep` holds, with all their folders open; `None` shows everything again,
    /// folded as before.
    pub fn set_shown(&mut self, keep: Option<&dyn Fn(usize) -> bool>) {
        let at = self.current().map(|(idx, _)| idx);
        if let Some(keep) = keep {
            let shown = self.sum_up(keep, |above, own| *above |= own);
            if self.open_before_filter.is_none() {
                self.open_before_filter = Some(self.open.clone());
            }
            let nodes = self.files.nodes.iter().zip(&shown);
            for ((node, shown), open) in nodes.zip(&mut self.open) {
                *open |= *shown && node.kind == NodeKind::Folder;
            }
            self.shown = Some(shown);
        } else {
            self.shown = None;
            if let Some(before) = self.open_before_filter.take() {
                self.open = before;
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

    fn collect_rows(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        rows.clear();
        match self.shape {
            Shape::Folders => {
                for &root in self.roots() {
                    if self.is_shown(root) {
                        rows.push(root);
                        self.collect_below(root, &mut rows);
                    }
                }
            }
            Shape::Flat => {
                let files = self.files.flat(self.order).iter().copied();
                rows.extend(files.filter(|&idx| self.is_shown(idx)));
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
        let children = if self.is_open(idx) {
            self.children(idx)
        } else {
            &[]
        };
        children
            .iter()
            .copied()
            .filter(|&child| self.is_shown(child))
    }

    fn folds(&self) -> Folds {
        let mut folds = Folds::default();
        let open = self.open_before_filter.as_ref().unwrap_or(&self.open);
        for (node, open) in self.files.nodes.iter().zip(open) {
            if node.kind == NodeKind::Folder {
                folds.known.insert(node.path.clone());
                if *open {
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
    /// Which nodes are open. A folder that was not there before opens when an open one is below it: a new
    /// file can split `src/harbour` in two.
    fn restore(&self, files: &Files, order: Order) -> Vec<bool> {
        let mut open = vec![false; files.nodes.len()];
        if self.open.is_empty() {
            return open;
        }
        for (at, node) in files.nodes.iter().enumerate().rev() {
            if node.kind != NodeKind::Folder {
                continue;
            }
            let is_new = !self.known.contains(&node.path);
            let below = || {
                let children = files.children(NodeIdx::new(at), order);
                children
                    .iter()
                    .any(|child| open.get(child.at()).copied().unwrap_or(false))
            };
            let is_open = self.open.contains(&node.path) || (is_new && below());
            if let Some(slot) = open.get_mut(at) {
                *slot = is_open;
            }
        }
        open
    }
}
