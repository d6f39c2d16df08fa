//! An object store in memory that refuses for a while, sometimes after it has done what was asked.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Which of its requests fail is told by what they ask for and the trouble's number, never by their order: threads may ask
/// in any.
#[derive(Debug, Default)]
pub struct Troubled {
    objects: InMemory,
    /// Nothing fails of objects elsewhere, nor are lists of a folder refused.
    folder: &'static str,
    /// 0 while nothing fails.
    trouble: AtomicU64,
}

/// With this trouble whoever writes panics.
pub const PANICS: u64 = u64::MAX;

enum Fate {
    Done,
    Refused,
    /// Done, and said not to be.
    Unheard,
}

impl Troubled {
    pub fn in_folder(folder: &'static str) -> Self {
        Self { folder, ..Self::default() }
    }

    pub fn set(&self, trouble: u64) {
        self.trouble.store(trouble, Ordering::Relaxed);
    }

    fn fate(&self, what: &str, path: &Path) -> Fate {
        let trouble = self.trouble.load(Ordering::Relaxed);
        if trouble == 0 || !path.as_ref().starts_with(self.folder) {
            return Fate::Done;
        }
        assert!(trouble != PANICS || what != "put", "a store that panics");
        match xxh3_64_with_seed(format!("{what} {path}").as_bytes(), trouble) % 8 {
            0..=2 => Fate::Refused,
            3 => Fate::Unheard,
            _ => Fate::Done,
        }
    }
}

fn refused() -> Error {
    Error::Generic { store: "troubled", source: "it refuses for now".into() }
}

impl std::fmt::Display for Troubled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("troubled")
    }
}

#[async_trait]
impl ObjectStore for Troubled {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        match self.fate("put", location) {
            Fate::Done => self.objects.put_opts(location, payload, options).await,
            Fate::Refused => Err(refused()),
            Fate::Unheard => {
                self.objects.put_opts(location, payload, options).await?;
                Err(refused())
            }
        }
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Err(refused())
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        match self.fate("get", location) {
            Fate::Done => self.objects.get_opts(location, options).await,
            Fate::Refused | Fate::Unheard => Err(refused()),
        }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.objects.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let fate =
            if self.folder.is_empty() { self.fate("list", &prefix.cloned().unwrap_or_default()) } else { Fate::Done };
        match fate {
            Fate::Done => self.objects.list(prefix),
            Fate::Refused | Fate::Unheard => Box::pin(futures::stream::once(async { Err(refused()) })),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.objects.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.objects.copy_opts(from, to, options).await
    }
}
