//! An exchange with brokers, an administrator, and everybody who meets there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use lancang_alert::cloudevent::AlertMessage;
use lancang_alert::{Alert, KeyKind, PrivateKey, Signer};
use lancang_cluster::{Cluster, Identity};
use lancang_kafka::{Connection, Error, Isolation, OutRecord, Producer, ProducerSettings, Reader, Record};

use crate::carrier::Carrier;

/// How long anything may take.
pub const SOON: Duration = Duration::from_secs(20);

pub const ALERTS: &str = "lancang.alerts.v1";

/// Name here, country and organisation of the certificate, role, and whose it is.
const EVERYBODY: [(&str, &str, &str, &str, &str); 13] = [
    ("kh-relay", "KH", "mekong-mobile", "scoring", "carrier = \"mekong-mobile\""),
    ("kh-evidence", "KH", "mekong-mobile", "evidence", "carrier = \"mekong-mobile\""),
    ("kh-courier", "KH", "mekong-mobile", "courier", "carrier = \"mekong-mobile\""),
    ("kh-desk", "KH", "mekong-mobile", "desk", "carrier = \"mekong-mobile\""),
    ("th-relay", "TH", "chao-phraya-mobile", "scoring", "carrier = \"chao-phraya-mobile\""),
    ("th-evidence", "TH", "chao-phraya-mobile", "evidence", "carrier = \"chao-phraya-mobile\""),
    ("th-desk", "TH", "chao-phraya-mobile", "desk", "carrier = \"chao-phraya-mobile\""),
    ("kh-agency", "KH", "cyber-police", "agency", "country = \"KH\""),
    ("th-agency", "TH", "cyber-police", "agency", "country = \"TH\""),
    ("cn-agency", "CN", "public-security", "agency", "country = \"CN\""),
    ("correlator", "KH", "exchange", "correlator", ""),
    ("registrar", "KH", "exchange", "registrar", ""),
    ("monitor", "KH", "exchange", "monitor", ""),
];

pub struct Exchange {
    pub cluster: Cluster,
    pub folder: tempfile::TempDir,
    identities: BTreeMap<String, Identity>,
}

impl Exchange {
    /// A cluster with certificates for everybody and nothing else.
    pub fn start() -> Self {
        let cluster = Cluster::start_secured(1).unwrap_or_else(|error| panic!("{error}"));
        let mut identities: BTreeMap<String, Identity> = EVERYBODY
            .iter()
            .map(|(name, country, organisation, ..)| {
                ((*name).to_owned(), cluster.identity(country, organisation, name).unwrap())
            })
            .collect();
        identities.insert("administrator".to_owned(), cluster.administrator().unwrap());
        // Of the authority, and in no file.
        identities.insert("guest".to_owned(), cluster.identity("KH", "nobody", "guest").unwrap());
        let exchange = Self { cluster, folder: tempfile::tempdir().unwrap(), identities };
        exchange.write("exchange.toml", "");
        exchange
    }

    /// The same with topics and rights, by the command that makes them.
    pub fn ready() -> Self {
        let exchange = Self::start();
        let (status, told, errors) = topics("apply", &exchange.path(), &[]);
        assert_eq!(status, Some(0), "{told}{errors}");
        exchange
    }

    /// The configuration of a carrier whose alerts go here, as `name`.
    pub fn config_of(&self, carrier: &Carrier, name: &str) -> PathBuf {
        let config = carrier.config("lancang.toml", "", "budget_per_hour = 1000000");
        let text = std::fs::read_to_string(&config).unwrap();
        let own = format!("alerts = \"{}\"", carrier.topic("alerts"));
        assert!(text.contains(&own));
        let section = format!(
            "[exchange]\nbootstrap = \"{}\"\n[exchange.options]\n{}",
            self.cluster.bootstrap(),
            self.options(name)
        );
        std::fs::write(&config, text.replace(&own, &format!("alerts = \"{ALERTS}\"")) + &section).unwrap();
        config
    }

    /// Everybody who meets here, in a file; `more` is put behind it.
    pub fn write(&self, name: &str, more: &str) -> PathBuf {
        let options: String = self.identity("administrator").options().iter().map(option).collect();
        let principals: String = EVERYBODY
            .iter()
            .map(|(name, _, _, role, of)| {
                let principal = &self.identity(name).principal;
                format!("[[principals]]\nprincipal = \"{principal}\"\nrole = \"{role}\"\n{of}\n")
            })
            .collect();
        let text = format!(
            "countries = [\"CN\", \"KH\", \"TH\"]\n[cluster]\nbootstrap = \"{}\"\n[cluster.options]\n{options}\
             [topics]\nreplication = 1\nin_sync_min = 1\n\
             [[carriers]]\nname = \"mekong-mobile\"\ncountry = \"KH\"\n\
             [[carriers]]\nname = \"chao-phraya-mobile\"\ncountry = \"TH\"\n{principals}{more}",
            self.cluster.bootstrap()
        );
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("exchange.toml")
    }

    pub fn identity(&self, name: &str) -> &Identity {
        &self.identities[name]
    }

    pub fn names(&self) -> Vec<&str> {
        EVERYBODY.iter().map(|(name, ..)| *name).chain(["guest"]).collect()
    }

    pub fn connection(&self, name: &str) -> Connection {
        self.connection_as(self.identity(name))
    }

    pub fn connection_as(&self, identity: &Identity) -> Connection {
        let mut connection = Connection::new(self.cluster.bootstrap(), "test");
        for (name, value) in identity.options() {
            connection = connection.with_option(name, &value).unwrap();
        }
        connection
    }

    /// Lines for `[exchange.options]`.
    pub fn options(&self, name: &str) -> String {
        self.identity(name).options().iter().map(option).collect()
    }

    /// Writes a message; whether for want of a right it could not be done.
    pub fn write_as(&self, name: &str, topic: &str, value: &[u8]) -> Result<(), Error> {
        let mut settings = ProducerSettings::new(self.connection(name));
        settings.delivery_max = SOON;
        let mut record = OutRecord::new(topic.into(), value.to_vec());
        // Compacted topics take nothing without one.
        record.key = Some(value.to_vec());
        Producer::connect(&settings)?.send_batch(&[record])
    }

    /// Publishes an alert, signed with a key of a registry's.
    pub fn share(&self, name: &str, alert: &Alert, key: &str) {
        let key = PrivateKey::read(KeyKind::Signing, key.trim().to_owned()).unwrap();
        let message = AlertMessage::of(alert, &Signer::new(&key).unwrap());
        let mut record = OutRecord::new(ALERTS.into(), message.value);
        record.key = Some(message.key);
        record.headers = message.headers.into_iter().map(|(name, value)| (name.into(), value)).collect();
        let mut settings = ProducerSettings::new(self.connection(name));
        settings.delivery_max = SOON;
        Producer::connect(&settings).unwrap().send_batch(&[record]).unwrap();
    }

    pub fn records_as(&self, name: &str, topic: &str) -> Result<Vec<Record>, Error> {
        Reader::read_all(&self.connection(name), topic, Isolation::Committed, 100_000, SOON)
    }

    pub fn read_as(&self, name: &str, topic: &str) -> Result<Vec<Vec<u8>>, Error> {
        Ok(self.records_as(name, topic)?.into_iter().filter_map(|record| record.payload).collect())
    }
}

fn option((name, value): &(&'static str, String)) -> String {
    format!("\"{name}\" = \"{value}\"\n")
}

/// `lancang topics …`: its exit status, and what it said.
pub fn topics(command: &str, file: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    let mut lancang = Command::new(env!("CARGO_BIN_EXE_lancang"));
    lancang.args(["topics", command, "--exchange"]).arg(file).args(more).env("NO_COLOR", "1");
    let Output { status, stdout, stderr } = lancang.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// A cluster on which the plan was applied, shared by tests that leave its rights alone.
pub fn shared() -> &'static Exchange {
    static SHARED: std::sync::OnceLock<Exchange> = std::sync::OnceLock::new();
    SHARED.get_or_init(Exchange::ready)
}
