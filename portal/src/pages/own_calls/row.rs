//! A line of somebody's call history. CH-01, CH-02.

use config::records::parties::{PartyKind, PartyRow};

use crate::{
    assets::icon,
    text,
    zone::{Clock, Shown},
};

/// A call as its user reads it.
#[derive(Debug)]
pub(crate) struct CallLine {
    pub id: String,
    pub icon: &'static str,
    pub tint: &'static str,
    /// `Outgoing`, `Missed` …
    pub label: &'static str,
    /// What is not said by the label; often nothing.
    pub note: &'static str,
    /// Name, or number if there is none.
    pub title: String,
    /// The number below the name.
    pub number: String,
    /// Blank if it cannot be called back.
    pub call_back: String,
    pub contact: String,
    pub day: String,
    pub at: Shown,
    pub talked: String,
    /// Can be blocked: it came in, and is not.
    pub blockable: bool,
}

impl CallLine {
    /// A row as that clock shows it.
    pub fn new(row: &PartyRow, clock: &Clock) -> Self {
        let (icon, tint) = look(row.kind);
        let at = clock.show(row.started_at);
        let name = row.name.trim();
        let title = [name, row.number.as_str(), "Number withheld"].into_iter().find(|text| !text.is_empty());
        Self {
            id: row.call.clone(),
            icon,
            tint,
            label: row.kind.label(),
            note: note(row),
            title: title.unwrap_or_default().to_owned(),
            number: if name.is_empty() { String::new() } else { row.number.clone() },
            call_back: row.number.clone(),
            contact: super::new_contact(&row.number, name),
            day: at.text.rsplit_once(' ').map_or(String::new(), |(day, _)| day.to_owned()),
            talked: row.answered_at.map(|from| text::clock(row.ended_at - from)).unwrap_or_default(),
            at,
            blockable: row.kind != PartyKind::Outbound
                && row.kind != PartyKind::Blocked
                && !row.number.is_empty(),
        }
    }
}

fn look(kind: PartyKind) -> (&'static str, &'static str) {
    match kind {
        PartyKind::Outbound => (icon("phone-outgoing"), "accent"),
        PartyKind::Inbound => (icon("phone-incoming"), "ok"),
        PartyKind::Missed => (icon("phone-x"), "bad"),
        PartyKind::Blocked => (icon("hand-stop"), ""),
    }
}

fn note(row: &PartyRow) -> &'static str {
    match (row.kind, row.result.as_str()) {
        (PartyKind::Inbound, "elsewhere") => "answered elsewhere",
        (PartyKind::Outbound, "missed") => "not answered",
        (PartyKind::Outbound, "busy") => "busy",
        (PartyKind::Outbound, "declined") => "declined",
        (PartyKind::Outbound, "failed") => "did not go through",
        (PartyKind::Missed, "busy") => "you were busy",
        (PartyKind::Missed, "declined") => "you declined",
        (_, "interrupted") => "interrupted",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use config::{TenantId, UserId};

    use super::*;

    fn row(kind: PartyKind, result: &str) -> PartyRow {
        PartyRow {
            user: UserId(1),
            tenant: TenantId(1),
            call: "c".into(),
            started_at: 1_795_298_400_000,
            kind,
            result: result.into(),
            number: "102".into(),
            name: "Bob".into(),
            answered_at: None,
            ended_at: 1_795_298_465_000,
            device: None,
        }
    }

    /// CH-02: a word beside each arrow, none like another.
    #[test]
    fn each_type_has_an_icon_a_colour_and_a_word_of_its_own() {
        let clock = Clock::new("UTC", DateTime::from_timestamp_millis(1_795_298_500_000).unwrap());
        let lines: Vec<_> =
            PartyKind::ALL.map(|(kind, ..)| CallLine::new(&row(kind, "missed"), &clock)).into();
        for (at, line) in lines.iter().enumerate() {
            let others = lines.iter().skip(at + 1);
            assert!(others.clone().all(|other| (other.icon, other.label) != (line.icon, line.label)));
        }
        assert_eq!((lines[0].note, lines[0].blockable), ("not answered", false));
        assert_eq!((lines[1].day.as_str(), lines[1].blockable), ("Today", true));
    }

    #[test]
    fn a_call_without_name_is_titled_by_its_number() {
        let clock = Clock::new("UTC", DateTime::from_timestamp_millis(1_795_298_500_000).unwrap());
        let call = PartyRow {
            name: String::new(),
            answered_at: Some(1_795_298_460_000),
            ..row(PartyKind::Inbound, "answered")
        };
        let line = CallLine::new(&call, &clock);
        assert_eq!((line.title.as_str(), line.number.as_str(), line.talked.as_str()), ("102", "", "0:05"));
        let hidden = CallLine::new(&PartyRow { number: String::new(), ..call }, &clock);
        assert_eq!((hidden.title.as_str(), hidden.blockable), ("Number withheld", false));
    }
}
