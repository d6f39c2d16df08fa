//! The rule that benches judge by, and what its incidents say.

use std::path::{Path, PathBuf};

use lancang_record::codec::fields::parse_time;

/// A folder of patterns with one of `benches/peers` alone: `sim-box`, or `cell-burst`.
pub fn pattern(folder: &Path, rule: &str) -> PathBuf {
    let patterns = folder.join(format!("only-{rule}"));
    std::fs::create_dir_all(&patterns).expect("a folder");
    let file = format!("{rule}.toml");
    let rule = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers").join(&file);
    std::fs::copy(rule, patterns.join(file)).expect("the rule");
    patterns
}

/// Who an incident line is about, and when, where it opens one. A cell of a burst is named by its caller.
pub fn opened(line: &[u8]) -> Option<(u64, i64)> {
    let line: serde_json::Value = serde_json::from_slice(line).expect("an incident line");
    let caller = line["entity"]["value"].as_str()?.trim_start_matches('+').parse().ok()?;
    let last = parse_time("last_event", line["last_event"].as_str()?).expect("a time");
    (line["message"] == "open").then(|| (caller, last.as_ms()))
}
