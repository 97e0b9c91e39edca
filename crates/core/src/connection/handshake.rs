//! What is said first on a fresh connection.
//!
//! ```text
//!           HELLO 3 [AUTH] [SETNAME], CLIENT SETINFO …, SELECT, PING
//!   Hello ────────────────────────────────────────────────────────────► all answered ──► Extras ──► Done
//!     │                                                                     ▲  on-connect commands
//!     │  the server knows no HELLO or no RESP3 (and it is not insisted on)  │
//!     └──────────► Plain: AUTH, CLIENT SETNAME, SETINFO …, SELECT, PING ────┘
//! ```
//!
//! Each stage is one write and one wave of replies, so that a connection to a server of today costs one round trip.

use std::borrow::Borrow;
use std::collections::VecDeque;

use carnelian_command::{FromReply, Request, ServerError, Value, spec};
use carnelian_resp::{Reader, Token};

use crate::config::{Config, Credentials, Protocol};
use crate::error::{Error, ErrorKind, ServerCode};

/// What the server said of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Greeting {
    /// RESP3 is spoken; else RESP2.
    pub resp3: bool,
    /// `redis` or `valkey`; empty when the server is too old to tell.
    pub server: String,
    /// The server's version; empty when it is too old to tell.
    pub version: String,
    /// The connection's id at the server.
    pub id: Option<i64>,
}

/// What to do next.
#[derive(Debug)]
pub enum Step {
    /// Write these bytes, then read on.
    Send(Vec<u8>),
    /// Read on.
    Wait,
    /// The connection is ready.
    Done(Greeting),
}

/// Which reply is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Hello,
    Auth,
    Name,
    /// The server may not know it; nothing depends on it.
    Info,
    Select,
    Ping,
    OnConnect,
}

/// The talk on a fresh connection until it can be used. `C`: a config, lent or shared.
#[derive(Debug)]
pub struct Handshake<C> {
    config: C,
    login: Option<Credentials>,
    awaited: VecDeque<Said>,
    greeting: Greeting,
    /// HELLO was refused in a way that the older commands may do better.
    fall_back: bool,
    extras_sent: bool,
    failure: Option<Error>,
}

impl<C: Borrow<Config>> Handshake<C> {
    /// A talk that logs in with these credentials.
    #[must_use]
    pub const fn new(config: C, login: Option<Credentials>) -> Self {
        Self {
            config,
            login,
            awaited: VecDeque::new(),
            greeting: Greeting { resp3: false, server: String::new(), version: String::new(), id: None },
            fall_back: false,
            extras_sent: false,
            failure: None,
        }
    }

    /// The first bytes to write.
    pub fn start(&mut self) -> Vec<u8> {
        let config: &Config = self.config.borrow();
        let mut out = Vec::with_capacity(256);
        if config.identity().protocol == Protocol::Resp2 {
            self.plain(&mut out);
        } else {
            self.hello(&mut out);
        }
        out
    }

    fn say(awaited: &mut VecDeque<Said>, said: Said, request: &Request, out: &mut Vec<u8>) {
        request.write(out);
        awaited.push_back(said);
    }

    fn hello(&mut self, out: &mut Vec<u8>) {
        let config: &Config = self.config.borrow();
        let mut hello = Request::new(&spec::HELLO);
        hello.push(3);
        if let Some(login) = &self.login {
            hello.push("AUTH");
            hello.push(login.username.as_deref().unwrap_or("default"));
            hello.push(login.password.expose());
        }
        if let Some(name) = &config.identity().client_name {
            hello.push("SETNAME");
            hello.push(name);
        }
        Self::say(&mut self.awaited, Said::Hello, &hello, out);
        self.common(out);
    }

    fn plain(&mut self, out: &mut Vec<u8>) {
        let config: &Config = self.config.borrow();
        if let Some(login) = self.login.clone() {
            Self::say(&mut self.awaited, Said::Auth, &auth(&login), out);
        }
        if let Some(name) = &config.identity().client_name {
            let mut request = Request::new(&spec::CLIENT_SETNAME);
            request.push(name);
            Self::say(&mut self.awaited, Said::Name, &request, out);
        }
        self.common(out);
    }

    /// What follows the login either way.
    fn common(&mut self, out: &mut Vec<u8>) {
        let config: &Config = self.config.borrow();
        let identity = config.identity();
        let infos = [("LIB-NAME", &identity.lib_name), ("LIB-VER", &identity.lib_version)];
        for (what, value) in infos.into_iter().filter_map(|(what, value)| Some((what, value.as_ref()?))) {
            let mut request = Request::new(&spec::CLIENT_SETINFO);
            request.push(what);
            request.push(value);
            Self::say(&mut self.awaited, Said::Info, &request, out);
        }
        if identity.db != 0 {
            let mut select = Request::new(&spec::SELECT);
            select.push(identity.db);
            Self::say(&mut self.awaited, Said::Select, &select, out);
        }
        Self::say(&mut self.awaited, Said::Ping, &Request::new(&spec::PING), out);
    }

    /// Takes the next reply.
    ///
    /// # Errors
    ///
    /// The server does not let us in, or what was asked for can't be had. Close the connection.
    pub fn reply(&mut self, frame: &[u8]) -> Result<Step, Error> {
        let token =
            Reader::new(frame).token().map_err(|error| Error::new(ErrorKind::Protocol, error.to_string()))?;
        if let Token::Push(_) = token {
            return Ok(Step::Wait);
        }
        let Some(said) = self.awaited.pop_front() else {
            return Err(Error::new(
                ErrorKind::Protocol,
                "the server sent a reply that no command had asked for",
            ));
        };
        match token {
            Token::Error(line) => self.refused(said, &ServerError::new(line)),
            _ if said == Said::Hello => self.greeted(frame)?,
            _ => {}
        }
        if !self.awaited.is_empty() {
            return Ok(Step::Wait);
        }
        self.next_stage()
    }

    fn next_stage(&mut self) -> Result<Step, Error> {
        let config: &Config = self.config.borrow();
        let mut out = Vec::new();
        if std::mem::take(&mut self.fall_back) {
            self.failure = None;
            self.plain(&mut out);
            return Ok(Step::Send(out));
        }
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        if !self.extras_sent && !config.identity().on_connect.commands().is_empty() {
            self.extras_sent = true;
            for words in config.identity().on_connect.commands() {
                let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
                Self::say(&mut self.awaited, Said::OnConnect, &Request::unknown(&words), &mut out);
            }
            return Ok(Step::Send(out));
        }
        Ok(Step::Done(self.greeting.clone()))
    }

    fn greeted(&mut self, frame: &[u8]) -> Result<(), Error> {
        let fields = Vec::<(String, Value)>::from_reply(&mut Reader::new(frame)).map_err(|error| {
            Error::new(ErrorKind::Protocol, format!("the reply to HELLO is malformed: {error}"))
        })?;
        for (field, value) in fields {
            match field.as_str() {
                "proto" => self.greeting.resp3 = value == Value::Integer(3),
                "server" => self.greeting.server = value.into_typed().unwrap_or_default(),
                "version" => self.greeting.version = value.into_typed().unwrap_or_default(),
                "id" => self.greeting.id = value.into_typed().ok(),
                _ => {}
            }
        }
        Ok(())
    }

    /// Notes the first refusal that matters; the others follow from it.
    fn refused(&mut self, said: Said, error: &ServerError) {
        let config: &Config = self.config.borrow();
        let code = ServerCode::of(error);
        if said == Said::Hello && config.identity().protocol == Protocol::Auto && is_old(code) {
            self.fall_back = true;
        }
        if said == Said::Info || self.failure.is_some() {
            return;
        }
        self.failure = Some(self.explain(said, code, error));
    }

    fn explain(&self, said: Said, code: ServerCode, error: &ServerError) -> Error {
        let denied = matches!(code, ServerCode::NoAuth | ServerCode::WrongPass | ServerCode::NoPerm);
        let (kind, advice) = match said {
            Said::Hello | Said::Auth if denied => {
                (ErrorKind::Authentication, "check the user and the password of the URL or the config")
            }
            Said::Auth => (ErrorKind::Authentication, "does the server have a password or users at all?"),
            Said::Hello => {
                (ErrorKind::Config, "RESP3 was insisted on; let the protocol be chosen, or take 2")
            }
            Said::Select => (ErrorKind::Config, "check the number of the database"),
            Said::OnConnect => (ErrorKind::Config, "check the on-connect commands"),
            Said::Ping if denied => (ErrorKind::Authentication, "the server wants a user or a password"),
            Said::Name | Said::Info | Said::Ping => {
                (ErrorKind::Connection, "the server does not let this client in")
            }
        };
        let passing = code.may_pass() || error.line().contains("max number of clients");
        let kind = if passing { ErrorKind::Connection } else { kind };
        Error::new(
            kind,
            format!("the server refused the connection: {} ({advice})", without_arguments(error)),
        )
        .with_code(code)
    }
}

/// The server's words without the arguments that it quotes of a command it doesn't know: the password is one of them.
fn without_arguments(error: &ServerError) -> &str {
    let line = error.line();
    line.split_once(", with args beginning with").map_or(line, |(words, _)| words)
}

/// How a server answers HELLO 3 that knows no HELLO, or no RESP3: with an unknown command, a wrong protocol, or, when it
/// takes HELLO for what it is but wants a login in another way, no login at all.
fn is_old(code: ServerCode) -> bool {
    matches!(code, ServerCode::Err | ServerCode::NoProto | ServerCode::NoAuth)
}

/// The AUTH command for these credentials.
#[must_use]
pub(crate) fn auth(login: &Credentials) -> Request {
    let mut request = Request::new(&spec::AUTH);
    if let Some(username) = &login.username {
        request.push(username);
    }
    request.push(login.password.expose());
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(
        config: &Config,
        login: Option<Credentials>,
        replies: &[&str],
    ) -> (Vec<String>, Result<Greeting, Error>) {
        let mut handshake = Handshake::new(config, login);
        let mut sent = vec![String::from_utf8(handshake.start()).unwrap()];
        for reply in replies {
            match handshake.reply(reply.as_bytes()) {
                Ok(Step::Send(bytes)) => sent.push(String::from_utf8(bytes).unwrap()),
                Ok(Step::Wait) => {}
                Ok(Step::Done(greeting)) => return (sent, Ok(greeting)),
                Err(error) => return (sent, Err(error)),
            }
        }
        panic!("the talk did not end after {sent:?}");
    }

    fn config() -> Config {
        Config::tcp("h", 1).without_lib_info()
    }

    const HELLO: &str = "%3\r\n+server\r\n+redis\r\n+version\r\n+8.0.2\r\n+proto\r\n:3\r\n";

    #[test]
    fn one_round_trip_on_a_server_of_today() {
        let config = config().db(2).client_name("me");
        let login = Some(Credentials::password("pw"));
        let (sent, greeting) = talk(&config, login, &[HELLO, "+OK\r\n", "+PONG\r\n"]);
        assert_eq!(sent.len(), 1);
        assert!(
            sent[0].contains("HELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$7\r\ndefault\r\n$2\r\npw\r\n$7\r\nSETNAME")
        );
        assert!(sent[0].contains("SELECT\r\n$1\r\n2"));
        let greeting = greeting.unwrap();
        assert_eq!((greeting.resp3, greeting.version.as_str()), (true, "8.0.2"));
    }

    #[test]
    fn old_servers_are_spoken_to_in_resp2() {
        let config = config().client_name("me");
        let login = Some(Credentials::password("pw"));
        let unknown = "-ERR unknown command `HELLO`\r\n";
        let (sent, greeting) =
            talk(&config, login, &[unknown, "-NOAUTH x\r\n", "+OK\r\n", "+OK\r\n", "+PONG\r\n"]);
        assert!(sent[1].contains("AUTH\r\n$2\r\npw") && sent[1].contains("SETNAME"));
        assert!(!greeting.unwrap().resp3);
    }

    #[test]
    fn refusals_are_explained_and_tell_no_secret() {
        let login = Some(Credentials::user("ada", "pw-secret"));
        let wrong = "-WRONGPASS invalid username-password pair\r\n";
        let (_, result) = talk(&config(), login, &[wrong, "-NOAUTH Authentication required.\r\n"]);
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert_eq!(error.server_code(), Some(ServerCode::WrongPass));
        assert!(error.to_string().contains("WRONGPASS") && !error.to_string().contains("secret"));
        let (_, result) =
            talk(&config().db(99), None, &[HELLO, "-ERR DB index is out of range\r\n", "+PONG\r\n"]);
        assert!(result.unwrap_err().to_string().contains("number of the database"));
    }

    #[test]
    fn arguments_that_the_server_quotes_are_not_passed_on() {
        let login = Some(Credentials::user("ada", "pw-secret"));
        let config = config().protocol(Protocol::Resp3);
        let echo =
            "-ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `ada`, `pw-secret`, \r\n";
        let (_, result) = talk(&config, login, &[echo, "+PONG\r\n"]);
        let error = result.unwrap_err().to_string();
        assert!(error.contains("unknown command `HELLO`") && !error.contains("secret"), "{error}");
    }

    #[test]
    fn on_connect_commands_come_last_and_must_go_well() {
        let config = config().on_connect(["CLIENT", "NO-EVICT", "ON"]);
        let (sent, greeting) = talk(&config, None, &[HELLO, "+PONG\r\n", "+OK\r\n"]);
        assert!(sent[1].contains("NO-EVICT") && greeting.is_ok());
        let (_, result) = talk(&config, None, &[HELLO, "+PONG\r\n", "-ERR no such thing\r\n"]);
        assert!(result.unwrap_err().to_string().contains("on-connect"));
    }

    #[test]
    fn a_server_that_loads_is_tried_again_later() {
        let (_, result) = talk(&config(), None, &[HELLO, "-LOADING busy\r\n"]);
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Connection);
    }
}
