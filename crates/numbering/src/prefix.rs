//! Sets of number prefixes.

use lancang_record::number::E164;

/// Prefixes such as an operator's own ranges; a look-up takes a few nanoseconds.
#[derive(Clone, Debug, Default)]
pub struct PrefixSet {
    /// Sorted, by number of digits (index).
    by_digits: Vec<Vec<u64>>,
}

impl PrefixSet {
    /// From texts such as `+85512`; what is no prefix is left out (the configuration's check refuses it).
    pub fn new<'a>(prefixes: impl IntoIterator<Item = &'a str>) -> Self {
        let mut by_digits = vec![Vec::new(); E164::DIGITS_MAX + 1];
        for prefix in prefixes {
            if let Some(number) = E164::from_digits(prefix.trim_start_matches('+')) {
                by_digits[number.len() as usize].push(number.as_integer());
            }
        }
        for prefixes in &mut by_digits {
            prefixes.sort_unstable();
            prefixes.dedup();
        }
        Self { by_digits }
    }

    /// Whether a number begins with one of them.
    #[must_use]
    pub fn contains(&self, number: E164) -> bool {
        let digits = number.len() as usize;
        (1..=digits).any(|length| {
            let prefixes = &self.by_digits[length];
            !prefixes.is_empty()
                && prefixes.binary_search(&(number.as_integer() / 10_u64.pow((digits - length) as u32))).is_ok()
        })
    }
}
