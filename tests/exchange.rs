//! The exchange on a real Apache Kafka with mutual TLS 1.3 and the standard authorizer, made what it should be by `lancang
//! topics apply` itself: what must be refused is refused, and what happens to it harms nobody at home.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

#[path = "browsing/mod.rs"]
mod browsing;
#[path = "exchange/campaigns.rs"]
mod campaigns;
#[path = "kafka/carrier.rs"]
#[allow(dead_code, reason = "the carrier's other tests use the rest")]
mod carrier;
#[path = "exchange/console.rs"]
mod console;
#[path = "exchange/copier.rs"]
mod copier;
#[path = "exchange/courier.rs"]
mod courier;
#[path = "exchange/cut.rs"]
mod cut;
#[path = "exchange/doctor.rs"]
mod doctor;
#[path = "exchange/evidence.rs"]
mod evidence;
#[path = "exchange/feedback.rs"]
mod feedback;
#[path = "exchange/gone.rs"]
mod gone;
#[path = "exchange/held.rs"]
mod held;
#[path = "exchange/identifiers.rs"]
mod identifiers;
#[path = "installed/mod.rs"]
mod installed;
#[path = "exchange/joint.rs"]
mod joint;
#[path = "exchange/killed.rs"]
mod killed;
#[path = "exchange/leaks.rs"]
mod leaks;
#[path = "exchange/meeting.rs"]
mod meeting;
#[path = "papers/mod.rs"]
mod papers;
#[path = "exchange/plan.rs"]
mod plan;
#[path = "exchange/refused.rs"]
mod refused;
#[path = "exchange/running.rs"]
mod running;
#[path = "exchange/said.rs"]
mod said;
#[path = "exchange/typed.rs"]
mod typed;
#[path = "exchange/unheard.rs"]
mod unheard;
#[path = "exchange/warned.rs"]
mod warned;
#[path = "exchange/watched.rs"]
mod watched;
#[path = "watching/mod.rs"]
#[allow(dead_code, reason = "a part is that of the home cluster's tests")]
mod watching;
