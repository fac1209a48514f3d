//! Every maker's files, held against files that were read with the makers' own descriptions beside them
//! (`golden/`; `UPDATE_GOLDEN=1` writes them anew, to be read again).

use config::codes::FUNCTIONS;
use config::phones::{Button, Line, Placed, Profile, Voicemail, models};

use super::{
    Document,
    book::{Entry, Group},
    phone::Phone,
    written,
    zone::Zone,
};

/// A phone with a key of each type, and names that try to break out of their place.
fn phone(model: &str) -> Phone {
    let kinds = [
        ("line", "", ""),
        ("blf", "102", "Ben \"B\" <C>"),
        ("speed_dial", "+4930123456", "Supplier & Co"),
        ("park", "*711", "Park 1"),
        ("dtmf", "1,2#", "Door"),
        ("voicemail", "", ""),
        ("dnd", "", ""),
        ("forward", "", "Away"),
        ("pickup", "*98", "Pick up"),
        ("queue", "*1", "Log in"),
        ("url", "https://wiki.example/?a=1&b=2", "Wiki"),
    ];
    let model = models::by_key(model).unwrap();
    let buttons = kinds.iter().zip(1..).map(|((kind, value, label), position)| Button {
        id: position as i64,
        position,
        kind: (*kind).into(),
        value: (*value).into(),
        label: (*label).into(),
    });
    let entry = |name: &str, numbers: &[(&'static str, &str)]| Entry {
        name: name.into(),
        numbers: numbers.iter().map(|(kind, number)| (*kind, (*number).to_owned())).collect(),
    };
    Phone {
        profile: Profile {
            device: config::DeviceId(7),
            tenant: config::TenantId(1),
            user: Some(config::UserId(3)),
            name: "Reception".into(),
            mac: "805ec01a7f22".into(),
            model,
            line: Line {
                display_name: "Anna \"<Berg>\" & 'Söhne'\naccount.2.enable = 1".into(),
                number: "101".into(),
                username: "101-anna".into(),
                password: "s3cret&<\"'".into(),
                domain: "dialtone.local".into(),
                tcp: false,
            },
            place: Placed { language: "de".into(), time_zone: "Europe/Berlin".into(), country: "de".into() },
            voicemail: Voicemail::Mailbox,
            buttons: buttons.collect(),
            codes: FUNCTIONS.iter().map(|declared| (declared.function, declared.code.to_owned())).collect(),
        },
        server: "192.0.2.1".into(),
        port: 5060,
        base: "https://192.0.2.1:8443/provision/d7-0123456789abcdef0123456789abcdef".into(),
        zone: Zone::of("Europe/Berlin", 2026),
        book: vec![
            Group {
                name: "Directory".into(),
                entries: vec![
                    entry("Ben Castillo", &[("work", "102"), ("mobile", "+49170123")]),
                    entry("<Chloe> \"D\"", &[("work", "103")]),
                ],
            },
            Group { name: "Clients & Co".into(), entries: vec![entry("Zoe", &[("home", "+4930555")])] },
        ],
    }
}

fn document(phone: &Phone, pattern: &str) -> Document {
    written(phone, pattern).unwrap_or_else(|| panic!("{} has no {pattern}", phone.profile.model.label))
}

fn golden(name: &str, text: &str) {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/provisioning/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
    }
    let wanted = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(wanted == text, "{name} is another; see it with UPDATE_GOLDEN=1 and git diff\n{text}");
}

/// DEV-16, DEV-12: what each maker's phone is told, with a key of each type.
#[test]
fn each_maker_gets_its_own_file() {
    for (model, pattern, name) in FILES {
        golden(name, &document(&phone(model), pattern).text);
    }
}

/// DEV-16: a value stays in its place, whatever it holds; the password is there as it is, once.
#[test]
fn no_value_breaks_out_of_its_place() {
    for (model, pattern, name) in FILES {
        let text = document(&phone(model), pattern).text;
        assert!(!text.contains("\naccount.2.enable"), "{name}: a line break came through");
        if text.starts_with("<?xml") {
            assert!(!text.contains("<Berg>") && !text.contains("<C>") && !text.contains("<Chloe>"), "{name}");
            assert_eq!(text.matches('<').count(), text.matches('>').count(), "{name}");
        }
    }
}

/// DEV-08
#[test]
fn the_voicemail_button_calls_what_was_chosen() {
    let number = |chosen: Voicemail| {
        let mut phone = phone("yealink-t54w");
        phone.profile.voicemail = chosen;
        let text = document(&phone, "{mac}.cfg").text;
        let line = text.lines().find(|line| line.starts_with("voice_mail.number.1")).unwrap();
        line.rsplit(' ').next().unwrap().to_owned()
    };
    assert_eq!(number(Voicemail::Mailbox), "*86");
    assert_eq!(number(Voicemail::Shared("600".into())), "600");
    assert_eq!(number(Voicemail::List), "%NULL%", "its own list opens");
    let mut sangoma = phone("sangoma-p330");
    sangoma.profile.voicemail = Voicemail::List;
    assert!(document(&sangoma, "{mac}.cfg").text.contains("visual_voicemail=\"1\""));
}

/// DEV-12: a key that was taken back is empty on the phone, too.
#[test]
fn keys_that_nobody_set_are_cleared() {
    let mut phone = phone("yealink-t54w");
    phone.profile.buttons.clear();
    let text = document(&phone, "{mac}.cfg").text;
    assert!(text.contains("linekey.1.type = 15\n"), "the first is the line");
    assert_eq!(text.matches(".type = 0\n").count(), 26);
}

/// DIR-33, DIR-04: groups are groups in every book that knows them, and all people are counted.
#[test]
fn books_have_their_groups_and_count_their_people() {
    for (model, pattern, name) in FILES.iter().filter(|(_, pattern, _)| super::book::is_one(pattern)) {
        let book = document(&phone(model), pattern);
        assert_eq!(book.entries, Some(3), "{name}");
        let knows_groups = !["polycom-vvx450", "fanvil-x6u"].contains(model);
        assert_eq!(book.text.contains("Clients &amp; Co"), knows_groups, "{name}");
        assert!(book.text.contains("+4930555"), "{name}");
    }
}

/// DEV-16: files of other phones and firmware are not there.
#[test]
fn other_files_are_not_there() {
    for (model, _, _) in FILES {
        for pattern in ["y000000000096.cfg", "{mac}.boot", "snomd735.htm", "..", "", "{mac}"] {
            assert_eq!(written(&phone(model), pattern), None, "{model} {pattern}");
        }
    }
}

/// Model, name that the phone asks for, file here.
const FILES: [(&str, &str, &str); 14] = [
    ("yealink-t54w", "{mac}.cfg", "yealink.cfg"),
    ("yealink-t54w", "book.xml", "yealink-book.xml"),
    ("polycom-vvx450", "{mac}.cfg", "polycom-master.cfg"),
    ("polycom-vvx450", "{mac}-dialtone.cfg", "polycom.cfg"),
    ("polycom-vvx450", "{mac}-directory.xml", "polycom-book.xml"),
    ("snom-d735", "snomd735-{mac}.htm", "snom.xml"),
    ("snom-d735", "book.xml", "snom-book.xml"),
    ("grandstream-grp2612", "cfg{mac}.xml", "grandstream-grp.xml"),
    ("grandstream-gxp2130", "cfg{mac}.xml", "grandstream-gxp.xml"),
    ("grandstream-grp2612", "phonebook.xml", "grandstream-book.xml"),
    ("sangoma-p330", "{mac}.cfg", "sangoma.xml"),
    ("sangoma-p330", "{mac}-contacts.xml", "sangoma-book.xml"),
    ("fanvil-x6u", "{mac}.cfg", "fanvil.xml"),
    ("fanvil-x6u", "book.xml", "fanvil-book.xml"),
];

/// SIP-26, FC-03: phones that can keep their keys in step are told to; what a company dials otherwise is dialled so everywhere.
#[test]
fn keys_are_kept_in_step_and_codes_are_the_companys() {
    let text = |model: &str, pattern: &str| document(&phone(model), pattern).text;
    let yealink = text("yealink-t54w", "{mac}.cfg");
    for line in [
        "feature_key_sync.enable = 1",
        "dnd.feature_key_sync.enable = 1",
        "forward.feature_key_sync.enable = 1",
    ] {
        assert!(yealink.contains(line), "{line}");
    }
    for (model, pattern, _) in
        FILES.iter().filter(|(.., name)| !name.contains("book") && !name.contains("master"))
    {
        let mut phone = phone(model);
        for (function, code) in &mut phone.profile.codes {
            match function {
                config::codes::Function::Echo => *code = "*777".into(),
                config::codes::Function::Pickup => *code = "*55".into(),
                _ => {}
            }
        }
        let text = document(&phone, pattern).text;
        let vendor = phone.profile.model.vendor;
        // Its digit map has a form of its own, which is not known here.
        let knows_codes = vendor != models::Vendor::Fanvil;
        assert_eq!(text.replace('\\', "").contains("*777"), knows_codes, "{model}");
        assert!(!text.contains("*97"), "{model} still picks up by *97");
    }
}
