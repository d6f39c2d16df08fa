//! `lancang export`: shared alerts in the forms of other ecosystems.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use lancang_alert::Alert;
use lancang_alert::export::{csv, misp, stix};

use super::{keys, output};
use crate::alert_file;
use crate::alert_filter::wanted;
use crate::alert_topic::{AlertTopic, Believed};
use crate::cli::export::{Export, ExportForm};
use crate::exit::{Exit, Failure};
use crate::service::relay::now;
use crate::signed_topic::Begin;

/// Incidents whose newest revision is kept until the end, for MISP.
const INCIDENTS_MAX: usize = 200_000;

/// Runs the command.
///
/// # Errors
/// If a file cannot be read or written, or a line is no alert.
pub fn run(args: &Export) -> anyhow::Result<()> {
    not_its_own_input(args)?;
    let mut out = output(&args.out)?;
    let read = match args.to {
        ExportForm::Ndjson => each(args, |_, line| {
            out.write_all(line)?;
            Ok(out.write_all(b"\n")?)
        }),
        ExportForm::Csv => {
            let mut table = csv::Table::new(&mut out, &csv::COLUMNS)?;
            let read = each(args, |alert, _| Ok(table.line(csv::cells(&alert))?));
            table.finish()?;
            read
        }
        ExportForm::Stix => {
            let mut writer = stix::Writer::new(&mut out)?;
            let read = each(args, |alert, _| Ok(writer.write(&alert)?));
            writer.finish()?;
            read
        }
        ExportForm::Misp => misp_events(args, &mut out),
    };
    out.flush()?;
    let (read, exported) = read?;
    tracing::info!("{exported} of {read} alerts exported");
    Ok(())
}

/// An output that is one of the inputs would be emptied before it is read.
fn not_its_own_input(args: &Export) -> anyhow::Result<()> {
    let Ok(out) = args.out.canonicalize() else { return Ok(()) };
    match args.files.iter().find(|file| file.canonicalize().is_ok_and(|file| file == out)) {
        Some(file) => {
            let why = format!("`--out` is {}, which is to be read: expected another file", file.display());
            Err(Failure::new(Exit::Usage, why).into())
        }
        None => Ok(()),
    }
}

/// Gives the alerts that are wanted to `take`; how many there were and how many were wanted.
fn each(args: &Export, mut take: impl FnMut(Alert, &[u8]) -> anyhow::Result<()>) -> anyhow::Result<(u64, u64)> {
    let mut exported = 0;
    let mut choose = |alert: Alert, line: &[u8]| {
        if !wanted(&alert, &args.filter) {
            return Ok(());
        }
        exported += 1;
        take(alert, line)
    };
    let read = match &args.config {
        Some(config) => topic(config, &mut choose)?,
        None => alert_file::read(&args.files, &mut choose)?,
    };
    Ok((read, exported))
}

/// All that the alerts topic holds.
fn topic(config: &Path, mut take: impl FnMut(Alert, &[u8]) -> anyhow::Result<()>) -> anyhow::Result<u64> {
    let mut topic = AlertTopic::open(&keys::consumer(config)?, Begin::Beginning)?;
    let mut read = 0;
    while !topic.is_past_end() {
        let Some(Believed { verified, original, .. }) = topic.turn(now)? else { continue };
        read += 1;
        take(verified.alert, &original.value)?;
    }
    match topic.refused() {
        0 => Ok(read),
        refused => Err(Failure::new(
            Exit::Data,
            format!("{refused} messages were refused and left out; {read} alerts were read"),
        )
        .into()),
    }
}

/// An event per incident, in the order in which the incidents came.
fn misp_events(args: &Export, out: &mut impl Write) -> anyhow::Result<(u64, u64)> {
    let mut order: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut newest: Vec<Alert> = Vec::new();
    let read = each(args, |alert, _| {
        let key = (alert.producer.uri(), alert.incident_id.clone());
        match order.get(&key) {
            Some(place) if newest[*place].revision <= alert.revision => newest[*place] = alert,
            Some(_) => {}
            None if newest.len() >= INCIDENTS_MAX => {
                let why = format!("more than {INCIDENTS_MAX} incidents: export a shorter time (--since, --until)");
                return Err(Failure::new(Exit::Data, why).into());
            }
            None => {
                order.insert(key, newest.len());
                newest.push(alert);
            }
        }
        Ok(())
    });
    for alert in &newest {
        serde_json::to_writer(&mut *out, &misp::event(alert))?;
        out.write_all(b"\n")?;
    }
    read
}
