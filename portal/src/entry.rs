//! An entry of the audit log as pages draw it, and whom the log is for.

use config::audit_log::Shown;

use crate::{assets::icon, auth::Who, error::Fault, language, text::At};

/// A change, and its values before and after.
#[derive(Debug)]
pub(crate) struct EntryView {
    pub id: i64,
    pub at: At,
    pub author: String,
    /// Of what is no person.
    pub icon: &'static str,
    pub verb: &'static str,
    pub title: String,
    /// The row's page, if it is there to be looked at.
    pub href: Option<String>,
    pub summary: String,
    pub way: String,
    pub fields: Vec<FieldChange>,
    pub revision: i64,
    pub address: String,
    pub undoable: bool,
    pub undone: bool,
    pub undoes: bool,
    /// Whether the whole configuration of before may be restored.
    pub may_restore: bool,
}

/// One field.
#[derive(Debug)]
pub(crate) struct FieldChange {
    pub label: String,
    pub old: String,
    pub new: String,
}

impl EntryView {
    pub fn of(who: &Who, Shown { entry, shown }: Shown) -> Self {
        let of = config::resources::by_name(&entry.table);
        let fields: Vec<FieldChange> = shown
            .into_iter()
            .map(|(name, (old, new))| match of.and_then(|of| of.field(&name)) {
                Some(field) => {
                    let (old, new) = (language::shown(field, &old), language::shown(field, &new));
                    FieldChange { label: language::t(field.label).to_owned(), old, new }
                }
                None => FieldChange { label: name, old, new },
            })
            .collect();
        let one = of.map_or(entry.table.as_str(), |of| of.one);
        let there = of.is_some_and(|of| who.may_see(of)) && entry.action != "delete";
        let href = there.then(|| {
            let single = of.is_some_and(|of| of.single);
            if single {
                format!("/admin/{}", entry.table)
            } else {
                format!("/admin/{}/{}", entry.table, entry.row)
            }
        });
        let title = if entry.title == one { one.to_owned() } else { format!("{one} {}", entry.title) };
        let changes_rows = CHANGING.contains(&entry.action.as_str());
        Self {
            id: entry.id,
            at: At::full(entry.at_ms),
            icon: program(&entry.via),
            verb: verb(&entry.action),
            summary: summary(&entry.action, &fields),
            way: label(&WAYS, &entry.via).to_owned(),
            undoable: changes_rows && entry.undone_by.is_none() && of.is_some_and(|of| who.may_write(of)),
            undone: entry.undone_by.is_some(),
            undoes: entry.undoes.is_some(),
            may_restore: changes_rows && may_restore(who),
            author: entry.author,
            title,
            href,
            fields,
            revision: entry.revision,
            address: entry.address,
        }
    }
}

/// The log is for those who administer the company. A-33.
pub(crate) fn allowed(who: &Who) -> Result<(), Fault> {
    if who.viewer.level >= COMPANY {
        Ok(())
    } else {
        Err(Fault::Forbidden("The audit log is not for your account"))
    }
}

/// Restoring and importing touch everything, so it is for primary administrators.
pub(crate) fn may_restore(who: &Who) -> bool {
    who.viewer.level >= PRIMARY
}

/// `Ring time 20 s → 15 s, Members`.
fn summary(action: &str, fields: &[FieldChange]) -> String {
    if action == "create" || action == "delete" {
        return String::new();
    }
    let short = |text: &str| text.chars().count() <= LONGEST_VALUE;
    let words = fields.iter().map(|field| {
        let (old, new) = (or_nothing(&field.old), or_nothing(&field.new));
        if short(old) && short(new) && old != new {
            format!("{} {old} → {new}", field.label)
        } else {
            field.label.clone()
        }
    });
    words.take(MOST_FIELDS).collect::<Vec<_>>().join(", ")
}

/// A value, or a sign that there is none.
pub(crate) fn or_nothing(value: &str) -> &str {
    if value.is_empty() { "—" } else { value }
}

fn verb(action: &str) -> &'static str {
    match action {
        "create" => "added",
        "update" => "changed",
        "delete" => "deleted",
        "renew" => "gave a new password to",
        "reveal" => "looked at the password of",
        "noticed" => "changed in the file",
        "emergency" => "reports an emergency call:",
        "limit" => "stopped a call:",
        "password" => "set the password of",
        "setup_link" => "made a setup link for",
        "locked" => "was locked out:",
        "export" => "exported",
        "test_call" => "placed a test call by",
        "open" => "opened the portal of",
        "sign_in" => "signed in:",
        "second_factor" => "added a second factor for",
        "second_factor_off" => "removed the second factor of",
        "passkey" => "added a passkey for",
        "passkey_off" => "removed a passkey of",
        "reset_password" => "reset the password of",
        "test_mail" => "sent a test message to",
        "pin" => "set the PIN of",
        "pin_removed" => "removed the PIN of",
        "linked" => "linked the single sign-on of",
        "unlinked" => "unlinked the single sign-on of",
        _ => "did something to",
    }
}

/// The sign of what is no person; nothing for people.
fn program(via: &str) -> &'static str {
    match via {
        "api" => icon("key"),
        "file" => icon("database-edit"),
        "cli" => icon("terminal-2"),
        "trial" => icon("history"),
        "phone" => icon("phone"),
        _ => "",
    }
}

fn label<'a>(of: &[(&'a str, &'a str)], key: &'a str) -> &'a str {
    of.iter().find(|(known, _)| *known == key).map_or(key, |(_, label)| label)
}

/// What can be filtered by.
pub(crate) const ACTIONS: [(&str, &str); 6] = [
    ("create", "Added"),
    ("update", "Changed"),
    ("delete", "Deleted"),
    ("renew", "New password"),
    ("reveal", "Password shown"),
    ("noticed", "Changed in the file"),
];
/// From where.
pub(crate) const WAYS: [(&str, &str); 6] = [
    ("portal", "portal"),
    ("api", "API"),
    ("phone", "phone"),
    ("cli", "command line"),
    ("file", "database file"),
    ("trial", "not confirmed"),
];
const CHANGING: [&str; 5] = ["create", "update", "delete", "renew", "noticed"];
/// ROL-05.
const COMPANY: u8 = 2;
/// ROL-06.
const PRIMARY: u8 = 3;
const LONGEST_VALUE: usize = 40;
const MOST_FIELDS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_names_values_that_are_short() {
        let field = |label: &str, old: &str, new: &str| FieldChange {
            label: label.into(),
            old: old.into(),
            new: new.into(),
        };
        let fields = [field("Ring time", "20 s", "15 s"), field("Members", &"Anna, ".repeat(20), "")];
        assert_eq!(summary("update", &fields), "Ring time 20 s → 15 s, Members");
        assert_eq!(summary("update", &[field("E-mail", "", "a@b")]), "E-mail — → a@b");
        assert_eq!(summary("renew", &[field("Password", "•••", "•••")]), "Password");
        assert_eq!(summary("create", &fields), "");
    }
}
