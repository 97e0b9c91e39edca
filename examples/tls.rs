//! TLS: the server's certificate checked, a client certificate shown, and failures that say what to do.

use carnelian::config::TlsOptions;
use carnelian::prelude::*;
use carnelian_testkit::{Server, servers};

#[tokio::main]
async fn main() -> carnelian::Result<()> {
    // A server that wants a certificate of its clients, with a certificate authority made for the occasion.
    let newest_with_tls = servers::installed().into_iter().rfind(|server| server.tls);
    let server = Server::options(&newest_with_tls.unwrap_or_else(servers::any)).tls_client_required().start();
    let (ca, me) = (server.tls().ca(), server.tls().client());
    let (port, ca_path) = (server.tls_port(), ca.certificate_path().display());

    // All of it in the URL.
    let url = format!(
        "rediss://localhost:{port}?ssl_ca_certs={ca_path}&ssl_certfile={}&ssl_keyfile={}",
        me.certificate_path().display(),
        me.key_path().display(),
    );
    let client = Client::connect(url).await?;
    println!("by URL: {}", client.ping().await?);

    // Or by options, from files or from memory.
    let options = TlsOptions::new()
        .ca_pem(ca.certificate_pem())
        .client_cert(me.certificate_path())
        .client_key(me.key_path());
    let client = Client::connect(Config::tcp("localhost", port).tls(options)).await?;
    println!("by options: {}", client.ping().await?);

    // Without the authority the server is a stranger; without a certificate we are one.
    for url in
        [format!("rediss://localhost:{port}"), format!("rediss://localhost:{port}?ssl_ca_certs={ca_path}")]
    {
        let error = Client::connect(url).await.expect_err("one of them is a stranger");
        println!("{:?}: {error}", error.kind());
    }
    Ok(())
}
