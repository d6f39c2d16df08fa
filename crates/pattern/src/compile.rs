//! From pattern files to a plan: features shared, gates found, everything checked.
//!
//! Rules:
//! - filters, columns, windows and aggregates that several patterns of one entity use stand in its layout once;
//! - bit 0 of the filters is the union of what the entity's patterns look at;
//! - a local entity's gate is necessary (`gate.rs`);
//! - an aggregated entity's send gate must be implied by what its patterns look at.

use std::ops::Range as Span;

use lancang_diagnostic::Diagnostic;
use lancang_diagnostic::toml::Placed;
use lancang_window::{Aggregate, Layout, Primitive, WindowSpec};
use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::xxh3_64;

use crate::expression::Expression;
use crate::file::{AGGREGATES, ColumnForm, EntityName, FeatureForm, FeatureText, PatternFile, WeightText};
use crate::gate;
use crate::limits::{BITS_MAX, GRID_MS};
use crate::plan::{Column, EntityPlan, Feature, PatternPlan, Plan, Weight};
use crate::predicate::Predicate;
use crate::syntax::{self, SyntaxError};

/// Compiles pattern files.
///
/// # Errors
/// Every mistake of every file.
pub fn plan(files: &[PatternFile]) -> Result<Plan, Vec<Diagnostic>> {
    let mut compiler = Compiler::default();
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
struct Compiler {
    drafts: Vec<Draft>,
    mistakes: Vec<Diagnostic>,
}

struct Draft {
    local: bool,
    plan: EntityPlan,
    looked_at: Vec<Predicate>,
}

/// What one scope of a pattern is compiled from: the pattern itself, or one of its rules.
struct Scope<'f> {
    file: &'f PatternFile,
    id: String,
    filter: Option<&'f Placed<String>>,
    features: Vec<&'f FeatureText>,
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

    fn wrong(&mut self, file: &PatternFile, span: Span<usize>, key: &str, message: impl Into<String>) {
        self.mistakes.push(Diagnostic::at(&file.path, &file.text, span, key, message));
    }

    fn parsed<T>(
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
        if let Some(filter) = scope.filter {
            let Some(filter) = self.parsed(file, "rules.where", filter, syntax::predicate) else { return };
            records = records.and(filter);
        }
        let send = self.send_gate(file, entity, &records);
        let position = self.draft(scope, entity);
        self.drafts[position].looked_at.push(records.clone());
        if let Some(send) = send {
            let either = match self.drafts[position].plan.send.take() {
                Some(other) if other != send => Predicate::Or(vec![other, send]),
                _ => send,
            };
            self.drafts[position].plan.send = Some(either);
        }
        let Some((names, features, window_ms, pane_ms)) = self.features(scope, position, &records) else { return };
        let weights = self.weights(scope, &names);
        let Some(warn) = self.parsed(file, "warn", scope.warn, |text| syntax::condition(text, &names)) else { return };
        let critical = match scope.critical {
            Some(text) => match self.parsed(file, "critical", text, |text| syntax::condition(text, &names)) {
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
        if self.mistakes.iter().any(|mistake| mistake.path == file.path) {
            return;
        }
        let pattern = PatternPlan {
            id: file.id.clone(),
            version: file.version,
            hash: Sha256::digest(file.text.as_bytes()).into(),
            family: file.family.clone(),
            mode,
            cooldown_ms: file.cooldown_ms,
            window_ms,
            pane_ms,
            suppress: file.suppress.iter().map(|list| list.value.clone()).collect(),
            features,
            warn,
            critical,
            weights,
        };
        let (ever, empty) = gate::possible(&self.drafts[position].plan.layout, &pattern);
        let (never, always) = (!ever.hold, !empty.fail);
        if never || always {
            let message = if never { "this condition can never hold" } else { "this condition always holds" };
            self.wrong(file, scope.warn.span.clone(), "warn", message);
        }
        let draft = &mut self.drafts[position];
        if let Some((_, Some(index))) = victims
            && let Some(Expression::Value(primitive)) = pattern.features.get(index).map(|feature| feature.value.clone())
        {
            draft.plan.victims.get_or_insert(primitive);
        }
        for related in &file.related {
            if !draft.plan.related.contains(related) {
                draft.plan.related.push(*related);
            }
        }
        draft.plan.patterns.push(pattern);
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

    /// The draft of this entity: shared by patterns without rules, a rule's own otherwise.
    fn draft(&mut self, scope: &Scope<'_>, entity: EntityName) -> usize {
        let name = if scope.filter.is_some() { scope.id.clone() } else { String::new() };
        let same = |draft: &Draft| {
            draft.local == entity.local && draft.plan.entity == entity.entity && draft.plan.scope == name
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
            columns: Vec::new(),
            send: None,
            send_group: 0,
            gate: Vec::new(),
            related: Vec::new(),
            victims: None,
            patterns: Vec::new(),
        };
        self.drafts.push(Draft { local: entity.local, plan, looked_at: Vec::new() });
        self.drafts.len() - 1
    }

    #[allow(clippy::type_complexity, reason = "names, features, longest window and shortest pane of one scope")]
    fn features(
        &mut self,
        scope: &Scope<'_>,
        position: usize,
        records: &Predicate,
    ) -> Option<(Vec<String>, Vec<Feature>, i64, i64)> {
        let file = scope.file;
        let (mut names, mut compiled): (Vec<String>, Vec<Expression>) = (Vec::new(), Vec::new());
        let (mut window_ms, mut pane_ms) = (0, i64::MAX);
        for feature in &scope.features {
            let key = format!("features.{}", feature.name.value);
            let value = match &feature.form {
                FeatureForm::Value(text) => {
                    let read = self.parsed(file, &key, text, |text| syntax::expression(text, &names))?;
                    substitute(read, &compiled)
                }
                FeatureForm::Aggregate { aggregate, of, filter, window, panes } => {
                    window_ms = window_ms.max(window.value);
                    pane_ms = pane_ms.min(window.value / panes);
                    let mut counts = records.clone();
                    if let Some(text) = filter {
                        counts = counts.and(self.parsed(file, &format!("{key}.where"), text, syntax::predicate)?);
                    }
                    let column = match of {
                        Some(of) => Some(self.column(file, &key, *aggregate, of)?),
                        None => None,
                    };
                    let window = WindowSpec { length_ms: window.value, panes: u32::try_from(*panes).unwrap_or(1) };
                    let Some(value) = self.drafts[position].primitive(*aggregate, window, counts, column) else {
                        self.wrong(
                            file,
                            feature.name.span.clone(),
                            &key,
                            "more than 64 filters or columns of one entity",
                        );
                        return None;
                    };
                    if *aggregate == Aggregate::CountAtHome && self.drafts[position].local {
                        let message = "only an aggregated entity's owner knows who is at home";
                        self.wrong(file, feature.name.span.clone(), &key, message);
                    }
                    match column {
                        Some(Column::Number(field)) if field.scale() != 1.0 => Expression::Divide(
                            Box::new(Expression::Value(value)),
                            Box::new(Expression::Number(field.scale())),
                        ),
                        _ => Expression::Value(value),
                    }
                }
            };
            names.push(feature.name.value.clone());
            compiled.push(value);
        }
        let features = names.iter().zip(compiled).map(|(name, value)| Feature { name: name.clone(), value }).collect();
        Some((names, features, window_ms, pane_ms))
    }

    fn column(&mut self, file: &PatternFile, key: &str, aggregate: Aggregate, of: &Placed<String>) -> Option<Column> {
        let form = AGGREGATES.iter().find(|(_, (other, _))| *other == aggregate).map(|(_, (_, form))| *form);
        let column = match form {
            Some(ColumnForm::Number) => syntax::number_field(&of.value).map(Column::Number),
            _ => syntax::key_field(&of.value).map(Column::Key),
        };
        if column.is_none() {
            let numbers = crate::fields::NUMBERS.iter().map(|field| field.0);
            let keys = crate::fields::KEYS.iter().map(|field| field.0);
            let valid: Vec<&str> = if form == Some(ColumnForm::Number) { numbers.collect() } else { keys.collect() };
            let message = format!("unknown field `{}` for this aggregate", of.value);
            let diagnostic = Diagnostic::at(&file.path, &file.text, of.span.clone(), format!("{key}.of"), message);
            self.mistakes.push(diagnostic.with_nearest(&of.value, valid));
        }
        column
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

/// Arithmetic over features turned into arithmetic over primitives.
fn substitute(expression: Expression, features: &[Expression]) -> Expression {
    let both = |left: Box<Expression>, right: Box<Expression>| {
        (Box::new(substitute(*left, features)), Box::new(substitute(*right, features)))
    };
    match expression {
        Expression::Number(_) => expression,
        Expression::Value(index) => features[index].clone(),
        Expression::Add(left, right) => {
            let (left, right) = both(left, right);
            Expression::Add(left, right)
        }
        Expression::Subtract(left, right) => {
            let (left, right) = both(left, right);
            Expression::Subtract(left, right)
        }
        Expression::Multiply(left, right) => {
            let (left, right) = both(left, right);
            Expression::Multiply(left, right)
        }
        Expression::Divide(left, right) => {
            let (left, right) = both(left, right);
            Expression::Divide(left, right)
        }
    }
}

impl Draft {
    /// Index of this aggregate among the draft's primitives, which it joins if need be; the value as features see it
    /// (a duration in seconds is an expression over it).
    fn primitive(
        &mut self,
        aggregate: Aggregate,
        window: WindowSpec,
        counts: Predicate,
        column: Option<Column>,
    ) -> Option<usize> {
        let layout = &mut self.plan.layout;
        let window = u8::try_from(position_or_push(&mut layout.windows, window)).ok()?;
        let filter = position_or_push(&mut self.plan.filters, counts);
        let column = column.map(|column| position_or_push(&mut self.plan.columns, column));
        if filter >= BITS_MAX || column.is_some_and(|column| column >= BITS_MAX) {
            return None;
        }
        let column = column.and_then(|column| u8::try_from(column).ok());
        let primitive = Primitive { window, filter: u8::try_from(filter).ok()?, column, aggregate };
        Some(position_or_push(&mut layout.primitives, primitive))
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
