//! What is deployed besides the program: alert rules with their runbook, dashboards, units, the container.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

#[path = "operations/chart.rs"]
mod chart;
#[path = "operations/commands.rs"]
mod commands;
#[path = "operations/hangup.rs"]
mod hangup;
mod installed;
#[path = "papers/mod.rs"]
mod papers;
#[path = "operations/site.rs"]
mod site;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use installed::{prometheus, root, run};
use serde_json::Value;

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Values of a key of a YAML file whose lines have the form `key: value`.
fn values<'t>(text: &'t str, key: &str) -> Vec<&'t str> {
    let of_key = |line: &'t str| line.trim_start().trim_start_matches("- ").strip_prefix(key)?.strip_prefix(": ");
    text.lines().filter_map(of_key).collect()
}

/// Names of metrics in a text: of this program, of its process, and of recording rules.
fn metrics(text: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let words = text.split(|c: char| !is_name(c));
    let ours = |word: &&str| ["lancang_", "process_", "lancang:"].iter().any(|start| word.starts_with(start));
    words.filter(ours).map(|word| word.trim_end_matches(':').to_owned()).collect()
}

fn known() -> BTreeSet<String> {
    let mut known: BTreeSet<String> = lancang::metrics::names().map(str::to_owned).collect();
    let series = ["bucket", "sum", "count"];
    let parts = known.iter().filter(|name| name.ends_with("_seconds")).cloned().collect::<Vec<_>>();
    known.extend(parts.iter().flat_map(|name| series.map(|part| format!("{name}_{part}"))));
    known.extend(values(&read("deploy/prometheus/recording.yml"), "record").iter().map(|name| (*name).to_owned()));
    known
}

fn dashboards() -> Vec<(String, Value)> {
    let folder = root().join("deploy/grafana/dashboards");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())).collect()
}

fn expressions(dashboard: &Value) -> Vec<&str> {
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.filter_map(|panel| panel["targets"].as_array()).flatten();
    targets.map(|target| target["expr"].as_str().unwrap()).collect()
}

/// Each rule links a page that is there and names it, each page is of a rule, and the index has all of them.
#[test]
fn each_rule_has_a_page_and_each_page_a_rule() {
    let rules = read("deploy/prometheus/alerts.yml");
    let (alerts, pages) = (values(&rules, "alert"), values(&rules, "runbook"));
    assert!(alerts.len() == pages.len() && alerts.len() > 40, "{} alerts, {} pages", alerts.len(), pages.len());
    assert!(values(&rules, "severity").iter().all(|severity| ["page", "ticket"].contains(severity)));
    let index = read("docs/runbook/README.md");
    let mut linked = BTreeSet::from(["README.md".to_owned()]);
    for (alert, page) in alerts.iter().zip(&pages) {
        let text = read(page);
        assert!(text.starts_with(&format!("# {alert}\n")), "{page} is not of {alert}");
        for part in ["\n## Look at\n", "\n## Do\n", "\n## How urgent\n"] {
            assert!(text.contains(part), "{page} lacks{part}");
        }
        let name = page.strip_prefix("docs/runbook/").unwrap();
        assert!(index.contains(&format!("[{alert}]({name})")), "the index lacks {alert}");
        linked.insert(name.to_owned());
    }
    let there: BTreeSet<String> = std::fs::read_dir(root().join("docs/runbook"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(there, linked);
}

/// What rules, their tests, pages and dashboards name is a metric of the reference, or recorded.
#[test]
fn every_metric_that_is_named_exists() {
    let known = known();
    let mut texts: Vec<(String, String)> = ["recording.yml", "alerts.yml", "tests.yml", "tests-hours.yml"]
        .map(|name| (name.to_owned(), read(&format!("deploy/prometheus/{name}"))))
        .to_vec();
    for entry in std::fs::read_dir(root().join("docs/runbook")).unwrap() {
        let path = entry.unwrap().path();
        texts.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
    }
    texts.extend(dashboards().iter().map(|(name, dashboard)| (name.clone(), expressions(dashboard).join("\n"))));
    let mut used = BTreeSet::new();
    for (name, text) in &texts {
        // `lancang_.+` is a pattern over names.
        for metric in metrics(text).into_iter().filter(|metric| metric != "lancang_") {
            assert!(known.contains(&metric), "{name}: there is no metric `{metric}`");
            used.insert(metric);
        }
    }
    // None of ours is collected and never looked at.
    let series = |name: &str| ["", "_bucket", "_count"].iter().any(|part| used.contains(&format!("{name}{part}")));
    let unused: Vec<&str> =
        lancang::metrics::names().filter(|name| name.starts_with("lancang_") && !series(name)).collect();
    assert!(unused.is_empty(), "{unused:?} are looked at by no rule, page or dashboard");
}

/// promtool takes the rules, and each alert fires for what it is for; a rule without a test is none.
#[test]
fn alerts_fire_for_what_they_are_for() {
    let folder = root().join("deploy/prometheus");
    let promtool = || {
        let mut promtool = Command::new(prometheus::program("promtool"));
        promtool.current_dir(&folder);
        promtool
    };
    run(promtool().args(["check", "rules", "recording.yml", "alerts.yml"]));
    run(promtool().args(["check", "config", "--syntax-only", "prometheus.yml"]));
    let told = run(promtool().args(["test", "rules", "tests.yml", "tests-hours.yml"]));
    assert!(told.contains("SUCCESS"), "{told}");
    let tests = read("deploy/prometheus/tests.yml") + &read("deploy/prometheus/tests-hours.yml");
    for alert in values(&read("deploy/prometheus/alerts.yml"), "alert") {
        assert!(tests.contains(&format!("alertname=\"{alert}\"")), "no test lets {alert} fire");
    }
}

#[test]
fn dashboards_are_whole() {
    let dashboards = dashboards();
    let names: Vec<&str> = dashboards.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["detection", "exchange", "operator"]);
    for (name, dashboard) in &dashboards {
        assert_eq!(dashboard["uid"], format!("lancang-{name}"));
        let panels = dashboard["panels"].as_array().unwrap();
        let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
        assert_eq!(ids.len(), panels.len(), "{name}: an id is there twice");
        for panel in panels.iter().filter(|panel| panel["type"] != "row") {
            assert!(panel["description"].as_str().is_some_and(|text| text.len() > 5), "{name}: {}", panel["title"]);
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{name}: {}", panel["title"]);
        }
    }
}

/// The score that docs/operations.md states, by the tool that gives it; where there is none, that the unit names it at all.
#[test]
fn the_unit_is_sandboxed() {
    let unit = "deploy/systemd/lancang@.service";
    let stated = read("docs/operations.md");
    let (_, stated) = stated.split_once("`systemd-analyze security` gives it ").unwrap();
    let stated: f64 = stated.split_whitespace().next().unwrap().parse().unwrap();
    let mut analyze = Command::new("systemd-analyze");
    let analyze = analyze.args(["security", "--offline=true", "--no-pager", unit]).current_dir(root()).output();
    let Ok(output) = analyze else {
        return assert!(read(unit).contains("SystemCallFilter=@system-service"));
    };
    let told = String::from_utf8(output.stdout).unwrap();
    let score = told.rsplit_once(".service: ").and_then(|(_, rest)| rest.split_whitespace().next()).unwrap();
    let score: f64 = score.parse().unwrap();
    assert!(score <= stated, "{score}, {stated} is stated:\n{told}");
}

/// A configuration with all that it names, changed.
fn trial_config(folder: &std::path::Path, changes: &[(&str, &str)]) -> std::path::PathBuf {
    let mut text = read("config/lancang.toml");
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let config = folder.join("lancang.toml");
    std::fs::write(&config, text).unwrap();
    for name in ["patterns", "lists", "cells.csv", "trunks.csv", "policy.toml"] {
        let there = root().join("config").join(name);
        std::os::unix::fs::symlink(&there, folder.join(name)).unwrap();
    }
    config
}

/// A root key of the registry.
const fn trial_root() -> &'static str {
    "lancang-root-public-v1 d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
}

/// What alerts promise of their records lasts as long as what may be asked of them, or the check says what they promise.
#[test]
fn evidence_is_kept_as_long_as_it_binds() {
    let check = |to: &str| {
        let folder = tempfile::tempdir().unwrap();
        let config = trial_config(folder.path(), &[("evidence_retention = \"21d\"", to)]);
        let output =
            Command::new(env!("CARGO_BIN_EXE_lancang")).args(["check", "--config"]).arg(config).output().unwrap();
        (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    let (status, told) = check("evidence_retention = \"21d\"");
    assert!(status == Some(0) && !told.contains("note:"), "{told}");
    let (status, told) = check("evidence_retention = \"7d\"");
    assert!(status == Some(78) && told.contains("lasts up to 14 more") && told.contains("at least \"21d\""), "{told}");
    let (status, told) = check("");
    assert!(status == Some(0) && told.contains("note: `topics.evidence_retention` is not set"), "{told}");
}

/// systemd hears that the process runs, that nothing is stuck, and that it drains: here by a socket of the test's.
#[test]
fn systemd_is_told_how_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("notify");
    let changes = [("127.0.0.1:9092", "127.0.0.1:9"), ("127.0.0.1:9600", "127.0.0.1:0"), ("../state", "state")];
    let config = trial_config(folder.path(), &changes);
    let listening = std::os::unix::net::UnixDatagram::bind(&socket).unwrap();
    listening.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_lancang"))
        .args(["run", "--config"])
        .arg(&config)
        .env("NOTIFY_SOCKET", &socket)
        .env("WATCHDOG_USEC", "600000")
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let hear = || {
        let mut bytes = [0; 64];
        let length = listening.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap().trim().to_owned()
    };
    let heard: Vec<String> = (0..4).map(|_| hear()).collect();
    assert_eq!(heard.iter().filter(|told| *told == "READY=1").count(), 1, "{heard:?}");
    assert_eq!(heard.iter().filter(|told| *told == "WATCHDOG=1").count(), 3, "{heard:?}");
    let id = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    while hear() != "STOPPING=1" {}
    // As systemd does, the test hears on: who tells waits for room.
    listening.set_read_timeout(Some(std::time::Duration::from_millis(100))).unwrap();
    let status = loop {
        let _ = listening.recv(&mut [0; 64]);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
    };
    assert!(status.success());
}

/// The correlator is no stage of `run`: it says itself that it runs.
#[test]
fn systemd_is_told_how_the_correlator_goes() {
    let folder = tempfile::tempdir().unwrap();
    let (socket, config, key) =
        (folder.path().join("notify"), folder.path().join("correlator.toml"), folder.path().join("correlator.key"));
    let root = trial_root();
    let text = format!("[exchange]\nbootstrap = \"127.0.0.1:9\"\n[keys]\nroots = [\"{root}\"]\n");
    std::fs::write(&config, text).unwrap();
    let made = Command::new(env!("CARGO_BIN_EXE_lancang"))
        .args(["keys", "new", "--kind", "signing", "--out"])
        .arg(&key)
        .output();
    let made = made.unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let listening = std::os::unix::net::UnixDatagram::bind(&socket).unwrap();
    listening.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_lancang"))
        .args(["campaigns", "correlate", "--as", "//KH/exchange/correlator-1", "--listen", "127.0.0.1:0", "--config"])
        .arg(&config)
        .arg("--signing-key-file")
        .arg(&key)
        .env("NOTIFY_SOCKET", &socket)
        .env("WATCHDOG_USEC", "600000")
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let hear = || {
        let mut bytes = [0; 64];
        let length = listening.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap().trim().to_owned()
    };
    let heard = [hear(), hear()];
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(heard, ["READY=1", "WATCHDOG=1"]);
}

/// What can be said of a container without building it: what it copies is there, it is pinned, and nobody is root in it.
#[test]
fn the_container_file_fits_the_repository() {
    let text = read("deploy/container/Containerfile");
    let version = read("Cargo.toml");
    let needed = version.lines().find_map(|line| line.strip_prefix("rust-version = \"1.")).unwrap();
    let needed: u32 = needed.trim_end_matches('"').parse().unwrap();
    let built = text.split_once("rust:1.").unwrap().1.split('-').next().unwrap();
    assert!(built.parse::<u32>().unwrap() >= needed, "built with 1.{built}, 1.{needed} is needed");
    let copied = text.split("cp -r ").nth(1).unwrap().split(" /out").next().unwrap();
    copied.split_whitespace().for_each(|path| assert!(root().join(path).exists(), "{path}"));
    let images: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("FROM ")).collect();
    assert!(images.len() == 2 && images.iter().all(|image| image.contains(':')), "{images:?}");
    assert!(text.contains("\nUSER 65532:65532\n") && !text.contains("latest"));
    assert_eq!(read(".dockerignore"), "target\n.git\n");
}

/// The trial's configuration, with the folders where the container has them.
#[test]
fn the_trials_configuration_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    std::fs::copy(root().join("deploy/compose/lancang.toml"), place("lancang.toml")).unwrap();
    for name in ["patterns", "policy.toml"] {
        std::os::unix::fs::symlink(root().join("config").join(name), place(name)).unwrap();
    }
    let lancang = || Command::new(env!("CARGO_BIN_EXE_lancang"));
    let small = ["generate", "--subscribers", "600", "--days", "0.1", "--out", "/dev/null", "--truth", "/dev/null"];
    run(lancang().args(small).arg("--setup").arg(place("setup")));
    run(lancang()
        .args(["check", "--config"])
        .arg(place("lancang.toml"))
        .env("LANCANG_SIGNING_KEY", "")
        .env("LANCANG_EPOCH_KEY", ""));
    let compose = read("deploy/compose/compose.yml");
    for path in
        ["../../deploy/container/Containerfile", "../prometheus/prometheus.yml", "../grafana/dashboards/operator.json"]
    {
        assert!(root().join("deploy/compose").join(path).is_file(), "{path}");
    }
    assert!(!compose.contains("latest") && compose.contains("read_only: true"));
    // Who is waited for, and what is mounted by name, is there.
    let (services, volumes) = compose.split_once("\nservices:\n").unwrap().1.split_once("\nvolumes:\n").unwrap();
    let named = |text: &str| -> BTreeSet<String> {
        let keys = text.lines().filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'));
        keys.filter(|key| !key.starts_with([' ', '#'])).map(str::to_owned).collect()
    };
    let (of_services, of_volumes) = (named(services), named(volumes));
    assert!(of_services.len() > 7 && of_volumes.len() == 2, "{of_services:?} {of_volumes:?}");
    let waited = compose.lines().filter_map(|line| line.trim().split_once(": { condition: "));
    let waited: Vec<&str> = waited.map(|(service, _)| service).collect();
    assert!(waited.len() >= 5 && waited.iter().all(|service| of_services.contains(*service)), "{waited:?}");
    for volume in compose.lines().filter_map(|line| line.trim().strip_prefix("- ")) {
        let name = volume.split(':').next().unwrap();
        assert!(name.starts_with(['.', '/']) || of_volumes.contains(name), "{volume}");
    }
}

/// Completions and manual pages know every command.
#[test]
fn shells_and_man_know_every_command() {
    let lancang = || Command::new(env!("CARGO_BIN_EXE_lancang"));
    for shell in ["bash", "zsh", "fish"] {
        let script = run(lancang().args(["completions", shell]));
        for word in ["doctor", "completions", "bar-list", "try-writing"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let bash = run(lancang().args(["completions", "bash"]));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lancang"), bash).unwrap();
    let asks = "source ./lancang; COMP_WORDS=(lancang patterns ro); COMP_CWORD=2; _lancang lancang ro patterns; echo \"${COMPREPLY[@]}\"";
    assert_eq!(run(Command::new("bash").args(["-c", asks]).current_dir(folder.path())).trim(), "rollback");
    assert!(run(lancang().arg("man")).contains(".TH lancang 1"));
    run(lancang().args(["man", "--out"]).arg(folder.path()));
    for page in ["lancang.1", "lancang-doctor.1", "lancang-patterns-rollback.1", "lancang-incidents-tail.1"] {
        assert!(folder.path().join(page).is_file(), "{page}");
    }
}

/// Pages of `docs/`, by their paths there.
fn pages(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root().join("docs").join(folder)).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{folder}{}", path.file_name().unwrap().to_string_lossy());
        if path.is_dir() {
            found.extend(pages(&format!("{name}/")));
        } else if name.ends_with(".md") && name != "SUMMARY.md" {
            found.push(name);
        }
    }
    found
}

/// Targets of the links in a page.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

/// Every page is in the site's summary once, and what pages link to, there and in the papers of the root, is there.
#[test]
fn every_page_is_in_the_summary_and_links_resolve() {
    let summary = read("docs/SUMMARY.md");
    let mut listed: Vec<String> = links(&summary).map(str::to_owned).collect();
    let mut there = pages("");
    listed.sort();
    there.sort();
    assert_eq!(listed, there);
    let papers = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(str::to_owned);
    for path in there.iter().map(|page| format!("docs/{page}")).chain(papers) {
        let text = read(&path);
        let folder = root().join(&path).parent().unwrap().to_path_buf();
        for link in links(&text).filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let target = link.split('#').next().unwrap();
            assert!(folder.join(target).exists(), "{path} links to {link}");
            let ups = target.matches("../").count();
            assert!(!path.starts_with("docs/") || ups < path.matches('/').count(), "{path}: {link} is not in the site");
        }
        for included in text.split("{{#include ").skip(1).filter_map(|rest| rest.split_once("}}")) {
            assert!(folder.join(included.0).is_file(), "{path} includes {}", included.0);
        }
    }
}
