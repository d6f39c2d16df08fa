//! The page's built files, in the binary: `crates/console/pages` says what they are made of.

use std::io::Write as _;

use axum::body::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use lancang_alert::hex;
use sha2::{Digest as _, Sha256};

/// Files of the folder `pages/built`; a test compares them with it.
pub const FILES: &[(&str, &[u8])] = &[
    ("index.html", include_bytes!("../pages/built/index.html")),
    ("app.js", include_bytes!("../pages/built/app.js")),
    ("app.css", include_bytes!("../pages/built/app.css")),
    ("icon.svg", include_bytes!("../pages/built/icon.svg")),
    ("land.json", include_bytes!("../pages/built/land.json")),
    ("fonts/khmer-400.woff2", include_bytes!("../pages/built/fonts/khmer-400.woff2")),
    ("fonts/khmer-600.woff2", include_bytes!("../pages/built/fonts/khmer-600.woff2")),
    ("fonts/khmer-license.txt", include_bytes!("../pages/built/fonts/khmer-license.txt")),
    ("fonts/lao-400.woff2", include_bytes!("../pages/built/fonts/lao-400.woff2")),
    ("fonts/lao-600.woff2", include_bytes!("../pages/built/fonts/lao-600.woff2")),
    ("fonts/lao-license.txt", include_bytes!("../pages/built/fonts/lao-license.txt")),
    ("fonts/myanmar-400.woff2", include_bytes!("../pages/built/fonts/myanmar-400.woff2")),
    ("fonts/myanmar-600.woff2", include_bytes!("../pages/built/fonts/myanmar-600.woff2")),
    ("fonts/myanmar-license.txt", include_bytes!("../pages/built/fonts/myanmar-license.txt")),
    ("fonts/thai-400.woff2", include_bytes!("../pages/built/fonts/thai-400.woff2")),
    ("fonts/thai-600.woff2", include_bytes!("../pages/built/fonts/thai-600.woff2")),
    ("fonts/thai-license.txt", include_bytes!("../pages/built/fonts/thai-license.txt")),
    ("locales/en.ftl", include_bytes!("../pages/built/locales/en.ftl")),
    ("locales/km.ftl", include_bytes!("../pages/built/locales/km.ftl")),
    ("locales/lo.ftl", include_bytes!("../pages/built/locales/lo.ftl")),
    ("locales/my.ftl", include_bytes!("../pages/built/locales/my.ftl")),
    ("locales/th.ftl", include_bytes!("../pages/built/locales/th.ftl")),
    ("locales/vi.ftl", include_bytes!("../pages/built/locales/vi.ftl")),
    ("locales/zh-Hans.ftl", include_bytes!("../pages/built/locales/zh-Hans.ftl")),
];

/// A file as it is served.
#[derive(Debug)]
pub(crate) struct Asset {
    pub(crate) bytes: &'static [u8],
    /// The same, compressed with gzip.
    pub(crate) packed: Bytes,
    pub(crate) etag: String,
    pub(crate) content_type: &'static str,
}

/// All files.
#[derive(Debug)]
pub(crate) struct Assets(Vec<(&'static str, Asset)>);

impl Assets {
    /// Compresses each of them once.
    pub(crate) fn pack() -> Self {
        let asset = |(name, bytes): &(&'static str, &'static [u8])| {
            let etag = format!("\"{}\"", &hex::encode(&Sha256::digest(bytes))[..32]);
            (*name, Asset { bytes, packed: packed(bytes), etag, content_type: content_type(name) })
        };
        Self(FILES.iter().map(asset).collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Asset> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, asset)| asset)
    }
}

fn packed(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Into memory nothing fails.
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    packed.unwrap_or_default().into()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        "ftl" | "txt" => "text/plain; charset=utf-8",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &std::path::Path, prefix: &str, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
            if path.is_dir() {
                files(&path, &format!("{name}/"), found);
            } else {
                found.push(name);
            }
        }
    }

    #[test]
    fn every_built_file_is_served_and_no_other() {
        let mut found = Vec::new();
        files(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/pages/built")), "", &mut found);
        found.sort();
        let mut listed: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        listed.sort_unstable();
        assert_eq!(found, listed);
        assert!(Assets::pack().0.iter().all(|(_, asset)| asset.content_type != "application/octet-stream"));
    }
}
