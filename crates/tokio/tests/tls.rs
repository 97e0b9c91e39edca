//! TLS against real servers: who is trusted, who is turned away, and what the user is told then.

use std::path::Path;
use std::time::Duration;

use carnelian_command::group::{ConnectionCommands as _, StringCommands as _};
use carnelian_core::config::{TlsOptions, Verify};
use carnelian_core::{Config, Error, ErrorKind};
use carnelian_testkit::certs::CLIENT_KEY_PASSWORD;
use carnelian_testkit::{Server, ServerCertificate, servers};
use carnelian_tokio::Client;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn trusting(server: &Server) -> TlsOptions {
    TlsOptions::new().ca_file(server.tls().ca().certificate_path())
}

/// Tries to connect to the server's TLS port with these options.
async fn connect(server: &Server, options: TlsOptions) -> carnelian_core::Result<Client> {
    Client::connect(Config::new(&server.tls_url())?.tls(options)).await
}

/// The error of a connect that must not come about, which is to contain all of `parts`.
async fn refusal(server: &Server, options: TlsOptions, parts: &[&str]) -> Error {
    let error = connect(server, options).await.expect_err("the connect must fail");
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "{part:?} is not in: {error}");
    }
    error
}

#[tokio::test]
async fn speaks_tls_with_every_server_that_does() -> Outcome {
    for installed in servers::matrix().into_iter().filter(|installed| installed.tls) {
        let server = Server::options(&installed).password("hush").tls().start();
        let client = connect(&server, trusting(&server)).await?;
        client.set("k", "v").await?;
        assert_eq!(client.get::<Option<String>>("k").await?.as_deref(), Some("v"), "{}", installed.name);
        let dedicated = client.dedicated().await?;
        assert_eq!(dedicated.ping().await?, "PONG");
        client.close().await;
    }
    Ok(())
}

#[tokio::test]
async fn the_authority_may_come_as_text_as_a_folder_or_in_the_url() -> Outcome {
    let server = Server::options(&servers::newest_redis()).tls().start();
    let ca = server.tls().ca();
    connect(&server, TlsOptions::new().ca_pem(ca.certificate_pem())).await?.ping().await?;
    let path = ca.certificate_path();
    let url = format!("{}?ssl_ca_certs={}", server.tls_url(), path.display());
    Client::connect(url).await?.ping().await?;
    Ok(())
}

#[tokio::test]
async fn a_server_of_an_unknown_authority_is_turned_away() -> Outcome {
    let server =
        Server::options(&servers::newest_redis()).tls_showing(ServerCertificate::OtherAuthority).start();
    refusal(&server, trusting(&server), &["authority", "ssl_ca_certs", &server.tls_addr().to_string()]).await;
    // The system's authorities did not sign it either.
    refusal(&server, TlsOptions::new(), &["ssl_ca_certs"]).await;
    // Who trusts that authority gets in: the certificate is right otherwise.
    let other = TlsOptions::new().ca_file(server.tls().other_ca().certificate_path());
    connect(&server, other).await?.ping().await?;
    Ok(())
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused_unless_the_check_is_off() -> Outcome {
    let server = Server::options(&servers::newest_redis()).tls_showing(ServerCertificate::WrongHost).start();
    refusal(&server, trusting(&server), &["elsewhere.example", "ssl_check_hostname=false"]).await;
    connect(&server, trusting(&server).check_hostname(false)).await?.ping().await?;
    connect(&server, trusting(&server).server_name("elsewhere.example")).await?.ping().await?;
    // Without the check of names, the authority still counts.
    let other = TlsOptions::new().ca_file(server.tls().other_ca().certificate_path()).check_hostname(false);
    refusal(&server, other, &["authority"]).await;
    Ok(())
}

#[tokio::test]
async fn an_expired_certificate_is_refused() -> Outcome {
    let server = Server::options(&servers::newest_redis()).tls_showing(ServerCertificate::Expired).start();
    refusal(&server, trusting(&server), &["expired"]).await;
    refusal(&server, trusting(&server).check_hostname(false), &["expired"]).await;
    Ok(())
}

#[tokio::test]
async fn verification_can_be_switched_off_altogether() -> Outcome {
    for showing in
        [ServerCertificate::WrongHost, ServerCertificate::Expired, ServerCertificate::OtherAuthority]
    {
        let server = Server::options(&servers::newest_redis()).tls_showing(showing).start();
        connect(&server, TlsOptions::new().verify(Verify::None)).await?.ping().await?;
        let url = format!("{}?ssl_cert_reqs=none", server.tls_url());
        Client::connect(url).await?.ping().await?;
    }
    Ok(())
}

#[tokio::test]
async fn client_certificates_are_shown() -> Outcome {
    let server = Server::options(&servers::newest_redis()).tls_client_required().start();
    let (own, other) = (server.tls().client(), server.tls().other_client());
    let showing = |identity: &carnelian_testkit::Identity| {
        trusting(&server).client_cert(identity.certificate_path()).client_key(identity.key_path())
    };
    connect(&server, showing(own)).await?.ping().await?;
    let encrypted =
        trusting(&server).client_cert(own.certificate_path()).client_key(server.tls().encrypted_client_key());
    connect(&server, encrypted.clone().key_password(CLIENT_KEY_PASSWORD)).await?.ping().await?;

    // The files of the client's own are at fault, not the connection.
    for (options, part) in [(encrypted.clone(), "password"), (encrypted.key_password("hunter2"), "password")]
    {
        let error = connect(&server, options).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Tls | ErrorKind::Config), "{error}");
        assert!(error.to_string().contains(part) && !error.to_string().contains("hunter2"), "{error}");
    }
    let missing = trusting(&server).client_cert(Path::new("/nonexistent/client.crt"));
    let error = connect(&server, missing).await.unwrap_err();
    assert!(error.to_string().contains("/nonexistent/client.crt"), "{error}");

    // Under TLS 1.3 the server says no only after the handshake.
    refusal(&server, trusting(&server), &["client certificate", "ssl_certfile"]).await;
    refusal(&server, showing(other), &["client's certificate", "tls-ca-cert-file"]).await;
    Ok(())
}

#[tokio::test]
async fn a_plain_port_is_told_from_a_tls_port() -> Outcome {
    let server = Server::options(&servers::newest_redis()).tls().start();
    let quick =
        |url: String| Config::new(&url).map(|config| config.connect_timeout(Duration::from_millis(800)));
    let error = Client::connect(quick(format!("rediss://{}", server.addr()))?.tls(trusting(&server)))
        .await
        .unwrap_err();
    // A server without TLS waits for the end of a line, unless there happens to be one in the random bytes.
    assert!(matches!(error.kind(), ErrorKind::Tls | ErrorKind::Timeout), "{error:?}");
    assert!(error.to_string().contains("TLS") && error.to_string().contains("port"), "{error}");

    let error = Client::connect(quick(format!("redis://{}", server.tls_addr()))?).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Connection | ErrorKind::Protocol), "{error:?}");
    assert!(error.to_string().contains("rediss://"), "what to do is not in: {error}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_and_large_values_share_a_connection() -> Outcome {
    let server = Server::options(&servers::newest_valkey()).tls().start();
    let client = connect(&server, trusting(&server)).await?;
    let mut tasks = Vec::new();
    for task in 0..100_u32 {
        let client = client.clone();
        tasks.push(tokio::spawn(async move {
            let key = format!("k{task}");
            for n in 0..20_u32 {
                let value = format!("{task}:{n}");
                client.set(&key, &value).await?;
                assert_eq!(client.get::<Option<String>>(&key).await?, Some(value));
            }
            Ok::<_, Error>(())
        }));
    }
    for task in 0..4_u8 {
        let client = client.clone();
        tasks.push(tokio::spawn(async move {
            let key = format!("large{task}");
            let value: Vec<u8> = (0..1_u32 << 20).map(|n| (n % 251) as u8 ^ task).collect();
            for _ in 0..4 {
                client.set(&key, &value).await?;
                assert!(client.get::<Option<Vec<u8>>>(&key).await?.as_ref() == Some(&value), "{task}");
            }
            Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}
