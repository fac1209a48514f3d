//! Beside a row: what was changed of it last, each to be taken back. AUD-02.

use askama::Template;
use config::{Resource, audit_log::LogQuery};

use super::Beside;
use crate::{
    auth::Who,
    entry::{self, EntryView},
    error::Fault,
    state::App,
};

#[derive(Template)]
#[template(path = "parts/row_history.html")]
struct HistoryCard {
    entries: Vec<EntryView>,
    all_href: String,
    more: u64,
}

/// The forms of its buttons, outside the row's own form.
#[derive(Template)]
#[template(path = "parts/row_undo.html")]
struct UndoForms {
    undoable: Vec<i64>,
    csrf: String,
    back: String,
}

/// Puts the newest changes of a row beside its form, unless the log is not for them to look at.
pub(crate) async fn add(
    app: &App,
    who: &Who,
    of: &'static Resource,
    id: i64,
    beside: &mut Beside,
) -> Result<(), Fault> {
    if entry::allowed(who).is_err() {
        return Ok(());
    }
    let viewer = who.viewer();
    let query = LogQuery { table: of.name.to_owned(), row: Some(id), limit: SHOWN, ..LogQuery::default() };
    let found = app.read(move |db| db.audit_log(&viewer, &query)).await?;
    let card = HistoryCard {
        more: found.total.saturating_sub(found.entries.len() as u64),
        entries: found.entries.into_iter().map(|entry| EntryView::of(who, entry)).collect(),
        all_href: format!("/admin/audit?table={}&row={id}", of.name),
    };
    let forms = UndoForms {
        undoable: card.entries.iter().filter(|entry| entry.undoable).map(|entry| entry.id).collect(),
        csrf: who.csrf.clone(),
        back: if of.single { format!("/admin/{}", of.name) } else { format!("/admin/{}/{id}", of.name) },
    };
    beside.side += &card.render()?;
    beside.after += &forms.render()?;
    Ok(())
}

const SHOWN: usize = 5;
