//! From an edit to the first call that obeys it, in a company of many extensions: milliseconds. OPS-03.
//!
//! `edits [extensions] [edits of each kind]`. A caller dials one user every three milliseconds; the edit forwards that user
//! to another one, or takes the forward away, written by a foreign SQLite connection, over REST, and by the portal's form.
//! The two callees refuse with different statuses, so each call tells which configuration it ran under.

use std::{
    error::Error,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use benches::server::say;
use tests::{
    agent::{Dialling, Phone, phone::Manner},
    server::Server,
    visitor::{Visitor, set},
};

fn main() -> Result<(), Box<dyn Error>> {
    let argument = |n, default| std::env::args().nth(n).and_then(|a| a.parse().ok()).unwrap_or(default);
    let (extensions, edits): (usize, usize) = (argument(1, 10_000), argument(2, 40));
    let server = Server::start();
    let portal = server.portal();
    let took = import(&portal, extensions);
    server.edit("UPDATE users SET busy_trigger = 20");
    say(format_args!("edits     {extensions} users imported in {:.0} ms", ms(took)));
    let phones: [Phone; 3] = server.phones();
    phones[1].set_manner(Manner::Refuse(BEFORE));
    phones[2].set_manner(Manner::Refuse(AFTER));
    let bench = Bench { user: server.user(1), to: server.number(2), portal, database: server.database() };
    for (name, edit) in [
        ("sqlite3", Bench::by_hand as fn(&Bench, &str)),
        ("REST", Bench::over_rest),
        ("form", Bench::by_form),
    ] {
        let mut effects = vec![];
        for number in 0..edits {
            effects.push(effect(&server, &phones[0], &bench, (edit, number % 2 == 0)));
        }
        show(name, &effects);
    }
    Ok(())
}

/// What is edited, and by whom.
struct Bench {
    user: String,
    to: String,
    portal: Visitor,
    database: PathBuf,
}

impl Bench {
    fn by_hand(&self, forward: &str) {
        let shell = rusqlite::Connection::open(&self.database).expect("the database");
        shell.busy_timeout(Duration::from_secs(10)).expect("a time-out");
        let text = format!("UPDATE users SET forward_always = '{forward}' WHERE id = {}", self.user);
        shell.execute_batch(&text).expect("the edit");
    }
    fn over_rest(&self, forward: &str) {
        let path = format!("/api/v1/users/{}", self.user);
        let json = format!("{{\"forward_always\":\"{forward}\"}}");
        assert_eq!(self.portal.patch(&path, &json.parse().expect("JSON")).status, 200);
    }
    fn by_form(&self, forward: &str) {
        let saved = self.portal.save(&format!("/admin/users/{}", self.user), &[("forward_always", forward)]);
        assert!(saved.status < 400, "{saved:?}");
    }
}

/// One edit while calls go on: how long it took itself, and from its return (so from its commit at the latest) to the start
/// of the first call that obeyed. Zero if calls obeyed before it returned.
fn effect(
    server: &Server,
    caller: &Phone,
    bench: &Bench,
    (edit, forwards): (fn(&Bench, &str), bool),
) -> (Duration, Duration) {
    let (calls, over) = (Mutex::new(Vec::<(Instant, Dialling)>::new()), AtomicBool::new(false));
    let number = server.number(1);
    let (began, returned) = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Relaxed) {
                let dialling = (Instant::now(), caller.dial(&number));
                calls.lock().expect("the list").push(dialling);
                std::thread::sleep(EVERY);
            }
        });
        let further = |calls: &Mutex<Vec<_>>, count: usize| {
            let wanted = calls.lock().expect("the list").len() + count;
            while calls.lock().expect("the list").len() < wanted {
                std::thread::sleep(EVERY);
            }
        };
        further(&calls, BEFORE_EDIT);
        let began = Instant::now();
        edit(bench, if forwards { &bench.to } else { "" });
        let returned = Instant::now();
        further(&calls, AFTER_EDIT);
        over.store(true, Relaxed);
        (began, returned)
    });
    let obeys = if forwards { AFTER } else { BEFORE };
    let calls = calls.into_inner().expect("the list");
    let told: Vec<_> = calls.into_iter().map(|(at, call)| (at, call.refused().status())).collect();
    let first = told.iter().rposition(|(_, status)| *status != Some(obeys)).map_or(0, |last| last + 1);
    let Some((at, _)) = told.get(first) else { panic!("not in force after {AFTER_EDIT} calls: {told:?}") };
    // One that was dialled before the edit may be admitted after it: that is no delay.
    assert!(first > 0, "all calls obeyed, those before the edit too: {told:?}");
    caller.forget();
    std::thread::sleep(REST);
    (returned - began, at.saturating_duration_since(returned))
}

fn show(name: &str, effects: &[(Duration, Duration)]) {
    let of = |pick: fn(&(Duration, Duration)) -> Duration| {
        let mut all: Vec<_> = effects.iter().map(pick).collect();
        all.sort();
        (ms(all[all.len() / 2]), ms(all[all.len() - 1]))
    };
    let (write, effect) = (of(|e| e.0), of(|e| e.1));
    say(format_args!(
        "edits     {name:8} writes in {:.1} ms (most {:.1}); obeyed by calls that begin {:.1} ms after the commit (most {:.1}), {} edits",
        write.0,
        write.1,
        effect.0,
        effect.1,
        effects.len(),
    ));
}

/// Users with extensions by the portal's import.
fn import(portal: &Visitor, count: usize) -> Duration {
    let mut csv = "first_name,last_name,extension\n".to_owned();
    (0..count).for_each(|n| csv += &format!("Bench,{n},{}\n", 100_000 + n));
    let mut form = portal.form("/admin/users");
    set(&mut form, "csv", &csv);
    let began = Instant::now();
    let page = portal.post("/admin/users/import", &form);
    assert!(page.status < 400, "{page:?}");
    began.elapsed()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// What the user's own phone says.
const BEFORE: u16 = 486;
/// What the phone says to which the user forwards.
const AFTER: u16 = 603;
/// Between two calls.
const EVERY: Duration = Duration::from_millis(3);
/// Calls before the edit.
const BEFORE_EDIT: usize = 4;
/// Calls after it.
const AFTER_EDIT: usize = 20;
/// Until the RTP ports of these calls may be used again.
const REST: Duration = Duration::from_millis(900);
