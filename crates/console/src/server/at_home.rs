//! At a carrier's own desk: incidents of the home topic that were never shared.
//!
//! - That something was never shared is told once the outbox has been read, and not before.
//! - The index is held for a moment, on a thread that serves no connections; what is looked at for one answer is bounded in incidents
//!   and in places of their lines.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, Request, State};
use axum::http::Uri;
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::acts::body;
use super::answer::{Answer, Refused};
use super::home::{self, NO_DESK, Opening};
use super::query::Query;
use super::{Caller, Site};
use crate::at_home::{Age, AtHome, Index};
use crate::limits::{HOME_LINES_MAX, HOME_PLACES_MAX, HOME_SCANNED_MAX};
use crate::store::{Sight, StoreError};

/// Incidents of a page.
const PAGE: usize = 50;

fn index(site: &Site) -> Result<&Mutex<Index>, Refused> {
    site.home.as_ref().map(|home| &*home.index).ok_or(NO_DESK)
}

/// Looks into the index, off the threads that serve connections: it is large, and a reader fills it.
pub(super) async fn looked<T: Send + 'static>(
    site: &Arc<Site>,
    at: impl FnOnce(&Index) -> T + Send + 'static,
) -> Result<T, Refused> {
    let here = Arc::clone(site);
    site.apart(move || Ok(at(&index(&here)?.lock().unwrap_or_else(PoisonError::into_inner)))).await?
}

/// Those that were never shared, newest event first.
pub(super) async fn list(State(site): State<Arc<Site>>, Extension(caller): Extension<Caller>, uri: Uri) -> Answer {
    caller.eyes()?;
    let after = Query::of(&uri).parsed("after", "where a page goes on", age)?;
    // Before and after: the database may be read, or emptied, meanwhile.
    let is_caught_up = site.is_caught_up();
    let scanned = move |index: &Index| {
        let scanned: Vec<_> = index.before(after.as_ref()).take(HOME_SCANNED_MAX).cloned().collect();
        (scanned, index.is_read(), index.let_go())
    };
    let (scanned, is_read, let_go) = looked(&site, scanned).await?;
    let (rows, next) = site.look(move |sight| unshared(sight, &scanned)).await?;
    Ok(Json(json!({
        "incidents": rows,
        "next": next.map(|(ms, id)| format!("{ms}-{id}")),
        "is_read": is_read && is_caught_up && site.is_caught_up(),
        "let_go": let_go,
    })))
}

fn age(text: &str) -> Option<Age> {
    let (ms, id) = text.split_once('-')?;
    Some((ms.parse().ok()?, id.to_owned()))
}

/// A page of those that were not shared, and where the next one begins.
fn unshared(sight: &Sight<'_>, scanned: &[Arc<AtHome>]) -> Result<(Vec<Value>, Option<Age>), StoreError> {
    let (mut rows, mut places) = (Vec::new(), 0);
    for (looked, known) in scanned.iter().enumerate() {
        places += known.places.len();
        if rows.len() == PAGE || (looked > 0 && places > HOME_PLACES_MAX) {
            return Ok((rows, Some(scanned[looked - 1].age.clone())));
        }
        if sight.shared_as(&known.places)?.is_none() {
            rows.push(json!(known.told));
        }
    }
    let next = scanned.last().filter(|_| scanned.len() == HOME_SCANNED_MAX);
    Ok((rows, next.map(|known| known.age.clone())))
}

/// One by its id at home.
async fn known(site: &Arc<Site>, id: String) -> Result<Arc<AtHome>, Refused> {
    looked(site, move |index| index.get(&id)).await?.ok_or(Refused::NotFound)
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
    let is_caught_up = site.is_caught_up();
    let known = known(&site, id).await?;
    let at = Arc::clone(&known);
    let shared = site.look(move |sight| sight.shared_as(&at.places)).await?;
    let before = known.places.iter().rev().filter(|place| after.is_none_or(|after| **place < after));
    let mut places: Vec<_> = before.take(HOME_LINES_MAX + 1).copied().collect();
    let is_more = places.len() > HOME_LINES_MAX;
    places.truncate(HOME_LINES_MAX);
    let next = places.last().copied().filter(|_| is_more);
    let Json(mut page) = home::page(&site, places, next).await?;
    (page["incident"], page["shared_as"], page["is_read"]) =
        (json!(known.told), json!(shared), json!(is_caught_up && site.is_caught_up()));
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
    let known = known(&site, id).await?;
    let at = opening.place().filter(|at| known.places.contains(at));
    home::open(&site, &caller, &known.told.incident_id, opening, at).await
}
