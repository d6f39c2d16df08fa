//! This machine: files that the configuration names, the store and its disk, limits of the process, keys.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use lancang_alert::Source;
use lancang_diagnostic::Diagnostic;

use super::{Finding, registry};
use crate::commands::check;
use crate::config::{self, Config};
use crate::exit::Exit;
use crate::service::relay::now;
use crate::service::trust;
use crate::store::{Store, bucket};

/// Below this share of a disk that is free, somebody should look.
const FREE_LOOK: f64 = 0.15;
/// Below this share snapshots may soon fail: the newest two of each task are kept while the next is written.
const FREE_BAD: f64 = 0.03;
/// Connections to the brokers of two clusters by a dozen clients, and files of the store.
const DESCRIPTORS_MIN: u64 = 4096;

/// All of it.
#[must_use]
pub fn findings(path: &Path, config: &Config, try_writing: bool) -> Vec<Finding> {
    let mut findings = vec![files(path, &check::of_named(path, config))];
    findings.extend(match &config.store.bucket {
        None => store(&config.store.folder),
        Some(place) => bucket(place, try_writing),
    });
    findings.push(descriptors());
    findings.push(listens("http.listen", config.listen));
    findings.extend(keys(config));
    findings
}

/// Mistakes of a file and of what it names.
pub(super) fn files(path: &Path, mistakes: &[Diagnostic]) -> Finding {
    let name = path.display().to_string();
    match mistakes.first() {
        None => Finding::good("files", name, "no mistake in it and in what it names"),
        Some(first) => {
            let found = format!("{} mistakes; the first: {first}", mistakes.len());
            Finding::bad("files", name.clone(), found, format!("lancang check --config {name}"), Exit::Configuration)
        }
    }
}

/// An address to listen at; the service itself may have it now.
pub(super) fn listens(key: &str, address: SocketAddr) -> Finding {
    let what = format!("{key} {address}");
    match TcpListener::bind(address) {
        Ok(_) => Finding::good("listen", what, "is free"),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            let remedy = format!("if that is not this service, which runs: another address for `{key}`");
            Finding::look("listen", what, "somebody listens there", remedy)
        }
        Err(error) => {
            let remedy = format!("an address of this machine for `{key}`, and a port that its user may have");
            Finding::bad("listen", what, error.to_string(), remedy, Exit::Configuration)
        }
    }
}

pub(super) fn store(folder: &Path) -> Vec<Finding> {
    let name = folder.display().to_string();
    // A start makes the folder: what matters is whether it could.
    let Some(there) = folder.ancestors().find(|folder| folder.is_dir()).map(Path::to_path_buf) else {
        let remedy = "make it, and give it to the service's user";
        return vec![Finding::bad("store", name, "no such folder", remedy, Exit::Io)];
    };
    let there = if there.as_os_str().is_empty() { PathBuf::from(".") } else { there };
    let mut findings = Vec::new();
    findings.push(match tempfile::NamedTempFile::new_in(&there) {
        Ok(_) if there == folder => Finding::good("store", name.clone(), "can be written"),
        Ok(_) => Finding::good("store", name.clone(), "is not there yet; the first start makes it"),
        Err(error) => {
            let remedy =
                "run this as the service's user; give the folder to that user (`chown`), or mount it to be written";
            Finding::bad(
                "store",
                name.clone(),
                format!("{} cannot be written: {error}", there.display()),
                remedy,
                Exit::Io,
            )
        }
    });
    findings.extend(disk(&name, &there));
    findings
}

/// A bucket: whether it answers, whether it writes over objects, whether what goes to it is read on the way.
fn bucket(place: &config::Bucket, try_writing: bool) -> Vec<Finding> {
    let name = bucket::shown(place);
    let asked = || -> anyhow::Result<&str> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let store = Store::in_bucket(place, runtime.handle().clone())?;
        store.answers()?;
        if !try_writing {
            return Ok("answers; `--try-writing` tries whether it refuses to write over an object");
        }
        store.tries_to_write_over().map(|()| "can be written, and refuses to write over an object")
    };
    let remedy = "docs/operations.md, *Where snapshots lie*: endpoint, region, authorities, keys and their rights \
                  (list, get, put and delete below the prefix), a server that knows `If-None-Match`";
    let mut findings = vec![match asked() {
        Ok(found) => Finding::good("store", name.clone(), found),
        Err(error) => Finding::bad("store", name.clone(), format!("{error:#}"), remedy, Exit::Io),
    }];
    if place.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://")) {
        let found = "what snapshots hold of people goes there in clear";
        findings.push(Finding::look("store", format!("way to {name}"), found, "an endpoint with `https://`"));
    }
    findings
}

fn disk(name: &str, folder: &Path) -> Option<Finding> {
    let found = rustix::fs::statvfs(folder).ok()?;
    let share = |free: u64, all: u64| if all == 0 { 1.0 } else { free as f64 / all as f64 };
    let free = share(found.f_bavail, found.f_blocks).min(share(found.f_favail, found.f_files));
    let gib = (found.f_bavail * found.f_frsize) as f64 / f64::from(1 << 30);
    let seen = format!("{gib:.1} GiB and {:.0} % free", 100.0 * free);
    let remedy = "make room: a snapshot that cannot be written lets a restart read the log from further back";
    let what = format!("disk of {name}");
    Some(match free {
        free if free < FREE_BAD => Finding::bad("store", what, seen, remedy, Exit::Io),
        free if free < FREE_LOOK => Finding::look("store", what, seen, remedy),
        _ => Finding::good("store", what, seen),
    })
}

pub(super) fn descriptors() -> Finding {
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let what = "file descriptors";
    match most {
        Some(most) if most < DESCRIPTORS_MIN => {
            let remedy = format!("`LimitNOFILE={}` in the unit, or `ulimit -n`; at least {DESCRIPTORS_MIN}", 1 << 16);
            Finding::look("store", what, format!("at most {most} of this shell's processes"), remedy)
        }
        Some(most) => Finding::good("store", what, format!("at most {most}")),
        None => Finding::good("store", what, "no limit"),
    }
}

fn keys(config: &Config) -> Vec<Finding> {
    let Some(relay) = &config.relay else { return Vec::new() };
    match trust::read(relay, &config.operators, &config.keys, now()) {
        Ok(trust) => {
            let found = "can be read, and an epoch is in force";
            let mut findings = vec![Finding::good("keys", "keys and tables of the relay", found)];
            if relay.registry.is_some() {
                findings.extend(config.operators.iter().map(|operator| {
                    let (organisation, node) = (operator.organisation.clone(), operator.node.clone());
                    let source = Source { country: operator.country.to_string(), organisation, node };
                    registry::own(&trust.registry, trust.signer_of(&source).id(), &source)
                }));
                findings.extend(registry::recipients(&trust.registry));
            }
            findings
        }
        Err(error) => {
            let remedy =
                "docs/exchange.md, *Keys*; variables that the service gets from its unit must be set here as well";
            let what = "keys and tables of the relay";
            vec![Finding::bad("keys", what, format!("{error:#}"), remedy, Exit::Configuration)]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    #[test]
    fn a_store_that_cannot_be_written_is_bad() {
        let folder = tempfile::tempdir().unwrap();
        let found = store(&folder.path().join("state"));
        assert_eq!(
            (found[0].state, found[0].found.as_str()),
            (State::Good, "is not there yet; the first start makes it")
        );
        assert!(!folder.path().join("state").exists(), "nothing is changed");
        let found = store(folder.path());
        assert_eq!((found[0].state, found[1].area), (State::Good, "store"));
        assert!(found[1].found.contains("GiB"), "{:?}", found[1]);
        let nowhere = store(Path::new("/proc/lancang"));
        assert_eq!((nowhere[0].state, nowhere[0].exit), (State::Bad, Exit::Io));
    }
}
