//! How often somebody tries to sign in: by address and by name, so that neither one name nor many can be tried out fast. And how
//! often somebody who is signed in does what the audit log has a line of.
//!
//! A table forgets somebody only where it is full, and those last whose tries are used up. So that nobody fills a table in which
//! somebody else is counted there are four of them: names that users have are few, and so are those who are signed in.

use std::collections::HashMap;
use std::net::IpAddr;

use lancang_record::Timestamp;

use crate::limits::{TRIED_MAX, TRIES_MAX, TRIES_WINDOW_MS};

/// What counts as one address: an IPv6 host has as many of its network's as it likes (RFC 7421: 64 bits are one).
#[must_use]
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// All that is counted.
#[derive(Debug, Default)]
pub struct Counted {
    /// Tries of networks.
    networks: Tries,
    /// Tries to sign in as a user.
    users: Tries,
    /// Tries to sign in as nobody: told of as long, so that nobody learns by it who is a user.
    strangers: Tries,
    /// Of those who are signed in, by what they do.
    pub acts: Tries,
    /// Sign-ins by the provider, of networks.
    pub provider: Tries,
}

impl Counted {
    /// Counts a try to sign in. Of a network that has used up its tries none counts for a name.
    ///
    /// # Errors
    /// How many milliseconds to wait.
    pub fn sign_in(&mut self, network: &str, name: &str, is_user: bool, now: Timestamp) -> Result<(), i64> {
        self.networks.count(network, TRIES_MAX, now)?;
        self.of(is_user).count(name, TRIES_MAX, now)
    }

    /// It was the right password: what was tried before counts no more for that name, and of its network this one try does not. What was
    /// tried wrongly from there stays counted: one who has a password of his own tries no others' by it.
    pub fn signed_in(&mut self, network: &str, name: &str) {
        self.users.forget(name);
        self.networks.give_back(network, TRIES_MAX);
    }

    fn of(&mut self, is_user: bool) -> &mut Tries {
        if is_user { &mut self.users } else { &mut self.strangers }
    }
}

/// Counted tries.
#[derive(Debug, Default)]
pub struct Tries {
    windows: HashMap<String, Window>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    begun: Timestamp,
    tries: u32,
    is_used_up: bool,
}

impl Tries {
    /// Counts a try of so many in a window.
    ///
    /// # Errors
    /// How many milliseconds to wait if there were too many.
    pub fn count(&mut self, whom: &str, most: u32, now: Timestamp) -> Result<(), i64> {
        if self.windows.len() >= TRIED_MAX && !self.windows.contains_key(whom) {
            self.make_room(now);
        }
        let begun = Window { begun: now, tries: 0, is_used_up: false };
        let window = self.windows.entry(whom.to_owned()).or_insert(begun);
        if !(0..TRIES_WINDOW_MS).contains(&now.since_ms(window.begun)) {
            *window = begun;
        }
        window.tries = window.tries.saturating_add(1);
        window.is_used_up = window.tries >= most;
        if window.tries > most { Err(TRIES_WINDOW_MS - now.since_ms(window.begun)) } else { Ok(()) }
    }

    /// One try of so many does not count.
    fn give_back(&mut self, whom: &str, most: u32) {
        if let Some(window) = self.windows.get_mut(whom) {
            window.tries = window.tries.saturating_sub(1);
            window.is_used_up = window.tries >= most;
        }
    }

    /// What was tried before counts no more.
    pub fn forget(&mut self, whom: &str) {
        self.windows.remove(whom);
    }

    fn make_room(&mut self, now: Timestamp) {
        self.windows.retain(|_, window| now.since_ms(window.begun) < TRIES_WINDOW_MS);
        let first = self.windows.iter().min_by_key(|(_, window)| (window.is_used_up, window.begun));
        if self.windows.len() >= TRIED_MAX
            && let Some(first) = first.map(|(whom, _)| whom.clone())
        {
            self.windows.remove(&first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_764_000_000_000 + ms)
    }

    #[test]
    fn a_host_has_one_network() {
        let check = |address: &str, expected: &str| assert_eq!(network(address.parse().unwrap()), expected);
        check("203.0.113.7", "203.0.113.7");
        check("::ffff:203.0.113.7", "203.0.113.7");
        check("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64");
        check("2001:db8:1:2::1", "2001:db8:1:2::/64");
        check("::1", "0:0:0:0::/64");
    }

    #[test]
    fn tries_are_bounded_in_a_window() {
        let mut tries = Tries::default();
        for _ in 0..TRIES_MAX {
            assert_eq!(tries.count("sok", TRIES_MAX, at(0)), Ok(()));
        }
        assert_eq!(tries.count("sok", TRIES_MAX, at(1000)), Err(TRIES_WINDOW_MS - 1000));
        assert_eq!(tries.count("dara", TRIES_MAX, at(1000)), Ok(()));
        assert_eq!(tries.count("sok", TRIES_MAX, at(TRIES_WINDOW_MS)), Ok(()));
        for other in 0..TRIED_MAX + 10 {
            let _ = tries.count(&other.to_string(), TRIES_MAX, at(0));
        }
        assert!(tries.windows.len() <= TRIED_MAX);
    }

    /// An office behind one address: whoever has the right password takes nothing from the others, and nothing back for a wrong one.
    #[test]
    fn the_right_password_uses_nothing_up() {
        let mut counted = Counted::default();
        for number in 0..3 * TRIES_MAX {
            let name = format!("user {number}");
            assert_eq!(counted.sign_in("203.0.113.7", &name, true, at(0)), Ok(()), "{name}");
            counted.signed_in("203.0.113.7", &name);
        }
        for number in 1..TRIES_MAX {
            assert_eq!(counted.sign_in("203.0.113.7", &format!("wrong {number}"), true, at(0)), Ok(()));
        }
        assert_eq!(counted.sign_in("203.0.113.7", "own", true, at(0)), Ok(()));
        counted.signed_in("203.0.113.7", "own");
        assert_eq!(counted.sign_in("203.0.113.7", "wrong", true, at(0)), Ok(()));
        assert!(counted.sign_in("203.0.113.7", "own", true, at(0)).is_err());
    }

    /// Made-up names, from one network and from many: who was counted before stays counted.
    #[test]
    fn nobody_pushes_a_count_out() {
        let mut counted = Counted::default();
        let network = |number: usize| format!("2001:db8:{:x}:{:x}::/64", number >> 16, number & 0xffff);
        for number in 0..TRIES_MAX as usize {
            assert_eq!(counted.sign_in(&network(number), "sok", true, at(0)), Ok(()));
            assert_eq!(counted.sign_in("203.0.113.7", &format!("made up {number}"), false, at(0)), Ok(()));
        }
        // One network: its further names leave nothing behind.
        let strangers = counted.strangers.windows.len();
        for number in 0..3 * TRIED_MAX {
            assert!(counted.sign_in("203.0.113.7", &format!("flood {number}"), false, at(1)).is_err());
        }
        assert_eq!(counted.strangers.windows.len(), strangers);
        // Many.
        for number in 0..3 * TRIED_MAX {
            assert_eq!(counted.sign_in(&network(1_000_000 + number), &format!("name {number}"), false, at(2)), Ok(()));
        }
        assert!(counted.sign_in("203.0.113.7", "sok", true, at(3)).is_err(), "the network is known still");
        assert!(counted.sign_in("203.0.113.8", "sok", true, at(3)).is_err(), "and so is the name");
        assert!(counted.networks.windows.len() <= TRIED_MAX && counted.strangers.windows.len() <= TRIED_MAX);
    }
}
