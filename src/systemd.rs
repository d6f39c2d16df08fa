//! What systemd is told where it has started the process (`Type=notify`, `WatchdogSec=`): that it runs, again and again that no
//! stage is stuck, and that it drains. Without systemd nothing is told.

use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;

use crate::http::Health;

/// The process answers for itself; whether it is ready `/readyz` says.
pub fn started() {
    tell(NotifyState::Ready);
}

/// The drain is announced.
pub fn draining() {
    tell(NotifyState::Stopping);
}

/// As long as no stage is stuck: three times in the time after which systemd ends and starts it anew.
pub async fn watch(health: Arc<Health>) {
    let Some(patience) = sd_notify::watchdog_enabled().filter(|patience| *patience > Duration::ZERO) else { return };
    loop {
        let stuck = health.stuck();
        if stuck.is_empty() {
            tell(NotifyState::Watchdog);
        } else {
            tracing::error!("stuck: {}; systemd starts the process anew if that goes on", stuck.join(", "));
        }
        tokio::time::sleep(patience / 3).await;
    }
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!("systemd is not told how it goes: {error}");
    }
}
