//! The trunks as administrators know them.

use super::{
    signatures::Certificate,
    sources::{Source, host_and_port, is_host},
};
use crate::{
    Field, Problem, Resource,
    resource::{Hooks, Values},
    resources::encryption::SRTP,
};

/// The declaration.
pub static TRUNKS: Resource = Resource {
    name: "trunks",
    one: "Trunk",
    many: "Trunks",
    icon: "network",
    menu: "Configuration",
    about: "Lines to the public network. Calls to outside numbers leave by them, calls to your numbers come in by them.",
    fields: &[
        Field::text("name", "Name").required().unique(),
        Field::flag("enabled", "Switched on").default("1"),
        Field::flag("shared", "For other companies, too")
            .help("Their calls may leave by it. Only the company that runs this system shares its trunks."),
        Field::choice("kind", "Signs in", KINDS).required().default("register"),
        Field::text("host", "Server").required().max(253).help("sip.carrier.example, or an address."),
        Field::number("port", "Port", 1, 65_535, "")
            .help("Blank asks the DNS for it; that of an address is 5060 then."),
        Field::choice("transport", "Transport", TRANSPORTS).required().default("udp"),
        Field::choice("trust", "Server's certificate", TRUSTS)
            .required()
            .default("authority")
            .help("Over TLS: whom we take for the server. It is asked for the name above, or that of the proxy."),
        Field::long_text("certificate", "Certificate")
            .max(16_000)
            .shown_when("trust", "certificate")
            .help("PEM: what the server has, or what signed it."),
        Field::choice("srtp", "Encrypted speech", SRTP)
            .required()
            .default("off")
            .help("By SRTP, with keys that go over TLS only. Ask the carrier."),
        Field::flag("clear_keys", "Keys without TLS, too")
            .help("Whoever can read the signalling can listen then. For networks that nobody else reads."),
        Field::text("outbound_proxy", "Outbound proxy")
            .max(260)
            .help("Requests are sent there instead: proxy.carrier.example or proxy.carrier.example:5060."),
        Field::text("domain", "Domain").max(253).help("Behind the @ of addresses. Blank is the server."),
        Field::text("username", "User name").help("As the carrier gave it to you."),
        Field::text("auth_name", "Authentication name").help("Where it is another than the user name."),
        Field::secret("secret", "Password").chosen_elsewhere().help("Blank keeps the present one."),
        Field::seconds("expires", "Registers for", 60, 86_400)
            .required()
            .default("3600")
            .shown_when("kind", "register"),
        Field::text("sources", "Calls also come from").max(500).help(
            "Further addresses and networks of the carrier: 198.51.100.7, 203.0.113.0/24. Those of the server are known.",
        ),
        Field::flag("challenge", "Calls prove the password")
            .help("For carriers that sign in here with the same user name and password."),
        Field::choice("called_in", "Called number is in", CALLED_IN).required().default("request_uri"),
        Field::choice("number_in", "Numbers come as", NUMBER_IN)
            .required()
            .default("written")
            .help("Country and area are those of the settings."),
        Field::choice("number_out", "Numbers are sent as", NUMBER_OUT).required().default("plus"),
        Field::choice("caller_header", "Caller's number is in", CALLER_HEADER).required().default("pai"),
        Field::choice("caller_form", "Caller's number is sent as", NUMBER_OUT)
            .required()
            .default("plus")
            .help("In From, the asserted identity and Diversion. A foreign number is sent in full in any case."),
        Field::text("caller_prefix", "Before it").max(20).help("Digits that the trunk wants before a caller's number."),
        Field::choice("identity", "Signatures of callers", IDENTITY)
            .required()
            .default("pass")
            .help("STIR/SHAKEN (RFC 8224). Those of calls that come in and are forwarded, and our own."),
        Field::secret("sign_key", "Key")
            .chosen_elsewhere()
            .shown_when("identity", "sign")
            .help("Of your certificate: P-256 in PKCS #8, all of the PEM file on one line. Blank keeps the present one."),
        Field::url("sign_certificate", "Certificate is at")
            .shown_when("identity", "sign")
            .help("Address from which whoever is called fetches it."),
        Field::choice("attestation", "Attestation", ATTESTATION)
            .required()
            .default("A")
            .shown_when("identity", "sign"),
        Field::choice("identity_check", "Signatures that come in", IDENTITY_CHECK)
            .required()
            .default("off")
            .help("By the certificates below; none is fetched. The record of a call says what came of it."),
        Field::long_text("signers", "Certificates of signers")
            .max(32_000)
            .help("PEM, one after the other: who is believed to sign for any number. Ask the carrier."),
        Field::choice("codecs", "Codecs", CODECS).required().default("all"),
        Field::seconds("answer_within", "Next trunk after", 2, 32)
            .required()
            .default("6")
            .help("When nothing comes back from this one."),
        Field::number("channels", "Calls at once", 1, 10_000, "").help("In and out together. Blank is any number."),
        Field::flag("health", "Health check").default("1").help("Asks by OPTIONS whether it is there."),
        Field::seconds("health_interval", "Asks every", 10, 3600)
            .required()
            .default("60")
            .shown_when("health", "1"),
        Field::number("priority", "Priority", 1, 99, "")
            .required()
            .default("10")
            .help("Lower numbers are tried first."),
        Field::flag("pidf_lo", "Takes locations")
            .help("Emergency calls carry the caller's address (PIDF-LO, RFC 6442)."),
        Field::flag("emergency", "Emergency calls").default("1"),
        Field::flag("foreign_callers", "Takes foreign callers")
            .help("A forwarded call shows who called. Most carriers take numbers of their own only."),
        Field::reference("caller_id", "Caller ID", "numbers")
            .clears()
            .help("Shown by those who have no number of their own, nor has their site."),
    ],
    columns: &["name", "kind", "host", "transport", "channels", "priority", "enabled"],
    filters: &["kind", "transport", "enabled", "emergency"],
    sort: "name",
    cards: &[
        ("General", &["name", "enabled", "priority", "channels", "shared"]),
        ("Server", &["kind", "host", "port", "transport", "outbound_proxy", "domain"]),
        ("Encryption", &["trust", "certificate", "srtp", "clear_keys"]),
        ("Account", &["username", "auth_name", "secret", "expires"]),
        ("Calls in", &["called_in", "number_in", "sources", "challenge"]),
        (
            "Calls out",
            &[
                "number_out",
                "caller_header",
                "caller_form",
                "caller_prefix",
                "caller_id",
                "foreign_callers",
                "codecs",
                "answer_within",
            ],
        ),
        (
            "Signed callers",
            &["identity", "sign_key", "sign_certificate", "attestation", "identity_check", "signers"],
        ),
        ("Emergency calls", &["emergency", "pidf_lo"]),
        ("Health", &["health", "health_interval"]),
    ],
    title: "name",
    single: false,
    tenant: true,
    check: Some(can_be_reached),
    rules: &[],
    hooks: Hooks::NONE,
};

fn can_be_reached(values: &Values) -> Result<(), Problem> {
    let text = |field: &str| values.get(field).map_or("", String::as_str);
    if !is_host(text("host")) || text("host").bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(Problem::of(
            "host",
            "A name such as sip.carrier.example in lower case, or an address, without port.",
        ));
    }
    if !text("domain").is_empty() && !is_host(text("domain")) {
        return Err(Problem::of("domain", "A name such as carrier.example."));
    }
    let proxy = text("outbound_proxy");
    if !proxy.is_empty() && host_and_port(proxy).is_none() {
        return Err(Problem::of(
            "outbound_proxy",
            "A name or an address, or one with its port: proxy.example:5060.",
        ));
    }
    if text("trust") == "certificate" && !is_pem(text("certificate")) {
        let message = "Paste a certificate: from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----.";
        return Err(Problem::of("certificate", message));
    }
    if text("kind") == "register" && text("username").is_empty() {
        return Err(Problem::of("username", "The carrier gave you one to register with."));
    }
    let spoils = |field: &str| {
        text(field).contains(|c: char| c.is_control() || c.is_whitespace() || "<>\"@;".contains(c))
    };
    for field in ["username", "auth_name"] {
        // An authentication name may look like an address.
        let spoilt = if field == "username" { spoils(field) } else { text(field).contains(['"', '\\']) };
        if spoilt {
            return Err(Problem::of(field, "Without spaces, quotes, brackets, @ and semicolons."));
        }
    }
    if !text("caller_prefix").bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'*' | b'#')) {
        return Err(Problem::of("caller_prefix", "Digits, +, * and #."));
    }
    if let Err(wrong) = Source::list(text("sources")) {
        let message = format!("`{wrong}` is no address or network such as 198.51.100.7 or 203.0.113.0/24.");
        return Err(Problem::of("sources", message));
    }
    if text("identity_check") != "off"
        && let Err(why) = Certificate::list(text("signers"))
    {
        return Err(Problem::of("signers", why.to_string()));
    }
    can_sign(text("identity"), text("sign_key"), text("sign_certificate"))
}

/// Who signs needs a key and says where its certificate is. The key is not among the values unless it is a new one.
fn can_sign(identity: &str, key: &str, certificate: &str) -> Result<(), Problem> {
    let armour = key.strip_prefix("-----BEGIN PRIVATE KEY-----");
    let body = armour.and_then(|rest| rest.trim_end().strip_suffix("-----END PRIVATE KEY-----"));
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | ' ');
    let is_key = body.is_some_and(|body| {
        let letters: String = body.chars().filter(|c| !c.is_whitespace()).collect();
        body.chars().all(is_base64) && letters.starts_with(P256_BEGINS)
    });
    if !key.is_empty() && !is_key {
        let message =
            "A P-256 key in PKCS #8: from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----.";
        return Err(Problem::of("sign_key", message));
    }
    if identity == "sign" && certificate.is_empty() {
        return Err(Problem::of("sign_certificate", "Say where the certificate of the key is found."));
    }
    Ok(())
}

/// Looks like a PEM certificate (RFC 7468 §5.1); whether it is one the connection tells.
fn is_pem(text: &str) -> bool {
    let begin = text.find("-----BEGIN CERTIFICATE-----");
    let end = text.find("-----END CERTIFICATE-----");
    begin.zip(end).is_some_and(|(begin, end)| begin < end)
}

const KINDS: &[(&str, &str)] = &[("register", "By registration"), ("address", "By its address")];
const TRANSPORTS: &[(&str, &str)] =
    &[("udp", "UDP"), ("tcp", "TCP"), ("tls", "TLS"), ("dns", "As the DNS says")];
const TRUSTS: &[(&str, &str)] = &[
    ("authority", "From a known authority"),
    ("certificate", "The one below, or signed by it"),
    ("any", "Any: who is there is not checked"),
];
const CALLED_IN: &[(&str, &str)] =
    &[("request_uri", "Request-URI"), ("to", "To"), ("p_called_party_id", "P-Called-Party-ID")];
const NUMBER_IN: &[(&str, &str)] = &[
    ("written", "As dialled in the country"),
    ("e164", "With country code"),
    ("national", "Without country code"),
];
const NUMBER_OUT: &[(&str, &str)] = &[
    ("plus", "+49301234567"),
    ("e164", "49301234567"),
    ("international", "0049301234567"),
    ("national", "As dialled in the country"),
];
const CALLER_HEADER: &[(&str, &str)] = &[
    ("from", "From"),
    ("pai", "P-Asserted-Identity"),
    ("ppi", "P-Preferred-Identity"),
    ("rpid", "Remote-Party-ID"),
];
const IDENTITY: &[(&str, &str)] =
    &[("pass", "Passed on"), ("sign", "Passed on, and calls without are signed"), ("off", "Dropped")];
const IDENTITY_CHECK: &[(&str, &str)] = &[
    ("off", "Not checked"),
    ("show", "Checked"),
    ("refuse", "Checked, and calls refused whose signature is not right"),
    ("require", "Checked, and calls without a right one refused"),
];
const ATTESTATION: &[(&str, &str)] = &[
    ("A", "A: we know the caller and that the number is theirs"),
    ("B", "B: we know the caller"),
    ("C", "C: we know where the call came in"),
];
/// What a P-256 key in PKCS #8 with its public key begins with, in base64: lengths, version, id-ecPublicKey, prime256v1
/// (RFC 5208 §5, RFC 5480 §2.1.1).
const P256_BEGINS: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEH";
const CODECS: &[(&str, &str)] = &[("all", "As the caller offers"), ("g711", "G.711 only")];
