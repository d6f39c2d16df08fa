//! Calls and messages that go the short way come out as those that go the whole way: byte for byte the same frames, fates and words.
//!
//! The whole way is taken by what the short one does not know: JSON in a list, CSV with a quotation mark.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

use std::sync::{Arc, LazyLock};

use lancang_intake::feed::{FeedSettings, Format, Input, IntakeOutputs};
use lancang_intake::{Cells, Network, Trunks};
use lancang_numbering::{NumberPlans, PrefixSet};
use lancang_record::log::Class;
use lancang_record::mapping::{self, Mapping};
use lancang_record::{Country, Timestamp};
use proptest::prelude::*;

static NETWORK: LazyLock<Network> = LazyLock::new(|| Network {
    plans: NumberPlans::built_in(),
    own: PrefixSet::new(["+85512", "+8551"]),
    trunks: Trunks::read("trunk,international,country\nint-*,true,\nint-local,false,KH\n").unwrap(),
    cells: Arc::new(
        Cells::read("cell,latitude,longitude,country,admin1,border\n456-1,13.6,102.55,KH,Poipet,true\n").unwrap(),
    ),
});

const T: i64 = 1_763_110_931_000;

/// Columns of a line, in the order of its header.
const NAMES: [&str; 31] = [
    "kind",
    "source",
    "id",
    "start",
    "direction",
    "caller",
    "callee",
    "duration_s",
    "answered",
    "cause",
    "imsi",
    "imei",
    "cell",
    "end",
    "call",
    "phase",
    "redirecting",
    "trunk_in",
    "attestation",
    "length",
    "roaming",
    "part",
    "last",
    "caller_shown",
    "cause_scheme",
    "trunk_out",
    "smsc",
    "verstat",
    "segments",
    "template",
    "domain",
];

fn feed(format: Format, mapping: Option<Arc<Mapping>>, home: &str) -> FeedSettings {
    FeedSettings {
        name: "voice".to_owned(),
        class: Class::Stream,
        format,
        mapping,
        has_header: true,
        home: Country::parse(home).unwrap(),
        content: false,
        lateness_ms: 60_000,
        mobility: false,
        reference: false,
        bad_share_max: 1.0,
    }
}

/// Mostly what it should be, now and then something else.
fn value(usual: &'static str, more: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![12 => usual, 2 => Just(String::new()), 1 => more]
}

fn number() -> impl Strategy<Value = String> {
    value(
        "[+](855[1-9][0-9]{6,8}|66[689][0-9]{8}|8613[0-9]{9}|69[78][0-9]{2,9}|[1-9][0-9]{0,19})",
        "0[1-9][0-9]{7}|[+]0[0-9]{8}|[+]?(00)?855 ?0?[0-9-]{6,9}F?|[A-Z]{3,9}|anonymous|1[0-9]{3}|[+]|[0-9]{36,40}|ខ{12,14}",
    )
}

fn row() -> impl Strategy<Value = Vec<String>> {
    let start = prop_oneof![
        6 => (0_i64..200_000).prop_map(|ms| Timestamp::from_ms(T + ms).to_string()),
        2 => (0_i64..200_000).prop_map(|ms| (T + ms).to_string()),
        1 => "(2025-11-14T0[0-9]:02:11(\\.[0-9]{1,4})?(Z|[+]07:00|)|[0-9]{16,19}|-5|)",
    ];
    let end = prop_oneof![
        4 => Just(String::new()),
        1 => (-5_000_i64..200_000).prop_map(|ms| Timestamp::from_ms(T + 100_000 + ms).to_string()),
    ];
    let first = (
        value("voice|sms", "mobility|report|subscriber|Voice"),
        value("msc[0-3]", "[a-zខ ]{1,9}"),
        value("c[0-9]{4,9}", "\\PC{1,6}"),
        start,
        value("outgoing|incoming|transit|forwarded", "outgoing |none"),
        number(),
        number(),
        value("[0-9]{1,4}", "[0-9]{6,20}|[0-9]{1,3}\\.[0-9]{1,5}|-1|1e3|[+]5|0[0-9]{2}"),
        value("true|false", "yes|TRUE|1"),
        value("[0-9]{1,3}", "[0-9]{5,7}|[+]7|1\\.5"),
    );
    let second = (
        value("456060[0-9]{9}", " 456060000000001 |[0-9]{5}F?|[0-9]{16}|[0-9a-f]{15}"),
        value("[0-9]{14,16}", "[0-9]{13,17}F?|[0-9]{14}x"),
        value("456-[0-9]", "\\PC{1,5}"),
        end,
        value("k[0-9]{3}", "[ខ]{2}"),
        value("", "begin|interim|end|start"),
        prop_oneof![3 => Just(String::new()), 1 => number()],
        value("", "int-[a-z]{1,5}|int-local"),
        value("", "[ABCD]"),
        value("", "[0-9]{1,12}"),
        value("", "TH|th|T|THA"),
    );
    // What few calls have; mostly none of it.
    let third = prop_oneof![
        4 => Just(vec![String::new(); 10]),
        1 => (
            value("", "[0-9]{1,3}|x"),
            value("", "true|false|no"),
            prop_oneof![3 => Just(String::new()), 1 => number()],
            value("", "q850|sip|Q850"),
            value("", "[a-zខ ]{1,6}"),
            value("", "smsc[0-3]|[+]85512000000"),
            value("", "passed|failed|none|maybe"),
            value("", "[0-9]{1,3}|-1"),
            value("", "[0-9a-f]{16}|\\PC{1,4}"),
            value("", "[a-z]{1,6}\\.top"),
        ).prop_map(|c| vec![c.0, c.1, c.2, c.3, c.4, c.5, c.6, c.7, c.8, c.9]),
    ];
    (first, second, third).prop_map(|(a, b, mut c)| {
        let mut all = vec![
            a.0, a.1, a.2, a.3, a.4, a.5, a.6, a.7, a.8, a.9, b.0, b.1, b.2, b.3, b.4, b.5, b.6, b.7, b.8, b.9, b.10,
        ];
        all.append(&mut c);
        all
    })
}

/// As JSON, names in their order or turned round, numbers bare or in quotation marks.
fn json(row: &[String], is_bare: bool, turned: usize) -> Vec<u8> {
    let member = |(name, value): (&&str, &String)| {
        let is_number = ["duration_s", "cause", "length", "start", "part", "segments"].contains(name)
            && value.parse::<f64>().is_ok()
            && !value.starts_with(['+', '0'])
            && serde_json::from_str::<serde_json::Value>(value).is_ok();
        let is_boolean = ["answered", "last"].contains(name) && ["true", "false"].contains(&value.as_str());
        let value =
            if is_bare && (is_number || is_boolean) { value.clone() } else { serde_json::to_string(value).unwrap() };
        format!("\"{name}\":{value}")
    };
    let mut members: Vec<String> = NAMES.iter().zip(row).filter(|(_, value)| !value.is_empty()).map(member).collect();
    let turned = turned.checked_rem(members.len()).unwrap_or(0);
    members.rotate_left(turned);
    format!("{{{}}}", members.join(",")).into_bytes()
}

/// All that came of messages, without the bytes of dead letters, which differ as the messages do.
fn read(settings: FeedSettings, messages: &[Vec<u8>], stamped: bool) -> (String, IntakeOutputs) {
    let mut input = Input::new("x", settings, 3);
    let mut out = IntakeOutputs::default();
    for message in messages {
        let timestamp = stamped.then(|| Timestamp::from_ms(T + 210_000));
        input.accept(&"x", message, timestamp, &NETWORK, &mut out).unwrap();
    }
    input.flush(&mut out);
    out.dead.iter_mut().for_each(|dead| dead.bytes.clear());
    let sources: std::collections::BTreeMap<_, _> = input.sources().iter().collect();
    (format!("{:?} {sources:?} {:?}", input.fates(), input.clock()), out)
}

fn same(settings: &FeedSettings, short: &[Vec<u8>], whole: &[Vec<u8>], stamped: bool) -> Result<(), TestCaseError> {
    let (short, whole) = (read(settings.clone(), short, stamped), read(settings.clone(), whole, stamped));
    prop_assert_eq!(short.0, whole.0);
    prop_assert_eq!(short.1.dead, whole.1.dead);
    prop_assert_eq!(short.1.late, whole.1.late);
    prop_assert_eq!(short.1.entries, whole.1.entries);
    Ok(())
}

fn mapped(more: &str) -> Arc<Mapping> {
    let columns: Vec<String> = NAMES.iter().map(|name| format!("\"{name}\"")).collect();
    let fields: String = NAMES.iter().map(|name| format!("{name} = \"{name}\"\n")).collect();
    let text = format!(
        "title = \"canonical columns\"\ncolumns = [{}]\nquote = \"\\\"\"\n{more}\n[time]\nformat = \"canonical\"\n[fields]\n{fields}",
        columns.join(", ")
    );
    Arc::new(mapping::read("columns.toml", &text).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn of_json(rows in prop::collection::vec((row(), any::<bool>(), prop_oneof![3 => Just(0), 1 => 0_usize..31]), 1..12), stamped: bool, home in "KH|TH") {
        let short: Vec<Vec<u8>> = rows.iter().map(|(row, is_bare, turned)| json(row, *is_bare, *turned)).collect();
        let whole: Vec<Vec<u8>> = short.iter().map(|one| [b"[".as_slice(), one, b"]"].concat()).collect();
        same(&feed(Format::Json, None, &home), &short, &whole, stamped)?;
    }

    #[test]
    fn of_csv(rows in prop::collection::vec((row(), any::<bool>()), 1..12), stamped: bool, is_mapped: bool, nulls: bool, home in "KH|TH") {
        let mut short = vec![NAMES.join(",").into_bytes()];
        short.extend(rows.iter().map(|(row, padded)| {
            let mut columns = row.clone();
            // A column with blanks around it, and one too many.
            if *padded {
                columns[5] = format!(" {} ", columns[5]);
                columns.push("x".to_owned());
            }
            columns.iter().map(|column| column.replace([',', '"', '\r', '\n'], ";")).collect::<Vec<_>>().join(",").into_bytes()
        }));
        let mut whole = short.clone();
        for line in &mut whole[1..] {
            // `,b,` as `,"b",`: the same column.
            let at = line.iter().position(|byte| *byte == b',').unwrap();
            let end = at + 1 + line[at + 1..].iter().position(|byte| *byte == b',').unwrap();
            line.insert(end, b'"');
            line.insert(at + 1, b'"');
        }
        let mapping = is_mapped.then(|| mapped(if nulls { "null = [\"msc1\", \"true\", \"k\"]" } else { "" }));
        same(&feed(Format::Csv, mapping, &home), &short, &whole, stamped)?;
    }
}
