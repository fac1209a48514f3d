//! Inbound routes as a picture, drawn by the server: per route a band with its numbers, its schedule and its destinations;
//! the same as a list for narrow windows. Positions are in units of the picture.

use config::{
    destination::Destination,
    routing::{Listed, Routing},
    snapshot::{InboundRoute, Open},
};

use crate::assets::icon;

/// What a band is made of.
pub(super) struct Drawn<'a> {
    pub routing: &'a Routing,
    pub route: &'a InboundRoute,
    /// Those that come to it.
    pub numbers: &'a [&'a Listed],
    pub is_open: bool,
    /// Until when it is so; blank if it never changes.
    pub until: String,
    /// Whether rows of a table may be looked at.
    pub sees: &'a dyn Fn(&str) -> bool,
}

/// One route.
#[derive(Debug, Clone)]
pub(crate) struct Band {
    pub name: String,
    pub href: String,
    pub enabled: bool,
    pub numbers: Step,
    /// None for a route that is always open.
    pub schedule: Option<Step>,
    pub open: Step,
    pub closed: Option<Step>,
    /// A number to simulate with; blank if the route names none.
    pub number: String,
}

/// One thing that a call comes to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Step {
    pub icon: &'static str,
    pub text: String,
    pub sub: String,
    pub href: String,
    /// A call takes this way at the moment that is shown.
    pub on: bool,
}

/// The picture.
#[derive(Debug, Default)]
pub(crate) struct Canvas {
    pub height: i32,
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
    pub pills: Vec<Pill>,
    pub titles: Vec<Title>,
    pub bands: Vec<Band>,
}

/// A step at its place.
#[derive(Debug)]
pub(crate) struct Node {
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub step: Step,
    /// Shortened to what has room.
    pub text: String,
    pub sub: String,
}

/// A line from one step to the next.
#[derive(Debug)]
pub(crate) struct Edge {
    pub path: String,
    pub on: bool,
}

/// A word on a line.
#[derive(Debug)]
pub(crate) struct Pill {
    pub x: i32,
    pub y: i32,
    pub text: &'static str,
    pub on: bool,
}

/// The name above a band.
#[derive(Debug)]
pub(crate) struct Title {
    pub y: i32,
    pub name: String,
    pub enabled: bool,
}

/// A route, ready to be drawn.
pub(super) fn band(drawn: Drawn<'_>) -> Band {
    let Drawn { route, numbers, is_open, .. } = drawn;
    let href = format!("/admin/inbound_routes/{}", route.id);
    let on = route.enabled && (route.numbers.is_empty() || !numbers.is_empty());
    let to = |to: &Destination, on: bool| destination(&drawn, to, &href, on);
    let always = route.open == Open::Always;
    Band {
        numbers: Step { on, href: href.clone(), ..numbered(route, numbers) },
        schedule: (!always).then(|| Step { on, ..schedule(&drawn, &href) }),
        open: to(&route.open_to, on && is_open),
        closed: (!always).then(|| to(&route.closed_to, on && !is_open)),
        number: numbers.first().map(|listed| listed.number.clone()).unwrap_or_default(),
        name: route.name.clone(),
        enabled: route.enabled,
        href,
    }
}

fn numbered(route: &InboundRoute, numbers: &[&Listed]) -> Step {
    let icon = icon("hash");
    match numbers {
        [] if route.numbers.is_empty() => Step { icon, text: "All other numbers".into(), ..Step::default() },
        [] => {
            Step { icon, text: "No number".into(), sub: "they ring their owners".into(), ..Step::default() }
        }
        [one] => Step { icon, text: one.number.clone(), sub: one.description.clone(), ..Step::default() },
        [first, ..] => {
            let text = format!("{} numbers", numbers.len());
            Step { icon, text, sub: format!("{} …", first.number), ..Step::default() }
        }
    }
}

fn schedule(drawn: &Drawn<'_>, route: &str) -> Step {
    let until = &drawn.until;
    let sub = match (drawn.is_open, until.is_empty()) {
        (true, true) => "open".to_owned(),
        (false, true) => "closed".to_owned(),
        (true, false) => format!("open until {until}"),
        (false, false) => format!("closed until {until}"),
    };
    match drawn.route.open {
        Open::Within(id) => {
            let frame = drawn.routing.snapshot.time_frame(drawn.route.tenant, id);
            let href = if (drawn.sees)("time_frames") {
                format!("/admin/time_frames/{id}")
            } else {
                route.to_owned()
            };
            let text = frame.map_or_else(|| "Its time frame is gone".to_owned(), |frame| frame.name.clone());
            Step { icon: icon("calendar-week"), text, sub, href, on: false }
        }
        Open::ByDay | Open::Always => {
            let href = if (drawn.sees)("settings") { "/admin/night".to_owned() } else { route.to_owned() };
            Step { icon: icon("moon"), text: "Night mode".into(), sub, href, on: false }
        }
    }
}

fn destination(drawn: &Drawn<'_>, to: &Destination, route: &str, on: bool) -> Step {
    let plain =
        |icon, text: String, sub: &str| Step { icon, text, sub: sub.to_owned(), href: route.to_owned(), on };
    match to {
        Destination::External(number) => plain(icon("phone-outgoing"), number.clone(), "Outside number"),
        Destination::Hangup(cause) => plain(icon("phone-off"), "Hang up".into(), cause.label()),
        Destination::Extension(number) => match drawn.routing.extensions.get(number) {
            None => plain(icon("alert-triangle"), number.clone(), "Nobody has this extension"),
            Some(holder) => {
                let is_group = holder.table == "ring_groups";
                let icon = if is_group { icon("users-group") } else { icon("user") };
                let sub =
                    if is_group { format!("Ring group {number}") } else { format!("Extension {number}") };
                let seen = (drawn.sees)(holder.table);
                let href =
                    if seen { format!("/admin/{}/{}", holder.table, holder.id) } else { route.to_owned() };
                Step { icon, text: holder.name.clone(), sub, href, on }
            }
        },
    }
}

impl Canvas {
    /// Draws the routes one below the other.
    pub fn draw(bands: &[Band]) -> Self {
        let mut canvas = Self { bands: bands.to_vec(), ..Self::default() };
        let mut top = MARGIN;
        for band in bands {
            canvas.titles.push(Title { y: top + 12, name: shortened(&band.name, 60), enabled: band.enabled });
            top += TITLE;
            top += canvas.add(band, top) + GAP;
        }
        canvas.height = (top - GAP + MARGIN).max(2 * MARGIN);
        canvas
    }

    /// Adds a band; its height.
    fn add(&mut self, band: &Band, top: i32) -> i32 {
        let (Some(schedule), Some(closed)) = (&band.schedule, &band.closed) else {
            self.node(NUMBERS, top, &band.numbers);
            self.node(TARGETS, top, &band.open);
            self.edge(NUMBERS, top, TARGETS, top, band.open.on);
            return NODE;
        };
        let (middle, below) = (top + PITCH / 2, top + PITCH);
        self.node(NUMBERS, middle, &band.numbers);
        self.node(SCHEDULES, middle, schedule);
        self.edge(NUMBERS, middle, SCHEDULES, middle, schedule.on);
        // What is in force is drawn last, above the other.
        for (step, y, is_open) in [(closed, below, false), (&band.open, top, true)] {
            self.node(TARGETS, y, step);
            self.edge(SCHEDULES, middle, TARGETS, y, step.on);
            let text = named(band, is_open);
            self.pills.push(Pill { x: PILL, y: y + NODE / 2 - 9, text, on: step.on });
        }
        self.edges.sort_by_key(|edge| edge.on);
        PITCH + NODE
    }

    fn node(&mut self, (x, width): (i32, i32), y: i32, step: &Step) {
        // Characters that have room beside the icon.
        let room = usize::try_from((width - 54) / 7).unwrap_or_default();
        let (text, sub) = (shortened(&step.text, room), shortened(&step.sub, room + 2));
        self.nodes.push(Node { x, y, width, step: step.clone(), text, sub });
    }

    fn edge(&mut self, from: (i32, i32), from_y: i32, to: (i32, i32), to_y: i32, on: bool) {
        let (x, y, end, end_y) = (from.0 + from.1, from_y + NODE / 2, to.0, to_y + NODE / 2);
        let bend = x + 28;
        let path = if y == end_y {
            format!("M{x} {y}H{end}")
        } else {
            format!("M{x} {y}C{bend} {y} {x} {end_y} {bend} {end_y}H{end}")
        };
        self.edges.push(Edge { path, on });
    }
}

/// The word on the way of a route while it is open, or closed; blank where there is only one.
pub(crate) fn named(band: &Band, is_open: bool) -> &'static str {
    match (&band.closed, is_open) {
        (None, _) => "",
        (Some(_), true) if band.open.on => "open now",
        (Some(_), true) => "while open",
        (Some(closed), false) if closed.on => "closed now",
        (Some(_), false) => "while closed",
    }
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// Left edge and width of the columns.
const NUMBERS: (i32, i32) = (16, 196);
const SCHEDULES: (i32, i32) = (244, 196);
const TARGETS: (i32, i32) = (596, 208);
/// Left edge of the words on lines, and how wide they are.
const PILL: i32 = 472;
/// Height of a step.
const NODE: i32 = 46;
/// From one destination to the other.
const PITCH: i32 = 60;
/// Between two routes.
const GAP: i32 = 22;
/// The name above a route.
const TITLE: i32 = 22;
const MARGIN: i32 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn step(text: &str, on: bool) -> Step {
        Step { text: text.into(), on, ..Step::default() }
    }

    fn band(schedule: bool, open: bool) -> Band {
        Band {
            name: "Main line".into(),
            href: "/admin/inbound_routes/1".into(),
            enabled: true,
            numbers: step("+12025550100", true),
            schedule: schedule.then(|| step("Office hours", true)),
            open: step("Reception", open),
            closed: schedule.then(|| step("Night service of the whole company", !open)),
            number: String::new(),
        }
    }

    /// one way of each route is lit, and routes do not lie upon each other.
    #[test]
    fn the_way_in_force_is_lit_and_bands_do_not_overlap() {
        let canvas = Canvas::draw(&[band(true, false), band(false, true), band(true, true)]);
        let lit: Vec<&str> = canvas.pills.iter().filter(|pill| pill.on).map(|pill| pill.text).collect();
        assert_eq!(lit, ["closed now", "open now"]);
        assert_eq!(canvas.edges.iter().filter(|edge| edge.on).count(), 5);
        let mut spots: Vec<(i32, i32)> = canvas.nodes.iter().map(|node| (node.x, node.y)).collect();
        spots.sort_unstable();
        assert!(spots.windows(2).all(|two| two[0].0 != two[1].0 || two[1].1 - two[0].1 >= NODE), "{spots:?}");
        assert!(canvas.nodes.iter().all(|node| node.y + NODE <= canvas.height - MARGIN));
        assert!(canvas.nodes.iter().any(|node| node.text.ends_with('…')), "long names are shortened");
    }
}
