//! Signing keys: ours with its rotation, and those of the organisation's own.

mod add;
mod own;

use leptos::prelude::*;

use self::{add::AddKey, own::Own};
use super::{ClosedToRole, Head};
use crate::{
    api::{
        client::use_api,
        organisation::Package,
        people::Permission,
        signing_keys::{self, SigningKey},
    },
    kit::{Badge, Button, Card, Choice, Choices, Confirm, Doing, Load, Loaded, Look, Skeleton, Tone, When, use_toasts},
    pages::lacking::{Lacking, barred, use_lacking},
    session::may,
    time,
};

/// The page.
#[component]
pub(crate) fn Keys() -> impl IntoView {
    if !may(Permission::SigningKeyRead) {
        return view! { <Head part="Signing keys" lead=""/><ClosedToRole/> }.into_any();
    }
    let (api, adding) = (use_api(), RwSignal::new(false));
    let load = Load::new(move || signing_keys::all(api));
    let lacking = use_lacking(Package::Secure);
    view! {
        <Head part="Signing keys" lead="What tokens are signed with, and known by.">
            <Button look=Look::Primary icon=icondata_lu::LuPlus barred=barred(Package::Secure, lacking) on_press=move |_| adding.set(true)>"Add a key"</Button>
        </Head>
        <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
            <Lacking package=Package::Secure when=lacking so="playback is open, and keys cannot be added"/>
            <Ours load/>
            <Own load/>
        </Loaded>
        <AddKey open=adding load/>
    }
    .into_any()
}

/// The keys that Portcullis holds, and the way to a new one.
#[component]
fn Ours(load: Load<Vec<SigningKey>>) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let (asking, at_once) = (RwSignal::new(false), RwSignal::new(false));
    let ours = Memo::new(move |_| {
        let all = load.value().get().unwrap_or_default();
        all.into_iter().filter(|key| key.ours).collect::<Vec<_>>()
    });
    let signing = move || ours.with(|ours| ours.iter().find(|key| key.signs).cloned());
    let rotate = move |()| {
        let end_old = at_once.get_untracked();
        let input = signing_keys::RotateSigningKeyInput { end_old };
        doing.run(signing_keys::rotate_signing_key(api, input), move |done| {
            asking.set(false);
            load.again();
            let ended = done.change.map_or(0, |change| change.sessions_ended);
            toasts.good(if end_old {
                format!(
                    "A new key signs now, and the old one is worth nothing. {}",
                    sessions_ended(ended)
                )
            } else {
                "A new key signs now. What the old one signed stays good until its end.".to_owned()
            });
        });
    };
    let press = move |_| {
        doing.forget();
        at_once.set(false);
        load.again();
        asking.set(true);
    };
    let options = StoredValue::new(vec![
        Choice::new(false, "Let it run out"),
        Choice::new(true, "End it at once"),
    ]);
    view! {
        <Card title="Key of Portcullis" acts=move || may(Permission::SigningKeyRotate).then(|| view! {
            <Button icon=icondata_lu::LuRotateCcwKey on_press=press>"Rotate"</Button>
        })>
            <p class="soft">"Signs every token that is made here, and never leaves. Its public half is at "<a class="quiet-link" href="/.well-known/jwks.json">"/.well-known/jwks.json"</a>"."</p>
            <ul class="facts-list">
                <For each=move || ours.get() key=|key| (key.id.clone(), key.signs, key.tokens, key.sessions) let:key>
                    <li class="facts">
                        {if key.signs { view! { <Badge tone=Tone::Good text="Signs"/> } } else { view! { <Badge tone=Tone::Calm text="Runs out"/> } }}
                        <span class="mono">{key.kid.clone()}</span>
                        <span class="soft">{reach(&key)}</span>
                        <span class="soft">{match key.ends_at {
                            Some(at) => view! { "Verifies until its last token is over: "<When at/> }.into_any(),
                            None => view! { "Since "<When at=key.created_at/> }.into_any(),
                        }}</span>
                    </li>
                </For>
            </ul>
        </Card>
        <Confirm open=asking title="Rotate the key of Portcullis?" action="Rotate" busy=doing.busy failure=doing.failure on_confirm=rotate>
            <p>"New tokens are signed with a new key from now on. Whoever verifies tokens themselves fetches its public half by itself, if they fetch the JWKS."</p>
            <Choices legend="The old key" options=options.get_value() chosen=at_once on_choose=move |one| at_once.set(one)/>
            <p class="soft" role="status">{move || if at_once.get() {
                let hit = signing().map_or_else(String::new, |key| reach(&key));
                format!("For a key that others may have: every token that it signed is refused at once, and whoever watches with one is cut off. That is {hit}.")
            } else {
                "Nobody is cut off: the old key verifies until the last of its tokens is over, and then goes by itself.".to_owned()
            }}</p>
        </Confirm>
    }
}

/// Whom a key let in, in words.
fn reach(key: &SigningKey) -> String {
    let sessions = time::count(key.sessions, "running session", "running sessions");
    if key.ours {
        format!(
            "{} that can be used, {sessions}",
            time::count(key.tokens, "token", "tokens")
        )
    } else {
        sessions
    }
}

/// What a change did, in a sentence.
fn sessions_ended(many: i32) -> String {
    match many {
        0 => "Nobody was watching with it.".to_owned(),
        1 => "1 session ended.".to_owned(),
        many => format!("{many} sessions ended."),
    }
}
