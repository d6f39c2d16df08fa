//! Requests to the provider: bounded in time and size, no redirects, and nowhere in clear but to this machine.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::header::{HOST, HeaderValue};
use axum::http::uri::{Parts, PathAndQuery, Uri};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::limits::PROVIDER_ANSWER_BYTES_MAX;

/// Longest wait for an answer: whoever signs in waits that long for the page.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    /// An address that is not asked.
    #[error("{0} is no https:// address (http:// is for this machine alone)")]
    Address(String),
    /// The line, or what came over it.
    #[error("{host}: {why}")]
    Line { host: String, why: String },
    /// It took too long.
    #[error("{host} gave no answer within {} s", ANSWER_MAX.as_secs())]
    Slow { host: String },
}

/// What asks.
pub(super) struct Fetch(TlsConnector);

/// Whether an address may be asked, or a browser sent to it.
pub(super) fn is_guarded(uri: &Uri) -> bool {
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) => true,
        (Some("http"), Some(host)) => matches!(host, "localhost" | "127.0.0.1" | "[::1]"),
        _ => false,
    }
}

impl Fetch {
    /// Believes servers whose certificates these authorities vouch for, in PEM.
    pub(super) fn new(authorities: &[u8]) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        // A system's file may have some that are no use to anybody; what counts is that there are others.
        for certificate in CertificateDer::pem_slice_iter(authorities).flatten() {
            let _ = roots.add(certificate);
        }
        if roots.is_empty() {
            return Err("no certificate of an authority is in it; expected PEM".to_owned());
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(|error| error.to_string())?.with_root_certificates(roots).with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// An answer, whatever its status is.
    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, FetchError> {
        let uri = request.uri().clone();
        let (true, Some(host)) = (is_guarded(&uri), uri.host().map(str::to_owned)) else {
            return Err(FetchError::Address(uri.to_string()));
        };
        let asked = tokio::time::timeout(ANSWER_MAX, self.connect(&host, &uri, request));
        match asked.await {
            Ok(answer) => answer.map_err(|why| FetchError::Line { host, why }),
            Err(_) => Err(FetchError::Slow { host }),
        }
    }

    async fn connect(&self, host: &str, uri: &Uri, request: HttpRequest) -> Result<HttpResponse, String> {
        let is_tls = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let name = host.trim_matches(['[', ']']).to_owned();
        let stream = TcpStream::connect((name.as_str(), port)).await.map_err(|error| error.to_string())?;
        if !is_tls {
            return speak(stream, uri, request).await;
        }
        let name = ServerName::try_from(name).map_err(|error| error.to_string())?;
        let stream = self.0.connect(name, stream).await.map_err(|error| error.to_string())?;
        speak(stream, uri, request).await
    }
}

impl<'c> AsyncHttpClient<'c> for Fetch {
    type Error = FetchError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, FetchError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

async fn speak<S>(stream: S, uri: &Uri, request: HttpRequest) -> Result<HttpResponse, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, line) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    // It ends with the answer, or with the wait for it.
    let line = tokio::spawn(line);
    let _line = Ended(line);
    let (mut head, body) = request.into_parts();
    let host = uri.authority().map_or("", |authority| authority.as_str());
    head.headers.insert(HOST, HeaderValue::from_str(host).map_err(|error| error.to_string())?);
    let mut parts = Parts::default();
    parts.path_and_query = uri.path_and_query().cloned().or_else(|| Some(PathAndQuery::from_static("/")));
    head.uri = Uri::from_parts(parts).map_err(|error| error.to_string())?;
    let request = axum::http::Request::from_parts(head, Body::from(body));
    let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
    let (head, body) = answer.into_parts();
    let body = to_bytes(Body::new(body), PROVIDER_ANSWER_BYTES_MAX).await.map_err(|error| error.to_string())?;
    Ok(HttpResponse::from_parts(head, body.to_vec()))
}

/// A task that is ended with what waits for it.
struct Ended(tokio::task::JoinHandle<hyper::Result<()>>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.abort();
    }
}
