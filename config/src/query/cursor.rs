//! Where a page ended: the last row's sort value and id. Opaque to the reader, of no use in another order.

use rusqlite::types::Value;
use serde_json::{Value as Json, json};

use crate::secret::{hex, unhex};

/// The order a cursor is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order<'a> {
    pub field: &'a str,
    pub descending: bool,
}

/// The end of a page as text.
pub(super) fn print(order: Order<'_>, value: &Value, id: i64) -> String {
    let value = match value {
        Value::Integer(number) => json!(number),
        Value::Text(text) => json!(text),
        Value::Null | Value::Real(_) | Value::Blob(_) => Json::Null,
    };
    hex(json!([order.field, order.descending, value, id]).to_string().as_bytes())
}

/// The sort value and id of a cursor; `None` if it is not one of this order.
pub(super) fn read(order: Order<'_>, text: &str) -> Option<(Value, i64)> {
    let (field, descending, value, id): (String, bool, Json, i64) =
        serde_json::from_slice(&unhex(text)?).ok()?;
    let value = match value {
        Json::Number(number) => Value::Integer(number.as_i64()?),
        Json::String(text) => Value::Text(text),
        _ => Value::Null,
    };
    (field == order.field && descending == order.descending).then_some((value, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: Order<'static> = Order { field: "name", descending: false };

    #[test]
    fn a_cursor_is_good_for_its_own_order_only() {
        let cursor = print(ORDER, &Value::Text("Ünal".into()), 7);
        assert_eq!(read(ORDER, &cursor), Some((Value::Text("Ünal".into()), 7)));
        assert_eq!(read(Order { descending: true, ..ORDER }, &cursor), None);
        assert_eq!(read(Order { field: "email", ..ORDER }, &cursor), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = read(ORDER, &text);
        }
    }
}
