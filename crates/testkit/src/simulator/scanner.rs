//! Commands out of a stream of bytes, wherever it was split: the simulator's own reader, apart from the client's writer.

/// Collects bytes until they are a whole command.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    bytes: Vec<u8>,
}

impl Scanner {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// A part of a command is there, and the rest is not.
    pub(super) const fn is_inside(&self) -> bool {
        !self.bytes.is_empty()
    }

    /// The next whole command, as its words.
    ///
    /// # Errors
    /// When the bytes are no command: the client has torn or mixed what it sent.
    pub(super) fn next(&mut self) -> Result<Option<Vec<Vec<u8>>>, String> {
        let mut at = 0;
        let Some(count) = self.header(&mut at, b'*')? else { return Ok(None) };
        let mut words = Vec::new();
        for _ in 0..count {
            let Some(length) = self.header(&mut at, b'$')? else { return Ok(None) };
            let Some(word) = self.bytes.get(at..at + length + 2) else { return Ok(None) };
            let (word, end) = word.split_at(length);
            if end != b"\r\n" {
                return Err(format!("a word of {length} bytes is followed by {end:?}"));
            }
            words.push(word.to_vec());
            at += length + 2;
        }
        self.bytes.drain(..at);
        Ok(Some(words))
    }

    fn header(&self, at: &mut usize, kind: u8) -> Result<Option<usize>, String> {
        let rest = self.bytes.get(*at..).unwrap_or_default();
        let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") else {
            let plausible = rest.len() < 12 && rest.first().is_none_or(|first| *first == kind);
            return if plausible { Ok(None) } else { Err(no_command(rest)) };
        };
        let line = rest.get(..end).unwrap_or_default();
        let digits = line.strip_prefix(&[kind]).and_then(|digits| std::str::from_utf8(digits).ok());
        let number = digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| no_command(rest))?;
        *at += end + 2;
        Ok(Some(number))
    }
}

fn no_command(bytes: &[u8]) -> String {
    let shown = String::from_utf8_lossy(bytes.get(..bytes.len().min(60)).unwrap_or_default()).into_owned();
    format!("what was sent is no command: {shown:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_however_they_are_split() {
        let wire = b"*2\r\n$3\r\nSIM\r\n$1\r\n7\r\n*1\r\n$4\r\nPING\r\n";
        for size in 1..wire.len() {
            let mut scanner = Scanner::default();
            let mut found = Vec::new();
            for piece in wire.chunks(size) {
                scanner.push(piece);
                while let Some(words) = scanner.next().unwrap() {
                    found.push(words.len());
                }
            }
            assert_eq!(found, [2, 1]);
            assert!(!scanner.is_inside());
        }
    }

    #[test]
    fn torn_bytes_are_noticed() {
        for wire in [&b"$3\r\nSIM\r\n"[..], b"*1\r\n$4\r\nPIN\r\n*\r\n", b"*x\r\n"] {
            let mut scanner = Scanner::default();
            scanner.push(wire);
            assert!(scanner.next().is_err(), "{wire:?}");
        }
    }
}
