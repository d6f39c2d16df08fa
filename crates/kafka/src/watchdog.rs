//! Destroying a client in a thread of its own: `rd_kafka_destroy` waits for librdkafka's threads and was seen to hang
//! (rust-rdkafka #453). A process that ends anyway should not wait for it.
//!
//! **Invariant:** every client of librdkafka that this crate makes is held in a [`Watched`].

use std::ops::{Deref, DerefMut};

use crossbeam_channel::bounded;

use crate::limits::DESTROY_MAX;

/// A client that is destroyed in a thread of its own when this is dropped.
pub(crate) struct Watched<T: Send + 'static> {
    what: &'static str,
    /// There until this is dropped.
    client: Option<T>,
}

impl<T: Send + 'static> Watched<T> {
    /// `what` names the client in the log should it hang.
    pub(crate) const fn new(what: &'static str, client: T) -> Self {
        Self { what, client: Some(client) }
    }
}

impl<T: Send + 'static> Deref for Watched<T> {
    type Target = T;

    #[allow(clippy::expect_used)]
    fn deref(&self) -> &T {
        self.client.as_ref().expect("taken in `drop` alone")
    }
}

impl<T: Send + 'static> DerefMut for Watched<T> {
    #[allow(clippy::expect_used)]
    fn deref_mut(&mut self) -> &mut T {
        self.client.as_mut().expect("taken in `drop` alone")
    }
}

impl<T: Send + 'static> Drop for Watched<T> {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            destroy(self.what, client);
        }
    }
}

/// Drops `client`; after [`DESTROY_MAX`] leaves it to its thread and says so.
fn destroy<T: Send + 'static>(what: &'static str, client: T) {
    let (done, wait) = bounded::<()>(1);
    let thread = std::thread::Builder::new().name("destroy".into()).spawn(move || {
        drop(client);
        drop(done);
    });
    match thread {
        Ok(_) => {
            // Nothing is ever sent: the other end goes when the client is gone.
            if let Err(crossbeam_channel::RecvTimeoutError::Timeout) = wait.recv_timeout(DESTROY_MAX) {
                tracing::error!("a {what} could not be destroyed in {DESTROY_MAX:?}; it is left behind");
            }
        }
        Err(error) => tracing::error!(%error, "no thread to destroy a {what} in; destroyed here"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    struct Hangs;

    impl Drop for Hangs {
        fn drop(&mut self) {
            std::thread::sleep(DESTROY_MAX * 4);
        }
    }

    #[test]
    fn a_client_that_hangs_is_left_behind() {
        let begun = Instant::now();
        drop(Watched::new("client", Hangs));
        assert!(begun.elapsed() < DESTROY_MAX * 2);
        assert!(begun.elapsed() >= DESTROY_MAX.saturating_sub(Duration::from_millis(50)));
    }
}
