//! At a carrier's own desk: incidents of the home topic that were never shared, and the search for somebody by number.
//!
//! A number is typed into a body, is compared in memory, and is in no log: the audit log has that somebody looked for one, for which
//! case, what was found, and under which tokens that was shared.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, Request, State};
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::acts::{body, case_reference};
use super::answer::{Answer, Refused};
use super::home::{self, Lines, NO_DESK, Opening, Subscriber};
use super::query::Query;
use super::{Caller, Site, Told};
use crate::at_home::{Age, AtHome, Index, forms};
use crate::audit::Entry;
use crate::limits::{HOME_LINES_MAX, HOME_SCANNED_MAX};
use crate::store::{Eyes, Sight, StoreError};

/// Incidents of a page.
const PAGE: usize = 50;
const ACTION: &str = "search-home";

fn index(site: &Site) -> Result<&Mutex<Index>, Refused> {
    site.home.as_ref().map(|home| &*home.index).ok_or(NO_DESK)
}

fn looked<T>(site: &Site, at: impl FnOnce(&Index) -> T) -> Result<T, Refused> {
    Ok(at(&index(site)?.lock().unwrap_or_else(PoisonError::into_inner)))
}

/// Those that were never shared, newest event first.
pub(super) async fn list(State(site): State<Arc<Site>>, Extension(caller): Extension<Caller>, uri: Uri) -> Answer {
    caller.eyes()?;
    let after = Query::of(&uri).parsed("after", "where a page goes on", age)?;
    let scanned = move |index: &Index| {
        let scanned: Vec<AtHome> = index.before(after.as_ref()).take(HOME_SCANNED_MAX).cloned().collect();
        (scanned, index.is_read(), index.let_go())
    };
    let (scanned, is_read, let_go) = looked(&site, scanned)?;
    let (rows, next) = site.look(move |sight| unshared(sight, scanned)).await?;
    Ok(Json(
        json!({ "incidents": rows, "next": next.map(|(ms, id)| format!("{ms}-{id}")), "is_read": is_read, "let_go": let_go }),
    ))
}

fn age(text: &str) -> Option<Age> {
    let (ms, id) = text.split_once('-')?;
    Some((ms.parse().ok()?, id.to_owned()))
}

/// A page of those that were not shared, and where the next one begins.
fn unshared(sight: &Sight<'_>, scanned: Vec<AtHome>) -> Result<(Vec<Value>, Option<Age>), StoreError> {
    let (count, mut rows) = (scanned.len(), Vec::new());
    for (place, known) in scanned.into_iter().enumerate() {
        if sight.shared_as(&known.places)?.is_none() {
            rows.push(json!(known.told));
        }
        if rows.len() == PAGE || place + 1 == HOME_SCANNED_MAX.min(count) {
            let is_more = rows.len() == PAGE || count == HOME_SCANNED_MAX;
            return Ok((rows, is_more.then_some(known.age)));
        }
    }
    Ok((rows, None))
}

/// One of them, with whom its lines name, masked: a page, the newest first.
pub(super) async fn one(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    uri: Uri,
) -> Answer {
    caller.eyes()?;
    let after = home::after(&uri)?;
    let known = looked(&site, |index| index.get(&id).cloned())?.ok_or(Refused::NotFound)?;
    let places = known.places.clone();
    let shared = site.look(move |sight| sight.shared_as(&places)).await?;
    let before = known.places.iter().rev().filter(|place| after.is_none_or(|after| **place < after));
    let mut places: Vec<_> = before.take(HOME_LINES_MAX + 1).copied().collect();
    let is_more = places.len() > HOME_LINES_MAX;
    places.truncate(HOME_LINES_MAX);
    let next = places.last().copied().filter(|_| is_more);
    let Json(mut page) = home::page(&site, places, next).await?;
    (page["incident"], page["shared_as"]) = (json!(known.told), json!(shared));
    Ok(Json(page))
}

/// One whom a line of it names, in clear, for a case.
pub(super) async fn clear(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    request: Request,
) -> Answer {
    home::may_see(&site, &caller)?;
    let opening: Opening = body(request).await?;
    let known = looked(&site, |index| index.get(&id).cloned())?.ok_or(Refused::NotFound)?;
    let at = opening.place().filter(|at| known.places.contains(at));
    home::open(&site, &caller, &known.told.incident_id, opening, at).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Searching {
    value: String,
    case_reference: String,
}

/// Who is known at home by a number, an IMSI or an IMEI, for a case.
pub(super) async fn search(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Answer {
    home::may_see(&site, &caller)?;
    let Searching { value, case_reference: reference } = body(request).await?;
    let reference = case_reference(reference, "the reference of the case that it is looked for")?;
    let expected = "a number with its country's code, an IMSI or an IMEI: 6 to 16 digits".to_owned();
    let values = forms(&value).ok_or(Refused::Form { field: "value", expected })?;
    site.acts(&caller, ACTION)?;
    let (found, is_more) = looked(&site, |index| index.naming(&values))?;
    let is_read = looked(&site, Index::is_read)?;
    // What is found by a hash is looked for in its lines: it may be somebody else's, and these say how it is masked.
    let (mut rows, mut tokens) = (Vec::new(), BTreeSet::new());
    for known in found {
        let Some(subscriber) = named(&site, &known, &values).await? else { continue };
        let (places, eyes) = (known.places.clone(), caller.eyes()?);
        let of = (subscriber.entity_type, subscriber.role, subscriber.masked);
        let (kind, masked) = (of.0.clone(), of.2.clone());
        let (shared, known_as) =
            site.look(move |sight| shared(sight, eyes, &places, (&kind, masked.as_deref()))).await?;
        tokens.extend(known_as);
        let mut row = json!(known.told);
        row["shared_as"] = json!(shared);
        row["found"] = json!({ "type": of.0, "role": of.1, "masked": of.2 });
        rows.push(row);
    }
    let tokens = tokens.into_iter().collect::<Vec<_>>().join(", ");
    let tokens = if tokens.is_empty() { "no token: not shared".to_owned() } else { format!("tokens {tokens}") };
    let entry = caller.entry(ACTION, "home", "done");
    let detail = Some(format!("found {}; {tokens}", rows.len()));
    // Before it is told.
    let audit = site.note(Entry { detail, case_reference: Some(reference), ..entry }).await?;
    (site.told)(Told::Act { action: ACTION, outcome: "done" });
    Ok(Json(json!({ "incidents": rows, "more": is_more, "is_read": is_read, "audit": audit })))
}

/// How the newest line that names one of some values has it.
async fn named(site: &Arc<Site>, known: &AtHome, values: &[String]) -> Result<Option<Subscriber>, Refused> {
    for places in known.places.rchunks(HOME_LINES_MAX) {
        let Lines { lines, .. } = home::read(site, places.iter().rev().copied().collect()).await?;
        let all = lines.into_iter().flat_map(|line| line.named);
        if let Some(found) = all.into_iter().find(|one| values.contains(&one.value)) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// As what it was shared, and the token that somebody has there, where one alone is masked so.
fn shared(
    sight: &Sight<'_>,
    eyes: Eyes,
    places: &[crate::at_home::Place],
    (kind, masked): (&str, Option<&str>),
) -> Result<(Option<String>, Option<String>), StoreError> {
    let Some(key) = sight.shared_as(places)? else { return Ok((None, None)) };
    let Some(found) = sight.find(eyes, &key)? else { return Ok((None, None)) };
    let is_one =
        |entity: &&lancang_alert::alert::Entity| entity.entity_type == kind && entity.masked.as_deref() == masked;
    let mut fitting = found.alert.entities.iter().filter(is_one);
    let token = fitting.next().map(|entity| entity.token.clone()).filter(|_| fitting.next().is_none());
    Ok((Some(key), token))
}
