//! The console's pages: small, built of their sources, whole in seven languages, and as a real browser shows them.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

#[path = "pages/desk.rs"]
mod desk;
#[path = "pages/filled.rs"]
mod filled;
#[path = "../../../tests/installed/mod.rs"]
mod installed;
#[path = "support/keys.rs"]
mod keys;
#[path = "pages/served.rs"]
mod served;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use installed::{installed, root, run};
use lancang_console::dossier;

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
    let told = run(Command::new("node").arg(pages().join("tests/texts.mjs")));
    assert!(told.starts_with("7 languages"), "{told}");
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
    let setting = serde_json::json!({
        "base": console.base(), "browser": browser(), "users": served::users(), "incident": filled::incident(),
        "campaign": console.campaign(), "operation": console.operation(), "reasons": filled::reasons(), "hostile": filled::HOSTILE, "sealed": filled::SEALED, "shots": shots,
        "is_long": is_long, "downloads": downloads.path(), "desk": { "base": desk.base(), "number": desk::NUMBER },
    });
    let mut node = Command::new("node");
    node.arg(pages().join("tests/browser.mjs")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut node = node.spawn().unwrap();
    writeln!(node.stdin.take().unwrap(), "{setting}").unwrap();
    for line in BufReader::new(node.stdout.take().unwrap()).lines() {
        match line.unwrap().as_str() {
            "flood" => console.flood(200),
            "calm" => console.flood(0),
            "campaign" => console.join(),
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
