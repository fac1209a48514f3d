//! Sites: the places of a company. ORG-01…05. The default one is named in [`super::settings`].

use crate::{Field, Resource, resource::Hooks};

/// The declaration.
pub static SITES: Resource = Resource {
    name: "sites",
    one: "Site",
    many: "Sites",
    icon: "building",
    menu: "Organization",
    about: "The places of the company. Users, numbers and phones may belong to one.",
    fields: &[
        Field::text("name", "Name").required().unique(),
        Field::text("street", "Street and number").max(128),
        Field::text("postal_code", "Postal code").max(16),
        Field::text("city", "City"),
        Field::text("region", "State or region"),
        Field::country("country", "Country"),
        Field::time_zone("time_zone", "Time zone").required().default("UTC").help("Its clocks, and those of its users."),
        super::area_code("Local numbers dialled here are in this area."),
        Field::flag("default", "Default").made_by(
            "SELECT count(*) FROM settings o WHERE o.tenant_id = {t}.tenant_id AND o.default_site_id = {t}.id",
        ),
        Field::number("users", "Users", 0, i64::MAX, "").made_by(
            "SELECT count(*) FROM users o WHERE o.tenant_id = {t}.tenant_id AND o.site_id = {t}.id",
        ),
        Field::number("devices", "Devices", 0, i64::MAX, "").made_by(
            "SELECT count(*) FROM devices o WHERE o.tenant_id = {t}.tenant_id AND o.site_id = {t}.id",
        ),
        Field::number("numbers", "Numbers", 0, i64::MAX, "").made_by(
            "SELECT count(*) FROM numbers o WHERE o.tenant_id = {t}.tenant_id AND o.site_id = {t}.id",
        ),
    ],
    columns: &["name", "city", "time_zone", "default", "users", "devices", "numbers"],
    filters: &["country"],
    sort: "name",
    cards: &[
        ("General", &["name"]),
        ("Address", &["street", "postal_code", "city", "region", "country"]),
        ("Time and numbers", &["time_zone", "area_code"]),
    ],
    title: "name",
    single: false,
    tenant: true,
    check: Some(super::area_code_is_digits),
    rules: &[],
    hooks: Hooks::NONE,
};
