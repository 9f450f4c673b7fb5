//! What can be changed. What a caller can mend is part of the payload; everything else is an error with a code.

mod account;
mod alert_receivers;
mod alerts;
mod api_tokens;
mod cases;
mod credentials;
mod groups;
mod invitations;
mod members;
mod organisation;
mod passkeys;
mod password_reset;
mod people;
mod platform;
mod privacy;
mod provider;
mod responses;
mod rule_import;
mod rules;
mod second_factor;
mod sessions;
mod signing_keys;
mod streams;
mod token_making;
mod tokens;
mod webhooks;

use account::Account;
use alert_receivers::AlertReceivers;
use alerts::Alerts;
use api_tokens::ApiTokens;
use async_graphql::{Context, MergedObject, Result};
use cases::Cases;
use credentials::Credentials;
use groups::Groups;
use invitations::Invitations;
use members::Members;
use organisation::Settings;
use passkeys::Passkeys;
use password_reset::Resets;
use people::People;
use platform::Operators;
use privacy::Privacy;
use provider::Providers;
use responses::Responses;
use rule_import::RuleImports;
use rules::Rules;
use second_factor::SecondFactors;
use sessions::Sessions;
use signing_keys::SigningKeys;
use streams::Streams;
use token_making::TokensMade;
pub(crate) use tokens::RevokeTokensInput;
use tokens::Tokens;
use webhooks::Webhooks;

use crate::fault::{Fault, UserError};

/// What can be changed.
#[derive(Default, MergedObject)]
pub(crate) struct Mutation(
    ApiTokens,
    Groups,
    Members,
    Operators,
    Privacy,
    Providers,
    Rules,
    RuleImports,
    Settings,
    SigningKeys,
    Streams,
    TokensMade,
    Tokens,
    Credentials,
    Invitations,
    Webhooks,
    Sessions,
    OfOneself,
    OfMisuse,
);

/// What can be changed where somebody steals, or something is wrong. A branch, for the compiler follows all of them one
/// inside the other, and only so far.
#[derive(Default, MergedObject)]
struct OfMisuse(Alerts, AlertReceivers, Cases, Responses);

/// What people change of themselves: a branch too.
#[derive(Default, MergedObject)]
struct OfOneself(Account, SecondFactors, Passkeys, Resets, People);

/// Tells a client by the usual header how long to wait, where it must.
fn told<T>(context: &Context<'_>, done: Result<T, Fault>) -> Result<T, Fault> {
    if let Err(Fault::RateLimited { retry_after_s }) = &done {
        context.insert_http_header("retry-after", retry_after_s.to_string());
    }
    done
}

/// The payload that a service's answer makes: its own where it was done, one of errors where the caller can mend them.
fn answer<T, P>(
    done: Result<T, Fault>,
    payload: impl FnOnce(T) -> P,
    refused: impl FnOnce(Vec<UserError>) -> P,
) -> Result<Option<P>> {
    match done {
        Ok(done) => Ok(Some(payload(done))),
        Err(Fault::Caller(error)) => Ok(Some(refused(vec![error]))),
        Err(fault) => Err(fault.into()),
    }
}
