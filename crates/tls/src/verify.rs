//! Owns how the server's certificate is checked: fully, fully but for its name, or not at all, and with or without a demand for a
//! stapled OCSP response.
//!
//! The weaker ways exist because users ask for them by name; each is a type of its own, so that the full one stays `rustls`'s code.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use carnelian_core::config::{TlsOptions, Verify};

use crate::TlsError;
use crate::roots::roots;

/// The verifier that the options ask for.
pub(crate) fn verifier(
    options: &TlsOptions,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
    let verifier: Arc<dyn ServerCertVerifier> = if options.verify == Verify::None {
        Arc::new(Unchecked { provider: Arc::clone(provider) })
    } else {
        let full =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots(options)?), Arc::clone(provider))
                .build()
                .map_err(|error| {
                    TlsError::new(format!("the server's certificate can't be checked: {error}"))
                })?;
        if options.skip_hostname_check { Arc::new(AnyName { full }) } else { full }
    };
    Ok(if options.require_ocsp_staple { Arc::new(Stapled { inner: verifier }) } else { verifier })
}

/// Checks everything but whether the certificate was issued for this server's name: whoever holds any certificate of a trusted
/// authority can pass for the server.
#[derive(Debug)]
struct AnyName {
    full: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // The name is what the full check looks at last, so this error means that all else is well.
        match self.full.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.full.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.full.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.full.supported_verify_schemes()
    }
}

/// Checks nothing: anybody in between can pass for the server. Its signatures are let through too, since they would only prove that
/// the peer owns a certificate that nobody vouches for, and old certificates (X.509 v1) can't be checked at all.
#[derive(Debug)]
struct Unchecked {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Demands a stapled OCSP response beside what `inner` demands.
///
/// Checked is that the server sent one and that it says `successful`, that is: holds an answer. Not checked are the answer itself
/// (good or revoked), its signature and its dates: `rustls` hands the bytes over as they came.
#[derive(Debug)]
struct Stapled {
    inner: Arc<dyn ServerCertVerifier>,
}

impl ServerCertVerifier for Stapled {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified =
            self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        if is_successful(ocsp_response) {
            Ok(verified)
        } else {
            Err(CertificateError::InvalidOcspResponse.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Whether an OCSP response (RFC 6960: a sequence that starts with an enumerated status) says `successful`.
fn is_successful(response: &[u8]) -> bool {
    const SEQUENCE: u8 = 0x30;
    const SUCCESSFUL: [u8; 3] = [0x0a, 1, 0];
    let body = match response {
        [SEQUENCE, length, rest @ ..] if *length < 0x80 => rest,
        [SEQUENCE, length, rest @ ..] => rest.get(usize::from(length & 0x7f)..).unwrap_or_default(),
        _ => return false,
    };
    body.starts_with(&SUCCESSFUL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_is_a_successful_response() {
        assert!(is_successful(&[0x30, 3, 0x0a, 1, 0]));
        assert!(is_successful(&[0x30, 0x82, 1, 5, 0x0a, 1, 0, 0xa0]));
        for response in
            [&[][..], &[0x30], &[0x30, 0x82], &[0x30, 3, 0x0a, 1, 3], &[0x31, 3, 0x0a, 1, 0], b"successful"]
        {
            assert!(!is_successful(response), "{response:?}");
        }
    }
}
