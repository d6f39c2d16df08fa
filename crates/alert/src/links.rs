//! Correlation keys: by what alerts of several carriers are joined (alerts.md, *Around it*, campaigns).
//!
//! A presented, unverified number joins nothing, and a victim joins nothing; what the policy drops joins nothing either, since
//! a key is a token.

use std::collections::BTreeMap;

use lancang_record::Timestamp;

use crate::alert::{CorrelationKey, Links};
use crate::incident::{Incident, Named};
use crate::limits::CORRELATION_KEYS_MAX;
use crate::token::{EpochKeys, Token};

/// Digits of a number that its block leaves out.
const BLOCK_HIDES: usize = 3;

/// Keys of an incident; none if it has nothing that joins. `leaves` tells whether an entity's token does.
pub(crate) fn of(
    incident: &Incident,
    epochs: &EpochKeys,
    published: Timestamp,
    leaves: impl Fn(&Named<'_>) -> bool,
) -> Option<Links> {
    // By kind and token, so that what is named twice is one key.
    let mut keys = BTreeMap::new();
    let acts = |named: &Named<'_>| matches!(named.role, "suspect" | "used") && leaves(named);
    for Named { entity_type, value, .. } in incident.named().filter(acts) {
        for (kind, value, weight) in keys_of(entity_type, value, &incident.last_event) {
            let token_of = if kind == "range-hour" { kind } else { entity_type };
            let mut tokens = epochs.tokens(token_of, &value, published);
            let Token { token, key_id } = tokens.next().unwrap_or_default();
            keys.insert((kind, token), (key_id, tokens.collect(), weight));
        }
    }
    let keys: Vec<CorrelationKey> = keys
        .into_iter()
        .take(CORRELATION_KEYS_MAX)
        .map(|((kind, token), (key_id, also, weight))| CorrelationKey {
            kind: kind.to_owned(),
            token,
            key_id,
            also,
            weight,
        })
        .collect();
    (!keys.is_empty()).then(|| Links { keys, ..Links::default() })
}

/// Weights as in alerts.md. A range and hour are one key: calls of one block at other times have nothing in common.
fn keys_of(entity_type: &str, value: &str, at: &str) -> Vec<(&'static str, String, f64)> {
    let own = |kind, weight| vec![(kind, value.to_owned(), weight)];
    match entity_type {
        "device" => own("device", 1.0),
        "sim" => own("sim", 1.0),
        "template" => own("template", 0.8),
        "domain" => own("domain", 0.8),
        "trunk" => own("trunk", 0.3),
        "caller" if !value.starts_with('+') => own("sender", 0.3),
        "caller" | "block" => {
            let digits = if entity_type == "block" { value.len() } else { value.len().saturating_sub(BLOCK_HIDES) };
            let (Some(block), Some(hour)) = (value.get(..digits), at.get(..13)) else { return Vec::new() };
            vec![("range-hour", format!("{block}|{hour}"), 0.6)]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::tests::LINE;
    use crate::token::EpochKey;

    #[test]
    fn a_sim_box_joins_by_device_sim_and_range() {
        let key = EpochKey::from_hex("e", "00".repeat(32)).unwrap();
        let epochs = EpochKeys::new(vec![(None, key)], 0).unwrap();
        let now = Timestamp::from_ms(1_764_000_000_000);
        let links = |line: &str| of(&Incident::read(line.as_bytes()).unwrap(), &epochs, now, |_| true);
        let kinds = |line: &str| -> Vec<(String, f64)> {
            links(line)
                .map(|links| links.keys)
                .unwrap_or_default()
                .into_iter()
                .map(|key| (key.kind, key.weight))
                .collect()
        };
        let expected =
            [("device", 1.0), ("range-hour", 0.6), ("sim", 1.0)].map(|(kind, weight)| (kind.to_owned(), weight));
        assert_eq!(kinds(LINE), expected);
        let other = LINE.replace("+85512345678", "+85512345001");
        assert_eq!(links(LINE), links(&other), "another number of the block");
        assert_ne!(links(LINE), links(&LINE.replace("T09:31", "T10:31")));
        let spoofed =
            LINE.replace("\"type\":\"caller\"", "\"type\":\"callee\"").replace("\"used\"", "\"impersonated\"");
        assert_eq!(links(&spoofed), None);
        assert_eq!(kinds(&LINE.replace("+85512345678", "WINGBANK"))[1], ("sender".to_owned(), 0.3));
    }
}
