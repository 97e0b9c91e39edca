//! Passwords that change while the program runs: open connections log in again, new ones use the new password.

use carnelian::Event;
use carnelian::config::{CredentialError, Credentials, PerConnect, Rotating};
use carnelian::prelude::*;
use carnelian_testkit::{Server, servers};

#[tokio::main]
async fn main() -> carnelian::Result<()> {
    let server = Server::options(&servers::any()).user("app", "on >monday >tuesday ~* +@all").start();
    let address = Config::tcp("127.0.0.1", server.port());

    // A cell that the program keeps a handle of. Whoever fetches new tokens puts them there.
    let passwords = Rotating::new(Credentials::user("app", "monday"));
    let client = Client::connect(address.clone().credentials(passwords.clone())).await?;
    let id = client.client_id().await?;
    let mut events = client.events();

    passwords.rotate(Credentials::user("app", "tuesday"));
    while events.recv().await.expect("the client lives") != Event::Reauthenticated {}
    println!("logged in again");
    assert_eq!(client.client_id().await?, id, "on the same connection");

    // The old password is worth nothing any more. Connections made from now on know the new one.
    server.cli(&["ACL", "SETUSER", "app", "<monday"]);
    let connection = client.dedicated().await?;
    assert_eq!(connection.client_info().await?.user(), Some("app"));
    println!("a new connection logged in as {:?}", connection.client_info().await?.user());

    // Or a function that is asked for every new connection: a file that something else rewrites, a vault's cache.
    let from_file = PerConnect::new(|| -> Result<Credentials, CredentialError> {
        let password = ["tues", "day"].concat();
        Ok(Credentials::user("app", password))
    });
    let client = Client::connect(address.credentials(from_file)).await?;
    println!("{}", client.ping().await?);
    Ok(())
}
