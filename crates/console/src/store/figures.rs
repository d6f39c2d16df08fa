//! Figures: how many incidents, where, of which pattern, and how often that was right. Counted as alerts come.

use lancang_record::Timestamp;
use serde_json::{Value, json};

use super::said::is_right;
use super::take::{DAY_MS, HOUR_MS};
use super::{Eyes, Sight, StoreError};
use crate::limits::{FIGURES_DAYS_MAX, SPOTS_MAX};

/// Days that figures tell of where nobody says.
const DAYS: i64 = 7;

impl Sight<'_> {
    /// Figures of incidents that were opened in a time: of the last week, where nobody says. Incidents are counted by whole hours;
    /// areas, cells and victims by whole days; precision is that of incidents whose newest revision came in that time.
    ///
    /// # Errors
    /// If the database fails.
    pub fn figures(&self, eyes: Eyes, since: Option<Timestamp>, until: Option<Timestamp>) -> Result<Value, StoreError> {
        let until = until.map_or_else(|| self.newest(eyes), |until| Ok(until.as_ms()))?;
        let since = since.map_or(until - DAYS * DAY_MS, Timestamp::as_ms);
        let since = since.clamp(until.saturating_sub(FIGURES_DAYS_MAX * DAY_MS), until);
        let (hours, days) = (since.div_euclid(HOUR_MS) * HOUR_MS, (since.div_euclid(DAY_MS) * DAY_MS, until));
        let ((areas, more_areas), (cells, more_cells)) = (self.areas(eyes, days)?, self.cells(eyes, days)?);
        Ok(json!({
            "since": Timestamp::from_ms(since).to_string(), "until": Timestamp::from_ms(until).to_string(),
            "trend": self.trend(eyes, hours, until)?, "hours": self.hours(eyes, hours, until)?, "countries": self.countries(eyes, hours, days)?,
            "areas": areas, "more_areas": more_areas, "cells": cells, "more_cells": more_cells,
            "precision": self.precision(eyes, hours, until)?,
        }))
    }

    /// Behind the newest incident that may be seen.
    fn newest(&self, eyes: Eyes) -> Result<i64, StoreError> {
        let newest = "SELECT coalesce(max(hour), 0) FROM hours WHERE visible & ?1 = ?1";
        Ok(self.transaction.query_row(newest, [eyes.0], |row| row.get::<_, i64>(0))? + HOUR_MS)
    }

    /// Incidents of each hour that had any: 2,160 rows of a quarter at most.
    fn trend(&self, eyes: Eyes, since: i64, until: i64) -> Result<Vec<Value>, StoreError> {
        let text = "SELECT hour, sum(incidents) FROM hours WHERE hour >= ?1 AND hour < ?2 AND visible & ?3 = ?3 GROUP BY 1 ORDER BY 1";
        let mut text = self.transaction.prepare_cached(text)?;
        let found = text.query_map((since, until, eyes.0), |row| {
            let hour = Timestamp::from_ms(row.get(0)?).to_string();
            Ok(json!({ "hour": hour, "incidents": row.get::<_, i64>(1)? }))
        })?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    /// Incidents by pattern and hour of the day in UTC, 0 to 23: as many rows whatever the time is.
    fn hours(&self, eyes: Eyes, since: i64, until: i64) -> Result<Vec<Value>, StoreError> {
        let text = "SELECT h.hour / ?4 % 24, n.name, sum(h.incidents) FROM hours h JOIN names n ON n.id = h.pattern \
             WHERE h.hour >= ?1 AND h.hour < ?2 AND h.visible & ?3 = ?3 GROUP BY 1, 2 ORDER BY 1, 2";
        let mut text = self.transaction.prepare_cached(text)?;
        let found = text.query_map((since, until, eyes.0, HOUR_MS), |row| {
            let (hour, pattern): (i64, String) = (row.get(0)?, row.get(1)?);
            Ok(json!({ "hour": hour, "pattern": pattern, "incidents": row.get::<_, i64>(2)? }))
        })?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    fn countries(&self, eyes: Eyes, hours: i64, (days, until): (i64, i64)) -> Result<Vec<Value>, StoreError> {
        let text = "SELECT country, sum(incidents), sum(victims) FROM ( \
             SELECT country, incidents, 0 AS victims FROM hours WHERE hour >= ?1 AND hour < ?2 AND visible & ?3 = ?3 \
             UNION ALL SELECT country, 0, victims FROM victims WHERE day >= ?4 AND day < ?2 AND visible & ?3 = ?3) \
             GROUP BY 1 ORDER BY 1";
        let mut text = self.transaction.prepare_cached(text)?;
        let found = text.query_map((hours, until, eyes.0, days), |row| {
            let country: String = row.get(0)?;
            Ok(json!({ "country": country, "incidents": row.get::<_, i64>(1)?, "victims": row.get::<_, i64>(2)? }))
        })?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    /// Those with the most incidents, and how many more there are.
    fn areas(&self, eyes: Eyes, (since, until): (i64, i64)) -> Result<(Vec<Value>, u32), StoreError> {
        let text = "SELECT country, admin1, sum(incidents), count(*) OVER () FROM spots WHERE day >= ?1 AND day < ?2 AND visible & ?3 = ?3 \
             AND admin1 <> '' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT ?4";
        let mut text = self.transaction.prepare_cached(text)?;
        let found = text.query_map((since, until, eyes.0, SPOTS_MAX), |row| {
            let (country, admin1): (String, String) = (row.get(0)?, row.get(1)?);
            Ok((json!({ "country": country, "admin1": admin1, "incidents": row.get::<_, i64>(2)? }), row.get(3)?))
        })?;
        Ok(shown(found.collect::<rusqlite::Result<_>>()?))
    }

    /// Those with the most incidents, and how many more there are.
    fn cells(&self, eyes: Eyes, (since, until): (i64, i64)) -> Result<(Vec<Value>, u32), StoreError> {
        let text = "SELECT s.country, s.admin1, s.latitude, s.longitude, s.radius_m, n.name, sum(s.incidents), count(*) OVER () \
             FROM spots s JOIN names n ON n.id = s.pattern WHERE s.day >= ?1 AND s.day < ?2 AND s.visible & ?3 = ?3 \
             AND s.radius_m > 0 GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 7 DESC, 1, 2, 3, 4 LIMIT ?4";
        let mut text = self.transaction.prepare_cached(text)?;
        let found = text.query_map((since, until, eyes.0, SPOTS_MAX), |row| {
            let (country, admin1, pattern): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(5)?);
            let cell = json!({
                "country": country, "admin1": admin1, "latitude": row.get::<_, f64>(2)?,
                "longitude": row.get::<_, f64>(3)?, "radius_m": row.get::<_, i64>(4)?, "pattern": pattern,
                "incidents": row.get::<_, i64>(6)?,
            });
            Ok((cell, row.get(7)?))
        })?;
        Ok(shown(found.collect::<rusqlite::Result<_>>()?))
    }

    /// Verdicts by pattern and country that judges: people make them, so that they are few.
    fn precision(&self, eyes: Eyes, since: i64, until: i64) -> Result<Vec<Value>, StoreError> {
        let text = "SELECT n.name, v.country, v.verdict, count(*) FROM verdicts v JOIN incidents i ON i.id = v.incident \
             JOIN names n ON n.id = i.pattern WHERE i.visible & ?1 = ?1 AND i.published >= ?2 AND i.published < ?3 GROUP BY 1, 2, 3 ORDER BY 1, 2";
        let mut text = self.transaction.prepare_cached(text)?;
        let mut rows = text.query((eyes.0, since, until))?;
        let mut found: std::collections::BTreeMap<(String, String), [i64; 3]> = Default::default();
        while let Some(row) = rows.next()? {
            let counts = found.entry((row.get(0)?, row.get(1)?)).or_default();
            let place = match is_right(row.get(2)?) {
                Some(true) => 0,
                Some(false) => 1,
                None => 2,
            };
            counts[place] += row.get::<_, i64>(3)?;
        }
        let told = found.into_iter().map(|((pattern, country), [right, wrong, other])| {
            json!({
                "pattern": pattern, "country": country, "true_positive": right, "false_positive": wrong, "other": other,
            })
        });
        Ok(told.collect())
    }
}

/// Those that are shown, each with how many there are in all; and how many more that is.
fn shown(found: Vec<(Value, u32)>) -> (Vec<Value>, u32) {
    let every = found.first().map_or(0, |(_, every)| *every);
    let more = every - found.len() as u32;
    (found.into_iter().map(|(told, _)| told).collect(), more)
}
