//! "Customer info": call manager, group, what a customer uses, and where its people sign in. R-03, MT-02.

use askama::Template;
use chrono::{Datelike, NaiveTime};
use config::{TenantId, customers::usage::Usage, query::QueryError};

use crate::{auth::Who, error::Fault, state::App, zone::Clock};

#[derive(Template)]
#[template(path = "parts/customer_info.html")]
struct CustomerInfo {
    usage: Usage,
    /// Where its people sign in.
    address: String,
}

/// The card beside the form.
pub(super) async fn card(app: &App, who: &Who, id: i64) -> Result<String, Fault> {
    let usage = usage(app, who, id).await?;
    let address = format!("{}/sign-in/{}", app.settings.base_url.trim_end_matches('/'), usage.domain);
    Ok(CustomerInfo { usage, address }.render()?)
}

/// What a customer uses, its calls since the month began on the clock of who asks.
pub(super) async fn usage(app: &App, who: &Who, id: i64) -> Result<Usage, Fault> {
    let clock = Clock::of(app, who).await?;
    let first = clock.now.date_naive().with_day(1).map(|day| day.and_time(NaiveTime::MIN));
    let month = first.and_then(|first| first.and_local_timezone(clock.zone).earliest());
    let since = month.map_or(0, |month| month.timestamp_millis());
    let found = app.db(move |db| db.usage_of(TenantId(id), since).map_err(QueryError::from)).await?;
    found.ok_or(Fault::NotFound)
}
