//! What stands before every answer: who asks, whether it may, and the headers that tell a browser what a page may do.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};

use super::answer::Refused;
use super::{ASKS, Caller, Site, Told, lock};
use crate::access::sessions::Session;
use crate::access::users::User;
use crate::access::{Right, Role, Takes, takes};
use crate::store::Eyes;

/// Header with the session's token.
const CSRF: &str = "x-csrf-token";
/// Nothing but what this server gives, no script or style in a page's text, and no text that becomes script.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'";

/// Lets a request through to its answer, with who asks.
pub(super) async fn guard(State(site): State<Arc<Site>>, mut request: Request, next: Next) -> Response {
    let begun = std::time::Instant::now();
    let path = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let at = request.uri().path().to_owned();
    let response = match passes(&site, &method, &headers, (&path, &at)).await {
        Ok(caller) => {
            let user = caller.user.as_ref().map(|user| user.name.clone());
            request.extensions_mut().insert(caller);
            match user {
                Some(user) => ASKS.scope(user, next.run(request)).await,
                None => next.run(request).await,
            }
        }
        Err(refused) => refused.into_response(),
    };
    let status = response.status().as_u16();
    (site.told)(Told::Request { path: &path, status, took: begun.elapsed() });
    response
}

/// Who asks, if it may; `path` is as the router has it, `at` as it was asked for.
async fn passes(
    site: &Arc<Site>,
    method: &Method,
    headers: &HeaderMap,
    (path, at): (&str, &str),
) -> Result<Caller, Refused> {
    let takes = takes(method.as_str(), path).ok_or(Refused::Method)?;
    if takes == Takes::Nothing {
        let is_own = method == Method::GET || method == Method::HEAD || is_own(site, headers);
        return if is_own { Ok(caller(site, headers)?.0) } else { Err(Refused::Csrf) };
    }
    let (caller, csrf) = caller(site, headers)?;
    let is_somebody = caller.user.is_some() || (site.desk.is_open && caller.cookie.is_none());
    if !is_somebody {
        return Err(Refused::SignedOut);
    }
    if site.desk.is_open && caller.user.is_none() && !is_local(headers) {
        // A page of somebody else that has made its name one of this machine.
        return Err(Refused::Forbidden);
    }
    let changes = method != Method::GET && method != Method::HEAD;
    let may = match takes {
        Takes::Right(right) => caller.rights.contains(&right) || is_only_not_set_up(&caller, &[right]),
        Takes::Speaking => {
            caller.rights.iter().any(|right| right.speaks()) || is_only_not_set_up(&caller, speaking(&caller))
        }
        Takes::Session | Takes::Nothing => true,
    };
    if !may {
        if changes && caller.user.is_some() {
            let (shown, about) = shown(path, at);
            return Err(site.refuse(&caller, "refused-request", &about, Some(shown)).await);
        }
        return Err(Refused::Forbidden);
    }
    if changes {
        let given = headers.get(CSRF).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // Hashes, so that how long a comparison takes says nothing.
        let is_this = csrf.is_some_and(|csrf| Sha256::digest(csrf) == Sha256::digest(given));
        if !is_this || !is_own(site, headers) {
            return Err(Refused::Csrf);
        }
    }
    Ok(caller)
}

/// What stands in place of something that is no id: who typed it may have typed somebody's number.
const NO_ID: &str = "…";

/// An address as the audit log may have it, the router's with the ids that stand in it; and the first of these, which the log finds it
/// by, or all of it where there is none.
fn shown(path: &str, at: &str) -> (String, String) {
    let asked = |(part, given)| if str::starts_with(part, '{') { known_id(given) } else { part };
    let parts = || path.split('/').zip(at.split('/'));
    let shown = parts().map(asked).collect::<Vec<_>>().join("/");
    let subject = parts().find(|(part, _)| part.starts_with('{')).map(|(_, given)| known_id(given).to_owned());
    let about = subject.unwrap_or_else(|| shown.clone());
    (shown, about)
}

/// An id, or that it is none: of an incident with its producer's digest, a campaign, an operation, or a page's own word.
pub(super) fn known_id(given: &str) -> &str {
    let is_hex = |text: &str, digits: usize| {
        text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_key = given.split_once('-').is_some_and(|(id, producer)| is_hex(id, 32) && is_hex(producer, 8));
    if is_key || is_hex(given, 32) || is_hex(given, 64) || given == "operations" { given } else { NO_ID }
}

/// Whether a role has the right and only this console cannot: who asks is told that, and not that the role may not.
fn is_only_not_set_up(caller: &Caller, rights: &[Right]) -> bool {
    caller.user.as_ref().is_some_and(|user| rights.iter().any(|right| user.role.may(*right)))
}

fn speaking(caller: &Caller) -> &'static [Right] {
    let rights = caller.user.as_ref().map_or(&[][..], |user| user.role.rights());
    if rights.iter().any(|right| right.speaks()) { rights } else { &[] }
}

/// Who asks, and the token of the session.
fn caller(site: &Site, headers: &HeaderMap) -> Result<(Caller, Option<String>), Refused> {
    let cookie = cookie(headers, site.cookie_name());
    let session = cookie.as_deref().and_then(|cookie| lock(&site.sessions).of(cookie, (site.now)()).cloned());
    let Some(session) = session else {
        let eyes = site.desk.is_open.then(|| Eyes::of(&site.desk.country)).flatten();
        let rights = if site.desk.is_open { Role::Viewer.rights().to_vec() } else { Vec::new() };
        return Ok((Caller { user: None, rights, eyes, cookie: None }, None));
    };
    let csrf = session.csrf.clone();
    let Some(user) = site.signed_in(session)? else { return Err(Refused::SignedOut) };
    let rights = site.rights(&user);
    let eyes = Eyes::of(&user.country);
    Ok((Caller { user: Some(user), rights, eyes, cookie }, Some(csrf)))
}

impl Site {
    /// A user who may sign in, as the file of users has it now.
    pub(super) fn user(&self, name: &str) -> Result<Option<User>, Refused> {
        let mut users = lock(&self.users);
        users.follow().map_err(|error| Refused::Fault(error.to_string()))?;
        Ok(users.active(name).cloned())
    }

    /// Whose session it is, if that one may still sign in.
    pub(super) fn signed_in(&self, session: Session) -> Result<Option<User>, Refused> {
        if session.vouched.is_some() {
            return Ok(session.vouched);
        }
        Ok(self.user(&session.user)?.filter(|user| session.is_of(user)))
    }

    /// What a user may do at this console: to speak for it, and to see what its people did, one is of its country.
    pub(super) fn rights(&self, user: &User) -> Vec<Right> {
        let is_of_desk = user.country == self.desk.country;
        let can = |right: &Right| match right {
            Right::Open => is_of_desk && !self.opening.is_empty(),
            Right::Clear | Right::BarList => is_of_desk && self.home.is_some(),
            Right::Audit => is_of_desk,
            Right::Dossier => is_of_desk && self.dossiers.is_some() && self.desk.writer.is_some(),
            right if right.speaks() => is_of_desk && self.acts.is_some() && self.desk.writer.is_some(),
            _ => true,
        };
        user.role.rights().iter().copied().filter(can).collect()
    }

    /// Name of the cookie: under TLS one that a browser takes from this host alone, and for all of it.
    pub(super) const fn cookie_name(&self) -> &'static str {
        if self.desk.is_tls { "__Host-lancang_session" } else { "lancang_session" }
    }
}

/// What a cookie says.
pub(super) fn cookie(headers: &HeaderMap, wanted: &str) -> Option<String> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value.to_owned())
}

/// Whether a request comes from a page of this server, as far as a browser says.
fn is_own(site: &Site, headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = if site.desk.is_tls { "https" } else { "http" };
    let host = text(&HOST).unwrap_or_default();
    let is_origin = text(&ORIGIN).is_none_or(|origin| origin == format!("{scheme}://{host}"));
    let fetched = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    is_origin && fetched.is_none_or(|from| matches!(from, "same-origin" | "none"))
}

/// Whether a request names this machine by a name that nobody else can have.
fn is_local(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    matches!(name.map_or(host, |(name, _)| name), "localhost" | "127.0.0.1" | "[::1]")
}

/// What every answer says to a browser.
pub(super) async fn headers(is_tls: bool, request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut put = |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    put(CONTENT_SECURITY_POLICY, POLICY);
    put(X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(X_FRAME_OPTIONS, "DENY");
    put(REFERRER_POLICY, "no-referrer");
    put(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    put(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    put(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
    if is_tls {
        put(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if is_api {
        put(CACHE_CONTROL, "no-store");
    }
    response
}
