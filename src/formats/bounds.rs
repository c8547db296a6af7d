//! Bounds for formats that write ranges of lines: five numbers can claim four thousand million lines.

/// No project has more lines in one report than this; 20 million cost about 240 MB.
const MOST: usize = 20_000_000;

/// Enough for any small report, whatever it says.
const LEAST: usize = 1_000_000;

/// How many lines an input may still describe: two a byte of it, and a million on top.
#[derive(Debug)]
pub(super) struct LineBudget(usize);

impl LineBudget {
    pub(super) fn of(input: &[u8]) -> Self {
        Self(
            input
                .len()
                .saturating_mul(2)
                .saturating_add(LEAST)
                .min(MOST),
        )
    }

    /// Takes `n` lines off; `None` when fewer are left, and then there is no report to be had.
    pub(super) fn spend(&mut self, n: u32) -> Option<()> {
        self.0 = self.0.checked_sub(usize::try_from(n).ok()?)?;
        Some(())
    }
}
