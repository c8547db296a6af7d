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

#[cfg(test)]
mod tests {
    use super::*;

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
