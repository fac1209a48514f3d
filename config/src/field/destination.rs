//! Where a call goes; see [`crate::destination`].

use crate::destination::Destination;

pub(super) fn normalise(given: &str) -> Result<String, String> {
    given.parse::<Destination>().map(|to| to.to_string()).map_err(|_| {
        format!("`{given}` is no destination: extension:101, external:+49301234567, hangup:busy …")
    })
}

pub(super) fn show(stored: &str) -> String {
    stored.parse::<Destination>().map_or_else(|_| stored.to_owned(), |to| to.in_words())
}
