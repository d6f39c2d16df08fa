//! What benches on a real Kafka share: calls to preload, the product and others in processes of their own, their counts and CPU
//! time, and a bare batch consume beside them.

#![allow(dead_code, reason = "each bench takes what it needs")]

pub mod bare;
pub mod calls;
pub mod one_rule;
pub mod running;
