//! Group Details beside the form of a customer group, and the window in which a customer's group is selected. MT-02…08.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use config::{
    Resource,
    access::Verb,
    customers::{Group, GroupMember},
    query::QueryError,
    resource::Values,
    resources::{customer_groups::CUSTOMER_GROUPS, tenants::TENANTS},
    write::WriteError,
};

use super::{Beside, related};
use crate::{auth::Who, error::Fault, query::Pairs, reply, state::App};

#[derive(Template)]
#[template(path = "parts/customer_group.html")]
struct GroupDetails {
    id: i64,
    csrf: String,
    members: Vec<GroupMember>,
    /// Customers of no group who may come in: those of the same call manager.
    may_join: Vec<GroupMember>,
    /// Customers of no group on other call managers.
    elsewhere: usize,
    may_change: bool,
}

#[derive(Template)]
#[template(path = "parts/select_group.html")]
struct SelectGroup;

/// Its fields are none of the customer's form, so it stands after that.
#[derive(Template)]
#[template(path = "parts/select_group_dialog.html")]
struct SelectGroupDialog {
    groups: Vec<Group>,
}

/// Whether a table is that of customer groups.
pub(crate) fn are(of: &Resource) -> bool {
    of.name == CUSTOMER_GROUPS.name
}

/// Beside the form of one group: who is in it, with CM ID and access code.
pub(crate) async fn beside(app: &App, who: &Who, id: i64) -> Result<Beside, Fault> {
    let mut beside = related::beside(app, who, &CUSTOMER_GROUPS, id).await?;
    let (name, tenant) = (name_of(app, who, id).await?, who.tenant);
    let (members, outside) = app
        .db(move |db| Ok::<_, QueryError>((db.customers(&name, tenant)?, db.customers("", tenant)?)))
        .await?;
    let manager = members.first().map(|member| member.cm_id.clone());
    let all = outside.len();
    let may_join: Vec<GroupMember> =
        outside.into_iter().filter(|other| manager.as_ref().is_none_or(|cm| *cm == other.cm_id)).collect();
    let part = GroupDetails {
        id,
        csrf: who.csrf.clone(),
        elsewhere: all - may_join.len(),
        members,
        may_join,
        may_change: who.may(Verb::Edit, &TENANTS),
    };
    beside.after = part.render()? + &beside.after;
    Ok(beside)
}

/// "Select Group" beside the form of a customer, also of one who is being created. MT-06…08.
pub(crate) async fn select(app: &App, who: &Who) -> Result<Beside, Fault> {
    let tenant = who.tenant;
    let groups = app.db(move |db| db.customer_groups(tenant).map_err(QueryError::from)).await?;
    let (side, after) = (SelectGroup.render()?, SelectGroupDialog { groups }.render()?);
    Ok(Beside { side, after, ..Beside::default() })
}

/// `POST /admin/customer_groups/{id}/customers`: takes a customer in, or with `leave` out. MT-04
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
    body: String,
) -> Result<Response, Fault> {
    let of = who.writable(TENANTS.name)?;
    let sent = Pairs::parse(&body);
    let customer: i64 = sent.get("customer").parse().map_err(|_| Fault::NotFound)?;
    let name = name_of(&app, &who, id).await?;
    let (group, done) = if sent.has("leave") {
        (String::new(), "Taken out of the group.")
    } else {
        (name, "Added to the group.")
    };
    let (author, values) = (who.author("portal"), Values::from([("customer_group".to_owned(), group)]));
    let written = app.db(move |db| Ok::<_, Fault>(db.update(&author, of, customer, &values, None))).await?;
    let back = format!("/admin/{}/{id}", CUSTOMER_GROUPS.name);
    match written {
        Ok(saved) => Ok(reply::see_other(&back, &reply::undoable(done, Some(saved.revision)))),
        Err(WriteError::Invalid(problems)) => {
            let why: Vec<String> = problems.into_iter().map(|problem| problem.message).collect();
            Ok(reply::see_other(&back, &format!("Nothing was changed. {}", why.join(" "))))
        }
        Err(other) => Err(other.into()),
    }
}

async fn name_of(app: &App, who: &Who, id: i64) -> Result<String, Fault> {
    let of = who.table(CUSTOMER_GROUPS.name)?;
    let viewer = who.viewer();
    let row = app.db(move |db| db.get(&viewer, of, id)).await?.ok_or(Fault::NotFound)?;
    Ok(row.values.get("name").cloned().unwrap_or_default())
}
