use super::*;
use crate::{
    access::Viewer,
    fixture::{Company, author},
    resource::Values,
    resources::{device_buttons::DEVICE_BUTTONS, users::USERS},
    write::WriteError,
};

fn visit(address: &str, at: i64) -> Visit {
    Visit { user_agent: "Yealink".into(), address: address.into(), at }
}

/// DEV-16: a secret opens one phone's settings, and no other's.
#[test]
fn a_phones_key_names_that_phone_only() {
    let company = Company::new();
    let (one, other) = (company.add_phone("0015651a7f22"), company.add_phone("0015651a7f23"));
    let db = &company.db;
    let key = db.phone_key(DeviceId(one));
    assert_eq!(db.visitor(&key), Some(Visitor::Phone(DeviceId(one))));
    let stolen = key.replacen(&format!("d{one}-"), &format!("d{other}-"), 1);
    for wrong in ["", "d", "d1", "x1-00", "d1-", &stolen, &key[..key.len() - 1]] {
        assert_eq!(db.visitor(wrong), None, "{wrong}");
    }
    assert_eq!(db.visitor(&db.phones_key(TenantId(1))), Some(Visitor::Anyone(TenantId(1))));
    assert_ne!(db.phones_key(TenantId(1)), db.phones_key(TenantId(2)));
}

/// DEV-16
#[test]
fn the_shared_address_gives_settings_once() {
    let company = Company::new();
    let phone = DeviceId(company.add_phone("0015651a7f22"));
    let db = &company.db;
    assert!(!db.shared_was_used(phone).unwrap());
    assert!(db.admit_shared(phone, &visit("192.0.2.7", 1000)).unwrap());
    assert!(db.admit_shared(phone, &visit("192.0.2.7", 2000)).unwrap(), "it fetches several files");
    assert!(!db.admit_shared(phone, &visit("192.0.2.8", 2000)).unwrap(), "somebody else");
    assert!(!db.admit_shared(phone, &visit("192.0.2.7", 1000 + GRACE_MS)).unwrap(), "too late");
    assert!(db.shared_was_used(phone).unwrap());
    assert!(db.allow_shared(&author(1), &DEVICES, phone.0).unwrap());
    assert!(db.admit_shared(phone, &visit("192.0.2.8", 3000)).unwrap());
}

/// DEV-02, DEV-10: a profile has the user's name and number, and the password in clear.
#[test]
fn a_profile_is_that_of_the_phones_user() {
    let company = Company::new();
    let user = company.add(&USERS, &[("first_name", "Eva"), ("last_name", "Stone"), ("extension", "251")]);
    let phone = company.add_phone("0015651a7f22");
    let given = [("user", user.to_string()), ("secret", "s3cret-enough-of-it".into())];
    let given: Vec<(&str, &str)> = given.iter().map(|(k, v)| (*k, v.as_str())).collect();
    company.change(&DEVICES, phone, &given);
    let button = [("device", phone.to_string()), ("position", "3".into()), ("type", "dnd".into())];
    let button: Vec<(&str, &str)> = button.iter().map(|(k, v)| (*k, v.as_str())).collect();
    company.add(&DEVICE_BUTTONS, &button);
    let profile = company.db.profile(DeviceId(phone)).unwrap().unwrap();
    assert_eq!((profile.line.display_name.as_str(), profile.line.number.as_str()), ("Eva Stone", "251"));
    assert_eq!(profile.line.password, "s3cret-enough-of-it");
    assert_eq!((profile.buttons[0].position, profile.buttons[0].kind.as_str()), (3, "dnd"));
    company.change(&USERS, user, &[("suspended", "1")]);
    assert_eq!(company.db.profile(DeviceId(phone)).unwrap(), None, "nothing for a suspended user");
}

/// DEV-10
#[test]
fn a_user_has_one_deskphone_and_one_secondary() {
    let company = Company::new();
    let user = company.add(&USERS, &[("first_name", "Eva")]).to_string();
    let (one, other) = (company.add_phone("0015651a7f22"), company.add_phone("0015651a7f23"));
    company.change(&DEVICES, one, &[("user", &user), ("rank", "primary")]);
    let values = [("user", user.as_str()), ("rank", "primary")];
    let values = values.map(|(k, v)| (k.to_owned(), v.to_owned()));
    let refused = company.db.update(&author(1), &DEVICES, other, &Values::from(values), None);
    assert!(matches!(refused, Err(WriteError::Invalid(problems)) if problems[0].field == "rank"));
    company.change(&DEVICES, other, &[("user", &user), ("rank", "secondary")]);
    let id = user.parse().unwrap();
    let row = company.db.get(&Viewer::primary(TenantId(1)), &USERS, id).unwrap().unwrap();
    assert_eq!(row.shown["deskphone"], "Phone 0015651a7f22");
    assert_eq!(row.shown["second_deskphone"], "Phone 0015651a7f23");
}

/// DEV-12: what a key gets must be something that it can do.
#[test]
fn a_keys_value_fits_its_type_and_a_key_does_one_thing() {
    let company = Company::new();
    let phone = company.add_phone("0015651a7f22").to_string();
    let add = |kind: &str, value: &str, position: &str| {
        let values = [("device", phone.as_str()), ("position", position), ("type", kind), ("value", value)];
        let values = Values::from(values.map(|(k, v)| (k.to_owned(), v.to_owned())));
        company.db.create(&author(1), &DEVICE_BUTTONS, &values)
    };
    let field = |result: Result<crate::write::Saved, WriteError>| match result {
        Err(WriteError::Invalid(problems)) => problems[0].field.clone(),
        _ => "taken".into(),
    };
    assert_eq!(field(add("blf", "", "1")), "value");
    assert_eq!(field(add("speed_dial", "sip:x", "1")), "value");
    assert_eq!(field(add("url", "ftp://x", "1")), "value");
    assert_eq!(field(add("dtmf", "1,2#A", "1")), "taken");
    assert_eq!(field(add("dnd", "", "1")), "position");
    assert_eq!(field(add("park", "*711", "2")), "taken");
}
