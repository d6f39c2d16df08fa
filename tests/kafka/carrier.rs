//! A carrier: its topics, its configuration, its processes, and what it finds in its topics afterwards.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use lancang::config::{Bucket, Store as Place};
use lancang::secret::Secret;
use lancang::store::Store;
use lancang_alert::evidence::SALT_HEADER;
use lancang_cluster::Cluster;
use lancang_engine::{MemoryRun, Outputs};
use lancang_kafka::{
    Admin, Connection, Isolation, Missing, OutRecord, Producer, ProducerSettings, Reader, Record, Stop, TopicPlan,
};
use lancang_pattern::PackSources;
use lancang_pattern::plan::Mode;
use lancang_record::log::{Control, Entry, InputState};
use lancang_traffic::world::{OPERATORS, trunk_table};
use lancang_traffic::{Generator, Sent, Settings};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

/// How long anything may take.
pub const LONG: Duration = Duration::from_secs(90);
/// Cambodia's place among the operators.
pub const OPERATOR: usize = 0;
pub const EPOCH_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
pub const SIGNING_KEY: &str = "lancang-signing-key-v1 202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";

/// Variables with the keys of a real bucket.
const S3_ID: &str = "LANCANG_TEST_S3_ID";
const S3_KEY: &str = "LANCANG_TEST_S3_KEY";

/// A prefix of its own in the bucket that `LANCANG_TEST_S3` names (`http://127.0.0.1:7070/bucket`).
pub fn real_bucket() -> Bucket {
    let named = std::env::var("LANCANG_TEST_S3").unwrap();
    let (endpoint, name) = named.rsplit_once('/').unwrap();
    Bucket {
        name: name.to_owned(),
        prefix: format!("test-{}", std::process::id()),
        endpoint: Some(endpoint.to_owned()),
        region: "us-east-1".to_owned(),
        authorities: None,
        access_key: Secret::Env(S3_ID.to_owned()),
        secret_key: Secret::Env(S3_KEY.to_owned()),
    }
}

pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::start(1).unwrap_or_else(|error| panic!("{error}")))
}

/// Headers of a message of the outbox as they are on the exchange: all but the salt, which stays at home.
pub fn headers_abroad(record: &Record) -> Vec<(String, Vec<u8>)> {
    record.headers.iter().filter(|(name, _)| name != SALT_HEADER).cloned().collect()
}

/// Topics of its own on the shared cluster, and a folder with its configuration.
pub struct Carrier {
    pub folder: tempfile::TempDir,
    pub connection: Connection,
    bootstrap: String,
    pub prefix: String,
    pub partitions: u32,
    /// Lines for `[score]`.
    pub score: String,
    /// Where the store is no folder.
    pub bucket: Option<Bucket>,
}

impl Carrier {
    pub fn new(partitions: u32) -> Self {
        let carrier = Self::on(cluster().bootstrap(), partitions);
        carrier.make_topics();
        carrier
    }

    /// Without any topics.
    pub fn on(bootstrap: &str, partitions: u32) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
        let prefix = format!("c{}-{since}-{number}", std::process::id());
        let carrier = Self {
            folder: tempfile::tempdir().unwrap(),
            connection: Connection::new(bootstrap, "test"),
            bootstrap: bootstrap.to_owned(),
            prefix,
            partitions,
            score: String::new(),
            bucket: None,
        };
        carrier.set_up();
        carrier
    }

    fn set_up(&self) {
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        std::fs::write(self.path("trunks.csv"), trunk_table()).unwrap();
        for folder in ["patterns", "lists"] {
            std::fs::create_dir(self.path(folder)).unwrap();
            for entry in std::fs::read_dir(config.join(folder)).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    std::fs::copy(&path, self.path(folder).join(path.file_name().unwrap())).unwrap();
                }
            }
        }
        std::fs::write(self.path("lists/generated.csv"), Generator::new(traffic(1)).lists()).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn topic(&self, name: &str) -> String {
        format!("{}.{name}", self.prefix)
    }

    pub fn make_topics(&self) {
        self.make(&["voice", "sms", "mobility"]);
    }

    /// Topics of feeds, which are the carrier's own.
    pub fn make(&self, names: &[&str]) {
        let mut plans: Vec<TopicPlan> = names.iter().map(|name| TopicPlan::new(self.topic(name), 2)).collect();
        plans.iter_mut().for_each(|plan| plan.options.push(("retention.ms".into(), "-1".into())));
        Admin::connect(&self.connection).unwrap().ensure(&plans, Missing::Create, &Stop::new()).unwrap();
    }

    /// Writes a configuration whose groups and output topics end in `suffix`.
    pub fn config(&self, name: &str, suffix: &str, extra: &str) -> PathBuf {
        let operator = &OPERATORS[OPERATOR];
        let feed = |kind: &str, more: &str| {
            format!(
                "[[feeds]]\nname = \"{kind}\"\ntopics = [\"{}\"]\nclass = \"stream\"\nformat = \"json\"\nidle = \"2s\"\n{more}\n",
                self.topic(kind)
            )
        };
        let store = self.bucket.as_ref().map(|bucket| {
            format!(
                "url = \"s3://{}/{}\"\nendpoint = \"{}\"\naccess_key_env = \"{S3_ID}\"\nsecret_key_env = \"{S3_KEY}\"",
                bucket.name,
                bucket.prefix,
                bucket.endpoint.as_deref().unwrap()
            )
        });
        let store = store.unwrap_or_else(|| format!("folder = \"state{suffix}\""));
        let text = format!(
            "[[operators]]\ncountry = \"{}\"\norganisation = \"{}\"\nnode = \"a\"\nown = [\"+{}\"]\n\
             [kafka]\nbootstrap = \"{}\"\ninstance = \"{}{suffix}\"\nstatic_member = true\n\
             [topics]\npartitions = {}\ncreate = true\nrecords = \"{}\"\npartials = \"{}\"\nincidents = \"{}\"\n\
             shadow = \"{}\"\nlate = \"{}\"\ndead_letter = \"{}\"\noutbox = \"{}\"\nwarnings_outbox = \"{}\"\nfeedback_home = \"{}\"\nalerts = \"{}\"\n\
             {}{}{}\
             [intake]\ngroup = \"{}-intake{suffix}\"\n[score]\ngroup = \"{}-score{suffix}\"\n{}\n\
             [patterns]\nfolder = \"patterns\"\nlists = \"lists\"\ntrunks = \"trunks.csv\"\n\
             [store]\n{}\n[http]\nlisten = \"127.0.0.1:0\"\n\
             [relay]\ngroup = \"{}-relay{suffix}\"\nepochs = [{{ id = \"2026-11\", key_env = \"LANCANG_TEST_EPOCH_KEY\" }}]\n\
             signing_key_env = \"LANCANG_TEST_SIGNING_KEY\"\n{extra}\n",
            operator.country,
            operator.organisation,
            operator.mobile,
            self.bootstrap,
            self.prefix,
            self.partitions,
            self.topic("records"),
            self.topic(&format!("partials{suffix}")),
            self.topic(&format!("incidents{suffix}")),
            self.topic(&format!("shadow{suffix}")),
            self.topic("late"),
            self.topic(&format!("dead{suffix}")),
            self.topic(&format!("outbox{suffix}")),
            self.topic(&format!("warnings-outbox{suffix}")),
            self.topic(&format!("feedback-home{suffix}")),
            self.topic(&format!("alerts{suffix}")),
            feed("voice", ""),
            feed("sms", ""),
            feed("mobility", "mobility = true"),
            self.prefix,
            self.prefix,
            self.score,
            store,
            self.prefix,
        );
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A command that ends: its exit status and what it says.
    pub fn patterns(&self, command: &str, config: &Path, more: &[&str]) -> (Option<i32>, String) {
        let mut lancang = Command::new(env!("CARGO_BIN_EXE_lancang"));
        lancang.args(["patterns", command, "--config"]).arg(config).args(more);
        let output = lancang.output().unwrap();
        let told = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(told).unwrap())
    }

    pub fn start(&self, command: &str, config: &Path) -> Lancang {
        Lancang::start(command, config)
    }

    /// Sends records to their feeds' topics: by the served subscriber's hash, timestamps as they were delivered.
    pub fn send(&self, records: &[Sent]) {
        let mut producer = Producer::connect(&ProducerSettings::new(self.connection.clone())).unwrap();
        let messages: Vec<OutRecord> = records.iter().map(|sent| self.message(sent)).collect();
        producer.send_batch(&messages).unwrap();
    }

    /// Sends a record of a file to partition 0 of its feed's topic.
    pub fn send_of_file(&self, sent: &Sent, file: &str) {
        let mut producer = Producer::connect(&ProducerSettings::new(self.connection.clone())).unwrap();
        let headers = vec![("file".into(), file.as_bytes().to_vec())];
        producer.send_batch(&[OutRecord { partition: Some(0), headers, ..self.message(sent) }]).unwrap();
    }

    /// A record as its feed brings it.
    pub fn message(&self, sent: &Sent) -> OutRecord {
        let mut value = Vec::new();
        lancang_record::codec::json::encode(&sent.record, &mut value);
        let kind = sent.feed.name().rsplit('-').next().unwrap().to_owned();
        let mut message = OutRecord::new(self.topic(&kind).as_str().into(), value);
        // As feeds are: by no key that means anything, in the order of delivery.
        let reference = sent.record.id.as_deref().unwrap_or("");
        message.partition = Some(reference.bytes().map(i32::from).sum::<i32>() % 2);
        message.timestamp_ms = Some(sent.at.as_ms());
        message
    }

    pub fn send_lines(&self, kind: &str, lines: impl Iterator<Item = Vec<u8>>, timestamp_ms: i64) {
        let mut producer = Producer::connect(&ProducerSettings::new(self.connection.clone())).unwrap();
        let topic: std::sync::Arc<str> = self.topic(kind).as_str().into();
        let messages: Vec<OutRecord> = lines
            .map(|line| OutRecord {
                partition: Some(0),
                timestamp_ms: Some(timestamp_ms),
                ..OutRecord::new(std::sync::Arc::clone(&topic), line)
            })
            .collect();
        producer.send_batch(&messages).unwrap();
    }

    pub fn send_raw(&self, kind: &str, value: Vec<u8>, timestamp_ms: i64) {
        let mut producer = Producer::connect(&ProducerSettings::new(self.connection.clone())).unwrap();
        let mut message = OutRecord::new(self.topic(kind).as_str().into(), value);
        message.partition = Some(0);
        message.timestamp_ms = Some(timestamp_ms);
        producer.send_batch(&[message]).unwrap();
    }

    /// A foreign writer that has begun a transaction, put a message into each of these topics, and hangs.
    pub fn leaves_open(&self, topics: &[&str]) -> BaseProducer {
        let foreign: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", &self.bootstrap)
            .set("transactional.id", format!("{}-foreign", self.prefix))
            .set("transaction.timeout.ms", "600000")
            .create()
            .unwrap();
        foreign.init_transactions(LONG).unwrap();
        foreign.begin_transaction().unwrap();
        for topic in topics.iter().map(|topic| self.topic(topic)) {
            foreign.send(BaseRecord::<[u8], [u8]>::to(&topic).key(b"k").payload(b"left open")).unwrap();
        }
        foreign.flush(LONG).unwrap();
        foreign
    }

    pub fn read(&self, topic: &str) -> Vec<Record> {
        match Reader::read_all(&self.connection, &self.topic(topic), Isolation::Committed, 10_000_000, LONG) {
            Ok(records) => records,
            Err(lancang_kafka::Error::MissingTopic { .. }) => Vec::new(),
            Err(error) => panic!("{error}"),
        }
    }

    pub fn lines(&self, topic: &str) -> Vec<String> {
        self.read(topic).into_iter().map(|record| String::from_utf8(record.payload.unwrap()).unwrap()).collect()
    }

    /// Number of records in the frames of the records log.
    pub fn framed(&self) -> usize {
        self.framed_in("records")
    }

    /// The same of another records log.
    pub fn framed_in(&self, log: &str) -> usize {
        self.read(log).iter().filter_map(|message| frame(message.payload.as_deref().unwrap())).sum()
    }

    /// Waits until what the records log says last of each of its inputs is that it is idle: no watermark waits then, and what
    /// is to be found in the log has all it needs. For feeds whose `idle` is short.
    pub fn wait_until_idle(&self) {
        self.wait_until_idle_in("records");
    }

    /// The same of another records log.
    pub fn wait_until_idle_in(&self, log: &str) {
        let begun = Instant::now();
        while !self.is_idle(log) {
            assert!(begun.elapsed() < LONG, "inputs are not idle");
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    /// An input speaks from its frame on until a mark behind it says otherwise.
    fn is_idle(&self, log: &str) -> bool {
        let mut newest = BTreeMap::new();
        for message in self.read(log) {
            match Entry::decode(message.payload.as_deref().unwrap()).unwrap() {
                // A reference has frames and no mark: nothing waits for it.
                Entry::Frame(frame) => {
                    let of_input = newest.get_mut(&(message.partition, frame.header.input));
                    of_input.into_iter().for_each(|state| *state = InputState::Active);
                }
                Entry::Marks(marks) => {
                    newest.extend(marks.map(|mark| ((message.partition, mark.input), mark.state)));
                }
                Entry::Control(_) => {}
            }
        }
        !newest.is_empty() && newest.values().all(|state| *state != InputState::Active)
    }

    /// Waits until the records log holds as many records.
    pub fn wait_until_framed(&self, records: usize) {
        let begun = Instant::now();
        loop {
            let found = self.framed();
            assert!(found <= records, "{found} records in the log, {records} were sent: something is there twice");
            if found == records {
                return;
            }
            assert!(begun.elapsed() < LONG, "{found} of {records} records are in the log");
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    /// Keeps of the shipped patterns these alone.
    pub fn keep_patterns(&self, ids: &[&str]) {
        for entry in std::fs::read_dir(self.path("patterns")).unwrap() {
            let path = entry.unwrap().path();
            if !ids.contains(&path.file_stem().unwrap().to_str().unwrap()) {
                std::fs::remove_file(path).unwrap();
            }
        }
    }

    /// Changes a pattern's text.
    pub fn change_pattern(&self, id: &str, from: &str, to: &str) {
        let path = self.path(&format!("patterns/{id}.toml"));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{id}: {from}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    /// Incident lines that the engine finds in memory over the records log, sorted.
    pub fn expected(&self, suffix: &str) -> Vec<String> {
        self.expected_of("records", suffix)
    }

    /// How many of these lines are alerts where nothing is withheld: all but those for victims who came later.
    pub fn shared(lines: &[String]) -> usize {
        lines.iter().filter(|line| !line.contains(r#""message":"victims""#)).count()
    }

    /// The same over another records log.
    pub fn expected_of(&self, log: &str, suffix: &str) -> Vec<String> {
        self.expected_in(Mode::Live, log, suffix)
    }

    /// The same of patterns that are live, or in shadow.
    pub fn expected_in(&self, mode: Mode, log: &str, suffix: &str) -> Vec<String> {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let place = Place { folder: self.path(&format!("state{suffix}")), bucket: self.bucket.clone() };
        let store = Store::of(&place, runtime.handle().clone()).unwrap();
        let mut run = MemoryRun::new(self.partitions, 20_000_000);
        let mut out = Outputs::default();
        for message in self.read(log) {
            let entry = message.payload.unwrap();
            if let Ok(Entry::Control(Control { pack })) = Entry::decode(&entry) {
                let sources = PackSources::decode(&store.pack(&pack).unwrap()).unwrap();
                run.offer(std::sync::Arc::new(sources.compile().unwrap()));
            }
            run.push(u32::try_from(message.partition).unwrap(), &entry, &mut out).unwrap();
        }
        let of_mode = out.incidents.into_iter().filter(|incident| incident.mode == mode);
        let mut lines: Vec<String> = of_mode.map(|incident| String::from_utf8(incident.line).unwrap()).collect();
        lines.sort();
        lines
    }

    /// Waits until a topic holds exactly these lines, in any order.
    pub fn wait_for_lines(&self, topic: &str, expected: &[String]) {
        let begun = Instant::now();
        loop {
            let mut found = self.lines(topic);
            found.sort();
            if found == expected {
                return;
            }
            let surplus: Vec<_> = found.iter().filter(|line| !expected.contains(line)).collect();
            assert!(surplus.is_empty(), "{topic} holds what it should not: {surplus:?}");
            assert!(begun.elapsed() < LONG, "{topic} holds {} of {} lines", found.len(), expected.len());
            std::thread::sleep(Duration::from_millis(300));
        }
    }
}

/// Number of records of a frame.
fn frame(bytes: &[u8]) -> Option<usize> {
    match Entry::decode(bytes) {
        Ok(Entry::Frame(frame)) => Some(frame.remaining() as usize),
        Ok(_) => None,
        Err(error) => panic!("{error}"),
    }
}

/// An incident line of a SIM box, each of a caller of its own.
pub fn line(id: u32) -> Vec<u8> {
    format!(
        r#"{{"incident_id":"{id:032x}","revision":0,"message":"open","family":"sim-box","patterns":["sim-box-burst@1"],
        "entity":{{"type":"caller","value":"+8551234{id:04}"}},"severity":4,"score":87,
        "first_event":"2025-11-14T09:02:11.000Z","last_event":"2025-11-14T09:31:48.500Z","window_s":86400,
        "reasons":[{{"pattern":"sim-box-burst","code":"calls","value":63,"threshold":20}}],
        "related":[],"victims":1,"evidence":["msc3/c0000001"],"class":"stream","home":"KH"}}"#
    )
    .into_bytes()
}

/// Settings of generated traffic.
pub fn traffic(seed: u64) -> Settings {
    let patterns = ["sim-box-burst", "smishing-burst", "spoofed-prefix"].map(str::to_owned).to_vec();
    Settings { episodes: 12, patterns, ..Settings::new(6_000, 1.0, seed) }
}

/// The records of Cambodia's operator.
pub fn records(seed: u64) -> Vec<Sent> {
    Generator::new(traffic(seed)).filter(|sent| sent.feed.operator == OPERATOR).collect()
}

/// A process of the product.
pub struct Lancang {
    child: Child,
    pub log: PathBuf,
}

impl Lancang {
    fn start(command: &str, config: &Path) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let log = config.with_extension(format!("{command}-{}.log", NUMBER.fetch_add(1, Ordering::Relaxed)));
        let child = Command::new(env!("CARGO_BIN_EXE_lancang"))
            .args([command, "--config"])
            .arg(config)
            .env("LANCANG_TEST_EPOCH_KEY", EPOCH_KEY)
            .env("LANCANG_TEST_SIGNING_KEY", SIGNING_KEY)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Self { child, log }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    pub fn wait_for_log(&self, text: &str) {
        let begun = Instant::now();
        while !self.log().contains(text) {
            assert!(begun.elapsed() < LONG, "no `{text}` in the log:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// `kill -9`
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Panics with its log if it has ended by itself.
    pub fn must_run(&mut self) {
        let status = self.child.try_wait().unwrap();
        assert!(status.is_none(), "it has ended by itself, {status:?}:\n{}", self.log());
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.child.id()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// SIGTERM, and its exit status.
    pub fn end(mut self) -> i32 {
        self.signal(rustix::process::Signal::TERM);
        self.wait()
    }

    pub fn wait(&mut self) -> i32 {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(begun.elapsed() < LONG, "it does not end:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The address of its metrics.
    pub fn address(&self) -> String {
        self.wait_for_log("metrics and health at http://");
        let log = self.log();
        let (_, rest) = log.split_once("metrics and health at http://").unwrap();
        rest.split_whitespace().next().unwrap().to_owned()
    }

    /// A page of its HTTP endpoint: status and text.
    pub fn get(&self, path: &str) -> (u16, String) {
        self.asked(path).unwrap()
    }

    /// The same; none if nobody listens any more.
    pub fn asked(&self, path: &str) -> Option<(u16, String)> {
        use std::io::{Read as _, Write as _};
        let mut stream = std::net::TcpStream::connect(self.address()).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: lancang\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let status = answer.split_whitespace().nth(1)?.parse().ok()?;
        Some((status, answer))
    }

    /// Waits until something is so, looking again and again; the log is shown where it never comes.
    pub fn wait_until(&self, within: Duration, is_so: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < within, "{}", self.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub fn wait_until_ready(&self) {
        let begun = Instant::now();
        while self.get("/readyz").0 != 200 {
            assert!(begun.elapsed() < LONG, "not ready:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// All values of a metric together.
    pub fn sum(&self, name: &str) -> f64 {
        self.metric(name).values().sum()
    }

    /// Values of a metric by its labels as they are written.
    pub fn metric(&self, name: &str) -> BTreeMap<String, f64> {
        let (_, page) = self.get("/metrics");
        page.lines()
            .filter_map(|line| line.strip_prefix(name))
            .filter_map(|rest| rest.rsplit_once(' '))
            .map(|(labels, value)| (labels.to_owned(), value.parse().unwrap()))
            .collect()
    }
}

impl Drop for Lancang {
    fn drop(&mut self) {
        // Ended already in the ordinary case.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
