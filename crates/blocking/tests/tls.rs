//! TLS against real servers: who is trusted, who is turned away, and that threads share a connection there as well.
#![cfg(feature = "tls")]

use std::path::Path;
use std::thread;
use std::time::Duration;

use carnelian_blocking::Client;
use carnelian_command::group::{ConnectionCommands as _, StringCommands as _};
use carnelian_core::config::{TlsOptions, Verify};
use carnelian_core::{Config, Error, ErrorKind};
use carnelian_testkit::certs::CLIENT_KEY_PASSWORD;
use carnelian_testkit::proxy::Direction;
use carnelian_testkit::{FaultProxy, Server, ServerCertificate, eventually, servers};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn trusting(server: &Server) -> TlsOptions {
    TlsOptions::new().ca_file(server.tls().ca().certificate_path())
}

/// The error of a connect that must not come about, which is to contain all of `parts`.
fn refusal(server: &Server, options: TlsOptions, parts: &[&str]) {
    let error = connect(server, options).expect_err("the connect must fail");
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "{part:?} is not in: {error}");
    }
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
fn the_authority_may_come_as_text_as_a_file_or_in_the_url() -> Outcome {
    let server = Server::options(&servers::newest_redis()).tls().start();
    let ca = server.tls().ca();
    connect(&server, TlsOptions::new().ca_pem(ca.certificate_pem()))?.ping()?;
    connect(&server, TlsOptions::new().ca_file(ca.certificate_path()))?.ping()?;
    Client::connect(format!("{}?ssl_ca_certs={}", server.tls_url(), ca.certificate_path().display()))?
        .ping()?;
    Ok(())
}

#[test]
fn a_server_of_an_unknown_authority_is_turned_away() -> Outcome {
    let server =
        Server::options(&servers::newest_redis()).tls_showing(ServerCertificate::OtherAuthority).start();
    refusal(&server, trusting(&server), &["authority", "ssl_ca_certs", &server.tls_addr().to_string()]);
    // The system's authorities did not sign it either.
    refusal(&server, TlsOptions::new(), &["ssl_ca_certs"]);
    // Who trusts that authority gets in: the certificate is right otherwise.
    connect(&server, TlsOptions::new().ca_file(server.tls().other_ca().certificate_path()))?.ping()?;
    Ok(())
}

#[test]
fn a_certificate_for_another_host_is_refused_unless_the_check_is_off() -> Outcome {
    let server = Server::options(&servers::newest_redis()).tls_showing(ServerCertificate::WrongHost).start();
    refusal(&server, trusting(&server), &["elsewhere.example", "ssl_check_hostname=false"]);
    connect(&server, trusting(&server).check_hostname(false))?.ping()?;
    connect(&server, trusting(&server).server_name("elsewhere.example"))?.ping()?;
    // Without the check of names, the authority still counts.
    let other = TlsOptions::new().ca_file(server.tls().other_ca().certificate_path()).check_hostname(false);
    refusal(&server, other, &["authority"]);
    Ok(())
}

#[test]
fn an_expired_certificate_is_refused() {
    let server = Server::options(&servers::newest_redis()).tls_showing(ServerCertificate::Expired).start();
    refusal(&server, trusting(&server), &["expired"]);
    refusal(&server, trusting(&server).check_hostname(false), &["expired"]);
}

#[test]
fn verification_can_be_switched_off_altogether() -> Outcome {
    for showing in
        [ServerCertificate::WrongHost, ServerCertificate::Expired, ServerCertificate::OtherAuthority]
    {
        let server = Server::options(&servers::newest_redis()).tls_showing(showing).start();
        connect(&server, TlsOptions::new().verify(Verify::None))?.ping()?;
        Client::connect(format!("{}?ssl_cert_reqs=none", server.tls_url()))?.ping()?;
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
    let encrypted =
        trusting(&server).client_cert(own.certificate_path()).client_key(server.tls().encrypted_client_key());
    connect(&server, encrypted.clone().key_password(CLIENT_KEY_PASSWORD))?.ping()?;

    // The files of the client's own are at fault, not the connection.
    for options in [encrypted.clone(), encrypted.key_password("hunter2")] {
        let error = connect(&server, options).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Tls | ErrorKind::Config), "{error}");
        assert!(error.to_string().contains("password") && !error.to_string().contains("hunter2"), "{error}");
    }
    let error =
        connect(&server, trusting(&server).client_cert(Path::new("/nonexistent/client.crt"))).unwrap_err();
    assert!(error.to_string().contains("/nonexistent/client.crt"), "{error}");

    // Under TLS 1.3 the server says no only after the handshake.
    refusal(&server, trusting(&server), &["client certificate", "ssl_certfile"]);
    refusal(&server, showing(other), &["client's certificate", "tls-ca-cert-file"]);
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
    // A server without TLS waits for the end of a line, unless there happens to be one in the random bytes.
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
