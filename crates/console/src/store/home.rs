//! What a carrier's desk asks: where an incident's home lines lie, which of them were shared, and what is asked of the carrier.

use std::collections::BTreeSet;

use lancang_alert::Alert;
use lancang_record::Timestamp;
use rusqlite::OptionalExtension as _;

use super::incident::Found;
use super::{Batch, Eyes, Sight, StoreError, key};
use crate::at_home::Place;
use crate::digest::Asked;
use crate::limits::{HOME_LINES_MAX, HOME_MERGED_MAX};

impl Batch<'_> {
    /// Notes which home line an alert is made of, that the store has taken up: of each home incident the newest. Revisions that are
    /// kept no more have named it too.
    ///
    /// # Errors
    /// If the database fails.
    pub fn home_line(&self, alert: &Alert) -> Result<(), StoreError> {
        let line = alert.grouped.as_ref().and_then(|grouped| grouped.line.as_ref());
        let place = alert.evidence.partition.zip(alert.evidence.offsets.first());
        let (Some(line), Some((partition, range))) = (line, place) else { return Ok(()) };
        let put = "INSERT OR REPLACE INTO home_lines SELECT i.id, ?3, ?4, ?5 FROM incidents i JOIN names n ON n.id = i.source \
             WHERE i.incident_id = ?1 AND n.name = ?2";
        let of = (&alert.incident_id, alert.producer.uri(), &line.incident_id, partition, range.first);
        self.transaction.prepare_cached(put)?.execute(of)?;
        Ok(())
    }
}

/// Where a page of home lines goes on.
pub type LinesAfter = Option<Place>;

/// A page of home lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HomePlaces {
    /// Where they lie, the newest first.
    pub places: Vec<Place>,
    /// Where the next page begins.
    pub next: LinesAfter,
    /// Whether more incidents went into this one than are looked at: lines of the others are not among these.
    pub has_unlooked: bool,
}

impl Sight<'_> {
    /// Where the home lines of an incident lie, and of those that went into it.
    ///
    /// # Errors
    /// If the database fails.
    pub fn home_lines(&self, found: &Found, after: LinesAfter) -> Result<HomePlaces, StoreError> {
        let mut kept =
            self.transaction.prepare_cached("SELECT partition, offset FROM home_lines WHERE incident = ?1")?;
        let mut places: BTreeSet<Place> = BTreeSet::new();
        let (ids, has_unlooked) = self.with_merged(found)?;
        for id in ids {
            let of = kept.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
            places.extend(of.collect::<rusqlite::Result<Vec<Place>>>()?);
        }
        let end = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        let mut page: Vec<Place> =
            places.range((std::ops::Bound::Unbounded, end)).rev().take(HOME_LINES_MAX + 1).copied().collect();
        let is_more = page.len() > HOME_LINES_MAX;
        page.truncate(HOME_LINES_MAX);
        let next = page.last().copied().filter(|_| is_more);
        Ok(HomePlaces { places: page, next, has_unlooked })
    }

    /// The incident, and those that went into it through any others; whether there are more of these.
    fn with_merged(&self, found: &Found) -> Result<(BTreeSet<i64>, bool), StoreError> {
        let mut into = self.transaction.prepare_cached(
            "SELECT m.incident, i.incident_id FROM merged m JOIN incidents i ON i.id = m.incident WHERE m.into_id = ?1 \
             AND m.source = (SELECT source FROM incidents WHERE id = ?2)",
        )?;
        let (mut ids, mut names) = (BTreeSet::from([found.id]), vec![found.alert.incident_id.clone()]);
        let mut is_more = false;
        while let Some(name) = names.pop() {
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
            let more = into.query_map((name, found.id), read)?.collect::<rusqlite::Result<Vec<(i64, String)>>>()?;
            for (id, name) in more {
                if ids.len() == HOME_MERGED_MAX {
                    is_more |= !ids.contains(&id);
                } else if ids.insert(id) {
                    names.push(name);
                }
            }
        }
        Ok((ids, is_more))
    }

    /// Key of the incident that a home incident was shared as, by where its lines lie.
    ///
    /// # Errors
    /// If the database fails.
    pub fn shared_as(&self, places: &[Place]) -> Result<Option<String>, StoreError> {
        let find = "SELECT i.incident_id, n.name FROM home_lines h JOIN incidents i ON i.id = h.incident \
             JOIN names n ON n.id = i.source WHERE h.partition = ?1 AND h.offset = ?2";
        let mut find = self.transaction.prepare_cached(find)?;
        for place in places.iter().rev() {
            let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
            if let Some((incident_id, producer)) = find.query_row(*place, read).optional()? {
                return Ok(Some(key(&incident_id, &producer)));
            }
        }
        Ok(None)
    }

    /// Requests that are not answered, or in force: those that end first, and how many more there are.
    ///
    /// # Errors
    /// If the database fails.
    pub fn requests(&self, eyes: Eyes, now: Timestamp) -> Result<(Vec<Asked>, usize), StoreError> {
        self.asked(eyes, None, now)
    }
}
