//! A company of many extensions, each with one phone.

use std::sync::Arc;

use config::{
    DeviceId, ExtensionId, RingGroupId, Snapshot, TenantId, UserId,
    resources::ring_groups::RingGroup,
    snapshot::{
        Device, Encryption, Extension, Forwards, Ha1, Night, NodeSettings, Ring, Rows, Target, Tenant, User,
    },
};

/// SIP domain and realm.
pub const DOMAIN: &str = "example.test";
/// Every phone's password.
pub const PASSWORD: &str = "a secret";

/// Where a group of [`MEMBERS`] extensions is reached, the first from 4000.
pub const GROUP: &str = "600";
/// Phones that a group rings.
pub const MEMBERS: u16 = 20;

/// Extensions 2000… and 4000…, half of `count` each, and a group.
pub fn snapshot(count: u16) -> Arc<Snapshot> {
    let tenant = Tenant {
        id: TenantId(1),
        name: "Example".into(),
        domain: DOMAIN.into(),
        country: "de".into(),
        inband_ringback: false,
        site: None,
        calling: config::snapshot::TenantCalling::default(),
        night: Night::default(),
        suspended: false,
    };
    let numbers = || (0..count / 2).flat_map(|n| [2000 + n, 4000 + n]);
    let mut rows = Rows { node: Arc::new(NodeSettings::default()), ..Rows::default() };
    Rows::put(&mut rows.tenants, [tenant]);
    Rows::put(&mut rows.users, numbers().map(user));
    Rows::put(&mut rows.devices, numbers().map(device));
    Rows::put(&mut rows.extensions, numbers().map(extension).chain([group_extension()]));
    Rows::put(&mut rows.ring_groups, [group()]);
    Arc::new(Snapshot::of(1, rows))
}

fn user(number: u16) -> User {
    User {
        id: UserId(number.into()),
        tenant: TenantId(1),
        first_name: "User".into(),
        last_name: number.to_string(),
        suspended: false,
        number: Some(number.to_string()),
        role: None,
        site: None,
        zone: None,
        dnd: false,
        dnd_until: None,
        forwards: Forwards::default(),
        department: None,
        numbers: vec![],
        calling: config::snapshot::Calling::default(),
    }
}

fn device(number: u16) -> Device {
    let ha1 = sip_stack::digest::Ha1::new(&number.to_string(), DOMAIN, PASSWORD);
    Device {
        id: DeviceId(number.into()),
        tenant: TenantId(1),
        user: Some(UserId(number.into())),
        name: format!("Phone {number}"),
        username: number.to_string(),
        ha1: Ha1 { md5: ha1.md5, sha256: ha1.sha256 },
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

fn extension(number: u16) -> Extension {
    Extension {
        id: ExtensionId(number.into()),
        tenant: TenantId(1),
        number: number.to_string(),
        target: Target::User(UserId(number.into())),
    }
}

fn group() -> RingGroup {
    RingGroup {
        id: RingGroupId(1),
        tenant: TenantId(1),
        name: "Group".into(),
        number: Some(GROUP.into()),
        members: (4000..4000 + MEMBERS).map(|number| UserId(number.into())).collect(),
        ..RingGroup::default()
    }
}

fn group_extension() -> Extension {
    Extension {
        id: ExtensionId(GROUP.parse().unwrap_or_default()),
        tenant: TenantId(1),
        number: GROUP.into(),
        target: Target::RingGroup(RingGroupId(1)),
    }
}
