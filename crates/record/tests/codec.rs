//! JSON and CSV codecs: round trips, a naive reader beside, every bad input with its words.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

use lancang_record::codec::csv::{self, CsvLines, Splitter};
use lancang_record::codec::json::{self, JsonMessages};
use lancang_record::codec::{Line, RecordError};
use lancang_record::raw::{RawParty, RawRecord};
use lancang_record::record::{Attestation, Direction, Kind, Phase, Verstat};
use lancang_record::{Country, Timestamp};
use proptest::prelude::*;

/// The record of a line; `None` for a header.
fn read<'l>(lines: &'l mut CsvLines, line: &'l [u8]) -> Result<Option<RawRecord<'l>>, RecordError> {
    let mut record = RawRecord::new(Kind::Voice, Timestamp::MIN);
    let line = lines.read(line, &mut record)?;
    Ok((line == Line::Record).then_some(record))
}

fn text() -> impl Strategy<Value = Option<std::borrow::Cow<'static, str>>> {
    prop::option::of("[a-z0-9 \"\\\\,ខ\\n\u{1}]{1,8}".prop_map(Into::into))
}

fn party() -> impl Strategy<Value = Option<RawParty<'static>>> {
    prop::option::of("[+]?[0-9]{3,12}|[A-Z\"]{3,8}".prop_map(RawParty::new))
}

prop_compose! {
    fn record()(
        kind in prop_oneof![Just(Kind::Voice), Just(Kind::Sms)],
        direction in prop_oneof![Just(Direction::Outgoing), Just(Direction::Incoming), Just(Direction::Transit), Just(Direction::Forwarded)],
        start in 0_i64..4_000_000_000_000,
        length in prop::option::of(0_u64..1_000_000),
        (source, id, call, cell, trunk) in (text(), text(), text(), text(), text()),
        (caller, callee) in (party(), "[0-9]{5}"),
        (part, last, answered, cause) in (prop::option::of(0_u32..9), prop::option::of(any::<bool>()), prop::option::of(any::<bool>()), prop::option::of(any::<u16>())),
        more in any::<bool>(),
        (segment, dealer, registrant, holder) in (text(), text(), text(), text()),
        (activated, m2m) in (prop::option::of(0_i64..4_000_000_000_000), prop::option::of(any::<bool>())),
    ) -> RawRecord<'static> {
        let mut record = RawRecord::new(kind, Timestamp::from_ms(start));
        record.direction = direction;
        record.duration_ms = length;
        (record.source, record.id, record.call, record.cell, record.trunk_in) = (source, id, call, cell, trunk);
        record.caller = caller;
        record.callee = Some(RawParty::new(callee));
        (record.part, record.last, record.answered, record.cause) = (part, last, answered, cause);
        if more {
            record.end = Some(Timestamp::from_ms(start + 5));
            record.phase = Phase::Interim;
            record.roaming = Country::parse("TH");
            record.attestation = Attestation::B;
            record.verstat = Verstat::Failed;
            record.length = Some(70);
            (record.segment, record.dealer, record.registrant, record.range_holder) = (segment, dealer, registrant, holder);
            record.activated = activated.map(Timestamp::from_ms);
            record.m2m = m2m;
        }
        record
    }
}

proptest! {
    #[test]
    fn json_comes_back(record in record()) {
        let mut bytes = Vec::new();
        json::encode(&record, &mut bytes);
        prop_assert_eq!(json::decode_line(&bytes).unwrap(), record);
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&bytes).is_ok());
    }

    #[test]
    fn csv_comes_back(record in record()) {
        // A line end in a field is another line to a line-wise transport; the writer of files has none.
        prop_assume!(![&record.segment, &record.dealer, &record.registrant, &record.range_holder, &record.source, &record.id, &record.call, &record.cell, &record.trunk_in].into_iter().flatten().any(|text| text.contains('\n')));
        let mut bytes = Vec::new();
        csv::encode_header(&mut bytes);
        let mut lines = CsvLines::default();
        prop_assert_eq!(read(&mut lines, &bytes).unwrap(), None);
        bytes.clear();
        csv::encode(&record, &mut bytes);
        prop_assert_eq!(read(&mut lines, &bytes).unwrap(), Some(record));
    }

    /// Spacing, unknown fields, escapes and order change nothing: serde_json rewrites the line at random.
    #[test]
    fn any_json_of_the_same_values_is_the_same_record(record in record(), pretty: bool, extra in "[a-z\"\\\\{}]{0,6}") {
        let mut bytes = Vec::new();
        json::encode(&record, &mut bytes);
        let mut value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        value["zz_unknown"] = serde_json::json!({ "a": [1, { "b": extra.clone() }], "c": null });
        value["aa_unknown"] = serde_json::json!(extra);
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let escaped: String = text.chars().map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) }).collect();
        prop_assert_eq!(json::decode_line(escaped.as_bytes()).unwrap(), record.clone());
        let list = format!("[{text}, {escaped}]");
        let mut found = Vec::new();
        JsonMessages::default().decode(list.as_bytes(), |record| found.push(record.unwrap().clone())).unwrap();
        prop_assert_eq!(found, vec![record.clone(), record]);
    }

    /// An object goes the short way where it can, a list never does: whatever is changed in a message, both read the same, also
    /// behind messages whose names came in another order.
    #[test]
    fn the_short_way_reads_what_the_whole_parser_reads(
        records in prop::collection::vec((record(), any::<bool>()), 1..4),
        changes in prop::collection::vec((0_usize..400, prop::sample::select(br#" ",:{}[]\+-.019eEtfn"#.to_vec()), any::<bool>()), 0..4),
    ) {
        let mut messages = JsonMessages::default();
        for (record, pretty) in records {
            let mut bytes = Vec::new();
            json::encode(&record, &mut bytes);
            if pretty {
                let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
                bytes = serde_json::to_vec_pretty(&value).unwrap();
            }
            for (at, byte, is_inserted) in &changes {
                let at = at % bytes.len();
                if *is_inserted { bytes.insert(at, *byte) } else { bytes[at] = *byte }
            }
            let list = [b"[".as_slice(), &bytes, b"]"].concat();
            let (mut short, mut whole) = (Vec::new(), Vec::new());
            let read = messages.decode(&bytes, |read| short.push(read.cloned()));
            let read_as_list = JsonMessages::default().decode(&list, |read| whole.push(read.cloned()));
            // One that begins as a list, or is several values, is something else in a list.
            if bytes.trim_ascii_start().starts_with(b"[") || whole.len() > 1 {
                continue;
            }
            prop_assert_eq!(read.is_ok(), read_as_list.is_ok(), "{}", String::from_utf8_lossy(&bytes));
            prop_assert_eq!(short, whole, "{}", String::from_utf8_lossy(&bytes));
        }
    }

    /// A line is cut where it lies unless it has quotation marks: the columns are the same.
    #[test]
    fn columns_in_quotation_marks_are_the_same_columns(columns in prop::collection::vec("[a-z0-9 ;+ខ]{0,6}", 1..9)) {
        let plain = columns.join(",");
        let quoted: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
        let mut splitter = Splitter::new(b',', Some(b'"'));
        let whole: Vec<String> = splitter.split(quoted.join(",").as_bytes()).unwrap().iter().map(str::to_owned).collect();
        prop_assert_eq!(&whole, &columns);
        if !plain.is_empty() {
            let cut: Vec<String> = splitter.split(plain.as_bytes()).unwrap().iter().map(str::to_owned).collect();
            prop_assert_eq!(cut, whole);
        }
    }

    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = json::decode_line(&bytes);
        let mut lines = CsvLines::default();
        let _ = read(&mut lines, b"kind,start,direction,caller\n");
        let _ = read(&mut lines, &bytes);
    }
}

#[test]
fn every_bad_input_has_its_field_and_its_words() {
    let check = |line: &str, expected: &str| {
        let error = json::decode_line(line.as_bytes()).unwrap_err().to_string();
        assert_eq!(error, expected, "{line}");
        assert!(!error.contains("855123"), "an identifier in: {error}");
    };
    let times = "a time of RFC 3339 with a zone, or milliseconds since the epoch";
    check("{\"kind\":\"voice\"", "expected a JSON object, or a list of them, found broken JSON at line 1, column 15");
    check("{}", "field `kind`: expected `voice`, `sms`, `mobility`, `report` or `subscriber`, found nothing");
    check(
        r#"{"kind":"voise","start":1}"#,
        "field `kind`: expected one of `voice`, `sms`, `mobility`, `report`, `subscriber`, found a text of 5 characters",
    );
    check(r#"{"kind":"voice"}"#, &format!("field `start`: expected {times}, found nothing"));
    check(
        r#"{"kind":"voice","start":"2025-11-14T08:00:00"}"#,
        &format!("field `start`: expected {times}, found a time without a zone"),
    );
    check(
        r#"{"kind":"voice","start":1,"direction":"outgoing"}"#,
        "field `caller`: expected at least one of `caller` and `callee`, found nothing",
    );
    check(
        r#"{"kind":"voice","start":1,"direction":"outgoing","caller":"+85512345678","duration_s":-3}"#,
        "field `duration_s`: expected seconds from 0, found a number below zero",
    );
    check(
        r#"{"kind":"voice","start":1,"direction":"outgoing","caller":"8551234567890123456789012345678901234567"}"#,
        "field `caller`: expected a number or sender of at most 38 characters, found a text of 40 characters",
    );
    check(
        r#"{"kind":"voice","start":1,"direction":"outgoing","caller":85512345678}"#,
        "field `caller`: expected a text, found a whole number",
    );
    check(
        r#"{"kind":"voice","start":5,"end":4,"direction":"outgoing","caller":"+85512345678"}"#,
        "field `end`: expected a time from `start` on, found a time before `start`",
    );
    let error = json::decode_line(b"{\"kind\":\"voice\xff\"}").unwrap_err().to_string();
    assert_eq!(error, "expected UTF-8, found a byte that is no UTF-8 at 14");
}

/// A reference message says neither `kind` nor a time; a file of them has the same columns.
#[test]
fn a_reference_needs_no_kind() {
    let mut found = Vec::new();
    let line =
        br#"{"subscriber":"+85512345678","activated":"2026-01-02","segment":"prepaid","m2m":false,"dealer":"d7"}"#;
    JsonMessages::reference().decode(line, |record| found.push(record.unwrap().clone())).unwrap();
    assert_eq!((found[0].kind, found[0].m2m, found[0].dealer.as_deref()), (Kind::Subscriber, Some(false), Some("d7")));
    assert_eq!(found[0].activated, Some(Timestamp::from_ms(1_767_312_000_000)));
    let mut bytes = Vec::new();
    json::encode(&found[0], &mut bytes);
    assert_eq!(json::decode_line(&bytes).unwrap(), found[0]);
    let mut lines = CsvLines::reference();
    let header = b"subscriber,activated,segment,m2m,dealer,registrant,range_holder\n";
    assert_eq!(read(&mut lines, header).unwrap(), None);
    let record = read(&mut lines, b"+85512345678,2026-01-02,prepaid,false,d7,,\n").unwrap();
    assert_eq!(record.as_ref(), Some(&found[0]));
    let error = read(&mut lines, b"+85512345678,02.01.2026,,,,,\n").unwrap_err().to_string();
    assert!(error.starts_with("field `activated`: expected a time of RFC 3339"), "{error}");
    let error = read(&mut CsvLines::reference(), b"number,segment\n").unwrap_err().to_string();
    assert!(error.contains("a first line without `subscriber`"), "{error}");
}

#[test]
fn a_line_that_ends_in_the_middle_is_refused() {
    let mut lines = CsvLines::default();
    read(&mut lines, b"kind,start,direction,caller\n").unwrap();
    let error = |line: &[u8], lines: &mut CsvLines| read(lines, line).unwrap_err().to_string();
    assert_eq!(error(b"voice,1,outg", &mut lines), "expected 4 columns, as the header has, found 3 columns");
    assert_eq!(
        error(b"voice,1,outgoing,\"+855", &mut lines),
        "expected a closing quotation mark, found a quotation that is not closed"
    );
    assert!(read(&mut lines, b"voice,1,outgoing,+85512345678").unwrap().is_some(), "a last line needs no line end");
}
