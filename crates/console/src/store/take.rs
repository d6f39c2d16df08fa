//! An alert is taken up: its incident's row, the words by which it is found, its revisions, and the figures it counts in.

use std::collections::{BTreeMap, BTreeSet};

use lancang_alert::Alert;
use lancang_alert::alert::{CANCEL, Entity};
use lancang_record::Timestamp;
use lancang_record::codec::fields::parse_time;
use rusqlite::OptionalExtension as _;
use serde_json::{Value, json};

use super::{Batch, Signed, State, StoreError, bit, key, visible};
use crate::limits::{REVISIONS_MAX, TERMS_OF_INCIDENT_MAX};

pub(super) const HOUR_MS: i64 = 3_600_000;
pub(super) const DAY_MS: i64 = 24 * HOUR_MS;
/// Digits of a mask that are hidden.
const HIDDEN: char = '•';

/// An alert that was verified.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'a> {
    /// The alert.
    pub alert: &'a Alert,
    /// Its bytes, as they were signed.
    pub signed: Signed<'a>,
    /// Key that signed it.
    pub key_id: &'a str,
    /// Where it stands in the topic.
    pub offset: i64,
    /// When it was read.
    pub heard: Timestamp,
}

/// What an alert was to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// An incident that was not there.
    Opened,
    /// A further revision.
    Revised,
    /// Its number of the source was there before.
    Repeat,
    /// There is no more room for names of sources and patterns, or a time is none.
    Refused,
}

/// What is known of an incident before an alert is taken.
struct Before {
    revision: i64,
    place: i64,
    countries: i64,
    alert: Alert,
}

impl Batch<'_> {
    /// Takes up an alert.
    ///
    /// # Errors
    /// If the database fails.
    pub fn alert(&self, taken: Taken<'_>) -> Result<News, StoreError> {
        let alert = taken.alert;
        let uri = alert.producer.uri();
        let names = (self.name(&uri)?, self.name(&alert.pattern)?);
        let times = (time(&alert.published), time(&alert.handling.retain_until));
        let ((Some(source), Some(pattern)), (Some(published), Some(retain_until))) = (names, times) else {
            return Ok(News::Refused);
        };
        if !self.heard(source, &taken, published)? {
            return Ok(News::Repeat);
        }
        let before = self.before(&alert.incident_id, source)?;
        let revision = i64::try_from(alert.revision).unwrap_or(i64::MAX);
        let countries = countries(alert) | before.as_ref().map_or(0, |before| before.countries);
        if before.as_ref().is_some_and(|before| before.revision >= revision) {
            return Ok(News::Repeat);
        }
        let put = "INSERT INTO incidents (incident_id, source, place, said, pattern, severity, state, countries, visible, \
             published, retain_until, revision, shown) VALUES (?1, ?2, ?3, -1, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?8) \
             ON CONFLICT (incident_id, source) DO UPDATE SET place = ?3, pattern = ?4, severity = ?5, state = ?6, \
             countries = ?7, visible = ?8, published = ?9, retain_until = ?10, revision = ?11, shown = shown | ?8 \
             RETURNING id";
        let (id, seen, state) = (&alert.incident_id, visible(alert), State::of(alert) as i64);
        let severity = i64::from(alert.severity);
        let incident: i64 = self.transaction.prepare_cached(put)?.query_row(
            rusqlite::params![
                id,
                source,
                taken.offset,
                pattern,
                severity,
                state,
                countries,
                seen,
                published,
                retain_until,
                revision
            ],
            |row| row.get(0),
        )?;
        if let Some(before) = &before {
            let keep = "INSERT OR IGNORE INTO earlier SELECT incident, ?2, ?3, alert, envelope, received, ?4 FROM bodies \
                 WHERE incident = ?1";
            let place = (incident, before.revision, before.place, visible(&before.alert));
            self.transaction.prepare_cached(keep)?.execute(place)?;
        }
        let line = line(alert, &uri).to_string();
        let Signed { value, envelope, received } = taken.signed;
        let body = "INSERT OR REPLACE INTO bodies VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let mut body = self.transaction.prepare_cached(body)?;
        body.execute((incident, line, value, taken.key_id, envelope, received.as_ms()))?;
        self.revision(incident, revision, &taken)?;
        self.words(incident, before.as_ref().map(|before| &before.alert), Some(alert))?;
        self.count(alert, before.as_ref(), pattern, published, seen)?;
        if let Some(into) = alert.grouped.as_ref().and_then(|grouped| grouped.merged_into.as_ref()) {
            let put = "INSERT OR IGNORE INTO merged VALUES (?1, ?2, ?3)";
            self.transaction.prepare_cached(put)?.execute((into, source, incident))?;
        }
        if before.is_some() {
            return Ok(News::Revised);
        }
        self.concluded(incident, id, &uri)?;
        Ok(News::Opened)
    }

    /// Notes that a source was heard; false if its number was there before.
    fn heard(&self, source: i64, taken: &Taken<'_>, published: i64) -> Result<bool, StoreError> {
        let mut known = self.transaction.prepare_cached("SELECT last_sequence FROM sources WHERE source = ?1")?;
        let last: Option<i64> = known.query_row([source], |row| row.get(0)).optional()?;
        let sequence = i64::try_from(taken.alert.sequence).unwrap_or(i64::MAX);
        if last.is_some_and(|last| sequence <= last) {
            return Ok(false);
        }
        let missing = last.map_or(0, |last| sequence - last - 1);
        let put = "INSERT INTO sources VALUES (?1, ?2, ?3, 0, 0, ?4, ?5) ON CONFLICT (source) DO UPDATE SET \
             key_id = ?2, last_sequence = ?3, gaps = gaps + (?6 > 0), missing = missing + ?6, \
             last_published = ?4, heard = ?5";
        let mut put = self.transaction.prepare_cached(put)?;
        put.execute((source, taken.key_id, sequence, published, taken.heard.as_ms(), missing))?;
        let count = "INSERT INTO heard VALUES (?1, ?2, 1) ON CONFLICT DO UPDATE SET alerts = alerts + 1";
        self.transaction.prepare_cached(count)?.execute((source, visible(taken.alert)))?;
        Ok(true)
    }

    fn before(&self, incident_id: &str, source: i64) -> Result<Option<Before>, StoreError> {
        let find = "SELECT revision, place, countries, alert FROM incidents JOIN bodies ON incident = id \
             WHERE incident_id = ?1 AND source = ?2";
        let mut find = self.transaction.prepare_cached(find)?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, Vec<u8>>(3)?));
        let Some((revision, place, countries, alert)) = find.query_row((incident_id, source), read).optional()? else {
            return Ok(None);
        };
        Ok(Some(Before { revision, place, countries, alert: serde_json::from_slice(&alert)? }))
    }

    fn revision(&self, incident: i64, revision: i64, taken: &Taken<'_>) -> Result<(), StoreError> {
        let alert = taken.alert;
        let told = json!({
            "revision": alert.revision, "message": alert.message, "published": alert.published,
            "detected": alert.detected, "first_event": alert.first_event, "last_event": alert.last_event,
            "severity": alert.severity, "score": alert.score, "reasons": alert.reasons,
            "entities": alert.entities.len(), "offset": taken.offset,
        });
        let mut put = self.transaction.prepare_cached("INSERT OR IGNORE INTO revisions VALUES (?1, ?2, ?3, ?4)")?;
        put.execute((incident, revision, told.to_string(), visible(alert)))?;
        // The first stays, and the newest.
        let surplus = "DELETE FROM revisions WHERE incident = ?1 AND revision = (SELECT min(revision) FROM revisions \
             WHERE incident = ?1 AND revision > (SELECT min(revision) FROM revisions WHERE incident = ?1)) \
             AND (SELECT count(*) FROM revisions WHERE incident = ?1) > ?2";
        if self.transaction.prepare_cached(surplus)?.execute((incident, REVISIONS_MAX))? > 0 {
            let earlier = "DELETE FROM earlier WHERE incident = ?1 AND revision NOT IN (SELECT revision FROM revisions \
                 WHERE incident = ?1)";
            self.transaction.prepare_cached(earlier)?.execute([incident])?;
        }
        Ok(())
    }

    /// What an incident is found by, and whom it calls innocent, is what its newest revision says.
    pub(super) fn words(&self, incident: i64, old: Option<&Alert>, new: Option<&Alert>) -> Result<(), StoreError> {
        let of = |words: fn(&Alert) -> BTreeSet<String>| {
            (old.map(words).unwrap_or_default(), new.map(words).unwrap_or_default())
        };
        self.replace("terms", "term", incident, &of(terms))?;
        self.replace("innocent", "token", incident, &of(innocent))
    }

    fn replace(
        &self,
        table: &str,
        column: &str,
        incident: i64,
        (old, new): &(BTreeSet<String>, BTreeSet<String>),
    ) -> Result<(), StoreError> {
        let delete = format!("DELETE FROM {table} WHERE {column} = ?1 AND incident = ?2");
        let mut delete = self.transaction.prepare_cached(&delete)?;
        old.difference(new).try_for_each(|word| delete.execute((word, incident)).map(drop))?;
        let mut insert = self.transaction.prepare_cached(&format!("INSERT OR IGNORE INTO {table} VALUES (?1, ?2)"))?;
        new.difference(old).try_for_each(|word| insert.execute((word, incident)).map(drop))?;
        Ok(())
    }

    fn count(
        &self,
        alert: &Alert,
        before: Option<&Before>,
        pattern: i64,
        published: i64,
        seen: i64,
    ) -> Result<(), StoreError> {
        let opened = alert.opened.as_deref().and_then(time).unwrap_or(published);
        let day = opened.div_euclid(DAY_MS) * DAY_MS;
        let old = before.map(|before| by_country(&before.alert)).unwrap_or_default();
        let victims = "INSERT INTO victims VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET victims = victims + ?4";
        let mut victims = self.transaction.prepare_cached(victims)?;
        for (country, count) in by_country(alert) {
            // Only more of them: what is told no longer was told.
            let more = count - old.get(&country).copied().unwrap_or(0);
            if more > 0 {
                victims.execute((day, country, seen, more))?;
            }
        }
        let was_placed = before.is_some_and(|before| before.alert.place.is_some());
        if let Some(place) = alert.place.as_ref().filter(|_| !was_placed) {
            let spot = "INSERT INTO spots VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1) \
                 ON CONFLICT DO UPDATE SET incidents = incidents + 1";
            // Where no position is told there is an area, or a country, alone.
            let (latitude, longitude) = (place.latitude.unwrap_or(0.0), place.longitude.unwrap_or(0.0));
            let admin1 = place.admin1.as_deref().unwrap_or_default();
            let radius_m = place.latitude.and(place.longitude).and(place.radius_m).map_or(0, i64::from);
            self.transaction.prepare_cached(spot)?.execute(rusqlite::params![
                day,
                place.country,
                admin1,
                latitude,
                longitude,
                radius_m,
                pattern,
                seen
            ])?;
        }
        if before.is_some() {
            return Ok(());
        }
        let hour = opened.div_euclid(HOUR_MS) * HOUR_MS;
        let hours = "INSERT INTO hours VALUES (?1, ?2, ?3, ?4, 1) ON CONFLICT DO UPDATE SET incidents = incidents + 1";
        self.transaction.prepare_cached(hours)?.execute((hour, pattern, &alert.producer.country, seen))?;
        Ok(())
    }
}

fn by_country(alert: &Alert) -> BTreeMap<String, i64> {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    alert.victims.iter().map(|victims| (victims.country.clone(), count(victims.count))).collect()
}

pub(super) fn time(text: &str) -> Option<i64> {
    parse_time("time", text).ok().map(Timestamp::as_ms)
}

/// Countries that have to do with an alert: its producer's, those of entities, those of victims.
fn countries(alert: &Alert) -> i64 {
    let entities = alert.entities.iter().filter_map(|entity| entity.country.as_deref());
    let victims = alert.victims.iter().map(|victims| victims.country.as_str());
    let named = std::iter::once(alert.producer.country.as_str()).chain(entities).chain(victims);
    named.filter_map(bit).fold(0, |set, bit| set | bit)
}

/// By what an incident is found: tokens, what masks show, types of devices, clear values that everybody may see.
pub(super) fn terms(alert: &Alert) -> BTreeSet<String> {
    let mut terms = BTreeSet::new();
    for entity in &alert.entities {
        terms.extend(entity.tokens().cloned());
        let shown = entity.masked.as_deref().map(|masked| masked.trim_end_matches(HIDDEN));
        terms.extend(shown.into_iter().chain(entity.tac.as_deref()).map(str::to_lowercase));
        terms.extend(entity.value.as_deref().map(str::to_lowercase));
    }
    while terms.len() > TERMS_OF_INCIDENT_MAX {
        terms.pop_last();
    }
    terms
}

/// Whether something was done to it, and not by it: it is impersonated, or a victim.
pub(crate) fn is_innocent(entity: &Entity) -> bool {
    matches!(entity.role.as_str(), "impersonated" | "victim")
}

/// Tokens of all such.
fn innocent(alert: &Alert) -> BTreeSet<String> {
    let innocent = alert.entities.iter().filter(|entity| is_innocent(entity));
    innocent.flat_map(Entity::tokens).cloned().collect()
}

fn named(entity: &Entity) -> Value {
    json!({
        "type": entity.entity_type, "role": entity.role, "masked": entity.masked, "value": entity.value,
        "token": entity.token, "country": entity.country,
    })
}

/// What a list shows of an alert.
fn line(alert: &Alert, uri: &str) -> Value {
    let entity = alert.entities.iter().find(|entity| entity.about).or(alert.entities.first());
    let countries: BTreeSet<&str> = std::iter::once(alert.producer.country.as_str())
        .chain(alert.entities.iter().filter_map(|entity| entity.country.as_deref()))
        .chain(alert.victims.iter().map(|victims| victims.country.as_str()))
        .collect();
    json!({
        "key": key(&alert.incident_id, uri), "incident_id": alert.incident_id, "producer": alert.producer,
        "revision": alert.revision, "message": alert.message, "status": alert.status,
        "state": State::of(alert).as_str(), "pattern": alert.pattern, "category": alert.category,
        "severity": alert.severity, "score": alert.score, "confidence": alert.confidence,
        "first_event": alert.first_event, "last_event": alert.last_event, "published": alert.published,
        "opened": alert.opened, "actionable_until": alert.actionable_until, "entity": entity.map(named),
        "entities": alert.entities.len(), "countries": countries,
        "victims": alert.victims.iter().map(|victims| victims.count).sum::<u64>(),
        "place": alert.place.as_ref().map(|place| json!({ "country": place.country, "admin1": place.admin1 })),
        "reason": alert.reasons.first(), "withdrawn": alert.message == CANCEL,
    })
}
