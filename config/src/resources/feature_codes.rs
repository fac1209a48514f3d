//! Feature codes of a company: which keys do what, and who may dial them. FC-01…15. What there is to do is
//! [`crate::codes`].

use rusqlite::Row;

use crate::{
    Field, Resource, TenantId,
    access::Permission,
    codes::{self, Function},
    resource::Hooks,
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// Keys that do something.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct FeatureCode {
    pub id: i64,
    pub tenant: TenantId,
    pub function: Function,
    /// Digits, `*` and `#`.
    pub code: String,
    pub enabled: bool,
    /// Who dials it has that permission; `None` is everybody.
    pub permission: Option<Permission>,
}

/// The declaration.
pub static FEATURE_CODES: Resource = Resource {
    name: "feature_codes",
    one: "Feature code",
    many: "Feature codes",
    icon: "asterisk",
    menu: "Configuration",
    about: "What can be done by dialling. Each function may have several codes; phones are set up to know them.",
    fields: &[
        Field::choice("function", "Function", &codes::CHOICES).required(),
        Field::code("code", "Code")
            .required()
            .help("2 to 8 keys, such as *72. No code, extension or emergency number may begin with another."),
        Field::flag("enabled", "Can be dialled").default("1"),
        Field::choice("permission", "Only with permission", &PERMISSIONS)
            .help("Users whose role has it. Blank is everybody."),
    ],
    columns: &["code", "function", "enabled", "permission"],
    filters: &["function", "enabled", "permission"],
    sort: "code",
    cards: &[("General", &["function", "code", "enabled", "permission"])],
    title: "code",
    single: false,
    tenant: true,
    check: None,
    rules: &[],
    hooks: Hooks::NONE,
};

impl FeatureCode {
    /// What follows the keys in a dialled number, if this is the code of it; blank where nothing has to follow.
    pub fn argument_of<'a>(&self, dialled: &'a str) -> Option<&'a str> {
        let rest = dialled.strip_prefix(self.code.as_str())?;
        (rest.is_empty() != self.function.argument().is_wanted()).then_some(rest)
    }
}

impl Typed for FeatureCode {
    const TABLE: &'static str = "feature_codes";
    const SELECT: &'static str =
        "SELECT t.id, t.tenant_id, t.function, t.code, t.enabled, t.permission FROM feature_codes t";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        let text = |column| row.get_ref(column).and_then(|value| Ok(value.as_str()?));
        let wrong = |field, message| Unreadable::Field { field, message };
        let permission = match text(5)? {
            "" => None,
            key => Some(Permission::by_key(key).ok_or(wrong("permission", "it is no permission."))?),
        };
        Ok(Self {
            id: row.get(0)?,
            tenant: TenantId(row.get(1)?),
            function: Function::of(text(2)?).ok_or(wrong("function", "there is no such function."))?,
            code: row.get(3)?,
            enabled: row.get(4)?,
            permission,
        })
    }
    fn id(&self) -> i64 {
        self.id
    }
}

/// Keys and labels of the permissions that a code can ask for.
const PERMISSIONS: [(&str, &str); Permission::ALL.len()] = {
    let mut choices = [("", ""); Permission::ALL.len()];
    let mut at = 0;
    while at < choices.len() {
        choices[at] = (Permission::ALL[at].1, Permission::ALL[at].2);
        at += 1;
    }
    choices
};

#[cfg(test)]
mod tests;
