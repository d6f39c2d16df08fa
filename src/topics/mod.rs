//! Topics at home and on the exchange, and who may do what there: as they should be ([`home`], [`exchange`]), as they
//! are, and what makes the one the other ([`plan`]).
//!
//! Rules:
//! - a topic and its options stand here and nowhere else: the service, `lancang topics` and the tests ask here;
//! - every option has its reason beside it, which the plan prints;
//! - what is not said here is the cluster's;
//! - nobody who can use the epoch key may read what the countries share, and nobody who writes there may use a
//!   transaction: a plan that would leave either so is refused ([`plan::Plan::refused`]).

pub mod exchange;
pub mod file;
pub mod home;
pub mod plan;
pub mod report;

use lancang_kafka::TopicPlan;

/// A topic as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Name.
    pub name: String,
    /// Partitions; fixed for the life of the topic.
    pub partitions: i32,
    /// Replicas; the cluster's default if none.
    pub replication: Option<i32>,
    /// Options that must be so.
    pub settings: Vec<Setting>,
}

/// An option of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Kafka's name.
    pub name: &'static str,
    /// Value.
    pub value: String,
    /// Why it must be so.
    pub reason: &'static str,
}

impl Topic {
    fn with(mut self, name: &'static str, value: impl ToString, reason: &'static str) -> Self {
        self.settings.push(Setting { name, value: value.to_string(), reason });
        self
    }

    /// The same for making it.
    #[must_use]
    pub fn plan(&self) -> TopicPlan {
        let options = self.settings.iter().map(|setting| (setting.name.to_owned(), setting.value.clone())).collect();
        TopicPlan { name: self.name.clone(), partitions: self.partitions, replication: self.replication, options }
    }
}
