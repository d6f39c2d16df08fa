//! The process and its stages.

use super::spec::{Form, Metric, Spec, spec};

pub(super) const SPECS: &[Spec] = &[
    spec(Metric::Ready, Form::Gauge, "lancang_ready", &["stage"], "1 while a stage does its work."),
    spec(
        Metric::StageRestarts,
        Form::Counter,
        "lancang_stage_restarts_total",
        &["stage"],
        "Starts of a stage anew after a failure that passes, from what is committed.",
    ),
    spec(
        Metric::StageFull,
        Form::Seconds,
        "lancang_stage_full_seconds_total",
        &["stage"],
        "Time in which a stage read nothing further: what it had made waited to be committed, or what it must know first (the relay its outbox) was still read.",
    ),
    spec(
        Metric::CertificateUntil,
        Form::Gauge,
        "lancang_certificate_valid_until_timestamp_seconds",
        &["shown_to"],
        "Until when the certificate counts that this process shows to brokers (home, exchange) or to browsers (web), as it was read (at the start; a console reads its own anew at SIGHUP); with those between it and its authority the first that ends. Seconds since the Unix epoch.",
    ),
    spec(Metric::Build, Form::Gauge, "lancang_build_info", &["version"], "1, with the version of the program."),
];
