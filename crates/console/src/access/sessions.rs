//! Who is signed in. In memory: a restart of the console signs everybody out.

use std::collections::HashMap;

use lancang_alert::hex;
use lancang_record::Timestamp;
use sha2::{Digest as _, Sha256};

use super::users::User;
use crate::limits::{SESSIONS_MAX, SESSIONS_OF_USER_MAX};

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Name of the user.
    pub user: String,
    /// Whom a provider vouched for; a user of the console's own file is looked up with each request.
    pub vouched: Option<User>,
    /// Hash of what the password was kept as: another password ends the session.
    password: [u8; 32],
    /// What a request that changes something must bring besides the cookie.
    pub csrf: String,
    /// When it ends.
    pub expires: Timestamp,
}

impl Session {
    /// Whether the user's password is the one by which it began.
    #[must_use]
    pub fn is_of(&self, user: &User) -> bool {
        self.user == user.name && self.password == hash(user.hash())
    }
}

/// All who are signed in, by a hash of what their cookies say: who reads this memory has no cookie, and how long a search
/// takes says nothing of one.
#[derive(Debug)]
pub struct Sessions {
    by_cookie: HashMap<[u8; 32], Session>,
    length_ms: i64,
}

impl Sessions {
    /// Nobody yet.
    #[must_use]
    pub fn new(length_ms: i64) -> Self {
        Self { by_cookie: HashMap::new(), length_ms }
    }

    /// Signs a user in, with random bytes for the cookie and the token; gives the cookie's value.
    pub fn begin(&mut self, user: &User, is_vouched: bool, random: [[u8; 32]; 2], now: Timestamp) -> (String, Session) {
        self.by_cookie.retain(|_, session| session.expires > now);
        let of_user = self.by_cookie.values().filter(|session| session.user == user.name).count();
        if of_user >= SESSIONS_OF_USER_MAX {
            self.end_first(|session| session.user == user.name);
        }
        if self.by_cookie.len() >= SESSIONS_MAX {
            self.end_first(|_| true);
        }
        let [cookie, csrf] = random.map(|bytes| hex::encode(&bytes));
        let session = Session {
            user: user.name.clone(),
            vouched: is_vouched.then(|| user.clone()),
            password: hash(user.hash()),
            csrf,
            expires: now.plus_ms(self.length_ms),
        };
        self.by_cookie.insert(hash(&cookie), session.clone());
        (cookie, session)
    }

    /// The session of a cookie.
    #[must_use]
    pub fn of(&self, cookie: &str, now: Timestamp) -> Option<&Session> {
        self.by_cookie.get(&hash(cookie)).filter(|session| session.expires > now)
    }

    /// Signs out; whose session it was.
    pub fn end(&mut self, cookie: &str) -> Option<Session> {
        self.by_cookie.remove(&hash(cookie))
    }

    /// Number of sessions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_cookie.len()
    }

    /// Whether nobody is signed in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_cookie.is_empty()
    }

    fn end_first(&mut self, of: impl Fn(&Session) -> bool) {
        let first = self.by_cookie.iter().filter(|(_, session)| of(session)).min_by_key(|(_, session)| session.expires);
        if let Some(first) = first.map(|(cookie, _)| *cookie) {
            self.by_cookie.remove(&first);
        }
    }
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> User {
        User::vouched(name.to_owned(), name.to_owned(), "KH".to_owned(), crate::access::Role::Viewer)
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_764_000_000_000 + ms)
    }

    #[test]
    fn a_session_ends_in_time_and_the_oldest_makes_room() {
        let mut sessions = Sessions::new(1000);
        let (cookie, session) = sessions.begin(&named("sok"), false, [[1; 32], [2; 32]], at(0));
        assert_eq!(sessions.of(&cookie, at(999)), Some(&session));
        assert_eq!(sessions.of(&cookie, at(1000)), None);
        assert_eq!(sessions.of("01", at(0)), None);
        for number in 0..SESSIONS_OF_USER_MAX as u8 {
            sessions.begin(&named("sok"), false, [[10 + number; 32], [2; 32]], at(1 + i64::from(number)));
        }
        assert_eq!(sessions.of(&cookie, at(10)), None, "the first of the user's sessions made room");
        assert_eq!(sessions.len(), SESSIONS_OF_USER_MAX);
        let (other, _) = sessions.begin(&named("dara"), false, [[3; 32], [4; 32]], at(20));
        sessions.end(&other);
        assert_eq!(sessions.of(&other, at(21)), None);
    }
}
