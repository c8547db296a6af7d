//! The share of the work that one of several machines does.
//!
//! Every machine sees the same report and must come to the same shares without talking to the others, so
//! nothing goes in but the files and their weights.

use crate::coverage::FilePath;

/// One share of several: `2/4` is the second of four.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// 0-based.
    idx: u32,
    n: u32,
}

impl Shard {
    /// Reads `I/N` with 1 ≤ I ≤ N ≤ 10,000.
    ///
    /// # Errors
    /// In words, for the command line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no share such as 2/4");
        let (i, n) = text.split_once('/').ok_or_else(wrong)?;
        let i: u32 = i.parse().map_err(|_| wrong())?;
        let n: u32 = n.parse().map_err(|_| wrong())?;
        if i == 0 || i > n || n > 10_000 {
            return Err(wrong());
        }
        Ok(Self { idx: i - 1, n })
    }

    /// 1-based, as it was typed.
    #[must_use]
    pub fn number(self) -> u32 {
        self.idx + 1
    }

    /// How many shares there are.
    #[must_use]
    pub fn of(self) -> u32 {
        self.n
    }

    /// Chooses this share's files, in the order they were given. The heaviest file goes first to whoever
    /// has least, ties by path: shares differ by no more than the weight of one file.
    #[must_use]
    pub fn choose(self, files: &[(FilePath, u64)]) -> Vec<FilePath> {
        let mut order: Vec<&(FilePath, u64)> = files.iter().collect();
        order.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let mut loads = vec![0_u64; self.n as usize];
        let mut mine = rustc_hash::FxHashSet::default();
        for (path, weight) in order {
            let lightest = loads.iter().enumerate().min_by_key(|(_, load)| **load);
            let Some(to) = lightest.map(|(to, _)| to) else {
                continue;
            };
            if let Some(load) = loads.get_mut(to) {
                // A file without weight still costs a turn.
                *load = load.saturating_add((*weight).max(1));
            }
            if to == self.idx as usize {
                mine.insert(path);
            }
        }
        files
            .iter()
            .map(|(path, _)| path)
            .filter(|path| mine.contains(path))
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Shard;
    use crate::coverage::FilePath;

    #[test]
    fn only_a_share_of_a_whole_is_one() {
        assert_eq!(Shard::parse("2/4").unwrap().number(), 2);
        for wrong in [
            "", "2", "0/4", "5/4", "a/4", "-1/4", "1/0", "1/99999", "1/4/4",
        ] {
            assert!(Shard::parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_file_is_in_exactly_one_share_whatever_order_a_machine_lists_them(
            weights in prop::collection::vec(0_u64..50, 0..40), n in 1_u32..9, turn in 0_usize..40,
        ) {
            let files: Vec<_> = weights.iter().enumerate().map(|(i, w)| (FilePath::new(&format!("src/{i}.py")), *w)).collect();
            let mut turned = files.clone();
            if !turned.is_empty() {
                turned.rotate_left(turn % files.len());
            }
            let mut seen = Vec::new();
            let mut loads = Vec::new();
            for i in 1..=n {
                let shard = Shard::parse(&format!("{i}/{n}")).unwrap();
                let mut mine = shard.choose(&files);
                let mut again = shard.choose(&turned);
                mine.sort();
                again.sort();
                prop_assert_eq!(&mine, &again);
                loads.push(mine.iter().map(|p| files.iter().find(|f| &f.0 == p).unwrap().1.max(1)).sum::<u64>());
                seen.extend(mine);
            }
            seen.sort();
            let mut all: Vec<_> = files.iter().map(|f| f.0.clone()).collect();
            all.sort();
            prop_assert_eq!(seen, all);
            let heaviest = weights.iter().copied().max().unwrap_or(0).max(1);
            prop_assert!(loads.iter().max().unwrap() - loads.iter().min().unwrap() <= heaviest);
        }
    }
}
