//! Pages that are not a table.

pub(crate) mod api;
pub(crate) mod audit;
pub(crate) mod buttons;
pub(crate) mod call;
pub(crate) mod call_list;
pub(crate) mod click_to_call;
pub(crate) mod contacts;
pub(crate) mod dashboard;
pub(crate) mod feature_codes;
pub(crate) mod help;
pub(crate) mod history;
pub(crate) mod home;
pub(crate) mod hotdesk;
pub(crate) mod live_calls;
pub(crate) mod mail;
pub(crate) mod metrics;
pub(crate) mod own_calls;
pub(crate) mod own_phones;
pub(crate) mod passkeys;
pub(crate) mod profile;
pub(crate) mod provisioning;
pub(crate) mod security;
pub(crate) mod status;
pub(crate) mod transfer;
pub(crate) mod trial;
