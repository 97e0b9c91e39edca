//! Owns the choice of cryptography: whose implementation, and which of its cipher suites.

use rustls::SupportedCipherSuite;
use rustls::crypto::CryptoProvider;

use crate::TlsError;

/// The provider with the cipher suites that were named, or with all of its own where none were.
pub(crate) fn provider(names: &[String]) -> Result<CryptoProvider, TlsError> {
    let mut provider = default_provider();
    if !names.is_empty() {
        provider.cipher_suites = names
            .iter()
            .map(|name| find(&provider.cipher_suites, name))
            .collect::<Result<Vec<SupportedCipherSuite>, TlsError>>()?;
    }
    Ok(provider)
}

#[cfg(feature = "aws-lc-rs")]
fn default_provider() -> CryptoProvider {
    rustls::crypto::aws_lc_rs::default_provider()
}

#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
fn default_provider() -> CryptoProvider {
    rustls::crypto::ring::default_provider()
}

// Only so that the one error of `lib.rs` is not followed by others.
#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
fn default_provider() -> CryptoProvider {
    unreachable!("the crate does not compile without a provider")
}

fn find(suites: &[SupportedCipherSuite], name: &str) -> Result<SupportedCipherSuite, TlsError> {
    let wanted = core_of(name);
    suites.iter().copied().find(|suite| core_of(&name_of(*suite)) == wanted).ok_or_else(|| {
        let known = suites.iter().map(|suite| name_of(*suite)).collect::<Vec<_>>().join(", ");
        TlsError::new(format!("ssl_ciphers: {name:?} is none of the cipher suites there are: {known}"))
    })
}

fn name_of(suite: SupportedCipherSuite) -> String {
    format!("{:?}", suite.suite())
}

/// What the names of one suite have in common: `TLS13_AES_128_GCM_SHA256` is `TLS_AES_128_GCM_SHA256` to everybody but rustls, and
/// `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` is `ECDHE-RSA-AES128-GCM-SHA256` to OpenSSL.
fn core_of(name: &str) -> String {
    let name = name.to_ascii_uppercase().replace('-', "_");
    let name = name.strip_prefix("TLS13_").or_else(|| name.strip_prefix("TLS_")).unwrap_or(&name);
    let core: String = name.split('_').filter(|part| *part != "WITH").collect();
    match core.strip_suffix("SHA256") {
        // OpenSSL leaves out the hash of this one.
        Some(short) if core.contains("CHACHA20") => short.to_owned(),
        _ => core,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(names: &[&str]) -> Result<Vec<String>, TlsError> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Ok(provider(&names)?.cipher_suites.into_iter().map(name_of).collect())
    }

    #[test]
    fn suites_are_taken_by_any_of_their_names_in_order() {
        let all = chosen(&[]).unwrap();
        assert!(all.len() >= 9, "{all:?}");
        assert_eq!(
            chosen(&[
                "ECDHE-RSA-AES128-GCM-SHA256",
                "TLS_AES_256_GCM_SHA384",
                "ecdhe-ecdsa-chacha20-poly1305"
            ])
            .unwrap(),
            [
                "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                "TLS13_AES_256_GCM_SHA384",
                "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
            ]
        );
        for name in &all {
            assert_eq!(
                chosen(&[name]).unwrap(),
                std::slice::from_ref(name),
                "a suite is found by its own name"
            );
        }
    }

    #[test]
    fn an_unknown_suite_lists_the_known() {
        let error = chosen(&["RC4-SHA"]).unwrap_err().to_string();
        assert!(error.contains("\"RC4-SHA\"") && error.contains("TLS13_AES_256_GCM_SHA384"), "{error}");
    }
}
