//! Hotdesk phones: phones of a site that users log in to. HD-01…06. Who is logged in is part of the device.

use chrono::{DateTime, Duration, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use crate::{
    Db, DeviceId, TenantId, UserId,
    access::{self, Author, Viewer},
    resource::Values,
    resources::devices::DEVICES,
    write::WriteError,
};

/// A phone that is nobody's own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Hotdesk {
    pub device: DeviceId,
    pub name: String,
    pub model: String,
    pub site: String,
    pub location: String,
    /// Who works there, and what they are called.
    pub user: Option<(UserId, String)>,
    /// `2026-11-22T13:30:00Z`; blank if nobody does.
    pub since: String,
}

/// When whoever logged in is logged out without their doing. HD-05.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ends {
    /// So many hours after they logged in.
    pub hours: Option<i64>,
    /// At that time of day, on the site's clocks.
    pub until: Option<NaiveTime>,
}

impl Ends {
    /// Whether who logged in at `since` is out by `now`. Of a time of day that a change of clocks leaves out or has twice,
    /// the first moment at or after it counts.
    pub fn is_over(self, since: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> bool {
        let too_long = self.hours.is_some_and(|hours| now >= since + Duration::hours(hours));
        too_long || self.until.is_some_and(|until| now >= next(since, until, zone))
    }
}

/// The next time that clocks show it after a moment.
fn next(after: DateTime<Utc>, time: NaiveTime, zone: Tz) -> DateTime<Utc> {
    let day = after.with_timezone(&zone).date_naive();
    let moments = (0..3).filter_map(|days| {
        let local = day.checked_add_days(chrono::Days::new(days))?.and_time(time);
        let shown = |minutes| zone.from_local_datetime(&(local + Duration::minutes(minutes))).earliest();
        // Clocks leave out an hour at most, two on one island.
        (0..=120).find_map(shown).map(|at| at.with_timezone(&Utc))
    });
    moments.into_iter().find(|at| *at > after).unwrap_or(after + Duration::days(1))
}

impl Db {
    /// The hotdesk phones that somebody sees, by name. HD-02, HD-03.
    pub fn hotdesks(&self, viewer: &Viewer) -> rusqlite::Result<Vec<Hotdesk>> {
        let scope = access::scope(viewer, &DEVICES);
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(&format!(
            "SELECT t.id, t.name, t.model, s.name, t.location, u.id, u.name, t.hotdesk_since FROM devices t \
             JOIN sites s ON s.id = t.site_id LEFT JOIN users u ON u.id = t.hotdesk_user_id \
             WHERE {} AND t.user_id IS NULL ORDER BY t.name COLLATE NOCASE, t.id",
            scope.condition()
        ))?;
        let read = |row: &rusqlite::Row<'_>| {
            let user: Option<i64> = row.get(5)?;
            Ok(Hotdesk {
                device: DeviceId(row.get(0)?),
                name: row.get(1)?,
                model: row.get(2)?,
                site: row.get(3)?,
                location: row.get(4)?,
                user: user.map(|id| Ok::<_, rusqlite::Error>((UserId(id), row.get(6)?))).transpose()?,
                since: row.get(7)?,
            })
        };
        statement.query_map(scope.parameters(), read)?.collect()
    }

    /// Logs out whoever works at a phone. HD-04.
    pub fn log_out_hotdesk(&self, author: &Author, device: DeviceId) -> Result<(), WriteError> {
        self.update(author, &DEVICES, device.0, &nobody(), None).map(|_| ())
    }

    /// Logs out those whose time is over; how many. HD-05.
    pub fn end_hotdesks(&self, now: DateTime<Utc>) -> Result<usize, WriteError> {
        let over = self.hotdesks_over(now)?;
        for (tenant, device) in &over {
            let author = Author::program(*tenant, "automatic logout", "phone");
            self.log_out_hotdesk(&author, *device)?;
        }
        Ok(over.len())
    }

    fn hotdesks_over(&self, now: DateTime<Utc>) -> rusqlite::Result<Vec<(TenantId, DeviceId)>> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT d.tenant_id, d.id, d.hotdesk_since, c.hotdesk_hours, c.hotdesk_until, COALESCE(s.time_zone, 'UTC') \
             FROM devices d JOIN settings c ON c.tenant_id = d.tenant_id LEFT JOIN sites s ON s.id = d.site_id \
             WHERE d.hotdesk_user_id IS NOT NULL AND (c.hotdesk_hours IS NOT NULL OR c.hotdesk_until <> '')",
        )?;
        let mut found = statement.query([])?;
        let mut over = Vec::new();
        while let Some(row) = found.next()? {
            let (since, until, zone): (String, String, String) = (row.get(2)?, row.get(4)?, row.get(5)?);
            let ends = Ends { hours: row.get(3)?, until: NaiveTime::parse_from_str(&until, "%H:%M").ok() };
            // Whoever was logged in by hand, without a moment, is in since ever.
            let since = DateTime::parse_from_rfc3339(&since)
                .map_or(DateTime::UNIX_EPOCH, |at| at.with_timezone(&Utc));
            if ends.is_over(since, now, zone.parse().unwrap_or(Tz::UTC)) {
                over.push((TenantId(row.get(0)?), DeviceId(row.get(1)?)));
            }
        }
        Ok(over)
    }
}

fn nobody() -> Values {
    ["hotdesk_user", "hotdesk_since"].map(|name| (name.to_owned(), String::new())).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Feed,
        edits::Edit,
        fixture::{Company, author, viewer},
        pins::Proof,
        resources::{settings::SETTINGS, sites::SITES},
    };

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
    }

    fn phone(company: &Company, name: &str) -> i64 {
        let site: i64 = company.number("SELECT id FROM sites WHERE tenant_id = 1");
        company.add(&DEVICES, &[("name", name), ("username", name), ("site", &site.to_string())])
    }

    fn log_in(company: &Company, device: i64, pin: &str) -> Result<(), String> {
        let edit = Edit {
            tenant: TenantId(1),
            by: Some(UserId(1)),
            table: "devices",
            id: device,
            fields: vec![("hotdesk_user", "1".into()), ("hotdesk_since", "2026-11-22T08:00:00Z".into())],
            reason: "hotdesk login".into(),
            proof: Some(Proof { user: UserId(1), pin: pin.into() }),
        };
        company.db.carry_out_edit(&edit, 0).map(|_| ()).map_err(|e| e.in_words())
    }

    /// HD-01, HD-03, HD-04, HD-05: the phone is the user's while they are logged in, and no two are.
    #[test]
    fn a_hotdesk_phone_is_the_users_who_proved_their_pin_until_they_are_logged_out() {
        let company = Company::new();
        let (desk, other) = (phone(&company, "desk"), phone(&company, "other"));
        company.db.set_pin(&author(1), UserId(1), "2580", 0).unwrap();
        let (mut feed, before) = Feed::open(&company.db).unwrap();
        let one = TenantId(1);
        assert!(before.device(one, DeviceId(desk)).unwrap().hotdesk);
        assert_eq!(log_in(&company, desk, "2581"), Err("pin: the PIN is wrong.".into()));
        log_in(&company, desk, "2580").unwrap();
        assert!(log_in(&company, other, "2580").unwrap_err().contains("has it already"));
        let after = feed.poll().unwrap().unwrap();
        assert_eq!(after.device(one, DeviceId(desk)).unwrap().user, Some(UserId(1)));
        assert!(after.devices_of(one, UserId(1)).iter().any(|device| device.id.0 == desk));
        let shown = company.db.hotdesks(&viewer(1)).unwrap();
        assert_eq!(shown[0].user.as_ref().map(|(id, name)| (id.0, name.as_str())), Some((1, "Anna Berg")));
        company.db.log_out_hotdesk(&author(1), DeviceId(desk)).unwrap();
        let out = feed.poll().unwrap().unwrap();
        assert_eq!(out.device(one, DeviceId(desk)).unwrap().user, None);
        assert_eq!(company.db.hotdesks(&viewer(1)).unwrap()[0].user, None);
    }

    /// HD-05: after so many hours, or at a time of day of the site's clocks.
    #[test]
    fn who_forgets_to_log_out_is_logged_out() {
        let company = Company::new();
        let desk = phone(&company, "desk");
        company.db.set_pin(&author(1), UserId(1), "2580", 0).unwrap();
        let settings = company.number("SELECT id FROM settings WHERE tenant_id = 1");
        let site = company.number("SELECT id FROM sites WHERE tenant_id = 1");
        log_in(&company, desk, "2580").unwrap();
        assert_eq!(company.db.end_hotdesks(at("2026-12-31T00:00:00Z")).unwrap(), 0, "nothing is set");
        company.change(&SETTINGS, settings, &[("hotdesk_hours", "9")]);
        assert_eq!(company.db.end_hotdesks(at("2026-11-22T16:59:59Z")).unwrap(), 0);
        assert_eq!(company.db.end_hotdesks(at("2026-11-22T17:00:00Z")).unwrap(), 1);
        assert_eq!(company.db.end_hotdesks(at("2026-11-22T17:00:00Z")).unwrap(), 0);
        log_in(&company, desk, "2580").unwrap();
        company.change(&SETTINGS, settings, &[("hotdesk_hours", ""), ("hotdesk_until", "18:30")]);
        company.change(&SITES, site, &[("time_zone", "Europe/Berlin")]);
        assert_eq!(company.db.end_hotdesks(at("2026-11-22T17:29:59Z")).unwrap(), 0);
        assert_eq!(company.db.end_hotdesks(at("2026-11-22T17:30:00Z")).unwrap(), 1);
    }

    /// HD-05, OPS-12: 02:30 is left out on 29 March and comes twice on 25 October.
    #[test]
    fn a_time_of_day_is_found_when_clocks_change() {
        let berlin = Tz::Europe__Berlin;
        let half_past_two = NaiveTime::from_hms_opt(2, 30, 0).unwrap();
        assert_eq!(next(at("2026-03-28T20:00:00Z"), half_past_two, berlin), at("2026-03-29T01:00:00Z"));
        assert_eq!(next(at("2026-10-24T20:00:00Z"), half_past_two, berlin), at("2026-10-25T00:30:00Z"));
        assert_eq!(next(at("2026-06-01T00:30:00Z"), half_past_two, berlin), at("2026-06-02T00:30:00Z"));
    }
}
