//! Runs one SIPp scenario of `sipp/` to its end.

use std::{
    fs,
    net::{SocketAddr, UdpSocket},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tests::{agent::Account, patience::until};

/// A running scenario.
pub struct Sipp {
    child: Child,
    folder: TempDir,
    name: &'static str,
    /// Where it listens.
    pub port: u16,
}

/// How it reaches the server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Over {
    Udp,
    Tcp,
}

impl Sipp {
    /// Starts a scenario as that account, calling `number` where it calls. `port` 0 takes a free one.
    pub fn start(
        name: &'static str,
        server: SocketAddr,
        account: &Account,
        number: &str,
        port: u16,
        over: Over,
    ) -> Self {
        let folder = TempDir::with_prefix("sipp-").unwrap();
        let port = if port == 0 { free_port() } else { port };
        let fields = folder.path().join("fields.csv");
        let Account { user, password, .. } = account;
        let login = format!("[authentication username={user} password={password}]");
        fs::write(&fields, format!("SEQUENTIAL\n{user};{login}\n")).unwrap();
        let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("interop/sipp/{name}.xml"));
        let mut command = Command::new("sipp");
        command.arg(server.to_string()).arg("-sf").arg(scenario).arg("-inf").arg(fields);
        command.args([
            "-m",
            "1",
            "-nostdin",
            "-trace_err",
            "-trace_msg",
            "-timeout",
            "40s",
            "-timeout_error",
        ]);
        command.args(["-i", &server.ip().to_string(), "-p", &port.to_string(), "-s", number]);
        command.args(["-t", if over == Over::Tcp { "t1" } else { "u1" }]);
        command.args(["-mp", &media_port().to_string(), "-rtp_echo"]);
        command.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self { child: command.spawn().expect("sipp is installed"), folder, name, port }
    }
    /// Waits for the end and asserts that the scenario ran as written.
    pub fn succeeds(mut self) {
        self.wait();
    }
    /// The same; all that was sent and received, as it was.
    pub fn saw(mut self) -> String {
        self.wait();
        let mut files = fs::read_dir(self.folder.path()).unwrap().flatten();
        let log = files.find(|entry| entry.file_name().to_string_lossy().ends_with("_messages.log"));
        fs::read_to_string(log.expect("it keeps its messages").path()).unwrap().replace('\r', "")
    }

    fn wait(&mut self) {
        let status =
            until("the end of the scenario", Duration::from_secs(60), || self.child.try_wait().unwrap());
        if !status.success() {
            for entry in fs::read_dir(self.folder.path()).unwrap().flatten() {
                if entry.path().extension().is_some_and(|e| e == "log") {
                    eprintln!("{}", fs::read_to_string(entry.path()).unwrap_or_default());
                }
            }
            panic!("sipp {} ended with {status}", self.name);
        }
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that is free right now.
pub fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn media_port() -> u16 {
    free_port() & !1
}
