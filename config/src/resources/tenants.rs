//! Tenants: companies on this node, apart from each other. SIP-03.

use rusqlite::Row;

use crate::{
    Field, Problem, Resource, TenantId,
    resource::{Hooks, Values},
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// A company.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Tenant {
    pub id: TenantId,
    pub name: String,
    /// SIP domain and digest realm, lower case.
    pub domain: String,
    /// ISO 3166, lower case, for tones.
    pub country: String,
    /// Ringback in band (183 with a tone) instead of the phone's own (180).
    pub inband_ringback: bool,
}

/// The declaration.
pub static TENANTS: Resource = Resource {
    name: "tenants",
    one: "Tenant",
    many: "Tenants",
    icon: "building",
    menu: "System",
    about: "Companies on this system. Each has its own numbers, phones and administrators and sees nothing of the others.",
    fields: &[
        Field::text("name", "Name").required(),
        Field::word("domain", "SIP domain").required().unique_everywhere().max(253).help(
            "Phones may register with it or with this server's address. It is part of every password's digest.",
        ),
    ],
    columns: &["name", "domain"],
    filters: &[],
    sort: "name",
    cards: &[("General", &["name", "domain"])],
    title: "name",
    single: false,
    tenant: false,
    check: Some(domain_is_a_host),
    rules: &[],
    hooks: Hooks::NONE,
};

impl Typed for Tenant {
    const TABLE: &'static str = "tenants";
    const SELECT: &'static str = "SELECT t.id, t.name, t.domain, s.country, s.inband_ringback \
        FROM tenants t LEFT JOIN settings s ON s.tenant_id = t.id";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        Ok(Self {
            id: TenantId(row.get(0)?),
            name: row.get(1)?,
            domain: row.get(2)?,
            country: row.get::<_, Option<String>>(3)?.unwrap_or_default(),
            inband_ringback: row.get::<_, Option<bool>>(4)?.unwrap_or_default(),
        })
    }
    fn id(&self) -> i64 {
        self.id.0
    }
}

/// Tables with rows that are made and go with their tenant.
pub const MADE_WITH: [&str; 4] = ["sites", "licences", "roles", "feature_codes"];

fn domain_is_a_host(values: &Values) -> Result<(), Problem> {
    let domain = values.get("domain").map_or("", String::as_str);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if domain.split('.').all(is_label) {
        Ok(())
    } else {
        Err(Problem::of("domain", "A host name such as phones.example.com."))
    }
}
