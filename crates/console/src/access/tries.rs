//! How often somebody tries to sign in: by address and by name, so that neither one name nor many can be tried out fast. And how
//! often somebody exports what the audit log has a line of.

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

/// Counted tries.
#[derive(Debug, Default)]
pub struct Tries {
    windows: HashMap<String, (Timestamp, u32)>,
}

impl Tries {
    /// Counts a try; how many milliseconds to wait if there were too many.
    ///
    /// # Errors
    /// The wait.
    pub fn count(&mut self, whom: &str, now: Timestamp) -> Result<(), i64> {
        if self.windows.len() >= TRIED_MAX && !self.windows.contains_key(whom) {
            self.make_room(now);
        }
        let (begun, tries) = self.windows.entry(whom.to_owned()).or_insert((now, 0));
        if !(0..TRIES_WINDOW_MS).contains(&now.since_ms(*begun)) {
            (*begun, *tries) = (now, 0);
        }
        *tries += 1;
        if *tries > TRIES_MAX { Err(TRIES_WINDOW_MS - now.since_ms(*begun)) } else { Ok(()) }
    }

    /// It was the right password: what was tried before counts no more.
    pub fn forget(&mut self, whom: &str) {
        self.windows.remove(whom);
    }

    fn make_room(&mut self, now: Timestamp) {
        self.windows.retain(|_, (begun, _)| now.since_ms(*begun) < TRIES_WINDOW_MS);
        if self.windows.len() >= TRIED_MAX
            && let Some(first) = self.windows.iter().min_by_key(|(_, (begun, _))| *begun).map(|(whom, _)| whom.clone())
        {
            self.windows.remove(&first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let at = |ms: i64| Timestamp::from_ms(1_764_000_000_000 + ms);
        for _ in 0..TRIES_MAX {
            assert_eq!(tries.count("sok", at(0)), Ok(()));
        }
        assert_eq!(tries.count("sok", at(1000)), Err(TRIES_WINDOW_MS - 1000));
        assert_eq!(tries.count("dara", at(1000)), Ok(()));
        assert_eq!(tries.count("sok", at(TRIES_WINDOW_MS)), Ok(()));
        for other in 0..TRIED_MAX + 10 {
            let _ = tries.count(&other.to_string(), at(0));
        }
        assert!(tries.windows.len() <= TRIED_MAX);
    }
}
