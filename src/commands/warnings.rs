//! `lancang warnings`: a carrier's subscribers who are likely victims.

use std::io::{self, Write as _};

use lancang_alert::seal::OpenError;
use lancang_alert::verify::{Received, Rejection};
use lancang_alert::warning::{Refusal, Verified, Verifier};
use lancang_alert::words::Words;
use lancang_alert::{Opener, Registry, Warning};
use serde_json::json;

use super::{alerts, keys};
use crate::cli::Form;
use crate::cli::warnings::{Tail, Warnings};
use crate::exit::{Exit, Failure};
use crate::service::relay::now;
use crate::signed_topic::{Begin, SignedTopic, TURN};
use crate::topics::exchange;

/// Runs the command.
///
/// # Errors
/// Whatever the command ends with.
pub fn run(args: &Warnings) -> anyhow::Result<()> {
    let Warnings::Tail(args) = args;
    tail(args)
}

fn tail(args: &Tail) -> anyhow::Result<()> {
    let consumer = keys::consumer(&args.place.config)?;
    let mut openers = alerts::openers(&args.sealing_key_file)?;
    let name = exchange::warnings(args.carrier.as_str().rsplit('/').next().unwrap_or_default());
    let mut topic = SignedTopic::open(&consumer, &name, Begin::Beginning)?;
    let mut verifier = Verifier::new(args.carrier.clone());
    let words = Words::new(args.look.language());
    let (mut shown, mut refused, mut closed) = (0_u64, 0_u64, 0_u64);
    while !(args.until_end && topic.is_past_end()) && args.number.is_none_or(|number| shown < number) {
        // What was there before is read in silence, so that an old warning that is sent once more is known.
        let is_told = args.from_beginning || topic.is_past_end();
        let check = |registry: &Registry, received: Received<'_, String>, at| verifier.verify(registry, received, at);
        let Some((record, _, checked)) = topic.turn(TURN, now, is_of_unknown_key, check)? else { continue };
        if !is_told {
            continue;
        }
        let Verified { warning, key_id, is_repeat } = match checked {
            Ok(verified) => verified,
            Err(refusal) => {
                refused += 1;
                tracing::error!(kind = refusal.as_str(), "{} is refused: {refusal}", topic.place(&record));
                continue;
            }
        };
        if is_repeat {
            continue;
        }
        let numbers = match opened(&warning, &mut openers) {
            Ok(numbers) => numbers,
            Err(error) => {
                closed += 1;
                tracing::error!("{} of {} does not open: {error}", warning.id(), warning.producer.uri());
                continue;
            }
        };
        show(&warning, &key_id, &numbers, &words, args.look.output)?;
        shown += 1;
    }
    if args.until_end && refused + closed > 0 {
        let why = format!("{refused} messages were refused and {closed} did not open; {shown} warnings are shown");
        return Err(Failure::new(Exit::Data, why).into());
    }
    Ok(())
}

fn is_of_unknown_key(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Message(Rejection::UnknownKey { .. }))
}

/// The numbers, by the first key that they are sealed for.
fn opened(warning: &Warning, openers: &mut [Opener]) -> Result<Vec<String>, OpenError> {
    let mut found = Err(OpenError::OtherKey);
    for opener in openers {
        found = warning.open(opener);
        if !matches!(found, Err(OpenError::OtherKey)) {
            break;
        }
    }
    found
}

fn show(warning: &Warning, key_id: &str, numbers: &[String], words: &Words, form: Form) -> io::Result<()> {
    let title = words.title(&warning.category, None);
    let reason = |reason: &lancang_alert::alert::Reason| {
        words.reason(&reason.code, reason.unit.as_deref(), reason.value, reason.threshold)
    };
    let reasons = warning.reasons.iter().map(reason);
    let mut out = io::stdout().lock();
    if form == Form::Json {
        let line = json!({
            "warning": warning, "numbers": numbers, "key_id": key_id, "language": words.language().tag(),
            "title": title, "reasons": reasons.collect::<Vec<_>>(),
        });
        return writeln!(out, "{line}");
    }
    let time = warning.published.get(..19).unwrap_or(&warning.published).replace('T', " ");
    let status = match warning.status.as_str() {
        "actual" => String::new(),
        status => format!("[{}] ", words.word("status", status)),
    };
    writeln!(
        out,
        "{time}Z {} {} {status}{}: {title} ({}, {} {})  {}",
        warning.producer.country,
        words.word("severity", &warning.severity.to_string()),
        words.word("message", &warning.message),
        warning.pattern,
        words.word("label", "score"),
        warning.score,
        warning.alert.as_deref().unwrap_or(&warning.incident_id),
    )?;
    for number in numbers {
        writeln!(out, "    {} {number}", words.word("role", "victim"))?;
    }
    if let Some(more) = warning.unnamed {
        writeln!(out, "    {}", words.text("label-more", &[("count", &more.to_string())]).unwrap_or_default())?;
    }
    for reason in reasons {
        writeln!(out, "    {reason}")?;
    }
    let actions: Vec<String> = warning.recommended.iter().map(|code| words.word("action", code)).collect();
    if !actions.is_empty() {
        writeln!(out, "    {}: {}", words.word("label", "recommended"), actions.join("; "))?;
    }
    Ok(())
}
