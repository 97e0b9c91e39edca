//! Proves what each TLS option does by real handshakes in memory, with certificates made on the spot.

use crate::peers::{Authority, Folder, Server, meet};
use carnelian_core::config::{TlsVersion, Verify};
use carnelian_tls::{TlsOptions, server_name};
use rustls::ProtocolVersion;
use rustls::version::{TLS12, TLS13};

const HOST: &str = "redis.example";
const STAPLE: [u8; 5] = [0x30, 3, 0x0a, 1, 0];

fn trusting(authority: &Authority) -> TlsOptions {
    TlsOptions::new().ca_pem(authority.cert.as_str())
}

fn refused(options: &TlsOptions, host: &str, server: &Server<'_>, part: &str) {
    let error = meet(options, host, server).expect_err(part);
    assert!(error.contains(part), "{error}");
}

#[test]
fn a_server_of_a_trusted_authority_is_accepted() {
    let authority = Authority::new("ours");
    let certified = authority.server(HOST);
    assert_eq!(meet(&trusting(&authority), HOST, &Server::with(&certified)), Ok(ProtocolVersion::TLSv1_3));
    let certified = authority.server("::1");
    for host in ["::1", "::1%lo"] {
        assert!(meet(&trusting(&authority), host, &Server::with(&certified)).is_ok(), "{host}");
    }
}

#[test]
fn trust_comes_from_text_file_or_directory() {
    let authority = Authority::new("ours");
    let stranger = Authority::new("another");
    let certified = authority.server(HOST);
    let folder = Folder::new();
    let file = folder.file("ca.pem", &format!("# two of them\n{}{}", stranger.cert, authority.cert));
    folder.file("notes.txt", "no certificate");
    std::fs::create_dir(folder.path().join("deeper")).unwrap();
    for options in [TlsOptions::new().ca_file(file), TlsOptions::new().ca_dir(folder.path())] {
        assert!(meet(&options, HOST, &Server::with(&certified)).is_ok(), "{options:?}");
    }
    // The system's certificates come on top where that is asked for, and never vouch for ours.
    let both = trusting(&authority).system_roots(true);
    match meet(&both, HOST, &Server::with(&certified)) {
        Ok(_) => {}
        Err(error) => assert!(error.contains("the system has no trusted certificates"), "{error}"),
    }
}

#[test]
fn a_server_of_another_authority_is_refused() {
    let certified = Authority::new("another").server(HOST);
    let ours = Authority::new("ours");
    refused(&trusting(&ours), HOST, &Server::with(&certified), "ssl_ca_certs");
    let optional = trusting(&ours).verify(Verify::Optional);
    refused(&optional, HOST, &Server::with(&certified), "ssl_ca_certs");
    assert!(meet(&trusting(&ours).verify(Verify::None), HOST, &Server::with(&certified)).is_ok());
}

#[test]
fn the_name_must_fit_unless_the_check_is_off() {
    let authority = Authority::new("ours");
    let certified = authority.server(HOST);
    let server = Server::with(&certified);
    let options = trusting(&authority);
    refused(&options, "other.example", &server, "is for \"redis.example\", not for \"other.example\"");
    refused(&options, "10.0.0.1", &server, "ssl_check_hostname=false");
    assert!(meet(&options.clone().check_hostname(false), "other.example", &server).is_ok());
    assert!(meet(&options.clone().server_name(HOST), "10.0.0.1", &server).is_ok());
    // Without the name, all the rest is still checked.
    let nameless = options.check_hostname(false);
    let stranger = Authority::new("another").server("other.example");
    refused(&nameless, "other.example", &Server::with(&stranger), "not signed by an authority you trust");
    let expired = authority.expired("another.example");
    refused(&nameless, "other.example", &Server::with(&expired), "expired");
}

#[test]
fn an_expired_certificate_is_refused() {
    let authority = Authority::new("ours");
    let certified = authority.expired(HOST);
    refused(&trusting(&authority), HOST, &Server::with(&certified), "expired");
    assert!(meet(&trusting(&authority).verify(Verify::None), HOST, &Server::with(&certified)).is_ok());
}

#[test]
fn a_certificate_for_another_purpose_is_refused() {
    let authority = Authority::new("ours");
    let certified = authority.client();
    refused(&trusting(&authority), "a-client", &Server::with(&certified), "serverAuth");
}

#[test]
fn versions_below_the_oldest_allowed_are_refused() {
    let authority = Authority::new("ours");
    let certified = authority.server(HOST);
    let old = Server { versions: &[&TLS12], ..Server::with(&certified) };
    let new = Server { versions: &[&TLS13], ..Server::with(&certified) };
    assert_eq!(meet(&trusting(&authority), HOST, &old), Ok(ProtocolVersion::TLSv1_2));
    let strict = trusting(&authority).min_version(TlsVersion::V1_3);
    assert_eq!(meet(&strict, HOST, &new), Ok(ProtocolVersion::TLSv1_3));
    refused(&strict, HOST, &old, "ssl_min_version");
}

#[test]
fn cipher_suites_are_those_named() {
    let authority = Authority::new("ours");
    let certified = authority.server(HOST);
    let server = Server::with(&certified);
    let old_only = trusting(&authority).ciphers(["ECDHE-ECDSA-AES128-GCM-SHA256"]);
    assert_eq!(meet(&old_only, HOST, &server), Ok(ProtocolVersion::TLSv1_2));
    refused(
        &old_only.clone().min_version(TlsVersion::V1_3),
        HOST,
        &server,
        "ssl_ciphers names no cipher suite",
    );
    refused(&old_only, HOST, &Server { versions: &[&TLS13], ..Server::with(&certified) }, "ssl_ciphers");
    refused(&trusting(&authority).ciphers(["NULL"]), HOST, &server, "TLS13_AES_128_GCM_SHA256");
}

#[test]
fn a_stapled_response_can_be_demanded() {
    let authority = Authority::new("ours");
    let certified = authority.server(HOST);
    let options = trusting(&authority).require_ocsp_staple(true);
    let stapling = |staple: &[u8]| Server { staple: staple.to_vec(), ..Server::with(&certified) };
    assert!(meet(&options, HOST, &stapling(&STAPLE)).is_ok());
    refused(&options, HOST, &stapling(&[]), "ssl_validate_ocsp_stapled");
    refused(&options, HOST, &stapling(&[0x30, 3, 0x0a, 1, 3]), "ssl_validate_ocsp_stapled");
    // The demand comes on top of the others and takes none away, whichever way the rest is checked.
    let stranger = Authority::new("another").server(HOST);
    let stapled_stranger = Server { staple: STAPLE.to_vec(), ..Server::with(&stranger) };
    refused(&options, HOST, &stapled_stranger, "not signed by an authority you trust");
    let unchecked = options.verify(Verify::None);
    assert!(meet(&unchecked, HOST, &stapled_stranger).is_ok());
    refused(&unchecked, HOST, &stapling(&[]), "ssl_validate_ocsp_stapled");
    let old = Server { versions: &[&TLS12], staple: STAPLE.to_vec(), ..Server::with(&certified) };
    assert!(
        meet(&trusting(&authority).require_ocsp_staple(true).check_hostname(false), "x.example", &old)
            .is_ok()
    );
}

#[test]
fn an_authoritys_own_certificate_is_no_servers() {
    let authority = Authority::new("ours");
    let certified = authority.issue(HOST, |params| {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    });
    refused(&trusting(&authority), HOST, &Server::with(&certified), "CA:TRUE");
}

#[test]
fn names_are_what_tls_takes_for_names() {
    let options = TlsOptions::new();
    for host in ["localhost", "redis_server", "10.0.0.1", "::1", "fe80::1%eth0"] {
        assert!(server_name(&options, host).is_ok(), "{host}");
    }
    for host in ["", "two words", "a..b"] {
        let error = server_name(&options, host).unwrap_err().to_string();
        assert!(error.contains("ssl_server_name"), "{error}");
    }
}
