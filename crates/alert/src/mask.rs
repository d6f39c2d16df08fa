//! Masks: what of an identifier everyone may see (alerts.md, *Who can read what*, 2).
//!
//! Rules, by type of entity:
//! - a number: country, and its first digits: the country code and two more, at least six hidden;
//! - an IMSI: the network (MCC and MNC, five digits); an IMEI: the type allocation code (eight digits, 3GPP TS 23.003);
//! - a cell: its network alone; a trunk: nothing, its name is an operator's own;
//! - a template and a domain are what they are: neither is of a subscriber;
//! - an alphanumeric sender is shown; a text with five digits or more is a number that nobody could place, and is
//!   hidden but for two of them.
//!
//! What has no rule is hidden: the default is to share the token alone.

use lancang_numbering::NumberPlans;
use lancang_record::Country;
use lancang_record::number::E164;

/// Stands for one hidden digit.
const HIDDEN: char = '•';
/// Digits after the country code that stay visible.
const NATIONAL_SHOWN: usize = 2;
/// Fewest hidden digits of a number.
pub(crate) const HIDDEN_MIN: usize = 4;
/// Digits of MCC and MNC (of three digits, the first two).
const NETWORK_DIGITS: usize = 5;
/// Digits of a type allocation code.
const TAC_DIGITS: usize = 8;
/// A text with this many digits is treated as a number.
const TEXT_DIGITS_MAX: usize = 4;

/// What everyone may see of an identifier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mask {
    /// The value with what is hidden as dots.
    pub masked: Option<String>,
    /// Country of a number or network.
    pub country: Option<Country>,
    /// First digits of a number, with `+`.
    pub prefix: Option<String>,
    /// Type allocation code of a device.
    pub tac: Option<String>,
}

/// Masks a clear value.
#[must_use]
pub fn mask(plans: &NumberPlans, entity_type: &str, value: &str) -> Mask {
    match entity_type {
        "caller" | "callee" | "block" => party(plans, value),
        "sim" => shown_digits(value, NETWORK_DIGITS),
        "device" => Mask { tac: value.get(..TAC_DIGITS).map(str::to_owned), ..shown_digits(value, TAC_DIGITS) },
        "cell" => cell(value),
        "template" | "domain" => Mask { masked: Some(value.to_owned()), ..Mask::default() },
        _ => Mask::default(),
    }
}

fn party(plans: &NumberPlans, value: &str) -> Mask {
    let Some(number) = value.strip_prefix('+').and_then(E164::from_digits) else {
        return Mask { masked: Some(text(value)), ..Mask::default() };
    };
    let digits = &value[1..];
    let code = plans.code_digits(number).unwrap_or(0);
    let shown = (code + NATIONAL_SHOWN).min(digits.len().saturating_sub(HIDDEN_MIN));
    let country = plans.lookup(number).country;
    Mask {
        masked: Some(format!("+{}{}", &digits[..shown], dots(digits.len() - shown))),
        country: country.is_known().then_some(country),
        prefix: (shown > 0).then(|| format!("+{}", &digits[..shown])),
        tac: None,
    }
}

/// A name is shown; of a text that holds a number all digits but two are hidden.
fn text(value: &str) -> String {
    if value.chars().filter(char::is_ascii_digit).count() <= TEXT_DIGITS_MAX {
        return value.to_owned();
    }
    let mut digits = 0;
    let hide = |c: char| {
        digits += usize::from(c.is_ascii_digit());
        if c.is_ascii_digit() && digits > 2 { HIDDEN } else { c }
    };
    value.chars().map(hide).collect()
}

fn shown_digits(value: &str, shown: usize) -> Mask {
    let visible = match value.get(..shown) {
        Some(visible) if value.len() >= shown + HIDDEN_MIN => visible,
        _ => "",
    };
    Mask { masked: Some(format!("{visible}{}", dots(value.chars().count() - visible.len()))), ..Mask::default() }
}

/// The mobile country and network codes that a cell's name begins with, `456-01-17-3`; none of any other form.
fn network(cell: &str) -> Option<(&str, &str)> {
    let mut parts = cell.splitn(3, '-');
    let (mcc, mnc, _) = (parts.next()?, parts.next()?, parts.next()?);
    let is_network = mcc.len() == 3 && (2..=3).contains(&mnc.len());
    (is_network && mcc.bytes().chain(mnc.bytes()).all(|byte| byte.is_ascii_digit())).then_some((mcc, mnc))
}

/// Whether a cell's name, clear or masked, begins with the codes of its network.
pub(crate) fn names_network(cell: &str) -> bool {
    network(cell).is_some()
}

/// `456-01-17-3` shows its network, `456-01`; any other form of a cell's name shows nothing.
fn cell(value: &str) -> Mask {
    let Some((mcc, mnc)) = network(value) else { return Mask::default() };
    Mask { masked: Some(format!("{mcc}-{mnc}-{HIDDEN}")), ..Mask::default() }
}

fn dots(count: usize) -> String {
    std::iter::repeat_n(HIDDEN, count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_by_type() {
        let plans = NumberPlans::built_in();
        let check = |entity_type: &str, value: &str, expected: &str| {
            assert_eq!(mask(&plans, entity_type, value).masked.unwrap_or_default(), expected, "{entity_type} {value}");
        };
        check("caller", "+85512345678", "+85512••••••");
        check("caller", "+8613912345678", "+8613•••••••••");
        check("caller", "+66812345678", "+6681•••••••");
        check("caller", "+8551", "••••".replace("••••", "+••••").as_str());
        check("caller", "WINGBANK", "WINGBANK");
        check("caller", "012345678", "01•••••••");
        check("caller", "AB12345", "AB12•••");
        check("callee", "1188", "1188");
        check("sim", "456010123456789", "45601••••••••••");
        check("device", "35693803564380", "35693803••••••");
        check("cell", "456-01-17-3", "456-01-•");
        check("cell", "0102030405", "");
        check("trunk", "int-chn-khm-03", "");
        check("template", "9f00c2", "9f00c2");
        check("unheard-of", "+85512345678", "");
    }

    #[test]
    fn countries_prefixes_and_types() {
        let plans = NumberPlans::built_in();
        let found = mask(&plans, "caller", "+85512345678");
        assert_eq!(found.country.map(|country| country.to_string()).as_deref(), Some("KH"));
        assert_eq!(found.prefix.as_deref(), Some("+85512"));
        assert_eq!(mask(&plans, "device", "35693803564380").tac.as_deref(), Some("35693803"));
        assert_eq!(mask(&plans, "device", "3569").tac, None);
    }
}
