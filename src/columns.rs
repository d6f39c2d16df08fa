//! Tables for people: aligned columns, coloured on a terminal alone.

use std::fmt::Write as _;
use std::io::IsTerminal;

use crate::logging::colors;

/// What a cell says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// Nothing to see here.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// Worth a look.
    Look,
    /// Not as it should be.
    Bad,
}

impl Mark {
    /// ANSI SGR parameters: from the eight basic colours, so that light and dark terminals both show them.
    const fn sgr(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Good => Some("32"),
            Self::Look => Some("33"),
            Self::Bad => Some("31"),
        }
    }

    /// A text in this mark's colour, if colours are wanted.
    #[must_use]
    pub fn paint(self, text: &str, color: bool) -> String {
        match self.sgr() {
            Some(sgr) if color => format!("\x1b[{sgr}m{text}\x1b[0m"),
            _ => text.to_owned(),
        }
    }
}

/// A table that is being filled.
#[derive(Clone, Debug)]
pub struct Columns {
    rows: Vec<Vec<(String, Mark)>>,
}

impl Columns {
    /// A table with these headings.
    #[must_use]
    pub fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|heading| ((*heading).to_owned(), Mark::Plain)).collect()] }
    }

    /// Adds a row.
    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = (T, Mark)>) {
        self.rows.push(cells.into_iter().map(|(text, mark)| (text.into(), mark)).collect());
    }

    /// The table as text for `stream`: with colours if it is a terminal and `NO_COLOR` is not set.
    #[must_use]
    pub fn text_for(&self, stream: &impl IsTerminal) -> String {
        self.text(colors(stream))
    }

    /// The table as text. Columns are two blanks apart; the last is as long as it is.
    #[must_use]
    pub fn text(&self, color: bool) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|(text, _)| text.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.rows[0].len()).map(width).collect();
        let mut out = String::new();
        for row in &self.rows {
            for (column, (text, mark)) in row.iter().enumerate() {
                out.push_str(&mark.paint(text, color));
                if column + 1 < row.len() {
                    let blanks = widths[column] - text.chars().count() + 2;
                    // Writing to a string cannot fail.
                    let _ = write!(out, "{:blanks$}", "");
                }
            }
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_whatever_the_colour() {
        let mut columns = Columns::new(&["pattern", "recall"]);
        columns.row([("a–b", Mark::Plain), ("0.5", Mark::Bad)]);
        columns.row([("longer-name", Mark::Plain), ("1", Mark::Plain)]);
        assert_eq!(columns.text(false), "pattern      recall\na–b          0.5\nlonger-name  1\n");
        assert_eq!(columns.text(true), "pattern      recall\na–b          \x1b[31m0.5\x1b[0m\nlonger-name  1\n");
    }
}
