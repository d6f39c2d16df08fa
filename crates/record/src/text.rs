//! From the text of a message to its template and domain; the text itself goes no further.
//!
//! The template is a fingerprint of the text with what differs from copy to copy masked: links, digits of any script,
//! and white space; letters are folded to lower case. Two copies of one campaign's text that differ in amount, code or
//! link have one template. 16 hexadecimal digits of xxh3: short enough for a log, wide enough for a country's texts.

use xxhash_rust::xxh3::xxh3_64;

/// Fingerprint of a text; `None` for one without a letter or digit.
#[must_use]
pub fn template(text: &str) -> Option<String> {
    let mut masked = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !masked.is_empty() {
            masked.push(' ');
        }
        if host(word).is_some() {
            masked.push('\u{1}');
            continue;
        }
        mask_word(word, &mut masked);
    }
    masked.chars().any(char::is_alphanumeric).then(|| format!("{:016x}", xxh3_64(masked.as_bytes())))
}

fn mask_word(word: &str, masked: &mut String) {
    let mut digits = false;
    for character in word.chars().flat_map(char::to_lowercase) {
        if character.is_numeric() {
            if !digits {
                masked.push('0');
            }
            digits = true;
        } else {
            digits = false;
            masked.push(character);
        }
    }
}

/// Registrable domain of the first link in a text, lower case.
#[must_use]
pub fn domain(text: &str) -> Option<String> {
    text.split_whitespace().filter_map(host).find_map(|host| registrable(&host))
}

fn registrable(host: &str) -> Option<String> {
    let found = psl::domain(host.as_bytes())?;
    String::from_utf8(found.as_bytes().to_vec()).ok()
}

/// Host of a word that is a link: with a scheme, or a name whose last label is a known public suffix.
fn host(word: &str) -> Option<String> {
    let lower = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let (rest, scheme) = match lower.split_once("://") {
        Some((scheme, rest)) if scheme.ends_with("http") || scheme.ends_with("https") => (rest, true),
        _ => (lower.as_str(), false),
    };
    let end = rest.find(['/', '?', '#', ':']).unwrap_or(rest.len());
    let host = rest[..end].trim_end_matches('.');
    let labels = host.split('.').count();
    let shape = labels >= 2 && host.split('.').all(|label| !label.is_empty() && label.chars().all(label_character));
    let known = psl::suffix(host.as_bytes()).is_some_and(|suffix| suffix.is_known());
    let letters = host.chars().any(|character| character.is_alphabetic());
    (shape && letters && (scheme || known)).then(|| host.to_owned())
}

fn label_character(character: char) -> bool {
    character.is_alphanumeric() || character == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_one_text_have_one_template() {
        let same = |a: &str, b: &str| assert_eq!(template(a), template(b), "{a} / {b}");
        same("Your code is 1234. Pay $20 at http://a.example/x", "your CODE is 99.  Pay $5 at https://b.example");
        same("លេខកូដ ១២៣", "លេខកូដ ៤៥");
        assert_ne!(template("Your parcel waits"), template("Your prize waits"));
        assert_eq!(template(" \n"), None);
        assert_eq!(template("x").map(|template| template.len()), Some(16));
    }

    #[test]
    fn links_give_their_registrable_domain() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(domain(text).as_deref(), expected, "{text}");
        check("Verify now: http://wing-secure.pay.co.th/v?a=1 today", Some("pay.co.th"));
        check("see (bit.ly/2xY).", Some("bit.ly"));
        check("Meet at 10.30, ok.thanks", None);
        check("1.234.567 riel", None);
        check("WWW.Example.COM:8080/x", Some("example.com"));
        check("ចុច https://abc.com.kh/ឥឡូវ", Some("abc.com.kh"));
    }
}
