//! A flag that ends waits: retries of anything go on until it is set.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::limits::{BACKOFF_MAX, BACKOFF_MIN};

/// Longest time until a sleeper notices.
const SLICE: Duration = Duration::from_millis(20);

/// Shared between whoever waits and whoever ends the wait.
#[derive(Clone, Default)]
pub struct Stop {
    flag: Arc<AtomicBool>,
    beat: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl std::fmt::Debug for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Stop").field(&self.is_stopped()).finish()
    }
}

impl Stop {
    /// A flag that is not set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same flag for a waiter that calls `beat` while it sleeps: who waits between two tries is not stuck.
    #[must_use]
    pub fn with_beat(&self, beat: impl Fn() + Send + Sync + 'static) -> Self {
        Self { flag: Arc::clone(&self.flag), beat: Some(Arc::new(beat)) }
    }

    /// Ends all waits, now and later.
    pub fn stop(&self) {
        self.flag.store(true, Ordering::Release);
    }

    /// Whether waits are to end.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.flag.load(Ordering::Acquire)
    }

    /// Sleeps; returns false as soon as the flag is set.
    #[must_use]
    pub fn sleep(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        loop {
            if self.is_stopped() {
                return false;
            }
            if let Some(beat) = &self.beat {
                beat();
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(SLICE));
        }
    }
}

/// Pauses between tries: doubled each time, up to a limit.
#[derive(Debug)]
pub(crate) struct Backoff(Duration);

impl Backoff {
    pub(crate) fn new() -> Self {
        Self(BACKOFF_MIN)
    }

    /// The pause before the next try.
    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(BACKOFF_MAX);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleeper_wakes_when_stopped() {
        let stop = Stop::new();
        assert!(stop.sleep(Duration::from_millis(1)));
        let other = stop.clone();
        let begun = Instant::now();
        let sleeper = std::thread::spawn(move || other.sleep(Duration::from_secs(60)));
        stop.stop();
        assert!(!sleeper.join().unwrap());
        assert!(begun.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_sleeper_beats() {
        let (stop, beats) = (Stop::new(), Arc::new(std::sync::atomic::AtomicU32::new(0)));
        let counted = Arc::clone(&beats);
        let beating = stop.with_beat(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        assert!(beating.sleep(SLICE) && beats.load(Ordering::Relaxed) >= 2);
        stop.stop();
        assert!(beating.is_stopped());
    }

    #[test]
    fn pauses_double_up_to_the_limit() {
        let mut backoff = Backoff::new();
        let pauses: Vec<u128> = (0..8).map(|_| backoff.next().as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    }
}
