//! A dossier is made: of what the store and the audit log have, checked as others will check it before anybody gets it.

use std::collections::BTreeSet;
use std::path::Path;

use lancang_alert::words::Language;
use lancang_alert::{PublicKey, Registry, Signer, Source, dsse, hex};
use lancang_record::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::archive::{self, ArchiveError, Parts};
use super::check::{self, Content};
use super::{
    ALERTS, AuditHead, CAMPAIGN, CUSTODY, ENVELOPE, FEEDBACK, FORM, Fault, KEYS, MANIFEST, Manifest, PARTS, Part,
    SUMMARY, summary,
};
use crate::audit::{self, AuditError};
use crate::store::{Case, Subject};

/// What somebody wants a dossier of.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of what.
    pub subject: Subject,
    /// For which case.
    pub case_reference: String,
    /// In which languages.
    pub languages: [Language; 2],
    /// Whose desk.
    pub writer: Source,
    /// Who.
    pub person: String,
}

/// A dossier.
#[derive(Clone, Debug)]
pub struct Made {
    /// The file.
    pub bytes: Vec<u8>,
    /// SHA-256 of its manifest: whoever writes it down elsewhere can show later that it is this one.
    pub digest: String,
    /// What it is called.
    pub name: String,
}

/// Why none is made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// The audit log.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// Too much for one file.
    #[error("{0}: make one of each incident")]
    Archive(#[from] ArchiveError),
    /// Nobody would believe it.
    #[error("nobody would believe it, so it is not made: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Unbelieved(Vec<Fault>),
}

/// Makes a dossier of a case; the audit log has this export already.
///
/// # Errors
/// [`MakeError`]
pub fn make(
    wanted: &Wanted,
    case: &Case,
    audit: &Path,
    signer: &Signer,
    roots: &[PublicKey],
    now: Timestamp,
) -> Result<Made, MakeError> {
    let operations = case.operations.iter().map(|operation| operation.operation_id.as_str());
    let about: Vec<&str> =
        case.keys.iter().map(String::as_str).chain([wanted.subject.id()]).chain(operations).collect();
    let (chain, custody) = audit::about(audit, &about)?;
    let mut registry = Registry::new(roots);
    // What does not count is left out: the check says which signature lacks a key then.
    case.registry.iter().for_each(|envelope| _ = registry.learn(envelope.as_bytes()));
    let mut content = Content {
        alerts: case.alerts.clone(),
        feedback: case.feedback.clone(),
        campaign: case.campaign.iter().cloned().collect(),
        keys: Vec::new(),
        custody,
    };
    let found = check::messages(&content, &registry);
    let mut used: BTreeSet<String> = found.keys.keys().cloned().collect();
    used.insert(signer.id().to_owned());
    content.keys = entries(&registry, &used);
    let mut manifest = Manifest {
        form: FORM.to_owned(),
        subject: wanted.subject.clone(),
        case_reference: wanted.case_reference.clone(),
        made: now.to_string(),
        writer: wanted.writer.clone(),
        person: wanted.person.clone(),
        languages: wanted.languages.iter().map(|language| language.tag().to_owned()).collect(),
        incidents: case.incidents.clone(),
        left_out: case.left_out,
        operations: case.operations.clone(),
        audit: AuditHead { entries: chain.entries, head: chain.head },
        parts: Vec::new(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let mut parts = written(&content);
    let summary = summary::html(&manifest, &found, &case.innocent, &content.custody, &registry, wanted.languages, now);
    parts.insert(SUMMARY.to_owned(), summary.into_bytes());
    manifest.parts = PARTS.iter().filter_map(|name| Some(part(name, parts.get(*name)?))).collect();
    let told = lines_of_one(&manifest);
    parts.insert(ENVELOPE.to_owned(), dsse::detached(signer, dsse::DOSSIER_TYPE, &told));
    let digest = hex::encode(&Sha256::digest(&told));
    parts.insert(MANIFEST.to_owned(), told);
    let bytes = archive::pack(&parts, now)?;
    let checked = check::check(&bytes, roots, &[], now);
    if !checked.faults.is_empty() {
        return Err(MakeError::Unbelieved(checked.faults));
    }
    let id = wanted.subject.id().get(..12).unwrap_or(wanted.subject.id());
    let day = manifest.made.get(..10).unwrap_or_default();
    Ok(Made { bytes, digest, name: format!("dossier-{id}-{day}.tar") })
}

fn entries(registry: &Registry, used: &BTreeSet<String>) -> Vec<String> {
    let keys = used.iter().filter_map(|id| registry.key(id));
    keys.flat_map(|key| key.envelopes()).map(|envelope| String::from_utf8_lossy(envelope).into_owned()).collect()
}

fn written(content: &Content) -> Parts {
    let mut keys = content.keys.join("\n");
    if !keys.is_empty() {
        keys.push('\n');
    }
    let parts = [
        (ALERTS, lines(&content.alerts)),
        (FEEDBACK, lines(&content.feedback)),
        (CAMPAIGN, lines(&content.campaign)),
        (KEYS, keys.into_bytes()),
        (CUSTODY, lines(&content.custody)),
    ];
    parts.into_iter().map(|(name, part)| (name.to_owned(), part)).collect()
}

fn lines<T: Serialize>(of: &[T]) -> Vec<u8> {
    of.iter().flat_map(lines_of_one).collect()
}

/// One line of JSON.
#[allow(clippy::expect_used)]
fn lines_of_one<T: Serialize>(of: &T) -> Vec<u8> {
    let mut line = serde_json::to_vec(of).expect("texts and whole numbers");
    line.push(b'\n');
    line
}

fn part(name: &str, bytes: &[u8]) -> Part {
    Part { name: name.to_owned(), bytes: bytes.len() as u64, sha256: hex::encode(&Sha256::digest(bytes)) }
}
