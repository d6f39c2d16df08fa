//! Into which alerts the relay's own fold makes incident lines, for `evaluate`: with keys of this process alone, nothing
//! suppressed, and no budget, which would only make them fewer.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use anyhow::Context as _;
use lancang_alert::{
    Budgets, Catalogue, Crowds, Desk, EpochKey, EpochKeys, Incident, KeyKind, Outcome, Policy, Portability, PrivateKey,
    Registry, Relay, Sealer, Signer, Sites, Source, Terms, Trust,
};
use lancang_numbering::NumberPlans;
use lancang_record::Timestamp;
use lancang_record::codec::fields::parse_time;

use crate::secret::{random, system};
use crate::store::hex;

/// Alerts of incidents, by the incidents' ids at home.
#[derive(Debug, Default)]
pub struct Grouped {
    /// The alert that an incident opened or went into when it opened.
    pub alert_of: HashMap<String, String>,
    /// The alert that it is in at the end, when alerts that later incidents joined have become one.
    pub left_of: HashMap<String, String>,
}

/// Into which alerts the relay makes incident lines.
///
/// # Errors
/// If the system gives no random bytes, or a line is no incident line.
pub fn alerts_of(lines: &str) -> anyhow::Result<Grouped> {
    let mut read = Vec::new();
    for (index, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let incident = Incident::read(line.as_bytes());
        read.push((
            line,
            incident.with_context(|| format!("line {}: not an incident line of the home topic", index + 1))?,
        ));
    }
    let (mut alert_of, mut merged_into) = (HashMap::new(), HashMap::new());
    let mut relay = relay(&read.iter().map(|(_, incident)| incident.home.as_str()).collect())?;
    for (line, incident) in &read {
        let now = parse_time("last_event", &incident.last_event).unwrap_or(Timestamp::from_ms(0));
        let Outcome::Shared(made) = relay.line(line.as_bytes(), now, now) else { continue };
        // The last is the one that the incident is in; those before it went into it.
        let Some(((alert, _), others)) = made.split_last() else { continue };
        for (other, _) in others {
            merged_into.insert(other.incident_id.clone(), alert.incident_id.clone());
        }
        alert_of.entry(incident.incident_id.clone()).or_insert_with(|| alert.incident_id.clone());
    }
    let left_of = alert_of.iter().map(|(incident, alert)| (incident.clone(), left(alert, &merged_into))).collect();
    Ok(Grouped { alert_of, left_of })
}

/// What an alert is part of at the end.
fn left(alert: &str, merged_into: &HashMap<String, String>) -> String {
    let mut alert = alert;
    for _ in 0..merged_into.len() {
        let Some(other) = merged_into.get(alert) else { break };
        alert = other;
    }
    alert.to_owned()
}

fn relay(homes: &BTreeSet<&str>) -> anyhow::Result<Relay> {
    let epoch = EpochKey::from_hex("evaluate", hex(random()?.as_ref()))?;
    let signer =
        Signer::new(&PrivateKey::from_seed(KeyKind::Signing, random()?)?).context("a key that signs nothing")?;
    let trust = Trust {
        keys: EpochKeys::new(vec![(None, epoch)], 0)?,
        signer,
        own: BTreeMap::new(),
        policy: Policy::shipped(),
        registry: Registry::default(),
        portability: Portability::default(),
        crowds: Crowds::default(),
    };
    let desk = Desk {
        plans: NumberPlans::built_in(),
        trust: Arc::new(trust),
        engine_version: env!("CARGO_PKG_VERSION").to_owned(),
        terms: Terms::default(),
        catalogue: Catalogue::default(),
        sites: Sites::default(),
    };
    let source = |country: &&str| Source {
        country: (*country).to_owned(),
        organisation: "evaluate".to_owned(),
        node: "evaluate".to_owned(),
    };
    let budgets = Budgets { per_hour: u32::MAX, of: BTreeMap::new() };
    Ok(Relay::new(desk, homes.iter().map(source), budgets, Sealer::new(system())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: u32, entity: &str, value: &str, device: &str) -> String {
        format!(
            r#"{{"incident_id":"{id:032x}","revision":0,"message":"open","family":"sim-box","patterns":["p@1"],"entity":{{"type":"{entity}","value":"{value}"}},"severity":3,"score":50,"first_event":"2025-11-14T09:00:00.000Z","last_event":"2025-11-14T09:0{id}:00.000Z","window_s":3600,"reasons":[],"related":[{{"type":"device","value":"{device}","role":"used"}}],"victims":0,"evidence":[],"class":"stream","home":"KH"}}"#
        )
    }

    #[test]
    fn sims_of_one_device_are_one_alert_and_a_stranger_is_another() {
        let device = "35693803564380";
        let lines = [
            line(1, "caller", "+85512300001", device),
            line(2, "caller", "+85512300002", device),
            line(3, "caller", "+85512300003", "35693803564999"),
        ];
        let grouped = alerts_of(&lines.join("\n")).unwrap();
        let alert = |id: u32| grouped.alert_of[&format!("{id:032x}")].clone();
        assert_eq!(alert(1), alert(2));
        assert_ne!(alert(1), alert(3));
        assert_eq!(grouped.alert_of, grouped.left_of);
        // A cell that names both devices makes one of what were two.
        let both = line(4, "cell", "456-01-17", device).replace(
            "\"role\":\"used\"}",
            "\"role\":\"used\"},{\"type\":\"device\",\"value\":\"35693803564999\",\"role\":\"used\"}",
        );
        let grouped = alerts_of(&[lines.join("\n"), both].join("\n")).unwrap();
        let of = |all: &HashMap<String, String>| all.values().cloned().collect::<BTreeSet<_>>().len();
        assert_eq!((of(&grouped.alert_of), of(&grouped.left_of)), (2, 1));
        assert!(alerts_of("{}").is_err());
    }
}
