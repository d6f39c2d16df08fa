//! A compiled pack: what the engine runs.
//!
//! A pack is compiled once, shared behind an `Arc`, and changes only where a control record says so.
//! **Invariants:**
//! - local entities (an own caller, a callee, a SIM) are judged at each record by the record task;
//! - aggregated entities are judged at pane close by the entity task, from what passed their send gate;
//! - the pack's hash is a function of the texts that it was compiled from.

use lancang_record::record::Record;
use lancang_window::{Event, FirstRests, Layout};

use crate::expression::{Condition, Expression, Range};
use crate::fields::{KeyField, NumberField};
use crate::lists::Lists;
use crate::predicate::Predicate;
use crate::questions::Questions;
use crate::screen::Screen;
use crate::sieve::Sieve;

/// What an incident can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::Encode, bincode::Decode)]
pub enum EntityType {
    /// Calling or sending number, or alphanumeric sender.
    Caller,
    /// Called number.
    Callee,
    /// IMSI.
    Sim,
    /// IMEI, 14 digits.
    Device,
    /// Cell id.
    Cell,
    /// Incoming trunk group.
    Trunk,
    /// Number block of the caller.
    Block,
    /// Fingerprint of an SMS text.
    Template,
    /// Registrable domain of a URL in an SMS.
    Domain,
}

/// Part that a related entity plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::Encode, bincode::Decode)]
pub enum Role {
    /// Acts.
    Suspect,
    /// Was used.
    Used,
    /// A presented, unverified number: never a suspect.
    Impersonated,
    /// Was called or written to.
    Victim,
}

/// A record's value that a column holds.
///
/// `Number` columns are integers (durations in milliseconds); `Key` columns a 64-bit key, equal for equal values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// A number field.
    Number(NumberField),
    /// A key field.
    Key(KeyField),
}

impl Column {
    /// Its value, a number's as `i64` bits. Not inlined: where it is, all fields are looked at for each.
    #[inline(never)]
    fn value(self, record: &Record<'_>) -> Option<u64> {
        match self {
            Self::Number(field) => field.value(record).map(|value| value as u64),
            Self::Key(field) => field.value(record),
        }
    }
}

/// Everything that is computed for one kind of entity.
#[derive(Debug)]
pub struct EntityPlan {
    /// Kind of entity.
    pub entity: EntityType,
    /// `""`, or `pattern/rule` where a pattern has rules: each rule is an entity scope with windows of its own.
    pub scope: String,
    /// Hash of `entity`, `scope` and all that the layout's values depend on (definitions of filters and columns,
    /// windows, aggregates). State is carried into a new pack where it is equal; partials name it.
    pub hash: u64,
    /// Windows, filters, columns and aggregates.
    pub layout: Layout,
    /// Filters, in the order of their bits. Bit 0 is the union of what all patterns of this entity look at: a
    /// record that does not pass it is no event of this entity.
    pub filters: Vec<Predicate>,
    /// The same and the send gate, prepared: what the engine asks.
    pub sieve: Sieve,
    /// Columns, in their order.
    pub columns: Vec<Column>,
    /// Aggregated entities: a record is sent only if it passes (it implies filter 0 by the check). `None` for local.
    pub send: Option<Predicate>,
    /// Number of the send gate: plans with one gate have one number and stand together.
    pub send_group: u32,
    /// Other entities of the events, named in an incident with these roles.
    pub related: Vec<(EntityType, Role)>,
    /// Patterns (or rules) that look at this entity.
    pub patterns: Vec<PatternPlan>,
    /// Local entities: for each gate of the layout, for each window, the events in it from which on the gate is near for any of its
    /// patterns.
    pub near_from: Vec<Vec<u32>>,
    /// The same as what an entity's first event leaves its gates to rest for.
    pub first_rests: FirstRests,
}

/// Whether a pattern's incidents are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Published.
    Live,
    /// Judged and counted like a live one, kept at home, never published.
    Shadow,
}

impl Mode {
    /// Its name in pattern files, incident lines and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Shadow => "shadow",
        }
    }
}

/// One pattern (or one rule of it), compiled.
#[derive(Debug)]
pub struct PatternPlan {
    /// `sim-box-burst`
    pub id: String,
    /// `3`
    pub version: u32,
    /// SHA-256 of its file.
    pub hash: [u8; 32],
    /// `sim-box`
    pub family: String,
    /// Live or shadow.
    pub mode: Mode,
    /// At least this long between two updates of an incident that does not escalate, milliseconds of event time.
    pub cooldown_ms: i64,
    /// Longest window, milliseconds: an incident closes when nothing held for this long.
    pub window_ms: i64,
    /// Pane length at whose close an aggregated entity is judged, milliseconds.
    pub pane_ms: i64,
    /// Lists whose members this pattern is silent about (checked on the entity's value).
    pub suppress: Vec<String>,
    /// Primitive whose value is the number of victims.
    pub victims: Option<usize>,
    /// Primitives that its features are made of and that of its victims, ascending.
    pub primitives: Vec<usize>,
    /// Bit of the filter of the records that it looks at.
    pub records: u8,
    /// Local entities: it can hold only where one of them is met. Ways of holding that need many events of different kinds have
    /// different ones.
    pub gates: Vec<PatternGate>,
    /// Named features over the primitives' values, in order; a condition refers to them by index.
    pub features: Vec<Feature>,
    /// Condition for an incident of severity 3 (OCSF medium).
    pub warn: Condition,
    /// The same as it is asked at each judgement.
    pub screen: Screen,
    /// Condition for severity 5 (OCSF critical).
    pub critical: Option<Condition>,
    /// What becomes a reason, and how it weighs.
    pub weights: Vec<Weight>,
}

/// Events without which a pattern cannot hold in some of the ways that its condition names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternGate {
    /// Place in [`Layout::gates`] of the filter whose events are counted.
    pub place: usize,
    /// Events past that filter, for each window of the layout, of which one window at least must hold so many. `u32::MAX`: never
    /// that window alone.
    pub least: Vec<u32>,
}

/// A named value over primitives: one of them, or arithmetic over several.
#[derive(Debug)]
pub struct Feature {
    /// Name, which is also the reason's code.
    pub name: String,
    /// Its value from the primitives' values.
    pub value: Expression,
}

/// How a feature weighs in the score: nothing at `from`, `weight` points at `to` (either may be the larger), linear
/// between.
#[derive(Debug)]
pub struct Weight {
    /// Index into [`PatternPlan::features`].
    pub feature: usize,
    /// Points at most; those of a pattern sum to 100.
    pub points: f64,
    /// Value that is worth nothing.
    pub from: f64,
    /// Value that is worth all points.
    pub to: f64,
    /// Limit shown with the reason: what the warn condition compares the feature with.
    pub threshold: f64,
}

/// What a pattern says of an entity's values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// OCSF severity: 3 where `warn` holds, 5 where `critical` does.
    pub severity: u8,
    /// 0–100.
    pub score: u8,
    /// Features that crossed their threshold, most points first, then by name.
    pub reasons: Vec<Reason>,
}

/// One reason of a verdict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reason {
    /// Which of the pattern's features.
    pub feature: usize,
    /// Points that it earns.
    pub points: f64,
    /// Its value, rounded to three decimals.
    pub value: f64,
    /// The limit that it crossed.
    pub threshold: f64,
}

/// All entities' plans of a pack.
#[derive(Debug, Default)]
pub struct Plan {
    /// Judged at each record.
    pub local: Vec<EntityPlan>,
    /// Judged at pane close.
    pub aggregated: Vec<EntityPlan>,
    /// What the filters of all of them ask of a record.
    pub questions: Questions,
}

/// A pattern pack: compiled patterns and lists.
#[derive(Debug)]
pub struct Pack {
    /// SHA-256 over the names and texts of all its files.
    pub hash: [u8; 32],
    /// Named lists.
    pub lists: Lists,
    /// What the engine runs.
    pub plan: Plan,
}

impl PatternPlan {
    /// Judges an entity by its primitives' values; gives whether `warn` holds, and then the verdict in the room of another
    /// one. The features' values are put behind the primitives'.
    ///
    /// A value that is undefined (a ratio over zero) is NaN; a comparison with NaN does not hold.
    #[must_use]
    pub fn judge(&self, values: &mut Vec<f64>, verdict: &mut Verdict) -> bool {
        crate::judge::judge(self, values, verdict)
    }

    /// The name of the feature that is a reason.
    #[must_use]
    pub fn code(&self, reason: &Reason) -> &str {
        self.features.get(reason.feature).map_or("", |feature| &feature.name)
    }

    /// Events that an entity must have had at least for it to hold.
    #[must_use]
    pub fn events_least(&self, layout: &Layout) -> u32 {
        crate::gate::events_least(layout, self)
    }

    /// Whether it may hold, by what gives the ranges in which primitives' values lie, which is asked for no more of them than it takes to tell.
    pub fn may_hold_where(&self, ranges: impl FnMut(usize) -> Range) -> bool {
        self.screen.may_hold(ranges)
    }

    /// Whether [`Self::judge`] gives a verdict, by what gives the primitives' values, which is asked for no more of them than
    /// it takes to tell.
    pub fn holds_where(&self, values: impl FnMut(usize) -> f64) -> bool {
        self.screen.holds(values)
    }
}

impl EntityPlan {
    /// Filters that the record passes, a bit each; 0 if it is no event of this entity. This is the definition; the
    /// engine asks the plan's [`Sieve`].
    #[must_use]
    pub fn passes(&self, record: &Record<'_>, lists: &Lists) -> u64 {
        if !self.filters.first().is_some_and(|any| any.holds(record, lists)) {
            return 0;
        }
        let mut passes = 1;
        for (bit, filter) in self.filters.iter().enumerate().skip(1) {
            passes |= u64::from(filter.holds(record, lists)) << bit;
        }
        passes
    }

    /// Writes the record's columns into `values`; gives which are present, a bit each.
    pub fn columns(&self, record: &Record<'_>, values: &mut Vec<u64>) -> u64 {
        self.columns_of(record, u64::MAX, values)
    }

    /// The same of those that are wanted, a bit each; the others are taken for absent. Of `values` only those that are present mean
    /// anything: what is absent keeps what stood there.
    pub fn columns_of(&self, record: &Record<'_>, wanted: u64, values: &mut Vec<u64>) -> u64 {
        values.resize(self.columns.len(), 0);
        let (mut present, mut wanted) = (0, wanted);
        while let Some(column) = self.columns.get(wanted.trailing_zeros() as usize) {
            let bit = wanted & wanted.wrapping_neg();
            if let Some(value) = column.value(record) {
                present |= bit;
                values[bit.trailing_zeros() as usize] = value;
            }
            wanted ^= bit;
        }
        present
    }

    /// The record as an event of this entity that passes `passes` and is no continued call, with the columns that are
    /// wanted.
    #[inline]
    pub fn event<'v>(&self, record: &Record<'_>, passes: u64, wanted: u64, values: &'v mut Vec<u64>) -> Event<'v> {
        let present = self.columns_of(record, wanted, values);
        Event { at_ms: record.event.as_ms(), passes, counted: 0, present, columns: values, earlier: &[] }
    }
}
