//! What of the tree stays as it is while a report is shown: folders with their sums, and every order.
//!
//! It is made off the loop, so that a new order costs nothing but drawing it, however large the project.

use rustc_hash::FxHashMap;

use crate::coverage::{Coverage, FilePath, Ratio, Totals};
use crate::gaps::Delta;

use super::build;
use super::order::{Measure, Order};

/// A row of the tree: its place among the nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIdx(u32);

impl NodeIdx {
    pub(super) fn new(idx: usize) -> Self {
        Self(u32::try_from(idx).unwrap_or(u32::MAX))
    }

    pub(super) fn at(self) -> usize {
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
    /// What became of its arms since the program started; for a folder the sums of its files.
    pub change: Change,
    /// Files below it; 1 for a file.
    pub n_files: u32,
    pub kind: NodeKind,
    /// Where its children stand in [`Sorted::children`]: the same in every order.
    first_child: u32,
    n_children: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    Folder,
    File {
        /// Its place among [`Coverage::files`].
        idx: usize,
    },
}

/// Arms that were taken and that were lost since the program started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    pub taken: u32,
    pub lost: u32,
}

impl Change {
    #[must_use]
    pub fn amount(self) -> u32 {
        self.taken.saturating_add(self.lost)
    }
}

/// The files of a coverage as a tree.
#[derive(Debug, Default)]
pub struct Files {
    pub(super) nodes: Vec<Node>,
    n_roots: u32,
    /// Nodes of files by their place among the coverage's files.
    pub(super) by_file: Vec<NodeIdx>,
    /// Places among the coverage's files by path.
    pub(super) by_path: FxHashMap<FilePath, usize>,
    pub(super) measure: Measure,
    /// As in [`Order::ALL`].
    sorted: [Sorted; Order::ALL.len()],
}

/// Everything in one order.
#[derive(Debug, Default)]
struct Sorted {
    /// What has no folder above it, then the children of each folder.
    children: Vec<NodeIdx>,
    /// All files.
    flat: Vec<NodeIdx>,
}

impl Files {
    /// The tree of a coverage, and what changed in it since the program started.
    #[must_use]
    pub fn of(coverage: &Coverage, since_start: Option<&Delta>) -> Self {
        let built = build::build(coverage);
        let mut files = Self {
            nodes: built.nodes,
            n_roots: 0,
            by_file: built.by_file,
            by_path: coverage
                .files
                .iter()
                .enumerate()
                .map(|(idx, file)| (file.path.clone(), idx))
                .collect(),
            measure: Measure::of(coverage),
            sorted: Default::default(),
        };
        if let Some(delta) = since_start {
            files.take_down(delta);
        }
        files.place_children();
        files.sort();
        files
    }

    fn take_down(&mut self, delta: &Delta) {
        let mut count = |path: &FilePath, add: fn(&mut Change)| {
            let node = self
                .by_path
                .get(path)
                .and_then(|&idx| self.by_file.get(idx))
                .and_then(|node| self.nodes.get_mut(node.at()));
            if let Some(node) = node {
                add(&mut node.change);
            }
        };
        for arm in &delta.taken {
            count(&arm.file, |change| change.taken += 1);
        }
        for arm in &delta.lost {
            count(&arm.file, |change| change.lost += 1);
        }
        for at in (0..self.nodes.len()).rev() {
            let Some((parent, own)) = self
                .nodes
                .get(at)
                .and_then(|node| Some((node.parent?, node.change)))
            else {
                continue;
            };
            if let Some(parent) = self.nodes.get_mut(parent.at()) {
                parent.change.taken += own.taken;
                parent.change.lost += own.lost;
            }
        }
    }

    /// Gives each folder a stretch of the lists of children.
    fn place_children(&mut self) {
        for at in 0..self.nodes.len() {
            let parent = self.nodes.get(at).and_then(|node| node.parent);
            match parent.and_then(|parent| self.nodes.get_mut(parent.at())) {
                Some(parent) => parent.n_children += 1,
                None => self.n_roots += 1,
            }
        }
        let mut next = self.n_roots;
        for node in &mut self.nodes {
            node.first_child = next;
            next += node.n_children;
        }
    }

    /// Sorts all nodes once for each order: files and folders of one parent come in that order as well.
    fn sort(&mut self) {
        let mut by_path: Vec<NodeIdx> = (0..self.nodes.len()).map(NodeIdx::new).collect();
        let path = |idx: &NodeIdx| self.nodes.get(idx.at()).map(|node| node.path.as_str());
        by_path.sort_by(|a, b| path(a).cmp(&path(b)));
        for (order, slot) in Order::ALL.into_iter().zip(0..) {
            let mut in_order = by_path.clone();
            if order != Order::Name {
                // Stable: what is equal stays in the order of the paths.
                in_order.sort_by_cached_key(|idx| {
                    self.nodes
                        .get(idx.at())
                        .map(|node| order.key(self.measure, node))
                });
            }
            let mut next: Vec<u32> = self.nodes.iter().map(|node| node.first_child).collect();
            let mut next_root = 0;
            let mut children = vec![NodeIdx::new(0); self.nodes.len()];
            let mut flat = Vec::with_capacity(self.by_file.len());
            for idx in in_order {
                let Some(node) = self.nodes.get(idx.at()) else {
                    continue;
                };
                if matches!(node.kind, NodeKind::File { .. }) {
                    flat.push(idx);
                }
                let place = match node.parent {
                    Some(parent) => next.get_mut(parent.at()),
                    None => Some(&mut next_root),
                };
                if let Some(place) = place {
                    if let Some(slot) = children.get_mut(*place as usize) {
                        *slot = idx;
                    }
                    *place += 1;
                }
            }
            if let Some(sorted) = self.sorted.get_mut(slot) {
                *sorted = Sorted { children, flat };
            }
        }
    }

    #[must_use]
    pub fn node(&self, idx: NodeIdx) -> Option<&Node> {
        self.nodes.get(idx.at())
    }

    fn sorted(&self, order: Order) -> Option<&Sorted> {
        self.sorted.get(order.place())
    }

    /// What has no folder above it.
    pub(super) fn roots(&self, order: Order) -> &[NodeIdx] {
        self.sorted(order)
            .and_then(|sorted| sorted.children.get(..self.n_roots as usize))
            .unwrap_or(&[])
    }

    /// What is directly below a folder.
    pub(super) fn children(&self, idx: NodeIdx, order: Order) -> &[NodeIdx] {
        let stretch = self.node(idx).and_then(|node| {
            let first = node.first_child as usize;
            let children = &self.sorted(order)?.children;
            children.get(first..first + node.n_children as usize)
        });
        stretch.unwrap_or(&[])
    }

    /// All files.
    pub(super) fn flat(&self, order: Order) -> &[NodeIdx] {
        self.sorted(order).map_or(&[], |sorted| &sorted.flat)
    }

    /// Folds the figures of all nodes up from the files: `value` of a file, then `join` into each folder
    /// above it. The answer has one entry for each node.
    pub(super) fn sum_up<T: Clone + Default>(
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
}

impl Node {
    pub(super) fn new(
        label: &str,
        path: FilePath,
        parent: Option<NodeIdx>,
        depth: usize,
        kind: NodeKind,
    ) -> Self {
        Self {
            label: label.into(),
            path,
            parent,
            depth: u16::try_from(depth).unwrap_or(u16::MAX),
            totals: Totals::default(),
            change: Change::default(),
            n_files: u32::from(kind != NodeKind::Folder),
            kind,
            first_child: 0,
            n_children: 0,
        }
    }

    /// The figure that the tree is about.
    #[must_use]
    pub fn figure(&self, measure: Measure) -> Option<Ratio> {
        measure.figure(&self.totals)
    }
}
