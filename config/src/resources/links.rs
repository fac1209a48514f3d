//! Links of the company to pages elsewhere: billing, tickets, knowledge base. EXTL-01…03, OUT-01.

use crate::{Field, Resource, resource::Hooks};

/// The declaration.
pub static LINKS: Resource = Resource {
    name: "links",
    one: "Link",
    many: "Links",
    icon: "link",
    menu: "System",
    about: "Pages elsewhere that the portal points to: billing, support, knowledge base. Each opens in a new window.",
    fields: &[
        Field::text("label", "Label").required().unique(),
        Field::url("url", "Address").required(),
        Field::choice("icon", "Icon", ICONS).required().default("link"),
        Field::choice("audience", "Shown to", super::AUDIENCES).required().default("everybody"),
        Field::number("position", "Place", 1, 999, "")
            .required()
            .default("10")
            .help("Small ones come first."),
    ],
    columns: &["label", "url", "audience", "position"],
    filters: &["audience"],
    sort: "position",
    cards: &[("General", &["label", "url", "icon"]), ("Where", &["audience", "position"])],
    title: "label",
    single: false,
    tenant: true,
    check: None,
    rules: &[],
    hooks: Hooks::NONE,
};

/// Names of the portal's icons.
const ICONS: &[(&str, &str)] = &[
    ("link", "Link"),
    ("credit-card", "Billing"),
    ("ticket", "Ticket"),
    ("book", "Knowledge base"),
    ("help", "Help"),
    ("news", "News"),
    ("activity", "Status"),
];
