//! Why an operation came to nothing, sorted by who can do something about it.

use serde::Deserialize;

/// What went wrong, in words for the person who asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    #[error("You are signed out. Sign in again to go on.")]
    SignedOut,
    #[error("Your role does not allow this.")]
    Forbidden,
    #[error("This does not exist, or it is not yours to see.")]
    NotFound,
    #[error("Your organisation needs the package {0} for this.")]
    Package(String),
    #[error("{0}")]
    Refused(String),
    /// Refused for one field of the input, whose path is as in `syslog.port`.
    #[error("{why}")]
    Field { path: String, why: String },
    #[error("This was asked too often, or by too many at once. Wait a moment, then try again.")]
    Slowed,
    #[error("The server cannot be reached. Check your connection.")]
    Unreachable,
    #[error("The server could not do this now. Try again in a moment.")]
    Server,
}

impl Failure {
    /// The field that it is about, where it is about one.
    pub(crate) fn field(&self) -> Option<&str> {
        match self {
            Self::Field { path, .. } => Some(path),
            _ => None,
        }
    }

    /// Whether asking once more may help.
    pub(crate) const fn passes(&self) -> bool {
        matches!(self, Self::Slowed | Self::Unreachable | Self::Server)
    }
}

/// `extensions` of a GraphQL error of this API.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Extensions {
    #[serde(default)]
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) package: Option<String>,
    #[serde(default)]
    pub(crate) reason: Option<String>,
}

impl From<cynic::GraphQlError<Extensions>> for Failure {
    fn from(error: cynic::GraphQlError<Extensions>) -> Self {
        let extensions = error.extensions.unwrap_or_default();
        match extensions.code.as_str() {
            // Only of this organisation: whoever is signed in stays so.
            "UNAUTHENTICATED" if extensions.reason.as_deref() == Some("SIGN_IN_AGAIN") => Self::Forbidden,
            "UNAUTHENTICATED" => Self::SignedOut,
            "FORBIDDEN" => Self::Forbidden,
            "NOT_FOUND" => Self::NotFound,
            "PACKAGE_REQUIRED" => Self::Package(extensions.package.unwrap_or_default()),
            "INVALID" | "CONFLICT" => Self::Refused(sentence(&error.message)),
            "RATE_LIMITED" => Self::Slowed,
            _ => Self::Server,
        }
    }
}

/// The server's messages are in lower case without a full stop; people read sentences.
pub(crate) fn sentence(message: &str) -> String {
    let mut letters = message.trim().chars();
    let Some(first) = letters.next() else {
        return "The server refused this.".into();
    };
    let mut sentence: String = first.to_uppercase().chain(letters).collect();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}
