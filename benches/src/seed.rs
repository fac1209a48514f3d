//! A database with many users, each with an extension and a device whose password the generator knows.

use std::{error::Error, path::Path};

use config::{
    Db, Resource, TenantId,
    records::{
        CallRow, Change,
        parties::{PartyKind, PartyRow},
    },
    resource::Values,
    resources,
    write::Author,
};

/// The password of every seeded device.
pub const SECRET: &str = "bench-password-of-a-phone";

/// Makes `count` users with extensions from `first` on in a fresh `folder`. Returns the tenant's SIP domain.
pub fn users(folder: &Path, first: u32, count: u32) -> Result<String, Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    let db = Db::open(folder)?;
    db.first_start()?;
    let author = Author::program(TenantId(1), "bench", "cli");
    let (people, phones) = (table("users")?, table("devices")?);
    let fill = |of, fields: &[(&str, &str)]| {
        let values: Values = fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        db.create(&author, of, &values)
    };
    for number in (first..first + count).map(|n| n.to_string()) {
        let name = [
            ("first_name", "Bench"),
            ("last_name", &*number),
            ("extension", &*number),
            ("busy_trigger", "20"),
        ];
        let user = fill(people, &name)?.id.to_string();
        fill(phones, &[("name", &*number), ("user", &*user), ("username", &*number), ("secret", SECRET)])?;
    }
    let settings = rusqlite::Connection::open(folder.join("dialtone.db"))?;
    Ok(settings.query_row("SELECT domain FROM tenants WHERE id = 1", [], |row| row.get(0))?)
}

/// A ring group at `number` whose members, given by their extensions, all ring at once.
pub fn group(folder: &Path, number: u32, members: std::ops::Range<u32>) -> Result<(), Box<dyn Error>> {
    let db = Db::open(folder)?;
    let rows = rusqlite::Connection::open(folder.join("dialtone.db"))?;
    let user = |number: u32| {
        let of = "SELECT user_id FROM extensions WHERE tenant_id = 1 AND number = ?1";
        rows.query_row(of, [number.to_string()], |row| row.get::<_, i64>(0))
    };
    let ids: Vec<String> =
        members.map(|number| Ok(user(number)?.to_string())).collect::<rusqlite::Result<_>>()?;
    let (number, members) = (number.to_string(), ids.join(","));
    let fields = [
        ("name", &*number),
        ("extension", &*number),
        ("members", &*members),
        ("overflow", "hangup:no_answer"),
    ];
    let values: Values = fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    db.create(&Author::program(TenantId(1), "bench", "cli"), table("ring_groups")?, &values)?;
    Ok(())
}

/// So many calls of the company and in the history of the first account, one every five minutes up to now.
pub fn history(db: &Db, count: i64) -> Result<(), Box<dyn Error>> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis();
    let now = i64::try_from(now)?;
    let user = db.account_by_login("admin", None)?.ok_or("no administrator")?.id;
    let kinds = PartyKind::ALL.map(|(kind, ..)| kind);
    for thousand in 0..count / 1000 {
        let party = |n: i64| PartyRow {
            user,
            tenant: TenantId(1),
            call: format!("bench{n:08}"),
            started_at: now - n * 300_000,
            kind: kinds[usize::try_from(n % 4).unwrap_or_default()],
            result: "answered".into(),
            number: format!("+4930{:07}", n * 7919 % 9_999_999),
            name: format!("Caller {}", n % 977),
            answered_at: Some(now - n * 300_000 + 4000),
            ended_at: now - n * 300_000 + 64_000,
            device: None,
        };
        let parties: Vec<_> = (thousand * 1000..(thousand + 1) * 1000).map(party).collect();
        let mut changes: Vec<_> =
            parties.iter().map(|party| Change::CallClosed(Box::new(call(party)))).collect();
        changes.push(Change::CallParties(parties));
        db.write_records(&changes)?;
    }
    Ok(())
}

/// The call of which somebody saw that.
fn call(party: &PartyRow) -> CallRow {
    CallRow {
        id: party.call.clone(),
        tenant: party.tenant.0,
        started_at: party.started_at,
        answered_at: party.answered_at,
        ended_at: Some(party.ended_at),
        caller_number: party.number.clone(),
        caller_name: party.name.clone(),
        dialled: "100".into(),
        answered_by: "Bench".into(),
        outcome: party.result.clone(),
        ..CallRow::default()
    }
}

/// A session of the first account; its token for the cookie.
pub fn session(db: &Db) -> Result<String, Box<dyn Error>> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis();
    let account = db.account_by_login("admin", None)?.ok_or("no administrator")?;
    let stage = config::sign_in::Stage::Whole;
    Ok(db.new_session(account.id, ("127.0.0.1", "bench"), stage, (i64::try_from(now)?, 3_600_000))?)
}

fn table(name: &str) -> Result<&'static Resource, Box<dyn Error>> {
    resources::by_name(name).ok_or_else(|| format!("no table {name}").into())
}
