//! Nothing clear leaks: a day of traffic with all patterns goes the whole way over two real clusters, and every byte that others
//! can see of it is searched for every number, IMSI and IMEI of the traffic.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lancang_alert::Alert;
use lancang_kafka::{Isolation, Reader, Record};
use lancang_traffic::{Generator, Sent, Settings};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};

use crate::carrier::{Carrier, EPOCH_KEY, OPERATOR, cluster};
use crate::evidence::{Desks, lancang, ok, share, shown};
use crate::identifiers::Identifiers;
use crate::meeting::{ALERTS, Exchange, SOON};

const EVIDENCE: &str = "lancang.evidence.th.v1";
const WARNINGS: &str = "lancang.warnings.mekong-mobile.v1";
const NEXT_EPOCH_KEY: &str = "101112131415161718191a1b1c1d1e1f000102030405060708090a0b0c0d0e0f";

/// A day of Cambodia's operator with six episodes of each class and grade, and the look-alikes.
fn traffic() -> Generator {
    Generator::new(Settings { episodes: 6, phases: true, only: Some(OPERATOR), ..Settings::new(3_000, 1.0, 6) })
}

/// Sealing, the policy table that ships, references to evidence, cells, and two epochs of tokens that overlap.
fn config(exchange: &Exchange, carrier: &Carrier, desks: &Desks<'_>) -> PathBuf {
    let courier = desks.of("kh-courier");
    ok(&["keys", "show", "--save", shown(&carrier.path("registry.jsonl")), "--config", shown(&courier)]);
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/policy.toml");
    std::fs::copy(shipped, carrier.path("policy.toml")).unwrap();
    let mut cells = String::new();
    traffic().cells(OPERATOR, |line| cells.push_str(&format!("{line}\n")));
    std::fs::write(carrier.path("cells.csv"), cells).unwrap();
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
        (budget, &format!("{budget}\nregistry = \"registry.jsonl\"\npolicy = \"policy.toml\"")),
    ] {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    std::fs::write(&path, format!("{text}\n[keys]\nroots = [\"{}\"]\n", desks.root)).unwrap();
    path
}

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

/// The run is one in which there is something to leak.
fn everything_is_on(alerts: &[Alert]) {
    let entities = || alerts.iter().flat_map(|alert| &alert.entities);
    let patterns: std::collections::BTreeSet<&String> = alerts.iter().map(|alert| &alert.pattern).collect();
    assert!(patterns.len() >= 20, "{patterns:?}");
    assert!(entities().any(|entity| !entity.sealed.is_empty()), "nothing is sealed");
    assert!(entities().all(|entity| entity.also.len() == 1), "no second epoch");
    assert!(entities().any(|entity| entity.masked.is_some()) && entities().all(|entity| entity.value.is_none()));
    assert!(alerts.iter().any(|alert| alert.evidence.merkle_root.is_some() && !alert.evidence.offsets.is_empty()));
    println!("{} alerts of {} patterns", alerts.len(), patterns.len());
}

#[test]
fn nothing_clear_leaks() {
    let records: Vec<Sent> = traffic().collect();
    let everybody = Identifiers::of(records.iter().map(|sent| &sent.record));
    let exchange = Exchange::ready();
    let desks = Desks::new(&exchange);
    let carrier = Carrier::on(cluster().bootstrap(), 2);
    carrier.make_topics();
    std::fs::write(carrier.path("lists/generated.csv"), traffic().lists()).unwrap();
    let config = config(&exchange, &carrier, &desks);
    let (run, relay) = (carrier.start("run", &config), carrier.start("relay", &config));
    send_unreadable(&carrier, &records);
    let alerts = share(&exchange, &carrier, &records, &run, &relay);
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

    let pages = [run.get("/metrics").1, relay.get("/metrics").1];
    assert!(pages[0].contains("lancang_score_incidents_total") && pages[1].contains("lancang_relay_alerts_total"));
    let logs = [run.log.clone(), relay.log.clone()];
    assert_eq!((run.end(), relay.end()), (0, 0));
    let logs = logs.map(|log| std::fs::read_to_string(log).unwrap());
    assert_eq!(carrier.read("dead").len(), 4, "what cannot be read was told of");

    // At home numbers are clear: the search finds them where they are.
    let home: Vec<Record> =
        ["incidents", "voice", "sms", "records", "dead"].iter().flat_map(|topic| carrier.read(topic)).collect();
    let at_home: std::collections::BTreeSet<String> =
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
    assert!([ALERTS, EVIDENCE, WARNINGS, "lancang.keys.v1"].into_iter().all(filled));
    for (topic, records) in &topics {
        records.iter().flat_map(bytes_of).for_each(|bytes| search(topic, bytes));
    }
    carrier.read("outbox").iter().flat_map(bytes_of).for_each(|bytes| search("outbox", bytes));
    logs.iter().for_each(|log| search("log", log.as_bytes()));
    pages.iter().for_each(|page| search("metrics", page.as_bytes()));
    let audit = std::fs::read_to_string(&audit).unwrap();
    [told, errors, audit].iter().for_each(|text| search("what evidence fetch says", text.as_bytes()));
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
