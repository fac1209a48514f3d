//! The program under load, as a child process.

use std::{
    fs,
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// A running `dialtone`. Killed when dropped.
pub struct Server {
    child: Child,
    /// First UDP and TCP address.
    pub sip: SocketAddr,
    /// The portal.
    pub http: SocketAddr,
    /// From the start of the process until it said that it listens.
    pub started_in: Duration,
}

/// The kernel's view of a process.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Time on a CPU, all threads.
    pub cpu: Duration,
    /// Resident memory. [bytes]
    pub resident: u64,
}

impl Server {
    /// Starts the release binary on `folder` with further options.
    pub fn start(folder: &Path, options: &[&str]) -> io::Result<Self> {
        let run = folder.join("run.json");
        let _ = fs::remove_file(&run);
        let log = fs::File::create(folder.join("log.txt"))?;
        let began = Instant::now();
        let child = Command::new(binary())
            .arg("--data")
            .arg(folder)
            .args([
                "--sip",
                "127.0.0.1:0",
                "--http",
                "127.0.0.1:0",
                "--https",
                "127.0.0.1:0",
                "--rtp-ports",
                RTP_PORTS,
            ])
            .args(options)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let mut server = Self {
            child,
            sip: ([127, 0, 0, 1], 0).into(),
            http: ([127, 0, 0, 1], 0).into(),
            started_in: Duration::ZERO,
        };
        while began.elapsed() < Duration::from_secs(60) {
            let text = fs::read_to_string(&run).unwrap_or_default();
            if let Some(sip) = first_address(&text, "\"sip\"") {
                server.sip = sip;
                server.http = first_address(&text, "\"http\"").unwrap_or(server.http);
                server.started_in = began.elapsed();
                return Ok(server);
            }
            sleep(Duration::from_millis(1));
        }
        Err(io::Error::other(format!("no run.json; see {}", folder.join("log.txt").display())))
    }

    /// CPU time and memory so far.
    pub fn usage(&self) -> io::Result<Usage> {
        let proc = PathBuf::from(format!("/proc/{}", self.child.id()));
        let mut nanos = 0;
        for task in fs::read_dir(proc.join("task"))? {
            let text = fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
            nanos += text.split(' ').next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
        }
        let pages = fs::read_to_string(proc.join("statm"))?;
        let resident = pages.split(' ').nth(1).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) * 4096;
        Ok(Usage { cpu: Duration::from_nanos(nanos), resident })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A line on the terminal at once, also when piped.
pub fn say(line: std::fmt::Arguments<'_>) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// Below the ports that the system gives to those who ask for any (ip_local_port_range begins at 32768): among them are
/// the sockets of the generators themselves.
const RTP_PORTS: &str = "2048-32767";

/// `$DIALTONE_BIN`, or the release binary beside this one.
fn binary() -> PathBuf {
    std::env::var_os("DIALTONE_BIN").map_or_else(
        || {
            let own = std::env::current_exe().unwrap_or_default();
            own.with_file_name("dialtone")
        },
        PathBuf::from,
    )
}

fn first_address(json: &str, key: &str) -> Option<SocketAddr> {
    let rest = &json[json.find(key)?..];
    // `"http":"address"`, `"sip":["address",…]`
    let all = rest[key.len()..].split('"');
    all.filter_map(|text| text.parse().ok().or_else(|| text.split(' ').find_map(|w| w.parse().ok()))).next()
}
