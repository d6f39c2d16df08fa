//! A campaign in a Kafka message: CloudEvents 1.0, binary content mode, as an alert is. Key and `ce_subject`: the campaign's id.

use super::Campaign;
use crate::dsse;
use crate::key::Signer;

/// Names the form of the value; a new major version is a new topic.
pub const DATA_SCHEMA: &str = "urn:lancang:campaign:v1";

/// A message for the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignMessage {
    /// Campaign id.
    pub key: Vec<u8>,
    /// JSON.
    pub value: Vec<u8>,
    /// CloudEvents attributes and the signature, in a fixed order.
    pub headers: Vec<(&'static str, Vec<u8>)>,
}

impl Campaign {
    /// Its message, signed.
    ///
    /// # Panics
    /// Never: a campaign is made of texts and whole numbers.
    #[must_use]
    #[allow(clippy::expect_used)]
    pub fn signed(&self, signer: &Signer) -> CampaignMessage {
        let value = serde_json::to_vec(self).expect("texts and whole numbers");
        let headers = dsse::headers(attributes(self), signer, dsse::CAMPAIGN_TYPE, &value);
        CampaignMessage { key: self.campaign_id.clone().into_bytes(), value, headers }
    }
}

impl CampaignMessage {
    /// The message as it lay in its topic, of its value and its envelope.
    ///
    /// # Errors
    /// If the value is no campaign.
    pub fn again(value: Vec<u8>, envelope: Vec<u8>) -> Result<Self, serde_json::Error> {
        let campaign: Campaign = serde_json::from_slice(&value)?;
        let headers = dsse::with_envelope(attributes(&campaign), envelope);
        Ok(Self { key: campaign.campaign_id.into_bytes(), value, headers })
    }
}

/// What the headers must say.
pub(super) fn attributes(campaign: &Campaign) -> [(&'static str, String); 8] {
    [
        ("ce_specversion", "1.0".to_owned()),
        ("ce_id", format!("{}:{}", campaign.campaign_id, campaign.revision)),
        ("ce_source", campaign.writer.uri()),
        ("ce_type", format!("org.lancang.campaign.{}", campaign.message)),
        ("ce_subject", campaign.campaign_id.clone()),
        ("ce_time", campaign.published.clone()),
        ("ce_dataschema", DATA_SCHEMA.to_owned()),
        ("content-type", "application/json".to_owned()),
    ]
}
