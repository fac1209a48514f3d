//! Desk phones are told to fetch their settings, fetch them over HTTPS, and find where they are.

use std::{
    fs,
    net::UdpSocket,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::json;
use socket2::SockRef;
use tests::{
    agent::{Account, Phone},
    patience::{PATIENCE, until, until_true},
    server::Server,
    visitor::{PASSWORD, Visitor},
};

/// A starter phone that fetches its settings, and what it fetches.
struct Desk {
    phone: Phone,
    device: String,
    /// `/provision/<secret>`.
    place: String,
}

const MAC: &str = "805ec01a7f22";

/// The first starter phone as a Yealink T54W of the first person.
fn desk(server: &Server, portal: &Visitor) -> Desk {
    let user = &server.accounts()[0].user;
    let device = server.sql(&format!("SELECT id FROM devices WHERE username = '{user}'"));
    server.edit(&format!("UPDATE devices SET model = 'yealink-t54w', mac = '{MAC}' WHERE id = {device}"));
    let page = portal.get(&format!("/admin/devices/{device}")).body;
    let (_, rest) = page.split_once("/provision/").expect("the address of its settings");
    let key = rest.split(['"', '<', '/']).next().unwrap();
    let phone = server.phone(0);
    phone.register();
    Desk { phone, place: format!("/provision/{key}"), device }
}

impl Desk {
    /// How often it was told to fetch its settings.
    fn told(&self) -> usize {
        let log = self.phone.log();
        let is_it = |event: &str| event.starts_with("check-sync");
        log.iter()
            .filter(|(ours, t)| !ours && t.method() == "NOTIFY" && t.header("Event").is_some_and(is_it))
            .count()
    }
    /// Has `edit` done; the file that the phone then fetches, once it was told.
    fn fetches_after(&self, server: &Server, file: &str, edit: impl FnOnce()) -> String {
        let before = self.told();
        let begin = Instant::now();
        edit();
        until_true("the phone to be told", || self.told() > before);
        assert!(begin.elapsed() < Duration::from_secs(5), "told after {:?}", begin.elapsed());
        let page = Visitor::new(server.http()).get(&format!("{}/{file}", self.place));
        assert_eq!(page.status, 200, "{file}");
        page.body
    }
    fn config(&self) -> String {
        format!("{MAC}.cfg")
    }
}

/// SIP-36, DEV-12, DEV-14, NAV-21, DIR-12: keys, names and contacts reach the phone by themselves.
#[test]
fn a_phone_fetches_its_keys_its_name_and_its_contacts_within_five_seconds_of_an_edit() {
    let server = Server::start();
    server.edit("UPDATE node_settings SET provision_over = 'private'");
    let portal = server.portal();
    let desk = desk(&server, &portal);
    let key = json!({"device": desk.device.parse::<i64>().unwrap(), "position": 2, "type": "speed_dial",
        "value": "+4930123456", "label": "Taxi"});
    let file = desk.fetches_after(&server, &desk.config(), || {
        assert_eq!(portal.add("/api/v1/device_buttons", &key).status, 201);
    });
    assert!(file.contains("linekey.2.value = +4930123456\n"), "{file}");
    let rename =
        format!("UPDATE users SET first_name = 'Grace', last_name = 'Hopper' WHERE id = {}", server.user(0));
    let file = desk.fetches_after(&server, &desk.config(), || drop(server.sql(&rename)));
    assert!(file.contains("display_name = Grace Hopper\n"), "{file}");
    let book = desk.fetches_after(&server, "book.xml", || {
        let contact = json!({"last_name": "Acme & Sons", "work": "030 / 1234"});
        assert_eq!(portal.add("/api/v1/contacts", &contact).status, 201);
    });
    assert!(book.contains("Name=\"Acme &amp; Sons\" Phone1=\"0301234\""), "{book}");
    let before = desk.told();
    let resync = portal.add(&format!("/api/v1/devices/{}/resync", desk.device), &json!({"reboot": true}));
    assert_eq!((resync.status, resync.body.as_str()), (202, r#"{"told":true}"#));
    until_true("the phone to be told", || desk.told() > before);
    let log = desk.phone.log();
    let last = log.iter().rev().find(|(ours, t)| !ours && t.method() == "NOTIFY").unwrap();
    assert_eq!(last.1.header("Event"), Some("check-sync;reboot=true"));
}

/// DEV-07: with a new password the old one is worth nothing at once, and the phone is told.
#[test]
fn a_phone_with_a_new_password_is_told_and_the_old_one_refused() {
    let server = Server::start();
    server.edit("UPDATE node_settings SET provision_over = 'private'");
    let portal = server.portal();
    let desk = desk(&server, &portal);
    let file = desk.fetches_after(&server, &desk.config(), || {
        let path = format!("/admin/devices/{}", desk.device);
        let mut form = portal.form(&path);
        form.retain(|(name, _)| name == "csrf");
        form.truncate(1);
        form.push(("renew".into(), "1".into()));
        assert!(portal.post(&format!("{path}/secret"), &form).status < 400);
    });
    assert_ne!(desk.phone.register_for(60).status(), Some(200), "the old password");
    let (_, rest) = file.split_once("account.1.password = ").unwrap();
    let account = Account { password: rest.lines().next().unwrap().into(), ..server.accounts()[0].clone() };
    Phone::new(account, server.sip()).register();
}

/// `curl` that trusts that certificate alone: status and all it printed.
fn curl(server: &Server, trusts: &std::path::Path, arguments: &[&str], path: &str) -> Option<String> {
    let out = Command::new("curl")
        .args(["-sS", "-i", "--max-time", "10", "--cacert"])
        .arg(trusts)
        .args(arguments)
        .arg(format!("{}{path}", server.https()))
        .output()
        .unwrap();
    out.status.success().then(|| String::from_utf8_lossy(&out.stdout).into_owned())
}

/// OPS-01, DEV-16: a certificate is there from the first start, and over it settings leave, not in clear.
#[test]
fn https_works_from_the_first_start_and_settings_leave_over_it_alone() {
    let server = Server::start();
    let portal = server.portal();
    let desk = desk(&server, &portal);
    let own = server.folder().join("tls.crt");
    let path = format!("{}/{}", desk.place, desk.config());
    let file = curl(&server, &own, &[], &path).expect("over HTTPS");
    assert!(file.starts_with("HTTP/1.1 200") && file.contains("account.1.password = "), "{file}");
    assert_eq!(Visitor::new(server.http()).get(&path).status, 404);
    let login = server.sql("SELECT login FROM users WHERE login <> '' ORDER BY id LIMIT 1");
    let origin = format!("Origin: {}", server.https());
    let (login, password) = (format!("login={login}"), format!("password={PASSWORD}"));
    let form = ["-H", &origin, "--data-urlencode", &login, "--data-urlencode", &password];
    let signed_in = curl(&server, &own, &form, "/login").unwrap();
    let cookie =
        signed_in.lines().find(|line| line.to_lowercase().starts_with("set-cookie: ")).unwrap_or(&signed_in);
    assert!(cookie.contains("; Secure"), "{signed_in}");
}

/// OPS-13: a certificate of one's own, and the next one, without a restart.
#[test]
fn another_certificate_is_in_use_as_soon_as_its_files_are_there() {
    let (server, other) = (Server::start(), Server::start());
    let (own, new) = (server.folder().join("tls.crt"), other.folder().join("tls.crt"));
    let before = server.folder().join("before.crt");
    fs::copy(&own, &before).unwrap();
    assert!(curl(&server, &before, &[], "/healthz").is_some());
    assert!(curl(&server, &new, &[], "/healthz").is_none(), "not that one");
    let pid = server.pid();
    for file in ["tls.key", "tls.crt"] {
        fs::copy(other.folder().join(file), server.folder().join(file)).unwrap();
    }
    until_true("the new certificate", || curl(&server, &new, &[], "/healthz").is_some());
    assert!(curl(&server, &before, &[], "/healthz").is_none(), "the old one is out of use");
    assert_eq!(server.pid(), pid);
    assert!(server.is_healthy());
}

/// DEV-17: a new phone asks the network and is told where its settings are, if somebody wants that.
#[test]
fn a_new_phone_that_asks_by_multicast_is_told_where_its_settings_are() {
    let server = Server::start();
    server.edit("UPDATE node_settings SET provision_over = 'private'");
    let portal = server.portal();
    desk(&server, &portal);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    SockRef::from(&socket).set_multicast_if_v4(&"127.0.0.1".parse().unwrap()).unwrap();
    let local = socket.local_addr().unwrap();
    let request = format!(
        "SUBSCRIBE sip:MAC%3a{MAC}@224.0.1.75 SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bKpnp;rport\r\n\
         From: <sip:MAC%3a{MAC}@224.0.1.75>;tag=p1\r\nTo: <sip:MAC%3a{MAC}@224.0.1.75>\r\nCall-ID: pnp-1\r\n\
         CSeq: 1 SUBSCRIBE\r\nMax-Forwards: 70\r\nContact: <sip:{local}>\r\n\
         Event: ua-profile;profile-type=\"device\";vendor=\"Yealink\";model=\"T54W\";version=\"96\"\r\n\
         Expires: 0\r\nAccept: application/url\r\nContent-Length: 0\r\n\r\n"
    );
    let heard = || {
        let mut buffer = [0; 4096];
        let length = socket.recv(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
    };
    socket.send_to(request.as_bytes(), "224.0.1.75:5060").unwrap();
    assert_eq!(heard(), None, "nobody answers while the setting is off");
    server.edit("UPDATE node_settings SET pnp = 1");
    let accepted = until("an answer", PATIENCE, || {
        socket.send_to(request.as_bytes(), "224.0.1.75:5060").unwrap();
        heard()
    });
    assert!(accepted.starts_with("SIP/2.0 200 "), "{accepted}");
    let told = heard().expect("NOTIFY");
    assert!(told.starts_with("NOTIFY ") && told.contains("Content-Type: application/url\r\n"), "{told}");
    let (_, url) = told.split_once("\r\n\r\n").unwrap();
    let path = url.strip_prefix(server.http()).expect("this server");
    let file = Visitor::new(server.http()).get(&format!("{path}{MAC}.cfg"));
    assert_eq!(file.status, 200);
    assert!(file.body.contains("account.1.password = "));
}
