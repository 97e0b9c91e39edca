//! The operations: one call of a client and the check of its reply.
//!
//! A type each, not a closure, because a task needs to know that the future it awaits may move between threads, and
//! only a named method can promise that.

use std::future::Future;

use crate::workload::PIPELINED;
use crate::{AsyncClient, Dataset, Failure};

/// One operation, which a task repeats.
pub(crate) trait Operation<C>: Send + 'static {
    /// Does it for the `turn`th time. `last` is the number that the task saw last, for replies that must grow.
    fn once(
        client: &mut C,
        data: &Dataset,
        turn: u64,
        last: &mut i64,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
}

#[inline]
fn check(right: bool, what: &str) -> Result<(), Failure> {
    if right { Ok(()) } else { Err(wrong(what)) }
}

#[cold]
fn wrong(what: &str) -> Failure {
    format!("the client returned a wrong reply to {what}").into()
}

/// GET of a small value.
pub(crate) struct Get;

impl<C: AsyncClient> Operation<C> for Get {
    async fn once(client: &mut C, data: &Dataset, turn: u64, _: &mut i64) -> Result<(), Failure> {
        let (key, value) = data.pair(turn);
        let reply = client.get(key).await?;
        check(reply.is_some_and(|reply| reply[..] == value[..]), "GET")
    }
}

/// SET of a small value.
pub(crate) struct Set;

impl<C: AsyncClient> Operation<C> for Set {
    async fn once(client: &mut C, data: &Dataset, turn: u64, _: &mut i64) -> Result<(), Failure> {
        let (key, value) = data.pair(turn);
        client.set(key, value).await
    }
}

/// SETs of small values in one pipeline.
pub(crate) struct PipelineSet;

impl<C: AsyncClient> Operation<C> for PipelineSet {
    async fn once(client: &mut C, data: &Dataset, turn: u64, _: &mut i64) -> Result<(), Failure> {
        client.set_many(data, turn, PIPELINED).await
    }
}

/// INCR of the shared counter.
pub(crate) struct Incr;

impl<C: AsyncClient> Operation<C> for Incr {
    async fn once(client: &mut C, _: &Dataset, _: u64, last: &mut i64) -> Result<(), Failure> {
        let number = client.incr(Dataset::COUNTER).await?;
        let grown = number > *last;
        *last = number;
        check(grown, "INCR")
    }
}

/// GET of the big value.
pub(crate) struct BigGet;

impl<C: AsyncClient> Operation<C> for BigGet {
    async fn once(client: &mut C, data: &Dataset, _: u64, _: &mut i64) -> Result<(), Failure> {
        let reply = client.get(Dataset::BIG).await?;
        check(reply.is_some_and(|reply| data.is_big(&reply)), "GET")
    }
}

/// SET of the big value.
pub(crate) struct BigSet;

impl<C: AsyncClient> Operation<C> for BigSet {
    async fn once(client: &mut C, data: &Dataset, _: u64, _: &mut i64) -> Result<(), Failure> {
        client.set(Dataset::BIG_WRITTEN, data.big()).await
    }
}

/// LRANGE into strings.
pub(crate) struct ListOfStrings;

impl<C: AsyncClient> Operation<C> for ListOfStrings {
    async fn once(client: &mut C, data: &Dataset, _: u64, _: &mut i64) -> Result<(), Failure> {
        let reply = client.list_of_strings(Dataset::LIST).await?;
        check(data.is_list(&reply, String::as_bytes), "LRANGE")
    }
}

/// LRANGE into the client's own bytes.
pub(crate) struct ListOfBytes;

impl<C: AsyncClient> Operation<C> for ListOfBytes {
    async fn once(client: &mut C, data: &Dataset, _: u64, _: &mut i64) -> Result<(), Failure> {
        let reply = client.list_of_bytes(Dataset::LIST).await?;
        check(data.is_list(&reply, |item| item), "LRANGE")
    }
}

/// HGETALL into a map.
pub(crate) struct HashOfStrings;

impl<C: AsyncClient> Operation<C> for HashOfStrings {
    async fn once(client: &mut C, data: &Dataset, _: u64, _: &mut i64) -> Result<(), Failure> {
        let reply = client.hash_of_strings(Dataset::HASH).await?;
        check(data.is_hash(&reply), "HGETALL")
    }
}
