//! Log lines on standard error: text for people, JSON on request. `RUST_LOG` filters; identifiers never enter a line
//! clear, because the types that hold them show themselves masked.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// Starts logging. `json` for machines; colours only on a terminal and without `NO_COLOR`. `level` is what is logged
/// where `RUST_LOG` says nothing.
pub fn start(json: bool, level: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if json {
        builder.json().try_init()
    } else {
        builder.with_ansi(colors(&std::io::stderr())).with_target(false).try_init()
    };
    // A second start in one process (tests) keeps the first.
    drop(started);
}

/// Whether to colour what goes to `stream`: it is a terminal that can, and `NO_COLOR` is not set (no-color.org).
pub fn colors(stream: &impl std::io::IsTerminal) -> bool {
    let is_unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    stream.is_terminal() && !is_unwanted && !is_dumb
}

/// Whether progress may be drawn: standard error is a terminal.
#[must_use]
pub fn progress() -> bool {
    std::io::stderr().is_terminal()
}
