//! `lancang alerts`: shared alerts in words.

use crate::alert_file;
use crate::alert_filter::wanted;
use crate::alert_printer::Printer;
use crate::cli::alerts::{Alerts, Show};

/// Runs the command.
///
/// # Errors
/// Whatever the command ends with.
pub fn run(args: &Alerts) -> anyhow::Result<()> {
    match args {
        Alerts::Show(args) => show(args),
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
