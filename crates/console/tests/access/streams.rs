//! What open pages are told: all of a burst at once, and by the user as it is now.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use lancang_alert::feedback::Fold;
use lancang_console::limits::{CONNECTIONS_OF_NETWORK_MAX, STREAMS_OF_USER_MAX};
use lancang_console::store::Writer;

use super::support::{Topics, alert};
use super::{Console, Signed};

/// Longest from a commit until all of it is on the stream.
const BURST_MAX: Duration = Duration::from_secs(1);

/// The exchange goes on.
fn topics(console: &Console) -> Topics {
    let writer = Writer::open(&console.folder.path().join("console.db")).unwrap();
    Topics { writer, fold: Fold::default(), alerts: 1, said: 0, campaigns: 1 }
}

/// An event stream of somebody, after its head has come.
struct Stream {
    stream: std::net::TcpStream,
    text: String,
}

impl Stream {
    fn of(console: &Console, signed: &Signed) -> Self {
        let mut stream = std::net::TcpStream::connect(console.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let head =
            format!("GET /api/v1/events HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\n\r\n", console.address, signed.cookie);
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
