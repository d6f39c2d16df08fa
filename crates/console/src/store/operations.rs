//! Joint operations: what the topic says of them, as far as somebody may see what they are about.
//!
//! That there is an operation, who is in it and how far it is, everybody on the exchange reads. Of an incident that is not meant for
//! somebody's country, or that is not known here, so that nobody can tell, its number alone is shown, never its id.

use lancang_alert::Feedback;
use lancang_alert::feedback::joint::{OperationState, Progress};
use lancang_alert::feedback::operation::{Listed, Word};
use lancang_alert::feedback::{About, Believed, Fold, Id, Said};
use rusqlite::OptionalExtension as _;
use serde_json::{Value, json};

use super::{Batch, Eyes, Sight, Signed, StoreError, bit, set};
use crate::limits::{OPERATIONS_SHOWN_OF_COUNTRY_MAX, PAGE_MAX, SAID_SHOWN_MAX, UNHEARD_SHOWN_MAX};

/// Which operations are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperationFilter {
    /// One in which this country has a part.
    pub country: Option<String>,
    /// How far they are.
    pub stage: Option<Progress>,
    /// Of which something was said last before this place.
    pub after: Option<i64>,
}

impl Batch<'_> {
    /// Takes up a message of an operation, as it was signed; others are left alone, and so are words that the fold does not know and
    /// so bounds by no limit.
    ///
    /// # Errors
    /// If the database fails.
    pub fn operation_word(&self, believed: &Believed, signed: Signed<'_>) -> Result<(), StoreError> {
        let operation = match &believed.said {
            Said::Operation(_) => believed.id,
            Said::OfOperation { of, .. } => *of,
            _ => return Ok(()),
        };
        let Signed { value, envelope, received } = signed;
        let put = "INSERT OR IGNORE INTO operation_words VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let (id, text) = (believed.id.to_string(), String::from_utf8_lossy(value));
        let kept = (id, operation.to_string(), believed.published.as_ms(), text, envelope, received.as_ms());
        self.transaction.prepare_cached(put)?.execute(kept)?;
        Ok(())
    }

    /// Takes up what operations are now, by all that is kept of them, each with the offset of the newest that was said of it; none
    /// where something was let go of alone.
    ///
    /// # Errors
    /// If the database fails.
    pub fn operations(
        &self,
        fold: &Fold,
        changed: impl IntoIterator<Item = (Id, Option<i64>)>,
    ) -> Result<(), StoreError> {
        for (id, offset) in changed {
            let name = id.to_string();
            let place = "SELECT place FROM operations WHERE operation_id = ?1";
            let place = self.transaction.prepare_cached(place)?.query_row([&name], |row| row.get(0)).optional()?;
            let offset = offset.or(place).unwrap_or(0);
            let kept: Vec<String> = fold.messages_of_operation(id).map(|id| id.to_string()).collect();
            let gone =
                "DELETE FROM operation_words WHERE operation_id = ?1 AND id NOT IN (SELECT value FROM json_each(?2))";
            self.transaction.prepare_cached(gone)?.execute((&name, json!(kept).to_string()))?;
            for text in [
                "DELETE FROM operations WHERE operation_id = ?1",
                "DELETE FROM operation_incidents WHERE operation_id = ?1",
                "DELETE FROM operation_campaigns WHERE operation_id = ?1",
            ] {
                self.transaction.prepare_cached(text)?.execute([&name])?;
            }
            if let Some(state) = fold.operation(id) {
                self.operation(&name, &state, offset)?;
            }
        }
        Ok(())
    }

    /// Lets go of operations of which the topic holds nothing any more, once all of it was read.
    ///
    /// # Errors
    /// If the database fails.
    pub fn keep_operations(&self, fold: &Fold) -> Result<(), StoreError> {
        let known = "SELECT operation_id FROM operations UNION SELECT operation_id FROM operation_words";
        let mut known = self.transaction.prepare_cached(known)?;
        let known = known.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
        let is_gone = |id: &Id| fold.messages_of_operation(*id).next().is_none();
        let gone = known.iter().filter_map(|id| Id::parse(id)).filter(is_gone);
        self.operations(fold, gone.map(|id| (id, None)))
    }

    fn operation(&self, name: &str, state: &OperationState, offset: i64) -> Result<(), StoreError> {
        let countries = set(state.countries.keys());
        let put = "INSERT INTO operations VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let whole = serde_json::to_value(state)?;
        let (line, whole) = (line(&whole).to_string(), whole.to_string());
        let proposer = &state.proposer.country;
        let kept = (name, offset, state.published.as_ms(), state.stage as i64, countries, proposer, line, whole);
        self.transaction.prepare_cached(put)?.execute(kept)?;
        let mut put =
            self.transaction.prepare_cached("INSERT OR IGNORE INTO operation_incidents VALUES (?1, ?2, ?3)")?;
        for listed in &state.incidents {
            put.execute((&listed.about.incident_id, listed.about.producer.uri(), name))?;
        }
        let mut put = self.transaction.prepare_cached("INSERT OR IGNORE INTO operation_campaigns VALUES (?1, ?2)")?;
        for listed in &state.campaigns {
            put.execute((&listed.campaign_id, name))?;
        }
        Ok(())
    }
}

impl Sight<'_> {
    /// A page of operations, the one of which something was said last first, and where the next page begins.
    ///
    /// # Errors
    /// If the database fails.
    pub fn operations(&self, filter: &OperationFilter, limit: u32) -> Result<(Vec<Value>, Option<i64>), StoreError> {
        let limit = limit.clamp(1, PAGE_MAX);
        let set = filter.country.as_deref().map(|country| bit(country).unwrap_or(0));
        let text = "SELECT place, line FROM operations WHERE place <= ?1 AND (?2 IS NULL OR countries & ?2 <> 0) \
             AND (?3 IS NULL OR stage = ?3) ORDER BY place DESC, operation_id LIMIT ?4";
        let mut text = self.transaction.prepare_cached(text)?;
        let stage = filter.stage.map(|stage| stage as i64);
        let bound = (filter.after.map_or(i64::MAX, |after| after - 1), set, stage, limit);
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?));
        let found: Vec<(i64, String)> = text.query_map(bound, read)?.collect::<rusqlite::Result<_>>()?;
        let next = (found.len() == limit as usize).then(|| found.last().map(|(place, _)| *place)).flatten();
        let lines = found.iter().map(|(_, line)| Ok(serde_json::from_str(line)?));
        Ok((lines.collect::<Result<_, StoreError>>()?, next))
    }

    /// An operation, with what it is about as far as that may be seen, and all that was said of it.
    ///
    /// # Errors
    /// If the database fails.
    pub fn operation(&self, eyes: Eyes, id: &str) -> Result<Option<Value>, StoreError> {
        let Some(state) = self.operation_state(id)? else { return Ok(None) };
        let mut told = line(&state);
        let (mut incidents, mut campaigns, mut hidden, mut hidden_campaigns) = (Vec::new(), Vec::new(), 0_u64, 0_u64);
        for listed in state["incidents"].as_array().into_iter().flatten() {
            match self.seen_incident(eyes, &serde_json::from_value(listed.clone())?)? {
                Some(incident) => {
                    incidents.push(json!({ "row": self.row(eyes, incident)?, "by": listed["by"], "at": listed["at"] }))
                }
                None => hidden += 1,
            }
        }
        for listed in state["campaigns"].as_array().into_iter().flatten() {
            let campaign = listed["campaign_id"].as_str().unwrap_or_default();
            match self.campaign_line(eyes, campaign)? {
                Some(line) => campaigns.push(json!({ "campaign": line, "by": listed["by"], "at": listed["at"] })),
                None => hidden_campaigns += 1,
            }
        }
        told["listed"] = json!({
            "incidents": incidents, "hidden": hidden, "campaigns": campaigns, "hidden_campaigns": hidden_campaigns,
            "not_listed": state["not_listed"],
        });
        let (said, more) = self.words_of_operation(id, &state)?;
        (told["said"], told["more_said"]) = (json!(said), json!(more));
        Ok(Some(told))
    }

    /// Who proposed an operation, and who has a part in it.
    ///
    /// # Errors
    /// If the database fails.
    pub fn operation_state(&self, id: &str) -> Result<Option<Value>, StoreError> {
        let mut find = self.transaction.prepare_cached("SELECT state FROM operations WHERE operation_id = ?1")?;
        let found = find.query_row([id], |row| row.get::<_, String>(0)).optional()?;
        Ok(found.map(|state| serde_json::from_str(&state)).transpose()?)
    }

    /// Operations that an incident is in, and how many more there are than are shown.
    pub(super) fn operations_of_incident(
        &self,
        incident_id: &str,
        producer: &str,
    ) -> Result<(Vec<Value>, u32), StoreError> {
        self.shown("operation_incidents l WHERE l.incident_id = ?1 AND l.producer = ?2", (incident_id, producer))
    }

    /// Operations that a campaign is in, and how many more there are than are shown.
    pub(super) fn operations_of_campaign(&self, campaign_id: &str) -> Result<(Vec<Value>, u32), StoreError> {
        self.shown("operation_campaigns l WHERE l.campaign_id = ?1", [campaign_id])
    }

    /// Operations of which something was said after a place.
    pub(super) fn changed_operations(&self, after: i64, limit: i64) -> Result<Vec<String>, StoreError> {
        let text = "SELECT operation_id FROM operations WHERE place > ?1 ORDER BY place LIMIT ?2";
        let mut text = self.transaction.prepare_cached(text)?;
        Ok(text.query_map((after, limit), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    /// Operations of a list: of those that each country proposed as many as are shown, so that none hides another's; and how many
    /// more there are.
    fn shown(&self, list: &str, bound: impl rusqlite::Params) -> Result<(Vec<Value>, u32), StoreError> {
        let text = format!(
            "SELECT line, every FROM (SELECT place, operation_id, line, count(*) OVER () AS every, \
             row_number() OVER (PARTITION BY proposer ORDER BY place DESC, operation_id) AS nth FROM operations \
             WHERE operation_id IN (SELECT l.operation_id FROM {list})) \
             WHERE nth <= {OPERATIONS_SHOWN_OF_COUNTRY_MAX} ORDER BY place DESC, operation_id"
        );
        let mut text = self.transaction.prepare_cached(&text)?;
        let found = text.query_map(bound, |row| Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?)))?;
        let found: Vec<(String, u32)> = found.collect::<rusqlite::Result<_>>()?;
        let every = found.first().map_or(0, |(_, every)| *every);
        let lines = found.iter().map(|(line, _)| Ok(serde_json::from_str(line)?));
        Ok((lines.collect::<Result<_, StoreError>>()?, every - found.len() as u32))
    }

    /// The number here of an incident that is listed, if it may be seen.
    pub(super) fn seen_incident(&self, eyes: Eyes, about: &About) -> Result<Option<i64>, StoreError> {
        let find = "SELECT i.id FROM incidents i JOIN names n ON n.id = i.source WHERE i.incident_id = ?1 AND n.name = ?2 \
             AND i.visible & ?3 = ?3";
        let mut find = self.transaction.prepare_cached(find)?;
        Ok(find.query_row((&about.incident_id, about.producer.uri(), eyes.0), |row| row.get(0)).optional()?)
    }

    /// What was said of an operation, in order, and how many more words there are: of those that have an effect the newest, and of
    /// those that have none the newest too, so that a flood of these hides none of those.
    fn words_of_operation(&self, id: &str, state: &Value) -> Result<(Vec<Value>, usize), StoreError> {
        let all = "SELECT id FROM operation_words WHERE operation_id = ?1 ORDER BY published, id";
        let mut all = self.transaction.prepare_cached(all)?;
        let all: Vec<String> = all.query_map([id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let count = all.len();
        let (without, mut shown): (Vec<_>, Vec<_>) =
            all.into_iter().enumerate().partition(|(_, id)| !state["unheard"][id.as_str()].is_null());
        shown.drain(..shown.len().saturating_sub(SAID_SHOWN_MAX as usize));
        shown.extend(without.into_iter().rev().take(UNHEARD_SHOWN_MAX));
        shown.sort_unstable();
        let mut find = self.transaction.prepare_cached("SELECT feedback FROM operation_words WHERE id = ?1")?;
        let mut words = Vec::new();
        for (_, id) in shown {
            let feedback = find.query_row([&id], |row| row.get::<_, String>(0))?;
            let mut told = word(&id, &serde_json::from_str(&feedback)?);
            told["unheard"] = state["unheard"][id.as_str()].clone();
            words.push(told);
        }
        let more = count - words.len();
        Ok((words, more))
    }
}

/// What a list says of an operation: nothing of what it is about but how much.
fn line(state: &Value) -> Value {
    let mut told = state.clone();
    let count = |name: &str| state[name].as_array().map_or(0, Vec::len);
    told["incidents"] = json!(count("incidents"));
    told["campaigns"] = json!(count("campaigns"));
    if let Some(told) = told.as_object_mut() {
        told.remove("unheard");
    }
    told
}

/// A message of an operation as people read it; of what it lists the number. Only the block that was checked is shown: what else a
/// message has is nobody's word.
fn word(id: &str, feedback: &Feedback) -> Value {
    let mut told = json!({
        "id": id, "published": feedback.published, "writer": feedback.writer, "person": feedback.person,
        "kind": feedback.kind, "incidents": null, "campaigns": null, "answer": null, "reason": null, "stage": null,
        "outcome": null, "suspects": null, "sites": null,
    });
    let block = match feedback.said().map(|(said, _)| said) {
        Ok(Said::Operation(proposed)) => count(&proposed.listed),
        Ok(Said::OfOperation { word, .. }) => match *word {
            Word::Addition(listed) => count(&listed),
            Word::Answer(reply, reason) => json!({ "answer": reply.as_str(), "reason": reason }),
            Word::Running => json!({ "stage": Progress::Running.as_str() }),
            Word::Closed(outcome) => {
                let mut told = json!(outcome);
                told["stage"] = Progress::Closed.as_str().into();
                told
            }
        },
        _ => return told,
    };
    if let (Some(told), Value::Object(block)) = (told.as_object_mut(), block) {
        told.extend(block);
    }
    told
}

fn count(listed: &Listed) -> Value {
    json!({ "incidents": listed.incidents.len(), "campaigns": listed.campaigns.len() })
}
