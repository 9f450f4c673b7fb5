//! What a caller is told when something is not done: one code each, never more than they may know.
//!
//! A fault is not an `Error` with a chain: it is the public half. The private half of [`Fault::Internal`] is logged where
//! it arises, under a number that the caller is given.

use async_graphql::{Error, ErrorExtensions, SimpleObject};
use guard::policy::Package;
use sea_orm::{DbErr, RuntimeErr, sqlx::error::DatabaseError};

use crate::store;

/// Why an operation was not done.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// Nobody is signed in.
    Unauthenticated,
    /// This sign-in is worth nothing here any more, or never was.
    SignInAgain,
    /// The role does not allow it.
    Forbidden,
    /// An organisation's identity provider vouched for this sign-in: it may change nothing of the account.
    VouchedFor,
    /// The organisation wants a second factor, and this sign-in showed none.
    SecondFactorRequired,
    /// The organisation is suspended.
    Suspended,
    /// It does not exist, belongs to others, or is not even a name.
    NotFound,
    /// The organisation lacks a package.
    PackageRequired(Package),
    /// Asked too often, or by too many at once; another attempt makes sense after so many seconds.
    RateLimited { retry_after_s: u64 },
    /// The request cannot be meant.
    Invalid(&'static str),
    /// Two changes of the same thing met, and this one was not made.
    Conflict,
    /// What the caller can mend: becomes part of a mutation's payload.
    Caller(UserError),
    /// Something that we need does not answer.
    Unavailable,
    /// Our bug.
    Internal,
}

/// A mistake that the caller of a mutation can mend.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct UserError {
    /// What kind of mistake, as in `TAKEN`; stays the same between versions.
    pub(crate) code: String,
    /// A sentence for people.
    pub(crate) message: String,
    /// The path of the input's field, where it is about one.
    pub(crate) field: Option<Vec<String>>,
}

impl Fault {
    /// A mistake in one field of the input.
    pub(crate) fn field(field: &str, code: &str, message: impl Into<String>) -> Self {
        Self::Caller(UserError {
            code: code.to_owned(),
            message: message.into(),
            field: Some(vec!["input".to_owned(), field.to_owned()]),
        })
    }

    /// The same about a field of one entry of a list of the input.
    pub(crate) fn within(self, list: &str, n: usize) -> Self {
        match self {
            Self::Caller(mut error) => {
                if let Some(field) = &mut error.field {
                    field.splice(1..1, [list.to_owned(), n.to_string()]);
                }
                Self::Caller(error)
            }
            other => other,
        }
    }

    /// The same about a field of an object of the input.
    pub(crate) fn inside(self, object: &str) -> Self {
        match self {
            Self::Caller(mut error) => {
                if let Some(field) = &mut error.field {
                    field.insert(1, object.to_owned());
                }
                Self::Caller(error)
            }
            other => other,
        }
    }

    /// The same about another field, where the input calls it otherwise.
    pub(crate) fn called(self, field: &str) -> Self {
        match self {
            Self::Caller(error) => Self::field(field, &error.code, error.message),
            other => other,
        }
    }

    /// Our bug, logged here with what caused it.
    pub(crate) fn bug(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(error = %cause, "an operation failed");
        Self::Internal
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated | Self::SignInAgain => "UNAUTHENTICATED",
            Self::Forbidden | Self::VouchedFor | Self::SecondFactorRequired | Self::Suspended => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::PackageRequired(_) => "PACKAGE_REQUIRED",
            Self::RateLimited { .. } => "RATE_LIMITED",
            Self::Invalid(_) | Self::Caller(_) => "INVALID",
            Self::Conflict => "CONFLICT",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Unauthenticated => "sign in first".to_owned(),
            Self::SignInAgain => "sign in again for this organisation".to_owned(),
            Self::Forbidden => "your role does not allow this".to_owned(),
            Self::VouchedFor => {
                "an identity provider signed you in: sign in with your password to change your account".to_owned()
            }
            Self::SecondFactorRequired => {
                "this organisation wants a second factor: set one up, then sign in with it".to_owned()
            }
            Self::Suspended => "this organisation is suspended".to_owned(),
            Self::NotFound => "there is no such thing here".to_owned(),
            Self::PackageRequired(package) => format!("this needs the package {}", package.as_str()),
            Self::RateLimited { retry_after_s } => {
                format!("too often, or too many at once; try again in {retry_after_s} s")
            }
            Self::Invalid(why) => (*why).to_owned(),
            Self::Caller(error) => error.message.clone(),
            Self::Conflict => {
                "somebody else changed the same thing at this moment; read it again, then try again".to_owned()
            }
            Self::Unavailable => "a part of the platform does not answer; try again".to_owned(),
            Self::Internal => "something went wrong on our side".to_owned(),
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Error::new(fault.message()).extend_with(|_, extensions| {
            extensions.set("code", fault.code());
            match &fault {
                Fault::PackageRequired(package) => extensions.set("package", package.as_str()),
                Fault::RateLimited { retry_after_s } => extensions.set("retryAfterS", *retry_after_s),
                Fault::SecondFactorRequired => extensions.set("reason", "SECOND_FACTOR_REQUIRED"),
                Fault::VouchedFor => extensions.set("reason", "VOUCHED_FOR"),
                Fault::Suspended => extensions.set("reason", "ORGANISATION_SUSPENDED"),
                Fault::SignInAgain => extensions.set("reason", "SIGN_IN_AGAIN"),
                _ => {}
            }
        })
    }
}

impl From<DbErr> for Fault {
    fn from(error: DbErr) -> Self {
        match error {
            error if store::is_away(&error) => {
                tracing::error!(%error, "the database does not answer");
                Self::Unavailable
            }
            error if is_unfit(&error) => Self::Invalid("a text has a character that cannot be kept: U+0000"),
            error if met(&error) => {
                tracing::warn!(%error, "two changes met");
                Self::Conflict
            }
            error => Self::bug(&error),
        }
    }
}

/// Whether the database refused a change because another one was made between its reading and its writing: the row is gone,
/// its place is taken, what it refers to is gone, or each waited for the other.
fn met(error: &DbErr) -> bool {
    matches!(error, DbErr::RecordNotUpdated) || error.sql_err().is_some() || says(error, &CROSSED)
}

/// Whether PostgreSQL was given a text that it cannot even compare; SQLite takes all.
fn is_unfit(error: &DbErr) -> bool {
    says(error, &UNFIT)
}

/// Whether the database's own word for it is one of these.
fn says(error: &DbErr, codes: &[&str]) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) = error else {
        return false;
    };
    let code = cause.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| codes.contains(&&*code))
}

/// PostgreSQL's `serialization_failure` and `deadlock_detected`.
const CROSSED: [&str; 2] = ["40001", "40P01"];
/// PostgreSQL's `character_not_in_repertoire` and `untranslatable_character`.
const UNFIT: [&str; 2] = ["22021", "22P05"];
