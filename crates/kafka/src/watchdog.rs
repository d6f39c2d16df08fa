//! Destroying a client in a thread of its own: `rd_kafka_destroy` waits for librdkafka's threads and was seen to hang
//! (rust-rdkafka #453). A process that ends anyway should not wait for it.

use crossbeam_channel::bounded;

use crate::limits::DESTROY_MAX;

/// Drops `client`; after [`DESTROY_MAX`] leaves it to its thread and says so.
pub(crate) fn destroy<T: Send + 'static>(what: &'static str, client: T) {
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
