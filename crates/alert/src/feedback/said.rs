//! What a message says: the one list of kinds, read from its JSON.
//!
//! A kind that is known must have its block, whole and within bounds; everything else of the message is not looked at. A later
//! kind, status or action is ignored as [`Said::Unknown`].

use lancang_record::Timestamp;
use lancang_record::codec::fields::parse_time;
use serde::Serialize;

use super::operation::{Proposed, Word};
use super::{About, Feedback, Id, Receipt, Request, Suspected, is_source};
use crate::alert::{Source, Verdict};
use crate::limits::{FEEDBACK_TEXT_BYTES_MAX, REQUEST_DAYS_MAX, SUPPRESSION_DAYS_MAX, TEXT_DIGITS_MAX};

const DAY_MS: i64 = 86_400_000;

/// Verdicts of OCSF 1.x (`verdict_id` of `incident_finding`), and their captions.
pub const VERDICTS: [(u8, &str); 12] = [
    (0, "Unknown"),
    (1, "False Positive"),
    (2, "True Positive"),
    (3, "Disregard"),
    (4, "Suspicious"),
    (5, "Benign"),
    (6, "Test"),
    (7, "Insufficient Data"),
    (8, "Security Risk"),
    (9, "Managed Externally"),
    (10, "Duplicate"),
    (99, "Other"),
];
/// The verdict that disputes an alert.
pub const FALSE_POSITIVE: u8 = 1;
/// The verdict that confirms it.
pub const TRUE_POSITIVE: u8 = 2;

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A country has seen the alert.
    Acknowledgement {
        /// The alert.
        about: About,
    },
    /// How far a country's work on it is.
    Status {
        /// The alert.
        about: About,
        /// How far.
        stage: Stage,
    },
    /// What it turned out to be.
    Verdict {
        /// The alert.
        about: About,
        /// OCSF `verdict_id`.
        verdict_id: u8,
    },
    /// Somebody remarks something; it changes nothing.
    Comment {
        /// The alert.
        about: About,
        /// The remark.
        text: String,
    },
    /// The producer is asked for something.
    Request {
        /// The alert.
        about: About,
        /// For what.
        asked: Asked,
    },
    /// The producer's answer.
    Receipt {
        /// The alert; none if a suppression is answered.
        about: Option<About>,
        /// What is answered.
        of: Id,
        /// How.
        answer: Answer,
    },
    /// Alerts that should not be published.
    Suppression(Suppressed),
    /// One of the two persons who take an alert back.
    Cancel {
        /// The alert.
        about: About,
        /// The person's name.
        person: String,
        /// Why.
        reason: String,
        /// OCSF `verdict_id`; a false positive where nothing is said.
        verdict_id: u8,
    },
    /// Somebody proposes a joint operation.
    Operation(Box<Proposed>),
    /// Somebody says something of one.
    OfOperation {
        /// Id of the proposal.
        of: Id,
        /// Organisation that it is said to be of, `//TH/cyber-police`.
        proposer: String,
        /// What.
        word: Box<Word>,
    },
    /// Of a later version: ignored.
    Unknown,
}

/// How far a country's work on an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Somebody looks into it.
    Investigating,
    /// Several countries act together.
    JointOperation,
    /// It is with a prosecutor or a court.
    Referred,
}

impl Stage {
    /// All of them, in their order.
    pub const ALL: [Self; 3] = [Self::Investigating, Self::JointOperation, Self::Referred];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Investigating => "investigating",
            Self::JointOperation => "joint-operation",
            Self::Referred => "referred",
        }
    }
}

/// What a producer is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Keep the records.
    Preserve,
    /// Neither bar the subscriber nor let it know.
    Hold,
}

impl Measure {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Preserve, Self::Hold];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Preserve => "preserve",
            Self::Hold => "hold",
        }
    }
}

/// A request, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What for.
    pub measure: Measure,
    /// Who asks.
    pub requester: String,
    /// Case that it is for.
    pub case_reference: String,
    /// Until when; not at this moment any more.
    pub until: Timestamp,
}

/// An answer, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is so.
    Accepted,
    /// It is not.
    Refused {
        /// Why.
        reason: String,
    },
}

/// A suppression, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suppressed {
    /// Id of the pattern.
    pub pattern: String,
    /// The entity.
    pub entity: Suspected,
    /// Until when; not at this moment any more.
    #[serde(serialize_with = "as_text")]
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

pub(super) fn as_text<S: serde::Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

/// Why a message of a known kind is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Form {
    /// A field is missing, or not as it should be.
    #[error("field `{field}`: expected {expected}")]
    Field {
        /// Field.
        field: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// It would last longer than any may.
    #[error("field `{field}`: {until} is more than {days} days after `published`")]
    TooLong {
        /// Field.
        field: &'static str,
        /// Its end.
        until: Timestamp,
        /// How long it may be.
        days: i64,
    },
    /// Something that looks like a number in a text that everybody reads.
    #[error("field `{field}` has more than {TEXT_DIGITS_MAX} digits in a row: a text names nobody")]
    Number {
        /// Field.
        field: &'static str,
    },
}

impl Feedback {
    /// What it says, and when it was published.
    ///
    /// # Errors
    /// [`Form`] if a known kind has not what it needs.
    pub fn said(&self) -> Result<(Said, Timestamp), Form> {
        let published = time("published", &self.published)?;
        source("writer", &self.writer)?;
        if let Some(person) = &self.person {
            text("person", person)?;
        }
        let said = match self.kind.as_str() {
            "acknowledgement" => Said::Acknowledgement { about: self.about()? },
            "status" => self.status()?,
            "verdict" => Said::Verdict { about: self.about()?, verdict_id: self.verdict_id()? },
            "comment" => self.comment()?,
            "request" => self.request(published)?,
            "receipt" => self.receipt()?,
            "suppression" => self.suppression(published)?,
            "cancel" => self.cancel()?,
            "operation" => self.operation()?,
            "operation-answer" => self.operation_answer()?,
            "operation-addition" => self.operation_addition()?,
            "operation-stage" => self.operation_stage()?,
            _ => Said::Unknown,
        };
        Ok((said, published))
    }

    fn about(&self) -> Result<About, Form> {
        let about =
            self.incident.as_ref().ok_or(Form::Field { field: "incident", expected: "the alert it is about" })?;
        let is_id = about.incident_id.len() == 32 && is_hex(&about.incident_id);
        field(is_id, "incident.incident_id", "32 hexadecimal digits")?;
        source("incident.producer", &about.producer)?;
        Ok(about.clone())
    }

    fn status(&self) -> Result<Said, Form> {
        let about = self.about()?;
        let name = self.status.as_deref();
        let name = name.ok_or(Form::Field { field: "status", expected: "how far the work is" })?;
        let stage = Stage::ALL.into_iter().find(|stage| stage.as_str() == name);
        Ok(stage.map_or(Said::Unknown, |stage| Said::Status { about, stage }))
    }

    fn verdict_id(&self) -> Result<u8, Form> {
        let verdict = self.verdict.as_ref().map(|verdict| verdict.verdict_id);
        verdict.ok_or(Form::Field { field: "verdict", expected: "OCSF's `verdict_id` and `verdict`" })
    }

    fn comment(&self) -> Result<Said, Form> {
        let about = self.about()?;
        let block = Form::Field { field: "comment", expected: "the text" };
        let text = text("comment.text", &self.comment.as_ref().ok_or(block)?.text)?.to_owned();
        Ok(Said::Comment { about, text })
    }

    fn request(&self, published: Timestamp) -> Result<Said, Form> {
        let about = self.about()?;
        let block = Form::Field { field: "request", expected: "action, requester, case_reference and until" };
        let Request { action, requester, case_reference, until } = self.request.as_ref().ok_or(block)?;
        text("request.requester", requester)?;
        case("request.case_reference", case_reference)?;
        let until = end("request.until", until, published, REQUEST_DAYS_MAX)?;
        let Some(measure) = Measure::ALL.into_iter().find(|measure| measure.as_str() == action) else {
            return Ok(Said::Unknown);
        };
        let (requester, case_reference) = (requester.clone(), case_reference.clone());
        Ok(Said::Request { about, asked: Asked { measure, requester, case_reference, until } })
    }

    fn receipt(&self) -> Result<Said, Form> {
        let about = self.incident.as_ref().map(|_| self.about()).transpose()?;
        let block = Form::Field { field: "receipt", expected: "of and outcome" };
        let Receipt { of, outcome, reason } = self.receipt.as_ref().ok_or(block)?;
        let of = Id::parse(of).ok_or(Form::Field { field: "receipt.of", expected: "64 hexadecimal digits" })?;
        let answer = match (outcome.as_str(), reason) {
            ("accepted", _) => Answer::Accepted,
            ("refused", Some(reason)) => Answer::Refused { reason: text("receipt.reason", reason)?.to_owned() },
            ("refused", None) => return Err(Form::Field { field: "receipt.reason", expected: "why it is refused" }),
            _ => return Ok(Said::Unknown),
        };
        Ok(Said::Receipt { about, of, answer })
    }

    fn suppression(&self, published: Timestamp) -> Result<Said, Form> {
        let block = Form::Field { field: "suppression", expected: "pattern, entity, until and reason" };
        let asked = self.suppression.as_ref().ok_or(block)?;
        let Suspected { entity_type, token, key_id } = &asked.entity;
        field(is_name(&asked.pattern), "suppression.pattern", "the id of a pattern, without its version")?;
        field(is_name(entity_type), "suppression.entity.type", "a type of entities")?;
        field(token.len() == 32 && is_hex(token), "suppression.entity.token", "32 hexadecimal digits")?;
        field(is_name(key_id), "suppression.entity.key_id", "the key's id beside the token")?;
        let until = end("suppression.until", &asked.until, published, SUPPRESSION_DAYS_MAX)?;
        let reason = text("suppression.reason", &asked.reason)?.to_owned();
        let (pattern, entity) = (asked.pattern.clone(), asked.entity.clone());
        Ok(Said::Suppression(Suppressed { pattern, entity, until, reason }))
    }

    fn cancel(&self) -> Result<Said, Form> {
        let about = self.about()?;
        let person = self.person.clone();
        let person = person.ok_or(Form::Field { field: "person", expected: "the name of who decided it" })?;
        let block = Form::Field { field: "cancel", expected: "the reason" };
        let reason = text("cancel.reason", &self.cancel.as_ref().ok_or(block)?.reason)?.to_owned();
        let verdict_id = self.verdict.as_ref().map_or(FALSE_POSITIVE, |verdict| verdict.verdict_id);
        Ok(Said::Cancel { about, person, reason, verdict_id })
    }
}

/// A verdict with its caption.
#[must_use]
pub fn verdict(verdict_id: u8) -> Verdict {
    let caption = VERDICTS.iter().find(|(id, _)| *id == verdict_id).map_or("Other", |(_, caption)| caption);
    Verdict { verdict_id, verdict: caption.to_owned() }
}

pub(super) fn field(fits: bool, field: &'static str, expected: &'static str) -> Result<(), Form> {
    if fits { Ok(()) } else { Err(Form::Field { field, expected }) }
}

pub(super) fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// An id that people gave: of a pattern, a type, an epoch.
pub(super) fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(fits)
}

fn time(field: &'static str, text: &str) -> Result<Timestamp, Form> {
    parse_time(field, text).map_err(|_| Form::Field { field, expected: "a time of RFC 3339" })
}

fn end(field: &'static str, text: &str, published: Timestamp, days: i64) -> Result<Timestamp, Form> {
    let until = time(field, text)?;
    if until <= published {
        return Err(Form::Field { field, expected: "a time after `published`" });
    }
    if until > published.plus_ms(days * DAY_MS) {
        return Err(Form::TooLong { field, until, days });
    }
    Ok(until)
}

pub(super) fn source(field: &'static str, source: &Source) -> Result<(), Form> {
    self::field(is_source(source), field, "country, organisation and node, as in `//TH/cyber-police/desk-2`")
}

/// A few words, on one line, that name nobody.
pub(super) fn text<'a>(field: &'static str, text: &'a str) -> Result<&'a str, Form> {
    line(field, text, |c| matches!(c, ' ' | '-' | '.' | '/' | '(' | ')' | '+' | '\u{a0}'))
}

/// The same of a case's reference, in which dashes part what is no number.
fn case<'a>(field: &'static str, text: &'a str) -> Result<&'a str, Form> {
    line(field, text, |c| matches!(c, ' ' | '+' | '\u{a0}'))
}

fn line<'a>(field: &'static str, text: &'a str, joins: impl Fn(char) -> bool) -> Result<&'a str, Form> {
    let fits = !text.trim().is_empty() && text.len() <= FEEDBACK_TEXT_BYTES_MAX && !text.chars().any(char::is_control);
    self::field(fits, field, "a text of one line, of at most 500 bytes")?;
    if longest_run(text, joins) > TEXT_DIGITS_MAX { Err(Form::Number { field }) } else { Ok(text) }
}

/// Most digits, of any script, one after the other; what `joins` may stand between them.
fn longest_run(text: &str, joins: impl Fn(char) -> bool) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        if c.is_numeric() {
            run += 1;
            longest = longest.max(run);
        } else if !joins(c) {
            run = 0;
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_name_nobody() {
        let check = |words: &str, is_taken: bool| assert_eq!(text("reason", words).is_ok(), is_taken, "{words}");
        check("a declared call centre, seen on 2026-11-20", true);
        check("64 calls of 60 s each to 48 numbers", true);
        check("it was +855 12 345 678", false);
        check("ask (012) 345-6789", false);
        check("855.12.345.678", false);
        check("៨៥៥១២៣៤៥៦៧៨", false);
        check("", false);
        check(" ", false);
        check("two\nlines", false);
        check(&"x".repeat(501), false);
        let check = |words: &str, is_taken: bool| assert_eq!(case("case", words).is_ok(), is_taken, "{words}");
        check("TH-2026-118701", true);
        check("កុំព្យូទ័រ ៤", true);
        check("ก.1/2569", true);
        check("+855 12 345678", false);
        check("85512345678", false);
    }

    #[test]
    fn verdicts_are_ocsfs() {
        assert_eq!(verdict(2), Verdict { verdict_id: 2, verdict: "True Positive".into() });
        assert_eq!(verdict(77).verdict, "Other");
    }
}
