//! What programs say to those who run them: readers' output, errors about input with a subscriber in it, a console's answers, log
//! and metrics. None of it may name anybody, but for what a carrier's own desk prints of its own incidents.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use lancang_alert::Alert;
use lancang_traffic::Sent;

use crate::browsing::{Console, add_user};
use crate::carrier::{Carrier, EPOCH_KEY, SIGNING_KEY};
use crate::evidence::{Desks, ok, shown};
use crate::feedback::{Writer, metrics};
use crate::meeting::Exchange;

/// A command with what it reads: all that it said.
fn run(args: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lancang"))
        .args(args)
        .env("NO_COLOR", "1")
        .env("LANCANG_TEST_EPOCH_KEY", EPOCH_KEY)
        .env("LANCANG_TEST_SIGNING_KEY", SIGNING_KEY)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who does not read it all may end before.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// What was said, by command.
pub fn said(
    exchange: &Exchange,
    desks: &Desks<'_>,
    carrier: &Carrier,
    config: &Path,
    alerts: &[Alert],
    records: &[Sent],
) -> Vec<(String, String)> {
    let agency = desks.of("th-agency");
    let (agency, config, other) = (shown(&agency), shown(config), desks.key("other.key"));
    let record = records.iter().find(|sent| sent.record.imsi.is_some() && sent.record.caller.is_some()).unwrap();
    let (number, imsi) = (&record.record.caller.as_ref().unwrap().text, record.record.imsi.as_ref().unwrap());
    let alert = serde_json::to_string(&alerts[0]).unwrap();
    let forged = alert.replace("\"incident_id\"", &format!("\"{number}\":\"{imsi}\",\"incident_id\""));
    let broken = format!("{{\"caller\":\"{number}\",\"imsi\":\"{imsi}\"");
    let lines = format!("{number}x\n{imsi}{number}\n+{imsi}{imsi}\n");
    let id = alerts[0].incident_id.as_str();
    let as_agency = ["--config", agency];
    let foreign = shown(&other);
    // Each with what it reads, and whether it succeeds; what fails is told the subscriber and may not repeat it.
    let commands: Vec<(Vec<&str>, &str, bool)> = vec![
        (vec!["alerts", "tail", "--from-beginning", "--until-end"], "", true),
        (vec!["alerts", "tail", "--from-beginning", "--until-end", "--output", "json", "--language", "km"], "", true),
        (vec!["alerts", "tail", "--until-end", "--country", number.as_ref()], "", false),
        (vec!["export", "--to", "csv"], "", true),
        (vec!["export", "--to", "stix"], "", true),
        (vec!["export", "--to", "misp"], "", true),
        (vec!["feedback", "show"], "", true),
        (vec!["feedback", "show", imsi], "", false),
        (vec!["feedback", "operations"], "", true),
        (vec!["feedback", "operations", imsi], "", false),
        (vec!["campaigns", "list", "--country", "TH"], "", true),
        (vec!["campaigns", "list", "--country", "TH", "--output", "json"], "", true),
        (vec!["keys", "show"], "", true),
        (vec!["evidence", "open", "--country", "TH", "--sealing-key-file", foreign, "--desk", agency], "", false),
        (
            vec![
                "warnings",
                "tail",
                "--until-end",
                "--from-beginning",
                "--carrier",
                number.as_ref(),
                "--sealing-key-file",
                foreign,
            ],
            "",
            false,
        ),
        (vec!["policy", "explain", "-", "--country", "VN"], &alert, true),
        (vec!["policy", "explain", "-", "--country", "VN"], &forged, true),
        (vec!["policy", "explain", "-", "--country", "VN"], &broken, false),
        (vec!["export", "--to", "csv", "-"], &broken, false),
        (vec!["incidents", "show", imsi, "--config", config], "", false),
        (
            vec![
                "tokens",
                "find",
                "--kind",
                "caller",
                "--case",
                "TH-1",
                "--requested-by",
                "Police",
                "--config",
                config,
            ],
            &lines,
            false,
        ),
        (
            vec!["tokens", "find", "--kind", "sim", "--case", "TH-1", "--requested-by", "Police", "--config", config],
            &lines,
            false,
        ),
        (
            vec![
                "evidence",
                "fetch",
                "--incident",
                id,
                "--to",
                number.as_ref(),
                "--case",
                "TH-1",
                "--requested-by",
                "P",
                "--config",
                config,
                "--desk",
                agency,
                "--signing-key-file",
                foreign,
            ],
            "",
            false,
        ),
        (vec!["alerts", "tail", "--until-end", "--min-severity", number.as_ref()], "", false),
        (vec!["doctor", "--config", config], "", true),
        (vec!["check", "--config", config], "", true),
    ];
    let (mut heard, mut otherwise) = (Vec::new(), Vec::new());
    for (words, input, succeeds) in commands {
        let needs_agency = !words.iter().any(|word| ["--config", "--desk", "policy", "-"].contains(word));
        let words = [words.as_slice(), if needs_agency { &as_agency } else { &[] }].concat();
        let name = words[..2].join(" ");
        let (status, told, errors) = run(&words, input);
        if (status == Some(0)) != succeeds || !succeeds && errors.is_empty() {
            otherwise.push(format!("{words:?}: {status:?}, {} bytes, {errors}", told.len()));
        }
        heard.push((format!("what `{name}` prints"), told));
        heard.push((format!("what `{name}` logs"), errors));
    }
    assert!(otherwise.is_empty(), "{otherwise:#?}");
    // A desk's own incidents are clear to it; what it logs meanwhile is not.
    let (status, told, errors) = run(&["incidents", "list", "--config", config], "");
    assert!(status == Some(0) && !told.is_empty(), "{errors}");
    heard.push(("what `incidents list` logs".to_owned(), errors));
    heard.extend(console(exchange, desks, carrier, number, imsi));
    heard
}

/// A console of another country: every page's content of some incidents, and requests that name a subscriber.
fn console(
    exchange: &Exchange,
    desks: &Desks<'_>,
    carrier: &Carrier,
    number: &str,
    imsi: &str,
) -> Vec<(String, String)> {
    let writer = Writer::new(desks, exchange, "th-agency", "//TH", "//TH/cyber-police/console-1");
    let (config, folder, log) = (carrier.path("console.toml"), carrier.path("console"), carrier.path("console.log"));
    let text = std::fs::read_to_string(desks.of("th-agency")).unwrap();
    let console = format!(
        "[console]\ncountry = \"TH\"\nfolder = \"{}\"\nwriter = \"//TH/cyber-police/console-1\"\nsigning_key_file = \"{}\"\n\
         [http]\nlisten = \"127.0.0.1:0\"\n",
        shown(&folder),
        writer.key
    );
    std::fs::write(&config, text + &console).unwrap();
    assert_eq!(add_user(shown(&config), "som", "TH", "investigator").0, Some(0));
    let console = Console::start(shown(&config), &log, &[]);
    let signed = console.sign_in("som");
    console.wait_until("the day's incidents", || console.keys(&signed).len() >= 50);
    // Nothing is said before all has been read.
    let nothing = |key: &str| {
        console
            .ask("POST", &format!("/api/v1/incidents/{key}/feedback"), &signed, "{\"kind\":\"comment\",\"text\":\"\"}")
            .0
    };
    console.wait_until("that all is read", || nothing(&console.keys(&signed)[0]) != 503);
    let mut heard = Vec::new();
    let mut ask = |method: &str, path: &str, body: &str| {
        let (status, head, text) = console.ask(method, path, &signed, body);
        heard.push((format!("what the console answers to {method} {}", path.split('?').next().unwrap()), head + &text));
        status
    };
    let keys = console.keys(&signed);
    let mut pages = vec!["/api/v1/incidents?limit=200".to_owned(), "/api/v1/sources".into(), "/api/v1/figures".into()];
    pages.extend(["/api/v1/digest".into(), "/api/v1/digest.html".into(), "/api/v1/campaigns".into()]);
    pages.push("/api/v1/operations".into());
    pages.extend(keys.iter().take(40).map(|key| format!("/api/v1/incidents/{key}")));
    for page in pages {
        assert_eq!(ask("GET", &page, ""), 200, "{page}");
    }
    // What is refused does not repeat what was asked for.
    let plus = number.trim_start_matches('+');
    for page in [
        format!("/api/v1/incidents?pattern=%2B{plus}&limit=x"),
        format!("/api/v1/incidents/{imsi}"),
        format!("/api/v1/operations/{imsi}"),
        format!("/api/v1/operations?country={plus}"),
    ] {
        let status = ask("GET", &page, "");
        assert!((400..500).contains(&status), "{page}: {status}");
    }
    let comment = format!("{{\"kind\":\"comment\",\"text\":\"it is {number}\"}}");
    let act = format!("/api/v1/incidents/{}/feedback", keys[0]);
    for body in [comment, format!("{{\"{imsi}\":1}}")] {
        let status = ask("POST", &act, &body);
        assert!((400..500).contains(&status), "a number in what is said: {status}");
    }
    let page = metrics(&log);
    assert!(page.contains("lancang_console_incidents"));
    // Values of its metrics are no numbers of anybody: names and labels are searched.
    let named = page.lines().map(|line| line.rsplit_once(' ').map_or("", |(name, _)| name).to_owned() + "\n");
    heard.push(("the console's metrics".to_owned(), named.collect()));
    drop(console);
    heard.push(("the console's log".to_owned(), std::fs::read_to_string(&log).unwrap()));
    heard.push(("the console's audit".to_owned(), ok(&["console", "audit", "verify", "--config", shown(&config)])));
    heard
}
