//! Evidence from the carrier's records log to a country's desk: fetched for a case, sealed, opened, checked.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lancang_alert::dsse::EVIDENCE_TYPE;
use lancang_alert::evidence::SALT_HEADER;
use lancang_alert::{Alert, Incident, KeyKind, PrivateKey};
use lancang_kafka::Record;
use lancang_record::codec::fields::parse_time;
use lancang_record::codec::json::decode_line;
use lancang_record::record::{Direction, Kind};
use lancang_traffic::Sent;
use lancang_traffic::world::OPERATORS;
use serde_json::Value;

use crate::carrier::{Carrier, LONG, Lancang, OPERATOR, SIGNING_KEY, records};
use crate::gone::what_is_gone_and_what_was_merged;
use crate::meeting::{ALERTS, Exchange};

/// A command: its status, what it wrote, what it said.
pub fn lancang(args: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_lancang")).args(args).env("NO_COLOR", "1").output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

pub fn ok(args: &[&str]) -> String {
    let (status, told, errors) = lancang(args);
    assert_eq!(status, Some(0), "{args:?}: {told}{errors}");
    told
}

pub fn shown(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn secret_file(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// Keys of the relay, of Thailand and of Cambodia in the registry, and a desk for each who needs one.
pub struct Desks<'e> {
    exchange: &'e Exchange,
    folder: PathBuf,
    pub root: String,
}

impl<'e> Desks<'e> {
    pub fn new(exchange: &'e Exchange) -> Self {
        let folder = exchange.folder.path().to_path_buf();
        let root_key = folder.join("root.key");
        ok(&["keys", "new", "--kind", "root", "--out", shown(&root_key)]);
        ok(&["keys", "new", "--kind", "sealing", "--out", shown(&folder.join("th.key"))]);
        ok(&["keys", "new", "--kind", "sealing", "--out", shown(&folder.join("kh.key"))]);
        ok(&["keys", "new", "--kind", "sealing", "--out", shown(&folder.join("other.key"))]);
        ok(&["keys", "new", "--kind", "sealing", "--out", shown(&folder.join("carrier.key"))]);
        let root = std::fs::read_to_string(folder.join("root.key.pub")).unwrap().trim().to_owned();
        let signing = PrivateKey::read(KeyKind::Signing, SIGNING_KEY.to_owned()).unwrap();
        std::fs::write(folder.join("signing.pub"), signing.public().to_string()).unwrap();
        let desks = Self { exchange, folder, root };
        secret_file(&desks.key("signing.key"), SIGNING_KEY);
        ok(&["keys", "new", "--kind", "signing", "--out", shown(&desks.key("foreign.key"))]);
        let organisation = format!("//KH/{}", OPERATORS[OPERATOR].organisation);
        let keys = [
            ("signing.pub", organisation.as_str()),
            ("foreign.key.pub", "//TH"),
            ("th.key.pub", "//TH"),
            ("kh.key.pub", "//KH"),
            ("carrier.key.pub", organisation.as_str()),
        ];
        for (key, holder) in keys {
            let (key, desk) = (desks.folder.join(key), desks.of("registrar"));
            let place = ["--config", shown(&desk), "--root-key-file", shown(&root_key)];
            ok(&[&["keys", "publish", shown(&key), "--holder", holder], place.as_slice()].concat());
        }
        desks
    }

    pub fn key(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn of(&self, name: &str) -> PathBuf {
        let text = format!(
            "[exchange]\nbootstrap = \"{}\"\n[exchange.options]\n{}[keys]\nroots = [\"{}\"]\n",
            self.exchange.cluster.bootstrap(),
            self.exchange.options(name),
            self.root
        );
        let path = self.folder.join(format!("{name}.toml"));
        std::fs::write(&path, text).unwrap();
        path
    }
}

/// Sends records, the first one of each partition before all others, and waits until all that a carrier's processes make of them is shared over TLS: the alerts.
pub fn share(exchange: &Exchange, carrier: &Carrier, records: &[Sent], relay: &Lancang) -> Vec<Alert> {
    // So the log's first watermark, from which on contacts are known (a day later), is that of the feeds' beginnings in every run,
    // and not of how far one was when the last one spoke.
    let mut begun = BTreeSet::new();
    let mut begins = |sent: &Sent| {
        let message = carrier.message(sent);
        begun.insert((message.topic, message.partition))
    };
    let (first, others): (Vec<Sent>, Vec<Sent>) = records.iter().cloned().partition(|sent| begins(sent));
    carrier.send(&first);
    carrier.wait_until_framed(first.len());
    carrier.send(&others);
    all_is_shared(exchange, carrier, relay, records.len())
}

/// The alerts of all that was sent, once so many records are framed and what they lead to is shared.
pub fn all_is_shared(exchange: &Exchange, carrier: &Carrier, relay: &Lancang, framed: usize) -> Vec<Alert> {
    carrier.wait_until_framed(framed);
    carrier.wait_until_idle();
    let expected = carrier.expected("");
    carrier.wait_for_lines("incidents", &expected);
    let sum = |name: &str| relay.metric(name).values().sum::<f64>();
    let seen = || sum("lancang_relay_alerts_total") + sum("lancang_relay_withheld_total");
    relay.wait_until(LONG, || seen() >= expected.len() as f64);
    let begun = Instant::now();
    loop {
        let outbox = carrier.read("outbox").len();
        let found = exchange.read_as("th-agency", ALERTS).unwrap();
        if found.len() == outbox {
            return found.iter().map(|value| serde_json::from_slice(value).unwrap()).collect();
        }
        assert!(begun.elapsed() < LONG, "{outbox} in the outbox, {} shared", found.len());
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
}

#[test]
fn evidence_for_a_case() {
    let exchange = Exchange::ready();
    let desks = Desks::new(&exchange);
    let carrier = Carrier::new(2);
    let config = exchange.config_of(&carrier, "kh-relay");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("create = true", "create = true\nevidence_retention = \"4000d\"")).unwrap();
    let (run, relay) = (carrier.start("run", &config), carrier.start("relay", &config));
    let alerts = share(&exchange, &carrier, &records(11), &relay);
    assert_eq!((run.end(), relay.end()), (0, 0));
    // Of many calls, of which its line names twenty.
    let of_box =
        alerts.iter().filter(|alert| alert.patterns.iter().any(|pattern| pattern.starts_with("sim-box-burst@")));
    let alert = of_box.max_by_key(|alert| alert.evidence.count).unwrap();
    let evidence = &alert.evidence;
    assert!(evidence.count > 3 && evidence.merkle_root.as_ref().unwrap().len() == 64, "{evidence:?}");
    assert_eq!(evidence.topic.as_deref(), Some(carrier.topic("incidents").as_str()));
    assert!(evidence.kept_until.as_deref().unwrap() > "2036", "{evidence:?}");

    let desk = desks.of("kh-evidence");
    let audit = exchange.folder.path().join("audit.jsonl");
    let fetch = |incident: &str, to: &str, key: &Path| {
        let case = ["--case", "TH-2026-1187", "--requested-by", "Cyber Police", "--audit", shown(&audit)];
        let files = ["--config", shown(&config), "--desk", shown(&desk), "--output", "json"];
        let of = ["evidence", "fetch", "--incident", incident, "--to", to];
        lancang(&[of.as_slice(), &files, &case, &["--signing-key-file", shown(key)]].concat())
    };
    let (key, foreign) = (desks.key("signing.key"), desks.key("foreign.key"));
    let (status, _, errors) = fetch(&alert.incident_id, "TH", &foreign);
    assert!(status == Some(65) && errors.contains("nobody would believe it"), "{status:?} {errors}");
    assert!(!audit.exists(), "what is refused is not sent");
    let fetch = |incident: &str, to: &str| fetch(incident, to, &key);
    let (status, told, errors) = fetch(&alert.incident_id, "TH");
    assert_eq!(status, Some(0), "{told}{errors}");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["missing"], &told["topic"]), (&0.into(), &"lancang.evidence.th.v1".into()), "{told}");
    let revisions = alerts.iter().filter(|other| other.incident_id == alert.incident_id);
    let offsets: BTreeSet<i64> = revisions.filter_map(|alert| Some(alert.evidence.offsets.first()?.first)).collect();
    assert_eq!(told["source"], alert.producer.uri());
    assert_eq!(told["lines"], offsets.len(), "every home line of the alert");

    // Sent, told in the audit file before and after, and nothing of it in clear.
    let lines = std::fs::read_to_string(&audit).unwrap();
    let actions: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let action = |at: usize| actions[at]["action"].as_str().unwrap();
    assert_eq!((actions.len(), action(0), action(1)), (2, "evidence sealed", "evidence sent"));
    assert_eq!(actions[0]["requested_by"], "Cyber Police");
    let sent = exchange.read_as("th-agency", "lancang.evidence.th.v1").unwrap();
    let incidents = carrier.lines("incidents");
    let value =
        |line: &String| serde_json::from_str::<Value>(line).unwrap()["entity"]["value"].as_str().unwrap().to_owned();
    for clear in incidents.iter().map(value).filter(|value| value.len() > 7) {
        assert!(!lines.contains(&clear) && !errors.contains(&clear), "an identifier in the audit file or the log");
        assert!(!String::from_utf8_lossy(&sent[0]).contains(&clear), "an identifier in clear on the exchange");
    }

    // Salts of the roots stay at home.
    let has_salt = |record: &Record| record.headers.iter().any(|(name, _)| name == SALT_HEADER);
    assert!(carrier.read("outbox").iter().any(has_salt));
    let shared = exchange.records_as("th-agency", ALERTS).unwrap();
    assert!(!shared.is_empty() && !shared.iter().any(has_salt));

    let further = told["further"].as_u64().unwrap();
    assert!(further > 10 && told["unsought"] == 0 && told["left_out"] == 0, "{told}");
    assert_eq!(actions[0]["further"], further);
    opened(&exchange, &desks, alert, &carrier, (told["records"].as_u64().unwrap(), further));
    let (status, _, errors) = fetch(&format!("{:032x}", 7), "TH");
    assert!(status == Some(65) && errors.contains("did not share it"), "{status:?} {errors}");
    let (status, _, errors) = fetch(&alert.incident_id, "CN");
    assert!(status == Some(65) && errors.contains("no sealing key of //CN"), "{status:?} {errors}");
    assert_eq!(std::fs::read_to_string(&audit).unwrap(), lines, "what was refused was not sent");
    what_is_gone_and_what_was_merged(&exchange, &desks);
}

/// Calls that were sent of the lines' callers, within their time: all that came before the last line was written, and nothing
/// else. Of two partitions of a feed one may be read ahead of the other; what came later stands behind none of the lines.
fn all_calls_are_there(bundle: &Value, sent: &BTreeSet<String>, found: usize) {
    let lines = bundle["lines"].as_array().unwrap().iter();
    let lines: Vec<Incident> =
        lines.map(|line| Incident::read(line["line"].as_str().unwrap().as_bytes()).unwrap()).collect();
    assert!(lines.iter().all(|line| line.entity.entity_type == "caller"), "{bundle}");
    let time = |text: &str| parse_time("time", text).unwrap();
    let is_behind = |sent: &&String| {
        let record = decode_line(sent.as_bytes()).unwrap();
        let served = match record.direction {
            Direction::Outgoing => &record.caller,
            Direction::Incoming => &record.callee,
            _ => &None,
        };
        let of = |line: &Incident| served.as_ref().is_some_and(|served| served.text == line.entity.value);
        let within = |line: &Incident| (time(&line.first_event)..=time(&line.last_event)).contains(&record.event());
        record.kind == Kind::Voice && lines.iter().any(|line| of(line) && within(line))
    };
    let all = sent.iter().filter(is_behind).count();
    assert!(found <= all && found > all / 2, "{found} of {all}");
}

/// Thailand opens it and finds the records that were sent; with another key, or as another country, nobody does.
fn opened(exchange: &Exchange, desks: &Desks<'_>, alert: &Alert, carrier: &Carrier, (records, further): (u64, u64)) {
    let folder = exchange.folder.path();
    let envelopes = folder.join("case.dsse.jsonl");
    let open = |desk: &str, country: &str, key: &str| {
        let (desk, key) = (desks.of(desk), folder.join(key));
        let of = ["evidence", "open", "--desk", shown(&desk), "--country", country];
        let more = ["--sealing-key-file", shown(&key), "--incident", &alert.incident_id];
        lancang(&[of.as_slice(), &more, &["--envelopes", shown(&envelopes)]].concat())
    };
    let (status, told, errors) = open("th-agency", "TH", "th.key");
    assert_eq!(status, Some(0), "{errors}");
    let bundle: Value = serde_json::from_str(&told).unwrap();
    let kept = std::fs::read_to_string(&envelopes).unwrap();
    std::fs::remove_file(&envelopes).unwrap();
    let envelope: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(envelope["payloadType"], EVIDENCE_TYPE);
    let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
    assert_eq!(payload, told.trim().as_bytes(), "what was signed is what is shown");
    let salt = bundle["lines"][0]["salt"].as_str().unwrap();
    assert_eq!(salt.len(), 64);
    assert_eq!((&bundle["case_reference"], &bundle["recipient"]), (&"TH-2026-1187".into(), &"//TH".into()));
    assert_eq!(bundle["source"], alert.producer.uri());
    let (found, more) = (bundle["records"].as_array().unwrap(), bundle["further"]["records"].as_array().unwrap());
    assert_eq!((found.len() as u64, more.len() as u64), (records, further));
    // Against what was sent to the carrier's feeds.
    let sent: BTreeSet<String> = ["voice", "sms", "mobility"].iter().flat_map(|feed| carrier.lines(feed)).collect();
    all_calls_are_there(&bundle, &sent, found.len() + more.len());
    for record in found.iter().chain(more) {
        let (source, id) = record["reference"].as_str().unwrap().split_once('/').unwrap();
        let (source, id) = (format!("\"source\":\"{source}\""), format!("\"id\":\"{id}\""));
        let of_call = sent.iter().filter(|line| line.contains(&source) && line.contains(&id));
        // Its legs have one reference.
        let mut legs = of_call.map(|line| serde_json::from_str::<Value>(line).unwrap());
        let line = legs.find(|line| line["direction"] == record["record"]["direction"]).unwrap();
        for field in ["kind", "start", "duration_s", "imsi", "cell"] {
            assert_eq!(record["record"][field], line[field], "{field}");
        }
    }
    let (status, told, errors) = open("th-agency", "TH", "other.key");
    assert!(status == Some(65) && told.is_empty() && errors.contains("another key"), "{errors}");
    let (status, told, errors) = open("kh-agency", "TH", "th.key");
    assert!(status == Some(78) && told.is_empty() && errors.contains("rights do not let"), "{status:?} {errors}");
}
