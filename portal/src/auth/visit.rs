//! The portal of a customer, opened by who runs the program: every page says whose it is, and leads back. R-01.
//!
//! Within it they are what the customer's primary administrator is, under their own name. What is theirs alone – profile,
//! security, calls – waits until they are back; nothing of any other company is there meanwhile.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{HeaderMap, Method},
    response::{IntoResponse, Redirect, Response},
};
use config::{
    TenantId,
    access::{self, Verb, Viewer},
    query::QueryError,
    resources::tenants::TENANTS,
    sign_in::Session,
};

use super::Who;
use crate::{error::Fault, reply, state::App};

/// The customer that a session acts for, if its user still runs the program.
pub(super) fn customer(session: &Session) -> Option<TenantId> {
    session.acts_for.filter(|_| access::may(&session.account.viewer, Verb::Edit, &TENANTS))
}

/// What they may do there, who they are called in its audit log, and what holds for the session.
pub(super) fn at(customer: TenantId, who: Who, company: &str) -> Who {
    Who {
        tenant: customer,
        viewer: Viewer::primary(customer),
        login: known_as(&who.login, company),
        calling: false,
        visiting: true,
        ..who
    }
}

/// Why a request is not for who is at a customer's: it is about themselves.
pub(super) fn refused(method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
    let below =
        |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let own = below("/api/v1/me");
    if !own && ["/admin", "/api", "/live", "/files", "/logout"].into_iter().any(below) {
        return None;
    }
    if own {
        return Some(Fault::Forbidden(NOT_HERE).problem());
    }
    let is_page = *method == Method::GET && !headers.contains_key("hx-request");
    Some(if is_page {
        Redirect::to("/admin").into_response()
    } else {
        Fault::Forbidden(NOT_HERE).into_response()
    })
}

/// `POST /admin/tenants/{id}/open`.
pub(crate) async fn open(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    who.table(TENANTS.name)?;
    let (mut author, session) = (who.author("portal"), (who.user, who.session));
    author.name = known_as(&who.login, &who.face.name);
    let name = app.db(move |db| db.open_customer(&author, session, TenantId(id))).await?;
    tracing::info!(tenant.id = id, "{} opened the portal of {name}", who.login);
    Ok(reply::see_other("/admin", ""))
}

/// `POST /admin/leave-customer`: back to one's own company, where one left it.
pub(crate) async fn leave(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let session = (who.user, who.session);
    app.db(move |db| db.leave_customer(session).map_err(QueryError::from)).await?;
    let back = if who.visiting { format!("/admin/tenants/{}", who.tenant.0) } else { "/admin".to_owned() };
    Ok(reply::see_other(&back, ""))
}

/// Two companies may have users of the same login, so that of who is a guest comes with their company.
fn known_as(login: &str, company: &str) -> String {
    format!("{login} ({company})")
}

const NOT_HERE: &str = "This is your own. Go back to your company first";
