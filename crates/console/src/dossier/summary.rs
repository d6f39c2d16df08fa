//! The summary of a dossier for people, on paper: one page of HTML in two languages, without a script, that loads nothing.
//!
//! - A number that is `impersonated`, or a victim's, in any alert that the desk may see stands in no list of suspects, whatever an alert
//!   of the case makes of it.
//! - Texts that no native reader has reviewed say so.
//! - Times are UTC, as they were signed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use lancang_alert::alert::Entity;
use lancang_alert::feedback::Said;
use lancang_alert::feedback::joint::Progress;
use lancang_alert::feedback::operation::{Outcome, Word};
use lancang_alert::words::Language;
use lancang_alert::{Alert, Feedback, Registry};
use lancang_record::Timestamp;

use super::Manifest;
use super::check::{KeyState, Messages, states};
use crate::audit::{Entry, Link};
use crate::paper::{Paper, code, document, escaped};
use crate::store::{InOperation, Subject, is_innocent};

/// Words of the audit log's actions.
const ACTIONS: [(&str, &str); 10] = [
    ("open", "open-value"),
    ("acknowledge", "do-acknowledge"),
    ("take", "do-take"),
    ("joint-operation", "do-joint"),
    ("refer", "do-refer"),
    ("verdict", "do-verdict"),
    ("comment", "do-comment"),
    ("request", "kind-request"),
    ("refused-request", "audit-refused-request"),
    ("dossier", "dossier"),
];

/// The page.
pub(super) fn html(
    manifest: &Manifest,
    found: &Messages,
    innocent: &BTreeSet<String>,
    custody: &[Link],
    registry: &Registry,
    languages: [Language; 2],
    made: Timestamp,
) -> String {
    let alerts: Vec<&Alert> = found.alerts.iter().map(|(_, alert)| alert).collect();
    let about = About {
        manifest,
        newest: newest(&alerts),
        innocent: innocent_of(&alerts).chain(innocent.iter().map(String::as_str)).collect(),
        revisions: alerts.len(),
        said: found.feedback.iter().map(|(_, said)| said).filter(|said| said.incident.is_some()).collect(),
        operations: operations(manifest, found),
        custody: custody.iter().filter_map(Link::read).collect(),
        keys: states(&found.keys, registry, made),
    };
    let pages = languages.map(|language| Page { paper: Paper::new(language), about: &about });
    let title = format!("{} {}", pages[0].paper.word("dossier"), escaped(&manifest.case_reference));
    document(&languages, &title, &pages.each_ref().map(Page::text).concat())
}

/// What the dossier has, for both languages.
struct About<'a> {
    manifest: &'a Manifest,
    /// Newest revision of each incident.
    newest: Vec<&'a Alert>,
    /// Tokens of whoever is a victim or impersonated anywhere.
    innocent: BTreeSet<&'a str>,
    revisions: usize,
    said: Vec<&'a Feedback>,
    operations: Vec<Operation<'a>>,
    custody: Vec<Entry>,
    keys: Vec<KeyState>,
}

/// A joint operation that the case is in, and what was said of it.
struct Operation<'a> {
    of: &'a InOperation,
    said: Vec<&'a Feedback>,
}

fn operations<'a>(manifest: &'a Manifest, found: &'a Messages) -> Vec<Operation<'a>> {
    let said = |id: &str| {
        let own = found.feedback.iter().filter(|(line, _)| found.operations.get(line).is_some_and(|of| of == id));
        own.map(|(_, said)| said).collect()
    };
    let operation = |of: &'a InOperation| Operation { of, said: said(&of.operation_id) };
    manifest.operations.iter().map(operation).collect()
}

/// Title of an operation, of the message that proposes it.
fn title(said: &Feedback) -> Option<String> {
    match said.said() {
        Ok((Said::Operation(proposed), _)) => Some(proposed.title),
        _ => None,
    }
}

fn newest<'a>(alerts: &[&'a Alert]) -> Vec<&'a Alert> {
    let mut newest: BTreeMap<(&str, String), &Alert> = BTreeMap::new();
    for alert in alerts.iter().copied() {
        let known = newest.entry((alert.incident_id.as_str(), alert.producer.uri())).or_insert(alert);
        if alert.revision >= known.revision {
            *known = alert;
        }
    }
    let mut newest: Vec<&Alert> = newest.into_values().collect();
    newest.sort_by(|one, other| one.first_event.cmp(&other.first_event));
    newest
}

fn innocent_of<'a>(alerts: &[&'a Alert]) -> impl Iterator<Item = &'a str> {
    let entities = alerts.iter().flat_map(|alert| &alert.entities);
    entities.filter(|entity| is_innocent(entity)).flat_map(Entity::tokens).map(String::as_str)
}

/// The dossier in one language.
struct Page<'a> {
    paper: Paper,
    about: &'a About<'a>,
}

impl Page<'_> {
    fn text(&self) -> String {
        let word = |key: &str| self.paper.word(key);
        let incidents: String = self.about.newest.iter().map(|alert| self.incident(alert)).collect();
        let parts = [
            ("dossier-suspects", self.entities(|entity| entity.role == "suspect" && !self.is_innocent(entity))),
            ("dossier-used", self.entities(|entity| entity.role == "used" && !self.is_innocent(entity))),
            ("dossier-innocent", self.entities(|entity| self.is_innocent(entity))),
            ("incidents", incidents),
            ("said", self.said()),
            ("operations", self.operations()),
            ("dossier-custody", self.custody()),
            ("dossier-keys", self.keys()),
        ];
        let mut text = format!("<p class=\"note\">{}</p>\n{}", word("dossier-no-proof"), self.facts());
        for (head, part) in parts {
            let _ = writeln!(text, "<h2>{}</h2>", word(head));
            if head == "dossier-innocent" {
                let _ = writeln!(text, "<p>{}</p>", word("impersonated-means"));
            }
            text.push_str(&part);
        }
        self.paper.section(&word("dossier"), &text)
    }

    fn facts(&self) -> String {
        let manifest = self.about.manifest;
        let writer = &manifest.writer;
        let kind = match &manifest.subject {
            Subject::Incident(_) => "page-incident",
            Subject::Campaign(_) => "campaign",
        };
        let by = format!(
            "{}, {}, {}",
            escaped(&manifest.person),
            escaped(&writer.organisation),
            self.paper.country(&writer.country)
        );
        let handling: BTreeSet<String> = self
            .about
            .newest
            .iter()
            .map(|alert| {
                let Alert { handling, .. } = alert;
                [Some(handling.tlp.as_str()), Some(handling.purpose.as_str()), handling.legal_basis.as_deref()]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join("; ")
            })
            .collect();
        let retain =
            self.about.newest.iter().map(|alert| alert.handling.retain_until.as_str()).min().unwrap_or_default();
        let mut rows = vec![
            (self.paper.word("audit-head-case"), escaped(&manifest.case_reference)),
            (self.paper.word(kind), code(manifest.subject.id())),
            (self.paper.word("dossier-made"), self.paper.time(&manifest.made)),
            (self.paper.word("dossier-made-by"), by),
            (self.paper.word("alerts"), self.paper.number(self.about.revisions as u64)),
            (
                self.paper.word("fact-handling"),
                handling.iter().map(|text| escaped(text)).collect::<Vec<_>>().join("<br>"),
            ),
            (self.paper.word("fact-retain"), self.paper.time(retain)),
        ];
        if manifest.left_out > 0 {
            rows.push((self.paper.word("dossier-left-out"), self.paper.number(manifest.left_out as u64)));
        }
        if manifest.unbelieved > 0 {
            rows.push((self.paper.word("dossier-unbelieved"), self.paper.number(manifest.unbelieved as u64)));
        }
        let rows: String = rows
            .iter()
            .map(|(name, value)| format!("<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>\n"))
            .collect();
        format!("<table>\n{rows}</table>\n")
    }

    fn is_innocent(&self, entity: &Entity) -> bool {
        is_innocent(entity) || entity.tokens().any(|token| self.about.innocent.contains(token.as_str()))
    }

    fn entities(&self, is_wanted: impl Fn(&Entity) -> bool) -> String {
        let mut found: BTreeMap<&str, (&Entity, usize)> = BTreeMap::new();
        for entity in self.about.newest.iter().flat_map(|alert| &alert.entities).filter(|entity| is_wanted(entity)) {
            found.entry(&entity.token).or_insert((entity, 0)).1 += 1;
        }
        let row = |(entity, alerts): &(&Entity, usize)| {
            let shown =
                entity.value.as_ref().or(entity.masked.as_ref()).or(entity.prefix.as_ref()).or(entity.tac.as_ref());
            vec![
                self.paper.of("entity", &entity.entity_type),
                shown.map_or_else(|| "–".to_owned(), |shown| code(shown)),
                entity.country.as_deref().map_or_else(|| "–".to_owned(), |country| self.paper.country(country)),
                entity.range_holder.as_deref().map_or_else(|| "–".to_owned(), escaped),
                code(&entity.token),
                self.paper.number(*alerts as u64),
            ]
        };
        let heads = [
            "entity-head-type",
            "entity-head-value",
            "entity-head-country",
            "entity-head-holder",
            "entity-head-token",
            "incidents",
        ];
        self.paper.table(&heads, found.values().map(row).collect())
    }

    fn incident(&self, alert: &Alert) -> String {
        let title = escaped(&self.paper.words.title(&alert.category, alert.rule.as_deref()));
        let mut text = format!("<h3>{title} {}</h3>\n", code(&alert.incident_id));
        let status = if alert.status == "actual" {
            String::new()
        } else {
            format!(" · {}", self.paper.of("status", &alert.status))
        };
        let place = alert.place.as_ref().map(|place| {
            let admin1 = place.admin1.as_deref().map(|name| format!("{}, ", escaped(name))).unwrap_or_default();
            format!(" · {admin1}{}", self.paper.country(&place.country))
        });
        let _ = writeln!(
            text,
            "<p>{}, {} · {} · {} · {} – {}{}{status}</p>",
            self.paper.country(&alert.producer.country),
            escaped(&alert.producer.uri()),
            self.paper.of("severity", &alert.severity.to_string()),
            self.paper.of("message", &alert.message),
            self.paper.time(&alert.first_event),
            self.paper.time(&alert.last_event),
            place.unwrap_or_default(),
        );
        let reasons: String =
            self.paper.words.reasons(alert).map(|reason| format!("<li>{}</li>\n", escaped(&reason))).collect();
        let _ = write!(text, "<ul>\n{reasons}</ul>\n");
        for victims in &alert.victims {
            let _ = writeln!(
                text,
                "<p>{}: {} {}</p>",
                self.paper.word("label-victims"),
                self.paper.country(&victims.country),
                self.paper.number(victims.count)
            );
        }
        text
    }

    fn said(&self) -> String {
        let row = |said: &Feedback| {
            let who = format!("{}, {}", self.paper.country(&said.writer.country), escaped(&said.writer.organisation));
            let about = said.incident.as_ref().map(|about| about.incident_id.as_str()).unwrap_or_default();
            vec![
                self.paper.time(&said.published),
                who,
                escaped(said.person.as_deref().unwrap_or("–")),
                self.sentence(said),
                code(about.get(..12).unwrap_or(about)),
            ]
        };
        let heads = ["audit-head-at", "said-head-country", "user-name", "said", "page-incident"];
        self.paper.table(&heads, self.about.said.iter().copied().map(row).collect())
    }

    fn sentence(&self, said: &Feedback) -> String {
        let kind = self.paper.of("kind", &said.kind);
        let detail = match said.kind.as_str() {
            "status" => said.status.as_ref().map(|stage| self.paper.of("stage", stage)),
            "verdict" => said.verdict.as_ref().map(|verdict| self.paper.of("verdict", &verdict.verdict_id.to_string())),
            "comment" => said.comment.as_ref().map(|comment| escaped(&comment.text)),
            "request" => said.request.as_ref().map(|request| {
                let measure = self.paper.of("measure", &request.action);
                let (case, by) = (escaped(&request.case_reference), escaped(&request.requester));
                format!("{measure}, {case}, {by}, {}", self.paper.time(&request.until))
            }),
            "receipt" => said.receipt.as_ref().map(|receipt| {
                let reason =
                    receipt.reason.as_deref().map(|reason| format!(", {}", escaped(reason))).unwrap_or_default();
                format!("{}{reason}", self.paper.of("outcome", &receipt.outcome))
            }),
            "cancel" => said.cancel.as_ref().map(|cancel| escaped(&cancel.reason)),
            _ => None,
        };
        detail.map_or_else(|| kind.clone(), |detail| format!("{kind}: {detail}"))
    }

    /// Joint operations: of each its title, and who said what of it when.
    fn operations(&self) -> String {
        if self.about.operations.is_empty() {
            return format!("<p>{}</p>\n", self.paper.word("operations-not"));
        }
        let mut text = String::new();
        for Operation { of, said } in &self.about.operations {
            let title = said.iter().find_map(|said| title(said)).map(|title| escaped(&title));
            let shown = of.operation_id.get(..12).unwrap_or(&of.operation_id);
            let _ = writeln!(text, "<h3>{} {}</h3>", title.unwrap_or_default(), code(shown));
            let missing = [
                ("operation-left-out", of.left_out),
                ("operation-left-unheard", of.unheard),
                ("operation-unbelieved", of.unbelieved),
                ("operation-no-room", of.no_room),
            ];
            for (key, count) in missing.iter().filter(|(_, count)| *count > 0) {
                let _ = writeln!(text, "<p>{}</p>", self.paper.counted(key, *count));
            }
            let row = |said: &&Feedback| {
                let writer = &said.writer;
                vec![
                    self.paper.time(&said.published),
                    format!("{}, {}", self.paper.country(&writer.country), escaped(&writer.organisation)),
                    escaped(said.person.as_deref().unwrap_or("–")),
                    self.word_of_operation(said),
                ]
            };
            let heads = ["audit-head-at", "said-head-country", "user-name", "said"];
            text.push_str(&self.paper.table(&heads, said.iter().map(row).collect()));
        }
        text
    }

    fn word_of_operation(&self, said: &Feedback) -> String {
        let kind = self.paper.of("kind", &said.kind);
        let Ok((Said::OfOperation { word, .. }, _)) = said.said() else { return kind };
        let detail = match *word {
            Word::Answer(reply, reason) => {
                let reason = reason.map(|reason| format!(", {}", escaped(&reason))).unwrap_or_default();
                format!("{}{reason}", self.paper.of("operation-answer", reply.as_str()))
            }
            Word::Addition(_) => return kind,
            Word::Running => self.paper.of("operation-stage", Progress::Running.as_str()),
            Word::Closed(Outcome { outcome, suspects, sites }) => {
                let count = |name: &str, count: Option<u32>| {
                    let told = |count| format!(", {}: {}", self.paper.word(name), self.paper.number(u64::from(count)));
                    count.map(told).unwrap_or_default()
                };
                let counts = [count("operation-suspects", suspects), count("operation-sites", sites)].concat();
                let stage = self.paper.of("operation-stage", Progress::Closed.as_str());
                format!("{stage}, {}{counts}", self.paper.of("operation-outcome", &outcome))
            }
        };
        format!("{kind}: {detail}")
    }

    fn custody(&self) -> String {
        let row = |entry: &Entry| {
            let action = ACTIONS.iter().find(|(name, _)| *name == entry.action).map(|(_, key)| self.paper.word(key));
            let detail = entry.detail.as_deref().map(|detail| format!(" {}", code(detail))).unwrap_or_default();
            vec![
                self.paper.number(entry.seq),
                self.paper.time(&entry.at),
                format!("{} {}", escaped(&entry.user), escaped(entry.country.as_deref().unwrap_or_default())),
                format!("{}{detail}", action.unwrap_or_else(|| escaped(&entry.action))),
                escaped(entry.case_reference.as_deref().unwrap_or("–")),
                self.paper.of("outcome", &entry.outcome),
            ]
        };
        let heads = ["number", "at", "user", "action", "case", "outcome"].map(|name| format!("audit-head-{name}"));
        let heads = heads.each_ref().map(String::as_str);
        self.paper.table(&heads, self.about.custody.iter().map(row).collect())
    }

    fn keys(&self) -> String {
        let row = |key: &KeyState| {
            let revoked = key.revoked_at.as_deref().map(|at| format!(" {}", self.paper.time(at))).unwrap_or_default();
            let reason = key.reason.as_deref().map(|reason| format!(", {}", escaped(reason))).unwrap_or_default();
            vec![
                code(&key.key_id),
                escaped(&key.holder),
                format!("{} – {}", self.paper.time(&key.valid_from), self.paper.time(&key.valid_until)),
                format!("{}{revoked}{reason}", self.paper.of("key-state", key.state)),
                self.paper.number(key.signed),
            ]
        };
        let heads = ["signing-key", "dossier-holder", "dossier-valid", "filter-state", "dossier-signed"];
        self.paper.table(&heads, self.about.keys.iter().map(row).collect())
    }
}
