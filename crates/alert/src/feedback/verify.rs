//! What a reader checks before it believes feedback. Everything that fails is a [`Refusal`] of its own.
//!
//! In this order:
//! 1. a signing key of the registry signed the value, and each attribute in the headers repeats it, as with an alert;
//! 2. it says something that is whole and within bounds, or something that a later version will know;
//! 3. the key counts when it was published, has not lost its standing for longer than a backlog lasts, and covers the writer;
//! 4. a receipt and a cancel are the producer's: the writer is of the organisation that published the alert, and the key is
//!    held there or below. A country's key does not speak for its carriers. A receipt of a suppression speaks for the writer's
//!    own organisation. The stage of an operation is said by the organisation that it names as its proposer;
//! 5. it is not older than [`BACKLOG_MS_MAX`] when it is received, nor than what the reader remembers: what was there before
//!    is a repeat, and nobody can bring it back later. What is refused changes nothing of what is known.
//!
//! What is remembered is bounded by country, so that one country's flood costs no other its memory. A writer numbers nothing: a desk may write once a year, so that no gap is told. Who may write to the topic can hold back
//! messages, and nothing else. The time of receipt is given, not read: in an archive it is the broker's time of the message.

use std::collections::{BTreeMap, BTreeSet};

use lancang_record::Timestamp;

use super::message::{attributes, subject};
use super::operation::Word;
use super::{Feedback, Form, Id, Said, organisation};
use crate::dsse;
use crate::limits::{BACKLOG_MS_MAX, FEEDBACK_BYTES_MAX, FEEDBACK_IDS_KNOWN_MAX};
use crate::registry::{Holder, Registered, Registry};
use crate::verify::{Received, Rejection, counts, covers, repeats, signed_by};

/// Why a message is not to be believed. No text of it is quoted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// What holds of every signed message does not.
    #[error(transparent)]
    Signed(#[from] Rejection),
    /// Longer than any.
    #[error("a value of {bytes} bytes, expected at most {FEEDBACK_BYTES_MAX}")]
    TooMuch {
        /// Its length.
        bytes: usize,
    },
    /// Signed, and yet no feedback.
    #[error("the signed value is no feedback: expected JSON of `urn:lancang:feedback:v1` ({what})")]
    NoFeedback {
        /// What is wrong.
        what: &'static str,
    },
    /// A known kind without what it needs.
    #[error("the signed value is no feedback: {0}")]
    Form(#[from] Form),
    /// Only the producer's organisation may say it.
    #[error("key {key_id} of {holder} does not speak for {organisation}, which alone gives receipts and cancels here")]
    NotProducer {
        /// Key.
        key_id: String,
        /// Its holder.
        holder: String,
        /// Whose word it takes.
        organisation: String,
    },
    /// Only the proposer's organisation may say it.
    #[error("{writer} does not speak for {organisation}, which proposed the operation and alone says how far it is")]
    NotProposer {
        /// Who writes.
        writer: String,
        /// Whose word it takes.
        organisation: String,
    },
    /// Older than what the reader remembers.
    #[error("published at {published}: it comes too late to be told from a repeat")]
    Old {
        /// When.
        published: Timestamp,
    },
}

impl Refusal {
    /// A word for metrics.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Signed(rejection) => rejection.as_str(),
            Self::Form(Form::TooLong { .. }) => "too-long",
            Self::TooMuch { .. } | Self::NoFeedback { .. } | Self::Form(_) => "form",
            Self::NotProducer { .. } => "not-producer",
            Self::NotProposer { .. } => "not-proposer",
            Self::Old { .. } => "old",
        }
    }
}

/// Feedback that may be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Believed {
    /// Id of the message.
    pub id: Id,
    /// The message.
    pub feedback: Feedback,
    /// What it says.
    pub said: Said,
    /// When it was published.
    pub published: Timestamp,
    /// Key that signed it.
    pub key_id: String,
    /// Whether it was there before.
    pub is_repeat: bool,
}

/// Checks feedback in the order in which it comes.
#[derive(Clone, Debug)]
pub struct FeedbackVerifier {
    countries: BTreeMap<String, Known>,
    known_max: usize,
}

/// What a country wrote lately.
#[derive(Clone, Debug, Default)]
struct Known {
    ids: BTreeSet<(Timestamp, Id)>,
    /// What was published before is not remembered.
    floor: Option<Timestamp>,
}

impl Default for FeedbackVerifier {
    fn default() -> Self {
        Self { countries: BTreeMap::new(), known_max: FEEDBACK_IDS_KNOWN_MAX }
    }
}

impl FeedbackVerifier {
    /// One that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks a message that was received at a time.
    ///
    /// # Errors
    /// [`Refusal`]
    pub fn verify<N: AsRef<str>>(
        &mut self,
        registry: &Registry,
        received: Received<'_, N>,
        now: Timestamp,
    ) -> Result<Believed, Refusal> {
        if received.value.len() > FEEDBACK_BYTES_MAX {
            return Err(Refusal::TooMuch { bytes: received.value.len() });
        }
        let (key_id, key) = signed_by(registry, &received, dsse::FEEDBACK_TYPE)?;
        let id = Id::of(received.value);
        let feedback = read(&received, id)?;
        let (said, published) = feedback.said()?;
        counts(key, &key_id, published, now)?;
        covers(key, &key_id, &feedback.writer.uri())?;
        speaks(key, &key_id, &feedback, &said)?;
        let known = self.countries.entry(feedback.writer.country.clone()).or_default();
        let is_repeat = known.is_repeat(published, id, now, self.known_max)?;
        Ok(Believed { id, feedback, said, published, key_id, is_repeat })
    }

    /// The same with room for fewer messages, so that a test sees what happens at the limit.
    #[doc(hidden)]
    #[must_use]
    pub fn with_room_for(known_max: usize) -> Self {
        Self { known_max, ..Self::default() }
    }
}

impl Known {
    fn is_repeat(&mut self, published: Timestamp, id: Id, now: Timestamp, max: usize) -> Result<bool, Refusal> {
        let oldest = now.plus_ms(-BACKLOG_MS_MAX);
        if published < oldest || self.floor.is_some_and(|floor| published < floor) {
            return Err(Refusal::Old { published });
        }
        if !self.ids.insert((published, id)) {
            return Ok(true);
        }
        while self.ids.len() > max || self.ids.first().is_some_and(|(first, _)| *first < oldest) {
            self.forget();
        }
        Ok(false)
    }

    /// Forgets what was published first: from now on all that is not newer is refused.
    fn forget(&mut self) {
        if let Some((published, _)) = self.ids.pop_first() {
            self.floor = self.floor.max(Some(published.plus_ms(1)));
        }
    }
}

fn read<N: AsRef<str>>(received: &Received<'_, N>, id: Id) -> Result<Feedback, Refusal> {
    let what = "broken JSON, or a field is missing or of another type";
    let feedback: Feedback = serde_json::from_slice(received.value).map_err(|_| Refusal::NoFeedback { what })?;
    repeats(received.headers, attributes(&feedback, id))?;
    if received.key != subject(&feedback, id).as_bytes() {
        return Err(Refusal::NoFeedback { what: "the message's key is not what it is about" });
    }
    Ok(feedback)
}

/// A receipt and a cancel are the producer's own, a stage of an operation its proposer's.
fn speaks(key: &Registered, key_id: &str, feedback: &Feedback, said: &Said) -> Result<(), Refusal> {
    let own = organisation(&feedback.writer);
    let organisation = match said {
        Said::Receipt { about: Some(about), .. } | Said::Cancel { about, .. } => about.organisation(),
        Said::Receipt { about: None, .. } => own.clone(),
        Said::OfOperation { proposer, word, .. } if matches!(**word, Word::Running | Word::Closed(_)) => {
            let is_own = own == *proposer;
            let refused = || Refusal::NotProposer { writer: own.clone(), organisation: proposer.clone() };
            return if is_own { Ok(()) } else { Err(refused()) };
        }
        _ => return Ok(()),
    };
    let is_held_there = Holder::parse(&organisation).is_some_and(|there| there.covers(key.holder.as_str()));
    if own == organisation && is_held_there {
        return Ok(());
    }
    Err(Refusal::NotProducer { key_id: key_id.to_owned(), holder: key.holder.to_string(), organisation })
}
