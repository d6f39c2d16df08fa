//! `lancang campaigns`: alerts of all carriers, joined by what they share.
//!
//! - The correlator reads what is published of alerts, as every reader does, and writes the campaigns topic alone. It keeps
//!   nothing on a disk: a start reads the alerts that the topic holds and what it published before, and says what differs.
//! - At least once: a state that the brokers may have taken is sent again with the same bytes, which readers drop.

use std::io::{self, Write as _};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use lancang_alert::campaign::CampaignMessage;
use lancang_alert::handling::COUNTRIES;
use lancang_alert::words::Words;
use lancang_alert::{Campaign, Signer, Terms};
use lancang_console::{Correlator, Publisher, Viewer};
use lancang_kafka::{Error, OutRecord, Producer};
use lancang_record::Country;
use serde_json::json;

use super::keys;
use crate::alert_topic::AlertTopic;
use crate::campaign_topic::CampaignTopic;
use crate::certificates;
use crate::cli::campaigns::{Campaigns, Correlate, List, Tail};
use crate::cli::{Form, alerts::Look};
use crate::config::Consumer;
use crate::exit::{Exit, Failure};
use crate::http::Endpoint;
use crate::metrics::{Metric, Metrics};
use crate::service::clients;
use crate::service::relay::now;
use crate::signed_topic::{Begin, sent};
use crate::topics::exchange::CAMPAIGNS;

/// States that are sent at once.
const BATCH_MAX: usize = 1000;

/// Runs the command.
///
/// # Errors
/// Whatever the command ends with.
pub fn run(args: Campaigns) -> anyhow::Result<()> {
    match args {
        Campaigns::Correlate(args) => correlate(&args),
        Campaigns::Tail(args) => tail(&args),
        Campaigns::List(args) => list(&args),
    }
}

fn viewer(countries: &[Country]) -> Viewer {
    if countries.is_empty() {
        return Viewer(COUNTRIES.map(str::to_owned).to_vec());
    }
    Viewer(countries.iter().map(ToString::to_string).collect())
}

fn correlate(args: &Correlate) -> anyhow::Result<()> {
    let consumer = keys::consumer(&args.place.config)?;
    let signer = keys::signing(&args.key)?;
    let served = args.listen.map(|listen| Endpoint::open(listen, "correlator")).transpose()?;
    if let Some(served) = &served {
        certificates::tell_one(&served.metrics, "exchange", certificates::shown(&consumer.exchange));
    }
    let ending = served.as_ref().map(Endpoint::ending).transpose()?;
    served.iter().for_each(|served| tell_heard(&served.metrics));
    let mut alerts = AlertTopic::open(&consumer, Begin::Beginning)?;
    let mut publishing = Publishing::open(&consumer, args, signer)?;
    let mut correlator = Correlator::new(viewer(&args.country));
    let (mut looked, mut counted): (Option<Instant>, _) = (None, Counted::default());
    loop {
        if let Some(believed) = alerts.turn(now)? {
            counted.taken += 1;
            correlator.take(&believed.verified.alert);
        }
        if let Some(served) = &served {
            served.pulse.turn();
            counted.tell(&served.metrics, &alerts);
        }
        // Of what was not published the next start says what differs.
        if ending.as_ref().is_some_and(|ending| ending.load(Ordering::Relaxed)) {
            return Ok(());
        }
        if !alerts.is_past_end() || looked.is_some_and(|looked| looked.elapsed() < args.every) {
            continue;
        }
        looked = Some(Instant::now());
        let is_sent = publishing.publish(&mut correlator)?;
        if let Some(served) = &served {
            tell(served, &correlator, &publishing.publisher, is_sent);
        }
        if args.until_end && is_sent {
            return publishing.told();
        }
    }
}

/// Between two looks how far its topic was read.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What was read since it was told last.
#[derive(Default)]
struct Counted {
    taken: u64,
    refused: u64,
    told: Option<Instant>,
}

impl Counted {
    fn tell(&mut self, metrics: &Metrics, alerts: &AlertTopic) {
        if self.told.is_some_and(|told| told.elapsed() < LOOK_EVERY) {
            return;
        }
        self.told = Some(Instant::now());
        metrics.add(Metric::CampaignMessages, &["taken"], std::mem::take(&mut self.taken));
        let refused = alerts.refused();
        metrics.add(Metric::CampaignMessages, &["refused"], refused - std::mem::replace(&mut self.refused, refused));
        // Brokers that are away say no end: what was known last stands, and since when.
        if let Ok(Some(end)) = alerts.topic().end_now() {
            metrics.set(Metric::CampaignLag, &[], (end - alerts.topic().next_offset()).max(0) as f64);
            tell_heard(metrics);
        }
    }
}

/// The brokers have answered now.
fn tell_heard(metrics: &Metrics) {
    metrics.set(Metric::CampaignHeard, &[], now().as_ms() as f64 / 1000.0);
}

/// What is published, and what is still to be.
struct Publishing {
    publisher: Publisher,
    producer: Producer,
    signer: Signer,
    terms: Terms,
    waiting: Vec<OutRecord>,
    sent: u64,
    refused: u64,
    /// Whether it ends by itself.
    ends: bool,
}

impl Publishing {
    /// Reads what was published before.
    fn open(consumer: &Consumer, args: &Correlate, signer: Signer) -> anyhow::Result<Self> {
        let connection = clients::connection(&consumer.exchange)?;
        let connection = connection.with_client_id(format!("{}-correlator", consumer.exchange.instance));
        let producer = Producer::connect(&clients::producer(connection))?;
        let mut publisher = Publisher::new(args.writer.clone());
        let mut before = CampaignTopic::open(consumer)?;
        while !before.is_past_end() {
            // What another correlator published is gone on with: its campaigns have the same ids.
            before.turn()?.iter().for_each(|(verified, _)| publisher.learn(&verified.campaign));
        }
        let (live, refused, writer) = (publisher.live(), before.refused(), args.writer.uri());
        tracing::info!(campaigns = live, refused, "publishing as {writer}");
        let terms = Terms::default();
        Ok(Self { publisher, producer, signer, terms, waiting: Vec::new(), sent: 0, refused, ends: args.until_end })
    }

    /// Publishes what has changed; false if the brokers have not taken it yet.
    fn publish(&mut self, correlator: &mut Correlator) -> anyhow::Result<bool> {
        if self.waiting.is_empty() {
            let handling = self.terms.handling(now());
            let changes = self.publisher.changes(correlator, &handling, now());
            self.waiting = changes.iter().map(|campaign| out(campaign, &self.signer)).collect();
        }
        while !self.waiting.is_empty() {
            let count = self.waiting.len().min(BATCH_MAX);
            match self.producer.send_batch(&self.waiting[..count]) {
                Ok(()) => self.sent += self.waiting.drain(..count).len() as u64,
                // Who waits for an end is told; a service goes on until the brokers take it.
                Err(error @ Error::Delivery { .. }) if !self.ends => {
                    tracing::warn!("{} campaigns are not published yet: {error}", self.waiting.len());
                    return Ok(false);
                }
                Err(error) => return Err(crate::service::with_status(error)),
            }
        }
        Ok(true)
    }

    fn told(&self) -> anyhow::Result<()> {
        let (sent, live) = (self.sent, self.publisher.live());
        writeln!(io::stdout().lock(), "{sent} states published, {live} campaigns")?;
        if self.refused > 0 {
            return Err(Failure::new(Exit::Data, format!("{} messages were refused", self.refused)).into());
        }
        Ok(())
    }
}

fn out(campaign: &Campaign, signer: &Signer) -> OutRecord {
    let CampaignMessage { key, value, headers } = campaign.signed(signer);
    sent(CAMPAIGNS, key, value, headers)
}

fn tail(args: &Tail) -> anyhow::Result<()> {
    let consumer = keys::consumer(&args.place.config)?;
    let words = Words::new(args.look.language());
    let mut topic = CampaignTopic::open(&consumer)?;
    let mut shown = 0_u64;
    while !(args.until_end && topic.is_past_end()) && args.number.is_none_or(|number| shown < number) {
        // What was there before is read in silence, so that an old state that is sent once more is known.
        let is_told = args.from_beginning || topic.is_past_end();
        let Some((verified, _)) = topic.turn()?.filter(|_| is_told) else { continue };
        show(&verified.campaign, Some(&verified.key_id), &words, &args.look)?;
        shown += 1;
    }
    let refused = topic.refused();
    if args.until_end && refused > 0 {
        let why = format!("{refused} messages were refused; {shown} states are shown");
        return Err(Failure::new(Exit::Data, why).into());
    }
    Ok(())
}

fn list(args: &List) -> anyhow::Result<()> {
    let consumer = keys::consumer(&args.place.config)?;
    let words = Words::new(args.look.language());
    let mut alerts = AlertTopic::open(&consumer, Begin::Beginning)?;
    let mut correlator = Correlator::new(viewer(&args.country));
    while !alerts.is_past_end() {
        if let Some(believed) = alerts.turn(now)? {
            correlator.take(&believed.verified.alert);
        }
    }
    let country = args.country.first().map(ToString::to_string).unwrap_or_default();
    let looking = lancang_alert::Source { country, organisation: "-".to_owned(), node: "-".to_owned() };
    let handling = Terms::default().handling(now());
    let mut campaigns = Publisher::new(looking).changes(&mut correlator, &handling, now());
    campaigns.sort_by_key(|campaign| std::cmp::Reverse(campaign.alerts));
    campaigns.iter().try_for_each(|campaign| show(campaign, None, &words, &args.look))?;
    Ok(())
}

fn show(campaign: &Campaign, key_id: Option<&str>, words: &Words, look: &Look) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if look.output == Form::Json {
        return writeln!(out, "{}", json!({ "campaign": campaign, "key_id": key_id }));
    }
    let short = |time: &str| time.get(..16).unwrap_or(time).replace('T', " ");
    let counts = |counts: &std::collections::BTreeMap<String, u64>| {
        let mut counts: Vec<_> = counts.iter().collect();
        counts.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
        counts.into_iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
    };
    let status = match campaign.status.as_str() {
        "actual" => String::new(),
        status => format!("[{}] ", words.word("status", status)),
    };
    writeln!(
        out,
        "{}Z {status}{} {} {}  {} ({})  {}Z – {}Z",
        short(&campaign.published),
        campaign.campaign_id,
        words.word("message", &campaign.message),
        words.word("severity", &campaign.severity.to_string()),
        campaign.alerts,
        counts(&campaign.countries),
        short(&campaign.first_event),
        short(&campaign.last_event),
    )?;
    if let Some(into) = &campaign.merged_into {
        return writeln!(out, "    → {into}");
    }
    if campaign.alerts == 0 {
        return Ok(());
    }
    writeln!(out, "    {}", counts(&campaign.carriers))?;
    writeln!(out, "    {}", counts(&campaign.patterns))?;
    let mut kinds = std::collections::BTreeMap::new();
    campaign.shared.iter().for_each(|shared| *kinds.entry(shared.kind.clone()).or_insert(0) += 1);
    writeln!(out, "    {}", counts(&kinds))
}

fn tell(endpoint: &Endpoint, correlator: &Correlator, publisher: &Publisher, is_sent: bool) {
    endpoint.pulse.set_ready(is_sent);
    endpoint.metrics.set(Metric::Campaigns, &[], publisher.live() as f64);
    endpoint.metrics.set(Metric::CampaignAlerts, &[], correlator.len() as f64);
    endpoint.metrics.set(Metric::CampaignEvicted, &[], correlator.evicted() as f64);
}
