//! What goes wrong in real life.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lancang_cluster::Cluster;

use crate::carrier::{Carrier, Lancang, records};

/// What the run wrote is what the engine finds in memory over its log, and byte for byte what the binary writes undisturbed over
/// that log into topics of its own.
pub fn compare(carrier: &Carrier) -> Vec<String> {
    let expected = carrier.expected("");
    assert!(expected.len() > 10, "{}", expected.len());
    carrier.wait_for_lines("incidents", &expected);
    let undisturbed = undisturbed(carrier);
    carrier.wait_for_lines("incidents-b", &expected);
    assert_eq!(undisturbed.end(), 0);
    assert_eq!(by_incident(carrier, "incidents"), by_incident(carrier, "incidents-b"));
    expected
}

/// Score with a store, a group and topics of its own over the same records log.
pub fn undisturbed(carrier: &Carrier) -> Lancang {
    let to = carrier.path("state-b/packs");
    std::fs::create_dir_all(&to).unwrap();
    for entry in std::fs::read_dir(carrier.path("state/packs")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
    carrier.start("score", &carrier.config("undisturbed.toml", "-b", ""))
}

/// The lines of each incident in their order.
pub fn by_incident(carrier: &Carrier, topic: &str) -> BTreeMap<Vec<u8>, Vec<Vec<u8>>> {
    let mut incidents: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for record in carrier.read(topic) {
        incidents.entry(record.key.unwrap()).or_default().push(record.payload.unwrap());
    }
    incidents
}

/// What cannot be read goes to the dead-letter topic with its place and reason, and the stream goes on.
#[test]
fn poison_messages() {
    let carrier = Carrier::new(2);
    let records = records(5);
    let records = &records[..records.len() / 4];
    let at = records[records.len() - 1].at.as_ms();
    let number = "8".repeat(40);
    let start = "2025-11-10T08:00:00Z";
    let voice = |fields: &str| format!("{{\"kind\":\"voice\",{fields}}}").into_bytes();
    let poison: Vec<(&str, Vec<u8>)> = vec![
        ("broken JSON", b"{\"kind\":\"voice\",".to_vec()),
        ("missing field", voice("\"direction\":\"outgoing\",\"caller\":\"+85510123456\"")),
        ("no zone", voice("\"start\":\"2025-11-10T08:00:00\",\"direction\":\"outgoing\",\"caller\":\"+85510123456\"")),
        (
            "negative",
            voice(&format!(
                "\"start\":\"{start}\",\"direction\":\"outgoing\",\"caller\":\"+85510123456\",\"duration_s\":-1"
            )),
        ),
        ("40 digits", voice(&format!("\"start\":\"{start}\",\"direction\":\"outgoing\",\"caller\":\"{number}\""))),
        ("not UTF-8", b"{\"kind\":\"voice\",\"source\":\"\xff\xfe\"}".to_vec()),
        (
            "year 2036",
            voice(
                "\"start\":\"2036-01-01T00:00:00Z\",\"direction\":\"outgoing\",\"caller\":\"+85510123456\",\"callee\":\"+85510123457\"",
            ),
        ),
        ("large", vec![b' '; 900_000]),
    ];
    carrier.send(&records[..records.len() / 2]);
    for (_, bytes) in &poison {
        carrier.send_raw("voice", bytes.clone(), at);
    }
    carrier.send(&records[records.len() / 2..]);
    let config = carrier.config("lancang.toml", "", "");
    let run = carrier.start("run", &config);
    carrier.wait_until_framed(records.len());
    let begun = Instant::now();
    while carrier.read("dead").len() < poison.len() && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(200));
    }
    let dead = carrier.read("dead");
    assert_eq!(dead.len(), poison.len());
    for letter in &dead {
        let header = |name: &str| {
            let found = letter.headers.iter().find(|(other, _)| other == name).unwrap();
            String::from_utf8(found.1.clone()).unwrap()
        };
        assert!(header("place").starts_with(&format!("{}/0@", carrier.topic("voice"))), "{}", header("place"));
        let error = header("error");
        assert!(!error.contains("85510123456") && !error.contains("88888888"), "{error}");
        let bytes = letter.payload.as_ref().unwrap();
        assert!(poison.iter().any(|(_, poison)| bytes.starts_with(&poison[..poison.len().min(200_000)])));
    }
    // Counted once a second.
    let counted = || run.metric("lancang_intake_dead_letters_total").values().sum::<f64>();
    let begun = Instant::now();
    while counted() < poison.len() as f64 && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(counted(), poison.len() as f64);
    assert!(!run.log().contains("85510123456"));
    assert_eq!(run.end(), 0);
}

/// Of a switch's files, whose names stand in a header, one never comes, and intake is killed before that is known.
#[test]
fn a_file_that_never_comes() {
    let carrier = Carrier::new(1);
    let config = carrier.config("lancang.toml", "", "");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replacen("idle = \"2s\"", "idle = \"2s\"\nfile_header = \"file\"", 1)).unwrap();
    let records = records(5);
    let send = |file: u32| {
        let record = records.iter().filter(|sent| sent.feed.name().ends_with("voice")).nth(file as usize).unwrap();
        carrier.send_of_file(record, &format!("MSC5_20251114_{file:06}.csv"));
    };
    let skipped = |intake: &Lancang| {
        intake.metric("lancang_intake_skipped_files_total").get("{feed=\"voice\"}").copied().unwrap_or(0.0)
    };
    let intake = carrier.start("intake", &config);
    [1, 2, 4].into_iter().for_each(send);
    carrier.wait_until_framed(3);
    assert_eq!(skipped(&intake), 0.0);
    intake.kill();
    let intake = carrier.start("intake", &config);
    [5, 6, 7].into_iter().for_each(send);
    carrier.wait_until_framed(6);
    assert_eq!(skipped(&intake), 1.0, "{}", intake.log());
    assert!(intake.log().contains("switch=\"MSC5\" number=3"), "{}", intake.log());
    assert_eq!(intake.end(), 0);
}

/// Most of a feed is bad: the run stops and says so.
#[test]
fn a_feed_that_is_mostly_bad() {
    let carrier = Carrier::new(1);
    for _ in 0..3 {
        let bad: Vec<u8> = format!("[{}]", vec!["{\"kind\":\"voice\"}"; 100].join(",")).into_bytes();
        carrier.send_raw("voice", bad, 1_762_732_800_000);
    }
    let config = carrier.config("lancang.toml", "", "");
    let mut run = carrier.start("run", &config);
    assert_eq!(run.wait(), 65, "{}", run.log());
    assert!(run.log().contains("feed `voice`: "), "{}", run.log());
}

#[test]
fn a_missing_topic() {
    let carrier = Carrier::on(crate::carrier::cluster().bootstrap(), 1);
    let config = carrier.config("lancang.toml", "", "");
    let mut run = carrier.start("run", &config);
    assert_eq!(run.wait(), 78, "{}", run.log());
    let expected = format!("topic `{}` does not exist: create it", carrier.topic("voice"));
    assert!(run.log().contains(&expected), "{}", run.log());
}

/// A broker that is down at the start and comes later: a clear line in the log, and the work begins.
#[test]
fn a_broker_that_comes_later() {
    let cluster = Cluster::start(1).unwrap_or_else(|error| panic!("{error}"));
    let carrier = Carrier::on(cluster.bootstrap(), 1);
    carrier.make_topics();
    let records = records(6);
    carrier.send(&records[..1000]);
    cluster.kill(0).unwrap();
    let config = carrier.config("lancang.toml", "", "");
    let run = carrier.start("run", &config);
    run.wait_for_log("no broker of");
    assert_eq!(run.get("/readyz").0, 503);
    assert_eq!(run.get("/healthz").0, 200);
    cluster.restart(0).unwrap();
    carrier.wait_until_framed(1000);
    run.wait_until_ready();
    assert_eq!(run.end(), 0);
}

/// A changed pack is put in force by SIGHUP; one with mistakes changes nothing.
#[test]
fn a_changed_pack() {
    let carrier = Carrier::new(2);
    carrier.keep_patterns(&["sim-box-burst", "smishing-burst"]);
    let config = carrier.config("lancang.toml", "", "");
    let run = carrier.start("run", &config);
    run.wait_until_ready();
    let changes = |outcome: &str| {
        run.metric("lancang_pack_changes_total").get(&format!("{{outcome=\"{outcome}\"}}")).copied().unwrap_or(0.0)
    };
    let in_force = run.metric("lancang_pack_info");
    carrier.change_pattern("sim-box-burst", "\nversion = ", "\nversion = \"one\" # ");
    run.signal(rustix::process::Signal::HUP);
    run.wait_for_log("nothing is changed");
    assert_eq!((changes("refused"), run.metric("lancang_pack_info")), (1.0, in_force.clone()));
    let trunks = carrier.path("trunks.csv");
    let text = std::fs::read_to_string(&trunks).unwrap();
    std::fs::write(&trunks, "trunk,international,country\nint-x,perhaps,\n").unwrap();
    run.signal(rustix::process::Signal::HUP);
    run.wait_until(Duration::from_secs(20), || changes("refused") == 2.0);
    std::fs::write(&trunks, text).unwrap();
    carrier.change_pattern("sim-box-burst", "\nversion = \"one\" # ", "\nversion = 77 # ");
    run.signal(rustix::process::Signal::HUP);
    run.wait_until(Duration::from_secs(20), || changes("announced") == 2.0);
    let records = records(7);
    carrier.send(&records);
    carrier.wait_until_framed(records.len());
    carrier.wait_until_idle();
    assert_ne!(run.metric("lancang_pack_info"), in_force);
    let expected = compare(&carrier);
    assert!(expected.iter().any(|line| line.contains("sim-box-burst@77")));
    assert_eq!(run.end(), 0);
}
