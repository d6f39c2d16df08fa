//! `lancang generate`: synthetic records of one operator with ground truth.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use lancang_record::codec::{csv, json};
use lancang_traffic::world::{OPERATORS, trunk_table};
use lancang_traffic::{Generator, Settings};

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
    let mut settings = Settings { messy: args.messy, ..Settings::new(args.subscribers, args.days, args.seed) };
    if let Some(episodes) = args.episodes {
        settings.episodes = episodes;
    }
    let generator = Generator::new(settings);
    write_truth(args, &generator)?;
    if let Some(folder) = &args.setup {
        write_setup(folder, &generator)?;
    }
    let name = args.out.to_string_lossy().into_owned();
    let csv_form = name.trim_end_matches(".gz").trim_end_matches(".zst").ends_with(".csv");
    let mut out = compressed(&args.out, &name)?;
    let mut line = Vec::new();
    if csv_form {
        csv::encode_header(&mut line);
        out.write_all(&line)?;
    }
    let mut records = 0_u64;
    for sent in generator.filter(|sent| sent.feed.operator == operator) {
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

fn write_truth(args: &cli::Generate, generator: &Generator) -> anyhow::Result<()> {
    let mut out = super::output(&args.truth)?;
    for episode in generator.truth().iter().filter(|episode| episode.country == args.country) {
        writeln!(out, "{}", serde_json::to_string(episode)?)?;
    }
    out.flush().with_context(|| format!("cannot write {}", args.truth.display()))
}

fn write_setup(folder: &Path, generator: &Generator) -> anyhow::Result<()> {
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    std::fs::create_dir_all(folder.join("lists")).with_context(|| format!("cannot make {}", folder.display()))?;
    write("trunks.csv", trunk_table())?;
    write("lists/generated.csv", generator.lists())
}

fn compressed(path: &Path, name: &str) -> anyhow::Result<Box<dyn Write>> {
    let plain = super::output(path)?;
    if name.ends_with(".gz") {
        return Ok(Box::new(flate2::write::GzEncoder::new(plain, flate2::Compression::fast())));
    }
    if name.ends_with(".zst") {
        let encoder = zstd::stream::write::Encoder::new(plain, 3).context("cannot begin a zstd stream")?;
        return Ok(Box::new(encoder.auto_finish()));
    }
    Ok(plain)
}
