//! What a carrier's own desk asks of its home topics, when a page asks: the readers of `lancang incidents`, and the same list of
//! whom to bar.

use std::sync::Arc;

use lancang_alert::feedback::organisation;
use lancang_alert::mask::mask;
use lancang_console::limits::HOME_LINES_MAX;
use lancang_console::server::home::{BarList, Home, LeftOut, Line, Lines, Subscriber, Unread};
use lancang_kafka::{Connection, Error};
use lancang_numbering::NumberPlans;

use crate::bar_list;
use crate::config::{ConsoleFile, Desk};
use crate::exit::{Exit, Failure};
use crate::service::clients;
use crate::service::relay::now;
use crate::{incidents, key_registry};

/// What reads the home topics of a desk's file.
///
/// # Errors
/// If an option of the cluster is none, or a secret cannot be read.
pub fn home(file: &ConsoleFile, desk: &Desk) -> anyhow::Result<Home> {
    let cluster = &file.consumer.exchange;
    let connection = clients::connection(cluster)?.with_client_id(format!("{}-desk", cluster.instance));
    let (connection, plans) = (Arc::new(connection), NumberPlans::built_in());
    let (at, topic) = (Arc::clone(&connection), file.consumer.topics.incidents.clone());
    let lines = move |incident_id: &str, alerts: &[lancang_alert::Alert]| {
        let (found, gone) = incidents::named(&at, &topic, (incident_id, alerts), HOME_LINES_MAX).map_err(unread)?;
        Ok(Lines { lines: found.iter().map(|(place, (_, incident))| line(&plans, *place, incident)).collect(), gone })
    };
    let (file, desk) = (file.clone(), desk.clone());
    let carrier = desk.carrier.clone();
    let bar_list = move |days| listed(&connection, &file, &desk, days).map_err(unread);
    Ok(Home { carrier, lines: Box::new(lines), bar_list: Box::new(bar_list) })
}

fn line(plans: &NumberPlans, (partition, offset): (i32, i64), incident: &lancang_alert::incident::Incident) -> Line {
    let subscriber = |named: lancang_alert::incident::Named<'_>| Subscriber {
        entity_type: named.entity_type.to_owned(),
        role: named.role.to_owned(),
        masked: mask(plans, named.entity_type, named.value).masked,
        value: named.value.to_owned(),
    };
    Line {
        line: format!("{partition}@{offset}"),
        patterns: incident.patterns.clone(),
        last_event: incident.last_event.clone(),
        named: incident.all_named().map(subscriber).collect(),
    }
}

fn listed(home: &Connection, file: &ConsoleFile, desk: &Desk, days: u32) -> anyhow::Result<BarList> {
    let roots = &file.consumer.keys.roots;
    let registry = key_registry::read(roots, &key_registry::from_file(&desk.registry)?);
    let known = incidents::Desk::read(home, &file.consumer.topics, &registry, days, now())?;
    let is_own = |value: &str| bar_list::is_own(&desk.own, value);
    let list = bar_list::of(&known, is_own, |case| organisation(&case.alert.producer) == desk.carrier)?;
    let mut csv = Vec::new();
    list.csv(&mut csv)?;
    let left_out = list.left_out.iter().map(|(id, (hold, count))| LeftOut {
        incident_id: (*id).to_owned(),
        requester: hold.requester.clone(),
        case_reference: hold.case_reference.clone(),
        until: hold.until.to_string(),
        subscribers: *count,
    });
    Ok(BarList { csv: String::from_utf8(csv)?, listed: list.listed.len(), left_out: left_out.collect() })
}

fn unread(error: anyhow::Error) -> Unread {
    if let Some(Error::Unavailable { .. }) = error.downcast_ref::<Error>() {
        return Unread::Away(format!("{error:#}"));
    }
    match error.downcast_ref::<Failure>() {
        Some(failure) if failure.exit == Exit::Data => Unread::Untold(format!("{error:#}")),
        _ => Unread::Fault(format!("{error:#}")),
    }
}
