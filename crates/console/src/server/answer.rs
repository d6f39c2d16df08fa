//! Answers: JSON, or why there is none.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{HeaderValue, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::store::StoreError;

/// What is too large of a dossier.
pub(super) const DOSSIER: &str = "a dossier of this would be too large, make one of each incident";

/// What a handler gives.
pub(super) type Answer = Result<Json<Value>, Refused>;

/// Why something is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Nobody is signed in, or not any more.
    SignedOut,
    /// Name or password is not right.
    WrongPassword,
    /// The role may not.
    Forbidden,
    /// Without the session's token, or from another page.
    Csrf,
    /// There is no such thing, or it may not be seen.
    NotFound,
    /// There is, and not this way.
    Method,
    /// What was sent is not as it should be.
    Form { field: &'static str, expected: String },
    /// Too often; milliseconds to wait.
    TooMany { wait_ms: i64 },
    /// More bytes than are taken or given at once.
    TooLarge { what: &'static str, bytes_max: usize },
    /// It needs a key that is not configured.
    NotSetUp(&'static str),
    /// The exchange does not take it now: nothing was sent.
    Away(String),
    /// It was sent to the exchange, which has not confirmed it.
    Unconfirmed,
    /// The carrier's home cluster does not answer.
    HomeAway(String),
    /// Which holds are in force cannot be told.
    Untold(String),
    /// All alerts of a case were signed at a time for which their key was revoked since.
    Lapsed(String),
    /// What was there is still being read.
    Starting,
    /// A fault of ours: the log says which.
    Fault(String),
}

impl Refused {
    const fn status(&self) -> StatusCode {
        match self {
            Self::SignedOut | Self::WrongPassword => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::Csrf => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Form { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotSetUp(_) | Self::Untold(_) | Self::Lapsed(_) => StatusCode::CONFLICT,
            Self::Away(_) | Self::HomeAway(_) | Self::Starting => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unconfirmed => StatusCode::GATEWAY_TIMEOUT,
            Self::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    const fn code(&self) -> &'static str {
        match self {
            Self::SignedOut => "signed-out",
            Self::WrongPassword => "wrong-password",
            Self::Forbidden => "forbidden",
            Self::Csrf => "csrf",
            Self::NotFound => "not-found",
            Self::Method => "method",
            Self::Form { .. } => "form",
            Self::TooMany { .. } => "too-many",
            Self::TooLarge { .. } => "too-large",
            Self::NotSetUp(_) => "not-set-up",
            Self::Away(_) => "exchange-away",
            Self::Unconfirmed => "unconfirmed",
            Self::HomeAway(_) => "home-away",
            Self::Untold(_) => "holds-untold",
            Self::Lapsed(_) => "lapsed",
            Self::Starting => "starting",
            Self::Fault(_) => "fault",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::SignedOut => "sign in first".to_owned(),
            Self::WrongPassword => "name or password is not right".to_owned(),
            Self::Forbidden => "your role may not do this".to_owned(),
            Self::Csrf => {
                "the header `x-csrf-token` is missing or not this session's, or the request is another page's"
                    .to_owned()
            }
            Self::NotFound => "there is no such thing, or it is not meant for your country".to_owned(),
            Self::Method => "there is no such request".to_owned(),
            Self::Form { field, expected } => format!("`{field}`: expected {expected}"),
            Self::TooMany { .. } => "too often: wait".to_owned(),
            Self::TooLarge { what, bytes_max } => format!("{what}: {bytes_max} bytes are the most"),
            Self::NotSetUp(what) => format!("this console has no {what}"),
            Self::Away(why) => why.clone(),
            Self::Unconfirmed => {
                "the exchange has not confirmed it: it may have been written, look before you say it again".to_owned()
            }
            Self::HomeAway(_) => "the home cluster does not answer: try again".to_owned(),
            Self::Untold(_) => {
                "which holds are in force cannot be told, and nothing is listed: the log says why".to_owned()
            }
            Self::Lapsed(why) => format!("no alert of it is believed any more: {why}"),
            Self::Starting => "the topics are still being read: try again in a moment".to_owned(),
            Self::Fault(_) => "a fault of the console: its log says which".to_owned(),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        if let Self::Fault(why) = &self {
            tracing::error!("a request failed: {why}");
        }
        if let Self::HomeAway(why) | Self::Untold(why) = &self {
            tracing::warn!("a request was not answered: {why}");
        }
        let mut error = json!({ "code": self.code(), "detail": self.detail() });
        if let Self::Form { field, .. } = &self {
            error["field"] = json!(field);
        }
        let mut response = (self.status(), Json(json!({ "error": error }))).into_response();
        if let Self::TooMany { wait_ms } = &self
            && let Ok(seconds) = HeaderValue::from_str(&(wait_ms / 1000 + 1).to_string())
        {
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        response
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Large { bytes_max } => Self::TooLarge { what: DOSSIER, bytes_max },
            other => Self::Fault(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::DOSSIER_BYTES_MAX;

    /// Who asks is told what is too large, how much may be, and what to do.
    #[test]
    fn a_dossier_that_is_too_large_is_told_with_its_limit() {
        let refused = Refused::from(StoreError::Large { bytes_max: DOSSIER_BYTES_MAX });
        assert_eq!((refused.status(), refused.code()), (StatusCode::PAYLOAD_TOO_LARGE, "too-large"));
        let told = refused.detail();
        assert!(told.contains("67108864 bytes") && told.contains("one of each incident"), "{told}");
    }
}
