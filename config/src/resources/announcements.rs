//! Announcements: what the company tells those who use the portal, for a while. EXTL-05, 06.

use crate::{
    Field, Problem, Resource,
    resource::{Hooks, Values},
};

/// The declaration.
pub static ANNOUNCEMENTS: Resource = Resource {
    name: "announcements",
    one: "Announcement",
    many: "Announcements",
    icon: "speakerphone",
    menu: "System",
    about: "What the portal tells people on its first page, from a moment to another.",
    fields: &[
        Field::text("title", "Title").required().max(128),
        Field::long_text("text", "Text"),
        Field::choice("tone", "Tone", TONES).required().default("plain"),
        Field::flag("issue", "This is an issue")
            .help("Whoever subscribed to the status gets it by e-mail, once, when it begins."),
        Field::choice("audience", "Shown to", super::AUDIENCES).required().default("everybody"),
        Field::moment("starts", "From").help("In UTC. Blank is at once."),
        Field::moment("ends", "Until").help("In UTC. Blank is until it is deleted."),
    ],
    columns: &["title", "audience", "starts", "ends"],
    filters: &["audience", "tone", "issue"],
    sort: "title",
    cards: &[
        ("General", &["title", "text", "tone", "issue"]),
        ("When and for whom", &["audience", "starts", "ends"]),
    ],
    title: "title",
    single: false,
    tenant: true,
    check: Some(ends_after_it_starts),
    rules: &[],
    hooks: Hooks::NONE,
};

fn ends_after_it_starts(values: &Values) -> Result<(), Problem> {
    let value = |name: &str| values.get(name).map_or("", String::as_str);
    // Text of one form and length: its order is that of time.
    if !value("ends").is_empty() && value("ends") <= value("starts") {
        return Err(Problem::of("ends", "It ends before it begins."));
    }
    Ok(())
}

const TONES: &[(&str, &str)] = &[("plain", "News"), ("ok", "Good news"), ("warn", "Warning")];
