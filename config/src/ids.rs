//! Row ids as types, so that a tenant's id is never taken for a user's.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(f) }
        }
    )* };
}

ids! {
    /// A company on this node.
    TenantId,
    /// A person.
    UserId,
    /// An internal number.
    ExtensionId,
    /// A phone with its own credentials.
    DeviceId,
    /// A ring group.
    RingGroupId,
    /// What users may do.
    RoleId,
    /// A line to the public network.
    TrunkId,
    /// A number of the public network that a company owns.
    NumberId,
    /// Where calls go for numbers of the public network.
    InboundRouteId,
    /// A place of a company.
    SiteId,
    /// Where phones are.
    GeolocationId,
    /// A way outside.
    OutboundRouteId,
    /// A period of time.
    TimeFrameId,
    /// What happens to a user's calls in a time frame.
    AnsweringRuleId,
    /// Who works together.
    DepartmentId,
    /// A row of park slots.
    ParkLotId,
}
