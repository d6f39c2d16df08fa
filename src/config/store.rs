//! `[store]`: from text to checked values.

use std::path::{Path, PathBuf};

use lancang_diagnostic::toml::{Placed, Table};

use super::read::name_or;
use super::relay::{required_secret, secret};
use super::{Bucket, Store};

const ACCESS_KEY: [&str; 3] = ["access_key_file", "access_key_env", "access_key_command"];
const SECRET_KEY: [&str; 3] = ["secret_key_file", "secret_key_env", "secret_key_command"];

pub(super) fn store(root: &Table<'_, '_>, folder: &Path) -> Store {
    let Some(table) = root.table("store") else {
        return Store { folder: folder.join("state"), bucket: None };
    };
    let place = table.text("folder").map_or_else(|| folder.join("state"), |text| folder.join(text.value));
    let bucket = bucket(&table, folder);
    table.finish();
    Store { folder: place, bucket }
}

fn bucket(table: &Table<'_, '_>, folder: &Path) -> Option<Bucket> {
    let place = table.text("url").and_then(|url| place(table, &url));
    let endpoint = table.text("endpoint").map(|text| checked_endpoint(table, text));
    let region = name_or(table, "region", "us-east-1");
    let authorities: Option<PathBuf> = table.text("ca").map(|path| folder.join(path.value));
    let keys = [ACCESS_KEY, SECRET_KEY].map(|names| {
        if table.has("url") { required_secret(table, folder, names) } else { secret(table, folder, names) }
    });
    if !table.has("url") {
        let others = [&ACCESS_KEY[..], &SECRET_KEY[..], &["endpoint", "region", "ca"]].concat();
        for key in others.into_iter().filter(|key| table.has(key)) {
            table.wrong(table.span(), key, "only a store with a `url` takes it");
        }
        return None;
    }
    let (name, prefix) = place?;
    let [access_key, secret_key] = keys;
    Some(Bucket { name, prefix, endpoint, region, authorities, access_key: access_key?, secret_key: secret_key? })
}

/// Name of the bucket and what stands before all names in it.
fn place(table: &Table<'_, '_>, url: &Placed<String>) -> Option<(String, String)> {
    let rest = url.value.strip_prefix("s3://").unwrap_or_default();
    let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let fits = |text: &str, more: &[u8]| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte));
    // Names of buckets by the rules of S3; a prefix of characters that are the same in every address.
    let is_bucket = (3..=63).contains(&name.len()) && fits(name, b"-.");
    let prefix = prefix.trim_end_matches('/');
    let is_prefix = prefix.is_empty() || prefix.split('/').all(|part| !part.is_empty() && fits(part, b"-._"));
    if !is_bucket || !is_prefix {
        table.wrong(
            url.span.clone(),
            "url",
            "expected a bucket and a prefix in it, such as \"s3://lancang/phnom-penh\"",
        );
        return None;
    }
    Some((name.to_owned(), prefix.to_owned()))
}

fn checked_endpoint(table: &Table<'_, '_>, text: Placed<String>) -> String {
    let rest = text.value.strip_prefix("https://").or_else(|| text.value.strip_prefix("http://")).unwrap_or_default();
    // What stands before an `@` would be a password.
    if rest.is_empty() || rest.contains(['@', '/', '?', '#', ' ']) {
        table.wrong(
            text.span,
            "endpoint",
            "expected an address without a path, such as \"https://minio.example:9000\"",
        );
    }
    text.value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::secret::Secret;

    const HEAD: &str = "[[operators]]\ncountry = \"KH\"\norganisation = \"mekong-mobile\"\nnode = \"pnh-1\"\n\
        own = [\"+85512\"]\n[kafka]\nbootstrap = \"127.0.0.1:9092\"\n[[feeds]]\nname = \"voice\"\ntopics = [\"cdr.voice\"]\n[store]\n";
    const KEYS: &str = "access_key_file = \"id\"\nsecret_key_env = \"S3_SECRET\"\n";

    #[test]
    fn a_bucket_has_a_place_and_keys_that_lie_elsewhere() {
        let text = format!(
            "{HEAD}{KEYS}url = \"s3://lancang/phnom/penh/\"\nendpoint = \"https://minio:9000\"\nca = \"ca.pem\"\n"
        );
        let store = Config::read("etc/lancang.toml", &text).unwrap().store;
        assert_eq!(store.folder, PathBuf::from("etc/state"));
        let bucket = store.bucket.unwrap();
        assert_eq!((bucket.name.as_str(), bucket.prefix.as_str()), ("lancang", "phnom/penh"));
        assert_eq!(bucket.region, "us-east-1");
        assert_eq!(bucket.access_key, Secret::File("etc/id".into()));
        assert_eq!(bucket.secret_key, Secret::Env("S3_SECRET".to_owned()));
    }

    #[test]
    fn every_mistake_of_it_is_told() {
        let check = |addition: &str, expected: &str| {
            let found = Config::read("c.toml", &format!("{HEAD}{addition}")).unwrap_err();
            let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert!(shown.iter().any(|line| line.contains(expected)), "{addition}: {shown:?}");
        };
        check("url = \"s3://lancang\"\n", "store.access_key_file: expected one of `access_key_file`");
        check("url = \"s3://lancang\"\nsecret_key = \"x\"\n", "unknown key; did you mean `secret_key_");
        for url in ["lancang", "gs://lancang", "s3://", "s3://lancang//a", "s3://lan cang", "s3://lancang/a b"] {
            check(&format!("url = \"{url}\"\n{KEYS}"), "store.url: expected a bucket and a prefix");
        }
        for endpoint in ["minio:9000", "https://", "https://key:secret@minio", "https://minio/path"] {
            let text = format!("url = \"s3://lancang\"\nendpoint = \"{endpoint}\"\n{KEYS}");
            check(&text, "store.endpoint: expected an address without a path");
        }
        check("endpoint = \"https://minio\"\n", "store.endpoint: only a store with a `url` takes it");
        check(KEYS, "store.access_key_file: only a store with a `url` takes it");
    }
}
