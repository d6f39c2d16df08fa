//! A bucket that speaks S3 as the store's objects.
//!
//! Rules:
//! - **A bucket that writes over objects is no store.** Claims of tasks, manifests and announcements are decided by who creates
//!   a name first (`If-None-Match: *`, which is answered by 412 where it is there). Some servers ignore the header: a start
//!   creates an object of a name of its own twice, and ends if the second is written;
//! - keys lie elsewhere ([`Secret`]) and are read anew every [`KEYS_READ_EVERY`], so that they can change under a service; where
//!   they cannot be read, those before are used;
//! - a small request ends within twice [`REQUEST_MAX`], and with all that are tried again within that and [`RETRY_MAX`], before a
//!   stage that waits for it counts as stuck ([`crate::http`], 30 s); one of several in a row, each as slow, may not;
//! - TLS is what the console's is: rustls with ring, the system's authorities or those of `store.ca`.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use async_trait::async_trait;
use axum::http::header::CONTENT_LENGTH;
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector as Tcp;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use object_store::aws::{AmazonS3Builder, AwsCredential, S3ConditionalPut};
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse, HttpService,
};
use object_store::path::Path as Key;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientOptions, CredentialProvider, ObjectStore, RetryConfig};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use super::{Store, hex};
use crate::config::{Bucket, Store as Place};
use crate::exit::{Exit, Failure};
use crate::secret::Secret;

/// Longest time of one request besides what its bytes take, and as much again of its answer.
const REQUEST_MAX: Duration = Duration::from_secs(6);
/// Bytes of a request or an answer that a second is given for: a relay's checkpoint is one object of up to 100 MB.
const BYTES_A_SECOND: u64 = 1 << 20;
/// A request that failed is tried again for so long.
const RETRY_MAX: Duration = Duration::from_secs(12);
/// Longest wait for a connection.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// Longest wait between two tries.
const BACKOFF_MAX: Duration = Duration::from_secs(3);
/// Connections that are kept for later requests, and for how long: less than the minute after which servers close them.
const IDLE_MAX: usize = 16;
const IDLE_KEPT: Duration = Duration::from_secs(30);
/// Largest answer: a relay's checkpoint; manifests and packs are smaller, and pieces of segments are a MiB.
const ANSWER_BYTES_MAX: usize = 256 << 20;
/// Folder of objects by which a bucket is tried.
const TRIED: &str = "tried";
/// Objects by which it is tried at most.
const TRIES: usize = 3;
/// Time between two readings of the keys.
const KEYS_READ_EVERY: Duration = Duration::from_secs(300);

/// A store that does not answer for now: whoever asked begins again from what is committed.
#[derive(Debug, thiserror::Error)]
#[error("{bucket} does not answer: {reason}")]
pub struct Away {
    bucket: Arc<str>,
    reason: object_store::Error,
}

impl Store {
    /// The store that a configuration names; a bucket is tried.
    ///
    /// # Errors
    /// If the folder cannot be made, or the bucket does not answer (exit status 69), cannot be used, or writes over objects (78).
    pub fn of(place: &Place, runtime: Handle) -> anyhow::Result<Self> {
        let Some(bucket) = &place.bucket else { return Self::open(&place.folder, runtime) };
        let store = Self::in_bucket(bucket, runtime)?;
        store.answers().map_err(|away| Failure::new(Exit::Unavailable, away.to_string()))?;
        store.tries_to_write_over().with_context(|| format!("cannot use {}", shown(bucket)))?;
        Ok(store)
    }

    /// The store in a bucket, of which nothing is asked yet.
    ///
    /// # Errors
    /// If keys or authorities cannot be read.
    pub fn in_bucket(bucket: &Bucket, runtime: Handle) -> anyhow::Result<Self> {
        let store = Self::over(objects(bucket)?, runtime);
        Ok(Self { bucket: Some(shown(bucket).into()), ..store })
    }

    /// Whether the store can be asked. A folder is there; a bucket that is away for longer than a request is tried again would
    /// look as one without snapshots.
    ///
    /// # Errors
    /// If it does not answer.
    pub fn answers(&self) -> Result<(), Away> {
        let Some(bucket) = &self.bucket else { return Ok(()) };
        self.listed(TRIED).map(|_| ()).map_err(|reason| Away { bucket: Arc::clone(bucket), reason })
    }

    /// Creates an object twice: a store that lets the second be written would let two workers have one task.
    ///
    /// # Errors
    /// If it does, or cannot be written.
    pub fn tries_to_write_over(&self) -> anyhow::Result<()> {
        for _ in 0..TRIES {
            let mut name = [0; 8];
            getrandom::fill(&mut name).context("the operating system gives no random bytes")?;
            let key = Key::from(format!("{TRIED}/{}", hex(&name)));
            let first = self.create(&key, vec![1])?;
            let second = self.create(&key, vec![2]);
            self.delete(&key)?;
            match (first, second?) {
                (true, false) => return Ok(()),
                (_, true) => break,
                // It was written, its answer was lost, and it was sent again.
                (false, false) => {}
            }
        }
        let why = "it writes over objects that are there, or holds what nobody wrote: a store must answer 412 to a PUT with \
                   `If-None-Match: *` of a name that it has";
        Err(Failure::new(Exit::Configuration, why).into())
    }
}

/// The objects of a bucket.
///
/// # Errors
/// If keys or authorities cannot be read.
pub fn objects(bucket: &Bucket) -> anyhow::Result<Arc<dyn ObjectStore>> {
    let keys = Keys::read(bucket)?;
    let is_clear = bucket.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&bucket.name)
        .with_region(&bucket.region)
        .with_allow_http(is_clear)
        .with_credentials(Arc::new(keys))
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        // One request an object: not all servers know the other way.
        .with_disable_bulk_delete(true)
        .with_retry(RetryConfig {
            backoff: BackoffConfig { max_backoff: BACKOFF_MAX, ..BackoffConfig::default() },
            // Ten tries, as many as there are by default, are over after two seconds where nothing listens.
            max_retries: 1_000,
            retry_timeout: RETRY_MAX,
        })
        .with_http_connector(Over(client(bucket)?));
    if let Some(endpoint) = &bucket.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    let objects = builder.build().with_context(|| format!("cannot use {}", shown(bucket)))?;
    Ok(if bucket.prefix.is_empty() {
        Arc::new(objects)
    } else {
        Arc::new(PrefixStore::new(objects, bucket.prefix.as_str()))
    })
}

/// A bucket as its configuration names it.
#[must_use]
pub fn shown(bucket: &Bucket) -> String {
    let slash = if bucket.prefix.is_empty() { "" } else { "/" };
    let at = bucket.endpoint.as_ref().map(|endpoint| format!(" at {endpoint}")).unwrap_or_default();
    format!("s3://{}{slash}{}{at}", bucket.name, bucket.prefix)
}

/// Keys that requests are signed with.
struct Keys {
    access: Secret,
    secret: Secret,
    /// What was read last, and when.
    read: Arc<Mutex<(Instant, Arc<AwsCredential>)>>,
}

impl Keys {
    fn read(bucket: &Bucket) -> anyhow::Result<Self> {
        let (access, secret) = (bucket.access_key.clone(), bucket.secret_key.clone());
        let first = credential(&access, &secret)?;
        Ok(Self { access, secret, read: Arc::new(Mutex::new((Instant::now(), Arc::new(first)))) })
    }
}

fn credential(access: &Secret, secret: &Secret) -> anyhow::Result<AwsCredential> {
    let text = |of: &Secret| -> anyhow::Result<String> {
        let text = of.read()?.trim().to_owned();
        anyhow::ensure!(!text.is_empty(), "{of} is empty");
        Ok(text)
    };
    Ok(AwsCredential { key_id: text(access)?, secret_key: text(secret)?, token: None })
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "keys from {} and {}", self.access, self.secret)
    }
}

#[async_trait]
impl CredentialProvider for Keys {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let mut read = self.read.lock().await;
        let before = Arc::clone(&read.1);
        if read.0.elapsed() >= KEYS_READ_EVERY {
            read.0 = Instant::now();
            let (access, secret, read) = (self.access.clone(), self.secret.clone(), Arc::clone(&self.read));
            // A command may take its time, and no request waits for it.
            tokio::task::spawn_blocking(move || match credential(&access, &secret) {
                Ok(found) => read.blocking_lock().1 = Arc::new(found),
                Err(error) => {
                    tracing::warn!("the store's keys cannot be read anew, those before are used: {error:#}");
                }
            });
        }
        Ok(before)
    }
}

/// Requests over connections that are kept.
#[derive(Clone, Debug)]
struct Over(Client<HttpsConnector<Tcp>, HttpRequestBody>);

fn client(bucket: &Bucket) -> anyhow::Result<Client<HttpsConnector<Tcp>, HttpRequestBody>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let config = match &bucket.authorities {
        Some(path) => config.with_root_certificates(authorities(path)?),
        None => config
            .with_native_roots()
            .context("no certificates of authorities on this system: name a file in `store.ca`")?,
    };
    let mut tcp = Tcp::new();
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(CONNECT_MAX));
    tcp.set_nodelay(true);
    let connector = HttpsConnectorBuilder::new().with_tls_config(config.with_no_client_auth());
    let connector = connector.https_or_http().enable_http1().wrap_connector(tcp);
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_KEPT)
        .pool_max_idle_per_host(IDLE_MAX)
        .build(connector))
}

/// Certificates of the authorities in a PEM file.
///
/// # Errors
/// If it cannot be read, or holds none.
pub fn authorities(path: &std::path::Path) -> anyhow::Result<RootCertStore> {
    let shown = path.display();
    let text = std::fs::read(path).with_context(|| format!("cannot read `store.ca` {shown}"))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| anyhow::anyhow!("`store.ca` {shown}: expected PEM ({error})"))?;
        roots.add(certificate).with_context(|| format!("`store.ca` {shown}"))?;
    }
    anyhow::ensure!(!roots.is_empty(), "`store.ca` {shown}: expected certificates in PEM, found none");
    Ok(roots)
}

impl HttpConnector for Over {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Over {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let late = |late| HttpError::new(HttpErrorKind::Timeout, late);
        let sent = within(request.body().content_length() as u64);
        let answer = tokio::time::timeout(sent, self.0.request(request)).await.map_err(late)?.map_err(failed)?;
        let (head, body) = answer.into_parts();
        let length = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let body = axum::body::to_bytes(axum::body::Body::new(body), ANSWER_BYTES_MAX);
        let body = tokio::time::timeout(within(length.unwrap_or(0)), body).await.map_err(late)?;
        let body = body.map_err(|error| HttpError::new(HttpErrorKind::Interrupted, error))?;
        Ok(HttpResponse::from_parts(head, body.into()))
    }
}

/// Longest time for so many bytes.
const fn within(bytes: u64) -> Duration {
    Duration::from_secs(REQUEST_MAX.as_secs() + bytes / BYTES_A_SECOND)
}

/// What became of a request that had no answer. What was not sent may be sent again; what may have been written may not, unless
/// that changes nothing.
fn failed(error: hyper_util::client::legacy::Error) -> HttpError {
    let kind = if error.is_connect() { HttpErrorKind::Connect } else { HttpErrorKind::Interrupted };
    // What is shown is the error alone: an unknown authority stands two causes below "client error".
    let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    let told: Vec<String> = causes.map(ToString::to_string).collect();
    HttpError::new(kind, std::io::Error::other(told.join(": ")))
}
