//! However a stream of bytes is cut into pieces, the framer finds the same frames and stumbles over the same error.
//!
//! The first byte of the input decides how the rest is cut.

#![no_main]

use carnelian_resp::{Framer, Limits, ProtocolError, Reader, Span, flatten};
use libfuzzer_sys::fuzz_target;

/// The lengths of the frames found, and how it ended.
type Found = (Vec<(usize, bool)>, Result<(), ProtocolError>);

fuzz_target!(|input: &[u8]| {
    let Some((&cut, stream)) = input.split_first() else { return };
    let whole = frames(stream, stream.len());
    let pieces = frames(stream, usize::from(cut % 17) + 1);
    assert_eq!(whole, pieces, "cut into pieces of {}", cut % 17 + 1);

    let mut rest = stream;
    for (length, streamed) in whole.0 {
        let (frame, behind) = rest.split_at(length);
        read(frame, streamed);
        rest = behind;
    }
});

/// Feeds the stream `piece` bytes at a time.
fn frames(stream: &[u8], piece: usize) -> Found {
    let mut framer = Framer::new(Limits::new().bulk(1 << 16).elements(1 << 16).depth(32).line(1 << 12));
    let mut found = Vec::new();
    let mut start = 0;
    let mut received = 0;
    while received < stream.len() {
        received = (received + piece).min(stream.len());
        loop {
            match framer.frame(&stream[start..received]) {
                Ok(Some(Span { end, streamed, .. })) => {
                    assert!(end > 0 && start + end <= received, "a frame of {end} bytes");
                    found.push((end, streamed));
                    start += end;
                }
                Ok(None) => break,
                Err(error) => return (found, Err(error)),
            }
        }
    }
    (found, Ok(()))
}

/// A frame is read to its very end, or is refused; a flattened one is a frame again, and is streamed no more.
fn read(frame: &[u8], streamed: bool) {
    if !streamed {
        let mut reader = Reader::new(frame);
        if reader.skip().is_ok() {
            assert!(reader.is_empty(), "the reader ended before the frame did");
        }
        return;
    }
    let Ok(flat) = flatten(frame) else { return };
    let span = Framer::new(Limits::default()).frame(&flat).expect("flattened frames are well-formed");
    let span = span.expect("flattened frames are whole");
    assert_eq!((span.end, span.streamed), (flat.len(), false));
}
