//! All addresses of the portal, and what every handler needs.

use std::{sync::Arc, sync::atomic::Ordering::Relaxed, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{StatusCode, Uri},
    middleware,
    response::{IntoResponse, Response},
    routing::{MethodRouter, delete, get, post, put},
};
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use crate::{
    assets,
    auth::{self, forgot, languages, login, passkey, second_factor, set_password, single_sign_on, visit},
    error::Fault,
    events, headers,
    pages::{
        self, api, audit, buttons, call, call_list, click_to_call, contacts, dashboard, feature_codes,
        help::{self, check, mail_check, report},
        history, home, hotdesk, lamps, live_calls, live_transfer, mail, metrics, night,
        own_calls::{self, blocked},
        own_phones, parked, passkeys, profile, rules, security, settings, status, time_frames, transfer,
        trial,
    },
    palette, provisioning, rest,
    state::App,
    tables::{
        api_keys, bulk, csv, customer_groups, devices, form, holders, ldap_settings, list, pins, row, sites,
        tenants, trunks, undo, upload, users, views,
    },
};

/// Every address. What stands in [`signed_in`] needs a session.
pub(crate) fn router(app: Arc<App>) -> Router {
    let panicked = app.clone();
    Router::new()
        .merge(signed_in(&app))
        .route("/login", get(login::page).post(login::sign_in))
        .route("/login/passkey", post(passkey::challenge))
        .route("/login/passkey/finish", post(passkey::sign_in))
        .route("/sign-in", get(login::ask_company).post(login::find_company))
        .route("/sign-in/{domain}", get(login::of_company))
        .route("/sign-in/{domain}/sso", get(single_sign_on::begin))
        .route(single_sign_on::CALLBACK, get(single_sign_on::arrive))
        .route("/language", post(languages::choose))
        .route("/forgot", get(forgot::page).post(forgot::send))
        .route("/setup/{token}", get(set_password::setup_page).post(set_password::setup))
        .route("/assets/{name}", get(assets::serve))
        .route("/provision/{key}/{file}", get(provisioning::serve))
        .route("/healthz", get(metrics::health))
        .route("/metrics", get(metrics::metrics))
        .fallback(nowhere)
        .layer(DefaultBodyLimit::max(BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
        .layer(CatchPanicLayer::custom(move |panic: Box<dyn std::any::Any + Send>| {
            after_panic(&panicked, &*panic)
        }))
        .layer(middleware::from_fn_with_state(app.clone(), headers::secure))
        .with_state(app)
}

/// Pages and REST for people who are signed in; the session, its rights and the origin of changing requests are checked
/// before any of them.
fn signed_in(app: &Arc<App>) -> Router<Arc<App>> {
    let pages = Router::new()
        .route("/", get(home::show))
        .route("/status/subscription", post(status::subscribe))
        .route("/live", get(events::stream))
        .merge(desk())
        .merge(answering())
        .route("/admin", get(dashboard::show))
        .merge(looking_back())
        .merge(people())
        .route("/admin/mail", get(mail::show))
        .route("/admin/mail/test", post(mail::test))
        .route("/admin/mail/{id}/retry", post(mail::retry))
        .route("/admin/users/{id}/setup-link", post(users::setup_link))
        .route("/admin/users/{id}/reset-password", post(users::reset_password))
        .route("/admin/users/{id}/pin", post(pins::set))
        .route("/admin/users/{id}/welcome-mail", post(users::welcome_mail))
        .route("/admin/users/{id}/remove-second-factor", post(users::remove_second_factor))
        .route("/admin/users/{id}/unlink", post(users::unlink))
        .route("/admin/ldap_settings/test", post(ldap_settings::test))
        .route("/admin/api_keys/{id}/key", post(api_keys::renew))
        .route("/admin/sites/{id}/default", post(sites::make_default))
        .route("/admin/tenants/{id}/licences", post(tenants::sell))
        .route("/admin/tenants/{id}/administrator", post(tenants::appoint))
        .route("/admin/tenants/{id}/open", post(visit::open))
        .route("/admin/reseller", get(pages::reseller::show))
        .route("/admin/leave-customer", post(visit::leave))
        .route("/admin/customer_groups/{id}/customers", post(customer_groups::change))
        .merge(account())
        .merge(calls())
        .merge(equipment())
        .merge(tables());
    pages.merge(programs(app)).layer(middleware::from_fn_with_state(app.clone(), auth::require))
}

/// How somebody proves who they are, and what is theirs to end.
fn account() -> Router<Arc<App>> {
    Router::new()
        .route("/logout", post(login::sign_out))
        .route("/password/set", get(set_password::page).post(set_password::change))
        .route("/sign-in/code", get(second_factor::page).post(second_factor::check))
        .route("/sign-in/code/passkey", post(passkey::challenge_again))
        .route("/security", get(security::show))
        .route("/security/passkeys", post(passkeys::add))
        .route("/security/passkeys/new", get(passkeys::blank))
        .route("/security/passkeys/challenge", post(passkeys::challenge))
        .route("/security/passkeys/{id}/remove", post(passkeys::remove))
        .route("/security/single-sign-on", get(single_sign_on::link))
        .route("/security/single-sign-on/unlink", post(single_sign_on::unlink))
        .route("/security/sessions/end-others", post(security::end_others))
        .route("/security/sessions/{id}/end", post(security::end))
        .route("/security/authenticator", get(security::authenticator).post(security::confirm))
        .route("/security/authenticator/remove", post(security::remove))
        .route("/security/pin", post(security::set_pin))
}

/// Calls as they are and were, and what decides where they go.
fn calls() -> Router<Arc<App>> {
    Router::new()
        .route("/admin/calls", get(call_list::show))
        .route("/admin/calls/live", get(live_calls::show))
        .route("/admin/calls/live/{id}/hangup", post(live_calls::hang_up))
        .route("/admin/calls/live/{id}/transfer", post(live_transfer::transfer))
        .route("/parked", get(parked::show))
        .route("/admin/calls/export.csv", get(call_list::csv))
        .route("/admin/calls/{id}", get(call::show))
        .route("/admin/lamps", get(lamps::show))
        .route("/admin/feature-codes", get(feature_codes::card))
        .route("/admin/simulator", get(pages::simulator::show))
        .route("/admin/routing", get(pages::routing::show))
        .route("/admin/company-group", get(pages::company_group::show).post(pages::company_group::save))
        .route("/admin/night", get(night::show).post(night::change))
}

/// What is plugged in or ordered: phones, their keys and files, trunks.
fn equipment() -> Router<Arc<App>> {
    Router::new()
        .route("/admin/devices/hotdesk", get(hotdesk::show))
        .route("/admin/devices/hotdesk/{id}/log-out", post(hotdesk::log_out))
        .route("/admin/devices/{id}/secret", post(devices::secret))
        .route("/admin/devices/{id}/resync", post(devices::resync))
        .route("/admin/devices/{id}/allow", post(devices::allow))
        .route("/admin/trunks/{id}/test", post(trunks::test))
        .route("/admin/trunks/{id}/test-call", get(pages::test_call::card).post(pages::test_call::place))
        .route("/admin/devices/{id}/buttons", get(buttons::show).post(buttons::change))
        .route("/phones/{id}/buttons", get(buttons::show_own).post(buttons::change_own))
        .route("/admin/provisioning", get(pages::provisioning::show))
        .route("/admin/provisioning/{mac}/forget", post(pages::provisioning::forget))
}

/// What each declared table has: list, form, file, history of its rows.
fn tables() -> Router<Arc<App>> {
    Router::new()
        .route("/admin/{table}", get(list::show).post(form::create))
        .route("/admin/{table}/new", get(form::blank))
        .route("/admin/search", get(palette::show))
        .route("/admin/undo", post(undo::last))
        .route("/admin/undo/{revision}", post(undo::revision))
        .route("/admin/{table}/export.csv", get(csv::export))
        .route("/admin/{table}/export", post(csv::export_chosen))
        .route("/admin/{table}/import", post(csv::import))
        .route("/admin/{table}/bulk", post(bulk::run))
        .route("/admin/{table}/state", post(views::keep))
        .route("/admin/{table}/views", post(views::save))
        .route("/admin/{table}/views/forget", post(views::forget))
        .route("/admin/{table}/check/{field}", post(form::check))
        .route("/admin/{table}/choices/{field}", get(form::choices))
        .route("/admin/{table}/upload/{field}", put(upload::store))
        .route("/admin/{table}/{id}/users", get(holders::show))
        .route("/admin/{table}/{id}/users/assign", post(holders::assign))
        .route("/admin/{table}/{id}/users/unassign", post(holders::unassign))
        .route("/files/{key}", get(upload::show))
        .route("/admin/{table}/{id}", get(form::edit).post(form::update))
        .route("/admin/{table}/{id}/menu", get(row::menu))
        .route("/admin/{table}/{id}/look", get(row::look))
        .route("/admin/{table}/{id}/delete", post(form::delete))
}

/// What programs use. A method that an address does not take is refused before its `Idempotency-Key` is looked at.
fn programs(app: &Arc<App>) -> Router<Arc<App>> {
    let once = |methods: MethodRouter<Arc<App>>| {
        methods.route_layer(middleware::from_fn_with_state(app.clone(), rest::idempotent::once))
    };
    let transfer = get(transfer::api_export).post(transfer::api_import);
    let row = get(rest::one).patch(rest::change).put(rest::change).delete(rest::delete);
    Router::new()
        .route("/api/v1/audit", get(audit::api))
        .route("/api/v1/audit/{id}/undo", once(post(audit::api_undo)))
        .route("/api/v1/history", get(history::api))
        .route("/api/v1/history/compare", get(history::api_compare))
        .route("/api/v1/history/{revision}/restore", once(post(history::api_restore)))
        .route("/api/v1/trials", once(post(trial::api_begin)))
        .route("/api/v1/trials/{id}/confirm", once(post(trial::api_confirm)))
        .route("/api/v1/trials/{id}", once(delete(trial::api_cancel)))
        .route("/api/v1/configuration", once(transfer).layer(DefaultBodyLimit::max(auth::LARGE_BODY)))
        .merge(own_api(app))
        .route("/api/v1/calls", get(call_list::api))
        .route("/api/v1/calls/{id}", get(call::api))
        .route("/api/v1/mail", get(mail::api))
        .merge(actions_api(app))
        .route("/api/v1/provisioning", get(pages::provisioning::api))
        .route("/api/v1/simulation", get(pages::simulator::api))
        .route("/api/v1/routing", get(pages::routing::api))
        .route("/api/v1/devices/{id}/resync", once(post(devices::api_resync)))
        .route(
            "/api/v1/trunks/{id}/test-calls",
            once(get(pages::test_call::api_list).post(pages::test_call::api_place)),
        )
        .route("/api/v1/users/{id}/pin", once(put(pins::api_set).delete(pins::api_remove)))
        .merge(reselling(app))
        .route("/api/v1/live/calls", get(live_calls::api))
        .route("/api/v1/live/lamps", get(lamps::api))
        .route("/api/v1/live/events", get(events::api::stream))
        .route("/api/v1/live/calls/{id}", once(delete(live_calls::api_hang_up)))
        .route("/api/v1/live/calls/{id}/transfer", once(post(live_transfer::api_transfer)))
        .route("/api/docs", get(api::show))
        .route("/api/v1/openapi.json", get(api::document))
        .route("/api/v1/{table}", once(get(rest::index).post(rest::create).patch(rest::patch_single)))
        .route("/api/v1/{table}/bulk", once(post(rest::bulk)))
        .route("/api/v1/{table}/upload/{field}", once(put(upload::store)))
        .route("/api/v1/{table}/{id}", once(row))
        .route("/api/v1/{table}/{id}/{field}/renew", once(post(rest::renew)))
        .method_not_allowed_fallback(rest::methods::fallback)
}

/// What the pages' buttons do beside changing rows, for programs.
fn actions_api(app: &Arc<App>) -> Router<Arc<App>> {
    use api::actions;
    let once = |methods: MethodRouter<Arc<App>>| {
        methods.route_layer(middleware::from_fn_with_state(app.clone(), rest::idempotent::once))
    };
    Router::new()
        .route("/api/v1/users/{id}/setup-link", once(post(actions::setup_link)))
        .route("/api/v1/users/{id}/reset-password", once(post(actions::reset_password)))
        .route("/api/v1/users/{id}/welcome-mail", once(post(actions::welcome_mail)))
        .route("/api/v1/users/{id}/second-factor", once(delete(actions::remove_second_factor)))
        .route("/api/v1/users/{id}/single-sign-on", once(delete(actions::unlink)))
        .route("/api/v1/devices/{id}/allow", once(post(actions::allow)))
        .route("/api/v1/devices/{id}/log-out", once(post(actions::log_out)))
        .route("/api/v1/trunks/{id}/test", once(post(actions::test_trunk)))
        .route("/api/v1/ldap_settings/test", once(post(actions::test_directory)))
        .route("/api/v1/mail/{id}/retry", once(post(actions::retry_mail)))
        .route("/api/v1/provisioning/{mac}", once(delete(actions::forget_phone)))
        .route("/api/v1/alerts", get(actions::alerts))
        .route("/api/v1/alerts/{id}/seen", once(post(actions::see_alert)))
}

/// What a reseller does with customers, for programs.
fn reselling(app: &Arc<App>) -> Router<Arc<App>> {
    let once = |methods: MethodRouter<Arc<App>>| {
        methods.route_layer(middleware::from_fn_with_state(app.clone(), rest::idempotent::once))
    };
    let licences = get(tenants::api::licences).patch(tenants::api::sell);
    Router::new()
        .route("/api/v1/customers", once(post(tenants::api::open)))
        .route("/api/v1/tenants/{id}/usage", get(tenants::api::usage))
        .route("/api/v1/tenants/{id}/licences", once(licences))
        .route("/api/v1/tenants/{id}/administrator", once(post(tenants::api::appoint)))
}

/// What everybody has of their own: calls, phones, help, profile; as pages and, below `/api/v1/me`, for programs.
fn desk() -> Router<Arc<App>> {
    Router::new()
        .route("/call-history", get(own_calls::show))
        .route("/call-history/export.csv", get(own_calls::csv))
        .route("/call-history/{id}/contact", get(own_calls::contact))
        .route("/call-history/blocked", get(blocked::show).post(blocked::block))
        .route("/call-history/blocked/{id}/unblock", post(blocked::unblock))
        .route("/call", get(click_to_call::ask).post(click_to_call::place))
        .route("/call/{id}/cancel", post(click_to_call::cancel))
        .route("/phones", get(own_phones::show))
        .route("/phones/{id}", get(own_phones::edit).post(own_phones::update))
        .route("/help", get(help::show))
        .route("/help/feature-codes", get(feature_codes::own))
        .route("/help/phone-check", get(check::show))
        .route("/help/mail-check", get(mail_check::show).post(mail_check::test))
        .route("/help/report", get(report::show).post(report::send))
        .route("/profile", get(profile::show).post(profile::update))
        .route("/admin/users/{id}/phone-check", get(check::show_user))
        .route("/admin/users/{id}/mail-check", get(mail_check::show_user).post(mail_check::test_user))
}

/// Where somebody's calls go, and when.
fn answering() -> Router<Arc<App>> {
    Router::new()
        .route("/rules", get(rules::show).post(rules::edit::create))
        .route("/rules/new", get(rules::edit::blank))
        .route("/rules/order", post(rules::order))
        .route("/rules/{id}", get(rules::edit::show).post(rules::edit::update))
        .route("/rules/{id}/active", post(rules::switch))
        .route("/rules/{id}/delete", post(rules::delete))
        .route("/timeframes", get(time_frames::show).post(time_frames::create))
        .route("/timeframes/new", get(time_frames::blank))
        .route("/timeframes/import", get(time_frames::import::show).post(time_frames::import::import))
        .route("/timeframes/{id}", get(time_frames::edit).post(time_frames::update))
        .route("/timeframes/{id}/delete", post(time_frames::delete))
        .route("/settings", get(settings::show).post(settings::update))
        .route("/settings/dnd", post(settings::dnd))
}

/// What [`desk`], [`answering`] and [`people`] have, for programs.
fn own_api(app: &Arc<App>) -> Router<Arc<App>> {
    use contacts::api as people;
    let once = |methods: MethodRouter<Arc<App>>| {
        methods.route_layer(middleware::from_fn_with_state(app.clone(), rest::idempotent::once))
    };
    Router::new()
        .route("/api/v1/me", once(get(profile::api).patch(profile::api_change)))
        .route("/api/v1/me/call-history", get(own_calls::api))
        .route("/api/v1/me/call-history/{id}", get(own_calls::api_one))
        .route("/api/v1/me/blocked-callers", once(get(blocked::api).post(blocked::api_block)))
        .route("/api/v1/me/blocked-callers/{id}", once(delete(blocked::api_unblock)))
        .route("/api/v1/me/calls", once(get(click_to_call::api_calls).post(click_to_call::api_place)))
        .route("/api/v1/me/calls/{id}", once(delete(click_to_call::api_cancel)))
        .route("/api/v1/me/phones", get(own_phones::api))
        .route("/api/v1/me/answering", get(rules::api))
        .route("/api/v1/me/phone-check", get(check::api))
        .route("/api/v1/me/mail-check", once(get(mail_check::api).post(mail_check::api_test)))
        .route("/api/v1/me/reports", once(post(report::api)))
        .route("/api/v1/me/contacts", once(get(people::index).post(people::create)))
        .route("/api/v1/me/contacts/import", once(post(people::import)))
        .route("/api/v1/me/contacts/{id}", once(get(people::one).patch(people::patch).delete(people::delete)))
        .route("/api/v1/me/known-numbers", get(people::known))
        .route("/api/v1/users/{id}/phone-check", get(check::api_user))
        .route(
            "/api/v1/users/{id}/mail-check",
            once(get(mail_check::api_user).post(mail_check::api_test_user)),
        )
}

/// Contacts and directories.
fn people() -> Router<Arc<App>> {
    use contacts::{add, edit, import};
    Router::new()
        .route("/contacts", get(contacts::show).post(edit::create))
        .route("/contacts/new", get(edit::blank))
        .route("/contacts/add", get(add::show))
        .route("/contacts/delete", post(edit::delete_many))
        .route("/contacts/import", get(import::show).post(import::import))
        .route("/contacts/import/example.csv", get(import::example))
        .route("/contacts/export", get(import::export))
        .route("/contacts/{kind}/{id}", get(edit::show).post(edit::update))
        .route("/contacts/{kind}/{id}/delete", post(edit::delete))
        .route("/contacts/{kind}/{id}/favourite", post(contacts::favourite))
        .route("/contacts/{kind}/{id}/number", post(add::number))
}

/// Audit log, history, import and export.
fn looking_back() -> Router<Arc<App>> {
    Router::new()
        .route("/admin/audit", get(audit::show))
        .route("/admin/audit/export.csv", get(audit::csv))
        .route("/admin/audit/{id}/undo", post(audit::undo))
        .route("/admin/history", get(history::show))
        .route("/admin/history/compare", get(history::compare))
        .route("/admin/history/{revision}", get(history::past))
        .route("/admin/history/{revision}/export.toml", get(history::export))
        .route("/admin/history/{revision}/restore", get(history::plan).post(history::apply))
        .route("/admin/alerts/{id}/seen", post(pages::alerts::seen))
        .route("/admin/trial", post(trial::begin))
        .route("/admin/trial/{id}/confirm", post(trial::confirm))
        .route("/admin/trial/{id}/cancel", post(trial::cancel))
        .route(
            "/admin/transfer",
            get(transfer::show).post(transfer::import).layer(DefaultBodyLimit::max(auth::LARGE_BODY)),
        )
        .route("/admin/transfer/export", post(transfer::export))
}

async fn nowhere(uri: Uri) -> Response {
    if uri.path().starts_with("/api/") { Fault::NotFound.problem() } else { Fault::NotFound.into_response() }
}

fn after_panic(app: &App, panic: &(dyn std::any::Any + Send)) -> Response {
    app.counters.panics.fetch_add(1, Relaxed);
    let said = panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    Fault::Internal(format!("a handler panicked: {}", said.unwrap_or_default())).into_response()
}

/// A CSV import of 10,000 users is 1 MB.
const BODY: usize = 4 * 1024 * 1024;
/// For one request, live streams aside: they answer at once.
const PATIENCE: Duration = Duration::from_secs(30);
