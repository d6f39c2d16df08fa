//! Exit statuses (sysexits.h), and errors that carry one.

use std::fmt;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The command line was wrong.
    Usage = 64,
    /// The input was wrong.
    Data = 65,
    /// A service could not be reached.
    Unavailable = 69,
    /// Reading or writing failed.
    Io = 74,
    /// Somebody is left out because a hold protects them (`EX_TEMPFAIL`: it ends).
    Held = 75,
    /// The configuration was wrong.
    Configuration = 78,
}

/// An error with the exit status that it leads to.
#[derive(Debug)]
pub struct Failure {
    /// Status.
    pub exit: Exit,
    message: String,
}

impl Failure {
    /// A failure with what to tell the reader.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    /// An error for input that is wrong.
    pub fn data(message: impl Into<String>) -> anyhow::Error {
        Self::new(Exit::Data, message).into()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Exit status of an error: that of the [`Failure`] in its chain, I/O for an I/O error, data otherwise.
#[must_use]
pub fn status(error: &anyhow::Error) -> i32 {
    if let Some(failure) = error.chain().find_map(|cause| cause.downcast_ref::<Failure>()) {
        return failure.exit as i32;
    }
    if error.chain().any(|cause| cause.is::<std::io::Error>()) {
        return Exit::Io as i32;
    }
    Exit::Data as i32
}

/// Whether whoever reads the output has seen enough (`| head`): no failure.
#[must_use]
pub fn is_closed_output(error: &anyhow::Error) -> bool {
    let kind = |cause: &(dyn std::error::Error + 'static)| {
        let io = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        io.or_else(|| cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind))
    };
    error.chain().any(|cause| kind(cause) == Some(std::io::ErrorKind::BrokenPipe))
}

/// What an error says, without the runs of eight digits or more of its command line: an error quotes an argument that is wrong, and
/// may end in a log. Names of files and addresses, which have a dot or a slash in them, are left as they are.
#[must_use]
pub fn without_identifiers(said: &str, arguments: impl Iterator<Item = String>) -> String {
    let mut runs: Vec<String> = arguments
        .filter(|argument| !argument.contains(['.', '/']))
        .flat_map(|argument| argument.split(|c: char| !c.is_ascii_digit()).map(str::to_owned).collect::<Vec<_>>())
        .filter(|run| run.len() >= IDENTIFIER_DIGITS_MIN)
        .collect();
    // One that holds another goes first.
    runs.sort_by_key(|run| std::cmp::Reverse(run.len()));
    runs.iter().fold(said.to_owned(), |said, run| said.replace(run.as_str(), LEFT_OUT))
}

const LEFT_OUT: &str = "(digits left out)";
/// Fewest digits of a subscriber's number: Cambodia's, without its prefix.
const IDENTIFIER_DIGITS_MIN: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_repeats_no_identifier_of_the_command_line() {
        let told = |said: &str, arguments: &[&str]| {
            without_identifiers(said, arguments.iter().map(|argument| (*argument).to_owned()))
        };
        assert_eq!(told("no incident `+85512345678`", &["show", "+85512345678"]), "no incident `+(digits left out)`");
        assert_eq!(
            told("`456060000000286` is no country", &["--to=456060000000286"]),
            "`(digits left out)` is no country"
        );
        assert_eq!(told("85512345678 is not in 0..=6", &["+85512345678"]), "(digits left out) is not in 0..=6");
        let several = told("caller:+85512345678x,+8551234567890", &["caller:+85512345678x,+8551234567890"]);
        assert_eq!(several, "caller:+(digits left out)x,+(digits left out)");
        assert_eq!(told("cannot open 20261129.csv", &["20261129.csv"]), "cannot open 20261129.csv");
        assert_eq!(told("2026-11-31 is no day, nor 5000", &["2026-11-31", "5000"]), "2026-11-31 is no day, nor 5000");
    }
}
