//! One client for the whole process, of each kind.

use carnelian::blocking;
use carnelian::prelude::*;
use carnelian_testkit::{Server, servers};

use super::support::Outcome;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_ask_first_there_is_one_connection() -> Outcome {
    let server = Server::start(&servers::newest_redis());
    let error = carnelian::global().unwrap_err();
    assert!(error.kind() == ErrorKind::Config && error.to_string().contains("init("), "{error}");
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..50 {
        asking.spawn(carnelian::init(server.url()));
    }
    for client in asking.join_all().await {
        client?.ping().await?;
    }
    assert_eq!(carnelian::global()?.client_list().await?.iter().count(), 1);
    carnelian::close().await;
    assert!(carnelian::global().is_err());
    carnelian::init(server.url()).await?;
    assert_eq!(carnelian::global()?.ping().await?, "PONG");
    Ok(())
}

#[test]
fn the_blocking_one_likewise() {
    let server = Server::start(&servers::newest_redis());
    assert_eq!(blocking::global().unwrap_err().kind(), ErrorKind::Config);
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| blocking::init(server.url()).unwrap().ping().unwrap());
        }
    });
    assert_eq!(blocking::global().unwrap().client_list().unwrap().iter().count(), 1);
    blocking::close();
    assert!(blocking::global().is_err());
}
