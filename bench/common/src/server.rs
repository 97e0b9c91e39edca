//! A server of the benchmark's own: started on a free loopback port with its own unix socket in a folder of its own,
//! keeping nothing on disk, and stopped by its child handle.

use std::env;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Control, Failure};

/// Where a server is to be reached.
#[derive(Clone, Debug)]
pub struct Target {
    /// Port on 127.0.0.1.
    pub port: u16,
    /// Its unix socket.
    pub socket: PathBuf,
    /// Which of the two a client is to use.
    pub unix: bool,
}

/// A running server; dropping it stops it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    folder: PathBuf,
    target: Target,
}

impl Server {
    /// Starts the program at `binary` and waits until it answers.
    pub fn start(binary: &Path) -> Result<Self, Failure> {
        // Asked of the system and given back: the gap until the server binds it is harmless on a machine of one's own.
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let folder = env::temp_dir().join(format!("carnelian-bench-{}-{port}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let socket = folder.join("server.sock");
        let child = Command::new(binary)
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(["--loglevel", "warning", "--daemonize", "no"])
            .arg("--dir")
            .arg(&folder)
            .arg("--unixsocket")
            .arg(&socket)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| {
                format!(
                    "cannot start {}: {error}; install redis-server or name one with --server-binary",
                    binary.display()
                )
            })?;
        let mut server = Self { child, folder, target: Target { port, socket, unix: false } };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// Where it listens.
    pub fn target(&self) -> &Target {
        &self.target
    }

    fn wait_until_ready(&mut self) -> Result<(), Failure> {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("the server ended at once: {status}").into());
            }
            let answered =
                Control::connect(self.target.port).and_then(|mut control| control.call(&[b"PING"]));
            match answered {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > deadline => {
                    return Err(format!("the server does not answer: {error}").into());
                }
                Err(_) => thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing to do about a failure here: the process is gone already, or the system will take the folder.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
