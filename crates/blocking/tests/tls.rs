//! TLS against real servers: who is trusted, who is turned away, and that threads share a connection there as well.
#![cfg(feature = "tls")]

use std::thread;
use std::time::Duration;

use carnelian_blocking::Client;
use carnelian_command::group::{ConnectionCommands as _, StringCommands as _};
use carnelian_core::config::{TlsOptions, Verify};
use carnelian_core::{Config, Error, ErrorKind};
use carnelian_testkit::proxy::Direction;
use carnelian_testkit::{FaultProxy, Server, ServerCertificate, eventually, servers};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn trusting(server: &Server) -> TlsOptions {
    TlsOptions::new().ca_file(server.tls().ca().certificate_path())
}

/// Tries to connect to the server's TLS port with these options.
fn connect(server: &Server, options: TlsOptions) -> carnelian_core::Result<Client> {
    Client::connect(Config::new(&server.tls_url())?.tls(options))
}

#[test]
fn speaks_tls_with_every_server_that_does() -> Outcome {
    for installed in servers::matrix().into_iter().filter(|installed| installed.tls) {
        let server = Server::options(&installed).password("hush").tls().start();
        let client = connect(&server, trusting(&server))?;
        client.set("k", "v")?;
        assert_eq!(client.get::<Option<String>>("k")?.as_deref(), Some("v"), "{}", installed.name);
        assert_eq!(client.dedicated()?.ping()?, "PONG");
        client.close();
    }
    Ok(())
}

#[test]
fn who_is_not_trusted_is_turned_away() -> Outcome {
    for (showing, part) in [
        (ServerCertificate::WrongHost, "ssl_check_hostname"),
        (ServerCertificate::Expired, "expired"),
        (ServerCertificate::OtherAuthority, "ssl_ca_certs"),
    ] {
        let server = Server::options(&servers::newest_redis()).tls_showing(showing).start();
        let error = connect(&server, trusting(&server)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
        assert!(error.to_string().contains(part), "{part:?} is not in: {error}");
        connect(&server, TlsOptions::new().verify(Verify::None))?.ping()?;
    }
    Ok(())
}

#[test]
fn client_certificates_are_shown() -> Outcome {
    let server = Server::options(&servers::newest_redis()).tls_client_required().start();
    let (own, other) = (server.tls().client(), server.tls().other_client());
    let showing = |identity: &carnelian_testkit::Identity| {
        trusting(&server).client_cert(identity.certificate_path()).client_key(identity.key_path())
    };
    connect(&server, showing(own))?.ping()?;
    // Under TLS 1.3 the server says no only after the handshake.
    for (options, part) in [(trusting(&server), "ssl_certfile"), (showing(other), "tls-ca-cert-file")] {
        let error = connect(&server, options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
        assert!(error.to_string().contains(part), "{part:?} is not in: {error}");
    }
    Ok(())
}

#[test]
fn a_plain_port_is_told_from_a_tls_port() -> Outcome {
    let server = Server::options(&servers::newest_redis()).tls().start();
    let quick =
        |url: String| Config::new(&url).map(|config| config.connect_timeout(Duration::from_millis(800)));
    let error =
        Client::connect(quick(format!("rediss://{}", server.addr()))?.tls(trusting(&server))).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Tls | ErrorKind::Timeout), "{error:?}");
    assert!(error.to_string().contains("TLS") && error.to_string().contains("port"), "{error}");
    let error = Client::connect(quick(format!("redis://{}", server.tls_addr()))?).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Connection | ErrorKind::Protocol), "{error:?}");
    assert!(error.to_string().contains("rediss://"), "what to do is not in: {error}");
    Ok(())
}

#[test]
fn many_threads_and_large_values_share_a_connection() -> Outcome {
    const LARGE: usize = 5 << 20;
    let server = Server::options(&servers::newest_valkey()).tls().start();
    let client = connect(&server, trusting(&server))?;
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for thread in 0..20_u32 {
            let client = &client;
            threads.push(scope.spawn(move || {
                let key = format!("k{thread}");
                for n in 0..50_u32 {
                    let value = format!("{thread}:{n}");
                    client.set(&key, &value)?;
                    assert_eq!(client.get::<Option<String>>(&key)?, Some(value));
                }
                Ok::<_, Error>(())
            }));
        }
        for thread in 0..3_u8 {
            let client = &client;
            threads.push(scope.spawn(move || {
                let key = format!("large{thread}");
                client.set(&key, vec![thread; LARGE])?;
                let back: Vec<u8> = client.get(&key)?;
                assert!(back.len() == LARGE && back.iter().all(|byte| *byte == thread));
                Ok(())
            }));
        }
        threads.into_iter().try_for_each(|thread| thread.join().unwrap())
    })?;
    Ok(())
}

/// Full both ways, with records waiting inside the session besides.
#[test]
fn large_values_both_ways_do_not_stall() -> Outcome {
    const LARGE: usize = 4 << 20;
    let server = Server::options(&servers::newest_redis()).tls().start();
    let proxy = FaultProxy::options(server.tls_addr()).buffers(4096).start();
    let url = format!("rediss://127.0.0.1:{}", proxy.port());
    let config = Config::new(&url)?.tls(trusting(&server)).command_timeout(Duration::from_secs(60));
    let client = Client::connect(config)?;
    client.set("large", vec![b'l'; LARGE])?;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..6)
            .map(|thread| {
                let client = &client;
                scope.spawn(move || {
                    if thread % 2 == 0 {
                        assert_eq!(client.get::<Vec<u8>>("large")?.len(), LARGE);
                    } else {
                        client.set(format!("k{thread}"), vec![b'a'; LARGE])?;
                    }
                    Ok::<_, Error>(())
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap())
    })?;
    Ok(())
}

/// A caller gives up while its command is half out; the next one finds the stream whole.
#[test]
fn a_choked_stream_stays_whole() -> Outcome {
    let server = Server::options(&servers::newest_redis()).tls().start();
    let proxy = FaultProxy::options(server.tls_addr()).buffers(4096).start();
    let url = format!("rediss://127.0.0.1:{}", proxy.port());
    let client = Client::connect(Config::new(&url)?.tls(trusting(&server)))?;
    client.ping()?;
    proxy.hold(Direction::ToServer);
    let hurried = client.timeout(Duration::from_millis(200));
    assert!(hurried.set("large", vec![b'x'; 3 << 20]).unwrap_err().is_timeout());
    assert!(hurried.ping().unwrap_err().is_timeout());
    proxy.clear();
    assert_eq!(client.strlen("large")?, 3 << 20);
    server.kill();
    server.restart();
    eventually("a reply", Duration::from_secs(10), || client.ping().is_ok());
    Ok(())
}
