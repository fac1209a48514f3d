//! Park lots: numbered slots in which calls wait until somebody takes them. CTRL-05, ORG-10, SIP-33, EXT-05.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row};

use crate::{
    DepartmentId, Field, ParkLotId, Problem, Resource, TenantId,
    destination::{Cause, Destination},
    resource::{Hooks, Values},
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// A row of slots.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct ParkLot {
    pub id: ParkLotId,
    pub tenant: TenantId,
    pub name: String,
    /// Whose calls are parked here; `None` is everybody who has no lot of their own.
    pub department: Option<DepartmentId>,
    /// The number of the first slot, 2–6 digits.
    pub first_slot: String,
    /// How many slots there are, 1–99: the first one and the numbers that follow it.
    pub slots: u32,
    /// After that long a call returns to who parked it. [10 s–1 h, default 120 s]
    pub timeout: Duration,
    /// Before the caller's name when a call returns.
    pub caller_prefix: String,
    /// Where a call goes that who parked it does not take back.
    pub fallback: Destination,
}

/// The declaration.
pub static PARK_LOTS: Resource = Resource {
    name: "park_lots",
    one: "Park lot",
    many: "Park lots",
    icon: "parking",
    menu: "Configuration",
    about: "Numbered slots in which calls wait until a colleague dials the slot.",
    fields: &[
        Field::text("name", "Name").required().unique(),
        Field::reference("department", "Department", "departments")
            .moves()
            .unique()
            .help("Whose calls are parked here. Blank is everybody whose department has no park lot."),
        Field::text("first_slot", "First slot")
            .required()
            .max(6)
            .help("Its number, 2 to 6 digits. The other slots are the numbers that follow."),
        Field::number("slots", "Slots", 1, 99, "").required().default("10"),
        Field::seconds("timeout", "Returns after", 10, 3600)
            .required()
            .default("120")
            .help("A call that nobody takes rings again at who parked it."),
        Field::text("caller_prefix", "Caller name prefix")
            .max(16)
            .default("Park")
            .help("Shown before the caller's name when a call returns."),
        Field::destination("fallback", "If nobody takes it back").required().default("hangup:no_answer"),
    ],
    columns: &["name", "department", "first_slot", "slots", "timeout"],
    filters: &["department"],
    sort: "name",
    cards: &[
        ("General", &["name", "department"]),
        ("Slots", &["first_slot", "slots"]),
        ("Return", &["timeout", "caller_prefix", "fallback"]),
    ],
    title: "name",
    single: false,
    tenant: true,
    check: Some(slots_are_numbers),
    rules: &[no_number_is_taken, one_for_everybody],
    hooks: Hooks::NONE,
};

impl ParkLot {
    /// The slots' numbers in order.
    pub fn numbers(&self) -> impl Iterator<Item = String> + use<> {
        let (first, width) = (self.first_slot.parse::<u32>().unwrap_or_default(), self.first_slot.len());
        (first..first + self.slots).map(move |number| format!("{number:0width$}"))
    }
    /// Whether that is one of its slots.
    pub fn has(&self, number: &str) -> bool {
        let (first, slot) = (self.first_slot.parse::<u32>(), number.parse::<u32>());
        let digits = number.len() == self.first_slot.len() && number.bytes().all(|b| b.is_ascii_digit());
        digits
            && matches!((first, slot), (Ok(first), Ok(slot)) if (first..first + self.slots).contains(&slot))
    }
}

impl Typed for ParkLot {
    const TABLE: &'static str = "park_lots";
    const SELECT: &'static str = "SELECT t.id, t.tenant_id, t.name, t.department_id, t.first_slot, t.slots, t.timeout, \
        t.caller_prefix, t.fallback FROM park_lots t";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        let fallback: Destination = row
            .get_ref(8)?
            .as_str()
            .map_err(rusqlite::Error::from)?
            .parse()
            .map_err(|_| Unreadable::Field { field: "fallback", message: "it is no destination." })?;
        Ok(Self {
            id: ParkLotId(row.get(0)?),
            tenant: TenantId(row.get(1)?),
            name: row.get(2)?,
            department: row.get::<_, Option<i64>>(3)?.map(DepartmentId),
            first_slot: row.get(4)?,
            slots: row.get(5)?,
            timeout: Duration::from_secs(row.get(6)?),
            caller_prefix: row.get(7)?,
            fallback,
        })
    }
    fn id(&self) -> i64 {
        self.id.0
    }
}

impl Default for ParkLot {
    fn default() -> Self {
        Self {
            id: ParkLotId(0),
            tenant: TenantId(0),
            name: String::new(),
            department: None,
            first_slot: String::new(),
            slots: 10,
            timeout: Duration::from_secs(120),
            caller_prefix: "Park".into(),
            fallback: Destination::Hangup(Cause::NoAnswer),
        }
    }
}

/// EXT-05: the park lot, by its name, that has a slot of this number.
pub(crate) fn lot_of(rows: &Connection, tenant: i64, number: &str) -> rusqlite::Result<Option<String>> {
    let text = "SELECT name FROM park_lots WHERE tenant_id = ?1 AND length(first_slot) = length(?2) \
        AND CAST(?2 AS INTEGER) BETWEEN CAST(first_slot AS INTEGER) AND CAST(first_slot AS INTEGER) + slots - 1";
    rows.prepare_cached(text)?.query_row((tenant, number), |row| row.get(0)).optional()
}

fn slots_are_numbers(values: &Values) -> Result<(), Problem> {
    let text = |name: &str| values.get(name).map_or("", String::as_str);
    let (first, slots) = (text("first_slot"), text("slots").parse::<u32>().unwrap_or_default());
    if !(2..=6).contains(&first.len()) || !first.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Problem::of("first_slot", "2 to 6 digits."));
    }
    let last = first.parse::<u32>().unwrap_or_default() + slots.saturating_sub(1);
    if last.to_string().len() > first.len() {
        return Err(Problem::of("slots", "The last slot would have more digits than the first. Take fewer."));
    }
    Ok(())
}

/// EXT-05: no slot has a number that something else has.
fn no_number_is_taken(rows: &Connection, tenant: i64, of: &Values) -> rusqlite::Result<Option<Problem>> {
    let text = |name: &str| of.get(name).map_or("", String::as_str);
    let (first, slots) = (text("first_slot"), text("slots"));
    let taken: Option<String> = rows
        .prepare_cached(
            "SELECT number FROM extensions WHERE tenant_id = ?1 AND length(number) = length(?2) \
             AND CAST(number AS INTEGER) BETWEEN CAST(?2 AS INTEGER) AND CAST(?2 AS INTEGER) + ?3 - 1 \
             AND EXISTS (SELECT 1 FROM park_lots WHERE tenant_id = ?1 AND first_slot = ?2) \
             ORDER BY number LIMIT 1",
        )?
        .query_row((tenant, first, slots), |row| row.get(0))
        .optional()?;
    if let Some(number) = taken {
        return Ok(Some(Problem::of("first_slot", format!("{number} is an extension. Choose other slots."))));
    }
    let other: Option<String> = rows
        .prepare_cached(
            "SELECT a.name FROM park_lots a JOIN park_lots b ON b.tenant_id = a.tenant_id AND b.id <> a.id \
             AND length(a.first_slot) = length(b.first_slot) \
             AND CAST(a.first_slot AS INTEGER) < CAST(b.first_slot AS INTEGER) + b.slots \
             AND CAST(b.first_slot AS INTEGER) < CAST(a.first_slot AS INTEGER) + a.slots \
             WHERE a.tenant_id = ?1 AND a.name <> ?2 AND b.name = ?2 LIMIT 1",
        )?
        .query_row((tenant, text("name")), |row| row.get(0))
        .optional()?;
    Ok(other.map(|name| Problem::of("first_slot", format!("Park lot {name} has some of these slots."))))
}

/// A call without a department's lot must lead to one place.
fn one_for_everybody(rows: &Connection, tenant: i64, of: &Values) -> rusqlite::Result<Option<Problem>> {
    if of.get("department").is_some_and(|department| !department.is_empty()) {
        return Ok(None);
    }
    let text = "SELECT count(*) > 1 FROM park_lots WHERE tenant_id = ?1 AND department_id IS NULL";
    let twice: bool = rows.prepare_cached(text)?.query_row([tenant], |row| row.get(0))?;
    Ok(twice.then(|| {
        Problem::of("department", "There is a park lot for everybody already. Choose a department.")
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{Company, author, values},
        resources::{departments::DEPARTMENTS, tenants::TENANTS, users::USERS},
    };

    fn lot(first_slot: &str, slots: u32) -> ParkLot {
        ParkLot { first_slot: first_slot.into(), slots, ..ParkLot::default() }
    }

    /// SIP-33
    #[test]
    fn slots_are_the_first_number_and_those_that_follow() {
        assert_eq!(lot("708", 3).numbers().collect::<Vec<_>>(), ["708", "709", "710"]);
        assert_eq!(lot("0098", 2).numbers().collect::<Vec<_>>(), ["0098", "0099"]);
        let lot = lot("708", 3);
        assert!(lot.has("708") && lot.has("710"));
        assert!(!lot.has("711") && !lot.has("707") && !lot.has("0708") && !lot.has("") && !lot.has("+70"));
    }

    /// EXT-05
    #[test]
    fn a_slot_and_an_extension_never_have_the_same_number() {
        let company = Company::new();
        let add = |name: &str, first: &str, slots: &str, department: &str| {
            let row = [("name", name), ("first_slot", first), ("slots", slots), ("department", department)];
            company.db.create(&author(1), &PARK_LOTS, &values(row))
        };
        let sales = company.db.create(&author(1), &DEPARTMENTS, &values([("name", "Sales")])).unwrap().id;
        let sales = sales.to_string();
        for (first, slots) in [("98", "5"), ("7x", "5"), ("99", "5")] {
            add("Sales", first, slots, &sales).unwrap_err();
        }
        let taken = format!("{:?}", add("Sales", "100", "5", &sales).unwrap_err());
        assert!(taken.contains("is an extension"), "{taken}");
        add("Second", "801", "5", "").unwrap_err();
        // A company has 701 to 709 from its first day.
        let overlaps = format!("{:?}", add("Sales", "705", "5", &sales).unwrap_err());
        assert!(overlaps.contains("Park lot Parking"), "{overlaps}");
        add("Sales", "710", "5", &sales).unwrap();
        let user = |number: &str| {
            let row = [("first_name", "Zoe"), ("extension", number)];
            company.db.create(&author(1), &USERS, &values(row))
        };
        let taken = format!("{:?}", user("704").unwrap_err());
        assert!(taken.contains("Park lot Parking"), "{taken}");
        user("0704").unwrap();
    }

    /// FC-08: `*70` works from the first day, in every company.
    #[test]
    fn a_new_company_has_a_park_lot_for_everybody() {
        let company = Company::new();
        let row = values([("name", "Second company"), ("domain", "second.example")]);
        let second = company.db.create(&author(1), &TENANTS, &row).unwrap().id;
        for tenant in [1, second] {
            let of = format!("FROM park_lots WHERE tenant_id = {tenant} AND department_id IS NULL");
            assert_eq!(company.number::<i64>(&format!("SELECT count(*) {of}")), 1);
            assert_eq!(company.number::<String>(&format!("SELECT first_slot || ' ' || slots {of}")), "701 9");
        }
    }
}
