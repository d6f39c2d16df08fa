//! Pages for paper: HTML without a script that loads nothing, in the console's languages; fonts of their scripts stand in it. What others wrote is text: every value
//! that becomes a part of a page goes through [`escaped`].

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lancang_alert::words::{Language, Words};

use crate::assets::FILES;
use crate::locale;

const STYLE: &str = include_str!("paper.css");

/// A language's words, as parts of a page.
pub(crate) struct Paper {
    pub(crate) words: Words,
}

impl Paper {
    /// The texts of the pages, which have those of alerts.
    pub(crate) fn new(language: Language) -> Self {
        let name = format!("locales/{}.ftl", language.tag());
        let file = FILES.iter().find(|(known, _)| *known == name).map_or(&b""[..], |(_, bytes)| bytes);
        Self { words: Words::of(language, std::str::from_utf8(file).unwrap_or_default()) }
    }

    /// A text by its key.
    pub(crate) fn word(&self, key: &str) -> String {
        escaped(&self.words.text(key, &[]).unwrap_or_else(|| key.to_owned()))
    }

    /// A word of a known set.
    pub(crate) fn of(&self, set: &str, name: &str) -> String {
        escaped(&self.words.word(set, name))
    }

    /// A country's name.
    pub(crate) fn country(&self, code: &str) -> String {
        escaped(&self.words.text(&format!("country-{code}"), &[]).unwrap_or_else(|| code.to_owned()))
    }

    /// A time to the second, as the language writes it: what was signed has it to the millisecond.
    pub(crate) fn time(&self, text: &str) -> String {
        escaped(&locale::time(self.words.language(), text).unwrap_or_else(|| text.to_owned()))
    }

    /// A day as the language writes it.
    pub(crate) fn day(&self, text: &str) -> String {
        escaped(&locale::day(self.words.language(), text).unwrap_or_else(|| text.to_owned()))
    }

    /// A count as the language writes it.
    pub(crate) fn number(&self, number: u64) -> String {
        locale::number(self.words.language(), number)
    }

    /// A text with a count in it.
    pub(crate) fn counted(&self, key: &str, count: usize) -> String {
        escaped(&self.words.text(key, &[("count", &self.number(count as u64))]).unwrap_or_else(|| key.to_owned()))
    }

    /// A section in this language: its title, and that nobody has reviewed it.
    pub(crate) fn section(&self, title: &str, content: &str) -> String {
        let unreviewed =
            self.words.unreviewed().map(|text| format!("<p class=\"unreviewed\">{}</p>\n", escaped(&text)));
        let (tag, unreviewed) = (self.words.language().tag(), unreviewed.unwrap_or_default());
        format!("<section lang=\"{tag}\">\n<h1>{title}</h1>\n{unreviewed}{content}</section>\n")
    }

    /// A table under heads that are texts; a dash where there is nothing.
    pub(crate) fn table(&self, heads: &[&str], rows: Vec<Vec<String>>) -> String {
        if rows.is_empty() {
            return "<p>–</p>\n".to_owned();
        }
        let heads: String = heads.iter().map(|head| format!("<th scope=\"col\">{}</th>", self.word(head))).collect();
        let row = |cells: Vec<String>| {
            let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
            format!("<tr>{cells}</tr>\n")
        };
        let rows: String = rows.into_iter().map(row).collect();
        format!("<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n")
    }
}

/// A language's script, its family and its files.
const FONTS: [(Language, &str, &str); 4] = [
    (Language::Khmer, "Khmer", "khmer"),
    (Language::Lao, "Lao", "lao"),
    (Language::Burmese, "Myanmar", "myanmar"),
    (Language::Thai, "Thai", "thai"),
];

/// The fonts of a language's script, in the page itself: it is read where nothing can be loaded.
fn fonts(language: Language) -> String {
    let Some((_, family, file)) = FONTS.iter().find(|(known, _, _)| *known == language) else { return String::new() };
    let face = |(weight, weights): (u16, &str)| {
        let name = format!("fonts/{file}-{weight}.woff2");
        let bytes = FILES.iter().find(|(known, _)| *known == name).map_or(&b""[..], |(_, bytes)| bytes);
        let data = STANDARD.encode(bytes);
        format!(
            "@font-face {{ font-family: \"Noto Sans {family}\"; src: url(\"data:font/woff2;base64,{data}\") format(\"woff2\"); \
             font-weight: {weights}; }}\n"
        )
    };
    [(400, "100 500"), (600, "501 900")].map(face).concat()
}

/// A page of sections in these languages.
pub(crate) fn document(languages: &[Language], title: &str, sections: &str) -> String {
    let first = languages.first().map_or("en", |language| language.tag());
    let fonts: String = languages.iter().map(|language| fonts(*language)).collect();
    format!(
        "<!doctype html>\n<html lang=\"{first}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src \
         'unsafe-inline'; font-src data:\">\n<title>{title}</title>\n<style>\n{fonts}{STYLE}</style>\n</head>\n<body>\n{sections}</body>\n</html>\n"
    )
}

pub(crate) fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
