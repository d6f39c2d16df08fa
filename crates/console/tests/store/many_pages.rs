//! Many open pages at once: lines of events of three kinds while alerts come, and lists beside them.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use lancang_alert::Alert;
use lancang_console::store::key;
use tokio::net::TcpSocket;

use super::over_http::Server;
use super::support::{Topics, alert};
use super::{kinds, percentiles};

/// Of four lines one is of the newest alerts, one of campaigns alone, and two of an incident each.
const KINDS: u64 = 4;
/// Alerts of one commit, and how often one is made: 200 a second.
const BURST: u64 = 20;
const EVERY: Duration = Duration::from_millis(100);

/// A line that is heard by a thread of its own; which alerts it hears goes out by their keys, with when.
fn hear(server: &Server, number: u64, heard: mpsc::Sender<(u64, String, Instant)>) -> TcpStream {
    // An address of its own for each 50: nobody has more connections.
    let stream = connected(server, number / 50 + 2);
    let query = match number % KINDS {
        0 => String::new(),
        1 => "?only=none".to_owned(),
        _ => format!("?only={}", alert(number).incident_id),
    };
    let mut writer = stream.try_clone().unwrap();
    write!(writer, "GET /api/v1/events{query} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    let mut first = String::new();
    lines.read_line(&mut first).unwrap();
    assert!(first.contains(" 200 "), "{first}");
    std::thread::spawn(move || {
        let mut line = String::new();
        while lines.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
            let at = Instant::now();
            let told =
                line.strip_prefix("data: ").and_then(|data| serde_json::from_str::<serde_json::Value>(data).ok());
            for row in told.iter().flat_map(|told| told["rows"].as_array().into_iter().flatten()) {
                let _ = heard.send((number, row["key"].as_str().unwrap().to_owned(), at));
            }
            line.clear();
        }
    });
    stream
}

/// From another address of the loopback network.
fn connected(server: &Server, host: u64) -> TcpStream {
    let own = std::net::Ipv4Addr::new(127, 0, u8::try_from(host).unwrap(), 1);
    let connecting = async {
        let socket = TcpSocket::new_v4()?;
        socket.bind((own, 0).into())?;
        socket.connect(server.address).await?.into_std()
    };
    let stream = server.runtime.block_on(connecting).unwrap();
    stream.set_nonblocking(false).unwrap();
    stream
}

/// How long alerts take to the lines that hear all, and lists meanwhile: p50, p99, longest.
fn measured(folder: &std::path::Path, topics: &mut Topics, lines: u64, bursts: u64) -> [[Duration; 3]; 2] {
    let server = Server::of(folder);
    let (heard, hears) = mpsc::channel();
    let streams: Vec<TcpStream> = (0..lines).map(|number| hear(&server, number, heard.clone())).collect();
    let is_over = AtomicBool::new(false);
    let mut committed: HashMap<String, Instant> = HashMap::new();
    let lists = std::thread::scope(|scope| {
        let asks = scope.spawn(|| {
            let (mut lists, mut asked) = (Vec::new(), server.asked());
            let count = topics_count(folder);
            for (filter, after) in std::iter::repeat_with(|| kinds(count)).flatten() {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                let begun = Instant::now();
                asked.list(&filter, after);
                lists.push(begun.elapsed());
            }
            lists
        });
        let mut due = Instant::now();
        for _ in 0..bursts {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            due += EVERY;
            let first = topics.alerts as u64;
            let alerts: Vec<Alert> = (first..first + BURST).map(|number| for_all(1_000_000 + number)).collect();
            topics.burst(&alerts);
            let now = Instant::now();
            committed.extend(alerts.iter().map(|one| (key(&one.incident_id, &one.producer.uri()), now)));
            server.changes.send_modify(|count| *count += 1);
        }
        std::thread::sleep(Duration::from_secs(2));
        is_over.store(true, Ordering::Relaxed);
        asks.join().unwrap()
    });
    streams.iter().for_each(|stream| _ = stream.shutdown(std::net::Shutdown::Both));
    drop(heard);
    let mut took = Vec::new();
    let mut each: HashMap<u64, usize> = HashMap::new();
    for (number, key, at) in hears {
        assert_eq!(number % KINDS, 0, "a line of one incident, or of none, hears of {key}");
        took.push(at.duration_since(committed[&key]));
        *each.entry(number).or_default() += 1;
    }
    assert_eq!(each.len() as u64, lines.div_ceil(KINDS));
    assert!(each.values().all(|count| *count as u64 == bursts * BURST), "{each:?}");
    [percentiles(took), percentiles(lists)]
}

/// Meant for all countries.
fn for_all(number: u64) -> Alert {
    let mut one = alert(number);
    one.handling.recipients.clear();
    one
}

fn topics_count(folder: &std::path::Path) -> u64 {
    let all = rusqlite::Connection::open(folder.join("c.db")).unwrap();
    all.query_row("SELECT count(*) FROM incidents", [], |row| row.get::<_, i64>(0)).unwrap().cast_unsigned()
}

#[test]
fn each_of_many_lines_hears_what_it_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut topics = super::filling(&folder.path().join("c.db"), 300);
    let took = measured(folder.path(), &mut topics, 24, 10);
    eprintln!("24 lines: {took:?}");
}

/// `cargo test --workspace --test store -- --ignored --nocapture many_pages_are` (benches/RESULTS.md).
#[test]
#[ignore = "fills a database and takes two minutes"]
fn many_pages_are_told_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let mut topics = super::filling(&folder.path().join("c.db"), 100_000);
    for lines in [1, 64, 256] {
        let [took, lists] = measured(folder.path(), &mut topics, lines, 200);
        eprintln!("{lines} lines at 200 alerts a second: p50, p99, longest {took:?}; lists meanwhile {lists:?}");
        assert!(took[1] < Duration::from_secs(1) && lists[1] < Duration::from_millis(50));
    }
}
