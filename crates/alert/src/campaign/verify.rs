//! What a reader checks before it believes a campaign.
//!
//! The signature, that headers repeat the signed JSON, that the key counts and covers the writer, as of an alert. Besides:
//! - a revision of a campaign that is not newer than the one before is a repeat with the same bytes, and refused with
//!   others: nobody can bring an old state back;
//! - of campaigns the newest [`CAMPAIGNS_KNOWN_MAX`] are remembered, by the order in which they came.

use std::collections::{HashMap, VecDeque};

use lancang_record::Timestamp;
use lancang_record::codec::fields::parse_time;

use super::Campaign;
use super::message::attributes;
use crate::dsse;
use crate::limits::{CAMPAIGN_BYTES_MAX, CAMPAIGNS_KNOWN_MAX};
use crate::registry::Registry;
use crate::verify::{Received, Rejection, counts, covers, digest, repeats, signed_by};

/// Why a campaign is not to be believed. No value of it is quoted but numbers, times and ids.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// As of an alert.
    #[error(transparent)]
    Message(#[from] Rejection),
    /// Longer than any campaign.
    #[error("a value of {bytes} bytes, expected at most {CAMPAIGN_BYTES_MAX}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Not newer than what was there.
    #[error("revision {revision} of campaign {campaign_id} comes after revision {newest}")]
    Back {
        /// Campaign.
        campaign_id: String,
        /// What it says.
        revision: u64,
        /// What was there.
        newest: u64,
    },
}

impl Refusal {
    /// A word for metrics and logs.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Message(rejection) => rejection.as_str(),
            Self::TooLong { .. } => "form",
            Self::Back { .. } => "revision-back",
        }
    }

    /// Whether the registry should be looked at once more.
    #[must_use]
    pub const fn is_of_unknown_key(&self) -> bool {
        matches!(self, Self::Message(Rejection::UnknownKey { .. }))
    }
}

/// A campaign that may be believed.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// The campaign.
    pub campaign: Campaign,
    /// Key that signed it.
    pub key_id: String,
    /// Whether it was there before, with the same bytes.
    pub is_repeat: bool,
}

/// Checks campaigns in the order in which they come.
#[derive(Clone, Debug, Default)]
pub struct CampaignVerifier {
    /// Newest revision of each writer's campaign, and its digest.
    known: HashMap<(String, String), (u64, [u8; 16])>,
    order: VecDeque<(String, String)>,
}

impl CampaignVerifier {
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
    ) -> Result<Verified, Refusal> {
        if received.value.len() > CAMPAIGN_BYTES_MAX {
            return Err(Refusal::TooLong { bytes: received.value.len() });
        }
        let (key_id, key) = signed_by(registry, &received, dsse::CAMPAIGN_TYPE)?;
        let campaign = read(&received)?;
        let published =
            parse_time("time", &campaign.published).map_err(|_| Rejection::Form { what: "`published` is no time" })?;
        counts(key, &key_id, published, now)?;
        let writer = campaign.writer.uri();
        covers(key, &key_id, &writer)?;
        let is_repeat = self.is_repeat(writer, &campaign, digest(received.value))?;
        Ok(Verified { campaign, key_id, is_repeat })
    }

    fn is_repeat(&mut self, writer: String, campaign: &Campaign, digest: [u8; 16]) -> Result<bool, Refusal> {
        let (campaign_id, revision) = (campaign.campaign_id.clone(), campaign.revision);
        let key = (writer, campaign_id.clone());
        match self.known.get_mut(&key) {
            Some((newest, known)) if revision == *newest && digest == *known => return Ok(true),
            Some((newest, _)) if revision <= *newest => {
                return Err(Refusal::Back { campaign_id, revision, newest: *newest });
            }
            Some(known) => *known = (revision, digest),
            None => {
                self.known.insert(key.clone(), (revision, digest));
                self.order.push_back(key);
            }
        }
        while self.order.len() > CAMPAIGNS_KNOWN_MAX {
            self.order.pop_front().into_iter().for_each(|oldest| _ = self.known.remove(&oldest));
        }
        Ok(false)
    }
}

fn read<N: AsRef<str>>(received: &Received<'_, N>) -> Result<Campaign, Rejection> {
    let what = "broken JSON, or a field is missing or of another type";
    let campaign: Campaign = serde_json::from_slice(received.value).map_err(|_| Rejection::Form { what })?;
    repeats(received.headers, attributes(&campaign))?;
    if received.key != campaign.campaign_id.as_bytes() {
        return Err(Rejection::Form { what: "the message's key is not the campaign's id" });
    }
    Ok(campaign)
}
