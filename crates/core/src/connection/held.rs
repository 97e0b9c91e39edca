//! A reply on its way from the driver to the caller that waits for it.
//!
//! Small replies are copied into the waiter's slot, middle ones into a reused buffer, and the block that a huge one was
//! read into is handed over as it is: copying that costs more than reading it.

use bytes::Bytes;
use carnelian_command::{DecodeError, FromReply};
use carnelian_resp::Reader;

/// Replies up to this size lie in the slot itself.
const INLINE: usize = 70;

/// Buffers kept for the next middle replies.
const SPARES: usize = 8;

/// No larger buffer is kept, so that one huge reply does not stay in memory for ever.
const LARGEST_SPARE: usize = 4 << 20;

/// The bytes of one whole reply.
#[derive(Debug)]
pub struct Held(Store);

#[derive(Debug)]
enum Store {
    Inline { len: u8, bytes: [u8; INLINE] },
    Buffer { bytes: Vec<u8>, start: usize, end: usize },
}

impl Held {
    /// No reply yet.
    #[must_use]
    pub const fn nothing() -> Self {
        Self(Store::Inline { len: 0, bytes: [0; INLINE] })
    }

    /// Puts a copy of `frame` here.
    #[inline]
    pub fn put(&mut self, frame: &[u8], spares: &mut Spares) {
        if let Store::Inline { len, bytes } = &mut self.0
            && let Some(room) = bytes.get_mut(..frame.len())
        {
            room.copy_from_slice(frame);
            #[expect(clippy::cast_possible_truncation, reason = "at most INLINE, which is below 256")]
            let length = frame.len() as u8;
            *len = length;
            return;
        }
        let mut buffer = spares.take();
        buffer.extend_from_slice(frame);
        *self = Self::whole(buffer);
    }

    /// Takes the reply away. What was inline is copied, which is cheaper than leaving something in its place.
    #[inline]
    pub(super) fn take(&mut self) -> Self {
        match &self.0 {
            Store::Inline { len, bytes } => Self(Store::Inline { len: *len, bytes: *bytes }),
            Store::Buffer { .. } => std::mem::replace(self, Self::nothing()),
        }
    }

    /// A buffer that holds the reply and nothing else.
    #[must_use]
    pub const fn whole(bytes: Vec<u8>) -> Self {
        let end = bytes.len();
        Self(Store::Buffer { bytes, start: 0, end })
    }

    /// The part of a buffer that is the reply.
    #[must_use]
    pub const fn part(bytes: Vec<u8>, start: usize, end: usize) -> Self {
        Self(Store::Buffer { bytes, start, end })
    }

    /// The reply.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.0 {
            Store::Inline { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Store::Buffer { bytes, start, end } => bytes.get(*start..*end).unwrap_or_default(),
        }
    }

    /// Decodes the reply. A buffer that the value did not take for itself is returned to be used again.
    ///
    /// # Errors
    ///
    /// The reply is an error line, or of another kind than `R`.
    #[inline]
    pub fn decode<R: FromReply>(self) -> (Result<R, DecodeError>, Option<Vec<u8>>) {
        match self.0 {
            Store::Inline { len, bytes } => {
                let frame = bytes.get(..usize::from(len)).unwrap_or_default();
                (R::from_whole(&mut Reader::new(frame)), None)
            }
            Store::Buffer { bytes, start, end } if R::SHARES => {
                let frame = Bytes::from(bytes).slice(start..end);
                (R::from_whole(&mut Reader::shared(&frame)), None)
            }
            Store::Buffer { bytes, start, end } => {
                let frame = bytes.get(start..end).unwrap_or_default();
                let mut reader = if R::TEXT { Reader::textual(frame) } else { Reader::new(frame) };
                (R::from_whole(&mut reader), Some(bytes))
            }
        }
    }
}

/// Buffers to be used again.
#[derive(Debug, Default)]
pub struct Spares {
    buffers: Vec<Vec<u8>>,
}

impl Spares {
    /// No buffers yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { buffers: Vec::new() }
    }

    /// An empty buffer, with the room that its last use grew.
    #[inline]
    pub fn take(&mut self) -> Vec<u8> {
        self.buffers.pop().unwrap_or_default()
    }

    /// Keeps a buffer for its next use, unless enough are kept.
    #[inline]
    pub fn keep(&mut self, mut buffer: Vec<u8>) {
        if self.buffers.len() < SPARES && buffer.capacity() <= LARGEST_SPARE && buffer.capacity() > 0 {
            buffer.clear();
            self.buffers.push(buffer);
        }
    }

    /// Gives all memory back.
    pub fn clear(&mut self) {
        self.buffers = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_middle_and_handed_over_replies_decode_alike() {
        let mut spares = Spares::default();
        for size in [1_usize, 60, 63, 64, 65, 66, 5000] {
            let mut frame = Vec::new();
            carnelian_resp::encode::bulk(&mut frame, &vec![b'x'; size]);
            let mut held = Held::nothing();
            held.put(&frame, &mut spares);
            let held = held.take();
            assert_eq!(held.bytes(), frame);
            let (text, buffer) = held.decode::<String>();
            assert_eq!(text.unwrap().len(), size);
            assert_eq!(buffer.is_some(), frame.len() > INLINE);
            buffer.into_iter().for_each(|buffer| spares.keep(buffer));

            let padded = [b"..", &frame[..], b"..."].concat();
            let (bytes, buffer) = Held::part(padded, 2, 2 + frame.len()).decode::<Bytes>();
            assert_eq!(bytes.unwrap().len(), size);
            assert!(buffer.is_none(), "the value shares the buffer");
        }
        assert!(spares.take().capacity() >= 5000);
    }
}
