//! Pattern packs: the texts that a pack is compiled from, and the compiled pack.
//!
//! **Invariant:** a pack's hash is that of its sources' encoding, and the same sources compile to the same plan.

use bincode::{Decode, Encode};
use lancang_diagnostic::Diagnostic;
use lancang_record::log::{LogError, WireCodec};
use sha2::{Digest as _, Sha256};

use crate::file::{self, PatternFile};
use crate::lists::Lists;
use crate::plan::Pack;
use crate::{compile, predicate::Predicate};

/// A file and its text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct SourceFile {
    /// Its name.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// What a pack is compiled from; kept in the object store under its hash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct PackSources {
    /// Pattern files.
    pub patterns: Vec<SourceFile>,
    /// Named lists.
    pub lists: Vec<SourceFile>,
}

impl PackSources {
    /// Sources in the order of their names, so that a folder's order does not matter.
    #[must_use]
    pub fn new(mut patterns: Vec<SourceFile>, mut lists: Vec<SourceFile>) -> Self {
        patterns.sort();
        lists.sort();
        Self { patterns, lists }
    }

    /// Bytes for the object store.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        WireCodec::encode(self, &mut bytes);
        bytes
    }

    /// Back from the object store.
    ///
    /// # Errors
    /// If the bytes are damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, LogError> {
        WireCodec::decode_all("pattern pack", bytes)
    }

    /// SHA-256 of the encoding.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.encode()).into()
    }

    /// Text of a file, for diagnostics.
    #[must_use]
    pub fn text_of(&self, path: &str) -> Option<&str> {
        self.patterns.iter().chain(&self.lists).find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// Reads the pattern files.
    ///
    /// # Errors
    /// Every mistake of form in every file.
    pub fn files(&self) -> Result<Vec<PatternFile>, Vec<Diagnostic>> {
        let mut files = Vec::new();
        let mut mistakes = Vec::new();
        for source in &self.patterns {
            match file::read(&source.path, &source.text) {
                Ok(file) => files.push(file),
                Err(found) => mistakes.extend(found),
            }
        }
        if mistakes.is_empty() { Ok(files) } else { Err(mistakes) }
    }

    /// Compiles a pack that is to be put in force.
    ///
    /// # Errors
    /// Every mistake in every file and list.
    pub fn compile(&self) -> Result<Pack, Vec<Diagnostic>> {
        self.compiled(false)
    }

    /// Compiles a pack that was in force: to the same plan, without the checks of what its conditions mean.
    ///
    /// # Errors
    /// What this program cannot compile.
    pub fn compile_kept(&self) -> Result<Pack, Vec<Diagnostic>> {
        self.compiled(true)
    }

    fn compiled(&self, kept: bool) -> Result<Pack, Vec<Diagnostic>> {
        let mut mistakes = Vec::new();
        let mut lists = Lists::default();
        for list in &self.lists {
            if let Err(found) = lists.read(&list.path, &list.text) {
                mistakes.extend(found);
            }
        }
        let files = self.files().unwrap_or_else(|found| {
            mistakes.extend(found);
            Vec::new()
        });
        let mut plan = match compile::plan(&files, kept) {
            Ok(plan) if mistakes.is_empty() => plan,
            Ok(_) => return Err(mistakes),
            Err(found) => {
                mistakes.extend(found);
                return Err(mistakes);
            }
        };
        plan.questions.settle(&lists);
        Ok(Pack { hash: self.hash(), lists, plan })
    }
}

/// Names of lists that a condition asks for.
#[must_use]
pub fn lists_of(predicate: &Predicate) -> Vec<&str> {
    match predicate {
        Predicate::And(parts) | Predicate::Or(parts) => parts.iter().flat_map(lists_of).collect(),
        Predicate::Not(one) => lists_of(one),
        Predicate::Listed(_, list) | Predicate::ListedPair(list) => vec![list],
        _ => Vec::new(),
    }
}
