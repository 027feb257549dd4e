//! Records of a file: each ends at 0x0A, and none takes more memory than a record may have bytes.

use std::io::{self, BufRead};

use rapport_model::raw::MAX_BYTES;

/// Reads records one after the other.
pub struct Lines<R> {
    input: R,
    line: Vec<u8>,
    number: u64,
    bytes: u64,
}

impl<R: BufRead> Lines<R> {
    /// Records of `input`.
    pub fn new(input: R) -> Lines<R> {
        Lines { input, line: Vec::new(), number: 0, bytes: 0 }
    }

    /// Bytes read so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next record with its number, from 1; `None` at the end. Of one that is too large only as much is given as
    /// shows that.
    ///
    /// # Errors
    /// Those of the input.
    pub fn next_line(&mut self) -> io::Result<Option<(u64, &[u8])>> {
        self.line.clear();
        let mut ended = false;
        let mut any = false;
        while !ended {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            any = true;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let content = &buffer[..end.unwrap_or(buffer.len())];
            let room = (MAX_BYTES + 1).saturating_sub(self.line.len());
            self.line.extend_from_slice(&content[..content.len().min(room)]);
            let used = end.map_or(buffer.len(), |end| end + 1);
            self.bytes += used as u64;
            self.input.consume(used);
            ended = end.is_some();
        }
        if !any {
            return Ok(None);
        }
        self.number += 1;
        Ok(Some((self.number, &self.line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_end_at_line_feeds_blank_ones_count_and_huge_ones_are_cut() {
        let text = format!("a\n\n{}\nlast", "x".repeat(200_000));
        let mut lines = Lines::new(io::BufReader::with_capacity(7, text.as_bytes()));
        let mut seen = Vec::new();
        while let Some((number, line)) = lines.next_line().unwrap() {
            seen.push((number, line.len()));
        }
        assert_eq!(seen, [(1, 1), (2, 0), (3, MAX_BYTES + 1), (4, 4)]);
        assert_eq!(lines.bytes(), text.len() as u64);
    }
}
