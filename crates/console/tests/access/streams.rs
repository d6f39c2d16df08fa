//! What open pages are told: all of a burst at once, and by the user as it is now.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use lancang_alert::Alert;
use lancang_console::access::Role;
use lancang_console::access::users::Users;
use lancang_console::limits::{CONNECTIONS_OF_NETWORK_MAX, STREAMS_OF_USER_MAX};
use lancang_console::store::key;

use super::support::{Topics, alert, campaign, linked};
use super::{Console, PASSWORD, Signed};

/// Longest from a commit until all of it is on the stream.
const BURST_MAX: Duration = Duration::from_secs(1);

/// The exchange goes on.
fn topics(console: &Console) -> Topics {
    Topics::at(&console.folder.path().join("console.db"), [2, 0, 1])
}

/// An event stream of somebody, after its head has come.
struct Stream {
    stream: std::net::TcpStream,
    text: String,
}

impl Stream {
    fn of(console: &Console, signed: &Signed) -> Self {
        Self::asked(console, signed, "", "")
    }

    /// With a query, and further lines of the head.
    fn asked(console: &Console, signed: &Signed, query: &str, lines: &str) -> Self {
        let mut stream = std::net::TcpStream::connect(console.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let (host, cookie) = (console.address, &signed.cookie);
        let head = format!("GET /api/v1/events{query} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\n{lines}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut found = Self { stream, text: String::new() };
        found.until("\r\n\r\n", Duration::from_secs(10));
        found
    }

    /// Reads on until a text has come, or for so long; whether it has.
    fn until(&mut self, text: &str, wait: Duration) -> bool {
        self.until_times(text, 1, wait)
    }

    fn until_times(&mut self, text: &str, times: usize, wait: Duration) -> bool {
        let begun = Instant::now();
        let mut bytes = vec![0; 1 << 20];
        while self.text.matches(text).count() < times {
            if begun.elapsed() > wait {
                return false;
            }
            match self.stream.read(&mut bytes) {
                Ok(0) => return false,
                Ok(read) => self.text.push_str(&String::from_utf8_lossy(&bytes[..read])),
                Err(_) => {}
            }
        }
        true
    }
}

#[test]
fn a_burst_is_on_the_page_at_once() {
    let console = Console::start(false, true);
    let signed = console.sign_in("viewer-th");
    let mut stream = Stream::of(&console, &signed);
    assert!(stream.text.starts_with("HTTP/1.1 200"), "{}", stream.text);
    let mut newest: BTreeMap<String, u64> = BTreeMap::new();
    let burst: Vec<_> = (0..1_000)
        .map(|number| {
            let mut one = alert(number * 7);
            let sequence = newest.entry(one.producer.uri()).or_insert(100);
            *sequence += 1;
            one.incident_id = format!("{number:032x}");
            one.sequence = *sequence;
            one.handling.recipients.clear();
            one
        })
        .collect();
    topics(&console).burst(&burst);
    let committed = Instant::now();
    console.changes.send_modify(|version| *version += 1);
    let is_all = stream.until_times("\"place_in_topic\":", 1_000, 2 * BURST_MAX);
    let took = committed.elapsed();
    println!("a burst of {} was on the stream after {took:?}", burst.len());
    assert!(is_all && took <= BURST_MAX, "{took:?}: {}", stream.text.matches("\"place_in_topic\":").count());
}

/// A browser whose line was cut asks the same address again, which says where the page began, and says in the head what it had last:
/// that counts, so that nothing comes twice and nothing is left out.
#[test]
fn a_cut_line_goes_on_behind_the_last_event() {
    let console = Console::start(false, true);
    let signed = console.sign_in("viewer-th");
    let listed = console.ask("GET", "/api/v1/incidents?limit=1", &[("cookie", &signed.cookie)], "");
    let listed: serde_json::Value = serde_json::from_str(&listed.body).unwrap();
    let begun = format!("?position={}", listed["position"].as_str().unwrap());
    let mut topics = topics(&console);
    let mut tell = |number: u64| {
        let mut one = alert(number);
        one.incident_id = format!("{number:032x}");
        one.sequence = 100 + number;
        one.handling.recipients.clear();
        topics.alert(&one);
        console.changes.send_modify(|version| *version += 1);
        one.incident_id
    };
    let mut stream = Stream::asked(&console, &signed, &begun, "");
    let first = tell(21);
    assert!(stream.until(&first, 2 * BURST_MAX), "{}", stream.text);
    let id = stream.text.lines().rev().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
    drop(stream);
    let second = tell(42);
    let mut again = Stream::asked(&console, &signed, &begun, &format!("last-event-id: {id}\r\n"));
    assert!(again.until(&second, 2 * BURST_MAX), "{}", again.text);
    assert!(!again.text.contains(&first), "what the browser has comes once more");
    // Whoever has heard nothing yet begins where the page says.
    let mut anew = Stream::asked(&console, &signed, &begun, "");
    assert!(anew.until(&second, 2 * BURST_MAX) && anew.text.contains(&first), "{}", anew.text);
}

#[test]
fn a_user_listens_with_so_many_pages() {
    let console = Console::start(false, true);
    let signed = console.sign_in("viewer-th");
    let mut open: Vec<Stream> = (0..STREAMS_OF_USER_MAX).map(|_| Stream::of(&console, &signed)).collect();
    assert!(open.iter().all(|stream| stream.text.starts_with("HTTP/1.1 200")));
    let refused = console.ask("GET", "/api/v1/events", &[("cookie", &signed.cookie)], "");
    assert_eq!(refused.status, 429);
    assert!(refused.head.contains("retry-after: "), "{}", refused.head);
    // Somebody else listens; and so does the user again, once a page was closed.
    assert!(Stream::of(&console, &console.sign_in("viewer-kh")).text.starts_with("HTTP/1.1 200"));
    open.pop();
    let begun = Instant::now();
    while !Stream::of(&console, &signed).text.starts_with("HTTP/1.1 200") {
        assert!(begun.elapsed() < Duration::from_secs(20), "a page that was closed is counted still");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_network_has_so_many_connections() {
    let console = Console::start(false, true);
    let connect = || {
        let stream = std::net::TcpStream::connect(console.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        stream
    };
    // It is open still if nothing was said, not even that it has ended.
    let is_open = |stream: &mut std::net::TcpStream| !matches!(stream.read(&mut [0]), Ok(0));
    let mut open: Vec<_> = (0..CONNECTIONS_OF_NETWORK_MAX).map(|_| connect()).collect();
    assert!(is_open(open.last_mut().unwrap()));
    assert!(!is_open(&mut connect()));
    assert_eq!(console.cut_off.load(Ordering::Relaxed), 1);
    open.truncate(1);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(console.ask("GET", "/", &[], "").status, 200);
}

/// Whom an alert is meant for no more sees it go; and hears of no campaign that is none of theirs.
#[test]
fn what_is_not_for_somebody_any_more_goes() {
    let console = Console::start(false, true);
    let [mut thai, mut own] = ["viewer-th", "viewer-kh"].map(|name| Stream::of(&console, &console.sign_in(name)));
    let mut one = linked(alert(20), 20);
    (one.sequence, one.producer.country) = (100, "KH".to_owned());
    one.handling.recipients.clear();
    let mut topics = topics(&console);
    let mut told = |topics: &mut Topics, one: &Alert, expected: &str| {
        topics.alert(one);
        console.changes.send_modify(|version| *version += 1);
        let key = key(&one.incident_id, &one.producer.uri());
        for stream in [&mut thai, &mut own] {
            stream.text.clear();
        }
        assert!(thai.until(expected, Duration::from_secs(5)), "{}", thai.text);
        (key, own.until("\"place_in_topic\":", Duration::from_secs(5)))
    };
    let (key, _) = told(&mut topics, &one, "\"place_in_topic\":");
    (one.sequence, one.revision, one.message) = (101, 1, "update".to_owned());
    one.handling.recipients = vec!["KH".to_owned()];
    let gone = format!("\"gone\":[\"{key}\"]");
    assert!(told(&mut topics, &one, &gone).1, "its own country sees it still");
    assert!(!thai.text.contains("place_in_topic"), "{}", thai.text);
    // An alert that never was for Thailand is not even told to be gone; nor is its campaign told of.
    let mut secret = linked(alert(21), 20);
    (secret.sequence, secret.producer.country) = (102, "KH".to_owned());
    secret.handling.recipients = vec!["KH".to_owned()];
    topics.alert(&secret);
    topics.join(&campaign(&[&one, &secret], 0));
    thai.text.clear();
    own.text.clear();
    console.changes.send_modify(|version| *version += 1);
    assert!(own.until("event: campaigns", Duration::from_secs(5)), "{}", own.text);
    assert!(own.text.contains(&one.incident_id) && own.text.contains(&secret.incident_id));
    // Whatever it is told until the next beat.
    assert!(thai.until("event: beat", Duration::from_secs(10)));
    assert!(!thai.text.contains(&secret.incident_id) && !thai.text.contains("event: campaigns"), "{}", thai.text);
}

/// A page goes on as the user is now: of another country, or with another password, which ends it.
#[test]
fn a_page_follows_its_user() {
    let console = Console::start(false, true);
    let signed = console.sign_in("viewer-th");
    let mut stream = Stream::of(&console, &signed);
    let mut secret = linked(alert(21), 20);
    (secret.sequence, secret.producer.country) = (100, "KH".to_owned());
    secret.handling.recipients = vec!["KH".to_owned()];
    let path = console.folder.path().join("users.json");
    let put = |country: &str, password: &str, salt: u8| {
        let mut users = Users::open(&path, None).unwrap();
        users.put("viewer-th", "Sok Dara", country, Role::Viewer, password, &[salt; 16]).unwrap();
    };
    // The same password with the same salt is the same one: only the country is another.
    put("KH", PASSWORD, 3);
    assert!(stream.until("event: reset", Duration::from_secs(10)), "{}", stream.text);
    topics(&console).alert(&secret);
    console.changes.send_modify(|version| *version += 1);
    assert!(stream.until(&secret.incident_id, Duration::from_secs(5)), "{}", stream.text);
    let ask = || console.ask("GET", "/api/v1/incidents", &[("cookie", signed.cookie.as_str())], "");
    assert_eq!(ask().status, 200);
    put("KH", "five words of a poem", 4);
    assert_eq!(ask().code(), "signed-out");
    assert!(stream.until("event: signed-out", Duration::from_secs(10)), "{}", stream.text);
}
