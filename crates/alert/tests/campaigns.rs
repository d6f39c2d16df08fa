//! Campaigns on the wire: what readers refuse, and the form that stays.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

mod desk;

use lancang_alert::campaign::{CampaignMessage, CampaignVerifier};
use lancang_alert::registry::{Entry, Holder, Registry};
use lancang_alert::{Campaign, KeyKind, Received, Signer, schema};
use lancang_record::Timestamp;

const DAY_MS: i64 = 86_400_000;

const GOLDEN: &str = include_str!("golden/campaign/open.json");

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_764_324_000_000 + ms)
}

fn signer_of(kind: KeyKind, byte: u8) -> Signer {
    Signer::new(&desk::key(kind, byte)).unwrap()
}

/// Whose registry says that key 2 is the exchange's.
fn registry() -> Registry {
    let mut registry = Registry::new([desk::key(KeyKind::Root, 1).public()]);
    let holder = Holder::parse("//KH/exchange").unwrap();
    let entry = Entry::first(desk::key(KeyKind::Signing, 2).public(), &holder, at(-DAY_MS), at(DAY_MS));
    registry.learn(&entry.signed(&signer_of(KeyKind::Root, 1))).unwrap();
    registry
}

fn golden() -> Campaign {
    serde_json::from_str(GOLDEN).unwrap()
}

fn verify(verifier: &mut CampaignVerifier, message: &CampaignMessage, now: Timestamp) -> Result<bool, &'static str> {
    let received = Received { key: &message.key, value: &message.value, headers: &message.headers };
    let found = verifier.verify(&registry(), received, now);
    found.map(|verified| verified.is_repeat).map_err(|refusal| refusal.as_str())
}

#[test]
fn what_is_not_the_correlators_newest_word_is_refused() {
    let signer = signer_of(KeyKind::Signing, 2);
    let mut verifier = CampaignVerifier::new();
    let first = golden().signed(&signer);
    assert_eq!(verify(&mut verifier, &first, at(0)), Ok(false));
    assert_eq!(verify(&mut verifier, &first, at(0)), Ok(true), "a repeat");
    let again = |change: &dyn Fn(&mut Campaign)| {
        let mut campaign = golden();
        change(&mut campaign);
        campaign.signed(&signer)
    };
    assert_eq!(verify(&mut verifier, &again(&|campaign| campaign.alerts = 9), at(0)), Err("revision-back"));
    let newer = again(&|campaign| campaign.revision += 2);
    assert_eq!(verify(&mut verifier, &newer, at(0)), Ok(false), "revisions may skip");
    assert_eq!(verify(&mut verifier, &first, at(0)), Err("revision-back"), "an old state does not come back");

    let fresh = |message: &CampaignMessage, now| verify(&mut CampaignVerifier::new(), message, now);
    let mut changed = first.clone();
    changed.value = String::from_utf8(changed.value).unwrap().replace("\"alerts\":2", "\"alerts\":7").into_bytes();
    assert_eq!(fresh(&changed, at(0)), Err("changed-bytes"));
    let mut renamed = first.clone();
    renamed.key = b"0".repeat(32);
    assert_eq!(fresh(&renamed, at(0)), Err("form"));
    let mut relabelled = first.clone();
    let label = relabelled.headers.iter_mut().find(|(name, _)| *name == "ce_type").unwrap();
    label.1 = b"org.lancang.campaign.dissolved".to_vec();
    assert_eq!(fresh(&relabelled, at(0)), Err("changed-header"));
    assert_eq!(fresh(&golden().signed(&signer_of(KeyKind::Signing, 3)), at(0)), Err("unknown-key"));
    assert_eq!(fresh(&again(&|campaign| campaign.writer.country = "TH".into()), at(0)), Err("foreign-source"));
    assert_eq!(fresh(&again(&|campaign| campaign.published = "soon".into()), at(0)), Err("form"));
    assert_eq!(fresh(&first, at(90 * DAY_MS)), Err("expired-key"));
    // A signature over an alert is none over a campaign.
    let mut other = first;
    let envelope = other.headers.iter_mut().find(|(name, _)| *name == "dsse").unwrap();
    envelope.1 = String::from_utf8(envelope.1.clone()).unwrap().replace("campaign", "alert").into_bytes();
    assert_eq!(fresh(&other, at(0)), Err("form"));
}

#[test]
fn the_golden_campaign_is_read_and_fits_the_schema() {
    let value: serde_json::Value = serde_json::from_str(GOLDEN).unwrap();
    let validator = jsonschema::validator_for(&schema::campaign()).unwrap();
    let mistakes: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
    assert_eq!(mistakes, Vec::<String>::new());
    assert_eq!(serde_json::to_value(golden()).unwrap(), value);
    // What a later version adds is ignored.
    let mut newer = value;
    newer["found_later"] = "x".into();
    newer["members"][0]["found_later"] = 1.into();
    assert_eq!(serde_json::from_value::<Campaign>(newer).unwrap(), golden());
}
