//! Who there is: operators of six countries, their subscribers, cells, devices and trunks.
//!
//! Everything about a subscriber follows from the seed and the subscriber's index, so that no table of subscribers is
//! held and the same seed gives the same world on every machine.

use lancang_record::Country;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// An operator: one a country.
#[derive(Clone, Copy, Debug)]
pub struct Operator {
    /// Country.
    pub country: Country,
    /// Short name.
    pub organisation: &'static str,
    /// Beginning of its mobile numbers, with the country code and without `+`.
    pub mobile: &'static str,
    /// Digits behind the beginning.
    pub mobile_digits: u32,
    /// Beginning of fixed lines of its capital.
    pub fixed: &'static str,
    /// Digits behind that beginning.
    pub fixed_digits: u32,
    /// MCC and MNC.
    pub plmn: &'static str,
    /// Three letters used in the names of trunks.
    pub letters: &'static str,
    /// Hours ahead of UTC.
    pub utc_h: i64,
}

const fn country(text: &str) -> Country {
    match Country::parse(text) {
        Some(country) => country,
        None => Country::UNKNOWN,
    }
}

/// Operators of the six countries. Names are invented; prefixes, lengths and network codes are of the countries' plans.
pub const OPERATORS: [Operator; 6] = [
    Operator {
        country: country("KH"),
        organisation: "mekong-mobile",
        mobile: "85510",
        mobile_digits: 6,
        fixed: "85523",
        fixed_digits: 6,
        plmn: "45606",
        letters: "khm",
        utc_h: 7,
    },
    Operator {
        country: country("CN"),
        organisation: "lancang-telecom",
        mobile: "86139",
        mobile_digits: 8,
        fixed: "8610",
        fixed_digits: 8,
        plmn: "46000",
        letters: "chn",
        utc_h: 8,
    },
    Operator {
        country: country("LA"),
        organisation: "vientiane-cell",
        mobile: "8562055",
        mobile_digits: 6,
        fixed: "85621",
        fixed_digits: 6,
        plmn: "45701",
        letters: "lao",
        utc_h: 7,
    },
    Operator {
        country: country("MM"),
        organisation: "irrawaddy-mobile",
        mobile: "95925",
        mobile_digits: 7,
        fixed: "951",
        fixed_digits: 6,
        plmn: "41401",
        letters: "mmr",
        utc_h: 6,
    },
    Operator {
        country: country("TH"),
        organisation: "chao-phraya-mobile",
        mobile: "6681",
        mobile_digits: 7,
        fixed: "662",
        fixed_digits: 7,
        plmn: "52003",
        letters: "tha",
        utc_h: 7,
    },
    Operator {
        country: country("VN"),
        organisation: "red-river-mobile",
        mobile: "8491",
        mobile_digits: 7,
        fixed: "8424",
        fixed_digits: 8,
        plmn: "45202",
        letters: "vnm",
        utc_h: 7,
    },
];

/// A subscriber, by operator and index among its subscribers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subscriber {
    /// Index into [`OPERATORS`].
    pub operator: usize,
    /// Index among the operator's subscribers.
    pub index: u64,
}

/// Stable hash of some numbers, for everything that follows from the seed.
#[must_use]
pub fn hash(seed: u64, parts: &[u64]) -> u64 {
    let mut bytes = [0_u8; 64];
    for (slot, part) in bytes.chunks_exact_mut(8).zip(parts) {
        slot.copy_from_slice(&part.to_le_bytes());
    }
    xxh3_64_with_seed(&bytes[..parts.len() * 8], seed)
}

impl Subscriber {
    /// Its operator.
    #[must_use]
    pub fn of(self) -> &'static Operator {
        &OPERATORS[self.operator]
    }

    /// Mobile number with `+`. Indices below the plan's size give different numbers.
    #[must_use]
    pub fn number(self) -> String {
        let operator = self.of();
        // A stride that is coprime with powers of ten spreads neighbours over the range.
        let value = (self.index * 7_919 + 123_457) % 10_u64.pow(operator.mobile_digits);
        format!("+{}{value:0width$}", operator.mobile, width = operator.mobile_digits as usize)
    }

    /// IMSI, 15 digits.
    #[must_use]
    pub fn imsi(self) -> String {
        format!("{}{:010}", self.of().plmn, self.index)
    }

    /// IMEI, 14 digits.
    #[must_use]
    pub fn imei(self, seed: u64) -> String {
        format!("35{:012}", hash(seed, &[1, self.operator as u64, self.index]) % 1_000_000_000_000)
    }

    /// Home cell and the number of cells around it that the subscriber visits.
    #[must_use]
    pub fn cell(self, seed: u64, visit: u64) -> String {
        let home = hash(seed, &[2, self.operator as u64, self.index]) % 400;
        let reach = 1 + hash(seed, &[3, self.operator as u64, self.index]) % 4;
        format!("{}-{:04}", self.of().plmn, home * 5 + visit % reach)
    }
}

/// A fixed line of an operator.
#[must_use]
pub fn fixed_line(operator: &Operator, index: u64) -> String {
    // Subscriber numbers of the six capitals begin with 2 to 8 in every plan used here; 2 is in all of them.
    let rest = index % 10_u64.pow(operator.fixed_digits - 1);
    format!("+{}2{rest:0width$}", operator.fixed, width = operator.fixed_digits as usize - 1)
}

/// The international trunk over which calls from one operator come in at another.
#[must_use]
pub fn trunk(from: &Operator, to: &Operator, line: u64) -> String {
    format!("int-{}-{}-{:02}", from.letters, to.letters, line % 4 + 1)
}

/// The trunk table: `trunk,international,country`.
#[must_use]
pub fn trunk_table() -> String {
    let mut text = String::from("trunk,international,country\n");
    for operator in &OPERATORS {
        text.push_str(&format!("int-{}-*,true,{}\n", operator.letters, operator.country));
    }
    text
}

/// The operators as `[[operators]]` of a configuration.
#[must_use]
pub fn operators_file() -> String {
    let mut text = String::new();
    for operator in &OPERATORS {
        text.push_str(&format!(
            "[[operators]]\ncountry = \"{}\"\norganisation = \"{}\"\nnode = \"node-1\"\nown = [\"+{}\"]\n\n",
            operator.country, operator.organisation, operator.mobile
        ));
    }
    text
}
