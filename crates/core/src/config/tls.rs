//! Owns [`TlsOptions`]: what is asked of TLS, as plain values. Making a `rustls` config of them is `carnelian-tls`'s work; files
//! are named here and read there.

use std::fmt;
use std::path::PathBuf;

use super::secret::Secret;

/// TLS options. The defaults verify the server fully against the system's trusted certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsOptions {
    /// A PEM file of certificates to trust.
    pub ca_file: Option<PathBuf>,
    /// A directory whose PEM files are certificates to trust.
    pub ca_dir: Option<PathBuf>,
    /// Certificates to trust, as PEM text.
    pub ca_pem: Option<Pem>,
    /// Whether to trust the system's certificates too. Unless set: only where no other certificate to trust is given.
    pub system_roots: Option<bool>,
    /// The client's own certificate chain, in PEM.
    pub client_cert: Option<PemSource>,
    /// The private key of the client's certificate, in PEM. Unless set, it is looked for in the certificate's PEM.
    pub client_key: Option<PemSource>,
    /// Opens an encrypted private key (PKCS#8).
    pub key_password: Option<Secret>,
    /// Whether the server's certificate is checked.
    pub verify: Verify,
    /// Don't compare the server's name with its certificate. The comparison is on unless this is set.
    pub skip_hostname_check: bool,
    /// The oldest protocol version to accept.
    pub min_version: TlsVersion,
    /// Names of the cipher suites to offer; none means all that are sound.
    pub ciphers: Vec<String>,
    /// Refuse a server that staples no OCSP response to its certificate.
    pub require_ocsp_staple: bool,
    /// The name to send (SNI) and to check, where it differs from the host connected to.
    pub server_name: Option<String>,
}

impl TlsOptions {
    /// Full verification against the system's trusted certificates.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts the certificates of this PEM file.
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// Trusts the certificates in this directory's PEM files.
    #[must_use]
    pub fn ca_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_dir = Some(path.into());
        self
    }

    /// Trusts the certificates in this PEM text.
    #[must_use]
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_pem = Some(Pem::new(pem));
        self
    }

    /// Sets whether the system's certificates are trusted (too).
    #[must_use]
    pub fn system_roots(mut self, trust: bool) -> Self {
        self.system_roots = Some(trust);
        self
    }

    /// Shows the server this certificate (PEM, chain included).
    #[must_use]
    pub fn client_cert(mut self, cert: impl Into<PemSource>) -> Self {
        self.client_cert = Some(cert.into());
        self
    }

    /// The private key of the client certificate (PEM).
    #[must_use]
    pub fn client_key(mut self, key: impl Into<PemSource>) -> Self {
        self.client_key = Some(key.into());
        self
    }

    /// The password of an encrypted private key.
    #[must_use]
    pub fn key_password(mut self, password: impl Into<Secret>) -> Self {
        self.key_password = Some(password.into());
        self
    }

    /// Sets whether the server's certificate is checked.
    #[must_use]
    pub fn verify(mut self, verify: Verify) -> Self {
        self.verify = verify;
        self
    }

    /// Sets whether the server's name is compared with its certificate.
    #[must_use]
    pub fn check_hostname(mut self, check: bool) -> Self {
        self.skip_hostname_check = !check;
        self
    }

    /// Sets the oldest protocol version to accept.
    #[must_use]
    pub fn min_version(mut self, version: TlsVersion) -> Self {
        self.min_version = version;
        self
    }

    /// Offers only these cipher suites, by name.
    #[must_use]
    pub fn ciphers<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.ciphers = names.into_iter().map(Into::into).collect();
        self
    }

    /// Sets whether a server without a stapled OCSP response is refused.
    #[must_use]
    pub fn require_ocsp_staple(mut self, require: bool) -> Self {
        self.require_ocsp_staple = require;
        self
    }

    /// Sets the name to send (SNI) and to check instead of the host connected to.
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }
}

/// Whether the server's certificate is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verify {
    /// Not at all: anybody in between can read and change everything. For tests.
    None,
    /// The same as `Required`: a TLS server always shows a certificate, so for a client there is nothing optional about it.
    /// It stands here because the reference has it.
    Optional,
    /// Yes. The default.
    #[default]
    Required,
}

/// A TLS protocol version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2. The default lower bound; older versions are broken and not offered.
    #[default]
    V1_2,
    /// TLS 1.3.
    V1_3,
}

/// PEM text; `Debug` shows only its size.
#[derive(Clone, PartialEq, Eq)]
pub struct Pem(Vec<u8>);

impl Pem {
    /// Wraps PEM text.
    pub fn new(pem: impl Into<Vec<u8>>) -> Self {
        Self(pem.into())
    }

    /// The text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pem({} bytes)", self.0.len())
    }
}

/// Where a PEM text comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PemSource {
    /// A file, read at connect.
    File(PathBuf),
    /// The text itself.
    Text(Pem),
}

impl From<PathBuf> for PemSource {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<&std::path::Path> for PemSource {
    fn from(path: &std::path::Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<Pem> for PemSource {
    fn from(pem: Pem) -> Self {
        Self::Text(pem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_key() {
        let options = TlsOptions::new()
            .client_key(Pem::new("-----BEGIN PRIVATE KEY-----\nTOPSECRET"))
            .key_password("hunter2");
        let shown = format!("{options:?}");
        assert!(!shown.contains("TOPSECRET") && !shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("Pem(37 bytes)"), "{shown}");
    }
}
