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
