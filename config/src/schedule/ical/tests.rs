use proptest::prelude::*;

use super::*;

fn calendar(events: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}END:VCALENDAR\r\n", events.replace('\n', "\r\n"))
}

fn event(lines: &str) -> String {
    calendar(&format!("BEGIN:VEVENT\n{lines}\nEND:VEVENT\n"))
}

/// On 22 November 2026.
fn said(text: &str) -> Result<String, String> {
    let now = DateTime::parse_from_rfc3339("2026-11-22T12:00:00Z").unwrap().with_timezone(&Utc);
    read(text, now).map(|list| list.to_string())
}

/// AR-01: days, times of a zone, moments and times without a zone.
#[test]
fn each_kind_of_date_becomes_a_line() {
    for (lines, expected) in [
        ("DTSTART;VALUE=DATE:20261225\nSUMMARY:Christmas\\, the day", "2026-12-25 Christmas, the day"),
        (
            "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20270101\nSUMMARY:Closed",
            "2026-12-24/2026-12-31 Closed",
        ),
        ("DTSTART:20261201T090000\nDTEND:20261201T103000\nSUMMARY:x", "2026-12-01 09:00-10:30 x"),
        (
            "DTSTART;TZID=America/New_York:20261201T090000\nDURATION:PT1H\nSUMMARY:x",
            "2026-12-01T14:00Z/2026-12-01T15:00Z x",
        ),
        (
            "DTSTART:20261201T090000Z\nDURATION:P1DT30M\nSUMMARY:Long\n er",
            "2026-12-01T09:00Z/2026-12-02T09:30Z Longer",
        ),
        (
            "DTSTART;TZID=\"/example.org/2026/Europe/Berlin\":20261201T090000\nDTEND;TZID=Europe/Berlin:20261201T100000",
            "2026-12-01T08:00Z/2026-12-01T09:00Z",
        ),
    ] {
        assert_eq!(said(&event(lines)).as_deref(), Ok(expected));
    }
}

/// AR-01, OPS-12: a recurrence keeps its time of day when clocks are set; exceptions are left out, moved ones move.
#[test]
fn recurrences_are_written_out_with_their_exceptions() {
    let weekly = "UID:1\nDTSTART;TZID=Europe/Berlin:20270315T100000\nDTEND;TZID=Europe/Berlin:20270315T110000\n\
        RRULE:FREQ=WEEKLY;UNTIL=20270412T080000Z\nEXDATE;TZID=Europe/Berlin:20270405T100000";
    assert_eq!(
        said(&event(weekly)).unwrap(),
        "2027-03-15T09:00Z/2027-03-15T10:00Z\n2027-03-22T09:00Z/2027-03-22T10:00Z\n\
         2027-03-29T08:00Z/2027-03-29T09:00Z\n2027-04-12T08:00Z/2027-04-12T09:00Z"
    );
    let moved = calendar(&format!(
        "BEGIN:VEVENT\n{weekly}\nEND:VEVENT\nBEGIN:VEVENT\nUID:1\nRECURRENCE-ID;TZID=Europe/Berlin:20270322T100000\n\
         DTSTART;TZID=Europe/Berlin:20270323T150000\nDURATION:PT1H\nEND:VEVENT\n"
    ));
    let moved = said(&moved).unwrap();
    assert!(!moved.contains("2027-03-22T09:00Z") && moved.contains("2027-03-23T14:00Z"), "{moved}");
    let yearly = said(&event("DTSTART;VALUE=DATE:20200501\nRRULE:FREQ=YEARLY\nSUMMARY:May Day")).unwrap();
    assert_eq!(yearly, "2027-05-01 May Day\n2028-05-01 May Day");
    let daily = event("DTSTART:20200101T020000\nDURATION:PT30M\nRRULE:FREQ=DAILY;COUNT=2524");
    let daily = said(&daily).unwrap();
    assert!(
        daily.starts_with("2026-11-22 02:00-02:30\n") && daily.ends_with("\n2026-11-28 02:00-02:30"),
        "{daily}"
    );
}

/// AR-01: alarms within an event, cancelled events, moments without length and zones' own rules are not appointments.
#[test]
fn what_is_no_appointment_is_left_out() {
    let text = calendar(
        "BEGIN:VTIMEZONE\nTZID:Europe/Berlin\nBEGIN:STANDARD\nDTSTART:19701025T030000\nRRULE:FREQ=YEARLY\nEND:STANDARD\nEND:VTIMEZONE\n\
         BEGIN:VEVENT\nDTSTART:20261201T100000\nDTEND:20261201T110000\nSUMMARY:Real\nBEGIN:VALARM\nDURATION:PT5M\nSUMMARY:Wake up\nEND:VALARM\nEND:VEVENT\n\
         BEGIN:VEVENT\nSTATUS:CANCELLED\nDTSTART:20261202T100000\nDURATION:PT1H\nEND:VEVENT\n\
         BEGIN:VEVENT\nDTSTART:20261203T100000\nEND:VEVENT\n\
         BEGIN:VEVENT\nDTSTART:20251203T100000\nDURATION:PT1H\nSUMMARY:Over\nEND:VEVENT\n",
    );
    assert_eq!(said(&text).as_deref(), Ok("2026-12-01 10:00-11:00 Real"));
}

/// AR-01: who imports reads what is wrong, and with which appointment.
#[test]
fn what_cannot_be_read_is_said() {
    for (text, expected) in [
        ("hello".to_owned(), "no iCalendar file"),
        (calendar(""), "no appointment that is still to come"),
        (
            event("DTSTART;TZID=W. Europe Standard Time:20261201T100000\nDURATION:PT1H\nSUMMARY:Jour fixe"),
            "“Jour fixe”: the time zone `W. Europe",
        ),
        (event("SUMMARY:A"), "“A”: it has no beginning"),
        (event("DTSTART:tomorrow\nSUMMARY:A"), "`tomorrow` is no date"),
        (event("DTSTART:20261201T100000\nDURATION:1 hour"), "duration is not understood"),
        (event("DTSTART:20261201T100000\nDTEND:20261201T090000"), "ends before it begins"),
        (event("DTSTART:20261201T100000\nDURATION:PT1M\nRRULE:FREQ=SECONDLY"), "within a day"),
        (
            event("DTSTART:20261201T100000\nDURATION:PT1M\nRRULE:FREQ=SOMETIMES"),
            "recurrence is not understood",
        ),
        (
            event(&format!("DTSTART:20261201T100000\nDESCRIPTION:{}", "x".repeat(LARGEST))),
            "more than 1000 kB",
        ),
        (event("DTSTART:20261201T100000\nDURATION:PT1M\nRRULE:FREQ=DAILY;BYHOUR=8,9,10"), "More than 1000"),
    ] {
        let problem = said(&text).unwrap_err();
        assert!(problem.contains(expected), "{problem}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// AR-01: no calendar makes a panic, and what is read can be stored and read again.
    #[test]
    fn no_calendar_is_too_strange(
        start in "[0-9]{8}(T[0-9]{6}Z?)?",
        end in "[0-9]{8}(T[0-9]{6}Z?)?",
        rule in "FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;(COUNT|INTERVAL|BYDAY|BYMONTH|UNTIL)=[0-9A-Z,+-]{1,8}){0,2}",
        name in ".{0,80}",
    ) {
        let text = event(&format!("DTSTART:{start}\nDTEND:{end}\nRRULE:{rule}\nSUMMARY:{name}"));
        if let Ok(list) = said(&text) {
            let read: DayList = list.parse().unwrap();
            prop_assert_eq!(read.to_string(), list);
        }
    }
}
