//! Whom a carrier may bar: callers and SIMs that act in what was shared and not taken back, without those whom a hold protects.
//!
//! Nothing is listed where it cannot be told which holds are in force, or whom they bind.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use lancang_alert::Alert;
use lancang_alert::export::csv::harmless;
use lancang_alert::feedback::Hold;

use crate::exit::{Exit, Failure};
use crate::incidents::{Case, Desk};

/// Whom to bar, and of which incidents somebody is left out.
pub struct BarList<'d> {
    /// Type and value, with the worst incident of each and its id.
    pub listed: BTreeMap<(&'d str, &'d str), (&'d str, &'d Case)>,
    /// Incidents with a hold in force, by id: the hold, and how many are left out for it.
    pub left_out: BTreeMap<&'d str, (&'d Hold, u64)>,
}

/// The list of what a desk knows; `is_own` tells the carrier's own numbers, `is_wanted` the cases that somebody is listed for: holds
/// of the others count all the same.
///
/// # Errors
/// With exit status 65 if it would rest on feedback that cannot be checked, or on lines that are kept no more.
pub fn of(
    desk: &Desk,
    is_own: impl Fn(&str) -> bool,
    is_wanted: impl Fn(&Case) -> bool,
) -> anyhow::Result<BarList<'_>> {
    holds_can_be_told(desk)?;
    let held = desk.held();
    let mut left_out: BTreeMap<&str, (&Hold, u64)> = BTreeMap::new();
    let mut bound = BTreeSet::new();
    let cases = || desk.cases.iter().filter(|(_, case)| !case.is_taken_back() && is_wanted(case));
    for (_, case) in cases() {
        // A number and the SIM that it was used with are one subscriber.
        let Some(&(holding, hold)) = case.used().find_map(|subscriber| held.get(&subscriber)) else { continue };
        let count =
            case.suspects().filter(|(_, value)| is_own(value)).filter(|subscriber| bound.insert(*subscriber)).count()
                as u64;
        left_out.entry(holding).or_insert((hold, 0)).1 += count;
    }
    let mut listed: BTreeMap<(&str, &str), (&str, &Case)> = BTreeMap::new();
    for (id, case) in cases() {
        for subscriber in case.suspects().filter(|named| is_own(named.1) && !bound.contains(named)) {
            let known = listed.entry(subscriber).or_insert((id, case));
            if known.1.alert.severity < case.alert.severity {
                *known = (id, case);
            }
        }
    }
    left_out.retain(|_, (_, count)| *count > 0);
    Ok(BarList { listed, left_out })
}

fn holds_can_be_told(desk: &Desk) -> anyhow::Result<()> {
    let refused = |why: String| Err(Failure::new(Exit::Data, why).into());
    if desk.bonds_let_go > 0 {
        let count = desk.bonds_let_go;
        return refused(format!(
            "{count} requests, answers and cancels are more than are kept of one organisation or country, and a hold may be among \
             them: nothing is listed. Find out who writes so many (`lancang feedback tail`), and have its key revoked if need be"
        ));
    }
    if desk.unknown_keys > 0 {
        let count = desk.unknown_keys;
        return refused(format!(
            "{count} messages of feedback are of keys that the registry's file (`relay.registry`, of a console `console.desk.registry`) does not \
             have, and a hold may be among them: bring it up to date (`lancang keys show --save`); nothing is listed"
        ));
    }
    let untold: Vec<&str> = desk.untold_holds().collect();
    match untold.first() {
        None => Ok(()),
        Some(first) => refused(format!(
            "a hold is in force for {} incidents of which home lines are kept no more, {first} first: whom it binds nobody can \
             tell, and nothing is listed (`topics.evidence_retention` keeps incidents for as long as holds last)",
            untold.len()
        )),
    }
}

/// Whether a value is a number of one of these ranges; what is no number is the carrier's own.
#[must_use]
pub fn is_own(ranges: &[String], value: &str) -> bool {
    !value.starts_with('+') || ranges.iter().any(|own| value.starts_with(own))
}

impl BarList<'_> {
    /// The list, comma-separated, with a line of headings.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn csv(&self, mut out: impl io::Write) -> io::Result<()> {
        writeln!(out, "type,value,incident_id,pattern,severity,last_event")?;
        for ((kind, value), (id, case)) in &self.listed {
            let Alert { pattern, severity, last_event, .. } = &case.alert;
            writeln!(out, "{kind},{},{id},{pattern},{severity},{last_event}", cell(value))?;
        }
        Ok(())
    }
}

/// A number stands as it is; what else a sender calls itself is quoted, and no spreadsheet takes it for a formula.
fn cell(value: &str) -> String {
    let digits = value.strip_prefix('+').unwrap_or(value);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return value.to_owned();
    }
    format!("\"{}\"", harmless(value.to_owned()).replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_that_names_itself_breaks_no_line_and_is_no_formula() {
        let check = |value: &str, expected: &str| assert_eq!(cell(value), expected);
        check("+85510340001", "+85510340001");
        check("456010123456789", "456010123456789");
        check("ACLEDA", "\"ACLEDA\"");
        check("a,\"b\"\nc", "\"a,\"\"b\"\"\nc\"");
        check("=1+1", "\"'=1+1\"");
        check("+855 10", "\"'+855 10\"");
        check("+", "\"'+\"");
        check("", "\"\"");
    }
}
