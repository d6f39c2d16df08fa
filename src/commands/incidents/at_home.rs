//! `lancang incidents show` of an id that an incident has at home: what was never shared has no other one.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use serde_json::{Value, json};

use super::tail::as_text;
use crate::cli::Form;
use crate::cli::incidents::ShowIncident;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::home_topic::{HomeLine, each_line};
use crate::incidents::Desk;
use crate::logging::colors;
use crate::service::{clients, with_status};

/// Ids that are told where several begin with the same digits: enough to see that.
const FOUND_MAX: usize = 2;

/// Newest lines of the incidents whose home id begins so.
#[derive(Default)]
struct Found {
    by_id: BTreeMap<String, HomeLine>,
}

impl Found {
    fn take(&mut self, begin: &str, line: HomeLine) {
        let id = &line.incident.incident_id;
        let has_room = self.by_id.len() < FOUND_MAX || self.by_id.contains_key(id);
        if !id.starts_with(begin) || !has_room {
            return;
        }
        let is_older = |known: &HomeLine| known.incident.revision > line.incident.revision;
        if !self.by_id.get(id).is_some_and(is_older) {
            self.by_id.insert(id.clone(), line);
        }
    }
}

/// Reads the home topic for it.
pub(super) fn show(args: &ShowIncident, config: &Config, desk: &Desk) -> anyhow::Result<()> {
    let home = clients::home(config, "desk").map_err(lancang_kafka::Error::from)?;
    let mut found = Found::default();
    let take = |line| {
        found.take(&args.id, line);
        Ok(())
    };
    each_line(&home, &config.topics.incidents, take).map_err(with_status)?;
    let mut lines = found.by_id.into_values();
    let line = match (lines.next(), lines.next()) {
        (Some(line), None) => line,
        (None, _) => {
            let days = args.place.days;
            let why = format!(
                "no incident `{}` was shared in the last {days} days (`--days` says how many), and none is called so at home",
                args.id
            );
            return Err(Failure::new(Exit::Data, why).into());
        }
        (Some(_), Some(_)) => {
            let why = format!("`{}` begins the ids of several incidents: give more digits", args.id);
            return Err(Failure::new(Exit::Usage, why).into());
        }
    };
    let shared_as = shared_as(desk, &line.incident.incident_id);
    let mut out = io::stdout().lock();
    if args.place.output == Form::Json {
        let whole: Value = serde_json::from_str(&line.text)?;
        writeln!(out, "{}", json!({ "shared_as": shared_as, "lines": [whole] }))?;
        return Ok(());
    }
    out.write_all(as_text(&line, colors(&io::stdout())).as_bytes())?;
    match shared_as {
        Some(id) => writeln!(out, "    shared as {id}")?,
        None => writeln!(out, "    not shared in the last {} days", args.place.days)?,
    }
    Ok(())
}

/// The id that it has abroad.
fn shared_as<'d>(desk: &'d Desk, id: &str) -> Option<&'d str> {
    let has = |case: &crate::incidents::Case| case.lines.values().any(|(_, incident)| incident.incident_id == id);
    desk.cases.iter().find(|(_, case)| has(case)).map(|(abroad, _)| abroad.as_str())
}

#[cfg(test)]
mod tests {
    use lancang_alert::incident::Incident;

    use super::*;

    const LINE: &str = include_str!("../../../crates/alert/tests/golden/incident/open.json");

    fn line(id: &str, revision: u64, offset: i64) -> HomeLine {
        let mut incident = Incident::read(LINE.as_bytes()).unwrap();
        (incident.incident_id, incident.revision) = (id.to_owned(), revision);
        HomeLine { place: (0, offset), text: String::new(), incident }
    }

    #[test]
    fn the_newest_line_of_each_that_begins_so() {
        let found = |begin: &str| {
            let mut found = Found::default();
            let lines =
                [line("ab01", 0, 1), line("ab01", 2, 2), line("ab02", 0, 3), line("ab01", 1, 4), line("cd", 0, 5)];
            lines.into_iter().for_each(|line| found.take(begin, line));
            found.by_id.into_values().map(|line| line.place.1).collect::<Vec<_>>()
        };
        assert_eq!(found("ab01"), [2]);
        assert_eq!(found("ab"), [2, 3]);
        assert_eq!(found("c"), [5]);
        assert_eq!(found("ef"), [0_i64; 0]);
        // However many begin so: two are enough to say that there are several.
        assert_eq!(found("").len(), FOUND_MAX);
    }
}
