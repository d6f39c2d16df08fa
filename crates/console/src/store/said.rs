//! What was said of an incident is taken up: each statement as it was signed, and what all of them together say.
//!
//! What somebody says of an alert may be there before the alert is: it counts once that comes. It may be there after the alert was
//! let go of, too, for the topic keeps it longer: what waits for no alert that comes is let go of as well (`let_go`).

use std::collections::BTreeMap;

use lancang_alert::feedback::said::{FALSE_POSITIVE, TRUE_POSITIVE};
use lancang_alert::feedback::{Believed, IncidentState, organisation};
use lancang_alert::handling::COUNTRIES;
use lancang_alert::limits::{FEEDBACK_OF_COUNTRY_MAX, FEEDBACK_OF_ORGANISATION_MAX};
use rusqlite::OptionalExtension as _;
use serde_json::{Value, json};

use super::{Batch, Signed, StoreError};

/// How far a country is, as `work` has it; the last is that it disputes.
pub(super) const STAGES: [&str; 5] = ["acknowledged", "investigating", "joint-operation", "referred", "disputed"];

impl Batch<'_> {
    /// Takes up a message that was believed, as it was signed, with what all messages together say of its incident now.
    ///
    /// # Errors
    /// If the database fails.
    pub fn said(
        &self,
        believed: &Believed,
        signed: Signed<'_>,
        state: Option<&IncidentState>,
        offset: i64,
    ) -> Result<(), StoreError> {
        let (Some(about), Some(state)) = (&believed.feedback.incident, state) else { return Ok(()) };
        let producer = about.producer.uri();
        let (id, writer) = (believed.id.to_string(), &believed.feedback.writer);
        let Signed { value, envelope, received } = signed;
        let (feedback, received) = (String::from_utf8_lossy(value), received.as_ms());
        let published = believed.published.as_ms();
        let find =
            "SELECT i.id FROM incidents i JOIN names n ON n.id = i.source WHERE i.incident_id = ?1 AND n.name = ?2";
        let mut find = self.transaction.prepare_cached(find)?;
        let incident = find.query_row((&about.incident_id, &producer), |row| row.get(0)).optional()?;
        let put = "INSERT OR IGNORE INTO statements VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let mut put = self.transaction.prepare_cached(put)?;
        let own = organisation(writer);
        let incident_id = &about.incident_id;
        put.execute(rusqlite::params![
            id,
            incident_id,
            producer,
            published,
            writer.country,
            own,
            feedback,
            envelope,
            received,
            incident.is_none()
        ])?;
        self.bound(&about.incident_id, &producer, &writer.country, &own)?;
        let kept = conclusion(state)?;
        let put = "INSERT OR REPLACE INTO conclusions VALUES (?1, ?2, ?3, ?4)";
        self.transaction.prepare_cached(put)?.execute((&about.incident_id, &producer, offset, kept.to_string()))?;
        incident.map_or(Ok(()), |incident| self.relate(incident, offset, &kept))
    }

    /// As many statements of an organisation as the fold keeps (`lancang_alert::feedback::fold`); those of its country are looked
    /// at when the batch ends.
    fn bound(&self, incident_id: &str, producer: &str, country: &str, own: &str) -> Result<(), StoreError> {
        let of_organisation = "DELETE FROM statements WHERE id IN (SELECT id FROM statements WHERE incident_id = ?1 \
             AND producer = ?2 AND organisation = ?3 ORDER BY published DESC LIMIT -1 OFFSET ?4)";
        let most = FEEDBACK_OF_ORGANISATION_MAX as i64;
        self.transaction.prepare_cached(of_organisation)?.execute((incident_id, producer, own, most))?;
        let mut spoke = self.spoke.borrow_mut();
        if !spoke.contains(country) {
            spoke.insert(country.to_owned());
        }
        Ok(())
    }

    /// As many statements of a country as the fold keeps. Counting them takes a millisecond where there are as many: once a batch, not
    /// once a statement.
    pub(super) fn bound_countries(&self) -> Result<(), StoreError> {
        let of_country = "DELETE FROM statements WHERE id IN (SELECT id FROM statements WHERE country = ?1 \
             ORDER BY published LIMIT max(0, (SELECT count(*) FROM statements WHERE country = ?1) - ?2)) \
             RETURNING incident_id, producer";
        for country in self.spoke.take() {
            self.unsaid(of_country, (country, FEEDBACK_OF_COUNTRY_MAX as i64))?;
        }
        Ok(())
    }

    /// What was said before an alert came counts from now on.
    pub(super) fn concluded(&self, incident: i64, incident_id: &str, producer: &str) -> Result<(), StoreError> {
        let came = "UPDATE statements SET waits = 0 WHERE incident_id = ?1 AND producer = ?2";
        self.transaction.prepare_cached(came)?.execute((incident_id, producer))?;
        let find = "SELECT said, state FROM conclusions WHERE incident_id = ?1 AND producer = ?2";
        let mut find = self.transaction.prepare_cached(find)?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?));
        let Some((said, state)) = find.query_row((incident_id, producer), read).optional()? else { return Ok(()) };
        self.relate(incident, said, &serde_json::from_str(&state)?)
    }

    fn relate(&self, incident: i64, said: i64, conclusion: &Value) -> Result<(), StoreError> {
        self.transaction.prepare_cached("UPDATE incidents SET said = ?2 WHERE id = ?1")?.execute((incident, said))?;
        self.transaction.prepare_cached("DELETE FROM work WHERE incident = ?1")?.execute([incident])?;
        let mut put = self.transaction.prepare_cached("INSERT OR IGNORE INTO work VALUES (?1, ?2, ?3)")?;
        for (country, stage) in work(conclusion) {
            put.execute((country, stage, incident))?;
        }
        self.transaction.prepare_cached("DELETE FROM verdicts WHERE incident = ?1")?.execute([incident])?;
        let mut put = self.transaction.prepare_cached("INSERT INTO verdicts VALUES (?1, ?2, ?3)")?;
        let verdicts = conclusion["verdict_by_country"].as_object();
        for (country, verdict) in verdicts.into_iter().flatten() {
            put.execute((incident, country, verdict.as_i64()))?;
        }
        Ok(())
    }
}

/// What is kept of a state: all of it, and what each country holds the incident for.
fn conclusion(state: &IncidentState) -> Result<Value, StoreError> {
    let mut kept = serde_json::to_value(state)?;
    let by_country: BTreeMap<&str, u8> = state.verdict_by_country();
    kept["verdict_by_country"] = json!(by_country);
    Ok(kept)
}

/// Countries and how far they are.
fn work(conclusion: &Value) -> Vec<(i64, i64)> {
    let place = |country: &str| COUNTRIES.iter().position(|known| *known == country).map(|place| place as i64);
    let stage = |name: &str| STAGES.iter().position(|stage| *stage == name).map(|place| place as i64 + 1);
    let mut furthest: BTreeMap<i64, i64> = BTreeMap::new();
    let acknowledged = conclusion["acknowledged"].as_object().into_iter().flatten();
    let acknowledged = acknowledged.filter_map(|(country, _)| Some((place(country)?, 1)));
    let stages = conclusion["stages"].as_object().into_iter().flatten();
    let stages = stages.filter_map(|(country, name)| Some((place(country)?, stage(name.as_str()?)?)));
    for (country, stage) in acknowledged.chain(stages) {
        let known = furthest.entry(country).or_insert(stage);
        *known = stage.max(*known);
    }
    let disputed = conclusion["disputed_by"].as_array().into_iter().flatten();
    let disputed = disputed.filter_map(|country| Some((place(country.as_str()?)?, STAGES.len() as i64)));
    furthest.into_iter().chain(disputed).collect()
}

/// Whether a verdict says that an alert was right, or wrong; nothing of others.
pub(super) fn is_right(verdict: i64) -> Option<bool> {
    match u8::try_from(verdict) {
        Ok(TRUE_POSITIVE) => Some(true),
        Ok(FALSE_POSITIVE) => Some(false),
        _ => None,
    }
}
