//! Owns [`Liveness`]: when a connection is asked for a sign of life, and when its silence means death.

use std::time::Duration;

/// How a dead peer behind an open socket is found.
///
/// A connection from which nothing has come for [`health_check_interval`](Self::health_check_interval) is sent a `PING`, and one
/// that then stays wholly silent until [`silence_limit`](Self::silence_limit) is closed. Any byte that arrives is progress: a slow,
/// large reply is not silence. A command that waits on the server (`BLPOP`) is silent by its nature: what the client's other
/// connections hear of the server decides for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Liveness {
    /// Silence after which a `PING` is sent. 2 s unless set; `None` sends none.
    pub health_check_interval: Option<Duration>,
    /// Silence that means death, where the user has said so; read it through [`silence_limit`](Self::silence_limit).
    pub timeout: Option<Duration>,
}

impl Liveness {
    /// Total silence after which a connection counts as dead: the `timeout` that was set, else twice the interval and half a
    /// second more (4.5 s with the default interval), else never.
    #[must_use]
    pub fn silence_limit(&self) -> Option<Duration> {
        self.timeout.or_else(|| {
            let interval = self.health_check_interval?;
            Some(interval.saturating_mul(2).saturating_add(Duration::from_millis(500)))
        })
    }
}

impl Default for Liveness {
    fn default() -> Self {
        Self { health_check_interval: Some(Duration::from_secs(2)), timeout: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_limit_follows_the_interval_unless_set() {
        let mut liveness = Liveness::default();
        assert_eq!(liveness.silence_limit(), Some(Duration::from_millis(4500)));
        liveness.health_check_interval = Some(Duration::from_secs(30));
        assert_eq!(liveness.silence_limit(), Some(Duration::from_millis(60_500)));
        liveness.timeout = Some(Duration::from_secs(40));
        assert_eq!(liveness.silence_limit(), Some(Duration::from_secs(40)));
        assert_eq!(Liveness { health_check_interval: None, timeout: None }.silence_limit(), None);
    }
}
