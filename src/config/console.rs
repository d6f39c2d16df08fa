//! `[console]`: from text to checked values; and the file of a console, which has no feeds.
//!
//! With `[console.desk]` it is a carrier's own desk: it reads the home cluster (`[kafka]`) and nothing of the exchange.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use lancang_alert::handling::COUNTRIES;
use lancang_alert::{Holder, Source};
use lancang_console::limits::{CONNECTIONS_MAX, CONNECTIONS_OF_NETWORK_MAX};
use lancang_diagnostic::Diagnostic;
use lancang_diagnostic::toml::{Mistakes, Table, parse};
use lancang_kafka::Isolation;

use super::consumer::has_section;
use super::read::duration_or;
use super::relay::secret;
use super::{Console, Consumer, Desk};

/// Length of a session: a shift.
const SESSION_MS: u64 = 8 * 3_600_000;

/// A console's file, checked.
#[derive(Clone, Debug)]
pub struct ConsoleFile {
    /// How to reach the exchange, or of a carrier's desk the home cluster, and whose word about keys counts.
    pub consumer: Consumer,
    /// `[console]`
    pub console: Console,
    /// `http.listen`: metrics and health.
    pub listen: SocketAddr,
    /// `http.drain_wait`: between the fall of readiness and the end.
    pub drain_wait: Duration,
}

impl ConsoleFile {
    /// Reads the text of a file; the sections of a carrier's service are not looked at.
    ///
    /// # Errors
    /// Every mistake in the sections that are, by place, and sections that nobody knows.
    pub fn read(path: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let mistakes = Mistakes::new(path, text);
        let document = parse(&mistakes);
        let root = Table::root(&mistakes, &document);
        let folder = Path::new(path).parent().unwrap_or(Path::new(""));
        let console = root.required_table("console").and_then(|table| console(table, &root, folder));
        let is_desk = root.table("console").is_some_and(|console| console.has("desk"));
        let consumer = if is_desk { Consumer::home(&root, folder) } else { Consumer::sections(&root, folder) };
        let (listen, drain_wait) = super::http::http(&root);
        if consumer.as_ref().is_some_and(|consumer| consumer.keys.roots.is_empty()) {
            root.wrong(0..0, "keys.roots", "missing: expected root keys, without which nothing is believed");
        }
        root.finish();
        match (consumer, console, listen) {
            (Some(consumer), Some(console), Some(listen)) if mistakes.is_empty() => {
                // What an agency looks at is what has been committed, also where somebody has a right that nobody should have.
                let mut consumer = Consumer { isolation: Isolation::Committed, ..consumer };
                if let Some(desk) = &console.desk {
                    // What the carrier shared, and what was said of it, lies at home too.
                    consumer.topics.alerts.clone_from(&consumer.topics.outbox);
                    consumer.topics.feedback.clone_from(&consumer.topics.feedback_home);
                    consumer.keys.registry = Some(desk.registry.clone());
                }
                Ok(Self { consumer, console, listen, drain_wait })
            }
            _ => Err(mistakes.into_sorted()),
        }
    }

    /// Whether a text is that of a console's file: it has the section, and none that a carrier's service needs.
    #[must_use]
    pub fn is_one(text: &str) -> bool {
        has_section(text, "console") && !has_section(text, "operators")
    }
}

pub(super) fn console(table: Table<'_, '_>, root: &Table<'_, '_>, folder: &Path) -> Option<Console> {
    if root.has("relay") {
        let message = "a console reads the exchange, which nobody may who can use the epoch key: give it a file of its own, \
                       without `[relay]`, and a certificate of its own";
        table.wrong(table.span(), "listen", message);
    }
    let country = table.required_text("country").and_then(|text| {
        let is_one = COUNTRIES.contains(&text.value.as_str());
        if !is_one {
            table.wrong(text.span, "country", "expected one of the six countries, such as \"KH\"");
        }
        is_one.then_some(text.value)
    });
    let key = secret(&table, folder, ["signing_key_file", "signing_key_env", "signing_key_command"]);
    let writer = writer(&table, country.as_deref());
    if writer.is_some() != key.is_some() {
        table.wrong(
            table.span(),
            "writer",
            "expected both `writer` and a signing key, or neither: as whom something is said",
        );
    }
    let listen = listen(&table);
    let (certificate, tls_key) =
        (table.text("tls_certificate"), secret(&table, folder, ["tls_key_file", "tls_key_env", "tls_key_command"]));
    if certificate.is_some() != tls_key.is_some() {
        table.wrong(table.span(), "tls_certificate", "expected both `tls_certificate` and a key, or neither");
    }
    let tls = certificate.map(|path| folder.join(path.value)).zip(tls_key);
    let is_open = table.boolean("open").is_some_and(|found| found.value);
    if listen.is_some_and(|listen| !listen.ip().is_loopback()) {
        if tls.is_none() {
            let message = "others can reach this address: expected `tls_certificate` and `tls_key_file`, or an address of this \
                           machine alone, such as \"127.0.0.1:8600\"";
            table.wrong(table.span(), "listen", message);
        }
        if is_open {
            table.wrong(
                table.span(),
                "open",
                "others can reach this address: only a console of one's own machine is open",
            );
        }
    }
    let sealing_keys: Vec<_> =
        table.texts("sealing_key_files").into_iter().map(|path| folder.join(path.value)).collect();
    let desk = table.table("desk").and_then(|desk| self::desk(desk, root, folder, country.as_deref()));
    if desk.is_some() && (writer.is_some() || !sealing_keys.is_empty()) {
        let message =
            "a carrier's desk says nothing to others and opens nothing sealed: what it is about lies clear at home";
        table.wrong(table.span(), "desk", message);
    }
    let oidc = super::oidc::oidc(&table, folder, (tls.is_some(), desk.is_some()));
    let console = Console {
        listen: listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8600))),
        country: country.unwrap_or_default(),
        folder: table.text("folder").map_or_else(|| folder.join("console"), |path| folder.join(path.value)),
        writer: writer.zip(key),
        sealing_keys,
        tls,
        is_open,
        session: duration_or(&table, "session", SESSION_MS),
        connections_of_network: table
            .integer("connections_per_network", 8..=CONNECTIONS_MAX as i64)
            .map_or(CONNECTIONS_OF_NETWORK_MAX, |found| found.value as usize),
        incidents_max: table
            .integer("incidents_max", 1_000..=10_000_000)
            .map_or(lancang_console::limits::INCIDENTS_MAX, |found| found.value as u32),
        oidc,
        desk,
    };
    table.finish();
    Some(console)
}

fn desk(table: Table<'_, '_>, root: &Table<'_, '_>, folder: &Path, country: Option<&str>) -> Option<Desk> {
    if root.has("exchange") {
        let message = "a carrier's desk reads the home cluster alone: expected `[kafka]` and no `[exchange]`; what others share is \
                       for a console of its own, with a certificate that may read it";
        table.wrong(table.span(), "carrier", message);
    }
    let carrier = super::read::required_name(&table, "carrier");
    let own = super::read::own(&table);
    let registry = table.required_text("registry");
    table.finish();
    let (carrier, registry) = (carrier?, registry?);
    Some(Desk {
        carrier: format!("//{}/{carrier}", country.unwrap_or_default()),
        own,
        registry: folder.join(registry.value),
    })
}

fn listen(table: &Table<'_, '_>) -> Option<SocketAddr> {
    let Some(text) = table.text("listen") else { return Some(SocketAddr::from(([127, 0, 0, 1], 8600))) };
    let address = text.value.parse().ok();
    if address.is_none() {
        table.wrong(text.span, "listen", "expected an address and a port, such as \"127.0.0.1:8600\"");
    }
    address
}

fn writer(table: &Table<'_, '_>, country: Option<&str>) -> Option<Source> {
    let text = table.text("writer")?;
    let parts: Vec<&str> = text.value.strip_prefix("//").unwrap_or_default().split('/').collect();
    let source = match parts[..] {
        [country, organisation, node] => {
            Some(Source { country: country.to_owned(), organisation: organisation.to_owned(), node: node.to_owned() })
        }
        _ => None,
    };
    let source = source.filter(|source| Holder::parse(&source.uri()).is_some());
    if source.is_none() || source.as_ref().map(|source| source.country.as_str()) != country {
        let message =
            "expected country, organisation and desk, as in \"//KH/cyber-police/console-1\", of the console's country";
        table.wrong(text.span, "writer", message);
    }
    source
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    const ROOTS: &str = "[keys]\nroots = [\"lancang-root-public-v1 d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a\"]\n";

    #[test]
    fn a_console_is_reached_by_others_through_tls_alone() {
        let head = format!("[exchange]\nbootstrap = \"e:9093\"\n{ROOTS}[console]\ncountry = \"KH\"\n");
        let file = ConsoleFile::read("etc/console.toml", &head).unwrap();
        assert_eq!(file.console.folder, PathBuf::from("etc/console"));
        assert!(file.console.tls.is_none() && file.console.writer.is_none());
        assert!(ConsoleFile::is_one(&head));
        let check = |addition: &str, expected: &str| {
            let found = ConsoleFile::read("c.toml", &format!("{head}{addition}")).unwrap_err();
            assert!(found.iter().any(|mistake| mistake.to_string().contains(expected)), "{addition}: {found:?}");
        };
        check("listen = \"0.0.0.0:8600\"\n", "others can reach this address: expected `tls_certificate`");
        check("listen = \"0.0.0.0:8600\"\nopen = true\n", "only a console of one's own machine is open");
        check("tls_certificate = \"c.pem\"\n", "expected both `tls_certificate` and a key");
        check("writer = \"//KH/police/a\"\n", "expected both `writer` and a signing key");
        check("writer = \"//TH/police/a\"\nsigning_key_env = \"K\"\n", "of the console's country");
        check("signing_key_env = \"K\"\nsigning_key_file = \"k\"\n", "expected one of `signing_key_file`");
        check("contry = \"KH\"\n", "did you mean `country`?");
        check("connections_per_network = 4\n", "connections_per_network");
        check("[relay]\n", "nobody may who can use the epoch key");
        let found =
            ConsoleFile::read("c.toml", "[kafka]\nbootstrap = \"e\"\n[console]\ncountry = \"XX\"\n").unwrap_err();
        assert!(found.len() >= 2, "{found:?}");
    }

    #[test]
    fn a_carriers_desk_reads_its_home_cluster_alone() {
        let kafka = "[kafka]\nbootstrap = \"h:9092\"\n";
        let desk = "[console.desk]\ncarrier = \"mekong-mobile\"\nown = [\"+85510\"]\nregistry = \"registry\"\n";
        let console = "[console]\ncountry = \"KH\"\n";
        let text = format!("{kafka}{ROOTS}{console}{desk}");
        let file = ConsoleFile::read("etc/desk.toml", &text).unwrap();
        let found = file.console.desk.unwrap();
        assert_eq!((found.carrier.as_str(), found.registry), ("//KH/mekong-mobile", PathBuf::from("etc/registry")));
        assert_eq!(file.consumer.exchange.bootstrap, "h:9092");
        let topics = file.consumer.topics;
        assert_eq!((topics.alerts, topics.feedback), (topics.outbox, topics.feedback_home));
        assert!(ConsoleFile::is_one(&text) && file.consumer.keys.registry.is_some());
        let check = |text: &str, expected: &str| {
            let found = ConsoleFile::read("c.toml", text).unwrap_err();
            assert!(found.iter().any(|mistake| mistake.to_string().contains(expected)), "{text}: {found:?}");
        };
        check(&format!("[exchange]\nbootstrap = \"e:9093\"\n{text}"), "reads the home cluster alone");
        check(&text.replace(kafka, "[exchange]\nbootstrap = \"e:9093\"\n"), "kafka: missing");
        check(&format!("[relay]\n{text}"), "nobody may who can use the epoch key");
        let key = "writer = \"//KH/mekong-mobile/a\"\nsigning_key_env = \"K\"\n";
        check(&text.replace(console, &format!("{console}{key}")), "says nothing to others");
        check(&text.replace(console, &format!("{console}sealing_key_files = [\"k\"]\n")), "opens nothing sealed");
        check(&text.replace("registry = \"registry\"", ""), "registry: missing");
        check(&text.replace("+85510", "85510"), "the beginning of a number");
        let oidc = "[console.oidc]\nissuer = \"https://login.example\"\nclient_id = \"c\"\naddress = \"http://127.0.0.1:8600\"\n";
        let role =
            |role: &str| format!("{oidc}[[console.oidc.roles]]\nvalue = \"v\"\nrole = \"{role}\"\ncountry = \"KH\"\n");
        assert!(ConsoleFile::read("c.toml", &format!("{text}{}", role("analyst"))).is_ok());
        check(&format!("{text}{}", role("investigator")), "role");
        check(&format!("[exchange]\nbootstrap = \"e:9093\"\n{ROOTS}{console}{}", role("analyst")), "role");
    }
}
