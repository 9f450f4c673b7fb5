//! Tells a person by mail what was changed of their account, in the transaction that changes it: whoever did it, they know.

use std::net::IpAddr;

use entity::app_user;

use crate::{
    fault::Fault,
    mail::{self, AccountChange, Content, Kind, Outgoing},
    state::State,
    store::Write,
};

/// Queues the mail; whoever commits `write` wakes the post. `from` is none where it was done on the machine itself.
pub(crate) async fn queue(
    state: &State,
    write: &Write,
    user: &app_user::Model,
    change: AccountChange<'_>,
    from: Option<IpAddr>,
) -> Result<(), Fault> {
    let link = format!("{}/reset", state.addresses.http);
    let letter = mail::account_change(&user.email, change, state.now(), from, &link);
    let outgoing = Outgoing {
        kind: Kind::AccountChange,
        organisation: None,
        recipient: user.email.clone(),
        content: Content::Written(letter),
    };
    mail::queue(state, &**write, outgoing).await?;
    Ok(())
}
