//! What a pack needs of a record task's memory: nothing is computed or held that no pattern of the pack asks for.
//!
//! **Invariant:** a plan that names a field is found here, in its filters, its columns and its send gate.

use lancang_record::record::Record;

use crate::fields::{FlagField, KeyField, NumberField, TextField};
use crate::lists::Lists;
use crate::plan::{Column, EntityPlan, Plan};
use crate::predicate::Predicate;

/// What must be known of served subscribers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs(u8);

impl Needs {
    /// Nothing.
    pub const NOTHING: Self = Self(0);
    /// What is remembered of each: identities, when they changed, when it was first seen.
    pub const PROFILE: Self = Self(1);
    /// What the operator's books say of it.
    pub const REFERENCE: Self = Self(1 << 1);
    /// Whom it had contact with.
    pub const PAIRS: Self = Self(1 << 2);
    /// How far and fast it moved.
    pub const WAY: Self = Self(1 << 3);

    /// What the patterns of a plan name.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        plan.local.iter().chain(&plan.aggregated).fold(Self::NOTHING, |needs, plan| needs.and(Self::of_entity(plan)))
    }

    fn of_entity(plan: &EntityPlan) -> Self {
        let mut needs = Self::NOTHING;
        for filter in plan.filters.iter().chain(&plan.send) {
            each_atom(filter, &mut |atom| needs = needs.and(Self::of_atom(atom)));
        }
        plan.columns.iter().fold(needs, |needs, column| {
            needs.and(match column {
                Column::Number(field) => Self::of_number(*field),
                Column::Key(field) => Self::of_key(*field),
            })
        })
    }

    fn of_atom(atom: &Predicate) -> Self {
        match atom {
            Predicate::Flag(field) => Self::of_flag(*field),
            Predicate::TextIs(field, _) | Predicate::CodeIs(field, _) | Predicate::Absent(field) => {
                Self::of_text(*field)
            }
            Predicate::SameText(left, right) => Self::of_text(*left).and(Self::of_text(*right)),
            Predicate::Number(field, ..) => Self::of_number(*field),
            Predicate::Listed(field, _) => Self::of_key(*field),
            _ => Self::NOTHING,
        }
    }

    const fn of_text(field: TextField) -> Self {
        match field {
            TextField::Segment | TextField::RangeHolder => Self::REFERENCE,
            _ => Self::NOTHING,
        }
    }

    const fn of_flag(field: FlagField) -> Self {
        match field {
            FlagField::M2m => Self::REFERENCE,
            FlagField::Binding => Self::PROFILE,
            FlagField::FirstContact => Self::PAIRS.and(Self::PROFILE),
            FlagField::ForwardedToFirstContact => Self::PROFILE.and(Self::PAIRS),
            _ => Self::NOTHING,
        }
    }

    const fn of_number(field: NumberField) -> Self {
        match field {
            NumberField::AgeS => Self::REFERENCE,
            NumberField::SeenS
            | NumberField::ReceivedS
            | NumberField::ImsiChangedS
            | NumberField::ImeiChangedS
            | NumberField::ForwardChangedS => Self::PROFILE,
            NumberField::DistanceM | NumberField::SpeedMh => Self::PROFILE.and(Self::WAY),
            _ => Self::NOTHING,
        }
    }

    const fn of_key(field: KeyField) -> Self {
        match field {
            KeyField::Dealer | KeyField::Registrant => Self::REFERENCE,
            _ => Self::NOTHING,
        }
    }

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is needed.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether nothing is needed.
    #[must_use]
    pub const fn is_nothing(self) -> bool {
        self.0 == 0
    }
}

/// Whether a record passes a filter, as far as the record alone tells; `None` where that hangs on what a record task
/// remembers of its subscriber, or of the call that it is a part of.
#[must_use]
pub fn passes_alone(filter: &Predicate, record: &Record<'_>, lists: &Lists) -> Option<bool> {
    // Of several, one that decides; else not known if one of them is not known.
    let joined = |parts: &[Predicate], decides: bool| {
        let mut open = false;
        for part in parts {
            match passes_alone(part, record, lists) {
                Some(holds) if holds == decides => return Some(decides),
                Some(_) => {}
                None => open = true,
            }
        }
        (!open).then_some(!decides)
    };
    match filter {
        Predicate::And(parts) => joined(parts, false),
        Predicate::Or(parts) => joined(parts, true),
        Predicate::Not(one) => passes_alone(one, record, lists).map(|holds| !holds),
        // A part counts with the duration of those before it.
        Predicate::Number(NumberField::DurationMs, ..) if record.part.is_some() => None,
        atom if Needs::of_atom(atom).is_nothing() => Some(atom.holds(record, lists)),
        _ => None,
    }
}

/// Filters of a plan through which a record of a call that has not ended may pass: those that name `phase`. What is
/// said of all of a plan's records (filter 0) counts for each of its filters.
#[must_use]
pub fn filters_of_phases(plan: &EntityPlan) -> u64 {
    let names_phase = |filter: &Predicate| {
        let mut names = false;
        each_atom(filter, &mut |atom| {
            names |= match atom {
                Predicate::TextIs(field, _) | Predicate::CodeIs(field, _) | Predicate::Absent(field) => {
                    *field == TextField::Phase
                }
                Predicate::SameText(left, right) => *left == TextField::Phase || *right == TextField::Phase,
                _ => false,
            };
        });
        names
    };
    let every = match plan.filters.first() {
        // Several patterns look at records of their own: each filter holds its pattern's part.
        Some(Predicate::Or(patterns)) if plan.patterns.len() > 1 => patterns.iter().all(names_phase),
        Some(filter) => names_phase(filter),
        None => false,
    };
    if every {
        return u64::MAX;
    }
    let named = plan.filters.iter().enumerate().skip(1).filter(|(_, filter)| names_phase(filter));
    let bits = named.fold(0, |bits, (bit, _)| bits | 1 << bit);
    if bits == 0 { 0 } else { bits | 1 }
}

fn each_atom<'p>(predicate: &'p Predicate, each: &mut impl FnMut(&'p Predicate)) {
    match predicate {
        Predicate::And(parts) | Predicate::Or(parts) => parts.iter().for_each(|part| each_atom(part, each)),
        Predicate::Not(one) => each_atom(one, each),
        atom => each(atom),
    }
}

#[cfg(test)]
mod tests {
    use lancang_record::record::Kind;
    use lancang_record::time::Timestamp;

    use super::*;
    use crate::{PackSources, SourceFile};

    fn plan(records: &str, of: &str, filter: &str) -> Plan {
        let text = format!(
            "id = \"p\"\nversion = 1\nfamily = \"f\"\ntitle = \"t\"\nentity = [\"caller\"]\nrecords = '{records}'\n\
             warn = 'a >= 1 && b >= 1'\n[features.a]\naggregate = \"max\"\nof = \"{of}\"\nwindow = \"1h\"\n\
             [features.b]\naggregate = \"count\"\nwhere = '{filter}'\nwindow = \"1h\"\n\
             [weights.a]\npoints = 100\nfrom = 0\nto = 1\n"
        );
        let file = SourceFile { path: "p.toml".to_owned(), text };
        PackSources::new(vec![file], Vec::new()).compile().unwrap_or_else(|found| panic!("{found:?}")).plan
    }

    #[test]
    fn a_plan_needs_what_it_names() {
        let check = |records: &str, of: &str, filter: &str, needs: Needs| {
            assert_eq!(Needs::of(&plan(records, of, filter)), needs, "{records} {of} {filter}");
        };
        let voice = "kind == \"voice\"";
        check(voice, "duration_s", "answered", Needs::NOTHING);
        check(voice, "shared_digits", "cell.border", Needs::NOTHING);
        check(voice, "served.age_days", "answered", Needs::REFERENCE);
        check(voice, "duration_s", "first_contact || answered", Needs::PAIRS.and(Needs::PROFILE));
        check("!(imsi_changed_h < 24)", "duration_s", "answered", Needs::PROFILE);
        check(voice, "speed_kmh", "served.segment != \"\"", Needs::PROFILE.and(Needs::WAY).and(Needs::REFERENCE));
    }

    #[test]
    fn phases_reach_those_who_name_them() {
        let bits = |records: &str, filter: &str| filters_of_phases(&plan(records, "duration_s", filter).local[0]);
        assert_eq!(bits("kind == \"voice\"", "answered"), 0);
        assert_eq!(bits("kind == \"voice\" && phase == \"start\"", "answered"), u64::MAX);
        let named = bits("kind == \"voice\"", "phase != \"end\"");
        assert_eq!((named & 1, named.count_ones()), (1, 2));
    }

    #[test]
    fn what_a_record_alone_does_not_tell_is_left_open() {
        let (yes, no) = (Predicate::Flag(FlagField::Answered), Predicate::Flag(FlagField::Unanswered));
        let remembered = Predicate::Flag(FlagField::FirstContact);
        let mut record = Record::new(Kind::Voice, Timestamp::from_ms(0));
        record.answered = Some(true);
        let passes = |filter: &Predicate| passes_alone(filter, &record, &Lists::default());
        let all = |parts: [&Predicate; 2]| Predicate::And(parts.map(Clone::clone).to_vec());
        let any = |parts: [&Predicate; 2]| Predicate::Or(parts.map(Clone::clone).to_vec());
        assert_eq!((passes(&yes), passes(&no), passes(&remembered)), (Some(true), Some(false), None));
        assert_eq!((passes(&all([&remembered, &yes])), passes(&all([&remembered, &no]))), (None, Some(false)));
        assert_eq!((passes(&any([&remembered, &yes])), passes(&any([&remembered, &no]))), (Some(true), None));
        assert_eq!(passes(&Predicate::Not(Box::new(remembered.clone()))), None);
        let long = Predicate::Number(NumberField::DurationMs, crate::predicate::Comparison::GreaterOrEqual, 180.0);
        let mut part = record;
        (part.duration_ms, part.part) = (Some(100_000), Some(2));
        assert_eq!(passes_alone(&long, &part, &Lists::default()), None, "parts add up");
        part.part = None;
        assert_eq!(passes_alone(&long, &part, &Lists::default()), Some(false));
        assert_eq!(passes(&Predicate::Not(Box::new(all([&remembered, &no])))), Some(true));
    }
}
