//! `dialtone why`: what would become of a call, and which rule decides each step. The portal's simulator asks the same. Works
//! beside a running program, and without one. OPS-02.

use std::{collections::HashMap, io::Write, path::Path, process::ExitCode, time::Duration};

use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use config::{
    Db, OpenError, Snapshot, TenantId, UserId,
    history::PastError,
    snapshot::{Target, Tenant},
};
use pbx_core::rehearse::{self, Assumed, From};
use portal::live::{Assumption, Rehearsal, Rehearsed};

use crate::cli::Why;

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum WhyError {
    #[error("there is no database in {0}. Name its folder with --data, or start Dialtone once to make one")]
    Missing(String),
    #[error(transparent)]
    Database(#[from] OpenError),
    #[error(transparent)]
    Past(#[from] PastError),
    #[error("there is no company with the SIP domain {0}")]
    NoTenant(String),
    #[error(
        "nobody has extension {0}. Name who calls by their extension, or by a number outside such as +49301234567"
    )]
    NoCaller(String),
    #[error(transparent)]
    Terminal(#[from] std::io::Error),
}

/// Prints each decision with its time and rule, and how the call ends. The exit code is 0 if somebody answers, or would go on
/// to be rung; 1 if the call is refused or nobody answers.
///
/// # Errors
/// When there is no database, company or caller, or the revision is not kept.
pub fn why(options: &Why) -> Result<ExitCode, WhyError> {
    let folder = &options.data.folder;
    if !folder.join("dialtone.db").is_file() {
        return Err(WhyError::Missing(folder.display().to_string()));
    }
    let asked = asked(options, folder)?;
    let came = rehearse(&asked);
    let mut out = std::io::stdout().lock();
    out.write_all(in_words(&asked, &came).as_bytes())?;
    Ok(if came.answered_by.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What the real engine does with the call.
pub fn rehearse(of: &Rehearsal) -> Rehearsed {
    let user_of =
        |number: &str| match of.snapshot.extension(of.tenant, number).map(|extension| extension.target) {
            Some(Target::User(id)) => Some(id),
            _ => None,
        };
    let users: HashMap<UserId, Assumed> =
        of.assumed.iter().filter_map(|(who, what)| Some((user_of(who)?, assumed(*what)))).collect();
    let outside = of.assumed.iter().find(|(who, _)| who == OUTSIDE).map(|(_, what)| assumed(*what));
    let came = rehearse::rehearse(&rehearse::Rehearsal {
        snapshot: of.snapshot.clone(),
        tenant: of.tenant,
        from: caller(&of.snapshot, of.tenant, &of.from),
        dialled: of.to.clone(),
        utc: of.utc,
        at: std::time::Instant::now(),
        users,
        outside: outside.unwrap_or(Assumed::Answers(USUAL_ANSWER)),
        seed: SEED,
    });
    Rehearsed {
        trace: came.trace,
        answered_by: came.answered_by,
        cause: came.cause,
        took_ms: came.took.as_millis() as u64,
        revision: of.snapshot.revision,
    }
}

fn asked(options: &Why, folder: &Path) -> Result<Rehearsal, WhyError> {
    let snapshot = Db::open(folder)?.snapshot(options.revision)?;
    let tenant = match &options.tenant {
        Some(domain) => {
            snapshot.tenant_by_domain(domain).cloned().ok_or_else(|| WhyError::NoTenant(domain.clone()))?
        }
        None => {
            let first = snapshot.tenants().min_by_key(|tenant| tenant.id).cloned();
            first.ok_or_else(|| WhyError::NoTenant(String::new()))?
        }
    };
    if !options.from.starts_with('+') && snapshot.extension(tenant.id, &options.from).is_none() {
        return Err(WhyError::NoCaller(options.from.clone()));
    }
    Ok(Rehearsal {
        tenant: tenant.id,
        from: options.from.clone(),
        to: options.to.clone(),
        utc: options.at.map_or_else(Utc::now, |at| moment(&snapshot, &tenant, at)),
        assumed: options.assume.clone(),
        snapshot,
    })
}

/// A time on the company's clocks; the earlier one where a clock shows it twice, the next one where it never does.
fn moment(snapshot: &Snapshot, tenant: &Tenant, at: NaiveDateTime) -> DateTime<Utc> {
    let zone = snapshot.zone_of_tenant(tenant);
    let local = zone.from_local_datetime(&at).earliest();
    let local = local.or_else(|| zone.from_local_datetime(&(at + chrono::TimeDelta::hours(1))).earliest());
    local.map_or_else(|| at.and_utc(), |local| local.with_timezone(&Utc))
}

/// Somebody of the company with their first phone, or somebody outside.
fn caller(snapshot: &Snapshot, tenant: TenantId, number: &str) -> From {
    let Some(Target::User(user)) = snapshot.extension(tenant, number).map(|extension| extension.target)
    else {
        return From::Outside(number.to_owned());
    };
    let device = snapshot.devices_of(tenant, user).first().map(|device| device.id);
    From::Inside { user: Some(user), device, number: number.to_owned() }
}

fn assumed(what: Assumption) -> Assumed {
    match what {
        Assumption::Rings => Assumed::Rings,
        Assumption::Answers(after) => Assumed::Answers(after),
        Assumption::Busy => Assumed::Busy,
        Assumption::Declines => Assumed::Declines,
        Assumption::NotRegistered => Assumed::NotRegistered,
    }
}

fn in_words(asked: &Rehearsal, came: &Rehearsed) -> String {
    let mut text = format!(
        "{} dials {} at {} under revision {}\n",
        asked.from,
        asked.to,
        asked.utc.format("%Y-%m-%d %H:%M UTC"),
        came.revision
    );
    let steps: Vec<serde_json::Value> = serde_json::from_str(&came.trace).unwrap_or_default();
    for step in &steps {
        let part = |name: &str| step.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        let at =
            Duration::from_millis(step.get("at_ms").and_then(serde_json::Value::as_u64).unwrap_or_default());
        let detail = if part("detail").is_empty() { String::new() } else { format!(": {}", part("detail")) };
        text += &format!("{:>6.1} s  {}{detail}  [{}]\n", at.as_secs_f32(), part("what"), part("rule"));
    }
    let after = Duration::from_millis(came.took_ms).as_secs_f32();
    match came.answered_by.is_empty() {
        true => text + &format!("Ends after {after:.1} s: {}\n", came.cause),
        false => text + &format!("{} answers after {after:.1} s\n", came.answered_by),
    }
}

/// Those who are called outside, among assumptions.
const OUTSIDE: &str = "outside";
/// Those who are called outside answer, if nothing else is assumed.
const USUAL_ANSWER: Duration = Duration::from_secs(5);
/// The same question gets the same answer.
const SEED: [u8; 32] = [17; 32];
