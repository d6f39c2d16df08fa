//! A plot of recall against false incidents, as SVG.
//!
//! A chart of points and lines over two axes is all that is wanted; it is written by hand, without a drawing library.

use std::fmt::Write as _;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 440.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 190.0;
const TOP: f64 = 48.0;
const BOTTOM: f64 = 56.0;
/// Figures that differ by more than this factor stand on an axis of powers.
const FAR_APART: f64 = 30.0;
/// Told apart by colour-blind people (Okabe and Ito 2008).
const COLORS: [&str; 8] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8a8a00"];

/// Points of one line of the plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What it is, for the legend.
    pub name: String,
    /// False incidents, recall (0 to 1) and what is written beside the point.
    pub points: Vec<(f64, f64, String)>,
}

/// A plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// Title.
    pub title: String,
    /// What the false incidents are counted in.
    pub x_title: String,
    /// Lines.
    pub series: Vec<Series>,
}

impl Plot {
    /// The picture.
    #[must_use]
    pub fn svg(&self) -> String {
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
             height=\"{HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n"
        );
        text(&mut svg, LEFT, 26.0, "start", "font-size=\"15\" font-weight=\"bold\"", &self.title);
        let axis = Axis::new(self.series.iter().flat_map(|line| &line.points).map(|point| point.0));
        self.axes(&mut svg, &axis);
        let mut labels = Vec::new();
        for (index, line) in self.series.iter().enumerate() {
            let color = COLORS[index % COLORS.len()];
            // Later lines are thinner, so that those beneath are seen where they coincide.
            let size = 4.0 + 1.5 * (self.series.len() - index - 1).min(4) as f64;
            series(&mut svg, line, (color, size), &axis, &mut labels);
            let at = TOP + 8.0 + 20.0 * index as f64;
            let from = WIDTH - RIGHT + 18.0;
            let _ = writeln!(svg, "<circle cx=\"{from:.1}\" cy=\"{at:.1}\" r=\"4\" fill=\"{color}\"/>");
            text(&mut svg, from + 10.0, at + 4.0, "start", "", &line.name);
        }
        svg.push_str("</svg>\n");
        svg
    }

    fn axes(&self, svg: &mut String, axis: &Axis) {
        for value in axis.ticks() {
            let x = axis.place(value);
            grid(svg, (x, TOP), (x, HEIGHT - BOTTOM));
            text(svg, x, HEIGHT - BOTTOM + 18.0, "middle", "fill=\"#444444\"", &number(value));
        }
        for tenth in (0..=10).step_by(2) {
            let value = f64::from(tenth) / 10.0;
            let y = y_of(value);
            grid(svg, (LEFT, y), (WIDTH - RIGHT, y));
            text(svg, LEFT - 8.0, y + 4.0, "end", "fill=\"#444444\"", &format!("{value:.1}"));
        }
        let middle = (LEFT + WIDTH - RIGHT) / 2.0;
        text(svg, middle, HEIGHT - 14.0, "middle", "", &self.x_title);
        let y = (TOP + HEIGHT - BOTTOM) / 2.0;
        text(svg, 18.0, y, "middle", &format!("transform=\"rotate(-90 18 {y:.1})\""), "recall");
    }
}

fn series(svg: &mut String, line: &Series, (color, size): (&str, f64), axis: &Axis, labels: &mut Vec<(f64, f64)>) {
    let places: Vec<(f64, f64)> = line.points.iter().map(|point| (axis.place(point.0), y_of(point.1))).collect();
    let path: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let width = size - 2.5;
    let _ = writeln!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\"/>",
        path.join(" ")
    );
    for ((x, y), (_, _, label)) in places.iter().zip(&line.points) {
        let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{size}\" fill=\"{color}\"/>");
        // A label that would cover another one is left out: the points of a sweep follow each other in order.
        let (at_x, at_y) = (x + 9.0, y - 8.0);
        let apart = |other: &(f64, f64)| (other.0 - at_x).abs() > 34.0 || (other.1 - at_y).abs() > 12.0;
        if !label.is_empty() && labels.iter().all(apart) {
            labels.push((at_x, at_y));
            text(svg, at_x, at_y, "start", "font-size=\"11\" fill=\"#444444\"", label);
        }
    }
}

/// The axis of false incidents.
#[derive(Clone, Debug, PartialEq)]
enum Axis {
    /// From nothing, in these steps.
    Linear(Vec<f64>),
    /// Nothing, and then powers of ten: where figures lie too far apart to be seen side by side.
    Powers { first: i32, last: i32 },
}

impl Axis {
    fn new(values: impl Iterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.filter(|value| *value > 0.0 && value.is_finite()).collect();
        let (least, most) = values
            .iter()
            .fold((f64::INFINITY, 0.0), |(least, most): (f64, f64), value| (least.min(*value), most.max(*value)));
        if most / least > FAR_APART {
            return Self::Powers { first: least.log10().floor() as i32, last: most.log10().ceil() as i32 };
        }
        Self::Linear(ticks(most))
    }

    fn ticks(&self) -> Vec<f64> {
        match self {
            Self::Linear(ticks) => ticks.clone(),
            Self::Powers { first, last } => {
                std::iter::once(0.0).chain((*first..=*last).map(|power| 10_f64.powi(power))).collect()
            }
        }
    }

    fn place(&self, value: f64) -> f64 {
        let share = match self {
            Self::Linear(ticks) => value / ticks.last().copied().unwrap_or(1.0),
            // Nothing stands one step before the first power.
            Self::Powers { first, last } => {
                let steps = f64::from(last - first + 1);
                if value > 0.0 { (value.log10() - f64::from(*first) + 1.0) / steps } else { 0.0 }
            }
        };
        LEFT + (WIDTH - LEFT - RIGHT) * share
    }
}

fn y_of(recall: f64) -> f64 {
    HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * recall
}

fn grid(svg: &mut String, from: (f64, f64), to: (f64, f64)) {
    let _ = writeln!(
        svg,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"#dddddd\"/>",
        from.0, from.1, to.0, to.1
    );
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, more: &str, content: &str) {
    let escaped = content.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let space = if more.is_empty() { "" } else { " " };
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\"{space}{more}>{escaped}</text>");
}

/// From nothing to at least `most` in four to ten steps of 1, 2 or 5 times a power of ten.
fn ticks(most: f64) -> Vec<f64> {
    if most <= 0.0 || !most.is_finite() {
        return vec![0.0, 1.0];
    }
    let power = 10_f64.powf((most / 5.0).log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| most / step <= 6.0);
    let step = step.unwrap_or(power * 10.0);
    let count = (most / step).ceil() as u32;
    (0..=count).map(|index| f64::from(index) * step).collect()
}

fn number(value: f64) -> String {
    let rounded = (value * 1e6).round() / 1e6;
    rounded.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_cover_what_is_shown() {
        assert_eq!(ticks(0.0), [0.0, 1.0]);
        assert_eq!(ticks(6.0), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        for most in [0.003, 0.7, 1.0, 13.0, 99.9, 123_456.0] {
            let ticks = ticks(most);
            assert!((3..=8).contains(&ticks.len()) && ticks[ticks.len() - 1] >= most, "{most}: {ticks:?}");
        }
    }

    #[test]
    fn figures_far_apart_stand_on_an_axis_of_powers() {
        let axis = Axis::new([0.0, 0.2, 33_000.0].into_iter());
        assert_eq!(axis.ticks(), [0.0, 0.1, 1.0, 10.0, 100.0, 1000.0, 10_000.0, 100_000.0]);
        assert_eq!((axis.place(0.0), axis.place(100_000.0)), (LEFT, WIDTH - RIGHT));
        assert!(axis.place(0.1) > LEFT && axis.place(0.2) > axis.place(0.1));
        assert_eq!(Axis::new([0.0, 5.0].into_iter()), Axis::Linear(ticks(5.0)));
        assert_eq!(Axis::new([0.0].into_iter()).ticks(), [0.0, 1.0]);
    }

    #[test]
    fn points_stand_where_they_should_and_text_is_escaped() {
        let points = vec![(0.0, 0.0, "a<b".to_owned()), (4.0, 1.0, String::new())];
        let plot = Plot {
            title: "t".to_owned(),
            x_title: "x".to_owned(),
            series: vec![Series { name: "easy".to_owned(), points }],
        };
        let svg = plot.svg();
        let corner = (LEFT, HEIGHT - BOTTOM);
        assert!(svg.contains(&format!("points=\"{:.1},{:.1} {:.1},{TOP:.1}\"", corner.0, corner.1, WIDTH - RIGHT)));
        assert!(svg.contains("a&lt;b") && svg.contains(">easy</text>"));
    }
}
