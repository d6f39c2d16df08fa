//! Alerts in words, in seven languages: codes and numbers become sentences where somebody reads them, never before.
//!
//! - The texts are Fluent files in `crates/alert/locales/`, one per language; English is the source of the others.
//! - A language that no native reader has reviewed says so ([`Words::unreviewed`]).
//! - A code that no file knows, such as a feature of a carrier's own pattern, is shown as it is.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};

use crate::alert::Alert;

/// A language that alerts are rendered in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// 简体中文
    Chinese,
    /// ខ្មែរ
    Khmer,
    /// ລາວ
    Lao,
    /// မြန်မာ
    Burmese,
    /// ไทย
    Thai,
    /// Tiếng Việt
    Vietnamese,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::English, Self::Chinese, Self::Khmer, Self::Lao, Self::Burmese, Self::Thai, Self::Vietnamese];

    /// BCP 47 tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-Hans",
            Self::Khmer => "km",
            Self::Lao => "lo",
            Self::Burmese => "my",
            Self::Thai => "th",
            Self::Vietnamese => "vi",
        }
    }

    /// The language of a tag such as `zh`, `zh-CN` or `th_TH.UTF-8`.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_', '.', '@']).next().unwrap_or("").to_ascii_lowercase();
        Self::ALL.into_iter().find(|language| language.tag().split('-').next() == Some(primary.as_str()))
    }

    /// The Fluent file.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::English => include_str!("../locales/en.ftl"),
            Self::Chinese => include_str!("../locales/zh-Hans.ftl"),
            Self::Khmer => include_str!("../locales/km.ftl"),
            Self::Lao => include_str!("../locales/lo.ftl"),
            Self::Burmese => include_str!("../locales/my.ftl"),
            Self::Thai => include_str!("../locales/th.ftl"),
            Self::Vietnamese => include_str!("../locales/vi.ftl"),
        }
    }
}

/// The texts of a language.
pub struct Words {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Words({})", self.language.tag())
    }
}

impl Words {
    /// The texts of a language.
    ///
    /// # Panics
    /// Never: the files are part of the program, and a test reads them all.
    #[must_use]
    #[allow(clippy::expect_used)]
    pub fn new(language: Language) -> Self {
        Self::of(language, language.source())
    }

    /// The texts of a file that has more than those of alerts.
    ///
    /// # Panics
    /// If it is no Fluent file, or has a text twice: it is part of the program.
    #[must_use]
    #[allow(clippy::expect_used)]
    pub fn of(language: Language, source: &str) -> Self {
        let resource = FluentResource::try_new(source.to_owned()).expect("a Fluent file");
        let mut bundle = FluentBundle::new_concurrent(vec![language.tag().parse().expect("a language tag")]);
        // Terminals show isolation marks as boxes; values are digits and Latin letters.
        bundle.set_use_isolating(false);
        bundle.add_resource(resource).expect("each text once");
        Self { language, bundle }
    }

    /// Its language.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// What is said where no native reader has reviewed the texts.
    #[must_use]
    pub fn unreviewed(&self) -> Option<String> {
        self.text("unreviewed", &[])
    }

    /// A text by its key; none where the file has none.
    #[must_use]
    pub fn text(&self, key: &str, values: &[(&'static str, &str)]) -> Option<String> {
        let pattern = self.bundle.get_message(key)?.value()?;
        let mut args = FluentArgs::new();
        values.iter().for_each(|(name, value)| args.set(*name, (*value).to_owned()));
        let mut errors = Vec::new();
        Some(self.bundle.format_pattern(pattern, Some(&args), &mut errors).into_owned())
    }

    /// Word for one of a known set, such as `role` and `suspect`; itself where the file has none.
    #[must_use]
    pub fn word(&self, set: &str, name: &str) -> String {
        self.text(&format!("{set}-{name}"), &[]).unwrap_or_else(|| name.replace(['-', '_'], " "))
    }

    /// What a feature is: `calls_6h` is `calls`, and within six hours.
    #[must_use]
    pub fn feature(&self, code: &str) -> Option<String> {
        if let Some(what) = self.text(&format!("code-{code}"), &[]) {
            return Some(what);
        }
        let (base, period) = code.rsplit_once('_')?;
        let what = self.text(&format!("code-{base}"), &[])?;
        let period = self.text(&format!("period-{period}"), &[])?;
        self.text("what-in-period", &[("what", &what), ("period", &period)])
    }

    /// A value against its limit, as a sentence.
    #[must_use]
    pub fn reason(&self, code: &str, unit: Option<&str>, value: f64, threshold: f64) -> String {
        let what = self.feature(code).unwrap_or_else(|| code.replace('_', " "));
        let (value, limit) = (self.quantity(value, unit), self.quantity(threshold, unit));
        self.text("reason", &[("what", &what), ("value", &value), ("limit", &limit)]).unwrap_or(what)
    }

    /// The reasons of an alert, the weightiest first.
    pub fn reasons<'a>(&'a self, alert: &'a Alert) -> impl Iterator<Item = String> + 'a {
        let reasons = alert.reasons.iter();
        reasons.map(|reason| self.reason(&reason.code, reason.unit.as_deref(), reason.value, reason.threshold))
    }

    /// A family of patterns, with the rule that named it.
    #[must_use]
    pub fn title(&self, family: &str, rule: Option<&str>) -> String {
        let title = self.word("family", family);
        match rule {
            Some(rule) => format!("{title} ({})", rule.replace('-', " ")),
            None => title,
        }
    }

    fn quantity(&self, value: f64, unit: Option<&str>) -> String {
        let unit = unit.unwrap_or("count").replace('/', "");
        let value = if unit == "ratio" { number((value * 1000.0).round() / 10.0) } else { number(value) };
        self.text(&format!("unit-{unit}"), &[("value", &value)]).unwrap_or(value)
    }
}

/// At most two digits after the point.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}
