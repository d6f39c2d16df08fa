//! The signals that end a process: SIGTERM of whoever runs it, SIGINT of a terminal.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for them.
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
