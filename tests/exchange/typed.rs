//! What papers tell to type at a cluster is typed at one: every command of `papers::TYPED` that takes brokers, in its order, over
//! mutual TLS and a carrier's own cluster, with the configuration files that ship.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lancang_alert::Alert;
use lancang_alert::feedback::Id;
use lancang_kafka::{
    Admin, Connection, Isolation, Missing, OutRecord, Producer, ProducerSettings, Reader, Stop, TopicPlan,
};
use lancang_traffic::Generator;
use lancang_traffic::world::trunk_table;

use crate::browsing::{Console, add_user};
use crate::campaigns::alert;
use crate::carrier::{EPOCH_KEY, LONG, SIGNING_KEY, cluster, records, traffic};
use crate::evidence::{Desks, ok, shown};
use crate::feedback::{FEEDBACK, Writer};
use crate::held::line;
use crate::installed::root;
use crate::meeting::{ALERTS, Exchange};
use crate::papers::{How, TYPED, words};
use crate::running::Running;

/// Topics of feeds in config/lancang.toml, which are a carrier's own.
const FEEDS: [&str; 4] = ["cdr.voice", "cdr.sms", "cdr.mobility", "ref.subscribers"];
/// Somebody who was carried over to another carrier of the exchange.
const PORTED: &str = "+85510300002";

/// A file of `config`, whose certificate it has here, and what else is another.
type OfFile<'t> = (&'t str, &'t str, Vec<(&'t str, &'t str)>);

struct Story<'e> {
    exchange: &'e Exchange,
    desks: Option<Desks<'e>>,
    folder: tempfile::TempDir,
    /// What stands for a word of the papers.
    names: BTreeMap<&'static str, String>,
    running: Vec<Running>,
}

impl<'e> Story<'e> {
    fn new(exchange: &'e Exchange) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(exchange.path(), folder.path().join("exchange.toml")).unwrap();
        let names = [("127.0.0.1:9603", "127.0.0.1:0"), ("127.0.0.1:9604", "127.0.0.1:0")];
        let names = names.map(|(name, here)| (name, here.to_owned()));
        let story = Self { exchange, desks: None, folder, names: names.into(), running: Vec::new() };
        story.configure();
        story
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn desks(&self) -> &Desks<'e> {
        self.desks.as_ref().unwrap()
    }

    /// A command as it is typed, with what stands here for its names.
    fn command(&self, text: &str) -> Command {
        let words = words(text).into_iter().skip(1).map(|word| match self.names.get(word.as_str()) {
            Some(here) => here.clone(),
            None => word.replace("/etc/lancang/", "config/").replace("//TH/siam", "//TH/chao-phraya-mobile"),
        });
        let mut command = Command::new(env!("CARGO_BIN_EXE_lancang"));
        command.args(words).current_dir(&self.folder).env("NO_COLOR", "1");
        command.env("LANCANG_EPOCH_KEY", EPOCH_KEY).env("LANCANG_SIGNING_KEY", SIGNING_KEY);
        command
    }

    fn runs(&self, text: &str, typed: &str) {
        let mut command = self.command(text);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // What takes nothing may have ended.
        let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
        let output = child.wait_with_output().unwrap();
        let (told, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{text}\n{command:?}\n{}\n{told}{said}", output.status);
        // A page of a redirection.
        if text.contains("evidence open") {
            assert!(told.contains("\"case_reference\":\"KH-2026-1187\""), "{told}");
        }
    }

    fn starts(&mut self, text: &'static str, follows: bool) {
        let (log, out) =
            (self.path(&format!("{}.log", self.running.len())), self.path(&format!("{}.out", self.running.len())));
        let file = |path: &Path| std::fs::File::create(path).unwrap();
        let child = self.command(text).stdin(Stdio::null()).stdout(file(&out)).stderr(file(&log)).spawn().unwrap();
        let mut running = Running { command: text, child, out, log, follows };
        if follows {
            // It says nothing before something comes.
            std::thread::sleep(Duration::from_secs(1));
            assert!(running.child.try_wait().unwrap().is_none(), "{text}\n{}", running.said());
        } else {
            running.wait("it is not ready", Running::is_ready);
        }
        self.running.push(running);
    }

    /// The desk's file of somebody, under the name that pages have for it.
    fn as_whom(&self, name: &str) {
        if self.desks.is_some() {
            std::fs::copy(self.desks().of(name), self.path("desk.toml")).unwrap();
        }
    }

    /// Once there are topics: keys, and the files of everybody.
    fn meet(&mut self) {
        self.desks = Some(Desks::new(self.exchange));
        let desks = self.desks.as_ref().unwrap();
        for name in ["root.key", "root.key.pub"] {
            std::fs::copy(desks.key(name), self.path(name)).unwrap();
        }
        std::fs::copy(desks.key("kh.key"), self.path("sealing.key")).unwrap();
        for (kind, name) in [
            ("signing", "signing"),
            ("signing", "next"),
            ("signing", "stolen"),
            ("signing", "correlator"),
            ("sealing", "siam"),
        ] {
            ok(&["keys", "new", "--kind", kind, "--out", shown(&self.path(&format!("{name}.key")))]);
        }
        self.publish("siam.key.pub", "//TH/chao-phraya-mobile");
        self.publish("stolen.key.pub", "//KH/mekong-mobile");
        let writers = [
            ("th", "th-agency", "//TH", "//TH/cyber-police/desk-2"),
            ("kh", "kh-agency", "//KH", "//KH/police/desk-1"),
            ("dara", "kh-desk", "//KH/mekong-mobile", "//KH/mekong-mobile/desk-1"),
            ("console", "kh-agency", "//KH/cyber-police", "//KH/cyber-police/console-1"),
        ];
        for (file, name, holder, source) in writers {
            let writer = Writer::new(desks, self.exchange, name, holder, source);
            std::fs::copy(&writer.key, self.path(&format!("{file}.key"))).unwrap();
        }
        for (file, name) in [("evidence", "kh-evidence"), ("correlator", "correlator"), ("registrar", "registrar")] {
            std::fs::copy(desks.of(name), self.path(&format!("{file}.toml"))).unwrap();
        }
        self.configure();
        let plans: Vec<TopicPlan> = FEEDS
            .map(|topic| TopicPlan::new(topic, 2))
            .into_iter()
            .map(|mut plan| {
                plan.options.push(("retention.ms".into(), "-1".into()));
                plan
            })
            .collect();
        Admin::connect(&home()).unwrap().ensure(&plans, Missing::Create, &Stop::new()).unwrap();
    }

    fn publish(&self, public: &str, holder: &str) {
        let (desk, key, public) = (self.desks().of("registrar"), self.path("root.key"), self.path(public));
        let words = ["keys", "publish", shown(&public), "--holder", holder];
        ok(&[&words[..], &["--config", shown(&desk), "--root-key-file", shown(&key)]].concat());
    }

    fn id_of(&self, public: &str) -> String {
        let text = std::fs::read_to_string(self.path(public)).unwrap();
        lancang_alert::PublicKey::read(text.trim()).unwrap().id()
    }

    /// The files of `config`, with addresses, certificates, root keys and folders of this test.
    fn configure(&self) {
        let copied = Command::new("cp").arg("-r").arg(root().join("config")).arg(self.folder.path()).status().unwrap();
        assert!(copied.success());
        std::fs::write(self.path("config/trunks.csv"), trunk_table()).unwrap();
        std::fs::write(self.path("config/lists/generated.csv"), Generator::new(traffic(1)).lists()).unwrap();
        std::fs::write(self.path("config/ported.csv"), format!("number,carrier\n{PORTED},//TH/chao-phraya-mobile\n"))
            .unwrap();
        let registry = self.path("config/registry.jsonl");
        // Before there are topics there is no registry, and no root key of one.
        let roots = self.desks.as_ref().map(|desks| {
            ok(&["keys", "show", "--save", shown(&registry), "--config", shown(&desks.of("kh-courier"))]);
            format!("roots = [\"{}\"]", desks.root)
        });
        let roots = roots.unwrap_or_else(|| "roots = []".to_owned());
        let relay = "[relay]\nbudget_per_hour = 1000000\nregistry = \"registry.jsonl\"\nportability = \"ported.csv\"\n";
        let exchange = format!(
            "[exchange]\nbootstrap = \"{}\"\n[exchange.options]\n{}[keys]\n{roots}\n[http]\n",
            self.exchange.cluster.bootstrap(),
            self.exchange.options("kh-relay")
        );
        let writer = format!(
            "writer = \"//KH/cyber-police/console-1\"\nsigning_key_file = \"{}\"\nfolder = ",
            shown(&self.path("console.key"))
        );
        let changes: [OfFile<'_>; 5] = [
            (
                "lancang",
                "",
                vec![
                    ("[relay]\n", relay),
                    ("[http]\n", &exchange),
                    ("format = \"json\"\n", "format = \"json\"\nidle = \"2s\"\n"),
                    ("partitions = 8", "partitions = 2"),
                ],
            ),
            ("console", "kh-agency", vec![("folder = ", &writer)]),
            ("courier", "kh-courier", vec![]),
            ("desk", "", vec![("/etc/lancang/registry.jsonl", shown(&registry))]),
            (
                "exchange",
                "administrator",
                vec![("replication = 3", "replication = 1"), ("in_sync_min = 2", "in_sync_min = 1")],
            ),
        ];
        for (name, whom, changes) in changes {
            let path = self.path(&format!("config/{name}.toml"));
            let mut text = self.put_in(&std::fs::read_to_string(&path).unwrap(), whom, &roots);
            for (from, to) in changes {
                assert!(text.contains(from), "{name}: {from}");
                text = text.replace(from, to);
            }
            std::fs::write(path, text).unwrap();
        }
    }

    /// One table of addresses for all files.
    fn put_in(&self, text: &str, whom: &str, roots: &str) -> String {
        let bootstrap = |name: &str| [1, 2, 3].map(|number| format!("{name}-{number}.example:9093")).join(",");
        let mut here = text
            .replace(&bootstrap("exchange"), self.exchange.cluster.bootstrap())
            .replace(&bootstrap("kafka"), cluster().bootstrap())
            .replace("127.0.0.1:9092", cluster().bootstrap());
        for port in [8600, 9600, 9602, 9605, 9606] {
            here = here.replace(&format!("listen = \"127.0.0.1:{port}\""), "listen = \"127.0.0.1:0\"");
        }
        let mut lines: Vec<String> = Vec::new();
        let mut of_options = false;
        for line in here.lines() {
            of_options = of_options && !line.is_empty() && !line.starts_with('[');
            match line {
                "[exchange.options]" | "[cluster.options]" => {
                    lines.push(format!("{line}\n{}", self.exchange.options(whom)));
                    of_options = true;
                }
                // At home nothing is encrypted here.
                "[kafka.options]" => of_options = true,
                _ if of_options => {}
                _ if line.starts_with("roots = ") => lines.push(roots.to_owned()),
                _ => lines.push(line.to_owned()),
            }
        }
        lines.join("\n") + "\n"
    }

    /// A day of the carrier's subscribers is sent; what is found in it is on the exchange.
    fn a_day(&mut self) {
        let mut producer = Producer::connect(&ProducerSettings::new(home())).unwrap();
        let records = records(11);
        let messages: Vec<OutRecord> = records
            .iter()
            .map(|sent| {
                let mut value = Vec::new();
                lancang_record::codec::json::encode(&sent.record, &mut value);
                let feed = format!("cdr.{}", sent.feed.name().rsplit('-').next().unwrap());
                let partition = sent.record.id.as_deref().unwrap_or("").bytes().map(i32::from).sum::<i32>() % 2;
                OutRecord {
                    partition: Some(partition),
                    timestamp_ms: Some(sent.at.as_ms()),
                    ..OutRecord::new(feed.as_str().into(), value)
                }
            })
            .collect();
        producer.send_batch(&messages).unwrap();
        let begun = Instant::now();
        let mut before = 0;
        let found = loop {
            let found = self.exchange.read_as("th-agency", ALERTS).unwrap();
            // What comes last is there when for two seconds nothing has come.
            if found.len() > 10 && found.len() == before {
                break found;
            }
            before = found.len();
            assert!(begun.elapsed() < LONG, "{} alerts\n{}", found.len(), self.running[0].said());
            std::thread::sleep(Duration::from_secs(2));
        };
        let alerts: Vec<Alert> = found.iter().map(|value| serde_json::from_slice(value).unwrap()).collect();
        let mut of_boxes: Vec<&Alert> = alerts
            .iter()
            .filter(|alert| alert.patterns.iter().any(|pattern| pattern.starts_with("sim-box-burst@")))
            .collect();
        of_boxes.sort_by_key(|alert| std::cmp::Reverse(alert.evidence.count));
        let first = of_boxes[0].incident_id.clone();
        let second = alerts.iter().find(|alert| alert.incident_id != first).unwrap().incident_id.clone();
        for name in ["90c9e987", "90c9e987e5c8fd9377ece4cb8fde6dae"] {
            self.names.insert(name, first.clone());
        }
        self.names.insert("c3a9d1e0", second);
    }

    /// What was said last on the exchange.
    fn said_last(&self) -> String {
        Id::of(self.exchange.read_as("kh-courier", FEEDBACK).unwrap().last().unwrap()).to_string()
    }

    /// The key of the console's page of the incident.
    fn key_on_the_page(&self) -> String {
        let config = self.path("config/console.toml");
        assert_eq!(add_user(shown(&config), "sok", "KH", "investigator").0, Some(0));
        let running = self.running.iter().find(|running| running.command.ends_with("config/console.toml")).unwrap();
        let console = Console::at(running.address("the console is at http://").unwrap());
        let signed = console.sign_in("sok");
        let incident = &self.names["90c9e987"];
        let key = || console.keys(&signed).into_iter().find(|key| key.starts_with(incident.as_str()));
        console.wait_until("the incident", || key().is_some());
        key().unwrap()
    }

    /// What is seen by those who have watched all the while: an incident at home, alerts of another country, a warning.
    fn more_comes(&self) {
        let lines = [line(800_001, PORTED), crate::carrier::line(800_003)];
        let messages: Vec<OutRecord> = lines
            .into_iter()
            .map(|line| OutRecord { partition: Some(0), ..OutRecord::new("lancang.incidents.v1".into(), line) })
            .collect();
        Producer::connect(&ProducerSettings::new(home())).unwrap().send_batch(&messages).unwrap();
        let foreign = std::fs::read_to_string(self.desks().key("foreign.key")).unwrap();
        let alert = Alert { severity: 5, ..alert("TH", "chao-phraya-mobile", 1, "open", "7") };
        self.exchange.share("th-relay", &alert, &foreign);
    }

    /// What has to be so before a command is typed.
    fn before(&mut self, text: &str) {
        if text.contains("keys revoke") {
            self.names.insert("3f9a2c71", self.id_of("stolen.key.pub"));
        }
        if text.contains("dossier make") {
            self.names.insert("KEY", self.key_on_the_page());
        }
    }

    /// What is known once it was.
    fn after(&mut self, text: &str) {
        if text.contains("topics apply") {
            self.meet();
        } else if text.contains("keys publish signing") {
            self.names.insert("3f9a2c71", self.id_of("signing.key.pub"));
        } else if text.contains("campaigns correlate") {
            self.a_day();
        } else if text.contains("feedback send request") {
            self.names.insert("5df6e0e27613", self.said_last());
        } else if text.contains("operation propose") {
            self.names.insert("7c1d0e5f", self.said_last());
        }
    }
}

fn home() -> Connection {
    Connection::new(cluster().bootstrap(), "test")
}

#[test]
fn commands_that_take_a_cluster_do_what_the_papers_say() {
    let exchange = Exchange::start();
    let mut story = Story::new(&exchange);
    let mut counts = [0; 2];
    for (text, how) in TYPED {
        let begun = Instant::now();
        match *how {
            How::Meets(whom, typed) => {
                story.before(text);
                story.as_whom(whom);
                story.runs(text, typed);
                story.after(text);
                counts[0] += 1;
            }
            How::Serves(whom) | How::Follows(whom) => {
                story.as_whom(whom);
                story.starts(text, matches!(how, How::Follows(_)));
                story.after(text);
                counts[1] += 1;
            }
            _ => continue,
        }
        println!("{:5} ms  {text}", begun.elapsed().as_millis());
    }
    story.more_comes();
    let all = Reader::read_all(&home(), "lancang.feedback-home.v1", Isolation::Committed, 100, LONG).unwrap();
    assert!(!all.is_empty(), "what was said came home");
    std::mem::take(&mut story.running).into_iter().rev().for_each(Running::end);
    for made in ["today.csv", "digest.html", "case.tar", "case.dsse.jsonl"] {
        assert!(story.path(made).is_file(), "{made}");
    }
    println!("{counts:?} commands ended, and went on until they were told to end");
}
