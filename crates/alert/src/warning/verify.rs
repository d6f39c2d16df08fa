//! What a carrier's desk checks before it believes a warning.
//!
//! As of an alert: the signature, that headers repeat the signed JSON, that the key counts and covers the source, that it was
//! published before now and has not expired. Besides:
//! - it is for the carrier that reads, and so was not moved from another's topic;
//! - the same id with the same bytes is a repeat, with others it is refused. Of ids the newest [`WARNINGS_KNOWN_MAX`] are
//!   remembered; one that is not known and was published more than [`CLOCK_AHEAD_MS_MAX`] before the newest of its source is
//!   refused, so that what was forgotten is not shown again.

use std::collections::{HashMap, VecDeque};

use lancang_record::Timestamp;

use super::{Warning, attributes};
use crate::dsse;
use crate::limits::{CLOCK_AHEAD_MS_MAX, SOURCES_MAX, WARNING_BYTES_MAX, WARNINGS_KNOWN_MAX};
use crate::registry::{Holder, Registry};
use crate::verify::{Received, Rejection, Times, covers, digest, repeats, signed_by, times};

/// Why a warning is not to be believed. No value of it is quoted but numbers, times and ids.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// As of an alert.
    #[error(transparent)]
    Message(#[from] Rejection),
    /// Longer than any warning.
    #[error("a value of {bytes} bytes, expected at most {WARNING_BYTES_MAX}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// For another carrier.
    #[error("it is for another carrier than {expected}")]
    To {
        /// Who reads.
        expected: Holder,
    },
    /// An id that was there, with other bytes.
    #[error("{id} of {source_name} was there before with other bytes")]
    Conflict {
        /// Incident and revision.
        id: String,
        /// Source.
        source_name: String,
    },
}

impl Refusal {
    /// A word for metrics and logs.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Message(rejection) => rejection.as_str(),
            Self::TooLong { .. } => "form",
            Self::To { .. } => "foreign-recipient",
            Self::Conflict { .. } => "id-conflict",
        }
    }
}

/// A warning that may be believed.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// The warning.
    pub warning: Warning,
    /// Key that signed it.
    pub key_id: String,
    /// Whether it was there before, with the same bytes.
    pub is_repeat: bool,
}

/// Checks warnings of one carrier in the order in which they come.
#[derive(Clone, Debug)]
pub struct Verifier {
    carrier: Holder,
    /// Digests by source and id.
    known: HashMap<(String, String), [u8; 16]>,
    /// The same, the newest at the back.
    order: VecDeque<(String, String)>,
    /// Newest `published` of each source.
    newest: HashMap<String, Timestamp>,
}

impl Verifier {
    /// One that has seen nothing, of this carrier.
    #[must_use]
    pub fn new(carrier: Holder) -> Self {
        Self { carrier, known: HashMap::new(), order: VecDeque::new(), newest: HashMap::new() }
    }

    /// Checks a message.
    ///
    /// # Errors
    /// [`Refusal`]
    pub fn verify<N: AsRef<str>>(
        &mut self,
        registry: &Registry,
        received: Received<'_, N>,
        now: Timestamp,
    ) -> Result<Verified, Refusal> {
        if received.value.len() > WARNING_BYTES_MAX {
            return Err(Refusal::TooLong { bytes: received.value.len() });
        }
        let (key_id, key) = signed_by(registry, &received, dsse::WARNING_TYPE)?;
        let warning = read(&received)?;
        let Times { published, until } = times(&warning.published, &warning.actionable_until, key, &key_id, now)?;
        let source = warning.producer.uri();
        covers(key, &key_id, &source)?;
        if warning.to != self.carrier.as_str() {
            return Err(Refusal::To { expected: self.carrier.clone() });
        }
        let is_repeat = self.is_repeat(source, warning.id(), published, received.value)?;
        if now >= until {
            return Err(Rejection::Expired { until }.into());
        }
        Ok(Verified { warning, key_id, is_repeat })
    }

    fn is_repeat(
        &mut self,
        source_name: String,
        id: String,
        published: Timestamp,
        value: &[u8],
    ) -> Result<bool, Refusal> {
        let digest = digest(value);
        match self.known.get(&(source_name.clone(), id.clone())) {
            Some(known) if *known == digest => return Ok(true),
            Some(_) => return Err(Refusal::Conflict { id, source_name }),
            None => {}
        }
        let newest = match self.newest.get(&source_name) {
            Some(newest) if published.plus_ms(CLOCK_AHEAD_MS_MAX) < *newest => {
                let newest = *newest;
                return Err(Rejection::PublishedBack { source_name, published, newest }.into());
            }
            Some(newest) => published.max(*newest),
            None if self.newest.len() >= SOURCES_MAX => return Err(Rejection::Sources.into()),
            None => published,
        };
        self.newest.insert(source_name.clone(), newest);
        self.known.insert((source_name.clone(), id.clone()), digest);
        self.order.push_back((source_name, id));
        if self.order.len() > WARNINGS_KNOWN_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        Ok(false)
    }
}

fn read<N: AsRef<str>>(received: &Received<'_, N>) -> Result<Warning, Rejection> {
    let what = "broken JSON, or a field is missing or of another type";
    let warning: Warning = serde_json::from_slice(received.value).map_err(|_| Rejection::Form { what })?;
    repeats(received.headers, attributes(&warning))?;
    if received.key != warning.incident_id.as_bytes() {
        return Err(Rejection::Form { what: "the message's key is not the incident's id" });
    }
    Ok(warning)
}
