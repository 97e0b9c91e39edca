//! How one command differs from the client's config, and what follows from both for the queue of a connection.

use std::time::Duration;

use carnelian_command::Request;

use crate::config::{Config, Retry};
use crate::connection::liveness::as_micros;
use crate::connection::{Call, Micros, NEVER};
use crate::route;

/// How one command differs from the client's config.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `Some(None)`: no deadline.
    pub timeout: Option<Option<Duration>>,
    /// Another retry policy.
    pub retry: Option<Box<Retry>>,
    /// Running it twice does no harm.
    pub idempotent: bool,
}

impl Options {
    /// As the config says.
    pub const NONE: Self = Self { timeout: None, retry: None, idempotent: false };

    /// As the config says, but by `deadline` at the latest.
    #[must_use]
    pub fn until(deadline: Micros, config: &Config, now: Micros) -> Self {
        if deadline == NEVER {
            return Self::NONE;
        }
        let left = Duration::from_micros(deadline.saturating_sub(now));
        let sooner = config.timeouts().command.is_none_or(|timeout| left < timeout);
        Self { timeout: sooner.then_some(Some(left)), ..Self::NONE }
    }

    /// The same for what is to be done now instead of a command that was begun `ago`: what is left of its time.
    #[must_use]
    pub fn instead(&self, config: &Config, ago: Duration) -> Self {
        let left = self.timeout(config).map(|timeout| timeout.saturating_sub(ago));
        Self { timeout: Some(left), ..self.clone() }
    }

    /// The retry policy in force.
    #[inline]
    #[must_use]
    pub fn policy<'a>(&'a self, config: &'a Config) -> &'a Retry {
        self.retry.as_deref().unwrap_or_else(|| config.retry_policy())
    }

    /// How long the command has; `None`: for ever.
    #[inline]
    #[must_use]
    pub fn timeout(&self, config: &Config) -> Option<Duration> {
        self.timeout.unwrap_or_else(|| config.timeouts().command)
    }

    /// How a link is to treat a command that starts now.
    #[inline]
    #[must_use]
    pub fn call(&self, config: &Config, request: &Request, now: Micros) -> Call {
        let mut call = self.batch_call(config, now);
        call.repeatable = call.repeatable || route::is_repeatable(request);
        call
    }

    /// How a link is to treat a batch that starts now. What only reads in it may be sent again in any case.
    #[inline]
    #[must_use]
    pub fn batch_call(&self, config: &Config, now: Micros) -> Call {
        let policy = self.policy(config);
        let mut call = Call::once();
        call.made = now;
        call.deadline = self.timeout(config).map_or(NEVER, |timeout| now.saturating_add(as_micros(timeout)));
        call.repeatable = self.idempotent || policy.on_connection_loss;
        call.tries = u8::try_from(policy.attempts).unwrap_or(u8::MAX);
        call
    }

    /// Like [`call`](Self::call), for a command that may wait on the server by its nature: it obeys its own timeout, unless
    /// the caller gave it one.
    #[must_use]
    pub fn patient_call(&self, config: &Config, request: &Request, now: Micros) -> Call {
        let mut call = self.call(config, request, now);
        if route::waits(request) {
            call.waits = true;
            if self.timeout.is_none() {
                call.deadline = NEVER;
            }
        }
        call
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use carnelian_command::{Build, RawCommands as _};

    fn request(line: &str) -> Request {
        let mut words = line.split(' ');
        let raw = Build.command(words.next().unwrap());
        words.fold(raw, carnelian_command::Raw::arg).run::<()>().into_request()
    }

    #[test]
    fn a_command_obeys_the_config_unless_it_was_told_otherwise() {
        let config =
            Config::default().command_timeout(Duration::from_secs(1)).retry(Retry::new().attempts(2));
        let call = Options::NONE.call(&config, &request("INCR k"), 5);
        assert_eq!((call.deadline, call.repeatable, call.tries), (1_000_005, false, 2));
        let own = Options {
            timeout: Some(Some(Duration::from_millis(2))),
            retry: Some(Box::new(Retry::none())),
            idempotent: true,
        };
        let call = own.call(&config, &request("INCR k"), 5);
        assert_eq!((call.deadline, call.repeatable, call.tries), (2_005, true, 1));
        assert!(Options::NONE.call(&config, &request("GET k"), 0).repeatable);
    }

    #[test]
    fn a_part_of_something_has_what_is_left_of_its_time() {
        let config = Config::default().command_timeout(Duration::from_secs(1));
        let left = |deadline| Options::until(deadline, &config, 1_000_000).timeout(&config);
        assert_eq!(left(NEVER), Some(Duration::from_secs(1)));
        assert_eq!(left(9_000_000), Some(Duration::from_secs(1)));
        assert_eq!(left(1_200_000), Some(Duration::from_millis(200)));
        assert_eq!(left(900_000), Some(Duration::ZERO));
        let rest = Options::NONE.instead(&config, Duration::from_millis(400));
        assert_eq!(rest.timeout(&config), Some(Duration::from_millis(600)));
        let patient = Options { timeout: Some(None), ..Options::NONE };
        assert_eq!(patient.instead(&config, Duration::from_secs(9)).timeout(&config), None);
    }

    #[test]
    fn waiting_commands_have_a_deadline_only_if_they_were_given_one() {
        let config = Config::default();
        let call = Options::NONE.patient_call(&config, &request("BLPOP k 0"), 0);
        assert_eq!((call.waits, call.deadline), (true, NEVER));
        let own = Options { timeout: Some(Some(Duration::from_secs(1))), ..Options::NONE };
        assert_eq!(own.patient_call(&config, &request("BLPOP k 0"), 0).deadline, 1_000_000);
        assert!(!Options::NONE.patient_call(&config, &request("GET k"), 0).waits);
    }
}
