//! Latency, lag and memory over time, as SVG: three charts over one axis, the flood shaded.

use std::fmt::Write as _;

use crate::{Report, Sample};

const WIDTH: f64 = 900.0;
const LEFT: f64 = 90.0;
const RIGHT: f64 = 30.0;
const TOP: f64 = 64.0;
const CHART: f64 = 170.0;
const BETWEEN: f64 = 46.0;
const HEIGHT: f64 = TOP + 3.0 * CHART + 2.0 * BETWEEN + 50.0;
/// Told apart by colour-blind people (Okabe and Ito 2008).
const BLUE: &str = "#0072b2";
const RED: &str = "#d55e00";
const GREEN: &str = "#009e73";

type Line<'l> = (&'l str, &'l str, &'l dyn Fn(&Sample) -> Option<f64>);

pub fn svg(report: &Report) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n"
    );
    let title = format!(
        "lancang run for {} s at {:.0} records/s; shaded: ten times what it can do",
        report.seconds, report.load_records_per_s
    );
    text(&mut svg, (LEFT, 24.0), "start", "font-size=\"15\" font-weight=\"bold\"", &title);
    let latency: [Line<'_>; 2] = [("p50", BLUE, &|sample| sample.p50_ms), ("p99", RED, &|sample| sample.p99_ms)];
    chart(&mut svg, report, 0, "record due to incident committed, ms", &latency);
    chart(&mut svg, report, 1, "lag, records", &[("lag", BLUE, &|sample| Some(sample.lag_records))]);
    chart(&mut svg, report, 2, "memory resident, MiB", &[("resident", GREEN, &|sample| Some(sample.resident_mib))]);
    text(&mut svg, ((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 12.0), "middle", "", "seconds");
    svg.push_str("</svg>\n");
    svg
}

fn chart(svg: &mut String, report: &Report, place: usize, title: &str, lines: &[Line<'_>]) {
    let top = TOP + place as f64 * (CHART + BETWEEN);
    let bottom = top + CHART;
    let seconds = report.seconds as f64;
    let x = |second: f64| LEFT + second.min(seconds) / seconds * (WIDTH - LEFT - RIGHT);
    let values = lines.iter().flat_map(|(_, _, of)| report.samples.iter().filter_map(of));
    let step = step(values.fold(1.0, f64::max) / 4.0);
    let most = step * 4.0;
    let y = |value: f64| bottom - value / most * CHART;
    let (from, to) = (x(report.flood_s.0), x(report.flood_s.1));
    let _ = writeln!(
        svg,
        "<rect x=\"{from:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{CHART:.1}\" fill=\"#eeeeee\"/>",
        to - from
    );
    for tick in 0..=4 {
        let value = step * f64::from(tick);
        let at = y(value);
        grid(svg, (LEFT, at), (WIDTH - RIGHT, at));
        text(svg, (LEFT - 8.0, at + 4.0), "end", "fill=\"#444444\"", &grouped(value));
    }
    for tick in 0..=6 {
        let second = seconds * f64::from(tick) / 6.0;
        text(svg, (x(second), bottom + 16.0), "middle", "fill=\"#444444\"", &format!("{second:.0}"));
    }
    text(svg, (LEFT, top - 8.0), "start", "font-weight=\"bold\"", title);
    for (index, (name, color, of)) in lines.iter().enumerate() {
        let points = report.samples.iter().filter_map(|sample| Some((x(sample.second), y(of(sample)?))));
        let points: Vec<String> = points.map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.5\"/>",
            points.join(" ")
        );
        if lines.len() > 1 {
            let right = WIDTH - RIGHT - 50.0 * (lines.len() - index - 1) as f64;
            text(svg, (right, top - 8.0), "end", &format!("fill=\"{color}\" font-weight=\"bold\""), name);
        }
    }
}

/// The next of 1, 2, 2.5, 5 and their tenfolds.
fn step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|of| of * power).find(|step| *step >= least).unwrap_or(10.0 * power)
}

/// `1,250,000`
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let comma = |(place, digit): (usize, char)| {
        let left = digits.len() - place;
        [(place > 0 && left % 3 == 0).then_some(','), Some(digit)].into_iter().flatten()
    };
    if value.fract() > 0.0 { format!("{value}") } else { digits.chars().enumerate().flat_map(comma).collect() }
}

fn grid(svg: &mut String, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
    let _ = writeln!(svg, "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"#dddddd\"/>");
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, style: &str, text: &str) {
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" {style}>{text}</text>");
}
