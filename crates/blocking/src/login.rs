//! New credentials for connections that are open: they log in again, without being closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use carnelian_command::{Command, spec};
use carnelian_core::config::{ChangeListener, Credentials};
use carnelian_core::connection::{Delivery, Phase};
use carnelian_core::{Error, ErrorKind, Event, Options, Result};

use crate::lane::{Ending, Lane};
use crate::node::Node;
use crate::shared::Shared;

/// Notices when the credentials change, for as long as it lives.
pub(crate) struct Renewal {
    changed: Arc<AtomicBool>,
    /// The provider's listener lives as long as this does.
    _listener: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl Renewal {
    /// Has the housekeeper woken whenever the credentials change.
    pub(crate) fn watch(node: &Arc<Node>) -> Self {
        let changed = Arc::new(AtomicBool::new(false));
        let listener = node.config.credential_provider().map(|provider| {
            let (flag, node) = (Arc::clone(&changed), Arc::downgrade(node));
            let listener: Arc<dyn Fn() + Send + Sync> = Arc::new(move || {
                flag.store(true, Ordering::Relaxed);
                if let Some(node) = node.upgrade() {
                    node.bell.ring();
                }
            });
            provider.listen(ChangeListener::new(&listener));
            listener
        });
        Self { changed, _listener: listener }
    }

    pub(crate) fn is_due(&self) -> bool {
        self.changed.swap(false, Ordering::Relaxed)
    }

    /// Has the shared connections log in again. Dedicated ones are closed instead, as soon as nobody uses them: they may be
    /// in the middle of something.
    pub(crate) fn log_in_again(&self, shared: &Shared) {
        let Some(provider) = shared.node.config.credential_provider() else { return };
        shared.pool().disconnect(true);
        let version = provider.version();
        let credentials = match provider.credentials() {
            Ok(credentials) => credentials,
            Err(error) => {
                tracing::warn!(server = %shared.node.address, %error, "no new credentials to log in with");
                return;
            }
        };
        if !proven(shared) {
            return;
        }
        for lane in shared.lanes().filter(|lane| is_behind(lane, version)) {
            match authenticate(lane, &credentials) {
                Ok(()) => {
                    lane.lock().login_version = version;
                    shared.node.tell(&Event::Reauthenticated);
                }
                Err(error) => {
                    tracing::warn!(server = %shared.node.address, %error, "could not log in again with new credentials");
                    // Whether the server answered that is not sure: the connection can't be trusted.
                    lane.lock().broken = Some(Ending::because("it could not log in again"));
                }
            }
        }
    }
}

/// True when a fresh connection could log in. Credentials that are refused are never tried on a connection in use:
/// Redis 8.6 at times does not answer a refused AUTH that comes right behind another command, and then every later reply
/// would go to the wrong caller.
fn proven(shared: &Shared) -> bool {
    match shared.node.connector.connect(None, &AtomicBool::new(false)) {
        Ok(_) => true,
        Err(error) => {
            tracing::warn!(server = %shared.node.address, %error, "could not log in again with new credentials");
            false
        }
    }
}

/// A connection that is being made will log in with the new credentials anyway.
fn is_behind(lane: &Lane, version: u64) -> bool {
    let guarded = lane.lock();
    guarded.link.phase() == Phase::Ready && guarded.login_version < version
}

fn authenticate(lane: &Lane, credentials: &Credentials) -> Result<()> {
    let mut command = Command::<()>::new(&spec::AUTH);
    if let Some(username) = &credentials.username {
        command = command.arg(username);
    }
    let request = command.arg(credentials.password.expose()).into_request();
    let now = lane.node.clock.now();
    let call = Options::NONE.call(&lane.node.config, &request, now);
    match lane.call_to_keep(&request, call, now) {
        Ok(Delivery::Reply(held)) => {
            match held.decode::<String>().0.map_err(|error| Error::decode(request.facts(), error))?.as_str() {
                "OK" => Ok(()),
                _ => Err(Error::new(ErrorKind::Protocol, "AUTH was answered with what is no answer to it")),
            }
        }
        Ok(Delivery::Lost { sent }) => Err(lane.lost_error(sent)),
        Ok(Delivery::TimedOut(report)) => Err(Error::timeout(*report)),
        Ok(Delivery::Closed | Delivery::Gathered(_)) | Err(_) => Err(lane.closed_error()),
    }
}
