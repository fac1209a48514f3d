//! A time zone by its name in the IANA database: `Europe/Berlin`.

use chrono_tz::{TZ_VARIANTS, Tz};

pub(super) fn normalise(given: &str) -> Result<String, String> {
    let wanted = given.replace(' ', "_");
    if let Some(zone) = TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(&wanted)) {
        return Ok(zone.name().to_owned());
    }
    let city =
        |zone: &&Tz| zone.name().rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(&wanted));
    let like = TZ_VARIANTS.iter().find(city).map_or("Europe/Berlin", |zone| zone.name());
    Err(format!("A time zone such as {like}."))
}

/// All names of places, `Africa/Abidjan` first; `UTC` is the last. Not the database's old names without a place.
pub fn names() -> impl Iterator<Item = &'static str> {
    let placed = TZ_VARIANTS
        .iter()
        .map(|zone: &'static Tz| zone.name())
        .filter(|name| name.split_once('/').is_some_and(|(area, _)| AREAS.contains(&area)));
    placed.chain(std::iter::once("UTC"))
}

const AREAS: [&str; 9] =
    ["Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];
