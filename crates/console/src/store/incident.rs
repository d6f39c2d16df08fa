//! One incident: all that is known of it.

use lancang_alert::{Alert, Feedback};
use rusqlite::OptionalExtension as _;
use serde_json::{Value, json};

use super::{Eyes, Sight, StoreError, key};
use crate::limits::{RELATED_SHOWN_MAX, SAID_SHOWN_MAX};

/// An incident whose key somebody named.
#[derive(Clone, Debug)]
pub struct Found {
    pub(super) id: i64,
    /// Its newest alert.
    pub alert: Alert,
    value: String,
    key_id: String,
}

impl Sight<'_> {
    /// The incident of a key, if there is one that may be seen.
    ///
    /// # Errors
    /// If the database fails.
    pub fn find(&self, eyes: Eyes, wanted: &str) -> Result<Option<Found>, StoreError> {
        let Some((incident_id, _)) = wanted.split_once('-') else { return Ok(None) };
        let find = "SELECT i.id, n.name, b.alert, b.key_id FROM incidents i JOIN names n ON n.id = i.source \
             JOIN bodies b ON b.incident = i.id WHERE i.incident_id = ?1 AND i.visible & ?2 = ?2";
        let mut find = self.transaction.prepare_cached(find)?;
        let mut found = find.query((incident_id, eyes.0))?;
        while let Some(row) = found.next()? {
            if key(incident_id, &row.get::<_, String>(1)?) == wanted {
                let value: Vec<u8> = row.get(2)?;
                return Ok(Some(Found {
                    id: row.get(0)?,
                    alert: serde_json::from_slice(&value)?,
                    value: String::from_utf8_lossy(&value).into_owned(),
                    key_id: row.get(3)?,
                }));
            }
        }
        Ok(None)
    }

    /// All that is known of an incident; `now` tells which requests are in force.
    ///
    /// # Errors
    /// If the database fails.
    pub fn told(&self, eyes: Eyes, found: &Found, now: &str) -> Result<Value, StoreError> {
        let row = self.row(eyes, found.id)?;
        let campaign = row["campaign"].as_str().map(|id| self.campaign_line(eyes, id)).transpose()?.flatten();
        let alert: Value = serde_json::from_str(&found.value)?;
        let revisions = self.revisions(eyes, found.id)?;
        let more_revisions = (found.alert.revision + 1).saturating_sub(revisions.len() as u64);
        let ((said, more_said), conclusion) = (self.said(found)?, self.conclusion(found, now)?);
        let (related, more_related) = self.related(eyes, found)?;
        let (operations, more_operations) =
            self.operations_of_incident(&found.alert.incident_id, &found.alert.producer.uri())?;
        Ok(json!({
            "offset": row["place_in_topic"], "row": row, "alert": alert, "key_id": found.key_id,
            "revisions": revisions, "more_revisions": more_revisions, "said": said, "more_said": more_said,
            "conclusion": conclusion, "related": related, "more_related": more_related, "campaign": campaign,
            "operations": operations, "more_operations": more_operations,
        }))
    }

    /// Those that were meant for somebody: an alert may have been shared with more countries later.
    fn revisions(&self, eyes: Eyes, id: i64) -> Result<Vec<Value>, StoreError> {
        let told = "SELECT told FROM revisions WHERE incident = ?1 AND visible & ?2 = ?2 ORDER BY revision";
        let mut told = self.transaction.prepare_cached(told)?;
        let told =
            told.query_map((id, eyes.0), |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(told.iter().map(|told| serde_json::from_str(told)).collect::<Result<_, _>>()?)
    }

    /// The newest of what was said, in order, and how many older words there are.
    fn said(&self, found: &Found) -> Result<(Vec<Value>, u32), StoreError> {
        let of = (&found.alert.incident_id, found.alert.producer.uri());
        let count = "SELECT count(*) FROM statements WHERE incident_id = ?1 AND producer = ?2";
        let count: u32 = self.transaction.prepare_cached(count)?.query_row((of.0, &of.1), |row| row.get(0))?;
        let newest = "SELECT id, feedback FROM statements WHERE incident_id = ?1 AND producer = ?2 \
             ORDER BY published DESC, id DESC LIMIT ?3";
        let mut newest = self.transaction.prepare_cached(newest)?;
        let place = (of.0, &of.1, SAID_SHOWN_MAX);
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
        let newest = newest.query_map(place, read)?.collect::<rusqlite::Result<Vec<_>>>()?;
        let mut said = Vec::new();
        for (id, feedback) in newest.iter().rev() {
            said.push(statement(id, &serde_json::from_str(feedback)?));
        }
        let more = count - said.len() as u32;
        Ok((said, more))
    }

    fn conclusion(&self, found: &Found, now: &str) -> Result<Value, StoreError> {
        let find = "SELECT state FROM conclusions WHERE incident_id = ?1 AND producer = ?2";
        let mut find = self.transaction.prepare_cached(find)?;
        let place = (&found.alert.incident_id, found.alert.producer.uri());
        let Some(state) = find.query_row(place, |row| row.get::<_, String>(0)).optional()? else {
            return Ok(Value::Null);
        };
        let mut state: Value = serde_json::from_str(&state)?;
        for request in state["requests"].as_array_mut().into_iter().flatten() {
            // Both are texts of the same form: they compare as times do.
            let is_current = request["until"].as_str().is_some_and(|until| now < until);
            request["in_force"] = json!(is_current && request["accepted"] == json!(true));
        }
        Ok(state)
    }

    /// Incidents that have something in common with one: of its links first, then by tokens, then of its campaign; and whether there
    /// are more than are shown.
    fn related(&self, eyes: Eyes, found: &Found) -> Result<(Vec<Value>, bool), StoreError> {
        let mut ids: Vec<(i64, &str)> = Vec::new();
        let mut is_more = false;
        let mut add = |why, more: Vec<i64>| {
            for id in more {
                if id == found.id || ids.iter().any(|(known, _)| *known == id) {
                    continue;
                }
                is_more |= ids.len() == RELATED_SHOWN_MAX;
                if ids.len() < RELATED_SHOWN_MAX {
                    ids.push((id, why));
                }
            }
        };
        let linked = "SELECT id FROM incidents WHERE incident_id = ?1 AND visible & ?2 = ?2";
        for id in found.alert.links.iter().flat_map(|links| &links.related) {
            add("link", self.ids(linked, (id, eyes.0))?);
        }
        // Of a value that very many share the newest are enough: itself, those that are shown, and one that tells that there are more.
        let enough = RELATED_SHOWN_MAX as u32 + 2;
        let sharing = "SELECT t.incident FROM terms t JOIN incidents i ON i.id = t.incident WHERE t.term = ?1 \
             AND i.visible & ?2 = ?2 ORDER BY t.incident DESC LIMIT ?3";
        let acts = found.alert.entities.iter().filter(|entity| matches!(entity.role.as_str(), "suspect" | "used"));
        for token in acts.flat_map(lancang_alert::alert::Entity::tokens) {
            add("token", self.ids(sharing, (token, eyes.0, enough))?);
        }
        let of_campaign = "SELECT i.id FROM view_members m JOIN names n ON n.name = m.producer JOIN incidents i \
             ON i.incident_id = m.incident_id AND i.source = n.id WHERE m.country = ?1 AND m.campaign_id = ?2 \
             AND i.visible & ?3 = ?3 LIMIT ?4";
        if let Some(campaign) = self.joined_of(eyes, found.id)? {
            add("campaign", self.ids(of_campaign, (eyes.country(), campaign, eyes.0, enough))?);
        }
        let row = |(id, why): (i64, &str)| Ok(json!({ "why": why, "row": self.row(eyes, id)? }));
        Ok((ids.into_iter().map(row).collect::<Result<_, StoreError>>()?, is_more))
    }

    fn ids(&self, text: &str, bound: impl rusqlite::Params) -> Result<Vec<i64>, StoreError> {
        let mut statement = self.transaction.prepare_cached(text)?;
        Ok(statement.query_map(bound, |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }
}

/// A statement as people read it: who, when, what kind, and what that kind says.
fn statement(id: &str, feedback: &Feedback) -> Value {
    let mut told = json!({
        "id": id, "published": feedback.published, "writer": feedback.writer, "person": feedback.person,
        "kind": feedback.kind,
    });
    let mut put = |name: &str, value: Value| told[name] = value;
    if let Some(stage) = &feedback.status {
        put("stage", json!(stage));
    }
    if let Some(verdict) = &feedback.verdict {
        put("verdict_id", json!(verdict.verdict_id));
    }
    if let Some(request) = &feedback.request {
        put("action", json!(request.action));
        put("requester", json!(request.requester));
        put("case_reference", json!(request.case_reference));
        put("until", json!(request.until));
    }
    if let Some(receipt) = &feedback.receipt {
        put("of", json!(receipt.of));
        put("outcome", json!(receipt.outcome));
        put("reason", json!(receipt.reason));
    }
    if let Some(cancel) = &feedback.cancel {
        put("reason", json!(cancel.reason));
    }
    if let Some(comment) = &feedback.comment {
        put("text", json!(comment.text));
    }
    told
}
