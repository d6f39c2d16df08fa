//! Home incident lines as CSV (RFC 4180), with clear identifiers: for the carrier's own desk, never for others.
//!
//! Cells are made harmless as those of alerts are ([`super::csv::Table`]): a number has an apostrophe before its `+`.

use super::number;
use crate::incident::{Incident, Named, Reason};

/// Columns.
#[rustfmt::skip]
pub const COLUMNS: [&str; 21] = [
    "incident_id", "revision", "message", "family", "patterns", "rule", "class", "home", "severity", "score",
    "first_event", "last_event", "window_s", "entity_type", "role", "value", "related", "victims", "reasons", "evidence",
    "line",
];

/// A line with its partition and offset, a cell for each of [`COLUMNS`].
#[must_use]
pub fn cells(incident: &Incident, (partition, offset): (i32, i64)) -> [String; 21] {
    let Named { entity_type, role, value } = incident.primary();
    let related = incident.related.iter().map(|other| format!("{} {} {}", other.role, other.entity_type, other.value));
    [
        incident.incident_id.clone(),
        incident.revision.to_string(),
        incident.message.as_str().to_owned(),
        incident.family.clone(),
        incident.patterns.join("; "),
        incident.rule.clone().unwrap_or_default(),
        incident.class.clone(),
        incident.home.clone(),
        incident.severity.to_string(),
        incident.score.to_string(),
        incident.first_event.clone(),
        incident.last_event.clone(),
        incident.window_s.to_string(),
        entity_type.to_owned(),
        role.to_owned(),
        value.to_owned(),
        related.collect::<Vec<_>>().join("; "),
        incident.victims.to_string(),
        incident.reasons.iter().map(reason).collect::<Vec<_>>().join("; "),
        incident.evidence.join("; "),
        format!("{partition}@{offset}"),
    ]
}

/// A reason as text: `sim-box-burst calls 63 (limit 20)`.
#[must_use]
pub fn reason(reason: &Reason) -> String {
    let Reason { pattern, code, value, threshold } = reason;
    format!("{pattern} {code} {} (limit {})", number(*value), number(*threshold))
}

#[cfg(test)]
mod tests {
    use super::super::csv::Table;
    use super::*;
    use crate::incident::tests::LINE;

    #[test]
    fn a_line_has_who_it_names_in_clear_and_no_cell_that_is_a_formula() {
        let mut out = Vec::new();
        let mut table = Table::new(&mut out, &COLUMNS).unwrap();
        table.line(cells(&Incident::read(LINE.as_bytes()).unwrap(), (2, 17))).unwrap();
        let sender = LINE.replace("+85512345678", "=HYPERLINK(\\\"x\\\",1)");
        table.line(cells(&Incident::read(sender.as_bytes()).unwrap(), (0, 3))).unwrap();
        table.finish().unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.split_terminator("\r\n").collect();
        assert_eq!(lines[0], COLUMNS.join(","));
        assert_eq!(
            lines[1],
            "90c9e987e5c8fd9377ece4cb8fde6dae,0,open,sim-box,sim-box-burst@1,,stream,KH,4,87,2025-11-14T09:02:11.000Z,\
             2025-11-14T09:31:48.500Z,86400,caller,suspect,'+85512345678,used device 35693803564380; used sim 456010123456789; \
             used cell 456-01-17-3,12,sim-box-burst calls 63 (limit 20),msc3/c0000001,2@17"
        );
        assert!(lines[2].contains(r#",caller,suspect,"'=HYPERLINK(""x"",1)","#), "{}", lines[2]);
    }
}
