//! The search for what identifies a subscriber: numbers, IMSIs and IMEIs of a traffic, in any bytes.
//!
//! Rules:
//! - In text an identifier is a whole run of digits, whatever stands before and behind it: with or without `+`, with `00`. A
//!   number's national form is a whole word besides (a token's hexadecimal letters beside the digits make it none), with or
//!   without its `0`; of seven digits, which none of the six countries has, with it alone.
//! - A metric's value is a number of the process and no subscriber's: on a metrics page it may have eight digits by chance
//!   ([`Identifiers::search_page`]). What labels say is searched as any text.
//! - In semi-octets (BCD; low digit first as networks send them, and high digit first) it is any run: what stands before it, a
//!   type of number or a length, may be digits too. The national form, of four bytes, is not looked for there. Bytes that are
//!   nothing but letters of hexadecimal text are none: `b9204` within a token would be +269 3230343, and in a megabyte of tokens
//!   every such number of five bytes stands once by chance. So in semi-octets alone the few numbers are not found that are such letters
//!   from end to end: in all other forms they are. Neither are bytes within a long word of base64's letters, which is decoded besides:
//!   `2i20sA` in a sealed value would be +269 3230734.
//! - What may be base64 is decoded at each of four places, so at its three alignments and behind other text, and searched the
//!   same way. So a sealed value that is only encoded is found.
//!
//! Chance: every number of the traffic has ten digits or more and a country code of the world file (or 999), or the search refuses
//! it. The shortest forms that count are a word of eight digits in text and five bytes of semi-octets. `random_bytes_hold_nobody`
//! looks for seventy thousand in eight million random bytes, and in two million of them in hexadecimal and in base64: none.

use std::collections::{BTreeSet, HashSet};

use lancang_record::raw::RawRecord;
use lancang_traffic::world::{FAR, OPERATORS};

/// Shorter numbers are services, no subscribers.
const DIGITS_MIN: usize = 8;
/// E.164 and IMSI have 15 digits at most, an IMEISV 16; two more for `00`.
const DIGITS_MAX: usize = 18;
/// Shortest national form without its `0`, digits: Cambodia's, and the shortest of the six countries.
const NATIONAL_MIN: usize = 8;
/// Letters of base64 in a row, from which on they are text and no semi-octets: twice what the longest number takes.
const LONG_WORD: usize = 2 * DIGITS_MAX.div_ceil(2);
/// Country codes that numbers of the traffic begin with, and 999, which nobody has: a spoofer's.
const CODES: [&str; 7] = ["855", "856", "86", "95", "66", "84", "999"];

/// Everybody who is in a traffic.
#[derive(Debug, Default)]
pub struct Identifiers {
    /// International numbers, IMSIs and IMEIs.
    whole: HashSet<u64>,
    /// Their lengths, digits.
    lengths: BTreeSet<usize>,
    /// IMEIs of 14 digits: a check digit or a software version may stand behind them.
    devices: HashSet<u64>,
    /// Numbers without their country code.
    national: HashSet<u64>,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leak {
    /// How it was written: `text`, `national`, `semi-octets`, `base64 of text` …
    pub form: String,
    /// Its digits.
    pub digits: String,
}

impl Identifiers {
    pub fn of<'r>(records: impl Iterator<Item = &'r RawRecord<'static>>) -> Self {
        let mut found = Self::default();
        for record in records {
            for party in
                [&record.caller, &record.callee, &record.caller_shown, &record.redirecting].into_iter().flatten()
            {
                found.add_number(&party.text);
            }
            record.imsi.iter().for_each(|imsi| found.add(imsi));
            record.imei.iter().for_each(|imei| found.add_device(imei));
        }
        found
    }

    /// Those of a record as a JSON line has it.
    pub fn add_line(&mut self, record: &serde_json::Value) {
        let texts = |fields: &'static [&'static str]| fields.iter().filter_map(|field| record[*field].as_str());
        texts(&["caller", "callee", "caller_shown", "redirecting"]).for_each(|text| self.add_number(text));
        texts(&["imsi"]).for_each(|imsi| self.add(imsi));
        texts(&["imei"]).for_each(|imei| self.add_device(imei));
    }

    pub fn len(&self) -> usize {
        self.whole.len()
    }

    /// A number in the form `+…`; a sender's name and a short code are no subscriber's.
    pub fn add_number(&mut self, text: &str) {
        let Some(digits) = text.strip_prefix('+') else { return };
        let far = FAR.iter().map(|(code, _)| *code);
        let code = CODES.into_iter().chain(far).find(|code| digits.starts_with(code));
        let code = code.unwrap_or_else(|| panic!("a number outside of the marked ranges: {text}"));
        assert!(digits.len() >= 10, "a number too short to be told from others: {text}");
        self.add(digits);
        self.national.insert(digits[code.len()..].parse().unwrap());
    }

    fn add(&mut self, digits: &str) {
        assert!(digits.len() >= 10 && !digits.starts_with('0'), "{digits}");
        self.whole.insert(digits.parse().unwrap());
        self.lengths.insert(digits.len());
    }

    pub fn add_device(&mut self, digits: &str) {
        self.add(digits);
        self.devices.insert(digits[..14].parse().unwrap());
    }

    /// All that is on a metrics page, but for values that look like a national form.
    pub fn search_page(&self, page: &str) -> BTreeSet<Leak> {
        let named: String =
            page.lines().map(|line| format!("{}\n", line.rsplit_once(' ').map_or("", |(name, _)| name))).collect();
        let values = self.search(page.as_bytes()).into_iter().filter(|leak| leak.form != "national");
        values.chain(self.search(named.as_bytes())).collect()
    }

    /// All that is in these bytes.
    pub fn search(&self, bytes: &[u8]) -> BTreeSet<Leak> {
        let mut leaks = BTreeSet::new();
        self.search_plain(bytes, "", &mut leaks);
        let words = bytes.split(|byte| sextet(*byte).is_none()).filter(|word| word.len() >= DIGITS_MIN);
        for word in words {
            (0..4).for_each(|from| self.search_plain(&decoded(&word[from..]), "base64 of ", &mut leaks));
        }
        leaks
    }

    fn search_plain(&self, bytes: &[u8], inside: &str, leaks: &mut BTreeSet<Leak>) {
        let mut found = |form: &str, digits: String| leaks.insert(Leak { form: format!("{inside}{form}"), digits });
        for (from, to) in runs(bytes, u8::is_ascii_digit) {
            let digits = &bytes[from..to];
            if let Some(form) = self.form_of(digits, is_word(bytes, from, to)) {
                found(form, String::from_utf8_lossy(digits).into_owned());
            }
        }
        let swapped: Vec<u8> = bytes.iter().flat_map(|byte| [byte & 0xf, byte >> 4]).collect();
        let straight: Vec<u8> = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]).collect();
        for (form, nibbles) in [("semi-octets", swapped), ("packed digits", straight)] {
            for (from, to) in runs(&nibbles, |nibble| *nibble <= 9) {
                for (at, length, digits) in self.within(&nibbles[from..to]) {
                    let (first, last) = ((from + at) / 2, (from + at + length - 1) / 2);
                    if !bytes[first..=last].iter().all(u8::is_ascii_hexdigit) && !is_in_long_word(bytes, first, last) {
                        found(form, digits.to_string());
                    }
                }
            }
        }
    }

    /// What a whole run of digits is.
    fn form_of(&self, run: &[u8], is_word: bool) -> Option<&'static str> {
        if !(DIGITS_MIN..=DIGITS_MAX).contains(&run.len()) {
            return None;
        }
        let value = value(run.iter().map(|digit| digit - b'0'));
        let device = (run.len() == 15 && self.devices.contains(&(value / 10)))
            || (run.len() == 16 && self.devices.contains(&(value / 100)));
        if device || self.whole.contains(&value) {
            return Some("text");
        }
        let national = is_word && (run[0] == b'0' || run.len() >= NATIONAL_MIN);
        (national && self.national.contains(&value)).then_some("national")
    }

    /// Identifiers anywhere in a run of nibbles: where each begins, its length, and itself.
    fn within<'a>(&'a self, run: &'a [u8]) -> impl Iterator<Item = (usize, usize, u64)> + 'a {
        self.lengths.iter().flat_map(move |length| {
            let windows = run.windows(*length).enumerate().filter(|(_, window)| window[0] != 0);
            let values = windows.map(|(at, window)| (at, *length, value(window.iter().copied())));
            values.filter(|(_, _, value)| self.whole.contains(value))
        })
    }
}

/// Whether bytes lie within a long word of base64's letters.
fn is_in_long_word(bytes: &[u8], first: usize, last: usize) -> bool {
    let letters = |bytes: &mut dyn Iterator<Item = &u8>| bytes.take_while(|byte| sextet(**byte).is_some()).count();
    let (before, behind) = (letters(&mut bytes[..first].iter().rev()), letters(&mut bytes[first..].iter()));
    behind > last - first && before + behind >= LONG_WORD
}

fn value(digits: impl Iterator<Item = u8>) -> u64 {
    digits.fold(0, |value, digit| value * 10 + u64::from(digit))
}

/// Where runs of such bytes begin and end.
fn runs(bytes: &[u8], is: impl Fn(&u8) -> bool) -> Vec<(usize, usize)> {
    let mut runs = Vec::new();
    let mut from = 0;
    for run in bytes.split(|byte| !is(byte)) {
        if run.len() >= DIGITS_MIN {
            runs.push((from, from + run.len()));
        }
        from += run.len() + 1;
    }
    runs
}

fn is_word(bytes: &[u8], from: usize, to: usize) -> bool {
    let letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphabetic);
    !letter(from.checked_sub(1).and_then(|before| bytes.get(before))) && !letter(bytes.get(to))
}

/// A digit of base64, of either alphabet (RFC 4648).
fn sextet(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}

fn decoded(word: &[u8]) -> Vec<u8> {
    let (mut bytes, mut bits, mut count) = (Vec::with_capacity(word.len()), 0_u32, 0);
    for sextet in word.iter().filter_map(|byte| sextet(*byte)) {
        bits = bits << 6 | sextet;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    use lancang_traffic::draw::hash;

    use super::*;

    const NUMBER: &str = "85510123456";

    fn everybody() -> Identifiers {
        let mut everybody = Identifiers::default();
        for number in [NUMBER, "8613912345678", "8562055123456", "959251234567", "66811234567", "84911234567"] {
            everybody.add_number(&format!("+{number}"));
        }
        everybody.add("456060000000161");
        everybody.add_device("35001995179664");
        everybody
    }

    fn forms(bytes: &[u8]) -> Vec<String> {
        everybody().search(bytes).into_iter().map(|leak| leak.form).collect()
    }

    /// Digits as a network sends them (3GPP TS 23.040, 9.1.2.3), filled up with F.
    fn semi_octets(digits: &str) -> Vec<u8> {
        let nibbles: Vec<u8> = digits.bytes().map(|digit| digit - b'0').collect();
        nibbles.chunks(2).map(|pair| pair.get(1).unwrap_or(&0xf) << 4 | pair[0]).collect()
    }

    #[test]
    fn planted_in_text() {
        let planted = [
            "{\"value\":\"+85510123456\"}",
            "tel:85510123456;x",
            "0085510123456",
            "a85510123456b",
            "85510123456",
            "imsi 456060000000161.",
            "35001995179664",
            "350019951796641",
            "3500199517966412",
            "x=8613912345678",
        ];
        for text in planted {
            assert_eq!(forms(text.as_bytes()), ["text"], "{text}");
        }
        for text in [
            "010123456",
            "call 010123456 now",
            "10123456",
            "caller=10123456,",
            "020 or 02055123456",
            "2055123456",
            "0925-0811234567",
            "911234567",
        ] {
            assert_eq!(forms(text.as_bytes()), ["national"], "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_one() {
        for text in [
            "985510123456",
            "855101234567",
            "+85510••••••",
            "85510",
            "a010123456",
            "a10123456",
            "35001995",
            "+85510-123456",
            "456060000000162",
        ] {
            assert_eq!(forms(text.as_bytes()), [""; 0], "{text}");
        }
    }

    #[test]
    fn planted_in_semi_octets() {
        for digits in [NUMBER, "8613912345678", "456060000000161", "35001995179664"] {
            let sent = semi_octets(digits);
            // Length and type of number before it, and the same shifted by a digit, as a mobile identity of TS 24.008 is.
            let with_type = [&[0x0b, 0x91], sent.as_slice(), b"\x01"].concat();
            let shifted = semi_octets(&format!("9{digits}"));
            for bytes in [&sent, &with_type, &shifted] {
                assert!(forms(bytes).contains(&"semi-octets".to_owned()), "{digits}: {bytes:x?}");
                let text = STANDARD.encode([b"\xff\xfe", bytes.as_slice()].concat());
                assert!(forms(text.as_bytes()).contains(&"base64 of semi-octets".to_owned()), "{digits}: {text}");
            }
        }
        assert!(forms(&[0x85, 0x51, 0x01, 0x23, 0x45, 0x6f]).contains(&"packed digits".to_owned()));
    }

    /// Once found in an outbox: five letters of a token.
    #[test]
    fn hexadecimal_text_is_no_semi_octets() {
        let mut far = Identifiers::default();
        far.add_number("+2693230343");
        for text in ["\"token\":\"77ab9204cc\"", "ab9204", "b9204"] {
            assert_eq!(far.search(text.as_bytes()), BTreeSet::new(), "{text}");
        }
        far.add_number("+2693230348");
        let sent = semi_octets("2693230348");
        assert!(!far.search(&[b"ab", sent.as_slice(), b"cd"].concat()).is_empty(), "its last byte is no such letter");
    }

    /// Once found in a sealed value: six letters of its base64.
    #[test]
    fn base64_is_no_semi_octets() {
        let mut far = Identifiers::default();
        far.add_number("+2693230734");
        let sealed = "\"sealed\":\"tTq9Xw2i20sAVwZ0kdPq\"";
        assert_eq!(far.search(sealed.as_bytes()), BTreeSet::new());
        // A few letters are no word: a number that is such by chance, among bytes that are none.
        for planted in [b"\x01\x02xw2i20sAVw\x03".as_slice(), &[0x07, 0x26, 0x93, 0x23, 0x07, 0x34, 0x01]] {
            assert!(!far.search(planted).is_empty(), "{planted:x?}");
        }
    }

    #[test]
    fn planted_in_base64() {
        for before in ["", "a", "ab", "abc"] {
            for (planted, form) in
                [(NUMBER, "text"), ("+85510123456", "text"), ("456060000000161", "text"), (" 010123456", "national")]
            {
                let clear = format!("{before}{planted} and more");
                for text in [
                    STANDARD.encode(&clear),
                    URL_SAFE_NO_PAD.encode(&clear),
                    STANDARD_NO_PAD.encode(format!("{before}{planted}")),
                    // Behind other letters without a gap.
                    format!("xy{}", STANDARD.encode(&clear)),
                ] {
                    assert_eq!(
                        forms(format!("{{\"c\":\"{text}\"}}").as_bytes()),
                        [format!("base64 of {form}")],
                        "{clear}: {text}"
                    );
                }
            }
        }
    }

    /// A metric's value is nobody's number; what its labels say is.
    #[test]
    fn pages_of_metrics() {
        let forms =
            |page: &str| -> Vec<String> { everybody().search_page(page).into_iter().map(|leak| leak.form).collect() };
        assert_eq!(forms("# HELP lancang_lag Of a topic\nlancang_lag 10123456\n"), [""; 0]);
        assert_eq!(forms("lancang_lag{caller=\"10123456\"} 1\n"), ["national"]);
        assert_eq!(forms("lancang_lag 85510123456\n"), ["text"]);
    }

    /// As many as a large traffic has, in the ranges it has them, and eight million bytes of chance.
    #[test]
    fn random_bytes_hold_nobody() {
        let mut many = Identifiers::default();
        for operator in &OPERATORS {
            (0..10_000).for_each(|value| many.add_number(&format!("+{}", operator.own_number(value))));
        }
        // Of ten digits, each five letters of hexadecimal text in semi-octets.
        (0..1_000)
            .for_each(|value| many.add_number(&format!("+2693{}3{}3{}3", value / 100, value / 10 % 10, value % 10)));
        (0..10_000_u64).for_each(|value| many.add(&format!("{}{value:010}", OPERATORS[0].plmn)));
        let bytes: Vec<u8> = (0..1_000_000_u64).flat_map(|block| hash(17, &[block]).to_le_bytes()).collect();
        assert_eq!(many.search(&bytes), BTreeSet::new());
        let hexadecimal: String = bytes.iter().take(2_000_000).map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(many.search(hexadecimal.as_bytes()), BTreeSet::new());
        assert_eq!(many.search(STANDARD.encode(&bytes[..2_000_000]).as_bytes()), BTreeSet::new());
    }
}
