//! The latest changes in a line each: who did what to which row. DSH-01, DSH-04.

use config::audit::AuditEntry;

use crate::text::At;

/// A change in one line.
#[derive(Debug)]
pub(super) struct Update {
    pub who: String,
    pub verb: String,
    pub what: String,
    /// Of the row, while it is there.
    pub href: Option<String>,
    pub detail: String,
    pub at: At,
}

impl From<AuditEntry> for Update {
    fn from(entry: AuditEntry) -> Self {
        let of = config::resources::by_name(&entry.table);
        let one = of.map_or(entry.table.clone(), |of| of.one.to_lowercase());
        let verb = match entry.action.as_str() {
            "create" => format!("added the {one}"),
            "delete" => format!("deleted the {one}"),
            "renew" => format!("gave a new secret to the {one}"),
            "reveal" => format!("looked at the secret of the {one}"),
            "password" => "set a password for".to_owned(),
            "open" => "opened the portal of".to_owned(),
            "test_call" => "placed a test call by".to_owned(),
            "setup_link" => "made a setup link for".to_owned(),
            "reset_password" => "gave a temporary password to".to_owned(),
            "second_factor" => "added a second factor for".to_owned(),
            "second_factor_off" => "took the second factor of".to_owned(),
            "passkey" => "added a passkey for".to_owned(),
            "passkey_off" => "removed a passkey of".to_owned(),
            "pin" => "set the PIN of".to_owned(),
            "pin_removed" => "removed the PIN of".to_owned(),
            "linked" => "linked the single sign-on of".to_owned(),
            "unlinked" => "unlinked the single sign-on of".to_owned(),
            "sign_in" => "signed in as".to_owned(),
            "sign_in_failed" => "was refused at sign-in:".to_owned(),
            "locked" => "was locked out after ten failed sign-ins:".to_owned(),
            "noticed" => format!("changed in the file the {one}"),
            _ => format!("changed the {one}"),
        };
        let label = |name: &String| {
            of.and_then(|of| of.field(name)).map_or(name.clone(), |field| field.label.to_lowercase())
        };
        let href = of.filter(|_| entry.action != "delete").map(|of| {
            if of.single {
                format!("/admin/{}", of.name)
            } else {
                format!("/admin/{}/{}", of.name, entry.row)
            }
        });
        let detail = match entry.action.as_str() {
            "create" | "delete" => String::new(),
            _ => entry.changes.keys().take(4).map(label).collect::<Vec<_>>().join(", "),
        };
        Self { who: entry.author, verb, what: entry.title, href, detail, at: At::full(entry.at_ms) }
    }
}
