//! The inputs of the further kinds of fields, and what their forms send.

use config::{
    Field, Kind, Resource,
    field::{
        country::COUNTRIES,
        file::{FileType, endings},
        time_zone,
        week::Week,
    },
};

use super::{Choice, Input, Line};
use crate::query::Pairs;

/// A day of a week with its hours.
#[derive(Debug)]
pub(crate) struct Day {
    pub name: &'static str,
    /// `Mon`, in the picture.
    pub short: &'static str,
    pub hours: String,
}

/// Where a file goes and what it may be.
#[derive(Debug)]
pub(crate) struct Upload {
    pub url: String,
    /// `PNG or JPG`.
    pub endings: String,
    /// For the browser's file dialog.
    pub accept: String,
    /// In kB.
    pub max: usize,
    pub picture: bool,
}

/// The control of one of the further kinds.
pub(super) fn input(field: &Field, value: &str, of: &Resource) -> Input {
    let line = |kind, mode, max, mono| Input::Line(Line { kind, mode, max, mono });
    match field.kind {
        Kind::LongText { max } => Input::Area(max),
        Kind::Duration { .. } => line("text", "", 40, false),
        Kind::TimeOfDay => line("time", "", 8, false),
        Kind::Date => line("date", "", 10, false),
        Kind::Moment => line("text", "", 25, true),
        Kind::TimeZone => {
            let names = time_zone::names().map(|name| (name, name));
            Input::Select(offered(names, value, field.required))
        }
        Kind::Week => Input::Week(days(value)),
        Kind::File { types, max } => Input::File(upload(field, of, types, max)),
        Kind::Url => line("url", "url", 2000, false),
        Kind::Colour => line("color", "", 7, false),
        Kind::Country => Input::Select(offered(COUNTRIES.iter().copied(), value, field.required)),
        Kind::OutsideNumber => line("tel", "tel", 33, true),
        Kind::WrittenNumber => line("tel", "tel", 40, true),
        Kind::Mac => line("text", "", 17, true),
        Kind::Code => line("text", "tel", 8, true),
        _ => line("text", "", 64, false),
    }
}

/// What the input holds: shorter words than what is stored, which can be given back.
pub(super) fn as_typed(field: &Field, stored: String) -> String {
    match field.kind {
        Kind::Duration { .. } | Kind::Moment | Kind::Mac => field.show(&stored),
        _ => stored,
    }
}

/// The choices of a fixed list, with none of them if that is possible.
pub(super) fn choices(of: &[(&'static str, &'static str)], value: &str, required: bool) -> Vec<Choice> {
    offered(of.iter().copied(), value, required)
}

/// What a reference that points nowhere is called.
pub(super) fn nothing(table: &str) -> &'static str {
    if table == config::resources::users::USERS.name { "Nobody" } else { "None" }
}

/// The hours that the seven lines of a week send, as one text.
pub(crate) fn week(pairs: &Pairs, name: &str) -> String {
    let days = pairs.all(name).zip(DAYS).filter(|(hours, _)| !hours.trim().is_empty());
    days.map(|(hours, (key, ..))| format!("{key} {hours}")).collect::<Vec<_>>().join("; ")
}

fn offered(
    of: impl Iterator<Item = (&'static str, &'static str)>,
    value: &str,
    required: bool,
) -> Vec<Choice> {
    let none = (!required).then(|| Choice::new("", "–", value.is_empty()));
    none.into_iter().chain(of.map(|(key, label)| Choice::ours(key, label, key == value))).collect()
}

/// What cannot be read is left to the first day, so that it can be mended.
fn days(value: &str) -> Vec<Day> {
    let week = value.parse::<Week>();
    let hours = |day: usize| match &week {
        Ok(week) => week.day(day),
        Err(_) if day == 0 => value.to_owned(),
        Err(_) => String::new(),
    };
    let day = |(day, (_, name, short))| Day { name, short, hours: hours(day) };
    DAYS.into_iter().enumerate().map(day).collect()
}

fn upload(field: &Field, of: &Resource, types: &[FileType], max: usize) -> Upload {
    let mimes: Vec<_> = types.iter().map(|kind| kind.mime()).collect();
    Upload {
        url: format!("/admin/{}/upload/{}", of.name, field.name),
        endings: endings(types),
        accept: mimes.join(","),
        max: max / 1000,
        picture: mimes.iter().all(|mime| mime.starts_with("image/")),
    }
}

const DAYS: [(&str, &str, &str); 7] = [
    ("mo", "Monday", "Mon"),
    ("tu", "Tuesday", "Tue"),
    ("we", "Wednesday", "Wed"),
    ("th", "Thursday", "Thu"),
    ("fr", "Friday", "Fri"),
    ("sa", "Saturday", "Sat"),
    ("su", "Sunday", "Sun"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_week_are_what_was_shown() {
        let stored = "mo 09:00-12:00 13:00-17:00; su 10:00-11:00";
        let body: Vec<_> =
            days(stored).iter().map(|day| format!("hours={}", crate::text::encode(&day.hours))).collect();
        let sent = week(&Pairs::parse(&body.join("&")), "hours");
        assert_eq!(Field::week("hours", "Hours").normalise(&sent).as_deref(), Ok(stored));
    }
}
