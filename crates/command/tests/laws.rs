//! What holds for any arguments and any reply: commands are encoded as the protocol has it, and a reply becomes a type or
//! an error, the same one by either protocol, and is never read too far or too short.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Debug;

use bytes::Bytes;
use carnelian_command::group::{
    AutoclaimPage, PendingEntry, PendingSummary, StreamConsumerInfo, StreamDelivery, StreamDetails,
    StreamEntries, StreamEntry, StreamGroupInfo, StreamId, StreamInfo, StreamsRead,
};
use carnelian_command::group::{FunctionStats, LibraryInfo};
use carnelian_command::reply::ServerError;
use carnelian_command::{DecodeError, FromReply, Request, Value, spec};
use carnelian_resp::{Framer, Limits, Reader, encode};
use proptest::collection::{hash_map, vec};
use proptest::prelude::*;

/// Arguments of all the sizes that make a difference: none, one digit of length, two, three, inline and on the heap.
fn argument() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => vec(any::<u8>(), 0..12),
        2 => vec(any::<u8>(), 60..130),
        1 => (0..70_000_usize, any::<u8>()).prop_map(|(length, byte)| vec![byte; length]),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9:.]{0,12}",
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| number.to_string()),
        Just("OK".to_owned()),
        Just("1".to_owned()),
        ".{0,8}",
    ]
}

fn line() -> impl Strategy<Value = String> {
    text().prop_map(|text| text.replace(['\r', '\n'], " "))
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Nil),
        line().prop_map(Value::Status),
        text().prop_map(|text| Value::Bytes(text.into())),
        vec(any::<u8>(), 0..120).prop_map(|bytes| Value::Bytes(bytes.into())),
        any::<i64>().prop_map(Value::Integer),
        (-2..3_i64).prop_map(Value::Integer),
        prop_oneof![any::<f64>(), Just(f64::INFINITY), Just(1.0)]
            .prop_filter("NaN is not even itself", |number| !number.is_nan())
            .prop_map(Value::Double),
        any::<bool>().prop_map(Value::Boolean),
        "-?[0-9]{1,40}".prop_map(Value::BigNumber),
        text().prop_map(|text| Value::Verbatim { format: "txt".into(), text: text.into() }),
        line().prop_map(|line| Value::Error(ServerError::new(format!("ERR {line}").as_bytes()))),
    ]
}

/// Any reply. It need not be one that a server of today would send.
fn reply() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 24, 5, |inner| {
        let list = || vec(inner.clone(), 0..5);
        let pairs = || vec((inner.clone(), inner.clone()), 0..4);
        prop_oneof![
            3 => list().prop_map(Value::Array),
            1 => list().prop_map(Value::Set),
            1 => list().prop_map(Value::Push),
            2 => pairs().prop_map(Value::Map),
            2 => vec((scalar(), scalar()), 0..4).prop_map(|pairs| {
                Value::Array(pairs.into_iter().map(|(one, two)| Value::Array(vec![one, two])).collect())
            }),
            1 => (pairs(), inner.clone()).prop_map(|(attributes, value)| match value {
                // Attributes of the same value are one list, however many parts it came in.
                Value::Attributed { .. } => value,
                value => Value::Attributed { attributes, value: Box::new(value) },
            }),
        ]
    })
}

fn encoded(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    value.write(&mut out);
    out
}

/// Reads a frame as a `T` in each of the ways that a connection may: they agree, and a value took the frame to its end.
fn read<T: FromReply + PartialEq + Debug>(frame: &[u8]) -> Result<T, DecodeError> {
    let shared = Bytes::copy_from_slice(frame);
    let mut reader = Reader::new(frame);
    let value = T::from_reply(&mut reader);
    assert!(value.is_err() || reader.is_empty(), "{value:?} leaves {:?}", reader.rest());
    assert_eq!(T::from_reply(&mut Reader::shared(&shared)), value);
    assert_eq!(T::from_reply(&mut Reader::textual(frame)), value);
    value
}

/// The floats compare by their bits: a NaN is a fine reply.
fn read_float(frame: &[u8]) -> Option<u64> {
    f64::from_reply(&mut Reader::new(frame)).ok().map(f64::to_bits)
}

fn bulk(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    encode::bulk(&mut out, text);
    out
}

/// An aggregate of elements that are encoded already.
fn aggregate(kind: u8, count: usize, elements: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    encode::header(&mut out, kind, count);
    out.extend(elements.concat());
    out
}

/// The same pairs flat, as a map, and as pairs.
fn in_all_shapes(pairs: &[[Vec<u8>; 2]]) -> [Vec<u8>; 3] {
    let flat: Vec<Vec<u8>> = pairs.iter().flatten().cloned().collect();
    let nested: Vec<Vec<u8>> = pairs.iter().map(|pair| aggregate(b'*', 2, pair)).collect();
    [
        aggregate(b'*', flat.len(), &flat),
        aggregate(b'%', pairs.len(), &flat),
        aggregate(b'*', nested.len(), &nested),
    ]
}

proptest! {
    // What is found becomes a test with a name, not a line in a file of seeds.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn requests_are_encoded_as_commands_are(arguments in vec(argument(), 0..12), known in any::<bool>()) {
        let words: &[&[u8]] = if known { &[b"CLIENT", b"ID"] } else { &[] };
        let mut request = if known { Request::new(&spec::CLIENT_ID) } else { Request::unknown(&[]) };
        for (at, argument) in arguments.iter().enumerate() {
            if at % 2 == 0 { request.push(argument) } else { request.push_key(argument) }
        }
        let all: Vec<&[u8]> = words.iter().copied().chain(arguments.iter().map(Vec::as_slice)).collect();
        let (mut want, mut got) = (Vec::new(), b"before".to_vec());
        encode::command(&mut want, &all);
        request.write(&mut got);
        prop_assert_eq!(got.strip_prefix(b"before"), Some(&want[..]));
        prop_assert_eq!(request.arguments().collect::<Vec<_>>(), all.clone());
        prop_assert_eq!((request.len(), request.is_empty()), (all.len(), all.is_empty()));
        prop_assert!(request.encoded_len() >= want.len());
        prop_assert!(request.whole().is_none_or(|whole| whole.bytes() == want));
        let keys = (0..all.len()).filter(|at| *at >= words.len() && (at - words.len()) % 2 == 1);
        prop_assert_eq!(request.key_bits(), keys.fold(0, |bits, at| bits | 1 << at));

        // What is added to a copy is not added to what it is a copy of.
        let mut copy = request.clone();
        copy.push("more");
        prop_assert_eq!((request.arguments().count(), copy.arguments().count()), (all.len(), all.len() + 1));
    }

    #[test]
    fn values_are_read_back_as_they_were_written(value in reply()) {
        let frame = encoded(&value);
        let span = Framer::new(Limits::default()).frame(&frame).unwrap().unwrap();
        prop_assert_eq!(span.end, frame.len());
        prop_assert_eq!(read::<Value>(&frame), Ok(value));
    }

    #[test]
    fn any_reply_is_a_value_or_an_error(value in reply()) {
        let frame = encoded(&value);
        let _ = read::<()>(&frame);
        let _ = read::<String>(&frame);
        let _ = read::<Vec<u8>>(&frame);
        let _ = read::<Bytes>(&frame);
        let _ = (read::<i64>(&frame), read::<u64>(&frame), read::<u16>(&frame), read::<i128>(&frame));
        let _ = read_float(&frame);
        let _ = read::<bool>(&frame);
        let _ = read::<Option<String>>(&frame);
        let _ = read::<Option<(String, i64)>>(&frame);
        let _ = read::<Vec<String>>(&frame);
        let _ = read::<Vec<Option<Bytes>>>(&frame);
        let _ = read::<Vec<(String, String)>>(&frame);
        let _ = read::<Vec<(Vec<u8>, i64, Option<String>)>>(&frame);
        let _ = read::<Vec<Vec<i64>>>(&frame);
        let _ = read::<Vec<Value>>(&frame);
        let _ = read::<Vec<Result<String, ServerError>>>(&frame);
        let _ = read::<HashSet<Vec<u8>>>(&frame);
        let _ = read::<BTreeSet<String>>(&frame);
        let _ = read::<HashMap<String, String>>(&frame);
        let _ = read::<BTreeMap<String, Option<i64>>>(&frame);
        let _ = read::<HashMap<Vec<u8>, Vec<Value>>>(&frame);
        let _ = read::<(String, String)>(&frame);
        let _ = read::<(i64, Vec<String>, Option<bool>)>(&frame);
        let _ = read::<[String; 2]>(&frame);
        let _ = read::<Result<Value, ServerError>>(&frame);
        let _ = (read::<LibraryInfo>(&frame), read::<FunctionStats>(&frame));
        let _ = read::<StreamId>(&frame);
        let _ = (read::<StreamEntry>(&frame), read::<StreamEntries<Option<Value>>>(&frame));
        let _ = (read::<StreamsRead>(&frame), read::<StreamsRead<StreamDelivery<Value>, Vec<u8>>>(&frame));
        let _ = (read::<AutoclaimPage>(&frame), read::<AutoclaimPage<StreamId>>(&frame));
        let _ = (read::<PendingSummary>(&frame), read::<Vec<PendingEntry>>(&frame));
        let _ = (read::<StreamInfo<Value>>(&frame), read::<StreamDetails<Value>>(&frame));
        let _ = (read::<StreamGroupInfo>(&frame), read::<StreamConsumerInfo>(&frame));
        let whole = Value::from_whole(&mut Reader::new(&frame));
        prop_assert!(!matches!(whole, Ok(Value::Error(_))));
    }

    #[test]
    fn bytes_of_anybody_are_a_value_or_an_error(bytes in vec(prop::sample::select(b"*$%~|>+-:,#_(=!0123\r\n\r\nab".to_vec()), 0..40)) {
        let mut reader = Reader::new(&bytes);
        let _ = Value::from_reply(&mut reader);
        let _ = Vec::<Option<String>>::from_reply(&mut Reader::textual(&bytes));
        let _ = HashMap::<String, Vec<u8>>::from_reply(&mut Reader::new(&bytes));
        let _ = <(String, i64)>::from_reply(&mut Reader::new(&bytes));
    }

    #[test]
    fn maps_are_the_same_in_both_protocols(map in hash_map(vec(any::<u8>(), 0..120), vec(any::<u8>(), 0..12), 0..6)) {
        let pairs: Vec<[Vec<u8>; 2]> = map.iter().map(|(key, value)| [bulk(key), bulk(value)]).collect();
        let list: Vec<(Vec<u8>, Vec<u8>)> = map.clone().into_iter().collect();
        for frame in in_all_shapes(&pairs) {
            prop_assert_eq!(read::<HashMap<Vec<u8>, Vec<u8>>>(&frame), Ok(map.clone()));
            prop_assert_eq!(read::<BTreeMap<Vec<u8>, Bytes>>(&frame).map(|got| got.len()), Ok(map.len()));
            prop_assert_eq!(read::<Vec<(Vec<u8>, Vec<u8>)>>(&frame), Ok(list.clone()));
        }
    }

    #[test]
    fn scores_are_the_same_in_both_protocols(scores in vec(("[a-z]{0,5}", -1e300..1e300_f64), 0..6)) {
        let spelled = |spell: fn(f64) -> Vec<u8>| -> Vec<[Vec<u8>; 2]> {
            scores.iter().map(|(member, score)| [bulk(member.as_bytes()), spell(*score)]).collect()
        };
        let resp2 = spelled(|score| bulk(score.to_string().as_bytes()));
        let resp3 = spelled(|score| encoded(&Value::Double(score)));
        for frame in in_all_shapes(&resp2).into_iter().chain(in_all_shapes(&resp3)) {
            prop_assert_eq!(read::<Vec<(String, f64)>>(&frame), Ok(scores.clone()));
        }
        if let [first, ..] = &resp2[..] {
            let popped = aggregate(b'*', 2, first);
            prop_assert_eq!(read::<Option<(String, f64)>>(&popped), Ok(scores.first().cloned()));
        }
    }

    #[test]
    fn streams_are_the_same_in_both_protocols(
        streams in vec(("[a-z]{0,5}", vec((any::<u64>(), any::<u64>(), vec(("[a-z]{0,5}", text()), 0..4)), 0..4)), 0..4)
    ) {
        let entry = |(millis, sequence, fields): &(u64, u64, Vec<(String, String)>)| {
            let flat: Vec<Vec<u8>> =
                fields.iter().flat_map(|(field, value)| [bulk(field.as_bytes()), bulk(value.as_bytes())]).collect();
            let id = bulk(format!("{millis}-{sequence}").as_bytes());
            aggregate(b'*', 2, &[id, aggregate(b'*', flat.len(), &flat)])
        };
        let pairs: Vec<[Vec<u8>; 2]> = streams
            .iter()
            .map(|(key, entries)| {
                let entries: Vec<Vec<u8>> = entries.iter().map(entry).collect();
                [bulk(key.as_bytes()), aggregate(b'*', entries.len(), &entries)]
            })
            .collect();
        let want: StreamsRead<StreamEntry<Vec<(String, String)>>> = streams
            .into_iter()
            .map(|(key, entries)| {
                let entries = entries.into_iter().map(|(millis, sequence, fields)| {
                    StreamEntry { id: StreamId::new(millis, sequence), fields }
                });
                (key, entries.collect())
            })
            .collect::<Vec<_>>()
            .into();
        let [_, resp3, resp2] = in_all_shapes(&pairs);
        prop_assert_eq!(read(&resp2), Ok(want.clone()));
        prop_assert_eq!(read(&resp3), Ok(want));
    }

    #[test]
    fn ids_of_entries_are_ordered_as_their_numbers_are(one in any::<(u64, u64)>(), other in any::<(u64, u64)>()) {
        let ids = [one, other].map(|(millis, sequence)| StreamId::new(millis, sequence));
        prop_assert_eq!(ids[0].cmp(&ids[1]), one.cmp(&other));
        prop_assert_eq!(ids[0].to_string().parse(), Ok(ids[0]));
        prop_assert_eq!(read(&bulk(ids[0].to_string().as_bytes())), Ok(ids[0]));
    }

    #[test]
    fn lists_and_sets_are_the_same_in_both_protocols(members in vec(text(), 0..8)) {
        let elements: Vec<Vec<u8>> = members.iter().map(|member| bulk(member.as_bytes())).collect();
        for kind in [b'*', b'~'] {
            let frame = aggregate(kind, elements.len(), &elements);
            prop_assert_eq!(read::<Vec<String>>(&frame), Ok(members.clone()));
            prop_assert_eq!(read::<HashSet<String>>(&frame), Ok(members.iter().cloned().collect()));
        }
    }

    #[test]
    fn scalars_are_the_same_in_both_protocols(number in any::<i64>(), float in any::<f64>(), flag in any::<bool>(), text in text()) {
        for frame in [
            encoded(&Value::Integer(number)),
            bulk(number.to_string().as_bytes()),
            encoded(&Value::BigNumber(number.to_string())),
        ] {
            prop_assert_eq!(read::<i64>(&frame), Ok(number));
            prop_assert_eq!(read::<String>(&frame), Ok(number.to_string()));
        }
        let bits = if float.is_nan() { f64::NAN.to_bits() } else { float.to_bits() };
        prop_assert_eq!(read_float(&encoded(&Value::Double(float))), Some(bits));
        prop_assert_eq!(read_float(&bulk(float.to_string().as_bytes())), Some(bits));
        for frame in [encoded(&Value::Boolean(flag)), encoded(&Value::Integer(flag.into()))] {
            prop_assert_eq!(read::<bool>(&frame), Ok(flag));
        }
        let verbatim = encoded(&Value::Verbatim { format: "txt".into(), text: text.clone().into() });
        prop_assert_eq!(read::<String>(&verbatim), Ok(text.clone()));
        prop_assert_eq!(read::<Option<Bytes>>(&bulk(text.as_bytes())), Ok(Some(text.into())));
        for null in [&b"$-1\r\n"[..], b"*-1\r\n", b"_\r\n"] {
            prop_assert_eq!(read::<Option<Vec<String>>>(null), Ok(None));
            prop_assert_eq!(read::<Option<i64>>(null), Ok(None));
            prop_assert_eq!(read::<Value>(null), Ok(Value::Nil));
        }
    }
}
