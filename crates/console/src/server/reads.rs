//! What is looked at: lists, incidents, sources, figures, campaigns, the audit log; and the page itself.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH, VARY,
};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;

use super::answer::{Answer, Refused};
use super::query::Query;
use super::{Caller, Site, lock};
use crate::access::Right;
use crate::assets::Asset;
use crate::audit;
use crate::limits::AUDIT_PAGE_MAX;
use crate::store::Eyes;

/// Rows of a page where nobody says.
const PAGE: u32 = 50;

type Asked = (State<Arc<Site>>, Extension<Caller>);

pub(super) async fn incidents((State(site), Extension(caller)): Asked, uri: Uri) -> Answer {
    let query = Query::of(&uri);
    let (filter, after, limit) = (query.filter()?, query.number("after")?, query.limit()?.unwrap_or(PAGE));
    let eyes = caller.eyes()?;
    let page = site.look(move |sight| sight.list(eyes, &filter, after, limit)).await?;
    Ok(Json(json!({
        "incidents": page.rows, "next": page.next.map(|next| next.to_string()), "position": page.position.to_string(),
        "searched_to": page.searched_to.map(|time| time.to_string()), "too_broad": page.is_too_broad,
    })))
}

pub(super) async fn incident((State(site), Extension(caller)): Asked, Path(key): Path<String>) -> Answer {
    let (eyes, now) = (caller.eyes()?, (site.now)().to_string());
    let opening = if caller.rights.contains(&Right::Open) { site.opening.clone() } else { Vec::new() };
    let told = site
        .look(move |sight| {
            let Some(found) = sight.find(eyes, &key)? else { return Ok(None) };
            let mut told = sight.told(eyes, &found, &now)?;
            let can_open = |entity: &lancang_alert::alert::Entity| {
                entity.sealed.iter().any(|sealed| opening.contains(&sealed.key_id))
            };
            let entities = found.alert.entities.iter().enumerate();
            let openable: Vec<usize> =
                entities.filter(|(_, entity)| can_open(entity)).map(|(place, _)| place).collect();
            told["openable"] = json!(openable);
            Ok(Some(told))
        })
        .await?;
    told.map(Json).ok_or(Refused::NotFound)
}

pub(super) async fn patterns((State(site), Extension(caller)): Asked) -> Answer {
    let eyes = caller.eyes()?;
    Ok(Json(json!({ "patterns": site.look(move |sight| sight.patterns(eyes)).await? })))
}

pub(super) async fn sources((State(site), Extension(caller)): Asked) -> Answer {
    let (topics, now, eyes) = (lock(&site.topics).clone(), (site.now)(), caller.eyes()?);
    Ok(Json(site.look(move |sight| sight.sources(eyes, &topics, now)).await?))
}

pub(super) async fn figures((State(site), Extension(caller)): Asked, uri: Uri) -> Answer {
    let query = Query::of(&uri);
    let (since, until, eyes) = (query.time("since")?, query.time("until")?, caller.eyes()?);
    Ok(Json(site.look(move |sight| sight.figures(eyes, since, until)).await?))
}

pub(super) async fn campaigns((State(site), Extension(caller)): Asked, uri: Uri) -> Answer {
    let query = Query::of(&uri);
    let is_live = query.parsed("status", "live or dissolved", |text| match text {
        "live" => Some(true),
        "dissolved" => Some(false),
        _ => None,
    })?;
    let (eyes, country) = (caller.eyes()?, query.one("country").map(str::to_owned));
    let (after, limit) = (query.number("after")?, query.limit()?.unwrap_or(PAGE));
    joined_for(&site, eyes).await?;
    let (campaigns, next) =
        site.look(move |sight| sight.campaigns(eyes, country.as_deref(), is_live, after, limit)).await?;
    Ok(Json(json!({ "campaigns": campaigns, "next": next.map(|next| next.to_string()) })))
}

pub(super) async fn campaign((State(site), Extension(caller)): Asked, Path(id): Path<String>) -> Answer {
    let eyes = caller.eyes()?;
    joined_for(&site, eyes).await?;
    site.look(move |sight| sight.campaign(eyes, &id)).await?.map(Json).ok_or(Refused::NotFound)
}

/// For a country of which somebody has just become a user there is nothing joined yet; a carrier's desk joins nothing.
async fn joined_for(site: &Arc<Site>, eyes: Eyes) -> Result<(), Refused> {
    let is_joined = site.home.is_some() || site.look(move |sight| sight.is_joined_for(eyes)).await?;
    if is_joined { Ok(()) } else { Err(Refused::Starting) }
}

pub(super) async fn audit((State(site), Extension(caller)): Asked, uri: Uri) -> Answer {
    may_audit(&caller)?;
    let query = Query::of(&uri);
    let before = query.number("before")?.and_then(|before| u64::try_from(before).ok());
    let limit = query.limit()?.map_or(AUDIT_PAGE_MAX / 5, |limit| limit as usize).min(AUDIT_PAGE_MAX);
    let at = Arc::clone(&site);
    let page = site.apart(move || lock(&at.audit).page(before, limit)).await?;
    let page = page.map_err(|error| Refused::Fault(error.to_string()))?;
    let next = page.last().map(|(entry, _)| entry.seq).filter(|seq| *seq > 1);
    let entry = |(entry, hash): (audit::Entry, String)| {
        let mut told = json!(entry);
        told["hash"] = json!(hash);
        told
    };
    Ok(Json(json!({ "entries": page.into_iter().map(entry).collect::<Vec<_>>(), "next": next })))
}

/// What is done at a console is the business of its country's auditors.
fn may_audit(caller: &Caller) -> Result<(), Refused> {
    if caller.rights.contains(&Right::Audit) { Ok(()) } else { Err(Refused::Forbidden) }
}

pub(super) async fn audit_verify((State(site), Extension(caller)): Asked) -> Answer {
    may_audit(&caller)?;
    let path = lock(&site.audit).path().to_owned();
    let found = site.apart(move || audit::verify(&path, None)).await?;
    let found = found.map_err(|error| Refused::Fault(error.to_string()))?;
    let (entries, head, fault) = (found.entries, found.head, found.fault);
    Ok(Json(json!({ "ok": fault.is_none(), "entries": entries, "head": head, "fault": fault })))
}

pub(super) async fn asset(State(site): State<Arc<Site>>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    match site.assets.get(&name) {
        Some(asset) => served(asset, &headers),
        None => Refused::NotFound.into_response(),
    }
}

/// The page, at every path that is the page's own business.
pub(super) async fn page(State(site): State<Arc<Site>>, uri: Uri, headers: HeaderMap) -> Response {
    match site.assets.get("index.html").filter(|_| !uri.path().starts_with("/api/")) {
        Some(asset) => served(asset, &headers),
        None => Refused::NotFound.into_response(),
    }
}

fn served(asset: &Asset, headers: &HeaderMap) -> Response {
    let says = |name, what: &str| {
        headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).is_some_and(|value| value.contains(what))
    };
    let etag = HeaderValue::from_str(&asset.etag).unwrap_or(HeaderValue::from_static("\"-\""));
    let mut response = if says(IF_NONE_MATCH, &asset.etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else if says(ACCEPT_ENCODING, "gzip") {
        ([(CONTENT_ENCODING, "gzip")], asset.packed.clone()).into_response()
    } else {
        asset.bytes.into_response()
    };
    let told = response.headers_mut();
    told.insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    told.insert(ETAG, etag);
    told.insert(VARY, HeaderValue::from_static("accept-encoding"));
    // A browser asks each time whether there is another: with the tag that costs a few bytes.
    told.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
