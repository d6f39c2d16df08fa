//! `lancang evaluate`: incidents against ground truth, and how recall and false incidents move with a limit.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use lancang_intake::feed::DeadLetter;
use lancang_pattern::{Pack, PackSources, moved};
use lancang_traffic::evaluation::{
    Beside, Evaluation, Exposure, Figures, Found, Incident, Quantiles, Report, read_incidents, read_truth,
};
use lancang_traffic::{Grade, Truth};
use serde_json::json;

use super::replay::Opened;
use crate::cli::{self, Form, Sweep};
use crate::columns::{Columns, Mark};
use crate::exit::{Exit, Failure};
use crate::grouped::{self, Grouped};
use crate::logging::colors;
use crate::pack_folder;
use crate::plot::{Plot, Series};
use crate::replay::Sink;

/// What is aimed at (issue 4, *Judged*): recall of easy and of medium episodes.
const AIM_RECALL: f64 = 0.95;
/// Recall of hard ones.
const AIM_RECALL_HARD: f64 = 0.6;
/// Incidents on one episode, and alerts.
const AIM_PER_EPISODE: f64 = 1.5;
/// False incidents of the whole pack per 100,000 subscribers a day, as the upper bound.
const AIM_RATE: f64 = 0.2;
/// Members of a look-alike class that are hit, of all.
const AIM_LOOK_ALIKES: f64 = 0.001;
/// Grades of fraud, with their names.
const GRADES: [(Grade, &str); 3] = [(Grade::Easy, "easy"), (Grade::Medium, "medium"), (Grade::Hard, "hard")];

/// Runs the command.
///
/// # Errors
/// If a file cannot be read or a line of it is wrong, or a sweep is not possible.
pub fn run(args: &cli::Evaluate) -> anyhow::Result<()> {
    let exposure = args.population.zip(args.days).map(|(subscribers, days)| Exposure { subscribers, days });
    match &args.sweep {
        Some(sweep) => run_sweep(args, sweep, exposure),
        None => run_files(args, exposure),
    }
}

fn run_files(args: &cli::Evaluate, exposure: Option<Exposure>) -> anyhow::Result<()> {
    let truth: Vec<Vec<Truth>> = args.truth.iter().map(|path| read_with(path, read_truth)).collect::<Result<_, _>>()?;
    let runs: Vec<(Vec<Incident>, Beside)> = args.alerts.iter().map(run_of).collect::<Result<_, _>>()?;
    if truth.len() != 1 && truth.len() != runs.len() {
        let message =
            format!("--truth: expected one, or one for each --alerts: found {} for {}", truth.len(), runs.len());
        return Err(Failure::new(Exit::Usage, message).into());
    }
    let mut reports = Vec::new();
    if truth.len() == 1 {
        for (path, (incidents, beside)) in args.alerts.iter().zip(&runs) {
            let mut evaluation = Evaluation::default();
            evaluation.add(incidents, &truth[0], beside);
            reports.push((path.display().to_string(), evaluation.report(exposure)));
        }
    } else {
        let mut evaluation = Evaluation::default();
        runs.iter().zip(&truth).for_each(|((incidents, beside), truth)| evaluation.add(incidents, truth, beside));
        reports.push((format!("{} runs", runs.len()), evaluation.report(exposure)));
    }
    print_reports(args.output, &reports)?;
    match &args.plot {
        Some(path) => write_plot(path, &plot_of_files(&reports)),
        None => Ok(()),
    }
}

/// Incident lines of a file, and the alerts that the relay makes of them.
fn run_of(path: &PathBuf) -> anyhow::Result<(Vec<Incident>, Beside)> {
    read_with(path, |text| {
        let incidents = read_incidents(text)?;
        anyhow::Ok((incidents, beside(text)?))
    })
}

fn beside(lines: &str) -> anyhow::Result<Beside> {
    let Grouped { alert_of, left_of } = grouped::alerts_of(lines)?;
    Ok(Beside { alert_of, left_of, ..Beside::default() })
}

fn print_reports(form: Form, reports: &[(String, Report)]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match (form, reports) {
        (Form::Json, [(_, report)]) => writeln!(out, "{}", serde_json::to_string(report)?)?,
        (Form::Json, several) => {
            let lines: Vec<_> = several.iter().map(|(of, report)| json!({ "of": of, "report": report })).collect();
            writeln!(out, "{}", json!(lines))?;
        }
        (Form::Text, reports) => {
            for (index, (of, report)) in reports.iter().enumerate() {
                if reports.len() > 1 {
                    writeln!(out, "{}{of}", if index == 0 { "" } else { "\n" })?;
                }
                write!(out, "{}", table(report, colors(&out)))?;
            }
        }
    }
    Ok(())
}

/// The report for people.
#[must_use]
pub fn table(report: &Report, color: bool) -> String {
    let rate = "false per 100k/day (≤ 95 %)";
    let mut columns = Columns::new(&[
        "pattern",
        "easy",
        "medium",
        "hard",
        "precision",
        "per episode",
        "alerts (left)",
        "detection p50 / p90",
        "judged after",
        "false",
        rate,
        "look-alikes",
    ]);
    let rows = report.patterns.iter().map(|(id, figures)| (id.as_str(), figures));
    for (id, figures) in rows.chain([("all", &report.pack)]) {
        columns.row(row(id, figures));
    }
    for (id, figures) in &report.shadow {
        columns.row(row(&format!("{id} (shadow)"), figures));
    }
    let mut text = columns.text(color);
    if report.look_alikes.values().any(|class| class.hit > 0) {
        let mut columns = Columns::new(&["look-alikes", "members", "hit", "by"]);
        for (name, class) in report.look_alikes.iter().filter(|(_, class)| class.hit > 0) {
            let by: Vec<String> = class.by_pattern.iter().map(|(id, hit)| format!("{id} {hit}")).collect();
            let mark = if class.share > AIM_LOOK_ALIKES { Mark::Bad } else { Mark::Look };
            columns.row([
                (name.clone(), Mark::Plain),
                (class.members.to_string(), Mark::Plain),
                (class.hit.to_string(), mark),
                (by.join(", "), Mark::Plain),
            ]);
        }
        text.push('\n');
        text.push_str(&columns.text(color));
    }
    let hit = report.look_alikes.values().filter(|class| class.hit > 0).count();
    text.push_str(&format!("\n{hit} of {} look-alike classes hit\n", report.look_alikes.len()));
    text
}

fn row(id: &str, figures: &Figures) -> Vec<(String, Mark)> {
    let mut cells = vec![(id.to_owned(), Mark::Plain)];
    for (grade, _) in GRADES {
        let aim = if grade == Grade::Hard { AIM_RECALL_HARD } else { AIM_RECALL };
        let below = |found: &Found| if found.recall < aim { Mark::Bad } else { Mark::Good };
        cells.push(figures.episodes.get(&grade).map_or_else(nothing, |found| {
            (format!("{}/{} {:.2}", found.found, found.planted, found.recall), below(found))
        }));
    }
    cells.push(if figures.incidents() == 0 { nothing() } else { (format!("{:.3}", figures.precision), Mark::Plain) });
    cells.push(figures.incidents_per_episode.map_or_else(nothing, |ratio| {
        (format!("{ratio:.2}"), if ratio > AIM_PER_EPISODE { Mark::Bad } else { Mark::Plain })
    }));
    cells.push(figures.alerts_per_episode.zip(figures.alerts_left_per_episode).map_or_else(
        nothing,
        |(ratio, left)| {
            (format!("{ratio:.2} ({left:.2})"), if ratio > AIM_PER_EPISODE { Mark::Bad } else { Mark::Plain })
        },
    ));
    let both = |found: Quantiles| (format!("{} / {}", seconds(found.median), seconds(found.p90)), Mark::Plain);
    cells.push(figures.detection_s.map_or_else(nothing, both));
    cells.push(figures.judgement_s.map_or_else(nothing, both));
    cells.push((figures.incidents_false.to_string(), Mark::Plain));
    cells.push(figures.false_rate.map_or_else(nothing, |rate| {
        let mark = if rate.upper_95 > AIM_RATE { Mark::Bad } else { Mark::Good };
        (format!("{:.3} (≤ {:.3})", rate.per_100k_day, rate.upper_95), mark)
    }));
    let hit = figures.look_alikes_hit.len();
    cells.push((hit.to_string(), if hit > 0 { Mark::Look } else { Mark::Plain }));
    cells
}

fn nothing() -> (String, Mark) {
    ("–".to_owned(), Mark::Plain)
}

/// `75 s`, `12 min`, `3.5 h`
fn seconds(seconds: i64) -> String {
    match seconds.unsigned_abs() {
        0..=179 => format!("{seconds} s"),
        180..=7199 => format!("{} min", seconds / 60),
        _ => format!("{:.1} h", seconds as f64 / 3600.0),
    }
}

/// False incidents for the axis of a plot: the rate where it is known, else the count.
fn false_incidents(figures: &Figures) -> f64 {
    figures.false_rate.map_or(figures.incidents_false as f64, |rate| rate.per_100k_day)
}

/// Figures of a pattern, live or in shadow.
fn of_pattern<'r>(report: &'r Report, id: &str) -> Option<&'r Figures> {
    report.patterns.get(id).or_else(|| report.shadow.get(id))
}

fn x_title(reports: &[&Report]) -> String {
    let rate = reports.iter().all(|report| report.exposure.is_some());
    if rate { "false incidents per 100,000 subscribers a day" } else { "false incidents" }.to_owned()
}

/// A line a pattern, a point a file, over all grades.
fn plot_of_files(reports: &[(String, Report)]) -> Plot {
    let all = reports.iter().flat_map(|(_, report)| report.patterns.keys().chain(report.shadow.keys()));
    let mut ids: Vec<&String> = all.collect();
    ids.sort();
    ids.dedup();
    let series = |id: &String| {
        let of_one = |(name, report): &(String, Report)| {
            let figures = of_pattern(report, id)?;
            let label = Path::new(name).file_stem().map(|stem| stem.to_string_lossy().into_owned());
            let label = if reports.len() > 1 { label.unwrap_or_default() } else { String::new() };
            Some((false_incidents(figures), figures.recall, label))
        };
        Series { name: id.clone(), points: reports.iter().filter_map(of_one).collect() }
    };
    Plot {
        title: "Recall against false incidents, all grades".to_owned(),
        x_title: x_title(&reports.iter().map(|(_, report)| report).collect::<Vec<_>>()),
        series: ids.into_iter().map(series).collect(),
    }
}

/// A line a grade, a point a limit.
fn plot_of_sweep(sweep: &Sweep, reports: &[Report]) -> Plot {
    let points = |grade: Grade| {
        let of_one = |(limit, report): (&f64, &Report)| {
            let figures = of_pattern(report, &sweep.pattern)?;
            Some((false_incidents(figures), figures.episodes.get(&grade)?.recall, short(*limit)))
        };
        sweep.limits.iter().zip(reports).filter_map(of_one).collect()
    };
    let series = GRADES.map(|(grade, name)| Series { name: name.to_owned(), points: points(grade) });
    Plot {
        title: format!("{}: limit of {} from {}", sweep.pattern, sweep.feature, range(sweep)),
        x_title: x_title(&reports.iter().collect::<Vec<_>>()),
        series: series.into_iter().filter(|line| !line.points.is_empty()).collect(),
    }
}

fn range(sweep: &Sweep) -> String {
    let ends = (sweep.limits.first(), sweep.limits.last());
    format!("{} to {}", short(*ends.0.unwrap_or(&0.0)), short(*ends.1.unwrap_or(&0.0)))
}

fn short(value: f64) -> String {
    ((value * 1000.0).round() / 1000.0).to_string()
}

fn write_plot(path: &Path, plot: &Plot) -> anyhow::Result<()> {
    std::fs::write(path, plot.svg()).with_context(|| format!("cannot write {}", path.display()))
}

/// Incident lines of each step's pack.
struct Steps {
    lines: Vec<String>,
}

impl Sink for Steps {
    fn incident(&mut self, line: &[u8]) -> io::Result<()> {
        self.incident_of(0, line)
    }

    fn incident_of(&mut self, pack: usize, line: &[u8]) -> io::Result<()> {
        self.lines[pack].push_str(&String::from_utf8_lossy(line));
        self.lines[pack].push('\n');
        Ok(())
    }

    fn shadow_of(&mut self, pack: usize, line: &[u8]) -> io::Result<()> {
        self.incident_of(pack, line)
    }

    fn dead_letter(&mut self, _: &DeadLetter) -> io::Result<()> {
        Ok(())
    }
}

fn run_sweep(args: &cli::Evaluate, sweep: &Sweep, exposure: Option<Exposure>) -> anyhow::Result<()> {
    let [truth] = args.truth.as_slice() else {
        return Err(Failure::new(Exit::Usage, "--truth: a sweep takes one").into());
    };
    let truth = read_with(truth, read_truth)?;
    let packs = packs_of(args, sweep)?;
    let mut steps = Steps { lines: vec![String::new(); packs.len()] };
    Opened::new(&args.files, &args.records, &packs)?.run(&mut steps)?;
    let mut reports = Vec::new();
    for lines in &steps.lines {
        let mut evaluation = Evaluation::default();
        evaluation.add(&read_incidents(lines)?, &truth, &beside(lines)?);
        reports.push(evaluation.report(exposure));
    }
    let mut out = io::stdout().lock();
    if args.output == Form::Json {
        let steps = sweep.limits.iter().zip(&reports);
        let steps: Vec<_> = steps.map(|(limit, report)| json!({ "limit": limit, "report": report })).collect();
        writeln!(out, "{}", json!({ "pattern": sweep.pattern, "feature": sweep.feature, "steps": steps }))?;
    } else {
        write!(out, "{}", sweep_table(sweep, &reports).text_for(&out))?;
    }
    match &args.plot {
        Some(path) => write_plot(path, &plot_of_sweep(sweep, &reports)),
        None => Ok(()),
    }
}

fn sweep_table(sweep: &Sweep, reports: &[Report]) -> Columns {
    let mut columns = Columns::new(&[
        &sweep.feature,
        "easy",
        "medium",
        "hard",
        "precision",
        "per episode",
        "alerts (left)",
        "detection p50 / p90",
        "judged after",
        "false",
        "false per 100k/day (≤ 95 %)",
        "look-alikes",
    ]);
    let none = Figures::default();
    for (limit, report) in sweep.limits.iter().zip(reports) {
        columns.row(row(&short(*limit), of_pattern(report, &sweep.pattern).unwrap_or(&none)));
    }
    columns
}

/// The pack of each step: the same files but for one limit.
fn packs_of(args: &cli::Evaluate, sweep: &Sweep) -> anyhow::Result<Vec<Arc<Pack>>> {
    let (sources, _) = pack_folder::compile(&args.pack.patterns, &args.pack.lists)?;
    let failure = |mistakes: Vec<_>| pack_folder::mistakes_failure(&mistakes, |path| sources.text_of(path));
    let files = sources.files().map_err(failure)?;
    let Some(file) = files.iter().find(|file| file.id == sweep.pattern) else {
        return Err(super::patterns::unknown(&sweep.pattern, &files).into());
    };
    let mut packs = Vec::new();
    for limit in &sweep.limits {
        let text = moved::moved(file, &sweep.feature, *limit)
            .map_err(|error| Failure::new(Exit::Usage, format!("--sweep: {error}")))?;
        let mut patterns = sources.patterns.clone();
        patterns.iter_mut().filter(|source| source.path == file.path).for_each(|source| source.text.clone_from(&text));
        let step = PackSources::new(patterns, sources.lists.clone());
        let pack = step.compile().map_err(|mistakes| {
            let shown = pack_folder::mistakes_failure(&mistakes, |path| step.text_of(path));
            Failure::new(Exit::Usage, format!("--sweep: {} at {}:\n{shown}", sweep.feature, short(*limit)))
        })?;
        packs.push(Arc::new(pack));
    }
    Ok(packs)
}

fn read_with<T, E: Into<anyhow::Error>>(path: &PathBuf, read: impl FnOnce(&str) -> Result<T, E>) -> anyhow::Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    read(&text).map_err(Into::into).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_short() {
        assert_eq!([seconds(75), seconds(2636), seconds(12_600)], ["75 s", "43 min", "3.5 h"]);
    }

    #[test]
    fn a_report_without_incidents_is_a_table_all_the_same() {
        let text = table(&Evaluation::default().report(None), false);
        assert!(text.lines().nth(1).is_some_and(|line| line.starts_with("all      –")), "{text}");
    }
}
