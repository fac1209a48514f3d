//! The test that walks the registry: each declared table through everything that follows from its declaration. A table that
//! is added is tested without a word here.

use config::{Kind, Resource, resources};
use serde_json::{Map, Value, json};

use crate::{
    sample::{make, sample},
    world::{Browser, World, encode},
};

fn many() -> impl Iterator<Item = &'static Resource> {
    resources::ALL.into_iter().filter(|of| !of.single)
}

async fn read(api: &Browser, of: &Resource, id: i64) -> Map<String, Value> {
    let row = api.get(&format!("/api/v1/{}/{id}", of.name)).await;
    assert_eq!(row.status.as_u16(), 200, "{} {id}: {}", of.name, row.body);
    row.value().as_object().unwrap().clone()
}

/// A row without what every change changes.
fn content(row: &Map<String, Value>) -> Map<String, Value> {
    row.iter().filter(|(name, _)| *name != "version").map(|(n, v)| (n.clone(), v.clone())).collect()
}

/// OPS-15, USR-02
#[tokio::test]
async fn each_table_is_created_and_read_back() {
    let world = World::new();
    let api = world.admin().await;
    for of in many() {
        let given = sample(&api, of).await;
        let made = api.json("POST", &format!("/api/v1/{}", of.name), Value::Object(given.clone())).await;
        assert_eq!(made.status.as_u16(), 201, "{}: {}", of.name, made.body);
        let id = made.value()["id"].as_i64().unwrap();
        assert_eq!(made.header("location"), format!("/api/v1/{}/{id}", of.name));
        let row = read(&api, of, id).await;
        for (name, value) in &given {
            match of.field(name).unwrap().kind {
                Kind::Secret => assert!(!row.contains_key(name), "{}.{name} is told again", of.name),
                _ => assert_eq!(&row[name], value, "{}.{name}", of.name),
            }
        }
        let list = api.get(&format!("/admin/{}", of.name)).await;
        assert!(list.body.contains(&format!("id=\"row-{id}\"")), "{} is not in its list", of.name);
        for page in ["", "/menu", "/look"] {
            let answer = api.get(&format!("/admin/{}/{id}{page}", of.name)).await;
            assert_eq!(answer.status.as_u16(), 200, "{}{page}: {}", of.name, answer.body);
            assert!(!answer.body.contains("<b>\""), "{}{page}: a value is not escaped", of.name);
        }
        assert!(!list.body.contains("<b>\""), "{}: a value is not escaped", of.name);
        let removed = api.json("DELETE", &format!("/api/v1/{}/{id}", of.name), Value::Null).await;
        // A rule of the table may hold a row back; then it says why.
        assert!([204, 409, 422].contains(&removed.status.as_u16()), "{}: {}", of.name, removed.body);
        let left = api.get(&format!("/api/v1/{}/{id}", of.name)).await.status.as_u16();
        assert_eq!(left, if removed.status.as_u16() == 204 { 404 } else { 200 }, "{}", of.name);
    }
}

/// NAV-15, NAV-16
#[tokio::test]
async fn each_table_is_filtered_sorted_and_paged_by_every_column() {
    let world = World::new();
    let api = world.admin().await;
    for of in many() {
        let id = make(&api, of).await;
        make(&api, of).await;
        let row = read(&api, of, id).await;
        for field in of.fields.iter().filter(|field| !matches!(field.kind, Kind::Secret)) {
            let value = match &row[field.name] {
                Value::Null => "none".to_owned(),
                Value::Array(ids) if ids.is_empty() => continue,
                Value::Array(ids) => ids[0].as_str().map_or_else(|| ids[0].to_string(), encode),
                Value::String(text) if text.is_empty() => continue,
                Value::String(text) => encode(text),
                other => other.to_string(),
            };
            let query = format!("f.{}={value}&limit=200", field.name);
            let found = api.get(&format!("/api/v1/{}?{query}", of.name)).await;
            assert_eq!(found.status.as_u16(), 200, "{} {query}: {}", of.name, found.body);
            let hit = |items: &Value| items.as_array().unwrap().iter().any(|item| item["id"] == id);
            assert!(hit(&found.value()["items"]), "{} is not found by {query}", of.name);
            let without =
                api.get(&format!("/api/v1/{}?f.{}.not={value}&limit=200", of.name, field.name)).await;
            assert!(!hit(&without.value()["items"]), "{} {query}: excluded and there", of.name);
        }
        let sortable = of.fields.iter().filter(|f| !matches!(f.kind, Kind::Secret | Kind::Many(_)));
        for field in sortable {
            for descending in [false, true] {
                let mut seen = Vec::new();
                let mut after = String::new();
                loop {
                    let query = format!("sort={}&desc={descending}&limit=2&after={after}", field.name);
                    let page = api.get(&format!("/api/v1/{}?{query}", of.name)).await;
                    assert_eq!(page.status.as_u16(), 200, "{} {query}: {}", of.name, page.body);
                    let page = page.value();
                    seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64()));
                    let Some(next) = page["next"].as_str() else {
                        assert_eq!(seen.len() as u64, page["total"].as_u64().unwrap(), "{} {query}", of.name);
                        break;
                    };
                    after = next.to_owned();
                }
                seen.sort_unstable();
                seen.dedup();
                assert!(seen.contains(&Some(id)), "{} sorted by {}", of.name, field.name);
            }
        }
    }
}

/// AUD-02, OPS-05
#[tokio::test]
async fn each_table_is_edited_and_the_edit_undone() {
    let world = World::new();
    let api = world.admin().await;
    for of in many() {
        let id = make(&api, of).await;
        let own = format!("/api/v1/{}/{id}", of.name);
        let before = read(&api, of, id).await;
        let mut changed = 0;
        for (name, value) in sample(&api, of).await {
            let field = of.field(&name).unwrap();
            if matches!(field.kind, Kind::Secret) || before[&name] == value {
                continue;
            }
            let tried =
                api.json("PATCH", &format!("{own}?dry_run=1"), json!({ (name.as_str()): value })).await;
            if !tried.status.is_success() {
                assert!([403, 422].contains(&tried.status.as_u16()), "{}.{name}: {}", of.name, tried.body);
                continue;
            }
            let was = read(&api, of, id).await;
            let tag = format!("\"{}\"", was["version"]);
            let done =
                api.with(&[("if-match", &tag)], "PATCH", &own, json!({ (name.as_str()): value })).await;
            assert_eq!(done.status.as_u16(), 200, "{}.{name}: {}", of.name, done.body);
            assert_eq!(done.value()[&name], value, "{}.{name}", of.name);
            let stale =
                api.with(&[("if-match", &tag)], "PATCH", &own, json!({ (name.as_str()): was[&name] })).await;
            assert_eq!(stale.status.as_u16(), 412, "{}.{name}", of.name);
            let undone = api.post("/admin/undo", &[]).await;
            assert_eq!(
                content(&read(&api, of, id).await),
                content(&was),
                "{}.{name}: {}",
                of.name,
                undone.header("set-cookie")
            );
            changed += 1;
        }
        assert!(changed > 0, "{}: nothing could be changed", of.name);
    }
}

/// NAV-14
#[tokio::test]
async fn each_table_makes_the_round_trip_through_csv_and_its_form() {
    let world = World::new();
    let browser = world.admin().await;
    for of in many() {
        let id = make(&browser, of).await;
        let before = read(&browser, of, id).await;
        let csv = browser.get(&format!("/admin/{}/export.csv", of.name)).await;
        let total = browser.get(&format!("/api/v1/{}", of.name)).await.value()["total"].as_u64().unwrap();
        let mut rows = csv_rows(&csv.body);
        assert_eq!(rows.len() as u64, total + 1, "{}: a header and all rows", of.name);
        for cell in rows.drain(..).flatten() {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{}: {cell} runs", of.name);
        }
        let back = browser.post(&format!("/admin/{}/import", of.name), &[("csv", &csv.body)]).await;
        assert_eq!(back.status.as_u16(), 303, "{}: {}", of.name, back.body);
        assert!(
            back.header("set-cookie").starts_with("flash=0%20"),
            "{}: {}",
            of.name,
            back.header("set-cookie")
        );
        let fields = as_form(of, &before);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let saved = browser.post(&format!("/admin/{}/{id}", of.name), &fields).await;
        assert_eq!(saved.status.as_u16(), 303, "{}: {}", of.name, saved.body);
        assert_eq!(
            read(&browser, of, id).await,
            before,
            "{}: saving the form as it was changes nothing",
            of.name
        );
    }
}

/// OPS-15
#[tokio::test]
async fn each_tables_rows_are_as_the_openapi_document_says() {
    let world = World::new();
    let api = world.admin().await;
    let document = api.get("/api/v1/openapi.json").await.value();
    assert_eq!(document["openapi"], "3.1.0");
    for of in resources::ALL {
        let path = &document["paths"][format!("/api/v1/{}", of.name)];
        let answer = &path["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        let rows = if of.single {
            vec![(answer, api.get(&format!("/api/v1/{}", of.name)).await.value())]
        } else {
            make(&api, of).await;
            let list = api.get(&format!("/api/v1/{}", of.name)).await.value();
            let item = &answer["properties"]["items"]["items"];
            list["items"].as_array().unwrap().iter().map(|row| (item, row.clone())).collect()
        };
        for (schema, row) in rows {
            let place = schema["$ref"].as_str().unwrap().trim_start_matches('#');
            let properties = &document.pointer(place).unwrap()["properties"];
            for (name, value) in row.as_object().unwrap() {
                conforms(&properties[name], value)
                    .unwrap_or_else(|why| panic!("{}.{name} = {value}: {why}", of.name));
            }
        }
        for needed in path["post"]["requestBody"]["content"]["application/json"]["schema"]["required"]
            .as_array()
            .into_iter()
            .flatten()
        {
            assert!(of.field(needed.as_str().unwrap()).is_some());
        }
    }
    let docs = api.get("/api/docs").await;
    assert_eq!(docs.status.as_u16(), 200);
    for of in resources::ALL {
        assert!(docs.body.contains(&format!("/api/v1/{}", of.name)), "{} is not documented", of.name);
    }
    assert!(!docs.body.contains("=\"http"), "nothing from elsewhere");
}

/// ORG, OPS-06
#[tokio::test]
async fn each_tables_rows_are_invisible_to_another_tenant() {
    let world = World::new();
    let (ours, theirs) = (world.admin().await, world.other_tenant().await);
    for of in many().filter(|of| of.tenant) {
        let id = make(&ours, of).await;
        for path in [
            format!("/admin/{}/{id}", of.name),
            format!("/admin/{}/{id}/look", of.name),
            format!("/api/v1/{}/{id}", of.name),
        ] {
            assert_eq!(theirs.get(&path).await.status.as_u16(), 404, "{path}");
        }
        let list = theirs.get(&format!("/api/v1/{}?limit=200", of.name)).await.value();
        assert!(!list["items"].as_array().unwrap().iter().any(|row| row["id"] == id), "{}", of.name);
        let own = format!("/api/v1/{}/{id}", of.name);
        for (method, body) in [("PATCH", json!({})), ("PUT", json!({})), ("DELETE", Value::Null)] {
            let refused = theirs.json(method, &own, body).await.status.as_u16();
            assert!([403, 404, 422].contains(&refused), "{method} {own}: {refused}");
        }
        let bulk = json!({ "ids": [id], "delete": true });
        let refused = theirs.json("POST", &format!("/api/v1/{}/bulk", of.name), bulk).await;
        assert!(refused.status.is_client_error(), "{}: {}", of.name, refused.body);
        assert_eq!(ours.get(&own).await.status.as_u16(), 200);
    }
}

/// ROL, OPS-06
#[tokio::test]
async fn each_table_is_closed_to_the_lowest_level() {
    let world = World::new();
    let (admin, low) = (world.admin().await, world.account("low", 0).await);
    for of in resources::ALL {
        let id = if of.single { 1 } else { make(&admin, of).await };
        let refused = [403, 404];
        for path in [
            format!("/admin/{}", of.name),
            format!("/admin/{}/{id}", of.name),
            format!("/admin/{}/export.csv", of.name),
            format!("/api/v1/{}", of.name),
            format!("/api/v1/{}/{id}", of.name),
        ] {
            let status = low.get(&path).await.status.as_u16();
            assert!(refused.contains(&status), "{path}: {status}");
        }
        for (method, path) in [
            ("POST", format!("/api/v1/{}", of.name)),
            ("PATCH", format!("/api/v1/{}/{id}", of.name)),
            ("DELETE", format!("/api/v1/{}/{id}", of.name)),
            ("POST", format!("/api/v1/{}/bulk", of.name)),
        ] {
            let status = low.json(method, &path, json!({})).await.status.as_u16();
            assert!(refused.contains(&status), "{method} {path}: {status}");
        }
        let posted = low
            .post(&format!("/admin/{}/bulk", of.name), &[("act", "delete"), ("id", &id.to_string())])
            .await;
        assert!(refused.contains(&posted.status.as_u16()), "{}: {}", of.name, posted.status);
    }
}

/// Whether a value is what a schema says.
fn conforms(schema: &Value, value: &Value) -> Result<(), String> {
    if schema.is_null() {
        return Err("the document does not know it".into());
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allowed = &schema["type"];
    if !(allowed == kind || allowed.as_array().is_some_and(|kinds| kinds.iter().any(|one| one == kind))) {
        return Err(format!("{kind} is not {allowed}"));
    }
    if let (Some(number), Some(min)) = (value.as_i64(), schema["minimum"].as_i64())
        && (number < min || schema["maximum"].as_i64().is_some_and(|max| number > max))
    {
        return Err("out of range".into());
    }
    if schema["enum"].as_array().is_some_and(|choices| !choices.contains(value)) {
        return Err("none of the choices".into());
    }
    let long = value.as_str().map(|text| text.chars().count() as u64);
    if long.is_some_and(|long| schema["maxLength"].as_u64().is_some_and(|max| long > max)) {
        return Err("too long".into());
    }
    value.as_array().into_iter().flatten().try_for_each(|item| conforms(&schema["items"], item))
}

/// A row as its form sends it.
pub fn as_form(of: &Resource, row: &Map<String, Value>) -> Vec<(String, String)> {
    let mut fields = vec![("version".to_owned(), row["version"].to_string())];
    for field in of.settable() {
        match row.get(field.name) {
            None | Some(Value::Null | Value::Bool(false)) => {}
            Some(Value::Bool(true)) => fields.push((field.name.into(), "1".into())),
            Some(Value::Array(ids)) => {
                let text = |id: &Value| id.as_str().map_or_else(|| id.to_string(), str::to_owned);
                fields.extend(ids.iter().map(|id| (field.name.to_owned(), text(id))));
            }
            // One line a day.
            Some(Value::String(text)) if matches!(field.kind, config::Kind::Week) => {
                let week: config::field::week::Week = text.parse().unwrap();
                fields.extend((0..7).map(|day| (field.name.to_owned(), week.day(day))));
            }
            Some(Value::String(text)) => fields.push((field.name.into(), text.clone())),
            Some(other) => fields.push((field.name.into(), other.to_string())),
        }
    }
    fields
}

/// The rows and cells of a CSV file.
pub fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            other => cell.push(other),
        }
    }
    rows
}
