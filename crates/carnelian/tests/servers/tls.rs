//! TLS, on every server that was built with it.

use carnelian::blocking;
use carnelian::config::{TlsOptions, Verify};
use carnelian::prelude::*;
use carnelian_testkit::{Server, ServerCertificate, servers};

use super::support::Outcome;

#[tokio::test]
async fn both_clients_speak_it_with_every_server() -> Outcome {
    for installed in servers::matrix().into_iter().filter(|installed| installed.tls) {
        let server = Server::options(&installed).tls_client_required().start();
        let tls = server.tls();
        let options = TlsOptions::new()
            .ca_file(tls.ca().certificate_path())
            .client_cert(tls.client().certificate_path())
            .client_key(tls.client().key_path());
        let config = Config::tcp("localhost", server.tls_port()).tls(options);
        let client = Client::connect(config.clone()).await?;
        let large = vec![b'x'; 3 << 20];
        client.set("large", &large).await?;
        assert_eq!(client.get::<Vec<u8>>("large").await?, large, "{}", installed.name);
        let same =
            tokio::task::spawn_blocking(move || blocking::Client::connect(config)?.get::<Vec<u8>>("large"));
        assert_eq!(same.await??, large);
    }
    Ok(())
}

#[tokio::test]
async fn strangers_are_turned_away_with_a_reason() -> Outcome {
    let installed = servers::newest_redis();
    for (showing, reason) in [
        (ServerCertificate::WrongHost, "ssl_check_hostname"),
        (ServerCertificate::Expired, "expired"),
        (ServerCertificate::OtherAuthority, "ssl_ca_certs"),
    ] {
        let server = Server::options(&installed).tls_showing(showing).start();
        let ca = TlsOptions::new().ca_file(server.tls().ca().certificate_path());
        let config = Config::tcp("localhost", server.tls_port());
        let error = Client::connect(config.clone().tls(ca)).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Tls && error.to_string().contains(reason), "{showing:?}: {error}");
        let same = config.clone().tls(TlsOptions::new().ca_file(server.tls().ca().certificate_path()));
        let same = tokio::task::spawn_blocking(move || blocking::Client::connect(same).unwrap_err());
        assert_eq!(same.await?.to_string(), error.to_string());
        let unchecked = config.tls(TlsOptions::new().verify(Verify::None));
        assert_eq!(Client::connect(unchecked).await?.ping().await?, "PONG");
    }
    Ok(())
}
