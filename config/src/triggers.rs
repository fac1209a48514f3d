//! Change triggers, generated from the declarations: any writer of a configuration table leaves a row in `change` and what
//! the row was before in `history`, and each changed row's version grows, also when it was changed with the `sqlite3`
//! shell. OPS-04, OPS-05.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::{
    Kind, Resource, resources, rows,
    secret::PLAIN,
    sql::{self, Stored},
};

/// Makes the database's triggers those of the declarations. Writes nothing when they are.
pub fn install(connection: &mut Connection) -> rusqlite::Result<()> {
    let wanted: Vec<(String, String)> = resources::ALL.into_iter().flat_map(of_table).collect();
    let mut outdated = Vec::new();
    for (name, text) in &wanted {
        let present: Option<String> = connection
            .prepare_cached("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?;
        if present.as_deref() != Some(text) {
            outdated.push((name, text));
        }
    }
    if outdated.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (name, text) in outdated {
        transaction.execute_batch(&format!("DROP TRIGGER IF EXISTS {name}; {text}"))?;
    }
    transaction.commit()
}

/// `(name, text)` of the triggers of one table and its join tables.
fn of_table(of: &Resource) -> Vec<(String, String)> {
    let table = of.name;
    let trigger = |name: &str, event: &str, body: String| {
        let name = format!("{name}_change");
        let text = format!("CREATE TRIGGER {name} AFTER {event} BEGIN {body} END");
        (name, text)
    };
    // The version grows unless the writer saw to it. Not recursive: this touches no watched column.
    let grow =
        format!("UPDATE {table} SET version = OLD.version + 1 WHERE id = NEW.id AND version = OLD.version;");
    // A row whose id was changed by hand is gone under the old one.
    let update = format!("{grow} {}{}", note(table, "OLD.id"), mark(table, "NEW.id"));
    let event = format!("UPDATE OF id, {} ON {table}", sql::watched_columns(of).join(", "));
    let mut triggers = vec![
        trigger(
            &format!("{table}_insert"),
            &format!("INSERT ON {table}"),
            format!("{}{}", note(table, "NEW.id"), keep_absence(of)),
        ),
        trigger(&format!("{table}_update"), &event, update),
        trigger(&format!("{table}_delete"), &format!("DELETE ON {table}"), note(table, "OLD.id")),
    ];
    triggers.push(before(&format!("{table}_insert"), &format!("INSERT ON {table}"), keep(of, "NEW.id")));
    triggers.push(before(&format!("{table}_update"), &event, keep(of, "OLD.id")));
    triggers.push(before(&format!("{table}_delete"), &format!("DELETE ON {table}"), keep(of, "OLD.id")));
    for field in of.fields {
        let Stored::Join { table: join, .. } = sql::stored(of, field) else { continue };
        for (event, row) in [("insert", "NEW"), ("update", "NEW"), ("delete", "OLD")] {
            let owner = format!("{row}.owner");
            let grow = format!(
                "UPDATE {table} SET version = version + 1 WHERE id = {owner} AND (SELECT held FROM revision) = 0;"
            );
            let event_sql = format!("{} ON {join}", event.to_uppercase());
            triggers.push(trigger(
                &format!("{join}_{event}"),
                &event_sql,
                format!("{grow} {}", note(table, &owner)),
            ));
            let other = if event == "update" { keep(of, "OLD.owner") } else { String::new() };
            let kept = format!("{}{other}", keep(of, &owner));
            triggers.push(before(&format!("{join}_{event}"), &event_sql, kept));
        }
    }
    triggers
}

/// A trigger that runs while the row is still as it was.
fn before(name: &str, event: &str, body: String) -> (String, String) {
    let name = format!("{name}_history");
    let text = format!("CREATE TRIGGER {name} BEFORE {event} BEGIN {body} END");
    (name, text)
}

/// Keeps the row as it is, unless it was kept for this revision already. The revision is the one that the change takes:
/// a transaction of ours holds it, anybody else's statement takes the next.
fn keep(of: &Resource, id: &str) -> String {
    let table = of.name;
    format!(
        "INSERT INTO history (at_ms, tbl, row_id, revision, tenant_id, before) \
         SELECT {NOW_MS}, '{table}', t.id, r.number + (r.held = 0), {}, {} FROM {table} t, revision r WHERE t.id = {id} \
         AND NOT EXISTS (SELECT 1 FROM history h WHERE h.tbl = '{table}' AND h.row_id = {id} \
         AND h.revision = r.number + (r.held = 0)); ",
        rows::tenant_column(of),
        image(of)
    )
}

/// Keeps that there was no such row.
fn keep_absence(of: &Resource) -> String {
    let tenant = rows::tenant_column(of).replace("t.", "NEW.");
    format!(
        "INSERT INTO history (at_ms, tbl, row_id, revision, tenant_id, before) \
         SELECT {NOW_MS}, '{}', NEW.id, number, {tenant}, NULL FROM revision WHERE true ON CONFLICT DO NOTHING; ",
        of.name
    )
}

/// The row `t` as JSON: all that is stored in its columns and lists, by field. A password that was written in clear is
/// left out, for it would stay readable here.
fn image(of: &Resource) -> String {
    let fields = of
        .fields
        .iter()
        .filter(|field| matches!(sql::stored(of, field), Stored::Column(_) | Stored::Join { .. }));
    let pairs = fields.map(|field| {
        let value = sql::value(of, field);
        match field.kind {
            Kind::Secret => {
                format!("'{}', CASE WHEN {value} GLOB '{PLAIN}*' THEN '' ELSE {value} END", field.name)
            }
            _ => format!("'{}', {value}", field.name),
        }
    });
    format!("json_object({})", pairs.collect::<Vec<_>>().join(", "))
}

/// Takes a new revision, unless a transaction holds one, and marks the row with it.
fn note(table: &str, id: &str) -> String {
    format!("UPDATE revision SET number = number + 1 WHERE held = 0; {}", mark(table, id))
}

/// Marks the row with the present revision.
fn mark(table: &str, id: &str) -> String {
    format!(
        "INSERT INTO change (tbl, row_id, revision) SELECT '{table}', {id}, number FROM revision WHERE true \
         ON CONFLICT (tbl, row_id) DO UPDATE SET revision = excluded.revision; "
    )
}

/// Unix milliseconds, as a `sqlite3` shell before 3.42 can tell them, too: it knows no `unixepoch('subsec')`.
const NOW_MS: &str = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)";
