//! Evidence: what an alert says of the records behind it, and those records, collected for one case and sealed for one
//! country.
//!
//! An alert names the home incident line that it was made of by its place in the home cluster, and commits to it by a
//! Merkle root ([`root_of`]): leaf 0 is a random [`Salt`], leaf 1 the line, byte by byte, and the others are the references
//! of records that it names, in its order. What that proves later:
//! - the line that the carrier shows is the one that it had when it signed the alert: entity, values, limits, references;
//! - the records that it shows are those which the line named then, by their references, and which of them are missing.
//!
//! What it does not prove: that a record's bytes are what they were. Their references alone are in the incident; the records
//! log, which nobody changes in place, vouches for the rest.
//!
//! Most of a line stands in the alert or can be guessed: without the salt, who guesses the rest would see from the root that
//! he is right. The salt lies beside the alert in the outbox, in the header [`SALT_HEADER`], which stays at home, and goes
//! with the line in a bundle. Roots of alerts from before there were salts are over line and references alone; neither kind
//! passes for the other, for a salt is no incident line.
//!
//! A bundle names its source, and is checked against the alerts of that source alone ([`Bundle::check_against`]): another
//! source can sign an alert under the same incident id, over a line of its own. The bundle is signed by a key of its source
//! ([`SignedBundle`]; DSSE, detached): who has opened it can show to others whose word its records are.
//!
//! A bundle is of one incident and has a bounded size: what is more leaves in [`parts`] that each stand alone. Alerts that went
//! into the one that was asked for (`grouped.merged_into`) have bundles of their own, which say so
//! ([`Bundle::asked_for`]). A home line that is no longer kept is named with all that the alert says of it ([`Gone`]).
//!
//! A line names few of the records behind it. The others are collected too, and said to be [`Further`] ones.
//!
//! Bundle and signature are sealed whole with HPKE (RFC 9180, base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
//! ChaCha20-Poly1305), the case as associated data: what is sealed for one source, case, incident or recipient opens for no
//! other.

mod further;
mod parts;
mod salt;

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::CryptoRng;
use hpke::{Deserializable as _, Kem, OpModeR, OpModeS, Serializable as _};
use lancang_record::Timestamp;
use lancang_record::codec::fields::parse_time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::alert::Alert;
use crate::dsse::{self, EVIDENCE_TYPE};
use crate::hex;
use crate::incident::Incident;
use crate::key::{PrivateKey, PublicKey, Signer};
use crate::limits::BUNDLE_BYTES_MAX;
use crate::merkle;
use crate::registry::Registry;
use crate::seal::{OpenError, SealError};
use crate::verify::{Received, Rejection, counts, covers, signed_by};

use further::is_behind;

pub use further::{Further, names};
pub use salt::Salt;

/// What bundles are sealed for, so that no other use of a key opens them.
const INFO: &[u8] = b"lancang evidence v1";
const ENCAPSULATED_BYTES: usize = 32;

/// Kafka header of a message in the outbox: the salt of its alert's root, as hexadecimal digits. It stays at home.
pub const SALT_HEADER: &str = "home-salt";

/// Reference to what stays at home: where it is, and what it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Number of record references that the home incident line holds.
    pub count: u64,
    /// Topic of the producer's home cluster that the line is in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub topic: Option<String>,
    /// Its partition there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub partition: Option<i32>,
    /// Ranges of its offsets there.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub offsets: Vec<Offsets>,
    /// Merkle root (RFC 9162, SHA-256; 64 hexadecimal digits) over a salt that stays at home, the line, and each record
    /// reference in it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub merkle_root: Option<String>,
    /// Until when the producer keeps line and records, to be asked for. RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kept_until: Option<String>,
}

/// A range of offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Offsets {
    /// First.
    pub first: i64,
    /// Last, inclusive.
    pub last: i64,
}

/// Where a home incident line stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinePlace {
    /// Topic.
    pub topic: String,
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
    /// How long lines and records are kept, ms; none where nobody has said.
    pub kept_ms: Option<i64>,
    /// Salt of its root: random, of this line alone.
    pub salt: Salt,
}

impl Evidence {
    /// Of an incident and its line, by where that stands if it is known. What it is about began with the first event, and
    /// no record of it was written before: from there on it is kept.
    #[must_use]
    pub fn of(incident: &Incident, line: &[u8], place: Option<LinePlace>) -> Self {
        let count = incident.evidence.len() as u64;
        let Some(place) = place else { return Self { count, ..Self::default() } };
        let first = parse_time("first_event", &incident.first_event).ok();
        let kept_until = first.zip(place.kept_ms).map(|(first, kept_ms)| first.plus_ms(kept_ms).to_string());
        Self {
            count,
            topic: Some(place.topic),
            partition: Some(place.partition),
            offsets: vec![Offsets { first: place.offset, last: place.offset }],
            merkle_root: Some(root_of(Some(&place.salt), line, &incident.evidence)),
            kept_until,
        }
    }
}

/// The root over a salt, a home incident line and the references in it, as hexadecimal digits; without a salt, as it was
/// before there were any.
#[must_use]
pub fn root_of(salt: Option<&Salt>, line: &[u8], references: &[String]) -> String {
    let salt = salt.map(Salt::bytes);
    let leaves: Vec<&[u8]> = salt.into_iter().chain([line]).chain(references.iter().map(String::as_bytes)).collect();
    hex::encode(&merkle::root(&leaves))
}

/// What is collected for one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bundle {
    /// Source of the alerts: `//KH/mekong-mobile/phnom-penh-1`.
    pub source: String,
    /// Alert's incident.
    pub incident_id: String,
    /// Reference of the case that it was asked for.
    pub case_reference: String,
    /// Who may open it: `//KH`.
    pub recipient: String,
    /// When it was collected. RFC 3339.
    pub collected: String,
    /// Home incident lines that the alert was made of, each with the alert's reference to it.
    pub lines: Vec<Line>,
    /// Records that the lines name.
    pub records: Vec<Found>,
    /// References of records that are no longer kept.
    pub missing: Vec<String>,
    /// Records that stand behind the lines besides, which lines do not name; absent where nobody looked for them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub further: Option<Further>,
    /// Home lines that the alerts refer to and that are no longer kept: of what they named nothing is here.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub gone: Vec<Gone>,
    /// Incident that was asked for, where this one is another, whose alert went into that one's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub asked_for: Option<String>,
    /// Which of the bundles that were collected at once; absent where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub part: Option<Part>,
}

/// One of several bundles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// From 1.
    pub number: u32,
    /// How many there are.
    pub of: u32,
}

/// A home line that is no longer kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gone {
    /// Revision of the alert that it led to.
    pub revision: u64,
    /// What the alert says of it: where it was, its root, how many records it named, until when it was to be kept.
    pub evidence: Evidence,
    /// Why: `retention`.
    pub reason: String,
}

/// A home incident line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// Revision of the alert that it led to.
    pub revision: u64,
    /// What the alert says of it.
    pub evidence: Evidence,
    /// Salt of its root, 64 hexadecimal digits; none of an alert from before there were any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub salt: Option<String>,
    /// The line, byte by byte: clear identifiers.
    pub line: String,
}

/// A record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    /// Its reference in the lines.
    pub reference: String,
    /// Partition of the records log.
    pub partition: i32,
    /// Offset of its frame.
    pub offset: i64,
    /// The record as canonical JSON: clear identifiers.
    pub record: serde_json::Value,
}

/// A bundle is not what the alert commits to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// No incident line, one without a root in its alert, or a salt that is none.
    #[error("revision {revision}: the alert says nothing of its home line, or the line or its salt is none")]
    NoRoot {
        /// Revision of the alert.
        revision: u64,
    },
    /// Another line or other references.
    #[error(
        "revision {revision}: the line is not the one that the alert was made of (Merkle root {found}, signed {signed})"
    )]
    OtherLine {
        /// Revision of the alert.
        revision: u64,
        /// Of what is there.
        found: String,
        /// Of the alert.
        signed: String,
    },
    /// A record that no line names.
    #[error("record {reference} is named by no line")]
    Unnamed {
        /// Its reference.
        reference: String,
    },
    /// A record that a line names, and that is neither there nor said to be missing.
    #[error("record {reference} is neither there nor said to be missing")]
    Concealed {
        /// Its reference.
        reference: String,
    },
    /// A further record that stands behind no line, or that a line names.
    #[error("further record {number}: it is named by a line, or stands behind none by what it names and when it was")]
    NotBehind {
        /// Number among the further records, from 1.
        number: usize,
    },
    /// No alert of the bundle's source.
    #[error("no verified alert of {source_name} with revision {revision} is on the exchange")]
    NoAlert {
        /// Source of the bundle.
        source_name: String,
        /// Revision of the alert.
        revision: u64,
    },
    /// It was not asked for, and its alert went into no other's.
    #[error(
        "the bundle of incident {incident_id} is not of the one that was asked for, and its alert went into no other"
    )]
    NotMerged {
        /// Incident of the bundle.
        incident_id: String,
    },
    /// The alert, or another one with the same number of revision, commits to something else.
    #[error("revision {revision}: an alert of {source_name} refers to another line")]
    OtherAlert {
        /// Source of the bundle.
        source_name: String,
        /// Revision of the alert.
        revision: u64,
    },
    /// Not signed by a key of its source that counts.
    #[error("the bundle's signature: {0}")]
    Signature(#[from] Rejection),
}

impl Bundle {
    /// Checks that the lines are those of the alert, the records those of the lines, and that further ones can stand behind them.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check(&self) -> Result<(), BundleError> {
        let (mut named, mut incidents) = (BTreeSet::new(), Vec::new());
        for line in &self.lines {
            let revision = line.revision;
            let incident = Incident::read(line.line.as_bytes()).map_err(|_| BundleError::NoRoot { revision })?;
            let signed = line.evidence.merkle_root.clone().ok_or(BundleError::NoRoot { revision })?;
            let salt = line.salt.as_deref().map(|text| Salt::from_hex(text).ok_or(BundleError::NoRoot { revision }));
            let found = root_of(salt.transpose()?.as_ref(), line.line.as_bytes(), &incident.evidence);
            if found != signed {
                return Err(BundleError::OtherLine { revision, found, signed });
            }
            named.extend(incident.evidence.iter().cloned());
            incidents.push(incident);
        }
        let further = self.further.iter().flat_map(|further| &further.records);
        for (number, found) in (1..).zip(further) {
            if named.contains(&found.reference) || !is_behind(&found.record, &incidents) {
                return Err(BundleError::NotBehind { number });
            }
        }
        let shown: BTreeSet<&String> = self.records.iter().map(|found| &found.reference).collect();
        if let Some(reference) = shown.iter().find(|reference| !named.contains(**reference)) {
            return Err(BundleError::Unnamed { reference: (*reference).clone() });
        }
        let missing: BTreeSet<&String> = self.missing.iter().collect();
        match named.iter().find(|reference| !shown.contains(reference) && !missing.contains(reference)) {
            Some(reference) => Err(BundleError::Concealed { reference: reference.clone() }),
            None => Ok(()),
        }
    }

    /// Whether another incident was asked for.
    fn is_of_another(&self) -> bool {
        self.asked_for.as_ref().is_some_and(|asked| *asked != self.incident_id)
    }

    /// Checks that the verified alerts of its source, and of no other, refer to its lines, those that are gone too, and that
    /// who was not asked for belongs to somebody else's alert.
    ///
    /// # Errors
    /// [`BundleError::NoAlert`], [`BundleError::OtherAlert`] and [`BundleError::NotMerged`].
    pub fn check_against(&self, alerts: &[Alert]) -> Result<(), BundleError> {
        let of_source = |alert: &&Alert| alert.producer.uri() == self.source && alert.incident_id == self.incident_id;
        let alerts: Vec<&Alert> = alerts.iter().filter(of_source).collect();
        let went_on = |alert: &&Alert| alert.grouped.as_ref().is_some_and(|grouped| grouped.merged_into.is_some());
        if self.is_of_another() && !alerts.iter().any(went_on) {
            return Err(BundleError::NotMerged { incident_id: self.incident_id.clone() });
        }
        let gone = self.gone.iter().map(|gone| (gone.revision, &gone.evidence));
        for (revision, evidence) in self.lines.iter().map(|line| (line.revision, &line.evidence)).chain(gone) {
            let source_name = self.source.clone();
            let mut same = alerts.iter().filter(|alert| alert.revision == revision).peekable();
            if same.peek().is_none() {
                return Err(BundleError::NoAlert { source_name, revision });
            }
            // A source numbers its revisions once: a second one is of who has stolen its key.
            if same.any(|alert| alert.evidence != *evidence) {
                return Err(BundleError::OtherAlert { source_name, revision });
            }
        }
        Ok(())
    }
}

/// A bundle as its source signed it.
#[derive(Clone, Debug, PartialEq)]
pub struct SignedBundle {
    /// What is signed.
    pub bundle: Bundle,
    /// Its JSON, byte by byte.
    pub json: Vec<u8>,
    /// DSSE envelope over it, without payload.
    envelope: Vec<u8>,
}

impl SignedBundle {
    /// Signs a bundle.
    ///
    /// # Errors
    /// [`SealError::TooLong`]
    pub fn sign(bundle: Bundle, signer: &Signer) -> Result<Self, SealError> {
        let json = serde_json::to_vec(&bundle).map_err(|_| SealError::Key)?;
        if json.len() > BUNDLE_BYTES_MAX {
            return Err(SealError::TooLong { bytes: json.len() });
        }
        let envelope = dsse::detached(signer, EVIDENCE_TYPE, &json);
        Ok(Self { bundle, json, envelope })
    }

    /// Checks that a key of its source signed it, and counted: as for an alert ([`crate::verify`]) that was published when
    /// the bundle was collected, and received when the bundle was. Gives the key's id.
    ///
    /// # Errors
    /// [`BundleError::Signature`]
    pub fn verify(&self, registry: &Registry, received: Timestamp) -> Result<String, BundleError> {
        let headers = [(dsse::HEADER, self.envelope.clone())];
        let message = Received { key: &[], value: &self.json, headers: &headers };
        let (key_id, key) = signed_by(registry, &message, EVIDENCE_TYPE)?;
        let collected = parse_time("collected", &self.bundle.collected)
            .map_err(|_| Rejection::Form { what: "`collected` is no time" })?;
        counts(key, &key_id, collected, received)?;
        covers(key, &key_id, &self.bundle.source)?;
        Ok(key_id)
    }

    /// The envelope with its payload, as JSON: for those who are shown the bundle later.
    #[must_use]
    pub fn whole(&self) -> Option<String> {
        dsse::with_payload(&self.envelope, &self.json)
    }

    /// Envelope and bundle, a line each.
    fn text(&self) -> Vec<u8> {
        [self.envelope.as_slice(), b"\n", &self.json].concat()
    }

    fn read(text: &[u8]) -> Result<Self, OpenError> {
        let end = text.iter().position(|byte| *byte == b'\n').ok_or(OpenError::Form)?;
        let (envelope, json) = (text[..end].to_vec(), text[end + 1..].to_vec());
        let bundle = serde_json::from_slice(&json).map_err(|_| OpenError::Form)?;
        Ok(Self { bundle, json, envelope })
    }
}

/// A bundle that one recipient can open: the value of a message on its evidence topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SealedBundle {
    /// Source of the alerts.
    pub source: String,
    /// Alert's incident.
    pub incident_id: String,
    /// Incident that was asked for, where it is another; also in the bundle.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub asked_for: Option<String>,
    /// Reference of the case.
    pub case_reference: String,
    /// Who: `//KH`.
    pub to: String,
    /// Their key.
    pub key_id: String,
    /// Base64 of encapsulated key (32 bytes), encrypted bundle and tag (16).
    pub ciphertext: String,
}

impl SealedBundle {
    fn place(&self) -> Vec<u8> {
        let Self { source, incident_id, case_reference, to, key_id, .. } = self;
        serde_json::json!(["lancang evidence v1", source, incident_id, case_reference, to, key_id])
            .to_string()
            .into_bytes()
    }

    /// Seals a bundle for its recipient.
    ///
    /// # Errors
    /// [`SealError`]
    pub fn seal(signed: &SignedBundle, key: &PublicKey, random: &mut impl CryptoRng) -> Result<Self, SealError> {
        let bundle = &signed.bundle;
        let to = key.sealing().ok_or(SealError::Key)?;
        let mut sealed = Self {
            source: bundle.source.clone(),
            incident_id: bundle.incident_id.clone(),
            asked_for: bundle.asked_for.clone(),
            case_reference: bundle.case_reference.clone(),
            to: bundle.recipient.clone(),
            key_id: key.id(),
            ciphertext: String::new(),
        };
        let place = sealed.place();
        let (encapsulated, encrypted) =
            hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
                &OpModeS::Base,
                &to,
                INFO,
                &signed.text(),
                &place,
                random,
            )
            .map_err(|_| SealError::Key)?;
        sealed.ciphertext = STANDARD.encode([encapsulated.to_bytes().as_slice(), &encrypted].concat());
        Ok(sealed)
    }

    /// Opens it, for who has the key.
    ///
    /// # Errors
    /// [`OpenError`]
    pub fn open(&self, key: &PrivateKey) -> Result<SignedBundle, OpenError> {
        if self.key_id != key.public().id() {
            return Err(OpenError::OtherKey);
        }
        let private = key.opening().ok_or(OpenError::OtherKey)?;
        let bytes = STANDARD.decode(&self.ciphertext).map_err(|_| OpenError::Form)?;
        let (encapsulated, encrypted) = bytes.split_first_chunk::<ENCAPSULATED_BYTES>().ok_or(OpenError::Form)?;
        let encapsulated =
            <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| OpenError::Form)?;
        let clear = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &private,
            &encapsulated,
            INFO,
            encrypted,
            &self.place(),
        )
        .map_err(|_| OpenError::Refused)?;
        SignedBundle::read(&clear)
    }
}
