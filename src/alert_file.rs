//! Files of alerts: one per line, as they lie in the topic; gzip and zstd by their first bytes, `-` is standard input.

use std::fs::File;
use std::io::{self, BufRead, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use lancang_alert::Alert;
use lancang_alert::limits::ALERT_BYTES_MAX;
use lancang_intake::files::decompressed;

use crate::exit::{Exit, Failure};

/// Longest line that is read, bytes.
const LINE_BYTES_MAX: u64 = ALERT_BYTES_MAX as u64;
/// Mistakes that are said one by one.
const MISTAKES_SHOWN: u64 = 10;

/// Gives every alert of some files to `take`, with its line as it stands. What is no alert is said and left out. Gives how
/// many alerts there were.
///
/// # Errors
/// If a file cannot be read or `take` fails; at the end, if something was no alert (exit status 65).
pub fn read(files: &[PathBuf], mut take: impl FnMut(Alert, &[u8]) -> anyhow::Result<()>) -> anyhow::Result<u64> {
    let (mut alerts, mut mistakes) = (0_u64, 0_u64);
    for path in files {
        let shown = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
        let mut reader = open(path).with_context(|| format!("cannot read {shown}"))?;
        let mut line = Vec::new();
        for number in 1_u64.. {
            line.clear();
            let read = reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
            if read.with_context(|| format!("cannot read {shown}"))? == 0 {
                break;
            }
            let text = line.trim_ascii();
            if text.is_empty() {
                continue;
            }
            match serde_json::from_slice(text) {
                Ok(alert) => {
                    alerts += 1;
                    take(alert, text)?;
                }
                Err(error) => {
                    mistakes += 1;
                    if mistakes <= MISTAKES_SHOWN {
                        tracing::error!("{shown}:{number}: {}", mistake(&error, line.len()));
                    }
                    // The rest of a line that is too long is none of its own.
                    while line.last().is_some_and(|last| *last != b'\n') {
                        line.clear();
                        if reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
                            break;
                        }
                    }
                }
            }
        }
    }
    if mistakes > 0 {
        let why = format!("{mistakes} lines are no alerts and were left out; {alerts} are");
        return Err(Failure::new(Exit::Data, why).into());
    }
    Ok(alerts)
}

/// What is wrong with a line; never its values.
fn mistake(error: &serde_json::Error, bytes: usize) -> String {
    if bytes as u64 >= LINE_BYTES_MAX {
        return format!("a line of {LINE_BYTES_MAX} bytes and more: an alert is shorter");
    }
    let kind = match error.classify() {
        serde_json::error::Category::Syntax => "broken JSON",
        serde_json::error::Category::Eof => "the line ends early",
        _ => "no shared alert (docs/schema/alert.json): a field is missing or of another type",
    };
    format!("{kind} at column {}", error.column())
}

fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    if path == Path::new("-") { decompressed(io::stdin()) } else { decompressed(File::open(path)?) }
}
