//! Names of units, and of wells.

/// Micrometres in a unit of length; none for pixels and unknown ones.
pub(super) fn um(unit: &str) -> Option<f64> {
    Some(match unit.trim() {
        // The micro sign and the Greek letter look alike.
        "µm" | "μm" | "um" | "micron" | "microns" | "micrometer" | "micrometre" | "micrometers" => 1.0,
        "nm" | "nanometer" | "nanometre" => 1e-3,
        "pm" | "picometer" => 1e-6,
        "Å" | "\u{212b}" | "angstrom" => 1e-4,
        "mm" | "millimeter" | "millimetre" => 1e3,
        "cm" | "centimeter" | "centimetre" => 1e4,
        "m" | "meter" | "metre" => 1e6,
        "in" | "inch" => 25_400.0,
        _ => return None,
    })
}

/// Seconds in a unit of time.
pub(super) fn seconds(unit: &str) -> Option<f64> {
    Some(match unit.trim() {
        "s" | "sec" | "second" | "seconds" => 1.0,
        "ms" | "millisecond" => 1e-3,
        "µs" | "μs" | "us" | "microsecond" => 1e-6,
        "ns" | "nanosecond" => 1e-9,
        "min" | "minute" => 60.0,
        "h" | "hour" => 3600.0,
        "d" | "day" => 86_400.0,
        _ => return None,
    })
}

/// Text in which ImageJ wrote letters beyond ASCII as `\u00B5`.
pub(super) fn unescape(text: &str) -> String {
    let mut parts = text.split("\\u");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let letter = part.get(..4).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
        match letter {
            Some(letter) => {
                out.push(letter);
                out.push_str(&part[4..]);
            }
            None => {
                out.push_str("\\u");
                out.push_str(part);
            }
        }
    }
    out
}

/// The name of a well from its row and column, counted from 0: `A01`, `AF48`.
pub(super) fn well_name(row: usize, column: usize) -> String {
    let letter = |i: usize| char::from(b'A' + (i % 26) as u8);
    let row =
        if row < 26 { letter(row).to_string() } else { format!("{}{}", letter(row / 26 - 1), letter(row)) };
    format!("{row}{:02}", column.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(um(&unescape("\\u00B5m")), Some(1.0));
        assert_eq!(unescape("a\\u12"), "a\\u12");
        assert_eq!(um("pixel"), None);
        assert_eq!(seconds("min"), Some(60.0));
        assert_eq!([well_name(0, 0), well_name(7, 11), well_name(31, 47)], ["A01", "H12", "AF48"]);
    }
}
