//! The real server of the console, on loopback, over a database that the store's own code has filled. What is said comes back as
//! if the topic had been read; only Kafka is not there (`tests/kafka/` and `tests/exchange/` have it).

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lancang_alert::feedback::Fold;
use lancang_alert::{KeyKind, Opener, PrivateKey, Source};
use lancang_console::access::Role;
use lancang_console::access::users::Users;
use lancang_console::audit::{Audit, Entry};
use lancang_console::provider::{Claims, Grant, Provider, Setting};
use lancang_console::server::{Act, Desk, Dossiers, Parts, Site};
use lancang_console::store::{Heard, Reads, Topic, Views, Writer};
use lancang_record::Timestamp;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use zeroize::Zeroizing;

use crate::joined::joined;
use crate::{filled, keys};

pub const ROLES: [(&str, Role); 4] = [
    ("viewer", Role::Viewer),
    ("investigator", Role::Investigator),
    ("liaison", Role::Liaison),
    ("auditor", Role::Auditor),
];
/// Offset in topics of feedback and campaigns from which on nothing stands yet.
const SAID: i64 = 100;
/// Batches of the flood.
const FLOOD_EVERY: Duration = Duration::from_millis(200);

pub fn password(role: &str) -> String {
    format!("the password of a {role}")
}

/// Who may sign in: names and passwords by role.
pub fn users() -> serde_json::Value {
    let user =
        |(name, _): &(&str, Role)| ((*name).to_owned(), serde_json::json!({"name": name, "password": password(name)}));
    ROLES.iter().chain(&crate::desk::ROLES).map(user).collect::<serde_json::Map<_, _>>().into()
}

/// Key of Cambodia's console, which opens what is sealed for it.
pub fn sealing_key() -> PrivateKey {
    PrivateKey::from_seed(KeyKind::Sealing, Zeroizing::new([7; 32])).unwrap()
}

pub fn now() -> Timestamp {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    Timestamp::from_ms(i64::try_from(since.as_millis()).unwrap())
}

pub fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

/// What writes into the database, one after the other.
struct Topics {
    writer: Writer,
    views: Views,
    fold: Fold,
    alerts: i64,
    said: i64,
    changed: watch::Sender<u64>,
}

impl Topics {
    fn tell(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    fn flood(&mut self, count: i64) {
        let alerts = (self.alerts..self.alerts + count).map(|number| filled::alert(number, now()));
        self.take(alerts.collect());
    }

    fn take(&mut self, alerts: Vec<serde_json::Value>) {
        let batch = self.writer.batch().unwrap();
        for alert in alerts {
            self.views.take(&filled::take(&batch, &alert, self.alerts, now()));
            self.alerts += 1;
        }
        batch.joined(&mut self.views).unwrap();
        batch.read_to(Topic::Alerts, self.alerts).unwrap();
        batch.commit().unwrap();
        self.tell();
    }

    /// A further campaign, of two alerts.
    fn join(&mut self) {
        self.take(filled::pair(self.alerts, now()).into());
    }

    fn say(&mut self, act: Act) {
        let batch = self.writer.batch().unwrap();
        let id = filled::say(&batch, &mut self.fold, &act.feedback, self.said);
        self.said += 1;
        batch.read_to(Topic::Feedback, self.said).unwrap();
        batch.commit().unwrap();
        self.tell();
        let _ = act.answer.send(Ok(id));
    }
}

/// A console that runs until it is dropped.
pub struct Console {
    address: SocketAddr,
    campaign: String,
    operation: String,
    topics: Arc<Mutex<Topics>>,
    site: Arc<Site>,
    alerts_s: Arc<AtomicU64>,
    _runtime: Runtime,
    _folder: tempfile::TempDir,
    _vouching: Vouching,
}

/// A real OpenID Connect provider of its own process.
struct Vouching(Child);

impl Vouching {
    /// Knows a liaison, and somebody without a role.
    fn begin(pages: &Path, address: SocketAddr) -> (Self, Provider) {
        let mut node = Command::new("node");
        node.arg(pages.join("tests/provider.mjs")).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut node = node.spawn().unwrap();
        let (client_id, secret, address) =
            ("console".to_owned(), "of / a test".to_owned(), format!("http://{address}"));
        let people = serde_json::json!({
            "dara": {"name": "Sok Dara", "groups": ["staff", "kh-liaisons"]},
            "guest": {"name": "A guest", "groups": ["staff"]},
        });
        let setting = serde_json::json!({
            "client_id": client_id, "client_secret": secret, "address": address, "people": people,
        });
        writeln!(node.stdin.as_mut().unwrap(), "{setting}").unwrap();
        let mut issuer = String::new();
        BufReader::new(node.stdout.as_mut().unwrap()).read_line(&mut issuer).unwrap();
        let certificate = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let provider = Provider::new(Setting {
            title: filled::HOSTILE.to_owned(),
            issuer: issuer.trim_end().to_owned(),
            client_id,
            client_secret: Some(secret),
            address,
            scopes: vec!["profile".to_owned()],
            claims: Claims { name: "sub".to_owned(), person: "name".to_owned(), roles: "groups".to_owned() },
            grants: vec![Grant { value: "kh-liaisons".to_owned(), role: Role::Liaison, country: "KH".to_owned() }],
            authorities: certificate.cert.pem().into_bytes(),
        });
        (Self(node), provider.unwrap())
    }
}

impl Drop for Vouching {
    fn drop(&mut self) {
        // It ends with its standard input.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

impl Console {
    pub fn begin(pages: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("console.sqlite");
        let (mut writer, mut fold) = (Writer::open(&database).unwrap(), Fold::default());
        let batch = writer.batch().unwrap();
        let (campaign, alerts) = filled::fill(&batch, &mut fold, now());
        for (topic, next) in [(Topic::Alerts, alerts), (Topic::Feedback, SAID), (Topic::Campaigns, SAID)] {
            batch.read_to(topic, next).unwrap();
        }
        batch.commit().unwrap();
        let views = Reads::open(&database, 1).unwrap();
        let own = BTreeSet::from(["KH".to_owned()]);
        let mut views = views.look(|sight| joined(sight, &own)).unwrap();
        let batch = writer.batch().unwrap();
        batch.joined(&mut views).unwrap();
        batch.commit().unwrap();
        let (changed, seen) = watch::channel(0);
        let name = campaign.campaign_id.clone();
        let operation = fold.operations().next().unwrap().operation_id.to_string();
        let topics = Topics { writer, views, fold, alerts, said: SAID, changed };
        let topics = Arc::new(Mutex::new(topics));
        let (acts, mut asked) = mpsc::channel(16);
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (vouching, provider) = Vouching::begin(pages, address);
        let site = site(folder.path(), &database, provider, acts, seen);
        runtime.spawn(Arc::clone(&site).serve(listener, None));
        let said = Arc::clone(&topics);
        runtime.spawn(async move {
            while let Some(act) = asked.recv().await {
                said.lock().unwrap().say(act);
            }
        });
        let alerts_s = Arc::new(AtomicU64::new(0));
        let (rate, flooded) = (Arc::clone(&alerts_s), Arc::clone(&topics));
        runtime.spawn(async move {
            loop {
                tokio::time::sleep(FLOOD_EVERY).await;
                let count = rate.load(Ordering::Relaxed) * FLOOD_EVERY.as_millis() as u64 / 1000;
                if count > 0 {
                    flooded.lock().unwrap().flood(count as i64);
                }
            }
        });
        Self {
            address,
            campaign: name,
            operation,
            topics,
            site,
            alerts_s,
            _runtime: runtime,
            _folder: folder,
            _vouching: vouching,
        }
    }

    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn campaign(&self) -> &str {
        &self.campaign
    }

    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// One more campaign.
    pub fn join(&self) {
        self.topics.lock().unwrap().join();
    }

    /// From now on its brokers answer, or have not for a while.
    pub fn hear(&self, is_heard: bool) {
        hear(&self.site, is_heard);
    }

    /// From now on so many new alerts a second.
    pub fn flood(&self, alerts_s: u64) {
        self.alerts_s.store(alerts_s, Ordering::Relaxed);
    }
}

fn site(
    folder: &Path,
    database: &Path,
    provider: Provider,
    acts: mpsc::Sender<Act>,
    changed: watch::Receiver<u64>,
) -> Arc<Site> {
    let mut users = Users::open(&folder.join("users.json"), None).unwrap();
    for (name, role) in ROLES {
        users.put(name, filled::HOSTILE, "KH", role, &password(name), &[1; 16]).unwrap();
    }
    let writer = Source { country: "KH".into(), organisation: "cyber-police".into(), node: "console-1".into() };
    let desk = Desk {
        country: "KH".into(),
        writer: Some(writer.clone()),
        is_open: false,
        is_tls: false,
        session_ms: 3_600_000,
        connections_of_network: lancang_console::limits::CONNECTIONS_OF_NETWORK_MAX,
    };
    let mut audit = Audit::open(&folder.join("audit.log"), now()).unwrap();
    let hostile = || filled::HOSTILE.to_owned();
    let entry = Entry {
        user: hostile(),
        country: Some(hostile()),
        action: hostile(),
        about: Some(hostile()),
        case_reference: Some(hostile()),
        detail: Some(hostile()),
        outcome: hostile(),
        ..Entry::default()
    };
    audit.write(entry.clone(), now()).unwrap();
    // It is about the incident that a dossier is made of.
    audit.write(Entry { about: Some(filled::incident()), ..entry }, now()).unwrap();
    let site = Site::new(Parts {
        reads: Reads::open(database, 4).unwrap(),
        dossiers: Some(Dossiers { signer: keys::signer(&writer), roots: keys::roots() }),
        desk,
        users,
        provider: Some(provider),
        audit,
        acts: Some(acts),
        openers: vec![Opener::new(&sealing_key()).unwrap()],
        home: None,
        now,
        random,
        changed,
        told: Box::new(|_| {}),
    });
    hear(&site, true);
    site.caught_up();
    site
}

/// Nobody asks any brokers here: what they have answered counts until something else is said.
fn hear(site: &Site, is_heard: bool) {
    let answered = now().plus_ms(if is_heard { 86_400_000 } else { -90_000 });
    for topic in Topic::ALL {
        let name = topic.as_str();
        let topic = format!("lancang.{name}.v1");
        site.hear(Heard { name, topic, next: 812, end: 812, read: Some(now()), answered });
    }
}
