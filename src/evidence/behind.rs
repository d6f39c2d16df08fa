//! Which records of the log belong to lines: those that they name, and those that stand behind them besides.
//!
//! A line names its twenty earliest records. The rest is found by what the line says: its entity, its time, and its patterns in
//! the version that it names, from the packs that were in force or the configured one. Lines whose patterns are kept nowhere any
//! more have the records that they name alone, and are said to be unsought.
//!
//! - Legs and parts of one call have one reference: of those, the ones that stand behind a line were counted and are evidence; the
//!   leg of whom it called says more of a victim than the case needs. Where nobody can tell, all are.
//! - A record that comes again, byte by byte, is told once.
//! - At most [`FURTHER_MAX`] are collected; how many more there were is said.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use lancang_alert::evidence::{Bundle, Found, Further};
use lancang_alert::incident::Incident;
use lancang_engine::attachment::write_reference;
use lancang_engine::behind::{Behind, hash_of};
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
        // One with mistakes judged nothing.
        let configured = pack_folder::compile(&config.patterns.folder, &config.patterns.lists);
        let configured = configured.ok().map(|(_, pack)| Arc::new(pack));
        Ok(Self { packs: Packs::new(store), hashes, configured })
    }

    fn behind(&self, entity: EntityType, incident: &Incident) -> Option<Behind> {
        let kept = self.hashes.iter().filter_map(|hash| self.packs.get(hash));
        let mut packs = kept.chain(self.configured.iter().map(Arc::clone));
        packs.find_map(|pack| Behind::of(&pack, entity, &incident.patterns, incident.rule.as_deref()))
    }
}

/// Lines of one entity and of the same patterns, by hash of the entity's value: when, ms, and of which bundle.
type Spans = BTreeMap<u64, Vec<(i64, i64, usize)>>;

/// What belongs to the lines of bundles, and what was found of it.
pub struct Sought {
    /// First event of all lines; none if there is no line.
    pub first_ms: Option<i64>,
    /// References that the lines of each bundle name.
    named: Vec<BTreeSet<String>>,
    behind: Vec<(Behind, Spans)>,
    /// Revisions of each bundle whose patterns are kept nowhere any more.
    unsought: Vec<Vec<u64>>,
    /// Named ones, and whether each stands behind a line.
    found: BTreeMap<String, Vec<(Found, bool)>>,
    /// With the bundles that they belong to.
    further: Vec<(Found, BTreeSet<usize>)>,
    left_out: u64,
    told: HashSet<Vec<u8>>,
}

impl Sought {
    /// What belongs to the lines of these bundles.
    ///
    /// # Errors
    /// If one is no incident line.
    pub fn of(bundles: &[Bundle], rules: &Rules) -> anyhow::Result<Self> {
        let mut sought = Self {
            first_ms: None,
            named: vec![BTreeSet::new(); bundles.len()],
            behind: Vec::new(),
            unsought: vec![Vec::new(); bundles.len()],
            found: BTreeMap::new(),
            further: Vec::new(),
            left_out: 0,
            told: HashSet::new(),
        };
        // Most lines of an incident are of one entity and the same patterns.
        let mut known: BTreeMap<(EntityType, Vec<String>, Option<String>), Option<usize>> = BTreeMap::new();
        for (place, bundle) in bundles.iter().enumerate() {
            for line in &bundle.lines {
                let revision = line.revision;
                let incident = Incident::read(line.line.as_bytes())
                    .map_err(|_| Failure::data(format!("revision {revision} refers to what is no incident line")))?;
                let time = |name, text: &str| parse_time(name, text).map_or(0, Timestamp::as_ms);
                let first_ms = time("first_event", &incident.first_event);
                let last_ms = time("last_event", &incident.last_event);
                sought.first_ms = Some(sought.first_ms.map_or(first_ms, |first| first.min(first_ms)));
                let name = incident.entity.entity_type.as_str();
                let entity = EntityType::ALL.iter().find(|(known, _)| *known == name).map(|(_, entity)| *entity);
                let rule = entity.and_then(|entity| {
                    let by = (entity, incident.patterns.clone(), incident.rule.clone());
                    *known.entry(by).or_insert_with(|| {
                        sought.behind.push((rules.behind(entity, &incident)?, Spans::new()));
                        Some(sought.behind.len() - 1)
                    })
                });
                match entity.zip(rule) {
                    Some((entity, rule)) => {
                        let spans = sought.behind[rule].1.entry(hash_of(entity, &incident.entity.value)).or_default();
                        spans.push((first_ms, last_ms, place));
                    }
                    None => sought.unsought[place].push(revision),
                }
                sought.named[place].extend(incident.evidence);
            }
        }
        Ok(sought)
    }

    /// Keeps a record of the log if it belongs to a line.
    pub fn look(&mut self, record: &Record<'_>, partition: i32, offset: i64) {
        let mut reference = String::new();
        write_reference(record, &mut reference);
        let is_named = self.named.iter().any(|named| named.contains(&reference));
        let at_ms = record.event.as_ms();
        let mut bundles: BTreeSet<usize> = self
            .behind
            .iter()
            .flat_map(|(behind, spans)| behind.hashes(record).filter_map(|hash| spans.get(&hash)).flatten())
            .filter(|(first, last, _)| (*first..=*last).contains(&at_ms))
            .map(|(.., bundle)| *bundle)
            .collect();
        if !is_named && bundles.is_empty() {
            return;
        }
        let stands = !bundles.is_empty();
        bundles.retain(|bundle| !self.named[*bundle].contains(&reference));
        let mut bytes = Vec::new();
        json::encode(&RawRecord::of(record), &mut bytes);
        let Ok(clear) = serde_json::from_slice(&bytes) else { return };
        if self.told.contains(&bytes) {
            return;
        }
        if self.further.len() >= FURTHER_MAX && !is_named {
            self.left_out += 1;
            return;
        }
        self.told.insert(bytes);
        let found = Found { reference: reference.clone(), partition, offset, record: clear };
        if !bundles.is_empty() {
            self.further.push((found.clone(), bundles));
        }
        if is_named {
            self.found.entry(reference).or_default().push((found, stands));
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
