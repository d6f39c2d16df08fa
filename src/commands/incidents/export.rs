//! `lancang incidents export`: lines of the home topic for other systems and spreadsheets.
//!
//! The newest line of each incident is found in one reading, which keeps of each nothing but its place, and written in a second.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use lancang_alert::export::csv::Table;
use lancang_alert::export::incident::{COLUMNS, cells};
use lancang_alert::incident::Incident;
use lancang_kafka::Connection;
use lancang_record::codec::fields::parse_time;

use super::home;
use crate::cli::incidents::{Export, HomeForm};
use crate::commands::evidence::new_file;
use crate::exit::{Exit, Failure};
use crate::home_topic::{HomeLine, each_line, lines_at};
use crate::incident_filter::wanted;
use crate::service::with_status;

/// Incidents whose newest line is looked for: 100 MB or so of ids and places.
const INCIDENTS_MAX: usize = 1_000_000;

/// What a reading gave.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    written: u64,
    malformed: u64,
    /// Newest lines that the topic let go of between the two readings.
    gone: u64,
}

pub(super) fn run(args: &Export) -> anyhow::Result<()> {
    let (config, home) = home(&args.config)?;
    let topic = &config.topics.incidents;
    let counts = match args.out.as_path() {
        path if path == Path::new("-") => write(args, &home, topic, io::stdout().lock()),
        path => {
            let file = new_file(path)?;
            let written = write(args, &home, topic, file);
            // Half a list, which the next try would not write over.
            if written.is_err() {
                std::fs::remove_file(path).ok();
            }
            written
        }
    };
    let Counts { written, malformed, gone } = counts?;
    if gone > 0 {
        tracing::warn!("{gone} incidents are left out: {topic} let go of their newest line while it was read");
    }
    tracing::info!("{written} lines exported");
    if malformed > 0 {
        let why =
            format!("{malformed} messages were no incident lines and are left out; {written} lines were exported");
        return Err(Failure::new(Exit::Data, why).into());
    }
    Ok(())
}

fn write(args: &Export, home: &Connection, topic: &str, out: impl Write) -> anyhow::Result<Counts> {
    let mut out = BufWriter::new(out);
    let counts = match args.to {
        HomeForm::Ndjson => lines(args, home, topic, |line| Ok(writeln!(out, "{}", line.text)?))?,
        HomeForm::Csv => {
            let mut table = Table::new(&mut out, &COLUMNS)?;
            let counts = lines(args, home, topic, |line| Ok(table.line(cells(&line.incident, line.place))?))?;
            table.finish()?;
            counts
        }
    };
    out.flush()?;
    Ok(counts)
}

/// Gives the lines that are asked for.
fn lines(
    args: &Export,
    home: &Connection,
    topic: &str,
    mut take: impl FnMut(HomeLine) -> anyhow::Result<()>,
) -> anyhow::Result<Counts> {
    let mut counts = Counts::default();
    if args.revisions {
        let read = each_line(home, topic, |line| {
            if is_wanted(&line.incident, args) {
                counts.written += 1;
                take(line)?;
            }
            Ok(())
        });
        counts.malformed = read.map_err(with_status)?;
        return Ok(counts);
    }
    let mut newest = Newest::default();
    let read = each_line(home, topic, |line| match is_wanted(&line.incident, args) {
        true => newest.take(&line.incident, line.place, INCIDENTS_MAX),
        false => Ok(()),
    });
    counts.malformed = read.map_err(with_status)?;
    let places: BTreeSet<(i32, i64)> = newest.0.into_values().map(|(_, place)| place).collect();
    let read = lines_at(home, topic, &places, |line| {
        counts.written += 1;
        take(line)
    });
    read.map_err(with_status)?;
    counts.gone = places.len() as u64 - counts.written;
    Ok(counts)
}

fn is_wanted(incident: &Incident, args: &Export) -> bool {
    let last_event = || parse_time("last_event", &incident.last_event).ok();
    wanted(incident, &args.filter)
        && args.since.is_none_or(|since| last_event().is_some_and(|time| time >= since))
        && args.until.is_none_or(|until| last_event().is_some_and(|time| time < until))
}

/// Revision and place of each incident's newest line, by its id.
#[derive(Debug, Default)]
struct Newest(HashMap<u128, (u64, (i32, i64))>);

impl Newest {
    fn take(&mut self, incident: &Incident, place: (i32, i64), incidents_max: usize) -> anyhow::Result<()> {
        let Ok(id) = u128::from_str_radix(&incident.incident_id, 16) else { return Ok(()) };
        let (revision, known) = (incident.revision, self.0.len());
        match self.0.get_mut(&id) {
            Some(known) if known.0 <= revision => *known = (revision, place),
            Some(_) => {}
            None if known >= incidents_max => {
                let why = format!(
                    "more than {incidents_max} incidents: export a shorter time (--since, --until) or fewer patterns (--pattern); \
                     `--revisions` has no such limit"
                );
                return Err(Failure::new(Exit::Data, why).into());
            }
            None => drop(self.0.insert(id, (revision, place))),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_line_of_each_is_kept_and_too_many_incidents_are_refused() {
        let line = include_bytes!("../../../crates/alert/tests/golden/incident/victims.json");
        let incident = |id: u32, revision| Incident {
            incident_id: format!("{id:032x}"),
            revision,
            ..Incident::read(line).unwrap()
        };
        let mut newest = Newest::default();
        for (id, revision, offset) in [(1, 0, 0), (2, 5, 1), (1, 1, 2), (2, 4, 3), (1, 1, 4)] {
            newest.take(&incident(id, revision), (0, offset), 2).unwrap();
        }
        assert_eq!((newest.0[&1], newest.0[&2]), ((1, (0, 4)), (5, (0, 1))));
        let told = newest.take(&incident(3, 0), (0, 5), 2).unwrap_err().to_string();
        assert!(told.contains("more than 2 incidents") && told.contains("--since"), "{told}");
    }
}
