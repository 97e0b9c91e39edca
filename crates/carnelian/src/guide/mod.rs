//! The guide: one chapter for each subject, with examples that run as tests against a real server.
//!
//! | chapter | answers |
//! |---|---|
//! | [`connecting`] | how to say where the server is; what a URL can hold |
//! | [`config`] | where settings come from, and which wins |
//! | [`values`] | what can be an argument, what a reply becomes |
//! | [`pipelines`] | many commands at once, over one connection |
//! | [`transactions`] | commands that run as one, also where they depend on what is there |
//! | [`scripts`] | code that decides on the server |
//! | [`waiting`] | BLPOP and its kin: commands that wait on the server |
//! | [`streams`] | logs of entries, and consumers that share the work on them |
//! | [`pubsub`] | messages to whoever listens |
//! | [`keyspace_events`] | what happens to keys; handlers for those whose time is up |
//! | [`errors`] | what went wrong, and may it have happened all the same? |
//! | [`timeouts`] | how long a command may take, and why it took longer |
//! | [`retries`] | what is tried again by itself, and what is not |
//! | [`pool`] | connections of your own, and how many there are |
//! | [`blocking`] | the same client without `async` |
//! | [`fail_soft`] | going on without the server |
//! | [`process_wide`] | one client for the whole program |
//! | [`events`] | watching the connection; closing |
//! | [`credentials`] | passwords that change |
//! | [`tls`] | certificates, of the server and of your own |
//! | [`raw_commands`] | commands by hand, groups of your own, other readings of replies |
//!
//! Each chapter has a longer program in the repository's folder `examples`.

#[doc = include_str!("connecting.md")]
pub mod connecting {}

#[doc = include_str!("config.md")]
pub mod config {}

#[doc = include_str!("values.md")]
pub mod values {}

#[doc = include_str!("pipelines.md")]
pub mod pipelines {}

#[doc = include_str!("transactions.md")]
pub mod transactions {}

#[doc = include_str!("scripts.md")]
pub mod scripts {}

#[doc = include_str!("waiting.md")]
pub mod waiting {}

#[doc = include_str!("streams.md")]
pub mod streams {}

#[doc = include_str!("pubsub.md")]
pub mod pubsub {}

#[doc = include_str!("keyspace_events.md")]
pub mod keyspace_events {}

#[doc = include_str!("errors.md")]
pub mod errors {}

#[doc = include_str!("timeouts.md")]
pub mod timeouts {}

#[doc = include_str!("retries.md")]
pub mod retries {}

#[doc = include_str!("pool.md")]
pub mod pool {}

#[doc = include_str!("blocking.md")]
pub mod blocking {}

#[doc = include_str!("fail_soft.md")]
pub mod fail_soft {}

#[doc = include_str!("process_wide.md")]
pub mod process_wide {}

#[doc = include_str!("events.md")]
pub mod events {}

#[doc = include_str!("credentials.md")]
pub mod credentials {}

#[doc = include_str!("tls.md")]
pub mod tls {}

#[doc = include_str!("raw_commands.md")]
pub mod raw_commands {}
