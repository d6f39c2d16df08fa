//! At a carrier's own desk: the search for somebody by number, over all incidents of the home topic.
//!
//! - A number is typed into a body, is compared in memory, and is in no log.
//! - The audit log has that somebody looks for one, for which case, before anything is looked at; and after it what was found, and under
//!   which tokens that was shared, or that it failed: how a search ends tells whether a number is known.
//! - What was never shared is told once the outbox has been read: until then nobody is looked for.
//! - Bounded in lines, in places and in time; who is cut off there is told that there may be more.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::{Extension, Json};
use lancang_alert::alert::Entity;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::acts::{body, case_reference};
use super::answer::{Answer, Refused};
use super::at_home::looked;
use super::home::{self, Lines, Subscriber};
use super::{Caller, Site, Told};
use crate::at_home::{AtHome, Index, Place, forms};
use crate::audit::Entry;
use crate::limits::{HOME_LINES_MAX, HOME_PLACES_MAX, HOME_SEARCH_LINES_MAX, HOME_SEARCH_MS_MAX};
use crate::store::{Eyes, Sight, StoreError};

const ACTION: &str = "search-home";

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
    if !site.is_caught_up() {
        return Err(Refused::Starting);
    }
    site.acts(&caller, ACTION)?;
    let entry = Entry { case_reference: Some(reference), ..caller.entry(ACTION, "home", "asked") };
    // Whoever goes away before the answer has looked, too.
    site.note(entry.clone()).await?;
    let found = find(&site, caller.eyes()?, values).await;
    let (outcome, detail) = match &found {
        Ok(found) => ("done", Some(found.detail())),
        Err(_) => ("failed", None),
    };
    // Before it is told.
    let audit = site.note(Entry { outcome: outcome.to_owned(), detail, ..entry }).await?;
    (site.told)(Told::Act { action: ACTION, outcome });
    let Found { rows, is_more, is_read, .. } = found?;
    Ok(Json(json!({ "incidents": rows, "more": is_more, "is_read": is_read, "audit": audit })))
}

/// What a search gives.
struct Found {
    rows: Vec<Value>,
    /// Tokens of whom was found, as far as one alone fits.
    tokens: BTreeSet<String>,
    /// Those that were shared, where several fit.
    untold: usize,
    is_more: bool,
    is_read: bool,
}

impl Found {
    /// As the audit log has it.
    fn detail(&self) -> String {
        let mut told = vec![format!("found {}", self.rows.len())];
        if !self.tokens.is_empty() {
            told.push(format!("tokens {}", self.tokens.iter().map(String::as_str).collect::<Vec<_>>().join(", ")));
        }
        if self.untold > 0 {
            told.push(format!("shared, token not told: {}", self.untold));
        }
        if self.tokens.is_empty() && self.untold == 0 {
            told.push("no token: not shared".to_owned());
        }
        told.join("; ")
    }
}

async fn find(site: &Arc<Site>, eyes: Eyes, values: Vec<String>) -> Result<Found, Refused> {
    let values: Arc<[String]> = values.into();
    let of = Arc::clone(&values);
    let naming = move |index: &Index| (index.naming(&of), index.is_read());
    let ((known, is_more), is_read) = looked(site, naming).await?;
    let mut found = Found { rows: Vec::new(), tokens: BTreeSet::new(), untold: 0, is_more, is_read };
    let (mut reading, mut places) = (Reading::new(), 0);
    // What is found by a hash is looked for in its lines: it may be somebody else's, and these say how it is masked.
    for known in known {
        places += known.places.len();
        if places > HOME_PLACES_MAX && places > known.places.len() {
            found.is_more = true;
            break;
        }
        let Some(one) = reading.named(site, &known, &values).await? else { continue };
        let mut row = json!(known.told);
        row["found"] = json!({ "type": one.entity_type, "role": one.role, "masked": one.masked });
        let (kind, masked) = (one.entity_type.clone(), one.masked.clone());
        let shared = site.look(move |sight| shared(sight, eyes, &known.places, (&kind, masked.as_deref()))).await?;
        row["shared_as"] = json!(shared.as_ref().map(|shared| &shared.key));
        if let Some(shared) = shared {
            match reading.token(site, shared, &one, &values).await? {
                Some(token) => _ = found.tokens.insert(token),
                None => found.untold += 1,
            }
        }
        found.rows.push(row);
    }
    found.is_more |= reading.is_cut;
    // The database may have been emptied meanwhile.
    if site.is_caught_up() { Ok(found) } else { Err(Refused::Starting) }
}

/// Reading of home lines for one search.
struct Reading {
    lines_left: usize,
    until: Instant,
    /// Whether lines were left out.
    is_cut: bool,
}

impl Reading {
    fn new() -> Self {
        let until = Instant::now() + Duration::from_millis(HOME_SEARCH_MS_MAX);
        Self { lines_left: HOME_SEARCH_LINES_MAX, until, is_cut: false }
    }

    /// Reads some lines, if that many are left to read.
    async fn lines(&mut self, site: &Arc<Site>, places: Vec<Place>) -> Result<Option<Lines>, Refused> {
        if self.lines_left < places.len() || Instant::now() >= self.until {
            return Ok(None);
        }
        self.lines_left -= places.len();
        Ok(Some(home::read(site, places).await?))
    }

    /// How the newest line that names one of some values has it.
    async fn named(
        &mut self,
        site: &Arc<Site>,
        known: &AtHome,
        values: &[String],
    ) -> Result<Option<Subscriber>, Refused> {
        for places in known.places.rchunks(HOME_LINES_MAX) {
            let Some(Lines { lines, .. }) = self.lines(site, places.iter().rev().copied().collect()).await? else {
                self.is_cut = true;
                return Ok(None);
            };
            let mut all = lines.into_iter().flat_map(|line| line.named);
            if let Some(found) = all.find(|one| values.contains(&one.value)) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The token of somebody who is masked so: that of the alert's one entity that is, if all lines that the alert is made of are there,
    /// and nobody else in them is. Else it may be another person's.
    async fn token(
        &mut self,
        site: &Arc<Site>,
        Shared { token, lines, .. }: Shared,
        of: &Subscriber,
        values: &[String],
    ) -> Result<Option<String>, Refused> {
        let (Some(token), Some(places)) = (token, lines) else { return Ok(None) };
        let Some(Lines { lines, gone: 0 }) = self.lines(site, places).await? else { return Ok(None) };
        let is_alike = |one: &&Subscriber| one.entity_type == of.entity_type && one.masked == of.masked;
        let all: Vec<Subscriber> = lines.into_iter().flat_map(|line| line.named).collect();
        let mut alike = all.iter().filter(is_alike).peekable();
        Ok(Some(token).filter(|_| alike.peek().is_some() && alike.all(|one| values.contains(&one.value))))
    }
}

/// As what something was shared.
struct Shared {
    key: String,
    /// Token of the one entity that is masked as it is asked for; none where several are, or none is.
    token: Option<String>,
    /// Where the lines lie that it is made of, if they are few enough to be looked through.
    lines: Option<Vec<Place>>,
}

fn shared(
    sight: &Sight<'_>,
    eyes: Eyes,
    places: &[Place],
    (kind, masked): (&str, Option<&str>),
) -> Result<Option<Shared>, StoreError> {
    let Some(key) = sight.shared_as(places)? else { return Ok(None) };
    let Some(found) = sight.find(eyes, &key)? else { return Ok(None) };
    let is_one = |entity: &&Entity| entity.entity_type == kind && entity.masked.as_deref() == masked;
    let mut fitting = found.alert.entities.iter().filter(is_one);
    let token = fitting.next().map(|entity| entity.token.clone()).filter(|_| fitting.next().is_none());
    let lines = sight.home_lines(&found, None)?;
    let are_all = lines.next.is_none() && !lines.has_unlooked;
    Ok(Some(Shared { key, token, lines: are_all.then_some(lines.places) }))
}
