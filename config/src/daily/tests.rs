use super::*;
use crate::{
    fixture::{Company, author, values},
    records::{CallRow, Change},
    resources::{sites::SITES, tenants::TENANTS},
};

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
}

/// Does what is due; what that was.
fn turn(company: &Company, now: &str) -> Vec<Due> {
    let due = company.db.due_jobs(at(now)).unwrap();
    for due in &due {
        while company.db.run_daily(*due, at(now), 100).unwrap() != Step::Done {}
    }
    due
}

fn jobs_of(tenant: i64, due: &[Due]) -> Vec<(Job, String)> {
    let theirs = due.iter().filter(|due| due.tenant == TenantId(tenant));
    theirs.map(|due| (due.job, due.day.to_string())).collect()
}

fn all_on(day: &str) -> Vec<(Job, String)> {
    Job::ALL.map(|job| (job, day.to_owned())).into()
}

/// OPS-14: each company's day begins at its own midnight.
#[test]
fn a_day_begins_at_midnight_of_the_companys_clocks_and_its_jobs_are_done_once() {
    let company = Company::new();
    let other = values([("name", "Other"), ("domain", "other.example")]);
    let other = company.db.create(&author(1), &TENANTS, &other).unwrap().id;
    let site = company.number("SELECT id FROM sites WHERE tenant_id = 1");
    company.change(&SITES, site, &[("time_zone", "Asia/Tokyo")]);
    let first = turn(&company, "2026-11-22T14:59:59Z");
    assert_eq!(jobs_of(1, &first), all_on("2026-11-22"));
    assert_eq!(jobs_of(other, &first), [(Job::Audit, "2026-11-22".into())], "the program's are done once");
    assert_eq!(turn(&company, "2026-11-22T14:59:59Z"), []);
    let tokyo = turn(&company, "2026-11-22T15:00:00Z");
    assert_eq!((jobs_of(1, &tokyo), jobs_of(other, &tokyo)), (all_on("2026-11-23"), vec![]));
    let utc = turn(&company, "2026-11-23T00:00:00Z");
    assert_eq!((jobs_of(1, &utc), jobs_of(other, &utc)), (vec![], vec![(Job::Audit, "2026-11-23".into())]));
}

/// OPS-14: stopped across two midnights, the jobs are done once; killed in the middle, they go on.
#[test]
fn days_of_downtime_are_made_up_for_once() {
    let company = Company::new();
    turn(&company, "2026-11-20T23:59:59Z");
    let old = |n: i64| CallRow {
        id: format!("c{n}"),
        tenant: 1,
        started_at: n,
        ended_at: Some(n + 1),
        outcome: "answered".into(),
        ..CallRow::default()
    };
    let calls: Vec<_> = (0..5).map(|n| Change::CallClosed(Box::new(old(n)))).collect();
    company.db.write_records(&calls).unwrap();
    assert_eq!(turn(&company, "2026-11-20T23:59:59Z"), [], "nothing more on that day");
    let now = at("2026-11-22T00:00:01Z");
    let due = company.db.due_jobs(now).unwrap();
    assert_eq!(jobs_of(1, &due), all_on("2026-11-22"), "once, for two days");
    let calls = due.into_iter().find(|due| due.job == Job::Calls).unwrap();
    assert_eq!(company.db.run_daily(calls, now, 2).unwrap(), Step::Gone(2));
    // What a killed program had done stays done, and the rest is still due.
    let again = Db::open(company.folder.path()).unwrap();
    assert!(again.due_jobs(now).unwrap().contains(&calls));
    while again.run_daily(calls, now, 2).unwrap() != Step::Done {}
    assert_eq!(company.number::<i64>("SELECT count(*) FROM calls"), 0);
    assert!(!again.due_jobs(now).unwrap().contains(&calls));
    company.db.write_records(&[Change::CallClosed(Box::new(old(9)))]).unwrap();
    assert_eq!(again.run_daily(calls, now, 2).unwrap(), Step::Done, "it was done already");
    assert_eq!(company.number::<i64>("SELECT count(*) FROM calls"), 1);
}

/// OPS-14: by the settings, calls longer than their traces.
#[test]
fn calls_are_kept_for_as_long_as_the_settings_say() {
    let company = Company::new();
    let day = at("2026-11-22T12:00:00Z");
    let ago = |days: i64| (day - TimeDelta::days(days)).timestamp_millis();
    let call = |days: i64| CallRow {
        id: format!("c{days}"),
        tenant: 1,
        started_at: ago(days),
        ended_at: Some(ago(days) + 1),
        trace: "[]".into(),
        ..CallRow::default()
    };
    let calls = [1, 29, 31, 364, 366].map(|days| Change::CallClosed(Box::new(call(days))));
    company.db.write_records(&calls).unwrap();
    turn(&company, "2026-11-22T12:00:00Z");
    assert_eq!(company.number::<i64>("SELECT count(*) FROM calls"), 4);
    assert_eq!(company.number::<i64>("SELECT count(*) FROM call_ladders"), 2);
    let of = &crate::resources::node_settings::NODE_SETTINGS;
    company.change(of, 1, &[("call_retention_days", "29"), ("ladder_retention_days", "7")]);
    turn(&company, "2026-11-23T12:00:00Z");
    assert_eq!(company.number::<i64>("SELECT count(*) FROM calls"), 1, "29 days, a day later, are 30");
    assert_eq!(company.number::<i64>("SELECT count(*) FROM call_ladders"), 1);
}

/// OPS-14: a clock that ran ahead when the machine started does not stop the jobs for years.
#[test]
fn a_day_that_a_wrong_clock_noted_is_none() {
    let company = Company::new();
    turn(&company, "2038-01-19T03:14:07Z");
    assert_eq!(jobs_of(1, &turn(&company, "2026-11-22T08:00:00Z")), all_on("2026-11-22"));
    let site = company.number("SELECT id FROM sites WHERE tenant_id = 1");
    company.change(&SITES, site, &[("time_zone", "Pacific/Honolulu")]);
    assert_eq!(turn(&company, "2026-11-22T08:00:00Z"), [], "it is the 21st there, and the 22nd is done");
}
