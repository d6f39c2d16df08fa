//! Incidents and alerts, read as any consumer reads them.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use lancang_alert::incident::Message;
use lancang_alert::{Alert, Incident};
use lancang_kafka::{From, Isolation, Read, Reader};
use lancang_record::Country;
use lancang_record::codec::fields::parse_time;

use super::agency::COUNTRY;
use super::neighbour::Neighbour;
use super::screen::Screen;
use super::sender::Sender;
use super::world::World;

/// Reads the incidents and the alerts topic.
pub struct Watch {
    incidents: Reader,
    alerts: Reader,
    neighbour: Neighbour,
    /// Incident lines, for the evaluation.
    pub lines: String,
    /// Number of incident lines.
    pub seen: u64,
    /// Number of alerts.
    pub shared: u64,
    /// From a record's sending to the incident line that it led to, microseconds.
    pub latency: Histogram<u64>,
}

impl Watch {
    /// Begins to read.
    ///
    /// # Errors
    /// If the broker does not answer.
    pub fn open(world: &World) -> anyhow::Result<Self> {
        let topics = &world.config.topics;
        let open =
            |topic: &str| Reader::open(&world.connection(), topic, Isolation::Committed, &[(0, From::Beginning)]);
        Ok(Self {
            incidents: open(&topics.incidents)?,
            alerts: open(&topics.alerts)?,
            neighbour: world.registrar.neighbour(world.connection(), &topics.feedback)?,
            lines: String::new(),
            seen: 0,
            shared: 0,
            latency: Histogram::new_with_bounds(1, 3_600_000_000, 3)?,
        })
    }

    /// Shows what has come.
    ///
    /// # Errors
    /// If the broker fails, or a line is none.
    pub fn look(&mut self, screen: &Screen, sender: &Sender) -> anyhow::Result<()> {
        while let Some(read) = self.incidents.next(Duration::ZERO)? {
            let Read::Record(record) = read else { continue };
            let bytes = record.payload.unwrap_or_default();
            let incident = Incident::read(&bytes)?;
            self.seen += 1;
            self.lines.push_str(&String::from_utf8_lossy(&bytes));
            self.lines.push('\n');
            if incident.message == Message::Close {
                screen.incident(&incident);
                continue;
            }
            if let Some(took) = latency(&incident, sender) {
                self.latency.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
            }
            if incident.message == Message::Open {
                screen.incident(&incident);
            }
        }
        while let Some(read) = self.alerts.next(Duration::ZERO)? {
            let Read::Record(record) = read else { continue };
            let alert: Alert = serde_json::from_slice(&record.payload.unwrap_or_default())?;
            self.shared += 1;
            self.neighbour.hear(&alert, COUNTRY)?;
            if alert.message != "update" {
                screen.alert(&alert);
            }
        }
        Ok(())
    }
}

/// From the sending of an incident's newest record until now.
fn latency(incident: &Incident, sender: &Sender) -> Option<Duration> {
    let home = Country::parse(&incident.home)?;
    let event = parse_time("last_event", &incident.last_event).ok()?;
    sender.sent_at(home, event).map(|sent| Instant::now() - sent)
}
