//! Makes the nodes of the tree from the paths of a coverage.

use crate::coverage::{Coverage, FilePath};

use super::files::{Node, NodeIdx, NodeKind};

pub(super) struct Built {
    pub(super) nodes: Vec<Node>,
    pub(super) by_file: Vec<NodeIdx>,
}

/// Folders and files with their sums. A parent always comes before its children.
pub(super) fn build(coverage: &Coverage) -> Built {
    let mut in_order: Vec<usize> = (0..coverage.files.len()).collect();
    let path_of = |idx: usize| {
        coverage
            .files
            .get(idx)
            .map_or("", |file| file.path.as_str())
    };
    in_order.sort_by(|&a, &b| {
        let (a_parts, b_parts) = (parts(path_of(a)), parts(path_of(b)));
        a_parts.cmp(b_parts).then(a.cmp(&b))
    });

    let mut built = Built {
        nodes: Vec::with_capacity(in_order.len() * 5 / 4 + 1),
        by_file: vec![NodeIdx::new(0); in_order.len()],
    };
    // The open folders, each with the length of its path.
    let mut stack: Vec<(usize, NodeIdx)> = Vec::new();
    for (at, &idx) in in_order.iter().enumerate() {
        let Some(file) = coverage.files.get(idx) else {
            continue;
        };
        let path = file.path.as_str();
        let folder_end = path.rfind('/').unwrap_or(0);
        while let Some(&(end, _)) = stack.last() {
            if is_below(path, end, built_path(&built, &stack)) {
                break;
            }
            stack.pop();
        }
        let from = stack.last().map_or(0, |&(end, _)| end + 1);
        if folder_end > 0 && from <= folder_end {
            // Split where the files that follow leave this folder, so that single-child folders are one node.
            for end in splits(path, from, folder_end, &in_order, at, &path_of) {
                let label = path.get(from_of(&stack)..end).unwrap_or(path);
                let node = push(
                    &mut built,
                    &stack,
                    label,
                    FilePath::new(path.get(..end).unwrap_or(path)),
                    NodeKind::Folder,
                );
                stack.push((end, node));
            }
        }
        let label = path.get(from_of(&stack)..).unwrap_or(path);
        let node = push(
            &mut built,
            &stack,
            label,
            file.path.clone(),
            NodeKind::File { idx },
        );
        if let Some(node) = built.nodes.get_mut(node.at()) {
            node.totals = file.coverage.totals();
        }
        if let Some(slot) = built.by_file.get_mut(idx) {
            *slot = node;
        }
    }
    sum(&mut built.nodes);
    built
}

fn parts(path: &str) -> std::str::Split<'_, char> {
    path.split('/')
}

/// Where the label of the next node starts.
fn from_of(stack: &[(usize, NodeIdx)]) -> usize {
    stack.last().map_or(0, |&(end, _)| end + 1)
}

fn built_path<'a>(built: &'a Built, stack: &[(usize, NodeIdx)]) -> &'a str {
    stack
        .last()
        .and_then(|&(_, idx)| built.nodes.get(idx.at()))
        .map_or("", |node| node.path.as_str())
}

fn is_below(path: &str, end: usize, folder: &str) -> bool {
    path.get(..end) == Some(folder) && path.as_bytes().get(end) == Some(&b'/')
}

/// The ends of the folders to make for the path at `at`, between its bytes `from` and `folder_end`: one
/// at each depth where some other path leaves, and the file's own folder. Paths are sorted, so whatever
/// shares a folder follows directly.
fn splits<'a>(
    path: &'a str,
    from: usize,
    folder_end: usize,
    in_order: &[usize],
    at: usize,
    path_of: &impl Fn(usize) -> &'a str,
) -> Vec<usize> {
    let mut ends = vec![folder_end];
    let mut shortest = folder_end;
    for &other in in_order.iter().skip(at + 1) {
        let common = common_folder(path, path_of(other)).min(shortest);
        // Nothing further shares a folder of ours that is not made yet.
        if common < from || common == 0 {
            break;
        }
        if common < shortest {
            ends.push(common);
            shortest = common;
        }
        // Once the outermost folder that can be split off is known, the rest cannot add any.
        if path
            .get(from..shortest)
            .is_none_or(|rest| !rest.contains('/'))
        {
            break;
        }
    }
    ends.reverse();
    ends
}

/// The length of the longest folder that holds both paths; 0 for none.
fn common_folder(a: &str, b: &str) -> usize {
    let mut common = 0;
    for (at, (x, y)) in a.bytes().zip(b.bytes()).enumerate() {
        if x != y {
            break;
        }
        if x == b'/' {
            common = at;
        }
    }
    common
}

fn push(
    built: &mut Built,
    stack: &[(usize, NodeIdx)],
    label: &str,
    path: FilePath,
    kind: NodeKind,
) -> NodeIdx {
    let idx = NodeIdx::new(built.nodes.len());
    let parent = stack.last().map(|&(_, idx)| idx);
    built
        .nodes
        .push(Node::new(label, path, parent, stack.len(), kind));
    idx
}

fn sum(nodes: &mut [Node]) {
    for at in (0..nodes.len()).rev() {
        let Some((parent, totals, n_files)) = nodes
            .get(at)
            .and_then(|node| Some((node.parent?, node.totals, node.n_files)))
        else {
            continue;
        };
        if let Some(parent) = nodes.get_mut(parent.at()) {
            parent.totals = parent.totals.plus(totals);
            parent.n_files += n_files;
        }
    }
}
