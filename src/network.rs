//! What is known of an operator's network, from files.

use std::path::Path;

use anyhow::Context as _;
use lancang_intake::{Network, Trunks};
use lancang_numbering::{NumberPlans, PrefixSet};

use crate::exit::{Exit, Failure};

/// Plans, own ranges, trunk table.
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
    Ok(Network { plans: NumberPlans::built_in(), own: PrefixSet::new(own.iter().map(String::as_str)), trunks })
}
