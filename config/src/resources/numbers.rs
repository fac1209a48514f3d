//! Numbers: those of the public network that the company owns, and whom each rings. NUM-01…05.

use rusqlite::Row;

use crate::{
    Field, NumberId, Problem, Resource, RingGroupId, SiteId, TenantId, UserId,
    resource::{Hooks, Values},
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// A number of the public network and whom it rings. NUM-02, 03
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct PhoneNumber {
    pub id: NumberId,
    pub tenant: TenantId,
    /// E.164 with its plus sign.
    pub number: String,
    pub description: String,
    pub site: Option<SiteId>,
    /// Rings them directly; never together with a group.
    pub user: Option<UserId>,
    pub ring_group: Option<RingGroupId>,
}

/// The declaration.
pub static NUMBERS: Resource = Resource {
    name: "numbers",
    one: "Phone number",
    many: "Phone numbers",
    icon: "phone",
    menu: "Configuration",
    about: "Numbers under which the company is called. One without user and group goes through inbound routing.",
    fields: &[
        Field::outside_number("number", "Number").required().unique_everywhere().help("With country code: +49 30 123456."),
        Field::text("description", "Description").max(128),
        Field::reference("site", "Site", "sites").moves(),
        Field::reference("user", "User", "users").clears().help("Rings them directly. Not together with a group."),
        Field::reference("ring_group", "Ring group", "ring_groups").clears().help("Rings it directly."),
        Field::flag("sms", "Text messages").help("The number can send and receive them."),
        Field::long_text("geolocation", "Geolocation").made_by(
            "COALESCE((SELECT g.name FROM geolocations g WHERE g.tenant_id = {t}.tenant_id AND g.callback_id = {t}.id \
             ORDER BY g.id LIMIT 1), '')",
        ),
        Field::choice("routed", "Goes to", ROUTED).made_by(
            "CASE WHEN {t}.user_id IS NOT NULL THEN 'user' WHEN {t}.ring_group_id IS NOT NULL THEN 'ring_group' \
             ELSE 'routing' END",
        ),
    ],
    columns: &["number", "routed", "user", "ring_group", "site", "geolocation", "sms", "description"],
    filters: &["routed", "site", "user", "ring_group", "sms"],
    sort: "number",
    cards: &[("General", &["number", "description", "sms"]), ("Assigned to", &["site", "user", "ring_group"])],
    title: "number",
    single: false,
    tenant: true,
    check: Some(user_or_group),
    rules: &[],
    hooks: Hooks::NONE,
};

impl Typed for PhoneNumber {
    const TABLE: &'static str = "numbers";
    const SELECT: &'static str = "SELECT t.id, t.tenant_id, t.number, t.description, t.user_id, t.ring_group_id, t.site_id FROM numbers t";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        Ok(Self {
            id: NumberId(row.get(0)?),
            tenant: TenantId(row.get(1)?),
            number: row.get(2)?,
            description: row.get(3)?,
            site: row.get::<_, Option<i64>>(6)?.map(SiteId),
            user: row.get::<_, Option<i64>>(4)?.map(UserId),
            ring_group: row.get::<_, Option<i64>>(5)?.map(RingGroupId),
        })
    }
    fn id(&self) -> i64 {
        self.id.0
    }
}

/// NUM-04
fn user_or_group(values: &Values) -> Result<(), Problem> {
    let given = |name: &str| values.get(name).is_some_and(|value| !value.is_empty());
    if given("user") && given("ring_group") {
        return Err(Problem::of("ring_group", "A number rings a user or a group, not both."));
    }
    Ok(())
}

const ROUTED: &[(&str, &str)] =
    &[("user", "User"), ("ring_group", "Ring group"), ("routing", "Inbound routing")];
