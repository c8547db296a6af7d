//! Numbers in as few bytes as they need: most lines are below 65,536, most columns below 256, and most
//! of what a report could tell of a branch it does not tell.

use super::Hits;

/// A list of whole numbers, each in as many bytes as the largest of them needs. Equal lists are stored
/// alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ints {
    /// All of them are the same number: nothing but the number is stored.
    Same {
        n: u64,
        len: usize,
    },
    U8(Box<[u8]>),
    U16(Box<[u16]>),
    U32(Box<[u32]>),
    U64(Box<[u64]>),
}

impl Default for Ints {
    fn default() -> Self {
        Self::Same { n: 0, len: 0 }
    }
}

impl Ints {
    /// Packs what an iterator yields; it is run twice, and must yield the same again.
    pub(super) fn pack(numbers: impl ExactSizeIterator<Item = u64> + Clone) -> Self {
        let (mut least, mut most) = (u64::MAX, 0);
        for n in numbers.clone() {
            least = least.min(n);
            most = most.max(n);
        }
        Self::pack_between(least, most, numbers)
    }

    /// The same where the least and the largest number are known.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the largest number is known"
    )]
    fn pack_between(least: u64, most: u64, numbers: impl ExactSizeIterator<Item = u64>) -> Self {
        let len = numbers.len();
        if len == 0 {
            Self::default()
        } else if least == most {
            Self::Same { n: most, len }
        } else if u8::try_from(most).is_ok() {
            Self::U8(numbers.map(|n| n as u8).collect())
        } else if u16::try_from(most).is_ok() {
            Self::U16(numbers.map(|n| n as u16).collect())
        } else if u32::try_from(most).is_ok() {
            Self::U32(numbers.map(|n| n as u32).collect())
        } else {
            Self::U64(numbers.collect())
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Same { len, .. } => *len,
            Self::U8(list) => list.len(),
            Self::U16(list) => list.len(),
            Self::U32(list) => list.len(),
            Self::U64(list) => list.len(),
        }
    }

    /// The number at a 0-based index.
    pub(super) fn get(&self, idx: usize) -> Option<u64> {
        match self {
            Self::Same { n, len } => (idx < *len).then_some(*n),
            Self::U8(list) => list.get(idx).copied().map(u64::from),
            Self::U16(list) => list.get(idx).copied().map(u64::from),
            Self::U32(list) => list.get(idx).copied().map(u64::from),
            Self::U64(list) => list.get(idx).copied(),
        }
    }

    /// The number at an index as `u32`; 0 behind the end. For lists that were made of nothing larger.
    pub(super) fn small(&self, idx: usize) -> u32 {
        self.get(idx)
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(0)
    }

    /// Where a number is in an ascending list.
    pub(super) fn search(&self, n: u64) -> Option<usize> {
        let idx = self.n_below(n);
        (self.get(idx) == Some(n)).then_some(idx)
    }

    /// How many numbers of an ascending list are less than this one.
    pub(super) fn n_below(&self, n: u64) -> usize {
        match self {
            Self::Same { n: all, len } if *all < n => *len,
            Self::Same { .. } => 0,
            Self::U8(list) => list.partition_point(|&it| u64::from(it) < n),
            Self::U16(list) => list.partition_point(|&it| u64::from(it) < n),
            Self::U32(list) => list.partition_point(|&it| u64::from(it) < n),
            Self::U64(list) => list.partition_point(|&it| it < n),
        }
    }
}

/// A list of hits: a bit each where the tool only tells run from not run, else counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HitList {
    /// Bit `idx % 64` of word `idx / 64`.
    Seen {
        words: Box<[u64]>,
        len: usize,
    },
    Counted(Ints),
    /// Some counted and some not: no tool does this, a union of two can.
    Mixed(Box<[Hits]>),
}

impl Default for HitList {
    fn default() -> Self {
        Self::Counted(Ints::default())
    }
}

impl HitList {
    pub(super) fn pack(hits: &[Hits]) -> Self {
        let len = hits.len();
        let (mut least, mut most) = (u64::MAX, 0);
        let mut n_counted = 0;
        for hits in hits {
            // What is not counted is as large as a number can be, so that it never is the least.
            let count = hits.count().unwrap_or(u64::MAX);
            n_counted += usize::from(count != u64::MAX);
            least = least.min(count);
            most = most.max(count);
        }
        if n_counted == len {
            let counts = hits.iter().map(|hits| hits.count().unwrap_or(0));
            return Self::Counted(Ints::pack_between(least, most, counts));
        }
        if n_counted > 0 {
            return Self::Mixed(hits.into());
        }
        let mut words = vec![0_u64; len.div_ceil(64)].into_boxed_slice();
        for (idx, hits) in hits.iter().enumerate() {
            if let (true, Some(word)) = (hits.is_taken(), words.get_mut(idx / 64)) {
                *word |= 1 << (idx % 64);
            }
        }
        Self::Seen { words, len }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Seen { len, .. } => *len,
            Self::Counted(counts) => counts.len(),
            Self::Mixed(hits) => hits.len(),
        }
    }

    pub(super) fn get(&self, idx: usize) -> Option<Hits> {
        match self {
            Self::Seen { words, len } if idx < *len => {
                let word = words.get(idx / 64)?;
                Some(Hits::seen(word >> (idx % 64) & 1 == 1))
            }
            Self::Seen { .. } => None,
            Self::Counted(counts) => counts.get(idx).map(Hits::times),
            Self::Mixed(hits) => hits.get(idx).copied(),
        }
    }

    /// How many of a range ran at least once; the range is cut to what is there.
    pub(super) fn taken(&self, range: std::ops::Range<usize>) -> u64 {
        fn nonzero<T: Copy + PartialEq + Default>(
            list: &[T],
            range: std::ops::Range<usize>,
        ) -> u64 {
            let list = list.get(range).unwrap_or_default();
            list.iter().filter(|&&n| n != T::default()).count() as u64
        }
        let range = range.start..range.end.min(self.len());
        match self {
            Self::Counted(Ints::Same { n, .. }) if *n > 0 => range.len() as u64,
            Self::Counted(Ints::Same { .. }) => 0,
            Self::Counted(Ints::U8(list)) => nonzero(list, range),
            Self::Counted(Ints::U16(list)) => nonzero(list, range),
            Self::Counted(Ints::U32(list)) => nonzero(list, range),
            Self::Counted(Ints::U64(list)) => nonzero(list, range),
            Self::Seen { words, len } if range == (0..*len) => {
                words.iter().map(|word| u64::from(word.count_ones())).sum()
            }
            Self::Seen { .. } | Self::Mixed(_) => range
                .filter(|&idx| self.get(idx).is_some_and(Hits::is_taken))
                .count() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_packed_comes_out_again(
            mut numbers in prop::collection::vec(prop_oneof![
                0..4_u64, 0..300_u64, 0..70_000_u64, any::<u64>()
            ], 0..200)
        ) {
            let packed = Ints::pack(numbers.iter().copied());
            let again: Vec<_> = (0..packed.len()).filter_map(|idx| packed.get(idx)).collect();
            prop_assert_eq!(&again, &numbers);
            prop_assert_eq!(packed.get(numbers.len()), None);
            numbers.sort_unstable();
            numbers.dedup();
            let ascending = Ints::pack(numbers.iter().copied());
            for (idx, &n) in numbers.iter().enumerate() {
                prop_assert_eq!(ascending.search(n), Some(idx));
                prop_assert!(numbers.contains(&n.wrapping_add(1)) == ascending.search(n.wrapping_add(1)).is_some());
            }
        }

        #[test]
        fn hits_stay_what_they_were(
            hits in prop::collection::vec(
                (0..3_usize, 0..3_u64).prop_map(|(kind, n)| match kind {
                    0 => Hits::times(n * 500),
                    _ => Hits::seen(n > 1),
                }), 0..300),
            kind in 0..3_usize,
        ) {
            let hits: Vec<_> = hits
                .into_iter()
                .filter(|hits| kind == 2 || hits.count().is_some() == (kind == 0))
                .collect();
            let packed = HitList::pack(&hits);
            let again: Vec<_> = (0..packed.len()).filter_map(|idx| packed.get(idx)).collect();
            prop_assert_eq!(&again, &hits);
            for start in [0, hits.len() / 3] {
                let taken = hits.iter().skip(start).filter(|hits| hits.is_taken()).count() as u64;
                prop_assert_eq!(packed.taken(start..hits.len() + 5), taken);
            }
        }
    }

    #[test]
    fn a_number_takes_as_few_bytes_as_it_can() {
        let pack = |numbers: &[u64]| Ints::pack(numbers.iter().copied());
        assert_eq!(pack(&[7, 7, 7]), Ints::Same { n: 7, len: 3 });
        assert!(matches!(pack(&[0, 255]), Ints::U8(_)));
        assert!(matches!(pack(&[0, 256]), Ints::U16(_)));
        assert!(matches!(pack(&[0, 65_536]), Ints::U32(_)));
        assert!(matches!(pack(&[0, 1 << 32]), Ints::U64(_)));
    }
}
