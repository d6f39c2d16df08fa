//! AsyncAPI 3 document of all topics: `docs/asyncapi.json`, for those who read alerts or a carrier's own topics.

use serde_json::{Map, Value, json};

use crate::config::Topics;

/// A topic: key in `[topics]`, or its name in the plan of the exchange; server, what is in it, its message.
struct Topic {
    key: &'static str,
    server: &'static str,
    description: &'static str,
    message: &'static str,
}

/// A topic of the exchange that has no key in `[topics]`: there is one for each country, or nothing of lancang names it.
struct Further {
    key: &'static str,
    address: &'static str,
    /// Of the address: name and what stands for it.
    parameter: Option<(&'static str, &'static str)>,
    description: &'static str,
    message: &'static str,
}

#[rustfmt::skip]
const TOPICS: &[Topic] = &[
    Topic { key: "records", server: "home", description: "Frames of canonical records by served subscriber, with clock marks and control records; version 2 of a layout of lancang's own.", message: "frame" },
    Topic { key: "partials", server: "home", description: "Partial panes of entities that several partitions contribute to.", message: "frame" },
    Topic { key: "incidents", server: "home", description: "Incidents with clear identifiers, for the carrier's own fraud desk. Key: incident id.", message: "incident" },
    Topic { key: "shadow", server: "home", description: "Incidents of patterns in shadow; nothing shares them. Key: incident id.", message: "incident" },
    Topic { key: "late", server: "home", description: "Records behind their input's clock, as they came.", message: "original" },
    Topic { key: "dead_letter", server: "home", description: "What could not be read, as it came; headers say where it came from and why.", message: "original" },
    Topic { key: "outbox", server: "home", description: "Alerts on their way to the exchange, byte for byte as they arrive there, but for the header home-salt, which stays at home.", message: "alert" },
    Topic { key: "warnings_outbox", server: "home", description: "Warnings of victims on their way to their carriers, byte for byte as they arrive there.", message: "warning" },
    Topic { key: "alerts", server: "exchange", description: "Shared alerts of all countries. Key: incident id. One message per revision; a repeat has the same bytes and the same ce_id.", message: "alert" },
    Topic { key: "keys", server: "exchange", description: "The key registry, compacted: whose a key is and for how long, by the word of a root key. Key: key id; of a revocation, key id and /revoked.", message: "key" },
    Topic { key: "feedback", server: "exchange", description: "What agencies and desks say of alerts, ask of their producers, and what these answer; signed. Key: incident id; of a suppression and its receipts, the suppression's id; of what is said of a joint operation, the message's own. A repeat has the same bytes and the same ce_id.", message: "feedback" },
    Topic { key: "feedback_home", server: "home", description: "Feedback that concerns the carrier, brought home byte for byte; at least once: a repeat has the same ce_id.", message: "feedback" },
];

#[rustfmt::skip]
const FURTHER: &[Further] = &[
    Further { key: "evidence", address: "lancang.evidence.{country}.v1", parameter: Some(("country", "Who alone may read it: ISO 3166-1 alpha-2, in small letters.")), description: "Records behind an alert, collected by its carrier for a named case, signed, and sealed for this country. Key: incident id. `lancang evidence open` reads it.", message: "evidence" },
    Further { key: "warnings", address: "lancang.warnings.{carrier}.v1", parameter: Some(("carrier", "Who alone may read it: the carrier's name in the plan of the exchange.")), description: "Warnings of the carrier's subscribers who are likely victims, their numbers sealed for it. Key: incident id. `lancang warnings tail` reads it.", message: "warning" },
    Further { key: "campaigns", address: "lancang.campaigns.v1", parameter: None, description: "Campaigns: alerts of several carriers and countries that belong together, by the correlator, signed, compacted. Key: campaign id. One message is the whole state; a repeat has the same bytes and the same ce_id.", message: "campaign" },
];

/// Headers of an alert (CloudEvents 1.0.2, Kafka protocol binding, binary content mode) and what they hold.
#[rustfmt::skip]
const ALERT_HEADERS: &[(&str, &str)] = &[
    ("ce_specversion", "1.0"),
    ("ce_id", "incident:revision; the same for a repeat"),
    ("ce_source", "//country/organisation/node"),
    ("ce_type", "org.lancang.alert.open, .update, .close or .cancel"),
    ("ce_subject", "incident id"),
    ("ce_time", "when it was published, RFC 3339"),
    ("ce_dataschema", "urn:lancang:alert:v1"),
    ("ce_sequence", "number among all alerts of its source: from 1, without gaps"),
    ("ce_expirytime", "until when acting upon it makes sense, RFC 3339"),
    ("content-type", "application/json"),
    ("dsse", "DSSE 1.0 envelope without payload, as JSON: Ed25519 over the value as payload type application/vnd.lancang.alert.v1+json"),
    (TRACE, "W3C Trace Context: the incident is the trace, the revision the span; not signed, and not in alerts of before 29 November 2026"),
];
/// Not every message has it.
const TRACE: &str = "traceparent";

/// Those of a warning.
#[rustfmt::skip]
const WARNING_HEADERS: &[(&str, &str)] = &[
    ("ce_specversion", "1.0"),
    ("ce_id", "incident:revision; the same for a repeat"),
    ("ce_source", "//country/organisation/node"),
    ("ce_type", "org.lancang.warning.open, .update or .victims"),
    ("ce_subject", "incident id"),
    ("ce_time", "when it was published, RFC 3339"),
    ("ce_dataschema", "urn:lancang:warning:v1"),
    ("ce_recipient", "carrier that it is for: //country/organisation"),
    ("ce_expirytime", "until when warning anybody makes sense, RFC 3339"),
    ("content-type", "application/json"),
    ("dsse", "DSSE 1.0 envelope without payload, as JSON: Ed25519 over the value as payload type application/vnd.lancang.warning.v1+json"),
];

/// Headers of feedback.
#[rustfmt::skip]
const FEEDBACK_HEADERS: &[(&str, &str)] = &[
    ("ce_specversion", "1.0"),
    ("ce_id", "SHA-256 of the value, hexadecimal"),
    ("ce_source", "//country/organisation/desk of who writes"),
    ("ce_type", "org.lancang.feedback.acknowledgement, .status, .verdict, .comment, .request, .receipt, .suppression, .cancel, .operation, .operation-answer, .operation-addition or .operation-stage"),
    ("ce_subject", "incident id; of a suppression and its receipts, the suppression's id"),
    ("ce_time", "when it was published, RFC 3339"),
    ("ce_dataschema", "urn:lancang:feedback:v1"),
    ("content-type", "application/json"),
    ("dsse", "DSSE 1.0 envelope without payload, as JSON: Ed25519 over the value as payload type application/vnd.lancang.feedback.v1+json"),
];

/// Headers of a campaign.
#[rustfmt::skip]
const CAMPAIGN_HEADERS: &[(&str, &str)] = &[
    ("ce_specversion", "1.0"),
    ("ce_id", "campaign:revision; the same for a repeat"),
    ("ce_source", "//country/organisation/node of the correlator"),
    ("ce_type", "org.lancang.campaign.open, .update or .dissolved"),
    ("ce_subject", "campaign id"),
    ("ce_time", "when it was published, RFC 3339"),
    ("ce_dataschema", "urn:lancang:campaign:v1"),
    ("content-type", "application/json"),
    ("dsse", "DSSE 1.0 envelope without payload, as JSON: Ed25519 over the value as payload type application/vnd.lancang.campaign.v1+json"),
];

/// The document.
#[must_use]
pub fn document() -> Value {
    let names = Topics::default();
    let name =
        |key: &str| names.named().into_iter().find(|(other, _)| *other == key).map_or("", |(_, name)| name).to_owned();
    let (mut channels, mut operations) = (Map::new(), Map::new());
    for topic in TOPICS {
        channels.insert(
            topic.key.to_owned(),
            json!({
                "address": name(topic.key),
                "description": topic.description,
                "servers": [reference("servers", topic.server)],
                "messages": { topic.message: reference("components/messages", topic.message) },
            }),
        );
        operations.insert(format!("read_{}", topic.key), reads(topic.key, topic.message));
    }
    for topic in FURTHER {
        let mut channel = json!({
            "address": topic.address,
            "description": topic.description,
            "servers": [reference("servers", "exchange")],
        });
        if let Some((name, description)) = topic.parameter {
            channel["parameters"] = json!({ name: { "description": description } });
        }
        channel["messages"] = json!({ topic.message: reference("components/messages", topic.message) });
        operations.insert(format!("read_{}", topic.key), reads(topic.key, topic.message));
        channels.insert(topic.key.to_owned(), channel);
    }
    json!({
        "asyncapi": "3.0.0",
        "id": "urn:lancang",
        "info": {
            "title": "lancang",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Topics of lancang. A carrier's home cluster holds clear identifiers and stays its own; the exchange cluster is what the countries share. Names are the defaults of `[topics]`. Readers of the home cluster are `read_committed`, those of the exchange cluster need not be (docs/alerts.md), and both ignore fields and values that they do not know.",
            "license": { "name": "Apache-2.0" },
        },
        "defaultContentType": "application/json",
        "servers": {
            "home": { "host": "home.example:9092", "protocol": "kafka-secure", "description": "Home cluster of a carrier." },
            "exchange": { "host": "exchange.example:9092", "protocol": "kafka-secure", "description": "Exchange cluster of the countries." },
        },
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages() },
    })
}

fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/{kind}/{name}") })
}

/// Reading a channel's message.
fn reads(channel: &str, message: &str) -> Value {
    json!({
        "action": "receive",
        "channel": reference("channels", channel),
        "messages": [reference(&format!("channels/{channel}/messages"), message)],
    })
}

fn headers(all: &[(&str, &str)]) -> Value {
    let properties: Map<String, Value> = all
        .iter()
        .map(|(name, holds)| ((*name).to_owned(), json!({ "type": "string", "description": holds })))
        .collect();
    let required: Vec<&str> = all.iter().map(|(name, _)| *name).filter(|name| *name != TRACE).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn messages() -> Value {
    let schema = |file: &str| {
        json!({
            "schemaFormat": "application/schema+json;version=draft-07",
            "schema": { "$ref": format!("./schema/{file}") },
        })
    };
    json!({
        "alert": {
            "title": "Shared alert",
            "contentType": "application/json",
            "headers": headers(ALERT_HEADERS),
            "payload": schema("alert.json"),
            "bindings": { "kafka": { "key": { "type": "string", "description": "Incident id." } } },
        },
        "warning": {
            "title": "Warning of a carrier's victims",
            "contentType": "application/json",
            "headers": headers(WARNING_HEADERS),
            "payload": schema("warning.json"),
            "bindings": { "kafka": { "key": { "type": "string", "description": "Incident id." } } },
        },
        "feedback": {
            "title": "Feedback on a shared alert",
            "contentType": "application/json",
            "headers": headers(FEEDBACK_HEADERS),
            "payload": schema("feedback.json"),
            "bindings": { "kafka": { "key": { "type": "string", "description": "Incident id, or a suppression's id." } } },
        },
        "campaign": {
            "title": "Campaign",
            "contentType": "application/json",
            "headers": headers(CAMPAIGN_HEADERS),
            "payload": schema("campaign.json"),
            "bindings": { "kafka": { "key": { "type": "string", "description": "Campaign id." } } },
        },
        "incident": {
            "title": "Home incident",
            "contentType": "application/json",
            "payload": schema("incident.json"),
            "bindings": { "kafka": { "key": { "type": "string", "description": "Incident id." } } },
        },
        "key": {
            "title": "Entry of the key registry, signed by a root key",
            "summary": "A DSSE 1.0 envelope; its payload is base64 of what schema/key.json describes, its type application/vnd.lancang.key.v1+json.",
            "contentType": "application/json",
            "payload": schema("envelope.json"),
            "bindings": { "kafka": { "key": { "type": "string", "description": "Key id; of a revocation, key id and /revoked." } } },
        },
        "evidence": {
            "title": "Sealed evidence",
            "summary": "Opened with HPKE (docs/evidence.md) it is two lines: a DSSE 1.0 envelope without payload, its type application/vnd.lancang.evidence.v1+json, and what it signs, which schema/bundle.json describes.",
            "contentType": "application/json",
            "payload": schema("evidence.json"),
            "bindings": { "kafka": { "key": { "type": "string", "description": "Incident id." } } },
        },
        "frame": { "title": "Frame", "contentType": "application/octet-stream" },
        "original": { "title": "A feed's message as it came", "contentType": "application/octet-stream" },
    })
}

/// What is checked in: path in `docs/` and text.
#[must_use]
pub fn files() -> Vec<(&'static str, String)> {
    [
        ("asyncapi.json", document()),
        ("schema/alert.json", lancang_alert::schema::alert()),
        ("schema/warning.json", lancang_alert::schema::warning()),
        ("schema/feedback.json", lancang_alert::schema::feedback()),
        ("schema/campaign.json", lancang_alert::schema::campaign()),
        ("schema/incident.json", lancang_alert::schema::incident()),
        ("schema/envelope.json", lancang_alert::schema::envelope()),
        ("schema/key.json", lancang_alert::schema::key()),
        ("schema/evidence.json", lancang_alert::schema::sealed_bundle()),
        ("schema/bundle.json", lancang_alert::schema::bundle()),
    ]
    .map(|(name, value)| (name, format!("{value:#}\n")))
    .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_is_in_the_document() {
        let named: Vec<&str> = Topics::default().named().iter().map(|(key, _)| *key).collect();
        let listed: Vec<&str> = TOPICS.iter().map(|topic| topic.key).collect();
        assert_eq!(listed, named);
    }

    /// Of every kind: evidence has one for each country.
    #[test]
    fn every_topic_of_the_exchange_is_in_the_document() {
        let text =
            "countries = [\"KH\"]\n[cluster]\nbootstrap = \"b:1\"\n[[carriers]]\nname = \"mekong\"\ncountry = \"KH\"\n";
        let exchange = crate::topics::file::Exchange::read("exchange.toml", text).unwrap();
        let document = document();
        let addresses: Vec<&str> = document["channels"]
            .as_object()
            .unwrap()
            .values()
            .filter_map(|channel| channel["address"].as_str())
            .collect();
        for topic in crate::topics::exchange::topics(&exchange) {
            let is_described = addresses.iter().any(|address| {
                let of_one = address.replace("{country}", "kh").replace("{carrier}", "mekong");
                of_one == topic.name
            });
            assert!(is_described || NOT_YET.contains(&topic.name.as_str()), "{}", topic.name);
        }
    }

    const NOT_YET: [&str; 0] = [];
}
