//! A country's number plan: which national numbers exist, and on which kind of line.
//!
//! libphonenumber gives a regular expression per kind of line. They are compiled together into one dense automaton, a
//! table with a row per state: a look-up walks at most 15 digits and is exact, not a sample of prefixes.

use lancang_record::number::LineType;
use phonenumber::metadata::{Descriptor, Metadata};
use regex_automata::Anchored;
use regex_automata::MatchKind;
use regex_automata::PatternID;
use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::util::{start, syntax};

/// Kinds of line in the order in which a number of several kinds is told.
type Kinds = Vec<(LineType, PatternID)>;

/// Which national numbers of a country exist.
#[derive(Debug)]
pub(crate) struct National {
    automaton: Option<dense::DFA<Vec<u32>>>,
    kinds: Kinds,
    lengths: u32,
}

impl National {
    /// Lengths alone: every number of a possible length may exist.
    pub(crate) fn of_lengths(metadata: &Metadata) -> Self {
        Self { automaton: None, kinds: Vec::new(), lengths: lengths(metadata) }
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
        Self { automaton, kinds, lengths: lengths(metadata) }
    }

    /// Whether a number of this many digits may exist.
    pub(crate) fn is_possible(&self, digits: usize) -> bool {
        self.lengths == 0 || digits < 32 && self.lengths & (1 << digits) != 0
    }

    /// The kind of line of a national number, and whether the plan has it at all. Without a plan every number of a
    /// possible length counts as there.
    pub(crate) fn line(&self, national: &[u8]) -> (LineType, bool) {
        let Some(automaton) = &self.automaton else {
            return (LineType::Unknown, self.is_possible(national.len()));
        };
        let Some(matched) = matches(automaton, national) else {
            return (LineType::Unknown, false);
        };
        let has =
            |line: LineType| self.kinds.iter().any(|(other, id)| *other == line && matched & 1 << id.as_u32() != 0);
        if has(LineType::Mobile) && has(LineType::Fixed) {
            return (LineType::FixedOrMobile, true);
        }
        let first = self.kinds.iter().find(|(_, id)| matched & 1 << id.as_u32() != 0);
        first.map_or((LineType::Unknown, false), |(line, _)| (*line, true))
    }
}

/// The patterns that match all of `national`, a bit each.
fn matches(automaton: &dense::DFA<Vec<u32>>, national: &[u8]) -> Option<u32> {
    let mut state = automaton.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
    for digit in national {
        state = automaton.next_state(state, *digit);
        if automaton.is_dead_state(state) {
            return None;
        }
    }
    state = automaton.next_eoi_state(state);
    if !automaton.is_match_state(state) {
        return None;
    }
    let mut matched = 0;
    for index in 0..automaton.match_len(state) {
        matched |= 1 << automaton.match_pattern(state, index).as_u32();
    }
    Some(matched)
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
