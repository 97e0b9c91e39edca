//! Owns the other side of the handshakes: a small authority, certificates of every quality, and two ends joined in memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use carnelian_tls::{TlsOptions, client_config, explain, server_name};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConnection, ConnectionCommon, RootCertStore, ServerConfig, ServerConnection};

#[cfg(feature = "ring")]
pub(crate) fn provider() -> CryptoProvider {
    rustls::crypto::ring::default_provider()
}

#[cfg(not(feature = "ring"))]
pub(crate) fn provider() -> CryptoProvider {
    rustls::crypto::aws_lc_rs::default_provider()
}

/// A certificate and its key, in PEM.
pub(crate) struct Certified {
    pub(crate) cert: String,
    pub(crate) key: String,
}

/// An authority.
pub(crate) struct Authority {
    pub(crate) cert: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let cert = params.self_signed(&key).unwrap().pem();
        Self { cert, issuer: Issuer::new(params, key) }
    }

    /// A certificate of this authority for `host`, changed by `change` before it is signed.
    pub(crate) fn issue(&self, host: &str, change: impl FnOnce(&mut CertificateParams)) -> Certified {
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap().pem();
        Certified { cert, key: key.serialize_pem() }
    }

    pub(crate) fn server(&self, host: &str) -> Certified {
        self.issue(host, |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth])
    }

    pub(crate) fn client(&self) -> Certified {
        self.issue("a-client", |params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]
        })
    }

    pub(crate) fn expired(&self, host: &str) -> Certified {
        self.issue(host, |params| {
            params.not_before = date_time_ymd(2000, 1, 1);
            params.not_after = date_time_ymd(2001, 1, 1);
        })
    }
}

/// What a server does.
pub(crate) struct Server<'a> {
    pub(crate) certified: &'a Certified,
    pub(crate) asks_for_clients_of: Option<&'a Authority>,
    pub(crate) versions: &'a [&'static rustls::SupportedProtocolVersion],
    pub(crate) staple: Vec<u8>,
}

impl<'a> Server<'a> {
    pub(crate) fn with(certified: &'a Certified) -> Self {
        Self { certified, asks_for_clients_of: None, versions: rustls::ALL_VERSIONS, staple: Vec::new() }
    }

    fn config(&self) -> ServerConfig {
        let provider = Arc::new(provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(self.versions)
            .unwrap();
        let builder = match self.asks_for_clients_of {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(CertificateDer::from_pem_slice(authority.cert.as_bytes()).unwrap()).unwrap();
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
                builder.with_client_cert_verifier(verifier)
            }
        };
        let chain =
            CertificateDer::pem_slice_iter(self.certified.cert.as_bytes()).map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_slice(self.certified.key.as_bytes()).unwrap();
        builder.with_single_cert_with_ocsp(chain, key, self.staple.clone()).unwrap()
    }
}

/// A handshake and an exchange of a word between a client of these options and a server. What fails on the client's side is explained.
pub(crate) fn meet(
    options: &TlsOptions,
    host: &str,
    server: &Server<'_>,
) -> Result<rustls::ProtocolVersion, String> {
    let config = client_config(options).map_err(|error| error.to_string())?;
    let name = server_name(options, host).map_err(|error| error.to_string())?;
    let mut client = ClientConnection::new(config, name).map_err(|error| explain(&error))?;
    let mut server = ServerConnection::new(Arc::new(server.config())).unwrap();
    use std::io::{Read, Write};
    client.writer().write_all(b"PING").unwrap();
    let mut word = Vec::new();
    for _ in 0..20 {
        pass(&mut client, &mut server);
        // The server says why it refuses in an alert, which is for the client to read.
        let refused = server.process_new_packets().is_err();
        pass(&mut server, &mut client);
        client.process_new_packets().map_err(|error| explain(&error))?;
        if refused {
            continue;
        }
        let mut piece = [0; 16];
        if let Ok(count) = server.reader().read(&mut piece) {
            word.extend_from_slice(&piece[..count]);
        }
        if word == b"PING" && !client.is_handshaking() {
            return Ok(client.protocol_version().unwrap());
        }
    }
    Err("nothing more happens".to_owned())
}

fn pass<A, B>(
    from: &mut impl std::ops::DerefMut<Target = ConnectionCommon<A>>,
    to: &mut impl std::ops::DerefMut<Target = ConnectionCommon<B>>,
) {
    let mut wire = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut wire).unwrap();
    }
    let mut rest = wire.as_slice();
    while !rest.is_empty() {
        to.read_tls(&mut rest).unwrap();
    }
}

/// A directory for one test, gone when the test is.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let unique =
            format!("carnelian-tls-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(unique);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
