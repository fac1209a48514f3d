//! What calls outside leave behind: minutes of each day, who called for help, and what administrators must see. A restart
//! changes none of it. SIP-42, SIP-44, GEO-08.

use rusqlite::{Connection, Row};

use crate::{
    Db, DeviceId, TenantId, UserId,
    access::Author,
    audit::{self, About, Changes},
    numbering::Class,
    outbox::{self, Content, MailKind},
    resources::users::USERS,
    secret::Cipher,
};

/// What somebody talked of a class of calls on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct UsageRow {
    pub tenant: TenantId,
    /// `None` for calls of nobody.
    pub user: Option<UserId>,
    pub class: Class,
    /// Of UTC: `2026-11-22`.
    pub day: String,
    pub seconds: u64,
}

/// Who called for help.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct EmergencyRow {
    pub call: String,
    pub tenant: TenantId,
    /// Unix milliseconds.
    pub at: i64,
    pub user: Option<UserId>,
    pub device: Option<DeviceId>,
    /// The number that help sees and calls back; E.164 as a rule.
    pub shown: String,
    pub dialled: String,
    /// Where the phone is reached; `None` if it was none of ours.
    pub reach: Option<Reach>,
}

/// Where a phone is reached that called for help, whether or not it may register. SIP-42
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Its contact address.
    pub contact: String,
    /// Route values before it, joined by `,`; blank if there are none.
    pub path: String,
    /// The flow by which it came, as in [`super::BindingRow`].
    pub flow: String,
}

/// Something that administrators must see.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct AlertRow {
    pub tenant: TenantId,
    /// Unix milliseconds.
    pub at: i64,
    pub kind: AlertKind,
    /// Who did what where, in a sentence.
    pub text: String,
    /// Whom it concerns.
    pub user: Option<UserId>,
    /// Addresses that get it by mail.
    pub mail: Vec<String>,
}

/// What is alarming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertKind {
    /// Somebody called for help. GEO-08.
    Emergency,
    /// A limit stopped a call. SIP-44.
    Limit,
}

/// An alert that nobody has seen yet.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[allow(missing_docs)]
pub struct Alert {
    pub id: i64,
    /// Unix milliseconds.
    pub at: i64,
    /// `emergency` or `limit`.
    pub kind: String,
    pub text: String,
}

/// What the engine is told at its start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutsideRows {
    /// Of this day.
    pub usage: Vec<UsageRow>,
    /// Of the last hour.
    pub emergencies: Vec<EmergencyRow>,
}

impl AlertKind {
    /// As stored, and as the audit log calls it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Emergency => "emergency",
            Self::Limit => "limit",
        }
    }
    fn subject(self) -> &'static str {
        match self {
            Self::Emergency => "Emergency call",
            Self::Limit => "A call limit was reached",
        }
    }
}

impl Db {
    /// What was talked on that day (`2026-11-22`), and who called for help since that moment (Unix milliseconds). Older
    /// rows are removed.
    pub fn load_outside(&self, day: &str, since_ms: i64) -> rusqlite::Result<OutsideRows> {
        let writer = self.writer();
        writer.execute("DELETE FROM outside_usage WHERE day < date(?1, '-62 days')", [day])?;
        writer.execute("DELETE FROM emergency_calls WHERE at < ?1", [since_ms])?;
        let mut usage = writer.prepare(
            "SELECT tenant_id, user_id, class, day, seconds FROM outside_usage WHERE day = ?1 ORDER BY tenant_id, user_id",
        )?;
        let usage =
            usage.query_map([day], read_usage)?.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        let mut emergencies = writer.prepare(
            "SELECT call_id, tenant_id, at, user_id, device_id, shown, dialled, contact, path, flow \
             FROM emergency_calls ORDER BY at",
        )?;
        let emergencies = emergencies.query_map([], read_emergency)?.collect::<Result<_, _>>()?;
        Ok(OutsideRows { usage, emergencies })
    }

    /// What a tenant's administrators have not seen yet, the newest first, at most 20.
    pub fn alerts(&self, tenant: TenantId) -> rusqlite::Result<Vec<Alert>> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT id, at, kind, text FROM alerts WHERE tenant_id = ?1 AND seen_at IS NULL ORDER BY id DESC LIMIT 20",
        )?;
        statement
            .query_map([tenant.0], |row| {
                Ok(Alert { id: row.get(0)?, at: row.get(1)?, kind: row.get(2)?, text: row.get(3)? })
            })?
            .collect()
    }

    /// Somebody has seen an alert. `false` if it is none of their company's, or was seen before.
    pub fn see_alert(&self, author: &Author, id: i64, now_ms: i64) -> rusqlite::Result<bool> {
        let seen = self.writer().execute(
            "UPDATE alerts SET seen_at = ?3, seen_by = ?4 WHERE id = ?1 AND tenant_id = ?2 AND seen_at IS NULL",
            (id, author.viewer.tenant.0, now_ms, &author.name),
        )?;
        Ok(seen > 0)
    }
}

pub(super) fn keep_usage(rows: &Connection, usage: &UsageRow) -> rusqlite::Result<()> {
    rows.prepare_cached(
        "INSERT INTO outside_usage (tenant_id, user_id, class, day, seconds) VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT (tenant_id, day, class, user_id) DO UPDATE SET seconds = seconds + excluded.seconds",
    )?
    .execute((
        usage.tenant.0,
        usage.user.map_or(0, |user| user.0),
        usage.class.key(),
        &usage.day,
        usage.seconds as i64,
    ))?;
    Ok(())
}

/// A call that is there already is reached elsewhere from now on.
pub(super) fn keep_emergency(rows: &Connection, call: &EmergencyRow) -> rusqlite::Result<()> {
    let part = |part: fn(&Reach) -> &String| call.reach.as_ref().map_or("", |reach| part(reach));
    rows.prepare_cached(
        "INSERT INTO emergency_calls \
         (call_id, tenant_id, at, user_id, device_id, shown, dialled, contact, path, flow) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (call_id) DO UPDATE \
         SET contact = excluded.contact, path = excluded.path, flow = excluded.flow",
    )?
    .execute((
        &call.call,
        call.tenant.0,
        call.at,
        call.user.map(|user| user.0),
        call.device.map(|device| device.0),
        &call.shown,
        &call.dialled,
        part(|reach| &reach.contact),
        part(|reach| &reach.path),
        part(|reach| &reach.flow),
    ))?;
    Ok(())
}

/// Shows it in the portal, sends its mail, and notes it in the audit log, all at once.
pub(super) fn keep_alert(rows: &Connection, cipher: &Cipher, alert: &AlertRow) -> rusqlite::Result<()> {
    rows.prepare_cached("INSERT INTO alerts (tenant_id, at, kind, text) VALUES (?1, ?2, ?3, ?4)")?
        .execute((alert.tenant.0, alert.at, alert.kind.key(), &alert.text))?;
    let parts = [("subject", alert.kind.subject()), ("text", &alert.text)];
    let content: Content = parts.map(|(part, text)| (part.to_owned(), text.to_owned())).into();
    for address in alert.mail.iter().take(MOST_MAIL) {
        outbox::queue(rows, cipher, alert.tenant.0, (MailKind::Alert, address), &content)?;
    }
    let author = Author::program(alert.tenant, "the telephone system", "phone");
    let id = alert.user.map_or(0, |user| user.0);
    let about = About {
        of: &USERS,
        id,
        tenant: alert.tenant.0,
        title: &alert.text,
        action: alert.kind.key(),
        version: 0,
    };
    audit::note(rows, &author, about, &Changes::new())
}

fn read_usage(row: &Row<'_>) -> rusqlite::Result<Option<UsageRow>> {
    let Some(class) = Class::of(row.get_ref(2)?.as_str()?) else { return Ok(None) };
    let user = Some(row.get(1)?).filter(|id| *id != 0).map(UserId);
    let seconds = row.get::<_, i64>(4)?.max(0) as u64;
    Ok(Some(UsageRow { tenant: TenantId(row.get(0)?), user, class, day: row.get(3)?, seconds }))
}

fn read_emergency(row: &Row<'_>) -> rusqlite::Result<EmergencyRow> {
    let reach = Reach { contact: row.get(7)?, path: row.get(8)?, flow: row.get(9)? };
    Ok(EmergencyRow {
        call: row.get(0)?,
        tenant: TenantId(row.get(1)?),
        at: row.get(2)?,
        user: row.get::<_, Option<i64>>(3)?.map(UserId),
        device: row.get::<_, Option<i64>>(4)?.map(DeviceId),
        shown: row.get(5)?,
        dialled: row.get(6)?,
        reach: Some(reach).filter(|reach| !reach.contact.is_empty()),
    })
}

/// Addresses that one alert goes to.
const MOST_MAIL: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{Company, author, viewer},
        records::Change,
        resources::node_settings::NODE_SETTINGS,
    };

    const ONE: TenantId = TenantId(1);

    /// SIP-44: a day's minutes are there after a restart, those of other days are not.
    #[test]
    fn what_was_talked_on_a_day_adds_up_and_is_read_again() {
        let company = Company::new();
        let usage = |user, day: &str, seconds| {
            Change::Usage(UsageRow {
                tenant: ONE,
                user,
                class: Class::International,
                day: day.into(),
                seconds,
            })
        };
        let anna = Some(UserId(1));
        let rows = [
            usage(anna, "2026-11-22", 60),
            usage(anna, "2026-11-22", 30),
            usage(None, "2026-11-22", 5),
            usage(anna, "2026-11-21", 999),
        ];
        company.db.write_records(&rows).unwrap();
        let read = company.db.load_outside("2026-11-22", 0).unwrap().usage;
        let read: Vec<_> = read.iter().map(|row| (row.user, row.seconds)).collect();
        assert_eq!(read, [(None, 5), (anna, 90)]);
    }

    /// SIP-42, GEO-08
    #[test]
    fn a_call_for_help_is_kept_an_hour_told_by_mail_in_the_portal_and_in_the_audit_log() {
        let company = Company::new();
        company.change(
            &NODE_SETTINGS,
            1,
            &[("smtp_host", "mail.example.com"), ("mail_from", "pbx@example.com")],
        );
        let call = EmergencyRow {
            call: "c1".into(),
            tenant: ONE,
            at: 5000,
            user: Some(UserId(1)),
            device: None,
            shown: "+49301234500".into(),
            dialled: "112".into(),
            reach: None,
        };
        let text = "101 Anna Berg called 112 from Office".to_owned();
        let alert = AlertRow {
            tenant: ONE,
            at: 5000,
            kind: AlertKind::Emergency,
            text: text.clone(),
            user: Some(UserId(1)),
            mail: vec!["gate@example.com".into()],
        };
        let rows = [Change::Emergency(Box::new(call.clone())), Change::Alert(Box::new(alert))];
        company.db.write_records(&rows).unwrap();
        assert_eq!(
            company.db.load_outside("2026-11-22", 4000).unwrap().emergencies,
            std::slice::from_ref(&call)
        );
        let reach = Reach {
            contact: "sip:101@192.0.2.1:5062".into(),
            path: "<sip:192.0.2.9;lr>".into(),
            flow: "udp 198.51.100.1:5060 192.0.2.1:5062".into(),
        };
        let moved = EmergencyRow { reach: Some(reach), ..call };
        company.db.write_records(&[Change::Emergency(Box::new(moved.clone()))]).unwrap();
        assert_eq!(company.db.load_outside("2026-11-22", 4000).unwrap().emergencies, [moved]);
        assert!(company.db.load_outside("2026-11-22", 6000).unwrap().emergencies.is_empty());
        let shown = company.db.alerts(ONE).unwrap();
        assert_eq!(
            (shown.len(), shown[0].text.as_str(), shown[0].kind.as_str()),
            (1, text.as_str(), "emergency")
        );
        assert!(company.db.alerts(TenantId(2)).unwrap().is_empty());
        let due = company.db.due_mail(i64::MAX, 9).unwrap();
        assert_eq!((due[0].kind, due[0].recipient.as_str()), (MailKind::Alert, "gate@example.com"));
        assert_eq!(due[0].content["text"], text);
        let entry = company.db.audit(&viewer(1), None, None, 1).unwrap().remove(0);
        assert_eq!((entry.action.as_str(), entry.title), ("emergency", text));
        assert!(company.db.see_alert(&author(1), shown[0].id, 7000).unwrap());
        assert!(!company.db.see_alert(&author(1), shown[0].id, 7000).unwrap());
        assert!(company.db.alerts(ONE).unwrap().is_empty());
    }
}
