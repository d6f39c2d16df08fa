//! `console`: where agencies look at what is shared.

use super::spec::{Form, Metric, Spec, spec};

pub(super) const SPECS: &[Spec] = &[
    spec(
        Metric::ConsoleMessages,
        Form::Counter,
        "lancang_console_messages_total",
        &["topic", "outcome"],
        "Messages that the console has read, by its short name of the topic and what became of them: taken, repeat, refused; at a carrier's desk other-carrier, an alert of another operator in the same outbox.",
    ),
    spec(
        Metric::ConsoleLag,
        Form::Gauge,
        "lancang_console_lag_messages",
        &["topic"],
        "Messages of its topics that the console has not read yet.",
    ),
    spec(
        Metric::ConsoleDelay,
        Form::Histogram(&[0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 600.0]),
        "lancang_console_delay_seconds",
        &[],
        "From the brokers' time of an alert until it is in the console's database, once the console has caught up.",
    ),
    spec(
        Metric::ConsoleIncidents,
        Form::Gauge,
        "lancang_console_incidents",
        &[],
        "Incidents in the console's database.",
    ),
    spec(
        Metric::ConsoleLetGo,
        Form::Counter,
        "lancang_console_let_go_total",
        &["reason"],
        "Incidents and campaigns that the console let go of: retained (their producer said until when), surplus (more than `console.incidents_max`), campaigns; statements about incidents that are not there; unjoined, alerts that are too many to be joined into campaigns; home, incidents of the home topic that are too many for a desk's list; and home-deleted, those of which that topic's retention deleted all lines.",
    ),
    spec(
        Metric::ConsoleRequests,
        Form::Counter,
        "lancang_console_requests_total",
        &["route", "status"],
        "Requests to the console by route and class of their status (2xx, 3xx, 4xx, 5xx).",
    ),
    spec(
        Metric::ConsoleRequestSeconds,
        Form::Histogram(&[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0]),
        "lancang_console_request_seconds",
        &["route"],
        "Time until a request to the console is answered; of an event stream until it begins.",
    ),
    spec(
        Metric::ConsoleSignIns,
        Form::Counter,
        "lancang_console_sign_ins_total",
        &["outcome"],
        "Tries to sign in: done, refused, too-many; with an OpenID Connect provider begun, provider-away (it gave no answer), and pushed-out (at the provider, and forgotten here because too many were begun from its network, or in all).",
    ),
    spec(Metric::ConsoleSessions, Form::Gauge, "lancang_console_sessions", &[], "Sessions of the console."),
    spec(
        Metric::ConsoleActs,
        Form::Counter,
        "lancang_console_acts_total",
        &["action", "outcome"],
        "What users of the console did: said to everybody, opened or exported for a case; done, failed, refused, too-many (more of one user than may have lines in the audit log).",
    ),
    spec(Metric::ConsoleStreams, Form::Gauge, "lancang_console_streams", &[], "Pages that listen to what happens."),
    spec(
        Metric::ConsoleStreamsRefused,
        Form::Counter,
        "lancang_console_streams_refused_total",
        &[],
        "Pages that wanted to listen while 256 others did, or eight of the same user.",
    ),
    spec(
        Metric::ConsoleKeptWaiting,
        Form::Counter,
        "lancang_console_kept_waiting_total",
        &["reason"],
        "Requests that were told to come again after ten seconds: by what their user asked before (user), or since all connections to the database were at work (database).",
    ),
    spec(
        Metric::ConsoleConnectionsRefused,
        Form::Counter,
        "lancang_console_connections_refused_total",
        &[],
        "Connections that were cut off because their network had 64 already.",
    ),
    spec(
        Metric::ConsoleAuditEntries,
        Form::Gauge,
        "lancang_console_audit_entries",
        &[],
        "Entries of the console's audit log.",
    ),
];
