//! Owns whom to trust: certificates from a file, a directory, a text, and the system.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};

use carnelian_core::config::TlsOptions;

use crate::TlsError;

/// The certificates to trust: those given, and the system's where none are given or where that is asked for.
pub(crate) fn roots(options: &TlsOptions) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = &options.ca_file {
        let pem = std::fs::read(path).map_err(|error| TlsError::unreadable("ssl_ca_certs", path, &error))?;
        add(&mut roots, &pem, &format!("ssl_ca_certs: {}", path.display()))?;
    }
    if let Some(path) = &options.ca_dir {
        add_directory(&mut roots, path)?;
    }
    if let Some(pem) = &options.ca_pem {
        add(&mut roots, pem.as_bytes(), "ssl_ca_data: the text")?;
    }
    if options.system_roots.unwrap_or(roots.is_empty()) {
        add_system(&mut roots)?;
    }
    if roots.is_empty() {
        return Err(TlsError::new(
            "no certificate is trusted: give one with ssl_ca_certs, or leave out ssl_system_roots=false",
        ));
    }
    Ok(roots)
}

/// Adds all certificates of a PEM text. Without one, or with a broken one, it is not what its owner believes it to be.
fn add(roots: &mut RootCertStore, pem: &[u8], source: &str) -> Result<(), TlsError> {
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate
            .map_err(|error| TlsError::new(format!("{source} is no sound PEM: {}", say(&error))))?;
        roots.add(certificate).map_err(|error| {
            TlsError::new(format!("{source} has a certificate that can't be trusted: {error}"))
        })?;
        count += 1;
    }
    if count == 0 {
        return Err(TlsError::new(format!(
            "{source} has no certificate: it must hold PEM, with lines `-----BEGIN CERTIFICATE-----`"
        )));
    }
    Ok(())
}

/// Adds the certificates of all PEM files of a directory. Other files may lie beside them, as OpenSSL allows it.
fn add_directory(roots: &mut RootCertStore, path: &Path) -> Result<(), TlsError> {
    let unreadable = |error: &std::io::Error| TlsError::unreadable("ssl_ca_path", path, error);
    let before = roots.len();
    for entry in std::fs::read_dir(path).map_err(|error| unreadable(&error))? {
        let file = entry.map_err(|error| unreadable(&error))?.path();
        if !file.is_file() {
            continue;
        }
        let pem = std::fs::read(&file).map_err(|error| TlsError::unreadable("ssl_ca_path", &file, &error))?;
        if pem.windows(BEGIN.len()).any(|window| window == BEGIN) {
            add(roots, &pem, &format!("ssl_ca_path: {}", file.display()))?;
        }
    }
    if roots.len() == before {
        return Err(TlsError::new(format!(
            "ssl_ca_path: no file in {} has a certificate in PEM",
            path.display()
        )));
    }
    Ok(())
}

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

fn add_system(roots: &mut RootCertStore) -> Result<(), TlsError> {
    let before = roots.len();
    let found = rustls_native_certs::load_native_certs();
    // Systems carry a few certificates that nobody can parse; that is no reason to trust nobody.
    roots.add_parsable_certificates(found.certs);
    if roots.len() > before {
        return Ok(());
    }
    let reasons: String = found.errors.iter().map(|error| format!(" ({error})")).collect();
    Err(TlsError::new(format!(
        "the system has no trusted certificates{reasons}: install them (package `ca-certificates`), or give your own with ssl_ca_certs"
    )))
}

/// A PEM error in words that quote nothing of the text.
pub(crate) fn say(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no `-----END` line",
        pem::Error::IllegalSectionStart { .. } => "a `-----BEGIN` line is malformed",
        pem::Error::Base64Decode(_) => "a section is no base64",
        pem::Error::NoItemsFound => "it has no section of the kind wanted",
        _ => "it can't be read",
    }
}
