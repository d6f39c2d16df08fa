//! A console's file, or a carrier's desk's: its folder and what is in it, who vouches for users, addresses, its cluster and keys.

use std::path::Path;

use lancang_alert::KeyKind;
use lancang_console::access::users::Users;
use lancang_console::audit;
use lancang_console::server::listen;
use lancang_console::store::{VERSION, version};
use lancang_kafka::acl::Operation;

use super::exchange::reach;
use super::machine::{descriptors, files, listens, store};
use super::{Finding, certificates, registry};
use crate::commands::check;
use crate::config::{ConsoleFile, Oidc};
use crate::console::{Folder, provider};
use crate::exit::Exit;
use crate::secret::Secret;
use crate::service::relay::now;
use crate::topics::exchange::CAMPAIGNS;

/// All of it.
#[must_use]
pub fn findings(path: &Path, file: &ConsoleFile, progress: &dyn Fn(&str)) -> Vec<Finding> {
    let console = &file.console;
    let folder = Folder::at(&console.folder);
    let mut findings = vec![files(path, &check::of_console(file))];
    findings.extend(store(&console.folder));
    findings.push(database(&folder));
    findings.extend(audit_log(&folder));
    findings.push(users(file, &folder));
    findings.extend(
        console
            .tls
            .iter()
            .flat_map(|(certificate, key)| [web(certificate, key), certificates::of_chain(certificate, now())]),
    );
    findings.extend(console.oidc.as_ref().map(|oidc| asked(oidc, progress)));
    findings.push(descriptors());
    findings.push(listens("console.listen", console.listen));
    findings.push(listens("http.listen", file.listen));
    findings.extend(at_the_cluster(file, progress));
    findings
}

/// The database is a cache: what is wrong with it costs time.
fn database(folder: &Folder) -> Finding {
    let path = folder.database();
    let what = path.display().to_string();
    if !path.exists() {
        return Finding::good("store", what, "is not there yet; the first start makes it and reads the topics");
    }
    if let Err(error) = std::fs::OpenOptions::new().append(true).open(&path) {
        let remedy = "run this as the console's user; give the file to that user (`chown`)";
        return Finding::bad("store", what, format!("cannot be written: {error}"), remedy, Exit::Io);
    }
    match version(&path) {
        Ok(VERSION) => {
            Finding::good("store", what, format!("can be written, and is of version {VERSION}, as it should"))
        }
        Ok(other) => {
            let found = format!("is of version {other}, this program's is {VERSION}");
            Finding::look("store", what, found, "nothing: the next start empties it and reads the topics anew")
        }
        Err(error) => {
            let remedy = "stop the console and delete the file: the next start reads the topics anew";
            Finding::bad("store", what, error.to_string(), remedy, Exit::Io)
        }
    }
}

/// It is no cache; a console that runs writes it meanwhile, and has looked at it at its start.
fn audit_log(folder: &Folder) -> Option<Finding> {
    let path = folder.audit();
    if !path.exists() || folder.is_held() {
        return None;
    }
    let what = path.display().to_string();
    let remedy = "keep the file as it is, and find out who changed it: `lancang console audit verify`; docs/console.md";
    Some(match audit::verify(&path, None) {
        Ok(found) => match found.fault {
            None => Finding::good("store", what, format!("{} entries hold together", found.entries)),
            Some(fault) => Finding::bad("store", what, fault, remedy, Exit::Io),
        },
        Err(error) => Finding::bad("store", what, error.to_string(), remedy, Exit::Io),
    })
}

fn users(file: &ConsoleFile, folder: &Folder) -> Finding {
    let console = &file.console;
    let what = folder.users().display().to_string();
    match Users::open(&folder.users(), console.desk.as_ref().map(|desk| desk.carrier.as_str())) {
        Ok(users) => match users.iter().filter(|user| !user.is_disabled).count() {
            0 if console.oidc.is_none() && !console.is_open => {
                Finding::look("users", what, "nobody can sign in", "lancang console user add --config FILE")
            }
            count => Finding::good("users", what, format!("{count} may sign in with a password")),
        },
        Err(error) => {
            let remedy = "the file's owner and mode (0600), or `lancang console user list` for what is wrong in it";
            Finding::bad("users", what, error.to_string(), remedy, Exit::Configuration)
        }
    }
}

/// What browsers are shown: whether it can be used, and the key is its own.
fn web(certificate: &Path, key: &Secret) -> Finding {
    let what = certificate.display().to_string();
    let fits = || -> anyhow::Result<()> {
        let text = std::fs::read(certificate)?;
        listen::tls(&text, key.read()?.as_bytes()).map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(())
    };
    match fits() {
        Ok(()) => Finding::good("files", what, "can be used, with its key"),
        Err(error) => {
            let remedy = "a certificate with its chain in PEM for `console.tls_certificate`, and its own key";
            Finding::bad("files", what, format!("{error:#}"), remedy, Exit::Configuration)
        }
    }
}

/// Asks the provider what it is, as a sign-in begins.
fn asked(oidc: &Oidc, progress: &dyn Fn(&str)) -> Finding {
    progress(&oidc.issuer);
    let what = format!("provider {}", oidc.issuer);
    let provider = match provider(oidc) {
        Ok(provider) => provider,
        Err(error) => {
            let remedy = "correct `console.oidc`: the secret's file, `authorities`, `issuer`, `address`";
            return Finding::bad("users", what, format!("{error:#}"), remedy, Exit::Configuration);
        }
    };
    let begins = || -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // Nothing of it is used.
        let begun = runtime.block_on(provider.begin([[0; 32]; 4], "127.0.0.1".to_owned(), now()))?;
        drop(begun);
        Ok(())
    };
    match begins() {
        Ok(()) => Finding::good("users", what, "answers, and is who the configuration says"),
        Err(error) => {
            let remedy = "is it up, may this machine reach it, does `console.oidc.authorities` vouch for its certificate, and is \
                          `issuer` what its discovery says, letter by letter? Users with a password sign in meanwhile";
            Finding::bad("users", what, format!("{error:#}"), remedy, Exit::Unavailable)
        }
    }
}

fn at_the_cluster(file: &ConsoleFile, progress: &dyn Fn(&str)) -> Vec<Finding> {
    let (console, topics, roots) = (&file.console, &file.consumer.topics, &file.consumer.keys.roots);
    let (mut findings, is_desk) = (Vec::new(), console.desk.is_some());
    let cluster = if is_desk { "home" } else { "exchange" };
    let Some(reached) = reach(cluster, &file.consumer.exchange, progress, &mut findings) else { return findings };
    let others = if is_desk { vec![topics.incidents.as_str()] } else { vec![CAMPAIGNS, topics.keys.as_str()] };
    let reads = [topics.alerts.as_str(), topics.feedback.as_str()].into_iter().chain(others);
    findings.extend(reads.map(|topic| reached.may(Operation::Read, topic)));
    if console.writer.is_some() {
        findings.push(reached.may(Operation::Write, &topics.feedback));
    }
    let registry = match &console.desk {
        Some(desk) => registry::of_file(&desk.registry, roots, &mut findings),
        None => registry::of_topic(&reached, &topics.keys, roots, &mut findings),
    };
    findings.extend(reached.clock(&topics.alerts));
    let Some(registry) = registry else { return findings };
    // A key's file that cannot be read is among the mistakes of the file.
    if let Some((source, key)) = &console.writer
        && let Ok(signer) = key.signer(KeyKind::Signing)
    {
        findings.push(registry::own(&registry, signer.id(), source));
    }
    let sealing = console.sealing_keys.iter().map(|path| Secret::File(path.clone()).key(KeyKind::Sealing));
    findings.extend(sealing.flatten().map(|key| registry::opens(&registry, &key.public().id())));
    findings
}
