//! Who is entitled to a clear value (alerts.md, *Who can read what*): of a number the country of its code, of an IMSI that
//! of its MCC, of a device or a cell the serving network's.
//!
//! Of a victim no country is: it is the victim's current carrier, which a portability table tells ([`crate::warning`]).
//! A presented, unverified number's holder counts as a victim.

use lancang_numbering::NumberPlans;
use lancang_record::number::E164;

use crate::alert::Entity;
use crate::mask::names_network;
use crate::registry::Holder;

/// Mobile country codes of the six countries (ITU-T E.212, list of 2023).
const MOBILE_COUNTRY_CODES: [(&str, &str); 7] =
    [("414", "MM"), ("452", "VN"), ("456", "KH"), ("457", "LA"), ("460", "CN"), ("461", "CN"), ("520", "TH")];

/// Country that may read an entity's clear value; `home` is the country of the network that saw it.
#[must_use]
pub fn entitled(plans: &NumberPlans, entity_type: &str, role: &str, value: &str, home: &str) -> Option<Holder> {
    let of_number = || {
        let country = plans.lookup(value.strip_prefix('+').and_then(E164::from_digits)?).country;
        country.is_known().then(|| country.to_string())
    };
    by_type(entity_type, role, of_number, value, home)
}

/// The same of an entity as it was shared, by what everyone sees of it.
#[must_use]
pub fn entitled_of_shared(entity: &Entity, home: &str) -> Option<Holder> {
    let masked = entity.masked.as_deref().unwrap_or_default();
    by_type(&entity.entity_type, &entity.role, || entity.country.clone(), masked, home)
}

fn by_type(
    entity_type: &str,
    role: &str,
    country_of_number: impl Fn() -> Option<String>,
    value: &str,
    home: &str,
) -> Option<Holder> {
    if matches!(role, "victim" | "impersonated") {
        return None;
    }
    match entity_type {
        "caller" | "callee" | "block" => Holder::country(&country_of_number()?),
        "sim" => of_mobile_code(value),
        "device" => Holder::country(home),
        // A cell's name begins with its network's codes, or is the home network's own, whatever digits it begins with.
        "cell" if names_network(value) => of_mobile_code(value).or_else(|| Holder::country(home)),
        "cell" => Holder::country(home),
        _ => None,
    }
}

fn of_mobile_code(value: &str) -> Option<Holder> {
    let code = value.get(..3)?;
    MOBILE_COUNTRY_CODES.iter().find(|(known, _)| *known == code).and_then(|(_, country)| Holder::country(country))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entitled_countries() {
        let plans = NumberPlans::built_in();
        let check = |entity_type: &str, role: &str, value: &str, expected: &str| {
            let found = entitled(&plans, entity_type, role, value, "KH");
            assert_eq!(found.as_ref().map_or("", Holder::as_str), expected, "{entity_type} {role} {value}");
        };
        check("caller", "suspect", "+66812345678", "//TH");
        check("caller", "suspect", "+85512345678", "//KH");
        check("caller", "suspect", "WINGBANK", "");
        check("caller", "suspect", "012345678", "");
        check("caller", "impersonated", "+66812345678", "");
        check("callee", "victim", "+66812345678", "");
        check("sim", "used", "520010123456789", "//TH");
        check("sim", "used", "310010123456789", "");
        check("device", "used", "35693803564380", "//KH");
        check("cell", "used", "457-01-17-3", "//LA");
        check("cell", "used", "PNH-17-3", "//KH");
        check("cell", "used", "45217031", "//KH");
        check("cell", "used", "452-17031", "//KH");
        check("trunk", "used", "int-chn-khm-03", "");
        check("domain", "used", "example.com", "");
    }
}
