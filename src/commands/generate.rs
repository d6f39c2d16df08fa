//! `lancang generate`: synthetic records of one operator with ground truth.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use lancang_record::codec::fields::parse_time;
use lancang_record::codec::{csv, json};
use lancang_traffic::episodes::classes;
use lancang_traffic::world::{OPERATORS, trunk_table};
use lancang_traffic::{Generator, Settings, calibration};

use crate::cli;
use crate::exit::{Exit, Failure};

/// Runs the command.
///
/// # Errors
/// If a file cannot be written or an argument is not possible.
pub fn run(args: &cli::Generate) -> anyhow::Result<()> {
    let operator = OPERATORS.iter().position(|operator| operator.country.as_str() == args.country);
    let Some(operator) = operator else {
        let known: Vec<&str> = OPERATORS.iter().map(|operator| operator.country.as_str()).collect();
        return Err(Failure::new(Exit::Usage, format!("--country: expected one of {}", known.join(", "))).into());
    };
    if !(args.days > 0.0 && args.days <= 366.0) {
        return Err(Failure::new(Exit::Usage, "--days: expected a number from 0 to 366").into());
    }
    let generator = Generator::new(settings(args, operator)?);
    if args.calibration {
        let measured = calibration::measure(generator, operator);
        let counts = format!("{} ordinary, {} fraud's", measured.normal_count, measured.fraud_count);
        writeln!(std::io::stderr(), "{counts} numbers of {}", OPERATORS[operator].organisation)?;
        let mut out = std::io::stdout().lock();
        if args.output == cli::Form::Text {
            return Ok(out.write_all(measured.table().as_bytes())?);
        }
        for row in measured.compared() {
            writeln!(out, "{}", serde_json::to_string(&row)?)?;
        }
        return Ok(());
    }
    let (Some(out), Some(truth)) = (&args.out, &args.truth) else {
        return Err(Failure::new(Exit::Usage, "--out and --truth: expected a file each").into());
    };
    write_truth(truth, operator, &generator)?;
    if let Some(folder) = &args.setup {
        write_setup(folder, &generator, operator)?;
    }
    let name = out.to_string_lossy().into_owned();
    let csv_form = name.trim_end_matches(".gz").trim_end_matches(".zst").ends_with(".csv");
    let mut out = super::compressed(out)?;
    let mut line = Vec::new();
    if csv_form {
        csv::encode_header(&mut line);
        out.write_all(&line)?;
    }
    let mut records = 0_u64;
    for sent in generator {
        line.clear();
        if csv_form {
            csv::encode(&sent.record, &mut line);
        } else {
            json::encode(&sent.record, &mut line);
            line.push(b'\n');
        }
        out.write_all(&line).with_context(|| format!("cannot write {name}"))?;
        records += 1;
    }
    out.flush().with_context(|| format!("cannot write {name}"))?;
    drop(out);
    writeln!(std::io::stderr(), "{records} records of {}", OPERATORS[operator].organisation)?;
    Ok(())
}

fn settings(args: &cli::Generate, operator: usize) -> anyhow::Result<Settings> {
    let mut settings = Settings::new(args.subscribers, args.days, args.seed);
    if let Some(start) = &args.start {
        let midnight = parse_time("start", &format!("{start}T00:00:00Z"));
        let expected = || Failure::new(Exit::Usage, "--start: expected a date such as 2026-04-14");
        settings.start = midnight.map_err(|_| expected())?;
    }
    let known = |id: &String| classes().any(|class| class.pattern == *id);
    if let Some(unknown) = args.patterns.iter().find(|id| !known(id)) {
        let known: std::collections::BTreeSet<&str> = classes().map(|class| class.pattern).collect();
        let known: Vec<&str> = known.into_iter().collect();
        let words = format!("--pattern: nothing is planted for `{unknown}`: expected one of {}", known.join(", "));
        return Err(Failure::new(Exit::Usage, words).into());
    }
    settings.episodes = args.episodes.unwrap_or(settings.episodes);
    settings.patterns.clone_from(&args.patterns);
    (settings.messy, settings.phases, settings.only) = (args.messy, args.phases, Some(operator));
    Ok(settings)
}

fn write_truth(path: &Path, operator: usize, generator: &Generator) -> anyhow::Result<()> {
    let mut out = super::output(path)?;
    for episode in generator.truth_of(operator) {
        writeln!(out, "{}", serde_json::to_string(&episode)?)?;
    }
    out.flush().with_context(|| format!("cannot write {}", path.display()))
}

fn write_setup(folder: &Path, generator: &Generator, operator: usize) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder.join("lists")).with_context(|| format!("cannot make {}", folder.display()))?;
    write_lines(&folder.join("trunks.csv"), |line| line(trunk_table().trim_end()))?;
    write_lines(&folder.join("lists/generated.csv"), |line| line(generator.lists().trim_end()))?;
    write_lines(&folder.join("subscribers.csv"), |line| generator.subscribers(operator, line))?;
    write_lines(&folder.join("cells.csv"), |line| generator.cells(operator, line))
}

fn write_lines(path: &Path, lines: impl FnOnce(&mut dyn FnMut(&str))) -> anyhow::Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let mut out = std::io::BufWriter::new(std::fs::File::create(path).with_context(cannot)?);
    let mut failed = None;
    lines(&mut |line| failed = failed.take().or_else(|| writeln!(out, "{line}").err()));
    failed.map_or_else(|| out.flush(), Err).with_context(cannot)
}
