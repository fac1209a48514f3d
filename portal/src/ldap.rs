//! The customer directory: a company's LDAP server, asked while somebody types, and read through now and then for the names
//! of callers. DIR-13, DIR-14, DIR-34.
//!
//! No call waits for it: names are kept in the database, from where the running program has them in memory.

pub(crate) mod check;

use std::{io, net::SocketAddr, time::Duration};

use axum::http::Uri;

use config::{Db, TenantId, ldap::LdapSettings};
use ldap3::{
    Ldap, LdapConnAsync, LdapConnSettings, LdapError, Scope, SearchEntry, SearchOptions, StdStream,
    adapters::{Adapter, EntriesOnly, PagedResults},
    ldap_escape,
};
use tokio::{net::TcpStream, time::timeout};

use crate::addresses::is_public;

/// Somebody whom the directory knows.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub(crate) struct Customer {
    pub name: String,
    pub organization: String,
    /// Label and number.
    pub numbers: Vec<(&'static str, String)>,
    pub email: String,
}

/// Why the directory gave nothing, for people.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LdapFault {
    #[error("The directory did not answer within 5 seconds. Try again, or tell your administrator.")]
    Slow,
    #[error("The directory cannot be reached. Tell your administrator: {0}")]
    Unreachable(String),
    #[error("The directory refused the search. Tell your administrator: {0}")]
    Refused(String),
}

/// Whom the directory finds by what somebody typed, at most [`MOST_FOUND`], within [`PATIENCE`]. Less than [`LEAST_TYPED`]
/// characters find nobody and ask nobody. DIR-14.
pub(crate) async fn search(settings: &LdapSettings, typed: &str) -> Result<Vec<Customer>, LdapFault> {
    // Some servers pass over control characters, and would find everybody.
    let typed: String = typed.chars().filter(|c| !c.is_control()).take(MOST_TYPED).collect();
    let typed = typed.trim();
    if typed.chars().count() < LEAST_TYPED {
        return Ok(Vec::new());
    }
    // What somebody types is a text to find, never a part of the filter (RFC 4515 §3).
    let filter = settings.filter.replace("{}", &ldap_escape(typed));
    let found = timeout(PATIENCE, async {
        let mut ldap = connect(settings).await?;
        ldap.with_search_options(SearchOptions::new().sizelimit(MOST_FOUND as i32).timelimit(5));
        let result = ldap.search(&settings.base, Scope::Subtree, &filter, attributes(settings)).await?;
        let _ = ldap.unbind().await;
        // More than the limit: those that came are shown.
        let ldap3::SearchResult(entries, outcome) = result;
        if outcome.rc != 0 && outcome.rc != SIZE_LIMIT_EXCEEDED {
            outcome.success()?;
        }
        Ok::<_, LdapError>(entries)
    });
    let entries = found.await.map_err(|_| LdapFault::Slow)??;
    let mut found: Vec<Customer> = entries
        .into_iter()
        .filter(|entry| !entry.is_ref() && !entry.is_intermediate())
        .take(MOST_FOUND)
        .map(|entry| customer(settings, &SearchEntry::construct(entry)))
        .filter(|customer| !customer.name.is_empty())
        .collect();
    found.sort_by_key(|customer| customer.name.to_lowercase());
    Ok(found)
}

/// Reads the directories of all companies, again and again, for the names of callers. Never ends.
pub async fn keep_names(db: Db) {
    loop {
        let companies = {
            let db = db.clone();
            tokio::task::spawn_blocking(move || db.ldap_companies()).await
        };
        if let Ok(Ok((on, off))) = companies {
            for tenant in on {
                keep_names_of(&db, tenant).await;
            }
            for tenant in off {
                store(&db, tenant, Vec::new()).await;
            }
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Reads the directory of one company. What cannot be read leaves the names that are known.
pub(crate) async fn keep_names_of(db: &Db, tenant: TenantId) {
    let settings = {
        let db = db.clone();
        tokio::task::spawn_blocking(move || db.ldap_settings(tenant)).await
    };
    let Ok(Ok(Some(settings))) = settings else { return };
    match timeout(PATIENCE_FOR_ALL, all(&settings)).await {
        Ok(Ok(names)) => store(db, tenant, names).await,
        Ok(Err(fault)) => {
            tracing::warn!(tenant.id = tenant.0, "the customer directory was not read: {fault}")
        }
        Err(_) => tracing::warn!(tenant.id = tenant.0, "the customer directory took too long to read"),
    }
}

async fn store(db: &Db, tenant: TenantId, names: Vec<(String, String)>) {
    let db = db.clone();
    match tokio::task::spawn_blocking(move || db.keep_ldap_names(tenant, &names)).await {
        Ok(Ok(0)) => {}
        Ok(Ok(changed)) => {
            tracing::info!(tenant.id = tenant.0, "{changed} names of the customer directory changed");
        }
        Ok(Err(error)) => {
            tracing::warn!(tenant.id = tenant.0, %error, "names of the customer directory were not kept")
        }
        Err(_) => {}
    }
}

/// Number and name of everybody in the directory, page by page.
async fn all(settings: &LdapSettings) -> Result<Vec<(String, String)>, LdapFault> {
    let mut ldap = connect(settings).await?;
    let adapters: Vec<Box<dyn Adapter<_, _>>> =
        vec![Box::new(EntriesOnly::new()), Box::new(PagedResults::new(PAGE))];
    let filter = numbered(settings);
    let mut stream = ldap
        .streaming_search_with(adapters, &settings.base, Scope::Subtree, &filter, attributes(settings))
        .await
        .map_err(LdapFault::from)?;
    let mut names = Vec::new();
    while let Some(entry) = stream.next().await.map_err(LdapFault::from)? {
        let customer = customer(settings, &SearchEntry::construct(entry));
        let name = if customer.name.is_empty() { customer.organization } else { customer.name };
        names.extend(customer.numbers.into_iter().map(|(_, number)| (number, name.clone())));
        if names.len() >= MOST_NAMES {
            break;
        }
    }
    let _ = stream.finish().await;
    let _ = ldap.unbind().await;
    Ok(names)
}

/// Whoever has a number.
fn numbered(settings: &LdapSettings) -> String {
    let has = |at: usize| {
        Some(&settings.attributes[at]).filter(|name| !name.is_empty()).map(|name| format!("({name}=*)"))
    };
    format!("(|{})", [2, 3, 4].into_iter().filter_map(has).collect::<String>())
}

/// Why there is no connection to the server.
#[derive(Debug, thiserror::Error)]
enum Unreached {
    #[error("the name {0} is not known")]
    Unknown(String),
    #[error("the address of {0} is not on the public internet")]
    Inside(String),
    #[error("nothing answers at {0}: {1}")]
    Silent(String, io::Error),
}

/// A connection to the server; to the very address that was looked at, whatever its name means a moment later.
async fn reach(settings: &LdapSettings) -> Result<std::net::TcpStream, Unreached> {
    let uri: Uri = settings.url.parse().map_err(|_| Unreached::Unknown(settings.url.clone()))?;
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("ldaps") { 636 } else { 389 });
    let found = tokio::net::lookup_host((host.as_str(), port)).await;
    let addresses: Vec<SocketAddr> = found.map_err(|_| Unreached::Unknown(host.clone()))?.collect();
    if !(settings.may_be_inside || addresses.iter().all(|address| is_public(address.ip()))) {
        return Err(Unreached::Inside(host));
    }
    let stream = TcpStream::connect(addresses.as_slice()).await.and_then(TcpStream::into_std);
    stream.map_err(|error| Unreached::Silent(format!("{host}:{port}"), error))
}

/// Agrees on encryption, if there is to be any.
async fn open(settings: &LdapSettings, stream: std::net::TcpStream) -> Result<Ldap, LdapError> {
    let how = LdapConnSettings::new()
        .set_conn_timeout(PATIENCE)
        .set_starttls(settings.start_tls)
        .set_std_stream(StdStream::Tcp(stream));
    let (connection, ldap) = LdapConnAsync::with_settings(how, &settings.url).await?;
    ldap3::drive!(connection);
    Ok(ldap)
}

async fn connect(settings: &LdapSettings) -> Result<Ldap, LdapError> {
    let stream = reach(settings).await.map_err(|unreached| io::Error::other(unreached.to_string()))?;
    let mut ldap = open(settings, stream).await?;
    if !settings.bind_dn.is_empty() {
        ldap.with_timeout(PATIENCE).simple_bind(&settings.bind_dn, &settings.password).await?.success()?;
    }
    Ok(ldap)
}

fn attributes(settings: &LdapSettings) -> Vec<String> {
    settings.attributes.iter().filter(|name| !name.is_empty()).cloned().collect()
}

fn customer(settings: &LdapSettings, entry: &SearchEntry) -> Customer {
    // Servers spell attributes as their schema does.
    let values = |at: usize| {
        let wanted = &settings.attributes[at];
        let found =
            entry.attrs.iter().find(|(name, _)| !wanted.is_empty() && name.eq_ignore_ascii_case(wanted));
        found.map_or(&[][..], |(_, values)| values)
    };
    let first = |at: usize| values(at).first().map_or_else(String::new, |text| cut(text));
    let numbers = [("Work", 2), ("Mobile", 3), ("Home", 4)];
    let numbers = numbers
        .into_iter()
        .flat_map(|(label, at)| values(at).iter().take(MOST_NUMBERS).map(move |number| (label, cut(number))));
    Customer {
        name: first(0),
        organization: first(1),
        numbers: numbers.filter(|(_, number)| number.bytes().any(|b| b.is_ascii_digit())).collect(),
        email: first(5),
    }
}

/// As much of a value as is shown.
fn cut(text: &str) -> String {
    text.trim().chars().take(128).collect()
}

impl From<LdapError> for LdapFault {
    fn from(error: LdapError) -> Self {
        match error {
            LdapError::LdapResult { result } => {
                Self::Refused(format!("code {} {}", result.rc, cut(&result.text)))
            }
            LdapError::Timeout { .. } => Self::Slow,
            LdapError::FilterParsing => Self::Refused("the filter in its settings cannot be read".to_owned()),
            other => Self::Unreachable(other.to_string()),
        }
    }
}

/// DIR-14.
const PATIENCE: Duration = Duration::from_secs(5);
/// DIR-14.
pub(crate) const LEAST_TYPED: usize = 2;
/// DIR-14.
const MOST_FOUND: usize = 50;
const MOST_TYPED: usize = 100;
/// Of one kind, of one entry.
const MOST_NUMBERS: usize = 3;
/// RFC 4511 §4.1.9.
const SIZE_LIMIT_EXCEEDED: u32 = 4;
/// Between two readings of all directories.
const INTERVAL: Duration = Duration::from_secs(600);
const PATIENCE_FOR_ALL: Duration = Duration::from_secs(120);
const PAGE: i32 = 500;
/// Numbers kept of one company.
const MOST_NAMES: usize = 50_000;
