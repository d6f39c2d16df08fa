//! The service on a real Apache Kafka: the binary as a carrier runs it.
//!
//! What it wrote is compared with the engine in memory over the same records log (the log decides), and the log with
//! what was sent.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

#[path = "kafka/alerts.rs"]
mod alerts;
#[path = "kafka/align.rs"]
mod align;
#[path = "kafka/answers.rs"]
mod answers;
#[path = "browsing/mod.rs"]
#[allow(dead_code, reason = "the exchange's tests use the rest")]
mod browsing;
#[path = "kafka/carrier.rs"]
mod carrier;
#[path = "kafka/desk.rs"]
mod desk;
#[path = "kafka/disturbed.rs"]
mod disturbed;
#[path = "kafka/doctor.rs"]
mod doctor;
#[path = "kafka/drained.rs"]
mod drained;
#[path = "kafka/faults.rs"]
mod faults;
#[path = "kafka/feeds.rs"]
mod feeds;
#[path = "kafka/health.rs"]
mod health;
#[path = "kafka/home_topic.rs"]
mod home_topic;
#[path = "installed/mod.rs"]
mod installed;
#[path = "kafka/keys.rs"]
mod keys;
#[path = "kafka/killed.rs"]
mod killed;
#[path = "kafka/pack.rs"]
mod pack;
#[path = "kafka/packs.rs"]
mod packs;
#[path = "kafka/rebalance.rs"]
mod rebalance;
#[path = "kafka/relay.rs"]
mod relay;
#[path = "kafka/slices.rs"]
mod slices;
#[path = "kafka/stream.rs"]
mod stream;
#[path = "kafka/watched.rs"]
mod watched;
#[path = "watching/mod.rs"]
#[allow(dead_code, reason = "a part is that of the exchange's tests")]
mod watching;
