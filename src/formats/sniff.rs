//! Which format bytes are in, by their content alone: `coverage/coverage.json` may be any of four.

use super::{ParseError, Place, foreign, json, text, xml};
use crate::coverage::Format;

/// How much of a file is looked at.
pub const HEAD: usize = 64 * 1024;

/// How many lines may come before the first LCOV record: comments and blank lines.
const LCOV_PREAMBLE: usize = 50;

/// Which format a file is in. The first [`HEAD`] bytes of it are enough; what follows is not looked at.
///
/// # Errors
/// [`ParseError::Empty`] for nothing but white space, [`ParseError::Truncated`] where the bytes end
/// before they could tell, [`ParseError::Binary`] and [`ParseError::Foreign`] for what is known but no
/// report, else [`ParseError::NotAReport`].
pub fn sniff(bytes: &[u8]) -> Result<Format, ParseError> {
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    decoded(&text::decode(head))
}

/// The same for bytes without a byte order mark.
pub(super) fn decoded(text: &[u8]) -> Result<Format, ParseError> {
    let head = text.get(..HEAD).unwrap_or(text);
    let start = head.trim_ascii_start();
    if let Some(binary) = foreign::binary(text) {
        return Err(binary);
    }
    match start {
        [] if head.len() < text.len() => Err(text::not_a_report(text)),
        [] => Err(ParseError::Empty),
        [b'{' | b'[', ..] => json_format(start),
        // HTML is often no XML at all, so that reading it as such fails.
        [b'<', ..] => xml_format(start).map_err(|error| foreign::text(start).unwrap_or(error)),
        _ => line_format(start).ok_or_else(|| text::not_a_report(start)),
    }
}

fn line_format(head: &[u8]) -> Option<Format> {
    if head.starts_with(b"mode: ") {
        return Some(Format::GoCover);
    }
    if head.starts_with(b"GROUP,PACKAGE,CLASS") {
        return Some(Format::JacocoCsv);
    }
    let is_lcov = head
        .split(|&byte| byte == b'\n')
        .take(LCOV_PREAMBLE)
        .map(<[u8]>::trim_ascii_start)
        .any(|line| {
            line.starts_with(b"TN:") || line.starts_with(b"SF:") || line.starts_with(b"VER:")
        });
    is_lcov.then_some(Format::Lcov)
}

/// By keys that occur in no other tool's report. The order of keys is each tool's own: llvm-cov and
/// gcovr write their names last, behind everything else.
fn json_format(head: &[u8]) -> Result<Format, ParseError> {
    let outline = json::Outline::of(head);
    let has = |depth, key| outline.has(depth, key);
    if has(1, "gcovr/format_version")
        || has(1, "gcovr/summary_format_version")
        || has(5, "gcovr/noncode")
        || has(5, "gcovr/excluded")
    {
        return Ok(Format::Gcovr);
    }
    if has(1, "data") && has(3, "files") || has(5, "expansions") || has(5, "segments") {
        return Ok(Format::LlvmCov);
    }
    if has(2, "statementMap") || has(2, "branchMap") {
        return Ok(Format::Istanbul);
    }
    if has(1, "total") && has(3, "pct") {
        return Ok(Format::IstanbulSummary);
    }
    if has(2, "branch_coverage") || has(3, "executed_lines") {
        return Ok(Format::CoveragePy);
    }
    if has(2, "simplecov_version") || has(2, "coverage") {
        return Ok(Format::SimpleCov);
    }
    if outline.closed && outline.is_empty() && head.starts_with(b"{") {
        return Ok(Format::Istanbul);
    }
    if !outline.closed && head.len() < HEAD {
        return Err(ParseError::Truncated {
            place: Place::of(head, head.len()),
            within: "JSON",
        });
    }
    Err(text::not_a_report(head))
}

/// By the root element, its attributes and its first children.
fn xml_format(head: &[u8]) -> Result<Format, ParseError> {
    let valid = match std::str::from_utf8(head) {
        // The head may end within a character, which must not make Latin-1 of it.
        Err(error) if error.error_len().is_none() => {
            xml::utf8(head.get(..error.valid_up_to()).unwrap_or_default())
        }
        _ => xml::utf8(head),
    };
    let mut tags = xml::Tags::new(&valid);
    let mut root: Option<&str> = None;
    // Roots with attributes and children that are known; the rest of the head is not needed.
    loop {
        let element = match tags.next()? {
            Some(xml::Tag::Open(element) | xml::Tag::Empty(element)) => element,
            Some(xml::Tag::Close | xml::Tag::Text(_)) => continue,
            None => break,
        };
        match (root, element.name()) {
            (None, "report") => {
                if element.get("name").is_some() {
                    return Ok(Format::JacocoXml);
                }
                root = Some("report");
            }
            (None, "coverage") => {
                if element.get("clover").is_some() {
                    return Ok(Format::Clover);
                }
                if element.get("line-rate").is_some() {
                    return Ok(Format::Cobertura);
                }
                root = Some("coverage");
            }
            (Some("report"), "sessioninfo" | "package" | "group" | "counter") => {
                return Ok(Format::JacocoXml);
            }
            (Some("coverage"), "project") => return Ok(Format::Clover),
            (Some("coverage"), "packages" | "sources") => return Ok(Format::Cobertura),
            _ => break,
        }
    }
    Err(text::not_a_report(head))
}
