//! Keyspace events: what is missing at the server is said or set, what happens to keys is told, and nothing ends a listener
//! silently.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use carnelian_blocking::{Client, KeyspaceSubscription};
use carnelian_command::group::{
    ConnectionCommands as _, ConnectionStateCommands as _, GenericCommands as _, HashCommands as _,
    ServerCommands as _, SetOptions, StringCommands as _,
};
use carnelian_core::config::{Backoff, Reconnect};
use carnelian_core::keyspace::{EventClass, KeyEvent, KeyspaceEvents, KeyspaceNotice, NAME};
use carnelian_core::{Config, ErrorKind};
use carnelian_testkit::{FaultProxy, Server, eventually, servers};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const SOON: Duration = Duration::from_secs(5);

fn each_server() -> Vec<Server> {
    [servers::named("redis-6.2"), servers::newest_redis(), servers::newest_valkey()]
        .iter()
        .map(Server::start)
        .collect()
}

/// A client of each protocol.
fn clients(server: &Server) -> Result<Vec<Client>, Box<dyn std::error::Error>> {
    let mut clients = Vec::new();
    for protocol in [2, 3] {
        clients.push(Client::connect(quick(&format!("{}?protocol={protocol}", server.url()))?)?);
    }
    Ok(clients)
}

fn quick(url: &str) -> Result<Config, carnelian_core::ConfigError> {
    let backoff = Backoff::Constant(Duration::from_millis(20));
    Ok(Config::new(url)?.reconnect(Reconnect::new().backoff(backoff)))
}

/// The next event, as "event key database".
fn next(events: &mut KeyspaceSubscription) -> Result<String, Box<dyn std::error::Error>> {
    let Some(KeyspaceNotice::Event(event)) = events.next_timeout(SOON)? else {
        return Err("no event".into());
    };
    Ok(format!("{} {} {}", event.event, event.key(), event.database))
}

fn setting(client: &Client) -> Result<String, Box<dyn std::error::Error>> {
    let mut letters: Vec<char> = client.config_get(NAME)?.remove(NAME).ok_or("no setting")?.chars().collect();
    letters.sort_unstable();
    Ok(letters.into_iter().collect())
}

#[test]
fn what_the_server_lacks_is_said_or_set() -> Outcome {
    for server in each_server() {
        for client in clients(&server)? {
            client.config_set(NAME, "Kg")?;
            let wanted = KeyspaceEvents::new().events([KeyEvent::Expired, KeyEvent::HSet]);
            let error = client.keyspace_events(wanted.clone()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            let text = error.to_string();
            assert!(text.contains("lacks \"Exh\""), "{text}");
            assert!(text.contains("CONFIG SET notify-keyspace-events \"KEgxh\""), "{text}");
            assert_eq!(setting(&client)?, "Kg", "nothing is changed unasked");

            // What was on stays on, and the events come.
            let mut events = client.keyspace_events(wanted.enable(true))?;
            assert_eq!(setting(&client)?, "EKghx");
            client.hset("user:1", [("name", "Ada")])?;
            assert_eq!(next(&mut events)?, "hset user:1 0");
            client.set_with("soon", "x", SetOptions::new().ttl(Duration::from_millis(1)))?;
            assert_eq!(next(&mut events)?, "expired soon 0");
            client.flushall()?;
        }
    }
    Ok(())
}

#[test]
fn keys_events_and_databases_can_be_chosen() -> Outcome {
    for server in each_server() {
        for client in clients(&server)? {
            let all = KeyspaceEvents::new().enable(true);
            let mut everything = client.keyspace_events(all.clone())?;
            let mut users = client.keyspace_events(all.clone().prefix("user:*:"))?;
            let mut names = client.keyspace_events(all.clone().pattern("*:name").event("del"))?;
            let mut one = client.keyspace_events(all.clone().key("user:*:name").event("set"))?;
            let other = all.clone().events(["set", "del"]).database(2);
            let mut other = client.keyspace_events(other)?;
            let mut anywhere = client.keyspace_events(all.clone().event("set").all_databases())?;

            for key in ["user:*:name", "user:1:name", "other"] {
                client.set(key, "x")?;
                client.del(key)?;
            }
            let own = client.dedicated()?;
            own.select(2)?;
            own.set("two", "x")?;

            for key in ["user:*:name", "user:1:name", "other"] {
                for event in ["set", "del"] {
                    assert_eq!(next(&mut everything)?, format!("{event} {key} 0"));
                }
                assert_eq!(next(&mut anywhere)?, format!("set {key} 0"));
            }
            assert_eq!(next(&mut anywhere)?, "set two 2");
            assert_eq!(next(&mut other)?, "set two 2");
            assert_eq!(next(&mut users)?, "set user:*:name 0");
            assert_eq!(next(&mut users)?, "del user:*:name 0");
            assert_eq!(next(&mut names)?, "del user:*:name 0");
            assert_eq!(next(&mut names)?, "del user:1:name 0");
            assert_eq!(next(&mut one)?, "set user:*:name 0");
            // Nothing that was not asked for stands behind it.
            client.set("user:*:name", "again")?;
            assert_eq!(next(&mut users)?, "set user:*:name 0");
            assert_eq!(next(&mut one)?, "set user:*:name 0");
            client.flushall()?;
        }
    }
    Ok(())
}

#[test]
fn new_and_missing_keys_are_beyond_all() -> Outcome {
    for installed in [servers::newest_redis(), servers::newest_valkey()] {
        let server = Server::start(&installed);
        for client in clients(&server)? {
            let wanted = KeyspaceEvents::new().events([KeyEvent::New, KeyEvent::Miss]).enable(true);
            let mut events = client.keyspace_events(wanted)?;
            client.get::<Option<String>>("k")?;
            client.set("k", "x")?;
            assert_eq!(next(&mut events)?, "keymiss k 0");
            assert_eq!(next(&mut events)?, "new k 0");
            client.flushall()?;
        }
    }
    Ok(())
}

#[test]
fn a_server_that_hides_its_setting_is_believed_unless_one_insists() -> Outcome {
    for server in each_server() {
        server.command(&["ACL", "SETUSER", "guest", "on", ">pw", "+@all", "-config", "~*", "&*"]);
        server.command(&["CONFIG", "SET", NAME, "E$"]);
        for protocol in [2, 3] {
            let url = format!("redis://guest:pw@127.0.0.1:{}?protocol={protocol}", server.port());
            let client = Client::connect(url.as_str())?;
            let wanted = KeyspaceEvents::new().event(KeyEvent::Set).enable(true);
            let error = client.keyspace_events(wanted.clone().insist(true)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains("\"E$\""), "{error}");
            let mut events = client.keyspace_events(wanted)?;
            client.set("k", "x")?;
            assert_eq!(next(&mut events)?, "set k 0");
        }
    }
    // The same where it may be read and not changed.
    let server = Server::start(&servers::newest_redis());
    server.command(&["ACL", "SETUSER", "guest", "on", ">pw", "+@all", "-config|set", "~*", "&*"]);
    let client = Client::connect(format!("redis://guest:pw@127.0.0.1:{}", server.port()).as_str())?;
    let wanted = KeyspaceEvents::new().class(EventClass::Hash).enable(true);
    let error = client.keyspace_events(wanted).unwrap_err();
    assert!(error.kind() == ErrorKind::Config && error.to_string().contains("\"Eh\""), "{error}");
    Ok(())
}

#[test]
fn a_restarted_server_is_set_up_again() -> Outcome {
    for installed in [servers::newest_redis(), servers::newest_valkey()] {
        let server = Server::start(&installed);
        for client in clients(&server)? {
            let wanted = KeyspaceEvents::new().event(KeyEvent::Set);
            let mut events = client.keyspace_events(wanted.clone().enable(true))?;
            let mut passive = client.keyspace_events(wanted)?;
            server.kill();
            server.restart();
            let notice = passive.next_timeout(SOON)?.ok_or("nothing came")?;
            assert!(matches!(notice, KeyspaceNotice::Gap(_)), "{notice:?}");
            // It has forgotten its setting: who does not set it hears that nothing will come.
            let notice = passive.next_timeout(SOON)?.ok_or("nothing came")?;
            assert!(matches!(&notice, KeyspaceNotice::Refused(error) if error.kind() == ErrorKind::Config));

            let notice = events.next_timeout(SOON)?.ok_or("nothing came")?;
            assert!(matches!(notice, KeyspaceNotice::Gap(_)), "{notice:?}");
            let reader = thread::spawn(move || next(&mut events).map_err(|error| error.to_string()));
            while setting(&client)? != "$E" {
                thread::sleep(Duration::from_millis(5));
            }
            client.set("k", "x")?;
            assert_eq!(reader.join().unwrap()?, "set k 0");
            drop(passive);
            client.config_set(NAME, "")?;
        }
    }
    Ok(())
}

#[test]
fn handlers_of_expired_keys_are_called_by_prefix_and_outlive_their_failures() -> Outcome {
    for server in each_server() {
        for protocol in [2, 3] {
            let proxy = FaultProxy::start(server.addr());
            let client = Client::connect(quick(&format!("{}?protocol={protocol}", proxy.url()))?)?;
            let told = Arc::new(Mutex::new(Vec::<String>::new()));
            let tell = |what: &'static str| {
                let told = Arc::clone(&told);
                move |key: String| told.lock().unwrap().push(format!("{what} {key}"))
            };
            let (session, task, missed, failed) =
                (tell("session"), tell("task"), tell("gap"), tell("failed"));
            let listener = client
                .on_expired("session:", move |expired| {
                    session(expired.key().into_owned());
                    Ok(())
                })
                .on("task:panic", |_| panic!("oh no"))
                .on("task:", move |expired| {
                    task(expired.key().into_owned());
                    Err("not today".into())
                })
                .on_gap(move |_| missed(String::new()))
                .on_failure(move |failure| {
                    failed(format!("{} {}", failure.event.key(), failure.reason));
                    panic!("even this does not end it");
                })
                .enable(true)
                .start()?;
            let expire =
                |key: &str| client.set_with(key, "x", SetOptions::new().ttl(Duration::from_millis(1)));
            let heard = |what: &str| told.lock().unwrap().iter().any(|line| line == what);
            expire("session:1")?;
            eventually("the session is over", SOON, || heard("session session:1"));
            expire("other:1")?;
            expire("task:1")?;
            eventually("the task failed", SOON, || heard("failed task:1 not today"));
            expire("task:panic")?;
            eventually("the other handler is called still", SOON, || heard("task task:panic"));
            assert!(heard("failed task:panic oh no"));
            proxy.reset_all();
            eventually("the gap is told", SOON, || heard("gap "));
            expire("session:2")?;
            eventually("it goes on", SOON, || heard("session session:2"));
            assert!(!told.lock().unwrap().iter().any(|line| line.contains("other")));

            listener.stop()?;
            let count = told.lock().unwrap().len();
            expire("session:3")?;
            thread::sleep(Duration::from_millis(150));
            assert_eq!(told.lock().unwrap().len(), count);
            assert_eq!(client.ping()?, "PONG");

            // One that its client leaves ends.
            let listener = client.on_expired("", |_| Ok(())).start()?;
            client.close();
            listener.ended()?;
        }
    }
    Ok(())
}
