//! Whose subscriber a number is: its current carrier, and who was assigned its range.
//!
//! A CSV file with the header `number,carrier`. A row is a number that was carried over to another carrier,
//! `+85512345678,//KH/mekong-mobile`, or a range, `+85512*,//KH/mekong-mobile`.
//!
//! Rules:
//! - the longest row that fits a number decides: the number itself, then ranges from the longest on. An operator's own
//!   ranges (`operators.own`) are ranges like those of the file, which goes before them;
//! - the current carrier is the row's of the number itself, or that of its range; the holder of the range is never the
//!   carrier of one number;
//! - a number that no row fits has no carrier that we know: nobody is warned of it.
//!
//! Numbers lie in two sorted columns, ten bytes each: ten million of them are 100 MB.

use lancang_record::number::E164;

use crate::limits::{CARRIERS_MAX, PORTED_MAX, TABLE_MISTAKES_MAX};
use crate::registry::Holder;

/// Columns of the file.
const HEADER: &str = "number,carrier";

/// What is wrong with a portability table: its line, and what was expected. No number is quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {expected}")]
pub struct PortabilityError {
    /// Line, from 1.
    pub line: usize,
    /// What was expected.
    pub expected: &'static str,
}

/// Numbers and ranges with their carriers.
#[derive(Clone, Debug, Default)]
pub struct Portability {
    carriers: Vec<Holder>,
    /// Sorted.
    numbers: Vec<u64>,
    /// Carrier of each number, by its place.
    carrier_of: Vec<u16>,
    /// Sorted, by number of digits (index).
    ranges: Vec<Vec<(u64, u16)>>,
}

impl Portability {
    /// Reads a table, line by line.
    ///
    /// # Errors
    /// Every line that is wrong, up to [`TABLE_MISTAKES_MAX`].
    pub fn read<S: AsRef<str>>(lines: impl IntoIterator<Item = S>) -> Result<Self, Vec<PortabilityError>> {
        let (mut table, mut errors) = (Self::default(), Vec::new());
        let mut numbers: Vec<(u64, u16, u32)> = Vec::new();
        for (index, line) in lines.into_iter().enumerate() {
            let text = line.as_ref().trim_end_matches('\r');
            let read = match index {
                0 if text.trim_start_matches('\u{feff}') == HEADER => Ok(()),
                0 => Err("expected the header `number,carrier`"),
                _ if text.is_empty() => Ok(()),
                _ => table.row(text, index, &mut numbers),
            };
            if let Err(expected) = read {
                errors.push(PortabilityError { line: index + 1, expected });
            }
            if errors.len() >= TABLE_MISTAKES_MAX {
                return Err(errors);
            }
        }
        // Stable: of rows of one number the later is the mistake.
        numbers.sort_by_key(|(number, ..)| *number);
        let twice = numbers.windows(2).filter(|pair| pair[0].0 == pair[1].0);
        let twice =
            twice.map(|pair| PortabilityError { line: pair[1].2 as usize, expected: "expected each number once" });
        errors.extend(twice.take(TABLE_MISTAKES_MAX));
        if !errors.is_empty() {
            errors.sort_by_key(|error| error.line);
            return Err(errors);
        }
        table.carrier_of = numbers.iter().map(|(_, carrier, _)| *carrier).collect();
        table.numbers = numbers.into_iter().map(|(number, ..)| number).collect();
        Ok(table)
    }

    fn row(&mut self, text: &str, index: usize, numbers: &mut Vec<(u64, u16, u32)>) -> Result<(), &'static str> {
        let (number, carrier) = text.split_once(',').ok_or("expected two columns")?;
        let carrier = Holder::parse(carrier.trim()).filter(is_organisation);
        let carrier = carrier.ok_or("expected a carrier such as `//KH/mekong-mobile` in the column `carrier`")?;
        let carrier = self.place_of(carrier).ok_or("expected at most 4,096 carriers")?;
        let digits = number.trim().strip_prefix('+').unwrap_or_default();
        let (digits, is_range) = digits.strip_suffix('*').map_or((digits, false), |range| (range, true));
        let known = E164::from_digits(digits);
        let known = known.ok_or("expected a number such as `+85512345678`, or a range such as `+85512*`")?;
        if is_range {
            return self.add_range(known, carrier).then_some(()).ok_or("expected each range once");
        }
        if numbers.len() >= PORTED_MAX {
            return Err("expected at most 50,000,000 numbers");
        }
        numbers.push((known.as_integer(), carrier, u32::try_from(index + 1).unwrap_or(u32::MAX)));
        Ok(())
    }

    /// The same with further ranges, such as `+85512`: those of the table go before them.
    #[must_use]
    pub fn with_ranges<'a>(mut self, ranges: impl IntoIterator<Item = (&'a str, Holder)>) -> Self {
        for (range, carrier) in ranges {
            let range = E164::from_digits(range.trim_start_matches('+'));
            let place = range.zip(self.place_of(carrier));
            if let Some((range, place)) = place {
                self.add_range(range, place);
            }
        }
        self
    }

    fn place_of(&mut self, carrier: Holder) -> Option<u16> {
        // Rows of one carrier stand together.
        let known = self.carriers.iter().rposition(|known| *known == carrier);
        if known.is_none() && self.carriers.len() >= CARRIERS_MAX {
            return None;
        }
        let place = known.unwrap_or_else(|| {
            self.carriers.push(carrier);
            self.carriers.len() - 1
        });
        u16::try_from(place).ok()
    }

    /// False if it is there already.
    fn add_range(&mut self, range: E164, carrier: u16) -> bool {
        self.ranges.resize(E164::DIGITS_MAX + 1, Vec::new());
        let ranges = &mut self.ranges[range.len() as usize];
        let place = ranges.binary_search_by_key(&range.as_integer(), |(known, _)| *known);
        place.map_err(|place| ranges.insert(place, (range.as_integer(), carrier))).is_err()
    }

    /// Who carries a number now.
    #[must_use]
    pub fn current(&self, number: E164) -> Option<&Holder> {
        match self.numbers.binary_search(&number.as_integer()) {
            Ok(place) => self.carriers.get(usize::from(*self.carrier_of.get(place)?)),
            Err(_) => self.range(number).map(|(holder, _)| holder),
        }
    }

    /// Who was assigned a number's range, and the digits of that range.
    #[must_use]
    pub fn range(&self, number: E164) -> Option<(&Holder, u32)> {
        (1..=number.len()).rev().find_map(|digits| {
            let ranges = self.ranges.get(digits as usize).filter(|ranges| !ranges.is_empty())?;
            let begins = number.as_integer() / 10_u64.pow(number.len() - digits);
            let place = ranges.binary_search_by_key(&begins, |(range, _)| *range).ok()?;
            Some((self.carriers.get(usize::from(ranges[place].1))?, digits))
        })
    }

    /// Number of rows that are numbers, and that are ranges.
    #[must_use]
    pub fn len(&self) -> (usize, usize) {
        (self.numbers.len(), self.ranges.iter().map(Vec::len).sum())
    }

    /// Whether it says nothing of any number.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == (0, 0)
    }
}

/// Whether a holder is a carrier: `//KH/mekong-mobile`, no country and no node.
#[must_use]
pub fn is_organisation(holder: &Holder) -> bool {
    holder.as_str().matches('/').count() == 3
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TABLE: &str = "number,carrier\n+85512345678,//KH/angkor\n+85512*,//KH/mekong\n+855123*,//KH/tonle\n\
        +85512345679,//KH/mekong\n+66812345678,//TH/siam\n";

    fn number(text: &str) -> E164 {
        E164::from_digits(text).unwrap()
    }

    #[test]
    fn the_longest_row_decides_and_a_number_says_nothing_of_its_range() {
        let own = [("+66", Holder::parse("//TH/own").unwrap()), ("+85512", Holder::parse("//KH/other").unwrap())];
        let table = Portability::read(TABLE.lines()).unwrap().with_ranges(own);
        let check = |text: &str, current: &str, range: &str| {
            assert_eq!(table.current(number(text)).map_or("", Holder::as_str), current, "{text}");
            assert_eq!(table.range(number(text)).map_or("", |(holder, _)| holder.as_str()), range, "{text}");
        };
        check("85512345678", "//KH/angkor", "//KH/tonle");
        check("85512345679", "//KH/mekong", "//KH/tonle");
        check("85512345670", "//KH/tonle", "//KH/tonle");
        check("85512945670", "//KH/mekong", "//KH/mekong");
        check("85513945670", "", "");
        check("66812345678", "//TH/siam", "//TH/own");
        check("855123", "//KH/tonle", "//KH/tonle");
        assert_eq!((table.len(), Portability::default().is_empty()), ((3, 3), true));
        assert_eq!(table.range(number("85512345678")).unwrap().1, 6);
    }

    #[test]
    fn mistakes_have_their_lines_and_quote_no_number() {
        let check = |rows: &str, expected: &[(usize, &str)]| {
            let text = format!("number,carrier\n{rows}");
            let errors = Portability::read(text.lines()).unwrap_err();
            assert_eq!(errors.len(), expected.len(), "{errors:?}");
            for (error, (line, words)) in errors.iter().zip(expected) {
                assert_eq!(error.line, *line, "{error}");
                assert!(error.to_string().contains(words) && !error.to_string().contains("98765"), "{error}");
            }
        };
        check("+85598765432\n", &[(2, "two columns")]);
        check("85598765432,//KH/a\n+855x,//KH/a\n,//KH/a\n", &[(2, "a number"), (3, "a number"), (4, "a number")]);
        check("+85598765432,//KH\n+85598765432,mekong\n", &[(2, "a carrier"), (3, "a carrier")]);
        check("+85598765432,//KH/a\n\n+85598765432,//KH/b\n", &[(4, "each number once")]);
        check("+85512*,//KH/a\n+85512*,//KH/a\n", &[(3, "each range once")]);
        let wrong = Portability::read("number;carrier\n".lines()).unwrap_err();
        assert_eq!(wrong[0].line, 1);
        let many = (0..1000).map(|_| "x");
        assert_eq!(Portability::read(many).unwrap_err().len(), TABLE_MISTAKES_MAX);
    }

    proptest! {
        /// Against a search through all rows.
        #[test]
        fn it_finds_what_a_search_through_all_rows_finds(
            rows in prop::collection::btree_map((any::<bool>(), 1_u64..3000), 0_usize..4, 0..40),
            asked in prop::collection::vec(1_u64..3000, 20),
        ) {
            let carriers = ["//KH/a", "//KH/b", "//TH/c", "//VN/d"];
            let text = |((is_range, number), carrier): (&(bool, u64), &usize)| {
                format!("+{number}{},{}", if *is_range { "*" } else { "" }, carriers[*carrier])
            };
            let lines = std::iter::once(HEADER.to_owned()).chain(rows.iter().map(text));
            let table = Portability::read(lines).unwrap();
            for asked in asked {
                let of_range = rows.iter().filter(|((is_range, range), _)| *is_range && asked.to_string().starts_with(&range.to_string()));
                let range = of_range.max_by_key(|((_, range), _)| *range).map(|(_, carrier)| carriers[*carrier]);
                let current = rows.get(&(false, asked)).map(|carrier| carriers[*carrier]).or(range);
                let asked = E164::from_integer(asked).unwrap();
                prop_assert_eq!(table.current(asked).map(Holder::as_str), current);
                prop_assert_eq!(table.range(asked).map(|(holder, _)| holder.as_str()), range);
            }
        }
    }
}
