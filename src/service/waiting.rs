//! Waiting for a cluster that is away: a stage that does is not stuck, and says so at once and then every half minute.

use std::time::{Duration, Instant};

use lancang_kafka::{Admin, Error};

use super::Shared;
use crate::http::Pulse;

/// Between two tries of what a cluster did not answer or take.
pub const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// A batch that a cluster has not acknowledged after this is tried again.
pub const DELIVERY_MAX: Duration = Duration::from_secs(10);
/// Between two lines that say that it is away.
const SAY_EVERY: Duration = Duration::from_secs(30);

// Well below: who waits for a cluster is not stuck.
const _: () = assert!(DELIVERY_MAX.as_millis() * 2 < crate::http::STUCK_MAX.as_millis());

/// What is waited for, and since when.
pub struct Waiting {
    what: &'static str,
    /// Since when, and when it was last said.
    since: Option<(Instant, Instant)>,
}

impl Waiting {
    /// Nothing is waited for; `what` is said when it is, with the error behind it.
    #[must_use]
    pub const fn new(what: &'static str) -> Self {
        Self { what, since: None }
    }

    /// It is still to be waited for.
    pub fn say(&mut self, error: &Error) {
        let now = Instant::now();
        let (since, said) = self.since.get_or_insert((now, now));
        if *since == now || said.elapsed() >= SAY_EVERY {
            *said = now;
            tracing::warn!(waited_s = since.elapsed().as_secs(), "{}: {error}", self.what);
        }
    }

    /// For how long it has been.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.since.map_or(Duration::ZERO, |(since, _)| since.elapsed())
    }

    /// It is not any more: for how long it was, if it was.
    pub fn end(&mut self) -> Option<Duration> {
        self.since.take().map(|(since, _)| since.elapsed())
    }
}

/// Partitions of a topic, none if it is missing; waits as long as its cluster is away, and tells of each try.
///
/// # Errors
/// [`Error::Stopped`], and what does not pass.
pub fn for_topic(
    shared: &Shared,
    pulse: &Pulse,
    admin: &Admin,
    topic: &str,
    mut waiting: Waiting,
    told: impl Fn(&Waiting),
) -> Result<Option<i32>, Error> {
    loop {
        pulse.turn();
        match admin.partitions(topic) {
            Err(error) if error.is_transient() => {
                waiting.say(&error);
                told(&waiting);
            }
            answer => return answer,
        }
        if !shared.stop.sleep(RETRY_PAUSE) {
            return Err(Error::Stopped);
        }
    }
}
