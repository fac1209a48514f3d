//! Outbound routes: which trunks take which numbers outside, for whom, and what is sent. SIP-40.

use rusqlite::Row;

use crate::{
    Field, OutboundRouteId, Problem, Resource, RoleId, TenantId, TimeFrameId, TrunkId,
    numbering::{Called, Class, Plan},
    pattern::{NoPattern, Pattern},
    resource::{Hooks, Values},
    resources::trunks::NumberOut,
    secret::Cipher,
    typed::{Typed, Unreadable},
};

/// A way outside.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct OutboundRoute {
    pub id: OutboundRouteId,
    pub tenant: TenantId,
    /// Routes are tried in this order.
    pub position: u32,
    pub name: String,
    /// Numbers it takes; none takes all.
    pub patterns: Vec<Pattern>,
    /// Classes it takes; none takes all.
    pub classes: Vec<Class>,
    /// Roles of those it is for; none is for everybody.
    pub roles: Vec<RoleId>,
    /// Tried one after the other.
    pub trunks: Vec<TrunkId>,
    pub sends: Sends,
    pub enabled: bool,
    /// It is taken within these times only.
    pub time_frame: Option<TimeFrameId>,
}

/// What is sent of a number, once it is written as the trunk wants it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sends {
    /// Characters taken away from the beginning, 0–20.
    pub strip: usize,
    /// Put before what is left.
    pub add: String,
}

/// The declaration.
pub static OUTBOUND_ROUTES: Resource = Resource {
    name: "outbound_routes",
    one: "Outbound route",
    many: "Outbound routes",
    icon: "route",
    menu: "Configuration",
    about: "Which trunks take which numbers outside. The first route that fits is taken; the simulator shows which.",
    fields: &[
        Field::number("position", "Order", 1, 9999, "").required().default("100").help("Lower ones are asked first."),
        Field::text("name", "Name").required().unique(),
        Field::flag("enabled", "Switched on").default("1"),
        Field::long_text("patterns", "Numbers").max(4000).help(
            "One pattern a line, blank takes all. X is any digit, Z 1 to 9, N 2 to 9, [1-3] one of these, . one or more of anything, ! any number. +49. is held against the number in full, 0. against what was dialled. 9| before a pattern is dialled first and not sent.",
        ),
        Field::set("classes", "Kinds of calls", class_choices).help("None takes all kinds."),
        Field::many("roles", "For", "roles").help("Users with one of these roles. None is everybody who may make such a call."),
        Field::reference("time_frame", "Times", "time_frames").help("Only then. Blank is always."),
        Field::many("trunks", "Trunks", "trunks")
            .help("Tried in this order; drag to change it. None is every trunk that the company may use, by its priority."),
        Field::number("strip", "Take away", 0, 20, "characters")
            .required()
            .default("0")
            .help("From the beginning of the number as the trunk wants it."),
        Field::text("add_front", "Put before it").max(20).help("Digits, or what the trunk needs."),
    ],
    columns: &["position", "name", "patterns", "classes", "trunks", "enabled"],
    filters: &["trunks", "enabled"],
    sort: "position",
    cards: &[
        ("General", &["position", "name", "enabled"]),
        ("Which calls", &["patterns", "classes", "roles", "time_frame"]),
        ("Where to", &["trunks", "strip", "add_front"]),
    ],
    title: "name",
    single: false,
    tenant: true,
    check: Some(is_sound),
    rules: &[],
    hooks: Hooks::NONE,
};

impl OutboundRoute {
    /// The pattern that takes a number, and the digits before the number proper; `Some(None)` if the route takes all.
    /// `whole` is the number in full, if it has one.
    pub fn takes(&self, dialled: &str, whole: Option<&str>) -> Option<Option<&Pattern>> {
        if self.patterns.is_empty() {
            return Some(None);
        }
        let taken = |pattern: &&Pattern| {
            pattern.takes(dialled) || whole.is_some_and(|whole| whole != dialled && pattern.takes(whole))
        };
        self.patterns.iter().find(taken).map(Some)
    }

    /// Whether it takes calls of that kind.
    pub fn takes_class(&self, class: Class) -> bool {
        self.classes.is_empty() || self.classes.contains(&class)
    }
}

impl Sends {
    /// What is sent of a number that is nobody's in particular, such as one dialled for help.
    pub fn as_dialled(&self, dialled: &str) -> String {
        [&self.add, dialled.get(self.strip..).unwrap_or_default()].concat()
    }

    /// What is sent of a number that was dialled so and means that, by somebody in `home`.
    pub fn number(&self, dialled: &str, called: &Called, (format, home): (NumberOut, &Plan)) -> String {
        let written = match &called.e164 {
            Some(whole) => format.write(whole, home),
            None => dialled.to_owned(),
        };
        let kept = written.get(self.strip..).unwrap_or_default();
        [&self.add, kept].concat()
    }
}

impl Typed for OutboundRoute {
    const TABLE: &'static str = "outbound_routes";
    const SELECT: &'static str = "SELECT t.id, t.tenant_id, t.position, t.name, t.patterns, t.classes, \
        (SELECT group_concat(m.target, ',' ORDER BY m.position) FROM outbound_routes_roles m \
         WHERE m.tenant_id = t.tenant_id AND m.owner = t.id), \
        (SELECT group_concat(m.target, ',' ORDER BY m.position) FROM outbound_routes_trunks m \
         WHERE m.tenant_id = t.tenant_id AND m.owner = t.id), t.strip, t.add_front, t.enabled, t.time_frame_id \
        FROM outbound_routes t";

    fn read(row: &Row<'_>, _: &Cipher) -> Result<Self, Unreadable> {
        let text = |column| row.get_ref(column).and_then(|value| Ok(value.as_str()?));
        let (roles, trunks): (Option<String>, Option<String>) = (row.get(6)?, row.get(7)?);
        let patterns = patterns_of(text(4)?)
            .map_err(|_| Unreadable::Field { field: "patterns", message: "one of them is no pattern." })?;
        Ok(Self {
            id: OutboundRouteId(row.get(0)?),
            tenant: TenantId(row.get(1)?),
            position: row.get(2)?,
            name: row.get(3)?,
            patterns,
            classes: text(5)?.split(',').filter_map(Class::of).collect(),
            roles: super::ids(roles.as_deref()).map(RoleId).collect(),
            trunks: super::ids(trunks.as_deref()).map(TrunkId).collect(),
            sends: Sends { strip: row.get(8)?, add: row.get(9)? },
            enabled: row.get(10)?,
            time_frame: row.get::<_, Option<i64>>(11)?.map(TimeFrameId),
        })
    }
    fn id(&self) -> i64 {
        self.id.0
    }
}

/// One a line; blank lines are none.
fn patterns_of(text: &str) -> Result<Vec<Pattern>, NoPattern> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::parse).collect()
}

fn is_sound(values: &Values) -> Result<(), Problem> {
    let text = |name: &str| values.get(name).map_or("", String::as_str);
    let lines = text("patterns").lines().map(str::trim).filter(|line| !line.is_empty());
    for line in lines {
        if let Err(why) = line.parse::<Pattern>() {
            return Err(Problem::of("patterns", format!("{line}: {why}")));
        }
    }
    let add = text("add_front");
    if !add.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'*' | b'#')) {
        return Err(Problem::of("add_front", "Digits, +, * and #."));
    }
    Ok(())
}

/// All but those that no route decides.
fn class_choices() -> &'static [(String, String)] {
    static CHOICES: std::sync::LazyLock<Vec<(String, String)>> = std::sync::LazyLock::new(|| {
        let outside = Class::ALL.into_iter().filter(|(class, ..)| *class != Class::Internal);
        outside.map(|(_, key, label)| (key.to_owned(), label.to_owned())).collect()
    });
    &CHOICES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbering::{self, Home};

    /// SIP-40
    #[test]
    fn a_number_is_sent_as_trunk_and_route_say() {
        let home = numbering::plan("de");
        let sent = |dialled: &str, format, strip, add: &str| {
            let called = numbering::read(dialled, Home { country: "de", area: "30" }).unwrap();
            Sends { strip, add: add.into() }.number(dialled, &called, (format, home))
        };
        for (dialled, format, strip, add, expected) in [
            ("1234567", NumberOut::Plus, 0, "", "+49301234567"),
            ("1234567", NumberOut::E164, 0, "", "49301234567"),
            ("1234567", NumberOut::International, 0, "", "0049301234567"),
            ("1234567", NumberOut::National, 0, "", "0301234567"),
            ("004312345678", NumberOut::National, 0, "", "004312345678"),
            ("004312345678", NumberOut::Plus, 1, "00", "004312345678"),
            ("115", NumberOut::Plus, 0, "99", "99115"),
            ("115", NumberOut::Plus, 9, "", ""),
        ] {
            assert_eq!(sent(dialled, format, strip, add), expected, "{dialled} {format:?}");
        }
    }

    /// SIP-40
    #[test]
    fn a_route_says_what_is_wrong_with_its_patterns() {
        let check = |patterns: &str, add: &str| {
            is_sound(
                &[("patterns".to_owned(), patterns.to_owned()), ("add_front".to_owned(), add.to_owned())]
                    .into(),
            )
        };
        check("0.\n\n+49.", "").unwrap();
        let problem = check("0.\n0a", "").unwrap_err();
        assert!(problem.field == "patterns" && problem.message.starts_with("0a: "), "{problem:?}");
        assert_eq!(check("", "x").unwrap_err().field, "add_front");
    }
}
