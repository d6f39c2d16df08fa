//! Whom the console hears, and what it refused.
//!
//! Alerts are counted as somebody may see them. What a source's numbers say (the last, gaps, when it was heard) is of its whole
//! stream: by that everybody knows whether something is missing.

use lancang_record::Timestamp;
use serde_json::{Map, Value, json};

use super::{Batch, Eyes, Sight, StoreError, source};
use crate::limits::SILENCE_MS;

/// A topic as its reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Short name: `alerts`, `feedback`, `campaigns`.
    pub name: &'static str,
    /// The topic.
    pub topic: String,
    /// Next offset to read.
    pub next: i64,
    /// Where the topic ended when it was last asked.
    pub end: i64,
    /// When it was last read to its end.
    pub read: Option<Timestamp>,
    /// When its brokers last answered where it ends; before the first answer, when that was first asked.
    pub answered: Timestamp,
}

impl Heard {
    /// Whether its brokers answer. A topic of which nothing is heard looks like one in which nothing happens.
    #[must_use]
    pub const fn is_heard(&self, now: Timestamp) -> bool {
        now.since_ms(self.answered) <= SILENCE_MS
    }
}

/// Whether all topics are heard, and since when not: what pages say beside what they show.
#[must_use]
pub fn heard(topics: &[Heard], now: Timestamp) -> Value {
    let answered = topics.iter().map(|heard| heard.answered).min();
    json!({
        "is_heard": topics.iter().all(|heard| heard.is_heard(now)), "answered": answered.map(|at| at.to_string()),
    })
}

impl Batch<'_> {
    /// Counts a message that was refused: by whom it says that it is, where such a one is known, and by kind of fault.
    ///
    /// # Errors
    /// If the database fails.
    pub fn refused(&self, claimed: &str, kind: &str) -> Result<(), StoreError> {
        // Who says what he likes makes no more rows than there are sources.
        let put = "INSERT INTO refusals VALUES (CASE WHEN EXISTS (SELECT 1 FROM sources s JOIN names n ON n.id = s.source \
             WHERE n.name = ?1) THEN ?1 ELSE '' END, ?2, 1) ON CONFLICT DO UPDATE SET messages = messages + 1";
        self.transaction.prepare_cached(put)?.execute((claimed, kind))?;
        Ok(())
    }
}

impl Sight<'_> {
    /// Sources with their numbers, gaps and refusals.
    ///
    /// # Errors
    /// If the database fails.
    pub fn sources(&self, eyes: Eyes, topics: &[Heard], now: Timestamp) -> Result<Value, StoreError> {
        let of = "SELECT kind, messages FROM refusals WHERE source = ?1 ORDER BY kind";
        let mut of = self.transaction.prepare_cached(of)?;
        let mut refused = |source: &str| {
            let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, json!(row.get::<_, i64>(1)?)));
            Ok::<_, StoreError>(Value::Object(of.query_map([source], read)?.collect::<rusqlite::Result<Map<_, _>>>()?))
        };
        let all = "SELECT n.name, s.key_id, (SELECT coalesce(sum(h.alerts), 0) FROM heard h WHERE h.source = s.source \
             AND h.visible & ?1 = ?1), s.last_sequence, s.gaps, s.missing, s.last_published, s.heard FROM sources s JOIN names n ON n.id = s.source ORDER BY n.name";
        let mut all = self.transaction.prepare_cached(all)?;
        let mut rows = all.query([eyes.0])?;
        let mut sources = Vec::new();
        while let Some(row) = rows.next()? {
            let uri: String = row.get(0)?;
            let number = |place: usize| row.get::<_, i64>(place);
            let time = |place: usize| Ok::<_, rusqlite::Error>(Timestamp::from_ms(number(place)?).to_string());
            sources.push(json!({
                "source": source(&uri), "key_id": row.get::<_, String>(1)?, "alerts": number(2)?,
                "last_sequence": number(3)?, "gaps": number(4)?, "missing": number(5)?,
                "last_published": time(6)?, "heard": time(7)?, "refused": refused(&uri)?,
            }));
        }
        let told: Vec<Value> = topics
            .iter()
            .map(|heard| {
                let lag = (heard.end - heard.next).max(0);
                json!({
                    "name": heard.name, "topic": heard.topic, "offset": heard.next, "end": heard.end, "lag": lag,
                    "read": heard.read.map(|read| read.to_string()), "answered": heard.answered.to_string(),
                    "is_current": heard.read.is_some() && lag == 0 && heard.is_heard(now),
                })
            })
            .collect();
        Ok(json!({
            "sources": sources, "unattributed": refused("")?, "topics": told, "exchange": heard(topics, now),
            "now": now.to_string(),
        }))
    }
}
