//! What every maker's file is told: the profile, and where the phone reached us.

use std::net::IpAddr;

use chrono::{Datelike, Utc};
use config::{
    Db,
    codes::Function,
    phones::{Button, Profile, Provisioning, Transport, Voicemail},
    query::QueryError,
    snapshot::Srtp,
};

use super::{
    book::{self, Group},
    zone::Zone,
};
use crate::state::App;

/// A phone and what it is told.
#[derive(Debug, Clone)]
pub(crate) struct Phone {
    pub profile: Profile,
    /// Name or address of the SIP server, IPv6 in brackets.
    pub server: String,
    pub port: u16,
    /// Under which it fetches everything: `https://pbx.example:8443/provision/d7-…`.
    pub base: String,
    pub(super) zone: Zone,
    pub(super) book: Vec<Group>,
}

/// How a phone reached us.
#[derive(Debug, Clone)]
pub(crate) struct Reached {
    scheme: &'static str,
    /// With port.
    authority: String,
    host: String,
    sip_port: u16,
    tls_port: Option<u16>,
}

/// Where phones find us.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    pub root: String,
    pub server: String,
    pub port: u16,
    /// For SIP over TLS, if that is listened for.
    pub tls_port: Option<u16>,
}

impl Reached {
    /// By what the phone says that it asked (`Host`), for a listener of ours.
    pub(crate) fn by(app: &App, host: &str, _from: IpAddr) -> Self {
        let scheme = if app.settings.secure_cookies { "https" } else { "http" };
        let own = app.settings.base_url.split_once("://").map_or("", |(_, rest)| rest.trim_end_matches('/'));
        let authority = if is_authority(host) { host } else { own };
        Self {
            scheme,
            authority: authority.to_owned(),
            host: host_of(authority).to_owned(),
            sip_port: port(&app.live.sip_addresses(), "udp ").unwrap_or(5060),
            tls_port: port(&app.live.sip_addresses(), "tls "),
        }
    }

    /// What phones are told then.
    pub(crate) fn served_by(&self, rules: &Provisioning) -> Served {
        let server = if rules.server.is_empty() { self.host.clone() } else { rules.server.clone() };
        Served {
            root: format!("{}://{}/provision", self.scheme, self.authority),
            server,
            port: self.sip_port,
            tls_port: self.tls_port,
        }
    }
}

impl Phone {
    /// With what it is told; the phone book only where `file` is one.
    pub(crate) fn new(
        db: &Db,
        mut profile: Profile,
        served: &Served,
        file: &str,
    ) -> Result<Self, QueryError> {
        let port = port_of(&mut profile, served);
        let book = if book::is_one(file) { book::of(db, &profile)? } else { Vec::new() };
        Ok(Self {
            server: served.server.clone(),
            port,
            base: format!("{}/{}", served.root, db.phone_key(profile.device)),
            zone: Zone::of(&profile.place.time_zone, Utc::now().year()),
            book,
            profile,
        })
    }

    /// What stands on its screen: name and number.
    pub(super) fn label(&self) -> &str {
        let line = &self.profile.line;
        if line.number.is_empty() { &line.display_name } else { &line.number }
    }

    /// Codes behind which nothing can follow: they are dialled without waiting for more digits.
    pub(super) fn whole_codes(&self) -> Vec<&str> {
        let all = || self.profile.codes.iter();
        let goes_on = |keys: &str| all().any(|(f, code)| f.argument().is_wanted() && code == keys);
        let codes = all().filter(|(f, code)| !f.argument().is_wanted() && !goes_on(code));
        codes.map(|(_, code)| code.as_str()).collect()
    }

    /// The keys of a function, or those that it usually has.
    pub(super) fn code_of(&self, function: Function) -> &str {
        let own = self.profile.codes.iter().find(|(other, _)| *other == function);
        own.map_or(function.declared().code, |(_, code)| code)
    }

    /// What the voicemail button calls; `None` opens the phone's own list. DEV-08.
    pub(super) fn voicemail(&self) -> Option<&str> {
        match &self.profile.voicemail {
            Voicemail::Mailbox => Some(self.code_of(Function::Mailbox)),
            Voicemail::Shared(number) => Some(number),
            Voicemail::List => None,
        }
    }

    /// Every key of the model, from 1, and what it does: a key that nobody set does nothing, the first one is the line.
    pub(super) fn keys(&self) -> impl Iterator<Item = (usize, Key<'_>)> {
        (1..=usize::from(self.profile.model.keys)).map(|position| {
            let set = self.profile.buttons.iter().find(|button| button.position == position);
            (
                position,
                set.map_or(if position == 1 { Key::Line } else { Key::Nothing }, |button| {
                    Key::of(self, button)
                }),
            )
        })
    }

    /// Numbers that are dialled without waiting for more digits.
    pub(super) fn emergency(&self) -> &'static [&'static str] {
        match self.profile.place.country.as_str() {
            "us" | "ca" => &["911"],
            "gb" | "ie" => &["112", "999"],
            "de" => &["110", "112"],
            "at" | "ch" => &["112", "144"],
            "fr" | "be" => &["112", "15", "17", "18"],
            "au" => &["000", "112"],
            _ => &["112"],
        }
    }

    /// `sip:user@domain`, for those who want whole addresses.
    pub(super) fn address(&self, number: &str) -> String {
        format!("sip:{number}@{}", self.profile.line.domain)
    }

    /// `host/path` of the base without the scheme, and whether it is HTTPS.
    pub(super) fn base_parts(&self) -> (bool, &str) {
        let (scheme, rest) = self.base.split_once("://").unwrap_or(("http", &self.base));
        (scheme == "https", rest)
    }
}

/// What a key does, with what it needs. DEV-12.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub(super) enum Key<'a> {
    Nothing,
    Line,
    Blf {
        number: &'a str,
        label: &'a str,
    },
    /// Dials: speed dials, pickup, queues, and park slots where the phone knows no better.
    Dial {
        number: &'a str,
        label: &'a str,
    },
    Park {
        slot: &'a str,
        label: &'a str,
    },
    Digits {
        digits: &'a str,
        label: &'a str,
    },
    Voicemail {
        number: Option<&'a str>,
        label: &'a str,
    },
    Dnd {
        label: &'a str,
    },
    Forward {
        label: &'a str,
    },
    Url {
        url: &'a str,
        label: &'a str,
    },
}

impl<'a> Key<'a> {
    fn of(phone: &'a Phone, button: &'a Button) -> Self {
        let value = button.value.as_str();
        let or = |usual: &'a str| if button.label.is_empty() { usual } else { &button.label };
        match button.kind.as_str() {
            "line" => Self::Line,
            "blf" => Self::Blf { number: value, label: or(value) },
            "park" => Self::Park { slot: value, label: or(value) },
            "dtmf" => Self::Digits { digits: value, label: or(value) },
            "voicemail" => Self::Voicemail { number: phone.voicemail(), label: or("Voicemail") },
            "dnd" => Self::Dnd { label: or("DND") },
            "forward" => Self::Forward { label: or("Forward") },
            "url" => Self::Url { url: value, label: or("Web") },
            "speed_dial" | "pickup" | "queue" => Self::Dial { number: value, label: or(value) },
            _ => Self::Nothing,
        }
    }
}

/// The port of the first listener of that transport: `udp 192.0.2.1:5060`.
fn port(addresses: &[String], transport: &str) -> Option<u16> {
    let first = addresses.iter().find_map(|address| address.strip_prefix(transport))?;
    first.rsplit_once(':')?.1.parse().ok()
}

/// Where a phone registers. DEV-05: where nothing is listened for over TLS it is set up without, and its page says so.
fn port_of(profile: &mut Profile, served: &Served) -> u16 {
    match (profile.line.transport, served.tls_port) {
        (Transport::Tls, Some(port)) => port,
        (Transport::Tls, None) => {
            (profile.line.transport, profile.line.srtp) = (Transport::Udp, Srtp::Off);
            served.port
        }
        (Transport::Udp | Transport::Tcp, _) => served.port,
    }
}

/// The host of `host:port`, IPv6 with its brackets.
fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    }
}

/// What may stand in an address of ours.
fn is_authority(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_with_and_without_port() {
        assert_eq!(host_of("pbx.example:8443"), "pbx.example");
        assert_eq!((host_of("[::1]:8443"), host_of("[::1]"), host_of("pbx")), ("[::1]", "[::1]", "pbx"));
        assert!(is_authority("[2001:db8::1]:80") && !is_authority("a b") && !is_authority("x\"><y"));
        let listeners = ["tcp 192.0.2.1:1".into(), "udp 192.0.2.1:5070".into(), "tls [::1]:5071".into()];
        assert_eq!((port(&listeners, "udp "), port(&listeners, "tls ")), (Some(5070), Some(5071)));
        assert_eq!(port(&listeners[..2], "tls "), None);
    }
}
