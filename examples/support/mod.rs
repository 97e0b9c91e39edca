//! Where an example's server comes from: the URL given to it, else `REDIS_URL`, else one of its own that ends with it.

use carnelian_testkit::{Server, servers};

/// A server's URL, and the server too if it was started for this example.
pub(crate) struct Place {
    pub(crate) url: String,
    _own: Option<Server>,
}

/// Finds or starts a server.
pub(crate) fn server() -> Place {
    match std::env::args().nth(1).or_else(|| std::env::var("REDIS_URL").ok()) {
        Some(url) => Place { url, _own: None },
        None => {
            let own = Server::start(&servers::any());
            Place { url: own.url(), _own: Some(own) }
        }
    }
}
