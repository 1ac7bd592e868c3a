//! Lines of bounded length: a line that is too long is read past and reported, so that the rest of
//! the input is processed all the same.

use std::io::{self, BufRead};

/// One line of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Its text without the line break.
    Text(String),
    /// It was longer than the limit.
    TooLong,
    /// It was not UTF-8.
    NotText,
}

/// Reads the next line; `None` at the end. A last line without a break counts.
///
/// # Errors
/// When the input cannot be read.
pub(super) fn next(input: &mut impl BufRead, limit: usize) -> io::Result<Option<Line>> {
    let mut bytes = Vec::new();
    let mut any = false;
    let mut too_long = false;
    loop {
        let available = match input.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if available.is_empty() {
            break;
        }
        any = true;
        let end = available.iter().position(|&byte| byte == b'\n');
        let part = &available[..end.unwrap_or(available.len())];
        too_long |= bytes.len() + part.len() > limit;
        if !too_long {
            bytes.extend_from_slice(part);
        }
        let used = end.map_or(available.len(), |end| end + 1);
        input.consume(used);
        if end.is_some() {
            break;
        }
    }
    Ok(match (any, too_long) {
        (false, _) => None,
        (true, true) => Some(Line::TooLong),
        (true, false) => Some(String::from_utf8(bytes).map_or(Line::NotText, Line::Text)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(input: &[u8], capacity: usize) -> Vec<Line> {
        let mut input = io::BufReader::with_capacity(capacity, input);
        let mut lines = Vec::new();
        while let Some(line) = next(&mut input, 5).expect("memory is readable") {
            lines.push(line);
        }
        lines
    }

    #[test]
    fn a_line_that_is_too_long_does_not_spoil_the_next() {
        let text = |text: &str| Line::Text(text.into());
        for capacity in [1, 3, 100] {
            let lines = all(b"12345\n123456\n\n\xff\nend", capacity);
            let expected = [text("12345"), Line::TooLong, text(""), Line::NotText, text("end")];
            assert_eq!(lines, expected, "buffer of {capacity}");
            assert_eq!(all(b"", capacity), []);
        }
    }
}
