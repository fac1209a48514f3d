//! Valid rows of any declared table, found by asking: values are made from the kinds of the fields, and a dry run says which
//! of them go together.

use std::sync::atomic::{AtomicUsize, Ordering};

use config::{Field, Kind, Resource, resources};
use serde_json::{Map, Value, json};

use crate::world::Browser;

/// Values for a new row that the API takes, with as many fields as possible.
pub async fn sample(api: &Browser, of: &'static Resource) -> Map<String, Value> {
    let mut row = least(api, of).await;
    let path = format!("/api/v1/{}?dry_run=1", of.name);
    for field in of.settable() {
        if row.contains_key(field.name) {
            continue;
        }
        row.insert(field.name.into(), value(api, of, field).await);
        if !api.json("POST", &path, Value::Object(row.clone())).await.status.is_success() {
            row.remove(field.name);
        }
    }
    row
}

/// A new row with as many fields as possible; its id.
pub async fn make(api: &Browser, of: &'static Resource) -> i64 {
    let row = sample(api, of).await;
    insert(api, of, row).await
}

/// Values for a new row with as few fields as possible: what is required, and what the answer asks for.
async fn least(api: &Browser, of: &'static Resource) -> Map<String, Value> {
    let mut row = Map::new();
    for field in of.settable().filter(|field| field.required) {
        row.insert(field.name.into(), value(api, of, field).await);
    }
    let path = format!("/api/v1/{}?dry_run=1", of.name);
    for attempt in 0..20 {
        let tried = api.json("POST", &path, Value::Object(row.clone())).await;
        if tried.status.is_success() {
            break;
        }
        assert_eq!(tried.status.as_u16(), 422, "{}: {}", of.name, tried.body);
        // Choices can forbid each other: others are tried.
        for field in of.settable().filter(|field| attempt > 1 && field.required) {
            if matches!(field.kind, Kind::Choice(_)) {
                row.insert(field.name.into(), value(api, of, field).await);
            }
        }
        for problem in tried.value()["problems"].as_array().unwrap() {
            let Some(field) = of.field(problem["field"].as_str().unwrap()) else { continue };
            if row.remove(field.name).is_none() || field.required {
                row.insert(field.name.into(), value(api, of, field).await);
            }
        }
    }
    row
}

async fn insert(api: &Browser, of: &'static Resource, row: Map<String, Value>) -> i64 {
    let made = api.json("POST", &format!("/api/v1/{}", of.name), Value::Object(row.clone())).await;
    assert_eq!(made.status.as_u16(), 201, "{} of {row:?}: {}", of.name, made.body);
    made.value()["id"].as_i64().unwrap()
}

/// A value that nobody else has, as the field's kind says.
async fn value(api: &Browser, of: &'static Resource, field: &Field) -> Value {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let n = COUNT.fetch_add(1, Ordering::Relaxed);
    match field.kind {
        // Digits, and none of the slots of another lot.
        Kind::Text { .. } if (of.name, field.name) == ("park_lots", "first_slot") => {
            json!((200_000 + n % 7_900 * 100).to_string())
        }
        // What a time frame and a rule are made of has a form of its own.
        Kind::Text { .. } if field.name == "recurrence" => json!(format!("{} 10 * * mon", n % 60)),
        Kind::LongText { .. } if field.name == "days" => json!(format!("2026-12-{:02} <b>", n % 28 + 1)),
        Kind::LongText { .. } if field.name == "caller_list" => json!(format!("+4930{n:06}\n10*")),
        Kind::Date if field.name == "ends" => json!(format!("2026-12-{:02}", n % 28 + 1)),
        // What trunks and ways outside are made of has a form of its own, too.
        _ if of.name == "trunks" && field.name == "host" => json!(format!("sip{n}.example")),
        _ if of.name == "trunks" && field.name == "domain" => json!(format!("carrier{n}.example")),
        _ if of.name == "trunks" && field.name == "outbound_proxy" => json!(format!("proxy{n}.example:5070")),
        _ if of.name == "trunks" && field.name == "sources" => json!(format!("198.51.100.{}", n % 250)),
        // Only with certificates, of which a sample has none.
        _ if of.name == "trunks" && field.name == "identity_check" => json!("off"),
        _ if of.name == "trunks" && field.name == "trust" => json!("any"),
        _ if of.name == "trunks" && field.name == "caller_prefix" => json!(format!("9{n}")),
        _ if ["username", "auth_name"].contains(&field.name) && of.name == "trunks" => {
            json!(format!("line{n}"))
        }
        _ if ["notify", "alert_mail"].contains(&field.name) => json!(format!("a{n}@example.com")),
        _ if field.name == "patterns" => json!(format!("0{}.", n % 10)),
        // What a spreadsheet would run, and what HTML and CSV must escape.
        Kind::Text { max } => {
            json!(format!("={n} <b>\"{}\", ä", field.label).chars().take(max).collect::<String>().trim())
        }
        Kind::Word { max } => {
            json!(
                format!("w{n}.{}", field.name.replace('_', "-")).chars().take(max).collect::<String>().trim()
            )
        }
        Kind::Number { min, max, .. } => {
            json!(if n.is_multiple_of(2) { min.max(1) } else { max.min(min.max(1) + 1) })
        }
        // Level 3 has no permissions to choose.
        Kind::Choice(_) if (of.name, field.name) == ("roles", "level") => json!("2"),
        Kind::Choice(of) => json!(of[n % of.len()].0),
        Kind::Set(of) => json!([of()[n % of().len()].0]),
        Kind::LongText { max } => {
            json!(format!("+{n} <b>\"{}\"", field.label).chars().take(max).collect::<String>().trim())
        }
        Kind::Duration { min, max } => json!(if n.is_multiple_of(2) { min } else { max }),
        Kind::TimeOfDay => json!(format!("08:{:02}", n % 60)),
        Kind::Date => json!(format!("2026-11-{:02}", n % 28 + 1)),
        Kind::Moment => json!(format!("2026-11-{:02}T13:30:00Z", n % 28 + 1)),
        Kind::TimeZone => json!(["Europe/Berlin", "America/New_York"][n % 2]),
        Kind::Week => json!(format!("mo 09:00-1{}:00", n % 9)),
        Kind::File { .. } => json!(""),
        Kind::Url => json!(format!("https://example.com/{n}")),
        Kind::Colour => json!(format!("#1f6f{:02x}", n % 256)),
        Kind::Country => json!(["de", "fr"][n % 2]),
        Kind::WrittenNumber => json!(format!("030 / 12-{n}")),
        Kind::OutsideNumber => json!(format!("+4930{:06}", n)),
        Kind::Code => json!(format!("#{n:05}")),
        Kind::Mac => json!(format!("00155d{:06x}", n)),
        Kind::Flag => json!(n.is_multiple_of(2)),
        Kind::Extension => json!(format!("{}", 20_000 + n)),
        Kind::PhoneNumber => json!(format!("+4930{:06}", n)),
        Kind::Email => json!(format!("a{n}@example.com")),
        Kind::Reference(table) => json!(target(api, of, table).await),
        Kind::Many(table) => json!([target(api, of, table).await, target(api, of, table).await]),
        Kind::Destination => json!("hangup:busy"),
        Kind::Secret => json!(""),
    }
}

async fn target(api: &Browser, of: &'static Resource, table: &str) -> i64 {
    let other = resources::by_name(table).unwrap();
    if other.name == of.name {
        // A row of the same table: one that is there.
        let rows = api.get(&format!("/api/v1/{table}?limit=1")).await.value();
        return rows["items"][0]["id"].as_i64().unwrap_or_default();
    }
    let row = Box::pin(least(api, other)).await;
    insert(api, other, row).await
}
