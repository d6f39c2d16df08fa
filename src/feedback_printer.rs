//! Feedback as people read it: a line for each message and one for what the incident is now; or JSON, a line each.

use std::io::{self, Write};

use lancang_alert::feedback::operation::Word;
use lancang_alert::feedback::{Believed, Fold, IncidentState, Measure, Said, said};
use lancang_record::Timestamp;
use serde_json::{Value, json};

use crate::cli::Form;
use crate::columns::Mark;
use crate::logging::colors;
use crate::operation_printer;

/// Characters of an id that are shown.
const SHORT: usize = 12;

/// Shows feedback on standard output.
#[derive(Debug)]
pub struct FeedbackPrinter {
    form: Form,
    colored: bool,
}

impl FeedbackPrinter {
    /// In a form.
    #[must_use]
    pub fn new(form: Form) -> Self {
        Self { form, colored: form == Form::Text && colors(&io::stdout()) }
    }

    /// Shows a message, and what its incident is with it.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub fn message(&self, believed: &Believed, fold: &Fold, now: Timestamp) -> io::Result<()> {
        let state = believed.feedback.incident.as_ref().and_then(|about| fold.incident(about));
        let mut out = io::stdout().lock();
        if self.form == Form::Json {
            let Believed { id, key_id, feedback, .. } = believed;
            let state = state.as_ref().map(|state| as_json(state, now));
            return writeln!(out, "{}", json!({ "id": id, "key_id": key_id, "feedback": feedback, "incident": state }));
        }
        let feedback = &believed.feedback;
        let time = feedback.published.get(..19).unwrap_or(&feedback.published).replace('T', " ");
        let writer = &feedback.writer;
        let person = feedback.person.as_ref().map_or_else(String::new, |person| format!(" ({person})"));
        writeln!(
            out,
            "{time}Z {} {}/{}{person} {} {}",
            writer.country,
            writer.organisation,
            writer.node,
            short(&believed.id.to_string()),
            words(believed)
        )?;
        if let Some(state) = believed.feedback.operation_id(believed.id).and_then(|id| fold.operation(id)) {
            self.marked(&mut out, operation_printer::lines(&state, now))?;
        }
        state.map_or(Ok(()), |state| self.marked(&mut out, lines(&state, now)))
    }

    /// Shows an incident.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub fn incident(&self, state: &IncidentState, now: Timestamp) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.form == Form::Json {
            return writeln!(out, "{}", as_json(state, now));
        }
        writeln!(out, "{} of {}", state.about.incident_id, state.about.producer.uri())?;
        self.marked(&mut out, lines(state, now))
    }

    fn marked(&self, out: &mut impl Write, lines: Vec<(String, Mark)>) -> io::Result<()> {
        for (text, mark) in lines {
            writeln!(out, "    {}", mark.paint(&text, self.colored))?;
        }
        Ok(())
    }
}

/// The beginning of an id, as people are shown it.
pub(crate) fn short(id: &str) -> &str {
    id.get(..SHORT).unwrap_or(id)
}

fn as_json(state: &IncidentState, now: Timestamp) -> Value {
    let mut shown = json!(state);
    for measure in Measure::ALL {
        shown[format!("{}_until", measure.as_str())] =
            json!(state.in_force(measure, now).map(|hold| hold.until.to_string()));
    }
    shown
}

/// What a message says.
fn words(believed: &Believed) -> String {
    let of = |id: &str| id.get(..8).unwrap_or(id).to_owned();
    match &believed.said {
        Said::Acknowledgement { about } => format!("has seen {}", of(&about.incident_id)),
        Said::Status { about, stage } => format!("{} {}", of(&about.incident_id), stage.as_str()),
        Said::Verdict { about, verdict_id } => {
            format!("{} is held for: {}", of(&about.incident_id), said::verdict(*verdict_id).verdict)
        }
        Said::Comment { about, text } => format!("{} remarks: {text}", of(&about.incident_id)),
        Said::Request { about, asked } => format!(
            "asks to {} {} until {} for {} ({})",
            asked.measure.as_str(),
            of(&about.incident_id),
            asked.until,
            asked.requester,
            asked.case_reference
        ),
        Said::Receipt { of, answer: said::Answer::Accepted, .. } => format!("accepts {}", short(&of.to_string())),
        Said::Receipt { of, answer: said::Answer::Refused { reason }, .. } => {
            format!("refuses {}: {reason}", short(&of.to_string()))
        }
        Said::Suppression(asked) => format!(
            "asks not to publish {} of {} {} until {}: {}",
            asked.pattern,
            asked.entity.entity_type,
            of(&asked.entity.token),
            asked.until,
            asked.reason
        ),
        Said::Cancel { about, reason, .. } => format!("would cancel {}: {reason}", of(&about.incident_id)),
        Said::Operation(proposed) => {
            let invited: Vec<&str> = proposed.invited.iter().map(String::as_str).collect();
            format!("proposes an operation to {}: {}", invited.join(", "), proposed.title)
        }
        Said::OfOperation { of, word, .. } => format!("{} {}", short(&of.to_string()), word_of_operation(word)),
        Said::Unknown => format!("says `{}`, which a later version knows", believed.feedback.kind),
    }
}

fn word_of_operation(word: &Word) -> String {
    match word {
        Word::Answer(reply, None) => reply.as_str().to_owned(),
        Word::Answer(reply, Some(reason)) => format!("{}: {reason}", reply.as_str()),
        Word::Addition(listed) => {
            format!("is about {} incidents and {} campaigns more", listed.incidents.len(), listed.campaigns.len())
        }
        Word::Running => "runs".to_owned(),
        Word::Closed(outcome) => format!("is closed: {}", outcome.outcome),
    }
}

/// What an incident is, a line each.
fn lines(state: &IncidentState, now: Timestamp) -> Vec<(String, Mark)> {
    let mut lines = Vec::new();
    if let Some(cancelled) = &state.cancelled {
        let [first, second] = &cancelled.decided_by;
        lines.push((format!("cancelled by {first} and {second}: {}", cancelled.reason), Mark::Bad));
    }
    if !state.disputed_by.is_empty() {
        let countries: Vec<&str> = state.disputed_by.iter().map(String::as_str).collect();
        lines.push((format!("disputed by {}", countries.join(", ")), Mark::Bad));
    }
    for request in &state.requests {
        let (measure, case, until) = (request.measure.as_str(), &request.case_reference, request.until);
        let about = format!("{measure} for {} ({case})", request.requester);
        lines.push(match &request.refusal {
            Some(reason) => (format!("{about}: refused: {reason}"), Mark::Plain),
            None if request.is_in_force(now) => (format!("{about}: in force until {until}"), Mark::Look),
            None if now >= request.until => (format!("{about}: ended at {until}"), Mark::Plain),
            None => (format!("{about}: not answered yet ({})", short(&request.id.to_string())), Mark::Plain),
        });
    }
    let mut countries: Vec<String> =
        state.acknowledged.iter().map(|(country, at)| format!("{country} has seen it at {at}")).collect();
    countries.extend(state.stages.iter().map(|(country, stage)| format!("{country} {}", stage.as_str())));
    countries.extend(
        state.verdicts.iter().map(|(organisation, id)| format!("{organisation}: {}", said::verdict(*id).verdict)),
    );
    lines.extend(countries.into_iter().map(|line| (line, Mark::Plain)));
    lines
}
