//! `[console.oidc]`: from text to checked values.

use std::path::{Path, PathBuf};

use lancang_alert::handling::COUNTRIES;
use lancang_console::access::Role;
use lancang_console::provider::{Claims, Grant};
use lancang_diagnostic::toml::Table;

use super::Oidc;
use super::relay::secret;

/// Where most Linux systems have the authorities that they believe.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

pub(super) fn oidc(console: &Table<'_, '_>, folder: &Path, (has_tls, is_desk): (bool, bool)) -> Option<Oidc> {
    let table = console.table("oidc")?;
    let issuer = address(&table, "issuer", "https://login.example/realms/police");
    let own = address(&table, "address", "https://console.example");
    if own.as_ref().is_some_and(|own| own.starts_with("https://") != has_tls) {
        let message =
            "expected an address of the console as browsers have it: https:// with `tls_certificate`, http:// without";
        table.wrong(table.span(), "address", message);
    }
    let client_id = table.required_text("client_id");
    let client_secret = secret(&table, folder, ["client_secret_file", "client_secret_env", "client_secret_command"]);
    let or = |key, default: &str| table.text(key).map_or_else(|| default.to_owned(), |found| found.value);
    let claims = Claims {
        name: or("name_claim", "sub"),
        person: or("person_claim", "name"),
        roles: or("roles_claim", "groups"),
    };
    let title = or("title", issuer.as_deref().map_or("", host));
    let scopes: Vec<String> = match table.has("scopes") {
        true => table.texts("scopes").into_iter().map(|scope| scope.value).collect(),
        false => {
            let _ = table.texts("scopes");
            vec!["profile".to_owned()]
        }
    };
    let authorities =
        table.text("authorities").map_or_else(|| PathBuf::from(AUTHORITIES), |path| folder.join(path.value));
    let grants = grants(&table, is_desk);
    table.finish();
    let (issuer, client_id, address) = (issuer?, client_id?.value, own?);
    Some(Oidc { title, issuer, client_id, client_secret, address, scopes, claims, grants, authorities })
}

/// `[[console.oidc.roles]]`: nobody has a role but by one of them.
fn grants(oidc: &Table<'_, '_>, is_desk: bool) -> Vec<Grant> {
    let mut grants = Vec::new();
    for table in oidc.tables("roles") {
        let value = table.required_text("value");
        let names: Vec<(&str, Role)> = Role::of(is_desk).map(|role| (role.as_str(), role)).collect();
        let role = table.name_of("role", &names);
        if !table.has("role") {
            let names: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
            table.wrong(table.span(), "role", format!("missing: expected {}", names.join(", ")));
        }
        let country = table.required_text("country");
        if let Some(country) = country.as_ref().filter(|country| !COUNTRIES.contains(&country.value.as_str())) {
            table.wrong(country.span.clone(), "country", "expected one of the six countries, such as \"KH\"");
        }
        if let (Some(value), Some(role), Some(country)) = (value, role, country) {
            grants.push(Grant { value: value.value, role: role.value, country: country.value });
        }
        table.finish();
    }
    grants
}

/// An address without a slash at its end where it is the console's own; a provider's is as its tokens have it.
fn address(table: &Table<'_, '_>, key: &'static str, such_as: &str) -> Option<String> {
    let text = table.required_text(key)?;
    let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    let is_local = local.iter().any(|local| text.value.strip_prefix(local).is_some_and(is_end_of_host));
    let is_one = is_local || text.value.strip_prefix("https://").is_some_and(|rest| !rest.is_empty());
    let is_own = key == "address";
    if !is_one || (is_own && text.value.ends_with('/')) {
        let end = if is_own { ", without a `/` at its end" } else { ", exactly as its tokens name it" };
        let message = format!("expected an address such as \"{such_as}\"{end}; http:// is for this machine alone");
        table.wrong(text.span, key, message);
        return None;
    }
    Some(text.value)
}

fn is_end_of_host(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([':', '/'])
}

/// The host of an address.
fn host(address: &str) -> &str {
    address.split("//").nth(1).and_then(|rest| rest.split(['/', ':']).next()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::config::ConsoleFile;

    const ROOTS: &str = "[keys]\nroots = [\"lancang-root-public-v1 d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a\"]\n";

    fn read(oidc: &str) -> Result<crate::config::Oidc, String> {
        let text =
            format!("[exchange]\nbootstrap = \"e:9093\"\n{ROOTS}[console]\ncountry = \"KH\"\n[console.oidc]\n{oidc}");
        let file = ConsoleFile::read("etc/console.toml", &text);
        let file = file.map_err(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
        Ok(file.console.oidc.unwrap())
    }

    #[test]
    fn a_provider_gives_nobody_a_role_but_whom_the_file_names() {
        let issuer = "issuer = \"https://login.example/realms/police\"\nclient_id = \"lancang\"\n";
        let head = format!("{issuer}address = \"http://127.0.0.1:8600\"\n");
        let plain = read(&head).unwrap();
        assert!(plain.grants.is_empty() && plain.client_secret.is_none());
        assert_eq!((plain.title.as_str(), plain.scopes), ("login.example", vec!["profile".to_owned()]));
        assert_eq!((plain.claims.name.as_str(), plain.claims.roles.as_str()), ("sub", "groups"));
        let role = "[[console.oidc.roles]]\nvalue = \"kh\"\nrole = \"liaison\"\ncountry = \"KH\"\n";
        let known = read(&format!("{head}client_secret_file = \"s\"\n{role}")).unwrap();
        assert_eq!(known.grants.len(), 1);
        let check = |text: &str, expected: &str| {
            let found = read(text).unwrap_err();
            assert!(found.contains(expected), "{found}");
        };
        check("", "issuer");
        check(&format!("{issuer}address = \"https://console.example\"\n"), "https:// with `tls_certificate`");
        check(&head.replace(":8600", ":8600/"), "without a `/` at its end");
        check(&head.replace("https://login", "http://login"), "http:// is for this machine alone");
        check(&head.replace("https://login.example", "http://127.0.0.1.evil.example"), "http:// is for this machine");
        check(&format!("{head}client_secret = \"hunter2\"\n"), "did you mean `client_secret_");
        check(&format!("{head}{}", role.replace("liaison", "chief")), "role");
        check(&format!("{head}{}", role.replace("\"KH\"", "\"XX\"")), "one of the six countries");
        check(&format!("{head}{}", role.replace("role = \"liaison\"\n", "")), "expected viewer, investigator");
    }
}
