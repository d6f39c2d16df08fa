//! Brokers: whether each takes connections, and whether a cluster answers this principal.

use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use lancang_kafka::trial::ask_group;
use lancang_kafka::{Admin, Connection, Error};

use super::Finding;
use crate::config::Cluster;
use crate::exit::Exit;

/// Longest wait for a connection to one broker.
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// Further tries at a group whose coordinator is not there yet, and between two of them.
const GROUP_TRIES: u32 = 5;
const GROUP_PAUSE: Duration = Duration::from_secs(1);

/// Each bootstrap server, by its own.
pub(super) fn brokers(cluster: &'static str, of: &Cluster, progress: &dyn Fn(&str)) -> Vec<Finding> {
    let reach = |server: &str| {
        progress(server);
        let what = format!("{cluster} {server}");
        let addresses = match server.to_socket_addrs() {
            Ok(addresses) => addresses,
            Err(error) => {
                let remedy = "correct the name in `bootstrap`, or ask whoever keeps the name service";
                return Finding::bad(
                    "brokers",
                    what,
                    format!("its name is not known: {error}"),
                    remedy,
                    Exit::Unavailable,
                );
            }
        };
        let mut last = "it has no address".to_owned();
        for address in addresses {
            match TcpStream::connect_timeout(&address, CONNECT_MAX) {
                Ok(_) => return Finding::good("brokers", what, format!("takes connections at {address}")),
                Err(error) => last = format!("{address}: {error}"),
            }
        }
        let remedy = "is the broker up, and does a firewall stand between? The others serve meanwhile";
        // One of several that is down is no reason not to start.
        Finding::look("brokers", what, last, remedy)
    };
    of.bootstrap.split(',').map(str::trim).map(reach).collect()
}

/// A client that brokers answer, or what they say instead.
pub(super) fn answering(
    cluster: &'static str,
    connection: &Connection,
    findings: &mut Vec<Finding>,
    progress: &dyn Fn(&str),
) -> Option<Admin> {
    progress(cluster);
    let asked = Admin::connect(connection).and_then(|admin| {
        match admin.partitions("lancang.is-anybody-there") {
            // That it is not this principal's to see is an answer, too.
            Ok(_) | Err(Error::Forbidden { .. }) => Ok(admin),
            Err(error) => Err(error),
        }
    });
    let what = format!("{cluster} cluster");
    match asked {
        Ok(admin) => {
            findings.push(Finding::good("brokers", what, "answers"));
            Some(admin)
        }
        Err(error) => {
            let remedy = "if connections are taken above: `security.protocol`, certificates and `advertised.listeners`";
            findings.push(Finding::bad("brokers", what, error.to_string(), remedy, Exit::Unavailable));
            None
        }
    }
}

/// Whether a group may be asked for: a coordinator that is being moved, or made, is asked again.
pub(super) fn group(connection: &Connection, group: &str, topic: &str) -> Finding {
    let what = format!("group {group}");
    let mut asked = ask_group(connection, group, topic);
    for _ in 0..GROUP_TRIES {
        if !matches!(asked, Err(Error::Unavailable { .. })) {
            break;
        }
        std::thread::sleep(GROUP_PAUSE);
        asked = ask_group(connection, group, topic);
    }
    match asked {
        Ok(()) => Finding::good("rights", what, "may be asked"),
        // It is told elsewhere that the topic is missing.
        Err(Error::MissingTopic { .. }) => Finding::good("rights", what, "may be asked; its topic is missing"),
        Err(error) => failed("rights", &what, &error),
    }
}

pub(super) fn options(cluster: &str, why: &str) -> Finding {
    let remedy = "correct `kafka.options` or `exchange.options`";
    Finding::bad("brokers", format!("{cluster} options"), why, remedy, Exit::Configuration)
}

pub(super) fn failed(area: &'static str, what: &str, error: &Error) -> Finding {
    let (remedy, exit) = match error {
        Error::Forbidden { .. } => {
            ("give this principal the right: `lancang topics plan` names those of the exchange", Exit::Configuration)
        }
        Error::MissingTopic { .. } => ("make the topic, or correct its name", Exit::Configuration),
        Error::Unavailable { .. } => ("brokers answer slowly or not at all: ask whoever runs them", Exit::Unavailable),
        _ => ("see docs/topics.md", Exit::Configuration),
    };
    Finding::bad(area, what, error.to_string(), remedy, exit)
}
