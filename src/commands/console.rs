//! `lancang console`: serves it; its users; its audit log.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use lancang_console::access::users::{Users, UsersError};
use lancang_console::audit::{self, Entry};
use lancang_console::digest::{WEEK_MS, monday, sheet, table};
use lancang_console::server::listen::Tls;
use lancang_console::store::{Eyes, Reads};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use serde_json::json;
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

use crate::certificates;
use crate::cli::Form;
use crate::cli::console::{Action, Audit, Console, Digest, DigestForm, User};
use crate::columns::{Columns, Mark};
use crate::config::ConsoleFile;
use crate::console::{self, Begun, folder};
use crate::ending::{Ending, Hangup, nothing_is_read};
use crate::exit::{Exit, Failure};
use crate::http::{self, Health};
use crate::metrics::Metrics;
use crate::pack_folder::mistakes_failure;
use crate::secret::{self, Secret};
use crate::service::relay::now;
use crate::systemd;

/// Longest wait at the end until the audit log has what became of the last acts, once they are answered.
const SETTLE_MAX: Duration = Duration::from_secs(5);
/// How long answers that are ready have to be written.
const ANSWERED: Duration = Duration::from_millis(250);

/// Runs the command.
///
/// # Errors
/// If the configuration has mistakes, a port is taken, or what is asked for cannot be done.
pub fn run(args: Console) -> anyhow::Result<()> {
    match args.action {
        None => serve(&args),
        Some(Action::User(action)) => user(action),
        Some(Action::Audit(Audit::Verify { head, place, output })) => verify(&place.config, head.as_deref(), output),
        Some(Action::Digest(args)) => digest(&args),
    }
}

/// Reads and checks a console's file.
///
/// # Errors
/// Every mistake in it, with exit status 78.
pub(super) fn read_file(path: &Path) -> anyhow::Result<ConsoleFile> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(Exit::Configuration, format!("cannot read {name}: {error}")))?;
    Ok(ConsoleFile::read(&name, &text).map_err(|mistakes| mistakes_failure(&mistakes, |_| Some(&text)))?)
}

fn serve(args: &Console) -> anyhow::Result<()> {
    let mut file = read_file(&args.place.config)?;
    file.console.listen = args.listen.unwrap_or(file.console.listen);
    file.listen = args.metrics.unwrap_or(file.listen);
    let runtime = Runtime::new().context("cannot start the runtime")?;
    let (metrics, health) = (Arc::new(Metrics::new()?), Arc::new(Health::default()));
    certificates::tell_of_console(&metrics, &file);
    let bound = runtime.block_on(http::serve(file.listen, Arc::clone(&metrics), Arc::clone(&health)))?;
    tracing::info!("metrics and health at http://{bound}");
    let hangup = runtime.block_on(async { Hangup::listen() }).context("cannot listen for signals")?;
    // A long audit log is checked before anything is read.
    let starting = health.starting();
    let Begun { address, readers, site, tls, lock: _lock } =
        console::begin(&file, args.rebuild, &metrics, &health, runtime.handle())?;
    health.forget(&starting);
    let scheme = if tls.is_some() { "https" } else { "http" };
    tracing::info!("the console is at {scheme}://{address}");
    runtime.spawn(renews(hangup, tls.zip(file.console.tls.clone()), Arc::clone(&metrics)));
    systemd::started();
    runtime.spawn(systemd::watch(Arc::clone(&health)));
    let mut ending = runtime.block_on(async { Ending::listen() }).context("cannot listen for signals")?;
    runtime.block_on(ending.signal());
    health.drain();
    systemd::draining();
    runtime.block_on(ending.wait(file.drain_wait));
    // What was said by now is sent or answered as not sent, and the audit log has which before the process ends.
    readers.end();
    // No other act begins until the process has ended.
    let settled = runtime.block_on(async { tokio::time::timeout(SETTLE_MAX, site.settled()).await });
    if settled.is_err() {
        tracing::error!("something that was said has no answer in the audit log yet, which says `asked`");
    }
    // Whoever waits for what became of an act hears it.
    runtime.block_on(async { tokio::time::sleep(ANSWERED).await });
    // Streams have no end of their own.
    runtime.shutdown_background();
    Ok(())
}

/// Reads certificate and key anew whenever it is asked to: nobody is signed out for a new certificate. What has mistakes is refused.
async fn renews(mut hangup: Hangup, tls: Option<(Arc<Tls>, (PathBuf, Secret))>, metrics: Arc<Metrics>) {
    loop {
        hangup.signal().await;
        let Some((tls, files)) = &tls else {
            nothing_is_read();
            continue;
        };
        let (files, metrics) = (files.clone(), Arc::clone(&metrics));
        let read =
            move || console::tls(&files).inspect(|_| certificates::tell_one(&metrics, "web", Some(files.0.clone())));
        match tokio::task::spawn_blocking(read).await {
            Ok(Ok(config)) => {
                tls.renew(config);
                tracing::info!("SIGHUP: the certificate and its key are read anew; nothing else is");
            }
            Ok(Err(error)) => tracing::error!("SIGHUP: the certificate stays as it was: {error:#}"),
            Err(_) => tracing::error!("SIGHUP: reading the certificate panicked; it stays as it was"),
        }
    }
}

fn user(action: User) -> anyhow::Result<()> {
    match action {
        User::Add { name, person, country, role, password_env, place } => {
            let file = read_file(&place.config)?;
            let mut users = users(&file)?;
            let password = password(password_env.as_deref())?;
            let mut salt = [0; 16];
            salt.copy_from_slice(&secret::random()?[..16]);
            let country = country.to_string();
            let what = format!("{name} ({person}), {} of {country}", role.as_str());
            noted(&file, "user-add", &what, || users.put(&name, &person, &country, role, &password, &salt))?;
            writeln!(io::stdout().lock(), "{name} may sign in as {} of {country}", role.as_str())?;
            Ok(())
        }
        User::List { place, output } => {
            let file = read_file(&place.config)?;
            list(&users(&file)?, output)
        }
        User::Disable { name, place } => {
            let file = read_file(&place.config)?;
            let mut users = users(&file)?;
            noted(&file, "user-disable", &name, || users.disable(&name))?;
            writeln!(io::stdout().lock(), "{name} may sign in no more")?;
            Ok(())
        }
    }
}

/// The users of a file's console.
fn users(file: &ConsoleFile) -> anyhow::Result<Users> {
    let carrier = file.console.desk.as_ref().map(|desk| desk.carrier.as_str());
    Users::open(&folder(&file.console.folder)?.users(), carrier).map_err(configuration)
}

/// A change of users: in the audit log before it is made, and how it ended after it.
fn noted(
    file: &ConsoleFile,
    action: &str,
    what: &str,
    change: impl FnOnce() -> Result<(), UsersError>,
) -> anyhow::Result<()> {
    let path = folder(&file.console.folder)?.audit();
    let mut audit = audit::Audit::open(&path, now()).map_err(|error| Failure::data(error.to_string()))?;
    let uid = rustix::process::getuid().as_raw();
    let entry = |outcome: &str| Entry {
        user: "-".to_owned(),
        action: action.to_owned(),
        detail: Some(format!("{what}; at the command line by the system's user {uid}")),
        outcome: outcome.to_owned(),
        ..Entry::default()
    };
    audit.write(entry("asked"), now())?;
    let changed = change().map_err(configuration);
    audit.write(entry(if changed.is_ok() { "done" } else { "failed" }), now())?;
    changed
}

fn configuration(error: impl std::fmt::Display) -> anyhow::Error {
    Failure::new(Exit::Configuration, error.to_string()).into()
}

fn list(users: &Users, output: Form) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let mut columns = Columns::new(&["name", "person", "country", "role", "state"]);
    for user in users.iter() {
        let state = if user.is_disabled { "disabled" } else { "active" };
        if output == Form::Json {
            let line = json!({ "name": user.name, "person": user.person, "country": user.country, "role": user.role,
                "carrier": user.carrier, "state": state });
            writeln!(out, "{line}")?;
            continue;
        }
        columns.row([
            (user.name.clone(), Mark::Plain),
            (user.person.clone(), Mark::Plain),
            (user.country.clone(), Mark::Plain),
            (user.role.as_str().to_owned(), Mark::Plain),
            (state.to_owned(), if user.is_disabled { Mark::Look } else { Mark::Good }),
        ]);
    }
    if output == Form::Text {
        write!(out, "{}", columns.text_for(&out))?;
    }
    Ok(())
}

/// The password: of a variable, of the terminal, twice, without showing it, or the first line of standard input.
fn password(variable: Option<&str>) -> anyhow::Result<Zeroizing<String>> {
    if let Some(variable) = variable {
        let found = std::env::var(variable);
        return Ok(Zeroizing::new(found.map_err(|_| configuration(format!("the variable {variable} is not set")))?));
    }
    if !io::stdin().is_terminal() {
        return line();
    }
    let (first, second) = (typed("Password: ")?, typed("Once more: ")?);
    if *first == *second { Ok(first) } else { Err(Failure::new(Exit::Usage, "the two passwords differ").into()) }
}

fn line() -> anyhow::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    io::stdin().lock().read_line(&mut line).context("cannot read the password from standard input")?;
    Ok(Zeroizing::new(line.trim_end_matches(['\n', '\r']).to_owned()))
}

fn typed(prompt: &str) -> anyhow::Result<Zeroizing<String>> {
    let terminal = io::stdin();
    let before = tcgetattr(&terminal).context("cannot ask the terminal")?;
    let mut silent = before.clone();
    silent.local_modes -= LocalModes::ECHO;
    write!(io::stderr().lock(), "{prompt}")?;
    io::stderr().flush()?;
    tcsetattr(&terminal, OptionalActions::Flush, &silent).context("cannot hide what is typed")?;
    let line = line();
    tcsetattr(&terminal, OptionalActions::Flush, &before).context("cannot show again what is typed")?;
    writeln!(io::stderr().lock())?;
    line
}

fn digest(args: &Digest) -> anyhow::Result<()> {
    let file = read_file(&args.place.config)?;
    let folder = folder(&file.console.folder)?;
    let eyes = Eyes::of(&file.console.country).context("the console's country has no part in the exchange")?;
    let now = now();
    let since = args.week.unwrap_or_else(|| monday(now.plus_ms(-WEEK_MS)));
    let country = args.country.map(|country| country.to_string());
    let reads = Reads::open(&folder.database(), 1)?;
    let until = since.plus_ms(WEEK_MS);
    let found = reads.look(|sight| sight.digest(eyes, (since, until), country.as_deref(), now))?;
    let entry = audit::Entry {
        user: "-".to_owned(),
        country: Some(file.console.country.clone()),
        action: "digest".to_owned(),
        about: found.since.get(..10).map(str::to_owned),
        detail: Some("at the command line".to_owned()),
        outcome: "done".to_owned(),
        ..audit::Entry::default()
    };
    audit::Audit::open(&folder.audit(), now)?.write(entry, now)?;
    let text = match args.form {
        DigestForm::Json => serde_json::to_vec(&found)?,
        DigestForm::Csv => table::csv(&found)?,
        DigestForm::Html => sheet::html(&found, args.language).into_bytes(),
    };
    let mut out = super::output(&args.out)?;
    out.write_all(&text)?;
    if args.form == DigestForm::Json {
        writeln!(out)?;
    }
    Ok(out.flush()?)
}

fn verify(config: &Path, head: Option<&str>, output: Form) -> anyhow::Result<()> {
    let file = read_file(config)?;
    let path = folder(&file.console.folder)?.audit();
    let found = audit::verify(&path, head)?;
    let mut out = io::stdout().lock();
    let shown = path.display();
    if output == Form::Json {
        let (entries, head, fault) = (found.entries, &found.head, &found.fault);
        writeln!(out, "{}", json!({ "entries": entries, "head": head, "fault": fault }))?;
    } else {
        writeln!(out, "{shown}: {} entries hold together\nhead {}", found.entries, found.head)?;
    }
    match found.fault {
        None => Ok(()),
        Some(fault) => Err(Failure::data(format!("{shown} does not hold: {fault}"))),
    }
}
