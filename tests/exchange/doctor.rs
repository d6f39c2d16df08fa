//! `lancang doctor` at the exchange: of each kind of file it names what is missing, and says what to do.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::browsing::add_user;
use crate::carrier::{Carrier, EPOCH_KEY, SIGNING_KEY, cluster};
use crate::evidence::{Desks, shown};
use crate::feedback::{Writer, courier_config};
use crate::meeting::{Exchange, shared};

/// What a doctor found, and its exit status.
struct Told {
    status: Option<i32>,
    findings: Vec<Value>,
}

fn doctor(config: &Path, more: &[&str]) -> Told {
    let output = Command::new(env!("CARGO_BIN_EXE_lancang"))
        .args(["doctor", "--output", "json", "--config"])
        .arg(config)
        .args(more)
        .env("LANCANG_TEST_EPOCH_KEY", EPOCH_KEY)
        .env("LANCANG_TEST_SIGNING_KEY", SIGNING_KEY)
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let parsed: Value = serde_json::from_str(&told)
        .unwrap_or_else(|error| panic!("{error}: {told}{}", String::from_utf8_lossy(&output.stderr)));
    Told { status: output.status.code(), findings: parsed["findings"].as_array().unwrap().clone() }
}

impl Told {
    fn of(&self, what: &str) -> &Value {
        let found = self.findings.iter().find(|finding| finding["what"].as_str().unwrap().starts_with(what));
        found.unwrap_or_else(|| panic!("{what}: {:#?}", self.findings))
    }

    fn is(&self, what: &str, state: &str, words: &str) {
        let finding = self.of(what);
        assert_eq!(finding["state"], state, "{finding}");
        assert!(finding["found"].as_str().unwrap().contains(words), "{finding}");
        // Whatever is not good comes with what to do.
        assert_eq!(finding["remedy"] == "", state == "good", "{finding}");
    }

    /// Nothing is bad, and the status says so.
    fn is_well(&self) {
        assert!(self.findings.iter().all(|finding| finding["state"] != "bad"), "{:#?}", self.findings);
        assert_eq!(self.status, Some(0));
    }
}

/// As somebody whom the cluster knows and allows nothing.
#[test]
fn a_doctor_names_the_rights_that_are_missing() {
    let exchange = shared();
    let carrier = Carrier::on(cluster().bootstrap(), 1);
    let config = carrier.config("lancang.toml", "", "");
    let text = std::fs::read_to_string(&config).unwrap();
    let home = format!("bootstrap = \"{}\"", cluster().bootstrap());
    assert!(text.contains(&home));
    let there = format!("bootstrap = \"{}\"", exchange.cluster.bootstrap());
    let options = format!("\n[kafka.options]\n{}", exchange.options("guest"));
    std::fs::write(&config, text.replace(&home, &there) + &options).unwrap();
    let told = doctor(&config, &["--try-writing"]);
    assert_eq!(told.status, Some(78), "{:#?}", told.findings);
    assert_eq!(told.of("home cluster")["state"], "good", "it answers, and lets this principal do nothing");
    for what in ["voice (", &format!("group {}-score", carrier.prefix), "transactional id "] {
        let finding = told.of(what);
        assert_eq!(finding["state"], "bad", "{finding}");
        assert!(finding["remedy"].as_str().unwrap().starts_with("give this principal the right"), "{finding}");
    }
}

/// Every file that meets here, healthy first, then with what goes wrong.
#[test]
fn every_file_has_its_doctor() {
    let exchange = Exchange::ready();
    let desks = Desks::new(&exchange);
    let carrier = Carrier::on(cluster().bootstrap(), 1);
    of_readers(&exchange, &desks);
    of_a_courier(&exchange, &desks, &carrier);
    of_a_relay(&exchange, &desks, &carrier);
    of_a_console(&exchange, &desks);
    of_a_desk(&desks, &carrier);
}

/// Files for the exchange alone, by the role of their principal.
fn of_readers(exchange: &Exchange, desks: &Desks<'_>) {
    for (name, role, found) in [
        ("correlator", "correlator", "a correlator needs"),
        ("registrar", "registrar", "a registrar"),
        ("kh-agency", "desk", "a desk"),
    ] {
        let file = desks.of(name);
        let told = doctor(&file, &[]);
        told.is_well();
        told.is("role of the principal", "good", found);
        told.is("registry lancang.keys.v1", "good", "keys count now");
        told.is("against lancang.keys.v1", "good", "ahead of this clock");
        doctor(&file, &["--role", role]).is_well();
    }
    let told = doctor(&desks.of("kh-agency"), &["--role", "correlator"]);
    assert_eq!(told.status, Some(78));
    told.is("reading lancang.alerts.v1", "good", "allowed");
    told.is("writing to lancang.campaigns.v1", "bad", "this principal may not");
    // Whom the cluster allows nothing.
    let guest = exchange.folder.path().join("guest.toml");
    let text = std::fs::read_to_string(desks.of("kh-agency")).unwrap();
    std::fs::write(&guest, text.replace(&exchange.options("kh-agency"), &exchange.options("guest"))).unwrap();
    let told = doctor(&guest, &[]);
    assert_eq!(told.status, Some(78));
    told.is("role of the principal", "bad", "not even the registry");
    told.is("lancang.keys.v1", "bad", "");
    // Root keys of nobody.
    let other = exchange.folder.path().join("other-root.toml");
    let nobodys = "lancang-root-public-v1 d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    std::fs::write(&other, text.replace(&desks.root, nobodys)).unwrap();
    let told = doctor(&other, &[]);
    assert_eq!(told.status, Some(78));
    told.is("registry lancang.keys.v1", "bad", "none counts now");
}

fn of_a_courier(exchange: &Exchange, desks: &Desks<'_>, carrier: &Carrier) {
    let config = courier_config(exchange, carrier, &desks.root, "");
    let told = doctor(&config, &[]);
    told.is_well();
    told.is("reading lancang.feedback.v1", "good", "allowed");
    told.is("group mekong-mobile.courier", "good", "may be asked");
    told.is("registry lancang.keys.v1", "good", "keys count now");
    let text = std::fs::read_to_string(&config).unwrap();
    let wrong = carrier.path("wrong-courier.toml");
    std::fs::write(&wrong, text.replace(&exchange.options("kh-courier"), &exchange.options("kh-relay"))).unwrap();
    let told = doctor(&wrong, &[]);
    assert_eq!(told.status, Some(78));
    told.is("reading lancang.feedback.v1", "bad", "not for this principal");
    told.is("group mekong-mobile.courier", "bad", "");
}

/// The relay and its copier: what it may write there, and whether its key is believed.
fn of_a_relay(exchange: &Exchange, desks: &Desks<'_>, carrier: &Carrier) {
    carrier.make_topics();
    let registry = carrier.path("registry.jsonl");
    crate::evidence::ok(&["keys", "show", "--save", shown(&registry), "--config", shown(&desks.of("kh-courier"))]);
    let config = exchange.config_of(carrier, "kh-relay");
    let text = std::fs::read_to_string(&config).unwrap();
    let text = text.replace("budget_per_hour = 1000000", "budget_per_hour = 1000000\nregistry = \"registry.jsonl\"");
    let text = format!("{text}\n[keys]\nroots = [\"{}\"]\n", desks.root);
    let write = |text: &str| std::fs::write(&config, text).unwrap();
    write(&text);
    let told = doctor(&config, &[]);
    told.is_well();
    told.is("writing to lancang.alerts.v1", "good", "allowed");
    told.is("writing to lancang.warnings.mekong-mobile.v1", "good", "allowed");
    told.is("signing key of //KH/mekong-mobile/a", "good", "counts until");
    told.is("sealing key of //TH", "good", "counts until");
    told.is("http.listen 127.0.0.1:0", "good", "free");
    write(&text.replace(&exchange.options("kh-relay"), &exchange.options("th-agency")));
    let told = doctor(&config, &[]);
    assert_eq!(told.status, Some(78));
    told.is("writing to lancang.alerts.v1", "bad", "this principal may not");
    // Signed with another's key.
    write(&text.replace("node = \"a\"", "node = \"a\"\nsigning_key_file = \"foreign.key\""));
    std::fs::copy(desks.key("foreign.key"), carrier.path("foreign.key")).unwrap();
    let told = doctor(&config, &[]);
    assert_eq!(told.status, Some(78));
    told.is("signing key of //KH/mekong-mobile/a", "bad", "is that of //TH");
}

/// A provider that is asked what it is, and nothing else.
fn provider() -> (String, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let said = serde_json::json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"), "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    });
    let serves = std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = [0; 4096];
            let read = stream.read(&mut asked).unwrap();
            let asked = String::from_utf8_lossy(&asked[..read]).into_owned();
            if asked.starts_with("GET /end") {
                return;
            }
            let body = if asked.starts_with("GET /keys") { "{\"keys\":[]}".to_owned() } else { said.to_string() };
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
            write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    (issuer, serves)
}

fn of_a_console(exchange: &Exchange, desks: &Desks<'_>) {
    let folder = exchange.folder.path();
    let writer = Writer::new(desks, exchange, "kh-agency", "//KH/cyber-police", "//KH/cyber-police/console-1");
    let (issuer, serves) = provider();
    let state = folder.join("doctor-console");
    let authorities = exchange.options("kh-agency");
    let authorities = authorities.lines().find_map(|line| line.strip_prefix("\"ssl.ca.location\" = ")).unwrap();
    let text = format!(
        "{}[console]\ncountry = \"KH\"\nfolder = \"{}\"\nwriter = \"//KH/cyber-police/console-1\"\nsigning_key_file = \"{}\"\n\
         sealing_key_files = [\"{}\"]\nlisten = \"127.0.0.1:0\"\n[console.oidc]\nissuer = \"{issuer}\"\nclient_id = \"lancang\"\n\
         address = \"http://127.0.0.1:8600\"\nauthorities = {authorities}\n[http]\nlisten = \"127.0.0.1:0\"\n",
        std::fs::read_to_string(desks.of("kh-agency")).unwrap(),
        shown(&state),
        writer.key,
        shown(&desks.key("kh.key")),
    );
    let config = folder.join("doctor-console.toml");
    let write = |text: &str| std::fs::write(&config, text).unwrap();
    write(&text);
    let told = doctor(&config, &[]);
    told.is_well();
    assert!(!state.exists(), "nothing is made");
    told.is(shown(&state.join("console.db")), "good", "the first start makes it");
    told.is(&format!("provider {issuer}"), "good", "answers");
    told.is("reading lancang.campaigns.v1", "good", "allowed");
    told.is("writing to lancang.feedback.v1", "good", "allowed");
    told.is("signing key of //KH/cyber-police/console-1", "good", "counts until");
    told.is("sealing key of //KH", "good", "counts until");

    // Once it has run: users, the database and its version, the audit log.
    assert_eq!(add_user(shown(&config), "sok", "KH", "viewer").0, Some(0));
    drop(crate::browsing::Console::start(shown(&config), &folder.join("doctor-console.log"), &[]));
    let told = doctor(&config, &[]);
    told.is_well();
    told.is(shown(&state.join("console.db")), "good", "of version");
    told.is(shown(&state.join("users.json")), "good", "1 may sign in");
    let database = state.join("console.db");
    for beside in ["console.db-wal", "console.db-shm"] {
        let _ = std::fs::remove_file(state.join(beside));
    }
    std::fs::write(&database, "no database, and longer than its head would be: ".repeat(40)).unwrap();
    let told = doctor(&config, &[]);
    assert_eq!(told.status, Some(74));
    told.is(shown(&database), "bad", "not a database");
    std::fs::remove_file(&database).unwrap();
    std::fs::write(state.join("audit.log"), "{\"changed\":true}\n").unwrap();
    assert_eq!(doctor(&config, &[]).status, Some(74));
    std::fs::remove_file(state.join("audit.log")).unwrap();

    // Addresses that are taken, and that are none of this machine.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    write(&text.replace("[http]\nlisten = \"127.0.0.1:0\"", &format!("[http]\nlisten = \"{address}\"")));
    doctor(&config, &[]).is(&format!("http.listen {address}"), "look", "somebody listens there");
    write(&text.replace("[http]\nlisten = \"127.0.0.1:0\"", "[http]\nlisten = \"203.0.113.7:9605\""));
    let told = doctor(&config, &[]);
    assert_eq!(told.status, Some(78));
    told.is("http.listen 203.0.113.7:9605", "bad", "");
    // A key that nobody has published.
    crate::evidence::ok(&["keys", "new", "--kind", "signing", "--out", shown(&folder.join("unknown.key"))]);
    write(&text.replace(&writer.key, shown(&folder.join("unknown.key"))));
    let told = doctor(&config, &[]);
    assert_eq!(told.status, Some(78));
    told.is("signing key of //KH/cyber-police/console-1", "bad", "is not in the registry");
    write(&text);
    // A certificate for browsers, with its own key and with another's.
    let option = |name: &str, key: &str| {
        let options = exchange.options(name);
        let line = options.lines().find_map(|line| line.strip_prefix(&format!("\"{key}\" = "))).unwrap();
        line.trim_matches('"').to_owned()
    };
    let certificate = option("kh-agency", "ssl.certificate.location");
    for (whose, status, state) in [("kh-agency", Some(0), "good"), ("th-agency", Some(78), "bad")] {
        let key = option(whose, "ssl.key.location");
        let tls = format!(
            "tls_certificate = \"{certificate}\"\ntls_key_file = \"{key}\"\nlisten = \"127.0.0.1:0\"\n[console.oidc]"
        );
        let plain = "listen = \"127.0.0.1:0\"\n[console.oidc]";
        write(&text.replace(plain, &tls).replace("address = \"http:", "address = \"https:"));
        let told = doctor(&config, &[]);
        told.is(&certificate, state, "");
        assert_eq!(told.status, status);
    }
    write(&text);
    // A provider that is gone.
    std::net::TcpStream::connect(issuer.trim_start_matches("http://"))
        .unwrap()
        .write_all(b"GET /end HTTP/1.1\r\n\r\n")
        .unwrap();
    serves.join().unwrap();
    let told = doctor(&config, &[]);
    assert_eq!(told.status, Some(69));
    told.is(&format!("provider {issuer}"), "bad", "cannot be used");
    let (status, _, errors) = crate::evidence::lancang(&["doctor", "--config", shown(&config), "--role", "desk"]);
    assert!(status == Some(64) && errors.contains("--role"), "{status:?} {errors}");
}

/// A carrier's own desk: it reads the home cluster, and a registry that somebody brought.
fn of_a_desk(desks: &Desks<'_>, carrier: &Carrier) {
    let config = carrier.path("desk.toml");
    let text = format!(
        "[kafka]\nbootstrap = \"{}\"\n[topics]\nincidents = \"{}\"\noutbox = \"{}\"\nfeedback_home = \"{}\"\n[keys]\nroots = [\"{}\"]\n\
         [console]\ncountry = \"KH\"\nlisten = \"127.0.0.1:0\"\nopen = true\n[console.desk]\ncarrier = \"mekong-mobile\"\nown = [\"+85510\"]\n\
         registry = \"registry.jsonl\"\n[http]\nlisten = \"127.0.0.1:0\"\n",
        cluster().bootstrap(),
        carrier.topic("incidents"),
        carrier.topic("outbox"),
        carrier.topic("feedback-home"),
        desks.root
    );
    std::fs::write(&config, text).unwrap();
    let reading = format!("reading {}", carrier.topic("outbox"));
    let told = doctor(&config, &[]);
    assert_eq!(told.status, Some(78));
    told.is(&reading, "bad", "is not there");
    carrier.make(&["incidents", "outbox", "feedback-home"]);
    let told = doctor(&config, &[]);
    told.is_well();
    told.is(&reading, "good", "allowed");
    let registry: PathBuf = carrier.path("registry.jsonl");
    told.is(&format!("registry {}", registry.display()), "good", "keys count now");
}
