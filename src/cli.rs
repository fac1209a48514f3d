//! The command line. Every option is an environment variable too: `--data` is `DIALTONE_DATA`.

use std::{
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
    time::Duration,
};

use clap::{Args, Parser, Subcommand, ValueEnum};

/// A telephone system in one program.
#[derive(Debug, Parser)]
#[command(name = "dialtone", version, about, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; nothing means `serve`.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The options of `serve`, when no command is given.
    #[command(flatten)]
    pub serve: Serve,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the telephone system (the default)
    Serve(Serve),
    /// Say what would become of a call, and which rule decides each step
    Why(Why),
    /// Check the database and say what is wrong in it
    Check(Data),
    /// Write the configuration as text
    Export(Export),
    /// Make the configuration what a text says; shows what would change first
    Import(Import),
    /// Write database, key and files into one archive, also while the telephone system runs
    Backup(Backup),
    /// Put an archive in the place of the database; what was there is kept aside
    Restore(Restore),
    /// Help administrators who cannot sign in
    #[command(subcommand)]
    Admin(Admin),
}

/// Commands for administrators.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Print a link with which an administrator sets a new password once
    ResetPassword {
        /// Whose password: the name they sign in with. The first administrator if left out
        login: Option<String>,
        /// Where the database is.
        #[command(flatten)]
        data: Data,
    },
}

/// A call to think of.
#[derive(Debug, Clone, Args)]
pub struct Why {
    /// Who calls: an extension, or a number outside such as +49301234567
    #[arg(long, value_name = "NUMBER")]
    pub from: String,
    /// What they dial
    #[arg(long, value_name = "NUMBER")]
    pub to: String,
    /// When, on the clocks of the company: 2026-12-24T18:00; now if left out
    #[arg(long, value_name = "TIME")]
    pub at: Option<chrono::NaiveDateTime>,
    /// Under this revision of the last months; the present one if left out
    #[arg(long, value_name = "N")]
    pub revision: Option<i64>,
    /// The company, by its SIP domain; the first one if left out
    #[arg(long, value_name = "DOMAIN")]
    pub tenant: Option<String>,
    /// What phones do: 102=busy, 103=unregistered, 104=answers:10, 105=declines, outside=rings. The others ring
    #[arg(long, value_name = "WHO=WHAT", value_parser = assumption)]
    pub assume: Vec<(String, portal::live::Assumption)>,
    /// Where the database is.
    #[command(flatten)]
    pub data: Data,
}

/// What to export.
#[derive(Debug, Clone, Args)]
pub struct Export {
    /// File to write; standard output if left out
    pub file: Option<PathBuf>,
    /// Only this tenant, by its SIP domain
    #[arg(long, value_name = "DOMAIN")]
    pub tenant: Option<String>,
    /// As of this revision of the last months, without passwords
    #[arg(long, value_name = "N", conflicts_with_all = ["with_secrets", "tenant"])]
    pub revision: Option<i64>,
    /// With the passwords of phones in clear, to move to another system
    #[arg(long)]
    pub with_secrets: bool,
    /// Where the database is.
    #[command(flatten)]
    pub data: Data,
}

/// What to import, and whether.
#[derive(Debug, Clone, Args)]
pub struct Import {
    /// File to read; `-` is standard input
    pub file: PathBuf,
    /// What the file is
    #[arg(long, value_enum, default_value = "dialtone", value_name = "SYSTEM")]
    pub from: From,
    /// Show what would change, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Write without asking
    #[arg(long, conflicts_with = "dry_run")]
    pub yes: bool,
    /// The tenant that other systems' extensions are for, by its SIP domain; the first one if left out
    #[arg(long, value_name = "DOMAIN")]
    pub tenant: Option<String>,
    /// Where the database is.
    #[command(flatten)]
    pub data: Data,
}

/// Where a file to import comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum From {
    /// Our own text, as `dialtone export` writes it
    Dialtone,
    /// Extensions of FreePBX, CSV of its Bulk Handler
    Freepbx,
    /// Extensions of FusionPBX, CSV
    Fusionpbx,
}

/// Where a backup goes.
#[derive(Debug, Clone, Args)]
pub struct Backup {
    /// Archive to write; it must not be there yet
    pub file: PathBuf,
    /// Leave out the keys, to be kept elsewhere; without them nobody reads the passwords or poses as this system
    #[arg(long)]
    pub without_key: bool,
    /// Where the database is.
    #[command(flatten)]
    pub data: Data,
}

/// What to restore.
#[derive(Debug, Clone, Args)]
pub struct Restore {
    /// Archive to read
    pub file: PathBuf,
    /// Where the database is.
    #[command(flatten)]
    pub data: Data,
}

/// Where everything is kept.
#[derive(Debug, Clone, Args)]
pub struct Data {
    /// Folder of the database and its key
    #[arg(long = "data", env = "DIALTONE_DATA", default_value = "./data", value_name = "DIR")]
    pub folder: PathBuf,
}

/// How to run.
#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// Where the database is.
    #[command(flatten)]
    pub data: Data,
    /// Address for phones, UDP and TCP; may be given several times
    #[arg(
        long, env = "DIALTONE_SIP", value_name = "ADDR", value_delimiter = ',',
        default_values = ["0.0.0.0:5060", "[::]:5060"]
    )]
    pub sip: Vec<SocketAddr>,
    /// Address for phones and trunks over TLS; may be given several times; `off` for none. Those of --sip one port up if
    /// left out
    #[arg(long, env = "DIALTONE_SIP_TLS", value_name = "ADDR", value_delimiter = ',')]
    pub sip_tls: Vec<Listen>,
    /// Address of the portal
    #[arg(long, env = "DIALTONE_HTTP", value_name = "ADDR", default_value = "0.0.0.0:8080")]
    pub http: SocketAddr,
    /// Address of the portal and of phones' settings over HTTPS; `off` for none
    #[arg(long, env = "DIALTONE_HTTPS", value_name = "ADDR", default_value = "0.0.0.0:8443")]
    pub https: Listen,
    /// Certificate chain for HTTPS and SIP over TLS, PEM; one is made in the data folder if left out. Taken again when it changes
    #[arg(long, env = "DIALTONE_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Key of that certificate, PEM
    #[arg(long, env = "DIALTONE_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// The address under which phones outside reach this machine, if it stands behind NAT
    #[arg(long, env = "DIALTONE_EXTERNAL_ADDRESS", value_name = "IP")]
    pub external_address: Option<IpAddr>,
    /// UDP ports for voice
    #[arg(
        long, env = "DIALTONE_RTP_PORTS", value_name = "A-B", default_value = "10000-20000",
        value_parser = port_range
    )]
    pub rtp_ports: RangeInclusive<u16>,
    /// How voice packets are moved
    #[arg(long, env = "DIALTONE_PACKET_IO", value_enum, default_value = "auto")]
    pub packet_io: PacketIo,
    /// How long voice packets may be gathered to be moved together, in microseconds
    #[arg(
        long, env = "DIALTONE_GATHER", value_name = "MICROS", default_value = "1000",
        value_parser = clap::value_parser!(u64).range(0..=10_000)
    )]
    pub gather: u64,
    /// Threads that move voice; as many as there are cores if left out
    #[arg(
        long, env = "DIALTONE_WORKERS", value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..=256)
    )]
    pub workers: Option<u16>,
    /// Calls at once; further ones are refused
    #[arg(long, env = "DIALTONE_MAX_CALLS", value_name = "N", default_value = "20000")]
    pub max_calls: usize,
    /// How long running calls may go on after a signal to stop, in seconds
    #[arg(long, env = "DIALTONE_DRAIN", value_name = "SECONDS", default_value = "30")]
    pub drain: u64,
    /// What to log: error, warn, info, debug, trace, or per part, such as `info,sip_stack=debug`
    #[arg(long, env = "DIALTONE_LOG", value_name = "FILTER", default_value = "info")]
    pub log: String,
}

/// Where something is listened for, if at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listen {
    /// Nowhere.
    Off,
    /// At this address.
    At(SocketAddr),
}

impl std::str::FromStr for Listen {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" { Ok(Self::Off) } else { text.parse().map(Self::At) }
    }
}

/// Choice of packet I/O.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PacketIo {
    /// io_uring where it works, else epoll
    Auto,
    /// io_uring, or epoll with a warning
    IoUring,
    /// epoll
    Epoll,
}

impl Cli {
    /// The command that was meant.
    pub fn into_command(self) -> Command {
        self.command.unwrap_or(Command::Serve(self.serve))
    }
}

impl Serve {
    /// [`Serve::gather`] as a duration.
    pub fn gather(&self) -> Duration {
        Duration::from_micros(self.gather)
    }
    /// [`Serve::drain`] as a duration.
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain)
    }
    /// Where phones are listened for over TLS: what was asked for, or the addresses of [`Serve::sip`], one port up.
    pub fn tls_addresses(&self) -> Vec<SocketAddr> {
        if self.sip_tls.is_empty() {
            let up = |at: &SocketAddr| match at.port() {
                0 => *at,
                port => SocketAddr::new(at.ip(), port.checked_add(1).unwrap_or(0)),
            };
            return self.sip.iter().map(up).collect();
        }
        let given = |listen: &Listen| match listen {
            Listen::Off => None,
            Listen::At(address) => Some(*address),
        };
        self.sip_tls.iter().filter_map(given).collect()
    }
    /// Media threads: what was asked for, or one per core.
    pub fn worker_count(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.workers.map_or_else(cores, usize::from)
    }
}

fn assumption(text: &str) -> Result<(String, portal::live::Assumption), String> {
    let form = || "write 102=busy, 102=unregistered, 102=answers:10, 102=declines or 102=rings".to_owned();
    let (who, what) = text.split_once('=').ok_or_else(form)?;
    Ok((who.to_owned(), portal::live::Assumption::of(what).ok_or_else(form)?))
}

fn port_range(text: &str) -> Result<RangeInclusive<u16>, String> {
    let form = || "write two ports with a dash between, such as 10000-20000".to_owned();
    let (first, last) = text.split_once('-').ok_or_else(form)?;
    let port = |text: &str| text.trim().parse::<u16>().map_err(|_| form());
    let (first, last) = (port(first)?, port(last)?);
    if first < LOWEST_PORT {
        return Err(format!("ports below {LOWEST_PORT} belong to the system"));
    }
    if last.saturating_sub(first) < 3 {
        return Err("a call needs four ports: two for each side".into());
    }
    Ok(first..=last)
}

const LOWEST_PORT: u16 = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn serve(line: &str) -> Result<Serve, String> {
        let cli = Cli::try_parse_from(line.split_whitespace()).map_err(|e| e.to_string())?;
        match cli.into_command() {
            Command::Serve(serve) => Ok(serve),
            other => Err(format!("{other:?}")),
        }
    }

    /// OPS-01
    #[test]
    fn no_words_serve_with_defaults() {
        let given = serve("dialtone").unwrap();
        assert_eq!(given.data.folder, PathBuf::from("./data"));
        assert_eq!(given.sip.len(), 2);
        assert_eq!(given.http.port(), 8080);
        assert_eq!(given.rtp_ports, 10000..=20000);
        assert_eq!(given.packet_io, PacketIo::Auto);
        assert!(given.worker_count() >= 1);
    }

    /// SIP-01
    #[test]
    fn tls_is_one_port_up_elsewhere_or_off() {
        let at = |line: &str| serve(line).unwrap().tls_addresses();
        let parse = |all: &[&str]| all.iter().map(|a| a.parse().unwrap()).collect::<Vec<SocketAddr>>();
        assert_eq!(at("dialtone"), parse(&["0.0.0.0:5061", "[::]:5061"]));
        assert_eq!(at("dialtone --sip 127.0.0.1:0"), parse(&["127.0.0.1:0"]));
        assert_eq!(at("dialtone --sip-tls 127.0.0.1:7,[::1]:8"), parse(&["127.0.0.1:7", "[::1]:8"]));
        assert!(at("dialtone --sip-tls off").is_empty());
    }

    #[test]
    fn options_work_with_and_without_the_word_serve() {
        for line in [
            "dialtone --data x --sip 127.0.0.1:0 --sip [::1]:0",
            "dialtone serve --data x --sip 127.0.0.1:0,[::1]:0",
        ] {
            let given = serve(line).unwrap();
            assert_eq!(given.data.folder, PathBuf::from("x"));
            assert_eq!(given.sip, ["127.0.0.1:0".parse().unwrap(), "[::1]:0".parse().unwrap()]);
        }
    }

    #[test]
    fn bad_values_are_refused_with_words() {
        for (line, word) in [
            ("dialtone --rtp-ports 20000-10000", "four ports"),
            ("dialtone --rtp-ports 5", "dash"),
            ("dialtone --rtp-ports 80-9000", "1024"),
            ("dialtone --sip localhost", "--sip"),
            ("dialtone --workers 0", "1..=256"),
            ("dialtone --gather 20000", "10000"),
            ("dialtone --packet-io fast", "epoll"),
        ] {
            let message = serve(line).unwrap_err();
            assert!(message.contains(word), "{line}: {message}");
        }
    }

    #[test]
    fn every_option_is_an_environment_variable() {
        use clap::CommandFactory;
        let command = Cli::command();
        for option in
            command.get_arguments().filter(|a| a.get_long().is_some_and(|l| l != "help" && l != "version"))
        {
            let env = option.get_env().and_then(|e| e.to_str()).unwrap_or_default().to_owned();
            let long = option.get_long().unwrap_or_default().to_uppercase().replace('-', "_");
            assert_eq!(env, format!("DIALTONE_{long}"));
        }
    }

    #[test]
    fn administrators_are_named_or_not() {
        let parse = |line: &str| Cli::try_parse_from(line.split_whitespace()).map(Cli::into_command);
        assert!(matches!(
            parse("dialtone admin reset-password --data d"),
            Ok(Command::Admin(Admin::ResetPassword { login: None, .. }))
        ));
        assert!(matches!(
            parse("dialtone admin reset-password anna"),
            Ok(Command::Admin(Admin::ResetPassword { login: Some(_), .. }))
        ));
        assert!(matches!(parse("dialtone check --data d"), Ok(Command::Check(_))));
    }
    /// OPS-02
    #[test]
    fn a_call_is_asked_for_with_time_revision_and_assumptions() {
        let parse = |line: &str| Cli::try_parse_from(line.split_whitespace()).map(Cli::into_command);
        let line =
            "dialtone why --from 101 --to 102 --at 2026-12-24T18:00:00 --revision 3 --assume 102=answers:10";
        let Ok(Command::Why(why)) = parse(line) else { panic!("{:?}", parse(line)) };
        assert_eq!((why.from.as_str(), why.to.as_str(), why.revision), ("101", "102", Some(3)));
        let ten = portal::live::Assumption::Answers(Duration::from_secs(10));
        assert_eq!(why.assume, [("102".to_owned(), ten)]);
        assert!(parse("dialtone why --from 101").is_err());
        assert!(parse("dialtone why --from 101 --to 102 --assume 102=asleep").is_err());
        assert!(parse("dialtone why --from 101 --to 102 --at Christmas").is_err());
    }
    /// OPS-05, OPS-08
    #[test]
    fn the_configuration_is_exported_imported_backed_up_and_restored() {
        let parse = |line: &str| Cli::try_parse_from(line.split_whitespace()).map(Cli::into_command);
        assert!(matches!(parse("dialtone export --data d"), Ok(Command::Export(Export { file: None, .. }))));
        assert!(matches!(
            parse("dialtone export x.toml --tenant a.example --with-secrets"),
            Ok(Command::Export(Export { with_secrets: true, .. }))
        ));
        assert!(matches!(
            parse("dialtone import --from freepbx x.csv --dry-run"),
            Ok(Command::Import(Import { from: From::Freepbx, dry_run: true, yes: false, .. }))
        ));
        assert!(parse("dialtone import x.toml --dry-run --yes").is_err());
        assert!(parse("dialtone import").is_err() && parse("dialtone backup").is_err());
        assert!(matches!(parse("dialtone backup x.tar --data d"), Ok(Command::Backup(_))));
        assert!(matches!(parse("dialtone restore x.tar --data d"), Ok(Command::Restore(_))));
    }
}
