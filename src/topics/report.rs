//! A plan for people and for machines.

use std::fmt::Write as _;

use lancang_kafka::acl::{Acl, EVERY_HOST, Permission};
use serde_json::{Value, json};

use super::Topic;
use super::plan::{Plan, RightStep, TopicStep};
use crate::columns::Mark;

/// Which cluster a plan is for.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// `home` or `exchange`.
    pub cluster: &'static str,
    /// `host:port,…`
    pub bootstrap: &'a str,
}

/// The plan as text.
#[must_use]
pub fn text(place: Place<'_>, plan: &Plan, color: bool) -> String {
    let mut out = format!("{} at {}\n", place.cluster, place.bootstrap);
    for (topic, step) in &plan.topics {
        out.push_str(&topic_text(topic, step, color));
    }
    for (acl, step) in &plan.rights {
        let (sign, mark, more) = right_sign(*step);
        // A text made in memory takes every line.
        let _ = writeln!(out, "  {} {acl}{more}", mark.paint(sign, color));
    }
    for why in &plan.refused {
        let _ = writeln!(out, "  {} {why}", Mark::Bad.paint("!", color));
    }
    out.push_str(&summary(plan));
    out
}

fn topic_text(topic: &Topic, step: &TopicStep, color: bool) -> String {
    let name = &topic.name;
    let plural = |count: i32, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let mut out = String::new();
    match step {
        TopicStep::There => {
            let _ = writeln!(out, "  = topic {name}");
        }
        TopicStep::Wrong(why) => {
            let _ = writeln!(out, "  {} topic {name}: {why}", Mark::Bad.paint("!", color));
        }
        TopicStep::Make => {
            let replicas =
                topic.replication.map_or("replicas as the cluster has it".to_owned(), |count| plural(count, "replica"));
            let partitions = plural(topic.partitions, "partition");
            let _ = writeln!(out, "  {} topic {name}, {partitions}, {replicas}", Mark::Good.paint("+", color));
            for setting in &topic.settings {
                let _ = writeln!(out, "      {} = {}  ({})", setting.name, setting.value, setting.reason);
            }
        }
        TopicStep::Change(differences) => {
            let _ = writeln!(out, "  {} topic {name}", Mark::Look.paint("~", color));
            for option in differences {
                let _ = writeln!(out, "      {} = {} → {}  ({})", option.name, option.is, option.should, option.reason);
            }
        }
    }
    out
}

const fn right_sign(step: RightStep) -> (&'static str, Mark, &'static str) {
    match step {
        RightStep::There => ("=", Mark::Plain, ""),
        RightStep::Make => ("+", Mark::Good, ""),
        RightStep::Stays => ("?", Mark::Look, "  (not in the file; `--prune` takes it away)"),
        RightStep::Goes => ("-", Mark::Bad, "  (not in the file)"),
        RightStep::Beyond => {
            ("?", Mark::Look, "  (not in the file, and without a name here: `kafka-acls.sh` takes it away)")
        }
    }
}

fn summary(plan: &Plan) -> String {
    let topics = |is: fn(&TopicStep) -> bool| plan.topics.iter().filter(|(_, step)| is(step)).count();
    let make = topics(|step| *step == TopicStep::Make) + plan.with(RightStep::Make).count();
    let change = topics(|step| matches!(step, TopicStep::Change(_)));
    let there = topics(|step| *step == TopicStep::There) + plan.with(RightStep::There).count();
    let count = |step| plan.with(step).count();
    let (gone, stays) = (count(RightStep::Goes), count(RightStep::Stays) + count(RightStep::Beyond));
    format!(
        "{there} as they should be, {make} to make, {change} to change, {gone} to take away, {stays} not in the file, \
         {} refused\n",
        plan.obstacles().count()
    )
}

/// The plan as a JSON object.
#[must_use]
pub fn json(place: Place<'_>, plan: &Plan) -> Value {
    let topics: Vec<Value> = plan.topics.iter().map(|(topic, step)| topic_json(topic, step)).collect();
    let rights: Vec<Value> = plan.rights.iter().map(|(acl, step)| right_json(acl, *step)).collect();
    json!({
        "cluster": place.cluster, "bootstrap": place.bootstrap, "topics": topics, "rights": rights,
        "changes": plan.changes(), "refused": plan.obstacles().collect::<Vec<_>>(),
    })
}

fn topic_json(topic: &Topic, step: &TopicStep) -> Value {
    let (name, differs) = match step {
        TopicStep::There => ("there", Vec::new()),
        TopicStep::Make => ("make", Vec::new()),
        TopicStep::Wrong(_) => ("wrong", Vec::new()),
        TopicStep::Change(differences) => ("change", differences.clone()),
    };
    let settings = topic.settings.iter().map(|setting| {
        let is = differs.iter().find(|difference| difference.name == setting.name).map(|difference| &difference.is);
        json!({ "name": setting.name, "value": setting.value, "is": is, "reason": setting.reason })
    });
    json!({
        "name": topic.name, "step": name, "partitions": topic.partitions, "replication": topic.replication,
        "settings": settings.collect::<Vec<_>>(),
    })
}

fn right_json(acl: &Acl, step: RightStep) -> Value {
    let step = match step {
        RightStep::There => "there",
        RightStep::Make => "make",
        RightStep::Stays => "stays",
        RightStep::Goes => "goes",
        RightStep::Beyond => "beyond",
    };
    json!({
        "step": step, "principal": acl.principal, "operation": acl.operation.as_str(),
        "resource": acl.resource.as_str(), "pattern": acl.pattern.as_str(), "name": acl.name,
        "allow": acl.permission == Permission::Allow, "every_host": acl.host == EVERY_HOST,
    })
}
