//! The async face: what a client must be able to do, and the loops that let it.

use std::collections::HashMap;
use std::future::Future;
use std::hint::black_box;
use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use tokio::runtime::{Builder, Runtime};

use crate::operation::{self, Operation};
use crate::{Action, Dataset, Failure, Job, Meter, Outcome, Publisher, Sampler, Target, resident_kib};

/// A client whose clones share one connection.
pub trait AsyncClient: Clone + Send + 'static {
    /// The cheapest owned bytes the client can return a reply as.
    type Bytes: Deref<Target = [u8]> + Send;
    /// What listens to a channel.
    type Subscription: Send;

    /// Connects, ready to take commands.
    fn connect(target: &Target) -> impl Future<Output = Result<Self, Failure>> + Send;
    /// Closes the connection; for those that do not when the last clone is dropped.
    fn close(self) -> impl Future<Output = Result<(), Failure>> + Send {
        async {
            drop(self);
            Ok(())
        }
    }
    /// Connects in the way that the client's users do to listen, and listens to a channel.
    fn subscribe(
        target: &Target,
        channel: &'static str,
    ) -> impl Future<Output = Result<Self::Subscription, Failure>> + Send;
    /// Waits for the next message; whether its payload is as expected.
    fn message(
        subscription: &mut Self::Subscription,
        expected: &[u8],
    ) -> impl Future<Output = Result<bool, Failure>> + Send;
    /// PING.
    fn ping(&mut self) -> impl Future<Output = Result<(), Failure>> + Send;
    /// GET.
    fn get(&mut self, key: &str) -> impl Future<Output = Result<Option<Self::Bytes>, Failure>> + Send;
    /// SET; anything but OK is an error.
    fn set(&mut self, key: &str, value: &Bytes) -> impl Future<Output = Result<(), Failure>> + Send;
    /// SETs of `count` pairs from turn `from` on, in one explicit pipeline; the first reply but OK is an error.
    fn set_many(
        &mut self,
        data: &Dataset,
        from: u64,
        count: u64,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
    /// INCR.
    fn incr(&mut self, key: &str) -> impl Future<Output = Result<i64, Failure>> + Send;
    /// LRANGE of everything.
    fn list_of_strings(&mut self, key: &str) -> impl Future<Output = Result<Vec<String>, Failure>> + Send;
    /// LRANGE of everything.
    fn list_of_bytes(&mut self, key: &str) -> impl Future<Output = Result<Vec<Self::Bytes>, Failure>> + Send;
    /// HGETALL.
    fn hash_of_strings(
        &mut self,
        key: &str,
    ) -> impl Future<Output = Result<HashMap<String, String>, Failure>> + Send;
}

/// Runs the job on that client.
pub fn run_async<C: AsyncClient>(job: &Job) -> Result<Outcome, Failure> {
    let runtime = runtime(job)?;
    runtime.block_on(async {
        match job.workload.action {
            Action::Get => repeated::<C, operation::Get>(job).await,
            Action::Set => repeated::<C, operation::Set>(job).await,
            Action::PipelineSet => repeated::<C, operation::PipelineSet>(job).await,
            Action::Incr => repeated::<C, operation::Incr>(job).await,
            Action::BigGet => repeated::<C, operation::BigGet>(job).await,
            Action::BigSet => repeated::<C, operation::BigSet>(job).await,
            Action::ListOfStrings => repeated::<C, operation::ListOfStrings>(job).await,
            Action::ListOfBytes => repeated::<C, operation::ListOfBytes>(job).await,
            Action::HashOfStrings => repeated::<C, operation::HashOfStrings>(job).await,
            Action::Messages => messages::<C>(job).await,
            Action::Connect => connects::<C>(job).await,
            Action::Memory => keeps::<C>(job).await,
        }
    })
}

/// The runtime that the job asks for.
pub fn runtime(job: &Job) -> Result<Runtime, Failure> {
    let mut builder = match job.workload.workers {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    // Ignored by the current-thread runtime.
    builder.worker_threads(job.workload.workers);
    Ok(builder.enable_all().build()?)
}

async fn repeated<C: AsyncClient, O: Operation<C>>(job: &Job) -> Result<Outcome, Failure> {
    let client = C::connect(&job.target).await?;
    fan_out::<C, O>(job, &client, job.warmup, false).await?;
    let meter = Meter::start(job)?;
    let samplers = fan_out::<C, O>(job, &client, job.ops, true).await?;
    meter.stop(job.share(job.ops) * job.workload.tasks, &samplers)
}

/// Spawns the tasks and waits for all of them. Even a lone task is spawned, for so do users.
async fn fan_out<C: AsyncClient, O: Operation<C>>(
    job: &Job,
    client: &C,
    ops: u64,
    timed: bool,
) -> Result<Vec<Sampler>, Failure> {
    let share = job.share(ops);
    let tasks = (0..job.workload.tasks)
        .map(|task| {
            let sampler = if timed { Sampler::new(job, task, share) } else { Sampler::default() };
            tokio::spawn(one_task::<C, O>(
                client.clone(),
                Arc::clone(&job.data),
                task * share,
                (share, job.workload.pipeline),
                sampler,
            ))
        })
        .collect::<Vec<_>>();
    let mut samplers = Vec::with_capacity(tasks.len());
    for task in tasks {
        samplers.push(task.await??);
    }
    Ok(samplers)
}

async fn one_task<C: AsyncClient, O: Operation<C>>(
    mut client: C,
    data: Arc<Dataset>,
    from: u64,
    (share, step): (u64, u64),
    mut sampler: Sampler,
) -> Result<Sampler, Failure> {
    let mut last = 0;
    for turn in (0..share).step_by(step as usize) {
        let begun = sampler.begin(turn);
        O::once(&mut client, &data, from + turn, &mut last).await?;
        sampler.end(begun);
    }
    Ok(sampler)
}

/// In a task of its own, as users have it.
async fn messages<C: AsyncClient>(job: &Job) -> Result<Outcome, Failure> {
    let job = job.clone();
    let task = tokio::spawn(async move {
        let mut subscription = C::subscribe(&job.target, Dataset::CHANNEL).await?;
        listen::<C>(&job, &mut subscription, Publisher::start(&job, job.warmup)?, job.warmup).await?;
        let publisher = Publisher::start(&job, job.ops)?;
        let meter = Meter::start(&job)?;
        listen::<C>(&job, &mut subscription, publisher, job.ops).await?;
        meter.stop(job.ops, &[])
    });
    task.await?
}

async fn listen<C: AsyncClient>(
    job: &Job,
    subscription: &mut C::Subscription,
    mut publisher: Publisher,
    messages: u64,
) -> Result<(), Failure> {
    publisher.begin()?;
    for turn in 0..messages {
        let (_, expected) = job.data.pair(turn);
        if !C::message(subscription, expected).await? {
            return Err(format!("message {turn} is not the one that was sent").into());
        }
        publisher.read();
    }
    Ok(())
}

async fn connects<C: AsyncClient>(job: &Job) -> Result<Outcome, Failure> {
    for _ in 0..job.warmup {
        pinged::<C>(job).await?.close().await?;
    }
    let meter = Meter::start(job)?;
    let mut sampler = Sampler::new(job, 0, job.ops);
    for turn in 0..job.ops {
        let begun = sampler.begin(turn);
        pinged::<C>(job).await?.close().await?;
        sampler.end(begun);
    }
    meter.stop(job.ops, &[sampler])
}

async fn keeps<C: AsyncClient>(job: &Job) -> Result<Outcome, Failure> {
    let mut kept = Vec::with_capacity((job.ops + job.warmup) as usize);
    // What the first connections bring is the client's own and not a connection's.
    for _ in 0..job.warmup {
        kept.push(pinged::<C>(job).await?);
    }
    let before = resident_kib()?;
    let meter = Meter::start(job)?;
    for _ in 0..job.ops {
        kept.push(pinged::<C>(job).await?);
    }
    let mut outcome = meter.stop(job.ops, &[])?;
    let grown = resident_kib()?.saturating_sub(before);
    outcome.kib_per_connection = Some(grown as f64 / job.ops as f64);
    black_box(&kept);
    Ok(outcome)
}

async fn pinged<C: AsyncClient>(job: &Job) -> Result<C, Failure> {
    let mut client = C::connect(&job.target).await?;
    client.ping().await?;
    Ok(client)
}
