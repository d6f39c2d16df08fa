//! Broker, topics, folders and configuration of a demo.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use lancang_kafka::{Connection, Mock};
use lancang_record::Class;
use lancang_traffic::generator::FeedKind;
use lancang_traffic::world::{OPERATORS, trunk_table};
use lancang_traffic::{Feed, Generator};
use tempfile::TempDir;

use super::agency::Registrar;
use super::books;
use crate::config::{self, Cluster, Config, Epoch, Format, Intake, Operator, Patterns, Relay, Score, Topics};
use crate::secret::{Secret, random, write_secret};
use crate::service::relay::now;
use crate::topics::exchange::CAMPAIGNS;

/// Partitions of the records log.
const PARTITIONS: u32 = 4;
/// Silence after which an input is idle. Event time runs fast here: a quiet minute is a fraction of a second.
const IDLE: Duration = Duration::from_secs(30);

/// Everything that a demo stands on; gone when this is dropped.
pub struct World {
    /// Configuration of the stages.
    pub config: Config,
    /// Keys of everybody, and the agency's console.
    pub registrar: Registrar,
    mock: Mock,
    _folder: TempDir,
}

impl World {
    /// Starts the broker and writes what the configuration names.
    ///
    /// # Errors
    /// If the broker cannot open a port, or a folder cannot be written.
    pub fn make(generator: &Generator, patterns: &Path, listen: SocketAddr) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("lancang-demo-").tempdir().context("cannot make a folder")?;
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir(path("lists"))?;
        std::fs::write(path("lists/generated.csv"), generator.lists())?;
        std::fs::write(path("trunks.csv"), trunk_table())?;
        write_secret(&path("epoch.key"), &crate::store::hex(random()?.as_ref()))?;
        let mut operators: Vec<Operator> = OPERATORS.iter().map(operator).collect();
        let registrar = Registrar::make(folder.path(), &mut operators, now())?;
        let mut config = Config {
            operators: operators.clone(),
            // Known once the broker has its topics.
            kafka: cluster(""),
            exchange: None,
            topics: topics(),
            feeds: feeds(),
            intake: Intake { commit: Duration::from_millis(50), ..Intake::default() },
            score: Score { commit: Duration::from_millis(50), ..Score::default() },
            courier: None,
            console: None,
            relay: Some(Relay {
                epochs: vec![Epoch { id: "demo".to_owned(), from: None, key: Secret::File(path("epoch.key")) }],
                signing_key: operators.first().and_then(|operator| operator.signing_key.clone()),
                registry: Some(registrar.registry()),
                ..Relay::default()
            }),
            keys: registrar.roots(),
            handling: lancang_alert::Terms { status: "exercise".to_owned(), ..lancang_alert::Terms::default() },
            confidence: Vec::new(),
            patterns: Patterns {
                folder: patterns.to_path_buf(),
                lists: path("lists"),
                trunks: Some(path("trunks.csv")),
                // Here one process has the records of a traveller's home and of the network that he visits: with the cells
                // of both he would be at two places.
                cells: None,
            },
            store: crate::config::Store { folder: path("state"), bucket: None },
            listen,
            drain_wait: std::time::Duration::ZERO,
        };
        let mock = Mock::start(&made(&config))?;
        config.kafka = cluster(mock.bootstrap());
        registrar.publish(Connection::new(mock.bootstrap(), "demo-registrar"), &config.topics.keys)?;
        Ok(Self { config, registrar, mock, _folder: folder })
    }

    /// `host:port` of the broker.
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        self.mock.bootstrap()
    }

    /// A connection for the demo's own clients.
    #[must_use]
    pub fn connection(&self) -> Connection {
        Connection::new(self.bootstrap(), "demo")
    }
}

/// Topics of the embedded broker: what the stages need at home, the shared one, and what the feeds read.
fn made(config: &Config) -> Vec<(String, i32)> {
    let home = crate::topics::home::topics(config, &super::STAGES);
    let home = home.into_iter().map(|topic| (topic.name, topic.partitions));
    let feeds = config.feeds.iter().map(|feed| (feed.name.clone(), 1));
    let topics = &config.topics;
    let shared = [&topics.alerts, &topics.keys, &topics.feedback].map(|name| (name.clone(), 1));
    home.chain(shared).chain([(CAMPAIGNS.to_owned(), 1)]).chain(feeds).collect()
}

fn topics() -> Topics {
    Topics { partitions: PARTITIONS, ..Topics::default() }
}

fn cluster(bootstrap: &str) -> Cluster {
    Cluster {
        bootstrap: bootstrap.to_owned(),
        instance: "demo".to_owned(),
        static_member: false,
        options: Default::default(),
        option_files: Default::default(),
        option_envs: Default::default(),
    }
}

fn operator(operator: &lancang_traffic::world::Operator) -> Operator {
    Operator {
        country: operator.country,
        organisation: operator.organisation.to_owned(),
        node: "demo".to_owned(),
        own: vec![format!("+{}", operator.mobile)],
        signing_key: None,
    }
}

/// Records of all operators, and what their books say.
fn feeds() -> Vec<config::Feed> {
    let records = Feed::all().into_iter().map(|feed| config::Feed {
        mobility: feed.kind == FeedKind::Mobility,
        ..feed_of(feed.name(), feed.operator, Class::Stream)
    });
    records.chain((0..OPERATORS.len()).map(books::feed)).collect()
}

/// A feed of an operator with a topic of the same name.
pub(super) fn feed_of(name: String, operator: usize, class: Class) -> config::Feed {
    config::Feed {
        topics: vec![name.clone()],
        name,
        class,
        reference: false,
        lateness_ms: class.lateness_ms(),
        format: Format::Json,
        mapping: None,
        operator,
        content: None,
        mobility: false,
        idle: IDLE,
        bad_share_max: 0.5,
        file_header: None,
    }
}
