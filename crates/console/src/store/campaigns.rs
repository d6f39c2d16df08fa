//! Campaigns as they are published, as far as somebody may see them.

use std::collections::BTreeMap;

use lancang_alert::Campaign;
use rusqlite::OptionalExtension as _;
use serde_json::{Value, json};

use super::take::time;
use super::{Batch, Eyes, Sight, Signed, State, StoreError, key};
use crate::limits::PAGE_MAX;

impl Batch<'_> {
    /// Takes up the newest state of a campaign, as it was signed.
    ///
    /// # Errors
    /// If the database fails.
    pub fn campaign(&self, campaign: &Campaign, signed: Signed<'_>, offset: i64) -> Result<(), StoreError> {
        let (id, is_live) = (&campaign.campaign_id, campaign.message != "dissolved");
        let published = time(&campaign.published).unwrap_or_default();
        let retain_until = time(&campaign.handling.retain_until).unwrap_or(i64::MAX);
        // It began with the first state that was read of it.
        let opened = self.opened(id)?.unwrap_or(published);
        let put = "INSERT OR REPLACE INTO campaigns VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let Signed { value, envelope, received } = signed;
        let (text, received) = (String::from_utf8_lossy(value), received.as_ms());
        let kept = (id, offset, is_live, published, retain_until, opened, text, envelope, received);
        self.transaction.prepare_cached(put)?.execute(kept)?;
        self.transaction.prepare_cached("DELETE FROM members WHERE campaign_id = ?1")?.execute([id])?;
        let mut put = self.transaction.prepare_cached("INSERT OR IGNORE INTO members VALUES (?1, ?2, ?3)")?;
        for member in campaign.members.iter().filter(|_| is_live) {
            put.execute((&member.incident_id, member.producer.uri(), id))?;
        }
        Ok(())
    }
}

impl Batch<'_> {
    fn opened(&self, id: &str) -> Result<Option<i64>, StoreError> {
        let mut find = self.transaction.prepare_cached("SELECT opened FROM campaigns WHERE campaign_id = ?1")?;
        Ok(find.query_row([id], |row| row.get(0)).optional()?)
    }
}

/// A member that somebody may see.
pub(super) struct Seen {
    place: usize,
    pub(super) shown: Value,
}

/// Members as somebody may see them.
pub(super) struct Members {
    pub(super) seen: Vec<Seen>,
    /// Those that are here and not meant for the viewer: of these nothing is told.
    hidden: usize,
    /// Those that are not here: not yet, not any more, or not named by the campaign's message. For whom they are nobody knows.
    further: u64,
}

impl Members {
    /// Whether each that the message names may be seen.
    pub(super) fn are_all_of(&self, campaign: &Campaign) -> bool {
        self.seen.len() == campaign.members.len()
    }

    /// Those that are counted and not shown; none where one is hidden, for others may be too.
    const fn counted(&self) -> u64 {
        if self.hidden == 0 { self.further } else { 0 }
    }
}

impl Sight<'_> {
    /// A page of campaigns, newest state first; those of which somebody may see nothing are left out.
    ///
    /// # Errors
    /// If the database fails.
    pub fn campaigns(
        &self,
        eyes: Eyes,
        country: Option<&str>,
        is_live: Option<bool>,
        after: Option<i64>,
        limit: u32,
    ) -> Result<(Vec<Value>, Option<i64>), StoreError> {
        let limit = limit.clamp(1, PAGE_MAX);
        let text = "SELECT place, campaign FROM campaigns WHERE place < ?1 AND (?2 IS NULL OR is_live = ?2) \
             ORDER BY place DESC LIMIT ?3";
        let mut text = self.transaction.prepare_cached(text)?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?));
        let found = text.query_map((after.unwrap_or(i64::MAX), is_live, limit), read)?;
        let found: Vec<(i64, String)> = found.collect::<rusqlite::Result<_>>()?;
        let next = (found.len() == limit as usize).then(|| found.last().map(|(place, _)| *place)).flatten();
        let mut campaigns = Vec::new();
        for (_, text) in &found {
            let campaign: Campaign = serde_json::from_str(text)?;
            if country.is_some_and(|country| !campaign.countries.contains_key(country)) {
                continue;
            }
            let seen = self.seen(eyes, &campaign)?;
            campaigns.extend(line(&campaign, &seen));
        }
        Ok((campaigns, next))
    }

    /// A campaign with its graph; none if nothing of it may be seen.
    ///
    /// # Errors
    /// If the database fails.
    pub fn campaign(&self, eyes: Eyes, id: &str) -> Result<Option<Value>, StoreError> {
        let Some(campaign) = self.kept(id)? else { return Ok(None) };
        let members = self.seen(eyes, &campaign)?;
        let Some(mut told) = line(&campaign, &members) else { return Ok(None) };
        let places: BTreeMap<usize, usize> =
            members.seen.iter().enumerate().map(|(new, seen)| (seen.place, new)).collect();
        let place = |old: u32| places.get(&(old as usize)).copied();
        let edges = campaign.edges.iter().filter_map(|edge| {
            let [one, other] = edge.between;
            let between = [place(one)?, place(other)?];
            Some(json!({ "between": between, "kinds": edge.kinds, "weight_tenths": edge.weight_tenths }))
        });
        told["edges"] = edges.collect();
        // What alerts share that may not be seen is no business of this viewer either.
        told["shared"] = if members.are_all_of(&campaign) { json!(campaign.shared) } else { json!([]) };
        told["operations"] = json!(self.operations_of_campaign(id)?);
        told["members"] = members.seen.into_iter().map(|seen| seen.shown).collect();
        Ok(Some(told))
    }

    /// What a list says of a campaign.
    pub(super) fn campaign_line(&self, eyes: Eyes, id: &str) -> Result<Option<Value>, StoreError> {
        let Some(campaign) = self.kept(id)? else { return Ok(None) };
        Ok(line(&campaign, &self.seen(eyes, &campaign)?))
    }

    /// Whether a list would have it, without a look at each member.
    ///
    /// # Errors
    /// If the database fails.
    pub fn is_campaign_seen(&self, eyes: Eyes, id: &str) -> Result<bool, StoreError> {
        let seen = "SELECT EXISTS (SELECT 1 FROM campaigns WHERE campaign_id = ?1 AND NOT is_live) OR EXISTS \
             (SELECT 1 FROM members m JOIN names n ON n.name = m.producer JOIN incidents i \
             ON i.incident_id = m.incident_id AND i.source = n.id WHERE m.campaign_id = ?1 AND i.visible & ?2 = ?2)";
        Ok(self.transaction.prepare_cached(seen)?.query_row((id, eyes.0), |row| row.get(0))?)
    }

    pub(super) fn kept(&self, id: &str) -> Result<Option<Campaign>, StoreError> {
        let mut find = self.transaction.prepare_cached("SELECT campaign FROM campaigns WHERE campaign_id = ?1")?;
        let found = find.query_row([id], |row| row.get::<_, String>(0)).optional()?;
        Ok(found.map(|text| serde_json::from_str(&text)).transpose()?)
    }

    pub(super) fn seen(&self, eyes: Eyes, campaign: &Campaign) -> Result<Members, StoreError> {
        let find = "SELECT i.visible & ?3 = ?3, i.severity, i.state FROM incidents i JOIN names n ON n.id = i.source \
             WHERE i.incident_id = ?1 AND n.name = ?2";
        let mut find = self.transaction.prepare_cached(find)?;
        let unnamed = campaign.alerts.saturating_sub(campaign.members.len() as u64);
        let mut members = Members { seen: Vec::new(), hidden: 0, further: unnamed };
        for (place, member) in campaign.members.iter().enumerate() {
            let uri = member.producer.uri();
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
            let known: Option<(bool, i64, i64)> =
                find.query_row((&member.incident_id, &uri, eyes.0), read).optional()?;
            let Some((is_visible, severity, state)) = known else {
                members.further += 1;
                continue;
            };
            if !is_visible {
                members.hidden += 1;
                continue;
            }
            let state = usize::try_from(state).ok().and_then(|state| State::ALL.get(state));
            let shown = json!({
                "key": key(&member.incident_id, &uri), "incident_id": member.incident_id,
                "producer": member.producer, "pattern": member.pattern, "first_event": member.first_event,
                "severity": severity, "state": state.map(|state| state.as_str()),
            });
            members.seen.push(Seen { place, shown });
        }
        Ok(members)
    }
}

/// What a list says of a campaign: its own counts, or where not all of it may be seen, those of what may.
fn line(campaign: &Campaign, members: &Members) -> Option<Value> {
    let mut told = json!({
        "campaign_id": campaign.campaign_id, "revision": campaign.revision, "message": campaign.message,
        "status": campaign.status, "published": campaign.published, "first_event": campaign.first_event,
        "last_event": campaign.last_event, "severity": campaign.severity, "alerts": campaign.alerts,
        "carriers": campaign.carriers, "countries": campaign.countries, "patterns": campaign.patterns,
        "merged_into": campaign.merged_into, "further": members.counted(),
    });
    let seen = &members.seen;
    if members.are_all_of(campaign) && members.further == 0 {
        return Some(told);
    }
    if seen.is_empty() {
        return None;
    }
    let of_seen = || seen.iter().filter_map(|seen| campaign.members.get(seen.place));
    let counted = |name: &dyn Fn(&lancang_alert::campaign::Member) -> String| {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        of_seen().for_each(|member| *counts.entry(name(member)).or_default() += 1);
        json!(counts)
    };
    told["alerts"] = json!(seen.len());
    told["carriers"] = counted(&|member| lancang_alert::feedback::organisation(&member.producer));
    told["countries"] = counted(&|member| member.producer.country.clone());
    told["patterns"] = counted(&|member| member.pattern.clone());
    told["severity"] = json!(seen.iter().filter_map(|seen| seen.shown["severity"].as_i64()).max());
    Some(told)
}
