//! Reasons in English words, for terminals. Alerts carry codes and numbers, so that every language renders its own.

/// A reason as a phrase: `63 calls (limit 20)`.
#[must_use]
pub fn phrase(code: &str, value: f64, threshold: f64) -> String {
    if let Some(what) = share(code) {
        return format!("{:.0} % of {what} (limit {:.0} %)", value * 100.0, threshold * 100.0);
    }
    let (value, limit) = (number(value), number(threshold));
    match code {
        "calls" => format!("{value} calls (limit {limit})"),
        "calls_day" => format!("{value} calls in a day (limit {limit})"),
        "callees" => format!("{value} people called or written to (limit {limit})"),
        "senders" => format!("{value} senders (limit {limit})"),
        "messages" => format!("{value} messages (limit {limit})"),
        "busy_s" => format!("{value} s of calls (limit {limit})"),
        "cells" => format!("from {value} cells (limit {limit})"),
        "received" => format!("{value} conversations received (limit {limit})"),
        "received_from" => format!("called by {value} numbers (limit {limit})"),
        "at_home" => format!("{value} calls in the name of subscribers who are at home (limit {limit})"),
        // A pattern that an analyst has added.
        other => format!("{} {value} (limit {limit})", other.replace('_', " ")),
    }
}

/// What a share is of.
fn share(code: &str) -> Option<&'static str> {
    match code {
        "distinct_share" => Some("the callees different"),
        "distinct_share_day" => Some("a day's callees different"),
        _ => None,
    }
}

/// A title for a family of patterns.
#[must_use]
pub fn title(family: &str, rule: Option<&str>) -> String {
    let title = match family {
        "sim-box" => "SIM box",
        "spoofing" => "spoofed caller",
        "smishing" => "smishing",
        other => return other.replace('-', " "),
    };
    match rule {
        Some(rule) => format!("{title} ({})", rule.replace('-', " ")),
        None => title.to_owned(),
    }
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases() {
        assert_eq!(phrase("calls", 63.0, 20.0), "63 calls (limit 20)");
        assert_eq!(phrase("distinct_share", 0.984, 0.8), "98 % of the callees different (limit 80 %)");
        assert_eq!(phrase("gap_entropy", 2.0, 1.5), "gap entropy 2 (limit 1.50)");
        assert_eq!(title("spoofing", Some("fixed-line")), "spoofed caller (fixed line)");
        assert_eq!(title("wangiri-ring", None), "wangiri ring");
    }
}
