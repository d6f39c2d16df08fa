//! What a carrier's desk asks: by which alerts an incident's home lines are found, and what is asked of the carrier.

use std::collections::BTreeSet;

use lancang_alert::Alert;
use lancang_record::Timestamp;

use super::incident::Found;
use super::{Eyes, Sight, StoreError};
use crate::digest::Asked;
use crate::limits::HOME_ALERTS_MAX;

impl Sight<'_> {
    /// All revisions that are kept of an incident and of those that went into it, in the order of the topic; of more than
    /// [`HOME_ALERTS_MAX`] the newest.
    ///
    /// # Errors
    /// If the database fails.
    pub fn alerts_of(&self, found: &Found) -> Result<Vec<Alert>, StoreError> {
        let mut into = self.transaction.prepare_cached(
            "SELECT m.incident, i.incident_id FROM merged m JOIN incidents i ON i.id = m.incident WHERE m.into_id = ?1 \
             AND m.source = (SELECT source FROM incidents WHERE id = ?2)",
        )?;
        let (mut ids, mut names) = (BTreeSet::from([found.id]), vec![found.alert.incident_id.clone()]);
        while let Some(name) = names.pop() {
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
            let more = into.query_map((name, found.id), read)?.collect::<rusqlite::Result<Vec<(i64, String)>>>()?;
            for (id, name) in more {
                if ids.len() < HOME_ALERTS_MAX && ids.insert(id) {
                    names.push(name);
                }
            }
        }
        let mut kept = self.transaction.prepare_cached(
            "SELECT place, alert FROM earlier WHERE incident = ?1 UNION ALL SELECT i.place, b.alert FROM bodies b \
             JOIN incidents i ON i.id = b.incident WHERE b.incident = ?1 ORDER BY 1 DESC LIMIT ?2",
        )?;
        let mut alerts: Vec<(i64, Alert)> = Vec::new();
        for id in ids {
            let mut rows = kept.query((id, HOME_ALERTS_MAX as i64))?;
            while let Some(row) = rows.next()? {
                alerts.push((row.get(0)?, serde_json::from_slice(row.get_ref(1)?.as_bytes().unwrap_or_default())?));
            }
            alerts.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
            alerts.truncate(HOME_ALERTS_MAX);
        }
        Ok(alerts.into_iter().rev().map(|(_, alert)| alert).collect())
    }

    /// Requests that are not answered, or in force: those that end first, and how many more there are.
    ///
    /// # Errors
    /// If the database fails.
    pub fn requests(&self, eyes: Eyes, now: Timestamp) -> Result<(Vec<Asked>, usize), StoreError> {
        self.asked(eyes, None, now)
    }
}
