//! The plans of the six countries, compared with libphonenumber's own expressions, and how texts are normalised.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

use std::sync::LazyLock;

use lancang_numbering::{COMPLETE, NumberError, NumberPlans, PrefixSet};
use lancang_record::number::{Country, E164, LineType, Mark, Party};
use lancang_record::raw::{Nature, RawParty};
use phonenumber::metadata::DATABASE;
use proptest::prelude::*;

static PLANS: LazyLock<NumberPlans> = LazyLock::new(NumberPlans::built_in);

/// Text, its nature and the feed's country; then the party, country, line type, possible.
fn check(text: &str, nature: Nature, home: &str, party: &str, country: &str, line: LineType, possible: bool) {
    let raw = RawParty { text: text.into(), nature };
    let found = PLANS.normalise(&raw, Country::parse(home).unwrap()).unwrap();
    let shown = found.party.map(|party| party.to_string()).unwrap_or_default();
    let place = found.plan.country.to_string();
    assert_eq!(
        (shown.as_str(), place.as_str(), found.plan.line, found.plan.possible),
        (party, country, line, possible),
        "{text} {nature:?} in {home}"
    );
}

#[test]
fn numbers_of_the_six_countries() {
    use LineType::{Alphanumeric, Fixed, Machine, Mobile, Service, Short, TollFree};
    use Nature::{International, National, Unknown};
    check("+85512345678", Unknown, "KH", "+85512345678", "KH", Mobile, true);
    check("012345678", Unknown, "KH", "+85512345678", "KH", Mobile, true);
    check("012 345-678", Unknown, "KH", "+85512345678", "KH", Mobile, true);
    check("0085512345678", Unknown, "VN", "+85512345678", "KH", Mobile, true);
    check("85512345678", Unknown, "KH", "+85512345678", "KH", Mobile, true);
    check("855012345678", Unknown, "KH", "+85512345678", "KH", Mobile, true);
    check("85512345678", International, "TH", "+85512345678", "KH", Mobile, true);
    check("12345678", National, "KH", "+85512345678", "KH", Mobile, true);
    check("023990100", Unknown, "KH", "+85523990100", "KH", Fixed, true);
    check("1800209999", Unknown, "KH", "+8551800209999", "KH", TollFree, true);
    check("02050000101", Unknown, "LA", "+8562050000101", "LA", Mobile, true);
    check("0812345678", Unknown, "TH", "+66812345678", "TH", Mobile, true);
    check("021234567", Unknown, "TH", "+6621234567", "TH", Fixed, true);
    check("0912345678", Unknown, "VN", "+84912345678", "VN", Mobile, true);
    check("09250000123", Unknown, "MM", "+959250000123", "MM", Mobile, true);
    check("13900000401", Unknown, "CN", "+8613900000401", "CN", Mobile, true);
    check("1064812345678", Unknown, "CN", "1064812345678", "CN", Machine, true);
    check("95588", Unknown, "CN", "95588", "CN", Service, true);
    check("1188", Unknown, "LA", "1188", "LA", Short, true);
    check("WINGBANK", Unknown, "KH", "WINGBANK", "--", Alphanumeric, true);
    check("+8551", Unknown, "KH", "+8551", "KH", LineType::Unknown, false);
    check("+999123456789", Unknown, "KH", "+999123456789", "--", LineType::Unknown, false);
    check("+0123456789", Unknown, "KH", "+0123456789", "--", LineType::Unknown, false);
    check("+4915117174963", Unknown, "KH", "+4915117174963", "DE", LineType::Unknown, true);
    check("9184900000201", Unknown, "KH", "+9184900000201", "IN", LineType::Unknown, true);
}

#[test]
fn marks_are_attributes_and_withheld_is_nobody() {
    let home = Country::parse("TH").unwrap();
    let normalise = |text: &'static str| {
        let raw = RawParty::new(text);
        let found = PLANS.normalise(&raw, home).unwrap();
        (found.party.map(|party| party.to_string()), found.plan.mark)
    };
    assert_eq!(normalise("+6970812345678"), (Some("+66812345678".to_owned()), Mark::InternetFromAbroad));
    assert_eq!(normalise("+69885512345678"), (Some("+85512345678".to_owned()), Mark::FromAbroad));
    for withheld in ["", "anonymous", "Restricted", " UNKNOWN "] {
        assert_eq!(normalise(withheld), (None, Mark::None));
    }
    let long = RawParty::new("+8551234567890123456789");
    assert_eq!(PLANS.normalise(&long, home), Err(NumberError::TooLong { digits: 22 }));
}

#[test]
fn own_ranges() {
    let own = PrefixSet::new(["+85512", "+855109"]);
    let has = |digits: &str| own.contains(E164::from_digits(digits).unwrap());
    assert!(has("85512345678") && has("85510912345") && has("85512"));
    assert!(!has("85510812345") && !has("8551") && !has("66855129999"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    /// The compiled tables say what libphonenumber's expressions say.
    #[test]
    fn tables_agree_with_the_expressions(country in 0_usize..6, head in 0_u32..10_000, tail in 0_u64..10_000_000_000, digits in 3_usize..13) {
        let metadata = DATABASE.by_id(COMPLETE[country]).unwrap();
        let text = format!("{head}{tail:010}");
        let national = &text[..digits.min(text.len())];
        let Some(number) = E164::from_digits(&format!("{}{national}", metadata.country_code())) else { return Ok(()) };
        let plan = PLANS.lookup(number);
        prop_assume!(!matches!(plan.line, LineType::Machine | LineType::Service));
        // The crate's own `is_match` asks only where a match begins: the whole number must match.
        let is = |descriptor: Option<&phonenumber::metadata::Descriptor>| descriptor.is_some_and(|found| {
            let whole = format!("^(?x:{})$", found.national_number().as_str());
            regex::Regex::new(&whole).unwrap().is_match(national)
        });
        let (mobile, fixed) = (is(metadata.descriptors().mobile()), is(metadata.descriptors().fixed_line()));
        let line = if mobile && fixed {
            LineType::FixedOrMobile
        } else if mobile {
            LineType::Mobile
        } else if fixed {
            LineType::Fixed
        } else {
            prop_assert!(!matches!(plan.line, LineType::Mobile | LineType::Fixed | LineType::FixedOrMobile), "{:?}", plan);
            return Ok(());
        };
        prop_assert_eq!((plan.line, plan.allocated), (line, true));
        prop_assert_eq!(plan.country.as_str(), COMPLETE[country]);
    }

    /// A plus and digits go a short way; a blank among them changes nothing but the way.
    #[test]
    fn a_blank_in_a_number_changes_nothing(
        digits in "(855|66|86|84|95|856|697|698|1|44|800|0|)[0-9]{1,19}",
        (home, is_international) in (0_usize..6, any::<bool>()),
    ) {
        let nature = if is_international { Nature::International } else { Nature::Unknown };
        let [plain, spaced] = [format!("+{digits}"), format!("+ {digits}")].map(|text| RawParty { text: text.into(), nature });
        let home = Country::parse(COMPLETE[home]).unwrap();
        let (plain, spaced) = (PLANS.normalise(&plain, home), PLANS.normalise(&spaced, home));
        prop_assert_eq!(plain.is_ok(), spaced.is_ok());
        let (Ok(plain), Ok(spaced)) = (plain, spaced) else { return Ok(()) };
        prop_assert_eq!(plain.plan, spaced.plan);
        match (plain.party, spaced.party) {
            // What has no place stays as it was written.
            (Some(Party::Text(plain)), Some(Party::Text(spaced))) => prop_assert_eq!(plain, spaced.replace(' ', "")),
            (plain, spaced) => prop_assert_eq!(plain, spaced),
        }
    }

    #[test]
    fn garbage_never_panics(text in "\\PC{0,50}", home in 0_usize..6) {
        let raw = RawParty::new(text);
        if let Ok(found) = PLANS.normalise(&raw, Country::parse(COMPLETE[home]).unwrap())
            && let Some(Party::Number(number)) = found.party
        {
            let _ = PLANS.lookup(number);
        }
    }
}
