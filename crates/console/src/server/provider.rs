//! Signing in by a provider: to it, and back.
//!
//! Both are looked at by a browser, not by the pages: whoever is refused comes to the page that signs in, with the reason as a word
//! of its own (`error-…` in the pages' texts).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{HeaderValue, LOCATION, SET_COOKIE};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::answer::{Answer, Refused};
use super::guard::cookie;
use super::login::{address, let_in, network, set_cookie};
use super::query::Query;
use super::{Site, Told, lock};
use crate::audit::Entry;
use crate::limits::{PROVIDER_PENDING_MS, TRIES_MAX};
use crate::provider::{Provider, ProviderError, Returned};

/// What the pages call it; nothing where there is none.
pub(super) async fn named(State(site): State<Arc<Site>>) -> Answer {
    Ok(Json(json!({ "title": site.provider.as_ref().map(Provider::title) })))
}

pub(super) async fn begin(State(site): State<Arc<Site>>, request: Request) -> Result<Response, Refused> {
    let provider = site.provider.as_ref().ok_or(Refused::NotFound)?;
    let random = [(); 4].map(|()| (site.random)());
    match provider.begin(random, network(&request), (site.now)()).await {
        Ok(begun) => {
            (site.told)(Told::SignIn { outcome: "begun" });
            (0..begun.forgotten).for_each(|_| (site.told)(Told::SignIn { outcome: "pushed-out" }));
            let mut response = to(&begun.address)?;
            keep(&site, &mut response, &begun.cookie);
            Ok(response)
        }
        Err(error) => turned_away(&site, &error),
    }
}

pub(super) async fn back(State(site): State<Arc<Site>>, request: Request) -> Result<Response, Refused> {
    let provider = site.provider.as_ref().ok_or(Refused::NotFound)?;
    let (address, network) = (address(&request), network(&request));
    let cookie = cookie(request.headers(), cookie_name(&site)).unwrap_or_default();
    let query = Query::of(request.uri());
    let one = |name| query.one(name).map(str::to_owned);
    let returned = Returned {
        state: one("state").unwrap_or_default(),
        code: one("code"),
        error: one("error"),
        issuer: one("iss"),
    };
    let now = (site.now)();
    let exchange = match provider.returned(&returned, &cookie, now) {
        Ok(exchange) => exchange,
        // Whoever likes can bring that about, as often: it is in no audit log.
        Err(error) => return turned_away(&site, &error),
    };
    // Each takes requests to the provider. Whoever is let in is not counted: an office has one address.
    if lock(&site.tries).provider.count(&network, TRIES_MAX, now).is_err() {
        (site.told)(Told::SignIn { outcome: "too-many" });
        return sent_back(&site, "too-many");
    }
    match provider.user(exchange, now).await {
        Ok(user) => {
            lock(&site.tries).provider.forget(&network);
            let (session, _) = let_in(&site, &user, true, format!("{address} by {}", provider.issuer())).await?;
            let mut response = to("/")?;
            keep(&site, &mut response, "");
            set_cookie(&site, &mut response, &session);
            Ok(response)
        }
        Err(error) => {
            if matches!(error, ProviderError::Away(_)) {
                lock(&site.tries).provider.forget(&network);
            }
            note(&site, &error, &address).await?;
            turned_away(&site, &error)
        }
    }
}

/// Tells the reader, the log and the metrics.
fn turned_away(site: &Site, error: &ProviderError) -> Result<Response, Refused> {
    let (code, outcome) = match error {
        ProviderError::Away(_) => ("provider-away", "provider-away"),
        ProviderError::Unknown => ("sign-in-over", "refused"),
        ProviderError::Denied(_) => ("provider-denied", "refused"),
        ProviderError::Unbelieved(_) | ProviderError::Claim { .. } => ("provider-unbelieved", "refused"),
        ProviderError::NoRole { .. } => ("no-role", "refused"),
    };
    if matches!(error, ProviderError::Unknown) {
        tracing::debug!("nobody is signed in: {error}");
    } else {
        tracing::warn!("nobody is signed in: {error}");
    }
    (site.told)(Told::SignIn { outcome });
    sent_back(site, code)
}

/// In the audit log, where the provider vouched for somebody, or for something wrong.
async fn note(site: &Arc<Site>, error: &ProviderError, address: &str) -> Result<(), Refused> {
    let user = match error {
        ProviderError::NoRole { name } => name.clone(),
        ProviderError::Unbelieved(_) | ProviderError::Claim { .. } => "-".to_owned(),
        _ => return Ok(()),
    };
    let detail = Some(format!("{address}: {error}"));
    let (action, outcome) = ("sign-in".to_owned(), "refused".to_owned());
    site.note(Entry { user, action, detail, outcome, ..Entry::default() }).await.map(drop)
}

fn sent_back(site: &Site, code: &str) -> Result<Response, Refused> {
    let mut response = to(&format!("/sign-in?refused={code}"))?;
    keep(site, &mut response, "");
    Ok(response)
}

fn to(address: &str) -> Result<Response, Refused> {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let address = HeaderValue::from_str(address).map_err(|error| Refused::Fault(error.to_string()))?;
    response.headers_mut().insert(LOCATION, address);
    Ok(response)
}

/// The cookie of a sign-in: it comes along when the provider sends the browser back, which the session's does not.
fn keep(site: &Site, response: &mut Response, value: &str) {
    let seconds = if value.is_empty() { 0 } else { PROVIDER_PENDING_MS / 1000 };
    let secure = if site.desk.is_tls { "; Secure" } else { "" };
    let name = cookie_name(site);
    let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

const fn cookie_name(site: &Site) -> &'static str {
    if site.desk.is_tls { "__Host-lancang_provider" } else { "lancang_provider" }
}
