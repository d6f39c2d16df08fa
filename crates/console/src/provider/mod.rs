//! Signing in by an OpenID Connect provider: authorization code with PKCE (RFC 7636), `state` and `nonce`.
//!
//! - a sign-in that comes back is believed only by the browser that began it, once, within [`crate::limits::PROVIDER_PENDING_MS`];
//! - the ID token's signature, issuer, audience, expiry and nonce are checked by the crate `openidconnect` against the keys that
//!   the provider publishes; signatures are of key pairs alone, never `none` and never a shared secret's;
//! - what the provider says of itself is kept for [`crate::limits::PROVIDER_KEPT_MS`]; a token of a key that is not known makes
//!   it be asked anew, at most once in [`crate::limits::PROVIDER_AGAIN_MS`]: keys rotate, and a made-up key costs it little;
//! - while it is asked nobody else asks: who comes meanwhile takes the answer, or that there was none; asking ends after
//!   [`crate::limits::PROVIDER_ASKED_MS`];
//! - nobody has a role but by a [`Grant`].
//!
//! **Invariant:** the client's secret, codes and tokens are in no error and no log.

mod claims;
mod fetch;
mod pending;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use lancang_alert::hex;
use lancang_record::Timestamp;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, IssuerUrl, LogoutRequest, Nonce, PkceCodeChallenge, PkceCodeVerifier,
    PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, RequestTokenError, Scope, TokenResponse as _,
};

pub use claims::{Claims, Grant};

use crate::access::users::User;
use crate::limits::{PROVIDER_AGAIN_MS, PROVIDER_ASKED_MS, PROVIDER_KEPT_MS};
use fetch::{Fetch, is_guarded};
use pending::{Asked, Pending};

/// Where the provider sends a browser back to.
pub const BACK: &str = "/api/v1/provider/back";

/// Signatures that count: of a key pair's private half.
const SIGNATURES: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Which provider, and what its word is worth here.
pub struct Setting {
    /// What the page calls it.
    pub title: String,
    /// Its address, exactly as its tokens name it.
    pub issuer: String,
    /// As what it knows this console.
    pub client_id: String,
    /// What the console shows it; a client without one is a public one.
    pub client_secret: Option<String>,
    /// Address of the console, as browsers have it.
    pub address: String,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// Which claims are read.
    pub claims: Claims,
    /// Who has which role.
    pub grants: Vec<Grant>,
    /// Certificates of the authorities that vouch for its server, PEM.
    pub authorities: Vec<u8>,
}

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It gives no answer, or none that can be used.
    #[error("the provider cannot be used: {0}")]
    Away(String),
    /// Nobody here began it, or too long ago, or it has come back before.
    #[error("the sign-in was not begun in this browser, took longer than ten minutes, or has come back before")]
    Unknown,
    /// The provider let nobody in.
    #[error("the provider refuses: {0}")]
    Denied(String),
    /// What came is not the provider's word to this console about this sign-in.
    #[error("what came back is not believed: {0}")]
    Unbelieved(String),
    /// It does not say who somebody is.
    #[error("the claim `{claim}` is missing in the ID token, or is not {expected}")]
    Claim {
        /// Its name.
        claim: String,
        /// Expected.
        expected: &'static str,
    },
    /// Somebody it knows and this console does not.
    #[error("no role is given to {name} by `console.oidc.roles`")]
    NoRole {
        /// Who.
        name: String,
    },
}

/// A sign-in that begins.
#[derive(Debug)]
pub struct Begun {
    /// Where the browser goes.
    pub address: String,
    /// By which it is known when it comes back.
    pub cookie: String,
    /// Sign-ins that were forgotten for it.
    pub forgotten: usize,
}

/// What comes back, as the address has it.
#[derive(Clone, Debug, Default)]
pub struct Returned {
    /// Which sign-in.
    pub state: String,
    /// What is exchanged for the token.
    pub code: Option<String>,
    /// Why there is none.
    pub error: Option<String>,
    /// Who says so (RFC 9207), where it does.
    pub issuer: Option<String>,
}

/// A provider.
pub struct Provider {
    setting: Setting,
    fetch: Fetch,
    /// Held while the provider is asked, so that many who sign in ask once.
    known: tokio::sync::Mutex<Known>,
    /// How often it was asked in vain.
    vain: AtomicU64,
    pending: Mutex<Pending>,
    /// Where one signs out there.
    leaving: Mutex<Option<String>>,
}

#[derive(Default)]
struct Known {
    said: Option<(ProviderMetadataWithLogout, Timestamp)>,
    tried: Option<Timestamp>,
}

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

impl Provider {
    /// Countries of the users that it may vouch for.
    pub fn countries(&self) -> impl Iterator<Item = &str> {
        self.setting.grants.iter().map(|grant| grant.country.as_str())
    }

    /// A provider that has not been asked yet.
    ///
    /// # Errors
    /// What is wrong with an address or the authorities.
    pub fn new(setting: Setting) -> Result<Self, String> {
        for (name, address) in [("issuer", &setting.issuer), ("address", &setting.address)] {
            let is_one = address.parse().is_ok_and(|uri| is_guarded(&uri)) && IssuerUrl::new(address.clone()).is_ok();
            if !is_one {
                return Err(format!(
                    "`{name}`: expected an address such as \"https://login.example\"; http:// is for this machine alone"
                ));
            }
        }
        let fetch = Fetch::new(&setting.authorities).map_err(|why| format!("`authorities`: {why}"))?;
        let (known, vain, pending, leaving) = Default::default();
        Ok(Self { setting, fetch, known, vain, pending, leaving })
    }

    /// What the page calls it.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.setting.title
    }

    /// Its address.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.setting.issuer
    }

    /// Where somebody whom it vouched for signs out of it too, if it has said so.
    #[must_use]
    pub fn leaving(&self) -> Option<String> {
        self.leaving.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins a sign-in, from a network ([`crate::access::tries::network`]).
    ///
    /// # Errors
    /// If the provider cannot be asked what it is.
    pub async fn begin(&self, random: [[u8; 32]; 4], network: String, now: Timestamp) -> Result<Begun, ProviderError> {
        let client = self.client(self.said(PROVIDER_KEPT_MS, now).await?)?;
        let [state, nonce, verifier, cookie] = random.map(|bytes| hex::encode(&bytes));
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.clone()));
        let (of_state, of_nonce) = (CsrfToken::new(state.clone()), Nonce::new(nonce.clone()));
        let request = client.authorize_url(CoreAuthenticationFlow::AuthorizationCode, || of_state, || of_nonce);
        let request = request.add_scopes(self.setting.scopes.iter().cloned().map(Scope::new));
        let (address, _, _) = request.set_pkce_challenge(challenge).url();
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let forgotten = pending.begin(state, Asked::by(&cookie, nonce, verifier, network, now), now);
        Ok(Begun { address: address.into(), cookie, forgotten })
    }

    /// Whether a sign-in comes back that this browser began; that takes it out, whatever becomes of it.
    ///
    /// # Errors
    /// If there is none.
    pub fn returned(&self, returned: &Returned, cookie: &str, now: Timestamp) -> Result<Exchange, ProviderError> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = pending.end(&returned.state, cookie, now).ok_or(ProviderError::Unknown)?;
        if returned.issuer.as_ref().is_some_and(|issuer| *issuer != self.setting.issuer) {
            return Err(ProviderError::Unbelieved("it names another issuer".to_owned()));
        }
        if let Some(error) = &returned.error {
            // A code of RFC 6749, 4.1.2.1, and nothing that somebody could write into a log.
            let shown: String =
                error.chars().filter(|char| char.is_ascii_alphanumeric() || *char == '_').take(40).collect();
            return Err(ProviderError::Denied(shown));
        }
        let code = returned.code.clone().ok_or_else(|| ProviderError::Unbelieved("it has no code".to_owned()))?;
        Ok(Exchange { code, nonce: asked.nonce, verifier: asked.verifier })
    }

    /// Exchanges a code for the provider's word, and makes a user of it.
    ///
    /// # Errors
    /// If the provider is away or refuses, its word is not believed, or whom it names has no role here.
    pub async fn user(&self, exchange: Exchange, now: Timestamp) -> Result<User, ProviderError> {
        let said = self.said(PROVIDER_KEPT_MS, now).await?;
        let client = self.client(said)?;
        let request = client.exchange_code(AuthorizationCode::new(exchange.code));
        let request = request.map_err(|_| ProviderError::Away("it names no token endpoint".to_owned()))?;
        let answer =
            request.set_pkce_verifier(PkceCodeVerifier::new(exchange.verifier)).request_async(&self.fetch).await;
        let answer = answer.map_err(|error| match error {
            RequestTokenError::ServerResponse(told) => {
                ProviderError::Unbelieved(format!("the provider does not take the code: {}", told.error().as_ref()))
            }
            RequestTokenError::Request(error) => ProviderError::Away(error.to_string()),
            // The text has the token in it.
            RequestTokenError::Parse(..) => ProviderError::Unbelieved("no token can be read in its answer".to_owned()),
            RequestTokenError::Other(_) => ProviderError::Unbelieved("there is no token in its answer".to_owned()),
        })?;
        let token = answer.id_token().ok_or_else(|| ProviderError::Unbelieved("no ID token came".to_owned()))?;
        let nonce = Nonce::new(exchange.nonce);
        let mut held = verified(&client, token, &nonce, now);
        if matches!(held, Err(ClaimsVerificationError::SignatureVerification(_))) {
            let client = self.client(self.said(PROVIDER_AGAIN_MS, now).await?)?;
            held = verified(&client, token, &nonce, now);
        }
        held.map_err(|error| ProviderError::Unbelieved(why(&error)))?;
        let found = claims::of(&token.to_string());
        let found = found.ok_or_else(|| ProviderError::Unbelieved("no claims can be read".to_owned()))?;
        claims::user(&found, &self.setting.claims, &self.setting.grants)
    }

    /// What the provider says of itself, not older than that.
    async fn said(&self, age_ms: i64, now: Timestamp) -> Result<ProviderMetadataWithLogout, ProviderError> {
        let vain = self.vain.load(Ordering::Relaxed);
        let mut known = self.known.lock().await;
        if let Some((said, at)) = &known.said
            && now.since_ms(*at) < age_ms
        {
            return Ok(said.clone());
        }
        if known.tried.is_some_and(|tried| now.since_ms(tried) < PROVIDER_AGAIN_MS) && known.said.is_none() {
            return Err(ProviderError::Away("it was asked a moment ago and gave no answer".to_owned()));
        }
        if self.vain.load(Ordering::Relaxed) != vain {
            return Err(ProviderError::Away("it was asked for somebody else meanwhile and gave no answer".to_owned()));
        }
        (known.tried, known.said) = (Some(now), None);
        let found = self.ask().await;
        self.vain.fetch_add(u64::from(found.is_err()), Ordering::Relaxed);
        let found = found?;
        known.said = Some((found.clone(), now));
        Ok(found)
    }

    /// Asks the provider what it is.
    async fn ask(&self) -> Result<ProviderMetadataWithLogout, ProviderError> {
        let issuer =
            IssuerUrl::new(self.setting.issuer.clone()).map_err(|error| ProviderError::Away(error.to_string()))?;
        let asked = ProviderMetadataWithLogout::discover_async(issuer, &self.fetch);
        let found = tokio::time::timeout(Duration::from_millis(PROVIDER_ASKED_MS), asked).await;
        let found = found.map_err(|_| ProviderError::Away("it gave no whole answer in time".to_owned()))?;
        let found = found.map_err(|error| ProviderError::Away(chain(&error)))?;
        let to = found.authorization_endpoint().as_str();
        if !to.parse().is_ok_and(|uri| is_guarded(&uri)) {
            return Err(ProviderError::Away("it sends browsers to an address that is not https://".to_owned()));
        }
        *self.leaving.lock().unwrap_or_else(PoisonError::into_inner) = self.leaving_by(&found);
        Ok(found)
    }

    fn leaving_by(&self, said: &ProviderMetadataWithLogout) -> Option<String> {
        let end = said.additional_metadata().end_session_endpoint.clone()?;
        if !end.as_str().parse().is_ok_and(|uri| is_guarded(&uri)) {
            return None;
        }
        let back = PostLogoutRedirectUrl::new(format!("{}/sign-in", self.setting.address)).ok()?;
        let request = LogoutRequest::from(end).set_client_id(ClientId::new(self.setting.client_id.clone()));
        Some(request.set_post_logout_redirect_uri(back).http_get_url().into())
    }

    fn client(&self, said: ProviderMetadataWithLogout) -> Result<Client, ProviderError> {
        let takes = said.token_endpoint_auth_methods_supported();
        let takes = |method| takes.is_none_or(|methods| methods.contains(&method));
        let is_basic = takes(CoreClientAuthMethod::ClientSecretBasic) || !takes(CoreClientAuthMethod::ClientSecretPost);
        let secret = self.setting.client_secret.clone().map(ClientSecret::new);
        let back = RedirectUrl::new(format!("{}{BACK}", self.setting.address));
        let back = back.map_err(|error| ProviderError::Away(error.to_string()))?;
        let client = CoreClient::from_provider_metadata(said, ClientId::new(self.setting.client_id.clone()), secret);
        let auth = if is_basic { AuthType::BasicAuth } else { AuthType::RequestBody };
        Ok(client.set_auth_type(auth).set_redirect_uri(back))
    }
}

/// What is exchanged for the provider's word.
pub struct Exchange {
    code: String,
    nonce: String,
    verifier: String,
}

fn verified(
    client: &Client,
    token: &CoreIdToken,
    nonce: &Nonce,
    now: Timestamp,
) -> Result<(), ClaimsVerificationError> {
    let clock = move || DateTime::<Utc>::from_timestamp_millis(now.as_ms()).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let verifier = client.id_token_verifier().set_allowed_algs(SIGNATURES).set_time_fn(clock);
    token.claims(&verifier, nonce).map(|_| ())
}

/// What does not hold, without what the token says.
fn why(error: &ClaimsVerificationError) -> String {
    let told = match error {
        ClaimsVerificationError::Expired(_) => "its ID token has expired",
        ClaimsVerificationError::InvalidAudience(_) => "its ID token is for another audience",
        ClaimsVerificationError::InvalidIssuer(_) => "its ID token is of another issuer",
        ClaimsVerificationError::InvalidNonce(_) => "its ID token is of another sign-in (nonce)",
        ClaimsVerificationError::SignatureVerification(error) => return format!("its ID token's signature: {error}"),
        _ => "its ID token is not of the form that it should be",
    };
    told.to_owned()
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(next) = source {
        text = format!("{text}: {next}");
        source = next.source();
    }
    text
}
