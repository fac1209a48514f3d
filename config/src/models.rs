//! The models of desk phones that fetch their settings from here: who makes them, and how many keys can be set.

/// Who makes a phone; each has a file of its own where settings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Vendor {
    Yealink,
    Polycom,
    Snom,
    Grandstream,
    Sangoma,
    Fanvil,
}

/// One model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// As stored.
    pub key: &'static str,
    /// As people call it.
    pub label: &'static str,
    /// Who makes it.
    pub vendor: Vendor,
    /// Keys that can be set, over all pages. [1–96]
    pub keys: u8,
    /// Keys that are seen at once.
    pub page: u8,
}

impl Vendor {
    /// As people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yealink => "Yealink",
            Self::Polycom => "Polycom",
            Self::Snom => "Snom",
            Self::Grandstream => "Grandstream",
            Self::Sangoma => "Sangoma",
            Self::Fanvil => "Fanvil",
        }
    }
}

/// A model by its key.
pub fn by_key(key: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.key == key)
}

/// The model of which a phone speaks in its user agent, if it is one of these.
pub fn by_user_agent(agent: &str) -> Option<&'static Model> {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
    };
    let agent = plain(agent);
    let names = |model: &&Model| {
        let (maker, name) = model.key.split_once('-').unwrap_or_default();
        agent.contains(maker) && agent.contains(&plain(name))
    };
    // T53W is not T53.
    MODELS.iter().filter(names).max_by_key(|model| model.key.len())
}

const fn model(key: &'static str, label: &'static str, vendor: Vendor, keys: u8, page: u8) -> Model {
    Model { key, label, vendor, keys, page }
}

/// All of them. Numbers of keys: the makers' data sheets; where settings reach fewer keys than there are, as many as those.
pub static MODELS: [Model; 32] = [
    model("yealink-t31p", "Yealink T31P", Vendor::Yealink, 2, 2),
    model("yealink-t33g", "Yealink T33G", Vendor::Yealink, 4, 4),
    model("yealink-t42u", "Yealink T42U", Vendor::Yealink, 15, 5),
    model("yealink-t43u", "Yealink T43U", Vendor::Yealink, 21, 7),
    model("yealink-t46u", "Yealink T46U", Vendor::Yealink, 27, 9),
    model("yealink-t48u", "Yealink T48U", Vendor::Yealink, 29, 10),
    model("yealink-t53w", "Yealink T53W", Vendor::Yealink, 21, 7),
    model("yealink-t54w", "Yealink T54W", Vendor::Yealink, 27, 9),
    model("yealink-t57w", "Yealink T57W", Vendor::Yealink, 29, 10),
    model("polycom-vvx150", "Polycom VVX 150", Vendor::Polycom, 2, 2),
    model("polycom-vvx250", "Polycom VVX 250", Vendor::Polycom, 4, 4),
    model("polycom-vvx350", "Polycom VVX 350", Vendor::Polycom, 6, 6),
    model("polycom-vvx450", "Polycom VVX 450", Vendor::Polycom, 12, 12),
    model("polycom-vvx601", "Polycom VVX 601", Vendor::Polycom, 16, 8),
    model("snom-d717", "Snom D717", Vendor::Snom, 3, 3),
    model("snom-d735", "Snom D735", Vendor::Snom, 32, 8),
    model("snom-d785", "Snom D785", Vendor::Snom, 24, 6),
    model("snom-d385", "Snom D385", Vendor::Snom, 48, 12),
    model("grandstream-grp2612", "Grandstream GRP2612", Vendor::Grandstream, 16, 4),
    model("grandstream-grp2613", "Grandstream GRP2613", Vendor::Grandstream, 24, 6),
    model("grandstream-grp2614", "Grandstream GRP2614", Vendor::Grandstream, 16, 8),
    model("grandstream-grp2615", "Grandstream GRP2615", Vendor::Grandstream, 40, 10),
    model("grandstream-grp2616", "Grandstream GRP2616", Vendor::Grandstream, 16, 8),
    model("grandstream-gxp2130", "Grandstream GXP2130", Vendor::Grandstream, 6, 6),
    model("sangoma-p310", "Sangoma P310", Vendor::Sangoma, 2, 2),
    model("sangoma-p320", "Sangoma P320", Vendor::Sangoma, 4, 4),
    model("sangoma-p325", "Sangoma P325", Vendor::Sangoma, 6, 6),
    model("sangoma-p330", "Sangoma P330", Vendor::Sangoma, 12, 12),
    model("sangoma-p370", "Sangoma P370", Vendor::Sangoma, 12, 12),
    model("fanvil-x4u", "Fanvil X4U", Vendor::Fanvil, 30, 6),
    model("fanvil-x5u", "Fanvil X5U", Vendor::Fanvil, 30, 6),
    model("fanvil-x6u", "Fanvil X6U", Vendor::Fanvil, 60, 12),
];

/// Keys and labels, for the field.
pub(crate) const CHOICES: [(&str, &str); MODELS.len()] = {
    let mut choices = [("", ""); MODELS.len()];
    let mut at = 0;
    while at < MODELS.len() {
        choices[at] = (MODELS[at].key, MODELS[at].label);
        at += 1;
    }
    choices
};

#[cfg(test)]
mod tests {
    use super::*;

    /// DEV-16
    #[test]
    fn a_phone_is_known_by_its_user_agent() {
        let key = |agent| by_user_agent(agent).map(|model| model.key);
        assert_eq!(key("Yealink SIP-T54W 96.86.0.70 80:5e:c0:1a:7f:22"), Some("yealink-t54w"));
        assert_eq!(key("FileTransport PolycomVVX-VVX_450-UA/6.4.6"), Some("polycom-vvx450"));
        assert_eq!(key("Mozilla/4.0 (compatible; snomD735-SIP 10.1.64.14)"), Some("snom-d735"));
        assert_eq!(
            key("Grandstream Model HW GRP2614 SW 1.0.5.15 DevId c074ad0b63ee"),
            Some("grandstream-grp2614")
        );
        assert_eq!(key("Fanvil X6U Pro 0.0.10 0c383e2cd782"), Some("fanvil-x6u"));
        assert_eq!(key("curl/8"), None);
    }

    #[test]
    fn models_have_keys_of_their_own_and_fit_their_pages() {
        for (at, model) in MODELS.iter().enumerate() {
            assert!(MODELS[at + 1..].iter().all(|other| other.key != model.key), "{}", model.key);
            assert!((1..=96).contains(&model.keys) && model.page <= model.keys, "{}", model.key);
            assert!(model.label.starts_with(model.vendor.name()), "{}", model.key);
        }
    }
}
