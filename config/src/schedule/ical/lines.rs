//! Content lines of an iCalendar file and the events that they make (RFC 5545 §3.1, §3.6.1).

use chrono::TimeDelta;

/// One content line: what stands behind its name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Property {
    pub value: String,
    /// Of the parameter TZID.
    pub zone: Option<String>,
}

/// The content lines of a VEVENT by name.
#[derive(Debug, Default)]
pub(super) struct Event {
    properties: Vec<(String, Property)>,
    name: String,
}

impl Property {
    pub fn plain(value: &str) -> Self {
        Self { value: value.to_owned(), zone: None }
    }
}

impl Event {
    pub fn get(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|(other, _)| other == name).map(|(_, property)| property)
    }
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Property> {
        self.properties.iter().filter(move |(other, _)| other == name).map(|(_, property)| property)
    }
    pub fn uid(&self) -> &str {
        self.get("UID").map_or("", |uid| &uid.value)
    }
    pub fn is_cancelled(&self) -> bool {
        self.get("STATUS").is_some_and(|status| status.value.eq_ignore_ascii_case("CANCELLED"))
    }
    /// SUMMARY as text.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// All events of a calendar; what is within an event (an alarm) is not of it.
pub(super) fn events(text: &str) -> Result<Vec<Event>, String> {
    let mut events: Vec<Event> = Vec::new();
    let mut inside: Vec<String> = Vec::new();
    for line in unfolded(text) {
        let Some((name, property)) = content(&line) else { continue };
        match name.as_str() {
            "BEGIN" => {
                inside.push(property.value.to_ascii_uppercase());
                if inside.len() > DEEPEST {
                    return Err("The calendar is nested too deep.".into());
                }
                if inside == ["VCALENDAR", "VEVENT"] {
                    events.push(Event::default());
                }
                if events.len() > MOST_EVENTS {
                    return Err(format!("More than {MOST_EVENTS} appointments. Export fewer."));
                }
            }
            "END" => drop(inside.pop()),
            _ if inside == ["VCALENDAR", "VEVENT"] => {
                let Some(event) = events.last_mut() else { continue };
                if name == "SUMMARY" {
                    event.name = unescaped(&property.value);
                }
                if WANTED.contains(&name.as_str()) && event.properties.len() < MOST_LINES {
                    event.properties.push((name, property));
                }
            }
            _ => {}
        }
    }
    if events.is_empty() && !text.contains("BEGIN:VCALENDAR") {
        return Err("This is no iCalendar file: it has no BEGIN:VCALENDAR.".into());
    }
    Ok(events)
}

/// `P1W`, `P1DT2H30M` (RFC 5545 §3.3.6); `None` for anything else.
pub(super) fn duration(text: &str) -> Option<TimeDelta> {
    let mut rest = text.trim_start_matches('+').strip_prefix('P')?;
    let (mut seconds, mut in_time) = (0_i64, false);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('T') {
            (in_time, rest) = (true, after);
            continue;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest.get(..digits).filter(|_| (1..=6).contains(&digits))?.parse().ok()?;
        let unit = match (rest.as_bytes().get(digits)?, in_time) {
            (b'W', false) => 604_800,
            (b'D', false) => 86_400,
            (b'H', true) => 3600,
            (b'M', true) => 60,
            (b'S', true) => 1,
            _ => return None,
        };
        seconds += number * unit;
        rest = &rest[digits + 1..];
    }
    TimeDelta::try_seconds(seconds)
}

/// A line that begins with a blank goes on with the one before (RFC 5545 §3.1).
fn unfolded(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some(last)) => last.push_str(more),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

/// Name in upper case, zone and value; a colon within quotes does not end the parameters.
fn content(line: &str) -> Option<(String, Property)> {
    let mut quoted = false;
    let colon = line.bytes().position(|b| {
        quoted ^= b == b'"';
        b == b':' && !quoted
    })?;
    let (head, value) = (&line[..colon], line[colon + 1..].trim());
    let mut parts = head.split(';');
    let name = parts.next()?.trim().to_ascii_uppercase();
    let zone =
        parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("TZID"));
    let zone = zone.map(|(_, id)| id.trim_matches('"').to_owned());
    Some((name, Property { value: value.to_owned(), zone }))
}

/// TEXT (RFC 5545 §3.3.11) on one line.
fn unescaped(value: &str) -> String {
    let mut text = String::new();
    let mut escaped = false;
    for c in value.chars() {
        match (escaped, c) {
            (false, '\\') => {
                escaped = true;
                continue;
            }
            (true, 'n' | 'N') => text.push(' '),
            _ => text.push(c),
        }
        escaped = false;
    }
    text.trim().to_owned()
}

const WANTED: [&str; 9] =
    ["DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "STATUS", "UID"];
const MOST_EVENTS: usize = 5000;
const MOST_LINES: usize = 500;
const DEEPEST: usize = 8;
