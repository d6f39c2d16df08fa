//! From the text of a configuration file to a checked [`Config`].

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use lancang_diagnostic::Diagnostic;
use lancang_diagnostic::toml::{Mistakes, Placed, Table, parse};
use lancang_kafka::limits::{SEND_AHEAD_KIB, SEND_AHEAD_MESSAGES};
use lancang_record::Country;

use crate::service::slices::Limits;

use super::feeds::feeds;
use super::relay::{keys, relay, secret};
use super::topics::topics;
use super::{Cluster, Config, Intake, Operator, Patterns, Score};

/// A transaction must be through within three quarters of its timeout of 10 s: with more than this a cluster that takes
/// 5 MB/s would fail it. It is less than the producer keeps unsent (`lancang_kafka::limits`).
const INTERVAL_BYTES_MOST: i64 = 32 << 20;
/// Less than the producer keeps unsent.
const INTERVAL_MESSAGES_MOST: i64 = 50_000;

/// Record tasks say every few seconds of event time how far they are; who waits for less never reads two entries together.
const ALIGN_LEAST: Duration = Duration::from_secs(60);

const _: () = assert!(INTERVAL_BYTES_MOST < SEND_AHEAD_KIB as i64 * 1024);
const _: () = assert!(INTERVAL_MESSAGES_MOST < SEND_AHEAD_MESSAGES as i64);

pub(super) fn config(path: &str, text: &str) -> Result<Config, Vec<Diagnostic>> {
    let mistakes = Mistakes::new(path, text);
    let document = parse(&mistakes);
    let root = Table::root(&mistakes, &document);
    let folder = Path::new(path).parent().unwrap_or(Path::new("")).to_path_buf();
    let config = sections(&root, &folder);
    root.finish();
    match config {
        Some(config) if mistakes.is_empty() => Ok(config),
        _ => Err(mistakes.into_sorted()),
    }
}

fn sections(root: &Table<'_, '_>, folder: &Path) -> Option<Config> {
    let operators = operators(root, folder);
    one_per_country(root, &operators);
    let kafka = root.required_table("kafka").and_then(|table| cluster(table, folder));
    let exchange = root.table("exchange").map(|table| cluster(table, folder));
    let topics = topics(root);
    let feeds = feeds(root, folder, &operators);
    let intake = intake(root);
    let score = score(root);
    let relay = root.table("relay").map(|table| relay(table, folder));
    let courier = super::courier::courier(root, &operators);
    let console = root.table("console").and_then(|table| super::console::console(table, root, folder));
    let keys = keys(root);
    let (handling, confidence) = super::handling::handling(root);
    let patterns = patterns(root, folder);
    let store = super::store::store(root, folder);
    let (listen, drain_wait) = super::http::http(root);
    Some(Config {
        operators,
        kafka: kafka?,
        exchange: match exchange {
            Some(exchange) => Some(exchange?),
            None => None,
        },
        topics,
        feeds,
        intake,
        score,
        relay,
        courier,
        console,
        keys,
        handling,
        confidence,
        patterns,
        store,
        listen: listen?,
        drain_wait,
    })
}

fn operators(root: &Table<'_, '_>, folder: &Path) -> Vec<Operator> {
    let tables = root.tables("operators");
    if tables.is_empty() && !root.has("operators") {
        root.wrong(0..0, "operators", "missing: expected at least one `[[operators]]`");
    }
    tables.into_iter().filter_map(|table| operator(table, folder)).collect()
}

/// An incident names its operator by the country: two of one country run as two installations.
fn one_per_country(root: &Table<'_, '_>, operators: &[Operator]) {
    for (index, operator) in operators.iter().enumerate() {
        if operators[..index].iter().any(|other| other.country == operator.country) {
            let message = format!("two operators of {}: run each with a configuration of its own", operator.country);
            root.wrong(0..0, "operators.country", message);
        }
    }
}

fn operator(table: Table<'_, '_>, folder: &Path) -> Option<Operator> {
    let country = table.required_text("country").and_then(|text| {
        let country = Country::parse(&text.value);
        if country.is_none() {
            table.wrong(text.span, "country", "expected two letters of ISO 3166-1, such as \"KH\"");
        }
        country
    });
    let organisation = required_name(&table, "organisation");
    let node = required_name(&table, "node");
    let own = own(&table);
    let signing_key = secret(&table, folder, ["signing_key_file", "signing_key_env", "signing_key_command"]);
    table.finish();
    Some(Operator { country: country?, organisation: organisation?, node: node?, own, signing_key })
}

/// Number ranges of an operator.
pub(super) fn own(table: &Table<'_, '_>) -> Vec<String> {
    let own = table.texts("own");
    for prefix in &own {
        let digits = prefix.value.strip_prefix('+').unwrap_or("");
        if digits.is_empty() || digits.len() > 15 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            table.wrong(prefix.span.clone(), "own", "expected the beginning of a number with `+`, such as \"+85512\"");
        }
    }
    if !table.has("own") {
        table.wrong(table.span(), "own", "missing: expected the operator's number ranges, such as [\"+85512\"]");
    }
    own.into_iter().map(|prefix| prefix.value).collect()
}

/// A name that goes into topics' headers, ids and labels: letters, digits, `-`, `_`, `.`.
pub(super) fn required_name(table: &Table<'_, '_>, key: &'static str) -> Option<String> {
    let text = table.required_text(key)?;
    checked_name(table, key, text)
}

/// Whether a text can be such a name.
pub(crate) fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=200).contains(&text.len()) && text.bytes().all(fits)
}

fn checked_name(table: &Table<'_, '_>, key: &str, text: Placed<String>) -> Option<String> {
    if !is_name(&text.value) {
        table.wrong(text.span, key, "expected 1 to 200 letters, digits, `-`, `_` or `.`");
        return None;
    }
    Some(text.value)
}

pub(super) fn name_or(table: &Table<'_, '_>, key: &'static str, default: &str) -> String {
    let Some(text) = table.text(key) else {
        return default.to_owned();
    };
    checked_name(table, key, text).unwrap_or_else(|| default.to_owned())
}

/// A section that says how to reach a cluster, of this file or of an exchange's.
pub(crate) fn cluster(table: Table<'_, '_>, folder: &Path) -> Option<Cluster> {
    let bootstrap = table.required_text("bootstrap");
    let instance = name_or(&table, "instance", "lancang");
    let static_member = table.boolean("static_member").is_some_and(|found| found.value);
    let mut options = BTreeMap::new();
    let mut option_files = BTreeMap::new();
    let mut option_envs = BTreeMap::new();
    if let Some(inner) = table.table("options") {
        for (name, value) in inner.named_texts() {
            if let Some(name) = name.value.strip_suffix("_file") {
                option_files.insert(name.to_owned(), folder.join(value.value));
            } else if let Some(name) = name.value.strip_suffix("_env") {
                option_envs.insert(name.to_owned(), value.value);
            } else if is_secret(&name.value) {
                let message = format!(
                    "a secret is never written here: use `{0}_file` with the path of a file, or `{0}_env`",
                    name.value
                );
                inner.mistakes().push(name.span, inner.key(&name.value), message);
            } else {
                options.insert(name.value, value.value);
            }
        }
    }
    table.finish();
    Some(Cluster { bootstrap: bootstrap?.value, instance, static_member, options, option_files, option_envs })
}

fn is_secret(option: &str) -> bool {
    option.contains("password")
        || option.contains("secret")
        || option == "ssl.key.pem"
        || option == "sasl.oauthbearer.config"
}

pub(super) fn duration_or(table: &Table<'_, '_>, key: &'static str, default_ms: u64) -> Duration {
    Duration::from_millis(table.duration_ms(key).map_or(default_ms, |found| found.value.unsigned_abs()))
}

fn intake(root: &Table<'_, '_>) -> Intake {
    let Some(table) = root.table("intake") else {
        return Intake::default();
    };
    let default = Intake::default();
    let intake = Intake {
        group: name_or(&table, "group", &default.group),
        workers: table.integer("workers", 1..=256).map_or(default.workers, |found| found.value as u32),
        commit: duration_or(&table, "commit", default.commit.as_millis() as u64),
        announce: duration_or(&table, "announce", default.announce.as_millis() as u64),
    };
    table.finish();
    intake
}

fn score(root: &Table<'_, '_>) -> Score {
    let Some(table) = root.table("score") else {
        return Score::default();
    };
    let default = Score::default();
    let score = Score {
        group: name_or(&table, "group", &default.group),
        workers: table.integer("workers", 1..=256).map_or(default.workers, |found| found.value as u32),
        commit: duration_or(&table, "commit", default.commit.as_millis() as u64),
        snapshot: duration_or(&table, "snapshot", default.snapshot.as_millis() as u64),
        entities_max: table
            .integer("entities_max", 1000..=1 << 32)
            .map_or(default.entities_max, |found| found.value as usize),
        interval: Limits {
            bytes: table
                .integer("interval_bytes", 1..=INTERVAL_BYTES_MOST)
                .map_or(default.interval.bytes, |found| found.value as usize),
            messages: table
                .integer("interval_messages", 1..=INTERVAL_MESSAGES_MOST)
                .map_or(default.interval.messages, |found| found.value as usize),
        },
        pair_memory_mib: table
            .integer("pair_memory_mib", 1..=1 << 16)
            .map_or(default.pair_memory_mib, |found| found.value as usize),
        align: duration_or(&table, "align", default.align.as_millis() as u64),
    };
    if score.align < ALIGN_LEAST {
        table.wrong(
            table.span(),
            "align",
            "expected a minute at least, such as \"15m\": panes close every five seconds or less often",
        );
    }
    table.finish();
    score
}

fn patterns(root: &Table<'_, '_>, folder: &Path) -> Patterns {
    let default = |name: &str| folder.join(name);
    let Some(table) = root.table("patterns") else {
        return Patterns { folder: default("patterns"), lists: default("lists"), trunks: None, cells: None };
    };
    let path = |key: &'static str| table.text(key).map(|text| folder.join(text.value));
    let patterns = Patterns {
        folder: path("folder").unwrap_or_else(|| default("patterns")),
        lists: path("lists").unwrap_or_else(|| default("lists")),
        trunks: path("trunks"),
        cells: path("cells"),
    };
    table.finish();
    patterns
}

impl Default for Intake {
    fn default() -> Self {
        Self {
            group: "lancang-intake".to_owned(),
            workers: 1,
            commit: Duration::from_millis(100),
            announce: Duration::from_secs(3600),
        }
    }
}

impl Default for Score {
    fn default() -> Self {
        Self {
            group: "lancang-score".to_owned(),
            workers: 1,
            commit: Duration::from_millis(100),
            snapshot: Duration::from_secs(60),
            entities_max: 20_000_000,
            interval: Limits { bytes: 4 << 20, messages: 10_000 },
            pair_memory_mib: lancang_engine::limits::PAIR_BYTES >> 20,
            align: Duration::from_secs(15 * 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    const GOOD: &str = "[[operators]]\ncountry = \"KH\"\norganisation = \"mekong-mobile\"\nnode = \"pnh-1\"\n\
        own = [\"+85512\"]\n[kafka]\nbootstrap = \"127.0.0.1:9092\"\n[[feeds]]\nname = \"voice\"\n\
        topics = [\"cdr.voice\"]\nformat = \"json\"\n";

    #[test]
    fn a_short_configuration_is_enough() {
        let config = config("etc/lancang.toml", GOOD).unwrap();
        assert_eq!((config.store.folder, config.store.bucket), (PathBuf::from("etc/state"), None));
        assert_eq!(config.feeds[0].lateness_ms, 60_000);
        assert_eq!(config.topics.records, "lancang.records.v1");
    }

    #[test]
    fn every_mistake_has_a_place_and_a_word() {
        let check = |addition: &str, expected: &str| {
            let text = format!("{GOOD}{addition}");
            let found = config("c.toml", &text).unwrap_err();
            let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert!(shown.iter().any(|line| line.contains(expected)), "{addition}: {shown:?}");
        };
        check("clas = \"stream\"\n", "c.toml:12:1: feeds.clas: unknown key; did you mean `class`?");
        check("class = \"steam\"\n", "did you mean `stream`?");
        check("class = \"reference\"\nlateness = \"1h\"\n", "a feed of class \"reference\" has no time");
        check("mapping = \"x.toml\"\n", "only a feed of format \"csv\" takes a mapping");
        check("content = \"allowed\"\n", "SMS text may be read only under a legal reference");
        check("operator = \"mekong-mobil\"\n", "did you mean `mekong-mobile`?");
        check("[kafka]\n", "not TOML");
        check("[topics]\npartitions = 0\n", "expected a whole number from 1 to 4096, found 0");
        check("[topics]\nshadow = \"lancang.incidents.v1\"\n", "is that of `incidents` too: expected one of its own");
        check("[http]\nlisten = \"here\"\n", "expected an address and a port");
        check(
            "[relay.budgets]\nsim-box-burst = -1\n",
            "relay.budgets.sim-box-burst: expected a whole number from 0 to 1000000",
        );
        check(
            "[handling.confidence]\nwangiri = 101\n",
            "handling.confidence.wangiri: expected a whole number from 0 to 100",
        );
        check("[relay]\n", "relay.epochs: missing: expected at least one `[[relay.epochs]]`");
        check("[relay]\n", "expected one of `signing_key_file`, `signing_key_env` and `signing_key_command`");
        check("[[relay.epochs]]\nid = \"a\"\nkey_env = \"A\"\nkey_command = [\"b\"]\n", "expected one of `key_file`");
        check("[[relay.epochs]]\nid = \"a\"\nkey_env = \"A\"\nfrom = \"May\"\n", "expected a time of RFC 3339");
        check("[keys]\nroots = [\"lancang-root-key-v1 00\"]\n", "expected public halves of root keys");
        check(
            "[exchange]\nbootstrap = \"b\"\n[exchange.options]\n\"sasl.password\" = \"x\"\n",
            "a secret is never written",
        );
        check("[courier]\n[relay]\n", "nobody may who can use the epoch key");
        check("[courier]\n", "missing: `[exchange]`");
        check("[score]\nworkers = 0\ncommit = \"1\"\n", "score.commit: expected a length of time");
        check("[score]\nalign = \"5s\"\n", "score.align: expected a minute at least");
    }
}
