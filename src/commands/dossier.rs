//! `lancang dossier`: a case in one signed file, made of a console's folder, and checked anywhere.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use lancang_alert::{KeyKind, PublicKey};
use lancang_console::audit::{Audit, Entry};
use lancang_console::dossier::{self, Checked, Made, Wanted};
use lancang_console::limits::DOSSIER_BYTES_MAX;
use lancang_console::store::{Eyes, Reads, Subject};
use serde_json::json;

use super::console::read_file;
use super::keys;
use crate::cli::{self, DossierMake, DossierVerify, Form};
use crate::columns::{Columns, Mark};
use crate::console::folder;
use crate::exit::{Exit, Failure};
use crate::key_registry;
use crate::service::relay::now;

/// Runs the command.
///
/// # Errors
/// With exit status 65 if a dossier does not hold or there is no such case, 74 for files, 78 for keys that are missing.
pub fn run(args: cli::Dossier) -> anyhow::Result<()> {
    match args {
        cli::Dossier::Make(args) => make(&args),
        cli::Dossier::Verify(args) => verify(&args),
    }
}

fn make(args: &DossierMake) -> anyhow::Result<()> {
    let [first, second] = args.language.as_slice() else {
        return Err(Failure::new(Exit::Usage, "a summary has two languages: give --language twice").into());
    };
    if first == second {
        return Err(Failure::new(Exit::Usage, "the two languages are the same").into());
    }
    let file = read_file(&args.place.config)?;
    let Some((writer, key)) = &file.console.writer else {
        let why =
            "the console has no `console.writer` and `console.signing_key_file`: nobody could check a dossier of it";
        return Err(Failure::new(Exit::Configuration, why).into());
    };
    let signer = key.signer(KeyKind::Signing)?;
    let subject = match (&args.incident, &args.campaign) {
        (Some(key), _) => Subject::Incident(key.clone()),
        (None, id) => Subject::Campaign(id.clone().unwrap_or_default()),
    };
    let folder = folder(&file.console.folder)?;
    let eyes = Eyes::of(&file.console.country).context("the console's country has no part in the exchange")?;
    let reads = Reads::open(&folder.database(), 1)?;
    let case = reads.look(|sight| sight.case(eyes, &subject, DOSSIER_BYTES_MAX))?.ok_or_else(|| {
        Failure::data(format!(
            "`{}` is not in {}, or not meant for its country",
            subject.id(),
            folder.database().display()
        ))
    })?;
    let mut audit = Audit::open(&folder.audit(), now()).map_err(|error| Failure::data(error.to_string()))?;
    let about = Entry {
        user: "-".to_owned(),
        country: Some(file.console.country.clone()),
        action: "dossier".to_owned(),
        about: Some(subject.id().to_owned()),
        case_reference: Some(args.case.clone()),
        detail: Some(format!("at the command line by {}", args.person)),
        outcome: "asked".to_owned(),
        ..Entry::default()
    };
    audit.write(about.clone(), now())?;
    let wanted = Wanted {
        subject,
        case_reference: args.case.clone(),
        languages: [*first, *second],
        writer: writer.clone(),
        person: args.person.clone(),
    };
    let made = dossier::make(&wanted, &case, audit.path(), &signer, &file.consumer.keys.roots, now());
    let written = made.map_err(anyhow::Error::from).and_then(|made| write(&args.out, &made).map(|()| made));
    let outcome = if written.is_ok() { "done" } else { "failed" };
    let detail = written.as_ref().ok().map(|made| format!("sha256 {}", made.digest));
    audit.write(Entry { outcome: outcome.to_owned(), detail, ..about }, now())?;
    let Made { bytes, digest, unbelieved, .. } = written?;
    let (shown, mut out) = (args.out.display().to_string(), io::stdout().lock());
    if args.output == Form::Json {
        let line = json!({ "file": shown, "bytes": bytes.len(), "digest": digest, "incidents": case.incidents,
            "alerts": case.alerts.len(), "feedback": case.feedback.len(), "left_out": case.left_out,
            "unbelieved": unbelieved });
        writeln!(out, "{line}")?;
        return Ok(());
    }
    let (alerts, said) = (case.alerts.len(), case.feedback.len());
    writeln!(out, "{shown}: {alerts} alerts and {said} messages about them, {} bytes\nsha256 {digest}", bytes.len())?;
    if unbelieved > 0 {
        writeln!(
            out,
            "{unbelieved} of these messages are left out: a key was revoked for the time of their signature"
        )?;
    }
    if case.left_out > 0 {
        writeln!(out, "{} members are left out: not meant for the country, or not kept any more", case.left_out)?;
    }
    Ok(())
}

/// For those alone who may have it, and never over another.
fn write(path: &Path, made: &Made) -> anyhow::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.with_context(|| format!("cannot make {}", path.display()))?;
    file.write_all(&made.bytes)
        .and_then(|()| file.sync_all())
        .with_context(|| format!("cannot write {}", path.display()))
}

fn verify(args: &DossierVerify) -> anyhow::Result<()> {
    let shown = args.file.display();
    let roots = roots(args)?;
    let length = std::fs::metadata(&args.file).with_context(|| format!("cannot read {shown}"))?.len();
    if length > DOSSIER_BYTES_MAX as u64 {
        return Err(Failure::data(format!("{shown} has {length} bytes, expected at most {DOSSIER_BYTES_MAX}")));
    }
    let bytes = std::fs::read(&args.file).with_context(|| format!("cannot read {shown}"))?;
    let newer = args.registry.as_deref().map(key_registry::from_file).transpose()?.unwrap_or_default();
    let newer: Vec<Vec<u8>> = newer.into_iter().map(|(_, envelope)| envelope).collect();
    let checked = dossier::check(&bytes, &roots, &newer, now());
    match args.output {
        Form::Json => writeln!(io::stdout().lock(), "{}", told(&shown.to_string(), &checked))?,
        Form::Text => tell(&checked)?,
    }
    match checked.faults.len() {
        0 => Ok(()),
        1 => Err(Failure::data(format!("{shown} does not hold"))),
        faults => Err(Failure::data(format!("{shown} does not hold: {faults} things are wrong"))),
    }
}

fn roots(args: &DossierVerify) -> anyhow::Result<Vec<PublicKey>> {
    let mut roots = match &args.config {
        Some(config) => keys::consumer(config)?.keys.roots,
        None => Vec::new(),
    };
    for path in &args.root_file {
        let key = keys::read_public(path)?;
        if key.kind() != KeyKind::Root {
            let why = format!("{} is a {} key, expected a root key", path.display(), key.kind());
            return Err(Failure::new(Exit::Configuration, why).into());
        }
        roots.push(key);
    }
    Ok(roots)
}

fn told(file: &str, checked: &Checked) -> serde_json::Value {
    let faults: Vec<_> =
        checked.faults.iter().map(|fault| json!({ "kind": fault.as_str(), "what": fault.to_string() })).collect();
    json!({
        "file": file, "holds": checked.faults.is_empty(), "digest": checked.digest, "manifest": checked.manifest,
        "signed_by": checked.signed_by, "keys": checked.keys, "alerts": checked.alerts, "feedback": checked.feedback,
        "custody": checked.custody, "faults": faults,
    })
}

/// Text of a file that anybody may have made, without what moves a terminal's cursor or looks like a line of ours.
fn plain(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { char::REPLACEMENT_CHARACTER } else { char }).collect()
}

fn tell(checked: &Checked) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if let Some(manifest) = &checked.manifest {
        let kind = if matches!(manifest.subject, Subject::Incident(_)) { "incident" } else { "campaign" };
        if checked.signed_by.is_none() {
            writeln!(out, "Nobody's signature holds for what the file says of itself:")?;
        }
        let (id, case_reference) = (plain(manifest.subject.id()), plain(&manifest.case_reference));
        writeln!(out, "dossier of {kind} {id} for case {case_reference}")?;
        let (made, person, writer) = (plain(&manifest.made), plain(&manifest.person), plain(&manifest.writer.uri()));
        writeln!(out, "made {made} by {person}, {writer}")?;
        writeln!(out, "manifest sha256 {}", checked.digest)?;
    }
    if checked.digest.is_empty() {
        // Nothing of it could be read.
        return checked.faults.iter().try_for_each(|fault| writeln!(out, "WRONG  {}", plain(&fault.to_string())));
    }
    let (alerts, said, custody) = (checked.alerts, checked.feedback, checked.custody);
    writeln!(out, "hold: {alerts} alerts, {said} messages about them, {custody} entries of the audit log\n")?;
    let mut columns = Columns::new(&["key", "holder", "valid from", "until", "today", "signed"]);
    for key in &checked.keys {
        let revoked = key.revoked_at.as_deref().map(|at| format!(" {at}")).unwrap_or_default();
        let reason = key.reason.as_deref().map(|reason| format!(", {reason}")).unwrap_or_default();
        let is_maker = checked.signed_by.as_ref() == Some(&key.key_id);
        let mark = if key.state == "valid" { Mark::Good } else { Mark::Look };
        columns.row([
            (key.key_id.clone(), Mark::Plain),
            (key.holder.clone(), Mark::Plain),
            (key.valid_from.clone(), Mark::Plain),
            (key.valid_until.clone(), Mark::Plain),
            (format!("{}{revoked}{reason}", key.state), mark),
            (format!("{}{}", key.signed, if is_maker { ", with the dossier" } else { "" }), Mark::Plain),
        ]);
    }
    write!(out, "{}", columns.text_for(&out))?;
    let maker = checked.keys.iter().find(|key| checked.signed_by.as_ref() == Some(&key.key_id));
    if let Some(key) = maker.filter(|key| key.state != "valid") {
        writeln!(
            out,
            "\nThe dossier's own key is {} today: that it was made before is its maker's word. The maker's audit log has the \
             SHA-256 above.",
            key.state
        )?;
    }
    if checked.faults.is_empty() {
        return writeln!(out, "\nIt holds: all of it is there and as it was signed.");
    }
    writeln!(out)?;
    checked.faults.iter().try_for_each(|fault| writeln!(out, "WRONG  {}", plain(&fault.to_string())))
}
