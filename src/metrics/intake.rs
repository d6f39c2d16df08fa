//! Intake: feeds to the records log.

use super::spec::{Form, Metric, Spec, spec};

pub(super) const SPECS: &[Spec] = &[
    spec(
        Metric::IntakeRecordsRead,
        Form::Counter,
        "lancang_intake_records_read_total",
        &["feed"],
        "Records read from a feed. The fates below add up to it.",
    ),
    spec(
        Metric::IntakeRecords,
        Form::Counter,
        "lancang_intake_records_total",
        &["feed", "fate"],
        "Records by what became of them: framed, late, ignored (left out by the mapping), dead_letter.",
    ),
    spec(
        Metric::IntakeDeadLetters,
        Form::Counter,
        "lancang_intake_dead_letters_total",
        &["feed", "reason"],
        "Records and messages sent to the dead-letter topic, by reason.",
    ),
    spec(
        Metric::IntakeClock,
        Form::Gauge,
        "lancang_intake_clock_timestamp_seconds",
        &["feed", "partition"],
        "Event time that the clock of an input has reached.",
    ),
    spec(
        Metric::IntakeLastRecord,
        Form::Gauge,
        "lancang_intake_last_record_timestamp_seconds",
        &["source"],
        "Event time of the last record of a node. A silent switch never reads as peace.",
    ),
    spec(
        Metric::IntakeBlindness,
        Form::Gauge,
        "lancang_intake_blindness",
        &["feed", "pattern"],
        "How badly a pattern sees on a feed, by the records that intake looks at (a frame a second): 1 it is blind (a field or a kind of row that it needs is not there), 0.5 it sees less than it should, 0 it sees. `lancang feeds --config` says what is missing.",
    ),
    spec(
        Metric::IntakeSkippedFiles,
        Form::Counter,
        "lancang_intake_skipped_files_total",
        &["feed"],
        "File numbers of a switch that no file had when three later ones had come (`feeds.file_header`); the log names them.",
    ),
    spec(
        Metric::IntakeUnnumberedFiles,
        Form::Counter,
        "lancang_intake_unnumbered_files_total",
        &["feed", "reason"],
        "Files whose number is not looked at, each time that a message of one follows one of another: no-number (the name ends in none), too-many-switches (more than are remembered of an input).",
    ),
];
