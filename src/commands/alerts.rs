//! `lancang alerts`: shared alerts in words.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lancang_alert::{Alert, KeyKind, Opener};

use super::keys;
use crate::alert_file;
use crate::alert_filter::wanted;
use crate::alert_printer::{Besides, Printer};
use crate::alert_topic::{AlertTopic, Believed};
use crate::cli::alerts::{Alerts, Show, Tail};
use crate::exit::{Exit, Failure};
use crate::secret::Secret;
use crate::service::relay::now;
use crate::signed_topic::Begin;
use crate::verdicts::Verdicts;

/// Runs the command.
///
/// # Errors
/// Whatever the command ends with.
pub fn run(args: &Alerts) -> anyhow::Result<()> {
    match args {
        Alerts::Show(args) => show(args),
        Alerts::Tail(args) => tail(args),
    }
}

fn show(args: &Show) -> anyhow::Result<()> {
    let mut printer = Printer::new(&args.look);
    let verdicts = args.config.as_deref().map(|config| Verdicts::open(&keys::consumer(config)?, None)).transpose()?;
    alert_file::read(&args.files, |alert, _| {
        if wanted(&alert, &args.filter) {
            let disputed_by = verdicts.as_ref().map(|verdicts| verdicts.disputed_by(&alert)).unwrap_or_default();
            printer.show(&alert, &Besides { disputed_by, ..Besides::default() })?;
        }
        Ok(())
    })?;
    Ok(())
}

fn tail(args: &Tail) -> anyhow::Result<()> {
    let consumer = keys::consumer(&args.place.config)?;
    let mut openers = openers(&args.sealing_key_file)?;
    let now_on = Begin::Now { look_back: args.look_back };
    let begin = if args.from_beginning { Begin::Beginning } else { now_on };
    let mut topic = AlertTopic::open(&consumer, begin)?;
    let mut verdicts = Verdicts::open(&consumer, args.listen)?;
    let mut printer = Printer::new(&args.look);
    let mut shown = 0_u64;
    while !(args.until_end && topic.is_past_end()) && args.number.is_none_or(|number| shown < number) {
        if verdicts.is_ending() {
            return Ok(());
        }
        for state in verdicts.follow()? {
            printer.disputed(&state)?;
        }
        let Some(Believed { verified, .. }) = topic.turn(now)? else { continue };
        let is_wanted = wanted(&verified.alert, &args.filter);
        if is_wanted || args.listen.is_some() {
            verdicts.note(&verified.alert);
        }
        if is_wanted {
            let opened = opened(&verified.alert, &mut openers);
            let disputed_by = verdicts.disputed_by(&verified.alert);
            printer.show(&verified.alert, &Besides { key_id: Some(verified.key_id), opened, disputed_by })?;
            shown += 1;
        }
    }
    let refused = topic.refused();
    if args.until_end && refused > 0 {
        return Err(
            Failure::new(Exit::Data, format!("{refused} messages were refused; {shown} alerts are shown")).into()
        );
    }
    Ok(())
}

/// Openers of the keys in files.
///
/// # Errors
/// If one cannot be read, or opens nothing.
pub(crate) fn openers(files: &[PathBuf]) -> anyhow::Result<Vec<Opener>> {
    let opener = |path: &PathBuf| {
        let key = Secret::File(path.clone()).key(KeyKind::Sealing)?;
        Opener::new(&key).ok_or_else(|| {
            let why = format!("{} is no sealing key: `lancang keys new --kind sealing`", path.display());
            Failure::new(Exit::Configuration, why).into()
        })
    };
    files.iter().map(opener).collect()
}

/// Clear values of what is sealed for one of the keys, by token. A value that does not open was changed or moved.
fn opened(alert: &Alert, openers: &mut [Opener]) -> BTreeMap<String, String> {
    let mut opened = BTreeMap::new();
    for entity in &alert.entities {
        for opener in openers.iter_mut() {
            match alert.open(entity, opener) {
                Some(Ok(value)) => {
                    opened.insert(entity.token.clone(), value);
                }
                Some(Err(error)) => {
                    let (id, kind) = (&alert.incident_id, &entity.entity_type);
                    tracing::error!("{id}:{}: the sealed {kind} does not open: {error}", alert.revision);
                }
                None => {}
            }
        }
    }
    opened
}
