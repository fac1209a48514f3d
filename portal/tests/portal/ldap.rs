//! The customer directory, asked of a real slapd in a folder of its own. DIR-13, DIR-14, DIR-34.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use axum::http::StatusCode;
use config::TenantId;
use serde_json::json;

use crate::world::{Browser, World, between};

/// A directory server with fifty-five customers.
struct Slapd {
    child: Child,
    port: u16,
    folder: PathBuf,
}

impl Slapd {
    fn start() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("dialtone-slapd-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(folder.join("db")).unwrap();
        let at = folder.display();
        let rules = format!(
            "include /etc/ldap/schema/core.schema\ninclude /etc/ldap/schema/cosine.schema\n\
             include /etc/ldap/schema/inetorgperson.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n\
             pidfile {at}/pid\nargsfile {at}/args\ndisallow bind_anon\nrequire authc\n\
             database mdb\nsuffix \"dc=example,dc=com\"\nrootdn \"cn=reader,dc=example,dc=com\"\nrootpw Geheim-12345\n\
             directory {at}/db\n"
        );
        fs::write(folder.join("slapd.conf"), rules).unwrap();
        fs::write(folder.join("customers.ldif"), customers()).unwrap();
        let fill = Command::new("/usr/sbin/slapadd")
            .args(["-f"])
            .arg(folder.join("slapd.conf"))
            .arg("-l")
            .arg(folder.join("customers.ldif"))
            .stderr(Stdio::inherit())
            .status()
            .expect("slapd is installed by tests/install");
        assert!(fill.success());
        // Somebody else may take the port between the question and the answer: then another one is asked for.
        for _ in 0..20 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut child = Command::new("/usr/sbin/slapd")
                .args(["-d", "0", "-h", &format!("ldap://127.0.0.1:{port}"), "-f"])
                .arg(folder.join("slapd.conf"))
                .spawn()
                .unwrap();
            let limit = Instant::now() + Duration::from_secs(30);
            while child.try_wait().unwrap().is_none() && Instant::now() < limit {
                if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return Self { child, port, folder };
                }
                std::thread::yield_now();
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("slapd does not start");
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn customers() -> String {
    let mut ldif = String::from(
        "dn: dc=example,dc=com\nobjectClass: domain\ndc: example\n\n\
         dn: cn=Zoe Kranz,dc=example,dc=com\nobjectClass: inetOrgPerson\ncn: Zoe Kranz\nsn: Kranz\no: ACME GmbH\n\
         telephoneNumber: +49 30 7654321\nmobile: 0170 7654321\nmail: zoe@acme.example\n\n\
         dn: cn=Star (*) Name,dc=example,dc=com\nobjectClass: inetOrgPerson\ncn: Star (*) Name\nsn: Name\n\
         telephoneNumber: 040 1\n\n",
    );
    for n in 0..55 {
        ldif += &format!(
            "dn: cn=Many {n:02},dc=example,dc=com\nobjectClass: inetOrgPerson\ncn: Many {n:02}\nsn: Many\n\
             telephoneNumber: 030 55500{n:02}\n\n"
        );
    }
    ldif
}

async fn switch_on(admin: &Browser, url: &str, password: &str) {
    let body = json!({
        "enabled": true, "url": url, "bind_dn": "cn=reader,dc=example,dc=com", "password": password,
        "base": "dc=example,dc=com",
    });
    let saved = admin.json("PATCH", "/api/v1/ldap_settings", body).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.body);
}

async fn found(me: &Browser, typed: &str) -> String {
    let part = me.part(&format!("/contacts?show=directory&q={typed}"), "div#list").await;
    assert_eq!(part.status, StatusCode::OK, "{}", part.body);
    part.body
}

/// DIR-13
#[tokio::test]
async fn the_directory_is_offered_only_when_it_is_switched_on() {
    let world = World::new();
    let (me, admin) = (world.account("me", 0).await, world.admin().await);
    assert!(!me.get("/contacts").await.body.contains("Customer directory"));
    assert_eq!(me.part("/contacts?show=directory&q=anna", "div#list").await.status, StatusCode::NOT_FOUND);
    switch_on(&admin, "ldap://127.0.0.1:9", "x").await;
    assert!(
        me.get("/contacts").await.body.contains("<option value=\"directory\">Customer directory</option>")
    );
    admin.json("PATCH", "/api/v1/ldap_settings", json!({ "enabled": false })).await;
    assert!(!me.get("/contacts").await.body.contains("Customer directory"));
}

/// DIR-14
#[tokio::test(flavor = "multi_thread")]
async fn customers_are_found_by_name_company_and_number() {
    let slapd = Slapd::start();
    let world = World::new();
    let (me, admin) = (world.account("me", 0).await, world.admin().await);
    switch_on(&admin, &format!("ldap://127.0.0.1:{}", slapd.port), "Geheim-12345").await;
    for typed in ["kran", "ACME", "7654321", "zoe@acme"] {
        let shown = found(&me, typed).await;
        assert!(shown.contains("Zoe Kranz") && shown.contains("ACME GmbH"), "{typed}: {shown}");
        assert!(
            shown.contains("data-call=\"+49 30 7654321\"") && shown.contains("data-call=\"0170 7654321\"")
        );
        assert!(shown.contains("/contacts/new?name=Zoe%20Kranz"), "{shown}");
    }
    // At least two characters, at most fifty results.
    let short = found(&me, "k").await;
    assert!(short.contains("at least two letters") && !short.contains("Kranz"), "{short}");
    let many = found(&me, "Many").await;
    assert_eq!(many.matches("data-call=").count(), 50);
    assert!(found(&me, "nobody-at-all").await.contains("Nobody found"));
    let page = me.get("/contacts?show=directory").await.body;
    assert!(page.contains("input changed delay:300ms from:#q"), "300 ms after the last key");
}

/// DIR-14: what somebody types is a text, never a part of the filter.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_write_a_filter_into_the_search() {
    let slapd = Slapd::start();
    let world = World::new();
    let (me, admin) = (world.account("me", 0).await, world.admin().await);
    switch_on(&admin, &format!("ldap://127.0.0.1:{}", slapd.port), "Geheim-12345").await;
    for typed in ["**", "x*)(cn=*", "*)(objectClass=*))(|(cn=*", "%5C2a", "%00%00"] {
        let shown = found(&me, typed).await;
        assert!(!shown.contains("Kranz") && !shown.contains("id=\"problem\""), "{typed}: {shown}");
    }
    assert!(found(&me, "(*)").await.contains("Star (*) Name"));
}

/// DIR-14: an error is seen, and names no secret.
#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_refuses_or_is_not_there_says_so() {
    let slapd = Slapd::start();
    let world = World::new();
    let (me, admin) = (world.account("me", 0).await, world.admin().await);
    switch_on(&admin, &format!("ldap://127.0.0.1:{}", slapd.port), "Wrong-12345").await;
    let refused = found(&me, "kranz").await;
    assert!(
        refused.contains("id=\"problem\"") && refused.contains("refused") && !refused.contains("Wrong-12345"),
        "{refused}"
    );
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    switch_on(&admin, &format!("ldap://{closed}"), "Geheim-12345").await;
    assert!(found(&me, "kranz").await.contains("cannot be reached"));
    // A server that talks in clear is no server for ldaps.
    switch_on(&admin, &format!("ldaps://127.0.0.1:{}", slapd.port), "Geheim-12345").await;
    assert!(found(&me, "kranz").await.contains("id=\"problem\""));
}

/// DIR-14: five seconds, then an error.
#[tokio::test(start_paused = true)]
async fn a_directory_that_is_silent_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let world = World::new();
    let (me, admin) = (world.account("me", 0).await, world.admin().await);
    switch_on(&admin, &format!("ldap://{}", silent.local_addr().unwrap()), "Geheim-12345").await;
    let shown = found(&me, "kranz").await;
    assert!(shown.contains("did not answer within 5 seconds"), "{shown}");
}

/// DIR-34: names of all customers are kept for calls; none of them waits for the directory.
#[tokio::test(flavor = "multi_thread")]
async fn the_directory_is_read_for_the_names_of_callers() {
    let slapd = Slapd::start();
    let world = World::new();
    let admin = world.admin().await;
    switch_on(&admin, &format!("ldap://127.0.0.1:{}", slapd.port), "Geheim-12345").await;
    let keeping = tokio::spawn(portal::keep_directory_names(world.db.clone()));
    let (mut feed, _) = config::Feed::open(&world.db).unwrap();
    let limit = Instant::now() + Duration::from_secs(60);
    let name = loop {
        feed.poll().unwrap();
        match feed.snapshot().name_of_number(TenantId(1), None, "+491707654321") {
            None if Instant::now() < limit => tokio::task::yield_now().await,
            name => break name,
        }
    };
    assert_eq!(name.as_deref(), Some("Zoe Kranz"));
    assert_eq!(feed.snapshot().name_of_number(TenantId(1), None, "0305550054").as_deref(), Some("Many 54"));
    keeping.abort();
}

/// What the page says after a test of what is saved.
async fn tested(admin: &Browser) -> (bool, String) {
    let done = admin.post("/admin/ldap_settings/test", &[]).await;
    assert_eq!(done.header("location"), "/admin/ldap_settings", "{}", done.body);
    let page = admin.get("/admin/ldap_settings").await.body;
    let outcome = between(&page, "id=\"outcome\"", "</div>");
    let good = page.contains("banner ok\" role=\"status\" id=\"outcome\"");
    (good, between(outcome, "<span>", "</span>").to_owned())
}

/// DIR-13: an administrator tries the directory before it is switched on, and is told what to do.
#[tokio::test(flavor = "multi_thread")]
async fn a_test_of_the_directory_says_what_to_do() {
    let slapd = Slapd::start();
    let world = World::new();
    let admin = world.admin().await;
    assert_eq!(tested(&admin).await, (false, "Name the server first, and save.".into()));
    let url = format!("ldap://127.0.0.1:{}", slapd.port);
    switch_on(&admin, &url, "Geheim-12345").await;
    let set = async |field: &str, value: serde_json::Value| {
        let saved = admin.json("PATCH", "/api/v1/ldap_settings", json!({ field: value })).await;
        assert_eq!(saved.status, StatusCode::OK, "{}", saved.body);
    };
    set("enabled", false.into()).await;
    assert_eq!(tested(&admin).await, (true, "It works: 50 entries with a number, and maybe more.".into()));
    assert!(!admin.get("/admin/ldap_settings").await.body.contains("id=\"outcome\""), "told once");
    set("mobile_attribute", "".into()).await;
    set("work_attribute", "".into()).await;
    set("home_attribute", "homePhone".into()).await;
    assert!(tested(&admin).await.1.contains("nobody it finds has a number"));
    set("mobile_attribute", "mobile".into()).await;
    assert_eq!(tested(&admin).await, (true, "It works: 1 entries with a number.".into()));
    for (field, wrong, right, says) in [
        ("base", "dc=nowhere,dc=com", "dc=example,dc=com", "Check Searches below"),
        ("filter", "(cn={})))", "(cn=*{}*)", "Check its brackets"),
        ("password", "Wrong-12345", "Geheim-12345", "Check Signs in as"),
        ("bind_dn", "", "cn=reader,dc=example,dc=com", "does not let this system search"),
        ("url", "ldap://no-such-host.invalid", &url, "no-such-host.invalid is not known"),
        ("url", "ldap://127.0.0.1:1", &url, "Nothing answers at 127.0.0.1:1"),
    ] {
        set(field, wrong.into()).await;
        let (good, text) = tested(&admin).await;
        assert!(!good && text.contains(says), "{field}: {text}");
        assert!(!text.contains("12345") || field == "url", "{text}");
        set(field, right.into()).await;
    }
    set("url", url.replace("ldap:", "ldaps:").into()).await;
    let (good, text) = tested(&admin).await;
    assert!(!good && text.contains("encryption could not be agreed"), "{text}");
}

/// DIR-13: who may not change the directory does not try it; and a company among others reaches nothing beside this machine.
#[tokio::test(flavor = "multi_thread")]
async fn a_test_is_for_who_may_change_it_and_reaches_nothing_inside() {
    let slapd = Slapd::start();
    let world = World::new();
    let me = world.account("me", 0).await;
    assert_eq!(me.post("/admin/ldap_settings/test", &[]).await.status, StatusCode::FORBIDDEN);
    let site = world.account("site", 1).await;
    assert_eq!(site.post("/admin/ldap_settings/test", &[]).await.status, StatusCode::FORBIDDEN);
    let other = world.other_tenant().await;
    let inside = |host: &str| format!("ldap://{host}:{}", slapd.port);
    for host in ["127.0.0.1", "localhost", "[::1]", "0.0.0.0"] {
        switch_on(&other, &inside(host), "Geheim-12345").await;
        let (good, text) = tested(&other).await;
        assert!(!good && text.contains("not on the public internet"), "{host}: {text}");
        // Nor does a search.
        let shown = found(&other, "kranz").await;
        assert!(shown.contains("id=\"problem\"") && !shown.contains("Kranz"), "{host}: {shown}");
    }
}

/// DIR-13: five seconds, then what to do.
#[tokio::test(start_paused = true)]
async fn a_test_of_a_silent_directory_ends() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let world = World::new();
    let admin = world.admin().await;
    switch_on(&admin, &format!("ldap://{}", silent.local_addr().unwrap()), "Geheim-12345").await;
    let (good, text) = tested(&admin).await;
    assert!(!good && text.contains("did not answer within 5 seconds"), "{text}");
}
