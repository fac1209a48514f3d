//! One baresip phone: a configuration in a folder of its own, a voice from a file, and a recording of what it hears.

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tests::{
    agent::Account,
    audio::{align, voice},
    patience::{PATIENCE, until, within},
    server::signal,
};

/// A running baresip.
pub struct Baresip {
    child: Child,
    folder: TempDir,
    control: u16,
}

impl Baresip {
    /// Starts a phone that says the voice of `seed`, registers, and answers by itself.
    pub fn start(account: &Account, server: SocketAddr, seed: u32, codec: &str) -> Self {
        Self::start_at(0, account, server, seed, codec)
    }
    /// The same at a port of the test's choice.
    pub fn start_at(port: u16, account: &Account, server: SocketAddr, seed: u32, codec: &str) -> Self {
        let folder = TempDir::with_prefix("baresip-").unwrap();
        let (path, control) = (folder.path(), crate::sipp::free_port());
        // baresip hangs up when its voice is at its end.
        fs::write(path.join("voice.wav"), wav(&voice(seed).repeat(4))).unwrap();
        fs::write(path.join("contacts"), "").unwrap();
        fs::write(path.join("config"), config(&path.display().to_string(), port, control)).unwrap();
        let Account { user, password, .. } = account;
        let line = format!(
            "<sip:{user}@{server}>;auth_user={user};auth_pass={password};regint=120;audio_codecs={codec}/8000/1;answermode=auto\n"
        );
        fs::write(path.join("accounts"), line).unwrap();
        let log = File::create(path.join("log")).unwrap();
        let mut command = Command::new("baresip");
        command.arg("-4").arg("-f").arg(path).args(["-t", "300"]);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        Self { child: command.spawn().expect("baresip is installed"), folder, control }
    }
    /// Waits until it is registered. This baresip gives up where SHA-256 is offered, and tries again after half a minute
    /// to a minute; then it must be challenged with MD5 alone.
    pub fn registered(&self) {
        self.says("200 OK (Dialtone)");
    }
    /// Dials, told so over its control connection (a netstring of JSON).
    pub fn dial(&self, target: &str) {
        self.tells("dial", target);
    }
    /// The same with any command of its menu.
    pub fn tells(&self, command: &str, params: &str) {
        let command = format!("{{\"command\":\"{command}\",\"params\":\"{params}\"}}");
        let mut stream = within(PATIENCE, || TcpStream::connect(("127.0.0.1", self.control)).ok());
        let stream = stream.as_mut().expect("baresip's control port");
        stream.write_all(format!("{}:{command},", command.len()).as_bytes()).unwrap();
        // The answer is read so that the command is taken before the connection goes.
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let _ = stream.read(&mut [0; 512]);
    }
    /// Waits until its log says `words`.
    pub fn says(&self, words: &str) {
        let seen = within(Duration::from_secs(120), || self.log().contains(words).then_some(()));
        assert!(seen.is_some(), "baresip never said {words:?}:\n{}", self.log());
    }
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.path().join("log")).unwrap()).into_owned()
    }
    /// Ends the phone politely: it hangs up and un-registers.
    pub fn quit(&mut self) {
        signal(self.child.id(), "INT");
        until("the end of baresip", PATIENCE, || self.child.try_wait().unwrap());
    }
    /// So many samples that it heard, once it heard them.
    pub fn heard(&self, count: usize) -> Vec<i16> {
        until("a recording long enough", PATIENCE, || {
            let bytes = fs::read(self.recording()?).ok()?;
            let samples: Vec<i16> =
                bytes.get(44..)?.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
            (samples.len() >= count).then_some(samples)
        })
    }
    /// Waits until the newest second of all it heard is that voice: after a transfer it records on.
    pub fn is_heard_to_hear(&self, seed: u32) {
        self.is_heard_to_hear_sound(&voice(seed));
    }
    /// The same with any sound.
    pub fn is_heard_to_hear_sound(&self, said: &[i16]) {
        let heard = within(PATIENCE, || {
            let all = self.heard(8_000);
            (align(said, &all[all.len() - 8_000..]).1 > 0.95).then_some(())
        });
        assert!(heard.is_some(), "that was never heard\n{}", self.log());
    }
    /// The newest: a phone that is offered anew may begin another one.
    fn recording(&self) -> Option<PathBuf> {
        let entries = fs::read_dir(self.folder.path()).unwrap().flatten().map(|e| e.path());
        entries.into_iter().filter(|p| p.to_string_lossy().ends_with("-dec.wav")).max()
    }
}

impl Drop for Baresip {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Modules from Debian's baresip-core; the `sndfile` filter records what is decoded.
fn config(folder: &str, port: u16, control: u16) -> String {
    let modules = ["/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules"];
    let path = modules.into_iter().find(|p| fs::metadata(p).is_ok()).unwrap_or(modules[0]);
    format!(
        "poll_method epoll\nsip_listen 127.0.0.1:{port}\nnet_interface 127.0.0.1\naudio_player aubridge,sink\n\
         audio_source aufile,{folder}/voice.wav\naudio_alert aubridge,bell\naudio_level no\n\
         jitter_buffer_delay 2-5\nsnd_path {folder}\nmodule_path {path}\n\
         module g711.so\nmodule aufile.so\nmodule aubridge.so\nmodule sndfile.so\n\
         module_app account.so\nmodule_app menu.so\n\
         module_app ctrl_tcp.so\nctrl_tcp_listen 127.0.0.1:{control}\n"
    )
}

/// A WAV file of 8 kHz mono.
fn wav(samples: &[i16]) -> Vec<u8> {
    let length = samples.len() as u32 * 2;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + length).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(8_000u32.to_le_bytes());
    bytes.extend(16_000u32.to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend(length.to_le_bytes());
    samples.iter().for_each(|s| bytes.extend(s.to_le_bytes()));
    bytes
}
