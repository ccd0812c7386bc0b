//! The place of a well on its plate.

use std::fmt;
use std::str::FromStr;

/// Rows of the largest plate (1536 wells).
pub const MAX_ROWS: usize = 32;
/// Columns of the largest plate.
pub const MAX_COLUMNS: usize = 48;

/// Rows and columns of plates of 6 to 1536 wells, small ones first.
pub(super) const SHAPES: [(usize, usize); 7] =
    [(2, 3), (3, 4), (4, 6), (6, 8), (8, 12), (16, 24), (MAX_ROWS, MAX_COLUMNS)];

/// A well by its row and column, from 0. Wells are ordered row by row.
///
/// ```
/// use formats::plate_map::Well;
/// let well: Well = "a1".parse()?;
/// assert_eq!(well, "r01c01".parse()?);
/// assert_eq!(Well { row: 31, column: 47 }.to_string(), "AF48");
/// assert!("A49".parse::<Well>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Well {
    /// Row, A is 0.
    pub row: usize,
    /// Column, 1 is 0.
    pub column: usize,
}

impl Well {
    /// The row by its letters.
    #[must_use]
    pub fn row_name(row: usize) -> String {
        let letter = |n: usize| char::from(b'A' + (n % 26) as u8);
        if row < 26 { letter(row).to_string() } else { format!("{}{}", letter(row / 26 - 1), letter(row)) }
    }
}

impl fmt::Display for Well {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:02}", Well::row_name(self.row), self.column + 1)
    }
}

impl FromStr for Well {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text.trim()).ok_or_else(|| format!("expected a well from A01 to AF48, or r1c1, found {text:?}"))
    }
}

fn parse(text: &str) -> Option<Well> {
    let lower = text.to_ascii_lowercase();
    let number = |t: &str| t.parse::<usize>().ok().filter(|_| t.bytes().all(|b| b.is_ascii_digit()));
    let by_numbers = lower.strip_prefix('r').and_then(|rest| rest.split_once('c'));
    let (row, column) = match by_numbers.and_then(|(r, c)| Some((number(r)?, number(c)?))) {
        Some(place) => place,
        None => {
            let n_letters = lower.bytes().take_while(u8::is_ascii_lowercase).count();
            let (letters, digits) = lower.split_at(n_letters);
            (row_of(letters)? + 1, number(digits)?)
        }
    };
    let is_on_plate = (1..=MAX_ROWS).contains(&row) && (1..=MAX_COLUMNS).contains(&column);
    is_on_plate.then(|| Well { row: row - 1, column: column - 1 })
}

/// The row of one or two letters, from 0.
pub(super) fn row_of(letters: &str) -> Option<usize> {
    let value = |b: u8| b.is_ascii_alphabetic().then(|| usize::from(b.to_ascii_lowercase() - b'a'));
    match *letters.as_bytes() {
        [a] => value(a),
        [a, b] => Some(26 * (value(a)? + 1) + value(b)?),
        _ => None,
    }
    .filter(|row| *row < MAX_ROWS)
}

/// Rows and columns of the smallest usual plate that has all `wells`.
#[must_use]
pub fn shape(wells: impl Iterator<Item = Well>) -> (usize, usize) {
    let (mut rows, mut columns) = (0, 0);
    wells.for_each(|well| (rows, columns) = (rows.max(well.row + 1), columns.max(well.column + 1)));
    SHAPES.into_iter().find(|s| s.0 >= rows && s.1 >= columns).unwrap_or((MAX_ROWS, MAX_COLUMNS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_well_of_the_largest_plate_is_read_as_it_is_written() {
        for row in 0..MAX_ROWS {
            for column in 0..MAX_COLUMNS {
                let well = Well { row, column };
                assert_eq!(well.to_string().parse(), Ok(well));
                assert_eq!(format!("R{}C{}", row + 1, column + 1).parse(), Ok(well));
            }
        }
    }

    #[test]
    fn what_is_no_well_is_refused() {
        for text in ["", "A", "A0", "A00", "A49", "AG01", "1A", "r0c1", "r1c", "A+1", "Ä1", "A1B", "rc"] {
            assert!(text.parse::<Well>().is_err(), "{text}");
        }
        // Column 1 of row C, not a row number.
        assert_eq!("C1".parse(), Ok(Well { row: 2, column: 0 }));
        assert_eq!("r1".parse(), Ok(Well { row: 17, column: 0 }));
        assert_eq!("r12".parse(), Ok(Well { row: 17, column: 11 }));
    }
}
