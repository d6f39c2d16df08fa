//! `lancang alerts`: shared alerts in words.

use serde_json::json;

use super::keys;
use crate::alert_file;
use crate::alert_filter::wanted;
use crate::alert_printer::Printer;
use crate::alert_topic::{AlertTopic, Believed};
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
    let mut shown = 0_u64;
    while !(args.until_end && topic.is_past_end()) && args.number.is_none_or(|number| shown < number) {
        let Some(Believed { verified, .. }) = topic.turn(now)? else { continue };
        if wanted(&verified.alert, &args.filter) {
            printer.show(&verified.alert, &[("key_id", json!(verified.key_id))])?;
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
