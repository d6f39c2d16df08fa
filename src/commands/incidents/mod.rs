//! `lancang incidents`: the carrier's own desk.

mod at_home;
mod export;
mod tail;

use std::io::{self, Write as _};
use std::path::Path;

use lancang_alert::feedback::{Hold, Measure};
use lancang_alert::{Alert, Registry};
use lancang_kafka::Connection;
use serde_json::{Value, json};

use super::serve;
use crate::bar_list;
use crate::cli::Form;
use crate::cli::incidents::{BarList, Incidents, ListForm, Place, ShowIncident};
use crate::columns::{Columns, Mark};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::incidents::{Case, Desk, state};
use crate::key_registry;
use crate::service::relay::now;
use crate::service::{clients, with_status};

/// Runs the command.
///
/// # Errors
/// With exit status 75 if somebody is left out of a bar list, 65 if the list would rest on feedback that cannot be checked.
pub fn run(args: &Incidents) -> anyhow::Result<()> {
    match args {
        Incidents::List(place) => list(place),
        Incidents::Show(args) => show(args),
        Incidents::BarList(args) => bar_list(args),
        Incidents::Tail(args) => tail::run(args),
        Incidents::Export(args) => export::run(args),
    }
}

/// The configuration, and the cluster that is home.
fn home(path: &Path) -> anyhow::Result<(Config, Connection)> {
    let config = serve::read_config(path)?;
    let home = clients::home(&config, "desk").map_err(lancang_kafka::Error::from)?;
    Ok((config, home))
}

fn desk(path: &Path, days: u32) -> anyhow::Result<(Config, Desk)> {
    let (config, home) = home(path)?;
    let registry = registry(&config)?;
    let desk = Desk::read(&home, &config.topics, &registry, days, now()).map_err(with_status)?;
    Ok((config, desk))
}

/// The keys by which feedback is believed.
fn registry(config: &Config) -> anyhow::Result<Registry> {
    let path = config.relay.as_ref().and_then(|relay| relay.registry.as_ref());
    let Some(path) = path.filter(|_| !config.keys.roots.is_empty()) else {
        let why = "`relay.registry` and `keys.roots` are needed: without a key registry nobody knows which holds are in force \
                   (`lancang keys show --save`)";
        return Err(Failure::new(Exit::Configuration, why).into());
    };
    Ok(key_registry::read(&config.keys.roots, &key_registry::from_file(path)?))
}

fn warn_of_unknown_keys(desk: &Desk) {
    if desk.unknown_keys > 0 {
        let count = desk.unknown_keys;
        tracing::warn!(
            "{count} messages of feedback are of keys that `relay.registry` does not have: bring it up to date"
        );
    }
}

fn list(place: &Place) -> anyhow::Result<()> {
    let (_, desk) = desk(&place.config, place.days)?;
    warn_of_unknown_keys(&desk);
    let mut out = io::stdout().lock();
    if place.output == Form::Json {
        for (id, case) in &desk.cases {
            writeln!(out, "{}", summary(&desk, id, case))?;
        }
        return Ok(());
    }
    let mut columns =
        Columns::new(&["incident", "state", "pattern", "severity", "last event", "about", "hold", "disputed by"]);
    for (id, case) in &desk.cases {
        let hold = desk.in_force(case, Measure::Hold);
        let disputed = case.disputed_by().into_iter().collect::<Vec<_>>().join(" ");
        columns.row([
            (id.clone(), Mark::Plain),
            (state(&case.alert).to_owned(), Mark::Plain),
            (case.alert.pattern.clone(), Mark::Plain),
            (case.alert.severity.to_string(), Mark::Plain),
            (case.alert.last_event.clone(), Mark::Plain),
            (about(case), Mark::Plain),
            (hold.map_or_else(String::new, shown), Mark::Look),
            (disputed, Mark::Bad),
        ]);
    }
    write!(out, "{}", columns.text_for(&io::stdout()))?;
    Ok(())
}

/// What a case's newest line is about.
fn about(case: &Case) -> String {
    let newest = case.lines.values().next_back();
    newest.map_or_else(
        || "no line is kept".to_owned(),
        |(_, incident)| {
            let more = if case.lines.len() > 1 { format!(" +{}", case.lines.len() - 1) } else { String::new() };
            format!("{} {}{more}", incident.entity.entity_type, incident.entity.value)
        },
    )
}

fn shown(hold: &Hold) -> String {
    format!("{} until {}", hold.case_reference, hold.until)
}

fn summary(desk: &Desk, id: &str, case: &Case) -> Value {
    let Alert { pattern, severity, first_event, last_event, .. } = &case.alert;
    let entities: Vec<Value> = case
        .lines
        .values()
        .map(|(_, incident)| json!({ "type": incident.entity.entity_type, "value": incident.entity.value }))
        .collect();
    json!({
        "incident_id": id, "state": state(&case.alert), "pattern": pattern, "severity": severity,
        "first_event": first_event, "last_event": last_event, "about": entities,
        "hold": desk.in_force(case, Measure::Hold), "preserve": desk.in_force(case, Measure::Preserve),
        "disputed_by": case.disputed_by(),
    })
}

fn show(args: &ShowIncident) -> anyhow::Result<()> {
    let (config, desk) = desk(&args.place.config, args.place.days)?;
    warn_of_unknown_keys(&desk);
    let mut found = desk.cases.iter().filter(|(id, _)| id.starts_with(&args.id));
    let (id, case) = match (found.next(), found.next()) {
        (Some(found), None) => found,
        (None, _) => return at_home::show(args, &config, &desk),
        (Some(_), Some(_)) => {
            let why = format!("`{}` begins the ids of several incidents: give more digits", args.id);
            return Err(Failure::new(Exit::Usage, why).into());
        }
    };
    let mut out = io::stdout().lock();
    if args.place.output == Form::Json {
        let line = |(text, _): &(String, _)| serde_json::from_str(text).unwrap_or(Value::Null);
        let lines: Vec<Value> = case.lines.values().map(line).collect();
        let mut whole = summary(&desk, id, case);
        whole["lines"] = lines.into();
        whole["feedback"] = json!(case.said);
        whole["alert"] = json!(case.alert);
        writeln!(out, "{whole}")?;
        return Ok(());
    }
    let Alert { pattern, severity, revision, first_event, last_event, .. } = &case.alert;
    writeln!(out, "{id}  {}, revision {revision}", state(&case.alert))?;
    writeln!(out, "{pattern}, severity {severity}, {first_event} to {last_event}")?;
    for (place, (_, incident)) in &case.lines {
        let (partition, offset) = place;
        let primary = incident.primary();
        writeln!(out, "  {} {} ({}), line {partition}@{offset}", primary.entity_type, primary.value, primary.role)?;
        for other in &incident.related {
            writeln!(out, "    {} {} ({})", other.entity_type, other.value, other.role)?;
        }
    }
    for said in &case.said {
        for hold in &said.requests {
            writeln!(
                out,
                "{} asked by {}: {}, {}",
                hold.measure.as_str(),
                hold.requester,
                shown(hold),
                answered(hold)
            )?;
        }
        for (organisation, verdict_id) in &said.verdicts {
            let verdict = lancang_alert::feedback::said::verdict(*verdict_id);
            writeln!(out, "verdict of {organisation}: {}", verdict.verdict)?;
        }
        if let Some(cancelled) = &said.cancelled {
            writeln!(out, "taken back by {}: {}", cancelled.decided_by.join(" and "), cancelled.reason)?;
        }
    }
    let disputed = case.disputed_by();
    if !disputed.is_empty() {
        writeln!(out, "disputed by {}", disputed.into_iter().collect::<Vec<_>>().join(" "))?;
    }
    Ok(())
}

fn answered(hold: &Hold) -> String {
    match (&hold.refusal, hold.accepted) {
        (Some(refusal), _) => format!("refused: {refusal}"),
        (None, true) => "accepted".to_owned(),
        (None, false) => "not answered".to_owned(),
    }
}

fn bar_list(args: &BarList) -> anyhow::Result<()> {
    let (config, desk) = desk(&args.config, args.days)?;
    let own: Vec<String> = config.operators.iter().flat_map(|operator| operator.own.clone()).collect();
    let list = bar_list::of(&desk, |value| bar_list::is_own(&own, value), |_| true)?;
    print(args.output, &list)?;
    if list.left_out.is_empty() {
        return Ok(());
    }
    let told = list.left_out.iter().map(|(id, (hold, count))| {
        let (until, reference, requester) = (hold.until, &hold.case_reference, &hold.requester);
        format!("\n  {count} of incident {id}: hold until {until}, case {reference} ({requester})")
    });
    let told: String = told.collect();
    Err(Failure::new(Exit::Held, format!("subscribers with a hold in force are left out of the list:{told}")).into())
}

fn print(form: ListForm, list: &bar_list::BarList<'_>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if form == ListForm::Csv {
        list.csv(&mut out)?;
        return out.flush();
    }
    for ((kind, value), (id, case)) in &list.listed {
        let Alert { pattern, severity, last_event, .. } = &case.alert;
        let line = json!({
            "type": kind, "value": value, "incident_id": id, "pattern": pattern, "severity": severity,
            "last_event": last_event, "disputed_by": case.disputed_by(),
        });
        writeln!(out, "{line}")?;
    }
    out.flush()
}
