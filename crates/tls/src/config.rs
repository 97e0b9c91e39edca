//! Owns the way from options to a `rustls` config, and from a host to the name that TLS asks for.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};

use carnelian_core::config::{TlsOptions, TlsVersion};

use crate::TlsError;
use crate::explain::explain;
use crate::identity::identity;
use crate::provider::provider;
use crate::verify::verifier;

/// The `rustls` config of these options. It reads the files they name, so make it once and share it.
///
/// # Errors
///
/// A file can't be read or isn't what it should be, a cipher suite is unknown, certificate and key don't belong together; the error
/// names the option.
///
/// ```
/// use carnelian_tls::{TlsOptions, client_config};
///
/// let error = client_config(&TlsOptions::new().ca_file("/no/such/ca.pem")).unwrap_err();
/// assert!(error.to_string().starts_with("ssl_ca_certs: /no/such/ca.pem can't be read"));
/// ```
pub fn client_config(options: &TlsOptions) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(provider(&options.ciphers)?);
    let versions = match options.min_version {
        TlsVersion::V1_3 => &[&TLS13][..],
        _ => &[&TLS13, &TLS12],
    };
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .map_err(|_| {
            TlsError::new("ssl_ciphers names no cipher suite of the TLS versions that ssl_min_version allows")
        })?
        .dangerous()
        .with_custom_certificate_verifier(verifier(options, &provider)?);
    let config = match identity(options)? {
        Some(own) => config.with_client_auth_cert(own.chain, own.key).map_err(|error| {
            TlsError::new(format!("ssl_certfile and ssl_keyfile can't be used together: {}", explain(&error)))
        })?,
        None => config.with_no_client_auth(),
    };
    Ok(Arc::new(config))
}

/// The name to send and to check: the one the options set, else the host connected to.
///
/// # Errors
///
/// It is no DNS name and no IP address.
pub fn server_name(options: &TlsOptions, host: &str) -> Result<ServerName<'static>, TlsError> {
    let name = options.server_name.as_deref().unwrap_or(host);
    // Which of this machine's links leads to an address is no part of the peer's name.
    let name = match name.split_once('%') {
        Some((address, _)) if address.contains(':') => address,
        _ => name,
    };
    ServerName::try_from(name.to_owned()).map_err(|_| {
        TlsError::new(format!(
            "{name:?} is no DNS name and no IP address, as TLS needs one: set ssl_server_name"
        ))
    })
}
