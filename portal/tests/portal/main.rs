//! The portal as a service: requests into the router over a real folder and a PBX that is not there.
#![allow(clippy::unwrap_used)]

#[path = "../../examples/support/fake_live.rs"]
#[allow(dead_code)]
mod fake_live;

#[path = "../../src/proof/webauthn/authenticator.rs"]
mod authenticator;

mod accounts;
mod actions;
mod api_keys;
mod audit;
mod bulk;
mod calls;
mod click_to_call;
mod codes;
mod company;
mod contacts;
mod csrf;
mod dashboard;
mod desk;
mod forms;
mod headers;
mod lamps;
mod ldap;
mod lists;
mod live;
mod organization;
mod outside;
mod own_calls;
mod palette;
mod passkeys;
mod phones;
mod registry;
mod remembered;
mod reseller;
mod rest;
mod rights;
mod ring_groups;
mod routing;
mod rules;
mod sample;
mod self_help;
mod serve;
mod sign_in;
mod single_sign_on;
mod tables;
mod undo;
mod world;
