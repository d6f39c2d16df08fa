//! `lancang pack` on Kafka: topics to a topic exactly once, files to a topic, and intake of what was packed.

use std::path::{Path, PathBuf};
use std::process::Command;

use lancang_record::log::Entry;

use crate::carrier::{Carrier, records};

/// A packing site's configuration: it writes to `topic`.
fn site(carrier: &Carrier, topic: &str) -> PathBuf {
    let path = carrier.config(&format!("{topic}.toml"), &format!("-{topic}"), "");
    let text = std::fs::read_to_string(&path).unwrap();
    let own = |name: &str| format!("\"{}\"", carrier.topic(name));
    let text = text.replace(&own("records"), &own(topic)).replace(&own("late"), &own(&format!("late-{topic}")));
    std::fs::write(&path, text).unwrap();
    path
}

fn pack(config: &Path, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lancang"));
    let output = command.arg("pack").args(args).arg("--config").arg(config).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    told
}

/// Runs that end at the ends of the topics go on where the one before stopped, and what they wrote is a records log: score
/// finds in it what the engine finds in memory.
#[test]
fn topics_are_packed_once_into_a_records_log() {
    let carrier = Carrier::new(2);
    carrier.keep_patterns(&["sim-box-burst", "smishing-burst"]);
    let sent = records(3);
    let site = site(&carrier, "packed");
    // Makes the topics.
    pack(&site, &[]);
    let (status, told) = carrier.patterns("apply", &site, &[]);
    assert_eq!(status, Some(0), "{told}");
    carrier.send(&sent);
    let told = pack(&site, &[]);
    assert!(told.contains(&format!("read={}", sent.len())) && told.contains("all ends are reached"), "{told}");
    assert_eq!(carrier.framed_in("packed"), sent.len());
    carrier.send_raw("voice", b"nothing".to_vec(), sent[0].at.as_ms());
    pack(&site, &[]);
    assert_eq!(carrier.framed_in("packed"), sent.len(), "what was packed is not packed again");
    assert_eq!(carrier.read("dead-packed").len(), 1);

    let expected = carrier.expected_of("packed", "-packed");
    assert!(!expected.is_empty());
    let score = carrier.start("score", &site);
    carrier.wait_for_lines("incidents-packed", &expected);
    assert_eq!(score.end(), 0);
}

/// A file into the topic: frames of its records, and marks that end with the file.
#[test]
fn a_file_is_packed_into_a_topic() {
    let carrier = Carrier::new(2);
    let site = site(&carrier, "filed");
    let mut lines = Vec::new();
    let voice = records(3).into_iter().filter(|sent| sent.feed.name().ends_with("voice")).take(3000);
    let mut count = 0;
    for sent in voice {
        lancang_record::codec::json::encode(&sent.record, &mut lines);
        lines.push(b'\n');
        count += 1;
    }
    lines.extend_from_slice(b"nothing\n");
    std::fs::write(carrier.path("voice.jsonl"), lines).unwrap();
    let told = pack(&site, &[carrier.path("voice.jsonl").to_str().unwrap(), "--feed", "voice"]);
    assert!(told.contains(&format!("{} read", count + 1)) && told.contains("1 could not be read: syntax"), "{told}");
    let late = carrier.read("late-filed").len();
    assert_eq!(carrier.framed_in("filed") + late, count);
    assert_eq!(carrier.read("dead-filed").len(), 1);
    let entries = carrier.read("filed");
    for partition in 0..2 {
        let last = entries.iter().rfind(|message| message.partition == partition).unwrap();
        let Ok(Entry::Marks(mut marks)) = Entry::decode(last.payload.as_deref().unwrap()) else { panic!("no mark") };
        assert_eq!(marks.next().unwrap().state, lancang_record::log::InputState::Ended);
    }
}
