//! `[topics]`: names, partitions, what is made.

use std::time::Duration;

use lancang_diagnostic::toml::Table;

use super::Topics;
use super::read::{duration_or, name_or};

pub(super) fn topics(root: &Table<'_, '_>) -> Topics {
    let default = Topics::default();
    let Some(table) = root.table("topics") else {
        return default;
    };
    let topics = Topics {
        partitions: table.integer("partitions", 1..=4096).map_or(default.partitions, |found| found.value as u32),
        replication: table.integer("replication", 1..=9).map_or(default.replication, |found| found.value as i32),
        create: table.boolean("create").is_some_and(|found| found.value),
        records: name_or(&table, "records", &default.records),
        partials: name_or(&table, "partials", &default.partials),
        incidents: name_or(&table, "incidents", &default.incidents),
        shadow: name_or(&table, "shadow", &default.shadow),
        evidence_retention: table
            .duration_ms("evidence_retention")
            .map(|found| Duration::from_millis(found.value.unsigned_abs())),
        shadow_retention: duration_or(&table, "shadow_retention", default.shadow_retention.as_millis() as u64),
        late: name_or(&table, "late", &default.late),
        dead_letter: name_or(&table, "dead_letter", &default.dead_letter),
        outbox: name_or(&table, "outbox", &default.outbox),
        warnings_outbox: name_or(&table, "warnings_outbox", &default.warnings_outbox),
        alerts: name_or(&table, "alerts", &default.alerts),
        keys: name_or(&table, "keys", &default.keys),
        feedback: name_or(&table, "feedback", &default.feedback),
        feedback_home: name_or(&table, "feedback_home", &default.feedback_home),
    };
    each_its_own(&table, &topics);
    table.finish();
    topics
}

/// No topic stands for two things: what is in shadow would be published, a log would be read as another.
fn each_its_own(table: &Table<'_, '_>, topics: &Topics) {
    let all = topics.named();
    for (index, (key, name)) in all.iter().enumerate() {
        if let Some((other, _)) = all[..index].iter().find(|(_, other)| other == name) {
            table.wrong(table.span(), key, format!("topic `{name}` is that of `{other}` too: expected one of its own"));
        }
    }
}

impl Default for Topics {
    fn default() -> Self {
        Self {
            partitions: 8,
            replication: -1,
            create: false,
            records: "lancang.records.v1".to_owned(),
            partials: "lancang.partials.v1".to_owned(),
            incidents: "lancang.incidents.v1".to_owned(),
            shadow: "lancang.shadow.v1".to_owned(),
            shadow_retention: Duration::from_secs(30 * 86_400),
            evidence_retention: None,
            late: "lancang.late.v1".to_owned(),
            dead_letter: "lancang.dead-letter.v1".to_owned(),
            outbox: "lancang.outbox.v1".to_owned(),
            warnings_outbox: "lancang.warnings-outbox.v1".to_owned(),
            alerts: crate::topics::exchange::ALERTS.to_owned(),
            keys: crate::topics::exchange::KEYS.to_owned(),
            feedback: crate::topics::exchange::FEEDBACK.to_owned(),
            feedback_home: "lancang.feedback-home.v1".to_owned(),
        }
    }
}
