//! A carrier's home cluster: topics and their options, rights, feeds, clocks.

use std::time::{Duration, Instant};

use lancang_kafka::trial::WriteTrial;
use lancang_kafka::{Admin, Connection, Error, From, Isolation, Read, Reader};

use super::reach::{failed, options};
use super::{Finding, State, certificates, exchange, reach};
use crate::config::{Config, EVIDENCE_RETENTION_MIN};
use crate::exit::Exit;
use crate::service::relay::now;
use crate::service::{Stage, clients};
use crate::topics::Topic;
use crate::topics::home;
use crate::topics::plan::{Plan, TopicStep};

/// Longest wait for the newest messages of a topic.
const NEWEST_MAX: Duration = Duration::from_secs(5);
/// A feed whose newest message is older than this is worth a look.
const FEED_QUIET: Duration = Duration::from_secs(3600);
/// A message's time that is further ahead of this clock than this: one of the two clocks is wrong.
const AHEAD_LOOK_MS: i64 = 1_000;
/// Further ahead than this it is bad: lateness, and what a broker refuses, go by these clocks.
const AHEAD_BAD_MS: i64 = 60_000;

/// What a look at a configuration's clusters needs.
pub struct Look<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// Whether rights to write are tried.
    pub try_writing: bool,
    /// Told before each thing that may take time.
    pub progress: &'a dyn Fn(&str),
}

impl Look<'_> {
    /// All of it.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = self.home();
        findings.extend(exchange::of_carrier(self.config, self.progress));
        findings
    }

    /// Stages that the configuration is for.
    fn stages(&self) -> Vec<Stage> {
        let config = self.config;
        let reads = if config.feeds.is_empty() { Vec::new() } else { vec![Stage::Intake, Stage::Score] };
        let relay = config.relay.as_ref().map(|_| Stage::Relay);
        let courier = config.courier.as_ref().map(|_| Stage::Courier);
        reads.into_iter().chain(relay).chain(courier).collect()
    }

    fn home(&self) -> Vec<Finding> {
        let mut findings = certificates::of_cluster(&self.config.kafka, now());
        findings.extend(reach::brokers("home", &self.config.kafka, self.progress));
        let connection = match clients::home(self.config, "doctor") {
            Ok(connection) => connection,
            Err(error) => return vec![options("home", &error.to_string())],
        };
        let admin = match reach::answering("home", &connection, &mut findings, self.progress) {
            Some(admin) => admin,
            None => return findings,
        };
        findings.extend(self.topics(&admin));
        findings.extend(self.feeds(&admin, &connection));
        findings.extend(self.groups(&connection));
        if self.try_writing {
            findings.extend(self.writing());
        }
        findings
    }

    fn topics(&self, admin: &Admin) -> Vec<Finding> {
        (self.progress)("topics");
        match Plan::of_topics(admin, home::topics(self.config, &self.stages())) {
            Ok(plan) => {
                let topics = plan.topics.iter().map(|(topic, step)| self.topic(topic, step));
                topics.chain(self.kept(admin)).collect()
            }
            Err(error) => vec![failed("topics", "topics at home", &error)],
        }
    }

    /// How long the records behind an alert are kept, where nothing says how long they should be: what should be and is not is
    /// told of each topic.
    fn kept(&self, admin: &Admin) -> Option<Finding> {
        let topics = &self.config.topics;
        if self.config.relay.is_none() || topics.evidence_retention.is_some() {
            return None;
        }
        let of = |topic: &str| {
            let ms = admin.options(topic).ok()?.get("retention.ms")?.parse::<u64>().ok()?;
            Some(format!("`{topic}` keeps {}", words(ms / 1000)))
        };
        let kept: Vec<String> =
            [&topics.records, &topics.incidents].into_iter().filter_map(|topic| of(topic)).collect();
        let days = EVIDENCE_RETENTION_MIN.as_secs() / 86_400;
        let found = format!(
            "alerts do not say until when they are kept{}{}; what is asked of an alert may bind until {days} d after it",
            if kept.is_empty() { "" } else { ": " },
            kept.join(", ")
        );
        let remedy =
            format!("`topics.evidence_retention = \"{days}d\"` or more, then lancang topics apply --config FILE");
        Some(Finding::look("topics", "records behind alerts", found, remedy))
    }

    fn topic(&self, topic: &Topic, step: &TopicStep) -> Finding {
        let name = topic.name.as_str();
        match step {
            TopicStep::There => Finding::good("topics", name, "is there, as it should be"),
            TopicStep::Make if self.config.topics.create => {
                Finding::good("topics", name, "is missing; the first start makes it (`topics.create`)")
            }
            TopicStep::Make => {
                let remedy = "lancang topics apply --config FILE";
                Finding::bad("topics", name, "is missing", remedy, Exit::Configuration)
            }
            TopicStep::Change(differences) => {
                let each =
                    differences.iter().map(|option| format!("{} is {}, not {}", option.name, option.is, option.should));
                let reason = differences.first().map_or("", |option| option.reason);
                let remedy = format!("lancang topics apply --config FILE ({reason})");
                Finding::look("topics", name, each.collect::<Vec<_>>().join("; "), remedy)
            }
            TopicStep::Wrong(why) => {
                let remedy = "correct `topics.partitions`, or use a topic of another name: no command mends it";
                Finding::bad("topics", name, why, remedy, Exit::Configuration)
            }
        }
    }

    /// Topics of feeds: they are the carrier's own, read for real, and their newest message tells of silence and clocks.
    fn feeds(&self, admin: &Admin, connection: &Connection) -> Vec<Finding> {
        let mut findings = Vec::new();
        for feed in &self.config.feeds {
            for topic in &feed.topics {
                (self.progress)(topic);
                let what = format!("{} ({topic})", feed.name);
                match newest_ms(admin, connection, topic) {
                    Ok(None) => {
                        let found = "is there, and empty";
                        let remedy = "does its producer write? Until a first record comes it holds back no watermark";
                        findings.push(Finding::look("feeds", what, found, remedy));
                    }
                    Ok(Some(newest_ms)) => {
                        let age_ms = now().as_ms() - newest_ms;
                        findings.push(quiet(&what, age_ms));
                        findings.push(clock(&what, age_ms));
                    }
                    Err(error) => findings.push(failed("feeds", &what, &error)),
                }
            }
        }
        findings
    }

    /// Groups that the stages join, and the topic that each reads first.
    fn groups(&self, connection: &Connection) -> Vec<Finding> {
        let (config, stages) = (self.config, self.stages());
        let mut groups: Vec<(String, &str)> = Vec::new();
        if stages.contains(&Stage::Intake) {
            let first = config.feeds.first().and_then(|feed| feed.topics.first());
            groups.extend(first.map(|topic| (config.intake.group.clone(), topic.as_str())));
            groups.push((config.score.group.clone(), &config.topics.records));
        }
        if let Some(relay) = &config.relay {
            groups.push((relay.group.clone(), &config.topics.incidents));
            groups.push((format!("{}-copier", relay.group), &config.topics.outbox));
        }
        let ask = |(group, topic): (String, &str)| {
            (self.progress)(&group);
            reach::group(connection, &group, topic)
        };
        groups.into_iter().map(ask).collect()
    }

    fn writing(&self) -> Vec<Finding> {
        (self.progress)("rights to write");
        let settings = match clients::companion(self.config, "doctor") {
            Ok(settings) => settings,
            Err(error) => return vec![options("home", &error.to_string())],
        };
        let id = format!("transactional id {}", settings.transactional_id);
        let trial = match WriteTrial::begin(&settings) {
            Ok(trial) => trial,
            Err(error) => return vec![failed("rights", &id, &error)],
        };
        let mut findings = vec![Finding::good("rights", id, "may be used")];
        for topic in home::topics(self.config, &self.stages()) {
            let what = format!("writing to {}", topic.name);
            findings.push(match trial.write(&topic.name) {
                Ok(()) => Finding::good("rights", what, "is allowed; the transaction was aborted"),
                Err(error) => failed("rights", &what, &error),
            });
        }
        findings
    }
}

fn quiet(what: &str, age_ms: i64) -> Finding {
    let age_s = (age_ms.max(0) / 1000).unsigned_abs();
    let found = format!("its newest message is {} old", words(age_s));
    if age_s > FEED_QUIET.as_secs() {
        return Finding::look("feeds", what, found, "ask its producer; a silent switch never reads as peace");
    }
    Finding::good("feeds", what, found)
}

/// `45 s`, `12 min`, `3 h`, `4 d`
fn words(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Kafka tells no time of its own; that messages come from the future shows a clock that is wrong.
pub(super) fn clock(what: &str, age_ms: i64) -> Finding {
    let ahead_ms = -age_ms;
    let what = format!("against {what}");
    if ahead_ms <= AHEAD_LOOK_MS {
        return Finding::good("clock", what, "no message is ahead of this clock");
    }
    let found = format!("the newest message is {ahead_ms} ms ahead of this clock");
    let remedy =
        "compare both with a time server (`chronyc tracking`): this machine's, and that of the feed's producer";
    let state = if ahead_ms > AHEAD_BAD_MS { State::Bad } else { State::Look };
    Finding { state, ..Finding::look("clock", what, found, remedy) }
}

/// Time of the newest message of a topic, ms since the Unix epoch, read as a stage would.
pub(super) fn newest_ms(admin: &Admin, connection: &Connection, topic: &str) -> Result<Option<i64>, Error> {
    let missing = || Error::MissingTopic { topic: topic.to_owned() };
    let partitions = admin.partitions(topic)?.ok_or_else(missing)?;
    let mut starts = Vec::new();
    for partition in 0..partitions {
        let (first, end) = admin.watermarks(topic, partition)?;
        if end > first {
            // The last offsets may be markers of transactions.
            starts.push((partition, From::Offset(first.max(end - 5))));
        }
    }
    if starts.is_empty() {
        return Ok(None);
    }
    let mut reader = Reader::open(connection, topic, Isolation::Uncommitted, &starts)?;
    let (until, mut open, mut newest) = (Instant::now() + NEWEST_MAX, starts.len(), None);
    while open > 0 && Instant::now() < until {
        match reader.next(Duration::from_millis(500))? {
            Some(Read::Record(record)) => newest = newest.max(record.timestamp_ms),
            Some(Read::End { .. }) => open -= 1,
            None => {}
        }
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_from_the_future_shows_a_clock_that_is_wrong() {
        assert_eq!(clock("voice", 5_000).state, State::Good);
        assert_eq!(clock("voice", -900).state, State::Good);
        assert_eq!((clock("voice", -2_000).state, clock("voice", -61_000).state), (State::Look, State::Bad));
        assert_eq!(quiet("voice", 3_599_000).state, State::Good);
        assert_eq!(
            (quiet("voice", 7_300_000).state, quiet("voice", 7_300_000).found.as_str()),
            (State::Look, "its newest message is 2 h old")
        );
    }
}
