//! The blocking face: what a client must be able to do, and the loops that let it.

use std::ops::Deref;
use std::sync::{Arc, Barrier};
use std::thread;

use crate::workload::PIPELINED;
use crate::{Action, Dataset, Failure, Job, Meter, Outcome, Sampler, Target};

/// A client that blocks its thread.
pub trait BlockingClient: Send + Sized + 'static {
    /// The cheapest owned bytes the client can return a reply as.
    type Bytes: Deref<Target = [u8]>;

    /// Connects.
    fn connect(target: &Target) -> Result<Self, Failure>;
    /// A handle for one more thread: the client's own way to share itself, or one more connection where it has none.
    fn for_thread(&self, target: &Target) -> Result<Self, Failure>;
    /// GET.
    fn get(&mut self, key: &str) -> Result<Option<Self::Bytes>, Failure>;
    /// SETs of `count` pairs from turn `from` on, in one explicit pipeline; the first reply but OK is an error.
    fn set_many(&mut self, data: &Dataset, from: u64, count: u64) -> Result<(), Failure>;
}

/// Runs the job on that client.
pub fn run_blocking<C: BlockingClient>(job: &Job) -> Result<Outcome, Failure> {
    let mut client = C::connect(&job.target)?;
    match (job.workload.action, job.workload.tasks) {
        (Action::Get, 1) => alone(job, &mut client, gets),
        (Action::Get, _) => threaded(job, &client),
        (Action::PipelineSet, 1) => alone(job, &mut client, pipelined_sets),
        _ => Err(format!("{} has no blocking form", job.workload.name).into()),
    }
}

fn alone<C: BlockingClient>(
    job: &Job,
    client: &mut C,
    operations: impl Fn(&mut C, &Dataset, u64, u64, &mut Sampler) -> Result<(), Failure>,
) -> Result<Outcome, Failure> {
    let share = job.share(job.ops);
    operations(client, &job.data, 0, job.share(job.warmup), &mut Sampler::default())?;
    let meter = Meter::start(job)?;
    let mut sampler = Sampler::new(job, 0, share);
    operations(client, &job.data, 0, share, &mut sampler)?;
    meter.stop(share, &[sampler])
}

/// The threads connect and warm up first; the window opens when all have, and they start together.
fn threaded<C: BlockingClient>(job: &Job, client: &C) -> Result<Outcome, Failure> {
    let tasks = job.workload.tasks;
    let share = job.share(job.ops);
    let (warm, start) =
        (Arc::new(Barrier::new(tasks as usize + 1)), Arc::new(Barrier::new(tasks as usize + 1)));
    let mut handles = Vec::new();
    for task in 0..tasks {
        let mut client = client.for_thread(&job.target)?;
        let (job, warm, start) = (job.clone(), Arc::clone(&warm), Arc::clone(&start));
        handles.push(thread::spawn(move || -> Result<Sampler, Failure> {
            let mut sampler = Sampler::new(&job, task, share);
            let warmed = gets(&mut client, &job.data, 0, job.share(job.warmup), &mut Sampler::default());
            // Met even after a failure, or the others would wait for ever.
            warm.wait();
            start.wait();
            warmed?;
            gets(&mut client, &job.data, task * share, share, &mut sampler)?;
            Ok(sampler)
        }));
    }
    warm.wait();
    let meter = Meter::start(job);
    start.wait();
    let mut samplers = Vec::new();
    for handle in handles {
        samplers.push(handle.join().map_err(|_| "a thread panicked")??);
    }
    meter?.stop(share * tasks, &samplers)
}

fn gets<C: BlockingClient>(
    client: &mut C,
    data: &Dataset,
    from: u64,
    count: u64,
    sampler: &mut Sampler,
) -> Result<(), Failure> {
    for turn in 0..count {
        let begun = sampler.begin(turn);
        let (key, value) = data.pair(from + turn);
        let reply = client.get(key)?;
        if reply.is_none_or(|reply| reply[..] != value[..]) {
            return Err("the client returned a wrong reply to GET".into());
        }
        sampler.end(begun);
    }
    Ok(())
}

fn pipelined_sets<C: BlockingClient>(
    client: &mut C,
    data: &Dataset,
    from: u64,
    count: u64,
    sampler: &mut Sampler,
) -> Result<(), Failure> {
    for turn in (0..count).step_by(PIPELINED as usize) {
        let begun = sampler.begin(turn);
        client.set_many(data, from + turn, PIPELINED)?;
        sampler.end(begun);
    }
    Ok(())
}
