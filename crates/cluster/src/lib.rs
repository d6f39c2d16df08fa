//! Apache Kafka for tests: fetched once, started on loopback, killed and restarted on request
