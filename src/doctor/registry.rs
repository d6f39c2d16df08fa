//! The key registry, as this machine knows it: whether anything in it counts, and until when one's own keys do.

use lancang_alert::registry::{Registered, Standing};
use lancang_alert::{KeyKind, PublicKey, Registry, Source};

use super::Finding;
use super::exchange::Reached;
use crate::exit::Exit;
use crate::key_registry;
use crate::service::relay::now;

/// Own keys that count for less are worth a look: as soon as `LancangKeyExpires` says so.
const ENDS_SOON_MS: i64 = 14 * 86_400_000;
const DAY_MS: i64 = 86_400_000;

/// What the registry's topic holds; none where it cannot be read.
pub(super) fn of_topic(
    reached: &Reached<'_>,
    topic: &str,
    roots: &[PublicKey],
    findings: &mut Vec<Finding>,
) -> Option<Registry> {
    if roots.is_empty() {
        let remedy = "ask the registry's keepers for their root keys, and put them into `keys.roots`";
        let found = "names no root key: nothing in the registry counts, and nothing is believed";
        findings.push(Finding::bad("keys", "keys.roots", found, remedy, Exit::Configuration));
        return None;
    }
    (reached.progress)(topic);
    match key_registry::from_topic(&reached.connection, topic) {
        Ok(envelopes) => Some(counted(topic, roots, &envelopes, findings)),
        Err(error) => {
            let remedy = "the right to read it, and that it is there, are told apart below *exchange*";
            findings.push(Finding::bad("keys", topic, format!("{error:#}"), remedy, Exit::Configuration));
            None
        }
    }
}

/// The same of a file that `keys show --save` wrote.
pub(super) fn of_file(path: &std::path::Path, roots: &[PublicKey], findings: &mut Vec<Finding>) -> Option<Registry> {
    let name = path.display().to_string();
    match key_registry::from_file(path) {
        Ok(envelopes) => Some(counted(&name, roots, &envelopes, findings)),
        Err(error) => {
            let remedy = "lancang keys show --save FILE, where the exchange may be read";
            findings.push(Finding::bad("keys", name, format!("{error:#}"), remedy, Exit::Configuration));
            None
        }
    }
}

fn counted(place: &str, roots: &[PublicKey], envelopes: &[(String, Vec<u8>)], findings: &mut Vec<Finding>) -> Registry {
    let registry = key_registry::read(roots, envelopes);
    let valid = registry.keys().filter(|known| known.standing(now()) == Standing::Valid).count();
    let (what, all) = (format!("registry {place}"), registry.keys().count());
    findings.push(match valid {
        0 => {
            let found = format!("of {} entries none counts now", envelopes.len());
            let remedy = "are `keys.roots` those of this registry's keepers? Have they published keys?";
            Finding::bad("keys", what, found, remedy, Exit::Configuration)
        }
        valid => Finding::good("keys", what, format!("{valid} of {all} keys count now")),
    });
    registry
}

/// A key that something is signed with in the name of `source`.
pub(super) fn own(registry: &Registry, key_id: &str, source: &Source) -> Finding {
    let what = format!("signing key of {}", source.uri());
    match registry.key(key_id) {
        Some(known) if !known.holder.covers(&source.uri()) => {
            let found = format!("is that of {}: readers refuse what it signs", known.holder);
            let remedy = "sign with the key of this holder, or correct the name that is signed for";
            Finding::bad("keys", what, found, remedy, Exit::Configuration)
        }
        known => standing(what, known),
    }
}

/// A key that opens what is sealed for its holder.
pub(super) fn opens(registry: &Registry, key_id: &str) -> Finding {
    let known = registry.key(key_id);
    let holder = known.map_or_else(|| "somebody".to_owned(), |known| known.holder.to_string());
    standing(format!("sealing key of {holder}"), known)
}

/// Of each holder who has sealing keys the one that counts the longest: what nobody can open is not sent.
pub(super) fn recipients(registry: &Registry) -> Vec<Finding> {
    let mut newest: std::collections::BTreeMap<&str, &Registered> = std::collections::BTreeMap::new();
    for known in registry.keys().filter(|known| known.key.kind() == KeyKind::Sealing) {
        let kept = newest.entry(known.holder.as_str()).or_insert(known);
        if known.until > kept.until {
            *kept = known;
        }
    }
    let told = newest.into_iter().map(|(holder, known)| {
        let found = standing(format!("sealing key of {holder}"), Some(known));
        // It is somebody else's to mend, and one's own file may be old.
        match found.remedy.is_empty() {
            true => found,
            false => {
                let remedy = "a newer file by `lancang keys show --save`; if it is the same there, tell its holder";
                Finding::look(found.area, found.what, found.found, remedy)
            }
        }
    });
    told.collect()
}

fn standing(what: String, known: Option<&Registered>) -> Finding {
    let Some(known) = known else {
        let remedy = "`lancang keys publish` by the registry's keepers, or the newest registry (`lancang keys show`)";
        return Finding::bad("keys", what, "is not in the registry", remedy, Exit::Configuration);
    };
    let now = now();
    let ends = known.revoked_at.map_or(known.until, |revoked| revoked.min(known.until));
    let left_ms = ends.as_ms() - now.as_ms();
    match known.standing(now) {
        Standing::Valid if left_ms < ENDS_SOON_MS => {
            let found = format!("counts for {} d more, until {ends}", left_ms / DAY_MS);
            Finding::look("keys", what, found, "`lancang keys rotate` by the registry's keepers, before it ends")
        }
        Standing::Valid => Finding::good("keys", what, format!("counts until {ends}")),
        standing => {
            let found = format!("is {}", standing.as_str());
            Finding::bad("keys", what, found, "`lancang keys publish` or `rotate`: another key", Exit::Configuration)
        }
    }
}

#[cfg(test)]
mod tests {
    use lancang_alert::registry::{Entry, Holder};
    use lancang_alert::{PrivateKey, Signer};
    use zeroize::Zeroizing;

    use super::*;
    use crate::doctor::State;

    fn key(kind: KeyKind, byte: u8) -> PrivateKey {
        PrivateKey::from_seed(kind, Zeroizing::new([byte; 32])).unwrap()
    }

    #[test]
    fn keys_are_told_before_they_end() {
        let (root, signing) = (key(KeyKind::Root, 1), key(KeyKind::Signing, 2));
        let source = |country: &str| Source {
            country: country.to_owned(),
            organisation: "mekong-mobile".to_owned(),
            node: "a".to_owned(),
        };
        let check = |from_days: i64, days: i64, source: &Source, state: State, words: &str| {
            let holder = Holder::parse("//KH/mekong-mobile").unwrap();
            let from = now().plus_ms(from_days * DAY_MS);
            let entry = Entry::first(signing.public(), &holder, from, now().plus_ms(days * DAY_MS + 60_000));
            let mut registry = Registry::new([root.public()]);
            registry.learn(&entry.signed(&Signer::new(&root).unwrap())).unwrap();
            let found = own(&registry, &signing.public().id(), source);
            assert_eq!(found.state, state, "{found:?}");
            assert!(found.found.contains(words), "{found:?}");
        };
        check(-1, 200, &source("KH"), State::Good, "counts until");
        check(-1, 13, &source("KH"), State::Look, "counts for 13 d more");
        check(-9, -2, &source("KH"), State::Bad, "is expired");
        check(2, 200, &source("KH"), State::Bad, "is not yet valid");
        check(-1, 200, &source("TH"), State::Bad, "is that of //KH/mekong-mobile");
        let nobody = own(&Registry::new([root.public()]), &signing.public().id(), &source("KH"));
        assert_eq!((nobody.state, nobody.found.as_str()), (State::Bad, "is not in the registry"));
    }
}
