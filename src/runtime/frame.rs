//! When to draw: at most one frame in 16 ms, and never a wish forgotten. What a person does is drawn at
//! once: it waits for no frame but that of what they did before.
//!
//! Pure: instants are passed in. It never draws and never sleeps.

use std::time::{Duration, Instant};

/// The shortest time between two frames: more than sixty a second nobody sees.
pub(super) const SHORTEST: Duration = Duration::from_millis(16);

/// Merges many wishes for a frame into one, and says when it is due.
#[derive(Debug, Default)]
pub(super) struct FrameLimiter {
    last: Option<Instant>,
    /// The last frame that a person's doing asked for.
    last_urgent: Option<Instant>,
    owed: bool,
    urgent: bool,
}

impl FrameLimiter {
    /// Something visible changed.
    pub(super) fn wish(&mut self) {
        self.owed = true;
    }

    /// A person did something: what is owed because of it is owed at once.
    pub(super) fn hurry(&mut self) {
        self.urgent = self.owed;
    }

    /// When the owed frame may be drawn; `None` when nothing is owed, so that an idle program sleeps.
    #[must_use]
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        if !self.owed {
            return None;
        }
        let last = if self.urgent {
            self.last_urgent
        } else {
            self.last
        };
        Some(match last {
            Some(last) => (last + SHORTEST).max(now),
            None => now,
        })
    }

    /// Whether a frame is to be drawn at this instant.
    #[must_use]
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due(now).is_some_and(|due| due <= now)
    }

    /// A frame was drawn: nothing is owed any more.
    pub(super) fn drawn(&mut self, now: Instant) {
        self.last = Some(now);
        if self.urgent {
            self.last_urgent = Some(now);
        }
        self.owed = false;
        self.urgent = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_wished_is_never_due() {
        let start = Instant::now();
        let mut limiter = FrameLimiter::default();
        assert_eq!(limiter.due(start), None);
        limiter.drawn(start);
        assert_eq!(limiter.due(start + Duration::from_secs(60)), None);
    }

    #[test]
    fn the_first_frame_and_one_after_a_pause_are_due_at_once() {
        let start = Instant::now();
        let mut limiter = FrameLimiter::default();
        limiter.wish();
        assert!(limiter.is_due(start));
        limiter.drawn(start);
        limiter.wish();
        assert!(limiter.is_due(start + Duration::from_millis(17)));
    }

    #[test]
    fn a_key_does_not_wait_for_what_came_by_itself_but_keys_wait_for_each_other() {
        let start = Instant::now();
        let mut limiter = FrameLimiter::default();
        limiter.drawn(start);
        let key = start + Duration::from_millis(3);
        limiter.hurry();
        assert_eq!(limiter.due(key), None, "it changed nothing");
        limiter.wish();
        limiter.hurry();
        assert!(limiter.is_due(key));
        limiter.drawn(key);
        let next = key + Duration::from_millis(2);
        limiter.wish();
        limiter.hurry();
        assert_eq!(limiter.due(next), Some(key + SHORTEST));
    }

    #[test]
    fn wishes_in_between_become_one_frame_at_the_end_of_the_16_ms() {
        let start = Instant::now();
        let mut limiter = FrameLimiter::default();
        limiter.drawn(start);
        for ms in 1..16 {
            limiter.wish();
            let now = start + Duration::from_millis(ms);
            assert!(!limiter.is_due(now));
            assert_eq!(limiter.due(now), Some(start + SHORTEST));
        }
        assert!(limiter.is_due(start + SHORTEST));
        limiter.drawn(start + SHORTEST);
        assert_eq!(limiter.due(start + SHORTEST), None);
    }
}
