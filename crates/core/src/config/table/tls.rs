//! Owns the rows about TLS, under the reference's names.

use super::super::cast;
use super::super::option::{BadValue, OptionSpec};
use super::super::secret::Secret;
use super::super::tls::{Pem, PemSource, TlsVersion, Verify};
use super::{BOOLEAN, row};

pub(super) const ROWS: &[OptionSpec] = &[
    row("ssl", BOOLEAN, "`false`", "Speaks TLS; the same as a `rediss://` URL.", |s, text| {
        s.tls_on = cast::boolean(text)?;
        Ok(())
    })
    .or(&["tls"]),
    row(
        "ssl_cert_reqs",
        "`required`, `optional` or `none`",
        "`required`",
        "Whether the server's certificate is checked.",
        |s, text| {
            s.tls.verify = match text.to_ascii_lowercase().as_str() {
                "required" => Verify::Required,
                "optional" => Verify::Optional,
                "none" => Verify::None,
                _ => return Err(BadValue(None)),
            };
            Ok(())
        },
    ),
    row("ssl_ca_certs", "the path of a PEM file", "the system's", "Certificates to trust.", |s, text| {
        s.tls.ca_file = Some(text.into());
        Ok(())
    }),
    row(
        "ssl_ca_path",
        "the path of a directory of PEM files",
        "the system's",
        "Certificates to trust.",
        |s, text| {
            s.tls.ca_dir = Some(text.into());
            Ok(())
        },
    ),
    row("ssl_ca_data", "PEM text", "the system's", "Certificates to trust.", |s, text| {
        if !text.contains("-----BEGIN") {
            return Err(BadValue(None));
        }
        s.tls.ca_pem = Some(Pem::new(text));
        Ok(())
    }),
    row(
        "ssl_system_roots",
        BOOLEAN,
        "only where no certificate to trust is given",
        "Trusts the system's certificates too.",
        |s, text| {
            s.tls.system_roots = Some(cast::boolean(text)?);
            Ok(())
        },
    ),
    row(
        "ssl_certfile",
        "the path of a PEM file",
        "none",
        "The client's own certificate chain.",
        |s, text| {
            s.tls.client_cert = Some(PemSource::File(text.into()));
            Ok(())
        },
    ),
    row(
        "ssl_keyfile",
        "the path of a PEM file",
        "`ssl_certfile`'s own",
        "The private key of the client's certificate.",
        |s, text| {
            s.tls.client_key = Some(PemSource::File(text.into()));
            Ok(())
        },
    ),
    row("ssl_password", "text", "none", "Opens an encrypted private key.", |s, text| {
        s.tls.key_password = Some(Secret::from(text));
        Ok(())
    })
    .secret(),
    row(
        "ssl_check_hostname",
        BOOLEAN,
        "`true`",
        "Compares the server's name with its certificate.",
        |s, text| {
            s.tls.skip_hostname_check = !cast::boolean(text)?;
            Ok(())
        },
    ),
    row("ssl_min_version", "`1.2` or `1.3`", "`1.2`", "The oldest TLS version to accept.", |s, text| {
        s.tls.min_version = version(text)?;
        Ok(())
    }),
    row(
        "ssl_ciphers",
        "names of cipher suites parted by `:` or `,`",
        "all that are sound",
        "The cipher suites to offer.",
        |s, text| {
            let names = text.split([':', ',', ' ']).filter(|name| !name.is_empty());
            s.tls.ciphers = names.map(str::to_owned).collect();
            Ok(())
        },
    ),
    row(
        "ssl_validate_ocsp_stapled",
        BOOLEAN,
        "`false`",
        "Refuses a server that staples no OCSP response.",
        |s, text| {
            s.tls.require_ocsp_staple = cast::boolean(text)?;
            Ok(())
        },
    ),
    row("ssl_server_name", "a host name", "the host", "The name to send (SNI) and to check.", |s, text| {
        s.tls.server_name = Some(cast::host(text)?);
        Ok(())
    }),
];

fn version(text: &str) -> Result<TlsVersion, BadValue> {
    match text.to_ascii_lowercase().replace('_', ".").trim_start_matches("tlsv") {
        "1.2" => Ok(TlsVersion::V1_2),
        "1.3" => Ok(TlsVersion::V1_3),
        "1" | "1.0" | "1.1" => Err(BadValue(Some("`1.2` or `1.3` (older versions are broken)".to_owned()))),
        _ => Err(BadValue(None)),
    }
}
