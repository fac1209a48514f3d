//! Where a call can go, as the palette offers it and a form shows it.

use config::{
    Db,
    destination::{Cause, Destination},
    query::Viewer,
    resources::extensions::EXTENSIONS,
};

use crate::{assets::icon, error::Fault, language::say};

/// Somewhere to send a call.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    /// As stored: `extension:101`.
    pub value: String,
    pub label: String,
    pub icon: &'static str,
}

/// The destinations that match a search, by kind.
pub(crate) fn offers(
    db: &Db,
    viewer: &Viewer,
    search: &str,
) -> Result<Vec<(&'static str, Vec<Offer>)>, Fault> {
    let extensions = if search.is_empty() {
        db.choices(viewer, &EXTENSIONS, "")?.into_iter().take(MOST).map(|(_, number)| number).collect()
    } else {
        numbers(db, viewer, search)?
    };
    let mut numbered = Vec::new();
    for number in extensions {
        numbered.push(offer(db, viewer, &Destination::Extension(number).to_string())?);
    }
    let hang_ups = Cause::ALL.into_iter().map(Destination::Hangup);
    let hang_ups = hang_ups.filter(|to| say(&to.in_words()).to_lowercase().contains(&search.to_lowercase()));
    let hang_ups = hang_ups.map(|to| plain(&to.to_string())).collect();
    // A whole number that is typed is one to call outside.
    let typed: String = search.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    let outside = format!("external:{typed}").parse::<Destination>().ok();
    let outside = outside.map(|to| plain(&to.to_string())).into_iter().collect();
    Ok(vec![("Extensions", numbered), ("Outside", outside), ("Hang up", hang_ups)])
}

/// A stored destination with the name of whom it reaches.
pub(crate) fn offer(db: &Db, viewer: &Viewer, stored: &str) -> Result<Offer, Fault> {
    let mut offer = plain(stored);
    if let Ok(Destination::Extension(number)) = stored.parse() {
        let query = config::query::ListQuery {
            filters: vec![("number".to_owned(), vec![number.clone()])],
            limit: 1,
            ..Default::default()
        };
        let found = db.list(viewer, &EXTENSIONS, &query)?.rows.into_iter().next();
        let owner = found.and_then(|row| {
            let owners = EXTENSIONS.fields.iter().filter(|field| field.name != EXTENSIONS.title);
            owners
                .filter_map(|field| row.shown.get(field.name).filter(|name| !name.is_empty()))
                .next()
                .cloned()
        });
        if let Some(owner) = owner {
            let name = owner.trim_end_matches(&format!(" ({number})")).to_owned();
            offer.label = format!("{number} · {name}");
        }
    }
    Ok(offer)
}

fn plain(stored: &str) -> Offer {
    let parsed = stored.parse::<Destination>();
    let icon = match parsed {
        Ok(Destination::Hangup(_)) => icon("phone-off"),
        Ok(_) => icon("phone"),
        Err(_) => icon("alert-triangle"),
    };
    let label = parsed.map_or_else(|_| stored.to_owned(), |to| say(&to.in_words()));
    Offer { value: stored.to_owned(), label, icon }
}

/// Numbers that contain the search, or whose owner does.
fn numbers(db: &Db, viewer: &Viewer, search: &str) -> Result<Vec<String>, Fault> {
    let number = |row: &config::query::Row| row.values.get(EXTENSIONS.title).cloned();
    let mut numbers: Vec<String> =
        db.find(viewer, &EXTENSIONS, search, MOST)?.iter().filter_map(number).collect();
    for field in EXTENSIONS.fields {
        let config::Kind::Reference(table) = field.kind else { continue };
        let Some(of) = config::resources::by_name(table) else { continue };
        let owners = db.find(viewer, of, search, MOST)?;
        let extension = of.fields.iter().find(|field| matches!(field.kind, config::Kind::Extension));
        for row in owners {
            numbers.extend(extension.and_then(|field| row.values.get(field.name)).cloned());
        }
    }
    numbers.retain(|number| !number.is_empty());
    numbers.sort();
    numbers.dedup();
    numbers.truncate(MOST);
    Ok(numbers)
}

/// Offers of a kind at once; typing finds the rest.
const MOST: usize = 12;
