//! One look among calls, newest first. What narrows it has no index, as each index costs every call that is written; so a look
//! ends after [`LOOK`] calls, says so, and can be taken up there. The time it takes does not grow with the history.

use rusqlite::{Connection, Row, params_from_iter, types::Value};

/// What a look found, and where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<R> {
    /// Newest first.
    pub rows: Vec<R>,
    /// Moment (Unix milliseconds) and id of the last call that was looked at; `None` if nothing is older.
    pub next: Option<(i64, String)>,
    /// The look ended before the page was full and before the calls did: all since that moment were looked at. [Unix ms]
    pub since: Option<i64>,
}

/// Where calls are, and how they are read.
pub(super) struct Source<R> {
    /// Table and its short name.
    pub from: &'static str,
    pub columns: &'static str,
    /// The columns that order them: moment and id.
    pub order: (&'static str, &'static str),
    pub read: fn(&Row<'_>) -> rusqlite::Result<R>,
    pub place: fn(&R) -> (i64, String),
}

/// Conditions and what stands for their question marks.
#[derive(Debug, Clone, Default)]
pub(super) struct Conditions {
    texts: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    pub fn add(&mut self, text: impl Into<String>, values: impl IntoIterator<Item = Value>) {
        self.texts.push(text.into());
        self.values.extend(values);
    }
}

impl<R> Source<R> {
    /// At most `limit` of the calls of a span, which an index finds, that are also `narrow`.
    pub fn look(
        &self,
        rows: &Connection,
        span: Conditions,
        narrow: Conditions,
        limit: usize,
    ) -> rusqlite::Result<Found<R>> {
        let reach = if narrow.texts.is_empty() { None } else { self.reach(rows, &span)? };
        let (text, values) = self.page(span, narrow, reach.clone(), limit);
        let mut statement = rows.prepare_cached(&text)?;
        let found = statement.query_map(params_from_iter(values), self.read)?;
        let mut rows = found.collect::<Result<Vec<_>, _>>()?;
        if rows.len() > limit {
            rows.truncate(limit);
            return Ok(Found { next: rows.last().map(self.place), rows, since: None });
        }
        Ok(Found { rows, since: reach.as_ref().map(|(moment, _)| *moment), next: reach })
    }

    /// The statement of a page, back to where one look reaches.
    pub fn page(
        &self,
        span: Conditions,
        narrow: Conditions,
        reach: Option<(i64, String)>,
        limit: usize,
    ) -> (String, Vec<Value>) {
        let (at, id) = self.order;
        let Conditions { mut texts, mut values } = span;
        if let Some((moment, call)) = reach {
            texts.push(format!("({at}, {id}) >= (?, ?)"));
            values.extend([moment.into(), call.into()]);
        }
        texts.extend(narrow.texts);
        values.extend(narrow.values);
        let text = format!(
            "SELECT {} FROM {} WHERE {} ORDER BY {at} DESC, {id} DESC LIMIT {}",
            self.columns,
            self.from,
            texts.join(" AND "),
            limit + 1
        );
        (text, values)
    }

    /// The last call of a span that one look sees, if there are older ones.
    fn reach(&self, rows: &Connection, span: &Conditions) -> rusqlite::Result<Option<(i64, String)>> {
        let text = self.end(span);
        let mut statement = rows.prepare_cached(&text)?;
        let mut ends =
            statement.query_map(params_from_iter(&span.values), |row| Ok((row.get(0)?, row.get(1)?)))?;
        let last = ends.next().transpose()?;
        Ok(last.filter(|_| ends.next().is_some()))
    }

    /// The statement of that last call and the one after it.
    pub fn end(&self, span: &Conditions) -> String {
        let ((at, id), from) = (self.order, self.from);
        format!(
            "SELECT {at}, {id} FROM {from} WHERE {} ORDER BY {at} DESC, {id} DESC LIMIT 2 OFFSET {}",
            span.texts.join(" AND "),
            LOOK - 1
        )
    }
}

/// So many calls one look sees when it searches or filters.
pub const LOOK: usize = 5_000;
