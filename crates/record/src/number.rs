//! Numbers and names of parties, and what a number plan says of them.
//!
//! **Invariant:** an [`E164`] never begins with 0 and has 1 to 18 digits, so it is one integer on the hot path.
//! Whether such a number can exist is the number plan's word ([`Plan::possible`]), not this type's.

use std::fmt;

use bincode::{BorrowDecode, Decode, Encode};

/// Digits of an international number without the `+`. Up to 18 digits: E.164 allows 15, and a longer one is
/// evidence of a made-up caller, to be judged rather than refused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct E164(u64);

impl E164 {
    /// Most digits that are kept.
    pub const DIGITS_MAX: usize = 18;

    /// From digits without `+`. `None` if empty, not all digits, beginning with 0 or longer than
    /// [`Self::DIGITS_MAX`].
    #[must_use]
    pub fn from_digits(digits: &str) -> Option<Self> {
        let bytes = digits.as_bytes();
        if bytes.is_empty() || bytes.len() > Self::DIGITS_MAX || bytes[0] == b'0' {
            return None;
        }
        let mut value = 0_u64;
        for &byte in bytes {
            if !byte.is_ascii_digit() {
                return None;
            }
            value = value * 10 + u64::from(byte - b'0');
        }
        Some(Self(value))
    }

    /// From the integer that its digits spell. `None` for 0 and for more than [`Self::DIGITS_MAX`] digits.
    #[must_use]
    pub const fn from_integer(value: u64) -> Option<Self> {
        if value == 0 || value >= 1_000_000_000_000_000_000 { None } else { Some(Self(value)) }
    }

    /// The integer that its digits spell.
    #[must_use]
    pub const fn as_integer(self) -> u64 {
        self.0
    }

    /// Number of digits.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.0.ilog10() + 1
    }

    /// Never true; a number has at least one digit.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        false
    }

    /// `+` and the digits, written into `room` without a formatter: intake asks for it at each record. Clear.
    #[must_use]
    pub fn write_text(self, room: &mut [u8; Self::DIGITS_MAX + 1]) -> &[u8] {
        let (mut at, mut rest) = (room.len(), self.0);
        // Two digits at a time: each division waits for the one before.
        while rest >= 10 {
            let pair = (rest % 100) as u8;
            rest /= 100;
            at -= 2;
            (room[at], room[at + 1]) = (b'0' + pair / 10, b'0' + pair % 10);
        }
        if rest > 0 {
            at -= 1;
            room[at] = b'0' + rest as u8;
        }
        at -= 1;
        room[at] = b'+';
        &room[at..]
    }

    /// The number block: all but the last three digits.
    #[must_use]
    pub const fn block(self) -> u64 {
        self.0 / 1000
    }

    /// Whether the decimal digits begin with those of `prefix`.
    #[must_use]
    pub const fn starts_with(self, prefix: u64) -> bool {
        if prefix == 0 {
            return false;
        }
        let (own, other) = (self.0.ilog10(), prefix.ilog10());
        own >= other && self.0 / 10_u64.pow(own - other) == prefix
    }
}

/// `+` and digits. Clear: for home topics only, never for a log, a metric or an error.
impl fmt::Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.0)
    }
}

/// Masked, so that a derived `Debug` never puts a subscriber's number into a log.
impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "E164({} digits)", self.len())
    }
}

/// Up to 15 digits with leading zeros kept: IMSI (15), IMEI without check digit (14).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Digits(u64);

/// 10⁰ … 10¹⁵: every record has an IMSI, and a loop of multiplications for its check is felt.
const POWERS_OF_10: [u64; 16] = {
    let mut powers = [1; 16];
    let mut exponent = 1;
    while exponent < powers.len() {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
};

impl Digits {
    /// Most digits.
    pub const DIGITS_MAX: usize = 15;
    const LENGTH_SHIFT: u32 = 60;

    /// From text. `None` if empty, longer than 15 digits or not all digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.len() > Self::DIGITS_MAX {
            return None;
        }
        let mut value = 0_u64;
        for byte in text.bytes() {
            if !byte.is_ascii_digit() {
                return None;
            }
            value = value * 10 + u64::from(byte - b'0');
        }
        Some(Self((text.len() as u64) << Self::LENGTH_SHIFT | value))
    }

    /// Its first digits, so many. `None` if it has fewer.
    #[must_use]
    pub fn first(self, digits: u32) -> Option<Self> {
        let rest = ((self.0 >> Self::LENGTH_SHIFT) as u32).checked_sub(digits)?;
        let leading = self.as_integer() / POWERS_OF_10[rest as usize];
        (digits > 0).then_some(Self(u64::from(digits) << Self::LENGTH_SHIFT | leading))
    }

    /// The integer that its digits spell: those of one length are told apart by it.
    #[must_use]
    pub const fn as_integer(self) -> u64 {
        self.0 & ((1 << Self::LENGTH_SHIFT) - 1)
    }

    /// One integer per distinct value: length and digits.
    #[must_use]
    pub const fn as_key(self) -> u64 {
        self.0
    }

    /// Back from [`Self::as_key`]. `None` if it never was one.
    #[must_use]
    pub const fn from_key(key: u64) -> Option<Self> {
        let length = key >> Self::LENGTH_SHIFT;
        let value = key & ((1 << Self::LENGTH_SHIFT) - 1);
        if length == 0 || value >= POWERS_OF_10[length as usize] { None } else { Some(Self(key)) }
    }

    /// The digits, written into `room` without a formatter. Clear.
    #[must_use]
    pub fn write_text(self, room: &mut [u8; Self::DIGITS_MAX]) -> &[u8] {
        let length = (self.0 >> Self::LENGTH_SHIFT) as usize;
        let mut rest = self.as_integer();
        let text = &mut room[..length];
        for digit in text.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        text
    }
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = (self.0 >> Self::LENGTH_SHIFT) as usize;
        write!(f, "{:0length$}", self.as_integer())
    }
}

/// Masked.
impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digits({} digits)", self.0 >> Self::LENGTH_SHIFT)
    }
}

/// A party of a call or message as it leaves normalisation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, BorrowDecode)]
pub enum Party<'a> {
    /// A number in international form.
    Number(E164),
    /// A short code (`1188`), an alphanumeric sender (`WINGBANK`) or digits that cannot be put into
    /// international form; [`Plan`] says which.
    Text(&'a str),
}

impl Party<'_> {
    /// The number, if it is one.
    #[must_use]
    pub const fn number(&self) -> Option<E164> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(_) => None,
        }
    }
}

/// Clear: for home topics only.
impl fmt::Display for Party<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Masked.
impl fmt::Debug for Party<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
        }
    }
}

/// All pairs of letters, one behind the other: a country's text is looked up, where checking its bytes would cost more.
const LETTERS: &str = {
    const BYTES: [u8; 26 * 26 * 2] = {
        let mut bytes = [0; 26 * 26 * 2];
        let mut place = 0;
        while place < 26 * 26 {
            bytes[place * 2] = b'A' + (place / 26) as u8;
            bytes[place * 2 + 1] = b'A' + (place % 26) as u8;
            place += 1;
        }
        bytes
    };
    match std::str::from_utf8(&BYTES) {
        Ok(letters) => letters,
        Err(_) => panic!("letters are UTF-8"),
    }
};

/// A country: ISO 3166-1 alpha-2, or unknown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Country([u8; 2]);

impl Country {
    /// Not known, or a number that belongs to no country (`+800`, `+882`).
    pub const UNKNOWN: Self = Self(*b"--");

    /// From two letters of either case. `None` otherwise.
    #[must_use]
    pub const fn parse(text: &str) -> Option<Self> {
        match text.as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Some(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => None,
        }
    }

    /// The two letters, `--` where unknown.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        let [first, second] = self.0.map(|letter| usize::from(letter.wrapping_sub(b'A')));
        let place = if first < 26 && second < 26 { (first * 26 + second) * 2 } else { LETTERS.len() };
        LETTERS.get(place..place + 2).unwrap_or("--")
    }

    /// The two letters, `--` where unknown.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 2] {
        &self.0
    }

    /// Back from [`Self::as_bytes`]. `None` if they never were those of one.
    #[must_use]
    pub const fn from_bytes(letters: [u8; 2]) -> Option<Self> {
        match letters {
            [b'A'..=b'Z', b'A'..=b'Z'] | [b'-', b'-'] => Some(Self(letters)),
            _ => None,
        }
    }

    /// Whether it is a country at all.
    #[must_use]
    pub const fn is_known(self) -> bool {
        self.0[0] != b'-'
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What kind of line a number is, as far as its plan tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
pub enum LineType {
    /// The plan does not say, or there is no number.
    #[default]
    Unknown,
    /// Fixed line.
    Fixed,
    /// Mobile.
    Mobile,
    /// Fixed line or mobile: the plan does not separate them.
    FixedOrMobile,
    /// Free for the caller.
    TollFree,
    /// Premium rate or shared cost.
    Premium,
    /// Internet telephony range.
    Voip,
    /// Personal, universal access, pager, voicemail.
    Other,
    /// A national service number such as a bank's (China: `95588`).
    Service,
    /// A machine's number (China: 13 digits beginning 10648 and others).
    Machine,
    /// A national short code.
    Short,
    /// Letters: an alphanumeric sender.
    Alphanumeric,
}

impl LineType {
    /// The name that patterns use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Fixed => "fixed",
            Self::Mobile => "mobile",
            Self::FixedOrMobile => "fixed_or_mobile",
            Self::TollFree => "toll_free",
            Self::Premium => "premium",
            Self::Voip => "voip",
            Self::Other => "other",
            Self::Service => "service",
            Self::Machine => "machine",
            Self::Short => "short",
            Self::Alphanumeric => "alphanumeric",
        }
    }

    /// Every line type, for checks and documents.
    pub const ALL: [Self; 12] = [
        Self::Unknown,
        Self::Fixed,
        Self::Mobile,
        Self::FixedOrMobile,
        Self::TollFree,
        Self::Premium,
        Self::Voip,
        Self::Other,
        Self::Service,
        Self::Machine,
        Self::Short,
        Self::Alphanumeric,
    ];
}

/// National mark found in front of a number; kept as an attribute, not taken for a country code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Mark {
    /// None.
    #[default]
    None,
    /// Thailand `+697`: an internet call from abroad.
    InternetFromAbroad,
    /// Thailand `+698`: a roamer or another call from abroad.
    FromAbroad,
}

/// What the number plan and the operator's own ranges say of a party; decided in intake, written into the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Plan {
    /// Country of the number.
    pub country: Country,
    /// Line type.
    pub line: LineType,
    /// Whether a number of this form can exist. True where nothing is known against it.
    pub possible: bool,
    /// Whether the plan has the range allocated. *Unallocated* only weighs unless an override says so.
    pub allocated: bool,
    /// Whether it lies in the ranges of one of the operators that feed this installation.
    pub own: bool,
    /// National mark.
    pub mark: Mark,
}

impl Plan {
    /// Of a party of which nothing is known.
    pub const NOTHING: Self = Self {
        country: Country::UNKNOWN,
        line: LineType::Unknown,
        possible: true,
        allocated: true,
        own: false,
        mark: Mark::None,
    };
}

impl Default for Plan {
    fn default() -> Self {
        Self::NOTHING
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_begin_as_their_text_does() {
        for text in ["456010000000001", "012", "0", "99"] {
            let digits = Digits::parse(text).unwrap();
            for count in 0..=16_usize {
                let first = text.get(..count).and_then(Digits::parse);
                assert_eq!(digits.first(count as u32), first, "{count} of {text}");
            }
            assert_eq!(digits.as_integer(), text.parse::<u64>().unwrap());
        }
    }

    #[test]
    fn e164_keeps_digits_and_compares_prefixes() {
        let number = E164::from_digits("85512345678").unwrap();
        assert_eq!(number.to_string(), "+85512345678");
        assert_eq!(number.block(), 85_512_345);
        assert!(number.starts_with(855));
        assert!(number.starts_with(85_512_345_678));
        assert!(!number.starts_with(84));
        assert!(!number.starts_with(855_123_456_789));
        assert_eq!(format!("{number:?}"), "E164(11 digits)");
        for bad in ["", "0123", "12a", "1234567890123456789"] {
            assert_eq!(E164::from_digits(bad), None);
        }
    }

    #[test]
    fn digits_keep_leading_zeros() {
        for text in ["001010123456789", "35693803564380", "0"] {
            let digits = Digits::parse(text).unwrap();
            assert_eq!(digits.to_string(), text);
            assert_eq!(Digits::from_key(digits.as_key()), Some(digits));
        }
        assert_eq!(Digits::parse("1234567890123456"), None);
        assert_eq!(Digits::from_key(7), None);
    }
}
