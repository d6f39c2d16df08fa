//! A console and a correlator whose exchange does not answer any more: stopped, as behind a line that swallows everything. They say since when
//! nothing was heard, what is said meanwhile is answered in time and truly, nothing is stuck, and an end leaves no act without an outcome.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use lancang_console::limits::{ACT_ANSWERED_MS, SILENCE_MS};
use lancang_traffic::world::OPERATORS;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::browsing::{Console, add_user};
use crate::campaigns::alert;
use crate::carrier::{LONG, OPERATOR, SIGNING_KEY};
use crate::evidence::{Desks, ok, shown};
use crate::feedback::{Writer, metrics};
use crate::meeting::Exchange;

/// A command; ended with the test.
struct Running(Child);

impl Running {
    fn start(words: &[&str], log: &Path) -> Self {
        let log = std::fs::File::create(log).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_lancang"));
        Self(command.args(words).stdout(Stdio::null()).stderr(log).spawn().unwrap())
    }

    /// Told to end, it does, and well.
    fn end(mut self) {
        kill_process(Pid::from_raw(i32::try_from(self.0.id()).unwrap()).unwrap(), Signal::TERM).unwrap();
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < LONG, "it does not end");
            std::thread::sleep(Duration::from_millis(50));
        };
        assert!(status.success(), "{status}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Ended already in the ordinary case.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn said_behind(log: &Path, words: &str) -> String {
    let begun = Instant::now();
    loop {
        let said = std::fs::read_to_string(log).unwrap();
        let rest = said.split_once(words).and_then(|(_, rest)| rest.split_once(char::is_whitespace));
        if let Some((found, _)) = rest {
            return found.to_owned();
        }
        assert!(begun.elapsed() < LONG, "{said}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Seconds since the brokers have answered, as the metrics say; none before there is a figure.
fn silent_s(log: &Path, name: &str) -> Option<f64> {
    let page = metrics(log);
    let value = page.lines().find_map(|line| line.strip_prefix(name)?.rsplit_once(' ')).map(|(_, value)| value);
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
    Some(now - value?.parse::<f64>().unwrap())
}

fn health(log: &Path) -> String {
    let address = said_behind(log, "metrics and health at http://");
    let mut stream = std::net::TcpStream::connect(&address).unwrap();
    write!(stream, "GET /healthz HTTP/1.1\r\nhost: lancang\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

const OF_CONSOLE: &str = "lancang_console_heard_timestamp_seconds{topic=\"alerts\"}";
const OF_CORRELATOR: &str = "lancang_campaign_heard_timestamp_seconds";

#[test]
fn an_exchange_that_says_nothing_is_not_one_where_nothing_happens() {
    let exchange = Exchange::ready();
    let desks = Desks::new(&exchange);
    let folder = exchange.folder.path();
    let police = Writer::new(&desks, &exchange, "kh-agency", "//KH", "//KH/cyber-police/console-1");
    let joins = Writer::new(&desks, &exchange, "correlator", "//KH/exchange", "//KH/exchange/c");
    let config = folder.join("console.toml");
    let console = format!(
        "[console]\ncountry = \"KH\"\nfolder = \"{}\"\nwriter = \"//KH/cyber-police/console-1\"\nsigning_key_file = \"{}\"\n\
         listen = \"127.0.0.1:0\"\n[http]\nlisten = \"127.0.0.1:0\"\n",
        shown(&folder.join("console")),
        police.key
    );
    std::fs::write(&config, std::fs::read_to_string(desks.of("kh-agency")).unwrap() + &console).unwrap();
    let config = shown(&config);
    assert_eq!(add_user(config, "sok", "KH", "investigator").0, Some(0));
    let mut own = alert("KH", OPERATORS[OPERATOR].organisation, 1, "open", "7");
    // What its producer wants deleted by now is not shown.
    own.handling.retain_until.clone_from(&own.actionable_until);
    exchange.share("kh-relay", &own, SIGNING_KEY);

    let logs = ["console.log", "correlator.log"].map(|name| folder.join(name));
    let start = || {
        let running = Running::start(&["console", "--config", config], &logs[0]);
        let console = Console::at(said_behind(&logs[0], "the console is at http://"));
        let signed = console.sign_in("sok");
        console.wait_until("the alert", || console.keys(&signed).len() == 1);
        (running, console, signed)
    };
    let (running, console, signed) = start();
    let correlator = desks.of("correlator");
    let words = ["campaigns", "correlate", "--config", shown(&correlator), "--as", "//KH/exchange/c"];
    let more = ["--signing-key-file", &joins.key, "--listen", "127.0.0.1:0"];
    let _correlator = Running::start(&[&words[..], &more].concat(), &logs[1]);
    let answers = |log: &Path, name: &str| silent_s(log, name).is_some_and(|silent| silent < 5.0);
    console.wait_until("both hear the exchange", || {
        answers(&logs[0], OF_CONSOLE) && metrics(&logs[1]).contains("lancang_campaign_lag_messages 0")
    });
    let position = console.get("/api/v1/incidents", &signed)["position"].as_str().unwrap().to_owned();
    let mut events = console.events(&position, &signed);
    let beat = events.next("beat");
    assert_eq!((&beat["exchange"]["is_heard"], &beat["lag"]["alerts"]), (&json!(true), &json!(0)), "{beat}");
    let comment = |text: &str| {
        let path = format!("/api/v1/incidents/{}/feedback", console.keys(&signed)[0]);
        let begun = Instant::now();
        let body = json!({ "kind": "comment", "text": text }).to_string();
        let (status, _, told) = console.ask("POST", &path, &signed, &body);
        let told: Value = serde_json::from_str(&told).unwrap();
        (status, told["error"]["code"].as_str().unwrap_or_default().to_owned(), begun.elapsed())
    };
    console.wait_until("that something can be said", || comment("seen").0 == 201);

    exchange.cluster.pause(0).unwrap();
    let paused = Instant::now();
    // Many say something at once.
    let answered: Vec<_> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..6).map(|_| scope.spawn(|| comment("while it is away"))).collect();
        asking.into_iter().map(|asks| asks.join().unwrap()).collect()
    });
    for (status, code, took) in &answered {
        assert!(matches!((*status, code.as_str()), (503, "exchange-away") | (504, "unconfirmed")), "{answered:?}");
        assert!(took.as_millis() < u128::from(ACT_ANSWERED_MS), "{answered:?}");
    }
    // Who was not sent is the rule.
    assert!(answered.iter().filter(|(status, ..)| *status == 503).count() >= 5, "{answered:?}");
    let beat = loop {
        let beat = events.next("beat");
        if beat["exchange"]["is_heard"] == false {
            break beat;
        }
        assert!(paused.elapsed() < LONG, "{beat}");
    };
    // Nothing is behind as far as anybody knows: that is why it says nothing.
    assert_eq!(beat["lag"]["alerts"], 0, "{beat}");
    // The beat says it of the first topic; the others were heard up to a second later.
    console.wait_until("no topic is current", || {
        let topics = console.get("/api/v1/sources", &signed)["topics"].clone();
        topics.as_array().unwrap().iter().all(|topic| topic["is_current"] == false)
    });
    let silence_s = SILENCE_MS as f64 / 1000.0;
    console.wait_until("the metrics say it", || {
        let silent = |log: &Path, name: &str| silent_s(log, name).is_some_and(|silent| silent > silence_s);
        silent(&logs[0], OF_CONSOLE) && silent(&logs[1], OF_CORRELATOR)
    });
    // More acts, until long after a thread that is stuck would be one.
    while paused.elapsed() < lancang::http::STUCK_MAX + Duration::from_secs(15) {
        assert!(comment("still away").0 >= 503);
        for log in &logs {
            assert!(health(log).starts_with("HTTP/1.1 200"), "{}", health(log));
        }
    }

    // Told to end in the midst of an act, it says what became of it, there and in the audit log.
    std::thread::scope(|scope| {
        let asks = scope.spawn(|| comment("and then it ended"));
        std::thread::sleep(Duration::from_millis(300));
        running.end();
        assert_eq!(asks.join().unwrap().1, "exchange-away");
    });
    let log = std::fs::read_to_string(folder.join("console/audit.log")).unwrap();
    let comments: Vec<&str> = log.lines().filter(|line| line.contains("\"action\":\"comment\"")).collect();
    let asked = comments.iter().filter(|line| line.contains("\"outcome\":\"asked\"")).count();
    assert_eq!(2 * asked, comments.len(), "{log}");
    assert!(ok(&["console", "audit", "verify", "--config", config]).contains("hold together"));

    exchange.cluster.resume(0).unwrap();
    let (_running, console, signed) = start();
    console.wait_until("the exchange is heard again", || {
        let told = console.get("/api/v1/sources", &signed);
        told["exchange"]["is_heard"] == true && told["topics"][0]["is_current"] == true
    });
    console.wait_until("so it is by the correlator", || answers(&logs[1], OF_CORRELATOR));
}
