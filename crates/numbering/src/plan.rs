//! A country's number plan: which national numbers exist, and on which kind of line.
//!
//! libphonenumber gives a regular expression per kind of line. They are compiled together into one automaton, and that to a table
//! with a row of ten digits per state: a look-up walks at most 15 digits, one load each, and is exact, not a sample of prefixes.

use std::collections::HashMap;

use lancang_record::number::LineType;
use phonenumber::metadata::{Descriptor, Metadata};
use regex_automata::Anchored;
use regex_automata::MatchKind;
use regex_automata::PatternID;
use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::util::{start, syntax};

/// Kinds of line in the order in which a number of several kinds is told.
type Kinds = Vec<(LineType, PatternID)>;

/// Which national numbers of a country exist.
#[derive(Debug)]
pub(crate) struct National {
    table: Option<Table>,
    lengths: u32,
}

/// What a number's digits lead to. State 0 is none: no number begins so.
#[derive(Debug)]
struct Table {
    states: Vec<State>,
    /// What numbers are by how many digits they have behind a state from which it matters no more which ones.
    tails: Vec<[Option<LineType>; TAIL_DIGITS]>,
}

#[derive(Clone, Copy, Debug)]
struct State {
    next: [u32; 10],
    /// Place of its tail, from 1; 0 where the next digit matters.
    tail: u32,
    /// What a number is that ends here; none if there is no such number.
    line: Option<LineType>,
}

/// More digits than any number has.
const TAIL_DIGITS: usize = 24;

impl National {
    /// Lengths alone: every number of a possible length may exist.
    pub(crate) fn of_lengths(metadata: &Metadata) -> Self {
        Self { table: None, lengths: lengths(metadata) }
    }

    /// The whole plan.
    pub(crate) fn of_patterns(metadata: &Metadata) -> Self {
        let described = [
            (LineType::Mobile, metadata.descriptors().mobile()),
            (LineType::Fixed, metadata.descriptors().fixed_line()),
            (LineType::TollFree, metadata.descriptors().toll_free()),
            (LineType::Premium, metadata.descriptors().premium_rate()),
            (LineType::Premium, metadata.descriptors().shared_cost()),
            (LineType::Voip, metadata.descriptors().voip()),
            (LineType::Other, metadata.descriptors().personal_number()),
            (LineType::Other, metadata.descriptors().uan()),
            (LineType::Other, metadata.descriptors().pager()),
            (LineType::Other, metadata.descriptors().voicemail()),
        ];
        let (mut kinds, mut patterns) = (Kinds::new(), Vec::new());
        for (line, descriptor) in described {
            let Some(pattern) = descriptor.map(pattern) else { continue };
            let Ok(id) = PatternID::new(patterns.len()) else { continue };
            kinds.push((line, id));
            patterns.push(pattern);
        }
        let automaton = dense::Builder::new()
            .configure(
                dense::Config::new().match_kind(MatchKind::All).start_kind(StartKind::Anchored).byte_classes(true),
            )
            .syntax(syntax::Config::new().unicode(false).utf8(false).ignore_whitespace(true))
            .build_many(&patterns)
            .ok();
        Self { table: automaton.and_then(|automaton| Table::of(&automaton, &kinds)), lengths: lengths(metadata) }
    }

    /// Whether a number of this many digits may exist.
    pub(crate) fn is_possible(&self, digits: usize) -> bool {
        self.lengths == 0 || digits < 32 && self.lengths & (1 << digits) != 0
    }

    /// The kind of line of a national number, and whether the plan has it at all. Without a plan every number of a
    /// possible length counts as there.
    pub(crate) fn line(&self, national: &[u8]) -> (LineType, bool) {
        let Some(table) = &self.table else {
            return (LineType::Unknown, self.is_possible(national.len()));
        };
        table.line(national).map_or((LineType::Unknown, false), |line| (line, true))
    }
}

impl Table {
    const BEGIN: u32 = 1;

    /// Of the states that digits lead to.
    fn of(automaton: &dense::DFA<Vec<u32>>, kinds: &Kinds) -> Option<Self> {
        let begin = automaton.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
        let state = |line| State { next: [0; 10], tail: 0, line };
        let mut states = vec![state(None), state(line_at(automaton, begin, kinds))];
        let (mut numbers, mut waiting) = (HashMap::from([(begin, Self::BEGIN)]), vec![begin]);
        while let Some(from) = waiting.pop() {
            let row = *numbers.get(&from)? as usize;
            for digit in 0..10_u8 {
                let behind = automaton.next_state(from, b'0' + digit);
                if automaton.is_dead_state(behind) {
                    continue;
                }
                let fresh = u32::try_from(states.len()).ok()?;
                let number = *numbers.entry(behind).or_insert(fresh);
                if number == fresh {
                    states.push(state(line_at(automaton, behind, kinds)));
                    waiting.push(behind);
                }
                states[row].next[usize::from(digit)] = number;
            }
        }
        let mut table = Self { states, tails: Vec::new() };
        for place in 0..table.states.len() {
            if let Some(tail) = table.tail(place) {
                table.tails.push(tail);
                table.states[place].tail = table.tails.len() as u32;
            }
        }
        Some(table)
    }

    /// What numbers are that go on behind a state, if all digits lead to the same ones.
    fn tail(&self, place: usize) -> Option<[Option<LineType>; TAIL_DIGITS]> {
        let (mut lines, mut place) = ([None; TAIL_DIGITS], place);
        for line in &mut lines {
            let state = &self.states[place];
            *line = state.line;
            if state.next.iter().any(|next| *next != state.next[0]) {
                return None;
            }
            place = state.next[0] as usize;
        }
        Some(lines)
    }

    fn line(&self, national: &[u8]) -> Option<LineType> {
        let mut state = &self.states[Self::BEGIN as usize];
        for (index, digit) in national.iter().enumerate() {
            if let Some(tail) = self.tails.get((state.tail as usize).wrapping_sub(1)) {
                return *tail.get(national.len() - index)?;
            }
            state = &self.states[*state.next.get(usize::from(digit.wrapping_sub(b'0')))? as usize];
        }
        state.line
    }
}

/// The kind of line of a number that ends in a state.
fn line_at(automaton: &dense::DFA<Vec<u32>>, state: StateID, kinds: &Kinds) -> Option<LineType> {
    let state = automaton.next_eoi_state(state);
    if !automaton.is_match_state(state) {
        return None;
    }
    let matched: Vec<PatternID> =
        (0..automaton.match_len(state)).map(|index| automaton.match_pattern(state, index)).collect();
    let has = |line: LineType| kinds.iter().any(|(other, id)| *other == line && matched.contains(id));
    if has(LineType::Mobile) && has(LineType::Fixed) {
        return Some(LineType::FixedOrMobile);
    }
    kinds.iter().find(|(_, id)| matched.contains(id)).map(|(line, _)| *line)
}

/// The descriptor's expression for a whole number.
fn pattern(descriptor: &Descriptor) -> String {
    format!("^(?:{})$", descriptor.national_number().as_str())
}

fn lengths(metadata: &Metadata) -> u32 {
    let general = metadata.descriptors().general().possible_length().iter();
    let kinds = [
        metadata.descriptors().fixed_line(),
        metadata.descriptors().mobile(),
        metadata.descriptors().toll_free(),
        metadata.descriptors().premium_rate(),
        metadata.descriptors().shared_cost(),
        metadata.descriptors().voip(),
        metadata.descriptors().personal_number(),
        metadata.descriptors().uan(),
        metadata.descriptors().pager(),
        metadata.descriptors().voicemail(),
    ];
    let of_kinds = kinds.into_iter().flatten().flat_map(|descriptor| descriptor.possible_length().iter());
    general.chain(of_kinds).filter(|length| **length < 32).fold(0, |bits, length| bits | 1 << length)
}
