//! `lancang incidents tail`: lines of the home topic as they come.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use lancang_alert::export::incident::reason;
use lancang_alert::incident::{Message, Named};
use lancang_kafka::From;

use super::home;
use crate::alert_printer::printable;
use crate::cli::Form;
use crate::cli::incidents::Tail;
use crate::columns::Mark;
use crate::exit::{Exit, Failure};
use crate::home_topic::{HomeLine, HomeTopic};
use crate::incident_filter::wanted;
use crate::logging::colors;
use crate::service::with_status;

/// Others in an incident that are shown one by one.
const RELATED_SHOWN: usize = 8;

pub(super) fn run(args: &Tail) -> anyhow::Result<()> {
    let (config, home) = home(&args.config)?;
    let from = if args.from_beginning { From::Beginning } else { From::End };
    let mut topic = HomeTopic::open(&home, &config.topics.incidents, from).map_err(with_status)?;
    let color = colors(&io::stdout());
    let mut shown = 0_u64;
    while !(args.until_end && topic.is_past_end()) && args.number.is_none_or(|number| shown < number) {
        let Some(line) = topic.turn().map_err(with_status)? else { continue };
        if !wanted(&line.incident, &args.filter) {
            continue;
        }
        let mut out = io::stdout().lock();
        match args.output {
            Form::Json => writeln!(out, "{}", line.text)?,
            Form::Text => out.write_all(as_text(&line, color).as_bytes())?,
        }
        shown += 1;
    }
    match topic.malformed() {
        malformed if args.until_end && malformed > 0 => {
            let why = format!("{malformed} messages were no incident lines; {shown} lines are shown");
            Err(Failure::new(Exit::Data, why).into())
        }
        _ => Ok(()),
    }
}

/// A line that says what and how bad, and lines that say who and why.
pub(super) fn as_text(line: &HomeLine, color: bool) -> String {
    let HomeLine { incident, place: (partition, offset), .. } = line;
    let mark = match (incident.message, incident.severity) {
        (Message::Close, _) => Mark::Good,
        (_, 4..) => Mark::Bad,
        (_, 3) => Mark::Look,
        _ => Mark::Plain,
    };
    let time = printable(incident.last_event.get(..19).unwrap_or(&incident.last_event)).replace('T', " ");
    let rule = incident.rule.as_ref().map(|rule| format!(" ({rule})")).unwrap_or_default();
    let mut text = format!(
        "{time}Z {} {}, {}, score {}  {}:{}  {partition}@{offset}\n",
        mark.paint(incident.message.as_str(), color),
        printable(&format!("{}{rule}", incident.patterns.join(" "))),
        mark.paint(&format!("severity {}", incident.severity), color),
        incident.score,
        incident.incident_id,
        incident.revision,
    );
    let mut add = |told: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "    {}", printable(told));
    };
    let named = |Named { entity_type, role, value }: Named<'_>| format!("{entity_type} {value} ({role})");
    incident.all_named().take(1 + RELATED_SHOWN).for_each(|other| add(&named(other)));
    if let Some(more) = incident.related.len().checked_sub(RELATED_SHOWN).filter(|more| *more > 0) {
        add(&format!("and {more} others"));
    }
    incident.reasons.iter().for_each(|found| add(&reason(found)));
    if incident.victims > 0 {
        add(&format!("victims: {}", incident.victims));
    }
    text
}

#[cfg(test)]
mod tests {
    use lancang_alert::incident::{Incident, Related};

    use super::*;

    fn line(text: &str) -> HomeLine {
        HomeLine { place: (2, 17), text: String::new(), incident: Incident::read(text.as_bytes()).unwrap() }
    }

    const VICTIMS: &str = include_str!("../../../crates/alert/tests/golden/incident/victims.json");

    #[test]
    fn a_line_in_words_says_what_how_bad_who_and_why() {
        assert_eq!(
            as_text(&line(VICTIMS), false),
            "2025-11-10 07:03:59Z victims spoofed-prefix@1 (fixed-line), severity 3, score 28  \
             90c9e987e5c8fd9377ece4cb8fde6dae:2  2@17\n    trunk int-chn-khm-03 (used)\n    callee +85512345678 (victim)\n    \
             spoofed-prefix calls 4 (limit 3)\n    victims: 4\n"
        );
        assert!(as_text(&line(VICTIMS), true).contains("\x1b[33mseverity 3\x1b[0m"));
    }

    #[test]
    fn what_a_sender_calls_itself_steers_no_terminal_and_many_others_are_counted() {
        let mut line = line(&VICTIMS.replace("int-chn-khm-03", "a\\u001b[2J\\nb"));
        let other = Related { entity_type: "sim".to_owned(), value: "1".to_owned(), role: "used".to_owned() };
        line.incident.related = vec![other; RELATED_SHOWN + 3];
        let text = as_text(&line, false);
        assert!(text.contains("    trunk a[2Jb (used)\n") && !text.contains('\x1b'), "{text}");
        assert!(text.contains("    and 3 others\n") && text.matches("sim 1").count() == RELATED_SHOWN, "{text}");
    }
}
