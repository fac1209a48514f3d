//! The picture of a week: which rule decides in each half hour, on the user's own clock. AR-08, AR-09.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta};
use config::{
    Snapshot,
    schedule::{Tz, begins},
    snapshot::{Deciding, User},
};

use crate::language::say;

/// A day of the picture.
pub(super) struct Day {
    /// `Mon`.
    pub name: &'static str,
    pub today: bool,
    /// Where the day is by now, in percent of it; today only.
    pub now: Option<String>,
    /// The colour of each half hour; blank is that of Default.
    pub cells: Vec<&'static str>,
    /// The same in words.
    pub said: String,
}

/// The present week from Monday on.
pub(super) fn picture(snapshot: &Snapshot, user: &User, now: DateTime<Tz>) -> Vec<Day> {
    let today = now.date_naive();
    let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
    let day = |(at, name): (u64, &&'static str)| {
        let date = monday + Days::new(at);
        let deciding: Vec<Option<usize>> =
            (0..CELLS).map(|cell| deciding(snapshot, user, date, cell, now.timezone())).collect();
        let minutes = (now.time() - NaiveTime::MIN).num_minutes();
        Day {
            name,
            today: date == today,
            now: (date == today).then(|| format!("{:.1}", minutes as f32 / 14.4)),
            cells: deciding.iter().map(|rule| rule.map_or("", |rule| TINTS[rule % TINTS.len()].0)).collect(),
            said: said(snapshot, user, name, &deciding),
        }
    };
    (0..).zip(&DAYS).map(day).collect()
}

/// The place of the rule that decides when a half hour begins.
fn deciding(snapshot: &Snapshot, user: &User, date: NaiveDate, cell: i64, zone: Tz) -> Option<usize> {
    let local = date.and_time(NaiveTime::MIN) + TimeDelta::minutes(30 * cell);
    let answering = snapshot.answering(user, begins(local, zone));
    let Deciding::Rule(rule, _) = answering.rule else { return None };
    snapshot.answering_rules(user.tenant, user.id).position(|other| other.id == rule.id)
}

/// `Mon: Office hours 09:00–17:00, Lunch 12:00–13:00`.
fn said(snapshot: &Snapshot, user: &User, name: &str, cells: &[Option<usize>]) -> String {
    let names: Vec<&str> = snapshot
        .answering_rules(user.tenant, user.id)
        .map(|rule| snapshot.time_frame(user.tenant, rule.frame).map_or("", |frame| &frame.name))
        .collect();
    let mut parts = Vec::new();
    let mut first = 0;
    while first < cells.len() {
        let last = cells[first..].iter().take_while(|cell| **cell == cells[first]).count() + first;
        if let Some(name) = cells[first].and_then(|rule| names.get(rule)) {
            parts.push(format!("{name} {}–{}", time(first), time(last)));
        }
        first = last;
    }
    let parts = if parts.is_empty() { say("Default") } else { parts.join(", ") };
    format!("{}: {parts}", say(name))
}

fn time(cell: usize) -> String {
    format!("{:02}:{:02}", cell / 2, cell % 2 * 30)
}

/// Of the picture and of its legend, by the place of a rule.
pub(super) const TINTS: [(&str, &str); 4] = [("a", "1"), ("b", "4"), ("c", "2"), ("d", "3")];
/// Half hours of a day.
const CELLS: i64 = 48;
pub(super) const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
