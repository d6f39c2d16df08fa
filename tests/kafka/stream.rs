//! What a carrier sees when nothing goes wrong.

use std::time::Duration;

use lancang_pattern::plan::Mode;
use lancang_traffic::evaluation::{evaluate, read_incidents};
use lancang_traffic::world::OPERATORS;
use lancang_traffic::{Generator, Truth};

use crate::carrier::{Carrier, LONG, Lancang, OPERATOR, real_bucket, records, traffic};

fn truth(seed: u64) -> Vec<Truth> {
    let country = OPERATORS[OPERATOR].country.to_string();
    Generator::new(traffic(seed)).truth().into_iter().filter(|episode| episode.country == country).collect()
}

/// Records in, incidents out: those that the log says, all fraud found, every record's fate counted.
#[test]
fn a_round_trip() {
    let carrier = Carrier::new(4);
    let records = records(1);
    carrier.send(&records);
    let config = carrier.config("lancang.toml", "", "");
    let run = carrier.start("run", &config);
    carrier.wait_until_framed(records.len());
    run.wait_until_ready();
    carrier.wait_until_idle();
    let expected = carrier.expected("");
    assert!(!expected.is_empty());
    carrier.wait_for_lines("incidents", &expected);

    let read: f64 = run.metric("lancang_intake_records_read_total").values().sum();
    let fates: f64 = run.metric("lancang_intake_records_total").values().sum();
    assert_eq!((read, fates), (records.len() as f64, records.len() as f64));
    // Counted once a second.
    let all = records.len() as f64;
    run.wait_until(LONG, || run.sum("lancang_score_records_total") >= all);
    assert_eq!((run.sum("lancang_score_records_read_total"), run.sum("lancang_score_records_total")), (all, all));
    assert_eq!(run.end(), 0);

    let report = evaluate(&read_incidents(&expected.join("\n")).unwrap(), &truth(1));
    for (pattern, report) in &report.patterns {
        assert!(report.recall_easy_medium >= 0.95, "{pattern}: {report:?}");
        assert!(report.precision >= 0.95, "{pattern}: {report:?}");
    }
}

/// A pattern in shadow is judged, counted and kept at home; neither the incidents topic nor the exchange sees it.
#[test]
fn shadow_stays_at_home() {
    let carrier = Carrier::new(2);
    carrier.keep_patterns(&["sim-box-burst", "smishing-burst"]);
    carrier.change_pattern("smishing-burst", "\ncooldown = ", "\nmode = \"shadow\"\ncooldown = ");
    let records = records(12);
    carrier.send(&records);
    let config = carrier.config("lancang.toml", "", "");
    let (run, relay) = (carrier.start("run", &config), carrier.start("relay", &config));
    carrier.wait_until_framed(records.len());
    run.wait_until_ready();
    carrier.wait_until_idle();
    let published = carrier.expected("");
    let shadow = carrier.expected_in(Mode::Shadow, "records", "");
    assert!(!published.is_empty() && !shadow.is_empty());
    assert!(shadow.iter().all(|line| line.contains("smishing-burst") && line.contains("\"mode\":\"shadow\"")));
    carrier.wait_for_lines("incidents", &published);
    carrier.wait_for_lines("shadow", &shadow);
    let counted = run.metric("lancang_score_incidents_total");
    let of_mode = |mode: &str| counted.iter().filter(|(labels, _)| labels.contains(mode)).map(|(_, n)| n).sum::<f64>();
    let (live, in_shadow) = (of_mode("mode=\"live\""), of_mode("mode=\"shadow\""));
    assert_eq!((live, in_shadow), (published.len() as f64, shadow.len() as f64), "{counted:?}");
    let shared = || carrier.lines("alerts");
    let begun = std::time::Instant::now();
    while shared().len() < published.iter().filter(|line| line.contains("\"open\"")).count() {
        assert!(begun.elapsed() < LONG, "{}", relay.log());
        std::thread::sleep(Duration::from_millis(300));
    }
    assert!(shared().iter().all(|alert| !alert.contains("smishing-burst")));
    assert_eq!((run.end(), relay.end()), (0, 0));
}

/// Voice is read long after SMS; nothing is late, because lateness depends on an input's own clock alone.
#[test]
fn topics_of_different_speed() {
    let carrier = Carrier::new(2);
    let records = records(2);
    let (sms, rest): (Vec<_>, Vec<_>) = records.iter().cloned().partition(|sent| sent.feed.name().ends_with("sms"));
    let config = carrier.config("lancang.toml", "", "");
    let config_text = std::fs::read_to_string(&config).unwrap().replace("idle = \"2s\"", "idle = \"1h\"");
    std::fs::write(&config, config_text).unwrap();
    let run = carrier.start("run", &config);
    carrier.send(&sms);
    carrier.wait_until_framed(sms.len());
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(carrier.lines("incidents").len(), 0, "nothing is judged before voice and mobility have spoken");
    for slice in rest.chunks(rest.len() / 4) {
        carrier.send(slice);
        std::thread::sleep(Duration::from_millis(700));
    }
    carrier.wait_until_framed(records.len());
    std::thread::sleep(Duration::from_secs(3));
    let expected = carrier.expected("");
    assert!(expected.iter().any(|line| line.contains("smishing-burst")));
    carrier.wait_for_lines("incidents", &expected);
    assert!(carrier.lines("late").is_empty());
    assert_eq!(run.end(), 0);
}

/// SIGTERM in the middle, a second start: it goes on where the first stopped.
#[test]
fn a_restart_in_the_middle() {
    restarted(Carrier::new(2));
}

/// The same with packs and snapshots in a bucket.
#[test]
#[ignore = "takes a server that speaks S3: LANCANG_TEST_S3 (CONTRIBUTING.md)"]
fn a_restart_with_the_store_in_a_bucket() {
    let mut carrier = Carrier::new(2);
    carrier.bucket = Some(real_bucket());
    restarted(carrier);
}

fn restarted(mut carrier: Carrier) {
    carrier.score = "snapshot = \"1s\"".to_owned();
    let records = records(3);
    let half = records.len() / 2;
    let config = carrier.config("lancang.toml", "", "");
    let first = carrier.start("run", &config);
    carrier.send(&records[..half]);
    carrier.wait_until_framed(half);
    carrier.wait_until_idle();
    let scored = |run: &Lancang| run.sum("lancang_score_records_read_total");
    first.wait_until(LONG, || scored(&first) >= half as f64);
    let before = scored(&first);
    assert_eq!(first.end(), 0);
    let stopped = carrier.lines("incidents").len();

    let second = carrier.start("run", &config);
    carrier.send(&records[half..]);
    carrier.wait_until_framed(records.len());
    second.wait_until_ready();
    carrier.wait_until_idle();
    let expected = carrier.expected("");
    assert!(expected.len() > stopped);
    carrier.wait_for_lines("incidents", &expected);
    // What was read on in silence was counted by the first.
    second.wait_until(LONG, || before + scored(&second) >= records.len() as f64);
    assert_eq!(before + scored(&second), records.len() as f64);
    assert!(second.metric("lancang_snapshots_total").get("{outcome=\"loaded\"}").copied().unwrap_or(0.0) > 0.0);
    assert_eq!(second.end(), 0);
}

/// A backlog that is far larger than an interval: what is read while two intervals are under way is not lost.
#[test]
fn a_backlog_and_a_stop_in_the_middle() {
    let carrier = Carrier::new(2);
    let count = 200_000;
    let line = |n: usize| {
        let seconds = n / 1000;
        format!(
            "{{\"kind\":\"voice\",\"source\":\"m\",\"id\":\"{n}\",\"start\":\"2025-11-10T00:{:02}:{:02}Z\",\"direction\":\"outgoing\",\
             \"caller\":\"+85510{:06}\",\"callee\":\"+85510{:06}\",\"duration_s\":5}}",
            seconds / 60,
            seconds % 60,
            n % 9_973,
            n % 99_991,
        )
    };
    carrier.send_lines("voice", (0..count).map(|n| line(n).into_bytes()), 1_762_733_400_000);
    let config = carrier.config("lancang.toml", "", "");
    let first = carrier.start("intake", &config);
    let begun = std::time::Instant::now();
    while first.metric("lancang_intake_records_read_total").values().sum::<f64>() == 0.0 {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", first.log());
    }
    assert_eq!(first.end(), 0);
    let second = carrier.start("intake", &config);
    carrier.wait_until_framed(count);
    assert_eq!(second.end(), 0);
    assert_eq!(carrier.framed(), count);
}

/// What the operator's books say goes through a feed of its own, which no watermark waits for, and patterns know it from
/// its place in the records log on.
#[test]
fn the_reference_of_subscribers_is_known_to_patterns() {
    let carrier = Carrier::new(2);
    let pattern = "id = \"young\"\nversion = 1\nfamily = \"young\"\ntitle = \"t\"\nentity = [\"caller\"]\n\
        records = 'kind == \"voice\" && direction == \"outgoing\"'\nwarn = 'calls >= 2'\n\
        [features.calls]\naggregate = \"count\"\n\
        where = 'served.age_days < 10 && served.segment == \"prepaid\" && cell.admin1 == \"Poipet\"'\nwindow = \"1h\"\n\
        [weights.calls]\npoints = 100\nfrom = 0\nto = 4\n";
    std::fs::write(carrier.path("patterns/young.toml"), pattern).unwrap();
    let cells = "cell,latitude,longitude,country,admin1,border\n456-1,13.6561,102.5627,KH,Poipet,true\n";
    std::fs::write(carrier.path("cells.csv"), cells).unwrap();
    carrier.make(&["subscribers"]);
    let topic = carrier.topic("subscribers");
    let feed =
        format!("[[feeds]]\nname = \"subscribers\"\ntopics = [\"{topic}\"]\nclass = \"reference\"\nidle = \"2s\"\n");
    let config = carrier.config("lancang.toml", "", &feed);
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("trunks = \"trunks.csv\"", "trunks = \"trunks.csv\"\ncells = \"cells.csv\""))
        .unwrap();
    let run = carrier.start("run", &config);
    run.wait_until_ready();
    let books = |n: u64, activated: &str| {
        format!("{{\"subscriber\":\"+85510{n:06}\",\"activated\":\"{activated}\",\"segment\":\"prepaid\"}}")
            .into_bytes()
    };
    carrier.send_lines("subscribers", [books(1, "2025-11-03"), books(2, "2019-01-01")].into_iter(), 1_762_733_400_000);
    carrier.wait_until_framed(2);
    let line = |n: usize| {
        format!(
            "{{\"kind\":\"voice\",\"source\":\"m\",\"id\":\"{n}\",\"start\":\"2025-11-10T00:00:{n:02}Z\",\"direction\":\"outgoing\",\
             \"caller\":\"+85510{:06}\",\"callee\":\"+85510000099\",\"duration_s\":5,\"cell\":\"456-1\"}}",
            n % 3
        )
    };
    carrier.send_lines("voice", (0..12).map(|n| line(n).into_bytes()), 1_762_733_400_000);
    carrier.wait_until_framed(14);
    let found = carrier.expected("");
    assert!(!found.is_empty() && found.iter().all(|line| line.contains("+85510000001")), "{found:?}");
    carrier.wait_for_lines("incidents", &found);
    let held = || run.metric("lancang_score_entities").get("{entity=\"profile\"}").copied().unwrap_or(0.0);
    run.wait_until(LONG, || held() >= 3.0);
    assert_eq!(held(), 3.0, "two of the reference, and one more who called");
    assert_eq!(run.end(), 0);
}
