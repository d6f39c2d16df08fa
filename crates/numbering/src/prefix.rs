//! Sets of number prefixes.

use std::collections::BTreeMap;

use lancang_record::number::E164;

/// Prefixes such as an operator's own ranges; a look-up takes a few nanoseconds.
#[derive(Clone, Debug, Default)]
pub struct PrefixSet {
    /// Numbers of digits that a prefix has, and the sorted prefixes of so many.
    by_digits: Vec<(u32, Vec<u64>)>,
}

impl PrefixSet {
    /// From texts such as `+85512`; what is no prefix is left out (the configuration's check refuses it).
    pub fn new<'a>(prefixes: impl IntoIterator<Item = &'a str>) -> Self {
        let mut by_digits = BTreeMap::<u32, Vec<u64>>::new();
        for prefix in prefixes {
            if let Some(number) = E164::from_digits(prefix.trim_start_matches('+')) {
                by_digits.entry(number.len()).or_default().push(number.as_integer());
            }
        }
        for prefixes in by_digits.values_mut() {
            prefixes.sort_unstable();
            prefixes.dedup();
        }
        Self { by_digits: by_digits.into_iter().collect() }
    }

    /// Whether a number begins with one of them.
    #[must_use]
    pub fn contains(&self, number: E164) -> bool {
        let digits = number.len();
        self.by_digits.iter().take_while(|(length, _)| *length <= digits).any(|(length, prefixes)| {
            prefixes.binary_search(&(number.as_integer() / 10_u64.pow(digits - length))).is_ok()
        })
    }
}
