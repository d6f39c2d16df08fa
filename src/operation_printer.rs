//! Joint operations as people read them: a few lines each; or JSON, a line each.

use std::io::{self, Write};

use lancang_alert::feedback::OperationState;
use lancang_alert::feedback::joint::{Part, Progress};
use lancang_alert::feedback::operation::Outcome;
use lancang_record::Timestamp;
use serde_json::json;

use crate::cli::Form;
use crate::columns::Mark;
use crate::feedback_printer::short;
use crate::logging::colors;

const HOUR_MS: i64 = 3_600_000;

/// Shows operations on standard output.
#[derive(Debug)]
pub struct OperationPrinter {
    form: Form,
    colored: bool,
}

impl OperationPrinter {
    /// In a form.
    #[must_use]
    pub fn new(form: Form) -> Self {
        Self { form, colored: form == Form::Text && colors(&io::stdout()) }
    }

    /// Shows an operation.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub fn operation(&self, state: &OperationState, now: Timestamp) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.form == Form::Json {
            return writeln!(out, "{}", json!(state));
        }
        writeln!(out, "{} {}", short(&state.operation_id.to_string()), state.title)?;
        for (text, mark) in lines(state, now) {
            writeln!(out, "    {}", mark.paint(&text, self.colored))?;
        }
        Ok(())
    }
}

/// What an operation is, a line each.
pub(crate) fn lines(state: &OperationState, now: Timestamp) -> Vec<(String, Mark)> {
    let mark = if state.stage == Progress::Running { Mark::Look } else { Mark::Plain };
    let day = state.day.as_ref().map(|day| format!(", planned for {day}")).unwrap_or_default();
    let outcome = state.outcome.as_ref().map(|outcome| format!(": {}", came_of_it(outcome))).unwrap_or_default();
    let mut lines = vec![(format!("{}{outcome}{day}", state.stage.as_str()), mark)];
    if state.outcomes_differ {
        lines.push(("it was closed with other outcomes before".to_owned(), Mark::Bad));
    }
    lines.push((
        format!("proposed by {} at {}, led by {}", state.proposer.uri(), state.published, state.lead.uri()),
        Mark::Plain,
    ));
    lines.extend(state.countries.iter().map(|(country, part)| answer(country, part, state, now)));
    let differ = state.countries.iter().flat_map(|(country, part)| {
        part.otherwise
            .iter()
            .map(move |(name, reply)| (format!("{country}: {name} said {}", reply.as_str()), Mark::Bad))
    });
    lines.extend(differ);
    for listed in &state.incidents {
        let text =
            format!("incident {} of {}, by {}", listed.about.incident_id, listed.about.producer.uri(), listed.by);
        lines.push((text, Mark::Plain));
    }
    for listed in &state.campaigns {
        lines.push((format!("campaign {}, by {}", listed.campaign_id, listed.by), Mark::Plain));
    }
    if state.not_listed > 0 {
        lines.push((format!("{} more were added than a country may list", state.not_listed), Mark::Look));
    }
    let without = state
        .unheard
        .iter()
        .map(|(id, why)| (format!("without effect: {} ({why})", short(&id.to_string())), Mark::Bad));
    lines.extend(without);
    lines
}

fn answer(country: &str, part: &Part, state: &OperationState, now: Timestamp) -> (String, Mark) {
    let Some(reply) = part.answer else {
        let hours = now.since_ms(state.published).max(0) / HOUR_MS;
        return (format!("{country} has not answered for {hours} h"), Mark::Look);
    };
    let at = part.at.map(|at| format!(" at {at}")).unwrap_or_default();
    let by = part.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let reason = part.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    (format!("{country} {}{at}{by}{reason}", reply.as_str()), Mark::Plain)
}

fn came_of_it(outcome: &Outcome) -> String {
    let count = |name: &str, count: Option<u32>| count.map(|count| format!(", {count} {name}")).unwrap_or_default();
    format!("{}{}{}", outcome.outcome, count("suspects", outcome.suspects), count("sites", outcome.sites))
}
