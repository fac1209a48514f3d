//! A mail server that keeps what it gets.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use crate::patience::until;

/// One message as it was taken.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Of the envelope.
    pub from: String,
    pub to: String,
    /// Headers and text, decoded.
    pub text: String,
}

/// Listens until the test ends.
#[derive(Debug)]
pub struct SmtpSink {
    port: u16,
    mails: Arc<Mutex<Vec<Mail>>>,
    /// Answer to `RCPT`, if not `250`.
    refusal: Arc<Mutex<Option<&'static str>>>,
}

impl SmtpSink {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let sink = Self {
            port: listener.local_addr().unwrap().port(),
            mails: Arc::default(),
            refusal: Arc::default(),
        };
        let (mails, refusal) = (sink.mails.clone(), sink.refusal.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = converse(stream, &mails, *refusal.lock().unwrap());
            }
        });
        sink
    }
    /// SQL that makes it the mail server of the program.
    pub fn sql(&self) -> String {
        format!(
            "UPDATE node_settings SET smtp_host = '127.0.0.1', smtp_port = {}, smtp_tls = 'none', \
             mail_from = 'pbx@example.com'",
            self.port
        )
    }
    /// Refuses every recipient with this answer; `None` takes them again.
    pub fn refuse(&self, answer: Option<&'static str>) {
        *self.refusal.lock().unwrap() = answer;
    }
    /// Waits for the first message to that address, which is taken out.
    pub fn mail_to(&self, address: &str) -> Mail {
        until("mail", crate::patience::PATIENCE * 2, || {
            let mut mails = self.mails.lock().unwrap();
            let at = mails.iter().position(|mail| mail.to == address)?;
            Some(mails.remove(at))
        })
    }
    /// How many lie there.
    pub fn count(&self) -> usize {
        self.mails.lock().unwrap().len()
    }
}

impl Mail {
    /// The path of the link in it.
    pub fn link(&self) -> String {
        let at = self.text.find("/setup/").unwrap_or_else(|| panic!("no link in {}", self.text));
        self.text[at..].split_whitespace().next().unwrap().to_owned()
    }
}

/// RFC 5321, as far as a client that sends one message needs it.
fn converse(stream: TcpStream, mails: &Mutex<Vec<Mail>>, refusal: Option<&str>) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    let (mut from, mut to) = (String::new(), String::new());
    out.write_all(b"220 sink\r\n")?;
    while let Some(Ok(line)) = lines.next() {
        let verb = line.get(..4).unwrap_or_default().to_uppercase();
        let address = || line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        let answer = match verb.as_str() {
            "MAIL" => {
                from = address();
                "250 ok"
            }
            "RCPT" => {
                to = address();
                refusal.unwrap_or("250 ok")
            }
            "DATA" => {
                out.write_all(b"354 go on\r\n")?;
                let body: Vec<String> =
                    lines.by_ref().map_while(Result::ok).take_while(|line| line != ".").collect();
                let text = unfolded(&body.join("\n"));
                mails.lock().unwrap().push(Mail { from: from.clone(), to: to.clone(), text });
                "250 taken"
            }
            "QUIT" => {
                out.write_all(b"221 bye\r\n")?;
                return Ok(());
            }
            _ => "250 ok",
        };
        out.write_all(format!("{answer}\r\n").as_bytes())?;
    }
    Ok(())
}

/// Quoted-printable undone, as far as plain English text needs it (RFC 2045 §6.7).
fn unfolded(text: &str) -> String {
    text.replace("=\n", "").replace("=3D", "=")
}
