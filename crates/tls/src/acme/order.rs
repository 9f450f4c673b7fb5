//! One order, from the account to the certificate.

use std::time::Duration;

use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder, Order, OrderStatus, RetryPolicy,
};

use super::{Acme, AcmeError, Challenges, Client, Store};
use crate::Pair;

pub(super) async fn order(
    acme: &Acme,
    client: &Client,
    store: &Store,
    challenges: &Challenges,
) -> Result<Pair, AcmeError> {
    let account = account(acme, client, store).await?;
    let names: Vec<_> = acme.names.iter().cloned().map(Identifier::Dns).collect();
    let mut order = match account.new_order(&NewOrder::new(&names)).await {
        Ok(order) => order,
        Err(error) => {
            if is_unknown(&error) {
                // The next try makes another.
                store.forget_account();
            }
            return Err(error.into());
        }
    };
    let mut open = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        let name = authorization.identifier().to_string();
        match authorization.status {
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            other => return Err(AcmeError::Refused(format!("`{name}` is {other:?}").to_lowercase())),
        }
        let mut challenge = authorization
            .challenge(ChallengeType::Http01)
            .ok_or(AcmeError::NoProof(name))?;
        let answer = challenge.key_authorization();
        open.push(challenges.open(&challenge.token, answer.as_str()));
        challenge.set_ready().await?;
    }
    if order.poll_ready(&PATIENCE).await? != OrderStatus::Ready {
        return Err(AcmeError::Refused(why(&mut order).await));
    }
    drop(open);
    let key = order.finalize().await?;
    let chain = order.poll_certificate(&PATIENCE).await?;
    let pair = Pair::from_pem(chain.as_bytes(), key.as_bytes())?;
    store.keep_pair(&chain, &key)?;
    Ok(pair)
}

/// The account that is kept, or a new one.
async fn account(acme: &Acme, client: &Client, store: &Store) -> Result<Account, AcmeError> {
    let builder = Account::builder_with_http(Box::new(client.clone()));
    if let Some(credentials) = store.account(&acme.directory) {
        return Ok(builder.from_credentials(credentials).await?);
    }
    let contact: Vec<_> = acme.contact.as_deref().into_iter().collect();
    let new = NewAccount {
        contact: &contact,
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    let (account, credentials) = builder.create(&new, acme.directory.clone(), None).await?;
    store.keep_account(&acme.directory, credentials)?;
    Ok(account)
}

/// Whether the authority has forgotten the account. RFC 8555 6.7.
fn is_unknown(error: &instant_acme::Error) -> bool {
    let kind = match error {
        instant_acme::Error::Api(problem) => problem.r#type.as_deref(),
        _ => None,
    };
    kind == Some("urn:ietf:params:acme:error:accountDoesNotExist")
}

/// What the authority says of each proof that it did not find.
async fn why(order: &mut Order) -> String {
    let mut said = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(Ok(authorization)) = authorizations.next().await {
        let errors = authorization
            .challenges
            .iter()
            .filter_map(|challenge| challenge.error.as_ref());
        said.extend(errors.map(|problem| format!("`{}`: {problem}", authorization.identifier())));
    }
    said.join("; ")
}

const PATIENCE: RetryPolicy = RetryPolicy::new().timeout(Duration::from_mins(2));
