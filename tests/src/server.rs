//! The program itself, started in a folder of its own, killed and started again as a test likes.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    agent::{Account, Algorithm, Phone, link::Over},
    patience::{PATIENCE, until, until_true},
    ports,
    visitor::Visitor,
};

/// How the program is started. [`Default`] is what most tests want.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// `io-uring` or `epoll`; `None` leaves the choice to the program.
    pub packet_io: Option<&'static str>,
    /// So many RTP ports instead of some hundred.
    pub rtp_ports: Option<u16>,
    /// Further arguments.
    pub arguments: Vec<String>,
}

/// A running program and its data folder. Dropping it ends the program.
#[derive(Debug)]
pub struct Server {
    child: Child,
    setup: Setup,
    folder: TempDir,
    ports: ports::Range,
    said: Arc<Mutex<String>>,
    run: Run,
    accounts: Vec<Account>,
    setup_link: String,
}

/// What `run.json` says.
#[derive(Debug, Clone, Default)]
struct Run {
    sip: Vec<SocketAddr>,
    sip_tls: Vec<SocketAddr>,
    http: String,
    https: String,
    packet_io: String,
}

impl Server {
    /// A server on an empty folder.
    pub fn start() -> Self {
        Self::with(Setup::default())
    }
    /// A server on an empty folder with a packet path of the test's choice.
    pub fn with_packet_io(packet_io: &'static str) -> Self {
        Self::with(Setup { packet_io: Some(packet_io), ..Setup::default() })
    }
    /// A server on a folder that was restored from an archive of this one, with addresses of its own and the same accounts.
    pub fn on_restored(&self, folder: TempDir) -> Self {
        let ports = ports::Range::claim();
        let setup = Setup::default();
        let (child, said) = launch(&setup, folder.path(), &ports);
        let (accounts, setup_link) = (self.accounts.clone(), String::new());
        let mut server =
            Self { child, setup, folder, ports, said, run: Run::default(), accounts, setup_link };
        server.wait_ready();
        server
    }
    pub fn with(setup: Setup) -> Self {
        let folder = TempDir::with_prefix("dialtone-").unwrap();
        let ports = ports::Range::claim();
        let (child, said) = launch(&setup, folder.path(), &ports);
        let (run, accounts, setup_link) = (Run::default(), vec![], String::new());
        let mut server = Self { child, setup, folder, ports, said, run, accounts, setup_link };
        server.wait_ready();
        let said = until("the greeting", PATIENCE, || {
            Some(server.said()).filter(|s| s.contains("Stop with Ctrl+C"))
        });
        server.setup_link = said
            .split_whitespace()
            .find(|w| w.contains("/setup/"))
            .unwrap_or_else(|| panic!("no setup link in\n{said}"))
            .to_owned();
        server.accounts = starter_phones(&said, server.sip().ip());
        server
    }

    /// The IPv4 listener, UDP and TCP.
    pub fn sip(&self) -> SocketAddr {
        *self.run.sip.iter().find(|a| a.is_ipv4()).expect("an IPv4 listener")
    }
    /// The IPv6 listener, UDP and TCP.
    pub fn sip6(&self) -> SocketAddr {
        *self.run.sip.iter().find(|a| a.is_ipv6()).expect("an IPv6 listener")
    }
    /// The IPv4 listener for TLS.
    pub fn sip_tls(&self) -> SocketAddr {
        *self.run.sip_tls.iter().find(|a| a.is_ipv4()).expect("an IPv4 listener for TLS")
    }
    /// The IPv6 listener for TLS.
    pub fn sip_tls6(&self) -> SocketAddr {
        *self.run.sip_tls.iter().find(|a| a.is_ipv6()).expect("an IPv6 listener for TLS")
    }
    /// `http://127.0.0.1:port`.
    pub fn http(&self) -> &str {
        &self.run.http
    }
    /// `https://127.0.0.1:port`.
    pub fn https(&self) -> &str {
        &self.run.https
    }
    /// `io-uring` or `epoll`, as the program says.
    pub fn packet_io(&self) -> &str {
        &self.run.packet_io
    }
    /// The one-time link of the first start.
    pub fn setup_link(&self) -> &str {
        &self.setup_link
    }
    /// Path of the database file.
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("dialtone.db")
    }
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
    /// The starter phones' accounts.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
    /// What it wrote to the terminal so far.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// The starter phone of that position (0–4), not registered, over UDP.
    pub fn phone(&self, position: usize) -> Phone {
        Phone::new(self.accounts[position].clone(), self.sip())
    }
    /// The same with a choice of transport and algorithm.
    pub fn phone_over(&self, position: usize, over: Over, algorithm: Algorithm) -> Phone {
        let server = if over == Over::Tls { self.sip_tls() } else { self.sip() };
        Phone::with(self.accounts[position].clone(), server, over, algorithm)
    }
    /// So many starter phones, registered.
    pub fn phones<const N: usize>(&self) -> [Phone; N] {
        std::array::from_fn(|position| {
            let phone = self.phone(position);
            phone.register();
            phone
        })
    }
    /// The internal number of that starter phone.
    pub fn number(&self, position: usize) -> String {
        self.accounts[position].extension.clone()
    }

    /// Runs SQL with the `sqlite3` shell: a writer that knows nothing of us. What it printed, trimmed.
    pub fn sql(&self, statement: &str) -> String {
        sqlite(&self.database(), statement)
    }
    /// Edits by hand and waits until new calls run under it; the revision.
    pub fn edit(&self, statement: &str) -> i64 {
        self.sql(statement);
        self.in_force()
    }
    /// Waits until new calls run under everything that is committed; the revision.
    pub fn in_force(&self) -> i64 {
        let committed: i64 = self.sql("SELECT number FROM revision").parse().unwrap();
        until_true("the edit to be in force", || self.metric("dialtone_config_revision") as i64 >= committed);
        committed
    }
    /// SQL that names the user row of a starter phone.
    pub fn user(&self, position: usize) -> String {
        self.sql(&format!("SELECT user_id FROM extensions WHERE number = '{}'", self.number(position)))
    }
    /// One column of the newest call.
    pub fn last_call(&self, column: &str) -> String {
        self.sql(&format!("SELECT {column} FROM calls ORDER BY started_at DESC, id DESC LIMIT 1"))
    }
    /// Waits until every call is over and its row closed.
    pub fn quiet(&self) {
        until_true("the end of all calls", || {
            self.sql("SELECT count(*) FROM calls WHERE ended_at IS NULL") == "0"
        });
    }
    /// A counter or gauge of `/metrics`; labels are part of the name.
    pub fn metric(&self, name: &str) -> f64 {
        let text = self.metrics();
        let value = |l: &str| l.strip_prefix(name)?.trim_start_matches(|c| c != ' ').trim().parse().ok();
        text.lines()
            .filter(|l| !l.starts_with('#'))
            .find_map(value)
            .unwrap_or_else(|| panic!("no {name} in\n{text}"))
    }
    /// The whole text of `/metrics`.
    pub fn metrics(&self) -> String {
        Visitor::new(self.http()).get("/metrics").body
    }
    /// The sum of all figures whose name contains `word`.
    pub fn metrics_matching(&self, word: &str) -> f64 {
        let text = self.metrics();
        let lines = text.lines().filter(|l| !l.starts_with('#') && l.contains(word));
        lines.filter_map(|l| l.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }
    /// Whether `/healthz` says so.
    pub fn is_healthy(&self) -> bool {
        Visitor::new(self.http()).get("/healthz").status == 200
    }
    /// The portal with the first administrator signed in.
    pub fn portal(&self) -> Visitor {
        Visitor::administrator(self)
    }
    /// Whether the program still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// kill -9.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
    /// Starts again on the same folder and the same addresses.
    pub fn restart(&mut self) {
        self.setup.arguments = self.same_addresses();
        (self.child, self.said) = launch(&self.setup, self.folder.path(), &self.ports);
        self.wait_ready();
    }
    /// SIGTERM.
    pub fn terminate(&self) {
        signal(self.pid(), "TERM");
    }
    /// Waits until the program ended by itself; its exit code.
    pub fn ended(&mut self) -> Option<i32> {
        until("the end of the program", PATIENCE * 3, || self.child.try_wait().unwrap()).code()
    }
    /// Time on a CPU so far, all threads. [hundredths of a second]
    pub fn cpu(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        let after = stat.rsplit(')').next().unwrap();
        // utime and stime are fields 14 and 15 of the line, 12 and 13 behind the name.
        after.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
    }
    /// Resident memory. [bytes]
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
    }

    fn wait_ready(&mut self) {
        let (path, pid) = (self.folder.path().join("run.json"), u64::from(self.pid()));
        let said = self.said.clone();
        let child = &mut self.child;
        self.run = until("run.json", PATIENCE * 3, || {
            if let Some(status) = child.try_wait().unwrap() {
                panic!("the program ended at once ({status}):\n{}", said.lock().unwrap());
            }
            let json: Value = serde_json::from_slice(&std::fs::read(&path).ok()?).ok()?;
            (json["pid"].as_u64() == Some(pid)).then(|| Run::read(&json))
        });
        let visitor = Visitor::new(&self.run.http);
        until("/healthz", PATIENCE, || (visitor.get("/healthz").status == 200).then_some(()));
    }
    fn same_addresses(&self) -> Vec<String> {
        let mut arguments = vec![];
        for address in &self.run.sip {
            arguments.extend(["--sip".into(), address.to_string()]);
        }
        for address in &self.run.sip_tls {
            arguments.extend(["--sip-tls".into(), address.to_string()]);
        }
        let http = self.run.http.trim_start_matches("http://").to_owned();
        arguments.extend(["--http".into(), http]);
        arguments.extend(["--https".into(), self.run.https.trim_start_matches("https://").to_owned()]);
        arguments
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- the program said\n{}", self.said());
        }
    }
}

impl Run {
    /// Entries of `sip` are `udp 127.0.0.1:5060`; UDP and TCP share each address.
    fn read(json: &Value) -> Self {
        let over = |transport: &str| -> Vec<SocketAddr> {
            let address = |entry: &str| entry.strip_prefix(transport)?.parse().ok();
            json["sip"].as_array().into_iter().flatten().filter_map(|v| address(v.as_str()?)).collect()
        };
        let http = format!("http://{}", json["http"].as_str().unwrap_or(""));
        let https = format!("https://{}", json["https"].as_str().unwrap_or(""));
        Self {
            sip: over("udp "),
            sip_tls: over("tls "),
            http,
            https,
            packet_io: json["packet_io"].as_str().unwrap_or("").to_owned(),
        }
    }
}

/// The built program: `DIALTONE_BIN`, or the newest of the target folder.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("DIALTONE_BIN") {
        return path.into();
    }
    // Test binaries lie in <target>/<profile>/deps, the program in <target>/<profile>.
    let here = std::env::current_exe().unwrap();
    let profile = here.ancestors().find(|d| d.join("dialtone").is_file());
    profile.expect("build the program first: cargo build").join("dialtone")
}

/// Runs SQL with the `sqlite3` shell.
pub fn sqlite(database: &Path, statement: &str) -> String {
    let out = Command::new("sqlite3")
        .args(["-cmd", ".timeout 10000"])
        .arg(database)
        .arg(statement)
        .output()
        .unwrap();
    assert!(out.status.success(), "{statement}\n{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

/// Sends a signal by name.
pub fn signal(pid: u32, name: &str) {
    // The shell has kill built in; the program of that name is not on every machine.
    assert!(Command::new("sh").arg("-c").arg(format!("kill -{name} {pid}")).status().unwrap().success());
}

fn launch(setup: &Setup, folder: &Path, ports: &ports::Range) -> (Child, Arc<Mutex<String>>) {
    let range = setup.rtp_ports.map_or(ports.all(), |count| ports.only(count));
    let mut command = Command::new(binary());
    command.arg("--data").arg(folder).arg("--rtp-ports").arg(format!("{}-{}", range.start(), range.end()));
    if !setup.arguments.iter().any(|a| a == "--sip") {
        command.args([
            "--sip",
            "127.0.0.1:0",
            "--sip",
            "[::1]:0",
            "--http",
            "127.0.0.1:0",
            "--https",
            "127.0.0.1:0",
        ]);
    }
    command.args(&setup.arguments);
    if let Some(kind) = setup.packet_io {
        command.args(["--packet-io", kind]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|e| panic!("{}: {e}", binary().display()));
    let said = Arc::new(Mutex::new(String::new()));
    collect(child.stdout.take().unwrap(), said.clone());
    collect(child.stderr.take().unwrap(), said.clone());
    (child, said)
}

fn collect(from: impl Read + Send + 'static, into: Arc<Mutex<String>>) {
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let mut said = into.lock().unwrap();
            said.push_str(&line);
            said.push('\n');
        }
    });
}

/// The starter phones as first start prints them: number, user name, password on a line.
fn starter_phones(said: &str, server: std::net::IpAddr) -> Vec<Account> {
    let is_number = |w: &str| (2..=6).contains(&w.len()) && w.bytes().all(|b| b.is_ascii_digit());
    said.lines()
        .filter_map(|line| match line.split_whitespace().collect::<Vec<_>>()[..] {
            [extension, user, password] if is_number(extension) => Some(Account {
                extension: extension.into(),
                user: user.into(),
                password: password.into(),
                domain: server.to_string(),
            }),
            _ => None,
        })
        .collect()
}
