//! `lancang explain`: why an entity was named, or was not.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use lancang_engine::watch::{Look, Seen, Watch};
use lancang_engine::with_key;
use lancang_intake::feed::DeadLetter;
use lancang_pattern::Pack;
use lancang_pattern::explain::{Clause, Explanation, Join, explain};
use lancang_pattern::plan::{EntityPlan, EntityType, Mode, PatternPlan};
use lancang_record::Timestamp;
use serde_json::{Value, json};

use super::replay::Opened;
use crate::cli::{self, Form};
use crate::columns::{Columns, Mark};
use crate::exit::{Exit, Failure};
use crate::logging::colors;
use crate::pack_folder;
use crate::replay::Sink;

/// Incidents and dead letters of the records are not what is asked for.
struct Nowhere;

impl Sink for Nowhere {
    fn incident(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn dead_letter(&mut self, _: &DeadLetter) -> io::Result<()> {
        Ok(())
    }
}

/// One pattern (or rule) and what it said of the entity.
struct Story<'p> {
    plan: &'p EntityPlan,
    pattern: &'p PatternPlan,
    seen: Seen,
    judged: u64,
    held: u64,
    suppressed: u64,
    first_held_ms: i64,
    last_held_ms: i64,
    /// When it held most, or was nearest to holding.
    moment: Option<Moment>,
}

struct Moment {
    at_ms: i64,
    explanation: Explanation,
    /// List, entry, owner and reason, if a list keeps the pattern silent.
    suppressed: Option<[String; 4]>,
}

/// Runs the command.
///
/// # Errors
/// If the entity or the pattern is not known, the pack has mistakes or the records cannot be read.
pub fn run(args: &cli::Explain) -> anyhow::Result<()> {
    let (entity, value) = entity(&args.entity)?;
    let (sources, pack) = pack_folder::compile(&args.pack.patterns, &args.pack.lists)?;
    let pack = Arc::new(pack);
    let mut stories = stories(&pack, entity, args.pattern.as_deref());
    if let (Some(id), true) = (&args.pattern, stories.is_empty()) {
        let files = sources.files().unwrap_or_default();
        if files.iter().all(|file| file.id != *id) {
            return Err(super::patterns::unknown(id, &files).into());
        }
        let message = format!("pattern `{id}` looks at no entity of type `{}`", entity.as_str());
        return Err(Failure::new(Exit::Usage, message).into());
    }
    let mut opened = Opened::new(&args.files, &args.records, &[Arc::clone(&pack)])?;
    opened.replay.watch(&Watch::new(entity, value));
    loop {
        let more = opened.step(&mut Nowhere)?;
        for look in opened.replay.looks() {
            stories.iter_mut().for_each(|story| story.take(&look, &pack, value));
        }
        if !more {
            break;
        }
    }
    let seen = opened.replay.seen();
    for story in &mut stories {
        story.seen = seen.get(&story.plan.hash).cloned().unwrap_or_default();
    }
    let mut out = io::stdout().lock();
    if args.output == Form::Json {
        let patterns: Vec<Value> = stories.iter().map(Story::as_json).collect();
        let entity = json!({ "type": entity.as_str(), "value": value });
        writeln!(out, "{}", json!({ "entity": entity, "patterns": patterns }))?;
        return Ok(());
    }
    let color = colors(&out);
    if seen.values().all(|seen| seen.records == 0) {
        writeln!(out, "no record of {} {value} was read as an entity of a pattern: {}", entity.as_str(), hint(entity))?;
    }
    for (index, story) in stories.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        story.write(&mut out, color)?;
    }
    Ok(())
}

fn entity(text: &str) -> anyhow::Result<(EntityType, &str)> {
    let (name, value) = text.split_once(':').unwrap_or((text, ""));
    let names = EntityType::ALL.iter().map(|(name, _)| *name);
    let Some(entity) = EntityType::named(name) else {
        let nearest = lancang_diagnostic::nearest(name, names.clone());
        let nearest = nearest.map_or(String::new(), |nearest| format!("; did you mean `{nearest}`?"));
        let names = names.collect::<Vec<_>>().join(", ");
        let message = format!("--entity: expected TYPE:VALUE with a type of {names}{nearest}");
        return Err(Failure::new(Exit::Usage, message).into());
    };
    if value.is_empty() {
        let message = format!("--entity: expected a value behind `{name}:`, such as `caller:+85510123456`");
        return Err(Failure::new(Exit::Usage, message).into());
    }
    Ok((entity, value))
}

const fn hint(entity: EntityType) -> &'static str {
    match entity {
        EntityType::Caller | EntityType::Callee => "numbers begin with `+`; --own says which are the operator's own",
        EntityType::Device => "a device is its IMEI's first 14 digits",
        EntityType::Trunk => "a trunk is as `trunk_in` has it",
        EntityType::Block => "a block is a number without its last three digits",
        _ => "it must be as the records have it",
    }
}

fn stories<'p>(pack: &'p Pack, entity: EntityType, only: Option<&str>) -> Vec<Story<'p>> {
    let plans = pack.plan.local.iter().chain(&pack.plan.aggregated).filter(|plan| plan.entity == entity);
    let story = |plan: &'p EntityPlan, pattern: &'p PatternPlan| Story {
        plan,
        pattern,
        seen: Seen::default(),
        judged: 0,
        held: 0,
        suppressed: 0,
        first_held_ms: i64::MAX,
        last_held_ms: i64::MIN,
        moment: None,
    };
    let all = plans.flat_map(|plan| plan.patterns.iter().map(move |pattern| story(plan, pattern)));
    let mut all: Vec<Story<'p>> = all.filter(|one| only.is_none_or(|id| one.pattern.id == id)).collect();
    all.sort_by(|a, b| (&a.pattern.id, &a.plan.scope).cmp(&(&b.pattern.id, &b.plan.scope)));
    all
}

impl Story<'_> {
    fn take(&mut self, look: &Look, pack: &Pack, value: &str) {
        let position = self.plan.patterns.iter().position(|pattern| std::ptr::eq(pattern, self.pattern));
        if look.plan != self.plan.hash || look.pattern.is_some() && look.pattern != position {
            return;
        }
        let explanation = explain(self.pattern, &look.values);
        let at = Timestamp::from_ms(look.at_ms);
        let suppressed = self.suppressed_by(pack, value, at);
        self.judged += 1;
        if explanation.verdict.is_some() {
            self.held += 1;
            self.suppressed += u64::from(suppressed.is_some());
            self.first_held_ms = self.first_held_ms.min(look.at_ms);
            self.last_held_ms = self.last_held_ms.max(look.at_ms);
        }
        let weight = |explanation: &Explanation| {
            let verdict = explanation.verdict.as_ref().map_or((0, 0), |verdict| (verdict.severity, verdict.score));
            (verdict, explanation.warn.near)
        };
        if self.moment.as_ref().is_none_or(|moment| weight(&explanation) > weight(&moment.explanation)) {
            self.moment = Some(Moment { at_ms: look.at_ms, explanation, suppressed });
        }
    }

    fn suppressed_by(&self, pack: &Pack, value: &str, at: Timestamp) -> Option<[String; 4]> {
        self.pattern.suppress.iter().find_map(|list| {
            with_key(self.plan.entity, value, |key| {
                let entry = pack.lists.entry_of(list, &key, at)?;
                Some([list.clone(), entry.names.clone(), entry.owner.clone(), entry.reason.clone()])
            })
        })
    }

    fn title(&self) -> String {
        let rule = self.plan.scope.split_once('/').map_or(String::new(), |(_, rule)| format!(" rule {rule}"));
        let mode = if self.pattern.mode == Mode::Shadow { ", in shadow" } else { "" };
        format!("{}@{}{rule}{mode}", self.pattern.id, self.pattern.version)
    }

    /// What it said, in a sentence.
    fn summary(&self) -> (String, Mark) {
        let time = |ms: i64| Timestamp::from_ms(ms).to_string();
        match &self.moment {
            _ if self.held > 0 => {
                let between = format!("from {} to {}", time(self.first_held_ms), time(self.last_held_ms));
                let text = format!("holds at {} of {} judgements, {between}", self.held, self.judged);
                let silent = self.suppressed == self.held;
                let text = if silent { format!("{text}; suppressed by a list") } else { text };
                (text, if silent { Mark::Look } else { Mark::Bad })
            }
            Some(moment) => {
                let near = 100.0 * moment.explanation.warn.near;
                let text = format!("never holds; nearest, {near:.0} % of the way, of {} judgements", self.judged);
                (text, if near >= 75.0 { Mark::Look } else { Mark::Good })
            }
            None => ("never judged: none of its records is looked at".to_owned(), Mark::Plain),
        }
    }

    fn refused(&self) -> Vec<(String, u64)> {
        let parts = self.plan.filters.first().map_or(&[][..], |filter| filter.conjuncts());
        let text = |place: usize| match (parts.get(place), &self.plan.send) {
            (Some(part), _) => part.written(),
            (None, Some(send)) => format!("send: {}", send.written()),
            (None, None) => String::new(),
        };
        self.seen.refused.iter().map(|(place, count)| (text(*place), *count)).collect()
    }

    fn write(&self, out: &mut impl Write, color: bool) -> io::Result<()> {
        let (summary, mark) = self.summary();
        writeln!(out, "{}: {}", self.title(), mark.paint(&summary, color))?;
        writeln!(out, "  looks at {} of {} records of this entity", self.seen.events, self.seen.records)?;
        for (text, count) in self.refused() {
            writeln!(out, "    {count} are not `{text}`")?;
        }
        let Some(moment) = &self.moment else { return Ok(()) };
        writeln!(out, "  at {}", Timestamp::from_ms(moment.at_ms))?;
        if let Some([list, names, owner, reason]) = &moment.suppressed {
            writeln!(out, "  suppressed by the list `{list}`: entry `{names}` of {owner} ({reason})")?;
        }
        let explanation = &moment.explanation;
        if let Some(verdict) = &explanation.verdict {
            writeln!(out, "  severity {}, score {}", verdict.severity, verdict.score)?;
        }
        let mut features = Columns::new(&["  feature", "value", "points from", "to"]);
        for (index, (name, value)) in explanation.features.iter().enumerate() {
            let weight = self.pattern.weights.iter().find(|weight| weight.feature == index);
            let end = |end: Option<f64>| (end.map_or(String::new(), number), Mark::Plain);
            let cells = [(format!("  {name}"), Mark::Plain), (number(*value), Mark::Plain)];
            let ends = [end(weight.map(|weight| weight.from)), end(weight.map(|weight| weight.to))];
            features.row(cells.into_iter().chain(ends));
        }
        write!(out, "{}", features.text(color))?;
        write_condition(out, "warn", &explanation.warn, color)?;
        match &explanation.critical {
            Some(critical) => write_condition(out, "critical", critical, color),
            None => Ok(()),
        }
    }

    fn as_json(&self) -> Value {
        let held = (self.held > 0).then(|| {
            let time = |ms: i64| Timestamp::from_ms(ms).to_string();
            json!({ "times": self.held, "suppressed": self.suppressed,
                "first": time(self.first_held_ms), "last": time(self.last_held_ms) })
        });
        let refused: Vec<Value> =
            self.refused().into_iter().map(|(part, records)| json!({ "not": part, "records": records })).collect();
        let mut line = json!({
            "pattern": self.pattern.id, "version": self.pattern.version,
            "rule": self.plan.scope.split_once('/').map(|(_, rule)| rule),
            "mode": if self.pattern.mode == Mode::Shadow { "shadow" } else { "live" },
            "records": self.seen.records, "looked_at": self.seen.events, "refused": refused,
            "judged": self.judged, "held": held,
        });
        let Some(moment) = &self.moment else { return line };
        let explanation = &moment.explanation;
        let features: BTreeMap<&str, f64> =
            explanation.features.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        line["at"] = json!(Timestamp::from_ms(moment.at_ms).to_string());
        line["features"] = json!(features);
        line["warn"] = clause_json(&explanation.warn);
        line["critical"] = explanation.critical.as_ref().map_or(Value::Null, clause_json);
        if let Some(verdict) = &explanation.verdict {
            let reason = |reason: &lancang_pattern::plan::Reason| json!({ "code": self.pattern.code(reason), "value": reason.value, "threshold": reason.threshold });
            let reasons: Vec<Value> = verdict.reasons.iter().map(reason).collect();
            line["verdict"] = json!({ "severity": verdict.severity, "score": verdict.score, "reasons": reasons });
        }
        if let Some([list, names, owner, reason]) = &moment.suppressed {
            line["suppressed_by"] = json!({ "list": list, "entry": names, "owner": owner, "reason": reason });
        }
        line
    }
}

fn write_condition(out: &mut impl Write, name: &str, clause: &Clause, color: bool) -> io::Result<()> {
    writeln!(out, "  {name} {}", verdict(clause, color))?;
    clause
        .parts
        .iter()
        .try_for_each(|part| write_clause(out, part, 2, color))
        .and_then(|()| if clause.parts.is_empty() { write_clause(out, clause, 2, color) } else { Ok(()) })
}

fn write_clause(out: &mut impl Write, clause: &Clause, depth: usize, color: bool) -> io::Result<()> {
    let blanks = depth * 2;
    match clause.join {
        Join::None => {
            let values = clause.sides.map_or(String::new(), |(left, right)| sides(clause, left, right));
            writeln!(out, "{:blanks$}{:<10} {}{values}", "", verdict(clause, false), clause.text)
        }
        Join::Not => writeln!(out, "{:blanks$}{:<10} {}", "", verdict(clause, false), clause.text),
        Join::All | Join::Any => {
            let join = if clause.join == Join::All { "all of" } else { "one of" };
            writeln!(out, "{:blanks$}{:<10} {join}", "", verdict(clause, color))?;
            clause.parts.iter().try_for_each(|part| write_clause(out, part, depth + 1, color))
        }
    }
}

/// `: 12`, or `: 12 of 24.5` where the right side is no plain number.
fn sides(clause: &Clause, left: f64, right: f64) -> String {
    let plain = clause.text.ends_with(&format!(" {right}"));
    if plain { format!(": {}", number(left)) } else { format!(": {} against {}", number(left), number(right)) }
}

/// `holds`, or how far it is.
fn verdict(clause: &Clause, color: bool) -> String {
    if clause.holds {
        return Mark::Good.paint("holds", color);
    }
    let text = format!("no, {:.0} %", 100.0 * clause.near);
    Mark::Look.paint(&text, color)
}

fn number(value: f64) -> String {
    if value.is_nan() {
        return "undefined".to_owned();
    }
    ((value * 1000.0).round() / 1000.0).to_string()
}

fn clause_json(clause: &Clause) -> Value {
    let parts: Vec<Value> = clause.parts.iter().map(clause_json).collect();
    let join = match clause.join {
        Join::None => Value::Null,
        Join::All => json!("all"),
        Join::Any => json!("any"),
        Join::Not => json!("not"),
    };
    json!({
        "condition": clause.text, "holds": clause.holds, "near": clause.near, "join": join, "parts": parts,
        "left": clause.sides.map(|sides| sides.0), "right": clause.sides.map(|sides| sides.1),
    })
}
