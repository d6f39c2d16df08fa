//! `lancang doctor` on a real Kafka: what it finds, what it advises, and that it changes nothing.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::carrier::{Carrier, EPOCH_KEY, SIGNING_KEY, records};

/// Its exit status, what it prints and what it says.
fn doctor(config: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    let mut lancang = Command::new(env!("CARGO_BIN_EXE_lancang"));
    lancang.args(["doctor", "--config"]).arg(config).args(more).env("NO_COLOR", "1");
    let output =
        lancang.env("LANCANG_TEST_EPOCH_KEY", EPOCH_KEY).env("LANCANG_TEST_SIGNING_KEY", SIGNING_KEY).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn findings(told: &str) -> Vec<Value> {
    serde_json::from_str::<Value>(told).unwrap_or_else(|error| panic!("{error}: {told}"))["findings"]
        .as_array()
        .unwrap()
        .clone()
}

fn of<'f>(findings: &'f [Value], what: &str) -> &'f Value {
    findings
        .iter()
        .find(|finding| finding["what"].as_str().unwrap().contains(what))
        .unwrap_or_else(|| panic!("{what}: {findings:#?}"))
}

#[test]
fn a_doctor_says_what_is_wrong_and_what_to_do() {
    let carrier = Carrier::new(2);
    let records = records(2);
    carrier.send(&records[..200]);
    let config = carrier.config("lancang.toml", "", "");
    let json = ["--output", "json"];

    // Before the first start: the feeds are old, and nothing else is wrong.
    let (status, told, said) = doctor(&config, &json);
    assert_eq!(status, Some(0), "{told}{said}");
    let found = findings(&told);
    assert!(found.iter().all(|finding| finding["state"] != "bad"), "{found:#?}");
    assert_eq!(
        of(&found, &carrier.topic("records"))["found"],
        "is missing; the first start makes it (`topics.create`)"
    );
    let old = |finding: &&Value| finding["area"] == "feeds" && finding["found"].as_str().unwrap().contains("old");
    let feed = found.iter().find(old).unwrap_or_else(|| panic!("{found:#?}"));
    assert!(feed["state"] == "look" && feed["found"].as_str().unwrap().contains(" d old"), "{feed}");
    assert!(found.iter().any(|finding| finding["area"] == "clock" && finding["state"] == "good"));
    let kept = of(&found, "records behind alerts");
    assert!(kept["state"] == "look" && kept["found"].as_str().unwrap().contains("may bind until 21 d"), "{kept}");
    assert!(carrier.read("records").is_empty(), "nothing was made");

    // Beside a running service, with a try at writing: the same, and nothing of it is to be seen.
    let run = carrier.start("run", &config);
    run.wait_until_ready();
    carrier.wait_until_framed(200);
    let relay = carrier.start("relay", &config);
    relay.wait_until_ready();
    let before = carrier.read("records").len();
    let (status, told, said) = doctor(&config, &["--try-writing", "--output", "json"]);
    assert_eq!(status, Some(0), "{told}{said}");
    let found = findings(&told);
    let written = of(&found, &format!("writing to {}", carrier.topic("incidents")));
    assert_eq!(written["found"], "is allowed; the transaction was aborted");
    assert_eq!(of(&found, &carrier.topic("outbox"))["found"], "is there, as it should be");
    assert!(
        carrier.read("incidents").iter().all(|line| !line.payload.as_ref().unwrap().starts_with(b"lancang doctor"))
    );
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!(carrier.framed(), 200);
    assert!(carrier.read("records").len() >= before);
    assert!(
        run.metric("lancang_kafka_rebalances_total")
            .iter()
            .all(|(labels, count)| !labels.contains("lost") || *count == 0.0)
    );
    assert_eq!((run.end(), relay.end()), (0, 0));

    // What is wrong, one by one, with the status that it leads to.
    let text = std::fs::read_to_string(&config).unwrap();
    let broken = |name: &str, from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        let path = carrier.path(name);
        std::fs::write(&path, text.replace(from, to)).unwrap();
        let (status, told, said) = doctor(&path, &json);
        assert!(said.contains(" bad"), "{said}");
        (status, findings(&told))
    };
    let voice = format!("topics = [\"{}\"]", carrier.topic("voice"));
    let (status, found) = broken("feed.toml", &voice, "topics = [\"cdr.vioce\"]");
    let feed = of(&found, "cdr.vioce");
    assert_eq!((status, &feed["state"]), (Some(78), &"bad".into()));
    assert!(feed["remedy"].as_str().unwrap().contains("correct its name"), "{feed}");
    let (status, found) = broken("partitions.toml", "partitions = 2", "partitions = 3");
    assert_eq!(status, Some(78));
    assert!(of(&found, &carrier.topic("records"))["found"].as_str().unwrap().contains("2 partitions"), "{found:#?}");
    let (status, found) = broken("store.toml", "folder = \"state\"", "folder = \"/proc/lancang\"");
    assert_eq!((status, &of(&found, "/proc/lancang")["area"]), (Some(74), &"store".into()));
    let (status, found) = broken("key.toml", "LANCANG_TEST_SIGNING_KEY", "LANCANG_TEST_NO_KEY");
    assert_eq!((status, &of(&found, "keys and tables")["state"]), (Some(78), &"bad".into()));
    let away = format!("bootstrap = \"{}\"", crate::carrier::cluster().bootstrap());
    let (status, found) = broken("broker.toml", &away, "bootstrap = \"127.0.0.1:9\"");
    assert_eq!((status, &of(&found, "127.0.0.1:9")["state"]), (Some(69), &"look".into()));
    assert_eq!(of(&found, "home cluster")["state"], "bad");

    let (_, table, _) = doctor(&carrier.path("feed.toml"), &[]);
    println!("{table}");
    assert!(table.starts_with("area ") && table.contains("\nWhat to do:\n") && !table.contains('\u{1b}'), "{table}");
}
