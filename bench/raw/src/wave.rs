//! Requests and the replies they must bring, as bytes made before the clock starts.

use bench_common::{Action, BIG_BYTES, Dataset, Failure, HASH_FIELDS, Job, LIST_ITEMS};

/// Waves made in advance and used in turn, so that requests differ from each other as a client's do.
const PREPARED: u64 = 16;

/// One block of requests, and what the server must answer to it.
pub(crate) struct Wave {
    pub(crate) request: Vec<u8>,
    pub(crate) answer: Answer,
}

/// What a wave's reply is held against.
pub(crate) enum Answer {
    /// Exactly these bytes.
    Bytes(Vec<u8>),
    /// So many bulk strings, each the big value: too large to hold in one piece, and told by its length and ends.
    Big(u64),
    /// So many numbers, growing.
    Numbers(u64),
}

/// The waves of that job.
pub(crate) fn prepared(job: &Job) -> Vec<Wave> {
    // Large ones are all alike, and sixteen of them would not stay in the processor's cache.
    let distinct = matches!(job.workload.action, Action::Get | Action::Set | Action::PipelineSet);
    (0..if distinct { PREPARED } else { 1 }).map(|wave| made(job, wave * width(job))).collect()
}

/// A PING and its reply.
pub(crate) const PING: (&[u8], &[u8]) = (b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n");

/// How many requests a wave has.
pub(crate) const fn width(job: &Job) -> u64 {
    job.workload.tasks * job.workload.pipeline
}

fn made(job: &Job, from: u64) -> Wave {
    let width = width(job);
    let mut request = Vec::new();
    let mut reply = Vec::new();
    for turn in from..from + width {
        let (key, value) = job.data.pair(turn);
        match job.workload.action {
            Action::Get => {
                command(&mut request, &[b"GET", key.as_bytes()]);
                bulk(&mut reply, value);
            }
            Action::Set | Action::PipelineSet => {
                command(&mut request, &[b"SET", key.as_bytes(), value]);
                reply.extend_from_slice(b"+OK\r\n");
            }
            Action::Incr => command(&mut request, &[b"INCR", Dataset::COUNTER.as_bytes()]),
            Action::BigGet => command(&mut request, &[b"GET", Dataset::BIG.as_bytes()]),
            Action::BigSet => {
                command(&mut request, &[b"SET", Dataset::BIG_WRITTEN.as_bytes(), job.data.big()]);
                reply.extend_from_slice(b"+OK\r\n");
            }
            Action::ListOfStrings | Action::ListOfBytes => {
                command(&mut request, &[b"LRANGE", Dataset::LIST.as_bytes(), b"0", b"-1"]);
                list(&mut reply);
            }
            Action::HashOfStrings => {
                command(&mut request, &[b"HGETALL", Dataset::HASH.as_bytes()]);
                hash(&mut reply);
            }
            Action::Messages | Action::Connect | Action::Memory => {
                request.extend_from_slice(PING.0);
                reply.extend_from_slice(PING.1);
            }
        }
    }
    let answer = match job.workload.action {
        Action::Incr => Answer::Numbers(width),
        Action::BigGet => Answer::Big(width),
        _ => Answer::Bytes(reply),
    };
    Wave { request, answer }
}

fn list(reply: &mut Vec<u8>) {
    reply.extend_from_slice(format!("*{LIST_ITEMS}\r\n").as_bytes());
    for index in 0..LIST_ITEMS {
        bulk(reply, Dataset::item(index).as_bytes());
    }
}

fn hash(reply: &mut Vec<u8>) {
    reply.extend_from_slice(format!("*{}\r\n", 2 * HASH_FIELDS).as_bytes());
    for (field, content) in (0..HASH_FIELDS).map(Dataset::field) {
        bulk(reply, field.as_bytes());
        bulk(reply, content.as_bytes());
    }
}

fn command(request: &mut Vec<u8>, args: &[&[u8]]) {
    request.extend_from_slice(format!("*{}\r\n", args.len()).as_bytes());
    for arg in args {
        bulk(request, arg);
    }
}

fn bulk(bytes: &mut Vec<u8>, content: &[u8]) {
    bytes.extend_from_slice(format!("${}\r\n", content.len()).as_bytes());
    bytes.extend_from_slice(content);
    bytes.extend_from_slice(b"\r\n");
}

/// Bytes of one big value on the wire.
pub(crate) fn big_frame() -> usize {
    format!("${BIG_BYTES}\r\n").len() + BIG_BYTES + 2
}

/// Whether these bytes are one big value on the wire.
pub(crate) fn is_big(job: &Job, frame: &[u8]) -> bool {
    let head = format!("${BIG_BYTES}\r\n");
    let body = frame.strip_prefix(head.as_bytes()).and_then(|rest| rest.strip_suffix(b"\r\n"));
    body.is_some_and(|body| job.data.is_big(body))
}

/// Reads whole numbers off the front of `bytes`, each greater than the one before, and tells how many there were and
/// how many bytes they took.
pub(crate) fn numbers(bytes: &[u8], last: &mut i64) -> Result<(u64, usize), Failure> {
    let (mut count, mut taken) = (0, 0);
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let Some(digits) = line.strip_suffix(b"\r\n") else { break };
        let digits = digits.strip_prefix(b":").ok_or("the reply to INCR is no number")?;
        let number = digits.iter().fold(0_i64, |sum, digit| sum * 10 + i64::from(digit.wrapping_sub(b'0')));
        if number <= *last {
            return Err(format!("INCR went from {last} to {number}").into());
        }
        *last = number;
        count += 1;
        taken += line.len();
    }
    Ok((count, taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_must_grow_and_may_be_cut() {
        let mut last = 8;
        assert_eq!(numbers(b":9\r\n:10\r\n:1", &mut last).unwrap(), (2, 9));
        assert_eq!(last, 10);
        assert!(numbers(b":10\r\n", &mut last).is_err());
        assert!(numbers(b"-ERR\r\n", &mut last).is_err());
    }

    #[test]
    fn commands_are_arrays_of_bulk_strings() {
        let mut request = Vec::new();
        command(&mut request, &[b"GET", b"key"]);
        assert_eq!(request, b"*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n");
    }
}
