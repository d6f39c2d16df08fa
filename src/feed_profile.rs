//! What a feed's records carry: counted from records as intake makes them, and held against what patterns need.

use std::collections::BTreeMap;

use lancang_pattern::file::PatternFile;
use lancang_pattern::requires::{Carrier, Need, Part, Row, parts};
use lancang_record::Timestamp;
use lancang_record::log::Entry;
use lancang_record::record::{Direction, Kind, Phase, Record};

/// A field in fewer records than this is as good as missing.
const SHARE_BLIND: f64 = 0.01;
/// A field in fewer records than this leaves a pattern with less than half of what it should see.
const SHARE_WEAK: f64 = 0.5;
/// A switch that writes records of unanswered calls writes more than this: in every network a fifth to a half of all
/// attempts are not answered. Below it they are not written, but for some (patterns.md).
const UNANSWERED_MIN: f64 = 0.05;

/// Records of one kind and leg.
#[derive(Clone, Debug, Default)]
struct Leg {
    records: u64,
    /// Records that carry each of [`Profile::carriers`].
    present: Vec<u64>,
}

/// What was seen of a feed.
#[derive(Clone, Debug)]
pub struct Profile {
    carriers: Vec<Carrier>,
    legs: BTreeMap<(&'static str, &'static str), Leg>,
    /// Records of ended calls, and those that were not answered.
    calls: (u64, u64),
    /// The same of international trunks.
    international: (u64, u64),
    mobility: u64,
    reports: u64,
    /// Records written while a call lasts.
    during_calls: u64,
}

/// How well a pattern sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// All that it needs is there.
    Sees,
    /// It sees less than it should.
    Weak,
    /// It sees nothing.
    Blind,
}

impl Sight {
    /// `sees`, `weak`, `blind`
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sees => "sees",
            Self::Weak => "weak",
            Self::Blind => "blind",
        }
    }
}

/// A pattern on a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// How well it sees.
    pub sight: Sight,
    /// What is missing, in words.
    pub missing: Vec<String>,
    /// What it needs and records do not tell.
    pub untold: Vec<String>,
    /// When it speaks: `at once`, `during the call` or `after the call`.
    pub speaks: &'static str,
}

impl Profile {
    /// A profile of what these patterns need.
    #[must_use]
    pub fn new(files: &[PatternFile]) -> Self {
        let mut carriers: Vec<Carrier> = Vec::new();
        for need in files.iter().flat_map(parts).flat_map(|part| part.needs) {
            let any = match need {
                Need::Field { any, .. } => any,
                Need::Key(key) => vec![key],
                Need::Row(_) | Need::Other(_) => continue,
            };
            carriers.extend(any.into_iter().filter(|one| !carriers.contains(one)).collect::<Vec<_>>());
        }
        Self {
            carriers,
            legs: BTreeMap::new(),
            calls: (0, 0),
            international: (0, 0),
            mobility: 0,
            reports: 0,
            during_calls: 0,
        }
    }

    /// Records seen.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.legs.values().map(|leg| leg.records).sum()
    }

    /// Records by kind and leg.
    pub fn rows(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        self.legs.iter().map(|((kind, leg), found)| (*kind, *leg, found.records))
    }

    /// Share of ended calls that were not answered, if there was a call.
    #[must_use]
    pub fn unanswered(&self) -> Option<f64> {
        share(self.calls.1, self.calls.0)
    }

    /// Records of ended calls on international trunks.
    #[must_use]
    pub const fn international(&self) -> u64 {
        self.international.0
    }

    /// Counts the records of an entry of the records log.
    pub fn entry(&mut self, entry: &[u8]) {
        let Ok(Entry::Frame(mut frame)) = Entry::decode(entry) else { return };
        let mut record = Record::new(Kind::Voice, Timestamp::MIN);
        while let Some((_, read)) = frame.next_into(&mut record) {
            if read.is_ok() {
                self.record(&record);
            }
        }
    }

    fn record(&mut self, record: &Record<'_>) {
        let leg = self.legs.entry((record.kind.as_str(), record.direction.as_str())).or_default();
        leg.records += 1;
        leg.present.resize(self.carriers.len(), 0);
        for (carrier, present) in self.carriers.iter().zip(&mut leg.present) {
            *present += u64::from(carrier.is_in(record));
        }
        match record.kind {
            Kind::Voice if record.phase == Phase::End => {
                let unanswered = u64::from(record.answered == Some(false));
                let calls = [Some(&mut self.calls), record.trunk_in_international.then_some(&mut self.international)];
                calls.into_iter().flatten().for_each(|calls| *calls = (calls.0 + 1, calls.1 + unanswered));
            }
            Kind::Voice => self.during_calls += 1,
            Kind::Mobility => self.mobility += 1,
            Kind::Report => self.reports += 1,
            _ => {}
        }
    }

    /// How well a pattern sees on this feed. A pattern of several entities or rules is blind if all of them are.
    #[must_use]
    pub fn view(&self, file: &PatternFile) -> View {
        let all = parts(file);
        let several = all.len() > 1;
        let mut view = View { sight: Sight::Sees, missing: Vec::new(), untold: Vec::new(), speaks: "at once" };
        let mut best = Sight::Blind;
        let mut lacks: Vec<(String, Vec<&str>)> = Vec::new();
        for part in &all {
            let (sight, missing) = self.part(part);
            best = best.min(sight);
            view.sight = view.sight.max(sight);
            for words in missing {
                match lacks.iter_mut().find(|(other, _)| *other == words) {
                    Some((_, names)) => names.push(&part.name),
                    None => lacks.push((words, vec![&part.name])),
                }
            }
            if self.looks_at_calls(part) {
                let during = part.during_calls && self.during_calls > 0;
                view.speaks = if during { "during the call" } else { "after the call" };
            }
        }
        if best < Sight::Blind && view.sight == Sight::Blind {
            view.sight = Sight::Weak;
        }
        let words = |(words, names): (String, Vec<&str>)| {
            if several && names.len() < all.len() { format!("{}: {words}", names.join(", ")) } else { words }
        };
        view.missing = lacks.into_iter().map(words).collect();
        let untold = all.first().into_iter().flat_map(|part| &part.needs);
        view.untold =
            untold.filter_map(|need| if let Need::Other(text) = need { Some(text.clone()) } else { None }).collect();
        view
    }

    fn looks_at_calls(&self, part: &Part) -> bool {
        Direction::ALL.iter().any(|direction| part.may_look_at(Kind::Voice, *direction))
    }

    /// How well one part sees, and what it lacks.
    fn part(&self, part: &Part) -> (Sight, Vec<String>) {
        let looked_at: Vec<&Leg> = Kind::ALL
            .iter()
            .flat_map(|kind| Direction::ALL.iter().map(move |direction| (*kind, *direction)))
            .filter(|(kind, direction)| part.may_look_at(*kind, *direction))
            .filter_map(|(kind, direction)| self.legs.get(&(kind.as_str(), direction.as_str())))
            .collect();
        let records: u64 = looked_at.iter().map(|leg| leg.records).sum();
        if records == 0 {
            return (Sight::Blind, vec!["no record of a kind and leg that it looks at".to_owned()]);
        }
        let mut worst = Sight::Sees;
        let mut missing = Vec::new();
        for need in &part.needs {
            let (sight, words) = match need {
                Need::Field { any, strictly } => self.field(any, *strictly, &looked_at, records),
                Need::Key(key) if self.carry(*key, &looked_at) == 0 => {
                    (Sight::Blind, Some(format!("none of its records has `{}`", key.name())))
                }
                Need::Row(row) => self.row(*row, part),
                Need::Key(_) | Need::Other(_) => (Sight::Sees, None),
            };
            worst = worst.max(sight);
            missing.extend(words);
        }
        (worst, missing)
    }

    /// Records that carry a field.
    fn carry(&self, one: Carrier, legs: &[&Leg]) -> u64 {
        let place = self.carriers.iter().position(|other| *other == one);
        place.map_or(0, |place| legs.iter().filter_map(|leg| leg.present.get(place)).sum())
    }

    fn field(&self, any: &[Carrier], strictly: bool, legs: &[&Leg], records: u64) -> (Sight, Option<String>) {
        // Of several fields that will do the one that most records carry.
        let carried = any.iter().map(|one| self.carry(*one, legs)).max();
        let most = share(carried.unwrap_or(0), records).unwrap_or(0.0);
        let sight = match most {
            most if most < SHARE_BLIND && strictly => Sight::Blind,
            most if most < SHARE_WEAK => Sight::Weak,
            _ => return (Sight::Sees, None),
        };
        let names: Vec<&str> = any.iter().map(|one| one.name()).collect();
        (sight, Some(format!("`{}` in {} of its records", names.join("` or `"), percent(most))))
    }

    fn row(&self, row: Row, part: &Part) -> (Sight, Option<String>) {
        let blind = |words: String| (Sight::Blind, Some(words));
        match row {
            Row::International if self.international.0 == 0 => {
                blind("no call on an international trunk: is there a trunk table?".to_owned())
            }
            Row::Unanswered => {
                let all = self.unanswered().unwrap_or(0.0);
                if all < UNANSWERED_MIN {
                    let least = percent(UNANSWERED_MIN);
                    return blind(format!("{} of calls are unanswered, at least {least} expected", percent(all)));
                }
                if part.from_abroad && self.international.1 == 0 {
                    return blind("no unanswered call on an international trunk".to_owned());
                }
                (Sight::Sees, None)
            }
            Row::Mobility if self.mobility == 0 => blind("no location updates: who is abroad is not known".to_owned()),
            Row::Reports if self.reports == 0 => blind("no reports".to_owned()),
            _ => (Sight::Sees, None),
        }
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// `16 %`, `0.3 %`
#[must_use]
pub fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent >= 10.0 || percent == 0.0 { format!("{percent:.0} %") } else { format!("{percent:.1} %") }
}

#[cfg(test)]
mod tests {
    use lancang_pattern::file;
    use lancang_record::number::{E164, Party};

    use super::*;

    fn pattern(entity: &str, requires: &str, records: &str, filter: &str) -> PatternFile {
        let text = format!(
            "id = \"a\"\nversion = 1\nfamily = \"f\"\ntitle = \"t\"\nentity = {entity}\nrequires = {requires}\n\
             records = '''{records}'''\nwarn = '''calls >= 1'''\n[features.calls]\naggregate = \"count\"\n\
             where = '''{filter}'''\nwindow = \"1h\"\n"
        );
        file::read("a.toml", &text).unwrap()
    }

    fn call(direction: Direction, answered: bool, international: bool) -> Record<'static> {
        let mut record = Record::new(Kind::Voice, Timestamp::from_ms(0));
        let number = E164::from_digits("85512000001").map(Party::Number);
        (record.direction, record.answered, record.trunk_in_international) = (direction, Some(answered), international);
        (record.caller, record.callee) = (number, number);
        record.trunk_in = if international { "int-1" } else { "" };
        record
    }

    fn view(file: &PatternFile, records: &[Record<'_>]) -> View {
        let mut profile = Profile::new(std::slice::from_ref(file));
        records.iter().for_each(|record| profile.record(record));
        profile.view(file)
    }

    #[test]
    fn a_feed_without_unanswered_calls_is_blind_for_who_needs_them() {
        let wangiri = pattern("[\"block\"]", "[]", "kind == \"voice\"", "unanswered");
        let answered = vec![call(Direction::Incoming, true, true); 96];
        let with = |more: &[Record<'static>]| view(&wangiri, &[answered.clone(), more.to_vec()].concat());
        let few = with(&vec![call(Direction::Incoming, false, true); 4]);
        assert_eq!((few.sight, few.speaks), (Sight::Blind, "after the call"));
        assert_eq!(few.missing, ["4.0 % of calls are unanswered, at least 5.0 % expected"]);
        assert_eq!(with(&vec![call(Direction::Incoming, false, true); 6]).sight, Sight::Sees);
        let at_home = with(&vec![call(Direction::Incoming, false, false); 20]);
        assert_eq!(at_home.missing, ["no unanswered call on an international trunk"]);
        // Who needs answered calls alone sees.
        let plain = pattern("[\"block\"]", "[]", "kind == \"voice\"", "answered");
        assert_eq!(view(&plain, &answered).sight, Sight::Sees);
    }

    #[test]
    fn a_field_that_is_missing_is_told_by_its_share() {
        let cells = pattern("[\"caller\"]", "[\"cell\"]", "kind == \"voice\"", "true");
        let mut with_cell = call(Direction::Outgoing, true, false);
        with_cell.cell = "456-1";
        let records = |with: usize, without: usize| {
            [vec![with_cell; with], vec![call(Direction::Outgoing, true, false); without]].concat()
        };
        assert_eq!(view(&cells, &records(0, 200)).sight, Sight::Blind);
        let weak = view(&cells, &records(32, 168));
        assert_eq!(
            (weak.sight, weak.missing.as_slice()),
            (Sight::Weak, &["`cell` in 16 % of its records".to_owned()][..])
        );
        assert_eq!(view(&cells, &records(101, 99)).sight, Sight::Sees);
        // Legs that it does not look at are not counted against it.
        let transit = vec![call(Direction::Transit, true, false); 1000];
        assert_eq!(view(&cells, &[records(101, 99), transit.clone()].concat()).sight, Sight::Sees);
        assert_eq!(view(&cells, &transit).missing, ["no record of a kind and leg that it looks at"]);
    }

    #[test]
    fn a_pattern_of_two_entities_is_weak_where_one_is_blind() {
        let both = pattern("[\"template\", \"domain\"]", "[\"a list\"]", "kind == \"sms\"", "true");
        let mut message = Record::new(Kind::Sms, Timestamp::from_ms(0));
        (message.direction, message.domain) = (Direction::Outgoing, "x.top");
        let found = view(&both, &[message]);
        assert_eq!((found.sight, found.speaks), (Sight::Weak, "at once"));
        assert_eq!(found.missing, ["template: none of its records has `template`"]);
        assert_eq!(found.untold, ["a list"]);
    }
}
