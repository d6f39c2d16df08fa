//! The console's pages: small, built of their sources, whole in seven languages, and as a real browser shows them.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

#[path = "pages/desk.rs"]
mod desk;
#[path = "pages/empty.rs"]
mod empty;
#[path = "pages/filled.rs"]
mod filled;
#[path = "../../../tests/installed/mod.rs"]
mod installed;
#[path = "support/joined.rs"]
mod joined;
#[path = "support/keys.rs"]
mod keys;
#[path = "pages/served.rs"]
mod served;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use installed::{installed, root, run};
use lancang_alert::words::Language;
use lancang_console::{dossier, locale};

/// Gzipped bytes before the first page is shown: a weak line of 1 Mbit/s brings them within a bit more than a second.
const FIRST_LOAD_BYTES_MAX: usize = 150_000;

fn pages() -> PathBuf {
    root().join("crates/console/pages")
}

/// What builds and tests the pages, beside them; which versions says their lock file.
fn node_modules() {
    let folder = installed("pages", "crates/console/pages/package-lock.json", |folder| {
        for name in ["package.json", "package-lock.json"] {
            std::fs::copy(pages().join(name), folder.join(name)).unwrap();
        }
        run(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(folder));
    });
    let (link, modules) = (pages().join("node_modules"), folder.join("node_modules"));
    if std::fs::read_link(&link).is_ok_and(|to| to != modules) {
        std::fs::remove_file(&link).unwrap();
    }
    if std::fs::symlink_metadata(&link).is_err() {
        // Another test may have made it meanwhile.
        let made = std::os::unix::fs::symlink(&modules, &link);
        assert!(made.is_ok() || link.exists(), "{made:?}");
    }
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), std::fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn texts_are_whole_and_nothing_is_shown_but_as_text() {
    node_modules();
    let told = run(Command::new("node").arg(pages().join("tests/texts.mjs")));
    assert!(told.starts_with("7 languages"), "{told}");
}

/// Words in a function of a source.
fn words(source: &str, function: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join(source)).unwrap();
    let begin = text.find(function).unwrap_or_else(|| panic!("{source}: no {function}"));
    let body = &text[begin..];
    let indent = " ".repeat(begin - text[..begin].rfind('\n').unwrap() - 1);
    let body = &body[..body.find(&format!("\n{indent}}}\n")).unwrap()];
    let is_word = |text: &&str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') && !text.is_empty();
    body.split('"').skip(1).step_by(2).filter(is_word).map(str::to_owned).collect()
}

/// A word that the server says of what it refuses is not shown as it is: it has a text, and each text is of such a word.
/// Days and numbers on paper are those of `Intl`, in each language and month.
#[test]
fn paper_has_the_days_and_numbers_of_each_language() {
    const ASKED: &str = "const days = [...Array(12).keys()].flatMap((month) => [1, 9, 28].map((day) => new Date(Date.UTC(2026, month, day))));
        const numbers = [0, 7, 999, 1000, 1234, 98765, 1234567];
        const told = {};
        for (const tag of process.argv.slice(1)) {
          const day = new Intl.DateTimeFormat(tag, { dateStyle: 'long', timeZone: 'UTC' });
          const clock = new Intl.NumberFormat(tag, { minimumIntegerDigits: 2 });
          told[tag] = {
            days: days.map((at) => [at.toISOString(), day.format(at)]),
            numbers: numbers.map((number) => [number, new Intl.NumberFormat(tag).format(number)]),
            clock: [7, 3, 9].map((part) => clock.format(part)).join(':'),
          };
        }
        console.log(JSON.stringify(told));";
    let mut node = Command::new("node");
    node.args(["-e", ASKED]).args(Language::ALL.map(Language::tag));
    let told: serde_json::Value = serde_json::from_str(&run(&mut node)).unwrap();
    for language in Language::ALL {
        let of = &told[language.tag()];
        for day in of["days"].as_array().unwrap() {
            let (at, expected) = (day[0].as_str().unwrap(), day[1].as_str().unwrap());
            assert_eq!(locale::day(language, at).as_deref(), Some(expected), "{}", language.tag());
            let (time, clock) = (at.replace("00:00:00", "07:03:09"), of["clock"].as_str().unwrap());
            assert_eq!(locale::time(language, &time), Some(format!("{expected} {clock} UTC")), "{}", language.tag());
        }
        for number in of["numbers"].as_array().unwrap() {
            assert_eq!(
                locale::number(language, number[0].as_u64().unwrap()),
                number[1].as_str().unwrap(),
                "{}",
                language.tag()
            );
        }
    }
}

#[test]
fn what_is_refused_is_told_in_words() {
    let english = std::fs::read_to_string(pages().join("locales/en.ftl")).unwrap();
    let texts = |set: &str| -> BTreeSet<String> {
        let keys = english.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key);
        keys.filter_map(|key| key.strip_prefix(&format!("{set}-"))).map(str::to_owned).collect()
    };
    let rejections: BTreeSet<String> =
        words("crates/alert/src/verify.rs", "pub const fn as_str(&self)").into_iter().collect();
    assert!(rejections.len() > 10 && rejections.contains("sequence-jump"), "{rejections:?}");
    assert_eq!(texts("refused"), rejections);
    let mut errors: BTreeSet<String> =
        words("crates/console/src/server/answer.rs", "const fn code(&self)").into_iter().collect();
    // Beside each stands what metrics call it.
    let codes = words("crates/console/src/server/provider.rs", "fn turned_away(").into_iter();
    errors.extend(codes.filter(|word| word != "refused"));
    errors.extend(["unreachable", "other"].map(str::to_owned));
    assert!(errors.contains("method") && errors.contains("provider-away"), "{errors:?}");
    assert_eq!(texts("error"), errors);
}

#[test]
fn what_is_checked_in_is_built_of_the_sources() {
    node_modules();
    run(Command::new("node").arg("node_modules/typescript/bin/tsc").args(["--project", "."]).current_dir(pages()));
    let folder = tempfile::tempdir().unwrap();
    run(Command::new("node").arg(pages().join("build.mjs")).arg(folder.path()));
    let (built, kept) = (files(folder.path()), files(&pages().join("built")));
    assert_eq!(built.keys().collect::<Vec<_>>(), kept.keys().collect::<Vec<_>>());
    for (name, bytes) in &built {
        assert!(bytes == &kept[name], "built/{} is not what its sources give: node build.mjs", name.display());
    }
}

#[test]
fn the_first_page_is_small() {
    let packed = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap().len()
    };
    let built = files(&pages().join("built"));
    let size = |name: &str| packed(&built[Path::new(name)]);
    let own: usize = ["index.html", "app.js", "app.css", "icon.svg"].into_iter().map(size).sum();
    let texts = built.keys().filter(|name| name.starts_with("locales")).map(|name| size(name.to_str().unwrap())).max();
    let bytes = own + texts.unwrap();
    assert!(bytes <= FIRST_LOAD_BYTES_MAX, "{bytes} bytes");
    println!("first load: {bytes} bytes");
}

/// Chromium: what `LANCANG_TEST_BROWSER` names, or Debian's package.
fn browser() -> PathBuf {
    if let Some(named) = std::env::var_os("LANCANG_TEST_BROWSER") {
        return named.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let programs = std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
    let found = programs.into_iter().find(|program| program.is_file());
    found.unwrap_or_else(|| panic!("no browser: `apt-get install chromium`, or LANCANG_TEST_BROWSER=PROGRAM"))
}

#[test]
fn pages_in_a_browser() {
    let (is_long, shots) = (std::env::var_os("LANCANG_TEST_PAGES").is_some(), std::env::var("LANCANG_TEST_SHOTS").ok());
    node_modules();
    let (console, downloads) = (served::Console::begin(&pages()), tempfile::tempdir().unwrap());
    let desk = desk::DeskConsole::begin();
    let begin = |is_read| [None, Some(desk::empty(is_read))].map(empty::EmptyConsole::begin);
    let (mut read, mut reading) = (begin(true), begin(false));
    read.iter_mut().for_each(|console| console.read());
    let bases =
        |[agency, desk]: &[empty::EmptyConsole; 2]| serde_json::json!({ "agency": agency.base(), "desk": desk.base() });
    let setting = serde_json::json!({
        "base": console.base(), "browser": browser(), "users": served::users(), "incident": filled::incident(),
        "campaign": console.campaign(), "operation": console.operation(), "reasons": filled::reasons(), "hostile": filled::HOSTILE, "strange": filled::strange(), "strangers": filled::STRANGERS, "sealed": filled::SEALED, "shots": shots,
        "is_long": is_long, "downloads": downloads.path(), "desk": { "base": desk.base(), "number": desk::NUMBER },
        "empty": { "read": bases(&read), "reading": bases(&reading) },
    });
    let mut node = Command::new("node");
    node.arg(pages().join("tests/browser.mjs")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut node = node.spawn().unwrap();
    writeln!(node.stdin.take().unwrap(), "{setting}").unwrap();
    for line in BufReader::new(node.stdout.take().unwrap()).lines() {
        match line.unwrap().as_str() {
            "flood" => console.flood(200),
            "calm" => console.flood(0),
            "silent" => console.hear(false),
            "heard" => console.hear(true),
            "campaign" => console.join(),
            "read" => reading.iter_mut().for_each(|console| console.read()),
            told => println!("{told}"),
        }
    }
    assert!(node.wait().unwrap().success(), "what failed stands above");
    // Whoever gets the dossiers can check them.
    for (name, bytes) in files(downloads.path()) {
        let checked = dossier::check(&bytes, &keys::roots(), &[], served::now());
        assert!(checked.faults.is_empty() && checked.alerts > 0, "{}: {:?}", name.display(), checked.faults);
        if let Some(shots) = &shots {
            let page = &dossier::archive::unpack(&bytes).unwrap()[dossier::SUMMARY];
            std::fs::write(Path::new(shots).join(name.with_extension("html")), page).unwrap();
        }
    }
}
