//! A report's columns as bytes of a line.

use crate::coverage::ColumnUnit;

/// The byte of a line that a report's column means, 0-based. A column past the end of the line, which
/// tools do write, is the end of the line; one inside a character is the character's start.
#[must_use]
pub fn byte_offset(line: &str, column: u32, unit: ColumnUnit) -> usize {
    let column = column as usize;
    match unit {
        ColumnUnit::Byte => {
            let mut byte = column.min(line.len());
            while !line.is_char_boundary(byte) {
                byte -= 1;
            }
            byte
        }
        ColumnUnit::Char => line
            .char_indices()
            .nth(column)
            .map_or(line.len(), |(byte, _)| byte),
        ColumnUnit::Utf16 => {
            let mut units = 0;
            for (byte, character) in line.char_indices() {
                let next = units + character.len_utf16();
                if next > column {
                    return byte;
                }
                units = next;
            }
            line.len()
        }
    }
}

/// The columns of one line, counted once for a line that many places are on: a bundle has all of its code
/// on one, and counting from its start for each of its branches would take minutes.
#[derive(Clone, Debug)]
pub(super) struct LineColumns {
    unit: ColumnUnit,
    /// Columns and the bytes they are, ascending, one for every [`STEP`] columns or so.
    known: Vec<(usize, usize)>,
}

const STEP: usize = 128;

impl LineColumns {
    pub(super) fn new(line: &str, unit: ColumnUnit) -> Self {
        let mut known = Vec::with_capacity(line.len() / STEP + 1);
        let mut column = 0;
        for (byte, character) in line.char_indices() {
            if column >= known.len() * STEP {
                known.push((column, byte));
            }
            column += match unit {
                ColumnUnit::Byte => character.len_utf8(),
                ColumnUnit::Char => 1,
                ColumnUnit::Utf16 => character.len_utf16(),
            };
        }
        Self { unit, known }
    }

    /// What [`byte_offset`] gives for the line it was made of.
    pub(super) fn byte_offset(&self, line: &str, column: u32) -> usize {
        let after = self
            .known
            .partition_point(|(known, _)| *known <= column as usize);
        let known = after.checked_sub(1).and_then(|idx| self.known.get(idx));
        let (column_before, byte) = known.copied().unwrap_or_default();
        let rest = line.get(byte..).unwrap_or_default();
        let column = column - u32::try_from(column_before).unwrap_or(column);
        byte + byte_offset(rest, column, self.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_counted_once_gives_the_same_bytes() {
        let line = "aé😀 x".repeat(200);
        for unit in [ColumnUnit::Utf16, ColumnUnit::Byte, ColumnUnit::Char] {
            let columns = LineColumns::new(&line, unit);
            for column in (0..2_500).chain([u32::MAX]) {
                assert_eq!(
                    columns.byte_offset(&line, column),
                    byte_offset(&line, column, unit),
                    "{column} {unit:?}"
                );
            }
        }
        assert_eq!(LineColumns::new("", ColumnUnit::Byte).byte_offset("", 9), 0);
    }

    #[test]
    fn a_column_counts_in_its_unit_and_stays_inside_the_line() {
        let line = "é = '😀' + x";
        for (column, unit, rest) in [
            (0, ColumnUnit::Utf16, "é = '😀' + x"),
            (5, ColumnUnit::Utf16, "😀' + x"),
            (6, ColumnUnit::Utf16, "😀' + x"),
            (7, ColumnUnit::Utf16, "' + x"),
            (6, ColumnUnit::Char, "' + x"),
            (6, ColumnUnit::Byte, "😀' + x"),
            (8, ColumnUnit::Byte, "😀' + x"),
            (10, ColumnUnit::Byte, "' + x"),
            (500, ColumnUnit::Utf16, ""),
            (u32::MAX, ColumnUnit::Byte, ""),
            (u32::MAX, ColumnUnit::Char, ""),
        ] {
            assert_eq!(
                &line[byte_offset(line, column, unit)..],
                rest,
                "{column} {unit:?}"
            );
        }
    }
}
