//! What pages say about a company as a whole: its clock, its people, its phones by site, its announcements.

use rusqlite::{OptionalExtension, Row};

use crate::{Db, TenantId, UserId};

/// How many people there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Headcount {
    pub users: u64,
    pub suspended: u64,
}

/// The phones that belong to a site: by themselves, by their user, or to the default site.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct SitePhones {
    pub site: i64,
    pub name: String,
    pub devices: Vec<i64>,
}

/// What the company tells people at present.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Announcement {
    pub title: String,
    pub text: String,
    /// `plain`, `ok` or `warn`.
    pub tone: String,
    /// Something does not work.
    pub issue: bool,
}

/// A page elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Link {
    pub label: String,
    pub url: String,
    /// Of the portal's icons.
    pub icon: String,
}

/// How a company shows itself. A-44.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Face {
    /// Its name in the portal.
    pub name: String,
    /// Key of its logo's file; blank without one.
    pub logo: String,
}

impl Db {
    /// How a company shows itself; blank if there is no such tenant.
    pub fn face_of(&self, tenant: TenantId) -> rusqlite::Result<Face> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT COALESCE(NULLIF(o.display_name, ''), t.name), COALESCE(o.logo, '') FROM tenants t \
             LEFT JOIN settings o ON o.tenant_id = t.id WHERE t.id = ?1",
        )?;
        let face = statement.query_row([tenant.0], |row| Ok(Face { name: row.get(0)?, logo: row.get(1)? }));
        Ok(face.optional()?.unwrap_or_default())
    }

    /// The time zone of a company: that of its default site. `UTC` without one.
    pub fn time_zone_of(&self, tenant: TenantId) -> rusqlite::Result<String> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT s.time_zone FROM settings o JOIN sites s ON s.id = o.default_site_id WHERE o.tenant_id = ?1",
        )?;
        Ok(statement.query_row([tenant.0], |row| row.get(0)).optional()?.unwrap_or_else(|| "UTC".into()))
    }

    /// The time zone of somebody: their own, else that of their site, else the company's. PRF-05.
    pub fn time_zone_of_user(&self, tenant: TenantId, user: UserId) -> rusqlite::Result<String> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT COALESCE(NULLIF(u.time_zone, ''), s.time_zone, d.time_zone, 'UTC') FROM settings o \
             LEFT JOIN users u ON u.tenant_id = o.tenant_id AND u.id = ?2 LEFT JOIN sites s ON s.id = u.site_id \
             LEFT JOIN sites d ON d.id = o.default_site_id WHERE o.tenant_id = ?1",
        )?;
        Ok(statement
            .query_row((tenant.0, user.0), |row| row.get(0))
            .optional()?
            .unwrap_or_else(|| "UTC".into()))
    }

    /// The internal number of somebody, if they have one.
    pub fn extension_of_user(&self, tenant: TenantId, user: UserId) -> rusqlite::Result<Option<String>> {
        let reader = self.reader()?;
        let mut statement =
            reader.prepare_cached("SELECT number FROM extensions WHERE tenant_id = ?1 AND user_id = ?2")?;
        statement.query_row((tenant.0, user.0), |row| row.get(0)).optional()
    }

    /// How many users a company has. DSH-03.
    pub fn headcount(&self, tenant: TenantId) -> rusqlite::Result<Headcount> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT (SELECT count(*) FROM users WHERE tenant_id = ?1), \
             (SELECT count(*) FROM users WHERE tenant_id = ?1 AND suspended = 1)",
        )?;
        statement.query_row([tenant.0], |row| Ok(Headcount { users: row.get(0)?, suspended: row.get(1)? }))
    }

    /// The phones of each site that has some, by the site's name.
    pub fn phones_by_site(&self, tenant: TenantId) -> rusqlite::Result<Vec<SitePhones>> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT s.id, s.name, d.id FROM devices d LEFT JOIN users u ON u.id = d.user_id \
             LEFT JOIN settings o ON o.tenant_id = d.tenant_id \
             JOIN sites s ON s.id = COALESCE(d.site_id, u.site_id, o.default_site_id) WHERE d.tenant_id = ?1",
        )?;
        let mut found = statement.query([tenant.0])?;
        let mut sites: Vec<SitePhones> = Vec::new();
        while let Some(row) = found.next()? {
            let (site, device): (i64, i64) = (row.get(0)?, row.get(2)?);
            match sites.iter_mut().find(|known| known.site == site) {
                Some(known) => known.devices.push(device),
                None => sites.push(SitePhones { site, name: row.get(1)?, devices: vec![device] }),
            }
        }
        sites.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(sites)
    }

    /// What is announced at `now_ms` (Unix milliseconds) to everybody, and to administrators if asked for.
    pub fn announcements_at(
        &self,
        tenant: TenantId,
        administrator: bool,
        now_ms: i64,
    ) -> rusqlite::Result<Vec<Announcement>> {
        let reader = self.reader()?;
        // Moments are stored as text whose order is that of time.
        let mut statement = reader.prepare_cached(
            "SELECT title, text, tone, issue FROM announcements, \
             (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', ?3 / 1000, 'unixepoch') AS now) \
             WHERE tenant_id = ?1 AND (audience = 'everybody' OR ?2) AND starts <= now AND (ends = '' OR ends > now) \
             ORDER BY id DESC LIMIT 10",
        )?;
        let read = |row: &Row<'_>| {
            let (title, text) = (row.get(0)?, row.get(1)?);
            Ok(Announcement { title, text, tone: row.get(2)?, issue: row.get(3)? })
        };
        statement.query_map((tenant.0, administrator, now_ms), read)?.collect()
    }

    /// The links shown to everybody, and to administrators if asked for, in their order. EXTL-01…03.
    pub fn links_of(&self, tenant: TenantId, administrator: bool) -> rusqlite::Result<Vec<Link>> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT label, url, icon FROM links WHERE tenant_id = ?1 AND (audience = 'everybody' OR ?2) \
             ORDER BY position, label LIMIT 50",
        )?;
        let read = |row: &Row<'_>| Ok(Link { label: row.get(0)?, url: row.get(1)?, icon: row.get(2)? });
        statement.query_map((tenant.0, administrator), read)?.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{Company, author, values},
        resources::{
            announcements::ANNOUNCEMENTS, devices::DEVICES, links::LINKS, sites::SITES, users::USERS,
        },
    };

    const ONE: TenantId = TenantId(1);

    #[test]
    fn a_phone_counts_where_it_stands_then_where_its_user_is_then_at_the_default_site() {
        let company = Company::new();
        let boise = company.db.create(&author(1), &SITES, &values([("name", "Boise")])).unwrap().id;
        let at = boise.to_string();
        let lobby = values([("name", "Lobby"), ("username", "lobby"), ("site", &at)]);
        let lobby = company.db.create(&author(1), &DEVICES, &lobby).unwrap().id;
        company.db.update(&author(1), &USERS, 1, &values([("site", &at)]), None).unwrap();
        let sites = company.db.phones_by_site(ONE).unwrap();
        let mut boise = sites.iter().find(|site| site.name == "Boise").unwrap().devices.clone();
        boise.sort_unstable();
        assert_eq!(boise, [1, lobby]);
        assert_eq!(sites.iter().find(|site| site.name == "Main site").unwrap().devices.len(), 4);
        assert_eq!(company.db.phones_by_site(TenantId(2)).unwrap(), []);
    }

    #[test]
    fn announcements_are_shown_from_their_beginning_to_their_end() {
        let company = Company::new();
        let now = 1_795_000_000_000;
        for (title, starts, ends, audience) in [
            ("Always", "", "", "everybody"),
            ("Over", "", "2026-11-18 00:00", "everybody"),
            ("Soon", "2026-11-20", "", "everybody"),
            ("Ours", "2026-11-18 00:00", "2026-11-19 00:00", "administrators"),
        ] {
            let row = values([("title", title), ("starts", starts), ("ends", ends), ("audience", audience)]);
            company.db.create(&author(1), &ANNOUNCEMENTS, &row).unwrap();
        }
        let titles = |administrator| -> Vec<String> {
            let all = company.db.announcements_at(ONE, administrator, now).unwrap();
            all.into_iter().map(|shown| shown.title).collect()
        };
        assert_eq!(titles(false), ["Always"]);
        assert_eq!(titles(true), ["Ours", "Always"]);
    }

    /// EXTL-01…03
    #[test]
    fn links_come_in_their_order_to_whom_they_are_for() {
        let company = Company::new();
        for (label, position, audience) in
            [("Tickets", "2", "everybody"), ("Billing", "1", "administrators"), ("Help", "3", "everybody")]
        {
            let row = values([
                ("label", label),
                ("url", "https://example.com"),
                ("position", position),
                ("audience", audience),
            ]);
            company.db.create(&author(1), &LINKS, &row).unwrap();
        }
        let labels = |administrator| -> Vec<String> {
            company.db.links_of(ONE, administrator).unwrap().into_iter().map(|link| link.label).collect()
        };
        assert_eq!(labels(false), ["Tickets", "Help"]);
        assert_eq!(labels(true), ["Billing", "Tickets", "Help"]);
    }
}
