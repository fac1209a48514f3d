//! The customer directory of a company: which LDAP server is asked, and what its attributes mean. One row each, made with
//! the tenant. DIR-13, DIR-14.

use rusqlite::Row;

use crate::{
    Field, Problem, Resource, TenantId,
    number::Number,
    resource::{Hooks, Values},
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// What the customer directory calls a number.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct DirectoryName {
    pub id: i64,
    pub tenant: TenantId,
    pub number: Number,
    pub name: Box<str>,
}

/// The declaration.
pub static LDAP_SETTINGS: Resource = Resource {
    name: "ldap_settings",
    one: "Customer directory",
    many: "Customer directory",
    icon: "address-book",
    menu: "System",
    about: "Everybody searches this LDAP directory among their contacts, once it is switched on.",
    fields: &[
        Field::flag("enabled", "Customer directory").help("Shows it among everybody's contacts."),
        Field::flag("caller_names", "Names of callers")
            .default("1")
            .help("Calls show names from it. It is read every ten minutes; no call waits for it."),
        Field::text("url", "Server")
            .max(200)
            .help("ldaps://ldap.example.com, or ldap://ldap.example.com:389."),
        Field::flag("start_tls", "Encrypt by StartTLS").help("For ldap:// addresses."),
        Field::text("bind_dn", "Signs in as")
            .max(250)
            .help("cn=reader,dc=example,dc=com. Blank is anonymous."),
        Field::secret("password", "Password").chosen_elsewhere().help("Blank keeps the present one."),
        Field::text("base", "Searches below").max(250).help("ou=customers,dc=example,dc=com"),
        Field::text("filter", "Filter")
            .required()
            .max(1000)
            .default(FILTER)
            .help("{} is what somebody types."),
        Field::text("name_attribute", "Name").required().default("cn"),
        Field::text("organization_attribute", "Organization").default("o"),
        Field::text("work_attribute", "Work number").default("telephoneNumber"),
        Field::text("mobile_attribute", "Mobile number").default("mobile"),
        Field::text("home_attribute", "Home number").default("homePhone"),
        Field::text("email_attribute", "E-mail").default("mail"),
    ],
    columns: &["url", "enabled"],
    filters: &[],
    sort: "url",
    cards: &[
        ("Directory", &["enabled", "caller_names"]),
        ("Server", &["url", "start_tls", "bind_dn", "password", "base", "filter"]),
        (
            "Attributes",
            &[
                "name_attribute",
                "organization_attribute",
                "work_attribute",
                "mobile_attribute",
                "home_attribute",
                "email_attribute",
            ],
        ),
    ],
    title: "url",
    single: true,
    tenant: true,
    check: Some(can_be_asked),
    rules: &[],
    hooks: Hooks::NONE,
};

/// Names of numbers as the directory last gave them. Written by the program alone, see [`crate::ldap`].
pub(crate) static LDAP_NAMES: Resource = Resource {
    name: "ldap_names",
    one: "Name of the customer directory",
    many: "Names of the customer directory",
    icon: "address-book",
    menu: "",
    about: "",
    fields: &[Field::text("number", "Number").required(), Field::text("name", "Name").required().max(128)],
    columns: &[],
    filters: &[],
    sort: "name",
    cards: &[("Name", &["number", "name"])],
    title: "name",
    single: false,
    tenant: true,
    check: None,
    rules: &[],
    hooks: Hooks::NONE,
};

impl Typed for DirectoryName {
    const TABLE: &'static str = "ldap_names";
    const SELECT: &'static str = "SELECT t.id, t.tenant_id, t.number, t.name FROM ldap_names t";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        let number = Number::of(row.get_ref(2)?.as_str().unwrap_or_default());
        Ok(Self {
            id: row.get(0)?,
            tenant: TenantId(row.get(1)?),
            number: number.ok_or(Unreadable::Field { field: "number", message: "has no digits" })?,
            name: row.get::<_, String>(3)?.into(),
        })
    }
    fn id(&self) -> i64 {
        self.id
    }
}

fn can_be_asked(values: &Values) -> Result<(), Problem> {
    let value = |name: &str| values.get(name).map_or("", String::as_str);
    let host = ["ldap://", "ldaps://"].iter().find_map(|scheme| value("url").strip_prefix(scheme));
    let is_server = host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '@', ' ']));
    if !value("url").is_empty() && !is_server {
        return Err(Problem::of(
            "url",
            "ldap:// or ldaps:// and the server's name, with its port if it has another.",
        ));
    }
    if value("enabled") == "1" && value("url").is_empty() {
        return Err(Problem::of("url", "Name the server first."));
    }
    if value("start_tls") == "1" && value("url").starts_with("ldaps://") {
        return Err(Problem::of("start_tls", "An ldaps:// address is encrypted from the start."));
    }
    let filter = value("filter");
    if !(filter.starts_with('(') && filter.ends_with(')') && filter.contains("{}")) {
        return Err(Problem::of("filter", "An LDAP filter in brackets, with {} for what somebody types."));
    }
    for name in ATTRIBUTES {
        if !value(name).bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b';' | b'.')) {
            return Err(Problem::of(name, "The name of an attribute: letters, digits and dashes."));
        }
    }
    Ok(())
}

/// Name, organization, work, mobile, home, e-mail.
pub(crate) const ATTRIBUTES: [&str; 6] = [
    "name_attribute",
    "organization_attribute",
    "work_attribute",
    "mobile_attribute",
    "home_attribute",
    "email_attribute",
];
const FILTER: &str = "(|(cn=*{}*)(sn=*{}*)(givenName=*{}*)(o=*{}*)(mail=*{}*)(telephoneNumber=*{}*)(mobile=*{}*)\
    (homePhone=*{}*))";
