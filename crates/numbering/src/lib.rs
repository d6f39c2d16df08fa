//! Number plans: normalise a party's text, tell country, line type, possible or not.
//!
//! The six countries' plans are complete; of every other country the code and the possible lengths are known. All of it
//! comes from libphonenumber's metadata with dated national overrides (`config/numbering/overrides.toml`), and is
//! compiled to tables once.
//!
//! **Invariant:** this crate knows no records; of the crate `record` it uses the value types of numbers alone.

mod overrides;
mod plan;
mod prefix;

use std::collections::HashMap;

use lancang_diagnostic::Diagnostic;
use lancang_record::number::{Country, E164, LineType, Mark, Party, Plan};
use lancang_record::raw::{Nature, RawParty};
use phonenumber::metadata::DATABASE;

use overrides::{Overrides, RangeRule};
use plan::National;
pub use prefix::PrefixSet;

/// Countries whose plans are complete.
pub const COMPLETE: [&str; 6] = ["CN", "KH", "LA", "MM", "TH", "VN"];

const SHIPPED: &str = include_str!("../../../config/numbering/overrides.toml");

/// Digits of a short or service number, at most, that no other rule takes.
const SHORT_DIGITS_MAX: usize = 8;

/// A party in international form, and what its plan says of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalised<'a> {
    /// The party; `None` if it is withheld.
    pub party: Option<Party<'a>>,
    /// What the plan says; `own` is not this crate's to know.
    pub plan: Plan,
}

/// Why a text is no party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// More digits than any number has.
    #[error("a number of {digits} digits, expected at most 18")]
    TooLong {
        /// How many.
        digits: usize,
    },
}

#[derive(Debug)]
struct Region {
    country: Country,
    code: u16,
    trunk: Option<String>,
    national: National,
    /// Ranges of this country that the metadata does not know.
    ranges: Vec<RangeRule>,
}

/// All number plans.
#[derive(Debug)]
pub struct NumberPlans {
    regions: Vec<Region>,
    /// Region by country code.
    by_code: Vec<Option<u16>>,
    by_country: HashMap<Country, usize>,
    overrides: Overrides,
}

/// Digits of a text on the stack.
struct DigitsOf {
    digits: [u8; 40],
    length: usize,
}

impl Region {
    fn overridden(&self, national: &[u8]) -> Option<Plan> {
        let fits = |rule: &&RangeRule| {
            national.starts_with(rule.prefix.as_bytes())
                && (rule.digits.is_empty() || rule.digits.contains(&national.len()))
        };
        let rule = self.ranges.iter().find(fits)?;
        let (country, line, possible) = (self.country, rule.line, rule.possible);
        Some(Plan { country, line, possible, allocated: possible, ..Plan::default() })
    }
}

impl NumberPlans {
    /// The plans with the overrides that ship with this program.
    ///
    /// # Panics
    /// Never: a test reads the shipped overrides.
    #[must_use]
    #[allow(clippy::expect_used)]
    pub fn built_in() -> Self {
        Self::load("config/numbering/overrides.toml", SHIPPED).expect("the shipped overrides")
    }

    /// The plans with the overrides in `text`.
    ///
    /// # Errors
    /// Every mistake in the overrides.
    pub fn load(path: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let overrides = overrides::read(path, text)?;
        let mut plans = Self { regions: Vec::new(), by_code: vec![None; 1000], by_country: HashMap::new(), overrides };
        for metadata in DATABASE.iter() {
            let country = Country::parse(metadata.id()).unwrap_or(Country::UNKNOWN);
            let complete = COMPLETE.contains(&metadata.id());
            let national = if complete { National::of_patterns(metadata) } else { National::of_lengths(metadata) };
            let (code, trunk) = (metadata.country_code(), metadata.national_prefix().map(str::to_owned));
            let position = plans.regions.len();
            let of_country = plans.overrides.ranges.iter().filter(|rule| rule.country == country);
            let ranges = of_country.cloned().collect();
            plans.regions.push(Region { country, code, trunk, national, ranges });
            plans.by_country.insert(country, position);
            let slot = &mut plans.by_code[usize::from(code)];
            if slot.is_none() || metadata.is_main_country_for_code() {
                *slot = u16::try_from(position).ok();
            }
        }
        Ok(plans)
    }

    /// What the plan says of a number.
    #[must_use]
    pub fn lookup(&self, number: E164) -> Plan {
        self.plan_of(&number.write_text(&mut [0; E164::DIGITS_MAX + 1])[1..])
    }

    /// Digits of a number's country code; `None` where no country has it.
    #[must_use]
    pub fn code_digits(&self, number: E164) -> Option<usize> {
        self.region_of(&number.write_text(&mut [0; E164::DIGITS_MAX + 1])[1..]).map(|(_, digits)| digits)
    }

    fn plan_of(&self, digits: &[u8]) -> Plan {
        let Some((region, code_digits)) = self.region_of(digits) else {
            return Plan { possible: false, allocated: false, ..Plan::default() };
        };
        let national = &digits[code_digits..];
        if let Some(plan) = region.overridden(national) {
            return plan;
        }
        let (line, allocated) = region.national.line(national);
        let possible = region.national.is_possible(national.len()) && digits.len() <= 15;
        Plan { country: region.country, line, possible, allocated, ..Plan::default() }
    }

    /// Region of a number by its code, and the code's digits.
    fn region_of(&self, digits: &[u8]) -> Option<(&Region, usize)> {
        let mut code = 0_usize;
        for (index, digit) in digits.iter().take(3).enumerate() {
            code = code * 10 + usize::from(digit - b'0');
            if let Some(position) = self.by_code[code] {
                return Some((&self.regions[usize::from(position)], index + 1));
            }
        }
        None
    }

    fn home(&self, country: Country) -> Option<&Region> {
        self.by_country.get(&country).map(|position| &self.regions[*position])
    }

    /// A party as written, in international form. `default_country` decides where the record says nothing of the
    /// number's form.
    ///
    /// # Errors
    /// [`NumberError`] if it has more digits than any number.
    pub fn normalise<'a>(
        &self,
        raw: &'a RawParty<'_>,
        default_country: Country,
    ) -> Result<Normalised<'a>, NumberError> {
        self.normalise_text(&raw.text, raw.nature, default_country)
    }

    /// The same of a text and what the record says of its form.
    ///
    /// # Errors
    /// As [`Self::normalise`].
    pub fn normalise_text<'a>(
        &self,
        text: &'a str,
        nature: Nature,
        default_country: Country,
    ) -> Result<Normalised<'a>, NumberError> {
        // What most switches write: a plus and digits.
        if matches!(nature, Nature::Unknown | Nature::International)
            && let Some((b'+', digits)) = text.as_bytes().split_first()
            && let Some(value) = international(digits)
        {
            return self.international_of(text, digits, value, default_country);
        }
        let text = text.trim().trim_end_matches(['#', 'F', 'f']);
        if is_withheld(text) {
            return Ok(Normalised { party: None, plan: Plan::default() });
        }
        let Some(digits) = DigitsOf::of(text) else {
            let plan = Plan { line: LineType::Alphanumeric, ..Plan::default() };
            return Ok(Normalised { party: Some(Party::Text(text)), plan });
        };
        if digits.length > E164::DIGITS_MAX + 3 {
            return Err(NumberError::TooLong { digits: digits.length });
        }
        let plus = text.starts_with('+');
        match nature {
            Nature::Alphanumeric => {
                let plan = Plan { line: LineType::Alphanumeric, ..Plan::default() };
                Ok(Normalised { party: Some(Party::Text(text)), plan })
            }
            Nature::International => self.international(text, digits.without_zeros(), default_country),
            Nature::National => Ok(self.national(text, digits.as_slice(), default_country)),
            Nature::Short => Ok(self.short(text, digits.as_slice(), default_country)),
            Nature::Unknown if plus => self.international(text, digits.as_slice(), default_country),
            Nature::Unknown => self.unknown(text, digits.as_slice(), default_country),
        }
    }

    fn unknown<'a>(&self, text: &'a str, digits: &[u8], home: Country) -> Result<Normalised<'a>, NumberError> {
        if let Some(international) = digits.strip_prefix(b"00").filter(|rest| rest.len() >= 7) {
            return self.international(text, international, home);
        }
        let Some(region) = self.home(home) else {
            return self.international(text, digits, home);
        };
        let trunk = region.trunk.as_deref().unwrap_or("");
        let national = if trunk.is_empty() { None } else { digits.strip_prefix(trunk.as_bytes()) };
        if let Some(national) = national.filter(|national| region.national.line(national).1) {
            return Ok(self.join(region, national));
        }
        if region.overridden(digits).is_some() || digits.len() <= 5 {
            return Ok(self.short(text, digits, home));
        }
        if region.national.line(digits).1 {
            return Ok(self.join(region, digits));
        }
        // A zero that was kept behind the country code: 855012 345 678.
        let code = region.code.to_string();
        let kept_zero = digits.strip_prefix(code.as_bytes()).and_then(|rest| rest.strip_prefix(trunk.as_bytes()));
        if let Some(national) = kept_zero.filter(|national| region.national.line(national).1) {
            return Ok(self.join(region, national));
        }
        let known_abroad = self.region_of(digits).is_some() && digits[0] != b'0';
        if known_abroad && self.plan_of(digits).possible && digits.len() >= 8 {
            return self.international(text, digits, home);
        }
        if digits.len() <= SHORT_DIGITS_MAX {
            return Ok(self.short(text, digits, home));
        }
        Ok(self.national(text, digits, home))
    }

    /// A national number in international form; one that the plan does not have is impossible or unallocated there.
    fn national<'a>(&self, text: &'a str, digits: &[u8], home: Country) -> Normalised<'a> {
        let Some(region) = self.home(home) else {
            return unplaced(text);
        };
        let trunk = region.trunk.as_deref().unwrap_or("");
        let without = if trunk.is_empty() { None } else { digits.strip_prefix(trunk.as_bytes()) };
        let taken_off = without.filter(|rest| region.national.line(rest).1 || !region.national.line(digits).1);
        let normalised = self.join(region, taken_off.unwrap_or(digits));
        if normalised.party.is_none() { unplaced(text) } else { normalised }
    }

    fn join<'a>(&self, region: &Region, national: &[u8]) -> Normalised<'a> {
        let mut value = u64::from(region.code);
        for digit in national.iter().take(E164::DIGITS_MAX) {
            value = value.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
        }
        let party = E164::from_integer(value);
        let plan = party.map_or(Plan::default(), |number| self.lookup(number));
        Normalised { party: party.map(Party::Number), plan }
    }

    fn short<'a>(&self, text: &'a str, digits: &[u8], home: Country) -> Normalised<'a> {
        let overridden = self.home(home).and_then(|region| region.overridden(digits));
        let plan = overridden.unwrap_or(Plan { country: home, line: LineType::Short, ..Plan::default() });
        Normalised { party: Some(Party::Text(text)), plan }
    }

    fn international<'a>(&self, text: &'a str, digits: &[u8], home: Country) -> Result<Normalised<'a>, NumberError> {
        // One that is too long may have a mark in front; what it spells does not matter then.
        let value =
            digits.iter().fold(0_u64, |value, digit| value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')));
        self.international_of(text, digits, value, home)
    }

    /// `value` is what the digits spell, if they are no more than any number has.
    fn international_of<'a>(
        &self,
        text: &'a str,
        digits: &[u8],
        value: u64,
        home: Country,
    ) -> Result<Normalised<'a>, NumberError> {
        for rule in &self.overrides.marks {
            if rule.country == home
                && let Some(behind) = digits.strip_prefix(rule.prefix.as_bytes())
            {
                return self.marked(text, behind, rule.mark, home);
            }
        }
        if digits.len() > E164::DIGITS_MAX {
            return Err(NumberError::TooLong { digits: digits.len() });
        }
        if digits.first() == Some(&b'0') {
            return Ok(unplaced(text));
        }
        let Some(number) = E164::from_integer(value) else { return Ok(unplaced(text)) };
        let plan = self.plan_of(digits);
        // 8550…: a national zero kept behind the country code.
        if !plan.allocated
            && let Some(mended) = self.without_kept_zero(digits)
        {
            return Ok(mended);
        }
        Ok(Normalised { party: Some(Party::Number(number)), plan })
    }

    /// What stands behind a national mark: a number of that country, or an international one.
    fn marked<'a>(
        &self,
        text: &'a str,
        behind: &[u8],
        mark: Mark,
        home: Country,
    ) -> Result<Normalised<'a>, NumberError> {
        let mut normalised = if behind.is_empty() {
            Normalised { party: None, plan: Plan::default() }
        } else {
            self.unknown(text, behind, home)?
        };
        if let Some(Party::Text(_)) = normalised.party {
            // The text still has the mark in front: what stands behind it is too short to be told apart.
            normalised.party = None;
        }
        normalised.plan.mark = mark;
        Ok(normalised)
    }

    fn without_kept_zero(&self, digits: &[u8]) -> Option<Normalised<'static>> {
        let (region, code_digits) = self.region_of(digits)?;
        let trunk = region.trunk.as_deref().filter(|trunk| *trunk == "0")?;
        let national = digits[code_digits..].strip_prefix(trunk.as_bytes())?;
        let known = region.national.line(national).1 && region.national.is_possible(national.len());
        known.then(|| self.join(region, national))
    }
}

/// Digits that belong nowhere: evidence of a made-up caller.
fn unplaced(text: &str) -> Normalised<'_> {
    let plan = Plan { possible: false, allocated: false, ..Plan::default() };
    Normalised { party: Some(Party::Text(text)), plan }
}

/// What digits spell that can stand behind a plus as they are: 1 to 18, the first of them no zero.
fn international(digits: &[u8]) -> Option<u64> {
    if digits.len() > E164::DIGITS_MAX || digits.first() == Some(&b'0') {
        return None;
    }
    let mut value = 0;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u64::from(digit);
    }
    (value > 0).then_some(value)
}

/// Names that switches write for a caller who does not show a number.
fn is_withheld(text: &str) -> bool {
    const NAMES: [&str; 8] = ["", "anonymous", "unknown", "unavailable", "restricted", "private", "withheld", "null"];
    NAMES.iter().any(|name| text.eq_ignore_ascii_case(name))
}

impl DigitsOf {
    /// Digits of a text that is a number but for a plus, spaces, hyphens, dots and parentheses; `None` for others.
    fn of(text: &str) -> Option<Self> {
        let mut of = Self { digits: [0; 40], length: 0 };
        for (index, byte) in text.bytes().enumerate() {
            match byte {
                b'0'..=b'9' => {
                    *of.digits.get_mut(of.length)? = byte;
                    of.length += 1;
                }
                b'+' if index == 0 => {}
                b' ' | b'-' | b'.' | b'(' | b')' => {}
                _ => return None,
            }
        }
        (of.length > 0).then_some(of)
    }

    fn as_slice(&self) -> &[u8] {
        &self.digits[..self.length]
    }

    /// Without the `00` that some switches write in front of an international number.
    fn without_zeros(&self) -> &[u8] {
        self.as_slice().strip_prefix(b"00").unwrap_or(self.as_slice())
    }
}
