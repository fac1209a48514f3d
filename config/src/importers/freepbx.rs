//! FreePBX: the CSV of its Bulk Handler for extensions, and of the older Bulk Extensions module (with `action` and
//! `devinfo_…` columns).

use super::{Line, Person, Report, secret, within};

pub(super) fn person(line: &Line<'_>, report: &mut Report) -> Option<Person> {
    report.used = USED.to_vec();
    let extension = line.get(&["extension"]).to_owned();
    if line.get(&["action"]).eq_ignore_ascii_case("del") {
        report.remark("Marked to be deleted, left out", &extension);
        return None;
    }
    let tech = line.get(&["tech"]).to_lowercase();
    if !["", "sip", "pjsip", "sip/pjsip"].contains(&tech.as_str()) {
        report.remark("Not a SIP phone, read as one", &extension);
    }
    let mut user = Vec::new();
    let email = line.get(&["voicemail_email", "email"]);
    if !email.is_empty() {
        // Several are separated by commas or bars there.
        let first = email.split([',', '|', ';']).next().unwrap_or_default();
        user.push(("email", first.trim().to_owned()));
    }
    user.extend(within(line.get(&["ringtimer"]), 5, 120).map(|seconds| ("forward_no_answer_after", seconds)));
    let mut phone = Vec::new();
    phone.extend(within(line.get(&["max_contacts"]), 1, 10).map(|most| ("max_contacts", most)));
    let given = line.get(&["secret", "devinfo_secret"]);
    let secret = secret(given, &extension, report);
    let name = line.get(&["name", "description"]).to_owned();
    Some(Person { line: line.number, name, extension, user, secret, phone })
}

/// `password` is that of the user's account there, which nothing here knows; `id`, `user` and `dial` follow from the
/// extension.
const USED: [&str; 13] = [
    "action",
    "extension",
    "name",
    "description",
    "tech",
    "id",
    "user",
    "dial",
    "secret",
    "devinfo_secret",
    "voicemail_email",
    "ringtimer",
    "max_contacts",
];
