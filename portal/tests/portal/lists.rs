//! Lists: search, filters, sort, pages, cards, CSV. NAV-13…16.

use crate::world::World;

#[tokio::test]
async fn search_filters_and_sort_are_in_the_address() {
    let world = World::new();
    let browser = world.admin().await;
    let (anna, zoe) = (world.user("Annabella", "751"), world.user("Zoetta", "752"));
    let rows = |body: &str| {
        (body.contains(&format!("id=\"row-{anna}\"")), body.contains(&format!("id=\"row-{zoe}\"")))
    };
    assert_eq!(rows(&browser.get("/admin/users").await.body), (true, true));
    assert_eq!(rows(&browser.get("/admin/users?q=zoett").await.body), (false, true));
    let none = browser.get("/admin/users?q=zoett&f.suspended=1").await.body;
    assert_eq!(rows(&none), (false, false));
    assert!(none.contains("Nothing matches") && none.contains("Suspended is"));
    let descending = browser.get("/admin/users?sort=name&desc=1").await.body;
    assert!(
        descending.find("Zoetta") < descending.find("Annabella")
            && descending.contains("aria-sort=\"descending\"")
    );
    assert_eq!(browser.get("/admin/users?sort=nonsense").await.status.as_u16(), 400);
}

#[tokio::test]
async fn htmx_gets_the_list_alone() {
    let world = World::new();
    let browser = world.admin().await;
    let part = browser.part("/admin/users?q=a", "div#list").await;
    assert!(part.status.is_success() && !part.body.contains("<html") && part.body.contains("id=\"total\""));
    assert!(part.body.contains("href=\"/admin/users/export.csv?q=a\""), "the export follows the filter");
    assert!(browser.part("/admin/users", "div#elsewhere").await.body.contains("<html"));
}

#[tokio::test]
async fn a_long_list_has_pages() {
    let world = World::new();
    let browser = world.admin().await;
    for at in 0..60 {
        world.user(&format!("Person{at:02}"), &format!("8{at:02}"));
    }
    let first = browser.get("/admin/users?q=person").await.body;
    assert!(first.contains("1–50 of 60"), "the total is shown");
    let next = crate::world::between(&first, "id=\"next\" href=\"", "\"").replace("&#38;", "&");
    let second = browser.get(&next).await.body;
    assert!(
        second.contains("51–60 of 60") && second.contains("Person59") && !second.contains("Person00"),
        "{next}"
    );
}

#[tokio::test]
async fn cards_show_the_same_rows() {
    let world = World::new();
    let browser = world.admin().await;
    let id = world.user("Annabella", "751");
    let cards = browser.get("/admin/users?view=cards").await.body;
    assert!(cards.contains("class=\"cards\"") && cards.contains(&format!("<li id=\"row-{id}\"")));
}

/// NAV-14
#[tokio::test]
async fn csv_has_the_rows_of_the_filter_and_nothing_that_a_spreadsheet_runs() {
    let world = World::new();
    let browser = world.admin().await;
    world.user("=cmd|' /C calc'!A0", "751");
    world.user("Zoetta", "752");
    let csv = browser.get("/admin/users/export.csv?q=calc").await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert!(csv.header("content-disposition").contains("users.csv"));
    assert_eq!(csv.body.lines().count(), 2, "{}", csv.body);
    assert!(
        !csv.body.contains(",=cmd") && !csv.body.contains("\n=cmd") && csv.body.contains("cmd|"),
        "{}",
        csv.body
    );
}

#[tokio::test]
async fn an_import_takes_all_rows_or_none() {
    let world = World::new();
    let browser = world.admin().await;
    let bad =
        browser.post("/admin/users/import", &[("csv", "first_name,extension\nIda,731\nOtto,7\n")]).await;
    assert_eq!(bad.status.as_u16(), 422);
    assert!(bad.body.contains("ine 3"), "{}", bad.body);
    assert!(!browser.get("/admin/users?q=ida").await.body.contains(">Ida"));
    let good =
        browser.post("/admin/users/import", &[("csv", "first_name,extension\nIda,731\nOtto,732\n")]).await;
    assert!(good.status.is_redirection(), "{}", good.body);
    assert!(browser.get("/admin/users?q=otto").await.body.contains("732"));
}

#[tokio::test]
async fn names_from_outside_are_text() {
    let world = World::new();
    let browser = world.admin().await;
    let id = world.user("<img src=x onerror=alert(1)>", "751");
    for path in ["/admin/users".to_owned(), format!("/admin/users/{id}"), "/admin".to_owned()] {
        let body = browser.get(&path).await.body;
        assert!(!body.contains("<img src=x"), "{path}");
        assert!(body.contains("&#60;img src=x"), "{path}");
    }
}
