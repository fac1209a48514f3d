use super::*;

const CHOICES: &[(&str, &str)] = &[("all", "All at once"), ("one", "One by one")];

fn every_kind() -> [Field; 12] {
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
