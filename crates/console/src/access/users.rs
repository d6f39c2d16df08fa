//! Users of a console: a file of mode 0600 with the hashes of their passwords (Argon2id, RFC 9106).
//!
//! A file is of one console: of an agency's, or of one carrier's desk, and each user of a desk is bound to its carrier. Whoever
//! stands in the file of another console is nobody here.
//!
//! It is written whole and put in place of the old one, and looked at again when it has changed: who is disabled there is
//! signed out with the next request.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use lancang_alert::handling::COUNTRIES;
use serde::{Deserialize, Serialize};

use super::Role;
use crate::held;
use crate::limits::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, USERS_MAX};

/// Longest file, bytes: [`USERS_MAX`] users of some 300 bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Longest name of a user or a person, bytes.
const NAME_BYTES_MAX: usize = 100;

/// Somebody who may sign in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Name to sign in with.
    pub name: String,
    /// The person, as what is said under the name tells it.
    pub person: String,
    /// ISO 3166-1 alpha-2: what is seen.
    pub country: String,
    /// What may be done.
    pub role: Role,
    /// Of a carrier's desk: whose (`//KH/mekong-mobile`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// Hash of the password, in PHC's form.
    password: String,
    /// Whether the user may not sign in any more.
    #[serde(default)]
    pub is_disabled: bool,
}

/// Not for logs: with the hash passwords can be tried out.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "User({}, {}, {})", self.name, self.country, self.role.as_str())
    }
}

/// Why users cannot be read or changed. No password is quoted.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    /// The file.
    #[error("{}: {error}", path.display())]
    File {
        /// File.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Others may read it.
    #[error("{} is open to others (mode {mode:o}): `chmod 600` it", path.display())]
    Mode {
        /// File.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Not written by `lancang console user`.
    #[error("{} is no file of users: {error}", path.display())]
    Form {
        /// File.
        path: PathBuf,
        /// Why.
        error: String,
    },
    /// What somebody asked for.
    #[error("{0}")]
    Asked(String),
}

/// All users, as the file has them.
#[derive(Debug)]
pub struct Users {
    path: PathBuf,
    /// Whose desk it is; none of an agency's console.
    carrier: Option<String>,
    /// What tells that the file is another one: inode, time of change in seconds and nanoseconds, length.
    seen: Option<(u64, i64, i64, u64)>,
    users: BTreeMap<String, User>,
}

impl Users {
    /// Reads the file of a console, an agency's or a carrier's desk; without one there are no users.
    ///
    /// # Errors
    /// If it cannot be read, is open to others, or is none.
    pub fn open(path: &Path, carrier: Option<&str>) -> Result<Self, UsersError> {
        let carrier = carrier.map(str::to_owned);
        let mut users = Self { path: path.to_owned(), carrier, seen: None, users: BTreeMap::new() };
        users.follow()?;
        Ok(users)
    }

    /// Reads it again if it has changed.
    ///
    /// # Errors
    /// As [`Self::open`]; the users that were known stay.
    pub fn follow(&mut self) -> Result<(), UsersError> {
        let fault = |error| UsersError::File { path: self.path.clone(), error };
        let metadata = match std::fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                (self.seen, self.users) = (None, BTreeMap::new());
                return Ok(());
            }
            Err(error) => return Err(fault(error)),
        };
        let seen = Some((metadata.ino(), metadata.mtime(), metadata.mtime_nsec(), metadata.len()));
        if seen == self.seen {
            return Ok(());
        }
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(UsersError::Mode { path: self.path.clone(), mode });
        }
        let mut text = String::new();
        let file = File::open(&self.path).map_err(fault)?;
        file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(fault)?;
        let users: Vec<User> = serde_json::from_str(&text)
            .map_err(|error| UsersError::Form { path: self.path.clone(), error: error.to_string() })?;
        self.users = users.into_iter().map(|user| (user.name.clone(), user)).collect();
        self.seen = seen;
        Ok(())
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// A user who may sign in here.
    #[must_use]
    pub fn active(&self, name: &str) -> Option<&User> {
        self.users.get(name).filter(|user| !user.is_disabled && user.carrier == self.carrier)
    }

    /// Adds a user, or gives one another password, person, country and role.
    ///
    /// # Errors
    /// If a name, the country or the password does not do, or the file cannot be written.
    pub fn put(
        &mut self,
        name: &str,
        person: &str,
        country: &str,
        role: Role,
        password: &str,
        salt: &[u8; 16],
    ) -> Result<(), UsersError> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
        asked(
            (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(fits),
            "a user's name: expected 1 to 100 small letters, digits, `-`, `_` or `.`",
        )?;
        let is_line =
            !person.trim().is_empty() && person.len() <= NAME_BYTES_MAX && !person.chars().any(char::is_control);
        asked(is_line, "the person: expected a name of one line, of at most 100 bytes")?;
        asked(COUNTRIES.contains(&country), "the country: expected one of CN, KH, LA, MM, TH, VN")?;
        let roles: Vec<&str> = Role::of(self.carrier.is_some()).map(Role::as_str).collect();
        asked(
            role.is_of(self.carrier.is_some()),
            &format!("the role: expected one that this console has, {}", roles.join(", ")),
        )?;
        let is_own = self.carrier.as_deref().is_none_or(|carrier| carrier.get(2..4) == Some(country));
        asked(is_own, "the country: expected the one of the carrier whose desk it is")?;
        let is_long = password.chars().count() >= PASSWORD_CHARS_MIN && password.len() <= PASSWORD_BYTES_MAX;
        asked(is_long, &format!("the password: expected {PASSWORD_CHARS_MIN} characters or more, such as five words"))?;
        let hash =
            hashed(password, salt).ok_or_else(|| UsersError::Asked("the password cannot be hashed".to_owned()))?;
        let _lock = self.lock()?;
        self.follow()?;
        asked(
            self.users.len() < USERS_MAX || self.users.contains_key(name),
            &format!("there are {USERS_MAX} users already"),
        )?;
        let user = User {
            name: name.to_owned(),
            person: person.to_owned(),
            country: country.to_owned(),
            role,
            carrier: self.carrier.clone(),
            password: hash,
            is_disabled: false,
        };
        self.users.insert(name.to_owned(), user);
        self.write()
    }

    /// Lets a user sign in no more.
    ///
    /// # Errors
    /// If there is none, or the file cannot be written.
    pub fn disable(&mut self, name: &str) -> Result<(), UsersError> {
        let _lock = self.lock()?;
        self.follow()?;
        let Some(user) = self.users.get_mut(name) else {
            return Err(UsersError::Asked(format!("no user `{name}`; `lancang console user list` shows them")));
        };
        user.is_disabled = true;
        self.write()
    }

    /// Held while the file is changed, so that of two commands at once neither undoes what the other did.
    fn lock(&self) -> Result<File, UsersError> {
        let fault = |error| UsersError::File { path: self.path.clone(), error };
        let path = PathBuf::from(format!("{}.lock", self.path.display()));
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map_err(fault)?;
        asked(held::lock(&file).map_err(fault)?, "another command changes the users and does not end: end it")?;
        Ok(file)
    }

    fn write(&mut self) -> Result<(), UsersError> {
        let fault = |error| UsersError::File { path: self.path.clone(), error };
        let users: Vec<&User> = self.users.values().collect();
        let text = serde_json::to_string_pretty(&users)
            .map_err(|error| UsersError::Form { path: self.path.clone(), error: error.to_string() })?;
        let new = PathBuf::from(format!("{}.new", self.path.display()));
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new).map_err(fault)?;
        file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n")).map_err(fault)?;
        file.sync_all().map_err(fault)?;
        std::fs::rename(&new, &self.path).map_err(fault)?;
        self.follow()
    }
}

impl User {
    /// Somebody whom a provider vouches for: no password signs in so.
    #[must_use]
    pub const fn vouched(name: String, person: String, country: String, role: Role) -> Self {
        Self { name, person, country, role, carrier: None, password: String::new(), is_disabled: false }
    }

    /// What the password is checked against.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.password
    }
}

/// A hash of what nobody types, so that a name that nobody has takes as long to refuse as a wrong password.
#[must_use]
pub fn nobody(random: &[u8; 32]) -> String {
    hashed(&lancang_alert::hex::encode(random), &[0; 16]).unwrap_or_default()
}

/// Whether a password is the one behind a hash: some 50 ms and 19 MiB (OWASP's parameters, the crate's default).
#[must_use]
pub fn is_right(hash: &str, password: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    password.len() <= PASSWORD_BYTES_MAX && Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
}

fn hashed(password: &str, salt: &[u8; 16]) -> Option<String> {
    let hash: PasswordHash = Argon2::default().hash_password_with_salt(password.as_bytes(), salt).ok()?;
    Some(hash.to_string())
}

fn asked(fits: bool, why: &str) -> Result<(), UsersError> {
    if fits { Ok(()) } else { Err(UsersError::Asked(why.to_owned())) }
}
