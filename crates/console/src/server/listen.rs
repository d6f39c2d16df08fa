//! Connections: in clear on one's own machine, otherwise TLS. Bounded in number, in all and of one network, and in how long a client
//! may dawdle.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use super::login::Peer;
use super::places::Places;
use crate::access::tries::network;
use crate::limits::CONNECTIONS_MAX;

/// Longest wait for a handshake, and for the head of a request, the next one of a connection too.
const HEAD_MAX: Duration = Duration::from_secs(30);
/// After an error of the listener, such as that there are no more files to be opened.
const PAUSE: Duration = Duration::from_millis(200);

/// Why TLS cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate.
    #[error("the certificate: expected PEM, the server's first ({0})")]
    Certificate(String),
    /// The key.
    #[error("the key: expected PEM ({0})")]
    Key(String),
    /// Both together.
    #[error("certificate and key: {0}")]
    Pair(#[from] rustls::Error),
}

/// What TLS is served with, of two PEM texts. TLS 1.2 and 1.3.
///
/// # Errors
/// If they are none, or do not belong together.
pub fn tls(certificate: &[u8], key: &[u8]) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = CertificateDer::pem_slice_iter(certificate).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| TlsError::Certificate(error.to_string()))?;
    if chain.is_empty() {
        return Err(TlsError::Certificate("none is there".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| TlsError::Key(error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = config.with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// What TLS is served with now. Another certificate counts for connections that come later: nobody is signed out by it.
#[derive(Debug)]
pub struct Tls(RwLock<Arc<ServerConfig>>);

impl Tls {
    /// By these for now.
    #[must_use]
    pub const fn new(config: Arc<ServerConfig>) -> Self {
        Self(RwLock::new(config))
    }

    /// By these from now on.
    pub fn renew(&self, config: Arc<ServerConfig>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = config;
    }

    fn now(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Serves until it is dropped; `cut_off` is told of each connection that is one too many of its network.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    router: Router,
    of_network_max: usize,
    cut_off: impl Fn() + Send,
) {
    let networks = Places::default();
    let seats = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        // Who comes while all seats are taken waits in the system's queue.
        let Ok(seat) = Arc::clone(&seats).acquire_owned().await else { return };
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!("a connection is not accepted: {error}");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        // Who has too many is cut off at once: a browser tries again.
        let own = networks.take(&network(address.ip()), of_network_max, CONNECTIONS_MAX);
        let Some(place) = own else {
            cut_off();
            continue;
        };
        let router = router.clone().layer(axum::Extension(Peer(address)));
        let acceptor = tls.as_ref().map(|tls| TlsAcceptor::from(tls.now()));
        tokio::spawn(async move {
            let _held = (seat, place);
            match acceptor {
                None => speak(stream, router).await,
                Some(acceptor) => {
                    if let Ok(Ok(stream)) = tokio::time::timeout(HEAD_MAX, acceptor.accept(stream)).await {
                        speak(stream, router).await;
                    }
                }
            }
        });
    }
}

async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin, router: Router) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_MAX).max_buf_size(64 << 10);
    // How a connection ends is the client's business.
    let _ = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)).await;
}
