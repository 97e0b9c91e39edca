//! Certificates made on the spot: a small authority, who it vouches for, and who should be turned away.
//!
//! Made anew for each server, so that no key lies in the repository and nothing runs out on a certain day.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use pkcs8::pkcs5::pbes2;
use pkcs8::{LineEnding, PrivateKeyInfoRef};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

/// What unlocks [`Certificates::encrypted_client_key`].
pub const CLIENT_KEY_PASSWORD: &str = "correct horse";

const HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// A certificate and its private key, as PEM files and as bytes.
pub struct Identity {
    certificate_pem: String,
    certificate_der: Vec<u8>,
    certificate_path: PathBuf,
    key_pem: String,
    key_der: Vec<u8>,
    key_path: PathBuf,
}

impl Identity {
    /// The certificate as PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The certificate as DER.
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate_der
    }

    /// The file with the certificate as PEM.
    pub fn certificate_path(&self) -> &Path {
        &self.certificate_path
    }

    /// The private key as PEM (PKCS#8).
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// The private key as DER (PKCS#8).
    pub fn key_der(&self) -> &[u8] {
        &self.key_der
    }

    /// The file with the private key as PEM.
    pub fn key_path(&self) -> &Path {
        &self.key_path
    }

    fn store(folder: &Path, name: &str, certificate: &rcgen::Certificate, key: &KeyPair) -> Self {
        let identity = Self {
            certificate_pem: certificate.pem(),
            certificate_der: certificate.der().to_vec(),
            certificate_path: folder.join(format!("{name}.crt")),
            key_pem: key.serialize_pem(),
            key_der: key.serialize_der(),
            key_path: folder.join(format!("{name}.key")),
        };
        write(&identity.certificate_path, &identity.certificate_pem);
        write(&identity.key_path, &identity.key_pem);
        identity
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Identity")
            .field("certificate", &self.certificate_path)
            .finish_non_exhaustive()
    }
}

/// An authority and the certificates that a test of TLS needs, right ones and wrong ones.
#[derive(Debug)]
pub struct Certificates {
    ca: Identity,
    server: Identity,
    client: Identity,
    wrong_host: Identity,
    expired: Identity,
    other_ca: Identity,
    other_server: Identity,
    other_client: Identity,
    encrypted_client_key: PathBuf,
}

impl Certificates {
    /// Makes them all and writes them into `folder`.
    ///
    /// # Panics
    /// When the folder cannot be written.
    pub fn create(folder: &Path) -> Self {
        let ours = Authority::create("carnelian test authority");
        let other = Authority::create("somebody else's authority");
        let client = ours.issue(folder, "client", client_params());
        let encrypted_client_key = folder.join("client-encrypted.key");
        write(&encrypted_client_key, &encrypted(client.key_der()));
        Self {
            server: ours.issue(folder, "server", server_params(&HOSTS)),
            wrong_host: ours.issue(folder, "wrong-host", server_params(&["elsewhere.example"])),
            expired: ours.issue(folder, "expired", expired_params()),
            other_server: other.issue(folder, "other-server", server_params(&HOSTS)),
            other_client: other.issue(folder, "other-client", client_params()),
            ca: ours.store(folder, "ca"),
            other_ca: other.store(folder, "other-ca"),
            client,
            encrypted_client_key,
        }
    }

    /// The authority that signed what is right: what a client is to trust.
    pub fn ca(&self) -> &Identity {
        &self.ca
    }

    /// For `localhost`, `127.0.0.1` and `::1`.
    pub fn server(&self) -> &Identity {
        &self.server
    }

    /// A client that servers let in.
    pub fn client(&self) -> &Identity {
        &self.client
    }

    /// The key of [`client`](Self::client) under [`CLIENT_KEY_PASSWORD`] (PKCS#8, PBES2), as a PEM file.
    pub fn encrypted_client_key(&self) -> &Path {
        &self.encrypted_client_key
    }

    /// A server certificate for `elsewhere.example`.
    pub fn wrong_host(&self) -> &Identity {
        &self.wrong_host
    }

    /// A server certificate for the right hosts that ran out in 2021.
    pub fn expired(&self) -> &Identity {
        &self.expired
    }

    /// An authority that signed none of the certificates above.
    pub fn other_ca(&self) -> &Identity {
        &self.other_ca
    }

    /// As [`server`](Self::server), but signed by [`other_ca`](Self::other_ca).
    pub fn other_server(&self) -> &Identity {
        &self.other_server
    }

    /// As [`client`](Self::client), but signed by [`other_ca`](Self::other_ca): servers turn it away.
    pub fn other_client(&self) -> &Identity {
        &self.other_client
    }
}

struct Authority {
    certificate: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn create(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = new_key();
        let certificate = made(params.self_signed(&key));
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    fn issue(&self, folder: &Path, name: &str, params: CertificateParams) -> Identity {
        let key = new_key();
        let certificate = made(params.signed_by(&key, &self.issuer));
        Identity::store(folder, name, &certificate, &key)
    }

    fn store(&self, folder: &Path, name: &str) -> Identity {
        Identity::store(folder, name, &self.certificate, self.issuer.key())
    }
}

fn server_params(hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    end_entity(made(CertificateParams::new(hosts)), "server", ExtendedKeyUsagePurpose::ServerAuth)
}

fn client_params() -> CertificateParams {
    end_entity(CertificateParams::default(), "client", ExtendedKeyUsagePurpose::ClientAuth)
}

fn expired_params() -> CertificateParams {
    let mut params = server_params(&HOSTS);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2021, 1, 1);
    params
}

fn end_entity(
    mut params: CertificateParams,
    name: &str,
    usage: ExtendedKeyUsagePurpose,
) -> CertificateParams {
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![usage];
    params.use_authority_key_identifier_extension = true;
    params
}

/// The key under the password. Few rounds and fixed salt: it guards nothing, and tests should not wait for it.
fn encrypted(key_der: &[u8]) -> String {
    let key = made(PrivateKeyInfoRef::try_from(key_der));
    let scheme = made(pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(
        2_048,
        b"carnelian test",
        *b"sixteen bytes iv",
    ));
    let sealed = made(key.encrypt_with_params(scheme, CLIENT_KEY_PASSWORD));
    made(sealed.to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF)).to_string()
}

fn new_key() -> KeyPair {
    made(KeyPair::generate())
}

fn made<T, E: fmt::Debug>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("could not make a test certificate: {error:?}"))
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::Folder;

    #[test]
    fn files_and_bytes_agree() {
        let folder = Folder::create();
        let certificates = Certificates::create(folder.path());
        let server = certificates.server();
        assert_eq!(fs::read_to_string(server.certificate_path()).unwrap(), server.certificate_pem());
        assert_eq!(fs::read_to_string(server.key_path()).unwrap(), server.key_pem());
        assert!(!format!("{server:?}").contains("PRIVATE"));
    }

    #[test]
    fn the_encrypted_key_opens_with_its_password_only() {
        let folder = Folder::create();
        let certificates = Certificates::create(folder.path());
        let pem = fs::read_to_string(certificates.encrypted_client_key()).unwrap();
        assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
        let (_, sealed) = pkcs8::SecretDocument::from_pem(&pem).unwrap();
        let sealed = pkcs8::EncryptedPrivateKeyInfoRef::try_from(sealed.as_bytes()).unwrap();
        assert!(sealed.decrypt("wrong").is_err());
        assert_eq!(sealed.decrypt(CLIENT_KEY_PASSWORD).unwrap().as_bytes(), certificates.client().key_der());
    }
}
