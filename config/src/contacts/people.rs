//! Whom somebody finds among their contacts: filtered, searched, a page at a time in the order of names. DIR-01, DIR-15…25.

use std::collections::HashMap;

use rusqlite::{Connection, params_from_iter, types::Value};

use super::Whose;
use crate::{
    Db, TenantId, UserId,
    access::Viewer,
    resource::Values,
    resources::contacts::{NO_GROUP, NUMBERS},
};

/// Which of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum People {
    /// DIR-16.
    #[default]
    All,
    /// DIR-17.
    Favourites,
    /// DIR-18.
    Shared,
    /// DIR-19.
    Own,
    /// DIR-20.
    Colleagues,
    /// With the departments below it. DIR-21.
    Department(i64),
    /// DIR-21.
    Site(i64),
    /// These colleagues. DIR-22…24.
    Among(Vec<i64>),
}

/// What to show.
#[derive(Debug, Clone, Default)]
pub struct PeopleQuery {
    /// Which of them.
    pub people: People,
    /// Words, each of which is in a name, group, address or number. DIR-02, DIR-25.
    pub search: String,
    /// The last one of the page before: name, kind and id.
    pub after: Option<(String, Whose, i64)>,
    /// At most so many, 1..=200; 0 takes 50.
    pub limit: usize,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Person {
    /// Whose the contact is.
    pub kind: Whose,
    /// Of a colleague the user's id.
    pub id: i64,
    /// Never blank.
    pub name: String,
    /// Organization of a contact, department of a colleague.
    pub organization: String,
    /// Blank for none.
    pub group: String,
    /// Of a colleague; blank for others.
    pub extension: String,
    /// Field of each number that is filled, with the number.
    pub numbers: Vec<(&'static str, String)>,
    /// E-mail address.
    pub email: String,
    /// Whether the viewer starred it.
    pub favourite: bool,
}

/// A department or site that colleagues are at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its id.
    pub id: i64,
    /// How people call it.
    pub name: String,
}

/// What decides whether a colleague can be called. DIR-22…24.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The colleague.
    pub user: UserId,
    /// Their devices.
    pub devices: Vec<i64>,
    /// Where their calls go when no device is registered; blank for nowhere.
    pub forward: String,
    /// The user whose extension that is.
    pub forward_to: Option<UserId>,
    /// The devices of that user.
    pub forward_devices: Vec<i64>,
}

impl Db {
    /// A page of the viewer's contacts and colleagues, in the order of their names, and whether there are more.
    pub fn people(&self, viewer: &Viewer, query: &PeopleQuery) -> rusqlite::Result<(Vec<Person>, bool)> {
        let reader = self.reader()?;
        let limit = if query.limit == 0 { 50 } else { query.limit.clamp(1, 200) };
        let (text, parameters) = select(viewer, query, limit);
        let mut found = reader
            .prepare_cached(&text)?
            .query_map(params_from_iter(parameters), read)?
            .collect::<Result<Vec<_>, _>>()?;
        let more = found.len() > limit;
        found.truncate(limit);
        Ok((found, more))
    }

    /// One of them, if the viewer sees it.
    pub fn person(&self, viewer: &Viewer, whose: Whose, id: i64) -> rusqlite::Result<Option<Person>> {
        let reader = self.reader()?;
        let mut parameters =
            vec![Value::Integer(viewer.tenant.0), Value::Integer(viewer.user.0), Value::Integer(id)];
        let Some(condition) = condition(&People::All, whose, &mut parameters) else { return Ok(None) };
        let text = format!(
            "WITH asked(a, b, c) AS (SELECT ?1, ?2, ?3) SELECT *, EXISTS (SELECT 1 FROM favourites f \
             WHERE f.owner = ?2 AND f.kind = p.kind AND f.target = p.id) FROM (SELECT {} WHERE {condition} AND t.id = ?3) p",
            columns(whose)
        );
        let mut statement = reader.prepare_cached(&text)?;
        let mut found = statement.query_map(params_from_iter(parameters), read)?;
        found.next().transpose()
    }

    /// Departments and sites of a company, for the filter. DIR-21.
    pub fn places(&self, tenant: TenantId) -> rusqlite::Result<(Vec<Place>, Vec<Place>)> {
        let reader = self.reader()?;
        let all = |text: &str| -> rusqlite::Result<Vec<Place>> {
            let read = |row: &rusqlite::Row<'_>| Ok(Place { id: row.get(0)?, name: row.get(1)? });
            reader.prepare_cached(text)?.query_map([tenant.0], read)?.collect()
        };
        let departments =
            all("SELECT d.id, COALESCE(p.name || ' / ', '') || d.name AS path FROM departments d \
             LEFT JOIN departments p ON p.id = d.parent_id WHERE d.tenant_id = ?1 ORDER BY path LIMIT 500")?;
        Ok((departments, all("SELECT id, name FROM sites WHERE tenant_id = ?1 ORDER BY name LIMIT 500")?))
    }

    /// What decides whether colleagues can be called: all of a company, or those named.
    pub fn lines(&self, tenant: TenantId, users: Option<&[i64]>) -> rusqlite::Result<Vec<Line>> {
        let reader = self.reader()?;
        let mut devices: HashMap<i64, Vec<i64>> = HashMap::new();
        let mut statement = reader
            .prepare_cached("SELECT user_id, id FROM devices WHERE tenant_id = ?1 AND user_id IS NOT NULL")?;
        let mut found = statement.query([tenant.0])?;
        while let Some(row) = found.next()? {
            devices.entry(row.get(0)?).or_default().push(row.get(1)?);
        }
        let ids = users.map(|ids| serde_json::Value::from(ids).to_string());
        let mut statement = reader.prepare_cached(
            "SELECT u.id, COALESCE(NULLIF(u.forward_always, ''), u.forward_no_answer) AS forward, x.user_id \
             FROM users u LEFT JOIN extensions x ON x.tenant_id = u.tenant_id AND x.number = \
             COALESCE(NULLIF(u.forward_always, ''), u.forward_no_answer) WHERE u.tenant_id = ?1 AND u.suspended = 0 \
             AND EXISTS (SELECT 1 FROM extensions e WHERE e.tenant_id = u.tenant_id AND e.user_id = u.id) \
             AND (?2 IS NULL OR u.id IN (SELECT value FROM json_each(?2)))",
        )?;
        let of = |user: i64| devices.get(&user).cloned().unwrap_or_default();
        let read = |row: &rusqlite::Row<'_>| {
            let (user, to): (i64, Option<i64>) = (row.get(0)?, row.get(2)?);
            Ok(Line {
                user: UserId(user),
                devices: of(user),
                forward: row.get(1)?,
                forward_to: to.map(UserId),
                forward_devices: to.map(of).unwrap_or_default(),
            })
        };
        statement.query_map((tenant.0, ids), read)?.collect()
    }

    /// Colleagues in the fields of contacts, for an export. DIR-31.
    pub(super) fn colleagues_as_contacts(
        &self,
        rows: &Connection,
        viewer: &Viewer,
    ) -> rusqlite::Result<Vec<Values>> {
        let mut statement = rows.prepare_cached(
            "SELECT t.first_name, t.last_name, t.email, x.number, t.work_phone, t.mobile, t.home_phone, \
             COALESCE((SELECT d.name FROM departments d WHERE d.id = t.department_id), '') \
             FROM users t JOIN extensions x ON x.tenant_id = t.tenant_id AND x.user_id = t.id \
             WHERE t.tenant_id = ?1 AND t.suspended = 0 AND t.in_directory = 1 ORDER BY t.name, t.id",
        )?;
        let read = |row: &rusqlite::Row<'_>| -> rusqlite::Result<Values> {
            let mut values =
                super::complete(&Values::from([("last_name".into(), "x".into())])).unwrap_or_default();
            let work: String = row.get(4)?;
            let extension: String = row.get(3)?;
            let mut set = |name: &str, text: String| drop(values.insert(name.to_owned(), text));
            set("first_name", row.get(0)?);
            set("last_name", row.get(1)?);
            set("email", row.get(2)?);
            set("organization", row.get(7)?);
            match work.is_empty() {
                true => set("work", extension),
                false => {
                    set("work", work);
                    set("other", extension);
                }
            }
            set("mobile", row.get(5)?);
            set("home", row.get(6)?);
            Ok(values)
        };
        statement.query_map([viewer.tenant.0], read)?.collect()
    }
}

/// Statement and parameters of a page of at most `limit` and one more.
pub(super) fn select(viewer: &Viewer, query: &PeopleQuery, limit: usize) -> (String, Vec<Value>) {
    let mut arms = Vec::new();
    let mut parameters: Vec<Value> = vec![
        Value::Integer(viewer.tenant.0),
        Value::Integer(viewer.user.0),
        Value::Integer(limit as i64 + 1),
    ];
    for whose in [Whose::Own, Whose::Shared, Whose::User] {
        if let Some(condition) = condition(&query.people, whose, &mut parameters) {
            let narrowed = narrowed(query, whose, &mut parameters);
            arms.push(format!(
                "SELECT * FROM (SELECT {} WHERE {condition}{narrowed} ORDER BY {} COLLATE NOCASE, t.id LIMIT ?3)",
                columns(whose),
                name_of(whose)
            ));
        }
    }
    let text = format!(
        "SELECT *, EXISTS (SELECT 1 FROM favourites f WHERE f.owner = ?2 AND f.kind = p.kind AND f.target = p.id) \
         FROM ({}) p ORDER BY name COLLATE NOCASE, kind, id LIMIT ?3",
        arms.join(" UNION ALL ")
    );
    // SQLite wants each parameter named in the text.
    (format!("WITH asked(a, b, c) AS (SELECT ?1, ?2, ?3) {text}"), parameters)
}

/// Which rows of a kind belong to the filter; `None`: none of them.
fn condition(people: &People, whose: Whose, parameters: &mut Vec<Value>) -> Option<String> {
    let all = match whose {
        Whose::Own => "t.tenant_id = ?1 AND t.user_id = ?2",
        Whose::Shared => "t.tenant_id = ?1",
        // Whoever is not listed, cannot be called or is suspended is no contact (PRF-07).
        Whose::User => "t.tenant_id = ?1 AND t.suspended = 0 AND t.in_directory = 1 AND x.number IS NOT NULL",
    };
    let mut place = |id: i64| {
        parameters.push(Value::Integer(id));
        format!("?{}", parameters.len())
    };
    let narrower = match (people, whose) {
        (People::All, _)
        | (People::Own, Whose::Own)
        | (People::Shared, Whose::Shared)
        | (People::Colleagues, Whose::User) => String::new(),
        (People::Favourites, whose) => format!(
            " AND t.id IN (SELECT f.target FROM favourites f WHERE f.owner = ?2 AND f.kind = '{}')",
            whose.key()
        ),
        (People::Department(id), Whose::User) => format!(
            " AND t.department_id IN (SELECT d.id FROM departments d WHERE d.id = {0} OR d.parent_id = {0})",
            place(*id)
        ),
        (People::Site(id), Whose::User) => format!(
            " AND COALESCE(t.site_id, (SELECT o.default_site_id FROM settings o WHERE o.tenant_id = ?1)) = {}",
            place(*id)
        ),
        (People::Among(ids), Whose::User) => {
            parameters.push(Value::Text(serde_json::Value::from(ids.as_slice()).to_string()));
            format!(" AND t.id IN (SELECT value FROM json_each(?{}))", parameters.len())
        }
        _ => return None,
    };
    Some(format!("{all}{narrower}"))
}

/// Search and place in the list.
fn narrowed(query: &PeopleQuery, whose: Whose, parameters: &mut Vec<Value>) -> String {
    let mut text = String::new();
    for word in query.search.split_whitespace().take(MOST_WORDS) {
        parameters.push(crate::query::conditions::containing(word));
        let at = parameters.len();
        let mut either = format!("{} LIKE ?{at} ESCAPE '\\'", searched(whose));
        let digits: String = word.chars().filter(char::is_ascii_digit).collect();
        let is_number = word.chars().all(|c| c.is_ascii_digit() || "+-/().*#".contains(c));
        if is_number && digits.len() > 1 {
            parameters.push(crate::query::conditions::containing(&digits));
            either = format!("({either} OR {} LIKE ?{})", bare_numbers(whose), parameters.len());
        }
        text += &format!(" AND {either}");
    }
    if let Some((name, kind, id)) = &query.after {
        parameters.extend([Value::Text(name.clone()), Value::Text(kind.key().into()), Value::Integer(*id)]);
        let at = parameters.len();
        let own = name_of(whose);
        text += &format!(
            " AND ({own} COLLATE NOCASE > ?{0} OR ({own} COLLATE NOCASE = ?{0} AND ('{1}', t.id) > (?{2}, ?{3})))",
            at - 2,
            whose.key(),
            at - 1,
            at
        );
    }
    text
}

/// What is selected of each kind, in one order: kind, id, name, organization, group, extension, e-mail, then [`NUMBERS`].
fn columns(whose: Whose) -> String {
    let table = match whose {
        Whose::Own => "own_contacts",
        Whose::Shared => "contacts",
        Whose::User => {
            return format!(
                "'user' AS kind, t.id AS id, {} AS name, \
                 COALESCE((SELECT d.name FROM departments d WHERE d.id = t.department_id), '') AS organization, \
                 '' AS group_name, x.number AS extension, t.email AS email, t.work_phone, t.mobile, t.home_phone, \
                 '', '', '', '', '' FROM users t LEFT JOIN extensions x ON x.tenant_id = t.tenant_id AND x.user_id = t.id",
                name_of(whose)
            );
        }
    };
    let numbers: Vec<String> = NUMBERS.iter().map(|name| format!("t.{name}")).collect();
    format!(
        "'{}' AS kind, t.id AS id, t.name AS name, t.organization AS organization, t.group_name AS group_name, \
         '' AS extension, t.email AS email, {} FROM {table} t",
        whose.key(),
        numbers.join(", ")
    )
}

fn name_of(_: Whose) -> &'static str {
    "t.name"
}

fn searched(whose: Whose) -> &'static str {
    match whose {
        Whose::User => {
            "(t.name || char(10) || t.email || char(10) || x.number || char(10) || t.work_phone || char(10) || t.mobile \
             || char(10) || t.home_phone)"
        }
        // As in the index of shared ones.
        _ => {
            "(t.name || char(10) || t.organization || char(10) || t.group_name || char(10) || t.work || char(10) || t.mobile \
             || char(10) || t.home || char(10) || t.fax || char(10) || t.work_2 || char(10) || t.mobile_2 || char(10) || t.home_2 \
             || char(10) || t.other || char(10) || t.email)"
        }
    }
}

/// The numbers without what people write between digits.
fn bare_numbers(whose: Whose) -> String {
    let joined = match whose {
        Whose::User => {
            "x.number || char(10) || t.work_phone || char(10) || t.mobile || char(10) || t.home_phone"
                .to_owned()
        }
        _ => NUMBERS.map(|name| format!("t.{name}")).join(" || char(10) || "),
    };
    [" ", "-", "/", "(", ")", "."]
        .iter()
        .fold(format!("({joined})"), |text, between| format!("replace({text}, '{between}', '')"))
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Person> {
    let mut numbers = Vec::new();
    for (at, name) in NUMBERS.into_iter().enumerate() {
        let number: String = row.get(7 + at)?;
        if !number.is_empty() {
            numbers.push((name, number));
        }
    }
    let group: String = row.get(4)?;
    Ok(Person {
        kind: Whose::of(row.get_ref(0)?.as_str()?).unwrap_or(Whose::Shared),
        id: row.get(1)?,
        name: row.get(2)?,
        organization: row.get(3)?,
        group: if group == NO_GROUP { String::new() } else { group },
        extension: row.get(5)?,
        email: row.get(6)?,
        numbers,
        favourite: row.get(7 + NUMBERS.len())?,
    })
}

/// As in lists of tables.
const MOST_WORDS: usize = 8;
