//! The audit log: who did what, when, for which case. Append only, and each line chained to all before it.
//!
//! Rules:
//! - a line is the SHA-256 of the hash before and the entry's JSON, in hexadecimal digits, a space, and the JSON. Whoever changes,
//!   takes out or puts in a line breaks the chain from there on ([`verify`]). What a chain cannot tell by itself is that lines
//!   are missing at its end: so its newest hash is written down elsewhere now and then (`lancang console audit verify` prints it,
//!   and takes one from before with `--head`), and every start writes it to the log of the process;
//! - a line is on the disk before what it tells of is answered;
//! - of whom something is about the key is named, never an identifier in clear.
//!
//! Several processes may write (a console, and a command beside it): each locks the file for as long as that takes, and takes up
//! first what others wrote. A line that was being written when the machine failed was not answered for: it is cut off before the
//! next one, and an entry says so.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use lancang_alert::hex;
use lancang_record::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::held;
use crate::limits::{AUDIT_LINE_BYTES_MAX, AUDIT_PAGE_MAX};

/// Digits of a hash.
const HASH_DIGITS: usize = 64;

/// Something that somebody did, or was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Number: begins at 1, no gaps.
    #[serde(default)]
    pub seq: u64,
    /// When. RFC 3339.
    #[serde(default)]
    pub at: String,
    /// Name of the user; `-` where nobody is signed in.
    pub user: String,
    /// The user's country.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub country: Option<String>,
    /// What: `sign-in`, `sign-out`, `open`, `acknowledge`, `verdict` …
    pub action: String,
    /// Key of the incident.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub about: Option<String>,
    /// The case that it is for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub case_reference: Option<String>,
    /// Further: the entity's place, the message's id, the address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
    /// `asked`, `done`, `refused` or `failed`.
    pub outcome: String,
}

/// Why the log cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The file.
    #[error("the audit log {}: {error}", path.display())]
    File {
        /// File.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Another process keeps it locked.
    #[error("the audit log {} is kept locked by another process, which has hung or writes to a disk that does", path.display())]
    Locked {
        /// File.
        path: PathBuf,
    },
    /// An entry has more than a line may have, so that nobody could read it; nothing was written.
    #[error(
        "an entry of {bytes} bytes is more than a line of the audit log may have ({AUDIT_LINE_BYTES_MAX}); nothing was written"
    )]
    Long {
        /// Its bytes.
        bytes: usize,
    },
    /// The chain does not hold.
    #[error(
        "the audit log {} is broken: {fault}. It was changed or damaged: keep it as it is, move it away for whoever looks into \
         that, and a new one is begun", path.display()
    )]
    Broken {
        /// File.
        path: PathBuf,
        /// Where, and what is wrong.
        fault: String,
    },
}

/// What a chain was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Entries that hold together.
    pub entries: u64,
    /// Hash of the last of them; zeros of none.
    pub head: String,
    /// What is wrong behind it.
    pub fault: Option<String>,
    /// Where what holds together ends, bytes.
    end: u64,
    /// Where each entry begins, bytes.
    begins: Vec<u64>,
    /// Whether only a line that was not written to its end is wrong.
    is_torn: bool,
}

/// An entry as it stands in the chain: its hash is that of `before` and `entry`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Hash of the entry before.
    pub before: String,
    /// Its own.
    pub hash: String,
    /// Its JSON, byte for byte.
    pub entry: String,
}

impl Link {
    /// The entry, if its hash is that of its text.
    #[must_use]
    pub fn read(&self) -> Option<Entry> {
        let holds = self.before.len() == HASH_DIGITS && self.hash == chained(&self.before, self.entry.as_bytes());
        if holds { serde_json::from_str(&self.entry).ok() } else { None }
    }
}

/// Checks a chain from its first line; `head` is a hash that somebody wrote down, which must be in it.
///
/// # Errors
/// If the file cannot be read.
pub fn verify(path: &Path, head: Option<&str>) -> Result<Verified, AuditError> {
    let mut found = Verified::nothing();
    let mut is_there = head.is_none_or(|head| head == found.head);
    go_on(path, &mut found, |link| is_there |= head == Some(link.hash.as_str()))?;
    if !is_there && found.fault.is_none() {
        found.fault =
            Some("the hash that was written down is not in it: lines were taken away, or it is another log".to_owned());
    }
    Ok(found)
}

/// Entries about some things, in their order, with what the whole chain is.
///
/// # Errors
/// If the file cannot be read, or the chain does not hold: what is behind a fault would be missing, and nobody would see it.
pub fn about(path: &Path, wanted: &[&str]) -> Result<(Verified, Vec<Link>), AuditError> {
    let (mut found, mut links) = (Verified::nothing(), Vec::new());
    go_on(path, &mut found, |link| {
        let about = link.read().and_then(|entry| entry.about);
        if about.is_some_and(|about| wanted.contains(&about.as_str())) {
            links.push(link);
        }
    })?;
    // A line that another process is just writing is no fault.
    match found.fault.take().filter(|_| !found.is_torn) {
        Some(fault) => Err(AuditError::Broken { path: path.to_owned(), fault }),
        None => Ok((found, links)),
    }
}

/// Reads on from where what is known of a chain ends.
fn go_on(path: &Path, found: &mut Verified, mut each: impl FnMut(Link)) -> Result<(), AuditError> {
    let fault = |error| AuditError::File { path: path.to_owned(), error };
    let mut file = File::open(path).map_err(fault)?;
    file.seek(SeekFrom::Start(found.end)).map_err(fault)?;
    let mut lines = BufReader::new(file);
    let mut line = Vec::new();
    loop {
        line.clear();
        let most = AUDIT_LINE_BYTES_MAX as u64 + 1;
        let read = std::io::Read::take(&mut lines, most).read_until(b'\n', &mut line).map_err(fault)?;
        if read == 0 {
            return Ok(());
        }
        if let Err(why) = follows(found, &line) {
            found.is_torn = line.last() != Some(&b'\n') && read < most as usize;
            found.fault = Some(format!("line {}: {why}", found.entries + 1));
            return Ok(());
        }
        let hash = String::from_utf8_lossy(&line[..HASH_DIGITS]).into_owned();
        let entry = String::from_utf8_lossy(&line[HASH_DIGITS + 1..read - 1]).into_owned();
        let before = std::mem::replace(&mut found.head, hash.clone());
        found.begins.push(found.end);
        found.entries += 1;
        found.end += read as u64;
        each(Link { before, hash, entry });
    }
}

/// Whether a line goes on from what was found.
fn follows(found: &Verified, line: &[u8]) -> Result<(), &'static str> {
    let line = line.strip_suffix(b"\n").ok_or("it does not end, or is longer than any")?;
    let (hash, rest) = line.split_at_checked(HASH_DIGITS).ok_or("it is no entry")?;
    let text = rest.strip_prefix(b" ").ok_or("it is no entry")?;
    if hash != chained(&found.head, text).as_bytes() {
        return Err("its hash does not follow from it and the line before");
    }
    let entry: Entry = serde_json::from_slice(text).map_err(|_| "it is no entry")?;
    if entry.seq == found.entries + 1 { Ok(()) } else { Err("its number does not go on") }
}

fn chained(head: &str, text: &[u8]) -> String {
    hex::encode(&Sha256::new().chain_update(head).chain_update(text).finalize())
}

impl Verified {
    /// A chain of which nothing is known yet.
    fn nothing() -> Self {
        let (head, begins) = ("0".repeat(HASH_DIGITS), Vec::new());
        Self { entries: 0, head, fault: None, end: 0, begins, is_torn: false }
    }
}

/// The log, open for writing.
#[derive(Debug)]
pub struct Audit {
    path: PathBuf,
    file: File,
    /// What is known of its chain.
    known: Verified,
}

impl Audit {
    /// Opens the log and checks its chain; makes it where there is none.
    ///
    /// # Errors
    /// If it cannot be opened, another process keeps it locked, or its chain is broken.
    pub fn open(path: &Path, now: Timestamp) -> Result<Self, AuditError> {
        let fault = |error| AuditError::File { path: path.to_owned(), error };
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).create(true).mode(0o600).open(path).map_err(fault)?;
        let mut audit = Self { path: path.to_owned(), file, known: Verified::nothing() };
        audit.locked(|audit| audit.follow(now))?;
        Ok(audit)
    }

    /// Does something while no other process writes.
    fn locked<T>(&mut self, what: impl FnOnce(&mut Self) -> Result<T, AuditError>) -> Result<T, AuditError> {
        if !held::lock(&self.file).map_err(|error| AuditError::File { path: self.path.clone(), error })? {
            return Err(AuditError::Locked { path: self.path.clone() });
        }
        let done = what(self);
        self.file.unlock().map_err(|error| AuditError::File { path: self.path.clone(), error })?;
        done
    }

    /// Takes up what another process has written, and mends what it has not written to its end.
    fn follow(&mut self, now: Timestamp) -> Result<(), AuditError> {
        let fault = |path: &Path, error| AuditError::File { path: path.to_owned(), error };
        let length = self.file.metadata().map_err(|error| fault(&self.path, error))?.len();
        if length == self.known.end {
            return Ok(());
        }
        let broken = |path: &Path, fault: String| AuditError::Broken { path: path.to_owned(), fault };
        if length < self.known.end {
            return Err(broken(&self.path, "lines at its end were taken away".to_owned()));
        }
        go_on(&self.path, &mut self.known, drop)?;
        let Some(wrong) = self.known.fault.take() else { return Ok(()) };
        if !std::mem::take(&mut self.known.is_torn) {
            return Err(broken(&self.path, wrong));
        }
        let end = self.known.end;
        self.file.set_len(end).map_err(|error| fault(&self.path, error))?;
        let detail = Some(format!("{} bytes of a line that was not written to its end were cut off", length - end));
        let (user, action, outcome) = ("-".to_owned(), "mend".to_owned(), "done".to_owned());
        self.put(Entry { user, action, detail, outcome, ..Entry::default() }, now).map(drop)
    }

    /// Number of entries.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.known.begins.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.known.begins.is_empty()
    }

    /// Hash of the newest entry.
    #[must_use]
    pub fn head(&self) -> &str {
        &self.known.head
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes an entry, to the disk; gives its number.
    ///
    /// # Errors
    /// If it cannot be written: then nothing was done.
    pub fn write(&mut self, entry: Entry, now: Timestamp) -> Result<u64, AuditError> {
        self.locked(|audit| {
            audit.follow(now)?;
            audit.put(entry, now)
        })
    }

    fn put(&mut self, entry: Entry, now: Timestamp) -> Result<u64, AuditError> {
        let fault = |path: &Path, error| AuditError::File { path: path.to_owned(), error };
        let seq = self.known.entries + 1;
        let entry = Entry { seq, at: now.to_string(), ..entry };
        let text = serde_json::to_string(&entry).map_err(|error| fault(&self.path, error.into()))?;
        let head = chained(&self.known.head, text.as_bytes());
        let line = format!("{head} {text}\n");
        if line.len() > AUDIT_LINE_BYTES_MAX {
            return Err(AuditError::Long { bytes: line.len() });
        }
        if let Err(error) = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data()) {
            // What was written of it is no entry: the next one begins where this one did.
            let _ = self.file.set_len(self.known.end);
            return Err(fault(&self.path, error));
        }
        self.known.begins.push(self.known.end);
        self.known.end += line.len() as u64;
        self.known.entries = seq;
        self.known.head = head;
        Ok(seq)
    }

    /// Entries before a number, newest first, each with its hash.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn page(&mut self, before: Option<u64>, limit: usize) -> Result<Vec<(Entry, String)>, AuditError> {
        let fault = |error| AuditError::File { path: self.path.clone(), error };
        // What another process is just writing is read the next time.
        go_on(&self.path, &mut self.known, drop)?;
        (self.known.fault, self.known.is_torn) = (None, false);
        let begins = &self.known.begins;
        let last = before.map_or(begins.len(), |before| (before.saturating_sub(1) as usize).min(begins.len()));
        let first = last.saturating_sub(limit.clamp(1, AUDIT_PAGE_MAX));
        let Some(begin) = begins.get(first).filter(|_| first < last) else { return Ok(Vec::new()) };
        let end = begins.get(last).copied().unwrap_or(self.known.end);
        let mut file = File::open(&self.path).map_err(fault)?;
        file.seek(SeekFrom::Start(*begin)).map_err(fault)?;
        let mut text = String::new();
        file.take(end - begin).read_to_string(&mut text).map_err(fault)?;
        let read = |line: &str| {
            let (hash, entry) = line.split_once(' ')?;
            Some((serde_json::from_str(entry).ok()?, hash.to_owned()))
        };
        Ok(text.lines().rev().filter_map(read).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(action: &str) -> Entry {
        let (user, action, outcome) = ("sok".to_owned(), action.to_owned(), "done".to_owned());
        Entry { user, action, outcome, ..Entry::default() }
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_764_000_000_000 + ms)
    }

    fn of_three(folder: &Path) -> (PathBuf, String) {
        let path = folder.join("audit.log");
        let mut audit = Audit::open(&path, at(0)).unwrap();
        for (number, action) in ["sign-in", "open", "verdict"].into_iter().enumerate() {
            assert_eq!(audit.write(entry(action), at(1)).unwrap(), number as u64 + 1);
        }
        (path, audit.head().to_owned())
    }

    #[test]
    fn a_chain_goes_on_and_is_paged() {
        let folder = tempfile::tempdir().unwrap();
        let (path, head) = of_three(folder.path());
        let mut audit = Audit::open(&path, at(2)).unwrap();
        audit.write(entry("comment"), at(3)).unwrap();
        let found = verify(&path, Some(&head)).unwrap();
        assert_eq!((found.entries, found.fault), (4, None));
        let mut actions = |before, limit| -> Vec<String> {
            audit.page(before, limit).unwrap().into_iter().map(|(entry, _)| entry.action).collect()
        };
        assert_eq!(actions(None, 2), ["comment", "verdict"]);
        assert_eq!(actions(Some(3), 9), ["open", "sign-in"]);
        assert!(actions(Some(1), 9).is_empty());
    }

    /// Found in review: a refused request with a long address made a line that nobody could read, and broke the log for good.
    #[test]
    fn what_is_too_long_is_not_written_and_a_broken_chain_tells_of_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let (path, head) = of_three(folder.path());
        let mut audit = Audit::open(&path, at(2)).unwrap();
        let long = Entry { about: Some("x".repeat(AUDIT_LINE_BYTES_MAX)), ..entry("request") };
        assert!(matches!(audit.write(long, at(3)), Err(AuditError::Long { .. })));
        audit.write(Entry { about: Some("k".to_owned()), ..entry("open") }, at(4)).unwrap();
        assert_eq!(verify(&path, Some(&head)).unwrap().fault, None);
        assert_eq!(about(&path, &["k"]).unwrap().1.len(), 1);
        let text = std::fs::read_to_string(&path).unwrap().replacen("sign-in", "sign-IN", 1);
        std::fs::write(&path, text).unwrap();
        assert!(matches!(about(&path, &["k"]), Err(AuditError::Broken { .. })));
    }

    /// Two that write go on from each other, and what one tells of the other's is whole.
    #[test]
    fn two_write_one_chain() {
        let folder = tempfile::tempdir().unwrap();
        let (path, _) = of_three(folder.path());
        let (mut one, mut other) = (Audit::open(&path, at(2)).unwrap(), Audit::open(&path, at(2)).unwrap());
        let about = |what: &str| Entry { about: Some(what.to_owned()), ..entry("open") };
        for turn in 0..6 {
            let who = if turn % 2 == 0 { &mut one } else { &mut other };
            assert_eq!(who.write(about(if turn < 2 { "a" } else { "b" }), at(turn)).unwrap(), 4 + turn as u64);
        }
        let (found, links) = super::about(&path, &["a"]).unwrap();
        assert_eq!((found.entries, found.fault, links.len()), (9, None, 2));
        assert_eq!(links[1].read().unwrap().seq, 5);
        assert_eq!(links[0].hash, links[1].before);
        let changed = Link { entry: links[0].entry.replace("sok", "tep"), ..links[0].clone() };
        assert_eq!(changed.read(), None);
        // What was cut away behind the back of one that writes is found.
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(file.metadata().unwrap().len() - 10).unwrap();
        assert!(matches!(other.write(entry("open"), at(9)), Err(AuditError::Broken { .. })));
        drop(file);
    }

    /// Every byte that is changed, every line that is taken out, put in or moved is found.
    #[test]
    fn whatever_is_changed_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let (path, head) = of_three(folder.path());
        let whole = std::fs::read(&path).unwrap();
        let is_broken = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            verify(&path, Some(&head)).unwrap().fault.is_some()
        };
        assert!(!is_broken(&whole));
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 1;
            assert!(is_broken(&changed), "byte {place}");
        }
        let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        for order in [&[0, 1][..], &[0, 2], &[1, 2], &[1, 0, 2], &[0, 1, 1, 2], &[]] {
            let changed: Vec<u8> = order.iter().flat_map(|place| lines[*place]).copied().collect();
            assert!(is_broken(&changed), "{order:?}");
        }
        std::fs::write(&path, [lines[0], lines[2]].concat()).unwrap();
        assert!(matches!(Audit::open(&path, at(3)), Err(AuditError::Broken { .. })));
    }

    #[test]
    fn a_torn_line_is_cut_off_and_told() {
        let folder = tempfile::tempdir().unwrap();
        let (path, head) = of_three(folder.path());
        let mut torn = OpenOptions::new().append(true).open(&path).unwrap();
        torn.write_all(b"0123 {\"seq\":4").unwrap();
        let mut audit = Audit::open(&path, at(5)).unwrap();
        let (told, _) = audit.page(None, 1).unwrap().remove(0);
        assert_eq!((told.seq, told.action.as_str()), (4, "mend"));
        assert_eq!(verify(&path, Some(&head)).unwrap().fault, None);
    }
}
