//! The product's stages, each over topics, groups and a store of its own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lancang_kafka::{Connection, Isolation, Reader};

use crate::live::calls;
use crate::live::one_rule::{opened, pattern};
use crate::live::running::{self, Counted};
use crate::{Bench, core, shipped};

/// A topic to read, and the form of its messages.
pub struct Feed {
    pub topic: String,
    pub form: &'static str,
}

/// Patterns in force.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pack {
    /// `benches/peers/sim-box.toml`
    OneRule,
    /// `benches/peers/cell-burst.toml`
    Cells,
    /// All that ship.
    Whole,
}

/// A configuration.
pub struct Lane {
    pub name: String,
    pub config: PathBuf,
}

/// Allowed lateness where incidents wait for it, seconds.
pub const LATENESS_S: u64 = 10;
/// Most incident lines of a lane.
const LINES_MAX: usize = 10_000_000;

impl Lane {
    pub fn new(bench: &Bench<'_>, name: &str, feed: &Feed, pack: Pack) -> Self {
        let shipped = shipped::config();
        let patterns = match pack {
            Pack::Whole => shipped.join("patterns"),
            Pack::OneRule => pattern(bench.folder, "sim-box"),
            Pack::Cells => pattern(bench.folder, "cell-burst"),
        };
        let lateness = match pack {
            Pack::Cells => format!("lateness = \"{LATENESS_S}s\"\n"),
            _ => String::new(),
        };
        let mapping = match feed.form {
            "csv" => format!("mapping = \"{}\"\n", mapping(bench.folder).display()),
            _ => String::new(),
        };
        let text = format!(
            "[[operators]]\ncountry = \"KH\"\norganisation = \"bench\"\nnode = \"a\"\nown = [\"+85510\", \"+85511\"]\n\
             [kafka]\nbootstrap = \"{}\"\ninstance = \"bench-{name}\"\n[topics]\npartitions = 1\ncreate = true\n\
             records = \"records-{name}\"\npartials = \"partials-{name}\"\nincidents = \"incidents-{name}\"\n\
             shadow = \"shadow-{name}\"\nlate = \"late-{name}\"\ndead_letter = \"dead-{name}\"\n\
             [[feeds]]\nname = \"voice\"\ntopics = [\"{}\"]\nformat = \"{}\"\nidle = \"1h\"\n{lateness}{mapping}\
             [intake]\ngroup = \"intake-{name}\"\n[score]\ngroup = \"score-{name}\"\nsnapshot = \"10s\"\n\
             [patterns]\nfolder = \"{}\"\nlists = \"{shipped}/lists\"\ntrunks = \"{shipped}/trunks.csv\"\n\
             [store]\nfolder = \"state-{name}\"\n[http]\nlisten = \"127.0.0.1:0\"\n",
            bench.bootstrap,
            feed.topic,
            feed.form,
            patterns.display(),
            shipped = shipped.display()
        );
        let config = bench.folder.join(format!("{name}.toml"));
        std::fs::write(&config, text).expect("a folder");
        Self { name: name.to_owned(), config }
    }

    /// Its records log.
    pub fn log(&self) -> String {
        format!("records-{}", self.name)
    }

    pub fn incidents(&self) -> String {
        format!("incidents-{}", self.name)
    }

    /// A stage until it has counted all records; and its most memory, MiB.
    pub fn drain(&self, bench: &Bench<'_>, stage: &str) -> (Counted, f64) {
        let metric = match stage {
            "intake" => "lancang_intake_records_read_total",
            _ => "lancang_score_records_read_total",
        };
        core::on_the_second(|| running::stage(stage, &self.config, metric, bench.records as f64))
    }

    /// Callers whose incidents opened, and the time of the record that opened each.
    pub fn alerts(&self, connection: &Connection) -> BTreeSet<(u64, i64)> {
        let wait = Duration::from_secs(60);
        let lines = Reader::read_all(connection, &self.incidents(), Isolation::Committed, LINES_MAX, wait);
        let lines = lines.expect("its incidents").into_iter().filter_map(|line| line.payload);
        lines.filter_map(|line| opened(&line)).collect()
    }
}

/// The mapping of the CSV lines: canonical names, without a header line.
fn mapping(folder: &Path) -> PathBuf {
    let path = folder.join("columns.toml");
    std::fs::write(&path, calls::mapping()).expect("a folder");
    path
}
