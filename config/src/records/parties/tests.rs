use super::*;
use crate::{
    fixture::Company,
    records::{CallRow, Change, Retention},
};

const ONE: TenantId = TenantId(1);
const ANNA: UserId = UserId(1);

fn party(call: &str, user: i64, started_at: i64, kind: PartyKind) -> PartyRow {
    PartyRow {
        user: UserId(user),
        tenant: ONE,
        call: call.into(),
        started_at,
        kind,
        result: "answered".into(),
        number: "102".into(),
        name: "Bob Berg".into(),
        answered_at: Some(started_at + 1000),
        ended_at: started_at + 5000,
        device: None,
    }
}

fn keep_all(company: &Company, rows: Vec<PartyRow>) {
    company.db.write_records(&[Change::CallParties(rows)]).unwrap();
}

fn found(company: &Company, query: PartyQuery) -> Vec<String> {
    let query = PartyQuery { limit: 50, ..query };
    company.db.calls_of(ONE, ANNA, &query).unwrap().rows.into_iter().map(|row| row.call).collect()
}

/// CH-07: own calls only.
#[test]
fn somebody_sees_their_own_calls_newest_first() {
    let company = Company::new();
    let rows = [("a", 1, 1000), ("b", 2, 2000), ("c", 1, 3000), ("d", 1, 3000)];
    keep_all(&company, rows.map(|(call, user, at)| party(call, user, at, PartyKind::Inbound)).into());
    assert_eq!(found(&company, PartyQuery::default()), ["d", "c", "a"]);
    let other =
        company.db.calls_of(TenantId(2), ANNA, &PartyQuery { limit: 9, ..Default::default() }).unwrap();
    assert_eq!(other, Found { rows: vec![], next: None, since: None });
    keep_all(&company, vec![party("a", 1, 1000, PartyKind::Inbound)]);
    assert_eq!(found(&company, PartyQuery::default()).len(), 3, "told twice, kept once");
}

/// CH-03, CH-08, CH-09, CH-10
#[test]
fn calls_are_found_by_words_time_side_and_kind() {
    let company = Company::new();
    let mut rows = vec![
        party("in", 1, 1000, PartyKind::Inbound),
        party("out", 1, 2000, PartyKind::Outbound),
        party("missed", 1, 3000, PartyKind::Missed),
        party("blocked", 1, 4000, PartyKind::Blocked),
    ];
    rows[1].number = "+4930123456".into();
    rows[2].name = "100 % Cleaning_Co".into();
    keep_all(&company, rows);
    let query = PartyQuery::default;
    assert_eq!(found(&company, PartyQuery { search: "berg 4930".into(), ..query() }), ["out"]);
    assert_eq!(found(&company, PartyQuery { search: "0 % clean".into(), ..query() }), ["missed"]);
    assert_eq!(found(&company, PartyQuery { search: "g_c".into(), ..query() }), ["missed"]);
    assert_eq!(found(&company, PartyQuery { search: "CLEANING".into(), ..query() }), ["missed"]);
    assert_eq!(found(&company, PartyQuery { from: Some(2000), to: Some(3000), ..query() }), ["out"]);
    assert_eq!(
        found(&company, PartyQuery { kind: Some(PartyKind::Missed), ..query() }),
        ["blocked", "missed"]
    );
    assert_eq!(found(&company, PartyQuery { kind: Some(PartyKind::Inbound), ..query() }), ["in"]);
    assert_eq!(found(&company, PartyQuery { dialled: "1234".into(), ..query() }), ["out"]);
    assert_eq!(found(&company, PartyQuery { caller: "1234".into(), ..query() }), Vec::<String>::new());
    assert_eq!(found(&company, PartyQuery { caller: "102".into(), ..query() }), ["blocked", "missed", "in"]);
}

#[test]
fn pages_follow_one_another_also_between_calls_of_one_moment() {
    let company = Company::new();
    keep_all(&company, (0..25).map(|n| party(&format!("{n:02}"), 1, n / 5, PartyKind::Inbound)).collect());
    let (mut all, mut query) = (vec![], PartyQuery { limit: 7, ..PartyQuery::default() });
    loop {
        let found = company.db.calls_of(ONE, ANNA, &query).unwrap();
        query.after = found.next;
        all.extend(found.rows.into_iter().map(|row| row.call));
        if query.after.is_none() {
            break;
        }
    }
    let expected: Vec<_> = (0..25).rev().map(|n| format!("{n:02}")).collect();
    assert_eq!(all, expected);
}

/// SIP-45: a killed program leaves rows in the histories too.
#[test]
fn calls_that_a_killed_program_left_open_are_in_the_histories_of_both() {
    let company = Company::new();
    let open = CallRow {
        id: "x".into(),
        tenant: 1,
        started_at: 1000,
        caller_number: company.number("SELECT number FROM extensions WHERE user_id = 1"),
        caller_name: "Anna".into(),
        dialled: company.number("SELECT number FROM extensions WHERE user_id = 2"),
        ..CallRow::default()
    };
    company.db.write_records(&[Change::CallOpened(Box::new(open))]).unwrap();
    company.db.close_interrupted_calls(9000).unwrap();
    let of = |user| company.db.call_of(ONE, UserId(user), "x").unwrap().unwrap();
    assert_eq!((of(1).kind, of(1).ended_at), (PartyKind::Outbound, 9000));
    assert_eq!((of(2).kind, of(2).name.as_str()), (PartyKind::Missed, "Anna"));
    assert_eq!(company.db.call_of(ONE, UserId(3), "x").unwrap(), None);
}

#[test]
fn what_is_too_old_goes_for_every_user() {
    let company = Company::new();
    keep_all(
        &company,
        (1..=3)
            .flat_map(|user| (0..4).map(move |n| party(&format!("{n}"), user, n * 1000, PartyKind::Inbound)))
            .collect(),
    );
    let keep = Retention { calls_from_ms: 2000, ladders_from_ms: 0 };
    while crate::records::prune(&company.db.writer(), keep, 4).unwrap() > 0 {}
    assert_eq!(company.number::<i64>("SELECT count(*) FROM call_parties"), 6);
    assert_eq!(company.number::<i64>("SELECT min(started_at) FROM call_parties"), 2000);
}

/// CH-01: what a spreadsheet would run is text, times are those of the zone, and nothing is left out.
#[test]
fn the_csv_holds_all_that_match_in_the_users_time() {
    let company = Company::new();
    let mut rows: Vec<_> =
        (0..1500).map(|n| party(&format!("{n:04}"), 1, 1_795_298_400_000 + n, PartyKind::Missed)).collect();
    rows[0].name = "=1+1".into();
    rows[0].number = "+4930".into();
    rows[0].answered_at = None;
    keep_all(&company, rows);
    let csv = company.db.calls_of_csv(ONE, ANNA, &PartyQuery::default(), chrono_tz::Europe::Berlin).unwrap();
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!((lines.len(), lines[0]), (1501, "type,number,name,date,duration_s,result"));
    assert_eq!(lines[1500], "Missed,'+4930,'=1+1,2026-11-21 23:00:00,0,answered");
    let query = PartyQuery { search: "=1".into(), ..PartyQuery::default() };
    assert_eq!(company.db.calls_of_csv(ONE, ANNA, &query, chrono_tz::UTC).unwrap().lines().count(), 2);
}
