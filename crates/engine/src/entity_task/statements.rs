//! What mobility records say of an own subscriber: from when on abroad or at home, as known from a pane on.
//!
//! Rules:
//! - of two statements about one moment, known from one pane on, the one that accuses nobody stands;
//! - what is known of a pane is what took effect in it or before, however much has come since;
//! - one statement lies in the table itself, so that no other place in memory is looked at for it; of several the last one is looked at
//!   for a new one, and the first one for what goes.

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};
use lancang_pattern::limits::GRID_MS;
use lancang_window::prefetch::Batch;
use lancang_window::{Few, recyclable};

recyclable!(Statement);

/// Statements about one subscriber, by time and pane.
#[derive(Clone, Debug, Default)]
pub(super) struct Statements(Few<Statement>);

/// With its key it takes half a cache line of the table.
const _: () = assert!(size_of::<Option<(u64, Statements)>>() <= 32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Statement {
    at_ms: i64,
    /// The pane from which on it is known, and below it whether it says *abroad*.
    known: i64,
}

impl Statement {
    fn new(at_ms: i64, pane: i64, abroad: bool) -> Self {
        // A pane is some seconds long: half of all numbers are a hundred thousand million years.
        Self { at_ms, known: pane.clamp(i64::MIN >> 1, i64::MAX >> 1) << 1 | i64::from(abroad) }
    }

    const fn pane(self) -> i64 {
        self.known >> 1
    }

    /// What it is one of.
    const fn moment(self) -> (i64, i64) {
        (self.at_ms, self.pane())
    }

    const fn abroad(self) -> bool {
        self.known & 1 == 1
    }
}

impl Statements {
    /// Adds what is known from a pane on.
    pub(super) fn add(&mut self, at_ms: i64, pane: i64, abroad: bool) {
        let new = Statement::new(at_ms, pane, abroad);
        let (statements, is_before) = (self.0.as_slice(), |own: &Statement| own.moment() < new.moment());
        // Nearly always it is the newest, and the last one is all that is looked at.
        let place = match statements.last() {
            Some(last) if !is_before(last) => statements.partition_point(is_before),
            _ => statements.len(),
        };
        match self.0.as_mut_slice().get_mut(place) {
            Some(own) if own.moment() == new.moment() => own.known |= new.known,
            _ => self.0.insert(place, new),
        }
    }

    /// Whether the subscriber was not abroad at any moment of the pane of the grid that begins at a time, by what is known in
    /// the pane that is judged.
    pub(super) fn at_home(&self, judged: i64, begins_ms: i64) -> bool {
        let within_ms = begins_ms.saturating_add(1)..begins_ms.saturating_add(GRID_MS);
        let known = || self.0.as_slice().iter().filter(|statement| statement.pane() <= judged);
        let before = known().filter(|statement| statement.at_ms <= begins_ms);
        let before = before.map(|statement| (statement.at_ms, statement.abroad())).max();
        !before.is_some_and(|(_, abroad)| abroad)
            && !known().any(|statement| within_ms.contains(&statement.at_ms) && statement.abroad())
    }

    /// Whether [`Self::forget`] changes anything, or leaves nothing.
    pub(super) fn forgets(&self, from_ms: i64, known: i64) -> bool {
        self.0.as_slice().is_empty() || self.going(from_ms, known) > 0
    }

    /// How many only panes before a time may look at, where all panes that are still to be judged know what is known in one. Most often
    /// the first one tells that there are none.
    fn going(&self, from_ms: i64, known: i64) -> usize {
        let statements = self.0.as_slice();
        if statements.first().is_none_or(|first| first.at_ms >= from_ms) {
            return 0;
        }
        let past = &statements[..statements.partition_point(|statement| statement.at_ms < from_ms)];
        // The last moment before that time of which all know says where the subscriber was then: abroad, if one of its statements says
        // so. What is known later may say otherwise, and stays.
        let Some(last) = past.iter().rposition(|statement| statement.pane() <= known) else { return 0 };
        let begins = past.partition_point(|statement| statement.at_ms < past[last].at_ms);
        let abroad = past[begins..].iter().take_while(|statement| statement.at_ms == past[last].at_ms);
        abroad.zip(begins..).find(|(statement, _)| statement.abroad()).map_or(last + 1, |(_, place)| place)
    }

    /// Lets go of what only panes before a time may look at ([`Self::forgets`]); gives whether anything is left.
    pub(super) fn forget(&mut self, from_ms: i64, known: i64) -> bool {
        let going = self.going(from_ms, known);
        if going == self.0.as_slice().len() {
            return false;
        }
        if going > 0 {
            self.0.remove(0..going);
        }
        true
    }

    /// Names what [`Self::add`] looks at.
    pub(super) fn prefetch_last(&self, batch: &mut Batch) {
        self.0.as_slice().last().into_iter().for_each(|statement| batch.add(statement));
    }

    /// Names what [`Self::forget`] looks at first.
    pub(super) fn prefetch_first(&self, batch: &mut Batch) {
        self.0.as_slice().first().into_iter().for_each(|statement| batch.add(statement));
    }
}

/// As a list of time and pane, and whether abroad.
impl Encode for Statements {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        let statements = self.0.as_slice();
        statements.len().encode(encoder)?;
        statements
            .iter()
            .try_for_each(|statement| ((statement.at_ms, statement.pane()), statement.abroad()).encode(encoder))
    }
}

impl<C> Decode<C> for Statements {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let saved: Vec<((i64, i64), bool)> = Decode::decode(decoder)?;
        let statements = saved.into_iter().map(|((at_ms, pane), abroad)| Statement::new(at_ms, pane, abroad));
        let statements: Few<Statement> = statements.collect();
        if statements.as_slice().is_sorted() {
            Ok(Self(statements))
        } else {
            Err(DecodeError::Other("statements in the order of their times"))
        }
    }
}

impl<'de, C> BorrowDecode<'de, C> for Statements {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::decode(decoder)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Listed = Vec<((i64, i64), bool)>;

    /// By the definition: where the last statement before the pane says, and abroad wherever one within it says so.
    fn at_home(all: &Listed, judged: i64, begins_ms: i64) -> bool {
        let known: Listed = all.iter().filter(|((_, pane), _)| *pane <= judged).copied().collect();
        let last = known.iter().map(|((at_ms, _), _)| *at_ms).filter(|at_ms| *at_ms <= begins_ms).max();
        !known.iter().any(|((at_ms, _), abroad)| {
            *abroad && (Some(*at_ms) == last || *at_ms > begins_ms && *at_ms < begins_ms + GRID_MS)
        })
    }

    proptest! {
        /// Of all that was stated, as far as panes are still to be judged that may look at it.
        #[test]
        fn they_say_what_a_list_says(
            steps in prop::collection::vec((-4_i64..40, -2_i64..9, any::<bool>(), 0_u8..4), 1..24),
        ) {
            let config = bincode::config::standard();
            let (mut statements, mut list) = (Statements::default(), std::collections::BTreeMap::new());
            let (mut from_ms, mut known) = (-9 * GRID_MS, -2);
            for (at, pane, abroad, step) in steps {
                let at_ms = at * GRID_MS / 4;
                if step == 0 {
                    (from_ms, known) = (from_ms.max(at_ms), pane.max(known));
                    let before = statements.0.as_slice().len();
                    let forgets = statements.forgets(from_ms, known);
                    let is_left = statements.forget(from_ms, known);
                    prop_assert_eq!(forgets, !is_left || statements.0.as_slice().len() < before);
                    if !is_left {
                        statements = Statements::default();
                    }
                } else if at_ms >= from_ms {
                    statements.add(at_ms, pane, abroad);
                    *list.entry((at_ms, pane)).or_insert(false) |= abroad;
                }
                let all: Listed = list.iter().map(|(statement, abroad)| (*statement, *abroad)).collect();
                for judged in known..9 {
                    for begins_ms in (-1..10).map(|pane| pane * GRID_MS).filter(|begins_ms| *begins_ms >= from_ms) {
                        prop_assert_eq!(statements.at_home(judged, begins_ms), at_home(&all, judged, begins_ms));
                    }
                }
                let bytes = bincode::encode_to_vec(&statements, config).unwrap();
                let (back, _): (Statements, usize) = bincode::decode_from_slice(&bytes, config).unwrap();
                prop_assert_eq!(back.0.as_slice(), statements.0.as_slice());
                if from_ms < -4 * GRID_MS {
                    prop_assert_eq!(&bytes, &bincode::encode_to_vec(&all, config).unwrap());
                }
            }
        }
    }

    #[test]
    fn what_panes_before_a_time_alone_look_at_goes() {
        let mut statements = Statements::default();
        (0..9).for_each(|at| statements.add(at * GRID_MS, at, at % 2 == 0));
        let kept =
            |statements: &Statements| statements.0.as_slice().iter().map(|own| own.at_ms / GRID_MS).collect::<Vec<_>>();
        assert!(!statements.forgets(GRID_MS, 20) && statements.forget(GRID_MS, 20));
        assert!(statements.forgets(5 * GRID_MS, 20) && statements.forget(5 * GRID_MS, 20));
        assert_eq!(kept(&statements), [4, 5, 6, 7, 8]);
        // At home at last, and nothing else is said of the time before: as if nothing were known.
        assert!(statements.forget(6 * GRID_MS, 20));
        assert_eq!(kept(&statements), [6, 7, 8]);
        // What is known later than panes are judged hides nothing yet.
        assert!(statements.forget(8 * GRID_MS, 6));
        assert_eq!(kept(&statements), [6, 7, 8]);
        statements.add(9 * GRID_MS, 9, false);
        assert!(!statements.forget(10 * GRID_MS, 9));
    }

    #[test]
    fn abroad_stands_where_home_at_the_same_moment_is_known_later() {
        let (at_ms, mut statements) = (7 * GRID_MS, Statements::default());
        statements.add(at_ms, 1, true);
        statements.add(at_ms, 3, false);
        assert!(!statements.at_home(5, 20 * GRID_MS));
        assert!(statements.forget(10 * GRID_MS, 5));
        assert!(!statements.at_home(5, 20 * GRID_MS));
    }

    #[test]
    fn statements_out_of_order_are_refused() {
        let config = bincode::config::standard();
        let bytes = bincode::encode_to_vec(vec![((5_i64, 0_i64), true), ((4, 0), true)], config).unwrap();
        assert!(bincode::decode_from_slice::<Statements, _>(&bytes, config).is_err());
    }
}
