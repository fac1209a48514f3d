//! Rows of the database as typed rows of the snapshot: all of them, or those that were touched.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use rusqlite::{Connection, OptionalExtension, Statement};

use super::change::Touched;
use crate::{
    Snapshot, TenantId, resources,
    resources::{extensions::Target, settings::SETTINGS},
    secret::Cipher,
    snapshot::{
        AnsweringRule, BlockedCaller, CallLimits, Contact, Department, Device, DirectoryName, Extension,
        FeatureCode, Geolocation, InboundRoute, NodeSettings, OutboundRoute, OwnContact, ParkLot,
        PhoneNumber, RingDelay, RingGroup, Role, Rows, Site, Table, Tenant, TimeFrame, Trunk, User,
    },
    typed::{Typed, Unreadable},
};

/// What was read, and what could not be.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub rows: Rows,
    pub problems: Vec<String>,
}

impl Loaded {
    /// The rows, if all could be read.
    pub(super) fn complete(self) -> Result<Rows, Vec<String>> {
        if self.problems.is_empty() { Ok(self.rows) } else { Err(self.problems) }
    }
}

/// All rows, except those to leave out and those that cannot be read.
pub(super) fn all(
    rows: &Connection,
    cipher: &Cipher,
    left_out: &HashSet<Touched>,
) -> rusqlite::Result<Loaded> {
    let mut reader = Reader { rows, cipher, left_out, problems: Vec::new() };
    let mut node: Table<NodeSettings> = reader.table()?;
    let loaded = Rows {
        node: node.remove(&1).unwrap_or_default(),
        tenants: reader.table()?,
        roles: reader.table()?,
        users: reader.table()?,
        extensions: reader.table()?,
        devices: reader.table()?,
        ring_groups: reader.table()?,
        ring_delays: reader.table()?,
        contacts: reader.table()?,
        own_contacts: reader.table()?,
        directory_names: reader.table()?,
        blocked_callers: reader.table()?,
        numbers: reader.table()?,
        feature_codes: reader.table()?,
        sites: reader.table()?,
        geolocations: reader.table()?,
        outbound_routes: reader.table()?,
        call_limits: reader.table()?,
        trunks: reader.table()?,
        inbound_routes: reader.table()?,
        time_frames: reader.table()?,
        answering_rules: reader.table()?,
        departments: reader.table()?,
        park_lots: reader.table()?,
    };
    Ok(Loaded { rows: loaded, problems: reader.problems })
}

/// The rows of a snapshot with the touched ones read again, and those that contain something of them.
pub(super) fn touched(
    rows: &Connection,
    cipher: &Cipher,
    from: &Snapshot,
    touched: &[Touched],
) -> rusqlite::Result<Loaded> {
    let none = HashSet::new();
    let mut reader = Reader { rows, cipher, left_out: &none, problems: Vec::new() };
    let mut again = Again::default();
    for touched in touched {
        again.add(rows, from, touched)?;
    }
    let mut next = from.rows().clone();
    reader.refresh(&mut next.tenants, &again.tenants)?;
    // The domain is part of every digest of the tenant's devices.
    for id in &again.tenants {
        let domain = |rows: &Rows| rows.tenants.get(id).map(|tenant| tenant.domain.clone());
        if domain(&next) != domain(from.rows()) {
            again.devices.extend(devices_of(rows, TenantId(*id))?);
        }
    }
    reader.refresh(&mut next.roles, &again.roles)?;
    reader.refresh(&mut next.users, &again.users)?;
    reader.refresh(&mut next.extensions, &again.extensions)?;
    reader.refresh(&mut next.devices, &again.devices)?;
    reader.refresh(&mut next.ring_groups, &again.ring_groups)?;
    reader.refresh(&mut next.ring_delays, &again.ring_delays)?;
    reader.refresh(&mut next.contacts, &again.contacts)?;
    reader.refresh(&mut next.own_contacts, &again.own_contacts)?;
    reader.refresh(&mut next.directory_names, &again.directory_names)?;
    reader.refresh(&mut next.blocked_callers, &again.blocked_callers)?;
    reader.refresh(&mut next.numbers, &again.numbers)?;
    reader.refresh(&mut next.feature_codes, &again.feature_codes)?;
    reader.refresh(&mut next.sites, &again.sites)?;
    reader.refresh(&mut next.geolocations, &again.geolocations)?;
    reader.refresh(&mut next.outbound_routes, &again.outbound_routes)?;
    reader.refresh(&mut next.call_limits, &again.call_limits)?;
    reader.refresh(&mut next.trunks, &again.trunks)?;
    reader.refresh(&mut next.inbound_routes, &again.inbound_routes)?;
    reader.refresh(&mut next.time_frames, &again.time_frames)?;
    reader.refresh(&mut next.answering_rules, &again.answering_rules)?;
    reader.refresh(&mut next.departments, &again.departments)?;
    reader.refresh(&mut next.park_lots, &again.park_lots)?;
    if again.node {
        let mut node = Table::<NodeSettings>::default();
        reader.refresh(&mut node, &BTreeSet::from([1]))?;
        next.node = node.remove(&1).unwrap_or_default();
    }
    Ok(Loaded { rows: next, problems: reader.problems })
}

/// Ids of the rows to read again.
#[derive(Debug, Default)]
struct Again {
    node: bool,
    tenants: BTreeSet<i64>,
    roles: BTreeSet<i64>,
    users: BTreeSet<i64>,
    extensions: BTreeSet<i64>,
    devices: BTreeSet<i64>,
    ring_groups: BTreeSet<i64>,
    ring_delays: BTreeSet<i64>,
    contacts: BTreeSet<i64>,
    own_contacts: BTreeSet<i64>,
    directory_names: BTreeSet<i64>,
    blocked_callers: BTreeSet<i64>,
    numbers: BTreeSet<i64>,
    feature_codes: BTreeSet<i64>,
    sites: BTreeSet<i64>,
    geolocations: BTreeSet<i64>,
    outbound_routes: BTreeSet<i64>,
    call_limits: BTreeSet<i64>,
    trunks: BTreeSet<i64>,
    inbound_routes: BTreeSet<i64>,
    time_frames: BTreeSet<i64>,
    answering_rules: BTreeSet<i64>,
    departments: BTreeSet<i64>,
    park_lots: BTreeSet<i64>,
}

impl Again {
    fn add(&mut self, rows: &Connection, from: &Snapshot, touched: &Touched) -> rusqlite::Result<()> {
        let name = touched.of.name;
        if name == NodeSettings::TABLE {
            self.node = true;
        } else if name == Tenant::TABLE {
            self.tenants.insert(touched.id);
        } else if name == SETTINGS.name {
            let mut statement = rows.prepare_cached("SELECT tenant_id FROM settings WHERE id = ?1")?;
            let tenant: Option<i64> = statement.query_row([touched.id], |row| row.get(0)).optional()?;
            self.tenants.extend(tenant);
        } else if name == Role::TABLE {
            self.roles.insert(touched.id);
        } else if name == User::TABLE {
            self.users.insert(touched.id);
        } else if name == Device::TABLE {
            self.devices.insert(touched.id);
        } else if name == RingGroup::TABLE {
            self.ring_groups.insert(touched.id);
        } else if name == RingDelay::TABLE {
            self.ring_delays.insert(touched.id);
        } else if name == Contact::TABLE {
            self.contacts.insert(touched.id);
        } else if name == OwnContact::TABLE {
            self.own_contacts.insert(touched.id);
        } else if name == DirectoryName::TABLE {
            self.directory_names.insert(touched.id);
        } else if name == BlockedCaller::TABLE {
            self.blocked_callers.insert(touched.id);
        } else if name == PhoneNumber::TABLE {
            self.numbers.insert(touched.id);
        } else if name == FeatureCode::TABLE {
            self.feature_codes.insert(touched.id);
        } else if name == Site::TABLE {
            self.sites.insert(touched.id);
        } else if name == Geolocation::TABLE {
            self.geolocations.insert(touched.id);
        } else if name == OutboundRoute::TABLE {
            self.outbound_routes.insert(touched.id);
        } else if name == CallLimits::TABLE {
            self.call_limits.insert(touched.id);
        } else if name == InboundRoute::TABLE {
            self.inbound_routes.insert(touched.id);
        } else if name == Trunk::TABLE {
            self.trunks.insert(touched.id);
        } else if name == TimeFrame::TABLE {
            self.time_frames.insert(touched.id);
        } else if name == AnsweringRule::TABLE {
            self.answering_rules.insert(touched.id);
        } else if name == Department::TABLE {
            self.departments.insert(touched.id);
        } else if name == ParkLot::TABLE {
            self.park_lots.insert(touched.id);
        } else if name == Extension::TABLE {
            self.extensions.insert(touched.id);
            self.add_owners(rows, from, touched.id)?;
        }
        Ok(())
    }

    /// A user and a group carry their number: who had this one, and who has it.
    fn add_owners(&mut self, rows: &Connection, from: &Snapshot, extension: i64) -> rusqlite::Result<()> {
        match from.rows().extensions.get(&extension).map(|extension| extension.target) {
            Some(Target::User(id)) => drop(self.users.insert(id.0)),
            Some(Target::RingGroup(id)) => drop(self.ring_groups.insert(id.0)),
            None => {}
        }
        let owners: Option<(Option<i64>, Option<i64>)> = rows
            .prepare_cached("SELECT user_id, ring_group_id FROM extensions WHERE id = ?1")?
            .query_row([extension], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (user, group) = owners.unwrap_or_default();
        self.users.extend(user);
        self.ring_groups.extend(group);
        Ok(())
    }
}

fn devices_of(rows: &Connection, tenant: TenantId) -> rusqlite::Result<Vec<i64>> {
    let mut statement = rows.prepare_cached("SELECT id FROM devices WHERE tenant_id = ?1")?;
    statement.query_map([tenant.0], |row| row.get(0))?.collect()
}

/// Reads typed rows and collects what could not be read.
struct Reader<'a> {
    rows: &'a Connection,
    cipher: &'a Cipher,
    left_out: &'a HashSet<Touched>,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn table<T: Typed>(&mut self) -> rusqlite::Result<Table<T>> {
        let mut statement = self.rows.prepare_cached(T::SELECT)?;
        let mut found = statement.query([])?;
        let mut table = Vec::new();
        while let Some(row) = found.next()? {
            match T::read(row, self.cipher) {
                Ok(typed) if self.is_left_out::<T>(typed.id()) => {}
                Ok(typed) => table.push((typed.id(), Arc::new(typed))),
                Err(error) => {
                    let id = row.get("id").unwrap_or_default();
                    self.unreadable::<T>(id, &error);
                }
            }
        }
        let mut by_id = Table::default();
        by_id.extend(table);
        Ok(by_id)
    }

    fn refresh<T: Typed>(&mut self, table: &mut Table<T>, ids: &BTreeSet<i64>) -> rusqlite::Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let text = format!("{} WHERE t.id = ?1", T::SELECT);
        let mut statement = self.rows.prepare_cached(&text)?;
        for &id in ids {
            match self.one(&mut statement, id)? {
                Some(typed) => drop(table.insert(id, Arc::new(typed))),
                None => drop(table.remove(&id)),
            }
        }
        Ok(())
    }

    fn one<T: Typed>(&mut self, statement: &mut Statement<'_>, id: i64) -> rusqlite::Result<Option<T>> {
        let mut found = statement.query([id])?;
        let Some(row) = found.next()? else { return Ok(None) };
        match T::read(row, self.cipher) {
            Ok(typed) => Ok(Some(typed)),
            Err(error) => {
                self.unreadable::<T>(id, &error);
                Ok(None)
            }
        }
    }

    fn is_left_out<T: Typed>(&self, id: i64) -> bool {
        !self.left_out.is_empty()
            && resources::by_name(T::TABLE)
                .is_some_and(|of| self.left_out.contains(&Touched { of, id, revision: 0 }))
    }

    fn unreadable<T: Typed>(&mut self, id: i64, error: &Unreadable) {
        let one = resources::by_name(T::TABLE).map_or(T::TABLE, |of| of.one);
        self.problems.push(format!("{one} with the id {id} (table {}): {error}", T::TABLE));
    }
}
