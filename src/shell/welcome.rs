//! What the terminal says at start: where to sign in, how to register a phone. Secrets appear on the first start only.

use std::{fmt::Write, net::SocketAddr};

use config::db::Welcome;

/// What there is to tell.
#[derive(Debug)]
pub struct Greeting<'a> {
    /// What first start made, if this is it.
    pub welcome: Option<&'a Welcome>,
    /// Base URL of the portal.
    pub portal: &'a str,
    /// Base URL over TLS and the fingerprint of its certificate, if it is there.
    pub secure: Option<(&'a str, &'a str)>,
    /// How phones on the desk reach us.
    pub sip: SocketAddr,
    /// Packet I/O in words.
    pub voice: &'a str,
    /// The data folder.
    pub folder: &'a str,
}

impl Greeting<'_> {
    /// The text.
    pub fn text(&self) -> String {
        let mut text = format!("\nDialtone {} is running.\n\n", env!("CARGO_PKG_VERSION"));
        let _ = match self.welcome {
            Some(welcome) => self.first_start(welcome, &mut text),
            None => self.later_start(&mut text),
        };
        if let Some((portal, fingerprint)) = self.secure {
            let _ = writeln!(text, "  HTTPS:    {portal}/, certificate SHA-256\n            {fingerprint}\n");
        }
        let _ = writeln!(
            text,
            "  Voice goes by {}. Everything is kept in {}. Stop with Ctrl+C.\n",
            self.voice, self.folder
        );
        text
    }

    fn first_start(&self, welcome: &Welcome, text: &mut String) -> std::fmt::Result {
        writeln!(text, "  1. Set your password in the browser. This link works once:\n")?;
        writeln!(text, "       {}{}\n", self.portal, welcome.setup_path)?;
        writeln!(text, "  2. Register phones with server {} (UDP or TCP):\n", self.sip)?;
        writeln!(text, "       {:<8} {:<14} password", "number", "user name")?;
        for (number, user_name, password) in &welcome.phones {
            writeln!(text, "       {number:<8} {user_name:<14} {password}")?;
        }
        writeln!(text, "\n  3. Call one from another; {} rings them all.\n", welcome.group)
    }

    fn later_start(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "  Sign in:  {}/", self.portal)?;
        writeln!(text, "  Phones:   register with server {} (UDP or TCP)\n", self.sip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OPS-01
    #[test]
    fn only_the_first_start_tells_secrets() {
        let welcome = Welcome {
            setup_path: "/setup/abc".into(),
            phones: vec![("101".into(), "101-anna".into(), "s3cret".into())],
            group: "600".into(),
        };
        let mut greeting = Greeting {
            welcome: Some(&welcome),
            portal: "http://192.0.2.1:8080",
            secure: Some(("https://192.0.2.1:8443", "AB:CD")),
            sip: "192.0.2.1:5060".parse().unwrap(),
            voice: "io_uring",
            folder: "./data",
        };
        let first = greeting.text();
        for part in [
            "http://192.0.2.1:8080/setup/abc",
            "101-anna",
            "s3cret",
            "192.0.2.1:5060",
            "600",
            "8443",
            "AB:CD",
        ] {
            assert!(first.contains(part), "{part} in {first}");
        }
        greeting.welcome = None;
        let later = greeting.text();
        assert!(
            later.contains("http://192.0.2.1:8080/") && !later.contains("s3cret") && !later.contains("setup")
        );
    }
}
