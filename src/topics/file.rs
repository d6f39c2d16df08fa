//! The file that says who meets on the exchange: `config/exchange.toml`, described in `docs/topics.md`.
//!
//! Rules: every mistake at once, with its place; a principal that can use the epoch key has no role that reads.

use std::path::Path;

use lancang_diagnostic::Diagnostic;
use lancang_diagnostic::toml::{Mistakes, Placed, Table, parse};
use lancang_kafka::acl::EVERYBODY;
use lancang_record::Country;

use crate::config::{self, Cluster};

/// Longest name of a carrier: topics' names have at most 249 characters, and people read them.
const CARRIER_LENGTH_MAX: usize = 64;

/// Who meets on the exchange.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// `[cluster]`: how an administrator reaches it.
    pub cluster: Cluster,
    /// `topics.replication`
    pub replication: i32,
    /// `topics.in_sync_min`
    pub in_sync_min: i32,
    /// `countries`: ISO 3166-1 alpha-2.
    pub countries: Vec<String>,
    /// `[[carriers]]`
    pub carriers: Vec<Carrier>,
    /// `[[principals]]`
    pub principals: Vec<Principal>,
}

/// A carrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carrier {
    /// Its `organisation` in alerts.
    pub name: String,
    /// Country.
    pub country: String,
}

/// Somebody with a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// As brokers see it: `User:CN=…,O=…,C=…`.
    pub name: String,
    /// What for.
    pub role: Role,
    /// Carrier or country that it belongs to; empty if to neither.
    pub of: String,
}

/// What somebody is on the exchange for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The relay of a carrier: writes alerts and warnings, can use the epoch key, reads nothing.
    Scoring,
    /// Writes sealed evidence of a carrier.
    Evidence,
    /// Brings feedback and keys home to a carrier.
    Courier,
    /// The fraud desk of a carrier.
    Desk,
    /// Police or a regulator of a country.
    Agency,
    /// Joins alerts to campaigns.
    Correlator,
    /// Publishes and revokes keys.
    Registrar,
    /// Sees how far behind readers are, and no record.
    Monitor,
    /// Runs the cluster: a broker or an administrator. What it may do there is not this file's.
    Administrator,
}

/// Names of the roles.
pub const ROLES: [(&str, Role); 9] = [
    ("scoring", Role::Scoring),
    ("evidence", Role::Evidence),
    ("courier", Role::Courier),
    ("desk", Role::Desk),
    ("agency", Role::Agency),
    ("correlator", Role::Correlator),
    ("registrar", Role::Registrar),
    ("monitor", Role::Monitor),
    ("administrator", Role::Administrator),
];

impl Role {
    /// Whether it can use the epoch key, and so find out whose token is in an alert that it reads.
    #[must_use]
    pub const fn uses_epoch_key(self) -> bool {
        matches!(self, Self::Scoring)
    }

    const fn is_of_carrier(self) -> bool {
        matches!(self, Self::Scoring | Self::Evidence | Self::Courier | Self::Desk)
    }
}

impl Principal {
    /// What the names of its consumer groups begin with: its carrier, its country in small letters, or its role.
    #[must_use]
    pub fn groups(&self) -> String {
        let role = ROLES.iter().find(|(_, role)| *role == self.role).map_or("", |(name, _)| name);
        let owner = if self.of.is_empty() { role.to_owned() } else { self.of.to_ascii_lowercase() };
        format!("{owner}.")
    }
}

/// Names of owners that no carrier may have, for its groups would be theirs.
const OWNERS: [&str; 3] = ["correlator", "registrar", "monitor"];

impl Exchange {
    /// Reads the text of an exchange file. `path` names it in mistakes and gives the folder that paths are relative to.
    ///
    /// # Errors
    /// Every mistake of the file, by place.
    pub fn read(path: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let mistakes = Mistakes::new(path, text);
        let document = parse(&mistakes);
        let root = Table::root(&mistakes, &document);
        let folder = Path::new(path).parent().unwrap_or(Path::new(""));
        let cluster = root.required_table("cluster").and_then(|table| config::cluster(table, folder));
        let (replication, in_sync_min) = replication(&root);
        let countries = countries(&root);
        let carriers = carriers(&root, &countries);
        let principals = principals(&root, &countries, &carriers);
        root.finish();
        match cluster {
            Some(cluster) if mistakes.is_empty() => {
                Ok(Self { cluster, replication, in_sync_min, countries, carriers, principals })
            }
            _ => Err(mistakes.into_sorted()),
        }
    }
}

/// Three replicas of which two must be there: a broker may be down while another fails.
fn replication(root: &Table<'_, '_>) -> (i32, i32) {
    let Some(table) = root.table("topics") else { return (3, 2) };
    let replication = table.integer("replication", 1..=9).map_or(3, |found| found.value as i32);
    let in_sync_min = table.integer("in_sync_min", 1..=9);
    let least = in_sync_min.as_ref().map_or(2.min(replication), |found| found.value as i32);
    if let Some(found) = in_sync_min
        && least > replication
    {
        let message = format!("with {replication} replicas nothing could be written: expected 1 to {replication}");
        table.wrong(found.span, "in_sync_min", message);
    }
    table.finish();
    (replication, least)
}

fn countries(root: &Table<'_, '_>) -> Vec<String> {
    let mut countries: Vec<String> = Vec::new();
    for country in root.required_texts("countries", "[\"KH\", \"TH\"]") {
        if Country::parse(&country.value).is_none_or(|parsed| parsed.as_str() != country.value) {
            root.wrong(country.span, "countries", "expected two capital letters of ISO 3166-1, such as \"KH\"");
        } else if countries.contains(&country.value) {
            root.wrong(country.span, "countries", format!("`{}` is there twice", country.value));
        } else {
            countries.push(country.value);
        }
    }
    countries
}

fn carriers(root: &Table<'_, '_>, countries: &[String]) -> Vec<Carrier> {
    let mut carriers: Vec<Carrier> = Vec::new();
    for table in root.tables("carriers") {
        let name = table.required_text("name").and_then(|name| carrier_name(&table, name));
        let country = table.required_text("country").and_then(|country| one_of(&table, "country", country, countries));
        let span = table.span();
        table.finish();
        let (Some(name), Some(country)) = (name, country) else { continue };
        if carriers.iter().any(|other| other.name == name) {
            root.wrong(span, "carriers.name", format!("two carriers are called `{name}`"));
        } else {
            carriers.push(Carrier { name, country });
        }
    }
    carriers
}

/// Small letters, digits and `-`: a dot would make one carrier's group names the beginning of another's, and a name of
/// two letters a country's.
fn carrier_name(table: &Table<'_, '_>, name: Placed<String>) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let length = name.value.len();
    if !(3..=CARRIER_LENGTH_MAX).contains(&length) || !name.value.bytes().all(fits) {
        let message = format!("expected 3 to {CARRIER_LENGTH_MAX} small letters, digits or `-`");
        table.wrong(name.span, "name", message);
        return None;
    }
    if OWNERS.contains(&name.value.as_str()) {
        table.wrong(name.span, "name", "this is the name of a role: expected another");
        return None;
    }
    Some(name.value)
}

fn one_of(table: &Table<'_, '_>, key: &'static str, text: Placed<String>, known: &[String]) -> Option<String> {
    if known.contains(&text.value) {
        return Some(text.value);
    }
    let message = format!("no {key} of this file is called `{}`", text.value);
    table.mistakes().unknown(text.span, table.key(key), message, &text.value, known.iter().map(String::as_str));
    None
}

fn principals(root: &Table<'_, '_>, countries: &[String], carriers: &[Carrier]) -> Vec<Principal> {
    let mut principals: Vec<Principal> = Vec::new();
    for table in root.tables("principals") {
        let span = table.span();
        let Some(principal) = principal(table, countries, carriers) else { continue };
        let same = principals.iter().filter(|other| other.name == principal.name);
        if same.clone().any(|other| *other == principal) {
            root.wrong(span, "principals.principal", format!("`{}` has this role twice", principal.name));
            continue;
        }
        if same.clone().any(|other| other.role.uses_epoch_key() != principal.role.uses_epoch_key()) {
            let message = format!(
                "`{}` can use the epoch key (role `scoring`) and would find out who is in the alerts of others: \
                 expected another principal, with a certificate of its own, for its other role",
                principal.name
            );
            root.wrong(span, "principals.role", message);
            continue;
        }
        principals.push(principal);
    }
    principals
}

fn principal(table: Table<'_, '_>, countries: &[String], carriers: &[Carrier]) -> Option<Principal> {
    let name = table.required_text("principal").and_then(|name| principal_name(&table, name));
    let role = table.name_of("role", &ROLES).map(|role| role.value);
    if role.is_none() && !table.has("role") {
        let names: Vec<&str> = ROLES.iter().map(|(name, _)| *name).collect();
        table.wrong(table.span(), "role", format!("missing: expected one of {}", names.join(", ")));
    }
    let known: Vec<String> = carriers.iter().map(|carrier| carrier.name.clone()).collect();
    let (carrier, country) = (table.text("carrier"), table.text("country"));
    let of = role.and_then(|role| {
        let carrier = belongs(&table, "carrier", carrier, role.is_of_carrier(), &known);
        let country = belongs(&table, "country", country, role == Role::Agency, countries);
        Some(carrier? + &country?)
    });
    table.finish();
    Some(Principal { name: name?, role: role?, of: of? })
}

/// The owner of a role, empty where the role has none of this kind; nothing if that is a mistake.
fn belongs(
    table: &Table<'_, '_>,
    key: &'static str,
    found: Option<Placed<String>>,
    expected: bool,
    known: &[String],
) -> Option<String> {
    match (found, expected) {
        (Some(found), true) => one_of(table, key, found, known),
        (None, false) => Some(String::new()),
        (Some(found), false) => {
            table.wrong(found.span, key, format!("this role has no {key}"));
            None
        }
        (None, true) => {
            table.wrong(table.span(), key, format!("missing: whose is it? Expected a {key} of this file"));
            None
        }
    }
}

fn principal_name(table: &Table<'_, '_>, name: Placed<String>) -> Option<String> {
    let of_somebody = name.value.strip_prefix("User:").is_some_and(|rest| !rest.trim().is_empty());
    if !of_somebody || name.value == EVERYBODY || name.value.trim() != name.value {
        let message =
            "expected the subject of a certificate as brokers see it, such as \"User:CN=relay,O=mekong-mobile,C=KH\"";
        table.wrong(name.span, "principal", message);
        return None;
    }
    Some(name.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "countries = [\"KH\", \"TH\"]\n[cluster]\nbootstrap = \"b:1\"\n\
        [[carriers]]\nname = \"mekong-mobile\"\ncountry = \"KH\"\n\
        [[principals]]\nprincipal = \"User:CN=relay\"\nrole = \"scoring\"\ncarrier = \"mekong-mobile\"\n";

    #[test]
    fn a_short_file_is_enough() {
        let exchange = Exchange::read("exchange.toml", GOOD).unwrap();
        assert_eq!((exchange.replication, exchange.in_sync_min), (3, 2));
        assert_eq!(exchange.principals[0].groups(), "mekong-mobile.");
        assert!(exchange.principals[0].role.uses_epoch_key());
    }

    #[test]
    fn every_mistake_has_a_place_and_a_word() {
        let check = |addition: &str, expected: &str| {
            let found = Exchange::read("e.toml", &format!("{GOOD}{addition}")).unwrap_err();
            let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert!(shown.iter().any(|line| line.contains(expected)), "{addition}: {shown:?}");
        };
        let principal = |more: &str| format!("[[principals]]\nprincipal = \"User:CN=x\"\n{more}");
        check("[[carriers]]\nname = \"kh\"\ncountry = \"KH\"\n", "expected 3 to 64 small letters");
        check("[[carriers]]\nname = \"mekong.mobile\"\ncountry = \"KH\"\n", "expected 3 to 64 small letters");
        check("[[carriers]]\nname = \"registrar\"\ncountry = \"KH\"\n", "the name of a role");
        check("[[carriers]]\nname = \"mekong-mobile\"\ncountry = \"TH\"\n", "two carriers are called");
        check("[[carriers]]\nname = \"other\"\ncountry = \"VN\"\n", "no country of this file is called `VN`");
        check("[[carriers]]\nnme = \"other\"\n", "did you mean `name`?");
        check(&principal("role = \"agencey\"\n"), "did you mean `agency`?");
        check(&principal("role = \"agency\"\n"), "whose is it? Expected a country of this file");
        check(&principal("role = \"monitor\"\ncountry = \"KH\"\n"), "this role has no country");
        check(&principal("role = \"desk\"\ncarrier = \"mekong-mobil\"\n"), "did you mean `mekong-mobile`?");
        check(&principal(""), "missing: expected one of scoring, ");
        check("[topics]\nreplication = 1\nin_sync_min = 2\n", "nothing could be written: expected 1 to 1");
        for bad in ["CN=relay", "User:", "User:*", "User:CN=x "] {
            check(&format!("[[principals]]\nprincipal = \"{bad}\"\nrole = \"monitor\"\n"), "subject of a certificate");
        }
        let relay_reads =
            "[[principals]]\nprincipal = \"User:CN=relay\"\nrole = \"desk\"\ncarrier = \"mekong-mobile\"\n";
        check(relay_reads, "e.toml:11:1: principals.role: `User:CN=relay` can use the epoch key");
        let twice = "[[principals]]\nprincipal = \"User:CN=relay\"\nrole = \"scoring\"\ncarrier = \"mekong-mobile\"\n";
        check(twice, "has this role twice");
    }
}
