//! `lancang demo`

use std::path::PathBuf;

use clap::Args;

use super::parse_length;

/// `lancang demo`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang demo                                  a synthetic day in four minutes; Ctrl-C ends it with a summary
  lancang demo --for 30s --listen 127.0.0.1:0 --console 127.0.0.1:0 --desk 127.0.0.1:0   half a minute, on any free ports")]
pub struct Demo {
    /// Ends after this long, such as `30s` or `2m`; otherwise with the synthetic day.
    #[arg(long, value_name = "TIME", value_parser = parse_length)]
    pub r#for: Option<std::time::Duration>,
    /// How many times as fast as events time runs; at least 60, so that windows fill.
    #[arg(long, default_value_t = 360.0, value_parser = parse_speed)]
    pub speed: f64,
    /// Subscribers of all six operators together.
    #[arg(long, default_value_t = 60_000)]
    pub subscribers: u64,
    /// Episodes of each pattern and grade, and look-alikes of each class.
    #[arg(long, default_value_t = 12)]
    pub episodes: u64,
    /// Seed of the traffic.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Folder of pattern files.
    #[arg(long, value_name = "DIR", default_value = "config/patterns")]
    pub patterns: PathBuf,
    /// Address of metrics and health; port 0 takes any free one.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9600")]
    pub listen: std::net::SocketAddr,
    /// Address of the console; port 0 takes any free one.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8600")]
    pub console: std::net::SocketAddr,
    /// Address of a carrier's own desk; port 0 takes any free one.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8601")]
    pub desk: std::net::SocketAddr,
}

fn parse_speed(text: &str) -> Result<f64, String> {
    let speed = text.parse().ok().filter(|speed| (60.0..=100_000.0).contains(speed));
    speed.ok_or_else(|| "expected a number from 60 to 100000".to_owned())
}
