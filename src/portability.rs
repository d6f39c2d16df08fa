//! The portability table where it lies: a file, read line by line, for it may have millions of numbers.

use std::io::{BufRead as _, BufReader};
use std::path::Path;

use lancang_alert::portability::PortabilityError;
use lancang_alert::{Holder, Portability};

use crate::config::Operator;
use crate::exit::{Exit, Failure};

/// The table of a file, with the operators' own ranges behind its own; those alone where there is none.
///
/// # Errors
/// Every mistake with its line, up to a limit (exit status 78).
pub fn read(path: Option<&Path>, operators: &[Operator]) -> anyhow::Result<Portability> {
    let table = match path {
        None => Portability::default(),
        Some(path) => from_file(path).map_err(|mistakes| Failure::new(Exit::Configuration, mistakes.join("\n")))?,
    };
    let own = operators.iter().filter_map(|operator| {
        let carrier = Holder::parse(&format!("//{}/{}", operator.country, operator.organisation))?;
        Some(operator.own.iter().map(move |range| (range.as_str(), carrier.clone())))
    });
    Ok(table.with_ranges(own.flatten()))
}

/// The table of a file.
///
/// # Errors
/// Its mistakes, each with file and line.
pub fn from_file(path: &Path) -> Result<Portability, Vec<String>> {
    let shown = path.display();
    let cannot = |error: std::io::Error| vec![format!("{shown}: cannot be read: {error}")];
    let file = std::fs::File::open(path).map_err(cannot)?;
    let mut broken = None;
    let lines = BufReader::new(file).lines().map_while(|line| line.map_err(|error| broken = Some(error)).ok());
    let read = Portability::read(lines);
    if let Some(error) = broken {
        return Err(cannot(error));
    }
    read.map_err(|errors| errors.iter().map(|error: &PortabilityError| format!("{shown}: {error}")).collect())
}
