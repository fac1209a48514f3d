//! How the further kinds are declared, and where a value comes from and goes.

use super::{Field, Kind, WhenGone, file::FileType};

impl Field {
    /// Several lines, at most 2000 characters.
    pub const fn long_text(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::LongText { max: 2000 })
    }
    /// How long something takes, in seconds from `min` to `max`.
    pub const fn duration(name: &'static str, label: &'static str, min: i64, max: i64) -> Self {
        Self::new(name, label, Kind::Duration { min, max })
    }
    /// A time of day.
    pub const fn time_of_day(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::TimeOfDay)
    }
    /// A day.
    pub const fn date(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::Date)
    }
    /// A moment in UTC.
    pub const fn moment(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::Moment)
    }
    /// A time zone.
    pub const fn time_zone(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::TimeZone)
    }
    /// Weekly hours.
    pub const fn week(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::Week)
    }
    /// A file of one of the types, at most `max` bytes.
    pub const fn file(
        name: &'static str,
        label: &'static str,
        types: &'static [FileType],
        max: usize,
    ) -> Self {
        Self::new(name, label, Kind::File { types, max })
    }
    /// The address of a page.
    pub const fn url(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::Url)
    }
    /// A colour.
    pub const fn colour(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::Colour)
    }
    /// A country.
    pub const fn country(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::Country)
    }
    /// A number of the public network, in full.
    pub const fn outside_number(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::OutsideNumber)
    }
    /// A number as somebody wrote it down.
    pub const fn written_number(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::WrittenNumber)
    }
    /// A hardware address.
    pub const fn mac(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::Mac)
    }
    /// The keys of a feature code.
    pub const fn code(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::Code)
    }
    /// Read by SQL from other rows, with `{t}` for the table's alias; never NULL, never set.
    pub const fn made_by(mut self, sql: &'static str) -> Self {
        self.made_by = sql;
        self.computed()
    }
    /// A secret that another system chose.
    pub const fn chosen_elsewhere(mut self) -> Self {
        self.chosen_elsewhere = true;
        self
    }
    /// People call a row by this, where the title alone would not tell it from others.
    pub const fn titles(mut self) -> Self {
        self.titles = true;
        self
    }
    /// When the row that this points to is deleted, this row points to another.
    pub const fn moves(mut self) -> Self {
        self.when_gone = WhenGone::Move;
        self
    }
    /// When the row that this points to is deleted, this row goes with it.
    pub const fn follows(mut self) -> Self {
        self.when_gone = WhenGone::Follow;
        self
    }
    /// When the row that this points to is deleted, this row points to none.
    pub const fn clears(mut self) -> Self {
        self.when_gone = WhenGone::Clear;
        self
    }
}
