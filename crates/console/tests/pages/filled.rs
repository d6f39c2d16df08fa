//! What the console of the browser's tests has read: alerts of six countries, one of them with something hostile in each text
//! that a stranger writes, what three countries said of it, and a campaign of 200 alerts.

use std::collections::BTreeMap;

use lancang_alert::campaign::CampaignMessage;
use lancang_alert::dsse::{self, ALERT_TYPE, CAMPAIGN_TYPE, FEEDBACK_TYPE};
use lancang_alert::feedback::{Believed, Feedback, Fold, Id};
use lancang_alert::words::{Language, Words};
use lancang_alert::{Alert, Campaign, Place, Sealer};
use lancang_console::store::{Batch, Signed, Taken, key};
use lancang_console::{Correlator, Publisher, Viewer};
use lancang_record::Timestamp;
use lancang_record::codec::fields::parse_time;
use serde_json::{Value, json};

use crate::keys;
use crate::served::sealing_key;

/// Would run if it were shown as anything but text.
pub const HOSTILE: &str = r#"<img src=x onerror="globalThis.evil=1"><script>globalThis.evil=1</script>"#;
/// The same without a `/`, for parts of a source's name.
const HOSTILE_NAME: &str = r#"<img src=x onerror="globalThis.evil=1">"#;
const GOLDEN: &str = include_str!("../../../alert/tests/golden/v1/update.json");
const MINUTE_MS: i64 = 60_000;
/// Id of the campaign of whoever says what it likes.
pub const STRANGERS: &str = "0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e";
/// Alerts that are there when the browser comes.
const ALERTS: i64 = 320;
/// Of these, those that hang together.
const JOINED: i64 = 200;

/// Country and a place of it, carrier.
const SOURCES: [(&str, &str, &str, f64, f64); 6] = [
    ("KH", "mekong-mobile", "Banteay Meanchey", 13.6, 102.5),
    ("TH", "chao-phraya", "Chiang Rai", 19.9, 99.8),
    ("LA", "lane-xang", "Bokeo", 20.3, 100.4),
    ("MM", "ayeyar", "Kayin", 16.7, 98.5),
    ("VN", "hong-ha", "An Giang", 10.5, 105.1),
    ("CN", "huaxia", "Yunnan", 25.0, 102.7),
];
const PATTERNS: [(&str, &str); 5] = [
    ("sim-box-burst", "sim-box"),
    ("spoofed-prefix", "spoofing"),
    ("wangiri", "wangiri"),
    ("smishing-burst", "smishing"),
    ("otp-farm", "otp"),
];

/// The alert that tests look at.
const LOOKED_AT: i64 = ALERTS - 1;
/// The one whose producer is called what would run.
const STRANGER: i64 = ALERTS - 2;
/// One that it shares a device with.
const WITH_STRANGER: i64 = ALERTS - 3;
const STRANGERS_DEVICE: i64 = 7_777;
const LOOKED_AT_SOURCE: &str = "//TH/chao-phraya/core-1";
/// What one of its entities is, for those who may open it.
pub const SEALED: &str = "+85512345678";

fn id(number: i64) -> String {
    format!("{:032x}", 0x9000_0000 + number)
}

/// An alert by its number: the same number gives the same alert but for its time.
pub fn alert(number: i64, at: Timestamp) -> Value {
    let mut alert: Value = serde_json::from_str(GOLDEN).unwrap();
    let (country, organisation, admin1, latitude, longitude) = SOURCES[number as usize % SOURCES.len()];
    let (pattern, category) = PATTERNS[(number / 6) as usize % PATTERNS.len()];
    alert["incident_id"] = id(number).into();
    (alert["revision"], alert["message"]) = (0.into(), "open".into());
    alert["sequence"] = (number / SOURCES.len() as i64 + 1).into();
    alert["producer"] = json!({"country": country, "organisation": organisation, "node": "core-1"});
    (alert["pattern"], alert["category"]) = (pattern.into(), category.into());
    alert["patterns"] = json!([format!("{pattern}@1")]);
    (alert["severity"], alert["score"]) = ((1 + number % 6).into(), (40 + number % 60).into());
    for name in ["first_event", "last_event", "detected", "published"] {
        alert[name] = at.to_string().into();
    }
    for (name, days) in [("actionable_until", 7), ("retain_until", 90)] {
        let until = at.plus_ms(days * 24 * 60 * MINUTE_MS).to_string();
        if name == "retain_until" { alert["handling"][name] = until.into() } else { alert[name] = until.into() }
    }
    alert["entities"][0]["token"] = format!("{number:032x}").into();
    alert["entities"][0]["role"] = ["suspect", "used", "impersonated"][number as usize % 3].into();
    let place = json!({"country": country, "admin1": admin1, "latitude": latitude + (number % 5) as f64 * 0.1,
        "longitude": longitude, "radius_m": 7900, "basis": "cell-table"});
    alert["place"] = place;
    // Each shares a device with the next two, some a domain with one further away.
    let shared = |kind: &str, token: i64| json!({"kind": kind, "token": format!("{token:032x}"), "key_id": "2026-11", "weight": 1.0});
    alert["links"]["keys"] = if number < JOINED {
        json!([
            shared("device", 1000 + number / 3),
            shared("sim", 2000 + (number + 1) / 3),
            shared("template", 3000 + number / 20),
            shared("range-hour", 4000 + number / 20)
        ])
    } else if number == WITH_STRANGER {
        json!([shared("device", STRANGERS_DEVICE)])
    } else {
        json!([])
    };
    alert
}

/// Two alerts of two carriers that share a device with each other alone.
pub fn pair(number: i64, at: Timestamp) -> [Value; 2] {
    [number, number + 1].map(|one| {
        let mut alert = alert(one, at);
        let token = format!("{:032x}", 900_000 + number);
        alert["links"]["keys"] = json!([{"kind": "device", "token": token, "key_id": "2026-11", "weight": 1.0}]);
        alert
    })
}

/// In each field that is a text and not an id, something that would run.
fn hostile(alert: &mut Value) {
    for (place, kind) in [(0, "domain"), (1, "template")] {
        alert["entities"][place]["type"] = kind.into();
        alert["entities"][place]["masked"] = HOSTILE.into();
        alert["entities"][place]["range_holder"] = HOSTILE.into();
    }
    alert["place"]["admin1"] = HOSTILE.into();
    alert["action"]["contact"] = HOSTILE.into();
    alert["action"]["recommended"] = json!(["preserve-records", HOSTILE]);
    (alert["handling"]["purpose"], alert["handling"]["legal_basis"]) = (HOSTILE.into(), HOSTILE.into());
    (alert["tags"], alert["rule"]) = (json!([HOSTILE]), HOSTILE.into());
    (alert["engine_version"], alert["evidence"]["topic"]) = (HOSTILE.into(), HOSTILE.into());
    alert["reasons"][2]["pattern"] = HOSTILE.into();
}

/// An alert whose source and pattern are that, too: who publishes it says what it likes.
fn stranger(now: Timestamp) -> Value {
    let mut found = alert(STRANGER, now);
    hostile(&mut found);
    (found["producer"]["organisation"], found["producer"]["node"]) = (HOSTILE_NAME.into(), HOSTILE_NAME.into());
    (found["pattern"], found["category"]) = (HOSTILE.into(), HOSTILE.into());
    found["links"]["keys"] =
        json!([{"kind": "device", "token": format!("{STRANGERS_DEVICE:032x}"), "key_id": "2026-11", "weight": 1.0}]);
    found
}

/// A campaign of it: what is counted has those names.
fn strangers(of: &Campaign, alert: &Alert) -> Campaign {
    let count = |name: String| BTreeMap::from([(name, 1)]);
    let mut members = of.members[..1].to_vec();
    members[0].incident_id.clone_from(&alert.incident_id);
    members[0].producer = alert.producer.clone();
    members[0].pattern.clone_from(&alert.pattern);
    let mut shared = of.shared[..1].to_vec();
    shared[0].kind = HOSTILE.to_owned();
    Campaign {
        campaign_id: STRANGERS.to_owned(),
        alerts: 1,
        carriers: count(lancang_alert::feedback::organisation(&alert.producer)),
        countries: count(HOSTILE.to_owned()),
        patterns: count(HOSTILE.to_owned()),
        members,
        edges: Vec::new(),
        more_edges: 0,
        more_shared: 0,
        shared,
        ..of.clone()
    }
}

/// Takes an alert up as one that was verified.
pub fn take(batch: &Batch<'_>, alert: &Value, offset: i64, heard: Timestamp) -> Alert {
    let value = alert.to_string();
    let alert: Alert = serde_json::from_str(&value).unwrap();
    let signer = keys::signer(&alert.producer);
    let (value, envelope) = (value.as_bytes(), dsse::detached(&signer, ALERT_TYPE, value.as_bytes()));
    let received = parse_time("published", &alert.published).unwrap();
    let signed = Signed { value, envelope: &envelope, received };
    batch.alert(Taken { alert: &alert, signed, key_id: signer.id(), offset, heard }).unwrap();
    alert
}

fn looked_at(now: Timestamp) -> Value {
    let mut found = alert(LOOKED_AT, now);
    hostile(&mut found);
    // The last is somebody's number, sealed for whom its country entitles.
    let (source, token) = (LOOKED_AT_SOURCE, "5f9dccf7a39fc219584f4e9b25ce6117");
    let (sealed_in, field) = (format!("{}:0", id(LOOKED_AT)), format!("entities/caller/{token}"));
    let place = Place { source, sealed_in: &sealed_in, field: &field };
    let mut sealer = Sealer::new(Box::new(rand_core::UnwrapErr(getrandom::SysRng)));
    let sealed = sealer.seal("//KH", sealing_key().public(), place, SEALED, now).unwrap();
    let caller = json!({"type": "caller", "role": "suspect", "token": token, "key_id": "2026-11", "country": "KH",
        "masked": "+85512••••••", "prefix": "+85512", "sealed": [sealed]});
    found["entities"].as_array_mut().unwrap().push(caller);
    found
}

/// Fills an empty store; the largest campaign that it has. Numbers from the second on are free.
pub fn fill(batch: &Batch<'_>, fold: &mut Fold, now: Timestamp) -> (Campaign, i64) {
    let mut correlator = Correlator::new(Viewer(vec![]));
    for number in 0..ALERTS {
        let at = now.plus_ms((number - ALERTS) * 20 * MINUTE_MS);
        let alert = match number {
            LOOKED_AT => looked_at(at),
            STRANGER => stranger(at),
            _ => alert(number, at),
        };
        let taken = take(batch, &alert, number, now);
        // Its campaign is another correlator's.
        if number != STRANGER {
            correlator.take(&taken);
        }
    }
    let golden: Alert = serde_json::from_str(GOLDEN).unwrap();
    let mut handling = golden.handling.clone();
    handling.retain_until = now.plus_ms(90 * 24 * 60 * MINUTE_MS).to_string();
    let mut publisher = Publisher::new(golden.producer.clone());
    let campaigns: Vec<Campaign> = publisher.changes(&mut correlator, &handling, now);
    let largest = campaigns.iter().max_by_key(|campaign| campaign.alerts).unwrap();
    assert!(largest.alerts >= 150, "a campaign of {} alerts", largest.alerts);
    for (place, campaign) in campaigns.iter().enumerate() {
        join(batch, campaign, place as i64, now);
    }
    let strange: Alert = serde_json::from_value(stranger(now)).unwrap();
    join(batch, &strangers(largest, &strange), campaigns.len() as i64, now);
    let mut offset = 0;
    for said in statements(now).into_iter().chain(operation(now, &largest.campaign_id)) {
        let of = say(batch, fold, &said, offset).to_string();
        offset += 1;
        if said.request.as_ref().is_some_and(|request| request.action == "preserve") {
            say(batch, fold, &refusal(&said, &of, now), offset);
            offset += 1;
        }
    }
    let carriers = SOURCES.map(|(country, organisation, ..)| format!("//{country}/{organisation}"));
    let desks = SOURCES.map(|(country, ..)| format!("//{country}/cyber-police"));
    batch.keys(&keys::registry(carriers.into_iter().chain(desks), now)).unwrap();
    batch.refused("//KH/mekong-mobile/core-1", "changed-bytes").unwrap();
    batch.refused(HOSTILE, HOSTILE).unwrap();
    (largest.clone(), ALERTS)
}

/// Fills the empty store of a carrier's desk: its alerts alone, and a hold that it has accepted.
pub fn fill_desk(batch: &Batch<'_>, fold: &mut Fold, now: Timestamp) {
    let mut before = Vec::new();
    let own = (0..ALERTS).filter(|number| number % SOURCES.len() as i64 == LOOKED_AT % SOURCES.len() as i64);
    for (offset, number) in (0_i64..).zip(own) {
        let at = now.plus_ms((number - ALERTS) * 20 * MINUTE_MS);
        let mut alert = if number == LOOKED_AT { looked_at(at) } else { alert(number, at) };
        // Its home lines, in as many revisions: the last of them is the one that tests look at.
        let lines: &[i64] = if number == LOOKED_AT { &[23, 16, 17] } else { &[] };
        for (revision, line) in lines.iter().enumerate() {
            alert["grouped"] =
                json!({"count": 1, "line": {"incident_id": id(*line), "revision": 0, "message": "open"}});
            alert["evidence"] = json!({"count": 1, "partition": 0, "offsets": [{"first": line, "last": line}]});
            if revision + 1 < lines.len() {
                let taken: Alert = serde_json::from_value(alert.clone()).unwrap();
                before.push(taken);
            }
        }
        let taken = take(batch, &alert, offset, now);
        before.drain(..).chain([taken]).for_each(|alert| batch.home_line(&alert).unwrap());
    }
    let said = statements(now);
    let mut asked = said.iter().find(|said| said.kind == "request").unwrap().clone();
    asked.request.as_mut().unwrap().case_reference = "TH-2026-1187".to_owned();
    let of = say(batch, fold, &asked, 0).to_string();
    let receipt = json!({"kind": "receipt", "receipt": {"of": of, "outcome": "accepted"}, "published": now.to_string(),
        "writer": {"country": "TH", "organisation": "chao-phraya", "node": "desk-1"}, "incident": asked.incident});
    say(batch, fold, &serde_json::from_value(receipt).unwrap(), 1);
}

/// Takes up a campaign's state as one that was verified.
pub fn join(batch: &Batch<'_>, campaign: &Campaign, offset: i64, received: Timestamp) {
    let CampaignMessage { value, .. } = campaign.signed(&keys::signer(&campaign.writer));
    let envelope = dsse::detached(&keys::signer(&campaign.writer), CAMPAIGN_TYPE, &value);
    batch.campaign(campaign, Signed { value: &value, envelope: &envelope, received }, offset).unwrap();
}

/// Takes up what somebody said, as a message that was verified.
pub fn say(batch: &Batch<'_>, fold: &mut Fold, feedback: &Feedback, offset: i64) -> Id {
    let (said, published) = feedback.said().unwrap();
    let value = serde_json::to_vec(feedback).unwrap();
    let (id, signer) = (Id::of(&value), keys::signer(&feedback.writer));
    let (envelope, key_id) = (dsse::detached(&signer, FEEDBACK_TYPE, &value), signer.id().to_owned());
    let believed = Believed { id, feedback: feedback.clone(), said, published, key_id, is_repeat: false };
    fold.take(&believed);
    let state = feedback.incident.as_ref().and_then(|about| fold.incident(about));
    let signed = Signed { value: &value, envelope: &envelope, received: published };
    batch.said(&believed, signed, state.as_ref(), offset).unwrap();
    batch.operation_word(&believed, signed).unwrap();
    batch.operations(fold, fold.changed_operations().iter().map(|id| (*id, Some(offset)))).unwrap();
    id
}

fn statements(now: Timestamp) -> Vec<Feedback> {
    let producer = looked_at(now)["producer"].clone();
    let about = json!({"incident_id": id(LOOKED_AT), "producer": producer});
    let until = now.plus_ms(10 * 24 * 60 * MINUTE_MS).to_string();
    let says = |minute: i64, country: &str, mut block: Value| -> Feedback {
        block["writer"] = json!({"country": country, "organisation": "cyber-police", "node": "desk-2"});
        block["published"] = now.plus_ms(minute * MINUTE_MS).to_string().into();
        (block["incident"], block["person"]) = (about.clone(), HOSTILE.into());
        serde_json::from_value(block).unwrap()
    };
    vec![
        says(-9, "TH", json!({"kind": "acknowledgement"})),
        says(-8, "TH", json!({"kind": "status", "status": "investigating"})),
        says(-7, "TH", json!({"kind": "verdict", "verdict": {"verdict_id": 2, "verdict": HOSTILE}})),
        says(-6, "VN", json!({"kind": "verdict", "verdict": {"verdict_id": 1, "verdict": "False Positive"}})),
        says(-5, "LA", json!({"kind": "comment", "comment": {"text": HOSTILE}})),
        says(
            -4,
            "TH",
            json!({"kind": "request", "request":
            {"action": "hold", "requester": HOSTILE, "case_reference": HOSTILE, "until": until}}),
        ),
        says(
            -3,
            "VN",
            json!({"kind": "request", "request":
            {"action": "preserve", "requester": HOSTILE, "case_reference": HOSTILE, "until": until}}),
        ),
        // One of the producer's two: alone it cancels nothing.
        serde_json::from_value(json!({"kind": "cancel", "cancel": {"reason": HOSTILE}, "person": HOSTILE,
            "verdict": {"verdict_id": 1, "verdict": HOSTILE}, "published": now.plus_ms(-2 * MINUTE_MS).to_string(),
            "writer": {"country": "TH", "organisation": "chao-phraya", "node": "desk-1"}, "incident": about}))
        .unwrap(),
    ]
}

/// The producer's answer to a request: no, and why.
fn refusal(asked: &Feedback, of: &str, now: Timestamp) -> Feedback {
    let receipt = json!({"kind": "receipt", "receipt": {"of": of, "outcome": "refused", "reason": HOSTILE},
        "published": now.to_string(), "person": HOSTILE, "incident": asked.incident,
        "writer": {"country": "TH", "organisation": "chao-phraya", "node": "desk-1"}});
    serde_json::from_value(receipt).unwrap()
}

/// Name of the incident of whoever says what it likes.
pub fn strange() -> String {
    let alert: Alert = serde_json::from_value(stranger(Timestamp::from_ms(0))).unwrap();
    key(&alert.incident_id, &alert.producer.uri())
}

/// An operation that Thailand's police proposes to Cambodia, which has not answered, to Vietnam, which declines, and to Myanmar,
/// which is in it; Laos was not invited, and answers.
fn operation(now: Timestamp, campaign: &str) -> Vec<Feedback> {
    let producer = looked_at(now)["producer"].clone();
    let says = |minute: i64, country: &str, mut block: Value| -> Feedback {
        block["writer"] = json!({"country": country, "organisation": "cyber-police", "node": "desk-2"});
        block["published"] = now.plus_ms(minute * MINUTE_MS).to_string().into();
        block["person"] = HOSTILE.into();
        serde_json::from_value(block).unwrap()
    };
    let listed = json!([
        {"incident_id": id(LOOKED_AT), "producer": producer}, {"incident_id": "e".repeat(32), "producer": producer},
    ]);
    let lead = json!({"country": "KH", "organisation": "cyber-police", "node": "desk-1"});
    let proposal = says(
        -200,
        "TH",
        json!({"kind": "operation", "operation": {"title": HOSTILE, "incidents": listed,
        "campaigns": [campaign], "invited": ["KH", "VN", "MM"], "lead": lead, "day": "2026-12-03"}}),
    );
    let of = Id::of(&serde_json::to_vec(&proposal).unwrap()).to_string();
    let about = json!({"operation_id": of, "proposer": proposal.writer});
    let answers = |minute: i64, country: &str, answer: &str| {
        says(
            minute,
            country,
            json!({"kind": "operation-answer", "about_operation": about,
            "operation_answer": {"answer": answer, "reason": HOSTILE}}),
        )
    };
    // Its carrier says otherwise than its police: both are told.
    let mut otherwise = answers(-185, "MM", "declined");
    otherwise.writer.organisation = "ayeyar".to_owned();
    vec![
        proposal.clone(),
        answers(-190, "VN", "declined"),
        otherwise,
        answers(-180, "MM", "accepted"),
        answers(-170, "LA", "accepted"),
    ]
}

/// Name of the incident that tests look at.
pub fn incident() -> String {
    let alert: Alert = serde_json::from_value(looked_at(Timestamp::from_ms(0))).unwrap();
    key(&alert.incident_id, &alert.producer.uri())
}

/// Its reasons by language, as the command line tells them.
pub fn reasons() -> BTreeMap<&'static str, Vec<String>> {
    let alert: Alert = serde_json::from_value(looked_at(Timestamp::from_ms(0))).unwrap();
    let told = |language: Language| (language.tag(), Words::new(language).reasons(&alert).collect());
    Language::ALL.into_iter().map(told).collect()
}
