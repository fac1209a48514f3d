//! What mail says. Made when it is sent, so that its links begin with the address that holds then. AUTH-17, 19, 20.

use config::outbox::{Due, MailKind};

use crate::Language;

/// Subject and text of a message; `base` is what links begin with.
pub fn mail_text(mail: &Due, base: &str) -> (String, String) {
    let part = |name: &str| mail.content.get(name).map_or("", String::as_str);
    let link = format!("{}{}", base.trim_end_matches('/'), part("path"));
    let (name, login) = (part("name"), part("login"));
    let elsewhere = part("path").starts_with("/sign-in/");
    let (subject, text) = match mail.kind {
        MailKind::Welcome => (
            "Your telephone account",
            format!(
                "Welcome. You have an account on our telephone system.\n\nYour login name: {login}\n\n\
                 Set your password here, within a week:\n{link}"
            ),
        ),
        MailKind::NewUser => (
            "Your login name",
            format!("Your login name: {login}\n\nSet your password here, within a week:\n{link}"),
        ),
        MailKind::Forgotten => (
            "A new password",
            format!(
                "Somebody, probably you, asked for a new password.\n\nYour login name: {login}\n\n\
                 Set a new password here, within 30 minutes:\n{link}\n\n\
                 If it was not you, do nothing: your password stays as it is."
            ),
        ),
        MailKind::PasswordChanged => (
            "Your password was changed",
            format!(
                "The password of {login} was changed just now.\n\n\
                 If it was not you, ask an administrator of your company to reset it at once."
            ),
        ),
        MailKind::Issue => (
            part("title"),
            format!(
                "{}\n\n{}\n\nYou get this because you asked for news of the status. The first page of your portal ends that.",
                part("title"),
                part("text")
            ),
        ),
        MailKind::Report | MailKind::Alert => (part("subject"), part("text").to_owned()),
        MailKind::Test => ("Test message", "Mail goes out. This is all there is to say.".to_owned()),
    };
    // Who signs in with the company's own account sets no password here. AUTH-24.
    let text = if elsewhere { format!("Your login name: {login}\n\n{ELSEWHERE}\n{link}") } else { text };
    let greeting = if name.is_empty() { String::new() } else { format!("Hello {name},\n\n") };
    // Reports are in the words of whoever wrote them.
    let english = mail.kind == MailKind::Report;
    let language = Language::of(part("language")).filter(|_| !english).unwrap_or_default();
    // Line by line: each is a text of the catalogue; what people wrote stands in patterns.
    let lines =
        format!("{greeting}{text}\n").lines().map(|line| language.say(line)).collect::<Vec<_>>().join("\n");
    (language.say(subject), lines + "\n")
}

const ELSEWHERE: &str = "Sign in here, with your company's own account:";

#[cfg(test)]
mod tests {
    use super::*;

    /// AUTH-20, OPS-16
    #[test]
    fn a_link_begins_with_the_portals_address() {
        let parts = [("name", "Anna"), ("login", "101@a.example"), ("path", "/setup/abc")];
        let content = parts.map(|(n, v)| (n.to_owned(), v.to_owned())).into();
        let mail = Due {
            id: 1,
            tenant: config::TenantId(1),
            kind: MailKind::Welcome,
            recipient: "anna@example.com".into(),
            content,
            attempts: 0,
        };
        let (subject, text) = mail_text(&mail, "https://pbx.example/");
        assert_eq!(subject, "Your telephone account");
        assert!(text.starts_with("Hello Anna,\n") && text.contains("101@a.example"), "{text}");
        assert!(text.contains("\nhttps://pbx.example/setup/abc\n"), "{text}");
        for kind in [MailKind::Forgotten, MailKind::NewUser] {
            assert!(mail_text(&Due { kind, ..mail.clone() }, "http://x").1.contains("http://x/setup/abc"));
        }
        let mut elsewhere = mail.clone();
        elsewhere.content.insert("path".into(), "/sign-in/a.example".into());
        let text = mail_text(&elsewhere, "http://x").1;
        assert!(text.contains("http://x/sign-in/a.example") && !text.contains("password"), "{text}");
        let mut german = mail.clone();
        german.content.insert("language".into(), "de".into());
        use MailKind::{Forgotten, NewUser, PasswordChanged, Test, Welcome};
        for kind in [Forgotten, NewUser, PasswordChanged, Test, Welcome] {
            let (subject, text) = mail_text(&Due { kind, ..german.clone() }, "http://x");
            let (english, other) = mail_text(&Due { kind, ..mail.clone() }, "http://x");
            assert_ne!(subject, english);
            let link = |line: &&str| !line.is_empty() && !line.starts_with("http");
            for (line, english) in text.lines().zip(other.lines()).filter(|(line, _)| link(line)) {
                assert_ne!(line, english, "{kind:?}");
            }
        }
        for kind in [MailKind::PasswordChanged, MailKind::Test] {
            assert!(!mail_text(&Due { kind, ..mail.clone() }, "http://x").1.contains("/setup/"));
        }
    }
}
