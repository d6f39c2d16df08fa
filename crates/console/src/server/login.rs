//! Signing in and out.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{HeaderValue, SET_COOKIE};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::acts::body;
use super::answer::{Answer, Refused};
use super::{Caller, Site, Told, lock};
use crate::access::sessions::Session;
use crate::access::tries;
use crate::access::users::{User, is_right};
use crate::access::{Right, Role};
use crate::audit::Entry;
use crate::provider::Provider;

/// Address of who asks, put into each request by [`super::listen`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Who asks, as the audit log has it.
pub(super) fn address(request: &Request) -> String {
    request.extensions().get::<Peer>().map_or_else(|| "-".to_owned(), |peer| peer.0.ip().to_string())
}

/// Who asks, as tries are counted.
pub(super) fn network(request: &Request) -> String {
    request.extensions().get::<Peer>().map_or_else(|| "-".to_owned(), |peer| tries::network(peer.0.ip()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    name: String,
    password: String,
}

pub(super) async fn session(State(site): State<Arc<Site>>, Extension(caller): Extension<Caller>) -> Answer {
    let session = caller.cookie.as_deref().and_then(|cookie| lock(&site.sessions).of(cookie, (site.now)()).cloned());
    Ok(Json(told(&site, caller.user.as_ref(), session.as_ref())))
}

fn told(site: &Site, user: Option<&User>, session: Option<&Session>) -> Value {
    let rights: Vec<Right> = user.map_or_else(|| Role::Viewer.rights().to_vec(), |user| site.rights(user));
    let (country, role) = user.map_or((site.desk.country.as_str(), Role::Viewer), |user| (&user.country, user.role));
    json!({
        "user": { "name": user.map(|user| &user.name), "person": user.map(|user| &user.person), "country": country,
            "role": role },
        "csrf": session.map(|session| &session.csrf), "expires": session.map(|session| session.expires.to_string()),
        "may": rights, "writer": site.desk.writer.as_ref().filter(|_| site.acts.is_some()), "open": user.is_none(),
        "desk": site.home.as_ref().map(|home| &home.carrier), "is_read": site.is_caught_up(),
        "version": env!("CARGO_PKG_VERSION"), "now": (site.now)().to_string(),
    })
}

pub(super) async fn sign_in(State(site): State<Arc<Site>>, request: Request) -> Result<Response, Refused> {
    let (address, network) = (address(&request), network(&request));
    let SignIn { name, password } = body(request).await?;
    let now = (site.now)();
    let user = site.user(&name)?;
    // Bounded, because each check takes a core and 19 MiB; and before it is counted, so that of those who come at once no more are counted
    // and not yet let in than are checked.
    let permit = site.checks.acquire().await.map_err(|error| Refused::Fault(error.to_string()))?;
    if let Err(wait_ms) = lock(&site.tries).sign_in(&network, &name, user.is_some(), now) {
        (site.told)(Told::SignIn { outcome: "too-many" });
        return Err(Refused::TooMany { wait_ms });
    }
    let hash = user.as_ref().map_or_else(|| site.nobody.clone(), |user| user.hash().to_owned());
    let fits = site.apart(move || is_right(&hash, &password)).await?;
    let Some(user) = user.filter(|_| fits) else {
        (site.told)(Told::SignIn { outcome: "refused" });
        // A name that nobody has may be a password that was typed into the wrong field.
        if let Some(known) = site.user(&name)? {
            site.note(entry(&known, "sign-in", "refused", address)).await?;
        }
        return Err(Refused::WrongPassword);
    };
    lock(&site.tries).signed_in(&network, &name);
    drop(permit);
    let (cookie, session) = let_in(&site, &user, false, address).await?;
    let mut response = Json(told(&site, Some(&user), Some(&session))).into_response();
    set_cookie(&site, &mut response, &cookie);
    Ok(response)
}

/// Begins a session, once the audit log has it; with the value of its cookie.
pub(super) async fn let_in(
    site: &Arc<Site>,
    user: &User,
    is_vouched: bool,
    how: String,
) -> Result<(String, Session), Refused> {
    site.note(entry(user, "sign-in", "done", how)).await?;
    let random = [(site.random)(), (site.random)()];
    let begun = lock(&site.sessions).begin(user, is_vouched, random, (site.now)());
    (site.told)(Told::SignIn { outcome: "done" });
    (site.told)(Told::Sessions { open: lock(&site.sessions).len() });
    Ok(begun)
}

pub(super) async fn sign_out(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Refused> {
    let mut leaving = None;
    if let (Some(user), Some(cookie)) = (&caller.user, &caller.cookie) {
        let session = lock(&site.sessions).end(cookie);
        let is_vouched = session.is_some_and(|session| session.vouched.is_some());
        leaving = site.provider.as_ref().filter(|_| is_vouched).and_then(Provider::leaving);
        site.note(Entry { detail: None, ..entry(user, "sign-out", "done", String::new()) }).await?;
        (site.told)(Told::Sessions { open: lock(&site.sessions).len() });
    }
    // At the provider one is still signed in: whoever comes next to this machine would be, too.
    let mut response = match leaving {
        Some(address) => Json(json!({ "leave": address })).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    };
    set_cookie(&site, &mut response, "");
    Ok(response)
}

fn entry(user: &User, action: &str, outcome: &str, address: String) -> Entry {
    Entry {
        user: user.name.clone(),
        country: Some(user.country.clone()),
        action: action.to_owned(),
        detail: Some(address),
        outcome: outcome.to_owned(),
        ..Entry::default()
    }
}

/// The session's cookie; an empty one ends it.
pub(super) fn set_cookie(site: &Site, response: &mut Response, value: &str) {
    let seconds = if value.is_empty() { 0 } else { site.desk.session_ms / 1000 };
    let secure = if site.desk.is_tls { "; Secure" } else { "" };
    let name = site.cookie_name();
    let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}
