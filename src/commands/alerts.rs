//! `lancang alerts`: shared alerts in words.

use lancang_alert::verify::Novelty;
use serde_json::json;

use super::keys;
use crate::alert_file;
use crate::alert_filter::wanted;
use crate::alert_printer::Printer;
use crate::alert_topic::{AlertTopic, Turn};
use crate::cli::alerts::{Alerts, Show, Tail};
use crate::exit::{Exit, Failure};
use crate::service::relay::now;

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
    alert_file::read(&args.files, |alert, _| {
        if wanted(&alert, &args.filter) {
            printer.show(&alert, &[])?;
        }
        Ok(())
    })?;
    Ok(())
}

fn tail(args: &Tail) -> anyhow::Result<()> {
    let consumer = keys::consumer(&args.place.config)?;
    let mut topic = AlertTopic::open(&consumer, args.from_beginning)?;
    let mut printer = Printer::new(&args.look);
    let (mut shown, mut refused) = (0_u64, 0_u64);
    while !(args.until_end && topic.is_past_end()) && args.number.is_none_or(|number| shown < number) {
        match topic.turn(now)? {
            Turn::Alert(verified) => {
                if let Novelty::New { missing: missing @ 1.. } = verified.novelty {
                    let (source, sequence) = (verified.alert.producer.uri(), verified.alert.sequence);
                    tracing::warn!("{missing} alerts of {source} are missing before number {sequence}");
                }
                if wanted(&verified.alert, &args.filter) {
                    printer.show(&verified.alert, &[("key_id", json!(verified.key_id))])?;
                    shown += 1;
                }
            }
            Turn::Refused(offset, rejection) => {
                refused += 1;
                tracing::error!(
                    kind = rejection.as_str(),
                    "{}/0@{offset} is refused: {rejection}",
                    consumer.topics.alerts
                );
            }
            Turn::Repeat | Turn::Nothing => {}
        }
    }
    if args.until_end && refused > 0 {
        return Err(
            Failure::new(Exit::Data, format!("{refused} messages were refused; {shown} alerts are shown")).into()
        );
    }
    Ok(())
}
