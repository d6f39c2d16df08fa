//! `lancang run`, `intake`, `score`, `relay`, `courier`

use std::path::PathBuf;

use clap::Args;

/// `lancang run`, `intake`, `score`, `relay`, `courier`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang check --config config/lancang.toml && lancang run --config config/lancang.toml
  LANCANG_EPOCH_KEY=$(cat epoch.key) LANCANG_SIGNING_KEY=$(cat signing.key) \\
      lancang relay --config config/lancang.toml --listen 127.0.0.1:9601
  lancang intake --config intake.toml & lancang score --config score.toml      apart, each with a `kafka.instance` of its own

SIGTERM commits what is done and leaves the groups; SIGHUP reads patterns, lists, the trunk and the cell table anew,
and the relay's keys.
A second start goes on where the first stopped.")]
pub struct Serve {
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Address of metrics and health, instead of the configuration's `http.listen`.
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<std::net::SocketAddr>,
    /// Stable name of this process, instead of the configuration's `kafka.instance` and `exchange.instance`, where several
    /// processes share a file: a pod's name.
    #[arg(long, value_name = "NAME", value_parser = parse_instance)]
    pub instance: Option<String>,
}

fn parse_instance(text: &str) -> Result<String, &'static str> {
    if crate::config::is_name(text) {
        Ok(text.to_owned())
    } else {
        Err("expected 1 to 200 letters, digits, `-`, `_` or `.`")
    }
}
