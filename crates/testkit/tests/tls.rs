//! The servers speak TLS, and each certificate is right or wrong in the way it should be.

#![expect(clippy::unwrap_used, reason = "what a test's own tools cannot do fails the test")]

use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use carnelian_testkit::raw::Connection;
use carnelian_testkit::{Identity, Reply, Server, ServerCertificate, servers};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// Asks by TLS, trusting `ca`, showing `client`.
fn ping(server: &Server, ca: &Identity, host: &str, client: Option<&Identity>) -> io::Result<Reply> {
    let mut roots = RootCertStore::empty();
    roots.add(ca.certificate_der().to_vec().into()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match client {
        None => config.with_no_client_auth(),
        Some(identity) => {
            let key = PrivateKeyDer::Pkcs8(identity.key_der().to_vec().into());
            config.with_client_auth_cert(vec![identity.certificate_der().to_vec().into()], key).unwrap()
        }
    };
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let session = ClientConnection::new(Arc::new(config), name).unwrap();
    let socket = TcpStream::connect(server.tls_addr())?;
    socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    Connection::over(StreamOwned::new(session, socket)).call(&["PING"])
}

#[test]
fn every_server_built_with_tls_speaks_it() {
    let with_tls: Vec<_> = servers::matrix().into_iter().filter(|installed| installed.tls).collect();
    assert!(with_tls.len() >= 4, "{with_tls:?}");
    for installed in with_tls {
        let server = Server::options(&installed).tls().start();
        for host in ["localhost", "127.0.0.1", "::1"] {
            let reply = ping(&server, server.tls().ca(), host, None);
            assert_eq!(reply.unwrap().text(), "PONG", "{}", installed.name);
        }
        assert!(server.tls_url().starts_with("rediss://127.0.0.1:"));
        assert_ne!(server.tls_port(), server.port());
        assert_eq!(server.cli(&["PING"]), "PONG", "the plain port is there too");
    }
}

#[test]
fn a_server_may_ask_for_a_client_certificate() {
    let server = Server::options(&servers::named("redis-7.0")).tls_client_required().start();
    let certificates = server.tls();
    let ping = |client| ping(&server, certificates.ca(), "localhost", client);
    assert_eq!(ping(Some(certificates.client())).unwrap().text(), "PONG");
    assert!(ping(None).is_err());
    assert!(ping(Some(certificates.other_client())).is_err());
}

#[test]
fn wrong_certificates_are_wrong_in_one_way_each() {
    let refused = [
        (ServerCertificate::WrongHost, "not valid for name"),
        (ServerCertificate::Expired, "certificate expired"),
        (ServerCertificate::OtherAuthority, "UnknownIssuer"),
    ];
    for (showing, why) in refused {
        let server = Server::options(&servers::newest_redis()).tls_showing(showing).start();
        let error = ping(&server, server.tls().ca(), "localhost", None).unwrap_err();
        assert!(error.to_string().contains(why), "{showing:?}: {error}");
        let (trusted, host) = match showing {
            ServerCertificate::WrongHost => (server.tls().ca(), "elsewhere.example"),
            ServerCertificate::OtherAuthority => (server.tls().other_ca(), "localhost"),
            _ => continue,
        };
        assert_eq!(
            ping(&server, trusted, host, None).unwrap().text(),
            "PONG",
            "{showing:?}: right otherwise"
        );
    }
}
