//! What a reader of the exchange needs of a configuration: a desk that has no feeds, or a carrier's whole file.

use std::path::Path;

use lancang_diagnostic::Diagnostic;
use lancang_diagnostic::toml::{Mistakes, Table, parse};
use lancang_kafka::Isolation;

use super::{Cluster, Keys, Topics, read, reference, relay, topics};

/// How to reach the exchange, and whose word about keys counts.
#[derive(Clone, Debug)]
pub struct Consumer {
    /// `[exchange]`, or `[kafka]` where there is none.
    pub exchange: Cluster,
    /// Which messages of the exchange it sees.
    pub isolation: Isolation,
    /// `[topics]`
    pub topics: Topics,
    /// `[keys]`
    pub keys: Keys,
}

/// Whether a text has a section of this name, however it is written; one that is no TOML has none.
pub(super) fn has_section(text: &str, section: &'static str) -> bool {
    let mistakes = Mistakes::new("", text);
    let document = parse(&mistakes);
    Table::root(&mistakes, &document).has(section)
}

impl Consumer {
    /// Reads the text of a configuration file; the sections of a carrier's service are not looked at.
    ///
    /// # Errors
    /// Every mistake in the sections that are, by place, and sections that nobody knows.
    pub fn read(path: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let mistakes = Mistakes::new(path, text);
        let document = parse(&mistakes);
        let root = Table::root(&mistakes, &document);
        let folder = Path::new(path).parent().unwrap_or(Path::new(""));
        let consumer = Self::sections(&root, folder);
        root.finish();
        match consumer {
            Some(consumer) if mistakes.is_empty() => Ok(consumer),
            _ => Err(mistakes.into_sorted()),
        }
    }

    /// Whether a text is that of a file which is for nothing else: a desk's, correlator's or registrar's.
    #[must_use]
    pub fn is_one(text: &str) -> bool {
        !["operators", "feeds", "relay", "courier", "console"].iter().any(|section| has_section(text, section))
    }

    /// What it needs of a file's sections.
    pub(super) fn sections(root: &Table<'_, '_>, folder: &Path) -> Option<Self> {
        // Of a whole configuration the rest is for `Config::read`.
        for (section, _, _) in reference::keys() {
            let _ = root.has(section);
        }
        let exchange = root.table("exchange").or_else(|| root.required_table("kafka"));
        Self::of(root, folder, exchange)
    }

    /// The same of the home cluster, `[kafka]`, for who reads nothing of the exchange.
    pub(super) fn home(root: &Table<'_, '_>, folder: &Path) -> Option<Self> {
        for (section, _, _) in reference::keys() {
            let _ = root.has(section);
        }
        let home = root.table("kafka");
        if home.is_none() {
            root.wrong(0..0, "kafka", "missing: expected the home cluster");
        }
        Self::of(root, folder, home)
    }

    fn of(root: &Table<'_, '_>, folder: &Path, cluster: Option<Table<'_, '_>>) -> Option<Self> {
        let exchange = cluster.and_then(|table| read::cluster(table, folder));
        let (topics, keys) = (topics::topics(root), relay::keys(root));
        Some(Self { exchange: exchange?, isolation: Isolation::Uncommitted, topics, keys })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_one_however_it_is_written() {
        for text in ["[relay]\n", "[ relay ] # ours\n", "relay = { }\n", "[relay.budget]\n"] {
            assert!(has_section(text, "relay") && !Consumer::is_one(text), "{text}");
        }
        assert!(Consumer::is_one("[exchange]\nbootstrap = \"a:1\" # no [relay] here\n"));
    }

    #[test]
    fn a_desk_needs_a_cluster_and_root_keys() {
        let roots = "[keys]\nroots = [\"lancang-root-public-v1 d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a\"]\n";
        let text = format!("[exchange]\nbootstrap = \"e:9093\"\n{roots}");
        let consumer = Consumer::read("desk.toml", &text).unwrap();
        assert_eq!((consumer.exchange.bootstrap.as_str(), consumer.keys.roots.len()), ("e:9093", 1));
        let whole = format!("[kafka]\nbootstrap = \"h:9092\"\n[feeds]\n[intake]\n{roots}");
        assert_eq!(Consumer::read("lancang.toml", &whole).unwrap().exchange.bootstrap, "h:9092");
        let check = |text: &str, expected: &str| {
            let found = Consumer::read("desk.toml", text).unwrap_err();
            assert!(found.iter().any(|mistake| mistake.to_string().contains(expected)), "{found:?}");
        };
        check("", "kafka: missing");
        check("[exchnage]\nbootstrap = \"e\"\n", "did you mean `exchange`?");
        check("[exchange]\nbootstrap = \"e\"\n[keys]\nroot = []\n", "did you mean `roots`?");
    }
}
