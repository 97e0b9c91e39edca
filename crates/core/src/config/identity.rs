//! Owns [`Identity`]: who the client says it is, and what it asks for, on every new connection.

use std::fmt;

use super::secret::Secret;

/// What every new connection says first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// The ACL user; `None` is the server's default user.
    pub username: Option<String>,
    /// The password; `None` sends no `AUTH`.
    pub password: Option<Secret>,
    /// The database to select. 0 unless set.
    pub db: u32,
    /// Which protocol to speak.
    pub protocol: Protocol,
    /// The name in `CLIENT LIST` (`CLIENT SETNAME`). None unless set.
    pub client_name: Option<String>,
    /// The library's name in `CLIENT LIST` (`CLIENT SETINFO`). `carnelian` unless set; `None` sends none.
    pub lib_name: Option<String>,
    /// The library's version in `CLIENT LIST`. This crate's unless set; `None` sends none.
    pub lib_version: Option<String>,
    /// Commands to send right after the handshake, in order.
    pub on_connect: OnConnect,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            username: None,
            password: None,
            db: 0,
            protocol: Protocol::default(),
            client_name: None,
            lib_name: Some("carnelian".to_owned()),
            lib_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            on_connect: OnConnect::default(),
        }
    }
}

/// The version of the wire protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// RESP3 where the server has it, else RESP2. The default.
    #[default]
    Auto,
    /// RESP2 always.
    Resp2,
    /// RESP3 or an error.
    Resp3,
}

/// Commands sent on every new connection right after the handshake; one that fails fails the connect.
///
/// `Debug` shows each command's name and number of arguments only, since an argument may be a secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OnConnect(Vec<Vec<Vec<u8>>>);

impl OnConnect {
    /// The commands, each as its name and arguments.
    #[must_use]
    pub fn commands(&self) -> &[Vec<Vec<u8>>] {
        &self.0
    }

    /// Adds a command; one without any words is left out.
    pub(crate) fn push<A: Into<Vec<u8>>>(&mut self, words: impl IntoIterator<Item = A>) {
        let words: Vec<Vec<u8>> = words.into_iter().map(Into::into).collect();
        if !words.is_empty() {
            self.0.push(words);
        }
    }
}

impl fmt::Debug for OnConnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for words in &self.0 {
            let name = words.first().map(|name| String::from_utf8_lossy(name)).unwrap_or_default();
            list.entry(&format_args!("{name} with {} arguments", words.len().saturating_sub(1)));
        }
        list.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_commands_hides_arguments() {
        let mut commands = OnConnect::default();
        commands.push(["AUTH", "hunter2"]);
        commands.push(Vec::<Vec<u8>>::new());
        assert_eq!(format!("{commands:?}"), "[AUTH with 1 arguments]");
        assert_eq!(commands.commands().len(), 1);
    }
}
