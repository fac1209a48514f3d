//! FusionPBX: the CSV that its Extensions page exports. Columns are those of the table `v_extensions`.

use super::{Line, Person, Report, is_on, secret, within};

pub(super) fn person(line: &Line<'_>, report: &mut Report) -> Option<Person> {
    report.used = USED.to_vec();
    let (written, alias) = (line.get(&["extension"]), line.get(&["number_alias"]));
    // There an extension may be a word, called by its alias.
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let extension = if is_number(written) || !is_number(alias) { written } else { alias }.to_owned();
    let parts = [line.get(&["directory_first_name"]), line.get(&["directory_last_name"])].join(" ");
    let name = match parts.trim() {
        "" => line.get(&["effective_caller_id_name", "description"]),
        name => name,
    };
    let mut user = Vec::new();
    for (field, column) in FORWARDS {
        let (enabled, to) = (format!("{column}_enabled"), format!("{column}_destination"));
        let to = line.get(&[&to]);
        if is_on(line.get(&[&enabled])) && !to.is_empty() {
            user.push((field, to.to_owned()));
        } else if !to.is_empty() {
            report.remark("Switched off, its number is lost", &format!("{extension} {column}"));
        }
    }
    user.extend(within(line.get(&["call_timeout"]), 5, 120).map(|s| ("forward_no_answer_after", s)));
    let enabled = line.get(&["enabled"]);
    if !enabled.is_empty() && !is_on(enabled) {
        user.push(("suspended", "1".to_owned()));
    }
    let mut phone = Vec::new();
    phone.extend(within(line.get(&["max_registrations"]), 1, 10).map(|most| ("max_contacts", most)));
    let secret = secret(line.get(&["password"]), &extension, report);
    Some(Person { line: line.number, name: name.to_owned(), extension, user, secret, phone })
}

const FORWARDS: [(&str, &str); 3] = [
    ("forward_always", "forward_all"),
    ("forward_busy", "forward_busy"),
    ("forward_no_answer", "forward_no_answer"),
];
/// The identifiers name rows there only.
const USED: [&str; 19] = [
    "extension_uuid",
    "domain_uuid",
    "domain_name",
    "extension",
    "number_alias",
    "password",
    "directory_first_name",
    "directory_last_name",
    "effective_caller_id_name",
    "description",
    "enabled",
    "call_timeout",
    "max_registrations",
    "forward_all_enabled",
    "forward_all_destination",
    "forward_busy_enabled",
    "forward_busy_destination",
    "forward_no_answer_enabled",
    "forward_no_answer_destination",
];
