//! What a list remembers of somebody: cards, columns, saved views; and the filters of any column. NAV-13, NAV-15.

use crate::world::World;

/// NAV-13
#[tokio::test]
async fn cards_and_columns_stay_until_they_are_changed_for_each_person() {
    let world = World::new();
    let browser = world.admin().await;
    let other = world.account("second", 2).await;
    let id = world.user("Annabella", "751");
    let kept = browser.post("/admin/users/state", &[("view", "cards")]).await;
    assert_eq!(kept.status.as_u16(), 303, "{}", kept.body);
    assert!(browser.get("/admin/users").await.body.contains("<ul class=\"cards\">"));
    assert!(!other.get("/admin/users").await.body.contains("<ul class=\"cards\">"), "only for that person");
    let fields = [("columns", "1"), ("col", "extension"), ("col", "busy_trigger"), ("col", "nonsense")];
    browser.post("/admin/users/state", &fields).await;
    browser.post("/admin/users/state", &[("view", "list")]).await;
    let list = browser.get("/admin/users").await.body;
    assert!(list.contains(">Busy means") && !list.contains(">E-mail</a>"), "the columns stay with the view");
    assert!(list.contains(&format!("id=\"row-{id}\"")));
    browser.post("/admin/users/state", &[("columns", "1"), ("reset", "1")]).await;
    assert!(browser.get("/admin/users").await.body.contains(">E-mail</a>"));
}

/// NAV-13
#[tokio::test]
async fn a_view_is_saved_under_a_name_and_removed() {
    let world = World::new();
    let browser = world.admin().await;
    let fields = [("name", "Away <b>"), ("query", "f.suspended=1&sort=name&after=x&view=cards")];
    assert!(browser.post("/admin/users/views", &fields).await.status.is_redirection());
    let list = browser.get("/admin/users?f.suspended=1&sort=name").await.body;
    assert!(
        list.contains("href=\"/admin/users?f.suspended=1&#38;sort=name\" aria-current=\"true\""),
        "{list}"
    );
    assert!(list.contains("Away &#60;b&#62;"));
    let nameless = browser.post("/admin/users/views", &[("name", " "), ("query", "")]).await;
    assert!(nameless.header("set-cookie").contains("Not%20saved"), "{}", nameless.header("set-cookie"));
    browser.post("/admin/users/views/forget", &[("name", "Away <b>")]).await;
    assert!(!browser.get("/admin/users").await.body.contains("Away"));
}

/// NAV-15
#[tokio::test]
async fn every_column_filters_by_what_it_holds() {
    let world = World::new();
    let browser = world.admin().await;
    let (anna, zoe) = (world.user("Annabella", "751"), world.user("Zoetta", "752"));
    browser
        .post("/admin/users/bulk", &[("id", &anna.to_string()), ("act", "set"), ("set.suspended", "=1")])
        .await;
    let device = [
        ("name", "Desk"),
        ("username", "d1"),
        ("ring", "immediate"),
        ("ring_delay", "10"),
        ("max_contacts", "7"),
        ("user", &*zoe.to_string()),
    ];
    assert!(browser.post("/admin/devices", &device).await.status.is_redirection());
    for (query, found) in [
        ("users?f.first_name.has=abel", "Annabella"),
        ("users?f.extension.has=752", "Zoetta"),
        ("users?f.suspended.not=0", "Annabella"),
        ("devices?f.max_contacts.min=6&f.max_contacts.max=8", "Desk"),
        ("devices?f.user.has=zoett", "Desk"),
        (&format!("devices?f.user={zoe}"), "Desk"),
    ] {
        let body = browser.get(&format!("/admin/{query}")).await.body;
        assert!(body.contains(&format!(">{found}")) && body.contains("class=\"chip\""), "{query}: {body}");
        assert!(body.contains(">1 of "), "{query} finds one");
    }
    assert!(browser.get("/admin/devices?f.user=none").await.body.contains("class=\"chip\">User is <b>None"));
    for wrong in ["f.shoe_size=4", "f.secret=x", "f.max_contacts.min=many", "f.name.like=x"] {
        assert_eq!(browser.get(&format!("/admin/devices?{wrong}")).await.status.as_u16(), 400, "{wrong}");
    }
}

#[tokio::test]
async fn a_reference_filter_offers_what_matches_and_keeps_what_is_chosen() {
    let world = World::new();
    let browser = world.admin().await;
    let (anna, zoe) = (world.user("Annabella", "751"), world.user("Zoetta", "752"));
    let boxes =
        browser.get(&format!("/admin/devices/choices/user?as=filter&search=zoett&f.user={anna}")).await.body;
    assert!(boxes.contains(&format!("value=\"{anna}\" checked")), "{boxes}");
    assert!(boxes.contains(&format!("value=\"{zoe}\">")), "{boxes}");
}
