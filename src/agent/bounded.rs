//! Text of bounded size that knows how much of it was dropped.

/// Which end of a text that has become too long is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The beginning: messages, diffs.
    Head,
    /// The end: the output of commands, where the verdict stands last.
    Tail,
}

/// A text that never grows beyond its limit. It is still raw: control characters and all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounded {
    text: String,
    keep: Keep,
    /// In bytes.
    limit: usize,
    dropped: u64,
}

impl Bounded {
    /// An empty text of at most `limit` bytes of UTF-8.
    #[must_use]
    pub fn new(keep: Keep, limit: usize) -> Self {
        Self {
            text: String::new(),
            keep,
            limit,
            dropped: 0,
        }
    }

    /// A text cut to `limit` bytes.
    #[must_use]
    pub fn of(keep: Keep, limit: usize, text: &str) -> Self {
        let mut bounded = Self::new(keep, limit);
        bounded.push(text);
        bounded
    }

    /// What is kept, raw.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How many bytes are not kept: before the text for a tail, behind it for a head.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    #[must_use]
    pub fn keep(&self) -> Keep {
        self.keep
    }

    /// Append; what does not fit is dropped and counted, whole characters only.
    pub fn push(&mut self, more: &str) {
        match self.keep {
            Keep::Head => {
                let room = if self.dropped > 0 {
                    0
                } else {
                    self.limit.saturating_sub(self.text.len())
                };
                let cut = floor(more, room);
                let (kept, rest) = more.split_at(cut);
                self.text.push_str(kept);
                self.dropped += rest.len() as u64;
            }
            Keep::Tail => {
                let skip = ceil(more, more.len().saturating_sub(self.limit));
                let (early, late) = more.split_at(skip);
                if !early.is_empty() {
                    self.dropped += (self.text.len() + early.len()) as u64;
                    self.text.clear();
                }
                self.text.push_str(late);
                let over = self.text.len().saturating_sub(self.limit);
                // Moving the whole tail for each small delta would be quadratic: cut in steps of an eighth.
                if over > 0 {
                    let cut = ceil(&self.text, (over + self.limit / 8).min(self.text.len()));
                    self.text.drain(..cut);
                    self.dropped += cut as u64;
                }
            }
        }
    }
}

/// The last character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The first character boundary at or after `at`.
fn ceil(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_keeps_the_beginning_and_counts_the_rest() {
        let mut text = Bounded::new(Keep::Head, 5);
        text.push("abc");
        text.push("défg");
        assert_eq!(text.as_str(), "abcd");
        assert_eq!(text.dropped(), 4);
        text.push("x");
        assert_eq!(text.as_str(), "abcd", "nothing is glued behind a hole");
        assert_eq!(text.dropped(), 5);
    }

    #[test]
    fn a_tail_keeps_the_end_and_counts_the_beginning() {
        let mut text = Bounded::new(Keep::Tail, 16);
        for n in 0..100 {
            text.push(&format!("{n:02}\n"));
        }
        assert!(text.as_str().ends_with("98\n99\n"), "{:?}", text.as_str());
        assert!(text.as_str().len() <= 16);
        assert_eq!(text.dropped() + text.as_str().len() as u64, 300);
    }

    #[test]
    fn one_push_beyond_the_limit_is_cut_at_a_character() {
        let text = Bounded::of(Keep::Tail, 5, "ÄÖÜäöü");
        assert_eq!(text.as_str().len() as u64 + text.dropped(), 12);
        assert!(text.as_str().ends_with("öü"), "{:?}", text.as_str());
    }
}
