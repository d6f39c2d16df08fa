//! `lancang patterns backtest`: incidents gained, lost and kept between two packs over the same records.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::sync::Arc;

use lancang_engine::with_key;
use lancang_intake::feed::DeadLetter;
use lancang_pattern::Pack;
use lancang_pattern::explain::{Clause, warn_at};
use lancang_pattern::plan::{EntityPlan, EntityType, PatternPlan};
use lancang_record::codec::fields::parse_time;
use serde_json::{Value, json};

use super::replay::Opened;
use crate::cli::{self, Form};
use crate::columns::{Columns, Mark};
use crate::pack_folder;
use crate::replay::Sink;

/// Lines of one incident whose values are kept for the reasons.
const LINES_KEPT: usize = 64;

/// An incident of one pack: what its lines say.
struct Incident {
    key: String,
    opened: Value,
    first: String,
    last: String,
    severity: u64,
    /// Values of its reasons, line by line.
    values: Vec<BTreeMap<String, f64>>,
}

impl Incident {
    fn new(line: Value) -> Self {
        let text = |at: &str| line.pointer(at).and_then(Value::as_str).unwrap_or("").to_owned();
        // An aggregated entity's incident is of one class of feeds; whose class it is follows from the records.
        let key = [text("/family"), text("/entity/type"), text("/entity/value"), text("/rule")].join("|");
        let (first, last) = (text("/first_event"), text("/last_event"));
        let mut incident = Self { key, first, last, severity: 0, values: Vec::new(), opened: Value::Null };
        incident.add(&line);
        incident.opened = line;
        incident
    }

    fn add(&mut self, line: &Value) {
        self.last = line["last_event"].as_str().unwrap_or("").to_owned().max(std::mem::take(&mut self.last));
        self.severity = self.severity.max(line["severity"].as_u64().unwrap_or(0));
        let reasons = line["reasons"].as_array().into_iter().flatten();
        let value = |reason: &Value| Some((reason["code"].as_str()?.to_owned(), reason["value"].as_f64()?));
        if self.values.len() < LINES_KEPT {
            self.values.push(reasons.filter_map(value).collect());
        }
    }

    fn pattern(&self) -> &str {
        self.opened["patterns"][0].as_str().map_or("", |pattern| pattern.split('@').next().unwrap_or(""))
    }

    fn opened_at(&self) -> &str {
        self.opened["last_event"].as_str().unwrap_or("")
    }

    fn entity(&self) -> (&str, &str) {
        (self.opened["entity"]["type"].as_str().unwrap_or(""), self.opened["entity"]["value"].as_str().unwrap_or(""))
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// Incidents of both packs by their ids.
#[derive(Default)]
struct Both([BTreeMap<String, Incident>; 2]);

impl Sink for Both {
    fn incident(&mut self, line: &[u8]) -> io::Result<()> {
        self.incident_of(0, line)
    }

    fn incident_of(&mut self, pack: usize, line: &[u8]) -> io::Result<()> {
        let line: Value = serde_json::from_slice(line)?;
        let id = line["incident_id"].as_str().unwrap_or("").to_owned();
        match self.0[pack].get_mut(&id) {
            Some(incident) => incident.add(&line),
            None => drop(self.0[pack].insert(id, Incident::new(line))),
        }
        Ok(())
    }

    fn shadow_of(&mut self, pack: usize, line: &[u8]) -> io::Result<()> {
        self.incident_of(pack, line)
    }

    fn dead_letter(&mut self, _: &DeadLetter) -> io::Result<()> {
        Ok(())
    }
}

/// What became of the incidents.
#[derive(Default)]
struct Changes {
    gained: Vec<Incident>,
    lost: Vec<Incident>,
    /// As they were and as they would be.
    kept: Vec<(Incident, Incident)>,
}

/// Runs the command.
///
/// # Errors
/// If a pack has mistakes or the records cannot be read.
pub fn run(args: &cli::Backtest) -> anyhow::Result<()> {
    // A file against a folder: that pattern alone.
    let one = [&args.old, &args.new].into_iter().find(|path| !path.is_dir()).and_then(|path| path.file_name());
    let old = Arc::new(pack_folder::compile_any(&args.old, &args.lists, one)?);
    let new = Arc::new(pack_folder::compile_any(&args.new, &args.lists, one)?);
    let mut both = Both::default();
    Opened::new(&args.files, &args.records, &[Arc::clone(&old), Arc::clone(&new)])?.run(&mut both)?;
    let changes = compare(both);
    let mut out = io::stdout().lock();
    if args.output == Form::Json {
        writeln!(out, "{}", as_json(&changes, args.examples, &old, &new))?;
    } else {
        write!(out, "{}", table(&changes).text_for(&out))?;
        examples(&mut out, &changes, args.examples, &old, &new)?;
    }
    Ok(())
}

/// Pairs the incidents of the same family on the same entity that overlap in time, the earliest first.
fn compare(both: Both) -> Changes {
    let [old, new] = both.0;
    let by_time = |incidents: BTreeMap<String, Incident>| {
        let mut incidents: Vec<Incident> = incidents.into_values().collect();
        incidents.sort_by(|a, b| (&a.first, &a.key).cmp(&(&b.first, &b.key)));
        incidents
    };
    let mut changes = Changes::default();
    let mut before: BTreeMap<String, Vec<Incident>> = BTreeMap::new();
    by_time(old).into_iter().for_each(|incident| before.entry(incident.key.clone()).or_default().push(incident));
    for incident in by_time(new) {
        let same = before.get_mut(&incident.key);
        let pair =
            same.and_then(|same| same.iter().position(|other| other.overlaps(&incident)).map(|at| same.remove(at)));
        match pair {
            Some(was) => changes.kept.push((was, incident)),
            None => changes.gained.push(incident),
        }
    }
    changes.lost = before.into_values().flatten().collect();
    changes.lost.sort_by(|a, b| (&a.first, &a.key).cmp(&(&b.first, &b.key)));
    changes
}

/// Counts of one pattern: kept, of these earlier, later, of other severity; gained, lost.
#[derive(Clone, Copy, Default)]
struct Counts {
    kept: u64,
    earlier: u64,
    later: u64,
    severity: u64,
    gained: u64,
    lost: u64,
}

fn counts(changes: &Changes) -> BTreeMap<&str, Counts> {
    let mut counts: BTreeMap<&str, Counts> = BTreeMap::new();
    for (was, is) in &changes.kept {
        let count = counts.entry(was.pattern()).or_default();
        count.kept += 1;
        count.earlier += u64::from(is.opened_at() < was.opened_at());
        count.later += u64::from(is.opened_at() > was.opened_at());
        count.severity += u64::from(is.severity != was.severity);
    }
    changes.gained.iter().for_each(|incident| counts.entry(incident.pattern()).or_default().gained += 1);
    changes.lost.iter().for_each(|incident| counts.entry(incident.pattern()).or_default().lost += 1);
    counts
}

fn table(changes: &Changes) -> Columns {
    let mut columns = Columns::new(&["pattern", "kept", "earlier", "later", "other severity", "gained", "lost"]);
    for (pattern, count) in counts(changes) {
        let plain = |count: u64| (count.to_string(), Mark::Plain);
        let look = |count: u64| (count.to_string(), if count > 0 { Mark::Look } else { Mark::Plain });
        columns.row([
            (pattern.to_owned(), Mark::Plain),
            plain(count.kept),
            plain(count.earlier),
            plain(count.later),
            look(count.severity),
            look(count.gained),
            look(count.lost),
        ]);
    }
    columns
}

fn examples(out: &mut impl io::Write, changes: &Changes, most: usize, old: &Pack, new: &Pack) -> io::Result<()> {
    for (title, incidents, other, name) in
        [("gained", &changes.gained, old, "OLD"), ("lost", &changes.lost, new, "NEW")]
    {
        for (index, incident) in incidents.iter().take(most).enumerate() {
            if index == 0 {
                let shown = incidents.len().min(most);
                writeln!(out, "\n{title}: {shown} of {}", incidents.len())?;
            }
            let (entity, value) = incident.entity();
            writeln!(out, "  {} {entity} {value}, severity {}", incident.opened_at(), incident.severity)?;
            writeln!(out, "    {}", reasons(incident))?;
            for word in why_not(incident, other, name) {
                writeln!(out, "    {word}")?;
            }
        }
    }
    let moved: Vec<_> = changes.kept.iter().filter(|(was, is)| change(was, is).is_some()).collect();
    if !moved.is_empty() && most > 0 {
        writeln!(out, "\nkept and changed: {} of {}", moved.len().min(most), moved.len())?;
    }
    for (was, is) in moved.iter().take(most) {
        let (entity, value) = was.entity();
        writeln!(out, "  {entity} {value}: {}", change(was, is).unwrap_or_default())?;
    }
    Ok(())
}

/// `calls 24 (limit 20), distinct_share 0.95 (limit 0.8)`
fn reasons(incident: &Incident) -> String {
    let reasons = incident.opened["reasons"].as_array().into_iter().flatten();
    let one = |reason: &Value| {
        format!("{} {} (limit {})", reason["code"].as_str().unwrap_or(""), reason["value"], reason["threshold"])
    };
    format!("{}: {}", incident.pattern(), reasons.map(one).collect::<Vec<_>>().join(", "))
}

/// How a kept incident differs: in time or severity.
fn change(was: &Incident, is: &Incident) -> Option<String> {
    let mut words = Vec::new();
    if is.opened_at() != was.opened_at() {
        words.push(format!("opens at {} instead of {}", is.opened_at(), was.opened_at()));
    }
    if is.severity != was.severity {
        words.push(format!("severity {} instead of {}", is.severity, was.severity));
    }
    (!words.is_empty()).then(|| words.join(", "))
}

/// Why the other pack has no such incident, as far as its values tell.
fn why_not(incident: &Incident, other: &Pack, name: &str) -> Vec<String> {
    let (entity, value) = incident.entity();
    let rule = incident.opened["rule"].as_str();
    let plans = other.plan.local.iter().chain(&other.plan.aggregated);
    let of_entity =
        |plan: &&EntityPlan| plan.entity.as_str() == entity && plan.scope.split_once('/').map(|(_, rule)| rule) == rule;
    let mut candidates = plans.filter(of_entity).flat_map(|plan| &plan.patterns);
    let Some(pattern) = candidates.find(|pattern| pattern.id == incident.pattern()) else {
        return vec![format!("{name} has no pattern `{}` for this entity", incident.pattern())];
    };
    if let Some(words) = suppressed(pattern, other, entity, value, incident) {
        return vec![format!("{words} in {name}")];
    }
    // Of all its lines the one that comes nearest.
    let at = |values: &BTreeMap<String, f64>| warn_at(pattern, |code| values.get(code).copied().unwrap_or(f64::NAN));
    let clauses = incident.values.iter().map(at);
    let nearest = clauses.min_by_key(|clause| known_failing(clause).len());
    let failing = nearest.as_ref().map(known_failing).unwrap_or_default();
    if failing.is_empty() {
        return vec![format!("no limit of {name} tells them apart: they look at other records or windows")];
    }
    let word = |part: &&Clause| {
        format!("{name} wants `{}`, it was {}", part.text, short(part.sides.map_or(f64::NAN, |s| s.0)))
    };
    failing.iter().map(word).collect()
}

fn suppressed(pattern: &PatternPlan, pack: &Pack, entity: &str, value: &str, incident: &Incident) -> Option<String> {
    let entity = EntityType::named(entity)?;
    let at = parse_time("last_event", incident.opened_at()).ok()?;
    let list = |list: &String| with_key(entity, value, |key| pack.lists.entry_of(list, &key, at).map(|_| list.clone()));
    pattern.suppress.iter().find_map(list).map(|list| format!("suppressed by the list `{list}`"))
}

/// Comparisons that fail and whose values the incident shows.
fn known_failing(clause: &Clause) -> Vec<&Clause> {
    let known = |part: &&Clause| part.sides.is_some_and(|(left, right)| !left.is_nan() && !right.is_nan());
    clause.failing().into_iter().filter(known).collect()
}

fn short(value: f64) -> String {
    ((value * 1000.0).round() / 1000.0).to_string()
}

fn as_json(changes: &Changes, most: usize, old: &Pack, new: &Pack) -> Value {
    let example = |incident: &Incident, other: &Pack, name: &str| {
        let mut line = json!({ "why": why_not(incident, other, name), "severity": incident.severity });
        for key in ["incident_id", "patterns", "entity", "rule", "first_event", "last_event", "score", "reasons"] {
            line[key] = incident.opened[key].clone();
        }
        line
    };
    let by_pattern: BTreeMap<&str, Value> = counts(changes)
        .into_iter()
        .map(|(pattern, count)| {
            let value = json!({
                "kept": count.kept, "earlier": count.earlier, "later": count.later,
                "other_severity": count.severity, "gained": count.gained, "lost": count.lost,
            });
            (pattern, value)
        })
        .collect();
    let changed = changes.kept.iter().filter_map(|(was, is)| {
        let words = change(was, is)?;
        Some(json!({ "old": was.opened["incident_id"], "new": is.opened["incident_id"], "entity": was.opened["entity"], "change": words }))
    });
    json!({
        "patterns": by_pattern,
        "gained": changes.gained.iter().take(most).map(|one| example(one, old, "OLD")).collect::<Vec<_>>(),
        "lost": changes.lost.iter().take(most).map(|one| example(one, new, "NEW")).collect::<Vec<_>>(),
        "changed": changed.take(most).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, message: &str, value: &str, from: &str, to: &str, severity: u64) -> Vec<u8> {
        json!({
            "incident_id": id, "message": message, "family": "f", "patterns": ["p@1"], "severity": severity,
            "entity": { "type": "caller", "value": value }, "first_event": from, "last_event": to,
            "reasons": [{ "pattern": "p", "code": "calls", "value": 5.0, "threshold": 3.0 }],
        })
        .to_string()
        .into_bytes()
    }

    #[test]
    fn incidents_are_paired_by_entity_and_time() {
        let mut both = Both::default();
        let mut push = |pack, line: Vec<u8>| both.incident_of(pack, &line).unwrap();
        push(0, line("a", "open", "+1", "09:00", "09:10", 3));
        push(0, line("a", "update", "+1", "09:00", "09:30", 5));
        push(0, line("b", "open", "+1", "15:00", "15:10", 3));
        push(0, line("c", "open", "+2", "09:00", "09:10", 3));
        push(1, line("x", "open", "+1", "09:05", "09:20", 3));
        push(1, line("y", "open", "+1", "12:00", "12:10", 3));
        push(1, line("z", "open", "+2", "09:00", "09:10", 3));
        let changes = compare(both);
        let ids = |incidents: &[Incident]| {
            incidents.iter().map(|one| one.opened["incident_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!((ids(&changes.gained), ids(&changes.lost)), (vec!["y".to_owned()], vec!["b".to_owned()]));
        let count = counts(&changes)["p"];
        assert_eq!((count.kept, count.later, count.earlier, count.severity), (2, 1, 0, 1));
        // By the time of the new one.
        let [(c, z), (a, x)] = changes.kept.as_slice() else { panic!("two are kept") };
        assert_eq!(change(c, z), None);
        assert_eq!(change(a, x).unwrap(), "opens at 09:20 instead of 09:10, severity 3 instead of 5");
    }
}
