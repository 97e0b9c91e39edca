//! Making a connection: addresses, socket options, TLS, handshake. All of it within one deadline.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

#[cfg(feature = "tls")]
use carnelian_core::ErrorKind;
use carnelian_core::config::{Config, Credentials, Target, TcpOptions};
use carnelian_core::connection::{Greeting, Handshake, Inbox, Spares, Step};
use carnelian_core::{Error, Result, connect};
use socket2::{SockRef, TcpKeepalive};
#[cfg(feature = "tls")]
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::task::JoinSet;

use crate::stream::Stream;

/// A connection that is ready for commands.
pub(crate) struct Connected {
    pub(crate) stream: Stream,
    /// What came behind the last reply of the handshake.
    pub(crate) inbox: Inbox,
    pub(crate) greeting: Greeting,
    /// Which version of the credentials it logged in with.
    pub(crate) login_version: u64,
}

/// Everything a connection needs that does not change from one to the next.
#[derive(Clone)]
pub(crate) struct Connector {
    config: Arc<Config>,
    #[cfg(feature = "tls")]
    tls: Option<tokio_rustls::TlsConnector>,
}

impl Connector {
    /// Checks the config as far as that goes without a connection.
    pub(crate) fn new(config: &Arc<Config>) -> Result<Self> {
        config.check()?;
        #[cfg(not(feature = "tls"))]
        if config.tls_options().is_some() {
            return Err(connect::no_tls());
        }
        Ok(Self {
            config: Arc::clone(config),
            #[cfg(feature = "tls")]
            tls: tls_connector(config)?,
        })
    }

    /// Makes one try.
    pub(crate) async fn connect(&self) -> Result<Connected> {
        let limit = self.config.timeouts().connect;
        let securing = AtomicBool::new(false);
        match tokio::time::timeout(limit, self.attempt(&securing)).await {
            Ok(result) => result,
            Err(_) if securing.into_inner() => Err(connect::tls_too_slow(&self.address(), limit)),
            Err(_) => Err(connect::too_slow(&self.address(), limit)),
        }
    }

    /// The address in words.
    pub(crate) fn address(&self) -> String {
        self.config.target().to_string()
    }

    /// `securing`: whether TLS is being set up, for who has to tell what took too long.
    async fn attempt(&self, securing: &AtomicBool) -> Result<Connected> {
        let mut stream = self.open(securing).await?;
        let provider = self.config.credential_provider();
        let login_version = provider.map_or(0, |provider| provider.version());
        let login = self.config.login().map_err(connect::no_credentials)?;
        let mut inbox = Inbox::new(self.config.limits());
        let greeting = self.shake_hands(&mut stream, &mut inbox, login).await?;
        Ok(Connected { stream, inbox, greeting, login_version })
    }

    async fn open(&self, securing: &AtomicBool) -> Result<Stream> {
        match self.config.target() {
            Target::Tcp { host, port } => {
                let stream = self.open_tcp(host, *port).await.map_err(|error| self.unreachable(error))?;
                securing.store(self.config.tls_options().is_some(), Ordering::Relaxed);
                let stream = self.secure(stream, host).await;
                securing.store(false, Ordering::Relaxed);
                stream
            }
            Target::Unix { path } => {
                let stream = UnixStream::connect(path).await.map_err(|error| self.unreachable(error))?;
                Ok(Stream::unix(stream))
            }
            _ => Err(connect::no_socket(&self.address())),
        }
    }

    fn unreachable(&self, error: io::Error) -> Error {
        connect::unreachable(&self.address(), error)
    }

    /// The name is resolved anew for each connection, so that a server that moved is found.
    async fn open_tcp(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        let addresses = connect::interleave(lookup_host((host, port)).await?.collect());
        let options = self.config.tcp_options();
        if let [address] = addresses[..] {
            return open_one(address, options.clone()).await;
        }
        open_first(addresses, options).await
    }

    #[cfg(not(feature = "tls"))]
    async fn secure(&self, stream: TcpStream, _host: &str) -> Result<Stream> {
        Ok(Stream::tcp(stream))
    }

    #[cfg(feature = "tls")]
    async fn secure(&self, stream: TcpStream, host: &str) -> Result<Stream> {
        let (Some(connector), Some(options)) = (&self.tls, self.config.tls_options()) else {
            return Ok(Stream::tcp(stream));
        };
        let name = carnelian_tls::server_name(options, host)
            .map_err(|error| Error::new(ErrorKind::Tls, error.to_string()).because(error))?;
        let secured = connector.connect(name, stream).await.map_err(|error| self.not_secured(error))?;
        Ok(Stream::Tls(Box::new(secured)))
    }

    #[cfg(feature = "tls")]
    fn not_secured(&self, error: io::Error) -> Error {
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<tokio_rustls::rustls::Error>());
        connect::not_secured(&self.address(), cause.map(carnelian_tls::explain), error)
    }

    async fn shake_hands(
        &self,
        stream: &mut Stream,
        inbox: &mut Inbox,
        login: Option<Credentials>,
    ) -> Result<Greeting> {
        let mut spares = Spares::default();
        let mut handshake = Handshake::new(&*self.config, login);
        let first = handshake.start();
        self.send(stream, &first).await?;
        loop {
            while let Some(reply) = inbox
                .take(&mut spares)
                .map_err(|error| connect::no_resp(&self.address(), &error.to_string()))?
            {
                match handshake.reply(reply.bytes())? {
                    Step::Done(greeting) => return Ok(greeting),
                    Step::Wait => {}
                    Step::Send(bytes) => self.send(stream, &bytes).await?,
                }
            }
            let buffer = inbox.space();
            let count = std::future::poll_fn(|cx| stream.poll_read(buffer, cx)).await;
            match count {
                Ok(0) => return Err(self.hung_up()),
                Ok(count) => inbox.received(count),
                Err(error) => return Err(self.broken(error)),
            }
        }
    }

    async fn send(&self, stream: &mut Stream, bytes: &[u8]) -> Result<()> {
        let sent = match stream {
            Stream::Tcp { write, .. } => write_all((**write).as_ref(), bytes).await,
            Stream::Unix { write, .. } => write_all_unix((**write).as_ref(), bytes).await,
            #[cfg(feature = "tls")]
            Stream::Tls(stream) => match stream.write_all(bytes).await {
                Ok(()) => stream.flush().await,
                Err(error) => Err(error),
            },
        };
        let Err(error) = sent else { return Ok(()) };
        // Under TLS 1.3 a server turns clients away after the handshake: what it says then explains the failed write.
        let mut last_words = Vec::with_capacity(256);
        match std::future::poll_fn(|cx| stream.poll_read(&mut last_words, cx)).await {
            Err(said) => Err(self.broken(said)),
            Ok(_) => Err(self.broken(error)),
        }
    }

    fn hung_up(&self) -> Error {
        match self.config.tls_options() {
            Some(_) => connect::hung_up(&self.address()),
            None => connect::hung_up_in_the_clear(&self.address()),
        }
    }

    fn broken(&self, error: io::Error) -> Error {
        #[cfg(feature = "tls")]
        if error.get_ref().is_some_and(|cause| cause.is::<tokio_rustls::rustls::Error>()) {
            return self.not_secured(error);
        }
        match error.kind() {
            // A TLS server hangs up on a client that does not speak TLS, often with a reset.
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => self.hung_up(),
            _ => connect::broken(&self.address(), &error.to_string()),
        }
    }
}

async fn write_all(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn write_all_unix(stream: &UnixStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(feature = "tls")]
fn tls_connector(config: &Config) -> Result<Option<tokio_rustls::TlsConnector>> {
    let Some(options) = config.tls_options() else { return Ok(None) };
    match carnelian_tls::client_config(options) {
        Ok(client) => Ok(Some(client.into())),
        Err(error) => Err(Error::new(ErrorKind::Tls, error.to_string()).because(error)),
    }
}

/// Tries the addresses one after the other, each with a head start, and takes the first that connects.
async fn open_first(addresses: Vec<SocketAddr>, options: &TcpOptions) -> io::Result<TcpStream> {
    let mut attempts = JoinSet::new();
    let mut rest = addresses.into_iter();
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the host name has no address");
    loop {
        let next = rest.next();
        let is_last = next.is_none();
        match next {
            Some(address) => drop(attempts.spawn(open_one(address, options.clone()))),
            None if attempts.is_empty() => return Err(failure),
            None => {}
        }
        let head_start = if is_last { Duration::MAX } else { options.happy_eyeballs_delay };
        match tokio::time::timeout(head_start, attempts.join_next()).await {
            Ok(Some(Ok(Ok(stream)))) => return Ok(stream),
            Ok(Some(Ok(Err(error)))) => failure = error,
            Ok(Some(Err(panic))) => failure = io::Error::other(panic),
            Ok(None) | Err(_) => {}
        }
    }
}

async fn open_one(address: SocketAddr, options: TcpOptions) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    let socket = SockRef::from(&stream);
    socket.set_tcp_nodelay(options.nodelay)?;
    if let Some(keepalive) = &options.keepalive {
        let probes = TcpKeepalive::new().with_time(keepalive.idle).with_interval(keepalive.interval);
        #[cfg(unix)]
        let probes = probes.with_retries(keepalive.count);
        socket.set_tcp_keepalive(&probes)?;
    }
    #[cfg(target_os = "linux")]
    if options.user_timeout.is_some() {
        socket.set_tcp_user_timeout(options.user_timeout)?;
    }
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use socket2::{Domain, Socket, Type};

    use super::*;

    fn options() -> TcpOptions {
        let mut options = TcpOptions::default();
        options.happy_eyeballs_delay = Duration::from_millis(30);
        options
    }

    fn listening() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// Where nobody listens.
    fn closed() -> SocketAddr {
        listening().1
    }

    /// A listener whose queue is full: who connects hears nothing.
    fn silent() -> (Socket, Vec<std::net::TcpStream>, SocketAddr) {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        socket.listen(0).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        let mut queue = Vec::new();
        while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
            queue.push(stream);
            assert!(queue.len() < 100, "this queue has no end");
        }
        (socket, queue, address)
    }

    #[tokio::test]
    async fn the_first_address_that_answers_is_taken() {
        let (_silent, _queue, silent) = silent();
        let (_listener, good) = listening();
        for addresses in [
            vec![good],
            vec![closed(), good],
            vec![silent, good],
            vec![silent, closed(), good],
            vec![good, closed()],
        ] {
            let stream = open_first(addresses.clone(), &options()).await.unwrap();
            assert_eq!(stream.peer_addr().unwrap(), good, "{addresses:?}");
        }
    }

    #[tokio::test]
    async fn when_none_answers_the_last_refusal_is_told() {
        let error = open_first(vec![closed(), closed()], &options()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        let error = open_first(Vec::new(), &options()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn sockets_are_as_the_options_say() {
        let (_listener, good) = listening();
        let mut options = options();
        options.user_timeout = Some(Duration::from_secs(7));
        let stream = open_one(good, options.clone()).await.unwrap();
        let socket = SockRef::from(&stream);
        assert!(socket.tcp_nodelay().unwrap() && socket.keepalive().unwrap());
        let keepalive = options.keepalive.clone().unwrap();
        assert_eq!(socket.tcp_keepalive_time().unwrap(), keepalive.idle);
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), keepalive.interval);
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), keepalive.count);
        #[cfg(target_os = "linux")]
        assert_eq!(socket.tcp_user_timeout().unwrap(), options.user_timeout);
        options.nodelay = false;
        options.keepalive = None;
        let stream = open_one(good, options).await.unwrap();
        let socket = SockRef::from(&stream);
        assert!(!socket.tcp_nodelay().unwrap() && !socket.keepalive().unwrap());
    }
}
