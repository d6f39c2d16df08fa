//! Sign-ins that have been sent to the provider and have not come back.

use std::collections::HashMap;

use lancang_record::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::limits::{PROVIDER_PENDING_MAX, PROVIDER_PENDING_MS};

/// What a sign-in that comes back is held against.
pub(super) struct Asked {
    /// Of the browser that began it.
    pub(super) cookie: [u8; 32],
    pub(super) nonce: String,
    /// PKCE: shows that who brings the code is who asked for it.
    pub(super) verifier: String,
    pub(super) until: Timestamp,
}

/// All of them, by `state`; the oldest makes room.
#[derive(Default)]
pub(super) struct Pending(HashMap<String, Asked>);

impl Pending {
    pub(super) fn begin(&mut self, state: String, cookie: &str, nonce: String, verifier: String, now: Timestamp) {
        self.0.retain(|_, asked| asked.until > now);
        if self.0.len() >= PROVIDER_PENDING_MAX {
            let oldest = self.0.iter().min_by_key(|(_, asked)| asked.until).map(|(state, _)| state.clone());
            oldest.map(|state| self.0.remove(&state));
        }
        let asked = Asked { cookie: hash(cookie), nonce, verifier, until: now.plus_ms(PROVIDER_PENDING_MS) };
        self.0.insert(state, asked);
    }

    /// Takes out what was begun under a state by this browser: it comes back once. What another browser brings stays.
    pub(super) fn end(&mut self, state: &str, cookie: &str, now: Timestamp) -> Option<Asked> {
        let is_its = self.0.get(state).is_some_and(|asked| asked.cookie == hash(cookie) && asked.until > now);
        if is_its { self.0.remove(state) } else { None }
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
        let begin = |pending: &mut Pending, state: &str, now| {
            pending.begin(state.to_owned(), "mine", "nonce".to_owned(), "verifier".to_owned(), now);
        };
        begin(&mut pending, "a", at(0));
        assert!(pending.end("a", "another's", at(1)).is_none());
        assert!(pending.end("b", "mine", at(1)).is_none());
        assert!(pending.end("a", "mine", at(1)).is_some());
        assert!(pending.end("a", "mine", at(1)).is_none(), "once");
        begin(&mut pending, "late", at(0));
        assert!(pending.end("late", "mine", at(PROVIDER_PENDING_MS)).is_none());
        begin(&mut pending, "first", at(0));
        for number in 0..PROVIDER_PENDING_MAX {
            begin(&mut pending, &number.to_string(), at(1));
        }
        assert!(pending.0.len() <= PROVIDER_PENDING_MAX);
        assert!(pending.end("first", "mine", at(2)).is_none(), "the oldest made room");
    }
}
