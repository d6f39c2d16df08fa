//! What a record task knows of a record's served subscriber and adds to the record before patterns look at it.
//!
//! The served subscriber is that of [`crate::record::Record::served`]; of a report it is the reported number. Times are
//! whole seconds before the record's event time. Each value is what the log said up to and with this record, whose
//! exact definitions stand in `docs/inputs.md`. By default nothing is known.

use bincode::{Decode, Encode};

/// A length of time in whole seconds, or unknown.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Known(u32);

impl Known {
    /// Not known.
    pub const NOTHING: Self = Self(u32::MAX);

    /// A known value; one that does not fit is the largest that does.
    #[must_use]
    pub const fn new(value: u64) -> Self {
        if value < u32::MAX as u64 { Self(value as u32) } else { Self(u32::MAX - 1) }
    }

    /// The value, if it is known.
    #[must_use]
    pub const fn get(self) -> Option<u32> {
        if self.0 == u32::MAX { None } else { Some(self.0) }
    }
}

impl Default for Known {
    fn default() -> Self {
        Self::NOTHING
    }
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.get().fmt(f)
    }
}

/// A short text without an allocation: a name of at most [`Label::BYTES_MAX`] bytes. Empty is unknown.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Label {
    bytes: [u8; Self::BYTES_MAX],
    length: u8,
}

impl Label {
    /// Unknown.
    pub const NOTHING: Self = Self { bytes: [0; Self::BYTES_MAX], length: 0 };
    /// Longest label, bytes; intake refuses a longer one.
    pub const BYTES_MAX: usize = 23;

    /// The label of a text, cut to what fits.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut end = text.len().min(Self::BYTES_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut label = Self { bytes: [0; Self::BYTES_MAX], length: end as u8 };
        label.bytes[..end].copy_from_slice(&text.as_bytes()[..end]);
        label
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or("")
    }

    /// The bytes of its text.
    #[inline]
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or(&[])
    }
}

impl std::fmt::Debug for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_str().fmt(f)
    }
}

/// What is known of the served subscriber besides the record itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Enrichment {
    /// Seconds since activation in whole days of the calendar, by the record's own column, else by the reference.
    pub age_s: Known,
    /// Seconds since the last conversation that the subscriber received, in whole hours of the clock.
    pub received_s: Known,
    /// Seconds since the subscriber was first seen.
    pub seen_s: Known,
    /// Seconds since the IMSI last changed.
    pub imsi_changed_s: Known,
    /// Seconds since the IMEI last changed.
    pub imei_changed_s: Known,
    /// Seconds since the forwarding target last changed.
    pub forward_changed_s: Known,
    /// Metres from the last known cell to this record's.
    pub distance_m: Known,
    /// Metres an hour that the way between them takes at least.
    pub speed_mh: Known,
    /// Kind of contract, by the reference.
    pub segment: Label,
    /// Holder of the number range, by the reference.
    pub range_holder: Label,
    /// Key of the dealer's token; 0 if unknown.
    pub dealer: u32,
    /// Key of the registrant's token; 0 if unknown.
    pub registrant: u32,
    /// Whether the subscriber is a machine, by the reference.
    pub m2m: bool,
    /// The subscriber's first call or message of a day with a device, or since the IMSI or device changed.
    pub binding: bool,
    /// The pair of served subscriber and other party had no contact for 30 days.
    pub first_contact: bool,
    /// The present forwarding target was no contact for 30 days when it was set.
    pub forwarded_to_first_contact: bool,
}

impl Enrichment {
    /// Nothing known.
    pub const NOTHING: Self = Self {
        age_s: Known::NOTHING,
        received_s: Known::NOTHING,
        seen_s: Known::NOTHING,
        imsi_changed_s: Known::NOTHING,
        imei_changed_s: Known::NOTHING,
        forward_changed_s: Known::NOTHING,
        distance_m: Known::NOTHING,
        speed_mh: Known::NOTHING,
        segment: Label::NOTHING,
        range_holder: Label::NOTHING,
        dealer: 0,
        registrant: 0,
        m2m: false,
        binding: false,
        first_contact: false,
        forwarded_to_first_contact: false,
    };
}

impl Default for Enrichment {
    fn default() -> Self {
        Self::NOTHING
    }
}

/// Key of a dealer's or registrant's token, never 0: the upper half of its 64-bit hash. Two tokens are taken for one with
/// a probability of 2⁻³².
#[must_use]
pub fn token_key(token: &str) -> u32 {
    ((xxhash_rust::xxh3::xxh3_64(token.as_bytes()) >> 32) as u32).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_values_come_back() {
        assert_eq!(Label::new("prepaid").as_str(), "prepaid");
        assert_eq!(Label::new("").as_str(), "");
        assert_eq!(Label::new("ខខខខខខខខខ").as_str(), "ខខខខខខខ");
        assert_eq!(Known::new(7).get(), Some(7));
        assert_eq!(Known::new(u64::MAX).get(), Some(u32::MAX - 1));
        assert_eq!(Known::default().get(), None);
        assert_ne!(token_key("d1"), token_key("d2"));
    }
}
