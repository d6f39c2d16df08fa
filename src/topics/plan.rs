//! What there is, held against what there should be.
//!
//! A plan is made of what a cluster says at one moment, and changes nothing. [`apply`] does what it says, in an order in
//! which a crash leaves no right without its topic; what was done is planned once more, and must then be nothing.
//!
//! What may not be is looked for in the rights of everybody, in the file or not, by name or as `User:*`, and in all that lets
//! one read without a right to: acting as a broker (a follower's fetch asks for `ClusterAction` on the cluster and for
//! nothing else), giving oneself rights (`Alter`), changing whom brokers take somebody for (`AlterConfigs`: their trust store
//! and principal builder are dynamic options), acting as another (delegation tokens, for which librdkafka has no names).
//! Super users stand in the brokers' own configuration: no plan sees them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use lancang_kafka::acl::{Acl, CLUSTER, Operation, Pattern, Permission, Resource, allows};
use lancang_kafka::{Admin, Error};

use super::Topic;
use super::exchange::is_of_somebody;
use super::file::{Exchange, Role};

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
    /// The file does not have it, and it has no name here: it stays until somebody else takes it away.
    Beyond,
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
    let step = |acl: &Acl| match (acl.is_known(), prune) {
        (false, _) => RightStep::Beyond,
        (true, true) => RightStep::Goes,
        (true, false) => RightStep::Stays,
    };
    steps.extend(surplus.map(|acl| (acl.clone(), step(acl))));
    steps
}

/// Whether a right is the exchange's business: of one of its topics or principals, of transactions, of the cluster, or of
/// something that has no name here. What those who run the cluster may do is theirs to say.
fn concerns(exchange: &Exchange, acl: &Acl) -> bool {
    let roles = || exchange.principals.iter().filter(|principal| principal.name == acl.principal);
    if roles().any(|principal| principal.role == Role::Administrator) {
        return false;
    }
    match acl.resource {
        Resource::TransactionalId | Resource::Cluster | Resource::Other => true,
        Resource::Topic => {
            roles().next().is_some() || topics(exchange).any(|topic| acl.matches(Resource::Topic, &topic))
        }
        Resource::Group => roles().next().is_some(),
    }
}

fn topics(exchange: &Exchange) -> impl Iterator<Item = String> {
    super::exchange::topics(exchange).into_iter().map(|topic| topic.name)
}

/// What may not be, whoever made it so.
fn refused(exchange: &Exchange, rights: &[Acl]) -> Vec<String> {
    let of_others = rights.iter().filter(|acl| acl.resource == Resource::Topic && acl.pattern == Pattern::Literal);
    let of_others = of_others.map(|acl| acl.name.clone()).filter(|name| is_of_somebody(name));
    let topics: BTreeSet<String> = topics(exchange).chain(of_others).collect();
    let known: BTreeSet<&str> = exchange.principals.iter().map(|principal| principal.name.as_str()).collect();
    let mut refused = BTreeSet::new();
    for principal in exchange.principals.iter().filter(|principal| principal.role != Role::Administrator) {
        let name = principal.name.as_str();
        if principal.role.uses_epoch_key() {
            refused.extend(ways_to_read(rights, name, &topics).into_iter().map(|way| {
                format!(
                    "{name} can use the epoch key and {way}: it would find out who is in the alerts of others; {MENDED}"
                )
            }));
        }
        refused.extend(transactions(rights, name, &topics));
    }
    let allowed = rights.iter().filter(|acl| acl.permission == Permission::Allow).map(|acl| acl.principal.as_str());
    for name in allowed.filter(|name| !known.contains(name)).collect::<BTreeSet<_>>() {
        refused.extend(ways_to_read(rights, name, &topics).into_iter().map(|way| {
            format!(
                "{name} is not in the file and {way}: nobody can say that it cannot use the epoch key; give it a role there \
                 (`administrator` if it runs the cluster), or {MENDED}"
            )
        }));
        refused.extend(transactions(rights, name, &topics));
    }
    refused.into_iter().collect()
}

const MENDED: &str = "`--prune` takes away what is not in the file";

/// By what a principal comes to read what is shared.
fn ways_to_read(rights: &[Acl], name: &str, topics: &BTreeSet<String>) -> Vec<String> {
    let reads = topics.iter().filter(|topic| allows(rights, name, Operation::Read, Resource::Topic, topic));
    let mut ways: Vec<String> = reads.map(|topic| format!("may read `{topic}`")).collect();
    let cluster = [
        (Operation::ClusterAction, "may act as a broker, which reads every topic (cluster action)"),
        (Operation::Alter, "may give itself every right (alter cluster)"),
        (Operation::AlterConfigs, "may change whom brokers take somebody for (alter options of the cluster)"),
    ];
    let may = |operation| allows(rights, name, operation, Resource::Cluster, CLUSTER);
    ways.extend(cluster.into_iter().filter(|(operation, _)| may(*operation)).map(|(_, way)| way.to_owned()));
    let unknown = rights.iter().filter(|acl| acl.is_of(name) && acl.permission == Permission::Allow && !acl.is_known());
    ways.extend(unknown.map(|acl| {
        format!(
            "may do what has no name here, such as to act as another ({acl}): `kafka-acls.sh --remove` takes it away"
        )
    }));
    ways
}

/// One that writes here and may use transactions.
fn transactions(rights: &[Acl], name: &str, topics: &BTreeSet<String>) -> Option<String> {
    let writes = topics.iter().any(|topic| allows(rights, name, Operation::Write, Resource::Topic, topic));
    let is_refused = writes && rights.iter().any(|acl| is_for_transactions(acl, name));
    is_refused.then(|| {
        format!("{name} may write here and use transactions: one that it leaves open holds back every reader; {MENDED}")
    })
}

fn is_for_transactions(acl: &Acl, principal: &str) -> bool {
    acl.resource == Resource::TransactionalId
        && acl.permission == Permission::Allow
        && matches!(acl.operation, Operation::Write | Operation::All)
        && acl.is_of(principal)
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

#[cfg(test)]
mod tests {
    use super::*;

    const RELAY: &str = "User:CN=relay";

    fn exchange() -> Exchange {
        let principal = |name: &str, role: &str, of: &str| {
            format!("[[principals]]\nprincipal = \"{name}\"\nrole = \"{role}\"\n{of}\n")
        };
        let text = [
            "countries = [\"KH\"]\n[cluster]\nbootstrap = \"b:1\"\n[[carriers]]\nname = \"mekong\"\ncountry = \"KH\"\n",
            &principal(RELAY, "scoring", "carrier = \"mekong\""),
            &principal("User:CN=agency", "agency", "country = \"KH\""),
            &principal("User:CN=broker", "administrator", ""),
        ];
        Exchange::read("exchange.toml", &text.concat()).unwrap()
    }

    fn with(more: &[Acl]) -> Vec<String> {
        let exchange = exchange();
        refused(&exchange, &[super::super::exchange::rights(&exchange), more.to_vec()].concat())
    }

    fn allow(name: &str, operation: Operation, resource: Resource, on: &str) -> Acl {
        Acl::allow(name, operation, resource, Pattern::Literal, on)
    }

    #[test]
    fn nobody_reads_who_may_know_tokens() {
        assert_eq!(with(&[]), Vec::<String>::new());
        let check = |acl: Acl, expected: &[&str]| {
            let found = with(std::slice::from_ref(&acl));
            assert!(!found.is_empty() && expected.iter().all(|text| found[0].contains(text)), "{acl}: {found:?}");
        };
        let old = "User:CN=relay-of-last-year";
        for (name, why) in [(RELAY, "can use the epoch key"), (old, "is not in the file"), ("User:*", "epoch key")] {
            check(
                allow(name, Operation::Read, Resource::Topic, "lancang.alerts.v1"),
                &[why, "may read `lancang.alerts.v1`"],
            );
            check(allow(name, Operation::All, Resource::Topic, "*"), &[why, "may read `lancang.alerts.v1`"]);
            check(Acl { pattern: Pattern::Prefixed, ..allow(name, Operation::Read, Resource::Topic, "lan") }, &[why]);
            // Of a country that has left.
            check(allow(name, Operation::Read, Resource::Topic, "lancang.evidence.vn.v1"), &[why, "evidence.vn"]);
            check(allow(name, Operation::ClusterAction, Resource::Cluster, CLUSTER), &[why, "act as a broker"]);
            check(allow(name, Operation::Alter, Resource::Cluster, "*"), &[why, "give itself every right"]);
            check(allow(name, Operation::AlterConfigs, Resource::Cluster, CLUSTER), &[why, "whom brokers take"]);
            check(allow(name, Operation::All, Resource::Cluster, CLUSTER), &[why, "act as a broker"]);
            check(allow(name, Operation::Other, Resource::Other, "User:CN=agency"), &[why, "act as another"]);
        }
        let group = "Group:scoring";
        check(allow(group, Operation::Read, Resource::Topic, "lancang.keys.v1"), &[group, "is not in the file"]);
    }

    #[test]
    fn what_harms_nobody_is_not_refused() {
        let denied = |acl: Acl| Acl { permission: Permission::Deny, ..acl };
        let read = allow(RELAY, Operation::Read, Resource::Topic, "lancang.alerts.v1");
        assert!(with(&[read.clone(), denied(read)]).is_empty(), "a denial decides");
        let check = |acl: Acl| assert_eq!(with(std::slice::from_ref(&acl)), Vec::<String>::new(), "{acl}");
        check(allow("User:CN=broker", Operation::ClusterAction, Resource::Cluster, CLUSTER));
        check(allow("User:CN=broker", Operation::All, Resource::Topic, "*"));
        check(allow("User:CN=x", Operation::Describe, Resource::Topic, "lancang.alerts.v1"));
        check(allow("User:CN=x", Operation::Read, Resource::Topic, "of.others"));
        check(allow("User:CN=x", Operation::Create, Resource::Cluster, CLUSTER));
        check(denied(allow(RELAY, Operation::Other, Resource::Other, "User:CN=agency")));
    }

    #[test]
    fn strangers_use_no_transactions_here() {
        let write = allow("User:CN=x", Operation::Write, Resource::Topic, "lancang.feedback.v1");
        let transactions = allow("User:CN=x", Operation::Write, Resource::TransactionalId, "x");
        assert!(with(std::slice::from_ref(&write)).is_empty() && with(std::slice::from_ref(&transactions)).is_empty());
        assert!(with(&[write, transactions])[0].contains("use transactions"));
    }

    /// What librdkafka has no name for it can neither make nor take away: `--prune` would fail half-way.
    #[test]
    fn what_is_pruned() {
        let step = |acl: Acl| {
            let steps = rights(&exchange(), std::slice::from_ref(&acl), true);
            steps.into_iter().find(|(other, _)| *other == acl).map(|(_, step)| step)
        };
        let token = allow("User:CN=agency", Operation::Other, Resource::Other, "User:CN=other");
        assert_eq!(step(token), Some(RightStep::Beyond));
        let strange = allow("User:CN=agency", Operation::Other, Resource::Topic, "lancang.alerts.v1");
        assert_eq!(step(strange), Some(RightStep::Beyond));
        assert_eq!(
            step(allow("User:CN=x", Operation::Read, Resource::Topic, "lancang.alerts.v1")),
            Some(RightStep::Goes)
        );
        // The cluster's own people keep their rights.
        assert_eq!(step(allow("User:CN=broker", Operation::ClusterAction, Resource::Cluster, CLUSTER)), None);
        assert_eq!(
            step(allow("User:CN=x", Operation::ClusterAction, Resource::Cluster, CLUSTER)),
            Some(RightStep::Goes)
        );
    }
}
