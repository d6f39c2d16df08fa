//! A digest on paper, in one language.

use lancang_alert::words::Language;

use super::{Asked, Digest, Joint, Judged, Response, Week};
use crate::paper::{Paper, code, document, escaped};

/// The page.
#[must_use]
pub fn html(digest: &Digest, language: Language) -> String {
    let sheet = Sheet { paper: Paper::new(language) };
    let title = format!("{} {}", sheet.paper.word("page-coordination"), sheet.paper.day(&digest.since));
    let heading = format!("{} – {}", sheet.paper.time(&digest.since), sheet.paper.time(&digest.until));
    let word = |key: &str| sheet.paper.word(key);
    let content = format!(
        "<p>{} {heading}</p>\n<p class=\"note\">{}</p>\n{}<p>{}</p>\n{}<h2>{}</h2>\n{}<h2>{}</h2>\n{}<h2>{}</h2>\n{}",
        word("week"),
        word("coordination-tells"),
        sheet.counts(digest),
        word("responses-tell"),
        sheet.responses(digest),
        word("precision"),
        sheet.precision(&digest.precision),
        word("requests-open"),
        sheet.requests(digest),
        word("operations"),
        sheet.operations(digest),
    );
    document(&[language], &title, &sheet.paper.section(&word("page-coordination"), &content))
}

struct Sheet {
    paper: Paper,
}

impl Sheet {
    fn rows<'d>(&self, digest: &'d Digest) -> Vec<(String, &'d Week)> {
        let all = digest.all.iter().map(|week| (self.paper.word("all-countries"), week));
        let countries = digest.countries.iter().map(|(country, week)| (self.paper.country(country), week));
        countries.chain(all).collect()
    }

    fn counts(&self, digest: &Digest) -> String {
        let row = |(name, week): (String, &Week)| {
            let campaigns = [week.campaigns_new, week.campaigns_dissolved, week.campaigns_dismantled];
            let operations =
                [week.operations_new, week.operations_agreed, week.operations_running, week.operations_closed];
            let counts = campaigns.into_iter().chain(operations).map(|count| self.paper.number(count));
            [name, self.paper.number(week.incidents.unsigned_abs())].into_iter().chain(counts).collect()
        };
        let heads = [
            "filter-country",
            "incidents",
            "campaigns-new",
            "campaigns-gone",
            "campaigns-dismantled",
            "operations-new",
            "operations-agreed",
            "operations-running",
            "operations-closed",
        ];
        self.paper.table(&heads, self.rows(digest).into_iter().map(row).collect())
    }

    fn responses(&self, digest: &Digest) -> String {
        let row = |(name, week): (String, &Week)| {
            let cells = Week::ANSWERS.map(|kind| self.response(week.answered(kind)));
            [name].into_iter().chain(cells).collect()
        };
        let heads = [
            "filter-country",
            "response-acknowledgement",
            "response-status",
            "response-verdict",
            "response-receipt",
            "response-operation",
        ];
        self.paper.table(&heads, self.rows(digest).into_iter().map(row).collect())
    }

    fn response(&self, of: Response) -> String {
        let (Some(median), Some(p90)) = (of.median_s, of.p90_s) else { return "–".to_owned() };
        format!("{} / {} ({})", self.length(median), self.length(p90), self.paper.number(of.count as u64))
    }

    /// A length of time in the unit in which it has few digits.
    fn length(&self, seconds: i64) -> String {
        let (unit, value) = match seconds {
            ..7_200 => ("length-min", seconds.div_euclid(60)),
            7_200..172_800 => ("length-h", seconds / 3_600),
            _ => ("length-d", seconds / 86_400),
        };
        let value = self.paper.number(value.unsigned_abs());
        escaped(&self.paper.words.text(unit, &[("value", &value)]).unwrap_or(value))
    }

    fn precision(&self, judged: &[Judged]) -> String {
        let row = |judged: &Judged| {
            let share =
                judged.precision().map(|share| format!("{} %", self.paper.number((share * 100.0).round() as u64)));
            vec![
                code(&judged.pattern),
                self.paper.country(&judged.country),
                self.paper.number(judged.true_positive),
                self.paper.number(judged.false_positive),
                share.unwrap_or_else(|| "–".to_owned()),
            ]
        };
        let heads = ["filter-pattern", "judged-by", "verdict-2", "verdict-1", "precision"];
        self.paper.table(&heads, judged.iter().map(row).collect())
    }

    fn requests(&self, digest: &Digest) -> String {
        let row = |asked: &Asked| {
            let answer = match &asked.answered {
                Some(at) => format!("{} {}", self.paper.word("outcome-accepted"), self.paper.time(at)),
                None => self.paper.word("unanswered"),
            };
            vec![
                self.paper.of("measure", &asked.measure),
                format!("{}, {}", self.paper.country(&asked.by), escaped(&asked.requester)),
                code(&asked.case_reference),
                escaped(&asked.producer),
                self.paper.time(&asked.until),
                answer,
            ]
        };
        let heads = [
            "request-head-measure",
            "request-head-by",
            "request-head-case",
            "fact-producer",
            "request-head-until",
            "request-head-answer",
        ];
        let mut text = self.paper.table(&heads, digest.requests.iter().map(row).collect());
        if digest.more_requests > 0 {
            text.push_str(&format!("<p>{}</p>\n", self.paper.counted("label-more", digest.more_requests)));
        }
        text
    }

    fn operations(&self, digest: &Digest) -> String {
        let row = |joint: &Joint| {
            let answer = |(country, answer): (&String, &Option<String>)| {
                let said = answer
                    .as_ref()
                    .map_or_else(|| self.paper.word("unanswered"), |answer| self.paper.of("operation-answer", answer));
                format!("{}: {said}", self.paper.country(country))
            };
            let outcome = joint.outcome.as_ref().map(|name| format!(", {}", self.paper.of("operation-outcome", name)));
            vec![
                escaped(&joint.title),
                escaped(&joint.proposer),
                joint.countries.iter().map(answer).collect::<Vec<_>>().join("<br>"),
                format!("{}{}", self.paper.of("operation-stage", &joint.stage), outcome.unwrap_or_default()),
                joint.day.as_deref().map_or_else(|| "–".to_owned(), |day| self.paper.day(day)),
                self.paper.number(joint.incidents),
            ]
        };
        let heads = [
            "operation-title",
            "operation-proposer",
            "operation-countries",
            "operation-stage",
            "operation-day",
            "incidents",
        ];
        let mut text = self.paper.table(&heads, digest.operations.iter().map(row).collect());
        if digest.more_operations > 0 {
            text.push_str(&format!("<p>{}</p>\n", self.paper.counted("label-more", digest.more_operations)));
        }
        text
    }
}
