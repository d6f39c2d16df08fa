//! Joint operations: which there are, and what a liaison says of one.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::Uri;
use axum::response::Response;
use axum::{Extension, Json};
use lancang_alert::Feedback;
use lancang_alert::feedback::joint::Progress;
use lancang_alert::feedback::operation::{OUTCOMES, Reply};
use lancang_alert::feedback::{About, AboutOperation, Operation, OperationAddition, OperationAnswer, OperationStage};
use lancang_alert::handling::COUNTRIES;
use lancang_alert::limits::OPERATION_LISTED_MAX;
use lancang_alert::{Holder, Source};
use serde::Deserialize;
use serde_json::{Value, json};

use super::acts::{about, body, form, may_say, say as say_to_all};
use super::answer::{Answer, Refused};
use super::query::Query;
use super::{Caller, Site};
use crate::access::Right;
use crate::store::OperationFilter;

/// Rows of a page where nobody says.
const PAGE: u32 = 50;
const RIGHT: Right = Right::JointOperation;

type Asked = (State<Arc<Site>>, Extension<Caller>);

pub(super) async fn list((State(site), Extension(_)): Asked, uri: Uri) -> Answer {
    let query = Query::of(&uri);
    let country = query.parsed("country", &format!("one of {}", COUNTRIES.join(", ")), |country| {
        COUNTRIES.contains(&country).then(|| country.to_owned())
    })?;
    let stages = Progress::ALL.map(Progress::as_str).join(", ");
    let stage = query.parsed("stage", &format!("one of {stages}"), |name| {
        Progress::ALL.into_iter().find(|stage| stage.as_str() == name)
    })?;
    let filter = OperationFilter { country, stage, after: query.number("after")? };
    let limit = query.limit()?.unwrap_or(PAGE);
    let (operations, next) = site.look(move |sight| sight.operations(&filter, limit)).await?;
    Ok(Json(json!({ "operations": operations, "next": next.map(|next| next.to_string()) })))
}

pub(super) async fn one((State(site), Extension(caller)): Asked, Path(id): Path<String>) -> Answer {
    let eyes = caller.eyes()?;
    site.look(move |sight| sight.operation(eyes, &id)).await?.map(Json).ok_or(Refused::NotFound)
}

/// Incidents by their keys here, campaigns by their ids.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listing {
    #[serde(default)]
    incidents: Vec<String>,
    #[serde(default)]
    campaigns: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Proposing {
    title: String,
    listed: Listing,
    invited: Vec<String>,
    /// `//KH/cyber-police/desk-1`; the console's own desk where none is named.
    lead: Option<String>,
    day: Option<String>,
}

pub(super) async fn propose((State(site), Extension(caller)): Asked, request: Request) -> Result<Response, Refused> {
    let Proposing { title, listed, invited, lead, day } = body(request).await?;
    may_say(&site, &caller, RIGHT, "operations").await?;
    let (incidents, campaigns) = found(&site, &caller, listed).await?;
    let lead = lead.map(|lead| desk(&lead)).transpose()?;
    say_to_all(&site, &caller, RIGHT, ("operations", None), |begun, _, _| {
        let begun = begun("operation");
        let lead = lead.unwrap_or_else(|| begun.writer.clone());
        let operation = Operation { title, incidents, campaigns, invited, lead, day };
        Ok(Feedback { operation: Some(operation), ..begun })
    })
    .await
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum Saying {
    Answer { answer: String, reason: Option<String> },
    Addition { listed: Listing },
    Stage { stage: String, outcome: Option<String>, suspects: Option<u32>, sites: Option<u32> },
}

pub(super) async fn say(
    (State(site), Extension(caller)): Asked,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refused> {
    let saying: Saying = body(request).await?;
    may_say(&site, &caller, RIGHT, &id).await?;
    let wanted = id.clone();
    let state = site.look(move |sight| sight.operation_state(&wanted)).await?.ok_or(Refused::NotFound)?;
    let about = about_operation(&id, &state)?;
    let (kind, said) = match saying {
        Saying::Answer { answer, reason } => {
            named("answer", &answer, &Reply::ALL.map(Reply::as_str))?;
            let answer = Some(OperationAnswer { answer, reason: reason.filter(|reason| !reason.trim().is_empty()) });
            ("operation-answer", Said { answer, ..Said::default() })
        }
        Saying::Addition { listed } => {
            let (incidents, campaigns) = found(&site, &caller, listed).await?;
            let addition = Some(OperationAddition { incidents, campaigns });
            ("operation-addition", Said { addition, ..Said::default() })
        }
        Saying::Stage { stage, outcome, suspects, sites } => {
            named("stage", &stage, &[Progress::Running.as_str(), Progress::Closed.as_str()])?;
            if let Some(outcome) = &outcome {
                named("outcome", outcome, &OUTCOMES)?;
            }
            let stage = Some(OperationStage { stage, outcome, suspects, sites });
            ("operation-stage", Said { stage, ..Said::default() })
        }
    };
    say_to_all(&site, &caller, RIGHT, (&id, None), |begun, _, _| {
        let Said { answer, addition, stage } = said;
        Ok(Feedback {
            about_operation: Some(about),
            operation_answer: answer,
            operation_addition: addition,
            operation_stage: stage,
            ..begun(kind)
        })
    })
    .await
}

/// The block of what is said.
#[derive(Default)]
struct Said {
    answer: Option<OperationAnswer>,
    addition: Option<OperationAddition>,
    stage: Option<OperationStage>,
}

fn named(field: &'static str, name: &str, known: &[&str]) -> Result<(), Refused> {
    if known.contains(&name) { Ok(()) } else { Err(form(field, &format!("one of {}", known.join(", ")))) }
}

fn about_operation(id: &str, state: &Value) -> Result<AboutOperation, Refused> {
    let proposer = serde_json::from_value(state["proposer"].clone());
    let proposer = proposer.map_err(|error| Refused::Fault(format!("operation {id}: {error}")))?;
    Ok(AboutOperation { operation_id: id.to_owned(), proposer })
}

fn desk(text: &str) -> Result<Source, Refused> {
    let parts: Vec<&str> = text.trim().strip_prefix("//").unwrap_or_default().split('/').collect();
    let [country, organisation, node] = parts[..] else { return Err(form("lead", LEAD)) };
    let own = str::to_owned;
    let desk = Source { country: own(country), organisation: own(organisation), node: own(node) };
    Holder::parse(&desk.uri()).map(|_| desk).ok_or_else(|| form("lead", LEAD))
}

const LEAD: &str = "country, organisation and desk, as in //KH/cyber-police/desk-1";

/// What somebody lists, which has to be there and be meant for the country of who lists it.
async fn found(site: &Arc<Site>, caller: &Caller, listed: Listing) -> Result<(Vec<About>, Vec<String>), Refused> {
    let Listing { incidents: keys, campaigns } = listed;
    let count = keys.len() + campaigns.len();
    if count == 0 || count > OPERATION_LISTED_MAX {
        return Err(form("listed", "one to 64 incidents and campaigns"));
    }
    let mut incidents = Vec::new();
    for key in &keys {
        incidents.push(about(site, caller, key).await?);
    }
    let (eyes, wanted) = (caller.eyes()?, campaigns.clone());
    let are_there = site
        .look(move |sight| wanted.iter().try_fold(true, |all, id| Ok(all && sight.is_campaign_seen(eyes, id)?)))
        .await?;
    if are_there { Ok((incidents, campaigns)) } else { Err(Refused::NotFound) }
}
