//! Operators of six countries: number plans, network codes, trunks.
//!
//! Names are invented; prefixes, lengths and network codes are of the countries' plans, and every number made from them
//! is a possible one (`tests/world.rs` asks the number plans).

use lancang_record::Country;

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
    /// A second range, for subscribers that the first has no room for.
    pub second: &'static str,
    /// Digits behind that beginning.
    pub second_digits: u32,
    /// Beginning of the mobile numbers of another operator of the country, which feeds no records.
    pub off_net: &'static str,
    /// Digits behind that beginning.
    pub off_net_digits: u32,
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
        second: "85596",
        second_digits: 7,
        off_net: "85597",
        off_net_digits: 7,
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
        second: "86138",
        second_digits: 8,
        off_net: "86186",
        off_net_digits: 8,
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
        second: "856202",
        second_digits: 7,
        off_net: "856209",
        off_net_digits: 7,
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
        second: "95926",
        second_digits: 7,
        off_net: "95997",
        off_net_digits: 7,
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
        second: "6682",
        second_digits: 7,
        off_net: "6689",
        off_net_digits: 7,
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
        second: "8494",
        second_digits: 7,
        off_net: "8498",
        off_net_digits: 7,
        fixed: "8424",
        fixed_digits: 8,
        plmn: "45202",
        letters: "vnm",
        utc_h: 7,
    },
];

impl Operator {
    /// Mobile number `value` of its own ranges, digits. Values below the room of both ranges give different numbers.
    #[must_use]
    pub fn own_number(&self, value: u64) -> u64 {
        let room = 10_u64.pow(self.mobile_digits);
        if value < room {
            // A stride that is coprime with powers of ten spreads neighbours over the range.
            return number(self.mobile, self.mobile_digits, value * 7_919 + 123_457);
        }
        number(self.second, self.second_digits, (value - room) * 7_919 + 123_457)
    }

    /// Whose number of the first own range it is: the other way round.
    #[must_use]
    pub const fn index_of(&self, digits: u64) -> u64 {
        let room = 10_u64.pow(self.mobile_digits);
        // The stride's inverse, by powers: x to the room's Carmichael number less one. 10^n has λ = 5^(n-1) · 2^(n-2) · 4
        // or a divisor; 10^(n-1) · 2 is a multiple of it from n = 3 on.
        let (mut inverse, mut base, mut left) = (1_u128, 7_919_u128, 2 * room / 10 - 1);
        while left > 0 {
            if left & 1 == 1 {
                inverse = inverse * base % room as u128;
            }
            base = base * base % room as u128;
            left >>= 1;
        }
        let offset = (digits % room + room - 123_457 % room) % room;
        (offset as u128 * inverse % room as u128) as u64
    }

    /// A mobile number of another operator of the country, digits.
    #[must_use]
    pub fn off_net_number(&self, value: u64) -> u64 {
        number(self.off_net, self.off_net_digits, value)
    }

    /// A fixed line in the capital, digits.
    #[must_use]
    pub fn fixed_number(&self, value: u64) -> u64 {
        // Subscriber numbers of the six capitals begin with 2 to 8 in every plan used here; 2 is in all of them.
        let room = 10_u64.pow(self.fixed_digits - 1);
        number(self.fixed, self.fixed_digits, 2 * room + value % room)
    }
}

fn number(beginning: &str, digits: u32, value: u64) -> u64 {
    let room = 10_u64.pow(digits);
    let head = beginning.bytes().fold(0, |head, digit| head * 10 + u64::from(digit - b'0'));
    head * room + value % room
}

/// Countries that calls to and from ranges of doubtful fame are made with: country code and digits behind it. The
/// countries are often named in wangiri and revenue-share fraud; the numbers are invented.
pub const FAR: [(&str, u32); 6] = [("232", 8), ("216", 8), ("960", 7), ("252", 8), ("675", 8), ("269", 7)];

/// A number of one of [`FAR`], digits.
#[must_use]
pub fn far_number(country: usize, value: u64) -> u64 {
    let (code, digits) = FAR[country % FAR.len()];
    let first = match code {
        // First digits that the mobile ranges of these plans have.
        "232" => 76,
        "216" => 20,
        "960" => 77,
        "252" => 61,
        "675" => 70,
        _ => 32,
    };
    number(code, digits, first * 10_u64.pow(digits - 2) + value % 10_u64.pow(digits - 2))
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
            "[[operators]]\ncountry = \"{}\"\norganisation = \"{}\"\nnode = \"node-1\"\nown = [\"+{}\", \"+{}\"]\n\n",
            operator.country, operator.organisation, operator.mobile, operator.second
        ));
    }
    text
}
