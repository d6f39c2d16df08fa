//! `[courier]`: from text to checked values.

use lancang_diagnostic::toml::Table;

use super::read::name_or;
use super::{Courier, Operator};

/// The section, of a file that has no `[relay]`: who can use the epoch key reads nothing that is shared.
pub(super) fn courier(root: &Table<'_, '_>, operators: &[Operator]) -> Option<Courier> {
    let table = root.table("courier")?;
    if root.has("relay") {
        let message = "a courier reads the exchange, which nobody may who can use the epoch key: give it a file of its own, \
                       without `[relay]`, and a certificate of its own";
        table.wrong(table.span(), "group", message);
    }
    if !root.has("exchange") {
        table.wrong(table.span(), "group", "missing: `[exchange]`, as whom the courier reads there");
    }
    if !root.has("keys") {
        table.wrong(table.span(), "group", "missing: `[keys]` with `roots`, without which no feedback is believed");
    }
    // Rights to groups on the exchange are by the carrier's name (`topics::exchange`).
    let carrier = operators.first().map_or("", |operator| operator.organisation.as_str());
    let group = name_or(&table, "group", &format!("{carrier}.courier"));
    table.finish();
    Some(Courier { group })
}
