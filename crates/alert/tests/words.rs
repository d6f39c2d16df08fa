//! Every language has every text, in its own script.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::collections::BTreeMap;

use fluent_bundle::FluentResource;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use lancang_alert::words::{Language, Words};
use lancang_alert::{Alert, action};

/// Names of the values that a text takes.
fn values(pattern: &Pattern<&str>) -> Vec<String> {
    let mut names = Vec::new();
    for element in &pattern.elements {
        if let PatternElement::Placeable {
            expression: Expression::Inline(InlineExpression::VariableReference { id }),
        } = element
        {
            names.push(id.name.to_owned());
        }
    }
    names.sort();
    names
}

/// Keys of a language, with what their texts take.
fn keys(language: Language) -> BTreeMap<String, Vec<String>> {
    let resource = FluentResource::try_new(language.source().to_owned())
        .unwrap_or_else(|(_, errors)| panic!("{}: {errors:?}", language.tag()));
    let mut keys = BTreeMap::new();
    for entry in resource.entries() {
        match entry {
            Entry::Message(message) => {
                let pattern = message.value.as_ref().unwrap_or_else(|| panic!("{} is empty", message.id.name));
                let twice = keys.insert(message.id.name.to_owned(), values(pattern));
                assert!(twice.is_none(), "{}: {} is there twice", language.tag(), message.id.name);
            }
            Entry::Junk { content } => panic!("{}: {content}", language.tag()),
            _ => {}
        }
    }
    keys
}

#[test]
fn every_language_has_every_text() {
    let english = keys(Language::English);
    for language in Language::ALL {
        let mut found = keys(language);
        let unreviewed = found.remove("unreviewed").is_some();
        assert_eq!(unreviewed, language.source().contains("NOT REVIEWED"), "{}", language.tag());
        assert_eq!(found, english, "{}", language.tag());
    }
}

#[test]
fn texts_are_in_their_own_script() {
    let script = |language: Language| match language {
        Language::Chinese => '\u{4e00}'..='\u{9fff}',
        Language::Khmer => '\u{1780}'..='\u{17ff}',
        Language::Lao => '\u{0e80}'..='\u{0eff}',
        Language::Burmese => '\u{1000}'..='\u{109f}',
        Language::Thai => '\u{0e00}'..='\u{0e7f}',
        // Letters that only Vietnamese has of the seven are in nearly every text, not in all: its texts are compared.
        Language::English | Language::Vietnamese => 'A'..='z',
    };
    let english = Words::new(Language::English);
    for language in Language::ALL.into_iter().skip(1) {
        let words = Words::new(language);
        let of_sentences = ["code-", "family-", "action-", "severity-", "role-", "message-"];
        for key in keys(Language::English).keys().filter(|key| of_sentences.iter().any(|set| key.starts_with(set))) {
            let text = words.text(key, &[]).unwrap();
            assert!(text.chars().any(|c| script(language).contains(&c)), "{}: {key} = {text}", language.tag());
            assert_ne!(Some(&text), english.text(key, &[]).as_ref(), "{}: {key}", language.tag());
        }
    }
}

/// What the program writes has a text; what patterns name is for `tests/references.rs` of the program.
#[test]
fn every_code_has_a_text() {
    let keys = keys(Language::English);
    let sets: [(&str, Vec<&str>); 6] = [
        ("action", action::codes()),
        ("role", vec!["suspect", "used", "impersonated", "victim"]),
        ("entity", vec!["caller", "callee", "sim", "device", "cell", "trunk", "block", "template", "domain"]),
        ("message", vec!["open", "update", "close", "cancel", "victims"]),
        ("status", vec!["exercise", "test"]),
        ("severity", vec!["0", "1", "2", "3", "4", "5", "6"]),
    ];
    for (set, names) in sets {
        names.iter().for_each(|name| assert!(keys.contains_key(&format!("{set}-{name}")), "{set}-{name}"));
    }
}

#[test]
fn reasons_are_sentences() {
    let alert: Alert = serde_json::from_str(include_str!("golden/v1/update.json")).unwrap();
    let check = |language: Language, expected: &str| {
        let words = Words::new(language);
        assert_eq!(words.reasons(&alert).collect::<Vec<_>>().join(" "), expected);
    };
    check(
        Language::English,
        "Calls: 63; the limit is 20. Share of callees that are different: 98.4 %; the limit is 80 %. \
         Time on calls: 5400 s; the limit is 1800 s.",
    );
    check(
        Language::Chinese,
        "呼叫次数为 63，限值为 20。 不同被叫所占比例为 98.4%，限值为 80%。 通话总时长为 5400 秒，限值为 1800 秒。",
    );
    check(
        Language::Vietnamese,
        "Số cuộc gọi: 63; ngưỡng là 20. Tỷ lệ số bị gọi khác nhau: 98.4 %; ngưỡng là 80 %. \
         Tổng thời gian gọi: 5400 giây; ngưỡng là 1800 giây.",
    );
    let english = Words::new(Language::English);
    assert_eq!(english.reason("calls_6h", Some("count"), 7.0, 6.0), "Calls within six hours: 7; the limit is 6.");
    assert_eq!(english.reason("speed_of_it", None, 2.5, 1.0), "speed of it: 2.5; the limit is 1.");
    assert_eq!(
        english.reason("farthest_km", Some("km"), 900.125, 1.0),
        "Greatest distance between two places: 900.12 km; the limit is 1 km."
    );
    assert_eq!(english.title("spoofing", Some("fixed-line")), "spoofed caller or sender (fixed line)");
    assert_eq!(english.title("of-our-own", None), "of our own");
}

#[test]
fn languages_are_found_by_their_tags() {
    for language in Language::ALL {
        assert_eq!(Language::of_tag(language.tag()), Some(language));
    }
    assert_eq!(Language::of_tag("zh_CN.UTF-8"), Some(Language::Chinese));
    assert_eq!(Language::of_tag("TH"), Some(Language::Thai));
    assert_eq!(Language::of_tag("fr"), None);
    assert_eq!(Language::of_tag(""), None);
}
