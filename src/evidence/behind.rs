//! Which records of the log belong to lines: those that they name, and those that stand behind them besides.
//!
//! A line names its twenty earliest records. The rest is found by what the line says: its entity, its time, and its patterns in
//! the version that it names, from the packs that were in force and the configured one: by each that has them, for lists change
//! without the patterns. Lines whose patterns are kept nowhere any
//! more have the records that they name alone, and are said to be unsought.
//!
//! - Legs and parts of one call have one reference: of those, the ones that stand behind a line were counted and are evidence; the
//!   leg of whom it called says more of a victim than the case needs. Where nobody can tell, all are.
//! - References come again, on nodes that count in a circle or give none of their own: a named record lies in the line's time and
//!   names what the line is about. At most [`OF_REFERENCE_MAX`] of one reference are taken for named, what is more for further ones.
//! - A record that comes again, as scoring tells repeats ([`identity`]), is told once.
//! - At most [`FURTHER_MAX`] are collected; how many more there were is said.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use lancang_alert::evidence::{Bundle, Found, Further, names};
use lancang_alert::incident::Incident;
use lancang_engine::attachment::write_reference;
use lancang_engine::behind::{Behind, hash_of};
use lancang_engine::repeats::identity;
use lancang_pattern::Pack;
use lancang_pattern::plan::EntityType;
use lancang_record::Timestamp;
use lancang_record::codec::fields::parse_time;
use lancang_record::codec::json;
use lancang_record::raw::RawRecord;
use lancang_record::record::Record;

use crate::config::Config;
use crate::exit::Failure;
use crate::pack_folder;
use crate::service::packs::Packs;
use crate::store::Store;

/// Records that lines do not name, collected at once: some three kilobytes of memory each.
const FURTHER_MAX: usize = 50_000;
/// Records of one reference that are kept as named: legs and parts of a call. Of a feed that gives its records no reference of their
/// own, what is more stands behind the line as any other.
const OF_REFERENCE_MAX: usize = 20;

/// The packs that lines can have been judged by: those that were in force, the newest first, then the configured one.
pub struct Rules {
    packs: Packs,
    hashes: Vec<[u8; 32]>,
    configured: Option<Arc<Pack>>,
}

impl Rules {
    /// Those of a carrier.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn of(config: &Config, store: Store) -> anyhow::Result<Self> {
        let hashes = store.history()?;
        let configured = match pack_folder::compile(&config.patterns.folder, &config.patterns.lists) {
            Ok((_, pack)) => Some(Arc::new(pack)),
            Err(error) => {
                // One with mistakes judged nothing.
                tracing::warn!("the configured patterns are not looked at: {error:#}");
                None
            }
        };
        Ok(Self { packs: Packs::new(store), hashes, configured })
    }

    /// By each pack that has the line's patterns: packs may differ in lists alone, and which of them it was nobody says.
    fn behind(&self, entity: EntityType, incident: &Incident) -> Vec<Behind> {
        let kept = self.hashes.iter().filter_map(|hash| self.packs.get(hash));
        let packs = kept.chain(self.configured.iter().map(Arc::clone));
        packs.filter_map(|pack| Behind::of(&pack, entity, &incident.patterns, incident.rule.as_deref())).collect()
    }
}

/// When lines of a bundle were, ms, and of which bundle they are.
type Span = (i64, i64, usize);

/// Lines of the same patterns.
struct Alike {
    behind: Vec<Behind>,
    /// By hash of the entity's value.
    spans: HashMap<u64, Vec<Span>>,
}

impl Alike {
    /// Bundles that a record stands behind a line of.
    fn bundles(&self, record: &Record<'_>) -> BTreeSet<usize> {
        let at_ms = record.event.as_ms();
        let within = |hash: u64| {
            let spans = self.spans.get(&hash).into_iter().flatten();
            spans.filter(|(first, last, _)| (*first..=*last).contains(&at_ms)).map(|(.., bundle)| *bundle)
        };
        let entities =
            self.behind.iter().flat_map(|behind| behind.wanted(record, |hash| within(hash).next().is_some()));
        entities.flat_map(within).collect()
    }

    /// Lines of an incident reach over each other: one span of those that do.
    fn merge(&mut self) {
        for spans in self.spans.values_mut() {
            spans.sort_unstable_by_key(|(first, _, bundle)| (*bundle, *first));
            let mut merged: Vec<Span> = Vec::new();
            for (first, last, bundle) in spans.drain(..) {
                match merged.last_mut() {
                    Some((_, reached, of)) if *of == bundle && first <= *reached => *reached = last.max(*reached),
                    _ => merged.push((first, last, bundle)),
                }
            }
            *spans = merged;
        }
    }
}

/// A line that names records: when its windows were, ms, and what it is about.
struct Naming {
    first_ms: i64,
    last_ms: i64,
    value: Arc<str>,
}

/// What belongs to the lines of bundles, and what was found of it.
pub struct Sought {
    /// First event of all lines; none if there is no line.
    pub first_ms: Option<i64>,
    alike: Vec<Alike>,
    lines: Vec<Naming>,
    /// Lines by the references that they name.
    naming: HashMap<String, Vec<usize>>,
    /// References that the lines of each bundle name.
    named: Vec<BTreeSet<String>>,
    /// Revisions of each bundle whose patterns are kept nowhere any more.
    unsought: Vec<Vec<u64>>,
    /// Named ones, and whether each stands behind a line.
    found: BTreeMap<String, Vec<(Found, bool)>>,
    /// With the bundles that they belong to.
    further: Vec<(Found, BTreeSet<usize>)>,
    left_out: u64,
    /// Identities of the records that were kept.
    kept: HashSet<u64>,
    reference: String,
}

impl Sought {
    /// What belongs to the lines of these bundles.
    ///
    /// # Errors
    /// If one is no incident line.
    pub fn of(bundles: &[Bundle], rules: &Rules) -> anyhow::Result<Self> {
        let mut sought = Self {
            first_ms: None,
            alike: Vec::new(),
            lines: Vec::new(),
            naming: HashMap::new(),
            named: vec![BTreeSet::new(); bundles.len()],
            unsought: vec![Vec::new(); bundles.len()],
            found: BTreeMap::new(),
            further: Vec::new(),
            left_out: 0,
            kept: HashSet::new(),
            reference: String::new(),
        };
        // Most lines of an incident are of one entity and the same patterns.
        let mut known: BTreeMap<(EntityType, Vec<String>, Option<String>), Option<usize>> = BTreeMap::new();
        for (place, bundle) in bundles.iter().enumerate() {
            for line in &bundle.lines {
                let revision = line.revision;
                let incident = Incident::read(line.line.as_bytes())
                    .map_err(|_| Failure::data(format!("revision {revision} refers to what is no incident line")))?;
                let entity = EntityType::named(&incident.entity.entity_type);
                let alike = entity.and_then(|entity| {
                    let by = (entity, incident.patterns.clone(), incident.rule.clone());
                    *known.entry(by).or_insert_with(|| {
                        let behind = rules.behind(entity, &incident);
                        sought.alike.push(Alike { behind, spans: HashMap::new() });
                        let place = sought.alike.len() - 1;
                        (!sought.alike[place].behind.is_empty()).then_some(place)
                    })
                });
                let (first_ms, last_ms) = sought.line(place, &incident);
                match entity.zip(alike) {
                    Some((entity, alike)) => {
                        let hash = hash_of(entity, &incident.entity.value);
                        sought.alike[alike].spans.entry(hash).or_default().push((first_ms, last_ms, place));
                    }
                    None => sought.unsought[place].push(revision),
                }
            }
        }
        sought.alike.iter_mut().for_each(Alike::merge);
        Ok(sought)
    }

    /// Notes what a line names; gives when it was.
    fn line(&mut self, bundle: usize, incident: &Incident) -> (i64, i64) {
        let time = |name, text: &str| parse_time(name, text).map_or(0, Timestamp::as_ms);
        let first_ms = time("first_event", &incident.first_event);
        let last_ms = time("last_event", &incident.last_event);
        self.first_ms = Some(self.first_ms.map_or(first_ms, |first| first.min(first_ms)));
        // What it names may be of a window before.
        let earlier_ms = first_ms.saturating_sub(incident.window_s.saturating_mul(1000));
        let value = incident.entity.value.as_str().into();
        self.lines.push(Naming { first_ms: earlier_ms, last_ms, value });
        for reference in &incident.evidence {
            self.naming.entry(reference.clone()).or_default().push(self.lines.len() - 1);
            self.named[bundle].insert(reference.clone());
        }
        (first_ms, last_ms)
    }

    /// Keeps a record of the log if it belongs to a line.
    pub fn look(&mut self, record: &Record<'_>, partition: i32, offset: i64) {
        let has_reference = write_reference(record, &mut self.reference);
        let naming = self.naming.get(&self.reference).filter(|_| has_reference);
        let mut bundles: BTreeSet<usize> = self.alike.iter().flat_map(|alike| alike.bundles(record)).collect();
        if naming.is_none() && bundles.is_empty() {
            return;
        }
        let mut bytes = Vec::new();
        json::encode(&RawRecord::of(record), &mut bytes);
        let Ok(clear) = serde_json::from_slice(&bytes) else { return };
        let (at_ms, stands) = (record.event.as_ms(), !bundles.is_empty());
        // References come again: one of another time, or that names something else, is another record.
        let is_named = naming.is_some_and(|lines| {
            let named = names(&clear);
            let mut lines = lines.iter().map(|line| &self.lines[*line]);
            lines.any(|line| (line.first_ms..=line.last_ms).contains(&at_ms) && named.contains(&*line.value))
        });
        if !is_named && !stands || identity(record).is_some_and(|identity| self.kept.contains(&identity)) {
            return;
        }
        let of_reference = self.found.get(&self.reference).map_or(0, Vec::len);
        let is_named = is_named && of_reference < OF_REFERENCE_MAX;
        if is_named {
            bundles.retain(|bundle| !self.named[*bundle].contains(&self.reference));
        }
        let is_further = !bundles.is_empty() && self.further.len() < FURTHER_MAX;
        if !bundles.is_empty() && !is_further {
            self.left_out += 1;
        }
        if !is_named && !is_further {
            return;
        }
        self.kept.extend(identity(record));
        let found = |reference: String| Found { reference, partition, offset, record: clear.clone() };
        if is_further {
            // What is one of many under a name that a line has is known by its place alone.
            let is_own = has_reference && bundles.iter().all(|bundle| !self.named[*bundle].contains(&self.reference));
            let reference = if is_own { self.reference.clone() } else { String::new() };
            self.further.push((found(reference), bundles));
        }
        if is_named {
            self.found.entry(self.reference.clone()).or_default().push((found(self.reference.clone()), stands));
        }
    }

    /// A bundle with what its lines name, and what stands behind them.
    pub fn fill(&self, place: usize, mut bundle: Bundle) -> Bundle {
        for reference in &self.named[place] {
            match self.found.get(reference) {
                Some(found) => {
                    let some_stand = found.iter().any(|(_, stands)| *stands);
                    let counted = found.iter().filter(|(_, stands)| *stands || !some_stand);
                    bundle.records.extend(counted.map(|(found, _)| found.clone()));
                }
                None => bundle.missing.push(reference.clone()),
            }
        }
        let records = self.further.iter().filter(|(_, bundles)| bundles.contains(&place));
        let records = records.map(|(found, _)| found.clone()).collect();
        bundle.further = (!bundle.lines.is_empty()).then(|| Further {
            records,
            left_out: self.left_out,
            unsought: self.unsought[place].clone(),
        });
        bundle
    }
}

#[cfg(test)]
mod tests {
    use lancang_alert::evidence::{Evidence, Line, LinePlace, Salt};
    use lancang_pattern::{PackSources, SourceFile};
    use lancang_record::Country;
    use lancang_record::number::{E164, Party};
    use lancang_record::record::{Direction, Kind};

    use super::*;

    const CALLER: &str = "+85510123456";
    const BEGINS_MS: i64 = 1_763_110_800_000;

    fn pack(records: &str, list: &str) -> PackSources {
        let text = format!(
            "id = \"p\"\nversion = 1\nfamily = \"f\"\ntitle = \"t\"\nentity = [\"caller\"]\nrecords = '{records}'\n\
             warn = 'a >= 1'\n[features.a]\naggregate = \"count\"\nwindow = \"1h\"\n\
             [weights.a]\npoints = 100\nfrom = 0\nto = 1\n"
        );
        let list = format!("list,kind,value,owner,reason,expires\n{list}");
        let file = |path: &str, text: String| SourceFile { path: path.to_owned(), text };
        PackSources::new(vec![file("p.toml", text)], vec![file("l.csv", list)])
    }

    /// What is found for a line of ten minutes that names these, among these records, by packs of which the last is configured.
    fn found(named: &[&str], records: &[Record<'_>], packs: &[PackSources]) -> Bundle {
        let (folder, runtime) = (tempfile::tempdir().unwrap(), tokio::runtime::Runtime::new().unwrap());
        let store = Store::open(folder.path(), runtime.handle().clone()).unwrap();
        let (last, kept) = packs.split_last().unwrap();
        let compiled = |sources: &PackSources| sources.compile().unwrap_or_else(|found| panic!("{found:?}"));
        let hashes: Vec<[u8; 32]> = kept.iter().map(|sources| compiled(sources).hash).collect();
        for (hash, sources) in hashes.iter().zip(kept) {
            store.put_pack(hash, sources.encode()).unwrap();
        }
        let rules = Rules { packs: Packs::new(store), hashes, configured: Some(Arc::new(compiled(last))) };
        let at = |ms: i64| Timestamp::from_ms(BEGINS_MS + ms);
        let line = serde_json::json!({
            "incident_id": "0".repeat(32), "revision": 0, "message": "open", "family": "f", "patterns": ["p@1"], "severity": 3, "score": 50,
            "entity": { "type": "caller", "value": CALLER }, "first_event": at(0).to_string(), "last_event": at(600_000).to_string(),
            "window_s": 3600, "reasons": [], "evidence": named, "home": "KH",
        });
        let line = line.to_string();
        let salt = Salt::from_hex(&"5a".repeat(32)).unwrap();
        let place = LinePlace { topic: "i".into(), partition: 0, offset: 0, kept_ms: None, salt };
        let evidence = Evidence::of(&Incident::read(line.as_bytes()).unwrap(), line.as_bytes(), Some(place));
        let bundle = Bundle {
            source: "//KH/a/b".into(),
            incident_id: "1".into(),
            case_reference: "c".into(),
            recipient: "//TH".into(),
            collected: at(0).to_string(),
            lines: vec![Line { revision: 0, evidence, salt: Some("5a".repeat(32)), line }],
            records: Vec::new(),
            missing: Vec::new(),
            further: None,
            gone: Vec::new(),
            asked_for: None,
            part: None,
        };
        let mut sought = Sought::of(std::slice::from_ref(&bundle), &rules).unwrap();
        (0..).zip(records).for_each(|(offset, record)| sought.look(record, 0, offset));
        let whole = sought.fill(0, bundle);
        whole.check().unwrap();
        let parts = whole.clone().parts();
        let of_parts: usize = parts.iter().flat_map(|part| &part.further).map(|further| further.records.len()).sum();
        assert_eq!(of_parts, further(&whole), "parts lose nothing");
        whole
    }

    fn further(bundle: &Bundle) -> usize {
        bundle.further.as_ref().unwrap().records.len()
    }

    fn record(kind: Kind, caller: &str, id: &'static str, at_ms: i64) -> Record<'static> {
        let mut record = Record::new(kind, Timestamp::from_ms(BEGINS_MS + at_ms));
        record.direction = Direction::Outgoing;
        record.home = Country::parse("KH").unwrap();
        let party = |text: &str| E164::from_digits(text.trim_start_matches('+')).map(Party::Number);
        (record.caller, record.callee) = (party(caller), party("+85510999999"));
        (record.source, record.id) = ("smsc1", id);
        record
    }

    const SMS: &str = "kind == \"sms\"";

    #[test]
    fn a_feed_without_references_gives_the_callers_own_alone() {
        let own = (0..60).map(|second| record(Kind::Sms, CALLER, "", second * 1000));
        let others = (0..30).map(|second| record(Kind::Sms, "+85510123457", "", second * 1000));
        let records: Vec<_> = own.chain(others).collect();
        let bundle = found(&["smsc1/"], &records, &[pack(SMS, "")]);
        assert_eq!((bundle.records.len(), further(&bundle), bundle.missing.len()), (OF_REFERENCE_MAX, 40, 0));
    }

    #[test]
    fn a_reference_that_comes_again_is_of_its_time_and_its_entity() {
        let day_ms = 86_400_000;
        let records = [
            record(Kind::Sms, CALLER, "7", -day_ms),
            record(Kind::Sms, "+85510123457", "7", 1000),
            record(Kind::Sms, CALLER, "7", 2000),
            record(Kind::Sms, CALLER, "7", 2000),
            record(Kind::Sms, CALLER, "8", 700_000),
        ];
        let bundle = found(&["smsc1/7", "smsc1/9"], &records, &[pack(SMS, "")]);
        assert_eq!(
            (bundle.records[0].offset, bundle.records.len(), further(&bundle)),
            (2, 1, 0),
            "the first of a repeat"
        );
        assert_eq!(bundle.missing, ["smsc1/9"]);
    }

    #[test]
    fn lists_that_changed_since_leave_nothing_out() {
        let listed = format!("l,number,{CALLER},desk,test,\n");
        let filter = "kind == \"sms\" && !listed(caller, \"l\")";
        let records = [record(Kind::Sms, CALLER, "1", 0), record(Kind::Sms, CALLER, "2", 1000)];
        let other = "l,number,+85510000000,desk,test,\n";
        for packs in [[pack(filter, other), pack(filter, &listed)], [pack(filter, &listed), pack(filter, other)]] {
            let bundle = found(&["smsc1/1"], &records, &packs);
            assert_eq!((bundle.records.len(), further(&bundle)), (1, 1));
        }
        assert_eq!(further(&found(&["smsc1/1"], &records, &[pack(filter, &listed)])), 0);
    }

    #[test]
    fn calls_in_parts_and_calls_without_an_end_of_their_own_are_there() {
        let mut records = [1, 2].map(|part| {
            let mut record = record(Kind::Voice, CALLER, "1", 1000);
            (record.part, record.duration_ms, record.last) = (Some(part), Some(100_000), part == 2);
            record
        });
        records[1].event = records[1].start.plus_ms(200_000);
        let long = found(&[], &records, &[pack("kind == \"voice\" && duration_s >= 180", "")]);
        assert_eq!(further(&long), 2);
        // Its end is its start, whatever it lasted; it is the line's last.
        let mut short = record(Kind::Voice, CALLER, "2", 600_000);
        short.duration_ms = Some(400);
        assert_eq!(further(&found(&[], &[short], &[pack("kind == \"voice\"", "")])), 1);
    }

    #[test]
    fn lines_whose_patterns_are_kept_nowhere_say_so() {
        let other = PackSources::new(
            vec![SourceFile {
                path: "p.toml".into(),
                text: pack(SMS, "").patterns[0].text.replace("version = 1", "version = 2"),
            }],
            pack(SMS, "").lists,
        );
        let records = [record(Kind::Sms, CALLER, "1", 0), record(Kind::Sms, CALLER, "2", 0)];
        let bundle = found(&["smsc1/1"], &records, &[other]);
        assert_eq!((bundle.records.len(), further(&bundle)), (1, 0));
        assert_eq!(bundle.further.unwrap().unsought, [0]);
    }
}
