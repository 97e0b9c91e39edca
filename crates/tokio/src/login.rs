//! New credentials for connections that are open: they log in again, without being closed.

use std::sync::Arc;

use carnelian_command::{Command, spec};
use carnelian_core::config::{ChangeListener, Credentials};
use carnelian_core::connection::Phase;
use carnelian_core::{Error, ErrorKind, Event, Result};
use tokio::sync::Notify;

use crate::lane::Lane;
use crate::pending::Pending;
use crate::shared::Shared;
use crate::target::Target;

/// Has the shared connections log in again whenever the credentials change. Dedicated ones are closed instead, as soon as
/// nobody uses them: they may be in the middle of something.
pub(crate) fn renew(shared: &Arc<Shared>) {
    let Some(provider) = shared.node.config.credential_provider().cloned() else { return };
    let changed = Arc::new(Notify::new());
    let bell = Arc::clone(&changed);
    let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(move || bell.notify_one());
    provider.listen(ChangeListener::new(&wake));
    let shared = Arc::downgrade(shared);
    tokio::spawn(async move {
        // The listener lives as long as this task keeps `wake`.
        let _wake = wake;
        loop {
            let ring = tokio::time::timeout(std::time::Duration::from_secs(1), changed.notified()).await;
            let Some(shared) = shared.upgrade() else { return };
            if ring.is_ok() {
                log_in_again(&shared).await;
            }
        }
    });
}

async fn log_in_again(shared: &Shared) {
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
    if !proven(shared).await {
        return;
    }
    for lane in shared.lanes().filter(|lane| is_behind(lane, version)) {
        match authenticate(shared, lane, &credentials).await {
            Ok(()) => {
                lane.lock().login_version = version;
                shared.node.tell(Event::Reauthenticated);
            }
            Err(error) => {
                tracing::warn!(server = %shared.node.address, %error, "could not log in again with new credentials");
                // Whether the server answered that is not sure: the connection can't be trusted.
                lane.distrust();
            }
        }
    }
}

/// True when a fresh connection could log in. Credentials that are refused are never tried on a connection in use:
/// Redis 8.6 at times does not answer a refused AUTH that comes right behind another command, and then every later reply
/// would go to the wrong caller.
async fn proven(shared: &Shared) -> bool {
    match shared.node.connector.connect().await {
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

async fn authenticate(shared: &Shared, lane: &Lane, credentials: &Credentials) -> Result<()> {
    let mut command = Command::<String>::new(&spec::AUTH);
    if let Some(username) = &credentials.username {
        command = command.arg(username);
    }
    let command = command.arg(credentials.password.expose());
    match Pending::new(Target::Lane(shared, lane), command).await?.as_str() {
        "OK" => Ok(()),
        _ => Err(Error::new(ErrorKind::Protocol, "AUTH was answered with what is no answer to it")),
    }
}
