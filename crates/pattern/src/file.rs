//! A pattern file: what stands in it, read with every mistake at once.
//!
//! The grammar is in `docs/patterns.md`; a new aggregate is one line in [`AGGREGATES`].

use std::ops::Range;

use lancang_diagnostic::Diagnostic;
use lancang_diagnostic::toml::{Mistakes, Placed, Table, parse};
use lancang_window::Aggregate;

use crate::evidence::{EVIDENCE, Evidence};
use crate::limits::{PANES, WINDOW_MS_MAX};
use crate::plan::{EntityType, Mode, Role};

/// An entity as a pattern names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityName {
    /// Its type.
    pub entity: EntityType,
    /// Whether it is judged at each record.
    pub local: bool,
}

const fn local(entity: EntityType) -> EntityName {
    EntityName { entity, local: true }
}

const fn aggregated(entity: EntityType) -> EntityName {
    EntityName { entity, local: false }
}

/// Names of entities in pattern files.
pub const ENTITIES: [(&str, EntityName); 10] = [
    ("caller", local(EntityType::Caller)),
    ("callee", local(EntityType::Callee)),
    ("sim", local(EntityType::Sim)),
    ("foreign_caller", aggregated(EntityType::Caller)),
    ("device", aggregated(EntityType::Device)),
    ("cell", aggregated(EntityType::Cell)),
    ("trunk", aggregated(EntityType::Trunk)),
    ("block", aggregated(EntityType::Block)),
    ("template", aggregated(EntityType::Template)),
    ("domain", aggregated(EntityType::Domain)),
];

/// What a feature measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// One aggregate of the windows.
    Of(Aggregate),
    /// Sum over the number of records that have the field.
    Mean,
    /// Of the records that count, the part that satisfies a condition.
    Share,
    /// 1 − deviation / mean of the gaps: 1 for a clock, about 0 for chance.
    Regularity,
    /// Of the parties that the entity calls, the part that calls it too.
    Reciprocity,
    /// Second events that begin during a first one or within a time after it.
    Sequence,
    /// How far another feature lies over what it was at the same hour on other days.
    Baseline,
}

/// Names of measures and what `of` names.
#[rustfmt::skip]
pub const AGGREGATES: [(&str, (Measure, ColumnForm)); 18] = [
    ("count", (Measure::Of(Aggregate::Count), ColumnForm::None)),
    ("sum", (Measure::Of(Aggregate::Sum), ColumnForm::Number)),
    ("min", (Measure::Of(Aggregate::Min), ColumnForm::Number)),
    ("max", (Measure::Of(Aggregate::Max), ColumnForm::Number)),
    ("mean", (Measure::Mean, ColumnForm::Number)),
    ("distinct", (Measure::Of(Aggregate::Distinct), ColumnForm::Key)),
    ("share", (Measure::Share, ColumnForm::Condition)),
    ("entropy", (Measure::Of(Aggregate::Entropy), ColumnForm::Key)),
    ("busy", (Measure::Of(Aggregate::Busy), ColumnForm::None)),
    ("concurrency", (Measure::Of(Aggregate::Concurrency), ColumnForm::None)),
    ("gap_mean", (Measure::Of(Aggregate::GapMean), ColumnForm::None)),
    ("gap_deviation", (Measure::Of(Aggregate::GapDeviation), ColumnForm::None)),
    ("regularity", (Measure::Regularity, ColumnForm::None)),
    ("longest_run", (Measure::Of(Aggregate::Run), ColumnForm::Party)),
    ("reciprocity", (Measure::Reciprocity, ColumnForm::None)),
    ("sequence", (Measure::Sequence, ColumnForm::None)),
    ("baseline", (Measure::Baseline, ColumnForm::Feature)),
    ("count_at_home", (Measure::Of(Aggregate::CountAtHome), ColumnForm::Key)),
];

/// What `of` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnForm {
    /// Nothing.
    None,
    /// A number field.
    Number,
    /// A key field.
    Key,
    /// The caller or the callee: a key field that holds numbers.
    Party,
    /// A condition over the record.
    Condition,
    /// A feature that stands before.
    Feature,
}

/// Names of roles.
pub const ROLES: [(&str, Role); 4] =
    [("suspect", Role::Suspect), ("used", Role::Used), ("impersonated", Role::Impersonated), ("victim", Role::Victim)];

/// A pattern file, read.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "docs/patterns.md explains the keys")]
pub struct PatternFile {
    pub path: String,
    pub text: String,
    pub id: String,
    pub version: u32,
    pub family: String,
    pub title: String,
    pub description: String,
    pub category: String,
    pub tags: Vec<String>,
    pub requires: Vec<String>,
    pub sources: Vec<String>,
    pub blind: String,
    pub entities: Vec<EntityName>,
    pub records: Placed<String>,
    pub send: Option<Placed<String>>,
    pub mode: Option<Mode>,
    pub cooldown_ms: i64,
    pub suppress: Vec<Placed<String>>,
    pub victims: Option<Placed<String>>,
    pub related: Vec<(EntityType, Role)>,
    pub features: Vec<FeatureText>,
    pub warn: Option<Placed<String>>,
    pub critical: Option<Placed<String>>,
    pub weights: Vec<WeightText>,
    pub rules: Vec<RuleText>,
    pub evidence: Vec<Evidence>,
    pub certain: Option<String>,
}

/// A feature as written.
#[derive(Clone, Debug)]
pub struct FeatureText {
    /// Name.
    pub name: Placed<String>,
    /// What it is.
    pub form: FeatureForm,
    /// What kind of evidence it is, where the file says so.
    pub evidence: Option<Evidence>,
}

/// An aggregate over a window as written.
#[derive(Clone, Debug)]
pub struct AggregateText {
    /// Which.
    pub measure: Measure,
    /// What it is of, where it needs that.
    pub of: Option<Placed<String>>,
    /// Which records count.
    pub filter: Option<Placed<String>>,
    /// Sequence: which records stand first and which second, and how long after the first, milliseconds.
    pub sequence: Option<(Placed<String>, Placed<String>, i64)>,
    /// Length of the window, milliseconds; of a baseline 0.
    pub window_ms: i64,
    /// Number of panes.
    pub panes: i64,
}

/// What a feature is.
#[derive(Clone, Debug)]
pub enum FeatureForm {
    /// An aggregate over a window.
    Aggregate(AggregateText),
    /// Arithmetic over features that stand before it.
    Value(Placed<String>),
}

/// A weight as written.
#[derive(Clone, Debug)]
pub struct WeightText {
    /// Feature.
    pub feature: Placed<String>,
    /// Points at most.
    pub points: f64,
    /// Value worth nothing.
    pub from: f64,
    /// Value worth all points.
    pub to: f64,
    /// Limit shown with the reason.
    pub threshold: f64,
}

/// A rule as written.
#[derive(Clone, Debug)]
pub struct RuleText {
    /// Its id.
    pub id: String,
    /// Which of the pattern's records it looks at.
    pub filter: Placed<String>,
    /// Features of its own.
    pub features: Vec<FeatureText>,
    /// Its condition, the pattern's where absent.
    pub warn: Option<Placed<String>>,
    /// Its condition, the pattern's where absent.
    pub critical: Option<Placed<String>>,
    /// Its weights, the pattern's where there are none.
    pub weights: Vec<WeightText>,
    /// Kinds of evidence that its records are by themselves.
    pub evidence: Vec<Evidence>,
    /// Why one of its facts is enough by itself.
    pub certain: Option<String>,
}

/// Reads a pattern file.
///
/// # Errors
/// Every mistake of form; conditions are read by the compiler.
pub fn read(path: &str, text: &str) -> Result<PatternFile, Vec<Diagnostic>> {
    let mistakes = Mistakes::new(path, text);
    let document = parse(&mistakes);
    let root = Table::root(&mistakes, &document);
    let file = pattern(path, text, &root);
    root.finish();
    match file {
        Some(file) if mistakes.is_empty() => Ok(file),
        _ => Err(mistakes.into_sorted()),
    }
}

fn pattern(path: &str, text: &str, root: &Table<'_, '_>) -> Option<PatternFile> {
    let id = root.required_text("id");
    if let Some(id) = &id {
        let stem = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".toml");
        if id.value != stem {
            root.wrong(id.span.clone(), "id", format!("expected the file's name, `{stem}`"));
        }
    }
    let version = root.required_integer("version", 1..=1_000_000);
    let family = root.required_text("family");
    let title = root.required_text("title");
    let entities = entities(root);
    let records = root.required_text("records");
    let mode = root.name_of("mode", &[("live", Some(Mode::Live)), ("shadow", Some(Mode::Shadow)), ("off", None)]);
    let texts = |key| root.texts(key).into_iter().map(|text| text.value).collect();
    let file = PatternFile {
        path: path.to_owned(),
        text: text.to_owned(),
        id: id?.value,
        version: u32::try_from(version?.value).ok()?,
        family: family?.value,
        title: title?.value,
        description: root.text("description").map(|text| text.value).unwrap_or_default(),
        category: root.text("category").map(|text| text.value).unwrap_or_default(),
        tags: texts("tags"),
        requires: texts("requires"),
        sources: texts("sources"),
        blind: root.text("blind").map(|text| text.value).unwrap_or_default(),
        entities,
        records: records?,
        send: root.text("send"),
        mode: mode.map_or(Some(Mode::Live), |mode| mode.value),
        cooldown_ms: root.duration_ms("cooldown").map_or(15 * 60_000, |cooldown| cooldown.value),
        suppress: root.texts("suppress"),
        victims: root.text("victims"),
        related: related(root),
        features: features(root),
        warn: root.text("warn"),
        critical: root.text("critical"),
        weights: weights(root),
        rules: rules(root),
        evidence: evidence(root),
        certain: root.text("certain").map(|text| text.value),
    };
    if file.warn.is_none() && file.rules.iter().any(|rule| rule.warn.is_none())
        || file.warn.is_none() && file.rules.is_empty()
    {
        root.wrong(0..0, "warn", "missing: expected a condition over features");
    }
    Some(file)
}

fn entities(root: &Table<'_, '_>) -> Vec<EntityName> {
    let texts = root.required_texts("entity", "[\"caller\"]");
    let mut entities = Vec::new();
    for text in texts {
        match ENTITIES.iter().find(|(name, _)| *name == text.value) {
            Some((_, entity)) => entities.push(*entity),
            None => {
                let message = format!("unknown entity `{}`", text.value);
                let names = ENTITIES.iter().map(|(name, _)| *name);
                root.mistakes().unknown(text.span, "entity", message, &text.value, names);
            }
        }
    }
    entities
}

fn related(root: &Table<'_, '_>) -> Vec<(EntityType, Role)> {
    let Some(table) = root.table("related") else { return Vec::new() };
    let mut related = Vec::new();
    for (entity, role) in table.named_texts() {
        let entity_type = EntityType::named(&entity.value);
        let role_found = ROLES.iter().find(|(name, _)| *name == role.value);
        if entity_type.is_none() {
            let names = EntityType::ALL.iter().map(|(name, _)| *name);
            table.mistakes().unknown(entity.span, table.key(&entity.value), "unknown entity", &entity.value, names);
        }
        if role_found.is_none() {
            let names = ROLES.iter().map(|(name, _)| *name);
            table.mistakes().unknown(role.span, table.key(&entity.value), "unknown role", &role.value, names);
        }
        if let (Some(entity), Some((_, role))) = (entity_type, role_found) {
            related.push((entity, *role));
        }
    }
    related
}

fn evidence(table: &Table<'_, '_>) -> Vec<Evidence> {
    let mut found = Vec::new();
    for text in table.texts("evidence") {
        match EVIDENCE.iter().find(|(name, _)| *name == text.value) {
            Some((_, evidence)) => found.push(*evidence),
            None => {
                let names = EVIDENCE.iter().map(|(name, _)| *name);
                table.mistakes().unknown(text.span, "evidence", "unknown kind of evidence", &text.value, names);
            }
        }
    }
    found
}

fn features(table: &Table<'_, '_>) -> Vec<FeatureText> {
    let Some(features) = table.table("features") else { return Vec::new() };
    features.named_tables().into_iter().filter_map(|(name, table)| feature(name, table)).collect()
}

fn feature(name: Placed<String>, table: Table<'_, '_>) -> Option<FeatureText> {
    let form = match table.text("value") {
        Some(value) => Some(FeatureForm::Value(value)),
        None => aggregate(&table).map(FeatureForm::Aggregate),
    };
    let evidence = table.name_of("evidence", &EVIDENCE).map(|evidence| evidence.value);
    table.finish();
    form.map(|form| FeatureText { name, form, evidence })
}

fn aggregate(table: &Table<'_, '_>) -> Option<AggregateText> {
    let aggregate = table.name_of("aggregate", &AGGREGATES);
    if aggregate.is_none() && !table.has("aggregate") {
        table.wrong(table.span(), "aggregate", "missing: expected `aggregate` with a `window`, or `value`");
    }
    let of = table.text("of");
    let filter = table.text("where");
    let window = table.duration_ms("window");
    let panes = table.integer("panes", 1..=288).map_or(PANES, |panes| panes.value);
    let (first, then, within) = (table.text("first"), table.text("then"), table.duration_ms("within"));
    if let Some(within) = within.as_ref().filter(|within| within.value > WINDOW_MS_MAX) {
        table.wrong(within.span.clone(), "within", "expected at most 30d");
    }
    let (measure, form) = aggregate?.value;
    match (form, &of) {
        (ColumnForm::None, Some(of)) => {
            table.wrong(of.span.clone(), "of", "this aggregate is of nothing: leave it out")
        }
        (ColumnForm::None, None) | (_, Some(_)) => {}
        (ColumnForm::Condition, None) => {
            table.wrong(table.span(), "of", "missing: expected a condition over the record")
        }
        (ColumnForm::Feature, None) => {
            table.wrong(table.span(), "of", "missing: expected a feature that stands before")
        }
        (_, None) => table.wrong(table.span(), "of", "missing: expected the field that is aggregated"),
    }
    let sequence = match (measure, first, then, within) {
        (Measure::Sequence, Some(first), Some(then), Some(within)) => Some((first, then, within.value)),
        (Measure::Sequence, ..) => {
            table.wrong(
                table.span(),
                "first",
                "a sequence has `first` and `then`, conditions over the record, and `within`",
            );
            None
        }
        (_, None, None, None) => None,
        _ => {
            table.wrong(table.span(), "first", "only a sequence has `first`, `then` and `within`");
            None
        }
    };
    let window_ms = match window {
        _ if measure == Measure::Baseline => {
            if let Some(window) = window {
                table.wrong(window.span, "window", "a baseline has the window of the feature that it is of");
            }
            0
        }
        None => {
            if !table.has("window") {
                table.wrong(table.span(), "window", "missing: expected a length such as `1h`");
            }
            return None;
        }
        Some(window) => {
            if window.value > WINDOW_MS_MAX {
                table.wrong(window.span.clone(), "window", "expected at most 30d");
            }
            if window.value % panes != 0 {
                let message = format!("expected a multiple of {panes} milliseconds (its panes)");
                table.wrong(window.span.clone(), "window", message);
            }
            window.value
        }
    };
    Some(AggregateText { measure, of, filter, sequence, window_ms, panes })
}

fn weights(table: &Table<'_, '_>) -> Vec<WeightText> {
    let Some(weights) = table.table("weights") else { return Vec::new() };
    let mut read = Vec::new();
    for (feature, table) in weights.named_tables() {
        let number = |key| table.required_number(key).map_or(0.0, |found| found.value);
        let (points, from, to) = (number("points"), number("from"), number("to"));
        let threshold = table.number("threshold").map_or(from, |threshold| threshold.value);
        table.finish();
        read.push(WeightText { feature, points, from, to, threshold });
    }
    read
}

fn rules(root: &Table<'_, '_>) -> Vec<RuleText> {
    let mut rules = Vec::new();
    for table in root.tables("rules") {
        let id = table.required_text("id");
        let filter = table.required_text("where");
        let rule = RuleText {
            id: id.map(|id| id.value).unwrap_or_default(),
            filter: filter.unwrap_or(Placed { value: "false".to_owned(), span: Range::default() }),
            features: features(&table),
            warn: table.text("warn"),
            critical: table.text("critical"),
            weights: weights(&table),
            evidence: evidence(&table),
            certain: table.text("certain").map(|text| text.value),
        };
        table.finish();
        rules.push(rule);
    }
    rules
}
