//! The policy table: what of an alert leaves, in which form, and for whom.
//!
//! Rules:
//! - a rule names producers, fields, a destination and the forms in which it shares. Rules are asked from the top: the first
//!   that names producer, field and destination decides. **What no rule names is dropped**;
//! - to `all` an identifier leaves as `token`, `token` and `masked`, or `token` and `clear`; without its token an entity is
//!   dropped, whatever else is said of it. `clear` is refused for what identifies a subscriber;
//! - to `entitled`, or one country of them, it leaves `sealed` or not at all. A rule cannot entitle anybody: [`entitled`]
//!   says who is;
//! - to the `carrier` of a victim it leaves `sealed` or not at all, on that carrier's warnings topic ([`crate::warning`]);
//! - any other field is `clear` to `all`, or dropped.

pub mod cases;
pub mod entitled;
mod read;

use std::collections::BTreeSet;

use crate::registry::Holder;

/// The table as it ships.
const SHIPPED: &str = include_str!("../../../../config/policy.toml");

/// Types of entities: their values are fields, `caller` or, of one role, `caller.impersonated`.
pub const ENTITIES: [&str; 9] = ["caller", "callee", "sim", "device", "cell", "trunk", "block", "template", "domain"];
/// Roles of entities.
pub const ROLES: [&str; 4] = ["suspect", "used", "impersonated", "victim"];
/// Those of the entities whose clear value is a subscriber's, or leads to few of them.
const OF_SUBSCRIBERS: [&str; 5] = ["caller", "callee", "sim", "device", "block"];
/// Other fields.
pub const OTHERS: [&str; 9] =
    ["country", "range_holder", "prefix", "tac", "reasons", "measures", "victims", "place", "links"];

/// A form in which something is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// As it is.
    Clear,
    /// For one country alone.
    Sealed,
    /// The same in six countries, and nobody's number.
    Token,
    /// What everyone may see.
    Masked,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Clear, Self::Sealed, Self::Token, Self::Masked];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Sealed => "sealed",
            Self::Token => "token",
            Self::Masked => "masked",
        }
    }
}

/// For whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Everyone who reads the topic.
    All,
    /// The entitled country.
    Entitled,
    /// This country, where it is entitled.
    Country(Holder),
    /// A victim's current carrier.
    Carrier,
}

/// A rule of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Line in the file, from 1.
    pub line: usize,
    /// Whose alerts; none is everyone's.
    pub producer: Option<Holder>,
    /// Fields, as they are written.
    pub fields: Vec<String>,
    /// For whom.
    pub to: Destination,
    /// Forms; none is dropped.
    pub share: BTreeSet<Form>,
}

/// What was decided, and by which rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<'p> {
    /// Forms; none is dropped.
    pub share: BTreeSet<Form>,
    /// The rule; none if no rule names it.
    pub rule: Option<&'p Rule>,
}

impl Decision<'_> {
    /// Whether this form is shared.
    #[must_use]
    pub fn shares(&self, form: Form) -> bool {
        self.share.contains(&form)
    }
}

/// What is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Source of the alert, `//KH/mekong-mobile/a`.
    pub source: &'a str,
    /// Type of the entity, or another field.
    pub field: &'a str,
    /// Role of the entity; empty for another field.
    pub role: &'a str,
}

/// A table that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    rules: Vec<Rule>,
    k_min: Option<u32>,
}

impl Policy {
    /// Reads a table.
    ///
    /// # Errors
    /// Every mistake, by place.
    pub fn read(path: &str, text: &str) -> Result<Self, Vec<lancang_diagnostic::Diagnostic>> {
        read::policy(path, text)
    }

    /// The table that ships.
    ///
    /// # Panics
    /// Never: a test reads it.
    #[must_use]
    #[allow(clippy::expect_used)]
    pub fn shipped() -> Self {
        Self::read("config/policy.toml", SHIPPED).expect("a test reads it")
    }

    /// How many subscribers must share what an alert tells of one ([`crate::crowds`]); it does not ask for any if none.
    #[must_use]
    pub const fn k_min(&self) -> Option<u32> {
        self.k_min
    }

    /// What everyone gets.
    #[must_use]
    pub fn to_all(&self, question: Question<'_>) -> Decision<'_> {
        self.decide(question, |to| *to == Destination::All)
    }

    /// What an entitled country gets besides.
    #[must_use]
    pub fn to_entitled(&self, question: Question<'_>, country: &Holder) -> Decision<'_> {
        self.decide(question, |to| match to {
            Destination::All | Destination::Carrier => false,
            Destination::Entitled => true,
            Destination::Country(named) => named == country,
        })
    }

    /// What a victim's current carrier gets, on its own warnings topic.
    #[must_use]
    pub fn to_carrier(&self, question: Question<'_>) -> Decision<'_> {
        self.decide(question, |to| *to == Destination::Carrier)
    }

    fn decide(&self, question: Question<'_>, is_for: impl Fn(&Destination) -> bool) -> Decision<'_> {
        let rule = self.rules.iter().find(|rule| is_for(&rule.to) && rule.names(question));
        Decision { share: rule.map(|rule| rule.share.clone()).unwrap_or_default(), rule }
    }

    /// Whether a field that is no entity's value leaves.
    #[must_use]
    pub fn leaves(&self, source: &str, field: &str) -> bool {
        self.to_all(Question { source, field, role: "" }).shares(Form::Clear)
    }

    /// Its rules, from the top.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

impl Rule {
    fn names(&self, question: Question<'_>) -> bool {
        let producer = self.producer.as_ref().is_none_or(|producer| producer.covers(question.source));
        producer && self.fields.iter().any(|field| covers(field, question.field, question.role))
    }
}

/// Whether a field as it is written stands for this field and role.
fn covers(written: &str, field: &str, role: &str) -> bool {
    match written.split_once('.') {
        Some((of, part)) => of == field && part == role,
        None => written == field,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = r#"
[[rules]]
producer = "//KH/careful"
fields = ["caller"]
to = "all"
share = ["token"]

[[rules]]
fields = ["caller.impersonated", "sim"]
to = "all"
share = ["token"]

[[rules]]
fields = ["caller"]
to = "all"
share = ["token", "masked"]

[[rules]]
fields = ["caller"]
to = "//VN"
share = ["dropped"]

[[rules]]
fields = ["caller"]
to = "entitled"
share = ["sealed"]
"#;

    #[test]
    fn the_first_rule_that_names_it_decides_and_nothing_is_shared_without_one() {
        let policy = Policy::read("p.toml", TABLE).unwrap();
        let all = |source: &str, field: &str, role: &str| {
            let decision = policy.to_all(Question { source, field, role });
            decision.share.iter().map(|form| form.as_str()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(all("//KH/careful/a", "caller", "suspect"), "token");
        assert_eq!(all("//KH/careful-too/a", "caller", "suspect"), "token masked");
        assert_eq!(all("//TH/b/a", "caller", "impersonated"), "token");
        assert_eq!(all("//TH/b/a", "sim", "used"), "token");
        assert_eq!(all("//TH/b/a", "device", "used"), "", "default deny");
        assert_eq!(all("//TH/b/a", "reasons", ""), "");
        let sealed = |country: &str, field: &str| {
            let question = Question { source: "//KH/b/a", field, role: "suspect" };
            let decision = policy.to_entitled(question, &Holder::country(country).unwrap());
            (decision.shares(Form::Sealed), decision.rule.map(|rule| rule.line))
        };
        assert_eq!(sealed("TH", "caller"), (true, Some(23)));
        assert_eq!(sealed("VN", "caller"), (false, Some(18)));
        assert_eq!(sealed("TH", "sim"), (false, None));
    }

    #[test]
    fn every_mistake_has_a_place_and_a_word() {
        let check = |rule: &str, expected: &str| {
            let text = format!("[[rules]]\n{rule}\n");
            let found = Policy::read("p.toml", &text).unwrap_err();
            let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert!(shown.iter().any(|line| line.contains(expected)), "{rule}: {shown:?}");
        };
        let with = |fields: &str, to: &str, share: &str| format!("fields = {fields}\nto = \"{to}\"\nshare = {share}");
        check(&with(r#"["caler"]"#, "all", r#"["token"]"#), "did you mean `caller`?");
        check(&with(r#"["caller.suspekt"]"#, "all", r#"["token"]"#), "did you mean `suspect`?");
        check(&with(r#"["reasons.suspect"]"#, "all", r#"["clear"]"#), "`reasons` has no roles");
        check(&with(r#"["caller"]"#, "al", r#"["token"]"#), "expected `all`, `entitled`, `carrier` or a country");
        check(&with(r#"["caller"]"#, "all", r#"["tokne"]"#), "did you mean `token`?");
        check(&with(r#"["caller"]"#, "all", r#"["masked"]"#), "without `token`");
        check(&with(r#"["caller"]"#, "all", r#"["sealed"]"#), "sealed to everyone");
        check(&format!("{}\nk_min = 1", with(r#"["caller"]"#, "all", r#"["token"]"#)), "unknown key");
        check(&with(r#"["caller.victim"]"#, "carrier", r#"["sealed"]"#), "a victim's number, and nothing else");
        check(&with(r#"["callee"]"#, "carrier", r#"["token"]"#), "expected [\"sealed\"] or [\"dropped\"]");
        check(&with(r#"["caller"]"#, "entitled", r#"["token"]"#), "expected [\"sealed\"] or [\"dropped\"]");
        check(&with(r#"["caller"]"#, "all", r#"["token", "clear"]"#), "a subscriber's identifier is never clear");
        check(&with(r#"["reasons"]"#, "all", r#"["masked"]"#), "expected [\"clear\"] or [\"dropped\"]");
        check(&with(r#"["reasons"]"#, "entitled", r#"["sealed"]"#), "only values of entities are sealed");
        check(&with(r#"["caller"]"#, "all", r#"["dropped", "token"]"#), "`dropped` stands alone");
        check(&with("[]", "all", r#"["token"]"#), "expected at least one field");
        check(&format!("producer = \"KH\"\n{}", with(r#"["caller"]"#, "all", r#"["token"]"#)), "expected `*` or");
        check("fields = [\"caller\"]\nshare = [\"token\"]\nfro = \"all\"", "unknown key");
        let twice = format!(
            "{}\n[[rules]]\nproducer = \"//KH\"\n{}",
            with(r#"["caller"]"#, "all", r#"["token"]"#),
            with(r#"["caller.suspect"]"#, "all", r#"["dropped"]"#)
        );
        check(&twice, "never asked: the rule at line 1 decides before it");
        assert!(Policy::read("p.toml", "").unwrap_err()[0].to_string().contains("expected at least one `[[rules]]`"));
    }

    #[test]
    fn what_ships_is_a_policy() {
        assert!(!Policy::shipped().rules().is_empty());
    }
}
