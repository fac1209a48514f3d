//! Which phones a change concerns: those whose settings, keys or phone books are others now. SIP-36, DEV-12, DEV-14, DIR-12.
//!
//! Only phones that fetch their settings from here count. What a row was before is read from the history, so that a key
//! or a contact that is gone still names its phone.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, ToSql};

use super::change::Touched;
use crate::{
    DeviceId, Snapshot,
    resources::{
        contacts, device_buttons::DEVICE_BUTTONS, devices::DEVICES, extensions::EXTENSIONS,
        feature_codes::FEATURE_CODES, node_settings::NODE_SETTINGS, settings::SETTINGS, sites::SITES,
        tenants::TENANTS, users::USERS,
    },
};

/// The phones that these changes since `from` concern, in order of their ids.
pub(super) fn phones(
    rows: &Connection,
    from: &Snapshot,
    touched: &[Touched],
) -> rusqlite::Result<Vec<DeviceId>> {
    let mut concerned = Concerned::of(rows, from);
    for one in touched {
        concerned.add(one)?;
    }
    concerned.list()
}

/// What was found so far.
struct Concerned<'a> {
    rows: &'a Connection,
    from: &'a Snapshot,
    /// The revision before.
    since: i64,
    phones: BTreeSet<i64>,
    /// Of whose phones all are concerned.
    tenants: BTreeSet<i64>,
}

impl<'a> Concerned<'a> {
    fn of(rows: &'a Connection, from: &'a Snapshot) -> Self {
        Self { rows, from, since: from.revision, phones: BTreeSet::new(), tenants: BTreeSet::new() }
    }

    fn add(&mut self, touched: &Touched) -> rusqlite::Result<()> {
        let (name, id) = (touched.of.name, touched.id);
        if name == DEVICES.name {
            self.phones.insert(id);
        } else if name == DEVICE_BUTTONS.name {
            self.phones("SELECT device_id FROM device_buttons WHERE id = ?1", &[&id])?;
            let since = self.since;
            self.phones(&was(name, "device"), &[&id, &since])?;
        } else if name == USERS.name {
            self.phones(OF_USER, &[&id])?;
            if self.is_listed_otherwise(id)? {
                self.tenant(USER_TENANT, id)?;
            }
        } else if name == EXTENSIONS.name {
            self.tenant("SELECT tenant_id FROM extensions WHERE id = ?1", id)?;
            self.tenant(&tenant_was(name), id)?;
        } else if name == FEATURE_CODES.name {
            self.tenant("SELECT tenant_id FROM feature_codes WHERE id = ?1", id)?;
            self.tenant(&tenant_was(name), id)?;
        } else if name == SETTINGS.name {
            self.tenant("SELECT tenant_id FROM settings WHERE id = ?1", id)?;
        } else if name == SITES.name {
            self.tenant("SELECT tenant_id FROM sites WHERE id = ?1", id)?;
        } else if name == contacts::CONTACTS.name {
            self.tenant("SELECT tenant_id FROM contacts WHERE id = ?1", id)?;
            self.tenants.extend(self.from.rows().contacts.get(&id).map(|contact| contact.tenant.0));
        } else if name == contacts::OWN.name {
            self.phones(OF_KEEPER, &[&id])?;
            if let Some(gone) = self.from.rows().own_contacts.get(&id) {
                self.phones(OF_USER, &[&gone.user.0])?;
            }
        } else if name == TENANTS.name {
            self.tenants.insert(id);
        } else if name == NODE_SETTINGS.name && self.is_served_otherwise()? {
            self.tenant_ids("SELECT id FROM tenants", &[])?;
        }
        Ok(())
    }

    /// Whether a user stands otherwise in the company's directory than before: came, went, or has another name or number.
    fn is_listed_otherwise(&self, user: i64) -> rusqlite::Result<bool> {
        self.rows.prepare_cached(LISTED)?.exists((user, self.since))
    }

    /// Whether phones are told another server than before.
    fn is_served_otherwise(&self) -> rusqlite::Result<bool> {
        self.rows.prepare_cached(SERVED)?.exists([self.since])
    }

    fn phones(&mut self, select: &str, parameters: &[&dyn ToSql]) -> rusqlite::Result<()> {
        let mut statement = self.rows.prepare_cached(select)?;
        for id in statement.query_map(parameters, |row| row.get::<_, Option<i64>>(0))? {
            self.phones.extend(id?);
        }
        Ok(())
    }

    fn tenant(&mut self, select: &str, id: i64) -> rusqlite::Result<()> {
        let tenant: Option<i64> =
            self.rows.prepare_cached(select)?.query_row([id], |row| row.get(0)).optional()?;
        self.tenants.extend(tenant);
        Ok(())
    }

    fn tenant_ids(&mut self, select: &str, parameters: &[&dyn ToSql]) -> rusqlite::Result<()> {
        let mut statement = self.rows.prepare_cached(select)?;
        for id in statement.query_map(parameters, |row| row.get::<_, i64>(0))? {
            self.tenants.insert(id?);
        }
        Ok(())
    }

    /// Those that fetch their settings from here.
    fn list(mut self) -> rusqlite::Result<Vec<DeviceId>> {
        for tenant in std::mem::take(&mut self.tenants) {
            self.phones("SELECT id FROM devices WHERE tenant_id = ?1 AND model <> ''", &[&tenant])?;
        }
        let rows = self.rows;
        let mut is_set_up =
            rows.prepare_cached("SELECT 1 FROM devices WHERE id = ?1 AND model <> '' AND mac <> ''")?;
        let mut list = Vec::new();
        for id in self.phones {
            if is_set_up.exists([id])? {
                list.push(DeviceId(id));
            }
        }
        Ok(list)
    }
}

/// SQL for what a field of a row, `?1`, was at the revision `?2` or since.
fn was(table: &str, field: &str) -> String {
    format!(
        "SELECT CAST(json_extract(before, '$.{field}') AS INTEGER) FROM history WHERE tbl = '{table}' \
         AND row_id = ?1 AND revision > ?2 AND before IS NOT NULL"
    )
}

/// SQL for the tenant of a row, `?1`, that may be gone.
fn tenant_was(table: &str) -> String {
    format!(
        "SELECT tenant_id FROM history WHERE tbl = '{table}' AND row_id = ?1 ORDER BY revision DESC LIMIT 1"
    )
}

const OF_USER: &str = "SELECT id FROM devices WHERE user_id = ?1 OR hotdesk_user_id = ?1";
const OF_KEEPER: &str = "SELECT d.id FROM own_contacts c JOIN devices d \
    ON c.user_id IN (d.user_id, d.hotdesk_user_id) WHERE c.id = ?1";
const USER_TENANT: &str = "SELECT tenant_id FROM users WHERE id = ?1 UNION ALL \
    SELECT tenant_id FROM history WHERE tbl = 'users' AND row_id = ?1 LIMIT 1";
const LISTED: &str = "SELECT 1 FROM history h LEFT JOIN users u ON u.id = h.row_id WHERE h.tbl = 'users' \
    AND h.row_id = ?1 AND h.revision > ?2 AND (h.before IS NULL OR u.id IS NULL \
    OR u.first_name IS NOT json_extract(h.before, '$.first_name') \
    OR u.last_name IS NOT json_extract(h.before, '$.last_name') \
    OR u.mobile IS NOT json_extract(h.before, '$.mobile') \
    OR u.work_phone IS NOT json_extract(h.before, '$.work_phone') \
    OR u.home_phone IS NOT json_extract(h.before, '$.home_phone') \
    OR CAST(u.in_directory AS TEXT) IS NOT CAST(json_extract(h.before, '$.in_directory') AS TEXT))";
const SERVED: &str = "SELECT 1 FROM history h JOIN node_settings n WHERE h.tbl = 'node_settings' AND h.revision > ?1 \
    AND n.phone_server IS NOT json_extract(h.before, '$.phone_server')";

#[cfg(test)]
mod tests {
    use crate::{
        DeviceId, Feed,
        fixture::{Company, author},
        resources::{
            contacts::CONTACTS, device_buttons::DEVICE_BUTTONS, devices::DEVICES,
            feature_codes::FEATURE_CODES, users::USERS,
        },
    };

    /// The phones that the next snapshot names.
    fn told(feed: &mut Feed) -> Vec<i64> {
        let snapshot = feed.poll().unwrap().expect("a new revision");
        snapshot.resync().iter().map(|DeviceId(id)| *id).collect()
    }

    /// SIP-36, DEV-12: a phone is told when its keys change, also when one goes.
    #[test]
    fn a_phone_is_told_when_a_key_of_it_changes() {
        let company = Company::new();
        let (mut feed, _) = Feed::open(&company.db).unwrap();
        let phone = company.add_phone("0015651a7f22");
        assert_eq!(told(&mut feed), [phone]);
        let key = company.add(
            &DEVICE_BUTTONS,
            &[("device", &phone.to_string()), ("position", "2"), ("type", "blf"), ("value", "102")],
        );
        assert_eq!(told(&mut feed), [phone]);
        company.db.delete(&author(1), &DEVICE_BUTTONS, key).unwrap();
        assert_eq!(told(&mut feed), [phone]);
    }

    /// DEV-14, DIR-12: who is renamed is renamed in the phone books of all; who is suspended is not.
    #[test]
    fn a_name_reaches_all_phones_of_the_company_and_a_suspension_none() {
        let company = Company::new();
        let user = company.add(&USERS, &[("first_name", "Eva")]);
        let phone = company.add_phone("0015651a7f22");
        let by_hand = company.add(&DEVICES, &[("name", "Softphone"), ("username", "soft")]);
        let (mut feed, _) = Feed::open(&company.db).unwrap();
        company.change(&USERS, user, &[("first_name", "Ada")]);
        assert_eq!(told(&mut feed), [phone], "{by_hand} does not fetch its settings");
        company.change(&USERS, user, &[("suspended", "1")]);
        assert_eq!(told(&mut feed), Vec::<i64>::new());
        company.change(&USERS, user, &[("in_directory", "0")]);
        assert_eq!(told(&mut feed), [phone]);
    }

    /// SIP-34, HD-01: a hotdesk phone fetches the settings of whoever logs in, and of nobody when they log out.
    #[test]
    fn a_hotdesk_phone_fetches_its_settings_when_somebody_logs_in_or_out() {
        let company = Company::new();
        let phone = company.add_phone("0015651a7f22");
        let site: i64 = company.number("SELECT id FROM sites WHERE tenant_id = 1");
        company.change(&DEVICES, phone, &[("site", &site.to_string())]);
        let (mut feed, _) = Feed::open(&company.db).unwrap();
        let shown = || company.db.profile(DeviceId(phone)).unwrap().unwrap().line.display_name;
        let nobody = shown();
        company.change(&DEVICES, phone, &[("hotdesk_user", "1")]);
        assert_eq!((told(&mut feed), shown().as_str()), (vec![phone], "Anna Berg"));
        company.change(&USERS, 1, &[("first_name", "Ada")]);
        assert!(told(&mut feed).contains(&phone));
        company.change(&DEVICES, phone, &[("hotdesk_user", "")]);
        assert_eq!((told(&mut feed), shown()), (vec![phone], nobody));
    }

    /// FC-01…15, DEV-12: phones learn their company's codes anew when one changes.
    #[test]
    fn a_code_that_changes_reaches_all_phones() {
        let company = Company::new();
        let phone = company.add_phone("0015651a7f22");
        let (mut feed, _) = Feed::open(&company.db).unwrap();
        let echo = company.number("SELECT id FROM feature_codes WHERE tenant_id = 1 AND function = 'echo'");
        company.change(&FEATURE_CODES, echo, &[("code", "*44")]);
        assert_eq!(told(&mut feed), [phone]);
        let codes = company.db.profile(DeviceId(phone)).unwrap().unwrap().codes;
        assert!(codes.iter().any(|(_, code)| code == "*44") && !codes.iter().any(|(_, code)| code == "*43"));
    }

    /// DEV-14: what somebody keeps for themselves concerns their own phones, what all see concerns all.
    #[test]
    fn a_contact_reaches_the_phones_on_which_it_is_seen() {
        let company = Company::new();
        let user = company.add(&USERS, &[("first_name", "Eva")]);
        let (own, other) = (company.add_phone("0015651a7f22"), company.add_phone("0015651a7f23"));
        company.change(&DEVICES, own, &[("user", &user.to_string())]);
        let (mut feed, _) = Feed::open(&company.db).unwrap();
        let keep = "INSERT INTO own_contacts (tenant_id, user_id, last_name) SELECT tenant_id, id, 'Zoe' FROM users \
            WHERE id = ?1";
        company.db.writer().execute(keep, [user]).unwrap();
        assert_eq!(told(&mut feed), [own]);
        company.db.writer().execute("DELETE FROM own_contacts", []).unwrap();
        assert_eq!(told(&mut feed), [own]);
        let shared = company.add(&CONTACTS, &[("last_name", "Acme"), ("work", "+49 30 555")]);
        assert_eq!(told(&mut feed), [own, other]);
        company.db.delete(&author(1), &CONTACTS, shared).unwrap();
        assert_eq!(told(&mut feed), [own, other]);
    }
}
