//! Owns what to tell a user whose handshake failed: what was found, and which option or which side to look at.

use rustls::{AlertDescription, CertificateError, Error};

/// Says in one sentence why TLS failed and what to do about it.
///
/// ```
/// use rustls::{CertificateError, Error};
///
/// let error = Error::InvalidCertificate(CertificateError::UnknownIssuer);
/// assert!(carnelian_tls::explain(&error).contains("ssl_ca_certs"));
/// ```
#[must_use]
pub fn explain(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => certificate(error),
        Error::AlertReceived(alert) => alert_received(*alert),
        Error::InvalidMessage(_) => "the peer does not speak TLS: is this the server's TLS port (tls-port)? \
             Without TLS the URL starts with redis://"
            .to_owned(),
        Error::PeerIncompatible(why) => format!(
            "the server and this client share no TLS version or cipher suite ({why:?}): look at ssl_min_version, ssl_ciphers \
             and the server's tls-protocols, tls-ciphers"
        ),
        Error::InconsistentKeys(_) => "the private key does not belong to the certificate".to_owned(),
        other => format!("TLS failed: {other}"),
    }
}

fn certificate(error: &CertificateError) -> String {
    match error {
        CertificateError::UnknownIssuer => "the server's certificate is not signed by an authority you trust: give the authority's \
             certificate with ssl_ca_certs=…"
            .to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired: renew it on the server (and check this machine's clock)".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet: check the clocks of both machines".to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => format!(
            "the server's certificate is for {}, not for {:?}: connect by that name, set it with ssl_server_name=…, or give up the \
             check with ssl_check_hostname=false",
            names(presented),
            expected.to_str()
        ),
        CertificateError::NotValidForName => "the server's certificate is for another name: set it with ssl_server_name=…, or give \
             up the check with ssl_check_hostname=false"
            .to_owned(),
        CertificateError::InvalidOcspResponse => "the server staples no successful OCSP response to its certificate, which \
             ssl_validate_ocsp_stapled=true demands: have the server staple one, or drop the demand"
            .to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the server's certificate is not meant for servers (extended key usage `serverAuth` is missing): issue another".to_owned()
        }
        // Certificates that are their own authority are what most first attempts at TLS end with.
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "the server shows an authority's certificate (CA:TRUE) as its own: have that authority issue one for the server".to_owned()
        }
        other => format!("the server's certificate is refused: {other}"),
    }
}

/// The names of a certificate, which `rustls` gives as `DnsName("redis.example")` and the like.
fn names(presented: &[String]) -> String {
    if presented.is_empty() {
        return "no name at all".to_owned();
    }
    let bare = |name: &String| -> String {
        let inside = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
        format!("{:?}", inside.trim_matches('"'))
    };
    presented.iter().map(bare).collect::<Vec<_>>().join(", ")
}

fn alert_received(alert: AlertDescription) -> String {
    let what = match alert {
        AlertDescription::CertificateRequired => {
            "the server asks for a client certificate: give one with ssl_certfile and ssl_keyfile"
        }
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown => {
            "the server does not accept the client's certificate: it must be signed by an authority in the server's tls-ca-cert-file"
        }
        AlertDescription::CertificateExpired => {
            "the server says that the client's certificate has expired: renew ssl_certfile"
        }
        AlertDescription::CertificateRevoked => {
            "the server says that the client's certificate is revoked: renew ssl_certfile"
        }
        AlertDescription::ProtocolVersion => {
            "the server speaks none of the TLS versions offered: look at ssl_min_version, ssl_ciphers and the server's tls-protocols"
        }
        AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => {
            "the server found no common ground: it may want a client certificate (ssl_certfile, ssl_keyfile), or look at ssl_ciphers and \
             the server's tls-ciphers"
        }
        AlertDescription::UnrecognisedName => {
            "the server does not know the name it was asked for: set it with ssl_server_name=…"
        }
        other => return format!("the server ended the TLS handshake: {other:?}"),
    };
    what.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_wrapping() {
        let presented = ["DnsName(\"a.example\")", "IpAddress(10.0.0.1)", "plain"].map(str::to_owned);
        assert_eq!(names(&presented), "\"a.example\", \"10.0.0.1\", \"plain\"");
        assert_eq!(names(&[]), "no name at all");
    }

    #[test]
    fn what_no_handshake_in_memory_shows_is_explained_too() {
        for (error, part) in [
            (Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType), "redis://"),
            (Error::InvalidCertificate(CertificateError::NotValidYet), "clocks"),
            (Error::InvalidCertificate(CertificateError::NotValidForName), "ssl_check_hostname"),
            (Error::InvalidCertificate(CertificateError::BadEncoding), "refused"),
            (Error::AlertReceived(AlertDescription::CertificateExpired), "ssl_certfile"),
            (Error::AlertReceived(AlertDescription::CertificateRevoked), "ssl_certfile"),
            (Error::AlertReceived(AlertDescription::UnrecognisedName), "ssl_server_name"),
            (Error::AlertReceived(AlertDescription::InternalError), "InternalError"),
            (Error::HandshakeNotComplete, "TLS failed"),
        ] {
            let text = explain(&error);
            assert!(text.contains(part), "{error}: {text}");
        }
    }
}
