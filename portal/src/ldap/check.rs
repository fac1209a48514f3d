//! A directory tried out by an administrator: what comes of it, and what to do where that is nothing. DIR-13.

use config::ldap::LdapSettings;
use ldap3::{Ldap, LdapError, Scope, SearchOptions};
use tokio::time::timeout;

use super::{MOST_FOUND, PATIENCE, SIZE_LIMIT_EXCEEDED, Unreached, cut, numbered, open, reach};

/// What came of a try, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub good: bool,
    pub text: String,
}

/// Goes the way that a search goes, within [`PATIENCE`]: reaches the server, signs in, looks for who has a number.
pub(crate) async fn check(settings: &LdapSettings) -> Outcome {
    let text = match timeout(PATIENCE, tried(settings)).await {
        Ok(Ok(text)) => return Outcome { good: true, text },
        Ok(Err(text)) => text,
        Err(_) => SLOW.to_owned(),
    };
    Outcome { good: false, text }
}

async fn tried(settings: &LdapSettings) -> Result<String, String> {
    let stream = reach(settings).await.map_err(|unreached| match unreached {
        Unreached::Unknown(host) => {
            format!("The name {host} is not known. Check Server, and whether this machine knows names of your network.")
        }
        Unreached::Inside(host) => {
            format!("The address of {host} is not on the public internet, so this system may not reach it for you. Ask who runs it.")
        }
        Unreached::Silent(at, error) => {
            format!("Nothing answers at {at} ({error}). Check Server, its port, and firewalls between it and this machine.")
        }
    })?;
    let mut ldap = open(settings, stream).await.map_err(|error| match error {
        LdapError::Timeout { .. } => SLOW.to_owned(),
        error => format!("The server answers, but encryption could not be agreed ({}). This machine must trust its certificate, which must name it as Server does.", cut(&error.to_string())),
    })?;
    sign_in(settings, &mut ldap).await?;
    let found = search(settings, &mut ldap, &numbered(settings), MOST_FOUND).await?;
    // The filter, too, is one that the server can read.
    search(settings, &mut ldap, &settings.filter.replace("{}", "a"), 1).await?;
    let _ = ldap.unbind().await;
    match found {
        0 => Err("The server lets this system in, but nobody it finds has a number. Check Searches below, and the attributes.".to_owned()),
        found if found >= MOST_FOUND => Ok(format!("It works: {MOST_FOUND} entries with a number, and maybe more.")),
        found => Ok(format!("It works: {found} entries with a number.")),
    }
}

async fn sign_in(settings: &LdapSettings, ldap: &mut Ldap) -> Result<(), String> {
    if settings.bind_dn.is_empty() {
        return Ok(());
    }
    let result = ldap.with_timeout(PATIENCE).simple_bind(&settings.bind_dn, &settings.password).await;
    match result.and_then(ldap3::LdapResult::success) {
        Ok(_) => Ok(()),
        Err(LdapError::LdapResult { result }) => Err(match result.rc {
            INVALID_CREDENTIALS => "The server does not take the name and password. Check Signs in as, which is the whole name (DN), and Password.".to_owned(),
            CONFIDENTIALITY_REQUIRED => "The server asks for encryption. Switch on StartTLS, or name it by ldaps://.".to_owned(),
            code => format!("The server refused to sign this system in: code {code} {}. Ask who runs it.", cut(&result.text)),
        }),
        Err(error) => Err(ended(&error)),
    }
}

/// How many entries a filter finds, counted up to a limit.
async fn search(
    settings: &LdapSettings,
    ldap: &mut Ldap,
    filter: &str,
    most: usize,
) -> Result<usize, String> {
    let limit = i32::try_from(most).unwrap_or(i32::MAX);
    ldap.with_search_options(SearchOptions::new().sizelimit(limit).timelimit(5));
    let result = ldap.search(&settings.base, Scope::Subtree, filter, vec!["1.1"]).await;
    let ldap3::SearchResult(entries, outcome) = result.map_err(|error| match error {
        LdapError::FilterParsing => "The filter cannot be read. Check its brackets.".to_owned(),
        error => ended(&error),
    })?;
    match outcome.rc {
        0 | SIZE_LIMIT_EXCEEDED => Ok(entries.into_iter().filter(|entry| !entry.is_ref()).count()),
        NO_SUCH_OBJECT => {
            Err("The directory has no such place. Check Searches below, such as dc=example,dc=com."
                .to_owned())
        }
        OPERATIONS_ERROR | STRONGER_AUTH | INSUFFICIENT_RIGHTS | UNWILLING => {
            Err("The server does not let this system search. Enter a name and password that may.".to_owned())
        }
        code => Err(format!(
            "The server refused the search: code {code} {}. Ask who runs it.",
            cut(&outcome.text)
        )),
    }
}

fn ended(error: &LdapError) -> String {
    if matches!(error, LdapError::Timeout { .. }) {
        return SLOW.to_owned();
    }
    format!("The connection ended ({}). Check whether that is an LDAP server.", cut(&error.to_string()))
}

const SLOW: &str = "The server did not answer within 5 seconds. Check Server, its port, and firewalls between it and this machine.";
// RFC 4511 §4.1.9.
const OPERATIONS_ERROR: u32 = 1;
const STRONGER_AUTH: u32 = 8;
const CONFIDENTIALITY_REQUIRED: u32 = 13;
const NO_SUCH_OBJECT: u32 = 32;
const INVALID_CREDENTIALS: u32 = 49;
const INSUFFICIENT_RIGHTS: u32 = 50;
const UNWILLING: u32 = 53;
