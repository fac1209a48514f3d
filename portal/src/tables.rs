//! Lists and forms made from the declarations, and what a page of its own adds to a table's form and list. Only the files
//! here that are named after a table know one by name.

pub(crate) mod api_keys;
pub(crate) mod bulk;
pub(crate) mod csv;
pub(crate) mod customer_groups;
pub(crate) mod departments;
pub(crate) mod destination;
pub(crate) mod devices;
pub(crate) mod field;
pub(crate) mod form;
pub(crate) mod history;
pub(crate) mod holders;
pub(crate) mod inbound_routes;
pub(crate) mod ldap_settings;
mod links;
pub(crate) mod list;
pub(crate) mod pins;
pub(crate) mod related;
pub(crate) mod ring_groups;
pub(crate) mod row;
pub(crate) mod sites;
pub(crate) mod tenants;
pub(crate) mod trunks;
pub(crate) mod undo;
pub(crate) mod upload;
pub(crate) mod users;
pub(crate) mod views;

use config::{Resource, access::Verb, references::Use, resource::Values, resources};

use crate::{auth::Who, error::Fault, state::App};
use list::ListView;

/// Ready HTML beside a form, and the live parts it needs.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    pub side: String,
    pub head: String,
    pub after: String,
    pub parts: String,
}

/// What stands beside the form of a row.
pub(crate) async fn beside(
    app: &App,
    who: &Who,
    of: &'static Resource,
    id: Option<i64>,
) -> Result<Beside, Fault> {
    let Some(id) = id else {
        return if tenants::are(of) {
            customer_groups::select(app, who).await
        } else {
            Ok(Beside::default())
        };
    };
    let mut beside = match id {
        id if devices::are(of) => devices::beside(app, who, id).await?,
        id if api_keys::are(of) => api_keys::beside(app, who, id).await?,
        id if users::are(of) => users::beside(app, who, id).await?,
        id if sites::are(of) => sites::beside(app, who, id).await?,
        id if tenants::are(of) => tenants::beside(app, who, id).await?,
        id if customer_groups::are(of) => customer_groups::beside(app, who, id).await?,
        id if ring_groups::are(of) => ring_groups::beside(app, who, id).await?,
        id if trunks::are(of) => trunks::beside(app, who, id).await?,
        id if inbound_routes::are(of) => inbound_routes::beside(app, who, id).await?,
        _ if ldap_settings::are(of) => ldap_settings::beside(app, who)?,
        id if holders::is_held(of) => holders::beside(app, who, of, id).await?,
        id => related::beside(app, who, of, id).await?,
    };
    history::add(app, who, of, id, &mut beside).await?;
    Ok(beside)
}

/// Adds a live column to a list; the live parts it needs.
pub(crate) fn live_column(app: &App, who: &Who, of: &'static Resource, list: &mut ListView) -> String {
    match () {
        () if devices::are(of) => devices::column(app, who, list),
        () if trunks::are(of) => trunks::column(app, who, list),
        () if tenants::are(of) => tenants::column(list),
        () => String::new(),
    }
}

/// What stands above a list.
pub(crate) async fn above(app: &App, who: &Who, of: &'static Resource) -> Result<String, Fault> {
    if departments::are(of) { departments::tree(app, who).await } else { links::of(of) }
}

/// What somebody may do with rows of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct May {
    pub create: bool,
    pub edit: bool,
    pub delete: bool,
}

impl May {
    /// By their role; which rows, the database says.
    pub fn of(who: &Who, of: &Resource) -> Self {
        let may = |verb| who.may(verb, of);
        Self { create: may(Verb::Create), edit: may(Verb::Edit), delete: may(Verb::Delete) }
    }
}

/// Those of the rows that somebody may look at.
pub(crate) fn seen(who: &Who, uses: Vec<Use>) -> Vec<Use> {
    let may_see = |one: &Use| resources::by_name(one.table).is_some_and(|of| who.may_see(of));
    uses.into_iter().filter(may_see).collect()
}

/// What is told of a new row beside its fields, once.
pub(crate) fn told_once(of: &Resource) -> Option<&'static str> {
    api_keys::are(of).then_some(api_keys::KEY)
}

/// What follows a save.
pub(crate) async fn after_save(
    app: &App,
    who: &Who,
    of: &'static Resource,
    new: bool,
    id: i64,
    values: &Values,
) -> Result<(), Fault> {
    if new && let Some((_, secret)) = made_secret(app, who, of, id, values).await? {
        if api_keys::are(of) {
            api_keys::keep(app, who, id, secret);
        } else {
            app.once.keep(who.session, id, secret);
        }
    }
    Ok(())
}

/// The secret that was made for a new row because none was given: field and clear text, to be shown this once.
pub(crate) async fn made_secret(
    app: &App,
    who: &Who,
    of: &'static Resource,
    id: i64,
    values: &Values,
) -> Result<Option<(&'static str, String)>, Fault> {
    if api_keys::are(of) {
        return api_keys::made(app, who, id).await.map(Some);
    }
    let empty = |name: &str| values.get(name).is_none_or(String::is_empty);
    let is_made = |f: &&config::Field| matches!(f.kind, config::Kind::Secret) && !f.chosen_elsewhere;
    let Some(field) = of.settable().find(|f| is_made(f) && empty(f.name)) else {
        return Ok(None);
    };
    let (author, name) = (who.author("portal"), field.name);
    let secret = app.db(move |db| db.reveal_secret(&author, of, id, name)).await?;
    Ok(Some((name, secret)))
}
