//! Bar charts as SVG: stacked bars over a few grid lines, each bar a link with its figures in words.

use crate::language::ours;
use askama::Template;

use crate::error::Fault;

/// A chart of stacked bars.
#[derive(Debug)]
pub(super) struct Chart {
    /// For those who do not see it.
    pub name: &'static str,
    /// In units of the drawing; the height is always 190.
    pub width: f64,
    pub bars: Vec<Bar>,
}

/// What stands at one place of the axis.
#[derive(Debug)]
pub(super) struct Bar {
    pub label: String,
    /// On narrow screens the label may go.
    pub minor: bool,
    /// Whether there is room for the label at all.
    pub labelled: bool,
    /// Where a click leads.
    pub href: String,
    pub parts: Vec<Part>,
}

/// One colour of a bar.
#[derive(Debug)]
pub(super) struct Part {
    pub series: Series,
    pub value: f64,
    /// The value for people: `12`, `1:05 h`.
    pub words: String,
}

/// What a colour means; the same in all charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Series {
    Inbound,
    Outbound,
    Internal,
    Missed,
}

impl Series {
    pub const ALL: [Self; 4] = [Self::Inbound, Self::Outbound, Self::Internal, Self::Missed];

    pub fn label(self) -> &'static str {
        match self {
            Self::Inbound => "Inbound",
            Self::Outbound => "Outbound",
            Self::Internal => "Internal",
            Self::Missed => "Missed",
        }
    }
    /// Number of its colour in the stylesheet.
    pub fn colour(self) -> u8 {
        match self {
            Self::Inbound => 1,
            Self::Outbound => 2,
            Self::Internal => 4,
            Self::Missed => 3,
        }
    }
}

impl Chart {
    /// The chart as SVG.
    pub fn draw(&self) -> Result<String, Fault> {
        let most = self.bars.iter().map(Bar::total).fold(0.0, f64::max);
        let (step, steps) = scale(most);
        let per_unit = HEIGHT / (step * steps as f64);
        let lines = (0..=steps).map(|at| {
            let value = step * at as f64;
            Line { y: BOTTOM - value * per_unit, label: short(value) }
        });
        let room = (self.width - LEFT) / self.bars.len().max(1) as f64;
        let drawn =
            self.bars.iter().enumerate().map(|(at, bar)| bar.drawn(LEFT + room * at as f64, room, per_unit));
        let picture = Picture {
            name: self.name,
            width: self.width,
            left: LEFT,
            lines: lines.collect(),
            bars: drawn.collect(),
        };
        Ok(picture.render()?)
    }

    /// The series that occur, in their order; all but the internal one if none does.
    pub fn legend(&self) -> Vec<Series> {
        let occurs = |series: &Series| {
            self.bars.iter().flat_map(|bar| &bar.parts).any(|part| part.series == *series && part.value > 0.0)
        };
        let found: Vec<_> = Series::ALL.into_iter().filter(occurs).collect();
        if found.is_empty() { vec![Series::Inbound, Series::Outbound, Series::Missed] } else { found }
    }
}

impl Bar {
    fn total(&self) -> f64 {
        self.parts.iter().map(|part| part.value).sum()
    }

    fn drawn(&self, left: f64, room: f64, per_unit: f64) -> Drawn<'_> {
        let (x, width) = (left + room * 0.19, room * 0.62);
        let mut base = BOTTOM;
        let seen: Vec<&Part> = self.parts.iter().filter(|part| part.value > 0.0).collect();
        let mut shapes = Vec::new();
        for (at, part) in seen.iter().enumerate() {
            // Something is never nothing to see.
            let height = (part.value * per_unit).max(1.5);
            let round = if at + 1 == seen.len() { height.min(3.0).min(width / 2.0) } else { 0.0 };
            let top = base - height;
            let across = width - 2.0 * round;
            let path = format!(
                "M{x:.1} {base:.1}V{:.1}q0 -{round:.1} {round:.1} -{round:.1}h{across:.1}q{round:.1} 0 {round:.1} {round:.1}V{base:.1}z",
                top + round
            );
            shapes.push((part.series.colour(), path));
            base = top - 1.0;
        }
        Drawn { bar: self, left, width: room, middle: left + room / 2.0, shapes }
    }

    /// `09:00, Inbound: 3, Missed: 1`, with `between` between.
    fn in_words(&self, between: &str) -> String {
        let parts = self.parts.iter().map(|part| format!("{}: {}", ours(part.series.label()), part.words));
        std::iter::once(ours(&self.label)).chain(parts).collect::<Vec<_>>().join(between)
    }
}

/// A smooth line that fills its box, of values from left to right: the area below it, and the line.
pub(super) fn spark(values: &[f64]) -> Option<(String, String)> {
    let most = values.iter().copied().fold(0.0, f64::max);
    if values.len() < 2 || most <= 0.0 {
        return None;
    }
    let step = SPARK.0 / (values.len() - 1) as f64;
    let points = values.iter().enumerate().map(|(at, value)| {
        format!("{:.1} {:.1}", step * at as f64, SPARK.1 - 2.0 - value / most * (SPARK.1 - 5.0))
    });
    let line = format!("M{}", points.collect::<Vec<_>>().join("L"));
    Some((format!("{line}L{} {}L0 {}z", SPARK.0, SPARK.1, SPARK.1), line))
}

/// Height of a step and number of steps that hold a value: at most four.
fn scale(most: f64) -> (f64, usize) {
    let mut size: f64 = 1.0;
    loop {
        for step in [1.0, 2.0, 2.5, 5.0].map(|factor: f64| factor * size) {
            // Half a call is none.
            if step.fract() == 0.0 && step * 4.0 >= most {
                return (step, (most / step).ceil().max(1.0) as usize);
            }
        }
        size *= 10.0;
    }
}

/// `500`, `1.5k`.
fn short(value: f64) -> String {
    if value >= 1000.0 { format!("{}k", value / 1000.0) } else { format!("{value}") }
}

/// A grid line with its value.
#[derive(Debug)]
struct Line {
    y: f64,
    label: String,
}

/// A bar in its place.
#[derive(Debug)]
struct Drawn<'a> {
    bar: &'a Bar,
    left: f64,
    width: f64,
    middle: f64,
    /// Colour and path.
    shapes: Vec<(u8, String)>,
}

#[derive(Template)]
#[template(path = "chart.html")]
struct Picture<'a> {
    name: &'a str,
    width: f64,
    left: f64,
    lines: Vec<Line>,
    bars: Vec<Drawn<'a>>,
}

/// Room for the values at the left.
const LEFT: f64 = 30.0;
const BOTTOM: f64 = 170.0;
const HEIGHT: f64 = 162.0;
/// Box of a spark line.
const SPARK: (f64, f64) = (76.0, 28.0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_hold_their_values_in_round_steps() {
        for (most, wanted) in
            [(0.0, (1.0, 1)), (3.0, (1.0, 3)), (7.0, (2.0, 4)), (97.0, (25.0, 4)), (1400.0, (500.0, 3))]
        {
            assert_eq!(scale(most), wanted, "{most}");
        }
        assert_eq!((short(1500.0), short(20.0)), ("1.5k".into(), "20".into()));
    }

    #[test]
    fn a_bar_is_a_link_that_says_what_it_shows() {
        let part = |series, value: f64| Part { series, value, words: value.to_string() };
        let bar = Bar {
            label: "<09>".into(),
            minor: false,
            labelled: true,
            href: "/admin/calls?a=1&b=2".into(),
            parts: vec![part(Series::Inbound, 3.0), part(Series::Outbound, 0.0), part(Series::Missed, 1.0)],
        };
        let chart = Chart { name: "Calls", width: 245.0, bars: vec![bar] };
        let svg = chart.draw().expect("draws");
        assert!(svg.contains("href=\"/admin/calls?a=1&#38;b=2\"") && svg.contains("&#60;09&#62;"), "{svg}");
        assert!(svg.contains("Inbound: 3, Outbound: 0, Missed: 1"), "{svg}");
        assert_eq!(svg.matches("<path").count(), 2, "nothing is drawn of nothing");
        assert_eq!(chart.legend(), [Series::Inbound, Series::Missed]);
    }

    #[test]
    fn a_spark_needs_two_values_and_one_above_zero() {
        assert_eq!((spark(&[]), spark(&[1.0]), spark(&[0.0, 0.0])), (None, None, None));
        assert_eq!(spark(&[0.0, 1.0]).map(|(_, line)| line).as_deref(), Some("M0.0 26.0L76.0 3.0"));
    }
}
