//! `lancang check`: everything a run would load, every mistake at once.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use lancang_alert::limits::{ACTIONABLE_DAYS, REQUEST_DAYS_MAX};
use lancang_diagnostic::{Diagnostic, render};
use lancang_intake::{Cells, Trunks};
use lancang_record::mapping;
use serde_json::json;

use crate::cli::{self, Form};
use crate::config::{Config, ConsoleFile, EVIDENCE_RETENTION_MIN};
use crate::exit::{Exit, Failure};
use crate::key_registry;
use crate::logging::colors;
use crate::pack_folder;
use crate::portability;
use crate::secret::Secret;
use crate::service::{clients, trust};
use crate::store::bucket;
use crate::topics::file::Exchange;

/// Runs the command.
///
/// # Errors
/// With exit status 78 if there is a mistake.
pub fn run(args: &cli::Check) -> anyhow::Result<()> {
    let path = args.config.display().to_string();
    let text = std::fs::read_to_string(&args.config).with_context(|| format!("cannot read {path}"))?;
    let mut texts = vec![(path.clone(), text.clone())];
    let mut mistakes = Vec::new();
    let mut promises_nothing = false;
    if ConsoleFile::is_one(&text) {
        match ConsoleFile::read(&path, &text) {
            Ok(file) => console(&file, &mut mistakes),
            Err(found) => mistakes.extend(found),
        }
    } else {
        match Config::read(&path, &text) {
            Ok(config) => {
                promises_nothing = config.relay.is_some() && config.topics.evidence_retention.is_none();
                named(&path, &text, &config, &mut texts, &mut mistakes);
            }
            Err(found) => mistakes.extend(found),
        }
    }
    if let Some(path) = &args.exchange {
        exchange(path, &mut texts, &mut mistakes);
    }
    let mut out = std::io::stdout().lock();
    if args.output == Form::Json {
        for mistake in &mistakes {
            let line = json!({
                "file": mistake.path, "line": mistake.line, "column": mistake.column, "key": mistake.key,
                "message": mistake.message, "nearest": mistake.nearest,
            });
            writeln!(out, "{line}")?;
        }
    } else {
        let text_of = |path: &str| texts.iter().find(|(name, _)| name == path).map(|(_, text)| text.as_str());
        write!(out, "{}", render(&mistakes, text_of, colors(&out)))?;
    }
    if mistakes.is_empty() {
        if args.output == Form::Text {
            let exchange = args.exchange.as_ref().map(|path| format!(", {}", path.display())).unwrap_or_default();
            writeln!(out, "{path} and all that it names{exchange}: no mistake")?;
            if promises_nothing {
                let days = EVIDENCE_RETENTION_MIN.as_secs() / 86_400;
                writeln!(
                    out,
                    "note: `topics.evidence_retention` is not set: alerts do not say until when the records behind them are kept, and \
                     brokers keep them for as long as they keep any topic, by default 7 days. What is asked of an alert may bind \
                     until {days} days after it: `evidence_retention = \"{days}d\"`"
                )?;
            }
        }
        return Ok(());
    }
    let count = mistakes.len();
    Err(Failure::new(Exit::Configuration, format!("{count} mistake{}", if count == 1 { "" } else { "s" })).into())
}

/// Mistakes in what a configuration names.
pub fn of_named(path: &Path, config: &Config) -> Vec<Diagnostic> {
    let (mut texts, mut mistakes) = (Vec::new(), Vec::new());
    // Whoever has read the configuration could read its text.
    let text = std::fs::read_to_string(path).unwrap_or_default();
    named(&path.display().to_string(), &text, config, &mut texts, &mut mistakes);
    mistakes
}

fn named(path: &str, text: &str, config: &Config, texts: &mut Vec<(String, String)>, mistakes: &mut Vec<Diagnostic>) {
    named_files(config, texts, mistakes);
    pattern_names(path, text, config, mistakes);
    evidence(path, text, config, mistakes);
}

/// What alerts promise of their records lasts as long as what may be asked of them.
fn evidence(path: &str, text: &str, config: &Config, mistakes: &mut Vec<Diagnostic>) {
    let Some(kept) = config.topics.evidence_retention.filter(|_| config.relay.is_some()) else { return };
    if kept >= EVIDENCE_RETENTION_MIN {
        return;
    }
    let days = EVIDENCE_RETENTION_MIN.as_secs() / 86_400;
    let key = "evidence_retention";
    let before = |line: &&str| !line.trim_start().starts_with(key);
    let start = text.split_inclusive('\n').take_while(before).map(str::len).sum();
    let message = format!(
        "the records behind an alert would go before what is asked of it ends: it may be acted upon for {ACTIONABLE_DAYS} days, and a \
         preservation or a hold lasts up to {REQUEST_DAYS_MAX} more: expected at least \"{days}d\""
    );
    mistakes.push(Diagnostic::at(path, text, start..(start + key.len()).min(text.len()), key, message));
}

/// Mistakes in what a console's file names.
pub fn of_console(file: &ConsoleFile) -> Vec<Diagnostic> {
    let mut mistakes = Vec::new();
    console(file, &mut mistakes);
    mistakes
}

fn console(file: &ConsoleFile, mistakes: &mut Vec<Diagnostic>) {
    if let Err(error) = clients::connection(&file.consumer.exchange) {
        mistakes.push(Diagnostic::file("exchange.options", error.to_string()));
    }
    let console = &file.console;
    let keys = console.writer.iter().map(|(_, key)| key).chain(console.tls.iter().map(|(_, key)| key));
    let keys = keys.chain(console.oidc.iter().filter_map(|oidc| oidc.client_secret.as_ref())).cloned();
    let sealing = console.sealing_keys.iter().map(|path| Secret::File(path.clone()));
    // A variable or a command may be there for the service alone.
    for key in keys.chain(sealing).filter(|key| matches!(key, Secret::File(_))) {
        if let Err(error) = key.read() {
            mistakes.push(Diagnostic::file(&key.to_string(), format!("{error:#}")));
        }
    }
    if let Some(desk) = &console.desk
        && let Err(error) = key_registry::from_file(&desk.registry)
    {
        mistakes.push(Diagnostic::file("console.desk.registry", format!("{error:#}")));
    }
    let certificates = console.tls.iter().map(|(certificate, _)| certificate);
    for certificates in certificates.chain(console.oidc.iter().map(|oidc| &oidc.authorities)) {
        if let Err(error) = std::fs::metadata(certificates) {
            mistakes.push(Diagnostic::file(&certificates.display().to_string(), format!("cannot be read: {error}")));
        }
    }
}

/// Reads an exchange file and what it names.
fn exchange(path: &Path, texts: &mut Vec<(String, String)>, mistakes: &mut Vec<Diagnostic>) {
    let name = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return mistakes.push(Diagnostic::file(&name, format!("cannot be read: {error}"))),
    };
    match Exchange::read(&name, &text) {
        Ok(exchange) => {
            if let Err(error) = clients::connection(&exchange.cluster) {
                mistakes.push(Diagnostic::file(&name, format!("cluster.options: {error}")));
            }
        }
        Err(found) => mistakes.extend(found),
    }
    texts.push((name, text));
}

/// A budget, or a share that turned out true, is of a pattern that is there.
fn pattern_names(path: &str, text: &str, config: &Config, mistakes: &mut Vec<Diagnostic>) {
    // That its folder cannot be read is said already.
    let Ok(ids) = pack_folder::names(&config.patterns.folder) else { return };
    let budgets = config.relay.iter().flat_map(|relay| &relay.budgets).map(|(pattern, _)| ("relay.budgets", pattern));
    let named = budgets.chain(config.confidence.iter().map(|pattern| ("handling.confidence", pattern)));
    for (key, pattern) in named.filter(|(_, pattern)| !ids.contains(&pattern.value)) {
        let message = format!("no pattern is called `{}`", pattern.value);
        let mistake = Diagnostic::at(path, text, pattern.span.clone(), key, message);
        mistakes.push(mistake.with_nearest(&pattern.value, ids.iter().map(String::as_str)));
    }
}

/// Reads a table of lines, whose mistakes `read` gives by line.
fn table(
    path: Option<&Path>,
    read: impl Fn(&str) -> Vec<(usize, &'static str)>,
    texts: &mut Vec<(String, String)>,
    mistakes: &mut Vec<Diagnostic>,
) {
    let Some(path) = path else { return };
    let name = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return mistakes.push(Diagnostic::file(&name, format!("cannot be read: {error}"))),
    };
    for (line, expected) in read(&text) {
        let start = text.lines().take(line - 1).map(|line| line.len() + 1).sum();
        let end = start + text.lines().nth(line - 1).map_or(0, str::len);
        mistakes.push(Diagnostic::at(&name, &text, start..end, "", expected));
    }
    texts.push((name, text));
}

/// Reads what the configuration names: patterns, lists, the trunk and the cell table, mappings, the keys' files.
fn named_files(config: &Config, texts: &mut Vec<(String, String)>, mistakes: &mut Vec<Diagnostic>) {
    match pack_folder::read(&config.patterns.folder, &config.patterns.lists) {
        Ok(sources) => {
            let files = sources.patterns.iter().chain(&sources.lists);
            texts.extend(files.map(|file| (file.path.clone(), file.text.clone())));
            if let Err(found) = sources.compile() {
                mistakes.extend(found);
            }
        }
        Err(error) => mistakes.push(Diagnostic::file("patterns", format!("{error:#}"))),
    }
    let trunks = |text: &str| {
        let errors = Trunks::read(text).err().unwrap_or_default();
        errors.into_iter().map(|error| (error.line, error.expected)).collect()
    };
    let cells = |text: &str| {
        let errors = Cells::read(text).err().unwrap_or_default();
        errors.into_iter().map(|error| (error.line, error.expected)).collect()
    };
    table(config.patterns.trunks.as_deref(), trunks, texts, mistakes);
    table(config.patterns.cells.as_deref(), cells, texts, mistakes);
    for feed in &config.feeds {
        let Some(path) = &feed.mapping else { continue };
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => {
                match mapping::read(&name, &text) {
                    Ok(mapping) if mapping.columns.is_empty() => mistakes.push(Diagnostic::file(
                        &name,
                        format!(
                            "feed `{}` reads a topic, where no header names the columns: name them in `columns`",
                            feed.name
                        ),
                    )),
                    Ok(_) => {}
                    Err(found) => mistakes.extend(found),
                }
                texts.push((name, text));
            }
            Err(error) => mistakes.push(Diagnostic::file(&name, format!("cannot be read: {error}"))),
        }
    }
    let clusters = [Some(&config.kafka), config.exchange.as_ref()];
    for cluster in clusters.into_iter().flatten() {
        if let Err(error) = clients::connection(cluster) {
            mistakes.push(Diagnostic::file("kafka.options", error.to_string()));
        }
    }
    let keys =
        config.relay.iter().flat_map(|relay| relay.epochs.iter().map(|epoch| &epoch.key).chain(&relay.signing_key));
    let keys = keys.chain(config.operators.iter().filter_map(|operator| operator.signing_key.as_ref()));
    let bucket = config.store.bucket.as_ref();
    let keys = keys.chain(bucket.iter().flat_map(|bucket| [&bucket.access_key, &bucket.secret_key]));
    if let Some(path) = bucket.and_then(|bucket| bucket.authorities.as_ref())
        && let Err(error) = bucket::authorities(path)
    {
        mistakes.push(Diagnostic::file("store.ca", format!("{error:#}")));
    }
    if let Some(path) = config.relay.as_ref().and_then(|relay| relay.policy.as_ref()) {
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => {
                mistakes.extend(lancang_alert::Policy::read(&name, &text).err().unwrap_or_default());
                texts.push((name, text));
            }
            Err(error) => mistakes.push(Diagnostic::file(&name, format!("cannot be read: {error}"))),
        }
    }
    if let Some(path) = config.relay.as_ref().and_then(|relay| relay.portability.as_ref()) {
        // Its lines are subscribers' numbers: they are not shown.
        let found = portability::from_file(path).err().unwrap_or_default();
        mistakes.extend(found.into_iter().map(|mistake| {
            let (file, message) = mistake.split_once(": ").unwrap_or(("relay.portability", &mistake));
            Diagnostic::file(file, message.to_owned())
        }));
    }
    if let Some(path) = config.relay.as_ref().and_then(|relay| relay.crowds.as_ref())
        && let Err(error) = trust::crowds(path)
    {
        mistakes.push(Diagnostic::file("relay.crowds", format!("{error:#}")));
    }
    // A variable or a command may be there for the service alone.
    for key in keys.filter(|key| matches!(key, Secret::File(_))) {
        if let Err(error) = key.read() {
            mistakes.push(Diagnostic::file(&key.to_string(), format!("{error:#}")));
        }
    }
}
