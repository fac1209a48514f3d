//! Pages of the way outside: simulator, company group, alerts. A-34, A-46, GEO-08.

use config::{
    TenantId, TrunkId,
    access::Author,
    records::{
        CallRow, Change,
        outside::{AlertKind, AlertRow},
    },
    resources::{
        customer_groups::CUSTOMER_GROUPS, numbers::NUMBERS, roles::ROLES, tenants::TENANTS, users::USERS,
    },
};
use portal::live::{CallFrom, LiveTrunk, NewCall};
use serde_json::json;

use crate::{
    desk::{anna, values},
    world::{World, author},
};

/// OPS-02: the page and the API say what would become of a call, and compare revisions.
#[tokio::test]
async fn the_simulator_says_each_step_and_compares_revisions() {
    let world = World::new();
    let admin = world.admin().await;
    let blank = admin.get("/admin/simulator").await;
    assert!(blank.status.is_success() && blank.body.contains("Call simulator"), "{}", blank.body);
    let page = admin.get("/admin/simulator?from=101&to=102&at=2026-12-24T18%3A00&compare=1").await;
    assert!(page.body.contains("102 is extension of Ben Castillo"), "{}", page.body);
    assert_eq!(page.body.matches("480 No answer").count(), 2, "two revisions");
    let answered = admin.get("/admin/simulator?from=101&to=102&assume=102%3Danswers%3A4").await;
    assert!(answered.body.contains("Answered") && answered.body.contains("102 Ben Castillo"));
    let api = admin.get("/api/v1/simulation?from=101&to=102").await.value();
    assert_eq!((api["cause"].as_str(), api["took_ms"].as_i64()), (Some("480 No answer"), Some(20_000)));
    assert_eq!(api["trace"][1]["what"], "Routed");
    for (query, field) in [
        ("from=&to=102", "from"),
        ("from=199&to=102", "from"),
        ("from=101&to=102&at=Christmas", "at"),
        ("from=101&to=102&assume=102%3Dasleep", "assume"),
        ("from=101&to=102&revision=999999", "revision"),
    ] {
        let refused = admin.get(&format!("/api/v1/simulation?{query}")).await;
        assert_eq!(refused.status.as_u16(), 422, "{query}: {}", refused.body);
        assert!(refused.body.contains(field), "{query}: {}", refused.body);
        let page = admin.get(&format!("/admin/simulator?{query}")).await;
        assert!(page.status.is_success() && page.body.contains("role=\"alert\""), "{query}");
    }
    let low = world.account("low", 1).await;
    assert_eq!(low.get("/admin/simulator").await.status.as_u16(), 403);
    assert_eq!(low.get("/api/v1/simulation?from=101&to=102").await.status.as_u16(), 403);
}

/// MT-05, MT-09, MT-10: groups are the reseller's, the access code is each company's.
#[tokio::test]
async fn a_company_chooses_its_access_code_among_its_group() {
    let world = World::new();
    let admin = world.admin().await;
    assert!(admin.get("/admin/company-group").await.body.contains("In no group"));
    let text =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    world.db.create(&author(), &CUSTOMER_GROUPS, &text(&[("name", "Twins")])).unwrap();
    let two = text(&[("name", "Two"), ("domain", "two.example"), ("customer_group", "Twins")]);
    let two = world.db.create(&author(), &TENANTS, &two).unwrap().id;
    world.db.update(&author(), &TENANTS, 1, &text(&[("customer_group", "Twins")]), None).unwrap();
    let saved = admin.post("/admin/company-group", &[("access_code", "71")]).await;
    assert_eq!(saved.status.as_u16(), 303, "{}", saved.body);
    let page = admin.get("/admin/company-group").await.body;
    assert!(page.contains("Twins") && page.contains("Two") && page.contains("71"), "{page}");
    let refused = admin.post("/admin/company-group", &[("access_code", "101")]).await;
    assert!(refused.body.contains("an extension of"), "{}", refused.body);
    let there = Author::program(TenantId(two), "two", "portal");
    assert_eq!(world.db.access_code(TenantId(two)).unwrap(), "");
    assert!(world.db.create(&there, &CUSTOMER_GROUPS, &text(&[("name", "Own")])).is_ok(), "a program may");
    let other = world.other_tenant().await;
    assert_eq!(
        other.json("POST", "/api/v1/customer_groups", json!({ "name": "X" })).await.status.as_u16(),
        403
    );
    assert!(!other.get("/admin").await.body.contains("Customer groups"));
}

/// GEO-08, SIP-44: a call for help stands on every page of administrators until one of them has seen it.
#[tokio::test]
async fn administrators_see_a_call_for_help_until_one_has_seen_it() {
    let world = World::new();
    let admin = world.admin().await;
    let alert = AlertRow {
        tenant: TenantId(1),
        at: 1,
        kind: AlertKind::Emergency,
        text: "101 <Anna> called 112 from Office".into(),
        user: None,
        mail: vec![],
    };
    world.db.write_records(&[Change::Alert(Box::new(alert))]).unwrap();
    let page = admin.get("/admin/users").await.body;
    assert!(page.contains("Emergency call.") && page.contains("called 112 from Office"), "{page}");
    assert!(!page.contains("<Anna>"));
    let id = world.db.alerts(TenantId(1)).unwrap()[0].id;
    let other = world.other_tenant().await;
    assert_eq!(other.post(&format!("/admin/alerts/{id}/seen"), &[]).await.status.as_u16(), 404);
    assert!(!other.get("/admin").await.body.contains("called 112"));
    assert_eq!(admin.post(&format!("/admin/alerts/{id}/seen"), &[]).await.status.as_u16(), 303);
    assert!(!admin.get("/admin/users").await.body.contains("called 112"));
}

/// NUM-08, NUM-09, PRF-08: what somebody shows outside is chosen by managers, by page and by program.
#[tokio::test]
async fn only_a_manager_changes_whom_a_user_shows_outside() {
    let world = World::new();
    let (admin, anna) = (world.admin().await, anna(&world).await);
    let number = world.db.create(&author(), &NUMBERS, &values([("number", "+12025550100")])).unwrap().id;
    let wish = json!({ "caller_id": number });
    let shown = || {
        let row = world.db.get(&author().viewer, &USERS, 1).unwrap().unwrap();
        row.values["caller_id"].clone()
    };
    assert_eq!(anna.json("PATCH", "/api/v1/users/1", wish.clone()).await.status.as_u16(), 403);
    assert!(!anna.json("PATCH", "/api/v1/me", wish.clone()).await.status.is_success());
    let own = number.to_string();
    anna.post("/profile", &[("first_name", "Anna"), ("caller_id", &own)]).await;
    assert_eq!(shown(), "");
    let saved = admin.json("PATCH", "/api/v1/users/1", wish).await;
    assert!(saved.status.is_success(), "{}", saved.body);
    assert_eq!(shown(), own);
}

/// RNG-01: people switch their own mobile phone on, once its number is there.
#[tokio::test]
async fn people_let_their_mobile_phone_ring_with_the_others() {
    let world = World::new();
    let anna = anna(&world).await;
    let page = anna.get("/settings").await.body;
    assert!(
        page.contains("name=\"mobile_rings\"")
            && page.contains("name=\"mobile_delay\"")
            && page.contains("name=\"mobile_confirms\""),
        "{page}"
    );
    let wish = [
        ("mobile_rings", "1"),
        ("mobile_delay", "10"),
        ("forward_no_answer_after", "25"),
        ("busy_trigger", "2"),
        ("forward_shows", "caller"),
    ];
    let early = anna.post("/settings", &wish).await;
    assert!(early.status.as_u16() == 422 && early.body.contains("Enter the mobile number first."));
    world.db.update(&author(), &USERS, 1, &values([("mobile", "+12025550177")]), None).unwrap();
    let saved = anna.post("/settings", &wish).await;
    assert_eq!(saved.status.as_u16(), 303, "{}", saved.body);
    let row = world.db.get(&author().viewer, &USERS, 1).unwrap().unwrap().values;
    assert_eq!((row["mobile_rings"].as_str(), row["mobile_delay"].as_str()), ("1", "10"));
    let by_program = anna.json("PATCH", "/api/v1/me", json!({ "mobile_rings": "0" })).await;
    assert!(by_program.status.is_success(), "{}", by_program.body);
}

/// SIP-41: whoever is believed to sign must be known by a certificate that can be used.
#[tokio::test]
async fn a_trunk_that_checks_signatures_needs_certificates() {
    let world = World::new();
    let admin = world.admin().await;
    let mut trunk = json!({
        "name": "Carrier", "kind": "address", "host": "sip.carrier.example", "identity_check": "refuse",
    });
    for signers in ["", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        trunk["signers"] = json!(signers);
        let refused = admin.json("POST", "/api/v1/trunks", trunk.clone()).await;
        assert!(refused.status.as_u16() == 422 && refused.body.contains("signers"), "{}", refused.body);
    }
    trunk["signers"] = json!(CERTIFICATE);
    let made = admin.json("POST", "/api/v1/trunks", trunk).await;
    assert!(made.status.is_success() && made.body.contains("refuse"), "{}", made.body);
}

/// SIP-41: a trunk's key is checked, kept sealed, and shown to nobody.
#[tokio::test]
async fn a_trunk_signs_with_a_key_that_is_never_shown() {
    let world = World::new();
    let admin = world.admin().await;
    let mut trunk = json!({
        "name": "Carrier", "kind": "address", "host": "sip.carrier.example", "identity": "sign", "sign_key": "secret",
    });
    let refused = admin.json("POST", "/api/v1/trunks", trunk.clone()).await;
    assert!(refused.status.as_u16() == 422 && refused.body.contains("sign_key"), "{}", refused.body);
    let key = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAAAA";
    trunk["sign_key"] = json!(format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n"));
    let refused = admin.json("POST", "/api/v1/trunks", trunk.clone()).await;
    assert!(refused.status.as_u16() == 422 && refused.body.contains("sign_certificate"), "{}", refused.body);
    trunk["sign_certificate"] = json!("https://cert.example/c.pem");
    let made = admin.json("POST", "/api/v1/trunks", trunk).await;
    assert!(made.status.is_success() && !made.body.contains(key), "{}", made.body);
    let id = made.value()["id"].as_str().map(str::to_owned).unwrap_or_else(|| made.value()["id"].to_string());
    for body in [
        admin.get(&format!("/api/v1/trunks/{id}")).await.body,
        admin.get(&format!("/admin/trunks/{id}")).await.body,
    ] {
        assert!(!body.contains(key), "{body}");
    }
}

/// MT-01…08: the reseller lists and creates customers, sees their CM ID, and groups them; another CM ID is refused.
#[tokio::test]
async fn a_reseller_groups_customers_of_one_call_manager() {
    let world = World::new();
    let admin = world.admin().await;
    let made = admin.json("POST", "/api/v1/customer_groups", json!({ "name": "Twins" })).await;
    let group = made.value()["id"].as_i64().unwrap();
    // The window of a customer who is being created lists the groups with their customers.
    let blank = admin.get("/admin/tenants/new").await.body;
    assert!(blank.contains("Select group") && blank.contains("value=\"Twins\""), "{blank}");
    let create = async |name: &str, cm_id: &str| {
        let domain = format!("{}.example", name.to_lowercase());
        let sent = [("name", name), ("domain", &domain), ("customer_group", ""), ("cm_id", cm_id)];
        let made = admin.post("/admin/tenants", &sent).await;
        assert_eq!(made.status.as_u16(), 303, "{}", made.body);
        let found = admin.get(&format!("/api/v1/tenants?q={name}")).await.value();
        found["items"][0]["id"].as_i64().unwrap()
    };
    let (two, three) = (create("Two", "").await, create("Three", "elsewhere").await);
    let list = admin.get("/admin/tenants").await.body;
    assert!(list.contains("Two") && list.contains("CM ID") && list.contains("elsewhere"), "{list}");
    let at = format!("/admin/customer_groups/{group}");
    let put = async |customer: i64, how: &str| {
        let customer = customer.to_string();
        let sent = [("customer", customer.as_str()), (how, "1")];
        admin.post(&format!("{at}/customers"), &sent).await
    };
    assert_eq!(put(two, "join").await.status.as_u16(), 303);
    let details = admin.get(&at).await.body;
    assert!(details.contains(&format!("/admin/tenants/{two}")), "{details}");
    assert!(details.contains("Some customers are on another call manager"), "{details}");
    // Whoever asks for another call manager's customer all the same is refused.
    put(three, "join").await;
    assert_eq!(admin.get(&format!("/api/v1/tenants/{three}")).await.value()["customer_group"], "");
    assert!(admin.get(&at).await.body.contains("CM IDs must be the same"));
    put(two, "leave").await;
    assert_eq!(admin.get(&format!("/api/v1/tenants/{two}")).await.value()["customer_group"], "");
    let other = world.other_tenant().await;
    assert_eq!(other.get(&at).await.status.as_u16(), 404);
    let tried = other.post(&format!("{at}/customers"), &[("customer", "1")]).await;
    assert!(tried.status.is_client_error(), "{}", tried.status);
}

/// A-35, AUD-03: a test call goes by exactly that trunk, is noted, and the page says what came of it.
#[tokio::test]
async fn a_test_call_goes_by_that_trunk_and_says_what_came_of_it() {
    let world = World::new();
    let admin = world.admin().await;
    let trunk = json!({ "name": "Carrier", "kind": "address", "host": "192.0.2.9" });
    let made = admin.json("POST", "/api/v1/trunks", trunk).await;
    let id = made.value()["id"].as_i64().unwrap_or_else(|| panic!("{}", made.body));
    let (page, path) = (format!("/admin/trunks/{id}"), format!("/admin/trunks/{id}/test-call"));
    let api = format!("/api/v1/trunks/{id}/test-calls");
    let sent = [("number", "+49 30 1234567"), ("from", "elsewhere"), ("extension", "101")];
    admin.post(&path, &sent).await;
    assert!(admin.get(&path).await.body.contains("The trunk is not in use yet."));
    world.live.trunks.lock().unwrap().push(up(id));
    for number in ["101", "112", "*97"] {
        let refused = admin.json("POST", &api, json!({ "number": number })).await;
        assert_eq!(refused.status.as_u16(), 422, "{}", refused.body);
        assert_eq!(refused.value()["problems"][0]["field"], "number");
        admin.post(&path, &[("number", number), ("from", "elsewhere"), ("extension", "101")]).await;
        let told = admin.get(&path).await.body;
        assert!(told.contains("Give a number outside in full") && told.contains("aria-invalid"), "{told}");
    }
    let unregistered = admin.json("POST", &api, json!({ "number": "+4930123" })).await;
    assert!(unregistered.body.contains("None of these phones is registered"));
    assert!(world.live.placed.lock().unwrap().is_empty());
    let placed = admin.post(&path, &sent).await;
    assert_eq!(placed.header("location"), format!("{page}#test-call"), "{}", placed.body);
    let order = NewCall {
        tenant: TenantId(1),
        user: crate::world::ADMIN,
        from: CallFrom::Extension("101".into()),
        number: "+49301234567".into(),
        by: Some(TrunkId(id)),
    };
    assert_eq!(*world.live.placed.lock().unwrap(), [order]);
    let row = CallRow {
        id: "placed1".into(),
        tenant: 1,
        started_at: 1,
        ended_at: Some(2),
        outcome: "failed".into(),
        cause: "404 Not found".into(),
        trace: r#"[{"at_ms":0,"what":"Refused","detail":"+49301234567: 404 Not Found","rule":"phone"}]"#
            .into(),
        ..CallRow::default()
    };
    world.db.write_records(&[Change::CallClosed(Box::new(row))]).unwrap();
    let told = admin.get(&path).await.body;
    assert!(told.contains("404 Not found") && told.contains("+49301234567: 404 Not Found"), "{told}");
    assert!(told.contains("/admin/calls/placed1"), "{told}");
    let listed = admin.get(&api).await.value();
    assert_eq!(listed["items"][0]["answered"], false);
    assert_eq!(listed["items"][0]["said"], "+49301234567: 404 Not Found");
    let log = admin.get("/api/v1/audit").await.value();
    let noted = &log["items"][0];
    assert_eq!((noted["action"].as_str(), noted["title"].as_str()), (Some("test_call"), Some("Carrier")));
    let live = crate::live::first_event(&admin, &format!("/live?parts=test-calls:{id}")).await;
    assert!(live.contains("404 Not found"), "{live}");
}

/// A-35, ROL-10: who may not change trunks, or not place calls, places no test call.
#[tokio::test]
async fn test_calls_are_for_who_changes_trunks_and_places_calls() {
    let world = World::new();
    let admin = world.admin().await;
    let trunk = json!({ "name": "Carrier", "kind": "address", "host": "192.0.2.9" });
    let id = admin.json("POST", "/api/v1/trunks", trunk).await.value()["id"].as_i64().unwrap();
    world.live.trunks.lock().unwrap().push(up(id));
    let order = json!({ "number": "+49301234567", "extension": "101" });
    let path = format!("/api/v1/trunks/{id}/test-calls");
    let low = world.account("low", 1).await;
    assert!(low.json("POST", &path, order.clone()).await.status.is_client_error());
    assert!(low.get(&path).await.status.is_client_error());
    let role = values([("name", "Mute"), ("level", "2"), ("permissions", "trunks.view,trunks.edit")]);
    let role = world.db.create(&author(), &ROLES, &role).unwrap().id.to_string();
    let mute = world.account("mute", 2).await;
    let found = admin.get("/api/v1/users?q=mute").await.value();
    let user = found["items"][0]["id"].as_i64().unwrap();
    world.db.update(&author(), &USERS, user, &values([("role", &role)]), None).unwrap();
    let refused = mute.json("POST", &path, order).await;
    assert_eq!(refused.status.as_u16(), 403, "{}", refused.body);
    assert!(refused.body.contains("Your role does not let you place calls"), "{}", refused.body);
    assert!(world.live.placed.lock().unwrap().is_empty());
}

fn up(id: i64) -> LiveTrunk {
    LiveTrunk {
        trunk: TrunkId(id),
        state: "up",
        text: "answers".into(),
        since: 1,
        calls: 0,
        address: "udp 192.0.2.9:5060".into(),
    }
}

/// Of a P-256 key, made for these tests.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n\
    MIIBgjCCASegAwIBAgIUIXr7DmzWXimF4LwgLwo3BoZy9pEwCgYIKoZIzj0EAwIw\n\
    FTETMBEGA1UEAwwKQ2FycmllciBDQTAgFw0yNjExMjMwMjUyMjBaGA8yMTI2MTAz\n\
    MDAyNTIyMFowFTETMBEGA1UEAwwKQ2FycmllciBDQTBZMBMGByqGSM49AgEGCCqG\n\
    SM49AwEHA0IABN3hegmZASbaAX2+fH2nwXhavbNAJIBagi7AQujcMw9rKaQx2U14\n\
    sq+ihB3jGgFxuBrIVtabJJVB0q1dk4y5av6jUzBRMB0GA1UdDgQWBBTI3TU+eZaQ\n\
    skUuwGR182Rqa6XjRDAfBgNVHSMEGDAWgBTI3TU+eZaQskUuwGR182Rqa6XjRDAP\n\
    BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQCvEHMtmBPvTfJKHehG\n\
    iqdHQeWz52xKxuHOQ1/dkfvKAAIhAIA7FfiGTVY8+ZCVMy4Kki++wQs7yQC+IxKb\n\
    BlgeEWTn\n\
    -----END CERTIFICATE-----";
