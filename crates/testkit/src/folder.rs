//! A temporary folder with a short name, removed on drop.
//!
//! Short because a Unix socket lies in it, whose path may have 107 bytes and no more.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, process};

const LONGEST: usize = 80;
static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A folder that only this user can look into, and that goes when this value goes.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(crate) fn create() -> Self {
        let base = base(env::temp_dir());
        loop {
            let number = COUNTER.fetch_add(1, Ordering::Relaxed);
            let path = base.join(format!("carnelian-{}-{number}", process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Self { path },
                // Left over from a killed process that bore the same number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => panic!("{}: {error}", path.display()),
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder left behind is untidy, no failure.
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn base(wanted: PathBuf) -> PathBuf {
    if wanted.as_os_str().len() <= LONGEST { wanted } else { PathBuf::from("/tmp") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_and_goes() {
        let folder = Folder::create();
        let path = folder.path().to_owned();
        fs::write(path.join("file"), "x").unwrap();
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn a_long_temporary_folder_is_not_used() {
        assert_eq!(base(PathBuf::from("/x".repeat(50))), Path::new("/tmp"));
        assert_eq!(base(PathBuf::from("/short")), Path::new("/short"));
    }
}
