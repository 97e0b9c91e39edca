//! Where a frame ends. Resumable: what was looked at once is not looked at again when more bytes come.

use memchr::memchr;

use crate::number::integer_line;
use crate::{Limits, ProtocolError, short};

/// A whole frame at the front of the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Span {
    /// How many bytes the frame has.
    pub end: usize,
    /// The frame holds streamed types: [`flatten`](crate::flatten) it before reading.
    pub streamed: bool,
}

/// What an open aggregate waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    /// So many elements, the innermost being read included.
    Counted(u64),
    /// Elements about the next one; they do not count for the level above.
    Attribute(u64),
    /// Elements until `.`: so many more, at the most.
    Streamed(u64),
    /// Chunks until the empty one: so many bytes more, at the most.
    Chunks(usize),
}

/// Finds the ends of frames in a buffer that grows at its back.
///
/// ```text
///            bytes come in                 the last element of the last level is there
///   ┌──────────────────────────┐          ┌─────────────────────────────────────────┐
///   ▼                          │          │                                         ▼
/// element ── aggregate ──► push a level ──┴─► element … ──► pop finished levels ──► frame
///   │                                                                                │
///   └──────── not all there: remember the place, wait ◄────────── next frame ◄───────┘
/// ```
///
/// Call [`frame`](Self::frame) with the bytes from the start of a frame each time more of them have come; after it
/// returned a [`Span`], go on with the bytes behind it.
#[derive(Debug)]
pub struct Framer {
    limits: Limits,
    /// Where the next element begins.
    at: usize,
    /// Where the bulk string that is coming ends.
    wanted: usize,
    /// Bytes of an unfinished line that hold no line end.
    line_seen: usize,
    levels: Vec<Level>,
    /// An attribute has ended, and what it is about has not begun.
    dangling: bool,
    streamed: bool,
}

/// How an element ended the look at it.
enum Step {
    /// Not all there.
    Wait,
    /// A scalar, or an aggregate without elements.
    Element,
    /// An aggregate was opened.
    Opened,
    /// The end marker of a streamed type.
    StreamEnd,
}

impl Framer {
    /// A framer at the start of a connection.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self { limits, at: 0, wanted: 0, line_seen: 0, levels: Vec::new(), dangling: false, streamed: false }
    }

    /// How many bytes the buffer must hold, at the least, before another look can get further.
    ///
    /// Reserve that much and a large reply is read without growing the buffer piece by piece.
    #[must_use]
    pub const fn wanted(&self) -> usize {
        self.wanted
    }

    /// Looks for the end of the frame that starts at the front of `buffer`.
    ///
    /// `None`: not all there; call again with the same bytes and more.
    ///
    /// # Errors
    ///
    /// The bytes are no RESP or go over a limit. The framer can't be used any more.
    #[inline]
    pub fn frame(&mut self, buffer: &[u8]) -> Result<Option<Span>, ProtocolError> {
        if self.at == 0
            && let Some(end) = self.lone_short_bulk(buffer)
        {
            self.wanted = 0;
            return Ok(Some(Span { end, streamed: false }));
        }
        loop {
            self.pass_short_bulks(buffer);
            let step = self.element(buffer)?;
            let complete = match step {
                Step::Wait => return Ok(None),
                Step::Opened => false,
                Step::Element => self.finish_element(),
                Step::StreamEnd => {
                    self.levels.pop();
                    self.finish_element()
                }
            };
            if complete {
                let span = Span { end: self.at, streamed: self.streamed };
                self.at = 0;
                self.wanted = 0;
                self.streamed = false;
                return Ok(Some(span));
            }
        }
    }

    /// Where a frame ends that is nothing but a short bulk string: the reply to an everyday GET.
    #[inline]
    fn lone_short_bulk(&self, buffer: &[u8]) -> Option<usize> {
        let (start, length) = short::header(buffer)?;
        let end = start + length;
        let whole = length <= self.limits.bulk && buffer.get(end..end + 2) == Some(b"\r\n");
        whole.then_some(end + 2)
    }

    /// Passes over short bulk strings of a list, all but its last: most of what long replies are made of.
    #[inline]
    fn pass_short_bulks(&mut self, buffer: &[u8]) {
        let Some(Level::Counted(left)) = self.levels.last_mut() else { return };
        if *left > 1 && buffer.get(self.at) == Some(&b'$') && self.limits.bulk >= short::LONGEST {
            // What is in a list stands behind a line end: that of its header, at the least.
            let behind = buffer.get(self.at.saturating_sub(2)..).unwrap_or_default();
            let (bytes, passed) = short::run(behind, *left - 1);
            self.at += bytes;
            *left -= passed;
        }
    }

    /// Counts a finished element up through the levels. True: it was the last of the frame.
    #[inline]
    fn finish_element(&mut self) -> bool {
        loop {
            match self.levels.last_mut() {
                None => return true,
                Some(Level::Counted(left)) => {
                    *left -= 1;
                    if *left > 0 {
                        return false;
                    }
                    self.levels.pop();
                }
                Some(Level::Attribute(left)) => {
                    *left -= 1;
                    if *left == 0 {
                        self.levels.pop();
                        self.dangling = true;
                    }
                    // What it is about is still to come.
                    return false;
                }
                Some(Level::Streamed(left)) => {
                    *left = left.saturating_sub(1);
                    return false;
                }
                Some(Level::Chunks(_)) => return false,
            }
        }
    }

    #[inline]
    fn element(&mut self, buffer: &[u8]) -> Result<Step, ProtocolError> {
        let Some((&kind, rest)) = buffer.get(self.at..).and_then(<[u8]>::split_first) else {
            return Ok(Step::Wait);
        };
        match self.levels.last() {
            Some(Level::Chunks(_)) if kind != b';' => return Err(ProtocolError::BadStream),
            // An attribute is no element; what it is about will be.
            Some(Level::Streamed(0)) if !matches!(kind, b'.' | b'|') => {
                let limit = self.limits.elements;
                return Err(ProtocolError::TooManyElements { count: limit as u64 + 1, limit });
            }
            _ => {}
        }
        if self.dangling && kind == b'.' {
            return Err(ProtocolError::BadStream);
        }
        self.dangling = false;
        match kind {
            b'$' | b'!' | b'=' => self.bulk(kind, rest, buffer),
            b':' => {
                let Some(line) = integer_line(rest)? else { return Ok(Step::Wait) };
                self.at += 1 + line.used;
                Ok(Step::Element)
            }
            b'*' | b'%' | b'~' | b'>' | b'|' => self.aggregate(kind, rest),
            b'+' | b'-' | b',' | b'(' | b'#' | b'_' => self.line(kind, rest),
            b';' => self.chunk(rest, buffer),
            b'.' => self.stream_end(rest),
            other => Err(ProtocolError::UnknownType(other)),
        }
    }

    #[inline]
    fn bulk(&mut self, kind: u8, rest: &[u8], buffer: &[u8]) -> Result<Step, ProtocolError> {
        if rest.first() == Some(&b'?') {
            if kind != b'$' {
                return Err(ProtocolError::BadNumber);
            }
            return self.open_stream(rest, Level::Chunks(self.limits.bulk));
        }
        let Some(line) = integer_line(rest)? else { return Ok(Step::Wait) };
        if line.value == -1 && kind == b'$' {
            self.at += 1 + line.used;
            return Ok(Step::Element);
        }
        if kind == b'=' && line.value < 4 {
            return Err(ProtocolError::BadVerbatim);
        }
        self.body(line.value, self.at + 1 + line.used, buffer)
    }

    /// The bytes of a bulk string that starts at `start`, with their CR LF.
    ///
    /// While they are coming the header is read again at each call: some ten bytes, not the body.
    #[inline]
    fn body(&mut self, length: i64, start: usize, buffer: &[u8]) -> Result<Step, ProtocolError> {
        let length = u64::try_from(length).map_err(|_| ProtocolError::BadNumber)?;
        let limit = self.limits.bulk;
        let body = usize::try_from(length).ok().filter(|&body| body <= limit);
        let Some(body) = body else { return Err(ProtocolError::BulkTooLong { length, limit }) };
        match buffer.get(start + body..start + body + 2) {
            None => {
                self.wanted = start + body + 2;
                Ok(Step::Wait)
            }
            Some(b"\r\n") => {
                self.at = start + body + 2;
                Ok(Step::Element)
            }
            Some(_) => Err(ProtocolError::BadTerminator),
        }
    }

    fn aggregate(&mut self, kind: u8, rest: &[u8]) -> Result<Step, ProtocolError> {
        if rest.first() == Some(&b'?') {
            if matches!(kind, b'>' | b'|') {
                return Err(ProtocolError::BadNumber);
            }
            let most = self.limits.elements as u64;
            let most = if kind == b'%' { most.saturating_mul(2) } else { most };
            return self.open_stream(rest, Level::Streamed(most));
        }
        let Some(line) = integer_line(rest)? else { return Ok(Step::Wait) };
        self.at += 1 + line.used;
        if line.value == -1 && kind == b'*' {
            return Ok(Step::Element);
        }
        let count = u64::try_from(line.value).map_err(|_| ProtocolError::BadNumber)?;
        let limit = self.limits.elements;
        if count > limit as u64 {
            return Err(ProtocolError::TooManyElements { count, limit });
        }
        let elements = if matches!(kind, b'%' | b'|') { count * 2 } else { count };
        match (kind, elements) {
            (b'|', 0) => {
                self.dangling = true;
                Ok(Step::Opened)
            }
            (_, 0) => Ok(Step::Element),
            (b'|', _) => self.open(Level::Attribute(elements)),
            _ => self.open(Level::Counted(elements)),
        }
    }

    fn open(&mut self, level: Level) -> Result<Step, ProtocolError> {
        if self.levels.len() >= self.limits.depth {
            return Err(ProtocolError::TooDeep { limit: self.limits.depth });
        }
        self.levels.push(level);
        Ok(Step::Opened)
    }

    fn open_stream(&mut self, rest: &[u8], level: Level) -> Result<Step, ProtocolError> {
        match rest.get(1..3) {
            None => Ok(Step::Wait),
            Some(b"\r\n") => {
                self.at += 4;
                self.streamed = true;
                self.open(level)
            }
            Some(_) => Err(ProtocolError::BadTerminator),
        }
    }

    fn chunk(&mut self, rest: &[u8], buffer: &[u8]) -> Result<Step, ProtocolError> {
        let Some(&Level::Chunks(left)) = self.levels.last() else { return Err(ProtocolError::BadStream) };
        let Some(line) = integer_line(rest)? else { return Ok(Step::Wait) };
        if line.value == 0 {
            self.at += 1 + line.used;
            return Ok(Step::StreamEnd);
        }
        // The pieces together are one string, and no longer than one may be.
        let (length, limit) = (u64::try_from(line.value).unwrap_or_default(), self.limits.bulk);
        if length > left as u64 {
            return Err(ProtocolError::BulkTooLong { length: (limit - left) as u64 + length, limit });
        }
        let step = self.body(line.value, self.at + 1 + line.used, buffer)?;
        if let (Step::Element, Some(Level::Chunks(left))) = (&step, self.levels.last_mut()) {
            *left = left.saturating_sub(usize::try_from(length).unwrap_or_default());
        }
        Ok(step)
    }

    fn stream_end(&mut self, rest: &[u8]) -> Result<Step, ProtocolError> {
        if !matches!(self.levels.last(), Some(Level::Streamed(_))) {
            return Err(ProtocolError::BadStream);
        }
        match rest.get(..2) {
            None => Ok(Step::Wait),
            Some(b"\r\n") => {
                self.at += 3;
                Ok(Step::StreamEnd)
            }
            Some(_) => Err(ProtocolError::BadTerminator),
        }
    }

    fn line(&mut self, kind: u8, rest: &[u8]) -> Result<Step, ProtocolError> {
        // Every write is answered like this.
        if kind == b'+' && rest.starts_with(b"OK\r\n") {
            self.line_seen = 0;
            self.at += 5;
            return Ok(Step::Element);
        }
        let unseen = rest.get(self.line_seen..).unwrap_or_default();
        let Some(found) = memchr(b'\r', unseen) else {
            self.line_seen = rest.len();
            return self.wait_for_line(rest.len());
        };
        let end = self.line_seen + found;
        match rest.get(end + 1) {
            None => {
                self.line_seen = end;
                return self.wait_for_line(end);
            }
            Some(b'\n') => {}
            Some(_) => return Err(ProtocolError::BadTerminator),
        }
        self.wait_for_line(end)?;
        check_line(kind, rest.get(..end).unwrap_or_default())?;
        self.line_seen = 0;
        self.at += 1 + end + 2;
        Ok(Step::Element)
    }

    const fn wait_for_line(&self, length: usize) -> Result<Step, ProtocolError> {
        if length > self.limits.line {
            return Err(ProtocolError::LineTooLong { limit: self.limits.line });
        }
        Ok(Step::Wait)
    }
}

/// Checks the content of the line types that a reader will trust.
fn check_line(kind: u8, line: &[u8]) -> Result<(), ProtocolError> {
    match kind {
        b'#' if !matches!(line, b"t" | b"f") => Err(ProtocolError::BadConstant),
        b'_' if !line.is_empty() => Err(ProtocolError::BadConstant),
        b',' => crate::number::double(line).map(|_| ()),
        b'(' => {
            let digits = line.strip_prefix(b"-").or_else(|| line.strip_prefix(b"+")).unwrap_or(line);
            let good = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
            if good { Ok(()) } else { Err(ProtocolError::BadNumber) }
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RESP3 answers a SET and a GET of nothing like this; the first may well come in two pieces.
    #[test]
    fn an_ok_in_pieces_leaves_nothing_behind() {
        for piece in 1..5 {
            let mut framer = Framer::new(Limits::default());
            assert_eq!(framer.frame(&b"+OK\r\n_\r\n"[..piece]), Ok(None));
            assert_eq!(framer.frame(b"+OK\r\n_\r\n"), Ok(Some(Span { end: 5, streamed: false })));
            assert_eq!(framer.frame(b"_\r\n"), Ok(Some(Span { end: 3, streamed: false })), "{piece}");
        }
    }

    #[test]
    fn streamed_types_have_bounds_too() {
        let limits = Limits::new().bulk(3).elements(2);
        let look = |bytes: &[u8]| Framer::new(limits).frame(bytes).map(|span| span.map(|span| span.end));
        assert_eq!(look(b"$?\r\n;2\r\nab\r\n;1\r\nc\r\n;0\r\n"), Ok(Some(23)));
        let long = ProtocolError::BulkTooLong { length: 4, limit: 3 };
        assert_eq!(look(b"$?\r\n;2\r\nab\r\n;2\r\n"), Err(long));
        assert_eq!(look(b"*?\r\n:1\r\n:2\r\n|0\r\n"), Ok(None));
        assert_eq!(look(b"%?\r\n:1\r\n:2\r\n:3\r\n:4\r\n.\r\n"), Ok(Some(23)));
        let many = ProtocolError::TooManyElements { count: 3, limit: 2 };
        assert_eq!(look(b"*?\r\n:1\r\n:2\r\n:"), Err(many.clone()));
        assert_eq!(look(b"%?\r\n:1\r\n:2\r\n:3\r\n:4\r\n:"), Err(many));
    }

    fn frames(bytes: &[u8]) -> Result<Vec<usize>, ProtocolError> {
        let mut framer = Framer::new(Limits::default());
        let (mut at, mut ends) = (0, Vec::new());
        while let Some(span) = framer.frame(&bytes[at..])? {
            at += span.end;
            ends.push(at);
        }
        Ok(ends)
    }

    const ALL_TYPES: &[u8] = b"+OK\r\n-ERR x\r\n:-5\r\n$5\r\nhello\r\n$-1\r\n*-1\r\n*0\r\n*2\r\n:1\r\n$0\r\n\r\n_\r\n,1.5\r\n,inf\r\n#t\r\n(12345678901234567890\r\n!5\r\nERR x\r\n=7\r\ntxt:abc\r\n%1\r\n+k\r\n*2\r\n:1\r\n:2\r\n~1\r\n:1\r\n>2\r\n+message\r\n:1\r\n|1\r\n+ttl\r\n:9\r\n$2\r\nhi\r\n";

    #[test]
    fn an_attribute_wants_something_behind_it() {
        for text in [
            "*?\r\n|1\r\n+a\r\n:1\r\n.\r\n",
            "*?\r\n:1\r\n|0\r\n.\r\n",
            "%?\r\n+a\r\n+b\r\n|1\r\n+t\r\n:3\r\n.\r\n",
        ] {
            assert_eq!(frames(text.as_bytes()), Err(ProtocolError::BadStream), "{text:?}");
        }
    }

    #[test]
    fn finds_each_frame_of_every_type() {
        assert_eq!(frames(ALL_TYPES).unwrap().len(), 19);
        assert_eq!(*frames(ALL_TYPES).unwrap().last().unwrap(), ALL_TYPES.len());
    }

    #[test]
    fn a_split_anywhere_changes_nothing() {
        let whole = frames(ALL_TYPES).unwrap();
        let mut framer = Framer::new(Limits::default());
        let (mut start, mut ends) = (0, Vec::new());
        for upto in 0..=ALL_TYPES.len() {
            while let Some(span) = framer.frame(&ALL_TYPES[start..upto]).unwrap() {
                start += span.end;
                ends.push(start);
            }
        }
        assert_eq!(ends, whole);
    }

    #[test]
    fn streamed_types_end_where_they_say() {
        let text = b"$?\r\n;4\r\nabcd\r\n;1\r\ne\r\n;0\r\n*?\r\n:1\r\n*?\r\n.\r\n.\r\n+next\r\n";
        let mut framer = Framer::new(Limits::default());
        let first = framer.frame(text).unwrap().unwrap();
        assert!(first.streamed);
        let second = framer.frame(&text[first.end..]).unwrap().unwrap();
        assert!(second.streamed);
        let third = framer.frame(&text[first.end + second.end..]).unwrap().unwrap();
        assert_eq!((third.end, third.streamed), (7, false));
    }

    #[test]
    fn limits_hold() {
        let limits = Limits::new().bulk(10).elements(3).depth(2).line(8);
        let look = |bytes: &[u8]| Framer::new(limits).frame(bytes);
        assert!(matches!(look(b"$11\r\n"), Err(ProtocolError::BulkTooLong { length: 11, limit: 10 })));
        assert!(matches!(look(b"*4\r\n"), Err(ProtocolError::TooManyElements { count: 4, limit: 3 })));
        assert!(matches!(look(b"*1\r\n*1\r\n*1\r\n"), Err(ProtocolError::TooDeep { limit: 2 })));
        assert!(matches!(look(b"+123456789"), Err(ProtocolError::LineTooLong { limit: 8 })));
        assert!(matches!(look(b"$99999999999999999999\r\n"), Err(ProtocolError::BadNumber)));
    }

    #[test]
    fn garbage_is_named() {
        assert_eq!(frames(b"HTTP/1.1 400\r\n"), Err(ProtocolError::UnknownType(b'H')));
        assert_eq!(frames(b"$3\r\nabcd\r\n"), Err(ProtocolError::BadTerminator));
        assert_eq!(frames(b"#x\r\n"), Err(ProtocolError::BadConstant));
        assert_eq!(frames(b":1x\r\n"), Err(ProtocolError::BadNumber));
        assert_eq!(frames(b".\r\n"), Err(ProtocolError::BadStream));
        assert_eq!(frames(b"=2\r\nab\r\n"), Err(ProtocolError::BadVerbatim));
    }
}
