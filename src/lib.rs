//! The parts of the binary `lancang`: command line, configuration, start-up and shutdown order, metrics endpoint.

/// Millions of small blocks grow and go: glibc's allocator took an eighth of the scoring time
/// (`benches/RESULTS.md`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod alert_file;
pub mod alert_filter;
pub mod alert_printer;
pub mod alert_topic;
pub mod asyncapi;
pub mod bar_list;
pub mod campaign_topic;
pub mod catalogue;
pub mod certificates;
pub mod cli;
pub mod columns;
pub mod commands;
pub mod config;
pub mod console;
pub mod demo;
pub mod doctor;
pub mod ending;
pub mod evidence;
pub mod exit;
pub mod feed_profile;
pub mod feedback_printer;
pub mod feedback_topic;
pub mod grouped;
pub mod home_topic;
pub mod http;
pub mod incident_filter;
pub mod incidents;
pub mod key_registry;
pub mod logging;
pub mod mapping_file;
pub mod metrics;
pub mod network;
mod operation_printer;
pub mod pack_folder;
pub mod plot;
mod portability;
pub mod reference;
pub mod registry_file;
pub mod registry_topic;
pub mod replay;
pub mod schema;
pub mod secret;
pub mod service;
pub mod signed_topic;
pub mod store;
pub mod systemd;
pub mod topics;
pub mod verdicts;
