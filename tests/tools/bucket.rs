//! The store in a bucket: over a small server of this test, which does as the test says, and, where `LANCANG_TEST_S3` names one
//! (`http://127.0.0.1:7070/bucket`, keys in `LANCANG_TEST_S3_ID` and `LANCANG_TEST_S3_KEY`), over a real one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use lancang::config::{Bucket, Store as Place};
use lancang::doctor::{State as Found, machine};
use lancang::secret::Secret;
use lancang::store::Store;

/// How the server goes wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Nothing,
    /// It knows no `If-None-Match`.
    WritesOver,
    /// It writes what it is sent, and answers 503 to the first try.
    WritesAndFails,
    /// It takes no key.
    Forbids,
}

struct Server {
    objects: Mutex<BTreeMap<String, Bytes>>,
    wrong: Mutex<Wrong>,
    /// Keys by whose ids it was asked.
    ids: Mutex<BTreeSet<String>>,
    failed: AtomicU32,
}

/// Objects by path, below one bucket; of listings what `object_store` reads.
async fn answer(State(server): State<Arc<Server>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let signed = head.headers["authorization"].to_str().unwrap().to_owned();
    let id = signed.split_once("Credential=").unwrap().1.split('/').next().unwrap();
    server.ids.lock().unwrap().insert(id.to_owned());
    let wrong = *server.wrong.lock().unwrap();
    if wrong == Wrong::Forbids {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut objects = server.objects.lock().unwrap();
    let key = head.uri.path().strip_prefix("/lancang").unwrap().trim_start_matches('/').to_owned();
    match head.method {
        Method::PUT => {
            let is_guarded = head.headers.get("if-none-match").is_some_and(|value| value == "*");
            if is_guarded && wrong != Wrong::WritesOver && objects.contains_key(&key) {
                return StatusCode::PRECONDITION_FAILED.into_response();
            }
            objects.insert(key, body);
            if wrong == Wrong::WritesAndFails && server.failed.fetch_add(1, Ordering::Relaxed) == 0 {
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            }
            ([("etag", "\"x\"")], "").into_response()
        }
        Method::DELETE => {
            objects.remove(&key);
            StatusCode::NO_CONTENT.into_response()
        }
        Method::GET if key.is_empty() => listing(&objects, head.uri.query().unwrap_or_default()),
        _ => objects.get(&key).map_or(StatusCode::NOT_FOUND.into_response(), |bytes| object(bytes, &head.headers)),
    }
}

fn object(bytes: &Bytes, headers: &HeaderMap) -> Response {
    let more = [("etag", "\"x\""), ("last-modified", "Sun, 29 Nov 2026 00:00:00 GMT")];
    let Some(range) = headers.get("range") else { return (more, bytes.clone()).into_response() };
    let (from, to) = range.to_str().unwrap().trim_start_matches("bytes=").split_once('-').unwrap();
    let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
    let to = (to + 1).min(bytes.len());
    let place = format!("bytes {from}-{}/{}", to - 1, bytes.len());
    (StatusCode::PARTIAL_CONTENT, more, [("content-range", place)], bytes.slice(from..to)).into_response()
}

fn listing(objects: &BTreeMap<String, Bytes>, query: &str) -> Response {
    let prefix = query.split('&').find_map(|part| part.strip_prefix("prefix=")).unwrap_or_default().replace("%2F", "/");
    let mut text = String::from("<ListBucketResult><IsTruncated>false</IsTruncated>");
    for (key, bytes) in objects.iter().filter(|(key, _)| key.starts_with(&prefix)) {
        let size = bytes.len();
        text.push_str(&format!(
            "<Contents><Key>{key}</Key><Size>{size}</Size><ETag>x</ETag><LastModified>2026-11-29T00:00:00Z</LastModified></Contents>"
        ));
    }
    (text + "</ListBucketResult>").into_response()
}

/// A bucket, and what it is answered by.
struct Bench {
    runtime: tokio::runtime::Runtime,
    server: Arc<Server>,
    folder: tempfile::TempDir,
    bucket: Bucket,
}

impl Bench {
    fn new() -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server = Arc::new(Server {
            objects: Mutex::default(),
            wrong: Mutex::new(Wrong::Nothing),
            ids: Mutex::default(),
            failed: AtomicU32::new(0),
        });
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new().fallback(answer).with_state(Arc::clone(&server));
        runtime.spawn(async move { axum::serve(listener, router).await });
        let folder = tempfile::tempdir().unwrap();
        let bucket = Bucket {
            name: "lancang".to_owned(),
            prefix: "phnom/penh".to_owned(),
            endpoint: Some(endpoint),
            region: "us-east-1".to_owned(),
            authorities: None,
            access_key: Secret::File(secret(folder.path(), "id", "an-id\n")),
            secret_key: Secret::File(secret(folder.path(), "key", "a-key\n")),
        };
        Self { runtime, server, folder, bucket }
    }

    fn store(&self) -> anyhow::Result<Store> {
        let place = Place { folder: "state".into(), bucket: Some(self.bucket.clone()) };
        Store::of(&place, self.runtime.handle().clone())
    }

    fn goes_wrong(&self, wrong: Wrong) {
        *self.server.wrong.lock().unwrap() = wrong;
    }
}

fn secret(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    lancang::secret::write_secret(&path, text).unwrap();
    path
}

/// What rule 6 of the store takes of its objects: whoever creates a name has it, and what is listed is there.
fn keeps_the_rules(store: &Store) {
    assert_eq!(store.announced().unwrap(), None);
    for hash in [1, 1, 2] {
        store.note_announced(&[hash; 32]).unwrap();
        assert_eq!(store.announced().unwrap(), Some([hash; 32]));
    }
    assert_eq!(store.history().unwrap(), [[2; 32], [1; 32]]);
    store.put_pack(&[7; 32], vec![1, 2]).unwrap();
    store.put_pack(&[7; 32], vec![1, 2]).unwrap();
    assert_eq!(store.pack(&[7; 32]).unwrap(), [1, 2]);
    assert!(store.pack(&[8; 32]).unwrap_err().to_string().contains("not in the store"));
    store.withdraw(&[7; 32]).unwrap();
    assert!(store.is_withdrawn(&[7; 32]).unwrap() && !store.is_withdrawn(&[8; 32]).unwrap());
    store.reinstate(&[7; 32]).unwrap();
    store.reinstate(&[7; 32]).unwrap();
    assert!(!store.is_withdrawn(&[7; 32]).unwrap());
    // Claims of eight at once: the last is whose it is. One that a later claim let go of may be claimed again by who looked
    // before; it is nobody's.
    let claims: Vec<u64> = std::thread::scope(|scope| {
        let claiming: Vec<_> = (0..8).map(|_| scope.spawn(|| store.claim("records-3").unwrap())).collect();
        claiming.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let most = *claims.iter().max().unwrap();
    assert_eq!(claims.iter().filter(|claim| **claim == most).count(), 1, "{claims:?}");
    assert!(claims.iter().all(|claim| store.holds("records-3", *claim).unwrap() == (*claim == most)));
    for offset in [100, 9, 20, 300] {
        assert!(store.put_snapshot("records-3", offset, "a", vec![offset as u8]).unwrap());
    }
    assert!(!store.put_snapshot("records-3", 9, "a", vec![0]).unwrap(), "create-only");
    let kept = store.collect("records-3", 150).unwrap();
    assert_eq!(kept.iter().map(|kept| kept.offset).collect::<Vec<_>>(), [300, 100, 20]);
    assert_eq!(store.snapshot(&kept[1]).unwrap(), [100]);
    store.put_segment("records-3", "00000000000000000009-a", (0..200).collect()).unwrap();
    assert_eq!(store.segment("records-3", "00000000000000000009-a", 10..13).unwrap(), [10, 11, 12]);
    assert!(store.segment("records-3", "00000000000000000009-a", 190..210).is_err());
    let taken = store.put_segment("records-3", "00000000000000000009-a", vec![1]).unwrap_err();
    assert!(taken.to_string().contains("another writer has its name"), "{taken}");
    store.collect_segments("records-3", &BTreeSet::new(), 10).unwrap();
    assert_eq!(store.segments("records-3").unwrap(), Vec::<String>::new());
}

#[test]
fn a_bucket_keeps_the_stores_rules() {
    let bench = Bench::new();
    keeps_the_rules(&bench.store().unwrap());
    let objects = bench.server.objects.lock().unwrap();
    assert!(objects.keys().all(|key| key.starts_with("phnom/penh/") && !key.contains("tried")), "{:?}", objects.keys());
}

/// Two workers would have one task: a start ends, and says why.
#[test]
fn a_bucket_that_writes_over_objects_is_refused() {
    let bench = Bench::new();
    bench.goes_wrong(Wrong::WritesOver);
    let error = bench.store().unwrap_err();
    assert!(format!("{error:#}").contains("If-None-Match"), "{error:#}");
    assert_eq!(lancang::exit::status(&error), 78);
    assert!(bench.server.objects.lock().unwrap().is_empty(), "what it is tried with is gone");
}

/// What is written and answered by an error is found by the next try, and is no other's.
#[test]
fn a_segment_whose_answer_was_lost_is_written() {
    let bench = Bench::new();
    let store = bench.store().unwrap();
    bench.goes_wrong(Wrong::WritesAndFails);
    store.put_segment("records-3", "00000000000000000009-a", vec![1, 2, 3]).unwrap();
    assert_eq!(bench.server.failed.load(Ordering::Relaxed), 1);
}

/// A bucket that is away is not one without snapshots, and is told from one within the time after which a stage is stuck.
#[test]
fn a_bucket_that_does_not_answer_is_away() {
    let mut bench = Bench::new();
    bench.store().unwrap().answers().unwrap();
    bench.goes_wrong(Wrong::Forbids);
    let error = bench.store().unwrap_err();
    assert!(error.to_string().contains("s3://lancang/phnom/penh at http://127.0.0.1:"), "{error}");
    assert_eq!(lancang::exit::status(&error), 69);
    bench.bucket.endpoint = Some("http://127.0.0.1:9".to_owned());
    let store = Store::in_bucket(&bench.bucket, bench.runtime.handle().clone()).unwrap();
    let begun = Instant::now();
    let away = store.answers().unwrap_err().to_string();
    assert!(away.contains("does not answer") && away.contains("Connection refused"), "{away}");
    assert!(!away.contains("a-key"), "{away}");
    // A server that is started anew comes back within the least.
    assert!((11..25).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

#[test]
fn doctor_tells_how_a_bucket_is() {
    let bench = Bench::new();
    let config = |bucket: &Bucket| {
        let text = format!(
            "[[operators]]\ncountry = \"KH\"\norganisation = \"a\"\nnode = \"a\"\nown = [\"+85510\"]\n[kafka]\nbootstrap = \"b:9092\"\n\
             [[feeds]]\nname = \"voice\"\ntopics = [\"voice\"]\nformat = \"json\"\n[store]\nurl = \"s3://lancang/phnom/penh\"\nendpoint = \"{}\"\naccess_key_file = \"id\"\nsecret_key_file = \"key\"\n",
            bucket.endpoint.as_deref().unwrap()
        );
        let path = bench.folder.path().join("lancang.toml");
        std::fs::write(&path, &text).unwrap();
        (lancang::config::Config::read(&path.display().to_string(), &text).unwrap(), path)
    };
    let (config, path) = config(&bench.bucket);
    assert_eq!(config.store.bucket.as_ref(), Some(&bench.bucket));
    let store = |try_writing| {
        let found = machine::findings(&path, &config, try_writing);
        found.into_iter().filter(|finding| finding.what.contains("s3://")).collect::<Vec<_>>()
    };
    let found = store(false);
    assert!(found[0].state == Found::Good && found[0].found.contains("--try-writing"), "{found:?}");
    assert!(found[1].state == Found::Look && found[1].found.contains("in clear"), "{found:?}");
    assert!(store(true)[0].found.contains("refuses to write over"));
    bench.goes_wrong(Wrong::WritesOver);
    let found = store(true);
    assert!(found[0].state == Found::Bad && found[0].found.contains("If-None-Match"), "{found:?}");
}

/// Against a server that others wrote, which checks signatures.
#[test]
#[ignore = "takes a server that speaks S3: LANCANG_TEST_S3 (CONTRIBUTING.md)"]
fn a_real_bucket_keeps_the_stores_rules() {
    let named = std::env::var("LANCANG_TEST_S3").unwrap();
    let (endpoint, name) = named.rsplit_once('/').unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let bucket = Bucket {
        name: name.to_owned(),
        prefix: format!("test-{since}"),
        endpoint: Some(endpoint.to_owned()),
        region: "us-east-1".to_owned(),
        authorities: std::env::var_os("LANCANG_TEST_S3_CA").map(PathBuf::from),
        access_key: Secret::Env("LANCANG_TEST_S3_ID".to_owned()),
        secret_key: Secret::Env("LANCANG_TEST_S3_KEY".to_owned()),
    };
    let place = Place { folder: "state".into(), bucket: Some(bucket.clone()) };
    keeps_the_rules(&Store::of(&place, runtime.handle().clone()).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let wrong = Bucket { secret_key: Secret::File(secret(folder.path(), "key", "another")), ..bucket };
    let place = Place { folder: "state".into(), bucket: Some(wrong) };
    let error = format!("{:#}", Store::of(&place, runtime.handle().clone()).unwrap_err());
    assert!(error.contains("403"), "{error}");
}
