//! The weekly digest: for the page, and as files for spreadsheets and paper, whose export is in the audit log.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use lancang_alert::handling::COUNTRIES;
use lancang_alert::words::Language;
use lancang_record::Timestamp;
use serde_json::json;

use super::answer::{Answer, Refused};
use super::query::Query;
use super::{Caller, Site};
use crate::audit::Entry;
use crate::digest::{self, Digest, WEEK_MS};

type Asked = (State<Arc<Site>>, Extension<Caller>);

pub(super) async fn json((State(site), Extension(caller)): Asked, uri: Uri) -> Answer {
    let of = of(&site, &Query::of(&uri))?;
    Ok(Json(json!(counted(&site, &caller, of).await?)))
}

pub(super) async fn csv((State(site), Extension(caller)): Asked, uri: Uri) -> Result<Response, Refused> {
    let of = of(&site, &Query::of(&uri))?;
    // Before anything is counted: that is what takes long.
    site.exports(&caller, "digest")?;
    let digest = counted(&site, &caller, of).await?;
    let text = digest::table::csv(&digest).map_err(|error| Refused::Fault(error.to_string()))?;
    file(&site, &caller, &digest, ("csv", "text/csv; charset=utf-8"), text).await
}

pub(super) async fn html((State(site), Extension(caller)): Asked, uri: Uri) -> Result<Response, Refused> {
    let query = Query::of(&uri);
    let known = |tag: &str| Language::ALL.into_iter().find(|language| language.tag() == tag);
    let expected = format!("one of {}", Language::ALL.map(Language::tag).join(", "));
    let language = query.parsed("language", &expected, known)?.unwrap_or_default();
    let of = of(&site, &query)?;
    // Before anything is counted: that is what takes long.
    site.exports(&caller, "digest")?;
    let digest = counted(&site, &caller, of).await?;
    let text = digest::sheet::html(&digest, language);
    file(&site, &caller, &digest, ("html", "text/html; charset=utf-8"), text.into_bytes()).await
}

/// A week, and of whom.
struct Of {
    since: Timestamp,
    country: Option<String>,
}

/// The week that is asked for; the one of today where none is.
fn of(site: &Site, query: &Query) -> Result<Of, Refused> {
    let week = query.parsed("week", "a day such as 2026-11-23", digest::week_of)?;
    let country = query.parsed("country", &format!("one of {}", COUNTRIES.join(", ")), |country| {
        COUNTRIES.contains(&country).then(|| country.to_owned())
    })?;
    Ok(Of { since: week.unwrap_or_else(|| digest::monday((site.now)())), country })
}

async fn counted(site: &Arc<Site>, caller: &Caller, Of { since, country }: Of) -> Result<Digest, Refused> {
    let (eyes, now) = (caller.eyes()?, (site.now)());
    site.look(move |sight| sight.digest(eyes, (since, since.plus_ms(WEEK_MS)), country.as_deref(), now)).await
}

async fn file(
    site: &Arc<Site>,
    caller: &Caller,
    digest: &Digest,
    (ending, kind): (&str, &'static str),
    bytes: Vec<u8>,
) -> Result<Response, Refused> {
    let week = digest.since.get(..10).unwrap_or_default();
    site.note(Entry { detail: Some(ending.to_owned()), ..caller.entry("digest", week, "done") }).await?;
    let country = digest.country.as_deref().map(|country| format!("-{country}")).unwrap_or_default();
    let named = HeaderValue::from_str(&format!("attachment; filename=\"digest{country}-{week}.{ending}\""));
    let named = named.map_err(|_| Refused::Fault("a digest without a name".to_owned()))?;
    Ok(([(CONTENT_TYPE, HeaderValue::from_static(kind)), (CONTENT_DISPOSITION, named)], bytes).into_response())
}
