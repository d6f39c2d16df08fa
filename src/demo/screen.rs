//! What a demo prints: a line when an incident opens or closes, its reasons in words, and what of it crossed the
//! border. Colours only on a terminal and without `NO_COLOR`.

use std::net::SocketAddr;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use lancang_alert::incident::Message;
use lancang_alert::words::{Language, Words};
use lancang_alert::{Alert, Catalogue, Incident};

use super::sender::Sender;
use crate::logging::{colors, progress};
use crate::metrics::{Metric, Metrics};

/// The terminal.
pub struct Screen {
    bar: ProgressBar,
    colored: bool,
    words: Words,
    /// Units of features.
    catalogue: Catalogue,
}

/// SGR parameters (ECMA-48).
const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "1;31";
const YELLOW: &str = "1;33";
const GREEN: &str = "32";
const CYAN: &str = "36";

impl Screen {
    /// Standard output, and a line of progress at the bottom of a terminal.
    #[must_use]
    pub fn new(catalogue: Catalogue) -> Self {
        let bar = if progress() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        if progress() {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self { bar, colored: colors(&std::io::stdout()), words: Words::new(Language::English), catalogue }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colored { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A line, above the progress.
    pub fn line(&self, text: &str) {
        self.bar.suspend(|| println!("{text}"));
    }

    /// A remark.
    pub fn note(&self, text: &str) {
        self.line(&self.paint(DIM, text));
    }

    /// What runs here.
    pub fn greet(&self, broker: &str, http: SocketAddr, speed: f64, subscribers: u64) {
        self.line(&self.paint(BOLD, "lancang demo"));
        self.line(&format!(
            "broker   embedded: librdkafka's MockCluster at {broker}; good for a look, no Apache Kafka"
        ));
        self.line(&format!(
            "traffic  synthetic: {subscribers} subscribers of six operators, fraud and look-alikes planted"
        ));
        self.line(&format!("time     {speed} times as fast as events; the times below are of the events, UTC"));
        self.line(&format!("metrics  http://{http}/metrics, health at /healthz and /readyz"));
    }

    /// Where the agency's console is, and how to act there.
    pub fn console(&self, address: SocketAddr, password: &str) {
        self.line(&format!("console  http://{address}: look; to act, sign in as demo with the password {password}"));
    }

    /// Where the desk of a carrier is, and how to see its subscribers there.
    pub fn desk(&self, address: SocketAddr, password: &str) {
        self.line(&format!(
            "desk     http://{address}: a carrier's own; in clear as demo with the password {password}"
        ));
        self.line("");
    }

    /// An incident that opens or closes, as the carrier's own fraud desk sees it.
    pub fn incident(&self, incident: &Incident) {
        let (word, color) = match (incident.message, incident.severity) {
            (Message::Close, _) => ("closed", GREEN),
            (_, 4..) => ("OPEN", RED),
            _ => ("open", YELLOW),
        };
        let time = incident.last_event.get(11..19).unwrap_or("");
        let what = self.words.title(&incident.family, incident.rule.as_deref());
        self.line(&format!(
            "{time} {} {} {what:<33} {} {}  score {}",
            incident.home,
            self.paint(color, &format!("{word:<6}")),
            incident.entity.entity_type,
            self.paint(BOLD, &incident.entity.value),
            incident.score,
        ));
        if incident.message == Message::Open {
            let sentence = |reason: &lancang_alert::incident::Reason| {
                let unit = self.catalogue.unit(&incident.patterns, &reason.pattern, &reason.code);
                self.words.reason(&reason.code, unit, reason.value, reason.threshold)
            };
            let reasons: Vec<String> = incident.reasons.iter().map(sentence).collect();
            self.line(&self.paint(DIM, &format!("            {}", reasons.join(" "))));
        }
    }

    /// What of an incident crossed the border.
    pub fn alert(&self, alert: &Alert) {
        let entities: Vec<String> = alert
            .entities
            .iter()
            .take(3)
            .map(|entity| {
                let shown = entity.masked.as_deref().unwrap_or("hidden");
                format!("{} {} {shown} ({}…)", entity.role, entity.entity_type, &entity.token[..8])
            })
            .collect();
        let more = alert.entities.len().saturating_sub(3);
        let more = if more == 0 { String::new() } else { format!(", {more} more") };
        let shared = format!("shared #{} by {}", alert.sequence, alert.producer.country);
        self.line(&format!(
            "            {} {}, {}: {}{more}",
            self.paint(CYAN, &shared),
            self.words.title(&alert.category, alert.rule.as_deref()),
            alert.message,
            entities.join(", ")
        ));
    }

    /// How far it is.
    pub fn progress(&self, sender: &Sender, metrics: &Metrics) {
        let read = metrics.count(Metric::ScoreRecordsRead, &[]);
        let time = sender.reached().to_string();
        let time = time.get(..16).unwrap_or("");
        self.bar.set_message(format!("{time} UTC of the events  {} records sent, {read} scored", sender.sent()));
    }

    /// The line of progress goes.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
