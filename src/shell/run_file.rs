//! `run.json` in the data folder: where the running program can be reached, for scripts and tests. And the lock that
//! keeps a second program out of the folder.

use std::{
    fs::{File, TryLockError},
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// What the running program tells of itself.
#[derive(Debug, serde::Serialize)]
pub struct Running {
    /// Process.
    pub pid: u32,
    /// Listeners for phones: `udp 192.0.2.1:5060`.
    pub sip: Vec<String>,
    /// The portal.
    pub http: SocketAddr,
    /// The portal over TLS, if it is there.
    pub https: Option<SocketAddr>,
    /// `io-uring` or `epoll`, as `--packet-io` would say it.
    pub packet_io: &'static str,
    /// Media threads.
    pub workers: usize,
}

/// The folder is ours while this lives; `run.json` goes when it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
    run_file: PathBuf,
}

impl Lock {
    /// Takes the folder; `Ok(None)` if another program has it.
    pub fn take(folder: &Path) -> io::Result<Option<Self>> {
        let file =
            File::options().create(true).truncate(false).write(true).open(folder.join("dialtone.lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file, run_file: folder.join("run.json") })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(e),
        }
    }
    /// Writes `run.json`, whole or not at all.
    pub fn tell(&self, running: &Running) -> io::Result<()> {
        let half = self.run_file.with_extension("json.new");
        std::fs::write(&half, serde_json::to_vec(running)?)?;
        std::fs::rename(half, &self.run_file)
    }
}

/// Where the portal of the program that runs in this folder is.
pub fn portal_address(folder: &Path) -> Option<SocketAddr> {
    let json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("run.json")).ok()?).ok()?;
    json["http"].as_str()?.parse().ok()
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.run_file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_belongs_to_one_program_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path()).unwrap().unwrap();
        assert!(Lock::take(folder.path()).unwrap().is_none());
        let http = "127.0.0.1:8080".parse().unwrap();
        first
            .tell(&Running { pid: 1, sip: vec![], http, https: None, packet_io: "epoll", workers: 2 })
            .unwrap();
        let text = std::fs::read_to_string(folder.path().join("run.json")).unwrap();
        assert!(text.contains("\"http\":\"127.0.0.1:8080\""), "{text}");
        assert_eq!(portal_address(folder.path()), Some(http));
        drop(first);
        assert!(!folder.path().join("run.json").exists());
        assert!(Lock::take(folder.path()).unwrap().is_some());
    }
}
