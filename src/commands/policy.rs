//! `lancang policy`: explain, test.

use std::collections::BTreeSet;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use lancang_alert::policy::entitled::entitled_of_shared;
use lancang_alert::policy::{Decision, Form, OTHERS, Question, cases};
use lancang_alert::portability::is_organisation;
use lancang_alert::{Alert, Holder, Policy};
use lancang_numbering::NumberPlans;
use serde_json::json;

use crate::cli;
use crate::columns::{Columns, Mark};
use crate::exit::{Exit, Failure};
use crate::pack_folder::mistakes_failure;
use crate::service::trust;

/// What leaves only where enough people share it, together with all else that is told (`k_min`).
const SHARED_BY_MANY: [&str; 2] = ["tac", "place"];
/// Longest alert that is read, bytes.
const ALERT_BYTES_MAX: u64 = lancang_alert::limits::ALERT_BYTES_MAX as u64;

/// Runs the command.
///
/// # Errors
/// If the table, its cases or the alert have mistakes, or a case does not hold.
pub fn run(args: cli::Policy) -> anyhow::Result<()> {
    match args {
        cli::Policy::Explain { alert, country, policy, output } => explain(&alert, &country, &policy, output),
        cli::Policy::Test { policy, cases, output } => test(&policy, cases, output),
    }
}

fn explain(alert: &Path, country: &str, policy: &Path, output: cli::Form) -> anyhow::Result<()> {
    let policy = trust::policy(Some(policy))?;
    let reader = Holder::parse(country).or_else(|| Holder::country(country)).ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            "`--country`: expected two letters of ISO 3166-1, such as KH, or a carrier, such as //KH/mekong-mobile",
        )
    })?;
    let alert = read_alert(alert)?;
    let mut rows = Vec::new();
    let source = alert.producer.uri();
    for (index, entity) in alert.entities.iter().enumerate() {
        let question = Question { source: &source, field: &entity.entity_type, role: &entity.role };
        let entitled = entitled_of_shared(entity, &alert.producer.country);
        let all = policy.to_all(question);
        let its = match &entitled {
            _ if entity.role == "victim" && is_organisation(&reader) => Its::Carrier(policy.to_carrier(question)),
            Some(country) if *country == reader => Its::Entitled(policy.to_entitled(question, country)),
            Some(other) => Its::Others(other.clone()),
            None => Its::Nobodys,
        };
        let name = format!("entities[{index}] {} {}", entity.entity_type, entity.role);
        // A device's mask is its type.
        let k_min = policy.k_min().filter(|_| entity.entity_type == "device");
        rows.push(Row { name, shown: entity.masked.clone().unwrap_or_default(), all, its, k_min });
    }
    for field in OTHERS {
        let all = policy.to_all(Question { source: &source, field, role: "" });
        let k_min = policy.k_min().filter(|_| SHARED_BY_MANY.contains(&field));
        rows.push(Row { name: field.to_owned(), shown: String::new(), all, its: Its::All, k_min });
    }
    print(&rows, &reader, policy.k_min(), output)
}

/// What a reader gets beside all others.
enum Its<'p> {
    /// The table decides.
    Entitled(Decision<'p>),
    /// Another country is entitled.
    Others(Holder),
    /// No country is.
    Nobodys,
    /// A carrier looks at a victim: the table decides what the victim's own carrier gets, in a warning.
    Carrier(Decision<'p>),
    /// There is nothing but what all get.
    All,
}

struct Row<'p> {
    name: String,
    shown: String,
    all: Decision<'p>,
    its: Its<'p>,
    /// So many of the producer's subscribers must share what it tells, or it does not leave.
    k_min: Option<u32>,
}

fn print(rows: &[Row<'_>], reader: &Holder, k_min: Option<u32>, output: cli::Form) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let own = format!("{reader} besides");
    let mut columns = Columns::new(&["field", "masked", "everyone", own.as_str()]);
    for row in rows {
        let asked = row.k_min.filter(|_| !row.all.share.is_empty());
        let everyone = said(&row.all) + &asked.map_or_else(String::new, |k_min| format!(", if {k_min} share it"));
        let (its, mark) = match &row.its {
            Its::Entitled(decision) if decision.shares(Form::Sealed) => (said(decision), Mark::Good),
            Its::Entitled(decision) => (said(decision), Mark::Look),
            Its::Carrier(decision) if decision.shares(Form::Sealed) => {
                (format!("{}, in a warning, if it is the carrier now", said(decision)), Mark::Good)
            }
            Its::Carrier(decision) => (said(decision), Mark::Look),
            Its::Others(other) => (format!("nothing: {other} is entitled"), Mark::Plain),
            Its::Nobodys => ("nothing: no country is entitled".to_owned(), Mark::Plain),
            Its::All => (String::new(), Mark::Plain),
        };
        if output == cli::Form::Json {
            let entitled = match &row.its {
                Its::Entitled(_) => Some(reader.as_str()),
                Its::Others(other) => Some(other.as_str()),
                Its::Nobodys | Its::All | Its::Carrier(_) => None,
            };
            let sealed = match &row.its {
                Its::Entitled(decision) | Its::Carrier(decision) => decision.shares(Form::Sealed),
                _ => false,
            };
            let rule = match &row.its {
                Its::Entitled(decision) | Its::Carrier(decision) => decision.rule.map(|rule| rule.line),
                _ => None,
            };
            let line = json!({
                "field": row.name, "masked": row.shown, "everyone": names(&row.all.share),
                "rule": row.all.rule.map(|rule| rule.line), "country": reader.as_str(), "entitled": entitled,
                "sealed": sealed, "sealed_rule": rule, "k_min": row.k_min,
            });
            writeln!(out, "{line}")?;
            continue;
        }
        let everyone_mark = if row.all.share.is_empty() { Mark::Look } else { Mark::Plain };
        columns.row([
            (row.name.clone(), Mark::Plain),
            (row.shown.clone(), Mark::Plain),
            (everyone, everyone_mark),
            (its, mark),
        ]);
    }
    if output == cli::Form::Text {
        write!(out, "{}", columns.text_for(&out))?;
        match k_min {
            Some(k_min) => writeln!(
                out,
                "k_min = {k_min}: a device's type and the place leave where so many of the producer's subscribers share them, together \
                 with all that is told of the same tokens, by its count (`relay.crowds`)"
            )?,
            None => writeln!(out, "no k_min: what alerts tell may be shared by few")?,
        }
    }
    Ok(())
}

fn said(decision: &Decision<'_>) -> String {
    let by = decision.rule.map_or_else(|| "no rule names it".to_owned(), |rule| format!("line {}", rule.line));
    format!("{} ({by})", forms(&decision.share))
}

fn forms(share: &BTreeSet<Form>) -> String {
    if share.is_empty() { "dropped".to_owned() } else { names(share).join(" ") }
}

fn names(share: &BTreeSet<Form>) -> Vec<&'static str> {
    share.iter().map(|form| form.as_str()).collect()
}

fn read_alert(path: &Path) -> anyhow::Result<Alert> {
    let shown = path.display();
    let mut text = Vec::new();
    if path == Path::new("-") {
        io::stdin().take(ALERT_BYTES_MAX).read_to_end(&mut text).context("cannot read standard input")?;
    } else {
        let file = std::fs::File::open(path).with_context(|| format!("cannot read {shown}"))?;
        file.take(ALERT_BYTES_MAX).read_to_end(&mut text).with_context(|| format!("cannot read {shown}"))?;
    }
    let no_alert = |error: serde_json::Error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Failure::new(Exit::Data, format!("{shown} is no alert ({place}): expected the JSON of one, a message's value"))
    };
    Ok(serde_json::from_slice(&text).map_err(no_alert)?)
}

fn test(policy: &Path, cases: Option<PathBuf>, output: cli::Form) -> anyhow::Result<()> {
    let table: Policy = trust::policy(Some(policy))?;
    let path = cases.unwrap_or_else(|| policy.with_extension("cases.toml"));
    let name = path.display().to_string();
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read the cases {name}"))?;
    let cases = cases::read(&name, &text).map_err(|mistakes| mistakes_failure(&mistakes, |_| Some(&text)))?;
    let plans = NumberPlans::built_in();
    let mut out = io::stdout().lock();
    let mut failed = 0;
    for case in &cases {
        let seen = case.seen(&table, &plans);
        let holds = seen == case.sees;
        failed += usize::from(!holds);
        if output == cli::Form::Json {
            let line = json!({ "case": case.name, "file": name, "line": case.line, "holds": holds,
                "expected": names(&case.sees), "seen": names(&seen) });
            writeln!(out, "{line}")?;
        } else if !holds {
            writeln!(
                out,
                "{name}:{}: {}: expected {}, seen {}",
                case.line,
                case.name,
                forms(&case.sees),
                forms(&seen)
            )?;
        }
    }
    if failed > 0 {
        return Err(Failure::new(Exit::Data, format!("{failed} of {} cases do not hold", cases.len())).into());
    }
    if output == cli::Form::Text {
        writeln!(out, "{} cases hold", cases.len())?;
    }
    Ok(())
}
