//! The digest of a week: what is new, how soon it was answered, how often it was right, and what is still asked for.
//!
//! Counted of what somebody may see, as everywhere. What is answered is told in the week in which it was: an acknowledgement, the
//! first word of work and the first verdict of a country after the alert was opened, a carrier's first receipt after the request.

use std::collections::BTreeMap;

use lancang_alert::handling::COUNTRIES;
use lancang_record::Timestamp;
use lancang_record::codec::fields::parse_time;
use serde_json::Value;

use super::said::is_right;
use super::{Eyes, Sight, StoreError, bit, key};
use crate::digest::{Asked, Digest, Joint, Judged, Response, Week};
use crate::limits::{OPERATIONS_SHOWN_OF_COUNTRY_MAX, REQUESTS_SHOWN_MAX};

/// How long answers took, milliseconds, by country and what kind of answer it was.
type Took = BTreeMap<(String, &'static str), Vec<i64>>;

/// Incidents that may be seen, beside the statements about them.
const OF_INCIDENT: &str = "statements s JOIN names n ON n.name = s.producer JOIN incidents i ON i.incident_id = s.incident_id \
     AND i.source = n.id AND i.visible & ?1 = ?1";

/// What a joint operation is closed with that ended what it was about ([`lancang_alert::feedback::operation::OUTCOMES`] has all).
const ENDED: [&str; 2] = ["suspects-handed-over", "sites-closed"];

impl Sight<'_> {
    /// The digest of a time; of one country, where one is named.
    ///
    /// # Errors
    /// If the database fails.
    pub fn digest(
        &self,
        eyes: Eyes,
        (since, until): (Timestamp, Timestamp),
        country: Option<&str>,
        now: Timestamp,
    ) -> Result<Digest, StoreError> {
        let times = (since.as_ms(), until.as_ms());
        let mut weeks: BTreeMap<String, Week> = BTreeMap::new();
        let mut all = Week::default();
        for (country, incidents) in self.opened(eyes, times)? {
            weeks.entry(country).or_default().incidents = incidents;
            all.incidents += incidents;
        }
        self.campaigns_of(eyes, times, &mut weeks, &mut all)?;
        let mut took = self.answers(eyes, times)?;
        self.receipts(eyes, times, &mut took)?;
        let (operations, more_operations) = self.joint(times, country, (&mut weeks, &mut all), &mut took)?;
        for kind in Week::ANSWERS {
            let mut every = Vec::new();
            for ((country, _), took) in took.iter().filter(|((_, known), _)| *known == kind) {
                *weeks.entry(country.clone()).or_default().answer(kind) = Response::of(took.clone());
                every.extend_from_slice(took);
            }
            *all.answer(kind) = Response::of(every);
        }
        let is_wanted = |name: &str| country.is_none_or(|country| country == name);
        let (requests, more_requests) = self.asked(eyes, country, now)?;
        Ok(Digest {
            since: since.to_string(),
            until: until.to_string(),
            made: now.to_string(),
            country: country.map(str::to_owned),
            all: country.is_none().then_some(all),
            countries: weeks.into_iter().filter(|(name, _)| is_wanted(name)).collect(),
            precision: self.judged(eyes, times)?.into_iter().filter(|judged| is_wanted(&judged.country)).collect(),
            requests,
            more_requests,
            operations,
            more_operations,
        })
    }

    fn opened(&self, eyes: Eyes, (since, until): (i64, i64)) -> Result<Vec<(String, i64)>, StoreError> {
        let text =
            "SELECT country, sum(incidents) FROM hours WHERE hour >= ?2 AND hour < ?3 AND visible & ?1 = ?1 GROUP BY 1";
        let mut text = self.transaction.prepare_cached(text)?;
        let found = text.query_map((eyes.0, since, until), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    /// Campaigns that began or were dissolved, in each country that has an alert in them. Those that went on in another one count as
    /// that one: so a week has the same whatever order alerts came in.
    fn campaigns_of(
        &self,
        eyes: Eyes,
        (since, until): (i64, i64),
        weeks: &mut BTreeMap<String, Week>,
        all: &mut Week,
    ) -> Result<(), StoreError> {
        let text = "SELECT countries, opened >= ?1 AND opened < ?2, NOT is_live AND published >= ?1 AND published < ?2, is_merged \
             FROM views WHERE country = ?3 AND ((opened >= ?1 AND opened < ?2) \
             OR (NOT is_live AND published >= ?1 AND published < ?2))";
        let mut text = self.transaction.prepare_cached(text)?;
        let mut rows = text.query((since, until, eyes.country()))?;
        while let Some(row) = rows.next()? {
            let (countries, is_whole): (i64, bool) = (row.get(0)?, !row.get(3)?);
            let (new, dissolved) = (row.get::<_, bool>(1)? && is_whole, row.get::<_, bool>(2)? && is_whole);
            let count = |week: &mut Week| {
                week.campaigns_new += u64::from(new);
                week.campaigns_dissolved += u64::from(dissolved);
            };
            count(all);
            for country in COUNTRIES.iter().filter(|country| bit(country).is_some_and(|bit| countries & bit != 0)) {
                count(weeks.entry((*country).to_owned()).or_default());
            }
        }
        Ok(())
    }

    fn answers(&self, eyes: Eyes, (since, until): (i64, i64)) -> Result<Took, StoreError> {
        let text = format!(
            "SELECT s.country, json_extract(s.feedback, '$.kind') AS kind, min(s.published), \
             coalesce(json_extract(b.line, '$.opened'), json_extract(b.line, '$.published')) FROM {OF_INCIDENT} \
             JOIN bodies b ON b.incident = i.id WHERE kind IN ('acknowledgement', 'status', 'verdict') \
             GROUP BY s.country, i.id, kind HAVING min(s.published) >= ?2 AND min(s.published) < ?3"
        );
        let mut text = self.transaction.prepare_cached(&text)?;
        let mut rows = text.query((eyes.0, since, until))?;
        let mut took = Took::new();
        while let Some(row) = rows.next()? {
            let kind: String = row.get(1)?;
            let Some(kind) = Week::ANSWERS.into_iter().find(|known| *known == kind) else { continue };
            let opened: String = row.get(3)?;
            let Ok(opened) = parse_time("opened", &opened) else { continue };
            // A clock that is behind does not answer before it was asked.
            let ms = (row.get::<_, i64>(2)? - opened.as_ms()).max(0);
            took.entry((row.get(0)?, kind)).or_default().push(ms);
        }
        Ok(took)
    }

    /// Operations that a country has a part in, how they went on in the week, and how soon each country answered.
    fn joint(
        &self,
        (since, until): (i64, i64),
        country: Option<&str>,
        (weeks, all): (&mut BTreeMap<String, Week>, &mut Week),
        took: &mut Took,
    ) -> Result<(Vec<Joint>, usize), StoreError> {
        let mut states =
            self.transaction.prepare_cached("SELECT line FROM operations ORDER BY place DESC, operation_id")?;
        let mut rows = states.query([])?;
        let (mut joint, mut more, mut of_proposers) = (Vec::new(), 0, BTreeMap::new());
        while let Some(row) = rows.next()? {
            let state: Value = serde_json::from_str(&row.get::<_, String>(0)?)?;
            let time = |value: &Value| Some(parse_time("time", value.as_str()?).ok()?.as_ms());
            let is_of_week = |value: &Value| time(value).is_some_and(|at| (since..until).contains(&at));
            let became = ["published", "agreed", "running", "closed"].map(|name| is_of_week(&state[name]));
            let has_ended = became[3] && state["outcome"]["outcome"].as_str().is_some_and(|told| ENDED.contains(&told));
            let dismantled = if has_ended { state["campaigns"].as_u64().unwrap_or_default() } else { 0 };
            let count = |week: &mut Week| {
                let [new, agreed, running, closed] = became.map(u64::from);
                week.campaigns_dismantled += dismantled;
                week.operations_new += new;
                week.operations_agreed += agreed;
                week.operations_running += running;
                week.operations_closed += closed;
            };
            let has_become = became.contains(&true);
            if has_become {
                count(all);
            }
            let proposer = state["proposer"]["country"].as_str().unwrap_or_default();
            let begun = time(&state["published"]).unwrap_or_default();
            for (name, part) in state["countries"].as_object().into_iter().flatten() {
                if has_become {
                    count(weeks.entry(name.clone()).or_default());
                }
                // A clock that is behind does not answer before it was asked.
                if let Some(first) = time(&part["first"]).filter(|_| name != proposer && is_of_week(&part["first"])) {
                    took.entry((name.clone(), "operation")).or_default().push((first - begun).max(0));
                }
            }
            let concerns = country.is_none_or(|country| !state["countries"][country].is_null());
            // One that was closed since then went on in the week.
            let went_on = time(&state["closed"]).is_none_or(|closed| closed >= since);
            let was_there = begun < until && (has_become || went_on);
            if !concerns || !was_there {
                continue;
            }
            let own = of_proposers.entry(proposer.to_owned()).or_insert(0);
            *own += 1;
            if *own > OPERATIONS_SHOWN_OF_COUNTRY_MAX {
                more += 1;
            } else {
                joint.push(told(&state));
            }
        }
        Ok((joint, more))
    }

    fn receipts(&self, eyes: Eyes, (since, until): (i64, i64), took: &mut Took) -> Result<(), StoreError> {
        let text = format!(
            "SELECT s.country, min(s.published) - q.published FROM {OF_INCIDENT} JOIN statements q \
             ON q.id = json_extract(s.feedback, '$.receipt.of') WHERE json_extract(s.feedback, '$.kind') = 'receipt' \
             GROUP BY q.id HAVING min(s.published) >= ?2 AND min(s.published) < ?3"
        );
        let mut text = self.transaction.prepare_cached(&text)?;
        let mut rows = text.query((eyes.0, since, until))?;
        while let Some(row) = rows.next()? {
            took.entry((row.get(0)?, "receipt")).or_default().push(row.get::<_, i64>(1)?.max(0));
        }
        Ok(())
    }

    /// The verdicts of the week: of each country and incident the newest.
    fn judged(&self, eyes: Eyes, (since, until): (i64, i64)) -> Result<Vec<Judged>, StoreError> {
        let text = format!(
            "SELECT p.name, s.country, json_extract(s.feedback, '$.verdict.verdict_id'), max(s.published) FROM {OF_INCIDENT} \
             JOIN names p ON p.id = i.pattern WHERE s.published >= ?2 AND s.published < ?3 \
             AND json_extract(s.feedback, '$.kind') = 'verdict' GROUP BY s.country, i.id"
        );
        let mut text = self.transaction.prepare_cached(&text)?;
        let mut rows = text.query((eyes.0, since, until))?;
        let mut found: BTreeMap<(String, String), Judged> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let (pattern, country): (String, String) = (row.get(0)?, row.get(1)?);
            let judged = found.entry((pattern.clone(), country.clone())).or_default();
            (judged.pattern, judged.country) = (pattern, country);
            *match is_right(row.get(2)?) {
                Some(true) => &mut judged.true_positive,
                Some(false) => &mut judged.false_positive,
                None => &mut judged.other,
            } += 1;
        }
        Ok(found.into_values().collect())
    }

    /// Requests that are not answered, or in force: those that end first, and how many more there are.
    pub(super) fn asked(
        &self,
        eyes: Eyes,
        country: Option<&str>,
        now: Timestamp,
    ) -> Result<(Vec<Asked>, usize), StoreError> {
        let text = "SELECT c.state, i.incident_id, n.name FROM conclusions c JOIN names n ON n.name = c.producer \
             JOIN incidents i ON i.incident_id = c.incident_id AND i.source = n.id WHERE i.visible & ?1 = ?1 \
             AND json_array_length(c.state, '$.requests') > 0";
        let mut text = self.transaction.prepare_cached(text)?;
        let mut rows = text.query([eyes.0])?;
        let (mut open, now) = (Vec::new(), now.to_string());
        while let Some(row) = rows.next()? {
            let state: Value = serde_json::from_str(&row.get::<_, String>(0)?)?;
            let (incident_id, producer): (String, String) = (row.get(1)?, row.get(2)?);
            let carrier = producer.get(2..4).unwrap_or_default();
            for request in state["requests"].as_array().into_iter().flatten() {
                let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
                let (by, until) = (text("country"), text("until"));
                let is_refused = request["accepted"] == false && !request["answered"].is_null();
                let concerns = country.is_none_or(|country| country == by || country == carrier);
                // Both are texts of the same form: they compare as times do.
                if is_refused || until <= now || !concerns {
                    continue;
                }
                open.push(Asked {
                    key: key(&incident_id, &producer),
                    producer: producer.clone(),
                    measure: text("measure"),
                    by,
                    requester: text("requester"),
                    case_reference: text("case_reference"),
                    until,
                    answered: request["answered"].as_str().map(str::to_owned),
                });
            }
        }
        open.sort_by(|one, other| one.until.cmp(&other.until));
        let more = open.len().saturating_sub(REQUESTS_SHOWN_MAX);
        open.truncate(REQUESTS_SHOWN_MAX);
        Ok((open, more))
    }
}

/// What a digest says of an operation.
fn told(state: &Value) -> Joint {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let maybe = |value: &Value| value.as_str().map(str::to_owned);
    let count = |name: &str| state[name].as_u64().unwrap_or_default();
    let countries = state["countries"].as_object().into_iter().flatten();
    Joint {
        operation_id: text(&state["operation_id"]),
        title: text(&state["title"]),
        proposer: format!("//{}/{}", text(&state["proposer"]["country"]), text(&state["proposer"]["organisation"])),
        published: text(&state["published"]),
        stage: text(&state["stage"]),
        outcome: maybe(&state["outcome"]["outcome"]),
        day: maybe(&state["day"]),
        countries: countries.map(|(name, part)| (name.clone(), maybe(&part["answer"]))).collect(),
        incidents: count("incidents"),
        campaigns: count("campaigns"),
    }
}
