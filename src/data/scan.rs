//! The shape of a delimited text before its numbers are read: records, their lines and their cells.
//!
//! polars fills short rows in silence and renames doubled columns; what it would hide is told here, with its line.

use std::{borrow::Cow, ops::Range};

/// A quote that opens and never closes, or stands inside a cell of a text that has quoted cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BadQuote {
    /// From this byte on, no quote closes.
    Open(usize),
    /// A quote at this byte neither opens nor closes a cell.
    Stray(usize),
}

/// One record: a line, or more where a quoted cell holds line breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Bytes without the line break.
    pub bytes: Range<usize>,
    /// Its first line, from 1.
    pub line: usize,
    /// Number of cells.
    pub cells: usize,
}

/// Whether any cell starts with a quote; only then quotes mean anything, so that `5" pipe` needs no care.
pub(super) fn is_quoted(text: &str, delimiter: u8) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().any(|(index, byte)| {
        *byte == b'"'
            && index
                .checked_sub(1)
                .is_none_or(|before| matches!(bytes[before], b'\n' | b'\r') || bytes[before] == delimiter)
    })
}

/// The records of a text; blank lines are left out.
pub(super) fn records(text: &str, delimiter: u8, quoted: bool) -> Result<Vec<Record>, BadQuote> {
    let bytes = text.as_bytes();
    let mut records = Vec::new();
    let (mut start, mut line, mut at, mut lines_inside, mut cells) = (0, 1, 0, 0, 1);
    let mut cell_start = true;
    loop {
        match bytes.get(at) {
            Some(b'"') if quoted => {
                if !cell_start {
                    return Err(BadQuote::Stray(at));
                }
                let end = closing(bytes, at)?;
                lines_inside += breaks(&bytes[at..end]);
                at = end;
                cell_start = false;
                match bytes.get(at) {
                    None | Some(b'\n' | b'\r') => {}
                    Some(byte) if *byte == delimiter => {}
                    Some(_) => return Err(BadQuote::Stray(at - 1)),
                }
            }
            Some(byte) if *byte == delimiter => {
                cells += 1;
                cell_start = true;
                at += 1;
            }
            end @ (None | Some(b'\n' | b'\r')) => {
                if !bytes[start..at].iter().all(u8::is_ascii_whitespace)
                    || (cells > 1 && !delimiter.is_ascii_whitespace())
                {
                    records.push(Record { bytes: start..at, line, cells });
                }
                if end.is_none() {
                    return Ok(records);
                }
                // Line feed, carriage return, or both together.
                at += if bytes[at..].starts_with(b"\r\n") { 2 } else { 1 };
                line += 1 + lines_inside;
                (start, lines_inside, cells, cell_start) = (at, 0, 1, true);
            }
            Some(_) => {
                cell_start = false;
                at += 1;
            }
        }
    }
}

/// One byte behind the quote that closes; a doubled quote does not close.
fn closing(bytes: &[u8], open: usize) -> Result<usize, BadQuote> {
    let mut at = open + 1;
    loop {
        match (bytes.get(at), bytes.get(at + 1)) {
            (None, _) => return Err(BadQuote::Open(open)),
            (Some(b'"'), Some(b'"')) => at += 2,
            (Some(b'"'), _) => return Ok(at + 1),
            (Some(_), _) => at += 1,
        }
    }
}

fn breaks(bytes: &[u8]) -> usize {
    let returns = bytes.iter().filter(|byte| **byte == b'\r').count();
    let pairs = bytes.windows(2).filter(|pair| pair == b"\r\n").count();
    bytes.iter().filter(|byte| **byte == b'\n').count() + returns - pairs
}

/// The cells of one record, as bytes of it.
pub(super) fn cells(record: &str, delimiter: u8, quoted: bool) -> Vec<Range<usize>> {
    let bytes = record.as_bytes();
    let (mut cells, mut start, mut at) = (Vec::new(), 0, 0);
    while at < bytes.len() {
        if quoted && bytes[at] == b'"' && at == start {
            at = closing(bytes, at).unwrap_or(bytes.len());
        } else if bytes[at] == delimiter {
            cells.push(start..at);
            at += 1;
            start = at;
        } else {
            at += 1;
        }
    }
    cells.push(start..bytes.len());
    cells
}

/// What a cell says, without its quotes and the space around.
pub(super) fn content(cell: &str, quoted: bool) -> Cow<'_, str> {
    match cell.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) if quoted && inner.contains("\"\"") => Cow::Owned(inner.trim().replace("\"\"", "\"")),
        Some(inner) if quoted => Cow::Borrowed(inner.trim()),
        _ => Cow::Borrowed(cell.trim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> Vec<(usize, usize)> {
        let records = records(text, b',', is_quoted(text, b',')).expect("right quotes");
        records.iter().map(|record| (record.line, record.cells)).collect()
    }

    #[test]
    fn lines_are_counted_in_every_notation() {
        assert_eq!(seen("a,b\n1,2\n\n3,4\n"), [(1, 2), (2, 2), (4, 2)]);
        assert_eq!(seen("a,b\r\n1,2\r\n3,4"), [(1, 2), (2, 2), (3, 2)]);
        assert_eq!(seen("a,b\r1,2\r3"), [(1, 2), (2, 2), (3, 1)]);
        assert_eq!(seen("\"a\nx\",b\n1,\"2\r\n\"\n,\n3"), [(1, 2), (3, 2), (5, 2), (6, 1)]);
        assert_eq!(seen(""), []);
        assert_eq!(records("a b\n1 2\n \n", b' ', false).map(|records| records.len()), Ok(2));
    }

    #[test]
    fn quotes_matter_only_where_a_cell_is_quoted() {
        assert_eq!(seen("a,b\n5\" pipe,2\n"), [(1, 2), (2, 2)]);
        assert_eq!(records("a,\"b\n1,2\n", b',', true), Err(BadQuote::Open(2)));
        assert_eq!(records("\"a\",b\n5\" pipe,2\n", b',', true), Err(BadQuote::Stray(7)));
        assert_eq!(records("\"a\"x,b\n", b',', true), Err(BadQuote::Stray(2)));
    }

    #[test]
    fn cells_and_contents() {
        let text = "\"a,\"\"b\"\"\", 2 ,,\"\"";
        let contents: Vec<_> = cells(text, b',', true).into_iter().map(|cell| content(&text[cell], true)).collect();
        assert_eq!(contents, ["a,\"b\"", "2", "", ""]);
    }
}
