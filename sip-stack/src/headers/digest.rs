//! Digest credentials and challenges: Authorization, WWW-Authenticate and their Proxy- twins (RFC 7616 §3.3, §3.4).
//!
//! One header line carries one of them: commas separate parameters, not values.

use crate::wire::text;

/// Digest credentials, borrowed. Values are without quotes, escapes kept; what is absent is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Credentials<'a> {
    pub username: &'a [u8],
    pub realm: &'a [u8],
    pub nonce: &'a [u8],
    pub uri: &'a [u8],
    pub response: &'a [u8],
    pub algorithm: Option<&'a [u8]>,
    pub qop: Option<&'a [u8]>,
    pub nc: Option<&'a [u8]>,
    pub cnonce: Option<&'a [u8]>,
}

/// A Digest challenge, borrowed. Values are without quotes, escapes kept; what is absent is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Challenge<'a> {
    pub realm: &'a [u8],
    pub nonce: &'a [u8],
    pub algorithm: Option<&'a [u8]>,
    pub qop: Option<&'a [u8]>,
    pub opaque: Option<&'a [u8]>,
    pub stale: bool,
}

impl<'a> Credentials<'a> {
    /// Reads the value of an Authorization line. `None` for another scheme, for a parameter that is malformed or
    /// stands twice, and without user name, realm, nonce, uri or response.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let names = ["username", "realm", "nonce", "uri", "response", "algorithm", "qop", "nc", "cnonce"];
        let [username, realm, nonce, uri, response, algorithm, qop, nc, cnonce] = read(value, names)?;
        Some(Self {
            username: username?,
            realm: realm?,
            nonce: nonce?,
            uri: uri?,
            response: response?,
            algorithm,
            qop,
            nc,
            cnonce,
        })
    }
}

impl<'a> Challenge<'a> {
    /// Reads the value of a WWW-Authenticate line. `None` for another scheme, for a parameter that is malformed or
    /// stands twice, and without realm or nonce.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let names = ["realm", "nonce", "algorithm", "qop", "opaque", "stale"];
        let [realm, nonce, algorithm, qop, opaque, stale] = read(value, names)?;
        let stale = stale.is_some_and(|s| s.eq_ignore_ascii_case(b"true"));
        Some(Self { realm: realm?, nonce: nonce?, algorithm, qop, opaque, stale })
    }
    /// Whether `qop` offers `auth`.
    pub fn offers_auth(&self) -> bool {
        self.qop.is_some_and(|qop| text::Commas::new(qop).any(|q| q.eq_ignore_ascii_case(b"auth")))
    }
}

/// The named parameters of a Digest value in the order of `names`.
fn read<'a, const N: usize>(value: &'a [u8], names: [&str; N]) -> Option<[Option<&'a [u8]>; N]> {
    let mut found = [None; N];
    let value = text::trim_start(value);
    let (scheme, mut rest) = value.split_at_checked(SCHEME.len())?;
    if !scheme.eq_ignore_ascii_case(SCHEME) || !text::is_blank(*rest.first()?) {
        return None;
    }
    loop {
        while let [b',' | b' ' | b'\t' | b'\r' | b'\n', behind @ ..] = rest {
            rest = behind;
        }
        if rest.is_empty() {
            return Some(found);
        }
        let (name, value, behind) = param(rest)?;
        rest = behind;
        let Some(at) = names.iter().position(|n| name.eq_ignore_ascii_case(n.as_bytes())) else { continue };
        if found[at].replace(value).is_some() {
            return None;
        }
    }
}

/// The name and the unquoted value of the parameter at the start, and what follows it: nothing, or a comma.
fn param(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (name, rest) = text.split_at(text::run(&text::TOKEN, text));
    let rest = match rest {
        [b'=', rest @ ..] => text::trim_start(rest),
        _ => text::trim_start(text::trim_start(rest).strip_prefix(b"=")?),
    };
    let (value, rest) = match rest {
        [b'"', inside @ ..] => {
            let (value, behind) = inside.split_at(text::run(&text::UNTIL_QUOTE, inside));
            match behind {
                [b'"', behind @ ..] => (value, text::trim_start(behind)),
                _ => {
                    let (quoted, behind) = rest.split_at(text::quoted_end(rest)?);
                    (&quoted[1..quoted.len() - 1], text::trim_start(behind))
                }
            }
        }
        // A token, or what devices write instead.
        _ => {
            let (plain, behind) = rest.split_at(text::run(&text::UNTIL_COMMA_OR_QUOTE, rest));
            (Some(text::trim_end(plain)).filter(|plain| !plain.is_empty())?, behind)
        }
    };
    let is_end = matches!(rest.first(), None | Some(b','));
    (is_end && !name.is_empty()).then_some((name, value, rest))
}

const SCHEME: &[u8] = b"Digest";

#[cfg(test)]
mod tests {
    use super::{Challenge, Credentials};

    /// RFC 3261 §22.4, §20.7
    #[test]
    fn credentials_are_read() {
        let value = b"Digest username=\"bob\",\r\n realm=\"biloxi.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\",\
            uri=\"sip:bob@biloxi.com;a=b,c\", qop=auth, nc=00000001, cnonce=\"0a4f113b\",\
            response=\"6629fae49393a05397450978507c4ef1\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
        let read = Credentials::parse(value).unwrap();
        assert_eq!(
            (read.username, read.realm, read.uri),
            (&b"bob"[..], &b"biloxi.com"[..], &b"sip:bob@biloxi.com;a=b,c"[..])
        );
        assert_eq!((read.qop, read.nc, read.algorithm), (Some(&b"auth"[..]), Some(&b"00000001"[..]), None));
        let read =
            Credentials::parse(br#"digest username="a\"b" , realm = "", nonce="n",uri="u",response="r""#)
                .unwrap();
        assert_eq!((read.username, read.realm), (&br#"a\"b"#[..], &b""[..]));
    }

    /// RFC 3261 §20.44, RFC 8760 §2.4
    #[test]
    fn challenges_are_read() {
        let value = b"Digest realm=\"atlanta.com\", domain=\"sip:boxesbybob.com\", qop=\"auth, auth-int\", \
            nonce=\"f84f1cec41e6cbe5aea9c8e88d359\", opaque=\"\", stale=FALSE, algorithm=MD5";
        let read = Challenge::parse(value).unwrap();
        assert_eq!((read.realm, read.opaque, read.stale), (&b"atlanta.com"[..], Some(&b""[..]), false));
        assert!(read.offers_auth());
        let read = Challenge::parse(
            b"Digest realm=\"a\", nonce=\"b\", algorithm=SHA-256, qop=\"auth-int\", stale=true",
        )
        .unwrap();
        assert!(read.stale && !read.offers_auth());
        assert_eq!(read.algorithm, Some(&b"SHA-256"[..]));
    }

    /// SIP-02
    #[test]
    fn malformed_and_doubled_parameters_are_refused() {
        for value in [
            "",
            "Digest",
            "Bearer abc",
            "Digestusername=\"a\"",
            "Digest username=\"a\"",
            "Digest username=\"a\",realm=\"b\",nonce=\"c\",uri=\"d\",response=\"e",
            "Digest username=\"a\",realm=\"b\",nonce=\"c\",uri=\"d\",response=\"e\",username=\"f\"",
            "Digest username=\"a\"b,realm=\"b\",nonce=\"c\",uri=\"d\",response=\"e\"",
        ] {
            assert_eq!(Credentials::parse(value.as_bytes()), None, "{value}");
        }
    }
}
