//! How spreadsheets save tables as text: which characters, and what stands between values.

use std::borrow::Cow;

/// The bytes as UTF-8 without its mark; those of UTF-16, in which Excel saves "Unicode text", are decoded.
pub(crate) fn utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    let (text, big_endian) = match bytes {
        [0xef, 0xbb, 0xbf, text @ ..] => return Cow::Borrowed(text),
        [0xff, 0xfe, text @ ..] => (text, false),
        [0xfe, 0xff, text @ ..] => (text, true),
        _ => return Cow::Borrowed(bytes),
    };
    let pairs = text.as_chunks::<2>().0.iter();
    let units =
        pairs.map(|&pair| if big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) });
    let text = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
    Cow::Owned(text.collect::<String>().into_bytes())
}

/// What stands between values: whichever of tab, semicolon and comma is in most lines; then whichever there are most of, where a comma
/// between digits may as well be a decimal one and does not count; then the comma.
pub(crate) fn delimiter(head: &[u8]) -> u8 {
    let n_lines =
        |wanted: u8| head.split(|&byte| byte == b'\n').filter(|line| line.contains(&wanted)).count();
    let n_commas =
        head.windows(3).filter(|w| w[1] == b',' && !(w[0].is_ascii_digit() && w[2].is_ascii_digit()));
    let n_commas = n_commas.count();
    let n = |wanted: u8| match wanted {
        b',' => n_commas,
        _ => head.iter().filter(|&&byte| byte == wanted).count(),
    };
    let order = |&byte: &u8| (n_lines(byte), n(byte), byte == b',');
    [b'\t', b';', b','].into_iter().max_by_key(order).unwrap_or(b',')
}

/// A first line `sep=;`, which spreadsheets read, taken off: what it says, and the rest.
pub(crate) fn said(bytes: &[u8]) -> (Option<u8>, &[u8]) {
    match bytes {
        [b's', b'e', b'p', b'=', delimiter, rest @ ..] => (Some(*delimiter), rest),
        _ => (None, bytes),
    }
}

/// Where all values are numbers and some have a decimal comma, they get a decimal point.
pub(crate) fn decimal_points(values: &mut [Option<String>]) {
    let number = |text: &str| text.replacen(',', ".", 1).parse::<f64>().is_ok();
    let texts = || values.iter().flatten();
    if texts().any(|text| text.contains(',')) && texts().all(|text| number(text)) {
        values.iter_mut().flatten().for_each(|text| *text = text.replacen(',', ".", 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_values() {
        assert_eq!(delimiter(b"a;b;c,d"), b';');
        assert_eq!(delimiter(b"a\tb"), b'\t');
        assert_eq!(delimiter(b"a"), b',');
        assert_eq!(delimiter(b"a,b,c;d"), b',');
        assert_eq!(delimiter(b"0,51;0,42\n1,5;2,25"), b';');
        assert_eq!(delimiter(b"compound,1,2\nA,DMSO; 0.1 %,x; y; z"), b',');
        assert_eq!(delimiter(b"1,2,3\n4,5,6"), b',');
        assert_eq!(said(b"sep=;\na"), (Some(b';'), &b"\na"[..]));
    }

    #[test]
    fn decimal_commas() {
        let points = |texts: &[&str]| {
            let mut values: Vec<Option<String>> = texts.iter().map(|&text| Some(text.to_owned())).collect();
            decimal_points(&mut values);
            values.into_iter().flatten().collect::<Vec<String>>()
        };
        assert_eq!(points(&["0,5", "2", "-1,25e-3"]), ["0.5", "2", "-1.25e-3"]);
        assert_eq!(points(&["A,B", "2"]), ["A,B", "2"]);
        assert_eq!(points(&["1,000,000"]), ["1,000,000"]);
    }
}
