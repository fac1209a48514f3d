//! The portal over a filled folder and a PBX that is not there, to look at its pages.
//!
//! `cargo run -p portal --example preview -- 8099 /tmp/preview` prints the setup link; calls appear and go by themselves.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "support/fake_live.rs"]
mod fake_live;

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use config::{
    Db,
    access::Author,
    records::{
        CallRow, Change,
        ladder::{self, Message},
    },
    resource::Values,
    resources,
};
use fake_live::{FakeLive, binding, call};
use portal::{Settings, live::Alarm};

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().and_then(|port| port.parse().ok()).unwrap_or(8099);
    let folder = arguments.next().unwrap_or_else(|| "/tmp/dialtone-preview".to_owned());
    std::fs::create_dir_all(&folder).unwrap();
    let db = Db::open(folder.as_ref()).unwrap();
    let base_url = format!("http://127.0.0.1:{port}");
    if let Some(welcome) = db.first_start().unwrap() {
        fill(&db);
        println!("{base_url}{}", welcome.setup_path);
    }
    let live = Arc::new(FakeLive::new());
    let now = Utc::now().timestamp_millis();
    live.calls.lock().unwrap().push(call("live-1", "101", "Dana Osei", "102", now, true));
    live.bindings
        .lock()
        .unwrap()
        .extend([binding(1, "Yealink SIP-T54W 96.86.0.100", now), binding(2, "baresip v3.16", now)]);
    let state = |user: i64, state| (format!("user:{user}"), state);
    live.lamps.lock().unwrap().extend([state(2, "available"), state(3, "on the phone"), state(4, "busy")]);
    if arguments.next().is_some() {
        let text = "Revision 43 was refused: users 7 has a busy trigger of 99. Calls run under revision 42.";
        live.alarms.lock().unwrap().push(Alarm { text: text.into(), since: now - 60_000 });
    }
    tokio::spawn(move_about(live.clone()));
    let router =
        portal::router(db, live, Settings { base_url, secure_cookies: false, secure_url: String::new() });
    let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    portal::serve(listener, router, std::future::pending()).await.unwrap();
}

/// A second call comes and goes, a phone registers and leaves.
async fn move_about(live: Arc<FakeLive>) {
    for round in 0.. {
        let now = Utc::now().timestamp_millis();
        live.calls.lock().unwrap().retain(|c| c.id == "live-1");
        live.bindings.lock().unwrap().retain(|b| b.device.0 != 3);
        if round % 2 == 0 {
            live.calls.lock().unwrap().push(call("live-2", "+19715550119", "Lena Marsh", "600", now, false));
            live.bindings.lock().unwrap().push(binding(3, "Poly VVX 450", now));
        }
        live.touch();
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

fn fill(db: &Db) {
    let author = Author::program(config::TenantId(1), "dana", "portal");
    for (at, (first, last)) in
        [("Hanna", "Lindqvist"), ("Marcus", "Whitfield"), ("Rosa", "Delgado"), ("<b>Bobby", "\"Tables\"")]
            .into_iter()
            .enumerate()
    {
        let values = Values::from([
            ("first_name".into(), first.into()),
            ("last_name".into(), last.into()),
            ("extension".into(), format!("2{at:02}")),
            ("email".into(), format!("user{at}@brightwater.example")),
        ]);
        db.create(&author, &resources::users::USERS, &values).unwrap();
    }
    for (of, rows) in ORGANIZATION {
        for row in *rows {
            let values = row.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            db.create(&author, resources::by_name(of).unwrap(), &values).unwrap();
        }
    }
    let now = Utc::now().timestamp_millis();
    let mut changes = Vec::new();
    for at in 0..400_i64 {
        let answered = at % 4 != 3;
        let started = now - at * 1_500_000 - 400_000;
        changes.push(Change::CallClosed(Box::new(CallRow {
            id: format!("c{:012}", 999_999 - at),
            tenant: 1,
            started_at: started,
            answered_at: answered.then_some(started + 7_200),
            ended_at: Some(started + 95_000),
            caller_number: if at % 3 == 0 { "101".into() } else { format!("+1971555{:04}", 100 + at) },
            caller_name: if at == 2 { "<script>alert(1)</script>".into() } else { "Lena Marsh".into() },
            dialled: if at % 6 == 0 { "+12065550152".into() } else { "600".into() },
            answered_by: if answered { "Dana Osei".into() } else { String::new() },
            outcome: ["answered", "answered", "busy", "missed"][(at % 4) as usize].into(),
            cause: "200 OK".into(),
            revision: 42,
            trace: TRACE.into(),
            legs: LEGS.into(),
            ladder: ladder(),
            ..CallRow::default()
        })));
    }
    db.write_records(&changes).unwrap();
}

fn ladder() -> Vec<u8> {
    let messages = [
        (
            0,
            "192.0.2.21:5062",
            "192.0.2.10:5060",
            "INVITE sip:600@pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.21:5062;branch=z9hG4bK7f21\r\nFrom: \"Lena\" <sip:101@pbx.example>;tag=a81\r\nTo: <sip:600@pbx.example>\r\nCall-ID: 8f3a21c0\r\nCSeq: 1 INVITE\r\n\r\n",
        ),
        (1, "192.0.2.10:5060", "192.0.2.21:5062", "SIP/2.0 100 Trying\r\nCall-ID: 8f3a21c0\r\n\r\n"),
        (4, "192.0.2.10:5060", "192.0.2.22:5064", "INVITE sip:102@192.0.2.22 SIP/2.0\r\n\r\n"),
        (5, "192.0.2.10:5060", "192.0.2.23:5066", "INVITE sip:103@192.0.2.23 SIP/2.0\r\n\r\n"),
        (64, "192.0.2.22:5064", "192.0.2.10:5060", "SIP/2.0 180 Ringing\r\n\r\n"),
        (66, "192.0.2.10:5060", "192.0.2.21:5062", "SIP/2.0 180 Ringing\r\n\r\n"),
        (80, "192.0.2.23:5066", "192.0.2.10:5060", "SIP/2.0 486 Busy Here\r\n\r\n"),
        (81, "192.0.2.10:5060", "192.0.2.23:5066", "ACK sip:103@192.0.2.23 SIP/2.0\r\n\r\n"),
        (7_200, "192.0.2.22:5064", "192.0.2.10:5060", "SIP/2.0 200 OK\r\n\r\n"),
        (7_201, "192.0.2.10:5060", "192.0.2.22:5064", "ACK sip:102@192.0.2.22 SIP/2.0\r\n\r\n"),
        (7_202, "192.0.2.10:5060", "192.0.2.21:5062", "SIP/2.0 200 OK\r\n\r\n"),
        (7_240, "192.0.2.21:5062", "192.0.2.10:5060", "ACK sip:600@pbx.example SIP/2.0\r\n\r\n"),
        (95_000, "192.0.2.21:5062", "192.0.2.10:5060", "BYE sip:600@pbx.example SIP/2.0\r\n\r\n"),
        (95_002, "192.0.2.10:5060", "192.0.2.21:5062", "SIP/2.0 200 OK\r\n\r\n"),
        (95_003, "192.0.2.10:5060", "192.0.2.22:5064", "BYE sip:102@192.0.2.22 SIP/2.0\r\n\r\n"),
        (95_041, "192.0.2.22:5064", "192.0.2.10:5060", "SIP/2.0 200 OK\r\n\r\n"),
    ];
    ladder::pack(&messages.map(|(at_ms, from, to, text)| Message {
        at_ms,
        from: from.into(),
        to: to.into(),
        again: false,
        text: text.into(),
    }))
}

type Rows = &'static [&'static [(&'static str, &'static str)]];

const ORGANIZATION: &[(&str, Rows)] = &[
    (
        "sites",
        &[
            &[
                ("name", "Portland HQ"),
                ("city", "Portland"),
                ("country", "us"),
                ("time_zone", "America/Los_Angeles"),
            ],
            &[("name", "Boise"), ("city", "Boise"), ("country", "us"), ("time_zone", "America/Boise")],
        ],
    ),
    (
        "departments",
        &[
            &[("name", "Clinic")],
            &[("name", "Front desk"), ("parent", "1"), ("park_code", "*81")],
            &[("name", "Billing"), ("parent", "1")],
        ],
    ),
    (
        "numbers",
        &[
            &[("number", "+15035550100"), ("description", "Main line"), ("ring_group", "1"), ("site", "2")],
            &[("number", "+15035550173"), ("user", "1"), ("sms", "1")],
        ],
    ),
    (
        "licences",
        &[
            &[("name", "Call center"), ("kind", "call_center"), ("quantity", "2")],
            &[("name", "Transcription"), ("kind", "transcription"), ("quantity", "40")],
        ],
    ),
    (
        "links",
        &[
            &[("label", "Billing portal"), ("url", "https://billing.example.com"), ("icon", "credit-card")],
            &[("label", "Open a ticket"), ("url", "https://tickets.example.com"), ("icon", "ticket")],
        ],
    ),
    (
        "announcements",
        &[&[("title", "Maintenance on Sunday."), ("text", "Calls go on; the portal is away for a minute.")]],
    ),
    ("devices", &[&[("name", "Lobby"), ("username", "lobby"), ("site", "3"), ("location", "Entrance")]]),
];

const TRACE: &str = r#"[{"at_ms":0,"what":"Call arrives","detail":"From Lena Marsh (101) to 600","rule":"device Desk 101"},
{"at_ms":1,"what":"600 is the ring group Everybody","detail":"Members 102 and 103","rule":"ring group Everybody"},
{"at_ms":4,"what":"102 and 103 ring","detail":"for 20 s","rule":"ring all"},
{"at_ms":80,"what":"103 is busy","detail":"486 from the phone","rule":""},
{"at_ms":7200,"what":"Dana Osei answers","detail":"on Desk 102; 103 was stopped","rule":"first to answer"},
{"at_ms":95000,"what":"Caller hangs up","detail":"talked 1:27","rule":""}]"#;
const LEGS: &str = r#"[{"side":"caller","number":"101","name":"Lena Marsh","device":1,"address":"udp 192.0.2.21:5062","started_ms":0,"ringing_ms":66,"answered_ms":7202,"ended_ms":95000,"cause":"hung up","codec":"PCMU","heard":{"packets":4390,"lost":4,"disordered":0,"jitter_ms":3.1,"mos":4.3},"said":{"packets":4391,"lost":40,"disordered":0,"jitter_ms":14.2,"mos":4.1},"round_trip_ms":38.0,"dropped":0},
{"side":"callee","number":"102","name":"Dana Osei","device":2,"address":"udp 192.0.2.22:5064","started_ms":4,"ringing_ms":64,"answered_ms":7200,"ended_ms":95041,"cause":"the other side hung up","codec":"PCMU","heard":{"packets":4391,"lost":40,"disordered":0,"jitter_ms":14.2,"mos":4.1},"said":{"packets":4390,"lost":4,"disordered":0,"jitter_ms":3.1,"mos":4.3},"round_trip_ms":21.0,"dropped":0}]"#;
