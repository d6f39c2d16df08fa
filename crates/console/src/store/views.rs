//! Campaigns as a country sees them: joined of the alerts that are meant for it, and of nothing else.
//!
//! Rules:
//! - the same joining as the exchange's ([`crate::campaigns`]), over what the country may see: an alert that is not meant for it joins
//!   nothing, is in no count, and makes no value one that too many share. One of which any revision was not meant for it stays out;
//! - what is joined is kept with the alerts that it follows from, in one transaction, and goes with them ([`Batch::joined`]);
//! - one of these has the name of the campaign on the topic that most of its alerts belong to, where of that campaign no other one has
//!   more; else it has an id of its own, which nobody on the exchange knows ([`Publisher::of_view`]);
//! - a start joins anew what is kept, and so does a country that is new, for itself alone ([`Loading`]): aside, while alerts are taken up
//!   elsewhere, which come last. The groups follow from the set of alerts, in whatever order and however often they come. Of an
//!   incident with more than [`REVISIONS_MAX`](crate::limits::REVISIONS_MAX) revisions that is those that are kept;
//! - one that is no more is remembered for [`JOINED_DAYS`], as far as there is room.

use std::collections::{BTreeSet, VecDeque};

use lancang_alert::Alert;
use lancang_alert::alert::Handling;
use lancang_alert::campaign::Campaign;
use rusqlite::OptionalExtension as _;

use super::take::{DAY_MS, time};
use super::{Batch, Eyes, Sight, StoreError, Topic, bit, set};
use crate::limits::{CAMPAIGNS_MAX, JOINED_DAYS, VIEW_MEMBERS_MAX, VIEWS_AT_ONCE_MAX};
use crate::{Correlator, Publisher, Seen, Viewer};

/// Alerts between two looks whether loading goes on.
const LOOK_EVERY: u64 = 1_000;
/// Name of their place beside those of topics.
const PLACE: &str = "views";

/// What joins alerts for some countries.
#[derive(Debug, Default)]
pub struct Views(Vec<View>);

#[derive(Debug)]
struct View {
    country: String,
    number: i64,
    correlator: Correlator,
    publisher: Publisher,
    /// What has changed and is not kept yet.
    changed: VecDeque<Campaign>,
}

impl View {
    fn of(country: &str) -> Option<Self> {
        Some(Self {
            number: Eyes(bit(country)?).country(),
            correlator: Correlator::new(Viewer(vec![country.to_owned()])),
            publisher: Publisher::of_view(country),
            changed: VecDeque::new(),
            country: country.to_owned(),
        })
    }

    /// Finds what has changed in what hangs together.
    fn change(&mut self) {
        let newest = self.correlator.newest();
        self.changed.extend(self.publisher.changes(&mut self.correlator, &nobodys(), newest));
    }
}

/// Views that are being joined of what a database has, while others write into it.
#[derive(Debug)]
pub struct Loading {
    views: Views,
    /// Alerts before this offset were taken up.
    next: i64,
}

impl Loading {
    /// Begins for these countries.
    ///
    /// # Errors
    /// If the database fails.
    pub fn begin(sight: &Sight<'_>, countries: &BTreeSet<String>) -> Result<Self, StoreError> {
        let mut views = Views(countries.iter().filter_map(|country| View::of(country)).collect());
        for view in &mut views.0 {
            for campaign in sight.live_views(view.number)? {
                view.publisher.learn(&campaign);
            }
        }
        Ok(Self { views, next: 0 })
    }

    /// Takes up what the database has and was not taken up yet; whether that was all of it, or `goes_on` said that nobody waits for it
    /// any more.
    ///
    /// # Errors
    /// If the database fails.
    pub fn take(&mut self, sight: &Sight<'_>, mut goes_on: impl FnMut() -> bool) -> Result<bool, StoreError> {
        let next = sight.place(Topic::Alerts)?;
        if self.views.0.is_empty() {
            return Ok(true);
        }
        // An incident's newest revision is behind all others of it.
        let kept = match self.next {
            0 => "SELECT alert FROM bodies UNION ALL SELECT alert FROM earlier WHERE ?1 = 0",
            _ => {
                "SELECT b.alert FROM incidents i JOIN bodies b ON b.incident = i.id WHERE i.place >= ?1 UNION ALL \
                 SELECT e.alert FROM incidents i JOIN earlier e ON e.incident = i.id WHERE i.place >= ?1 AND e.place >= ?1"
            }
        };
        let mut kept = sight.transaction.prepare(kept)?;
        let (mut rows, mut count) = (kept.query([self.next])?, 0_u64);
        while let Some(row) = rows.next()? {
            if count.is_multiple_of(LOOK_EVERY) && !goes_on() {
                return Ok(false);
            }
            self.views.take(&serde_json::from_slice(row.get_ref(0)?.as_bytes().unwrap_or_default())?);
            count += 1;
        }
        self.next = next;
        Ok(true)
    }

    /// Finds what hangs together of what was taken up: of all of it that takes as long as taking it up did.
    pub fn regroup(&mut self) {
        self.views.0.iter_mut().for_each(View::change);
    }

    /// What is joined of all that the database has now; `gone` was let go of since it began. One that has come again is there.
    ///
    /// # Errors
    /// If the database fails.
    pub fn finish(mut self, sight: &Sight<'_>, gone: &[Seen]) -> Result<Views, StoreError> {
        self.views.forget(gone);
        let again = "SELECT b.alert FROM incidents i JOIN names n ON n.id = i.source JOIN bodies b ON b.incident = i.id \
             WHERE i.incident_id = ?1 AND n.name = ?2 UNION ALL SELECT e.alert FROM incidents i JOIN names n ON n.id = i.source \
             JOIN earlier e ON e.incident = i.id WHERE i.incident_id = ?1 AND n.name = ?2";
        let mut again = sight.transaction.prepare(again)?;
        for seen in gone {
            let mut rows = again.query((&seen.incident_id, seen.producer.uri()))?;
            while let Some(row) = rows.next()? {
                self.views.take(&serde_json::from_slice(row.get_ref(0)?.as_bytes().unwrap_or_default())?);
            }
        }
        self.take(sight, || true)?;
        Ok(self.views)
    }
}

impl Views {
    /// Whether they are those of these countries.
    #[must_use]
    pub fn are_of(&self, countries: &BTreeSet<String>) -> bool {
        self.0.iter().map(|view| &view.country).eq(countries.iter().filter(|country| bit(country).is_some()))
    }

    /// Those of these countries for which nothing is joined.
    #[must_use]
    pub fn missing(&self, countries: &BTreeSet<String>) -> BTreeSet<String> {
        let is_here = |country: &str| self.0.iter().any(|view| view.country == country);
        countries.iter().filter(|country| bit(country).is_some() && !is_here(country)).cloned().collect()
    }

    /// Lets go of those of other countries, and takes up those that were loaded.
    pub fn change_to(&mut self, countries: &BTreeSet<String>, loaded: Self) {
        self.0.retain(|view| countries.contains(&view.country));
        self.0.extend(loaded.0.into_iter().filter(|view| countries.contains(&view.country)));
        self.0.sort_by(|a, b| a.country.cmp(&b.country));
    }

    /// Joins a revision that the store has taken up.
    pub fn take(&mut self, alert: &Alert) {
        self.0.iter_mut().for_each(|view| view.correlator.take(alert));
    }

    /// Lets go of incidents that the store has let go of.
    pub fn forget(&mut self, gone: &[Seen]) {
        for view in &mut self.0 {
            gone.iter().for_each(|seen| _ = view.correlator.forget(seen));
        }
    }

    /// Alerts that were let go of because there were too many to join.
    #[must_use]
    pub fn evicted(&self) -> u64 {
        self.0.iter().map(|view| view.correlator.evicted()).sum()
    }
}

impl Batch<'_> {
    /// Keeps what has changed in what hangs together, so much of it as goes into one transaction without holding up others; whether
    /// there is more, as where a country is new. What was joined counts as kept: if this is not committed, views are loaded anew.
    ///
    /// # Errors
    /// If the database fails.
    pub fn joined(&self, views: &mut Views) -> Result<bool, StoreError> {
        self.forget_viewers(views)?;
        views.0.iter_mut().for_each(View::change);
        // One that is new leaves room for what changes in the others.
        let waiting = views.0.iter().filter(|view| !view.changed.is_empty()).count();
        let share = VIEWS_AT_ONCE_MAX / waiting.max(1);
        let mut is_more = false;
        for View { number, correlator, publisher, changed, .. } in &mut views.0 {
            let changes: Vec<Campaign> = changed.drain(..changed.len().min(share)).collect();
            for campaign in &changes {
                self.view(*number, campaign)?;
                self.members_of_view(*number, campaign, correlator)?;
            }
            for Campaign { campaign_id, .. } in &changes {
                self.named(*number, campaign_id)?;
                publisher.forget(campaign_id);
            }
            if !changed.is_empty() {
                is_more = true;
                continue;
            }
            self.transaction.prepare_cached("INSERT OR IGNORE INTO viewers VALUES (?1)")?.execute([*number])?;
            let old = "DELETE FROM views WHERE country = ?1 AND NOT is_live AND (published < ?2 OR campaign_id IN \
                 (SELECT campaign_id FROM views WHERE country = ?1 AND NOT is_live ORDER BY place DESC LIMIT -1 OFFSET ?3))";
            let since = correlator.newest().as_ms().saturating_sub(JOINED_DAYS * DAY_MS);
            if changes.iter().any(|campaign| campaign.message == "dissolved") {
                self.transaction.prepare_cached(old)?.execute((*number, since, CAMPAIGNS_MAX))?;
            }
        }
        Ok(is_more)
    }

    /// Of whose country nobody is a user any more, nothing is joined. Where nothing at all is joined, nothing was loaded: a console's
    /// own country always has a view.
    fn forget_viewers(&self, views: &Views) -> Result<(), StoreError> {
        if views.0.is_empty() {
            return Ok(());
        }
        let mut known = self.transaction.prepare_cached("SELECT country FROM viewers")?;
        let known = known.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
        for number in known.into_iter().filter(|number| views.0.iter().all(|view| view.number != *number)) {
            for table in ["views", "view_members", "viewers"] {
                self.transaction.execute(&format!("DELETE FROM {table} WHERE country = ?1"), [number])?;
            }
        }
        Ok(())
    }

    fn view(&self, country: i64, campaign: &Campaign) -> Result<(), StoreError> {
        let (id, is_live) = (&campaign.campaign_id, campaign.message != "dissolved");
        let published = time(&campaign.published).unwrap_or_default();
        let opened = campaign.opened.as_deref().and_then(time).unwrap_or(published);
        let text = serde_json::to_string(campaign)?;
        let (countries, is_merged) = (set(campaign.countries.keys()), campaign.merged_into.is_some());
        let put = "INSERT OR REPLACE INTO views VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, NULL, 0, ?8)";
        let kept = (country, id, is_live, opened, published, countries, is_merged, text);
        self.transaction.prepare_cached(put)?.execute(kept)?;
        Ok(())
    }

    /// Which alerts are in one: also those that it does not name. Of a large one few are new, and those alone are written.
    fn members_of_view(&self, country: i64, campaign: &Campaign, correlator: &Correlator) -> Result<(), StoreError> {
        let id = &campaign.campaign_id;
        let first = campaign
            .members
            .first()
            .map(|member| Seen { incident_id: member.incident_id.clone(), producer: member.producer.clone() });
        let all = first.iter().flat_map(|first| correlator.group_with(first)).take(VIEW_MEMBERS_MAX);
        let new: BTreeSet<(String, String)> = all.map(|seen| (seen.incident_id.clone(), seen.producer.uri())).collect();
        let old = "SELECT incident_id, producer FROM view_members WHERE country = ?1 AND campaign_id = ?2";
        let mut old = self.transaction.prepare_cached(old)?;
        let old = old.query_map((country, id), |row| Ok((row.get(0)?, row.get(1)?)))?;
        let old: BTreeSet<(String, String)> = old.collect::<rusqlite::Result<_>>()?;
        let gone =
            "DELETE FROM view_members WHERE country = ?1 AND incident_id = ?2 AND producer = ?3 AND campaign_id = ?4";
        let mut gone = self.transaction.prepare_cached(gone)?;
        let mut put = self.transaction.prepare_cached("INSERT OR REPLACE INTO view_members VALUES (?1, ?2, ?3, ?4)")?;
        old.difference(&new).try_for_each(|(incident, from)| gone.execute((country, incident, from, id)).map(drop))?;
        new.difference(&old).try_for_each(|(incident, from)| put.execute((country, incident, from, id)).map(drop))?;
        Ok(())
    }

    /// Finds the name of one anew; it counts as changed.
    fn named(&self, country: i64, id: &str) -> Result<(), StoreError> {
        let next = "INSERT INTO places VALUES (?1, 1) ON CONFLICT DO UPDATE SET next = next + 1 RETURNING next - 1";
        let place: i64 = self.transaction.prepare_cached(next)?.query_row([PLACE], |row| row.get(0))?;
        let of_topic = "SELECT m.campaign_id, count(*) FROM view_members v JOIN members m ON m.incident_id = v.incident_id \
             AND m.producer = v.producer WHERE v.country = ?1 AND v.campaign_id = ?2 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1";
        let mut of_topic = self.transaction.prepare_cached(of_topic)?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?));
        let (named, shared) = of_topic.query_row((country, id), read).optional()?.unzip();
        let put = "UPDATE views SET place = ?3, named = ?4, shared = ?5 WHERE country = ?1 AND campaign_id = ?2";
        self.transaction.prepare_cached(put)?.execute((country, id, place, named, shared.unwrap_or(0)))?;
        Ok(())
    }

    /// Those, of any country, that have an alert of a campaign of the topic.
    pub(super) fn views_of(&self, campaign_id: &str) -> Result<BTreeSet<(i64, String)>, StoreError> {
        let found = "SELECT v.country, v.campaign_id FROM members m JOIN view_members v ON v.incident_id = m.incident_id \
             AND v.producer = m.producer JOIN viewers w ON w.country = v.country WHERE m.campaign_id = ?1";
        let mut found = self.transaction.prepare_cached(found)?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        Ok(found.query_map([campaign_id], read)?.collect::<rusqlite::Result<_>>()?)
    }

    /// Finds names anew.
    pub(super) fn rename(&self, views: &BTreeSet<(i64, String)>) -> Result<(), StoreError> {
        views.iter().try_for_each(|(country, id)| self.named(*country, id))
    }
}

/// One of these, and what it is called.
pub(super) struct Joined {
    pub(super) campaign: Campaign,
    /// Campaign of the topic that most of its alerts belong to.
    pub(super) most_in: Option<String>,
    /// Whether it has its name: no other one has more of its alerts.
    pub(super) is_named: bool,
}

impl Joined {
    /// What it is called.
    pub(super) fn name(&self) -> &str {
        self.most_in.as_deref().filter(|_| self.is_named).unwrap_or(&self.campaign.campaign_id)
    }
}

impl Sight<'_> {
    /// Whether campaigns are joined for somebody's country yet.
    ///
    /// # Errors
    /// If the database fails.
    pub fn is_joined_for(&self, eyes: Eyes) -> Result<bool, StoreError> {
        let find = "SELECT EXISTS (SELECT 1 FROM viewers WHERE country = ?1)";
        Ok(self.transaction.prepare_cached(find)?.query_row([eyes.country()], |row| row.get(0))?)
    }

    fn live_views(&self, country: i64) -> Result<Vec<Campaign>, StoreError> {
        let all = "SELECT campaign FROM views WHERE country = ?1 AND is_live";
        let mut all = self.transaction.prepare_cached(all)?;
        let all: Vec<String> = all.query_map([country], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        Ok(all.iter().map(|text| serde_json::from_str(text)).collect::<Result<_, _>>()?)
    }

    /// The one of an id of its own, or of the name that it has.
    pub(super) fn joined(&self, eyes: Eyes, id: &str) -> Result<Option<Joined>, StoreError> {
        let find = "SELECT campaign, named FROM views WHERE country = ?1 AND campaign_id = ?2";
        let mut find = self.transaction.prepare_cached(find)?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?));
        let mut found = find.query_row((eyes.country(), id), read).optional()?;
        if found.is_none()
            && let Some(own) = self.has_name(eyes, id)?
        {
            found = find.query_row((eyes.country(), own), read).optional()?;
        }
        let Some((text, most_in)) = found else { return Ok(None) };
        let campaign: Campaign = serde_json::from_str(&text)?;
        let has_it = most_in.as_deref().map(|named| self.has_name(eyes, named)).transpose()?.flatten();
        let is_named = has_it.is_some_and(|own| own == campaign.campaign_id);
        Ok(Some(Joined { campaign, most_in, is_named }))
    }

    /// Own id of the one that has the name of a campaign of the topic.
    pub(super) fn has_name(&self, eyes: Eyes, named: &str) -> Result<Option<String>, StoreError> {
        let find = "SELECT campaign_id FROM views WHERE country = ?1 AND named = ?2 AND is_live \
             ORDER BY shared DESC, campaign_id LIMIT 1";
        let mut find = self.transaction.prepare_cached(find)?;
        Ok(find.query_row((eyes.country(), named), |row| row.get(0)).optional()?)
    }

    /// Own id of the one that an incident is in.
    pub(super) fn joined_of(&self, eyes: Eyes, incident: i64) -> Result<Option<String>, StoreError> {
        let find = "SELECT v.campaign_id FROM incidents i JOIN names n ON n.id = i.source JOIN view_members v \
             ON v.incident_id = i.incident_id AND v.producer = n.name WHERE i.id = ?2 AND v.country = ?1";
        let mut find = self.transaction.prepare_cached(find)?;
        Ok(find.query_row((eyes.country(), incident), |row| row.get(0)).optional()?)
    }

    /// What it is called, by its own id.
    pub(super) fn name_of(&self, eyes: Eyes, own: &str) -> Result<String, StoreError> {
        let find = "SELECT named FROM views WHERE country = ?1 AND campaign_id = ?2";
        let mut find = self.transaction.prepare_cached(find)?;
        let named: Option<String> = find.query_row((eyes.country(), own), |row| row.get(0)).optional()?.flatten();
        let Some(named) = named else { return Ok(own.to_owned()) };
        let has_it = self.has_name(eyes, &named)?.is_some_and(|other| other == own);
        Ok(if has_it { named } else { own.to_owned() })
    }

    /// How many changes there were.
    pub(super) fn views_place(&self) -> Result<i64, StoreError> {
        let find = "SELECT next FROM places WHERE topic = ?1";
        let mut find = self.transaction.prepare_cached(find)?;
        Ok(find.query_row([PLACE], |row| row.get(0)).optional()?.unwrap_or(0))
    }
}

/// Handling of what leaves this console for nobody.
fn nobodys() -> Handling {
    let empty = String::new;
    Handling { tlp: empty(), purpose: empty(), legal_basis: None, recipients: Vec::new(), retain_until: empty() }
}
