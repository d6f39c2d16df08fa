//! What there is, held against what there should be.
//!
//! A plan is made of what a cluster says at one moment, and changes nothing. [`apply`] does what it says, in an order in
//! which a crash leaves no right without its topic; what was done is planned once more, and must then be nothing.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use lancang_kafka::acl::{Acl, EVERYBODY, Operation, Permission, Resource, allows};
use lancang_kafka::{Admin, Error};

use super::Topic;
use super::file::Exchange;

/// How long brokers may take to know of what was changed.
const KNOWN_MAX: Duration = Duration::from_secs(20);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Rights that go into one request.
const RIGHTS_AT_ONCE: usize = 500;

/// What makes one cluster what it should be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Topics, each with what is to be done.
    pub topics: Vec<(Topic, TopicStep)>,
    /// Rights, each with what is to be done.
    pub rights: Vec<(Acl, RightStep)>,
    /// Why nothing may be done.
    pub refused: Vec<String>,
}

/// What is to be done about a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopicStep {
    /// Nothing.
    There,
    /// It is missing.
    Make,
    /// Options differ.
    Change(Vec<Difference>),
    /// It is there, and what is wrong with it no command mends.
    Wrong(String),
}

/// An option that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Option.
    pub name: &'static str,
    /// What it is.
    pub is: String,
    /// What it should be.
    pub should: String,
    /// Why.
    pub reason: &'static str,
}

/// What is to be done about a right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RightStep {
    /// Nothing.
    There,
    /// It is missing.
    Make,
    /// The file does not have it; it stays.
    Stays,
    /// The file does not have it; it goes.
    Goes,
}

impl Plan {
    /// Topics alone.
    ///
    /// # Errors
    /// Of questions to the cluster.
    pub fn of_topics(admin: &Admin, topics: Vec<Topic>) -> Result<Self, Error> {
        let step = |topic: Topic| Ok((topic.clone(), step(admin, &topic)?));
        let topics = topics.into_iter().map(step).collect::<Result<Vec<_>, Error>>()?;
        Ok(Self { topics, ..Self::default() })
    }

    /// Topics and rights of an exchange; with `prune`, rights go that concern it and are not in its file.
    ///
    /// # Errors
    /// Of questions to the cluster; if it has no authorizer.
    pub fn of_exchange(admin: &Admin, exchange: &Exchange, prune: bool) -> Result<Self, Error> {
        let mut plan = Self::of_topics(admin, super::exchange::topics(exchange))?;
        let found = admin.acls()?;
        plan.rights = rights(exchange, &found, prune);
        plan.refused = refused(exchange, &plan.after(&found));
        Ok(plan)
    }

    /// Rights as they would be.
    fn after(&self, found: &[Acl]) -> Vec<Acl> {
        let gone: BTreeSet<&Acl> = self.with(RightStep::Goes).collect();
        let made = self.with(RightStep::Make);
        found.iter().filter(|acl| !gone.contains(acl)).chain(made).cloned().collect()
    }

    /// Rights of one step.
    pub fn with(&self, step: RightStep) -> impl Iterator<Item = &Acl> {
        self.rights.iter().filter(move |(_, found)| *found == step).map(|(acl, _)| acl)
    }

    /// Number of things that `apply` would do.
    #[must_use]
    pub fn changes(&self) -> usize {
        let topics = self.topics.iter().filter(|(_, step)| matches!(step, TopicStep::Make | TopicStep::Change(_)));
        topics.count() + self.with(RightStep::Make).count() + self.with(RightStep::Goes).count()
    }

    /// What stands in the way of applying it, in words.
    pub fn obstacles(&self) -> impl Iterator<Item = String> + '_ {
        let wrong = self.topics.iter().filter_map(|(topic, step)| match step {
            TopicStep::Wrong(why) => Some(format!("topic `{}`: {why}", topic.name)),
            _ => None,
        });
        wrong.chain(self.refused.iter().cloned())
    }
}

fn step(admin: &Admin, topic: &Topic) -> Result<TopicStep, Error> {
    let Some(partitions) = admin.partitions(&topic.name)? else { return Ok(TopicStep::Make) };
    if partitions != topic.partitions {
        return Ok(TopicStep::Wrong(format!(
            "it has {partitions} partitions, {} are expected: the number is fixed for the life of a topic",
            topic.partitions
        )));
    }
    let replicas = admin.replicas(&topic.name)?.unwrap_or(partitions);
    if let Some(expected) = topic.replication
        && replicas != expected
    {
        return Ok(TopicStep::Wrong(format!(
            "it has {replicas} replicas, {expected} are expected: `kafka-reassign-partitions.sh` moves it to as many \
             brokers, or correct `topics.replication`"
        )));
    }
    let options = admin.options(&topic.name)?;
    let differs = topic.settings.iter().filter_map(|setting| {
        let is = options.get(setting.name).cloned().unwrap_or_default();
        let difference =
            || Difference { name: setting.name, is: is.clone(), should: setting.value.clone(), reason: setting.reason };
        (is != setting.value).then(difference)
    });
    let differs: Vec<Difference> = differs.collect();
    Ok(if differs.is_empty() { TopicStep::There } else { TopicStep::Change(differs) })
}

fn rights(exchange: &Exchange, found: &[Acl], prune: bool) -> Vec<(Acl, RightStep)> {
    let should = super::exchange::rights(exchange);
    let is: BTreeSet<&Acl> = found.iter().collect();
    let mut steps: Vec<(Acl, RightStep)> = should
        .iter()
        .map(|acl| (acl.clone(), if is.contains(acl) { RightStep::There } else { RightStep::Make }))
        .collect();
    let should: BTreeSet<&Acl> = should.iter().collect();
    let surplus = found.iter().filter(|acl| !should.contains(acl) && concerns(exchange, acl));
    steps.extend(surplus.map(|acl| (acl.clone(), if prune { RightStep::Goes } else { RightStep::Stays })));
    steps
}

/// Whether a right is the exchange's business: of one of its topics or principals, of transactions, or of the cluster.
fn concerns(exchange: &Exchange, acl: &Acl) -> bool {
    let named = exchange.principals.iter().any(|principal| principal.name == acl.principal);
    match acl.resource {
        Resource::TransactionalId | Resource::Cluster => true,
        Resource::Topic => named || topics(exchange).any(|topic| acl.matches(Resource::Topic, &topic)),
        _ => named,
    }
}

fn topics(exchange: &Exchange) -> impl Iterator<Item = String> {
    super::exchange::topics(exchange).into_iter().map(|topic| topic.name)
}

/// What may not be, whoever made it so.
fn refused(exchange: &Exchange, rights: &[Acl]) -> Vec<String> {
    let mut refused = BTreeSet::new();
    for principal in &exchange.principals {
        let name = principal.name.as_str();
        let may = |operation, topic: &str| allows(rights, name, operation, Resource::Topic, topic);
        if principal.role.uses_epoch_key() {
            let read = topics(exchange).filter(|topic| may(Operation::Read, topic));
            refused.extend(read.map(|topic| {
                format!(
                    "{name} can use the epoch key and may read `{topic}`: it would find out who is in the alerts of \
                     others; `--prune` takes away what is not in the file"
                )
            }));
            if allows(rights, name, Operation::Alter, Resource::Cluster, "kafka-cluster") {
                refused.insert(format!("{name} can use the epoch key and may give itself every right (alter cluster)"));
            }
        }
        let writes = topics(exchange).any(|topic| may(Operation::Write, &topic));
        if writes && rights.iter().any(|acl| is_for_transactions(acl, name)) {
            refused.insert(format!(
                "{name} may write here and use transactions: one that it leaves open holds back every reader; \
                 `--prune` takes away what is not in the file"
            ));
        }
    }
    refused.into_iter().collect()
}

fn is_for_transactions(acl: &Acl, principal: &str) -> bool {
    acl.resource == Resource::TransactionalId
        && acl.permission == Permission::Allow
        && matches!(acl.operation, Operation::Write | Operation::All)
        && (acl.principal == principal || acl.principal == EVERYBODY)
}

/// Does what a plan says, and waits until the cluster knows of it: then planning anew gives nothing to do.
///
/// # Errors
/// Of the first thing that is refused; [`Error::Unavailable`] if brokers do not know of it in time.
pub fn apply(admin: &Admin, plan: &Plan, again: impl Fn() -> Result<Plan, Error>) -> Result<(), Error> {
    for (topic, step) in &plan.topics {
        match step {
            TopicStep::Make => admin.create(&topic.plan())?,
            TopicStep::Change(differences) => {
                let options: Vec<(String, String)> =
                    differences.iter().map(|option| (option.name.to_owned(), option.should.clone())).collect();
                admin.set_options(&topic.name, &options)?;
            }
            TopicStep::There | TopicStep::Wrong(_) => {}
        }
    }
    // What is too much goes first: at no moment is there more than before and after.
    for rights in plan.with(RightStep::Goes).cloned().collect::<Vec<_>>().chunks(RIGHTS_AT_ONCE) {
        admin.delete_acls(rights)?;
    }
    for rights in plan.with(RightStep::Make).cloned().collect::<Vec<_>>().chunks(RIGHTS_AT_ONCE) {
        admin.create_acls(rights)?;
    }
    let begun = Instant::now();
    loop {
        let left = again()?.changes();
        if left == 0 {
            return Ok(());
        }
        if begun.elapsed() > KNOWN_MAX {
            let reason = format!("{left} changes were made, and brokers do not know of them after {KNOWN_MAX:?}");
            return Err(Error::Unavailable { what: "applying the plan".to_owned(), reason });
        }
        std::thread::sleep(LOOK_EVERY);
    }
}
