use super::*;

const CHOICES: &[(&str, &str)] = &[("all", "All at once"), ("one", "One by one")];

fn every_kind() -> [Field; 25] {
    [
        Field::text("f", "F"),
        Field::word("f", "F"),
        Field::seconds("f", "F", 1, 60),
        Field::choice("f", "F", CHOICES),
        Field::flag("f", "F"),
        Field::extension("f", "F"),
        Field::phone_number("f", "F"),
        Field::email("f", "F"),
        Field::reference("f", "F", "users"),
        Field::many("f", "F", "users"),
        Field::destination("f", "F"),
        Field::secret("f", "F"),
        Field::long_text("f", "F"),
        Field::duration("f", "F", 0, 1_000_000),
        Field::time_of_day("f", "F"),
        Field::date("f", "F"),
        Field::moment("f", "F"),
        Field::time_zone("f", "F"),
        Field::week("f", "F"),
        Field::file("f", "F", &[FileType::Png], 10),
        Field::url("f", "F"),
        Field::colour("f", "F"),
        Field::country("f", "F"),
        Field::outside_number("f", "F"),
        Field::mac("f", "F"),
    ]
}

#[test]
fn what_people_write_becomes_what_is_stored() {
    for (field, given, stored) in [
        (Field::text("f", "F"), "  Anna ", "Anna"),
        (Field::word("f", "F"), "Phones.Example.COM", "phones.example.com"),
        (Field::seconds("f", "F", 1, 60), "007 s", "7"),
        (Field::choice("f", "F", CHOICES), "All at once", "all"),
        (Field::flag("f", "F"), "on", "1"),
        (Field::flag("f", "F"), "", "0"),
        (Field::phone_number("f", "F"), "+49 (30) 12-34", "+49301234"),
        (Field::email("f", "F"), "Anna@Example.com", "anna@example.com"),
        (Field::many("f", "F", "users"), " 3, 1 ,", "3,1"),
        (Field::destination("f", "F"), "hangup:busy", "hangup:busy"),
    ] {
        assert_eq!(field.normalise(given).as_deref(), Ok(stored), "{given}");
    }
}

#[test]
fn further_kinds_store_one_form_of_what_people_write() {
    for (field, given, stored, shown) in [
        (Field::long_text("f", "F"), "a  \r\n b", "a\n b", "a\n b"),
        (Field::duration("f", "F", 0, 100_000), "1:30", "90", "1 min 30 s"),
        (Field::duration("f", "F", 0, 100_000), "1.5 h 3 s", "5403", "1 h 30 min 3 s"),
        (Field::duration("f", "F", 0, 100_000), "45", "45", "45 s"),
        (Field::duration("f", "F", 0, 100_000), "1:00:00", "3600", "1 h"),
        (Field::time_of_day("f", "F"), "8:05 pm", "20:05", "20:05"),
        (Field::time_of_day("f", "F"), "9", "09:00", "09:00"),
        (Field::date("f", "F"), "22.11.2026", "2026-11-22", "2026-11-22"),
        (Field::moment("f", "F"), "2026-11-22 13:30", "2026-11-22T13:30:00Z", "2026-11-22 13:30 UTC"),
        (
            Field::moment("f", "F"),
            "2026-11-22T13:30:00+02:00",
            "2026-11-22T11:30:00Z",
            "2026-11-22 11:30 UTC",
        ),
        (Field::time_zone("f", "F"), "europe/berlin", "Europe/Berlin", "Europe/Berlin"),
        (Field::url("f", "F"), "Example.com/a?b=c", "https://example.com/a?b=c", "https://example.com/a?b=c"),
        (Field::colour("f", "F"), "1FE", "#11ffee", "#11ffee"),
        (Field::country("f", "F"), "Germany", "de", "Germany"),
        (Field::outside_number("f", "F"), "+49 (30) 12-34", "+49301234", "+49301234"),
        (Field::mac("f", "F"), "80-5E-C0-1A-7F-22", "805ec01a7f22", "80:5e:c0:1a:7f:22"),
    ] {
        assert_eq!(field.normalise(given).as_deref(), Ok(stored), "{given}");
        assert_eq!(
            field.normalise(&field.show(stored)).as_deref(),
            Ok(stored),
            "what is shown can be given back"
        );
        assert_eq!(field.show(stored), shown);
    }
}

#[test]
fn weekly_hours_are_merged_put_in_order_and_said_shortly() {
    let week = Field::week("f", "F");
    let stored = week.normalise("Sat 10:00-13:00; mo-fr 13-17, 9:00–12:00; monday 11:30-14:00").unwrap();
    assert_eq!(
        stored,
        "mo 09:00-17:00; tu 09:00-12:00 13:00-17:00; we 09:00-12:00 13:00-17:00; th 09:00-12:00 13:00-17:00; \
         fr 09:00-12:00 13:00-17:00; sa 10:00-13:00"
    );
    let shown = week.show(&stored);
    assert_eq!(shown, "Mon 09:00–17:00; Tue–Fri 09:00–12:00, 13:00–17:00; Sat 10:00–13:00");
    assert_eq!(week.normalise(&shown).unwrap(), stored);
    let hours: week::Week = stored.parse().unwrap();
    assert!(hours.contains(0, 12 * 60) && !hours.contains(1, 12 * 60) && !hours.contains(6, 600));
    assert!(hours.contains(5, 780 - 1) && !hours.contains(5, 780), "the end is not part of it");
    assert!(week.normalise("mo 00:00-24:00").is_ok());
    assert!(week.normalise("fr-mo 8-9").unwrap().starts_with("mo 08:00-09:00; fr"));
    for (wrong, word) in [
        ("mo 22:00-06:00", "midnight"),
        ("xx 8-9", "no day"),
        ("mo 8", "no span"),
        ("mo 25:00-26:00", "no span"),
    ] {
        let message = week.normalise(wrong).unwrap_err();
        assert!(message.contains(word), "{wrong}: {message}");
    }
}

#[test]
fn what_is_wrong_with_further_kinds_is_said() {
    let key = format!("{}.wav", "a".repeat(64));
    for (field, given) in [
        (Field::long_text("f", "F").max(3), "a\nbc"),
        (Field::long_text("f", "F"), "a\u{7}b"),
        (Field::duration("f", "F", 10, 60), "5"),
        (Field::duration("f", "F", 10, 60), "1:5"),
        (Field::duration("f", "F", 10, 60), "20 apples"),
        (Field::duration("f", "F", 0, i64::MAX), "999999999 d 999999999 d 999999999999 h"),
        (Field::time_of_day("f", "F"), "24:00"),
        (Field::time_of_day("f", "F"), "13 pm"),
        (Field::date("f", "F"), "2026-02-30"),
        (Field::moment("f", "F"), "2026-11-22 25:00"),
        (Field::time_zone("f", "F"), "Berlin"),
        (Field::file("f", "F", &[FileType::Png], 10), "../../etc/passwd"),
        (Field::file("f", "F", &[FileType::Png], 10), &key),
        (Field::url("f", "F"), "javascript:alert(1)"),
        (Field::url("f", "F"), "ftp://example.com"),
        (Field::url("f", "F"), "https://a\"b/"),
        (Field::url("f", "F"), "https://user@example.com/"),
        (Field::colour("f", "F"), "red"),
        (Field::country("f", "F"), "xx"),
        (Field::outside_number("f", "F"), "030 1234"),
        (Field::outside_number("f", "F"), "+1234567890123456"),
        (Field::mac("f", "F"), "80:5e:c0:1a:7f"),
    ] {
        let message = field.normalise(given).unwrap_err();
        assert!(message.ends_with('.'), "{given}: {message}");
    }
    let zone = Field::time_zone("f", "F").normalise("berlin").unwrap_err();
    assert!(zone.contains("Europe/Berlin"), "{zone}");
}

#[test]
fn what_is_wrong_is_refused() {
    for (field, given) in [
        (Field::text("f", "F").max(3), "Anna"),
        (Field::text("f", "F"), "a\nb"),
        (Field::text("f", "F").required(), "  "),
        (Field::word("f", "F"), "a b"),
        (Field::seconds("f", "F", 1, 60), "1.5"),
        (Field::choice("f", "F", CHOICES), "some"),
        (Field::flag("f", "F"), "maybe"),
        (Field::phone_number("f", "F"), "call me"),
        (Field::email("f", "F"), "anna@"),
        (Field::reference("f", "F", "users"), "0"),
        (Field::many("f", "F", "users"), "1,1"),
        (Field::destination("f", "F"), "extension:1"),
        (Field::destination("f", "F"), "menu:3"),
        (Field::secret("f", "F"), "short"),
        (Field::secret("f", "F"), "with a space in it"),
    ] {
        let message = field.normalise(given).unwrap_err();
        assert!(message.ends_with('.') || message.contains(':') || message.contains('`'), "{message}");
    }
}

proptest::proptest! {
    #[test]
    fn stored_text_stays_as_it_is_and_no_text_makes_a_kind_panic(text in "\\PC*") {
        for field in every_kind() {
            if let Ok(stored) = field.normalise(&text) {
                proptest::prop_assert_eq!(field.normalise(&stored), Ok(stored.clone()), "{:?}", field.kind);
                field.show(&stored);
            }
        }
    }

    #[test]
    fn numbers_and_lists_do_not_panic(text in "[0-9,+:a-z ]{0,40}") {
        for field in every_kind() {
            let _ = field.normalise(&text);
        }
    }
}
