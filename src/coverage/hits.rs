//! How often something ran, as far as the report knows.

use std::fmt;

/// The hit count of a line, an arm or a function.
///
/// Many tools count; some (coverage.py, `JaCoCo`) only tell run from not run. Both fit here, in eight
/// bytes, and the difference is never lost: `count()` is `None` where nothing was counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Hits(u64);

impl Hits {
    /// Run at least once; the report does not count.
    pub const TAKEN: Self = Self(u64::MAX);
    /// Never run; the report does not count.
    pub const UNTAKEN: Self = Self(u64::MAX - 1);
    /// Counted, and never run.
    pub const ZERO: Self = Self(0);
    const MOST: u64 = u64::MAX - 2;

    /// A counted number of hits; counts at the very end of `u64` saturate.
    #[must_use]
    pub fn times(n: u64) -> Self {
        Self(n.min(Self::MOST))
    }

    /// Run or not, without a count.
    #[must_use]
    pub fn seen(taken: bool) -> Self {
        if taken { Self::TAKEN } else { Self::UNTAKEN }
    }

    /// Whether it ran at least once.
    #[must_use]
    pub fn is_taken(self) -> bool {
        self.0 != 0 && self != Self::UNTAKEN
    }

    /// The count, or `None` where the report only tells run from not run.
    #[must_use]
    pub fn count(self) -> Option<u64> {
        (self.0 <= Self::MOST).then_some(self.0)
    }

    /// The union of two observations: counts add up; without a count on both sides only the fact stays.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        match (self.count(), other.count()) {
            (Some(a), Some(b)) => Self::times(a.saturating_add(b)),
            _ => Self::seen(self.is_taken() || other.is_taken()),
        }
    }
}

impl fmt::Debug for Hits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TAKEN => f.write_str("taken"),
            Self::UNTAKEN => f.write_str("untaken"),
            Self(n) => write!(f, "{n}"),
        }
    }
}
