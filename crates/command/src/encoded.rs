//! The arguments of a command, encoded as they are added: inline while they are small, on the heap above that.

use std::sync::Arc;

use carnelian_resp::encode;

/// Holds the everyday command (a name, a key, a short value) and keeps a request to two or three cache lines.
const INLINE: usize = 78;

/// Room in front of a body on the heap for the header of the command: `*`, up to twenty digits, CR LF.
const FRONT: usize = 23;

/// So many encoded arguments.
#[derive(Clone, Debug)]
pub(crate) struct Encoded {
    /// How many there are.
    pub(crate) count: usize,
    body: Body,
}

#[derive(Clone, Debug)]
enum Body {
    /// The first `len` bytes.
    Inline {
        len: u8,
        bytes: [u8; INLINE],
    },
    Heap(Whole),
}

/// A whole encoded command on the heap, its header included. A clone shares the bytes: that is how a large command is
/// queued, and perhaps sent again, without ever being copied.
#[derive(Clone, Debug)]
pub struct Whole {
    bytes: Arc<Vec<u8>>,
    /// Where the header starts; the arguments start at `FRONT`.
    start: usize,
}

impl Whole {
    /// The command as it goes over the wire.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    fn arguments(&self) -> &[u8] {
        self.bytes.get(FRONT..).unwrap_or_default()
    }

    fn starting_with(encoded: &[u8], more: usize) -> Self {
        let mut bytes = Vec::with_capacity(FRONT + encoded.len() + more);
        bytes.resize(FRONT, 0);
        bytes.extend_from_slice(encoded);
        Self { bytes: Arc::new(bytes), start: FRONT }
    }

    /// Adds an argument, after which there are `count`.
    fn push(&mut self, argument: &[u8], count: usize) {
        let bytes = Arc::make_mut(&mut self.bytes);
        encode::bulk(bytes, argument);
        let mut header = Vec::with_capacity(FRONT);
        encode::header(&mut header, b'*', count);
        self.start = FRONT - header.len();
        if let Some(front) = bytes.get_mut(self.start..FRONT) {
            front.copy_from_slice(&header);
        }
    }
}

impl Encoded {
    #[inline]
    pub(crate) fn starting_with(count: usize, encoded: &[u8]) -> Self {
        let mut bytes = [0; INLINE];
        let body = match bytes.get_mut(..encoded.len()) {
            Some(start) => {
                start.copy_from_slice(encoded);
                #[expect(clippy::cast_possible_truncation, reason = "at most INLINE, which is below 256")]
                Body::Inline { len: encoded.len() as u8, bytes }
            }
            None => Body::Heap(Whole::starting_with(encoded, 0)),
        };
        Self { count, body }
    }

    /// Adds one argument as a bulk string.
    #[inline]
    pub(crate) fn push(&mut self, argument: &[u8]) {
        self.count += 1;
        if let Body::Inline { len, bytes } = &mut self.body
            && let Some(used) = push_inline(bytes.get_mut(usize::from(*len)..).unwrap_or_default(), argument)
        {
            *len += used;
            return;
        }
        self.push_heap(argument);
    }

    #[cold]
    fn push_heap(&mut self, argument: &[u8]) {
        if let Body::Inline { .. } = self.body {
            self.body = Body::Heap(Whole::starting_with(self.arguments(), argument.len() + 32));
        }
        if let Body::Heap(whole) = &mut self.body {
            whole.push(argument, self.count);
        }
    }

    /// The arguments, as bulk strings one after the other.
    #[inline]
    pub(crate) fn arguments(&self) -> &[u8] {
        match &self.body {
            Body::Inline { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Body::Heap(whole) => whole.arguments(),
        }
    }

    /// The whole command, when it lies on the heap.
    #[inline]
    pub(crate) fn whole(&self) -> Option<&Whole> {
        match &self.body {
            Body::Inline { .. } => None,
            Body::Heap(whole) => Some(whole),
        }
    }

    /// Writes the command at the end of `out`.
    #[inline]
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let more = if let Body::Heap(whole) = &self.body { whole.arguments().len() } else { INLINE };
        out.reserve(FRONT + more);
        match u8::try_from(self.count) {
            Ok(count @ 0..10) => out.extend_from_slice(&[b'*', b'0' + count, b'\r', b'\n']),
            _ => encode::header(out, b'*', self.count),
        }
        match &self.body {
            Body::Inline { len, bytes } => {
                let end = out.len() + usize::from(*len);
                // More than is wanted, but of a fixed length: that costs no call.
                out.extend_from_slice(bytes);
                out.truncate(end);
            }
            Body::Heap(whole) => out.extend_from_slice(whole.arguments()),
        }
    }
}

/// Writes `$<length>`, the argument and the line ends to the front of `room`. `None`: it does not fit.
#[inline]
fn push_inline(room: &mut [u8], argument: &[u8]) -> Option<u8> {
    let length = argument.len();
    // Room for the text, two digits, `$` and two line ends; longer ones don't fit anyway.
    let (head, rest) = if length < 10 {
        let (head, rest) = room.split_at_mut_checked(4)?;
        #[expect(clippy::cast_possible_truncation, reason = "below 10")]
        head.copy_from_slice(&[b'$', b'0' + length as u8, b'\r', b'\n']);
        (4, rest)
    } else if length < 100 {
        let (head, rest) = room.split_at_mut_checked(5)?;
        #[expect(clippy::cast_possible_truncation, reason = "below 100")]
        head.copy_from_slice(&[b'$', b'0' + (length / 10) as u8, b'0' + (length % 10) as u8, b'\r', b'\n']);
        (5, rest)
    } else {
        return None;
    };
    let (text, rest) = rest.split_at_mut_checked(length)?;
    let (end, _) = rest.split_at_mut_checked(2)?;
    copy_short(text, argument);
    end.copy_from_slice(b"\r\n");
    #[expect(clippy::cast_possible_truncation, reason = "fits in a room below 256")]
    Some((head + length + 2) as u8)
}

/// Copies a text to a place of its length; one of 16 to 32 bytes as its two ends, which meet or overlap, without a call.
#[inline]
fn copy_short(to: &mut [u8], from: &[u8]) {
    if from.len() <= 32
        && let (Some(head), Some(tail)) = (from.first_chunk::<16>(), from.last_chunk::<16>())
        && let Some(place) = to.first_chunk_mut()
    {
        *place = *head;
        if let Some(place) = to.last_chunk_mut() {
            *place = *tail;
        }
    } else {
        to.copy_from_slice(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_length_come_out_as_they_went_in() {
        for length in 0..120_u8 {
            let text: Vec<u8> = (0..length).collect();
            let mut encoded = Encoded::starting_with(0, b"");
            encoded.push(&text);
            encoded.push(b"next");
            let mut out = b"before".to_vec();
            encoded.write(&mut out);
            let mut expected = b"before".to_vec();
            encode::command(&mut expected, &[&text, b"next"]);
            assert_eq!(out, expected, "{length}");
        }
    }
}
