use crate::{
    fixture::{Company, author, viewer},
    plan::{Action, Go, Plan},
    query::ListQuery,
    resource::Values,
    resources::{devices::DEVICES, users::USERS},
    text::Source,
};

const FREEPBX: &str = "\u{feff}extension,password,name,voicemail,ringtimer,outboundcid,secret,tech,max_contacts,voicemail_email,recording_in_external,accountcode\n\
201,x,Maria Lopez Garcia,default,25,\"\"\"Maria\"\" <+13125550100>\",S3cret-of-201-long,pjsip,2,\"maria@example.com,m2@example.com\",dontcare,\n\
202,x,Fax,novm,0,,short,dahdi,1,,force,77\n\
101,x,Anna Berg,novm,,,Anna-has-a-new-one,pjsip,1,anna@example.com,dontcare,\n";

const FUSIONPBX: &str = "\"extension_uuid\";\"domain_uuid\";\"extension\";\"number_alias\";\"password\";\"effective_caller_id_name\";\"directory_first_name\";\"directory_last_name\";\"call_timeout\";\"enabled\";\"forward_all_enabled\";\"forward_all_destination\";\"forward_busy_enabled\";\"forward_busy_destination\";\"toll_allow\"\n\
\"a\";\"b\";\"301\";\"\";\"Passw0rd!long\";\"Ola N\";\"Ola\";\"Nordmann\";\"300\";\"true\";\"true\";\"+4930123456\";\"false\";\"302\";\"domestic\"\n\
\"a\";\"b\";\"lobby\";\"302\";\"Passw0rd!long\";\"Lobby\";\"\";\"\";\"30\";\"false\";\"\";\"\";\"\";\"\";\"\"\n";

fn row(company: &Company, of: &'static crate::Resource, search: &str) -> Values {
    let query = ListQuery { search: search.to_owned(), ..ListQuery::default() };
    let id = company.db.list(&viewer(1), of, &query).unwrap().rows[0].id;
    company.db.get(&viewer(1), of, id).unwrap().unwrap().values
}

fn import(company: &Company, source: Source, text: &str, go: Go) -> Plan {
    let plan = company.db.import_from(&author(1), source, text, go).unwrap();
    assert!(plan.problems.is_empty(), "{:?}", plan.problems);
    plan
}

#[test]
fn extensions_of_freepbx_become_users_and_phones_and_the_lost_is_told() {
    let company = Company::new();
    let before = company.revision();
    let plan = import(&company, Source::FreePbx, FREEPBX, Go::Rehearse);
    assert_eq!(company.revision(), before);
    assert_eq!((plan.count(Action::Create), plan.count(Action::Change)), (4, 2), "{:#?}", plan.rows);
    let told = plan.notes.join("\n");
    for says in [
        "3 extension(s) read",
        "Lost: outboundcid, said in 1 line(s), such as `\"Maria\" <+13125550100>`",
        "Lost: recording_in_external, said in 1 line(s), such as `force`",
        "Lost: accountcode, said in 1 line(s), such as `77`",
        "Lost: password, said in 3 line(s), such as `•••`",
        "Too weak a password, a new one is made; set it on the phone: 202.",
        "Not a SIP phone, read as one: 202.",
    ] {
        assert!(told.contains(says), "{says}:\n{told}");
    }
    assert!(!told.contains("S3cret") && !told.contains("short"));
    import(&company, Source::FreePbx, FREEPBX, Go::Apply(Some(plan.base)));
    let maria = row(&company, &USERS, "Lopez");
    assert_eq!((maria["first_name"].as_str(), maria["last_name"].as_str()), ("Maria", "Lopez Garcia"));
    assert_eq!((maria["extension"].as_str(), maria["email"].as_str()), ("201", "maria@example.com"));
    assert_eq!(maria["forward_no_answer_after"], "25");
    let phone = row(&company, &DEVICES, "Maria");
    assert_eq!((phone["username"].as_str(), phone["max_contacts"].as_str()), ("201", "2"));
    assert_eq!(row(&company, &USERS, "anna")["email"], "anna@example.com");
    let secret = company.db.reveal_secret(&author(1), &DEVICES, 1, "secret").unwrap();
    assert_eq!(secret, "Anna-has-a-new-one");
    assert!(import(&company, Source::FreePbx, FREEPBX, Go::Rehearse).count(Action::Create) == 0);
}

#[test]
fn extensions_of_fusionpbx_bring_their_forwards() {
    let company = Company::new();
    let plan = import(&company, Source::FusionPbx, FUSIONPBX, Go::Apply(None));
    assert_eq!(plan.count(Action::Create), 4);
    let ola = row(&company, &USERS, "Nordmann");
    assert_eq!(ola["forward_always"], "+4930123456");
    assert_eq!((ola["forward_busy"].as_str(), ola["forward_no_answer_after"].as_str()), ("", "120"));
    let lobby = row(&company, &USERS, "Lobby");
    assert_eq!((lobby["extension"].as_str(), lobby["suspended"].as_str()), ("302", "1"));
    let told = plan.notes.join("\n");
    assert!(told.contains("Lost: toll_allow, said in 1 line(s), such as `domestic`"), "{told}");
    assert!(told.contains("Switched off, its number is lost: 301 forward_busy."), "{told}");
    assert!(!told.contains("extension_uuid"));
}

#[test]
fn what_is_no_export_is_told() {
    let company = Company::new();
    for (text, says) in [
        ("", "no column `extension`"),
        ("name,number\nx,1\n", "no column `extension`"),
        ("extension,name\n1,x\n", "2 to 6 digits"),
        ("extension,name\n600,x\n", "600 is taken by Ring group"),
    ] {
        let plan = company.db.import_from(&author(1), Source::FreePbx, text, Go::Rehearse).unwrap();
        let told: Vec<_> = plan.problems.iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|told| told.contains(says)), "{says}: {told:?}");
    }
}

proptest::proptest! {
    #[test]
    fn no_file_makes_the_importers_panic(text in "(extension,name,secret\n)?[0-9a-z,;\"\n]{0,200}") {
        for read in [super::freepbx::person, super::fusionpbx::person] {
            if let Ok((people, report)) = super::people(&text, read) {
                super::document(&people);
                report.sentences(people.len());
            }
        }
    }
}
