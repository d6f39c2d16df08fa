//! A pattern pack from folders of files.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::Context as _;
use lancang_diagnostic::{Diagnostic, render};
use lancang_pattern::{Pack, PackSources, SourceFile};

use crate::exit::{Exit, Failure};
use crate::logging::colors;

/// Reads the files of a pack: `*.toml` of one folder, `*.csv` of the other.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn read(patterns: &Path, lists: &Path) -> anyhow::Result<PackSources> {
    Ok(PackSources::new(files(patterns, "toml")?, files(lists, "csv")?))
}

/// Names of the patterns of a folder: those of its files.
///
/// # Errors
/// If the folder cannot be read.
pub fn names(patterns: &Path) -> anyhow::Result<Vec<String>> {
    let stem = |file: &SourceFile| Path::new(&file.path).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    Ok(files(patterns, "toml")?.iter().filter_map(stem).collect())
}

/// Reads and compiles a pack; mistakes become one failure that shows them all.
///
/// # Errors
/// If a file cannot be read, or the pack has mistakes (exit status 78).
pub fn compile(patterns: &Path, lists: &Path) -> anyhow::Result<(PackSources, Pack)> {
    let sources = read(patterns, lists)?;
    let pack = compiled(&sources)?;
    Ok((sources, pack))
}

/// Compiles one pattern of a folder's sources by itself, with all their lists.
///
/// # Errors
/// If it has mistakes.
pub fn compile_alone(sources: &PackSources, id: &str) -> anyhow::Result<Pack> {
    let is_it = |file: &&SourceFile| Path::new(&file.path).file_stem() == Some(OsStr::new(id));
    let patterns = sources.patterns.iter().filter(is_it).cloned().collect();
    compiled(&PackSources::new(patterns, sources.lists.clone()))
}

fn compiled(sources: &PackSources) -> anyhow::Result<Pack> {
    let compiled = sources.compile();
    Ok(compiled.map_err(|mistakes| mistakes_failure(&mistakes, |path| sources.text_of(path)))?)
}

/// Reads and compiles a pack or a pattern: a folder or a file. `only` takes the one file of this name from a folder.
///
/// # Errors
/// As [`compile`].
pub fn compile_any(pattern: &Path, lists: &Path, only: Option<&OsStr>) -> anyhow::Result<Pack> {
    let mut sources = if pattern.is_dir() {
        read(pattern, lists)?
    } else {
        let text = std::fs::read_to_string(pattern).with_context(|| format!("cannot read {}", pattern.display()))?;
        let file = SourceFile { path: pattern.display().to_string(), text };
        PackSources::new(vec![file], files(lists, "csv")?)
    };
    if let Some(only) = only {
        sources.patterns.retain(|file| Path::new(&file.path).file_name() == Some(only));
    }
    compiled(&sources)
}

/// A failure that shows all mistakes with their lines.
pub fn mistakes_failure<'a>(mistakes: &[Diagnostic], text_of: impl Fn(&str) -> Option<&'a str>) -> Failure {
    let shown = render(mistakes, text_of, colors(&std::io::stderr()));
    let count = match mistakes.len() {
        1 => "1 mistake".to_owned(),
        count => format!("{count} mistakes"),
    };
    Failure::new(Exit::Configuration, format!("{shown}{count}"))
}

fn files(folder: &Path, extension: &str) -> anyhow::Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read the folder {}", folder.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read the folder {}", folder.display()))?.path();
        if path.extension().is_some_and(|found| found == extension) && path.is_file() {
            let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            files.push(SourceFile { path: path.display().to_string(), text });
        }
    }
    Ok(files)
}
