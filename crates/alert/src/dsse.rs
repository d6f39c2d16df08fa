//! DSSE 1.0 envelopes: what is signed is the pre-authentication encoding of a type and a payload, byte for byte.
//!
//! Rules:
//! - `PAE = "DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload`, lengths in decimal digits; Ed25519 over it,
//!   checked strictly (no weak keys, one encoding of each signature);
//! - an entry of the key registry is a whole envelope. That of an alert or a feedback message is **detached**: the payload
//!   is the Kafka message's value, exactly as it lies there, and the envelope in the header [`HEADER`] has no `payload`. Put
//!   the value's base64 there and any DSSE tool can check it;
//! - what is not known is ignored; what is there twice or is too much is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::key::Signer;
use crate::limits::{ENVELOPE_BYTES_MAX, SIGNATURES_MAX};

/// Kafka header that holds a message's envelope.
pub const HEADER: &str = "dsse";

/// Type of an alert's payload. It says that the value is an alert of version 1 and nothing else that a source may sign.
pub const ALERT_TYPE: &str = "application/vnd.lancang.alert.v1+json";
/// Type of a warning's payload.
pub const WARNING_TYPE: &str = "application/vnd.lancang.warning.v1+json";
/// Type of a feedback message's payload.
pub const FEEDBACK_TYPE: &str = "application/vnd.lancang.feedback.v1+json";
/// Type of a campaign's payload.
pub const CAMPAIGN_TYPE: &str = "application/vnd.lancang.campaign.v1+json";
/// Type of a bundle of evidence's payload.
pub const EVIDENCE_TYPE: &str = "application/vnd.lancang.evidence.v1+json";
/// Type of a case dossier's manifest.
pub const DOSSIER_TYPE: &str = "application/vnd.lancang.dossier.v1+json";
/// Type of a registry entry's payload.
pub const KEY_TYPE: &str = "application/vnd.lancang.key.v1+json";

/// An envelope as JSON.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Form {
    /// What the payload is.
    payload_type: String,
    /// Base64 of the payload; none of a detached envelope.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    payload: Option<String>,
    /// One to eight.
    signatures: Vec<FormSignature>,
}

/// A signature over the pre-authentication encoding of type and payload.
#[derive(Serialize, Deserialize, JsonSchema)]
struct FormSignature {
    /// Id of the key, 32 hexadecimal digits.
    keyid: String,
    /// Base64 of the Ed25519 signature, 64 bytes.
    sig: String,
}

/// Why bytes are no envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Longer than any.
    #[error("a DSSE envelope of {bytes} bytes, expected at most {ENVELOPE_BYTES_MAX}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Not JSON of the form.
    #[error("not a DSSE envelope: expected JSON with `payloadType` and `signatures`, each with `keyid` and `sig`")]
    Form,
    /// Of something else.
    #[error("the envelope is of another type of payload, expected `{expected}`")]
    Type {
        /// What was expected.
        expected: &'static str,
    },
    /// None, or too many.
    #[error("{found} signatures, expected 1 to {SIGNATURES_MAX}")]
    Count {
        /// How many.
        found: usize,
    },
    /// Not base64 of 64 bytes, or not base64.
    #[error("`{field}` is not base64 of the right length")]
    Base64 {
        /// Field.
        field: &'static str,
    },
}

/// A signature and whose it says that it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Id of the key.
    pub key_id: String,
    signature: Signature,
}

/// An envelope, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Payload; none if it is detached.
    pub payload: Option<Vec<u8>>,
    /// At least one.
    pub signatures: Vec<Signed>,
}

impl Envelope {
    /// Reads an envelope whose payload is of the expected type.
    ///
    /// # Errors
    /// [`EnvelopeError`]
    pub fn read(bytes: &[u8], expected: &'static str) -> Result<Self, EnvelopeError> {
        if bytes.len() > ENVELOPE_BYTES_MAX {
            return Err(EnvelopeError::TooLong { bytes: bytes.len() });
        }
        let form: Form = serde_json::from_slice(bytes).map_err(|_| EnvelopeError::Form)?;
        if form.payload_type != expected {
            return Err(EnvelopeError::Type { expected });
        }
        if !(1..=SIGNATURES_MAX).contains(&form.signatures.len()) {
            return Err(EnvelopeError::Count { found: form.signatures.len() });
        }
        let decode = |text: &str, field| STANDARD.decode(text).map_err(|_| EnvelopeError::Base64 { field });
        let payload = form.payload.map(|text| decode(&text, "payload")).transpose()?;
        let signed = |found: FormSignature| {
            let signature = Signature::from_slice(&decode(&found.sig, "sig")?)
                .map_err(|_| EnvelopeError::Base64 { field: "sig" })?;
            Ok(Signed { key_id: found.keyid, signature })
        };
        let signatures = form.signatures.into_iter().map(signed).collect::<Result<_, _>>()?;
        Ok(Self { payload, signatures })
    }
}

impl Signed {
    /// Whether it is of this key over this payload.
    #[must_use]
    pub(crate) fn is_of(&self, key: &VerifyingKey, payload_type: &str, payload: &[u8]) -> bool {
        key.verify_strict(&pae(payload_type, payload), &self.signature).is_ok()
    }
}

/// An envelope without its payload, signed.
#[must_use]
pub fn detached(signer: &Signer, payload_type: &str, payload: &[u8]) -> Vec<u8> {
    form(signer, payload_type, payload, None)
}

/// Headers of a message: attributes made of its value, then the value's signature.
pub(crate) fn headers(
    attributes: impl IntoIterator<Item = (&'static str, String)>,
    signer: &Signer,
    payload_type: &str,
    value: &[u8],
) -> Vec<(&'static str, Vec<u8>)> {
    with_envelope(attributes, detached(signer, payload_type, value))
}

/// Headers of a message that is signed already.
pub(crate) fn with_envelope(
    attributes: impl IntoIterator<Item = (&'static str, String)>,
    envelope: Vec<u8>,
) -> Vec<(&'static str, Vec<u8>)> {
    let attributes = attributes.into_iter().map(|(name, text)| (name, text.into_bytes()));
    attributes.chain([(HEADER, envelope)]).collect()
}

/// An envelope with its payload, signed.
#[must_use]
pub fn whole(signer: &Signer, payload_type: &str, payload: &[u8]) -> Vec<u8> {
    form(signer, payload_type, payload, Some(STANDARD.encode(payload)))
}

/// The text of a detached envelope with its payload put in; none if it is no envelope.
pub(crate) fn with_payload(detached: &[u8], payload: &[u8]) -> Option<String> {
    let form: Form = serde_json::from_slice(detached).ok()?;
    serde_json::to_string(&Form { payload: Some(STANDARD.encode(payload)), ..form }).ok()
}

#[allow(clippy::expect_used)]
fn form(signer: &Signer, payload_type: &str, signed: &[u8], payload: Option<String>) -> Vec<u8> {
    let signature = signer.sign(&pae(payload_type, signed));
    let signatures = vec![FormSignature { keyid: signer.id().to_owned(), sig: STANDARD.encode(signature.to_bytes()) }];
    let form = Form { payload_type: payload_type.to_owned(), payload, signatures };
    serde_json::to_vec(&form).expect("texts alone")
}

/// The pre-authentication encoding.
fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::key::{KeyKind, PrivateKey};

    /// The example of the DSSE protocol's text.
    #[test]
    fn the_encoding_is_the_standards() {
        let encoded = pae("http://example.com/HelloWorld", b"hello world");
        assert_eq!(encoded, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn what_is_signed_is_type_and_payload() {
        let key = PrivateKey::from_seed(KeyKind::Signing, Zeroizing::new([7; 32])).unwrap();
        let signer = Signer::new(&key).unwrap();
        let verifying = key.public().verifying().unwrap();
        let whole = Envelope::read(&whole(&signer, KEY_TYPE, b"{}"), KEY_TYPE).unwrap();
        assert_eq!(whole.payload.as_deref(), Some(&b"{}"[..]));
        let signed = &whole.signatures[0];
        assert_eq!(signed.key_id, key.public().id());
        assert!(signed.is_of(&verifying, KEY_TYPE, b"{}"));
        assert!(!signed.is_of(&verifying, ALERT_TYPE, b"{}"));
        assert!(!signed.is_of(&verifying, KEY_TYPE, b"{ }"));
        let detached = Envelope::read(&detached(&signer, ALERT_TYPE, b"{}"), ALERT_TYPE).unwrap();
        assert_eq!(detached.payload, None);
        assert!(detached.signatures[0].is_of(&verifying, ALERT_TYPE, b"{}"));
    }

    #[test]
    fn what_is_no_envelope_is_refused() {
        let sig = STANDARD.encode([1; 64]);
        let one = format!(r#"{{"keyid":"a","sig":"{sig}"}}"#);
        let check = |text: String, expected: EnvelopeError| {
            assert_eq!(Envelope::read(text.as_bytes(), KEY_TYPE).unwrap_err(), expected, "{text}");
        };
        let with = |signatures: &str| format!(r#"{{"payloadType":"{KEY_TYPE}","signatures":[{signatures}]}}"#);
        assert!(Envelope::read(with(&one).as_bytes(), KEY_TYPE).is_ok());
        check(String::new(), EnvelopeError::Form);
        check(with(r#"{"keyid":"a"}"#), EnvelopeError::Form);
        check(with(""), EnvelopeError::Count { found: 0 });
        check(with(&[one.as_str(); 9].join(",")), EnvelopeError::Count { found: 9 });
        check(with(r#"{"keyid":"a","sig":"AAAA"}"#), EnvelopeError::Base64 { field: "sig" });
        check(with(r#"{"keyid":"a","sig":"="}"#), EnvelopeError::Base64 { field: "sig" });
        check(with(&one).replace(KEY_TYPE, ALERT_TYPE), EnvelopeError::Type { expected: KEY_TYPE });
        check(
            with(&one).replace('{', r#"{"payload":"*","#).replacen("\"payload\":\"*\",\"keyid", "\"keyid", 1),
            EnvelopeError::Base64 { field: "payload" },
        );
        let twice = with(&one).replacen('{', &format!(r#"{{"payloadType":"{KEY_TYPE}","#), 1);
        check(twice, EnvelopeError::Form);
        check(" ".repeat(ENVELOPE_BYTES_MAX + 1), EnvelopeError::TooLong { bytes: ENVELOPE_BYTES_MAX + 1 });
    }
}
