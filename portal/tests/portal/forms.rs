//! Forms: saving, errors at the field, conflicts, deleting, secrets. NAV-08…10.

use crate::world::{World, between};

#[tokio::test]
async fn a_new_user_is_saved_and_said_so() {
    let world = World::new();
    let browser = world.admin().await;
    let form = browser.get("/admin/users/new").await.body;
    assert!(
        form.contains("name=\"first_name\"")
            && form.contains("id=\"save\"")
            && form.contains("id=\"cancel\"")
    );
    assert!(
        form.contains("name=\"forward_no_answer_after\" type=\"number\"") && form.contains("value=\"20\""),
        "defaults are filled in"
    );
    let saved = browser
        .post(
            "/admin/users",
            &[
                ("first_name", "Ida"),
                ("extension", "731"),
                ("forward_no_answer_after", "20"),
                ("busy_trigger", "2"),
            ],
        )
        .await;
    assert_eq!(saved.status.as_u16(), 303, "{}", saved.body);
    assert!(saved.header("set-cookie").starts_with("flash=Ida%20saved"), "{}", saved.header("set-cookie"));
    let page = browser.get(saved.header("location")).await.body;
    assert!(page.contains("value=\"Ida\"") && page.contains("value=\"731\""));
}

/// NAV-10
#[tokio::test]
async fn errors_stand_at_the_field_and_in_the_banner_and_nothing_is_cleared() {
    let world = World::new();
    let browser = world.admin().await;
    let answer = browser
        .post(
            "/admin/users",
            &[
                ("first_name", ""),
                ("last_name", "Kept"),
                ("extension", "7"),
                ("busy_trigger", "99"),
                ("forward_no_answer_after", "20"),
            ],
        )
        .await;
    assert_eq!(answer.status.as_u16(), 422);
    for field in ["first_name", "extension", "busy_trigger"] {
        assert!(answer.body.contains(&format!("href=\"#f-{field}\"")), "{field} in the banner");
        let at = between(&answer.body, &format!("id=\"e-{field}\">"), "</span>");
        assert!(at.contains("class=\"error\""), "{field}: {at}");
    }
    assert!(answer.body.contains("value=\"Kept\"") && answer.body.contains("aria-invalid=\"true\""));
}

#[tokio::test]
async fn a_field_is_checked_while_typing() {
    let world = World::new();
    let browser = world.admin().await;
    world.user("Ida", "731");
    let taken =
        browser.post("/admin/users/check/extension", &[("first_name", "Otto"), ("extension", "731")]).await;
    assert!(taken.status.is_success() && taken.body.contains("class=\"error\""), "{}", taken.body);
    let free =
        browser.post("/admin/users/check/extension", &[("first_name", "Otto"), ("extension", "732")]).await;
    assert!(!free.body.contains("class=\"error\""), "{}", free.body);
}

#[tokio::test]
async fn a_concurrent_edit_is_noticed_and_can_be_written_over() {
    let world = World::new();
    let browser = world.admin().await;
    let id = world.user("Ida", "731");
    let path = format!("/admin/users/{id}");
    let version = between(&browser.get(&path).await.body, "name=\"version\" value=\"", "\"").to_owned();
    let fields = |name, version| {
        [
            ("first_name", name),
            ("extension", "731"),
            ("busy_trigger", "2"),
            ("forward_no_answer_after", "20"),
            ("version", version),
        ]
    };
    assert!(browser.post(&path, &fields("Theirs", &version)).await.status.is_redirection());
    let conflict = browser.post(&path, &fields("Mine", &version)).await;
    assert_eq!(conflict.status.as_u16(), 409);
    assert!(
        conflict.body.contains("id=\"conflict\"")
            && conflict.body.contains("value=\"Mine\"")
            && conflict.body.contains("<b>Theirs</b>")
    );
    let now = between(&conflict.body, "name=\"version\" value=\"", "\"").to_owned();
    assert!(browser.post(&path, &fields("Mine", &now)).await.status.is_redirection());
    assert!(browser.get(&path).await.body.contains("value=\"Mine\""));
}

#[tokio::test]
async fn what_is_in_use_is_not_deleted_and_the_users_are_named() {
    let world = World::new();
    let browser = world.admin().await;
    let id = world.user("Ida", "731");
    let group =
        [("name", "Front desk"), ("extension", "790"), ("ring_time", "20"), ("overflow", "hangup:busy")];
    let members = [("members", "1"), ("members", &*id.to_string())];
    let made = browser.post("/admin/ring_groups", &[&group[..], &members[..]].concat()).await;
    assert!(made.status.is_redirection(), "{}", made.body);
    let form = browser.get(made.header("location")).await.body;
    let order: Vec<_> = form
        .split("name=\"members\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .filter(|v| !v.is_empty())
        .collect();
    assert_eq!(order, ["1", &id.to_string()], "members keep their order");
    world.suspended_for(id, 13 * 3600);
    let refused = browser.post(&format!("/admin/users/{id}/delete"), &[]).await;
    assert_eq!(refused.status.as_u16(), 409);
    assert!(
        refused.body.contains("still used by") && refused.body.contains("Front desk"),
        "{}",
        refused.body
    );
    let free = world.user("Otto", "732");
    world.suspended_for(free, 13 * 3600);
    let deleted = browser.post(&format!("/admin/users/{free}/delete"), &[]).await;
    assert_eq!(deleted.header("location"), "/admin/users");
    assert_eq!(browser.get(&format!("/admin/users/{free}")).await.status.as_u16(), 404);
}

/// SIP-04
#[tokio::test]
async fn a_sip_password_is_shown_once_and_never_again() {
    let world = World::new();
    let browser = world.admin().await;
    let fields = [
        ("name", "Desk"),
        ("username", "desk731"),
        ("ring", "immediate"),
        ("ring_delay", "10"),
        ("max_contacts", "3"),
    ];
    let made = browser.post("/admin/devices", &fields).await;
    assert!(made.status.is_redirection(), "{}", made.body);
    let page = browser.get(made.header("location")).await.body;
    let secret = between(&page, "id=\"secret\"", "</section>");
    let secret = between(secret, "value=\"", "\"").to_owned();
    assert!(secret.len() >= 12);
    let again = browser.get(made.header("location")).await.body;
    assert!(!again.contains(&secret) && !again.contains("id=\"secret\""));
    let renewed = browser.post(&format!("{}/secret", made.header("location")), &[("renew", "1")]).await;
    assert!(renewed.status.is_redirection());
    let page = browser.get(made.header("location")).await.body;
    assert!(!page.contains(&secret) && page.contains("id=\"new-secret\""));
    let shown = between(between(&page, "id=\"secret\"", "</section>"), "value=\"", "\"").to_owned();
    browser.post(&format!("{}/secret", made.header("location")), &[]).await;
    assert!(
        browser.get(made.header("location")).await.body.contains(&shown),
        "what is shown is what is stored"
    );
    let left_empty = browser.post(made.header("location"), &fields).await;
    assert!(left_empty.status.is_redirection());
    browser.post(&format!("{}/secret", made.header("location")), &[]).await;
    assert!(
        browser.get(made.header("location")).await.body.contains(&shown),
        "an empty field is not a change"
    );
}

#[tokio::test]
async fn a_table_with_one_row_is_a_form() {
    let world = World::new();
    let browser = world.admin().await;
    let page = browser.get("/admin/settings").await.body;
    assert!(page.contains("name=\"country\"") && !page.contains("id=\"delete\""));
    let saved = browser
        .post(
            "/admin/settings",
            &[
                ("country", "de"),
                ("inband_ringback", "1"),
                ("password_days", "0"),
                ("second_factor", "optional"),
            ],
        )
        .await;
    assert_eq!(saved.header("location"), "/admin/settings", "{}", saved.body);
    let page = browser.get("/admin/settings").await.body;
    assert!(page.contains("<option value=\"de\" selected>"));
}

/// Both values are told, what only they changed is taken over, and nothing is written until the second says so.
#[tokio::test]
async fn in_a_conflict_both_values_stand_and_nothing_is_lost() {
    let world = World::new();
    let browser = world.admin().await;
    let id = world.user("Ida", "731");
    let path = format!("/admin/users/{id}");
    let page = browser.get(&path).await.body;
    let version = between(&page, "name=\"version\" value=\"", "\"").to_owned();
    assert!(page.contains("name=\"was.first_name\" value=\"Ida\""), "the form knows what it began with");
    let was = [
        ("was.first_name", "Ida"),
        ("was.last_name", ""),
        ("was.extension", "731"),
        ("was.busy_trigger", "2"),
        ("was.forward_no_answer_after", "20"),
        ("extension", "731"),
        ("forward_no_answer_after", "20"),
        ("version", &*version),
    ];
    let theirs = [("first_name", "Theirs"), ("last_name", "Neu"), ("busy_trigger", "2")];
    assert!(browser.post(&path, &[&theirs[..], &was[..]].concat()).await.status.is_redirection());
    let mine = [("first_name", "Mine"), ("last_name", ""), ("busy_trigger", "5")];
    let told = browser.post(&path, &[&mine[..], &was[..]].concat()).await;
    assert_eq!(told.status.as_u16(), 409);
    let conflict = between(&told.body, "id=\"theirs-first_name\"", "</div>");
    assert!(conflict.contains("<b>Theirs</b>") && conflict.contains("data-value=\"Theirs\""), "{conflict}");
    assert!(between(&told.body, "id=\"f-first_name\"", ">").contains("value=\"Mine\""));
    assert!(between(&told.body, "id=\"f-last_name\"", ">").contains("value=\"Neu\""), "theirs is taken over");
    assert!(between(&told.body, "id=\"f-busy_trigger\"", ">").contains("value=\"5\""), "mine stays");
    assert!(!told.body.contains("id=\"theirs-busy_trigger\""), "they did not touch it");
    let stored = browser.get(&format!("/api/v1/users/{id}")).await.value();
    assert_eq!((&stored["first_name"], &stored["busy_trigger"]), (&"Theirs".into(), &2.into()));
}

#[tokio::test]
async fn what_uses_a_row_is_shown_and_its_delete_is_held_back() {
    let world = World::new();
    let browser = world.admin().await;
    let id = world.user("Ida", "731");
    let free = browser.get(&format!("/admin/users/{id}")).await.body;
    assert!(free.contains("form=\"delete-form\"") && !free.contains("id=\"used-by\""));
    let group = [
        ("name", "Front desk"),
        ("extension", "790"),
        ("ring_time", "20"),
        ("overflow", "extension:731"),
        ("members", "1"),
    ];
    let made = browser.post("/admin/ring_groups", &group).await;
    let used = browser.get(&format!("/admin/users/{id}")).await.body;
    let card = between(&used, "id=\"used-by\"", "</section>");
    assert!(card.contains(&format!("href=\"{}\"", made.header("location"))), "who dials it counts: {card}");
    assert!(used.contains("data-dialog=\"delete-dialog\""), "{used}");
    assert!(used.contains("disabled type=\"button\" title=\"Still used by 1\""), "{used}");
}
