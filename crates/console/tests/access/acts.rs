//! What is said while the exchange does not take it: whoever says it learns what is known of it, and the audit log has the same.

use lancang_console::limits::ACT_ANSWERED_MS;
use serde_json::json;

use super::Console;

/// That nothing was sent, and that nobody knows, are two answers: after the first one says it once more, after the second one looks first.
#[test]
fn what_was_not_sent_is_not_what_was_not_confirmed() {
    let console = Console::start(false, true);
    let signed = console.sign_in("investigator-kh");
    let headers = [("cookie", signed.cookie.as_str()), ("x-csrf-token", signed.session["csrf"].as_str().unwrap())];
    let path = format!("/api/v1/incidents/{}/feedback", console.key);
    let outcomes = || {
        let log = std::fs::read_to_string(console.folder.path().join("audit.log")).unwrap();
        ["failed", "unconfirmed", "done"].map(|outcome| {
            let of_comments = log.lines().filter(|line| line.contains("\"action\":\"comment\""));
            of_comments.filter(|line| line.contains(&format!("\"outcome\":\"{outcome}\""))).count()
        })
    };
    for (text, status, code, expected) in [
        ("while it is away", 503, "exchange-away", [1, 0, 0]),
        ("and no word of it", 504, "unconfirmed", [1, 1, 0]),
        ("and it is back", 201, "", [1, 1, 1]),
    ] {
        let answer = console.ask("POST", &path, &headers, &json!({ "kind": "comment", "text": text }).to_string());
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{text}: {}", answer.body);
        assert_eq!(outcomes(), expected, "{text}");
    }
}

/// A page that gives up first shows its own word, which says nothing of what became of it.
#[test]
fn the_page_waits_longer_than_the_server() {
    let text = include_str!("../../pages/src/api.ts");
    let patience = text.lines().find_map(|line| line.strip_prefix("const ACT_PATIENCE_MS = ")).unwrap();
    let patience: u64 = patience.trim_end_matches(';').replace('_', "").parse().unwrap();
    assert!(patience >= ACT_ANSWERED_MS + 5_000, "{patience}");
}
