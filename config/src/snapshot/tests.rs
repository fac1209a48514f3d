use super::*;
use crate::ExtensionId;

fn device(id: i64, tenant: i64, user: i64, username: &str) -> Device {
    Device {
        id: DeviceId(id),
        tenant: TenantId(tenant),
        user: Some(UserId(user)),
        name: String::new(),
        username: username.into(),
        ha1: Ha1::new(username, "example.com", "secret"),
        ring: Ring::Immediate,
        max_contacts: 3,
        auto_answer: false,
        unasked_counts: false,
        geolocation: None,
        site: None,
        hotdesk: false,
        model: None,
        encryption: Encryption::default(),
    }
}

fn extension(id: i64, number: &str) -> Extension {
    let target = Target::User(UserId(1));
    Extension { id: ExtensionId(id), tenant: TenantId(1), number: number.into(), target }
}

/// Everything that a call can look up.
fn found(snapshot: &Snapshot) -> Vec<String> {
    let mut found = Vec::new();
    for name in ["a", "b", "c", "d"] {
        for tenant in [TenantId(1), TenantId(2)] {
            found.push(format!("{:?}", snapshot.device_by_username(tenant, name)));
        }
        found.push(format!("{:?}", snapshot.device_by_unique_username(name)));
    }
    for user in 1..5 {
        found.push(format!("{:?}", snapshot.devices_of(TenantId(1), UserId(user))));
    }
    for number in ["101", "102", "103"] {
        found.push(format!("{:?}", snapshot.extension(TenantId(1), number)));
    }
    found
}

/// OPS-03: what edits lead to step by step is what a start with the same rows finds.
#[test]
fn indexes_follow_each_change() {
    let mut snapshot = Snapshot::default();
    let mut rows = Rows::default();
    let mut step = |change: &dyn Fn(&mut Rows)| {
        change(&mut rows);
        snapshot = snapshot.next(snapshot.revision + 1, rows.clone());
        let afresh = Snapshot::default().next(1, rows.clone());
        assert_eq!(found(&snapshot), found(&afresh));
        snapshot.clone()
    };
    step(&|rows| {
        Rows::put(&mut rows.devices, [device(1, 1, 1, "a"), device(2, 1, 1, "b"), device(3, 1, 2, "c")])
    });
    step(&|rows| Rows::put(&mut rows.extensions, [extension(1, "101"), extension(2, "102")]));
    let one = step(&|rows| Rows::put(&mut rows.devices, [device(4, 2, 4, "a")]));
    assert!(one.device_by_unique_username("a").is_none());
    let swapped = step(&|rows| {
        Rows::put(&mut rows.devices, [device(1, 1, 1, "b"), device(2, 1, 1, "a")]);
        Rows::put(&mut rows.extensions, [extension(1, "102"), extension(2, "101")]);
    });
    assert_eq!(swapped.device_by_username(TenantId(1), "a").unwrap().id, DeviceId(2));
    assert_eq!(swapped.extension(TenantId(1), "101").unwrap().id, ExtensionId(2));
    let moved = step(&|rows| Rows::put(&mut rows.devices, [device(2, 1, 3, "d")]));
    assert_eq!(moved.devices_of(TenantId(1), UserId(1)).len(), 1);
    assert_eq!(moved.device_by_unique_username("a").unwrap().id, DeviceId(4));
    let fewer = step(&|rows| {
        rows.devices.remove(&1);
        rows.extensions.remove(&1);
    });
    assert!(fewer.devices_of(TenantId(1), UserId(1)).is_empty());
    assert!(fewer.extension(TenantId(1), "102").is_none());
    assert_eq!(moved.devices_of(TenantId(1), UserId(1)).len(), 1, "a call keeps the one it began with");
}
