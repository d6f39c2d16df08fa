//! Campaigns as somebody may see them: those that are joined of what may be seen ([`super::views`]), under the names of the topic's.

use std::collections::BTreeMap;

use lancang_alert::Campaign;
use rusqlite::OptionalExtension as _;
use serde_json::{Value, json};

use super::take::time;
use super::views::Joined;
use super::{Batch, Eyes, Sight, Signed, State, StoreError, bit, key};
use crate::limits::PAGE_MAX;

impl Batch<'_> {
    /// Takes up the newest state of a campaign of the topic, as it was signed: it names what is joined here.
    ///
    /// # Errors
    /// If the database fails.
    pub fn campaign(&self, campaign: &Campaign, signed: Signed<'_>, offset: i64) -> Result<(), StoreError> {
        let (id, is_live) = (&campaign.campaign_id, campaign.message != "dissolved");
        let published = time(&campaign.published).unwrap_or_default();
        let retain_until = time(&campaign.handling.retain_until).unwrap_or(i64::MAX);
        let put = "INSERT OR REPLACE INTO campaigns VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let Signed { value, envelope, received } = signed;
        let (text, received) = (String::from_utf8_lossy(value), received.as_ms());
        let kept = (id, offset, is_live, published, retain_until, text, envelope, received);
        self.transaction.prepare_cached(put)?.execute(kept)?;
        let mut views = self.views_of(id)?;
        self.transaction.prepare_cached("DELETE FROM members WHERE campaign_id = ?1")?.execute([id])?;
        let mut put = self.transaction.prepare_cached("INSERT OR IGNORE INTO members VALUES (?1, ?2, ?3)")?;
        for member in campaign.members.iter().filter(|_| is_live) {
            put.execute((&member.incident_id, member.producer.uri(), id))?;
        }
        views.extend(self.views_of(id)?);
        self.rename(&views)
    }
}

/// A member, by its place in the message.
struct Shown {
    place: usize,
    told: Value,
}

impl Sight<'_> {
    /// A page of campaigns, those that changed last first, and where the next page begins.
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
        let text = "SELECT campaign_id, place FROM views WHERE country = ?1 AND place < ?2 AND (?3 IS NULL OR is_live = ?3) \
             AND (?4 IS NULL OR countries & ?4 <> 0) \
             ORDER BY place DESC LIMIT ?5";
        let mut text = self.transaction.prepare_cached(text)?;
        // Of a country that has no part in the exchange there is none.
        let country = country.map(|country| bit(country).unwrap_or(0));
        let bound = (eyes.country(), after.unwrap_or(i64::MAX), is_live, country, limit);
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?));
        let found: Vec<(String, i64)> = text.query_map(bound, read)?.collect::<rusqlite::Result<_>>()?;
        let next = (found.len() == limit as usize).then(|| found.last().map(|(_, place)| *place)).flatten();
        let mut campaigns = Vec::new();
        for (id, _) in found {
            campaigns.extend(self.joined(eyes, &id)?.map(|joined| line(&joined)));
        }
        Ok((campaigns, next))
    }

    /// A campaign with its graph, by its name or the id that it has here; none if nothing of it may be seen.
    ///
    /// # Errors
    /// If the database fails.
    pub fn campaign(&self, eyes: Eyes, id: &str) -> Result<Option<Value>, StoreError> {
        let Some(joined) = self.joined(eyes, id)? else { return self.dissolved(id) };
        let mut told = line(&joined);
        let members = self.members_shown(&joined.campaign)?;
        let places: BTreeMap<usize, usize> = members.iter().enumerate().map(|(new, seen)| (seen.place, new)).collect();
        let place = |old: u32| places.get(&(old as usize)).copied();
        let edges = joined.campaign.edges.iter().filter_map(|edge| {
            let [one, other] = edge.between;
            let between = [place(one)?, place(other)?];
            Some(json!({ "between": between, "kinds": edge.kinds, "weight_tenths": edge.weight_tenths }))
        });
        told["edges"] = edges.collect();
        told["shared"] = json!(joined.campaign.shared);
        told["more_edges"] = json!(joined.campaign.more_edges);
        told["more_shared"] = json!(joined.campaign.more_shared);
        let (operations, more_operations) = self.operations_of_campaign(joined.name())?;
        (told["operations"], told["more_operations"]) = (json!(operations), json!(more_operations));
        told["members"] = members.into_iter().map(|seen| seen.told).collect();
        Ok(Some(told))
    }

    /// What a list says of a campaign.
    pub(super) fn campaign_line(&self, eyes: Eyes, id: &str) -> Result<Option<Value>, StoreError> {
        let Some(joined) = self.joined(eyes, id)? else { return self.dissolved(id) };
        Ok(Some(line(&joined)))
    }

    /// One of the topic that is no more: it names nothing.
    fn dissolved(&self, id: &str) -> Result<Option<Value>, StoreError> {
        let campaign = self.kept(id)?.filter(|campaign| campaign.message == "dissolved");
        let told = |campaign| {
            let mut told = line(&Joined { campaign, most_in: None, is_named: false });
            told["is_named"] = json!(true);
            ["edges", "shared", "members", "operations"].iter().for_each(|name| told[*name] = json!([]));
            told
        };
        let mut told = campaign.map(told);
        if let Some(told) = &mut told {
            let (operations, more_operations) = self.operations_of_campaign(id)?;
            (told["operations"], told["more_operations"]) = (json!(operations), json!(more_operations));
        }
        Ok(told)
    }

    /// Whether somebody sees a campaign of the topic: something that is joined here has its name, or it is no more.
    ///
    /// # Errors
    /// If the database fails.
    pub fn is_campaign_seen(&self, eyes: Eyes, id: &str) -> Result<bool, StoreError> {
        let over = "SELECT EXISTS (SELECT 1 FROM campaigns WHERE campaign_id = ?1 AND NOT is_live)";
        let is_over: bool = self.transaction.prepare_cached(over)?.query_row([id], |row| row.get(0))?;
        Ok(is_over || self.has_name(eyes, id)?.is_some())
    }

    /// A campaign of the topic.
    pub(super) fn kept(&self, id: &str) -> Result<Option<Campaign>, StoreError> {
        let mut find = self.transaction.prepare_cached("SELECT campaign FROM campaigns WHERE campaign_id = ?1")?;
        let found = find.query_row([id], |row| row.get::<_, String>(0)).optional()?;
        Ok(found.map(|text| serde_json::from_str(&text)).transpose()?)
    }

    fn members_shown(&self, campaign: &Campaign) -> Result<Vec<Shown>, StoreError> {
        let find = "SELECT i.severity, i.state FROM incidents i JOIN names n ON n.id = i.source \
             WHERE i.incident_id = ?1 AND n.name = ?2";
        let mut find = self.transaction.prepare_cached(find)?;
        let mut members = Vec::new();
        for (place, member) in campaign.members.iter().enumerate() {
            let uri = member.producer.uri();
            let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
            let Some((severity, state)) = find.query_row((&member.incident_id, &uri), read).optional()? else {
                continue;
            };
            let state = usize::try_from(state).ok().and_then(|state| State::ALL.get(state));
            let told = json!({
                "key": key(&member.incident_id, &uri), "incident_id": member.incident_id,
                "producer": member.producer, "pattern": member.pattern, "first_event": member.first_event,
                "severity": severity, "state": state.map(|state| state.as_str()),
            });
            members.push(Shown { place, told });
        }
        Ok(members)
    }
}

/// What a list says of a campaign. `further` are alerts that it does not name.
fn line(joined: &Joined) -> Value {
    let campaign = &joined.campaign;
    json!({
        "campaign_id": joined.name(), "is_named": joined.is_named,
        "part_of": joined.most_in.as_deref().filter(|_| !joined.is_named), "message": campaign.message,
        "status": campaign.status, "published": campaign.published, "opened": campaign.opened,
        "first_event": campaign.first_event, "last_event": campaign.last_event, "severity": campaign.severity,
        "alerts": campaign.alerts, "carriers": campaign.carriers, "countries": campaign.countries,
        "patterns": campaign.patterns, "merged_into": campaign.merged_into,
        "further": campaign.alerts.saturating_sub(campaign.members.len() as u64),
    })
}
