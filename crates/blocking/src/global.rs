//! One client for the whole process, for programs that don't want to pass it around.

use carnelian_core::config::Config;
use carnelian_core::{Error, ErrorKind, Result};
use parking_lot::{Mutex, RwLock};

use crate::client::Client;

static CLIENT: RwLock<Option<Client>> = RwLock::new(None);

/// Held while the first connection is made, so that there is only one however many ask for it.
static OPENING: Mutex<()> = Mutex::new(());

/// Connects the client of the process. If there is one already, that one is returned and `config` is not looked at.
///
/// # Errors
///
/// The config is wrong, or no connection could be made; the next call tries again.
pub fn init(config: impl TryInto<Config, Error: Into<Error>>) -> Result<Client> {
    let _opening = OPENING.lock();
    if let Some(client) = CLIENT.read().clone() {
        return Ok(client);
    }
    let client = Client::connect(config)?;
    *CLIENT.write() = Some(client.clone());
    Ok(client)
}

/// The client of the process.
///
/// # Errors
///
/// [`init`] has not been called, or [`close`] has.
pub fn global() -> Result<Client> {
    CLIENT.read().clone().ok_or_else(|| {
        Error::new(
            ErrorKind::Config,
            "there is no client of the process yet: call `init(\"redis://…\")` when the program starts",
        )
    })
}

/// Finishes the commands under way and closes the client of the process. Afterwards [`init`] makes a new one.
pub fn close() {
    let client = CLIENT.write().take();
    if let Some(client) = client {
        client.close();
    }
}
