//! Proves how a client shows who it is: certificates and keys from files and text, encrypted ones, and what is wrong with the rest.

use crate::peers::{Authority, Certified, Folder, Server, meet};
use carnelian_core::config::Pem;
use carnelian_tls::{TlsOptions, client_config};
use pkcs8::der::Encode;
use pkcs8::pkcs5::pbes2;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::version::{TLS12, TLS13};

const HOST: &str = "redis.example";

fn failure(options: &TlsOptions) -> String {
    client_config(options).unwrap_err().to_string()
}

fn pem(text: &str) -> Pem {
    Pem::new(text)
}

/// The key sealed with a password, as `openssl pkcs8 -topk8` does it.
fn sealed(key: &str, password: &str) -> String {
    let key = PrivatePkcs8KeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let key = pkcs8::PrivateKeyInfoRef::try_from(key.secret_pkcs8_der()).unwrap();
    let how = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(2048, b"saltsalt", [7; 16]).unwrap();
    let sealed = key.encrypt_with_params(how, password).unwrap();
    assert!(sealed.as_bytes().len() > key.to_der().unwrap().len());
    sealed.to_pem("ENCRYPTED PRIVATE KEY", pkcs8::LineEnding::LF).unwrap().to_string()
}

/// A server that lets in only clients of its authority.
fn locked<'a>(authority: &'a Authority, certified: &'a Certified) -> Server<'a> {
    Server { asks_for_clients_of: Some(authority), ..Server::with(certified) }
}

#[test]
fn a_client_with_a_certificate_is_let_in() {
    let authority = Authority::new("ours");
    let (server, client) = (authority.server(HOST), authority.client());
    let folder = Folder::new();
    let cert_file = folder.file("client.pem", &client.cert);
    let key_file = folder.file("client.key", &client.key);
    let both_file = folder.file("both.pem", &format!("{}{}", client.cert, client.key));
    let options = TlsOptions::new().ca_pem(authority.cert.as_str());
    for options in [
        options.clone().client_cert(pem(&client.cert)).client_key(pem(&client.key)),
        options.clone().client_cert(cert_file).client_key(key_file),
        options.clone().client_cert(both_file),
    ] {
        for versions in [&[&TLS12], &[&TLS13]] {
            let server = Server { versions, ..locked(&authority, &server) };
            assert!(meet(&options, HOST, &server).is_ok(), "{options:?}");
        }
    }
}

#[test]
fn a_client_without_or_with_a_strange_certificate_is_told_what_to_do() {
    let authority = Authority::new("ours");
    let server = authority.server(HOST);
    let options = TlsOptions::new().ca_pem(authority.cert.as_str());
    let error = meet(&options, HOST, &locked(&authority, &server)).unwrap_err();
    assert!(error.contains("ssl_certfile"), "{error}");
    let stranger = Authority::new("another").client();
    let options = options.client_cert(pem(&stranger.cert)).client_key(pem(&stranger.key));
    let error = meet(&options, HOST, &locked(&authority, &server)).unwrap_err();
    assert!(error.contains("tls-ca-cert-file"), "{error}");
}

#[test]
fn an_encrypted_key_is_opened_with_its_password() {
    let authority = Authority::new("ours");
    let (server, client) = (authority.server(HOST), authority.client());
    let key = sealed(&client.key, "correct horse");
    let options = TlsOptions::new().ca_pem(authority.cert.as_str()).client_cert(pem(&client.cert));
    let with_key = options.clone().client_key(pem(&key));
    let good = with_key.clone().key_password("correct horse");
    assert!(meet(&good, HOST, &locked(&authority, &server)).is_ok());
    let beside = TlsOptions::new()
        .ca_pem(authority.cert.as_str())
        .client_cert(pem(&format!("{key}{}", client.cert)))
        .key_password("correct horse");
    assert!(meet(&beside, HOST, &locked(&authority, &server)).is_ok());

    assert!(failure(&with_key).contains("ssl_password"));
    let wrong = failure(&with_key.key_password("hunter2"));
    assert!(wrong.contains("ssl_password does not open") && !wrong.contains("hunter2"), "{wrong}");
    // A password that isn't needed does no harm.
    assert!(client_config(&options.client_key(pem(&client.key)).key_password("x")).is_ok());
}

#[test]
fn a_key_encrypted_in_another_way_is_told_how_to_be_converted() {
    let client = Authority::new("ours").client();
    let cert = || TlsOptions::new().client_cert(pem(&client.cert)).key_password("x");
    let legacy = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let garbage = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    for key in [legacy, garbage] {
        let error = failure(&cert().client_key(pem(key)));
        assert!(error.contains("openssl pkcs8 -topk8"), "{error}");
    }
}

#[test]
fn what_is_wrong_with_the_files_is_said() {
    let authority = Authority::new("ours");
    let (client, other) = (authority.client(), authority.client());
    let options = || TlsOptions::new().ca_pem(authority.cert.as_str());
    let folder = Folder::new();
    for (options, part) in [
        (TlsOptions::new().ca_file("/no/such.pem"), "ssl_ca_certs: /no/such.pem can't be read"),
        (TlsOptions::new().ca_dir("/no/such"), "ssl_ca_path: /no/such can't be read"),
        (TlsOptions::new().ca_dir(folder.path()), "ssl_ca_path: no file in"),
        (TlsOptions::new().ca_pem("nothing"), "ssl_ca_data: the text has no certificate"),
        (TlsOptions::new().ca_pem("-----BEGIN CERTIFICATE-----\nAAAA"), "no `-----END` line"),
        (
            TlsOptions::new().ca_pem("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"),
            "no base64",
        ),
        (
            TlsOptions::new().ca_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            "can't be trusted",
        ),
        (TlsOptions::new().ca_pem(client.key.as_str()), "has no certificate"),
        (TlsOptions::new().system_roots(false), "no certificate is trusted"),
        (options().client_key(pem(&client.key)), "without its certificate"),
        (options().client_cert(pem(&client.cert)), "ssl_keyfile is not given"),
        (options().client_cert(pem(&client.key)), "ssl_certfile has no certificate"),
        (
            options().client_cert(pem(&client.cert)).client_key(pem(&client.cert)),
            "ssl_keyfile has no private key",
        ),
        (
            options().client_cert(pem(&client.cert)).client_key(pem(&other.key)),
            "does not belong to the certificate",
        ),
        (options().client_cert(std::path::PathBuf::from("/no/such")), "ssl_certfile: /no/such can't be read"),
    ] {
        let error = failure(&options);
        assert!(error.contains(part), "{part}: {error}");
        assert!(!error.contains("PRIVATE KEY-----\nMI"), "{error}");
    }
}
