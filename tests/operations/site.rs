//! The site of docs/, as its own builder makes it: every page is there, and every link and every place within a page that it leads to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use mdbook_driver::MDBook;

use crate::installed::root;

/// Values of an attribute in a page, of those that are written with double quotes.
fn values<'t>(html: &'t str, attribute: &'t str) -> impl Iterator<Item = &'t str> {
    let start = format!(" {attribute}=\"");
    html.match_indices(&start)
        .map(|(at, _)| at)
        .collect::<Vec<_>>()
        .into_iter()
        .filter_map(move |at| html[at + attribute.len() + 3..].split_once('"').map(|(value, _)| value))
}

/// Every page of a built site, with its text.
fn built(folder: &Path) -> BTreeMap<PathBuf, String> {
    let (mut pages, mut folders) = (BTreeMap::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "html") {
                let text = std::fs::read_to_string(&entry).unwrap();
                pages.insert(entry, text);
            }
        }
    }
    pages
}

/// Path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == std::path::Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

#[test]
fn the_site_builds_and_every_link_of_it_leads_somewhere() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = MDBook::load(root().join("docs")).unwrap();
    book.config.build.build_dir = folder.path().to_path_buf();
    book.build().unwrap();
    let pages = built(folder.path());
    let summary = std::fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    let listed = summary.matches(".md)").count();
    // Besides: one of what was not found, one to print, and where another name is led on.
    assert!(pages.len() > listed, "{} pages of {listed}", pages.len());
    let named: BTreeMap<&Path, BTreeSet<&str>> =
        pages.iter().map(|(path, html)| (path.as_path(), values(html, "id").collect())).collect();
    let mut lost = BTreeSet::new();
    for (path, html) in pages.iter().filter(|(path, _)| !path.ends_with("404.html") && !path.ends_with("print.html")) {
        for link in values(html, "href").filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
            let (target, place) = link.split_once('#').unwrap_or((link, ""));
            let target = if target.is_empty() { path.clone() } else { plain(&path.parent().unwrap().join(target)) };
            let is_there = match named.get(target.as_path()) {
                Some(named) => place.is_empty() || named.contains(place),
                None => target.exists(),
            };
            if !is_there {
                lost.insert(format!("{} → {link}", path.strip_prefix(folder.path()).unwrap().display()));
            }
        }
    }
    assert!(lost.is_empty(), "{lost:#?}");
}
