//! Whatever bytes come, decoding them into any type ends in a value or an error: no panic, no overflow of the stack, no
//! memory out of proportion.
//!
//! The bytes go through the framer first, as those of a server would, because the bounds on depth and length are its.

#![no_main]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;

use bytes::Bytes;
use carnelian_command::{FromReply, Value, reply::ServerError};
use carnelian_resp::{Framer, Limits, Reader, flatten};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut framer = Framer::new(Limits::default());
    let mut rest = input;
    while let Ok(Some(span)) = framer.frame(rest) {
        let (frame, behind) = rest.split_at(span.end);
        if !span.streamed {
            decode(frame);
        } else if let Ok(flat) = flatten(frame) {
            decode(&flat);
        }
        rest = behind;
    }
});

fn decode(frame: &[u8]) {
    let frame = Bytes::copy_from_slice(frame);
    same::<Value>(&frame);
    same::<()>(&frame);
    same::<bool>(&frame);
    same::<i64>(&frame);
    same::<u16>(&frame);
    same::<String>(&frame);
    same::<Vec<u8>>(&frame);
    same::<Bytes>(&frame);
    same::<Option<String>>(&frame);
    same::<Vec<Value>>(&frame);
    same::<Vec<Option<i64>>>(&frame);
    same::<Vec<(String, i64)>>(&frame);
    same::<Vec<Result<i64, ServerError>>>(&frame);
    same::<(Value, Option<String>)>(&frame);
    same::<HashMap<String, String>>(&frame);
    same::<BTreeMap<String, Vec<u8>>>(&frame);
    same::<BTreeSet<String>>(&frame);
    // Not equal to itself when it is no number.
    let _ = f64::from_reply(&mut Reader::new(&frame));
    let _ = Vec::<(String, f64)>::from_reply(&mut Reader::new(&frame));
}

/// Shared and borrowed bytes give the same value and end at the same place.
fn same<T: FromReply + Debug>(frame: &Bytes) {
    let (mut borrowed, mut shared) = (Reader::new(frame), Reader::shared(frame));
    let (one, other) = (T::from_reply(&mut borrowed), T::from_reply(&mut shared));
    assert_eq!(one.is_ok(), other.is_ok());
    if let (Ok(one), Ok(other)) = (one, other) {
        assert_eq!(borrowed.rest(), shared.rest());
        assert!(borrowed.is_empty(), "{one:?} was read before the frame ended; {other:?} alike");
    }
}
