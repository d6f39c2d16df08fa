//! `[http]`: from text to checked values.

use std::net::SocketAddr;
use std::time::Duration;

use lancang_diagnostic::toml::Table;

use super::read::duration_or;

/// Address of metrics and health, and how long readiness falls before a drain.
pub(super) fn http(root: &Table<'_, '_>) -> (Option<SocketAddr>, Duration) {
    let default = SocketAddr::from(([127, 0, 0, 1], 9600));
    let Some(table) = root.table("http") else {
        return (Some(default), Duration::ZERO);
    };
    let text = table.text("listen");
    let drain_wait = duration_or(&table, "drain_wait", 0);
    table.finish();
    let Some(text) = text else { return (Some(default), drain_wait) };
    let address = text.value.parse().ok();
    if address.is_none() {
        root.wrong(text.span, "http.listen", "expected an address and a port, such as \"127.0.0.1:9600\"");
    }
    (address, drain_wait)
}
