//! Who may ask for what: every request, by everybody, over real connections; and what a browser is told.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

#[path = "access/acts.rs"]
mod acts;
#[path = "access/campaigns.rs"]
mod campaigns;
#[path = "access/desk.rs"]
mod desk;
#[path = "access/provider.rs"]
mod provider;
#[path = "access/streams.rs"]
mod streams;
mod support;

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use lancang_alert::feedback::Id;
use lancang_alert::{KeyKind, Opener, Place, PrivateKey, Sealer, Source};
use lancang_console::access::users::Users;
use lancang_console::access::{REQUESTS, Right, Role, Takes};
use lancang_console::audit::{self, Audit};
use lancang_console::limits::{ACTS_MAX, TRIES_MAX};
use lancang_console::provider::Provider;
use lancang_console::server::{Act, Desk, Dossiers, Parts, Site, Told, Unwritten, listen};
use lancang_console::store::{Reads, key};
use lancang_record::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use serde_json::{Value, json};
use support::{Topics, alert, at, campaign, keys, linked};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

const PASSWORD: &str = "five words of a song";

static CLOCK_S: AtomicI64 = AtomicI64::new(1_000_000);
static DRAWN: AtomicU64 = AtomicU64::new(1);

fn now() -> Timestamp {
    at(CLOCK_S.load(Ordering::Relaxed))
}

fn random() -> [u8; 32] {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&DRAWN.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    bytes
}

/// A console of Cambodia with users of every role, of Cambodia and of Thailand; and what it has said.
struct Console {
    address: SocketAddr,
    folder: tempfile::TempDir,
    site: Arc<Site>,
    key: String,
    campaign: String,
    operation: String,
    said: std::sync::mpsc::Receiver<lancang_alert::Feedback>,
    /// What became of those who signed in.
    outcomes: Arc<Mutex<Vec<&'static str>>>,
    /// Connections that were one too many.
    cut_off: Arc<AtomicU64>,
    changes: watch::Sender<u64>,
    _runtime: Runtime,
}

impl Console {
    fn start(is_open: bool, has_keys: bool) -> Self {
        Self::served(is_open, has_keys, None, None, now)
    }

    fn served(
        is_open: bool,
        has_keys: bool,
        tls: Option<Arc<rustls::ServerConfig>>,
        provider: Option<Provider>,
        clock: fn() -> Timestamp,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let mut topics = Topics::new(&path("console.db"));
        let (mut one, two, sealing) = (
            linked(alert(8), 1),
            linked(alert(9), 1),
            PrivateKey::from_seed(KeyKind::Sealing, [7; 32].into()).unwrap(),
        );
        let source = one.producer.uri();
        let field = format!("entities/caller/{}", one.entities[0].token);
        let sealed_in = format!("{}:0", one.incident_id);
        let mut sealer = Sealer::new(Box::new(ChaCha20Rng::seed_from_u64(1)));
        let place = Place { source: &source, sealed_in: &sealed_in, field: &field };
        one.entities[0].sealed = vec![sealer.seal("//KH", sealing.public(), place, "+85512345678", now()).unwrap()];
        topics.alert(&one);
        topics.alert(&two);
        let joined = campaign(&[&one, &two], 0);
        topics.join(&joined);
        let proposal = proposed(&one);
        topics.say(&proposal);
        topics.keys(&keys::registry(
            ["//KH/police", "//TH/police"]
                .map(str::to_owned)
                .into_iter()
                .chain([&one.producer, &two.producer, &joined.writer].map(keys::holder)),
            now(),
        ));
        let mut users = Users::open(&path("users.json"), None).unwrap();
        for (role, country) in Role::of(false).flat_map(|role| [(role, "KH"), (role, "TH")]) {
            let name = format!("{}-{}", role.as_str(), country.to_lowercase());
            users.put(&name, "Sok Dara", country, role, PASSWORD, &[3; 16]).unwrap();
        }
        let (acts, waiting) = mpsc::channel(8);
        let (told, said) = std::sync::mpsc::channel();
        std::thread::spawn(move || exchange(waiting, &told));
        let (changes, changed) = watch::channel(0);
        let writer = Source { country: "KH".into(), organisation: "police".into(), node: "console-1".into() };
        let outcomes: Arc<Mutex<Vec<&'static str>>> = Arc::default();
        let of_sign_ins = Arc::clone(&outcomes);
        let cut_off: Arc<AtomicU64> = Arc::default();
        let of_connections = Arc::clone(&cut_off);
        let site = Site::new(Parts {
            reads: Reads::open(&path("console.db"), 2).unwrap(),
            desk: Desk {
                country: "KH".into(),
                writer: has_keys.then(|| writer.clone()),
                is_open,
                is_tls: tls.is_some(),
                session_ms: 3_600_000,
                connections_of_network: lancang_console::limits::CONNECTIONS_OF_NETWORK_MAX,
            },
            users,
            provider,
            audit: Audit::open(&path("audit.log"), now()).unwrap(),
            acts: has_keys.then_some(acts),
            openers: if has_keys { vec![Opener::new(&sealing).unwrap()] } else { Vec::new() },
            dossiers: has_keys.then(|| Dossiers { signer: keys::signer(&writer), roots: keys::roots() }),
            home: None,
            now: clock,
            random,
            changed,
            told: Box::new(move |told| match told {
                Told::SignIn { outcome } => of_sign_ins.lock().unwrap().push(outcome),
                Told::ConnectionRefused => _ = of_connections.fetch_add(1, Ordering::Relaxed),
                _ => {}
            }),
        });
        site.caught_up();
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(Arc::clone(&site).serve(listener, tls.map(|config| Arc::new(listen::Tls::new(config)))));
        let (key, campaign) = (key(&one.incident_id, &source), one.incident_id.clone());
        let operation = proposal.id.to_string();
        Self { address, folder, site, key, campaign, operation, said, outcomes, cut_off, changes, _runtime: runtime }
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        ask(self.address, method, path, headers, body)
    }

    fn sign_in(&self, name: &str) -> Signed {
        let answer =
            self.ask("POST", "/api/v1/session", &[], &json!({ "name": name, "password": PASSWORD }).to_string());
        assert_eq!(answer.status, 200, "{name}: {}", answer.body);
        let cookie = answer.head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        for part in ["httponly", "samesite=strict", "path=/", "max-age=3600"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        let session: Value = serde_json::from_str(&answer.body).unwrap();
        Signed { cookie: cookie.split(';').next().unwrap().to_owned(), session }
    }
}

fn ask(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    let host =
        if headers.iter().any(|(name, _)| *name == "host") { String::new() } else { format!("host: {}\r\n", address) };
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\n{host}connection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    if path.contains("/events") {
        // It has no end: its first bytes are enough.
        let mut some = [0; 4096];
        let read = stream.read(&mut some).unwrap();
        bytes.extend_from_slice(&some[..read]);
    } else {
        stream.read_to_end(&mut bytes).unwrap();
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let sent = head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or_default().to_owned();
    Answer { status, sent, head: head.to_lowercase(), body: body.to_owned() }
}

/// Takes what is said, as the exchange does.
fn exchange(mut waiting: mpsc::Receiver<Act>, told: &std::sync::mpsc::Sender<lancang_alert::Feedback>) {
    while let Some(Act { feedback, answer, .. }) = waiting.blocking_recv() {
        let id = Id::of(&serde_json::to_vec(&feedback).unwrap());
        let text = feedback.comment.as_ref().map(|comment| comment.text.clone()).unwrap_or_default();
        let _ = told.send(feedback);
        let _ = answer.send(match text.as_str() {
            "while it is away" => Err(Unwritten::Away("nothing was sent".to_owned())),
            "and no word of it" => Err(Unwritten::Unconfirmed),
            _ => Ok(id),
        });
    }
}

/// A joint operation that Thailand proposes to Cambodia.
fn proposed(alert: &lancang_alert::Alert) -> lancang_alert::feedback::Believed {
    let desk = |country: &str| Source { country: country.into(), organisation: "police".into(), node: "a".into() };
    let operation = lancang_alert::feedback::Operation {
        title: "call centres on the river".into(),
        incidents: vec![support::about(alert)],
        campaigns: Vec::new(),
        invited: vec!["KH".into()],
        lead: desk("KH"),
        day: None,
    };
    let begun = lancang_alert::Feedback::begin("operation", desk("TH"), at(10), None);
    support::believed(lancang_alert::Feedback { operation: Some(operation), ..begun })
}

struct Signed {
    cookie: String,
    session: Value,
}

struct Answer {
    status: u16,
    /// Where the browser is sent.
    sent: String,
    head: String,
    body: String,
}

impl Answer {
    fn code(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or(Value::Null);
        body["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// Every request with a body that would do, by what it takes.
fn requests(console: &Console) -> Vec<(&'static str, String, String, Takes)> {
    let mut all = Vec::new();
    for (method, path, takes) in REQUESTS {
        let path =
            path.replace("{key}", &console.key).replace("{id}", &console.campaign).replace("{*name}", "index.html");
        let path = path.replace("{operation}", &console.operation).replace("{home}", &"b".repeat(32));
        let bodies = match (*method, path.as_str()) {
            ("POST", path) if path.contains("/home/") && path.ends_with("/named") => {
                vec![(json!({ "line": "0@30", "place": 0, "case_reference": "KH-2026-2" }), *takes)]
            }
            ("POST", path) if path.ends_with("/home/search") => {
                vec![(json!({ "value": "+855 10 345 678", "case_reference": "KH-2026-2" }), *takes)]
            }
            ("POST", path) if path.ends_with("/named") => {
                vec![(json!({ "line": "0@17", "place": 0, "case_reference": "KH-2026-2" }), *takes)]
            }
            ("POST", path) if path.ends_with("/bar-list") => {
                vec![(json!({ "days": 30, "case_reference": "KH-2026-2" }), *takes)]
            }
            ("POST", path) if path.ends_with("/open") => {
                vec![(json!({ "entity": 0, "case_reference": "KH-2026-1" }), *takes)]
            }
            ("POST", path) if path.ends_with("/dossier") => {
                vec![(json!({ "case_reference": "KH-2026-1", "languages": ["km", "en"] }), *takes)]
            }
            ("POST", path) if path.ends_with("/operations") => {
                let listed = json!({ "incidents": [console.key], "campaigns": [console.campaign] });
                vec![(json!({ "title": "<b>two</b> sites", "listed": listed, "invited": ["TH", "LA"] }), *takes)]
            }
            ("POST", path) if path.contains("/operations/") => [
                json!({ "kind": "answer", "answer": "accepted" }),
                json!({ "kind": "answer", "answer": "declined", "reason": "no team" }),
                json!({ "kind": "addition", "listed": { "incidents": [console.key] } }),
            ]
            .map(|body| (body, *takes))
            .to_vec(),
            ("POST", path) if path.ends_with("/feedback") => [
                (json!({ "kind": "acknowledgement" }), Right::Acknowledge),
                (json!({ "kind": "status", "status": "investigating" }), Right::Take),
                (json!({ "kind": "status", "status": "joint-operation" }), Right::JointOperation),
                (json!({ "kind": "status", "status": "referred" }), Right::Refer),
                (json!({ "kind": "verdict", "verdict_id": 2 }), Right::Verdict),
                (json!({ "kind": "comment", "text": "<script>alert(1)</script>" }), Right::Comment),
                (
                    json!({ "kind": "request", "action": "hold", "case_reference": "KH-2026-1", "days": 14 }),
                    Right::Request,
                ),
            ]
            .map(|(body, right)| (body, Takes::Right(right)))
            .to_vec(),
            ("POST", _) => vec![(json!({ "name": "viewer-kh", "password": PASSWORD }), *takes)],
            _ => vec![(Value::Null, *takes)],
        };
        all.extend(bodies.into_iter().map(|(body, takes)| {
            let body = if body.is_null() { String::new() } else { body.to_string() };
            (*method, path.clone(), body, takes)
        }));
    }
    // Signing out is the last thing that anybody does.
    all.sort_by_key(|(method, ..)| *method == "DELETE");
    all
}

/// Every request by every role of either country, and by nobody.
#[test]
fn every_request_is_for_whom_the_table_says() {
    let console = Console::start(false, true);
    let requests = requests(&console);
    let mut asked = 0;
    for (role, country) in Role::of(false).flat_map(|role| [(role, "KH"), (role, "TH")]) {
        let signed = console.sign_in(&format!("{}-{}", role.as_str(), country.to_lowercase()));
        let csrf = signed.session["csrf"].as_str().unwrap();
        let mut refused = 0;
        for (method, path, body, takes) in &requests {
            if *method == "POST" && path.ends_with("/session") {
                continue;
            }
            let headers = [("cookie", signed.cookie.as_str()), ("x-csrf-token", csrf)];
            let answer = console.ask(method, path, &headers, body);
            let may = match takes {
                Takes::Nothing | Takes::Session => true,
                // Who is of another country looks, and neither speaks for this one nor opens what is sealed for it, nor sees
                // what its people did.
                Takes::Right(right) => role.may(*right) && (country == "KH" || *right == Right::Read),
                Takes::Speaking => unreachable!("each kind has its right"),
            };
            // More of what a role may not do has no lines in the audit log.
            let is_noted = *method != "GET" && matches!(takes, Takes::Right(right) if !role.may(*right));
            refused += u32::from(is_noted);
            let expected = match (may, *method) {
                (false, _) if is_noted && refused > TRIES_MAX => 429,
                (false, _) => 403,
                (true, _) if path.contains("/provider/") => 404,
                // It is no carrier's desk.
                (true, "GET") if path.ends_with("/named") || path.ends_with("/home") => 409,
                (true, "DELETE") => 204,
                (true, "POST") if path.ends_with("/feedback") || path.contains("/operations") => 201,
                (true, _) => 200,
            };
            assert_eq!(
                answer.status,
                expected,
                "{} of {country}: {method} {path} {body}: {}",
                role.as_str(),
                answer.body
            );
            asked += 1;
        }
    }
    for (method, path, body, takes) in &requests {
        let answer = console.ask(method, path, &[], body);
        let expected = match takes {
            Takes::Nothing if path.contains("/provider/") => 404,
            Takes::Nothing => 200,
            _ => 401,
        };
        assert_eq!(answer.status, expected, "nobody: {method} {path}: {}", answer.body);
        asked += 1;
    }
    assert!(asked > 150, "{asked}");
    // All of it is in the log, and the log holds.
    let found = audit::verify(&console.folder.path().join("audit.log"), None).unwrap();
    assert!(found.fault.is_none() && found.entries > 60, "{found:?}");
    let log = std::fs::read_to_string(console.folder.path().join("audit.log")).unwrap();
    assert!(!log.contains("85512345678") && !log.contains(PASSWORD));
    assert!(log.contains("\"action\":\"open\"") && log.contains("\"case_reference\":\"KH-2026-1\""));
    // What was said is what was asked for, under the person's name.
    let said: Vec<_> = console.said.try_iter().collect();
    assert!(said.iter().all(|said| said.person.as_deref() == Some("Sok Dara") && said.writer.node == "console-1"));
    let of_operations = said.iter().filter(|said| said.kind.starts_with("operation")).count();
    assert_eq!(of_operations, 4, "a liaison of the console's country, and nobody else");
    assert_eq!(said.len(), 5 + 5 + 4, "an investigator and a liaison of the console's country, and nobody else");
}

#[test]
fn what_changes_something_takes_the_token_and_the_own_page() {
    let console = Console::start(false, true);
    let signed = console.sign_in("investigator-kh");
    let csrf = signed.session["csrf"].as_str().unwrap();
    let path = format!("/api/v1/incidents/{}/feedback", console.key);
    let own = format!("http://{}", console.address);
    let said = json!({ "kind": "acknowledgement" }).to_string();
    let check = |headers: &[(&str, &str)], expected: u16| {
        let headers = [headers, &[("cookie", signed.cookie.as_str())]].concat();
        let answer = console.ask("POST", &path, &headers, &said);
        assert_eq!(answer.status, expected, "{headers:?}: {}", answer.body);
    };
    check(&[], 403);
    check(&[("x-csrf-token", "0")], 403);
    check(&[("x-csrf-token", csrf), ("origin", "http://evil.example")], 403);
    check(&[("x-csrf-token", csrf), ("sec-fetch-site", "cross-site")], 403);
    check(&[("x-csrf-token", csrf), ("origin", &own), ("sec-fetch-site", "same-origin")], 201);
    let sign_in = json!({ "name": "viewer-kh", "password": PASSWORD }).to_string();
    assert_eq!(console.ask("POST", "/api/v1/session", &[("origin", "http://evil.example")], &sign_in).code(), "csrf");
    // A body that is too long, none, or another form.
    let headers = [("cookie", signed.cookie.as_str()), ("x-csrf-token", csrf)];
    let too_long = console.ask("POST", &path, &headers, &"x".repeat(9000));
    assert_eq!((too_long.status, too_long.code().as_str()), (413, "too-large"));
    assert!(too_long.body.contains("8192 bytes are the most"), "{}", too_long.body);
    for body in [
        "",
        "{}",
        "{\"kind\":\"comment\"}",
        "{\"kind\":\"shout\",\"text\":\"x\"}",
        "{\"kind\":\"comment\",\"text\":\"+855 12 345 678\"}",
    ] {
        let answer = console.ask("POST", &path, &headers, body);
        assert_eq!((answer.status, answer.code().as_str()), (422, "form"), "{body}: {}", answer.body);
        assert!(!answer.body.contains("345"), "{}", answer.body);
    }
    assert_eq!(console.ask("PUT", &path, &headers, "").status, 405);
    assert_eq!(console.ask("GET", "/api/v1/nothing", &headers, "").status, 404);
    // After signing out, or when the user is disabled, the cookie is worth nothing.
    assert_eq!(console.ask("DELETE", "/api/v1/session", &headers, "").status, 204);
    assert_eq!(console.ask("GET", "/api/v1/incidents", &headers, "").code(), "signed-out");
    let signed = console.sign_in("auditor-kh");
    let headers = [("cookie", signed.cookie.as_str())];
    assert_eq!(console.ask("GET", "/api/v1/audit/verify", &headers, "").status, 200);
    Users::open(&console.folder.path().join("users.json"), None).unwrap().disable("auditor-kh").unwrap();
    assert_eq!(console.ask("GET", "/api/v1/incidents", &headers, "").code(), "signed-out");
    assert!(Arc::strong_count(&console.site) > 1);
}

#[test]
fn passwords_are_not_tried_out() {
    let console = Console::start(false, false);
    let wrong = json!({ "name": "viewer-th", "password": "five words of a poem" }).to_string();
    let nobody = json!({ "name": "nobody", "password": "five words of a poem" }).to_string();
    assert_eq!(console.ask("POST", "/api/v1/session", &[], &nobody).code(), "wrong-password");
    for _ in 1..TRIES_MAX {
        assert_eq!(console.ask("POST", "/api/v1/session", &[], &wrong).code(), "wrong-password");
    }
    let right = json!({ "name": "viewer-th", "password": PASSWORD }).to_string();
    let answer = console.ask("POST", "/api/v1/session", &[], &right);
    assert_eq!((answer.status, answer.code().as_str()), (429, "too-many"));
    assert!(answer.head.contains("retry-after: "), "{}", answer.head);
}

/// An office comes to work: thirty behind one address, at once and after a restart that has signed them all out.
#[test]
fn thirty_of_one_address_sign_in() {
    let console = Console::start(false, false);
    let names = ["viewer-th", "viewer-kh", "liaison-th", "liaison-kh", "auditor-kh"].iter().cycle().take(30);
    let right = names.map(|name| json!({ "name": name, "password": PASSWORD }).to_string());
    std::thread::scope(|scope| {
        let address = console.address;
        let sign_in = move |body: String| ask(address, "POST", "/api/v1/session", &[], &body).status;
        let asking: Vec<_> = right.map(|body| scope.spawn(move || sign_in(body))).collect();
        let answered: Vec<u16> = asking.into_iter().map(|asks| asks.join().unwrap()).collect();
        assert_eq!(answered, [200; 30]);
    });
    assert!(!console.outcomes.lock().unwrap().contains(&"too-many"));
}

/// Whoever has somebody's session opens no box after another: what is sealed, what is said, and what is exported count together.
#[test]
fn a_stolen_session_does_not_open_everything() {
    let console = Console::start(false, true);
    let signed = console.sign_in("investigator-kh");
    let headers = [("cookie", signed.cookie.as_str()), ("x-csrf-token", signed.session["csrf"].as_str().unwrap())];
    let at = |what: &str| format!("/api/v1/incidents/{}/{what}", console.key);
    let asks = [
        (at("open"), r#"{"entity":0,"case_reference":"KH-1"}"#, 200),
        (at("feedback"), r#"{"kind":"comment","text":"seen"}"#, 201),
        (at("dossier"), r#"{"case_reference":"KH-1","languages":["km","en"]}"#, 200),
    ];
    for (path, body, status) in asks.iter().cycle().take(ACTS_MAX as usize) {
        let answer = console.ask("POST", path, &headers, body);
        assert_eq!(answer.status, *status, "{path}: {}", answer.body);
    }
    for (path, body, _) in &asks {
        let refused = console.ask("POST", path, &headers, body);
        assert_eq!((refused.status, refused.code().as_str()), (429, "too-many"), "{path}: {}", refused.body);
        assert!(refused.head.contains("retry-after: "), "{}", refused.head);
    }
    let log = std::fs::read_to_string(console.folder.path().join("audit.log")).unwrap();
    assert_eq!(log.matches("\"action\":\"open\"").count(), ACTS_MAX as usize / 3, "{log}");
    // Looking goes on, and so does another user's work.
    assert_eq!(console.ask("GET", "/api/v1/incidents", &headers, "").status, 200);
    let other = console.sign_in("liaison-kh");
    let headers = [("cookie", other.cookie.as_str()), ("x-csrf-token", other.session["csrf"].as_str().unwrap())];
    assert_eq!(console.ask("POST", &asks[1].0, &headers, asks[1].1).status, 201);
}

/// One address that tries made-up names pushes nobody's count out, and whose name was tried stays so.
#[test]
fn made_up_names_push_nobody_out() {
    let console = Console::start(false, false);
    let try_as = |name: &str| {
        let body = json!({ "name": name, "password": "five words of a poem" }).to_string();
        console.ask("POST", "/api/v1/session", &[], &body).code()
    };
    let tried: Vec<String> = (0..TRIES_MAX + 20).map(|number| try_as(&format!("made-up-{number}"))).collect();
    let (first, then) = tried.split_at(TRIES_MAX as usize);
    assert!(
        first.iter().all(|code| code == "wrong-password") && then.iter().all(|code| code == "too-many"),
        "{tried:?}"
    );
    assert_eq!(try_as("viewer-th"), "too-many");
}

/// Each export is a line of a log that is never cut: looking is free, exporting has a limit.
#[test]
fn a_user_does_not_fill_the_audit_log_with_exports() {
    let console = Console::start(false, false);
    let signed = console.sign_in("viewer-kh");
    let ask = |path: &str| console.ask("GET", path, &[("cookie", signed.cookie.as_str())], "");
    for path in ["/api/v1/digest.csv", "/api/v1/digest.html"].into_iter().cycle().take(TRIES_MAX as usize) {
        assert_eq!(ask(path).status, 200);
    }
    let refused = ask("/api/v1/digest.csv");
    assert_eq!((refused.status, refused.code().as_str()), (429, "too-many"));
    assert_eq!(ask("/api/v1/digest").status, 200);
    // And nothing is counted for one that is refused.
    let database = rusqlite::Connection::open(console.folder.path().join("console.db")).unwrap();
    database.execute_batch("ALTER TABLE incidents RENAME TO gone").unwrap();
    assert_eq!(ask("/api/v1/digest").status, 500);
    assert_eq!(ask("/api/v1/digest.csv").code(), "too-many");
    assert_eq!(ask("/api/v1/digest.html").code(), "too-many");
    let log = std::fs::read_to_string(console.folder.path().join("audit.log")).unwrap();
    assert_eq!(log.matches("\"action\":\"digest\"").count(), TRIES_MAX as usize);
}

/// What somebody types in place of an id may be a number: it is in no log, whatever is refused.
#[test]
fn what_is_no_id_is_in_no_log() {
    let console = Console::start(false, true);
    let signed = console.sign_in("viewer-kh");
    let headers = [("cookie", signed.cookie.as_str()), ("x-csrf-token", signed.session["csrf"].as_str().unwrap())];
    let number = "+85512345678";
    for path in ["incidents/NUMBER/open", "incidents/NUMBER/feedback", "campaigns/NUMBER/dossier", "operations/NUMBER"]
    {
        let path = format!("/api/v1/{}", path.replace("NUMBER", number));
        let body = r#"{"kind":"status","status":"referred"}"#;
        assert_eq!(console.ask("POST", &path, &headers, body).code(), "forbidden", "{path}");
    }
    let liaison = console.sign_in("liaison-kh");
    let headers = [("cookie", liaison.cookie.as_str()), ("x-csrf-token", liaison.session["csrf"].as_str().unwrap())];
    let verdict = r#"{"kind":"verdict","verdict_id":2}"#;
    let refused = console.ask("POST", &format!("/api/v1/incidents/{number}/feedback"), &headers, verdict);
    assert_eq!(refused.code(), "forbidden");
    let log = std::fs::read_to_string(console.folder.path().join("audit.log")).unwrap();
    assert!(!log.contains(&number[1..]), "{log}");
    for told in ["/api/v1/incidents/…/open", "/api/v1/campaigns/…/dossier", "/api/v1/operations/…", "\"about\":\"…\""]
    {
        assert!(log.contains(told), "{told}: {log}");
    }
}

/// What somebody may not do is in the log as well, so often as a wrong password would be.
#[test]
fn a_user_does_not_fill_the_audit_log_with_what_is_refused() {
    let console = Console::start(false, true);
    let signed = console.sign_in("viewer-kh");
    let headers = [("cookie", signed.cookie.as_str()), ("x-csrf-token", signed.session["csrf"].as_str().unwrap())];
    let feedback = format!("/api/v1/incidents/{}/feedback", console.key);
    let open = format!("/api/v1/incidents/{}/open", console.key);
    // One is refused by the role's row of the table, the other by what is said.
    let refer = r#"{"kind":"status","status":"referred"}"#;
    let entity = r#"{"entity":0,"case_reference":"KH-1"}"#;
    let asks = [(&feedback, refer), (&open, entity)];
    let codes: Vec<String> =
        asks.iter().cycle().take(30).map(|(path, body)| console.ask("POST", path, &headers, body).code()).collect();
    let (first, then) = codes.split_at(TRIES_MAX as usize);
    assert!(first.iter().all(|code| code == "forbidden") && then.iter().all(|code| code == "too-many"), "{codes:?}");
    let log = std::fs::read_to_string(console.folder.path().join("audit.log")).unwrap();
    assert_eq!(log.matches("\"outcome\":\"refused\"").count(), TRIES_MAX as usize, "{log}");
    // Both are about the incident, and neither is taken for somebody who asks a carrier to hold something.
    let about = format!("\"about\":\"{}\"", console.key);
    assert_eq!(
        log.matches(&format!("\"action\":\"refused-request\",{about},\"detail\":\"{feedback}\"")).count(),
        TRIES_MAX as usize / 2
    );
    assert_eq!(
        log.matches(&format!("\"action\":\"refused-request\",{about},\"detail\":\"{open}\"")).count(),
        TRIES_MAX as usize / 2
    );
    // What is allowed is not counted with it, nor anybody else.
    let read = console.ask("GET", "/api/v1/incidents", &headers, "");
    assert_eq!(read.status, 200);
    let other = console.sign_in("viewer-th");
    let headers = [("cookie", other.cookie.as_str()), ("x-csrf-token", other.session["csrf"].as_str().unwrap())];
    assert_eq!(console.ask("POST", &open, &headers, entity).code(), "forbidden");
}

#[test]
fn an_open_console_shows_and_lets_nobody_do_anything() {
    let console = Console::start(true, false);
    let session: Value = serde_json::from_str(&console.ask("GET", "/api/v1/session", &[], "").body).unwrap();
    assert_eq!((&session["open"], &session["may"]), (&json!(true), &json!(["read"])));
    assert_eq!(console.ask("GET", "/api/v1/incidents", &[], "").status, 200);
    // A name of somebody else that was made to point here.
    assert_eq!(console.ask("GET", "/api/v1/incidents", &[("host", "evil.example")], "").status, 403);
    let said = json!({ "kind": "acknowledgement" }).to_string();
    assert_eq!(console.ask("POST", &format!("/api/v1/incidents/{}/feedback", console.key), &[], &said).status, 403);
    assert_eq!(console.ask("GET", "/api/v1/audit", &[], "").status, 403);
    // Who signs in hears what is missing.
    let signed = console.sign_in("investigator-kh");
    let headers = [("cookie", signed.cookie.as_str()), ("x-csrf-token", signed.session["csrf"].as_str().unwrap())];
    let answer = console.ask("POST", &format!("/api/v1/incidents/{}/feedback", console.key), &headers, &said);
    assert_eq!(answer.code(), "not-set-up");
}

#[test]
fn a_browser_is_told_what_a_page_may_do() {
    let console = Console::start(true, false);
    for path in ["/", "/incident/x", "/assets/index.html", "/api/v1/session", "/api/v1/nothing", "/assets/none.js"] {
        let answer = console.ask("GET", path, &[], "");
        for header in [
            "content-security-policy: default-src 'none';",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "x-frame-options: deny",
        ] {
            assert!(answer.head.contains(header), "{path}: {}", answer.head);
        }
        let is_api = path.starts_with("/api/");
        assert_eq!(answer.head.contains("cache-control: no-store"), is_api, "{path}");
    }
    let page = console.ask("GET", "/", &[], "");
    let etag = page.head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
    assert_eq!(console.ask("GET", "/", &[("if-none-match", etag)], "").status, 304);
    assert!(console.ask("GET", "/", &[("accept-encoding", "gzip, br")], "").head.contains("content-encoding: gzip"));
}

/// A client that believes one certificate.
fn client(
    address: SocketAddr,
    certificate: &rcgen::Certificate,
) -> rustls::StreamOwned<rustls::ClientConnection, std::net::TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let connection = rustls::ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    rustls::StreamOwned::new(connection, std::net::TcpStream::connect(address).unwrap())
}

/// Under TLS nothing is said in clear, and the session's cookie is this host's alone.
#[test]
fn tls_and_nothing_in_clear() {
    let made = || rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (own, other) = (made(), made());
    let tls = listen::tls(own.cert.pem().as_bytes(), own.signing_key.serialize_pem().as_bytes()).unwrap();
    assert!(listen::tls(own.cert.pem().as_bytes(), other.signing_key.serialize_pem().as_bytes()).is_err());
    let console = Console::served(false, true, Some(tls), None, now);
    let body = json!({ "name": "viewer-kh", "password": PASSWORD }).to_string();
    let request = format!(
        "POST /api/v1/session HTTP/1.1\r\nhost: localhost\r\norigin: https://localhost\r\nconnection: close\r\ncontent-type: \
         application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = client(console.address, &own.cert);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let answer = answer.to_lowercase();
    assert!(answer.starts_with("http/1.1 200"), "{answer}");
    for told in ["strict-transport-security: max-age=", "set-cookie: __host-lancang_session=", "; secure"] {
        assert!(answer.contains(told), "{told}: {answer}");
    }
    // Who believes another certificate says nothing, and who speaks in clear is answered nothing.
    let refused = client(console.address, &other.cert).write_all(request.as_bytes()).unwrap_err();
    assert!(refused.to_string().contains("certificate"), "{refused}");
    let mut plain = std::net::TcpStream::connect(console.address).unwrap();
    plain.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.windows(4).any(|part| part == b"HTTP"), "{:?}", String::from_utf8_lossy(&answer));
}

/// What a liaison lists has to be there, and nothing is taken that readers would not believe.
#[test]
fn an_operation_is_whole_before_it_is_said() {
    let console = Console::start(false, true);
    let signed = console.sign_in("liaison-kh");
    let csrf = signed.session["csrf"].as_str().unwrap();
    let headers = [("cookie", signed.cookie.as_str()), ("x-csrf-token", csrf)];
    let say = |path: &str, body: Value| console.ask("POST", path, &headers, &body.to_string());
    let propose = |change: &dyn Fn(&mut Value)| {
        let listed = json!({ "incidents": [console.key] });
        let mut body = json!({ "title": "two sites", "listed": listed, "invited": ["TH"], "day": "2026-12-03" });
        change(&mut body);
        say("/api/v1/operations", body)
    };
    let refused = |answer: Answer, status: u16, words: &str| {
        assert!(answer.status == status && answer.body.contains(words), "{words}: {} {}", answer.status, answer.body);
    };
    assert_eq!(propose(&|_| ()).status, 201);
    let other_page = [&headers[..], &[("origin", "http://evil.example")]].concat();
    for (headers, path) in [(&headers[..1], "/api/v1/operations"), (&other_page[..], "/api/v1/operations")] {
        let path = [path.to_owned(), format!("{path}/{}", console.operation)];
        assert!(path.iter().all(|path| console.ask("POST", path, headers, "{}").code() == "csrf"));
    }
    refused(propose(&|body| body["title"] = "call +855 12 345 678".into()), 422, "title");
    refused(propose(&|body| body["invited"] = json!(["KH"])), 422, "invited");
    refused(propose(&|body| body["lead"] = "//VN/police/a".into()), 422, "lead");
    refused(propose(&|body| body["lead"] = "KH".into()), 422, "lead");
    refused(propose(&|body| body["day"] = "soon".into()), 422, "day");
    refused(propose(&|body| body["listed"] = json!({})), 422, "listed");
    refused(propose(&|body| body["listed"]["campaigns"] = json!(["0".repeat(32)])), 404, "not-found");
    refused(propose(&|body| body["listed"]["incidents"] = json!(["0".repeat(32)])), 404, "not-found");
    let path = format!("/api/v1/operations/{}", console.operation);
    refused(say(&path, json!({ "kind": "answer", "answer": "declined", "reason": " " })), 422, "reason");
    refused(say(&path, json!({ "kind": "answer", "answer": "perhaps" })), 422, "answer");
    refused(say(&path, json!({ "kind": "stage", "stage": "agreed" })), 422, "stage");
    refused(say(&path, json!({ "kind": "stage", "stage": "closed", "outcome": "won" })), 422, "outcome");
    refused(
        say(&format!("/api/v1/operations/{}", "0".repeat(64)), json!({ "kind": "answer", "answer": "accepted" })),
        404,
        "",
    );
    for query in ["country=XX", "stage=begun", "after=x", "limit=0"] {
        refused(console.ask("GET", &format!("/api/v1/operations?{query}"), &headers, ""), 422, "");
    }
    let said: Vec<_> = console.said.try_iter().collect();
    assert_eq!(said.len(), 1);
    let lead = said[0].operation.as_ref().unwrap().lead.uri();
    assert_eq!((said[0].incident.is_none(), lead.as_str()), (true, "//KH/police/console-1"));
    let log = std::fs::read_to_string(console.folder.path().join("audit.log")).unwrap();
    assert!(log.contains("\"action\":\"joint-operation\",\"about\":\"operations\""), "{log}");
}
