//! Lines from a pipe, each of bearable length.

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// The longest line that is passed on, in bytes. A command's whole output comes in one line, and
/// Codex cuts that at about a megabyte.
pub(super) const MOST_LINE: usize = 16 << 20;

#[derive(Debug)]
pub(super) struct LineReader<R> {
    from: BufReader<R>,
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    pub(super) fn new(from: R) -> Self {
        Self {
            from: BufReader::with_capacity(64 << 10, from),
        }
    }

    /// The next line without its end; how long it was where it was too long; `None` at the end. What is
    /// no UTF-8 becomes U+FFFD.
    pub(super) async fn next(&mut self) -> Option<Result<String, usize>> {
        let mut line = Vec::new();
        let mut length = 0;
        loop {
            let buffer = match self.from.fill_buf().await {
                Ok(buffer) if !buffer.is_empty() => buffer,
                // A last line without an end was cut off in the writing: it is no message.
                Ok(_) | Err(_) => return None,
            };
            let end = memchr::memchr(b'\n', buffer);
            let piece = end.and_then(|end| buffer.get(..end)).unwrap_or(buffer);
            length += piece.len();
            if length <= MOST_LINE {
                line.extend_from_slice(piece);
            } else {
                line = Vec::new();
            }
            let used = piece.len() + usize::from(end.is_some());
            self.from.consume(used);
            if end.is_some() {
                return Some(if length > MOST_LINE {
                    Err(length)
                } else {
                    Ok(String::from_utf8_lossy(&line).into_owned())
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_that_is_too_long_is_passed_over_and_the_next_one_comes_whole() {
        let mut text = b"first\n".to_vec();
        text.extend(std::iter::repeat_n(b'x', MOST_LINE + 1));
        text.extend_from_slice(b"\nbad \xff byte\n\ncut off");
        let mut lines = LineReader::new(text.as_slice());
        assert_eq!(lines.next().await, Some(Ok("first".to_owned())));
        assert_eq!(lines.next().await, Some(Err(MOST_LINE + 1)));
        assert_eq!(lines.next().await, Some(Ok("bad \u{fffd} byte".to_owned())));
        assert_eq!(lines.next().await, Some(Ok(String::new())));
        assert_eq!(lines.next().await, None);
    }
}
