//! One client for the process. The tests of this file share it, so they run one after the other where they share a
//! process too.

use std::sync::{Barrier, Mutex, PoisonError};
use std::thread;

use carnelian_blocking::{close, global, init};
use carnelian_command::group::{ConnectionCommands as _, OwnConnectionCommands as _};
use carnelian_core::ErrorKind;
use carnelian_testkit::{Server, servers};

type Outcome = Result<(), Box<dyn std::error::Error>>;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[test]
fn it_is_there_from_init_to_close() -> Outcome {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let error = global().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("init("), "{error}");

    let server = Server::start(&servers::newest_redis());
    let client = init(server.url())?;
    assert_eq!(global()?.client_id()?, client.client_id()?);
    // The first one stays.
    let same = init("redis://127.0.0.1:1")?;
    assert_eq!(same.client_id()?, client.client_id()?);

    close();
    assert_eq!(client.ping().unwrap_err().kind(), ErrorKind::Closed);
    assert!(global().is_err());
    // Afterwards a new one can be made, even where the first try fails.
    assert!(init("redis://127.0.0.1:1").is_err() && global().is_err());
    assert_ne!(init(server.url())?.client_id()?, 0);
    close();
    close();
    Ok(())
}

#[test]
fn however_many_begin_at_once_there_is_one_connection() -> Outcome {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let server = Server::start(&servers::newest_redis());
    let start = Barrier::new(16);
    let mut ids: Vec<u64> = thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    init(server.url())?.client_id()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<carnelian_core::Result<_>>()
    })?;
    ids.dedup();
    assert_eq!(ids.len(), 1);
    close();
    Ok(())
}
