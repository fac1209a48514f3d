//! One column of a table: its declaration, and what its kind makes of text.
//!
//! A kind is a file in `field/`: how its text is normalised, what is refused in which words, how it is shown. Storage
//! follows from the kind in [`crate::sql`].

mod choice;
mod code;
mod colour;
pub mod country;
mod date;
mod declare;
mod destination;
pub(crate) mod duration;
mod email;
mod extension;
pub mod file;
mod flag;
mod list;
mod long_text;
mod mac;
pub mod moment;
mod number;
mod outside_number;
mod phone_number;
mod reference;
mod secret;
mod set;
mod text;
pub(crate) mod time_of_day;
pub mod time_zone;
mod url;
pub mod week;
mod word;
mod written_number;

use file::FileType;

/// One column.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct Field {
    /// Name in [`crate::resource::Values`], forms and CSV. The column has the same, a reference's column ends in `_id`.
    pub name: &'static str,
    pub label: &'static str,
    pub help: &'static str,
    pub kind: Kind,
    pub required: bool,
    /// No two rows of a tenant have the same (blank excepted).
    pub unique: bool,
    /// With `unique`: no two rows of the whole program.
    pub everywhere: bool,
    /// Shown, never taken from a form.
    pub read_only: bool,
    /// Made by SQLite from other columns; on no form, in no CSV.
    pub computed: bool,
    /// Of a computed text: the fields that it joins, with a blank between.
    pub made_of: &'static [&'static str],
    pub default: &'static str,
    /// Only of interest when that field has that value.
    pub shown_when: Option<(&'static str, &'static str)>,
    /// Read by this SQL instead of a column, with `{t}` for the table's alias; blank for a column. Never NULL.
    pub made_by: &'static str,
    /// People call a row by this, where the title alone would not tell it from others.
    pub titles: bool,
    /// Of a secret: another system chose it, so that it may be as short as that allows, and none is made where it is blank.
    pub chosen_elsewhere: bool,
    /// Of a reference: what becomes of this row when the one that it points to is deleted.
    pub when_gone: WhenGone,
}

/// What becomes of a row when one that it points to is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenGone {
    /// It stays, and so does the other: the delete is refused.
    Refuse,
    /// It points to another one that must be named with the delete.
    Move,
    /// It is deleted too.
    Follow,
    /// It points to none.
    Clear,
}

/// What a column holds, hence how it is stored, parsed, checked and shown.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub enum Kind {
    Text {
        max: usize,
    },
    /// Lower-case letters, digits and `. _ @ -`: domains, user names, logins.
    Word {
        max: usize,
    },
    Number {
        min: i64,
        max: i64,
        unit: &'static str,
    },
    /// Key stored, label shown.
    Choice(&'static [(&'static str, &'static str)]),
    /// Any number of `(key, label)`, stored as the keys joined by `,`.
    Set(fn() -> &'static [(String, String)]),
    /// `1` or `0`; `on`, `true`, `yes` and their opposites are taken too, blank is `0`.
    Flag,
    /// 2–6 digits, unique in the tenant over all kinds of extensions. In `extensions` a column; elsewhere the number of
    /// the row of `extensions` that points back here, made, changed and removed with this row.
    Extension,
    /// An extension or an outside number; blank is off.
    PhoneNumber,
    Email,
    /// A row of another table, by its id; shown by its title. The name of a [`crate::Resource`].
    Reference(&'static str),
    /// Ordered rows of another table, in a join table `<table>_<field>`(owner, position, target).
    Many(&'static str),
    /// `extension:101`, `hangup:busy`, … see [`crate::snapshot::Destination`].
    Destination,
    /// Encrypted at rest, never shown again except by an explicit, audited request. Blank makes one.
    Secret,
    /// Several lines of text.
    LongText {
        max: usize,
    },
    /// Whole seconds; `1:30` and `2 min` are taken too.
    Duration {
        min: i64,
        max: i64,
    },
    /// `08:30`.
    TimeOfDay,
    /// `2026-11-22`.
    Date,
    /// A moment in UTC: `2026-11-22T13:30:00Z`.
    Moment,
    /// A name of the IANA database: `Europe/Berlin`.
    TimeZone,
    /// Weekly hours, see [`week::Week`].
    Week,
    /// The key of an uploaded file of one of these types, at most so many bytes, see [`file`].
    File {
        types: &'static [FileType],
        max: usize,
    },
    /// `https://…`.
    Url,
    /// `#1f6feb`.
    Colour,
    /// ISO 3166-1, lower case.
    Country,
    /// ITU-T E.164 with `+`.
    OutsideNumber,
    /// A number as somebody wrote it down: `030 / 123-45 (office)` without the words. Kept as it is.
    WrittenNumber,
    /// Twelve digits of a hardware address.
    Mac,
    /// Keys of a feature code, unlike those of all other codes and numbers of the tenant.
    Code,
}

impl Field {
    const fn new(name: &'static str, label: &'static str, kind: Kind) -> Self {
        Self {
            name,
            label,
            help: "",
            kind,
            required: false,
            unique: false,
            everywhere: false,
            read_only: false,
            computed: false,
            made_of: &[],
            default: "",
            shown_when: None,
            made_by: "",
            titles: false,
            chosen_elsewhere: false,
            when_gone: WhenGone::Refuse,
        }
    }
    /// A line of text, at most 64 characters unless [`Field::max`] says otherwise.
    pub const fn text(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::Text { max: 64 })
    }
    /// A name for machines.
    pub const fn word(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::Word { max: 64 })
    }
    /// A whole number of some unit.
    pub const fn number(
        name: &'static str,
        label: &'static str,
        min: i64,
        max: i64,
        unit: &'static str,
    ) -> Self {
        Self::new(name, label, Kind::Number { min, max, unit })
    }
    /// Seconds.
    pub const fn seconds(name: &'static str, label: &'static str, min: i64, max: i64) -> Self {
        Self::number(name, label, min, max, "s")
    }
    /// One of a fixed list of `(key, label)`.
    pub const fn choice(
        name: &'static str,
        label: &'static str,
        of: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self::new(name, label, Kind::Choice(of))
    }
    /// Any number of a list of `(key, label)` that is made at run time.
    pub const fn set(
        name: &'static str,
        label: &'static str,
        of: fn() -> &'static [(String, String)],
    ) -> Self {
        Self::new(name, label, Kind::Set(of))
    }
    /// Yes or no.
    pub const fn flag(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::Flag).default("0")
    }
    /// An internal number.
    pub const fn extension(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::Extension)
    }
    /// Somewhere to call.
    pub const fn phone_number(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::PhoneNumber)
    }
    /// An e-mail address.
    pub const fn email(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::Email)
    }
    /// A row of the table named.
    pub const fn reference(name: &'static str, label: &'static str, of: &'static str) -> Self {
        Self::new(name, label, Kind::Reference(of))
    }
    /// Ordered rows of the table named.
    pub const fn many(name: &'static str, label: &'static str, of: &'static str) -> Self {
        Self::new(name, label, Kind::Many(of))
    }
    /// Where a call goes.
    pub const fn destination(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::Destination)
    }
    /// A password for a machine.
    pub const fn secret(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::Secret)
    }
    /// May not be blank.
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }
    /// No two rows of a tenant have the same.
    pub const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }
    /// No two rows of the whole program have the same.
    pub const fn unique_everywhere(mut self) -> Self {
        self.unique = true;
        self.everywhere = true;
        self
    }
    /// Shown, never taken from a form.
    pub const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }
    /// Made by SQLite from other columns.
    pub const fn computed(mut self) -> Self {
        self.computed = true;
        self.read_only = true;
        self
    }
    /// Made by SQLite: these fields, joined by a blank.
    pub const fn made_of(mut self, fields: &'static [&'static str]) -> Self {
        self.made_of = fields;
        self.computed()
    }
    /// Most characters of a text or word.
    pub const fn max(mut self, max: usize) -> Self {
        self.kind = match self.kind {
            Kind::Text { .. } => Kind::Text { max },
            Kind::Word { .. } => Kind::Word { max },
            Kind::LongText { .. } => Kind::LongText { max },
            other => other,
        };
        self
    }
    /// Taken when a new row leaves it blank.
    pub const fn default(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }
    /// One sentence under the input.
    pub const fn help(mut self, help: &'static str) -> Self {
        self.help = help;
        self
    }
    /// Only of interest when `field` is `value`.
    pub const fn shown_when(mut self, field: &'static str, value: &'static str) -> Self {
        self.shown_when = Some((field, value));
        self
    }

    /// Whether it is a secret that is made where none is given.
    pub(crate) fn is_made_here(&self) -> bool {
        matches!(self.kind, Kind::Secret) && !self.chosen_elsewhere
    }

    /// What is stored for a text that a person, a CSV file or a program gave; or what is wrong with it, in words.
    pub fn normalise(&self, given: &str) -> Result<String, String> {
        let given = given.trim();
        if given.is_empty() && !matches!(self.kind, Kind::Flag) {
            return if self.required && !matches!(self.kind, Kind::Secret) {
                Err(format!("{} is required.", self.label))
            } else {
                Ok(String::new())
            };
        }
        match self.kind {
            Kind::Text { max } => text::normalise(given, max),
            Kind::Word { max } => word::normalise(given, max),
            Kind::Number { min, max, unit } => number::normalise(given, min, max, unit),
            Kind::Choice(of) => choice::normalise(given, of),
            Kind::Set(of) => set::normalise(given, of()),
            Kind::Flag => flag::normalise(given),
            Kind::Extension => extension::normalise(given),
            Kind::PhoneNumber => phone_number::normalise(given),
            Kind::Email => email::normalise(given),
            Kind::Reference(_) => reference::normalise(given),
            Kind::Many(_) => list::normalise(given),
            Kind::Destination => destination::normalise(given),
            Kind::Secret if self.chosen_elsewhere => secret::normalise_any(given),
            Kind::Secret => secret::normalise(given),
            Kind::LongText { max } => long_text::normalise(given, max),
            Kind::Duration { min, max } => duration::normalise(given, min, max),
            Kind::TimeOfDay => time_of_day::normalise(given),
            Kind::Date => date::normalise(given),
            Kind::Moment => moment::normalise(given),
            Kind::TimeZone => time_zone::normalise(given),
            Kind::Week => week::normalise(given),
            Kind::File { types, .. } => file::normalise(given, types),
            Kind::Url => url::normalise(given),
            Kind::Colour => colour::normalise(given),
            Kind::Country => country::normalise(given),
            Kind::OutsideNumber => outside_number::normalise(given),
            Kind::WrittenNumber => written_number::normalise(given),
            Kind::Mac => mac::normalise(given),
            Kind::Code => code::normalise(given),
        }
    }

    /// A stored value as people read it. References are shown by the query, which knows their titles.
    pub fn show(&self, stored: &str) -> String {
        match self.kind {
            Kind::Number { unit, .. } if !stored.is_empty() && !unit.is_empty() => format!("{stored} {unit}"),
            Kind::Choice(of) => choice::show(stored, of),
            Kind::Set(of) => set::show(stored, of()),
            Kind::Flag => flag::show(stored),
            Kind::Destination => destination::show(stored),
            Kind::Duration { .. } if !stored.is_empty() => duration::show(stored),
            Kind::Moment => moment::show(stored),
            Kind::Week => week::show(stored),
            Kind::Country => choice::show(stored, country::COUNTRIES),
            Kind::Mac => mac::show(stored),
            _ => stored.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
