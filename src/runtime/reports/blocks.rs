//! Large reports read block by block, into the same memory again and again: new memory for a hundred
//! megabytes costs as much time as reading them.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::thread;

use super::Progress;
use crate::coverage::Report;
use crate::formats::{Blocks, HEAD};
use crate::runtime::watch;

/// Files of fewer bytes are read as a whole.
const LEAST: u64 = 8 << 20;
/// So much is in memory at once, for each thread; a record that is longer is left to the whole.
const BLOCK: usize = 1 << 20;

/// Reads a report of a format that allows it. `None` for everything else, and for whatever went wrong: the
/// reading as a whole says what it was.
pub(super) fn read(path: &Path, n_threads: usize, progress: &Progress) -> Option<Report> {
    let read = watch::unmoved(path, |file, size| {
        Ok((size >= LEAST).then(|| in_parts(file, size, n_threads, BLOCK, progress)))
    });
    read.ok()??.flatten()
}

fn in_parts(
    file: &File,
    size: u64,
    n_parts: usize,
    block: usize,
    progress: &Progress,
) -> Option<Report> {
    let mut head = vec![0; HEAD.min(usize::try_from(size).ok()?)];
    file.read_exact_at(&mut head, 0).ok()?;
    if !Blocks::fit(&head) {
        return None;
    }
    let mut ranges = Vec::new();
    let mut start = 0;
    for nth in 1..u64::try_from(n_parts).ok()? {
        let fair = size / n_parts as u64 * nth;
        let end = record_end(file, fair..size, block)?;
        if start < end && end < size {
            ranges.push(start..end);
            start = end;
        }
    }
    ranges.push(start..size);
    let parts: Option<Vec<Blocks>> = thread::scope(|scope| {
        let mut ranges = ranges.into_iter();
        let first = ranges.next()?;
        let others: Vec<_> = ranges
            .map(|range| scope.spawn(move || part(file, range, block, progress)))
            .collect();
        let mut parts = vec![part(file, first, block, progress)];
        for other in others {
            let part = other.join();
            parts.push(part.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        parts.into_iter().collect()
    });
    Blocks::join(parts?)
}

/// Where the first record ends that ends in a range.
fn record_end(file: &File, range: Range<u64>, block: usize) -> Option<u64> {
    let left = usize::try_from(range.end - range.start).unwrap_or(block);
    let mut buffer = vec![0; block.min(left)];
    file.read_exact_at(&mut buffer, range.start).ok()?;
    Some(range.start + Blocks::first_end(&buffer)? as u64)
}

/// Reads a range, which begins and ends between two records or with the file.
fn part(file: &File, range: Range<u64>, block: usize, progress: &Progress) -> Option<Blocks> {
    let mut blocks = Blocks::default();
    let mut buffer = vec![0; block];
    let mut filled = 0;
    let mut at = range.start;
    while at < range.end {
        let left = usize::try_from(range.end - at).unwrap_or(block);
        let end = filled + left.min(block - filled);
        let room = buffer.get_mut(filled..end)?;
        file.read_exact_at(room, at).ok()?;
        at += room.len() as u64;
        progress.add(room.len());
        let text = buffer.get(..end)?;
        let whole = if at == range.end {
            end
        } else {
            Blocks::last_end(text)?
        };
        blocks.read(text.get(..whole)?)?;
        buffer.copy_within(whole..end, 0);
        filled = end - whole;
    }
    Some(blocks)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::io::Write as _;

    use super::*;
    use crate::formats;

    /// A report of files of very different lengths; some have more arms than their figures say.
    fn report(n_files: usize) -> String {
        let mut text = String::new();
        for nth in 0..n_files {
            writeln!(text, "TN:\nSF:src/f{nth}.c\nFN:1,f{nth}\nFNDA:{nth},f{nth}").unwrap();
            for line in 1..=nth * 7 % 23 {
                writeln!(text, "DA:{line},{}\nBRDA:{line},0,0,{nth}", nth % 3).unwrap();
            }
            text.push_str("BRF:5\nBRH:1\nend_of_record\n");
        }
        text
    }

    fn in_blocks(text: &str, n_parts: usize, block: usize) -> Option<Report> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        in_parts(
            &file,
            text.len() as u64,
            n_parts,
            block,
            &Progress::default(),
        )
    }

    #[test]
    fn blocks_make_the_report_that_the_whole_makes() {
        let text = report(60);
        let whole = formats::parse(text.as_bytes()).unwrap();
        assert!(!whole.warnings.is_empty());
        for n_parts in 1..5 {
            for block in [700, 1000, 4096, 1 << 20] {
                let read = in_blocks(&text, n_parts, block);
                assert_eq!(read.as_ref(), Some(&whole), "{n_parts} parts, {block}");
            }
        }
        // The last line may lack its end.
        let read = in_blocks(text.trim_end(), 2, 1000);
        assert_eq!(read, Some(whole));
    }

    #[test]
    fn what_needs_the_whole_is_left_to_it() {
        let text = report(60);
        let twice = format!("{text}{text}");
        let cut_off = &text[..text.len() - 30];
        let broken = text.replace("DA:7,", "DA:seven,");
        let nameless = text.replace("SF:src/f50.c\n", "");
        let marked = format!("\u{feff}{text}");
        for (what, odd) in [
            ("a file twice", twice.as_str()),
            ("cut off", cut_off),
            ("broken", &broken),
            ("a record without a name", &nameless),
            ("a byte order mark", &marked),
            ("another format", "mode: set\na/b.go:1.1,2.2 1 0\n"),
        ] {
            assert_eq!(in_blocks(odd, 2, 1000), None, "{what}");
        }
        // A record that does not fit into a block.
        assert_eq!(in_blocks(&text, 2, 100), None);
    }
}
