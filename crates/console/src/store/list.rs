//! Lists of incidents: filtered, searched, page by page, and what has changed since.
//!
//! A request looks at [`SCANNED_MAX`] incidents at most, in the order of the list, by an index that holds all that filters ask
//! for: what a filter leaves out costs no more than that. Where the page is not full then, the next request goes on.

use lancang_alert::Alert;
use lancang_alert::alert::CANCEL;
use lancang_record::Timestamp;
use rusqlite::types::Value as Bound;
use rusqlite::{OptionalExtension as _, params_from_iter};
use serde_json::{Value, json};

use super::said::STAGES;
use super::take::terms;
use super::{Eyes, Sight, StoreError, Topic, bit, key};
use crate::limits::{
    FOUND_MAX, PAGE_MAX, PATTERN_LOOKED_MAX, PATTERNS_MAX, SCANNED_MAX, STREAM_BEHIND_MAX, STREAM_ROWS_MAX,
};

/// How far an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It goes on.
    Open,
    /// It has ended.
    Closed,
    /// Its producer took it back.
    Cancelled,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Open, Self::Closed, Self::Cancelled];

    pub(super) fn of(alert: &Alert) -> Self {
        match alert.message.as_str() {
            CANCEL => Self::Cancelled,
            _ if alert.ends() => Self::Closed,
            _ => Self::Open,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// How far the viewer's country is with an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Nobody has seen it.
    New,
    /// So far and no further (a place in the stages), or that it is disputed.
    At(i64),
}

impl Work {
    /// From its name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        if name == "new" {
            return Some(Self::New);
        }
        STAGES.iter().position(|stage| *stage == name).map(|place| Self::At(place as i64 + 1))
    }
}

/// Which incidents are asked for; empty lists are of no account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Countries that have to do with it: one of these.
    pub countries: Vec<String>,
    /// Producers, `//KH/mekong-mobile/pp-1`.
    pub sources: Vec<String>,
    /// Patterns.
    pub patterns: Vec<String>,
    /// Least severity.
    pub severity: u8,
    /// How far it is.
    pub states: Vec<State>,
    /// How far the viewer's country is with it.
    pub work: Option<Work>,
    /// Newest revision not before.
    pub since: Option<Timestamp>,
    /// Newest revision before.
    pub until: Option<Timestamp>,
    /// Beginning of what it is found by.
    pub text: Option<String>,
}

/// How far somebody has seen what happens: the newest offsets of the topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Of alerts.
    pub alerts: i64,
    /// Of feedback.
    pub said: i64,
    /// Changes of campaigns, as they are joined here.
    pub campaigns: i64,
}

impl Position {
    /// From `a8123.s44.c7`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let mut part = |letter: char| parts.next()?.strip_prefix(letter)?.parse().ok();
        let position = Self { alerts: part('a')?, said: part('s')?, campaigns: part('c')? };
        parts.next().is_none().then_some(position)
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a{}.s{}.c{}", self.alerts, self.said, self.campaigns)
    }
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// Rows, newest first.
    pub rows: Vec<Value>,
    /// Where the next page begins.
    pub next: Option<i64>,
    /// Whether a search found more than [`FOUND_MAX`], of which nothing is shown.
    pub is_too_broad: bool,
    /// When the last that was looked at was published.
    pub searched_to: Option<Timestamp>,
    /// How far the topics were read then.
    pub position: Position,
}

/// What has changed since a position.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// Rows that changed and fit the filter, oldest first.
    pub rows: Vec<Value>,
    /// Keys of those that changed and do not fit it, or may not be seen any more.
    pub gone: Vec<String>,
    /// Ids of campaigns that changed.
    pub campaigns: Vec<String>,
    /// Ids of joint operations of which something was said.
    pub operations: Vec<String>,
    /// Where to go on.
    pub position: Position,
    /// Too much has happened: begin anew.
    pub is_too_far: bool,
    /// There is more already, after that position.
    pub is_cut: bool,
}

/// Of which incidents somebody hears.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Watched {
    /// Of all: which fit a filter, and which do not (any more).
    #[default]
    All,
    /// Of those with an id alone.
    One(String),
    /// Of none.
    None,
}

impl Watched {
    /// From `none`, or an id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_id = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if text == "none" { Some(Self::None) } else { is_id.then(|| Self::One(text.to_owned())) }
    }
}

/// A campaign's own id, and the name of the topic's that most of it belongs to.
type Joined = (String, Option<String>);

/// Incidents by number and place, and whether the page is full.
type Places = (Vec<(i64, i64)>, bool);

/// Conditions of a statement, and what is bound in them, in order.
#[derive(Default)]
struct Conditions {
    text: String,
    bound: Vec<Bound>,
}

impl Conditions {
    fn and(&mut self, condition: &str, bound: impl IntoIterator<Item = i64>) {
        self.text.push_str(" AND ");
        self.text.push_str(condition);
        self.bound.extend(bound.into_iter().map(Bound::Integer));
    }

    fn any(&mut self, column: &str, values: &[i64]) {
        if !values.is_empty() {
            let marks = vec!["?"; values.len()].join(", ");
            self.and(&format!("{column} IN ({marks})"), values.iter().copied());
        }
    }
}

impl Sight<'_> {
    /// A page of incidents that somebody may see, newest revision first, after a place of a page before.
    ///
    /// # Errors
    /// If the database fails.
    pub fn list(&self, eyes: Eyes, filter: &Filter, after: Option<i64>, limit: u32) -> Result<Page, StoreError> {
        let limit = limit.clamp(1, PAGE_MAX);
        let position = self.position()?;
        let conditions = self.conditions(eyes, filter)?;
        let after = after.unwrap_or(i64::MAX);
        let mut page = Page { rows: Vec::new(), next: None, is_too_broad: false, searched_to: None, position };
        let found = match &filter.text {
            Some(text) => self.found(text, &conditions, after, limit)?,
            None => Some(self.scanned(eyes, filter, &conditions, after, limit)?),
        };
        let Some((places, is_full)) = found else { return Ok(Page { is_too_broad: true, ..page }) };
        if is_full {
            page.next = places.last().map(|(_, place)| *place);
        } else if filter.text.is_none() {
            page.next = self.end_of_scan(eyes, filter, after)?;
        }
        page.searched_to = page.next.map(|place| self.published_at(place)).transpose()?.flatten();
        page.rows = places.iter().map(|(id, _)| self.row(eyes, *id)).collect::<Result<_, _>>()?;
        Ok(page)
    }

    /// Incidents and campaigns that changed after a position, and what of them fits a filter.
    ///
    /// # Errors
    /// If the database fails.
    pub fn changes(
        &self,
        eyes: Eyes,
        filter: &Filter,
        watched: &Watched,
        from: Position,
    ) -> Result<Changes, StoreError> {
        let now = self.position()?;
        let mut changes = Changes {
            rows: Vec::new(),
            gone: Vec::new(),
            campaigns: Vec::new(),
            operations: Vec::new(),
            position: now,
            is_too_far: is_too_far(from, now),
            is_cut: false,
        };
        if changes.is_too_far {
            return Ok(changes);
        }
        let of_alerts = self.changed("place", eyes, from.alerts)?;
        let of_said = self.changed("said", eyes, from.said)?;
        let cuts = (cut(&of_alerts), cut(&of_said));
        changes.position.alerts = cuts.0.unwrap_or(now.alerts);
        changes.position.said = cuts.1.unwrap_or(now.said);
        changes.is_cut = cuts.0.or(cuts.1).is_some();
        let mut ids: Vec<i64> = of_alerts.iter().chain(&of_said).map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        self.keep_watched(watched, &mut ids)?;
        let fitting = self.fitting(eyes, filter, &ids)?;
        // Oldest first, as they came.
        for (id, is_fitting) in ids.iter().map(|id| (*id, fitting.contains(id))) {
            if is_fitting {
                changes.rows.push(self.row(eyes, id)?);
            } else {
                changes.gone.push(self.key_of(id)?);
            }
        }
        changes.rows.sort_by_key(|row| row["place_in_topic"].as_i64());
        let campaigns = self.changed_campaigns(eyes, from.campaigns)?;
        if let Some(last) = cut(&campaigns) {
            (changes.position.campaigns, changes.is_cut) = (last, true);
        }
        changes.campaigns =
            campaigns.into_iter().flat_map(|((id, named), _)| std::iter::once(id).chain(named)).collect();
        changes.operations = self.changed_operations(from.said, STREAM_BEHIND_MAX)?;
        Ok(changes)
    }

    fn keep_watched(&self, watched: &Watched, ids: &mut Vec<i64>) -> Result<(), StoreError> {
        match watched {
            Watched::All => {}
            Watched::None => ids.clear(),
            Watched::One(id) => {
                let of_id = "SELECT id FROM incidents WHERE incident_id = ?1";
                let mut of_id = self.transaction.prepare_cached(of_id)?;
                let of_id = of_id.query_map([id], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
                ids.retain(|id| of_id.contains(id));
            }
        }
        Ok(())
    }

    fn key_of(&self, id: i64) -> Result<String, StoreError> {
        let find = "SELECT i.incident_id, n.name FROM incidents i JOIN names n ON n.id = i.source WHERE i.id = ?1";
        let mut find = self.transaction.prepare_cached(find)?;
        Ok(find.query_row([id], |row| Ok(key(&row.get::<_, String>(0)?, &row.get::<_, String>(1)?)))?)
    }

    /// Patterns of which there is an incident that may be seen, by name; of each the newest are looked at.
    ///
    /// # Errors
    /// If the database fails.
    pub fn patterns(&self, eyes: Eyes) -> Result<Vec<String>, StoreError> {
        let text = "SELECT n.name FROM names n WHERE EXISTS (SELECT 1 FROM (SELECT visible FROM incidents INDEXED BY \
             incidents_pattern WHERE pattern = n.id ORDER BY place DESC LIMIT ?2) WHERE visible & ?1 = ?1) ORDER BY 1 LIMIT ?3";
        let mut text = self.transaction.prepare_cached(text)?;
        let found = text.query_map((eyes.0, PATTERN_LOOKED_MAX, PATTERNS_MAX), |row| row.get(0))?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    /// How far the topics were read.
    ///
    /// # Errors
    /// If the database fails.
    pub fn position(&self) -> Result<Position, StoreError> {
        let newest = |topic| Ok::<_, StoreError>(self.place(topic)? - 1);
        Ok(Position {
            alerts: newest(Topic::Alerts)?,
            said: newest(Topic::Feedback)?,
            campaigns: self.views_place()? - 1,
        })
    }

    fn conditions(&self, eyes: Eyes, filter: &Filter) -> Result<Conditions, StoreError> {
        let mut conditions = Conditions::default();
        conditions.and("visible & ? = ?", [eyes.0, eyes.0]);
        if !filter.countries.is_empty() {
            let set = filter.countries.iter().filter_map(|country| bit(country)).fold(0, |set, bit| set | bit);
            conditions.and("countries & ? <> 0", [set]);
        }
        // A name that nobody has used is that of nothing.
        let ids = |names: &[String]| {
            names.iter().map(|name| Ok(self.name(name)?.unwrap_or(-1))).collect::<Result<Vec<i64>, StoreError>>()
        };
        conditions.any("source", &ids(&filter.sources)?);
        conditions.any("pattern", &ids(&filter.patterns)?);
        if filter.severity > 0 {
            conditions.and("severity >= ?", [i64::from(filter.severity)]);
        }
        conditions.any("state", &filter.states.iter().map(|state| *state as i64).collect::<Vec<_>>());
        filter.since.iter().for_each(|since| conditions.and("published >= ?", [since.as_ms()]));
        filter.until.iter().for_each(|until| conditions.and("published < ?", [until.as_ms()]));
        match filter.work {
            Some(Work::New) => conditions.and(
                "NOT EXISTS (SELECT 1 FROM work WHERE work.incident = found.id AND country = ? AND stage < 5)",
                [eyes.country()],
            ),
            Some(Work::At(stage)) => conditions.and(
                "EXISTS (SELECT 1 FROM work WHERE work.incident = found.id AND country = ? AND stage = ?)",
                [eyes.country(), stage],
            ),
            None => {}
        }
        Ok(conditions)
    }

    /// The part of the incidents that one request looks at.
    fn scan(&self, filter: &Filter) -> Result<(String, Vec<Bound>), StoreError> {
        let mut bound = Vec::new();
        let one = |names: &[String]| match names {
            [name] => Ok::<_, StoreError>(Some(self.name(name)?.unwrap_or(-1))),
            _ => Ok(None),
        };
        let (index, condition) = if let Some(source) = one(&filter.sources)? {
            bound.push(Bound::Integer(source));
            ("incidents_source", "source = ? AND ")
        } else if let Some(pattern) = one(&filter.patterns)? {
            bound.push(Bound::Integer(pattern));
            ("incidents_pattern", "pattern = ? AND ")
        } else {
            ("incidents_newest", "")
        };
        let columns = "id, place, source, pattern, severity, state, countries, visible, published";
        let text = format!(
            "SELECT {columns} FROM incidents INDEXED BY {index} WHERE {condition}place < ? ORDER BY place DESC"
        );
        Ok((text, bound))
    }

    /// The stage that is asked for, if few enough are there to look at all of them: sorting many by place took 43 ms for 23,000.
    fn few_at(&self, eyes: Eyes, filter: &Filter) -> Result<Option<i64>, StoreError> {
        let Some(Work::At(stage)) = filter.work else { return Ok(None) };
        let count = "SELECT count(*) FROM (SELECT 1 FROM work INDEXED BY work_stage WHERE country = ?1 AND stage = ?2 LIMIT ?3)";
        let mut count = self.transaction.prepare_cached(count)?;
        let found: u32 = count.query_row((eyes.country(), stage, FOUND_MAX + 1), |row| row.get(0))?;
        Ok((found <= FOUND_MAX).then_some(stage))
    }

    fn scanned(
        &self,
        eyes: Eyes,
        filter: &Filter,
        conditions: &Conditions,
        after: i64,
        limit: u32,
    ) -> Result<Places, StoreError> {
        if let Some(stage) = self.few_at(eyes, filter)? {
            return self.worked([eyes.country(), stage], conditions, after, limit);
        }
        let (scan, mut bound) = self.scan(filter)?;
        bound.push(Bound::Integer(after));
        bound.extend(conditions.bound.iter().cloned());
        let text = format!(
            "SELECT id, place FROM ({scan} LIMIT {SCANNED_MAX}) AS found WHERE 1{} LIMIT {limit}",
            conditions.text
        );
        self.places(&text, bound, limit)
    }

    /// People make work: what they have done is looked through whole, from there.
    fn worked(&self, at: [i64; 2], conditions: &Conditions, after: i64, limit: u32) -> Result<Places, StoreError> {
        let mut bound: Vec<Bound> = at.into_iter().chain([after]).map(Bound::Integer).collect();
        bound.extend(conditions.bound.iter().cloned());
        let text = format!(
            "SELECT id, place FROM incidents AS found WHERE id IN (SELECT incident FROM work INDEXED BY work_stage \
             WHERE country = ? AND stage = ?) AND place < ?{} ORDER BY place DESC LIMIT {limit}",
            conditions.text
        );
        self.places(&text, bound, limit)
    }

    /// What begins with a text; none if that is too much.
    fn found(&self, text: &str, conditions: &Conditions, after: i64, limit: u32) -> Result<Option<Places>, StoreError> {
        let Some(ids) = self.begin_so(text)? else { return Ok(None) };
        let mut bound = vec![Bound::Integer(after)];
        bound.extend(conditions.bound.iter().cloned());
        let statement = format!(
            "SELECT id, place FROM incidents AS found WHERE id IN ({}) AND place < ?{} ORDER BY place DESC LIMIT {limit}",
            listed(&ids),
            conditions.text
        );
        self.places(&statement, bound, limit).map(Some)
    }

    /// Incidents that a text is the beginning of a term or the id of; none where they are too many.
    fn begin_so(&self, text: &str) -> Result<Option<Vec<i64>>, StoreError> {
        let text = text.trim().to_lowercase();
        let end = format!("{text}\u{10ffff}");
        // All of it, once or twice: `UNION` would gather whatever a short text finds before it stops at the limit.
        let ids = "SELECT incident FROM terms WHERE term >= ?1 AND term < ?2 \
             UNION ALL SELECT id FROM incidents WHERE incident_id >= ?1 AND incident_id < ?2 LIMIT ?3";
        let mut ids = self.transaction.prepare_cached(ids)?;
        let ids: Vec<i64> =
            ids.query_map((&text, &end, FOUND_MAX + 1), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        Ok((ids.len() <= FOUND_MAX as usize).then_some(ids))
    }

    fn places(&self, text: &str, bound: Vec<Bound>, limit: u32) -> Result<Places, StoreError> {
        let mut statement = self.transaction.prepare(text)?;
        let found = statement.query_map(params_from_iter(bound), |row| Ok((row.get(0)?, row.get(1)?)))?;
        let places: Vec<(i64, i64)> = found.collect::<rusqlite::Result<_>>()?;
        let is_full = places.len() == limit as usize;
        Ok((places, is_full))
    }

    /// The last place that a scan looked at; none if it came to the end.
    fn end_of_scan(&self, eyes: Eyes, filter: &Filter, after: i64) -> Result<Option<i64>, StoreError> {
        if self.few_at(eyes, filter)?.is_some() {
            return Ok(None);
        }
        let (scan, mut bound) = self.scan(filter)?;
        bound.push(Bound::Integer(after));
        let text = format!("SELECT place FROM ({scan} LIMIT 1 OFFSET {})", SCANNED_MAX - 1);
        let mut statement = self.transaction.prepare(&text)?;
        Ok(statement.query_row(params_from_iter(bound), |row| row.get(0)).optional()?)
    }

    fn published_at(&self, place: i64) -> Result<Option<Timestamp>, StoreError> {
        let mut find = self.transaction.prepare_cached("SELECT published FROM incidents WHERE place = ?1")?;
        Ok(find.query_row([place], |row| row.get(0)).optional()?.map(Timestamp::from_ms))
    }

    /// What changed and may be seen, or could be before.
    fn changed(&self, column: &str, eyes: Eyes, after: i64) -> Result<Vec<(i64, i64)>, StoreError> {
        let text = format!(
            "SELECT id, {column} FROM incidents WHERE {column} > ?1 AND {column} >= 0 AND shown & ?2 = ?2 \
             ORDER BY {column} LIMIT {STREAM_ROWS_MAX}"
        );
        let mut statement = self.transaction.prepare_cached(&text)?;
        let found = statement.query_map((after, eyes.0), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    /// Own ids, and names of the topic's.
    fn changed_campaigns(&self, eyes: Eyes, after: i64) -> Result<Vec<(Joined, i64)>, StoreError> {
        let text =
            "SELECT campaign_id, named, place FROM views WHERE country = ?1 AND place > ?2 ORDER BY place LIMIT ?3";
        let mut statement = self.transaction.prepare_cached(text)?;
        let read = |row: &rusqlite::Row<'_>| Ok(((row.get(0)?, row.get(1)?), row.get(2)?));
        let found = statement.query_map((eyes.country(), after, STREAM_ROWS_MAX), read)?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    fn fitting(&self, eyes: Eyes, filter: &Filter, ids: &[i64]) -> Result<Vec<i64>, StoreError> {
        let conditions = self.conditions(eyes, filter)?;
        let text = format!("SELECT id FROM incidents AS found WHERE id IN ({}){}", listed(ids), conditions.text);
        let mut statement = self.transaction.prepare(&text)?;
        let found = statement.query_map(params_from_iter(conditions.bound), |row| row.get(0))?;
        let mut found: Vec<i64> = found.collect::<rusqlite::Result<_>>()?;
        if let Some(text) = &filter.text {
            if let Some(ids) = self.begin_so(text)? {
                found.retain(|id| ids.contains(id));
                return Ok(found);
            }
            // Too many begin so for a list: of those few that changed each is looked at.
            let text = text.trim().to_lowercase();
            let mut alert = self.transaction.prepare_cached("SELECT alert FROM bodies WHERE incident = ?1")?;
            let mut begins = |id: &i64| {
                let alert: Alert = serde_json::from_slice(&alert.query_row([id], |row| row.get::<_, Vec<u8>>(0))?)?;
                let is_id = alert.incident_id.starts_with(&text);
                Ok::<_, StoreError>(is_id || terms(&alert).iter().any(|term| term.starts_with(&text)))
            };
            let fitting = found.iter().map(&mut begins).collect::<Result<Vec<_>, _>>()?;
            let mut fitting = fitting.into_iter();
            found.retain(|_| fitting.next().unwrap_or(false));
        }
        Ok(found)
    }

    /// A row of a list: what the alert says, what was said of it, the campaign that it belongs to.
    pub(super) fn row(&self, eyes: Eyes, id: i64) -> Result<Value, StoreError> {
        let find = "SELECT b.line, c.state, i.place FROM incidents i JOIN bodies b ON b.incident = i.id JOIN names n ON n.id = i.source \
             LEFT JOIN conclusions c ON c.incident_id = i.incident_id AND c.producer = n.name WHERE i.id = ?1";
        let mut find = self.transaction.prepare_cached(find)?;
        let read = |row: &rusqlite::Row<'_>| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, i64>(2)?))
        };
        let (line, state, place) = find.query_row([id], read)?;
        let campaign = self.joined_of(eyes, id)?.map(|own| self.name_of(eyes, &own)).transpose()?;
        let mut row: Value = serde_json::from_str(&line)?;
        let state: Value = state.map_or(Ok(Value::Null), |state| serde_json::from_str(&state))?;
        let countries = |field: &str| state[field].as_object().map(|found| found.keys().collect::<Vec<_>>());
        row["acknowledged"] = json!(countries("acknowledged").unwrap_or_default());
        row["stages"] = or(&state["stages"], json!({}));
        row["disputed_by"] = or(&state["disputed_by"], json!([]));
        row["verdicts"] = or(&state["verdict_by_country"], json!({}));
        row["campaign"] = json!(campaign);
        row["place_in_topic"] = json!(place);
        Ok(row)
    }
}

/// Where a look ends that does not hold all that there is.
fn cut<T>(found: &[(T, i64)]) -> Option<i64> {
    found.last().filter(|_| found.len() >= STREAM_ROWS_MAX as usize).map(|(_, last)| *last)
}

fn or(value: &Value, other: Value) -> Value {
    if value.is_null() { other } else { value.clone() }
}

fn listed(ids: &[i64]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// Whether somebody is too far behind, or ahead of what is there: then the topics were read anew.
fn is_too_far(from: Position, now: Position) -> bool {
    let apart = [(from.alerts, now.alerts), (from.said, now.said), (from.campaigns, now.campaigns)];
    apart.iter().any(|(from, now)| from > now || now - from > STREAM_BEHIND_MAX)
}
