//! Signing in with an organisation's own identity provider (`OpenID` Connect Core 1.0, authorization code with PKCE).
//!
//! A provider is believed about the addresses of its domains, and only inside its organisation: what it vouches for acts
//! nowhere else, and changes nothing of a person's account. Its customer may run it, and may want other customers' data.

mod account;
mod client;
mod flow;
mod settings;

pub(crate) use flow::{Answer, COOKIE, begin, finish, no_cookie, redirect_url};
pub(crate) use settings::{Mapping, Wish, of, offered, remove, set};

use crate::fault::Fault;

/// What providers say of themselves, for a while, and how many are asked at once.
pub(crate) use client::Known;

/// Why somebody could not sign in with a provider, as the dashboard is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// There is no such provider any more.
    ProviderUnknown,
    /// The provider does not answer, or not as one does.
    ProviderUnreachable,
    /// The provider says no.
    ProviderRefused,
    /// What it vouches with does not hold.
    ProviderAnswer,
    /// It was begun in another browser, or too long ago.
    SignInExpired,
    /// The provider does not say that the address is the person's.
    EmailNotVerified,
    /// The address is of a domain that the provider has no say about.
    DomainNotAllowed,
    /// The person's groups give no role.
    NoRole,
    /// The account with that address belongs to somebody else, as far as this provider is concerned.
    AccountTaken,
    /// The organisation is suspended.
    OrganisationSuspended,
    /// Too many at once.
    Busy,
    /// Our own trouble.
    Internal,
}

impl Problem {
    /// What stands in the address of the page.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::ProviderUnknown => "PROVIDER_UNKNOWN",
            Self::ProviderUnreachable => "PROVIDER_UNREACHABLE",
            Self::ProviderRefused => "PROVIDER_REFUSED",
            Self::ProviderAnswer => "PROVIDER_ANSWER",
            Self::SignInExpired => "SIGN_IN_EXPIRED",
            Self::EmailNotVerified => "EMAIL_NOT_VERIFIED",
            Self::DomainNotAllowed => "DOMAIN_NOT_ALLOWED",
            Self::NoRole => "NO_ROLE",
            Self::AccountTaken => "ACCOUNT_TAKEN",
            Self::OrganisationSuspended => "ORGANISATION_SUSPENDED",
            Self::Busy => "BUSY",
            Self::Internal => "INTERNAL",
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        // It was logged where it arose.
        let _ = fault;
        Self::Internal
    }
}

impl From<sea_orm::DbErr> for Problem {
    fn from(error: sea_orm::DbErr) -> Self {
        Fault::from(error).into()
    }
}
