//! Secrets: keys of tokens and signatures, from a file, a variable or a command. Never from the configuration, an argument
//! or a log.
//!
//! - a file of the process's own user has mode 0600 or less, one of root 0640 or less (what PostgreSQL demands of its keys: root gives
//!   it to a group, as Kubernetes mounts secrets under `fsGroup`), or it is refused;
//! - a command is run without a shell, has [`COMMAND_MAX`] to end and to close its standard output, to which it writes the secret: so
//!   have those whom it has started and who hold that open;
//! - texts are wiped from memory by those who take them.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use lancang_alert::token::EpochKeys;
use lancang_alert::{EpochKey, KeyKind, PrivateKey, Signer};
use zeroize::Zeroizing;

use crate::config::Relay;
use crate::exit::{Exit, Failure};

/// Longest secret, bytes.
const SECRET_BYTES_MAX: u64 = 64 << 10;
/// Longest run of a command.
const COMMAND_MAX: Duration = Duration::from_secs(30);
/// Least time for what a command has written to be read, once it has ended.
const OUTPUT_MIN: Duration = Duration::from_millis(100);

/// Why a command gave no secret. What it wrote is not quoted.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// No program is named.
    #[error("a command with no program")]
    Empty,
    /// It cannot be run, or waited for.
    #[error("cannot run `{program}` for a key: {reason}")]
    NotRun {
        /// The program.
        program: String,
        /// Why.
        reason: std::io::Error,
    },
    /// It did not end.
    #[error("`{program}` gave no key in {} s", within.as_secs_f32())]
    Slow {
        /// The program.
        program: String,
        /// How long it had.
        within: Duration,
    },
    /// It ended, and something that it started still holds its output open.
    #[error(
        "`{program}` has ended, and a process that it started holds its standard output open for more than {} s: let that write \
         elsewhere",
        within.as_secs_f32()
    )]
    HeldOpen {
        /// The program.
        program: String,
        /// How long it had.
        within: Duration,
    },
    /// It said that it failed.
    #[error("`{program}` gave no key: it ended with {status}")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// It wrote no text.
    #[error("what `{program}` writes cannot be read as text: {reason}")]
    NoText {
        /// The program.
        program: String,
        /// Why.
        reason: std::io::Error,
    },
}

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// In a file of mode 0600.
    File(PathBuf),
    /// In an environment variable.
    Env(String),
    /// On the standard output of a program: its name and arguments.
    Command(Vec<String>),
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Env(variable) => write!(f, "the environment variable {variable}"),
            Self::Command(command) => write!(f, "the command `{}`", command.first().map_or("", String::as_str)),
        }
    }
}

impl Secret {
    /// Of three options of a command line, the one that is given.
    #[must_use]
    pub fn given(file: Option<&PathBuf>, variable: Option<&String>, command: Option<&String>) -> Option<Self> {
        let file = file.map(|path| Self::File(path.clone()));
        let variable = variable.map(|name| Self::Env(name.clone()));
        let words = |command: &String| command.split_whitespace().map(str::to_owned).collect();
        file.or(variable).or_else(|| command.map(|command| Self::Command(words(command))))
    }

    /// Reads the secret's text.
    ///
    /// # Errors
    /// If it is not there, or its file is open to others (exit status 78).
    pub fn read(&self) -> anyhow::Result<String> {
        match self {
            Self::File(path) => from_file(path),
            Self::Env(variable) => std::env::var(variable).map_err(|_| wrong(format!("{self} is not set"))),
            Self::Command(command) => from_command(command, COMMAND_MAX).map_err(|error| wrong(error.to_string())),
        }
    }

    /// Reads a key of the exchange.
    ///
    /// # Errors
    /// As [`Self::read`], and if it is no such key.
    pub fn key(&self, kind: KeyKind) -> anyhow::Result<PrivateKey> {
        PrivateKey::read(kind, self.read()?).map_err(|error| wrong(format!("{self}: {error}; see `lancang keys new`")))
    }

    /// Reads a key that signs.
    ///
    /// # Errors
    /// As [`Self::key`].
    pub fn signer(&self, kind: KeyKind) -> anyhow::Result<Signer> {
        Signer::new(&self.key(kind)?).ok_or_else(|| wrong(format!("{self}: a {kind} key signs nothing")))
    }
}

/// Reads the epochs' keys.
///
/// # Errors
/// As [`Secret::read`], and if one is no key, or they do not fit together.
pub fn epoch_keys(relay: &Relay) -> anyhow::Result<EpochKeys> {
    let mut epochs = Vec::new();
    for epoch in &relay.epochs {
        let key = EpochKey::from_hex(epoch.id.as_str(), epoch.key.read()?);
        let key = key.map_err(|error| wrong(format!("epoch `{}`, {}: {error}", epoch.id, epoch.key)))?;
        epochs.push((epoch.from, key));
    }
    let overlap_ms = i64::try_from(relay.epoch_overlap.as_millis()).unwrap_or(i64::MAX);
    EpochKeys::new(epochs, overlap_ms).map_err(|error| wrong(format!("`relay.epochs`: {error}")))
}

/// 32 bytes of the operating system's randomness.
///
/// # Errors
/// If it gives none.
pub fn random() -> anyhow::Result<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut()).context("the operating system gives no random bytes")?;
    Ok(bytes)
}

/// The operating system's randomness, for what draws more of it; it panics where the system gives none, which is before
/// anything could be sealed with what is no randomness.
#[must_use]
pub fn system() -> lancang_alert::seal::Random {
    Box::new(rand_core::UnwrapErr(getrandom::SysRng))
}

/// Writes a secret to a new file of mode 0600.
///
/// # Errors
/// If the file is there already, or cannot be written.
pub fn write_secret(path: &Path, text: &str) -> anyhow::Result<()> {
    let shown = path.display();
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot make {shown}: a key is never written over"))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).with_context(|| format!("cannot write {shown}"))
}

fn from_file(path: &Path) -> anyhow::Result<String> {
    let shown = path.display();
    let file = std::fs::File::open(path).with_context(|| format!("cannot read the key {shown}"))?;
    let metadata = file.metadata().with_context(|| format!("cannot read the key {shown}"))?;
    let mode = metadata.mode() & 0o777;
    if is_open(mode, metadata.uid(), rustix::process::geteuid().as_raw()) {
        return Err(wrong(format!("{shown} has mode {mode:o}, which lets others read the key: `chmod 600 {shown}`")));
    }
    let mut text = String::new();
    file.take(SECRET_BYTES_MAX).read_to_string(&mut text).with_context(|| format!("cannot read the key {shown}"))?;
    Ok(text)
}

/// Whether others than those who should can read or change a file of this mode and owner.
const fn is_open(mode: u32, owner: u32, ourselves: u32) -> bool {
    const ROOT: u32 = 0;
    let forbidden = if owner == ROOT && ourselves != ROOT { 0o137 } else { 0o077 };
    mode & forbidden != 0
}

fn from_command(command: &[String], within: Duration) -> Result<String, CommandError> {
    let (program, arguments) = command.split_first().ok_or(CommandError::Empty)?;
    let program = program.clone();
    let not_run = |reason| CommandError::NotRun { program: program.clone(), reason };
    let mut child = Command::new(&program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(not_run)?;
    let output = child.stdout.take();
    let (sender, read) = channel();
    // It ends with the output; whoever holds that open for ever keeps this one thread, and nobody waits for it.
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = output.map(|output| output.take(SECRET_BYTES_MAX).read_to_string(&mut text));
        let _ = sender.send(read.transpose().map(|_| text));
    });
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(not_run)? {
            break status;
        }
        if begun.elapsed() > within {
            child.kill().and_then(|()| child.wait()).map_err(not_run)?;
            return Err(CommandError::Slow { program, within });
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let left = within.saturating_sub(begun.elapsed()).max(OUTPUT_MIN);
    let Ok(read) = read.recv_timeout(left) else { return Err(CommandError::HeldOpen { program, within }) };
    if !status.success() {
        return Err(CommandError::Failed { program, status });
    }
    read.map_err(|reason| CommandError::NoText { program, reason })
}

fn wrong(message: impl Into<String>) -> anyhow::Error {
    Failure::new(Exit::Configuration, message).into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::config::Epoch;

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("epoch.key");
        std::fs::write(&path, "00".repeat(32)).unwrap();
        let epoch = Epoch { id: "2026-11".into(), from: None, key: Secret::File(path.clone()) };
        let relay = Relay { epochs: vec![epoch], ..Relay::default() };
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = epoch_keys(&relay).unwrap_err();
        assert!(error.to_string().contains("mode 640"), "{error}");
        assert_eq!(crate::exit::status(&error), 78);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(epoch_keys(&relay).unwrap().beginnings().next().unwrap().1, "2026-11");
        let error = Secret::File(path).key(KeyKind::Signing).unwrap_err();
        assert!(error.to_string().contains("not the text of a key"), "{error}");
    }

    /// Under `fsGroup` a Secret of mode 0400 is root's, 0440, and of the pod's group.
    #[test]
    fn what_root_gives_to_a_group_is_read_by_it() {
        let open = |owner, ourselves| {
            [0o400, 0o600, 0o440, 0o640, 0o660, 0o644, 0o750].map(|mode| is_open(mode, owner, ourselves))
        };
        assert_eq!(open(65532, 65532), [false, false, true, true, true, true, true]);
        assert_eq!(open(0, 0), open(65532, 65532));
        assert_eq!(open(0, 65532), [false, false, false, false, true, true, true]);
        assert_eq!(open(1000, 65532), open(65532, 65532), "another user's file is as one's own");
    }

    #[test]
    fn a_command_gives_a_key_or_says_why_not() {
        let command = |text: &str| Secret::Command(text.split(' ').map(str::to_owned).collect());
        assert_eq!(command("printf %s secret").read().unwrap(), "secret");
        let check = |text: &str, expected: &str| {
            let error = format!("{:#}", command(text).read().unwrap_err());
            assert!(error.contains(expected), "{error}");
        };
        check("false", "`false` gave no key");
        check("no-such-program-here a", "cannot run `no-such-program-here`");
        let error = Secret::Env("LANCANG_NO_SUCH_VARIABLE".into()).read().unwrap_err();
        assert!(error.to_string().contains("LANCANG_NO_SUCH_VARIABLE is not set"), "{error}");
        assert_eq!(command("pass show x").to_string(), "the command `pass`", "arguments are not shown");
    }

    /// The program has ended; what it left behind would hold up the start, or the reading of keys on SIGHUP, for ever.
    #[test]
    fn an_output_that_is_held_open_is_not_waited_for() {
        let shell = |script: &str| ["sh", "-c", script].map(str::to_owned);
        let (begun, within) = (Instant::now(), Duration::from_millis(300));
        let error = from_command(&shell("sleep 20 & printf secret"), within).unwrap_err();
        assert!(matches!(error, CommandError::HeldOpen { .. }), "{error}");
        assert!(error.to_string().contains("`sh` has ended") && !error.to_string().contains("secret"), "{error}");
        let error = from_command(&shell("exec sleep 20"), within).unwrap_err();
        assert!(matches!(error, CommandError::Slow { .. }), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(10));
        let error = from_command(&shell("printf '\\377'"), within).unwrap_err();
        assert!(matches!(error, CommandError::NoText { .. }), "{error}");
        assert_eq!(from_command(&shell("sleep 20 >/dev/null 2>&1 & printf secret"), within).unwrap(), "secret");
    }
}
