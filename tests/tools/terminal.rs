//! On a terminal: colours where somebody sees them, and none where nobody wants them; the log as `RUST_LOG` says.

use std::process::{Command, Stdio};

use super::{Day, day, root};

/// A command on a terminal of its own, as util-linux' `script` makes one.
fn on_a_terminal(command: &str, environment: &[(&str, &str)]) -> String {
    let mut script = Command::new("script");
    script.args(["--quiet", "--command", command, "/dev/null"]).stdin(Stdio::null());
    script.env_remove("NO_COLOR").env("TERM", "xterm").envs(environment.iter().copied());
    String::from_utf8_lossy(&script.output().unwrap().stdout).into_owned()
}

/// A desk's file whose brokers are nowhere: what `doctor` finds is marked.
fn nowhere(day: &Day) -> String {
    let text = std::fs::read_to_string(root().join("config/desk.toml")).unwrap();
    let brokers = |line: &str| match line.split_once('=') {
        Some((key, _)) if key.trim() == "bootstrap" => "bootstrap = \"127.0.0.1:9\"".to_owned(),
        _ => line.to_owned(),
    };
    let path = day.path("nowhere.toml");
    std::fs::write(&path, text.lines().map(brokers).collect::<Vec<_>>().join("\n")).unwrap();
    path
}

#[test]
fn colours_are_for_terminals_and_for_who_wants_them() {
    let day = day();
    let command = format!("{} doctor --config {}", env!("CARGO_BIN_EXE_lancang"), nowhere(day));
    let is_coloured = |text: &str| text.contains("\u{1b}[31m");
    let shown = on_a_terminal(&command, &[]);
    assert!(is_coloured(&shown) && shown.contains("bad"), "{shown}");
    let plain = on_a_terminal(&command, &[("NO_COLOR", "1")]);
    assert!(!is_coloured(&plain) && plain.contains("bad"), "{plain}");
    let dumb = on_a_terminal(&command, &[("TERM", "dumb")]);
    assert!(!is_coloured(&dumb), "{dumb}");
}

#[test]
fn the_log_says_as_much_as_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(root().join("config")).unwrap().map(Result::unwrap) {
        if entry.file_name() != "lancang.toml" {
            std::os::unix::fs::symlink(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
    }
    let text = std::fs::read_to_string(root().join("config/lancang.toml")).unwrap();
    assert!(text.contains("127.0.0.1:9600"));
    let config = folder.path().join("lancang.toml");
    std::fs::write(&config, text.replace("127.0.0.1:9600", "127.0.0.1:0")).unwrap();
    // For two seconds: no broker answers, and it goes on asking.
    let log = |level: &str| {
        let mut lancang = Command::new("timeout");
        lancang.args(["--signal=TERM", "2", env!("CARGO_BIN_EXE_lancang"), "score", "--config"]).arg(&config);
        let ended = lancang.current_dir(folder.path()).env("RUST_LOG", level).env("NO_COLOR", "1").output().unwrap();
        String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned()
    };
    let (all, none) = (log("info"), log("off"));
    assert!(all.contains("INFO metrics and health at http://127.0.0.1:"), "{all}");
    assert!(!none.contains("INFO") && !none.contains("WARN"), "{none}");
}
