//! From a pattern's features to aggregates of its entity's windows and arithmetic over them.
//!
//! **Invariant:** features that several patterns of one entity share stand in its layout once.

use lancang_diagnostic::Diagnostic;
use lancang_diagnostic::toml::Placed;
use lancang_window::{Aggregate, WindowSpec};

use crate::compile::{Compiler, Scope};
use crate::evidence::{self, Kinds};
use crate::expression::Expression;
use crate::fields::{KeyField, NumberField, TextField};
use crate::file::{AGGREGATES, AggregateText, ColumnForm, FeatureForm, FeatureText, Measure};
use crate::plan::{Column, Feature};
use crate::possible::Bound;
use crate::predicate::Predicate;
use crate::syntax;

/// The features of one scope, compiled.
#[derive(Default)]
pub(crate) struct Features {
    pub(crate) names: Vec<String>,
    /// Over the primitives of the entity.
    pub(crate) values: Vec<Expression>,
    /// What each is evidence of.
    pub(crate) kinds: Vec<Kinds>,
    /// Where the value of each lies.
    pub(crate) bounds: Vec<Bound>,
    /// Longest window, milliseconds.
    pub(crate) window_ms: i64,
    /// Shortest pane, milliseconds.
    pub(crate) pane_ms: i64,
}

impl Features {
    pub(crate) fn features(&self) -> Vec<Feature> {
        let both = self.names.iter().zip(&self.values);
        both.map(|(name, value)| Feature { name: name.clone(), value: value.clone() }).collect()
    }
}

/// One feature on its way into the layout of draft `position`.
struct Place<'f, 'a> {
    scope: &'a Scope<'f>,
    position: usize,
    key: String,
    window: WindowSpec,
    /// Which records count.
    counts: Predicate,
}

impl Compiler {
    pub(crate) fn features(&mut self, scope: &Scope<'_>, position: usize, records: &Predicate) -> Option<Features> {
        let mut features = Features { pane_ms: i64::MAX, ..Features::default() };
        for feature in &scope.features {
            let key = format!("features.{}", feature.name.value);
            let (value, usual, bound) = match &feature.form {
                FeatureForm::Value(text) => {
                    let read = self.parsed(scope.file, &key, text, |text| syntax::expression(text, &features.names))?;
                    let kinds = evidence::of_first(&read, &features.kinds);
                    let bound = Bound::of(&read, &features.bounds);
                    (read.over(&|index| features.values[index].clone()), kinds, bound)
                }
                FeatureForm::Aggregate(text) => {
                    let value = self.aggregate(scope, position, records, feature, text, &features)?;
                    if text.window_ms > 0 {
                        features.window_ms = features.window_ms.max(text.window_ms);
                        features.pane_ms = features.pane_ms.min(text.window_ms / text.panes);
                    }
                    (value, evidence::bit(evidence::usual(text.measure)), Bound::of_aggregate(text))
                }
            };
            features.bounds.push(bound);
            features.kinds.push(feature.evidence.map_or(usual, evidence::bit));
            features.names.push(feature.name.value.clone());
            features.values.push(value);
        }
        Some(features)
    }

    fn aggregate(
        &mut self,
        scope: &Scope<'_>,
        position: usize,
        records: &Predicate,
        feature: &FeatureText,
        text: &AggregateText,
        before: &Features,
    ) -> Option<Expression> {
        let file = scope.file;
        let key = format!("features.{}", feature.name.value);
        let mut counts = records.clone();
        if let Some(filter) = &text.filter {
            let key = format!("{key}.where");
            counts = counts.and(self.parsed(file, &key, filter, syntax::predicate)?);
            self.some_record(file, filter, &key, &counts)?;
        }
        let window = WindowSpec { length_ms: text.window_ms, panes: u32::try_from(text.panes).unwrap_or(1) };
        let place = Place { scope, position, key, window, counts };
        let local = self.drafts[position].local;
        let elsewhere = match (text.measure, local) {
            (Measure::Of(Aggregate::CountAtHome), true) => {
                Some("only an aggregated entity's owner knows who is at home")
            }
            (Measure::Baseline, true) => Some("only of an aggregated entity is the past of each hour kept"),
            _ => None,
        };
        if let Some(message) = elsewhere {
            self.wrong(file, feature.name.span.clone(), &place.key, message);
            return None;
        }
        match text.measure {
            Measure::Of(aggregate) => self.plain(&place, aggregate, text.of.as_ref()),
            Measure::Mean => self.mean(&place, text.of.as_ref()?),
            Measure::Share => self.share(&place, text.of.as_ref()?),
            Measure::Regularity => self.regularity(&place),
            Measure::Reciprocity => self.reciprocity(&place),
            Measure::Sequence => self.sequence(&place, text),
            Measure::Baseline => self.baseline(&place, text.of.as_ref()?, before),
        }
    }

    fn plain(
        &mut self,
        place: &Place<'_, '_>,
        aggregate: Aggregate,
        of: Option<&Placed<String>>,
    ) -> Option<Expression> {
        let duration = Some(Column::Number(NumberField::DurationMs));
        let column = match aggregate {
            Aggregate::Busy | Aggregate::Concurrency => duration,
            _ => match of {
                Some(of) => Some(self.column(place, aggregate, of)?),
                None => None,
            },
        };
        let value = self.primitive(place, aggregate, place.counts.clone(), column)?;
        Some(match (aggregate, column) {
            (Aggregate::Busy | Aggregate::GapMean | Aggregate::GapDeviation, _) => over(value, 1000.0),
            (Aggregate::Sum | Aggregate::Min | Aggregate::Max, Some(Column::Number(field))) if field.scale() != 1.0 => {
                over(value, field.scale())
            }
            _ => value,
        })
    }

    fn mean(&mut self, place: &Place<'_, '_>, of: &Placed<String>) -> Option<Expression> {
        let column = self.column(place, Aggregate::Sum, of)?;
        let sum = self.plain(place, Aggregate::Sum, Some(of))?;
        let count = self.primitive(place, Aggregate::Count, place.counts.clone(), Some(column))?;
        Some(divide(sum, count))
    }

    fn share(&mut self, place: &Place<'_, '_>, text: &Placed<String>) -> Option<Expression> {
        let key = format!("{}.of", place.key);
        let of = self.parsed(place.scope.file, &key, text, syntax::predicate)?;
        let part = place.counts.clone().and(of);
        self.some_record(place.scope.file, text, &key, &part)?;
        let part = self.primitive(place, Aggregate::Count, part, None)?;
        let whole = self.primitive(place, Aggregate::Count, place.counts.clone(), None)?;
        Some(divide(part, whole))
    }

    fn regularity(&mut self, place: &Place<'_, '_>) -> Option<Expression> {
        let deviation = self.primitive(place, Aggregate::GapDeviation, place.counts.clone(), None)?;
        let mean = self.primitive(place, Aggregate::GapMean, place.counts.clone(), None)?;
        Some(Expression::Subtract(Box::new(Expression::Number(1.0)), Box::new(divide(deviation, mean))))
    }

    /// |called ∩ heard from| = |called| + |heard from| − |called ∪ heard from|.
    fn reciprocity(&mut self, place: &Place<'_, '_>) -> Option<Expression> {
        let direction = |name: &str| Predicate::TextIs(TextField::Direction, name.to_owned());
        let (out, inward) = (direction("outgoing"), direction("incoming"));
        let either = Predicate::Or(vec![out.clone(), inward.clone()]);
        let mut others = |filter: Predicate| {
            let counts = place.counts.clone().and(filter);
            self.primitive(place, Aggregate::Distinct, counts, Some(Column::Key(KeyField::Other)))
        };
        let (called, heard, all) = (others(out)?, others(inward)?, others(either)?);
        let both = Expression::Add(Box::new(called.clone()), Box::new(heard));
        Some(divide(Expression::Subtract(Box::new(both), Box::new(all)), called))
    }

    fn sequence(&mut self, place: &Place<'_, '_>, text: &AggregateText) -> Option<Expression> {
        let (first, then, within_ms) = text.sequence.as_ref()?;
        let file = place.scope.file;
        let mut end = |name: &str, text: &Placed<String>| {
            let key = format!("{}.{name}", place.key);
            let counts = place.counts.clone().and(self.parsed(file, &key, text, syntax::predicate)?);
            self.some_record(file, text, &key, &counts).map(|()| counts)
        };
        let (first, then) = (end("first", first)?, end("then", then)?);
        let Some(then) = self.drafts[place.position].filter(then) else {
            return self.too_many(place);
        };
        let aggregate = Aggregate::Sequence { then, within_ms: *within_ms };
        let duration = Some(Column::Number(NumberField::DurationMs));
        self.primitive(place, aggregate, first, duration)
    }

    fn baseline(&mut self, place: &Place<'_, '_>, of: &Placed<String>, before: &Features) -> Option<Expression> {
        let value = before.names.iter().position(|name| *name == of.value).map(|index| &before.values[index]);
        let key = format!("{}.of", place.key);
        let file = place.scope.file;
        let Some(value) = value else {
            let message = format!("unknown feature `{}`", of.value);
            let diagnostic = Diagnostic::at(&file.path, &file.text, of.span.clone(), key, message);
            self.mistakes.push(diagnostic.with_nearest(&of.value, before.names.iter().map(String::as_str)));
            return None;
        };
        let primitive = match value {
            Expression::Value(primitive) => u8::try_from(*primitive).ok(),
            _ => None,
        };
        let Some(of_primitive) = primitive else {
            self.wrong(file, of.span.clone(), &key, "a baseline is of a count or a distinct count");
            return None;
        };
        let primitives = &self.drafts[place.position].plan.layout.primitives;
        let primitive = primitives[usize::from(of_primitive)];
        if !matches!(primitive.aggregate, Aggregate::Count | Aggregate::Distinct) {
            self.wrong(file, of.span.clone(), &key, "a baseline is of a count or a distinct count");
            return None;
        }
        let window = self.drafts[place.position].plan.layout.windows[usize::from(primitive.window)];
        let place = Place { window, counts: place.counts.clone(), key, ..*place };
        self.primitive(&place, Aggregate::Baseline { of: of_primitive }, place.counts.clone(), None)
    }

    fn primitive(
        &mut self,
        place: &Place<'_, '_>,
        aggregate: Aggregate,
        counts: Predicate,
        column: Option<Column>,
    ) -> Option<Expression> {
        match self.drafts[place.position].primitive(aggregate, place.window, counts, column) {
            Some(value) => Some(Expression::Value(value)),
            None => self.too_many(place),
        }
    }

    fn too_many<T>(&mut self, place: &Place<'_, '_>) -> Option<T> {
        let name = place.key.trim_start_matches("features.");
        let feature = place.scope.features.iter().find(|feature| feature.name.value == name);
        let span = feature.map_or(0..0, |feature| feature.name.span.clone());
        let message = "more than 64 filters or columns, or more than 256 aggregates, of one entity";
        self.wrong(place.scope.file, span, &place.key, message);
        None
    }

    fn column(&mut self, place: &Place<'_, '_>, aggregate: Aggregate, of: &Placed<String>) -> Option<Column> {
        let form = AGGREGATES.iter().find(|(_, (measure, _))| *measure == Measure::Of(aggregate));
        let form = form.map(|(_, (_, form))| *form);
        let column = match form {
            Some(ColumnForm::Number) => syntax::number_field(&of.value).map(Column::Number),
            Some(ColumnForm::Party) => syntax::key_field(&of.value)
                .filter(|field| matches!(field, KeyField::Caller | KeyField::Callee | KeyField::Other))
                .map(Column::Key),
            _ => syntax::key_field(&of.value).map(Column::Key),
        };
        if column.is_none() {
            let numbers = || crate::fields::NUMBERS.iter().map(|field| field.0);
            let keys = || crate::fields::KEYS.iter().map(|field| field.0);
            let valid: Vec<&str> = match form {
                Some(ColumnForm::Number) => numbers().collect(),
                Some(ColumnForm::Party) => vec!["caller", "callee", "other"],
                _ => keys().collect(),
            };
            let file = place.scope.file;
            let message = format!("unknown field `{}` for this aggregate", of.value);
            let key = format!("{}.of", place.key);
            let diagnostic = Diagnostic::at(&file.path, &file.text, of.span.clone(), key, message);
            self.mistakes.push(diagnostic.with_nearest(&of.value, valid));
        }
        column
    }
}

fn divide(left: Expression, right: Expression) -> Expression {
    Expression::Divide(Box::new(left), Box::new(right))
}

fn over(value: Expression, scale: f64) -> Expression {
    divide(value, Expression::Number(scale))
}
