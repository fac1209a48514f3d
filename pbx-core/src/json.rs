//! JSON of a call's record, written straight into its text.

use serde::{Serialize, Serializer as _};

/// The array of `items` as JSON; `room` is about how many bytes that takes.
pub(crate) fn array<T: Serialize>(room: usize, items: impl IntoIterator<Item = T>) -> String {
    let mut json = Vec::with_capacity(room);
    let written = serde_json::Serializer::new(&mut json).collect_seq(items);
    written.ok().and_then(|()| String::from_utf8(json).ok()).unwrap_or_default()
}
