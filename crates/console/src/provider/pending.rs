//! Sign-ins that have been sent to the provider and have not come back.

use std::collections::HashMap;

use lancang_record::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::limits::{PROVIDER_PENDING_MAX, PROVIDER_PENDING_MS, PROVIDER_PENDING_OF_NETWORK_MAX};

/// What a sign-in that comes back is held against.
pub(super) struct Asked {
    /// Of the browser that began it.
    pub(super) cookie: [u8; 32],
    pub(super) nonce: String,
    /// PKCE: shows that who brings the code is who asked for it.
    pub(super) verifier: String,
    pub(super) until: Timestamp,
    /// From where it was begun.
    pub(super) network: String,
}

/// All of them, by `state`. Who begins many makes room with their own.
#[derive(Default)]
pub(super) struct Pending(HashMap<String, Asked>);

impl Pending {
    /// Begins one; gives how many were forgotten for it that could still have come back.
    pub(super) fn begin(&mut self, state: String, asked: Asked, now: Timestamp) -> usize {
        self.0.retain(|_, asked| asked.until > now);
        let own = self.0.values().filter(|other| other.network == asked.network).count();
        let full = if own >= PROVIDER_PENDING_OF_NETWORK_MAX {
            Some(asked.network.clone())
        } else if self.0.len() >= PROVIDER_PENDING_MAX {
            self.largest()
        } else {
            None
        };
        let forgotten = full.and_then(|network| self.oldest_of(&network)).and_then(|state| self.0.remove(&state));
        self.0.insert(state, asked);
        usize::from(forgotten.is_some())
    }

    /// The network that has the most.
    fn largest(&self) -> Option<String> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        self.0.values().for_each(|asked| *counts.entry(&asked.network).or_default() += 1);
        counts.into_iter().max_by_key(|(network, count)| (*count, *network)).map(|(network, _)| network.to_owned())
    }

    fn oldest_of(&self, network: &str) -> Option<String> {
        let own = self.0.iter().filter(|(_, asked)| asked.network == network);
        own.min_by_key(|(_, asked)| asked.until).map(|(state, _)| state.clone())
    }

    /// Takes out what was begun under a state by this browser: it comes back once. What another browser brings stays.
    pub(super) fn end(&mut self, state: &str, cookie: &str, now: Timestamp) -> Option<Asked> {
        let is_its = self.0.get(state).is_some_and(|asked| asked.cookie == hash(cookie) && asked.until > now);
        if is_its { self.0.remove(state) } else { None }
    }
}

impl Asked {
    /// What a browser's sign-in is held against, begun now.
    pub(super) fn by(cookie: &str, nonce: String, verifier: String, network: String, now: Timestamp) -> Self {
        Self { cookie: hash(cookie), nonce, verifier, until: now.plus_ms(PROVIDER_PENDING_MS), network }
    }
}

fn hash(cookie: &str) -> [u8; 32] {
    Sha256::digest(cookie).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_comes_back_once_in_time_and_to_the_browser_that_began_it() {
        let at = |ms: i64| Timestamp::from_ms(1_764_000_000_000 + ms);
        let mut pending = Pending::default();
        let begin = |pending: &mut Pending, state: &str, now| begin(pending, state, "192.0.2.1", now);
        begin(&mut pending, "a", at(0));
        assert!(pending.end("a", "another's", at(1)).is_none());
        assert!(pending.end("b", "mine", at(1)).is_none());
        assert!(pending.end("a", "mine", at(1)).is_some());
        assert!(pending.end("a", "mine", at(1)).is_none(), "once");
        begin(&mut pending, "late", at(0));
        assert!(pending.end("late", "mine", at(PROVIDER_PENDING_MS)).is_none());
    }

    fn begin(pending: &mut Pending, state: &str, network: &str, now: Timestamp) -> usize {
        let asked = Asked::by("mine", "nonce".to_owned(), "verifier".to_owned(), network.to_owned(), now);
        pending.begin(state.to_owned(), asked, now)
    }

    /// Who begins many sign-ins, from one network or from several, pushes out nobody else's.
    #[test]
    fn a_flood_makes_room_with_its_own() {
        let at = |ms: i64| Timestamp::from_ms(1_764_000_000_000 + ms);
        let mut pending = Pending::default();
        assert_eq!(begin(&mut pending, "office", "198.51.100.1", at(0)), 0);
        let flood = |pending: &mut Pending, network: &str, now| -> usize {
            (0..200).map(|number| begin(pending, &format!("{network} {number}"), network, now)).sum()
        };
        assert_eq!(flood(&mut pending, "203.0.113.1", at(1)), 200 - PROVIDER_PENDING_OF_NETWORK_MAX);
        for host in 2..40 {
            flood(&mut pending, &format!("203.0.113.{host}"), at(host));
        }
        assert_eq!(pending.0.len(), PROVIDER_PENDING_MAX);
        assert_eq!(begin(&mut pending, "office 2", "198.51.100.1", at(50)), 1, "one of the flood's");
        assert!(pending.end("office", "mine", at(51)).is_some(), "it is the oldest, and its network has few");
        assert!(pending.end("office 2", "mine", at(51)).is_some());
        assert_eq!(
            begin(&mut pending, "later", "198.51.100.1", at(PROVIDER_PENDING_MS + 100)),
            0,
            "all others have ended"
        );
        assert_eq!(pending.0.len(), 1);
    }
}
