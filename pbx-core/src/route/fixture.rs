//! A company in Berlin with two trunks, for the tests of routing.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta};
use config::{
    DeviceId, ExtensionId, GeolocationId, NumberId, OutboundRouteId, RoleId, SiteId, Snapshot, TenantId,
    TrunkId, UserId,
    access::{Reach, Rights},
    snapshot::{
        Account, CallLimits, CalledIn, CallerHeader, Calling, CivicAddress, Codecs, Device, Encryption,
        Extension, Forwards, Geolocation, Ha1, Identity, Incoming, Night, NumberIn, NumberOut, OutboundRoute,
        Outgoing, Peer, PhoneNumber, Ring, Role, Rows, Sends, ShownAs, Site, SiteCalling, Srtp, Target,
        Tenant, TenantCalling, Transport, Trunk, Trust, User,
    },
};

use super::{Caller, Question, Route, route};

pub(crate) const ONE: TenantId = TenantId(1);
pub(crate) const ANNA: UserId = UserId(1);
pub(crate) const OFFICE: GeolocationId = GeolocationId(1);

/// What the test changes before it asks.
pub(crate) struct Berlin {
    pub rows: Rows,
}

impl Berlin {
    /// 101 Anna, whose role lets her call everywhere, at the main site; trunks 1 and 2; no route.
    pub fn new() -> Self {
        let mut rows = Rows::default();
        Rows::put(&mut rows.tenants, [tenant(1, "", "")]);
        Rows::put(&mut rows.sites, [site()]);
        let calls = "place_calls,call_local,call_national,call_international,call_premium";
        Rows::put(&mut rows.roles, [role(1, "Traveller", calls), role(2, "Clerk", "place_calls,call_local")]);
        Rows::put(&mut rows.users, [user(1, 1, "101")]);
        Rows::put(&mut rows.devices, [device()]);
        Rows::put(&mut rows.extensions, [extension(1, 1, "101")]);
        Rows::put(&mut rows.trunks, [trunk(1, "Main line"), trunk(2, "Spare line")]);
        Self { rows }
    }
    /// A route that takes these patterns, by these trunks.
    pub fn route(&mut self, id: i64, name: &str, patterns: &[&str], trunks: &[i64]) -> OutboundRoute {
        let route = OutboundRoute {
            id: OutboundRouteId(id),
            tenant: ONE,
            position: id as u32,
            name: name.into(),
            patterns: patterns.iter().map(|pattern| pattern.parse().unwrap()).collect(),
            classes: vec![],
            roles: vec![],
            trunks: trunks.iter().copied().map(TrunkId).collect(),
            sends: Sends::default(),
            enabled: true,
            time_frame: None,
        };
        Rows::put(&mut self.rows.outbound_routes, [route.clone()]);
        route
    }
    pub fn put_route(&mut self, route: OutboundRoute) {
        Rows::put(&mut self.rows.outbound_routes, [route]);
    }
    pub fn user(&mut self, change: impl FnOnce(&mut User)) {
        let mut user = self.rows.users.get(&1).map(|user| (**user).clone()).unwrap();
        change(&mut user);
        Rows::put(&mut self.rows.users, [user]);
    }
    /// Another one, with a phone.
    pub fn colleague(&mut self, id: i64, number: &str) {
        Rows::put(&mut self.rows.users, [user(id, 1, number)]);
        Rows::put(&mut self.rows.extensions, [extension(id, 1, number)]);
        let name = number.to_owned();
        let ha1 = Ha1::new(number, "c1.example", "secret");
        let phone = Device {
            id: DeviceId(id),
            user: Some(UserId(id)),
            name: name.clone(),
            username: name,
            ha1,
            ..device()
        };
        Rows::put(&mut self.rows.devices, [phone]);
    }
    pub fn forward(&mut self, id: i64, forwards: Forwards) {
        let mut user = self.rows.users.get(&id).map(|user| (**user).clone()).unwrap();
        user.forwards = forwards;
        Rows::put(&mut self.rows.users, [user]);
    }
    pub fn site(&mut self, change: impl FnOnce(&mut SiteCalling)) {
        let mut site = site();
        change(&mut site.calling);
        Rows::put(&mut self.rows.sites, [site]);
    }
    pub fn trunk(&mut self, id: i64, change: impl FnOnce(&mut Trunk)) {
        let mut trunk = trunk(id, if id == 1 { "Main line" } else { "Spare line" });
        change(&mut trunk);
        Rows::put(&mut self.rows.trunks, [trunk]);
    }
    pub fn limits(&mut self, change: impl FnOnce(&mut CallLimits)) {
        let mut limits = CallLimits::none(ONE);
        change(&mut limits);
        Rows::put(&mut self.rows.call_limits, [limits]);
    }
    pub fn number(&mut self, id: i64, number: &str, user: Option<UserId>) {
        Rows::put(
            &mut self.rows.numbers,
            [PhoneNumber {
                id: NumberId(id),
                tenant: ONE,
                number: number.into(),
                description: String::new(),
                site: None,
                user,
                ring_group: None,
            }],
        );
    }
    pub fn place(&mut self, id: GeolocationId, callback: Option<i64>) {
        Rows::put(
            &mut self.rows.geolocations,
            [Geolocation {
                id,
                tenant: ONE,
                name: format!("Place {id}"),
                address: CivicAddress {
                    country: "de".into(),
                    city: "Berlin".into(),
                    street: "Main Street".into(),
                    ..CivicAddress::default()
                },
                callback: callback.map(NumberId),
                notify: vec!["gate@example.com".into()],
                ring: vec![],
            }],
        );
    }
    /// What becomes of a call of Anna's phone.
    pub fn dials(&self, dialled: &str) -> Route {
        let caller =
            Caller { user: Some(ANNA), device: Some(DeviceId(1)), number: "101".into(), ..Caller::default() };
        self.ask(&caller, dialled)
    }
    pub fn ask(&self, caller: &Caller, dialled: &str) -> Route {
        let snapshot = self.snapshot();
        let utc = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        route(&Question { snapshot: &snapshot, tenant: ONE, caller, dialled, utc })
    }
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::new(Snapshot::of(1, self.rows.clone()))
    }
}

pub(crate) fn tenant(id: i64, group: &str, code: &str) -> Tenant {
    Tenant {
        id: TenantId(id),
        name: format!("Company {id}"),
        domain: format!("c{id}.example"),
        country: "de".into(),
        inband_ringback: false,
        site: Some(SiteId(id)),
        calling: TenantCalling {
            area_code: "030".into(),
            geolocation: None,
            group: group.into(),
            access_code: code.into(),
            shares_presence: false,
        },
        night: Night::default(),
        suspended: false,
    }
}

fn site() -> Site {
    let calling = SiteCalling::default();
    Site {
        id: SiteId(1),
        tenant: ONE,
        name: "Main site".into(),
        zone: "Europe/Berlin".parse().unwrap(),
        calling,
    }
}

fn role(id: i64, name: &str, permissions: &str) -> Role {
    let rights = Rights::of(permissions);
    Role { id: RoleId(id), tenant: ONE, name: name.into(), level: 0, reach: Reach::Own, rights }
}

pub(crate) fn user(id: i64, tenant: i64, number: &str) -> User {
    User {
        id: UserId(id),
        tenant: TenantId(tenant),
        first_name: "Anna".into(),
        last_name: "Berg".into(),
        suspended: false,
        number: Some(number.into()),
        role: Some(RoleId(1)),
        department: None,
        site: None,
        zone: None,
        dnd: false,
        dnd_until: None,
        forwards: Forwards::default(),
        numbers: vec![],
        calling: Calling::default(),
    }
}

pub(crate) fn extension(id: i64, tenant: i64, number: &str) -> Extension {
    let target = Target::User(UserId(id));
    Extension { id: ExtensionId(id), tenant: TenantId(tenant), number: number.into(), target }
}

fn device() -> Device {
    Device {
        id: DeviceId(1),
        tenant: ONE,
        user: Some(ANNA),
        name: "Desk".into(),
        username: "101".into(),
        ha1: Ha1::new("101", "c1.example", "secret"),
        ring: Ring::Immediate,
        max_contacts: 1,
        auto_answer: false,
        unasked_counts: false,
        geolocation: None,
        site: None,
        hotdesk: false,
        model: None,
        encryption: Encryption::default(),
    }
}

fn trunk(id: i64, name: &str) -> Trunk {
    let account =
        Account { username: "line".into(), auth_name: "line".into(), secret: String::new(), registers: None };
    Trunk {
        id: TrunkId(id),
        tenant: ONE,
        name: name.into(),
        enabled: true,
        shared: false,
        peer: Peer {
            host: "carrier.example".into(),
            port: None,
            transport: Transport::Udp,
            proxy: None,
            domain: "carrier.example".into(),
            trust: Trust::Authority,
            encryption: Encryption { srtp: Srtp::Off, clear_keys: false },
        },
        account,
        incoming: Incoming {
            sources: vec![],
            challenge: false,
            called: CalledIn::RequestUri,
            number: NumberIn::Written,
            signatures: None,
        },
        outgoing: Outgoing {
            number: NumberOut::Plus,
            caller: CallerHeader::Asserted,
            shown: ShownAs { form: NumberOut::Plus, prefix: String::new() },
            identity: Identity::Pass,
            codecs: Codecs::All,
            answer_within: Duration::from_secs(6),
        },
        channels: None,
        health: None,
        priority: 10,
        pidf_lo: true,
        emergency: true,
        caller_id: None,
        foreign_callers: false,
    }
}
