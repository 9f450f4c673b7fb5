//! A key of the organisation's own is added: what kind, the key itself, and how its tokens name their claims.

use leptos::prelude::*;

use crate::{
    api::{
        client::use_api,
        page::Json,
        signing_keys::{self, AddSigningKeyInput, ClaimDialect, SigningKey},
    },
    kit::{Choice, Choices, Dialog, DialogForm, Doing, Load, TextArea, TextField, use_toasts},
};

/// What is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Public,
    Secret,
    Set,
}

impl Kind {
    const ALL: [(Self, &str); 3] = [
        (Self::Public, "Public key"),
        (Self::Secret, "Shared secret"),
        (Self::Set, "JWKS address"),
    ];
}

/// How tokens name their claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    Ours,
    AntMedia,
    Own,
}

/// The dialog.
#[component]
pub(super) fn AddKey(open: RwSignal<bool>, load: Load<Vec<SigningKey>>) -> impl IntoView {
    view! {
        <Dialog open title="Add a key of your own" wide=true>
            <Form open load/>
        </Dialog>
    }
}

#[component]
fn Form(open: RwSignal<bool>, load: Load<Vec<SigningKey>>) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let (kind, names) = (RwSignal::new(Kind::Public), RwSignal::new(Names::Ours));
    let text = || RwSignal::new(String::new());
    let (pem, secret, url, kid, map) = (text(), text(), text(), text(), text());
    let submit = move |()| {
        let own = names.get_untracked() == Names::Own;
        let claim_map = match own.then(|| read(&map.get_untracked())).transpose() {
            Ok(claim_map) => claim_map,
            Err(line) => {
                doing
                    .failure
                    .set(Some(format!("“{line}” is not of the form “theirs = ours”.")));
                return;
            }
        };
        let what = kind.get_untracked();
        let of = |one: Kind, value: RwSignal<String>| (what == one).then(|| value.get_untracked());
        let input = AddSigningKeyInput {
            public_key_pem: of(Kind::Public, pem),
            hs256_secret: of(Kind::Secret, secret),
            jwks_url: of(Kind::Set, url).map(|url| url.trim().to_owned()),
            kid: Some(kid.get_untracked().trim().to_owned()).filter(|kid| !kid.is_empty() && what != Kind::Set),
            dialect: (names.get_untracked() == Names::AntMedia).then_some(ClaimDialect::AntMedia),
            claim_map,
        };
        doing.run(signing_keys::add_signing_key(api, input), move |_| {
            open.set(false);
            load.again();
            toasts.good("The key is added: tokens that it signs let in from now on.");
        });
    };
    let kinds = Kind::ALL.map(|(kind, label)| Choice::new(kind, label)).to_vec();
    let dialects = vec![
        Choice::new(Names::Ours, "As Portcullis does"),
        Choice::new(Names::AntMedia, "As Ant Media does"),
        Choice::new(Names::Own, "In their own way"),
    ];
    let choose = move |one| {
        doing.forget();
        kind.set(one);
    };
    view! {
        <DialogForm doing open action="Add key" on_submit=submit>
            <Choices legend="What you have" options=kinds chosen=kind on_choose=choose/>
            {move || match kind.get() {
                Kind::Public => view! {
                    <TextArea label="Public key" value=pem required=true placeholder="-----BEGIN PUBLIC KEY-----" hint="In PEM: Ed25519, P-256 (ES256), or RSA from 2048 bits (RS256). The private half stays with you."/>
                }.into_any(),
                Kind::Secret => view! {
                    <TextField label="Shared secret" kind="password" value=secret required=true mono=true autocomplete="off" hint="For HS256, 32 bytes at least. Whoever has it can make tokens: it is encrypted here, and never shown again."/>
                }.into_any(),
                Kind::Set => view! {
                    <TextField label="JWKS address" kind="url" value=url required=true placeholder="https://id.example.com/jwks.json" hint="Fetched again every five minutes, and when a token names a key that is not in it. What you take out of it ends here too."/>
                }.into_any(),
            }}
            {move || (kind.get() != Kind::Set).then(|| view! {
                <TextField label="Name (kid)" value=kid mono=true hint="What your tokens carry in their header. Tokens without one are tried with each of your keys."/>
            })}
            <Choices legend="How your tokens name their claims" options=dialects chosen=names on_choose=move |one| names.set(one)/>
            {move || (names.get() == Names::Own).then(|| view! {
                <TextArea label="Names of claims" value=map lines=4 required=true placeholder="video_id = streams" hint="A line for each: your name = ours. What is not named here means what it means with us."/>
            })}
        </DialogForm>
    }
}

/// The map that these lines say; the first that says none.
fn read(text: &str) -> Result<Json, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut map = serde_json::Map::new();
    for line in lines {
        let (theirs, ours) = line.split_once('=').ok_or_else(|| line.to_owned())?;
        map.insert(theirs.trim().to_owned(), ours.trim().into());
    }
    Ok(Json(serde_json::Value::Object(map)))
}
