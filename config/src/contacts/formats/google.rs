//! Contacts as Google's CSV: numbers come in pairs of columns, one with what the other is. DIR-30, DIR-31.

use super::{Sheet, SheetRow, csv_file, mapping::TARGETS, text};
use crate::resource::Values;

/// Whether these are Google's columns.
pub(super) fn is(columns: &[String]) -> bool {
    columns
        .iter()
        .any(|head| head == "Phone 1 - Value" || head == "E-mail 1 - Value" || head == "Group Membership")
}

/// Rows with our own columns.
pub(super) fn read(sheet: Sheet) -> Sheet {
    let place = |head: &str| sheet.columns.iter().position(|other| other == head);
    let mut ours = Sheet::ours();
    for row in &sheet.rows {
        let cell = |head: &str| place(head).map_or("", |at| row.cells[at].trim());
        let mut cells = vec![String::new(); TARGETS.len()];
        let mut set = |key: &str, value: &str| {
            let at = TARGETS.iter().position(|(other, _)| *other == key);
            if let (Some(cell), false) = (at.and_then(|at| cells.get_mut(at)), value.is_empty())
                && cell.is_empty()
            {
                value.clone_into(cell);
                return true;
            }
            false
        };
        let first =
            [cell("First Name"), cell("Given Name"), cell("Middle Name"), cell("Additional Name")].join(" ");
        set("first_name", first.split_whitespace().collect::<Vec<_>>().join(" ").as_str());
        set("last_name", [cell("Last Name"), cell("Family Name")].join("").trim());
        set("full_name", cell("Name"));
        set("organization", [cell("Organization Name"), cell("Organization 1 - Name")].join("").trim());
        set("notes", cell("Notes"));
        let labels = [cell("Labels"), cell("Group Membership")].join(SEVERAL);
        // Labels with an asterisk are Google's own.
        set(
            "group_name",
            labels.split(SEVERAL).map(str::trim).find(|l| !l.is_empty() && !l.starts_with('*')).unwrap_or(""),
        );
        set("email", several(cell("E-mail 1 - Value")).next().unwrap_or_default());
        for n in 1..=MOST_NUMBERS {
            let label = [cell(&format!("Phone {n} - Label")), cell(&format!("Phone {n} - Type"))].join("");
            for number in several(cell(&format!("Phone {n} - Value"))) {
                let places = kind(&label)
                    .iter()
                    .chain(&["other", "work", "mobile", "home", "work_2", "mobile_2", "home_2"]);
                let _ = places.into_iter().any(|key| set(key, number));
            }
        }
        // A company has no name but its own.
        let is_nameless = ["full_name", "first_name", "last_name"].iter().all(|key| {
            TARGETS.iter().position(|(other, _)| other == key).is_none_or(|at| cells[at].is_empty())
        });
        if is_nameless {
            let at = |key: &str| TARGETS.iter().position(|(other, _)| *other == key);
            if let (Some(last), Some(organization)) = (at("last_name"), at("organization")) {
                cells[last] = cells[organization].clone();
            }
        }
        ours.rows.push(SheetRow { line: row.line, cells });
    }
    ours
}

pub(super) fn write(contacts: &[Values]) -> String {
    let phones: Vec<(String, String)> =
        (1..=PHONES.len()).map(|n| (format!("Phone {n} - Label"), format!("Phone {n} - Value"))).collect();
    let mut heads = vec![
        "First Name",
        "Last Name",
        "Organization Name",
        "Notes",
        "Labels",
        "E-mail 1 - Label",
        "E-mail 1 - Value",
    ];
    heads.extend(phones.iter().flat_map(|(label, value)| [label.as_str(), value.as_str()]));
    csv_file::table(
        &heads,
        contacts.iter().map(|contact| {
            let email = text(contact, "email");
            let email_label = if email.is_empty() { "" } else { "Work" };
            let head = ["first_name", "last_name", "organization", "notes"].map(|field| text(contact, field));
            let mut cells: Vec<String> = head.map(str::to_owned).to_vec();
            cells.extend([csv_file::group(contact), email_label, email].map(str::to_owned));
            let filled: Vec<_> =
                PHONES.iter().filter(|(field, _)| !text(contact, field).is_empty()).collect();
            cells.extend(
                filled
                    .iter()
                    .flat_map(|(field, label)| [(*label).to_owned(), text(contact, field).to_owned()]),
            );
            cells.resize(heads.len(), String::new());
            cells
        }),
    )
}

/// Where a number with that label goes first.
fn kind(label: &str) -> &'static [&'static str] {
    let label = label.trim_start_matches('*').trim().to_lowercase();
    if let Some((field, _)) = PHONES.iter().find(|(_, own)| own.to_lowercase() == label) {
        return match *field {
            "work" => &["work", "work_2"],
            "mobile" => &["mobile", "mobile_2"],
            "home" => &["home", "home_2"],
            "work_2" => &["work_2"],
            "mobile_2" => &["mobile_2"],
            "home_2" => &["home_2"],
            "fax" => &["fax"],
            _ => &["other"],
        };
    }
    match label.as_str() {
        label if label.contains("fax") => &["fax"],
        label if label.contains("mobil") || label.contains("cell") => &["mobile", "mobile_2"],
        label if label.contains("work") || label.contains("main") || label.contains("arbeit") => {
            &["work", "work_2"]
        }
        label if label.contains("home") || label.contains("privat") => &["home", "home_2"],
        _ => &["other"],
    }
}

fn several(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(SEVERAL).map(str::trim).filter(|value| !value.is_empty())
}

/// Between values of one cell.
const SEVERAL: &str = " ::: ";
const MOST_NUMBERS: usize = 10;
/// Our fields and what Google calls such a number.
const PHONES: [(&str, &str); 8] = [
    ("work", "Work"),
    ("mobile", "Mobile"),
    ("home", "Home"),
    ("fax", "Work Fax"),
    ("work_2", "Work 2"),
    ("mobile_2", "Mobile 2"),
    ("home_2", "Home 2"),
    ("other", "Other"),
];
