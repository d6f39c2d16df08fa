//! Dates and numbers on paper, as each language writes them.
//!
//! A table, because all that paper takes is a day, a time of the clock and whole numbers in seven languages: the libraries that know more
//! bring the data of all languages. What stands here is what Unicode's CLDR has, by way of `Intl`; `tests/pages.rs` asks `Intl` of Node.js for
//! each month and for numbers, and compares. Times are of 24 hours, and say their zone: it is UTC, as they were signed.

use lancang_alert::words::Language;

/// How a language writes days and numbers.
struct Form {
    /// Year, month and day: `{y}`, `{m}` and `{d}`.
    day: &'static str,
    /// Names of months; without any they are numbers.
    months: Option<[&'static str; 12]>,
    /// Years that its calendar is ahead.
    years_ahead: i64,
    /// Its digit zero; the nine others follow it.
    zero: char,
    /// Between groups of three digits.
    group: char,
}

const PLAIN: Form = Form { day: "{m} {d}, {y}", months: None, years_ahead: 0, zero: '0', group: ',' };

const fn form(language: Language) -> Form {
    match language {
        Language::English => Form {
            months: Some([
                "January",
                "February",
                "March",
                "April",
                "May",
                "June",
                "July",
                "August",
                "September",
                "October",
                "November",
                "December",
            ]),
            ..PLAIN
        },
        Language::Chinese => Form { day: "{y}年{m}月{d}日", ..PLAIN },
        Language::Khmer => Form {
            day: "{d} {m} {y}",
            months: Some(["មករា", "កុម្ភៈ", "មីនា", "មេសា", "ឧសភា", "មិថុនា", "កក្កដា", "សីហា", "កញ្ញា", "តុលា", "វិច្ឆិកា", "ធ្នូ"]),
            ..PLAIN
        },
        Language::Lao => Form {
            day: "{d} {m} {y}",
            months: Some([
                "ມັງກອນ",
                "ກຸມພາ",
                "ມີນາ",
                "ເມສາ",
                "ພຶດສະພາ",
                "ມິຖຸນາ",
                "ກໍລະກົດ",
                "ສິງຫາ",
                "ກັນຍາ",
                "ຕຸລາ",
                "ພະຈິກ",
                "ທັນວາ",
            ]),
            group: '.',
            ..PLAIN
        },
        Language::Burmese => Form {
            day: "{y} {m} {d}",
            months: Some([
                "ဇန်နဝါရီ",
                "ဖေဖော်ဝါရီ",
                "မတ်",
                "ဧပြီ",
                "မေ",
                "ဇွန်",
                "ဇူလိုင်",
                "ဩဂုတ်",
                "စက်တင်ဘာ",
                "အောက်တိုဘာ",
                "နိုဝင်ဘာ",
                "ဒီဇင်ဘာ",
            ]),
            zero: '၀',
            ..PLAIN
        },
        // Thailand counts years from the Buddha's death.
        Language::Thai => Form {
            day: "{d} {m} {y}",
            months: Some([
                "มกราคม",
                "กุมภาพันธ์",
                "มีนาคม",
                "เมษายน",
                "พฤษภาคม",
                "มิถุนายน",
                "กรกฎาคม",
                "สิงหาคม",
                "กันยายน",
                "ตุลาคม",
                "พฤศจิกายน",
                "ธันวาคม",
            ]),
            years_ahead: 543,
            ..PLAIN
        },
        Language::Vietnamese => Form { day: "{d} tháng {m}, {y}", group: '.', ..PLAIN },
    }
}

/// Digits of a language.
fn digits(language: Language, text: &str) -> String {
    let zero = u32::from(form(language).zero);
    let own = |digit: char| digit.to_digit(10).and_then(|value| char::from_u32(zero + value)).unwrap_or(digit);
    text.chars().map(own).collect()
}

/// A whole number.
#[must_use]
pub fn number(language: Language, number: u64) -> String {
    let plain = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in plain.chars().enumerate() {
        if place > 0 && (plain.len() - place).is_multiple_of(3) {
            grouped.push(form(language).group);
        }
        grouped.push(digit);
    }
    digits(language, &grouped)
}

/// A day, of `2026-11-29` or of what begins so; none if it begins otherwise.
#[must_use]
pub fn day(language: Language, text: &str) -> Option<String> {
    let form = form(language);
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let place = usize::try_from(month).ok().filter(|month| (1..=12).contains(month))? - 1;
    let month = form.months.map_or_else(|| month.to_string(), |months| months[place].to_owned());
    let told = form.day.replace("{y}", &(year + form.years_ahead).to_string()).replace("{d}", &day.to_string());
    Some(digits(language, &told).replace("{m}", &digits(language, &month)))
}

/// A time of RFC 3339 in UTC, to the second; none if it is none.
#[must_use]
pub fn time(language: Language, text: &str) -> Option<String> {
    let clock = text.get(11..19).filter(|_| text.ends_with('Z'))?;
    Some(format!("{} {} UTC", day(language, text)?, digits(language, clock)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["", "soon", "2026-13-01T00:00:00.000Z", "2026-11-29T07:03:09.000+07:00", "2026-11-2"] {
            assert_eq!(time(Language::Thai, text), None, "{text}");
        }
        assert_eq!(day(Language::Chinese, "2026-11-29").as_deref(), Some("2026年11月29日"));
        assert_eq!(time(Language::Burmese, "2026-11-29T07:03:09.123Z").as_deref(), Some("၂၀၂၆ နိုဝင်ဘာ ၂၉ ၀၇:၀၃:၀၉ UTC"));
    }
}
