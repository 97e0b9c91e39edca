//! Starts a server so that it cannot outlive the process that started it.
//!
//! A test that is killed runs no destructors. So each server comes with a small shell that waits at a pipe, the other
//! end of which only the test process holds:
//!
//! ```text
//!   test process ──── spawn ───► sh ──── exec ───► server          (one pid: the server's own)
//!        │                        └──── fork ───► watcher
//!        └──────────────── pipe ─────────────────────┘
//!
//!   a line arrives   the server has been ended and its folder removed: the watcher leaves
//!   the pipe closes  the test process is gone: the watcher kills the server and removes the folder
//! ```
//!
//! The watcher kills only what is still its own parent: had the server ended meanwhile, its number could by now be
//! another process's.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

const SCRIPT: &str = r#"
folder=$1
shift
exec 3<&0 </dev/null
(
  trap '' HUP INT TERM
  read -r word <&3 && exit 0
  read -r _ _ _ parent _ </proc/self/stat
  [ "$parent" = "$$" ] && kill -KILL "$$"
  sleep 0.1
  rm -rf "$folder"
) &
exec 3<&-
exec "$@"
"#;

/// A running program that is killed when this value, or this whole process, goes away.
#[derive(Debug)]
pub(crate) struct Watched {
    child: Child,
    /// Not left inside `child`, which would close it as soon as the program is waited for: the watcher would take that
    /// for the end of this process.
    pipe: Option<ChildStdin>,
}

impl Watched {
    /// Starts `program` in `folder`, its output appended to `log`.
    pub(crate) fn spawn(program: &Path, argument: &Path, folder: &Path, log: File) -> io::Result<Self> {
        let mut child = Command::new("/bin/sh")
            .arg("-c")
            .arg(SCRIPT)
            .arg("carnelian-watchdog")
            .arg(folder)
            .arg(program)
            .arg(argument)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Its own group: a Ctrl-C meant for the test reaches the server through the watcher, after the test.
            .process_group(0)
            .spawn()?;
        let pipe = child.stdin.take();
        Ok(Self { child, pipe })
    }

    /// The program's own process number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub(crate) fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Kills it at once and waits until it is gone. The watcher stays, for the folder's sake.
    pub(crate) fn kill(&mut self) {
        // Fails only for a program that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends the signal of that name (`STOP`, `CONT`, `TERM`).
    pub(crate) fn signal(&self, name: &str) {
        // The shell's own `kill`: a bare Debian has no other.
        let status = Command::new("/bin/sh")
            .args(["-c", r#"kill -s "$1" "$2""#, "kill", name, &self.pid().to_string()])
            .status();
        assert!(status.is_ok_and(|status| status.success()), "could not send {name} to the server");
    }

    /// Tells the watcher that there is nothing left to do for it.
    pub(crate) fn release(mut self) {
        self.kill();
        if let Some(mut pipe) = self.pipe.take() {
            // A watcher that is gone needs no telling.
            let _ = pipe.write_all(b"done\n");
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.kill();
    }
}
