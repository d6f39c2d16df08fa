//! The only crate that names rdkafka: batch source, lead-topic group, transactional companion
