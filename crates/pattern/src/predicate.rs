//! Conditions over one record.
//!
//! The subset of CEL: `&&`, `||`, `!`, comparison of a field with a literal, `==` and `!=` of two text fields, flags,
//! `listed(field, "list")`, `listed_pair(caller, callee, "list")` and `listed_route(caller, smsc, "list")`. A comparison with an absent number does not hold.

use lancang_record::record::Record;

use crate::fields::{FlagField, KeyField, NumberField, TextField};
use crate::lists::Lists;
use crate::possible::consistent;

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// Whether `left` compares so with `right`; nothing compares with NaN.
    #[must_use]
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => !left.is_nan() && !right.is_nan() && left != right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}

/// A compiled condition over one record.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicate {
    /// Always or never.
    Always(bool),
    /// All of them.
    And(Vec<Predicate>),
    /// One of them at least.
    Or(Vec<Predicate>),
    /// Not this.
    Not(Box<Predicate>),
    /// A flag is set.
    Flag(FlagField),
    /// A text field has this value.
    TextIs(TextField, String),
    /// A field of few values has this one: [`Self::coded`] puts it in the place of [`Self::TextIs`].
    CodeIs(TextField, u8),
    /// A text field is absent: in the place of [`Self::TextIs`] an empty text.
    Absent(TextField),
    /// Two text fields have the same value and it is not absent.
    SameText(TextField, TextField),
    /// A number compares so.
    Number(NumberField, Comparison, f64),
    /// A field's value is in a named list.
    Listed(KeyField, String),
    /// Caller and callee are a pair of a named list.
    ListedPair(String),
    /// Sender and SMSC are a route of a named list.
    ListedRoute(String),
}

impl Predicate {
    /// Whether the record satisfies it. List entries expire by the record's event time.
    #[must_use]
    pub fn holds(&self, record: &Record<'_>, lists: &Lists) -> bool {
        match self {
            Self::Always(holds) => *holds,
            Self::And(all) => all.iter().all(|one| one.holds(record, lists)),
            Self::Or(any) => any.iter().any(|one| one.holds(record, lists)),
            Self::Not(one) => !one.holds(record, lists),
            Self::Flag(flag) => flag.value(record),
            Self::TextIs(field, value) => field.value(record) == value,
            Self::CodeIs(field, code) => field.code(record) == Some(*code),
            Self::Absent(field) => field.value(record).is_empty(),
            Self::SameText(left, right) => {
                let value = left.value(record);
                !value.is_empty() && value == right.value(record)
            }
            Self::Number(field, comparison, limit) => {
                field.value(record).is_some_and(|value| comparison.holds(value as f64 / field.scale(), *limit))
            }
            Self::Listed(field, list) => lists.has_field(list, *field, record),
            Self::ListedPair(list) => lists.has_pair(list, record),
            Self::ListedRoute(list) => lists.has_route(list, record),
        }
    }

    /// The same with comparisons of bytes in the place of texts, where a field has few values.
    #[must_use]
    pub fn coded(self) -> Self {
        let each = |parts: Vec<Self>| parts.into_iter().map(Self::coded).collect();
        match self {
            Self::And(parts) => Self::And(each(parts)),
            Self::Or(parts) => Self::Or(each(parts)),
            Self::Not(one) => Self::Not(Box::new(one.coded())),
            Self::TextIs(field, value) => match field.code_of(&value) {
                Some(code) => Self::CodeIs(field, code),
                None if value.is_empty() => Self::Absent(field),
                None => Self::TextIs(field, value),
            },
            other => other,
        }
    }

    /// Both of two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Always(true), one) | (one, Self::Always(true)) => one,
            (Self::And(mut all), Self::And(more)) => {
                all.extend(more);
                Self::And(all)
            }
            (Self::And(mut all), one) => {
                all.push(one);
                Self::And(all)
            }
            (one, Self::And(more)) => {
                let mut all = vec![one];
                all.extend(more);
                Self::And(all)
            }
            (left, right) => Self::And(vec![left, right]),
        }
    }

    /// Leaves out of a conjunction what is known to hold.
    pub(crate) fn leave_out(&mut self, known: &Self) {
        let known = if let Self::And(parts) = known { parts.as_slice() } else { std::slice::from_ref(known) };
        if let Self::And(parts) = self {
            parts.retain(|part| !known.contains(part));
            match parts.len() {
                0 => *self = Self::Always(true),
                1 => *self = parts.remove(0),
                _ => {}
            }
        }
    }

    /// Whether every record that satisfies it satisfies `other` too, as far as a truth table over their atoms proves
    /// it. `None` if they have more than [`crate::limits::ATOMS_MAX`].
    #[must_use]
    pub fn implies(&self, other: &Self) -> Option<bool> {
        let mut atoms = Vec::new();
        self.atoms(&mut atoms);
        other.atoms(&mut atoms);
        if atoms.len() > crate::limits::ATOMS_MAX {
            return None;
        }
        let possible = |set: u32| {
            let assigned = atoms.iter().enumerate().map(|(index, atom)| (*atom, set >> index & 1 == 1));
            consistent(&assigned.collect::<Vec<_>>())
        };
        let holds = |predicate: &Self, set: u32| {
            let place = |atom: &Self| atoms.iter().position(|other| *other == atom);
            predicate.holds_where(&|atom| place(atom).is_some_and(|index| set >> index & 1 == 1))
        };
        Some((0..1_u32 << atoms.len()).all(|set| !holds(self, set) || holds(other, set) || !possible(set)))
    }

    pub(crate) fn atoms<'p>(&'p self, atoms: &mut Vec<&'p Self>) {
        match self {
            Self::Always(_) => {}
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.atoms(atoms)),
            Self::Not(one) => one.atoms(atoms),
            _ if atoms.contains(&self) => {}
            _ => atoms.push(self),
        }
    }

    /// Whether it holds where its atoms are as `atom` says.
    pub(crate) fn holds_where(&self, atom: &impl Fn(&Self) -> bool) -> bool {
        match self {
            Self::Always(holds) => *holds,
            Self::And(all) => all.iter().all(|one| one.holds_where(atom)),
            Self::Or(any) => any.iter().any(|one| one.holds_where(atom)),
            Self::Not(one) => !one.holds_where(atom),
            one => atom(one),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sms() -> Predicate {
        Predicate::TextIs(TextField::Kind, "sms".to_owned())
    }

    fn link() -> Predicate {
        Predicate::Not(Box::new(Predicate::TextIs(TextField::Domain, String::new())))
    }

    #[test]
    fn a_necessary_gate_is_proved_and_another_is_not() {
        let either = Predicate::Or(vec![link(), Predicate::Flag(FlagField::CallerAlphanumeric)]);
        assert_eq!(sms().and(either.clone()).implies(&either), Some(true));
        assert_eq!(sms().and(either.clone()).implies(&sms()), Some(true));
        assert_eq!(sms().implies(&either), Some(false));
        let voice = Predicate::TextIs(TextField::Kind, "voice".to_owned());
        assert_eq!(sms().implies(&Predicate::Not(Box::new(voice))), Some(true));
    }

    #[test]
    fn coded_says_the_same() {
        use lancang_record::record::{Direction, Kind, Phase};
        let lists = Lists::default();
        let fields = [
            (TextField::Kind, ["voice", "sms", "mobility", "report", "subscriber"].as_slice()),
            (TextField::Direction, &["", "outgoing", "incoming", "transit", "forwarded"]),
            (TextField::Phase, &["start", "interim", "end"]),
            (TextField::Domain, &["", "x.top"]),
        ];
        for (field, values) in fields {
            for value in values {
                let plain = Predicate::Not(Box::new(Predicate::TextIs(field, (*value).to_owned())));
                let coded = plain.clone().coded();
                assert_eq!(plain == coded, *value == "x.top");
                for kind in [Kind::Voice, Kind::Sms, Kind::Mobility, Kind::Report] {
                    for direction in [Direction::None, Direction::Outgoing, Direction::Incoming, Direction::Transit] {
                        for phase in [Phase::Start, Phase::Interim, Phase::End] {
                            let mut record = Record::new(kind, lancang_record::Timestamp::from_ms(0));
                            (record.direction, record.phase, record.domain) = (direction, phase, "x.top");
                            assert_eq!(plain.holds(&record, &lists), coded.holds(&record, &lists));
                        }
                    }
                }
            }
        }
    }
}
