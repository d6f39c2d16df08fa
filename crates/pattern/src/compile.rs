//! From pattern files to a plan: features shared, gates found, everything checked.
//!
//! Rules:
//! - filters, columns, windows and aggregates that several patterns of one entity use stand in its layout once;
//! - bit 0 of the filters is the union of what the entity's patterns look at;
//! - a local entity's gate is necessary (`gate.rs`);
//! - an aggregated entity's send gate must be implied by what its patterns look at;
//! - every condition can hold and can fail (`possible.rs`).

use std::ops::Range as Span;

use lancang_diagnostic::Diagnostic;
use lancang_diagnostic::toml::Placed;
use lancang_window::{Aggregate, Layout, Primitive, WindowSpec};
use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::xxh3_64;

use crate::evidence::{self, Evidence};
use crate::expression::{Condition, Expression, May};
use crate::feature::Features;
use crate::file::{EntityName, FeatureText, PatternFile, WeightText};
use crate::gate;
use crate::limits::{BITS_MAX, GRID_MS};
use crate::plan::{Column, EntityPlan, PatternPlan, Plan, Weight};
use crate::possible;
use crate::predicate::Predicate;
use crate::questions::Questions;
use crate::screen::Screen;
use crate::sieve::Sieve;
use crate::syntax::{self, SyntaxError};

/// Compiles pattern files. Of those that are `kept`, and were in force already, it is not asked again whether their
/// conditions make sense: a check that a later version adds must not keep a log from being read.
///
/// # Errors
/// Every mistake of every file.
pub fn plan(files: &[PatternFile], kept: bool) -> Result<Plan, Vec<Diagnostic>> {
    let mut compiler = Compiler { kept, ..Compiler::default() };
    for (index, file) in files.iter().enumerate() {
        if files[..index].iter().any(|other| other.id == file.id) {
            compiler.mistakes.push(Diagnostic::file(&file.path, format!("two patterns are called `{}`", file.id)));
        }
        compiler.file(file);
    }
    if !compiler.mistakes.is_empty() {
        return Err(compiler.mistakes);
    }
    let mut plan = Plan::default();
    for mut draft in compiler.drafts {
        if draft.local {
            gate::set(&mut draft.plan);
        }
        draft.finish();
        if draft.local { plan.local.push(draft.plan) } else { plan.aggregated.push(draft.plan) }
    }
    group_by_gate(&mut plan.aggregated);
    let mut questions = Questions::default();
    for (is_local, entities) in [(true, &mut plan.local), (false, &mut plan.aggregated)] {
        entities.iter_mut().for_each(|entity| entity.sieve = Sieve::of(entity, is_local, &mut questions));
    }
    plan.questions = questions;
    for entity in &plan.aggregated {
        for window in &entity.layout.windows {
            if window.pane_ms() % GRID_MS != 0 {
                let message = format!(
                    "{}: a pane of {} ms (a window through its panes) is no multiple of {GRID_MS} ms",
                    entity.entity.as_str(),
                    window.pane_ms()
                );
                return Err(vec![Diagnostic::file("patterns", message)]);
            }
        }
    }
    Ok(plan)
}

#[derive(Default)]
pub(crate) struct Compiler {
    kept: bool,
    pub(crate) drafts: Vec<Draft>,
    pub(crate) mistakes: Vec<Diagnostic>,
}

pub(crate) struct Draft {
    pub(crate) local: bool,
    pub(crate) plan: EntityPlan,
    looked_at: Vec<Predicate>,
}

/// What one scope of a pattern is compiled from: the pattern itself, or one of its rules.
pub(crate) struct Scope<'f> {
    pub(crate) file: &'f PatternFile,
    id: String,
    filter: Option<&'f Placed<String>>,
    pub(crate) features: Vec<&'f FeatureText>,
    evidence: Vec<Evidence>,
    certain: Option<&'f str>,
    warn: &'f Placed<String>,
    critical: Option<&'f Placed<String>>,
    weights: &'f [WeightText],
}

impl Compiler {
    fn file(&mut self, file: &PatternFile) {
        let Some(mode) = file.mode else { return };
        for scope in scopes(file) {
            for entity in &file.entities {
                self.scope(&scope, *entity, mode);
            }
        }
    }

    pub(crate) fn wrong(&mut self, file: &PatternFile, span: Span<usize>, key: &str, message: impl Into<String>) {
        self.mistakes.push(Diagnostic::at(&file.path, &file.text, span, key, message));
    }

    pub(crate) fn parsed<T>(
        &mut self,
        file: &PatternFile,
        key: &str,
        text: &Placed<String>,
        read: impl FnOnce(&str) -> Result<T, SyntaxError>,
    ) -> Option<T> {
        read(&text.value).map_err(|error| self.syntax(file, key, text, error)).ok()
    }

    /// A mistake inside a condition, placed within the file where the condition stands there as it is.
    fn syntax(&mut self, file: &PatternFile, key: &str, text: &Placed<String>, error: SyntaxError) {
        let quoted = file.text.get(text.span.clone()).unwrap_or("");
        let span = match quoted.find(&text.value) {
            Some(offset) => {
                let start = text.span.start + offset;
                start + error.span.start..start + error.span.end
            }
            None => text.span.clone(),
        };
        let mut diagnostic = Diagnostic::at(&file.path, &file.text, span, key, error.message);
        diagnostic.nearest = error.nearest;
        self.mistakes.push(diagnostic);
    }

    fn scope(&mut self, scope: &Scope<'_>, entity: EntityName, mode: crate::plan::Mode) {
        let file = scope.file;
        let Some(mut records) = self.parsed(file, "records", &file.records, syntax::predicate) else { return };
        if self.some_record(file, &file.records, "records", &records).is_none() {
            return;
        }
        if let Some(text) = scope.filter {
            let Some(filter) = self.parsed(file, "rules.where", text, syntax::predicate) else { return };
            records = records.and(filter);
            if self.some_record(file, text, "rules.where", &records).is_none() {
                return;
            }
        }
        let send = self.send_gate(file, entity, &records);
        let position = self.draft(scope, entity, &records, send);
        self.drafts[position].looked_at.push(records.clone());
        let Some(compiled) = self.features(scope, position, &records) else { return };
        let names = &compiled.names;
        let weights = self.weights(scope, names);
        let Some(warn) = self.parsed(file, "warn", scope.warn, |text| syntax::condition(text, names)) else { return };
        let critical = match scope.critical {
            Some(text) => match self.parsed(file, "critical", text, |text| syntax::condition(text, names)) {
                Some(critical) => Some(critical),
                None => return,
            },
            None => None,
        };
        let victims =
            file.victims.as_ref().map(|victims| (victims, names.iter().position(|name| *name == victims.value)));
        if let Some((victims, None)) = victims {
            self.wrong(file, victims.span.clone(), "victims", format!("unknown feature `{}`", victims.value));
        }
        if let (Some(critical), None, Some(text)) = (&critical, scope.certain, scope.critical) {
            self.two_kinds(scope, &warn, critical, &compiled.kinds, text);
        }
        if self.mistakes.iter().any(|mistake| mistake.path == file.path) {
            return;
        }
        let victims = victims.and_then(|(_, index)| match compiled.values.get(index?) {
            Some(Expression::Value(primitive)) => Some(*primitive),
            _ => None,
        });
        let mut primitives: Vec<usize> = victims.into_iter().collect();
        compiled.values.iter().for_each(|value| value.values(&mut primitives));
        primitives.sort_unstable();
        primitives.dedup();
        let Some(records) = self.drafts[position].filter(records) else { return };
        let features = compiled.features();
        let screen = Screen::new(&warn, &features, &self.drafts[position].plan.layout);
        let pattern = PatternPlan {
            id: file.id.clone(),
            version: file.version,
            hash: Sha256::digest(file.text.as_bytes()).into(),
            family: file.family.clone(),
            mode,
            cooldown_ms: file.cooldown_ms,
            window_ms: compiled.window_ms,
            pane_ms: compiled.pane_ms,
            suppress: file.suppress.iter().map(|list| list.value.clone()).collect(),
            victims,
            primitives,
            records,
            gates: Vec::new(),
            features,
            warn,
            screen,
            critical,
            weights,
        };
        let possible = gate::possible(&self.drafts[position].plan.layout, &pattern);
        if !self.kept {
            self.can_be(scope, &pattern, &compiled, possible);
        }
        self.relate(file, position);
        self.drafts[position].plan.patterns.push(pattern);
    }

    /// Some record must satisfy a condition that stands in the file (with what it is asked of), and some must not, unless
    /// it is plainly `true`.
    pub(crate) fn some_record(
        &mut self,
        file: &PatternFile,
        text: &Placed<String>,
        key: &str,
        condition: &Predicate,
    ) -> Option<()> {
        let message = if self.kept {
            return Some(());
        } else if possible::can_hold(condition) == Some(false) {
            "no record can satisfy this, with what its pattern looks at"
        } else if *condition != Predicate::Always(true) && possible::always_holds(condition) {
            "every record satisfies this: leave it out, or write `true`"
        } else {
            return Some(());
        };
        self.wrong(file, text.span.clone(), key, message);
        None
    }

    /// The conditions over features can hold, and can fail.
    fn can_be(&mut self, scope: &Scope<'_>, pattern: &PatternPlan, compiled: &Features, (ever, empty): (May, May)) {
        let file = scope.file;
        let told = |condition, given| possible::mistake(condition, given, &compiled.bounds, &compiled.names);
        let warn = told(&pattern.warn, None).or_else(|| match (ever.hold, empty.fail) {
            (false, _) => Some("this condition can never hold".to_owned()),
            (_, false) => Some("this condition always holds".to_owned()),
            _ => None,
        });
        if let Some(message) = warn {
            self.wrong(file, scope.warn.span.clone(), "warn", message);
            return;
        }
        let critical = pattern.critical.as_ref().and_then(|critical| told(critical, Some(&pattern.warn)));
        if let (Some(message), Some(text)) = (critical, scope.critical) {
            self.wrong(file, text.span.clone(), "critical", message);
        }
    }

    /// Entities that the incidents of all patterns of a draft name, each in one role.
    fn relate(&mut self, file: &PatternFile, position: usize) {
        for (entity, role) in &file.related {
            let plan = &mut self.drafts[position].plan;
            let same = plan.related.iter().find(|(other, _)| other == entity);
            match same.map(|(_, other)| other) {
                None => plan.related.push((*entity, *role)),
                Some(other) if other == role => {}
                Some(_) => {
                    let of = plan.entity.as_str();
                    let name = entity.as_str();
                    let message = format!(
                        "another pattern on `{of}` gives `{name}` another role: a number is a suspect for all or for none"
                    );
                    self.wrong(file, 0..0, &format!("related.{name}"), message);
                }
            }
        }
    }

    /// However it comes to be critical, it rests on two kinds of evidence.
    fn two_kinds(
        &mut self,
        scope: &Scope<'_>,
        warn: &Condition,
        critical: &Condition,
        features: &[evidence::Kinds],
        text: &Placed<String>,
    ) {
        let both = Condition::And(vec![warn.clone(), critical.clone()]);
        if evidence::fewest(&both, features, evidence::kinds(&scope.evidence)) >= 2 {
            return;
        }
        let message = "it can become critical on one kind of evidence alone: ask for a second kind, name the kinds that \
                       features or records are (`evidence`), or say why the fact is certain (`certain`)";
        self.wrong(scope.file, text.span.clone(), "critical", message);
    }

    /// The gate of an aggregated entity, proved to be implied by the records that the pattern looks at.
    fn send_gate(&mut self, file: &PatternFile, entity: EntityName, records: &Predicate) -> Option<Predicate> {
        match (&file.send, entity.local) {
            (Some(send), true) => {
                self.wrong(file, send.span.clone(), "send", "only a pattern on an aggregated entity has a send gate");
                None
            }
            (None, false) => {
                self.wrong(file, 0..0, "send", "missing: a pattern on an aggregated entity has a send gate");
                None
            }
            (None, true) => None,
            (Some(text), false) => {
                let send = self.parsed(file, "send", text, syntax::predicate)?;
                if records.implies(&send) != Some(true) {
                    let message = "not proved to be necessary: every record that `records` takes must pass this gate";
                    self.wrong(file, text.span.clone(), "send", message);
                }
                Some(send)
            }
        }
    }

    /// The draft of this entity. A local entity has one for all patterns without rules. An aggregated one has one for
    /// the patterns that look at the same records through the same gate: what others send is no evidence of theirs. A
    /// rule has its own.
    fn draft(&mut self, scope: &Scope<'_>, entity: EntityName, records: &Predicate, send: Option<Predicate>) -> usize {
        let name = if scope.filter.is_some() { scope.id.clone() } else { String::new() };
        let same = |draft: &Draft| {
            draft.local == entity.local
                && draft.plan.entity == entity.entity
                && draft.plan.scope == name
                && (draft.local || draft.plan.send == send && draft.looked_at.contains(records))
        };
        if let Some(position) = self.drafts.iter().position(same) {
            return position;
        }
        let plan = EntityPlan {
            entity: entity.entity,
            scope: name,
            hash: 0,
            layout: Layout::default(),
            filters: vec![Predicate::Always(false)],
            sieve: Sieve::default(),
            columns: Vec::new(),
            send,
            send_group: 0,
            related: Vec::new(),
            patterns: Vec::new(),
            near_from: Vec::new(),
            first_rests: lancang_window::FirstRests::default(),
        };
        self.drafts.push(Draft { local: entity.local, plan, looked_at: Vec::new() });
        self.drafts.len() - 1
    }

    fn weights(&mut self, scope: &Scope<'_>, names: &[String]) -> Vec<Weight> {
        let mut weights = Vec::new();
        let mut sum = 0.0;
        for weight in scope.weights {
            sum += weight.points;
            let Some(feature) = names.iter().position(|name| *name == weight.feature.value) else {
                let message = format!("unknown feature `{}`", weight.feature.value);
                let file = scope.file;
                let diagnostic =
                    Diagnostic::at(&file.path, &file.text, weight.feature.span.clone(), "weights", message)
                        .with_nearest(&weight.feature.value, names.iter().map(String::as_str));
                self.mistakes.push(diagnostic);
                continue;
            };
            let (points, from, to, threshold) = (weight.points, weight.from, weight.to, weight.threshold);
            weights.push(Weight { feature, points, from, to, threshold });
        }
        if (sum - 100.0_f64).abs() > 1e-9 {
            let span = scope.weights.first().map_or(0..0, |weight| weight.feature.span.clone());
            self.wrong(scope.file, span, "weights", format!("points sum to {sum}, expected 100"));
        }
        weights
    }
}

/// Plans with one send gate stand together, so that a record is held against it once.
fn group_by_gate(plans: &mut [EntityPlan]) {
    let mut gates: Vec<Option<Predicate>> = Vec::new();
    for plan in &mut *plans {
        plan.send_group = position_or_push(&mut gates, plan.send.clone()) as u32;
    }
    plans.sort_by_key(|plan| plan.send_group);
}

fn scopes(file: &PatternFile) -> Vec<Scope<'_>> {
    if file.rules.is_empty() {
        let Some(warn) = &file.warn else { return Vec::new() };
        return vec![Scope {
            file,
            id: file.id.clone(),
            filter: None,
            features: file.features.iter().collect(),
            evidence: file.evidence.clone(),
            certain: file.certain.as_deref(),
            warn,
            critical: file.critical.as_ref(),
            weights: &file.weights,
        }];
    }
    let mut scopes = Vec::new();
    for rule in &file.rules {
        let Some(warn) = rule.warn.as_ref().or(file.warn.as_ref()) else { continue };
        scopes.push(Scope {
            file,
            id: format!("{}/{}", file.id, rule.id),
            filter: Some(&rule.filter),
            features: file.features.iter().chain(&rule.features).collect(),
            evidence: file.evidence.iter().chain(&rule.evidence).copied().collect(),
            certain: rule.certain.as_deref().or(file.certain.as_deref()),
            warn,
            critical: if rule.warn.is_some() {
                rule.critical.as_ref()
            } else {
                rule.critical.as_ref().or(file.critical.as_ref())
            },
            weights: if rule.weights.is_empty() { &file.weights } else { &rule.weights },
        });
    }
    scopes
}

impl Draft {
    /// Index of this aggregate among the draft's primitives, which it joins if need be; the value as features see it
    /// (a duration in seconds is an expression over it).
    pub(crate) fn primitive(
        &mut self,
        aggregate: Aggregate,
        window: WindowSpec,
        counts: Predicate,
        column: Option<Column>,
    ) -> Option<usize> {
        let filter = self.filter(counts)?;
        let column = column.map(|column| position_or_push(&mut self.plan.columns, column));
        if column.is_some_and(|column| column >= BITS_MAX) {
            return None;
        }
        let column = column.and_then(|column| u8::try_from(column).ok());
        let layout = &mut self.plan.layout;
        let window = u8::try_from(position_or_push(&mut layout.windows, window)).ok()?;
        let place = position_or_push(&mut layout.primitives, Primitive { window, filter, column, aggregate });
        (place <= usize::from(u8::MAX)).then_some(place)
    }

    /// Bit of a filter, which joins the draft's if need be.
    pub(crate) fn filter(&mut self, counts: Predicate) -> Option<u8> {
        let filter = position_or_push(&mut self.plan.filters, counts);
        u8::try_from(filter).ok().filter(|filter| usize::from(*filter) < BITS_MAX)
    }

    fn finish(&mut self) {
        let plan = &mut self.plan;
        let mut looked_at = std::mem::take(&mut self.looked_at);
        looked_at.dedup();
        if let [records] = &looked_at[..] {
            // The others are asked only of records that pass the first.
            plan.filters[1..].iter_mut().for_each(|filter| filter.leave_out(records));
        }
        plan.filters[0] = if looked_at.len() == 1 { looked_at.remove(0) } else { Predicate::Or(looked_at) };
        plan.filters = std::mem::take(&mut plan.filters).into_iter().map(Predicate::coded).collect();
        plan.send = plan.send.take().map(Predicate::coded);
        plan.layout.filters = plan.filters.len() as u8;
        plan.layout.columns = plan.columns.len() as u8;
        let numbers = plan.columns.iter().enumerate().filter(|(_, column)| matches!(column, Column::Number(_)));
        plan.layout.numbers = numbers.fold(0, |bits, (index, _)| bits | 1 << index);
        let text = format!("{:?} {} {:?} {:?} {:?}", plan.entity, plan.scope, plan.layout, plan.filters, plan.columns);
        plan.hash = xxh3_64(text.as_bytes());
    }
}

fn position_or_push<T: PartialEq>(list: &mut Vec<T>, value: T) -> usize {
    list.iter().position(|other| *other == value).unwrap_or_else(|| {
        list.push(value);
        list.len() - 1
    })
}
