//! A real server, for the length of a test.
//!
//! Owns the process, its folder and its ports; what it is to be like is in `options`, how it is kept from outliving
//! the test in `watchdog`. All methods take `&self`, so that a test can stop a server that its tasks are using.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::certs::Certificates;
use crate::folder::Folder;
use crate::options::{Options, Place};
use crate::ports::free_port;
use crate::raw::{Connection, Reply};
use crate::servers::Installed;
use crate::wait::holds_within;
use crate::watchdog::Watched;

/// A server that starts takes milliseconds; the machine may be busy with everything else.
const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// How often another port is tried when somebody was quicker.
const PORT_TRIES: usize = 10;

/// A running server. Dropping it kills it and removes its files.
pub struct Server {
    options: Options,
    place: Place,
    certificates: Option<Certificates>,
    process: Mutex<Option<Watched>>,
    // Last, so that the server is gone before its folder.
    _folder: Folder,
}

impl Server {
    /// Starts a server as it comes: no password, no persistence, loopback only, `DEBUG` unlocked.
    ///
    /// # Panics
    /// When it does not start; the message has its log.
    pub fn start(installed: &Installed) -> Self {
        Self::options(installed).start()
    }

    /// Says how the server is to be before it starts.
    pub fn options(installed: &Installed) -> Options {
        Options::new(installed)
    }

    fn launch(options: Options) -> Self {
        let folder = Folder::create();
        let path = folder.path();
        let certificates = options.has_tls().then(|| Certificates::create(path));
        let place = Place { folder: path.to_owned(), unix: path.join("sock"), port: 0, tls_port: 0 };
        let mut server = Self { options, place, certificates, process: Mutex::new(None), _folder: folder };
        for _ in 0..PORT_TRIES {
            server.place.port = free_port();
            server.place.tls_port = free_port();
            match server.run() {
                Ok(()) => return server,
                Err(StartError::PortTaken) => {}
                Err(StartError::Other(why)) => server.give_up(&why),
            }
        }
        server.give_up("every port tried was taken by somebody else meanwhile")
    }

    /// Which server it is.
    pub fn installed(&self) -> &Installed {
        self.options.installed()
    }

    /// The plain port.
    pub fn port(&self) -> u16 {
        self.place.port
    }

    /// The plain port's address.
    pub fn addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.place.port).into()
    }

    /// `redis://127.0.0.1:port`, with the password if there is one.
    pub fn url(&self) -> String {
        format!("redis://{}{}", self.userinfo(), self.addr())
    }

    /// The TLS port.
    ///
    /// # Panics
    /// When the server was started without TLS.
    pub fn tls_port(&self) -> u16 {
        assert!(self.options.has_tls(), "this server was started without TLS");
        self.place.tls_port
    }

    /// The TLS port's address.
    ///
    /// # Panics
    /// When the server was started without TLS.
    pub fn tls_addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.tls_port()).into()
    }

    /// `rediss://127.0.0.1:port`, with the password if there is one.
    ///
    /// # Panics
    /// When the server was started without TLS.
    pub fn tls_url(&self) -> String {
        format!("rediss://{}{}", self.userinfo(), self.tls_addr())
    }

    /// The certificates that the TLS port shows and trusts.
    ///
    /// # Panics
    /// When the server was started without TLS.
    pub fn tls(&self) -> &Certificates {
        self.certificates.as_ref().unwrap_or_else(|| panic!("this server was started without TLS"))
    }

    /// The Unix socket; every server has one.
    pub fn unix_path(&self) -> &Path {
        &self.place.unix
    }

    /// `unix:///path/of/socket`, with the password if there is one.
    pub fn unix_url(&self) -> String {
        format!("unix://{}{}", self.userinfo(), self.place.unix.display())
    }

    /// Everything it has said since its first start.
    pub fn log(&self) -> String {
        fs::read(self.log_path())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// The server's own process number.
    ///
    /// # Panics
    /// When it is not running.
    pub fn pid(&self) -> u32 {
        self.with_process(|process| process.pid())
    }

    /// Whether the process is there (a paused one is).
    pub fn is_running(&self) -> bool {
        self.process().as_mut().is_some_and(|process| process.exit_status().is_none())
    }

    /// A connection by TCP, past the password.
    ///
    /// # Panics
    /// When the server cannot be reached or refuses its own password.
    pub fn connect(&self) -> Connection {
        let mut connection = self.must(Connection::tcp(self.addr()), "connect");
        self.log_in(&mut connection);
        connection
    }

    /// A connection by the Unix socket, past the password.
    ///
    /// # Panics
    /// As [`connect`](Self::connect).
    pub fn connect_unix(&self) -> Connection {
        let mut connection = self.must(Connection::unix(&self.place.unix), "connect to the Unix socket");
        self.log_in(&mut connection);
        connection
    }

    /// Runs one command on a connection of its own.
    ///
    /// # Panics
    /// When there is no reply. A reply that is an error is returned.
    pub fn command<A: AsRef<[u8]>>(&self, arguments: &[A]) -> Reply {
        let reply = self.connect().call(arguments);
        self.must(reply, "run a command")
    }

    /// As [`command`](Self::command), the reply as plain text.
    ///
    /// # Panics
    /// As [`command`](Self::command).
    pub fn cli<A: AsRef<[u8]>>(&self, arguments: &[A]) -> String {
        self.command(arguments).text()
    }

    /// Freezes the process: its sockets stay open and nothing answers.
    ///
    /// # Panics
    /// When it is not running.
    pub fn pause(&self) {
        self.with_process(|process| process.signal("STOP"));
        let pid = self.pid();
        assert!(holds_within(STOP_LIMIT, || state(pid) == Some('T')), "the server does not stand still");
    }

    /// Lets a frozen process go on.
    ///
    /// # Panics
    /// When it is not running.
    pub fn resume(&self) {
        self.with_process(|process| process.signal("CONT"));
    }

    /// Kills the process as a crash would. Its port stays its own for [`restart`](Self::restart).
    pub fn kill(&self) {
        if let Some(process) = self.process().as_mut() {
            process.kill();
        }
    }

    /// Asks the server to end and waits until it has.
    ///
    /// # Panics
    /// When it does not end.
    pub fn stop(&self) {
        if !self.is_running() {
            return;
        }
        self.with_process(|process| {
            process.signal("TERM");
            // A paused one would not hear of it.
            process.signal("CONT");
        });
        if !holds_within(STOP_LIMIT, || !self.is_running()) {
            self.give_up("it does not end when asked to");
        }
    }

    /// Starts the server again, on the same ports and in the same folder; a running one is stopped first.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&self) {
        self.stop();
        match self.run() {
            Ok(()) => {}
            Err(StartError::PortTaken) => self.give_up("its port was taken while it was down"),
            Err(StartError::Other(why)) => self.give_up(&why),
        }
    }

    fn run(&self) -> Result<(), StartError> {
        let config = self.place.folder.join("server.conf");
        fs::write(&config, self.options.render(&self.place, self.certificates.as_ref()))?;
        let said_before = self.log().len();
        let binary = &self.installed().binary;
        let watched = Watched::spawn(binary, &config, &self.place.folder, self.open_log()?)?;
        if let Some(earlier) = self.process().replace(watched) {
            earlier.release();
        }
        // What the process says of itself, not whether the port answers: a stranger on that port would answer too.
        let says = |words: &str| self.log().get(said_before..).is_some_and(|log| log.contains(words));
        let settled = holds_within(START_LIMIT, || says("eady to accept connections") || !self.is_running());
        if settled && self.is_running() && holds_within(START_LIMIT, || self.answers()) {
            return Ok(());
        }
        if says("Address already in use") || says("Failed listening on port") {
            return Err(StartError::PortTaken);
        }
        Err(StartError::Other("it does not come up".to_owned()))
    }

    fn answers(&self) -> bool {
        let reply = Connection::tcp(self.addr()).and_then(|mut connection| connection.call(&["PING"]));
        reply.is_ok_and(|reply| !reply.text().starts_with("LOADING"))
    }

    fn log_in(&self, connection: &mut Connection) {
        let Some(password) = self.options.secret() else { return };
        let reply = self.must(connection.call(&["AUTH", password]), "log in");
        assert!(reply.is_ok(), "the server refuses its own password: {reply}");
    }

    fn userinfo(&self) -> String {
        self.options.secret().map(|password| format!(":{}@", percent_encoded(password))).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.place.folder.join("log")
    }

    fn open_log(&self) -> io::Result<File> {
        OpenOptions::new().create(true).append(true).open(self.log_path())
    }

    fn process(&self) -> MutexGuard<'_, Option<Watched>> {
        // A test that panicked elsewhere did not harm the process number.
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_process<T>(&self, run: impl FnOnce(&Watched) -> T) -> T {
        let mut process = self.process();
        if let Some(running) = process.as_mut()
            && running.exit_status().is_none()
        {
            return run(running);
        }
        self.give_up("it is not running")
    }

    fn must<T>(&self, result: io::Result<T>, what: &str) -> T {
        result.unwrap_or_else(|error| self.give_up(&format!("could not {what}: {error}")))
    }

    fn give_up(&self, why: &str) -> ! {
        panic!("{} on port {}: {why}. Its log:\n{}", self.installed().name, self.place.port, self.log())
    }
}

impl Options {
    /// Starts the server and waits until it answers.
    ///
    /// # Panics
    /// When it does not start; the message has its log.
    pub fn start(self) -> Server {
        Server::launch(self)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some(mut process) = self.process().take() else { return };
        // The folder must go before the watcher is told that nothing is left to do.
        process.kill();
        let _ = fs::remove_dir_all(&self.place.folder);
        process.release();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Server")
            .field("server", &self.installed().name)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

enum StartError {
    PortTaken,
    Other(String),
}

impl From<io::Error> for StartError {
    fn from(error: io::Error) -> Self {
        Self::Other(error.to_string())
    }
}

/// The process's state letter as the kernel has it.
fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it is in brackets and may hold anything, brackets too.
    stat.rsplit_once(')')?.1.trim_start().chars().next()
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servers;

    #[test]
    fn urls_carry_the_password_encoded() {
        let server = Server::options(&servers::named("redis-7.0")).password("p@ss/word").start();
        assert_eq!(server.url(), format!("redis://:p%40ss%2Fword@127.0.0.1:{}", server.port()));
        assert_eq!(server.unix_url(), format!("unix://:p%40ss%2Fword@{}", server.unix_path().display()));
    }

    #[test]
    fn a_taken_port_is_recognised_on_every_server() {
        for installed in servers::matrix() {
            let server = Server::start(&installed);
            server.kill();
            let taker = std::net::TcpListener::bind(server.addr()).unwrap();
            assert!(
                matches!(server.run(), Err(StartError::PortTaken)),
                "{}: {}",
                installed.name,
                server.log()
            );
            drop(taker);
            server.restart();
            assert_eq!(server.cli(&["PING"]), "PONG");
        }
    }

    #[test]
    fn debug_shows_no_password() {
        let server = Server::options(&servers::named("redis-7.0")).password("hush").start();
        assert!(!format!("{server:?}").contains("hush"));
    }
}
