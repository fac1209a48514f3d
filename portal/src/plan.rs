//! A plan as pages draw it: what would be added, changed and removed, and whose calls go another way.

use config::plan::{Action, Plan, PlanError, RowChange};

use crate::{assets::icon, error::Fault};

/// What a template draws of a plan.
#[derive(Debug)]
pub(crate) struct PlanView {
    pub base: i64,
    pub created: usize,
    pub changed: usize,
    pub deleted: usize,
    pub list: RowList,
    pub problems: Vec<String>,
    pub notes: Vec<String>,
    pub affected: Vec<AffectedView>,
}

/// Rows, as many as a page takes.
#[derive(Debug)]
pub(crate) struct RowList {
    pub rows: Vec<RowView>,
    /// How many more there are than are shown.
    pub more: usize,
}

/// One row.
#[derive(Debug)]
pub(crate) struct RowView {
    pub icon: &'static str,
    pub tint: &'static str,
    pub verb: &'static str,
    pub title: String,
    pub fields: Vec<(String, String, String)>,
}

/// A number.
#[derive(Debug)]
pub(crate) struct AffectedView {
    pub number: String,
    pub title: String,
    pub what: &'static str,
    pub tint: &'static str,
    pub why: String,
    pub calls: u64,
}

impl PlanView {
    pub fn of(plan: &Plan) -> Self {
        Self {
            base: plan.base,
            created: plan.count(Action::Create),
            changed: plan.count(Action::Change),
            deleted: plan.count(Action::Delete),
            list: RowList::of(&plan.rows),
            problems: plan.problems.iter().map(ToString::to_string).collect(),
            notes: plan.notes.clone(),
            affected: plan
                .affected
                .iter()
                .take(SHOWN)
                .map(|affected| AffectedView {
                    number: affected.number.clone(),
                    title: affected.title.clone(),
                    what: affected.what,
                    tint: match affected.what {
                        "new" => "ok",
                        "gone" => "bad",
                        _ => "warn",
                    },
                    why: affected.why.join(", "),
                    calls: affected.calls,
                })
                .collect(),
        }
    }

    /// Whether there is anything to apply.
    pub fn can_apply(&self) -> bool {
        self.problems.is_empty() && !self.list.rows.is_empty()
    }
}

impl RowList {
    pub fn of(rows: &[RowChange]) -> Self {
        let shown = rows.iter().take(SHOWN).map(RowView::of).collect();
        Self { rows: shown, more: rows.len().saturating_sub(SHOWN) }
    }
}

impl RowView {
    fn of(row: &RowChange) -> Self {
        let of = config::resources::by_name(row.table);
        let (icon, tint, verb) = match row.action {
            Action::Create => (icon("plus"), "ok", "added"),
            Action::Change => (icon("pencil"), "warn", "changed"),
            Action::Delete => (icon("trash"), "bad", "removed"),
        };
        let fields = row.shown.iter().map(|(name, (old, new))| {
            let label = of.and_then(|of| of.field(name)).map_or(name.as_str(), |field| field.label);
            (label.to_owned(), old.clone(), new.clone())
        });
        let one = of.map_or("", |of| of.one);
        let title = if row.title == one { one.to_owned() } else { format!("{one} {}", row.title) };
        Self { icon, tint, verb, title, fields: fields.collect() }
    }
}

impl From<PlanError> for Fault {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Moved { .. } => Self::Conflict { by: "Somebody".to_owned() },
            PlanError::Refused(why) => Self::Malformed(why),
            PlanError::Trial(why) => Self::Malformed(why.to_string()),
            PlanError::Write(error) => error.into(),
        }
    }
}

/// Rows a page; a plan of ten thousand is told by its numbers.
const SHOWN: usize = 200;
