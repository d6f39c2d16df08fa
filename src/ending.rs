//! The signals to a process that goes on until it is told to end: SIGTERM of whoever runs it and SIGINT of a terminal end it, SIGHUP
//! (`systemctl reload`) asks it to read its files anew. One that has nothing to read anew listens all the same: SIGHUP would end it.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for those that end it.
pub struct Ending {
    terminate: Signal,
    interrupt: Signal,
}

impl Ending {
    /// Takes them from now on, within a runtime.
    ///
    /// # Errors
    /// If the system does not let it.
    pub fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next one.
    pub async fn signal(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

impl Ending {
    /// Until whoever asks `/readyz` has seen that it fell; a second signal waits for nobody.
    pub async fn wait(&mut self, time: Duration) {
        if time.is_zero() {
            return;
        }
        tracing::info!("not ready any more; the drain begins in {} ms", time.as_millis());
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = self.signal() => {}
        }
    }
}

/// Listens for SIGHUP, from the moment when the process says that it runs.
pub struct Hangup(Signal);

impl Hangup {
    /// Takes it from now on, within a runtime.
    ///
    /// # Errors
    /// If the system does not let it.
    pub fn listen() -> io::Result<Self> {
        Ok(Self(signal(SignalKind::hangup())?))
    }

    /// Waits for the next one.
    pub async fn signal(&mut self) {
        self.0.recv().await;
    }

    /// Says each time that nothing is read anew.
    pub async fn say_nothing_is_read(mut self) {
        loop {
            self.signal().await;
            nothing_is_read();
        }
    }
}

/// What whoever asked finds in the log.
pub fn nothing_is_read() {
    tracing::info!("SIGHUP: nothing is read anew; what its files say now counts from its next start on");
}
