//! Owns the option names that a reader of the reference's documentation may try and that can't be set here, each with the reason.

const NAMES: &[(&[&str], &str)] = &[
    (
        &["decode_responses", "encoding", "encoding_errors", "charset", "errors"],
        "here the type asked for decides whether a reply is text or bytes (`String` or `Vec<u8>`), and text is always UTF-8; leave it out",
    ),
    (
        &[
            "connection_pool",
            "connection_class",
            "connection_pool_class",
            "redis_class",
            "auto_close_connection_pool",
            "parser_class",
        ],
        "the client makes and closes its connections itself; leave it out",
    ),
    (
        &["timeout"],
        "it could mean two things: write `socket_timeout` for a command, or `pool_timeout` for waiting for a connection",
    ),
    (&["retry"], "write `retry_attempts`, `retry_budget` and `retry_backoff`, or call `Config::retry`"),
    (&["retry_on"], "write `retry_on_error`"),
    (&["credential_provider"], "a provider is an object: call `Config::credentials`"),
    (&["redis_connect_func"], "write `on_connect` with the commands to send on every new connection"),
    (&["socket_keepalive_options"], "write `keepalive_idle`, `keepalive_interval` and `keepalive_count`"),
    (&["socket_type", "socket_read_size"], "the sockets are made the one way that fits; leave it out"),
    (
        &["ssl_validate_ocsp", "ssl_ocsp_context", "ssl_ocsp_expected_cert"],
        "asking an OCSP responder is not supported; `ssl_validate_ocsp_stapled` demands the server's own stapled response",
    ),
    (&["ssl_context"], "write the `ssl_…` options, or call `Config::tls`"),
    (&["cache", "cache_config", "cache_factory"], "write `client_cache=true` and the `cache_…` options"),
    (
        &[
            "startup_nodes",
            "cluster_error_retry_attempts",
            "connection_error_retry_attempts",
            "require_full_coverage",
            "reinitialize_steps",
            "read_from_replicas",
            "dynamic_startup_nodes",
            "address_remap",
        ],
        "it belongs to Cluster, which is not built yet",
    ),
    (
        &["sentinels", "min_other_sentinels", "sentinel_kwargs", "force_master_ip", "service_name"],
        "it belongs to Sentinel, which is not built yet",
    ),
];

/// Why this name can't be set, where it is one of these.
pub(super) fn reason(name: &str) -> Option<&'static str> {
    NAMES.iter().find(|(names, _)| names.contains(&name)).map(|(_, why)| *why)
}
