//! Owns the rows about commands on their way: retries, reconnecting, pool, queue, reply limits, client-side cache.

use super::super::cache::{CacheMode, CacheOptions};
use super::super::cast;
use super::super::option::{BadValue, OptionSpec};
use super::super::queue::WhenFull;
use super::super::retry::Retry;
use super::super::settings::Settings;
use super::{BOOLEAN, BYTES, COUNT, OPTIONAL_SECONDS, row};

const BACKOFF: &str = "`none`, `constant:0.1`, or `exponential`, `full_jitter`, `equal_jitter`, `decorrelated_jitter` with first and longest pause: `equal_jitter:0.02:1`";

pub(super) const ROWS: &[OptionSpec] = &[
    row("retry_attempts", COUNT, "`3`", "Tries of one command in all; 1 retries nothing.", |s, text| {
        s.retry.attempts = cast::count(text)?;
        Ok(())
    }),
    row("retry_budget", OPTIONAL_SECONDS, "`none`", "Time for all tries of one command.", |s, text| {
        s.retry.budget = cast::optional_seconds(text)?;
        Ok(())
    }),
    row("retry_backoff", BACKOFF, "`equal_jitter:0.02:1`", "The pause between tries.", |s, text| {
        s.retry.backoff = cast::backoff(text)?;
        Ok(())
    }),
    row(
        "retry_on_timeout",
        BOOLEAN,
        "`false`",
        "Retries also writes whose reply did not come in time; they may run twice.",
        |s, text| {
            s.retry.on_timeout = cast::boolean(text)?;
            Ok(())
        },
    ),
    row(
        "retry_on_error",
        "server error codes parted by commas, such as `BUSY,OOM`; also `TimeoutError`, `ConnectionError`",
        "none",
        "Errors to retry besides those of passing server states.",
        retry_on_error,
    ),
    row("connect_attempts", COUNT, "`1`", "Tries to open the very first connection.", |s, text| {
        s.reconnect.first_attempts = cast::count(text)?;
        Ok(())
    }),
    row(
        "reconnect_attempts",
        "a whole number of at least 1, or `none`",
        "`none`",
        "Tries to open a lost connection again; `none` never gives up.",
        |s, text| {
            s.reconnect.attempts = cast::optional_count(text)?;
            Ok(())
        },
    ),
    row(
        "reconnect_backoff",
        BACKOFF,
        "`equal_jitter:0.05:5`",
        "The pause between tries to connect.",
        |s, text| {
            s.reconnect.backoff = cast::backoff(text)?;
            Ok(())
        },
    ),
    row("connections", COUNT, "`1`", "Connections shared by all ordinary commands.", |s, text| {
        s.pool.connections = cast::count(text)?;
        Ok(())
    }),
    row(
        "single_connection_client",
        BOOLEAN,
        "`false`",
        "Sends everything over one connection.",
        |s, text| {
            s.pool.single_connection = cast::boolean(text)?;
            Ok(())
        },
    )
    .or(&["single_connection"]),
    row("max_connections", COUNT, "`20`", "Dedicated connections at one time.", |s, text| {
        s.pool.max_connections = cast::count(text)?;
        Ok(())
    }),
    row("min_idle", "a number from 0", "`0`", "Idle dedicated connections kept ready.", |s, text| {
        s.pool.min_idle = cast::number(text)?;
        Ok(())
    }),
    row(
        "pool_timeout",
        "seconds such as `2.5`, `forever`, or `fail`",
        "`5`",
        "What a call does when all dedicated connections are out: wait, or fail at once.",
        |s, text| {
            s.pool.wait = cast::wait(text)?;
            Ok(())
        },
    ),
    row(
        "idle_limit",
        OPTIONAL_SECONDS,
        "`300`",
        "Closes a dedicated connection idle for this long.",
        |s, text| {
            s.pool.idle_limit = cast::optional_seconds(text)?;
            Ok(())
        },
    ),
    row(
        "lifetime_limit",
        OPTIONAL_SECONDS,
        "`none`",
        "Closes a dedicated connection of this age.",
        |s, text| {
            s.pool.lifetime_limit = cast::optional_seconds(text)?;
            Ok(())
        },
    ),
    row(
        "queue_max_bytes",
        BYTES,
        "`64mb`",
        "Bytes that may wait to be written on one connection.",
        |s, text| {
            s.queue.max_bytes = cast::bytes(text)?;
            Ok(())
        },
    ),
    row("queue_max_entries", COUNT, "`1000000`", "Commands without a reply on one connection.", |s, text| {
        s.queue.max_entries = cast::count(text)?;
        Ok(())
    }),
    row(
        "queue_when_full",
        "`wait` or `fail`",
        "`wait`",
        "What a command does that finds the queue full.",
        |s, text| {
            s.queue.when_full = match text.to_ascii_lowercase().as_str() {
                "wait" => WhenFull::Wait,
                "fail" => WhenFull::Fail,
                _ => return Err(BadValue(None)),
            };
            Ok(())
        },
    ),
    row("max_bulk_bytes", BYTES, "`512mb`", "The longest string accepted in a reply.", |s, text| {
        s.limits.bulk = cast::bytes(text)?;
        Ok(())
    }),
    row(
        "max_elements",
        COUNT,
        "`1073741824`",
        "The most elements accepted in one aggregate of a reply.",
        |s, text| {
            s.limits.elements = cast::count(text)?;
            Ok(())
        },
    ),
    row("max_depth", COUNT, "`128`", "How deep a reply may nest.", |s, text| {
        s.limits.depth = cast::count(text)?;
        Ok(())
    }),
    row("client_cache", BOOLEAN, "`false`", "Caches replies in this process.", |s, text| {
        let cache = s.cache.take().unwrap_or_default();
        s.cache = cast::boolean(text)?.then_some(cache);
        Ok(())
    }),
    row(
        "cache_mode",
        "`tracking`, `broadcast` or `opt_in`",
        "`tracking`",
        "How the server learns what is cached.",
        cache_mode,
    ),
    row(
        "cache_prefixes",
        "key prefixes parted by commas",
        "none",
        "The prefixes of the broadcast mode, which this switches on.",
        |s, text| {
            cache(s).mode = CacheMode::Broadcast(cast::list(text));
            Ok(())
        },
    ),
    row("cache_max_entries", COUNT, "`10000`", "Entries cached at most.", |s, text| {
        cache(s).max_entries = cast::count(text)?;
        Ok(())
    })
    .or(&["cache_max_size"]),
    row("cache_max_bytes", BYTES, "`64mb`", "Bytes cached at most.", |s, text| {
        cache(s).max_bytes = cast::bytes(text)?;
        Ok(())
    }),
    row(
        "cache_ttl",
        OPTIONAL_SECONDS,
        "`none`",
        "Forgets an entry after this long in any case.",
        |s, text| {
            cache(s).ttl = cast::optional_seconds(text)?;
            Ok(())
        },
    ),
];

/// The cache's options; naming one of them switches the cache on.
fn cache(settings: &mut Settings) -> &mut CacheOptions {
    settings.cache.get_or_insert_default()
}

fn cache_mode(settings: &mut Settings, text: &str) -> Result<(), BadValue> {
    let mode = &mut cache(settings).mode;
    *mode = match text.to_ascii_lowercase().replace('-', "_").as_str() {
        "tracking" => CacheMode::Tracking,
        "opt_in" => CacheMode::OptIn,
        // Prefixes that stand there already are meant for this mode.
        "broadcast" => match std::mem::take(mode) {
            CacheMode::Broadcast(prefixes) => CacheMode::Broadcast(prefixes),
            _ => CacheMode::Broadcast(Vec::new()),
        },
        _ => return Err(BadValue(None)),
    };
    Ok(())
}

fn retry_on_error(settings: &mut Settings, text: &str) -> Result<(), BadValue> {
    let mut named = Retry::none();
    for name in cast::list(text) {
        named = named.on_error(&name);
    }
    let fit = |code: &String| code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    // A class of the reference that is none of those known would otherwise wait in vain for a code of that name.
    if !named.on_codes.iter().all(|code| fit(code) && !code.ends_with("ERROR")) {
        return Err(BadValue(None));
    }
    settings.retry.on_codes = named.on_codes;
    settings.retry.on_connection_loss = named.on_connection_loss;
    settings.retry.on_timeout |= named.on_timeout;
    Ok(())
}
