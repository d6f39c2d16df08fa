//! Packs and snapshots in an object store.
//!
//! Rules (architecture.md, rule 6):
//! - objects are written create-only: a name that is there is never written again;
//! - a snapshot is named by the offset that it stands at and by its writer:
//!   `snapshots/<task>/<offset, 20 digits>-<writer>`; the newest that is not past the committed offset is the one to
//!   load, and a damaged one gives way to the one before;
//! - of older snapshots the last two that are not past the committed offset are kept.
//!
//! A snapshot of a task is a manifest; what it is put together from are segments, `segments/<task>/<offset of the cut, 20
//! digits>-<writer>-…`, each written once. **Invariant:** no segment goes that a kept manifest names, and none of a cut at or
//! past the oldest kept manifest. A snapshot in the making has its cut at or past the committed offset, and whoever collects
//! keeps the last two manifests up to the offset that he knows to be committed: so even one who has lost the task, and does
//! not know it yet, takes away nothing that its owner needs.
//!
//! A pack is named by its hash: `packs/<hash, hex>`. Which one was put in force last is the newest of
//! `announced/<number, 20 digits>`, which holds a hash: writers that announce at the same time get different numbers. A pack
//! that was rolled back from is `withdrawn/<hash, hex>` until somebody puts it in force again on purpose.
//!
//! Whose a task is, as far as the store goes, is the newest of `owners/<task>/<number, 20 digits>`: whoever is given a task
//! claims the next number before he reads anything of it, and nobody finishes a snapshot or collects under an older one. The
//! object is empty: its name, which is there once, says all.

pub mod bucket;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use futures::TryStreamExt as _;
pub use lancang_alert::hex::encode as hex;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutOptions};
use tokio::runtime::Handle;

/// Snapshots of a task that stay when older ones go.
const SNAPSHOTS_KEPT: usize = 2;
/// Announcements that stay; the newest counts, and the others can be gone back to.
const ANNOUNCEMENTS_KEPT: usize = 16;

/// The object store, for threads that may wait.
#[derive(Clone, Debug)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    runtime: Handle,
    /// Its name where it is reached over a network.
    bucket: Option<Arc<str>>,
}

/// A snapshot in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSnapshot {
    /// Offset of the first message that it does not hold.
    pub offset: i64,
    key: Key,
}

impl Store {
    /// The store in a local folder, which is made if need be.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn open(folder: &Path, runtime: Handle) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the store folder {}", folder.display()))?;
        let objects = LocalFileSystem::new_with_prefix(folder)
            .with_context(|| format!("cannot open the store folder {}", folder.display()))?
            .with_fsync(true);
        Ok(Self::over(Arc::new(objects), runtime))
    }

    /// A store over any objects.
    #[must_use]
    pub fn over(objects: Arc<dyn ObjectStore>, runtime: Handle) -> Self {
        Self { objects, runtime, bucket: None }
    }

    /// Puts a pack under its hash; one that is there stays, and nothing is written: a restart needs no room on a full disk.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn put_pack(&self, hash: &[u8; 32], bytes: Vec<u8>) -> anyhow::Result<()> {
        let key = pack_key(hash);
        if self.is_there(&key)? {
            return Ok(());
        }
        self.create(&key, bytes).map(|_| ())
    }

    /// The bytes of a pack.
    ///
    /// # Errors
    /// If it is not there or cannot be read.
    pub fn pack(&self, hash: &[u8; 32]) -> anyhow::Result<Vec<u8>> {
        self.get(&pack_key(hash))
    }

    /// Notes that a pack is being put in force, after all that were before.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn note_announced(&self, hash: &[u8; 32]) -> anyhow::Result<()> {
        loop {
            let announced = self.announcements()?;
            let newest = announced.last().map_or(0, |(number, _)| *number);
            if newest > 0 && self.announced()?.as_ref() == Some(hash) {
                return Ok(());
            }
            if self.create(&Key::from(format!("announced/{:020}", newest + 1)), hash.to_vec())? {
                let old = announced.len().saturating_sub(ANNOUNCEMENTS_KEPT - 1);
                return announced.iter().take(old).try_for_each(|(_, key)| self.delete(key));
            }
            // Another writer had this number first: the next one is tried.
        }
    }

    /// Hash of the pack that was put in force last; none if none was.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn announced(&self) -> anyhow::Result<Option<[u8; 32]>> {
        let announced = self.announcements()?;
        let Some((_, key)) = announced.last() else { return Ok(None) };
        let bytes = self.get(key)?;
        let hash = bytes.as_slice().try_into().with_context(|| format!("{key} in the store is no hash"))?;
        Ok(Some(hash))
    }

    /// Packs that were put in force, the newest first, each once.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn history(&self) -> anyhow::Result<Vec<[u8; 32]>> {
        let mut packs = Vec::new();
        for (_, key) in self.announcements()?.into_iter().rev() {
            let bytes = self.get(&key)?;
            let hash = bytes.as_slice().try_into().with_context(|| format!("{key} in the store is no hash"))?;
            if !packs.contains(&hash) {
                packs.push(hash);
            }
        }
        Ok(packs)
    }

    /// Notes that a pack was rolled back from: neither a start nor a reload puts it in force again.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn withdraw(&self, hash: &[u8; 32]) -> anyhow::Result<()> {
        self.create(&withdrawn_key(hash), Vec::new()).map(|_| ())
    }

    /// Takes that back.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn reinstate(&self, hash: &[u8; 32]) -> anyhow::Result<()> {
        self.delete(&withdrawn_key(hash))
    }

    /// Whether a pack was rolled back from.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn is_withdrawn(&self, hash: &[u8; 32]) -> anyhow::Result<bool> {
        self.is_there(&withdrawn_key(hash))
    }

    fn is_there(&self, key: &Key) -> anyhow::Result<bool> {
        let objects = Arc::clone(&self.objects);
        let place = key.clone();
        match self.runtime.block_on(async move { objects.head(&place).await }) {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error).with_context(|| format!("cannot look for {key}")),
        }
    }

    fn announcements(&self) -> anyhow::Result<Vec<(u64, Key)>> {
        self.numbered("announced").context("cannot list the announced packs")
    }

    /// Names of the objects of a folder.
    fn listed(&self, folder: &str) -> Result<Vec<Key>, object_store::Error> {
        let (objects, folder) = (Arc::clone(&self.objects), Key::from(folder));
        let found = async move { objects.list(Some(&folder)).map_ok(|meta| meta.location).try_collect().await };
        self.runtime.block_on(found)
    }

    /// Objects of a folder that are named by numbers, ascending.
    fn numbered(&self, folder: &str) -> Result<Vec<(u64, Key)>, object_store::Error> {
        let found = self.listed(folder)?;
        let number = |key: &Key| key.filename()?.parse::<u64>().ok();
        let mut numbered: Vec<(u64, Key)> = found.into_iter().filter_map(|key| Some((number(&key)?, key))).collect();
        numbered.sort();
        Ok(numbered)
    }

    /// Claims a task: from now on it is nobody else's here. Gives the claim's number.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn claim(&self, task: &str) -> anyhow::Result<u64> {
        loop {
            let claims = self.claims(task)?;
            let number = claims.last().map_or(0, |(number, _)| *number) + 1;
            if self.create(&Key::from(format!("owners/{task}/{number:020}")), Vec::new())? {
                claims.iter().try_for_each(|(_, key)| self.delete(key))?;
                return Ok(number);
            }
            // Another had this number first: the next one is tried.
        }
    }

    /// Whether a claim is the newest.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn holds(&self, task: &str, claim: u64) -> anyhow::Result<bool> {
        Ok(self.claims(task)?.last().is_some_and(|(newest, _)| *newest == claim))
    }

    fn claims(&self, task: &str) -> anyhow::Result<Vec<(u64, Key)>> {
        self.numbered(&format!("owners/{task}")).with_context(|| format!("cannot list who claims {task}"))
    }

    /// Writes a snapshot of `task` at `offset`. Gives whether it was new.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn put_snapshot(&self, task: &str, offset: i64, writer: &str, bytes: Vec<u8>) -> anyhow::Result<bool> {
        self.create(&Key::from(format!("snapshots/{task}/{offset:020}-{writer}")), bytes)
    }

    /// Snapshots of `task`, newest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn snapshots(&self, task: &str) -> anyhow::Result<Vec<StoredSnapshot>> {
        let found = self.listed(&format!("snapshots/{task}"));
        let found = found.with_context(|| format!("cannot list the snapshots of {task}"))?;
        let mut snapshots: Vec<StoredSnapshot> = found.into_iter().filter_map(parse).collect();
        snapshots.sort_by(|a, b| b.offset.cmp(&a.offset).then_with(|| b.key.cmp(&a.key)));
        Ok(snapshots)
    }

    /// The bytes of a snapshot.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn snapshot(&self, snapshot: &StoredSnapshot) -> anyhow::Result<Vec<u8>> {
        self.get(&snapshot.key)
    }

    /// Deletes the snapshots of `task` that nobody can need any more, given what is committed; gives those that stay, the
    /// newest first.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn collect(&self, task: &str, committed: i64) -> anyhow::Result<Vec<StoredSnapshot>> {
        let mut snapshots = self.snapshots(task)?;
        let open = snapshots.iter().take_while(|snapshot| snapshot.offset > committed).count();
        for old in snapshots.iter().skip(open + SNAPSHOTS_KEPT) {
            self.delete(&old.key)?;
        }
        snapshots.truncate(open + SNAPSHOTS_KEPT);
        Ok(snapshots)
    }

    /// Whether a snapshot is one of those that [`Self::collect`] leaves.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn stays(&self, task: &str, offset: i64, committed: i64) -> anyhow::Result<bool> {
        let snapshots = self.snapshots(task)?;
        let open = snapshots.iter().take_while(|snapshot| snapshot.offset > committed).count();
        Ok(snapshots.iter().take(open + SNAPSHOTS_KEPT).any(|snapshot| snapshot.offset == offset))
    }

    /// Deletes a segment that nothing names.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn delete_segment(&self, task: &str, name: &str) -> anyhow::Result<()> {
        self.delete(&segment_key(task, name))
    }

    /// Writes a segment of `task`. One of that name must not be there.
    ///
    /// # Errors
    /// If the store cannot be written, or there is one.
    pub fn put_segment(&self, task: &str, name: &str, bytes: Vec<u8>) -> anyhow::Result<()> {
        let key = segment_key(task, name);
        // A bucket may have written what it answered an error to, and the try after that finds it there.
        if self.create(&key, bytes.clone())? || self.bucket.is_some() && self.get(&key)? == bytes {
            return Ok(());
        }
        bail!("{key} is in the store already: another writer has its name")
    }

    /// Some bytes of a segment.
    ///
    /// # Errors
    /// If it is not there, ends before them, or cannot be read.
    pub fn segment(&self, task: &str, name: &str, place: std::ops::Range<u64>) -> anyhow::Result<Vec<u8>> {
        let key = segment_key(task, name);
        let (objects, wanted) = (Arc::clone(&self.objects), place.end - place.start);
        let from = key.clone();
        let got = self.runtime.block_on(async move { objects.get_range(&from, place).await });
        let bytes = got.with_context(|| format!("cannot read {key} from the store"))?;
        if bytes.len() as u64 != wanted {
            bail!("{key} in the store ends before what it should hold");
        }
        Ok(bytes.into())
    }

    /// Names of the segments of `task`.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn segments(&self, task: &str) -> anyhow::Result<Vec<String>> {
        let found = self.listed(&format!("segments/{task}"));
        let found = found.with_context(|| format!("cannot list the segments of {task}"))?;
        Ok(found.iter().filter_map(|key| key.filename().map(str::to_owned)).collect())
    }

    /// Deletes the segments of `task` that are not among `named` and whose cut lies before `offset`.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn collect_segments(&self, task: &str, named: &BTreeSet<String>, offset: i64) -> anyhow::Result<()> {
        let cut = |name: &str| name.split_once('-')?.0.parse::<i64>().ok();
        let goes = |name: &String| !named.contains(name) && cut(name).is_some_and(|cut| cut < offset);
        self.segments(task)?.iter().filter(|name| goes(name)).try_for_each(|name| self.delete_segment(task, name))
    }

    /// What is gone already is gone.
    fn delete(&self, key: &Key) -> anyhow::Result<()> {
        let objects = Arc::clone(&self.objects);
        let place = key.clone();
        match self.runtime.block_on(async move { objects.delete(&place).await }) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error).with_context(|| format!("cannot delete {key}")),
        }
    }

    fn create(&self, key: &Key, bytes: Vec<u8>) -> anyhow::Result<bool> {
        let objects = Arc::clone(&self.objects);
        let place = key.clone();
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let put = self.runtime.block_on(async move { objects.put_opts(&place, bytes.into(), options).await });
        match put {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(error).with_context(|| format!("cannot write {key} to the store")),
        }
    }

    fn get(&self, key: &Key) -> anyhow::Result<Vec<u8>> {
        let objects = Arc::clone(&self.objects);
        let place = key.clone();
        let got = self.runtime.block_on(async move { objects.get(&place).await?.bytes().await });
        match got {
            Ok(bytes) => Ok(bytes.to_vec()),
            Err(object_store::Error::NotFound { .. }) => bail!("{key} is not in the store"),
            Err(error) => Err(error).with_context(|| format!("cannot read {key} from the store")),
        }
    }
}

fn pack_key(hash: &[u8; 32]) -> Key {
    Key::from(format!("packs/{}", hex(hash)))
}

fn segment_key(task: &str, name: &str) -> Key {
    Key::from(format!("segments/{task}/{name}"))
}

fn withdrawn_key(hash: &[u8; 32]) -> Key {
    Key::from(format!("withdrawn/{}", hex(hash)))
}

fn parse(key: Key) -> Option<StoredSnapshot> {
    let (offset, _) = key.filename()?.split_once('-')?;
    Some(StoredSnapshot { offset: offset.parse().ok()?, key })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_snapshot_within_the_committed_offset_is_found_and_old_ones_go() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), runtime.handle().clone()).unwrap();
        for offset in [100, 9, 20, 300] {
            assert!(store.put_snapshot("records-3", offset, "a", vec![offset as u8]).unwrap());
        }
        assert!(!store.put_snapshot("records-3", 9, "a", vec![0]).unwrap(), "create-only");
        let offsets = |store: &Store| -> Vec<i64> {
            store.snapshots("records-3").unwrap().iter().map(|snapshot| snapshot.offset).collect()
        };
        assert_eq!(offsets(&store), [300, 100, 20, 9]);
        let stays = |offset| store.stays("records-3", offset, 150).unwrap();
        assert_eq!([300, 100, 20, 9, 21].map(stays), [true, true, true, false, false]);
        store.collect("records-3", 150).unwrap();
        assert_eq!(offsets(&store), [300, 100, 20]);
        let newest = store.snapshots("records-3").unwrap().into_iter().find(|found| found.offset <= 150).unwrap();
        assert_eq!(store.snapshot(&newest).unwrap(), [100]);
    }

    #[test]
    fn the_pack_that_was_announced_last_is_known() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), runtime.handle().clone()).unwrap();
        assert_eq!(store.announced().unwrap(), None);
        for hash in [1, 1, 2, 1, 3] {
            store.note_announced(&[hash; 32]).unwrap();
            assert_eq!(store.announced().unwrap(), Some([hash; 32]));
        }
        let numbers: Vec<u64> = store.announcements().unwrap().into_iter().map(|(number, _)| number).collect();
        assert_eq!(numbers, [1, 2, 3, 4], "one that is in force already is not noted again");
        assert_eq!(store.history().unwrap(), [[3; 32], [1; 32], [2; 32]]);
        for hash in 0..40 {
            store.note_announced(&[hash; 32]).unwrap();
        }
        assert_eq!(store.history().unwrap().len(), ANNOUNCEMENTS_KEPT);
    }

    #[test]
    fn a_pack_is_withdrawn_until_it_is_reinstated() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), runtime.handle().clone()).unwrap();
        let hash = [7; 32];
        assert!(!store.is_withdrawn(&hash).unwrap());
        store.withdraw(&hash).unwrap();
        store.withdraw(&hash).unwrap();
        assert!(store.is_withdrawn(&hash).unwrap() && !store.is_withdrawn(&[8; 32]).unwrap());
        store.reinstate(&hash).unwrap();
        store.reinstate(&hash).unwrap();
        assert!(!store.is_withdrawn(&hash).unwrap());
    }

    #[test]
    fn a_pack_is_put_once_and_read_by_its_hash() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), runtime.handle().clone()).unwrap();
        store.put_pack(&[7; 32], vec![1, 2]).unwrap();
        store.put_pack(&[7; 32], vec![1, 2]).unwrap();
        assert_eq!(store.pack(&[7; 32]).unwrap(), [1, 2]);
        assert!(store.pack(&[8; 32]).unwrap_err().to_string().contains("not in the store"));
    }
}
