//! Mistakes in files that people write: where, what was expected, the nearest valid name.
//!
//! - [`Diagnostic`] is one mistake; [`render`] shows several with the lines that they are in.
//! - [`toml`] reads TOML so that every mistake of a file is found at once, and unknown keys are mistakes.
//!
//! **Invariant:** a diagnostic quotes files of configuration, never records.

pub mod toml;

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// One mistake in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file, as it was named.
    pub path: String,
    /// Line, from 1; 0 if the mistake is about the whole file.
    pub line: usize,
    /// Column in characters, from 1; 0 if the mistake is about the whole file.
    pub column: usize,
    /// Dotted key (`feeds.class`) or column of a list; empty if there is none.
    pub key: String,
    /// What is wrong and what was expected.
    pub message: String,
    /// Nearest valid name, where a name was not known.
    pub nearest: Option<String>,
    /// Bytes of the text that it is about.
    pub span: Range<usize>,
}

impl Diagnostic {
    /// A mistake at `span` of `text`.
    #[must_use]
    pub fn at(path: &str, text: &str, span: Range<usize>, key: impl Into<String>, message: impl Into<String>) -> Self {
        let (line, column) = line_and_column(text, span.start);
        Self { path: path.to_owned(), line, column, key: key.into(), message: message.into(), nearest: None, span }
    }

    /// A mistake about a whole file, such as one that cannot be read.
    #[must_use]
    pub fn file(path: &str, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: 0,
            column: 0,
            key: String::new(),
            message: message.into(),
            nearest: None,
            span: 0..0,
        }
    }

    /// The same with the name among `valid` that is nearest to `found`, if one is near.
    #[must_use]
    pub fn with_nearest<'a>(mut self, found: &str, valid: impl IntoIterator<Item = &'a str>) -> Self {
        self.nearest = nearest(found, valid).map(str::to_owned);
        self
    }
}

/// `file:line:column: key: message; did you mean …`
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(nearest) = &self.nearest {
            write!(f, "; did you mean `{nearest}`?")?;
        }
        Ok(())
    }
}

/// Name among `valid` that `found` most likely meant: Jaro-Winkler similarity of at least .75 (by trial on the keys
/// of this product: one wrong, missing or swapped letter passes, another word does not).
#[must_use]
pub fn nearest<'a>(found: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const SIMILAR_MIN: f64 = 0.75;
    let mut best: Option<(f64, &str)> = None;
    for name in valid {
        let similarity = strsim::jaro_winkler(found, name);
        if similarity >= SIMILAR_MIN && best.is_none_or(|(most, _)| similarity > most) {
            best = Some((similarity, name));
        }
    }
    best.map(|(_, name)| name)
}

/// Line and column, both from 1, of a byte of `text`.
#[must_use]
pub fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |position| position + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// Shows mistakes with the lines that they are in, in the order given. `text_of` gives a file's text by its name.
#[must_use]
pub fn render<'a>(diagnostics: &[Diagnostic], text_of: impl Fn(&str) -> Option<&'a str>, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut shown = String::new();
    for diagnostic in diagnostics {
        shown.push_str(&render_one(&renderer, diagnostic, text_of(&diagnostic.path)));
        shown.push_str("\n\n");
    }
    shown
}

fn render_one(renderer: &Renderer, diagnostic: &Diagnostic, text: Option<&str>) -> String {
    let title = if diagnostic.key.is_empty() {
        diagnostic.message.clone()
    } else {
        format!("{}: {}", diagnostic.key, diagnostic.message)
    };
    let title = Level::ERROR.primary_title(title.as_str());
    let mut group = match text {
        Some(text) if diagnostic.line > 0 && diagnostic.span.end <= text.len() => {
            let annotation = AnnotationKind::Primary.span(diagnostic.span.clone());
            title.element(Snippet::source(text).path(diagnostic.path.as_str()).annotation(annotation))
        }
        _ => {
            let place = if diagnostic.line > 0 {
                format!("in {}, line {}, column {}", diagnostic.path, diagnostic.line, diagnostic.column)
            } else {
                format!("in {}", diagnostic.path)
            };
            Group::with_title(title).element(Level::NOTE.message(place))
        }
    };
    if let Some(nearest) = &diagnostic.nearest {
        group = group.element(Level::HELP.message(format!("did you mean `{nearest}`?")));
    }
    renderer.render(&[group])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_finds_slips_and_no_strangers() {
        let valid = ["bootstrap", "class", "topics", "patterns"];
        let check = |found: &str, expected: Option<&str>| assert_eq!(nearest(found, valid), expected, "{found}");
        check("boostrap", Some("bootstrap"));
        check("clas", Some("class"));
        check("topcis", Some("topics"));
        check("zebra", None);
    }

    #[test]
    fn places_count_characters() {
        assert_eq!(line_and_column("a\nខ្មែរ = 1", 2), (2, 1));
        assert_eq!(line_and_column("a\nខ = 1", 2 + "ខ".len()), (2, 2));
        assert_eq!(line_and_column("a", 99), (1, 2));
    }

    #[test]
    fn a_mistake_is_shown_with_its_line() {
        let text = "[kafka]\nboostrap = \"x\"\n";
        let mistake = Diagnostic::at("lancang.toml", text, 8..16, "kafka.boostrap", "unknown key")
            .with_nearest("boostrap", ["bootstrap"]);
        assert_eq!(mistake.to_string(), "lancang.toml:2:1: kafka.boostrap: unknown key; did you mean `bootstrap`?");
        let shown = render(&[mistake], |_| Some(text), false);
        assert!(shown.contains("boostrap = \"x\"") && shown.contains("^^^^^^^^"), "{shown}");
    }
}
