//! Every record has one fate, bad input costs nothing else, files in step give one log.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

use std::io::Write as _;
use std::sync::{Arc, LazyLock};

use lancang_intake::feed::{FeedSettings, Format, Input, IntakeOutputs};
use lancang_intake::files::{FileInput, FilesInStep};
use lancang_intake::{Cells, Network, Trunks};
use lancang_numbering::{NumberPlans, PrefixSet};
use lancang_record::log::{Class, Entry, FrameWriter, InputState};
use lancang_record::{Country, Position, Timestamp};
use proptest::prelude::*;

static NETWORK: LazyLock<Network> = LazyLock::new(|| Network {
    plans: NumberPlans::built_in(),
    own: PrefixSet::new(["+85512"]),
    trunks: Trunks::read("trunk,international,country\nint-*,true,\nint-local,false,KH\n").unwrap(),
    cells: Arc::default(),
});

fn feed(format: Format) -> FeedSettings {
    FeedSettings {
        name: "voice".to_owned(),
        class: Class::Stream,
        format,
        home: Country::parse("KH").unwrap(),
        content: false,
        lateness_ms: 60_000,
        mobility: false,
        reference: false,
        mapping: None,
        has_header: true,
        bad_share_max: 1.0,
    }
}

fn line(caller: &str, start: i64) -> String {
    format!(
        r#"{{"kind":"voice","source":"msc1","id":"c{start}","start":{start},"direction":"outgoing","caller":"{caller}","callee":"023990100","duration_s":1,"trunk_in":"int-vnm-01","imei":"356938035643809"}}"#
    )
}

const T: i64 = 1_763_110_931_000;

fn accept(input: &mut Input, text: &[u8], timestamp: Option<i64>) -> IntakeOutputs {
    let mut out = IntakeOutputs::default();
    input.accept(&"t/0/5", text, timestamp.map(Timestamp::from_ms), &NETWORK, &mut out).unwrap();
    out
}

#[test]
fn a_record_travels_normalised() {
    let mut input = Input::new("voice/0", feed(Format::Json), 4);
    let mut out = accept(&mut input, line("012345678", T).as_bytes(), Some(T + 5000));
    input.flush(&mut out);
    let Ok(Entry::Frame(mut frame)) = Entry::decode(&out.entries[0].1) else { panic!("a frame") };
    let record = frame.next().unwrap().unwrap();
    assert_eq!(record.caller.unwrap().to_string(), "+85512345678");
    assert!(record.caller_plan.own && !record.callee_plan.own && record.trunk_in_international);
    assert_eq!(record.imei.unwrap().to_string(), "35693803564380");
    assert_eq!(record.event.as_ms(), T + 1000);
    let expected = lancang_record::log::partition_of(b"+85512345678", 4);
    assert_eq!(out.entries[0].0, expected);
}

#[test]
fn late_future_and_broken_records_have_their_fates() {
    let mut input = Input::new("voice/0", feed(Format::Json), 1);
    accept(&mut input, line("012345678", T).as_bytes(), Some(T + 9000));
    let late = accept(&mut input, line("012345678", T - 61_000).as_bytes(), Some(T + 9000));
    assert_eq!(late.late[0].behind_ms, 1000);
    let future = accept(&mut input, line("012345678", T + 400_000_000).as_bytes(), Some(T + 9000));
    assert_eq!((future.dead[0].reason, input.clock().now().as_ms()), ("future", T + 1000 - 60_000));
    let long = accept(&mut input, line("8551234567890123456789", T).as_bytes(), Some(T + 9000));
    assert_eq!(
        long.dead[0].error,
        "field `caller`: expected a number that can be dialled, found a number of 22 digits, expected at most 18"
    );
    let text = br#"{"kind":"sms","start":1763110931000,"direction":"incoming","caller":"X","callee":"012345678","text":"secret words"}"#;
    let refused = accept(&mut input, text, None);
    assert_eq!(refused.dead[0].reason, "refused");
    assert!(!String::from_utf8_lossy(&refused.dead[0].bytes).contains("secret"), "the text goes nowhere");
    let huge = accept(&mut input, &vec![b'x'; 20 << 20], None);
    assert!(huge.dead[0].bytes.len() < 300_000 && huge.dead[0].error.contains("20971520 bytes"));
    let fates = input.fates();
    assert_eq!((fates.read, fates.framed, fates.late, fates.dead()), (6, 1, 1, 4));
    assert!(fates.add_up());
}

#[test]
fn an_unknown_frame_version_and_a_cut_frame_are_dead_letters() {
    let mut writer = FrameWriter::new(lancang_record::log::FrameHeader {
        class: Class::Stream,
        input: lancang_record::log::InputId(1),
    });
    let mut record = lancang_record::Record::new(lancang_record::Kind::Sms, Timestamp::from_ms(T));
    record.callee = Some(lancang_record::Party::Text("1188"));
    writer.push(&record);
    let whole = writer.finish();
    let mut input = Input::new("frames/0", feed(Format::Frame), 1);
    let mut other = whole.clone();
    other[3] = 9;
    assert!(accept(&mut input, &other, None).dead[0].error.contains("version 9 is unknown"));
    assert_eq!(accept(&mut input, &whole[..whole.len() - 3], None).dead[0].reason, "frame");
    assert!(accept(&mut input, &whole, None).dead.is_empty());
    assert!(input.fates().add_up());
}

#[test]
fn a_feed_that_is_mostly_bad_stops_the_run_with_words() {
    let mut input = Input::new("voice/0", FeedSettings { bad_share_max: 0.5, ..feed(Format::Json) }, 1);
    let mut out = IntakeOutputs::default();
    let broken = (0..200).find_map(|_| input.accept(&"t/0/1", b"{", None, &NETWORK, &mut out).err()).unwrap();
    assert_eq!(broken.sample, 100);
    assert!(broken.to_string().contains("feed `voice`: 100 of its last 100 records could not be read"), "{broken}");
}

type Entries = Vec<(u32, Vec<u8>)>;

fn run(files: Vec<(&str, Vec<u8>, Format)>) -> (Entries, u64) {
    let mut all = FilesInStep::default();
    for (name, bytes, format) in files {
        all.add(FileInput::open(name, std::io::Cursor::new(bytes), feed(format), 2).unwrap());
    }
    let mut out = IntakeOutputs::default();
    while all.step(&NETWORK, &mut out).unwrap() {}
    assert!(all.files().iter().all(|file| file.input().fates().add_up()));
    (out.entries, all.files().iter().map(|file| file.input().fates().framed).sum())
}

#[test]
fn compressed_files_are_the_same_log_and_end_with_their_mark() {
    let text: String = (0..1500).map(|n| line("012345678", T + n * 500) + "\n").collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let (plain, framed) = run(vec![("day", text.clone().into_bytes(), Format::Json)]);
    assert_eq!(framed, 1500);
    assert_eq!(run(vec![("day", gzip.finish().unwrap(), Format::Json)]).0, plain);
    assert_eq!(run(vec![("day", zstd::encode_all(text.as_bytes(), 1).unwrap(), Format::Json)]).0, plain);
    let Ok(Entry::Marks(mut marks)) = Entry::decode(&plain.last().unwrap().1) else { panic!("a mark") };
    assert_eq!(marks.next().unwrap().state, InputState::Ended);
}

#[test]
fn a_last_line_without_an_end_counts_and_half_a_line_does_not() {
    let whole = format!("{}\n{}", line("012345678", T), line("012345678", T + 1));
    assert_eq!(run(vec![("day", whole.clone().into_bytes(), Format::Json)]).1, 2);
    assert_eq!(run(vec![("day", whole.as_bytes()[..whole.len() - 9].to_vec(), Format::Json)]).1, 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn fates_add_up_on_any_mix(
        messages in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            (0_i64..400_000_000).prop_map(|ms| line("012345678", T + ms).into_bytes()),
            "[0-9a-z+]{0,44}".prop_map(|caller| format!("[{},{}]", line(&caller, T), line("+66812345678", T)).into_bytes()),
        ], 0..60),
        format in prop_oneof![Just(Format::Json), Just(Format::Csv), Just(Format::Frame)],
        stamped: bool,
    ) {
        let mut input = Input::new("x", feed(format), 3);
        let mut out = IntakeOutputs::default();
        for message in &messages {
            let timestamp = stamped.then(|| Timestamp::from_ms(T + 200_000_000));
            input.accept(&"x", message, timestamp, &NETWORK, &mut out).unwrap();
            prop_assert!(input.fates().add_up());
        }
        input.flush(&mut out);
        let mut travelled = 0;
        for (_, entry) in &out.entries {
            let Ok(Entry::Frame(frame)) = Entry::decode(entry) else { continue };
            travelled += frame.filter(Result::is_ok).count() as u64;
        }
        prop_assert_eq!(travelled, input.fates().framed);
        prop_assert_eq!((out.dead.len() as u64, out.late.len() as u64), (input.fates().dead(), input.fates().late));
    }
}

/// Each late record of a frame used to be kept as the whole frame: a megabyte of them as forty gigabytes.
#[test]
fn a_late_record_of_a_frame_is_kept_alone() {
    let mut made = Input::new("voice/0", feed(Format::Json), 1);
    let mut out = IntakeOutputs::default();
    for index in 0..50 {
        let text = line("012345678", T + index);
        made.accept(&"t/0/5", text.as_bytes(), Some(Timestamp::from_ms(T + 9000)), &NETWORK, &mut out).unwrap();
    }
    made.flush(&mut out);
    let whole = out.entries.iter().map(|(_, entry)| entry.clone()).max_by_key(Vec::len).unwrap();

    let mut input = Input::new("frames/0", feed(Format::Frame), 1);
    let mut ahead = IntakeOutputs::default();
    let later = line("012345678", T + 600_000);
    let mut other = Input::new("voice/0", feed(Format::Json), 1);
    other.accept(&"t/0/5", later.as_bytes(), Some(Timestamp::from_ms(T + 600_000)), &NETWORK, &mut ahead).unwrap();
    other.flush(&mut ahead);
    for (_, entry) in ahead.entries {
        accept(&mut input, &entry, Some(T + 601_000));
    }
    let late = accept(&mut input, &whole, Some(T + 601_000)).late;
    assert_eq!(late.len(), 50);
    for one in late {
        assert!(one.bytes.len() < whole.len() / 10, "{} of {}", one.bytes.len(), whole.len());
        let Ok(Entry::Frame(frame)) = Entry::decode(&one.bytes) else { panic!("a frame") };
        assert_eq!(frame.filter(Result::is_ok).count(), 1);
    }
}

/// The reference of subscribers: no kind, no time, no clock, no mark; anything else is refused.
#[test]
fn a_reference_has_no_clock_and_no_mark() {
    let settings = FeedSettings { reference: true, ..feed(Format::Json) };
    let mut input = Input::new("subscribers/0", settings.clone(), 2);
    let mut out = IntakeOutputs::default();
    input.mark(&mut out);
    let lines = [
        r#"{"subscriber":"012345678","activated":"2026-01-02","segment":"prepaid","m2m":true,"dealer":"d1"}"#,
        r#"{"kind":"voice","start":1760000000000,"direction":"outgoing","caller":"012345678"}"#,
        r#"{"subscriber":"012345678","segment":"a segment of far too many bytes"}"#,
        r#"{"segment":"prepaid"}"#,
    ];
    for (index, line) in lines.iter().enumerate() {
        let timestamp = Some(Timestamp::from_ms(1_760_000_000_000));
        input.accept(&format!("subscribers/0@{index}"), line.as_bytes(), timestamp, &NETWORK, &mut out).unwrap();
    }
    input.flush(&mut out);
    assert_eq!((input.fates().framed, input.fates().dead(), input.clock().now()), (1, 3, Timestamp::MIN));
    let errors: Vec<&str> = out.dead.iter().map(|letter| letter.error.as_str()).collect();
    assert!(errors[0].contains("`subscriber`: this feed is a reference"), "{errors:?}");
    assert!(errors[1].contains("field `segment`: expected at most 23 bytes"), "{errors:?}");
    assert!(errors[2].contains("field `subscriber`"), "{errors:?}");
    let [(_, entry)] = &out.entries[..] else { panic!("one frame and no mark") };
    let Ok(Entry::Frame(frame)) = Entry::decode(entry) else { panic!("a frame") };
    let records: Vec<_> = frame.map(Result::unwrap).collect();
    assert_eq!(records[0].served().map(|served| served.to_string()).as_deref(), Some("+85512345678"));
    assert_eq!((records[0].segment, records[0].dealer, records[0].m2m), ("prepaid", "d1", Some(true)));
    assert_eq!(records[0].activated, Some(Timestamp::from_ms(1_767_312_000_000)));
    // The same as a file, read before all others.
    let csv = "subscriber,activated,segment,m2m,dealer,registrant,range_holder\n012345678,,prepaid,,,,\n";
    let voice = format!("{}\n", lines[1]).repeat(200);
    let mut files = FilesInStep::default();
    files.add(FileInput::open("voice", std::io::Cursor::new(voice), feed(Format::Json), 1).unwrap());
    let reference = FeedSettings { format: Format::Csv, ..settings };
    files.add(FileInput::open("subscribers.csv", std::io::Cursor::new(csv), reference, 1).unwrap());
    let mut out = IntakeOutputs::default();
    while files.step(&NETWORK, &mut out).unwrap() {}
    let first = out.entries.iter().find_map(|(_, entry)| match Entry::decode(entry) {
        Ok(Entry::Frame(mut frame)) => frame.next().map(|record| record.unwrap().segment.to_owned()),
        _ => None,
    });
    assert_eq!(first.as_deref(), Some("prepaid"));
}

/// The cell table's columns travel with the records of its cells.
#[test]
fn cells_stand_where_the_table_says() {
    let cells =
        Cells::read("cell,latitude,longitude,country,admin1,border\n456-1,13.6,102.55,KH,Poipet,true\n").unwrap();
    let network = Network {
        plans: NumberPlans::built_in(),
        own: PrefixSet::new(["+85512"]),
        trunks: Trunks::default(),
        cells: Arc::new(cells),
    };
    let mut input = Input::new("voice/0", feed(Format::Json), 1);
    let mut out = IntakeOutputs::default();
    for cell in ["456-1", "456-2"] {
        let line = format!(
            r#"{{"kind":"mobility","time":1760000000000,"subscriber":"012345678","imsi":"456060000000001","cell":"{cell}"}}"#
        );
        input.accept(&"voice/0@0", line.as_bytes(), None, &network, &mut out).unwrap();
    }
    input.flush(&mut out);
    let Ok(Entry::Frame(frame)) = Entry::decode(&out.entries[0].1) else { panic!("a frame") };
    let records: Vec<_> = frame.map(Result::unwrap).collect();
    assert_eq!(records[0].position, Position::new(136_000, 1_025_500));
    assert_eq!((records[0].cell_admin1, records[0].cell_border), ("Poipet", true));
    assert_eq!((records[1].cell, records[1].position, records[1].cell_admin1), ("456-2", None, ""));
}
