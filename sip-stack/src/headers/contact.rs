//! Contact (RFC 3261 §20.10, §10.2.1).

use super::NameAddr;
use crate::wire::text;

/// One Contact value, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contact<'a> {
    /// Name, URI and all parameters, `+sip.instance` and `reg-id` among them.
    pub address: NameAddr<'a>,
    /// `expires` of this contact [s]; `None` leaves it to the Expires header.
    pub expires: Option<u32>,
    /// Preference in thousandths, `0..=1000`; 1000 if there is none (§16.6).
    pub q: u16,
}

impl<'a> Contact<'a> {
    /// Reads one value (already cut at commas). `None` where the address, `expires` or `q` is malformed.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let address = NameAddr::parse(value)?;
        let expires = match address.params.get("expires") {
            Some(seconds) => Some(text::decimal(seconds)?),
            None => None,
        };
        let q = address.params.get("q").map_or(Some(MAX_Q), thousandths)?;
        Some(Self { address, expires, q })
    }
    /// `*`: all contacts, to be removed (§10.2.2).
    pub fn is_wildcard(&self) -> bool {
        self.address.uri == b"*"
    }
}

/// `0.7` as 700: `0`, `1`, and up to three digits behind the point.
fn thousandths(q: &[u8]) -> Option<u16> {
    let (whole, fraction) = match memchr::memchr(b'.', q) {
        Some(point) => (&q[..point], &q[point + 1..]),
        None => (q, &b""[..]),
    };
    let whole = if whole.is_empty() { 0 } else { text::decimal(whole)? };
    let scale = [1000, 100, 10, 1].get(fraction.len())?;
    let fraction = if fraction.is_empty() { 0 } else { text::decimal(fraction)? };
    u16::try_from(whole.checked_mul(1000)? + fraction * scale).ok().filter(|q| *q <= MAX_Q)
}

const MAX_Q: u16 = 1000;

#[cfg(test)]
mod tests {
    use super::Contact;

    fn read(value: &str) -> Option<Contact<'_>> {
        Contact::parse(value.as_bytes())
    }

    /// RFC 3261 §20.10
    #[test]
    fn the_examples_of_the_rfc_are_read() {
        let contact =
            read("\"Mr. Watson\" <sip:watson@worcester.bell-telephone.com> ;q=0.7; expires=3600").unwrap();
        assert_eq!((contact.q, contact.expires), (700, Some(3600)));
        let contact = read("\"Mr. Watson\" <mailto:watson@bell-telephone.com> ;q=0.1").unwrap();
        assert_eq!((contact.q, contact.expires), (100, None));
        assert!(read("*").unwrap().is_wildcard());
    }

    /// RFC 5626 §4.2.2
    #[test]
    fn instance_and_flow_are_parameters() {
        let value = "<sip:line1@192.168.0.2;transport=tcp>; reg-id=1;  ;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\"";
        let contact = read(value).unwrap();
        assert_eq!(contact.address.params.get("reg-id"), Some(&b"1"[..]));
        assert_eq!(
            contact.address.params.get("+sip.instance"),
            Some(&b"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"[..])
        );
        assert_eq!(contact.q, 1000);
    }

    /// RFC 4475 §3.1.2.4
    #[test]
    fn absurd_numbers_are_refused() {
        for params in
            ["expires=280297596632815", "expires=-1", "expires", "q=2", "q=1.001", "q=0.0001", "q=x", "q=-1"]
        {
            assert_eq!(read(&format!("<sip:a@b>;{params}")), None, "{params}");
        }
        assert_eq!(read("<sip:a@b>;q=.5").unwrap().q, 500);
        assert_eq!(read("<sip:a@b>;q=1.000").unwrap().q, 1000);
    }
}
