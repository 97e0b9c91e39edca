//! A link: the queue of one connection, which outlives the connection.
//!
//! ```text
//!                 ready()                      close()              last reply
//!  Connecting ───────────────► Ready ────────────────────► Closing ───────────► Closed
//!      ▲                         │                                                 ▲
//!      └──────── lost() ─────────┘                     fail() from anywhere ───────┘
//! ```
//!
//! The two sides of it: [`callers`] and [`driving`]. Callers submit commands at any time before it closes; the driver connects, writes, reads and tells the link what
//! came of it. All methods return at once; one lock around a link is held for as long as a copy takes.
//!
//! | who | calls |
//! |---|---|
//! | caller | [`submit`](Link::submit), [`submit_load`](Link::submit_load), [`redeem`](Link::redeem), [`abandon`](Link::abandon), [`await_room`](Link::await_room) |
//! | subscriber | [`open_subscriber`](Link::open_subscriber), [`listen`](Link::listen), [`mail`](Link::mail) … |
//! | driver, in | [`ready`](Link::ready), [`deliver`](Link::deliver), [`expire`](Link::expire), [`lost`](Link::lost), [`fail`](Link::fail) |
//! | driver, out | [`take_wave`](Link::take_wave) and [`give_back`](Link::give_back), [`health`](Link::health), [`alarm`](Link::alarm) |
//!
//! Methods that free callers put their wakers into a list; wake them after the lock is released.

use std::collections::VecDeque;
use std::task::Waker;

use carnelian_command::Request;
use carnelian_resp::ProtocolError;

use super::batch::Slice;
use super::dispatch::Unexpected;
use super::entry::{Micros, NEVER};
use super::held::Spares;
use super::inflight::Inflight;
use super::liveness::Silence;
use super::slots::Ticket;
use crate::config::{Config, QueueLimits};
use crate::subscription::Subscriptions;

/// Where a link is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// There is no connection yet, or none any more; commands queue.
    Connecting,
    /// Commands are sent as they come.
    Ready,
    /// What is queued is finished; nothing new is taken.
    Closing,
    /// Nothing is taken and nothing comes.
    Closed,
}

/// Why a command was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The queue is full.
    Full,
    /// The link is closed, or about to be.
    Closed,
}

/// What a caller has for the queue.
#[derive(Clone, Copy, Debug)]
pub enum Load<'a> {
    /// One command.
    Command(&'a Request),
    /// Several that stay together; they get one ticket.
    Batch(Slice<'a>),
}

impl Load<'_> {
    /// How many commands it is.
    #[must_use]
    pub const fn commands(&self) -> usize {
        match self {
            Self::Command(_) => 1,
            Self::Batch(batch) => batch.len(),
        }
    }
}

/// A command was taken.
#[derive(Debug)]
#[must_use]
pub struct Submitted {
    /// The claim to its reply.
    pub ticket: Ticket,
    /// The driver sleeps and has to be woken: there is something to write, or an alarm earlier than the one it set.
    pub wake_driver: bool,
}

mod callers;
mod driving;
mod subscribers;

/// The queue of one connection.
#[derive(Debug)]
pub struct Link {
    phase: Phase,
    inflight: Inflight,
    spares: Spares,
    limits: QueueLimits,
    silence: Silence,
    /// When the driver will wake by itself.
    alarm: Micros,
    /// Callers that wait for room, in the order they came.
    room: VecDeque<(u64, Waker)>,
    /// How many have waited for room so far.
    room_places: u64,
    /// Why the last try to connect failed.
    last_failure: Option<String>,
    pushes: u64,
    replies: u64,
    /// What comes over this connection may answer something else.
    distrusted: bool,
    /// The present connection speaks RESP3.
    resp3: bool,
    /// It is for subscribers only, so that in RESP2 arrays may stand for pushes.
    arrays: bool,
    /// When bytes came last.
    heard: Micros,
    /// Who listens to what; most links have nobody who does.
    subscriptions: Option<Box<Subscriptions>>,
}

impl Link {
    /// A link that is not connected yet.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            phase: Phase::Connecting,
            inflight: Inflight::new(),
            spares: Spares::default(),
            limits: config.queue().clone(),
            silence: Silence::new(config.liveness()),
            alarm: NEVER,
            room: VecDeque::new(),
            room_places: 0,
            last_failure: None,
            pushes: 0,
            replies: 0,
            distrusted: false,
            resp3: false,
            arrays: false,
            heard: 0,
            subscriptions: None,
        }
    }

    /// Where the link is in its life.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Commands without a reply.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.inflight.len()
    }

    /// Bytes of commands without a reply.
    #[must_use]
    pub const fn queued_bytes(&self) -> u64 {
        self.inflight.outbox.queued()
    }

    /// Messages that answered no command.
    #[must_use]
    pub const fn pushes(&self) -> u64 {
        self.pushes
    }

    /// Replies that came, probes included.
    #[must_use]
    pub const fn replies(&self) -> u64 {
        self.replies
    }
}

/// What the peer sent can't be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anomaly {
    /// It is no RESP.
    Protocol(ProtocolError),
    /// It answers nothing.
    Unexpected,
}

impl From<ProtocolError> for Anomaly {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}

impl From<Unexpected> for Anomaly {
    fn from(_: Unexpected) -> Self {
        Self::Unexpected
    }
}

impl std::fmt::Display for Anomaly {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Protocol(error) => error.fmt(f),
            Self::Unexpected => f.write_str("the server sent a reply that no command had asked for"),
        }
    }
}
