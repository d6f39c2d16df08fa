//! Commands that papers tell to type: where they stand, and how each is run in the tests.
//!
//! - A *line* is a command to be typed: in a block of code, in a file's comment, in a unit or a template of `deploy/`. Its words
//!   are what the command line takes, whole, and it is in [`TYPED`] once, with how it is run. What is run without brokers
//!   tests/operations/commands.rs runs, what takes a cluster tests/exchange/typed.rs, in the order of the table, with names and
//!   addresses put in by one table there.
//! - A *mention* is a command within a sentence, such as `lancang patterns apply`: its command and options exist; what is left
//!   out may be missing.

#![allow(dead_code, reason = "each test takes its part")]

use crate::installed::root;

/// How a command is run.
#[derive(Clone, Copy, Debug)]
pub enum How {
    /// Without brokers, in one folder for all, where `config` is the project's; with what is typed into it.
    Alone(&'static str),
    /// At an exchange, with a file `desk.toml` as that of somebody there; it ends, after what is typed into it.
    Meets(&'static str, &'static str),
    /// At an exchange, with such a file; it shows that it is ready, goes on until the last is run, and ends when it is told to.
    Serves(&'static str),
    /// The same, and it shows on its output what comes meanwhile.
    Follows(&'static str),
    /// .ci/run types it: it takes minutes in a debug build.
    Ci,
    /// It is another one that is run, but for names of files and people: run beside it, it would take its place.
    Same,
    /// It cannot be run on one machine without more; and why.
    Cannot(&'static str),
}

use How::{Alone, Cannot, Ci, Follows, Meets, Same, Serves};

const PASSPHRASE: &str = "five words of a song\n";
/// Of nobody's file in particular.
const ANY: &str = "kh-desk";

/// Every command of the papers, in an order in which each finds what it takes.
pub const TYPED: &[(&str, How)] = &[
    ("lancang check --config config/lancang.toml", Alone("")),
    ("lancang check --config /etc/lancang/lancang.toml", Alone("")),
    ("lancang check --config config/console.toml", Alone("")),
    ("lancang check --config config/courier.toml", Alone("")),
    ("lancang check --config config/desk.toml", Alone("")),
    ("lancang check --exchange config/exchange.toml", Alone("")),
    ("lancang check --exchange exchange.toml", Alone("")),
    (
        "lancang console user add sok --person 'Sok Dara' --country KH --role investigator --config config/console.toml",
        Alone(PASSPHRASE),
    ),
    (
        "lancang console user add dara --person 'Chan Dara' --country KH --role analyst --config config/desk.toml",
        Alone(PASSPHRASE),
    ),
    (
        "lancang console user add NAME --person 'PERSON' --country KH --role viewer --config /etc/lancang/config/console.toml",
        Alone(PASSPHRASE),
    ),
    ("lancang console user list --config config/console.toml", Alone("")),
    ("lancang console user disable sok --config config/console.toml", Alone("")),
    ("lancang alerts show alerts.ndjson --language km", Alone("")),
    ("lancang export --to stix alerts.ndjson --out bundle.json", Alone("")),
    (
        "lancang generate --country KH --episodes 18 --out /setup/day.jsonl --truth /setup/truth.jsonl --setup /setup",
        Alone(""),
    ),
    ("lancang crowds day.jsonl.zst --country KH --own +85510 --cells cells.csv --out crowds.csv", Alone("")),
    ("lancang generate --calibration --country CN --subscribers 12000 --days 244", Alone("")),
    ("lancang generate --episodes 18 --out day.jsonl.zst --truth truth.jsonl --setup setup", Ci),
    (
        "lancang replay day.jsonl.zst --alerts incidents.jsonl --mobility --trunks setup/trunks.csv --cells setup/cells.csv \
         --subscribers setup/subscribers.csv --lists setup/lists --country KH --own +85510",
        Ci,
    ),
    ("lancang evaluate --alerts incidents.jsonl --truth truth.jsonl", Ci),
    ("lancang demo", Ci),
    (
        "lancang demo --patterns /etc/lancang/patterns --for 30s",
        Cannot("in the container: deploy/container/check runs it there; tests/demo.rs runs a demo"),
    ),
    // The exchange is made, and the carrier's own cluster looked at.
    ("lancang topics plan --exchange config/exchange.toml", Meets(ANY, "")),
    ("lancang topics plan --config config/lancang.toml --exchange config/exchange.toml", Meets(ANY, "")),
    ("lancang topics plan --config /etc/lancang/lancang.toml", Meets(ANY, "")),
    ("lancang topics plan --exchange exchange.toml", Meets(ANY, "")),
    ("lancang topics apply --exchange exchange.toml", Meets(ANY, "")),
    (
        "lancang keys publish signing.key.pub --holder //KH/mekong-mobile --config desk.toml --root-key-file root.key",
        Meets("registrar", ""),
    ),
    (
        "lancang keys rotate 3f9a2c71 next.key.pub --overlap 7d --config desk.toml --root-key-file root.key",
        Meets("registrar", ""),
    ),
    (
        "lancang keys revoke 3f9a2c71 --reason 'stolen laptop' --config desk.toml --root-key-file root.key",
        Meets("registrar", ""),
    ),
    (
        "lancang keys publish correlator.key.pub --holder //KH/exchange --config registrar.toml --root-key-file root.key",
        Meets(ANY, ""),
    ),
    ("lancang keys show --config desk.toml", Meets("kh-desk", "")),
    // A carrier's stages, over a day's records, and those who meet at the exchange.
    ("lancang run --config config/lancang.toml", Serves(ANY)),
    ("lancang relay --config config/lancang.toml", Serves(ANY)),
    ("lancang courier --config config/courier.toml", Serves(ANY)),
    ("lancang incidents tail --config config/lancang.toml", Follows(ANY)),
    ("lancang alerts tail --config desk.toml --country TH --min-severity 4 --language th", Follows("th-agency")),
    ("lancang alerts tail --config desk.toml --from-beginning --listen 127.0.0.1:9603", Serves("th-agency")),
    ("lancang feedback tail --config desk.toml", Follows("cn-agency")),
    ("lancang console --config config/console.toml", Serves(ANY)),
    (
        "lancang campaigns correlate --config correlator.toml --as //KH/exchange/correlator-1 --signing-key-file correlator.key --listen 127.0.0.1:9604",
        Serves(ANY),
    ),
    ("lancang doctor --config /etc/lancang/lancang.toml", Meets(ANY, "")),
    ("lancang incidents list --config config/lancang.toml", Meets(ANY, "")),
    ("lancang incidents show 90c9e987 --config config/lancang.toml", Meets(ANY, "")),
    (
        "lancang incidents tail --config config/lancang.toml --from-beginning --until-end --family sim-box --min-severity 4 --output json",
        Meets(ANY, ""),
    ),
    (
        "lancang incidents export --config config/lancang.toml --to csv --since 2026-11-29T00:00:00Z --out today.csv",
        Meets(ANY, ""),
    ),
    (
        "lancang incidents export --config config/lancang.toml --to ndjson --pattern sim-box-burst --revisions",
        Meets(ANY, ""),
    ),
    ("lancang incidents bar-list --config config/lancang.toml", Meets(ANY, "")),
    (
        "lancang tokens find --config config/lancang.toml --kind caller --case KH-2026-1187 --requested-by 'Cyber Police, Cpt. Sok'",
        Meets(ANY, "+85510123456\n"),
    ),
    (
        "lancang evidence fetch --config config/lancang.toml --desk evidence.toml --to KH --incident 90c9e987e5c8fd9377ece4cb8fde6dae \
         --case KH-2026-1187 --requested-by 'Cyber Police, Cpt. Sok' --signing-key-file signing.key",
        Meets(ANY, ""),
    ),
    (
        "lancang evidence open --desk desk.toml --country KH --sealing-key-file sealing.key --envelopes case.dsse.jsonl",
        Meets("kh-agency", ""),
    ),
    ("lancang campaigns list --config desk.toml --country TH", Meets("th-agency", "")),
    // What is said of alerts.
    (
        "lancang feedback send request 90c9e987 hold --requester 'Cyber Police' --case TH-2026-1187 --for 14d \
         --as //TH/cyber-police/desk-2 --config desk.toml --signing-key-file th.key",
        Meets("th-agency", ""),
    ),
    (
        "lancang feedback send receipt 5df6e0e27613 accepted --as //KH/mekong-mobile/desk-1 --config desk.toml --signing-key-file dara.key",
        Meets("kh-desk", ""),
    ),
    ("lancang feedback show 90c9e987 --config desk.toml", Meets("th-agency", "")),
    (
        "lancang feedback send operation propose --title 'Call centres on the river' --incident 90c9e987 --invite KH,LA --day 2026-12-03 \
         --as //TH/cyber-police/desk-2 --config desk.toml --signing-key-file th.key",
        Meets("th-agency", ""),
    ),
    (
        "lancang feedback send operation answer 7c1d0e5f accepted --as //KH/police/desk-1 --config desk.toml --signing-key-file kh.key",
        Meets("kh-agency", ""),
    ),
    (
        "lancang feedback send operation add 7c1d0e5f --incident c3a9d1e0 --as //KH/police/desk-1 --config desk.toml --signing-key-file kh.key",
        Meets("kh-agency", ""),
    ),
    (
        "lancang feedback send operation stage 7c1d0e5f running --as //TH/cyber-police/desk-2 --config desk.toml --signing-key-file th.key",
        Meets("th-agency", ""),
    ),
    ("lancang feedback operations --config desk.toml", Meets("cn-agency", "")),
    ("lancang warnings tail --config desk.toml --carrier //TH/siam --sealing-key-file siam.key", Follows("th-desk")),
    // The console's, and the carrier's own desk.
    ("lancang console digest --as html --language km --out digest.html --config config/console.toml", Meets(ANY, "")),
    (
        "lancang dossier make --config config/console.toml --incident KEY --case KH-2026-1187 --person 'Sok Dara' --language km \
         --language en --out case.tar",
        Meets(ANY, ""),
    ),
    ("lancang dossier verify case.tar --root-file root.key.pub", Meets(ANY, "")),
    ("lancang console audit verify --config config/console.toml", Meets(ANY, "")),
    ("lancang console --config config/desk.toml", Serves(ANY)),
    // The same once more under the names that a unit, a chart, a page and the trial have for its files.
    ("lancang run --config ${CONFIG}", Same),
    ("lancang run --config /etc/lancang/lancang.toml", Same),
    ("lancang relay --config /etc/lancang/lancang.toml", Same),
    ("lancang courier --config courier.toml", Same),
    (
        "lancang campaigns correlate --config /etc/lancang/correlator.toml --as //KH/exchange/correlator-1 --signing-key-file \
         /etc/lancang/correlator.key --listen 127.0.0.1:9604",
        Same,
    ),
    ("lancang doctor --config /etc/lancang/config/lancang.toml", Same),
    (
        "lancang tokens find --config /etc/lancang/config/lancang.toml --kind caller --case CASE --requested-by 'OFFICE, PERSON'",
        Same,
    ),
];

/// A command without what differs where it is the same: where its files lie, and who asks.
pub fn unnamed(command: &str) -> String {
    let names = [
        ("/etc/lancang/config/", ""),
        ("/etc/lancang/", ""),
        (" config/", " "),
        ("${CONFIG}", "lancang.toml"),
        ("CASE", "KH-2026-1187"),
        ("OFFICE, PERSON", "Cyber Police, Cpt. Sok"),
    ];
    names.iter().fold(command.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Other commands that pages tell to type, by their beginnings, and why no test runs them as they stand.
pub const OTHERS: &[(&str, &str)] = &[
    ("cargo test", ".ci/run runs it: these tests are it"),
    ("cargo bench", "hours: figures are in benches/RESULTS.md"),
    ("install -m", "writes into the system's folders"),
    ("systemctl", "takes a running systemd"),
    ("helm install", "takes a Kubernetes cluster: deploy/helm/check renders, lints and validates the chart in .ci/run"),
];

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    pub place: String,
    pub text: String,
}

/// Texts of papers and of what is deployed, by their paths.
pub fn papers() -> Vec<(String, String)> {
    let mut paths = Vec::new();
    below("docs", &mut paths);
    paths.retain(|path| path.ends_with(".md"));
    paths.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(str::to_owned));
    paths.extend(["lancang", "console", "courier", "desk", "exchange"].map(|name| format!("config/{name}.toml")));
    below("deploy", &mut paths);
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read_to_string(root().join(&path)).unwrap())).collect()
}

fn below(folder: &str, paths: &mut Vec<String>) {
    for entry in std::fs::read_dir(root().join(folder)).unwrap() {
        let path = format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy());
        if root().join(&path).is_dir() {
            below(&path, paths);
        } else if !path.ends_with(".json") {
            paths.push(path);
        }
    }
}

/// The command of a line to be typed, without what surrounds it.
fn command(line: &str) -> Option<String> {
    let starts = ["cargo run --release -- ", "docker run --rm lancang ", "/usr/bin/lancang ", "lancang "];
    let (at, start) = starts.iter().find_map(|start| Some((line.find(start)?, start)))?;
    let (before, rest) = (&line[..at], &line[at + start.len()..]);
    // Before the plain name nothing stands but variables and a command before it.
    let is_typed = *start != "lancang " || before.is_empty() || before.ends_with("&& ") || before.contains('=');
    if !is_typed || !rest.starts_with(|letter: char| letter.is_ascii_lowercase() || letter == '%') {
        return None;
    }
    // What it does is said beside it, four spaces on.
    let rest = rest.split("    ").next().unwrap_or(rest);
    let end = [" > ", " < ", " | ", " & ", " && "].iter().filter_map(|end| rest.find(end)).min();
    let words: Vec<&str> = rest[..end.unwrap_or(rest.len())].split_whitespace().collect();
    // A unit is of any stage, a pod of any release.
    Some(format!("lancang {}", words.join(" ")).replace(" %i ", " run ").replace(" XX ", " KH "))
}

/// Lines with those that go on after a `\` in one, each with its number.
fn whole_lines(text: &str) -> Vec<(usize, String)> {
    let mut whole: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (number, line) in text.lines().enumerate() {
        let part = line.trim_end_matches('\\');
        match whole.last_mut().filter(|_| goes_on) {
            Some((_, before)) => *before = format!("{} {}", before.trim_end(), part.trim_start()),
            None => whole.push((number + 1, part.to_owned())),
        }
        goes_on = line.ends_with('\\');
    }
    whole
}

/// Commands to be typed: lines of blocks in pages, of comments that stand in from their text elsewhere, and of what starts the
/// program.
pub fn lines(path: &str, text: &str) -> Vec<Found> {
    let is_page = path.ends_with(".md");
    let mut fenced = false;
    let mut found = Vec::new();
    for (number, line) in whole_lines(text) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let is_started = line.contains("/usr/bin/lancang ");
        let is_typed =
            if is_page { fenced || line.starts_with("    ") } else { line.starts_with("#   ") || is_started };
        let text = match line.strip_prefix("    command: ").filter(|_| path.ends_with("compose.yml")) {
            // Of the trial's services, those that are of the image.
            Some(command) if command.starts_with(|letter: char| letter.is_ascii_lowercase()) => {
                Some(format!("lancang {command}"))
            }
            _ => command(line.trim_start_matches(['#', ' '])).filter(|_| is_typed && !line.contains('`')),
        };
        found.extend(text.map(|text| Found { place: format!("{path}:{number}"), text }));
    }
    found
}

/// Commands within sentences.
pub fn mentions(path: &str, text: &str) -> Vec<Found> {
    let mut fenced = false;
    let mut prose = String::new();
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        if !fenced && !line.trim_start().starts_with("```") {
            prose.push_str(line.trim_start_matches(['#', ' ']));
            prose.push(' ');
        }
    }
    let code = prose.split('`').skip(1).step_by(2).filter(|code| code.starts_with("lancang "));
    code.map(|code| Found { place: path.to_owned(), text: code.replace("\\|", "|") }).collect()
}

/// Words as a shell splits them.
pub fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for letter in text.chars() {
        match (letter, quote) {
            ('\'' | '"', None) => quote = Some(letter),
            (_, Some(open)) if letter == open => quote = None,
            (' ', None) => words.push(String::new()),
            _ => words.last_mut().unwrap().push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
