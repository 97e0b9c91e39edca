//! The arguments of a command, encoded as they are added: inline while they are small, on the heap above that.

use carnelian_resp::encode;

/// So many encoded arguments.
#[derive(Clone, Debug)]
pub(crate) struct Encoded {
    /// How many there are.
    pub(crate) count: usize,
    pub(crate) body: Body,
}

impl Encoded {
    #[inline]
    pub(crate) fn starting_with(count: usize, encoded: &[u8]) -> Self {
        Self { count, body: Body::starting_with(encoded) }
    }

    /// Adds one argument.
    #[inline]
    pub(crate) fn push(&mut self, argument: &[u8]) {
        self.count += 1;
        self.body.push(argument);
    }

    /// The whole command, without a copy of arguments that are large.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.body.into_bytes(self.count)
    }
}

/// Holds the everyday command (a name, a key, a short value) and keeps a request to two or three cache lines.
const INLINE: usize = 102;

/// Room kept free in front of a body on the heap, so that the header of the command fits there without a move:
/// `*`, up to twenty digits, CR LF.
const FRONT: usize = 23;

/// Encoded bulk strings.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// The first `len` bytes.
    Inline { len: u8, bytes: [u8; INLINE] },
    /// Everything from `FRONT` on.
    Heap(Vec<u8>),
}

impl Body {
    #[inline]
    pub(crate) fn starting_with(encoded: &[u8]) -> Self {
        let mut bytes = [0; INLINE];
        match bytes.get_mut(..encoded.len()) {
            Some(start) => {
                start.copy_from_slice(encoded);
                #[expect(clippy::cast_possible_truncation, reason = "at most INLINE, which is below 256")]
                Self::Inline { len: encoded.len() as u8, bytes }
            }
            None => Self::on_heap(encoded, 0),
        }
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Inline { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Self::Heap(bytes) => bytes.get(FRONT..).unwrap_or_default(),
        }
    }

    /// Adds one argument as a bulk string.
    #[inline]
    pub(crate) fn push(&mut self, argument: &[u8]) {
        if let Self::Inline { len, bytes } = self
            && let Some(used) = push_inline(bytes.get_mut(usize::from(*len)..).unwrap_or_default(), argument)
        {
            *len += used;
            return;
        }
        self.push_heap(argument);
    }

    #[cold]
    fn push_heap(&mut self, argument: &[u8]) {
        if let Self::Inline { .. } = self {
            *self = Self::on_heap(self.bytes(), argument.len() + 32);
        }
        if let Self::Heap(bytes) = self {
            encode::bulk(bytes, argument);
        }
    }

    fn on_heap(encoded: &[u8], more: usize) -> Self {
        let mut bytes = Vec::with_capacity(FRONT + encoded.len() + more);
        bytes.resize(FRONT, 0);
        bytes.extend_from_slice(encoded);
        Self::Heap(bytes)
    }

    /// The whole command of `count` arguments. A body on the heap is not copied: the header goes into the room kept
    /// in front of it, and what is left of that room is cut off by moving the bytes once, which costs less than a
    /// fresh block of that size.
    pub(crate) fn into_bytes(self, count: usize) -> Vec<u8> {
        let mut header = Vec::with_capacity(FRONT);
        encode::header(&mut header, b'*', count);
        match self {
            Self::Inline { .. } => {
                header.extend_from_slice(self.bytes());
                header
            }
            Self::Heap(mut bytes) => {
                let start = FRONT - header.len();
                if let Some(front) = bytes.get_mut(start..FRONT) {
                    front.copy_from_slice(&header);
                }
                bytes.drain(..start);
                bytes
            }
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
    text.copy_from_slice(argument);
    end.copy_from_slice(b"\r\n");
    #[expect(clippy::cast_possible_truncation, reason = "fits in a room below 256")]
    Some((head + length + 2) as u8)
}
