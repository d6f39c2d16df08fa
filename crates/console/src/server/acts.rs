//! What is done: something is said to everybody, a sealed value is opened. Each is in the audit log before and after.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use lancang_alert::Feedback;
use lancang_alert::feedback::said::verdict;
use lancang_alert::feedback::{About, Comment, Form, Id, Measure, Request as Asking, Stage};
use lancang_record::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use super::answer::{Answer, Refused};
use super::guard::known_id;
use super::{Act, Caller, Site, Told, Unwritten, lock};
use crate::access::Right;
use crate::audit::Entry;
use crate::limits::{ACT_ANSWERED_MS, ACT_WAITS_MS, BODY_BYTES_MAX, TEXT_BYTES_MAX};

const DAY_MS: i64 = 86_400_000;
const NO_WRITER: Refused = Refused::NotSetUp("signing key: nothing can be said from here");
/// Longest wait for a body.
const BODY_MAX: Duration = Duration::from_secs(10);

/// Reads a body as JSON.
pub(super) async fn body<T: DeserializeOwned>(request: Request) -> Result<T, Refused> {
    let json = request.headers().get("content-type").and_then(|value| value.to_str().ok());
    if !json.is_some_and(|found| found.starts_with("application/json")) {
        return Err(form("content-type", "application/json"));
    }
    let read = tokio::time::timeout(BODY_MAX, to_bytes(request.into_body(), BODY_BYTES_MAX)).await;
    let bytes = read.map_err(|_| form("body", "a whole body within 10 s"))?;
    let too_large = |_| Refused::TooLarge { what: "what was sent is too long", bytes_max: BODY_BYTES_MAX };
    let bytes = bytes.map_err(too_large)?;
    // What was sent is not quoted: there may be a password in it.
    serde_json::from_slice(&bytes)
        .map_err(|error| form("body", &format!("JSON of this request ({:?})", error.classify())))
}

pub(super) fn form(field: &'static str, expected: &str) -> Refused {
    Refused::Form { field, expected: expected.to_owned() }
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum Saying {
    Acknowledgement {},
    Status { status: String },
    Verdict { verdict_id: u8 },
    Comment { text: String },
    Request { action: String, case_reference: String, days: i64 },
}

impl Saying {
    /// The right that it takes.
    fn right(&self) -> Result<Right, Refused> {
        Ok(match self {
            Self::Acknowledgement {} => Right::Acknowledge,
            Self::Status { status } => {
                let stage = Stage::ALL.into_iter().find(|stage| stage.as_str() == status);
                match stage.ok_or_else(|| form("status", "investigating, joint-operation or referred"))? {
                    Stage::Investigating => Right::Take,
                    Stage::JointOperation => Right::JointOperation,
                    Stage::Referred => Right::Refer,
                }
            }
            Self::Verdict { .. } => Right::Verdict,
            Self::Comment { .. } => Right::Comment,
            Self::Request { .. } => Right::Request,
        })
    }

    fn case_reference(&self) -> Option<String> {
        match self {
            Self::Request { case_reference, .. } => Some(case_reference.clone()),
            _ => None,
        }
    }

    /// As it is put to everybody.
    fn feedback(
        self,
        begun: impl Fn(&str) -> Feedback,
        organisation: &str,
        now: Timestamp,
    ) -> Result<Feedback, Refused> {
        Ok(match self {
            Self::Acknowledgement {} => begun("acknowledgement"),
            Self::Status { status } => Feedback { status: Some(status), ..begun("status") },
            Self::Verdict { verdict_id } => Feedback { verdict: Some(verdict(verdict_id)), ..begun("verdict") },
            Self::Comment { text } => Feedback { comment: Some(Comment { text }), ..begun("comment") },
            Self::Request { action, case_reference, days } => {
                if !Measure::ALL.iter().any(|measure| measure.as_str() == action) {
                    return Err(form("action", "preserve or hold"));
                }
                if !(1..=lancang_alert::limits::REQUEST_DAYS_MAX).contains(&days) {
                    return Err(form("days", "a whole number from 1 to 14"));
                }
                let (requester, until) = (organisation.to_owned(), now.plus_ms(days * DAY_MS).to_string());
                Feedback { request: Some(Asking { action, requester, case_reference, until }), ..begun("request") }
            }
        })
    }
}

pub(super) async fn feedback(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Path(key): Path<String>,
    request: Request,
) -> Result<Response, Refused> {
    let saying: Saying = body(request).await?;
    let right = saying.right()?;
    may_say(&site, &caller, right, &key).await?;
    let about = about(&site, &caller, &key).await?;
    let case_reference = saying.case_reference();
    say(&site, &caller, right, (&key, case_reference), |begun, organisation, now| {
        let begun = |kind: &str| Feedback { incident: Some(about.clone()), ..begun(kind) };
        saying.feedback(begun, organisation, now)
    })
    .await
}

/// Whether somebody may say something from here now; a role that may not is in the audit log.
pub(super) async fn may_say(site: &Arc<Site>, caller: &Caller, right: Right, about: &str) -> Result<(), Refused> {
    let is_of_role = caller.user.as_ref().is_some_and(|user| user.role.may(right));
    if !is_of_role {
        return Err(site.refuse(caller, right.as_str(), known_id(about), None).await);
    }
    if site.acts.is_none() || site.desk.writer.is_none() {
        return Err(NO_WRITER);
    }
    if !caller.rights.contains(&right) {
        return Err(Refused::Forbidden);
    }
    if !site.is_caught_up() {
        return Err(Refused::Starting);
    }
    site.acts(caller, right.as_str())?;
    Ok(())
}

/// Says something to everybody: the audit log has it before, and what became of it.
pub(super) async fn say(
    site: &Arc<Site>,
    caller: &Caller,
    right: Right,
    (about, case_reference): (&str, Option<String>),
    feedback: impl FnOnce(&dyn Fn(&str) -> Feedback, &str, Timestamp) -> Result<Feedback, Refused> + Send,
) -> Result<Response, Refused> {
    let (Some(acts), Some(writer)) = (&site.acts, &site.desk.writer) else { return Err(NO_WRITER) };
    let now = (site.now)();
    let person = caller.user.as_ref().map(|user| user.person.clone());
    let begun = |kind: &str| Feedback { person: person.clone(), ..Feedback::begin(kind, writer.clone(), now, None) };
    let feedback = feedback(&begun, &writer.organisation, now)?;
    feedback.said().map_err(wrong)?;
    let entry = Entry { case_reference, ..caller.entry(right.as_str(), about, "asked") };
    let published = feedback.published.clone();
    // Whoever asked may go away meanwhile: the audit log has what became of it all the same.
    let sending = tokio::spawn(send(Arc::clone(site), acts.clone(), feedback, (right, entry)));
    let id = sending.await.map_err(|_| Refused::Fault("a task ended".to_owned()))??;
    Ok((StatusCode::CREATED, Json(json!({ "id": id.to_string(), "published": published }))).into_response())
}

/// Sends what is said, between two lines of the audit log.
async fn send(
    site: Arc<Site>,
    acts: mpsc::Sender<Act>,
    feedback: Feedback,
    (right, entry): (Right, Entry),
) -> Result<Id, Refused> {
    let _saying = site.saying.read().await;
    site.note(entry.clone()).await?;
    let (answer, answered) = oneshot::channel();
    let until = Instant::now() + Duration::from_millis(ACT_WAITS_MS);
    let written = match acts.try_send(Act { feedback, until, answer }) {
        Ok(()) => written(answered).await,
        Err(TrySendError::Closed(_)) => Err(Refused::Away("the console ends: nothing was sent".to_owned())),
        Err(TrySendError::Full(_)) => {
            Err(Refused::Away("too much waits to be written to the exchange already: try again".to_owned()))
        }
    };
    let outcome = match &written {
        Ok(_) => "done",
        Err(Refused::Unconfirmed) => "unconfirmed",
        Err(_) => "failed",
    };
    let detail = written.as_ref().ok().map(ToString::to_string);
    site.note(Entry { detail, outcome: outcome.to_owned(), ..entry }).await?;
    (site.told)(Told::Act { action: right.as_str(), outcome });
    written
}

/// Waits until the exchange has it.
async fn written(answered: oneshot::Receiver<Result<Id, Unwritten>>) -> Result<Id, Refused> {
    match tokio::time::timeout(Duration::from_millis(ACT_ANSWERED_MS), answered).await {
        Ok(Ok(Ok(id))) => Ok(id),
        Ok(Ok(Err(Unwritten::Refused(why)))) => {
            Err(Refused::Form { field: "feedback", expected: format!("what readers believe: {why}") })
        }
        Ok(Ok(Err(Unwritten::Away(why)))) => Err(Refused::Away(why)),
        Ok(Ok(Err(Unwritten::Unconfirmed)) | Err(_)) | Err(_) => Err(Refused::Unconfirmed),
    }
}

fn wrong(error: Form) -> Refused {
    let field = match &error {
        Form::Field { field, .. } | Form::TooLong { field, .. } | Form::Number { field } => *field,
    };
    // The last part is what the body calls it.
    let field = field.rsplit_once('.').map_or(field, |(_, last)| last);
    let told = error.to_string();
    let expected = told.split_once("expected ").map_or(told.as_str(), |(_, expected)| expected);
    Refused::Form { field, expected: expected.to_owned() }
}

pub(super) async fn about(site: &Arc<Site>, caller: &Caller, key: &str) -> Result<About, Refused> {
    let (eyes, key) = (caller.eyes()?, key.to_owned());
    let found = site.look(move |sight| sight.find(eyes, &key)).await?.ok_or(Refused::NotFound)?;
    Ok(About { incident_id: found.alert.incident_id, producer: found.alert.producer })
}

/// A case reference that says something, on one line.
pub(super) fn case_reference(text: String, what: &str) -> Result<String, Refused> {
    let fits = !text.trim().is_empty() && text.len() <= TEXT_BYTES_MAX && !text.chars().any(char::is_control);
    if fits { Ok(text) } else { Err(form("case_reference", &format!("{what}, one line of at most 500 bytes"))) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opening {
    entity: usize,
    case_reference: String,
}

pub(super) async fn open(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Path(key): Path<String>,
    request: Request,
) -> Answer {
    let Opening { entity, case_reference: reference } = body(request).await?;
    let reference = case_reference(reference, "the reference of the case that it is opened for")?;
    if site.opening.is_empty() {
        return Err(Refused::NotSetUp("key that opens sealed values"));
    }
    if !caller.rights.contains(&Right::Open) {
        return Err(Refused::Forbidden);
    }
    site.acts(&caller, Right::Open.as_str())?;
    let (eyes, wanted) = (caller.eyes()?, key.clone());
    let found = site.look(move |sight| sight.find(eyes, &wanted)).await?.ok_or(Refused::NotFound)?;
    let Some(entity_of) = found.alert.entities.get(entity) else {
        return Err(form("entity", "the place of an entity"));
    };
    let opened = {
        let mut openers = lock(&site.openers);
        openers.iter_mut().find_map(|opener| found.alert.open(entity_of, opener))
    };
    let outcome = if matches!(opened, Some(Ok(_))) { "done" } else { "failed" };
    let (detail, case_reference) = (Some(format!("entities/{entity}")), Some(reference));
    // Before the value leaves: what is not in the log is not shown.
    let audit = site.note(Entry { detail, case_reference, ..caller.entry("open", &key, outcome) }).await?;
    (site.told)(Told::Act { action: "open", outcome });
    match opened {
        Some(Ok(value)) => Ok(Json(json!({ "value": value, "type": entity_of.entity_type, "audit": audit }))),
        Some(Err(error)) => Err(Refused::Fault(format!("{key}: {error}"))),
        None => Err(form("entity", "one that is sealed for this console's country")),
    }
}
