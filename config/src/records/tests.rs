use super::*;
use crate::{
    fixture::{Company, author},
    resources::devices::DEVICES,
};

fn binding(device: i64, key: &str, position: i64, expires_at: i64) -> BindingRow {
    BindingRow {
        tenant: TenantId(1),
        device: DeviceId(device),
        key: key.into(),
        contact: format!("sip:{device}@192.0.2.{position}"),
        path: String::new(),
        flow: "udp 192.0.2.1:5060 192.0.2.9:5060".into(),
        user_agent: "phone".into(),
        call_id: "a".into(),
        cseq: u32::MAX,
        position,
        registered_at: 0,
        expires_at,
    }
}

fn call(n: i64, ended_at: Option<i64>) -> CallRow {
    CallRow {
        id: format!("c{n:05}"),
        tenant: 1,
        started_at: n * 1000,
        ended_at,
        caller_number: "101".into(),
        caller_name: "Anna".into(),
        dialled: format!("6{n}"),
        outcome: if ended_at.is_some() { "answered".into() } else { String::new() },
        trace: "[1]".into(),
        legs: "[2]".into(),
        ladder: b"3".into(),
        signature: "verified".into(),
        ..CallRow::default()
    }
}

fn write(company: &Company, calls: impl IntoIterator<Item = CallRow>) {
    let changes: Vec<Change> = calls.into_iter().flat_map(steps).collect();
    company.db.write_records(&changes).unwrap();
}

/// What is written of a call until it is in the state of `call`.
fn steps(call: CallRow) -> Vec<Change> {
    let opened = CallRow { ended_at: None, outcome: String::new(), ..call.clone() };
    let mut steps = vec![Change::CallOpened(Box::new(opened))];
    if call.ended_at.is_some() {
        steps.push(Change::CallClosed(Box::new(call)));
    }
    steps
}

/// SIP-06
#[test]
fn bindings_survive_in_order_until_they_expire() {
    let company = Company::new();
    let (first, second) = (binding(1, "b", 1, 100), binding(1, "a", 2, 200));
    let changes = [
        Change::Bind(second.clone()),
        Change::Bind(binding(1, "b", 1, 50)),
        Change::Bind(first.clone()),
        Change::Bind(binding(2, "x", 1, 200)),
        Change::Unbind { device: DeviceId(2), key: "x".into() },
        Change::Bind(binding(3, "y", 1, 200)),
    ];
    company.db.write_records(&changes).unwrap();
    company.db.delete(&author(1), &DEVICES, 3).unwrap();
    assert_eq!(company.db.load_bindings(99).unwrap(), [first, second.clone()]);
    assert_eq!(company.db.load_bindings(100).unwrap(), [second]);
    assert_eq!(company.number::<i64>("SELECT count(*) FROM bindings"), 1);
}

/// SIP-45
#[test]
fn a_call_left_open_is_closed_and_marked() {
    let company = Company::new();
    write(&company, [call(1, None), call(2, Some(2500))]);
    let traced = |id: &str| Change::CallTraced { id: id.into(), trace: "[]".into() };
    company.db.write_records(&[traced("c00001"), traced("c00002")]).unwrap();
    assert_eq!(company.db.close_interrupted_calls(9000).unwrap(), 1);
    let open = company.db.call(TenantId(1), "c00001").unwrap().unwrap();
    assert_eq!(
        (open.ended_at, open.outcome.as_str(), open.trace.as_str()),
        (Some(9000), "interrupted", "[]")
    );
    assert_eq!(company.db.call(TenantId(1), "c00002").unwrap().unwrap(), call(2, Some(2500)));
    assert!(company.db.call(TenantId(2), "c00002").unwrap().is_none());
    assert_eq!(company.db.close_interrupted_calls(9999).unwrap(), 0);
}

#[test]
fn calls_are_listed_by_page_search_outcome_and_time() {
    let company = Company::new();
    write(&company, (0..25).map(|n| call(n, (n != 7).then_some(n * 1000 + 1))));
    let mut query = CallQuery { limit: 10, ..CallQuery::default() };
    let mut seen = Vec::new();
    loop {
        let found = company.db.calls(TenantId(1), &query).unwrap();
        assert!(found.rows.iter().all(|call| call.ladder.is_empty()));
        seen.extend(found.rows.iter().map(|call| call.started_at / 1000));
        query.after = found.next.map(|(_, id)| id);
        if query.after.is_none() {
            break;
        }
    }
    assert_eq!(seen, (0..25).rev().collect::<Vec<_>>());
    let count = |query: CallQuery| {
        company.db.calls(TenantId(1), &CallQuery { limit: 200, ..query }).unwrap().rows.len()
    };
    assert_eq!(count(CallQuery { search: "anna 624".into(), ..CallQuery::default() }), 1);
    assert_eq!(count(CallQuery { search: "%".into(), ..CallQuery::default() }), 0);
    assert_eq!(count(CallQuery { outcome: Some(String::new()), ..CallQuery::default() }), 1);
    assert_eq!(count(CallQuery { from: Some(5000), to: Some(8000), ..CallQuery::default() }), 3);
    assert!(company.db.calls(TenantId(2), &CallQuery::default()).unwrap().rows.is_empty());
}

/// SIP-45, NUM-10: a search sees so many calls at a time, says how far it got, and goes on there without losing one.
#[test]
fn a_search_ends_after_so_many_calls_and_goes_on_there() {
    let company = Company::new();
    // Many at one moment, and the one that is looked for is the oldest.
    let rows = company.db.writer();
    let inserted = rows.execute(
        "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2 * 5000 + 1) \
         INSERT INTO calls (id, tenant_id, started_at, ended_at, caller_number, caller_name, dialled, answered_by, \
         outcome, cause, revision) SELECT printf('n%06d', i), 1, i / 10, i / 10, '102', '', \
         CASE i WHEN 0 THEN 'rare' ELSE '103' END, '', 'missed', '', 1 FROM n",
        [],
    );
    assert_eq!(inserted.unwrap(), 10_002);
    drop(rows);
    let mut query = CallQuery { search: "rare".into(), limit: 50, ..CallQuery::default() };
    let first = company.db.calls(TenantId(1), &query).unwrap();
    let reached = (500, "n005002".to_owned());
    assert_eq!((first.rows, first.since, &first.next), (vec![], Some(500), &Some(reached)));
    query.after = first.next.map(|(_, id)| id);
    let second = company.db.calls(TenantId(1), &query).unwrap();
    assert_eq!((second.rows.len(), second.since), (0, Some(0)));
    query.after = second.next.map(|(_, id)| id);
    let last = company.db.calls(TenantId(1), &query).unwrap();
    assert_eq!((last.rows[0].dialled.as_str(), last.since, last.next), ("rare", None, None));
    // A list that nothing narrows needs no such end, and the file has what no page found at once.
    let all = company.db.calls(TenantId(1), &CallQuery { limit: 50, ..CallQuery::default() }).unwrap();
    assert_eq!((all.rows.len(), all.since), (50, None));
    let csv = company.db.calls_csv(TenantId(1), &CallQuery { after: None, ..query }, chrono_tz::UTC).unwrap();
    assert_eq!(csv.lines().count(), 2, "{csv}");
}

#[test]
fn old_calls_go_and_their_ladders_earlier() {
    let company = Company::new();
    write(&company, (0..10).map(|n| call(n, (n != 0).then_some(n * 1000 + 1))));
    let keep = Retention { calls_from_ms: 3000, ladders_from_ms: 6000 };
    assert_eq!(prune(&company.db.writer(), keep, 1).unwrap(), 2);
    while prune(&company.db.writer(), keep, 100).unwrap() > 0 {}
    // The open call stays, as old as it is; it has no ladder yet.
    assert_eq!(company.number::<i64>("SELECT count(*) FROM calls"), 8);
    assert_eq!(company.number::<i64>("SELECT count(*) FROM call_ladders"), 4);
    assert_eq!(company.db.call(TenantId(1), "c00004").unwrap().unwrap().ladder, b"");
    assert_eq!(company.db.call(TenantId(1), "c00006").unwrap().unwrap().ladder, b"3");
}

/// SIP-45
#[test]
fn a_call_is_written_as_it_goes() {
    let company = Company::new();
    let read = || company.db.call(TenantId(1), "c00001").unwrap().unwrap();
    let bare = || CallRow { trace: String::new(), legs: String::new(), ladder: Vec::new(), ..call(1, None) };
    company.db.write_records(&[Change::CallOpened(Box::new(call(1, None)))]).unwrap();
    assert_eq!(read(), bare());
    let answer =
        |id: &str| Change::CallAnswered { id: id.into(), answered_at: 1200, answered_by: "102".into() };
    company.db.write_records(&[answer("c00001"), answer("c00009")]).unwrap();
    let answered = CallRow { answered_at: Some(1200), answered_by: "102".into(), ..bare() };
    assert_eq!(read(), answered);
    let over =
        |call| CallRow { answered_at: Some(1200), answered_by: "102".into(), cause: "BYE".into(), ..call };
    // A call whose opening was lost is there in full all the same.
    let closed = [over(call(1, Some(1500))), over(call(2, Some(2500)))];
    company.db.write_records(&closed.clone().map(|call| Change::CallClosed(Box::new(call)))).unwrap();
    assert_eq!(read(), closed[0]);
    assert_eq!(company.db.call(TenantId(1), "c00002").unwrap().as_ref(), Some(&closed[1]));
    assert_eq!(company.number::<i64>("SELECT count(*) FROM calls"), 2);
}

#[test]
fn lists_and_pruning_go_by_index() {
    let company = Company::new();
    let reader = company.db.reader().unwrap();
    let plan = |text: &str| {
        let mut statement = reader.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
        let count = statement.parameter_count();
        let lines =
            statement.query_map(rusqlite::params_from_iter(vec![1; count]), |row| row.get(3)).unwrap();
        lines.collect::<Result<Vec<String>, _>>().unwrap().join("\n")
    };
    let query = CallQuery { from: Some(1), to: Some(2), ..CallQuery::default() };
    // What is searched for is looked for from the newest on: nothing is sorted, and a page ends when it is full.
    let searched = CallQuery { search: "zzz 1".into(), ..CallQuery::default() };
    let dialled = CallQuery { dialled: "+4930".into(), ..CallQuery::default() };
    let missed =
        CallQuery { outcome: Some("missed".into()), after: Some("c1".into()), ..CallQuery::default() };
    for query in [query, CallQuery::default(), searched, dialled, missed] {
        let (span, narrow) = conditions(TenantId(1), &query);
        let end = CALLS.end(&span);
        let page = |reach| CALLS.page(span.clone(), narrow.clone(), reach, 50).0;
        for text in [page(None), page(Some((1, "c1".into()))), end] {
            let list = plan(&text);
            assert!(
                list.contains("calls_by_time") && !list.contains("SCAN") && !list.contains("B-TREE"),
                "{list}"
            );
        }
    }
    for join in ["", "JOIN call_ladders l ON l.id = c.id"] {
        let old = plan(&old_calls(join));
        assert!(old.contains("c USING INDEX calls_by_time (tenant_id=? AND started_at<?)"), "{old}");
        assert!(!old.contains("SCAN c"), "{old}");
    }
    let open = plan("SELECT id FROM calls WHERE ended_at IS NULL");
    assert!(open.contains("calls_open"), "{open}");
}
