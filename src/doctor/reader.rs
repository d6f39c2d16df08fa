//! A file for nothing but reading the exchange: a desk's, a correlator's, a registrar's.

use lancang_kafka::acl::Operation;

use super::exchange::{Reached, reach};
use super::{Finding, registry};
use crate::cli::Role;
use crate::config::Consumer;
use crate::exit::Exit;
use crate::topics::exchange::CAMPAIGNS;

/// In this order: who may do what the first does is no other.
const ROLES: [Role; 4] = [Role::Correlator, Role::Registrar, Role::Desk, Role::Evidence];

/// All of it; of one role, or of whichever its principal has.
#[must_use]
pub fn findings(consumer: &Consumer, role: Option<Role>, progress: &dyn Fn(&str)) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(reached) = reach("exchange", &consumer.exchange, progress, &mut findings) else { return findings };
    match role {
        Some(role) => {
            findings.extend(needs(consumer, role).into_iter().map(|(operation, topic)| reached.may(operation, topic)));
        }
        None => findings.push(found(&reached, consumer)),
    }
    let topics = &consumer.topics;
    let _ = registry::of_topic(&reached, &topics.keys, &consumer.keys.roots, &mut findings);
    findings.extend(reached.clock(&topics.keys));
    findings
}

/// What a role does (`topics::exchange::rights`); a carrier's own topic, or a country's, is asked for by the commands.
fn needs(consumer: &Consumer, role: Role) -> Vec<(Operation, &str)> {
    let topics = &consumer.topics;
    let shared = [&*topics.alerts, CAMPAIGNS, &*topics.feedback, &*topics.keys];
    let (reads, writes): (&[&str], Option<&str>) = match role {
        Role::Correlator => (&shared, Some(CAMPAIGNS)),
        Role::Desk => (&shared, Some(&topics.feedback)),
        Role::Registrar => (&shared[3..], Some(&topics.keys)),
        Role::Evidence => (&shared[3..], None),
    };
    let reads = reads.iter().map(|topic| (Operation::Read, *topic));
    reads.chain(writes.map(|topic| (Operation::Write, topic))).collect()
}

/// The first role whose needs are met.
fn found(reached: &Reached<'_>, consumer: &Consumer) -> Finding {
    let may = |(operation, topic): (Operation, &str)| reached.may(operation, topic).remedy.is_empty();
    let found = ROLES.into_iter().find(|role| needs(consumer, *role).into_iter().all(may));
    let what = "role of the principal";
    match found {
        Some(role) => {
            Finding::good("exchange", what, format!("what a {} needs is allowed; `--role` asks for one", role.as_str()))
        }
        None => {
            let found = "not even the registry may be read";
            let remedy =
                "`--role` says what is missing for one; `lancang topics plan --exchange FILE` names their rights";
            Finding::bad("exchange", what, found, remedy, Exit::Configuration)
        }
    }
}
