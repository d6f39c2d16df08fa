//! The parts of the binary `lancang`: command line, configuration, start-up and shutdown order, metrics endpoint.

pub mod config;
pub mod http;
pub mod metrics;
pub mod store;
