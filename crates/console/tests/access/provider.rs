//! Signing in by a provider: a small one that conforms, over TLS, and what it must not be believed. A real one is in the browser's
//! tests (`tests/pages.rs`).

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer as _, SigningKey};
use lancang_console::access::Role;
use lancang_console::audit;
use lancang_console::limits::{PROVIDER_AGAIN_MS, PROVIDER_PENDING_MS, PROVIDER_PENDING_OF_NETWORK_MAX, TRIES_MAX};
use lancang_console::provider::{Claims, Grant, Provider, Setting};
use lancang_console::server::listen;
use lancang_record::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::runtime::Runtime;

use super::support::at;
use super::{Answer, Console, ask};

const SECRET: &str = "a secret / with+signs";
const ADDRESS: &str = "http://127.0.0.1:8600";

/// A clock that these tests alone turn on, and one test at a time.
static CLOCK_S: AtomicI64 = AtomicI64::new(1_000_000);
static TURNING: Mutex<()> = Mutex::new(());

fn now() -> Timestamp {
    at(CLOCK_S.load(Ordering::Relaxed))
}

fn alone() -> MutexGuard<'static, ()> {
    TURNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a provider signs.
struct Token {
    header: Value,
    claims: Value,
    seed: u8,
}

/// A code that was given: what its request said.
struct Given {
    code: String,
    nonce: String,
    challenge: String,
}

struct Said {
    issuer: String,
    /// Keys that it publishes, by seed.
    published: Vec<u8>,
    given: Vec<Given>,
    /// What is wrong with the next token.
    twist: fn(&mut Token),
    asked: usize,
}

type Shared = Arc<Mutex<Said>>;

struct Made {
    state: Shared,
    _runtime: Runtime,
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

async fn configuration(State(state): State<Shared>) -> Json<Value> {
    let mut state = state.lock().unwrap();
    state.asked += 1;
    let issuer = &state.issuer;
    Json(json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"), "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"], "end_session_endpoint": format!("{issuer}/leave"),
    }))
}

async fn jwks(State(state): State<Shared>) -> Json<Value> {
    let state = state.lock().unwrap();
    let key = |seed: &u8| {
        json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": seed.to_string(),
            "x": URL_SAFE_NO_PAD.encode(key(*seed).verifying_key().as_bytes())})
    };
    Json(json!({ "keys": state.published.iter().map(key).collect::<Vec<_>>() }))
}

/// Takes a code once, of the client that knows the secret and the verifier.
async fn token(State(state): State<Shared>, headers: HeaderMap, body: String) -> (StatusCode, Json<Value>) {
    let refused = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error })));
    let form: std::collections::HashMap<_, _> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    // RFC 6749, 2.3.1: each is encoded before they are joined.
    let shown = headers["authorization"].to_str().unwrap().strip_prefix("Basic ").unwrap().to_owned();
    let shown = String::from_utf8(STANDARD.decode(shown).unwrap()).unwrap();
    let (id, secret) = shown.split_once(':').unwrap();
    let plain = |text: &str| form_urlencoded::parse(text.as_bytes()).next().unwrap().0.into_owned();
    if (plain(id).as_str(), plain(secret).as_str()) != ("lancang", SECRET) {
        return refused("invalid_client");
    }
    let mut state = state.lock().unwrap();
    let Some(at) = state.given.iter().position(|given| given.code == form["code"]) else {
        return refused("invalid_grant");
    };
    let given = state.given.remove(at);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
    if challenge != given.challenge || form["redirect_uri"] != format!("{ADDRESS}/api/v1/provider/back") {
        return refused("invalid_grant");
    }
    let seed = state.published[0];
    let now_s = now().as_ms() / 1000;
    let mut token = Token {
        header: json!({"alg": "EdDSA", "kid": seed.to_string()}),
        claims: json!({"iss": state.issuer, "aud": "lancang", "sub": "17", "nonce": given.nonce, "iat": now_s, "exp": now_s + 300,
            "name": "Sok Dara", "groups": ["staff", "kh-investigators"]}),
        seed,
    };
    (state.twist)(&mut token);
    let signed = format!("{}.{}", encode(&token.header), encode(&token.claims));
    let signature = match token.header["alg"].as_str() {
        Some("none") => String::new(),
        Some("HS256") => {
            use hmac::{KeyInit as _, Mac as _};
            let mut mac = hmac::Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
            mac.update(signed.as_bytes());
            URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
        }
        _ => URL_SAFE_NO_PAD.encode(key(token.seed).sign(signed.as_bytes()).to_bytes()),
    };
    let answer =
        json!({"access_token": "of no use here", "token_type": "Bearer", "id_token": format!("{signed}.{signature}")});
    (StatusCode::OK, Json(answer))
}

impl Made {
    /// A provider on loopback, and what a console believes of it.
    fn start() -> (Self, Provider) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let config = listen::tls(made.cert.pem().as_bytes(), made.signing_key.serialize_pem().as_bytes()).unwrap();
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let issuer = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let state = Said { issuer: issuer.clone(), published: vec![1], given: Vec::new(), twist: |_| (), asked: 0 };
        let state = Arc::new(Mutex::new(state));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(configuration))
            .route("/jwks", get(jwks))
            .route("/token", post(token))
            .with_state(Arc::clone(&state));
        runtime.spawn(listen::serve(
            listener,
            Some(Arc::new(listen::Tls::new(config))),
            router,
            lancang_console::limits::CONNECTIONS_OF_NETWORK_MAX,
            || (),
        ));
        let provider = Provider::new(setting(&issuer, made.cert.pem().into_bytes())).unwrap();
        (Self { state, _runtime: runtime }, provider)
    }

    fn twist(&self, twist: fn(&mut Token)) {
        self.state.lock().unwrap().twist = twist;
    }

    /// What somebody does there: a code for the request that the address makes; the code and the state.
    fn authorize(&self, address: &str) -> (String, String) {
        let query = address.split_once("/authorize?").unwrap().1;
        let asked: std::collections::HashMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        for (name, expected) in [
            ("response_type", "code"),
            ("client_id", "lancang"),
            ("code_challenge_method", "S256"),
            ("scope", "openid profile"),
            ("redirect_uri", &format!("{ADDRESS}/api/v1/provider/back")),
        ] {
            assert_eq!(asked[name], expected, "{address}");
        }
        let mut state = self.state.lock().unwrap();
        let code = format!("code-{}", asked["state"]);
        let (nonce, challenge) = (asked["nonce"].clone(), asked["code_challenge"].clone());
        state.given.push(Given { code: code.clone(), nonce, challenge });
        (code, asked["state"].clone())
    }
}

fn setting(issuer: &str, authorities: Vec<u8>) -> Setting {
    Setting {
        title: "The police's".to_owned(),
        issuer: issuer.to_owned(),
        client_id: "lancang".to_owned(),
        client_secret: Some(SECRET.to_owned()),
        address: ADDRESS.to_owned(),
        scopes: vec!["profile".to_owned()],
        claims: Claims { name: "sub".to_owned(), person: "name".to_owned(), roles: "groups".to_owned() },
        grants: vec![Grant {
            value: "kh-investigators".to_owned(),
            role: Role::Investigator,
            country: "KH".to_owned(),
        }],
        authorities,
    }
}

/// Where an answer sends the browser.
fn sent(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.sent.clone()
}

/// The value that an answer gives a cookie.
fn given(answer: &Answer, name: &str) -> String {
    let cookies = answer.head.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
    let mut found = cookies.rev().filter_map(|cookie| cookie.split(';').next()?.strip_prefix(&format!("{name}=")));
    found.next().unwrap_or_else(|| panic!("no {name}: {}", answer.head)).to_owned()
}

fn begin(console: &Console) -> (String, String) {
    let begun = console.ask("GET", "/api/v1/provider/begin", &[], "");
    let cookie = format!("lancang_provider={}", given(&begun, "lancang_provider"));
    assert!(begun.head.contains("samesite=lax"), "{}", begun.head);
    (sent(&begun), cookie)
}

fn back(console: &Console, query: &str, cookie: &str) -> Answer {
    console.ask("GET", &format!("/api/v1/provider/back?{query}"), &[("cookie", cookie)], "")
}

/// From the console to the provider and back.
fn whole(console: &Console, provider: &Made) -> Answer {
    let (address, cookie) = begin(console);
    let (code, state) = provider.authorize(&address);
    back(console, &format!("code={code}&state={state}"), &cookie)
}

fn log(console: &Console) -> String {
    let path = console.folder.path().join("audit.log");
    assert!(audit::verify(&path, None).unwrap().fault.is_none());
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn whom_the_provider_vouches_for_works_as_others_do_and_leaves_there_too() {
    let _alone = alone();
    let (provider, vouching) = Made::start();
    let console = Console::served(false, true, None, Some(vouching), now);
    let named: Value = serde_json::from_str(&console.ask("GET", "/api/v1/provider", &[], "").body).unwrap();
    assert_eq!(named["title"], "The police's");
    let answer = whole(&console, &provider);
    assert_eq!(sent(&answer), "/");
    assert!(answer.head.contains("samesite=strict"), "{}", answer.head);
    let cookie = format!("lancang_session={}", given(&answer, "lancang_session"));
    let session = console.ask("GET", "/api/v1/session", &[("cookie", &cookie)], "");
    let session: Value = serde_json::from_str(&session.body).unwrap();
    let expected = json!({"name": "oidc:17", "person": "Sok Dara", "country": "KH", "role": "investigator"});
    assert_eq!(session["user"], expected);
    let headers = [("cookie", cookie.as_str()), ("x-csrf-token", session["csrf"].as_str().unwrap())];
    let path = format!("/api/v1/incidents/{}/feedback", console.key);
    assert_eq!(console.ask("POST", &path, &headers, "{\"kind\":\"acknowledgement\"}").status, 201);
    assert_eq!(console.said.try_iter().next().unwrap().person.as_deref(), Some("Sok Dara"));
    assert_eq!(console.ask("GET", "/api/v1/audit", &headers, "").status, 403);
    let left = console.ask("DELETE", "/api/v1/session", &headers, "");
    let left: Value = serde_json::from_str(&left.body).unwrap();
    assert!(left["leave"].as_str().unwrap().contains("/leave?client_id=lancang&"), "{left}");
    assert_eq!(console.ask("GET", "/api/v1/incidents", &headers, "").code(), "signed-out");
    // Users of the console's own file sign in beside, and leave nowhere else.
    let signed = console.sign_in("viewer-kh");
    let headers = [("cookie", signed.cookie.as_str()), ("x-csrf-token", signed.session["csrf"].as_str().unwrap())];
    assert_eq!(console.ask("DELETE", "/api/v1/session", &headers, "").status, 204);
    let log = log(&console);
    assert!(log.contains("\"user\":\"oidc:17\",\"country\":\"KH\",\"action\":\"sign-in\""), "{log}");
    assert!(!log.contains("code-") && !log.contains(SECRET));
    assert_eq!(provider.state.lock().unwrap().asked, 1, "what it says of itself is kept");
}

/// Name, what is wrong with the token, how the page hears of it, and the audit log.
type Case = (&'static str, fn(&mut Token), &'static str, &'static str);

/// Each by a token that differs in one thing from one that is believed.
#[test]
fn what_is_not_the_providers_word_lets_nobody_in() {
    let _alone = alone();
    let (provider, vouching) = Made::start();
    let console = Console::served(false, true, None, Some(vouching), now);
    let cases: &[Case] = &[
        ("nonce", |token| token.claims["nonce"] = "00".into(), "provider-unbelieved", "another sign-in (nonce)"),
        (
            "no nonce",
            |token| drop(token.claims.as_object_mut().unwrap().remove("nonce")),
            "provider-unbelieved",
            "nonce",
        ),
        ("audience", |token| token.claims["aud"] = "another".into(), "provider-unbelieved", "another audience"),
        ("audiences", |token| token.claims["aud"] = json!(["lancang", "x"]), "provider-unbelieved", "another audience"),
        (
            "issuer",
            |token| token.claims["iss"] = "https://evil.example".into(),
            "provider-unbelieved",
            "another issuer",
        ),
        ("expired", |token| token.claims["exp"] = (now().as_ms() / 1000).into(), "provider-unbelieved", "expired"),
        ("none", |token| token.header = json!({"alg": "none"}), "provider-unbelieved", ""),
        ("shared secret", |token| token.header = json!({"alg": "HS256"}), "provider-unbelieved", "signature"),
        ("foreign key", |token| token.seed = 9, "provider-unbelieved", "signature"),
        (
            "unknown key",
            |token| (token.header["kid"], token.seed) = ("9".into(), 9),
            "provider-unbelieved",
            "No matching key",
        ),
        (
            "person",
            |token| drop(token.claims.as_object_mut().unwrap().remove("name")),
            "provider-unbelieved",
            "claim `name`",
        ),
        ("groups", |token| drop(token.claims.as_object_mut().unwrap().remove("groups")), "no-role", "no role is given"),
        ("role", |token| token.claims["groups"] = json!(["kh"]), "no-role", "no role is given to oidc:17"),
    ];
    for (name, twist, expected, told) in cases {
        provider.twist(*twist);
        let before = log(&console).len();
        let answer = whole(&console, &provider);
        assert_eq!(sent(&answer), format!("/sign-in?refused={expected}"), "{name}");
        assert!(!answer.head.contains("lancang_session"), "{name}: {}", answer.head);
        let log = log(&console);
        let added = &log[before..];
        assert!(added.contains(told) && added.contains("\"outcome\":\"refused\""), "{name}: {added}");
        // The limit on tries is for another test.
        CLOCK_S.fetch_add(if *name == "expired" { 301 } else { 61 }, Ordering::Relaxed);
    }
    provider.twist(|_| ());
    let (address, cookie) = begin(&console);
    let (code, state) = provider.authorize(&address);
    let fits = format!("code={code}&state={state}");
    let check = |query: &str, cookie: &str, expected: &str| {
        let answer = back(&console, query, cookie);
        assert_eq!(sent(&answer), format!("/sign-in?refused={expected}"), "{query}");
    };
    check(&format!("code={code}&state=00"), &cookie, "sign-in-over");
    check(&fits, "lancang_provider=00", "sign-in-over");
    check(&fits, "", "sign-in-over");
    check("", &cookie, "sign-in-over");
    assert_eq!(sent(&back(&console, &fits, &cookie)), "/", "what others tried takes nothing away");
    check(&fits, &cookie, "sign-in-over");
    // A code that was used, brought by a sign-in of its own.
    let (address, cookie) = begin(&console);
    let (_, state) = provider.authorize(&address);
    check(&format!("code={code}&state={state}"), &cookie, "provider-unbelieved");
    // A code of somebody else's sign-in: PKCE.
    let (others, _) = begin(&console);
    let (code, _) = provider.authorize(&others);
    let (address, cookie) = begin(&console);
    let (_, state) = provider.authorize(&address);
    check(&format!("code={code}&state={state}"), &cookie, "provider-unbelieved");
    let refused = |more: &str| {
        let (address, cookie) = begin(&console);
        let (code, state) = provider.authorize(&address);
        let answer = back(&console, &more.replace("CODE", &code).replace("STATE", &state), &cookie);
        sent(&answer)
    };
    assert_eq!(refused("error=access_denied&state=STATE"), "/sign-in?refused=provider-denied");
    assert_eq!(refused("state=STATE"), "/sign-in?refused=provider-unbelieved");
    assert_eq!(refused("code=CODE&state=STATE&iss=https://evil.example"), "/sign-in?refused=provider-unbelieved");
    // Too late.
    let (address, cookie) = begin(&console);
    let (code, state) = provider.authorize(&address);
    CLOCK_S.fetch_add(PROVIDER_PENDING_MS / 1000, Ordering::Relaxed);
    check(&format!("code={code}&state={state}"), &cookie, "sign-in-over");
}

#[test]
fn keys_rotate_and_a_provider_that_is_away_keeps_nobody_else_out() {
    let _alone = alone();
    let (provider, vouching) = Made::start();
    let console = Console::served(false, true, None, Some(vouching), now);
    assert_eq!(sent(&whole(&console, &provider)), "/");
    provider.state.lock().unwrap().published = vec![2, 1];
    CLOCK_S.fetch_add(PROVIDER_AGAIN_MS / 1000, Ordering::Relaxed);
    assert_eq!(sent(&whole(&console, &provider)), "/", "a new key is asked for");
    assert_eq!(provider.state.lock().unwrap().asked, 2);
    // Made-up keys do not make it ask without end, and are counted as tries.
    provider.twist(|token| (token.header["kid"], token.seed) = ("9".into(), 9));
    for _ in 0..TRIES_MAX {
        assert_eq!(sent(&whole(&console, &provider)), "/sign-in?refused=provider-unbelieved");
    }
    assert!(provider.state.lock().unwrap().asked <= 4);
    assert_eq!(sent(&whole(&console, &provider)), "/sign-in?refused=too-many");
    drop(provider);
    CLOCK_S.fetch_add(3601, Ordering::Relaxed);
    let begun = || sent(&console.ask("GET", "/api/v1/provider/begin", &[], ""));
    assert_eq!(begun(), "/sign-in?refused=provider-away");
    assert_eq!(begun(), "/sign-in?refused=provider-away", "and is not asked anew at once");
    console.sign_in("viewer-kh");
}

#[test]
fn only_a_server_that_its_authorities_vouch_for_is_believed() {
    let (provider, _) = Made::start();
    let issuer = provider.state.lock().unwrap().issuer.clone();
    let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let vouching = Provider::new(setting(&issuer, other.cert.pem().into_bytes())).unwrap();
    let console = Console::served(false, true, None, Some(vouching), now);
    let answer = console.ask("GET", "/api/v1/provider/begin", &[], "");
    assert_eq!(sent(&answer), "/sign-in?refused=provider-away");
    assert_eq!(provider.state.lock().unwrap().asked, 0);
    let wrong = |issuer: &str, authorities: Vec<u8>| Provider::new(setting(issuer, authorities)).err().unwrap();
    assert!(wrong("http://login.example", other.cert.pem().into_bytes()).contains("`issuer`"));
    assert!(wrong(&issuer, b"no certificate".to_vec()).contains("`authorities`"));
}

/// Whoever begins many makes room with their own, and all of it is counted.
#[test]
fn sign_ins_that_begin_are_counted_and_bounded() {
    let _alone = alone();
    let (_provider, vouching) = Made::start();
    let console = Console::served(false, true, None, Some(vouching), now);
    for _ in 0..PROVIDER_PENDING_OF_NETWORK_MAX + 3 {
        begin(&console);
    }
    let outcomes = console.outcomes.lock().unwrap();
    let count = |wanted: &str| outcomes.iter().filter(|outcome| **outcome == wanted).count();
    assert_eq!((count("begun"), count("pushed-out")), (PROVIDER_PENDING_OF_NETWORK_MAX + 3, 3));
}

/// A provider that takes the connection and says nothing: one asks, and who comes meanwhile shares what came of it.
#[test]
fn a_provider_that_hangs_is_asked_once_for_all_who_wait() {
    const HANGS: Duration = Duration::from_secs(2);
    let _alone = alone();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let asked = Arc::new(AtomicI64::new(0));
    let counted = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            counted.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(HANGS);
            drop(stream);
        }
    });
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let vouching = Provider::new(setting(&issuer, made.cert.pem().into_bytes())).unwrap();
    let console = Console::served(false, true, None, Some(vouching), now);
    let (begun, address) = (Instant::now(), console.address);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(move || {
                let answer = ask(address, "GET", "/api/v1/provider/begin", &[], "");
                assert_eq!(sent(&answer), "/sign-in?refused=provider-away");
            });
            // Each comes at a time at which it might ask again.
            std::thread::sleep(HANGS / 10);
            CLOCK_S.fetch_add(PROVIDER_AGAIN_MS / 1000 + 1, Ordering::Relaxed);
        }
    });
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert!(begun.elapsed() < HANGS * 2, "{:?}", begun.elapsed());
    assert_eq!(*console.outcomes.lock().unwrap(), ["provider-away"; 6]);
    console.ask("GET", "/api/v1/provider/begin", &[], "");
    assert_eq!(asked.load(Ordering::Relaxed), 2, "who comes later asks again");
}
