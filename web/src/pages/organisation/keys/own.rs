//! The organisation's own keys, and what removing one would end.

use leptos::prelude::*;

use super::{reach, sessions_ended};
use crate::{
    api::{
        client::use_api,
        people::Permission,
        signing_keys::{self, ClaimDialect, SigningKey},
    },
    kit::{Badge, Button, Card, Confirm, Doing, Empty, Load, Look, Table, Tone, When, use_toasts},
    session::may,
};

/// The table, and the way to remove one.
#[component]
pub(super) fn Own(load: Load<Vec<SigningKey>>) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let (asked, open) = (RwSignal::new(None::<SigningKey>), RwSignal::new(false));
    let own = Memo::new(move |_| {
        let all = load.value().get().unwrap_or_default();
        all.into_iter().filter(|key| !key.ours).collect::<Vec<_>>()
    });
    let ask = Callback::new(move |key: SigningKey| {
        doing.forget();
        // Who watches by it is told as it is now.
        load.again();
        asked.set(Some(key));
        open.set(true);
    });
    let remove = move |()| {
        let Some(key) = asked.get_untracked() else { return };
        let input = signing_keys::RemoveSigningKeyInput { id: key.id.clone() };
        doing.run(signing_keys::remove_signing_key(api, input), move |done| {
            open.set(false);
            load.again();
            let ended = done.change.map_or(0, |change| change.sessions_ended);
            toasts.good(format!("“{}” is removed. {}", named(&key), sessions_ended(ended)));
        });
    };
    let columns = vec!["Key", "Algorithm", "In use", "Added", ""];
    view! {
        <Card title="Your own keys">
            <Show when=move || !own.with(Vec::is_empty) fallback=|| view! {
                <Empty icon=icondata_lu::LuKeyRound title="No keys of your own" text="Add one to sign tokens in your own backend: a public key, a shared secret, or the address of a JWKS."/>
            }>
                <Table caption="Your own keys" columns=columns.clone()>
                    <For each=move || own.get() key=|key| format!("{key:?}") let:key>
                        <Row key ask/>
                    </For>
                </Table>
            </Show>
        </Card>
        <Confirm open title="Remove this key?" action="Remove" busy=doing.busy failure=doing.failure on_confirm=remove>
            {move || asked.get().map(|key| own.with(|own| own.iter().find(|one| one.id == key.id).cloned()).unwrap_or(key)).map(|key| view! {
                <p>"Every token that it signed is refused from now on, whoever holds it, and whoever watches with one is cut off: "<strong>{reach(&key)}</strong>". This cannot be undone; the key can be added again."</p>
                <p class="soft mono">{named(&key)}</p>
            })}
        </Confirm>
    }
}

#[component]
fn Row(key: SigningKey, ask: Callback<SigningKey>) -> impl IntoView {
    let name = named(&key);
    let remove_name = format!("Remove {name}");
    let names = claims(&key);
    let kept = StoredValue::new(key.clone());
    let keys = key
        .keys
        .iter()
        .map(|one| format!("{} ({})", one.kid, one.algorithm))
        .collect::<Vec<_>>()
        .join(", ");
    view! {
        <tr>
            <th scope="row">
                <span class="mono">{name}</span>
                {(!keys.is_empty()).then(|| view! { <span class="under">{keys}</span> })}
                {names.map(|names| view! { <span class="under">{names}</span> })}
                {key.fetch_error.map(|error| view! {
                    <span class="under"><Badge tone=Tone::Warn text="Not fetched"/>" "{crate::api::failure::sentence(&error)}</span>
                })}
            </th>
            <td data-label="Algorithm">{key.algorithm}</td>
            <td data-label="In use">{reach(&kept.get_value())}</td>
            <td data-label="Added" class="soft"><When at=key.created_at/>{key.fetched_at.map(|at| view! { <span class="under">"fetched "<When at/></span> })}</td>
            <td class="acts">
                {may(Permission::SigningKeyRemove).then(|| view! {
                    <Button look=Look::Quiet on_press=move |_| ask.run(kept.get_value()) attr:aria-label=remove_name>"Remove"</Button>
                })}
            </td>
        </tr>
    }
}

/// What people know it by.
fn named(key: &SigningKey) -> String {
    key.jwks_url.clone().unwrap_or_else(|| key.kid.clone())
}

/// How its tokens name their claims, where they do not name them as ours do.
fn claims(key: &SigningKey) -> Option<String> {
    if key.dialect == Some(ClaimDialect::AntMedia) {
        return Some("Claims as Ant Media names them".to_owned());
    }
    let map = key.claim_map.as_ref()?.0.as_object()?;
    let pairs: Vec<_> = map
        .iter()
        .map(|(theirs, ours)| format!("{theirs} → {}", ours.as_str().unwrap_or_default()))
        .collect();
    Some(format!("Claims: {}", pairs.join(", ")))
}
