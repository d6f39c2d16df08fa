//! Nothing clear leaks: a day of traffic with all patterns goes the whole way over two real clusters, and every byte that others
//! can see of it is searched for every number, IMSI and IMEI of the traffic.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lancang_alert::{Alert, Source};
use lancang_kafka::{Isolation, OutRecord, Producer, ProducerSettings, Reader, Record};
use lancang_traffic::world::OPERATORS;
use lancang_traffic::{Generator, Sent, Settings};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use serde_json::Value;

use crate::carrier::{Carrier, EPOCH_KEY, LONG, OPERATOR, cluster};
use crate::evidence::{Desks, all_is_shared, lancang, ok, share, shown};
use crate::feedback::{FEEDBACK, Writer, courier_config, metrics};
use crate::identifiers::Identifiers;
use crate::meeting::{ALERTS, Exchange, SOON};
use crate::said::said;

const EVIDENCE: &str = "lancang.evidence.th.v1";
const WARNINGS: &str = "lancang.warnings.mekong-mobile.v1";
/// Of those who took their number to another carrier.
const PORTED: &str = "lancang.warnings.chao-phraya-mobile.v1";
const FEEDBACK_HOME: &str = "feedback-home";
const CAMPAIGNS: &str = "lancang.campaigns.v1";
const NEXT_EPOCH_KEY: &str = "101112131415161718191a1b1c1d1e1f000102030405060708090a0b0c0d0e0f";

/// A day of Cambodia's operator with six episodes of each class and grade, and the look-alikes.
fn traffic() -> Generator {
    Generator::new(Settings { episodes: 6, phases: true, only: Some(OPERATOR), ..Settings::new(3_000, 1.0, 6) })
}

/// Every third number of the carrier's is another carrier's now; and how many share what alerts tell of a person.
fn tables(carrier: &Carrier, desks: &Desks<'_>, records: &[Sent]) {
    let (key, registrar, root) = (carrier.path("chao.key"), desks.of("registrar"), desks.key("root.key"));
    ok(&["keys", "new", "--kind", "sealing", "--out", shown(&key)]);
    let (public, place) =
        (format!("{}.pub", shown(&key)), ["--config", shown(&registrar), "--root-key-file", shown(&root)]);
    ok(&[&["keys", "publish", &public, "--holder", "//TH/chao-phraya-mobile"], place.as_slice()].concat());
    let own = format!("+{}", OPERATORS[OPERATOR].mobile);
    let callees = records.iter().filter_map(|sent| sent.record.callee.as_ref());
    let numbers: BTreeSet<&str> =
        callees.map(|callee| callee.text.as_ref()).filter(|text| text.starts_with(&own)).collect();
    let ported = numbers.iter().step_by(3).map(|number| format!("{number},//TH/chao-phraya-mobile\n"));
    std::fs::write(carrier.path("ported.csv"), format!("number,carrier\n{}", ported.collect::<String>())).unwrap();
    let mut day = Vec::new();
    for sent in records {
        lancang_record::codec::json::encode(&sent.record, &mut day);
        day.push(b'\n');
    }
    let (file, cells, crowds) = (carrier.path("day.jsonl"), carrier.path("cells.csv"), carrier.path("crowds.csv"));
    std::fs::write(&file, day).unwrap();
    let of = ["--country", "KH", "--own", &own, "--cells", shown(&cells), "--out", shown(&crowds)];
    ok(&[&["crowds", shown(&file)], of.as_slice()].concat());
}

/// Sealing, the policy table that ships, references to evidence, cells, crowds, ported numbers, and two epochs of tokens that
/// overlap.
fn config(exchange: &Exchange, carrier: &Carrier, desks: &Desks<'_>, records: &[Sent]) -> PathBuf {
    let courier = desks.of("kh-courier");
    let mut cells = String::new();
    traffic().cells(OPERATOR, |line| cells.push_str(&format!("{line}\n")));
    let (header, border) = BORDER.split_once('\n').unwrap();
    assert!(cells.starts_with(header), "{header}");
    cells.push_str(border);
    std::fs::write(carrier.path("cells.csv"), cells).unwrap();
    tables(carrier, desks, records);
    ok(&["keys", "show", "--save", shown(&carrier.path("registry.jsonl")), "--config", shown(&courier)]);
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/policy.toml");
    std::fs::copy(shipped, carrier.path("policy.toml")).unwrap();
    let next = carrier.path("next.key");
    std::fs::write(&next, NEXT_EPOCH_KEY).unwrap();
    std::fs::set_permissions(&next, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();

    let path = exchange.config_of(carrier, "kh-relay");
    let mut text = std::fs::read_to_string(&path).unwrap();
    let begun = lancang_record::Timestamp::from_ms(now_ms() - 3_600_000);
    let epoch = format!("TEST_EPOCH_KEY\" }}, {{ id = \"2026-12\", from = \"{begun}\", key_file = \"next.key\" }}]");
    let budget = "budget_per_hour = 1000000";
    for (from, to) in [
        ("create = true", "create = true\nevidence_retention = \"4000d\""),
        ("trunks = \"trunks.csv\"", "trunks = \"trunks.csv\"\ncells = \"cells.csv\""),
        ("TEST_EPOCH_KEY\" }]", &epoch),
        (budget, &format!("{budget}\nregistry = \"registry.jsonl\"\npolicy = \"policy.toml\"\n{TABLES}")),
    ] {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    std::fs::write(&path, format!("{text}\n[keys]\nroots = [\"{}\"]\n", desks.root)).unwrap();
    path
}

const TABLES: &str = "portability = \"ported.csv\"\ncrowds = \"crowds.csv\"";

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// What cannot be read, with a subscriber in it: errors are told of it.
fn send_unreadable(carrier: &Carrier, records: &[Sent]) {
    let subscriber = records.iter().find_map(|sent| Some((sent.record.caller.as_ref()?, sent.record.imsi.as_ref()?)));
    let (caller, imsi) = subscriber.unwrap();
    let at = records[0].at.as_ms();
    for (kind, line) in [
        (
            "voice",
            format!(r#"{{"kind":"voice","source":"a","id":"1","start":"{}","caller":"{}"}}"#, caller.text, caller.text),
        ),
        ("voice", format!(r#"{{"kind":"voice","source":"a","caller":"{}","imsi":"{imsi}""#, caller.text)),
        ("sms", format!("{};{imsi}", caller.text)),
        ("sms", format!(r#"{{"{}":"{imsi}"}}"#, caller.text)),
    ] {
        carrier.send_raw(kind, line.into_bytes(), at);
    }
}

/// Every topic of the exchange that is not Kafka's own, with all that is in it.
fn shared_topics(exchange: &Exchange) -> Vec<(String, Vec<Record>)> {
    let mut settings = ClientConfig::new();
    settings.set("bootstrap.servers", exchange.cluster.bootstrap());
    exchange.identity("administrator").options().iter().for_each(|(name, value)| {
        settings.set(*name, value);
    });
    let consumer: BaseConsumer = settings.create().unwrap();
    let metadata = consumer.fetch_metadata(None, SOON).unwrap();
    let names = metadata.topics().iter().map(|topic| topic.name().to_owned()).filter(|name| !name.starts_with("__"));
    let connection = exchange.connection("administrator");
    let read = |name: &str| Reader::read_all(&connection, name, Isolation::Uncommitted, 1_000_000, SOON).unwrap();
    names.map(|name| (name.clone(), read(&name))).collect()
}

fn bytes_of(record: &Record) -> impl Iterator<Item = &[u8]> {
    let headers = record.headers.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_slice()]);
    headers.chain(record.key.as_deref()).chain(record.payload.as_deref())
}

/// A foreign desk and the carrier's own say everything that can be said of the alerts, and the courier brings it home: its metrics
/// and its log.
fn feedback_comes_home(
    exchange: &Exchange,
    desks: &Desks<'_>,
    carrier: &Carrier,
    alerts: &[Alert],
) -> (String, PathBuf) {
    let own = format!("//KH/{}", alerts[0].producer.organisation);
    let police = Writer::new(desks, exchange, "th-agency", "//TH", "//TH/cyber-police/desk-2");
    let desk = Writer::new(desks, exchange, "kh-desk", &own, &format!("{own}/desk-1"));
    let mut said = 0;
    let opens = alerts.iter().filter(|alert| alert.message == "open");
    for (number, alert) in opens.take(4).enumerate() {
        let (incident, source) = (alert.incident_id.as_str(), alert.producer.uri());
        let of = ["--producer", source.as_str()];
        let words = |words: &[&str]| -> String { police.sent(&[words, of.as_slice()].concat()) };
        words(&["acknowledgement", incident]);
        words(&["status", incident, "joint-operation"]);
        words(&["verdict", incident, if number == 0 { "false-positive" } else { "true-positive" }]);
        let hold =
            ["request", incident, "hold", "--requester", "Cyber Police", "--case", "TH-2026-1187", "--for", "14d"];
        let hold = words(&hold);
        desk.sent(&["receipt", &hold[..12], "accepted"]);
        said += 5;
        let entity = &alert.entities[0];
        let entity = format!("{}:{}@{}", entity.entity_type, entity.token, entity.key_id);
        let reason = ["--for", "30d", "--reason", "a ministry's calls"];
        police.sent(&[["suppression", "--pattern", &alert.pattern, "--entity", &entity].as_slice(), &reason].concat());
        said += 1;
    }
    let config = courier_config(exchange, carrier, &desks.root, "");
    let courier = carrier.start("courier", &config);
    courier.wait_until(SOON, || carrier.read(FEEDBACK_HOME).len() == said);
    let (page, log) = (courier.get("/metrics").1, courier.log.clone());
    assert!(page.contains("lancang_courier_messages_total"));
    assert_eq!(courier.end(), 0);
    (page, log)
}

/// Two carriers of another country see the same devices and SIMs, today, for what is older than 90 days joins nothing. The correlator
/// joins what belongs together: its metrics and its log.
fn campaigns_are_joined(exchange: &Exchange, desks: &Desks<'_>, alerts: &[Alert]) -> (String, PathBuf) {
    let joins = |alert: &&Alert| {
        let mut keys = alert.links.iter().flat_map(|links| &links.keys);
        alert.message == "open" && keys.any(|key| key.kind == "device" || key.kind == "sim")
    };
    let foreign = std::fs::read_to_string(desks.key("foreign.key")).unwrap();
    let now = lancang_record::Timestamp::from_ms(now_ms());
    for (first, organisation) in [(1_000, "chao-phraya-mobile"), (2_000, "siam-mobile")] {
        for (number, alert) in (1..).zip(alerts.iter().filter(joins).take(5)) {
            let producer = Source { country: "TH".into(), organisation: organisation.into(), node: "a".into() };
            let seen = Alert {
                producer,
                incident_id: format!("{:032x}", first + number),
                sequence: number,
                first_event: now.plus_ms(-60_000).to_string(),
                last_event: now.to_string(),
                ..alert.clone()
            };
            exchange.share("th-relay", &seen, &foreign);
        }
    }

    let key = desks.key("correlator.key");
    ok(&["keys", "new", "--kind", "signing", "--out", shown(&key)]);
    let (public, root, registrar) = (format!("{}.pub", shown(&key)), desks.key("root.key"), desks.of("registrar"));
    let place = ["--config", shown(&registrar), "--root-key-file", shown(&root)];
    ok(&[&["keys", "publish", &public, "--holder", "//KH/exchange"], place.as_slice()].concat());
    let (correlator, log) = (desks.of("correlator"), exchange.folder.path().join("correlate.log"));
    let words = ["campaigns", "correlate", "--config", shown(&correlator), "--as", "//KH/exchange/c"];
    let more = ["--listen", "127.0.0.1:0", "--signing-key-file", shown(&key)];
    let mut child = Command::new(env!("CARGO_BIN_EXE_lancang"))
        .args([words.as_slice(), &more].concat())
        .env("NO_COLOR", "1")
        .stdout(std::process::Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let page = loop {
        let page = metrics(&log);
        if page.contains("lancang_campaigns ") && !exchange.read_as("cn-agency", CAMPAIGNS).unwrap().is_empty() {
            break page;
        }
        assert!(begun.elapsed() < LONG, "{page}\n{}", std::fs::read_to_string(&log).unwrap());
        std::thread::sleep(std::time::Duration::from_millis(300));
    };
    child.kill().unwrap();
    child.wait().unwrap();
    (page, log)
}

/// Patterns that find nothing in this day of one carrier, or not in every run of it, each with a case in which it does.
const CASES: [&str; 6] = [
    include_str!("../../config/patterns/forward-hijack/cases/fires-a-banks-call-goes-to-a-stranger/records.jsonl"),
    include_str!("../../config/patterns/scam-compound-caller/cases/fires-ten-strangers-over-nine-hours/records.jsonl"),
    include_str!("../../config/patterns/sim-box-site/cases/fires-8-foreign-cards-that-call-the-country/records.jsonl"),
    include_str!("../../config/patterns/wrong-number/cases/fires-40-openers-in-three-hours/records.jsonl"),
    include_str!("../../config/patterns/impersonation-begun/cases/fires-the-banker-calls-after-a-code/records.jsonl"),
    include_str!("../../config/patterns/scam-compound/cases/fires-three-old-sims-and-four-strangers/records.jsonl"),
];
/// Cells of the second.
const BORDER: &str =
    include_str!("../../config/patterns/scam-compound-caller/cases/fires-ten-strangers-over-nine-hours/cells.csv");

/// The records of a case as those of own subscribers whom no other case has.
fn case(number: usize, records: &str) -> impl Iterator<Item = Value> {
    let subscribers = if records.contains("+8551230") { "+8551230" } else { "+8551231" };
    let own =
        records.replace(subscribers, &format!("+855103{number}")).replace("\"4560100", &format!("\"45601{number}0"));
    let own = own.replace("\"3569380", &format!("\"356938{number}"));
    // Two strangers from where no range is marked.
    let own = own.replace("+60122345678", "+66810345678").replace("+639171234567", "+66810345679");
    let lines: Vec<Value> = own.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.into_iter().map(move |mut record| {
        record["id"] = format!("case-{number}-{}", record["id"].as_str().unwrap()).into();
        record
    })
}

/// Sends the cases, whose records are days later than the day's, and one record that ends their panes; gives all.
fn send_cases(carrier: &Carrier) -> Vec<Value> {
    let at = |record: &Value| record["end"].as_i64().or(record["start"].as_i64()).unwrap();
    let mut records: Vec<Value> = (1..).zip(CASES).flat_map(|(number, records)| case(number, records)).collect();
    let last = records.iter().map(at).max().unwrap();
    records.push(serde_json::json!({
        "kind": "sms", "source": "smsc1", "id": "case-end", "start": last + 6 * 3_600_000, "direction": "incoming", "caller": "BANK",
        "callee": "+85510399999",
    }));
    records.sort_by_key(at);
    let message = |record: &Value| OutRecord {
        partition: Some(0),
        timestamp_ms: Some(at(record)),
        ..OutRecord::new(
            carrier.topic(record["kind"].as_str().unwrap()).as_str().into(),
            record.to_string().into_bytes(),
        )
    };
    let mut producer = Producer::connect(&ProducerSettings::new(carrier.connection.clone())).unwrap();
    producer.send_batch(&records.iter().map(message).collect::<Vec<_>>()).unwrap();
    records
}

/// Ids of the shipped patterns that are not in shadow.
fn live_patterns() -> BTreeSet<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/patterns");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let live = files.filter(|path| path.extension().is_some_and(|ending| ending == "toml"));
    let live = live.filter(|path| !std::fs::read_to_string(path).unwrap().contains("mode = \"shadow\""));
    live.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

/// The run is one in which there is something to leak.
fn everything_is_on(alerts: &[Alert]) {
    let entities = || alerts.iter().flat_map(|alert| &alert.entities);
    let patterns: BTreeSet<&str> =
        alerts.iter().flat_map(|alert| &alert.patterns).filter_map(|id| id.split('@').next()).collect();
    let silent: Vec<String> = live_patterns().into_iter().filter(|id| !patterns.contains(id.as_str())).collect();
    assert_eq!(silent, [""; 0], "patterns of which there is no alert");
    assert!(entities().any(|entity| !entity.sealed.is_empty()), "nothing is sealed");
    assert!(entities().all(|entity| entity.also.len() == 1), "no second epoch");
    assert!(entities().any(|entity| entity.masked.is_some()) && entities().all(|entity| entity.value.is_none()));
    let of_place =
        |alert: &&Alert| alert.place.as_ref().is_some_and(|place| place.admin1.is_some() || place.latitude.is_some());
    let placed = alerts.iter().filter(of_place).count();
    println!("{placed} alerts tell a place finer than a country");
    assert!(placed > 0, "no crowd is large enough");
    assert!(alerts.iter().any(|alert| alert.evidence.merkle_root.is_some() && !alert.evidence.offsets.is_empty()));
    println!("{} alerts of {} patterns", alerts.len(), patterns.len());
}

#[test]
fn nothing_clear_leaks() {
    let records: Vec<Sent> = traffic().collect();
    let mut everybody = Identifiers::of(records.iter().map(|sent| &sent.record));
    let exchange = Exchange::ready();
    let desks = Desks::new(&exchange);
    let carrier = Carrier::on(cluster().bootstrap(), 2);
    carrier.make_topics();
    std::fs::write(carrier.path("lists/generated.csv"), traffic().lists()).unwrap();
    let config = config(&exchange, &carrier, &desks, &records);
    let (run, relay) = (carrier.start("run", &config), carrier.start("relay", &config));
    send_unreadable(&carrier, &records);
    share(&exchange, &carrier, &records, &relay);
    let more = send_cases(&carrier);
    more.iter().for_each(|record| everybody.add_line(record));
    let alerts = all_is_shared(&exchange, &carrier, &relay, records.len() + more.len());
    everything_is_on(&alerts);

    let incident = &alerts.iter().max_by_key(|alert| alert.evidence.count).unwrap().incident_id;
    let (audit, desk, key) = (carrier.path("audit.jsonl"), desks.of("kh-evidence"), desks.key("signing.key"));
    let of = ["evidence", "fetch", "--incident", incident.as_str(), "--to", "TH", "--case", "TH-2026-1187"];
    let by = [
        "--requested-by",
        "Cyber Police",
        "--audit",
        shown(&audit),
        "--config",
        shown(&config),
        "--desk",
        shown(&desk),
        "--signing-key-file",
        shown(&key),
    ];
    let (status, told, errors) = lancang(&[of.as_slice(), &by].concat());
    assert_eq!(status, Some(0), "{told}{errors}");

    let mut pages = vec![run.get("/metrics").1, relay.get("/metrics").1];
    assert!(pages[0].contains("lancang_score_incidents_total") && pages[1].contains("lancang_relay_alerts_total"));
    let answered = feedback_comes_home(&exchange, &desks, &carrier, &alerts);
    let joined = campaigns_are_joined(&exchange, &desks, &alerts);
    let heard = said(&exchange, &desks, &carrier, &config, &alerts, &records);
    // Copiers write into the relay's log.
    let mut logs = vec![run.log.clone(), relay.log.clone()];
    assert_eq!((run.end(), relay.end()), (0, 0));
    for (page, log) in [&answered, &joined] {
        pages.push(page.clone());
        logs.push(log.clone());
    }
    let logs: Vec<String> = logs.into_iter().map(|log| std::fs::read_to_string(log).unwrap()).collect();
    assert!(logs.iter().all(|log| !log.is_empty()) && pages.iter().all(|page| page.contains("lancang_build_info")));
    assert_eq!(carrier.read("dead").len(), 4, "what cannot be read was told of");

    // At home numbers are clear: the search finds them where they are.
    let home: Vec<Record> =
        ["incidents", "voice", "sms", "records", "dead"].iter().flat_map(|topic| carrier.read(topic)).collect();
    let at_home: BTreeSet<String> =
        home.iter().flat_map(bytes_of).flat_map(|bytes| everybody.search(bytes)).map(|leak| leak.digits).collect();
    assert!(at_home.len() > everybody.len() / 2, "{} of {} found at home", at_home.len(), everybody.len());

    let (mut searched, mut leaks) = (0, Vec::new());
    let mut search = |place: &str, bytes: &[u8]| {
        searched += bytes.len();
        leaks.extend(everybody.search(bytes).into_iter().map(|leak| (place.to_owned(), leak)));
        let key = |key: &str| bytes.windows(key.len()).any(|window| window == key.as_bytes());
        assert!(!key(EPOCH_KEY) && !key(NEXT_EPOCH_KEY), "an epoch's key in {place}");
    };
    let topics = shared_topics(&exchange);
    let filled = |name: &str| topics.iter().any(|(topic, records)| topic == name && !records.is_empty());
    assert!([ALERTS, EVIDENCE, WARNINGS, PORTED, FEEDBACK, CAMPAIGNS, "lancang.keys.v1"].into_iter().all(filled));
    for (topic, records) in &topics {
        records.iter().flat_map(bytes_of).for_each(|bytes| search(topic, bytes));
    }
    for topic in ["outbox", "warnings-outbox", FEEDBACK_HOME] {
        carrier.read(topic).iter().flat_map(bytes_of).for_each(|bytes| search(topic, bytes));
    }
    logs.iter().for_each(|log| search("log", log.as_bytes()));
    let audit = std::fs::read_to_string(&audit).unwrap();
    [told, errors, audit].iter().for_each(|text| search("what evidence fetch says", text.as_bytes()));
    heard.iter().for_each(|(command, text)| search(command, text.as_bytes()));
    let of_pages = pages.iter().flat_map(|page| everybody.search_page(page));
    leaks.extend(of_pages.map(|leak| ("metrics".to_owned(), leak)));
    assert_eq!(leaks, [], "{} identifiers leak", leaks.len());
    println!("{} identifiers, {} records; {searched} bytes searched", everybody.len(), records.len());

    // One number on one topic, encoded and not sealed.
    let caller =
        records.iter().find_map(|sent| sent.record.caller.as_ref().filter(|caller| caller.text.starts_with('+')));
    let planted = STANDARD.encode(format!("value {}", caller.unwrap().text));
    exchange.write_as("kh-evidence", EVIDENCE, planted.as_bytes()).unwrap();
    let topics = shared_topics(&exchange);
    let all = topics.iter().flat_map(|(_, records)| records).flat_map(bytes_of);
    assert_eq!(all.flat_map(|bytes| everybody.search(bytes)).count(), 2, "a planted number is found, in key and value");
}
