//! Users of a console, as whoever runs it adds and takes away: in its audit log, and none of two at once undoes the other.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const PASSWORD: &str = "five words of a song";

/// A console's file whose folder is another.
fn config(folder: &Path) -> String {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/console.toml")).unwrap();
    let line = text.lines().find(|line| line.starts_with("folder = ")).unwrap();
    let path = folder.join("console.toml");
    std::fs::write(&path, text.replace(line, "folder = \"console\"")).unwrap();
    path.display().to_string()
}

fn user(config: &str, words: &[&str]) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lancang"))
        .args(["console", "user"])
        .args(words)
        .args(["--config", config])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _ = writeln!(child.stdin.take().unwrap(), "{PASSWORD}");
    child
}

fn adding(config: &str, name: &str) -> Child {
    user(config, &["add", name, "--person", "Sok Dara", "--country", "KH", "--role", "viewer"])
}

#[test]
fn changes_of_users_are_in_the_audit_log_and_keep_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    assert!(adding(&config, "first").wait().unwrap().success());
    let mut at_once: Vec<Child> = (0..6).map(|number| adding(&config, &format!("user-{number}"))).collect();
    at_once.push(user(&config, &["disable", "first"]));
    for child in &mut at_once {
        assert!(child.wait().unwrap().success());
    }
    assert!(!user(&config, &["disable", "nobody"]).wait().unwrap().success());
    let users = std::fs::read_to_string(folder.path().join("console/users.json")).unwrap();
    let users: Vec<serde_json::Value> = serde_json::from_str(&users).unwrap();
    let disabled: Vec<&str> =
        users.iter().filter(|user| user["is_disabled"] == true).map(|user| user["name"].as_str().unwrap()).collect();
    assert_eq!((users.len(), disabled), (7, vec!["first"]));
    let log = std::fs::read_to_string(folder.path().join("console/audit.log")).unwrap();
    let count = |action: &str, outcome: &str| {
        let (action, outcome) = (format!("\"action\":\"{action}\""), format!("\"outcome\":\"{outcome}\""));
        log.lines().filter(|line| line.contains(&action) && line.contains(&outcome)).count()
    };
    let counts =
        ["asked", "done", "failed"].map(|outcome| (count("user-add", outcome), count("user-disable", outcome)));
    assert_eq!(counts, [(7, 2), (7, 1), (0, 1)]);
    assert!(log.contains("user-3 (Sok Dara), viewer of KH; at the command line by the system's user "), "{log}");
    assert!(!log.contains(PASSWORD) && !log.contains("argon2"), "{log}");
    let verified = Command::new(env!("CARGO_BIN_EXE_lancang"))
        .args(["console", "audit", "verify", "--config", &config])
        .output()
        .unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
}
