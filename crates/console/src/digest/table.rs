//! A digest for spreadsheets: CSV (RFC 4180), one line a figure.

use std::io;

use lancang_alert::export::csv::Table;

use super::{Digest, Week};

/// Columns; what a line does not have is empty.
const COLUMNS: [&str; 10] =
    ["week", "section", "country", "name", "count", "median_s", "p90_s", "false_positive", "case_reference", "until"];

/// The lines.
///
/// # Errors
/// Never: they go into memory.
pub fn csv(digest: &Digest) -> io::Result<Vec<u8>> {
    let mut table = Table::new(Vec::new(), &COLUMNS)?;
    let week = digest.since.get(..10).unwrap_or(&digest.since);
    let mut line = |cells: [&str; 9]| table.line([week].into_iter().chain(cells).map(str::to_owned));
    let all = digest.all.iter().map(|week| ("all", week));
    for (country, of) in digest.countries.iter().map(|(country, week)| (country.as_str(), week)).chain(all) {
        let counts = [
            ("incidents", of.incidents.to_string()),
            ("campaigns-new", of.campaigns_new.to_string()),
            ("campaigns-dissolved", of.campaigns_dissolved.to_string()),
            ("campaigns-dismantled", of.campaigns_dismantled.to_string()),
            ("operations-new", of.operations_new.to_string()),
            ("operations-agreed", of.operations_agreed.to_string()),
            ("operations-running", of.operations_running.to_string()),
            ("operations-closed", of.operations_closed.to_string()),
        ];
        for (name, count) in counts {
            line(["count", country, name, &count, "", "", "", "", ""])?;
        }
        for kind in Week::ANSWERS {
            let answered = of.answered(kind);
            let [median, p90] =
                [answered.median_s, answered.p90_s].map(|s| s.map(|s| s.to_string()).unwrap_or_default());
            line(["response", country, kind, &answered.count.to_string(), &median, &p90, "", "", ""])?;
        }
    }
    for judged in &digest.precision {
        let (right, wrong) = (judged.true_positive.to_string(), judged.false_positive.to_string());
        line(["verdicts", &judged.country, &judged.pattern, &right, "", "", &wrong, "", ""])?;
    }
    for asked in &digest.requests {
        let state = if asked.answered.is_some() { "accepted" } else { "unanswered" };
        let name = format!("{} {state} {}", asked.measure, asked.producer);
        line(["request", &asked.by, &name, "1", "", "", "", &asked.case_reference, &asked.until])?;
    }
    for joint in &digest.operations {
        let country = joint.proposer.get(2..4).unwrap_or_default();
        let name = format!("{} {}", joint.stage, joint.title);
        let day = joint.day.as_deref().unwrap_or_default();
        line(["operation", country, &name, &joint.incidents.to_string(), "", "", "", &joint.operation_id, day])?;
    }
    // What a list has no room for is told here too.
    for (name, more) in [("requests", digest.more_requests), ("operations", digest.more_operations)] {
        if more > 0 {
            line(["not-listed", "", name, &more.to_string(), "", "", "", "", ""])?;
        }
    }
    table.finish()
}
