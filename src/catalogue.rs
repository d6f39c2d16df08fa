//! What the relay knows of patterns besides incident lines: the packs that were in force, from the store; before any was,
//! the configured one.
//!
//! A pattern's hash is the SHA-256 of its file, 64 hexadecimal digits: `sha256sum config/patterns/<id>.toml` says the same.

use std::collections::BTreeSet;

use lancang_alert::{Catalogue, PatternFacts};
use lancang_pattern::PackSources;
use lancang_pattern::file::{AggregateText, FeatureForm, FeatureText, Measure, PatternFile};
use lancang_window::Aggregate;
use sha2::{Digest as _, Sha256};

use crate::config::Config;
use crate::pack_folder;
use crate::store::{Store, hex};

/// Reads the packs that were in force, or the configured one. A pack that cannot be read is left out, which the log says.
///
/// # Errors
/// If the store cannot be read.
pub fn read(store: &Store, config: &Config) -> anyhow::Result<Catalogue> {
    let mut packs = Vec::new();
    for hash in store.history()? {
        match store.pack(&hash).and_then(|bytes| Ok(PackSources::decode(&bytes)?)) {
            Ok(sources) => packs.push(sources),
            Err(error) => tracing::warn!(pack = &hex(&hash)[..12], "alerts say less of its patterns: {error:#}"),
        }
    }
    if packs.is_empty() {
        packs.push(pack_folder::read(&config.patterns.folder, &config.patterns.lists)?);
    }
    Ok(of(&packs))
}

/// The catalogue of some packs. A file with mistakes has no patterns.
#[must_use]
pub fn of(packs: &[PackSources]) -> Catalogue {
    let mut catalogue = Catalogue::default();
    for source in packs.iter().flat_map(|sources| &sources.patterns) {
        let Ok(file) = lancang_pattern::file::read(&source.path, &source.text) else { continue };
        let hash = hex(&Sha256::digest(&source.text));
        catalogue.add(&file.id, file.version, facts(&file, &source.text, hash));
    }
    catalogue
}

fn facts(file: &PatternFile, text: &str, hash: String) -> PatternFacts {
    let category = Some(&file.category).filter(|category| !category.is_empty());
    let tags = category.into_iter().chain(&file.tags).cloned().collect();
    let mut facts = PatternFacts { hash: Some(hash), tags, ..PatternFacts::default() };
    let of_rules = file.rules.iter().flat_map(|rule| &rule.features);
    for feature in file.features.iter().chain(of_rules) {
        if let Some(unit) = unit(feature, &facts) {
            facts.units.insert(feature.name.value.clone(), unit);
        }
    }
    facts.victims = counting_victims(file);
    facts.victims_abroad = text.contains("callee.country != home");
    facts
}

/// Features that count what the pattern's victims are counted by: the same aggregate of the same column, whatever its window.
fn counting_victims(file: &PatternFile) -> BTreeSet<String> {
    let of_rules = file.rules.iter().flat_map(|rule| &rule.features);
    let all: Vec<&FeatureText> = file.features.iter().chain(of_rules).collect();
    let counted = |feature: &&FeatureText| match &feature.form {
        FeatureForm::Aggregate(aggregate) => {
            Some((aggregate.measure, aggregate.of.as_ref().map(|of| of.value.clone())))
        }
        FeatureForm::Value(_) => None,
    };
    let Some(victims) = &file.victims else { return BTreeSet::new() };
    let same = all.iter().find(|feature| feature.name.value == victims.value).and_then(counted);
    let alike =
        all.iter().filter(|feature| feature.name.value == victims.value || same.is_some() && counted(feature) == same);
    alike.map(|feature| feature.name.value.clone()).collect()
}

/// Unit of a feature; none of arithmetic that is neither a ratio nor a sum.
fn unit(feature: &FeatureText, known: &PatternFacts) -> Option<&'static str> {
    match &feature.form {
        FeatureForm::Aggregate(aggregate) => unit_of(aggregate),
        FeatureForm::Value(text) => {
            let words =
                || text.value.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
            let mut units = words().filter_map(|word| known.units.get(word).copied());
            let first = units.next()?;
            if !units.all(|unit| unit == first) {
                return None;
            }
            match text.value.chars().filter(|c| "+-*/".contains(*c)).collect::<String>().as_str() {
                "/" => Some("ratio"),
                signs if signs.chars().all(|sign| "+-".contains(sign)) => Some(first),
                _ => None,
            }
        }
    }
}

fn unit_of(aggregate: &AggregateText) -> Option<&'static str> {
    match aggregate.measure {
        Measure::Of(Aggregate::Sum | Aggregate::Min | Aggregate::Max) | Measure::Mean => {
            let column = aggregate.of.as_ref()?.value.as_str();
            let ending = column.rsplit(['_', '.']).next().unwrap_or("");
            match ending {
                "s" => Some("s"),
                "days" => Some("d"),
                "km" => Some("km"),
                "kmh" => Some("km/h"),
                _ => None,
            }
        }
        Measure::Of(Aggregate::Busy | Aggregate::GapMean | Aggregate::GapDeviation) => Some("s"),
        Measure::Of(Aggregate::Entropy) => Some("bit"),
        Measure::Share | Measure::Regularity | Measure::Reciprocity => Some("ratio"),
        Measure::Baseline => Some("deviations"),
        Measure::Of(_) | Measure::Sequence => Some("count"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Those of the MISP taxonomy `gsma-fraud` (version 1) and the MISP galaxy `gsma-motif` (FS.57 version 1.0, of whose
    /// techniques most are of signalling, which records do not show) that patterns use.
    const MACHINE_TAGS: &[&str] = &[
        r#"gsma-fraud:business="brand-name-logo-abuse""#,
        r#"gsma-fraud:business="interconnect-abuse""#,
        r#"gsma-fraud:business="international-revenue-share-fraud""#,
        r#"gsma-fraud:business="social-engineering""#,
        r#"gsma-fraud:business="wangiri""#,
        r#"gsma-fraud:subscription="account-takeover""#,
        r#"gsma-fraud:subscription="subscription-fraud""#,
        r#"gsma-fraud:technical="call-forwarding-fraud""#,
        r#"gsma-fraud:technical="imei-reprogramming""#,
        r#"gsma-fraud:technical="mailbox-hacking""#,
        r#"gsma-fraud:technical="phishing-pharming""#,
        r#"gsma-fraud:technical="sim-card-cloning""#,
        r#"gsma-fraud:technical="spamming""#,
        r#"misp-galaxy:gsma-motif="Masquerading""#,
    ];

    /// What ships: every feature that can be a reason has a unit.
    #[test]
    fn shipped_patterns_have_units_and_tags() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let sources = pack_folder::read(&root.join("config/patterns"), &root.join("config/lists")).unwrap();
        let files = sources.files().unwrap();
        let catalogue = of(&[sources]);
        for file in &files {
            let facts = catalogue.get(&file.id, file.version).unwrap();
            assert_eq!(facts.hash.as_ref().map(String::len), Some(64));
            let weights = file.weights.iter().chain(file.rules.iter().flat_map(|rule| &rule.weights));
            for weight in weights {
                let code = &weight.feature.value;
                assert!(facts.units.contains_key(code), "{}: {code} has no unit", file.id);
            }
            for tag in facts.tags.iter().filter(|tag| tag.contains(':')) {
                assert!(MACHINE_TAGS.contains(&tag.as_str()), "{}: {tag} is in no taxonomy", file.id);
            }
            assert!(facts.tags[0].starts_with("gsma-fraud:"), "{}", file.id);
        }
        let unit = |id: &str, code: &str| {
            let version = files.iter().find(|file| file.id == id).map_or(0, |file| file.version);
            catalogue.unit(&[format!("{id}@{version}")], id, code)
        };
        assert_eq!(unit("sim-box-burst", "calls"), Some("count"));
        assert_eq!(unit("sim-box-burst", "busy_s"), Some("s"));
        assert_eq!(unit("sim-box-burst", "age_days"), Some("d"));
        assert_eq!(unit("sim-box-burst", "distinct_share"), Some("ratio"));
        assert_eq!(unit("reported", "reports"), Some("count"));
        assert_eq!(unit("sim-box-site", "deviation"), Some("deviations"));
    }
}
