//! Joint operations: what several countries act on together. The blocks of their messages, and how they are read.
//!
//! Rules:
//! - an operation's id is that of the message that proposes it; whatever follows names the id and the proposer
//!   ([`AboutOperation`]), so that a stage of somebody else is refused before the proposal is known;
//! - it names incidents and campaigns by their ids, countries and a day: everybody on the exchange reads it, so that its title names
//!   nobody, as any text;
//! - no message of it has an `incident`, and each is its own subject: a reader that does not know these kinds takes them for that,
//!   and ignores them.

use std::collections::BTreeSet;

use lancang_record::codec::fields::parse_time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::said::{Form, Said, field, is_hex, is_name, source, text};
use super::{About, Feedback, Id, organisation};
use crate::alert::Source;
use crate::handling::COUNTRIES;
use crate::limits::{OPERATION_LISTED_MAX, OPERATION_TITLE_BYTES_MAX};

/// A joint operation that somebody proposes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Operation {
    /// A few words, one line of at most 200 bytes, that name nobody.
    pub title: String,
    /// Alerts that it is about: with the campaigns one to 64.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub incidents: Vec<About>,
    /// Campaigns that it is about, by `campaign_id`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub campaigns: Vec<String>,
    /// Countries that are asked to join, ISO 3166-1 alpha-2: of the six that share alerts, without the writer's, which is in it.
    pub invited: Vec<String>,
    /// Desk that leads, of one of these countries or of the writer's.
    pub lead: Source,
    /// Day on which the countries mean to act, `2026-12-03`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(extend("format" = "date"))]
    pub day: Option<String>,
}

/// An operation, by its id and who proposed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AboutOperation {
    /// Id of the message that proposes it: 64 hexadecimal digits.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub operation_id: String,
    /// Who proposed it.
    pub proposer: Source,
}

/// A country's answer to an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OperationAnswer {
    /// `accepted`, `declined` or `left`. Of several answers of a country the newest counts.
    #[schemars(extend("examples" = ["accepted", "declined", "left"]))]
    pub answer: String,
    /// Why; who declines or leaves has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

/// What a country in an operation adds to its list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OperationAddition {
    /// Alerts: with the campaigns one to 64.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub incidents: Vec<About>,
    /// Campaigns, by `campaign_id`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub campaigns: Vec<String>,
}

/// How far an operation is, by the word of its proposer's organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OperationStage {
    /// `running` or `closed`; that it is agreed follows from the answers.
    #[schemars(extend("examples" = ["running", "closed"]))]
    pub stage: String,
    /// With `closed`: what came of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(extend("examples" = ["suspects-handed-over", "sites-closed", "no-result", "withdrawn"]))]
    pub outcome: Option<String>,
    /// With `closed`: suspects who were handed over.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub suspects: Option<u32>,
    /// With `closed`: sites that were closed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sites: Option<u32>,
}

/// What may come of an operation; a later word is shown as it is.
pub const OUTCOMES: [&str; 4] = ["suspects-handed-over", "sites-closed", "no-result", "withdrawn"];

/// A proposal, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// Who proposes.
    pub proposer: Source,
    /// A few words.
    pub title: String,
    /// What it is about.
    pub listed: Listed,
    /// Who is asked to join.
    pub invited: BTreeSet<String>,
    /// Desk that leads.
    pub lead: Source,
    /// When, `2026-12-03`.
    pub day: Option<String>,
}

/// Incidents and campaigns, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Alerts.
    pub incidents: Vec<About>,
    /// Ids of campaigns.
    pub campaigns: Vec<String>,
}

/// Something that is said of an operation after it was proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// A country's answer, and why.
    Answer(Reply, Option<String>),
    /// More that it is about.
    Addition(Listed),
    /// It has begun.
    Running,
    /// It has ended.
    Closed(Outcome),
}

/// A country's answer to an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// It is in.
    Accepted,
    /// It is not.
    Declined,
    /// It is in no more.
    Left,
}

impl Reply {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Accepted, Self::Declined, Self::Left];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Left => "left",
        }
    }
}

/// What came of an operation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Outcome {
    /// One of [`OUTCOMES`], or a later word.
    pub outcome: String,
    /// Suspects who were handed over.
    pub suspects: Option<u32>,
    /// Sites that were closed.
    pub sites: Option<u32>,
}

impl Feedback {
    pub(super) fn operation(&self) -> Result<Said, Form> {
        self.is_of_no_incident()?;
        let block = Form::Field { field: "operation", expected: "title, incidents or campaigns, invited and lead" };
        let Operation { title, incidents, campaigns, invited, lead, day } = self.operation.as_ref().ok_or(block)?;
        text("operation.title", title)?;
        field(title.len() <= OPERATION_TITLE_BYTES_MAX, "operation.title", "a text of at most 200 bytes")?;
        let own = &self.writer.country;
        let names: BTreeSet<String> = invited.iter().cloned().collect();
        let is_open = |country: &String| COUNTRIES.contains(&country.as_str()) && country != own;
        let fits = !names.is_empty() && names.len() == invited.len() && names.iter().all(is_open);
        field(fits, "operation.invited", "countries that share alerts, each once, without the writer's own")?;
        source("operation.lead", lead)?;
        let leads = lead.country == *own || names.contains(&lead.country);
        field(leads, "operation.lead", "a desk of a country that is invited, or of the writer's")?;
        if let Some(day) = day {
            let is_day = day.len() == 10 && parse_time("day", &format!("{day}T00:00:00Z")).is_ok();
            field(is_day, "operation.day", "a day such as 2026-12-03")?;
        }
        Ok(Said::Operation(Box::new(Proposed {
            proposer: self.writer.clone(),
            title: title.clone(),
            listed: listed(incidents, campaigns)?,
            invited: names,
            lead: lead.clone(),
            day: day.clone(),
        })))
    }

    pub(super) fn operation_answer(&self) -> Result<Said, Form> {
        let block = Form::Field { field: "operation_answer", expected: "answer, and a reason unless it is accepted" };
        let OperationAnswer { answer, reason } = self.operation_answer.as_ref().ok_or(block)?;
        let reply = Reply::ALL.into_iter().find(|reply| reply.as_str() == answer);
        if let Some(reason) = reason {
            text("operation_answer.reason", reason)?;
        }
        let is_told = reply.is_none_or(|reply| reply == Reply::Accepted) || reason.is_some();
        field(is_told, "operation_answer.reason", "why it is declined or left")?;
        self.of_operation(reply.map(|reply| Word::Answer(reply, reason.clone())))
    }

    pub(super) fn operation_addition(&self) -> Result<Said, Form> {
        let block = Form::Field { field: "operation_addition", expected: "incidents or campaigns" };
        let OperationAddition { incidents, campaigns } = self.operation_addition.as_ref().ok_or(block)?;
        self.of_operation(Some(Word::Addition(listed(incidents, campaigns)?)))
    }

    pub(super) fn operation_stage(&self) -> Result<Said, Form> {
        let block = Form::Field { field: "operation_stage", expected: "stage, and the outcome of what is closed" };
        let OperationStage { stage, outcome, suspects, sites } = self.operation_stage.as_ref().ok_or(block)?;
        let (suspects, sites) = (*suspects, *sites);
        if let Some(outcome) = outcome {
            text("operation_stage.outcome", outcome)?;
        }
        let word = match (stage.as_str(), outcome) {
            ("running", None) => Some(Word::Running),
            ("running", Some(_)) => {
                return Err(Form::Field { field: "operation_stage.outcome", expected: "none: it has not ended" });
            }
            ("closed", Some(outcome)) if is_name(outcome) => {
                Some(Word::Closed(Outcome { outcome: outcome.clone(), suspects, sites }))
            }
            ("closed", _) => {
                return Err(Form::Field { field: "operation_stage.outcome", expected: "what came of it, as a name" });
            }
            _ => None,
        };
        self.of_operation(word)
    }

    /// Something of the operation that is named; a word that is not known says nothing.
    fn of_operation(&self, word: Option<Word>) -> Result<Said, Form> {
        self.is_of_no_incident()?;
        let expected = "the operation that it is about";
        let named = self.about_operation.as_ref().ok_or(Form::Field { field: "about_operation", expected })?;
        let field = "about_operation.operation_id";
        let of = Id::parse(&named.operation_id).ok_or(Form::Field { field, expected: "64 hexadecimal digits" })?;
        source("about_operation.proposer", &named.proposer)?;
        let proposer = organisation(&named.proposer);
        Ok(word.map_or(Said::Unknown, |word| Said::OfOperation { of, proposer, word: Box::new(word) }))
    }

    fn is_of_no_incident(&self) -> Result<(), Form> {
        field(self.incident.is_none(), "incident", "none: an operation lists its incidents in a block of its own")
    }
}

fn listed(incidents: &[About], campaigns: &[String]) -> Result<Listed, Form> {
    let count = incidents.len() + campaigns.len();
    field((1..=OPERATION_LISTED_MAX).contains(&count), "operation.incidents", "one to 64 incidents and campaigns")?;
    for About { incident_id, producer } in incidents {
        field(incident_id.len() == 32 && is_hex(incident_id), "incidents.incident_id", "32 hexadecimal digits")?;
        source("incidents.producer", producer)?;
    }
    let is_id = |id: &String| id.len() == 32 && is_hex(id);
    field(campaigns.iter().all(is_id), "operation.campaigns", "ids of 32 hexadecimal digits")?;
    Ok(Listed { incidents: incidents.to_vec(), campaigns: campaigns.to_vec() })
}
