//! At a carrier's own desk: its subscribers in clear, one by one and for a case, and the list of whom to bar. Each is in the audit
//! log before it is shown.
//!
//! Both are read of home topics when they are asked for ([`Home`]), and kept nowhere here: the database has what was shared, and
//! the audit log who looked, never at which number. What was never shared is `at_home`'s.

use std::sync::{Arc, Mutex};

use axum::extract::{Path, Request, State};
use axum::http::Uri;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::acts::{body, case_reference};
use super::answer::{Answer, Refused};
use super::query::Query;
use super::{Caller, Site, Told};
use crate::access::Right;
use crate::at_home::{Index, Place};
use crate::audit::Entry;
use crate::store::HomePlaces;

/// Days of incidents that a list of whom to bar goes back, at most: as `lancang incidents bar-list` takes.
const DAYS_MAX: u32 = 400;

/// Reads home lines by their places, in the order of these.
pub type ReadsLines = Box<dyn Fn(&[Place]) -> Result<Lines, Unread> + Send + Sync>;

/// What reads a carrier's home topics.
pub struct Home {
    /// Whose desk it is: `//KH/mekong-mobile`.
    pub carrier: String,
    /// Home lines.
    pub lines: ReadsLines,
    /// All incidents of the home topic.
    pub index: Arc<Mutex<Index>>,
    /// Whom to bar, of incidents that went on in so many days.
    pub bar_list: Box<dyn Fn(u32) -> Result<BarList, Unread> + Send + Sync>,
}

/// Home lines of an incident.
#[derive(Debug, Default)]
pub struct Lines {
    /// Those that the topic keeps.
    pub lines: Vec<Line>,
    /// How many more there are whom the topic keeps no more.
    pub gone: usize,
}

/// A home line.
#[derive(Debug, Serialize)]
pub struct Line {
    /// Partition and offset, `0@8123`.
    pub line: String,
    /// Its patterns.
    pub patterns: Vec<String>,
    /// RFC 3339.
    pub last_event: String,
    /// Whom it names: what it is about first.
    pub named: Vec<Subscriber>,
}

/// Somebody, or something, that a home line names.
#[derive(Serialize)]
pub struct Subscriber {
    /// `caller`, `sim` …
    #[serde(rename = "type")]
    pub entity_type: String,
    /// `suspect`, `used`, `impersonated` or `victim`.
    pub role: String,
    /// What everybody may see of it.
    pub masked: Option<String>,
    /// Clear: it leaves one by one.
    #[serde(skip)]
    pub value: String,
}

/// The value stays out of logs.
impl std::fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Subscriber({}, {})", self.entity_type, self.role)
    }
}

/// Whom to bar.
pub struct BarList {
    /// The list, as `lancang incidents bar-list` writes it.
    pub csv: String,
    /// Subscribers on it.
    pub listed: usize,
    /// Who is left out, by the incident whose hold protects them.
    pub left_out: Vec<LeftOut>,
}

/// Subscribers whom a hold protects.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct LeftOut {
    pub incident_id: String,
    pub requester: String,
    pub case_reference: String,
    pub until: String,
    pub subscribers: u64,
}

/// Why home topics do not say it.
#[derive(Debug)]
pub enum Unread {
    /// The home cluster does not answer.
    Away(String),
    /// Which holds are in force, or whom they bind, cannot be told: nothing is listed.
    Untold(String),
    /// A topic is missing, or holds what does not belong there.
    Fault(String),
}

impl From<Unread> for Refused {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Away(why) => Self::HomeAway(why),
            Unread::Untold(why) => Self::Untold(why),
            Unread::Fault(why) => Self::Fault(why),
        }
    }
}

pub(super) const NO_DESK: Refused = Refused::NotSetUp("`[console.desk]`: it is no carrier's desk");

/// Whom the home lines of an incident name, masked: a page.
pub(super) async fn named(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Path(key): Path<String>,
    uri: Uri,
) -> Answer {
    let after = after(&uri)?;
    let HomePlaces { places, next, has_unlooked } = places(&site, &caller, &key, after).await?;
    let Json(mut page) = page(&site, places, next).await?;
    page["has_unlooked"] = json!(has_unlooked);
    Ok(Json(page))
}

/// A page of home lines.
pub(super) async fn page(site: &Arc<Site>, places: Vec<Place>, next: Option<Place>) -> Answer {
    let Lines { lines, gone } = read(site, places).await?;
    Ok(Json(json!({ "lines": lines, "gone": gone, "next": next.map(name) })))
}

/// Where a page goes on.
pub(super) fn after(uri: &Uri) -> Result<Option<Place>, Refused> {
    Query::of(uri).parsed("after", "a place, as in 0@8123", place)
}

fn name((partition, offset): Place) -> String {
    format!("{partition}@{offset}")
}

fn place(text: &str) -> Option<Place> {
    let (partition, offset) = text.split_once('@')?;
    Some((partition.parse().ok()?, offset.parse().ok()?))
}

async fn places(site: &Arc<Site>, caller: &Caller, key: &str, after: Option<Place>) -> Result<HomePlaces, Refused> {
    if site.home.is_none() {
        return Err(NO_DESK);
    }
    let (eyes, key) = (caller.eyes()?, key.to_owned());
    let look = move |sight: &crate::store::Sight<'_>| {
        sight.find(eyes, &key)?.map(|found| sight.home_lines(&found, after)).transpose()
    };
    site.look(look).await?.ok_or(Refused::NotFound)
}

/// Reads home lines.
pub(super) async fn read(site: &Arc<Site>, places: Vec<Place>) -> Result<Lines, Refused> {
    // Bounded, because each has a connection to the brokers of its own.
    let _permit = site.home_looks.acquire().await.map_err(|error| Refused::Fault(error.to_string()))?;
    let at = Arc::clone(site);
    let read = site.apart(move || at.home.as_ref().map(|home| (home.lines)(&places))).await?;
    Ok(read.ok_or(NO_DESK)??)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Opening {
    line: String,
    place: usize,
    case_reference: String,
}

impl Opening {
    /// Where the line lies.
    pub(super) fn place(&self) -> Option<Place> {
        place(&self.line)
    }
}

/// One of them in clear, for a case.
pub(super) async fn clear(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Path(key): Path<String>,
    request: Request,
) -> Answer {
    may_see(&site, &caller)?;
    let opening: Opening = body(request).await?;
    // The page that it stands on: whose lines an incident has is asked anew.
    let at = place(&opening.line);
    let before = at.map(|(partition, offset)| (partition, offset.saturating_add(1)));
    let HomePlaces { places, .. } = places(&site, &caller, &key, before).await?;
    let at = at.filter(|at| places.contains(at));
    open(&site, &caller, &key, opening, at).await
}

/// Whether somebody may see what is clear.
pub(super) fn may_see(site: &Site, caller: &Caller) -> Result<(), Refused> {
    if site.home.is_none() {
        return Err(NO_DESK);
    }
    if caller.rights.contains(&Right::Clear) { Ok(()) } else { Err(Refused::Forbidden) }
}

/// Opens one of those whom a line names; none where the line is none of what it is asked for.
pub(super) async fn open(
    site: &Arc<Site>,
    caller: &Caller,
    about: &str,
    Opening { line, place, case_reference: reference }: Opening,
    at: Option<Place>,
) -> Answer {
    let reference = case_reference(reference, "the reference of the case that it is opened for")?;
    site.acts(caller, Right::Clear.as_str())?;
    let found = match at {
        Some(at) => read(site, vec![at]).await?.lines.into_iter().next(),
        None => None,
    };
    let subscriber = found.and_then(|line| line.named.into_iter().nth(place));
    let outcome = if subscriber.is_some() { "done" } else { "failed" };
    let is_place = line.len() <= 40 && self::place(&line).is_some();
    let detail = if is_place { format!("line {line}, entity {place}") } else { "no line".to_owned() };
    // Before the value leaves: what is not in the log is not shown.
    let entry =
        Entry { detail: Some(detail), case_reference: Some(reference), ..caller.entry("clear", about, outcome) };
    let audit = site.note(entry).await?;
    (site.told)(Told::Act { action: Right::Clear.as_str(), outcome });
    let missing = || Refused::Form { field: "line", expected: "a line of this incident, and a place in it".to_owned() };
    let Subscriber { entity_type, value, .. } = subscriber.ok_or_else(missing)?;
    Ok(Json(json!({ "value": value, "type": entity_type, "audit": audit })))
}

/// What is asked of carriers now: what is not answered, and what is in force.
pub(super) async fn requests((State(site), Extension(caller)): (State<Arc<Site>>, Extension<Caller>)) -> Answer {
    let (eyes, now) = (caller.eyes()?, (site.now)());
    let (requests, more) = site.look(move |sight| sight.requests(eyes, now)).await?;
    Ok(Json(json!({ "requests": requests, "more": more })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listing {
    case_reference: String,
    days: u32,
}

/// Whom to bar: those whom no hold protects.
pub(super) async fn bar_list(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Answer {
    let Listing { case_reference: reference, days } = body(request).await?;
    let reference = case_reference(reference, "the reference that it is made for")?;
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Refused::Form { field: "days", expected: format!("a whole number from 1 to {DAYS_MAX}") });
    }
    if site.home.is_none() {
        return Err(NO_DESK);
    }
    if !caller.rights.contains(&Right::BarList) {
        return Err(Refused::Forbidden);
    }
    site.exports(&caller, Right::BarList.as_str())?;
    let _permit = site.bar_lists.acquire().await.map_err(|error| Refused::Fault(error.to_string()))?;
    let about = format!("{days} days");
    let entry = Entry { case_reference: Some(reference), ..caller.entry("bar-list", &about, "asked") };
    site.note(entry.clone()).await?;
    let at = Arc::clone(&site);
    let made = site.apart(move || at.home.as_ref().map(|home| (home.bar_list)(days))).await?.ok_or(NO_DESK)?;
    let (outcome, detail) = match &made {
        Ok(list) => {
            let left_out: u64 = list.left_out.iter().map(|left_out| left_out.subscribers).sum();
            ("done", Some(format!("listed {}, left out for holds {left_out}", list.listed)))
        }
        Err(_) => ("failed", None),
    };
    let audit = site.note(Entry { outcome: outcome.to_owned(), detail, ..entry }).await?;
    (site.told)(Told::Act { action: Right::BarList.as_str(), outcome });
    let BarList { csv, listed, left_out } = made?;
    Ok(Json(json!({ "csv": csv, "listed": listed, "left_out": left_out, "audit": audit })))
}
