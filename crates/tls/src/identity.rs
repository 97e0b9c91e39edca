//! Owns who the client is: its certificate chain and private key, and the opening of an encrypted key.

use std::borrow::Cow;

use pkcs8::{EncryptedPrivateKeyInfoRef, pkcs5};
use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use carnelian_core::config::{PemSource, Secret, TlsOptions};

use crate::TlsError;
use crate::roots::say;

/// A client's certificate chain and private key.
pub(crate) struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
}

const TO_PKCS8: &str = "`openssl pkcs8 -topk8 -v2 aes-256-cbc -in key.pem -out new-key.pem`";

/// The certificate to show to a server that asks for one.
pub(crate) fn identity(options: &TlsOptions) -> Result<Option<Identity>, TlsError> {
    let Some(cert) = &options.client_cert else {
        return match options.client_key {
            Some(_) => Err(TlsError::new(
                "ssl_keyfile is a key without its certificate: give that with ssl_certfile",
            )),
            None => Ok(None),
        };
    };
    let cert_pem = read("ssl_certfile", cert)?;
    let chain = CertificateDer::pem_slice_iter(&cert_pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| TlsError::new(format!("ssl_certfile is no sound PEM: {}", say(&error))))?;
    if chain.is_empty() {
        return Err(TlsError::new(
            "ssl_certfile has no certificate: it must hold PEM, with lines `-----BEGIN CERTIFICATE-----`",
        ));
    }
    let key = match &options.client_key {
        Some(source) => key("ssl_keyfile", &read("ssl_keyfile", source)?, options.key_password.as_ref())?,
        None => key("ssl_certfile", &cert_pem, options.key_password.as_ref())?,
    };
    Ok(Some(Identity { chain, key }))
}

fn read<'s>(option: &str, source: &'s PemSource) -> Result<Cow<'s, [u8]>, TlsError> {
    match source {
        PemSource::File(path) => {
            std::fs::read(path).map(Cow::Owned).map_err(|error| TlsError::unreadable(option, path, &error))
        }
        PemSource::Text(pem) => Ok(Cow::Borrowed(pem.as_bytes())),
        _ => Err(TlsError::new(format!("{option} comes from a source that is not known here"))),
    }
}

/// The first private key of a PEM text, opened where it is encrypted.
fn key(option: &str, text: &[u8], password: Option<&Secret>) -> Result<PrivateKeyDer<'static>, TlsError> {
    // The old way of encrypting says so in a header that the parser passes over, and would hand out noise as a key.
    if text.windows(LEGACY.len()).any(|window| window == LEGACY) {
        return Err(TlsError::new(format!(
            "{option}: the private key is encrypted in the old OpenSSL way, which is not supported; convert it: {TO_PKCS8}"
        )));
    }
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text) {
        let (kind, der) =
            section.map_err(|error| TlsError::new(format!("{option} is no sound PEM: {}", say(&error))))?;
        if let Some(key) = PrivateKeyDer::from_pem(kind, der) {
            return Ok(key);
        }
    }
    match encrypted(text) {
        Some(sealed) => open(option, &sealed, password),
        None => Err(TlsError::new(format!(
            "{option} has no private key{}: PEM with lines `-----BEGIN PRIVATE KEY-----` is wanted",
            if option == "ssl_certfile" {
                " beside the certificate, and ssl_keyfile is not given"
            } else {
                ""
            }
        ))),
    }
}

const LEGACY: &[u8] = b"Proc-Type: 4,ENCRYPTED";
const SEALED_BEGIN: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
const SEALED_END: &str = "-----END ENCRYPTED PRIVATE KEY-----";

/// The first encrypted key, as DER. The parser knows no section of this kind, so it is handed over under the name of one it knows.
fn encrypted(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let (_, rest) = text.split_once(SEALED_BEGIN)?;
    let (body, _) = rest.split_once(SEALED_END)?;
    let renamed = format!("-----BEGIN PRIVATE KEY-----{body}-----END PRIVATE KEY-----\n");
    PrivatePkcs8KeyDer::from_pem_slice(renamed.as_bytes()).ok().map(|key| key.secret_pkcs8_der().to_vec())
}

fn open(option: &str, sealed: &[u8], password: Option<&Secret>) -> Result<PrivateKeyDer<'static>, TlsError> {
    let Some(password) = password else {
        return Err(TlsError::new(format!(
            "{option}: the private key is encrypted: give its password with ssl_password"
        )));
    };
    let unsupported = || {
        TlsError::new(format!(
            "{option}: the private key is encrypted in a way that is not supported; convert it: {TO_PKCS8}"
        ))
    };
    let sealed = EncryptedPrivateKeyInfoRef::try_from(sealed).map_err(|_| unsupported())?;
    match sealed.decrypt(password.expose()) {
        Ok(key) => Ok(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()).into()),
        Err(pkcs8::Error::EncryptedPrivateKey(
            pkcs5::Error::UnsupportedAlgorithm { .. }
            | pkcs5::Error::NoPbes1CryptSupport
            | pkcs5::Error::AlgorithmParametersInvalid { .. },
        )) => Err(unsupported()),
        // A wrong password shows as bad padding or as noise instead of a key.
        Err(_) => Err(TlsError::new(format!("{option}: ssl_password does not open the private key"))),
    }
}
