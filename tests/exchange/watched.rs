//! What dashboards and rules query of those who meet at the exchange: a real Prometheus scrapes them all, and answers.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::browsing::{Console, add_user};
use crate::carrier::{Carrier, LONG, Lancang};
use crate::evidence::{Desks, ok, shown};
use crate::feedback::{Writer, courier_config, metrics};
use crate::meeting::Exchange;
use crate::watching::{Part, Prometheus};

/// A command that serves metrics; ended with the test.
struct Served(Child);

impl Served {
    fn start(words: &[&str], log: &Path) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_lancang"))
            .args(words)
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(log).unwrap())
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where a process whose log this is shows its metrics.
fn address(log: &Path) -> String {
    let begun = std::time::Instant::now();
    loop {
        let said = std::fs::read_to_string(log).unwrap();
        let rest = said.split_once("metrics and health at http://").map(|(_, rest)| rest);
        if let Some(address) = rest.and_then(|rest| rest.split_once(char::is_whitespace)) {
            return address.0.to_owned();
        }
        assert!(begun.elapsed() < LONG, "{said}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// Beside a carrier's `run` and `relay`, which have warned others: its courier, Thailand's console, who tells of precision, and the
/// correlator. An investigator says what she thinks of an alert, so that there is something to count.
pub fn all_who_meet_here(exchange: &Exchange, desks: &Desks<'_>, carrier: &Carrier, home: [&Lancang; 2]) {
    let folder = exchange.folder.path();
    let police = Writer::new(desks, exchange, "th-agency", "//TH", "//TH/cyber-police/console-1");
    let correlators = Writer::new(desks, exchange, "correlator", "//KH/exchange", "//KH/exchange/c");
    let config = folder.join("watched.toml");
    let console = format!(
        "[console]\ncountry = \"TH\"\nfolder = \"{}\"\nwriter = \"//TH/cyber-police/console-1\"\nsigning_key_file = \"{}\"\n\
         [http]\nlisten = \"127.0.0.1:0\"\n",
        shown(&folder.join("watched")),
        police.key
    );
    std::fs::write(&config, std::fs::read_to_string(desks.of("th-agency")).unwrap() + &console).unwrap();
    assert_eq!(add_user(shown(&config), "sok", "TH", "investigator").0, Some(0));

    let logs = ["console", "correlator", "precision"].map(|name| folder.join(format!("watched-{name}.log")));
    let console = Console::start(shown(&config), &logs[0], &[]);
    let correlator = desks.of("correlator");
    let words = ["campaigns", "correlate", "--config", shown(&correlator), "--as", "//KH/exchange/c"];
    let _correlator = Served::start(&[&words[..], &["--signing-key-file", &correlators.key]].concat(), &logs[1]);
    let agency = desks.of("cn-agency");
    let _precision = Served::start(&["alerts", "tail", "--config", shown(&agency), "--from-beginning"], &logs[2]);
    let courier = carrier.start("courier", &courier_config(exchange, carrier, &desks.root, ""));
    let mut targets: Vec<String> = home.iter().map(|process| process.address()).collect();
    targets.extend(logs.iter().map(|log| address(log)));
    targets.push(courier.address());
    let prometheus = Prometheus::start(folder, &targets);

    let signed = console.sign_in("sok");
    let position = console.get("/api/v1/incidents", &signed)["position"].as_str().unwrap().to_owned();
    let _page = console.events(&position, &signed);
    console.wait_until("alerts", || !console.keys(&signed).is_empty());
    let path = format!("/api/v1/incidents/{}/feedback", console.keys(&signed)[0]);
    let verdict = json!({ "kind": "verdict", "verdict_id": 2 }).to_string();
    console.wait_until("that the verdict is said", || console.ask("POST", &path, &signed, &verdict).0 == 201);
    courier.wait_until(LONG, || courier.sum("lancang_courier_messages_total") >= 1.0);
    for (log, expected) in [(&logs[1], "lancang_campaigns "), (&logs[2], "lancang_precision_ratio{")] {
        console.wait_until(expected, || metrics(log).contains(&format!("\n{expected}")));
    }
    Part::Exchange.is_answered(&prometheus);
    assert_eq!(courier.end(), 0);
    assert!(ok(&["console", "audit", "verify", "--config", shown(&config)]).contains("hold together"));
}
