//! What holds for any frame, any bytes and any way of cutting them: framing, flattening and reading agree with what was
//! written, and nothing a peer sends does harm.

#![expect(clippy::indexing_slicing, reason = "a test that goes out of bounds has found something")]

use carnelian_resp::{Framer, Limits, ProtocolError, Reader, Span, Token, encode, flatten, inline};
use proptest::collection::vec;
use proptest::prelude::*;

/// One element as a tree, in a way that it can be sent.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// `+`, `-`, `(`: one line.
    Line(u8, Vec<u8>),
    /// `$`, `!`: counted bytes.
    Bulk(u8, Vec<u8>),
    Verbatim([u8; 3], Vec<u8>),
    Null(&'static str),
    Integer(i64),
    Double(f64),
    Boolean(bool),
    /// `*`, `~`, `>`.
    List(u8, Vec<Self>),
    /// `%`.
    Map(Vec<(Self, Self)>),
    Attributed(Vec<(Self, Self)>, Box<Self>),
    StreamedBulk(Vec<Vec<u8>>),
    /// `*`, `~`.
    StreamedList(u8, Vec<Self>),
    StreamedMap(Vec<(Self, Self)>),
}

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![any::<u8>(), Just(b'\r'), Just(b'\n'), Just(b'$')], 0..most)
}

fn scalar() -> impl Strategy<Value = Node> {
    let line = vec(any::<u8>().prop_filter("no line end", |byte| !matches!(byte, b'\r' | b'\n')), 0..20);
    prop_oneof![
        (prop_oneof![Just(b'+'), Just(b'-')], line).prop_map(|(kind, text)| Node::Line(kind, text)),
        Just(Node::Line(b'+', b"OK".to_vec())),
        "[+-]?[0-9]{1,40}".prop_map(|digits| Node::Line(b'(', digits.into_bytes())),
        (prop_oneof![9 => Just(b'$'), 1 => Just(b'!')], bytes(130))
            .prop_map(|(kind, text)| Node::Bulk(kind, text)),
        (any::<[u8; 3]>(), bytes(20)).prop_map(|(format, text)| Node::Verbatim(format, text)),
        prop_oneof![Just("$-1\r\n"), Just("*-1\r\n"), Just("_\r\n")].prop_map(Node::Null),
        any::<i64>().prop_map(Node::Integer),
        any::<f64>().prop_map(Node::Double),
        any::<bool>().prop_map(Node::Boolean),
        vec(vec(any::<u8>(), 1..12), 0..5).prop_map(Node::StreamedBulk),
    ]
}

fn tree() -> impl Strategy<Value = Node> {
    scalar().prop_recursive(4, 40, 6, |inner| {
        let list = || vec(inner.clone(), 0..6);
        let pairs = || vec((inner.clone(), inner.clone()), 0..4);
        prop_oneof![
            (prop_oneof![Just(b'*'), Just(b'~'), Just(b'>')], list())
                .prop_map(|(kind, list)| Node::List(kind, list)),
            pairs().prop_map(Node::Map),
            (pairs(), inner.clone()).prop_map(|(pairs, node)| Node::Attributed(pairs, Box::new(node))),
            (prop_oneof![Just(b'*'), Just(b'~')], list())
                .prop_map(|(kind, list)| Node::StreamedList(kind, list)),
            pairs().prop_map(Node::StreamedMap),
        ]
    })
}

impl Node {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Line(kind, text) => encode::line(out, *kind, text),
            Self::Bulk(kind, text) => {
                let at = out.len();
                encode::bulk(out, text);
                out[at] = *kind;
            }
            Self::Verbatim(format, text) => {
                encode::header(out, b'=', text.len() + 4);
                out.extend([&format[..], b":", text, b"\r\n"].concat());
            }
            Self::Null(spelling) => out.extend(spelling.bytes()),
            Self::Integer(number) => encode::integer(out, *number),
            Self::Double(number) => encode::double(out, *number),
            Self::Boolean(flag) => out.extend(if *flag { b"#t\r\n" } else { b"#f\r\n" }),
            Self::List(kind, list) => {
                encode::header(out, *kind, list.len());
                list.iter().for_each(|node| node.write(out));
            }
            Self::Map(pairs) => write_pairs(b'%', pairs, out),
            Self::Attributed(pairs, node) => {
                write_pairs(b'|', pairs, out);
                node.write(out);
            }
            Self::StreamedBulk(chunks) => {
                out.extend(b"$?\r\n");
                for chunk in chunks {
                    encode::header(out, b';', chunk.len());
                    out.extend([chunk, &b"\r\n"[..]].concat());
                }
                out.extend(b";0\r\n");
            }
            Self::StreamedList(kind, list) => {
                out.extend([*kind, b'?', b'\r', b'\n']);
                list.iter().for_each(|node| node.write(out));
                out.extend(b".\r\n");
            }
            Self::StreamedMap(pairs) => {
                out.extend(b"%?\r\n");
                pairs.iter().flat_map(|(key, value)| [key, value]).for_each(|node| node.write(out));
                out.extend(b".\r\n");
            }
        }
    }

    fn encoded(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    /// The same tree with every size told before: what flattening must make of it.
    fn counted(&self) -> Self {
        let list = |list: &[Self]| list.iter().map(Self::counted).collect();
        let pairs = |pairs: &[(Self, Self)]| {
            pairs.iter().map(|(key, value)| (key.counted(), value.counted())).collect()
        };
        match self {
            Self::StreamedBulk(chunks) => Self::Bulk(b'$', chunks.concat()),
            Self::StreamedList(kind, nodes) | Self::List(kind, nodes) => Self::List(*kind, list(nodes)),
            Self::StreamedMap(nodes) | Self::Map(nodes) => Self::Map(pairs(nodes)),
            Self::Attributed(about, node) => Self::Attributed(pairs(about), Box::new(node.counted())),
            scalar => scalar.clone(),
        }
    }

    fn is_streamed(&self) -> bool {
        match self {
            Self::StreamedBulk(_) | Self::StreamedList(..) | Self::StreamedMap(_) => true,
            Self::List(_, list) => list.iter().any(Self::is_streamed),
            Self::Map(pairs) => any_streamed(pairs),
            Self::Attributed(pairs, node) => any_streamed(pairs) || node.is_streamed(),
            _ => false,
        }
    }

    /// A counted tree as a reader can tell it: the spellings of nulls and errors are one, and there is one NaN.
    fn told(&self) -> Self {
        let list = |list: &[Self]| list.iter().map(Self::told).collect();
        let pairs =
            |pairs: &[(Self, Self)]| pairs.iter().map(|(key, value)| (key.told(), value.told())).collect();
        match self {
            Self::Bulk(b'!', text) => Self::Line(b'-', text.clone()),
            Self::Null(_) => Self::Null(""),
            Self::Double(number) => Self::Bulk(b',', number_bits(*number)),
            Self::List(kind, nodes) => Self::List(*kind, list(nodes)),
            Self::Map(nodes) => Self::Map(pairs(nodes)),
            Self::Attributed(about, node) => Self::Attributed(pairs(about), Box::new(node.told())),
            scalar => scalar.clone(),
        }
    }

    /// The smallest limits that it is within.
    fn needs(&self, limits: &mut Limits, depth: usize) {
        let (depth_within, list): (usize, Vec<&Self>) = match self {
            Self::List(_, list) | Self::StreamedList(_, list) => (depth + 1, list.iter().collect()),
            Self::Map(pairs) | Self::StreamedMap(pairs) => (depth + 1, both(pairs)),
            Self::Attributed(pairs, node) => {
                node.needs(limits, depth);
                (depth + 1, both(pairs))
            }
            Self::StreamedBulk(_) => (depth + 1, vec![]),
            _ => (depth, vec![]),
        };
        let count =
            if let Self::List(..) | Self::StreamedList(..) = self { list.len() } else { list.len() / 2 };
        // A counted aggregate without elements is never open.
        let opens = !list.is_empty()
            || matches!(self, Self::StreamedBulk(_) | Self::StreamedList(..) | Self::StreamedMap(_));
        let (bulk, line) = match self {
            Self::Bulk(_, text) => (text.len(), 0),
            Self::Verbatim(_, text) => (text.len() + 4, 0),
            Self::StreamedBulk(chunks) => (chunks.concat().len(), 0),
            Self::Line(b'+', text) if text == b"OK" => (0, 0),
            Self::Line(_, text) => (0, text.len()),
            Self::Double(_) => (0, self.encoded().len() - 3),
            Self::Boolean(_) => (0, 1),
            _ => (0, 0),
        };
        *limits = limits
            .bulk(limits.bulk.max(bulk))
            .line(limits.line.max(line))
            .elements(limits.elements.max(count))
            .depth(limits.depth.max(if opens { depth_within } else { depth }));
        list.into_iter().for_each(|node| node.needs(limits, depth_within));
    }
}

fn both(pairs: &[(Node, Node)]) -> Vec<&Node> {
    pairs.iter().flat_map(|(key, value)| [key, value]).collect()
}

fn any_streamed(pairs: &[(Node, Node)]) -> bool {
    both(pairs).into_iter().any(Node::is_streamed)
}

fn number_bits(number: f64) -> Vec<u8> {
    if number.is_nan() { b"nan".to_vec() } else { number.to_bits().to_be_bytes().to_vec() }
}

fn write_pairs(kind: u8, pairs: &[(Node, Node)], out: &mut Vec<u8>) {
    encode::header(out, kind, pairs.len());
    pairs.iter().flat_map(|(key, value)| [key, value]).for_each(|node| node.write(out));
}

/// Reads one element back, as [`Node::told`] has it.
fn read(reader: &mut Reader<'_>) -> Result<Node, ProtocolError> {
    let list = |count: usize, reader: &mut Reader<'_>| {
        (0..count).map(|_| read(reader)).collect::<Result<Vec<_>, _>>()
    };
    let pairs = |count: usize, reader: &mut Reader<'_>| {
        (0..count).map(|_| Ok((read(reader)?, read(reader)?))).collect::<Result<Vec<_>, _>>()
    };
    Ok(match reader.any_token()? {
        Token::Simple(text) => Node::Line(b'+', text.to_vec()),
        Token::Error(text) => Node::Line(b'-', text.to_vec()),
        Token::BigNumber(text) => Node::Line(b'(', text.to_vec()),
        Token::Bulk(text) => Node::Bulk(b'$', text.to_vec()),
        Token::Verbatim { format, text } => {
            Node::Verbatim(format.try_into().expect("three letters"), text.to_vec())
        }
        Token::Null => Node::Null(""),
        Token::Integer(number) => Node::Integer(number),
        Token::Double(number) => Node::Bulk(b',', number_bits(number)),
        Token::Boolean(flag) => Node::Boolean(flag),
        Token::Array(count) => Node::List(b'*', list(count, reader)?),
        Token::Set(count) => Node::List(b'~', list(count, reader)?),
        Token::Push(count) => Node::List(b'>', list(count, reader)?),
        Token::Map(count) => Node::Map(pairs(count, reader)?),
        Token::Attribute(count) => {
            let about = pairs(count, reader)?;
            Node::Attributed(about, Box::new(read(reader)?))
        }
        other => panic!("{other:?} is new"),
    })
}

/// Where frames end, and how it ended, when the bytes come in pieces that end at `cuts`.
fn frames(stream: &[u8], limits: Limits, cuts: &[usize]) -> (Vec<Span>, Result<(), ProtocolError>) {
    let (mut framer, mut found, mut start) = (Framer::new(limits), Vec::new(), 0);
    for &received in cuts.iter().chain(&[stream.len()]) {
        while start < received {
            match framer.frame(&stream[start..received]) {
                Ok(Some(span)) => {
                    assert!(span.end > 0 && start + span.end <= received, "a frame of {} bytes", span.end);
                    start += span.end;
                    found.push(span);
                }
                Ok(None) => break,
                Err(error) => return (found, Err(error)),
            }
        }
    }
    (found, Ok(()))
}

fn cuts(length: usize, fractions: &[f64]) -> Vec<usize> {
    let mut cuts: Vec<usize> = fractions.iter().map(|fraction| (fraction * length as f64) as usize).collect();
    cuts.sort_unstable();
    cuts
}

/// Bytes that a framer gets somewhere with, beside those that it does not.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let bit = prop_oneof![
        8 => prop::sample::select(vec![
            "*", "$", "%", "~", ">", "|", "+", "-", ":", ",", "#", "(", "_", "!", "=", ";", ".", "?", "0", "1", "2",
            "3", "9", "\r\n", "\r\n", "\r\n", "\r", "\n", "t\r\n", "*1\r\n", "%1\r\n", "|1\r\n", "|0\r\n", "$0\r\n\r\n",
            "*?\r\n", "$?\r\n", ";0\r\n", ".\r\n", "+OK\r\n", "_\r\n", "$-1\r\n", ":1\r\n", "$3\r\nabc\r\n",
            "18446744073709551615", "-9223372036854775808",
        ]).prop_map(|text| text.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 1..3),
    ];
    vec(bit, 0..40).prop_map(|bits| bits.concat())
}

proptest! {
    // What is found becomes a test with a name, not a line in a file of seeds.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_frame_is_found_whole_and_only_whole(node in tree()) {
        let frame = node.encoded();
        let mut framer = Framer::new(Limits::default());
        for end in 0..frame.len() {
            prop_assert_eq!(framer.frame(&frame[..end]), Ok(None));
            prop_assert!(framer.wanted() <= frame.len());
        }
        let span = framer.frame(&frame).unwrap().unwrap();
        prop_assert_eq!((span.end, span.streamed), (frame.len(), node.is_streamed()));
    }

    #[test]
    fn frames_are_read_back_however_they_come(
        nodes in vec(tree(), 0..6),
        fractions in vec(0.0..1.0, 0..12),
    ) {
        let stream: Vec<u8> = nodes.iter().flat_map(Node::encoded).collect();
        let (found, end) = frames(&stream, Limits::default(), &cuts(stream.len(), &fractions));
        prop_assert_eq!((end, found.len()), (Ok(()), nodes.len()));
        let mut rest = &stream[..];
        for (node, span) in nodes.iter().zip(found) {
            let (frame, behind) = rest.split_at(span.end);
            prop_assert_eq!(span.streamed, node.is_streamed());
            let flat = if span.streamed { flatten(frame).unwrap() } else { frame.to_vec() };
            let mut reader = Reader::new(&flat);
            prop_assert_eq!(read(&mut reader).unwrap(), node.counted().told());
            prop_assert!(reader.is_empty());
            rest = behind;
        }
    }

    #[test]
    fn flattening_keeps_the_meaning(node in tree()) {
        let flat = flatten(&node.encoded()).unwrap();
        prop_assert_eq!(&flat, &node.counted().encoded());
        prop_assert_eq!(flatten(&flat).unwrap(), flat);
    }

    #[test]
    fn skipping_and_reading_end_at_the_same_place(node in tree(), behind in bytes(10)) {
        let frame = [node.counted().encoded(), behind.clone()].concat();
        let mut reader = Reader::new(&frame);
        let element = reader.element().unwrap();
        prop_assert_eq!(reader.rest(), &behind[..]);
        prop_assert_eq!(element.rest().len() + behind.len(), frame.len());
    }

    #[test]
    fn noise_does_no_harm_however_it_comes(stream in noise(), fractions in vec(0.0..1.0, 0..12)) {
        let limits = Limits::new().bulk(1 << 10).elements(1 << 10).depth(16).line(1 << 10);
        let whole = frames(&stream, limits, &[]);
        prop_assert_eq!(&whole, &frames(&stream, limits, &cuts(stream.len(), &fractions)));
        let bytewise: Vec<usize> = (0..stream.len()).collect();
        prop_assert_eq!(&whole, &frames(&stream, limits, &bytewise));
        let mut rest = &stream[..];
        for span in whole.0 {
            let (frame, behind) = rest.split_at(span.end);
            match flatten(frame) {
                Ok(flat) => {
                    let mut reader = Reader::new(&flat);
                    prop_assert!(read(&mut reader).is_ok() && reader.is_empty(), "{:?}", flat);
                }
                // Half a pair, which only who counts the elements can see.
                Err(error) => prop_assert!(span.streamed && error == ProtocolError::BadStream, "{}", error),
            }
            rest = behind;
        }
    }

    #[test]
    fn what_was_never_framed_does_no_harm_either(bytes in noise()) {
        let _ = flatten(&bytes);
        let mut reader = Reader::new(&bytes);
        while reader.token().is_ok() {}
        let _ = Reader::new(&bytes).skip();
        let _ = Reader::new(&bytes).is_at_null();
        let _ = inline::split(&bytes);
    }

    #[test]
    fn limits_hold_and_keep_no_honest_frame_out(node in tree(), which in 0..4_usize) {
        let mut just = Limits::new().bulk(0).elements(0).depth(0).line(0);
        node.needs(&mut just, 0);
        let frame = node.encoded();
        let span = Framer::new(just).frame(&frame);
        prop_assert!(matches!(span, Ok(Some(Span { end, .. })) if end == frame.len()), "{:?} with {:?}", span, just);
        let (most, less) = match which {
            0 => (just.bulk, just.bulk(just.bulk.saturating_sub(1))),
            1 => (just.elements, just.elements(just.elements.saturating_sub(1))),
            2 => (just.depth, just.depth(just.depth.saturating_sub(1))),
            _ => (just.line, just.line(just.line.saturating_sub(1))),
        };
        if most > 0 {
            let refused = Framer::new(less).frame(&frame).unwrap_err();
            prop_assert!(match which {
                0 => matches!(refused, ProtocolError::BulkTooLong { limit, .. } if limit == less.bulk),
                1 => matches!(refused, ProtocolError::TooManyElements { limit, .. } if limit == less.elements),
                2 => refused == ProtocolError::TooDeep { limit: less.depth },
                _ => refused == ProtocolError::LineTooLong { limit: less.line },
            }, "{}", refused);
        }
    }

    #[test]
    fn commands_are_read_back(arguments in vec(bytes(300), 1..8)) {
        let arguments: Vec<&[u8]> = arguments.iter().map(Vec::as_slice).collect();
        let mut out = Vec::new();
        encode::command(&mut out, &arguments);
        let mut reader = Reader::new(&out);
        prop_assert_eq!(reader.token(), Ok(Token::Array(arguments.len())));
        for argument in arguments {
            prop_assert_eq!(reader.token(), Ok(Token::Bulk(argument)));
        }
        prop_assert!(reader.is_empty());
    }

    #[test]
    fn quoted_words_are_split_where_they_were_joined(words in vec((bytes(20), 0..3_u8), 0..8)) {
        let line: Vec<u8> = words.iter().flat_map(|(word, way)| [quoted(word, *way), b" \t".to_vec()].concat()).collect();
        let words: Vec<Vec<u8>> = words.into_iter().map(|(word, _)| word).collect();
        prop_assert_eq!(inline::split(&line).unwrap(), words);
    }
}

/// A word in quotes of either kind, with as many escapes as it needs or as it can have.
fn quoted(word: &[u8], way: u8) -> Vec<u8> {
    let single = way == 0 && !word.contains(&b'\\');
    let mut out = vec![if single { b'\'' } else { b'"' }];
    for &byte in word {
        match byte {
            b'\'' if single => out.extend(b"\\'"),
            _ if single => out.push(byte),
            b'"' | b'\\' => out.extend([b'\\', byte]),
            b'\r' => out.extend(b"\\r"),
            _ if way == 1 => out.extend(format!("\\x{byte:02x}").bytes()),
            _ => out.push(byte),
        }
    }
    out.push(out[0]);
    out
}
