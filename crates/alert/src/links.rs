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
/// Digits of an IMEI that tell its type (3GPP TS 23.003, 6.2); six of serial number follow.
const TAC_DIGITS: usize = 8;
/// Serial numbers of a range: a carton of gateways or phones holds some tens.
const SERIALS: u32 = 100;

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
    let named: Vec<Named<'_>> = incident.named().filter(acts).collect();
    let own = |one: &Named<'_>| {
        let entity_type = one.entity_type.to_owned();
        let kinds = keys_of(one.entity_type, one.value, &incident.last_event).into_iter();
        kinds.map(move |(kind, value, weight)| {
            (if kind == "range-hour" { kind.to_owned() } else { entity_type.clone() }, kind, value, weight)
        })
    };
    let near = device_ranges(&named).map(|value| ("device-range".to_owned(), "device-range", value, 0.7));
    for (token_of, kind, value, weight) in named.iter().flat_map(own).chain(near) {
        let mut tokens = epochs.tokens(&token_of, &value, published);
        let Token { token, key_id } = tokens.next().unwrap_or_default();
        keys.insert((kind, token), (key_id, tokens.collect(), weight));
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

/// Devices of one type with near serial numbers in one cell: a seller's batch. Serials are near that share one of two rows of
/// ranges of [`SERIALS`], of which the second begins in the middle of the first's: all that are up to half as far apart do.
fn device_ranges<'n>(named: &'n [Named<'_>]) -> impl Iterator<Item = String> + 'n {
    let of = move |entity_type: &'static str| named.iter().filter(move |one| one.entity_type == entity_type);
    of("device").flat_map(move |device| {
        let parts = device.value.split_at_checked(TAC_DIGITS);
        let serial = parts.and_then(|(tac, serial)| Some((tac, serial.get(..6)?.parse::<u32>().ok()?)));
        serial.into_iter().flat_map(move |(tac, serial)| {
            let rows = [("a", serial / SERIALS), ("b", (serial + SERIALS / 2) / SERIALS)];
            rows.into_iter()
                .flat_map(move |(row, range)| of("cell").map(move |cell| format!("{tac}|{row}{range}|{}", cell.value)))
        })
    })
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
        // In each of two rows of ranges.
        let expected =
            [("device", 1.0), ("device-range", 0.7), ("device-range", 0.7), ("range-hour", 0.6), ("sim", 1.0)];
        let expected = expected.map(|(kind, weight)| (kind.to_owned(), weight));
        assert_eq!(kinds(LINE), expected);
        let other = LINE.replace("+85512345678", "+85512345001");
        assert_eq!(links(LINE), links(&other), "another number of the block");
        assert_ne!(links(LINE), links(&LINE.replace("T09:31", "T10:31")));
        let spoofed =
            LINE.replace("\"type\":\"caller\"", "\"type\":\"callee\"").replace("\"used\"", "\"impersonated\"");
        assert_eq!(links(&spoofed), None);
        assert_eq!(kinds(&LINE.replace("+85512345678", "WINGBANK"))[3], ("sender".to_owned(), 0.3));
    }

    #[test]
    fn serials_are_near_in_one_of_two_rows_and_in_one_cell() {
        let ranges = |imei: &'static str, cell: &'static str| -> Vec<String> {
            let named = |entity_type, value| Named { entity_type, role: "used", value };
            device_ranges(&[named("device", imei), named("cell", cell)]).collect()
        };
        let near =
            |a: &'static str, b: &'static str, cell| ranges(a, "c").iter().any(|one| ranges(b, cell).contains(one));
        assert_eq!(ranges("35693803000149", "c"), ["35693803|a1|c", "35693803|b1|c"]);
        assert!(near("35693803000149", "35693803000199", "c") && near("35693803000190", "35693803000240", "c"));
        assert!(!near("35693803000149", "35693803000260", "c"), "too far apart");
        assert!(!near("35693803000149", "35693803000150", "d"), "another cell");
        assert!(!near("35693803000149", "35693804000149", "c"), "another type");
        assert_eq!((ranges("3569", "c"), ranges("35693803x00149", "c")), (vec![], vec![]));
    }
}
