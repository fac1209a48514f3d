//! Desk phones: what they fetch and what they do not, the page where new ones wait, their keys.

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode},
};
use chrono::Utc;
use config::{DeviceId, TenantId};
use portal::live::LiveBinding;
use serde_json::json;
use std::net::SocketAddr;

use crate::world::{Answer, Browser, World, between};

const MAC: &str = "805ec01a7f22";
const CFG: &str = "805ec01a7f22.cfg";

/// A Yealink T54W with that hardware address.
async fn phone(api: &Browser, mac: &str, more: serde_json::Value) -> i64 {
    let mut row = json!({"name": format!("Phone {mac}"), "username": format!("p-{}", mac.replace(':', "")), "mac": mac, "model": "yealink-t54w"});
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = api.json("POST", "/api/v1/devices", row).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    made.value()["id"].as_i64().unwrap()
}

/// What a phone at that address gets.
async fn fetch_from(world: &World, from: &str, key: &str, file: &str) -> Answer {
    let peer: SocketAddr = from.parse().unwrap();
    let request = Request::builder()
        .uri(format!("/provision/{key}/{file}"))
        .header("host", "pbx.example")
        .header("user-agent", "Yealink SIP-T54W 96.86.0.100 80:5e:c0:1a:7f:22")
        .extension(ConnectInfo(peer));
    world.send(request.body(Body::empty()).unwrap()).await
}

async fn fetch(world: &World, key: &str, file: &str) -> Answer {
    fetch_from(world, "10.0.0.7:40000", key, file).await
}

fn own_key(world: &World, device: i64) -> String {
    world.db.phone_key(DeviceId(device))
}

fn shared_key(world: &World) -> String {
    world.db.phones_key(TenantId(1))
}

/// By which way settings may leave: `https`, `private`, `any`.
async fn over(api: &Browser, rule: &str) {
    let set = api.json("PATCH", "/api/v1/node_settings/1", json!({"provision_over": rule})).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.body);
}

/// The password that the phone's file holds.
fn password(file: &str) -> &str {
    between(file, "account.1.password = ", "\n")
}

/// DEV-16: settings hold passwords: they do not leave in clear unless somebody allows it, and then as far as allowed.
#[tokio::test]
async fn over_plain_http_a_phone_gets_its_settings_only_where_that_is_allowed() {
    let world = World::new();
    let api = world.admin().await;
    let key = own_key(&world, phone(&api, MAC, json!({})).await);
    assert_eq!(fetch(&world, &key, CFG).await.status, StatusCode::NOT_FOUND);
    over(&api, "private").await;
    assert_eq!(fetch(&world, &key, CFG).await.status, StatusCode::OK);
    assert_eq!(fetch_from(&world, "203.0.113.9:40000", &key, CFG).await.status, StatusCode::NOT_FOUND);
    over(&api, "any").await;
    let file = fetch_from(&world, "203.0.113.9:40000", &key, CFG).await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(file.header("cache-control"), "no-store");
}

/// DEV-16: a phone's own address gives the files of that phone alone; a wrong one gives nothing.
#[tokio::test]
async fn no_phone_gets_the_settings_of_another() {
    let world = World::new();
    let api = world.admin().await;
    over(&api, "any").await;
    let (one, other) = (phone(&api, MAC, json!({})).await, phone(&api, "805ec01a7f23", json!({})).await);
    let mine = fetch(&world, &own_key(&world, one), CFG).await;
    let theirs = fetch(&world, &own_key(&world, other), "805ec01a7f23.cfg").await;
    assert_ne!(password(&mine.body), password(&theirs.body));
    for (key, file) in [
        (own_key(&world, one), "805ec01a7f23.cfg"),
        (own_key(&world, other), CFG),
        (format!("{}0", own_key(&world, one)), CFG),
        (own_key(&world, one).replacen("d", "t", 1), CFG),
        (world.db.phones_key(TenantId(2)), CFG),
        ("d1-".to_owned(), CFG),
        (own_key(&world, one), "nothing.here"),
    ] {
        let refused = fetch(&world, &key, file).await;
        assert_eq!((refused.status, refused.body.as_str()), (StatusCode::NOT_FOUND, ""), "{key} {file}");
    }
}

/// DEV-16: who guesses is slowed down.
#[tokio::test]
async fn whoever_asks_in_vain_again_and_again_must_wait() {
    let world = World::new();
    let mut last = StatusCode::OK;
    for _ in 0..601 {
        last = fetch(&world, "d1-0000", CFG).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let other = fetch_from(&world, "10.0.0.8:40000", "d1-0000", CFG).await;
    assert_eq!(other.status, StatusCode::NOT_FOUND, "others need not");
}

/// DEV-16, DEV-01: an unknown phone gets nothing and waits; taken on, it gets its settings from the shared address, once.
#[tokio::test]
async fn an_unknown_phone_waits_until_it_is_taken_on() {
    let world = World::new();
    let api = world.admin().await;
    over(&api, "any").await;
    let key = shared_key(&world);
    assert_eq!(fetch(&world, &key, CFG).await.status, StatusCode::NOT_FOUND);
    let page = api.get("/admin/provisioning").await.body;
    assert!(page.contains(&format!("/provision/{key}/")), "the value of option 66");
    assert!(page.contains("80:5e:c0:1a:7f:22") && page.contains("Yealink T54W"), "{page}");
    let listed = api.get("/api/v1/provisioning").await.value();
    assert_eq!(
        (&listed["waiting"][0]["mac"], &listed["waiting"][0]["model"]),
        (&json!(MAC), &json!("yealink-t54w"))
    );
    let form = api
        .get(between(&page, "btn small primary\" href=\"", "\"").replace("&#38;", "&").as_str())
        .await
        .body;
    assert!(
        form.contains(&format!("value=\"{MAC}\"")) || form.contains("80:5e:c0:1a:7f:22"),
        "the form is filled in"
    );

    let id = phone(&api, MAC, json!({})).await;
    assert!(!api.get("/admin/provisioning").await.body.contains("waits-"), "it waits no more");
    let first = fetch(&world, &key, CFG).await;
    assert_eq!(first.status, StatusCode::OK);
    assert!(
        first.body.contains(&format!("/provision/{}", own_key(&world, id))),
        "from here on its own address"
    );
    let elsewhere = fetch_from(&world, "10.0.0.99:1", &key, CFG).await;
    assert_eq!(elsewhere.status, StatusCode::NOT_FOUND, "once, and not for somebody else");
    api.post(&format!("/admin/devices/{id}/allow"), &[]).await;
    assert_eq!(fetch_from(&world, "10.0.0.99:1", &key, CFG).await.status, StatusCode::OK, "allowed again");
}

/// DEV-16: what asks without being let in is on a list that only those see who may add devices.
#[tokio::test]
async fn the_page_of_provisioning_is_for_those_who_may_change_devices() {
    let world = World::new();
    let user = world.account("plain", 0).await;
    assert_eq!(user.get("/admin/provisioning").await.status, StatusCode::FORBIDDEN);
    assert_eq!(user.get("/api/v1/provisioning").await.status, StatusCode::FORBIDDEN);
}

/// TRB-04, DEV-16: when a phone fetched its settings and its phone book, and how many entries it got.
#[tokio::test]
async fn a_device_shows_when_it_fetched_its_settings_and_its_phone_book() {
    let world = World::new();
    let api = world.admin().await;
    over(&api, "any").await;
    let id = phone(&api, MAC, json!({})).await;
    let key = own_key(&world, id);
    fetch(&world, &key, CFG).await;
    let book = fetch(&world, &key, "book.xml").await;
    let entries = book.body.matches("<Unit ").count();
    assert!(entries > 1, "{}", book.body);
    let row = api.get(&format!("/api/v1/devices/{id}")).await.value();
    assert_eq!(row["book_entries"], entries, "{row}");
    assert!(row["fetched"].is_string() && row["book_fetched"].is_string(), "{row}");
    assert!(row["fetched_by"].as_str().unwrap().starts_with("Yealink SIP-T54W"), "{row}");
    let page = api.get(&format!("/admin/devices/{id}")).await.body;
    assert!(page.contains("Yealink SIP-T54W"), "{page}");
}

/// DIR-04, DIR-12, DIR-33: one's own contacts, those of the company, and the colleagues.
#[tokio::test]
async fn a_phone_book_holds_own_and_shared_contacts_and_colleagues() {
    let world = World::new();
    let api = world.admin().await;
    over(&api, "any").await;
    let owner = world.account("ida", 0).await;
    let user = api.get("/api/v1/users?f.login=ida").await.value()["items"][0]["id"].clone();
    let colleague = world.user("Zacharias", "731");
    let shared = json!({"last_name": "Acme & Sons", "work": "030 / 12-34", "group_name": "Clients"});
    assert_eq!(api.json("POST", "/api/v1/contacts", shared).await.status, StatusCode::CREATED);
    let kept = owner.post("/contacts", &[("last_name", "Dentist"), ("home", "+49 30 99")]).await;
    assert!(kept.status.is_redirection(), "{} {}", kept.status, kept.body);
    let mine = own_key(&world, phone(&api, MAC, json!({"user": user})).await);
    let lobby = own_key(&world, phone(&api, "805ec01a7f23", json!({})).await);
    let book = fetch(&world, &mine, "book.xml").await;
    assert!(book.header("content-type").starts_with("text/xml"));
    for line in [
        "<Menu Name=\"Clients\">",
        "Name=\"Acme &amp; Sons\" Phone1=\"0301234\"",
        "Name=\"Dentist\" Phone1=\"+493099\"",
        "Name=\"Zacharias\" Phone1=\"731\"",
    ] {
        assert!(book.body.contains(line), "{line} in {}", book.body);
    }
    let book = fetch(&world, &lobby, "book.xml").await.body;
    assert!(
        book.contains("Acme") && !book.contains("Dentist"),
        "what one keeps is on one's own phone alone: {book}"
    );
    api.json("PATCH", &format!("/api/v1/users/{colleague}"), json!({"in_directory": false})).await;
    assert!(!fetch(&world, &mine, "book.xml").await.body.contains("Zacharias"));
}

/// DEV-12: a key is set, moved, cleared and taken back; the file follows.
#[tokio::test]
async fn keys_are_edited_as_the_phone_shows_them() {
    let world = World::new();
    let api = world.admin().await;
    over(&api, "any").await;
    let id = phone(&api, MAC, json!({})).await;
    let (page, key) = (format!("/admin/devices/{id}/buttons"), own_key(&world, id));
    let shown = api.get(&page).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    assert!(shown.body.contains("?key=2"), "keys are links: {}", shown.body);
    let saved = api
        .post(
            &page,
            &[("act", "save"), ("position", "2"), ("type", "blf"), ("value", "102"), ("label", "Ben")],
        )
        .await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    let file = fetch(&world, &key, CFG).await.body;
    assert!(file.contains("linekey.2.type = 16\n") && file.contains("linekey.2.value = 102\n"), "{file}");
    let toast = api.with_flash(&saved).await;
    api.post(&page, &[("act", "down"), ("position", "2")]).await;
    let file = fetch(&world, &key, CFG).await.body;
    assert!(file.contains("linekey.2.type = 0\n") && file.contains("linekey.3.value = 102\n"), "{file}");
    api.post(&page, &[("act", "up"), ("position", "3")]).await;
    let refused =
        api.post(&page, &[("act", "save"), ("position", "4"), ("type", "speed_dial"), ("value", "")]).await;
    assert_eq!(refused.status, StatusCode::OK, "the form again, with the reason");
    let cleared = api.post(&page, &[("act", "clear"), ("position", "2")]).await;
    assert!(fetch(&world, &key, CFG).await.body.contains("linekey.2.type = 0\n"));
    let undo = between(&api.with_flash(&cleared).await, "action=\"/admin/undo/", "\"").to_owned();
    api.post(&format!("/admin/undo/{undo}"), &[]).await;
    assert!(fetch(&world, &key, CFG).await.body.contains("linekey.2.value = 102\n"), "{toast}");
    let other = phone(&api, "805ec01a7f23", json!({})).await;
    api.post(&format!("/admin/devices/{other}/buttons"), &[("act", "copy"), ("from", &id.to_string())]).await;
    let file = fetch(&world, &own_key(&world, other), "805ec01a7f23.cfg").await.body;
    assert!(file.contains("linekey.2.value = 102\n"), "taken over: {file}");
}

/// NAV-21, DEV-12: whose phone it is sets its keys; nobody else's, and no administrator's page.
#[tokio::test]
async fn people_set_the_keys_of_their_own_phone_alone() {
    let world = World::new();
    let api = world.admin().await;
    let owner = world.account("ida", 0).await;
    let other = world.account("ben", 0).await;
    let user = api.get("/api/v1/users?f.login=ida").await.value()["items"][0]["id"].clone();
    let id = phone(&api, MAC, json!({"user": user})).await;
    let page = format!("/phones/{id}/buttons");
    assert!(owner.get("/phones").await.body.contains(&page), "the list of one's phones leads there");
    assert_eq!(owner.get(&page).await.status, StatusCode::OK);
    let given = [
        ("act", "save"),
        ("position", "2"),
        ("type", "speed_dial"),
        ("value", "+4930123"),
        ("label", "Taxi"),
    ];
    assert_eq!(owner.post(&page, &given).await.status, StatusCode::SEE_OTHER);
    assert_eq!(world.db.phone_buttons(DeviceId(id)).unwrap()[0].value, "+4930123");
    for stranger in [&other, &api] {
        assert_eq!(stranger.get(&page).await.status, StatusCode::NOT_FOUND);
        assert_eq!(stranger.post(&page, &given).await.status, StatusCode::NOT_FOUND);
    }
    let behind = owner.get(&format!("/admin/devices/{id}/buttons")).await;
    assert_eq!(behind.status, StatusCode::FORBIDDEN);
    let stranger = world.other_tenant().await;
    assert_eq!(stranger.get(&format!("/admin/devices/{id}/buttons")).await.status, StatusCode::NOT_FOUND);
}

/// SIP-36, DEV-14: Resync on the page and over REST.
#[tokio::test]
async fn a_registered_phone_is_told_to_fetch_its_settings_or_to_start_anew() {
    let world = World::new();
    let api = world.admin().await;
    let id = phone(&api, MAC, json!({})).await;
    let told = api.json("POST", &format!("/api/v1/devices/{id}/resync"), json!(null)).await;
    assert_eq!(
        (told.status, &told.value()["told"]),
        (StatusCode::ACCEPTED, &json!(false)),
        "nobody is there"
    );
    world.live.bindings.lock().unwrap().push(LiveBinding {
        device: DeviceId(id),
        contact: "sip:p@192.0.2.7".into(),
        user_agent: "Yealink SIP-T54W".into(),
        address: "udp 192.0.2.7:5060".into(),
        registered_at: Utc::now().timestamp_millis(),
        expires_at: Utc::now().timestamp_millis() + 3_600_000,
    });
    api.post(&format!("/admin/devices/{id}/resync"), &[]).await;
    let told = api.json("POST", &format!("/api/v1/devices/{id}/resync"), json!({"reboot": true})).await;
    assert_eq!(told.value()["told"], true);
    assert_eq!(*world.live.resyncs.lock().unwrap(), [(DeviceId(id), false), (DeviceId(id), true)]);
    let user = world.account("plain", 0).await;
    let refused = user.json("POST", &format!("/api/v1/devices/{id}/resync"), json!(null)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

/// DEV-01, DEV-02, DEV-03, DEV-06, DEV-09: a device has an address that no other has, a model, a place, and an owner or a site.
#[tokio::test]
async fn a_device_is_declared_with_address_model_and_place() {
    let world = World::new();
    let api = world.admin().await;
    let id = phone(&api, "80:5E:C0:1A:7F:22", json!({"location": "Lobby"})).await;
    let row = api.get(&format!("/api/v1/devices/{id}")).await.value();
    assert_eq!((&row["mac"], &row["location"]), (&json!(MAC), &json!("Lobby")));
    for (mac, model) in
        [(MAC, "yealink-t54w"), ("80-5e-c0", "yealink-t54w"), ("805ec01a7f99", "no such model")]
    {
        let row = json!({"name": "Second", "username": "second", "mac": mac, "model": model});
        let refused = api.json("POST", "/api/v1/devices", row).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{mac} {model}");
    }
    let row = json!({"description": "Beside the door"});
    api.json("PATCH", &format!("/api/v1/devices/{id}"), row).await;
    let page = api.get(&format!("/admin/devices/{id}")).await.body;
    assert!(page.contains("Beside the door"), "{page}");
    for list in ["/admin/devices", "/admin/devices/export.csv"] {
        let list = api.get(list).await.body;
        assert!(list.contains("T54W") && list.contains("Lobby"), "model and place are columns: {list}");
    }
}

/// DEV-10: a user has at most one phone of each rank, and sees which it is.
#[tokio::test]
async fn a_user_has_one_first_and_one_second_phone() {
    let world = World::new();
    let api = world.admin().await;
    let user = world.user("Ida", "731");
    phone(&api, MAC, json!({"user": user, "rank": "primary"})).await;
    let second = phone(&api, "805ec01a7f23", json!({"user": user, "rank": "secondary"})).await;
    let row = json!({"rank": "primary"});
    let refused = api.json("PATCH", &format!("/api/v1/devices/{second}"), row).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    let row = api.get(&format!("/api/v1/users/{user}")).await.value();
    assert!(row["deskphone"].as_str().unwrap().contains(MAC), "{row}");
    assert!(row["second_deskphone"].as_str().unwrap().contains("805ec01a7f23"), "{row}");
}

/// DEV-05, DEV-08: transport, the voicemail button, and a wish for encryption; where nothing listens for it, the page says so.
#[tokio::test]
async fn the_file_follows_the_fields_of_the_device() {
    let world = World::new();
    let api = world.admin().await;
    over(&api, "any").await;
    world.user("Ida", "790");
    let fields = json!({"transport": "tcp", "voicemail_button": "shared", "voicemail_box": "790"});
    let id = phone(&api, MAC, fields).await;
    let file = fetch(&world, &own_key(&world, id), CFG).await.body;
    assert!(file.contains("transport_type = 1\n") && file.contains("790\n"), "{file}");
    api.json("PATCH", &format!("/api/v1/devices/{id}"), json!({"secure": true})).await;
    let page = api.get(&format!("/admin/devices/{id}")).await.body;
    assert!(page.contains("TLS"), "{page}");
}

/// DEV-07: the password that a phone is given is the new one as soon as there is one.
#[tokio::test]
async fn a_new_password_is_in_the_file_at_once() {
    let world = World::new();
    let api = world.admin().await;
    over(&api, "any").await;
    let id = phone(&api, MAC, json!({})).await;
    let key = own_key(&world, id);
    let before = fetch(&world, &key, CFG).await.body;
    api.post(&format!("/admin/devices/{id}/secret"), &[("renew", "1")]).await;
    let after = fetch(&world, &key, CFG).await.body;
    assert_ne!(password(&before), password(&after));
}
