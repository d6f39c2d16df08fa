//! Made alerts, feedback and campaigns, and a store of them.

#![allow(dead_code, reason = "each test uses its part")]

pub mod joined;
pub mod keys;

use lancang_alert::Alert;
use lancang_alert::alert::{CorrelationKey, Handling, Links, Place, Source};
use lancang_alert::campaign::{Campaign, Edge, Member};
use lancang_alert::dsse::{self, ALERT_TYPE, CAMPAIGN_TYPE, FEEDBACK_TYPE};
use lancang_alert::feedback::{About, Believed, Fold, Id};
use lancang_alert::{Feedback, feedback};
use lancang_console::store::{LetGo, News, Reads, Signed, Taken, Topic, Views, Writer};
use lancang_record::Timestamp;
use lancang_record::codec::fields::parse_time;

pub const COUNTRIES: [&str; 6] = ["CN", "KH", "LA", "MM", "TH", "VN"];
pub const PATTERNS: [&str; 5] = ["sim-box-burst", "wangiri", "smishing-burst", "otp-bombing", "spoofed-prefix"];

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_ms(1_796_000_000_000 + seconds * 1000)
}

/// The golden alert, of another incident: country, pattern, severity and recipients follow from its number.
pub fn alert(number: u64) -> Alert {
    let golden = include_str!("../../../alert/tests/golden/v1/update.json");
    let mut alert: Alert = serde_json::from_str(golden).unwrap();
    let pick = |from: &[&str], salt: u64| from[((number * 7 + salt) / 3 % from.len() as u64) as usize].to_owned();
    let country = pick(&COUNTRIES, 0);
    // Nothing joins it but what `linked` says.
    alert.links = None;
    alert.incident_id = format!("{:032x}", u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
    alert.producer = Source { country, organisation: format!("carrier-{}", number % 3), node: "a".to_owned() };
    alert.pattern = pick(&PATTERNS, 5);
    alert.severity = (number % 5) as u8 + 1;
    let seconds = number as i64;
    (alert.revision, alert.message, alert.sequence) = (0, "open".to_owned(), number + 1);
    alert.published = at(seconds).to_string();
    alert.detected = at(seconds - 1).to_string();
    alert.opened = Some(at(seconds).to_string());
    alert.first_event = at(seconds - 600).to_string();
    alert.last_event = at(seconds - 5).to_string();
    alert.actionable_until = at(seconds + 7 * 86_400).to_string();
    alert.handling.retain_until = at(seconds + 90 * 86_400).to_string();
    // One in seven is meant for two countries alone.
    let two = vec![alert.producer.country.clone(), "TH".to_owned()];
    alert.handling.recipients = if number.is_multiple_of(7) { two } else { COUNTRIES.map(str::to_owned).to_vec() };
    for (place, entity) in alert.entities.iter_mut().enumerate() {
        entity.token = format!(
            "{:032x}",
            u128::from(number / 2 * 64 + place as u64).wrapping_mul(0xd1b5_4a32_d192_ed03_8cb9_2ba7_2f3d_8dd7)
        );
        entity.also.clear();
        entity.country = entity.country.take().map(|_| pick(&COUNTRIES, place as u64));
    }
    alert.place = Some(Place {
        country: alert.producer.country.clone(),
        admin1: Some(format!("area-{}", number % 9)),
        cell: None,
        latitude: Some(10.0 + (number % 30) as f64 / 10.0),
        longitude: Some(104.0),
        radius_m: Some(11_000),
        basis: "cell-table".to_owned(),
    });
    alert
}

/// With a device that others have too, which joins them.
pub fn linked(mut alert: Alert, device: u64) -> Alert {
    let (kind, key_id) = ("device".to_owned(), "e".to_owned());
    let key = CorrelationKey { kind, token: format!("{device:032x}"), key_id, also: Vec::new(), weight: 1.0 };
    alert.links.get_or_insert_with(Links::default).keys.push(key);
    alert
}

pub fn about(alert: &Alert) -> About {
    About { incident_id: alert.incident_id.clone(), producer: alert.producer.clone() }
}

/// Feedback that was verified, as the verifier gives it.
pub fn believed(feedback: Feedback) -> Believed {
    let (said, published) = feedback.said().unwrap();
    let id = Id::of(&serde_json::to_vec(&feedback).unwrap());
    Believed { id, feedback, said, published, key_id: "00".repeat(16), is_repeat: false }
}

pub fn verdict(alert: &Alert, country: &str, verdict_id: u8, seconds: i64) -> Believed {
    let writer = Source { country: country.to_owned(), organisation: "police".to_owned(), node: "a".to_owned() };
    let begun = Feedback::begin("verdict", writer, at(seconds), Some(about(alert)));
    believed(Feedback { verdict: Some(feedback::said::verdict(verdict_id)), ..begun })
}

pub fn campaign(alerts: &[&Alert], revision: u64) -> Campaign {
    let count = |values: Vec<String>| {
        let mut counts = std::collections::BTreeMap::new();
        values.into_iter().for_each(|value| *counts.entry(value).or_default() += 1);
        counts
    };
    let member = |alert: &&Alert| Member {
        incident_id: alert.incident_id.clone(),
        producer: alert.producer.clone(),
        pattern: alert.pattern.clone(),
        first_event: alert.first_event.clone(),
    };
    Campaign {
        campaign_id: alerts[0].incident_id.clone(),
        revision,
        message: "open".to_owned(),
        status: "actual".to_owned(),
        merged_into: None,
        writer: Source { country: "KH".to_owned(), organisation: "exchange".to_owned(), node: "a".to_owned() },
        published: at(0).to_string(),
        first_event: at(0).to_string(),
        last_event: at(9).to_string(),
        opened: None,
        severity: 4,
        alerts: alerts.len() as u64,
        carriers: count(alerts.iter().map(|alert| feedback::organisation(&alert.producer)).collect()),
        countries: count(alerts.iter().map(|alert| alert.producer.country.clone()).collect()),
        patterns: count(alerts.iter().map(|alert| alert.pattern.clone()).collect()),
        members: alerts.iter().map(member).collect(),
        edges: (1..alerts.len() as u32)
            .map(|other| Edge { between: [0, other], kinds: vec!["device".to_owned()], weight_tenths: 10 })
            .collect(),
        more_edges: 0,
        shared: Vec::new(),
        more_shared: 0,
        handling: Handling { retain_until: at(90 * 86_400).to_string(), ..alerts[0].handling.clone() },
    }
}

/// What joins alerts for these countries, of what a database has.
pub fn views(path: &std::path::Path, countries: &[&str]) -> Views {
    let countries = countries.iter().map(|country| (*country).to_owned()).collect();
    let reads = Reads::open(path, 1).unwrap();
    reads.look(|sight| joined::joined(sight, &countries)).unwrap()
}

/// A topic in which everything stands, and the store that read it.
pub struct Topics {
    pub writer: Writer,
    /// Joined for all six countries.
    pub views: Views,
    pub fold: Fold,
    pub alerts: i64,
    pub said: i64,
    pub campaigns: i64,
}

impl Topics {
    pub fn new(path: &std::path::Path) -> Self {
        Self::at(path, [0; 3])
    }

    /// Goes on with what is there, with these offsets of alerts, feedback and campaigns.
    pub fn at(path: &std::path::Path, [alerts, said, campaigns]: [i64; 3]) -> Self {
        let mut writer = Writer::open(path).unwrap();
        let mut views = views(path, &COUNTRIES);
        let batch = writer.batch().unwrap();
        batch.joined(&mut views).unwrap();
        batch.commit().unwrap();
        Self { writer, views, fold: Fold::default(), alerts, said, campaigns }
    }

    pub fn alert(&mut self, alert: &Alert) -> News {
        self.burst(std::slice::from_ref(alert))[0]
    }

    /// Lets go of what has to go.
    pub fn let_go(&mut self, now: Timestamp, incidents_max: u32) -> LetGo {
        let batch = self.writer.batch().unwrap();
        let gone = batch.let_go(now, incidents_max, 100).unwrap();
        self.views.forget(&gone.incidents);
        batch.joined(&mut self.views).unwrap();
        batch.commit().unwrap();
        gone
    }

    /// Alerts that are committed together.
    pub fn burst(&mut self, alerts: &[Alert]) -> Vec<News> {
        let batch = self.writer.batch().unwrap();
        let mut news = Vec::new();
        for alert in alerts {
            let value = serde_json::to_vec(alert).unwrap();
            let offset = self.alerts;
            let envelope = dsse::detached(&keys::signer(&alert.producer), ALERT_TYPE, &value);
            let received = parse_time("published", &alert.published).unwrap();
            let signed = Signed { value: &value, envelope: &envelope, received };
            let taken = Taken { alert, signed, key_id: "00", offset, heard: at(offset) };
            news.push(batch.alert(taken).unwrap());
            if matches!(news.last(), Some(News::Opened | News::Revised)) {
                self.views.take(alert);
            }
            self.alerts += 1;
        }
        batch.joined(&mut self.views).unwrap();
        batch.read_to(Topic::Alerts, self.alerts).unwrap();
        batch.commit().unwrap();
        news
    }

    pub fn say(&mut self, believed: &Believed) {
        self.fold.take(believed);
        let state = believed.feedback.incident.as_ref().and_then(|about| self.fold.incident(about));
        let batch = self.writer.batch().unwrap();
        let value = serde_json::to_vec(&believed.feedback).unwrap();
        let envelope = dsse::detached(&keys::signer(&believed.feedback.writer), FEEDBACK_TYPE, &value);
        let signed = Signed { value: &value, envelope: &envelope, received: believed.published };
        batch.said(believed, signed, state.as_ref(), self.said).unwrap();
        batch.operation_word(believed, signed).unwrap();
        let changed = self.fold.changed_operations().iter().map(|id| (*id, Some(self.said)));
        batch.operations(&self.fold, changed).unwrap();
        self.said += 1;
        batch.read_to(Topic::Feedback, self.said).unwrap();
        batch.commit().unwrap();
    }

    /// Takes up what the registry says.
    pub fn keys(&mut self, registry: &lancang_alert::Registry) {
        let batch = self.writer.batch().unwrap();
        batch.keys(registry).unwrap();
        batch.commit().unwrap();
    }

    pub fn join(&mut self, campaign: &Campaign) {
        let batch = self.writer.batch().unwrap();
        let value = serde_json::to_vec(campaign).unwrap();
        let envelope = dsse::detached(&keys::signer(&campaign.writer), CAMPAIGN_TYPE, &value);
        let signed = Signed { value: &value, envelope: &envelope, received: at(0) };
        batch.campaign(campaign, signed, self.campaigns).unwrap();
        self.campaigns += 1;
        batch.read_to(Topic::Campaigns, self.campaigns).unwrap();
        batch.commit().unwrap();
    }
}
