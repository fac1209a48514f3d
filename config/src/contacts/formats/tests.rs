use proptest::prelude::*;

use super::*;
use crate::fixture::values;

/// With defaults, as they are stored.
fn contact<const N: usize>(pairs: [(&str, &str); N]) -> Values {
    super::super::complete(&values(pairs)).unwrap()
}

fn everything() -> Values {
    contact([
        ("first_name", "Zoë \"Zo\""),
        ("last_name", "O'Neill, sr; x\\y"),
        ("organization", "Müller & Söhne; Nord, GmbH"),
        ("group_name", "Clients"),
        ("work", "+49 30 1234567"),
        ("mobile", "0170 / 765 43 21"),
        ("home", "(030) 1111111"),
        ("fax", "030 2222222"),
        ("work_2", "+49 30 1234568 ext. 7"),
        ("mobile_2", "01511 2345678"),
        ("home_2", "030-3333333"),
        ("other", "*97"),
        ("email", "zoe@example.com"),
        (
            "notes",
            "first line\nsecond, line; with \"quotes\" and a very long text that is folded in a card, äöü",
        ),
    ])
}

fn again(format: Format, contacts: &[Values]) -> Vec<Values> {
    let only = (format == Format::Phone).then_some(format);
    read(write(format, contacts).as_bytes(), only).unwrap().contacts().unwrap()
}

/// DIR-31
#[test]
fn what_is_written_is_read_as_the_same_contacts() {
    let all = [
        everything(),
        contact([("last_name", "ACME"), ("work_2", "1234567")]),
        contact([
            ("first_name", "=cmd()"),
            ("last_name", "-x"),
            ("organization", "@home"),
            ("notes", "'quoted'"),
        ]),
        contact([("first_name", "Anna"), ("mobile_2", "555 0100"), ("other", "101")]),
    ];
    for format in [Format::Outlook, Format::Google, Format::Apple, Format::VCard] {
        assert_eq!(again(format, &all), all, "{}", write(format, &all));
    }
    // The phone's own form has five columns, and both names in one.
    let simple = contact([
        ("first_name", "Anna Maria"),
        ("last_name", "Berg"),
        ("group_name", "Clients"),
        ("work", "+49 30 1"),
    ]);
    assert_eq!(again(Format::Phone, std::slice::from_ref(&simple)), [simple]);
}

/// DIR-31
#[test]
fn no_spreadsheet_runs_a_cell_and_numbers_stay_numbers() {
    let dangerous =
        contact([("first_name", "=1+1"), ("last_name", "+evil()"), ("work", "+49 30 1234"), ("notes", "@x")]);
    for format in [Format::Phone, Format::Outlook, Format::Google] {
        let csv = write(format, std::slice::from_ref(&dangerous));
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        for cell in reader.records().next().unwrap().unwrap().iter() {
            let is_number = cell == "+49 30 1234";
            assert!(is_number || !cell.starts_with(['=', '+', '-', '@']), "{cell}");
        }
        assert!(csv.contains(",+49 30 1234,"), "{csv}");
    }
}

/// DIR-10, DIR-11
#[test]
fn the_phones_own_form_has_exactly_five_columns_and_is_read_in_each_writing() {
    let template = example();
    assert_eq!(template.lines().next(), Some("NAME,GROUP,WORK,MOBILE,HOME"));
    for text in [
        template.clone(),
        format!("\u{feff}{template}"),
        template.replace(',', ";"),
        template.replace(",Clients", "").replace(",GROUP", ""),
    ] {
        let contacts = read(text.as_bytes(), Some(Format::Phone)).unwrap().contacts().unwrap();
        assert_eq!((&*contacts[0]["first_name"], &*contacts[0]["last_name"]), ("Anna", "Example"), "{text}");
        assert_eq!((&*contacts[0]["work"], &*contacts[0]["mobile"]), ("030 1234567", "0170 1234567"));
        let group = if text.contains("Clients") { "Clients" } else { "All Contacts" };
        assert_eq!(contacts[0]["group_name"], group);
    }
    for (text, word) in [
        ("NAME,WORK,MOBILE\nA,1,2\n", "HOME"),
        ("NAME,GROUP,WORK,MOBILE,HOME,FAX\nA,,1,,,\n", "FAX"),
        ("NAME,WORK,MOBILE,HOME,WORK\nA,1,,,\n", "twice"),
        ("", "empty"),
        ("NAME,GROUP,WORK,MOBILE,HOME\n", "empty"),
    ] {
        let error = read(text.as_bytes(), Some(Format::Phone)).unwrap_err().to_string();
        assert!(error.contains(word), "{text}: {error}");
    }
}

/// DIR-11
#[test]
fn a_bad_row_is_told_by_its_line() {
    let text = "NAME,GROUP,WORK,MOBILE,HOME\nAnna,,030 1234567,,\n,,1,,\n\"Two, lines\",,letters,,\n";
    let error = read(text.as_bytes(), Some(Format::Phone)).unwrap().contacts().unwrap_err().to_string();
    assert!(error.contains("Line 3: ") && error.contains("Line 4: Work: "), "{error}");
    assert!(!error.contains("Line 2"), "{error}");
    let long = "NAME,WORK,MOBILE,HOME\nAnna,1,2,3\nBert,1,2,3,4\n";
    let error = read(long.as_bytes(), Some(Format::Phone)).unwrap_err().to_string();
    assert!(error.starts_with("Line 3: 5 cells"), "{error}");
}

/// DIR-30
#[test]
fn outlooks_file_in_its_own_letters_is_understood() {
    let text = "First Name,Middle Name,Last Name,Company,Business Phone,Business Fax,Home Phone,Mobile Phone,E-mail Address,Categories\r\n\
        J\u{f6}rg,M,M\u{fc}ller,M\u{fc}ller GmbH,+49 30 1234,,,0170 1,joerg@example.com,Vendors\r\n";
    let windows: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let utf_16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for bytes in [text.as_bytes(), &windows, &utf_16] {
        let contacts = read(bytes, None).unwrap().contacts().unwrap();
        let wanted = contact([
            ("first_name", "Jörg M"),
            ("last_name", "Müller"),
            ("organization", "Müller GmbH"),
            ("work", "+49 30 1234"),
            ("mobile", "0170 1"),
            ("email", "joerg@example.com"),
            ("group_name", "Vendors"),
        ]);
        assert_eq!(contacts, [wanted]);
    }
}

/// DIR-30
#[test]
fn googles_pairs_of_columns_are_understood_in_both_its_forms() {
    let fresh = "First Name,Last Name,Organization Name,Labels,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value,Phone 2 - Label,Phone 2 - Value\n\
        Anna,Berg,ACME,* myContacts ::: Clients,* Work,anna@example.com,Mobile,0170 1 ::: 0170 2,Work Fax,030 9\n\
        ,,ACME,* myContacts,,,Main,030 7,,\n";
    let contacts = read(fresh.as_bytes(), None).unwrap().contacts().unwrap();
    assert_eq!((&*contacts[0]["group_name"], &*contacts[0]["email"]), ("Clients", "anna@example.com"));
    assert_eq!(
        (&*contacts[0]["mobile"], &*contacts[0]["mobile_2"], &*contacts[0]["fax"]),
        ("0170 1", "0170 2", "030 9")
    );
    assert_eq!((&*contacts[1]["last_name"], &*contacts[1]["work"]), ("ACME", "030 7"));
    let old = "Name,Given Name,Family Name,Group Membership,E-mail 1 - Value,Phone 1 - Type,Phone 1 - Value,Organization 1 - Name\n\
        Anna Berg,Anna,Berg,* myContacts ::: Clients,anna@example.com,Work,030 1,ACME\n";
    let contacts = read(old.as_bytes(), None).unwrap().contacts().unwrap();
    assert_eq!(
        (&*contacts[0]["last_name"], &*contacts[0]["work"], &*contacts[0]["organization"]),
        ("Berg", "030 1", "ACME")
    );
}

/// DIR-30
#[test]
fn apples_cards_are_understood() {
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Apple Inc.//macOS 15//EN\r\nN:Berg;Anna;Maria;Dr.;\r\nFN:Dr. Anna Maria Berg\r\n\
        ORG:ACME\\, Inc.;Sales\r\nitem1.EMAIL;type=INTERNET;type=pref:anna@example.com\r\nitem1.X-ABLabel:_$!<Work>!$_\r\n\
        TEL;type=CELL;type=VOICE;type=pref:0170 1\r\nTEL;type=IPHONE;type=CELL:0170 2\r\nTEL;type=WORK;type=FAX:030 9\r\n\
        item2.TEL:030 7\r\nitem2.X-ABLabel:_$!<Other>!$_\r\nNOTE:one\\ntwo\\, thr\r\n ee\r\nPHOTO;ENCODING=b;TYPE=JPEG:AAAA\r\n \
        BBBB\r\nCATEGORIES:Clients,Friends\r\nEND:VCARD\r\n\
        BEGIN:VCARD\nVERSION:4.0\nFN:ACME\nN:;;;;\nORG:ACME\nTEL;VALUE=uri;TYPE=\"work,voice\":tel:+49-30-1234\nEND:VCARD\n";
    let contacts = read(card.as_bytes(), None).unwrap().contacts().unwrap();
    let anna = contact([
        ("first_name", "Anna Maria"),
        ("last_name", "Berg"),
        ("organization", "ACME, Inc., Sales"),
        ("email", "anna@example.com"),
        ("mobile", "0170 1"),
        ("mobile_2", "0170 2"),
        ("fax", "030 9"),
        ("other", "030 7"),
        ("notes", "one\ntwo, three"),
        ("group_name", "Clients"),
    ]);
    let acme = contact([("last_name", "ACME"), ("organization", "ACME"), ("work", "+49-30-1234")]);
    assert_eq!(contacts, [anna, acme]);
    let old = "BEGIN:VCARD\nVERSION:2.1\nN:Berg;Anna\nEND:VCARD\n";
    assert!(read(old.as_bytes(), None).unwrap_err().to_string().contains("vCard 2.1"));
    let open = "BEGIN:VCARD\nVERSION:3.0\nN:Berg;Anna\n";
    assert!(read(open.as_bytes(), None).unwrap_err().to_string().starts_with("Line 1: "));
}

/// DIR-30: what a file calls differently, people put right.
#[test]
fn another_mapping_reads_other_columns() {
    let mut sheet = read(b"Wer,Wo,Nr\nAnna Berg,ACME,030 1\n", None).unwrap();
    assert_eq!(sheet.mapping, [None, None, None]);
    sheet.mapping = vec![Target::of("full_name"), Target::of("organization"), Target::of("home")];
    let contacts = sheet.contacts().unwrap();
    assert_eq!((&*contacts[0]["last_name"], &*contacts[0]["home"]), ("Berg", "030 1"));
}

#[test]
fn a_card_folds_its_lines_and_keeps_its_characters() {
    let long = contact([("last_name", "Berg"), ("notes", &"ä€ ".repeat(200))]);
    let card = write(Format::VCard, std::slice::from_ref(&long));
    assert!(card.lines().all(|line| line.len() <= 75), "{card}");
    assert_eq!(again(Format::VCard, std::slice::from_ref(&long)), [long]);
}

prop_compose! {
    fn any_contact()(
        names in "[^\\p{C}]{0,10}[a-zA-Zäß][^\\p{C}]{0,10}",
        first in "[^\\p{C}]{0,12}",
        notes in "[^\\p{C}]{0,90}",
        numbers in proptest::collection::vec("[+]?[0-9 /()-]{0,12}[0-9]", 8),
        // An asterisk before a label makes it one of Google's own, and ::: stands between several.
        group in "[^\\p{C}*:]{0,12}",
    ) -> Option<Values> {
        let mut given = values([("last_name", &names), ("first_name", &first), ("notes", &notes), ("group_name", &group)]);
        for (field, number) in crate::resources::contacts::NUMBERS.into_iter().zip(numbers) {
            given.insert(field.into(), number);
        }
        super::super::complete(&given).ok()
    }
}

proptest! {
    #[test]
    fn no_file_panics(content in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&content, None).map(|sheet| sheet.contacts());
        let _ = read(&[b"BEGIN:VCARD\n", &content[..]].concat(), None).map(|sheet| sheet.contacts());
    }

    #[test]
    fn no_text_panics(text in "(BEGIN:VCARD\n|N:|TEL;TYPE=|item1\\.|[a;:,\\\\\"\n]|END:VCARD\n){0,60}") {
        let _ = read(text.as_bytes(), None).map(|sheet| sheet.contacts());
    }

    /// DIR-31
    #[test]
    fn any_contact_comes_back_from_cards_as_it_went(contact in any_contact()) {
        if let Some(contact) = contact {
            for format in [Format::Apple, Format::VCard, Format::Outlook, Format::Google] {
                prop_assert_eq!(again(format, std::slice::from_ref(&contact)), std::slice::from_ref(&contact));
            }
        }
    }
}
