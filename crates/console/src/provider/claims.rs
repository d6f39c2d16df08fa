//! From what a provider says of somebody to a user of this console.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::ProviderError;
use crate::access::Role;
use crate::access::users::User;
use crate::limits::{PROVIDER_VALUES_MAX, TEXT_BYTES_MAX};

/// Before the name that a provider gives: no user of the console's own file has a colon.
const PREFIX: &str = "oidc:";
/// Longest name of a user or a person, bytes: as in the console's own file.
const NAME_BYTES_MAX: usize = 100;

/// Which claims are read.
#[derive(Clone, Debug)]
pub struct Claims {
    /// Name of the user, in the audit log.
    pub name: String,
    /// The person, as what is said under the name tells it.
    pub person: String,
    /// A text or a list of texts, which [`Grant`]s name.
    pub roles: String,
}

/// Who has a value of the claim has a role of a country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The value.
    pub value: String,
    /// What may be done.
    pub role: Role,
    /// ISO 3166-1 alpha-2: what is seen.
    pub country: String,
}

/// The claims of a token that was verified: its middle part, as it was signed.
pub(super) fn of(token: &str) -> Option<Map<String, Value>> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// The user that claims make; the first grant in the order of the configuration that fits decides.
pub(super) fn user(found: &Map<String, Value>, claims: &Claims, grants: &[Grant]) -> Result<User, ProviderError> {
    let name = line(found, &claims.name)?;
    let person = line(found, &claims.person)?;
    let values = texts(find(found, &claims.roles));
    let grant = grants.iter().find(|grant| values.contains(&grant.value.as_str()));
    let name = format!("{PREFIX}{name}");
    match grant {
        Some(grant) => Ok(User::vouched(name, person, grant.country.clone(), grant.role)),
        None => Err(ProviderError::NoRole { name }),
    }
}

/// A claim by its name, or by the names on the way to it (`realm_access.roles`).
fn find<'v>(found: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    found.get(path).or_else(|| {
        let (first, rest) = path.split_once('.')?;
        find(found.get(first)?.as_object()?, rest)
    })
}

fn line(found: &Map<String, Value>, claim: &str) -> Result<String, ProviderError> {
    let missing = |expected| ProviderError::Claim { claim: claim.to_owned(), expected };
    let text = find(found, claim).and_then(Value::as_str).ok_or_else(|| missing("a text"))?.trim();
    // Neither control characters nor marks that turn the direction of what follows, or are not seen.
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let fits = !text.is_empty() && text.len() <= NAME_BYTES_MAX && !text.chars().any(is_hidden);
    if fits { Ok(text.to_owned()) } else { Err(missing("one line of 1 to 100 bytes")) }
}

fn texts(value: Option<&Value>) -> Vec<&str> {
    let short = |text: &&str| text.len() <= TEXT_BYTES_MAX;
    match value {
        Some(Value::String(text)) => Some(text.as_str()).filter(short).into_iter().collect(),
        Some(Value::Array(values)) => {
            values.iter().take(PROVIDER_VALUES_MAX).filter_map(Value::as_str).filter(short).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_make_a_user_only_where_a_grant_says_so() {
        let claims = |roles: &str| Claims { name: "sub".into(), person: "name".into(), roles: roles.into() };
        let grant =
            |value: &str, role, country: &str| Grant { value: value.to_owned(), role, country: country.to_owned() };
        let grants = [
            grant("kh-liaison", Role::Liaison, "KH"),
            grant("kh", Role::Investigator, "KH"),
            grant("th", Role::Viewer, "TH"),
        ];
        let check = |more: Value, roles: &str, expected: &str| {
            let mut found = json!({"sub": "17", "name": "Sok Dara"});
            found.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let told = match user(found.as_object().unwrap(), &claims(roles), &grants) {
                Ok(user) => format!("{} {} {} {}", user.name, user.person, user.country, user.role.as_str()),
                Err(error) => error.to_string(),
            };
            assert!(told.contains(expected), "{told}, not {expected}");
        };
        check(json!({"groups": ["x", "kh"]}), "groups", "oidc:17 Sok Dara KH investigator");
        check(json!({"groups": "th"}), "groups", "TH viewer");
        check(json!({"groups": ["kh", "kh-liaison"]}), "groups", "KH liaison");
        check(json!({"realm_access": {"roles": ["kh"]}}), "realm_access.roles", "KH investigator");
        check(json!({"https://police.example/roles": ["kh"]}), "https://police.example/roles", "KH investigator");
        check(json!({"groups": ["KH"]}), "groups", "no role");
        check(json!({"groups": []}), "groups", "no role");
        check(json!({"groups": {"kh": true}}), "groups", "no role");
        check(json!({}), "groups", "no role");
        check(json!({"groups": "kh", "name": ""}), "groups", "claim `name`");
        check(json!({"groups": "kh", "name": null}), "groups", "claim `name`");
        check(json!({"groups": "kh", "sub": "a\nb"}), "groups", "claim `sub`");
        check(json!({"groups": "kh", "sub": "a".repeat(101)}), "groups", "claim `sub`");
        check(json!({"groups": "kh", "name": "Sok \u{202e}araD"}), "groups", "claim `name`");
    }
}
