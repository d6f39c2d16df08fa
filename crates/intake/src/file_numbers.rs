//! Numbers of the files that messages come from: which of them were skipped.
//!
//! - A file is named by its switch and its number, `MSC5_20251114_000123.csv`: what stands before the first `_`, `-` or `.` is the
//!   switch, the last digits before the ending are the number.
//! - A number that is not there when [`FILE_REACH`] further files of its switch have come is skipped, once; until then files may
//!   come in any order, and each as often as it likes.
//! - Numbers begin again at 0 or 1 after all their digits are nines. One that is further away than [`FILE_JUMP`] begins the numbering
//!   anew, and skips nothing.
//! - What is known is a text that rides in the metadata of committed offsets, so that a restart misses no gap.
//!
//! All files of a switch must come in one partition, in whose order they are looked at: topics of files are keyed by switch.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::limits::{FILE_JUMP, FILE_REACH, FILE_SWITCH_BYTES, FILE_SWITCHES_MAX};

/// Most digits of a number: more are a time, or somebody's number, which is in no log.
const DIGITS_MAX: usize = 9;
/// So many digits in a row are no name of a switch, for the same reason.
const SWITCH_DIGITS: usize = 6;
/// Numbers that never begin again; far more than [`DIGITS_MAX`] can write, and with room to add.
const NO_ROUND: u64 = u64::MAX / 4;

/// A number that no file had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Switch, as files name it.
    pub switch: String,
    /// Number.
    pub number: u64,
}

/// What is known of a switch's files.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Numbers {
    highest: u64,
    digits: usize,
    /// Whether the number so many before the highest has come.
    seen: [bool; FILE_REACH],
}

/// The files of one input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileNumbers {
    switches: BTreeMap<String, Numbers>,
    /// The name that was looked at last: messages of a file follow each other.
    last: Vec<u8>,
}

impl FileNumbers {
    /// Looks at the name of a message's file. Gives the numbers that are skipped for good now.
    ///
    /// # Errors
    /// For a name without a number, and for one of a switch too many, of which nothing is known.
    pub fn accept(&mut self, name: &[u8]) -> Result<Vec<Skipped>, Unnumbered> {
        if self.last == name && !name.is_empty() {
            return Ok(Vec::new());
        }
        self.last.clear();
        self.last.extend_from_slice(name);
        let (switch, number, digits) = parsed(name).ok_or(Unnumbered::NoNumber)?;
        if let Some(numbers) = self.switches.get_mut(&switch) {
            let skipped = numbers.accept(number, digits);
            return Ok(skipped.into_iter().map(|number| Skipped { switch: switch.clone(), number }).collect());
        }
        if self.switches.len() >= FILE_SWITCHES_MAX {
            return Err(Unnumbered::TooManySwitches);
        }
        self.switches.insert(switch, Numbers::begun(number, digits));
        Ok(Vec::new())
    }

    /// As a text without spaces, of at most 1,400 bytes.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = String::new();
        for (switch, numbers) in &self.switches {
            let comma = if text.is_empty() { "" } else { "," };
            let seen: String = numbers.seen.iter().map(|seen| if *seen { '1' } else { '0' }).collect();
            let (highest, digits) = (numbers.highest, numbers.digits);
            // Writing to a string cannot fail.
            let _ = write!(text, "{comma}{switch}:{highest:0digits$}:{seen}");
        }
        text
    }

    /// What [`Self::encode`] gave; none if it is no such text.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let switch = |text: &str| {
            let mut parts = text.split(':');
            let (switch, highest, seen) = (parts.next()?, parts.next()?, parts.next()?);
            let seen: Vec<bool> = seen.chars().map(|seen| seen == '1').collect();
            let numbers =
                Numbers { highest: highest.parse().ok()?, digits: highest.len(), seen: seen.try_into().ok()? };
            (parts.next().is_none() && numbers.digits <= DIGITS_MAX).then(|| (switch.to_owned(), numbers))
        };
        let switches = text.split(',').filter(|text| !text.is_empty()).map(switch).collect::<Option<_>>()?;
        Some(Self { switches, last: Vec::new() })
    }
}

/// Why the number of a file is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unnumbered {
    /// Its name says none.
    #[error(
        "the name of a file ends in no number of 1 to 9 digits: `feeds.file_header`, or how its files are named, is wrong"
    )]
    NoNumber,
    /// Past [`FILE_SWITCHES_MAX`].
    #[error(
        "files of more than {FILE_SWITCHES_MAX} switches, and those of further ones are not looked at: names must begin with the switch"
    )]
    TooManySwitches,
}

impl Unnumbered {
    /// As a label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoNumber => "no-number",
            Self::TooManySwitches => "too-many-switches",
        }
    }
}

impl Numbers {
    const fn begun(highest: u64, digits: usize) -> Self {
        Self { highest, digits, seen: [true; FILE_REACH] }
    }

    fn accept(&mut self, number: u64, digits: usize) -> Vec<u64> {
        // From 999 to 1000 no number begins again.
        let all = if digits == self.digits { 10_u64.pow(u32::try_from(digits).unwrap_or(0)) } else { NO_ROUND };
        let (ahead, behind) = (distance(self.highest, number, all), distance(number, self.highest, all));
        if ahead.min(behind) > FILE_JUMP {
            *self = Self::begun(number, digits);
            return Vec::new();
        }
        if behind < ahead {
            if let Some(seen) = usize::try_from(behind).ok().and_then(|behind| self.seen.get_mut(behind)) {
                *seen = true;
            }
            return Vec::new();
        }
        let skipped = (0..ahead).filter_map(|_| self.step(all)).collect();
        if ahead > 0 {
            (self.highest, self.digits) = (number, digits);
            self.seen[0] = true;
        }
        skipped
    }

    /// One number on, which has not come yet. Gives the number that is too far behind now, if it never came; 0 is none, since many
    /// begin again at 1.
    fn step(&mut self, all: u64) -> Option<u64> {
        let last = FILE_REACH - 1;
        // Where numbers do not begin again there is none below 0.
        let is_none = self.seen[last] || all == NO_ROUND && self.highest < last as u64;
        let gone = if is_none { 0 } else { (self.highest + all - last as u64) % all };
        self.seen.copy_within(..last, 1);
        self.seen[0] = false;
        self.highest = (self.highest + 1) % all;
        (gone != 0).then_some(gone)
    }
}

/// From one number on to another, where `all` numbers begin again at 0.
const fn distance(from: u64, to: u64, all: u64) -> u64 {
    if to >= from {
        to - from
    } else if all == NO_ROUND {
        NO_ROUND
    } else {
        to + all - from
    }
}

/// Switch, number and its digits.
fn parsed(name: &[u8]) -> Option<(String, u64, usize)> {
    let name = std::str::from_utf8(name).ok()?;
    let name = name.rsplit('/').next()?;
    // Endings such as `.csv.gz` have no number.
    let stem = name.split('.').next()?;
    let end = stem.rfind(|c: char| c.is_ascii_digit())? + 1;
    let begin = stem[..end].trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let digits = &stem[begin..end];
    let switch = if begin == 0 { "" } else { stem.split(['_', '-']).next()? };
    let shown = |c: char| if c.is_ascii_alphanumeric() { c } else { '?' };
    let is_long = |digits: &str| digits.len() >= SWITCH_DIGITS;
    if switch.split(|c: char| !c.is_ascii_digit()).any(is_long) {
        return None;
    }
    let switch: String = switch.chars().map(shown).take(FILE_SWITCH_BYTES).collect();
    (digits.len() <= DIGITS_MAX).then_some(())?;
    Some((switch, digits.parse().ok()?, digits.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipped(numbers: &mut FileNumbers, names: &[&str]) -> Vec<(String, u64)> {
        let found = names.iter().flat_map(|name| numbers.accept(name.as_bytes()).unwrap());
        found.map(|skipped| (skipped.switch, skipped.number)).collect()
    }

    #[test]
    fn a_number_is_skipped_once_others_are_far_past_it() {
        let mut numbers = FileNumbers::default();
        let name = |number: u64| format!("MSC5_20251114_{number:06}.csv");
        let mut of = |range: &[u64]| {
            let names: Vec<String> = range.iter().map(|number| name(*number)).collect();
            skipped(&mut numbers, &names.iter().map(String::as_str).collect::<Vec<_>>())
        };
        assert_eq!(of(&[10, 11, 11, 13, 14]), []);
        assert_eq!(of(&[12]), [], "later than others, and in time");
        assert_eq!(of(&[16, 17]), []);
        assert_eq!(of(&[18]), [("MSC5".to_owned(), 15)]);
        assert_eq!(of(&[15, 19, 20, 21]), [], "once");
        assert_eq!(of(&[25, 26, 27]), [22, 23, 24].map(|number| ("MSC5".to_owned(), number)));
        assert_eq!(of(&[900_000, 900_001]), [], "a numbering that begins anew");
    }

    #[test]
    fn numbers_begin_again_after_nines() {
        for first in [0, 1] {
            let mut numbers = FileNumbers::default();
            let found: Vec<String> =
                [997, 998, 999, first, 1, 2, 4, 5, 6, 7].map(|number| format!("a-{number:03}")).to_vec();
            let found: Vec<&str> = found.iter().map(String::as_str).collect();
            assert_eq!(skipped(&mut numbers, &found), [("a".to_owned(), 3)]);
        }
        let mut numbers = FileNumbers::default();
        assert_eq!(
            skipped(&mut numbers, &["a-998", "a-999", "a-1000", "a-1002", "a-1003", "a-1004"]),
            [("a".to_owned(), 1001)]
        );
    }

    #[test]
    fn names_and_what_is_kept_of_them() {
        let mut numbers = FileNumbers::default();
        let found =
            ["7.csv", "in/MSC5_1.csv.gz", "gw-03-0009", "né_5"].map(|name| numbers.accept(name.as_bytes()).is_ok());
        assert_eq!(found, [true; 4]);
        // Digits behind a letter of several bytes; a time, and somebody's number.
        assert_eq!(parsed("单7.csv".as_bytes()), Some(("?7".to_owned(), 7, 1)));
        assert_eq!(parsed("é5".as_bytes()), Some(("?5".to_owned(), 5, 1)));
        for name in ["records.csv2", "MSC5_20251114000123.csv", "85512345678", "85512345678_1", "a-85512345678.csv"] {
            assert_eq!(numbers.accept(name.as_bytes()), Err(Unnumbered::NoNumber), "{name}");
        }
        assert_eq!(numbers.accept(b"\xff1"), Err(Unnumbered::NoNumber));
        let text = numbers.encode();
        assert_eq!(text, ":7:111,MSC5:1:111,gw:0009:111,n?:5:111");
        let mut restored = FileNumbers::decode(&text).unwrap();
        assert_eq!(restored.encode(), text);
        assert_eq!(FileNumbers::decode("").unwrap(), FileNumbers::default());
        for wrong in ["a", "a:1", "a:x:111", "a:1:11", "a:1:111:2", "a:1234567890123456789:111"] {
            assert!(FileNumbers::decode(wrong).is_none(), "{wrong}");
        }
        assert_eq!(skipped(&mut restored, &["gw-03-0011", "gw-03-0012", "gw-03-0013"]), [("gw".to_owned(), 10)]);
        (0..FILE_SWITCHES_MAX).for_each(|switch| drop(numbers.accept(format!("x{switch}_999999999").as_bytes())));
        assert_eq!(numbers.accept(b"toomany_1"), Err(Unnumbered::TooManySwitches));
        assert!(numbers.encode().len() <= 1_400, "{}", numbers.encode().len());
    }
}
