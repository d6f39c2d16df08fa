//! What is known of an operator's network, from files.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use lancang_intake::{Cells, Network, Trunks};
use lancang_numbering::{NumberPlans, PrefixSet};

use crate::exit::{Exit, Failure};

/// Plans, own ranges, trunk table; no cell table, which operators share ([`cells`]).
///
/// # Errors
/// If the trunk table cannot be read or has mistakes.
pub fn read(own: &[String], trunks: Option<&Path>) -> anyhow::Result<Network> {
    let trunks = match trunks {
        None => Trunks::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            Trunks::read(&text).map_err(|errors| {
                let lines: Vec<String> = errors.iter().map(|error| format!("{}: {error}", path.display())).collect();
                Failure::new(Exit::Configuration, lines.join("\n"))
            })?
        }
    };
    let own = PrefixSet::new(own.iter().map(String::as_str));
    Ok(Network { plans: NumberPlans::built_in(), own, trunks, cells: Arc::default() })
}

/// The cell table; an empty one where there is none.
///
/// # Errors
/// If it cannot be read or has mistakes.
pub fn cells(path: Option<&Path>) -> anyhow::Result<Arc<Cells>> {
    let Some(path) = path else { return Ok(Arc::default()) };
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let cells = Cells::read(&text).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(|error| format!("{}: {error}", path.display())).collect();
        Failure::new(Exit::Configuration, lines.join("\n"))
    })?;
    Ok(Arc::new(cells))
}
