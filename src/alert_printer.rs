//! Alerts as people read them, in their language; or as JSON, a line each.

use std::collections::BTreeMap;
use std::io::{self, Write};

use lancang_alert::Alert;
use lancang_alert::alert::Entity;
use lancang_alert::feedback::IncidentState;
use lancang_alert::words::Words;
use serde_json::{Value, json};

use crate::cli::Form;
use crate::cli::alerts::Look;
use crate::logging::colors;

/// Entities of an alert that are shown one by one.
const ENTITIES_SHOWN: usize = 8;

/// SGR parameters (ECMA-48).
const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "1;31";
const YELLOW: &str = "33";
const GREEN: &str = "32";

/// What is known of an alert besides what it says.
#[derive(Debug, Default)]
pub struct Besides {
    /// Key that signed it.
    pub key_id: Option<String>,
    /// Clear values of entities that the reader is entitled to, by their tokens. Never for a log.
    pub opened: BTreeMap<String, String>,
    /// Countries that hold it for a false positive.
    pub disputed_by: Vec<String>,
}

/// Shows alerts on standard output.
#[derive(Debug)]
pub struct Printer {
    words: Words,
    form: Form,
    colored: bool,
    begun: bool,
}

impl Printer {
    /// As the command line asks for.
    #[must_use]
    pub fn new(look: &Look) -> Self {
        let colored = look.output == Form::Text && colors(&io::stdout());
        Self { words: Words::new(look.language()), form: look.output, colored, begun: false }
    }

    /// Shows an alert.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub fn show(&mut self, alert: &Alert, besides: &Besides) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.form == Form::Json {
            return writeln!(out, "{}", self.as_json(alert, besides));
        }
        if !std::mem::replace(&mut self.begun, true)
            && let Some(unreviewed) = self.words.unreviewed()
        {
            writeln!(out, "{}", self.paint(DIM, &unreviewed))?;
        }
        write!(out, "{}", self.as_text(alert, besides))
    }

    /// Shows that an alert that was shown before is disputed now.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub fn disputed(&self, state: &IncidentState) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.form == Form::Json {
            let about = &state.about;
            let disputed = json!({ "incident_id": about.incident_id, "producer": about.producer, "disputed_by": state.disputed_by });
            return writeln!(out, "{}", json!({ "disputed": disputed }));
        }
        let countries: Vec<&str> = state.disputed_by.iter().map(String::as_str).collect();
        let id = state.about.incident_id.get(..8).unwrap_or(&state.about.incident_id);
        writeln!(out, "{} {id}: {}", state.about.producer.country, self.paint(RED, &self.dispute(&countries)))
    }

    fn dispute(&self, countries: &[&str]) -> String {
        format!("{} {}", self.words.word("label", "disputed"), countries.join(", "))
    }

    fn as_json(&self, alert: &Alert, besides: &Besides) -> Value {
        let mut shown = json!({
            "alert": alert,
            "language": self.words.language().tag(),
            "title": self.words.title(&alert.category, alert.rule.as_deref()),
            "reasons": self.words.reasons(alert).collect::<Vec<_>>(),
        });
        if let Some(key_id) = &besides.key_id {
            shown["key_id"] = json!(key_id);
        }
        if !besides.disputed_by.is_empty() {
            shown["disputed_by"] = json!(besides.disputed_by);
        }
        if !besides.opened.is_empty() {
            shown["opened"] = json!(besides.opened);
        }
        shown
    }

    /// The alert, a line that says what, and lines that say why, who and what to do.
    fn as_text(&self, alert: &Alert, besides: &Besides) -> String {
        let words = &self.words;
        let ends = matches!(alert.message.as_str(), "close" | "cancel");
        let color = match alert.severity {
            _ if ends => GREEN,
            4.. => RED,
            3 => YELLOW,
            _ => BOLD,
        };
        let time = alert.published.get(..19).unwrap_or(&alert.published).replace('T', " ");
        let severity = self.paint(color, &words.word("severity", &alert.severity.to_string()));
        let status = match alert.status.as_str() {
            "actual" => String::new(),
            status => format!("[{}] ", self.paint(BOLD, &words.word("status", status))),
        };
        let mut text = format!(
            "{time}Z {} {severity} {status}{}: {} ({}, {} {})  {}:{}\n",
            alert.producer.country,
            words.word("message", &alert.message),
            self.paint(BOLD, &words.title(&alert.category, alert.rule.as_deref())),
            alert.pattern,
            words.word("label", "score"),
            alert.score,
            alert.incident_id.get(..8).unwrap_or(&alert.incident_id),
            alert.revision,
        );
        if !besides.disputed_by.is_empty() {
            let countries: Vec<&str> = besides.disputed_by.iter().map(String::as_str).collect();
            text.push_str(&format!("    {}\n", self.paint(RED, &self.dispute(&countries))));
        }
        for entity in alert.entities.iter().take(ENTITIES_SHOWN) {
            text.push_str(&format!("    {}\n", self.entity(entity, besides)));
        }
        if let Some(more) = alert.entities.len().checked_sub(ENTITIES_SHOWN).filter(|more| *more > 0) {
            text.push_str(&format!(
                "    {}\n",
                words.text("label-more", &[("count", &more.to_string())]).unwrap_or_default()
            ));
        }
        for reason in words.reasons(alert) {
            text.push_str(&format!("    {}\n", self.paint(DIM, &reason)));
        }
        for victims in &alert.victims {
            text.push_str(&format!("    {}: {} {}\n", words.word("label", "victims"), victims.country, victims.count));
        }
        let recommended = alert.action.as_ref().map_or(&[][..], |action| &action.recommended);
        if !recommended.is_empty() && !ends {
            let actions: Vec<String> = recommended.iter().map(|code| words.word("action", code)).collect();
            text.push_str(&format!("    {}: {}\n", words.word("label", "recommended"), actions.join("; ")));
        }
        text
    }

    fn entity(&self, entity: &Entity, besides: &Besides) -> String {
        let words = &self.words;
        let clear = besides.opened.get(&entity.token).or(entity.value.as_ref());
        let shown = clear.or(entity.masked.as_ref()).cloned().unwrap_or_else(|| words.word("label", "hidden"));
        let token = entity.token.get(..8).unwrap_or(&entity.token);
        format!(
            "{} · {} {} {}",
            words.word("entity", &entity.entity_type),
            words.word("role", &entity.role),
            printable(&shown),
            self.paint(DIM, &format!("({token}…)"))
        )
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colored { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Senders of messages choose their names: what steers a terminal is left out.
pub(crate) fn printable(text: &str) -> String {
    // Marks that turn the direction of writing (UAX #9).
    let turns = |c: char| matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|c| !c.is_control() && !turns(*c)).collect()
}
