//! What a consumer checks before it believes an alert. Everything that fails is a [`Rejection`] of its own.
//!
//! In this order:
//! 1. the envelope in the header `dsse` is one, and a key of the registry signed the value: nothing of it is looked at
//!    before;
//! 2. the value is an alert, and each CloudEvents attribute in the headers says what the signed JSON says: id, source,
//!    type, subject, time, schema, sequence and expiry are repeated in it, so that signing the JSON binds them. Headers
//!    that are no attribute of ours, such as `traceparent`, are not signed and not looked at;
//! 3. the key counts at the time when the alert was published, and its holder covers the source; `published` is not ahead
//!    of the reader's clock by more than [`CLOCK_AHEAD_MS_MAX`], and ends within [`ACTIONABLE_DAYS_MAX`] days. Who has a
//!    stolen key writes what he likes into `published`: so a key that has not counted for [`BACKLOG_MS_MAX`] when the
//!    message is received signs nothing any more;
//! 4. the sequence of the source goes on. The same bytes again are a repeat, which is none of the consumer's business;
//!    other bytes under a number that was there, or a number from before what is remembered, are refused. A gap is told;
//!    a jump of more than [`SEQUENCE_JUMP_MAX`] is refused, as is a new number whose `published` is more than
//!    [`CLOCK_AHEAD_MS_MAX`] before the newest that the source had. What is refused changes nothing of what is known.
//!    The first number of a source may be any up to [`SEQUENCE_MAX`]: a source counts from the day when it was set up, on
//!    whatever exchange, and a reader that begins today cannot know how far it should be. A bound that refuses no honest
//!    source (what it could have published since then) leaves whoever has stolen its key room to put it out of numbers all
//!    the same. So readers begin with alerts from before, which have passed already (`alerts tail --look-back`);
//! 5. the alert has not expired. One that has is rejected, and its number counts all the same.
//!
//! The reader's time is given, not read: who reads an archive gives the time when the message was received.

use std::collections::{BTreeMap, VecDeque};

use lancang_record::Timestamp;
use lancang_record::codec::fields::parse_time;
use sha2::{Digest as _, Sha256};

use crate::alert::Alert;
use crate::cloudevent::attributes;
use crate::dsse::{self, Envelope, EnvelopeError};
use crate::key::KeyKind;
use crate::limits::{
    ACTIONABLE_DAYS_MAX, ALERT_BYTES_MAX, BACKLOG_MS_MAX, CLOCK_AHEAD_MS_MAX, REPEATS_KNOWN_MAX, SEQUENCE_JUMP_MAX,
    SEQUENCE_MAX, SOURCES_MAX,
};
use crate::registry::{Registered, Registry, Standing};

const DAY_MS: i64 = 86_400_000;

/// A Kafka message as it was received.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a, N> {
    /// Key.
    pub key: &'a [u8],
    /// Value.
    pub value: &'a [u8],
    /// Headers.
    pub headers: &'a [(N, Vec<u8>)],
}

/// Why a message is not to be believed. No value of it is quoted but numbers, times and ids.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Longer than any alert.
    #[error("a value of {bytes} bytes, expected at most {ALERT_BYTES_MAX}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// A header is not there, or there twice.
    #[error("header `{name}` is there {found} times, expected once")]
    HeaderCount {
        /// Header.
        name: &'static str,
        /// How often.
        found: usize,
    },
    /// No envelope.
    #[error("header `dsse`: {0}")]
    Envelope(#[from] EnvelopeError),
    /// Not in the registry.
    #[error("signed with key {key_id}, which is not in the registry")]
    UnknownKey {
        /// Key.
        key_id: String,
    },
    /// It is there, for something else.
    #[error("signed with key {key_id}, which is no signing key")]
    NotASigningKey {
        /// Key.
        key_id: String,
    },
    /// Bytes were changed.
    #[error("the signature of key {key_id} does not fit the value: bytes were changed")]
    Signature {
        /// Key.
        key_id: String,
    },
    /// Signed, and yet no alert.
    #[error("the signed value is no alert: expected JSON of `urn:lancang:alert:v1` ({what})")]
    Form {
        /// What is wrong.
        what: &'static str,
    },
    /// An attribute says something else than the JSON.
    #[error("header `{name}` says something else than the signed value")]
    Header {
        /// Header.
        name: &'static str,
    },
    /// The key does not count.
    #[error("key {key_id} was {} when the message was published", standing.as_str())]
    Key {
        /// Key.
        key_id: String,
        /// What it was.
        standing: Standing,
    },
    /// The key counted when the message says that it was published, and has not for longer than any backlog.
    #[error(
        "key {key_id} was {} {} hours before the message was received: no backlog is that old",
        standing.as_str(), BACKLOG_MS_MAX / 3_600_000
    )]
    LateKey {
        /// Key.
        key_id: String,
        /// What it was.
        standing: Standing,
    },
    /// Somebody else's source.
    #[error("source {claimed} is not that of key {key_id}, which belongs to {holder}")]
    Source {
        /// Key.
        key_id: String,
        /// Its holder.
        holder: String,
        /// What the message says.
        claimed: String,
    },
    /// Published later than now.
    #[error("published at {published}, which is yet to come")]
    Future {
        /// When.
        published: Timestamp,
    },
    /// A new number with an old date.
    #[error("published at {published}, before what {source_name} published already at {newest}")]
    PublishedBack {
        /// Source.
        source_name: String,
        /// When it says that it was.
        published: Timestamp,
        /// The newest of the source.
        newest: Timestamp,
    },
    /// A number further on than any loss.
    #[error(
        "sequence {sequence} of {source_name} is more than {SEQUENCE_JUMP_MAX} after {last}: if that many are really lost, \
         begin to read anew"
    )]
    SequenceJump {
        /// Source.
        source_name: String,
        /// Number.
        sequence: u64,
        /// The last before.
        last: u64,
    },
    /// A number that was there, with other bytes.
    #[error("sequence {sequence} of {source_name} was there before with other bytes")]
    SequenceConflict {
        /// Source.
        source_name: String,
        /// Number.
        sequence: u64,
    },
    /// A number from before all that is remembered.
    #[error("sequence {sequence} of {source_name} goes back: {last} was there")]
    SequenceBack {
        /// Source.
        source_name: String,
        /// Number.
        sequence: u64,
        /// The last before.
        last: u64,
    },
    /// More sources than a reader follows.
    #[error("more than {SOURCES_MAX} sources")]
    Sources,
    /// Nothing to act upon any more.
    #[error("expired at {until}")]
    Expired {
        /// When.
        until: Timestamp,
    },
}

impl Rejection {
    /// A word for metrics.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::TooLong { .. } | Self::HeaderCount { .. } | Self::Envelope(_) | Self::Form { .. } => "form",
            Self::UnknownKey { .. } | Self::NotASigningKey { .. } => "unknown-key",
            Self::Signature { .. } => "changed-bytes",
            Self::Header { .. } => "changed-header",
            Self::Key { standing: Standing::Revoked, .. } | Self::LateKey { standing: Standing::Revoked, .. } => {
                "revoked-key"
            }
            Self::Key { .. } | Self::LateKey { .. } => "expired-key",
            Self::Source { .. } => "foreign-source",
            Self::Future { .. } => "future",
            Self::PublishedBack { .. } => "published-back",
            Self::SequenceJump { .. } => "sequence-jump",
            Self::SequenceConflict { .. } => "sequence-conflict",
            Self::SequenceBack { .. } => "sequence-back",
            Self::Sources => "sources",
            Self::Expired { .. } => "expired",
        }
    }
}

/// An alert that may be believed.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// The alert.
    pub alert: Alert,
    /// Key that signed it.
    pub key_id: String,
    /// Whether it was there before.
    pub novelty: Novelty,
}

/// Whether an alert was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Novelty {
    /// It was not.
    New {
        /// Numbers of its source that are missing just before it; 0 for the first of a source that a reader sees.
        missing: u64,
    },
    /// It was, with the same bytes.
    Repeat,
}

/// Checks alerts in the order in which they come.
#[derive(Clone, Debug, Default)]
pub struct Verifier {
    sources: BTreeMap<String, Sequence>,
}

/// What is known of a source's numbers.
#[derive(Clone, Debug)]
struct Sequence {
    last: u64,
    /// Newest `published`.
    newest: Timestamp,
    /// Digests of the alerts up to `last`, the newest at the back; none where a number is missing.
    digests: VecDeque<Option<[u8; 16]>>,
}

impl Verifier {
    /// One that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks a message.
    ///
    /// # Errors
    /// [`Rejection`]
    pub fn verify<N: AsRef<str>>(
        &mut self,
        registry: &Registry,
        received: Received<'_, N>,
        now: Timestamp,
    ) -> Result<Verified, Rejection> {
        if received.value.len() > ALERT_BYTES_MAX {
            return Err(Rejection::TooLong { bytes: received.value.len() });
        }
        let (key_id, key) = signed_by(registry, &received, dsse::ALERT_TYPE)?;
        let alert = read(&received)?;
        let Times { published, until } = times(&alert.published, &alert.actionable_until, key, &key_id, now)?;
        let source = alert.producer.uri();
        covers(key, &key_id, &source)?;
        let arrived = Arrived { sequence: alert.sequence, published, digest: digest(received.value) };
        let novelty = self.novelty(source, arrived)?;
        if now >= until {
            return Err(Rejection::Expired { until });
        }
        Ok(Verified { alert, key_id, novelty })
    }

    fn novelty(&mut self, source: String, arrived: Arrived) -> Result<Novelty, Rejection> {
        if arrived.sequence > SEQUENCE_MAX {
            return Err(Rejection::Form { what: "`sequence` is greater than 2^53 - 1" });
        }
        let Some(known) = self.sources.get_mut(&source) else {
            if self.sources.len() >= SOURCES_MAX {
                return Err(Rejection::Sources);
            }
            let Arrived { sequence: last, published: newest, digest } = arrived;
            self.sources.insert(source, Sequence { last, newest, digests: VecDeque::from([Some(digest)]) });
            return Ok(Novelty::New { missing: 0 });
        };
        known.take(source, arrived)
    }

    /// Last number of each source.
    pub fn sequences(&self) -> impl Iterator<Item = (&str, u64)> {
        self.sources.iter().map(|(source, known)| (source.as_str(), known.last))
    }
}

/// An alert of a source, signed by its key.
#[derive(Clone, Copy)]
struct Arrived {
    sequence: u64,
    published: Timestamp,
    digest: [u8; 16],
}

impl Sequence {
    fn take(&mut self, source_name: String, arrived: Arrived) -> Result<Novelty, Rejection> {
        let Arrived { sequence, published, digest } = arrived;
        if let Some(ahead) = sequence.checked_sub(self.last).filter(|ahead| *ahead > 0) {
            if ahead > SEQUENCE_JUMP_MAX {
                return Err(Rejection::SequenceJump { source_name, sequence, last: self.last });
            }
            if published.plus_ms(CLOCK_AHEAD_MS_MAX) < self.newest {
                return Err(Rejection::PublishedBack { source_name, published, newest: self.newest });
            }
            let missing = ahead - 1;
            if missing >= REPEATS_KNOWN_MAX as u64 {
                self.digests.clear();
            } else {
                self.digests.extend((0..missing).map(|_| None));
            }
            self.digests.push_back(Some(digest));
            let surplus = self.digests.len().saturating_sub(REPEATS_KNOWN_MAX);
            self.digests.drain(..surplus);
            self.last = sequence;
            self.newest = self.newest.max(published);
            return Ok(Novelty::New { missing });
        }
        let back = usize::try_from(self.last - sequence).unwrap_or(usize::MAX);
        let place = self.digests.len().checked_sub(1).and_then(|newest| newest.checked_sub(back));
        match place.and_then(|place| self.digests[place]) {
            Some(known) if known == digest => Ok(Novelty::Repeat),
            Some(_) => Err(Rejection::SequenceConflict { source_name, sequence }),
            None => Err(Rejection::SequenceBack { source_name, sequence, last: self.last }),
        }
    }
}

pub(crate) fn digest(value: &[u8]) -> [u8; 16] {
    let mut digest = [0; 16];
    digest.copy_from_slice(&Sha256::digest(value)[..16]);
    digest
}

/// The one header of this name.
pub(crate) fn header<'a, N: AsRef<str>>(
    headers: &'a [(N, Vec<u8>)],
    name: &'static str,
) -> Result<&'a [u8], Rejection> {
    let mut found = headers.iter().filter(|(other, _)| other.as_ref() == name);
    match (found.next(), found.count()) {
        (Some((_, value)), 0) => Ok(value),
        (first, more) => Err(Rejection::HeaderCount { name, found: more + usize::from(first.is_some()) }),
    }
}

/// Whose key signed a message of this type of payload: its id, and the key.
pub(crate) fn signed_by<'r, N: AsRef<str>>(
    registry: &'r Registry,
    received: &Received<'_, N>,
    payload_type: &'static str,
) -> Result<(String, &'r Registered), Rejection> {
    let envelope = Envelope::read(header(received.headers, dsse::HEADER)?, payload_type)?;
    if envelope.payload.is_some() {
        return Err(Rejection::Form { what: "the envelope has a payload of its own" });
    }
    let known = envelope.signatures.iter().find_map(|signed| Some((signed, registry.key(&signed.key_id)?)));
    let Some((signed, key)) = known else {
        let first = envelope.signatures.into_iter().next().map(|signed| signed.key_id).unwrap_or_default();
        let is_id = first.len() == 32 && first.bytes().all(|byte| byte.is_ascii_hexdigit());
        return Err(Rejection::UnknownKey { key_id: if is_id { first } else { "(no key id)".to_owned() } });
    };
    let key_id = signed.key_id.clone();
    if key.key.kind() != KeyKind::Signing {
        return Err(Rejection::NotASigningKey { key_id });
    }
    if !key.signed(signed, payload_type, received.value) {
        return Err(Rejection::Signature { key_id });
    }
    Ok((key_id, key))
}

/// Checks something that is handed on and not read of a topic, such as a dossier: a key of its writer signed it, and counted
/// when it was made. When it was received nobody knows: whoever has a stolen key writes what he likes into that time, so who
/// shows the key says what it is today ([`Registered::standing`]).
///
/// # Errors
/// [`Rejection`]
pub fn handed_on<'r>(
    registry: &'r Registry,
    payload_type: &'static str,
    (value, envelope): (&[u8], &[u8]),
    (writer, made): (&str, Timestamp),
    now: Timestamp,
) -> Result<&'r Registered, Rejection> {
    let headers = [(dsse::HEADER, envelope.to_vec())];
    let (key_id, key) = signed_by(registry, &Received { key: &[], value, headers: &headers }, payload_type)?;
    covers(key, &key_id, writer)?;
    let standing = key.standing(made);
    if standing != Standing::Valid {
        return Err(Rejection::Key { key_id, standing });
    }
    if made > now.plus_ms(CLOCK_AHEAD_MS_MAX) {
        return Err(Rejection::Future { published: made });
    }
    Ok(key)
}

fn read<N: AsRef<str>>(received: &Received<'_, N>) -> Result<Alert, Rejection> {
    let what = "broken JSON, or a field is missing or of another type";
    let alert: Alert = serde_json::from_slice(received.value).map_err(|_| Rejection::Form { what })?;
    repeats(received.headers, attributes(&alert))?;
    if received.key != alert.incident_id.as_bytes() {
        return Err(Rejection::Form { what: "the message's key is not the incident's id" });
    }
    Ok(alert)
}

/// Checks that each attribute made of the signed JSON stands in the headers, once.
pub(crate) fn repeats<N: AsRef<str>>(
    headers: &[(N, Vec<u8>)],
    attributes: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<(), Rejection> {
    for (name, said) in attributes {
        if header(headers, name)? != said.as_bytes() {
            return Err(Rejection::Header { name });
        }
    }
    Ok(())
}

pub(crate) struct Times {
    pub(crate) published: Timestamp,
    /// When there is nothing to act upon any more.
    pub(crate) until: Timestamp,
}

/// The times of an alert or a warning, if they fit together and the key counts.
pub(crate) fn times(
    published: &str,
    actionable_until: &str,
    key: &Registered,
    key_id: &str,
    now: Timestamp,
) -> Result<Times, Rejection> {
    let time = |text: &str, what| parse_time("time", text).map_err(|_| Rejection::Form { what });
    let published = time(published, "`published` is no time")?;
    let until = time(actionable_until, "`actionable_until` is no time")?;
    counts(key, key_id, published, now)?;
    if until > published.plus_ms(ACTIONABLE_DAYS_MAX * DAY_MS) {
        return Err(Rejection::Form { what: "`actionable_until` is further away than any may be" });
    }
    Ok(Times { published, until })
}

/// Whether a key counts for what was published at a time and is received now.
pub(crate) fn counts(key: &Registered, key_id: &str, published: Timestamp, now: Timestamp) -> Result<(), Rejection> {
    let standing = key.standing(published);
    if standing != Standing::Valid {
        return Err(Rejection::Key { key_id: key_id.to_owned(), standing });
    }
    let late = key.standing(now.plus_ms(-BACKLOG_MS_MAX));
    if matches!(late, Standing::Revoked | Standing::Expired) {
        return Err(Rejection::LateKey { key_id: key_id.to_owned(), standing: late });
    }
    if published > now.plus_ms(CLOCK_AHEAD_MS_MAX) {
        return Err(Rejection::Future { published });
    }
    Ok(())
}

/// Whether a source is the key's.
pub(crate) fn covers(key: &Registered, key_id: &str, source: &str) -> Result<(), Rejection> {
    if key.holder.covers(source) {
        return Ok(());
    }
    Err(Rejection::Source { key_id: key_id.to_owned(), holder: key.holder.to_string(), claimed: source.to_owned() })
}
