//! Reads a TOML file so that all its mistakes are found at once.
//!
//! A [`Table`] is asked for its keys one by one; each answer that is missing or of the wrong form is a
//! [`Diagnostic`] in the file's [`Mistakes`] and reading goes on. [`Table::finish`] makes every key that nobody asked
//! for a mistake, with the nearest key that exists.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::Diagnostic;

/// A value and the bytes of the file that it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Range<usize>,
}

/// Form of a value, as a reader asks for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// A text.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number from one to another.
    Integer(i64, i64),
    /// A list of such numbers.
    Integers(i64, i64),
    /// A number.
    Number,
    /// A length of time.
    Duration,
    /// One of these names.
    Names(Vec<String>),
    /// A list of texts.
    Texts,
    /// A table.
    Table,
    /// A list of tables.
    Tables,
    /// Of any form, and it must be there.
    Required,
}

/// Places of keys, each part of a dotted name by itself, and the forms that are asked for there.
pub type Asked = BTreeSet<(Vec<String>, Form)>;

thread_local! {
    static ASKED: RefCell<Option<Asked>> = const { RefCell::new(None) };
}

/// Everything that `read` asks files for: the place of each key and the form that is expected there. `*` is a key whose
/// name is free. It is how schemas are made of the readers themselves.
pub fn asked<T>(read: impl FnOnce() -> T) -> Asked {
    ASKED.set(Some(BTreeSet::new()));
    drop(read());
    ASKED.take().unwrap_or_default()
}

/// Mistakes found in one file so far.
#[derive(Debug)]
pub struct Mistakes<'t> {
    path: &'t str,
    text: &'t str,
    found: RefCell<Vec<Diagnostic>>,
}

impl<'t> Mistakes<'t> {
    /// None yet.
    #[must_use]
    pub fn new(path: &'t str, text: &'t str) -> Self {
        Self { path, text, found: RefCell::new(Vec::new()) }
    }

    /// Adds one at `span`.
    pub fn push(&self, span: Range<usize>, key: impl Into<String>, message: impl Into<String>) {
        self.add(Diagnostic::at(self.path, self.text, span, key, message));
    }

    /// Adds one about a name that is not known.
    pub fn unknown<'a>(
        &self,
        span: Range<usize>,
        key: impl Into<String>,
        message: impl Into<String>,
        found: &str,
        valid: impl IntoIterator<Item = &'a str>,
    ) {
        self.add(Diagnostic::at(self.path, self.text, span, key, message).with_nearest(found, valid));
    }

    /// Adds one that is made already.
    pub fn add(&self, diagnostic: Diagnostic) {
        self.found.borrow_mut().push(diagnostic);
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// All of them, by place.
    #[must_use]
    pub fn into_sorted(self) -> Vec<Diagnostic> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|diagnostic| diagnostic.span.start);
        found
    }
}

/// Parses the text of a file; what is no TOML is a mistake and the rest is read all the same.
#[must_use]
pub fn parse<'t>(mistakes: &Mistakes<'t>) -> Spanned<DeTable<'t>> {
    let (table, errors) = DeTable::parse_recoverable(mistakes.text);
    for error in errors {
        mistakes.push(error.span().unwrap_or(0..0), "", format!("not TOML: {}", error.message()));
    }
    table
}

/// A key whose name is free, in [`asked`].
const ANY: &str = "*";

/// One table of a file, being read.
#[derive(Debug)]
pub struct Table<'f, 't> {
    mistakes: &'f Mistakes<'t>,
    table: &'f DeTable<'t>,
    span: Range<usize>,
    name: String,
    /// The name with `*` where it is free.
    place: Vec<String>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'f, 't> Table<'f, 't> {
    /// The table at the top of the file.
    #[must_use]
    pub fn root(mistakes: &'f Mistakes<'t>, table: &'f Spanned<DeTable<'t>>) -> Self {
        let (name, place) = (String::new(), Vec::new());
        Self { mistakes, table: table.get_ref(), span: 0..0, name, place, asked: RefCell::default() }
    }

    /// Notes what is asked for, if somebody wants to know ([`asked`]).
    fn note(&self, key: &str, form: impl FnOnce() -> Form) {
        ASKED.with_borrow_mut(|asked| {
            let Some(asked) = asked else { return };
            let place = self.place.iter().map(String::as_str).chain([key]).map(str::to_owned).collect();
            asked.insert((place, form()));
        });
    }

    /// The file's mistakes.
    #[must_use]
    pub const fn mistakes(&self) -> &'f Mistakes<'t> {
        self.mistakes
    }

    /// Where the table stands.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Dotted name of one of its keys.
    #[must_use]
    pub fn key(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    /// Adds a mistake about one of its keys.
    pub fn wrong(&self, span: Range<usize>, key: &str, message: impl Into<String>) {
        self.mistakes.push(span, self.key(key), message);
    }

    /// Whether the key is there.
    #[must_use]
    pub fn has(&self, key: &'static str) -> bool {
        self.get(key).is_some()
    }

    /// Whether the key holds a text.
    #[must_use]
    pub fn holds_text(&self, key: &'static str) -> bool {
        self.get(key).is_some_and(|value| value.get_ref().as_str().is_some())
    }

    fn get(&self, key: &'static str) -> Option<&'f Spanned<DeValue<'t>>> {
        self.asked.borrow_mut().push(key);
        self.table.get(key)
    }

    fn typed<T>(
        &self,
        key: &'static str,
        expected: &str,
        read: impl FnOnce(&'f DeValue<'t>) -> Option<T>,
    ) -> Option<Placed<T>> {
        let value = self.get(key)?;
        let read = read(value.get_ref());
        if read.is_none() {
            self.wrong(
                value.span(),
                key,
                format!("expected {expected}, found {}", article(value.get_ref().type_str())),
            );
        }
        read.map(|found| Placed { value: found, span: value.span() })
    }

    fn required<T>(&self, key: &'static str, expected: &str, found: Option<Placed<T>>) -> Option<Placed<T>> {
        self.note(key, || Form::Required);
        if found.is_none() && !self.table.contains_key(key) {
            self.wrong(self.span.clone(), key, format!("missing: expected {expected}"));
        }
        found
    }

    /// A text, if it is there.
    #[must_use]
    pub fn text(&self, key: &'static str) -> Option<Placed<String>> {
        self.note(key, || Form::Text);
        self.typed(key, "a text in quotes", |value| value.as_str().map(str::to_owned))
    }

    /// A text that must be there.
    #[must_use]
    pub fn required_text(&self, key: &'static str) -> Option<Placed<String>> {
        let found = self.text(key);
        self.required(key, "a text in quotes", found)
    }

    /// `true` or `false`, if it is there.
    #[must_use]
    pub fn boolean(&self, key: &'static str) -> Option<Placed<bool>> {
        self.note(key, || Form::Boolean);
        self.typed(key, "true or false", DeValue::as_bool)
    }

    /// A whole number within `range`, if it is there.
    #[must_use]
    pub fn integer(&self, key: &'static str, range: std::ops::RangeInclusive<i64>) -> Option<Placed<i64>> {
        self.note(key, || Form::Integer(*range.start(), *range.end()));
        let expected = whole_number(&range);
        let found = self.typed(key, &expected, read_integer)?;
        if !range.contains(&found.value) {
            self.wrong(found.span, key, format!("expected {expected}, found {}", found.value));
            return None;
        }
        Some(found)
    }

    /// A whole number within `range` that must be there.
    #[must_use]
    pub fn required_integer(&self, key: &'static str, range: std::ops::RangeInclusive<i64>) -> Option<Placed<i64>> {
        let expected = whole_number(&range);
        let found = self.integer(key, range);
        self.required(key, &expected, found)
    }

    /// A list of whole numbers within `range`; empty if it is not there.
    #[must_use]
    pub fn integers(&self, key: &'static str, range: std::ops::RangeInclusive<i64>) -> Vec<Placed<i64>> {
        self.note(key, || Form::Integers(*range.start(), *range.end()));
        let Some(list) = self.typed(key, "a list of whole numbers", DeValue::as_array) else {
            return Vec::new();
        };
        let mut integers = Vec::new();
        for item in list.value.iter() {
            let read = item.get_ref().as_integer().and_then(|integer| integer.as_str().parse().ok());
            match read.filter(|value| range.contains(value)) {
                Some(value) => integers.push(Placed { value, span: item.span() }),
                None => self.wrong(
                    item.span(),
                    key,
                    format!("expected whole numbers from {} to {}", range.start(), range.end()),
                ),
            }
        }
        integers
    }

    /// A number, whole or not, if it is there.
    #[must_use]
    pub fn number(&self, key: &'static str) -> Option<Placed<f64>> {
        self.note(key, || Form::Number);
        self.typed(key, "a number", |value| {
            let text = match value {
                DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
                DeValue::Float(float) => float.as_str(),
                _ => return None,
            };
            text.replace('_', "").parse().ok()
        })
    }

    /// A number that must be there.
    #[must_use]
    pub fn required_number(&self, key: &'static str) -> Option<Placed<f64>> {
        let found = self.number(key);
        self.required(key, "a number", found)
    }

    /// A length of time (`500ms`, `10s`, `45m`, `6h`, `30d`) in milliseconds, if it is there.
    #[must_use]
    pub fn duration_ms(&self, key: &'static str) -> Option<Placed<i64>> {
        self.note(key, || Form::Duration);
        let text = self.text(key)?;
        let read = parse_duration_ms(&text.value);
        if read.is_none() {
            let message = format!("expected a length of time such as `10s`, `45m` or `6h`, found `{}`", text.value);
            self.wrong(text.span.clone(), key, message);
        }
        read.map(|value| Placed { value, span: text.span })
    }

    /// One of some names, if it is there.
    #[must_use]
    pub fn name_of<T: Copy>(&self, key: &'static str, names: &[(&str, T)]) -> Option<Placed<T>> {
        self.note(key, || Form::Names(names.iter().map(|(name, _)| (*name).to_owned()).collect()));
        let text = self.text(key)?;
        if let Some((_, value)) = names.iter().find(|(name, _)| *name == text.value) {
            return Some(Placed { value: *value, span: text.span });
        }
        let list: Vec<String> = names.iter().map(|(name, _)| format!("`{name}`")).collect();
        let message = format!("expected one of {}, found `{}`", list.join(", "), text.value);
        self.mistakes.unknown(text.span, self.key(key), message, &text.value, names.iter().map(|(name, _)| *name));
        None
    }

    /// A list of texts; empty if it is not there.
    #[must_use]
    pub fn texts(&self, key: &'static str) -> Vec<Placed<String>> {
        self.note(key, || Form::Texts);
        let Some(list) = self.typed(key, "a list of texts", DeValue::as_array) else {
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in list.value.iter() {
            match item.get_ref().as_str() {
                Some(text) => texts.push(Placed { value: text.to_owned(), span: item.span() }),
                None => self.wrong(item.span(), key, "expected a text in quotes"),
            }
        }
        texts
    }

    /// A list of texts of which one at least must be there.
    #[must_use]
    pub fn required_texts(&self, key: &'static str, such_as: &str) -> Vec<Placed<String>> {
        self.note(key, || Form::Required);
        let texts = self.texts(key);
        if texts.is_empty()
            && self.get(key).is_none_or(|list| list.get_ref().as_array().is_some_and(|list| list.is_empty()))
        {
            self.wrong(self.span.clone(), key, format!("missing: expected a list such as {such_as}"));
        }
        texts
    }

    /// A table inside this one, if it is there.
    #[must_use]
    pub fn table(&self, key: &'static str) -> Option<Table<'f, 't>> {
        self.note(key, || Form::Table);
        let found = self.typed(key, "a table", DeValue::as_table)?;
        Some(self.child(key, self.key(key), found.value, found.span))
    }

    /// A table that must be there.
    #[must_use]
    pub fn required_table(&self, key: &'static str) -> Option<Table<'f, 't>> {
        self.note(key, || Form::Required);
        let found = self.table(key);
        if found.is_none() && !self.table.contains_key(key) {
            self.wrong(self.span.clone(), key, format!("missing: expected a table `[{}]`", self.key(key)));
        }
        found
    }

    /// The tables of a list (`[[key]]`); empty if it is not there.
    #[must_use]
    pub fn tables(&self, key: &'static str) -> Vec<Table<'f, 't>> {
        self.note(key, || Form::Tables);
        let Some(list) = self.typed(key, "a list of tables", DeValue::as_array) else {
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in list.value.iter() {
            match item.get_ref().as_table() {
                Some(table) => tables.push(self.child(key, self.key(key), table, item.span())),
                None => self.wrong(item.span(), key, "expected a table"),
            }
        }
        tables
    }

    /// The tables in this one whose names are free (`[features.calls]`), in the order of the file. Counts every key as
    /// asked for.
    #[must_use]
    pub fn named_tables(&self) -> Vec<(Placed<String>, Table<'f, 't>)> {
        self.note(ANY, || Form::Table);
        let mut tables = Vec::new();
        for (name, value) in self.table {
            let place = Placed { value: name.get_ref().to_string(), span: name.span() };
            match value.get_ref().as_table() {
                Some(table) => {
                    let child = self.child(ANY, self.key(&place.value), table, value.span());
                    tables.push((place, child));
                }
                None => self.mistakes.push(value.span(), self.key(&place.value), "expected a table"),
            }
        }
        tables.sort_by_key(|(name, _)| name.span.start);
        tables
    }

    /// Texts under free names (`NORMAL_CLEARING = "16"`), in the order of the file. Counts every key as asked for.
    #[must_use]
    pub fn named_texts(&self) -> Vec<(Placed<String>, Placed<String>)> {
        self.note(ANY, || Form::Text);
        let mut texts = Vec::new();
        for (name, value) in self.table {
            let place = Placed { value: name.get_ref().to_string(), span: name.span() };
            match value.get_ref().as_str() {
                Some(text) => texts.push((place, Placed { value: text.to_owned(), span: value.span() })),
                None => self.mistakes.push(value.span(), self.key(&place.value), "expected a text in quotes"),
            }
        }
        texts.sort_by_key(|(name, _)| name.span.start);
        texts
    }

    /// Whole numbers under free names (`sim-box-burst = 50`), in the order of the file. Counts every key as asked for.
    #[must_use]
    pub fn named_integers(&self, range: std::ops::RangeInclusive<i64>) -> Vec<(Placed<String>, Placed<i64>)> {
        self.note(ANY, || Form::Integer(*range.start(), *range.end()));
        let mut integers = Vec::new();
        for (name, value) in self.table {
            let place = Placed { value: name.get_ref().to_string(), span: name.span() };
            match read_integer(value.get_ref()).filter(|number| range.contains(number)) {
                Some(number) => integers.push((place, Placed { value: number, span: value.span() })),
                None => {
                    let message = format!("expected {}", whole_number(&range));
                    self.mistakes.push(value.span(), self.key(&place.value), message);
                }
            }
        }
        integers.sort_by_key(|(name, _)| name.span.start);
        integers
    }

    fn child(&self, key: &str, name: String, table: &'f DeTable<'t>, span: Range<usize>) -> Table<'f, 't> {
        let place = self.place.iter().cloned().chain([key.to_owned()]).collect();
        Table { mistakes: self.mistakes, table, span, name, place, asked: RefCell::default() }
    }

    /// Ends the reading: every key that was not asked for is unknown.
    pub fn finish(self) {
        let asked = self.asked.borrow();
        for name in self.table.keys() {
            let text: &str = name.get_ref();
            if !asked.contains(&text) {
                self.mistakes.unknown(name.span(), self.key(text), "unknown key", text, asked.iter().copied());
            }
        }
    }
}

fn whole_number(range: &std::ops::RangeInclusive<i64>) -> String {
    format!("a whole number from {} to {}", range.start(), range.end())
}

fn read_integer(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
}

fn article(type_name: &str) -> String {
    let vowel = type_name.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {type_name}", if vowel { "an" } else { "a" })
}

/// Milliseconds of `500ms`, `10s`, `45m`, `6h` or `30d`. `None` for anything else, zero or an overflow.
#[must_use]
pub fn parse_duration_ms(text: &str) -> Option<i64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(factor).filter(|ms| *ms > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let check = |text: &str, expected: Option<i64>| assert_eq!(parse_duration_ms(text), expected, "{text}");
        check("500ms", Some(500));
        check("10s", Some(10_000));
        check("45m", Some(2_700_000));
        check("6h", Some(21_600_000));
        check("30d", Some(2_592_000_000));
        for bad in ["", "10", "s", "0s", "-5s", "1.5h", "99999999999999999d", "10 s"] {
            check(bad, None);
        }
    }

    #[test]
    fn every_mistake_is_found_at_once() {
        let text = "size = \"big\"\nclas = \"x\"\n[inner]\nwait = \"soon\"\nkind = \"alhpa\"\nflag = 1\n";
        let mistakes = Mistakes::new("a.toml", text);
        let document = parse(&mistakes);
        let root = Table::root(&mistakes, &document);
        assert_eq!(root.integer("size", 0..=9), None);
        assert_eq!(root.text("class"), None);
        let inner = root.table("inner").unwrap();
        assert_eq!(inner.duration_ms("wait"), None);
        assert_eq!(inner.name_of("kind", &[("alpha", 1), ("beta", 2)]), None);
        assert_eq!(inner.boolean("flag"), None);
        assert_eq!(inner.required_text("name"), None);
        inner.finish();
        root.finish();
        let found: Vec<String> = mistakes.into_sorted().iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "a.toml:1:8: size: expected a whole number from 0 to 9, found a string",
                "a.toml:2:1: clas: unknown key; did you mean `class`?",
                "a.toml:3:1: inner.name: missing: expected a text in quotes",
                "a.toml:4:8: inner.wait: expected a length of time such as `10s`, `45m` or `6h`, found `soon`",
                "a.toml:5:8: inner.kind: expected one of `alpha`, `beta`, found `alhpa`; did you mean `alpha`?",
                "a.toml:6:8: inner.flag: expected true or false, found an integer",
            ]
        );
    }

    #[test]
    fn what_readers_ask_for_is_known() {
        let text = "[features.calls]\n[[rules]]\n";
        let found = asked(|| {
            let mistakes = Mistakes::new("a.toml", text);
            let document = parse(&mistakes);
            let root = Table::root(&mistakes, &document);
            let _ = (root.required_text("id"), root.integer("version", 1..=9), root.name_of("mode", &[("live", ())]));
            for (_, feature) in root.table("features").unwrap().named_tables() {
                let _ = feature.duration_ms("window");
            }
            root.tables("rules").iter().for_each(|rule| drop(rule.boolean("on")));
        });
        let line = |(place, form): &(Vec<String>, Form)| format!("{} {form:?}", place.join("/"));
        let lines: Vec<String> = found.iter().map(line).collect();
        assert_eq!(
            lines,
            [
                "features Table",
                "features/* Table",
                "features/*/window Text",
                "features/*/window Duration",
                "id Text",
                "id Required",
                "mode Text",
                "mode Names([\"live\"])",
                "rules Tables",
                "rules/on Boolean",
                "version Integer(1, 9)",
            ]
        );
        assert!(asked(|| ()).is_empty());
    }

    #[test]
    fn broken_toml_is_a_mistake_with_a_place() {
        let text = "a = 1\nb = = 2\n";
        let mistakes = Mistakes::new("a.toml", text);
        let _document = parse(&mistakes);
        let found = mistakes.into_sorted();
        assert!(!found.is_empty() && found[0].line == 2, "{found:?}");
    }
}
