//! What is let go of: incidents whose producer said that they are to be deleted, those that are too many, and what was said of
//! incidents that are not there.

use lancang_alert::Alert;
use lancang_record::Timestamp;

use super::take::DAY_MS;
use super::{Batch, StoreError};
use crate::Seen;
use crate::limits::{CAMPAIGNS_MAX, FIGURES_DAYS_MAX};

/// How much was let go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LetGo {
    /// Incidents whose time had come.
    pub retained: u64,
    /// Incidents beyond the most that are kept: those that were changed the longest ago.
    pub surplus: u64,
    /// Campaigns beyond the most that are kept.
    pub campaigns: u64,
    /// Which incidents: once that is kept, what joins alerts is to let go of them too.
    pub incidents: Vec<Seen>,
}

impl Batch<'_> {
    /// Lets go of at most so many incidents at once.
    ///
    /// # Errors
    /// If the database fails.
    pub fn let_go(&self, now: Timestamp, incidents_max: u32, at_once: u32) -> Result<LetGo, StoreError> {
        let retained = "SELECT id FROM incidents WHERE retain_until <= ?1 LIMIT ?2";
        let retained = self.ids(retained, (now.as_ms(), at_once))?;
        let mut incidents = retained.iter().map(|id| self.delete(*id)).collect::<Result<Vec<_>, _>>()?;
        let surplus =
            "SELECT id FROM incidents ORDER BY place LIMIT max(0, min(?1, (SELECT count(*) FROM incidents) - ?2))";
        let surplus = self.ids(surplus, (at_once, incidents_max))?;
        incidents.extend(surplus.iter().map(|id| self.delete(*id)).collect::<Result<Vec<_>, _>>()?);
        let campaigns = self.let_campaigns_go(now)?;
        let days = now.as_ms() - (FIGURES_DAYS_MAX + 1) * DAY_MS;
        for text in [
            "DELETE FROM hours WHERE hour < ?1",
            "DELETE FROM spots WHERE day < ?1",
            "DELETE FROM victims WHERE day < ?1",
        ] {
            self.transaction.prepare_cached(text)?.execute([days])?;
        }
        // Bytes are overwritten when they are deleted (`secure_delete`); here the file becomes shorter.
        self.transaction.execute_batch("PRAGMA incremental_vacuum(1000)")?;
        Ok(LetGo { retained: retained.len() as u64, surplus: surplus.len() as u64, campaigns, incidents })
    }

    /// Lets go of at most so many statements about incidents that are not there, if they were received before a moment; how many.
    /// Only where alerts were read to their end: the incident may stand in what was not.
    ///
    /// # Errors
    /// If the database fails.
    pub fn let_statements_go(&self, received_before: Timestamp, at_once: u32) -> Result<u64, StoreError> {
        let waiting = "DELETE FROM statements WHERE id IN (SELECT id FROM statements INDEXED BY statements_waiting \
             WHERE waits = 1 AND received < ?1 LIMIT ?2) RETURNING incident_id, producer";
        self.unsaid(waiting, (received_before.as_ms(), at_once))
    }

    /// Deletes statements, and conclusions of which neither a statement nor an incident is left; how many statements.
    pub(super) fn unsaid(&self, delete: &str, bound: impl rusqlite::Params) -> Result<u64, StoreError> {
        let mut delete = self.transaction.prepare_cached(delete)?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
        let gone = delete.query_map(bound, read)?.collect::<rusqlite::Result<Vec<_>>>()?;
        let rest = "DELETE FROM conclusions WHERE incident_id = ?1 AND producer = ?2 AND NOT EXISTS \
             (SELECT 1 FROM statements s WHERE s.incident_id = ?1 AND s.producer = ?2) AND NOT EXISTS \
             (SELECT 1 FROM incidents i JOIN names n ON n.id = i.source WHERE i.incident_id = ?1 AND n.name = ?2)";
        let mut rest = self.transaction.prepare_cached(rest)?;
        gone.iter().try_for_each(|about| rest.execute((&about.0, &about.1)).map(drop))?;
        Ok(gone.len() as u64)
    }

    fn let_campaigns_go(&self, now: Timestamp) -> Result<u64, StoreError> {
        let gone = "DELETE FROM campaigns WHERE retain_until <= ?1 OR campaign_id IN (SELECT campaign_id FROM campaigns \
             ORDER BY place LIMIT max(0, (SELECT count(*) FROM campaigns) - ?2))";
        let gone = self.transaction.prepare_cached(gone)?.execute((now.as_ms(), CAMPAIGNS_MAX))?;
        if gone > 0 {
            let members = "DELETE FROM members WHERE campaign_id NOT IN (SELECT campaign_id FROM campaigns)";
            self.transaction.execute(members, [])?;
            let names = "UPDATE views SET named = NULL, shared = 0 WHERE named IS NOT NULL \
                 AND named NOT IN (SELECT campaign_id FROM campaigns WHERE is_live)";
            self.transaction.execute(names, [])?;
        }
        Ok(gone as u64)
    }

    fn ids(&self, text: &str, bound: impl rusqlite::Params) -> Result<Vec<i64>, StoreError> {
        let mut statement = self.transaction.prepare_cached(text)?;
        Ok(statement.query_map(bound, |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    fn delete(&self, id: i64) -> Result<Seen, StoreError> {
        let mut find = self.transaction.prepare_cached("SELECT alert FROM bodies WHERE incident = ?1")?;
        let alert: Alert = serde_json::from_slice(&find.query_row([id], |row| row.get::<_, Vec<u8>>(0))?)?;
        self.words(id, Some(&alert), None)?;
        let producer = alert.producer.uri();
        for text in [
            "DELETE FROM bodies WHERE incident = ?1",
            "DELETE FROM earlier WHERE incident = ?1",
            "DELETE FROM revisions WHERE incident = ?1",
            "DELETE FROM work WHERE incident = ?1",
            "DELETE FROM merged WHERE incident = ?1",
            "DELETE FROM home_lines WHERE incident = ?1",
            "DELETE FROM verdicts WHERE incident = ?1",
            "DELETE FROM incidents WHERE id = ?1",
        ] {
            self.transaction.prepare_cached(text)?.execute([id])?;
        }
        for text in [
            "DELETE FROM statements WHERE incident_id = ?1 AND producer = ?2",
            "DELETE FROM conclusions WHERE incident_id = ?1 AND producer = ?2",
        ] {
            self.transaction.prepare_cached(text)?.execute((&alert.incident_id, &producer))?;
        }
        Ok(Seen { producer: alert.producer, incident_id: alert.incident_id })
    }
}
